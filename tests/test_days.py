"""What is given as a day is one, or is refused in words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from conftest import block, frame

import woongeo
from woongeo.days import day_of
from woongeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Any = "2026-07-01"


def test_a_moment_is_its_day_and_nothing_is_nothing() -> None:
    moment = dt.datetime(2026, 7, 1, 23, tzinfo=dt.UTC)
    assert day_of(moment, "on") == dt.date(2026, 7, 1)
    assert day_of(dt.date(2026, 7, 1), "on") == dt.date(2026, 7, 1)
    assert day_of(None, "on") is None
    with pytest.raises(InputError, match="on is '2026-07-01'; geef een datum"):
        day_of(DAY, "on")


def test_every_door_refuses_a_text_for_a_day_in_words(
    sites: Callable[..., woongeo.Locations],
) -> None:
    shapes = frame([block(0, 0)], naam=["Gelderland"])
    layer = woongeo.read_layer("natuur", shapes)
    doors: dict[str, Callable[[], object]] = {
        "on": lambda: woongeo.screen(sites([block(0, 0)]), [layer], on=DAY),
        "reference_date": lambda: woongeo.read_layer("natuur", shapes, reference_date=DAY),
        "from_date": lambda: woongeo.read_aansluitstop(shapes, from_date=DAY),
        "until": lambda: woongeo.read_aansluitstop(
            shapes, from_date=dt.date(2026, 7, 1), until=DAY
        ),
        "valid_from": lambda: woongeo.Rule(valid_from=DAY),
        "changes_on": lambda: woongeo.ClassRule(
            classes={"a": "hard"}, changes_on=DAY, classes_from={}
        ),
    }
    for name, door in doors.items():
        with pytest.raises(woongeo.WoongeoError, match=f"{name} is '2026-07-01'; geef een datum"):
            door()
