"""Searching from the command line, and search areas as files."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
from conftest import block, frame
from lxml import etree
from test_searching import PAGE, layer, page

import woongeo
from woongeo.errors import AudienceError, OutputError
from woongeo.export import read_manifest
from woongeo.export.forms import SEARCH_FILES

if TYPE_CHECKING:
    from pathlib import Path


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "woongeo", "search", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Put an area of two regions and a layer of half of it in files."""
    area = frame([block(0, 0, 600, 1_000), block(600, 0, 400, 1_000)], naam=["Duin", "Polder"])
    area.to_file(tmp_path / "gebied.gpkg")
    frame([block(0, 0, 500, 1_000)], naam=["bos"]).to_file(tmp_path / "natuur.gpkg")
    return tmp_path


def words(files: Path) -> list[str | Path]:
    """Ask for what remains of the area."""
    return [
        f"{files / 'gebied.gpkg'}:naam",
        *("--layer", f"natuur={files / 'natuur.gpkg'}"),
        *("--coverage", "natuur=nederland", "--on", "2026-05-01"),
        *("--out", files / "uit"),
    ]


def test_a_search_becomes_files_and_a_summary(files: Path) -> None:
    done = command(*words(files))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 zoekgebied in 100 ha" in done.stdout
    assert "geen juridische toets" in done.stdout
    written = sorted(path.name for path in (files / "uit").iterdir())
    assert written == [
        *("balans.csv", "kaart.html", "manifest.json"),
        *("zeef.csv", "zoekgebieden.csv", "zoekgebieden.gpkg", "zoekgebieden.qml"),
    ]
    shapes = gpd.read_file(files / "uit" / "zoekgebieden.gpkg", layer="zoekgebieden")
    assert shapes["oordeel"].tolist() == ["vrij"]
    assert shapes["woningen_bij_50_per_ha"].tolist() == [2_500]
    assert shapes.geometry.iloc[0].equals(block(500, 0, 500, 1_000))
    balance = pd.read_csv(files / "uit" / "balans.csv")
    assert balance["vrij_m2"].tolist() == [100_000, 400_000, 500_000]
    facts = read_manifest(files / "uit")
    assert facts["beoordeeld_op"] == "2026-05-01"
    assert facts["lagen"][0]["bron"]["sha256"]


def test_wishes_can_be_said(files: Path) -> None:
    done = command(
        *words(files),
        *("--only", "Duin", "--density", "30", "--net-share", "0,5", "--min-m2", "1"),
        *("--min-width", "10", "--cell", "50", "--no-map", "--json", "--strict"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["zoekgebieden"] == {"belemmerd": 0, "onbekend": 0, "vrij": 1}
    table = pd.read_csv(files / "uit" / "zoekgebieden.csv")
    # 10 ha, of which half at 30 a hectare.
    assert table["woningen_bij_30_per_ha"].tolist() == [150]
    assert not (files / "uit" / "kaart.html").exists()


def test_strict_ends_with_3_where_something_is_unknown(files: Path) -> None:
    given = [w for w in words(files) if w not in {"--coverage", "natuur=nederland"}]
    done = command(*given, "--strict", "--quiet", "--no-map")
    assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--only", "Utrecht"], "Utrecht bestaat niet"),
        (["--min-m2", "veel"], "geen getal"),
        (["--from-severity", "erg"], "from_severity"),
        (["--publisher", "geit=X"], "er is geen laag"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    files: Path, extra: list[str], told: str
) -> None:
    done = command(*words(files), *extra)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (files / "uit").exists()


def test_what_was_not_asked_is_told() -> None:
    assert "noem waar gezocht wordt" in command().stderr


def test_a_search_never_replaces_its_own_input_or_a_strange_file(tmp_path: Path) -> None:
    mine = tmp_path / "zoekgebieden.gpkg"
    page().to_file(mine)
    found = woongeo.find_sites(mine, [layer([])])
    before = mine.read_bytes()
    with pytest.raises(OutputError, match="zelf invoer"):
        woongeo.export_sites(found, folder=tmp_path, overwrite=True)
    assert mine.read_bytes() == before
    strange = tmp_path / "elders"
    strange.mkdir()
    (strange / "balans.csv").write_text("van mij")
    with pytest.raises(OutputError, match="niet door woongeo gemaakt"):
        woongeo.export_sites(found, folder=strange)
    assert [path.name for path in strange.iterdir()] == ["balans.csv"]


def test_names_from_strangers_run_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    evil = frame([PAGE], naam=["=HYPERLINK(A1)"])
    found = woongeo.find_sites(evil, [layer([])], name_column="naam")
    woongeo.export_sites(found, folder=tmp_path / "uit")
    for name in ("zoekgebieden.csv", "balans.csv"):
        text = (tmp_path / "uit" / name).read_text(encoding="utf-8-sig")
        assert "'=HYPERLINK" in text


def test_search_areas_open_in_qgis_by_verdict_and_with_names_for_people(tmp_path: Path) -> None:
    """The style is in the GeoPackage and beside it; areas are labelled by their number."""
    found = woongeo.find_sites(page(), [layer([block(0, 0)], within_m=30)])
    woongeo.export_sites(found, folder=tmp_path)
    with closing(sqlite3.connect(tmp_path / "zoekgebieden.gpkg")) as book:
        [(table, shapes, qml)] = book.execute(
            "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles "
            "WHERE useAsDefault = 1"
        )
        titles = dict(book.execute("SELECT column_name, title FROM gpkg_data_columns"))
    assert (table, shapes) == ("zoekgebieden", "geom")
    assert titles["oppervlakte_m2"] == "Oppervlakte (m²)"
    style = etree.fromstring(qml)
    assert {rule.get("label", "").split()[0] for rule in style.iter("rule")} == {
        *("vrij", "onbekend", "belemmerd")
    }
    [label] = style.iter("text-style")
    assert label.get("fieldName") == "zoekgebied_id"
    assert style.findtext("previewExpression") == '"zoekgebied_id"'
    assert (tmp_path / "zoekgebieden.qml").read_text(encoding="utf-8") == qml


def test_the_same_search_gives_the_same_bytes(tmp_path: Path) -> None:
    found = woongeo.find_sites(page(), [layer([block(0, 0)], within_m=30)])
    for folder in ("een", "twee"):
        woongeo.export_sites(found, folder=tmp_path / folder)
    for name in SEARCH_FILES:
        assert (tmp_path / "een" / name).read_bytes() == (tmp_path / "twee" / name).read_bytes()


def plans_of(tmp_path: Path) -> Path:
    """Put a plan for all and a plan for the gemeente alone in a file, 20 ha each."""
    drawn = frame(
        [block(500, 0, 200, 1_000), block(700, 0, 200, 1_000)],
        plan_id=["open", "dicht"],
        woningen=[10, 10],
        planstatus=["3", "3"],
        vertrouwelijkheid=["openbaar", "gemeente"],
    )
    drawn.to_file(tmp_path / "plannen.gpkg")
    return tmp_path / "plannen.gpkg"


def test_holes_do_not_show_plans_that_the_audience_may_not_see(tmp_path: Path) -> None:
    plans = woongeo.read_locations(plans_of(tmp_path))
    found = woongeo.find_sites(page(), [layer([])], plans=plans)
    assert found.balans["vrij_m2"].iloc[-1] == pytest.approx(600_000)
    for publiek in (None, "openbaar", "provincie"):
        with pytest.raises(AudienceError, match=r"waar 1 plan ligt dat publiek .*for_audience"):
            woongeo.export_sites(found, folder=tmp_path / "uit", publiek=publiek)
    assert not (tmp_path / "uit").exists()
    woongeo.export_sites(found, folder=tmp_path / "uit", publiek="intern")
    shown = woongeo.for_audience(plans, "openbaar")
    again = woongeo.find_sites(page(), [layer([])], plans=shown)
    woongeo.export_sites(again, folder=tmp_path / "openbaar")
    table = pd.read_csv(tmp_path / "openbaar" / "balans.csv")
    # The ground of the other plan, 20 ha, is free ground for who may not know of it; it is said.
    assert table["vrij_m2"].tolist()[-1] == 800_000
    assert any(
        "1 van 2 plannen staat hier niet in" in note and "valt niet af" in note
        for note in again.notes()
    )


def test_plans_that_state_no_confidentiality_are_left_out_as_before(tmp_path: Path) -> None:
    plans = woongeo.read_locations(
        frame([block(0, 0)], plan_id=["a"], woningen=[10], planstatus=["3"])
    )
    found = woongeo.find_sites(page(), [layer([])], plans=plans)
    assert woongeo.export_sites(found, folder=tmp_path / "uit")
    with pytest.raises(AudienceError, match="publiek 'intern'"):
        woongeo.export_sites(found, folder=tmp_path / "elders", publiek="openbaar")


@pytest.mark.parametrize(("extra", "free"), [([], 300_000), (["--publiek", "intern"], 100_000)])
def test_the_command_leaves_out_plans_that_the_audience_may_not_see(
    files: Path, extra: list[str], free: float
) -> None:
    # 50 ha without nature; of the plans of 20 ha each one is for the gemeente alone.
    done = command(*words(files), "--plans", plans_of(files), "--no-map", *extra)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(files / "uit" / "balans.csv")["vrij_m2"].tolist()[-1] == free
