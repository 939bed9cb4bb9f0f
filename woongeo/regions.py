"""Regions: gemeenten, woondealregio's, provincies, over which homes are divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.columns import as_text
from woongeo.encode import html_text, whole_text
from woongeo.engine import dissolve
from woongeo.errors import ColumnError, RegionError
from woongeo.geometry import clean, voice_repairs
from woongeo.numerals import counted
from woongeo.sources import Source, read_vector

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class Regions:
    """One division of the country.

    Attributes
    ----------
    level : str
        What the regions are: "gemeente", "woondealregio", "provincie".
    frame : GeoDataFrame
        RD New (EPSG:28992): `gebied` (unique, sorted) and `geometry`, one row a region.
    source : Source
        Where they came from.
    """

    level: str
    frame: gpd.GeoDataFrame
    source: Source

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        path = html_text(self.source.path)
        return (
            f"<p>{counted(len(self), 'gebied', 'gebieden')} ({html_text(self.level)}) uit "
            f"{path}.</p>"
        )


def read_regions(
    level: str,
    source: str | Path | gpd.GeoDataFrame,
    *,
    name_column: str,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
) -> Regions:
    """Read a division of the country.

    Parameters
    ----------
    level : str
        What the regions are, for the column `niveau`.
    source : str, Path or GeoDataFrame
        A vector file or frame of surfaces.
    name_column : str
        The column with the name (or code) of the region; rows of one name are one region.
    layer, crs, encoding : optional
        As for `read_locations`.

    Returns
    -------
    Regions
        In RD New (EPSG:28992).

    Raises
    ------
    ColumnError
        When the column does not exist.
    RegionError
        When a region has no name or a shape that cannot be measured.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    """
    frame, origin = read_vector(source, layer=layer, crs=crs, encoding=encoding)
    attributes = [c for c in frame.columns if c != "geometry"]
    if name_column not in attributes:
        there = ", ".join(attributes)
        raise ColumnError(f"{origin.path}: kolom {name_column!r} bestaat niet; wel: {there}.")
    names = as_text(frame[name_column]).to_numpy()
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=True)
    if not len(frame):
        raise RegionError(f"{origin.path}: er staan geen gebieden in dit bestand.")
    wrong = np.flatnonzero(~cleaned.usable | (names == ""))
    if len(wrong):
        row = wrong[0]
        reason = cleaned.problem[row] or "geen naam"
        raise RegionError(
            f"{origin.path}: niet elk gebied heeft een naam en een vlak "
            f"(rij {row + 1}, {names[row]!r}: {reason})."
        )
    voice_repairs(cleaned, origin.path, stacklevel=2)
    unique, region = np.unique(names.astype(str), return_inverse=True)
    _, shapes = dissolve(region, cleaned.geometry)
    columns = {"gebied": pd.Series(unique, dtype=object)}
    regions = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:28992")
    return Regions(whole_text(level), regions, origin)
