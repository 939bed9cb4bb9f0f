"""Tables without shapes: CSV, Excel or a frame, whole, with the hash of the bytes.

Cells of a file are text, as people write them: what a number means (a code, thousands, a decimal
comma) is for the reader that knows the column.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pandas as pd

from woongeo.crs import Conversion
from woongeo.errors import ColumnError, FileError
from woongeo.files import fingerprint
from woongeo.numerals import counted
from woongeo.sources.excel import excel_rows
from woongeo.sources.place import find
from woongeo.sources.readers import csv_rows
from woongeo.sources.source import Source, check_encoding

#: Endings of files that are read as tables.
TABLE_KINDS = (".csv", ".tsv", ".txt", ".xlsx")

#: Tables have no coordinates to convert.
NO_PLACE = Conversion("geen", "tabel zonder coördinaten", None)


def read_tabular(
    given: str | Path | pd.DataFrame,
    *,
    sheet: str | None = None,
    header_row: int = 1,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, Source]:
    """Read a table whole.

    Parameters
    ----------
    given : str, Path or DataFrame
        A CSV (comma, semicolon, tab or bar; a byte order mark may precede it), a workbook (.xlsx),
        or a frame.
    sheet : str, optional
        The sheet of a workbook; may be left out where one is visible.
    header_row : int
        The row of a workbook that holds the names of columns, counted from 1 over the rows that
        hold anything; what stands above it is left out.
    encoding : str, optional
        The encoding of a CSV; UTF-8 without it.

    Returns
    -------
    table : DataFrame
        Rows in the order of the file on a fresh `RangeIndex`, those without any value left out.
        Names of columns are text and unique. Cells of a file are text, empty ones None.
    source : Source
        Where it came from.

    Raises
    ------
    FileError
        When the file is missing, of another kind, holds several sheets, or is damaged.
    ColumnError
        When two columns share a name.
    """
    if isinstance(given, pd.DataFrame):
        return _take(given)
    if not isinstance(given, str | Path):
        raise FileError(f"{type(given).__name__}: geef een pad naar een tabel of een DataFrame.")
    check_encoding(encoding)
    place = find(given, sheet)
    notes: list[str] = []
    if place.kind == "CSV":
        names, rows, notes = csv_rows(place, encoding)
        name = ""
    elif place.kind == "Excel":
        names, rows, name = excel_rows(place)
        names, rows = _from_row(names, rows, header_row, place.given)
    else:
        raise FileError(
            f"{place.given}: dit is een kaart en geen tabel; als tabel worden gelezen: "
            f"{', '.join(TABLE_KINDS)}."
        )
    table = pd.DataFrame(rows, columns=pd.Index(names, dtype=object), dtype=object)
    table = _checked(table, place.given)
    part = fingerprint(place.path)
    source = Source(
        *(place.given, name, place.kind, part.sha256, (part,), len(table), NO_PLACE, tuple(notes))
    )
    return table, source


def _from_row(
    names: list[str], rows: list[list[str | None]], header_row: int, text: str
) -> tuple[list[str], list[list[str | None]]]:
    """Take the names of columns from a lower row."""
    if not 1 <= header_row <= 1 + len(rows):
        raise FileError(
            f"{text}: header_row is {header_row!r}; het blad heeft "
            f"{counted(1 + len(rows), 'gevulde rij', 'gevulde rijen')}."
        )
    if header_row == 1:
        return names, rows
    top = rows[header_row - 2]
    return [cell or f"kolom {i}" for i, cell in enumerate(top, 1)], rows[header_row - 1 :]


def _take(frame: pd.DataFrame) -> tuple[pd.DataFrame, Source]:
    """Take a table that is in memory already."""
    kept = [name for name in frame.index.names if name is not None and name not in frame.columns]
    taken = pd.DataFrame(frame).reset_index(kept).reset_index(drop=True).astype(object)
    taken.columns = pd.Index([str(name) for name in taken.columns], dtype=object)
    digest = hashlib.sha256(taken.to_csv(index=False).encode("utf-8", "surrogatepass")).hexdigest()
    taken = _checked(taken.where(taken.notna(), None), "de tabel")
    source = Source("(in het geheugen)", "", "DataFrame", digest, (), len(taken), NO_PLACE)
    return taken, source


def _checked(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Leave out empty rows, and refuse two columns of one name."""
    double = [name for name, n in Counter(table.columns).items() if n > 1]
    if double:
        raise ColumnError(f"{text}: kolom {double[0]!r} komt vaker voor; geef elke een eigen naam.")
    return table[table.notna().any(axis=1)].reset_index(drop=True)
