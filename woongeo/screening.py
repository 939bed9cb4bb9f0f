"""Locations against layers: a verdict for each pair, with its reason."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo._version import __version__
from woongeo.columns import as_text
from woongeo.encode import dutch, html_text, shortened
from woongeo.engine import REACH_M, Measure, Sites, measure, partition_m2, uncovered
from woongeo.errors import LayerError, RuleError, UnknownResultWarning
from woongeo.locations import COLUMNS
from woongeo.verdict import OORDELEN, SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import Rule

#: Columns of `Screening.treffers`, in order.
TREFFERS = (
    *("locatie_id", "laag", "oordeel", "reden"),
    *("overlap_m2", "overlap_aandeel", "afstand_m", "objecten"),
)

#: Shares this near to a limit are at it: the noise of coordinates.
_EPSILON_SHARE = 1e-9
_EPSILON_M2 = 1e-6


@dataclass(frozen=True, eq=False)
class Screening:
    """The verdicts on locations.

    Attributes
    ----------
    locaties : GeoDataFrame
        One row a location in the order of the input, RD New (EPSG:28992): the columns of
        `Locations.frame`, `oordeel` (the heaviest of all layers), `belemmerd_m2`, `onbekend_m2` and
        `vrij_m2` (each square metre once, together the area), and per layer `<laag>_oordeel`,
        `<laag>_overlap_m2`, `<laag>_overlap_aandeel` (0-1), `<laag>_afstand_m` (NaN beyond 25 km,
        or beyond what was fetched) and `<laag>_objecten`.
    treffers : DataFrame
        One row a location and layer, by location and then layer: `locatie_id`, `laag`, `oordeel`,
        `reden`, `overlap_m2`, `overlap_aandeel`, `afstand_m`, `objecten`.
    geraakt : DataFrame of bool
        Per location (row) and layer (column) whether the layer's zone meets the site at all, also
        below the tolerance.
    locations : Locations
        What was screened.
    layers : tuple of Layer
        Against what.
    on : date
        The day for which the age of layers was judged.
    version : str
        Of woongeo.
    """

    locaties: gpd.GeoDataFrame
    treffers: pd.DataFrame
    geraakt: pd.DataFrame
    locations: Locations
    layers: tuple[Layer, ...]
    on: dt.date
    version: str = __version__

    def __len__(self) -> int:
        return len(self.locaties)

    def counts(self, layer: str | None = None) -> dict[str, int]:
        """Count locations per verdict.

        Parameters
        ----------
        layer : str, optional
            For one layer; over all of them without it.

        Returns
        -------
        dict
            The three verdicts, heaviest first, also where the count is 0.
        """
        column = "oordeel" if layer is None else f"{layer}_oordeel"
        found = self.locaties[column].value_counts()
        return {o: int(found.get(o, 0)) for o in reversed(OORDELEN)}

    def homes(self, layer: str | None = None) -> dict[str, float]:
        """Add up homes per verdict, of locations that count.

        Parameters
        ----------
        layer : str, optional
            For one layer; over all of them without it.

        Returns
        -------
        dict
            The three verdicts, heaviest first. Locations without a number are not in it; NaN where
            no location of a verdict has one.
        """
        column = "oordeel" if layer is None else f"{layer}_oordeel"
        counted = self.locaties[self.locaties["hardheid"] != Hardheid.TELT_NIET_MEE]
        sums = counted.groupby(column)["woningen"].sum(min_count=1)
        return {o: float(sums.get(o, 0.0)) for o in reversed(OORDELEN)}

    def notes(self) -> list[str]:
        """List what a reader must know before the figures.

        Returns
        -------
        list of str
            Layers of which nothing or not everything is known, and doubts about locations.
        """
        notes = []
        for layer in self.layers:
            reason = layer.unknown or layer.stale(self.on)
            if reason:
                notes.append(f"{layer.title}: niets over te zeggen ({reason}).")
            elif layer.incomplete:
                notes.append(f"{layer.title}: {layer.incomplete}; waar zij ontbreekt is onbekend.")
        report = self.locations.report
        if len(report):
            listed = "; ".join(report.summary())
            notes.append(f"Controle van de locaties: {listed}.")
        return notes

    def complete(self) -> bool:
        """Tell whether every layer is whole and every verdict known.

        Returns
        -------
        bool
            False when a layer is absent, failed, stale or incomplete, or any verdict `onbekend`.
        """
        whole = not any(x.unknown or x.incomplete or x.stale(self.on) for x in self.layers)
        return whole and not (self.treffers["oordeel"] == Oordeel.ONBEKEND).any()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(shortened(note))}</li>" for note in self.notes())
        rows = ""
        for key, title in [(None, "alle lagen"), *((x.key, x.title) for x in self.layers)]:
            counts, homes = self.counts(key), self.homes(key)
            cells = "".join(
                f"<td>{counts[o]}</td><td>{dutch(homes[o], decimals=0)}</td>" for o in counts
            )
            rows += f"<tr><th>{html_text(shortened(title))}</th>{cells}</tr>"
        heads = "".join(f"<th>{o}</th><th>woningen</th>" for o in reversed(OORDELEN))
        dates = "; ".join(
            f"{x.title}: {x.reference_date.isoformat() if x.reference_date else 'niet bekend'}"
            for x in self.layers
        )
        warn = f"<ul>{notes}</ul>" if notes else ""
        return (
            f"{warn}<table><caption>{len(self)} locaties</caption>"
            f"<thead><tr><th>laag</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>Peildatum van de lagen: {html_text(shortened(dates))}. {SCREENING}</p>"
        )


def screen(
    locations: Locations,
    layers: Sequence[Layer],
    *,
    rules: Mapping[str, Rule] | None = None,
    on: dt.date | None = None,
) -> Screening:
    """Judge each location against each layer.

    Per location and layer the verdict is `belemmerd` where the layer's rule says so; else
    `onbekend` where its absence cannot be relied on: the location lies (partly) outside the layer's
    coverage, its shape cannot be measured, or the layer is absent, empty, failed, incomplete or too
    old; else `vrij`. A hit below the rule's tolerance is `vrij`, and its reason says so. Over
    layers the heaviest verdict holds, so `onbekend` never becomes `vrij`.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    layers : sequence of Layer
        From `read_layer` or `missing_layer`; each key once.
    rules : mapping of str to Rule, optional
        Layer key to the rule that replaces the layer's own.
    on : date, optional
        The day for which the age of layers is judged; today without it.

    Returns
    -------
    Screening
        RD New (EPSG:28992), square metres, metres, shares from 0 to 1. Homes are not divided here,
        and plans that overlap each other are each judged by themselves.

    Raises
    ------
    LayerError
        When there are no layers or two share a key.
    RuleError
        When a rule is given for a layer that is not there.

    Warns
    -----
    UnknownResultWarning
        When nothing can be said about a layer.
    """
    layers = _with_rules(layers, rules or {})
    on = on or dt.date.today()  # noqa: DTZ011  the user's own calendar day
    on = on.date() if isinstance(on, dt.datetime) else on
    usable = locations.usable
    sites = Sites(locations.frame.geometry.to_numpy()[usable])
    measured: list[Measure] = []
    unknown_parts: list[NDArray[np.object_]] = []
    unknown_whole = np.zeros(len(sites), dtype=bool)
    columns: dict[str, NDArray[Any]] = {}
    tables, touched = [], {}
    for layer in layers:
        judged = _judge(layer, sites, on)
        if judged.measure is not None:
            measured.append(judged.measure)
        if judged.unknown_parts is None:
            unknown_whole[:] = True
        else:
            unknown_parts.append(judged.unknown_parts)
        table = _on_all_rows(judged, layer, locations)
        for name in ("oordeel", *TREFFERS[4:]):
            columns[f"{layer.key}_{name}"] = table[name].to_numpy()
        touched[layer.key] = np.zeros(len(locations), dtype=bool)
        if judged.measure is not None:
            touched[layer.key][usable] = judged.measure.hit
        tables.append(table)
    taken, unknown, free = partition_m2(sites.area, measured, unknown_parts, unknown_whole)
    areas = {"belemmerd_m2": taken, "onbekend_m2": unknown, "vrij_m2": free}
    results: dict[str, NDArray[Any]] = {"oordeel": _worst([t["oordeel"] for t in tables])}
    results |= {name: _spread(values, usable) for name, values in areas.items()}
    frame = _put_together(locations.frame, results | columns)
    treffers = pd.concat(tables, ignore_index=True)
    # By location first: stable sorting keeps the layers in the order in which they were given.
    row = np.tile(np.arange(len(locations)), len(layers))
    treffers = treffers.iloc[np.argsort(row, kind="stable")].reset_index(drop=True)
    return Screening(frame, treffers, pd.DataFrame(touched), locations, layers, on)


def _with_rules(layers: Sequence[Layer], rules: Mapping[str, Rule]) -> tuple[Layer, ...]:
    """Check the layers and put other rules on them."""
    keys = [layer.key for layer in layers]
    if not keys:
        raise LayerError("er zijn geen lagen gegeven; geef minstens één laag om op te screenen.")
    double = {key for key in keys if keys.count(key) > 1}
    if double:
        raise LayerError(f"laag {', '.join(sorted(double))} is vaker gegeven; elke naam één keer.")
    stray = sorted(set(rules) - set(keys))
    if stray:
        raise RuleError(f"er is een regel voor {', '.join(stray)}, maar geen laag met die naam.")
    return tuple(layer.with_rule(rules.get(layer.key, layer.rule)) for layer in layers)


@dataclass(frozen=True, eq=False)
class _Judged:
    """One layer's verdict on the sites that can be measured."""

    verdict: NDArray[np.object_]
    reason: NDArray[np.object_]
    share: NDArray[np.float64]
    measure: Measure | None
    # What the layer leaves unknown of each site; None: all of all.
    unknown_parts: NDArray[np.object_] | None


def _judge(layer: Layer, sites: Sites, on: dt.date) -> _Judged:
    """Judge sites against one layer."""
    n = len(sites)
    nothing = layer.unknown or layer.stale(on)
    if nothing:
        message = f"{layer.title}: {nothing}; alle oordelen zijn onbekend."
        warnings.warn(message, UnknownResultWarning, stacklevel=3)
        verdict = np.full(n, str(Oordeel.ONBEKEND), dtype=object)
        reason = np.full(n, nothing, dtype=object)
        return _Judged(verdict, reason, np.full(n, np.nan), None, None)
    rule = layer.rule
    found = measure(
        sites,
        layer.features.geometry.to_numpy(),
        within_m=rule.within_m or 0.0,
        reach_m=min(layer.reach_m, REACH_M),
    )
    share = np.where(found.whole, 1.0, np.minimum(found.overlap_m2 / sites.area, 1.0))
    if rule.within_m is None:
        blocked = found.hit & (
            (found.overlap_m2 > rule.tolerance_m2 + _EPSILON_M2)
            | (share > rule.tolerance_share + _EPSILON_SHARE)
        )
    else:
        blocked = found.hit
    verdict = np.where(blocked, str(Oordeel.BELEMMERD), str(Oordeel.VRIJ)).astype(object)
    reason = _reasons(rule, found, share, blocked)
    parts: NDArray[np.object_] | None = None
    coverage = layer.coverage.geometry
    if coverage is None:
        why = np.full(n, "dekking van de laag is niet opgegeven: afwezigheid zegt niets", object)
    elif layer.incomplete:
        why = np.full(n, layer.incomplete, dtype=object)
    else:
        parts, why = _outside_coverage(layer, coverage, sites)
    open_ = ~blocked & (why != "")
    verdict[open_] = str(Oordeel.ONBEKEND)
    under = np.where(found.hit, "; " + reason, "")
    reason[open_] = (why + under)[open_]
    return _Judged(verdict, reason, share, found, parts)


def _outside_coverage(
    layer: Layer,
    coverage: NDArray[np.object_],
    sites: Sites,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find what of each site a layer says nothing about, and say why."""
    within = layer.rule.within_m or 0.0
    outside_m2, outside = uncovered(sites, coverage)
    share = outside_m2 / sites.area
    why = np.full(len(sites), "", dtype=object)
    wholly = share >= 1 - _EPSILON_SHARE
    why[wholly] = "ligt buiten de dekking van de laag"
    for i in np.flatnonzero((outside_m2 > 0) & ~wholly):
        why[i] = (
            f"ligt voor {dutch(outside_m2[i])} m² ({dutch(100 * share[i])} %) buiten de dekking "
            "van de laag"
        )
    if within and not layer.coverage.nationwide:
        # A feature that is not on the map may lie just across the edge of the coverage.
        rest = np.flatnonzero(~wholly)
        _, beyond = uncovered(Sites(shapely.buffer(sites.geometry[rest], within)), coverage)
        at_edge = ~shapely.is_missing(beyond)
        rest, beyond = rest[at_edge], beyond[at_edge]
        outside[rest] = shapely.intersection(sites.geometry[rest], shapely.buffer(beyond, within))
        text = f"de dekking van de laag houdt op binnen {dutch(within)} m"
        why[rest] = np.where(why[rest] == "", text, why[rest])
    return outside, why


def _reasons(
    rule: Rule, found: Measure, share: NDArray[np.float64], blocked: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Say per site what was found, as if the layer were known everywhere."""
    within = rule.within_m
    free = "geen overlap met de laag" if within is None else f"niet binnen {dutch(within)} m"
    reason = np.full(len(share), free, dtype=object)
    limit = f"drempel {dutch(rule.tolerance_m2)} m² of {dutch(100 * rule.tolerance_share)} %"
    for i in np.flatnonzero(found.hit):
        overlap = f"{dutch(found.overlap_m2[i])} m² ({dutch(100 * share[i])} %)"
        if within is not None:
            distance = dutch(found.distance_m[i])
            reason[i] = f"ligt op {distance} m, binnen {dutch(within)} m; zone beslaat {overlap}"
        elif blocked[i]:
            reason[i] = f"overlapt {overlap}; {limit}"
        else:
            reason[i] = f"raakt, onder drempel: {overlap}; {limit}"
    return reason


def _object_names(layer: Layer, found: Measure, n: int) -> NDArray[np.object_]:
    """List per site the features that hit it, ids and names, sorted."""
    features = layer.features
    ids, names = as_text(features["object_id"]), as_text(features["object_naam"])
    numeric = ids.str.fullmatch(r"\d{1,15}").all()
    keys = [(int(i) if numeric else 0, i, name) for i, name in zip(ids, names, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    rank = np.empty(len(keys), dtype=np.intp)
    rank[order] = np.arange(len(keys))
    listed: list[list[str]] = [[] for _ in range(n)]
    by_rank = np.lexsort((rank[found.pair_feature], found.pair_site))
    for pair in by_rank:
        _, i, name = keys[found.pair_feature[pair]]
        text = f"{i} {name}".strip()
        row = listed[found.pair_site[pair]]
        # One feature may lie in several rows of a layer.
        if not row or row[-1] != text:
            row.append(text)
    return np.array(["; ".join(row) for row in listed], dtype=object)


def _on_all_rows(judged: _Judged, layer: Layer, locations: Locations) -> pd.DataFrame:
    """Bring a layer's verdicts to all locations, also those that cannot be measured."""
    usable, n = locations.usable, int(locations.usable.sum())
    found = judged.measure
    nothing = np.full(n, np.nan)
    verdict = np.full(len(usable), str(Oordeel.ONBEKEND), dtype=object)
    verdict[usable] = judged.verdict
    reason = np.array([f"vlak onbruikbaar: {p}" for p in locations.problem], dtype=object)
    reason[usable] = judged.reason
    objects = np.full(len(usable), "", dtype=object)
    if found is not None:
        objects[usable] = _object_names(layer, found, n)
    return pd.DataFrame(
        {
            "locatie_id": locations.frame["locatie_id"].to_numpy(),
            "laag": layer.key,
            "oordeel": verdict,
            "reden": reason,
            "overlap_m2": _spread(nothing if found is None else found.overlap_m2, usable),
            "overlap_aandeel": _spread(judged.share, usable),
            "afstand_m": _spread(nothing if found is None else found.distance_m, usable),
            "objecten": objects,
        },
        columns=list(TREFFERS),
    )


def _spread(values: NDArray[np.float64], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Put values of measurable sites on all rows; NaN on the others."""
    spread = np.full(len(usable), np.nan)
    spread[usable] = values
    return spread


def _worst(verdicts: Sequence[pd.Series]) -> NDArray[np.object_]:
    """Take the heaviest verdict over layers."""
    weight = np.max([v.map(OORDELEN.index).to_numpy() for v in verdicts], axis=0)
    return np.asarray(np.array(OORDELEN, dtype=object)[weight])


def _put_together(frame: gpd.GeoDataFrame, results: Mapping[str, NDArray[Any]]) -> gpd.GeoDataFrame:
    """Put results between our columns and the input's; the input's give way where names clash."""
    ours = list(COLUMNS)
    taken = {name.lower() for name in (*ours, *results)}
    rename = {}
    for column in frame.columns[len(ours) : -1]:
        new = column
        while new.lower() in taken:
            new += "_invoer"
        taken.add(new.lower())
        rename[column] = new
    kept = frame.drop(columns=ours).rename(columns=rename)
    result = pd.DataFrame(dict(results), index=frame.index)
    together = pd.concat([pd.DataFrame(frame[ours]), result, pd.DataFrame(kept)], axis=1)
    return gpd.GeoDataFrame(together, geometry="geometry", crs="EPSG:28992")
