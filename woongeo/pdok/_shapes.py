"""GeoJSON geometries to GEOS, all of one kind in one call."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How deep the coordinates of a kind of shape are nested below one position.
_DEPTH = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_KIND = {
    "Point": shapely.GeometryType.POINT,
    "MultiPoint": shapely.GeometryType.MULTIPOINT,
    "LineString": shapely.GeometryType.LINESTRING,
    "MultiLineString": shapely.GeometryType.MULTILINESTRING,
    "Polygon": shapely.GeometryType.POLYGON,
    "MultiPolygon": shapely.GeometryType.MULTIPOLYGON,
}


def read_shapes(geometries: list[Any]) -> NDArray[np.object_]:
    """Build shapes, all of one kind in one call.

    Parameters
    ----------
    geometries : list
        Decoded GeoJSON geometries; None where there is none.

    Returns
    -------
    ndarray of shapely geometries
        2D; None where there is none.

    Raises
    ------
    ValueError
        When coordinates are no finite numbers, or the kind is none of GeoJSON's.
    """
    shapes = np.full(len(geometries), None, dtype=object)
    by_kind: dict[str, list[int]] = {}
    for i, geometry in enumerate(geometries):
        if geometry is not None:
            by_kind.setdefault(geometry["type"], []).append(i)
    for kind, rows in by_kind.items():
        if kind in _DEPTH:
            shapes[rows] = _build([geometries[i]["coordinates"] for i in rows], kind)
        elif kind == "GeometryCollection":
            written = [json.dumps(geometries[i]) for i in rows]
            shapes[rows] = shapely.force_2d(shapely.from_geojson(written))
        else:
            message = f"vorm {str(kind)[:40]!r}"
            raise ValueError(message)
    return shapes


def _build(nested: list[Any], kind: str) -> NDArray[np.object_]:
    """Flatten nested coordinates to one array with offsets, which GEOS takes whole."""
    if kind == "Point":
        points = np.full(len(nested), shapely.Point(), dtype=object)
        # An empty point is [] in GeoJSON.
        rows = [i for i, p in enumerate(nested) if p]
        if rows:
            xy = np.array([nested[i][:2] for i in rows], dtype=float)
            if not np.isfinite(xy).all():
                raise ValueError("coördinaat")
            points[rows] = shapely.points(xy)
        return points
    offsets = []
    level = nested
    for _ in range(_DEPTH[kind]):
        offsets.append(np.cumsum([0, *map(len, level)]))
        level = list(chain.from_iterable(level))
    sizes = set(map(len, level))
    if sizes <= {2}:
        flat = np.fromiter(chain.from_iterable(level), dtype=float, count=2 * len(level))
    elif min(sizes) >= 2:
        # Heights and measures are left out: everything here is flat.
        flat = np.fromiter((v for p in level for v in (p[0], p[1])), dtype=float)
    else:
        raise ValueError("coördinaat")
    if not np.isfinite(flat).all():
        raise ValueError("coördinaat")
    built: NDArray[np.object_] = shapely.from_ragged_array(
        _KIND[kind], flat.reshape(-1, 2), tuple(reversed(offsets))
    )
    return built
