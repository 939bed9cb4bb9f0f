"""What solving bottlenecks would free: exact, for each of them and for every set of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.encode import html_text, shortened
from woongeo.errors import LayerError
from woongeo.knelpunten.subsets import (
    best_of_size,
    best_order,
    curve,
    greedy_order,
    masks,
    patterns,
    smallest_sets,
    subset_sums,
)
from woongeo.knelpunten.touched import blocked_plans, region_parts
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from woongeo.capacity import Division
    from woongeo.knelpunten.touched import Blocked
    from woongeo.screening import Screening

    Floats = NDArray[np.float64]

#: The two ways in which an order is found.
GREEDY, BEST = "gretig", "beste"


@dataclass(frozen=True, eq=False)
class Vrijspelen:
    """What solving bottlenecks frees.

    `_max` counts every blocked plan whose bottlenecks are solved, also where another verdict on it
    is `onbekend` (which then counts as free); `_min` only plans of which every verdict is known.

    Attributes
    ----------
    tabel : DataFrame
        One row a bottleneck: `knelpunt`, `woningen_belemmerd`, `alleen_min`, `alleen_max` (what
        solving this one alone frees: homes that nothing else blocks), `plannen_alleen_min`,
        `plannen_alleen_max`, and `toegerekend` (each home divided evenly over what blocks it: these
        add up to all blocked homes).
    volgorde : DataFrame
        One row a step of each order: `methode` ("gretig": each time what frees most by itself;
        "beste": the largest sum over all steps, of all orders), `stap`, `knelpunt`, `erbij_max`,
        `woningen_min`, `woningen_max` (free after this step), `aandeel_max` (of all blocked homes).
    beste_sets : DataFrame
        One row a set of bottlenecks that frees most of its size: `aantal`, `knelpunten`,
        `woningen_min`, `woningen_max`, `aandeel_max`, `gelijken` (sets that are as good).
    kleinste_sets : DataFrame
        The smallest sets that free the wanted share, all of that size; same columns. Empty where no
        homes are blocked.
    gebieden : DataFrame
        Per region and bottleneck: `niveau`, `gebied`, `knelpunt`, `woningen_belemmerd`,
        `alleen_min`, `alleen_max`, `toegerekend`, `stap` (place in the greedy order of that region)
        and `woningen_max` (free after that step).
    belemmerd : float
        All blocked homes, each once; without those that cannot be freed.
    niet_vrij_te_spelen : float
        Homes blocked by a bottleneck that cannot be solved.
    gelijke_volgordes : float
        How many orders are as good as the best; NaN where it was not sought.
    screening : Screening
        What it was made of.
    """

    tabel: pd.DataFrame
    volgorde: pd.DataFrame
    beste_sets: pd.DataFrame
    kleinste_sets: pd.DataFrame
    gebieden: pd.DataFrame
    belemmerd: float
    niet_vrij_te_spelen: float
    gelijke_volgordes: float
    screening: Screening
    _of: Blocked

    def __len__(self) -> int:
        return len(self.tabel)

    def set(self, keys: Collection[str]) -> tuple[float, float]:
        """Say what solving a set of bottlenecks frees.

        Parameters
        ----------
        keys : collection of str
            Bottlenecks.

        Returns
        -------
        minimum, maximum : float
            Homes; see the class for what they count.

        Raises
        ------
        LayerError
            When one is not among them.
        """
        of = self._of
        stray = sorted(set(keys) - set(of.keys))
        if stray:
            raise LayerError(f"knelpunt {', '.join(stray)} is er niet; wel: {', '.join(of.keys)}.")
        solved = np.isin(of.keys, list(keys))
        hit = of.blocked.any(axis=1)
        freed = hit & ~(of.blocked & ~solved).any(axis=1)
        homes = np.nan_to_num(of.homes)
        sure = freed & ~of.unknown.any(axis=1)
        return float(homes[sure].sum()), float(homes[freed].sum())

    def _repr_html_(self) -> str:
        tables = ""
        for title, frame in (
            ("Per knelpunt", self.tabel),
            ("Volgorde", self.volgorde),
            ("Kleinste sets", self.kleinste_sets.head(20)),
        ):
            shown = frame.map(lambda v: html_text(shortened(v)) if isinstance(v, str) else v)
            tables += f"<p><strong>{title}</strong></p>" + shown.to_html(
                index=False, escape=False, float_format="{:.2f}".format, na_rep="", max_rows=60
            )
        return f"{tables}<p>{SCREENING}</p>"


def vrijspelen(
    screening: Screening,
    *,
    fixed: Sequence[str] = (),
    by: Sequence[Division] = (),
    share: float = 0.8,
    exhaustive_up_to: int = 15,
    basis: str | None = None,
) -> Vrijspelen:
    """Work out what solving each bottleneck, and each set of them, would free.

    A plan is free once everything that blocks it is solved. That is counted plan by plan and not by
    subtracting totals, so plans with several bottlenecks are neither lost nor counted twice, and
    solving all of them frees all blocked homes.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    fixed : sequence of str
        Bottlenecks that cannot be solved: plans that they block cannot be freed, and are counted
        in `niet_vrij_te_spelen` only.
    by : sequence of Regions, RegionMapping or str, optional
        Divisions, as for `summarize_plancapaciteit`.
    share : float
        Which part (0-1) of all blocked homes the smallest sets are to free.
    exhaustive_up_to : int
        Up to how many bottlenecks all sets and orders are looked at; beyond it the greedy order
        only. Time and memory double with each.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    Vrijspelen
        Homes; plans without a number are counted as plans only.

    Raises
    ------
    LayerError
        When a bottleneck was not screened, or the share is no share.
    ColumnError, RegionError
        As for `summarize_plancapaciteit`.
    """
    if not 0 < share <= 1:
        raise LayerError(f"share is {share!r}; geef een deel (meer dan 0, hoogstens 1).")
    everything = blocked_plans(screening, None, basis)
    stray = sorted(set(fixed) - set(everything.keys))
    if stray or set(fixed) == set(everything.keys):
        raise LayerError(
            f"fixed {', '.join(fixed)}: kies uit {', '.join(everything.keys)}, en laat er één over."
        )
    found = everything.without(fixed)
    homes = np.nan_to_num(found.homes)
    sure = np.asarray(~found.unknown.any(axis=1))
    distinct = patterns(found.blocked)
    weight = _weights(distinct.of_plan, homes, len(distinct.blocked))
    known = _weights(distinct.of_plan, homes * sure, len(distinct.blocked))
    hit = distinct.blocked.any(axis=1)
    total = float(weight[hit].sum())
    table = _per_key(found, homes, sure)
    order = greedy_order(distinct.blocked[hit], weight[hit])
    steps = [_steps(GREEDY, found.keys, order, distinct.blocked, weight, known)]
    k, ways = len(found.keys), float("nan")
    best = smallest = pd.DataFrame(columns=[*_SET_COLUMNS])
    if k <= exhaustive_up_to:
        mask = masks(distinct.blocked[hit])
        freed = subset_sums(_weights(mask, weight[hit], 1 << k))
        freed_sure = subset_sums(_weights(mask, known[hit], 1 << k))
        order, ways = best_order(freed, k)
        steps.append(_steps(BEST, found.keys, order, distinct.blocked, weight, known))
        best = _sets(best_of_size(freed, k), found.keys, freed, freed_sure)
        enough = smallest_sets(freed, k, share * total)
        smallest = _sets([enough], found.keys, freed, freed_sure)
    return Vrijspelen(
        table,
        pd.concat(steps, ignore_index=True),
        best,
        smallest,
        _regions(screening, found, by),
        total,
        float(np.nansum(everything.homes[everything.blocked.any(axis=1)])) - total,
        ways,
        screening,
        found,
    )


_SET_COLUMNS = (
    *("aantal", "knelpunten", "woningen_min", "woningen_max", "aandeel_max", "gelijken"),
)


def _weights(index: NDArray[np.integer], weight: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(index, weights=weight, minlength=size), dtype=float)


def _per_key(found: Blocked, homes: Floats, sure: NDArray[np.bool_]) -> pd.DataFrame:
    """Say per bottleneck what it blocks, and what solving it alone frees."""
    count = found.blocked.sum(axis=1)
    alone = found.blocked & (count == 1)[:, None]
    surely = alone & sure[:, None]
    even = homes / np.maximum(count, 1)
    table = pd.DataFrame(
        {
            "knelpunt": found.keys,
            "woningen_belemmerd": homes @ found.blocked,
            "alleen_min": homes @ surely,
            "alleen_max": homes @ alone,
            "plannen_alleen_min": surely.sum(axis=0),
            "plannen_alleen_max": alone.sum(axis=0),
            "toegerekend": even @ found.blocked,
        }
    )
    # Of a layer that is absent it is not known what solving it would free.
    numbers = list(table.columns[1:])
    table[numbers] = table[numbers].astype(float).where(pd.Series(found.known), np.nan)
    return table


def _steps(
    method: str,
    keys: list[str],
    order: list[int],
    blocked: NDArray[np.bool_],
    weight: Floats,
    known: Floats,
) -> pd.DataFrame:
    """Write an order as rows."""
    most, least = curve(blocked, weight, order), curve(blocked, known, order)
    total = most[-1]
    return pd.DataFrame(
        {
            "methode": method,
            "stap": np.arange(1, len(order) + 1),
            "knelpunt": [keys[i] for i in order],
            "erbij_max": np.diff(most, prepend=0.0),
            "woningen_min": least,
            "woningen_max": most,
            "aandeel_max": most / total if total else np.full(len(order), np.nan),
        }
    )


def _sets(
    groups: list[NDArray[np.int64]], keys: list[str], freed: Floats, sure: Floats
) -> pd.DataFrame:
    """Write sets as rows; sets of one group are as good as each other, or enough each."""
    rows = []
    total = freed[-1]
    for group in groups:
        for mask in group:
            names = [key for i, key in enumerate(keys) if mask >> i & 1]
            equal = int((np.abs(freed[group] - freed[mask]) <= 1e-6).sum())
            share = freed[mask] / total if total else np.nan
            text = " + ".join(names)
            rows.append((len(names), text, sure[mask], freed[mask], share, equal))
    return pd.DataFrame(rows, columns=list(_SET_COLUMNS))


def _regions(screening: Screening, found: Blocked, by: Sequence[Division]) -> pd.DataFrame:
    """Do the same per region, in the greedy order of each."""
    k, blocks = len(found.keys), []
    distinct = patterns(found.blocked)
    hit = np.flatnonzero(distinct.blocked.any(axis=1))
    sure = np.asarray(~found.unknown.any(axis=1))
    size = distinct.blocked.sum(axis=1)
    for level, parts, plan, part_homes in region_parts(screening, found, by):
        homes = np.nan_to_num(part_homes)
        names, region = np.unique(parts.region.astype(str), return_inverse=True)
        n, p = len(names), len(distinct.blocked)
        cell = region * p + distinct.of_plan[plan]
        weight = _weights(cell, homes, n * p).reshape(n, p)
        known = _weights(cell, homes * sure[plan], n * p).reshape(n, p)
        alone = distinct.blocked & (size == 1)[:, None]
        figures = {
            "woningen_belemmerd": weight @ distinct.blocked,
            "alleen_min": known @ alone,
            "alleen_max": weight @ alone,
            "toegerekend": (weight / np.maximum(size, 1)) @ distinct.blocked,
        }
        step, after = np.zeros((n, k)), np.zeros((n, k))
        for r in range(n):
            order = greedy_order(distinct.blocked[hit], weight[r, hit])
            step[r, order] = np.arange(1, k + 1)
            after[r, order] = curve(distinct.blocked, weight[r], order)
        figures |= {"stap": step, "woningen_max": after}
        columns = {name: values.reshape(-1) for name, values in figures.items()}
        table = pd.DataFrame(
            {
                "niveau": level,
                "gebied": np.repeat(names, k),
                "knelpunt": np.tile(np.array(found.keys, dtype=object), n),
                **columns,
            }
        )
        unknown = np.tile(~found.known, n)
        table.loc[unknown, ["woningen_belemmerd", "alleen_min", "alleen_max", "toegerekend"]] = (
            np.nan
        )
        blocks.append(table)
    return pd.concat(blocks, ignore_index=True)
