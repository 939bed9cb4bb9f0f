"""In which forms a report comes, and what writes each of its files."""

from __future__ import annotations

import warnings
from functools import cache, partial
from typing import TYPE_CHECKING

import shapely

from woongeo.errors import DoubtfulLocationWarning, InputError
from woongeo.export import FORMATS
from woongeo.export.contents import Contents
from woongeo.export.folder import page_writer
from woongeo.export.forms import KAART, named_tables, writers
from woongeo.knelpunten import knelpunten
from woongeo.plotting import plot_screening
from woongeo.reporting.overview import overview_page
from woongeo.reporting.pdf import FactsheetPrinter
from woongeo.reporting.slides import write_slides
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from woongeo.plotting import ScreeningPlot
    from woongeo.plotting.ground import Grounds
    from woongeo.reporting.model import Report
    from woongeo.reporting.theme import Theme
    from woongeo.screening import Screening

    Writers = dict[str, Callable[[Path], object]]

#: The page for all regions.
OVERVIEW = "overzicht.html"
#: The map on paper.
SHEETS = ("kaartblad.pdf", "kaartblad.png")

PDF, PPTX, WEBMAP, SHEET = "pdf", "pptx", "kaart", "kaartblad"
#: Every form of a report, the page aside; those of a screening are among them.
REPORT_FORMATS = (PDF, PPTX, WEBMAP, SHEET, *FORMATS)
#: All of them.
ALL = "alles"

# Dots an inch of the map as a picture: 2,480 wide, which fills a screen and is no burden in a mail.
_DPI = 150
# Names on it at most; one for which there is no room is left out.
_LABELS = 20
# From how much higher than wide on a map is better upright.
_UPRIGHT = 1.05


def known_forms(formats: str | Sequence[str], *, pdf: bool, pptx: bool) -> list[str]:
    """Refuse what is no form.

    Parameters
    ----------
    formats : str or sequence of str
        As the user gave them; "alles" is all.
    pdf : bool
        Whether there are factsheets as PDF, whatever the forms say.
    pptx : bool
        Whether there are slides, also where the forms do not name them.

    Returns
    -------
    list of str
        Each once, in a fixed order.

    Raises
    ------
    InputError
        When one is not known.
    """
    asked = {formats} if isinstance(formats, str) else set(formats)
    strange = sorted(asked - {*REPORT_FORMATS, ALL})
    if strange:
        raise InputError(
            f"formaat {strange[0]!r} is onbekend; kies uit {', '.join(REPORT_FORMATS)} of {ALL}."
        )
    if ALL in asked:
        asked = {*REPORT_FORMATS}
    asked |= {PDF}
    asked |= {PPTX} if pptx else set()
    return [form for form in REPORT_FORMATS if form in asked and (pdf or form != PDF)]


def report_files(
    report: Report,
    theme: Theme,
    forms: Sequence[str],
    facts: Mapping[str, Any],
    background: Grounds | None = None,
) -> Writers:
    """Give what writes each file, by its name.

    Parameters
    ----------
    report : Report
        What is told.
    theme : Theme
        How it looks.
    forms : sequence of str
        From `known_forms`.
    facts : mapping
        The manifest, for the files that hold it.
    background : Grounds, optional
        What fetches tiles under the map on paper.

    Returns
    -------
    dict
        Name of the file to what writes it, given a path; the page first.
    """
    beside = _beside(report, forms, facts, background)
    sheets = _factsheets(report, theme, forms)
    listed: dict[str, list[str]] = {sheet.file_name: [] for sheet in report.factsheets}
    for name in sheets:
        listed[name.rpartition(".")[0]].append(name)

    def page(path: Path) -> None:
        text = overview_page(report, theme, listed, [*beside])
        path.write_text(text, encoding="utf-8", newline="\n")

    return {OVERVIEW: page, **beside, **sheets}


def _beside(
    report: Report, forms: Sequence[str], facts: Mapping[str, Any], background: Grounds | None
) -> Writers:
    """Give what writes maps and data."""
    capacity = report.plancapaciteit
    screening = capacity.screening
    files: Writers = {}
    if WEBMAP in forms:
        files[KAART] = partial(_write_map, screening, report.title)
    if SHEET in forms:
        if screening.locations.usable.any():
            files |= _sheets(screening, report.title, background)
        else:
            warnings.warn(
                "geen enkele locatie heeft een bruikbaar vlak: er is geen kaartblad gemaakt.",
                DoubtfulLocationWarning,
                stacklevel=5,
            )
    if data := [form for form in FORMATS if form in forms]:
        tables = named_tables(
            capacity, knelpunten(screening, basis=capacity.basis), report.vrijspelen
        )
        files |= writers(Contents.of(screening, tables, facts), data)
    return files


def _write_map(screening: Screening, title: str, path: Path) -> None:
    """Write the map as a page; it is made when its turn is there, for of many plans it is large."""
    page_writer(map_screening(screening, title=title))(path)


def _sheets(screening: Screening, title: str, background: Grounds | None) -> Writers:
    """Give what writes the map on paper; it is drawn once."""
    shapes = screening.locaties.geometry.to_numpy()[screening.locations.usable]
    west, south, east, north = shapely.total_bounds(shapes)
    upright = bool(north - south > _UPRIGHT * (east - west))

    @cache
    def drawn() -> ScreeningPlot:
        return plot_screening(
            screening,
            title=title,
            paper="A3",
            landscape=not upright,
            labels=_LABELS,
            background=background,
        )

    return dict.fromkeys(SHEETS, lambda path: drawn().save(path, dpi=_DPI))


def _factsheets(report: Report, theme: Theme, forms: Sequence[str]) -> Writers:
    """Give what writes the factsheets."""
    printer = FactsheetPrinter(report, theme) if PDF in forms else None
    files: Writers = {}
    for sheet in report.factsheets:
        if printer is not None:
            files[f"{sheet.file_name}.pdf"] = partial(printer.write, sheet)
        if PPTX in forms:
            files[f"{sheet.file_name}.pptx"] = partial(write_slides, report, sheet, theme)
    return files
