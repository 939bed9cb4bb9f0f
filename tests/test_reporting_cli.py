"""``woongeo report``, and a report of real plans."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import hostile
import numpy as np
import pandas as pd
import pytest
from commands import woongeo_command

import woongeo
from woongeo.errors import WoongeoWarning
from woongeo.reporting.content import gather

if TYPE_CHECKING:
    from pathlib import Path


def files() -> Path:
    """Find Voorbeeldstreek."""
    return woongeo.example().folder


def words(out: Path, *more: str | Path) -> list[str | Path]:
    """Ask for a report of Voorbeeldstreek."""
    here = files()
    return [
        *("report", here / "locaties.geojson", "--layer", f"natura2000={here}/natura2000.geojson"),
        *("--coverage", f"natura2000={here}/provincie.geojson"),
        *("--region", f"gemeente={here}/gemeenten.geojson:naam", "--out", out, *more),
    ]


def test_report_makes_the_folder_and_tells_in_short(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    table = "niveau,gebied,van,tot,waarde,bron\ngemeente,Westdam,2022,2030,500,verzonnen\n"
    (tmp_path / "opgave.csv").write_text(table, encoding="utf-8")
    (tmp_path / "thema.toml").write_text('[kleuren]\naccent = "#005a2b"\n', encoding="utf-8")
    done = woongeo_command(
        tmp_path,
        *words(tmp_path / "uit", "--pptx", "--theme", "thema.toml", "--targets", "opgave.csv"),
        *("--earlier", files() / "locaties.geojson", "--title", "Proef"),
    )
    assert done.code == 0, done.err
    assert "begin bij overzicht.html" in done.out
    assert woongeo.verdict.SCREENING in done.out
    names = {p.name for p in (tmp_path / "uit").iterdir()}
    assert names == {
        *("overzicht.html", "manifest.json"),
        *(
            f"factsheet-{name}.{ending}"
            for name in (
                "totaal-alle-locaties",
                "gemeente-westdam",
                "gemeente-oostveen",
                "gemeente-buiten-de-gebieden",
            )
            for ending in ("pdf", "pptx")
        ),
    }
    page = (tmp_path / "uit" / "overzicht.html").read_text(encoding="utf-8")
    assert "#005a2b" in page
    shown = hostile.text(page)
    assert "Sinds het vorige peilmoment" in shown
    # Both are judged for today: the files tell them apart, and no day is given as that of a file.
    assert "stand toen (locaties.geojson)" in shown
    told = json.loads((tmp_path / "uit" / "manifest.json").read_text(encoding="utf-8"))
    assert told["rapport"]["vorig_peilmoment"]["beoordeeld_op"] == told["beoordeeld_op"]
    assert "500" in shown


def test_quiet_says_nothing_and_json_only_json(tmp_path: Path) -> None:
    quiet = woongeo_command(tmp_path, *words(tmp_path / "a", "--no-pdf", "--quiet"))
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    told = woongeo_command(tmp_path, *words(tmp_path / "b", "--no-pdf", "--json"))
    assert told.err == ""
    assert [p.rsplit("/", 1)[-1] for p in json.loads(told.out)["bestanden"]] == [
        "overzicht.html",
        "manifest.json",
    ]


def test_a_theme_that_cannot_be_read_by_all_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "thema.toml").write_text('[kleuren]\ntekst = "#bbbbbb"\n', encoding="utf-8")
    done = woongeo_command(tmp_path, *words(tmp_path / "uit", "--theme", "thema.toml"))
    assert done.code == 2
    assert "4.5:1" in done.err
    assert not (tmp_path / "uit").exists()


@pytest.mark.real
def test_noord_holland_per_gemeente(real_data: Path, tmp_path: Path) -> None:
    """Three gemeenten of 2,141 real plans; docs/rapporten.md tells how long all of them take."""
    pytest.importorskip("typst")
    pikepdf = pytest.importorskip("pikepdf")
    nature = woongeo.read_layer(
        "natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg"
    ).turned_on("250m")
    grid = woongeo.read_netcongestie(real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        plans = woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")
        every = woongeo.read_regions(
            "gemeente",
            real_data / "gebieden" / "cbs_gemeenten_2022_rd.gpkg",
            name_column="gemeente",
        )
        screening = woongeo.screen(plans, [nature, grid])
        chosen = ["Haarlem", "Texel", "Zaanstad"]
        few = woongeo.Regions(
            "gemeente",
            every.frame[every.frame["gebied"].isin(chosen)].reset_index(drop=True),
            every.source,
        )
        goal = pd.DataFrame(
            {
                "niveau": "gemeente",
                "gebied": chosen,
                "van": 2022,
                "tot": 2030,
                "waarde": [9_000, 400, 12_000],
                "bron": "verzonnen",
            }
        )
        given = woongeo.summarize_plancapaciteit(
            screening, by=[few], targets=woongeo.read_targets(goal)
        )
        paths = woongeo.write_report(given, folder=tmp_path)
        report = gather(
            given, title="x", period=None, earlier=None, theme=woongeo.Theme(), maps=False
        )
    assert len(paths) == 2 + 1 + len(chosen) + 1
    for path in paths[1:-1]:
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) == 2
    homes = [row[2] for row in report.overview.rows]
    assert homes[0] == 386_188
    # What the gemeenten hold and what lies outside them is all there is.
    assert np.sum(homes[1:]) == 386_188
