"""Plan status: many spellings in, eleven codes out.

The codes and what they mean are those of the national dataprotocol as printed in the help page of
Planmonitor Wonen (Zeeland, 31-3-2026). Hard are 1A, 1B, 2A and 2B; zacht are 1C, 2C, 3, 4A and 4B;
5A and 5B are not counted and not delivered to the province. The short cut "1 and 2 are hard" is
wrong: 1C and 2C still need a decision by burgemeester en wethouders.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

from woongeo.verdict import Hardheid

#: Code to what it means and how hard it is.
PLANSTATUS: dict[str, tuple[str, Hardheid]] = {
    "1A": ("onherroepelijk", Hardheid.HARD),
    "1B": ("onherroepelijk, uitwerkingsplicht", Hardheid.HARD),
    "1C": ("onherroepelijk, wijzigingsbevoegdheid", Hardheid.ZACHT),
    "2A": ("vastgesteld", Hardheid.HARD),
    "2B": ("vastgesteld, uitwerkingsplicht", Hardheid.HARD),
    "2C": ("vastgesteld, wijzigingsbevoegdheid", Hardheid.ZACHT),
    "3": ("in voorbereiding", Hardheid.ZACHT),
    "4A": ("visie", Hardheid.ZACHT),
    "4B": ("optie", Hardheid.ZACHT),
    "5A": ("ambtelijk met locatie", Hardheid.TELT_NIET_MEE),
    "5B": ("ambtelijk zonder locatie", Hardheid.TELT_NIET_MEE),
}

#: What stands where no code can be read.
ONBEKEND = "onbekend"

# A code, not part of a longer word or number: "1A Onherroepelijk", "_4B_IDEE", "2c.", "3 plan".
_CODE = re.compile(r"(?<![0-9a-z])([1-5])\s?[-.]?\s?([a-c])?(?![0-9a-z])")
# Letters without a meaning in any source read, such as 4C.
_STRAY_CODE = re.compile(r"(?<![0-9a-z])[0-9]+[a-z]?(?![0-9a-z])")

# Words that take back, in part or for now, what the others say.
_RESERVATION = re.compile(r"\b(niet|geen|deels|gedeeltelijk)\b|ontwerp|concept|verwacht|gepland")

# How hard a plan is, said beside its code: "1A zacht", "zachte plancapaciteit (3)", "3, niet hard".
_HARDNESS = re.compile(r"\b(niet )?(hard|zacht)e?\b")

_NOTHING = {"", "nan", "none", "null", "-", "onbekend", "status onbekend", "nvt", "n.v.t."}


@dataclass(frozen=True)
class Status:
    """A plan status as it was read: its code, how hard it is, and what is doubtful about it."""

    code: str
    hardheid: Hardheid
    doubt: str = ""


def _plain(text: object) -> str:
    """Lower case, without accents, underscores or double spaces."""
    flat = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode("ascii")
    return " ".join(flat.replace("_", " ").lower().split())


def read_planstatus(text: object) -> Status:
    """Read one plan status.

    Parameters
    ----------
    text : object
        As it stands in a register: a code, a code with words, words alone, or Hard/Zacht as the
        Landelijke Monitor Voortgang Woningbouw gives it.

    Returns
    -------
    Status
        The code, or "onbekend" where none can be read; never a guess.

    Examples
    --------
    >>> read_planstatus("2C vastgesteld + Wijzigingebevoegdheid").hardheid
    <Hardheid.ZACHT: 'zacht'>
    >>> read_planstatus("_1A_ONHERROEPELIJK").code
    '1A'
    >>> read_planstatus("4C").doubt
    "planstatus '4C' is geen bekende code"
    """
    if text is None or text is pd.NA or (isinstance(text, float) and text != text):  # noqa: PLR0124
        return Status(ONBEKEND, Hardheid.ONBEKEND, "planstatus is niet ingevuld")
    plain = _plain(text)
    if plain in _NOTHING:
        return Status(ONBEKEND, Hardheid.ONBEKEND, "planstatus is niet ingevuld of onbekend")
    if plain in {"hard", "zacht"}:
        return Status(ONBEKEND, Hardheid(plain))
    found = {a + b.upper() for a, b in _CODE.findall(plain)}
    known = found & PLANSTATUS.keys()
    stray = _STRAY_CODE.search(_CODE.sub(" ", plain))
    if len(known) == 1 and len(found) == 1 and not stray:
        return _with_code(known.pop(), plain, text)
    if not found and not stray:
        code = _from_words(plain)
        if code:
            return Status(code, PLANSTATUS[code][1], _odds(code, plain, text))
    return Status(ONBEKEND, Hardheid.ONBEKEND, f"planstatus {str(text)!r} is geen bekende code")


def _with_code(code: str, plain: str, text: object) -> Status:
    """Hold a code against the words beside it."""
    rest = _CODE.sub(" ", plain).strip()
    words = _from_words(rest)
    doubt = _odds(code, rest, text)
    if words and PLANSTATUS[words][1] is not PLANSTATUS[code][1]:
        doubt = f"planstatus {str(text)!r}: code {code} en omschrijving ({words}) verschillen"
    return Status(code, PLANSTATUS[code][1], doubt)


def _odds(code: str, plain: str, text: object) -> str:
    """Hold a code against what is said of how hard the plan is."""
    for no, word in _HARDNESS.findall(plain):
        said = {"hard": "zacht", "zacht": "hard"}[word] if no else word
        if said != PLANSTATUS[code][1]:
            return f"planstatus {str(text)!r}: code {code} en omschrijving ({no}{word}) verschillen"
    return ""


def _from_words(plain: str) -> str:  # noqa: PLR0911  a list of words, first match
    """Read the code from the words of a status; empty where they do not name one."""
    # What is adopted and not yet irrevocable is 2A; any other reservation leaves the status open.
    plain = re.sub(r"\b(nog )?niet onherroepelijk$", "", plain)
    if _RESERVATION.search(plain):
        return ""
    # "Wijzigingebevoegdheid" is how one province spelled it, "met BW nodig" is DIWI's.
    changeable = re.search(r"wijziging[se]*bevoegdheid|\bb&?w nodig", plain) is not None
    to_work_out = "uitwerking" in plain
    suffix = "C" if changeable else "B" if to_work_out else "A"
    if re.search(r"\b(onherroepelijk|onhr)\b", plain):
        return "1" + suffix
    if "voorbereiding" in plain:
        return "3"
    if re.search(r"\b(optie|idee)\b", plain):
        return "4B"
    # Before vastgesteld: a vision that was adopted is no plan that was.
    if "visie" in plain:
        return "4A"
    if re.search(r"\bvastgesteld\b", plain):
        return "2" + suffix
    if "ambtelijk" in plain and "met locatie" in plain:
        return "5A"
    if "ambtelijk" in plain and "zonder locatie" in plain:
        return "5B"
    return ""


def planstatus(texts: pd.Series) -> pd.DataFrame:
    """Read a column of plan statuses.

    Parameters
    ----------
    texts : Series
        As they stand in a register.

    Returns
    -------
    DataFrame
        On the same index: `planstatus` (code or "onbekend"), `hardheid` (hard, zacht, onbekend,
        telt niet mee) and `twijfel` (why a status is unknown or doubtful; empty where it is not).
    """
    # A register has a few dozen spellings for thousands of plans: each is read once.
    read = {text: read_planstatus(text) for text in texts.dropna().unique()}
    absent = read_planstatus(None)
    statuses = [absent if pd.isna(text) else read[text] for text in texts]
    return pd.DataFrame(
        {
            "planstatus": [status.code for status in statuses],
            "hardheid": [str(status.hardheid) for status in statuses],
            "twijfel": [status.doubt for status in statuses],
        },
        index=texts.index,
    )
