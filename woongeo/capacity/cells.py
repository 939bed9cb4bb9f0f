"""Homes by plan, region and phase: whole numbers that add up to the plan's both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from woongeo.capacity.parts import add_up_by, divide_homes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.capacity.parts import Parts
    from woongeo.capacity.phasing import Phases

    Floats = NDArray[np.float64]


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
        From `amounts`, each home once.
    twice : ndarray of bool
        Whether it is unknown if what the plan says was realised is in that of others too.
    """

    homes: Floats
    counted: NDArray[np.bool_]
    kinds: dict[str, Floats]
    segments: pd.DataFrame
    left: dict[str, Floats]
    unknown: Floats
    amounts: dict[str, Floats]
    twice: NDArray[np.bool_]


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


def none_counts(plans: Plans, cut: Cells) -> NDArray[np.bool_]:
    """Tell in which regions no plan counts: they hold 0 homes, and that is known.

    Parameters
    ----------
    plans : Plans
        What is known of each plan.
    cut : Cells
        From `cells`.

    Returns
    -------
    ndarray of bool
        Per region. False where plans count of which no number is known.
    """
    held = add_up_by(cut.region, plans.counted[cut.row], len(cut.names))
    return np.asarray(held == 0, dtype=bool)


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
