"""Judging by tables: in which region a site lies, and what is known of that region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text, numbers, recognise
from woongeo.engine import area_by_feature
from woongeo.errors import ColumnError, RuleError
from woongeo.judging.common import Judged, Subjects, nothing_known, wholly
from woongeo.numerals import dutch
from woongeo.regioncodes import region_columns
from woongeo.rules import SEVERITIES
from woongeo.rules.klasse import NOT_KNOWN
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.regioncodes import RegionTable
    from woongeo.rules import TableRule

# Regions that hold as much of a site, but for the noise of coordinates.
_TIE_M2 = 0.01
_FREE = ""


def judge(layer: Layer, rule: TableRule, subjects: Subjects) -> Judged:
    """Judge locations by a value of the region that they lie in.

    Parameters
    ----------
    layer : Layer
        With a table of regions.
    rule : TableRule
        Which values hinder.
    subjects : Subjects
        The locations.

    Returns
    -------
    Judged
        In the order of the locations, with the columns `gebied` and `waarde`. A site that is
        blocked is taken wholly.

    Raises
    ------
    ColumnError
        When the column of the locations that was asked for does not exist.
    RuleError
        When the layer has no table.
    """
    table, n = table_of(layer), len(subjects)
    pairs = _regions(table, subjects)
    if pairs is None:
        usual = ", ".join(region_columns(table.level)[:3])
        return nothing_known(
            n,
            f"van de locaties is geen {table.level} bekend: geef location_column of regions "
            f"(gezocht naar {usual}, …)",
        )
    site, region = pairs
    outcome = _outcomes(table, rule, region)
    # Of two regions that hold as much of a site the heaviest outcome counts.
    weight = outcome["weight"].to_numpy()
    order = np.lexsort((region.astype(str), -weight, site))
    sites_there, first = np.unique(site[order], return_index=True)
    row = order[first]
    tied = np.bincount(site, minlength=n)[sites_there] > 1
    reason = np.full(n, f"ligt grotendeels buiten elke {table.level}", dtype=object)
    severity = np.full(n, NOT_KNOWN, dtype=object)
    gebied, waarde = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
    reason[sites_there] = outcome["reason"].to_numpy(dtype=object)[row]
    severity[sites_there] = outcome["severity"].to_numpy(dtype=object)[row]
    gebied[sites_there], waarde[sites_there] = region[row], outcome["value"].to_numpy()[row]
    both = sites_there[tied]
    reason[both] = reason[both] + "; een ander gebied is even groot: het zwaarste telt"
    unknown = severity == NOT_KNOWN
    blocked = ~unknown & (severity != _FREE)
    verdict = np.where(blocked, str(Oordeel.BELEMMERD), str(Oordeel.VRIJ)).astype(object)
    verdict[unknown] = str(Oordeel.ONBEKEND)
    nan = np.full(n, np.nan)
    parts = np.full(n, None, dtype=object)
    parts[unknown] = subjects.sites.geometry[unknown]
    return Judged(
        verdict=verdict,
        reason=reason,
        severity=np.where(blocked, severity, "").astype(object),
        touched=blocked,
        share=np.where(unknown, np.nan, blocked.astype(float)),
        overlap_m2=nan,
        distance_m=nan,
        objects=gebied,
        measure=wholly(blocked, nan),
        unknown_parts=parts,
        extra={"gebied": gebied, "waarde": waarde},
    )


def table_of(layer: Layer) -> RegionTable:
    """Give the table of a layer.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    RegionTable
        Its table.

    Raises
    ------
    RuleError
        When it has none.
    """
    if layer.table is None:
        raise RuleError(
            f"laag {layer.key}: een regel van de soort tabel vraagt een tabel; lees haar met "
            "read_table_layer."
        )
    return layer.table


def outcomes(
    table: RegionTable, rule: TableRule, region: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Say what the value of each region means.

    Parameters
    ----------
    table : RegionTable
        The values.
    rule : TableRule
        Which of them hinder.
    region : ndarray of str
        Codes or names.

    Returns
    -------
    ndarray of str
        Per region a severity, "onbekend", or nothing where it does not hinder.
    """
    return _outcomes(table, rule, region)["severity"].to_numpy(dtype=object)


def _regions(
    table: RegionTable, subjects: Subjects
) -> tuple[NDArray[np.intp], NDArray[np.object_]] | None:
    """Find the region of each site, by a column or by its largest part; several where they tie."""
    frame = subjects.frame
    columns = [str(c) for c in frame.columns]
    column = table.location_column
    if column is not None and column not in columns:
        raise ColumnError(
            f"kolom {column!r} bestaat niet in de locaties; wel: {', '.join(columns)}."
        )
    if column is None and table.region_shapes is not None:
        return _largest(table, subjects)
    column = column or recognise(columns, region_columns(table.level))
    if column is None:
        return None
    return np.arange(len(frame)), as_text(frame[column]).to_numpy(dtype=object)


def _largest(
    table: RegionTable, subjects: Subjects
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Find the region that holds most of each site, where more of it lies in none than in one."""
    sites, n = subjects.sites, len(subjects)
    shapes, names = table.region_shapes, table.region_names
    if shapes is None or names is None:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
    site, region, area = area_by_feature(sites, shapes)
    largest = np.zeros(n)
    np.maximum.at(largest, site, area)
    nowhere = sites.area - np.bincount(site, weights=area, minlength=n)
    top = (area >= largest[site] - _TIE_M2) & (area >= nowhere[site] - _TIE_M2)
    return site[top], names[region[top]]


def _outcomes(table: RegionTable, rule: TableRule, region: NDArray[np.object_]) -> pd.DataFrame:
    """Say what the value of each region means; regions of one name are looked up once."""
    unique, inverse = np.unique(region.astype(str), return_inverse=True)
    rows = [_outcome(table, rule, str(name)) for name in unique]
    frame = pd.DataFrame(rows, columns=["severity", "value", "reason"], dtype=object)
    weights = {_FREE: 0, NOT_KNOWN: 1} | {s: i for i, s in enumerate(SEVERITIES, start=2)}
    frame["weight"] = frame["severity"].map(weights).astype(int)
    return frame.iloc[inverse].reset_index(drop=True)


def _outcome(table: RegionTable, rule: TableRule, name: str) -> tuple[str, str, str]:
    """Say what the value of one region means: its severity, the value, and why."""
    row, note = table.find(name)
    if row < 0:
        return NOT_KNOWN, "", note
    told = f"{table.level} {table.label(row)}"
    also = f" ({note})" if note else ""
    cell = table.frame["waarde"].iloc[row]
    text = as_text(pd.Series([cell], dtype=object)).iloc[0]
    if not text:
        return NOT_KNOWN, "", f"{told}: geen waarde in {table.value_name}{also}"
    if rule.classes is not None:
        wanted = {k.strip().lower(): v for k, v in rule.classes.items()}
        value = wanted.get(text.lower(), rule.other)
        if value == NOT_KNOWN:
            return NOT_KNOWN, text, f"{told}: {table.value_name} {text!r} staat niet vast{also}"
        free = value not in SEVERITIES
        end = "geen belemmering volgens de regel" if free else value
        return _FREE if free else value, text, f"{told}: {table.value_name} is {text}: {end}{also}"
    number = float(numbers(pd.Series([cell], dtype=object))[0].iloc[0])
    if np.isnan(number):
        return NOT_KNOWN, text, f"{told}: {table.value_name} {text!r} is geen getal{also}"
    blocked = (rule.above is not None and number > rule.above) or (
        rule.below is not None and number < rule.below
    )
    unit = f" {rule.unit}" if rule.unit else ""
    word = "belemmerd" if blocked else "niet belemmerd"
    reason = (
        f"{told}: {table.value_name} is {dutch(number)}{unit}, {word} {rule.limits()}{also}"
        if blocked
        else f"{told}: {table.value_name} is {dutch(number)}{unit}, niet {rule.limits()}{also}"
    )
    return rule.severity if blocked else _FREE, text, reason
