"""The words of registers, and ours: many spellings in, a few keys out, by tables that are data.

Nothing is guessed: a word that stands in no table stays what it is, or "onbekend", and is reported.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.columns import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: What stands where a word is missing or in no table.
ONBEKEND = "onbekend"

#: Who may see a plan, from anybody to nobody but its owner; "onbekend" is the most confidential.
VERTROUWELIJKHEID = (
    *("openbaar", "provincie", "provincie en gemeente", "regio", "gemeente", "eigenaar"),
    ONBEKEND,
)

#: Our price segments.
SEGMENTEN = (
    *("sociale_huur", "middenhuur", "dure_huur", "huur_onbekend"),
    *("betaalbare_koop", "dure_koop", "koop_onbekend", ONBEKEND),
)

_FIRST_NUMBER = re.compile(r"^_?[0-9][0-9a-c]?[.\s_-]+")
_NOTHING = {"", "nan", "none", "null", "-", "n.v.t.", "nvt"}
_COMMA = re.compile(r"[,;|]\s*(?![^(]*\))")
_YEAR = re.compile(r"(?<!\d)((?:19|20|21)\d\d)(?!\d)")

# Excel counts days from 30-12-1899; these are 1954 to 2119.
_EXCEL_DAYS = (20_000, 80_000)
_EXCEL_START = dt.date(1899, 12, 30)


def plain(word: object) -> str:
    """Write a word for comparison: no case, accents, underscores, or number in front.

    Parameters
    ----------
    word : object
        As it stands in a register.

    Returns
    -------
    str
        Empty where nothing stands.

    Examples
    --------
    >>> plain("_5_PREPARATION"), plain("5. Realisatie"), plain("Lokaal/Regionaal beleid")
    ('preparation', 'realisatie', 'lokaal/regionaal beleid')
    """
    if word is None or word is pd.NA or (isinstance(word, float) and np.isnan(word)):
        return ""
    text = unicodedata.normalize("NFKC", str(word)).strip().replace("–", "-")  # noqa: RUF001
    text = _FIRST_NUMBER.sub("", text)
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    flat = " ".join(flat.replace("_", " ").casefold().split())
    return "" if flat in _NOTHING else flat


def once(values: pd.Series, read: Callable[[Any], Any]) -> pd.Series:
    """Read a column of which most words occur often: each word is read once.

    Parameters
    ----------
    values : Series
        Anything; lists too.
    read : callable
        Reads one value.

    Returns
    -------
    Series of object
        On the same index.
    """
    given = values.astype(object)
    try:
        codes, words = pd.factorize(given, use_na_sentinel=False)
    except TypeError:
        # Lists cannot be told apart by a hash.
        return given.map(read).astype(object)
    found = np.empty(len(words), dtype=object)
    found[:] = [read(word) for word in words]
    return pd.Series(found[codes], index=values.index, dtype=object)


@cache
def _tables() -> dict[str, Any]:
    """Read the tables of words."""
    text = resources.files("woongeo.registers").joinpath("woorden.toml").read_text("utf-8")
    read: dict[str, Any] = tomllib.loads(text)
    return read


@cache
def dictionary(kind: str) -> dict[str, str]:
    """Give a table of words: what registers write, for comparison, to what we call it.

    Parameters
    ----------
    kind : str
        "vertrouwelijkheid", "plantype", "projectfase", "opdrachtgever", "woningtype", "soort",
        "eigendom" or "knelpunten".

    Returns
    -------
    dict
        Our own words are among the keys.
    """
    table: dict[str, list[str]] = _tables()[kind]
    known = {plain(key): key for key in table}
    return known | {plain(word): key for key, words in table.items() for word in words}


@dataclass(frozen=True)
class Segment:
    """A price segment: ours, whether it is bought or let, and the register's own limits."""

    key: str
    eigendom: str
    limits: str


@cache
def segments(kind: str) -> dict[str, Segment]:
    """Give the price segments of a register.

    Parameters
    ----------
    kind : str
        The register.

    Returns
    -------
    dict
        Word for comparison to segment.
    """
    tables: dict[str, dict[str, list[str]]] = _tables()["segmenten"]
    own = tables["algemeen"] | tables.get(kind, {})
    return {plain(word): Segment(*row) for word, row in own.items()}


def translate(
    words: pd.Series, kind: str, *, also: Mapping[str, str] | None = None, keep: bool = False
) -> tuple[pd.Series, pd.Series]:
    """Translate a column of words.

    Parameters
    ----------
    words : Series
        As they stand in a register.
    kind : str
        The table, see `dictionary`.
    also : mapping, optional
        Words of the user's own, to ours.
    keep : bool
        Whether a word in no table stays what it is; else it becomes "onbekend".

    Returns
    -------
    translated : Series of str
        On the same index; "onbekend" where nothing stands.
    unknown : Series of bool
        Where something stands that is in no table.
    """
    table = dictionary(kind) | {plain(k): v for k, v in (also or {}).items()}
    flat = once(words, plain)
    translated = flat.map(table)
    unknown = (flat != "") & translated.isna()
    fallback = words.map(str) if keep else pd.Series(ONBEKEND, index=words.index)
    translated = translated.where(~unknown, fallback).where(flat != "", ONBEKEND)
    return translated.astype(object), unknown


def split_words(value: object) -> list[str]:
    """Split a multiple choice: a list, or words joined by commas, semicolons or bars.

    Parameters
    ----------
    value : object
        As it stands in a register; a PostgreSQL array is read too.

    Returns
    -------
    list of str
        In order, each once.

    Examples
    --------
    >>> split_words("Stikstof, Nuts (netcongestie/wateraansluiting)")
    ['Stikstof', 'Nuts (netcongestie/wateraansluiting)']
    >>> split_words('{"Onrendabele top",Geen}')
    ['Onrendabele top', 'Geen']
    """
    if isinstance(value, list | tuple | np.ndarray):
        parts: Iterable[object] = value
    else:
        text = "" if value is None or plain(value) == "" else str(value).strip()
        if text[:1] + text[-1:] in {"{}", "[]"}:
            text = text[1:-1]
        parts = (part.strip().strip("\"'") for part in _COMMA.split(text))
    return list(dict.fromkeys(str(part).strip() for part in parts if plain(part)))


def year_of(value: object) -> float:
    """Read a year from a year, a date, or the number that Excel keeps a date as.

    Parameters
    ----------
    value : object
        2031, "31-12-2031", "2031-12-31", 48213 or a date.

    Returns
    -------
    float
        NaN where none, or more than one, can be read.

    Examples
    --------
    >>> year_of(2031), year_of("31-12-2031"), year_of(48213), year_of("2030 of 2031")
    (2031.0, 2031.0, 2031.0, nan)
    """
    if isinstance(value, dt.date):
        return float(value.year)
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
        if 1900 <= number < 2200 and number.is_integer():
            return number
        if _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1]:
            return float((_EXCEL_START + dt.timedelta(days=int(number))).year)
        return float("nan")
    found = set(_YEAR.findall(str(value))) if value is not None else set()
    return float(found.pop()) if len(found) == 1 else float("nan")


def years(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of years.

    Parameters
    ----------
    values : Series
        See `year_of`.

    Returns
    -------
    years : Series of float
        NaN where none.
    unreadable : Series of bool
        Where something stands in which no year can be read.
    """
    read = once(values, year_of).astype(float)
    blank = once(values, plain).eq("")
    return read, read.isna() & ~blank


def shares(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of chances, as "70%", 70 or 0,7.

    Parameters
    ----------
    values : Series
        Numbers or text.

    Returns
    -------
    shares : Series of float
        0 to 1; NaN where nothing or nothing readable stands.
    unreadable : Series of bool
        Where something stands that is no chance.

    Examples
    --------
    >>> shares(pd.Series(["70%", "0,7", None, "hoog"]))[0].tolist()
    [0.7, 0.7, nan, nan]
    """
    texts = once(values, lambda v: v.strip() if isinstance(v, str) else v)
    percent = once(texts, lambda v: isinstance(v, str) and v.endswith("%")).astype(bool)
    bare = once(texts, lambda v: v.rstrip("%").strip() if isinstance(v, str) else v)
    read, bad = numbers(bare)
    # 1 is certain, 70 is seventy percent; between them nothing is meant in any register.
    read = read.where(~(percent | (read > 1)), read / 100)
    wrong = (read < 0) | (read > 1)
    return read.where(~wrong), bad | wrong
