"""The long table of figures: of each level, region and period, each stand of each measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.capacity.cells import cells, none_counts
from woongeo.capacity.measures import Sums, against, all_realised, amounts_of, in_rows, measures_of
from woongeo.capacity.parts import OUTSIDE, TOTAL
from woongeo.capacity.phasing import IN, OPEN, OUT
from woongeo.capacity.restopgave import task

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.capacity.cells import Cells, Plans
    from woongeo.capacity.measures import Measure, Norms
    from woongeo.capacity.parts import Parts
    from woongeo.capacity.phasing import Phases
    from woongeo.opgave import Targets

#: Rows beside those of the periods.
ALL_YEARS, NO_YEAR, OTHER_YEARS = "alle jaren", "onbekend", "overige jaren"


def _rows(
    phased: Phases, periods: list[tuple[int, int]], names: list[str]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Give per row of the table which phases it counts."""
    for i, _ in enumerate(periods):
        yield names[i], phased.state[:, i] == IN
    if periods:
        yield OTHER_YEARS, phased.dated & (phased.state == OUT).all(axis=1)
        # With periods that overlap each other or cut through a phase there is more to say of it.
        yield (
            NO_YEAR,
            ~phased.dated | ((phased.state == OPEN).any(1) & ~(phased.state == IN).any(1)),
        )
    yield ALL_YEARS, np.ones(len(phased.row), dtype=bool)


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every level.

    Attributes
    ----------
    periods : list of (int, int)
        First and last year of each.
    targets : Targets or None
        The newest version of each figure.
    whole : (str, str) or None
        Level and name of the region that all plans together are.
    norms : Norms
        What is asked.
    """

    periods: list[tuple[int, int]]
    targets: Targets | None
    whole: tuple[str, str] | None
    norms: Norms


def level_table(
    level: str,
    plans: Plans,
    parts: Parts,
    phased: Phases,
    asked: Question,
    here: NDArray[np.bool_],
) -> tuple[pd.DataFrame, Cells]:
    """Make the long table of one level.

    Parameters
    ----------
    level : str
        What the regions are.
    plans, parts, phased
        As for `cells`.
    asked : Question
        Periods, targets and norms.
    here : ndarray of bool
        From `present`.

    Returns
    -------
    table : DataFrame
        Columns `CIJFERS`.
    cells : Cells
        What it was added up from.
    """
    cut = cells(plans, parts, phased)
    n = len(cut.names)
    is_known = ~np.isnan(cut.homes)

    empty = none_counts(plans, cut)

    def some(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return empty | (np.bincount(cut.region[is_known & chosen[cut.phase]], minlength=n) > 0)

    any_known = some(np.ones(len(phased.row), dtype=bool))
    amount = amounts_of(plans, parts)
    realised, why = all_realised(plans, parts, amount["gerealiseerd"], here)
    place = (level, list(cut.names))
    if level == TOTAL[0] and asked.whole is not None:
        place = (asked.whole[0], [asked.whole[1]])
    names = [period_name(p) for p in asked.periods]
    found: list[tuple[str, Measure]] = []
    for i, (name, of_phase) in enumerate(_rows(phased, asked.periods, names)):
        in_period = i < len(asked.periods)
        known = any_known
        if in_period:
            # Where no home has a year there is nothing known of the period, and not nothing in it.
            known = some(phased.state[:, i] != OPEN)
        elif name == OTHER_YEARS:
            known = some(phased.dated)
        sums = Sums(plans, cut, of_phase[cut.phase], known)
        measures = measures_of(sums, asked.norms)
        if name == ALL_YEARS:
            measures = [*amount.values(), *measures]
        if in_period:
            open_ = Sums(plans, cut, phased.state[cut.phase, i] == OPEN, any_known)
            goal = task(asked.targets, place, asked.periods[i], realised)
            measures += against(sums, open_, goal, asked.norms, why)
        found += [(name, measure) for measure in measures]
    return in_rows(level, cut.names, found), cut


def in_order(table: pd.DataFrame, periods: list[tuple[int, int]]) -> pd.DataFrame:
    """Put the rows of one level in order: by region, what lies in none last, and by period.

    Parameters
    ----------
    table : DataFrame
        Columns `CIJFERS`.
    periods : list of (int, int)
        First and last year.

    Returns
    -------
    DataFrame
        Within a period measures keep their order.
    """
    names = [*(period_name(p) for p in periods), OTHER_YEARS, NO_YEAR, ALL_YEARS]
    rank = table["periode"].map({name: i for i, name in enumerate(names)}).to_numpy()
    outside = (table["gebied"] == OUTSIDE).to_numpy()
    order = np.lexsort((rank, table["gebied"].astype(str).to_numpy(), outside))
    return table.iloc[order].reset_index(drop=True)


def period_name(period: tuple[int, int]) -> str:
    """Write a period.

    Parameters
    ----------
    period : (int, int)
        First and last year.

    Returns
    -------
    str
        As "2022-2030".
    """
    return f"{period[0]}-{period[1]}"
