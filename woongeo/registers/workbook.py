"""Workbooks as they stand: values, not formulas; sheets that are hidden are said to be.

A workbook is a zip: how much it unpacks to is looked at first. openpyxl reads sparsely and never
runs a formula; a formula whose result was never stored is told apart from an empty cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from woongeo.errors import FileError
from woongeo.files import fingerprint
from woongeo.registers.opening import NO_SHAPES, WORKBOOKS
from woongeo.sources import Source
from woongeo.sources.excel import check_workbook
from woongeo.sources.place import no_leak

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Limits: no register is near them, and a file that is was made to harm.
ROWS, COLUMNS = 200_000, 2_000


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet of a workbook.

    Attributes
    ----------
    name : str
        Its name.
    hidden : bool
        Whether it is hidden.
    rows : sequence of tuple
        Values, row by row from the first; None where a cell is empty. Text without blanks around.
    uncalculated : set of (int, int)
        Row and column, from 0, of formulas without a stored result.
    """

    name: str
    hidden: bool
    rows: Sequence[tuple[object, ...]]
    uncalculated: frozenset[tuple[int, int]]

    def cell(self, row: int, column: int) -> object:
        """Give a cell.

        Parameters
        ----------
        row, column : int
            From 0.

        Returns
        -------
        object
            None beyond the sheet.
        """
        if row < len(self.rows) and column < len(self.rows[row]):
            return self.rows[row][column]
        return None


def read_workbook(path: Path, text: str) -> list[Sheet]:
    """Read a workbook.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.
    text : str
        The file as the user gave it, for messages.

    Returns
    -------
    list of Sheet
        In its order.

    Raises
    ------
    FileError
        When it is no workbook, is damaged, or is far larger than any register.
    """
    if path.suffix.lower() not in WORKBOOKS:
        raise FileError(f"{text}: alleen .xlsx en .xlsm worden als werkboek gelezen.")
    if not path.is_file():
        raise FileError(f"{text}: dit bestand bestaat niet.")
    with no_leak(text):
        check_workbook(path, text)
        try:
            return _sheets(path, text)
        except (KeyError, InvalidFileException) as error:
            raise FileError(
                f"{text}: kan niet worden gelezen als werkboek; sla het opnieuw op in Excel."
            ) from error


def _sheets(path: Path, text: str) -> list[Sheet]:
    """Read all sheets, twice: their values, and which cells are formulas."""
    values = openpyxl.load_workbook(path, read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(path, read_only=True, data_only=False)
    try:
        sheets = []
        for sheet in values.worksheets:
            rows = _rows(sheet, f"{text}, blad {sheet.title}")
            asked = _rows(formulas[sheet.title], text)
            uncalculated = frozenset(
                (i, j)
                for i, row in enumerate(asked)
                for j, cell in enumerate(row)
                if isinstance(cell, str)
                and cell.startswith("=")
                and (i >= len(rows) or j >= len(rows[i]) or rows[i][j] is None)
            )
            hidden = sheet.sheet_state != "visible"
            sheets.append(Sheet(str(sheet.title), hidden, rows, uncalculated))
    finally:
        values.close()
        formulas.close()
    return sheets


def _rows(sheet: object, text: str) -> list[tuple[object, ...]]:
    """Read the rows of a sheet, without the empty tail of each."""
    # The size that a sheet states of itself may be wrong: it would cut rows off.
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    rows: list[tuple[object, ...]] = []
    last = filled = 0
    # DIWI's own workbook runs to the last line of Excel: what is empty there costs nothing.
    for row in sheet.iter_rows(values_only=True):  # type: ignore[attr-defined]
        cells = [_clean(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        rows.append(tuple(cells))
        if not cells:
            continue
        last, filled = len(rows), filled + 1
        if filled > ROWS or len(cells) > COLUMNS:
            raise FileError(
                f"{text}: meer dan {ROWS} gevulde regels of {COLUMNS} kolommen; dat is geen "
                "register."
            )
    return rows[:last]


def _clean(cell: object) -> object:
    """Give a cell; None where it holds only blanks."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def workbook_source(path: Path, text: str, plans: int, notes: Sequence[str] = ()) -> Source:
    """Say where plans in a workbook came from.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        As the user gave it.
    plans : int
        How many it holds.
    notes : sequence of str
        What a reader should know.

    Returns
    -------
    Source
        With its hash.
    """
    print_ = fingerprint(path)
    return Source(text, "", "xlsx", print_.sha256, (print_,), plans, NO_SHAPES, tuple(notes))
