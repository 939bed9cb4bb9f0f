"""The coarse outline: inside never looks outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import block

from woongeo.netherlands import outline, outside_netherlands

if TYPE_CHECKING:
    from pathlib import Path


def test_the_outline_is_one_valid_surface_of_about_the_size_of_the_country() -> None:
    assert outline().is_valid
    # With its inner waters and the Wadden Sea: 42,000 km2; a ring of 1 to 6 km lies around them.
    assert 42_000 < outline().area / 1e6 < 50_000


@pytest.mark.parametrize(
    ("shape", "outside"),
    [
        (block(0, 0), False),
        (shapely.box(13_000, 370_000, 300_000, 380_000), True),
        (shapely.box(300_000, 400_000, 301_000, 401_000), True),
        (shapely.Point(155_000, 463_000), False),
        (shapely.Point(0, 0), True),
        (None, False),
    ],
    ids=["Kennemerland", "tot over de grens", "Duitsland", "Amersfoort", "nul", "geen vlak"],
)
def test_a_shape_is_outside_when_a_part_of_it_is(
    shape: shapely.Geometry | None, *, outside: bool
) -> None:
    assert outside_netherlands(np.array([shape], dtype=object)).tolist() == [outside]


@pytest.mark.real
def test_all_land_lies_inside_and_the_outline_is_no_more_than_six_km_away(real_data: Path) -> None:
    provinces = gpd.read_file(real_data / "gebieden" / "cbs_provincies_2022_rd.gpkg")
    assert not outside_netherlands(provinces.geometry.to_numpy()).any()
    land = provinces.union_all()
    edge = shapely.get_coordinates(shapely.segmentize(outline(), 500))
    away = shapely.distance(shapely.points(edge), land)
    assert 1_100 < away.min() < away.max() < 6_100
