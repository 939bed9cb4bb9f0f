"""When homes are to be delivered: whole numbers per period, and what is not known apart."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity.amounts import column
from woongeo.capacity.detail import is_detail, phases_in
from woongeo.capacity.parts import add_up_by
from woongeo.columns import as_text, numbers
from woongeo.errors import ColumnError, DoubtfulLocationWarning, RegionError
from woongeo.numerals import by_number, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

#: Where a phase lies beside a period: outside it, in it, or it cannot be said.
OUT, IN, OPEN = 0, 1, 2

# A year of delivery is one of four digits: 28 and 20280501 are none, and 0 is no year either.
_YEARS = (1900, 2200)
_CANNOT_BE = "(het eerste na het laatste, of geen jaartal)"


@dataclass(frozen=True, eq=False)
class Phases:
    """Shares of plans by when they are to be delivered.

    Attributes
    ----------
    row : ndarray of int
        Plan of each share, sorted; every plan has at least one.
    share : ndarray of float
        Adding up to 1 per plan.
    state : ndarray of int
        One row a share, one column a period: `OUT`, `IN` or `OPEN`.
    dated : ndarray of bool
        Whether the share has a year at all.
    """

    row: NDArray[np.intp]
    share: NDArray[np.float64]
    state: NDArray[np.int8]
    dated: NDArray[np.bool_]


def phases(
    frame: gpd.GeoDataFrame,
    homes: NDArray[np.float64],
    table: pd.DataFrame | None,
    periods: Sequence[tuple[int, int]],
) -> Phases:
    """Divide plans over periods.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations. A plan that the table does not name is put by its columns `oplevering_eerste` and
        `oplevering_laatste` where it has them. Years that cannot be (the first after the last, or
        no year at all, such as 28) are unknown.
    homes : ndarray of float
        Homes of each plan. What the table does not cover has no year; a table that covers more is
        taken to scale.
    table : DataFrame or None
        `locatie_id` (or `plan_id`), `jaar` (or `van` and `tot`, both within), `aantal`; or the
        detail of a register.
    periods : sequence of (int, int)
        First and last year. A phase that lies partly in a period is open for it: spreading it over
        years would be a guess.

    Returns
    -------
    Phases
        At least one share a plan.

    Raises
    ------
    ColumnError
        When the table lacks a column or a cell is no number.

    Warns
    -----
    DoubtfulLocationWarning
        When the table names plans that are not there, has negative numbers, gives a plan no year
        with a number, or holds more homes than its plan; when years cannot be.
    """
    n = len(frame)
    row, first, last, amount = _rows(frame, homes, table)
    phased = np.bincount(row, weights=amount, minlength=n)
    size = np.abs(np.nan_to_num(homes))
    over = phased > size + 1e-6
    over &= ~np.isnan(homes)
    if over.any():
        _doubt(
            f"fasering: {counted(over.sum(), 'plan heeft', 'plannen hebben')} meer woningen in "
            "jaren dan in totaal"
        )
    scale = np.fmax(size, phased)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(scale[row] > 0, amount / scale[row], 0.0)
    state = np.full((len(row), len(periods)), OPEN, dtype=np.int8)
    for i, (start, end) in enumerate(periods):
        state[:, i][(first >= start) & (last <= end)] = IN
        state[:, i][(last < start) | (first > end)] = OUT
    undated = np.clip(1.0 - np.bincount(row, weights=share, minlength=n), 0.0, 1.0)
    undated[undated < 1e-9] = 0.0
    bare = np.flatnonzero((undated > 0) | (np.bincount(row, minlength=n) == 0))
    row = np.concatenate([row, bare])
    share = np.concatenate([share, undated[bare]])
    nothing = np.full((len(bare), len(periods)), OPEN, dtype=np.int8)
    state = np.concatenate([state, nothing])
    dated = np.r_[np.ones(len(row) - len(bare), dtype=bool), np.zeros(len(bare), dtype=bool)]
    return _merged(row, share, state, dated)


def _merged(
    row: NDArray[np.intp],
    share: NDArray[np.float64],
    state: NDArray[np.int8],
    dated: NDArray[np.bool_],
) -> Phases:
    """Put together the shares of a plan that lie alike beside every period."""
    code = dated.astype(np.int64)
    for i in range(state.shape[1]):
        code = code * 3 + state[:, i]
    _, code = np.unique(code, return_inverse=True)
    key = row * (int(code.max(initial=0)) + 1) + code
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    return Phases(row[first], add_up_by(group, share, len(first)), state[first], dated[first])


def _rows(
    frame: gpd.GeoDataFrame, homes: NDArray[np.float64], table: pd.DataFrame | None
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """List plan, first year, last year and homes of each phase."""
    empty = np.empty(0)
    row, first, last, amount = np.empty(0, dtype=np.intp), empty, empty, empty
    named = np.zeros(len(frame), dtype=bool)
    if table is not None:
        (row, first, last, amount), named = _table_rows(frame, table)
    eerste, laatste = column(frame, "oplevering_eerste"), column(frame, "oplevering_laatste")
    if eerste is not None or laatste is not None:
        # One year of the two says when; of two unequal ones both ends count.
        nothing = pd.Series(np.nan, index=frame.index)
        eerste = nothing if eerste is None else eerste
        laatste = eerste if laatste is None else laatste
        begin = np.asarray(eerste.fillna(laatste), dtype=np.float64)
        end = np.asarray(laatste.fillna(eerste), dtype=np.float64)
        # What the table leaves open of a plan that it names, other years do not fill in.
        rest = ~np.isnan(begin) & ~named
        wrong = rest & ~_can_be(begin, end)
        if wrong.any():
            _doubt(
                f"oplevering: {counted(wrong.sum(), 'plan heeft', 'plannen hebben')} jaren die "
                f"niet kunnen {_CANNOT_BE}; {by_number(wrong.sum(), 'zijn', 'hun')} jaren zijn "
                "onbekend"
            )
        plans = np.flatnonzero(rest & ~wrong)
        whole = np.nan_to_num(np.abs(homes[plans]), nan=1.0)
        row = np.concatenate([row, plans])
        first, last = np.concatenate([first, begin[plans]]), np.concatenate([last, end[plans]])
        amount = np.concatenate([amount, whole])
    return row, first, last, amount


def _can_be(first: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which first and last years can be those of a phase."""
    return np.asarray((first >= _YEARS[0]) & (first <= last) & (last <= _YEARS[1]), dtype=bool)


def _table_rows(
    frame: gpd.GeoDataFrame, table: pd.DataFrame
) -> tuple[
    tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    NDArray[np.bool_],
]:
    """Read the table of phases, and tell which plans it names."""
    table = phases_in(table) if is_detail(table) else table
    names = {str(c).lower(): c for c in table.columns}
    plan = names.get("locatie_id", names.get("plan_id"))
    begin, end = names.get("van", names.get("jaar")), names.get("tot", names.get("jaar"))
    if plan is None or begin is None or end is None or "aantal" not in names:
        raise ColumnError(
            "fasering: geef de kolommen locatie_id (of plan_id), jaar (of van en tot) en aantal; "
            f"er zijn: {', '.join(map(str, table.columns))}."
        )
    read = {}
    for what, name in (("van", begin), ("tot", end), ("aantal", names["aantal"])):
        values, wrong = numbers(table[name])
        if wrong.any():
            raise ColumnError(f"fasering: {name} {table[name][wrong].iloc[0]!r} is geen getal.")
        read[what] = values.to_numpy()
    position = pd.Series(np.arange(len(frame)), index=frame["locatie_id"].to_numpy())
    # Each id once: a plan of ten years has ten rows.
    code, ids = pd.factorize(table[plan], use_na_sentinel=False)
    row = as_text(pd.Series(ids)).map(position).to_numpy(dtype=float)[code]
    stray = np.isnan(row)
    if stray.any():
        _doubt(
            f"fasering: {counted(stray.sum(), 'regel hoort', 'regels horen')} bij geen locatie en "
            f"{by_number(stray.sum(), 'telt', 'tellen')} niet mee"
        )
    bad = np.unique(row[(read["aantal"] < 0) & ~stray])
    if len(bad):
        _doubt(
            f"fasering: {counted(len(bad), 'plan heeft', 'plannen hebben')} negatieve aantallen; "
            f"{by_number(len(bad), 'zijn', 'hun')} jaren zijn onbekend"
        )
    stated = ~(stray | np.isnan(read["van"] + read["tot"] + read["aantal"]))
    wrong = stated & ~_can_be(read["van"], read["tot"])
    if wrong.any():
        _doubt(
            f"fasering: {counted(wrong.sum(), 'regel heeft', 'regels hebben')} jaren die niet "
            f"kunnen {_CANNOT_BE}; wanneer die woningen komen is onbekend"
        )
    named = np.zeros(len(frame), dtype=bool)
    named[row[~stray].astype(np.intp)] = True
    silent = named.copy()
    silent[row[stated].astype(np.intp)] = False
    silent[bad.astype(np.intp)] = False
    if silent.any():
        _doubt(
            f"fasering: {counted(silent.sum(), 'plan heeft', 'plannen hebben')} geen enkele regel "
            f"met jaren en een aantal; {by_number(silent.sum(), 'zijn', 'hun')} jaren zijn onbekend"
        )
    known = stated & ~wrong & ~np.isin(row, bad)
    of_plan = row[known].astype(np.intp)
    return (of_plan, read["van"][known], read["tot"][known], read["aantal"][known]), named


def _doubt(text: str) -> None:
    """Voice a doubt about the years."""
    warnings.warn(f"{text}.", DoubtfulLocationWarning, stacklevel=5)


def delivery_periods(frame: gpd.GeoDataFrame, table: pd.DataFrame | None) -> list[tuple[int, int]]:
    """List the years, or runs of years, in which homes are due.

    Parameters
    ----------
    frame : GeoDataFrame
        Locations.
    table : DataFrame or None
        As for `phases`.

    Returns
    -------
    list of (int, int)
        First and last year, in order, none overlapping another: of those that do the shorter ones.
    """
    nothing = np.full(len(frame), np.nan)
    _, first, last, _ = _rows(frame, nothing, table)
    found = np.unique(np.c_[first, last].astype(int), axis=0)
    kept: list[tuple[int, int]] = []
    for start, end in sorted(map(tuple, found.tolist()), key=lambda p: (p[1] - p[0], p)):
        if all(end < a or start > b for a, b in kept):
            kept.append((start, end))
    return sorted(kept)


def read_periods(periods: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Read the periods that are asked for.

    Parameters
    ----------
    periods : sequence of (int, int)
        First and last year of each; a pair may be a list, as from JSON.

    Returns
    -------
    list of (int, int)
        In order, each once.

    Raises
    ------
    RegionError
        When one is no pair of years, or the first lies after the last.
    """
    read = [_period(given) for given in periods]
    for start, end in read:
        if start > end:
            raise RegionError(f"periode {start}-{end}: het eerste jaar ligt na het laatste.")
    return sorted(set(read))


def _period(given: object) -> tuple[int, int]:
    """Read a pair of years; whole numbers, however they are stored."""
    pair = list(given) if isinstance(given, list | tuple | np.ndarray) else []
    years = [y for y in pair if isinstance(y, int | float | np.number) and float(y).is_integer()]
    if len(pair) != 2 or len(years) != 2:
        raise RegionError(f"periode {given!r}: geef twee jaren, zoals periods=[(2022, 2030)].")
    start, end = map(int, years)
    return start, end
