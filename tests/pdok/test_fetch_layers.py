"""Layers straight from a service into a screening, and the commands."""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pdok_servers import EAST, NORTH, Gokoala, Running, as_problem, squares

import woongeo
from woongeo import cli
from woongeo.errors import InputError, ServiceError, UnknownResultWarning
from woongeo.pdok import Client, Manners

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = """
[vlakken]
title = "Vlakken"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
features = {features}
min_features = 1
bytes_per_feature = 400
certainty = "seen"
key = "nummer"
[vlakken.columns]
nummer = ["nr"]
naam = ["naam"]
[[vlakken.doors]]
kind = "features"
url = "{url}/ogc/v1"
name = "vlakken"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Callable[..., Path]:
    def make(server: Running, features: int = 2_000_000) -> Path:
        path = tmp_path / "eigen.toml"
        path.write_text(TABLE.format(url=server.url, features=features))
        return path

    return make


@pytest.fixture
def client(catalogue: Any) -> Callable[..., Client]:
    def make(server: Running, features: int = 2_000_000) -> Client:
        manners = Manners(first_wait_s=0.001, attempts=2)
        return Client(catalogue=catalogue(server, features), hosts=[server.host], manners=manners)

    return make


def plans() -> gpd.GeoDataFrame:
    """One plan on square 1, one between squares, one 50 km away."""
    shapes = [
        shapely.box(EAST + 100, NORTH, EAST + 140, NORTH + 40),
        shapely.box(EAST + 250, NORTH, EAST + 290, NORTH + 40),
        shapely.box(EAST + 50_000, NORTH, EAST + 50_040, NORTH + 40),
    ]
    return gpd.GeoDataFrame(
        {"plan_id": ["A", "B", "C"], "woningen": [1, 2, 3], "planstatus": ["3"] * 3},
        geometry=shapes,
        crs="EPSG:28992",
    )


def test_around_locations_into_a_screening(serve: Any, client: Any) -> None:
    server = serve(Gokoala(squares(40)))
    locations = woongeo.read_locations(plans())
    [layer] = woongeo.fetch_layers(["vlakken"], around=locations, client=client(server))
    assert layer.licence == "CC0-1.0"
    assert layer.source is not None
    assert layer.source.path.startswith(server.url)
    assert "gezocht" in layer.coverage.description
    screening = woongeo.screen(locations, [layer])
    table = screening.locaties
    assert table["vlakken_oordeel"].tolist() == ["belemmerd", "vrij", "vrij"]
    # Square 3 is 10 m from plan B; nothing was looked for beyond 1 km of plan C.
    assert table["vlakken_afstand_m"].tolist()[:2] == [0.0, 10.0]
    assert np.isnan(table["vlakken_afstand_m"].iloc[2])


def test_elsewhere_the_layer_says_nothing(serve: Any, client: Any) -> None:
    """F25: a site that was not among those asked for is not free."""
    server = serve(Gokoala(squares(40)))
    some = woongeo.read_locations(plans().iloc[:2])
    [layer] = woongeo.fetch_layers(["vlakken"], around=some, client=client(server))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownResultWarning)
        screening = woongeo.screen(woongeo.read_locations(plans()), [layer])
    assert screening.locaties["vlakken_oordeel"].tolist() == ["belemmerd", "vrij", "onbekend"]


def test_whole_country(serve: Any, client: Any) -> None:
    server = serve(Gokoala(squares(40)))
    [layer] = woongeo.fetch_layers(["vlakken"], client=client(server, 40))
    assert len(layer) == 40
    assert layer.coverage.nationwide


def test_a_failed_layer_fails_or_is_unknown(serve: Any, client: Any) -> None:
    server = serve(lambda _: as_problem(404, "weg"))
    locations = woongeo.read_locations(plans())
    with pytest.raises(ServiceError):
        woongeo.fetch_layers(["vlakken"], around=locations, client=client(server))
    with pytest.warns(UnknownResultWarning, match="weg"):
        [layer] = woongeo.fetch_layers(
            ["vlakken"], around=locations, client=client(server), failed_is_unknown=True
        )
    with pytest.warns(UnknownResultWarning):
        screening = woongeo.screen(locations, [layer])
    assert set(screening.locaties["vlakken_oordeel"]) == {"onbekend"}


def test_rule_that_looks_further_than_was_searched(serve: Any, client: Any) -> None:
    server = serve(Gokoala(squares(40)))
    locations = woongeo.read_locations(plans())
    rules = {"vlakken": woongeo.Rule(within_m=500.0)}
    asking = client(server)
    with pytest.raises(InputError, match="kijkt tot 500 m"):
        woongeo.fetch_layers(["vlakken"], around=locations, rules=rules, reach_m=100, client=asking)
    [layer] = woongeo.fetch_layers(["vlakken"], around=locations, rules=rules, client=asking)
    found = woongeo.screen(locations, [layer]).locaties["vlakken_oordeel"]
    assert found.tolist() == ["belemmerd", "belemmerd", "vrij"]


def test_the_capacity_map_comes_as_classes(serve: Any, tmp_path: Path) -> None:
    """Codes 0 to 3 of demand, and 0 of feed area 0; generation is another column."""
    drawn = squares(5)
    for feature, code, name in zip(drawn, (0, 3, -1, 0, 1), "ABC0E", strict=True):
        feature["properties"] |= {"afname": code, "opwek": 3 - code, "gebied": name}
    server = serve(Gokoala(drawn))
    table = TABLE.replace("[vlakken", "[netcongestie_pc6").replace("[[vlakken", "[[netco")
    table = table.replace("[[netco.", "[[netcongestie_pc6.").format(url=server.url, features=5)
    columns = '[netcongestie_pc6.columns]\nafname = ["afname"]\nvoedingsgebied = ["gebied"]'
    path = tmp_path / "kaart.toml"
    path.write_text(table.replace("[netcongestie_pc6.columns]", columns), encoding="utf-8")
    asking = Client(
        catalogue=path, hosts=[server.host], manners=Manners(first_wait_s=0.001, attempts=2)
    )
    [layer] = woongeo.fetch_layers(["netcongestie"], client=asking)
    assert layer.key == "netcongestie"
    assert layer.features["klasse"].tolist() == [
        *("beschikbaar", "structureel", "onbekend", "onbekend", "beperkt")
    ]
    assert layer.coverage.description == "alleen de eigen gebieden van de laag"


def test_names_twice_and_stray_rules(client: Any, serve: Any) -> None:
    asking = client(serve(Gokoala([])))
    with pytest.raises(InputError, match="twee keer"):
        woongeo.fetch_layers(["vlakken", "vlakken"], client=asking)
    with pytest.raises(InputError, match="regel voor x"):
        woongeo.fetch_layers(["vlakken"], rules={"x": woongeo.Rule()}, client=asking)


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["woongeo", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_screen_with_a_fetched_layer(
    serve: Any,
    catalogue: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = serve(Gokoala(squares(40)))
    path = tmp_path / "plannen.gpkg"
    plans().to_file(path)
    given = [
        "screen", path, "--pdok", "vlakken", "--catalogue", catalogue(server), "--host",
        server.host, "--store", tmp_path / "lagen", "--json",
    ]  # fmt: skip
    assert run(monkeypatch, *given, "--out", tmp_path / "uit") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lagen"]["vlakken"] == {"belemmerd": 1, "onbekend": 0, "vrij": 2}
    n = len(server.asked)
    assert run(monkeypatch, *given, "--offline", "--out", tmp_path / "uit2") == 0
    assert len(server.asked) == n
    assert run(monkeypatch, *given, "--empty-ok", "vlakken", "--out", tmp_path / "uit3") == 2


def test_fetch_to_a_file(
    serve: Any, catalogue: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(Gokoala(squares(40)))
    given = ["--catalogue", catalogue(server, 40), "--host", server.host]
    out = tmp_path / "nieuw" / "laag.parquet"
    assert run(monkeypatch, "fetch", "vlakken", "--out", out, *given) == 0
    assert len(gpd.read_parquet(out)) == 40
    facts = json.loads(out.with_suffix(".manifest.json").read_text())
    assert facts["objecten"] == 40
    assert sorted(p.name for p in out.parent.iterdir()) == ["laag.manifest.json", "laag.parquet"]
    before = out.read_bytes()
    assert run(monkeypatch, "fetch", "vlakken", "--out", out, *given) == 2
    assert out.read_bytes() == before
    assert run(monkeypatch, "fetch", "vlakken", "--out", out, "--overwrite", *given) == 0
    assert run(monkeypatch, "fetch", "vlakken", "--out", tmp_path / "x.shp", *given) == 2
    assert run(monkeypatch, "fetch", "vlaken", "--out", out, *given) == 2


def test_a_service_that_fails_has_its_own_code(
    serve: Any,
    catalogue: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = serve(lambda _: as_problem(404, "weg"))
    given = ["--catalogue", catalogue(server, 40), "--host", server.host]
    out = tmp_path / "laag.parquet"
    assert run(monkeypatch, "fetch", "vlakken", "--out", out, *given) == 4
    assert "bestaat niet" in capsys.readouterr().err
    assert not out.exists()
    assert run(monkeypatch, "pdok", "check", "vlakken", *given) == 4
    assert "FOUT  vlakken" in capsys.readouterr().out


def test_list_names_what_can_be_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "pdok", "list", "natura") == 0
    assert capsys.readouterr().out.startswith("natura2000: Natura 2000-gebieden (OGC API")


PARCELS = """
[brp_gewaspercelen]
title = "Gewaspercelen"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
features = 2_000_000
min_features = 1
bytes_per_feature = 400
certainty = "seen"
[brp_gewaspercelen.columns]
categorie = ["category"]
gewas = ["gewas"]
gewascode = ["gewascode"]
jaar = ["jaar"]
[[brp_gewaspercelen.doors]]
kind = "features"
url = "{url}/ogc/v1"
name = "vlakken"
"""


def test_spray_zones_come_from_fetched_parcels_by_their_crop_codes(
    serve: Any, tmp_path: Path
) -> None:
    """Plan A lies on square 1 and square 2, B 10 m from squares 2 and 3; squares 1 and 3 are fruit.

    Of square 1 what lies in plan A is no source, and nothing remains of it outside.
    """
    features = squares(40)
    for feature in features:
        number = feature["properties"]["nr"]
        sprayed = {1: 1096, 3: 1098}.get(number, 2014)
        feature["properties"] = {
            "gewascode": sprayed,
            "gewas": "Aardappelen" if sprayed == 2014 else "Fruit",
            "jaar": 2025,
            "category": "Bouwland",
        }
    server = serve(Gokoala(features))
    path = tmp_path / "eigen.toml"
    path.write_text(PARCELS.format(url=server.url))
    locations = woongeo.read_locations(plans())
    client = Client(catalogue=path, hosts=[server.host], manners=Manners(first_wait_s=0.001))
    [layer] = woongeo.fetch_layers(["spuitzones"], around=locations, client=client)
    assert layer.key == "spuitzones"
    assert layer.features["gewascode"].tolist() == ["1096", "1098"]
    assert layer.licence == "CC0-1.0"
    assert layer.source is not None
    assert layer.source.path.startswith(server.url)
    table = woongeo.screen(locations, [layer]).locaties
    assert table["spuitzones_oordeel"].tolist() == ["vrij", "belemmerd", "vrij"]
    assert table["spuitzones_netto_m2"].tolist() == pytest.approx([1_600, 0, 1_600], abs=1)


def test_a_layer_that_nobody_publishes_is_unknown_and_says_so(serve: Any, client: Any) -> None:
    """Goat farms have no open source: the verdict is onbekend, and the reason what to do."""
    asking = client(serve(Gokoala(squares(40))))
    with pytest.warns(UnknownResultWarning, match="niemand geeft deze laag landelijk uit"):
        [layer] = woongeo.fetch_layers(["geitenhouderijen"], client=asking)
    assert layer.key == "geitenhouderijen"
    assert "read_layer" in layer.unknown
    assert layer.rules == woongeo.default_catalogue().spec("geitenhouderijen").rules
    # A name that nobody knows is a mistake.
    with pytest.raises(woongeo.errors.UnknownDatasetError):
        woongeo.fetch_layers(["geitenhouders"], client=asking)
