"""Which plans that may not be seen count in totals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from woongeo.checks import Finding
from woongeo.columns import as_text
from woongeo.errors import AudienceError, ColumnError
from woongeo.mapping import RegionMapping
from woongeo.numerals import by_number
from woongeo.vertrouwelijk.audience import KOLOM, read_audience, visible_to
from woongeo.vertrouwelijk.keeping import screening_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.regions import Regions
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk.audience import Audience

#: So many plans that are left out must be together to count in a total. A choice of woongeo.
MINIMUM = 5


def for_totals(
    screening: Screening,
    audience: str | Audience,
    *,
    by: Sequence[Regions | RegionMapping | str] = (),
    minimum: int = MINIMUM,
) -> Screening:
    """Choose the plans that count in totals for an audience.

    A plan that may not be seen counts where at least `minimum` of them are together in each group
    that it is in. The same plans count in every total, so that no total less another gives those of
    a smaller group. What this does not protect: a group in which one plan holds nearly all homes,
    columns within a row (hard, zacht, verdicts) that hold fewer, and where two divisions cross.

    Parameters
    ----------
    screening : Screening
        Of all plans.
    audience : str or Audience
        See `read_audience`.
    by : sequence of Regions or str
        The divisions of the totals, as for `summarize_plancapaciteit`.
    minimum : int
        How many plans must be together; 0 counts all.

    Returns
    -------
    Screening
        Of the plans that count: for totals only, never to be shown.

    Raises
    ------
    AudienceError
        When it cannot be told who may see a plan, or the minimum is negative.
    ColumnError
        When a column does not exist.
    """
    asked = read_audience(audience)
    if minimum < 0:
        raise AudienceError(f"minimum {minimum}: geef 0 of meer plannen.")
    seen = visible_to(screening.locaties, asked)
    hidden = ~seen
    counted = hidden.copy()
    groups = [_groups(screening, division) for division in by]
    everything = np.arange(len(seen)), np.zeros(len(seen), dtype=np.intp)
    while True:
        small = np.zeros(len(seen), dtype=bool)
        for row, group in [*groups, everything]:
            inside = counted[row]
            size = np.bincount(group[inside], minlength=int(group.max(initial=-1)) + 1)
            small[row[inside & (size[group] < minimum)]] = True
        if not (small & counted).any():
            break
        counted &= ~small
    n, out = int(counted.sum()), int((hidden & ~counted).sum())
    text = (
        f"totalen: {n} {by_number(n, 'plan dat', 'plannen die')} publiek {str(asked)!r} niet mag "
        f"zien {by_number(n, 'telt', 'tellen')} mee, in groepen van minstens {minimum}; {out} "
        f"{by_number(out, 'telt', 'tellen')} niet mee"
    )
    more = [Finding("", KOLOM, "melding", text, float(out))]
    kept = screening_of(screening, seen | counted, more)
    return replace(kept, locations=replace(kept.locations, totals_for=str(asked)))


def _groups(
    screening: Screening, division: Regions | RegionMapping | str
) -> tuple[NDArray[np.intp], ...]:
    """Give pairs of plan and group; a plan over several regions is in each."""
    frame = screening.locaties
    if isinstance(division, RegionMapping):
        if division.column not in frame.columns:
            raise ColumnError(f"kolom {division.column!r} bestaat niet in de locaties.")
        region = division.lookup(frame[division.column], on=screening.on)
        return np.arange(len(frame)), np.asarray(pd.factorize(region)[0], dtype=np.intp)
    if isinstance(division, str):
        if division not in frame.columns or division == "geometry":
            raise ColumnError(f"kolom {division!r} bestaat niet in de locaties.")
        codes = pd.factorize(as_text(frame[division]))[0]
        return np.arange(len(frame)), np.asarray(codes, dtype=np.intp)
    usable = np.flatnonzero(screening.locations.usable)
    shapes = frame.geometry.to_numpy()[usable]
    regions = division.frame.geometry.to_numpy()
    site, region = shapely.STRtree(regions).query(shapes, predicate="intersects")
    row = usable[site]
    nowhere = np.setdiff1d(np.arange(len(frame)), row)
    outside = np.full(len(nowhere), len(regions), dtype=np.intp)
    return np.concatenate([row, nowhere]), np.concatenate([region, outside])
