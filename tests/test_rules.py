"""Rules: what may be asked of a layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from conftest import block, frame
from drawn_rasters import write

import woongeo
from woongeo.errors import RuleError
from woongeo.rules import (
    SEVERITIES,
    ClassRule,
    RasterRule,
    Rule,
    RuleBase,
    StikstofRule,
    TableRule,
)

Sites = Callable[..., woongeo.Locations]

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"tolerance_m2": -1}, "tolerance_m2"),
        ({"tolerance_m2": NAN}, "tolerance_m2"),
        ({"tolerance_m2": INF}, "tolerance_m2"),
        ({"tolerance_share": -0.1}, "tolerance_share"),
        # One percent written as 1 would be a tolerance of the whole site.
        ({"tolerance_share": 1.01}, "tolerance_share"),
        ({"tolerance_share": NAN}, "tolerance_share"),
        ({"within_m": 0}, "within_m"),
        ({"within_m": -5}, "within_m"),
        ({"within_m": INF}, "within_m"),
        ({"severity": "erg"}, "zacht, middel, hard, zeer hard"),
        ({"max_age_days": -1}, "max_age_days"),
        # Text is not guessed at.
        ({"max_age_days": "10"}, "max_age_days"),
        ({"within_m": "50"}, "within_m"),
        ({"within_m": True}, "within_m"),
        ({"tolerance_m2": "1"}, "tolerance_m2"),
        ({"tolerance_share": "0,1"}, "tolerance_share"),
        ({"within_column": "k", "within_of": {"a": "50"}}, "within_of"),
        ({"least": {"a": "50"}}, "least geeft 'a'"),
        ({"least": {"a": NAN}}, "least geeft 'a'"),
        ({"valid_from": "2026-07-01"}, "valid_from"),
        ({"valid_until": pd.NaT}, "valid_until"),
        # A word is no row of words: letter by letter no value would count.
        ({"where": {"soort": "waterwingebied"}}, "where geeft kolom 'soort'"),
        ({"known": {"soort": "a"}}, "known geeft kolom 'soort'"),
        ({"unknown_where": {"soort": "a"}}, "unknown_where geeft kolom 'soort'"),
        ({"where": {"soort": 1}}, r"geef een rij waarden, als \(1,\)"),
        ({"where": "soort"}, "per kolom een rij waarden"),
        ({"where": {"soort": ()}}, "dan belemmert niets"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(RuleError, match=named):
        Rule(**given)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_severity_and_every_limit_itself_is_allowed(severity: str) -> None:
    rule = Rule(tolerance_m2=0, tolerance_share=1, severity=severity, max_age_days=0)
    assert rule.facts()["zwaarte"] == severity


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            Rule(tolerance_m2=0, tolerance_share=0),
            "belemmerd bij overlap van meer dan 0 m² of meer dan 0 % van de locatie",
        ),
        (
            Rule(tolerance_m2=1_500, tolerance_share=0.125),
            "belemmerd bij overlap van meer dan 1.500 m² of meer dan 12,5 % van de locatie",
        ),
        (Rule(within_m=2_000), "belemmerd binnen 2.000 m"),
    ],
)
def test_a_rule_can_be_read_as_a_sentence(rule: Rule, words: str) -> None:
    assert rule.in_words() == words
    assert rule.facts()["regel"] == words


def test_a_changed_rule_says_so_and_keeps_what_was_not_changed() -> None:
    rule = Rule(tolerance_m2=50, within_m=10, max_age_days=30, source="wet", version="2")
    changed = rule.changed(tolerance_share=0.5)
    assert changed.source == "wet; aangepast door de gebruiker"
    assert (changed.tolerance_m2, changed.tolerance_share) == (50, 0.5)
    assert (changed.within_m, changed.max_age_days, changed.version) == (10, 30, "2")
    assert rule.tolerance_share == 0.01


def test_zero_is_a_change_and_none_is_not() -> None:
    assert Rule(tolerance_m2=50).changed(tolerance_m2=0).tolerance_m2 == 0
    assert Rule(tolerance_m2=50).changed(tolerance_m2=None).tolerance_m2 == 50


def test_a_change_is_checked_like_a_rule() -> None:
    with pytest.raises(RuleError, match="within_m"):
        Rule().changed(within_m=-1)


@pytest.mark.parametrize(
    ("kind", "given", "named"),
    [
        (StikstofRule, {"threshold_mol_ha_j": "0.1"}, "threshold_mol_ha_j"),
        (StikstofRule, {"min_exceedance_mol_ha_j": "1"}, "min_exceedance_mol_ha_j"),
        (StikstofRule, {"not_sensitive": {"gevoelig": "nee"}}, "not_sensitive"),
        (ClassRule, {"classes": {"a": "hard"}, "tolerance_share": "1"}, "tolerance_share"),
        (TableRule, {"above": "3"}, "above"),
        (RasterRule, {"above": "3"}, "above"),
        (RasterRule, {"above": 3, "min_share": "1"}, "min_share"),
    ],
)
def test_other_kinds_refuse_by_name_too(
    kind: type[RuleBase], given: dict[str, Any], named: str
) -> None:
    with pytest.raises(RuleError, match=named):
        kind(**given)


MOMENTS = [
    dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC),
    pd.Timestamp("2026-07-01 12:00"),
    dt.date(2026, 7, 1),
]


@pytest.mark.parametrize("day", MOMENTS, ids=lambda day: type(day).__name__)
def test_of_a_moment_only_the_day_is_kept(sites: Sites, day: dt.date) -> None:
    rule = Rule(valid_from=day, valid_until=day, source_date=day)
    assert [type(rule.valid_from), type(rule.source_date)] == [dt.date, dt.date]
    assert rule.facts()["geldig_vanaf"] == "2026-07-01"
    changing = ClassRule(classes={"a": "geen"}, classes_from={"a": "hard"}, changes_on=day)
    area = frame([block(0, 0)], klasse=["a"])
    for today, verdict in ((dt.date(2026, 6, 30), "vrij"), (dt.date(2026, 7, 1), "belemmerd")):
        layers = [
            woongeo.read_layer(key, area, coverage="nederland", rule=given)
            for key, given in (("zone", rule), ("klasse", changing))
        ]
        done = woongeo.screen(sites([block(0, 0)]), layers, on=today)
        assert done.treffers["oordeel"].tolist() == [verdict] * 2


@pytest.mark.parametrize("values", [(1.0,), [1], ("1",), {1}, pd.Series([1.0])])
def test_numbers_are_compared_as_files_write_them(sites: Sites, values: Any) -> None:
    """A column of whole numbers, and one that is 1.0 since another row has none."""
    rule = Rule(where={"code": values})
    assert rule.where == {"code": ("1",)}
    assert rule.in_words().endswith("alleen waar code 1 is")
    for codes in ([1, 2], [1.0, None], ["1", "2"]):
        area = frame([block(0, 0), block(9_000, 0)], code=codes)
        layer = woongeo.read_layer("x", area, coverage="nederland", rule=rule)
        done = woongeo.screen(sites([block(0, 0)]), [layer])
        assert done.treffers["oordeel"].tolist() == ["belemmerd"]


def test_values_of_a_set_have_one_order() -> None:
    assert Rule(where={"soort": {"b", "a"}}).where == {"soort": ("a", "b")}  # type: ignore[dict-item]
    marks = StikstofRule(not_sensitive={"gevoelig": [0.0, "nee"]})  # type: ignore[dict-item]
    assert marks.not_sensitive == {"gevoelig": ("0", "nee")}


# --- rules on layers of another kind


@pytest.mark.parametrize(
    "rule",
    [
        Rule(),
        Rule(within_m=50),
        ClassRule(classes={"a": "hard"}),
        StikstofRule(),
        TableRule(above=1),
    ],
    ids=lambda rule: rule.kind,
)
def test_a_raster_takes_rules_on_cells_only(sites: Sites, tmp_path: Any, rule: RuleBase) -> None:
    """Nine metres of water, which a rule on shapes would not see."""
    path = write(tmp_path / "diep.tif", [[9.0, 9.0], [9.0, 9.0]])
    deep = woongeo.read_raster_layer("overstromingsdiepte", path)
    with pytest.raises(RuleError, match=r"is een raster en een regel van de soort .* RasterRule"):
        deep.with_rule(rule)
    with pytest.raises(RuleError, match="is een raster"):
        woongeo.screen(sites([block(0, 0)]), [deep], rules={"overstromingsdiepte_10m": rule})
    with pytest.raises(RuleError, match="is een raster"):
        woongeo.read_raster_layer("overstromingsdiepte", path, rule=rule)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", [Rule(), RasterRule(above=1)], ids=lambda rule: rule.kind)
def test_a_table_takes_rules_on_regions_only(rule: RuleBase) -> None:
    table = pd.DataFrame({"gemeente": ["Utrecht"], "fte": [1]})
    staff = woongeo.read_table_layer("staf", table, value_column="fte", rule=TableRule(below=3))
    with pytest.raises(RuleError, match=r"is een tabel en een regel van de soort .* TableRule"):
        staff.with_rule(rule)
    with pytest.raises(RuleError, match="None is geen regel"):
        staff.with_rule(None)  # type: ignore[arg-type]
