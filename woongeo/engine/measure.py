"""What a layer does to each site: which features, how much area, how near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.engine.index import EPSILON_M, LayerIndex, ask, pairs_within
from woongeo.threads import parts_by, parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.sites import Sites

#: Distances are looked up so far.
REACH_M = 25_000.0

# A quarter circle of a zone's edge has so many chords; they cut off r(1 - cos(pi / 128)), which is
# 0.3 mm a metre: 0.6 m at 2 km. Only areas use it; whether a site is hit is the exact distance.
ZONE_SEGMENTS = 32

_DISTANCE = "distance"


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
    index: LayerIndex | None = None,
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
    index : LayerIndex, optional
        Of these features, kept from an earlier time: most of the work.

    Returns
    -------
    Measure
        In the order of `sites`. Neither the order of the features nor how they are divided into
        rows changes any figure but the pairs. The distance is to the nearest feature, however wide
        its zone. What is measured of a site does not depend on which others there are.
    """
    n, geometry = len(sites), sites.geometry
    if sites.occupied is None or not len(features):
        return nothing_measured(n)
    if index is None:
        index = LayerIndex(features)
    width = np.broadcast_to(np.asarray(within_m, dtype=float), features.shape)
    widest = float(width.max())
    with index.lock:
        index.reach_out(sites.occupied, width)
        distance = np.full(n, np.nan)
        missed = np.empty(0, dtype=np.intp)
        known = sites.cache.get((_DISTANCE, id(index), reach_m))
        if widest == 0 or (reach_m and not isinstance(known, _Distances)):
            site, piece = ask(index.tree, geometry, predicate="intersects")
        if reach_m:
            if not isinstance(known, _Distances):
                known = _Distances.of(sites, index, site, reach_m)
            distance, missed = known.distance, known.missed
        if widest > 0:
            near = np.arange(n)
            if widest < reach_m:
                # A millimetre more than is asked, which is then asked exactly.
                near = np.flatnonzero(distance <= widest + 1e-3)
            row, piece = pairs_within(geometry[near], index.tree, width[index.owner])
            site = near[row]
        order = np.lexsort((piece, site))
        site, piece = site[order], piece[order]
        used, zone = np.unique(piece, return_inverse=True)
        zones = zones_of(index.sound(used), width[index.owner[used]])
        whole, part_site, part, of_pair = parts_in_zones(geometry, zones, site, zone)
        owner = index.owner[piece]
    pairs = np.column_stack([site, owner])
    if len(missed):
        tree = shapely.STRtree(features)
        late, feature = tree.query(geometry[missed], predicate="dwithin", distance=EPSILON_M)
        pairs = np.concatenate([pairs, np.column_stack([missed[late], feature])])
    # Pieces of one feature lie apart; zones around them do not.
    apart = owner[of_pair] if not widest > 0 else None
    return put_together(sites, np.unique(pairs, axis=0), distance, whole, part_site, part, apart)


def put_together(  # noqa: PLR0913, PLR0917  what a measure is made of
    sites: Sites,
    pairs: NDArray[np.intp],
    distance_m: NDArray[np.float64],
    whole: NDArray[np.bool_],
    part_site: NDArray[np.intp],
    part: NDArray[np.object_],
    apart: NDArray[np.intp] | None = None,
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
    apart : ndarray of int, optional
        A number for each part: parts of one site with the same number do not overlap each other.

    Returns
    -------
    Measure
        With the area of the union of each site's parts.
    """
    n = len(sites)
    hit = np.zeros(n, dtype=bool)
    hit[pairs[:, 0]] = True
    overlap = _areas(n, part_site, part, apart)
    overlap = np.minimum(np.where(whole, sites.area, overlap), sites.area)
    return Measure(hit, overlap, distance_m, pairs[:, 0], pairs[:, 1], whole, part_site, part)


class _Distances(NamedTuple):
    """Distances of sites to a layer, which hold for any width of its zone.

    The index is kept so that its id stays its own.
    """

    of_index: LayerIndex
    distance: NDArray[np.float64]
    missed: NDArray[np.intp]

    @classmethod
    def of(
        cls, sites: Sites, index: LayerIndex, touching: NDArray[np.intp], reach_m: float
    ) -> _Distances:
        """Measure, where it is known which sites meet a piece, and keep it with the sites."""
        touches = np.zeros(len(sites), dtype=bool)
        touches[touching] = True
        distance = distances_apart(sites.geometry, index, touches, reach_m)
        # Cutting moves a corner by a rounding: a site that only touches a feature at a cut is found
        # by its distance to the uncut rings, and met with the whole feature after all.
        found = cls(index, distance, np.flatnonzero(~touches & (distance <= EPSILON_M)))
        sites.cache.keep((_DISTANCE, id(index), reach_m), found)
        return found


def distances_apart(
    sites: NDArray[np.object_],
    index: LayerIndex,
    touching: NDArray[np.bool_],
    reach_m: float,
) -> NDArray[np.float64]:
    """Measure the distance to the nearest feature where it is known which sites meet one.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    index : LayerIndex
        Of the layer.
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
    lines, points = index.outlines()

    def nearest_of(part: slice) -> NDArray[np.float64]:
        asking = sites[apart[part]]
        nearest = np.full(len(asking), np.inf)
        if lines is not None:
            # Lines, for `distance` does not use their index, and of surfaces it is slow.
            nearest = shapely.length(shapely.shortest_line(lines, asking))
        if points is not None:
            (row, _), to_point = points.query_nearest(
                asking, max_distance=reach_m + 1, return_distance=True, all_matches=False
            )
            nearest[row] = np.minimum(nearest[row], to_point)
        return nearest

    found = np.concatenate(side_by_side(nearest_of, parts_of(len(apart))))
    distance[apart] = np.where(found <= reach_m, found, np.nan)
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
    wide = np.flatnonzero(width_m > 0)

    def draw(part: slice) -> NDArray[np.object_]:
        rows = wide[part]
        drawn: NDArray[np.object_] = shapely.buffer(
            shapes[rows], width_m[rows], quad_segs=ZONE_SEGMENTS
        )
        return drawn

    zones[wide] = np.concatenate(side_by_side(draw, parts_of(len(wide))))
    shapely.prepare(zones)
    return zones


def parts_in_zones(
    sites: NDArray[np.object_],
    zones: NDArray[np.object_],
    site: NDArray[np.intp],
    zone: NDArray[np.intp],
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.object_], NDArray[np.intp]]:
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
    of_pair : ndarray of int
        The pair that each part comes from.
    """
    # Boxes are worked out before threads share the shapes.
    shapely.bounds(sites)
    shapely.bounds(zones)
    surface = np.flatnonzero(shapely.get_dimensions(zones)[zone] == 2)
    by_zone = surface[np.argsort(zone[surface], kind="stable")]
    inside = np.zeros(len(site), dtype=bool)

    def lies_in(part: slice) -> NDArray[np.bool_]:
        rows = by_zone[part]
        found: NDArray[np.bool_] = shapely.contains_properly(zones[zone[rows]], sites[site[rows]])
        return found

    # A prepared zone belongs to one thread.
    inside[by_zone] = np.concatenate(
        [np.empty(0, dtype=bool), *side_by_side(lies_in, parts_by(zone[by_zone]))]
    )
    whole = np.zeros(len(sites), dtype=bool)
    whole[site[inside]] = True
    rest = surface[~whole[site[surface]]]

    def cut(part: slice) -> NDArray[np.object_]:
        rows = rest[part]
        found: NDArray[np.object_] = shapely.intersection(sites[site[rows]], zones[zone[rows]])
        return found

    part = np.concatenate(side_by_side(cut, parts_of(len(rest))))
    has_area = shapely.area(part) > 0
    of_pair = rest[has_area]
    return whole, site[of_pair], part[has_area], of_pair


def _areas(
    n: int,
    part_site: NDArray[np.intp],
    part: NDArray[np.object_],
    apart: NDArray[np.intp] | None,
) -> NDArray[np.float64]:
    """Area of the union of the parts of each site."""
    area: NDArray[np.float64] = np.bincount(part_site, shapely.area(part), minlength=n).astype(
        float
    )
    if apart is None:
        several = np.bincount(part_site, minlength=n) > 1
    else:
        several = np.zeros(n, dtype=bool)
        several[part_site[apart != apart[np.searchsorted(part_site, part_site)]]] = True
    again = several[part_site]
    rows, union = dissolve(part_site[again], part[again])
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

        def unite(part: slice) -> NDArray[np.object_]:
            found: NDArray[np.object_] = shapely.union_all(collections[part, np.newaxis], axis=1)
            return found

        union[many] = np.concatenate(side_by_side(unite, parts_of(len(many))))
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
    site, piece = ask(index.tree, geometry, predicate="intersects")
    index.sound(np.unique(piece))
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
