"""How much of each site lies in which feature, and what lies in none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.index import LayerIndex
from woongeo.engine.measure import dissolve, measure
from woongeo.engine.zones import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.sites import Sites


def area_by_feature(
    sites: Sites, features: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Measure how much of each site each feature holds.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid surfaces in metres.

    Returns
    -------
    site, feature : ndarray of int
        The pairs that share ground, sorted.
    area_m2 : ndarray of float
        What they share; ground that features share is counted for each.
    """
    if sites.occupied is None or not len(features):
        none = np.empty(0, dtype=np.intp)
        return none, none, np.empty(0)
    geometry = sites.geometry
    index = LayerIndex(features, sites.occupied, 0.0)
    site, piece, inside = index.meeting(geometry)
    area = np.where(inside, sites.area[site], 0.0)
    cut = ~inside
    area[cut] = shapely.area(shared(geometry[site[cut]], index.pieces[piece[cut]]))
    # Pieces of one feature lie apart, so their areas add up.
    pairs = np.column_stack([site, index.owner[piece]])
    pairs, row = np.unique(pairs, axis=0, return_inverse=True)
    total: NDArray[np.float64] = np.bincount(row, weights=area).astype(float)
    held = total > 0
    return pairs[held, 0], pairs[held, 1], total[held]


def uncovered(
    sites: Sites, coverage: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Find what of each site lies outside a coverage.

    Parameters
    ----------
    sites : Sites
        The sites.
    coverage : ndarray of shapely geometries
        Valid surfaces in metres; may overlap each other.

    Returns
    -------
    area_m2 : ndarray of float
        Area outside; 0 where the site is covered.
    outside : ndarray of shapely geometries
        The part outside; None where there is none.
    """
    covered = measure(sites, coverage, reach_m=0.0)
    outside = np.full(len(sites), None, dtype=object)
    rows, union = dissolve(covered.part_site, covered.part)
    open_sites = ~covered.whole
    outside[open_sites] = sites.geometry[open_sites]
    cut = open_sites[rows]
    outside[rows[cut]] = shapely.difference(sites.geometry[rows[cut]], union[cut])
    area = np.nan_to_num(shapely.area(outside))
    # A square decimetre is the noise of two drawings of one border, not ground.
    noise = area <= 0.01
    area[noise], outside[noise] = 0.0, None
    return area, outside
