"""Judging by cells: what lies under each site, and what could lie where nothing is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine import Measure
from woongeo.engine.raster import NO_SHARE, cells_under, ground
from woongeo.errors import LayerError
from woongeo.judging.common import Judged, Subjects, outside_coverage, wholly
from woongeo.numerals import dutch
from woongeo.rules import SEVERITIES
from woongeo.rules.raster import SHARE
from woongeo.sources.raster import Raster
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine import Sites
    from woongeo.engine.cells import Grid
    from woongeo.engine.raster import Cells
    from woongeo.layers import Layer
    from woongeo.rules.raster import RasterRule


@dataclass(frozen=True, eq=False)
class _Under:
    """What was found under n sites; see `_look`."""

    # Share of the site whose value is known, and the share in cells that hinder.
    known: NDArray[np.float64]
    bad: NDArray[np.float64]
    # The rule's statistic: of what is known, and between what it lies whatever is unknown.
    found: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    # Position in SEVERITIES of the heaviest classes that take enough of the site; -1 for none.
    weight: NDArray[np.intp]
    # Per class that hinders, its share of each site.
    classes: dict[float, NDArray[np.float64]]
    # Share of the site in cells whose value cannot be meant, and one such value.
    odd: NDArray[np.float64]
    odd_value: NDArray[np.float64]
    # Ground in cells that hinder, and in cells of which something is known; None for none. Only
    # drawn for "aandeel": no other statistic takes a part of a site.
    bad_ground: NDArray[np.object_]
    known_ground: NDArray[np.object_]


def judge(layer: Layer, rule: RasterRule, subjects: Subjects) -> Judged:
    """Judge locations by the cells under them.

    Parameters
    ----------
    layer : Layer
        With a raster.
    rule : RasterRule
        Which cells hinder, and how much of them.
    subjects : Subjects
        The locations.

    Returns
    -------
    Judged
        In the order of the locations. With the statistic "aandeel" the ground in cells that hinder
        is taken; with another one a location is taken wholly or not at all. `extra` holds
        `onbekend_aandeel` (0-1), and the statistic under its own name and unit, NaN where nothing
        is known.

    Raises
    ------
    LayerError
        When the layer has no raster.
    FileError
        When the raster cannot be read any more.
    """
    with raster_of(layer).opened() as grid:
        under = _look(rule, subjects.sites, grid)
    outside, why = _outside(layer, subjects.sites)
    certain, possible = _settle(rule, under, shapely.area(outside), subjects.sites.area)
    open_ = possible & ~certain
    verdict = np.full(len(subjects), str(Oordeel.VRIJ), dtype=object)
    verdict[certain] = str(Oordeel.BELEMMERD)
    verdict[open_] = str(Oordeel.ONBEKEND)
    severity = np.full(len(subjects), "", dtype=object)
    severity[certain] = rule.severity
    if rule.classes:
        severity[certain] = np.array(SEVERITIES, dtype=object)[under.weight[certain]]
    nothing = np.full(len(subjects), np.nan)
    by_share = rule.statistic == SHARE
    share = np.where(open_, np.nan, certain.astype(float))
    extra = {"onbekend_aandeel": _unknown_share(under, outside, subjects.sites)}
    if by_share:
        share = np.where(under.known > 0, under.bad, np.nan)
    else:
        extra[_column(rule)] = under.found
    return Judged(
        verdict=verdict,
        reason=_reasons(rule, under, why, certain, open_),
        severity=severity,
        touched=under.bad > NO_SHARE if by_share else certain,
        share=share,
        overlap_m2=under.bad * subjects.sites.area if by_share else nothing,
        distance_m=nothing,
        objects=_class_names(rule, under),
        measure=_measure(under, subjects.sites) if by_share else wholly(certain, nothing),
        unknown_parts=_unknown_ground(rule, under, outside, open_, subjects.sites),
        extra=dict(extra),
    )


def raster_of(layer: Layer) -> Raster:
    """Give the raster of a layer.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    Raster
        Its raster.

    Raises
    ------
    LayerError
        When it has none.
    """
    if not isinstance(layer.raster, Raster):
        raise LayerError(
            f"laag {layer.key}: de regel gaat over een raster en dit is een laag van vlakken; lees "
            "haar met read_raster_layer."
        )
    return layer.raster


def outcomes(
    rule: RasterRule, value: NDArray[np.float64], from_severity: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell what each cell is by itself, whatever the statistic of the rule.

    Parameters
    ----------
    rule : RasterRule
        Which values hinder.
    value : ndarray of float
        Of cells, in any shape; NaN where nothing is known.
    from_severity : str
        Classes that hinder less do not.

    Returns
    -------
    hinders, unknown : ndarray of bool
        In the shape of the values; what the rule calls impossible is unknown, as is a value without
        a name where there are names.
    """
    unknown = ~rule.sayings(value)
    least = SEVERITIES.index(from_severity)
    heavy = [v for v, s in rule.severities().items() if SEVERITIES.index(s) >= least]
    hinders = np.isin(value, heavy) if rule.classes else _hinders(rule, value)
    return hinders & ~unknown, unknown


def _column(rule: RasterRule) -> str:
    """Name the column of a statistic, with its unit."""
    unit = re.sub(r"[^a-z0-9]+", "_", rule.unit.lower()).strip("_")
    return f"{rule.statistic}_{unit}" if unit else rule.statistic


def _look(rule: RasterRule, sites: Sites, grid: Grid) -> _Under:
    """Look up what lies under sites, a portion at a time."""
    n = len(sites)
    under = _Under(
        known=np.zeros(n),
        bad=np.zeros(n),
        found=np.full(n, np.nan),
        low=np.full(n, -np.inf),
        high=np.full(n, np.inf),
        weight=np.full(n, -1, dtype=np.intp),
        classes={value: np.zeros(n) for value in rule.severities()},
        odd=np.zeros(n),
        odd_value=np.full(n, np.nan),
        bad_ground=np.full(n, None, dtype=object),
        known_ground=np.full(n, None, dtype=object),
    )
    for portion in cells_under(sites, grid):
        # What cannot be, or has no name, was not meant to be there: what it says is not known.
        told = rule.sayings(portion.value)
        cells, at = portion.only(told), portion.sites
        if not told.all():
            odd = portion.only(~told)
            under.odd[at], under.odd_value[at] = odd.known, odd.percentile(0)
        hinders = _hinders(rule, cells.value)
        under.known[at] = np.where(cells.known < NO_SHARE, 0.0, cells.known)
        under.known[at[cells.known > 1 - NO_SHARE]] = 1.0
        under.bad[at] = cells.share_where(hinders)
        for value, shares in under.classes.items():
            shares[at] = cells.share_where(cells.value == value)
        if rule.statistic == SHARE:
            under.bad_ground[at] = ground(cells, hinders, sites, grid)
            partly = (under.known[at] < 1)[cells.site]
            under.known_ground[at] = ground(cells, partly, sites, grid)
        else:
            under.found[at], under.low[at], under.high[at] = _statistic(
                rule, cells, under.known[at]
            )
    if rule.statistic == SHARE:
        under.found[:] = under.low[:] = under.bad
        under.high[:] = under.bad + 1 - under.known
    for value in sorted(under.classes, key=lambda v: SEVERITIES.index(rule.severities()[v])):
        weight = SEVERITIES.index(rule.severities()[value])
        heavier = [
            shares
            for other, shares in under.classes.items()
            if SEVERITIES.index(rule.severities()[other]) >= weight
        ]
        under.weight[_enough(rule, np.sum(heavier, axis=0), sites.area)] = weight
    return under


def _hinders(rule: RasterRule, value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which values hinder."""
    if rule.classes:
        return np.isin(value, list(rule.severities()))
    above = np.zeros(value.shape, dtype=bool) if rule.above is None else value > rule.above
    return above if rule.below is None else above | (value < rule.below)


def _enough(
    rule: RasterRule, share: NDArray[np.float64], area_m2: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell where enough of a site lies in cells that hinder."""
    least = np.full(len(share), rule.min_share)
    if rule.min_m2 is not None:
        least = np.minimum(least, rule.min_m2 / area_m2)
    return (share >= least - NO_SHARE) & (share > NO_SHARE)


def _statistic(
    rule: RasterRule, cells: Cells, known: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Work out a statistic of what is known, and between what it lies with what is not."""
    least = -np.inf if rule.lowest is None else rule.lowest
    most = np.inf if rule.highest is None else rule.highest
    percent = rule.percent
    if percent is None:
        found = cells.mean()
        part = known * np.nan_to_num(found)
        unknown = 1 - known
        with np.errstate(invalid="ignore"):
            low = np.where(unknown > 0, part + unknown * least, found)
            high = np.where(unknown > 0, part + unknown * most, found)
        return found, low, high
    found = cells.percentile(percent)
    wanted = percent / 100
    # Unknown cells all at the bottom, or all at the top, of what the site holds.
    with np.errstate(invalid="ignore", divide="ignore"):
        from_below = np.clip((wanted - (1 - known)) / known, 0, 1)
        from_above = np.clip(wanted / known, 0, 1)
    all_known = known >= 1
    low = cells.percentile(100 * np.nan_to_num(from_below))
    low = np.where(all_known, found, np.where(wanted <= 1 - known, least, low))
    high = cells.percentile(100 * np.nan_to_num(from_above))
    over = (wanted > known) | (known <= 0)
    high = np.where(all_known, found, np.where(over, most, high))
    return found, low, high


def _outside(layer: Layer, sites: Sites) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find what of each site lies outside the coverage, where that is not the raster itself."""
    given = layer.coverage.geometry
    empty = np.full(len(sites), shapely.Polygon(), dtype=object)
    if given is not None and len(given) == 1 and given[0].equals(layer.raster.extent()):
        return empty, np.full(len(sites), "", dtype=object)
    parts, why = outside_coverage(layer, sites)
    if parts is None:
        return sites.geometry, why
    return np.where(shapely.is_missing(parts), empty, parts), why


def _settle(
    rule: RasterRule,
    under: _Under,
    outside_m2: NDArray[np.float64],
    area_m2: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Decide where a site is hindered for certain, and where it may be."""
    outside = outside_m2 / area_m2
    unknown = np.maximum(1 - under.known, outside)
    # Where little is unknown, what is known stands for all of it.
    stands = (unknown <= rule.max_unknown_share) & (under.known > 0)
    if rule.statistic == SHARE:
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = under.bad / under.known
        low = np.where(stands, scaled, under.low)
        high = np.where(stands, scaled, np.minimum(under.high + outside, 1.0))
        return _enough(rule, low, area_m2), _enough(rule, high, area_m2)
    low = np.where(stands, under.found, under.low)
    high = np.where(stands, under.found, under.high)
    off = ~stands & (outside > 0)
    low[off] = np.minimum(low[off], -np.inf if rule.lowest is None else rule.lowest)
    high[off] = np.maximum(high[off], np.inf if rule.highest is None else rule.highest)
    above = np.inf if rule.above is None else rule.above
    below = -np.inf if rule.below is None else rule.below
    return (low > above) | (high < below), (high > above) | (low < below)


def _unknown_share(
    under: _Under, outside: NDArray[np.object_], sites: Sites
) -> NDArray[np.float64]:
    """Give the share of each site of which nothing is known, at least."""
    return np.asarray(np.maximum(1 - under.known, shapely.area(outside) / sites.area))


def _unknown_ground(
    rule: RasterRule,
    under: _Under,
    outside: NDArray[np.object_],
    open_: NDArray[np.bool_],
    sites: Sites,
) -> NDArray[np.object_]:
    """Draw the ground of which nothing is known; all of it where a statistic cannot be told."""
    parts = np.full(len(sites), None, dtype=object)
    if rule.statistic != SHARE:
        parts[open_] = sites.geometry[open_]
        return parts
    unknown = _unknown_share(under, outside, sites)
    # Nothing known stands for nothing, however much may be unknown.
    counts = (unknown > rule.max_unknown_share) | (under.known <= 0)
    some = np.flatnonzero((unknown > NO_SHARE) & counts)
    nothing = shapely.Polygon()
    seen = under.known_ground[some]
    seen = np.where(shapely.is_missing(seen), nothing, seen)
    blank = shapely.difference(sites.geometry[some], seen)
    blank = np.where(under.known[some] >= 1, nothing, blank)
    parts[some] = shapely.union(blank, outside[some])
    return parts


def _measure(under: _Under, sites: Sites) -> Measure:
    """Give the ground in cells that hinder."""
    n = len(sites)
    none = np.empty(0, dtype=np.intp)
    whole = under.bad >= 1 - NO_SHARE
    part = np.flatnonzero(~shapely.is_missing(under.bad_ground) & ~whole)
    return Measure(
        hit=under.bad > NO_SHARE,
        overlap_m2=under.bad * sites.area,
        distance_m=np.full(n, np.nan),
        pair_site=none,
        pair_feature=none,
        whole=whole,
        part_site=part,
        part=under.bad_ground[part],
    )


def _class_names(rule: RasterRule, under: _Under) -> NDArray[np.object_]:
    """List the classes that hinder and lie under each site."""
    listed = np.full(len(under.known), "", dtype=object)
    names = rule.names()
    for value, shares in under.classes.items():
        there = shares > NO_SHARE
        name = names.get(value, f"waarde {dutch(value, decimals=6)}")
        listed[there] += np.where(listed[there] == "", name, f"; {name}")
    return listed


def _reasons(
    rule: RasterRule,
    under: _Under,
    why: NDArray[np.object_],
    certain: NDArray[np.bool_],
    open_: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Say per site what was found."""
    bad, by_share = rule.bad(), rule.statistic == SHARE
    free = f"geen cellen {bad}" if by_share else f"{rule.statistic} ligt niet {bad}"
    reason = np.full(len(certain), free, dtype=object)
    least = f"drempel {rule.enough()}" if rule.min_share else "elk deel telt"
    for i in np.flatnonzero(certain | open_ | (by_share & (under.bad > NO_SHARE))):
        if by_share:
            reason[i] = f"{dutch(100 * under.bad[i])} % van de locatie: {bad}; {least}"
        elif certain[i] or not np.isnan(under.found[i]):
            value = f"{dutch(under.found[i], decimals=4)} {rule.unit}".strip()
            reason[i] = f"{rule.statistic} is {value}; grens {bad}"
        else:
            reason[i] = f"grens {bad}"
    for i in np.flatnonzero((under.known < 1) | (why != "")):
        blank = f"van {dutch(100 * (1 - under.known[i]))} % van de locatie is geen waarde bekend"
        if under.odd[i] > NO_SHARE:
            blank += f" ({_odd(rule, under.odd[i], under.odd_value[i])})"
        told = [why[i]] if under.known[i] >= 1 else [blank, why[i]]
        unknown = "; ".join(filter(None, told))
        if open_[i] and by_share and under.bad[i] <= NO_SHARE:
            reason[i] = f"{unknown}; verder {free}" if under.known[i] > NO_SHARE else unknown
        else:
            reason[i] = f"{unknown}; {reason[i]}" if open_[i] else f"{reason[i]}; {unknown}"
    return reason


def _odd(rule: RasterRule, share: float, value: float) -> str:
    """Say how much of a site has a value that cannot be meant, and name one."""
    why = "die niet kan" if rule.class_names is None else "zonder naam"
    return f"op {dutch(100 * share)} % staat een waarde {why}: {dutch(value, decimals=4)}"
