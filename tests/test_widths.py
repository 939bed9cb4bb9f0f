"""How far a rule looks that takes widths from a column, where those are not all known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.errors import LayerError
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
