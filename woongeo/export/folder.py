"""A screening as files: all of them or none, and never over something that is the user's.

Every folder holds a ``manifest.json`` with the hash of each file, so that a later run knows its own
files again: it replaces those, and refuses to touch a file that it did not write or that was
changed since.

Files are written and flushed in a folder beside their place and then moved, the manifest last. A
run that is killed before its manifest moved has not happened: the next run puts back what it had
taken away.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.errors import OutputError
from woongeo.export.bundle import Bundle, made_folder
from woongeo.export.manifest import MANIFEST, manifest
from woongeo.export.tables import rounded, whole_numbers, write_csv, write_gpkg
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    output_error,
    scratch_folder,
)
from woongeo.sources import split_layer

if TYPE_CHECKING:
    import pandas as pd

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.webmap import ScreeningMap

_GPKG, _TREFFERS, _CAPACITEIT, _CIJFERS, _KNELPUNTEN, _VRIJSPELEN, _KAART = FILES = (
    "locaties.gpkg",
    "treffers.csv",
    "capaciteit.csv",
    "cijfers.csv",
    "knelpunten.csv",
    "vrijspelen.csv",
    "kaart.html",
)


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
    """
    target = Path(folder)
    tables = _tables(plancapaciteit, knelpunten, vrijspelen)
    names = [_GPKG, _TREFFERS, *tables]
    names += [_KAART] if webmap is not None else []
    bundle = Bundle(target, MANIFEST, frozenset(FILES).__contains__)
    with made_folder(target):
        bundle.undo_killed()
        _refuse_inputs(screening, plancapaciteit, target)
        ours = bundle.ours()
        bundle.refuse_foreign(names, ours, overwrite=overwrite)
        with scratch_folder(target) as scratch:
            try:
                write_gpkg(screening, scratch / _GPKG)
                write_csv(rounded(screening.treffers), scratch / _TREFFERS)
                for name, table in tables.items():
                    write_csv(whole_numbers(table.round(4)), scratch / name)
                if webmap is not None:
                    page = webmap.get_root().render()
                    (scratch / _KAART).write_text(page, encoding="utf-8", newline="\n")
                facts = manifest(screening, plancapaciteit, seconds=seconds)
                facts["uitvoer"] = [vars(fingerprint(scratch / name)) for name in names]
                text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
                # Half a character is no UTF-8; written out like this it is JSON.
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


def _refuse_inputs(
    screening: Screening, plancapaciteit: Plancapaciteit | None, target: Path
) -> None:
    """Refuse a folder in which a file would be replaced that this screening was read from."""
    sources: list[Source | TableSource | None] = [screening.locations.source]
    for layer in screening.layers:
        sources += [layer.source, layer.coverage.source]
    if plancapaciteit is not None:
        for division in plancapaciteit.by:
            sources += [] if isinstance(division, str) else [division.source]
        sources += [plancapaciteit.targets.source] if plancapaciteit.targets is not None else []
    for source in (x for x in sources if x is not None):
        path, _ = split_layer(source.path)
        for place in (target / name for name in FILES):
            if path.exists() and place.exists() and path.samefile(place):
                raise OutputError(
                    f"{place}: dit bestand is zelf invoer van deze screening; kies een andere map. "
                    "Er is niets gewijzigd."
                )
