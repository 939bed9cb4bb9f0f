"""Factsheets as tagged PDF (PDF/UA-1), made by Typst: https://typst.app/docs/reference/pdf/."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from woongeo.encode import line_text, typst_data
from woongeo.errors import OutputError, ThemeError
from woongeo.numerals import dutch
from woongeo.reporting.model import UNKNOWN, written
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from types import ModuleType

    from woongeo.reporting.model import Factsheet, Report, Table
    from woongeo.reporting.theme import Theme

_STANDARD = "ua-1"
_OWN_FONT = "DejaVu Sans"
# A name that does not fit a cell makes its row high: on paper it is cut, and says so.
_CELL = 90
# Of a line over the whole width.
_ACROSS = 115
# Of tables: with more lines than these the second page is printed smaller, and with more than
# those the list of plans names bottlenecks by number; else it would take a third page.
_MANY_LINES, _MOST_LINES = 40, 58
_BY_NUMBER = "belemmerd door (nummer hieronder)"
# So many layers are listed with rule and all; of more only who, when and what.
_MANY_SOURCES = 12
# Of a rule: all that the overview tells where the page has room for it, else its beginning.
_RULE, _RULE_CUT = 500, 170
# Below the map there is room for so many lines of notes, with so many rows of legend.
_NOTE_LINES, _LEGEND_ROWS = 5, 2
_FONT_FILES = {".ttf", ".otf"}


class FactsheetPrinter:
    """Writes factsheets.

    Parameters
    ----------
    report : Report
        What they are part of.
    theme : Theme
        How they look.

    Raises
    ------
    OutputError
        When Typst is not installed.
    ThemeError
        When the theme's font is not there.
    """

    def __init__(self, report: Report, theme: Theme) -> None:
        self._typst = _typst()
        self._report = report
        self._theme = theme
        folders = [Path(mpl.get_data_path()) / "fonts" / "ttf"]
        folders += [theme.lettertype_map] if theme.lettertype_map is not None else []
        # Only what comes along or was given: the same input makes the same file on any machine.
        self._fonts = self._typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=folders
        )
        if theme.lettertype not in self._fonts.families():
            raise ThemeError(
                f"lettertype {theme.lettertype!r} staat in geen bestand; zet de bestanden "
                "(.ttf, .otf) in een map en noem die onder [lettertypen] als map."
            )
        self._letters = tuple(dict.fromkeys([theme.lettertype, _OWN_FONT]))
        self._drawable = _drawable(self._letters, tuple(folders))
        self._source = resources.files("woongeo.reporting").joinpath("factsheet.typ").read_bytes()

    def write(self, sheet: Factsheet, path: Path) -> int:
        """Write a factsheet.

        Parameters
        ----------
        sheet : Factsheet
            What it tells.
        path : Path
            Where to.

        Returns
        -------
        int
            Bytes.

        Raises
        ------
        OutputError
            When Typst cannot make it.
        """
        with tempfile.TemporaryDirectory(prefix="woongeo-") as folder:
            root = Path(folder)
            data = self._data(sheet, root)
            try:
                compiler = self._typst.Compiler(
                    self._source,
                    root=root,
                    font_paths=self._fonts,
                    sys_inputs={"gegevens": typst_data(data)},
                    # Nothing may be fetched: there are no packages here.
                    package_path=root,
                    package_cache_path=root,
                )
                day = self._report.on
                made = compiler.compile(
                    format="pdf",
                    pdf_standards=[_STANDARD],
                    timestamp=dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC),
                )
            except self._typst.TypstError as error:
                raise OutputError(
                    f"{path.name}: Typst kan de factsheet niet maken ({line_text(error)}). "
                    "Er is niets gewijzigd."
                ) from error
        return path.write_bytes(made)

    def _text(self, text: str) -> str:
        """Write out characters that the font does not have: nothing may become a box."""
        return "".join(c if c in self._drawable else f"[U+{ord(c):04X}]" for c in text)

    def _shown(self, value: Any) -> Any:  # noqa: ANN401  plain values of any depth
        """Do so in all text of plain values."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {key: self._shown(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._shown(item) for item in value]
        return value

    def _data(self, sheet: Factsheet, root: Path) -> dict[str, Any]:
        """Lay out a factsheet as plain values, and its pictures as files."""
        report, theme = self._report, self._theme
        day = report.on
        later = _over_the_page(sheet)
        notes = _note_lines(sheet) + 2 if later else 0
        for cut, room in ((_RULE, _MANY_LINES), (_RULE_CUT, _MANY_LINES), (_RULE, _MOST_LINES)):
            lines = _source_lines(report.sources, cut)
            rest = notes + sum(1 + len(line) // 110 for line in lines)
            if _counted(sheet, rest) <= room:
                break
        else:
            lines = _source_lines(report.sources, _RULE_CUT)
            rest = notes + sum(1 + len(line) // 110 for line in lines)
        top, matrix, tight = _fitted(sheet, rest)
        told = {
            "titel": f"{report.title} — {sheet.heading}",
            "kop": sheet.heading,
            "voet": f"{report.title}. Beoordeeld op {day.isoformat()}; woongeo {report.version}. "
            "Een screening, geen juridische toets.",
            "screening": SCREENING,
            "onbekend": UNKNOWN,
            "logo_tekst": theme.logo_tekst,
            "kaarttekst": sheet.map_text,
            "kaartnoot": sheet.map_note,
            "geenkaart": "Er is niets te tekenen: geen grens van het gebied en geen locatie met "
            "een bruikbaar vlak.",
            "tegels": [
                {"naam": t.label, "waarde": t.written(), "noot": line_text(t.note, most=110)}
                for t in sheet.tiles
            ],
            "staven": _bars(sheet),
            "capaciteit": _plain(sheet.capacity),
            "top": _plain(top),
            "matrix": _plain(matrix),
            "vrijspelen": _plain(sheet.freeing),
            "veranderd": _plain(sheet.changes) if sheet.changes is not None else None,
            "opmerkingen": list(sheet.notes),
            "opmerkingen_verderop": later,
            "bronnen": {"titel": report.sources.title, "regels": lines},
        }
        pictures: dict[str, Any] = {"kaart": None, "logo": None}
        if sheet.drawing:
            pictures["kaart"] = _put(root, "kaart.svg", sheet.drawing)
        if theme.logo:
            kind = "png" if theme.logo.startswith(b"\x89PNG") else "jpg"
            pictures["logo"] = _put(root, f"logo.{kind}", theme.logo)
        legend = [
            {"teken": _put(root, f"teken{i}.png", e.picture), "tekst": self._text(e.text)}
            for i, e in enumerate(sheet.legend)
        ]
        return {
            **self._shown(told),
            **pictures,
            "legenda": legend,
            "krap": tight or len(sheet.notes) + len(sheet.legend) // 3 > 9,
            "letters": list(self._letters),
            "dag": [day.year, day.month, day.day],
            "kleuren": vars(theme.kleuren),
        }


def _typst() -> ModuleType:
    """Import Typst, which not everybody installs."""
    try:
        import typst  # noqa: PLC0415  an extra
    except ImportError as error:
        raise OutputError(
            "factsheets als PDF vragen om het pakket typst: pip install 'woongeo[rapport]'."
        ) from error
    return typst


@lru_cache(maxsize=4)
def _drawable(families: tuple[str, ...], folders: tuple[Path, ...]) -> frozenset[str]:
    """List the characters that fonts of these families can draw."""
    found: set[str] = set()
    for folder in folders:
        for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in _FONT_FILES):
            font = FT2Font(str(path))
            # Bold and italic of a family hold less: what they lack would be a box there.
            if font_manager.ttfFontProperty(font).name in families and font.style_name in {
                "Book",
                "Regular",
            }:
                found.update(map(chr, font.get_charmap()))
    return frozenset(found)


def _put(root: Path, name: str, data: bytes) -> str:
    """Write a picture for Typst, and say by which name it finds it."""
    (root / name).write_bytes(data)
    return f"/{name}"


def _plain(table: Table) -> dict[str, Any]:
    """Lay out a table as text."""
    rows = [[line_text(cell, most=_CELL) for cell in row] for row in table.written()]
    return {
        "titel": table.title,
        "koppen": [column.title for column in table.columns],
        "soorten": [column.kind for column in table.columns],
        "rijen": rows,
        "noot": table.note,
    }


def _lines(table: Table | None, room: tuple[int, ...]) -> int:
    """Count the lines of a table, with so much room for the characters of each column."""
    if table is None:
        return 0
    return sum(
        max(-(-len(line_text(cell, most=_CELL)) // n) for cell, n in zip(row, room, strict=True))
        for row in table.written()
        if any(row)
    )


def _note_lines(sheet: Factsheet) -> int:
    """Count the lines of what a reader must know."""
    return sum(1 + len(note) // _ACROSS for note in sheet.notes)


def _over_the_page(sheet: Factsheet) -> bool:
    """Tell whether that has no room below the map: else a page would hold its last line alone."""
    legend = -(-len(sheet.legend) // 3)
    return _note_lines(sheet) + 2 * max(legend - _LEGEND_ROWS, 0) > _NOTE_LINES


def _counted(sheet: Factsheet, rest: int, tables: tuple[Table, Table] | None = None) -> int:
    """Count the lines of the second page, of which the sources and such take `rest`."""
    top, matrix = tables or (sheet.top, sheet.matrix)
    rest += _lines(sheet.freeing, (36, *(20,) * 4))
    if sheet.changes is not None:
        rest += len(sheet.changes) + -(-len(sheet.changes.note) // _ACROSS)
    return _lines(top, (36, 12, 18, 14, 34)) + _lines(matrix, (36, *(20,) * 5)) + rest


def _fitted(sheet: Factsheet, rest: int) -> tuple[Table, Table, bool]:
    """Give the list of plans and the matrix so that they fit a page, and whether in small print."""
    top, matrix = sheet.top, sheet.matrix
    if _counted(sheet, rest) > _MOST_LINES:
        top, matrix = _numbered(sheet)
    return top, matrix, _counted(sheet, rest, (top, matrix)) > _MANY_LINES


def _numbered(sheet: Factsheet) -> tuple[Table, Table]:
    """Name bottlenecks by number in the list of plans, and number them in the matrix."""
    top = replace(
        sheet.top,
        columns=(*sheet.top.columns[:-1], replace(sheet.top.columns[-1], title=_BY_NUMBER)),
        rows=tuple(
            (line_text(row[0], most=40) if isinstance(row[0], str) else row[0], *row[1:-1], short)
            for row, short in zip(sheet.top.rows, sheet.top.numbers, strict=True)
        ),
    )
    *each, last = sheet.matrix.rows
    listed = tuple((f"{i}. {row[0]}", *row[1:]) for i, row in enumerate(each, start=1))
    return top, replace(sheet.matrix, rows=(*listed, last))


def _bars(sheet: Factsheet) -> dict[str, Any]:
    """Lay out capacity before and after bottlenecks as bars, and the same in words."""
    rows: list[dict[str, Any]] = []
    longest = 0.0
    for cells in sheet.capacity.rows:
        # A plan that takes homes away has no length, and neither has what is not known.
        held = [0.0 if math.isnan(float(v)) else max(float(v), 0.0) for v in cells[2:5]]
        rows.append(
            {"naam": str(cells[0]), **dict(zip(("hard", "zacht", "open"), held, strict=True))}
        )
        longest = max(longest, sum(held))
    goal = sheet.norm * sheet.rest
    asked = goal if goal > 0 else None
    told = "; ".join(
        f"{cells[0]}: {written(cells[2], 'woningen')} hard, {written(cells[3], 'woningen')} zacht, "
        f"{written(cells[4], 'woningen')} met onbekende status"
        for cells in sheet.capacity.rows
    )
    share = written(sheet.norm, "aandeel")
    line = "" if asked is None else f"{share} van de restopgave: {dutch(asked, decimals=0)}"
    return {
        "rijen": rows,
        "norm": asked,
        "normtekst": line,
        "meest": 1.02 * max(longest, asked or 0.0) if longest or asked else 0,
        "tekst": f"Staven van de plancapaciteit in woningen. {told}. {line}",
    }


def _source_lines(table: Table, most: int) -> list[str]:
    """Write each source on a line, with so many characters of its rules."""
    lines = []
    short = len(table) > _MANY_SOURCES
    for what, who, licence, day, rule, digest in table.written():
        parts = [what]
        if who:
            parts += [f"uitgever {who}", f"licentie {licence}", f"peildatum {day}"]
        parts += [] if short and who else [line_text(rule, most=most)]
        lines.append("; ".join(parts) + f" (sha256 {digest})")
    return [*lines, table.note] if table.note else lines
