"""A screening as files: all of them or none, and never over something that is the user's.

Every folder holds a ``manifest.json`` with the hash of each file, so that a later run knows its own
files again: it replaces those, and refuses to touch a file that it did not write or that was
changed since.

Files are written and flushed in a folder beside their place and then moved, the manifest last. A
run that is killed before its manifest moved has not happened: the next run puts back what it had
taken away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.export.audience import seen_by
from woongeo.export.bundle import Bundle
from woongeo.export.contents import Contents
from woongeo.export.forms import (
    KAART,
    USUAL,
    known_formats,
    may_be_ours,
    named_tables,
    writers,
)
from woongeo.export.manifest import MANIFEST, manifest
from woongeo.export.same import refuse_other

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap


def export_screening(  # noqa: PLR0913  one keyword a file or a choice
    screening: Screening,
    *,
    folder: str | Path,
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    webmap: ScreeningMap | None = None,
    formats: Sequence[str] = USUAL,
    overwrite: bool = False,
    seconds: float | None = None,
    publiek: str | Audience | None = None,
) -> list[Path]:
    """Write a screening to a folder.

    Parameters
    ----------
    screening : Screening
        From `screen`; RD New, EPSG:28992; areas in square metres, distances in metres, shares from
        0 to 1.
    folder : str or Path
        Where to; made where it does not exist. Other files in it stay as they are; a file of an
        earlier screening that this one does not make again is removed, so that all files in the
        folder tell of the same screening. Not the folder of `write_report` or `export_sites`: each
        has a manifest of its own.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`; becomes ``capaciteit.csv`` (homes) and, where it was held
        against targets or periods, ``cijfers.csv``; tables in the GeoPackage
        and the workbook, as those below.
    knelpunten : Knelpunten, optional
        From `knelpunten`; becomes ``knelpunten.csv``.
    vrijspelen : Vrijspelen, optional
        From `vrijspelen`; becomes ``vrijspelen.csv``: per region what each bottleneck blocks and
        frees.
    webmap : ScreeningMap, optional
        From `map_screening`; becomes ``kaart.html``.
    formats : sequence of str
        "gpkg": ``locaties.gpkg`` with the layer ``locaties``, a layer ``laag_<sleutel>`` of each
        bottleneck (features within 5 km of a location, whole), the tables and ``herkomst``, which
        QGIS opens in colours and with names of columns for people; the colours are in
        ``locaties.qml`` as well. "csv": ``treffers.csv`` and a file for each table. "xlsx":
        ``locaties.xlsx``, a workbook with a read-me. "parquet": ``locaties.parquet``, GeoParquet
        1.1 in RD New with the manifest in its metadata. "geojson": ``locaties.geojson``, longitude
        and latitude in 7 decimals, to show and not to calculate with.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced. A file that this screening was read from is never replaced.
    seconds : float, optional
        How long the screening took, for the manifest.
    publiek : str or Audience, optional
        Who will see the files ("openbaar", "provincie", "regio:NAAM", "gemeente:NAAM", "intern"):
        plans that are more confidential are left out. Without it "openbaar" where any plan, of the
        screening or of what is written beside it, states that it is not public, else nothing is
        left out.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` last. Tables are UTF-8 with a byte-order mark, comma separated,
        with a decimal point; text that a spreadsheet would run as a formula begins with an
        apostrophe. The GeoPackage holds text as it is, but for characters that it cannot hold (NUL,
        half characters), which are written out; lists and tables are JSON, and moments with a time
        zone are in UTC.

    Raises
    ------
    InputError
        When a format is not known, or what is written beside the screening is of another: of other
        locations, layers or rules, or of another day or severity.
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    AudienceError
        When a map or a table holds plans that `publiek` may not see: make maps and bottlenecks from
        `for_audience`, and totals from that or from `for_totals`, for the same audience or one that
        sees less.
    """
    refuse_other(
        screening,
        plancapaciteit=plancapaciteit,
        knelpunten=knelpunten,
        vrijspelen=vrijspelen,
        webmap=webmap,
    )
    screening = seen_by(
        screening,
        publiek,
        plancapaciteit=plancapaciteit,
        knelpunten=knelpunten,
        vrijspelen=vrijspelen,
        webmap=webmap,
    )
    chosen = known_formats(formats)
    tables = named_tables(plancapaciteit, knelpunten, vrijspelen)
    facts = manifest(screening, plancapaciteit, seconds=seconds)
    files = writers(Contents.of(screening, tables, facts), chosen)
    if webmap is not None:
        files[KAART] = page_writer(webmap)
    return Bundle(Path(folder), MANIFEST, may_be_ours).write(
        files,
        lambda: facts,
        sources=_sources(screening, plancapaciteit),
        overwrite=overwrite,
    )


def page_writer(webmap: ScreeningMap) -> Callable[[Path], None]:
    """Make what writes a map.

    Parameters
    ----------
    webmap : ScreeningMap
        The map.

    Returns
    -------
    callable
        Takes the path.
    """

    def write(path: Path) -> None:
        path.write_text(webmap.get_root().render(), encoding="utf-8", newline="\n")

    return write


def _sources(
    screening: Screening, plancapaciteit: Plancapaciteit | None
) -> list[Source | TableSource | None]:
    """List what a screening and its figures were read from."""
    sources: list[Source | TableSource | None] = [screening.locations.source]
    for layer in screening.layers:
        sources += [layer.source, layer.coverage.source]
    if plancapaciteit is not None:
        for division in plancapaciteit.by:
            sources += [] if isinstance(division, str) else [division.source]
        sources += [plancapaciteit.targets.source] if plancapaciteit.targets is not None else []
        sources += plancapaciteit.read_from
    return sources
