"""The definitions, written as directly as possible: one site, one layer, no index.

Slow on purpose. The tests hold the engine against these on drawn and random shapes; who wants to
know what a figure means reads them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.measure import EPSILON_M, REACH_M, ZONE_SEGMENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def features_hit(
    site: shapely.Geometry, features: NDArray[np.object_], within_m: float = 0.0
) -> list[int]:
    """List the features that meet a site, or come within a distance of it.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    within_m : float
        Metres; 0 for those that meet it.

    Returns
    -------
    list of int
        Positions.
    """
    near = shapely.distance(features, site) <= within_m + EPSILON_M
    return [int(i) for i in np.flatnonzero(near)]


def overlap_m2(
    site: shapely.Geometry, features: NDArray[np.object_], within_m: float = 0.0
) -> float:
    """Measure the area of a site in the zone of a layer.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    within_m : float
        Width of the zone around the features in metres.

    Returns
    -------
    float
        Square metres; what features share is counted once.
    """
    zone = shapely.union_all(features)
    if within_m > 0:
        buffers = shapely.buffer(features, within_m, quad_segs=ZONE_SEGMENTS)
        zone = shapely.union_all(buffers)
    return float(shapely.area(shapely.intersection(zone, site)))


def distance_m(
    site: shapely.Geometry, features: NDArray[np.object_], reach_m: float = REACH_M
) -> float:
    """Measure the distance to the nearest feature.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    reach_m : float
        How far to look.

    Returns
    -------
    float
        Metres; 0 where they meet, NaN beyond reach.
    """
    nearest = float(np.min(shapely.distance(features, site), initial=np.inf))
    return nearest if nearest <= reach_m else float("nan")
