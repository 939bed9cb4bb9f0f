"""The definitions, written as directly as possible: one site, one layer, no index.

Slow on purpose. The tests hold the engine against these on drawn and random shapes; who wants to
know what a figure means reads them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.around import SLIVER_M
from woongeo.engine.distances import REACH_M
from woongeo.engine.pairs import EPSILON_M
from woongeo.engine.zones import ZONE_SEGMENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def features_hit(
    site: shapely.Geometry,
    features: NDArray[np.object_],
    within_m: float | NDArray[np.float64] = 0.0,
) -> list[int]:
    """List the features that meet a site, or come within a distance of it.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    within_m : float or ndarray of float
        Metres, one for all or one a feature; 0 for those that meet it.

    Returns
    -------
    list of int
        Positions.
    """
    near = shapely.distance(features, site) <= within_m + EPSILON_M
    return [int(i) for i in np.flatnonzero(near)]


def overlap_m2(
    site: shapely.Geometry,
    features: NDArray[np.object_],
    within_m: float | NDArray[np.float64] = 0.0,
) -> float:
    """Measure the area of a site in the zone of a layer.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    within_m : float or ndarray of float
        Width of the zone around the features in metres, one for all or one a feature.

    Returns
    -------
    float
        Square metres; what features share is counted once.
    """
    widths = np.broadcast_to(within_m, features.shape)
    zones = [
        shapely.buffer(feature, width, quad_segs=ZONE_SEGMENTS) if width > 0 else feature
        for feature, width in zip(features, widths, strict=True)
    ]
    return float(shapely.area(shapely.intersection(shapely.union_all(zones), site)))


def outside(
    site: shapely.Geometry, features: NDArray[np.object_], sliver_m: float = SLIVER_M
) -> NDArray[np.object_]:
    """Leave out of features the ground that lies in a site.

    Parameters
    ----------
    site : Geometry
        A valid surface in metres.
    features : ndarray of shapely geometries
        Valid shapes in metres.
    sliver_m : float
        What remains against the site of a surface that loses ground to it counts only where it is
        wider than this.

    Returns
    -------
    ndarray of shapely geometries
        What remains of each; an empty shape where nothing does. Measured with the functions above,
        it gives what `measure_around` must.
    """
    remains = np.empty(len(features), dtype=object)
    for i, feature in enumerate(features):
        rest = feature.difference(site)
        if feature.area - rest.area > 0.01 or (feature.area > 0 and rest.is_empty):
            parts = [part for part in shapely.get_parts(rest) if part.area > 0]
            wide = [
                part
                for part in parts
                if part.distance(site) > EPSILON_M or not part.buffer(-sliver_m / 2).is_empty
            ]
            rest = shapely.MultiPolygon(wide)
        remains[i] = rest
    return remains


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
