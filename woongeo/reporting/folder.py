"""A report as a folder of files: all of them, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.errors import AudienceError
from woongeo.export import MANIFEST, manifest
from woongeo.export.bundle import Bundle, Kind
from woongeo.export.forms import may_be_ours
from woongeo.reporting.content import gather
from woongeo.reporting.forms import PDF, known_forms, report_files
from woongeo.reporting.theme import Theme, read_theme
from woongeo.vertrouwelijk import default_audience, read_audience, visible_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from woongeo.capacity import Plancapaciteit
    from woongeo.plotting.ground import Grounds
    from woongeo.reporting.model import Report
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.vertrouwelijk import Audience


def write_report(  # noqa: PLR0913  one keyword a file or a choice
    plancapaciteit: Plancapaciteit,
    *,
    folder: str | Path,
    title: str = "Woningbouwlocaties en knelpunten",
    period: str | None = None,
    earlier: Screening | None = None,
    theme: Theme | str | Path | None = None,
    formats: str | Sequence[str] = (PDF,),
    pdf: bool = True,
    pptx: bool = False,
    background: Grounds | None = None,
    publiek: str | Audience | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
) -> list[Path]:
    """Write a factsheet for each region, one page for all of them, and maps and data beside it.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`: its regions (`by`) each get a factsheet, and all locations
        together one; its targets are the opgave.
    folder : str or Path
        Where to; made where it does not exist. Files of an earlier report that this one does not
        make again are removed; other files stay. Not the folder of
        `export_screening` or `export_sites`: each has a manifest of its own.
    title : str
        Above everything.
    period : str, optional
        Of the opgave, as in `Plancapaciteit.cijfers` ("2022-2030"); the one with the most opgaven
        without it.
    earlier : Screening, optional
        The last peilmoment, for what changed since.
    theme : Theme, str or Path, optional
        From `read_theme`, or its file; neutral without it.
    formats : str or sequence of str
        What is made; "alles" makes the whole folder. "pdf": factsheets as tagged PDF (PDF/UA-1), of
        one or two pages A4; asks for ``woongeo[rapport]``. "pptx": the same as PowerPoint; asks for
        ``woongeo[pptx]``. "kaart": ``kaart.html``, from `map_screening`. "kaartblad": one map of
        all locations on A3 as ``kaartblad.pdf`` and ``kaartblad.png``, from `plot_screening`.
        "gpkg", "csv", "xlsx", "parquet" and "geojson": the data, as from `export_screening`, with
        the tables of plancapaciteit, knelpunten and vrijspelen.
    pdf : bool
        Whether there are factsheets as PDF; False leaves them out, whatever `formats` says.
    pptx : bool
        The same as "pptx" in `formats`.
    background : Grounds, optional
        What fetches tiles under the maps, as ``Client().background`` does (of
        `woongeo.pdok.Client`); a plain ground without it, and where none comes, which the report
        says.
    publiek : str or Audience, optional
        Who will see the files, as for `export_screening`. A report lists plans, so all that it
        counts must be plans that may be seen.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced.
    seconds : float, optional
        How long the screening took, for the manifest.

    Returns
    -------
    list of Path
        ``overzicht.html``, which names and opens all others, maps, data, the factsheets, and
        ``manifest.json`` last. Same input, same bytes, but for the moment in the manifest. All
        figures in them are of the same plans. Regions without locations and without opgave are
        named on the page and have no factsheet. On paper long names are cut with an ellipsis.

    Raises
    ------
    OutputError
        When a file cannot be written or is not ours to replace, or a package is missing; then
        nothing was changed.
    AudienceError
        When it counts plans that `publiek` may not see; make it from `for_audience`.
    ThemeError
        When the theme cannot be read, or not by all.
    RegionError
        When there is no such period.
    InputError
        When a form is not known.

    Warns
    -----
    DoubtfulLocationWarning
        When no location can be drawn, so that there is no "kaartblad".
    """
    forms = known_forms(formats, pdf=pdf, pptx=pptx)
    look = Theme() if theme is None else theme
    if not isinstance(look, Theme):
        look = read_theme(look)
    for screening in (plancapaciteit.screening, earlier):
        _refuse_hidden(screening, publiek)
    report = gather(
        plancapaciteit,
        title=title,
        period=period,
        earlier=earlier,
        theme=look,
        background=background,
    )
    facts = {
        **manifest(plancapaciteit.screening, plancapaciteit, seconds=seconds),
        "rapport": _facts(report, earlier),
    }
    return Bundle(Path(folder), MANIFEST, may_be_ours, Kind.REPORT).write(
        report_files(report, look, forms, facts, background),
        lambda: facts,
        sources=_sources(plancapaciteit, earlier),
        overwrite=overwrite,
    )


def _refuse_hidden(screening: Screening | None, publiek: str | Audience | None) -> None:
    """Refuse plans that the audience may not see."""
    if screening is None:
        return
    plans = screening.locaties
    audience = default_audience(plans) if publiek is None else read_audience(publiek)
    if not visible_to(plans, audience).all():
        raise AudienceError(
            f"het rapport telt plannen mee die publiek {str(audience)!r} niet mag zien; maak "
            f"plancapaciteit (en het vorige peilmoment) van for_audience(screening, "
            f"{str(audience)!r}); of geef publiek='intern'."
        )


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
        else {"beoordeeld_op": earlier.on.isoformat(), **earlier.locations.source.facts()},
    }


def _sources(
    plancapaciteit: Plancapaciteit, earlier: Screening | None
) -> list[Source | TableSource | None]:
    """List what was read, and may not be replaced."""
    screening = plancapaciteit.screening
    sources: list[Source | TableSource | None] = [screening.locations.source]
    sources += [earlier.locations.source] if earlier is not None else []
    for layer in screening.layers:
        sources += [layer.source, layer.coverage.source]
    sources += [d.source for d in plancapaciteit.by if not isinstance(d, str)]
    sources += [plancapaciteit.targets.source] if plancapaciteit.targets is not None else []
    sources += plancapaciteit.read_from
    return sources
