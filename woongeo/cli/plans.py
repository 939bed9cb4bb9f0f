"""What is screened by the command, and for whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from woongeo.checks import CheckReport
from woongeo.cli.options import NO_REGISTER
from woongeo.errors import AudienceError, InputError
from woongeo.locations import Locations, read_locations
from woongeo.registers import read_register, recognise
from woongeo.sources.address import is_address
from woongeo.vertrouwelijk import (
    KOLOM,
    Audience,
    default_audience,
    for_audience,
    for_totals,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Sequence

    from woongeo.capacity import Division
    from woongeo.screening import Screening


def plans_of(
    given: argparse.Namespace, on: dt.date | None
) -> tuple[Locations, pd.DataFrame | None]:
    """Read a register of plans where the file is one, else locations.

    Parameters
    ----------
    given : Namespace
        What was asked.
    on : date or None
        The day for which is judged.

    Returns
    -------
    locations : Locations
        The plans.
    detail : DataFrame or None
        What the register says of years and price segments; None of plain locations.

    Raises
    ------
    InputError
        When the file cannot be read as was asked.
    """
    named = {"--register": given.register, "--mapping": given.mapping}
    of_a_register = {**named, "--shapes": given.shapes, "--basis": given.basis}
    columns = {
        "--id": given.id,
        "--name": given.name,
        "--woningen": given.woningen,
        "--planstatus": given.planstatus,
    }
    plain = given.register == NO_REGISTER or any(v is not None for v in columns.values())
    asked = [o for o, v in of_a_register.items() if v is not None and v != NO_REGISTER]
    if plain and asked:
        raise InputError(f"{asked[0]}: hoort bij een register, niet bij {_first(columns, given)}.")
    if not plain and (asked or _is_register(given.plannen)):
        register = read_register(
            given.plannen,
            kind=given.register,
            mapping=given.mapping,
            shapes=given.shapes,
            basis=given.basis,
            on=on,
            crs=given.crs,
            encoding=given.encoding,
        )
        return register.locations, register.detail
    locations = read_locations(
        given.plannen,
        id_column=given.id,
        name_column=given.name,
        woningen_column=given.woningen,
        planstatus_column=given.planstatus,
        crs=given.crs,
        encoding=given.encoding,
    )
    return locations, None


def place_of(plans: str) -> str:
    """Name a file for who watches; of a database nothing, for its address may hold a password.

    Parameters
    ----------
    plans : str
        As it was given.

    Returns
    -------
    str
        Without folders.
    """
    return "" if is_address(plans) else Path(plans).name


def _first(columns: dict[str, str | None], given: argparse.Namespace) -> str:
    """Name the option that asks for plain locations."""
    option = next((o for o, value in columns.items() if value is not None), None)
    return option or f"--register {given.register}"


def _is_register(plans: str) -> bool:
    """Tell whether a file is a register; one that cannot be read is for `read_locations` to say."""
    try:
        return recognise(plans) is not None
    except InputError:
        return False


def for_whom(
    given: argparse.Namespace, screening: Screening, by: Sequence[Division]
) -> tuple[Screening, Screening, Audience]:
    """Leave out what the audience may not see; choose what counts in totals.

    Parameters
    ----------
    given : Namespace
        What was asked.
    screening : Screening
        Of all plans.
    by : sequence of Regions, RegionMapping or str
        The divisions of the totals.

    Returns
    -------
    seen, counted : Screening
        Of the plans that may be seen, and of those that count in totals.
    audience : Audience
        For whom.

    Raises
    ------
    AudienceError
        When the audience may see no plan, or it cannot be told what it may see.
    """
    asked = getattr(given, "publiek", None)
    audience = default_audience(screening.locaties) if asked is None else read_audience(asked)
    if visible_to(screening.locaties, audience).all():
        return screening, screening, audience
    counted = for_totals(screening, audience, by=by, minimum=given.minimum_groep)
    seen = for_audience(screening, audience)
    if not len(seen):
        raise AudienceError(
            f"publiek {str(audience)!r} mag geen enkel plan zien; kies een ander met --publiek."
        )
    # What is told of the totals is told beside the list.
    report = CheckReport(
        pd.concat(
            [counted.locations.report.of_check(KOLOM), seen.locations.report.table],
            ignore_index=True,
        )
    )
    return replace(seen, locations=replace(seen.locations, report=report)), counted, audience
