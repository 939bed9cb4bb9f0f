"""Rules on cells: a value under the site that is too high, too low, or of a class that hinders."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from woongeo.errors import RuleError
from woongeo.numerals import dutch
from woongeo.rules.common import SEVERITIES, RuleBase, check_limit, check_share, is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The statistic that is no number under the site but how much of it is too high, too low or of a
#: class that hinders.
SHARE = "aandeel"

_NAMED = {"minimum": 0.0, "mediaan": 50.0, "maximum": 100.0}
_MEAN = "gemiddelde"
_PERCENTILE = re.compile(r"p(\d{1,2}|100)")

# A limit that is scaled, or held in 4 bytes, is not the same number to the last digit.
_ROUNDED = 1e-6


@dataclass(frozen=True, kw_only=True)
class RasterRule(RuleBase):
    """When the cells under a site stand in the way.

    Each cell counts for the part of it that lies under the site. With the statistic "aandeel" a
    site is `belemmerd` when at least `min_share` or `min_m2` of it lies in cells above `above`,
    below `below` or of one of the `classes`; with any other, when that statistic of its cells is
    above or below.

    A cell without a value could be anything: where it could change the outcome, that is `onbekend`.

    Attributes
    ----------
    statistic : str
        "aandeel", "gemiddelde", "minimum", "mediaan", "maximum", or a percentile as "p90": the
        least value that so much of the site does not exceed.
    above, below : float or None
        What is higher, or lower, hinders; the limit itself does not.
    classes : dict or None
        Value of a cell to how heavy it is ("" for the severity of the rule). Only with "aandeel";
        the heaviest class that takes enough of the site, together with those heavier, holds.
    class_names : dict or None
        Value of a cell to what it is called, for people. Where there are names, a value without one
        was not meant to be there, and says nothing.
    min_share : float
        Share of the site (0-1) from which it hinders; any at all with 0.
    min_m2 : float or None
        Square metres of the site from which it hinders too, however small a share they are: 1 % of
        a large site is a lot of ground. None where only the share counts: few rasters are so fine
        that square metres tell.
    max_unknown_share : float
        Where no more of the site than this is unknown, what is known stands for all of it.
    lowest, highest : float or None
        What values can be at all, so that unknown cells are not thought to be anything; a cell
        beyond them says nothing, such as a -9999 that the file does not explain. None where that is
        not known.
    unit : str
        Of the values, for people.
    """

    kind: ClassVar[str] = "raster"

    statistic: str = SHARE
    above: float | None = None
    below: float | None = None
    classes: dict[str, str] | None = None
    class_names: dict[str, str] | None = None
    min_share: float = 0.01
    min_m2: float | None = None
    max_unknown_share: float = 0.0
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("above", "below", "lowest", "highest"):
            value = getattr(self, name)
            if value is not None and not is_number(value):
                raise RuleError(f"{name} is {value!r}; geef een getal.")
        for name in ("min_share", "max_unknown_share"):
            check_share(getattr(self, name), name)
        check_limit(self.min_m2, "min_m2", unit="vierkante meter", positive=True)
        if self.statistic not in {SHARE, _MEAN} and self.percent is None:
            raise RuleError(
                f"statistic is {self.statistic!r}; kies uit {SHARE}, {_MEAN}, "
                f"{', '.join(_NAMED)} of een percentiel als p90."
            )
        self._check_limits()
        self._check_classes()

    def _check_limits(self) -> None:
        """Refuse limits that say nothing, or everything."""
        if self.above is None and self.below is None and not self.classes:
            raise RuleError("above, below en classes ontbreken; geef minstens één daarvan.")
        if self.above is not None and self.below is not None and self.above < self.below:
            raise RuleError(
                f"above is {self.above}, onder below ({self.below}): dan belemmert elke waarde."
            )
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise RuleError(f"lowest is {self.lowest}, boven highest ({self.highest}).")

    def _check_classes(self) -> None:
        """Refuse classes that cannot be read."""
        if self.classes is None:
            return
        if self.statistic != SHARE:
            raise RuleError(f"classes horen bij statistic = {SHARE!r}: klassen hebben geen maat.")
        if self.above is not None or self.below is not None:
            raise RuleError("classes gaan niet samen met above en below; maak er twee regels van.")
        for value, severity in self.classes.items():
            _number(value, "classes")
            if severity and severity not in SEVERITIES:
                raise RuleError(
                    f"classes noemt zwaarte {severity!r} bij {value}; kies uit "
                    f"{', '.join(SEVERITIES)}."
                )
        for value in self.class_names or {}:
            _number(value, "class_names")

    @property
    def percent(self) -> float | None:
        """Which percentile decides.

        Returns
        -------
        float or None
            0 to 100; None where another statistic does.
        """
        found = _PERCENTILE.fullmatch(self.statistic)
        return float(found.group(1)) if found else _NAMED.get(self.statistic)

    @property
    def heaviest(self) -> str:
        """How heavy its verdicts can be.

        Returns
        -------
        str
            A severity.
        """
        return max(self.severities().values(), default=self.severity, key=SEVERITIES.index)

    def severities(self) -> dict[float, str]:
        """Give how heavy each class is.

        Returns
        -------
        dict
            Value of a cell to severity; empty where limits decide.
        """
        return {float(v): s or self.severity for v, s in (self.classes or {}).items()}

    def names(self) -> dict[float, str]:
        """Give what classes are called.

        Returns
        -------
        dict
            Value of a cell to name.
        """
        return {float(v): name for v, name in (self.class_names or {}).items()}

    def sayings(self, value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which values can be meant.

        Parameters
        ----------
        value : ndarray of float
            Of cells, in any shape.

        Returns
        -------
        ndarray of bool
            In the same shape; False for NaN, for what is below `lowest` or above `highest` by more
            than rounding, and for what has no name where there are names.
        """
        names = list(self.names())
        told = np.isin(value, names) if names else ~np.isnan(value)
        if self.lowest is not None:
            told &= value >= self.lowest - _ROUNDED * max(1.0, abs(self.lowest))
        if self.highest is not None:
            told &= value <= self.highest + _ROUNDED * max(1.0, abs(self.highest))
        return np.asarray(told)

    def bad(self) -> str:
        """Say in Dutch which cells hinder.

        Returns
        -------
        str
            "boven 1,5 m"; "klasse D of klasse C".
        """
        if self.classes:
            names = self.names()
            said = [names.get(float(v), f"waarde {v}") for v in self.classes]
            return " of ".join(said)
        unit = f" {self.unit}" if self.unit else ""
        limits = [("boven", self.above), ("onder", self.below)]
        return " of ".join(
            f"{word} {dutch(limit, decimals=6)}{unit}"
            for word, limit in limits
            if limit is not None
        )

    def enough(self) -> str:
        """Say in Dutch how much of a site hinders.

        Returns
        -------
        str
            "1 %"; "1 % of 500 m²".
        """
        share = f"{dutch(100 * self.min_share)} %"
        return share if self.min_m2 is None else f"{share} of {dutch(self.min_m2)} m²"

    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence.

        Examples
        --------
        >>> RasterRule(above=1.5, unit="m", statistic="p90").in_words()
        'belemmerd als p90 van de cellen onder de locatie boven 1,5 m ligt'
        """
        if self.statistic != SHARE:
            return (
                f"belemmerd als {self.statistic} van de cellen onder de locatie {self.bad()} ligt"
            )
        least = f"minstens {self.enough()}" if self.min_share > 0 else "een deel"
        where = "in " if self.classes else ""
        return f"belemmerd als {least} van de locatie {where}{self.bad()} ligt"

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "statistiek": self.statistic,
            "boven": self.above,
            "onder": self.below,
            "klassen": dict(self.classes) if self.classes else None,
            "klassenamen": dict(self.class_names) if self.class_names else None,
            "aandeel_minstens": self.min_share,
            "oppervlakte_minstens_m2": self.min_m2,
            "aandeel_onbekend_hoogstens": self.max_unknown_share,
            "laagst_mogelijk": self.lowest,
            "hoogst_mogelijk": self.highest,
            "eenheid": self.unit or None,
        }


def _number(value: str, name: str) -> None:
    """Refuse a class that is no number: cells hold numbers."""
    try:
        known = math.isfinite(float(value))
    except (TypeError, ValueError):
        known = False
    if not known:
        raise RuleError(f"{name} noemt {value!r}; een klasse is het getal dat in de cellen staat.")
