"""What lies around a site, its own ground left out.

A parcel that is sprayed does harm to homes beside it. The part of it on which the homes themselves
come is sprayed no more, so it is no source; what remains of it beside the site still is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.distances import REACH_M, distances_apart
from woongeo.engine.index import LayerIndex
from woongeo.engine.measure import nothing_measured, put_together
from woongeo.engine.pairs import EPSILON_M, pairs_within
from woongeo.engine.zones import parts_in_zones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.measure import Measure
    from woongeo.engine.sites import Sites

#: What is left of a feature outside a site is no ground of its own where it is nowhere wider: two
#: drawings of one border differ by so much (an edge, a ditch), and no crop grows in it.
SLIVER_M = 2.0

# How far to look for the nearest feature first, and how much further each time.
_FIRST_STEP_M, _STEP = 250.0, 4.0


def outside_site(
    features: NDArray[np.object_], sites: NDArray[np.object_], *, sliver_m: float = SLIVER_M
) -> NDArray[np.object_]:
    """Leave out of each feature what lies in the site beside it.

    Parameters
    ----------
    features, sites : ndarray of shapely geometries
        Pairs of valid shapes in metres.
    sliver_m : float
        Of a feature that loses ground to the site, what remains against the site and is nowhere
        wider than this is left out too.

    Returns
    -------
    ndarray of shapely geometries
        What remains; empty shapes where nothing does.
    """
    rest: NDArray[np.object_] = shapely.difference(features, sites)
    surface = shapely.get_dimensions(features) == 2
    lost = shapely.area(features) - shapely.area(rest)
    # Less than a square decimetre is the noise of one border drawn twice.
    cut = np.flatnonzero(surface & ((lost > 0.01) | shapely.is_empty(rest)))
    part, of = shapely.get_parts(rest[cut], return_index=True)
    beside = shapely.dwithin(part, sites[cut[of]], EPSILON_M)
    thin = beside & shapely.is_empty(shapely.buffer(part, -sliver_m / 2))
    kept = (shapely.get_dimensions(part) == 2) & ~thin
    remains = np.full(len(cut), shapely.MultiPolygon(), dtype=object)
    rows = np.unique(of[kept])
    if len(rows):
        remains[rows] = shapely.multipolygons(part[kept], indices=np.searchsorted(rows, of[kept]))
    rest[cut] = remains
    return rest


def measure_around(
    sites: Sites,
    features: NDArray[np.object_],
    *,
    within_m: float | NDArray[np.float64],
    reach_m: float = REACH_M,
    sliver_m: float = SLIVER_M,
    index: LayerIndex | None = None,
) -> Measure:
    """Measure what lies around each site, leaving out what lies in it.

    The source is the feature minus the site; the zone is what lies within the feature's width of
    the source. A feature that lies wholly in a site is nothing to that site.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres; may overlap each other.
    within_m : float or ndarray of float
        Width of the zone in metres, one for all or one a feature.
    reach_m : float
        How far to look for the nearest source; with 0 no distance is measured.
    sliver_m : float
        As for `outside_site`.
    index : LayerIndex, optional
        Of these features, kept from an earlier time.

    Returns
    -------
    Measure
        In the order of `sites`; `overlap_m2` is the strip of the site in the zone, `distance_m`
        that to the nearest source.
    """
    n, geometry = len(sites), sites.geometry
    if sites.occupied is None or not len(features):
        return nothing_measured(n)
    width = np.broadcast_to(np.asarray(within_m, dtype=float), features.shape)
    near = np.flatnonzero(sites.occupied.near(shapely.bounds(features), width))
    tree = shapely.STRtree(features[near])
    site, row = pairs_within(geometry, tree, width[near])
    feature = near[row]
    order = np.lexsort((feature, site))
    site, feature = site[order], feature[order]
    meets = np.flatnonzero(shapely.intersects(geometry[site], features[feature]))
    rest = outside_site(features[feature[meets]], geometry[site[meets]], sliver_m=sliver_m)
    gap = shapely.distance(rest, geometry[site[meets]])
    # Of a feature in several parts, what remains may lie further away.
    remains = gap <= width[feature[meets]] + EPSILON_M
    distance = np.full(n, np.nan)
    if reach_m:
        met = site[meets[gap <= EPSILON_M]]
        own = (site[meets], feature[meets], gap)
        distance = _distances(sites, index or LayerIndex(features), np.unique(met), own, reach_m)

    # Of features that meet the site what remains of them, of the others the whole.
    uncut = np.ones(len(site), dtype=bool)
    uncut[meets] = False
    shapes = np.concatenate([features[feature[uncut]], rest[remains]])
    pair_site = np.concatenate([site[uncut], site[meets[remains]]])
    pair_feature = np.concatenate([feature[uncut], feature[meets[remains]]])
    order = np.argsort(pair_site, kind="stable")
    parts = parts_in_zones(
        geometry,
        shapes[order],
        width[pair_feature[order]],
        (pair_site[order], np.arange(len(order))),
    )
    pairs = np.unique(np.column_stack([pair_site, pair_feature]), axis=0)
    return put_together(sites, pairs, distance, parts)


def _distances(
    sites: Sites,
    index: LayerIndex,
    met: NDArray[np.intp],
    own: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]],
    reach_m: float,
) -> NDArray[np.float64]:
    """Distance of each site to the nearest source.

    `met` are sites that a source meets; `own` are the pairs of sites and features that meet, with
    the distance to what remains of the feature.
    """
    own_site, own_feature, own_gap = own
    # Where a site holds features of its own, the nearest line may be one of theirs.
    holds = np.zeros(len(sites), dtype=bool)
    holds[own_site] = True
    features = index.features
    with index.lock:
        distance, _ = distances_apart(sites, index, holds, reach_m)
    open_sites = np.setdiff1d(np.flatnonzero(holds), met)
    nearest = np.full(len(sites), np.inf)
    np.fmin.at(nearest, own_site, own_gap)
    tree = shapely.STRtree(features) if len(open_sites) else None
    owned = own_site * len(features) + own_feature
    step = min(_FIRST_STEP_M, reach_m)
    while tree is not None and len(open_sites):
        row, other = tree.query(sites.geometry[open_sites], predicate="dwithin", distance=step)
        at = open_sites[row]
        foreign = ~np.isin(at * len(features) + other, owned)
        at, other = at[foreign], other[foreign]
        np.minimum.at(nearest, at, shapely.distance(sites.geometry[at], features[other]))
        # All within the step were seen, so what was found in it is the nearest.
        found = (nearest[open_sites] <= step) | (step >= reach_m)
        done = open_sites[found]
        distance[done] = np.where(nearest[done] <= reach_m, nearest[done], np.nan)
        open_sites = open_sites[~found]
        step = min(step * _STEP, reach_m)
    return distance
