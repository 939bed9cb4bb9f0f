"""Several layers at one site: the area that any of them takes, each square metre once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.measure import Measure, dissolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def _union_parts(
    measures: Sequence[Measure], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Unite the parts of all layers per site, of the sites that are wanted."""
    site = np.concatenate([np.empty(0, dtype=np.intp), *(m.part_site for m in measures)])
    part = np.concatenate([np.empty(0, dtype=object), *(m.part for m in measures)])
    keep = wanted[site]
    return dissolve(site[keep], part[keep])


def partition_m2(
    area_m2: NDArray[np.float64],
    measures: Sequence[Measure],
    unknown_parts: Sequence[NDArray[np.object_]],
    unknown_whole: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Divide each site into what a layer takes, what is unknown, and what is free.

    Parameters
    ----------
    area_m2 : ndarray of float
        Area of the sites.
    measures : sequence of Measure
        The layers; what lies in the zone of any is taken.
    unknown_parts : sequence of ndarray of shapely geometries
        Per layer, the part of each site of which it says nothing; None where there is none.
    unknown_whole : ndarray of bool
        Where a layer says nothing of the whole site.

    Returns
    -------
    taken, unknown, free : ndarray of float
        Square metres; together the area of the site. What is both taken and unknown is taken.
    """
    n = len(area_m2)
    whole = np.zeros(n, dtype=bool)
    for m in measures:
        whole |= m.whole
    layers, taken = np.zeros(n, dtype=np.intp), np.zeros(n)
    for m in measures:
        meets = np.zeros(n, dtype=bool)
        meets[m.part_site] = True
        layers += meets
        taken[meets] = m.overlap_m2[meets]
    partly_unknown = np.zeros(n, dtype=bool)
    for parts in unknown_parts:
        partly_unknown |= ~shapely.is_missing(parts)
    # What one layer takes is known; where several do, or something is unknown beside, shapes tell.
    rows, union = _union_parts(measures, ~whole & ((layers > 1) | partly_unknown))
    taken[rows] = shapely.area(union)
    taken = np.minimum(np.where(whole, area_m2, taken), area_m2)

    unknown = np.where(unknown_whole, area_m2 - taken, 0.0)
    site = [np.flatnonzero(~shapely.is_missing(parts)) for parts in unknown_parts]
    if site:
        of_part = np.concatenate(site)
        part = np.concatenate([p[s] for p, s in zip(unknown_parts, site, strict=True)])
        partly = ~unknown_whole[of_part] & ~whole[of_part]
        groups, outside = dissolve(of_part[partly], part[partly])
        taken_shape = np.full(n, None, dtype=object)
        taken_shape[rows] = union
        cut = ~shapely.is_missing(taken_shape[groups])
        outside[cut] = shapely.difference(outside[cut], taken_shape[groups[cut]])
        unknown[groups] = np.minimum(shapely.area(outside), area_m2[groups] - taken[groups])
    return taken, unknown, area_m2 - taken - unknown
