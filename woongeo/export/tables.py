"""Tables as files: a GeoPackage that holds every type, a CSV that runs nothing."""

from __future__ import annotations

import csv
import io
import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from woongeo.encode import csv_text, visible
from woongeo.errors import OutputError
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.screening import Screening

# A tenth of a millimetre, of a square millimetre and so on: less is the noise of floating point,
# and would make equal runs differ.
_DECIMALS = {"overlap_m2": 4, "overlap_aandeel": 10, "afstand_m": 4}
_DECIMALS |= dict.fromkeys(("belemmerd_m2", "onbekend_m2", "vrij_m2"), 4)
# Beyond this a float no longer holds every whole number.
_WHOLE = 2.0**53
# Columns of these go into a GeoPackage as they are.
_PLAIN = {"bool", "int16", "int32", "int64", "float32", "float64"}
# https://gdal.org/en/stable/development/rfc/rfc56_millisecond_precision.html
_GDAL_UTC = 100


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round treffers to what coordinates can bear."""
    return frame.round({c: n for c, n in _DECIMALS.items() if c in frame.columns})


def whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Write homes as whole numbers where all of a column are: 40, not 40.0."""
    result = table.copy()
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]) and _all_whole(table[column]):
            result[column] = table[column].astype("Int64")
    return result


def _all_whole(values: pd.Series) -> bool:
    """Tell whether all that is known is a whole number."""
    known = values.dropna()
    return bool(((known % 1 == 0) & (known.abs() < _WHOLE)).all())


# Where a spreadsheet that splits on another sign would begin a cell.
def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table that a spreadsheet can open without running anything."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = _in_cells(safe[column])
    safe.columns = pd.Index([csv_text(column) for column in safe.columns])
    buffer = io.StringIO()
    safe.to_csv(buffer, index=False, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    # Excel takes a file for UTF-8 only where this mark says so; "Súdwest-Fryslân" needs it.
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def _in_cells(values: pd.Series) -> pd.Series:
    """Encode a column for a spreadsheet; what is said often once."""
    try:
        code, kinds = pd.factorize(values.to_numpy(dtype=object))
    except TypeError:
        # Lists have no hash.
        return values.map(csv_text, na_action="ignore")
    if any(type(kind) is not str for kind in kinds):
        # 1 and True are equal, and read differently.
        return values.map(csv_text, na_action="ignore")
    texts = np.empty(len(kinds) + 1, dtype=object)
    texts[:-1] = [csv_text(kind) for kind in kinds]
    texts[-1] = None
    return pd.Series(texts[code], index=values.index, dtype=object)


@contextmanager
def _gdal_date(day: dt.date) -> Iterator[None]:
    """Fix the date that GDAL writes into a GeoPackage: same input, same bytes."""
    key = "OGR_CURRENT_DATE"
    earlier = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: earlier})


def write_gpkg(screening: Screening, path: Path) -> None:
    """Write locations with all their results, and read back how many there are."""
    write_frame(_rounded_results(screening), path, layer="locaties", day=screening.on)


def write_frame(frame: gpd.GeoDataFrame, path: Path, *, layer: str, day: dt.date) -> None:
    """Write a frame to a GeoPackage, and read back how many rows there are.

    GDAL makes the file in memory: on a full disk it leaves out the index and the description, and
    says nothing.
    """
    names = [_storable_text(c) for c in frame.columns if c != "geometry"]
    taken = {name.lower() for name in names}
    fields = [_field(frame[c]) for c in frame.columns if c != "geometry"]
    utc = {name: _GDAL_UTC for name, field in zip(names, fields, strict=True) if field.utc}
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    surfaces = bool(np.isin(kinds, (-1, 3, 6)).all())
    memory = io.BytesIO()
    try:
        with _gdal_date(day):
            pyogrio.raw.write(
                memory,
                geometry=shapely.to_wkb(frame.geometry.to_numpy()),
                field_data=[field.data for field in fields],
                field_mask=[field.empty for field in fields],
                fields=names,
                gdal_tz_offsets={name: np.full(len(frame), zone) for name, zone in utc.items()},
                layer=layer,
                driver="GPKG",
                geometry_type="MultiPolygon" if surfaces else "Unknown",
                promote_to_multi=surfaces,
                crs="EPSG:28992",
                layer_options={"FID": _free("fid", taken), "GEOMETRY_NAME": _free("geom", taken)},
                layer_metadata={"DESCRIPTION": SCREENING},
            )
    except (DataSourceError, DataLayerError) as error:
        reason = visible(str(error).strip().splitlines()[-1])
        raise OutputError(
            f"{path.name}: kan niet worden gemaakt ({reason}). Er is niets gewijzigd."
        ) from error
    path.write_bytes(memory.getvalue())
    written = pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]
    if written != len(frame):
        raise OutputError(
            f"{path.name}: er zijn {written} van de {len(frame)} {layer} geschreven. "
            "Er is niets gewijzigd."
        )


def _rounded_results(screening: Screening) -> gpd.GeoDataFrame:
    """Round our own columns; those of the input stay as they are."""
    decimals = {
        f"{toets.key}_{name}": n
        for toets in screening.toetsen
        for name, n in _DECIMALS.items()
        if not name.startswith(("belemmerd", "onbekend", "vrij"))
    }
    frame = screening.locaties.copy()
    for column, n in (_DECIMALS | decimals).items():
        if column in frame.columns:
            frame[column] = frame[column].round(n)
    if _all_whole(frame["woningen"]):
        frame["woningen"] = frame["woningen"].astype("Int64")
    return frame


def _free(name: str, taken: set[str]) -> str:
    """Find a name that no column has."""
    while name in taken:
        name += "_woongeo"
    return name


class _Field(NamedTuple):
    """A column as GDAL takes it, where it is empty, and whether its moments are in UTC."""

    data: NDArray[Any]
    empty: NDArray[np.bool_] | None = None
    utc: bool = False


def _field(values: pd.Series) -> _Field:
    """Give a column as GDAL takes it; as text where nothing else holds it.

    Left to itself pandas makes 1.0 of 1 beside an empty cell and "True" of True, dates become
    moments, and a number that is too large ends the run.
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.name in _PLAIN:
        return _Field(values.to_numpy())
    gone = values.isna().to_numpy(dtype=bool)
    known: list[Any] = values[~gone].astype(object).tolist()
    kind = pd.api.types.infer_dtype(known or values)
    if kind == "boolean":
        return _Field(_filled(known, gone, np.bool_), gone)
    if kind == "integer" and all(-(2**63) <= v < 2**63 for v in known):
        return _Field(_filled(known, gone, np.int64), gone)
    if kind in {"floating", "mixed-integer-float"} and all(v == float(v) for v in known):
        return _Field(_filled(known, gone, np.float64), gone)
    if kind in {"date", "datetime", "datetime64"}:
        return _moments(known, gone)
    text = np.full(len(values), None, dtype=object)
    text[~gone] = [_storable_text(v) for v in known]
    return _Field(text)


def _filled(known: list[Any], gone: NDArray[np.bool_], dtype: type[np.generic]) -> NDArray[Any]:
    """Spread what is known over all rows."""
    data = np.zeros(len(gone), dtype=dtype)
    data[~gone] = known
    return data


def _moments(known: list[Any], gone: NDArray[np.bool_]) -> _Field:
    """Give dates as dates, and moments in milliseconds; in UTC where they state a time zone."""
    moments = [pd.Timestamp(v) for v in known]
    utc = any(m.tz is not None for m in moments)
    moments = [m if m.tz is None else m.tz_convert("UTC").tz_localize(None) for m in moments]
    days = not utc and all(m == m.normalize() for m in moments)
    data = np.full(len(gone), "NaT", dtype="datetime64[D]" if days else "datetime64[ms]")
    data[~gone] = [m.to_datetime64() for m in moments]
    return _Field(data, utc=utc)


def _storable_text(value: object) -> str:
    """Write a value as text that SQLite holds whole; lists and tables as JSON."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | dict | tuple):
        with suppress(TypeError):
            value = json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str) and value.isascii() and "\0" not in value:
        return value
    # SQLite's text ends at a NUL, and half a character is no UTF-8.
    whole = str(value).replace("\0", "\\x00")
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")
