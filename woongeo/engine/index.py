"""An index of a layer's shapes, cut fine where sites are.

Three ideas carry the speed:

* A big nature area is cut into rectangles of few corners, only where sites are; areas add up over
  the pieces of one feature. ``clip_by_rect`` cuts 20 to 40 times as fast as a general intersection.
* Distance is measured to *lines*: all rings in one prepared ``MultiLineString``, whose
  ``shortest_line`` uses GEOS's facet index. ``shapely.distance`` does not, and a prepared
  ``MultiPolygon`` is hundreds of times slower.
* What no site can reach is left out before anything is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

from woongeo.engine.clip import clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Distances and limits are compared to a micrometre: coordinates of RD New hold no more.
EPSILON_M = 1e-6

# Pieces of 256 to 1,024 corners are equally quick; smaller and larger ones are slower.
_CORNERS = 512
_CELL_M = 250.0
_CELLS = 1_500


class Sites:
    """Sites, and what every layer wants to know of them, worked out once.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Valid surfaces in metres.
    """

    def __init__(self, geometry: NDArray[np.object_]) -> None:
        self.geometry = geometry
        self.area: NDArray[np.float64] = shapely.area(geometry)
        self.occupied = Occupied(shapely.bounds(geometry)) if len(geometry) else None

    def __len__(self) -> int:
        return len(self.geometry)


class Occupied:
    """Where sites are: a grid of cells that answers "is there a site in this rectangle?".

    The answer may be yes without need (cells are coarse), never no.

    Parameters
    ----------
    bounds : ndarray of float, shape (n, 4)
        Boxes of the sites, at least one: west, south, east, north; metres.
    """

    def __init__(self, bounds: NDArray[np.float64]) -> None:
        self.west, self.south = bounds[:, 0].min(), bounds[:, 1].min()
        self.east, self.north = bounds[:, 2].max(), bounds[:, 3].max()
        extent = max(self.east - self.west, self.north - self.south)
        self.cell = max(_CELL_M, extent / _CELLS)
        columns, rows = self._cells(np.array([[self.west, self.south, self.east, self.north]]))
        difference = np.zeros((int(rows[0, 1]) + 3, int(columns[0, 1]) + 3), dtype=np.int64)
        columns, rows = self._cells(bounds)
        # +1 and -1 at the corners of each box; summing twice fills the boxes.
        np.add.at(difference, (rows[:, 0], columns[:, 0]), 1)
        np.add.at(difference, (rows[:, 1] + 1, columns[:, 1] + 1), 1)
        np.add.at(difference, (rows[:, 1] + 1, columns[:, 0]), -1)
        np.add.at(difference, (rows[:, 0], columns[:, 1] + 1), -1)
        taken = difference.cumsum(axis=0).cumsum(axis=1) > 0
        # A summed-area table counts the taken cells of any rectangle with four look-ups.
        self.table = np.zeros((taken.shape[0] + 1, taken.shape[1] + 1), dtype=np.int64)
        self.table[1:, 1:] = taken.cumsum(axis=0).cumsum(axis=1)

    def _cells(self, bounds: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the first and last cell of boxes."""
        columns = np.floor((bounds[:, [0, 2]] - self.west) / self.cell).astype(np.int64)
        rows = np.floor((bounds[:, [1, 3]] - self.south) / self.cell).astype(np.int64)
        return columns, rows

    def near(
        self, bounds: NDArray[np.float64], within_m: float | NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell for boxes whether a site may come within a distance.

        Parameters
        ----------
        bounds : ndarray of float, shape (n, 4)
            West, south, east, north; metres.
        within_m : float or ndarray of float, shape (n,)
            Distance in metres; one for all, or one a box.

        Returns
        -------
        ndarray of bool
            False only where no site comes so near.
        """
        grown = bounds + np.array([-1, -1, 1, 1]) * np.reshape(np.add(within_m, 1e-3), (-1, 1))
        columns, rows = self._cells(np.nan_to_num(grown, nan=-1e12))
        high, wide = self.table.shape[0] - 1, self.table.shape[1] - 1
        left, right = np.clip(columns[:, 0], 0, wide), np.clip(columns[:, 1] + 1, 0, wide)
        low, top = np.clip(rows[:, 0], 0, high), np.clip(rows[:, 1] + 1, 0, high)
        t = self.table
        count = t[top, right] - t[low, right] - t[top, left] + t[low, left]
        return np.asarray((right > left) & (top > low) & (count > 0))


class LayerIndex:
    """Shapes of a layer, ready to be met by sites.

    Parameters
    ----------
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres.
    occupied : Occupied
        Where the sites are.
    within_m : float or ndarray of float
        Sites so near are to be found; metres, one for all or one a feature.
    """

    def __init__(
        self,
        features: NDArray[np.object_],
        occupied: Occupied,
        within_m: float | NDArray[np.float64],
    ) -> None:
        self.features = features
        width = np.broadcast_to(np.asarray(within_m, dtype=float), features.shape)
        near = np.flatnonzero(occupied.near(shapely.bounds(features), width))
        self.pieces, self.owner = _cut(features, near, occupied, width)
        self.width: NDArray[np.float64] = width[self.owner]
        self.tree = shapely.STRtree(self.pieces)


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
        site, shape = tree.query(sites, predicate="dwithin", distance=widest)
    else:
        # A query takes one distance for each shape that asks: so the shapes ask for the sites.
        # Asking for the largest of all would give each site all within it.
        shape, site = shapely.STRtree(sites).query(
            tree.geometries, predicate="dwithin", distance=reach
        )
    return site, shape


def _cut(
    features: NDArray[np.object_],
    near: NDArray[np.intp],
    occupied: Occupied,
    width: NDArray[np.float64],
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Cut big surfaces into rectangles of few corners, where sites are."""
    shapes = features[near]
    big = (shapely.get_dimensions(shapes) == 2) & (shapely.get_num_coordinates(shapes) > _CORNERS)
    # Parts of a multi-surface lie apart: taking them apart first leaves out most of them.
    whole, of_whole = shapely.get_parts(shapes[big], return_index=True)
    parts, origin, box = whole, np.arange(len(whole)), shapely.bounds(whole)
    wide = width[near][big][of_whole]
    pieces, origins, boxes = [], [], []
    while len(parts):
        keep = occupied.near(shapely.bounds(parts), wide[origin])
        small = shapely.get_num_coordinates(parts) <= _CORNERS
        ready, rest = keep & small, keep & ~small
        pieces.append(parts[ready])
        origins.append(origin[ready])
        boxes.append(box[ready])
        parts, row, box = _halve(parts[rest])
        origin = origin[rest][row]
    piece = np.concatenate([np.empty(0, dtype=object), *pieces])
    origin = np.concatenate([np.empty(0, dtype=np.intp), *origins])
    # Clipping is quick because it looks for no crossings; a piece that came out wrong is cut again,
    # the slow way.
    wrong = np.flatnonzero(~shapely.is_valid(piece))
    if len(wrong):
        again = shapely.box(*np.concatenate(boxes)[wrong].T)
        piece[wrong] = shapely.intersection(whole[origin[wrong]], again)
    owner = near[big][of_whole[origin]]
    return np.concatenate([shapes[~big], piece]), np.concatenate([near[~big], owner])


def _halve(
    shapes: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.intp], NDArray[np.float64]]:
    """Cut each surface in two across its longer side.

    Surfaces come out, with the row that each comes from and the rectangle that it was cut by.
    """
    halves: list[shapely.Geometry] = []
    boxes: list[tuple[float, ...]] = []
    for shape, (west, south, east, north) in zip(shapes, shapely.bounds(shapes), strict=True):
        x, y = (west + east) / 2, (south + north) / 2
        if east - west >= north - south:
            pair = ((west, south, x, north), (x, south, east, north))
        else:
            pair = ((west, south, east, y), (west, y, east, north))
        halves += [clip(shape, box) for box in pair]
        boxes += pair
    parts, half = shapely.get_parts(np.array(halves, dtype=object), return_index=True)
    surface = shapely.get_type_id(parts) == GeometryType.POLYGON
    half = half[surface]
    return parts[surface], half // 2, np.reshape(boxes, (-1, 4))[half]


def outlines(
    features: NDArray[np.object_], occupied: Occupied, reach_m: float
) -> tuple[shapely.MultiLineString | None, NDArray[np.object_]]:
    """Gather what distance is measured to: rings and lines in one shape, and points.

    Parameters
    ----------
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres.
    occupied : Occupied
        Where the sites are.
    reach_m : float
        What lies further from every site is left out.

    Returns
    -------
    lines : MultiLineString or None
        Prepared; None where there are no lines.
    points : ndarray of Point
        The points.
    """
    shapes = shapely.get_parts(features)
    site_box = (occupied.west, occupied.south, occupied.east, occupied.north)
    grown = np.array(site_box) + reach_m * np.array([-1, -1, 1, 1])
    b = shapely.bounds(shapes)
    in_reach = (b[:, 0] <= grown[2]) & (b[:, 2] >= grown[0])
    in_reach &= (b[:, 1] <= grown[3]) & (b[:, 3] >= grown[1])
    shapes = shapes[in_reach]
    dimension = shapely.get_dimensions(shapes)
    rings = shapely.get_rings(shapes[dimension == 2])
    lines = np.concatenate([rings, shapes[dimension == 1]])
    if not len(lines):
        return None, shapes[dimension == 0]
    together = shapely.multilinestrings(lines)
    shapely.prepare(together)
    return together, shapes[dimension == 0]
