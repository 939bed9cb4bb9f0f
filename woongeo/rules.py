"""Rules: when a layer stands in the way of homes, how hard, and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from woongeo.encode import dutch
from woongeo.errors import RuleError

#: From light to heavy; the classes of PBL's RuimteScanner.
SEVERITIES = ("zacht", "middel", "hard", "zeer hard")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When a layer stands in the way.

    A site is `belemmerd` when more than `tolerance_m2` *or* more than `tolerance_share` of it
    overlaps the layer, or when `within_m` is given and the layer comes at most that near. The
    distance is exact, never that to a buffer's polygon.

    Attributes
    ----------
    tolerance_m2 : float
        Overlap up to this many square metres is no hindrance by itself.
    tolerance_share : float
        Nor is overlap up to this share of the site (0-1). Either one exceeded suffices.
    within_m : float or None
        Distance in metres within which the layer hinders; None for overlap only.
    severity : str
        "zacht", "middel", "hard" or "zeer hard".
    max_age_days : int or None
        A layer whose reference date is older than this (or is not known) gives `onbekend`.
    source : str
        Who says so, with date; the law where there is one.
    version : str
        Of the rule.
    """

    tolerance_m2: float = 100.0
    tolerance_share: float = 0.01
    within_m: float | None = None
    severity: str = "hard"
    max_age_days: int | None = None
    source: str = "opgegeven door de gebruiker"
    version: str = "1"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tolerance_m2) and self.tolerance_m2 >= 0):
            raise RuleError(
                f"tolerance_m2 is {self.tolerance_m2!r}; geef 0 of meer vierkante meter."
            )
        if not 0 <= self.tolerance_share <= 1:
            raise RuleError(
                f"tolerance_share is {self.tolerance_share!r}; geef een deel (0 tot 1)."
            )
        if self.within_m is not None and not (math.isfinite(self.within_m) and self.within_m > 0):
            raise RuleError(
                f"within_m is {self.within_m!r}; geef meer dan 0 meter, of None voor overlap."
            )
        if self.severity not in SEVERITIES:
            raise RuleError(f"severity is {self.severity!r}; kies uit {', '.join(SEVERITIES)}.")
        if self.max_age_days is not None and self.max_age_days < 0:
            raise RuleError(f"max_age_days is {self.max_age_days!r}; geef 0 of meer dagen.")

    def changed(
        self,
        *,
        tolerance_m2: float | None = None,
        tolerance_share: float | None = None,
        within_m: float | None = None,
        max_age_days: int | None = None,
    ) -> Rule:
        """Change what a user may change for one run.

        Parameters
        ----------
        tolerance_m2, tolerance_share, within_m, max_age_days : optional
            As the attributes; None leaves one as it is.

        Returns
        -------
        Rule
            A copy whose source says that it was changed.
        """
        return replace(
            self,
            tolerance_m2=self.tolerance_m2 if tolerance_m2 is None else tolerance_m2,
            tolerance_share=self.tolerance_share if tolerance_share is None else tolerance_share,
            within_m=self.within_m if within_m is None else within_m,
            max_age_days=self.max_age_days if max_age_days is None else max_age_days,
            source=f"{self.source}; aangepast door de gebruiker",
        )

    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence.

        Examples
        --------
        >>> Rule().in_words()
        'belemmerd bij overlap van meer dan 100 m² of meer dan 1 % van de locatie'
        """
        overlap = (
            f"overlap van meer dan {dutch(self.tolerance_m2)} m² of meer dan "
            f"{dutch(100 * self.tolerance_share)} % van de locatie"
        )
        if self.within_m is None:
            return f"belemmerd bij {overlap}"
        return f"belemmerd binnen {dutch(self.within_m)} m"

    def facts(self) -> dict[str, Any]:
        """Give the rule as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "regel": self.in_words(),
            "drempel_m2": self.tolerance_m2,
            "drempel_aandeel": self.tolerance_share,
            "binnen_m": self.within_m,
            "zwaarte": self.severity,
            "hoogste_leeftijd_dagen": self.max_age_days,
            "bron": self.source,
            "versie": self.version,
        }
