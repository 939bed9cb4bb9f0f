"""Why a verdict turned: each change made by itself, and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from woongeo.engine import Sites
from woongeo.judging import Subjects, judge
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase
    from woongeo.screening import Screening

#: What can change.
PLAN, LAYER, RULE = "plan", "laag", "regel"


class Side(NamedTuple):
    """One moment: what a verdict was given by."""

    screening: Screening
    rows: NDArray[np.intp]
    layer: Layer
    rule: RuleBase


def causes(
    old: Side, new: Side, changed: dict[str, NDArray[np.bool_]], turned: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Say for turned verdicts what turned them.

    Where one thing changed that is it. Where several did, each is changed by itself and judged: one
    that suffices is the cause; several that each suffice are joined by "of"; where none does by
    itself they are joined by "+".

    Parameters
    ----------
    old, new : Side
        The two moments, row by row the same plans.
    changed : dict
        Per thing (plan, laag, regel) and row whether it changed.
    turned : ndarray of str
        The new verdict of each row.

    Returns
    -------
    ndarray of str
        One cause a row; "niet bekend" where nothing changed that could be seen.
    """
    cause = joined(changed, " + ")
    # On the same data a verdict can still turn where a shape differs by less than the tolerance.
    cause[cause == ""] = "niet bekend"
    several = np.flatnonzero(np.sum(list(changed.values()), axis=0) > 1)
    if not len(several):
        return cause
    alone: dict[str, NDArray[np.bool_]] = {}
    for thing, marks in changed.items():
        suffices = np.zeros(len(cause), dtype=bool)
        at = several[marks[several]]
        if len(at):
            suffices[at] = _judged_with(thing, old, new, at) == turned[at]
        alone[thing] = suffices
    by_itself = joined(alone, " of ")
    clear = np.flatnonzero(by_itself != "")
    cause[clear] = by_itself[clear]
    return cause


def _judged_with(thing: str, old: Side, new: Side, at: NDArray[np.intp]) -> NDArray[np.object_]:
    """Judge plans at the old moment, with one thing as it is at the new one."""
    plans = new if thing == PLAN else old
    layer = new.layer if thing == LAYER else old.layer
    rule = new.rule if thing == RULE else old.rule
    # The age of a layer, and whether a rule holds, change with the day.
    on = old.screening.on if thing == PLAN else new.screening.on
    return _verdicts(plans.screening, plans.rows[at], layer, rule, on)


def _verdicts(
    screening: Screening, rows: NDArray[np.intp], layer: Layer, rule: RuleBase, on: dt.date
) -> NDArray[np.object_]:
    """Judge some locations anew."""
    verdict = np.full(len(rows), str(Oordeel.ONBEKEND), dtype=object)
    usable = screening.locations.usable[rows]
    at = rows[usable]
    if len(at):
        frame = screening.locations.frame.iloc[at]
        plain = pd.DataFrame(frame.drop(columns="geometry")).reset_index(drop=True)
        subjects = Subjects(Sites(frame.geometry.to_numpy()), plain, on)
        verdict[usable] = judge(layer, rule, subjects).verdict
    return verdict


def joined(marks: dict[str, NDArray[np.bool_]], sign: str) -> NDArray[np.object_]:
    """Write which marks hold, row by row.

    Parameters
    ----------
    marks : dict
        Name to whether it holds.
    sign : str
        What stands between two names.

    Returns
    -------
    ndarray of str
        Empty where none holds.
    """
    text = np.full(len(next(iter(marks.values()))), "", dtype=object)
    for name, holds in marks.items():
        text[holds] = np.where(text[holds] == "", name, text[holds] + sign + name)
    return text
