"""Small tables of the user's: CSV, Excel or a frame, with the hash of the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from woongeo.errors import FileError
from woongeo.sources import TABLE_KINDS, read_tabular

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    if isinstance(source, str | Path) and Path(source).suffix.lower() not in TABLE_KINDS:
        known = ", ".join(TABLE_KINDS)
        raise FileError(
            f"{source}: soort {Path(source).suffix.lower()!r} wordt niet gelezen; wel: {known}."
        )
    table, origin = read_tabular(source, sheet=sheet, encoding=_encoding(source))
    table.columns = pd.Index([str(c).strip().lower() for c in table.columns])
    double = sorted({str(c) for c in table.columns[table.columns.duplicated()]})
    if double:
        raise FileError(f"{origin.path}: kolom {', '.join(double)} staat er vaker in.")
    return table, TableSource(origin.path, origin.sha256, len(table))


def _encoding(source: object) -> str | None:
    """Guess the encoding of a CSV: what Excel in the Netherlands writes, where it is no UTF-8."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() == ".xlsx":
        return None
    if not Path(source).is_file():
        return None
    try:
        Path(source).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return None


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
