"""Pieces of tiles made whole again, so that nobody can see where the tiles were.

Uniting big pieces the general way looks for crossings everywhere, though the pieces meet on the
borders of tiles alone. There each corner that one piece has is given to its neighbour too; then the
pieces fit edge by edge, and edges that two of them share fall out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.searching.shape import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Corners = tuple[NDArray[np.float64], NDArray[np.intp]]

# Two tiles compute where an edge crosses their border each for itself; that differs by the last
# bits of a coordinate, and by less than this.
_SAME_M = 1e-6


def stitched(pieces: NDArray[np.object_], tile_m: float) -> NDArray[np.object_]:
    """Join pieces of ground across the borders of tiles.

    Parameters
    ----------
    pieces : ndarray of Polygon
        Pieces that lie apart or meet on the borders of tiles, at multiples of `tile_m`; RD New.
    tile_m : float
        Size of tiles, metres.

    Returns
    -------
    ndarray of Polygon
        As if there were no tiles, to the noise of coordinates; in no order.
    """
    on_border = (np.mod(shapely.bounds(pieces), tile_m) == 0).any(axis=1)
    if not on_border.any():
        return pieces
    fitting = _rebuilt(pieces[on_border], _with_corners, tile_m)
    joined = surfaces(shapely.coverage_union_all(fitting))
    whole = np.concatenate([pieces[~on_border], _rebuilt(joined, _without_traces, tile_m)])
    # A hole that meets the edge, or another hole, in one corner is drawn as one ring with it.
    pinched = ~shapely.is_valid(whole)
    if not pinched.any():
        return whole
    mended = shapely.make_valid(whole[pinched], method="structure", keep_collapsed=False)
    return np.concatenate([whole[~pinched], surfaces(mended)])


def _rebuilt(
    polygons: NDArray[np.object_],
    change: Callable[[NDArray[np.float64], NDArray[np.intp], float], _Corners],
    tile_m: float,
) -> NDArray[np.object_]:
    """Change the corners of rings, and make the same polygons of them."""
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy, ring = change(xy, ring, tile_m)
    rings = shapely.linearrings(xy, indices=ring)
    return np.asarray(shapely.polygons(rings, indices=polygon), dtype=object)


def _with_corners(xy: NDArray[np.float64], ring: NDArray[np.intp], tile_m: float) -> _Corners:
    """Give edges along the borders of tiles all corners that any ring has there."""
    xy = xy.copy()
    on = np.mod(xy, tile_m) == 0
    for axis in (0, 1):
        xy[on[:, axis], 1 - axis] = _agreed(xy[on[:, axis]], axis, tile_m)
    for axis in (0, 1):
        xy, ring = _cut_edges(xy, ring, axis, tile_m)
    again = np.r_[False, (xy[1:] == xy[:-1]).all(axis=1) & (ring[1:] == ring[:-1])]
    return xy[~again], ring[~again]


def _agreed(xy: NDArray[np.float64], axis: int, tile_m: float) -> NDArray[np.float64]:
    """Make one place of places on a border that differ by a rounding."""
    border, place = xy[:, axis], xy[:, 1 - axis]
    order = np.lexsort((place, border))
    sorted_border, sorted_place = border[order], place[order]
    new = np.r_[True, (np.diff(sorted_border) != 0) | (np.diff(sorted_place) > _SAME_M)][
        : len(order)
    ]
    first = np.flatnonzero(new)
    # The corner of a tile is what it is; else the first will do.
    at_corner = np.where(np.mod(sorted_place, tile_m) == 0, sorted_place, -np.inf)
    agreed = np.maximum.reduceat(at_corner, first) if len(first) else at_corner
    agreed = np.where(np.isinf(agreed), sorted_place[first], agreed)
    result = np.empty(len(order))
    result[order] = agreed[np.cumsum(new) - 1]
    return result


def _cut_edges(
    xy: NDArray[np.float64], ring: NDArray[np.intp], axis: int, tile_m: float
) -> _Corners:
    """Put the corners that lie on an edge along a border into that edge."""
    border, place = xy[:, axis], xy[:, 1 - axis]
    on = np.mod(border, tile_m) == 0
    along = np.flatnonzero(on[:-1] & (border[1:] == border[:-1]) & (ring[1:] == ring[:-1]))
    at, values = [], []
    # Some dozens of borders lie across a province.
    for line in np.unique(border[along]):
        there = np.unique(place[on & (border == line)])
        edge = along[border[along] == line]
        low = np.searchsorted(there, np.minimum(place[edge], place[edge + 1]), side="right")
        high = np.searchsorted(there, np.maximum(place[edge], place[edge + 1]), side="left")
        count = np.maximum(high - low, 0)
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        down = np.repeat(place[edge] > place[edge + 1], count)
        row = np.where(down, np.repeat(high - 1, count) - step, np.repeat(low, count) + step)
        at.append(np.repeat(edge, count))
        values.append(there[row])
    if not at:
        return xy, ring
    where, value = np.concatenate(at), np.concatenate(values)
    more = np.empty((len(where), 2))
    more[:, axis], more[:, 1 - axis] = border[where], value
    # Places are numbered before anything is put in, so the order of borders does not matter.
    order = np.argsort(where, kind="stable")
    where, more = where[order], more[order]
    return np.insert(xy, where + 1, more, axis=0), np.insert(ring, where + 1, ring[where])


def _without_traces(xy: NDArray[np.float64], ring: NDArray[np.intp], tile_m: float) -> _Corners:
    """Leave out corners on the borders of tiles that lie on a straight edge."""
    last = np.r_[ring[1:] != ring[:-1], True]
    # A ring closes itself when it is made again.
    xy, ring = xy[~last], ring[~last]
    n = np.bincount(ring)
    start = np.cumsum(n) - n
    position = np.arange(len(ring)) - start[ring]
    before = xy[start[ring] + (position - 1) % n[ring]]
    after = xy[start[ring] + (position + 1) % n[ring]]
    chord, arm = after - before, xy - before
    length = np.hypot(*chord.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0]) / length
    between = (arm * (xy - after)).sum(axis=1) <= 0
    trace = (np.mod(xy, tile_m) == 0).any(axis=1) & (off <= _SAME_M) & between
    return xy[~trace], ring[~trace]
