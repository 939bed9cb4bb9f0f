"""Judging: a layer, a rule and locations in; a verdict with its reason for each location out.

Each kind of rule is judged in the module of its name. What holds for all kinds is done here: a
layer that is absent or too old, a rule that does not hold yet or not for everyone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from woongeo.judging import klasse, raster, stikstof, tabel, zone
from woongeo.judging.common import Judged, Subjects, all_free, nothing_known
from woongeo.numerals import counted
from woongeo.rules import ClassRule, RasterRule, Rule, StikstofRule, TableRule
from woongeo.threads import meanwhile
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase

__all__ = ["Judged", "Subjects", "counting", "judge", "shapes_that_count"]

# The rule's class to what judges by it.
_JUDGES: dict[type[RuleBase], Callable[[Layer, Any, Subjects], Judged]] = {
    Rule: zone.judge,
    StikstofRule: stikstof.judge,
    RasterRule: raster.judge,
    ClassRule: klasse.judge,
    TableRule: tabel.judge,
}

# The rule's class to what tells which features can count; of other rules all can.
_COUNTS: dict[type[RuleBase], Callable[[Layer, Any, dt.date], NDArray[np.bool_]]] = {
    Rule: zone.counting,
    ClassRule: klasse.counting,
    StikstofRule: stikstof.counting,
}

# With the locations so many measurements are kept; more would be in vain.
_AHEAD = 12

# Plans of which no procedure has begun: a vision, an option, an idea of officials.
_NEW = {"4A", "4B", "5A", "5B"}


def judge(layer: Layer, rule: RuleBase, subjects: Subjects) -> Judged:
    """Judge locations against a layer by one of its rules.

    Parameters
    ----------
    layer : Layer
        The layer.
    rule : RuleBase
        The rule.
    subjects : Subjects
        The locations.

    Returns
    -------
    Judged
        In the order of the locations.
    """
    n = len(subjects)
    idle = rule.holds(subjects.on)
    if idle:
        return all_free(n, idle)
    nothing = layer.unknown or layer.stale(subjects.on, rule)
    judged = nothing_known(n, nothing) if nothing else _JUDGES[type(rule)](layer, rule, subjects)
    return judged if rule.scope == "alle" else _for_whom(judged, rule, subjects)


@contextmanager
def measuring(
    rules: Sequence[tuple[Layer, RuleBase]], subjects: Subjects
) -> Iterator[Callable[[Layer], None]]:
    """Measure several layers side by side: while one is judged others use the cores.

    What is measured stays with the locations, and judging finds it there.

    Parameters
    ----------
    rules : sequence of pairs of Layer and RuleBase
        By which will be judged, in this order.
    subjects : Subjects
        The locations.

    Yields
    ------
    callable
        Takes a layer, and waits until nothing is being measured of it.
    """
    ahead = [
        (layer, asked)
        for layer, rule in rules
        if not (rule.holds(subjects.on) or layer.unknown or layer.stale(subjects.on, rule))
        for asked in _asked(layer, rule, subjects.on)
    ][:_AHEAD]
    # What is asked of one layer is asked in one thread: its indexes share shapes.
    by_layer: dict[int, list[zone.Asked | klasse.Asked]] = {}
    for layer, asked in ahead:
        by_layer.setdefault(id(layer.features), []).append(asked)

    def measure(of_layer: list[zone.Asked | klasse.Asked]) -> None:
        for asked in of_layer:
            asked.answer(subjects)

    with meanwhile(measure, by_layer) as wait:
        yield lambda layer: wait(id(layer.features))


def _asked(
    layer: Layer, rule: RuleBase, on: dt.date
) -> Sequence[zone.Asked] | Sequence[klasse.Asked]:
    """List what a rule asks to be measured; nothing where another kind of work is done."""
    if isinstance(rule, Rule):
        return zone.asked(layer, rule)
    return klasse.asked(layer, rule, on) if isinstance(rule, ClassRule) else []


def counting(layer: Layer, on: dt.date) -> NDArray[np.bool_]:
    """Tell which features of a layer any of its rules that are on could count on a day.

    On a map only these should be drawn as what stands in the way: not an area of a class that does
    not hinder, nor a farm with fewer animals than count.

    Parameters
    ----------
    layer : Layer
        With its rules.
    on : date
        The day for which is judged.

    Returns
    -------
    ndarray of bool
        Per feature whether it can hinder somewhere, or make a verdict `onbekend`; whom a rule holds
        for is not looked at. Where a rule can say nothing of the layer, all features.
    """
    found = np.zeros(len(layer), dtype=bool)
    for rule in layer.active().values():
        if layer.unknown or layer.stale(on, rule):
            return np.ones(len(layer), dtype=bool)
        if not rule.holds(on):
            counts = _COUNTS.get(type(rule))
            found |= True if counts is None else counts(layer, rule, on)
    return found


def shapes_that_count(layer: Layer, on: dt.date) -> tuple[NDArray[np.object_], str]:
    """Give the shapes of the features that can count on a day, for a map, and say what is left out.

    Parameters
    ----------
    layer : Layer
        With its rules.
    on : date
        The day for which is judged.

    Returns
    -------
    shapes : ndarray of shapely geometries
        RD New (EPSG:28992), in the order of the features.
    told : str
        In Dutch, for a legend: how many features are left out, or that the layer has no shapes to
        draw (cells, a table); empty where all is drawn.
    """
    if layer.raster is not None or layer.table is not None:
        kind = "raster" if layer.table is None else "tabel"
        return layer.features.geometry.to_numpy(), f"{kind}, niet getekend"
    counts = counting(layer, on)
    left = int((~counts).sum())
    one, more = "object dat niet telt is", "objecten die niet tellen zijn"
    told = f"{counted(left, one, more)} niet getekend" if left else ""
    return layer.features.geometry.to_numpy()[counts], told


def _for_whom(judged: Judged, rule: RuleBase, subjects: Subjects) -> Judged:
    """Free the plans that a rule does not hold for; doubt those of which that is not known."""
    hardness = subjects.frame["hardheid"].to_numpy(dtype=object)
    exempt = hardness == str(Hardheid.HARD)
    doubt = hardness == str(Hardheid.ONBEKEND)
    if rule.scope == "nieuw":
        status = subjects.frame["planstatus"].to_numpy(dtype=object)
        no_code = status == "onbekend"
        doubt |= ~exempt & no_code
        exempt |= ~no_code & ~np.isin(status, list(_NEW))
    doubt &= judged.verdict == str(Oordeel.BELEMMERD)
    verdict, reason = judged.verdict.copy(), judged.reason.copy()
    said = rule.for_whom()
    verdict[exempt] = str(Oordeel.VRIJ)
    reason[exempt] = f"{said}; " + reason[exempt]
    verdict[doubt] = str(Oordeel.ONBEKEND)
    reason[doubt] = f"planstatus is niet bekend en de regel {said}; " + reason[doubt]
    severity = judged.severity.copy()
    severity[exempt | doubt] = ""
    ground = _unknown_ground(judged, doubt, subjects)
    freed = judged.without(exempt | doubt)
    parts = freed.unknown_parts
    parts = (subjects.sites.geometry if parts is None else parts).copy()
    parts[exempt] = None
    parts[doubt] = ground[doubt]
    return replace(
        freed,
        verdict=verdict,
        reason=reason,
        severity=severity,
        touched=judged.touched & ~exempt,
        unknown_parts=parts,
    )


def _unknown_ground(
    judged: Judged, doubt: NDArray[np.bool_], subjects: Subjects
) -> NDArray[np.object_]:
    """Give the ground that is unknown where it is not known whether the rule holds: all of it."""
    ground = np.full(len(subjects), None, dtype=object)
    ground[doubt] = subjects.sites.geometry[doubt]
    # Ground that no zone takes is free whether the rule holds or not.
    found = judged.measure
    if found is None:
        return ground
    for i in np.flatnonzero(doubt & ~found.whole):
        parts = found.part[found.part_site == i]
        ground[i] = shapely.union_all(parts) if len(parts) else None
    return ground
