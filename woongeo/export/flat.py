"""Locations as GeoParquet, for other programs, and as GeoJSON, for display."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from woongeo.crs import to_degrees
from woongeo.errors import OutputError
from woongeo.export.tables import Field, field, storable_text
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from woongeo.export.contents import Contents

#: The key in the metadata of the file under which the manifest stands.
PARQUET_KEY = b"woongeo"

# A centimetre: https://www.rfc-editor.org/rfc/rfc7946#section-11.2 asks for no more than is known.
_DEGREES = 7

_FOR_DISPLAY = (
    "Alleen om te tonen: lengte en breedte in WGS 84, afgerond op 7 decimalen. Oppervlakten, "
    "afstanden en aandelen zijn berekend in RD New (EPSG:28992); reken "
)
# What can be calculated with.
_IN_METRES = ("locaties.gpkg", "locaties.parquet")


def write_parquet(contents: Contents, path: Path) -> None:
    """Write locations as GeoParquet 1.1 in RD New, with a box a row and the manifest.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    path : Path
        The file to write.

    Raises
    ------
    OutputError
        When it cannot be made.
    """
    frame = contents.locaties
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        if name == "geometry":
            continue
        # The standard's covering takes the name bbox.
        free = _free(storable_text(name), {*columns, "bbox", "geometry"})
        columns[free] = _series(field(frame[name]))
    table = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs="EPSG:28992")
    memory = io.BytesIO()
    try:
        table.to_parquet(memory, index=False, schema_version="1.1.0", write_covering_bbox=True)
        memory.seek(0)
        made = pq.read_table(memory)
        told = json.dumps(contents.facts, ensure_ascii=True).encode()
        made = made.replace_schema_metadata({**(made.schema.metadata or {}), PARQUET_KEY: told})
        memory = io.BytesIO()
        pq.write_table(made, memory, compression="zstd")
    except pa.ArrowException as error:
        raise OutputError(
            f"{path.name}: kan niet worden gemaakt ({error}). Er is niets gewijzigd."
        ) from error
    path.write_bytes(memory.getvalue())


def _series(column: Field) -> pd.Series:
    """Keep the type of a column beside empty cells; pandas would make floats of whole numbers."""
    if column.utc:
        return pd.Series(column.data).dt.tz_localize("UTC")
    if column.data.dtype.kind == "M":
        # Days of the calendar become dates, not moments.
        values = pd.Series(column.values(), dtype=object)
        return values if column.data.dtype == "datetime64[D]" else pd.Series(column.data)
    kind = {"b": "boolean", "i": "Int64"}.get(column.data.dtype.kind)
    if kind is not None:
        return pd.Series(column.values(), dtype=kind)
    return pd.Series(column.values(), dtype=column.data.dtype)


def _free(name: str, taken: set[str]) -> str:
    """Find a name that no column has."""
    while name in taken:
        name += "_invoer"
    return name


def write_geojson(contents: Contents, path: Path, *, beside: Collection[str] = ()) -> None:
    """Write locations as GeoJSON by RFC 7946: longitude and latitude, shells anticlockwise.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    path : Path
        The file to write. Its member ``woongeo`` holds the manifest.
    beside : collection of str
        Names of the files that are made with it: it names those that can be calculated with.
    """
    metric = [name for name in _IN_METRES if name in beside]
    advice = f"met {' of '.join(metric)}." if metric else "niet met dit bestand."
    frame = contents.locaties
    names = [storable_text(c) for c in frame.columns if c != "geometry"]
    columns = [_plain(field(frame[c]).values()) for c in frame.columns if c != "geometry"]
    shapes = _as_json(frame.geometry.to_numpy())
    ids = frame["locatie_id"].map(storable_text)
    head = {
        "type": "FeatureCollection",
        "let_op": SCREENING,
        "toelichting": _FOR_DISPLAY + advice,
        "woongeo": contents.facts,
    }
    write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    told = write(head)[:-1].encode("utf-8", "backslashreplace")
    rows = zip(*columns, strict=True) if columns else iter([()] * len(frame))
    features = ",\n".join(
        f'{{"type":"Feature","id":{write(identity)},"geometry":{shape},'
        f'"properties":{write(dict(zip(names, row, strict=True)))}}}'
        for identity, shape, row in zip(ids, shapes, rows, strict=True)
    )
    path.write_bytes(told + b',\n"features":[\n' + features.encode() + b"\n]}\n")


def _plain(values: list[Any]) -> list[Any]:
    """Write what JSON has no word for as text: days, and columns in which a number is infinite."""
    if any(isinstance(v, float) and not math.isfinite(v) for v in values):
        return [None if v is None else str(v) for v in values]
    if any(isinstance(v, dt.date) for v in values):
        return [None if v is None else v.isoformat() for v in values]
    return values


def _as_json(shapes: NDArray[np.object_]) -> list[str]:
    """Write shapes in RD New as geometries of RFC 7946; null where there is none."""
    degrees = shapely.transform(
        shapely.force_2d(shapes),
        lambda x, y: to_degrees(x, y, decimals=_DEGREES),
        interleaved=False,
    )
    turned = shapely.orient_polygons(degrees)
    texts = shapely.to_geojson(turned)
    gone = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return ["null" if missing else str(text) for text, missing in zip(texts, gone, strict=True)]
