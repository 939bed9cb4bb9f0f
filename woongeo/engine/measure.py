"""What a layer does to each site: which features, how much area, how near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.index import EPSILON_M, LayerIndex, Sites, outlines, pairs_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.index import Occupied

#: Distances are looked up so far.
REACH_M = 25_000.0

# A quarter circle of a zone's edge has so many chords; they cut off r(1 - cos(pi / 128)), which is
# 0.3 mm a metre: 0.6 m at 2 km. Only areas use it; whether a site is hit is the exact distance.
ZONE_SEGMENTS = 32


@dataclass(frozen=True, eq=False)
class Measure:
    """A layer measured at n sites.

    The zone of a layer is the layer itself, or all that lies within `within_m` of it; with a width
    for each feature, all that lies within its own width of any.

    Attributes
    ----------
    hit : ndarray of bool, shape (n,)
        Whether the zone meets the site, be it in one point.
    overlap_m2 : ndarray of float, shape (n,)
        Area of the site in the zone; what features share is counted once.
    distance_m : ndarray of float, shape (n,)
        To the nearest feature, 0 where they meet; NaN beyond the reach.
    pair_site, pair_feature : ndarray of int
        Which features' zones meet which sites; sorted, each pair once.
    whole : ndarray of bool, shape (n,)
        Whether the site lies wholly in the zone.
    part_site : ndarray of int
        Site of each part.
    part : ndarray of shapely geometries
        Parts of sites in the zone, not of sites that are `whole`; parts of one site may overlap.
    """

    hit: NDArray[np.bool_]
    overlap_m2: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    pair_site: NDArray[np.intp]
    pair_feature: NDArray[np.intp]
    whole: NDArray[np.bool_]
    part_site: NDArray[np.intp]
    part: NDArray[np.object_]


def nothing_measured(n: int) -> Measure:
    """Give the measure of a layer without features.

    Parameters
    ----------
    n : int
        How many sites there are.

    Returns
    -------
    Measure
        No hits, no area, no distance.
    """
    none = np.empty(0, dtype=np.intp)
    zero, nothing = np.zeros(n), np.zeros(n, dtype=bool)
    far, no_parts = np.full(n, np.nan), np.empty(0, dtype=object)
    return Measure(nothing, zero, far, none, none, nothing, none, no_parts)


def measure(
    sites: Sites,
    features: NDArray[np.object_],
    *,
    within_m: float | NDArray[np.float64] = 0.0,
    reach_m: float = REACH_M,
) -> Measure:
    """Measure a layer at sites.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres; may overlap each other.
    within_m : float or ndarray of float
        Width of the zone around features in metres, one for all or one a feature; 0 for the
        features themselves.
    reach_m : float
        How far to look for the nearest feature. With 0 no distance is measured, and a site that
        only touches a feature may be missed.

    Returns
    -------
    Measure
        In the order of `sites`. Neither the order of the features nor how they are divided into
        rows changes any figure but the pairs. The distance is to the nearest feature, however wide
        its zone.
    """
    n, geometry = len(sites), sites.geometry
    if sites.occupied is None or not len(features):
        return nothing_measured(n)
    index = LayerIndex(features, sites.occupied, within_m)
    site, piece = index.tree.query(geometry, predicate="intersects")
    touching = np.zeros(n, dtype=bool)
    touching[site] = True
    if reach_m:
        distance = distances(geometry, features, sites.occupied, touching, reach_m)
    else:
        distance = np.full(n, np.nan)
    # Cutting moves a corner by a rounding: a site that only touches a feature at a cut is found by
    # its distance to the uncut rings, and met with the whole feature after all.
    missed = np.flatnonzero(~touching & (distance <= EPSILON_M))
    if np.any(index.width > 0):
        site, piece = pairs_within(geometry, index.tree, index.width)
    order = np.lexsort((piece, site))
    site, piece = site[order], piece[order]
    used, zone = np.unique(piece, return_inverse=True)
    zones = zones_of(index.pieces[used], index.width[used])
    whole, part_site, part = parts_in_zones(geometry, zones, site, zone)
    pairs = np.column_stack([site, index.owner[piece]])
    if len(missed):
        tree = shapely.STRtree(features)
        late, feature = tree.query(geometry[missed], predicate="dwithin", distance=EPSILON_M)
        pairs = np.concatenate([pairs, np.column_stack([missed[late], feature])])
    pairs = np.unique(pairs, axis=0)
    return put_together(sites, pairs, distance, whole, part_site, part)


def put_together(
    sites: Sites,
    pairs: NDArray[np.intp],
    distance_m: NDArray[np.float64],
    whole: NDArray[np.bool_],
    part_site: NDArray[np.intp],
    part: NDArray[np.object_],
) -> Measure:
    """Make a measure of pairs and parts.

    Parameters
    ----------
    sites : Sites
        The sites.
    pairs : ndarray of int, shape (k, 2)
        Site and feature, sorted, each pair once.
    distance_m, whole, part_site, part : ndarray
        As the attributes of `Measure`.

    Returns
    -------
    Measure
        With the area of the union of each site's parts.
    """
    n = len(sites)
    hit = np.zeros(n, dtype=bool)
    hit[pairs[:, 0]] = True
    overlap = _areas(n, part_site, part)
    overlap = np.minimum(np.where(whole, sites.area, overlap), sites.area)
    return Measure(hit, overlap, distance_m, pairs[:, 0], pairs[:, 1], whole, part_site, part)


def distances(
    sites: NDArray[np.object_],
    features: NDArray[np.object_],
    occupied: Occupied,
    touching: NDArray[np.bool_],
    reach_m: float,
) -> NDArray[np.float64]:
    """Measure the distance to the nearest feature.

    Parameters
    ----------
    sites, features : ndarray of shapely geometries
        Valid shapes in metres.
    occupied : Occupied
        Where the sites are.
    touching : ndarray of bool
        Sites that meet a feature.
    reach_m : float
        How far to look.

    Returns
    -------
    ndarray of float
        Metres; 0 where touching, NaN beyond reach.
    """
    distance = np.zeros(len(sites))
    apart = np.flatnonzero(~touching)
    lines, points = outlines(features, occupied, reach_m)
    nearest = np.full(len(apart), np.inf)
    if lines is not None and len(apart):
        nearest = shapely.length(shapely.shortest_line(lines, sites[apart]))
    if len(points) and len(apart):
        tree = shapely.STRtree(points)
        (row, _), to_point = tree.query_nearest(
            sites[apart], max_distance=reach_m + 1, return_distance=True, all_matches=False
        )
        nearest[row] = np.minimum(nearest[row], to_point)
    distance[apart] = np.where(nearest <= reach_m, nearest, np.nan)
    return distance


def zones_of(shapes: NDArray[np.object_], width_m: NDArray[np.float64]) -> NDArray[np.object_]:
    """Draw the zone of each shape.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid shapes in metres.
    width_m : ndarray of float
        Of each zone; 0 for the shape itself.

    Returns
    -------
    ndarray of shapely geometries
        Prepared, a new array.
    """
    zones = shapes.copy()
    wide = width_m > 0
    zones[wide] = shapely.buffer(shapes[wide], width_m[wide], quad_segs=ZONE_SEGMENTS)
    shapely.prepare(zones)
    return zones


def parts_in_zones(
    sites: NDArray[np.object_],
    zones: NDArray[np.object_],
    site: NDArray[np.intp],
    zone: NDArray[np.intp],
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.object_]]:
    """Cut sites along zones: which lie wholly in one, and what parts of the others do.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    zones : ndarray of shapely geometries
        Prepared; lines and points among them take nothing.
    site, zone : ndarray of int
        Which sites meet which zones.

    Returns
    -------
    whole : ndarray of bool
        For each site.
    part_site, part : ndarray
        As the attributes of `Measure`.
    """
    surface = shapely.get_dimensions(zones)[zone] == 2
    site, zone = site[surface], zone[surface]
    inside = shapely.contains_properly(zones[zone], sites[site])
    whole = np.zeros(len(sites), dtype=bool)
    whole[site[inside]] = True
    rest = ~whole[site]
    site, zone = site[rest], zone[rest]
    part = shapely.intersection(sites[site], zones[zone])
    has_area = shapely.area(part) > 0
    return whole, site[has_area], part[has_area]


def _areas(n: int, part_site: NDArray[np.intp], part: NDArray[np.object_]) -> NDArray[np.float64]:
    """Area of the union of the parts of each site."""
    area = np.zeros(n)
    rows, union = dissolve(part_site, part)
    area[rows] = shapely.area(union)
    return area


def dissolve(
    group: NDArray[np.intp], shapes: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Unite shapes per group.

    Parameters
    ----------
    group : ndarray of int
        Group of each shape.
    shapes : ndarray of shapely geometries
        Valid surfaces (lines and points among them have no part in the result's area).

    Returns
    -------
    groups : ndarray of int
        Each group once, sorted.
    union : ndarray of shapely geometries
        Its union.
    """
    order = np.argsort(group, kind="stable")
    groups, start, count = np.unique(group[order], return_index=True, return_counts=True)
    union = shapes[order][start]
    many = np.flatnonzero(count > 1)
    if len(many):
        member = np.repeat(count > 1, count)
        row = np.repeat(np.arange(len(groups)), count)[member]
        together = np.unique(row, return_inverse=True)[1]
        collections = shapely.geometrycollections(shapes[order][member], indices=together)
        union[many] = shapely.union_all(collections[:, np.newaxis], axis=1)
    return groups, union


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
    site, piece = index.tree.query(geometry, predicate="intersects")
    shapely.prepare(index.pieces)
    inside = shapely.contains_properly(index.pieces[piece], geometry[site])
    area = np.where(inside, sites.area[site], 0.0)
    cut = ~inside
    area[cut] = shapely.area(shapely.intersection(geometry[site[cut]], index.pieces[piece[cut]]))
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
