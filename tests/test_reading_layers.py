"""Several layers at once: what comes back is what reading one by one gives."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo import LayerFile
from woongeo.errors import (
    ColumnError,
    FileError,
    InputError,
    LayerError,
    RepairedGeometryWarning,
    UnknownResultWarning,
)

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo import Layer, Locations

#: Wound about itself: two triangles of 2,500 m2 each.
BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 100, NORTH), (EAST, NORTH + 100)]
)


def lake(corners: int = 12_000) -> shapely.Polygon:
    """Draw a surface of many corners, 900 m across, with an edge that goes in and out."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    far = 400 + 40 * np.sin(200 * angle)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.Polygon(np.array([EAST + 500, NORTH + 500]) + far[:, None] * around)


@pytest.fixture
def files(tmp_path: Path) -> list[LayerFile]:
    """Write four layers, each in another kind of file; the second is broken, the third is large."""
    near = [block(0, 0, 300), block(600, 600, 50)]
    frame(near, nr=[1, 2], vol=["ja", "nee"]).to_parquet(
        tmp_path / "net.parquet", write_covering_bbox=True
    )
    frame([BOW_TIE, block(300, 0)], nr=[7, 8]).to_file(tmp_path / "gas.gpkg")
    frame([lake()], nr=[1]).to_parquet(tmp_path / "natuur.parquet", write_covering_bbox=True)
    boxes = [block(10 * i, 900, 5) for i in range(400)]
    given = frame(boxes, gespoten=[i % 5 == 0 for i in range(400)])
    given.to_parquet(tmp_path / "percelen.parquet", row_group_size=50, write_covering_bbox=True)
    return [
        LayerFile("net", tmp_path / "net.parquet", coverage="nederland", where={"vol": ["ja"]}),
        LayerFile("gas", tmp_path / "gas.gpkg", coverage="eigen gebieden", title="Gasleidingen"),
        LayerFile("natuur", tmp_path / "natuur.parquet", coverage="nederland"),
        LayerFile(
            "spuit",
            tmp_path / "percelen.parquet",
            coverage="nederland",
            rule=woongeo.Rule(within_m=50.0),
            where={"gespoten": ["True"]},
        ),
    ]


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    given = frame([block(0, 0), block(400, 400, 200), block(500, 955, 30)], id=["a", "b", "c"])
    given.to_parquet(tmp_path / "plannen.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return woongeo.read_locations(tmp_path / "plannen.parquet")


def by_itself(file: LayerFile, around: Locations | None) -> Layer:
    """Read a layer the other way."""
    return woongeo.read_layer(
        file.key,
        file.source,
        coverage=file.coverage,
        rule=file.rule,
        where=file.where,
        title=file.title,
        around=around,
    )


@pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
@pytest.mark.parametrize("read_near", ["rond locaties", "alles"])
@pytest.mark.parametrize("cores", [1, 2, 4])
def test_together_and_one_by_one_are_the_same(
    files: list[LayerFile],
    locations: Locations,
    read_near: str,
    cores: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("woongeo.threads.cores", lambda: cores)
    around = locations if read_near == "rond locaties" else None
    layers = woongeo.read_layers(files, around=around)
    assert [layer.key for layer in layers] == ["net", "gas", "natuur", "spuit"]
    # One of two areas is full, and of 400 parcels each fifth is sprayed.
    assert [len(layer) for layer in layers] == [1, 2, 1, 80]
    for layer, file in zip(layers, files, strict=True):
        alone = by_itself(file, around)
        pd.testing.assert_frame_equal(layer.features, alone.features)
        pd.testing.assert_frame_equal(layer.report.table, alone.report.table)
        assert layer.coverage.description == alone.coverage.description
        assert layer.source is not None
        assert layer.source == alone.source
        assert (layer.title, layer.unknown, layer.incomplete) == (
            alone.title,
            alone.unknown,
            alone.incomplete,
        )
    together = woongeo.screen(locations, layers)
    alone_too = woongeo.screen(locations, [by_itself(file, around) for file in files])
    pd.testing.assert_frame_equal(together.treffers, alone_too.treffers)
    # Site a lies in the full area; b in the lake; c 50 m or less from parcels at y = 900 to 905.
    hits = together.treffers.set_index(["locatie_id", "laag"])["oordeel"]
    assert hits["a", "net"] == hits["b", "natuur"] == hits["c", "spuit"] == "belemmerd"
    assert hits["c", "net"] == hits["a", "natuur"] == hits["a", "spuit"] == "vrij"


def test_names_and_files_will_do() -> None:
    given = {"x": frame([block(0, 0)]), "y": frame([block(0, 0), block(200, 0)])}
    layers = woongeo.read_layers(given)
    assert [(layer.key, len(layer)) for layer in layers] == [("x", 1), ("y", 2)]
    assert woongeo.read_layers([]) == []


def test_doubts_are_voiced_in_the_order_of_the_files_at_the_line_that_asked(
    files: list[LayerFile], locations: Locations, tmp_path: Path
) -> None:
    frame([block(0, 0)]).iloc[:0].to_parquet(tmp_path / "leeg.parquet")
    empty = LayerFile("leeg", tmp_path / "leeg.parquet", coverage="nederland")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        woongeo.read_layers([files[2], empty, files[1]], around=locations)
        before = list(warnings.filters)
        woongeo.read_layers([files[2]], around=locations)
        assert warnings.filters == before
    kinds = [w.category for w in heard]
    assert kinds == [UnknownResultWarning, RepairedGeometryWarning]
    assert {w.filename for w in heard} == {__file__}


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"where": {"kleur": ["rood"]}}, ColumnError, "kolom 'kleur' van where bestaat niet"),
        ({"id_column": "code"}, ColumnError, "code"),
        ({"crs": "EPSG:1234567"}, InputError, "stelsel 'EPSG:1234567' is onbekend"),
    ],
)
def test_what_is_wrong_with_one_is_told_and_nobody_is_left_at_work(
    files: list[LayerFile],
    locations: Locations,
    wrong: dict[str, object],
    error: type[Exception],
    told: str,
) -> None:
    bad = LayerFile("fout", files[0].source, **wrong)  # type: ignore[arg-type]
    before = threading.active_count()
    for order in ([files[3], bad], [bad, files[3]], [files[2], bad, files[3]]):
        with pytest.raises(error, match=told):
            woongeo.read_layers(order, around=locations)
        assert threading.active_count() == before


def test_a_broken_file_is_told_apart(
    files: list[LayerFile], locations: Locations, tmp_path: Path
) -> None:
    good = (tmp_path / "percelen.parquet").read_bytes()
    # The footer stays whole; what it points to does not.
    (tmp_path / "stuk.parquet").write_bytes(
        b"PAR1" + bytes(len(good) // 2 - 4) + good[len(good) // 2 :]
    )
    broken = LayerFile("stuk", tmp_path / "stuk.parquet", where={"gespoten": ["True"]})
    before = threading.active_count()
    with pytest.raises(FileError, match=r"stuk\.parquet: kan niet worden gelezen"):
        woongeo.read_layers([files[2], broken, files[0]], around=locations)
    assert threading.active_count() == before


def test_a_layer_that_reads_no_shapes_names_its_own_door(files: list[LayerFile]) -> None:
    with pytest.raises(LayerError, match="read_raster_layer"):
        woongeo.read_layers([files[0], LayerFile("stikstofdepositie", files[0].source)])


@pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
def test_a_large_surface_that_is_broken_near_a_site_is_repaired_as_ever(
    locations: Locations, tmp_path: Path
) -> None:
    ring = shapely.get_coordinates(lake().exterior)[:-1]
    # Two corners on the eastern shore change places: the edge crosses itself there.
    ring[[0, 3]] = ring[[3, 0]]
    shape = shapely.Polygon(ring)
    assert not shape.is_valid
    gpd.GeoDataFrame(geometry=[shape], crs="EPSG:28992").to_parquet(tmp_path / "n.parquet")
    site = frame([block(900, 480, 60)], id=["oost"])
    near = woongeo.read_locations(site)
    (layer,) = woongeo.read_layers([LayerFile("n", tmp_path / "n.parquet")], around=near)
    assert layer.report.counts()["geometrie hersteld"] == 1
    assert layer.features.geometry.is_valid.all()
    (far,) = woongeo.read_layers([LayerFile("n", tmp_path / "n.parquet")], around=locations)
    assert "geometrie hersteld" not in far.report.counts()
    assert far.report.counts()["deels nagekeken"] == 1


@pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
def test_nitrogen_goes_by_nature_as_it_is_repaired_however_far(tmp_path: Path) -> None:
    """A spike without width reaches 1 km towards the site: repair takes it away."""
    ring = shapely.get_coordinates(lake().exterior)[:-1]
    west = int(ring[:, 0].argmin())
    tip = ring[west] - [1_000, 0]
    shape = shapely.Polygon(np.insert(ring, west + 1, [tip, ring[west]], axis=0))
    assert not shape.is_valid
    gpd.GeoDataFrame(geometry=[shape], crs="EPSG:28992").to_parquet(tmp_path / "n.parquet")
    x = float(ring[west, 0]) - EAST - 3_000
    site = block(x - 100, float(ring[west, 1]) - NORTH - 50)
    there = woongeo.read_locations(frame([site], id=["ver"], woningen=[10]))
    nature = LayerFile("stikstof", tmp_path / "n.parquet", coverage="nederland")
    (near,) = woongeo.read_layers([nature], around=there)
    assert near.report.counts()["geometrie hersteld"] == 1
    found = woongeo.screen(there, [near]).treffers
    assert found["afstand_m"].tolist() == pytest.approx([3_000])


@pytest.mark.parametrize("around", ["rond locaties", "alles"])
def test_a_list_of_postcodes_names_the_function_that_reads_it_in_part(
    locations: Locations, tmp_path: Path, around: str
) -> None:
    """Of an area with one listed postcode of ten all counts: that the catalogue can see."""
    given = frame([block(0, 0, 300)], pc4=[1000], n_pc6=[1], focusgebied=["ja"])
    given.to_parquet(tmp_path / "pc4.parquet", write_covering_bbox=True)
    near = locations if around == "rond locaties" else None
    with pytest.warns(UnknownResultWarning, match="lees dit bestand met .*read_netcongestie"):
        (layer,) = woongeo.read_layers(
            [LayerFile("netcongestie", tmp_path / "pc4.parquet", rule=woongeo.Rule())], around=near
        )
    assert list(layer.features.columns) == ["object_id", "object_naam", "geometry"]
