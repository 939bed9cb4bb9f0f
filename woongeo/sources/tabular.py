"""Tables without shapes: CSV, Excel or a frame, whole, with the hash of the bytes.

Cells come as they were written: text in a CSV, text, numbers or dates in a workbook. What a number
means (a code, thousands, a decimal comma) is for the reader that knows the column.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from woongeo.crs import Conversion
from woongeo.errors import ColumnError, FileError
from woongeo.files import fingerprint
from woongeo.sources.place import Place, check_unpacked, no_leak
from woongeo.sources.readers import csv_rows
from woongeo.sources.source import Source, check_encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Ending to the kind of table, for users to see what can be given.
TABLE_KINDS: dict[str, str] = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".xlsx": "Excel",
    ".xlsm": "Excel",
    ".xlsb": "Excel",
    ".xls": "Excel",
    ".ods": "Excel",
}

# Workbooks of today are zips; .xls is not.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

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
        A CSV (comma, semicolon, tab or bar; a byte order mark may precede it), a workbook (.xlsx,
        .xlsm, .xlsb, .xls, .ods), or a frame.
    sheet : str, optional
        The sheet of a workbook; may be left out where one is visible.
    header_row : int
        The row of a workbook that holds the names of columns, counted from 1; what stands above it
        is left out.
    encoding : str, optional
        The encoding of a CSV; UTF-8 without it.

    Returns
    -------
    table : DataFrame
        Rows in the order of the file on a fresh `RangeIndex`, those without any value left out.
        Names of columns are text and unique. Empty cells are None.
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
    text, path = str(given), Path(given)
    if "://" in text or text.startswith("/vsi"):
        raise FileError(f"{text}: woongeo leest alleen bestanden op deze computer, geen adressen.")
    kind = TABLE_KINDS.get(path.suffix.lower())
    if kind is None:
        raise FileError(
            f"{text}: de soort {path.suffix or '(geen achtervoegsel)'} wordt niet als tabel "
            f"gelezen; wel: {', '.join(TABLE_KINDS)}."
        )
    if not path.is_file():
        raise FileError(f"{text}: dit bestand bestaat niet.")
    part = fingerprint(path)
    rows: Sequence[Sequence[object]]
    if kind == "CSV":
        if sheet is not None:
            raise FileError(f"{text}: een CSV heeft geen bladen; laat sheet= weg.")
        names, rows, notes = csv_rows(Place(text, path, kind, text, None), encoding)
        name = ""
    else:
        name, names, rows, notes = _sheet(path, text, sheet, header_row)
    table = pd.DataFrame(rows, columns=pd.Index(names, dtype=object), dtype=object)
    table = _checked(table, text)
    source = Source(text, name, kind, part.sha256, (part,), len(table), NO_PLACE, tuple(notes))
    return table, source


def _take(frame: pd.DataFrame) -> tuple[pd.DataFrame, Source]:
    """Take a table that is in memory already."""
    what = "de tabel"
    kept = [name for name in frame.index.names if name is not None and name not in frame.columns]
    taken = pd.DataFrame(frame).reset_index(kept).reset_index(drop=True).astype(object)
    taken.columns = pd.Index([str(name) for name in taken.columns], dtype=object)
    digest = hashlib.sha256(taken.to_csv(index=False).encode("utf-8", "surrogatepass")).hexdigest()
    taken = _checked(taken.where(taken.notna(), None), what)
    source = Source("(in het geheugen)", "", "DataFrame", digest, (), len(taken), NO_PLACE)
    return taken, source


def _checked(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Leave out empty rows, and refuse two columns of one name."""
    double = [name for name, n in Counter(table.columns).items() if n > 1]
    if double:
        raise ColumnError(f"{text}: kolom {double[0]!r} komt vaker voor; geef elke een eigen naam.")
    return table[table.notna().any(axis=1)].reset_index(drop=True)


def _sheet(
    path: Path, text: str, sheet: str | None, header_row: int
) -> tuple[str, list[str], list[list[object]], list[str]]:
    """Read one sheet of a workbook."""
    if header_row < 1:
        raise FileError(f"{text}: header_row is {header_row!r}; rijen tellen vanaf 1.")
    with path.open("rb") as file:
        head = file.read(4)
    if head not in {_ZIP, _OLE}:
        raise FileError(
            f"{text}: de inhoud is geen werkmap, al zegt de naam van wel; sla het bestand opnieuw "
            "op uit de bron."
        )
    with no_leak(text) as notes:
        if head == _ZIP:
            with zipfile.ZipFile(path) as archive:
                check_unpacked(archive, text)
        try:
            with CalamineWorkbook.from_path(path) as book:
                name = _choose(book, text, sheet)
                cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except CalamineError as error:
            raise FileError(
                f"{text}: deze werkmap kan niet worden gelezen ({error}); is zij beschadigd?"
            ) from error
    rows = [[None if _blank(cell) else cell for cell in row] for row in cells]
    if len(rows) < header_row:
        raise FileError(f"{text}: blad {name!r} heeft geen rij {header_row}.")
    top = rows[header_row - 1]
    # Columns without a name and without a value are the empty margin of a sheet.
    used = [
        i
        for i in range(len(top))
        if top[i] is not None or any(row[i] is not None for row in rows[header_row:])
    ]
    if not used:
        raise FileError(f"{text}: blad {name!r} heeft geen namen van kolommen op rij {header_row}.")
    names = [f"kolom {i + 1}" if top[i] is None else str(top[i]).strip() for i in used]
    return name, names, [[row[i] for i in used] for row in rows[header_row:]], notes


def _choose(book: CalamineWorkbook, text: str, sheet: str | None) -> str:
    """Choose the sheet to read, and refuse to guess."""
    if sheet is not None:
        if sheet not in book.sheet_names:
            there = ", ".join(book.sheet_names)
            raise FileError(f"{text}: blad {sheet!r} bestaat niet; wel: {there}.")
        return sheet
    shown = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
    if len(shown) != 1:
        raise FileError(
            f"{text}: deze werkmap heeft {len(shown)} bladen ({', '.join(shown)}); noem er één "
            "met sheet=."
        )
    return shown[0]


def _blank(cell: object) -> bool:
    """Tell whether a cell holds nothing."""
    return isinstance(cell, str) and not cell.strip()
