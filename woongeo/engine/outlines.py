"""What distance is measured to: all edges of a layer in one line, with an index that threads share.

``shapely.shortest_line`` to a prepared ``MultiLineString`` uses GEOS's facet index;
``shapely.distance`` does not, and a prepared ``MultiPolygon`` is hundreds of times slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from shapely import GeometryType

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Edges(NamedTuple):
    """Lines and points: rings are copies, other lines and points the shapes themselves."""

    lines: NDArray[np.object_]
    points: NDArray[np.object_]


class Outlines(NamedTuple):
    """What distance is measured to; threads may share it.

    Attributes
    ----------
    lines : MultiLineString or None
        All rings and lines, with an index; None where there are none.
    points : STRtree or None
        The points.
    """

    lines: shapely.MultiLineString | None
    points: shapely.STRtree | None


def edges_of(shapes: NDArray[np.object_]) -> Edges:
    """Take shapes apart.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Surfaces, lines or points in metres, of one part or several; None is nothing.

    Returns
    -------
    Edges
        Always in the same order.
    """
    while (several := shapely.get_type_id(shapes) >= GeometryType.MULTIPOINT).any():
        shapes = np.concatenate([shapes[~several], shapely.get_parts(shapes[several])])
    dimension = shapely.get_dimensions(shapes)
    surfaces = shapes[dimension == 2]
    holes = shapely.get_num_interior_rings(surfaces) > 0
    # Several times as quick as asking for all rings of a surface that has one.
    lines = shapely.get_exterior_ring(surfaces[~holes])
    if holes.any():
        lines = np.concatenate([lines, shapely.get_rings(surfaces[holes])])
    if (dimension == 1).any():
        lines = np.concatenate([lines, shapes[dimension == 1]])
    points = shapes[dimension == 0]
    # Lines without length, and nothing else, make GEOS 3.14 crash.
    dots = shapely.length(lines) == 0
    return Edges(lines[~dots], np.concatenate([points, shapely.get_point(lines[dots], 0)]))


def outlines_of(edges: Edges) -> Outlines:
    """Make edges ready for questions.

    Parameters
    ----------
    edges : Edges
        Of a layer.

    Returns
    -------
    Outlines
        With an index that is only read from now on.
    """
    together = None
    if len(edges.lines):
        together = shapely.multilinestrings(edges.lines)
        shapely.prepare(together)
        # The first question builds the index; after it the index is only read.
        shapely.bounds(together)
        shapely.shortest_line(together, shapely.Point(0, 0))
    return Outlines(together, shapely.STRtree(edges.points) if len(edges.points) else None)
