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

# Big surfaces stand together: small portions keep all cores at work.
_HALVINGS = 32

# Halves hold the ground of the whole but for the rounding of corners.
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


def halve(nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
    """Cut each surface in two across its longer side; only surfaces come out.

    Told is also of which the halves do not hold as much ground as the whole.
    """
    if not len(nodes.shape):
        return nodes, np.empty(0, dtype=bool)

    def halves(part: slice) -> tuple[list[shapely.Geometry], list[tuple[float, ...]]]:
        cut: list[shapely.Geometry] = []
        boxes: list[tuple[float, ...]] = []
        shapes = nodes.shape[part]
        for shape, (west, south, east, north) in zip(shapes, shapely.bounds(shapes), strict=True):
            x, y = (west + east) / 2, (south + north) / 2
            if east - west >= north - south:
                pair = ((west, south, x, north), (x, south, east, north))
            else:
                pair = ((west, south, east, y), (west, y, east, north))
            cut += [clip(shape, box) for box in pair]
            boxes += pair
        return cut, boxes

    done = side_by_side(halves, parts_of(len(nodes.shape), few=2, parts=_HALVINGS))
    cut = np.array([shape for shapes, _ in done for shape in shapes], dtype=object)
    boxes = np.concatenate([np.reshape(b, (-1, 4)) for _, b in done])
    # Lines and points along a cut are no ground.
    for i in np.flatnonzero(shapely.get_type_id(cut) == GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(cut[i])
        cut[i] = shapely.multipolygons(parts[shapely.get_type_id(parts) == GeometryType.POLYGON])
    area = shapely.area(cut)
    ground = np.flatnonzero(area > 0)
    parent = ground // 2
    path = np.empty(len(ground), dtype=object)
    path[:] = [
        before + (b"\2" if later else b"\1")
        for before, later in zip(nodes.path[parent], ground % 2, strict=True)
    ]
    held = np.bincount(parent, area[ground], minlength=len(nodes.area))
    west, south, east, north = shapely.bounds(nodes.shape).T
    unequal = np.abs(nodes.area - held) > _NOISE_M2 + _NOISE * (east - west) * (north - south)
    return Nodes(cut[ground], nodes.root[parent], path, boxes[ground], area[ground]), unequal
