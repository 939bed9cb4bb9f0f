"""Cutting surfaces along a rectangle: quick, and never failing on a hair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import GEOSException

if TYPE_CHECKING:
    from collections.abc import Sequence


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
