"""Text from strangers, made harmless in one place."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from woongeo.encode import (
    SHOWN_CHARACTERS,
    csv_text,
    html_text,
    page_data,
    shortened,
    shortened_all,
    visible,
)

#: Any text at all: control characters, direction marks and lone surrogates are likely in it.
ANY_TEXT = st.text(
    st.one_of(
        st.sampled_from(list("<>\"'{}`$\\%#&;=+-@\t\r\n\0\x1b\x85\u202e\u2066\ufeff\ud800\udfff")),
        st.characters(),
    ),
    max_size=60,
)
ATTACKS = (
    "{{7*7}}",
    "{% for x in y %}",
    "{# weg #}",
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "`${alert(1)}`",
    "</textarea>",
    "&lt;b&gt;",
    "&#123;&#123;7*7&#125;&#125;",
    "\\u003cscript\\u003e",
    "*/ alert(1) //",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_keeps_a_character_that_a_page_would_act_on(attack: str) -> None:
    outside = re.sub(r"&(?:#\d+|[a-z]+);", "", html_text(attack))
    assert not set(outside) & set("<>\"'{}`$\\%#&")


@settings(deadline=None)
@given(st.lists(st.one_of(ANY_TEXT, st.integers(), st.none()), max_size=6))
@example(["x" * (SHOWN_CHARACTERS + 1), "kort"])
def test_many_texts_are_shortened_as_each_by_itself(texts: list[object]) -> None:
    assert shortened_all(texts) == [shortened(text) for text in texts]


@settings(deadline=None)
@given(ANY_TEXT)
def test_text_in_a_page_is_inert_and_reads_as_it_was(text: str) -> None:
    encoded = html_text(text)
    outside = re.sub(r"&(?:#\d+|[a-z]+);", "", encoded)
    assert not set(outside) & set("<>\"'{}`$\\%#&")
    assert html.unescape(encoded) == visible(text)
    encoded.encode("utf-8")


@settings(deadline=None)
@given(ANY_TEXT)
def test_no_character_is_dropped_and_none_stays_unseen(text: str) -> None:
    shown = visible(text)
    assert len(shown) >= len(text)
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    # What is written out is written by its code, so that two names never become one.
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dorpshaven\u202eneg", "Dorpshaven\\u202eneg"),
        ("a\x00b\x1b[31m", "a\\x00b\\x1b[31m"),
        ("\ud83d los", "\\ud83d los"),
        ("Súdwest-Fryslân 🏡\n", "Súdwest-Fryslân 🏡\n"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(deadline=None)
@given(st.text(max_size=3 * SHOWN_CHARACTERS))
@example("a" * SHOWN_CHARACTERS)
@example("a" * SHOWN_CHARACTERS + "b")
@example("\u202e" * SHOWN_CHARACTERS)
def test_text_that_is_cut_says_how_long_it_was(text: str) -> None:
    shown, whole = shortened(text), visible(text)
    assert shown == whole or shown == f"{whole[:SHOWN_CHARACTERS]}… ({len(whole)} tekens)"
    assert len(shown) <= SHOWN_CHARACTERS + len("… (9999 tekens)")


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_cell_never_begins_as_a_formula_and_reads_as_it_was(text: str) -> None:
    cell = csv_text(text)
    formula = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
    assert not cell.lstrip(" ").startswith(formula)
    # Nor does any piece of it that a spreadsheet may make a cell of.
    pieces = re.split("[;,\t\n]", cell)
    assert not any(piece.lstrip(' "').startswith(formula) for piece in pieces)
    assert cell.replace("'", "") == visible(text).replace("'", "")
    buffer = io.StringIO()
    csv.writer(buffer).writerow([cell, "next"])
    assert next(csv.reader(io.StringIO(buffer.getvalue(), ""))) == [cell, "next"]


@pytest.mark.parametrize("text", ["=1+1", "+31 6", "-5", "@SUM(A1)", "  =1", "\t=1", "＝1"])  # noqa: RUF001
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert csv_text(text).startswith("'")


# Two halves of a character that stand side by side are one character, in JSON as in a browser.
WHOLE_TEXT = ANY_TEXT.map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WHOLE_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WHOLE_TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(PLAIN)
def test_data_in_a_page_is_base64_and_comes_back_equal(value: object) -> None:
    packed = page_data(value)
    assert re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", packed)
    assert json.loads(zlib.decompress(base64.b64decode(packed))) == value


def test_data_that_is_not_a_number_is_refused_rather_than_written() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        page_data([float("nan")])
