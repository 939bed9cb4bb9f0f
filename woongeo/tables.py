"""Small tables of the user's: CSV, Excel or a frame, with the hash of the bytes."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from woongeo.errors import FileError
from woongeo.files import fingerprint
from woongeo.sources.excel import excel_rows
from woongeo.sources.place import find

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXCEL = {".xlsx"}
_TEXT = {".csv", ".txt", ".tsv"}


@dataclass(frozen=True)
class TableSource:
    """Where a table came from.

    Attributes
    ----------
    path : str
        The file as the user gave it, or "(in het geheugen)".
    sha256 : str
        Of the file; of the table written as CSV where there is none.
    rows : int
        How many rows it holds.
    """

    path: str
    sha256: str
    rows: int

    def facts(self) -> dict[str, Any]:
        """Give the source as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {"bestand": self.path, "sha256": self.sha256, "rijen": self.rows}


def read_table(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None
) -> tuple[pd.DataFrame, TableSource]:
    """Read a small table with one line of names.

    Parameters
    ----------
    source : str, Path or DataFrame
        A CSV (comma, semicolon or tab; UTF-8 or Windows-1252), an Excel sheet (xlsx), or a frame.
    sheet : str, optional
        The sheet; needed where a workbook holds several.

    Returns
    -------
    table : DataFrame
        Names of columns in lower case without blanks around; rows without any value are left out.
        Cells of a file are text; empty ones are missing.
    source : TableSource
        What it came from.

    Raises
    ------
    FileError
        When the file is missing, of another kind, or cannot be read as a table.
    """
    if isinstance(source, pd.DataFrame):
        table = source.copy()
        text = table.to_csv(index=False)
        origin = ("(in het geheugen)", hashlib.sha256(text.encode()).hexdigest())
    else:
        path = Path(source)
        if not path.is_file():
            raise FileError(f"{path}: bestand bestaat niet.")
        kind = path.suffix.lower()
        if kind in _EXCEL:
            table = _read_sheet(path, sheet)
        elif kind in _TEXT:
            table = _read_text(path)
        else:
            known = ", ".join(sorted(_TEXT | _EXCEL))
            raise FileError(f"{path}: soort {kind!r} wordt niet gelezen; wel: {known}.")
        origin = (str(source), fingerprint(path).sha256)
    table.columns = pd.Index([str(c).strip().lower() for c in table.columns])
    double = sorted({str(c) for c in table.columns[table.columns.duplicated()]})
    if double:
        raise FileError(f"{origin[0]}: kolom {', '.join(double)} staat er vaker in.")
    table = table.dropna(how="all").reset_index(drop=True)
    return table, TableSource(*origin, len(table))


def _read_text(path: Path) -> pd.DataFrame:
    """Read a CSV as text."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel in the Netherlands writes unless told otherwise.
        text = raw.decode("cp1252", "backslashreplace")
    head = text.partition("\n")[0]
    separator = max(";\t,", key=head.count)
    try:
        return pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, skipinitialspace=True, index_col=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise FileError(f"{path}: kan niet als tabel worden gelezen ({error}).") from error


def _read_sheet(path: Path, sheet: str | None) -> pd.DataFrame:
    """Read a sheet as text."""
    names, rows, _ = excel_rows(find(path, sheet))
    return pd.DataFrame(rows, columns=pd.Index(names), dtype=object)


def missing_columns(table: pd.DataFrame, needed: Sequence[str]) -> list[str]:
    """List the columns that a table lacks.

    Parameters
    ----------
    table : DataFrame
        From `read_table`.
    needed : sequence of str
        Names of columns.

    Returns
    -------
    list of str
        In the order given.
    """
    return [name for name in needed if name not in table.columns]
