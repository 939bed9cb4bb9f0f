"""A report as a folder of files: all of them, or none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.errors import OutputError
from woongeo.export import MANIFEST, manifest
from woongeo.export.bundle import Bundle, made_folder
from woongeo.files import fingerprint, flush_to_disk, output_error, scratch_folder
from woongeo.reporting.content import gather
from woongeo.reporting.overview import overview_page
from woongeo.reporting.pdf import FactsheetPrinter
from woongeo.reporting.slides import write_slides
from woongeo.reporting.theme import Theme, read_theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from woongeo.capacity import Plancapaciteit
    from woongeo.reporting.model import Report
    from woongeo.screening import Screening

#: The page for all regions.
OVERVIEW = "overzicht.html"
_OURS = re.compile(r"overzicht\.html|factsheet-[a-z0-9-]{1,80}\.(pdf|pptx)")


def write_report(  # noqa: PLR0913  one keyword a file or a choice
    plancapaciteit: Plancapaciteit,
    *,
    folder: str | Path,
    title: str = "Woningbouwlocaties en knelpunten",
    period: str | None = None,
    earlier: Screening | None = None,
    theme: Theme | str | Path | None = None,
    pdf: bool = True,
    pptx: bool = False,
    overwrite: bool = False,
    seconds: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write a factsheet for each region, and one page for all of them.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`: its regions (`by`) each get a factsheet, and all locations
        together one; its targets are the opgave.
    folder : str or Path
        Where to; made where it does not exist. Files of an earlier report that this one does not
        make again are removed; other files stay. Not the folder of a screening: each has a manifest
        of its own.
    title : str
        Above everything.
    period : str, optional
        Of the opgave, as in `Plancapaciteit.cijfers` ("2022-2030"); the one with the most opgaven
        without it.
    earlier : Screening, optional
        The last peilmoment, for what changed since.
    theme : Theme, str or Path, optional
        From `read_theme`, or its file; neutral without it.
    pdf : bool
        Whether there are factsheets as tagged PDF (PDF/UA-1), of one or two pages A4; asks for
        ``woongeo[rapport]``.
    pptx : bool
        Whether there are factsheets as PowerPoint; asks for ``woongeo[pptx]``.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced.
    seconds : float, optional
        How long the screening took, for the manifest.
    progress : callable, optional
        Is told the name of each region when its work begins.

    Returns
    -------
    list of Path
        ``overzicht.html``, the factsheets, and ``manifest.json`` last. Same input, same bytes, but
        for the moment in the manifest. Regions without locations and without opgave are named on
        the page and have no factsheet. On paper long names are cut with an ellipsis.

    Raises
    ------
    OutputError
        When a file cannot be written or is not ours to replace, or a package is missing; then
        nothing was changed.
    ThemeError
        When the theme cannot be read, or not by all.
    RegionError
        When there is no such period.
    """
    if isinstance(theme, str | Path):
        theme = read_theme(theme)
    look = Theme() if theme is None else theme
    target = Path(folder)
    report = gather(
        plancapaciteit,
        title=title,
        period=period,
        earlier=earlier,
        theme=look,
        progress=progress,
    )
    endings = [e for e, asked in ((".pdf", pdf), (".pptx", pptx)) if asked]
    files = {s.file_name: [s.file_name + e for e in endings] for s in report.factsheets}
    names = [OVERVIEW, *(name for of_sheet in files.values() for name in of_sheet)]
    bundle = Bundle(target, MANIFEST, lambda name: _OURS.fullmatch(name) is not None)
    with made_folder(target):
        bundle.undo_killed()
        ours = bundle.ours()
        bundle.refuse_foreign(names, ours, overwrite=overwrite)
        with scratch_folder(target) as scratch:
            try:
                page = overview_page(report, look, files)
                (scratch / OVERVIEW).write_text(page, encoding="utf-8", newline="\n")
                _write_factsheets(report, look, scratch, pdf=pdf, pptx=pptx)
                facts = manifest(plancapaciteit.screening, plancapaciteit, seconds=seconds)
                facts["rapport"] = _facts(report, earlier)
                facts["uitvoer"] = [vars(fingerprint(scratch / name)) for name in names]
                text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
                (scratch / MANIFEST).write_bytes(text.encode("utf-8", "backslashreplace"))
                for name in [*names, MANIFEST]:
                    flush_to_disk(scratch / name)
            except OutputError:
                raise
            except OSError as error:
                raise output_error(target, error) from error
            outdated = [name for name in ours if name not in names]
            bundle.move(scratch, [*names, MANIFEST], outdated)
    return [target / name for name in [*names, MANIFEST]]


def _write_factsheets(
    report: Report, theme: Theme, scratch: Path, *, pdf: bool, pptx: bool
) -> None:
    """Write the factsheets of all regions."""
    printer = FactsheetPrinter(report, theme) if pdf else None
    for sheet in report.factsheets:
        if printer is not None:
            printer.write(sheet, scratch / f"{sheet.file_name}.pdf")
        if pptx:
            write_slides(report, sheet, theme, scratch / f"{sheet.file_name}.pptx")


def _facts(report: Report, earlier: Screening | None) -> dict[str, object]:
    """Say of what the report is, for the manifest."""
    targets = report.plancapaciteit.targets
    return {
        "titel": report.title,
        "periode": report.period,
        "factsheets": len(report.factsheets),
        "zonder_factsheet": list(report.left_out),
        "opgaven": None if targets is None else targets.source.facts(),
        "vorig_peilmoment": None
        if earlier is None
        else {"dag": earlier.on.isoformat(), **earlier.locations.source.facts()},
    }
