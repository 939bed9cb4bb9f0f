"""Which plan of one register is which plan of another.

An id pairs plans where it is a plan's own. A name that was made up, "rij 3" for a row without an id
or "7 (2)" for the second of an id, hangs on the order of the rows, and so does which of those plans
kept the id itself: they are paired by shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from woongeo.columns import as_text
from woongeo.locations.model import COLUMNS

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
    own : (ndarray of bool, ndarray of bool)
        Of all old and all new plans, which have an id of their own; from `own_ids`.
    """

    old: NDArray[np.intp]
    new: NDArray[np.intp]
    how: NDArray[np.object_]
    share: NDArray[np.float64]
    own: tuple[NDArray[np.bool_], NDArray[np.bool_]]


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
        In the order of the old plans. Ids are used only where they are a plan's own in both
        registers: row numbers say nothing.
    """
    own = own_ids(old), own_ids(new)
    rows_old, rows_new = np.flatnonzero(own[0]), np.flatnonzero(own[1])
    place = pd.Series(rows_new, index=new.locaties["locatie_id"].to_numpy()[rows_new])
    at = place.reindex(old.locaties["locatie_id"].to_numpy()[rows_old]).to_numpy(dtype=float)
    first = rows_old[~np.isnan(at)]
    second = at[~np.isnan(at)].astype(np.intp)
    shapes = _shapes(old)[first], _shapes(new)[second]
    by_id = _shared(*shapes)
    left = (
        np.setdiff1d(np.flatnonzero(old.locations.usable), first),
        np.setdiff1d(np.flatnonzero(new.locations.usable), second),
    )
    third, fourth, by_shape = _by_shape((old, new), left, own, min_share)
    rows = np.concatenate([first, third])
    how = np.r_[np.full(len(first), BY_ID, object), np.full(len(third), BY_SHAPE, object)]
    order = np.argsort(rows, kind="stable")
    return Pairs(
        rows[order],
        np.concatenate([second, fourth])[order],
        how[order],
        np.concatenate([by_id, by_shape])[order],
        own,
    )


def own_ids(screening: Screening) -> NDArray[np.bool_]:
    """Tell which plans have an id of their own.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    ndarray of bool
        One a plan: not where its id was made up by `unique_ids`, here or before a result of ours
        was written and read again, nor where several plans bear it.
    """
    locations = screening.locations
    ids = pd.Series(screening.locaties["locatie_id"].to_numpy(dtype=object))
    column = locations.columns.get("id")
    if column is None or len(locations.report.of_check("geen id-kolom")):
        return np.zeros(len(ids), dtype=bool)
    told = locations.report
    absent = ids.isin(told.of_check("id ontbreekt")["object_id"])
    double = ids.isin(told.of_check("id dubbel")["object_id"])
    if all(locations.columns.get(ours) == name for ours, name in _OURS.items()):
        if _are_row_numbers(ids, locations.frame):
            return np.zeros(len(ids), dtype=bool)
        absent |= ids.str.fullmatch(_ABSENT)
        double |= ids.str.fullmatch(_SECOND) & _first_of(ids).isin(ids)
    # The first of several plans of one id kept it, and which that is hangs on their order.
    several = ids.isin(_first_of(ids[double]))
    return ~(absent | double | several).to_numpy(dtype=bool)


# Where these columns were taken, a result of ours may have been read again, and then its report
# does not say which ids were made up. How `unique_ids` writes those: "rij 3" and "7 (2)".
_OURS = {"id": "locatie_id", "woningen": "woningen", "planstatus": "planstatus"}
_ABSENT = r"rij [0-9]+(?: \([0-9]+\))?"
_SECOND = r"(?s:.+) \([0-9]+\)"


def _first_of(ids: pd.Series) -> pd.Series:
    """Give the id that the second of it was named after."""
    return ids.str.replace(r" \([0-9]+\)\Z", "", regex=True)


def _are_row_numbers(ids: pd.Series, frame: pd.DataFrame) -> bool:
    """Tell whether the ids of a result of ours are the numbers of its rows.

    Ids of the input stand in it twice: in our column, and in the one they came from.
    """
    if "oordeel" not in frame.columns or (ids != [str(i + 1) for i in range(len(ids))]).any():
        return False
    theirs = [c for c in frame.columns if c not in {*COLUMNS, "geometry"}]
    return not any((as_text(frame[c]).to_numpy() == ids.to_numpy()).all() for c in theirs)


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
    moments: tuple[Screening, Screening],
    left: tuple[NDArray[np.intp], NDArray[np.intp]],
    own: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    min_share: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pair plans that are each other's best, again and again until none is left."""
    one, other = (_shapes(x)[rows] for x, rows in zip(moments, left, strict=True))
    a, b = shapely.STRtree(other).query(one, predicate="intersects")
    share = _shared(one[a], other[b])
    enough = share >= min_share
    a, b, share = a[enough], b[enough], share[enough]
    told = [_told(x, own_)[rows] for x, own_, rows in zip(moments, own, left, strict=True)]
    unlike = (told[0][a] != told[1][b]).T
    # Best first; of equals those that say the same of themselves, then by row.
    order = np.lexsort((b, a, *unlike[::-1], -share))
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
        left[0][np.concatenate([f[0] for f in found])],
        left[1][np.concatenate([f[1] for f in found])],
        np.concatenate([f[2] for f in found]),
    )


def _told(screening: Screening, own: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Give what plans say of themselves, one row a plan, the most telling first.

    It tells plans of one shape apart.
    """
    frame = screening.locaties
    # Where there is no name the id stands for it, and one that was made up says nothing.
    nameless = (frame["naam"] == frame["locatie_id"]) & ~own
    columns = [
        frame["naam"].mask(nameless, ""),
        # Unknown equals unknown, which NaN does not.
        frame["woningen"].astype(object).where(frame["woningen"].notna(), None),
        frame["planstatus"],
        frame["hardheid"],
    ]
    return np.column_stack([column.to_numpy(dtype=object) for column in columns])
