"""Judging by every rule: what was judged before by the same rule stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.judging import Subjects, judge, measuring
from woongeo.progress import steps

if TYPE_CHECKING:
    import datetime as dt

    from woongeo.judging import Judged
    from woongeo.locations import Locations
    from woongeo.screening.toetsen import Toets


def subjects_of(locations: Locations, on: dt.date) -> Subjects:
    """Take the locations that can be measured.

    Parameters
    ----------
    locations : Locations
        All.
    on : date
        The day for which is judged.

    Returns
    -------
    Subjects
        In the order of the locations; what is measured of them is kept with `locations`.
    """
    frame = locations.frame
    rows = slice(None) if locations.usable.all() else np.flatnonzero(locations.usable)
    own = pd.DataFrame(frame.drop(columns="geometry")).iloc[rows]
    return Subjects(locations.sites, own.reset_index(drop=True), on)


def judge_all(
    toetsen: tuple[Toets, ...],
    subjects: Subjects,
    before: tuple[tuple[Toets, ...], dict[str, Judged]] = ((), {}),
) -> dict[str, Judged]:
    """Judge by every rule.

    Parameters
    ----------
    toetsen : tuple of Toets
        The rules.
    subjects : Subjects
        The locations that can be measured.
    before : tuple
        Rules by which these subjects were judged before, and what each said: where the same rule
        is asked of the same features, that stands.

    Returns
    -------
    dict
        What each rule said, by its key, in the order of the rules.
    """
    earlier, stands = {x.key: x for x in before[0]}, before[1]
    anew = [x for x in toetsen if not _is_same(earlier.get(x.key), x)]
    judged = {}
    with measuring([(x.layer, x.rule) for x in anew], subjects) as wait:
        # One by one: what reads a file or warns may not be in a thread.
        for toets in steps("toetsen", anew, told=lambda toets: toets.title):
            wait(toets.layer)
            judged[toets.key] = judge(toets.layer, toets.rule, subjects)
    return {x.key: judged[x.key] if x.key in judged else stands[x.key] for x in toetsen}


def _is_same(before: Toets | None, now: Toets) -> bool:
    """Tell whether the same rule was asked of the same features."""
    return (
        before is not None
        and before.rule == now.rule
        and before.layer.features is now.layer.features
    )
