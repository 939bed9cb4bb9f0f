"""Locations against layers: a verdict for each pair, with its reason."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo._version import __version__
from woongeo.catalogue import MAIN, Catalogue, verdict_key
from woongeo.days import day_of
from woongeo.encode import dutch, html_text, shortened
from woongeo.engine import partition_m2
from woongeo.errors import LayerError, RuleError, UncertainRuleWarning, UnknownResultWarning
from woongeo.judging import Judged, Subjects, judge, measure_ahead
from woongeo.locations import COLUMNS
from woongeo.rules import SEVERITIES
from woongeo.verdict import OORDELEN, SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase

#: Columns of `Screening.treffers`, in order.
TREFFERS = (
    *("locatie_id", "laag", "oordeel", "zwaarte", "reden"),
    *("overlap_m2", "overlap_aandeel", "afstand_m", "objecten"),
)
# Of these a location's row has one a rule.
_PER_RULE = ("oordeel", "overlap_m2", "overlap_aandeel", "afstand_m", "objecten")


@dataclass(frozen=True, eq=False)
class Toets:
    """A rule of a layer, judged.

    Attributes
    ----------
    key : str
        Columns of results begin with it: that of the layer, with the name of the rule behind it
        but for the main rule.
    title : str
        For people, in Dutch.
    layer : Layer
        The layer.
    rule : RuleBase
        The rule.
    """

    key: str
    title: str
    layer: Layer
    rule: RuleBase

    def idle(self, on: dt.date) -> str:
        """Say why nothing can be said by this rule on a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        str
            In Dutch; empty where something can.
        """
        return self.layer.unknown or self.layer.stale(on, self.rule)


@dataclass(frozen=True, eq=False)
class Screening:
    """The verdicts on locations.

    Attributes
    ----------
    locaties : GeoDataFrame
        One row a location in the order of the input, RD New (EPSG:28992): the columns of
        `Locations.frame`, `oordeel` (the heaviest of all rules that count), `zwaarte` (the heaviest
        severity of those that say `belemmerd`, else empty), `belemmerd_m2`, `onbekend_m2` and
        `vrij_m2` (each square metre once, together the area), and per rule (`<sleutel>` is the
        layer's key, with the rule's name behind it but for the main rule) `<sleutel>_oordeel`,
        `_overlap_m2`, `_overlap_aandeel` (0-1), `_afstand_m` (NaN beyond 25 km, or beyond what was
        fetched), `_objecten` and what its kind adds.
    treffers : DataFrame
        One row a location and rule, by location and then rule: `locatie_id`, `laag` (the rule's
        key), `oordeel`, `zwaarte`, `reden`, `overlap_m2`, `overlap_aandeel`, `afstand_m`,
        `objecten`.
    geraakt : DataFrame of bool
        Per location (row) and rule (column) whether the rule's zone meets the site at all, also
        below the tolerance.
    aandeel : DataFrame of float
        Per location and rule the share of the site (0-1) that the rule takes; NaN where nothing is
        known of it.
    telt : DataFrame of bool
        Per location and rule whether the rule counts in `oordeel`, areas and capacity: whether it
        is as heavy as was asked.
    locations : Locations
        What was screened.
    layers : tuple of Layer
        Against what.
    toetsen : tuple of Toets
        By which rules.
    on : date
        The day for which was judged.
    from_severity : str
        From which severity on rules count.
    judged : dict
        What each rule said of the locations that can be measured, by its key.
    subjects : Subjects
        The locations that can be measured, and what was found out about them: `changed` asks
        that again.
    version : str
        Of woongeo.
    """

    locaties: gpd.GeoDataFrame
    treffers: pd.DataFrame
    geraakt: pd.DataFrame
    aandeel: pd.DataFrame
    telt: pd.DataFrame
    locations: Locations
    layers: tuple[Layer, ...]
    toetsen: tuple[Toets, ...]
    on: dt.date
    from_severity: str
    judged: dict[str, Judged]
    subjects: Subjects
    version: str = __version__

    def __len__(self) -> int:
        return len(self.locaties)

    def from_(self, severity: str) -> Screening:
        """Count only rules from a severity on; verdicts of the others stay listed.

        Parameters
        ----------
        severity : str
            "zacht", "middel", "hard" or "zeer hard".

        Returns
        -------
        Screening
            A new one, of the same judgements.

        Raises
        ------
        RuleError
            When there is no such severity.
        """
        return _assemble(
            self.locations, self.subjects, self.layers, self.toetsen, self.judged, severity
        )

    def changed(self, rules: Mapping[str, RuleBase]) -> Screening:
        """Judge anew by other rules, and only what they touch.

        Parameters
        ----------
        rules : Mapping of str to RuleBase
            Key of verdicts to rule, as for `screen`.

        Returns
        -------
        Screening
            Equal to a new screening by these rules.

        Raises
        ------
        RuleError
            When a rule is given for a layer that is not there.
        """
        return _screen(
            self.locations, with_rules(self.layers, rules), self.on, self.from_severity, self
        )

    def only(self, kept: NDArray[np.bool_], locations: Locations) -> Screening:
        """Keep the verdicts on some locations.

        Parameters
        ----------
        kept : ndarray of bool
            Which of the locations, in their order.
        locations : Locations
            Those locations alone.

        Returns
        -------
        Screening
            Equal to a new screening of them.
        """
        at = kept[self.locations.usable]
        judged = {key: own.only(at) for key, own in self.judged.items()}
        subjects = _subjects(locations, self.on)
        return _assemble(locations, subjects, self.layers, self.toetsen, judged, self.from_severity)

    def counts(self, layer: str | None = None) -> dict[str, int]:
        """Count locations per verdict.

        Parameters
        ----------
        layer : str, optional
            Key of a rule: for it alone; over all that count without it.

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
            Key of a rule: for it alone; over all that count without it.

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
        notes = self._notes_on_layers() + self.notes_on_rules()
        report = self.locations.report
        withheld = report.of_check("vertrouwelijkheid")["toelichting"]
        notes += [f"Vertrouwelijk: {shortened(text)}." for text in withheld]
        if len(report):
            listed = "; ".join(report.summary())
            notes.append(f"Controle van de locaties: {listed}.")
        return notes

    def notes_on_rules(self) -> list[str]:
        """List what a reader must know of the rules.

        Returns
        -------
        list of str
            Rules that do not hold on the day, scenarios, and what is too light to count.
        """
        notes = []
        for toets in self.toetsen:
            idle = toets.rule.holds(self.on)
            if idle and not toets.idle(self.on):
                notes.append(f"{toets.title}: {idle}; zij belemmert op deze dag niets.")
            if toets.rule.certainty == "scenario":
                notes.append(f"{toets.title}: een scenario, geen besluit ({toets.rule.source}).")
        if self.from_severity != SEVERITIES[0]:
            lighter = [x.title for x in self.toetsen if not self.telt[x.key].any()]
            told = f" ({', '.join(lighter)})" if lighter else ""
            notes.append(
                f"Alleen belemmeringen vanaf {self.from_severity} tellen mee; lichtere staan per "
                f"laag vermeld{told}."
            )
        return notes

    def _notes_on_layers(self) -> list[str]:
        """List layers of which nothing, or not everything, is known."""
        notes = []
        for toets in self.toetsen:
            reason = toets.idle(self.on)
            if reason:
                notes.append(f"{toets.title}: niets over te zeggen ({reason}).")
            elif toets.layer.incomplete:
                why = toets.layer.incomplete
                notes.append(f"{toets.title}: {why}; waar zij ontbreekt is onbekend.")
        return notes

    def complete(self) -> bool:
        """Tell whether every layer is whole and every verdict known.

        Returns
        -------
        bool
            False when a layer is absent, failed, stale or incomplete, or any verdict `onbekend`.
        """
        whole = not any(x.idle(self.on) or x.layer.incomplete for x in self.toetsen)
        return whole and not (self.treffers["oordeel"] == Oordeel.ONBEKEND).any()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(shortened(note))}</li>" for note in self.notes())
        rows = ""
        for key, title in [(None, "alle lagen"), *((x.key, x.title) for x in self.toetsen)]:
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
    rules: Mapping[str, RuleBase] | Catalogue | None = None,
    on: dt.date | None = None,
    from_severity: str = "zacht",
) -> Screening:
    """Judge each location against each layer, by each of its rules that is on.

    Per location and rule the verdict is `belemmerd` where the rule says so; else `onbekend` where
    absence of the layer cannot be relied on: the location lies (partly) outside the layer's
    coverage, its shape cannot be measured, or the layer is absent, empty, failed, incomplete or too
    old; else `vrij`. A hit below the rule's tolerance is `vrij`, and its reason says so. Over
    rules the heaviest verdict holds, so `onbekend` never becomes `vrij`.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    layers : sequence of Layer
        From `read_layer` and its like, or `missing_layer`; each key once.
    rules : Mapping of str to RuleBase, or Catalogue, optional
        Key of verdicts ("natura2000", "natura2000_250m") to the rule that replaces or joins the
        layer's own; or what `read_catalogue` read, of which the rules that its file names hold.
    on : date, optional
        The day for which is judged: the age of layers, and rules that hold from or until a day;
        today without it.
    from_severity : str
        From which severity on rules count in the verdict over all rules, the areas and the
        capacity; lighter ones are judged and listed all the same.

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
        When a rule is given for a layer that is not there, or fits none.

    Warns
    -----
    UnknownResultWarning
        When nothing can be said about a layer.
    UncertainRuleWarning
        When a rule rests on memory or inference.
    """
    return _screen(locations, with_rules(layers, rules), day(on), from_severity)


def day(on: dt.date | None) -> dt.date:
    """Settle the day for which is judged.

    Parameters
    ----------
    on : date or None
        As it was given; of a moment only the day is kept.

    Returns
    -------
    date
        Today where none was given.

    Raises
    ------
    InputError
        When it is no date.
    """
    return day_of(on, "on") or dt.date.today()  # noqa: DTZ011  the user's own calendar day


def with_rules(
    layers: Sequence[Layer], rules: Mapping[str, RuleBase] | Catalogue | None
) -> tuple[Layer, ...]:
    """Check the layers and put other rules on them.

    Parameters
    ----------
    layers : sequence of Layer
        Each key once.
    rules : Mapping of str to RuleBase, or Catalogue, or None
        As for `screen`.

    Returns
    -------
    tuple of Layer
        In the order given.

    Raises
    ------
    LayerError
        When there are no layers or two share a key.
    RuleError
        When a rule is given for a layer that is not there.
    """
    keys = [layer.key for layer in layers]
    if isinstance(rules, Catalogue):
        rules = {
            verdict_key(spec.key, name): rule
            for spec in rules
            if spec.key in keys
            for name, rule in spec.rules.items()
            if verdict_key(spec.key, name) in rules.named
        }
    if not keys:
        raise LayerError("er zijn geen lagen gegeven; geef minstens één laag om op te screenen.")
    double = {key for key in keys if keys.count(key) > 1}
    if double:
        raise LayerError(f"laag {', '.join(sorted(double))} is vaker gegeven; elke naam één keer.")
    changed = {layer.key: layer for layer in layers}
    for key, rule in (rules or {}).items():
        # The longest key that fits: a layer may be called natura2000_grens.
        owner = max((k for k in keys if key == k or key.startswith(f"{k}_")), key=len, default=None)
        if owner is None:
            raise RuleError(f"er is een regel voor {key}, maar geen laag met die naam.")
        name = key[len(owner) + 1 :] or MAIN
        changed[owner] = changed[owner].with_rule(rule, name=name)
    return tuple(changed.values())


def toetsen_of(layers: Sequence[Layer]) -> tuple[Toets, ...]:
    """List the rules that are on.

    Parameters
    ----------
    layers : sequence of Layer
        From `with_rules`.

    Returns
    -------
    tuple of Toets
        By layer, in the order of its rules.

    Raises
    ------
    LayerError
        When two rules share a key or none is on.
    """
    toetsen = tuple(
        Toets(key, _title(layer, key, rule), layer, rule)
        for layer in layers
        for key, rule in layer.active().items()
    )
    keys = [toets.key for toets in toetsen]
    double = sorted({key for key in keys if keys.count(key) > 1})
    if double:
        raise LayerError(f"twee regels heten {double[0]}; geef een laag of regel een andere naam.")
    if not toetsen:
        raise LayerError("geen enkele laag heeft een regel die aan staat; zet er een aan.")
    return toetsen


def _screen(
    locations: Locations,
    layers: tuple[Layer, ...],
    on: dt.date,
    from_severity: str,
    before: Screening | None = None,
) -> Screening:
    """Judge by every rule that is on; what was judged before by the same rule stands."""
    toetsen = toetsen_of(layers)
    voice(toetsen, on, stacklevel=3)
    subjects = _subjects(locations, on) if before is None else before.subjects
    earlier = {} if before is None else {x.key: x for x in before.toetsen}
    judged = {}
    measure_ahead([(x.layer, x.rule) for x in toetsen], subjects)
    for toets in toetsen:
        same = earlier.get(toets.key)
        if (
            before is not None
            and same is not None
            and same.rule == toets.rule
            and same.layer.features is toets.layer.features
        ):
            judged[toets.key] = before.judged[toets.key]
        else:
            # One by one: in a judge the work is on all cores already, and what reads a file or
            # warns may not be in a thread.
            judged[toets.key] = judge(toets.layer, toets.rule, subjects)
    return _assemble(locations, subjects, layers, toetsen, judged, from_severity)


def _subjects(locations: Locations, on: dt.date) -> Subjects:
    """Take the locations that can be measured."""
    frame = locations.frame
    rows = slice(None) if locations.usable.all() else np.flatnonzero(locations.usable)
    own = pd.DataFrame(frame.drop(columns="geometry")).iloc[rows]
    return Subjects(locations.sites, own.reset_index(drop=True), on)


def _title(layer: Layer, key: str, rule: RuleBase) -> str:
    """Name a rule for people."""
    if rule.title:
        return f"{layer.title}, {rule.title}"
    return layer.title if key == layer.key else f"{layer.title}, {key[len(layer.key) + 1 :]}"


def voice(toetsen: Sequence[Toets], on: dt.date, *, stacklevel: int) -> None:
    """Warn of layers about which nothing can be said, and of rules that nobody looked up.

    Parameters
    ----------
    toetsen : sequence of Toets
        The rules that are judged.
    on : date
        The day.
    stacklevel : int
        Whose line the warning points at: 1 for the caller of this function.
    """
    for toets in toetsen:
        nothing = toets.idle(on)
        if nothing:
            message = f"{toets.title}: {nothing}; alle oordelen zijn onbekend."
            warnings.warn(message, UnknownResultWarning, stacklevel=stacklevel + 1)
    unsure = [x for x in toetsen if x.rule.certainty != "bron"]
    if unsure:
        told = "; ".join(f"{x.title} ({x.rule.certainty})" for x in unsure)
        warnings.warn(
            f"regels die niet in een bron zijn nagelezen: {told}. Ga ze na voor gebruik.",
            UncertainRuleWarning,
            stacklevel=stacklevel + 1,
        )


def _assemble(
    locations: Locations,
    subjects: Subjects,
    layers: tuple[Layer, ...],
    toetsen: tuple[Toets, ...],
    judged: dict[str, Judged],
    from_severity: str,
) -> Screening:
    """Put the verdicts of all rules together."""
    if from_severity not in SEVERITIES:
        raise RuleError(f"from_severity is {from_severity!r}; kies uit {', '.join(SEVERITIES)}.")
    usable = locations.usable
    area = subjects.sites.area
    weights = [_Weighed.of(judged[x.key], x.rule, from_severity) for x in toetsen]
    unknown_whole = np.zeros(len(area), dtype=bool)
    for x in weights:
        if x.judged.unknown_parts is None:
            unknown_whole |= x.counts
    taken, unknown, free = partition_m2(
        area,
        [x.judged.measure for x in weights if x.judged.measure is not None],
        [x.judged.unknown_parts for x in weights if x.judged.unknown_parts is not None],
        unknown_whole,
    )
    verdict = np.array([x.verdict for x in weights]).max(axis=0)
    severity = np.array([x.severity for x in weights]).max(axis=0)
    oordeel = np.full(len(usable), str(Oordeel.ONBEKEND), dtype=object)
    oordeel[usable] = np.array(OORDELEN, dtype=object)[verdict]
    zwaarte = np.full(len(usable), "", dtype=object)
    zwaarte[usable] = np.array(("", *SEVERITIES), dtype=object)[severity]
    results: dict[str, NDArray[Any]] = {"oordeel": oordeel, "zwaarte": zwaarte}
    areas = {"belemmerd_m2": taken, "onbekend_m2": unknown, "vrij_m2": free}
    results |= {name: _spread(values, usable) for name, values in areas.items()}
    rows = {x.key: _on_all_rows(judged[x.key], x.key, locations) for x in toetsen}
    for toets in toetsen:
        for name in _PER_RULE:
            results[f"{toets.key}_{name}"] = rows[toets.key][name]
        for name, values in judged[toets.key].extra.items():
            results[f"{toets.key}_{name}"] = _spread(values, usable)
    # By location, and then the rules in the order in which they were given.
    treffers = pd.DataFrame(
        {name: np.column_stack([rows[x.key][name] for x in toetsen]).ravel() for name in TREFFERS}
    )
    touched, share, counts = ({}, {}, {})
    for toets, weighed in zip(toetsen, weights, strict=True):
        own = judged[toets.key]
        touched[toets.key] = _spread(own.touched, usable, empty=False)
        share[toets.key] = _spread(own.share, usable)
        counts[toets.key] = _spread(weighed.counts, usable, empty=True)
    return Screening(
        locaties=_put_together(locations.frame, results),
        treffers=treffers,
        geraakt=pd.DataFrame(touched),
        aandeel=pd.DataFrame(share),
        telt=pd.DataFrame(counts),
        locations=locations,
        layers=layers,
        toetsen=toetsen,
        on=subjects.on,
        from_severity=from_severity,
        judged=judged,
        subjects=subjects,
    )


@dataclass(frozen=True, eq=False)
class _Weighed:
    """What one rule says, as far as it is as heavy as was asked."""

    judged: Judged
    # Positions in OORDELEN, and in SEVERITIES with 0 for none.
    verdict: NDArray[np.intp]
    severity: NDArray[np.intp]
    counts: NDArray[np.bool_]

    @classmethod
    def of(cls, judged: Judged, rule: RuleBase, from_severity: str) -> _Weighed:
        """Weigh the verdicts of a rule."""
        verdict = _positions(judged.verdict, OORDELEN)
        severity = _positions(judged.severity, ("", *SEVERITIES))
        least = 1 + SEVERITIES.index(from_severity)
        blocked = verdict == OORDELEN.index(Oordeel.BELEMMERD)
        # Elsewhere counts how heavy the rule can be: an unknown that is light at most is no doubt.
        heaviest = 1 + SEVERITIES.index(rule.heaviest)
        counts = np.where(blocked, severity, heaviest) >= least
        verdict = np.where(counts, verdict, OORDELEN.index(Oordeel.VRIJ))
        severity = np.where(counts, severity, 0)
        return cls(judged.without(~counts), verdict, severity, counts)


def _positions(values: NDArray[np.object_], words: Sequence[str]) -> NDArray[np.intp]:
    """Give the position of each value in a row of words."""
    return np.asarray(pd.Index(words).get_indexer(pd.Index(values, dtype=object)))


def _on_all_rows(judged: Judged, key: str, locations: Locations) -> dict[str, NDArray[Any]]:
    """Bring a rule's verdicts to all locations, also those that cannot be measured."""
    usable = locations.usable
    verdict = np.full(len(usable), str(Oordeel.ONBEKEND), dtype=object)
    verdict[usable] = judged.verdict
    reason = ("vlak onbruikbaar: " + locations.problem).astype(object)
    reason[usable] = judged.reason
    severity, objects = (np.full(len(usable), "", dtype=object) for _ in range(2))
    severity[usable], objects[usable] = judged.severity, judged.objects
    return {
        "locatie_id": locations.frame["locatie_id"].to_numpy(),
        "laag": np.full(len(usable), key, dtype=object),
        "oordeel": verdict,
        "zwaarte": severity,
        "reden": reason,
        "overlap_m2": _spread(judged.overlap_m2, usable),
        "overlap_aandeel": _spread(judged.share, usable),
        "afstand_m": _spread(judged.distance_m, usable),
        "objecten": objects,
    }


def _spread(
    values: NDArray[Any], usable: NDArray[np.bool_], *, empty: float | bool = np.nan
) -> NDArray[Any]:
    """Put values of measurable sites on all rows, and what is empty on the others."""
    if values.dtype == object:
        spread = np.full(len(usable), "", dtype=object)
    else:
        kind = np.result_type(values.dtype, type(empty)) if values.dtype != bool else values.dtype
        spread = np.full(len(usable), empty, dtype=kind)
    spread[usable] = values
    return spread


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
