"""Judging by classes: which class of areas holds a site, and whether that class hinders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from woongeo.columns import as_text
from woongeo.encode import dutch
from woongeo.engine import REACH_M, ClassParts, class_parts, measure
from woongeo.errors import RuleError
from woongeo.judging.common import (
    EPSILON_M2,
    EPSILON_SHARE,
    Judged,
    Subjects,
    names_of,
    outside_coverage,
)
from woongeo.rules import SEVERITIES
from woongeo.rules.klasse import NO_HINDRANCE, NOT_KNOWN
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.engine import Sites
    from woongeo.layers import Layer
    from woongeo.rules import ClassRule

# Areas that differ less are as large: two drawings of one border, as in `uncovered`.
_TIE_M2 = 0.01
# From light to heavy. What is not known yields to what hinders, and goes before what does not.
_WEIGHTS = {v: i for i, v in enumerate((NO_HINDRANCE, NOT_KNOWN, *SEVERITIES))}


@dataclass(frozen=True, eq=False)
class _Classes:
    """The classes of a layer on a day, heaviest first."""

    names: NDArray[np.object_]
    # What each is: a severity, "geen" or "onbekend".
    outcome: NDArray[np.object_]
    weight: NDArray[np.intp]
    # The class of each feature.
    of_feature: NDArray[np.intp]

    def hindering(self) -> NDArray[np.bool_]:
        """Tell for each class whether it hinders."""
        return np.isin(self.outcome, SEVERITIES)


def judge(layer: Layer, rule: ClassRule, subjects: Subjects) -> Judged:
    """Judge locations against a layer of classes.

    Parameters
    ----------
    layer : Layer
        With the column that the rule reads.
    rule : ClassRule
        Which classes hinder.
    subjects : Subjects
        The locations; the day decides which table of the rule holds.

    Returns
    -------
    Judged
        In the order of the locations, with the columns `klasse` (the one that decides) and
        `klassen` (all that count, largest first). Severity is that of the class. The ground that is
        taken is that of all hindering classes; distances are to the nearest of them.
    """
    sites, n = subjects.sites, len(subjects)
    features = layer.features
    classes = _classes(features, rule, subjects.on)
    shapes = features.geometry.to_numpy()
    parts = class_parts(sites, shapes, classes.of_feature)
    hindering = classes.hindering()
    found = measure(
        sites, shapes[hindering[classes.of_feature]], reach_m=min(layer.reach_m, REACH_M)
    )
    share = np.where(found.whole, 1.0, np.minimum(found.overlap_m2 / sites.area, 1.0))
    counted = _counted(parts, rule, sites)
    decided, tied = _decide(parts, counted, classes, rule, n)
    blocked = np.zeros(n, dtype=bool)
    there = decided >= 0
    blocked[there] = hindering[parts.klass[decided[there]]]
    verdict = np.where(blocked, str(Oordeel.BELEMMERD), str(Oordeel.VRIJ)).astype(object)
    severity = np.full(n, "", dtype=object)
    severity[blocked] = classes.outcome[parts.klass[decided[blocked]]]
    words = _Words(rule, classes, sites, subjects.on)
    reason = _reasons(parts, decided, tied, blocked, words)
    outside, why = outside_coverage(layer, sites)
    outside, why = _with_unknown(outside, why, parts, counted, words)
    open_ = ~blocked & (why != "")
    verdict[open_] = str(Oordeel.ONBEKEND)
    reason[open_] = (why + np.where(there | found.hit, "; " + reason, ""))[open_]
    # A class that hinders counts whatever lies beside it; what is not known there is said.
    partly = blocked & (why != "")
    reason[partly] = (reason + "; " + why)[partly]
    return Judged(
        verdict=verdict,
        reason=reason,
        severity=severity,
        touched=found.hit,
        share=share,
        overlap_m2=found.overlap_m2,
        distance_m=found.distance_m,
        objects=_objects(features, parts, classes, n),
        measure=found,
        unknown_parts=outside,
        extra=_columns(parts, counted, decided, classes, sites),
    )


def counting(layer: Layer, rule: ClassRule, on: dt.date) -> NDArray[np.bool_]:
    """Tell which features can hinder, or make a verdict `onbekend`.

    Parameters
    ----------
    layer : Layer
        With the column that the rule reads.
    rule : ClassRule
        Which classes hinder.
    on : date
        The day decides which table of the rule holds.

    Returns
    -------
    ndarray of bool
        Per feature: False for those of a class that does not hinder.
    """
    return np.asarray(outcomes(layer.features, rule, on) != NO_HINDRANCE)


def outcomes(features: gpd.GeoDataFrame, rule: ClassRule, on: dt.date) -> NDArray[np.object_]:
    """Say what each feature is by its class.

    Parameters
    ----------
    features : GeoDataFrame
        With the column that the rule reads.
    rule : ClassRule
        What the classes are.
    on : date
        The day decides which table of the rule holds.

    Returns
    -------
    ndarray of str
        Per feature a severity, "geen" or "onbekend".

    Raises
    ------
    RuleError
        When the column is not there.
    """
    classes = _classes(features, rule, on)
    return np.asarray(classes.outcome[classes.of_feature], dtype=object)


def _classes(features: gpd.GeoDataFrame, rule: ClassRule, on: dt.date) -> _Classes:
    """List the classes that a layer has, by what they are on a day."""
    if rule.column in features.columns:
        # Layers of half a million areas have a handful of classes.
        codes, unique = pd.factorize(features[rule.column], use_na_sentinel=False)
        words = as_text(pd.Series(unique, dtype=object)).str.strip()
        values = words.str.lower().map(rule.table(on))
        values = values.astype(object).where(values.notna(), rule.other)
    elif rule.no_column is not None:
        codes = np.zeros(len(features), dtype=np.intp)
        words = pd.Series([""], dtype=object)
        values = pd.Series([rule.no_column], dtype=object)
    else:
        raise RuleError(
            f"de regel leest de kolom {rule.column!r} en de laag heeft die niet; lees de laag met "
            "deze regel, of zeg met columns welke kolom het is."
        )
    pairs = pd.DataFrame({"word": words, "value": values, "weight": values.map(_WEIGHTS)})
    classes = pairs.drop_duplicates().sort_values(["weight", "word"], ascending=[False, True])
    rank = {word: i for i, word in enumerate(classes["word"])}
    of_word = pairs["word"].map(rank).to_numpy(dtype=np.intp)
    return _Classes(
        classes["word"].to_numpy(dtype=object),
        classes["value"].to_numpy(dtype=object),
        classes["weight"].to_numpy(dtype=np.intp),
        of_word[codes],
    )


def _objects(
    features: gpd.GeoDataFrame, parts: ClassParts, classes: _Classes, n: int
) -> NDArray[np.object_]:
    """List per site all areas that hold some of it, each with its class."""
    used, feature = np.unique(parts.pair_feature, return_inverse=True)
    there = features.iloc[used]
    words = there["object_naam"].astype(object) + " [" + classes.names[classes.of_feature[used]]
    named = there.assign(object_naam=(words + "]").str.strip())
    return names_of(named, parts.pair_site, feature, n)


def _share(parts: ClassParts, sites: Sites) -> NDArray[np.float64]:
    """Give what each part is of its site (0-1)."""
    return np.asarray(np.minimum(parts.area_m2 / sites.area[parts.site], 1.0))


def _counted(parts: ClassParts, rule: ClassRule, sites: Sites) -> NDArray[np.bool_]:
    """Tell which parts are more than a sliver."""
    return np.asarray(
        (parts.area_m2 > rule.tolerance_m2 + EPSILON_M2)
        | (_share(parts, sites) > rule.tolerance_share + EPSILON_SHARE)
    )


def _decide(
    parts: ClassParts, counted: NDArray[np.bool_], classes: _Classes, rule: ClassRule, n: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find the part that decides each site (-1 where none does), and whether another is as large.

    Parts of which the class is not known never decide: they make a verdict `onbekend`.
    """
    known = classes.outcome[parts.klass] != NOT_KNOWN
    row = np.flatnonzero(counted & known)
    site, area, weight = parts.site[row], parts.area_m2[row], classes.weight[parts.klass[row]]
    tied = np.zeros(n, dtype=bool)
    if rule.decides == "grootste":
        largest = np.zeros(n)
        np.maximum.at(largest, site, area)
        top = area >= largest[site] - _TIE_M2
        row, site, area, weight = row[top], site[top], area[top], weight[top]
        tied = np.bincount(site, minlength=n) > 1
    order = np.lexsort((parts.klass[row], -area, -weight, site))
    decided = np.full(n, -1, dtype=np.intp)
    first, at = np.unique(site[order], return_index=True)
    decided[first] = row[order][at]
    return decided, tied


def _with_unknown(
    outside: NDArray[np.object_] | None,
    why: NDArray[np.object_],
    parts: ClassParts,
    counted: NDArray[np.bool_],
    words: _Words,
) -> tuple[NDArray[np.object_] | None, NDArray[np.object_]]:
    """Add ground of classes that are not known to what lies outside the coverage, and say so."""
    ground = None if outside is None else outside.copy()
    why = why.copy()
    # Several such classes in one site come in turn.
    for i in np.flatnonzero(words.classes.outcome[parts.klass] == NOT_KNOWN):
        at = parts.site[i]
        if ground is not None:
            here = ground[at]
            ground[at] = parts.part[i] if here is None else shapely.union(here, parts.part[i])
        if counted[i]:
            told = f"klasse niet bekend: {words.held(parts, int(i))}"
            why[at] = f"{why[at]}; {told}" if why[at] else told
    return ground, why


@dataclass(frozen=True, eq=False)
class _Words:
    """What reasons are made of."""

    rule: ClassRule
    classes: _Classes
    sites: Sites
    on: dt.date

    def held(self, parts: ClassParts, i: int) -> str:
        """Say what a class holds of a site."""
        share = 100 * parts.area_m2[i] / self.sites.area[parts.site[i]]
        name = self.rule.label(self.classes.names[parts.klass[i]])
        return f"{name} {dutch(parts.area_m2[i])} m² ({dutch(min(share, 100.0))} %)"

    def since(self) -> str:
        """Say which table holds, where there are two."""
        if self.rule.changes_on is None:
            return ""
        word = "vanaf" if self.on >= self.rule.changes_on else "van vóór"
        return f"; regel {word} {self.rule.changes_on.isoformat()}"


def _reasons(
    parts: ClassParts,
    decided: NDArray[np.intp],
    tied: NDArray[np.bool_],
    blocked: NDArray[np.bool_],
    words: _Words,
) -> NDArray[np.object_]:
    """Say per site what was found, as if the layer were known everywhere."""
    rule, classes = words.rule, words.classes
    reason = np.full(len(decided), "geen gebied van de laag op de locatie", dtype=object)
    limit = f"drempel {dutch(rule.tolerance_m2)} m² of {dutch(100 * rule.tolerance_share)} %"
    known = classes.outcome[parts.klass] != NOT_KNOWN
    order = np.lexsort((parts.klass, -parts.area_m2, parts.site))
    order = order[known[order]]
    held = parts.site[order]
    starts = np.searchsorted(held, np.arange(len(decided) + 1))
    for at in np.flatnonzero(np.diff(starts)):
        here = [int(i) for i in order[starts[at] : starts[at + 1]]]
        top = int(decided[at])
        if top < 0:
            listed = "; ".join(words.held(parts, i) for i in here)
            reason[at] = f"raakt, onder drempel: {listed}; {limit}"
            continue
        value = classes.outcome[parts.klass[top]]
        said = words.held(parts, top)
        said += f": {value}" if blocked[at] else ": geen belemmering volgens de regel"
        if tied[at]:
            said += "; een andere klasse is even groot: de zwaarste telt"
        others = [words.held(parts, i) for i in here if i != top]
        if others:
            said += f"; ook {', '.join(others)}"
        reason[at] = said + words.since()
    return reason


def _columns(
    parts: ClassParts,
    counted: NDArray[np.bool_],
    decided: NDArray[np.intp],
    classes: _Classes,
    sites: Sites,
) -> dict[str, NDArray[np.generic]]:
    """Give the class that decides each site, and all that count, largest first."""
    n = len(decided)
    klasse = np.full(n, "", dtype=object)
    klasse[decided >= 0] = classes.names[parts.klass[decided[decided >= 0]]]
    share = _share(parts, sites)
    listed: list[list[str]] = [[] for _ in range(n)]
    for i in np.lexsort((parts.klass, -parts.area_m2, parts.site)):
        if counted[i]:
            name = classes.names[parts.klass[i]] or "zonder klasse"
            listed[parts.site[i]].append(f"{name} {dutch(100 * share[i], decimals=1)} %")
    klassen = np.empty(n, dtype=object)
    klassen[:] = ["; ".join(row) for row in listed]
    return {"klasse": klasse, "klassen": klassen}
