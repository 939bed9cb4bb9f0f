"""Reading a sheet of Excel as text, cell by cell as it was meant.

openpyxl reads row by row: a stray cell in the last corner of a sheet costs nothing. calamine is
quicker, but lays out all cells up to the furthest, and ends the program where they do not fit.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from woongeo.errors import FileError
from woongeo.sources.place import no_leak

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.sources.place import Place

# No table of a user's is near these, and a file that is was made to harm.
_UNPACKED_BYTES, _UNPACKED_RATIO = 512 << 20, 250


def excel_rows(place: Place) -> tuple[list[str], list[list[str | None]], str]:
    """Read the header and the rows of a sheet.

    Parameters
    ----------
    place : Place
        The file, and the sheet where one was named.

    Returns
    -------
    names : list of str
        Of the columns: the first row that holds anything.
    rows : list of list
        Text; None for an empty cell, and for a formula whose outcome was never stored. Rows without
        anything are left out.
    sheet : str
        The name of the sheet; empty where there is one.

    Raises
    ------
    FileError
        When the file is damaged or protected, the sheet is not there, or several could be meant.
    """
    with no_leak(place.given):
        check_workbook(place.path, place.given)
        try:
            book = openpyxl.load_workbook(place.path, read_only=True, data_only=True)
        except (KeyError, InvalidFileException) as error:
            raise FileError(
                f"{place.given}: kan niet worden gelezen ({error}); is het bestand beschadigd of "
                "met een wachtwoord beveiligd? Sla het opnieuw op uit Excel."
            ) from error
        try:
            sheets = {s.title: s for s in book.worksheets if s.sheet_state == "visible"}
            name = _one_sheet(place, list(sheets))
            # The size that a sheet states of itself may be wrong: it would cut rows off.
            sheets[name].reset_dimensions()
            read = [[_text(c) for c in r] for r in sheets[name].iter_rows(values_only=True)]
        finally:
            book.close()
    filled = [row for row in read if any(row)]
    if not filled:
        raise FileError(f"{place.given}: in blad {name!r} staat geen kopregel.")
    # Columns without a name and without a value are the empty margin of a sheet.
    wide = max(max(i for i, cell in enumerate(row, 1) if cell) for row in filled)
    rows = [(row + [None] * wide)[:wide] for row in filled]
    names = [(cell or "").strip() or f"kolom {i}" for i, cell in enumerate(rows[0], 1)]
    return names, rows[1:], name if len(sheets) > 1 else ""


def check_workbook(path: Path, text: str) -> None:
    """Look at a workbook before it is opened: it is a zip of XML.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        As the user gave it, for messages.

    Raises
    ------
    FileError
        When it unpacks to far more than any table, or holds XML that reads other files or swells;
        no program writes that in a workbook.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        unpacked = sum(m.file_size for m in members)
        packed = sum(m.compress_size for m in members)
        if unpacked > _UNPACKED_BYTES or unpacked > _UNPACKED_RATIO * max(packed, 100_000):
            raise FileError(
                f"{text}: dit werkboek wordt uitgepakt {unpacked / 1e6:.0f} MB; sla het opnieuw "
                "op zonder lege opgemaakte cellen."
            )
        for member in members:
            with archive.open(member) as file:
                head = file.read(4_096)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise FileError(
                    f"{text}: dit bestand bevat een DOCTYPE en wordt niet gelezen; lever een CSV."
                )


def _one_sheet(place: Place, sheets: list[str]) -> str:
    """Choose the sheet to read, and refuse to guess."""
    if place.layer is not None and place.layer not in sheets:
        raise FileError(
            f"{place.given}: blad {place.layer!r} bestaat niet; wel: {', '.join(sheets)}."
        )
    if place.layer is None and len(sheets) != 1:
        raise FileError(
            f"{place.given}: hierin staan {len(sheets)} bladen ({', '.join(sheets)}); "
            f"noem er één: {place.path.name}:{next(iter(sheets), 'Blad1')}."
        )
    return place.layer or sheets[0]


def _text(cell: object) -> str | None:
    """Write a cell as text: numbers with a decimal comma, for 1.234 is 1234 to a Dutch reader."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "waar" if cell else "onwaar"
    if isinstance(cell, int | float):
        return np.format_float_positional(cell, trim="-").replace(".", ",")
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell).strip() or None
