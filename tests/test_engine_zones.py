"""Zones of a width of their own, and zones of what lies around a site, on a page of squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import given, settings
from hypothesis import strategies as st
from test_engine import nature_area, shapes, surface, surfaces

from woongeo.engine import SLIVER_M, Measure, Sites, measure, measure_around, partition_m2, plain

Shapes = np.ndarray[tuple[int], np.dtype[np.object_]]


def around(sites: Shapes, features: Shapes, within_m: object = 50.0) -> Measure:
    """Measure what lies around shapes."""
    return measure_around(Sites(sites), features, within_m=within_m)  # type: ignore[arg-type]


def line(x: float) -> shapely.LineString:
    """Draw a line from south to north across the page."""
    return shapely.LineString([(EAST + x, NORTH - 1_000), (EAST + x, NORTH + 1_000)])


# --- a width for each feature


def test_each_line_has_its_own_width() -> None:
    # Sites lie 40 m from a line of 30 m, and 40 m from a line of 80 m.
    lines = shapes(line(-40), line(1_140))
    sites = Sites(shapes(block(0, 0), block(1_000, 0)))
    found = measure(sites, lines, within_m=np.array([30.0, 80.0]))
    assert found.hit.tolist() == [False, True]
    assert found.distance_m.tolist() == [40, 40]
    # 80 m reaches 40 m into a site 100 m high.
    assert found.overlap_m2.tolist() == pytest.approx([0, 4_000])
    assert (found.pair_site.tolist(), found.pair_feature.tolist()) == ([1], [1])


def test_the_nearest_feature_need_not_be_the_one_that_hits() -> None:
    lines = shapes(line(-20), line(-60))
    found = measure(Sites(shapes(block(0, 0))), lines, within_m=np.array([10.0, 70.0]))
    assert found.pair_feature.tolist() == [1]
    assert found.distance_m.tolist() == [20]


def test_a_width_of_its_own_is_exact() -> None:
    farms = shapes(shapely.Point(EAST, NORTH + 50), shapely.Point(EAST, NORTH + 5_050))
    sites = shapes(block(300, 0), block(300.001, 0), block(500, 5_000), block(500.001, 5_000))
    found = measure(Sites(sites), farms, within_m=np.array([300.0, 500.0]))
    assert found.hit.tolist() == [True, False, True, False]


def test_a_width_of_nought_is_the_feature_itself() -> None:
    features = shapes(block(100, 0), block(0, 110))
    found = measure(Sites(shapes(block(0, 0))), features, within_m=np.array([0.0, 20.0]))
    # The first touches; the second comes 10 m into a site 100 m wide.
    assert found.pair_feature.tolist() == [0, 1]
    assert found.overlap_m2.tolist() == pytest.approx([1_000])


def test_one_width_for_all_is_the_same_as_the_same_width_for_each() -> None:
    area = nature_area(6_000)
    sites = Sites(
        np.array([block(x, y, 37, 41) for x in range(-100, 1_100, 40) for y in range(0, 900, 45)])
    )
    features = shapes(area, line(1_050))
    one = measure(sites, features, within_m=25.0)
    # A third feature that no site reaches has another width, so the other way of asking is used.
    far = shapes(area, line(1_050), block(90_000, 0))
    each = measure(sites, far, within_m=np.array([25.0, 25.0, 60.0]))
    assert each.hit.tolist() == one.hit.tolist()
    assert each.pair_feature.tolist() == one.pair_feature.tolist()
    np.testing.assert_allclose(each.overlap_m2, one.overlap_m2, rtol=1e-12)


@pytest.mark.parametrize("width", [25.0, 250.0, 1_000.0])
def test_a_zone_of_a_ragged_area_is_that_of_the_whole(width: float) -> None:
    # The area is cut in pieces, and of each only what lies around the site is drawn a zone of.
    area = nature_area(20_000)
    west, south, east, north = area.bounds
    drawn = np.random.default_rng(3)
    x, y = drawn.uniform(west - width, east, 150), drawn.uniform(south - width, north, 150)
    size = drawn.uniform(20, 300, 150)
    sites = shapely.box(x, y, x + size, y + size)
    found = measure(Sites(sites), shapes(area), within_m=width)
    expected = [plain.overlap_m2(site, shapes(area), width) for site in sites]
    # An edge that lies a micrometre elsewhere is as long as a site is wide.
    np.testing.assert_allclose(found.overlap_m2, expected, atol=1e-3)
    assert (found.whole <= np.isclose(found.overlap_m2, shapely.area(sites))).all()
    partly = ~found.whole & (found.overlap_m2 > 0)
    assert partly.sum() > 10


def test_a_site_near_enough_to_one_point_lies_wholly_in_the_zone() -> None:
    # A block of 100 m, 10 m east of a line: its far corners lie hypot(110, 50) = 120.8 m from the
    # middle of its west side, where the line is nearest; the zone itself reaches them at 110 m.
    site = Sites(shapes(block(0, 0)))
    whole = [
        bool(measure(site, shapes(line(-10)), within_m=width).whole[0])
        for width in (109.0, 110.001, 125.0)
    ]
    assert whole == [False, True, True]


# --- what lies around a site


def test_a_parcel_inside_the_site_gives_nothing() -> None:
    found = around(shapes(block(0, 0, 300, 300)), shapes(block(100, 100)))
    assert found.hit.tolist() == [False]
    assert found.overlap_m2.tolist() == [0]
    assert np.isnan(found.distance_m).all()
    assert not len(found.pair_site)


def test_a_parcel_that_is_the_site_gives_nothing() -> None:
    assert around(shapes(block(0, 0)), shapes(block(0, 0))).hit.tolist() == [False]


def test_a_parcel_beside_the_site_takes_a_strip() -> None:
    found = around(shapes(block(0, 0, 300, 100)), shapes(block(300, 0)))
    assert found.overlap_m2.tolist() == pytest.approx([50 * 100])
    assert found.distance_m.tolist() == [0]


def test_a_parcel_across_the_edge_is_a_source_only_outside() -> None:
    # The parcel runs from 200 to 400 and the site from 0 to 300: its part inside is no source,
    # so the strip is 50 m deep and not 150 m.
    site, parcel = shapes(block(0, 0, 300, 100)), shapes(block(200, 0, 200, 100))
    assert around(site, parcel).overlap_m2.tolist() == pytest.approx([5_000])
    assert measure(Sites(site), parcel, within_m=50).overlap_m2.tolist() == pytest.approx([15_000])


def test_a_parcel_is_inside_one_site_and_beside_another() -> None:
    # The neighbour lies 20 m from the parcel in the first site: 30 m of 100 are in its zone.
    sites = shapes(block(0, 0, 300, 300), block(320, 100))
    found = around(sites, shapes(block(200, 100)))
    assert found.hit.tolist() == [False, True]
    assert found.overlap_m2.tolist() == pytest.approx([0, 3_000])


def test_the_distance_is_to_what_is_no_own_ground() -> None:
    # One parcel lies inside, the nearest other 1.7 km to the east.
    features = shapes(block(100, 100), block(2_000, 0))
    found = around(shapes(block(0, 0, 300, 300)), features)
    assert found.distance_m.tolist() == [1_700]


def test_no_source_within_reach_has_no_distance() -> None:
    features = shapes(block(100, 100), block(26_000, 0))
    found = around(shapes(block(0, 0, 300, 300)), features)
    assert np.isnan(found.distance_m).all()


@pytest.mark.parametrize(("left_over", "strip"), [(SLIVER_M - 0.1, 0), (SLIVER_M + 0.1, 5_000)])
def test_two_drawings_of_one_border_make_no_source(left_over: float, strip: float) -> None:
    # The parcel sticks out of the site by so much.
    found = around(shapes(block(0, 0)), shapes(block(0, 0, 100 + left_over, 100)))
    assert found.hit.tolist() == [strip > 0]
    assert found.overlap_m2.tolist() == pytest.approx([strip])


def test_a_thin_parcel_that_loses_nothing_is_a_source() -> None:
    found = around(shapes(block(0, 0)), shapes(block(100, 0, 1, 100)))
    assert found.overlap_m2.tolist() == pytest.approx([5_000])


def test_a_part_that_lies_apart_from_what_the_site_takes_is_a_source() -> None:
    # Half a metre wide, 20 m away: not against the site, so no remainder of drawing.
    parcel = shapely.union_all([block(40, 40, 20, 20), block(120, 0, 0.5, 100)])
    found = around(shapes(block(0, 0)), shapes(parcel))
    assert found.distance_m.tolist() == [20]
    assert found.overlap_m2.tolist() == pytest.approx([30 * 100])


def test_the_strip_of_a_corner_is_a_quarter_circle() -> None:
    found = around(shapes(block(0, 0)), shapes(block(100, 100)))
    assert found.overlap_m2.tolist() == pytest.approx([math.pi * 50**2 / 4], rel=1e-3)


def test_strips_are_united_and_leave_the_rest_free() -> None:
    sites = Sites(shapes(block(0, 0, 200, 100)))
    found = measure_around(sites, shapes(block(200, 0), block(-50, 0, 50, 100)), within_m=20.0)
    assert found.overlap_m2.tolist() == pytest.approx([2 * 20 * 100])
    taken, _, free = partition_m2(sites.area, [found], [], np.array([False]))
    assert (taken.tolist(), free.tolist()) == (pytest.approx([4_000]), pytest.approx([16_000]))


def test_nothing_around_gives_nothing() -> None:
    assert around(shapes(), shapes(block(0, 0))).hit.tolist() == []
    assert around(shapes(block(0, 0)), shapes()).hit.tolist() == [False]


# --- laws

widths = st.sampled_from([0.0, 10.0, 30.0, 55.5])
features_and_widths = st.lists(st.tuples(surface(), widths), min_size=1, max_size=6).map(
    lambda given: (shapes(*[s for s, _ in given]), np.array([w for _, w in given]))
)


@given(sites=surfaces, features=features_and_widths)
@settings(max_examples=150, deadline=None)
def test_widths_of_their_own_are_what_the_plain_definitions_say(
    sites: Shapes, features: tuple[Shapes, np.ndarray]
) -> None:
    drawn, width = features
    found = measure(Sites(sites), drawn, within_m=width)
    for i, site in enumerate(sites):
        assert found.pair_feature[found.pair_site == i].tolist() == plain.features_hit(
            site, drawn, width
        )
        expected = plain.overlap_m2(site, drawn, width)
        assert found.overlap_m2[i] == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert found.distance_m[i] == pytest.approx(plain.distance_m(site, drawn), abs=1e-6)


@given(sites=surfaces, features=features_and_widths)
@settings(max_examples=200, deadline=None)
def test_what_lies_around_is_what_the_plain_definitions_say(
    sites: Shapes, features: tuple[Shapes, np.ndarray]
) -> None:
    drawn, width = features
    found = measure_around(Sites(sites), drawn, within_m=width)
    for i, site in enumerate(sites):
        rest = plain.outside(site, drawn)
        assert found.pair_feature[found.pair_site == i].tolist() == plain.features_hit(
            site, rest, width
        )
        assert found.overlap_m2[i] == pytest.approx(
            plain.overlap_m2(site, rest, width), rel=1e-9, abs=1e-4
        )
        there = rest[~shapely.is_empty(rest)]
        np.testing.assert_allclose(found.distance_m[i], plain.distance_m(site, there), atol=1e-6)


@given(sites=surfaces, features=surfaces)
@settings(max_examples=60, deadline=None)
def test_leaving_out_own_ground_never_takes_more(sites: Shapes, features: Shapes) -> None:
    with_own = measure(Sites(sites), features, within_m=30.0)
    without = around(sites, features, 30.0)
    assert (without.hit <= with_own.hit).all()
    assert (without.overlap_m2 <= with_own.overlap_m2 + 1e-4).all()


@given(sites=surfaces, features=surfaces, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_changes_nothing_around(sites: Shapes, features: Shapes, order: object) -> None:
    mixed = features.copy()
    order.shuffle(mixed)  # type: ignore[attr-defined]
    found, other = around(sites, features), around(sites, mixed)
    assert other.hit.tolist() == found.hit.tolist()
    np.testing.assert_allclose(other.overlap_m2, found.overlap_m2, rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(other.distance_m, found.distance_m, atol=1e-6)
