"""Audiences: who may see which plan, and for whom an output is where nobody said so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.checks import Finding
from woongeo.columns import as_text, recognise
from woongeo.errors import AudienceError
from woongeo.numerals import by_number
from woongeo.registers.words import ONBEKEND, translate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Audiences, from anybody to who keeps the register.
PUBLIEK = ("openbaar", "provincie", "regio", "gemeente", "intern")

#: The column that says how confidential a plan is.
KOLOM = "vertrouwelijkheid"

# What an audience sees of plans of its own region or gemeente, and of others.
_OWN = {
    "provincie": ("openbaar", "provincie", "provincie en gemeente"),
    "regio": ("openbaar", "provincie", "regio"),
    "gemeente": ("openbaar", "provincie", "provincie en gemeente", "regio", "gemeente"),
}


@dataclass(frozen=True)
class Audience:
    """An audience: how much it may see, and whose it is.

    Attributes
    ----------
    level : str
        One of `PUBLIEK`.
    name : str
        The province, region or gemeente; empty for openbaar and intern.
    """

    level: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.level}:{self.name}" if self.name else self.level

    def sees_all_of(self, other: Audience) -> bool:
        """Tell whether it sees all that another sees, whatever the plans.

        Parameters
        ----------
        other : Audience
            The other.

        Returns
        -------
        bool
            Every audience sees what is public, and "intern" everything; else it must be the same
            one, or that of all provinces.
        """
        if self.level == "intern" or other.level == "openbaar":
            return True
        same = self.name.casefold() in {"", other.name.casefold()}
        return self.level == other.level and same


def read_audience(text: str | Audience) -> Audience:
    """Read an audience.

    Parameters
    ----------
    text : str or Audience
        "openbaar", "provincie", "provincie:Zeeland", "regio:Foodvalley", "gemeente:Ede" or
        "intern".

    Returns
    -------
    Audience
        The audience.

    Raises
    ------
    AudienceError
        When there is no such audience, or its name is missing: a plan for one gemeente is not for
        the next.

    Examples
    --------
    >>> read_audience("gemeente:Ede").name
    'Ede'
    """
    if isinstance(text, Audience):
        return text
    level, _, name = text.partition(":")
    level, name = level.strip().casefold(), name.strip()
    if level not in PUBLIEK:
        raise AudienceError(f"publiek {text!r} is onbekend; kies uit {', '.join(PUBLIEK)}.")
    if level in {"regio", "gemeente"} and not name:
        raise AudienceError(
            f"publiek {level!r}: noem welke, als {level}:NAAM; een plan van de ene is niet voor de "
            "andere."
        )
    if level in {"openbaar", "intern"} and name:
        raise AudienceError(f"publiek {text!r}: achter {level} hoort geen naam.")
    return Audience(level, name)


def visible_to(frame: pd.DataFrame, audience: str | Audience) -> NDArray[np.bool_]:
    """Tell which plans an audience may see.

    Parameters
    ----------
    frame : DataFrame
        With `vertrouwelijkheid`, in our words or the register's, and `gemeente`, `regio` or
        `provincie` where the audience is one of them.
    audience : str or Audience
        See `read_audience`.

    Returns
    -------
    ndarray of bool
        Per row. What is not stated or not known is seen by "intern" only.

    Raises
    ------
    AudienceError
        When the frame does not say who may see a plan, or where it lies.
    """
    asked = read_audience(audience)
    if asked.level == "intern":
        return np.ones(len(frame), dtype=bool)
    column = _level_column(frame)
    if column is None:
        raise AudienceError(
            f"de plannen hebben geen kolom {KOLOM!r}: wie ze mag zien is niet bekend; lees ze met "
            "read_register, of kies publiek 'intern'."
        )
    levels = translate(frame[column], KOLOM)[0].to_numpy(dtype=object)
    if asked.level == "openbaar":
        return np.asarray(levels == "openbaar")
    own = np.ones(len(frame), dtype=bool)
    if asked.name:
        if asked.level not in frame.columns:
            raise AudienceError(
                f"publiek {asked}: de plannen hebben geen kolom {asked.level!r} om te zien welke "
                "van deze zijn."
            )
        names = as_text(frame[asked.level]).str.casefold()
        own = (names == asked.name.casefold()).to_numpy()
    return np.asarray((levels == "openbaar") | (own & np.isin(levels, _OWN[asked.level])))


def _level_column(frame: pd.DataFrame) -> str | None:
    """Find the column that says how confidential a plan is, whatever its case."""
    return KOLOM if KOLOM in frame.columns else recognise(frame.columns, [KOLOM])


def states_level(frame: pd.DataFrame) -> bool:
    """Tell whether plans have a column that says who may see them.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    bool
        Whatever is in it.
    """
    return _level_column(frame) is not None


def default_audience(frame: pd.DataFrame) -> Audience:
    """Tell for whom an output is where nobody said so.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    Audience
        Openbaar where any plan states that it is less than public; intern where none states
        anything: then there is nothing to go by, and nothing is left out.
    """
    column = _level_column(frame)
    if column is None:
        return Audience("intern")
    levels = translate(frame[column], KOLOM)[0]
    closed = ~levels.isin(["openbaar", ONBEKEND])
    return Audience("openbaar" if closed.any() else "intern")


def left_out(n: int, total: int, audience: Audience) -> Finding:
    """Say how many plans an audience does not see.

    Parameters
    ----------
    n, total : int
        How many are left out, of how many.
    audience : Audience
        For whom.

    Returns
    -------
    Finding
        On the whole file.
    """
    text = (
        f"{n} van {total} {by_number(total, 'plan', 'plannen')} {by_number(n, 'staat', 'staan')} "
        f"hier niet in: {by_number(n, 'het is', 'zij zijn')} vertrouwelijker dan publiek "
        f"{str(audience)!r}"
    )
    return Finding("", KOLOM, "melding", text, float(n))
