"""Nitrogen at several thresholds in one go: how much hangs on the choice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.catalogue import MAIN
from woongeo.engine import Sites
from woongeo.errors import RuleError
from woongeo.judging import Subjects, judge
from woongeo.rules.stikstof import StikstofRule
from woongeo.verdict import OORDELEN, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from woongeo.layers import Layer
    from woongeo.locations import Locations


def stikstof_sensitivity(
    locations: Locations,
    layer: Layer,
    *,
    thresholds: Sequence[float] = (0.005, 0.1, 1.0),
    rule: StikstofRule | None = None,
    on: dt.date | None = None,
) -> pd.DataFrame:
    """Count what nitrogen hinders at several thresholds.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    layer : Layer
        Nature, with a nitrogen rule.
    thresholds : sequence of float
        Mol of nitrogen a hectare in the year.
    rule : StikstofRule, optional
        The rule whose threshold is varied; the layer's main one without it.
    on : date, optional
        As for `screen`.

    Returns
    -------
    DataFrame
        One row a threshold, in the order given: `drempel_mol_ha_j`, and per verdict, heaviest
        first, `<oordeel>_plannen` and `<oordeel>_woningen`. Plans that do not count are left out.
        Homes that are not known are in no sum, while their plans are counted; plans whose shape
        cannot be measured are `onbekend`.

    Raises
    ------
    RuleError
        When the rule is not one for nitrogen, or a threshold is negative.
    """
    chosen = rule or layer.rules.get(MAIN)
    if not isinstance(chosen, StikstofRule):
        raise RuleError(f"laag {layer.key}: de regel is er geen voor stikstof; geef rule=.")
    frame, usable = locations.frame, locations.usable
    rows = pd.DataFrame(frame[usable].drop(columns="geometry")).reset_index(drop=True)
    day = on or dt.date.today()  # noqa: DTZ011  the user's own calendar day
    # One set of subjects: distances are measured once.
    subjects = Subjects(Sites(frame.geometry.to_numpy()[usable]), rows, day)
    counted = (frame["hardheid"] != str(Hardheid.TELT_NIET_MEE)).to_numpy()
    homes = frame["woningen"].to_numpy(dtype=float)
    table = []
    for threshold in thresholds:
        judged = judge(layer, replace(chosen, threshold_mol_ha_j=float(threshold)), subjects)
        verdict = np.full(len(frame), str(Oordeel.ONBEKEND), dtype=object)
        verdict[usable] = judged.verdict
        row: dict[str, float] = {"drempel_mol_ha_j": float(threshold)}
        for word in reversed(OORDELEN):
            of_it = counted & (verdict == word)
            row[f"{word}_plannen"] = int(of_it.sum())
            row[f"{word}_woningen"] = float(np.nansum(homes[of_it]))
        table.append(row)
    return pd.DataFrame(table)
