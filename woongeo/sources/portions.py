"""Reading a file in portions: one of a million rows is never held whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from woongeo.crs import to_rd
from woongeo.sources.fields import BY_GDAL, as_stated, fields_of
from woongeo.sources.place import find, no_leak
from woongeo.sources.readers import one_layer
from woongeo.sources.source import fingerprints, read_vector, source_of, with_geometry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from woongeo.sources.place import Place
    from woongeo.sources.source import Source


def read_portions(
    given: str | Path, *, rows: int, layer: str | None = None, crs: object = None
) -> Iterator[tuple[gpd.GeoDataFrame, Source]]:
    """Read a vector file some rows at a time.

    Parameters
    ----------
    given : str or Path
        As for `read_vector`. GeoParquet, GeoPackage, FlatGeobuf and File Geodatabase are never
        held whole; other kinds are.
    rows : int
        How many rows at a time.
    layer, crs : optional
        As for `read_vector`.

    Yields
    ------
    frame : GeoDataFrame
        As of `read_vector`, in the order of the file; but whole numbers of which some are missing
        are no broken ones, moments are as `column_types` says, and so is whatever rows are read.
    source : Source
        Of the whole file; `features` counts the rows of this portion.

    Raises
    ------
    FileError, ColumnError, CrsError
        As `read_vector`.
    """
    place = find(given, layer)
    if place.kind == "GeoParquet":
        portions = _of_parquet(place, rows)
    elif place.kind in BY_GDAL:
        portions = _of_gdal(place, rows)
    else:
        whole, source = read_vector(given, layer=layer, crs=crs)
        for start in range(0, len(whole), rows):
            part = whole.iloc[start : start + rows].reset_index(drop=True)
            yield part, source.with_rows(len(part), "in delen gelezen")
        return
    parts = fingerprints(place)
    for frame, stated, name in portions:
        system = stated if crs is None else crs
        shapes, conversion = to_rd(frame.geometry.to_numpy(), system, what=place.given)
        found = source_of(place, parts, name, len(frame), conversion, ["in delen gelezen"])
        yield with_geometry(frame, shapes, place.given), found


def _of_parquet(place: Place, rows: int) -> Iterator[tuple[gpd.GeoDataFrame, Any, str]]:
    """Read GeoParquet batch by batch."""
    with no_leak(place.given):
        file = pq.ParquetFile(place.path, memory_map=True)
    with file:
        with no_leak(place.given):
            meta = json.loads((file.schema_arrow.metadata or {})[b"geo"])
            name = meta["primary_column"]
            column = meta["columns"][name]
            stated = column.get("crs", "OGC:CRS84")
            system = None if stated is None else pyproj.CRS.from_user_input(stated)
            boxes = {path[0] for path in column.get("covering", {}).get("bbox", {}).values()}
            read = [n for n in file.schema_arrow.names if n not in boxes]
        batches = file.iter_batches(rows, columns=read, use_threads=False)
        while True:
            with no_leak(place.given):
                batch = next(batches, None)
                if batch is None:
                    return
                wkb = batch.column(batch.schema.names.index(name))
                shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
                rest = batch.select([n for n in read if n != name])
                table = rest.to_pandas(integer_object_nulls=True)
                frame = gpd.GeoDataFrame(table, geometry=shapes)
            yield frame, system, ""


def _of_gdal(place: Place, rows: int) -> Iterator[tuple[gpd.GeoDataFrame, Any, str]]:
    """Read with GDAL, portion by portion."""
    with no_leak(place.given):
        name = one_layer(place)
        fields = fields_of(place, name)
    start = 0
    while True:
        with no_leak(place.given):
            frame = pyogrio.read_dataframe(
                place.gdal_path,
                layer=name,
                skip_features=start,
                max_features=rows,
                on_invalid="warn",
                datetime_as_string=True,
            )
            as_stated(frame, fields, place, name, start)
        if not len(frame):
            return
        start += len(frame)
        yield frame, frame.crs, name
