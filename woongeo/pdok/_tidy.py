"""From what a door served to one spelling: own names, no blanks, no numbers for "unknown"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.errors import IncompleteLayerError, ServiceResponseError
from woongeo.geometry import clean
from woongeo.numerals import by_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset


def tidy(frame: gpd.GeoDataFrame, dataset: Dataset, task: Task) -> gpd.GeoDataFrame:
    """Bring a layer to the spelling of the catalogue.

    Parameters
    ----------
    frame : GeoDataFrame
        As a door served it, RD New.
    dataset : Dataset
        What is known of it.
    task : Task
        Where notes go.

    Returns
    -------
    GeoDataFrame
        ``feature_id``, the catalogue's columns under their own names, the others as served, and
        ``geometry``; text stripped, blank text and codes for unknown missing.

    Raises
    ------
    ServiceResponseError
        When the column that names things is not there.
    """
    frame = _rename(frame, dataset, task)
    for name in frame.columns.drop("geometry"):
        frame[name] = _without_codes(frame[name], dataset, str(name))
    if dataset.latest and len(frame):
        years = pd.to_numeric(frame[dataset.latest], errors="coerce")
        different = len(years.unique())
        if different > 1:
            task.note(
                f"de dienst gaf {different} waarden van {dataset.latest}; alleen de laatste "
                f"({int(years.max())}) is gehouden"
            )
            frame = frame[years == years.max()].reset_index(drop=True)
    if dataset.dissolve and len(frame):
        frame = _dissolve(frame, dataset, task)
    return frame


def require_plausible(frame: gpd.GeoDataFrame, dataset: Dataset) -> None:
    """Refuse a country-wide layer that holds too few features to be all.

    Parameters
    ----------
    frame : GeoDataFrame
        As a door served it, each feature once.
    dataset : Dataset
        What is known of it.

    Raises
    ------
    IncompleteLayerError
        When there are fewer than the catalogue's minimum.
    """
    if len(frame) < dataset.min_features:
        raise IncompleteLayerError(
            f"{dataset.id}: de dienst geeft voor heel Nederland {len(frame)} "
            f"{by_number(len(frame), 'object', 'objecten')} en dat moeten er minstens "
            f"{dataset.min_features} zijn. Klopt het nieuwe aantal, pas dan min_features in de "
            "catalogus aan."
        )


def missing_columns(served: Sequence[str], dataset: Dataset) -> list[str]:
    """Find the catalogue's columns that a door does not have.

    Parameters
    ----------
    served : sequence of str
        Names as a door spells them.
    dataset : Dataset
        What is known of it.

    Returns
    -------
    list of str
        Names as the catalogue expects them.
    """
    plain = set(map(_plain, served))
    return [
        " of ".join(theirs)
        for theirs in dataset.columns.values()
        if not any(_plain(name) in plain for name in theirs)
    ]


def _plain(name: str) -> str:
    """Spell a name without what doors do differently: naam_n2k and naamN2K are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _rename(frame: gpd.GeoDataFrame, dataset: Dataset, task: Task) -> gpd.GeoDataFrame:
    """Give the catalogue's columns their own names, first."""
    attributes = [str(c) for c in frame.columns if c not in {"feature_id", "geometry"}]
    by_plain: dict[str, str] = {}
    for name in attributes:
        by_plain.setdefault(_plain(name), name)
    columns: dict[str, pd.Series] = {"feature_id": frame["feature_id"]}
    used = set()
    for own, theirs in dataset.columns.items():
        found = next((by_plain[_plain(t)] for t in theirs if _plain(t) in by_plain), None)
        if found is not None:
            columns[own] = frame[found]
            used.add(found)
        elif not len(frame) or own != dataset.key:
            columns[own] = pd.Series(pd.NA, index=frame.index, dtype="object")
            if len(frame):
                task.note(f"kolom {own} ({' of '.join(theirs)}) is er niet bij deze ingang")
        else:
            raise ServiceResponseError(
                f"{dataset.id}: de kolom {' of '.join(theirs)} die elk ding benoemt is er niet "
                f"(wel: {', '.join(attributes)[:300]}). Pas columns.{own} in de catalogus aan."
            )
    for name in attributes:
        if name not in used:
            # A served name that is one of ours but means something else keeps its content.
            columns[name if name not in columns else f"{name}_attribuut"] = frame[name]
    return gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs)


def _without_codes(column: pd.Series, dataset: Dataset, name: str) -> pd.Series:
    """Make blanks and codes for unknown missing."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column
    if pd.api.types.is_numeric_dtype(column.dtype):
        if dataset.null_at_most is not None:
            column = column.mask(column <= dataset.null_at_most)
    elif len(column) and column.notna().any():
        column = column.str.strip()
        column = column.mask(column == "")
    codes = dataset.unknown.get(name)
    return column.mask(column.isin(list(codes))) if codes else column


def _dissolve(frame: gpd.GeoDataFrame, dataset: Dataset, task: Task) -> gpd.GeoDataFrame:
    """Join the features of one thing: shapes united, values that differ side by side."""
    key = frame[dataset.key]
    if key.isna().any():
        raise ServiceResponseError(
            f"{dataset.id}: {key.isna().sum()} "
            f"{by_number(key.isna().sum(), 'object heeft', 'objecten hebben')} geen "
            f"{dataset.key}, dus is niet te zien waar ze bij horen."
        )
    codes, uniques = pd.factorize(key, sort=True)
    if len(uniques) == len(frame):
        return frame.iloc[np.argsort(codes, kind="stable")].reset_index(drop=True)
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=False)
    if not cleaned.usable.all():
        row = int(np.flatnonzero(~cleaned.usable)[0])
        raise ServiceResponseError(
            f"{dataset.id}: object {frame['feature_id'].iloc[row]} heeft een onbruikbare vorm "
            f"({cleaned.problem[row]})."
        )
    repaired = int(cleaned.repaired.sum())
    if repaired:
        task.note(
            f"{repaired} {by_number(repaired, 'ongeldige vorm', 'ongeldige vormen')} hersteld om "
            "te kunnen samenvoegen"
        )
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    shapes = [
        cleaned.geometry[g[0]] if len(g) == 1 else shapely.union_all(cleaned.geometry[g])
        for g in groups
    ]
    first = np.array([g[0] for g in groups])
    joined = frame.iloc[first].reset_index(drop=True)
    several = np.flatnonzero([len(g) > 1 for g in groups])
    for name in frame.columns.drop(["geometry", dataset.key]):
        if name != "feature_id" and name not in dataset.columns:
            # Areas, lengths and technical ids are of a feature, not of the thing.
            joined = joined.drop(columns=[name])
            continue
        values = joined[name].astype("object")
        for i in several:
            different = sorted({str(v) for v in frame[name].iloc[groups[i]].dropna()})
            if len(different) > 1:
                values.iloc[i] = "; ".join(different)
            elif different:
                values.iloc[i] = frame[name].iloc[groups[i]].dropna().iloc[0]
        mixed = any(isinstance(v, str) for v in values.dropna())
        joined[name] = (
            values.map(str, na_action="ignore").astype(frame["feature_id"].dtype)
            if mixed
            else values.astype(frame[name].dtype)
        )
    task.note(
        f"{len(frame)} {by_number(len(frame), 'object', 'objecten')} samengevoegd tot "
        f"{len(groups)} op {dataset.key}"
    )
    return gpd.GeoDataFrame(
        joined.drop(columns=["geometry"]), geometry=gpd.GeoSeries(shapes, crs=frame.crs)
    )
