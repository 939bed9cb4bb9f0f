"""Factsheets as PowerPoint: tables and charts of PowerPoint's own, a text for every figure."""

from __future__ import annotations

import io
import math
import re
import zipfile
from typing import TYPE_CHECKING, Any

from woongeo.encode import line_text
from woongeo.errors import OutputError
from woongeo.numerals import counted
from woongeo.reporting.model import TEXT, UNKNOWN, Column, Table
from woongeo.reporting.pictures import SIZE_MM
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.reporting.model import Factsheet, Report
    from woongeo.reporting.theme import Theme

# 16:9, millimetres.
_WIDE, _HIGH = 338.67, 190.5
_EDGE, _HEAD = 14.0, 32.0
_CELL = 80
# The hour that a zip cannot be older than: same input, same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
# So many rows can be read from the other side of a table, and so many notes beside the chart.
_ROWS, _NOTES = 12, 6
# So many bottlenecks fit a chart.
_BARS = 12


def write_slides(report: Report, sheet: Factsheet, theme: Theme, path: Path) -> int:
    """Write a factsheet as slides.

    Parameters
    ----------
    report : Report
        What it is part of.
    sheet : Factsheet
        What it tells.
    theme : Theme
        How it looks.
    path : Path
        Where to.

    Returns
    -------
    int
        Bytes; same input, same bytes.

    Raises
    ------
    OutputError
        When python-pptx is not installed.
    """
    try:
        from woongeo.reporting.deck import Deck  # noqa: PLC0415  an extra
    except ImportError as error:
        raise OutputError(
            "PowerPoint vraagt om het pakket python-pptx: pip install 'woongeo[pptx]'."
        ) from error
    deck = Deck(theme, title=f"{report.title}: {sheet.heading}", on=report.on)
    foot = f"Beoordeeld op {report.on.isoformat()}; woongeo {report.version}. {SCREENING}"
    card = Table(
        "Capaciteitskaart",
        (Column("maat", TEXT), Column("stand", TEXT), Column("toelichting", TEXT)),
        tuple((tile.label, tile.written(), tile.note) for tile in sheet.tiles),
    )
    slide = deck.slide(f"{sheet.heading}: capaciteitskaart", foot)
    high = deck.table(slide, _cut(card), box=(_EDGE, _HEAD, 140, 70), widths=(3, 3, 6))
    deck.text(slide, _EDGE, _HEAD + max(high, 62) + 4, 140, _first(sheet.notes), size=11)
    _capacity_chart(deck, slide, sheet)
    slide = deck.slide(f"{sheet.heading}: knelpuntenkaart", foot)
    if sheet.map:
        deck.picture(slide, sheet.map, sheet.map_text, _EDGE, _HEAD - 4, 236)
        foot_mm = _HEAD - 4 + 236 * SIZE_MM[1] / SIZE_MM[0] + 2
        deck.text(slide, _EDGE, foot_mm, 236, [sheet.map_note], size=11)
    else:
        deck.text(slide, _EDGE, _HEAD, 236, ["Er is niets te tekenen."], size=14)
    deck.legend(slide, [(e.picture, e.text) for e in sheet.legend], _EDGE + 242, _HEAD)
    tables: list[tuple[Table, tuple[float, ...]]] = [
        (sheet.capacity, (5, 3, 2, 2, 3, 2, 4)),
        (sheet.top, (8, 2, 3, 2, 8)),
        (sheet.matrix, (7, 2, 2, 3, 3, 3)),
        (sheet.freeing, (7, 2, 3, 3, 4)),
    ]
    tables += [(sheet.changes, (6, 2, 2))] if sheet.changes is not None else []
    tables.append((report.sources, (5, 3, 3, 3, 8, 4)))
    for table, widths in tables:
        # A slide holds so many rows: what is more goes on to the next.
        for part, rows in enumerate(_pages(table)):
            more = f" (vervolg {part})" if part else ""
            slide = deck.slide(f"{sheet.heading}: {_lower(table.title)}{more}", foot)
            if not rows:
                deck.text(slide, _EDGE, _HEAD, _WIDE - 2 * _EDGE, ["Geen."], size=14)
                continue
            page = Table(table.title, table.columns, rows, table.note)
            box = (_EDGE, _HEAD, _WIDE - 2 * _EDGE, 100.0)
            high = deck.table(slide, _cut(page), box=box, widths=widths)
            deck.text(slide, _EDGE, _HEAD + high + 3, _WIDE - 2 * _EDGE, [table.note], size=11)
        if table is sheet.matrix:
            _bottleneck_chart(deck, sheet, foot)
    return path.write_bytes(settled(deck.saved()))


def _first(notes: tuple[str, ...]) -> list[str]:
    """Give the notes for which there is room, and how many there are more."""
    if len(notes) <= _NOTES:
        return list(notes)
    more = len(notes) - _NOTES + 1
    return [
        *notes[: _NOTES - 1],
        f"Nog {counted(more, 'opmerking staat', 'opmerkingen staan')} in overzicht.html.",
    ]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _pages(table: Table) -> list[tuple[tuple[str | float, ...], ...]]:
    """Divide rows over slides."""
    most = 8 if len(table.columns) == 6 and table.columns[-1].kind == TEXT else _ROWS
    # Even parts: no slide with a last row all alone.
    slides = max(-(-len(table) // most), 1)
    each = max(-(-len(table) // slides), 1)
    return [table.rows[i : i + each] for i in range(0, len(table), each)] or [()]


def _cut(table: Table) -> tuple[str, list[str], list[str], list[list[str]]]:
    """Write a table as text that fits its cells."""
    rows = [[line_text(cell, most=_CELL) for cell in row] for row in table.written()]
    kinds = [column.kind for column in table.columns]
    return table.title, [column.title for column in table.columns], kinds, rows


def _known(value: str | float) -> float | None:
    """Give a number of a chart; a gap for what is not known."""
    number = float(value)
    return None if math.isnan(number) else number


def _capacity_chart(deck: Any, slide: Any, sheet: Factsheet) -> None:  # noqa: ANN401  of an extra
    """Draw capacity before and after bottlenecks."""
    stands = [str(row[0]) for row in sheet.capacity.rows]
    series = {
        name: [_known(row[at]) for row in sheet.capacity.rows]
        for name, at in (("hard", 2), ("zacht", 3), ("status onbekend", 4))
    }
    told = "; ".join(", ".join(row[:5]) for row in sheet.capacity.written())
    alt = f"Staafdiagram van {_lower(sheet.capacity.title)}: stand, plancapaciteit, hard, zacht, "
    alt += f"status onbekend. {told}."
    deck.chart(slide, stands, series, alt, (_EDGE + 148, _HEAD, 162, 120), sheet.capacity.title)


def _bottleneck_chart(deck: Any, sheet: Factsheet, foot: str) -> None:  # noqa: ANN401  idem
    """Draw homes in blocked plans by bottleneck and status."""
    rows = [row for row in sheet.matrix.rows[:-1] if not math.isnan(float(row[4]))][:_BARS]
    if not rows:
        return
    slide = deck.slide(f"{sheet.heading}: woningen per knelpunt", foot)
    series = {
        name: [_known(row[at]) for row in rows]
        for name, at in (("hard", 1), ("zacht", 2), ("status onbekend", 3))
    }
    names = [line_text(row[0], most=40) for row in rows]
    told = "; ".join(f"{n}: {t[4]}" for n, t in zip(names, _written(sheet, len(rows)), strict=True))
    alt = line_text(f"Staafdiagram van woningen in belemmerde locaties per knelpunt. {told}.")
    deck.chart(
        slide, names, series, alt, (_EDGE, _HEAD, _WIDE - 2 * _EDGE, 128), sheet.matrix.title
    )


def _written(sheet: Factsheet, count: int) -> list[list[str]]:
    """Write the rows of the matrix that a chart shows."""
    return [row for row in sheet.matrix.written()[:-1] if row[4] != UNKNOWN][:count]


def settled(data: bytes) -> bytes:
    """Take the clock out of an Office file: dates of parts, and those that it states.

    Parameters
    ----------
    data : bytes
        A zip.

    Returns
    -------
    bytes
        The same parts in the same order.
    """
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as given,
        zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in given.infolist():
            part = given.read(entry)
            if entry.filename.endswith(".xlsx"):
                part = settled(part)
            elif entry.filename == "docProps/core.xml":
                part = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", part)
            about = zipfile.ZipInfo(entry.filename, _EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(about, part)
    return memory.getvalue()
