"""Judging nitrogen: by the number of homes and the distance to the nearest nature that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.nearest import Nearest, nearest
from woongeo.errors import RuleError
from woongeo.judging.common import Judged, Subjects, names_of, outside_coverage, wholly
from woongeo.numerals import counted, dutch
from woongeo.rules.stikstof import (
    NITROGEN_REACH_M,
    deposition_mol,
    exceeds,
    homes_under,
)
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.engine import Sites
    from woongeo.layers import Layer
    from woongeo.rules.stikstof import StikstofRule


@dataclass(frozen=True, eq=False)
class _Nearby:
    """What nature lies near sites, and from where on it is not known what lies there.

    The verdict rests on two distances: to nature that counts, and to nature that may be there.
    """

    nearest: Nearest
    objects: NDArray[np.object_]
    maybe_m: NDArray[np.float64]
    why: NDArray[np.object_]


def judge(layer: Layer, rule: StikstofRule, subjects: Subjects) -> Judged:
    """Judge the nitrogen of building at locations.

    Parameters
    ----------
    layer : Layer
        Nature: habitats that nitrogen harms, or Natura 2000.
    rule : StikstofRule
        What counts, and from how much on.
    subjects : Subjects
        The locations, with their homes.

    Returns
    -------
    Judged
        In the order of the locations. A location is taken wholly or not at all. `extra` holds
        `bijdrage_mol_ha_j` (NaN where it is not known) and `woningen_onder_drempel` (NaN where
        nothing lies within 25 km, or that is not known).
    """
    near = _nearby(layer, rule, subjects)
    homes = subjects.frame["woningen"].to_numpy(dtype=float)
    blocked, open_, contribution = _settle(near, homes, rule.threshold_mol_ha_j)
    verdict = np.full(len(subjects), str(Oordeel.VRIJ), dtype=object)
    verdict[blocked] = str(Oordeel.BELEMMERD)
    verdict[open_] = str(Oordeel.ONBEKEND)
    fit = homes_under(rule.threshold_mol_ha_j, near.nearest.distance_m)
    seen = near.maybe_m >= np.nan_to_num(near.nearest.distance_m, nan=np.inf)
    fit = np.where(np.isfinite(fit) & seen, fit, np.nan)
    unknown_parts = np.full(len(subjects), None, dtype=object)
    unknown_parts[open_] = subjects.sites.geometry[open_]
    return Judged(
        verdict=verdict,
        reason=_reasons(near, rule, homes, contribution, blocked, open_),
        severity=np.where(blocked, rule.severity, "").astype(object),
        touched=blocked,
        share=np.where(open_, np.nan, blocked.astype(float)),
        overlap_m2=np.full(len(subjects), np.nan),
        distance_m=near.nearest.distance_m,
        objects=near.objects,
        measure=wholly(blocked, near.nearest.distance_m),
        unknown_parts=unknown_parts,
        extra={"bijdrage_mol_ha_j": contribution, "woningen_onder_drempel": fit},
    )


def _settle(
    near: _Nearby, homes: NDArray[np.float64], threshold_mol: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Decide which sites are blocked and which are open, and estimate what each adds."""
    distance = near.nearest.distance_m
    homes = np.where(homes < 0, np.nan, homes)
    none_near = np.isnan(distance)
    # What is beyond reach adds nothing, however many homes there are.
    contribution = np.where(none_near, 0.0, deposition_mol(homes, np.nan_to_num(distance)))
    hidden = near.maybe_m <= NITROGEN_REACH_M
    worst = np.where(hidden, deposition_mol(homes, near.maybe_m), 0.0)
    blocked = exceeds(contribution, threshold_mol)
    open_ = ~blocked & (exceeds(worst, threshold_mol) | np.isnan(contribution) | np.isnan(worst))
    # Nothing was seen, but something may be there: that is no 0.
    contribution = np.where(none_near & hidden & (homes != 0), np.nan, contribution)
    return blocked, open_, contribution


def _nearby(layer: Layer, rule: StikstofRule, subjects: Subjects) -> _Nearby:
    """Measure to the nature that counts, and find how far around sites that is known."""
    counts, doubtful = _select(layer, rule)
    found = _nearest(layer, subjects, counts)
    kept = np.flatnonzero(counts)
    objects = names_of(layer.features, found.pair_site, kept[found.pair_feature], len(subjects))
    maybe, why = _known_to(layer, subjects.sites)
    if doubtful.any():
        to_doubt = _nearest(layer, subjects, doubtful).distance_m
        closer = to_doubt < maybe
        maybe = np.where(closer, to_doubt, maybe)
        why[closer] = f"van natuur hier is {rule.exceedance_column} niet bekend"
    return _Nearby(found, objects, maybe, why)


def counting(layer: Layer, rule: StikstofRule, on: dt.date) -> NDArray[np.bool_]:  # noqa: ARG001
    """Tell which features nitrogen can harm, or of which that is not known.

    Parameters
    ----------
    layer : Layer
        Nature.
    rule : StikstofRule
        What counts.
    on : date
        Of no account here.

    Returns
    -------
    ndarray of bool
        Per feature.
    """
    counts, doubtful = _select(layer, rule)
    return np.asarray(counts | doubtful)


def _select(layer: Layer, rule: StikstofRule) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the features that count, and those of which it is not known whether they do."""
    features = layer.features
    counts = np.ones(len(features), dtype=bool)
    for column, marks in (rule.not_sensitive or {}).items():
        if column in features.columns:
            marked = features[column].astype(str).str.strip().str.casefold()
            counts &= ~marked.isin([mark.casefold() for mark in marks]).to_numpy()
    doubtful = np.zeros(len(features), dtype=bool)
    if rule.exceedance_column is not None:
        exceedance = np.full(len(features), np.nan)
        if rule.exceedance_column in features.columns:
            exceedance = features[rule.exceedance_column].to_numpy(dtype=float)
        if len(features) and np.isnan(exceedance).all():
            raise RuleError(
                f"laag {layer.key}: de regel leest de kolom {rule.exceedance_column!r} en daar "
                "staat niets in; maak haar met with_exceedance(laag, depositieraster)."
            )
        doubtful = counts & np.isnan(exceedance)
        counts &= exceedance >= rule.min_exceedance_mol_ha_j
    return counts, doubtful


def _nearest(layer: Layer, subjects: Subjects, chosen: NDArray[np.bool_]) -> Nearest:
    """Find the nearest of chosen features; rules on one layer that choose alike share it."""
    key = ("nearest", id(layer.features), chosen.tobytes())
    found = subjects.cache.get(key)
    if not isinstance(found, Nearest):
        index = layer.indexes.of(layer.features.geometry.to_numpy(), layer.features, chosen)
        reach = min(layer.reach_m, NITROGEN_REACH_M)
        found = nearest(subjects.sites, index.features, reach_m=reach, index=index)
        subjects.cache.keep(key, found)
    return found


def _known_to(layer: Layer, sites: Sites) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Find how far around each site all nature is known, metres, and say what ends it."""
    n = len(sites)
    known_to = np.full(n, np.inf)
    parts, why = outside_coverage(layer, sites)
    known_to[why != ""] = 0.0
    coverage = layer.coverage
    if parts is not None and coverage.geometry is not None and not coverage.nationwide:
        edge = shapely.boundary(shapely.union_all(coverage.geometry))
        shapely.prepare(edge)
        inside = np.flatnonzero(why == "")
        known_to[inside] = shapely.length(shapely.shortest_line(edge, sites.geometry[inside]))
        for i in inside[known_to[inside] <= NITROGEN_REACH_M]:
            why[i] = f"de dekking van de laag houdt op {dutch(known_to[i], decimals=0)} m verderop"
    if layer.reach_m < NITROGEN_REACH_M:
        short = known_to > layer.reach_m
        known_to[short] = layer.reach_m
        why[short] = f"de laag is tot {dutch(layer.reach_m)} m gezocht"
    return known_to, why


def _reasons(
    near: _Nearby,
    rule: StikstofRule,
    homes: NDArray[np.float64],
    contribution: NDArray[np.float64],
    blocked: NDArray[np.bool_],
    open_: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Say per site what was found."""
    limit = f"drempel {_mol(rule.threshold_mol_ha_j)}"
    distance = near.nearest.distance_m
    reason = np.full(len(homes), "geen natuur die telt binnen 25 km", dtype=object)
    for i in np.flatnonzero(~np.isnan(distance) | open_):
        where = f"op {dutch(distance[i], decimals=0)} m van natuur die telt"
        if not homes[i] >= 0:
            reason[i] = f"het aantal woningen is niet bekend; {where}, {limit}"
            if np.isnan(distance[i]):
                reason[i] = f"het aantal woningen is niet bekend; {near.why[i]}"
        elif np.isnan(distance[i]):
            reason[i] = f"geen natuur gezien, maar {near.why[i]}"
        else:
            over = "boven" if blocked[i] else "niet boven"
            reason[i] = (
                f"{counted(homes[i], 'woning', 'woningen', decimals=2)} {where}: naar schatting "
                f"{_mol(contribution[i])}, {over} {limit}"
            )
            if open_[i]:
                reason[i] += f"; maar {near.why[i]}"
    return reason


def _mol(value: float) -> str:
    """Write a deposition with the digits that matter."""
    digits = 3 if value == 0 else max(0, 2 - int(np.floor(np.log10(value))))
    return f"{dutch(value, decimals=min(digits, 9))} mol/ha/jaar"
