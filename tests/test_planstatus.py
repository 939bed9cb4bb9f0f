"""Plan status: what is read, and what is never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woongeo.planstatus import ONBEKEND, PLANSTATUS, planstatus, read_planstatus
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    from pathlib import Path

#: The dataprotocol as printed in the help page of Planmonitor Wonen.
HARD = {"1A", "1B", "2A", "2B"}
ZACHT = {"1C", "2C", "3", "4A", "4B"}
NOT_COUNTED = {"5A", "5B"}


def test_one_and_two_are_not_always_hard() -> None:
    found = {code: hardheid for code, (_, hardheid) in PLANSTATUS.items()}
    assert {code for code, h in found.items() if h is Hardheid.HARD} == HARD
    assert {code for code, h in found.items() if h is Hardheid.ZACHT} == ZACHT
    assert {code for code, h in found.items() if h is Hardheid.TELT_NIET_MEE} == NOT_COUNTED


SPELLINGS = {
    # EIB 2020
    "1A Onherroepelijk": "1A",
    "1B onhr + uitwerkingsplicht": "1B",
    "1C onhr + wijzigingsbevoegdheid": "1C",
    "2A Vastgesteld plan/besluit": "2A",
    "2B vastgesteld + Uitwerkingsplicht": "2B",
    "2C vastgesteld + Wijzigingebevoegdheid": "2C",
    "3 plan/besluit in voorbereiding": "3",
    "4A potentiele locatie in visie": "4A",
    "4B potentiele locatie optie": "4B",
    # DIWI
    "_1A_ONHERROEPELIJK": "1A",
    "_1B_ONHERROEPELIJK_MET_UITWERKING_NODIG": "1B",
    "_1C_ONHERROEPELIJK_MET_BW_NODIG": "1C",
    "_2A_VASTGESTELD": "2A",
    "_2B_VASTGESTELD_MET_UITWERKING_NODIG": "2B",
    "_2C_VASTGESTELD_MET_BW_NODIG": "2C",
    "_3_IN_VOORBEREIDING": "3",
    "_4A_OPGENOMEN_IN_VISIE": "4A",
    "_4B_NIET_OPGENOMEN_IN_VISIE": "4B",
    "4B Idee": "4B",
    # Planmonitor Wonen
    "Onherroepelijk": "1A",
    "Onherroepelijk, uitwerkingsplicht": "1B",
    "Onherroepelijk, wijzigingsbevoegdheid": "1C",
    "Vastgesteld": "2A",
    "Vastgesteld, uitwerkingsplicht": "2B",
    "Vastgesteld, wijzigingsbevoegdheid": "2C",
    "In voorbereiding": "3",
    "Visie": "4A",
    "Optie": "4B",
    "Ambtelijk met locatie": "5A",
    "Ambtelijk zonder locatie": "5B",
    "onherroepelijk met B&W nodig": "1C",
    # By hand
    "1a": "1A",
    " 2C. ": "2C",
    "1-A": "1A",
    "1 A": "1A",
    "1.A Onherroepelijk": "1A",
    "3": "3",
    "3. In voorbereiding": "3",
    "planstatus 4B": "4B",
    "(2A) vastgesteld": "2A",
    "vastgesteld, nog niet onherroepelijk": "2A",
    "１Ａ": "1A",  # noqa: RUF001
    "onherroepelijk; uitwerkingsplan in voorbereiding": "1B",
}


@pytest.mark.parametrize(("text", "code"), SPELLINGS.items(), ids=SPELLINGS)
def test_every_spelling_in_use_is_read(text: str, code: str) -> None:
    status = read_planstatus(text)
    assert (status.code, status.hardheid, status.doubt) == (code, PLANSTATUS[code][1], "")


NEVER_GUESSED = [
    *("4C", "1D", "5", "1", "2", "4", "6A", "12A", "A1", "3A", "plan 12"),
    *("1A/2A", "1A of 3", "deels 1A, deels 3", "1A 2026", "vastgesteld 2019"),
    *("niet onherroepelijk", "nog niet vastgesteld", "deels onherroepelijk"),
    *("ontwerp vastgesteld", "vaststelling verwacht", "onherroepelijk verwacht"),
    *("loopt", "ja", "1.0", "True", "bestemmingsplan", "hardheid", "zachtboard"),
]


@pytest.mark.parametrize("text", NEVER_GUESSED)
def test_what_names_no_one_code_is_unknown_and_says_what_stood_there(text: str) -> None:
    status = read_planstatus(text)
    assert (status.code, status.hardheid) == (ONBEKEND, Hardheid.ONBEKEND)
    assert repr(text) in status.doubt


@pytest.mark.parametrize(
    "text", [None, pd.NA, float("nan"), "", "  ", "-", "NULL", "nan", "n.v.t.", "Status onbekend"]
)
def test_what_is_not_filled_in_is_unknown(text: object) -> None:
    status = read_planstatus(text)
    assert (status.code, status.hardheid) == (ONBEKEND, Hardheid.ONBEKEND)
    assert "niet ingevuld" in status.doubt


@pytest.mark.parametrize(
    ("text", "hardheid"), [("Hard", "hard"), (" ZACHT ", "zacht"), ("zacht", "zacht")]
)
def test_hard_and_zacht_alone_say_how_hard_and_no_code(text: str, hardheid: str) -> None:
    status = read_planstatus(text)
    assert (status.code, status.hardheid, status.doubt) == (ONBEKEND, hardheid, "")


@pytest.mark.parametrize(
    "text",
    [
        *("1A in voorbereiding", "3 onherroepelijk", "2C vastgesteld", "5A vastgesteld"),
        *("1A zacht", "3 niet zacht", "1A (zacht)", "2A, niet hard", "4A Hard"),
        *("5B zacht", "1A hard zacht", "2A Zachte plancapaciteit"),
    ],
)
def test_a_code_that_its_words_contradict_is_followed_with_a_doubt(text: str) -> None:
    status = read_planstatus(text)
    assert status.code == text[:2].strip()
    assert "verschillen" in status.doubt


@pytest.mark.parametrize(
    ("text", "code"), [("zacht (1A)", "1A"), ("hard 3", "3"), ("vastgesteld, zacht", "2A")]
)
def test_hard_or_zacht_first_is_held_against_the_code_too(text: str, code: str) -> None:
    status = read_planstatus(text)
    assert (status.code, status.hardheid) == (code, PLANSTATUS[code][1])
    assert "verschillen" in status.doubt


@pytest.mark.parametrize(
    "text",
    ["1A hard", "hard (2B)", "3 zacht", "4A, niet hard", "1C zachte plannen", "Hard 1A hardop"],
)
def test_hard_or_zacht_that_agrees_with_the_code_is_no_doubt(text: str) -> None:
    assert read_planstatus(text).doubt == ""


@pytest.mark.parametrize("text", ["visie vastgesteld", "Structuurvisie, vastgesteld door de raad"])
def test_a_vision_that_was_adopted_is_no_adopted_plan(text: str) -> None:
    assert read_planstatus(text).hardheid is Hardheid.ZACHT


@settings(deadline=None)
@given(st.sampled_from(sorted(PLANSTATUS)), st.sampled_from(["", " ", "_", "("]), st.booleans())
def test_a_bare_code_is_read_whatever_stands_around_it(code: str, sign: str, lower: bool) -> None:  # noqa: FBT001
    text = f"{sign}{code.lower() if lower else code}{sign}"
    assert read_planstatus(text).code == code


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_gives_a_code_of_the_list_or_unknown_with_a_reason(text: str) -> None:
    status = read_planstatus(text)
    assert status.code in {*PLANSTATUS, ONBEKEND}
    if status.code != ONBEKEND:
        assert status.hardheid is PLANSTATUS[status.code][1]
    elif status.hardheid is Hardheid.ONBEKEND:
        assert status.doubt


def test_a_column_keeps_its_rows_and_index() -> None:
    texts = pd.Series(["1A", None, "4C", "1A"], index=[7, 3, 3, 9])
    read = planstatus(texts)
    assert read.index.equals(texts.index)
    assert read["planstatus"].tolist() == ["1A", "onbekend", "onbekend", "1A"]
    assert read["hardheid"].tolist() == ["hard", "onbekend", "onbekend", "hard"]
    assert [bool(doubt) for doubt in read["twijfel"]] == [False, True, True, False]


@pytest.mark.real
def test_the_register_of_noord_holland_is_read_but_for_the_nineteen_unknown(
    real_data: Path,
) -> None:
    plans = gpd.read_file(real_data / "plannen" / "eib_noord_holland_2020", ignore_geometry=True)
    read = planstatus(plans["Planstatus"])
    assert read["planstatus"].value_counts().to_dict() == {
        "1A": 871,
        "3": 624,
        "4A": 418,
        "2A": 79,
        "4B": 55,
        "1C": 38,
        "1B": 21,
        "onbekend": 19,
        "2C": 12,
        "2B": 4,
    }
    assert read.loc[read["planstatus"] != "onbekend", "twijfel"].eq("").all()
