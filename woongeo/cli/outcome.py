"""In which forms, and in which database, the outcome is to come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from woongeo.errors import InputError
from woongeo.export import FORMATS, USUAL, write_postgis
from woongeo.knelpunten import knelpunten, vrijspelen
from woongeo.progress import doing
from woongeo.reporting.forms import PDF, REPORT_FORMATS

if TYPE_CHECKING:
    import argparse

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk import Audience


def formats_of(given: argparse.Namespace) -> list[str]:
    """Read in which forms the outcome is to come.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    list of str
        Formats.

    Raises
    ------
    InputError
        When one is not known.
    """
    report = given.opdracht == "report"
    known = REPORT_FORMATS if report else tuple(FORMATS)
    words = [word.strip() for text in given.format for word in text.split(",") if word.strip()]
    if "alles" in words:
        return [*known]
    for word in words:
        if word not in known:
            raise InputError(f"--format {word}: kies uit {', '.join(known)} of alles.")
    return words or [*((PDF,) if report else USUAL)]


def database_of(given: argparse.Namespace) -> str:
    """Find the address of the database; in the environment nobody else sees its password.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    str
        The address; empty where none was asked.

    Raises
    ------
    InputError
        When it was asked and stands nowhere.
    """
    if given.postgis is None:
        return ""
    found = str(given.postgis or os.environ.get("WOONGEO_POSTGIS", ""))
    if not found:
        raise InputError(
            "--postgis: geef het adres van de database, of zet het in WOONGEO_POSTGIS."
        )
    return found


def bottlenecks(
    given: argparse.Namespace, screening: Screening, capacity: Plancapaciteit
) -> tuple[Knelpunten | None, Vrijspelen | None]:
    """Work out what each bottleneck blocks and frees, where that was asked.

    Parameters
    ----------
    given : Namespace
        What was asked.
    screening : Screening
        Of the plans that may be seen.
    capacity : Plancapaciteit
        Its divisions.

    Returns
    -------
    told : Knelpunten or None
        What each blocks.
    freed : Vrijspelen or None
        What solving each frees.
    """
    if given.opdracht != "report" and not getattr(given, "knelpunten", False):
        return None, None
    basis = capacity.basis
    return knelpunten(screening, basis=basis), vrijspelen(screening, by=capacity.by, basis=basis)


def to_database(
    given: argparse.Namespace,
    screening: Screening,
    capacity: Plancapaciteit,
    audience: Audience,
) -> list[str]:
    """Write to a database, where that was asked.

    Parameters
    ----------
    given : Namespace
        What was asked.
    screening : Screening
        Of the plans that may be seen.
    capacity : Plancapaciteit
        Their totals.
    audience : Audience
        Who will see the tables.

    Returns
    -------
    list of str
        The tables; empty where none was asked.
    """
    address = database_of(given)
    if not address:
        return []
    told, freed = bottlenecks(given, screening, capacity)
    with doing("database"):
        return write_postgis(
            screening,
            address,
            schema=given.schema,
            plancapaciteit=capacity,
            knelpunten=told,
            vrijspelen=freed,
            overwrite=given.overwrite,
            publiek=audience,
        )
