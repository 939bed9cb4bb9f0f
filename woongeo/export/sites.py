"""Search areas as files: all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.errors import AudienceError, InputError
from woongeo.export.audience import for_whom, refuse_map
from woongeo.export.bundle import Bundle, Kind
from woongeo.export.folder import page_writer
from woongeo.export.forms import SEARCH_FILES, may_be_ours
from woongeo.export.gpkg import write_styled
from woongeo.export.manifest import MANIFEST, search_manifest
from woongeo.export.qgis import site_style
from woongeo.export.tables import write_csv
from woongeo.numerals import counted
from woongeo.vertrouwelijk import default_audience, read_audience, visible_to

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from woongeo.searching import Zoekgebieden
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap

_AREAS, _AREAS_QML, _AREAS_CSV, _BALANCE, _SIEVE = SEARCH_FILES
_KAART = "kaart.html"
# Files that were read again are as exact as this.
_NEAR_M = 0.01
_TITLES = {
    "zoekgebied_id": "Zoekgebied",
    "rang": "Rang",
    "oordeel": "Oordeel",
    "reden": "Reden",
    "gebied": "Gebied met het grootste deel",
    "gebied_aandeel": "Deel daarin (aandeel, 0 tot 1)",
    "oppervlakte_m2": "Oppervlakte (m²)",
    "gemiddelde_breedte_m": "Gemiddelde breedte (m)",
    "compactheid": "Compactheid (1 is een cirkel)",
    "afstand_bebouwd_m": "Afstand tot bebouwd gebied (m)",
    "bebouwd_aandeel": "Bebouwd (aandeel, 0 tot 1)",
}


def export_sites(
    found: Zoekgebieden,
    *,
    folder: str | Path,
    webmap: ScreeningMap | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
    publiek: str | Audience | None = None,
) -> list[Path]:
    """Write search areas to a folder.

    Parameters
    ----------
    found : Zoekgebieden
        From `find_sites`; becomes ``zoekgebieden.gpkg`` (layer ``zoekgebieden``, RD New,
        EPSG:28992; square metres, metres, shares from 0 to 1), which QGIS opens in colours and
        with names of columns for people (the colours are in ``zoekgebieden.qml`` as well), the same
        without shapes in
        ``zoekgebieden.csv``, ``balans.csv`` and ``zeef.csv``.
    folder : str or Path
        As for `export_screening`, but not its folder: each has a manifest of its own.
    webmap : ScreeningMap, optional
        From `map_screening`, of a screening of ``found.locations()``, all or some of them; becomes
        ``kaart.html``. A map of anything else is refused.
    overwrite : bool
        As for `export_screening`.
    seconds : float, optional
        How long the search took, for the manifest.
    publiek : str or Audience, optional
        Who will see the files, as for `export_screening`. Holes in search areas show where the
        plans lie whose ground was left out: a search with plans that `publiek` may not see is
        refused.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` last; as for `export_screening`.

    Raises
    ------
    InputError
        When the map shows other areas.
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    AudienceError
        When plans whose ground was left out, or that the map shows, are more confidential than
        `publiek` may see.
    """
    _refuse_hidden(found, publiek)
    _refuse_other(found, webmap, publiek)
    frame = found.locaties.round(
        {c: 4 for c in found.locaties.columns if c.endswith(("_m2", "_m", "_aandeel"))}
        | {"compactheid": 6}
    )
    table = pd.DataFrame(frame.drop(columns="geometry"))
    titles = {name: title for name, title in _TITLES.items() if name in table.columns}
    style = site_style(table, titles, label="zoekgebied_id")
    files: dict[str, Callable[[Path], None]] = {
        _AREAS: lambda path: write_styled(
            frame, path, layer="zoekgebieden", day=found.on, titles=titles, qml=style
        ),
        _AREAS_QML: lambda path: _write_text(path, style),
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
    return Bundle(Path(folder), MANIFEST, may_be_ours, Kind.SEARCH).write(
        files,
        lambda: search_manifest(found, seconds=seconds),
        sources=sources,
        overwrite=overwrite,
    )


def _write_text(path: Path, text: str) -> None:
    """Write text as it is."""
    path.write_text(text, encoding="utf-8", newline="\n")


def _refuse_hidden(found: Zoekgebieden, publiek: str | Audience | None) -> None:
    """Refuse search areas whose holes show plans that the audience may not see."""
    if found.plans is None:
        return
    plans = found.plans.frame
    audience = default_audience(plans) if publiek is None else read_audience(publiek)
    hidden = int((~visible_to(plans, audience)).sum())
    if hidden:
        raise AudienceError(
            f"waar {counted(hidden, 'plan ligt dat', 'plannen liggen die')} publiek "
            f"{str(audience)!r} niet mag zien, is te zien "
            "aan de gaten in de zoekgebieden; zoek opnieuw met "
            f"plans=for_audience(plans, {str(audience)!r}) (hun grond valt dan niet af), of geef "
            "publiek='intern'."
        )


def _refuse_other(
    found: Zoekgebieden, webmap: ScreeningMap | None, publiek: str | Audience | None
) -> None:
    """Refuse a map of anything but these search areas: the manifest beside it tells of no other."""
    drawn = None if webmap is None else webmap.screening
    if drawn is not None and _are_of(drawn.locaties, found.locaties):
        # Where plans lie whose ground was left out is shown by the areas themselves.
        return
    instead = "screen(gevonden.locations(), lagen)"
    refuse_map(webmap, for_whom(publiek, drawn), instead)
    if drawn is not None:
        raise InputError(
            "de kaart toont andere vlakken dan deze zoekgebieden; teken haar met "
            f"map_screening({instead})."
        )


def _are_of(shown: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> bool:
    """Tell whether locations are search areas, by name and place."""
    at = pd.Index(areas["zoekgebied_id"]).get_indexer(shown["locatie_id"])
    if (at < 0).any():
        return False
    there = areas.geometry.bounds.to_numpy()[at]
    return bool(np.allclose(shown.geometry.bounds.to_numpy(), there, rtol=0, atol=_NEAR_M))
