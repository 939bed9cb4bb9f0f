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
    from woongeo.searching import Zoekgebieden

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
            "bevindingen": locations.report.records(),
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
        "programma": _program(),
    }


def search_manifest(found: Zoekgebieden, *, seconds: float | None = None) -> dict[str, Any]:
    """Say where search areas come from.

    Parameters
    ----------
    found : Zoekgebieden
        From `find_sites`.
    seconds : float, optional
        How long the search took.

    Returns
    -------
    dict
        As `manifest` does.
    """
    return {
        "gemaakt_door": "woongeo",
        "versie": found.version,
        "let_op": SCREENING,
        "gemaakt": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rekentijd_s": None if seconds is None else round(seconds, 3),
        "coordinatenstelsel": "EPSG:28992 (RD New), meters",
        **found.facts(),
        "programma": _program(),
    }


def _program() -> dict[str, str]:
    """Name the versions of what did the work."""
    packages = ("geopandas", "shapely", "pyproj", "pyogrio", "pandas", "numpy", "folium")
    return {
        "python": platform.python_version(),
        "geos": shapely.geos_version_string,
        "gdal": ".".join(map(str, pyogrio.__gdal_version__)),
        **{name: metadata.version(name) for name in packages},
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


def manifest_text(facts: dict[str, Any]) -> str:
    """Write a manifest as text: findings one a line, for there may be many.

    Parameters
    ----------
    facts : dict
        From `manifest`.

    Returns
    -------
    str
        JSON.
    """
    places = facts.get("locaties")
    findings = places.get("bevindingen") if isinstance(places, dict) else None
    if not findings:
        return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
    rest = {**facts, "locaties": {**facts["locaties"], "bevindingen": None}}
    lines = ",\n      ".join([json.dumps(finding, ensure_ascii=False) for finding in findings])
    # In text a quotation mark would stand behind a backslash: this is the key itself.
    key = '"bevindingen": '
    text = json.dumps(rest, ensure_ascii=False, indent=2)
    return text.replace(f"{key}null", f"{key}[\n      {lines}\n    ]", 1) + "\n"


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
