"""Where to search: the places that a user gives, in RD New."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from woongeo.crs import to_rd
from woongeo.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.pdok._boxes import Box


# Where PROJ does not tell how far a conversion may be off.
_DOUBT_M = 10.0


def rounded(box: Box) -> Box:
    """Round a box outwards to decimetres, as it is asked.

    Parameters
    ----------
    box : Box
        West, south, east, north, metres.

    Returns
    -------
    Box
        The same or a little larger.
    """
    low = np.floor(np.array(box[:2]) * 10) / 10
    high = np.ceil(np.array(box[2:]) * 10) / 10
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def shapes_in_rd(around: object) -> tuple[NDArray[np.object_], float]:
    """Take shapes of any of the accepted kinds to RD New.

    Parameters
    ----------
    around : object
        A frame, a series, a geometry or geometries in RD New.

    Returns
    -------
    shapes : ndarray of shapely geometries
        RD New (EPSG:28992), metres.
    doubt_m : float
        How far they may be off after conversion, metres.

    Raises
    ------
    InputError
        When it is none of these, or cannot lie in the Netherlands.
    """
    crs: object = "EPSG:28992"
    if isinstance(around, gpd.GeoDataFrame | gpd.GeoSeries):
        crs = around.crs
        around = around.geometry.to_numpy()
    elif isinstance(around, shapely.Geometry):
        around = [around]
    if not isinstance(around, Iterable):
        raise InputError("around: geef een GeoDataFrame, GeoSeries of vormen in RD.")
    given = list(around)
    if not all(shape is None or isinstance(shape, shapely.Geometry) for shape in given):
        raise InputError("around: geef een GeoDataFrame, GeoSeries of vormen in RD.")
    shapes = np.full(len(given), None, dtype=object)
    shapes[:] = given
    converted, conversion = to_rd(shapes, crs, what="around")
    return converted, _DOUBT_M if conversion.accuracy_m is None else conversion.accuracy_m
