"""The made-up region: it is there, it is whole, and it holds every kind of case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import woongeo


def test_the_example_is_found_wherever_one_stands(tmp_path: Path) -> None:
    """The folder is absolute and holds the six files."""
    program = "import woongeo; print(woongeo.example().folder)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    folder = Path(done.stdout.strip())
    assert folder == woongeo.example().folder
    assert folder.is_absolute()
    names = ("locaties", "natura2000", "netcongestie", "netcongestie_dekking")
    for name in (*names, "gemeenten", "provincie"):
        assert (folder / f"{name}.geojson").is_file()


def test_the_program_that_drew_the_example_still_draws_it(tmp_path: Path) -> None:
    """Running it again gives the very bytes that are in the repository."""
    program = (ROOT / "data" / "maak_voorbeeldstreek.py").read_text(encoding="utf-8")
    (tmp_path / "maak.py").write_text(program, encoding="utf-8")
    subprocess.run([sys.executable, str(tmp_path / "maak.py")], check=True, cwd=tmp_path)
    drawn = {p.name: p.read_bytes() for p in (tmp_path / "voorbeeldstreek").iterdir()}
    kept = {p.name: p.read_bytes() for p in woongeo.example().folder.iterdir()}
    assert drawn == kept


def test_the_example_holds_every_verdict_status_and_doubt() -> None:
    """All three verdicts for both layers, hard, soft, unknown and uncounted plans, all repairs."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        locations = made_up.locations()
    screening = woongeo.screen(locations, made_up.layers())
    for layer in (None, "natura2000", "netcongestie"):
        assert all(screening.counts(layer).values()), layer
    assert set(screening.locaties["hardheid"]) == {"hard", "zacht", "onbekend", "telt niet mee"}
    assert {
        *("geometrie onbruikbaar", "geometrie dubbel", "geometrie hersteld", "id dubbel"),
        *("plaatshouder (cirkel)", "plannen overlappen", "planstatus onbekend"),
        "woningen ontbreekt",
    } <= set(locations.report.counts())


def test_the_example_is_divided_over_its_regions_without_loss() -> None:
    """Both levels hold all homes that count."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        screening = woongeo.screen(made_up.locations(), made_up.layers())
    regions = made_up.regions()
    assert [(r.level, r.frame["gebied"].tolist()) for r in regions] == [
        ("gemeente", ["Oostveen", "Westdam"]),
        ("provincie", ["Voorbeeldland"]),
    ]
    table = woongeo.summarize_plancapaciteit(screening, by=regions).tabel
    sums = table.groupby("niveau")["woningen"].sum()
    assert sums["gemeente"] == sums["provincie"] == sums["totaal"] == 879
