"""Which features are nearest to each site, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.distances import distances_of, known_distances
from woongeo.engine.index import LayerIndex
from woongeo.engine.measure import with_missed
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


def nearest(
    sites: Sites,
    features: NDArray[np.object_],
    *,
    reach_m: float,
    index: LayerIndex | None = None,
) -> Nearest:
    """Find the nearest features of sites.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres.
    reach_m : float
        How far to look.
    index : LayerIndex, optional
        Of these features, kept from an earlier time: most of the work.

    Returns
    -------
    Nearest
        In the order of the sites. Of features that share the nearest point all are given, and of
        points all that are as near.
    """
    n, geometry = len(sites), sites.geometry
    if sites.occupied is None or not len(features):
        none = np.empty(0, dtype=np.intp)
        return Nearest(np.full(n, np.nan), none, none)
    if index is None:
        index = LayerIndex(features)
    with index.lock:
        index.reach_out(sites.occupied, 0.0)
        known = known_distances(sites, index, reach_m)
        site, piece, _ = index.meeting(geometry)
        known = known or distances_of(sites, index, site, reach_m)
        distance = known.distance_m
        meets = np.column_stack([site, index.owner[piece]])
        apart = np.flatnonzero(distance > 0)
        row, place = apart, shapely.points(known.nearest[apart])
        points = index.outlines().points
        if points is not None:
            # Of shapes at the very same distance none is left out for a rounding.
            at, point = points.query(
                geometry[apart], predicate="dwithin", distance=distance[apart] + EPSILON_M
            )
            row = np.concatenate([row, apart[at]])
            place = np.concatenate([place, points.geometries[point]])
        at, feature = index.at(place)
    pairs = np.concatenate([meets, np.column_stack([row[at], feature])])
    pairs = with_missed(sites, pairs, known.missed, features)
    return Nearest(distance, pairs[:, 0], pairs[:, 1])
