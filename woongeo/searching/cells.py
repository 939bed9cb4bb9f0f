"""Sieving ground on cells: quick and coarse, right to the size of a cell.

A cell is what lies at its centre: in the area or not, taken, unknown or free. What is found has the
steps of the cells for an edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine import ZONE_SEGMENTS, LayerIndex, Occupied
from woongeo.searching.shape import cell_outlines, surfaces
from woongeo.searching.tiles import Sieved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.searching.ground import Ground

# So many zones are drawn at a time: a hundred thousand at once would be gigabytes of corners.
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Grid:
    """Square cells, counted from the southwest.

    Attributes
    ----------
    west, south : float
        Of the first cell, RD New.
    cell_m : float
        Size of a cell, metres.
    rows, columns : int
        How many.
    """

    west: float
    south: float
    cell_m: float
    rows: int
    columns: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north.

        Returns
        -------
        tuple of float
            RD New, metres.
        """
        wide, high = self.columns * self.cell_m, self.rows * self.cell_m
        return self.west, self.south, self.west + wide, self.south + high

    @classmethod
    def over(cls, area: NDArray[np.object_], cell_m: float) -> Grid:
        """Lay a grid over an area.

        Parameters
        ----------
        area : ndarray of shapely geometries
            Valid surfaces, RD New.
        cell_m : float
            Size of a cell, metres.

        Returns
        -------
        Grid
            With its lines at multiples of the size.
        """
        west, south, east, north = shapely.total_bounds(area) / cell_m
        first, low = np.floor(west), np.floor(south)
        wide, high = int(np.ceil(east) - first), int(np.ceil(north) - low)
        return cls(float(first * cell_m), float(low * cell_m), cell_m, high, wide)

    def burnt(
        self, shapes: NDArray[np.object_], width_m: NDArray[np.float64] | None = None
    ) -> NDArray[np.bool_]:
        """Find the cells whose centre lies in one of the shapes.

        Parameters
        ----------
        shapes : ndarray of shapely geometries
            Valid; lines and points hold no centre. They may overlap.
        width_m : ndarray of float, optional
            How far around each shape, metres.

        Returns
        -------
        ndarray of bool, shape (rows, columns)
            From south to north.
        """
        width = np.zeros(len(shapes)) if width_m is None else width_m
        # What lies elsewhere is left out, and big shapes are cut: their zones are drawn quicker.
        index = LayerIndex(shapes, Occupied(np.array([self.bounds])), width)
        # Along each row of centres: +1 where a shape begins, -1 where it ends.
        steps = np.zeros((self.rows, self.columns + 1), dtype=np.int32)
        for first in range(0, len(index.pieces), _AT_ONCE):
            some = index.pieces[first : first + _AT_ONCE].copy()
            reach = width[index.owner[first : first + _AT_ONCE]]
            wide = reach > 0
            some[wide] = shapely.buffer(some[wide], reach[wide], quad_segs=ZONE_SEGMENTS)
            self._step(steps, surfaces(some))
        inside: NDArray[np.bool_] = np.cumsum(steps, axis=1)[:, :-1] > 0
        return inside

    def _step(self, steps: NDArray[np.int32], polygons: NDArray[np.object_]) -> None:
        """Add where polygons begin and end along each row of centres."""
        rings = shapely.get_rings(shapely.orient_polygons(polygons))
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        x, y = (xy - [self.west, self.south]).T / self.cell_m - 0.5
        edge = np.flatnonzero(ring[1:] == ring[:-1])
        low, high = np.minimum(y[edge], y[edge + 1]), np.maximum(y[edge], y[edge + 1])
        first = np.clip(np.ceil(low), 0, self.rows).astype(np.int64)
        count = np.clip(np.ceil(high), 0, self.rows).astype(np.int64) - first
        row = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        start = np.repeat(edge, count)
        slope = (x[start + 1] - x[start]) / (y[start + 1] - y[start])
        at = x[start] + (row - y[start]) * slope
        column = np.clip(np.ceil(at), 0, self.columns).astype(np.int64)
        # Ground lies on the left of an edge: one that goes up ends it.
        sign = np.where(y[start + 1] > y[start], -1, 1).astype(np.int32)
        np.add.at(steps, (row, column), sign)

    def shapes_of(self, cells: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Draw the outline of cells that lie side by side.

        Parameters
        ----------
        cells : ndarray of bool, shape (rows, columns)
            From south to north.

        Returns
        -------
        ndarray of Polygon
            Each a group of cells that share sides.
        """
        corner = np.array([self.west, self.south])
        drawn: NDArray[np.object_] = shapely.transform(
            cell_outlines(cells), lambda xy: corner + xy * self.cell_m
        )
        return drawn


def wide_enough_cells(cells: NDArray[np.bool_], width: float) -> NDArray[np.bool_]:
    """Leave out cells where a circle does not fit.

    Parameters
    ----------
    cells : ndarray of bool
        Ground.
    width : float
        Of the circle, in cells.

    Returns
    -------
    ndarray of bool
        The cells that lie in a circle of ground, to the size of a cell.
    """
    n = max(1, round(width))
    if n == 1:
        return cells
    # The centres of n by n cells that lie in the circle around their middle.
    place = np.arange(n) - (n - 1) / 2
    circle = np.hypot(*np.meshgrid(place, place)) <= n / 2
    padded = np.pad(cells, 2 * n)
    fits = np.ones_like(np.pad(cells, n))
    rows, columns = fits.shape
    for down, right in np.argwhere(circle):
        fits &= padded[down : down + rows, right : right + columns]
    # Grown by squares, so that the corners of ground stay.
    found = np.zeros_like(padded)
    for down, right in np.ndindex(n, n):
        found[down : down + rows, right : right + columns] |= fits
    return found[2 * n : -2 * n, 2 * n : -2 * n] & cells


def sieve_cells(
    area: NDArray[np.object_],
    grounds: Sequence[Ground],
    *,
    min_width_m: float,
    cell_m: float,
    in_pieces: bool = True,
) -> Sieved:
    """Divide an area into what rules take, what is unknown, and what is free, on cells.

    Parameters
    ----------
    area : ndarray of shapely geometries
        Valid surfaces, RD New.
    grounds : sequence of Ground
        What each rule says of ground, in the order in which it takes.
    min_width_m : float
        What is narrower is no building land; metres.
    cell_m : float
        Size of a cell, metres.
    in_pieces : bool
        Whether `ground`, `free_ground` and `unknown_ground` are drawn; they are empty otherwise.

    Returns
    -------
    Sieved
        Of the cells whose centre lies in the area.
    """
    grid = Grid.over(area, cell_m)
    ground = rest = grid.burnt(area)
    left = [rest.sum()]
    for rule in grounds:
        rest = rest & ~grid.burnt(rule.taken, rule.taken_m)
        left.append(rest.sum())
    free, unknown_by = rest, []
    for rule in grounds:
        unknown = rest & _unknown(grid, rule)
        free = free & ~unknown
        left.append(free.sum())
        partly = unknown if not rule.nowhere else np.zeros_like(unknown)
        unknown_by.append(grid.shapes_of(partly))
    unknown = rest & ~free
    gone = -np.diff(np.array(left, dtype=float)) * cell_m**2
    n = len(grounds)
    found = [
        grid.shapes_of(wide_enough_cells(cells, min_width_m / cell_m)) for cells in (free, unknown)
    ]
    return Sieved(
        free=found[0],
        unknown=found[1],
        area_m2=float(left[0]) * cell_m**2,
        taken_m2=gone[:n],
        unknown_m2=gone[n:],
        free_m2=float(left[-1]) * cell_m**2,
        free_ground=grid.shapes_of(free & in_pieces),
        unknown_ground=grid.shapes_of(unknown & in_pieces),
        ground=grid.shapes_of(ground & in_pieces),
        unknown_by=unknown_by,
    )


def _unknown(grid: Grid, ground: Ground) -> NDArray[np.bool_]:
    """Find the cells of which a rule says nothing, taken or not."""
    if ground.nowhere or ground.coverage is None:
        return np.ones((grid.rows, grid.columns), dtype=bool)
    unknown = ~grid.burnt(ground.coverage) | grid.burnt(ground.doubtful, ground.doubtful_m)
    if ground.edge_m:
        edge = shapely.boundary(shapely.union_all(ground.coverage))
        unknown |= grid.burnt(np.array([edge], dtype=object), np.array([ground.edge_m]))
    return unknown
