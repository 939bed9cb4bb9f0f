"""Esri JSON to GeoJSON's nesting, so that one decoder builds all shapes.

GeoJSON of an ArcGIS server is in degrees by its standard; Esri JSON says in which reference system
it is, and is in the one that was asked:
https://developers.arcgis.com/rest/services-reference/enterprise/geometry-objects/
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Ring = list[list[float]]

#: What an Esri layer holds, in GeoJSON's words.
KINDS = {
    "esriGeometryPoint": "Point",
    "esriGeometryMultipoint": "MultiPoint",
    "esriGeometryPolyline": "MultiLineString",
    "esriGeometryPolygon": "MultiPolygon",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def as_feature(given: Mapping[str, Any], id_field: str, dates: Iterable[str]) -> dict[str, Any]:
    """Turn one Esri feature into one of GeoJSON.

    Parameters
    ----------
    given : Mapping
        Decoded Esri JSON.
    id_field : str
        The attribute that holds the object id.
    dates : iterable of str
        Attributes that hold milliseconds since 1970.

    Returns
    -------
    dict
        Its ``id`` is a whole number.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError, OverflowError
        When it is no such feature.
    """
    attributes = given["attributes"]
    number = attributes[id_field]
    if type(number) is not int:
        message = f"{id_field} {number!r}"
        raise TypeError(message)
    return {
        "id": number,
        "properties": _with_text_dates(attributes, dates),
        "geometry": as_geojson(given.get("geometry")),
    }


def as_geojson(shape: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Turn one Esri shape into GeoJSON.

    Parameters
    ----------
    shape : Mapping or None
        Decoded Esri JSON.

    Returns
    -------
    dict or None
        GeoJSON; None where there is no shape, or an empty one.

    Raises
    ------
    ValueError
        When it is of a kind that is not read, such as true curves.

    Examples
    --------
    >>> as_geojson({"x": 120000.0, "y": 480000.0})
    {'type': 'Point', 'coordinates': [120000.0, 480000.0]}
    >>> as_geojson({"x": "NaN"}) is None
    True
    """
    if not shape:
        return None
    if "rings" in shape:
        return _polygon(shape["rings"])
    if "x" in shape:
        # An empty point has x = "NaN" or null.
        if shape["x"] in {"NaN", None}:
            return None
        return {"type": "Point", "coordinates": [shape["x"], shape["y"]]}
    if "paths" in shape:
        paths = [path for path in shape["paths"] if path]
        return {"type": "MultiLineString", "coordinates": paths} if paths else None
    if "points" in shape:
        points = shape["points"]
        return {"type": "MultiPoint", "coordinates": points} if points else None
    message = f"vorm met {', '.join(sorted(map(str, shape)))[:80]}"
    raise ValueError(message)


def _with_text_dates(
    attributes: Mapping[str, Any], dates: Iterable[str]
) -> dict[str, str | int | float | bool | None]:
    """Write dates as the other doors give them: text, in UTC."""
    found = dict(attributes)
    for name in dates:
        value = found.get(name)
        if isinstance(value, int | float):
            # Added to the epoch: fromtimestamp() refuses years before 1970 on Windows.
            moment = _EPOCH + dt.timedelta(milliseconds=value)
            found[name] = moment.isoformat().replace("+00:00", "Z")
    return found


def _polygon(rings: Sequence[Ring]) -> dict[str, Any] | None:
    """Put rings in polygons: clockwise ones are outlines, the others holes in one of them."""
    # Two positions and their return enclose nothing; servers leave them behind when they simplify.
    rings = [ring for ring in rings if len(ring) >= 4]
    if not rings:
        return None
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": [rings[0]]}
    flat = [np.array([position[:2] for position in ring], dtype=float) for ring in rings]
    areas = np.array([_signed_area(xy) for xy in flat])
    parts = _assembled(rings, flat, areas)
    if parts is None:
        # A hole in nothing: some servers write rings the other way around. In a shape that does not
        # cross itself, how often a ring is enclosed tells the same.
        areas = _by_nesting(flat, areas)
        parts = _assembled(rings, flat, areas) or []
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _assembled(
    rings: Sequence[Ring], flat: Sequence[NDArray[np.float64]], areas: NDArray[np.float64]
) -> list[list[Ring]] | None:
    """Put each hole in the smallest outline around it; None when one lies in none."""
    outlines = [i for i, area in enumerate(areas) if area < 0]
    polygons = {i: [rings[i]] for i in outlines}
    for i in np.flatnonzero(areas >= 0).tolist():
        around = [j for j in outlines if abs(areas[j]) >= areas[i] and _inside(flat[i], flat[j])]
        if not around:
            return None
        polygons[min(around, key=lambda j: abs(areas[j]))].append(rings[i])
    return list(polygons.values())


def _signed_area(xy: NDArray[np.float64]) -> float:
    """Give the area of a ring, negative when it runs clockwise."""
    # From its first position: RD's large numbers would eat the decimals.
    x, y = (xy - xy[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def _inside(inner: NDArray[np.float64], outer: NDArray[np.float64]) -> bool:
    """Tell whether a ring lies in another, which it may touch."""
    # By positions: a ring that crosses itself makes no valid polygon, but has an inside. Positions
    # on the outline itself fall either way by rounding, so half of them suffices.
    polygon = shapely.Polygon(outer)
    return bool(np.mean(shapely.intersects_xy(polygon, inner[:, 0], inner[:, 1])) > 0.5)


def _by_nesting(
    flat: Sequence[NDArray[np.float64]], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give rings their direction by how many others they lie in."""
    signed = np.abs(areas)
    for i, ring in enumerate(flat):
        around = sum(
            abs(signed[j]) > abs(signed[i]) and _inside(ring, other)
            for j, other in enumerate(flat)
            if j != i
        )
        if around % 2 == 0:
            signed[i] = -signed[i]
    return signed
