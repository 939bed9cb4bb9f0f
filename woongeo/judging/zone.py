"""Judging by shapes: overlap with a layer, or nearness to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from woongeo.columns import as_text
from woongeo.encode import whole_text
from woongeo.engine import REACH_M, Measure, dissolve, measure, measure_around
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
from woongeo.rules.zone import UNREADABLE_M
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.engine import LayerIndex, Sites
    from woongeo.layers import Layer
    from woongeo.rules import Rule


def judge(layer: Layer, rule: Rule, subjects: Subjects) -> Judged:
    """Judge locations against a layer of shapes.

    Parameters
    ----------
    layer : Layer
        With features.
    rule : Rule
        When they hinder.
    subjects : Subjects
        The locations.

    Returns
    -------
    Judged
        In the order of the locations.
    """
    sites = subjects.sites
    counts, doubtful = select(layer, rule)
    width = widths(layer, rule)
    found = _measure(layer, rule, subjects, counts, width)
    share = np.where(found.whole, 1.0, np.minimum(found.overlap_m2 / sites.area, 1.0))
    blocked = found.hit
    if not rule.by_distance:
        blocked = found.hit & (
            (found.overlap_m2 > rule.tolerance_m2 + EPSILON_M2)
            | (share > rule.tolerance_share + EPSILON_SHARE)
        )
    verdict = np.where(blocked, str(Oordeel.BELEMMERD), str(Oordeel.VRIJ)).astype(object)
    reason = _reasons(rule, found, share, blocked, width[counts])
    widest = float(np.max(width, initial=rule.reach_m))
    parts, why = outside_coverage(layer, sites, within_m=widest)
    nobody = untold(layer, rule, doubtful)
    if nobody:
        parts, why = None, np.where(why == "", nobody, why)
    parts, why = flat_of(layer, rule, counts | doubtful).add_doubt(layer, sites, parts, why)
    if doubtful.any():
        there = _measure(layer, rule, subjects, doubtful, width)
        parts, why = _add_doubtful(layer, there, sites, np.flatnonzero(doubtful), parts, why)
    open_ = np.flatnonzero(~blocked & (why != ""))
    verdict[open_] = str(Oordeel.ONBEKEND)
    reason[open_] = why[open_] + np.where(found.hit[open_], "; " + reason[open_], "")
    if rule.remark:
        reason += f"; {whole_text(rule.remark)}"
    kept = np.flatnonzero(counts)
    return Judged(
        verdict=verdict,
        reason=reason,
        severity=np.where(blocked, rule.severity, "").astype(object),
        touched=found.hit,
        share=share,
        overlap_m2=found.overlap_m2,
        distance_m=found.distance_m,
        objects=names_of(layer.features, found.pair_site, kept[found.pair_feature], len(sites)),
        measure=found,
        unknown_parts=parts,
        extra={"netto_m2": sites.area - found.overlap_m2} if rule.leave_out_own_ground else {},
    )


def select(layer: Layer, rule: Rule) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the features that a rule counts, and those of which it cannot tell.

    Parameters
    ----------
    layer : Layer
        With the columns that the rule reads.
    rule : Rule
        With `where` and `unknown_where`.

    Returns
    -------
    counts, doubtful : ndarray of bool
        Per feature; a feature without a value in a column of `where` is doubtful.

    Raises
    ------
    RuleError
        When the layer has not such a column.
    """
    features = layer.features
    counts, doubtful = np.ones(len(features), dtype=bool), np.zeros(len(features), dtype=bool)
    for column in (*rule.columns(), *rule.number_columns()):
        if column not in features.columns:
            raise RuleError(
                f"laag {layer.key}: een regel leest de kolom {column!r} en die heeft de laag niet; "
                "lees haar opnieuw en zeg met columns welke kolom van het bestand het is."
            )
    for column, values in (rule.where or {}).items():
        text = _bare(features[column])
        doubtful |= text == ""
        counts &= np.isin(text, _bare(pd.Series(values)))
    given = own_widths(layer, rule)
    if given is not None:
        # What does not count needs no width. What is empty has the width of the rule, if any.
        without = ~(given >= 0) if rule.within_m is None else given < 0
        doubtful |= counts & without
    for column, values in (rule.unknown_where or {}).items():
        text = _bare(features[column])
        doubtful |= (text == "") | np.isin(text, _bare(pd.Series(values)))
    for column, values in (rule.known or {}).items():
        doubtful |= ~np.isin(_bare(features[column]), _bare(pd.Series(values)))
    few = np.zeros(len(features), dtype=bool)
    for column, number in (rule.least or {}).items():
        # Without a number it is not less; of what is counted -99997 is no number.
        given_number = features[column].to_numpy(dtype=float)
        none = np.isnan(given_number) | ((given_number < 0) & (number > 0))
        few |= ~none & (given_number < number)
        if column in rule.must_know:
            doubtful |= none
    return counts & ~few & ~doubtful, doubtful & ~few


def counting(layer: Layer, rule: Rule, on: dt.date) -> NDArray[np.bool_]:  # noqa: ARG001
    """Tell which features can hinder, or make a verdict `onbekend`.

    Parameters
    ----------
    layer : Layer
        With the columns that the rule reads.
    rule : Rule
        What counts.
    on : date
        Of no account here.

    Returns
    -------
    ndarray of bool
        Per feature.
    """
    counts, doubtful = select(layer, rule)
    return np.asarray(counts | doubtful)


def own_widths(layer: Layer, rule: Rule) -> NDArray[np.float64] | None:
    """Give what the features say of their own width.

    Parameters
    ----------
    layer, rule
        As for `judge`.

    Returns
    -------
    ndarray of float or None
        Metres; NaN where they say nothing, negative where what they say is no width. None where
        the rule does not ask.
    """
    if rule.within_column is None:
        return None
    given = layer.features[rule.within_column]
    if rule.within_of is None:
        return np.asarray(given.to_numpy(dtype=float))
    classes = _bare(pd.Series(list(rule.within_of), dtype=object))
    steps = dict(zip(classes, rule.within_of.values(), strict=True)) | {"": np.nan}
    code, texts = pd.factorize(_bare(given))
    return np.array([steps.get(text, UNREADABLE_M) for text in texts], dtype=float)[code]


def _bare(values: pd.Series) -> NDArray[np.object_]:
    """Write values alike, whatever their case and blanks: "LIB 4" is "lib4"."""
    # Of many features a few values.
    code, kinds = pd.factorize(values, use_na_sentinel=False)
    texts = as_text(pd.Series(kinds, dtype=object))
    bare = np.array([text.lower().replace(" ", "") for text in texts], dtype=object)
    return np.asarray(bare[code], dtype=object)


def widths(layer: Layer, rule: Rule) -> NDArray[np.float64]:
    """Give the width of each feature's zone.

    Parameters
    ----------
    layer, rule
        As for `judge`.

    Returns
    -------
    ndarray of float
        Metres; 0 where overlap decides.
    """
    given = own_widths(layer, rule)
    if given is None:
        return np.full(len(layer.features), rule.within_m or 0.0)
    known = given >= 0
    # Nobody says how far these reach: as far as the furthest of the others, or of the rule.
    furthest = float(np.max(given[known], initial=rule.reach_m))
    width = np.where(known, given, furthest)
    if rule.within_m is not None:
        width[np.isnan(given)] = rule.within_m
    return width


def untold(layer: Layer, rule: Rule, doubtful: NDArray[np.bool_]) -> str:
    """Say why it is not known how far a rule looks.

    Parameters
    ----------
    layer, rule
        As for `judge`.
    doubtful : ndarray of bool
        From `select`.

    Returns
    -------
    str
        In Dutch; empty where it is known, or does not matter: no feature reaches so far that
        nobody knows, and the layer ends where the country does.
    """
    given = own_widths(layer, rule)
    if given is None or rule.within_of or (given >= 0).any():
        return ""
    if rule.within_m is not None:
        unread = doubtful & (given < 0)
        if not unread.any():
            return ""
    elif not doubtful.any() and layer.coverage.nationwide:
        return ""
    remedy = ", of geef within_m" if rule.within_m is None else ""
    return (
        f"kolom {rule.within_column} zegt van geen object hoe ver het reikt: vul meters in{remedy}"
    )


def flat_of(layer: Layer, rule: Rule, counts: NDArray[np.bool_]) -> Flat:
    """Find lines and points that can never hinder by overlap.

    Parameters
    ----------
    layer, rule
        As for `judge`.
    counts : ndarray of bool
        Features that count, and those of which that is not known.

    Returns
    -------
    Flat
        None of them where distance decides.
    """
    if rule.by_distance:
        counts = np.zeros(len(counts), dtype=bool)
    return Flat.of(layer, counts, remedy=", of geef within_m")


def _measure(
    layer: Layer,
    rule: Rule,
    subjects: Subjects,
    chosen: NDArray[np.bool_],
    width: NDArray[np.float64],
) -> Measure:
    """Measure the chosen features; what rules on one layer share only once."""
    return _asked(layer, rule, chosen, width).answer(subjects)


class Asked(NamedTuple):
    """What is to be measured of a layer."""

    of_index: LayerIndex
    width_m: NDArray[np.float64]
    own: bool
    reach_m: float

    def answer(self, subjects: Subjects) -> Measure:
        """Measure it, or give what was measured before.

        Parameters
        ----------
        subjects : Subjects
            The locations.

        Returns
        -------
        Measure
            Of their sites.
        """
        index, width, own, reach = self
        key = ("zone", id(index), own, width.tobytes(), reach)
        kept = subjects.cache.get(key)
        if isinstance(kept, _Measured):
            return kept.found
        how = measure_around if own else measure
        found = how(subjects.sites, index.features, within_m=width, reach_m=reach, index=index)
        subjects.cache.keep(key, _Measured(index, found))
        return found


def _asked(
    layer: Layer, rule: Rule, chosen: NDArray[np.bool_], width: NDArray[np.float64]
) -> Asked:
    index = layer.indexes.of(layer.features.geometry.to_numpy(), layer.features, chosen)
    return Asked(index, width[chosen], rule.leave_out_own_ground, min(layer.reach_m, REACH_M))


def asked(layer: Layer, rule: Rule) -> list[Asked]:
    """List what judging will ask to be measured.

    Parameters
    ----------
    layer, rule
        As for `judge`.

    Returns
    -------
    list of Asked
        The features that count, and those of which that is not known.
    """
    # A column that is not there is refused here.
    chosen = [c for i, c in enumerate(select(layer, rule)) if i == 0 or c.any()]
    width = widths(layer, rule)
    return [_asked(layer, rule, c, width) for c in chosen]


class _Measured(NamedTuple):
    """A measure, and the index that it was measured by, so that its id stays its own."""

    of_index: LayerIndex
    found: Measure


def _add_doubtful(
    layer: Layer,
    found: Measure,
    sites: Sites,
    feature: NDArray[np.intp],
    parts: NDArray[np.object_] | None,
    why: NDArray[np.object_],
) -> tuple[NDArray[np.object_] | None, NDArray[np.object_]]:
    """Count ground in the zone of features that tell too little as unknown."""
    names = names_of(layer.features, found.pair_site, feature[found.pair_feature], len(why))
    why = why.copy()
    for i in np.flatnonzero(found.hit & (why == "")):
        why[i] = f"van een object hier is niet bekend of het telt ({names[i]})"
    if parts is None:
        return None, why
    rows, ground = dissolve(found.part_site, found.part)
    zone = np.full(len(why), None, dtype=object)
    zone[rows] = ground
    zone[found.whole] = sites.geometry[found.whole]
    both = ~shapely.is_missing(zone) & ~shapely.is_missing(parts)
    parts = np.where(shapely.is_missing(parts), zone, parts)
    parts[both] = shapely.union(parts[both], zone[both])
    return parts, why


def _reasons(
    rule: Rule,
    found: Measure,
    share: NDArray[np.float64],
    blocked: NDArray[np.bool_],
    width: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Say per site what was found, as if the layer were known everywhere."""
    n = len(share)
    within = np.full(n, "", dtype=object)
    free = "geen overlap met de laag"
    if rule.within_column is not None:
        within[:] = _own_distances(found, width, n)
        free = "niet binnen de afstand van een object"
    elif rule.within_m is not None:
        within[:] = f"binnen {dutch(rule.within_m)} m"
        free = f"niet {within[0]}" if n else ""
    reason = np.full(n, free, dtype=object)
    limit = f"drempel {dutch(rule.tolerance_m2)} m² of {dutch(100 * rule.tolerance_share)} %"
    hit = np.flatnonzero(found.hit)
    area, percent = dutch_all(found.overlap_m2[hit]), dutch_all(100 * share[hit])
    if rule.by_distance:
        far = dutch_all(found.distance_m[hit])
        reason[hit] = [
            f"ligt op {d} m, {near}; zone beslaat {a} m² ({p} %)"
            for d, near, a, p in zip(far, within[hit], area, percent, strict=True)
        ]
    else:
        said = np.where(blocked[hit], "overlapt", "raakt, onder drempel:").tolist()
        reason[hit] = [
            f"{how} {a} m² ({p} %); {limit}" for how, a, p in zip(said, area, percent, strict=True)
        ]
    return reason


def _own_distances(found: Measure, width: NDArray[np.float64], n: int) -> NDArray[np.object_]:
    """Say per site how far the objects reach in whose zone it lies."""
    least, most = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(least, found.pair_site, width[found.pair_feature])
    np.maximum.at(most, found.pair_site, width[found.pair_feature])
    told = np.full(n, "binnen de afstand van het object", dtype=object)
    rows = np.flatnonzero(np.isfinite(least))
    near, far = dutch_all(least[rows]), dutch_all(most[rows])
    told[rows] = [
        f"binnen de afstand van het object ({a if a == b else f'{a} tot {b}'} m)"
        for a, b in zip(near, far, strict=True)
    ]
    return told
