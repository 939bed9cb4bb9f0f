"""Which features are nearest to each site, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.index import LayerIndex
from woongeo.engine.pairs import EPSILON_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.sites import Sites


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest features of n sites.

    Attributes
    ----------
    distance_m : ndarray of float, shape (n,)
        0 where they meet; NaN beyond the reach.
    pair_site, pair_feature : ndarray of int
        Which features lie at that distance (all that meet the site, where any does); sorted, each
        pair once.
    """

    distance_m: NDArray[np.float64]
    pair_site: NDArray[np.intp]
    pair_feature: NDArray[np.intp]


def nearest(sites: Sites, features: NDArray[np.object_], *, reach_m: float) -> Nearest:
    """Find the nearest features of sites.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres.
    reach_m : float
        How far to look.

    Returns
    -------
    Nearest
        In the order of the sites. Of features that share the nearest point all are given.
    """
    n, geometry = len(sites), sites.geometry
    distance = np.full(n, np.nan)
    none = np.empty(0, dtype=np.intp)
    if sites.occupied is None or not len(features):
        return Nearest(distance, none, none)
    index = LayerIndex(features, sites.occupied, 0.0)
    site, piece = index.tree.query(geometry, predicate="intersects")
    distance[site] = 0.0
    parts, owner = shapely.get_parts(features, return_index=True)
    near = sites.occupied.near(shapely.bounds(parts), reach_m)
    edges, of_edge, points, of_point = _edges_and_points(parts[near], owner[near])
    apart = np.flatnonzero(np.isnan(distance))
    length, end = _to_edges(edges, geometry[apart])
    dots = shapely.STRtree(points)
    (row, dot), away = dots.query_nearest(
        geometry[apart], max_distance=reach_m + 1, return_distance=True
    )
    least = length.copy()
    np.minimum.at(least, row, away)
    distance[apart] = np.where(least <= reach_m, least, np.nan)
    # Of shapes at the very same distance none is left out for a rounding.
    by_edge = np.flatnonzero(~np.isnan(distance[apart]) & (length <= least + EPSILON_M))
    at, edge = shapely.STRtree(edges).query(end[by_edge], predicate="dwithin", distance=EPSILON_M)
    by_dot = ~np.isnan(distance[apart[row]]) & (away <= least[row] + EPSILON_M)
    pairs = [
        np.column_stack([site, index.owner[piece]]),
        np.column_stack([apart[by_edge[at]], of_edge[edge]]),
        np.column_stack([apart[row[by_dot]], of_point[dot[by_dot]]]),
    ]
    found = np.unique(np.concatenate(pairs), axis=0)
    return Nearest(distance, found[:, 0], found[:, 1])


def _to_edges(
    edges: NDArray[np.object_], sites: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Measure to the nearest of lines; give the point on it too."""
    if not len(edges) or not len(sites):
        return np.full(len(sites), np.inf), np.full(len(sites), None, dtype=object)
    # Lines, prepared together, are what GEOS measures quickly: see `woongeo.engine.index`. Lines
    # without length among them, and nothing else, make GEOS 3.14 crash; points go another way.
    lines = shapely.multilinestrings(edges)
    shapely.prepare(lines)
    shortest = shapely.shortest_line(lines, sites)
    return shapely.length(shortest), shapely.get_point(shortest, 0)


def _edges_and_points(
    parts: NDArray[np.object_], owner: NDArray[np.intp]
) -> tuple[NDArray[np.object_], NDArray[np.intp], NDArray[np.object_], NDArray[np.intp]]:
    """Take shapes apart into what distance is measured to, with the feature of each."""
    dimension = shapely.get_dimensions(parts)
    rings, ring = shapely.get_rings(parts[dimension == 2], return_index=True)
    edges = np.concatenate([rings, parts[dimension == 1]])
    of_edge = np.concatenate([owner[dimension == 2][ring], owner[dimension == 1]])
    return edges, of_edge, parts[dimension == 0], owner[dimension == 0]
