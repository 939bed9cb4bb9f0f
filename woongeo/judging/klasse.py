"""Judging by classes: which class of areas holds a site, and whether that class hinders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from woongeo.columns import as_text
from woongeo.engine import REACH_M, ClassParts, Measure, class_parts, measure_chosen
from woongeo.errors import RuleError
from woongeo.judging.common import (
    EPSILON_M2,
    EPSILON_SHARE,
    Judged,
    Subjects,
    names_of,
    outside_coverage,
)
from woongeo.judging.flat import Flat
from woongeo.numerals import dutch, dutch_all
from woongeo.rules import SEVERITIES
from woongeo.rules.klasse import NO_HINDRANCE, NOT_KNOWN
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.engine import LayerIndex, Sites
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
    hindering = classes.hindering()
    parts, found = _asked(layer, classes).answer(subjects)
    share = np.where(found.whole, 1.0, np.minimum(found.overlap_m2 / sites.area, 1.0))
    counted = _counted(parts, rule, sites)
    decided, tied = _decide(parts, counted, classes, rule, n)
    blocked = np.zeros(n, dtype=bool)
    there = decided >= 0
    blocked[there] = hindering[parts.klass[decided[there]]]
    verdict = np.where(blocked, str(Oordeel.BELEMMERD), str(Oordeel.VRIJ)).astype(object)
    severity = np.full(n, "", dtype=object)
    severity[blocked] = classes.outcome[parts.klass[decided[blocked]]]
    words = _Words.of(rule, classes, parts, sites, subjects.on)
    reason = _reasons(parts, decided, tied, blocked, words)
    outside, why = outside_coverage(layer, sites)
    can = (classes.outcome != NO_HINDRANCE)[classes.of_feature]
    outside, why = Flat.of(layer, can).add_doubt(layer, sites, outside, why)
    outside, why = _with_unknown(outside, why, parts, counted, words)
    said = why != ""
    open_, partly = np.flatnonzero(~blocked & said), np.flatnonzero(blocked & said)
    verdict[open_] = str(Oordeel.ONBEKEND)
    met = (there | found.hit)[open_]
    reason[open_] = why[open_] + np.where(met, "; " + reason[open_], "")
    # A class that hinders counts whatever lies beside it; what is not known there is said.
    reason[partly] = reason[partly] + "; " + why[partly]
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


class Asked(NamedTuple):
    """What is to be measured of a layer of classes."""

    of_index: LayerIndex
    of_feature: NDArray[np.intp]
    hindering: NDArray[np.bool_]
    of_hindering: LayerIndex
    reach_m: float

    def answer(self, subjects: Subjects) -> tuple[ClassParts, Measure]:
        """Measure it, or give what was measured before.

        Parameters
        ----------
        subjects : Subjects
            The locations.

        Returns
        -------
        parts : ClassParts
            What each class holds of their sites.
        found : Measure
            Of the classes that hinder.
        """
        index, klass, hindering, of_hindering, reach = self
        key = ("klasse", id(index), klass.tobytes(), hindering.tobytes(), reach)
        kept = subjects.cache.get(key)
        if isinstance(kept, _Measured):
            return kept.parts, kept.found
        parts = class_parts(subjects.sites, index.features, klass, index=index)
        found = measure_chosen(subjects.sites, index, hindering, of_hindering, reach_m=reach)
        subjects.cache.keep(key, _Measured(index, parts, found))
        return parts, found


class _Measured(NamedTuple):
    """What was measured, and the index that it was measured by, so that its id stays its own."""

    of_index: LayerIndex
    parts: ClassParts
    found: Measure


def asked(layer: Layer, rule: ClassRule, on: dt.date) -> list[Asked]:
    """List what judging will ask to be measured.

    Parameters
    ----------
    layer, rule
        As for `judge`.
    on : date
        The day for which is judged.

    Returns
    -------
    list of Asked
        One: all features by their class.
    """
    return [_asked(layer, _classes(layer.features, rule, on))]


def _asked(layer: Layer, classes: _Classes) -> Asked:
    shapes = layer.features.geometry.to_numpy()
    hindering = np.asarray(classes.hindering()[classes.of_feature], dtype=bool)
    everything = np.ones(len(shapes), dtype=bool)
    return Asked(
        layer.indexes.of(shapes, layer.features, everything),
        classes.of_feature,
        hindering,
        layer.indexes.of(shapes, layer.features, hindering),
        min(layer.reach_m, REACH_M),
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
    row = np.flatnonzero(words.classes.outcome[parts.klass] == NOT_KNOWN)
    site = parts.site[row]
    # Several such classes in one site come in turn.
    turn = np.arange(len(site)) - np.searchsorted(site, site)
    for step in range(int(turn.max(initial=-1)) + 1):
        here = row[turn == step]
        at = parts.site[here]
        if ground is not None:
            alone = shapely.is_missing(ground[at])
            ground[at[~alone]] = shapely.union(ground[at[~alone]], parts.part[here[~alone]])
            ground[at[alone]] = parts.part[here[alone]]
        here = here[counted[here]]
        at = parts.site[here]
        told = "klasse niet bekend: " + words.held[here]
        why[at] = np.where(why[at] == "", told, why[at] + "; " + told)
    return ground, why


@dataclass(frozen=True, eq=False)
class _Words:
    """What reasons are made of."""

    rule: ClassRule
    classes: _Classes
    # What each part is, in words: its class, and how much of the site that holds.
    held: NDArray[np.object_]
    # Which table holds, where there are two.
    since: str

    @classmethod
    def of(
        cls, rule: ClassRule, classes: _Classes, parts: ClassParts, sites: Sites, on: dt.date
    ) -> _Words:
        """Write numbers and names, all at once."""
        label = [rule.label(name) for name in classes.names]
        share = np.minimum(100 * parts.area_m2 / sites.area[parts.site], 100.0)
        area, percent = dutch_all(parts.area_m2), dutch_all(share)
        held = np.empty(len(area), dtype=object)
        held[:] = [
            f"{label[k]} {a} m² ({p} %)"
            for k, a, p in zip(parts.klass.tolist(), area, percent, strict=True)
        ]
        since = ""
        if rule.changes_on is not None:
            word = "vanaf" if on >= rule.changes_on else "van vóór"
            since = f"; regel {word} {rule.changes_on.isoformat()}"
        return cls(rule, classes, held, since)


def _reasons(
    parts: ClassParts,
    decided: NDArray[np.intp],
    tied: NDArray[np.bool_],
    blocked: NDArray[np.bool_],
    words: _Words,
) -> NDArray[np.object_]:
    """Say per site what was found, as if the layer were known everywhere."""
    rule, outcome = words.rule, words.classes.outcome
    reason = np.full(len(decided), "geen gebied van de laag op de locatie", dtype=object)
    limit = f"drempel {dutch(rule.tolerance_m2)} m² of {dutch(100 * rule.tolerance_share)} %"
    said = np.array([f": {value}" for value in outcome], dtype=object)
    free = ": geen belemmering volgens de regel"
    top = np.flatnonzero(decided >= 0)
    of_class = np.where(blocked[top], said[parts.klass[decided[top]]], free)
    tie = np.where(tied[top], "; een andere klasse is even groot: de zwaarste telt", "")
    reason[top] = words.held[decided[top]] + of_class + tie + words.since
    order = np.lexsort((parts.klass, -parts.area_m2, parts.site))
    order = order[(outcome != NOT_KNOWN)[parts.klass[order]]]
    site, start, count = np.unique(parts.site[order], return_index=True, return_counts=True)
    beside = (count > 1) | (decided[site] < 0)
    for at, a, b in zip(*(v[beside].tolist() for v in (site, start, start + count)), strict=True):
        first = decided[at]
        others = words.held[[i for i in order[a:b] if i != first]].tolist()
        if first < 0:
            reason[at] = f"raakt, onder drempel: {'; '.join(others)}; {limit}"
        else:
            own = reason[at].removesuffix(words.since)
            reason[at] = f"{own}; ook {', '.join(others)}{words.since}"
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
    order = np.lexsort((parts.klass, -parts.area_m2, parts.site))
    order = order[counted[order]]
    names = [name or "zonder klasse" for name in classes.names]
    percent = dutch_all(100 * _share(parts, sites)[order], decimals=1)
    listed = [
        f"{names[k]} {p} %" for k, p in zip(parts.klass[order].tolist(), percent, strict=True)
    ]
    klassen = np.full(n, "", dtype=object)
    site, start, count = np.unique(parts.site[order], return_index=True, return_counts=True)
    klassen[site] = [
        listed[a] if b == 1 else "; ".join(listed[a : a + b])
        for a, b in zip(start.tolist(), count.tolist(), strict=True)
    ]
    return {"klasse": klasse, "klassen": klassen}
