"""Shapes for a page: simplified for display only, on a grid of a metre, as small differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

from woongeo.crs import to_web_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.layers import Coverage

#: Edges of sites are moved by at most so much, for display only.
SITE_TOLERANCE_M = 1.0
#: The edge of a coverage is moved by at most so much, for display only.
EDGE_TOLERANCE_M = 20.0
#: Layers are shown so far around the sites.
AROUND_M = 5_000.0


def simplified(
    geometry: NDArray[np.object_], tolerance_m: float, *, keep_holes: bool = True
) -> NDArray[np.object_]:
    """Leave out corners that do not show.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        RD New, metres.
    tolerance_m : float
        An edge moves at most so far.
    keep_holes : bool
        Whether a hole smaller than the tolerance stays, and no edge crosses another. Without it
        four million corners take half a second instead of four.

    Returns
    -------
    ndarray of shapely geometries
        RD New. A shape that would vanish stays as it was.
    """
    simple = shapely.simplify(geometry, tolerance_m, preserve_topology=keep_holes)
    gone = shapely.is_empty(simple) & ~shapely.is_empty(geometry)
    return np.where(gone, geometry, simple)


def coverage_edge(coverage: Coverage) -> NDArray[np.object_]:
    """Draw the edge of where a layer says something.

    Parameters
    ----------
    coverage : Coverage
        Of the layer.

    Returns
    -------
    ndarray of shapely geometries
        One line in RD New, simplified by `EDGE_TOLERANCE_M`; none where the layer is known nowhere
        or everywhere.
    """
    if coverage.geometry is None or coverage.nationwide or not len(coverage.geometry):
        return np.empty(0, dtype=object)
    edge = shapely.boundary(shapely.union_all(coverage.geometry))
    return simplified(np.array([edge], dtype=object), EDGE_TOLERANCE_M)


def packed(geometry: NDArray[np.object_]) -> list[list[list[int]]]:
    """Write shapes as lists of rings or lines of whole web-mercator metres.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        RD New, metres; missing and empty ones become an empty list.

    Returns
    -------
    list
        Per shape a list of rings, lines or points, each as ``[x, y, dx, dy, …]``: the first corner
        in full and each further one as its difference from the one before. Rings of a surface are
        drawn by the even-odd rule, so holes need no mark. Points are a single pair.
    """
    parts, owner = single_parts(geometry)
    result: list[list[list[int]]] = [[] for _ in geometry]
    surface = shapely.get_dimensions(parts) == 2
    rings, of_part = shapely.get_rings(parts[surface], return_index=True)
    shapes = np.concatenate([rings, parts[~surface]])
    of_shape = np.concatenate([owner[surface][of_part], owner[~surface]])
    if not len(shapes):
        return result
    points, of_line = shapely.get_coordinates(shapes, return_index=True)
    # Of a single point pyproj would make a number, and numpy before 2.4 warns of that.
    points = np.vstack([points, points[:1]])
    grid = np.rint(to_web_mercator(points[:, 0], points[:, 1])).astype(np.int64)[:-1]
    step = np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    starts = np.r_[True, of_line[1:] != of_line[:-1]]
    step[starts] = grid[starts]
    # Corners that fall on the same point of the grid say nothing twice.
    keep = starts | (step != 0).any(axis=1)
    step, of_line = step[keep], of_line[keep]
    counts = np.bincount(of_line, minlength=len(shapes))
    lines = np.split(step, np.cumsum(counts)[:-1])
    for shape, line in zip(of_shape.tolist(), lines, strict=True):
        result[shape].append(line.ravel().tolist())
    return result


def single_parts(
    geometry: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Take multiple shapes and collections apart, however deep.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Shapes, mixed or not; missing and empty ones have no parts.

    Returns
    -------
    parts : ndarray of shapely geometries
        Points, lines and polygons, in order.
    owner : ndarray of int
        The position of the shape that each part is of.
    """
    parts, owner = shapely.get_parts(geometry, return_index=True)
    while (shapely.get_type_id(parts) > GeometryType.POLYGON).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    return parts, owner


def by_dimension(parts: NDArray[np.object_]) -> dict[int, NDArray[np.object_]]:
    """Sort parts into points, lines and surfaces, which are drawn differently.

    Parameters
    ----------
    parts : ndarray of shapely geometries
        From `single_parts`.

    Returns
    -------
    dict
        The parts of dimension 0, 1 and 2, in order.
    """
    dimension = shapely.get_dimensions(parts)
    return {d: parts[dimension == d] for d in (0, 1, 2)}


def count_corners(geometry: NDArray[np.object_]) -> int:
    """Count corners.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Shapes.

    Returns
    -------
    int
        How many corners they have together.
    """
    return int(shapely.get_num_coordinates(geometry).sum())
