"""The engine against drawn answers and against the plain definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.errors import GEOSException

from woongeo.engine import Measure, Sites, area_by_feature, clip, partition_m2, plain, uncovered
from woongeo.engine import measure as measure_sites
from woongeo.engine.index import LayerIndex
from woongeo.engine.sites import Occupied
from woongeo.engine.zones import shared

Shapes = np.ndarray[tuple[int], np.dtype[np.object_]]


def measure(sites: Shapes, features: Shapes, *, within_m: float = 0.0) -> Measure:
    """Measure shapes."""
    return measure_sites(Sites(sites), features, within_m=within_m)


CORNER = np.array([EAST, NORTH], dtype=float)


def shapes(*given: shapely.Geometry | None) -> Shapes:
    """Put shapes in an array."""
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return array


def nature_area(corners: int, *, x: float = 500, y: float = 500) -> shapely.Polygon:
    """Draw an area with a ragged edge of many corners and a hole, within 500 m of a point."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 300 + 150 * np.sin(9 * turn) + 40 * np.sin(131 * turn)
    shell = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
    hole = np.column_stack([x + 60 * np.cos(turn[::7]), y + 40 * np.sin(turn[::7])])
    return shapely.Polygon(shell + CORNER, [hole + CORNER])


# --- drawn answers


def test_a_half_covered_site_has_half_its_area_in_the_layer() -> None:
    found = measure(shapes(block(0, 0)), shapes(block(50, 0)))
    assert found.overlap_m2.tolist() == [5_000]
    assert found.distance_m.tolist() == [0]
    assert found.hit.tolist() == [True]


def test_what_features_share_is_counted_once() -> None:
    found = measure(shapes(block(0, 0)), shapes(block(0, 0, 60, 100), block(40, 0, 60, 100)))
    assert found.overlap_m2.tolist() == [10_000]


def test_a_shared_edge_is_a_hit_without_area() -> None:
    found = measure(shapes(block(0, 0)), shapes(block(100, 0)))
    assert found.hit.tolist() == [True]
    assert found.overlap_m2.tolist() == [0]
    assert found.distance_m.tolist() == [0]


def test_a_site_in_a_hole_is_surrounded_but_not_hit() -> None:
    ring = block(-200, -200, 500, 500).difference(block(-50, -50, 200, 200))
    found = measure(shapes(block(0, 0)), shapes(ring))
    assert found.hit.tolist() == [False]
    assert found.distance_m.tolist() == [50]


def test_a_hole_in_the_site_is_no_part_of_it() -> None:
    site = block(0, 0, 300, 300).difference(block(100, 100))
    found = measure(shapes(site), shapes(block(100, 100)))
    assert found.hit.tolist() == [True]
    assert found.overlap_m2.tolist() == [0]


def test_a_site_wholly_inside_is_whole() -> None:
    found = measure(shapes(block(0, 0)), shapes(block(-10, -10, 500, 500)))
    assert found.whole.tolist() == [True]
    assert found.overlap_m2.tolist() == [10_000]
    assert not len(found.part)


@pytest.mark.parametrize(
    ("gap", "distance"), [(300, 300), (25_000, 25_000), (25_001, math.nan), (400_000, math.nan)]
)
def test_distance_is_exact_up_to_25_km_and_unknown_beyond(gap: float, distance: float) -> None:
    found = measure(shapes(block(0, 0)), shapes(block(100 + gap, 0)))
    np.testing.assert_array_equal(found.distance_m, [distance])


def test_distance_is_to_the_nearest_of_surfaces_lines_and_points() -> None:
    line = shapely.LineString([(EAST + 180, NORTH), (EAST + 180, NORTH + 500)])
    point = shapely.Point(EAST + 50, NORTH - 30)
    sites = shapes(block(0, 0), block(400, 0))
    found = measure(sites, shapes(block(1_000, 0), line, point))
    assert found.distance_m.tolist() == [30, 220]


def test_a_zone_reaches_its_exact_distance_and_no_further() -> None:
    farm = shapes(shapely.Point(EAST, NORTH + 50))
    at, beyond = block(500, 0), block(500.001, 0)
    found = measure(shapes(at, beyond), farm, within_m=500)
    assert found.hit.tolist() == [True, False]
    assert found.distance_m.tolist() == pytest.approx([500, 500.001], abs=1e-9)


def test_the_area_of_a_zone_is_that_of_the_buffer_within_its_stated_error() -> None:
    farm = shapes(shapely.Point(EAST, NORTH))
    found = measure(shapes(block(-1_000, -1_000, 2_000, 2_000)), farm, within_m=500)
    # The chords of ZONE_SEGMENTS cut off 0.04 % of a circle.
    assert found.overlap_m2[0] == pytest.approx(math.pi * 500**2, rel=5e-4)
    assert found.overlap_m2[0] < math.pi * 500**2


def test_nothing_to_measure_gives_nothing() -> None:
    empty = measure(shapes(), shapes(block(0, 0)))
    assert len(empty.hit) == 0
    none = measure(shapes(block(0, 0)), shapes())
    assert none.hit.tolist() == [False]
    assert np.isnan(none.distance_m).all()


def test_a_line_or_point_has_no_area() -> None:
    line = shapely.LineString([(EAST - 50, NORTH + 50), (EAST + 150, NORTH + 50)])
    found = measure(shapes(block(0, 0)), shapes(line, shapely.Point(EAST + 10, NORTH + 10)))
    assert found.hit.tolist() == [True]
    assert found.overlap_m2.tolist() == [0]
    assert found.pair_feature.tolist() == [0, 1]


def test_uncovered_is_what_lies_outside() -> None:
    area, outside = uncovered(
        Sites(shapes(block(0, 0), block(200, 0), block(50, 0))), shapes(block(0, 0, 100, 200))
    )
    assert area.tolist() == [0, 10_000, 5_000]
    assert outside[0] is None
    assert shapely.area(outside[2]) == 5_000


def test_touching_coverages_cover_together() -> None:
    area, _ = uncovered(Sites(shapes(block(50, 0))), shapes(block(0, 0), block(100, 0)))
    assert area.tolist() == [0]


def test_area_by_feature_counts_shared_ground_for_each() -> None:
    site, feature, area = area_by_feature(
        Sites(shapes(block(50, 0), block(900, 900))),
        shapes(block(0, 0), block(100, 0), block(50, 0)),
    )
    assert site.tolist() == [0, 0, 0]
    assert feature.tolist() == [0, 1, 2]
    assert area.tolist() == [5_000, 5_000, 10_000]


def test_partition_counts_each_square_metre_once() -> None:
    sites = shapes(block(0, 0), block(1_000, 0))
    a = measure(sites, shapes(block(0, 0, 50, 100)))
    b = measure(sites, shapes(block(25, 0, 50, 100)))
    unknown = shapes(block(60, 0, 40, 100), None)
    taken, open_, free = partition_m2(
        shapely.area(sites), [a, b], [unknown], np.array([False, False])
    )
    # 0-75 is taken, 75-100 unknown; 60-75 is both, so taken.
    assert taken.tolist() == [7_500, 0]
    assert open_.tolist() == [2_500, 0]
    assert free.tolist() == [0, 10_000]


def test_partition_of_a_site_of_which_nothing_is_known() -> None:
    sites = shapes(block(0, 0))
    found = measure(sites, shapes(block(0, 0, 50, 100)))
    taken, open_, free = partition_m2(shapely.area(sites), [found], [], np.array([True]))
    assert (taken.tolist(), open_.tolist(), free.tolist()) == ([5_000], [5_000], [0])


# --- cutting fine


def test_pieces_hold_the_area_that_they_were_cut_from() -> None:
    area = nature_area(20_000)
    sites = np.array([block(x, y) for x in range(0, 1_000, 50) for y in range(0, 1_000, 50)])
    index = LayerIndex(shapes(area), Occupied(shapely.bounds(sites)), 0.0)
    assert len(index.pieces) > 20
    assert shapely.get_num_coordinates(index.pieces).max() <= 1_025
    assert shapely.is_valid(index.pieces).all()
    assert shapely.area(index.pieces).sum() == pytest.approx(area.area, rel=1e-12)


def test_pieces_without_a_site_are_left_out() -> None:
    index = LayerIndex(
        shapes(nature_area(20_000)), Occupied(shapely.bounds(shapes(block(950, 480, 20, 20)))), 0.0
    )
    assert 0 < len(index.pieces) < 6


def test_a_grid_of_sites_gives_the_same_with_and_without_cutting() -> None:
    area = nature_area(6_000)
    sites = np.array(
        [block(x, y, 37, 41) for x in range(-100, 1_100, 40) for y in range(0, 900, 45)]
    )
    found = measure(sites, shapes(area))
    whole = shapely.area(shapely.intersection(sites, area))
    np.testing.assert_allclose(found.overlap_m2, whole, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.distance_m, shapely.distance(sites, area), atol=1e-9)
    assert found.hit.tolist() == shapely.intersects(sites, area).tolist()


def comb(depth: int) -> shapely.Polygon:
    """Draw a comb: fifty teeth of 2 m, with 2 m between, that hang from a beam of 20 m."""
    teeth = [
        (4 * k + x, y) for k in range(50) for x, y in [(0, 100), (0, depth), (2, depth), (2, 100)]
    ]
    corners = np.array([(0, 120), *teeth, (200, 100), (200, 120)], dtype=float)
    return shapely.Polygon(corners + CORNER)


@given(
    depth=st.integers(0, 80),
    x=st.integers(-30, 200),
    y=st.integers(-30, 130),
    size=st.sampled_from([1, 2, 19, 20, 101, 300]),
    turned=st.sampled_from([0, 30]),
)
@settings(max_examples=200, deadline=None)
def test_what_lies_around_a_site_is_all_that_cutting_it_asks(
    depth: int, x: int, y: int, size: int, turned: int
) -> None:
    """Teeth run along the edge of the site, and of the metre that is left around it."""
    surface = comb(depth)
    assert shapely.get_num_coordinates(surface) > 128
    site = block(x, y, size, size)
    site = affinity.rotate(site, turned)
    [part] = shared(shapes(site), shapes(surface))
    whole = shapely.intersection(site, surface)
    assert part.area == pytest.approx(whole.area, rel=1e-9, abs=1e-9)
    assert part.symmetric_difference(whole).area == pytest.approx(0, abs=1e-6)


def test_a_clip_that_cannot_be_cut_is_cut_from_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clipping looks for no crossings: what comes out may be broken at its edge."""
    bow_tie = shapely.Polygon([c + CORNER for c in [(0, 0), (9, 9), (9, 0), (0, 9)]])
    monkeypatch.setattr("woongeo.engine.zones.clip", lambda *_: bow_tie)
    honest = shapely.intersection

    def strict(a: Shapes, b: Shapes) -> Shapes:
        if not shapely.is_valid(b).all():
            raise GEOSException("TopologyException: side location conflict")
        return np.asarray(honest(a, b))

    monkeypatch.setattr(shapely, "intersection", strict)
    [part] = shared(shapes(block(0, 0, 200, 110)), shapes(comb(60)))
    # Half of 40 m of teeth, and 10 m of the beam.
    assert part.area == pytest.approx(200 * (20 + 10))


def test_a_site_that_only_touches_a_cut_corner_is_found() -> None:
    # The site's corner lies on the area's edge, at a slanting stretch that cutting divides.
    area = nature_area(6_000)
    corners = shapely.get_coordinates(area.exterior)[::97]
    outward = corners + (corners - CORNER - 500) * 0.02
    sites = np.array(
        [shapely.Polygon([c, o, o + 0.5]) for c, o in zip(corners, outward, strict=True)]
    )
    sites = sites[shapely.is_valid(sites) & shapely.intersects(sites, area)]
    assert measure(sites, shapes(area)).hit.all()


# --- laws

grid = st.integers(0, 40).map(lambda k: 10 * k)
length = st.integers(1, 25).map(lambda k: 10 * k)


@st.composite
def surface(draw: st.DrawFn) -> shapely.Geometry:
    """Draw a valid surface: a rectangle, one with a hole, a triangle, or two surfaces apart."""
    x, y, wide, high = draw(grid), draw(grid), draw(length), draw(length)
    kind = draw(st.sampled_from(["plain", "hole", "triangle", "two", "sliver"]))
    if kind == "hole":
        shell = block(x, y, wide + 40, high + 40)
        return shell.difference(block(x + 10, y + 10, wide + 10, high + 10))
    if kind == "triangle":
        corners = [(x, y), (x + wide, y), (x + draw(grid), y + high)]
        return shapely.Polygon([(EAST + a, NORTH + b) for a, b in corners])
    if kind == "two":
        return shapely.MultiPolygon([block(x, y, wide, high), block(x + wide + 10, y, 30, 30)])
    if kind == "sliver":
        return block(x, y, wide, 0.5)
    return block(x, y, wide, high)


surfaces = st.lists(surface(), min_size=1, max_size=6).map(lambda given: shapes(*given))
within = st.sampled_from([0.0, 10.0, 55.5])


@given(sites=surfaces, features=surfaces, within_m=within)
@settings(max_examples=150, deadline=None)
def test_the_engine_says_what_the_plain_definitions_say(
    sites: Shapes,
    features: Shapes,
    within_m: float,
) -> None:
    found = measure(sites, features, within_m=within_m)
    for i, site in enumerate(sites):
        expected = plain.features_hit(site, features, within_m)
        assert found.pair_feature[found.pair_site == i].tolist() == expected
        assert found.hit[i] == bool(expected)
        assert found.overlap_m2[i] == pytest.approx(
            plain.overlap_m2(site, features, within_m), rel=1e-9, abs=1e-6
        )
        assert found.distance_m[i] == pytest.approx(plain.distance_m(site, features), abs=1e-6)
        assert 0 <= found.overlap_m2[i] <= site.area


@given(sites=surfaces, features=surfaces, within_m=within, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_place_change_nothing(
    sites: Shapes,
    features: Shapes,
    within_m: float,
    order: object,
) -> None:
    found = measure(sites, features, within_m=within_m)
    mixed = features.copy()
    order.shuffle(mixed)  # type: ignore[attr-defined]

    def moved(given: object) -> object:
        return shapely.transform(given, lambda c: c + np.array([12_345.0, -6_789.0]))

    for other in (
        measure(sites, mixed, within_m=within_m),
        measure(moved(sites), moved(features), within_m=within_m),  # type: ignore[arg-type]
    ):
        assert other.hit.tolist() == found.hit.tolist()
        np.testing.assert_allclose(other.overlap_m2, found.overlap_m2, rtol=1e-9, atol=1e-5)
        np.testing.assert_allclose(other.distance_m, found.distance_m, rtol=0, atol=1e-6)


@given(sites=surfaces, features=surfaces, cut=st.integers(5, 395))
@settings(max_examples=60, deadline=None)
def test_dividing_or_merging_features_changes_no_figure(
    sites: Shapes,
    features: Shapes,
    cut: int,
) -> None:
    left, right = block(-2_000, -2_000, 2_000 + cut, 9_000), block(cut, -2_000, 9_000, 9_000)
    halves = np.concatenate([shapely.intersection(features, side) for side in (left, right)])
    surface_parts = shapely.get_parts(halves)
    surface_parts = surface_parts[shapely.get_dimensions(surface_parts) == 2]
    merged = shapes(shapely.union_all(features))
    found = measure(sites, features)
    for other in (measure(sites, surface_parts), measure(sites, merged)):
        assert other.hit.tolist() == found.hit.tolist()
        np.testing.assert_allclose(other.overlap_m2, found.overlap_m2, rtol=1e-9, atol=1e-5)
        np.testing.assert_allclose(other.distance_m, found.distance_m, rtol=0, atol=1e-6)


@given(sites=surfaces, features=surfaces)
@settings(max_examples=60, deadline=None)
def test_a_wider_zone_never_hits_fewer_and_never_takes_less(
    sites: Shapes,
    features: Shapes,
) -> None:
    narrow, wide = (measure(sites, features, within_m=w) for w in (20.0, 60.0))
    assert (wide.hit >= narrow.hit).all()
    assert (wide.overlap_m2 >= narrow.overlap_m2 - 1e-6).all()


@given(
    boxes=st.lists(st.tuples(grid, grid, length, length), min_size=1, max_size=8),
    query=st.tuples(grid, grid, length, length),
    reach=st.sampled_from([0.0, 100.0, 700.0]),
)
@settings(max_examples=100, deadline=None)
def test_the_grid_of_sites_never_denies_a_site(
    boxes: list[tuple[int, ...]], query: tuple[int, ...], reach: float
) -> None:
    def bounds(b: tuple[int, ...]) -> list[float]:
        return [7.0 * b[0], 7.0 * b[1], 7.0 * (b[0] + b[2]), 7.0 * (b[1] + b[3])]

    sites = np.array([bounds(b) for b in boxes], dtype=float)
    asked = np.array([bounds(query)], dtype=float)
    near = shapely.distance(shapely.box(*sites.T), shapely.box(*asked[0])) <= reach
    if near.any():
        assert Occupied(sites).near(asked, reach).all()


# --- cutting along a rectangle


@pytest.mark.parametrize("more", [0, 3])
def test_a_hair_over_the_edge_of_a_rectangle_does_not_stop_the_cutting(more: int) -> None:
    # One bit over the edge at x = 120,000 GEOS finds a ring of three points, and gives up.
    edge, hair = 120_000.0, np.nextafter(120_000.0, np.inf)
    spike = shapely.Polygon([(hair, 480_040), (119_950, 480_020), (edge, 480_040)])
    box = (edge, 480_000.0, edge + 100, 480_100.0)
    with pytest.raises(GEOSException, match="LinearRing"):
        shapely.clip_by_rect(spike, *box)
    # Blocks of which half lies in the rectangle are cut all the same: 50 m of 10 m.
    blocks = [shapely.box(119_950, y, 120_050, y + 10) for y in range(480_000, 480_000 + more)]
    cut = clip(np.array([spike, *blocks]), box)
    assert shapely.area(cut).tolist() == pytest.approx([0.0, *[500.0] * more], abs=1e-6)
