"""The doors to RD New: everything inside is EPSG:28992, in metres.

A wrong reference system does not fail by itself: degrees labelled as metres put Haarlem in the
North Sea, and every site there is far from any Natura 2000 area, so "free". Hence each door checks
whether the coordinates can be what their label says.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError

from woongeo.errors import ImplausibleCrsError, InputError, MissingCrsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: RD New, the reference system of everything inside woongeo.
RD = pyproj.CRS.from_epsg(28992)

# Where Dutch data can lie, the continental shelf included (Natura 2000 reaches y = 853 km).
_RD_WINDOW = (-120_000.0, 250_000.0, 420_000.0, 960_000.0)
# Where its land lies.
_LAND_WINDOW = (0.0, 300_000.0, 280_000.0, 625_000.0)
_DEGREES_WINDOW = (1.5, 50.0, 9.0, 56.5)


@dataclass(frozen=True)
class Conversion:
    """How coordinates came to RD New."""

    source: str
    operation: str
    accuracy_m: float | None


def is_rd(crs: pyproj.CRS) -> bool:
    """Tell whether a reference system is RD New, with or without heights.

    Parameters
    ----------
    crs : pyproj.CRS
        Any reference system; EPSG:7415 (RD New + NAP) and labels of ESRI's are recognised.

    Returns
    -------
    bool
        True for RD New.

    Examples
    --------
    >>> is_rd(pyproj.CRS.from_epsg(7415)), is_rd(pyproj.CRS.from_epsg(28991))
    (True, False)
    """
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None:
        crs = crs.source_crs
    return crs == RD or crs.to_epsg(min_confidence=70) == RD.to_epsg()


def as_crs(value: object, *, what: str) -> pyproj.CRS:
    """Read a reference system as a user writes it.

    Parameters
    ----------
    value : object
        What pyproj understands: "EPSG:28992", 28992, WKT, a `pyproj.CRS`.
    what : str
        Whose reference system it is, for the message.

    Returns
    -------
    pyproj.CRS
        The reference system.

    Raises
    ------
    InputError
        When pyproj does not know it.
    """
    try:
        return pyproj.CRS.from_user_input(value)
    except CRSError as error:
        raise InputError(
            f"{what}: coördinatenstelsel {value!r} is onbekend; geef bijvoorbeeld 'EPSG:28992'."
        ) from error


def _share_inside(bounds: NDArray[np.float64], window: tuple[float, ...]) -> float:
    """Share of the boxes that lie in a window."""
    west, south, east, north = window
    inside = (
        (bounds[:, 0] >= west)
        & (bounds[:, 1] >= south)
        & (bounds[:, 2] <= east)
        & (bounds[:, 3] <= north)
    )
    return float(inside.mean())


def _guess(bounds: NDArray[np.float64]) -> str:
    """Say what coordinates look like, whatever their label."""
    swapped = bounds[:, [1, 0, 3, 2]]
    if _share_inside(bounds, _DEGREES_WINDOW) >= 0.5:
        return "graden"
    if _share_inside(swapped, _DEGREES_WINDOW) >= 0.5:
        return "graden omgewisseld"
    if _share_inside(bounds, _RD_WINDOW) >= 0.5:
        return "RD"
    if _share_inside(swapped, _RD_WINDOW) >= 0.5:
        return "RD omgewisseld"
    return "onbekend"


_ADVICE = {
    "graden": "De getallen lijken graden (lengte, breedte): geef crs='EPSG:4326' op.",
    "graden omgewisseld": (
        "De getallen lijken graden met breedte en lengte omgewisseld: lever eerst x = lengte "
        "(3 tot 8) en y = breedte (50 tot 54)."
    ),
    "RD": "De getallen lijken RD-meters: geef crs='EPSG:28992' op.",
    "RD omgewisseld": (
        "De getallen lijken RD-meters met x en y omgewisseld: lever eerst x (0 tot 280.000) "
        "en dan y (300.000 tot 625.000)."
    ),
    "onbekend": (
        "De getallen liggen in geen bekend stelsel in Nederland: controleer de bron en geef het "
        "juiste stelsel op met crs=."
    ),
}


def near_netherlands(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which shapes come where Dutch data can lie, the continental shelf included.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        RD New, metres.

    Returns
    -------
    ndarray of bool
        False for what lies wholly elsewhere, and for missing and empty shapes.
    """
    west, south, east, north = _RD_WINDOW
    b = shapely.bounds(geometry)
    near = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    return np.asarray(near, dtype=bool)


def to_rd(
    geometry: NDArray[np.object_], crs: object, *, what: str
) -> tuple[NDArray[np.object_], Conversion]:
    """Bring shapes to RD New, after a check that their label can be right.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Shapes in `crs`, x (or longitude) first; missing ones stay missing.
    crs : object
        Their reference system as pyproj understands it, or None where none is stated.
    what : str
        Whose shapes they are, for the message.

    Returns
    -------
    geometry : ndarray of shapely geometries
        The shapes in RD New (EPSG:28992), metres; the same array when they were.
    conversion : Conversion
        The operation and its accuracy. PROJ's grid for RDNAPTRANS is not needed: without it WGS 84
        comes to RD New within about a metre and ETRS89 within 0.25 m, and the accuracy says so.

    Raises
    ------
    MissingCrsError
        When `crs` is None.
    ImplausibleCrsError
        When most shapes do not lie in or near the Netherlands in their stated reference system.

    Examples
    --------
    >>> import shapely
    >>> haarlem = shapely.box(4.60, 52.35, 4.65, 52.40)
    >>> to_rd(np.array([haarlem]), "EPSG:28992", what="plannen.gpkg")
    Traceback (most recent call last):
    ...
    woongeo.errors.ImplausibleCrsError: plannen.gpkg: de coördinaten passen niet bij EPSG:28992. \
De getallen lijken graden (lengte, breedte): geef crs='EPSG:4326' op.
    """
    bounds = shapely.bounds(geometry)
    finite = np.isfinite(bounds).all(axis=1)
    bounds = bounds[finite]
    guess = _guess(bounds) if len(bounds) else "onbekend"
    if crs is None:
        advice = _ADVICE[guess]
        raise MissingCrsError(f"{what}: er is geen coördinatenstelsel vermeld. {advice}")
    stated = as_crs(crs, what=what)
    name = stated.to_string() if len(stated.to_string()) < 40 else stated.name
    if is_rd(stated):
        if len(bounds) and guess != "RD":
            raise ImplausibleCrsError(
                f"{what}: de coördinaten passen niet bij {name}. {_ADVICE[guess]}"
            )
        return geometry, Conversion(name, "geen omrekening", 0.0)
    wrong_label = stated.is_geographic and len(bounds) and guess != "graden"
    if wrong_label or (not stated.is_geographic and guess in {"graden", "graden omgewisseld"}):
        raise ImplausibleCrsError(
            f"{what}: de coördinaten passen niet bij {name}. {_ADVICE[guess]}"
        )
    converted, conversion = _convert(geometry, stated, name, what)
    if not len(bounds):
        return converted, conversion
    after = shapely.bounds(converted)[finite]
    # RD Old lies 155 by 463 km off: what is really RD New would come out in the North Sea.
    left_land = _share_inside(bounds, _LAND_WINDOW) >= 0.5 > _share_inside(after, _LAND_WINDOW)
    if left_land or _share_inside(after, _RD_WINDOW) < 0.5:
        raise ImplausibleCrsError(
            f"{what}: in {name} liggen de meeste vlakken niet in Nederland. {_ADVICE[guess]}"
        )
    return converted, conversion


def _moved(
    transformer: pyproj.Transformer, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move points; of a single one pyproj would make a number, and older numpy warns of that."""
    if not len(x):
        return x, y
    if len(x) == 1:
        x, y = transformer.transform(np.repeat(x, 2), np.repeat(y, 2))
        return x[:1], y[:1]
    moved: tuple[NDArray[np.float64], NDArray[np.float64]] = transformer.transform(x, y)
    return moved


def _convert(
    geometry: NDArray[np.object_], stated: pyproj.CRS, name: str, what: str
) -> tuple[NDArray[np.object_], Conversion]:
    """Convert to RD New with PROJ's best operation."""
    if (shapely.is_missing(geometry) | shapely.is_empty(geometry)).all():
        return geometry, Conversion(name, "niets om te rekenen", 0.0)
    try:
        # A "ballpark" operation leaves out the change of datum, and is a hundred metres off.
        transformer = pyproj.Transformer.from_crs(stated, RD, always_xy=True, allow_ballpark=False)

        def move(*xy_and_height: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
            x, y, *height = xy_and_height
            return (*_moved(transformer, x, y), *height)

        converted = shapely.transform(geometry, move, include_z=None, interleaved=False)
        # The transformer settles on an operation only when it is used.
        used = transformer.get_last_used_operation()
    except ProjError as error:
        raise ImplausibleCrsError(
            f"{what}: kan niet van {name} nauwkeurig naar RD New worden omgerekend ({error}); "
            "lever het bestand in EPSG:28992."
        ) from error
    accuracy = used.accuracy if used.accuracy >= 0 else None
    if accuracy is None and stated.geodetic_crs is not None:
        # PROJ 9.8 states none for a mere map projection (9.5 did), which is exact.
        mere = stated.geodetic_crs.equals(RD.geodetic_crs, ignore_axis_order=True)
        accuracy = 0.0 if mere else None
    return converted, Conversion(name, used.description, accuracy)


def to_degrees(
    x: NDArray[np.float64], y: NDArray[np.float64], *, decimals: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convert RD New to longitude and latitude, for display.

    Parameters
    ----------
    x, y : ndarray of float
        RD New, metres.
    decimals : int
        Of a degree; 7 is a centimetre.

    Returns
    -------
    lon, lat : ndarray of float
        ETRS89, which is WGS 84 to within a metre.
    """
    transformer = pyproj.Transformer.from_crs(RD, "EPSG:4258", always_xy=True)
    lon, lat = _moved(transformer, x, y)
    return np.round(lon, decimals), np.round(lat, decimals)


def to_web_mercator(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert RD New to web mercator (EPSG:3857), for maps in a browser.

    Parameters
    ----------
    x, y : ndarray of float
        RD New, metres.

    Returns
    -------
    ndarray of float, shape (n, 2)
        Web mercator, metres.
    """
    degrees, mercator = _to_degrees_and_on()
    lon, lat = degrees.transform(x, y, direction=TransformDirection.FORWARD)
    return np.column_stack(mercator.transform(lon, lat))


@functools.cache
def _to_degrees_and_on() -> tuple[pyproj.Transformer, pyproj.Transformer]:
    """Give the two steps to web mercator; each thread that uses them looks them up once."""
    # ETRS89 and WGS 84 differ by less than a metre in Europe; PDOK's tiles treat them as one.
    return (
        pyproj.Transformer.from_crs(RD, "EPSG:4258", always_xy=True),
        pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True),
    )
