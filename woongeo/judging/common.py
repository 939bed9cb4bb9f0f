"""What every kind of judgement takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.columns import as_text
from woongeo.engine import Kept, Measure, Sites, uncovered
from woongeo.numerals import dutch
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.layers import Layer

# Shares this near to a limit are at it: the noise of coordinates.
EPSILON_SHARE = 1e-9
EPSILON_M2 = 1e-6

# Coverages of so many areas are compared area by area: the country is one that layers share.
_FEW_AREAS = 16

# Ids of fewer digits are numbers; of measures so many are kept.
_DIGITS = 16
_KEPT = 32


@dataclass(frozen=True, eq=False)
class Subjects:
    """The locations that are judged: those that can be measured.

    Attributes
    ----------
    sites : Sites
        Their shapes, RD New (EPSG:28992).
    frame : DataFrame
        Their rows of `Locations.frame`, without shapes, on a `RangeIndex`.
    on : date
        The day for which is judged.
    cache : Kept
        What rules on one layer share, and a later judgement by another rule.
    """

    sites: Sites
    frame: pd.DataFrame
    on: dt.date
    cache: Kept = field(default_factory=lambda: Kept(_KEPT), repr=False)

    def __len__(self) -> int:
        return len(self.sites)


@dataclass(frozen=True, eq=False)
class Judged:
    """One rule's verdict on n locations.

    Attributes
    ----------
    verdict : ndarray of str
        "belemmerd", "onbekend" or "vrij".
    reason : ndarray of str
        In Dutch, never empty.
    severity : ndarray of str
        How heavy, where `belemmerd`; else empty.
    touched : ndarray of bool
        Whether the rule's zone meets the site at all, also below a tolerance.
    share : ndarray of float
        Share of the site that is taken (0-1); NaN where nothing can be said.
    overlap_m2, distance_m : ndarray of float
        NaN where they have no meaning.
    objects : ndarray of str
        The features behind it: "id naam; id naam".
    measure : Measure or None
        The ground that is taken, for the union over layers.
    unknown_parts : ndarray of shapely geometries or None
        The part of each site of which nothing is known, None where there is none; None for the
        whole: all of all sites.
    extra : dict
        Further columns of results.
    """

    verdict: NDArray[np.object_]
    reason: NDArray[np.object_]
    severity: NDArray[np.object_]
    touched: NDArray[np.bool_]
    share: NDArray[np.float64]
    overlap_m2: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    objects: NDArray[np.object_]
    measure: Measure | None
    unknown_parts: NDArray[np.object_] | None
    extra: dict[str, NDArray[np.generic]] = field(default_factory=dict)

    def without(self, gone: NDArray[np.bool_]) -> Judged:
        """Take away the ground at some sites: the rule does not count there.

        Parameters
        ----------
        gone : ndarray of bool
            At which.

        Returns
        -------
        Judged
            A copy; verdicts and reasons are as they were.
        """
        if not gone.any():
            return self
        parts = self.unknown_parts
        if parts is not None:
            parts = parts.copy()
            parts[gone] = None
        return replace(
            self,
            touched=self.touched & ~gone,
            share=np.where(gone, 0.0, self.share),
            measure=None if self.measure is None else less(self.measure, gone),
            unknown_parts=parts,
        )

    def only(self, kept: NDArray[np.bool_]) -> Judged:
        """Keep the verdicts on some sites.

        Parameters
        ----------
        kept : ndarray of bool
            Which.

        Returns
        -------
        Judged
            Of those sites alone, in their order.
        """
        parts = self.unknown_parts
        return Judged(
            self.verdict[kept],
            self.reason[kept],
            self.severity[kept],
            self.touched[kept],
            self.share[kept],
            self.overlap_m2[kept],
            self.distance_m[kept],
            self.objects[kept],
            None if self.measure is None else only_at(self.measure, kept),
            None if parts is None else parts[kept],
            {name: values[kept] for name, values in self.extra.items()},
        )


def only_at(measure: Measure, kept: NDArray[np.bool_]) -> Measure:
    """Keep what was measured at some sites.

    Parameters
    ----------
    measure : Measure
        What was measured.
    kept : ndarray of bool
        At which sites.

    Returns
    -------
    Measure
        Of those sites alone, in their order.
    """
    number = np.cumsum(kept) - 1
    pair, part = kept[measure.pair_site], kept[measure.part_site]
    return Measure(
        measure.hit[kept],
        measure.overlap_m2[kept],
        measure.distance_m[kept],
        number[measure.pair_site[pair]],
        measure.pair_feature[pair],
        measure.whole[kept],
        number[measure.part_site[part]],
        measure.part[part],
    )


def less(measure: Measure, gone: NDArray[np.bool_]) -> Measure:
    """Leave some sites out of what was measured.

    Parameters
    ----------
    measure : Measure
        What was measured.
    gone : ndarray of bool
        Which sites.

    Returns
    -------
    Measure
        A copy in which no ground of theirs is taken; distances stay.
    """
    pair, part = ~gone[measure.pair_site], ~gone[measure.part_site]
    return replace(
        measure,
        hit=measure.hit & ~gone,
        overlap_m2=np.where(gone, 0.0, measure.overlap_m2),
        pair_site=measure.pair_site[pair],
        pair_feature=measure.pair_feature[pair],
        whole=measure.whole & ~gone,
        part_site=measure.part_site[part],
        part=measure.part[part],
    )


def nothing_known(n: int, reason: str) -> Judged:
    """Judge all sites `onbekend`.

    Parameters
    ----------
    n : int
        How many sites.
    reason : str
        Why, in Dutch.

    Returns
    -------
    Judged
        Nothing is known of all ground of all of them.
    """
    nan = np.full(n, np.nan)
    return Judged(
        verdict=np.full(n, str(Oordeel.ONBEKEND), dtype=object),
        reason=np.full(n, reason, dtype=object),
        severity=np.full(n, "", dtype=object),
        touched=np.zeros(n, dtype=bool),
        share=nan,
        overlap_m2=nan,
        distance_m=nan,
        objects=np.full(n, "", dtype=object),
        measure=None,
        unknown_parts=None,
    )


def all_free(n: int, reason: str) -> Judged:
    """Judge all sites `vrij`: the rule does not hold.

    Parameters
    ----------
    n : int
        How many sites.
    reason : str
        Why, in Dutch.

    Returns
    -------
    Judged
        No ground is taken and none is unknown.
    """
    return replace(
        nothing_known(n, reason),
        verdict=np.full(n, str(Oordeel.VRIJ), dtype=object),
        share=np.zeros(n),
        unknown_parts=np.full(n, None, dtype=object),
    )


def wholly(blocked: NDArray[np.bool_], distance_m: NDArray[np.float64]) -> Measure:
    """Take the whole ground of sites that a rule without areas blocks.

    Parameters
    ----------
    blocked : ndarray of bool
        Which sites.
    distance_m : ndarray of float
        To the nearest feature; NaN where that has no meaning.

    Returns
    -------
    Measure
        All ground of these sites is taken; `overlap_m2` is NaN.
    """
    none = np.empty(0, dtype=np.intp)
    unmeasured = np.full(len(blocked), np.nan)
    no_parts = np.empty(0, dtype=object)
    return Measure(blocked, unmeasured, distance_m, none, none, blocked, none, no_parts)


def known_nowhere(layer: Layer, within_m: float) -> str:
    """Say why the absence of a layer means nothing anywhere.

    Parameters
    ----------
    layer : Layer
        With its coverage.
    within_m : float
        How far around a site its rule looks, metres.

    Returns
    -------
    str
        In Dutch; empty where it means something within the coverage.
    """
    if layer.coverage.geometry is None:
        return "dekking van de laag is niet opgegeven: afwezigheid zegt niets"
    if layer.incomplete:
        return layer.incomplete
    if within_m > layer.reach_m:
        return (
            f"de laag is tot {dutch(layer.reach_m)} m gezocht en de regel kijkt tot "
            f"{dutch(within_m)} m"
        )
    return ""


def outside_coverage(
    layer: Layer, sites: Sites, *, within_m: float = 0.0
) -> tuple[NDArray[np.object_] | None, NDArray[np.object_]]:
    """Find what of each site a layer says nothing about, and say why.

    Parameters
    ----------
    layer : Layer
        With its coverage.
    sites : Sites
        The sites.
    within_m : float
        How far around a site its rule looks: there too the layer must be known, but not across
        the national border.

    Returns
    -------
    parts : ndarray of shapely geometries or None
        The part of each site, None where there is none; None for the whole: all of all sites.
    why : ndarray of str
        The reason in Dutch; empty where the layer is known.
    """
    n = len(sites)
    coverage, nowhere = layer.coverage.geometry, known_nowhere(layer, within_m)
    if nowhere or coverage is None:
        return None, np.full(n, nowhere, dtype=object)
    outside_m2, outside = _uncovered(sites, coverage)
    share = outside_m2 / sites.area
    why = np.full(n, "", dtype=object)
    whole = share >= 1 - EPSILON_SHARE
    why[whole] = "ligt buiten de dekking van de laag"
    for i in np.flatnonzero((outside_m2 > 0) & ~whole):
        why[i] = (
            f"ligt voor {dutch(outside_m2[i])} m² ({dutch(100 * share[i])} %) buiten de dekking "
            "van de laag"
        )
    if within_m and not layer.coverage.nationwide:
        # A feature that is not on the map may lie just across the edge of the coverage.
        rest = np.flatnonzero(~whole)
        _, beyond = uncovered(Sites(shapely.buffer(sites.geometry[rest], within_m)), coverage)
        at_edge = ~shapely.is_missing(beyond)
        rest, beyond = rest[at_edge], beyond[at_edge]
        edge = shapely.intersection(sites.geometry[rest], shapely.buffer(beyond, within_m))
        outside[rest] = edge
        text = f"de dekking van de laag houdt op binnen {dutch(within_m)} m"
        why[rest] = np.where(why[rest] == "", text, why[rest])
    return outside, why


def _uncovered(
    sites: Sites, coverage: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Find what lies outside a coverage, once for all layers that share it."""
    key = ("uncovered", *map(id, coverage)) if len(coverage) <= _FEW_AREAS else id(coverage)
    known = sites.cache.get(key)
    if not isinstance(known, _Uncovered):
        # The coverage is kept, so that the ids stay its own.
        known = _Uncovered(coverage, *uncovered(sites, coverage))
        sites.cache.keep(key, known)
    return known.area_m2, known.outside.copy()


class _Uncovered(NamedTuple):
    coverage: NDArray[np.object_]
    area_m2: NDArray[np.float64]
    outside: NDArray[np.object_]


def names_of(
    features: gpd.GeoDataFrame, site: NDArray[np.intp], feature: NDArray[np.intp], n: int
) -> NDArray[np.object_]:
    """List per site the features that concern it, ids and names, sorted.

    Parameters
    ----------
    features : GeoDataFrame
        `object_id` and `object_naam` of each.
    site, feature : ndarray of int
        Pairs.
    n : int
        How many sites.

    Returns
    -------
    ndarray of str
        "id naam; id naam"; empty where there is none.
    """
    used, feature = np.unique(feature, return_inverse=True)
    ids = as_text(features["object_id"].iloc[used]).tolist()
    names = as_text(features["object_naam"].iloc[used]).tolist()
    # Numbers in their order and before other text; the same whatever other features there are.
    keys = [
        (0, int(i), i, name) if i.isdecimal() and len(i) < _DIGITS else (1, 0, i, name)
        for i, name in zip(ids, names, strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    rank = np.empty(len(keys), dtype=np.intp)
    rank[order] = np.arange(len(keys))
    texts = np.empty(len(keys), dtype=object)
    texts[rank] = [f"{i} {name}".strip() for i, name in zip(ids, names, strict=True)]
    # One feature may lie in several rows of a layer: equal texts stand side by side.
    other = np.ones(len(texts), dtype=bool)
    other[1:] = texts[1:] != texts[:-1]
    number = np.cumsum(other) - 1
    pairs = np.unique(np.column_stack([site, number[rank[feature]]]), axis=0)
    first = np.searchsorted(number, np.arange(len(number)))
    words = texts[first[pairs[:, 1]]]
    result = np.full(n, "", dtype=object)
    sites, start, count = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    result[sites] = words[start]
    for i, a, b in zip(
        *(v[count > 1].tolist() for v in (sites, start, start + count)), strict=True
    ):
        result[i] = "; ".join(words[a:b])
    return result
