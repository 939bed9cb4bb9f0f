"""What a layer does to each site: which features, how much area, how near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.distances import REACH_M, distances_of, known_distances
from woongeo.engine.index import LayerIndex
from woongeo.engine.pairs import EPSILON_M, pairs_within
from woongeo.engine.zones import Parts, each, parts_in_zones, within_discs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.sites import Sites


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
        Parts of sites in the zone, not of sites that are `whole`; parts of one site lie apart.
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
    missed, lies = np.empty(0, dtype=np.intp), None
    with index.lock:
        index.reach_out(sites.occupied, width)
        known = known_distances(sites, index, reach_m)
        if widest == 0 or (reach_m and known is None):
            site, piece, lies = index.meeting(geometry)
        distance, whole = np.full(n, np.nan), np.zeros(n, dtype=bool)
        if reach_m:
            known = known or distances_of(sites, index, site, reach_m)
            distance, missed = known.distance_m, known.missed
        if widest > 0:
            near = np.arange(n)
            if known is not None and widest < reach_m:
                # A millimetre more than is asked, which is then asked exactly.
                near = np.flatnonzero(distance <= widest + 1e-3)
                whole[near] = within_discs(geometry[near], known.nearest[near], float(width.min()))
            row, piece = pairs_within(geometry[near], index.tree, width[index.owner])
            site, lies = near[row], None
            order = np.lexsort((piece, site))
            site, piece = site[order], piece[order]
        used, zone = np.unique(piece, return_inverse=True)
        owner = index.owner[piece]
        shapes, widths = index.sound(used), width[index.owner[used]]
        parts = parts_in_zones(geometry, shapes, widths, (site, zone), whole=whole, lies=lies)
        # Pieces of one feature lie apart.
        of = np.where(parts.shape < 0, parts.shape, index.owner[used][parts.shape])
    pairs = with_missed(sites, np.column_stack([site, owner]), missed, features)
    return put_together(sites, pairs, distance, parts._replace(shape=of))


def with_missed(
    sites: Sites,
    pairs: NDArray[np.intp],
    missed: NDArray[np.intp],
    features: NDArray[np.object_],
) -> NDArray[np.intp]:
    """Add the pairs of sites that touch a feature and none of its pieces.

    Parameters
    ----------
    sites : Sites
        The sites.
    pairs : ndarray of int, shape (k, 2)
        Site and feature, by the pieces.
    missed : ndarray of int
        The sites that were missed.
    features : ndarray of shapely geometries
        Uncut.

    Returns
    -------
    ndarray of int, shape (m, 2)
        Sorted, each pair once.
    """
    if len(missed):
        tree = shapely.STRtree(features)
        late, feature = tree.query(sites.geometry[missed], predicate="dwithin", distance=EPSILON_M)
        pairs = np.concatenate([pairs, np.column_stack([missed[late], feature])])
    return np.unique(pairs, axis=0)


def put_together(
    sites: Sites, pairs: NDArray[np.intp], distance_m: NDArray[np.float64], parts: Parts
) -> Measure:
    """Make a measure of pairs and parts.

    Parameters
    ----------
    sites : Sites
        The sites.
    pairs : ndarray of int, shape (k, 2)
        Site and feature, sorted, each pair once.
    distance_m : ndarray of float
        As the attribute of `Measure`.
    parts : Parts
        What of the sites lies in zones; what lies in the same shape, or around several, lies apart.

    Returns
    -------
    Measure
        With the area of the union of each site's parts.
    """
    n = len(sites)
    hit = np.zeros(n, dtype=bool)
    hit[pairs[:, 0]] = True
    site, part = _apart(parts)
    area = np.bincount(site, shapely.area(part), minlength=n)
    overlap = np.minimum(np.where(parts.whole, sites.area, area), sites.area)
    return Measure(hit, overlap, distance_m, pairs[:, 0], pairs[:, 1], parts.whole, site, part)


def _apart(parts: Parts) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Unite the parts of a site where they may overlap: where they lie in several shapes."""
    site, part, shape = parts.site, parts.part, parts.shape
    first = np.searchsorted(site, site)
    several = np.zeros(len(parts.whole), dtype=bool)
    several[site[shape != shape[first]]] = True
    again = several[site]
    rows, union = dissolve(site[again], part[again])
    site, part = np.concatenate([site[~again], rows]), np.concatenate([part[~again], union])
    order = np.argsort(site, kind="stable")
    return site[order], part[order]


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

        union[many] = each(_unite, collections)
    return groups, union


def _unite(collections: NDArray[np.object_]) -> NDArray[np.object_]:
    """Unite what each collection holds."""
    found: NDArray[np.object_] = shapely.union_all(collections[:, np.newaxis], axis=1)
    return found
