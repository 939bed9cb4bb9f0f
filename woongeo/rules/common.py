"""What every rule has: how heavy it is, for whom and when it holds, and who says so."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  the catalogue reads the types of fields
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from woongeo.columns import as_text
from woongeo.days import day_of
from woongeo.errors import InputError, RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: From light to heavy; the classes of PBL's RuimteScanner.
SEVERITIES = ("zacht", "middel", "hard", "zeer hard")

#: Whom a rule holds for. "zacht": not plans that are adopted. "nieuw": only plans of which no
#: procedure has begun (4A, 4B, 5A, 5B).
SCOPES = ("alle", "zacht", "nieuw")

#: How sure the rule is: read in its source, inferred from one, from memory, or what might come.
CERTAINTIES = ("bron", "afgeleid", "geheugen", "scenario")

_FOR_WHOM = {
    "zacht": "geldt niet voor harde plannen",
    "nieuw": "geldt alleen voor plannen waarvan nog geen procedure loopt",
}


@dataclass(frozen=True, kw_only=True)
class RuleBase(ABC):
    """What every rule has.

    Attributes
    ----------
    title : str
        What sets this rule apart from others on its layer, in Dutch: "binnen 250 m".
    severity : str
        "zacht", "middel", "hard" or "zeer hard".
    scope : str
        Whom it holds for: "alle", "zacht" (not plans that are adopted) or "nieuw" (only plans of
        which no procedure has begun).
    on : bool
        Whether it is judged without being asked for.
    valid_from, valid_until : date or None
        The first and the last day on which it holds; of a date with a time only the day is kept.
    max_age_days : int or None
        A layer whose reference date is older than this (or is not known) gives `onbekend`.
    source : str
        Who says so, with date.
    source_date : date or None
        The day of that source.
    basis : str
        The law, or what else it rests on; empty where nothing does.
    certainty : str
        "bron" (read in its source), "afgeleid" (inferred) or "geheugen" (not looked up).
    version : str
        Of the rule.
    """

    kind: ClassVar[str] = ""
    #: Fields of which a user's file changes the entries that it names, and leaves the others.
    merged: ClassVar[tuple[str, ...]] = ()

    title: str = ""
    severity: str = "hard"
    scope: str = "alle"
    on: bool = True
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    max_age_days: int | None = None
    source: str = "opgegeven door de gebruiker"
    source_date: dt.date | None = None
    basis: str = ""
    certainty: str = "bron"
    version: str = "1"

    def __post_init__(self) -> None:
        for name, words in (
            ("severity", SEVERITIES),
            ("scope", SCOPES),
            ("certainty", CERTAINTIES),
        ):
            value = getattr(self, name)
            if value not in words:
                raise RuleError(f"{name} is {value!r}; kies uit {', '.join(words)}.")
        check_limit(self.max_age_days, "max_age_days", unit="dagen")
        for name in ("valid_from", "valid_until", "source_date"):
            object.__setattr__(self, name, day_in_rule(getattr(self, name), name))
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise RuleError(
                f"valid_until is {self.valid_until}, voor valid_from {self.valid_from}; "
                "draai de datums om."
            )

    @property
    def reach_m(self) -> float:
        """How far around a site the rule looks, metres.

        Returns
        -------
        float
            0 for a rule that looks at the site alone.
        """
        return 0.0

    @property
    def heaviest(self) -> str:
        """How heavy its verdicts can be.

        Returns
        -------
        str
            A severity.
        """
        return self.severity

    def columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as text.

        Returns
        -------
        tuple of str
            Their names.
        """
        return ()

    def without(self, column: str, there: Sequence[str]) -> str:
        """Say why the rule cannot do without a column.

        Parameters
        ----------
        column : str
            The column that is not there.
        there : sequence of str
            Those that are.

        Returns
        -------
        str
            In Dutch; empty where it can do without.
        """
        return f"zeg met columns welke {column!r} is. Wel: {', '.join(there)}"

    def number_columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as numbers.

        Returns
        -------
        tuple of str
            Their names.
        """
        return ()

    def may_lack(self) -> tuple[str, ...]:
        """List the columns that the rule can do without.

        Returns
        -------
        tuple of str
            Of `columns` and `number_columns`.
        """
        return ()

    @abstractmethod
    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence, without capital or full stop.
        """

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {}

    def holds(self, on: dt.date) -> str:
        """Say why the rule does not hold on a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        str
            The reason in Dutch; empty where it holds.
        """
        if self.valid_from is not None and on < self.valid_from:
            return f"regel geldt pas vanaf {self.valid_from.isoformat()}"
        if self.valid_until is not None and on > self.valid_until:
            return f"regel gold tot en met {self.valid_until.isoformat()}"
        return ""

    def for_whom(self) -> str:
        """Say in Dutch whom the rule does not hold for.

        Returns
        -------
        str
            Empty where it holds for all.
        """
        return _FOR_WHOM.get(self.scope, "")

    def facts(self) -> dict[str, Any]:
        """Give the rule as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "soort": self.kind,
            "regel": self.in_words(),
            **self.details(),
            "zwaarte": self.severity,
            "geldt_voor": self.scope,
            "geldig_vanaf": self.valid_from.isoformat() if self.valid_from else None,
            "geldig_tot_en_met": self.valid_until.isoformat() if self.valid_until else None,
            "hoogste_leeftijd_dagen": self.max_age_days,
            "grondslag": self.basis or None,
            "bron": self.source,
            "bron_datum": self.source_date.isoformat() if self.source_date else None,
            "zekerheid": self.certainty,
            "versie": self.version,
        }


def check_limit(value: float | None, name: str, *, unit: str, positive: bool = False) -> None:
    """Refuse a limit that makes no sense.

    Parameters
    ----------
    value : float or None
        The limit; None passes.
    name : str
        Of the field, for the message.
    unit : str
        In Dutch, for the message.
    positive : bool
        Whether 0 is refused too.

    Raises
    ------
    RuleError
        When it is no number, infinite or negative.
    """
    if value is None:
        return
    least = "meer dan 0" if positive else "0 of meer"
    if not is_number(value) or value < 0 or (positive and value == 0):
        raise RuleError(f"{name} is {value!r}; geef {least} {unit}.")


def check_share(value: float, name: str) -> None:
    """Refuse a share that is none.

    Parameters
    ----------
    value : float
        Of a site.
    name : str
        Of the field, for the message.

    Raises
    ------
    RuleError
        When it does not lie between 0 and 1.
    """
    if not is_number(value) or not 0 <= value <= 1:
        raise RuleError(f"{name} is {value!r}; geef een deel (0 tot 1).")


def is_number(value: object) -> bool:
    """Tell whether something is a number that can be reckoned with.

    Parameters
    ----------
    value : object
        What a user gave; text is not guessed at.

    Returns
    -------
    bool
        False for text, for true and false, and for what is infinite or no number.
    """
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def day_in_rule(given: object, name: str) -> dt.date | None:
    """Read a day of a rule.

    Parameters
    ----------
    given : object
        A date; of one with a time only the day is kept. None stays None.
    name : str
        Of the field, for the message.

    Returns
    -------
    date or None
        The day.

    Raises
    ------
    RuleError
        When it is something else.
    """
    try:
        # No moment at all (NaT) calls itself a moment.
        return day_of("NaT" if given is pd.NaT else given, name)
    except InputError:
        raise RuleError(f"{name} is {given!r}; geef een datum, als date(2026, 7, 1).") from None


def text_values(given: object, name: str) -> dict[str, tuple[str, ...]] | None:
    """Write values of columns as those that are read from files: 1.0 as "1".

    Parameters
    ----------
    given : object
        Column to a row of values, as a user gave it; None stays None.
    name : str
        Of the field, for the message.

    Returns
    -------
    dict or None
        Column to texts, in the order given.

    Raises
    ------
    RuleError
        When it is something else. A word where a row of words is meant would be taken letter by
        letter, and then no value counts.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise RuleError(
            f"{name} is {given!r}; geef per kolom een rij waarden, als {{'soort': ('a', 'b')}}."
        )
    written = {}
    for column, values in given.items():
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise RuleError(
                f"{name} geeft kolom {column!r} de waarde {values!r}; geef een rij waarden, als "
                f"({values!r},)."
            )
        texts = as_text(pd.Series(list(values), dtype=object)).tolist()
        written[column] = tuple(sorted(texts) if isinstance(values, AbstractSet) else texts)
    return written


__all__ = [
    "CERTAINTIES",
    "SCOPES",
    "SEVERITIES",
    "RuleBase",
    "check_limit",
    "check_share",
    "day_in_rule",
    "is_number",
    "text_values",
]
