"""Rules on classes: which of several areas decides, from when on, and what is not known."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame
from hypothesis import given
from hypothesis import strategies as st
from test_engine import nature_area, surfaces
from test_index import Shapes, equal, many_sites

import woongeo
from woongeo.engine import ClassParts, LayerIndex, class_parts, measure, measure_chosen
from woongeo.engine import Sites as EngineSites
from woongeo.errors import ColumnError, RuleError

if TYPE_CHECKING:
    from pathlib import Path

Sites = Callable[..., woongeo.Locations]
BEFORE, FROM = dt.date(2026, 6, 30), dt.date(2026, 7, 1)
LIB = woongeo.ClassRule(
    column="zone",
    classes={"LIB1": "zeer hard", "LIB3": "hard", "LIB5": "middel", "buiten": "geen"},
    tolerance_m2=100,
    tolerance_share=0.01,
)
BIGGEST = woongeo.ClassRule(
    column="zone",
    classes={"rood": "hard", "oranje": "middel", "geel": "geen", "grijs": "onbekend"},
    decides="grootste",
)


def zones(rule: woongeo.ClassRule, *areas: tuple[shapely.Geometry, str | None], **more: Any) -> Any:
    """Make a layer of areas with a class each."""
    shapes, words = [a for a, _ in areas], [w for _, w in areas]
    more.setdefault("coverage", "nederland")
    names = [f"gebied {i}" for i in range(len(areas))]
    drawn = frame(shapes, nr=list(range(len(areas))), naam=names, zone=words)
    return woongeo.read_layer("zones", drawn, rule=rule, **more)


def one(screening: woongeo.Screening, row: int = 0) -> dict[str, Any]:
    """Give what was said of one location."""
    found = {str(k): v for k, v in screening.treffers.iloc[row].to_dict().items()}
    return found | {
        "klasse": screening.locaties["zones_klasse"].iloc[row],
        "klassen": screening.locaties["zones_klassen"].iloc[row],
    }


def test_each_class_has_its_severity_and_the_verdict_names_it(sites: Sites) -> None:
    """Squares of 100 m, each wholly in one zone; the fourth in none, the fifth in "buiten"."""
    layer = zones(
        LIB,
        (block(0, 0), "LIB1"),
        (block(200, 0), "lib3 "),
        (block(400, 0), "LIB5"),
        (block(800, 0), "buiten"),
    )
    done = woongeo.screen(sites([block(x, 0) for x in (0, 200, 400, 600, 800)]), [layer])
    assert done.treffers["oordeel"].tolist() == ["belemmerd"] * 3 + ["vrij", "vrij"]
    assert done.treffers["zwaarte"].tolist() == ["zeer hard", "hard", "middel", "", ""]
    assert done.locaties["zones_klasse"].tolist() == ["LIB1", "lib3", "LIB5", "", "buiten"]
    assert done.treffers["reden"].tolist()[2:] == [
        "LIB5 10.000 m² (100 %): middel",
        "geen gebied van de laag op de locatie",
        "buiten 10.000 m² (100 %): geen belemmering volgens de regel",
    ]
    assert done.locaties["zones_overlap_m2"].tolist() == [10_000, 10_000, 10_000, 0, 0]
    # The nearest hindering zone; from 600 to 500 m, and from 800 to 500 m.
    assert done.locaties["zones_afstand_m"].tolist() == [0, 0, 0, 100, 300]
    assert done.locaties["zones_objecten"].iloc[0] == "0 gebied 0 [LIB1]"


def test_the_heaviest_decides_however_small_unless_it_is_a_sliver(sites: Sites) -> None:
    """A site of 100 by 100 m: 2 m of LIB1 is 200 m² (2 %), 0.5 m is 50 m² (0.5 %)."""
    site = sites([block(0, 0)])
    rest = (block(2, 0, 98), "LIB5")
    said = one(woongeo.screen(site, [zones(LIB, (block(0, 0, 2), "LIB1"), rest)]))
    assert (said["oordeel"], said["zwaarte"], said["klasse"]) == ("belemmerd", "zeer hard", "LIB1")
    assert said["klassen"] == "LIB5 98 %; LIB1 2 %"
    assert said["reden"] == "LIB1 200 m² (2 %): zeer hard; ook LIB5 9.800 m² (98 %)"
    sliver = (block(0, 0, 0.5), "LIB1")
    said = one(woongeo.screen(site, [zones(LIB, sliver, (block(0.5, 0, 99.5), "LIB5"))]))
    assert (said["zwaarte"], said["klassen"]) == ("middel", "LIB5 99,5 %")
    said = one(woongeo.screen(site, [zones(LIB, sliver)]))
    assert (said["oordeel"], said["overlap_m2"]) == ("vrij", 50)
    assert said["reden"] == "raakt, onder drempel: LIB1 50 m² (0,5 %); drempel 100 m² of 1 %"


@pytest.mark.parametrize(
    ("red", "verdict", "severity"), [(60, "belemmerd", "hard"), (40, "vrij", "")]
)
def test_the_largest_decides_and_all_are_named(
    sites: Sites, red: int, verdict: str, severity: str
) -> None:
    """Red holds 60 or 40 of 100 m, yellow the rest."""
    layer = zones(BIGGEST, (block(0, 0, red), "rood"), (block(red, 0, 100 - red), "geel"))
    said = one(woongeo.screen(sites([block(0, 0)]), [layer]))
    assert (said["oordeel"], said["zwaarte"]) == (verdict, severity)
    assert said["objecten"] == "0 gebied 0 [rood]; 1 gebied 1 [geel]"
    assert said["overlap_m2"] == 100 * red
    assert f"rood {red} %" in said["klassen"]
    assert "rood" in said["reden"]
    assert "geel" in said["reden"]


def test_areas_of_one_class_add_up(sites: Sites) -> None:
    """Red 40 m in one piece; orange 30 + 30 m in two."""
    layer = zones(
        BIGGEST,
        (block(0, 0, 40), "rood"),
        (block(40, 0, 30), "oranje"),
        (block(70, 0, 30), "oranje"),
    )
    said = one(woongeo.screen(sites([block(0, 0)]), [layer]))
    assert (said["klasse"], said["zwaarte"], said["klassen"]) == (
        *("oranje", "middel"),
        "oranje 60 %; rood 40 %",
    )


def test_of_two_that_are_as_large_the_heavier_counts_and_it_is_said(sites: Sites) -> None:
    """Half orange, half red; the order of the areas means nothing."""
    halves = [(block(0, 0, 50), "oranje"), (block(50, 0, 50), "rood")]
    for drawn in (halves, halves[::-1]):
        said = one(woongeo.screen(sites([block(0, 0)]), [zones(BIGGEST, *drawn)]))
        assert (said["zwaarte"], said["klasse"]) == ("hard", "rood")
        assert "een andere klasse is even groot: de zwaarste telt" in said["reden"]
    with_yellow = [(block(0, 0, 50), "geel"), (block(50, 0, 50), "oranje")]
    said = one(woongeo.screen(sites([block(0, 0)]), [zones(BIGGEST, *with_yellow)]))
    assert (said["oordeel"], said["zwaarte"]) == ("belemmerd", "middel")


def test_ground_in_two_areas_is_of_the_worse_one(sites: Sites) -> None:
    """Yellow holds all of the site, and red the west 60 m of it too: red 60, yellow 40."""
    layer = zones(BIGGEST, (block(0, 0), "geel"), (block(0, 0, 60), "rood"))
    said = one(woongeo.screen(sites([block(0, 0)]), [layer]))
    assert (said["klasse"], said["klassen"]) == ("rood", "rood 60 %; geel 40 %")


def test_a_site_partly_outside_the_coverage_is_unknown_unless_blocked(sites: Sites) -> None:
    """Known are the west 60 m of each site: yellow in the first, red in the second."""
    areas = [(block(0, 0, 60), "geel"), (block(200, 0, 60), "rood")]
    layer = zones(BIGGEST, *areas, coverage="eigen gebieden")
    done = woongeo.screen(sites([block(0, 0), block(200, 0), block(400, 0)]), [layer])
    assert done.treffers["oordeel"].tolist() == ["onbekend", "belemmerd", "onbekend"]
    assert done.treffers["reden"].tolist() == [
        (
            "ligt voor 4.000 m² (40 %) buiten de dekking van de laag; "
            "geel 6.000 m² (60 %): geen belemmering volgens de regel"
        ),
        "rood 6.000 m² (60 %): hard; ligt voor 4.000 m² (40 %) buiten de dekking van de laag",
        "ligt buiten de dekking van de laag",
    ]
    assert done.locaties["belemmerd_m2"].tolist() == [0, 6_000, 0]
    assert done.locaties["onbekend_m2"].tolist() == [4_000, 4_000, 10_000]
    assert done.locaties["vrij_m2"].tolist() == [6_000, 0, 0]


def test_an_unknown_class_is_as_unknown_as_what_lies_outside(sites: Sites) -> None:
    """Grey means unknown, and so do purple (not in the rule) and a feature without a class."""
    for word in ("grijs", "paars", None):
        areas = [(block(0, 0, 30), word), (block(30, 0, 70), "geel")]
        done = woongeo.screen(sites([block(0, 0)]), [zones(BIGGEST, *areas)])
        said = one(done)
        assert said["oordeel"] == "onbekend"
        told = f"klasse niet bekend: {word or 'zonder klasse'} 3.000 m² (30 %)"
        assert told in said["reden"]
        assert done.locaties["onbekend_m2"].tolist() == [3_000]
        # Blocked all the same where a hindering class is the largest of those that are known.
        areas = [(block(0, 0, 60), word), (block(60, 0, 40), "rood")]
        said = one(woongeo.screen(sites([block(0, 0)]), [zones(BIGGEST, *areas)]))
        assert said["oordeel"] == "belemmerd"
        assert "niet bekend" in said["reden"]
    sliver = [(block(0, 0, 0.5), "grijs"), (block(0.5, 0, 99.5), "geel")]
    assert one(woongeo.screen(sites([block(0, 0)]), [zones(BIGGEST, *sliver)]))["oordeel"] == "vrij"


def test_another_table_holds_from_a_day_on(sites: Sites) -> None:
    rule = woongeo.ClassRule(
        column="zone",
        classes={"geel": "geen", "rood": "zacht"},
        changes_on=FROM,
        classes_from={"rood": "hard"},
    )
    layer = zones(rule, (block(0, 0), "rood"), (block(200, 0), "geel"))
    places = sites([block(0, 0), block(200, 0)])
    day_before, day = (woongeo.screen(places, [layer], on=on) for on in (BEFORE, FROM))
    assert day_before.treffers["zwaarte"].tolist() == ["zacht", ""]
    assert day.treffers["zwaarte"].tolist() == ["hard", ""]
    assert day_before.treffers["reden"].iloc[0].endswith("regel van vóór 2026-07-01")
    assert day.treffers["reden"].iloc[0].endswith("regel vanaf 2026-07-01")
    # The severity of the rule is the heaviest that it can give.
    assert rule.severity == "hard"
    assert rule.facts()["klassen_vanaf"] == {"rood": "hard"}
    assert "vanaf 2026-07-01 rood hard" in rule.in_words()


def test_severity_of_each_site_counts_in_the_whole(sites: Sites) -> None:
    layer = zones(LIB, (block(0, 0), "LIB1"), (block(200, 0), "LIB5"))
    done = woongeo.screen(sites([block(0, 0), block(200, 0)]), [layer], from_severity="hard")
    assert done.locaties["oordeel"].tolist() == ["belemmerd", "vrij"]
    assert done.locaties["zwaarte"].tolist() == ["zeer hard", ""]
    assert done.locaties["zones_oordeel"].tolist() == ["belemmerd", "belemmerd"]


def test_an_empty_layer_and_no_sites_do_no_harm(sites: Sites) -> None:
    empty = woongeo.read_layer(
        "zones",
        frame([], zone=[]).astype({"zone": object}),
        rule=LIB,
        coverage="nederland",
        empty_is_free=True,
    )
    done = woongeo.screen(sites([block(0, 0)]), [empty])
    assert done.treffers["oordeel"].tolist() == ["vrij"]


def test_a_layer_without_the_column_is_refused_or_taken_as_the_rule_says(sites: Sites) -> None:
    drawn = frame([block(0, 0)], nr=[1])
    with pytest.raises(ColumnError, match="leest de kolom 'zone', die er niet is; zeg met columns"):
        woongeo.read_layer("zones", drawn, rule=LIB, coverage="nederland")
    lenient = woongeo.ClassRule(column="zone", classes={"a": "hard"}, no_column="middel")
    layer = woongeo.read_layer("zones", drawn, rule=lenient, coverage="nederland")
    done = woongeo.screen(sites([block(0, 0)]), [layer])
    assert done.treffers["zwaarte"].tolist() == ["middel"]
    assert done.treffers["reden"].tolist() == ["zonder klasse 10.000 m² (100 %): middel"]
    bare = woongeo.read_layer("zones", drawn, coverage="nederland").with_rule(LIB)
    with pytest.raises(RuleError, match="leest de kolom 'zone'"):
        woongeo.screen(sites([block(0, 0)]), [bare])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "classes ontbreekt"),
        ({"classes": {"a": "erg"}}, "classes geeft 'a' de waarde 'erg'"),
        ({"classes": {"a": "geen"}}, "geen enkele klasse die belemmert"),
        ({"classes": {"a": "hard"}, "other": "rood"}, "other is 'rood'"),
        ({"classes": {"a": "hard"}, "decides": "eerste"}, "decides is 'eerste'"),
        ({"classes": {"a": "hard"}, "changes_on": FROM}, "horen bij elkaar"),
        ({"classes": {"a": "hard"}, "tolerance_share": 2.0}, "geef een deel"),
        ({"classes": {"a": "hard"}, "tolerance_m2": -1.0}, "tolerance_m2 is -1"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(RuleError, match=told):
        woongeo.ClassRule(**fields)


def test_a_hostile_class_does_nothing_in_what_is_written(sites: Sites, tmp_path: Path) -> None:
    word = "=1+1{{7*7}}<script>"
    rule = woongeo.ClassRule(column="zone", classes={word: "hard"})
    done = woongeo.screen(sites([block(0, 0)]), [zones(rule, (block(0, 0), word))])
    woongeo.export_screening(done, folder=tmp_path / "uit", webmap=woongeo.map_screening(done))
    table = (tmp_path / "uit" / "treffers.csv").read_text(encoding="utf-8-sig")
    assert "'=1+1" in table
    assert ",=1+1" not in table
    assert ";=1+1" not in table
    page = (tmp_path / "uit" / "kaart.html").read_text(encoding="utf-8")
    assert "{{7*7}}<script>" not in page


def test_a_file_of_rules_changes_one_class_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mijn_regels.toml"
    path.write_text('[netcongestie.rules.hoofd.classes_from]\nbeperkt = "geen"\n', encoding="utf-8")
    rule = woongeo.default_rule("netcongestie", catalogue=woongeo.read_catalogue(path))
    assert isinstance(rule, woongeo.ClassRule)
    assert (rule.table(BEFORE)["structureel"], rule.table(FROM)["structureel"]) == ("zacht", "hard")
    assert rule.table(FROM)["beperkt"] == "geen"
    assert "aangepast in mijn_regels.toml" in rule.source
    # How heavy it is follows from its classes: who says it apart is told so.
    path.write_text('[netcongestie.rules.hoofd]\nseverity = "zacht"\n', encoding="utf-8")
    with pytest.raises(RuleError, match=r"regel 2: .*severity: bestaat niet"):
        woongeo.read_catalogue(path)


# --- the arithmetic underneath


@given(
    boxes=st.lists(
        st.tuples(*[st.integers(0, 8)] * 2, *[st.integers(1, 6)] * 2, st.integers(0, 3)),
        min_size=1,
        max_size=8,
    )
)
def test_parts_of_classes_are_those_of_a_grid(boxes: list[tuple[int, ...]]) -> None:
    """On a grid of 10 by 10 cells of 10 m each cell is of the lowest class that covers it."""
    grid = np.full((14, 14), 9)
    for x, y, wide, high, klasse in boxes:
        cells = grid[x : x + wide, y : y + high]
        np.minimum(cells, klasse, out=cells)
    grid = grid[:10, :10]
    shapes = np.array([block(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h, _ in boxes])
    sites = EngineSites(np.array([block(0, 0)]))
    parts = class_parts(sites, shapes, np.array([b[-1] for b in boxes]))
    found = dict(zip(parts.klass.tolist(), parts.area_m2.tolist(), strict=True))
    expected = {k: 100.0 * int((grid == k).sum()) for k in range(4) if (grid == k).any()}
    assert found == pytest.approx(expected)
    assert parts.area_m2.sum() <= sites.area[0] + 1e-6


def equal_parts(a: ClassParts, b: ClassParts) -> None:
    """Hold two answers to be the same to the last bit."""
    for field in dataclasses.fields(ClassParts):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if field.name == "part":
            assert shapely.to_wkb(left).tolist() == shapely.to_wkb(right).tolist()
        else:
            np.testing.assert_array_equal(left, right, err_msg=field.name)


def parts_at(found: ClassParts, start: int, stop: int) -> ClassParts:
    """Take the sites of one portion."""
    row = (found.site >= start) & (found.site < stop)
    pair = (found.pair_site >= start) & (found.pair_site < stop)
    return ClassParts(
        found.site[row] - start,
        found.klass[row],
        found.area_m2[row],
        found.part[row],
        found.pair_site[pair] - start,
        found.pair_feature[pair],
    )


def held_to_one_by_one(sites: Shapes, features: Shapes, klass: Any, cut: int) -> None:
    """Hold that neither an index that is kept nor other sites change what is said of a site."""
    index = LayerIndex(features)
    whole = class_parts(EngineSites(sites), features, klass)
    # The last first: the index grows in another order.
    for start, stop in [(cut, len(sites)), (0, cut)]:
        if 0 <= start < stop <= len(sites):
            portion = EngineSites(sites[start:stop])
            found = class_parts(portion, features, klass, index=index)
            equal_parts(found, parts_at(whole, start, stop))
            # Now the sites know it too.
            equal_parts(class_parts(portion, features, klass, index=index), found)


@given(sites=surfaces, features=surfaces, cut=st.integers(1, 5), kinds=st.integers(1, 3))
def test_what_classes_hold_of_a_site_depends_on_no_other_site_and_no_index(
    sites: Shapes, features: Shapes, cut: int, kinds: int
) -> None:
    held_to_one_by_one(sites, features, np.arange(len(features)) % kinds, cut)


def test_the_same_of_areas_that_are_cut_to_pieces() -> None:
    """Two areas of 6,000 and 3,000 corners, in part over each other, and a block over both."""
    layer = np.array([nature_area(6_000), nature_area(3_000, x=700), block(200, 200)], dtype=object)
    held_to_one_by_one(many_sites(), layer, np.array([2, 1, 0]), 90)


def held_to_measure(sites: Shapes, features: Shapes, chosen: Any, reach_m: float) -> None:
    """Hold that what is measured of the chosen is what `measure` gives of them alone."""
    alone = measure(EngineSites(sites), features[chosen], reach_m=reach_m)
    of_all, of_chosen = LayerIndex(features), LayerIndex(features[chosen])
    equal(measure_chosen(EngineSites(sites), of_all, chosen, of_chosen, reach_m=reach_m), alone)


@given(
    sites=surfaces, features=surfaces, kinds=st.integers(1, 3), reach_m=st.sampled_from([0, 9e3])
)
def test_the_hindering_are_measured_as_if_they_were_alone(
    sites: Shapes, features: Shapes, kinds: int, reach_m: float
) -> None:
    held_to_measure(sites, features, np.arange(len(features)) % kinds == 0, reach_m)


@pytest.mark.parametrize("chosen", [(True, False, True), (False, True, False), (True, True, True)])
def test_the_same_of_areas_in_pieces_of_lines_and_of_none(chosen: tuple[bool, ...]) -> None:
    line = shapely.LineString([(EAST, NORTH), (EAST + 900, NORTH + 900)])
    for first in (nature_area(6_000), line, shapely.Point(EAST + 10, NORTH + 10)):
        layer = np.array([first, nature_area(3_000, x=700), block(200, 200)], dtype=object)
        held_to_measure(many_sites(), layer, np.array(chosen), 25_000.0)
    held_to_measure(many_sites(), layer, np.zeros(3, dtype=bool), 25_000.0)


def test_a_layer_that_was_asked_before_gives_the_same_as_a_new_one(sites: Sites) -> None:
    """Other places, another day and another table came first."""
    areas = [(block(100 * i - 10, 0, 70), w) for i, w in enumerate(["rood", "geel", "grijs"] * 4)]
    changing = dataclasses.replace(
        BIGGEST, changes_on=FROM, classes_from={"geel": "zacht", "rood": "geen"}
    )
    places = sites([block(90 * i, 5, 60) for i in range(12)])
    kept = zones(changing, *areas)
    woongeo.screen(sites([block(150, 0), block(900, 10)]), [kept], on=FROM)
    for on in (BEFORE, FROM):
        for rule in (changing, BIGGEST):
            other = zones(rule, *areas)
            anew = woongeo.screen(places, [other], on=on)
            again = woongeo.screen(places, [kept], on=on).changed({"zones": rule})
            pd.testing.assert_frame_equal(again.treffers, anew.treffers, check_exact=True)
            for column in [c for c in anew.locaties if c.endswith("_m2") or "klasse" in c]:
                left, right = again.locaties[column], anew.locaties[column]
                pd.testing.assert_series_equal(left, right, check_exact=True)


def test_what_one_class_holds_wholly_leaves_nothing_to_lighter_ones(sites: Sites) -> None:
    """Sites of 100 m; areas reach 10 m beyond them, so that each lies wholly within.

    The first: red twice, half of it red once more, and yellow. The second: yellow, and the west
    30 m red. The third: grey (not known) and red.
    """
    layer = zones(
        BIGGEST,
        (block(-10, -10, 120, 120), "rood"),
        (block(-10, -10, 130, 120), "rood"),
        (block(-10, -10, 60, 120), "rood"),
        (block(-10, -10, 120, 120), "geel"),
        (block(390, -10, 120, 120), "geel"),
        (block(390, -10, 40, 120), "rood"),
        (block(790, -10, 120, 120), "grijs"),
        (block(790, -10, 120, 120), "rood"),
    )
    done = woongeo.screen(sites([block(0, 0), block(400, 0), block(800, 0)]), [layer])
    assert done.locaties["zones_klassen"].tolist() == [
        "rood 100 %",
        "geel 70 %; rood 30 %",
        "rood 100 %",
    ]
    assert done.locaties["zones_overlap_m2"].tolist() == [10_000, 3_000, 10_000]
    assert done.treffers["oordeel"].tolist() == ["belemmerd", "vrij", "belemmerd"]
    assert done.treffers["objecten"].tolist() == [
        "0 gebied 0 [rood]; 1 gebied 1 [rood]; 2 gebied 2 [rood]; 3 gebied 3 [geel]",
        "4 gebied 4 [geel]; 5 gebied 5 [rood]",
        "6 gebied 6 [grijs]; 7 gebied 7 [rood]",
    ]


def test_lines_and_points_hold_no_ground() -> None:
    shapes = np.array([shapely.Point(EAST + 5, NORTH + 5), block(-100, 0)], dtype=object)
    parts = class_parts(EngineSites(np.array([block(0, 0)])), shapes, np.array([0, 1]))
    assert parts.site.tolist() == []
