"""Which shapes meet which: every question to a tree of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Distances and limits are compared to a micrometre: coordinates of RD New hold no more.
EPSILON_M = 1e-6


def ask(
    tree: shapely.STRtree,
    sites: NDArray[np.object_],
    *,
    predicate: str,
    distance: float | NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find which shapes of a tree meet which others, on all cores.

    Parameters
    ----------
    tree : STRtree
        Of shapes.
    sites : ndarray of shapely geometries
        The others.
    predicate : str
        What meeting is: "intersects" or "dwithin".
    distance : float or ndarray of float, optional
        For "dwithin": metres, one for all or one for each of the others.

    Returns
    -------
    site, shape : ndarray of int
        The pairs, by site.
    """
    # Worked out before threads share them.
    shapely.bounds(sites)
    shapely.bounds(tree.geometries)

    def answer(part: slice) -> NDArray[np.intp]:
        far = distance[part] if isinstance(distance, np.ndarray) else distance
        pairs: NDArray[np.intp] = tree.query(sites[part], predicate=predicate, distance=far)
        pairs[0] += part.start
        return pairs

    site, shape = np.concatenate(side_by_side(answer, parts_of(len(sites))), axis=1)
    return site, shape


def pairs_within(
    sites: NDArray[np.object_], tree: shapely.STRtree, width: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find which shapes come within their own width of which sites, by exact distance.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    tree : STRtree
        Of the shapes.
    width : ndarray of float
        Of each shape in the tree; metres, 0 or more.

    Returns
    -------
    site, shape : ndarray of int
        The pairs, in no order.
    """
    reach = width + EPSILON_M
    if not len(reach) or reach.min() == reach.max():
        widest = float(np.max(reach, initial=EPSILON_M))
        site, shape = ask(tree, sites, predicate="dwithin", distance=widest)
    else:
        # A query takes one distance for each shape that asks: so the shapes ask for the sites.
        # Asking for the largest of all would give each site all within it.
        shape, site = ask(
            shapely.STRtree(sites), tree.geometries, predicate="dwithin", distance=reach
        )
    return site, shape
