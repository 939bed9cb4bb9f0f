"""Which plan of one register is which plan of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.screening import Screening

#: How a pair was found.
BY_ID, BY_SHAPE = "id", "vlak"


class Pairs(NamedTuple):
    """Plans that are the same, by row.

    Attributes
    ----------
    old, new : ndarray of int
        Rows; each at most once.
    how : ndarray of str
        `BY_ID` or `BY_SHAPE`.
    share : ndarray of float
        What the two shapes share, as part of what they cover together; NaN where one of them cannot
        be measured.
    """

    old: NDArray[np.intp]
    new: NDArray[np.intp]
    how: NDArray[np.object_]
    share: NDArray[np.float64]


def match(old: Screening, new: Screening, min_share: float) -> Pairs:
    """Pair plans by id, and those that are left by shape.

    Parameters
    ----------
    old, new : Screening
        Two moments.
    min_share : float
        What two shapes must share at least, as part of what they cover together.

    Returns
    -------
    Pairs
        In the order of the old plans. Ids are used only where both registers have them: row numbers
        say nothing.
    """
    first = second = np.empty(0, dtype=np.intp)
    if _has_ids(old) and _has_ids(new):
        place = pd.Series(np.arange(len(new)), index=new.locaties["locatie_id"].to_numpy())
        at = place.reindex(old.locaties["locatie_id"].to_numpy()).to_numpy(dtype=float)
        first = np.flatnonzero(~np.isnan(at))
        second = at[first].astype(np.intp)
    shapes = _shapes(old)[first], _shapes(new)[second]
    by_id = _shared(*shapes)
    left_old = np.setdiff1d(np.flatnonzero(old.locations.usable), first)
    left_new = np.setdiff1d(np.flatnonzero(new.locations.usable), second)
    third, fourth, by_shape = _by_shape(old, new, left_old, left_new, min_share)
    rows = np.concatenate([first, third])
    how = np.r_[np.full(len(first), BY_ID, object), np.full(len(third), BY_SHAPE, object)]
    order = np.argsort(rows, kind="stable")
    return Pairs(
        rows[order],
        np.concatenate([second, fourth])[order],
        how[order],
        np.concatenate([by_id, by_shape])[order],
    )


def _has_ids(screening: Screening) -> bool:
    return screening.locations.columns.get("id") is not None


def _shapes(screening: Screening) -> NDArray[np.object_]:
    """Give the shapes that can be measured; None for the others."""
    shapes: NDArray[np.object_] = screening.locaties.geometry.to_numpy()
    kept: NDArray[np.object_] = shapes.copy()
    kept[~screening.locations.usable] = None
    return kept


def _shared(one: NDArray[np.object_], other: NDArray[np.object_]) -> NDArray[np.float64]:
    """Say what pairs of shapes share, as part of what they cover together."""
    share = np.full(len(one), np.nan)
    both = ~(shapely.is_missing(one) | shapely.is_missing(other))
    same = both & shapely.equals_exact(one, other)
    share[same] = 1.0
    rest = np.flatnonzero(both & ~same)
    common = shapely.area(shapely.intersection(one[rest], other[rest]))
    together = shapely.area(one[rest]) + shapely.area(other[rest]) - common
    # What is the same shape, begun at another corner, is the same shape.
    share[rest] = np.where(together - common <= 1e-6 * together, 1.0, common / together)
    return share


def _by_shape(
    old: Screening,
    new: Screening,
    left_old: NDArray[np.intp],
    left_new: NDArray[np.intp],
    min_share: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pair plans that are each other's best, again and again until none is left."""
    one, other = _shapes(old)[left_old], _shapes(new)[left_new]
    a, b = shapely.STRtree(other).query(one, predicate="intersects")
    share = _shared(one[a], other[b])
    enough = share >= min_share
    a, b, share = a[enough], b[enough], share[enough]
    names = old.locaties["naam"].to_numpy(), new.locaties["naam"].to_numpy()
    differs = names[0][left_old[a]] != names[1][left_new[b]]
    # Best first; of equals those of one name, then by row.
    order = np.lexsort((b, a, differs, -share))
    a, b, share = a[order], b[order], share[order]
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]] = []
    while len(a):
        best_of_a = np.zeros(len(a), dtype=bool)
        best_of_a[np.unique(a, return_index=True)[1]] = True
        best_of_b = np.zeros(len(b), dtype=bool)
        best_of_b[np.unique(b, return_index=True)[1]] = True
        mutual = best_of_a & best_of_b
        found.append((a[mutual], b[mutual], share[mutual]))
        open_ = ~(np.isin(a, a[mutual]) | np.isin(b, b[mutual]))
        a, b, share = a[open_], b[open_], share[open_]
    if not found:
        empty = np.empty(0, dtype=np.intp)
        return empty, empty, np.empty(0)
    return (
        left_old[np.concatenate([f[0] for f in found])],
        left_new[np.concatenate([f[1] for f in found])],
        np.concatenate([f[2] for f in found]),
    )
