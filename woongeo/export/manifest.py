"""Where every figure comes from, as plain values."""

from __future__ import annotations

import datetime as dt
import json
import math
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyogrio
import shapely

from woongeo.errors import FileError
from woongeo.regions import Regions
from woongeo.verdict import SCREENING, Oordeel

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit
    from woongeo.layers import Layer
    from woongeo.screening import Screening

MANIFEST = "manifest.json"


def manifest(
    screening: Screening,
    plancapaciteit: Plancapaciteit | None = None,
    *,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Say where every figure comes from.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`.
    seconds : float, optional
        How long the screening took.

    Returns
    -------
    dict
        Plain values with Dutch keys: versions, inputs with their hashes, rules, checks and counts.
        Only `gemaakt` and `rekentijd_s` differ between two runs on the same input and day.
    """
    locations = screening.locations
    by = plancapaciteit.by if plancapaciteit is not None else ()
    targets = plancapaciteit.targets if plancapaciteit is not None else None
    packages = ("geopandas", "shapely", "pyproj", "pyogrio", "pandas", "numpy", "folium")
    return {
        "gemaakt_door": "woongeo",
        "versie": screening.version,
        "let_op": SCREENING,
        "gemaakt": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rekentijd_s": None if seconds is None else round(seconds, 3),
        "beoordeeld_op": screening.on.isoformat(),
        "belemmeringen_vanaf": screening.from_severity,
        "coordinatenstelsel": "EPSG:28992 (RD New), meters",
        "locaties": {
            **locations.source.facts(),
            "kolommen": locations.columns,
            "controle": locations.report.counts(),
            "bevindingen": [
                dict(zip(locations.report.table.columns, row, strict=True))
                for row in locations.report.table.astype(object)
                .where(locations.report.table.notna(), None)
                .itertuples(index=False, name=None)
            ],
        },
        "lagen": [_layer_facts(screening, layer) for layer in screening.layers],
        "gebieden": [
            {"niveau": d.level, "gebieden": len(d), "bron": d.source.facts()}
            if isinstance(d, Regions)
            else {"niveau": d, "kolom": d}
            if isinstance(d, str)
            else {"niveau": d.level, "kolom": d.column, "bron": d.source.facts()}
            for d in by
        ],
        "opgave": None if targets is None else targets.source.facts(),
        "opmerkingen": [] if plancapaciteit is None else list(plancapaciteit.opmerkingen),
        "tellingen": {
            "locaties": len(screening),
            "zonder_aantal": int(screening.locaties["woningen"].isna().sum()),
            "locaties_per_oordeel": screening.counts(),
            "woningen_per_oordeel": _known(screening.homes()),
            "oordelen_onbekend": int((screening.treffers["oordeel"] == Oordeel.ONBEKEND).sum()),
        },
        "programma": {
            "python": platform.python_version(),
            "geos": shapely.geos_version_string,
            "gdal": ".".join(map(str, pyogrio.__gdal_version__)),
            **{name: metadata.version(name) for name in packages},
        },
    }


def _layer_facts(screening: Screening, layer: Layer) -> dict[str, Any]:
    """Say where a layer comes from, by which rules it was judged and with what outcome."""
    return {
        **layer.facts(),
        "te_oud_omdat": layer.stale(screening.on) or None,
        "regels": {
            toets.key: {
                **toets.rule.facts(),
                "geldt_niet_omdat": toets.rule.holds(screening.on) or None,
                "locaties_per_oordeel": screening.counts(toets.key),
                "woningen_per_oordeel": _known(screening.homes(toets.key)),
            }
            for toets in screening.toetsen
            if toets.layer is layer
        },
    }


def _known(homes: dict[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN: what is not known is null."""
    return {verdict: None if math.isnan(n) else n for verdict, n in homes.items()}


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Parameters
    ----------
    folder : str or Path
        Where a screening was written.

    Returns
    -------
    dict
        As `manifest` gives it, with the files under `uitvoer`.

    Raises
    ------
    FileError
        When there is none, or it cannot be read.
    """
    path = Path(folder) / MANIFEST
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: geen leesbaar manifest ({error}).") from error
    return read
