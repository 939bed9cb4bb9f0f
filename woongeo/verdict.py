"""The three verdicts, and the words that stand for how hard a plan or a bottleneck is."""

from __future__ import annotations

from enum import StrEnum


class Oordeel(StrEnum):
    """A verdict on a location; every one of them comes with a reason.

    The order is that of weight: over several layers the heaviest holds, so `onbekend` never
    turns into `vrij` by putting layers together.
    """

    VRIJ = "vrij"
    ONBEKEND = "onbekend"
    BELEMMERD = "belemmerd"


#: From light to heavy. The position in this tuple is the weight of a verdict.
OORDELEN: tuple[str, ...] = tuple(str(oordeel) for oordeel in Oordeel)

#: The sentence that every output carries.
SCREENING = (
    "Dit is een screening, geen juridische toets: zij wijst aan waar nader onderzoek nodig is "
    "en vervangt geen vergunning, passende beoordeling of plantoets."
)


class Hardheid(StrEnum):
    """Whether homes stand in an adopted plan."""

    HARD = "hard"
    ZACHT = "zacht"
    ONBEKEND = "onbekend"
    TELT_NIET_MEE = "telt niet mee"
