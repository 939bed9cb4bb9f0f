"""Tables for files: figures rounded, columns of one type each, and a CSV that runs nothing."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from woongeo.encode import csv_text

if TYPE_CHECKING:
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
# Columns of these need no care.
_PLAIN = {"bool", "int16", "int32", "int64", "float32", "float64"}


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


def rounded_results(screening: Screening) -> gpd.GeoDataFrame:
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


class Field(NamedTuple):
    """A column of one type as GDAL takes it, where it is empty, and whether its moments are in UTC.

    Text is an array of objects with None where it is empty.
    """

    data: NDArray[Any]
    empty: NDArray[np.bool_] | None = None
    utc: bool = False

    def values(self) -> list[Any]:
        """Give the column as plain values of Python.

        Returns
        -------
        list
            bool, int, float, str, date or datetime (in UTC where `utc` says so); None where empty.
        """
        empty = pd.isna(self.data) if self.empty is None else self.empty | pd.isna(self.data)
        if not empty.any():
            return list(self.data.tolist())
        values = self.data.astype(object)
        values[empty] = None
        return list(values.tolist())


def field(values: pd.Series) -> Field:
    """Give a column as GDAL takes it; as text where nothing else holds it.

    Left to itself pandas makes 1.0 of 1 beside an empty cell and "True" of True, dates become
    moments, and a number that is too large ends the run.
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.name in _PLAIN:
        return Field(values.to_numpy())
    gone = values.isna().to_numpy(dtype=bool)
    known: list[Any] = values[~gone].astype(object).tolist()
    kind = pd.api.types.infer_dtype(known or values)
    if kind == "boolean":
        return Field(_filled(known, gone, np.bool_), gone)
    if kind == "integer" and all(-(2**63) <= v < 2**63 for v in known):
        return Field(_filled(known, gone, np.int64), gone)
    if kind in {"floating", "mixed-integer-float"} and all(v == float(v) for v in known):
        return Field(_filled(known, gone, np.float64), gone)
    if kind in {"date", "datetime", "datetime64"}:
        return _moments(known, gone)
    text = np.full(len(values), None, dtype=object)
    text[~gone] = known if kind == "string" and _storable(known) else [*map(storable_text, known)]
    return Field(text)


def _storable(texts: list[str]) -> bool:
    """Tell whether SQLite holds all texts whole as they are."""
    every = "".join(texts)
    try:
        every.encode()
    except UnicodeEncodeError:
        # Half a character is no UTF-8.
        return False
    return "\0" not in every


def _filled(known: list[Any], gone: NDArray[np.bool_], dtype: type[np.generic]) -> NDArray[Any]:
    """Spread what is known over all rows."""
    data = np.zeros(len(gone), dtype=dtype)
    data[~gone] = known
    return data


def _moments(known: list[Any], gone: NDArray[np.bool_]) -> Field:
    """Give dates as dates, and moments in milliseconds; in UTC where they state a time zone."""
    moments = [pd.Timestamp(v) for v in known]
    utc = any(m.tz is not None for m in moments)
    moments = [m if m.tz is None else m.tz_convert("UTC").tz_localize(None) for m in moments]
    days = not utc and all(m == m.normalize() for m in moments)
    data = np.full(len(gone), "NaT", dtype="datetime64[D]" if days else "datetime64[ms]")
    data[~gone] = [m.to_datetime64() for m in moments]
    return Field(data, utc=utc)


def storable_text(value: object) -> str:
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
