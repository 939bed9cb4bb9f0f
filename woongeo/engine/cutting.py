"""Cutting surfaces along rectangles: quick, and never failing on a hair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from shapely import GeometryType
from shapely.errors import GEOSException

from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Box = tuple[float, float, float, float]

# Big surfaces stand together: small portions keep all cores at work.
_PORTIONS = 32

# Pieces hold the ground of the whole but for the rounding of corners.
_NOISE_M2, _NOISE = 1e-3, 1e-10


def clip(shapes: Any, box: Sequence[float]) -> Any:  # noqa: ANN401  shapely takes one or many
    """Cut one shape, or each of an array, along a rectangle.

    ``clip_by_rect`` looks for no crossings, so that it is quick; but it gives up where a surface
    reaches over the edge by the last bit of a coordinate ("Invalid number of points in
    LinearRing"). Such shapes are cut the general way.

    Parameters
    ----------
    shapes : Geometry or ndarray of shapely geometries
        Surfaces in metres.
    box : sequence of float
        West, south, east, north.

    Returns
    -------
    Geometry or ndarray of shapely geometries
        What of each lies in the rectangle, with lines and points where it only touches. It may be
        invalid, where a surface touches the edge of the rectangle in several places.
    """
    try:
        return shapely.clip_by_rect(shapes, *box)
    except GEOSException:
        # What was clipped before may be invalid, and then a general cut gives up too.
        return shapely.intersection(shapely.make_valid(shapes), shapely.box(*box))


class Nodes(NamedTuple):
    """Shapes on their way to pieces.

    `root` is the row of the shape that each was cut from, `path` how: a name that sorts, equal
    whatever else was cut; `box` the rectangle that it was last cut by; `area` in square metres.
    """

    shape: NDArray[np.object_]
    root: NDArray[np.intp]
    path: NDArray[np.object_]
    box: NDArray[np.float64]
    area: NDArray[np.float64]

    def of(self, rows: NDArray[np.generic]) -> Nodes:
        """Take some."""
        return Nodes(*(values[rows] for values in self))

    def also(self, *others: Nodes) -> Nodes:
        """Add others."""
        return Nodes(*(np.concatenate(values) for values in zip(self, *others, strict=True)))


def divide(nodes: Nodes, corners: int) -> tuple[Nodes, NDArray[np.bool_]]:
    """Cut each surface in four, or in two where that is enough; only surfaces come out.

    Four at once is a third quicker than two times two: each corner is copied once less. `corners`
    is how many a piece may have. Told is also of which the pieces do not hold as much ground as the
    whole.
    """
    if not len(nodes.shape):
        return nodes, np.empty(0, dtype=bool)
    many = shapely.get_num_coordinates(nodes.shape) > 2 * corners
    bounds = shapely.bounds(nodes.shape)

    def pieces(part: slice) -> list[tuple[list[shapely.Geometry], list[Box]]]:
        given = zip(nodes.shape[part], bounds[part].tolist(), many[part].tolist(), strict=True)
        found = []
        for shape, box, in_four in given:
            boxes = _boxes(box, in_four=in_four)
            found.append(([clip(shape, box) for box in boxes], boxes))
        return found

    parts = parts_of(len(nodes.shape), few=2, parts=_PORTIONS)
    done = [found for part in side_by_side(pieces, parts) for found in part]
    cut = np.array([shape for shapes, _ in done for shape in shapes], dtype=object)
    box = np.array([box for _, boxes in done for box in boxes])
    of = np.repeat(np.arange(len(done)), np.where(many, 4, 2))
    # Lines and points along a cut are no ground.
    for i in np.flatnonzero(shapely.get_type_id(cut) == GeometryType.GEOMETRYCOLLECTION):
        surfaces = shapely.get_parts(cut[i])
        cut[i] = shapely.multipolygons(
            surfaces[shapely.get_type_id(surfaces) == GeometryType.POLYGON]
        )
    area = shapely.area(cut)
    ground = np.flatnonzero(area > 0)
    # A piece is called after its place among its sisters.
    turn = np.arange(len(cut)) - np.searchsorted(of, of)
    path = np.empty(len(ground), dtype=object)
    path[:] = [nodes.path[of[i]] + bytes([1 + turn[i]]) for i in ground]
    held = np.bincount(of, area, minlength=len(nodes.area))
    west, south, east, north = bounds.T
    unequal = np.abs(nodes.area - held) > _NOISE_M2 + _NOISE * (east - west) * (north - south)
    return Nodes(cut[ground], nodes.root[of[ground]], path, box[ground], area[ground]), unequal


def _boxes(box: Sequence[float], *, in_four: bool) -> list[Box]:
    """Divide a rectangle in two across its longer side, or in four that are as square as can be."""
    west, south, east, north = box
    wide, high = east - west, north - south
    columns, rows = (2, 1) if wide >= high else (1, 2)
    if in_four:
        columns, rows = (4, 1) if wide > 3 * high else (1, 4) if high > 3 * wide else (2, 2)
    x = [west + wide * i / columns for i in range(columns)] + [east]
    y = [south + high * i / rows for i in range(rows)] + [north]
    return [(x[i], y[j], x[i + 1], y[j + 1]) for i in range(columns) for j in range(rows)]
