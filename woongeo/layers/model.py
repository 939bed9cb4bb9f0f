"""A layer: what stands in the way, where that is known, and from whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.catalogue import MAIN, Catalogue, default_catalogue, verdict_key
from woongeo.checks import CheckReport
from woongeo.encode import html_text, shortened, whole_text
from woongeo.engine import REACH_M, Indexes
from woongeo.errors import RuleError
from woongeo.numerals import counted
from woongeo.rules import KINDS, RuleBase

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from woongeo.regioncodes import RegionTable
    from woongeo.sources import Source


@dataclass(frozen=True, eq=False)
class Coverage:
    """The area in which the absence of a layer means that a site is free of it.

    Attributes
    ----------
    geometry : ndarray of shapely geometries or None
        Surfaces in RD New, which may overlap; None where the area is not known, so that absence
        never means anything.
    description : str
        In Dutch.
    nationwide : bool
        Whether the area ends because the country does: what lies across the border is then not
        unknown but outside the rule.
    source : Source or None
        The file it came from.
    """

    geometry: NDArray[np.object_] | None
    description: str
    nationwide: bool = False
    source: Source | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """A bottleneck on the map.

    Attributes
    ----------
    key : str
        Short name; columns of results begin with it.
    title : str
        For people, in Dutch.
    features : GeoDataFrame
        RD New (EPSG:28992): `object_id`, `object_naam` (text), the columns that its rules read
        (text, but for numbers; of a width that cannot be read -1) and `geometry` (valid, 2D).
        Empty for layers of another kind.
    coverage : Coverage
        Where absence means free.
    rules : dict
        Name to rule: when it hinders. The verdicts of the main rule ("hoofd") bear the key of the
        layer, those of another the key with its name behind it.
    unknown : str
        Why nothing can be said at all (absent, failed, empty); empty where something can.
    incomplete : str
        Why absence means nothing though presence does (features that could not be read); empty
        where the layer is whole.
    reference_date : date or None
        The day whose state the layer shows.
    publisher, licence : str
        Who publishes it, and under which terms; empty where not known.
    report : CheckReport
        Repairs and set-aside features.
    source : Source or None
        Where the features came from.
    reach_m : float
        How far around the sites the layer was looked for, metres: beyond it distances are not
        known.
    around : bool
        Whether it was looked for around the locations only: then where that was tells where they
        are.
    raster : object, optional
        What a layer of cells is read from.
    table : RegionTable, optional
        What a layer without shapes says of each region.
    indexes : Indexes
        What screenings found out about the shapes and the next need not.
    """

    key: str
    title: str
    features: gpd.GeoDataFrame
    coverage: Coverage
    rules: Mapping[str, RuleBase]
    unknown: str = ""
    incomplete: str = ""
    reference_date: dt.date | None = None
    publisher: str = ""
    licence: str = ""
    report: CheckReport = field(default_factory=lambda: CheckReport.of([]))
    source: Source | None = None
    reach_m: float = REACH_M
    around: bool = False
    raster: Any = None
    table: RegionTable | None = None
    indexes: Indexes = field(default_factory=Indexes, repr=False)

    def __post_init__(self) -> None:
        # Cells and tables have no shapes: to a rule on shapes they would be free of everything.
        kinds = [("raster", self.raster), ("tabel", self.table)]
        for kind, there in kinds:
            wrong = [rule.kind for rule in self.rules.values() if rule.on and rule.kind != kind]
            if there is not None and wrong:
                raise RuleError(
                    f"laag {self.key} is een {kind} en een regel van de soort {wrong[0]} leest "
                    f"dat niet; geef een {KINDS[kind].__name__}."
                )

    def __len__(self) -> int:
        return len(self.features)

    @property
    def rule(self) -> RuleBase:
        """The main rule.

        Returns
        -------
        RuleBase
            That of the verdicts which bear the key of the layer.
        """
        return self.rules[MAIN]

    def active(self) -> dict[str, RuleBase]:
        """List the rules that are judged.

        Returns
        -------
        dict
            Key of the verdicts to rule, in the order of the rules.
        """
        return {verdict_key(self.key, n): rule for n, rule in self.rules.items() if rule.on}

    def with_rule(self, rule: RuleBase, *, name: str = MAIN) -> Layer:
        """Give the layer another rule, or one more.

        Parameters
        ----------
        rule : RuleBase
            The rule.
        name : str
            Which rule of the layer it replaces or becomes.

        Returns
        -------
        Layer
            A copy.

        Raises
        ------
        RuleError
            When it is no rule, or the layer is a raster or a table and the rule of another kind.
        """
        if not isinstance(rule, RuleBase):
            raise RuleError(f"laag {self.key}: {rule!r} is geen regel; geef er een, als Rule().")
        return replace(self, rules={**self.rules, name: rule})

    def turned_on(self, *names: str) -> Layer:
        """Have rules judged that the catalogue has off.

        Parameters
        ----------
        *names : str
            Their names: "250m".

        Returns
        -------
        Layer
            A copy.

        Raises
        ------
        RuleError
            When the layer has no such rule.
        """
        rules = dict(self.rules)
        for name in names:
            if name not in rules:
                raise RuleError(
                    f"laag {self.key} heeft geen regel {name!r}; wel: {', '.join(rules)}."
                )
            rules[name] = replace(rules[name], on=True)
        return replace(self, rules=rules)

    def stale(self, on: dt.date, rule: RuleBase | None = None) -> str:
        """Say why the layer is too old on a day.

        Parameters
        ----------
        on : date
            The day.
        rule : RuleBase, optional
            For which of its rules; for all that are judged without it.

        Returns
        -------
        str
            The reason in Dutch; empty where the layer is not too old or the rule does not mind.
        """
        judged = self.active().values() if rule is None else [rule]
        limits = [r.max_age_days for r in judged if r.max_age_days is not None]
        if not limits:
            return ""
        limit = min(limits)
        days = counted(limit, "dag", "dagen")
        if self.reference_date is None:
            return f"peildatum van de laag is niet bekend, hoogstens {days} oud gevraagd"
        age = (on - self.reference_date).days
        return (
            f"laag is {counted(age, 'dag', 'dagen')} oud, meer dan {limit}" if age > limit else ""
        )

    def later(self, on: dt.date) -> str:
        """Say that the layer shows a later state than that of a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        str
            A sentence in Dutch for notes; empty where the layer shows no later day. Such a layer is
            never too old, however old it is: its date may be a slip.
        """
        day = self.reference_date
        if day is None or day <= on:
            return ""
        return (
            f"{self.title}: de peildatum {day.isoformat()} ligt na {on.isoformat()}, de dag van "
            "toetsing; hoe oud de laag is, is daarmee niet te zeggen."
        )

    def facts(self) -> dict[str, Any]:
        """Give the layer as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        coverage = self.coverage
        return {
            "laag": self.key,
            "titel": self.title,
            "uitgever": self.publisher or None,
            "licentie": self.licence or None,
            "peildatum": self.reference_date.isoformat() if self.reference_date else None,
            "objecten": len(self),
            "onbekend_omdat": self.unknown or None,
            "onvolledig_omdat": self.incomplete or None,
            "bron": self.source.facts() if self.source else None,
            "raster": None if self.raster is None else self.raster.facts(),
            "dekking": coverage.description,
            "gezocht_tot_m": self.reach_m,
            "dekking_bron": coverage.source.facts() if coverage.source else None,
            "controle": self.report.counts(),
            "regels": {key: rule.facts() for key, rule in self.active().items()},
        }

    def _repr_html_(self) -> str:
        state = self.unknown or self.incomplete or "volledig"
        date = self.reference_date.isoformat() if self.reference_date else "niet bekend"
        rows = {
            "objecten": str(len(self)),
            "toestand": state,
            "dekking": self.coverage.description,
            "peildatum": date,
            "uitgever": self.publisher or "niet bekend",
            "licentie": self.licence or "niet bekend",
            "bestand": self.source.path if self.source else "geen",
        }
        for key, rule in self.active().items():
            rows[f"regel {key}"] = f"{rule.in_words()} ({rule.severity}; {rule.source})"
        body = "".join(
            f"<tr><th>{html_text(k)}</th><td>{html_text(shortened(v))}</td></tr>"
            for k, v in rows.items()
        )
        title = html_text(shortened(self.title))
        return f"<table><caption>{title}</caption><tbody>{body}</tbody></table>"


def named(features: NDArray[np.object_], ids: list[str], names: list[str]) -> gpd.GeoDataFrame:
    """Make the frame of features.

    Parameters
    ----------
    features : ndarray of shapely geometries
        Valid shapes in RD New (EPSG:28992).
    ids, names : list of str
        What each is called.

    Returns
    -------
    GeoDataFrame
        `object_id`, `object_naam` and `geometry`, on a `RangeIndex`.
    """
    columns = {
        "object_id": pd.Series(ids, dtype=object),
        "object_naam": pd.Series(names, dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(features, crs="EPSG:28992"))


def missing_layer(
    key: str, *, reason: str, title: str | None = None, catalogue: Catalogue | None = None
) -> Layer:
    """Stand in for a layer that is not there, so that its verdicts read `onbekend`.

    Parameters
    ----------
    key : str
        The layer.
    reason : str
        Why it is not there, in Dutch; it becomes the reason of every verdict.
    title : str, optional
        For people.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        A layer without features, about which nothing is known.
    """
    spec = (catalogue or default_catalogue()).spec(key)
    return Layer(
        key=key,
        title=title or spec.title,
        features=named(np.empty(0, dtype=object), [], []),
        coverage=Coverage(None, "geen"),
        rules=spec.rules,
        unknown=whole_text(reason) or "laag is niet geleverd",
    )
