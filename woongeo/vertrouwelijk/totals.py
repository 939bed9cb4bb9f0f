"""Which plans that may not be seen count in totals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity.amounts import amounts
from woongeo.capacity.parts import divide_homes, divided
from woongeo.checks import Finding
from woongeo.errors import AudienceError
from woongeo.numerals import by_number
from woongeo.vertrouwelijk.audience import KOLOM, read_audience, visible_to
from woongeo.vertrouwelijk.keeping import screening_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.capacity.parts import Division
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk.audience import Audience

#: So many plans that are left out must be together to count in a total. A choice of woongeo.
MINIMUM = 5


def for_totals(
    screening: Screening,
    audience: str | Audience,
    *,
    by: Sequence[Division] = (),
    minimum: int = MINIMUM,
) -> Screening:
    """Choose the plans that count in totals for an audience.

    A plan that may not be seen counts where at least `minimum` of them are together in each group
    that it is in. Groups are the regions that `summarize_plancapaciteit` makes of the same
    divisions, with what lies in none as one of them; a plan is in those where it counts as a plan
    and those that hold a home of it. The same plans count in every total, so that no total less
    another gives those of a smaller group. What this does not protect: a group in which one plan
    holds nearly all homes, columns within a row (hard, zacht, verdicts) that hold fewer, and where
    two divisions cross.

    Parameters
    ----------
    screening : Screening
        Of all plans.
    audience : str or Audience
        See `read_audience`.
    by : sequence of Regions, RegionMapping or str
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
        When a column does not exist or holds no numbers.
    """
    asked = read_audience(audience)
    if minimum < 0:
        raise AudienceError(f"minimum {minimum}: geef 0 of meer plannen.")
    seen = visible_to(screening.locaties, asked)
    hidden = ~seen
    counted = hidden.copy()
    # Whatever a total may be asked in: of a plan over a border each amount rounds by itself.
    known = list(amounts(screening.locaties).values())
    groups = [_groups(screening, division, known) for division in by]
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
    screening: Screening, division: Division, amounts: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.intp], ...]:
    """Give pairs of plan and group as `summarize_plancapaciteit` makes them.

    A plan over several regions is in the one of its largest part, where it counts as a plan, and in
    each that holds a home of it; a region that it only touches says nothing of it.
    """
    parts, _ = divided(screening, division)
    counts = np.zeros(len(parts.row), dtype=bool)
    counts[np.unique(parts.row, return_index=True)[1]] = True
    for homes in amounts:
        held = divide_homes(parts.row, parts.share, homes[parts.row])
        counts |= np.nan_to_num(held) != 0
    row, region = parts.row[counts], parts.region[counts].astype(str)
    return row, np.asarray(pd.factorize(region)[0], dtype=np.intp)
