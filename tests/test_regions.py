"""Regions: divisions of the country over which homes are divided."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

from woongeo.errors import ColumnError, RegionError, RepairedGeometryWarning
from woongeo.regions import read_regions

if TYPE_CHECKING:
    from pathlib import Path

BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 100, NORTH), (EAST, NORTH + 100)]
)


def test_rows_of_one_name_are_one_region_and_names_are_sorted() -> None:
    shapes = [block(200, 0), block(0, 0), block(50, 0), block(1_000, 0)]
    regions = read_regions(
        "gemeente", frame(shapes, naam=["B", "A", " A", "B"]), name_column="naam"
    )
    assert regions.frame["gebied"].tolist() == ["A", "B"]
    # The two parts of A share half; those of B lie apart.
    assert regions.frame.geometry.area.tolist() == [15_000, 20_000]
    assert (regions.level, len(regions)) == ("gemeente", 2)
    assert regions.frame.crs == "EPSG:28992"


@pytest.mark.parametrize("codes", [[363, 34], [363.0, 34.0]])
def test_codes_are_names_too(codes: list[float]) -> None:
    given = frame([block(0, 0), block(200, 0)], code=codes)
    assert read_regions("gemeente", given, name_column="code").frame["gebied"].tolist() == [
        "34",
        "363",
    ]


@pytest.mark.parametrize("column", ["gemeente", "geometry"])
def test_a_column_that_does_not_exist_is_refused_with_those_that_do(column: str) -> None:
    with pytest.raises(ColumnError, match=f"kolom '{column}' bestaat niet; wel: naam"):
        read_regions("gemeente", frame([block(0, 0)], naam=["A"]), name_column=column)


@pytest.mark.parametrize(
    ("shape", "name", "why"),
    [
        (block(200, 0), None, r"rij 2, '': geen naam"),
        (block(200, 0), "  ", r"rij 2, '': geen naam"),
        (None, "B", r"rij 2, 'B': geen vlak ingetekend"),
        (shapely.Point(EAST, NORTH), "B", r"rij 2, 'B': geen vlak, maar een punt"),
    ],
)
def test_a_region_without_a_name_or_shape_is_named(
    shape: shapely.Geometry | None, name: str | None, why: str
) -> None:
    with pytest.raises(RegionError, match=why):
        read_regions("gemeente", frame([block(0, 0), shape], naam=["A", name]), name_column="naam")


def test_a_division_without_regions_is_refused() -> None:
    with pytest.raises(RegionError, match="geen gebieden"):
        read_regions("gemeente", frame([], naam=[]), name_column="naam")


def test_a_repaired_region_is_voiced() -> None:
    with pytest.warns(RepairedGeometryWarning, match=r"1 vlak hersteld \(samen 5.000 m²"):
        regions = read_regions("gemeente", frame([BOW_TIE], naam=["A"]), name_column="naam")
    assert regions.frame.geometry.area.tolist() == [5_000]


def test_regions_in_a_notebook_run_nothing_of_what_they_show() -> None:
    regions = read_regions("<b>{{7*7}}", frame([block(0, 0)], naam=["A"]), name_column="naam")
    assert "<b>" not in regions._repr_html_()
    assert "1 gebied (" in regions._repr_html_()


@pytest.mark.real
def test_municipalities_of_which_some_are_invalid_are_repaired_and_voiced(real_data: Path) -> None:
    path = real_data / "gebieden" / "gemeenten_342_met_ongeldige_wgs84.geojson"
    with pytest.warns(RepairedGeometryWarning, match=": 14 vlakken hersteld"):
        regions = read_regions("gemeente", path, name_column="name")
    assert len(regions) == 342
    assert regions.frame.geometry.is_valid.all()


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "column", "n"),
    [
        ("cbs_gemeenten_2022_rd.gpkg", "gemeente", 345),
        ("cbs_gemeenten_2022_wgs84.geojson", "statcode", 345),
        ("cbs_provincies_2022_rd.gpkg", "provincie", 12),
    ],
)
def test_municipalities_and_provinces_make_up_the_country(
    real_data: Path, file: str, column: str, n: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RepairedGeometryWarning)
        regions = read_regions("x", real_data / "gebieden" / file, name_column=column)
    assert len(regions) == n
    areas = regions.frame.geometry.area
    # Land only: 33,500 km2, generalised; neighbours overlap by next to nothing.
    assert areas.sum() == pytest.approx(
        shapely.area(shapely.union_all(regions.frame.geometry)), rel=1e-3
    )
    assert 33_000 < areas.sum() / 1e6 < 42_000
    assert np.all(areas > 1e6)
