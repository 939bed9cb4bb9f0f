"""``woongeo report``: what ``woongeo screen`` does, ending in factsheets."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from woongeo.cli.plans import locations_of
from woongeo.cli.say import one_line, say
from woongeo.reporting import write_report
from woongeo.screening import screen
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    import warnings
    from collections.abc import Sequence

    from woongeo.capacity import Plancapaciteit
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk import Audience


def earlier_screening(
    given: argparse.Namespace, now: Screening, audience: Audience
) -> Screening | None:
    """Judge the locations of the last peilmoment against the same layers.

    Parameters
    ----------
    given : Namespace
        What was asked.
    now : Screening
        Of this one.
    audience : Audience
        Who will see the report.

    Returns
    -------
    Screening or None
        None where no earlier locations were given.
    """
    if given.earlier is None:
        return None
    then = argparse.Namespace(**{**vars(given), "plannen": given.earlier})
    locations = locations_of(then, now.on)
    judged = screen(locations, now.layers, on=now.on, from_severity=now.from_severity)
    return for_audience(judged, audience)


def finish_report(
    given: argparse.Namespace,
    capacity: Plancapaciteit,
    audience: Audience,
    doubts: Sequence[warnings.WarningMessage],
    start: float,
) -> None:
    """Write the report, and tell.

    Parameters
    ----------
    given : Namespace
        What was asked.
    capacity : Plancapaciteit
        What it is made of: plans that the audience may see.
    audience : Audience
        Who will see it.
    doubts : sequence
        What was warned of.
    start : float
        When the work began.
    """
    loud = not (given.quiet or given.json)
    paths = write_report(
        capacity,
        folder=given.out,
        title=given.title,
        period=given.period,
        earlier=earlier_screening(given, capacity.screening, audience),
        theme=given.theme,
        pdf=not given.no_pdf,
        pptx=given.pptx,
        publiek=audience,
        overwrite=given.overwrite,
        seconds=time.perf_counter() - start,
        progress=(lambda name: say(f"  {one_line(name)}", error=True)) if loud else None,
    )
    if given.json:
        told = {
            "let_op": SCREENING,
            "waarschuwingen": [str(doubt.message) for doubt in doubts],
            "bestanden": [str(path) for path in paths],
        }
        say(json.dumps(told, ensure_ascii=False, indent=2))
    elif loud:
        for doubt in doubts:
            say(f"let op: {one_line(doubt.message)}", error=True)
        say(f"{len(paths)} bestanden in {one_line(paths[0].parent)}; begin bij {paths[0].name}.")
        say(SCREENING)
