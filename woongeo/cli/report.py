"""``woongeo report``: what ``woongeo screen`` does, ending in a folder with factsheets."""

from __future__ import annotations

import argparse
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from woongeo.cli.outcome import formats_of
from woongeo.cli.plans import place_of, plans_of
from woongeo.cli.services import client
from woongeo.progress import doing
from woongeo.reporting import write_report
from woongeo.screening import screen
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from woongeo.capacity import Plancapaciteit
    from woongeo.plotting.ground import Grounds
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
    with doing("locaties lezen", place_of(given.earlier)):
        locations, _ = plans_of(then, now.on)
    judged = screen(locations, now.layers, on=now.on, from_severity=now.from_severity)
    return for_audience(judged, audience)


def write_asked_report(
    given: argparse.Namespace, capacity: Plancapaciteit, audience: Audience, start: float
) -> list[Path]:
    """Write the report.

    Parameters
    ----------
    given : Namespace
        What was asked.
    capacity : Plancapaciteit
        What it is made of: plans that the audience may see.
    audience : Audience
        Who will see it.
    start : float
        When the work began.

    Returns
    -------
    list of Path
        The files.
    """
    with _grounds(given) as background:
        return write_report(
            capacity,
            folder=given.out,
            title=given.title,
            period=given.period[0].strip() if given.period else None,
            earlier=earlier_screening(given, capacity.screening, audience),
            theme=given.theme,
            formats=formats_of(given),
            pdf=not given.no_pdf,
            pptx=given.pptx,
            background=background,
            publiek=audience,
            overwrite=given.overwrite,
            seconds=time.perf_counter() - start,
        )


@contextmanager
def _grounds(given: argparse.Namespace) -> Iterator[Grounds | None]:
    """Give what fetches the background that was asked for; None where none was."""
    name = given.background
    if name is None:
        yield None
        return
    with client(given) as asking:
        yield lambda box, *, width_px: asking.background(box, width_px=width_px, background=name)
