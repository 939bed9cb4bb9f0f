"""Lines and points have no area: where overlap decides they free nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.rules import ClassRule, Rule, RuleBase

Sites = Callable[..., woongeo.Locations]
pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
DAY = dt.date(2026, 11, 22)

#: Round the square at the origin, 400 m away on all sides.
CONTOUR = shapely.LineString(block(-400, -400, 900, 900).exterior.coords)
POINT = shapely.Point(EAST + 50, NORTH + 50)
HARD = ClassRule(classes={"a": "hard", "b": "geen"})


def screened(places: woongeo.Locations, layer: woongeo.Layer) -> woongeo.Screening:
    """Screen on a day."""
    return woongeo.screen(places, [layer], on=DAY)


@pytest.mark.parametrize("key", ["natura2000", "geurcontour", "stiltegebied", "waterwingebied"])
@pytest.mark.parametrize("shape", [CONTOUR, POINT, shapely.LinearRing(CONTOUR.coords)])
def test_a_layer_of_lines_or_points_frees_nothing(
    sites: Sites, key: str, shape: shapely.Geometry
) -> None:
    """A contour around the site, or a point on it; another site lies far away."""
    layer = woongeo.read_layer(key, frame([shape]), coverage="nederland")
    done = screened(sites([block(0, 0), block(9_000, 0)]), layer)
    assert done.locaties[f"{key}_oordeel"].tolist() == ["onbekend", "onbekend"]
    assert done.locaties["onbekend_m2"].tolist() == [10_000, 10_000]
    told = "lijnen of punten hebben geen oppervlakte: lever vlakken, of geef within_m"
    assert all(told in reason for reason in done.treffers["reden"])


def test_with_a_distance_lines_and_points_say_all_there_is(sites: Sites) -> None:
    layer = woongeo.read_layer(
        "dijk", frame([CONTOUR]), coverage="nederland", rule=Rule(within_m=400)
    )
    done = screened(sites([block(0, 0), block(0, 901)]), layer)
    assert done.locaties["dijk_oordeel"].tolist() == ["belemmerd", "vrij"]


@pytest.mark.parametrize("shape", [CONTOUR, POINT])
def test_classes_of_lines_or_points_free_nothing(sites: Sites, shape: shapely.Geometry) -> None:
    places = sites([block(0, 0), block(9_000, 0)])
    for klasse, verdict in (("a", "onbekend"), ("x", "onbekend"), ("b", "vrij")):
        features = frame([shape], klasse=[klasse])
        layer = woongeo.read_layer("geluid", features, coverage="nederland", rule=HARD)
        done = screened(places, layer)
        assert done.locaties["geluid_oordeel"].tolist() == [verdict] * 2


@pytest.mark.parametrize("rule", [Rule(), HARD])
def test_beside_surfaces_a_line_or_point_is_doubted_where_it_is(
    sites: Sites, rule: RuleBase
) -> None:
    """Sites: on a surface, in a closed line, on a point, on an open line, and far from all.

    Many files of areas hold a few lines; of a country of areas these make no unknown one.
    """
    open_line = shapely.LineString([(EAST + 6_050, NORTH - 50), (EAST + 6_050, NORTH + 50)])
    shapes = [block(-2_000, 0), CONTOUR, shapely.Point(EAST + 3_050, NORTH + 50), open_line]
    features = frame(shapes, klasse=["a"] * 4, naam=list("wxyz"))
    layer = woongeo.read_layer("natuur", features, coverage="nederland", rule=rule)
    places = sites([block(x, 0) for x in (-2_000, 0, 3_000, 6_000, 9_000)])
    done = screened(places, layer)
    verdicts = ["belemmerd", "onbekend", "onbekend", "onbekend", "vrij"]
    assert done.locaties["natuur_oordeel"].tolist() == verdicts
    assert done.locaties["onbekend_m2"].tolist() == [0, 10_000, 10_000, 10_000, 0]
    assert "geen oppervlakte (2 x): lever het vlak" in done.treffers["reden"][1]


def test_what_does_not_count_may_be_a_line(sites: Sites) -> None:
    rule = Rule(where={"soort": ("a",)})
    features = frame([block(0, 0, 50), CONTOUR], soort=["a", "b"])
    layer = woongeo.read_layer("natuur", features, coverage="nederland", rule=rule)
    done = screened(sites([block(0, 0), block(200, 0)]), layer)
    assert done.locaties["natuur_oordeel"].tolist() == ["belemmerd", "vrij"]


@pytest.mark.parametrize(("shapes", "free"), [([CONTOUR], 0), ([CONTOUR, block(0, 0)], 10_000)])
@pytest.mark.parametrize("rule", [Rule(), HARD])
def test_a_search_frees_no_ground_in_a_contour(
    shapes: list[shapely.Geometry], free: float, rule: RuleBase
) -> None:
    """The page is 300 m by 100 m, of which 200 m lie in the contour."""
    features = frame(shapes, klasse=["a"] * len(shapes))
    layer = woongeo.read_layer("natuur", features, coverage="nederland", rule=rule)
    page = frame([block(300, 0, 300, 100)])
    found = woongeo.find_sites(page, [layer], on=DAY).locaties
    left = found["oppervlakte_m2"][found["oordeel"] == "vrij"].sum()
    assert left == pytest.approx(free)
