"""Plans divided over regions, in whole homes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.columns import as_text
from woongeo.engine import Sites, area_by_feature
from woongeo.errors import ColumnError, RegionError, RegionWarning
from woongeo.mapping import UNKNOWN, RegionMapping
from woongeo.numerals import counted
from woongeo.regions import Regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.screening import Screening

#: A way to divide plans: surfaces, a column of the locations, or a mapping of gemeenten.
Division = Regions | RegionMapping | str

#: Where homes go that lie in no region.
OUTSIDE = "buiten de gebieden"
#: The row of the whole.
TOTAL = ("totaal", "alle locaties")


@dataclass(frozen=True, eq=False)
class Parts:
    """Plans divided over regions: row of the plan, region, share of the plan's area.

    Shares of a plan add up to 1; the largest part of a plan comes first among its parts.
    """

    row: NDArray[np.intp]
    region: NDArray[np.object_]
    share: NDArray[np.float64]


def add_up_by(
    index: NDArray[np.integer], weight: NDArray[np.generic], size: int
) -> NDArray[np.float64]:
    """Add up weights by index.

    Parameters
    ----------
    index : ndarray of int
        Where each weight belongs.
    weight : ndarray
        Numbers, none of them NaN.
    size : int
        Number of sums.

    Returns
    -------
    ndarray of float
        One sum an index.
    """
    return np.asarray(np.bincount(index, weights=weight, minlength=size), dtype=float)


def levels(by: Sequence[Division]) -> list[str]:
    """Name the levels of divisions.

    Parameters
    ----------
    by : sequence
        Divisions.

    Returns
    -------
    list of str
        One a division.

    Raises
    ------
    RegionError
        When two share a name, or one has that of the whole.
    """
    names = [x if isinstance(x, str) else x.level for x in by]
    if len(set(names)) < len(names) or TOTAL[0] in names:
        raise RegionError(f"niveaus {', '.join(names)}: geef elk niveau een eigen naam.")
    return names


def divide(screening: Screening, division: Division) -> Parts:
    """Divide plans over regions.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    division : Regions, RegionMapping or str
        Surfaces divide a plan by area; a column, or a mapping of one, gives each whole plan to one
        region.

    Returns
    -------
    Parts
        In the order of the plans.

    Raises
    ------
    ColumnError
        When a column does not exist.

    Warns
    -----
    RegionWarning
        When regions overlap each other, or the mapping does not know a gemeente.
    """
    parts, doubt = divided(screening, division)
    if doubt:
        warnings.warn(doubt, RegionWarning, stacklevel=3)
    return parts


def divided(screening: Screening, division: Division) -> tuple[Parts, str]:
    """Divide plans over regions without a warning, for who does not show what comes of it.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    division : Regions, RegionMapping or str
        As for `divide`.

    Returns
    -------
    parts : Parts
        As from `divide`.
    doubt : str
        What is doubtful about them; empty where nothing is.

    Raises
    ------
    ColumnError
        When a column does not exist.
    """
    if isinstance(division, Regions):
        return _divide(screening, division)
    if isinstance(division, RegionMapping):
        return _map(screening, division)
    return _group(screening, division), ""


def whole(screening: Screening) -> Parts:
    """Put all plans in one region, `TOTAL`.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    Parts
        One part a plan.
    """
    n = len(screening)
    return Parts(np.arange(n), np.full(n, TOTAL[1], dtype=object), np.ones(n))


def _map(screening: Screening, mapping: RegionMapping) -> tuple[Parts, str]:
    """Divide plans by the region of their gemeente."""
    names = _group(screening, mapping.column)
    frame = screening.locaties
    found = mapping.lookup(frame[mapping.column], on=screening.on)
    stray = sorted(set(names.region[(found == UNKNOWN).to_numpy()]) - {UNKNOWN})
    doubt = (
        f"{mapping.source.path}: geen {mapping.level} op {mapping.on or screening.on} voor "
        f"{', '.join(stray[:20])}{' …' if len(stray) > 20 else ''}; die plannen staan onder "
        f"{UNKNOWN!r}."
    )
    parts = Parts(names.row, found.to_numpy(dtype=object), names.share)
    return parts, doubt if stray else ""


def _group(screening: Screening, column: str) -> Parts:
    """Divide plans by a column: each whole plan goes to one group."""
    frame = screening.locaties
    if column not in frame.columns or column == "geometry":
        names = ", ".join(c for c in frame.columns if c != "geometry")
        raise ColumnError(f"kolom {column!r} bestaat niet in de locaties; wel: {names}.")
    # A column of codes with one empty cell is one of floats: 363.0 is "363".
    texts = as_text(frame[column])
    groups = texts.where(texts != "", UNKNOWN).to_numpy(dtype=object)
    return Parts(np.arange(len(frame)), groups, np.ones(len(frame)))


def _divide(screening: Screening, regions: Regions) -> tuple[Parts, str]:
    """Divide plans over regions by area; what lies in none goes to `OUTSIDE`."""
    usable = np.flatnonzero(screening.locations.usable)
    sites = Sites(screening.locaties.geometry.to_numpy()[usable])
    area = sites.area
    site, region, shared = area_by_feature(sites, regions.frame.geometry.to_numpy())
    held = np.bincount(site, weights=shared, minlength=len(sites))
    # Borders of one country drawn by two hands differ by slivers; more than that is an overlap.
    overlapping = held > area * (1 + 1e-6) + 1
    doubt = (
        f"{regions.source.path}: gebieden overlappen elkaar bij "
        f"{counted(overlapping.sum(), 'locatie', 'locaties')}; woningen zijn naar rato verdeeld."
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
    return Parts(row[order], name[order], parts[order]), doubt if overlapping.any() else ""


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
