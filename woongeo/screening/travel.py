"""How shapes and cells travel to another process, and come out as they went in.

Coordinates are written as they are held, so that what is measured elsewhere is equal to the last
bit. Prepared shapes and indexes do not travel: they belong to the task that measures with them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.cells import boxes
from woongeo.errors import LayerError
from woongeo.sources.raster import OpenRaster, Raster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from woongeo.engine.cells import Grid

# Cells travel in squares of so many wide, and are read in windows of so many squares.
_SQUARE, _WINDOW = 32, 64


class Shapes:
    """Shapes that travel as one string of bytes, and not one by one.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        2D; None stays None.
    """

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        self.shapes = shapes

    def __reduce__(self) -> tuple[object, tuple[bytes, bytes]]:
        wkb = [b"" if one is None else one for one in shapely.to_wkb(self.shapes).tolist()]
        ends = np.cumsum([len(one) for one in wkb], dtype=np.int64)
        return _shapes_from, (b"".join(wkb), ends.tobytes())


def _shapes_from(together: bytes, ends: bytes) -> Shapes:
    """Take shapes out of the bytes that they travelled as."""
    stop = np.frombuffer(ends, dtype=np.int64).tolist()
    wkb = np.empty(len(stop), dtype=object)
    wkb[:] = [together[a:b] or None for a, b in zip([0, *stop], stop, strict=False)]
    return Shapes(shapely.from_wkb(wkb))


@dataclass(frozen=True, eq=False)
class RasterPart(Raster):
    """The cells of a raster around some sites, held in memory.

    Rows and columns are those of the whole raster, so that every cell lies where it lay.

    Attributes
    ----------
    square : ndarray of int, sorted
        Which squares of cells are held, numbered by row and then column.
    values : ndarray of float, shape (k, 32, 32)
        Their cells: scaled, NaN where nothing is known.
    """

    square: NDArray[np.intp]
    values: NDArray[np.float64]

    @contextmanager
    def opened(self) -> Iterator[OpenRaster]:
        """Give the cells.

        Yields
        ------
        HeldRaster
            A `woongeo.engine.cells.Grid`.
        """
        yield HeldRaster(self)


class HeldRaster(OpenRaster):
    """Cells in memory that can be looked up.

    Parameters
    ----------
    part : RasterPart
        Where they are.
    """

    def __init__(self, part: RasterPart) -> None:
        self.rows, self.columns = part.rows, part.columns
        self.west, self.north = part.west, part.north
        self.cell_x, self.cell_y = part.cell_x, part.cell_y
        self._part = part

    def values(self, row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float64]:
        """Look up cells.

        Parameters
        ----------
        row, column : ndarray of int
            Cells on the grid, at least one.

        Returns
        -------
        ndarray of float
            Scaled values; NaN where nothing is known.

        Raises
        ------
        LayerError
            When a cell does not lie around the sites that the part was made for.
        """
        part = self._part
        wanted = (row // _SQUARE) * _across(part) + column // _SQUARE
        at = np.minimum(np.searchsorted(part.square, wanted), len(part.square) - 1)
        if not len(part.square) or (part.square[at] != wanted).any():
            raise LayerError(
                f"{part.source.path}: van dit raster reisde alleen mee wat rond andere locaties "
                "ligt; screen de locaties opnieuw met de hele laag."
            )
        return np.asarray(part.values[at, row % _SQUARE, column % _SQUARE])


def raster_around(raster: Raster, grid: Grid, bounds: NDArray[np.float64]) -> RasterPart:
    """Read the cells around sites.

    Parameters
    ----------
    raster : Raster
        What the cells are of.
    grid : Grid
        The same, opened.
    bounds : ndarray of float, shape (n, 4)
        Boxes of the sites: west, south, east, north; metres.

    Returns
    -------
    RasterPart
        With every cell that one of these sites can lie on.
    """
    # A cell more on each side: a border may fall either way.
    cells = boxes(bounds, grid) + np.array([-1, -1, 1, 1])
    limits = np.array([grid.rows, grid.columns, grid.rows, grid.columns])
    on_grid = (cells[:, 2:] >= 0).all(axis=1) & (cells[:, :2] < limits[:2]).all(axis=1)
    first_row, first_column, last_row, last_column = (
        np.clip(cells[on_grid], 0, limits - 1) // _SQUARE
    ).T
    wide = last_column - first_column + 1
    count = (last_row - first_row + 1) * wide
    of = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    across = _across(grid)
    row = first_row[of] + nth // wide[of]
    square = np.unique(row * across + first_column[of] + nth % wide[of])
    values = np.full((len(square), _SQUARE, _SQUARE), np.nan)
    inside = np.arange(_SQUARE)
    window = (square // across // _WINDOW) * across + square % across // _WINDOW
    for one in np.unique(window):
        held = np.flatnonzero(window == one)
        top, left = (square[held] // across * _SQUARE, square[held] % across * _SQUARE)
        rows = (top[:, np.newaxis, np.newaxis] + inside[:, np.newaxis]) + 0 * inside
        columns = (left[:, np.newaxis, np.newaxis] + inside) + 0 * inside[:, np.newaxis]
        there = (rows < grid.rows) & (columns < grid.columns)
        found = np.full(there.shape, np.nan)
        found[there] = grid.values(rows[there], columns[there])
        values[held] = found
    own = {field.name: getattr(raster, field.name) for field in fields(Raster)}
    return RasterPart(**own, square=square, values=values)


def _across(grid: Grid | Raster) -> int:
    """Count the squares side by side on a raster."""
    return -(-grid.columns // _SQUARE)
