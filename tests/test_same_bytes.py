"""The same input gives the same bytes in each form, whatever the process, place and hour."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import datetime, sys, warnings, woongeo
from pathlib import Path
warnings.simplefilter("ignore", woongeo.WoongeoWarning)
made_up, folder = woongeo.example(), Path(sys.argv[1])
by = made_up.regions()
s = woongeo.screen(made_up.locations(), made_up.layers(), on=datetime.date(2026, 11, 1))
c = woongeo.summarize_plancapaciteit(s, by=by)
woongeo.export_screening(
    s, folder=folder / "export", plancapaciteit=c, knelpunten=woongeo.knelpunten(s),
    vrijspelen=woongeo.vrijspelen(s, by=by), webmap=woongeo.map_screening(s),
    formats=("gpkg", "csv", "xlsx", "parquet", "geojson"),
)
total = woongeo.summarize_plancapaciteit(s)
woongeo.write_report(total, folder=folder / "rapport", pptx=True, earlier=s)
woongeo.map_screening(s).save(folder / "kaart.html")
for kind in ("png", "pdf", "svg"):
    woongeo.plot_screening(s).save(folder / f"blad.{kind}", dpi=60)
layers = [x for x in made_up.layers() if not x.unknown][:2]
found = woongeo.find_sites(by[0], layers, on=datetime.date(2026, 11, 1))
woongeo.export_sites(found, folder=folder / "zoek")
"""
# A process each: seed of sets, time zone, and the alphabet of files where none is named.
_SETTINGS = (
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "2", "TZ": "Pacific/Pago_Pago", "LC_ALL": "C"}
    | {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
)


def digests(folder: Path) -> dict[str, str]:
    """Hash each file; of manifests not the moment and what follows from it."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.name == "manifest.json":
            facts = json.loads(data)
            del facts["gemaakt"]
            data = json.dumps(facts).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def test_every_form_has_the_same_bytes_in_another_process_place_and_language(
    tmp_path: Path,
) -> None:
    """All forms there are, but for the moment that a manifest names."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    made = []
    for i, setting in enumerate(_SETTINGS):
        folder = tmp_path / str(i)
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(folder)],
            env={**os.environ, **setting},
            check=True,
        )
        made.append(digests(folder))
    first, second = made
    assert {*first} == {*second}
    assert {name for name in first if first[name] != second[name]} == set()
    endings = {name.rsplit(".", 1)[-1] for name in first}
    assert endings == {
        *("gpkg", "qml", "csv", "xlsx", "parquet", "geojson", "html", "json"),
        *("pdf", "pptx", "png", "svg"),
    }
