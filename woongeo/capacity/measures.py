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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity.amounts import AMOUNTS
from woongeo.capacity.parts import add_up_by, divide_homes
from woongeo.numerals import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.capacity.cells import Cells, Plans
    from woongeo.capacity.parts import Parts
    from woongeo.capacity.restopgave import Task

    Floats = NDArray[np.float64]

#: Before constraints, and after them at least, expected and at most.
STANDS = ("voor", "na_min", "na_verwacht", "na_max")

# From this share of its area on a plan may have realised homes in a region where it plans none. It
# is far above what borders that were drawn by two hands differ.
_NO_SLIVER = 0.05

#: Columns of the long table, in order.
CIJFERS = ("niveau", "gebied", "periode", "maat", "eenheid", "norm", *STANDS, "bron")


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
class Sums:
    """Sums per region of one row of the table, per stand.

    Attributes
    ----------
    plans : Plans
        What is known of each plan.
    cells : Cells
        Their homes by region and phase.
    taken : ndarray of bool
        Which cells the row counts.
    known : ndarray of bool
        Of which regions anything is known.
    """

    plans: Plans
    cells: Cells
    taken: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def of(self, weight: Floats | None, stand: str) -> Floats:
        """Add up homes.

        Parameters
        ----------
        weight : ndarray of float or None
            Per plan the share that counts; all without it.
        stand : str
            One of `STANDS`.

        Returns
        -------
        ndarray of float
            Per region; NaN where none is known.
        """
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
        """Count plans, each where its largest part lies and once whatever its phases.

        Parameters
        ----------
        chosen : ndarray of bool
            Which plans.

        Returns
        -------
        ndarray of float
            Per region.
        """
        at = np.flatnonzero(self.taken & self.cells.first & chosen[self.cells.row])
        _, once = np.unique(self.cells.row[at], return_index=True)
        region = self.cells.region[at][once]
        return np.bincount(region, minlength=len(self.cells.names)).astype(float)


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


def _all_stands(sums: Sums, name: str, weight: Floats | None) -> Measure:
    return Measure(name, "woningen", {stand: sums.of(weight, stand) for stand in STANDS})


def measures_of(sums: Sums, norms: Norms) -> list[Measure]:
    """Add up what needs no opgave.

    Parameters
    ----------
    sums : Sums
        Of a row of the table.
    norms : Norms
        What is asked.

    Returns
    -------
    list of Measure
        In the order of the table.
    """
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


def amounts_of(plans: Plans, parts: Parts) -> dict[str, Measure]:
    """Add up bruto, sloop, netto, gerealiseerd and rest.

    Parameters
    ----------
    plans : Plans
        What is known of each plan.
    parts : Parts
        Which part of a plan lies where.

    Returns
    -------
    dict
        Name to measure; 0 where no plan counts, empty where nothing is known of those that do or
        no plan at all has the amount.
    """
    names, region = np.unique(parts.region.astype(str), return_inverse=True)
    empty = np.bincount(region, weights=plans.counted[parts.row], minlength=len(names)) == 0
    measures = {}
    for name in (*AMOUNTS, "rest"):
        per_part = divide_homes(parts.row, parts.share, plans.amounts[name][parts.row])
        known = plans.counted[parts.row] & ~np.isnan(per_part)
        total = np.bincount(region[known], weights=per_part[known], minlength=len(names))
        some = np.bincount(region[known], minlength=len(names)) > 0
        some |= empty & ~np.isnan(plans.amounts[name]).all()
        label = "restcapaciteit" if name == "rest" else name
        measures[name] = Measure(label, "woningen", {"voor": np.where(some, total, np.nan)})
    return measures


def present(plans: Plans, parts: Parts) -> NDArray[np.bool_]:
    """Tell which parts of plans are more than a sliver over a border.

    Parameters
    ----------
    plans : Plans
        What is known of each plan.
    parts : Parts
        Which part of a plan lies where.

    Returns
    -------
    ndarray of bool
        True for the largest part of a plan, and for every part that holds any of its homes, in
        whatever amount the plan gives; of a plan that does not count, of its `woningen`.
    """
    row = parts.row
    here = np.r_[True, row[1:] != row[:-1]] if len(row) else np.empty(0, dtype=bool)
    # Only plans over a border have another part.
    at = np.flatnonzero(np.bincount(row)[row] > 1) if len(row) else np.empty(0, dtype=np.intp)
    for name, homes in plans.amounts.items():
        told = homes if name == "woningen" else np.where(plans.counted, homes, np.nan)
        held = divide_homes(row[at], parts.share[at], told[row[at]])
        here[at] |= np.nan_to_num(held) != 0
    return here


def all_realised(
    plans: Plans, parts: Parts, realised: Measure, here: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.object_]]:
    """Give what plans say was realised.

    Parameters
    ----------
    plans : Plans
        What is known of each plan.
    parts : Parts
        Which part of a plan lies where.
    realised : Measure
        From `amounts_of`.
    here : ndarray of bool
        From `present`.

    Returns
    -------
    homes : ndarray of float
        Per region; NaN where not every plan that is present says, where it may be counted twice,
        or where none counts: then nobody says.
        More may have been realised than is left: where a plan gives no bruto, a part of 5 % of its
        area is present too.
    why : ndarray of str
        Why it is not known; "" where it is.
    """
    homes = realised.by_stand["voor"]
    _, region = np.unique(parts.region.astype(str), return_inverse=True)

    large = np.isnan(plans.amounts["bruto"])[parts.row] & (parts.share >= _NO_SLIVER)

    def plans_with(mark: NDArray[np.bool_]) -> Floats:
        told = (plans.counted & mark)[parts.row] & (here | large)
        return add_up_by(region, told, len(homes))

    silent = plans_with(np.isnan(plans.amounts["gerealiseerd"]))
    twice = plans_with(plans.twice)
    why = np.full(len(homes), "", dtype=object)
    nobody = add_up_by(region, plans.counted[parts.row], len(homes)) == 0
    why[np.isnan(homes) | nobody] = "onbekend: geen plan meldt wat is gerealiseerd"
    # Of each region one reason; plans that say nothing go before those that may say it twice.
    for i in np.flatnonzero((twice > 0) & (why == "")):
        why[i] = (
            f"onbekend: {counted(twice[i], 'masterplan meldt', 'masterplannen melden')} wat is "
            "gerealiseerd, en deelplannen ervan ook"
        )
    for i in np.flatnonzero((silent > 0) & ~np.isnan(homes)):
        why[i] = (
            f"onbekend: {counted(silent[i], 'plan meldt', 'plannen melden')} niet wat is "
            "gerealiseerd"
        )
    return np.where(why == "", homes, np.nan), why


def against(
    sums: Sums, open_: Sums, task: Task, norms: Norms, why: NDArray[np.object_]
) -> list[Measure]:
    """Hold capacity against the opgave of a period.

    Parameters
    ----------
    sums : Sums
        Of the period.
    open_ : Sums
        Of what may lie in it or not.
    task : Task
        What is asked of each region.
    norms : Norms
        What is asked of capacity.
    why : ndarray of str
        From `all_realised`: why a restopgave is not known where the opgave is.

    Returns
    -------
    list of Measure
        In the order of the table.
    """
    capacity = {s: sums.of(None, s) for s in STANDS}
    unphased = {s: open_.of(None, s) for s in STANDS}
    hard = {s: sums.of(sums.plans.kinds["hard"], s) for s in STANDS}
    rest = task.rest
    rest_source = np.where(np.isnan(rest) & ~np.isnan(task.goal), why, task.rest_source)
    both = {s: np.nan_to_num(capacity[s]) + unphased[s] for s in STANDS}
    goal = norms.dekking
    return [
        Measure("fase_onbekend", "woningen", unphased),
        Measure("opgave", "woningen", {"voor": task.goal}, source=task.goal_source),
        Measure("opgave_gerealiseerd", "woningen", {"voor": task.realised}, source=task.basis),
        Measure("restopgave", "woningen", {"voor": rest}, source=rest_source),
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
