"""Search areas as files: all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from woongeo.export.bundle import Bundle
from woongeo.export.folder import FILES, SEARCH_FILES, page_writer
from woongeo.export.manifest import MANIFEST, search_manifest
from woongeo.export.tables import write_csv, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from woongeo.searching import Zoekgebieden
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.webmap import ScreeningMap

_AREAS, _AREAS_CSV, _BALANCE, _SIEVE = SEARCH_FILES
_KAART = "kaart.html"


def export_sites(
    found: Zoekgebieden,
    *,
    folder: str | Path,
    webmap: ScreeningMap | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
) -> list[Path]:
    """Write search areas to a folder.

    Parameters
    ----------
    found : Zoekgebieden
        From `find_sites`; becomes ``zoekgebieden.gpkg`` (layer ``zoekgebieden``, RD New,
        EPSG:28992; square metres, metres, shares from 0 to 1), the same without shapes in
        ``zoekgebieden.csv``, ``balans.csv`` and ``zeef.csv``.
    folder : str or Path
        As for `export_screening`.
    webmap : ScreeningMap, optional
        From `map_screening`, of a screening of ``found.locations()``; becomes ``kaart.html``.
    overwrite : bool
        As for `export_screening`.
    seconds : float, optional
        How long the search took, for the manifest.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` last; as for `export_screening`.

    Raises
    ------
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    """
    frame = found.locaties.round(
        {c: 4 for c in found.locaties.columns if c.endswith(("_m2", "_m", "_aandeel"))}
        | {"compactheid": 6}
    )
    table = pd.DataFrame(frame.drop(columns="geometry"))
    files: dict[str, Callable[[Path], None]] = {
        _AREAS: lambda path: write_frame(frame, path, layer="zoekgebieden", day=found.on),
        _AREAS_CSV: lambda path: write_csv(table, path),
        _BALANCE: lambda path: write_csv(found.balans.round(2), path),
        _SIEVE: lambda path: write_csv(found.zeef.round(2), path),
    }
    if webmap is not None:
        files[_KAART] = page_writer(webmap)
    layers = [*found.layers, *([found.built_up] if found.built_up is not None else [])]
    sources: list[Source | TableSource | None] = [found.area.source]
    for layer in layers:
        sources += [layer.source, layer.coverage.source]
    sources += [found.plans.source] if found.plans is not None else []
    return Bundle(Path(folder), MANIFEST, frozenset(FILES).__contains__).write(
        files,
        lambda: search_manifest(found, seconds=seconds),
        sources=sources,
        overwrite=overwrite,
    )
