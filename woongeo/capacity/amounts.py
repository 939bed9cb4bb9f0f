"""What a register may tell of a plan beside its homes; what is absent stays unknown.

Definitions are those of Planmonitor Wonen: bruto is all homes to be realised, netto is bruto less
sloop, restcapaciteit is what was planned less what was realised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity.detail import SEGMENTS, segment, segments_in
from woongeo.capacity.once import each_once
from woongeo.columns import numbers
from woongeo.errors import ColumnError
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

#: Amounts of homes that a register may give, in the order in which they are shown.
AMOUNTS = ("bruto", "sloop", "netto", "gerealiseerd")
#: What capacity may be counted in. `woningen` is what the locations call homes: of a register read
#: by woongeo each home once, also where a plan is part of a masterplan.
BASES = ("woningen", "rest", "rest_netto", "bruto", "netto")


def column(frame: pd.DataFrame, name: str) -> pd.Series | None:
    """Read a column of numbers, whatever its case.

    Parameters
    ----------
    frame : DataFrame
        Locations.
    name : str
        In lower case.

    Returns
    -------
    Series of float or None
        NaN where nothing stands; None where there is no such column.

    Raises
    ------
    ColumnError
        When a cell is no number.
    """
    found = next((c for c in frame.columns if str(c).lower() == name), None)
    if found is None:
        return None
    values, wrong = numbers(frame[found])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ColumnError(
            f"kolom {found!r}, rij {row + 1}: {frame[found].iloc[row]!r} is geen getal."
        )
    return values


def amounts(frame: gpd.GeoDataFrame) -> dict[str, NDArray[np.float64]]:
    """Read bruto, sloop, netto, gerealiseerd, rest and rest_netto per plan.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations; columns of these names are optional.

    Returns
    -------
    dict
        Homes per plan; NaN where not known. `sloop` is what is to be demolished, counted positive:
        some registers store it negative. `netto` is bruto less sloop where it is not given itself.
        A masterplan has those of its parts too, as its register gives them: see `each_once`.

    Raises
    ------
    ColumnError
        When a cell is no number.
    """
    n = len(frame)
    read = {name: column(frame, name) for name in (*AMOUNTS, "rest", "rest_netto")}
    known = {
        name: np.full(n, np.nan) if values is None else values.to_numpy(dtype=float, copy=True)
        for name, values in read.items()
    }
    known["sloop"] = np.abs(known["sloop"])
    computed = known["bruto"] - known["sloop"]
    known["netto"] = np.where(np.isnan(known["netto"]), computed, known["netto"])
    known["woningen"] = frame["woningen"].to_numpy(dtype=float)
    return known


def choose_basis(known: dict[str, NDArray[np.float64]], basis: str | None) -> str:
    """Decide what capacity is counted in.

    Parameters
    ----------
    known : dict
        From `amounts`.
    basis : str or None
        One of `BASES`; None for "woningen".

    Returns
    -------
    str
        The basis.

    Raises
    ------
    ColumnError
        When there is no such basis, or the register does not give it.
    """
    if basis is None:
        return "woningen"
    if basis not in BASES:
        raise ColumnError(f"basis {basis!r} bestaat niet; kies uit {', '.join(BASES)}.")
    if basis != "woningen" and np.isnan(known[basis]).all():
        raise ColumnError(f"basis {basis!r}: de locaties hebben geen kolom {basis} met aantallen.")
    return basis


def homes_in(frame: gpd.GeoDataFrame, basis: str | None) -> NDArray[np.float64]:
    """Give the capacity of each plan.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations.
    basis : str or None
        As for `choose_basis`.

    Returns
    -------
    ndarray of float
        Homes, each once (`each_once`); NaN where not known.

    Raises
    ------
    ColumnError
        As for `choose_basis`.
    """
    known = amounts(frame)
    chosen = choose_basis(known, basis)
    # The homes of the locations are counted once already.
    return known[chosen] if chosen == "woningen" else each_once(frame, known)[chosen]


def segments(
    frame: gpd.GeoDataFrame, homes: NDArray[np.float64], detail: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read which share of a plan's homes is sociale huur and betaalbaar.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations; columns such as `sociale_huur` hold homes and are optional. Absent is not 0.
    homes : ndarray of float
        All new homes of each plan; where segments add up to more, their sum counts.
    detail : DataFrame, optional
        Of a register; goes before the columns.

    Returns
    -------
    DataFrame
        Shares (0-1) per plan, on a `RangeIndex`: `sociaal_min`, `sociaal_max`, `betaalbaar_min`,
        `betaalbaar_max`; what is not known is in the maximum and not in the minimum. NaN where the
        register has no segments at all.
    """
    n = len(frame)
    there = _segment_columns(frame.columns)
    counted = {name: column(frame, str(found).lower()) for name, found in there}
    if detail is not None:
        position = pd.Series(np.arange(n), index=frame["locatie_id"].to_numpy())
        wide = segments_in(detail).reindex(position.index)
        # A register without segments leaves those of the columns.
        counted = {str(name): wide[name] for name in wide.columns} or counted
    sums = {"sociaal": [np.zeros(n), np.zeros(n)], "betaalbaar": [np.zeros(n), np.zeros(n)]}
    total = np.zeros(n)
    for name, values in counted.items():
        # Over-counted categories make the one of what is unknown negative in real registers.
        held = np.zeros(n) if values is None else np.clip(np.nan_to_num(values.to_numpy()), 0, None)
        total += held
        for ends, counts in zip(sums.values(), SEGMENTS[name], strict=True):
            ends[0] += held * (counts is True)
            ends[1] += held * (counts is not False)
    size = np.fmax(np.nan_to_num(homes), total)
    open_ = size - total
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {}
        for name, (low, high) in sums.items():
            # Of a plan without homes nothing is known, and nothing depends on it.
            shares[f"{name}_min"] = np.where(size > 0, low / size, 0.0)
            shares[f"{name}_max"] = np.where(size > 0, (high + open_) / size, 1.0)
    # Without any segment nothing is known of any plan, and nothing is 0.
    return pd.DataFrame(shares) if counted else pd.DataFrame(dict.fromkeys(shares, [np.nan] * n))


def _segment_columns(columns: Iterable[object]) -> list[tuple[str, object]]:
    """Find the columns that hold price segments."""
    found: dict[str, object] = {}
    for original in columns:
        word = segment(original)
        if word in SEGMENTS:
            found.setdefault(word, original)
    return list(found.items())


def chances(frame: gpd.GeoDataFrame, fallback: dict[str, float]) -> NDArray[np.float64]:
    """Read the chance that a plan is realised.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations; `realisatiekans` (0-1, or text such as "60%") is optional.
    fallback : dict
        Hardheid to the chance of plans without one of their own.

    Returns
    -------
    ndarray of float
        NaN where no chance is known.

    Raises
    ------
    ColumnError
        When a chance is no number from 0 to 1.
    """
    chance = frame["hardheid"].map({h: fallback.get(str(h), np.nan) for h in Hardheid})
    known: NDArray[np.float64] = chance.to_numpy(dtype=float, copy=True)
    found = next((c for c in frame.columns if str(c).lower() == "realisatiekans"), None)
    if found is None:
        return known
    raw = frame[found]
    text = raw.astype(object).where(raw.notna(), "").map(lambda v: str(v).strip())
    percent = text.str.endswith("%").to_numpy()
    values, wrong = numbers(text.str.removesuffix("%").str.strip())
    own = np.where(percent, values.to_numpy() / 100, values.to_numpy())
    bad = np.flatnonzero(wrong.to_numpy() | (own < 0) | (own > 1))
    if len(bad):
        raise ColumnError(
            f"kolom {found!r}, rij {bad[0] + 1}: {text.iloc[bad[0]]!r} is geen kans van 0 tot 1 "
            "(of 0% tot 100%)."
        )
    return np.asarray(np.where(np.isnan(own), known, own), dtype=float)
