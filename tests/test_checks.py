"""The report of a door."""

from __future__ import annotations

import pytest

from woongeo.checks import ERNST, CheckReport, Finding

REPORT = CheckReport.of(
    [
        Finding("P1", "sloop negatief", "melding", "sloop is -3", -3),
        Finding("P2", "splinter", "waarschuwing", "vlak is gemiddeld 1 m breed", 1.0),
        Finding("P3", "sloop negatief", "melding", "sloop is -4", -4),
        Finding("P4", "geometrie onbruikbaar", "fout", "<b>{{7*7}}</b>"),
    ]
)


def test_a_report_has_a_line_a_finding_in_the_order_given() -> None:
    assert len(REPORT) == 4
    assert REPORT.table["object_id"].tolist() == ["P1", "P2", "P3", "P4"]
    assert REPORT.table["waarde"].isna().tolist() == [False, False, False, True]


def test_the_heaviest_come_first_and_then_the_most_frequent() -> None:
    assert list(REPORT.counts().items()) == [
        ("geometrie onbruikbaar", 1),
        ("splinter", 1),
        ("sloop negatief", 2),
    ]
    assert REPORT.summary()[-1] == "sloop negatief: 2"


def test_the_lines_of_one_check_can_be_taken() -> None:
    assert REPORT.of_check("sloop negatief")["waarde"].tolist() == [-3, -4]
    assert REPORT.of_check("bestaat niet").empty


def test_an_empty_report_says_that_there_is_nothing() -> None:
    empty = CheckReport.of([])
    assert (len(empty), empty.counts(), empty.summary()) == (0, {}, [])
    assert "geen bijzonderheden" in empty._repr_html_()


@pytest.mark.parametrize("weight", ERNST)
def test_every_weight_can_be_counted(weight: str) -> None:
    assert CheckReport.of([Finding("", "x", weight, "")]).counts() == {"x": 1}


def test_a_report_in_a_notebook_runs_nothing_of_what_it_shows() -> None:
    assert "<b>{{7*7}}" not in REPORT._repr_html_()
    assert "&lt;b&gt;&#123;&#123;7*7" in REPORT._repr_html_()
