"""Reading a sheet of Excel as text, cell by cell as it was meant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import python_calamine
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from woongeo.errors import FileError
from woongeo.sources.place import no_leak

if TYPE_CHECKING:
    from woongeo.sources.place import Place

# calamine's errors derive from Exception alone.
_CALAMINE = (
    *(python_calamine.CalamineError, python_calamine.PasswordError),
    *(python_calamine.WorksheetNotFound, python_calamine.XmlError, python_calamine.ZipError),
)


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
        Text; None for an empty cell. Rows without anything are left out.
    sheet : str
        The name of the sheet; empty where there is one.

    Raises
    ------
    FileError
        When the file is damaged or protected, the sheet is not there, or several could be meant.
    """
    with no_leak(place.given):
        try:
            with CalamineWorkbook.from_path(place.path) as book:
                sheets = [
                    sheet.name
                    for sheet in book.sheets_metadata
                    if sheet.typ == SheetTypeEnum.WorkSheet
                    and sheet.visible == SheetVisibleEnum.Visible
                ]
                name = _one_sheet(place, sheets)
                cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except _CALAMINE as error:
            raise FileError(
                f"{place.given}: kan niet worden gelezen ({error}); is het bestand beschadigd of "
                "met een wachtwoord beveiligd? Sla het opnieuw op uit Excel."
            ) from error
    rows = [row for row in ([_text(cell) for cell in row] for row in cells) if any(row)]
    if not rows:
        raise FileError(f"{place.given}: in blad {name!r} staat geen kopregel.")
    names = [(cell or "").strip() or f"kolom {i}" for i, cell in enumerate(rows[0], 1)]
    return names, rows[1:], name if len(sheets) > 1 else ""


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
    if isinstance(cell, bool):
        return "waar" if cell else "onwaar"
    if isinstance(cell, int | float):
        return np.format_float_positional(cell, trim="-").replace(".", ",")
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return cell.isoformat() if not isinstance(cell, dt.timedelta) else str(cell)
    return str(cell).strip() or None
