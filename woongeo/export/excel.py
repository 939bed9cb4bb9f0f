"""A workbook of a screening: text stays text, numbers stay numbers, and it says where from.

XlsxWriter writes row by row, so that a hundred thousand locations need little memory, and dates no
file by the clock.
"""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from woongeo.encode import begins_formula, excel_text
from woongeo.errors import OutputError
from woongeo.export.gpkg import unlike
from woongeo.export.tables import field
from woongeo.files import output_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from woongeo.export.contents import Contents

# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
_ROWS, _COLUMNS = 1_048_576, 16_384
# Excel keeps 15 digits of a number; and no date before 1900.
_DIGITS = 10**15
_FIRST_DAY = dt.date(1900, 3, 1)

# Separators follow the reader's own settings: 1.234,5 in a Dutch Excel.
_FORMATS = {
    "_m2": "#,##0",
    "_m": "#,##0",
    "_aandeel": "0.0%",
    "_pct": "0.0",
}
_DATE, _MOMENT = "dd-mm-yyyy", "dd-mm-yyyy hh:mm"
_WIDEST, _NARROWEST = 60, 9
# So many rows are looked at for the width of a column.
_LOOKED_AT = 200

_ABOUT = (
    "Woningbouwlocaties getoetst aan knelpunten: per locatie en per regel een oordeel, met reden.",
    (
        "Oordelen: belemmerd (een knelpunt raakt de locatie, of ligt te dichtbij), vrij (het raakt "
        "haar niet, of minder dan de drempel) en onbekend (niet na te gaan, bijvoorbeeld omdat een "
        "laag ontbreekt, verouderd is of hier niets zegt). Onbekend is dus niet vrij, en een lege "
        "cel is niet nul."
    ),
)
_UNITS = (
    "Eenheden: oppervlakte in m², afstand in meters, aandeel van de oppervlakte van de locatie; "
    "woningen zijn aantallen. Afstanden verder dan is gezocht zijn leeg."
)
# What stands on a sheet; only those that are there are told of.
_ON_A_SHEET = {
    "locaties": "een rij per locatie",
    "treffers": "een rij per locatie en regel, met de reden",
    "capaciteit": (
        "woningen per gebied; minimum (geheel in een knelpunt), verwacht (naar oppervlakte) en "
        "maximum (door een knelpunt geraakt)"
    ),
    "cijfers": "opgave, dekking en meer per gebied en periode, vóór en ná knelpunten",
    "knelpunten": "wat elk knelpunt belemmert",
    "vrijspelen": "per gebied wat het oplossen van elk knelpunt vrijspeelt",
}
# Files with the shapes, and the reference system in which they stand there.
_SHAPES = {
    "locaties.gpkg": "EPSG:28992, RD New",
    "locaties.parquet": "EPSG:28992, RD New",
    "locaties.geojson": "lengte en breedte, om te tonen",
}


def write_xlsx(
    contents: Contents, path: Path, *, beside: Collection[str] = (), rows_a_sheet: int = _ROWS
) -> None:
    """Write a workbook: a read-me, the locations, the verdicts and further tables.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    path : Path
        The file to write; what is needed amid writing stands beside it.
    beside : collection of str
        Names of the files that are made with it: the read-me names those with the shapes.
    rows_a_sheet : int
        A table with more rows than Excel has goes on in a next sheet, and the read-me says so.

    Raises
    ------
    OutputError
        When it cannot be made.
    """
    tables = {"locaties": contents.locaties.drop(columns="geometry"), "treffers": contents.treffers}
    tables |= dict(contents.tables)
    for name, table in tables.items():
        if len(table.columns) > _COLUMNS:
            raise OutputError(
                f"{path.name}: {name} heeft {len(table.columns)} kolommen en Excel kent er "
                f"{_COLUMNS}; kies een ander formaat (csv). Er is niets gewijzigd."
            )
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    try:
        # No clock: the same screening gives the same bytes.
        on = contents.screening.on
        book.set_properties(
            {
                "title": "Screening van woningbouwlocaties",
                "comments": contents.facts["let_op"],
                "author": f"woongeo {contents.screening.version}",
                "created": dt.datetime(on.year, on.month, on.day),  # noqa: DTZ001
            }
        )
        sheets = _Sheets(book, contents, rows_a_sheet)
        sheets.readme(tables, beside)
        for name, table in tables.items():
            titles = contents.titles(contents.locaties if name == "locaties" else table)
            sheets.table(name, table, titles)
        book.close()
    except XlsxWriterException as error:
        # Its errors hold that of the system.
        if isinstance(cause := error.args[0] if error.args else None, OSError):
            raise output_error(path.parent, cause) from error
        raise OutputError(
            f"{path.name}: kan niet worden gemaakt ({error}). Er is niets gewijzigd."
        ) from error
    finally:
        _let_go(book)


def _let_go(book: Workbook) -> None:
    """Close what a workbook that failed holds open: files that cannot be deleted on Windows."""
    for sheet in book.worksheets():
        for name in ("row_data_fh", "fh"):
            if (file := getattr(sheet, name, None)) is not None:
                with suppress(OSError, ValueError):
                    file.close()


def sheet_names(name: str, rows: int, rows_a_sheet: int) -> list[str]:
    """Name the sheets of a table.

    Parameters
    ----------
    name : str
        Of the table.
    rows : int
        How many it has.
    rows_a_sheet : int
        How many go in a sheet, the one with names of columns included.

    Returns
    -------
    list of str
        At least one.

    Examples
    --------
    >>> sheet_names("treffers", 5, 3)
    ['Treffers', 'Treffers (2)', 'Treffers (3)']
    """
    title = _title(name)
    more = max(math.ceil(rows / (rows_a_sheet - 1)), 1)
    return [title, *(f"{title} ({i})" for i in range(2, more + 1))]


def _title(name: str) -> str:
    """Name the sheet of a table, the first where there are more."""
    return name[:1].upper() + name[1:]


def _about(tables: Collection[str], beside: Collection[str]) -> list[str]:
    """Say what this is: of the sheets and the files with shapes those that are there."""
    sheets = [f"Blad {_title(x)}: {_ON_A_SHEET[x]}." for x in tables if x in _ON_A_SHEET]
    shapes = [f"{name} ({how})" for name, how in _SHAPES.items() if name in beside]
    where = "hier niet in" if not shapes else f"in {' en '.join(shapes)}"
    return [*_ABOUT, " ".join(sheets), _UNITS, f"De vlakken zelf staan {where}."]


class _Sheets:
    """The sheets of a workbook that is being written."""

    def __init__(self, book: Workbook, contents: Contents, rows_a_sheet: int) -> None:
        self._book = book
        self._contents = contents
        self._rows = rows_a_sheet
        self._made: dict[str, Format] = {}
        self._head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EDF2"}
        )
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._warning = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        # With this a cell stays text also when somebody types in it.
        self._literal = book.add_format({"quote_prefix": True})
        self._literal_wrapped = book.add_format(
            {"quote_prefix": True, "text_wrap": True, "valign": "top"}
        )

    def _format(self, code: str) -> Format:
        """Make a format once."""
        if code not in self._made:
            self._made[code] = self._book.add_format({"num_format": code})
        return self._made[code]

    def readme(self, tables: Mapping[str, pd.DataFrame], beside: Collection[str]) -> None:
        """Write what this is, what was done and where every figure comes from."""
        sheet = self._book.add_worksheet("Leesmij")
        for column, width in enumerate((28, 42, 100)):
            sheet.set_column(column, column, width)
        line = 0
        sheet.write_string(line, 0, "Screening van woningbouwlocaties", self._title)
        for text, style in [
            (self._contents.facts["let_op"], self._warning),
            *((text, self._wrapped) for text in _about(tables, beside)),
            *((text, self._warning) for text in self._told_of_sheets(tables)),
        ]:
            line += 1
            self._across(sheet, line, text, style)
        line = self._listed(
            sheet, line + 2, ("Onderdeel", "Eigenschap", "Waarde"), self._contents.provenance()
        )
        columns = [
            (sheet_names(name, 0, self._rows)[0], shown, str(column))
            for name, table in tables.items()
            for column, shown in self._shown(name, table).items()
        ]
        self._listed(sheet, line + 1, ("Blad", "Kolom", "Naam in de andere bestanden"), columns)

    def _shown(self, name: str, table: pd.DataFrame) -> dict[str, str]:
        """Give each column the name that stands above it."""
        whole = self._contents.locaties if name == "locaties" else table
        ours = self._contents.titles(whole)
        return unlike({str(c): ours.get(str(c), str(c)) for c in table.columns})

    def _told_of_sheets(self, tables: Mapping[str, pd.DataFrame]) -> list[str]:
        """Say which tables do not fit on one sheet."""
        return [
            f"Let op: {names[0]} heeft {len(table)} rijen, meer dan op een blad van Excel passen; "
            f"de rest staat op {', '.join(names[1:])}."
            for name, table in tables.items()
            if len(names := sheet_names(name, len(table), self._rows)) > 1
        ]

    def _across(self, sheet: Worksheet, line: int, text: str, style: Format) -> None:
        """Write a paragraph over all columns."""
        sheet.merge_range(line, 0, line, 2, "", style)
        sheet.write_string(line, 0, excel_text(text), style)
        sheet.set_row(line, 15 * (1 + len(text) // 150))

    def _listed(
        self, sheet: Worksheet, line: int, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]
    ) -> int:
        """Write rows of text under their names; give the next line."""
        for column, head in enumerate(heads):
            sheet.write_string(line, column, head, self._head)
        for row in rows:
            line += 1
            for column, text in enumerate(row):
                shown = excel_text(text)
                literal = begins_formula(shown)
                style = self._literal_wrapped if literal else self._wrapped
                sheet.write_string(line, column, shown, style)
        return line + 1

    def table(self, name: str, table: pd.DataFrame, titles: Mapping[str, str]) -> None:
        """Write a table, on as many sheets as it takes."""
        heads = self._shown(name, table)
        columns = [_Column(field(table[c]).values(), str(c), c in titles) for c in table.columns]
        names = sheet_names(name, len(table), self._rows)
        starts = [*range(0, max(len(table), 1), self._rows - 1), len(table)]
        if len(table) == 0:
            starts = [0, 0]
        for title, (start, end) in zip(names, pairwise(starts), strict=True):
            sheet = self._book.add_worksheet(title)
            sheet.freeze_panes(1, 1)
            sheet.set_row(0, 45)
            for i, (column, head) in enumerate(zip(columns, heads.values(), strict=True)):
                code = column.code()
                sheet.set_column(i, i, column.width(head), self._format(code) if code else None)
            if columns:
                sheet.autofilter(0, 0, end - start, len(columns) - 1)
            for i, head in enumerate(heads.values()):
                sheet.write_string(0, i, excel_text(head), self._head)
            writers = [self._writer(sheet, column) for column in columns]
            for line in range(start, end):
                for i, (column, write) in enumerate(zip(columns, writers, strict=True)):
                    value = column.cells[line]
                    if value is not None:
                        write(line - start + 1, i, value)

    def _writer(self, sheet: Worksheet, column: _Column) -> Callable[[int, int, Any], object]:
        """Choose how the cells of a column are written."""
        code = column.code()
        style = self._format(code) if code else None

        known: dict[object, tuple[str, Format | None]] = {}

        def text(line: int, i: int, value: object) -> None:
            # What is said often is encoded once.
            if value not in known:
                shown = excel_text(value)
                known[value] = shown, self._literal if begins_formula(shown) else None
            sheet.write_string(line, i, *known[value])

        def number(line: int, i: int, value: float) -> None:
            if math.isfinite(value) and abs(value) < _DIGITS:
                sheet.write_number(line, i, value, style)
            elif math.isfinite(value) and isinstance(value, float):
                sheet.write_number(line, i, value)
            else:
                text(line, i, value)

        def moment(line: int, i: int, value: dt.date) -> None:
            day = value.date() if isinstance(value, dt.datetime) else value
            if day < _FIRST_DAY:
                text(line, i, value.isoformat())
            else:
                sheet.write_datetime(line, i, value, style)

        def truth(line: int, i: int, value: object) -> None:
            sheet.write_boolean(line, i, value)

        writers: dict[str, Callable[[int, int, Any], object]]
        writers = {"boolean": truth, "number": number, "moment": moment, "text": text}
        return writers[column.kind]


class _Column:
    """A column of one type, as it is to be written."""

    def __init__(self, values: list[Any], name: str, ours: bool) -> None:  # noqa: FBT001
        self.cells = values
        self._name = name
        self._ours = ours
        self._first = next((v for v in values if v is not None), "")
        if isinstance(self._first, bool):
            self.kind = "boolean"
        elif isinstance(self._first, int | float):
            self.kind = "number"
        elif isinstance(self._first, dt.date):
            self.kind = "moment"
        else:
            self.kind = "text"

    def code(self) -> str:
        """Say how Excel shows it; empty where it is as it comes."""
        if self.kind == "moment":
            return _MOMENT if isinstance(self._first, dt.datetime) else _DATE
        if self.kind == "number" and self._ours:
            for ending, code in _FORMATS.items():
                if self._name.endswith(ending):
                    return code
            return "#,##0" if isinstance(self._first, int) else "#,##0.0"
        return ""

    def width(self, head: str) -> int:
        """Choose a width in which most of it can be read."""
        if self.kind == "text":
            longest = max((len(str(v)) for v in self.cells[:_LOOKED_AT] if v), default=0)
        else:
            longest = 12
        # Names of columns are wrapped over three lines.
        return min(max(longest + 2, len(head) // 2, _NARROWEST), _WIDEST)
