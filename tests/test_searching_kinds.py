"""Search areas by classes, tables and cells: each takes its own ground, to the square metre.

The page is a square kilometre, divided from west to east: a strip of 100 m is 10 hectares.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from conftest import EAST, NORTH, block, frame
from drawn_rasters import write
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_searching import AROUND, areas, layer, page

import woongeo
from woongeo.errors import LayerError, RuleError, UnknownResultWarning
from woongeo.rules import RasterRule

if TYPE_CHECKING:
    from collections.abc import Sequence

NAN = np.nan
NET = woongeo.ClassRule(
    column="kleur",
    classes={"rood": "hard", "oranje": "middel", "geel": "geen", "grijs": "onbekend"},
    decides="grootste",
)
DEEP = RasterRule(above=1.5, unit="m", min_share=0.25)
STAFF = woongeo.TableRule(below=3.0, unit="fte")
#: Exact, and on cells whose lines are those of the strips.
WAYS: list[dict[str, Any]] = [{}, {"cell_m": 50}]


def strip(first: float, last: float) -> shapely.Polygon:
    """Draw a strip of the page from south to north, by its hundreds of metres."""
    return block(100 * first, 0, 100 * (last - first), 1_000)


def classes(
    *drawn: tuple[shapely.Geometry, str | None],
    rule: woongeo.ClassRule = NET,
    coverage: object = AROUND,
) -> woongeo.Layer:
    """Make a layer of areas with a class each."""
    shapes, words = [a for a, _ in drawn], [w for _, w in drawn]
    return woongeo.read_layer("net", frame(shapes, kleur=words), rule=rule, coverage=coverage)


def cells(
    folder: Path, array: Any, rule: RasterRule = DEEP, *, coverage: Any = None, **how: Any
) -> woongeo.Layer:
    """Make a layer of cells of 100 m, from the northwest of the page on."""
    how.setdefault("corner", (EAST, NORTH + 1_000))
    path = write(folder / "cellen.tif", array, **how)
    return woongeo.read_raster_layer("water", path, rule=rule, coverage=coverage)


def rows(*columns: float) -> list[list[float]]:
    """Repeat a row of ten cells, so that each column of cells is a strip."""
    return [list(columns)] * 10


def staff(
    fte: Sequence[object],
    regions: woongeo.Regions | None,
    rule: woongeo.TableRule = STAFF,
    **more: Any,
) -> woongeo.Layer:
    """Make a table of the gemeenten A, B and so on."""
    table = pd.DataFrame({"gemeente": list("ABCDEF")[: len(fte)], "fte": fte})
    return woongeo.read_table_layer(
        "staf", table, value_column="fte", regions=regions, rule=rule, **more
    )


def gemeenten(*shapes: shapely.Geometry) -> woongeo.Regions:
    """Make the gemeenten A, B and so on of shapes."""
    named = frame(shapes, naam=list("ABCDEF")[: len(shapes)])
    return woongeo.read_regions("gemeente", named, name_column="naam")


def divided(found: woongeo.Zoekgebieden) -> tuple[float, float, float]:
    """Give what is taken, unknown and free, in strips of 100 m."""
    last = found.balans.iloc[-1]
    told = [float(last[f"{o}_m2"]) / 100_000 for o in ("belemmerd", "onbekend", "vrij")]
    assert sum(told) == pytest.approx(last["oppervlakte_m2"] / 100_000)
    return round(told[0], 6), round(told[1], 6), round(told[2], 6)


# --- classes


@pytest.mark.parametrize("way", WAYS)
def test_the_ground_of_classes_that_hinder_enough_is_taken(way: dict[str, Any]) -> None:
    # Red to 300 m; orange on to 500 m, and over the last red; yellow to 700 m, grey to 900 m.
    net = classes(
        (strip(0, 3), "rood"),
        (strip(2, 5), "oranje"),
        (strip(5, 7), "geel"),
        (strip(7, 9), "grijs"),
    )
    hard = woongeo.find_sites(page(), [net], **way)
    assert divided(hard) == (3, 2, 5)
    # 300 to 700 m and 900 to 1,000 m are free, with the unknown between them.
    assert areas(hard) == [("vrij", 400_000), ("vrij", 100_000), ("onbekend", 200_000)]
    assert hard.gezeefd == ("net",)
    assert hard.locaties["reden"].iloc[2] == "net: hier is van de laag niet alles bekend"
    middle = woongeo.find_sites(page(), [net], from_severity="middel", **way)
    assert divided(middle) == (5, 2, 3)


def test_neither_a_tolerance_nor_the_largest_class_decides_over_ground() -> None:
    # 50 m2 of red in a square kilometre of yellow: a site would be free, this ground is not.
    found = woongeo.find_sites(
        page(), [classes((strip(0, 10), "geel"), (block(0, 0, 10, 5), "rood"))]
    )
    assert found.balans["belemmerd_m2"].iloc[-1] == pytest.approx(50)


def test_ground_of_a_class_that_nobody_explains_is_unknown() -> None:
    # Purple is in no table, and the second has no class: 200 m each.
    net = classes((strip(0, 2), "paars"), (strip(4, 6), None))
    assert divided(woongeo.find_sites(page(), [net])) == (0, 4, 6)


def test_a_lighter_class_over_one_that_is_not_known_does_not_make_it_known() -> None:
    net = classes((strip(0, 4), "grijs"), (strip(2, 6), "oranje"), (strip(3, 8), "rood"))
    # Red from 300 m on takes the unknown away; orange over grey may be heavier.
    assert divided(woongeo.find_sites(page(), [net])) == (5, 3, 2)


def test_classes_are_those_of_the_day() -> None:
    rule = woongeo.ClassRule(
        column="kleur",
        classes={"rood": "hard", "oranje": "geen"},
        changes_on=dt.date(2026, 7, 1),
        classes_from={"oranje": "hard"},
    )
    net = classes((strip(0, 2), "rood"), (strip(2, 5), "oranje"), rule=rule)
    before, after = (
        woongeo.find_sites(page(), [net], on=dt.date(2026, *day)) for day in ((6, 30), (7, 1))
    )
    assert divided(before) == (2, 0, 8)
    assert divided(after) == (5, 0, 5)


@pytest.mark.parametrize("way", WAYS)
def test_outside_the_coverage_of_classes_nothing_is_known(way: dict[str, Any]) -> None:
    net = classes((strip(0, 3), "rood"), coverage=frame([strip(0, 7)]))
    assert divided(woongeo.find_sites(page(), [net], **way)) == (3, 3, 4)
    nowhere = classes((strip(0, 3), "rood"), coverage=None)
    assert divided(woongeo.find_sites(page(), [nowhere], **way)) == (3, 7, 0)


# --- tables


@pytest.mark.parametrize("way", WAYS)
def test_regions_whose_value_hinders_are_taken(way: dict[str, Any]) -> None:
    # A has 2 fte, B 3 (which is not below 3), C none; from 900 m on there is no gemeente.
    regions = gemeenten(strip(0, 3), strip(3, 7), strip(7, 9))
    found = woongeo.find_sites(page(), [staff([2, 3, None], regions)], **way)
    assert divided(found) == (3, 3, 4)
    assert areas(found) == [("vrij", 400_000), ("onbekend", 300_000)]
    assert found.gezeefd == ("staf",)


def test_regions_of_a_lighter_class_are_not_taken_and_are_free() -> None:
    rule = woongeo.TableRule(classes={"rood": "hard", "oranje": "middel", "groen": "geen"})
    regions = gemeenten(strip(0, 2), strip(2, 5), strip(5, 9), strip(9, 10))
    given = staff(["rood", "oranje", "groen", "?"], regions, rule)
    assert divided(woongeo.find_sites(page(), [given])) == (2, 1, 7)
    assert divided(woongeo.find_sites(page(), [given], from_severity="middel")) == (5, 1, 4)


@pytest.mark.parametrize("more", [{}, {"location_column": "plaats"}])
def test_without_surfaces_of_regions_no_ground_is_known(more: dict[str, Any]) -> None:
    found = woongeo.find_sites(page(), [staff([2, 3], None, **more), layer([strip(0, 3)])])
    assert divided(found) == (3, 7, 0)
    assert "geef regions bij read_table_layer" in found.locaties["reden"].iloc[0]


def test_surfaces_count_for_ground_also_where_plans_name_their_region() -> None:
    given = staff([2, 3], gemeenten(strip(0, 3), strip(3, 10)), location_column="plaats")
    assert divided(woongeo.find_sites(page(), [given])) == (3, 0, 7)


def test_a_stale_table_takes_and_frees_nothing() -> None:
    rule = woongeo.TableRule(below=3.0, max_age_days=30)
    old = staff([2], gemeenten(strip(0, 10)), rule, reference_date=dt.date(2026, 1, 1))
    with pytest.warns(UnknownResultWarning, match="dagen oud"):
        found = woongeo.find_sites(page(), [old], on=dt.date(2026, 6, 1))
    assert divided(found) == (0, 10, 0)


# --- cells


@pytest.mark.parametrize("way", WAYS)
def test_cells_whose_value_hinders_are_taken(way: dict[str, Any], tmp_path: Path) -> None:
    # Depth 2 to 300 m, nothing known to 500 m, and dry: 1.5 itself does not hinder.
    water = cells(tmp_path, rows(2, 2, 2, NAN, NAN, 0, 0, 0, 1.5, 1.5))
    found = woongeo.find_sites(page(), [water], **way)
    assert divided(found) == (3, 2, 5)
    assert areas(found) == [("vrij", 500_000), ("onbekend", 200_000)]
    assert found.locaties.geometry.iloc[0].equals(strip(5, 10))
    assert found.gezeefd == ("water",)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("coverage", [None, AROUND])
def test_ground_beside_a_raster_is_unknown_whatever_the_coverage(
    way: dict[str, Any], coverage: Any, tmp_path: Path
) -> None:
    # Six columns of cells: from 600 m on there is no raster.
    water = cells(tmp_path, [[2, 0, 0, 0, 0, 0]] * 10, coverage=coverage)
    assert divided(woongeo.find_sites(page(), [water], **way)) == (1, 4, 5)
    away = cells(tmp_path, [[2, 2]], corner=(EAST + 50_000, NORTH))
    assert divided(woongeo.find_sites(page(), [away], **way)) == (0, 10, 0)


def test_a_raster_known_in_part_is_free_there_alone(tmp_path: Path) -> None:
    water = cells(tmp_path, rows(2, 0, 0, 0, 0, 0, 0, 0, 0, 2), coverage=frame([strip(0, 7)]))
    # Known to 700 m; the last column hinders all the same.
    assert divided(woongeo.find_sites(page(), [water])) == (2, 2, 6)


def test_classes_of_cells_count_by_their_severity(tmp_path: Path) -> None:
    rule = RasterRule(
        classes={"1": "hard", "2": "middel"}, class_names={"1": "nat", "2": "vochtig", "3": "droog"}
    )
    # 9 was not meant to be there.
    water = cells(tmp_path, rows(1, 1, 2, 2, 2, 3, 3, 3, 3, 9), rule)
    assert divided(woongeo.find_sites(page(), [water])) == (2, 1, 7)
    assert divided(woongeo.find_sites(page(), [water], from_severity="middel")) == (5, 1, 4)


def test_cells_that_cannot_be_are_no_room(tmp_path: Path) -> None:
    """A depth of -9999 is none: 100 m in deep water, 200 m unknown, 700 m dry."""
    rule = RasterRule(above=1.5, lowest=0, highest=20)
    water = cells(tmp_path, rows(-9999, 0, 0, 0, 0, 2, 0, 0, 0, 9999), rule)
    assert divided(woongeo.find_sites(page(), [water])) == (1, 2, 7)


@pytest.mark.parametrize("statistic", ["aandeel", "gemiddelde", "p90", "maximum"])
def test_each_cell_counts_by_itself_whatever_the_statistic(statistic: str, tmp_path: Path) -> None:
    # Below 0 and above 1 hinder: 100 m each.
    rule = RasterRule(above=1, below=0, statistic=statistic)
    water = cells(tmp_path, rows(-1, 0, 0, 0, 1, 1, 1, 1, 1, 2), rule)
    assert divided(woongeo.find_sites(page(), [water])) == (2, 0, 8)


def test_a_raster_from_south_to_north_lies_where_it_lies(tmp_path: Path) -> None:
    array = np.zeros((10, 10))
    array[0, :3] = 2
    path = tmp_path / "om.tif"
    write(path, array)
    with rasterio.open(path, "r+") as file:
        file.transform = rasterio.Affine(100, 0, EAST, 0, 100, NORTH)
    water = woongeo.read_raster_layer("water", path, rule=DEEP)
    found = woongeo.find_sites(page(), [water])
    # The first row lies in the south: 300 by 100 m.
    assert found.balans["belemmerd_m2"].iloc[-1] == pytest.approx(30_000)
    assert found.locaties.geometry.iloc[0].equals(
        shapely.difference(block(0, 0, 1_000, 1_000), block(0, 0, 300, 100))
    )


def test_windows_of_a_raster_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    water = cells(tmp_path, np.random.default_rng(5).integers(0, 3, (10, 10)))
    whole = woongeo.find_sites(page(), [water])
    monkeypatch.setattr("woongeo.searching.rastered._WINDOW", 3)
    apart = woongeo.find_sites(page(), [water])
    assert divided(apart) == divided(whole)
    assert areas(apart) == areas(whole)


# --- laws

values = st.lists(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, NAN]), min_size=7, max_size=7), min_size=7, max_size=7
)
words = st.sampled_from(["rood", "oranje", "geel", "grijs", "paars"])
places = st.tuples(
    st.integers(-2, 9), st.integers(-2, 9), st.integers(1, 7), st.integers(1, 7)
).map(lambda p: block(100.5 * p[0], 99 * p[1], 100 * p[2], 100 * p[3]))


def one_of_each(
    folder: Path, array: Any, drawn: list[tuple[Any, str]], fte: list[Any]
) -> list[woongeo.Layer]:
    """Make a layer of classes, a table and a raster, each known in part."""
    regions = gemeenten(strip(-1, 4), strip(4, 6.5), strip(6.5, 9.8))
    rule = RasterRule(above=1.5, statistic="maximum")
    water = cells(folder, array, rule, cell=130.0)
    return [classes(*drawn, coverage=frame([strip(0, 9)])), staff(fte, regions), water]


@example(
    array=[*[[0.0] * 7] * 5, [0.0, 0, 0, 0, 2, 0, 0], [0.0, 0, 0, 2, 0, 0, 0]],
    drawn=[(block(0, 0, 100, 100), "rood")],
    fte=[2, 3, 3],
)
@given(
    array=values,
    drawn=st.lists(st.tuples(places, words), min_size=1, max_size=5),
    fte=st.lists(st.sampled_from([2, 3, None]), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_ground_is_conserved_and_what_is_free_is_so_in_a_screening(
    array: Any, drawn: list[tuple[Any, str]], fte: list[Any]
) -> None:
    with TemporaryDirectory() as folder:
        rules = one_of_each(Path(folder), array, drawn, fte)
        found = woongeo.find_sites(page(), rules, min_m2=100, min_width_m=0, tile_m=300)
        last = found.balans.iloc[-1]
        assert last["belemmerd_m2"] + last["onbekend_m2"] + last["vrij_m2"] == pytest.approx(1e6)
        assert found.zeef["neemt_m2"].sum() == pytest.approx(last["belemmerd_m2"])
        # Each alone takes what the plain definition says.
        red = shapely.union_all([shape for shape, word in drawn if word == "rood"])
        poor = [(strip(-1, 4), strip(4, 6.5), strip(6.5, 9.8))[i] for i in range(3) if fte[i] == 2]
        wet = [
            block(130 * c, 1_000 - 130 * (r + 1), 130, 130)
            for r, c in np.argwhere(np.asarray(array) == 2)
        ]
        taken = shapely.union_all([red, *poor, *wet]).intersection(block(0, 0, 1_000, 1_000))
        assert last["belemmerd_m2"] == pytest.approx(taken.area, abs=0.1)
        if found.counts()["vrij"]:
            screened = woongeo.screen(found.locations("vrij"), rules, from_severity="hard")
            assert screened.counts() == {"belemmerd": 0, "onbekend": 0, "vrij": len(screened)}


# --- what cannot be searched


def test_a_rule_on_a_layer_of_another_kind_is_refused(tmp_path: Path) -> None:
    shapes = layer([strip(0, 3)])
    with pytest.raises(LayerError, match="read_raster_layer"):
        woongeo.find_sites(page(), [shapes.with_rule(DEEP)])
    with pytest.raises(RuleError, match="read_table_layer"):
        woongeo.find_sites(page(), [shapes.with_rule(STAFF)])
    with pytest.raises(RuleError, match="raster en een regel van de soort klasse"):
        woongeo.find_sites(page(), [cells(tmp_path, [[0]]).with_rule(NET)])
