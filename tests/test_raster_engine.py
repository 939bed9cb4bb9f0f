"""Values of a grid under sites: drawn answers, laws, and plain intersections as the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import given, settings
from hypothesis import strategies as st

from woongeo.engine import Sites, raster
from woongeo.engine.cells import boxes, covered
from woongeo.engine.raster import Cells, cells_under

Shapes = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass
class Drawn:
    """A grid whose first cell has its southwest corner at the corner of the drawing."""

    array: Any
    cell_x: float = 100.0
    cell_y: float = -100.0
    largest_window: int = 0

    def __post_init__(self) -> None:
        self.array = np.asarray(self.array, dtype=float)
        self.rows, self.columns = self.array.shape
        self.west, self.north = float(EAST), float(NORTH)
        if self.cell_y < 0:
            self.north -= self.rows * self.cell_y
        if self.cell_x < 0:
            self.west -= self.columns * self.cell_x

    def values(self, row: Any, column: Any) -> Any:
        """Look up cells, and remember the largest window."""
        window = (np.ptp(row) + 1) * (np.ptp(column) + 1)
        self.largest_window = max(self.largest_window, int(window))
        return self.array[row, column]


def shapes(*given: shapely.Geometry) -> Shapes:
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return array


def under(grid: Drawn, *sites: shapely.Geometry) -> Cells:
    """Put the portions together, in the order of the sites."""
    portions = list(cells_under(Sites(shapes(*sites)), grid))
    owner = np.concatenate([p.sites[p.site] for p in portions])
    order = np.argsort(owner, kind="stable")
    which = np.concatenate([p.sites for p in portions])
    known = np.empty(len(sites))
    known[which] = np.concatenate([p.known for p in portions])

    def joined(name: str) -> Any:
        return np.concatenate([getattr(p, name) for p in portions])[order]

    return Cells(
        sites=np.arange(len(sites)),
        site=owner[order],
        row=joined("row"),
        column=joined("column"),
        value=joined("value"),
        share=joined("share"),
        known=known,
    )


NAN = np.nan
# Rows run from north to south: the 3 lies in the southwest.
FOUR = Drawn([[1, 2], [3, 4]])


def test_a_site_on_one_cell_has_its_value() -> None:
    cells = under(FOUR, block(0, 0), block(100, 100))
    assert cells.value.tolist() == [3, 2]
    assert cells.share.tolist() == [1, 1]
    assert cells.known.tolist() == [1, 1]


def test_a_site_within_one_cell_has_its_value() -> None:
    cells = under(FOUR, block(10, 10, 5, 7))
    assert (cells.value.tolist(), cells.share.tolist()) == ([3], [1])


def test_a_cell_counts_for_the_share_of_it_that_the_site_covers() -> None:
    # 50 m of the 3 and 25 m of the 4: two thirds and one third.
    cells = under(FOUR, block(50, 20, 75, 60))
    assert cells.value.tolist() == [3, 4]
    assert cells.share.tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-12)
    assert cells.mean().tolist() == pytest.approx([10 / 3])


def test_a_hole_in_the_site_is_not_counted() -> None:
    # All four cells without the southwest one: (1 + 2 + 4) / 3.
    site = block(0, 0, 200, 200).difference(block(0, 0))
    assert under(FOUR, site).mean().tolist() == pytest.approx([7 / 3])


def test_the_parts_of_a_site_count_together() -> None:
    site = shapely.MultiPolygon([block(0, 0, 50, 50), block(150, 150, 50, 50)])
    assert under(FOUR, site).mean().tolist() == pytest.approx([2.5])


def test_a_triangle_covers_half() -> None:
    corners = [(EAST, NORTH), (EAST + 200, NORTH), (EAST, NORTH + 200)]
    # Half of the 4 and half of the 1, all of the 3: (0.5 + 2 + 3) / 2.
    assert under(FOUR, shapely.Polygon(corners)).mean().tolist() == pytest.approx([2.75])


def test_what_has_no_value_is_unknown() -> None:
    grid = Drawn([[NAN, 2], [NAN, 4]])
    cells = under(grid, block(0, 0), block(50, 0), block(100, 0))
    assert cells.known.tolist() == pytest.approx([0, 0.5, 1])
    np.testing.assert_array_equal(cells.mean(), [NAN, 4, 4])
    np.testing.assert_array_equal(cells.percentile(50), [NAN, 4, 4])


def test_what_lies_off_the_grid_is_unknown() -> None:
    cells = under(FOUR, block(-75, 0), block(150, -50), block(900, 900))
    # A quarter on the grid; half of its width and half of its height; none.
    assert cells.known.tolist() == pytest.approx([0.25, 0.25, 0])


def test_all_known_is_exactly_one() -> None:
    sliver = shapely.Polygon(
        [(EAST + 3, NORTH + 3), (EAST + 190, NORTH + 3.1), (EAST + 9, NORTH + 170)]
    )
    assert under(FOUR, sliver).known.tolist() == [1]


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1), (10, 1), (25, 1), (26, 2), (50, 2), (75, 3), (90, 4), (100, 4)]
)
def test_a_percentile_is_a_value_that_so_much_of_the_site_does_not_exceed(
    percent: float, value: float
) -> None:
    assert under(FOUR, block(0, 0, 200, 200)).percentile(percent).tolist() == [value]


def test_a_percentile_is_weighted_by_area() -> None:
    # 90 m of the 3 and 10 m of the 4.
    cells = under(FOUR, block(10, 0), block(10, 0))
    assert cells.percentile(90).tolist() == [3, 3]
    assert cells.percentile(91).tolist() == [4, 4]
    assert cells.percentile(np.array([90.0, 91.0])).tolist() == [3, 4]


def test_shares_of_chosen_cells() -> None:
    cells = under(FOUR, block(50, 0), block(0, 0))
    assert cells.share_where(cells.value >= 4).tolist() == pytest.approx([0.5, 0])


@pytest.mark.parametrize(("x", "y"), [(100, -100), (100, 100), (-100, -100), (-100, 100)])
def test_rows_and_columns_may_run_either_way(x: float, y: float) -> None:
    array = np.array([[1, 2], [3, 4]])[:: -1 if y > 0 else 1, :: -1 if x < 0 else 1]
    cells = under(Drawn(array, x, y), block(0, 0), block(50, 50))
    assert cells.mean().tolist() == pytest.approx([3, 2.5])


def test_a_sliver_smaller_than_any_rounding_still_has_a_value() -> None:
    sliver = block(150, 150, 1e-4, 1e-4)
    cells = under(FOUR, block(0, 0), sliver, block(100, 0))
    assert cells.value.tolist() == [3, 2, 4]
    assert cells.known.tolist() == [1, 1, 1]


def test_no_sites_no_cells() -> None:
    assert not list(cells_under(Sites(shapes()), FOUR))


# --- bounded windows


def test_sites_far_apart_are_read_in_windows_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "_WINDOW", 8)
    grid = Drawn(np.arange(40_000).reshape(200, 200))
    cells = under(grid, block(0, 0), block(19_900, 19_900), block(19_900, 0))
    assert cells.value.tolist() == [199 * 200, 199, 39_999]
    assert grid.largest_window == 1


def test_many_cells_are_taken_a_portion_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "_AT_ONCE", 10)
    grid = Drawn(np.arange(400).reshape(20, 20))
    squares = [block(100 * i, 0, 150, 150) for i in range(15)]
    portions = list(cells_under(Sites(shapes(*squares)), grid))
    assert len(portions) > 3
    assert sorted(np.concatenate([p.sites for p in portions])) == list(range(15))


def test_a_site_of_parts_far_apart_is_read_window_by_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raster, "_WINDOW", 8)
    grid = Drawn(np.arange(10_000).reshape(100, 100))
    site = shapely.MultiPolygon([block(0, 0), block(9_900, 9_900), block(750, 750)])
    cells = under(grid, site)
    assert grid.largest_window <= 64
    assert cells.known.tolist() == [1]
    # Southwest 9,900, northeast 99; the third lies on four cells around row 91, column 8.
    middle = np.mean([9_107, 9_108, 9_207, 9_208])
    assert cells.mean().tolist() == pytest.approx([(9_900 + 99 + middle) / 3])


# --- laws

corner = st.tuples(st.integers(-40, 340), st.integers(-40, 340))


@st.composite
def surface(draw: st.DrawFn) -> shapely.Geometry:
    """Draw a valid surface with corners on and off the lines of the grid, with or without holes."""
    points = draw(st.lists(corner, min_size=3, max_size=9, unique=True))
    shift = draw(st.sampled_from([0.0, 0.5, 1 / 3]))
    ring = shapely.Polygon([(EAST + x + shift, NORTH + y + shift) for x, y in points])
    valid = shapely.make_valid(ring, method="structure", keep_collapsed=False)
    if draw(st.booleans()):
        valid = valid.difference(block(*draw(corner), 60, 60))
    return valid


surfaces = (
    st.lists(surface(), min_size=1, max_size=5)
    .map(lambda drawn: [s for s in drawn if s.area > 1e-3 and shapely.get_dimensions(s) == 2])
    .filter(bool)
)


@given(drawn=surfaces, size=st.sampled_from([100.0, 37.0, 1_000.0]))
@settings(max_examples=200, deadline=None)
def test_fractions_are_those_of_plain_intersections(
    drawn: list[shapely.Geometry], size: float
) -> None:
    grid = Drawn(np.zeros((9, 9)), size, -size)
    given_shapes = shapes(*drawn)
    found = covered(given_shapes, grid)
    area = found.fraction * size**2
    total = np.bincount(found.shape, area, len(drawn))
    np.testing.assert_allclose(total, shapely.area(given_shapes), rtol=1e-9, atol=1e-6)
    west = grid.west + found.column * size
    north = grid.north - found.row * size
    cell = shapely.box(west, north - size, west + size, north)
    plain = shapely.area(shapely.intersection(given_shapes[found.shape], cell))
    np.testing.assert_allclose(area, plain, rtol=0, atol=1e-5)
    assert (found.fraction > 0).all()
    assert (found.fraction <= 1).all()


@given(drawn=surfaces, window=st.sampled_from([2, 3]))
@settings(max_examples=60, deadline=None)
def test_windows_and_portions_change_nothing(drawn: list[shapely.Geometry], window: int) -> None:
    grid = Drawn(np.random.default_rng(1).random((8, 8)), 40, -40)
    whole = under(grid, *drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raster, "_WINDOW", window)
        patch.setattr(raster, "_AT_ONCE", 7)
        parts = under(grid, *drawn)
    np.testing.assert_allclose(parts.known, whole.known, atol=1e-9)
    np.testing.assert_allclose(parts.mean(), whole.mean(), atol=1e-9)
    for percent in (0.0, 33.3, 100.0):
        np.testing.assert_array_equal(parts.percentile(percent), whole.percentile(percent))


@given(drawn=surfaces)
@settings(max_examples=60, deadline=None)
def test_the_mean_lies_between_the_extremes_and_percentiles_rise(
    drawn: list[shapely.Geometry],
) -> None:
    grid = Drawn(np.random.default_rng(2).random((4, 4)))
    cells = under(grid, *drawn)
    ladder = np.array([cells.percentile(p) for p in (0, 20, 50, 80, 100)])
    some = cells.known > 0
    assert (np.diff(ladder[:, some], axis=0) >= 0).all()
    assert (ladder[0, some] - 1e-12 <= cells.mean()[some]).all()
    assert (cells.mean()[some] <= ladder[-1, some] + 1e-12).all()


def test_the_boxes_of_shapes_hold_all_their_cells() -> None:
    found = boxes(shapely.bounds(shapes(block(50, 50, 100, 200))), FOUR)
    # Rows 1 (south) up to -1, one above the grid.
    assert found.tolist() == [[-1, 0, 1, 1]]
