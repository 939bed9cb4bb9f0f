"""Rules: what may be asked of a layer."""

from __future__ import annotations

from typing import Any

import pytest

from woongeo.errors import RuleError
from woongeo.rules import SEVERITIES, Rule

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
