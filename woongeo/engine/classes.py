"""Areas of several classes at one site: how much of it each class holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.engine.distances import REACH_M, distances_of, known_distances
from woongeo.engine.index import LayerIndex
from woongeo.engine.measure import Measure, dissolve, nothing_measured, put_together, with_missed
from woongeo.engine.zones import Parts, each, shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine.sites import Sites


@dataclass(frozen=True, eq=False)
class ClassParts:
    """What classes of areas hold of sites.

    Attributes
    ----------
    site, klass : ndarray of int
        The pairs that share ground, by site and then class; each pair once.
    area_m2 : ndarray of float
        What the class holds of the site. Ground in areas of several classes is that of the class
        with the lowest number, so that a site's areas add up to no more than its own.
    part : ndarray of shapely geometries
        That ground.
    pair_site, pair_feature : ndarray of int
        Which features share ground with which sites; sorted, each pair once.
    """

    site: NDArray[np.intp]
    klass: NDArray[np.intp]
    area_m2: NDArray[np.float64]
    part: NDArray[np.object_]
    pair_site: NDArray[np.intp]
    pair_feature: NDArray[np.intp]


class _Met(NamedTuple):
    """Which pieces of features meet which sites, and in what; by site and then piece.

    Kept with the sites, and the index with it, so that its id stays its own: all that is asked of
    classes follows from it.
    """

    of_index: LayerIndex
    site: NDArray[np.intp]
    feature: NDArray[np.intp]
    # Whether the site lies wholly in the piece.
    inside: NDArray[np.bool_]
    # None where they share no ground.
    part: NDArray[np.object_]
    area_m2: NDArray[np.float64]


def class_parts(
    sites: Sites,
    features: NDArray[np.object_],
    klass: NDArray[np.intp],
    *,
    index: LayerIndex | None = None,
) -> ClassParts:
    """Divide sites over classes of areas.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid shapes in metres; lines and points hold no ground. May overlap each other.
    klass : ndarray of int
        The class of each feature, from 0; the lower its number the heavier it is.
    index : LayerIndex, optional
        Of these features, kept from an earlier time: most of the work.

    Returns
    -------
    ClassParts
        In how many features an area is drawn changes nothing but the pairs. What is found at a site
        does not depend on which others there are.
    """
    if sites.occupied is None or not len(features):
        none, no_parts = np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
        return ClassParts(none, none, np.empty(0), no_parts, none, none)
    met = _met(sites, LayerIndex(features) if index is None else index)
    held = np.flatnonzero(met.area_m2 > 0)
    site, feature, part = met.site[held], met.feature[held], met.part[held]
    # Pieces of one feature follow each other.
    other = np.ones(len(site), dtype=bool)
    other[1:] = (site[1:] != site[:-1]) | (feature[1:] != feature[:-1])
    count = int(klass.max()) + 1
    group = site * count + klass[feature]
    matters = _matters(site, klass[feature], met.inside[held], len(sites))
    group, union = dissolve(group[matters], part[matters])
    of_site, kind = group // count, group % count
    union = _without_heavier(of_site, union)
    area = np.minimum(shapely.area(union), sites.area[of_site])
    left = area > 0
    return ClassParts(
        of_site[left], kind[left], area[left], union[left], site[other], feature[other]
    )


def measure_chosen(
    sites: Sites,
    index: LayerIndex,
    chosen: NDArray[np.bool_],
    of_chosen: LayerIndex,
    *,
    reach_m: float = REACH_M,
) -> Measure:
    """Measure some features of a layer of which all are asked for as well.

    Parameters
    ----------
    sites : Sites
        The sites.
    index : LayerIndex
        Of all features.
    chosen : ndarray of bool
        Which.
    of_chosen : LayerIndex
        Of those alone; only distances are asked of it.
    reach_m : float
        How far to look for the nearest.

    Returns
    -------
    Measure
        To the last bit what `measure` gives of the chosen features, without cutting a site twice.
    """
    n = len(sites)
    if sites.occupied is None or not chosen.any():
        return nothing_measured(n)
    met = _met(sites, index)
    rows = np.flatnonzero(chosen[met.feature])
    site, feature = met.site[rows], (np.cumsum(chosen) - 1)[met.feature[rows]]
    distance, missed = np.full(n, np.nan), np.empty(0, dtype=np.intp)
    if reach_m:
        with of_chosen.lock:
            known = known_distances(sites, of_chosen, reach_m)
            known = known or distances_of(sites, of_chosen, site, reach_m)
        distance, missed = known.distance_m, known.missed
    whole = np.zeros(n, dtype=bool)
    whole[site[met.inside[rows]]] = True
    ground = (met.area_m2[rows] > 0) & ~whole[site]
    parts = Parts(whole, site[ground], met.part[rows[ground]], feature[ground])
    pairs = with_missed(sites, np.column_stack([site, feature]), missed, of_chosen.features)
    return put_together(sites, pairs, distance, parts)


def _met(sites: Sites, index: LayerIndex) -> _Met:
    """Find what meets, or give what was found before."""
    key = (_Met, id(index))
    known = sites.cache.get(key)
    if isinstance(known, _Met):
        return known
    geometry = sites.geometry
    with index.lock:
        if sites.occupied is not None:
            index.reach_out(sites.occupied, 0.0)
        site, piece, whole = index.meeting(geometry)
        pieces = index.pieces
        cut = np.flatnonzero(~whole & (shapely.get_dimensions(pieces)[piece] == 2))
        area = np.zeros(len(site))
        part = np.full(len(site), None, dtype=object)
        part[whole], area[whole] = geometry[site[whole]], sites.area[site[whole]]
        part[cut] = shared(geometry[site[cut]], pieces[piece[cut]])
        area[cut] = shapely.area(part[cut])
        found = _Met(index, site, index.owner[piece], whole, part, area)
    sites.cache.keep(key, found)
    return found


def _matters(
    site: NDArray[np.intp], klass: NDArray[np.intp], whole: NDArray[np.bool_], n: int
) -> NDArray[np.bool_]:
    """Tell which rows can hold ground of their class: no geometry is asked where one holds all.

    A class of which one area holds all of a site holds it, whatever its other areas do, and leaves
    nothing to classes that are less heavy.
    """
    heaviest = np.full(n, np.iinfo(np.intp).max, dtype=np.intp)
    np.minimum.at(heaviest, site[whole], klass[whole])
    rows = np.flatnonzero(whole & (klass == heaviest[site]))
    matters = klass < heaviest[site]
    # Where several areas of the class hold all, one will do.
    matters[rows[np.unique(site[rows], return_index=True)[1]]] = True
    return np.asarray(matters)


def _without_heavier(site: NDArray[np.intp], part: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take from each part what heavier parts of its site hold; parts come by site, heavy first."""
    part = part.copy()
    other = np.ones(len(site), dtype=bool)
    other[1:] = site[1:] != site[:-1]
    start, owner = np.flatnonzero(other), np.cumsum(other) - 1
    rank = np.arange(len(site)) - start[owner]
    last = np.append(other[1:], True)[: len(site)]
    taken = part[start]
    for step in range(1, int(rank.max(initial=0)) + 1):
        rows = np.flatnonzero(rank == step)
        before = taken[owner[rows]]
        more = ~last[rows]
        taken[owner[rows[more]]] = each(shapely.union, before[more], part[rows[more]])
        part[rows] = each(shapely.difference, part[rows], before)
    return part
