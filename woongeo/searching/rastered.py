"""Cells of a raster as ground: the squares that hinder, and those of which nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.judging import raster as judging
from woongeo.searching.shape import cell_outlines, surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RasterRule
    from woongeo.sources.raster import Raster

# So many cells wide and high are read at a time: 8 MB of values.
_WINDOW = 1_024


def drawn_cells(
    layer: Layer, rule: RasterRule, area: NDArray[np.object_], from_severity: str
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Draw the cells of a raster that hinder, and those of which nothing is known.

    Parameters
    ----------
    layer : Layer
        With a raster.
    rule : RasterRule
        Which values hinder: each cell by itself, so without a statistic or a least share.
    area : ndarray of shapely geometries
        Surfaces, RD New; cells elsewhere are not all read.
    from_severity : str
        Classes that hinder less do not.

    Returns
    -------
    taken, doubtful : ndarray of Polygon
        Exact cells, side by side made one; ground around the raster is doubtful too.

    Raises
    ------
    LayerError
        When the layer has no raster.
    FileError
        When the raster cannot be read any more.
    """
    raster = judging.raster_of(layer)
    around = shapely.difference(shapely.box(*shapely.total_bounds(area)), raster.extent())
    none = np.empty(0, dtype=object)
    taken, doubtful = [none], [none, surfaces(around)]
    with raster.opened() as grid:
        for row, column in _windows(raster, area):
            value = grid.values(row[:, None], column[None, :])
            found = judging.outcomes(rule, value, from_severity)
            for cells, pile in zip(found, (taken, doubtful), strict=True):
                outlines = cell_outlines(cells, row=int(row[0]), column=int(column[0]))
                pile.append(_placed(outlines, raster))
    return np.concatenate(taken), np.concatenate(doubtful)


def _windows(
    raster: Raster, area: NDArray[np.object_]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Give the rows and columns of windows that meet an area."""
    corner, cell = (raster.west, raster.north), (raster.cell_x, raster.cell_y)
    edges = np.sort((np.reshape(shapely.total_bounds(area), (2, 2)) - corner) / cell, axis=0)
    size = np.array([raster.columns, raster.rows])
    first = np.clip(np.floor(edges[0]), 0, size).astype(np.intp)
    last = np.clip(np.ceil(edges[1]), 0, size).astype(np.intp)
    tree = shapely.STRtree(area)
    for top in range(first[1], last[1], _WINDOW):
        row = np.arange(top, min(top + _WINDOW, last[1]))
        for left in range(first[0], last[0], _WINDOW):
            column = np.arange(left, min(left + _WINDOW, last[0]))
            window = shapely.box(left, top, column[-1] + 1, row[-1] + 1)
            (there,) = _placed(np.array([window]), raster)
            if len(tree.query(there, predicate="intersects")):
                yield row, column


def _placed(cells: NDArray[np.object_], raster: Raster) -> NDArray[np.object_]:
    """Put shapes on the lines of a raster where they lie, RD New."""
    corner, cell = (raster.west, raster.north), (raster.cell_x, raster.cell_y)
    # One formula for all windows, so that what meets at their edges does so to the last bit.
    placed: NDArray[np.object_] = shapely.transform(cells, lambda xy: corner + xy * cell)
    return placed
