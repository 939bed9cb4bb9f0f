"""Numbers in the words of Dutch readers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from woongeo.numerals import by_number, counted, dutch, dutch_all


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0, 2, "0"),
        (-0.001, 2, "0"),
        (-1234.5, 2, "-1.234,5"),
        (1_000_000, 2, "1.000.000"),
        (0.005, 2, "0,01"),
        (2.5, 0, "2"),
        (99.999, 2, "100"),
        (float("nan"), 2, "onbekend"),
    ],
)
def test_numbers_are_written_as_dutch_readers_expect(
    value: float, decimals: int, written: str
) -> None:
    assert dutch(value, decimals=decimals) == written


def test_numbers_of_numpy_are_written_as_those_of_python() -> None:
    """2.675 lies just below the middle; times a hundred it is 267.5."""
    assert dutch(np.float64(2.675)) == dutch(2.675) == "2,67"


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_come_back_from_dutch(value: int) -> None:
    assert int(dutch(value).replace(".", "")) == value


@given(st.integers(min_value=0, max_value=10**9))
def test_one_is_called_one_and_all_else_more(number: int) -> None:
    text = counted(number, "plan staat", "plannen staan")
    assert text == f"{dutch(number)} {'plan staat' if number == 1 else 'plannen staan'}"
    assert by_number(number, "plan staat", "plannen staan") == text.partition(" ")[2]


def test_what_is_written_as_one_is_called_one() -> None:
    """Of 1.4 homes one is written where no decimals are; with them it is 1,4."""
    assert counted(1.4, "woning", "woningen") == "1 woning"
    assert counted(1.4, "woning", "woningen", decimals=2) == "1,4 woningen"
    assert counted(1.0, "woning", "woningen", decimals=2) == "1 woning"
    assert counted(-1, "woning", "woningen") == "-1 woningen"


@given(st.lists(st.floats(width=64)), st.integers(0, 4))
@example([2.675, 0.005, 999_999.995, 999_999.994, 1e6, -0.0, -5.5, 1e300, float("inf")], 2)
@example([0.5, 1.5, 999.5, 999_999.5], 0)
def test_many_numbers_are_written_as_each(values: list[float], decimals: int) -> None:
    assert dutch_all(values, decimals=decimals) == [dutch(v, decimals=decimals) for v in values]


@given(st.integers(0, 2 * 10**8))
def test_halves_of_a_hundredth_are_many_numbers_too(number: int) -> None:
    """Where a product is rounded up, the number itself may lie below the middle."""
    values = [number / 200, number / 8, number / 1000]
    assert dutch_all(values) == [dutch(v) for v in values]
