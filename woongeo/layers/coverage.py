"""Coverages: the area in which the absence of a layer means something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.errors import LayerError
from woongeo.geometry import clean, voice_repairs
from woongeo.layers.model import Coverage
from woongeo.netherlands import outline
from woongeo.sources import read_vector

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

#: Words that can be given as a coverage instead of a file.
NATIONWIDE = "nederland"
OWN_AREAS = "eigen gebieden"


def read_coverage(source: str | Path | gpd.GeoDataFrame, *, crs: object = None) -> Coverage:
    """Read the area in which the absence of a layer means something.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        A vector file or frame of surfaces; or the word "nederland".
    crs : optional
        As for `read_layer`.

    Returns
    -------
    Coverage
        In RD New (EPSG:28992).

    Raises
    ------
    LayerError
        When a shape in it cannot be measured: a hole in what is known must not go unseen.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    """
    if isinstance(source, str) and source.strip().lower() == NATIONWIDE:
        shape = np.array([outline()], dtype=object)
        return Coverage(shape, "landelijk (ruwe omtrek van Nederland)", nationwide=True)
    frame, origin = read_vector(source, crs=crs)
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=True)
    if not cleaned.usable.all() or not len(frame):
        problem = next(iter(cleaned.problem[~cleaned.usable]), "geen gebieden")
        raise LayerError(f"{origin.path}: deze dekking heeft onbruikbare gebieden ({problem}).")
    voice_repairs(cleaned, origin.path, stacklevel=2)
    return Coverage(cleaned.geometry, f"gebieden uit {origin.path}", source=origin)


def settle(
    given: str | Path | gpd.GeoDataFrame | Coverage | None, features: gpd.GeoDataFrame
) -> Coverage:
    """Settle the coverage of a layer.

    Parameters
    ----------
    given : str, Path, GeoDataFrame or Coverage, optional
        As for `read_layer`, or what the catalogue says.
    features : GeoDataFrame
        Of the layer.

    Returns
    -------
    Coverage
        Without a geometry where nothing was given.
    """
    if isinstance(given, Coverage):
        return given
    if given is None:
        return Coverage(None, "niet opgegeven: afwezigheid van de laag zegt niets")
    if isinstance(given, str) and given.strip().lower() == OWN_AREAS:
        shapes = features.geometry.to_numpy()
        surfaces = shapes[shapely.get_dimensions(shapes) == 2]
        return Coverage(surfaces, "alleen de eigen gebieden van de laag")
    return read_coverage(given)
