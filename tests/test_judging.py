"""Several rules on one layer, whom they hold for, when, and how heavy they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import block, frame

import woongeo
from woongeo.errors import (
    DoubtfulLocationWarning,
    LayerError,
    RuleError,
    UncertainRuleWarning,
    UnknownResultWarning,
)

if TYPE_CHECKING:
    from pathlib import Path

Sites = Callable[..., woongeo.Locations]
DAY = dt.date(2026, 11, 1)


def layer(key: str, shapes: list[shapely.Geometry], **given: Any) -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    rule = given.pop("rule", None)
    columns = given.pop("columns", {})
    given.setdefault("coverage", "nederland")
    return woongeo.read_layer(key, frame(shapes, **columns), rule=rule, empty_is_free=True, **given)


def verdicts(screening: woongeo.Screening, key: str) -> list[str]:
    """List the verdicts of a rule."""
    return list(screening.locaties[f"{key}_oordeel"])


def test_one_layer_carries_several_rules_each_with_its_own_verdict(sites: Sites) -> None:
    """Squares of 100 m: on it, 200 m from it, 900 m from it, and 1,100 m from it."""
    nature = layer("natura2000", [block(0, 0)], coverage="nederland")
    nature = nature.turned_on("250m", "1km")
    places = sites([block(0, 0), block(300, 0), block(1_000, 0), block(1_200, 0)])
    with pytest.warns(UncertainRuleWarning, match="binnen 250 m"):
        done = woongeo.screen(places, [nature], on=DAY)
    assert verdicts(done, "natura2000") == ["belemmerd", "vrij", "vrij", "vrij"]
    assert verdicts(done, "natura2000_250m") == ["belemmerd", "belemmerd", "vrij", "vrij"]
    assert verdicts(done, "natura2000_1km") == ["belemmerd"] * 3 + ["vrij"]
    assert done.locaties["natura2000_250m_afstand_m"].tolist() == [0, 200, 900, 1_100]
    assert done.locaties["oordeel"].tolist() == ["belemmerd"] * 3 + ["vrij"]
    assert done.locaties["zwaarte"].tolist() == ["zeer hard", "middel", "middel", ""]
    assert len(done.layers) == 1
    assert [x.key for x in done.toetsen] == ["natura2000", "natura2000_250m", "natura2000_1km"]
    assert done.toetsen[1].title == "Natura 2000, binnen 250 m"
    # The nearest edges are 200 m away, so of the second square 50 m by 100 m lie within 250 m.
    assert done.locaties["natura2000_250m_overlap_m2"].iloc[1] == pytest.approx(5_000, abs=1)


def test_tables_can_be_cut_at_any_severity(sites: Sites) -> None:
    nature = layer("natura2000", [block(0, 0)]).turned_on("1km")
    places = sites([block(0, 0), block(500, 0), block(5_000, 0)], woningen=[1, 20, 300])
    done = woongeo.screen(places, [nature], on=DAY)
    assert done.homes() == {"belemmerd": 21.0, "onbekend": 0.0, "vrij": 300.0}
    heavy = done.from_("hard")
    assert heavy.locaties["oordeel"].tolist() == ["belemmerd", "vrij", "vrij"]
    assert heavy.locaties["zwaarte"].tolist() == ["zeer hard", "", ""]
    # The light rule still tells what it found.
    assert verdicts(heavy, "natura2000_1km") == ["belemmerd", "belemmerd", "vrij"]
    assert heavy.locaties["belemmerd_m2"].tolist() == [10_000, 0, 0]
    assert heavy.locaties["vrij_m2"].tolist() == [0, 10_000, 10_000]
    total = woongeo.summarize_plancapaciteit(heavy).tabel.iloc[-1]
    assert (total["belemmerd"], total["belemmerd_max"], total["natura2000_1km_max"]) == (1, 1, 21)
    assert "vanaf hard tellen mee" in heavy.notes()[0]
    asked = woongeo.screen(places, [nature], on=DAY, from_severity="hard")
    assert asked.locaties.equals(heavy.locaties)
    with pytest.raises(RuleError, match="erg"):
        done.from_("erg")


def test_a_light_layer_of_which_nothing_is_known_is_no_doubt_among_heavy_ones(
    sites: Sites,
) -> None:
    light = woongeo.missing_layer("stilte", reason="weg").with_rule(woongeo.Rule(severity="zacht"))
    heavy = layer("natuur", [block(500, 0)])
    with pytest.warns(UnknownResultWarning):
        done = woongeo.screen(sites([block(0, 0)]), [light, heavy], on=DAY)
    assert done.locaties["oordeel"].tolist() == ["onbekend"]
    assert done.from_("hard").locaties["oordeel"].tolist() == ["vrij"]
    assert done.from_("hard").locaties["vrij_m2"].tolist() == [10_000]


CODES = ["1A", "3", "4A", "onbekend"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("alle", ["belemmerd"] * 4),
        # A plan of unknown status: whether the rule holds is not known either.
        ("zacht", ["vrij", "belemmerd", "belemmerd", "onbekend"]),
        ("nieuw", ["vrij", "vrij", "belemmerd", "onbekend"]),
    ],
)
def test_a_rule_holds_for_whom_it_says(sites: Sites, scope: str, expected: list[str]) -> None:
    """Each square is for a quarter in the layer."""
    squares = [block(i * 200, 0) for i in range(4)]
    shapes = [block(i * 200, 0, 25, 100) for i in range(4)]
    nature = layer("natuur", shapes, rule=woongeo.Rule(scope=scope))
    with pytest.warns(DoubtfulLocationWarning, match="planstatus"):
        places = sites(squares, planstatus=CODES, woningen=[4, 4, 4, 4])
    done = woongeo.screen(places, [nature], on=DAY)
    assert verdicts(done, "natuur") == expected
    area = done.locaties[["belemmerd_m2", "onbekend_m2", "vrij_m2"]]
    rows = {"belemmerd": [2_500, 0, 7_500], "onbekend": [0, 2_500, 7_500], "vrij": [0, 0, 10_000]}
    assert area.to_numpy().tolist() == [rows[o] for o in expected]
    reasons = done.treffers["reden"]
    for verdict, reason in zip(expected, reasons, strict=True):
        assert ("geldt" in reason) == (verdict != "belemmerd")
        assert "2.500 m²" in reason
    total = woongeo.summarize_plancapaciteit(done).tabel.iloc[-1]
    assert total["belemmerd_verwacht"] == expected.count("belemmerd")
    # At most: also those of which it is not known.
    assert total["natuur_max"] == 4 * sum(o != "vrij" for o in expected)


def test_a_site_outside_the_scope_is_free_even_of_a_layer_of_which_nothing_is_known(
    sites: Sites,
) -> None:
    gone = woongeo.missing_layer("natuur", reason="weg").with_rule(woongeo.Rule(scope="zacht"))
    with pytest.warns(UnknownResultWarning):
        done = woongeo.screen(sites([block(0, 0), block(0, 500)], planstatus=["1A", "3"]), [gone])
    assert verdicts(done, "natuur") == ["vrij", "onbekend"]
    assert done.locaties["onbekend_m2"].tolist() == [0, 10_000]


def test_a_rule_holds_from_its_first_day_to_its_last(sites: Sites) -> None:
    rule = woongeo.Rule(valid_from=dt.date(2026, 7, 1), valid_until=dt.date(2026, 12, 31))
    nature, places = layer("natuur", [block(0, 0)], rule=rule), sites([block(0, 0)])
    days = [dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2026, 12, 31), dt.date(2027, 1, 1)]
    found = [woongeo.screen(places, [nature], on=day) for day in days]
    assert [verdicts(x, "natuur")[0] for x in found] == ["vrij", "belemmerd", "belemmerd", "vrij"]
    assert "vanaf 2026-07-01" in found[0].treffers["reden"].iloc[0]
    assert "tot en met 2026-12-31" in found[3].notes()[0]
    assert found[0].locaties["vrij_m2"].tolist() == [10_000]


def test_only_features_that_a_rule_names_count_and_doubtful_ones_are_no_freedom(
    sites: Sites,
) -> None:
    """Four squares, on features of kind a, b, nothing, and of which nobody knows."""
    rule = woongeo.Rule(where={"soort": ("a",)}, unknown_where={"soort": ("?",)})
    zones = layer(
        "zones",
        [block(i * 200, 0, 50, 100) for i in range(4)],
        columns={"soort": ["a", "b", None, "?"], "naam": list("WXYZ")},
        rule=rule,
    )
    done = woongeo.screen(sites([block(i * 200, 0) for i in range(4)]), [zones], on=DAY)
    assert verdicts(done, "zones") == ["belemmerd", "vrij", "onbekend", "onbekend"]
    assert done.locaties["onbekend_m2"].tolist() == [0, 0, 5_000, 5_000]
    assert "(4 Z)" in done.treffers["reden"].iloc[3]
    assert done.locaties["zones_objecten"].tolist() == ["1 W", "", "", ""]


def test_each_feature_may_have_a_distance_of_its_own() -> None:
    """Power lines at x = 0 with 80 m and at x = 1,000 with 20 m, and one that does not tell."""
    xs = [155_000, 156_000, 160_000]
    lines = [shapely.LineString([(x, 460_000), (x, 470_000)]) for x in xs]
    features = gpd.GeoDataFrame(
        {"rekenafstand": ["80", "20", None]}, geometry=lines, crs="EPSG:28992"
    )
    line = woongeo.read_layer(
        "lijn",
        features,
        coverage="nederland",
        rule=woongeo.Rule(within_column="rekenafstand"),
    )
    at = [50, 90, 1_015, 1_030, 5_070, 5_090]
    squares = [shapely.box(155_000 + x, 465_000, 155_000 + x + 5, 465_005) for x in at]
    frame_ = gpd.GeoDataFrame({"naam": at}, geometry=squares, crs="EPSG:28992")
    with pytest.warns(DoubtfulLocationWarning):
        places = woongeo.read_locations(frame_)
    done = woongeo.screen(places, [line], on=DAY)
    # Of the third line nobody knows how far it reaches: as far as the furthest of the others.
    expected = ["belemmerd", "vrij", "belemmerd", "vrij", "onbekend", "vrij"]
    assert verdicts(done, "lijn") == expected
    assert done.treffers["reden"].iloc[0].startswith("ligt op 50 m, binnen de afstand van het obj")


def test_a_column_that_a_rule_reads_must_be_there() -> None:
    rule = woongeo.Rule(where={"soort": ("a",)})
    with pytest.raises(woongeo.WoongeoError, match="zeg met columns"):
        layer("zones", [block(0, 0)], columns={"type": ["a"]}, rule=rule)
    features = frame([block(0, 0)], type=["a"])
    found = woongeo.read_layer(
        "zones", features, rule=rule, columns={"soort": "type"}, coverage="nederland"
    )
    assert found.features["soort"].tolist() == ["a"]


def test_a_changed_rule_is_judged_anew_and_the_rest_stands(sites: Sites) -> None:
    farm = layer("geiten", [block(600, 0)], rule=woongeo.Rule(within_m=250))
    nature = layer("natuur", [block(0, 0)])
    done = woongeo.screen(sites([block(0, 0), block(1_500, 0)]), [farm, nature], on=DAY)
    assert verdicts(done, "geiten") == ["vrij", "vrij"]
    wider = done.changed({"geiten": woongeo.Rule(within_m=500)})
    assert verdicts(wider, "geiten") == ["belemmerd", "vrij"]
    assert wider.judged["natuur"] is done.judged["natuur"]
    anew = woongeo.screen(
        done.locations, [farm, nature], rules={"geiten": woongeo.Rule(within_m=500)}, on=DAY
    )
    assert wider.locaties.equals(anew.locaties)
    assert wider.treffers.equals(anew.treffers)
    with pytest.raises(RuleError, match="stikstof"):
        done.changed({"stikstof": woongeo.Rule()})


def test_a_catalogue_brings_the_rules_that_its_file_names(sites: Sites, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[natura2000.rules.250m]\nwithin_m = 60\n", encoding="utf-8")
    nature = layer("natura2000", [block(0, 0)])
    places = sites([block(150, 0), block(165, 200)])
    with pytest.warns(UncertainRuleWarning):
        done = woongeo.screen(places, [nature], rules=woongeo.read_catalogue(path), on=DAY)
    assert verdicts(done, "natura2000_250m") == ["belemmerd", "vrij"]
    assert "natura2000_1km_oordeel" not in done.locaties.columns


def test_names_of_verdicts_do_not_clash(sites: Sites) -> None:
    places = sites([block(0, 0)])
    nature = layer("natura2000", [block(0, 0)]).turned_on("1km")
    other = layer("natura2000_1km", [block(0, 0)])
    with pytest.raises(LayerError, match="natura2000_1km"):
        woongeo.screen(places, [nature, other])
    with pytest.raises(RuleError, match="geen regel '5km'"):
        nature.turned_on("5km")
    off = nature.with_rule(woongeo.Rule(on=False))
    assert np.array_equal(woongeo.screen(places, [off]).locaties["oordeel"], ["belemmerd"])
    with pytest.raises(LayerError, match="staat"):
        woongeo.screen(places, [layer("x", [block(0, 0)], rule=woongeo.Rule(on=False))])
