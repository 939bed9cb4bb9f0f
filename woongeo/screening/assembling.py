"""The verdicts of all rules, put together: per location, and per location and rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.engine import partition_m2
from woongeo.errors import RuleError
from woongeo.locations import COLUMNS
from woongeo.rules import SEVERITIES
from woongeo.verdict import OORDELEN, Oordeel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from woongeo.judging import Judged
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase
    from woongeo.screening.toetsen import Toets

#: Columns of `Screening.treffers`, in order.
TREFFERS = (
    *("locatie_id", "laag", "oordeel", "zwaarte", "reden"),
    *("overlap_m2", "overlap_aandeel", "afstand_m", "objecten"),
)
# Of these a location's row has one a rule.
_PER_RULE = ("oordeel", "overlap_m2", "overlap_aandeel", "afstand_m", "objecten")


class Tables(NamedTuple):
    """The tables of a screening; what is in them is said at `Screening`."""

    locaties: gpd.GeoDataFrame
    treffers: pd.DataFrame
    geraakt: pd.DataFrame
    aandeel: pd.DataFrame
    telt: pd.DataFrame


class Areas(NamedTuple):
    """Square metres of each location that can be measured; together its area."""

    belemmerd_m2: NDArray[np.float64]
    onbekend_m2: NDArray[np.float64]
    vrij_m2: NDArray[np.float64]


def assemble(
    locations: Locations,
    area: NDArray[np.float64],
    toetsen: tuple[Toets, ...],
    judged: dict[str, Judged],
    from_severity: str,
    areas: Areas | None = None,
) -> Tables:
    """Put the verdicts of all rules together.

    Parameters
    ----------
    locations : Locations
        What was screened.
    area : ndarray of float
        Square metres of those that can be measured.
    toetsen : tuple of Toets
        The rules, in the order of the results.
    judged : dict
        What each said of the locations that can be measured, by its key.
    from_severity : str
        From which severity on rules count.
    areas : Areas, optional
        What `areas_of` gives, where that was worked out already.

    Returns
    -------
    Tables
        Of all locations, in their order.

    Raises
    ------
    RuleError
        When there is no such severity.
    """
    _check(from_severity)
    usable = locations.usable
    weights = [_Weighed.of(judged[x.key], x.rule, from_severity) for x in toetsen]
    areas = areas or _areas(area, weights)
    verdict = np.array([x.verdict for x in weights]).max(axis=0)
    severity = np.array([x.severity for x in weights]).max(axis=0)
    oordeel = np.full(len(usable), str(Oordeel.ONBEKEND), dtype=object)
    oordeel[usable] = np.array(OORDELEN, dtype=object)[verdict]
    zwaarte = np.full(len(usable), "", dtype=object)
    zwaarte[usable] = np.array(("", *SEVERITIES), dtype=object)[severity]
    results: dict[str, NDArray[Any]] = {"oordeel": oordeel, "zwaarte": zwaarte}
    results |= {name: _spread(values, usable) for name, values in areas._asdict().items()}
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
    return Tables(
        _put_together(locations.frame, results),
        treffers,
        pd.DataFrame(touched),
        pd.DataFrame(share),
        pd.DataFrame(counts),
    )


def areas_of(
    area: NDArray[np.float64],
    toetsen: Sequence[Toets],
    judged: Mapping[str, Judged],
    from_severity: str,
) -> Areas:
    """Divide locations into what a rule takes, what is unknown, and what is free.

    Parameters
    ----------
    area : ndarray of float
        Square metres of the locations that can be measured.
    toetsen : sequence of Toets
        The rules.
    judged : Mapping
        What each said, by its key.
    from_severity : str
        From which severity on rules count.

    Returns
    -------
    Areas
        Each square metre once.

    Raises
    ------
    RuleError
        When there is no such severity.
    """
    _check(from_severity)
    return _areas(area, [_Weighed.of(judged[x.key], x.rule, from_severity) for x in toetsen])


def _check(severity: str) -> None:
    """Refuse a severity that there is not."""
    if severity not in SEVERITIES:
        raise RuleError(f"from_severity is {severity!r}; kies uit {', '.join(SEVERITIES)}.")


def _areas(area: NDArray[np.float64], weights: Sequence[_Weighed]) -> Areas:
    """Divide locations over rules that were weighed."""
    unknown_whole = np.zeros(len(area), dtype=bool)
    for x in weights:
        if x.judged.unknown_parts is None:
            unknown_whole |= x.counts
    return Areas(
        *partition_m2(
            area,
            [x.judged.measure for x in weights if x.judged.measure is not None],
            [x.judged.unknown_parts for x in weights if x.judged.unknown_parts is not None],
            unknown_whole,
        )
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
