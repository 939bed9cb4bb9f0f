"""Which gemeente belongs to which woondealregio, and when.

Woondealregio's cross provinces and gemeenten merge, so this is a table with dates that the user
brings; woongeo ships no list.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text
from woongeo.errors import RegionError, RegionWarning
from woongeo.opgave import plain_name
from woongeo.tables import TableSource, missing_columns, read_table

if TYPE_CHECKING:
    from pathlib import Path

_FIRST, _LAST = "0001-01-01", "9999-12-31"

#: The region of plans of which it cannot be told.
UNKNOWN = "onbekend"


@dataclass(frozen=True, eq=False)
class RegionMapping:
    """A division of the country by the name of the gemeente.

    Attributes
    ----------
    level : str
        What the regions are: "woondealregio".
    column : str
        The column of the locations that holds the gemeente.
    table : DataFrame
        `gemeente`, `gebied`, `van` and `tot` (text, days; both within), `opvolger` (the gemeente
        in which this one was merged; empty where none).
    source : TableSource
        Where it came from.
    on : date or None
        The day for which it is read; the day of the screening where None.
    """

    level: str
    column: str
    table: pd.DataFrame
    source: TableSource
    on: dt.date | None = None

    def __len__(self) -> int:
        return self.table["gebied"].nunique()

    def at(self, on: dt.date) -> RegionMapping:
        """Read the mapping for another day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        RegionMapping
            A copy.
        """
        return replace(self, on=on)

    def lookup(self, gemeenten: pd.Series, *, on: dt.date) -> pd.Series:
        """Give the region of each gemeente on a day.

        A gemeente that no longer exists on that day counts as the one it was merged into, where the
        table says so.

        Parameters
        ----------
        gemeenten : Series
            Names, or codes, as they stand in a register: 363.0 is "363".
        on : date
            The day; `RegionMapping.on` goes before it.

        Returns
        -------
        Series of str
            On the same index; "onbekend" where the table does not know the gemeente on that day, or
            nothing stands.
        """
        day = (self.on or on).isoformat()
        table = self.table.assign(naam=self.table["gemeente"].map(plain_name))
        valid = table[(table["van"] <= day) & (table["tot"] >= day)]
        now = dict(zip(valid["naam"], valid["gebied"], strict=True))
        merged = table[(table["tot"] < day) & (table["opvolger"] != "")]
        successor = dict(zip(merged["naam"], merged["opvolger"].map(plain_name), strict=True))

        def find(name: str) -> str:
            seen: set[str] = set()
            while name not in now and name in successor and name not in seen:
                seen.add(name)
                name = successor[name]
            return str(now.get(name, UNKNOWN))

        texts = as_text(gemeenten)
        known = {text: find(plain_name(text)) if text else UNKNOWN for text in texts.unique()}
        return texts.map(known).astype(object)


def read_mapping(
    source: str | Path | pd.DataFrame,
    *,
    level: str = "woondealregio",
    column: str = "gemeente",
    sheet: str | None = None,
) -> RegionMapping:
    """Read which gemeente belongs to which region, and when.

    Parameters
    ----------
    source : str, Path or DataFrame
        A CSV, a sheet or a frame with the columns `gemeente` and `gebied` (or the name of the
        level), and where wanted `van`, `tot` (days such as 2022-03-24; empty is open) and
        `opvolger`: the gemeente into which this one was merged.
    level : str
        What the regions are.
    column : str
        The column of the locations that holds the gemeente.
    sheet : str, optional
        The sheet of a workbook.

    Returns
    -------
    RegionMapping
        Can be given to `summarize_plancapaciteit` among `by`.

    Raises
    ------
    FileError
        When the file cannot be read.
    RegionError
        When a column is missing, a day is no day, or a gemeente has two regions on one day.

    Warns
    -----
    RegionWarning
        When a gemeente is merged into one that the table does not know.
    """
    raw, origin = read_table(source, sheet=sheet)
    if "gebied" not in raw.columns and level.lower() in raw.columns:
        raw = raw.rename(columns={level.lower(): "gebied"})
    missing = missing_columns(raw, ("gemeente", "gebied"))
    if missing:
        raise RegionError(f"{origin.path}: kolom {', '.join(missing)} ontbreekt.")
    empty = pd.Series("", index=raw.index)
    table = pd.DataFrame({name: as_text(raw[name]) for name in ("gemeente", "gebied")})
    for name, open_end in (("van", _FIRST), ("tot", _LAST)):
        text = as_text(raw[name]) if name in raw.columns else empty
        table[name] = [_day(value, open_end, origin.path) for value in text]
    table["opvolger"] = as_text(raw["opvolger"]) if "opvolger" in raw.columns else empty
    _check(table, origin.path)
    known = set(table["gemeente"].map(plain_name))
    stray = sorted(
        set(table["opvolger"]) - {""} - {n for n in table["opvolger"] if plain_name(n) in known}
    )
    if stray:
        warnings.warn(
            f"{origin.path}: opvolger {', '.join(stray)} staat niet als gemeente in de tabel.",
            RegionWarning,
            stacklevel=2,
        )
    return RegionMapping(level, column, table, origin)


def _day(text: str, open_end: str, path: str) -> str:
    """Read a day; open where there is none."""
    if not text:
        return open_end
    try:
        return dt.date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise RegionError(f"{path}: {text!r} is geen dag; schrijf 2022-03-24.") from error


def _check(table: pd.DataFrame, path: str) -> None:
    """Refuse a gemeente without a name or region, or with two on one day."""
    blank = np.flatnonzero((table["gemeente"] == "") | (table["gebied"] == ""))
    if len(blank):
        raise RegionError(f"{path}: rij {blank[0] + 1} noemt geen gemeente of geen gebied.")
    reverse = np.flatnonzero(table["van"] > table["tot"])
    if len(reverse):
        raise RegionError(f"{path}: rij {reverse[0] + 1}: van ligt na tot.")
    ordered = table.assign(naam=table["gemeente"].map(plain_name)).sort_values(["naam", "van"])
    earlier = ordered.shift()
    both = (ordered["naam"] == earlier["naam"]) & (ordered["van"] <= earlier["tot"])
    if both.any():
        name = ordered.loc[both, "gemeente"].iloc[0]
        raise RegionError(f"{path}: gemeente {name} heeft op één dag twee gebieden.")
