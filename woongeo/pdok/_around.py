"""Where to search: the places that a user gives, in RD New."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from woongeo.crs import to_rd
from woongeo.errors import InputError
from woongeo.pdok._boxes import Box, Cost, boxes_around
from woongeo.pdok._doors import BY_BOX
from woongeo.pdok._run import MAX_FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.pdok.catalogue import Dataset


# Where PROJ does not tell how far a conversion may be off.
_DOUBT_M = 10.0


def boxes_for(entry: Dataset, around: object, reach_m: float) -> list[Box] | None:
    """Choose the boxes in which a dataset is asked, or the whole country.

    Parameters
    ----------
    entry : Dataset
        What is asked.
    around : object
        Frames, or shapes in RD New, around which it is asked; None for the whole country.
    reach_m : float
        How far around, metres.

    Returns
    -------
    list of Box or None
        RD New, metres; None for the whole country, also where that is cheaper.

    Raises
    ------
    InputError
        When a place cannot be used, or the whole country is too much.
    """
    if around is None:
        if reach_m:
            raise InputError("reach_m zegt hoe ver om de locaties: geef ook around op.")
        if entry.features > MAX_FEATURES / 2:
            raise InputError(
                f"{entry.id}: met ongeveer {entry.features} objecten is deze laag te groot om "
                "als geheel op te halen; geef around en reach_m op."
            )
        return None
    if entry.form == "laag" and not any(door.kind in BY_BOX for door in entry.doors):
        return None
    cost = Cost(entry.features, entry.bytes_per_feature)
    shapes, doubt_m = shapes_in_rd(around)
    bounds = shapely.bounds(shapes)
    if not (np.isfinite(reach_m) and reach_m >= 0):
        raise InputError(f"reach_m: {reach_m} is geen afstand van 0 of meer meter.")
    # What was brought from another system may lie elsewhere by as much as PROJ says.
    boxes, seconds = boxes_around(bounds, reach_m=reach_m + doubt_m, cost=cost)
    # What is written is rounded outwards to decimetres; what is promised is too.
    boxes = [_rounded(box) for box in boxes]
    return None if cost.of_nation() <= seconds else boxes


def _rounded(box: Box) -> Box:
    """Round a box outwards to decimetres, as it is asked."""
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
