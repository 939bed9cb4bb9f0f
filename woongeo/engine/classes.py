"""Areas of several classes at one site: how much of it each class holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.index import LayerIndex
from woongeo.engine.measure import dissolve

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


def class_parts(sites: Sites, features: NDArray[np.object_], klass: NDArray[np.intp]) -> ClassParts:
    """Divide sites over classes of areas.

    Parameters
    ----------
    sites : Sites
        The sites.
    features : ndarray of shapely geometries
        Valid shapes in metres; lines and points hold no ground. May overlap each other.
    klass : ndarray of int
        The class of each feature, from 0; the lower its number the heavier it is.

    Returns
    -------
    ClassParts
        In how many features an area is drawn changes nothing but the pairs.
    """
    none = np.empty(0, dtype=np.intp)
    if sites.occupied is None or not len(features):
        no_parts = np.empty(0, dtype=object)
        return ClassParts(none, none, np.empty(0), no_parts, none, none)
    index = LayerIndex(features, sites.occupied, 0.0)
    site, piece = index.tree.query(sites.geometry, predicate="intersects")
    index.sound(np.unique(piece))
    shapely.prepare(index.pieces)
    whole = shapely.contains_properly(index.pieces[piece], sites.geometry[site])
    part = sites.geometry[site]
    part[~whole] = shapely.intersection(part[~whole], index.pieces[piece[~whole]])
    held = shapely.area(part) > 0
    site, part, feature = site[held], part[held], index.owner[piece[held]]
    pairs = np.unique(np.column_stack([site, feature]), axis=0).reshape(-1, 2)
    count = int(klass.max()) + 1
    group, union = dissolve(site * count + klass[feature], part)
    site, kind = group // count, group % count
    union = _without_heavier(site, union)
    area = np.minimum(shapely.area(union), sites.area[site])
    held = area > 0
    return ClassParts(site[held], kind[held], area[held], union[held], pairs[:, 0], pairs[:, 1])


def _without_heavier(site: NDArray[np.intp], part: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take from each part what heavier parts of its site hold; parts come by site, heavy first."""
    part = part.copy()
    starts = np.r_[True, site[1:] != site[:-1]] if len(site) else np.empty(0, dtype=bool)
    start = np.flatnonzero(starts)
    rank = np.arange(len(site)) - start[np.cumsum(starts) - 1] if len(site) else site
    taken = part[start].copy()
    owner = np.cumsum(starts) - 1
    for step in range(1, int(rank.max(initial=0)) + 1):
        rows = np.flatnonzero(rank == step)
        before = taken[owner[rows]]
        taken[owner[rows]] = shapely.union(before, part[rows])
        part[rows] = shapely.difference(part[rows], before)
    return part
