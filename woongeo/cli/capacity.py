"""What plans are held against: years of delivery, periods and targets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from woongeo.capacity import summarize_plancapaciteit
from woongeo.cli.options import SHIPPED_TARGETS
from woongeo.cli.say import one_line
from woongeo.columns import as_text
from woongeo.errors import InputError
from woongeo.numerals import counted
from woongeo.opgave import Targets, read_targets
from woongeo.tables import read_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import pandas as pd

    from woongeo.capacity import Division, Plancapaciteit
    from woongeo.screening import Screening
    from woongeo.tables import TableSource

_PERIOD = re.compile(r"(\d{4})-(\d{4})")


@dataclass(frozen=True, eq=False)
class Held:
    """What capacity is held against.

    Attributes
    ----------
    targets : Targets or None
        The opgave.
    periods : list of (int, int) or None
        Those of the opgave and those that were asked; None leaves it to the opgave.
    fasering : DataFrame or None
        When homes are to be delivered, as the user says.
    detail : DataFrame or None
        The same, and price segments, as the register says.
    phased_by : TableSource or None
        Where `fasering` came from.
    """

    targets: Targets | None
    periods: list[tuple[int, int]] | None
    fasering: pd.DataFrame | None
    detail: pd.DataFrame | None
    phased_by: TableSource | None = None

    @classmethod
    def of(cls, given: argparse.Namespace, detail: pd.DataFrame | None) -> Held:
        """Read what was asked.

        Parameters
        ----------
        given : Namespace
            The command line.
        detail : DataFrame or None
            Of the register.

        Returns
        -------
        Held
            With the tables read.

        Raises
        ------
        InputError
            When a period is no period, or a table cannot be read.
        """
        targets = _targets(given)
        asked = [_period(text) for text in getattr(given, "period", [])]
        known = [] if targets is None else targets.at().periods()
        file = getattr(given, "fasering", None)
        if file is None:
            return cls(targets, [*known, *asked] if asked else None, None, detail)
        table, source = read_table(file)
        return cls(targets, [*known, *asked] if asked else None, table, detail, source)

    def capacity(
        self, screening: Screening, by: Sequence[Division], everything: Screening
    ) -> Plancapaciteit:
        """Add up homes.

        Parameters
        ----------
        screening : Screening
            Of the plans that count.
        by : sequence of Regions, RegionMapping or str
            The divisions.
        everything : Screening
            Of all plans: what the tables say of those that do not count is left out.

        Returns
        -------
        Plancapaciteit
            From `summarize_plancapaciteit`.
        """
        gone = {*everything.locaties["locatie_id"]} - {*screening.locaties["locatie_id"]}
        made = summarize_plancapaciteit(
            screening,
            by=by,
            targets=self.targets,
            periods=self.periods,
            fasering=_without(self.fasering, gone),
            detail=_without(self.detail, gone),
        )
        source = self.phased_by
        if source is None:
            return made
        told = (
            f"Fasering volgens {source.path} ({counted(source.rows, 'rij', 'rijen')}, sha256 "
            f"{source.sha256})."
        )
        return replace(
            made,
            opmerkingen=(*made.opmerkingen, one_line(told)),
            read_from=(*made.read_from, source),
        )


def _without(table: pd.DataFrame | None, gone: set[str]) -> pd.DataFrame | None:
    """Leave out the rows of plans that do not count."""
    if table is None or not gone:
        return table
    plan = next((c for c in ("locatie_id", "plan_id") if c in table.columns), None)
    if plan is None:
        # summarize_plancapaciteit says which columns there are to be.
        return table
    kept: pd.DataFrame = table[~as_text(table[plan]).isin(gone)]
    return kept


def _targets(given: argparse.Namespace) -> Targets | None:
    """Read the table of targets that was asked for."""
    source = getattr(given, "targets", None)
    if source is None:
        return None
    return read_targets(None if source == SHIPPED_TARGETS else source)


def _period(text: str) -> tuple[int, int]:
    """Read a period."""
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        raise InputError(f"--period {text}: schrijf twee jaren, als 2022-2030.")
    return int(found[1]), int(found[2])
