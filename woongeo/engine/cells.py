"""How much of each cell of a grid lies under each shape, exactly.

The edges of all shapes are cut where they cross the lines of the grid, so that each piece lies in
one cell. A piece that goes down by ``dv``, on average at a distance ``u`` from the left side of its
cell, closes off ``dv * (1 - u)`` of that cell on its right, and ``dv`` of each cell further right.
So the covered share of a cell is the ``dv`` of all pieces up to and in it, less the ``dv * u`` of
its own: one sum that runs along the rows, holes and all. That is what rasterisers of fonts do, here
for many shapes at once and without looking at any cell twice.

Heights are whole steps, finer than the coordinates of a country, so that their sums are not rounded
and a shape leaves exactly nothing behind it: what lies under it is the same to the last bit, in
whatever portions it is looked at and whichever shapes come before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    _Number = NDArray[np.float64]
    _Whole = NDArray[np.intp]

# Of a cell; 2e-11 m where cells are 25 m, and coordinates of 300 km are 6e-11 m apart.
_STEP = 2.0**-40

# Less of a cell, or of a shape that is smaller than a cell, is the noise of coordinates.
_NOISE = 1e-11

#: So many cells are added up at once, 8 bytes each.
AT_ONCE = 1_000_000


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


def boxes(bounds: _Number, grid: Grid) -> _Whole:
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
    u, v = _in_cells(bounds[:, [0, 2]], bounds[:, [1, 3]], grid)
    first = np.floor(np.column_stack([v.min(axis=1), u.min(axis=1)]))
    last = np.floor(np.column_stack([v.max(axis=1), u.max(axis=1)]))
    return np.column_stack([first, last]).astype(np.intp)


def covered(shapes: NDArray[np.object_], grid: Grid, *, at_once: int = AT_ONCE) -> Covered:
    """Find the cells under shapes, with the share of each that is covered.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid surfaces, metres.
    grid : Grid
        The grid; it is thought to go on beyond its edges.
    at_once : int
        How many cells of the boxes of shapes are held at once; changes nothing.

    Returns
    -------
    Covered
        Cells that are covered, in part or whole, by shape, row and column. A shape with any area
        covers at least one.
    """
    first_row, first_column, last_row, last_column = boxes(shapely.bounds(shapes), grid).T
    width = last_column - first_column + 1
    size = (last_row - first_row + 1) * width
    start = np.cumsum(size) - size
    piece = _pieces(shapes, grid)
    # The boxes of all shapes lie in one long row of cells, one after another.
    owner = piece.shape
    place = (piece.row - first_row[owner]) * width[owner] + piece.column - first_column[owner]
    sums = _added_up(start[owner] + place, piece, int(size.sum()), at_once)
    place, fraction = (np.concatenate(arrays) for arrays in zip(*sums, strict=True))
    shape = np.searchsorted(start, place, side="right") - 1
    cells = shapely.area(shapes) / abs(grid.cell_x * grid.cell_y)
    real = fraction > _NOISE * np.minimum(cells, 1.0)[shape]
    shape, place, fraction = shape[real], place[real], np.minimum(fraction[real], 1.0)
    row, column = np.divmod(place - start[shape], width[shape])
    row, column = first_row[shape] + row, first_column[shape] + column
    lost = np.flatnonzero((cells > 0) & (np.bincount(shape, minlength=len(shapes)) == 0))
    if len(lost):
        # A sliver that is thinner than a step still lies somewhere.
        at = shapely.bounds(shapely.point_on_surface(shapes[lost]))
        shape, fraction = np.r_[shape, lost], np.r_[fraction, cells[lost]]
        row, column = (
            np.r_[a, b] for a, b in zip((row, column), boxes(at, grid).T[:2], strict=True)
        )
        order = np.argsort(shape, kind="stable")
        shape, row, column, fraction = shape[order], row[order], column[order], fraction[order]
    return Covered(shape, row, column, fraction)


class _Pieces(NamedTuple):
    """Pieces of the edges of shapes, each in one cell."""

    shape: _Whole
    row: _Whole
    column: _Whole
    # How far it goes down, negative for up, and how far from the left side on average; in cells.
    down: _Number
    across: _Number


def _in_cells(x: _Number, y: _Number, grid: Grid) -> tuple[_Number, _Number]:
    """Turn coordinates into columns and rows, in whole steps."""
    u, v = (x - grid.west) / grid.cell_x, (y - grid.north) / grid.cell_y
    return _stepped(u), _stepped(v)


def _stepped(height: _Number) -> _Number:
    """Round to whole steps."""
    return np.asarray(np.rint(height / _STEP) * _STEP)


def _pieces(shapes: NDArray[np.object_], grid: Grid) -> _Pieces:
    """Cut the edges of shapes at the lines of a grid."""
    # `get_rings` passes over surfaces of several parts.
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    # Shells and holes must turn opposite ways, so that holes are taken off.
    rings, of_ring = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    points, of_point = shapely.get_coordinates(rings, return_index=True)
    u, v = _in_cells(points[:, 0], points[:, 1], grid)
    edge = np.flatnonzero((of_point[1:] == of_point[:-1]) & (v[1:] != v[:-1]))
    owner = of_part[of_ring][of_point[edge]]
    down = v[edge + 1] > v[edge]
    # Shells turn so that the ground lies on the right of what goes down, if rows run south.
    sign = np.where(down, 1.0, -1.0) * -np.sign(grid.cell_x * grid.cell_y)
    # All are cut from top to bottom: an edge that two parts share then falls out to the last bit.
    top, bottom = np.where(down, edge, edge + 1), np.where(down, edge + 1, edge)
    u0, v0, u1, v1 = u[top], v[top], u[bottom], v[bottom]
    edge, row, upper, lower = _between_lines(v0, v1)
    slope = ((u1 - u0) / (v1 - v0))[edge]
    west, east = np.minimum(u0, u1)[edge], np.maximum(u0, u1)[edge]
    ends = [np.clip(u0[edge] + (v - v0[edge]) * slope, west, east) for v in (upper, lower)]
    west, east, tall = np.minimum(*ends), np.maximum(*ends), lower - upper
    piece, column, left, right = _between_lines(west, east)
    wide = np.where(west < east, east - west, 1.0)[piece]
    before, until = (_stepped((u - west[piece]) / wide * tall[piece]) for u in (left, right))
    tall = np.where((west < east)[piece], until - before, tall[piece])
    return _Pieces(
        shape=owner[edge][piece],
        row=row[piece].astype(np.intp),
        column=column.astype(np.intp),
        down=tall * sign[edge][piece],
        across=(left + right) / 2 - column,
    )


def _between_lines(low: _Number, high: _Number) -> tuple[_Whole, _Number, _Number, _Number]:
    """Cut stretches at whole numbers.

    Gives of each piece its stretch, the whole number that it lies above, and both ends.
    """
    first = np.floor(low)
    count = np.maximum(np.ceil(high) - first, 1).astype(np.intp)
    stretch = np.repeat(np.arange(len(low)), count)
    nth = np.arange(len(stretch)) - np.repeat(np.cumsum(count) - count, count)
    line = first[stretch] + nth
    return stretch, line, np.maximum(low[stretch], line), np.minimum(high[stretch], line + 1)


def _added_up(
    place: _Whole, piece: _Pieces, total: int, at_once: int
) -> Iterator[tuple[_Whole, _Number]]:
    """Let the sum run over all cells, some at a time; give those that are covered."""
    running = 0.0
    for first in range(0, total, at_once):
        n = min(at_once, total - first)
        here = slice(None) if n == total else (place >= first) & (place < first + n)
        at, down = place[here] - first, piece.down[here]
        passed = running + np.cumsum(np.bincount(at, down, n))
        running = passed[-1]
        fraction = np.asarray(passed - np.bincount(at, down * piece.across[here], n), dtype=float)
        some = np.flatnonzero(fraction > 0)
        yield first + some, fraction[some]
