"""How far a rule looks that takes widths from a column, where those are not all known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.errors import LayerError, RuleError
from woongeo.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

Sites = Callable[..., woongeo.Locations]
pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
DAY = dt.date(2026, 11, 22)
#: Ends 60 m east of the square at the origin.
WEST = frame([block(-5_000, -5_000, 5_160, 10_000)])


def verdicts(places: woongeo.Locations, layer: woongeo.Layer, key: str | None = None) -> list[str]:
    """Screen, and list the verdicts of a rule."""
    done = woongeo.screen(places, [layer], on=DAY)
    return list(done.locaties[f"{key or layer.key}_oordeel"])


def lines(*away: float) -> list[shapely.Geometry]:
    """Draw lines from south to north, so far east of the square at the origin."""
    return [
        shapely.LineString([(EAST + 100 + x, NORTH - 500), (EAST + 100 + x, NORTH + 600)])
        for x in away
    ]


def power(widths: Sequence[object], *away: float, **given: Any) -> woongeo.Layer:
    """Read power lines."""
    features = frame(lines(*away), rekenafstand=list(widths))
    return woongeo.read_layer("hoogspanning", features, **({"coverage": "nederland"} | given))


# --- what is not known


@pytest.mark.parametrize("width", [None, "n.n.b.", -1, float("nan"), ""])
def test_where_no_line_says_how_far_it_reaches_nothing_is_free(sites: Sites, width: object) -> None:
    """30 m from the line, and 9 km."""
    places = sites([block(0, 0), block(-9_000, 0)])
    done = woongeo.screen(places, [power([width], 30)], on=DAY)
    assert done.locaties["hoogspanning_oordeel"].tolist() == ["onbekend", "onbekend"]
    assert done.locaties["onbekend_m2"].tolist() == [10_000, 10_000]
    assert "kolom rekenafstand zegt van geen object hoe ver" in done.treffers["reden"][0]


def test_one_that_does_not_say_reaches_as_far_as_the_furthest_of_the_others(sites: Sites) -> None:
    """The first square lies 30 m from a line without a width, the second 60 m; another has 50 m."""
    layer = power([None, 50], 30, 9_000)
    assert verdicts(sites([block(0, 0), block(-30, 200)]), layer) == ["onbekend", "vrij"]


@pytest.mark.parametrize("category", ["4", None, "onbekend"])
def test_a_company_of_an_unknown_category_may_be_as_heavy_as_any(
    sites: Sites, category: str | None
) -> None:
    """The tables end at 500 m and 1,500 m: sites at these distances, and 1 m further."""
    features = frame([block(0, 0), block(-30_000, 0)], milieucategorie=[category, "2"])
    layer = woongeo.read_layer("bedrijven", features, coverage="nederland")
    places = sites([block(600, 0), block(-601, 0)])
    assert verdicts(places, layer) == ["onbekend", "vrij"]
    places = sites([block(1_600, 0), block(-1_601, 0)])
    assert verdicts(places, layer, "bedrijven_overig") == ["onbekend", "vrij"]


def test_what_a_rule_does_not_count_needs_no_width(sites: Sites) -> None:
    """A company of category 1 is no doubt for the rule from 2 on, beside one that reaches 500 m."""
    features = frame([block(0, 0), block(5_000, 0)], milieucategorie=["1", "5.1"])
    layer = woongeo.read_layer("bedrijven", features, coverage="nederland")
    places = sites([block(111, 0), block(5_200, 0)])
    assert verdicts(places, layer) == ["vrij", "belemmerd"]


@pytest.mark.parametrize("width", ["150 m", -1, "n.n.b."])
def test_a_width_that_cannot_be_read_is_reported_and_is_not_none(
    sites: Sites, width: object
) -> None:
    """Of 50 m unless the file says otherwise: it says something else, and nobody knows what."""
    rule = Rule(within_column="zone_m", within_m=50)
    places = sites([block(0, 0)])
    alone = woongeo.read_layer(
        "zone", frame(lines(60), zone_m=[width]), coverage="nederland", rule=rule
    )
    assert verdicts(places, alone) == ["onbekend"]
    [found] = alone.report.of_check("getal onleesbaar").itertuples()
    assert found.waarde == 1
    assert repr(str(width)) in str(found.toelichting)
    # Beside one of 80 m it may reach 80 m; one that is empty reaches 50 m.
    beside = woongeo.read_layer(
        "zone",
        frame(lines(60, 3_060, 6_000), zone_m=[width, None, 80]),
        coverage="nederland",
        rule=rule,
    )
    places = sites([block(0, 0), block(-30, 200), block(3_000, 0), block(5_960, 0, 10, 10)])
    assert verdicts(places, beside) == ["onbekend", "vrij", "vrij", "vrij"]


def test_a_column_of_widths_that_is_not_there_is_refused_by_name(sites: Sites) -> None:
    layer = power([50], 30)
    with pytest.raises(RuleError, match="een regel leest de kolom 'breedte'"):
        woongeo.screen(sites([block(0, 0)]), [layer.with_rule(Rule(within_column="breedte"))])


def test_a_class_that_the_table_does_not_know_is_not_without_one(sites: Sites) -> None:
    rule = Rule(within_column="kv", within_of={"110": 50, "380": 150}, within_m=20)
    features = frame(lines(100, 3_100), kv=["220", ""])
    layer = woongeo.read_layer("lijn", features, coverage="nederland", rule=rule)
    assert verdicts(sites([block(0, 0), block(3_000, 0)]), layer) == ["onbekend", "vrij"]


@pytest.mark.parametrize(
    ("animals", "verdict"), [(-99_997, "belemmerd"), (49, "vrij"), (0, "vrij"), (50, "belemmerd")]
)
def test_a_secret_number_of_animals_is_not_few(sites: Sites, animals: int, verdict: str) -> None:
    """Registers write what they keep secret as a negative number; a farm of unknown size counts."""
    farm = frame([shapely.Point(EAST + 300, NORTH)], dieren=[animals])
    layer = woongeo.read_geitenhouderijen(farm, coverage="nederland")
    assert verdicts(sites([block(0, 0)]), layer) == [verdict]


def test_a_negative_number_that_must_be_known_is_not_known(sites: Sites) -> None:
    noise = frame([block(0, 0)], lden=[-99_997])
    layer = woongeo.read_layer("geluid_spoor", noise, coverage="nederland")
    assert verdicts(sites([block(0, 0)]), layer) == ["onbekend"]
    # Below sea level is a number like any other.
    high = Rule(least={"nap": -2})
    low = woongeo.read_layer("peil", frame([block(0, 0)], nap=[-3]), coverage=WEST, rule=high)
    assert verdicts(sites([block(0, 0)]), low) == ["vrij"]


# --- how far is looked


def test_a_rule_looks_as_far_as_its_widest_class() -> None:
    assert Rule().reach_m == 0
    assert Rule(within_m=50).reach_m == 50
    classes = {"a": 10.0, "b": 300.0}
    assert Rule(within_column="k", within_of=classes).reach_m == 300
    assert Rule(within_column="k", within_of=classes, within_m=400).reach_m == 400
    assert Rule(within_column="k").reach_m == 0


@pytest.mark.parametrize("category", ["2", "5.1"])
def test_which_companies_are_in_the_file_does_not_say_what_lies_across_its_edge(
    sites: Sites, category: str
) -> None:
    """The edge lies 60 m from the square, and a company across it may reach 500 m."""
    features = frame([block(-4_000, 0)], milieucategorie=[category])
    layer = woongeo.read_layer("bedrijven", features, coverage=WEST)
    places = sites([block(0, 0), block(-341, 0), block(-460, 200)])
    assert verdicts(places, layer) == ["onbekend", "onbekend", "vrij"]


def parcels(code: int | None) -> gpd.GeoDataFrame:
    """Draw a parcel 3 km west; of grass where there is no code."""
    return frame([block(-3_000, 0)], gewascode=[code or 265], category=["Bouwland"], jaar=[2023])


@pytest.mark.parametrize("code", [None, 1004, 1096])
def test_spray_zones_look_as_far_as_the_widest_group_that_was_asked(
    sites: Sites, code: int | None
) -> None:
    """The edge lies 60 m away: bulbs reach 20 m and fruit 100 m, whatever grows in the file."""
    widths = {"fruit": 100, "bollen": 20}
    layer = woongeo.read_spuitzones(parcels(code), coverage=WEST, widths=widths)
    assert verdicts(sites([block(0, 0), block(-41, 200)]), layer) == ["onbekend", "vrij"]
    near = woongeo.read_spuitzones(parcels(code), coverage=WEST, widths=59)
    assert verdicts(sites([block(0, 0)]), near) == ["vrij"]


def test_a_layer_without_any_line_does_not_say_what_lies_across_its_edge(sites: Sites) -> None:
    """Nobody says how far a line would reach; across the national border there is none."""
    places = sites([block(0, 0)])
    given = {"empty_is_free": True}
    assert verdicts(places, power([], coverage=WEST, **given)) == ["onbekend"]
    assert verdicts(places, power([], **given)) == ["vrij"]
    wide = Rule(within_column="rekenafstand", within_m=59)
    assert verdicts(places, power([], coverage=WEST, rule=wide, **given)) == ["vrij"]


def test_around_looks_no_less_far_than_a_feature_may_reach(sites: Sites) -> None:
    """A company 400 m away reaches 500 m: who reads 100 m around would miss it."""
    places = sites([block(0, 0)])
    company = frame([block(500, 0)], milieucategorie=["5.1"])
    with pytest.raises(LayerError, match=r"reach_m is 100 en .* tot 1\.500 m"):
        woongeo.read_layer("bedrijven", company, coverage="nederland", around=places, reach_m=100)
    near = woongeo.read_layer(
        "bedrijven", company, coverage="nederland", around=places, reach_m=1_500
    )
    assert verdicts(places, near) == ["belemmerd"]
    with pytest.raises(LayerError, match=r"per object in kolom 'rekenafstand'; laat reach_m weg"):
        power([500], 400, around=places, reach_m=100)
    assert verdicts(places, power([500], 400, around=places)) == ["belemmerd"]


def test_a_search_knows_as_little_as_a_screening() -> None:
    area = frame([block(0, 0, 1_000, 1_000)])
    found = woongeo.find_sites(area, [power([None], 30)], on=DAY, from_severity="zacht")
    assert found.locaties["oordeel"].tolist() == ["onbekend"]
