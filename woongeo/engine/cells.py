"""How much of each cell of a grid lies under each shape, exactly.

The edges of all shapes are cut where they cross the lines of the grid, so that each stretch lies in
one cell. A stretch that goes down by ``dv`` at a distance ``u`` from the left side of its cell adds
``dv * (1 - u)`` to the area on its right in that cell, and ``dv`` to every cell further right.
Summed along the row once, that is the covered share of every cell, holes and all: what
rasterisers of fonts do, for many shapes at once and without looking at any cell twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # What stretches belong to, and u and v of both ends, in cells.
    _Number = NDArray[np.float64]
    _Stretches = tuple[NDArray[np.intp], _Number, _Number, _Number, _Number]

# Less of a cell than this is the noise of adding up.
_NOISE = 1e-11


class Grid(Protocol):
    """Cells with values.

    Attributes
    ----------
    rows, columns : int
        How many.
    west, north : float
        The outer corner of the first cell, metres.
    cell_x, cell_y : float
        From a cell to the next column and the next row, metres; `cell_y` is negative where rows run
        from north to south.
    """

    rows: int
    columns: int
    west: float
    north: float
    cell_x: float
    cell_y: float

    def values(self, row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float64]:
        """Look up cells that lie on the grid; NaN where nothing is known."""


@dataclass(frozen=True, eq=False)
class Covered:
    """Cells under shapes, by shape, row and column.

    Attributes
    ----------
    shape : ndarray of int
        Position of the shape.
    row, column : ndarray of int
        The cell; outside the grid these are negative or too large.
    fraction : ndarray of float
        Covered share of the cell, above 0 and at most 1.
    """

    shape: NDArray[np.intp]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    fraction: NDArray[np.float64]


def boxes(bounds: NDArray[np.float64], grid: Grid) -> NDArray[np.intp]:
    """Find the first and last cell of boxes.

    Parameters
    ----------
    bounds : ndarray of float, shape (n, 4)
        West, south, east, north; metres.
    grid : Grid
        The grid.

    Returns
    -------
    ndarray of int, shape (n, 4)
        First row, first column, last row, last column; the last ones included.
    """
    u = (bounds[:, [0, 2]] - grid.west) / grid.cell_x
    v = (bounds[:, [1, 3]] - grid.north) / grid.cell_y
    first = np.floor(np.column_stack([v.min(axis=1), u.min(axis=1)]))
    last = np.floor(np.column_stack([v.max(axis=1), u.max(axis=1)]))
    return np.column_stack([first, last]).astype(np.intp)


def covered(shapes: NDArray[np.object_], grid: Grid) -> Covered:
    """Find the cells under shapes, with the share of each that is covered.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid surfaces, metres; together the cells of their boxes must fit in memory.
    grid : Grid
        The grid; it is thought to go on beyond its edges.

    Returns
    -------
    Covered
        Cells that are covered, in part or whole.
    """
    first_row, first_column, last_row, last_column = boxes(shapely.bounds(shapes), grid).T
    # One column more: a stretch passes what it adds on to the next.
    width = last_column - first_column + 2
    size = (last_row - first_row + 1) * width
    start = np.cumsum(size) - size
    owner, u0, v0, u1, v1 = _edges(shapes, grid, first_row, first_column)
    edge, u0, v0, u1, v1 = _at_grid_lines(u0, v0, u1, v1)
    owner = owner[edge]
    column, row = np.floor((u0 + u1) / 2), np.floor((v0 + v1) / 2)
    right = np.clip((u0 + u1) / 2 - column, 0.0, 1.0)
    down = v1 - v0
    place = start[owner] + row.astype(np.intp) * width[owner] + column.astype(np.intp)
    # A rounding above the first row of the first box is as good as in it.
    place = np.maximum(place, 0)
    total = int(size.sum()) + 1
    flat = np.bincount(place, weights=down * (1 - right), minlength=total)
    flat += np.bincount(place + 1, weights=down * right, minlength=total)
    # A ring comes back to where it began, so every row adds up to 0 and the sum runs on.
    flat = np.cumsum(flat)
    cell = np.flatnonzero(np.abs(flat[:-1]) > _NOISE)
    shape = np.repeat(np.arange(len(shapes)), size)[cell]
    within = cell - start[shape]
    row = first_row[shape] + within // width[shape]
    column = first_column[shape] + within % width[shape]
    fraction = np.minimum(np.abs(flat[cell]), 1.0)
    # A sliver that is lost in the noise still lies somewhere: in the middle of its box.
    lost = np.setdiff1d(np.flatnonzero(shapely.area(shapes) > 0), shape)
    shape = np.concatenate([shape, lost])
    row = np.concatenate([row, (first_row[lost] + last_row[lost]) // 2])
    column = np.concatenate([column, (first_column[lost] + last_column[lost]) // 2])
    fraction = np.concatenate([fraction, np.full(len(lost), _NOISE)])
    order = np.argsort(shape, kind="stable")
    return Covered(shape[order], row[order], column[order], fraction[order])


def _edges(
    shapes: NDArray[np.object_],
    grid: Grid,
    first_row: NDArray[np.intp],
    first_column: NDArray[np.intp],
) -> _Stretches:
    """Take shapes apart into edges, in cells from the corner of the box of each."""
    # `get_rings` passes over surfaces of several parts.
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    # Shells and holes must turn opposite ways, so that holes are taken off.
    rings, of_ring = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    owner = of_part[of_ring][ring]
    u = (points[:, 0] - grid.west) / grid.cell_x - first_column[owner]
    v = (points[:, 1] - grid.north) / grid.cell_y - first_row[owner]
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    return owner[edge], u[edge], v[edge], u[edge + 1], v[edge + 1]


def _at_grid_lines(
    u0: NDArray[np.float64],
    v0: NDArray[np.float64],
    u1: NDArray[np.float64],
    v1: NDArray[np.float64],
) -> _Stretches:
    """Cut edges where they cross whole numbers of u or v; give the edge of each stretch too."""
    edge_u, cross_u = _crossings(u0, u1)
    edge_v, cross_v = _crossings(v0, v1)
    at_u = (cross_u - u0[edge_u]) / (u1 - u0)[edge_u]
    at_v = (cross_v - v0[edge_v]) / (v1 - v0)[edge_v]
    crosses = np.zeros(len(u0), dtype=bool)
    crosses[edge_u] = crosses[edge_v] = True
    # Most edges lie in one cell; only the others need to be put in order.
    stay, cut = np.flatnonzero(~crosses), np.flatnonzero(crosses)
    edge = np.concatenate([cut, edge_u, edge_v, cut])
    along = np.concatenate([np.zeros(len(cut)), at_u, at_v, np.ones(len(cut))])
    # Where an edge crosses a line it has that very number: rows then add up to 0.
    u = np.concatenate([u0[cut], cross_u, u0[edge_v] + at_v * (u1 - u0)[edge_v], u1[cut]])
    v = np.concatenate([v0[cut], v0[edge_u] + at_u * (v1 - v0)[edge_u], cross_v, v1[cut]])
    order = np.lexsort((along, edge))
    edge, u, v = edge[order], u[order], v[order]
    same = np.flatnonzero(edge[1:] == edge[:-1])
    return (
        np.concatenate([stay, edge[same]]),
        np.concatenate([u0[stay], u[same]]),
        np.concatenate([v0[stay], v[same]]),
        np.concatenate([u1[stay], u[same + 1]]),
        np.concatenate([v1[stay], v[same + 1]]),
    )


def _crossings(
    start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the whole numbers strictly between two ends, with the edge of each."""
    first = np.floor(np.minimum(start, end)) + 1
    last = np.ceil(np.maximum(start, end)) - 1
    count = np.maximum(last - first + 1, 0).astype(np.intp)
    edge = np.repeat(np.arange(len(start)), count)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    return edge, first[edge] + nth
