"""Shapes of ground: surfaces only, and wide enough to build on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import rasterio.features
import shapely
from rasterio.transform import Affine
from shapely import GeometryType

from woongeo.engine import clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Less than a square decimetre is the noise of two drawings of one border, not ground.
NOISE_M2 = 0.01

# What is left between two shapes that should meet: the last bit of a coordinate over kilometres.
_HAIR_M2 = 1e-5

# A width is met to a centimetre: ground of exactly the least width is wide enough.
_WIDTH_M = 0.01
# Round edges after shrinking have so many chords a quarter; they are straight again when grown.
_SEGMENTS = 8
# What is grown again reaches at most so many times the growth into a corner.
_CORNER = 2.0


def reach_of_width(min_width_m: float) -> float:
    """Tell how far away ground decides whether a place is wide enough.

    Parameters
    ----------
    min_width_m : float
        The least width, metres.

    Returns
    -------
    float
        Metres.
    """
    return _CORNER * min_width_m + 1.0 if min_width_m else 0.0


def surfaces(
    shape: shapely.Geometry | NDArray[np.object_], *, least_m2: float = _HAIR_M2
) -> NDArray[np.object_]:
    """Take shapes apart into their surfaces.

    Parameters
    ----------
    shape : Geometry or ndarray of shapely geometries
        Any; lines and points are left out.
    least_m2 : float
        Surfaces up to this are left out too.

    Returns
    -------
    ndarray of Polygon
        The surfaces.
    """
    parts = shapely.get_parts(shape)
    while (shapely.get_type_id(parts) > GeometryType.MULTIPOINT).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[shapely.area(parts) > least_m2], dtype=object)


def cell_outlines(
    cells: NDArray[np.bool_], *, row: int = 0, column: int = 0
) -> NDArray[np.object_]:
    """Draw the outline of cells that lie side by side.

    Parameters
    ----------
    cells : ndarray of bool
        By row and column.
    row, column : int
        Of the first cell.

    Returns
    -------
    ndarray of Polygon
        Each a group of cells that share sides; x is the column, y the row.
    """
    place = Affine.translation(column, row)
    drawn = rasterio.features.shapes(
        cells.astype(np.uint8), mask=cells, connectivity=4, transform=place
    )
    found = [shapely.geometry.shape(outline) for outline, _ in drawn]
    result = np.empty(len(found), dtype=object)
    result[:] = found
    return surfaces(shapely.make_valid(result))


def together(shape: shapely.Geometry | NDArray[np.object_]) -> shapely.MultiPolygon:
    """Leave lines, points and hairs out of a shape.

    Parameters
    ----------
    shape : Geometry or ndarray of shapely geometries
        Any; those of an array lie apart.

    Returns
    -------
    MultiPolygon
        Its surfaces.
    """
    return shapely.multipolygons(surfaces(shape))


def clipped(
    shapes: NDArray[np.object_], box: tuple[float, float, float, float]
) -> shapely.Geometry:
    """Cut shapes along a rectangle.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid surfaces that lie apart.
    box : tuple of float
        West, south, east, north; metres.

    Returns
    -------
    MultiPolygon
        What of them lies in the rectangle; corners on its edge lie there to the last bit.
    """
    return together(cut_along(shapes, box))


def cut_along(
    shapes: NDArray[np.object_], box: tuple[float, float, float, float]
) -> NDArray[np.object_]:
    """Cut each shape along a rectangle.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid surfaces.
    box : tuple of float
        West, south, east, north; metres.

    Returns
    -------
    ndarray of shapely geometries
        What of each lies in the rectangle: valid, with lines and points where it only touches.
    """
    cut: NDArray[np.object_] = clip(shapes, box)
    # Clipping is quick because it looks for no crossings; what came out wrong is cut the slow way.
    wrong = ~shapely.is_valid(cut)
    cut[wrong] = shapely.intersection(shapes[wrong], shapely.box(*box))
    return cut


def wide_enough(shape: shapely.Geometry, min_width_m: float) -> shapely.Geometry:
    """Leave out of a shape what is nowhere as wide as asked: slivers, strips, tips.

    Parameters
    ----------
    shape : Geometry
        A valid surface in metres.
    min_width_m : float
        A circle of this width must fit; corners of ground that it fits in stay.

    Returns
    -------
    MultiPolygon
        The rest; what was joined by a narrow strip lies apart.

    Examples
    --------
    >>> field, path = shapely.box(0, 0, 100, 100), shapely.box(100, 40, 300, 45)
    >>> len(wide_enough(field.union(path), 10).geoms)
    1
    """
    if min_width_m <= 0 or shape.is_empty:
        return together(shape)
    core = shapely.buffer(shape, -(min_width_m - _WIDTH_M) / 2, quad_segs=_SEGMENTS)
    if core.is_empty:
        return shapely.MultiPolygon()
    grown = shapely.buffer(
        core, (min_width_m + _WIDTH_M) / 2, join_style="mitre", mitre_limit=_CORNER
    )
    parts = surfaces(shapely.intersection(shape, grown))
    # A corner may grow across a gap, to ground that no circle fits in.
    held = np.unique(shapely.STRtree(parts).query(shapely.get_parts(core), "intersects")[1])
    return shapely.multipolygons(parts[held])
