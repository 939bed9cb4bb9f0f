"""Shapes made fit to measure: nothing dropped, every repair on record."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from woongeo.errors import RepairedGeometryWarning
from woongeo.geometry import clean, looks_like_circle, mean_width_m, valid, voice_repairs

Shapes = np.ndarray[Any, np.dtype[np.object_]]


def shapes(*given_: shapely.Geometry | str | None) -> Shapes:
    """Put shapes, or WKT in metres from the corner of the drawing, in an array."""
    result = np.empty(len(given_), dtype=object)
    for i, shape in enumerate(given_):
        if isinstance(shape, str):
            with np.errstate(invalid="ignore"):
                drawn = shapely.from_wkt(shape)
                result[i] = affinity.translate(drawn, EAST, NORTH) if not drawn.is_empty else drawn
        else:
            result[i] = shape
    return result


LEFT = "((0 0, 100 0, 100 100, 0 100, 0 0))"
SHIFTED = "((50 0, 150 0, 150 100, 50 100, 50 0))"
CROSSED = "((0 0, 100 100, 100 0, 0 100, 0 0))"

# What stands in a file, what becomes of it, and how its area changes.
MENDED = {
    "vlinderdas": (f"POLYGON {CROSSED}", 5_000, 5_000),
    # GEOS takes a hole beside the land for land of its own: 9,900 m2 becomes 10,100.
    "gat buiten de rand": (
        "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), (200 0, 210 0, 210 10, 200 10, 200 0))",
        10_100,
        200,
    ),
    # Two squares that share half of one: 15,000 m2 of land where 20,000 m2 was counted.
    "overlappende delen": (
        f"MULTIPOLYGON ({LEFT}, {SHIFTED})",
        15_000,
        -5_000,
    ),
    "uitsteeksel": ("POLYGON ((0 0, 100 0, 200 0, 100 0, 100 100, 0 100, 0 0))", 10_000, 0),
    "dubbele ring": (
        "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0, 100 0, 100 100, 0 100, 0 0))",
        10_000,
        -10_000,
    ),
    "gat over de rand": (
        "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), (50 0, 150 0, 150 100, 50 100, 50 0))",
        5_000,
        5_000,
    ),
    "verzameling met overlap": (
        f"GEOMETRYCOLLECTION (POLYGON {LEFT}, POLYGON {SHIFTED})",
        15_000,
        -5_000,
    ),
    "verzameling met vlinderdas": (
        f"GEOMETRYCOLLECTION (POLYGON {CROSSED}, POLYGON ((0 0, 100 0, 100 50, 0 50, 0 0)))",
        7_500,
        2_500,
    ),
}


@pytest.mark.parametrize(("wkt", "area", "change"), MENDED.values(), ids=MENDED)
def test_a_faulty_surface_is_mended_and_its_change_of_area_is_told(
    wkt: str, area: float, change: float
) -> None:
    cleaned = clean(shapes(wkt), polygons_only=True)
    assert cleaned.usable.tolist() == [True]
    assert cleaned.repaired.tolist() == [True]
    assert cleaned.geometry[0].is_valid
    assert cleaned.geometry[0].area == pytest.approx(area)
    assert cleaned.area_change_m2[0] == pytest.approx(change, abs=1e-6)


NO_SURFACE = {
    "niets": (None, "geen vlak ingetekend"),
    "leeg vlak": ("POLYGON EMPTY", "geen vlak ingetekend"),
    "lege verzameling": ("GEOMETRYCOLLECTION EMPTY", "geen vlak ingetekend"),
    "verzameling van leegte": ("GEOMETRYCOLLECTION (POINT EMPTY)", "geen vlak ingetekend"),
    "punt": ("POINT (0 0)", "geen vlak, maar een punt of lijn"),
    "lijn": ("LINESTRING (0 0, 100 0)", "geen vlak, maar een punt of lijn"),
    "punten": ("MULTIPOINT ((0 0), (1 1))", "geen vlak, maar een punt of lijn"),
    "lijnen en punten": (
        "GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 1 1))",
        "geen vlak, maar een punt of lijn",
    ),
    "platgeslagen": ("POLYGON ((0 0, 100 100, 0 0, 0 0))", "vlak heeft geen oppervlakte"),
    "geen getal": (
        "POLYGON ((0 0, NaN 0, 100 100, 0 0))",
        "coördinaten zijn geen getallen",
    ),
    "oneindig": (
        shapely.Polygon([(EAST, NORTH), (float("inf"), NORTH), (EAST, NORTH + 9), (EAST, NORTH)]),
        "coördinaten zijn geen getallen",
    ),
    "reusachtig": (
        shapely.box(-1e300, -1e300, 1e300, 1e300),
        "coördinaten zijn geen getallen",
    ),
}


@pytest.mark.parametrize(("shape", "problem"), NO_SURFACE.values(), ids=NO_SURFACE)
def test_what_cannot_be_measured_is_set_apart_with_its_reason(
    shape: shapely.Geometry | str | None, problem: str
) -> None:
    cleaned = clean(shapes(block(0, 0), shape, block(200, 0)), polygons_only=True)
    assert cleaned.usable.tolist() == [True, False, True]
    assert cleaned.problem.tolist() == ["", problem, ""]
    assert cleaned.geometry[1] is None
    assert not cleaned.repaired.any()
    assert not cleaned.area_change_m2.any()
    # The neighbours of a faulty shape come through as they were.
    assert [g.area for g in cleaned.geometry[[0, 2]]] == [10_000, 10_000]


def test_surfaces_of_a_collection_are_kept_and_the_rest_is_told() -> None:
    mixed = (
        "GEOMETRYCOLLECTION (POINT (500 500), GEOMETRYCOLLECTION (LINESTRING (0 0, 9 9), "
        f"MULTIPOLYGON ({LEFT}, ((200 0, 300 0, 300 50, 200 50, 200 0)))))"
    )
    cleaned = clean(shapes(mixed, block(0, 0)), polygons_only=True)
    assert cleaned.geometry[0].area == 15_000
    assert cleaned.reduced.tolist() == [True, False]
    assert not cleaned.repaired.any()


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (0 0)",
        "LINESTRING (0 0, 100 0)",
        "MULTIPOINT ((0 0), (1 1))",
        "GEOMETRYCOLLECTION (POINT (0 0), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1)))",
    ],
)
def test_a_layer_may_hold_lines_and_points(wkt: str) -> None:
    cleaned = clean(shapes(wkt), polygons_only=False)
    assert cleaned.usable.all()
    assert not cleaned.repaired.any()
    parts = shapely.get_parts(cleaned.geometry)
    assert (shapely.get_type_id(parts) < shapely.GeometryType.GEOMETRYCOLLECTION).all()


@pytest.mark.parametrize(
    "wkt",
    ["LINESTRING (7 0, 7 0)", "POLYGON ((7 0, 7 0, 7 0, 7 0))", "POLYGON ((7 0, 7 9, 7 0, 7 0))"],
)
def test_in_a_layer_what_has_no_size_is_still_somewhere(wkt: str) -> None:
    cleaned = clean(shapes(wkt), polygons_only=False)
    assert cleaned.usable.tolist() == [True]
    assert shapely.distance(cleaned.geometry[0], shapely.Point(EAST, NORTH)) == 7
    assert not clean(shapes(wkt), polygons_only=True).usable.any()


@pytest.mark.parametrize("kind", ["Z", "M"])
def test_heights_and_measures_are_left_out_and_told(kind: str) -> None:
    high = shapely.from_wkt(f"POLYGON {kind} ((0 0 5, 9 0 5, 9 9 5, 0 0 5))")
    cleaned = clean(shapes(high, block(0, 0)), polygons_only=True)
    assert cleaned.flattened.tolist() == [True, False]
    assert not shapely.has_z(cleaned.geometry[0])
    assert not shapely.has_m(cleaned.geometry[0])
    assert cleaned.geometry[0].area == 40.5


def test_valid_surfaces_come_through_untouched() -> None:
    with_hole = shapely.difference(block(0, 0), block(10, 10, 10, 10))
    given_ = shapes(block(0, 0), with_hole, shapely.MultiPolygon([block(0, 0), block(200, 0)]))
    cleaned = clean(given_, polygons_only=True)
    assert all(a is b for a, b in zip(cleaned.geometry, given_, strict=True))
    assert not (cleaned.repaired | cleaned.flattened | cleaned.reduced).any()


def test_no_shapes_at_all_is_no_fault() -> None:
    assert len(clean(shapes(), polygons_only=True).geometry) == 0
    assert len(clean(shapes(), polygons_only=False).geometry) == 0


ROUND = st.integers(0, 6).map(lambda n: 100.0 * n)
COORDINATE = ROUND | st.sampled_from([float("nan"), float("inf"), 1e300, 1e15, -0.0])
# A ring that begins with no number cannot be closed, and no file can hold it.
RING = st.builds(
    lambda first, others: [first, *others],
    st.tuples(ROUND, ROUND),
    st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=6),
)


@st.composite
def any_shape(draw: st.DrawFn) -> shapely.Geometry | None:
    """Draw a shape as bad as a file can hold."""
    with np.errstate(invalid="ignore", over="ignore"):
        polygon = shapely.Polygon(draw(RING), draw(st.lists(RING, max_size=1)))
        kind = draw(st.sampled_from(["vlak", "vlakken", "lijn", "punt", "verzameling", "niets"]))
        if kind == "vlak":
            return polygon
        if kind == "vlakken":
            return shapely.MultiPolygon([polygon, shapely.Polygon(draw(RING))])
        if kind == "lijn":
            return shapely.LineString(draw(RING))
        if kind == "punt":
            return shapely.Point(*draw(RING)[0])
        if kind == "verzameling":
            line = shapely.LineString(draw(RING))
            return shapely.GeometryCollection(
                [polygon, shapely.GeometryCollection([line, polygon])]
            )
    return None


@settings(max_examples=200, deadline=None)
@given(st.lists(any_shape(), max_size=5), st.booleans())
def test_no_shape_is_dropped_stops_another_or_comes_out_unfit(
    given_: list[shapely.Geometry | None],
    polygons_only: bool,  # noqa: FBT001
) -> None:
    array = shapes(*given_, block(0, 0))
    cleaned = clean(array, polygons_only=polygons_only)
    assert len(cleaned.geometry) == len(array)
    assert cleaned.usable[-1]
    assert cleaned.geometry[-1] is array[-1]
    usable = cleaned.geometry[cleaned.usable]
    assert shapely.is_valid(usable).all()
    assert not shapely.is_empty(usable).any()
    if polygons_only:
        assert (shapely.area(usable) > 0).all()
    # Each is alone in its fate, and has a reason exactly where it cannot be used.
    alone = [clean(shapes(shape), polygons_only=polygons_only) for shape in array]
    assert [a.problem[0] for a in alone] == cleaned.problem.tolist()
    assert ((cleaned.problem == "") == cleaned.usable).all()
    # Area is the same, or its change is told.
    with np.errstate(invalid="ignore", over="ignore"):
        before = shapely.area(array)[cleaned.usable]
    assert np.allclose(before + cleaned.area_change_m2[cleaned.usable], shapely.area(usable))
    assert not cleaned.area_change_m2[~cleaned.repaired].any()


@pytest.mark.parametrize(
    ("shape", "circle"),
    [
        (shapely.Point(EAST, NORTH).buffer(100), True),
        (shapely.Point(EAST, NORTH).buffer(100, quad_segs=4), True),
        (shapely.MultiPolygon([shapely.Point(EAST, NORTH).buffer(100)]), True),
        # Eight corners are a drawn octagon, not a buffered point.
        (shapely.Point(EAST, NORTH).buffer(100, quad_segs=2), False),
        (shapely.segmentize(block(0, 0), 1), False),
        (affinity.scale(shapely.Point(EAST, NORTH).buffer(100), 1.2, 1), False),
        (shapely.Point(EAST, NORTH).buffer(100) - shapely.Point(EAST, NORTH).buffer(20), False),
        (
            shapely.MultiPolygon(
                [shapely.Point(EAST, NORTH).buffer(9), shapely.Point(EAST + 50, NORTH).buffer(9)]
            ),
            False,
        ),
        (None, False),
    ],
    ids=["cirkel", "16 hoeken", "als deel", "8 hoeken", "vierkant", "ei", "ring", "twee", "niets"],
)
def test_a_buffered_point_is_recognised_and_a_drawn_site_is_not(
    shape: shapely.Geometry | None, *, circle: bool
) -> None:
    assert looks_like_circle(shapes(block(0, 0), shape)).tolist() == [False, circle]


def test_the_mean_width_of_a_strip_is_near_its_width() -> None:
    assert mean_width_m(shapes(block(0, 0, 1_000, 1)))[0] == pytest.approx(1, rel=0.002)
    assert np.isnan(mean_width_m(shapes(None))).all()


def test_repairs_are_voiced_with_their_number_and_area() -> None:
    bow_tie = MENDED["vlinderdas"][0]
    with pytest.warns(RepairedGeometryWarning, match=r"^x: 2 vlakken hersteld \(samen 10.000 m²"):
        voice_repairs(clean(shapes(bow_tie, bow_tie), polygons_only=True), "x", stacklevel=1)
    voice_repairs(clean(shapes(block(0, 0)), polygons_only=True), "x", stacklevel=1)


def test_shapes_are_looked_at_on_all_cores_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third of a hundred is a bow-tie, every seventh is not there: the rest is valid."""
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)
    drawn = [
        None if i % 7 == 0 else f"POLYGON {CROSSED}" if i % 3 == 0 else f"POLYGON {LEFT}"
        for i in range(100)
    ]
    right = [i % 7 != 0 and i % 3 != 0 for i in range(100)]
    assert valid(shapes(*drawn)).tolist() == right
    assert valid(shapes()).tolist() == []


def test_what_geos_says_of_invalid_shapes_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is done while the other still looks, and then GEOS speaks; a doubt of ours is heard."""
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)
    both_in, first_out = threading.Barrier(2), threading.Event()

    def look(part: Shapes) -> np.ndarray[Any, np.dtype[np.bool_]]:
        first = part[0] is None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both_in.wait(10)
            if not first:
                first_out.wait(10)
                warnings.warn("Self-intersection at or near point 5 5", RuntimeWarning, 1)
        if first:
            first_out.set()
        return np.zeros(len(part), dtype=bool)

    monkeypatch.setattr("woongeo.geometry.parts_of", lambda *_, **__: [slice(0, 1), slice(1, 2)])
    monkeypatch.setattr(shapely, "is_valid", look)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert valid(shapes(None, f"POLYGON {CROSSED}")).tolist() == [False, False]
        warnings.warn("een twijfel", UserWarning, stacklevel=1)
    assert [str(w.message) for w in heard] == ["een twijfel"]


def test_in_a_thread_shapes_are_looked_at_by_that_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)
    looked, found, is_valid = [], [], shapely.is_valid

    def look(part: Shapes) -> np.ndarray[Any, np.dtype[np.bool_]]:
        looked.append(threading.current_thread())
        return np.asarray(is_valid(part))

    monkeypatch.setattr(shapely, "is_valid", look)
    drawn = shapes(*[f"POLYGON {LEFT}"] * 99, f"POLYGON {CROSSED}")
    thread = threading.Thread(target=lambda: found.append(valid(drawn)))
    thread.start()
    thread.join()
    assert looked == [thread]
    assert found[0].tolist() == [True] * 99 + [False]
