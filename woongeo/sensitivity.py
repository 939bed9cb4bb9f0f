"""What a distance costs: the same layer screened at several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from woongeo.catalogue import MAIN
from woongeo.errors import RuleError
from woongeo.rules import Rule
from woongeo.rules.common import is_number
from woongeo.screening import Screening, screen
from woongeo.verdict import OORDELEN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from woongeo.layers import Layer
    from woongeo.locations import Locations


def sensitivity(
    locations: Locations,
    layer: Layer,
    *,
    within_m: float | Sequence[float] = (25, 35, 50, 100),
    rule: Rule | None = None,
    on: dt.date | None = None,
) -> pd.DataFrame:
    """Screen locations against one layer at several distances.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    layer : Layer
        Spray parcels, goat farms, power lines: what hinders by distance. A distance of its own that
        each feature has gives way.
    within_m : float or sequence of float
        Metres; one distance or several. Without it what is accepted for spray zones in rulings and
        research.
    rule : Rule, optional
        What else holds (scope, selection, own ground left out); the layer's main rule without it.
    on : date, optional
        As for `screen`.

    Returns
    -------
    DataFrame
        One row a distance, from near to far: `afstand_m`; `locaties_belemmerd`, `_onbekend`,
        `_vrij`; `woningen_belemmerd`, `_onbekend`, `_vrij` (of locations that count; NaN where none
        of them has a number); `verloren_m2` (of locations in the zone) and `netto_m2` (what is
        left), of locations that can be measured; ground that plans share counts for each.

    Raises
    ------
    RuleError
        When a distance makes no sense, or the rule is none of distance.

    Warns
    -----
    UnknownResultWarning, UncertainRuleWarning
        As `screen`.
    """
    start = layer.rule if rule is None else rule
    if not isinstance(start, Rule):
        raise RuleError(
            f"gevoeligheid: de regel van laag {layer.key} gaat niet over afstand; geef met rule "
            "een regel van de soort zone."
        )
    asked = within_m if isinstance(within_m, Iterable) else [within_m]
    asked = [within_m] if isinstance(within_m, str) else list(asked)
    if not asked or not all(is_number(metres) and metres > 0 for metres in asked):
        raise RuleError(f"within_m is {within_m!r}; geef afstanden van meer dan 0 meter.")
    distances = sorted({float(metres) for metres in asked})
    rows, done = [], None
    for distance in distances:
        at = replace(start, within_m=distance, within_column=None, within_of=None, on=True)
        if done is None:
            done = screen(locations, [replace(layer, rules={MAIN: at})], on=on)
        else:
            done = done.changed({layer.key: at})
        rows.append({"afstand_m": distance, **_figures(done, layer.key)})
    return pd.DataFrame(rows)


def _figures(done: Screening, key: str) -> dict[str, float]:
    """Count and add up one screening."""
    counts, homes = done.counts(key), done.homes(key)
    taken = done.locaties[f"{key}_overlap_m2"]
    area = done.locaties.geometry.area[taken.notna()]
    return {
        **{f"locaties_{verdict}": counts[verdict] for verdict in reversed(OORDELEN)},
        **{f"woningen_{verdict}": homes[verdict] for verdict in reversed(OORDELEN)},
        "verloren_m2": float(taken.sum()),
        "netto_m2": float(area.sum() - taken.sum()),
    }
