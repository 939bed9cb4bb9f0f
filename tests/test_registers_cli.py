"""The command reads a register where it is one, and leaves out what is not public."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from commands import Run, runner
from conftest import block, frame
from register_files import PLAN, SIX, SIX_YEARS, TWENTY, gelderland, plans_of, pmw_workbook, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GONE = ("--absent", "natura2000=niet gegeven")


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run the command in a process of its own."""
    with runner() as started:
        yield started


@pytest.fixture
def geodatabase(tmp_path: Path) -> Path:
    """Write plans for Gelderland: one public, one for the province, six for the gemeente."""
    plans = [SIX | {"GlobalID": "A", "plannaam": "Open", "vertrouwelijkheid": "Openbaar"}]
    plans += [SIX | {"GlobalID": "B", "plannaam": "Halfopen"}]
    plans += [
        SIX | {"GlobalID": f"C{i}", "plannaam": f"Geheim {i}", "vertrouwelijkheid": "Gemeente"}
        for i in range(6)
    ]
    return gelderland(tmp_path / "plannen.gdb", plans_of(*plans), rows(*SIX_YEARS))


def names(folder: Path) -> list[str]:
    """List the plans in an export."""
    return sorted(gpd.read_file(folder / "locaties.gpkg", layer="locaties")["naam"])


def test_a_register_is_recognised_and_only_what_is_public_is_written(
    tmp_path: Path, run: Run, geodatabase: Path
) -> None:
    done = run(tmp_path, "screen", geodatabase, *GONE, "--group", "gemeente", "--out", "uit")
    assert (done.code, names(tmp_path / "uit")) == (0, ["Open"])
    assert "1 locatie (kolommen: id=plan_id, name=naam, woningen=rest_netto" in done.out
    assert "Vertrouwelijk: 7 van 8 plannen staan hier niet in" in done.out
    written = b"".join(p.read_bytes() for p in (tmp_path / "uit").iterdir())
    assert b"Geheim" not in written
    assert b"Halfopen" not in written
    # 7 plans are hidden and together: all 8 count, with 5 net homes each.
    with (tmp_path / "uit" / "capaciteit.csv").open(encoding="utf-8-sig") as file:
        assert [row["woningen"] for row in csv.DictReader(file)] == ["40", "40"]
    facts = json.loads((tmp_path / "uit" / "manifest.json").read_text("utf-8"))
    told = [f["toelichting"] for f in facts["locaties"]["bevindingen"]]
    assert any("7 plannen die publiek 'openbaar' niet mag zien tellen mee" in t for t in told)
    assert any("7 van 8 plannen staan hier niet in" in t for t in told)
    page = (tmp_path / "uit" / "kaart.html").read_text("utf-8")
    assert "7 van 8 plannen staan hier niet in" in page


@pytest.mark.parametrize(
    ("publiek", "seen"), [("provincie", 2), ("gemeente:Ede", 8), ("intern", 8)]
)
def test_who_sees_the_outcome_is_for_the_user_to_say(
    tmp_path: Path, run: Run, geodatabase: Path, publiek: str, seen: int
) -> None:
    done = run(tmp_path, "screen", geodatabase, *GONE, "--publiek", publiek, "--out", "uit")
    assert done.code == 0
    assert len(names(tmp_path / "uit")) == seen


def test_hidden_plans_that_are_too_few_are_in_no_total(
    tmp_path: Path, run: Run, geodatabase: Path
) -> None:
    words = ("--minimum-groep", "8", "--group", "gemeente", "--out", "uit")
    assert run(tmp_path, "screen", geodatabase, *GONE, *words).code == 0
    with (tmp_path / "uit" / "capaciteit.csv").open(encoding="utf-8-sig") as file:
        assert [row["woningen"] for row in csv.DictReader(file)] == ["5", "5"]


def test_a_workbook_is_screened_with_polygons_from_elsewhere(tmp_path: Path, run: Run) -> None:
    book = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY)])
    frame([block(0, 0)], plan_naam=["Dorpsrand"]).to_file(tmp_path / "vlakken.gpkg")
    refused = run(tmp_path, "screen", book, *GONE, "--out", "uit")
    assert (refused.code, "--shapes" in refused.err or "shapes=" in refused.err) == (2, True)
    words = ("--shapes", "vlakken.gpkg", "--basis", "bruto", "--out", "uit", "--json")
    done = run(tmp_path, "screen", book, *GONE, *words)
    assert done.code == 0
    told = json.loads(done.out)
    assert told["kolommen"]["woningen"] == "bruto"
    assert told["woningen"] == {"belemmerd": 0, "onbekend": 20, "vrij": 0}


def test_the_years_of_a_register_count(tmp_path: Path, run: Run) -> None:
    """Of 20 homes 5 are there; 10 are due in 2026 and 5 in 2028."""
    book = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY)])
    frame([block(0, 0)], plan_naam=["Dorpsrand"]).to_file(tmp_path / "vlakken.gpkg")
    asked = ("--period", "2026-2027", "--period", "2028-2030", "--shapes", "vlakken.gpkg")
    done = run(tmp_path, "screen", book, *GONE, *asked, "--out", "uit")
    assert done.code == 0, done.err
    with (tmp_path / "uit" / "cijfers.csv").open(encoding="utf-8-sig", newline="") as file:
        found = {
            row["periode"]: float(row["voor"])
            for row in csv.DictReader(file)
            if row["maat"] == "plancapaciteit"
        }
    assert found == {"2026-2027": 10, "2028-2030": 5, "alle jaren": 15} | {
        name: n for name, n in found.items() if n == 0
    }


def test_years_of_plans_that_are_hidden_are_told_nowhere(tmp_path: Path, run: Run) -> None:
    """Its detail belongs to a plan that is left out, and not to no plan at all."""
    plans = [SIX | {"vertrouwelijkheid": "Gemeente"}, SIX | {"GlobalID": "A", "plannaam": "Open"}]
    plans[1]["vertrouwelijkheid"] = "Openbaar"
    given = gelderland(tmp_path / "plannen.gdb", plans_of(*plans), rows(*SIX_YEARS))
    asked = ("--period", "2020-2030", "--out", "uit", "--json")
    done = run(tmp_path, "screen", given, *GONE, *asked)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert not [w for w in told["waarschuwingen"] if "fasering" in w]


def test_a_register_is_read_as_plain_locations_where_columns_are_named(
    tmp_path: Path, run: Run
) -> None:
    plans = frame([block(0, 0)], plannaam=["P"], year_properties=["[]"], n=[3])
    plans.to_file(tmp_path / "zh.geojson")
    for words in (("--woningen", "n"), ("--register", "geen")):
        done = run(tmp_path, "screen", "zh.geojson", *words, *GONE, "--out", f"uit{words[0]}")
        assert done.code == 0
        assert "name=plannaam" in done.out
    done = run(
        tmp_path, "screen", "zh.geojson", *GONE, "--out", "uit-register", "--publiek", "intern"
    )
    assert "woningen=netto" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("--publiek", "iedereen"),
        ("--publiek", "gemeente"),
        ("--publiek", "openbaar", "--minimum-groep", "-1"),
        ("--register", "kadaster"),
        ("--register", "diwi", "--id", "GlobalID"),
        ("--basis", "alles"),
        ("--mapping", "weg.toml"),
        ("--shapes", "weg.gpkg"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    tmp_path: Path, run: Run, geodatabase: Path, words: tuple[str, ...]
) -> None:
    done = run(tmp_path, "screen", geodatabase, *GONE, *words, "--out", "uit")
    assert done.code == 2
    assert "Traceback" not in done.err
    assert not (tmp_path / "uit").exists()


def test_where_nothing_may_be_seen_nothing_is_written(tmp_path: Path, run: Run) -> None:
    secret = SIX | {"vertrouwelijkheid": "Gemeente"}
    path = gelderland(tmp_path / "x.gdb", plans_of(secret), rows(*SIX_YEARS))
    done = run(tmp_path, "screen", path, *GONE, "--out", "uit")
    assert done.code == 2
    assert "mag geen enkel plan zien" in done.err
    assert not (tmp_path / "uit").exists()
