"""The figures of a bestuurlijk overleg: coverage, how much of it is hard, and what is short.

Each figure is given before constraints (`voor`) and after them (`na_min`, `na_verwacht`, `na_max`;
see `left_after`). Definitions:

- ``restopgave = opgave - gerealiseerd``
- ``dekking = plancapaciteit / restopgave``, asked is 1.30
- ``hard_aandeel = hard / (hard + zacht)`` and ``hard_dekking = hard / restopgave``: two figures
- ``benodigd_zacht_naar_hard = max(0, restopgave - hard)``
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from woongeo.capacity.amounts import AMOUNTS
from woongeo.capacity.parts import OUTSIDE, TOTAL, divide_homes
from woongeo.capacity.phasing import IN, OPEN, OUT
from woongeo.capacity.restopgave import task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from woongeo.capacity.parts import Parts
    from woongeo.capacity.phasing import Phases
    from woongeo.capacity.restopgave import Task
    from woongeo.opgave import Targets

    Floats = NDArray[np.float64]

#: Before constraints, and after them at least, expected and at most.
STANDS = ("voor", "na_min", "na_verwacht", "na_max")
#: Columns of the long table, in order.
CIJFERS = ("niveau", "gebied", "periode", "maat", "eenheid", "norm", *STANDS, "bron")

#: Rows beside those of the periods.
ALL_YEARS, NO_YEAR, OTHER_YEARS = "alle jaren", "onbekend", "overige jaren"


@dataclass(frozen=True)
class Norms:
    """What is asked of plancapaciteit.

    Attributes
    ----------
    dekking : float
        Plancapaciteit as share of the restopgave: 130 %, since plans are delayed or dropped (letter
        on the woondeals, spring 2026).
    sociaal : float
        Sociale huur as share of new homes: 30 %.
    betaalbaar : float
        Sociale huur, middenhuur and betaalbare koop together: two thirds.
    """

    dekking: float = 1.30
    sociaal: float = 0.30
    betaalbaar: float = 2 / 3


@dataclass(frozen=True, eq=False)
class Plans:
    """What is known of each plan, one value a plan.

    Attributes
    ----------
    homes : ndarray of float
        Capacity in the chosen basis; NaN where not known.
    counted : ndarray of bool
        Whether the plan counts (5A and 5B do not).
    kinds : dict
        hard, zacht and status_onbekend: 1 or 0.
    segments : DataFrame
        From `segments`.
    left : dict
        Per stand the share of homes that is left; 1 before constraints.
    unknown : ndarray of float
        1 where the verdict is `onbekend`.
    amounts : dict
        From `amounts`.
    """

    homes: Floats
    counted: NDArray[np.bool_]
    kinds: dict[str, Floats]
    segments: pd.DataFrame
    left: dict[str, Floats]
    unknown: Floats
    amounts: dict[str, Floats]


class Cells(NamedTuple):
    """Homes by plan, region and phase: whole numbers that add up to the plan's."""

    row: NDArray[np.intp]
    region: NDArray[np.intp]
    phase: NDArray[np.intp]
    homes: Floats
    first: NDArray[np.bool_]
    names: NDArray[np.object_]


def cells(plans: Plans, parts: Parts, phased: Phases) -> Cells:
    """Divide homes over regions, and those of each region over phases.

    Parameters
    ----------
    plans : Plans
        What is known of each plan.
    parts : Parts
        Which part of a plan lies where.
    phased : Phases
        Which part of a plan is due when.

    Returns
    -------
    Cells
        One a part and phase; `first` marks the largest part of a plan. Plans that do not count have
        unknown homes.
    """
    held = divide_homes(parts.row, parts.share, plans.homes[parts.row])
    held = np.where(plans.counted[parts.row], held, np.nan)
    names, region = np.unique(parts.region.astype(str), return_inverse=True)
    first = np.r_[True, parts.row[1:] != parts.row[:-1]] if len(parts.row) else np.empty(0, bool)
    start = np.searchsorted(phased.row, parts.row, side="left")
    count = np.searchsorted(phased.row, parts.row, side="right") - start
    part = np.repeat(np.arange(len(parts.row)), count)
    offset = np.arange(len(part)) - np.repeat(np.cumsum(count) - count, count)
    phase = np.repeat(start, count) + offset
    due = divide_homes(phased.row, phased.share, plans.homes[phased.row])
    due = np.where(plans.counted[phased.row], due, np.nan)
    homes = _crossed(parts.row, held, due, part, phase)
    return Cells(parts.row[part], region[part], phase, homes, first[part], names.astype(object))


def _crossed(
    row: NDArray[np.intp],
    held: Floats,
    due: Floats,
    part: NDArray[np.intp],
    phase: NDArray[np.intp],
) -> Floats:
    """Divide plans over parts and phases at once, so that both add up to whole homes.

    Dividing each part by itself would round a plan's years differently in each division of the
    country. The homes of a plan stand in a row in the order of their years, those of each part
    spread evenly over it: home m of a part with h homes stands at (m + 1/2) / h.
    """
    parts, phases = np.bincount(row)[row[part]], np.bincount(part, minlength=len(row))[part]
    homes = np.where(parts == 1, due[phase], held[part])
    rest = np.flatnonzero((parts > 1) & (phases > 1) & ~np.isnan(held[part] + due[phase]))
    if not len(rest):
        return homes
    own, years = np.unique(part[rest]), np.unique(phase[rest])
    plan_of_year = np.empty(len(due), dtype=np.intp)
    plan_of_year[phase[rest]] = row[part[rest]]
    size = np.floor(np.abs(held[own]) + 1e-9).astype(np.intp)
    lot = np.repeat(own, size)
    nth = np.arange(len(lot)) - np.repeat(np.cumsum(size) - size, size)
    place = (nth + 0.5) / np.repeat(size, size)
    lot = lot[np.lexsort((lot, place, row[lot]))]
    many = np.floor(np.abs(due[years]) + 1e-9).astype(np.intp)
    year = np.repeat(years, many)
    year = year[np.lexsort((year, plan_of_year[year]))]
    # What is no whole home lies in one part and one year.
    odd_part = own[np.abs(held[own]) - size > 1e-9]
    odd_year = years[np.abs(due[years]) - many > 1e-9]
    odd_year = odd_year[np.argsort(plan_of_year[odd_year], kind="stable")]
    width = len(due)
    key = part[rest] * width + phase[rest]
    order = np.argsort(key)
    at = order[np.searchsorted(key[order], lot * width + year)]
    found = np.bincount(at, minlength=len(rest)).astype(float)
    odd = order[np.searchsorted(key[order], odd_part * width + odd_year)]
    found[odd] += (np.abs(held[own]) - size)[np.abs(held[own]) - size > 1e-9]
    homes[rest] = np.sign(held[part[rest]]) * found
    return homes


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
class _Sums:
    """Sums per region of one row of the table, per stand."""

    plans: Plans
    cells: Cells
    taken: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def of(self, weight: Floats | None, stand: str) -> Floats:
        """Add up homes; NaN where none is known."""
        at = np.flatnonzero(self.taken)
        row = self.cells.row[at]
        value = self.cells.homes[at] * self.plans.left[stand][row]
        if weight is not None:
            if np.isnan(weight).any():
                return np.full(len(self.known), np.nan)
            value = value * weight[row]
        total = np.bincount(
            self.cells.region[at], weights=np.nan_to_num(value), minlength=len(self.cells.names)
        )
        return np.where(self.known, total, np.nan)

    def count(self, chosen: NDArray[np.bool_]) -> Floats:
        """Count plans, each where its largest part lies and once whatever its phases."""
        at = np.flatnonzero(self.taken & self.cells.first & chosen[self.cells.row])
        _, once = np.unique(self.cells.row[at], return_index=True)
        region = self.cells.region[at][once]
        return np.bincount(region, minlength=len(self.cells.names)).astype(float)


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
    level: str, plans: Plans, parts: Parts, phased: Phases, asked: Question
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

    def some(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.bincount(cut.region[is_known & chosen[cut.phase]], minlength=n) > 0

    any_known = some(np.ones(len(phased.row), dtype=bool))
    amount = _amounts(plans, parts)
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
        sums = _Sums(plans, cut, of_phase[cut.phase], known)
        measures = _measures(sums, asked.norms)
        if name == ALL_YEARS:
            measures = [*amount.values(), *measures]
        if in_period:
            open_ = _Sums(plans, cut, phased.state[cut.phase, i] == OPEN, any_known)
            realised = _all_realised(plans, parts, amount["gerealiseerd"])
            goal = task(asked.targets, place, asked.periods[i], realised)
            measures += _against(sums, open_, goal, asked.norms)
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


@dataclass(frozen=True, eq=False)
class Measure:
    """One figure of all regions, for each stand; where a stand says nothing its values are NaN."""

    name: str
    unit: str
    by_stand: dict[str, Floats]
    norm: float = np.nan
    source: NDArray[np.object_] | str = ""


def in_rows(
    level: str, names: NDArray[np.object_], measures: Sequence[tuple[str, Measure]]
) -> pd.DataFrame:
    """Write figures as rows of the long table.

    Parameters
    ----------
    level : str
        Where they belong.
    names : ndarray of str
        Regions.
    measures : sequence of (str, Measure)
        Period and figure, at least one.

    Returns
    -------
    DataFrame
        Columns `CIJFERS`: all regions of the first figure, then those of the next.
    """
    n, nothing = len(names), np.full(len(names), np.nan)
    told = [(level, period, m.name, m.unit) for period, m in measures]
    words = np.repeat(np.array(told, dtype=object), n, axis=0)
    columns = dict(zip(("niveau", "periode", "maat", "eenheid"), words.T, strict=True))
    columns["gebied"] = np.tile(names, len(measures))
    columns["norm"] = np.repeat([m.norm for _, m in measures], n)
    for stand in STANDS:
        columns[stand] = np.concatenate([m.by_stand.get(stand, nothing) for _, m in measures])
    sources = [np.broadcast_to(np.asarray(m.source, dtype=object), n) for _, m in measures]
    columns["bron"] = np.concatenate(sources)
    return pd.DataFrame(columns, columns=list(CIJFERS))


def _all_stands(sums: _Sums, name: str, weight: Floats | None) -> Measure:
    return Measure(name, "woningen", {stand: sums.of(weight, stand) for stand in STANDS})


def _measures(sums: _Sums, norms: Norms) -> list[Measure]:
    """Add up what needs no opgave."""
    plans = sums.plans
    capacity = _all_stands(sums, "plancapaciteit", None)
    kinds = {name: _all_stands(sums, name, weight) for name, weight in plans.kinds.items()}
    hard, soft, open_ = (kinds[k].by_stand for k in ("hard", "zacht", "status_onbekend"))
    share: dict[str, dict[str, Floats]] = {"": {}, "_min": {}, "_max": {}}
    for stand in STANDS:
        share[""][stand] = ratio(hard[stand], hard[stand] + soft[stand])
        share["_min"][stand] = ratio(hard[stand], capacity.by_stand[stand])
        share["_max"][stand] = ratio(hard[stand] + open_[stand], capacity.by_stand[stand])
    no_number = plans.counted & np.isnan(plans.homes)
    measures = [
        Measure("plannen", "plannen", {"voor": sums.count(plans.counted)}),
        Measure("zonder_aantal", "plannen", {"voor": sums.count(no_number)}),
        capacity,
        Measure("oordeel_onbekend", "woningen", {"voor": sums.of(plans.unknown, "voor")}),
        *kinds.values(),
        *(Measure(f"hard_aandeel{end}", "aandeel", values) for end, values in share.items()),
    ]
    for name, norm in (("sociaal", norms.sociaal), ("betaalbaar", norms.betaalbaar)):
        for end in ("min", "max"):
            weight = plans.segments[f"{name}_{end}"].to_numpy()
            values = {s: ratio(sums.of(weight, s), capacity.by_stand[s]) for s in STANDS}
            measures.append(Measure(f"{name}_aandeel_{end}", "aandeel", values, norm))
    return measures


def _amounts(plans: Plans, parts: Parts) -> dict[str, Measure]:
    """Add up bruto, sloop, netto, gerealiseerd and rest; empty where nothing is known."""
    names, region = np.unique(parts.region.astype(str), return_inverse=True)
    measures = {}
    for name in (*AMOUNTS, "rest"):
        per_part = divide_homes(parts.row, parts.share, plans.amounts[name][parts.row])
        known = plans.counted[parts.row] & ~np.isnan(per_part)
        total = np.bincount(region[known], weights=per_part[known], minlength=len(names))
        some = np.bincount(region[known], minlength=len(names)) > 0
        label = "restcapaciteit" if name == "rest" else name
        measures[name] = Measure(label, "woningen", {"voor": np.where(some, total, np.nan)})
    return measures


def _all_realised(plans: Plans, parts: Parts, realised: Measure) -> Floats:
    """Give what plans say was realised, per region; NaN where not every plan says."""
    _, region = np.unique(parts.region.astype(str), return_inverse=True)
    silent = plans.counted & np.isnan(plans.amounts["gerealiseerd"])
    missing = np.bincount(
        region, weights=silent[parts.row], minlength=len(realised.by_stand["voor"])
    )
    return np.where(missing > 0, np.nan, realised.by_stand["voor"])


def _against(sums: _Sums, open_: _Sums, task: Task, norms: Norms) -> list[Measure]:
    """Hold capacity against the opgave of a period."""
    capacity = {s: sums.of(None, s) for s in STANDS}
    unphased = {s: open_.of(None, s) for s in STANDS}
    hard = {s: sums.of(sums.plans.kinds["hard"], s) for s in STANDS}
    rest = task.rest
    both = {s: np.nan_to_num(capacity[s]) + unphased[s] for s in STANDS}
    goal = norms.dekking
    return [
        Measure("fase_onbekend", "woningen", unphased),
        Measure("opgave", "woningen", {"voor": task.goal}, source=task.goal_source),
        Measure("opgave_gerealiseerd", "woningen", {"voor": task.realised}, source=task.basis),
        Measure("restopgave", "woningen", {"voor": rest}, source=task.rest_source),
        Measure("dekking", "aandeel", {s: ratio(capacity[s], rest) for s in STANDS}, goal),
        Measure(
            "dekking_met_fase_onbekend", "aandeel", {s: ratio(both[s], rest) for s in STANDS}, goal
        ),
        Measure(
            "tekort_op_norm",
            "woningen",
            {s: np.maximum(goal * rest - capacity[s], 0.0) for s in STANDS},
        ),
        Measure("hard_dekking", "aandeel", {s: ratio(hard[s], rest) for s in STANDS}),
        Measure(
            "benodigd_zacht_naar_hard",
            "woningen",
            {s: np.maximum(rest - hard[s], 0.0) for s in STANDS},
        ),
    ]


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; empty where the whole is unknown or nothing.

    Parameters
    ----------
    part, whole : ndarray of float
        Homes.

    Returns
    -------
    ndarray of float
        Shares; NaN where there is nothing to divide by.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
