"""Which shapes meet which: every question to a tree of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.threads import parts_by, parts_of, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Distances and limits are compared to a micrometre: coordinates of RD New hold no more.
EPSILON_M = 1e-6


def ask(
    tree: shapely.STRtree,
    sites: NDArray[np.object_],
    *,
    predicate: str | None = None,
    distance: float | NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find which shapes of a tree meet which others, on all cores.

    Parameters
    ----------
    tree : STRtree
        Of shapes.
    sites : ndarray of shapely geometries
        The others, of which the boxes were asked before (of `Sites` and of a tree they were):
        threads may not share what is worked out when first asked for.
    predicate : str, optional
        What meeting is: "intersects" or "dwithin"; without it that their boxes meet.
    distance : float or ndarray of float, optional
        For "dwithin": metres, one for all or one for each of the others.

    Returns
    -------
    site, shape : ndarray of int
        The pairs, by site.
    """

    def answer(part: slice) -> NDArray[np.intp]:
        far = distance[part] if isinstance(distance, np.ndarray) else distance
        pairs: NDArray[np.intp] = tree.query(sites[part], predicate=predicate, distance=far)
        pairs[0] += part.start
        return pairs

    site, shape = np.concatenate(side_by_side(answer, parts_of(len(sites))), axis=1)
    return site, shape


def meeting(
    sites: NDArray[np.object_],
    shapes: NDArray[np.object_],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Tell which sites and shapes meet, of those of which the boxes do.

    The shapes are prepared, not the sites: a piece of a layer is met by many sites, and what is
    asked of a site that lies in it is the same index.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    shapes : ndarray of shapely geometries
        Valid shapes in metres; prepared here.
    pairs : tuple of ndarray of int
        Site and shape.

    Returns
    -------
    site, shape : ndarray of int
        The pairs that meet, be it in one point; by site and then shape.
    inside : ndarray of bool
        For each pair, whether the site lies in the surface, its edge left out.
    """
    order = np.lexsort((pairs[1], pairs[0]))
    site, shape = pairs[0][order], pairs[1][order]
    lies = inside(sites, shapes, site, shape)
    open_ = np.flatnonzero(~lies)
    meets = lies.copy()
    meets[open_] = by_shape(shapely.intersects, sites, shapes, (site[open_], shape[open_]))
    return site[meets], shape[meets], lies[meets]


def inside(
    sites: NDArray[np.object_],
    shapes: NDArray[np.object_],
    site: NDArray[np.intp],
    shape: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Tell which sites lie in the surface that they are paired with, its edge left out.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    shapes : ndarray of shapely geometries
        Valid shapes in metres; prepared here. In lines and points nothing lies.
    site, shape : ndarray of int
        The pairs.

    Returns
    -------
    ndarray of bool
        For each pair.
    """
    shapely.prepare(shapes)
    found = shapely.get_dimensions(shapes)[shape] == 2
    rows = np.flatnonzero(found)
    found[rows] = by_shape(shapely.contains_properly, sites, shapes, (site[rows], shape[rows]))
    return np.asarray(found)


def by_shape(
    question: Callable[[NDArray[np.object_], NDArray[np.object_]], NDArray[np.bool_]],
    sites: NDArray[np.object_],
    shapes: NDArray[np.object_],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.bool_]:
    """Ask something of pairs of prepared shapes and sites, on all cores.

    Parameters
    ----------
    question : callable
        Takes prepared shapes and sites, and answers for each pair.
    sites : ndarray of shapely geometries
        The sites, of which the boxes were asked before.
    shapes : ndarray of shapely geometries
        Prepared.
    pairs : tuple of ndarray of int
        Site and shape.

    Returns
    -------
    ndarray of bool
        The answers, in the order of the pairs.
    """
    site, shape = pairs
    order = np.argsort(shape, kind="stable")
    found = np.zeros(len(site), dtype=bool)
    # Worked out before threads share them; those of sites were.
    shapely.bounds(shapes)

    def answer(part: slice) -> NDArray[np.bool_]:
        rows = order[part]
        return question(shapes[shape[rows]], sites[site[rows]])

    # A prepared shape belongs to one thread.
    answers = side_by_side(answer, parts_by(shape[order]))
    found[order] = np.concatenate([np.empty(0, dtype=bool), *answers])
    return found


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
