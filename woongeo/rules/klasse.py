"""Rules on classes: areas that differ in how hard they hinder, by a word in a column."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  the catalogue reads the types of fields
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from woongeo.errors import RuleError
from woongeo.numerals import dutch
from woongeo.rules.common import SEVERITIES, RuleBase, check_limit, check_share, day_in_rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a class may be besides a severity.
NO_HINDRANCE, NOT_KNOWN = "geen", "onbekend"
#: Which of several classes in one site decides.
DECIDES = ("zwaarste", "grootste")


@dataclass(frozen=True, kw_only=True)
class ClassRule(RuleBase):
    """When an area hinders by its class.

    A class is a severity, "geen" (no hindrance: the verdict is `vrij` and names it) or "onbekend"
    (what lies there is as unknown as what lies outside the coverage). Areas of one class are added
    up, so that it does not matter in how many pieces they are drawn. Of ground in areas of several
    classes the heaviest counts. A class that holds no more than both tolerances of a site does not
    count. Of those that do, the heaviest decides, or the one that holds most of the site; of two
    that hold as much, the heavier. A site that no hindering class decides is `onbekend` where a
    part of it lies outside the coverage or in a class that is not known.

    Attributes
    ----------
    severity : str
        The heaviest that a class can be; it follows from the tables and cannot be given.
    column : str
        The column of features that holds the class; compared without regard to case.
    classes : dict
        Class to severity, "geen" or "onbekend".
    other : str
        What a class that is not in the table is, and a feature without one.
    no_column : str or None
        What every feature is of a layer that has no such column; None refuses such a layer.
    raw_columns : tuple of str
        Columns that hold the class in a form that must be read first: a layer that has one of
        these, and not `column`, is refused.
    changes_on : date or None
        From this day on `classes_from` holds instead of `classes`.
    classes_from : dict or None
        As `classes`; what is not in it stays as it was.
    labels : dict or None
        Class to what it means, in Dutch, for reasons.
    decides : str
        "zwaarste" or "grootste".
    tolerance_m2 : float
        A class that holds up to this many square metres of a site does not count by itself.
    tolerance_share : float
        Nor does one that holds up to this share (0-1). Either one exceeded suffices.
    """

    kind: ClassVar[str] = "klasse"
    merged: ClassVar[tuple[str, ...]] = ("classes", "classes_from", "labels")

    severity: str = field(init=False, default=SEVERITIES[-1])
    column: str = "klasse"
    classes: dict[str, str] | None = None
    other: str = NOT_KNOWN
    no_column: str | None = None
    raw_columns: tuple[str, ...] = ()
    changes_on: dt.date | None = None
    classes_from: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    decides: str = DECIDES[0]
    tolerance_m2: float = 100.0
    tolerance_share: float = 0.01

    def __post_init__(self) -> None:
        if not self.classes:
            raise RuleError("classes ontbreekt: zeg per klasse hoe zwaar zij is.")
        words = (*SEVERITIES, NO_HINDRANCE, NOT_KNOWN)
        for name in ("classes", "classes_from"):
            for klasse, value in (getattr(self, name) or {}).items():
                if value not in words:
                    raise RuleError(
                        f"{name} geeft {klasse!r} de waarde {value!r}; kies uit {', '.join(words)}."
                    )
        for name in ("other", "no_column"):
            value = getattr(self, name)
            if value is not None and value not in words:
                raise RuleError(f"{name} is {value!r}; kies uit {', '.join(words)}.")
        self._check_change()
        if self.decides not in DECIDES:
            raise RuleError(f"decides is {self.decides!r}; kies uit {', '.join(DECIDES)}.")
        check_limit(self.tolerance_m2, "tolerance_m2", unit="vierkante meter")
        check_share(self.tolerance_share, "tolerance_share")
        object.__setattr__(self, "severity", self._heaviest())
        super().__post_init__()

    def _check_change(self) -> None:
        """Refuse a second table without a day, and a day without a table."""
        if (self.changes_on is None) != (self.classes_from is None):
            raise RuleError("changes_on en classes_from horen bij elkaar: geef beide of geen.")
        object.__setattr__(self, "changes_on", day_in_rule(self.changes_on, "changes_on"))

    def _heaviest(self) -> str:
        """Find the heaviest severity that a class can have."""
        values = {*(self.classes or {}).values(), *(self.classes_from or {}).values()}
        values |= {v for v in (self.other, self.no_column) if v is not None}
        there = [s for s in SEVERITIES if s in values]
        if not there:
            raise RuleError("classes noemt geen enkele klasse die belemmert.")
        return there[-1]

    def columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads.

        Returns
        -------
        tuple of str
            The one with the class.
        """
        return (self.column,)

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
        raw = [c for c in there if c.lower() in self.raw_columns]
        if raw:
            return (
                f"kolom {raw[0]!r} moet eerst tot klassen worden gelezen (kolom {self.column!r}); "
                "voor netcongestie doet read_netcongestie dat"
            )
        return "" if self.no_column is not None else super().without(column, there)

    def table(self, on: dt.date) -> dict[str, str]:
        """Give the classes as they are on a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        dict
            Class, in lower case, to severity, "geen" or "onbekend".
        """
        table = dict(self.classes or {})
        if self.changes_on is not None and on >= self.changes_on:
            table |= self.classes_from or {}
        return {k.strip().lower(): v for k, v in table.items()}

    def label(self, klasse: str) -> str:
        """Name a class with what it means.

        Parameters
        ----------
        klasse : str
            As it stands in the layer.

        Returns
        -------
        str
            In Dutch.
        """
        told = {k.strip().lower(): v for k, v in (self.labels or {}).items()}
        meaning = told.get(klasse.lower(), "")
        return f"{klasse or 'zonder klasse'} ({meaning})" if meaning else klasse or "zonder klasse"

    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence.
        """
        which = "de zwaarste" if self.decides == DECIDES[0] else "de grootste"
        said = f"{which} klasse in kolom {self.column} beslist: {_listed(self.classes or {})}"
        if self.changes_on is not None:
            said += f"; vanaf {self.changes_on.isoformat()} {_listed(self.classes_from or {})}"
        return (
            f"{said}; een klasse telt boven {dutch(self.tolerance_m2)} m² of "
            f"{dutch(100 * self.tolerance_share)} % van de locatie"
        )

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "kolom": self.column,
            "klassen": dict(self.classes or {}),
            "andere_klasse": self.other,
            "zonder_kolom": self.no_column,
            "verandert_op": self.changes_on.isoformat() if self.changes_on else None,
            "klassen_vanaf": dict(self.classes_from) if self.classes_from else None,
            "beslist": self.decides,
            "drempel_m2": self.tolerance_m2,
            "drempel_aandeel": self.tolerance_share,
        }


def _listed(table: Mapping[str, str]) -> str:
    """List classes by what they are."""
    return ", ".join(f"{klasse} {value}" for klasse, value in table.items())
