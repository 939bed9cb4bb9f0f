"""Plancapaciteit: homes per region, before and after what stands in their way.

A plan over two regions is divided by area, in whole homes, so that what the regions hold adds up to
what the plan holds, to the last home. Missing is not zero: a plan without a number is counted as a
plan (`zonder_aantal`) and adds to no sum; where no plan of a region has a number, its sums are
empty.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.encode import html_text, shortened
from woongeo.engine import Sites, area_by_feature
from woongeo.errors import ColumnError, RegionError, RegionWarning
from woongeo.regions import Regions
from woongeo.verdict import SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.screening import Screening

#: Where homes go that lie in no region.
OUTSIDE = "buiten de gebieden"
#: The row of the whole.
TOTAL = ("totaal", "alle locaties")

# A site counts as wholly inside when no more than this share is not: the noise of coordinates.
_WHOLE = 1 - 1e-9


@dataclass(frozen=True, eq=False)
class Plancapaciteit:
    """Homes per region.

    Attributes
    ----------
    tabel : DataFrame
        One row a region of each level and, last, one for all locations. `niveau`, `gebied`;
        `plannen` and `zonder_aantal` count plans (a plan over several regions counts where its
        largest part lies); the others count homes: `woningen`; `hard`, `zacht`, `status_onbekend`
        (together `woningen`); `vrij`, `onbekend`, `belemmerd` by verdict (together `woningen`);
        `belemmerd_min` (in sites wholly in a bottleneck), `belemmerd_verwacht` (by share of area)
        and `belemmerd_max` (in sites that one touches at all, also below the tolerance), over all
        rules that count with each home once; `<sleutel>_min`, `_verwacht` and `_max` for each rule
        by itself, empty where nothing is known of its layer; and `telt_niet_mee`, homes of plans
        with status 5A or 5B, which are in none of the others.
    screening : Screening
        What it was made of.
    by : tuple
        The divisions.
    """

    tabel: pd.DataFrame
    screening: Screening
    by: tuple[Regions | str, ...]

    def __len__(self) -> int:
        return len(self.tabel)

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(shortened(n))}</li>" for n in self.screening.notes())
        shown = self.tabel.copy()
        for column in ("niveau", "gebied"):
            shown[column] = shown[column].map(lambda text: html_text(shortened(text)))
        # Text is encoded above; names of columns are our own keys.
        table = shown.to_html(
            index=False, escape=False, max_rows=60, float_format="{:.1f}".format, na_rep=""
        )
        return f"{f'<ul>{notes}</ul>' if notes else ''}{table}<p>{SCREENING}</p>"


def summarize_plancapaciteit(
    screening: Screening, *, by: Sequence[Regions | str] = ()
) -> Plancapaciteit:
    """Add up homes per region, before and after constraints.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    by : sequence of Regions or str
        Divisions of the country, and columns of the locations to group on ("Gem_naam").

    Returns
    -------
    Plancapaciteit
        Homes; a part of a plan carries the verdict and the share in a bottleneck of the whole plan.
        Plans that overlap each other are each counted; the report of the locations lists them.

    Raises
    ------
    RegionError
        When two divisions share a name.
    ColumnError
        When a column does not exist.

    Warns
    -----
    RegionWarning
        When regions overlap each other.
    """
    levels = [x.level if isinstance(x, Regions) else x for x in by]
    if len(set(levels)) < len(levels) or TOTAL[0] in levels:
        raise RegionError(f"niveaus {', '.join(levels)}: geef elk niveau een eigen naam.")
    figures = _figures_per_plan(screening)
    tables = []
    for division, level in zip(by, levels, strict=True):
        if isinstance(division, Regions):
            parts = _divide(screening, division)
        else:
            parts = _group(screening, division)
        tables.append(_add_up(figures, parts, level))
    n = len(screening)
    whole = _Parts(np.arange(n), np.full(n, TOTAL[1], dtype=object), np.ones(n))
    tables.append(_add_up(figures, whole, TOTAL[0]))
    table = pd.concat(tables, ignore_index=True)
    return Plancapaciteit(table, screening, tuple(by))


@dataclass(frozen=True, eq=False)
class _Parts:
    """Plans divided over regions: row of the plan, region, share of the plan's area.

    Shares of a plan add up to 1; the largest part of a plan comes first among its parts.
    """

    row: NDArray[np.intp]
    region: NDArray[np.object_]
    share: NDArray[np.float64]


def _figures_per_plan(screening: Screening) -> pd.DataFrame:
    """Give per plan its homes and, per figure, which share of them the figure counts."""
    frame = screening.locaties
    hardheid, verdict = frame["hardheid"], frame["oordeel"]
    counted = hardheid != Hardheid.TELT_NIET_MEE
    figures: dict[str, Any] = {"homes": frame["woningen"], "counted": counted}
    figures["hard"] = (hardheid == Hardheid.HARD).astype(float)
    figures["zacht"] = (hardheid == Hardheid.ZACHT).astype(float)
    figures["status_onbekend"] = (hardheid == Hardheid.ONBEKEND).astype(float)
    for outcome in Oordeel:
        figures[str(outcome)] = (verdict == outcome).astype(float)
    with np.errstate(invalid="ignore"):
        area = frame[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1).to_numpy()
        taken = np.nan_to_num(frame["belemmerd_m2"].to_numpy() / area)
    touched = (screening.geraakt & screening.telt).any(axis=1).to_numpy()
    figures["belemmerd_min"] = (taken >= _WHOLE).astype(float)
    figures["belemmerd_verwacht"] = taken
    figures["belemmerd_max"] = touched.astype(float)
    for toets in screening.toetsen:
        known = not toets.idle(screening.on)
        share = screening.aandeel[toets.key].fillna(0.0).to_numpy()
        hit = screening.geraakt[toets.key].astype(float)
        for name, value in (
            ("min", (share >= _WHOLE).astype(float)),
            ("verwacht", share),
            ("max", hit.to_numpy()),
        ):
            figures[f"{toets.key}_{name}"] = value if known else np.nan
    return pd.DataFrame(figures, index=frame.index)


def _group(screening: Screening, column: str) -> _Parts:
    """Divide plans by a column: each whole plan goes to one group."""
    frame = screening.locaties
    if column not in frame.columns or column == "geometry":
        names = ", ".join(c for c in frame.columns if c != "geometry")
        raise ColumnError(f"kolom {column!r} bestaat niet in de locaties; wel: {names}.")
    names = frame[column].astype(object).where(frame[column].notna(), "onbekend").map(str)
    return _Parts(np.arange(len(frame)), names.to_numpy(dtype=object), np.ones(len(frame)))


def _divide(screening: Screening, regions: Regions) -> _Parts:
    """Divide plans over regions by area; what lies in none goes to `OUTSIDE`."""
    usable = np.flatnonzero(screening.locations.usable)
    sites = Sites(screening.locaties.geometry.to_numpy()[usable])
    area = sites.area
    site, region, shared = area_by_feature(sites, regions.frame.geometry.to_numpy())
    held = np.bincount(site, weights=shared, minlength=len(sites))
    # Borders of one country drawn by two hands differ by slivers; more than that is an overlap.
    overlapping = held > area * (1 + 1e-6) + 1
    if overlapping.any():
        warnings.warn(
            f"{regions.source.path}: gebieden overlappen elkaar bij {int(overlapping.sum())} "
            "locaties; woningen zijn naar rato verdeeld.",
            RegionWarning,
            stacklevel=3,
        )
    outside = np.maximum(area - held, 0.0)
    outside[outside <= 1e-9 * area] = 0.0
    share = shared / (held + outside)[site]
    names = regions.frame["gebied"].to_numpy(dtype=object)
    left = np.flatnonzero(outside > 0)
    nowhere = np.flatnonzero(~screening.locations.usable)
    row = np.concatenate([usable[site], usable[left], nowhere])
    name = np.concatenate([names[region], np.full(len(left) + len(nowhere), OUTSIDE, dtype=object)])
    parts = np.concatenate([share, outside[left] / (held + outside)[left], np.ones(len(nowhere))])
    # Largest part first; equal parts by name, so that the order of regions means nothing.
    order = np.lexsort((name.astype(str), -parts, row))
    return _Parts(row[order], name[order], parts[order])


def divide_homes(
    row: NDArray[np.intp], share: NDArray[np.float64], homes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Divide homes over parts of plans in whole homes, none lost and none made.

    Each part gets the whole homes of its share; those that are left go one by one to the parts with
    the largest fractions (largest remainder).

    Parameters
    ----------
    row : ndarray of int
        The plan of each part, sorted; parts of equal fraction are served in the order given.
    share : ndarray of float
        Share of the plan, adding up to 1 per plan.
    homes : ndarray of float
        Homes of the plan of each part; the same for all its parts.

    Returns
    -------
    ndarray of float
        Homes of each part; NaN where those of the plan are unknown. A plan that does not hold a
        whole number keeps its fraction in one part.

    Examples
    --------
    >>> divide_homes(np.array([0, 0, 0]), np.array([0.5, 0.25, 0.25]), np.full(3, 7.0)).tolist()
    [3.0, 2.0, 2.0]
    """
    size, sign = np.abs(homes), np.sign(homes)
    exact = size * share
    # A share of one third three times over is not quite 1: what is all but whole is whole.
    given = np.floor(exact + 1e-9)
    fraction = exact - given
    _, start = np.unique(row, return_index=True)
    owner = np.searchsorted(start, np.arange(len(row)), side="right") - 1
    left = (size[start] - np.add.reduceat(given, start))[owner] if len(row) else size
    order = np.lexsort((np.arange(len(row)), -fraction, row))
    rank = np.empty(len(row))
    rank[order] = np.arange(len(row)) - start[owner][order] if len(row) else 0
    return np.asarray(sign * (given + np.clip(left - rank, 0.0, 1.0)))


def _add_up(figures: pd.DataFrame, parts: _Parts, level: str) -> pd.DataFrame:
    """Add up plans and homes per region."""
    plan = figures.iloc[parts.row].reset_index(drop=True)
    homes = divide_homes(parts.row, parts.share, plan["homes"].to_numpy())
    first = np.r_[True, parts.row[1:] != parts.row[:-1]] if len(parts.row) else np.empty(0, bool)
    counted = plan["counted"].to_numpy()
    known = np.where(counted, homes, np.nan)
    columns = {
        "gebied": parts.region,
        "plannen": (first & counted).astype(int),
        "woningen": known,
    }
    names = [c for c in figures.columns if c not in {"homes", "counted"}]
    split = names.index("status_onbekend") + 1
    columns |= {name: plan[name].to_numpy() * known for name in names[:split]}
    columns["zonder_aantal"] = (first & counted & np.isnan(homes)).astype(int)
    columns |= {name: plan[name].to_numpy() * known for name in names[split:]}
    columns["telt_niet_mee"] = np.where(counted, np.nan, homes)
    table = pd.DataFrame(columns)
    counts = ["plannen", "zonder_aantal"]
    grouped = table.groupby("gebied", sort=True)
    # Nothing known is not nothing: without min_count pandas adds up blanks to 0.
    summed = grouped.sum(min_count=1)
    summed[counts] = summed[counts].astype(int)
    summed["telt_niet_mee"] = summed["telt_niet_mee"].fillna(0.0)
    # A sliver of a plan in a neighbouring region carries no home and is no plan there.
    here = summed.index.isin(parts.region[first])
    homes_here = summed[["woningen", "telt_niet_mee"]].fillna(0.0).ne(0).any(axis=1)
    summed = summed[here | homes_here].reset_index()
    last = summed["gebied"] == OUTSIDE
    summed = pd.concat([summed[~last], summed[last]])
    summed.insert(0, "niveau", level)
    return summed
