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

from woongeo.errors import AudienceError
from woongeo.export.bundle import Bundle
from woongeo.export.manifest import MANIFEST, manifest
from woongeo.export.tables import rounded, whole_numbers, write_csv, write_gpkg
from woongeo.vertrouwelijk import (
    KOLOM,
    default_audience,
    for_audience,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap

_GPKG, _TREFFERS, _CAPACITEIT, _CIJFERS, _KNELPUNTEN, _VRIJSPELEN, _KAART = SCREENING_FILES = (
    "locaties.gpkg",
    "treffers.csv",
    "capaciteit.csv",
    "cijfers.csv",
    "knelpunten.csv",
    "vrijspelen.csv",
    "kaart.html",
)
#: What search areas make.
SEARCH_FILES = ("zoekgebieden.gpkg", "zoekgebieden.csv", "balans.csv", "zeef.csv")
#: A folder tells of one screening or one search: a later one removes what an earlier one wrote.
FILES = (*SCREENING_FILES, *SEARCH_FILES)


def export_screening(  # noqa: PLR0913  one keyword a file or a choice
    screening: Screening,
    *,
    folder: str | Path,
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    webmap: ScreeningMap | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
    publiek: str | Audience | None = None,
) -> list[Path]:
    """Write a screening to a folder.

    Parameters
    ----------
    screening : Screening
        From `screen`; becomes ``locaties.gpkg`` (layer ``locaties``, RD New, EPSG:28992; areas in
        square metres, distances in metres, shares from 0 to 1) and ``treffers.csv``.
    folder : str or Path
        Where to; made where it does not exist. Other files in it stay as they are; a file of an
        earlier screening that this one does not make again is removed, so that all files in the
        folder tell of the same screening.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`; becomes ``capaciteit.csv`` (homes) and, where it was held
        against targets, ``cijfers.csv``.
    knelpunten : Knelpunten, optional
        From `knelpunten`; becomes ``knelpunten.csv``.
    vrijspelen : Vrijspelen, optional
        From `vrijspelen`; becomes ``vrijspelen.csv``: per region what each bottleneck blocks and
        frees.
    webmap : ScreeningMap, optional
        From `map_screening`; becomes ``kaart.html``.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced. A file that this screening was read from is never replaced.
    seconds : float, optional
        How long the screening took, for the manifest.
    publiek : str or Audience, optional
        Who will see the files ("openbaar", "provincie", "regio:NAAM", "gemeente:NAAM", "intern"):
        plans that are more confidential are left out. Without it "openbaar" where any plan states
        that it is not public, else nothing is left out.

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
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    AudienceError
        When a map or a table of totals holds plans that `publiek` may not see; make them from
        `for_audience` and `for_totals`.
    """
    for made in (knelpunten, vrijspelen):
        _refuse_hidden(made, publiek)
    screening = _for_audience(screening, plancapaciteit, webmap, publiek)
    files: dict[str, Callable[[Path], None]] = {
        _GPKG: lambda path: write_gpkg(screening, path),
        _TREFFERS: lambda path: write_csv(rounded(screening.treffers), path),
    }
    for name, table in _tables(plancapaciteit, knelpunten, vrijspelen).items():
        files[name] = table_writer(table)
    if webmap is not None:
        files[_KAART] = page_writer(webmap)
    return Bundle(Path(folder), MANIFEST, frozenset(FILES).__contains__).write(
        files,
        lambda: manifest(screening, plancapaciteit, seconds=seconds),
        sources=_sources(screening, plancapaciteit),
        overwrite=overwrite,
    )


def table_writer(table: pd.DataFrame) -> Callable[[Path], None]:
    """Make what writes a table of figures.

    Parameters
    ----------
    table : DataFrame
        The figures.

    Returns
    -------
    callable
        Takes the path.
    """
    return lambda path: write_csv(whole_numbers(table.round(4)), path)


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


def _tables(
    plancapaciteit: Plancapaciteit | None,
    knelpunten: Knelpunten | None,
    vrijspelen: Vrijspelen | None,
) -> dict[str, pd.DataFrame]:
    """Give the tables of figures by the name of their file."""
    tables = {}
    if plancapaciteit is not None:
        tables[_CAPACITEIT] = plancapaciteit.tabel
        if plancapaciteit.targets is not None:
            tables[_CIJFERS] = plancapaciteit.cijfers
    if knelpunten is not None:
        tables[_KNELPUNTEN] = knelpunten.tabel
    if vrijspelen is not None:
        tables[_VRIJSPELEN] = vrijspelen.gebieden
    return tables


def _refuse_hidden(made: Knelpunten | Vrijspelen | None, publiek: str | Audience | None) -> None:
    """Refuse a table of bottlenecks that holds plans which the audience may not see."""
    if made is None:
        return
    plans = made.screening.locaties
    audience = default_audience(plans) if publiek is None else read_audience(publiek)
    if not visible_to(plans, audience).all():
        raise AudienceError(
            f"knelpunten of vrijspelen telt plannen mee die publiek {str(audience)!r} niet mag "
            f"zien; maak ze van for_audience(screening, {str(audience)!r}); of geef "
            "publiek='intern'."
        )


def _for_audience(
    screening: Screening,
    plancapaciteit: Plancapaciteit | None,
    webmap: ScreeningMap | None,
    publiek: str | Audience | None,
) -> Screening:
    """Leave out the plans that the audience may not see."""
    audience = default_audience(screening.locaties) if publiek is None else read_audience(publiek)
    advice = "; of geef publiek='intern'"
    if plancapaciteit is not None:
        whole = plancapaciteit.screening
        chosen = len(whole.locations.report.of_check(KOLOM))
        if not chosen and not visible_to(whole.locaties, audience).all():
            raise AudienceError(
                f"plancapaciteit telt plannen mee die publiek {str(audience)!r} niet mag zien; "
                f"maak haar van for_totals(screening, {str(audience)!r}){advice}."
            )
    seen = visible_to(screening.locaties, audience)
    if seen.all():
        return screening
    if not seen.any():
        raise AudienceError(
            f"publiek {str(audience)!r} mag geen enkel plan zien; er is niets te schrijven{advice}."
        )
    if webmap is not None:
        raise AudienceError(
            f"de kaart toont plannen die publiek {str(audience)!r} niet mag zien; teken haar van "
            f"for_audience(screening, {str(audience)!r}), en geef die ook hier{advice}."
        )
    return for_audience(screening, audience)


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
    return sources
