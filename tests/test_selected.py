"""Some rows of a large file: the same rows, whatever the kind of file."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

from woongeo.errors import ColumnError, FileError
from woongeo.sources import KINDS, read_selected, read_vector

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

N = 60


def parcels() -> gpd.GeoDataFrame:
    """Draw parcels in a row, 200 m apart, codes 0 to 4 in turn, every seventh without a code."""
    codes: list[float | None] = [i % 5 for i in range(N)]
    codes[::7] = [None] * len(codes[::7])
    return frame(
        [block(200 * i, 0) for i in range(N)],
        code=codes,
        soort=[f"soort '{i % 3}'" for i in range(N)],
        naam=[f"perceel {i}" for i in range(N)],
    )


def written(folder: Path, kind: str, given: gpd.GeoDataFrame) -> Path | gpd.GeoDataFrame:
    """Write parcels as a kind of file."""
    path = folder / f"percelen.{kind}"
    if kind == "frame":
        return given
    if kind == "parquet":
        given.to_parquet(path)
    elif kind == "csv":
        table = given.drop(columns="geometry").assign(wkt=given.geometry.to_wkt())
        table.to_csv(path, index=False, sep=";")
    else:
        pyogrio.write_dataframe(given, path, driver=KINDS[f".{kind}"])
    return path


def select(given: Any, codes: Sequence[int], *, also_without: bool = False, **options: Any) -> Any:
    """Select parcels by code."""

    def wanted(values: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
        number = values["code"].astype(float)
        return np.asarray(number.isin(codes) | (number.isna() & also_without))

    return read_selected(given, columns=lambda _: ["code"], wanted=wanted, **options)


ALL = ["gpkg", "fgb", "gdb", "geojson", "parquet", "csv", "frame"]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("also_without", [False, True])
def test_every_kind_gives_the_wanted_rows_in_their_order(
    tmp_path: Path, kind: str, *, also_without: bool
) -> None:
    given = parcels()
    found = select(
        written(tmp_path, kind, given), [1, 3], also_without=also_without, crs="EPSG:28992"
    )
    wanted = given["code"].isin([1, 3]) | (given["code"].isna() & also_without)
    assert sorted(found.frame["naam"]) == sorted(given["naam"][wanted])
    if kind != "fgb":  # Its index puts them in an order of its own, which is that of the file.
        assert found.frame["naam"].tolist() == given["naam"][wanted].tolist()
    assert found.rows == N
    assert found.source.features == wanted.sum()
    assert f"{wanted.sum()} van de {N} rijen gelezen" in found.source.notes
    if not isinstance(given, str):
        expected = given.set_index("naam").geometry
        for name, shape in zip(found.frame["naam"], found.frame.geometry, strict=True):
            assert shape.equals(expected[name])


@pytest.mark.parametrize("kind", ALL)
def test_a_box_leaves_out_what_lies_elsewhere(tmp_path: Path, kind: str) -> None:
    # Parcels 10 to 14 stand at 2000 to 2900 m; the box runs from 2050 to 2850 m.
    given = written(tmp_path, kind, parcels())
    within = (EAST + 2_050.0, NORTH + 0.0, EAST + 2_850.0, NORTH + 50.0)
    found = select(given, [0, 1, 2, 3, 4], within=within, crs="EPSG:28992")
    assert sorted(found.frame["naam"]) == [f"perceel {i}" for i in (10, 11, 12, 13)]
    assert found.rows == N


def without_places() -> gpd.GeoDataFrame:
    """Draw the parcels: 3 (code 3) and 9 (code 4) have no shape, 8 (code 3) an empty one."""
    given = parcels()
    shapes = given.geometry.to_numpy().copy()
    shapes[[3, 9]], shapes[8] = None, shapely.Polygon()
    return given.set_geometry(gpd.GeoSeries(shapes, crs=given.crs))


# Parcels 10 to 13 come in it, with codes 0 to 3; a seventh of all has none.
NEAR = (EAST + 2_050.0, NORTH + 0.0, EAST + 2_850.0, NORTH + 50.0)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("kind", ALL)
def test_no_box_leaves_out_a_row_without_a_place(tmp_path: Path, kind: str) -> None:
    given = without_places()
    path = written(tmp_path, kind, given) if kind != "fgb" else tmp_path / "percelen.fgb"
    if kind == "fgb":  # With an index GDAL refuses to write them.
        pyogrio.write_dataframe(given, path, driver="FlatGeobuf", SPATIAL_INDEX="NO")
    options: dict[str, Any] = {"within": NEAR, "crs": "EPSG:28992"}
    found = select(path, [0, 1, 2, 3, 4], **options)
    assert found.frame["naam"].tolist() == [f"perceel {i}" for i in (3, 8, 9, 10, 11, 12, 13)]
    nowhere = shapely.is_missing(found.frame.geometry) | shapely.is_empty(found.frame.geometry)
    assert nowhere.tolist() == [True] * 3 + [False] * 4
    assert found.rows == N
    # Those of another code are not asked for; 3 and 8 grow what 13 does.
    found = select(path, [3], **options)
    assert found.frame["naam"].tolist() == ["perceel 3", "perceel 8", "perceel 13"]
    # A code that only rows without a place have is found as well.
    found = select(path, [4], **options)
    assert found.frame["naam"].tolist() == ["perceel 9"]


@pytest.mark.parametrize("options", [{}, {"SPATIAL_INDEX": "NO"}], ids=["index", "no index"])
def test_a_geopackage_with_awkward_names_loses_none_either(
    tmp_path: Path, options: dict[str, str]
) -> None:
    path = tmp_path / "p.gpkg"
    names = {"layer": 'perc"elen', "GEOMETRY_NAME": 'de "vorm"', "FID": "het nummer"}
    pyogrio.write_dataframe(without_places(), path, driver="GPKG", **names, **options)
    found = select(path, [3], within=NEAR)
    assert found.frame["naam"].tolist() == ["perceel 3", "perceel 8", "perceel 13"]


def test_what_the_index_of_a_geopackage_does_not_know_is_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, "gpkg", parcels())
    assert not isinstance(path, gpd.GeoDataFrame)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        # Someone wrote rows without it; the first row has number 1. Parcel 12 lies in the box.
        database.execute("DELETE FROM rtree_percelen_geom WHERE id IN (13, 41)")
    found = select(path, [0, 1, 2, 3, 4], within=NEAR)
    assert found.frame["naam"].tolist() == [f"perceel {i}" for i in (10, 11, 12, 13)]


def test_a_corner_that_is_no_number_hides_no_row(tmp_path: Path) -> None:
    nan, x, y = np.nan, EAST + 2_100.0, NORTH + 10.0
    lines = [
        [(x, y), (x + 10, y)],
        # SQLite takes the box of these for 0, on both axes and on one.
        [(nan, nan), (x, y), (x + 10, y)],
        [(nan, y), (x, y), (x + 10, y)],
        # Far away, with or without.
        [(nan, nan), (x + 9_000, y), (x + 9_010, y)],
        [(x + 9_000, y), (x + 9_010, y)],
    ]
    with np.errstate(invalid="ignore"):
        shapes = [shapely.LineString(line) for line in lines]
    given = frame(shapes, code=[1] * 5, naam=[*"abcde"])
    for kind in ("gpkg", "parquet", "frame"):
        found = select(written(tmp_path, kind, given), [1], within=NEAR)
        assert found.frame["naam"].tolist() == ["a", "b", "c"]


def test_a_row_keeps_its_number_whatever_is_selected(tmp_path: Path) -> None:
    for kind in ("gpkg", "parquet", "frame"):
        given = written(tmp_path, kind, parcels())
        whole = select(given, [0, 1, 2, 3, 4], also_without=True).frame.set_index("naam")["rij"]
        some = select(given, [3], within=(EAST + 1_000.0, NORTH, EAST + 5_000.0, NORTH + 9.0))
        for name, row in zip(some.frame["naam"], some.frame["rij"], strict=True):
            assert whole[name] == row


def test_rows_are_selected_by_two_columns_with_awkward_text(tmp_path: Path) -> None:
    path = written(tmp_path, "gpkg", parcels())

    def wanted(values: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return np.asarray((values["code"] == 1) & (values["soort"] == "soort '2'"))

    found = read_selected(path, columns=lambda _: ["code", "soort"], wanted=wanted)
    # 1 in five and 2 in three: 11, 26, 41 and 56, of which 56 is a multiple of seven.
    assert found.frame["naam"].tolist() == ["perceel 11", "perceel 26", "perceel 41"]


def test_a_box_is_brought_to_the_reference_system_of_the_file(tmp_path: Path) -> None:
    for kind in ("gpkg", "parquet"):
        path = written(tmp_path, kind, parcels().to_crs(4326))
        within = (EAST + 2_050.0, NORTH + 0.0, EAST + 2_850.0, NORTH + 50.0)
        found = select(path, [0, 1, 2, 3, 4], within=within)
        assert set(found.frame["naam"]) >= {f"perceel {i}" for i in (10, 11, 12, 13)}
        assert len(found.frame) <= 6


def test_nothing_wanted_gives_no_rows(tmp_path: Path) -> None:
    for kind in ALL:
        found = select(written(tmp_path, kind, parcels()), [77], crs="EPSG:28992")
        assert len(found.frame) == 0
        assert found.rows == N


def test_the_source_is_that_of_the_whole_file(tmp_path: Path) -> None:
    for kind in ("gpkg", "parquet"):
        path = written(tmp_path, kind, parcels())
        assert select(path, [1]).source.sha256 == read_vector(path)[1].sha256


def test_the_chooser_of_columns_sees_all_and_may_refuse(tmp_path: Path) -> None:
    for kind in ("gpkg", "parquet", "csv"):
        seen: list[str] = []

        def refuse(names: Sequence[str], seen: list[str] = seen) -> list[str]:
            seen += names
            raise ColumnError("geen code")

        with pytest.raises(ColumnError, match="geen code"):
            read_selected(
                written(tmp_path, kind, parcels()),
                columns=refuse,
                wanted=lambda values: np.ones(len(values), dtype=bool),
                crs="EPSG:28992",
            )
        assert seen == ["code", "soort", "naam"]


def test_a_page_of_a_larger_answer_is_refused_here_too(tmp_path: Path) -> None:
    path = written(tmp_path, "geojson", parcels())
    assert not isinstance(path, gpd.GeoDataFrame)
    text = path.read_text(encoding="utf-8").rstrip()
    path.write_text(text[:-1] + ', "numberMatched": 900000}', encoding="utf-8")
    with pytest.raises(FileError, match="één bladzijde"):
        select(path, [1])
