"""Shapes made fit to measure, with every repair on record.

A bow-tie has area 0, parts that overlap count their ground twice, a hole drawn outside its shell
becomes land, and one coordinate that is not a number makes GEOS refuse a whole frame. So each shape
is looked at by itself, what can be mended is mended by GEOS's ``make_valid(method="structure")``,
the change of area is reported, and what cannot be mended is set apart: never dropped.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

from woongeo.errors import RepairedGeometryWarning
from woongeo.numerals import counted, dutch
from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POLYGONAL = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)

# No reference system of the earth has coordinates as large as this.
_TOO_LARGE = 1e9

# From how many shapes on it pays to look at them side by side: one alone may have 100,000 corners.
_SEVERAL = 8


def valid(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which shapes are valid: on all cores, where the main thread asks.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        May be None.

    Returns
    -------
    ndarray of bool
        In the order of the input; False for None.
    """

    def look(rows: slice) -> NDArray[np.bool_]:
        return np.asarray(shapely.is_valid(geometry[rows]))

    if threading.current_thread() is not threading.main_thread():
        return look(slice(None))
    # Each that looks silences warnings, and puts back what was there before it, in any order: so
    # what is there meanwhile must be silence too, and is itself put back here (see `threads`).
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.concatenate(side_by_side(look, parts_of(len(geometry), few=_SEVERAL)))


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
    reduced : ndarray of bool
        Whether lines or points beside surfaces were left out.
    """

    geometry: NDArray[np.object_]
    usable: NDArray[np.bool_]
    problem: NDArray[np.object_]
    repaired: NDArray[np.bool_]
    area_change_m2: NDArray[np.float64]
    flattened: NDArray[np.bool_]
    reduced: NDArray[np.bool_]


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
    return Cleaning(geometry, polygons_only=polygons_only).done()


class Cleaning:
    """Cleaning in two steps, between which somebody else may look which shapes can be invalid.

    Parameters
    ----------
    geometry, polygons_only
        As for `clean`.

    Attributes
    ----------
    shapes : ndarray of shapely geometries
        2D, of finite coordinates, collections made one shape; None where there is nothing to use.
        They may be invalid.
    """

    def __init__(self, geometry: NDArray[np.object_], *, polygons_only: bool) -> None:
        shapes = np.array(geometry, dtype=object)
        problem = np.full(len(shapes), "", dtype=object)
        absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        problem[absent] = "geen vlak ingetekend"

        flattened = shapely.has_z(shapes) | shapely.has_m(shapes)
        shapes[flattened] = shapely.force_2d(shapes[flattened])

        broken = _not_finite(shapes)
        problem[broken & ~absent] = "coördinaten zijn geen getallen"
        shapes[problem != ""] = None

        self._reduced = _flatten_collections(shapes)
        if polygons_only:
            kinds = shapely.get_type_id(shapes)
            wrong = (kinds >= 0) & ~np.isin(kinds, _POLYGONAL)
            problem[wrong] = "geen vlak, maar een punt of lijn"
            shapes[wrong] = None
        self.shapes = shapes
        self._problem, self._flattened, self._polygons_only = problem, flattened, polygons_only

    def done(self, doubtful: NDArray[np.bool_] | None = None) -> Cleaned:
        """Repair what is invalid.

        Parameters
        ----------
        doubtful : ndarray of bool, optional
            Which shapes have to be looked at; all without it.

        Returns
        -------
        Cleaned
            In the order of the input, of the same length.
        """
        shapes, problem = self.shapes.copy(), self._problem.copy()
        looked_at = np.arange(len(shapes)) if doubtful is None else np.flatnonzero(doubtful)
        invalid = np.zeros(len(shapes), dtype=bool)
        invalid[looked_at] = ~valid(shapes[looked_at])
        invalid &= ~shapely.is_missing(shapes)
        before = shapely.area(shapes[invalid])
        mended = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
        gone, rows = shapely.is_empty(mended), np.flatnonzero(invalid)
        if not self._polygons_only:
            # A surface without area, or a line without length, is still something at that place.
            mended[gone] = shapely.make_valid(
                shapes[invalid][gone], method="structure", keep_collapsed=True
            )
        problem[rows[shapely.is_empty(mended)]] = "vlak heeft geen oppervlakte"
        problem[rows[~shapely.is_valid(mended)]] = "vlak kan niet worden hersteld"
        shapes[invalid] = mended
        usable = problem == ""
        shapes[~usable] = None
        repaired = invalid & usable
        change = np.zeros(len(shapes))
        change[invalid] = np.where(repaired[invalid], shapely.area(shapes[invalid]) - before, 0.0)
        return Cleaned(
            shapes,
            usable,
            problem,
            repaired,
            change,
            self._flattened & usable,
            self._reduced & usable,
        )


def _not_finite(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Find shapes with coordinates that are no numbers, or none on this earth."""
    broken = np.zeros(len(shapes), dtype=bool)
    # A length adds up all coordinates, so one that is no number shows; but not those of points.
    with np.errstate(invalid="ignore", over="ignore"):
        doubt = ~np.isfinite(shapely.length(shapes))
        doubt |= ~(np.abs(shapely.bounds(shapes).reshape(-1, 4)) < _TOO_LARGE).all(axis=1)
    kinds = shapely.get_type_id(shapes)
    doubt |= np.isin(
        kinds, (GeometryType.POINT, GeometryType.MULTIPOINT, GeometryType.GEOMETRYCOLLECTION)
    )
    rows = np.flatnonzero(doubt)
    coordinates, owner = shapely.get_coordinates(shapes[rows], return_index=True)
    broken[rows[owner[~(np.abs(coordinates) < _TOO_LARGE).all(axis=1)]]] = True
    return broken


def _flatten_collections(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Make each collection one shape, in place: its surfaces, or else its lines and points."""
    reduced = np.zeros(len(shapes), dtype=bool)
    for i in np.flatnonzero(shapely.get_type_id(shapes) == GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(shapes[i])
        while (shapely.get_type_id(parts) >= GeometryType.MULTIPOINT).any():
            parts = shapely.get_parts(parts)
        parts = parts[~shapely.is_empty(parts)]
        surface = shapely.get_type_id(parts) == GeometryType.POLYGON
        # Not united here: surfaces that overlap are repaired below, and reported.
        together = shapely.multipolygons if surface.any() else shapely.geometrycollections
        shapes[i] = together(parts[surface] if surface.any() else parts)
        reduced[i] = surface.any() and not surface.all()
    return reduced


def voice_repairs(cleaned: Cleaned, what: str, *, stacklevel: int) -> None:
    """Warn of shapes that were repaired.

    Parameters
    ----------
    cleaned : Cleaned
        From `clean`.
    what : str
        Which file, for the message.
    stacklevel : int
        Whose line the warning points at: 1 for the caller of this function.
    """
    n = int(cleaned.repaired.sum())
    if n:
        change = dutch(np.abs(cleaned.area_change_m2).sum())
        warnings.warn(
            f"{what}: {counted(n, 'vlak', 'vlakken')} hersteld (samen {change} m² verschil).",
            RepairedGeometryWarning,
            stacklevel=stacklevel + 1,
        )


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
    many_corners = shapely.get_num_coordinates(geometry) > 16
    length = shapely.length(geometry)
    with np.errstate(divide="ignore", invalid="ignore"):
        roundness = 4 * np.pi * shapely.area(geometry) / length**2
    # Holes and further parts make a shape far less round.
    candidate = np.flatnonzero(many_corners & (roundness > 0.97))
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
