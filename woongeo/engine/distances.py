"""How near a layer comes to each site, for any width of its zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.engine.pairs import EPSILON_M
from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.index import LayerIndex
    from woongeo.engine.sites import Sites

#: Distances are looked up so far.
REACH_M = 25_000.0


class Distances(NamedTuple):
    """Distances of sites to a layer; kept with the sites, for they hold for any width of a zone.

    Attributes
    ----------
    of_index : LayerIndex
        By which was measured; kept so that its id stays its own.
    distance_m : ndarray of float
        0 where they meet, NaN beyond reach.
    nearest : ndarray of float, shape (n, 2)
        Where on the layer the nearest point is; NaN where they meet.
    missed : ndarray of int
        Sites that touch a feature and none of its pieces: cutting moves a corner by a rounding. The
        distance to the uncut rings finds them.
    """

    of_index: LayerIndex
    distance_m: NDArray[np.float64]
    nearest: NDArray[np.float64]
    missed: NDArray[np.intp]


def distances_of(
    sites: Sites, index: LayerIndex, touching: NDArray[np.intp], reach_m: float
) -> Distances:
    """Measure where it is known which sites meet a piece, and keep it with the sites.

    Parameters
    ----------
    sites : Sites
        The sites.
    index : LayerIndex
        Of the layer.
    touching : ndarray of int
        Sites that meet a piece.
    reach_m : float
        How far to look.

    Returns
    -------
    Distances
        Of all sites.
    """
    touches = np.zeros(len(sites), dtype=bool)
    touches[touching] = True
    distance, nearest = distances_apart(sites, index, touches, reach_m)
    missed = np.flatnonzero(~touches & (distance <= EPSILON_M))
    found = Distances(index, distance, nearest, missed)
    sites.cache.keep((Distances, id(index), reach_m), found)
    return found


def known_distances(sites: Sites, index: LayerIndex, reach_m: float) -> Distances | None:
    """Give what was measured before.

    Parameters
    ----------
    sites : Sites
        The sites.
    index : LayerIndex
        Of the layer.
    reach_m : float
        How far was looked.

    Returns
    -------
    Distances or None
        None where nothing was.
    """
    known = sites.cache.get((Distances, id(index), reach_m))
    return known if isinstance(known, Distances) else None


def distances_apart(
    sites: Sites,
    index: LayerIndex,
    touching: NDArray[np.bool_],
    reach_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the distance to the nearest feature where it is known which sites meet one.

    Parameters
    ----------
    sites : Sites
        The sites.
    index : LayerIndex
        Of the layer.
    touching : ndarray of bool
        Sites that meet a feature.
    reach_m : float
        How far to look.

    Returns
    -------
    distance_m : ndarray of float
        0 where touching, NaN beyond reach.
    nearest : ndarray of float, shape (n, 2)
        The point of the layer that is nearest; NaN where touching.
    """
    distance, nearest = np.zeros(len(sites)), np.full((len(sites), 2), np.nan)
    apart = sites.walk[~touching[sites.walk]]
    lines, points = index.outlines()

    def nearest_of(part: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        asking = sites.geometry[apart[part]]
        far, at = np.full(len(asking), np.inf), np.full((len(asking), 2), np.nan)
        if lines is not None:
            # Lines, for `distance` does not use their index, and of surfaces it is slow.
            between = shapely.shortest_line(lines, asking)
            far, at = shapely.length(between), shapely.get_coordinates(between)[::2]
        if points is not None:
            row, to_point, place = _to_points(points, asking, reach_m)
            nearer = to_point < far[row]
            far[row[nearer]], at[row[nearer]] = to_point[nearer], place[nearer]
        return far, at

    done = side_by_side(nearest_of, parts_of(len(apart)))
    found = np.concatenate([far for far, _ in done])
    distance[apart] = np.where(found <= reach_m, found, np.nan)
    nearest[apart] = np.concatenate([at for _, at in done])
    return distance, nearest


def _to_points(
    points: shapely.STRtree, sites: NDArray[np.object_], reach_m: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Measure to the nearest of points: rows of sites within reach, how far, and where.

    From point to point is soon asked. The nearest of a site lies no further from its middle than
    what is nearest to that, and as far again as the site is wide.
    """
    west, south, east, north = shapely.bounds(sites).reshape(-1, 4).T
    middle = shapely.points((west + east) / 2, (south + north) / 2)
    wide = np.hypot(east - west, north - south)
    (row, _), away = points.query_nearest(
        middle,
        max_distance=reach_m + 1 + float(np.max(wide, initial=0.0)),
        return_distance=True,
        all_matches=False,
    )
    at, point = points.query(
        middle[row], predicate="dwithin", distance=away + wide[row] + EPSILON_M
    )
    row = row[at]
    shapes = points.geometries[point]
    far = shapely.distance(shapes, sites[row])
    # The first of those that are as near: points come in their own order.
    order = np.lexsort((point, far, row))
    first = order[np.diff(row[order], prepend=-1) > 0]
    return row[first], far[first], shapely.get_coordinates(shapes[first])
