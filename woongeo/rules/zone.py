"""Rules on shapes: overlap with a layer, or nearness to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from woongeo.errors import RuleError
from woongeo.numerals import dutch
from woongeo.rules.common import RuleBase, check_limit, check_share, is_number, text_values

#: What stands for the width of a feature where its file has something else there than a width.
UNREADABLE_M = -1.0


@dataclass(frozen=True, kw_only=True)
class Rule(RuleBase):
    """When a layer of shapes stands in the way.

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
    within_column : str or None
        The column of features that holds a distance for each; goes before `within_m`, which then
        holds for features without one (without `within_m` they give `onbekend`, as far as the
        furthest of the others reaches; where none says how far, everywhere). What is no distance
        (text, a negative number) gives `onbekend` too.
    where : dict or None
        Column of features to the values that count; others do not hinder. Compared as text,
        whatever its case and blanks; a number is written as in files: 1.0 as "1".
    unknown_where : dict or None
        Column of features to the values of which nothing is known: where such a feature lies and
        none that hinders, the verdict is `onbekend`. A feature without a value is one of these.
    leave_out_own_ground : bool
        Whether what lies inside the site itself is left out: its use ends when homes come.
    within_of : dict or None
        Where `within_column` holds classes instead of metres: class to metres. A feature of another
        class gives `onbekend`, as far as the widest class reaches.
    known : dict or None
        Column of features to all values that are understood; a feature with another value (or
        none) gives `onbekend`, so that an unexpected spelling never reads as free.
    least : dict or None
        Column of features to the number from which they count; a feature without a number counts
        (a farm of unknown size is a farm), unless it is in `must_know`. Where the number is above
        0, a negative one is none: so registers write what they keep secret.
    must_know : tuple of str
        Columns of `least` that a file must have; a feature without a number gives `onbekend`.
    remark : str
        What every reason says behind what was found, in Dutch.
    """

    kind: ClassVar[str] = "zone"

    tolerance_m2: float = 100.0
    tolerance_share: float = 0.01
    within_m: float | None = None
    within_column: str | None = None
    where: dict[str, tuple[str, ...]] | None = None
    unknown_where: dict[str, tuple[str, ...]] | None = None
    leave_out_own_ground: bool = False
    within_of: dict[str, float] | None = None
    known: dict[str, tuple[str, ...]] | None = None
    least: dict[str, float] | None = None
    must_know: tuple[str, ...] = ()
    remark: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limit(self.tolerance_m2, "tolerance_m2", unit="vierkante meter")
        check_share(self.tolerance_share, "tolerance_share")
        check_limit(self.within_m, "within_m", unit="meter, of None voor overlap", positive=True)
        if self.leave_out_own_ground and not self.by_distance:
            raise RuleError("leave_out_own_ground vraagt een afstand: geef within_m.")
        if self.within_of is not None and self.within_column is None:
            raise RuleError("within_of vraagt de kolom met klassen: geef within_column.")
        stray = [c for c in self.must_know if c not in (self.least or {})]
        if stray:
            raise RuleError(f"must_know noemt {stray[0]!r} en least niet; geef daar het getal.")
        for metres in (self.within_of or {}).values():
            check_limit(metres, "within_of", unit="meter")
        for column, number in (self.least or {}).items():
            if not is_number(number):
                raise RuleError(f"least geeft {column!r} de waarde {number!r}; geef een getal.")
        for name in ("where", "unknown_where", "known"):
            object.__setattr__(self, name, text_values(getattr(self, name), name))
        for column, values in (self.where or {}).items():
            if not values:
                raise RuleError(f"where noemt bij {column!r} geen waarde: dan belemmert niets.")

    @property
    def by_distance(self) -> bool:
        """Whether nearness hinders, and not overlap alone.

        Returns
        -------
        bool
            True for rules with a distance.
        """
        return self.within_m is not None or self.within_column is not None

    @property
    def widths_of_features(self) -> bool:
        """Whether features say in metres how far each of them reaches.

        Returns
        -------
        bool
            False where that is one distance for all, or goes by classes.
        """
        return self.within_column is not None and not self.within_of

    @property
    def reach_m(self) -> float:
        """How far around a site the rule looks, metres.

        Returns
        -------
        float
            0 for overlap; the furthest of what holds for features without a distance of their own
            and of the classes. How far the features themselves say that they reach comes on top.
        """
        return float(max(self.within_m or 0.0, *(self.within_of or {}).values(), 0.0))

    def columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as text.

        Returns
        -------
        tuple of str
            Their names.
        """
        named = [*(self.where or {}), *(self.unknown_where or {}), *(self.known or {})]
        if self.within_of is not None and self.within_column is not None:
            named.append(self.within_column)
        return tuple(dict.fromkeys(named))

    def number_columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as numbers.

        Returns
        -------
        tuple of str
            Their names.
        """
        metres = [self.within_column or ""] if self.widths_of_features else []
        return tuple(dict.fromkeys([*metres, *(self.least or {})]))

    def may_lack(self) -> tuple[str, ...]:
        """List the columns that a file need not have.

        Returns
        -------
        tuple of str
            Those of `least` but for `must_know`, and that of distances where `within_m` holds
            otherwise.
        """
        width = () if self.within_m is None or self.within_of else (self.within_column or "",)
        free = [c for c in self.least or {} if c not in self.must_know]
        return (*free, *width)

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
            A copy whose source says that it was changed. A new `within_m` holds for all features.
        """
        return replace(
            self,
            within_column=self.within_column if within_m is None else None,
            within_of=self.within_of if within_m is None else None,
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
        if self.within_of:
            steps = ", ".join(f"{name}: {dutch(m)} m" for name, m in self.within_of.items())
            said = f"belemmerd binnen de afstand van de klasse in {self.within_column} ({steps})"
        elif self.within_column is not None:
            other = f", anders {dutch(self.within_m)} m" if self.within_m else ""
            said = (
                f"belemmerd binnen de afstand die per object in {self.within_column} staat{other}"
            )
        elif self.within_m is not None:
            said = f"belemmerd binnen {dutch(self.within_m)} m"
        else:
            said = f"belemmerd bij {overlap}"
        if self.leave_out_own_ground:
            said += "; wat op de locatie zelf ligt telt niet"
        for column, values in (self.where or {}).items():
            said += f"; alleen waar {column} {_either(values)} is"
        for column, number in (self.least or {}).items():
            unknown = " (niet bekend: onbekend)" if column in self.must_know else ", of niet bekend"
            said += f"; alleen waar {column} {dutch(number)} of meer is{unknown}"
        return said

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "drempel_m2": self.tolerance_m2,
            "drempel_aandeel": self.tolerance_share,
            "binnen_m": self.within_m,
            "binnen_kolom": self.within_column,
            "alleen_waar": {c: list(v) for c, v in self.where.items()} if self.where else None,
            "onbekend_waar": {c: list(v) for c, v in self.unknown_where.items()}
            if self.unknown_where
            else None,
            "eigen_grond_telt_niet": self.leave_out_own_ground,
            "binnen_per_klasse": dict(self.within_of) if self.within_of else None,
            "bekende_waarden": {c: list(v) for c, v in self.known.items()} if self.known else None,
            "minstens": dict(self.least) if self.least else None,
            "moet_bekend_zijn": list(self.must_know) or None,
            "opmerking": self.remark or None,
        }


def _either(values: tuple[str, ...]) -> str:
    """Name a few values; count many."""
    few = 6
    if len(values) > few:
        return f"een van {len(values)} waarden"
    return " of ".join(values)
