"""What speed must not change: order, portions, cores, and what was asked before."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import threading
import traceback
import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from conftest import EAST, NORTH, block
from hypothesis import given
from hypothesis import strategies as st
from test_engine import nature_area, shapes, surface, surfaces

import woongeo
from woongeo.engine import LayerIndex, Measure, Sites, measure, overlapping
from woongeo.engine.sites import Occupied
from woongeo.errors import LayerError
from woongeo.threads import parts_by, parts_of, side_by_side

Shapes = np.ndarray[tuple[int], np.dtype[np.object_]]


def equal(a: Measure, b: Measure) -> None:
    """Hold two measures to be the same to the last bit."""
    for field in dataclasses.fields(Measure):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if field.name == "part":
            assert shapely.to_wkb(left).tolist() == shapely.to_wkb(right).tolist()
        else:
            np.testing.assert_array_equal(left, right, err_msg=field.name)


def rows_of(found: Measure, start: int, stop: int) -> Measure:
    """Take the sites of one portion."""
    pair = (found.pair_site >= start) & (found.pair_site < stop)
    part = (found.part_site >= start) & (found.part_site < stop)
    return Measure(
        found.hit[start:stop],
        found.overlap_m2[start:stop],
        found.distance_m[start:stop],
        found.pair_site[pair] - start,
        found.pair_feature[pair],
        found.whole[start:stop],
        found.part_site[part] - start,
        found.part[part],
    )


def many_sites() -> Shapes:
    """Draw a grid of sites over the nature area of 6,000 corners."""
    return np.array([block(x, y, 37, 41) for x in range(0, 1_000, 55) for y in range(0, 1_000, 60)])


# --- portions


@pytest.mark.parametrize("within_m", [0.0, 30.0])
def test_portions_of_sites_give_the_same_to_the_last_bit(within_m: float) -> None:
    layer = shapes(nature_area(6_000), nature_area(3_000, x=700), block(200, 200))
    sites = many_sites()
    whole = measure(Sites(sites), layer, within_m=within_m)
    assert whole.whole.any()
    assert len(whole.part)
    index = LayerIndex(layer)
    # The last portion first: the index grows in another order.
    for start, stop in [(200, len(sites)), (0, 90), (90, 200)]:
        part = measure(Sites(sites[start:stop]), layer, within_m=within_m, index=index)
        equal(part, rows_of(whole, start, stop))


@given(
    sites=surfaces, features=surfaces, cut=st.integers(1, 5), within_m=st.sampled_from([0.0, 40.0])
)
def test_what_is_measured_of_a_site_does_not_depend_on_the_others(
    sites: Shapes, features: Shapes, cut: int, within_m: float
) -> None:
    whole = measure(Sites(sites), features, within_m=within_m)
    index = LayerIndex(features)
    for start, stop in [(cut, len(sites)), (0, min(cut, len(sites)))]:
        if start < stop:
            part = measure(Sites(sites[start:stop]), features, within_m=within_m, index=index)
            equal(part, rows_of(whole, start, stop))


def test_pieces_stand_in_the_same_order_whatever_was_asked_before() -> None:
    layer = shapes(nature_area(6_000), nature_area(3_000, x=700))
    everywhere = Occupied(shapely.bounds(many_sites()))
    at_once, grown = LayerIndex(layer, everywhere), LayerIndex(layer)
    for corner in ((900, 900), (0, 0), (450, 450)):
        grown.reach_out(Occupied(shapely.bounds(shapes(block(*corner)))), 0.0)
    assert 0 < len(grown.pieces) < len(at_once.pieces)
    grown.reach_out(everywhere, 0.0)
    assert shapely.to_wkb(grown.pieces).tolist() == shapely.to_wkb(at_once.pieces).tolist()
    assert grown.owner.tolist() == at_once.owner.tolist()


def test_another_width_asks_no_distance_again_and_gives_what_a_new_screening_gives() -> None:
    layer, sites = shapes(nature_area(6_000)), many_sites()
    index, kept = LayerIndex(layer), Sites(sites)
    for within_m in (0.0, 50.0, 20.0):
        found = measure(kept, layer, within_m=within_m, index=index)
        equal(found, measure(Sites(sites), layer, within_m=within_m))


def test_an_index_does_not_travel_but_what_it_is_of_does() -> None:
    index = LayerIndex(shapes(nature_area(3_000)), Occupied(shapely.bounds(many_sites())))
    again = pickle.loads(pickle.dumps(index))  # noqa: S301  our own
    assert not len(again.pieces)
    assert shapely.equals(again.features, index.features).all()


def test_lines_without_length_are_points() -> None:
    dot = shapely.LineString([(EAST + 150, NORTH + 50)] * 2)
    found = measure(Sites(shapes(block(0, 0))), shapes(dot, dot))
    assert found.distance_m.tolist() == [50]


# --- cores


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_the_number_of_cores_changes_nothing(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = shapes(nature_area(6_000), nature_area(3_000, x=700), block(200, 200))
    expected = measure(Sites(many_sites()), layer, within_m=0.0)
    monkeypatch.setattr(woongeo.threads, "cores", lambda: cores)
    monkeypatch.setattr(woongeo.threads, "_FEW", 2)
    for _ in range(3):
        equal(measure(Sites(many_sites()), layer, within_m=0.0), expected)


def test_work_comes_back_in_its_order_and_its_error_too() -> None:
    assert side_by_side(lambda x: x * x, range(9)) == [x * x for x in range(9)]

    def fail(x: int) -> int:
        raise ValueError(x)

    with pytest.raises(ValueError, match="0"):
        side_by_side(fail, range(3))


@given(key=st.lists(st.integers(0, 30), max_size=900))
def test_rows_with_one_key_are_in_one_part(key: list[int]) -> None:
    keys = np.sort(np.array(key, dtype=np.intp))
    parts = parts_by(keys)
    assert [i for part in parts for i in range(len(keys))[part]] == list(range(len(keys)))
    held = [set(keys[part].tolist()) for part in parts]
    assert sum(map(len, held)) == len(set(key))


@given(weight=st.lists(st.integers(1, 90_000), max_size=60))
def test_parts_hold_all_rows_once(weight: list[int]) -> None:
    rows = [i for part in parts_of(len(weight), few=2) for i in range(len(weight))[part]]
    assert rows == list(range(len(weight)))


def test_no_thread_touches_the_list_of_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one for all threads: left in another order than entered, warnings go off for good.

    Four hundred sites on a ragged area, with a hole and invalid parts, by overlap and by distance.
    Only where `geometry.valid` looks, which itself puts the list back, may threads touch it.
    """
    seen: set[str] = set()
    enter = warnings.catch_warnings.__enter__

    def noted(self: warnings.catch_warnings[Any]) -> Any:
        callers = (frame.f_code for frame, _ in traceback.walk_stack(inspect.currentframe()))
        if not any(code.co_qualname == "valid.<locals>.look" for code in callers):
            seen.add(threading.current_thread().name)
        return enter(self)

    area = nature_area(8_000)
    west, south, east, north = area.bounds
    corner = [(west, south), (west + 9, south + 9), (west + 9, south), (west, south + 9)]
    x, y = np.meshgrid(np.linspace(west, east, 20), np.linspace(south, north, 20))
    shapes = shapely.box(x.ravel(), y.ravel(), x.ravel() + 30, y.ravel() + 30)
    plans = gpd.GeoDataFrame({"plan_id": range(400)}, geometry=shapes, crs=28992)
    nature = gpd.GeoDataFrame(geometry=[area, shapely.Polygon(corner)], crs=28992)
    before = list(warnings.filters)
    monkeypatch.setattr(warnings.catch_warnings, "__enter__", noted)
    monkeypatch.setattr(woongeo.threads, "cores", lambda: 2)
    with pytest.warns(woongeo.WoongeoWarning):
        locations = woongeo.read_locations(plans)
    with pytest.warns(woongeo.WoongeoWarning):
        layer = woongeo.read_layer("natuur", nature, coverage="nederland")
    by_class = woongeo.ClassRule(column="soort", classes={"a": "hard", "b": "geen"})
    more = woongeo.read_layer(
        "zones",
        gpd.GeoDataFrame({"soort": list("ab")}, geometry=[area, shapes[0].buffer(200)], crs=28992),
        coverage="nederland",
        rule=by_class,
    )
    # Several layers are measured at a time, each in a thread.
    woongeo.screen(locations, [layer.with_rule(woongeo.Rule(within_m=100), name="100m"), more])
    assert seen == {threading.main_thread().name}
    assert list(warnings.filters) == before


# --- what is looked at where sites are


def broken_in_the_east(corners: int = 8_000) -> shapely.Polygon:
    """Draw an area whose edge crosses itself at its easternmost corner, 450 m from its middle."""
    ring = shapely.get_coordinates(shapely.Polygon(nature_area(corners).exterior))[:-1]
    at = int(ring[:, 0].argmax())
    ring[[at - 1, at + 1]] = ring[[at + 1, at - 1]]
    shape = shapely.Polygon(ring)
    assert not shape.is_valid
    return shape


def doubt(area: shapely.Geometry, site: shapely.Geometry) -> bool:
    """Ask whether an area is doubtful near a site."""
    index = LayerIndex(shapes(area))
    index.reach_out(Occupied(shapely.bounds(shapes(site))), 0.0, refuse_broken=False)
    return bool(index.doubtful()[0])


def test_a_broken_edge_is_seen_where_a_site_is_and_not_far_from_all() -> None:
    area = broken_in_the_east()
    east = shapely.get_coordinates(area)[:, 0].max() - EAST
    y = shapely.get_coordinates(area)[shapely.get_coordinates(area)[:, 0].argmax(), 1] - NORTH
    assert doubt(area, block(east - 10, y - 10, 20, 20))
    assert not doubt(area, block(60, 490, 20, 20))


def test_an_edge_that_runs_around_twice_is_seen_inside_too() -> None:
    # Wound twice, the middle counts twice: cut fine it would look like no ground at all.
    ring = shapely.get_coordinates(nature_area(8_000).exterior)[:-1]
    middle = np.array([EAST + 500, NORTH + 500])
    twice = shapely.Polygon(np.concatenate([ring, middle + (ring - middle) * 0.8]))
    assert doubt(twice, block(650, 650, 20, 20))


def test_parts_that_lie_in_each_other_are_seen_where_a_site_is() -> None:
    # Their edges stay 60 m from the site: inside both, nothing shows but that there are two.
    near, far = block(450, 450, 20, 20), block(900, 900, 20, 20)
    shell = shapely.Polygon(nature_area(6_000).exterior)
    inner = shapely.affinity.scale(shell, 0.7, 0.7, origin=(EAST + 500, NORTH + 500))
    assert doubt(shapely.MultiPolygon([shell, inner]), near)
    apart = shapely.affinity.translate(inner, 5_000)
    assert not doubt(shapely.MultiPolygon([shell, apart]), near)
    assert not doubt(shapely.MultiPolygon([shell, apart]), far)


@given(
    turn=st.integers(0, 7_999),
    swap=st.integers(1, 400),
    x=st.integers(0, 980),
    y=st.integers(0, 980),
)
def test_an_area_that_is_trusted_measures_as_its_repair(
    turn: int, swap: int, x: int, y: int
) -> None:
    """Two corners change places: what is not doubted at a site is there as the repair is."""
    ring = shapely.get_coordinates(nature_area(8_000).exterior)[:-1]
    other = (turn + swap) % len(ring)
    ring[[turn, other]] = ring[[other, turn]]
    area, site = shapely.Polygon(ring), block(x, y, 20, 20)
    index = LayerIndex(shapes(area))
    sites = Sites(shapes(site))
    assert sites.occupied is not None
    index.reach_out(sites.occupied, 0.0, refuse_broken=False)
    if index.doubtful()[0]:
        return
    mended = shapely.make_valid(area, method="structure", keep_collapsed=False)
    found = measure(sites, shapes(area), index=index)
    assert found.hit[0] == shapely.intersects(mended, site)
    assert found.overlap_m2[0] == pytest.approx(mended.intersection(site).area, abs=1e-6)


def test_other_sites_do_not_take_a_broken_area_on_trust() -> None:
    area = broken_in_the_east()
    east = shapely.get_coordinates(area)[:, 0].max() - EAST
    y = shapely.get_coordinates(area)[shapely.get_coordinates(area)[:, 0].argmax(), 1] - NORTH
    there = Sites(shapes(block(east - 10, y - 10, 20, 20)))
    with pytest.raises(LayerError, match="rond andere locaties gelezen"):
        measure(there, shapes(area))


# --- the small things


@given(given=st.lists(surface(), min_size=2, max_size=8))
def test_pairs_that_share_ground_are_those_that_do(given: list[shapely.Geometry]) -> None:
    drawn = shapes(*given)
    first, second, shared, same = overlapping(drawn, shapely.area(drawn), least_m2=100.0)
    expected = {
        (i, j)
        for i in range(len(drawn))
        for j in range(i + 1, len(drawn))
        if drawn[i].intersection(drawn[j]).area > 100 or drawn[i].equals(drawn[j])
    }
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected
    for i, j, m2, alike in zip(first, second, shared, same, strict=True):
        assert m2 == pytest.approx(drawn[i].intersection(drawn[j]).area)
        assert not alike or drawn[i].equals(drawn[j])
