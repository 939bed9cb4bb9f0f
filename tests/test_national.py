"""A country's worth of features and locations: only what is needed, in portions or at once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame
from test_engine import nature_area
from test_index import broken_in_the_east

import woongeo
from woongeo import Rule, read_layer, read_locations, screen, screen_file
from woongeo.errors import ColumnError, LayerError, LocationError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(
    "ignore::woongeo.errors.DoubtfulLocationWarning",
    "ignore::woongeo.errors.UncertainRuleWarning",
)

DAY = dt.date(2026, 11, 22)


def parcels() -> gpd.GeoDataFrame:
    """Draw 400 parcels of 100 m, 1 km apart, west to east; every fourth is sprayed."""
    shapes = [block(1_000 * i, 0) for i in range(-60, 100)]
    n = len(shapes)
    return frame(
        shapes,
        nr=range(n),
        gewas=[f"gewas {i}" for i in range(n)],
        gespoten=[i % 4 == 0 for i in range(n)],
    )


@pytest.fixture(params=["parquet", "gpkg", "fgb", "geojson"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write the parcels in each kind, GeoParquet in groups of 20 rows with their boxes."""
    path = tmp_path / f"percelen.{request.param}"
    if request.param == "parquet":
        parcels().to_parquet(path, write_covering_bbox=True, row_group_size=20)
    else:
        parcels().to_file(path)
    return path


def own_sites(*shapes: shapely.Geometry) -> woongeo.Locations:
    """Make locations."""
    return read_locations(frame(shapes, plan_id=[f"P{i}" for i in range(len(shapes))]))


# --- only what is needed


def test_rows_are_read_by_value_and_place(file: Path) -> None:
    # Around x 0 to 100 lie, within 5 km, the parcels of -5,000 to 5,000: 11 of them, and of the
    # sprayed ones (their numbers are fours, that at x = 0 is 60) those of -4,000, 0 and 4,000.
    near = own_sites(block(0, 200))
    rule = Rule(within_m=150)
    all_near = read_layer("spuit", file, coverage="nederland", rule=rule, around=near, reach_m=5e3)
    assert len(all_near) == 11
    asked = {"gespoten": [True, "1"]}
    layer = read_layer(
        "spuit", file, coverage="nederland", rule=rule, around=near, reach_m=5e3, where=asked
    )
    assert layer.features["object_id"].tolist() == ["56", "60", "64"]
    assert layer.reach_m == 5_000
    assert layer.source is not None
    assert "3 van de 160 rijen gelezen, binnen x 114" in layer.source.notes[-1]
    whole = read_layer("spuit", file, coverage="nederland", rule=rule, where=asked)
    assert len(whole) == 40
    a, b = (screen(near, [x], on=DAY).treffers for x in (layer, whole))
    pd.testing.assert_frame_equal(a, b)
    assert a["oordeel"].tolist() == ["belemmerd"]


def test_of_elsewhere_nothing_is_known(file: Path) -> None:
    layer = read_layer("spuit", file, coverage="nederland", around=own_sites(block(0, 200)))
    found = screen(own_sites(block(30_000, 200)), [layer], on=DAY)
    assert found.treffers["oordeel"].tolist() == ["onbekend"]
    assert "buiten de dekking" in found.treffers["reden"].iloc[0]


def test_between_sites_all_was_read(file: Path) -> None:
    near = own_sites(block(0, 200), block(20_000, 200))
    layer = read_layer("spuit", file, coverage="nederland", around=near, reach_m=300)
    found = screen(own_sites(block(10_000, 50)), [layer], on=DAY)
    assert found.treffers["oordeel"].tolist() == ["belemmerd"]
    assert found.treffers["objecten"].tolist() == ["70 gewas 70"]


def test_a_rule_may_not_look_further_than_was_read(file: Path) -> None:
    with pytest.raises(LayerError, match="kijkt tot 400 m"):
        read_layer("x", file, rule=Rule(within_m=400), around=own_sites(block(0, 0)), reach_m=300)


def test_a_column_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(ColumnError, match="'soort' van where bestaat niet"):
        read_layer("x", file, where={"soort": ["appel"]})


def test_a_row_without_a_value_might_be_one_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    shapes = [block(0, 0), block(500, 0), block(900, 0)]
    frame(shapes, soort=["appel", None, "gras"], nr=[1, 2, 3]).to_parquet(path)
    with pytest.warns(woongeo.errors.UnknownResultWarning, match="1 van de 2 objecten"):
        layer = read_layer("x", path, coverage="nederland", where={"soort": ["appel"]})
    assert layer.features["object_id"].tolist() == ["1"]
    assert layer.report.of_check("object onbruikbaar")["object_id"].tolist() == ["2"]
    free = screen(own_sites(block(0, 2_000)), [layer], on=DAY)
    assert free.treffers["oordeel"].tolist() == ["onbekend"]


def test_a_file_of_degrees_is_read_by_place_too(tmp_path: Path) -> None:
    path = tmp_path / "graden.parquet"
    degrees = parcels().to_crs("EPSG:4326")
    degrees.to_parquet(path, write_covering_bbox=True, row_group_size=20)
    layer = read_layer(
        "x", path, coverage="nederland", around=own_sites(block(0, 200)), reach_m=5_000
    )
    assert len(layer) == 11


# --- checked where sites are


def test_a_broken_edge_matters_only_where_a_site_is() -> None:
    area = frame([broken_in_the_east()], nr=[1])
    inside, at_edge = block(490, 480, 20, 20), block(900, 480, 100, 60)
    trusted = read_layer("x", area, coverage="nederland", around=own_sites(block(60, 490, 20, 20)))
    assert trusted.report.of_check("deels nagekeken")["waarde"].tolist() == [1]
    with pytest.warns(woongeo.errors.RepairedGeometryWarning):
        mended = read_layer("x", area, coverage="nederland", around=own_sites(inside, at_edge))
    assert len(mended.report.of_check("geometrie hersteld")) == 1


def test_what_was_cut_while_reading_is_not_cut_again() -> None:
    near = own_sites(block(900, 480), block(760, 480, 5, 5))
    layer = read_layer("x", frame([nature_area(8_000)], nr=[1]), around=near)
    shapes = layer.features.geometry.to_numpy()
    index = layer.indexes.of(shapes, layer.features, np.ones(1, dtype=bool))
    assert len(index.pieces) > 0


# --- in portions


def sites_file(tmp_path: Path, n: int = 70) -> Path:
    """Write sites in a row from west to east, some on the nature area."""
    shapes = [block(37 * i - 400, 450 + i % 3, 30, 41) for i in range(n)]
    path = tmp_path / "plannen.parquet"
    frame(shapes, plan_id=[f"P{i}" for i in range(n)], woningen=range(n)).to_parquet(path)
    return path


@pytest.mark.parametrize("rows", [1, 7, 1_000])
def test_portions_give_what_one_screening_gives(tmp_path: Path, rows: int) -> None:
    path = sites_file(tmp_path)
    layers = [
        read_layer("natuur", frame([nature_area(6_000)], nr=[1]), coverage="nederland"),
        read_layer("perceel", parcels(), coverage="nederland", rule=Rule(within_m=60)),
    ]
    done = screen_file(path, layers, folder=tmp_path / "uit", on=DAY, rows=rows)
    whole = screen(read_locations(path, overlaps=False), layers, on=DAY)
    treffers = pd.read_parquet(tmp_path / "uit" / "treffers.parquet")
    pd.testing.assert_frame_equal(treffers, whole.treffers, check_exact=True, check_dtype=False)
    locaties = gpd.read_parquet(tmp_path / "uit" / "locaties.parquet")
    pd.testing.assert_frame_equal(
        pd.DataFrame(locaties.drop(columns="geometry")),
        pd.DataFrame(whole.locaties.drop(columns="geometry")),
        check_exact=True,
        check_dtype=False,
    )
    assert locaties.crs == "EPSG:28992"
    assert done.locaties == 70
    assert done.oordelen[""] == whole.counts()
    assert done.oordelen["natuur"] == whole.counts("natuur")
    facts = woongeo.export.read_manifest(tmp_path / "uit")
    assert facts["tellingen"]["locaties_per_oordeel"] == whole.counts()
    assert facts["locaties"]["objecten"] == 70


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    layer = read_layer("x", parcels(), coverage="nederland")
    with pytest.raises(OutputError, match="bestaat al"):
        screen_file(sites_file(tmp_path), [layer], folder=tmp_path)


def test_one_id_twice_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "dubbel.parquet"
    frame([block(0, 0), block(200, 0), block(400, 0)], plan_id=["a", "b", "a"]).to_parquet(path)
    layer = read_layer("x", parcels(), coverage="nederland")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(LocationError, match="id 'a' komt vaker voor"):
        screen_file(path, [layer], folder=tmp_path / "uit", rows=2)
    assert sorted(tmp_path.iterdir()) == before


def test_rows_without_ids_are_numbered_through(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    shapes = [block(200 * i, 0) for i in range(5)]
    gpd.GeoDataFrame({"soort": list("abcde")}, geometry=shapes, crs=28992).to_file(path)
    layer = read_layer("x", parcels(), coverage="nederland")
    screen_file(path, [layer], folder=tmp_path / "uit", rows=2)
    found = pd.read_parquet(tmp_path / "uit" / "treffers.parquet")
    assert found["locatie_id"].tolist() == ["1", "2", "3", "4", "5"]


# --- again


def test_another_distance_gives_what_a_new_screening_gives(
    sites: Callable[..., woongeo.Locations],
) -> None:
    locations = sites([block(37 * i - 400, 450, 30, 41) for i in range(60)])
    natuur = read_layer("natuur", frame([nature_area(6_000)], nr=[1]), coverage="nederland")
    farms = frame([shapely.Point(EAST + 300 * i, NORTH + 700) for i in range(4)], nr=range(4))
    farm = read_layer("boerderij", farms, coverage="nederland", rule=Rule(within_m=250))
    first = screen(locations, [natuur, farm], on=DAY)
    for within_m in (100.0, 400.0):
        rules = {"boerderij": Rule(within_m=within_m)}
        again, new = first.changed(rules), screen(locations, [natuur, farm], rules=rules, on=DAY)
        pd.testing.assert_frame_equal(again.treffers, new.treffers, check_exact=True)
        pd.testing.assert_frame_equal(
            pd.DataFrame(again.locaties), pd.DataFrame(new.locaties), check_exact=True
        )
        assert again.judged["natuur"] is first.judged["natuur"]
