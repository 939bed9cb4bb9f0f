"""Sieving ground, square by square: exact, in little memory, and without a trace of the squares.

The ground of each square is looked at with a margin around it, as wide as matters to what lies in
the square; then what was found is cut to the square, and joined with that of its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine import ZONE_SEGMENTS, LayerIndex, Sites, pairs_within
from woongeo.searching.ground import missed
from woongeo.searching.seams import stitched
from woongeo.searching.shape import (
    NOISE_M2,
    clipped,
    cut_along,
    reach_of_width,
    surfaces,
    together,
    wide_enough,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.searching.ground import Ground

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Sieved:
    """An area divided.

    Attributes
    ----------
    free, unknown : ndarray of Polygon
        Connected ground that is wide enough, RD New; in no order.
    area_m2 : float
        Of the area.
    taken_m2, unknown_m2 : ndarray of float
        Per rule in its turn: what it takes of the ground that those before it left, and then of
        what of the rest it leaves unknown. With `free_m2` together the area.
    free_m2 : float
        What is left, also where it is narrow.
    free_ground, unknown_ground : ndarray of Polygon
        All of it, in pieces that lie apart.
    ground : ndarray of Polygon
        What was divided: the area, or the cells in it.
    unknown_by : list of ndarray of Polygon
        Per rule the ground that it leaves unknown, in pieces; empty where that is all.
    """

    free: NDArray[np.object_]
    unknown: NDArray[np.object_]
    area_m2: float
    taken_m2: NDArray[np.float64]
    unknown_m2: NDArray[np.float64]
    free_m2: float
    free_ground: NDArray[np.object_]
    unknown_ground: NDArray[np.object_]
    ground: NDArray[np.object_]
    unknown_by: list[NDArray[np.object_]]


def tiles_of(area: NDArray[np.object_], tile_m: float) -> list[Box]:
    """Lay squares over an area.

    Parameters
    ----------
    area : ndarray of shapely geometries
        Valid surfaces, RD New.
    tile_m : float
        Their size, metres.

    Returns
    -------
    list of tuple of float
        West, south, east, north of those that meet the area, at multiples of their size; from
        south to north, and from west to east.
    """
    west, south, east, north = shapely.total_bounds(area)
    columns = np.arange(np.floor(west / tile_m), np.ceil(east / tile_m))
    rows = np.arange(np.floor(south / tile_m), np.ceil(north / tile_m))
    row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    corners = np.column_stack([column, row, column + 1, row + 1]) * tile_m
    _, met = shapely.STRtree(shapely.box(*corners.T)).query(area, predicate="intersects")
    return [tuple(corners[i].tolist()) for i in np.unique(met)]


def grown_box(box: Box, by_m: float) -> Box:
    """Widen a rectangle on all sides.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north.
    by_m : float
        Metres.

    Returns
    -------
    tuple of float
        The wider one.
    """
    west, south, east, north = box
    return west - by_m, south - by_m, east + by_m, north + by_m


class _Zones:
    """Shapes with a width each, looked up per tile."""

    def __init__(
        self, shapes: NDArray[np.object_], width_m: NDArray[np.float64], tiles: Sites
    ) -> None:
        # A line or point without a width takes no ground.
        matters = (shapely.get_dimensions(shapes) == 2) | (width_m > 0)
        self.start = np.zeros(len(tiles) + 1, dtype=np.intp)
        self.row = np.empty(0, dtype=np.intp)
        if tiles.occupied is None or not matters.any():
            return
        self.index = LayerIndex(shapes[matters], tiles.occupied, width_m[matters])
        self.width = width_m[matters][self.index.owner]
        tile, row = pairs_within(tiles.geometry, self.index.tree, self.width)
        order = np.lexsort((row, tile))
        self.row = row[order]
        self.start = np.searchsorted(tile[order], np.arange(len(tiles) + 1))

    def taken_from(self, rest: shapely.Geometry, tile: int) -> shapely.MultiPolygon:
        """Take the zone out of the ground in a tile."""
        row = self.row[self.start[tile] : self.start[tile + 1]]
        if not len(row) or shapely.is_empty(rest):
            return rest
        rest = together(shapely.difference(rest, self.at(tile)))
        more = missed(rest, self.index.pieces[row], self.width[row])
        return rest if more.is_empty else together(shapely.difference(rest, more))

    def at(self, tile: int) -> shapely.Geometry:
        """Draw the zone in a tile, and what reaches beyond it."""
        row = self.row[self.start[tile] : self.start[tile + 1]]
        if not len(row):
            return shapely.MultiPolygon()
        zones, width = self.index.pieces[row], self.width[row]
        wide = width > 0
        zones[wide] = shapely.buffer(zones[wide], width[wide], quad_segs=ZONE_SEGMENTS)
        return shapely.union_all(zones)


class _Covered:
    """The coverage of a rule, looked up per tile."""

    def __init__(self, ground: Ground) -> None:
        self.edge_m = ground.edge_m
        self.shapes = np.empty(0, dtype=object) if ground.coverage is None else ground.coverage
        self.tree = shapely.STRtree(self.shapes)

    def unknown_at(self, box: Box) -> shapely.Geometry:
        """Draw where in a tile nothing is known."""
        wide = grown_box(box, self.edge_m)
        there = shapely.box(*wide)
        known = self.shapes[np.sort(self.tree.query(there))]
        cut = shapely.union_all(cut_along(known, wide))
        outside = surfaces(shapely.difference(there, cut), least_m2=NOISE_M2)
        if not self.edge_m:
            return shapely.union_all(outside)
        edge = shapely.union_all(shapely.buffer(outside, self.edge_m, quad_segs=ZONE_SEGMENTS))
        rest = shapely.difference(shapely.box(*box), edge)
        more = missed(rest, outside, np.full(len(outside), self.edge_m))
        return shapely.union(edge, more)


class _Tiles:
    """Tiles over an area, and what rules say of the ground in each."""

    def __init__(
        self,
        area: NDArray[np.object_],
        grounds: Sequence[Ground],
        min_width_m: float,
        tile_m: float,
    ) -> None:
        self.area, self.grounds, self.min_width_m = area, grounds, min_width_m
        self.boxes = tiles_of(area, tile_m)
        self.wide = [grown_box(box, reach_of_width(min_width_m)) for box in self.boxes]
        tiles = Sites(shapely.box(*np.reshape(self.wide, (-1, 4)).T))
        self.taken = [_Zones(g.taken, g.taken_m, tiles) for g in grounds]
        self.doubtful = [_Zones(g.doubtful, g.doubtful_m, tiles) for g in grounds]
        self.covered = [_Covered(g) for g in grounds]
        self.tree = shapely.STRtree(area)
        self.pieces: dict[str, list[NDArray[np.object_]]] = {}

    def __len__(self) -> int:
        return len(self.boxes)

    def pile(self, name: str) -> NDArray[np.object_]:
        """Gather the pieces of one kind of all tiles that were divided."""
        return np.concatenate([np.empty(0, dtype=object), *self.pieces.get(name, [])])

    def _keep(self, name: str, shape: shapely.Geometry, tile: int) -> None:
        """Keep what of a shape lies in a tile."""
        self.pieces.setdefault(name, []).append(surfaces(self._inside(shape, tile)))

    def _inside(self, shape: shapely.Geometry, tile: int) -> shapely.Geometry:
        """Leave the margin around a tile out."""
        return clipped(np.array([shape], dtype=object), self.boxes[tile])

    def _doubt(self, tile: int, i: int, rest: shapely.Geometry) -> shapely.Geometry:
        """Draw what of the ground that is left a rule leaves unknown."""
        if self.grounds[i].nowhere:
            return rest
        known = shapely.difference(rest, self.covered[i].unknown_at(self.wide[tile]))
        known = self.doubtful[i].taken_from(together(known), tile)
        unknown = together(shapely.difference(rest, known))
        self._keep(f"by {i}", unknown, tile)
        return unknown

    def divide(self, tile: int) -> NDArray[np.float64]:
        """Divide the ground in a tile; give what is left after each rule took, and then doubted."""
        rest = clipped(
            self.area[np.sort(self.tree.query(shapely.box(*self.wide[tile])))], self.wide[tile]
        )
        left = [self._inside(rest, tile).area]
        for zones in self.taken:
            rest = zones.taken_from(rest, tile)
            left.append(self._inside(rest, tile).area)
        free, unknown = rest, [shapely.MultiPolygon()]
        for i in range(len(self.grounds)):
            unknown.append(self._doubt(tile, i, rest))
            free = together(shapely.difference(free, unknown[-1]))
            left.append(self._inside(free, tile).area)
        for name, shape in (("free", free), ("unknown", together(shapely.union_all(unknown)))):
            self._keep(f"{name} ground", shape, tile)
            self._keep(name, wide_enough(shape, self.min_width_m), tile)
        return np.array(left)


def sieve(
    area: NDArray[np.object_],
    grounds: Sequence[Ground],
    *,
    min_width_m: float,
    tile_m: float,
) -> Sieved:
    """Divide an area into what rules take, what is unknown, and what is free.

    Parameters
    ----------
    area : ndarray of shapely geometries
        Valid surfaces that do not overlap, RD New.
    grounds : sequence of Ground
        What each rule says of ground, in the order in which it takes.
    min_width_m : float
        What is narrower is no building land; metres.
    tile_m : float
        Size of the squares, metres; of no influence on the result.

    Returns
    -------
    Sieved
        Of the whole area.
    """
    tiles = _Tiles(area, grounds, min_width_m, tile_m)
    n = len(grounds)
    left = np.zeros(2 * n + 1)
    for tile in range(len(tiles)):
        left += tiles.divide(tile)
    gone = -np.diff(left)
    return Sieved(
        free=stitched(tiles.pile("free"), tile_m),
        unknown=stitched(tiles.pile("unknown"), tile_m),
        area_m2=float(left[0]),
        taken_m2=gone[:n],
        unknown_m2=gone[n:],
        free_m2=float(left[-1]),
        free_ground=tiles.pile("free ground"),
        unknown_ground=tiles.pile("unknown ground"),
        ground=area,
        unknown_by=[tiles.pile(f"by {i}") for i in range(n)],
    )
