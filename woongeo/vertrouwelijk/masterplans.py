"""Names of masterplans that are left out go with them, and so do the homes of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.columns import as_text, recognise
from woongeo.registers.model import masters, without_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Table = TypeVar("_Table", gpd.GeoDataFrame, pd.DataFrame)


def names_masterplan(frame: pd.DataFrame) -> bool:
    """Tell whether any plan names a masterplan.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    bool
        True where a column of masterplans, ours or the register's own, holds any text.
    """
    return any(as_text(frame[c]).ne("").any() for c in frame.columns if is_masterplan(c))


def part_of(frame: _Table, seen: NDArray[np.bool_]) -> _Table:
    """Keep rows, without the name of a masterplan, and the homes of parts, that are left out.

    Parameters
    ----------
    frame : GeoDataFrame or DataFrame
        Plans.
    seen : ndarray of bool
        Which are kept.

    Returns
    -------
    GeoDataFrame or DataFrame
        Those, on a fresh index.
    """
    kept = frame[seen].reset_index(drop=True)
    key = recognise(frame.columns, ["plan_id", "locatie_id"])
    naming = [c for c in kept.columns if is_masterplan(c)]
    if seen.all() or key is None or not naming:
        return kept
    ours = "masterplan" in naming
    for column in naming:
        # The register's own columns say what ours was read from; without ours each speaks alone.
        told = _may_be_named(frame, key, "masterplan" if ours else column, seen)[seen]
        if column == "masterplan":
            kept[column] = kept[column].where(told, "")
        else:
            kept[column] = kept[column].astype(object).where(told, None)
    if ours and {"naam", "woningen_register"} <= set(kept.columns):
        again = pd.DataFrame({"plan_id": kept[key], "naam": kept["naam"]})
        again["masterplan"] = kept["masterplan"]
        kept["woningen"] = without_parts(again, kept["woningen_register"])[0]
    return kept


def _may_be_named(
    frame: pd.DataFrame, key: str, column: str, seen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell of which plans the masterplan may be named: it may be seen, or none is named."""
    names = frame["naam" if "naam" in frame.columns else key]
    plans = pd.DataFrame({"plan_id": frame[key], "naam": names, "masterplan": frame[column]})
    parent = masters(plans.reset_index(drop=True))
    # A name that is not found may be that of several plans, some of them left out.
    named = as_text(plans["masterplan"]).ne("").to_numpy()
    return np.asarray(((parent >= 0) & seen[np.maximum(parent, 0)]) | ~named)


def is_masterplan(column: object) -> bool:
    """Tell whether a column, ours or the register's own, names a masterplan.

    Parameters
    ----------
    column : object
        Its name.

    Returns
    -------
    bool
        Whatever is in it.
    """
    return str(column).casefold().startswith(("masterplan", "overkoep"))
