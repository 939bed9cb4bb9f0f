"""Shapes made fit to measure, with every repair on record.

A bow-tie has area 0, a hole drawn outside its shell becomes land when repaired carelessly, and one
coordinate that is not a number makes GEOS refuse a whole frame. So each shape is looked at by
itself, what can be mended is mended by GEOS's ``make_valid(method="structure")``, the change of
area is reported, and what cannot be mended is set apart: never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POLYGONAL = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Shapes fit to measure.

    Attributes
    ----------
    geometry : ndarray of shapely geometries
        2D and valid where `usable`; elsewhere None.
    usable : ndarray of bool
        Whether the shape can be measured.
    problem : ndarray of str
        Why it cannot; empty where it can.
    repaired : ndarray of bool
        Whether `make_valid` changed it.
    area_change_m2 : ndarray of float
        Area after minus area before the repair; 0 where nothing was repaired.
    flattened : ndarray of bool
        Whether heights or measures were left out.
    """

    geometry: NDArray[np.object_]
    usable: NDArray[np.bool_]
    problem: NDArray[np.object_]
    repaired: NDArray[np.bool_]
    area_change_m2: NDArray[np.float64]
    flattened: NDArray[np.bool_]


def clean(geometry: NDArray[np.object_], *, polygons_only: bool) -> Cleaned:
    """Make shapes fit to measure.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Shapes in RD New, metres; may be None, empty, invalid, 3D or hold coordinates that are not
        numbers.
    polygons_only : bool
        Whether only surfaces can be used (locations, regions, coverage) or lines and points too
        (layers).

    Returns
    -------
    Cleaned
        In the order of the input, of the same length.

    Examples
    --------
    >>> bow_tie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    >>> cleaned = clean(np.array([bow_tie, None]), polygons_only=True)
    >>> cleaned.area_change_m2.tolist(), cleaned.problem.tolist()
    ([50.0, 0.0], ['', 'geen vlak ingetekend'])
    """
    shapes = np.array(geometry, dtype=object)
    n = len(shapes)
    problem = np.full(n, "", dtype=object)
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    problem[absent] = "geen vlak ingetekend"

    flattened = shapely.has_z(shapes) | shapely.has_m(shapes)
    shapes[flattened] = shapely.force_2d(shapes[flattened])

    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    broken = np.zeros(n, dtype=bool)
    broken[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    problem[broken & ~absent] = "coördinaten zijn geen getallen"
    shapes[problem != ""] = None

    shapes = _without_other_parts(shapes, problem, polygons_only=polygons_only)

    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    change = np.zeros(n)
    if invalid.any():
        before = shapely.area(shapes[invalid])
        mended = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
        shapes[invalid] = mended
        shapes = _without_other_parts(shapes, problem, polygons_only=polygons_only)
        after = np.nan_to_num(shapely.area(shapes[invalid]))
        change[invalid] = after - before
        collapsed = invalid & (shapely.is_missing(shapes) | shapely.is_empty(shapes))
        problem[collapsed] = "vlak heeft geen oppervlakte"
        shapes[collapsed] = None
    usable = problem == ""
    return Cleaned(shapes, usable, problem, invalid & usable, change, flattened & usable)


def _without_other_parts(
    shapes: NDArray[np.object_], problem: NDArray[np.object_], *, polygons_only: bool
) -> NDArray[np.object_]:
    """Keep the surfaces of collections; mark what is no surface where only surfaces will do."""
    kinds = shapely.get_type_id(shapes)
    for i in np.flatnonzero(kinds == GeometryType.GEOMETRYCOLLECTION):
        parts = _flat_parts(shapes[i])
        surfaces = parts[np.isin(shapely.get_type_id(parts), _POLYGONAL)]
        # A collection that holds surfaces is one shape; lines and points in it have no area.
        shapes[i] = shapely.union_all(surfaces) if len(surfaces) else shapes[i]
    if polygons_only:
        kinds = shapely.get_type_id(shapes)
        wrong = (kinds >= 0) & ~np.isin(kinds, _POLYGONAL)
        problem[wrong] = "geen vlak, maar een punt of lijn"
        shapes[wrong] = None
    return shapes


def _flat_parts(collection: shapely.Geometry) -> NDArray[np.object_]:
    """Take nested collections apart."""
    parts = np.array([collection], dtype=object)
    while (shapely.get_type_id(parts) == GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    return parts


def looks_like_circle(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Recognise a buffered point: a placeholder, not a drawn site.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Surfaces in metres.

    Returns
    -------
    ndarray of bool
        True for one ring of at least 16 corners that all lie within 1 % of the same distance from
        the centre.
    """
    whole = (
        (shapely.get_num_interior_rings(geometry) == 0)
        | (
            (shapely.get_type_id(geometry) == GeometryType.MULTIPOLYGON)
            & (shapely.get_num_geometries(geometry) == 1)
        )
    ) & (shapely.get_num_coordinates(geometry) > 16)
    length = shapely.length(geometry)
    with np.errstate(divide="ignore", invalid="ignore"):
        roundness = 4 * np.pi * shapely.area(geometry) / length**2
    candidate = np.flatnonzero(whole & (roundness > 0.97))
    circle = np.zeros(len(geometry), dtype=bool)
    if not len(candidate):
        return circle
    points, owner = shapely.get_coordinates(geometry[candidate], return_index=True)
    centres = shapely.get_coordinates(shapely.centroid(geometry[candidate]))
    radius = np.hypot(*(points - centres[owner]).T)
    starts = np.r_[0, np.flatnonzero(np.diff(owner)) + 1]
    largest, least = np.maximum.reduceat(radius, starts), np.minimum.reduceat(radius, starts)
    circle[candidate] = least >= 0.99 * largest
    return circle


def mean_width_m(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """Estimate how wide a shape is: twice its area over its outline.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Surfaces in metres.

    Returns
    -------
    ndarray of float
        Metres; near the true width for long, thin shapes.

    Examples
    --------
    >>> mean_width_m(np.array([shapely.box(0, 0, 999, 1)])).tolist()
    [0.999]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * shapely.area(geometry) / shapely.length(geometry), dtype=float)
