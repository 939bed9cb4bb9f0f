"""Sites that share ground with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.pairs import ask
from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray


def overlapping(
    shapes: NDArray[np.object_], areas: NDArray[np.float64], *, least_m2: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Find pairs of sites that share ground.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid surfaces in metres.
    areas : ndarray of float
        Of each.
    least_m2 : float
        Pairs that share no more than this are left out, but for equal shapes.

    Returns
    -------
    first, second : ndarray of int
        The pairs, each once, sorted.
    shared_m2 : ndarray of float
        What they share.
    equal : ndarray of bool
        Whether they are the same shape, wherever their rings start.
    """
    first, second = ask(shapely.STRtree(shapes), shapes, predicate="intersects")
    one_way = first < second
    first, second = first[one_way], second[one_way]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    box = shapely.bounds(shapes)
    wide, high = (
        np.minimum(box[first, i + 2], box[second, i + 2])
        - np.maximum(box[first, i], box[second, i])
        for i in (0, 1)
    )
    same_box = (box[first] == box[second]).all(axis=1)
    # Boxes that share less cannot hold shapes that share more.
    worth = np.flatnonzero(same_box | (wide * high > least_m2))
    first, second, same_box = first[worth], second[worth], same_box[worth]
    equal = np.zeros(len(first), dtype=bool)
    # Normal form makes equal rings equal, wherever they start and whichever way they run.
    equal[same_box] = shapely.equals_exact(
        shapely.normalize(shapes[first[same_box]]), shapely.normalize(shapes[second[same_box]])
    )

    def share(part: slice) -> NDArray[np.float64]:
        both = shapely.intersection(shapes[first[part]], shapes[second[part]])
        return np.asarray(shapely.area(both))

    shared = np.concatenate(side_by_side(share, parts_of(len(first))))
    shared[equal] = areas[first[equal]]
    told = equal | (shared > least_m2)
    return first[told], second[told], shared[told], equal[told]
