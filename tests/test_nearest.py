"""Which features are nearest: drawn answers, and plain distances as the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import given, settings
from hypothesis import strategies as st

from woongeo.engine import Sites
from woongeo.engine.nearest import Nearest, nearest


def shapes(*given: Any) -> Any:
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return array


def find(site: Any, *features: Any, reach_m: float = 1_000) -> Nearest:
    return nearest(Sites(shapes(site)), shapes(*features), reach_m=reach_m)


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def test_the_nearest_of_surfaces_lines_and_points_is_named() -> None:
    line = shapely.LineString([(EAST + 130, NORTH), (EAST + 130, NORTH + 100)])
    surface, farm = block(150, 0), point(-20, 50)
    found = find(block(0, 0), surface, line, farm)
    assert (found.distance_m.tolist(), found.pair_feature.tolist()) == ([20], [2])
    found = find(block(0, 0), surface, line)
    assert (found.distance_m.tolist(), found.pair_feature.tolist()) == ([30], [1])


def test_all_that_a_site_meets_are_named() -> None:
    found = find(block(0, 0), block(50, 0), block(400, 0), block(-50, 0), point(10, 10))
    assert found.distance_m.tolist() == [0]
    assert found.pair_feature.tolist() == [0, 2, 3]


def test_features_that_share_the_nearest_point_are_all_named() -> None:
    """Two triangles share the corner that lies 30 m east and 40 m north of the site's."""
    below = shapely.Polygon([point(40, 50), point(140, 50), point(140, 150)])
    above = shapely.Polygon([point(40, 50), point(140, 150), point(40, 150)])
    found = find(block(0, 0, 10, 10), above, block(900, 0), below)
    assert found.distance_m.tolist() == [50]
    assert found.pair_feature.tolist() == [0, 2]


def test_points_at_the_same_distance_are_all_named() -> None:
    found = find(block(0, 0), point(150, 50), point(-50, 50), point(200, 50))
    assert found.pair_feature.tolist() == [0, 1]


def test_within_a_hole_the_edge_of_the_hole_is_nearest() -> None:
    ring = block(-200, -200, 500, 500).difference(block(-50, -50, 200, 200))
    assert find(block(0, 0), ring).distance_m.tolist() == [50]


def test_beyond_the_reach_nothing_is_found() -> None:
    found = find(block(0, 0), block(1_200, 0), point(0, 1_101))
    assert np.isnan(found.distance_m).all()
    assert not len(found.pair_site)
    assert find(block(0, 0), point(50, 1_100)).distance_m.tolist() == [1_000]


def test_nothing_to_find() -> None:
    assert np.isnan(find(block(0, 0)).distance_m).all()
    assert not len(nearest(Sites(shapes()), shapes(block(0, 0)), reach_m=1).distance_m)


grid = st.integers(0, 30).map(lambda k: 20.0 * k)


@st.composite
def feature(draw: st.DrawFn) -> Any:
    x, y, kind = draw(grid), draw(grid), draw(st.sampled_from(["block", "hole", "line", "point"]))
    if kind == "point":
        return point(x, y)
    if kind == "line":
        return shapely.LineString([point(x, y), point(x + 50, y + 30)])
    whole = block(x, y, 90, 90)
    return whole.difference(block(x + 20, y + 20, 50, 50)) if kind == "hole" else whole


@given(
    places=st.lists(st.tuples(grid, grid), min_size=1, max_size=5),
    features=st.lists(feature(), min_size=1, max_size=6),
    reach=st.sampled_from([0.5, 100.0, 5_000.0]),
)
@settings(max_examples=100, deadline=None)
def test_it_is_the_plain_minimum_and_the_features_named_lie_at_it(
    places: Any, features: Any, reach: float
) -> None:
    sites, layer = shapes(*(block(x, y, 15, 15) for x, y in places)), shapes(*features)
    found = nearest(Sites(sites), layer, reach_m=reach)
    plain = shapely.distance(sites[:, np.newaxis], layer[np.newaxis, :])
    least = plain.min(axis=1)
    np.testing.assert_allclose(
        found.distance_m, np.where(least <= reach, least, np.nan), atol=1e-6, equal_nan=True
    )
    assert set(found.pair_site) == set(np.flatnonzero(least <= reach))
    far = plain[found.pair_site, found.pair_feature] - least[found.pair_site]
    assert far == pytest.approx(0, abs=1e-5)
    apart = least > 0
    order = np.lexsort((found.pair_feature, found.pair_site))
    assert (order == np.arange(len(order))).all()
    meets = [set(np.flatnonzero(row == 0)) for row in plain]
    for i in np.flatnonzero(~apart):
        assert set(found.pair_feature[found.pair_site == i]) == meets[i]
