"""Shapes for a page: simplified for display only, on a grid, as small differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

from woongeo.crs import to_web_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.layers import Coverage

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


def coverage_edge(coverage: Coverage, around: shapely.Polygon) -> NDArray[np.object_]:
    """Draw the edge of where a layer says something.

    Parameters
    ----------
    coverage : Coverage
        Of the layer.
    around : Polygon
        What of it is shown; RD New, metres.

    Returns
    -------
    ndarray of shapely geometries
        One line in RD New, moved by at most `EDGE_TOLERANCE_M`: gaps between neighbouring areas
        that are narrower than that are closed. None where the layer is known nowhere or
        everywhere.
    """
    if coverage.geometry is None or coverage.nationwide or not len(coverage.geometry):
        return np.empty(0, dtype=object)
    step = EDGE_TOLERANCE_M / 4
    parts, _ = single_parts(coverage.geometry)
    # With the neighbours of what is shown: without them its own border would seem an edge.
    wider = shapely.buffer(around, EDGE_TOLERANCE_M)
    near = parts[shapely.intersects(shapely.envelope(parts), wider)]
    # Areas of which each was simplified for itself leave slivers between them, whose edges would
    # lie all over the map.
    wide = shapely.union_all(
        shapely.buffer(simplified(near, step), 2 * step, join_style="mitre", mitre_limit=2.0)
    )
    edge = shapely.boundary(
        shapely.simplify(shapely.buffer(wide, -2 * step, join_style="mitre"), step)
    )
    # A line that is cut has no edge that could be mistaken for one.
    shown = shapely.intersection(edge, around)
    return np.array([] if shown.is_empty else [shown], dtype=object)


@dataclass(frozen=True)
class Steps:
    """Shapes as differences.

    Attributes
    ----------
    corners : ndarray of int, shape (n, 2)
        x and y in units of the grid, web mercator: each corner as its difference from the one
        before, the first of a ring from the first of the ring before.
    per_ring : ndarray of int
        How many corners each ring, line or point has.
    per_shape : ndarray of int
        How many of those each shape has. Rings of a surface are drawn by the even-odd rule, so
        holes need no mark.
    """

    corners: NDArray[np.int64]
    per_ring: NDArray[np.int64]
    per_shape: NDArray[np.int64]

    def starts(self) -> NDArray[np.int64]:
        """Give the first corner of each shape that has any.

        Returns
        -------
        ndarray of int, shape (k, 2)
            x and y in units of the grid.
        """
        first = np.cumsum(self.per_ring) - self.per_ring
        rings = np.cumsum(self.corners[first], axis=0)
        there = self.per_shape[self.per_shape > 0]
        found: NDArray[np.int64] = rings[np.cumsum(there) - there]
        return found


def stepped(geometry: NDArray[np.object_], grid_m: int = 1) -> Steps:
    """Write shapes as small differences on a grid.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        RD New, metres; missing and empty ones have no rings.
    grid_m : int
        Corners are rounded to so many metres of web mercator.

    Returns
    -------
    Steps
        In the order of the shapes.
    """
    parts, owner = single_parts(geometry)
    surface = shapely.get_dimensions(parts) == 2
    rings, of_part = shapely.get_rings(parts[surface], return_index=True)
    lines = np.concatenate([rings, parts[~surface]])
    of_shape = np.concatenate([owner[surface][of_part], owner[~surface]])
    order = np.argsort(of_shape, kind="stable")
    lines, of_shape = lines[order], of_shape[order]
    per_shape = np.bincount(of_shape, minlength=len(geometry)).astype(np.int64)
    if not len(lines):
        nothing = np.empty(0, dtype=np.int64)
        return Steps(nothing.reshape(0, 2), nothing, per_shape)
    points, of_line = shapely.get_coordinates(lines, return_index=True)
    # Of a single point pyproj would make a number, and numpy before 2.4 warns of that.
    points = np.vstack([points, points[:1]])
    at = np.rint(to_web_mercator(points[:, 0], points[:, 1]) / grid_m).astype(np.int64)[:-1]
    starts = np.r_[True, of_line[1:] != of_line[:-1]]
    # Corners that fall on the same point of the grid say nothing twice.
    keep = starts | np.r_[True, (at[1:] != at[:-1]).any(axis=1)]
    at, of_line, starts = at[keep], of_line[keep], starts[keep]
    step = np.diff(at, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    step[starts] = np.diff(at[starts], axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return Steps(step, np.bincount(of_line, minlength=len(lines)).astype(np.int64), per_shape)


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
    # An empty line is a part of itself.
    there = ~shapely.is_empty(parts)
    return parts[there], owner[there]


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
