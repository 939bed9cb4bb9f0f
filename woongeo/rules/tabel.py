"""Rules on regions: bottlenecks without a shape, by a value of the region that a site lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from woongeo.errors import RuleError
from woongeo.numerals import dutch
from woongeo.rules.common import SEVERITIES, RuleBase, is_number
from woongeo.rules.klasse import NO_HINDRANCE, NOT_KNOWN


@dataclass(frozen=True, kw_only=True)
class TableRule(RuleBase):
    """When the value of a region hinders the sites in it.

    Either a number with a limit, or a class with a severity. A site without a region, and a region
    without a value, are `onbekend`.

    Attributes
    ----------
    severity : str
        Of a value beyond the limit, "hard" unless given; with classes the heaviest of them, which
        need not be given.
    above : float or None
        A value above this hinders.
    below : float or None
        A value below this hinders.
    unit : str
        Of the value, for reasons: "fte per 1.000 woningen".
    classes : dict or None
        Value, compared without regard to case, to a severity, "geen" or "onbekend".
    other : str
        What a value is that is not in `classes`.
    """

    kind: ClassVar[str] = "tabel"
    merged: ClassVar[tuple[str, ...]] = ("classes",)

    severity: str = ""
    above: float | None = None
    below: float | None = None
    unit: str = ""
    classes: dict[str, str] | None = None
    other: str = NOT_KNOWN

    def __post_init__(self) -> None:
        limits = [x for x in (self.above, self.below) if x is not None]
        if bool(limits) == bool(self.classes):
            raise RuleError("geef een grens (above, below) of classes: één van beide.")
        for name in ("above", "below"):
            value = getattr(self, name)
            if value is not None and not is_number(value):
                raise RuleError(f"{name} is {value!r}; geef een getal.")
        if self.above is not None and self.below is not None and self.below > self.above:
            raise RuleError(
                f"below is {self.below!r} en above {self.above!r}: elke waarde zou belemmeren."
            )
        words = (*SEVERITIES, NO_HINDRANCE, NOT_KNOWN)
        for klasse, value in {**(self.classes or {}), "other": self.other}.items():
            if value not in words:
                raise RuleError(
                    f"classes geeft {klasse!r} de waarde {value!r}; kies uit {', '.join(words)}."
                )
        severity = self.severity or "hard"
        if self.classes:
            there = [s for s in SEVERITIES if s in {*self.classes.values(), self.other}]
            if not there:
                raise RuleError("classes noemt geen enkele klasse die belemmert.")
            severity = there[-1]
            if self.severity not in {"", severity}:
                raise RuleError(
                    f"severity is {self.severity!r} en de zwaarste klasse {severity!r}: maak ze "
                    "gelijk, of laat severity weg."
                )
        object.__setattr__(self, "severity", severity)
        super().__post_init__()

    def limits(self) -> str:
        """Say from where on a number hinders.

        Returns
        -------
        str
            In Dutch: "boven 3 fte".
        """
        unit = f" {self.unit}" if self.unit else ""
        said = [
            f"{word} {dutch(value)}{unit}"
            for word, value in (("boven", self.above), ("onder", self.below))
            if value is not None
        ]
        return " of ".join(said)

    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence.

        Examples
        --------
        >>> TableRule(below=3, unit="fte").in_words()
        'belemmerd waar de waarde van het gebied onder 3 fte ligt'
        """
        if self.classes:
            listed = ", ".join(f"{k} {v}" for k, v in self.classes.items())
            return f"de klasse van het gebied beslist: {listed}"
        return f"belemmerd waar de waarde van het gebied {self.limits()} ligt"

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "boven": self.above,
            "onder": self.below,
            "eenheid": self.unit or None,
            "klassen": dict(self.classes) if self.classes else None,
            "andere_klasse": self.other if self.classes else None,
        }
