"""A Parquet file that grows portion by portion, whose columns do not depend on the portions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from woongeo.crs import RD
from woongeo.errors import ColumnError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class GrowingTable:
    """A Parquet file that grows; its columns are those of the first portion."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, frame: pd.DataFrame, types: Mapping[str, pa.DataType]) -> None:
        """Add rows.

        Parameters
        ----------
        frame : DataFrame or GeoDataFrame
            The rows; shapes in RD New (EPSG:28992).
        types : Mapping
            Column to its type, where it is known; others are told by their values, and are text
            where there are none.
        """
        table = _as_arrow(frame, types)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)


def put_beside(path: Path, other: Path, columns: Sequence[str]) -> None:
    """Put columns of another file into a file that grew with it.

    Parameters
    ----------
    path : Path
        From `GrowingTable`; it is replaced.
    other : Path
        One with as many rows in each portion.
    columns : sequence of str
        The columns that are wanted of both, in order.
    """
    draft = path.with_suffix(".nieuw")
    with pq.ParquetFile(path) as one, pq.ParquetFile(other) as two:
        fields = {field.name: field for file in (two, one) for field in file.schema_arrow}
        schema = pa.schema([fields[name] for name in columns], one.schema_arrow.metadata)
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for i in range(one.num_row_groups):
                parts = [file.read_row_group(i) for file in (two, one)]
                there = {name: part[name] for part in parts for name in part.column_names}
                writer.write_table(pa.table([there[name] for name in columns], schema=schema))
    draft.replace(path)


def _as_arrow(frame: pd.DataFrame, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Turn a frame into a table whose columns have a type even where they are empty."""
    columns, meta = {}, {}
    for name in frame.columns:
        if name == "geometry" and isinstance(frame, gpd.GeoDataFrame):
            shapes = frame.geometry.to_numpy()
            columns[name] = pa.array(shapely.to_wkb(shapes), type=pa.binary())
            column = {"encoding": "WKB", "geometry_types": [], "crs": RD.to_json_dict()}
            geo = {"version": "1.1.0", "primary_column": name, "columns": {name: column}}
            meta[b"geo"] = json.dumps(geo).encode()
        elif name in types:
            columns[name] = _of_type(frame[name], types[name])
        else:
            columns[name] = _told_by_values(frame[name])
    return pa.table(columns).replace_schema_metadata(meta)


def _of_type(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """Write a column of which the type is known."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    try:
        array = pa.array(values, type=kind, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ColumnError(
            f"kolom {values.name!r}: het bestand zegt dat hierin {kind} staat, en er staat iets "
            f"anders in ({error}); lever het bestand opnieuw of laat de kolom weg."
        ) from error
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _told_by_values(values: pd.Series) -> pa.Array:
    """Write a column of which only the values are known."""
    array = pa.array(values, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    as_text = pa.types.is_null(array.type) or pa.types.is_large_string(array.type)
    return array.cast(pa.string()) if as_text else array
