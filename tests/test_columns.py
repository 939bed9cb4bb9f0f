"""Which column means what, and numbers as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woongeo.columns import (
    LOCATION_NAMES,
    as_text,
    choose,
    feature_columns,
    has_thousands,
    numbers,
    recognise,
)
from woongeo.errors import ColumnError

REGISTERS: dict[str, tuple[list[str], dict[str, str | None]]] = {
    "EIB 2020": (
        ["OBJECTID", "Provincie", "Gem_naam", "Plannaam", "Planstatus", "Aantalrest", "Sloop"],
        {
            "id": "OBJECTID",
            "name": "Plannaam",
            "woningen": "Aantalrest",
            "planstatus": "Planstatus",
            "sloop": "Sloop",
        },
    ),
    "Planmonitor Wonen": (
        ["Plannaam", "Status_Planologisch", "Totaal_Resterend", "Totaal_Sloop"],
        {"id": None, "woningen": "Totaal_Resterend", "planstatus": "Status_Planologisch"},
    ),
    "LMVW": (
        ["Plan_id", "Netto Plancapaciteit", "Bruto Plancapaciteit", "Hardheid"],
        {"id": "Plan_id", "woningen": "Netto Plancapaciteit", "planstatus": "Hardheid"},
    ),
    # What is left of a to be built plan counts, not what was planned.
    "rest gaat voor totaal": (["totaal", "restcapaciteit"], {"woningen": "restcapaciteit"}),
    "een eigen status gaat voor": (["status", "planstatus"], {"planstatus": "planstatus"}),
    "niets": (["kolom 1", "woningen2"], dict.fromkeys(("id", "name", "woningen", "planstatus"))),
}


@pytest.mark.parametrize(("columns", "expected"), REGISTERS.values(), ids=REGISTERS)
def test_the_usual_names_of_dutch_registers_are_recognised(
    columns: list[str], expected: dict[str, str | None]
) -> None:
    found = choose(columns, {}, LOCATION_NAMES, what="x")
    assert {meaning: found[meaning] for meaning in expected} == expected


def test_no_name_means_two_things() -> None:
    # One column may say both hard or zacht and the status; no other name may be read as two things.
    names = [n for meaning, usual in LOCATION_NAMES.items() if meaning != "hardheid" for n in usual]
    assert len(set(names)) == len(names)
    assert all(name == name.lower().strip() for name in names)


def test_blanks_and_capitals_around_a_name_do_not_matter() -> None:
    assert recognise([" PLANNAAM "], ["plannaam"]) == " PLANNAAM "


def test_a_column_that_is_given_goes_before_what_is_recognised() -> None:
    found = choose(["woningen", "mijn getal"], {"woningen": "mijn getal"}, LOCATION_NAMES, what="x")
    assert found["woningen"] == "mijn getal"


@pytest.mark.parametrize("wrong", ["wonigen", "Woningen", "geometry", ""])
def test_a_given_column_that_does_not_exist_is_refused_with_those_that_do(wrong: str) -> None:
    with pytest.raises(
        ColumnError, match=r"plannen\.gpkg: kolom .* woningen .* wel: plan_id, woningen\."
    ):
        choose(["plan_id", "woningen"], {"woningen": wrong}, LOCATION_NAMES, what="plannen.gpkg")


def test_ids_and_names_of_features_are_recognised_or_given() -> None:
    columns = ["nr", "naam", "code"]
    found = feature_columns(columns, id_column=None, name_column=None, what="x")
    assert found == {"id": "nr", "name": "naam"}
    found = feature_columns(columns, id_column="code", name_column=None, what="x")
    assert found == {"id": "code", "name": "naam"}
    with pytest.raises(ColumnError):
        feature_columns(columns, id_column=None, name_column="titel", what="x")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0, 2.0, None], ["1", "2", ""]),
        ([1, 2], ["1", "2"]),
        ([1.5, float("inf")], ["1.5", "inf"]),
        (["007", " a ", None, ""], ["007", "a", "", ""]),
        ([12.0, "12a", None], ["12", "12a", ""]),
        (pd.array([1, None], dtype="Int64"), ["1", ""]),
        (pd.array([1.0, None], dtype="Float64"), ["1", ""]),
        (pd.Categorical(["a", None]), ["a", ""]),
        ([True, False], ["True", "False"]),
        ([], []),
    ],
)
def test_ids_are_written_as_people_write_them(values: Any, text: list[str]) -> None:
    index = range(5, 5 + len(values))
    written = as_text(pd.Series(values, index=index))
    assert written.tolist() == text
    assert written.index.tolist() == list(index)


READ = {
    "12": 12,
    " 12 ": 12,
    "-3": -3,
    "\u22123": -3,
    "+4": 4,
    "1.234": 1234,
    "1 234": 1234,
    "1\u00a0234": 1234,
    "1.234.567": 1_234_567,
    "12.345,5": 12_345.5,
    "12,5": 12.5,
    "12.5": 12.5,
    "0.500": 0.5,
    "0,5": 0.5,
    "1.23": 1.23,
    "1.2345": 1.2345,
    "0": 0,
    "00012": 12,
    "1e3": 1000,
}
UNREADABLE = [
    *("ca. 30", "10-20", "30 woningen", "n.v.t.", "?", "1.2.3", "1,2,3", "inf", "nan", "€ 5"),
    *("12.34.567", "1.234,567.8", "--3", "O"),
]


@pytest.mark.parametrize(("text", "number"), READ.items(), ids=READ)
def test_numbers_are_read_as_dutch_people_write_them(text: str, number: float) -> None:
    read, bad = numbers(pd.Series([text]))
    assert (read.tolist(), bad.tolist()) == ([number], [False])


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_number_is_told_and_never_zero(text: str) -> None:
    read, bad = numbers(pd.Series([text, "1"]))
    assert np.isnan(read[0])
    assert bad.tolist() == [True, False]


@pytest.mark.parametrize("blank", [None, float("nan"), pd.NA, "", "  ", "-"])
def test_what_is_blank_is_missing_and_neither_zero_nor_wrong(blank: object) -> None:
    read, bad = numbers(pd.Series([blank, "5"], dtype=object))
    assert np.isnan(read[0])
    assert read[1] == 5
    assert not bad.any()


@pytest.mark.parametrize(
    ("values", "read", "bad"),
    [
        (pd.array([1, None], dtype="Int64"), [1, np.nan], [False, False]),
        (pd.array([1.5, None], dtype="Float64"), [1.5, np.nan], [False, False]),
        (np.array([1, 2], dtype="uint8"), [1, 2], [False, False]),
        ([1.0, float("inf"), None], [1, np.nan, np.nan], [False, True, False]),
        ([True, False], [np.nan, np.nan], [True, True]),
        (pd.array([True, None], dtype="boolean"), [np.nan, np.nan], [True, False]),
        ([1, "2", None, True], [1, 2, np.nan, np.nan], [False, False, False, True]),
        (pd.Categorical([10, 20]), [10, 20], [False, False]),
        (pd.to_datetime(["2026-01-01"]), [np.nan], [True]),
        ([], [], []),
    ],
)
def test_numbers_of_any_kind_of_column_are_read(
    values: Any, read: list[float], bad: list[bool]
) -> None:
    found, unreadable = numbers(pd.Series(values))
    assert found.dtype == float
    np.testing.assert_array_equal(found, read)
    assert unreadable.tolist() == bad


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_reads_the_same_however_it_is_grouped(number: int) -> None:
    grouped = f"{number:,}"
    texts = [str(number), grouped.replace(",", "."), grouped.replace(",", " ")]
    read, bad = numbers(pd.Series([*texts, f"{number},0"]))
    assert read.tolist() == [number] * 4
    assert not bad.any()
    assert has_thousands(pd.Series(texts)).tolist() == [False, *[abs(number) >= 1_000] * 2]


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=8), st.floats(), st.integers(), st.booleans()))
)
def test_any_column_is_read_without_loss_of_rows(values: list[object]) -> None:
    column = pd.Series(values, dtype=object)
    read, bad = numbers(column)
    assert len(read) == len(bad) == len(values)
    assert not (read.notna() & bad).any()
    assert np.isfinite(read.dropna()).all()


def test_a_number_among_text_is_not_read_as_thousands() -> None:
    # A sheet holds 1.234 as a number: one and a quarter. As text it is Dutch for 1234.
    read, bad = numbers(pd.Series([1.234, "1.234", 12, True, None], dtype=object))
    assert read.fillna(-1).tolist() == [1.234, 1234, 12, -1, -1]
    assert bad.tolist() == [False, False, False, True, False]
