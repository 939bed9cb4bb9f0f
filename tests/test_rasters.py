"""Layers of cells: drawn rasters of 100 m cells whose verdicts are mental arithmetic.

Rasters are 200 m wide and high, their southwest corner at the corner of the drawing, so that
``block(0, 0)`` lies on the cell in the southwest: the second row's first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
from conftest import EAST, NORTH, block, frame
from drawn_rasters import write
from hypothesis import given
from hypothesis import strategies as st

import woongeo
from woongeo.engine import Sites as Shapes
from woongeo.engine.raster import Cells
from woongeo.errors import ColumnError, LayerError, MissingCrsError, RuleError
from woongeo.judging import raster as judging
from woongeo.rules import RasterRule

if TYPE_CHECKING:
    from pathlib import Path

# Drawn plans overlap each other where that shows most.
pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.DoubtfulLocationWarning")

NAN = np.nan
Sites = Callable[..., woongeo.Locations]


@pytest.fixture
def screened(sites: Sites, tmp_path: Path) -> Callable[..., Any]:
    """Screen drawn sites against a drawn raster; one row a site."""

    def screen(array: Any, shapes: list[Any], rule: RasterRule, **how: Any) -> Any:
        path = write(tmp_path / "cellen.tif", array, **how)
        layer = woongeo.read_raster_layer("water", path, rule=rule)
        done = woongeo.screen(sites(shapes), [layer])
        table = done.locaties.rename(columns=lambda c: c.removeprefix("water_"))
        told = done.treffers["reden"].tolist()
        return table.loc[:, ~table.columns.duplicated()].assign(reden=told)

    return screen


DEEP = RasterRule(above=1.5, unit="m", min_share=0.25)


# --- how much of a site lies in cells that hinder


def test_enough_of_a_site_in_deep_water_hinders(screened: Callable[..., Any]) -> None:
    """Depths 0 and 2 side by side: a site lies in the 2 for 100, 30, 25, 24 and 0 m of its 100."""
    places = [block(x, 100) for x in (100, 30, 25, 24, 0)]
    found = screened([[0, 2], [0, 0]], places, DEEP)
    assert found["oordeel"].tolist() == ["belemmerd"] * 3 + ["vrij"] * 2
    assert found["overlap_aandeel"].tolist() == pytest.approx([1, 0.3, 0.25, 0.24, 0])
    assert found["overlap_m2"].tolist() == pytest.approx([10_000, 3_000, 2_500, 2_400, 0])
    # The ground in shallow water is free, also of a site that is hindered.
    assert found["belemmerd_m2"].tolist() == pytest.approx([10_000, 3_000, 2_500, 2_400, 0])
    assert found["onbekend_m2"].tolist() == [0] * 5
    assert found["reden"][1] == "30 % van de locatie: boven 1,5 m; drempel 25 %"
    assert found["reden"][4] == "geen cellen boven 1,5 m"


def test_square_metres_may_be_enough_where_a_share_is_not(screened: Callable[..., Any]) -> None:
    """Sites of 100 m lie in the 2 for 25, 24, 23 and 0 m: a quarter, and 2,400 m2, are enough."""
    rule = RasterRule(above=1.5, unit="m", min_share=0.25, min_m2=2_400)
    found = screened([[0, 2], [0, 0]], [block(x, 100) for x in (25, 24, 23, 0)], rule)
    assert found["oordeel"].tolist() == ["belemmerd", "belemmerd", "vrij", "vrij"]
    assert found["reden"][1] == "24 % van de locatie: boven 1,5 m; drempel 25 % of 2.400 m²"


def test_unknown_square_metres_may_be_enough(screened: Callable[..., Any]) -> None:
    """Column 0 is nodata, the other dry: 20 m of nothing are 2,000 m2, and 19 m are less."""
    rule = RasterRule(above=1.5, min_share=0.25, min_m2=2_000)
    found = screened([[-1, 0], [-1, 0]], [block(80, 0), block(81, 0)], rule, nodata=-1)
    assert found["oordeel"].tolist() == ["onbekend", "vrij"]


def test_the_limit_itself_does_not_hinder(screened: Callable[..., Any]) -> None:
    found = screened([[1.5, 2], [1, 1]], [block(0, 100)], DEEP)
    assert found["oordeel"].tolist() == ["vrij"]


def test_too_low_hinders_as_well(screened: Callable[..., Any]) -> None:
    rule = RasterRule(below=0, above=10, min_share=0)
    found = screened([[-1, 11], [0, 10]], [block(0, 100), block(100, 100), block(0, 0)], rule)
    assert found["oordeel"].tolist() == ["belemmerd", "belemmerd", "vrij"]


def test_half_nodata_is_unknown_where_it_could_change_the_outcome(
    screened: Callable[..., Any],
) -> None:
    """Column 0 is nodata. A site that lies in it for 100, 50, 25, 20 and 0 m of its 100.

    The other column is dry: a quarter of water would hinder, so 20 m of nothing cannot.
    """
    places = [block(x, 0) for x in (0, 50, 75, 80, 100)]
    found = screened([[-1, 0], [-1, 0]], places, DEEP, nodata=-1)
    assert found["oordeel"].tolist() == ["onbekend"] * 3 + ["vrij"] * 2
    assert found["onbekend_aandeel"].tolist() == pytest.approx([1, 0.5, 0.25, 0.2, 0])
    assert found["onbekend_m2"].tolist() == pytest.approx([10_000, 5_000, 2_500, 2_000, 0])
    assert found["vrij_m2"].tolist() == pytest.approx([0, 5_000, 7_500, 8_000, 10_000])
    assert np.isnan(found["overlap_aandeel"][0])
    assert found["reden"][1].startswith("van 50 % van de locatie is geen waarde bekend; ")


def test_nothing_known_stands_for_nothing(screened: Callable[..., Any]) -> None:
    """All may be unknown: of the second site half is dry and stands for it, of the first none."""
    rule = replace(DEEP, max_unknown_share=1.0)
    found = screened([[-1, 0], [-1, 0]], [block(0, 0), block(50, 100)], rule, nodata=-1)
    assert found["oordeel"].tolist() == ["onbekend", "vrij"]
    assert found["onbekend_m2"].tolist() == pytest.approx([10_000, 0])
    assert found["vrij_m2"].tolist() == pytest.approx([0, 10_000])


def test_what_the_rule_calls_impossible_is_not_known(screened: Callable[..., Any]) -> None:
    """Depths of -9999 that no tag explains: no water is 0 m deep, and less there is not.

    Column 0 is -9999 and column 1 dry. Sites in column 0 for 100, 50 and 20 m of 100; a quarter of
    water would hinder.
    """
    rule = replace(DEEP, lowest=0, highest=10)
    places = [block(x, 0) for x in (0, 50, 80)]
    found = screened([[-9999, 0], [-9999, 0]], places, rule)
    assert found["oordeel"].tolist() == ["onbekend", "onbekend", "vrij"]
    assert found["onbekend_aandeel"].tolist() == pytest.approx([1, 0.5, 0.2])
    assert found["onbekend_m2"].tolist() == pytest.approx([10_000, 5_000, 2_000])
    assert found["reden"][0] == (
        "van 100 % van de locatie is geen waarde bekend "
        "(op 100 % staat een waarde die niet kan: -9.999)"
    )
    # As much too high as too low: a depth of 9,999 m is no flood.
    high = screened([[9999, 0], [9999, 0]], places, rule)
    assert high["oordeel"].tolist() == ["onbekend", "onbekend", "vrij"]


def test_impossible_values_are_in_no_statistic(screened: Callable[..., Any]) -> None:
    """1 of 10 columns -9999, the rest 3 m deep. Known: at least 0.9 * 3 = 2.7, above 1.5.

    With -9999 counted as a depth the mean would be -997.2, and the site free of water.
    """
    grid = np.full((2, 20), 3.0)
    grid[:, 0] = -9999
    for statistic in ("gemiddelde", "mediaan", "p90", "maximum"):
        rule = RasterRule(statistic=statistic, above=1.5, lowest=0, unit="m")
        found = screened(grid, [block(0, 0, 100, 10)], rule, cell=10.0, corner=(EAST, NORTH + 10))
        assert found["oordeel"].tolist() == ["belemmerd"]
        assert found[statistic + "_m"].tolist() == pytest.approx([3])
        assert "(op 10 % staat een waarde die niet kan: -9.999)" in found["reden"][0]


def test_the_limit_itself_and_its_rounding_can_be(screened: Callable[..., Any]) -> None:
    """0.1 is 0.10000000149 in 4 bytes, and 10 cm below the lowest is no rounding."""
    rule = RasterRule(above=0.05, lowest=0, highest=0.1)
    found = screened([[0.1, -1e-8], [-0.1, 0]], [block(0, 100), block(100, 100), block(0, 0)], rule)
    assert found["oordeel"].tolist() == ["belemmerd", "vrij", "onbekend"]


def test_a_class_without_a_name_is_told(screened: Callable[..., Any]) -> None:
    rule = RasterRule(classes={"1": "hard"}, class_names={"0": "droog", "1": "nat"})
    found = screened([[255, 0], [0, 0]], [block(0, 100)], rule)
    assert found["reden"][0] == (
        "van 100 % van de locatie is geen waarde bekend "
        "(op 100 % staat een waarde zonder naam: 255)"
    )


def test_what_is_known_may_be_enough(screened: Callable[..., Any]) -> None:
    """Half deep, half nodata: a quarter of water is there for certain."""
    found = screened([[-1, 2], [-1, 2]], [block(50, 0), block(80, 0)], DEEP, nodata=-1)
    assert found["oordeel"].tolist() == ["belemmerd", "belemmerd"]
    assert found["belemmerd_m2"].tolist() == pytest.approx([5_000, 8_000])
    assert found["onbekend_m2"].tolist() == pytest.approx([5_000, 2_000])
    assert found["reden"][0].endswith("van 50 % van de locatie is geen waarde bekend")


def test_known_and_unknown_together_may_be_enough(screened: Callable[..., Any]) -> None:
    """30 % nodata and 10 % deep: at most 40 %, at least 10 %; the threshold is 25 %."""
    grid = np.zeros((2, 20))
    grid[:, :6], grid[:, 6:8] = NAN, 2
    found = screened(grid, [block(0, 0, 100, 20)], DEEP, cell=5.0, corner=(EAST, NORTH + 10))
    # The raster is 10 m high and the site 20 m: another half is off it.
    assert found["onbekend_aandeel"].tolist() == pytest.approx([0.65])
    assert found["oordeel"].tolist() == ["onbekend"]
    assert found["overlap_aandeel"].tolist() == pytest.approx([0.05])


@pytest.mark.parametrize(
    ("array", "nodata"), [([[NAN, 0], [NAN, 0]], None), ([[9, 0], [9, 0]], 9.0)]
)
def test_nan_and_nodata_are_the_same(
    screened: Callable[..., Any], array: Any, nodata: float | None
) -> None:
    found = screened(array, [block(50, 0)], DEEP, nodata=nodata)
    assert found["onbekend_aandeel"].tolist() == pytest.approx([0.5])
    assert found["oordeel"].tolist() == ["onbekend"]


def test_off_the_raster_nothing_is_known(screened: Callable[..., Any]) -> None:
    """A dry raster; sites that lie off it wholly, half, and for a fifth."""
    places = [block(900, 0), block(150, 0), block(120, 0)]
    found = screened([[0, 0], [0, 0]], places, DEEP)
    assert found["oordeel"].tolist() == ["onbekend", "onbekend", "vrij"]
    assert found["onbekend_aandeel"].tolist() == pytest.approx([1, 0.5, 0.2])
    assert found["onbekend_m2"].tolist() == pytest.approx([10_000, 5_000, 2_000])


def test_a_site_within_one_cell(screened: Callable[..., Any]) -> None:
    found = screened([[0, 0], [2, 0]], [block(40, 40, 10, 10)], DEEP)
    assert found["oordeel"].tolist() == ["belemmerd"]
    assert found["belemmerd_m2"].tolist() == pytest.approx([100])


def test_so_much_may_be_unknown(screened: Callable[..., Any]) -> None:
    """A tenth unknown is let pass: of the nine tenths that are known, 2/9 or 3/9 are deep.

    Of the third site, on columns 7 to 10, a quarter is unknown.
    """
    rule = RasterRule(above=1.5, min_share=0.25, max_unknown_share=0.1)
    grid = np.zeros((1, 20))
    grid[:, 0], grid[:, 10] = NAN, NAN
    grid[:, 1:3], grid[:, 11:14] = 2, 2
    places = [block(0, 0, 100, 10), block(100, 0, 100, 10), block(70, 0, 40, 10)]
    found = screened(grid, places, rule, cell=10.0, corner=(EAST, NORTH + 10))
    assert found["oordeel"].tolist() == ["vrij", "belemmerd", "onbekend"]
    assert found["onbekend_m2"].tolist() == pytest.approx([0, 0, 100])


def test_integers_with_scale_and_offset_in_the_second_band(sites: Sites, tmp_path: Path) -> None:
    """Stored 10 and 40 are 10 / 10 - 1 = 0 m and 40 / 10 - 1 = 3 m."""
    path = write(tmp_path / "a.tif", [[0, 0]], [[10, 40]], dtype="int16")
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (1, 0.1), (0, -1)
    layer = woongeo.read_raster_layer("water", path, band=2, rule=DEEP)
    done = woongeo.screen(sites([block(0, 100), block(100, 100)]), [layer])
    assert done.locaties["water_oordeel"].tolist() == ["vrij", "belemmerd"]


# --- classes

CLASSES = RasterRule(
    classes={"2": "zacht", "3": "middel", "4": "hard"},
    class_names={"0": "0", "1": "A", "2": "B", "3": "C", "4": "D"},
    min_share=0.25,
)


def test_each_class_has_its_own_severity(screened: Callable[..., Any]) -> None:
    places = [block(0, 100), block(100, 100), block(0, 0), block(100, 0)]
    found = screened([[4, 3], [2, 1]], places, CLASSES, dtype="uint8")
    assert found["oordeel"].tolist() == ["belemmerd"] * 3 + ["vrij"]
    assert found["zwaarte"].tolist() == ["hard", "middel", "zacht", ""]
    assert found["objecten"].tolist() == ["D", "C", "B", ""]


def test_the_heaviest_class_that_takes_enough_decides(screened: Callable[..., Any]) -> None:
    """D left and B right. A fifth D is not enough for hard, but with B it is for zacht."""
    places = [block(70, 0), block(80, 0), block(50, 0)]
    found = screened([[4, 2], [4, 2]], places, CLASSES, dtype="uint8")
    assert found["zwaarte"].tolist() == ["hard", "zacht", "hard"]
    assert found["objecten"].tolist() == ["B; D"] * 3
    assert found["belemmerd_m2"].tolist() == pytest.approx([10_000] * 3)


def test_a_class_without_a_name_says_nothing(screened: Callable[..., Any]) -> None:
    found = screened([[9, 1], [9, 1]], [block(0, 0), block(80, 0)], CLASSES, dtype="uint8")
    assert found["oordeel"].tolist() == ["onbekend", "vrij"]
    assert found["onbekend_aandeel"].tolist() == pytest.approx([1, 0.2])


def test_a_class_without_a_severity_has_that_of_the_rule(screened: Callable[..., Any]) -> None:
    rule = RasterRule(classes={"1": ""}, severity="zacht")
    found = screened([[1, 0], [0, 0]], [block(0, 100)], rule, dtype="uint8")
    assert found["zwaarte"].tolist() == ["zacht"]
    assert found["objecten"].tolist() == ["waarde 1"]


# --- statistics


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("gemiddelde", 2.5), ("minimum", 1), ("mediaan", 2), ("p90", 4), ("p75", 3), ("maximum", 4)],
)
def test_a_statistic_of_the_cells_decides(
    screened: Callable[..., Any], statistic: str, expected: float
) -> None:
    """A site on four whole cells: 1, 2, 3 and 4."""
    above = RasterRule(statistic=statistic, above=expected - 0.01, unit="m")
    found = screened([[1, 2], [3, 4]], [block(0, 0, 200, 200)], above)
    assert found["oordeel"].tolist() == ["belemmerd"]
    assert found[f"{statistic}_m"].tolist() == pytest.approx([expected])
    assert found["belemmerd_m2"].tolist() == pytest.approx([40_000])
    at = RasterRule(statistic=statistic, above=expected, unit="m")
    found = screened([[1, 2], [3, 4]], [block(0, 0, 200, 200)], at)
    assert found["oordeel"].tolist() == ["vrij"]
    assert found["vrij_m2"].tolist() == pytest.approx([40_000])


@pytest.mark.parametrize(
    ("statistic", "limit", "known", "verdict"),
    [
        # A mean could be anything, whatever is known.
        ("gemiddelde", {"above": 3}, 5, "onbekend"),
        # Of depths of 0 and more, half 8 makes at least 4; half 5 at least 2.5.
        ("gemiddelde", {"above": 3, "lowest": 0}, 8, "belemmerd"),
        ("gemiddelde", {"above": 3, "lowest": 0}, 5, "onbekend"),
        # Up to 4 at most: half 1 makes at most 2.5.
        ("gemiddelde", {"above": 3, "lowest": 0, "highest": 4}, 1, "vrij"),
        # A maximum only rises, a minimum only falls.
        ("maximum", {"above": 3}, 5, "belemmerd"),
        ("maximum", {"above": 3}, 1, "onbekend"),
        ("maximum", {"below": 3}, 1, "onbekend"),
        ("minimum", {"below": 3}, 1, "belemmerd"),
        ("minimum", {"below": 3}, 5, "onbekend"),
        ("minimum", {"below": 3, "lowest": 4}, 5, "vrij"),
        # Half of the site is 5 for certain: three quarters of it need not exceed 3, but a quarter
        # does if what is unknown lies below, and the median is then unknown itself.
        ("p75", {"above": 3}, 5, "belemmerd"),
        ("p25", {"above": 3}, 5, "onbekend"),
        ("p25", {"above": 3}, 1, "vrij"),
        ("p75", {"above": 3}, 1, "onbekend"),
    ],
)
def test_a_statistic_with_half_the_site_unknown(
    screened: Callable[..., Any], statistic: str, limit: Any, known: float, verdict: str
) -> None:
    rule = RasterRule(statistic=statistic, **limit)
    found = screened([[NAN, known], [NAN, known]], [block(50, 0)], rule)
    assert found["oordeel"].tolist() == [verdict]
    # Such a site is taken, unknown or free as a whole.
    part = {"belemmerd": "belemmerd_m2", "onbekend": "onbekend_m2", "vrij": "vrij_m2"}[verdict]
    assert found[part].tolist() == pytest.approx([10_000])
    assert found[statistic].tolist() == [known]


def test_where_nothing_is_known_a_statistic_is_not_a_number(
    screened: Callable[..., Any],
) -> None:
    rules = [RasterRule(statistic=s, above=3) for s in ("gemiddelde", "p50", "minimum", "maximum")]
    for rule in rules:
        found = screened([[NAN, 1], [NAN, 1]], [block(0, 0)], rule)
        assert found["oordeel"].tolist() == ["onbekend"]
        assert np.isnan(found[rule.statistic][0])
        assert found["reden"][0] == (
            "van 100 % van de locatie is geen waarde bekend; grens boven 3"
        )


share = st.integers(1, 6)
value = st.integers(0, 4).map(float)


@given(
    known=st.lists(st.tuples(value, share), min_size=1, max_size=4),
    unknown=st.lists(st.tuples(value, share), max_size=3),
    statistic=st.sampled_from(["gemiddelde", "minimum", "p10", "p50", "p75", "maximum"]),
)
def test_whatever_unknown_cells_turn_out_to_be_it_lies_within_what_was_said(
    known: list[tuple[float, int]], unknown: list[tuple[float, int]], statistic: str
) -> None:
    rule = RasterRule(statistic=statistic, above=1, lowest=0, highest=4)
    total = sum(n for _, n in (*known, *unknown))

    def cells(drawn: list[tuple[float, int]]) -> Cells:
        weight = np.array([n for _, n in drawn]) / total
        at = np.arange(len(drawn))
        values = np.array([v for v, _ in drawn])
        nil = np.zeros(len(drawn), dtype=np.intp)
        return Cells(np.array([0]), nil, nil, at, values, weight, np.array([weight.sum()]))

    seen, all_of_it = cells(known), cells([*known, *unknown])
    share_known = np.minimum(np.where(seen.known > 1 - 1e-9, 1.0, seen.known), 1.0)
    _, low, high = judging._statistic(rule, seen, share_known)  # noqa: SLF001
    truth, _, _ = judging._statistic(rule, all_of_it, np.array([1.0]))  # noqa: SLF001
    assert low[0] - 1e-9 <= truth[0] <= high[0] + 1e-9


# --- coverage, several rules, other layers


def test_a_coverage_narrows_what_values_mean(sites: Sites, tmp_path: Path) -> None:
    """A raster of zeros with a value everywhere, that means something left of 100 m only."""
    path = write(tmp_path / "a.tif", [[0, 0], [0, 0]], dtype="uint8")
    layer = woongeo.read_raster_layer(
        "water", path, rule=DEEP, coverage=frame([block(0, 0, 100, 200)])
    )
    done = woongeo.screen(sites([block(0, 0), block(50, 0), block(100, 0)]), [layer])
    assert done.locaties["water_oordeel"].tolist() == ["vrij", "onbekend", "onbekend"]
    assert done.locaties["onbekend_m2"].tolist() == pytest.approx([0, 5_000, 10_000])
    mean = RasterRule(statistic="gemiddelde", above=1)
    done = woongeo.screen(sites([block(0, 0), block(50, 0)]), [layer], rules={"water": mean})
    assert done.locaties["water_oordeel"].tolist() == ["vrij", "onbekend"]
    bounded = RasterRule(statistic="gemiddelde", above=1, lowest=0, highest=1)
    done = woongeo.screen(sites([block(50, 0)]), [layer], rules={"water": bounded})
    assert done.locaties["water_oordeel"].tolist() == ["vrij"]


def test_ground_that_two_layers_take_is_counted_once(sites: Sites, tmp_path: Path) -> None:
    """Deep from 50 m on, nature up to 60 m: together all of the site, 10 m of it twice."""
    path = write(tmp_path / "a.tif", [[0, 2]], cell=50.0, corner=(EAST, NORTH + 50))
    water = woongeo.read_raster_layer("water", path, rule=RasterRule(above=1.5))
    nature = woongeo.read_layer("natura2000", frame([block(0, 0, 60, 50)]), coverage="nederland")
    done = woongeo.screen(sites([block(0, 0, 100, 50)]), [water, nature])
    assert done.locaties["belemmerd_m2"].tolist() == pytest.approx([5_000])
    assert done.locaties["water_overlap_m2"].tolist() == pytest.approx([2_500])
    assert done.locaties["natura2000_overlap_m2"].tolist() == pytest.approx([3_000])


def test_the_ground_that_is_taken_is_that_of_the_cells(sites: Sites, tmp_path: Path) -> None:
    """A chessboard of 8 x 8 cells of 12.5 m: half of a square and half of its triangle."""
    board = np.indices((8, 8)).sum(axis=0) % 2
    path = write(tmp_path / "a.tif", board, dtype="uint8", cell=12.5, corner=(EAST, NORTH + 100))
    layer = woongeo.read_raster_layer("water", path, rule=RasterRule(classes={"1": ""}))
    triangle = shapely.Polygon([(EAST, NORTH), (EAST + 100, NORTH), (EAST, NORTH + 100)])
    done = woongeo.screen(sites([block(0, 0), triangle]), [layer])
    overlap = done.locaties["water_overlap_m2"]
    # The diagonal runs through light cells: 16 of the 32 dark ones lie in the triangle.
    assert overlap.tolist() == pytest.approx([5_000, 156.25 * 16])
    np.testing.assert_allclose(done.locaties["belemmerd_m2"], overlap)


def test_an_empty_list_of_shapes_meets_no_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[0, 2]])
    layer = woongeo.read_raster_layer("water", path, rule=DEEP)
    with layer.raster.opened() as grid:
        under = judging._look(DEEP, Shapes(np.empty(0, dtype=object)), grid)  # noqa: SLF001
    assert len(under.known) == 0


# --- reading


def test_the_catalogue_knows_rules_for_rasters(sites: Sites, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[0, 2], [1.5, 1.6]])
    layer = woongeo.read_raster_layer("overstromingsdiepte", path)
    places = [block(0, 100), block(100, 100), block(0, 0), block(100, 0)]
    with pytest.warns(woongeo.errors.UncertainRuleWarning):
        done = woongeo.screen(sites(places), [layer])
    verdicts = done.locaties["overstromingsdiepte_oordeel"].tolist()
    assert verdicts == ["vrij", "belemmerd", "vrij", "belemmerd"]
    facts = done.layers[0].facts()
    assert facts["raster"]["cel_m"] == [100, 100]
    assert facts["bron"]["sha256"]
    assert facts["regels"]["overstromingsdiepte"]["soort"] == "raster"


def test_the_climate_classes_of_the_catalogue(sites: Sites, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[4, 3], [2, 1]], dtype="uint8")
    layer = woongeo.read_raster_layer("klimaatklasse", path)
    places = [block(0, 100), block(100, 100), block(0, 0), block(100, 0), block(0, 100)]
    with pytest.warns(woongeo.errors.UncertainRuleWarning):
        done = woongeo.screen(sites(places, planstatus=["3", "3", "3", "3", "1A"]), [layer])
    assert done.locaties["zwaarte"].tolist() == ["hard", "middel", "zacht", "", ""]
    assert done.locaties["klimaatklasse_oordeel"].tolist() == [*["belemmerd"] * 3, "vrij", "vrij"]


@pytest.mark.parametrize(
    "key",
    [
        *("overstromingsdiepte", "overstromingsgebied", "bodemdaling"),
        *("slappe_bodem", "klimaatklasse", "stikstofdepositie"),
    ],
)
def test_every_raster_of_the_catalogue_can_be_read_and_says_its_rule(
    key: str, tmp_path: Path
) -> None:
    layer = woongeo.read_raster_layer(key, write(tmp_path / "a.tif", [[0]], dtype="uint8"))
    assert layer.rule.kind == "raster"
    assert layer.rule.in_words().startswith("belemmerd als ")
    assert layer.rule.source
    assert layer.title != key


def test_without_a_rule_on_cells_a_raster_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]])
    with pytest.raises(RuleError, match="geef rule=RasterRule"):
        woongeo.read_raster_layer("natura2000", path)


def test_a_raster_without_a_system_says_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "a.asc", [[1]], crs=None, driver="AAIGrid")
    with pytest.raises(MissingCrsError, match="crs='EPSG:28992'"):
        woongeo.read_raster_layer("bodemdaling", path)
    assert woongeo.read_raster_layer("bodemdaling", path, crs="EPSG:28992").raster.rows == 1


def test_a_rule_on_cells_does_not_judge_shapes(sites: Sites) -> None:
    shapes = frame([block(0, 0)])
    with pytest.raises(LayerError, match="read_raster_layer"):
        woongeo.read_layer("slappe_bodem", shapes, coverage="nederland")
    rule = woongeo.default_rule("slappe_bodem")
    layer = woongeo.read_layer("eigen", shapes, coverage="nederland").with_rule(rule)
    with (
        pytest.warns(woongeo.errors.UncertainRuleWarning),
        pytest.raises(LayerError, match="read_raster_layer"),
    ):
        woongeo.screen(sites([block(0, 0)]), [layer])


# --- rules


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "above, below en classes ontbreken"),
        ({"above": NAN}, "above is nan"),
        ({"above": 1, "below": 2}, "belemmert elke waarde"),
        ({"above": 1, "statistic": "p101"}, "percentiel als p90"),
        ({"above": 1, "statistic": "som"}, "kies uit aandeel"),
        ({"above": 1, "min_share": 2}, "min_share is 2"),
        ({"above": 1, "min_m2": 0}, "min_m2 is 0"),
        ({"above": 1, "max_unknown_share": -1}, "max_unknown_share is -1"),
        ({"above": 1, "lowest": 2, "highest": 1}, "boven highest"),
        ({"classes": {"D": "hard"}}, "het getal dat in de cellen staat"),
        ({"classes": {"1": "erg"}}, "noemt zwaarte 'erg'"),
        ({"classes": {"1": "hard"}, "above": 1}, "maak er twee regels van"),
        ({"classes": {"1": "hard"}, "statistic": "p90"}, "klassen hebben geen maat"),
        ({"classes": {"1": "hard"}, "class_names": {"B": "x"}}, "class_names noemt 'B'"),
        ({"classes": {"nan": ""}}, "classes noemt 'nan'; een klasse is het getal"),
        ({"classes": {"inf": "hard"}}, "classes noemt 'inf'"),
        ({"classes": {None: "hard"}}, "classes noemt None"),
        ({"classes": {"1": "hard"}, "class_names": {"nan": "x"}}, "class_names noemt 'nan'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RasterRule(**fields)


def test_rules_say_what_they_do() -> None:
    assert DEEP.in_words() == "belemmerd als minstens 25 % van de locatie boven 1,5 m ligt"
    assert RasterRule(below=1, min_share=0).in_words() == (
        "belemmerd als een deel van de locatie onder 1 ligt"
    )
    assert RasterRule(above=1.5, min_m2=500).in_words() == (
        "belemmerd als minstens 1 % of 500 m² van de locatie boven 1,5 ligt"
    )
    assert CLASSES.in_words() == "belemmerd als minstens 25 % van de locatie in B of C of D ligt"
    assert CLASSES.heaviest == "hard"
    assert RasterRule(above=1, severity="zacht").heaviest == "zacht"
    assert CLASSES.facts()["klassen"] == {"2": "zacht", "3": "middel", "4": "hard"}


# --- exceedance


@pytest.fixture
def habitats() -> woongeo.Layer:
    """Draw three habitats with critical loads 1,000, 500 and none."""
    shapes = [block(0, 0), block(50, 100), block(100, 0)]
    given = frame(shapes, nr=[1, 2, 3], critical_d=[1_000, 500, None])
    return woongeo.read_layer("stikstof", given, coverage="nederland")


def test_exceedance_is_the_background_above_the_critical_load(
    habitats: woongeo.Layer, tmp_path: Path
) -> None:
    """The second lies half on 1,200 and half on 1,400."""
    path = write(tmp_path / "a.tif", [[1_200, 1_400], [900, 900]])
    raster = woongeo.read_raster_layer("stikstofdepositie", path)
    worst = woongeo.with_exceedance(habitats, raster)
    np.testing.assert_allclose(
        worst.features["overschrijding_mol_ha_j"], [-100, 900, NAN], equal_nan=True
    )
    mean = woongeo.with_exceedance(habitats, raster.raster, statistic="gemiddelde")
    np.testing.assert_allclose(
        mean.features["overschrijding_mol_ha_j"], [-100, 800, NAN], equal_nan=True
    )
    assert habitats.features["overschrijding_mol_ha_j"].isna().all()
    assert worst.source is not None
    assert raster.raster.source.sha256 in worst.source.notes[-1]


def test_exceedance_is_unknown_where_the_background_is(
    habitats: woongeo.Layer, tmp_path: Path
) -> None:
    """The second habitat lies half on nodata."""
    path = write(tmp_path / "a.tif", [[NAN, 1_400], [900, 900]])
    raster = woongeo.read_raster_layer("stikstofdepositie", path)
    found = woongeo.with_exceedance(habitats, raster).features["overschrijding_mol_ha_j"]
    np.testing.assert_array_equal(found, [-100, NAN, NAN])
    half = woongeo.with_exceedance(habitats, raster, max_unknown_share=0.5)
    np.testing.assert_array_equal(half.features["overschrijding_mol_ha_j"], [-100, 900, NAN])


def test_a_deposition_that_cannot_be_is_not_known(habitats: woongeo.Layer, tmp_path: Path) -> None:
    """The first habitat lies on 900, the second half on an unexplained -9999 and half on 1,400."""
    path = write(tmp_path / "a.tif", [[-9999, 1_400], [900, 900]])
    layer = woongeo.read_raster_layer("stikstofdepositie", path)
    bounded = layer.with_rule(RasterRule(above=429, highest=1_000))
    for deposition in (layer, layer.raster):
        told = woongeo.with_exceedance(habitats, deposition)
        found = told.features["overschrijding_mol_ha_j"]
        np.testing.assert_array_equal(found, [-100, NAN, NAN])
        assert told.source is not None
        assert "onder 1 object staat in het raster een waarde die niet kan" in told.source.notes[-1]
    # Half of it known is enough here, and the half that is known is 1,400 - 500.
    half = woongeo.with_exceedance(habitats, layer, max_unknown_share=0.5)
    np.testing.assert_array_equal(half.features["overschrijding_mol_ha_j"], [-100, 900, NAN])
    # To this rule 1,400 is impossible too.
    none = woongeo.with_exceedance(habitats, bounded, max_unknown_share=0.5)
    np.testing.assert_array_equal(none.features["overschrijding_mol_ha_j"], [-100, NAN, NAN])


@pytest.mark.parametrize(("value", "why"), [(-9999, "niet kan"), (NAN, "geen waarde bekend is")])
def test_a_deposition_that_says_nothing_anywhere_is_refused(
    habitats: woongeo.Layer, tmp_path: Path, value: float, why: str
) -> None:
    path = write(tmp_path / "a.tif", np.full((2, 2), value))
    layer = woongeo.read_raster_layer("stikstofdepositie", path)
    with pytest.raises(LayerError, match=f"van geen enkel object hoeveel er neerkomt, .*{why}"):
        woongeo.with_exceedance(habitats, layer)


def test_exceedance_needs_a_raster_and_critical_loads(
    habitats: woongeo.Layer, tmp_path: Path
) -> None:
    raster = woongeo.read_raster_layer(
        "stikstofdepositie", write(tmp_path / "a.tif", [[1, 2], [3, 4]])
    )
    with pytest.raises(LayerError, match="geen raster"):
        woongeo.with_exceedance(habitats, habitats)
    with pytest.raises(LayerError, match="kies uit maximum"):
        woongeo.with_exceedance(habitats, raster, statistic="som")
    with pytest.raises(ColumnError, match="kritische depositiewaarden"):
        woongeo.with_exceedance(habitats, raster, critical_load_column="kdw")
