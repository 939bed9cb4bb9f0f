"""What the columns of a file hold, as the file itself says.

Rows that are read some at a time tell it badly: a column that is empty in the first of them could
be anything, whole numbers of which one is missing come as broken ones, and a moment has a zone or
none by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from woongeo.sources.place import find, no_leak
from woongeo.sources.readers import one_layer

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.sources.place import Place

#: Kinds that GDAL reads some rows at a time.
BY_GDAL = {"GPKG", "FlatGeobuf", "OpenFileGDB"}

# Names of types of pyogrio; of a moment they do not say whether it has a zone.
_TYPES = {
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "datetime64[D]": pa.date32(),
    "list(int32)": pa.list_(pa.int32()),
    "list(int64)": pa.list_(pa.int64()),
    "list(float64)": pa.list_(pa.float64()),
    "list(str)": pa.list_(pa.string()),
}
_WORDS = {"OFTString": pa.string(), "OFTBinary": pa.binary()}
_MOMENT = "datetime64[ms]"

# As GDAL writes the zone of a moment.
_ZONE = r"T[\d:.]+(?:Z|[+-]\d\d(?::?\d\d)?)$"
_ROWS = 100_000


def column_types(given: str | Path, *, layer: str | None = None) -> dict[str, pa.DataType]:
    """Tell what the columns of a file hold.

    Parameters
    ----------
    given : str or Path
        As for `read_portions`.
    layer : str, optional
        As for `read_vector`.

    Returns
    -------
    dict
        Column to type of Arrow. Columns of which the file does not say it are not in it: all text
        of a CSV or Excel sheet, columns of GeoParquet without a type, and moments in a file that
        is not read in portions.

    Raises
    ------
    FileError
        As `read_vector`.
    """
    place = find(given, layer)
    if place.kind == "GeoParquet":
        with no_leak(place.given):
            schema = pq.read_schema(place.path)
        types = {field.name: _plain(field.type) for field in schema}
        return {name: kind for name, kind in types.items() if not pa.types.is_null(kind)}
    if place.kind in {"CSV", "Excel"}:
        return {}
    with no_leak(place.given):
        return fields_of(place, one_layer(place))


def fields_of(place: Place, name: str) -> dict[str, pa.DataType]:
    """Tell what the fields of a layer hold that GDAL reads.

    Parameters
    ----------
    place : Place
        The file.
    name : str
        The layer.

    Returns
    -------
    dict
        Field to type of Arrow. Moments, where they are read in portions: UTC where all state their
        zone, without a zone where none does, and text as in the file where some do.
    """
    # Of an encoding that reads any byte: fields of another name are told by their values.
    info = pyogrio.read_info(place.gdal_path, layer=name, encoding="ISO-8859-1")
    found = {}
    for field, kind, word in zip(info["fields"], info["dtypes"], info["ogr_types"], strict=True):
        known = _TYPES.get(str(kind)) or (_WORDS.get(word) if str(kind) == "object" else None)
        if known is not None:
            found[str(field)] = known
    moments = [str(f) for f, k in zip(info["fields"], info["dtypes"], strict=True) if k == _MOMENT]
    if moments and place.kind in BY_GDAL:
        found |= _moments(place, name, moments)
    return found


def as_stated(
    frame: pd.DataFrame, fields: dict[str, pa.DataType], place: Place, name: str, start: int
) -> None:
    """Give columns that were read what their fields hold.

    Parameters
    ----------
    frame : DataFrame
        Some rows as pyogrio reads them, days and moments as text; it is changed.
    fields : dict
        From `fields_of`.
    place : Place
        The file.
    name : str
        The layer.
    start : int
        How many rows come before these.
    """
    there = [(field, kind) for field, kind in fields.items() if field in frame.columns]
    for field, kind in there:
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            read = pd.to_datetime(frame[field], format="ISO8601", utc=True)
            frame[field] = read.dt.as_unit("ms")
        elif pa.types.is_temporal(kind):
            texts = frame[field].astype(object).where(frame[field].notna(), "NaT")
            frame[field] = texts.to_numpy().astype(str).astype("datetime64[ms]")
    gaps = [
        field
        for field, kind in there
        if (pa.types.is_integer(kind) or pa.types.is_boolean(kind)) and frame[field].dtype == float
    ]
    if gaps:
        # Where some are missing pyogrio makes them broken numbers, which hold 53 bits.
        _, table = pyogrio.read_arrow(
            place.gdal_path,
            layer=name,
            columns=gaps,
            read_geometry=False,
            skip_features=start,
            max_features=len(frame),
        )
        for field in gaps:
            frame[field] = table[field].to_pandas(integer_object_nulls=True).to_numpy()


def _plain(kind: pa.DataType) -> pa.DataType:
    """Give the type of values that are stored in another way."""
    if isinstance(kind, pa.DictionaryType):
        return kind.value_type
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _moments(place: Place, name: str, fields: list[str]) -> dict[str, pa.DataType]:
    """Look over the moments of a layer, for whether they state a zone."""
    zoned, plain, odd = dict.fromkeys(fields, 0), dict.fromkeys(fields, 0), dict.fromkeys(fields, 0)
    start = 0
    while True:
        rows = pyogrio.read_dataframe(
            place.gdal_path,
            layer=name,
            columns=fields,
            read_geometry=False,
            datetime_as_string=True,
            skip_features=start,
            max_features=_ROWS,
        )
        for field in fields:
            texts = rows[field].dropna().astype(str)
            with_zone = texts.str.contains(_ZONE)
            zoned[field] += int(with_zone.sum())
            plain[field] += int((~with_zone).sum())
            read = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
            odd[field] += int(read.isna().sum())
        start += len(rows)
        if len(rows) < _ROWS:
            break
    return {
        field: pa.string()
        if odd[field] or (zoned[field] and plain[field])
        else pa.timestamp("ms", "UTC" if zoned[field] else None)
        for field in fields
    }
