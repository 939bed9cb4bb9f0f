"""DIWI's exports for Zuid-Holland and Gelderland: plans, and per year homes of type by price."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import as_text, numbers
from woongeo.encode import shortened
from woongeo.numerals import by_number, counted
from woongeo.registers.flat import flat, known_tables, read_flat
from woongeo.registers.model import RAW_DETAIL, Raw, at_row, empty_detail
from woongeo.registers.opening import layers_of, open_frame, read_table
from woongeo.registers.words import once, plain, years

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from woongeo.sources import Source

ZUID_HOLLAND, GELDERLAND = "diwi-zuid-holland", "diwi-gelderland"

_TYPES = ("meergezins", "eengezins", "onbekend")
_PRICES = (
    *("koop1", "koop2", "koop3", "koop4", "koop_onb"),
    *("huur1", "huur2", "huur3", "huur4", "huur_onb", "onbekend"),
)

#: The breakdown of these tables: each home stands in one cell.
GROUPING = "woningtype en prijssegment"


def read_zuid_holland(frame: gpd.GeoDataFrame, source: Source) -> Raw:
    """Read an export for Zuid-Holland.

    Parameters
    ----------
    frame : GeoDataFrame
        With `year_properties`, a list of years in JSON.
    source : Source
        Where it came from.

    Returns
    -------
    Raw
        What was found.
    """
    raw = read_flat(frame, source, ZUID_HOLLAND, known_tables()[ZUID_HOLLAND])
    column = next(c for c in frame.columns if flat(c) == "year_properties")
    lists = [_list(text) for text in frame[column]]
    for i in [i for i, read in enumerate(lists) if read is None]:
        text = f"{column} {shortened(frame[column].iloc[i])!r} is niet te lezen"
        raw.findings.append(Finding(at_row(i), "detail onleesbaar", "waarschuwing", text))
    rows = [(i, year) for i, read in enumerate(lists) for year in read or []]
    table = pd.DataFrame([year for _, year in rows])
    raw.given = None if raw.given is None else raw.given.drop(columns=[column])
    _add(raw, table, np.array([i for i, _ in rows], dtype=np.intp))
    stated = next((c for c in frame.columns if flat(c) == "ph_date3"), None)
    if stated is not None and rows:
        _flag_findings(raw, years(frame[stated].astype(object))[0].to_numpy())
    return raw


def _list(text: object) -> list[dict[str, object]] | None:
    """Read a list of years; None where it is no such thing."""
    if plain(text) == "":
        return []
    try:
        read = json.loads(str(text)) if not isinstance(text, list) else text
    except ValueError:
        return None
    if not isinstance(read, list) or not all(isinstance(row, dict) for row in read):
        return None
    return read


def _flag_findings(raw: Raw, exported: np.ndarray) -> None:
    """Report homes that are called built in a year after that of the export."""
    detail = raw.detail
    year = exported[detail["rij"].to_numpy(dtype=np.intp)]
    early = (detail["stand"] == "gerealiseerd") & (detail["jaar"].astype(float) > year)
    if early.any():
        text = (
            "bouw_gerealiseerd is Ja voor jaren na de export: dit veld is in DIWI omgekeerd en "
            "telt niet mee"
        )
        n = float(early.sum())
        raw.findings.append(Finding("", "gerealiseerd omgekeerd", "waarschuwing", text, n))


def read_gelderland(
    given: str | Path | gpd.GeoDataFrame, *, crs: object = None, encoding: str | None = None
) -> Raw:
    """Read an export for Gelderland: plans, and their years in a table beside.

    Parameters
    ----------
    given : str, Path or GeoDataFrame
        The File Geodatabase, or the plans alone.
    crs, encoding
        As `woongeo.sources.read_vector`.

    Returns
    -------
    Raw
        What was found.
    """
    layers = [] if not isinstance(given, str) and hasattr(given, "geometry") else layers_of(given)
    by_name = {name.casefold(): name for name in layers}
    layer = by_name.get("planregistratie")
    frame, source = open_frame(given, layer=layer, crs=crs, encoding=encoding)
    raw = read_flat(frame, source, GELDERLAND, known_tables()[GELDERLAND])
    if "detailplanning" in by_name:
        table = read_table(given, by_name["detailplanning"])
        parent = next((c for c in table.columns if flat(c) == "parent_globalid"), None)
        ids = _guid(raw.plans["plan_id"] if "plan_id" in raw.plans else pd.Series(dtype=object))
        place = {text: i for i, text in reversed([*enumerate(ids)]) if text}
        named = as_text(table[parent]) if parent is not None else pd.Series([""] * len(table))
        row = np.array([place.get(text, -1) for text in _guid(named)], dtype=np.intp)
        # Rows that belong to no plan are kept apart under a number of their own.
        lost = np.flatnonzero(row < 0)
        codes, names = pd.factorize(named.iloc[lost])
        row[lost] = -1 - codes
        raw.orphans = {-1 - i: name for i, name in enumerate(names)}
        _add(raw, table.drop(columns=[parent] if parent else []), row)
    if "overkoepelendeplannen" in by_name:
        umbrella = read_table(given, by_name["overkoepelendeplannen"])
        if len(umbrella):
            one, more = "overkoepelend plan heeft", "overkoepelende plannen hebben"
            text = f"{counted(len(umbrella), one, more)} zelf geen woningen"
            raw.findings.append(
                Finding("", "overkoepelende plannen", "melding", text, float(len(umbrella)))
            )
    return raw


def _guid(values: pd.Series) -> pd.Series:
    """Write a GlobalID for comparison."""
    return as_text(values).str.strip("{}").str.casefold()


def _add(raw: Raw, table: pd.DataFrame, row: np.ndarray) -> None:
    """Add homes per year, type and price; work out totals that the plans do not give."""
    raw.detail, unreadable = melt(table, row)
    for text in unreadable:
        raw.findings.append(Finding("", "detail onleesbaar", "waarschuwing", text))
    n = len(raw.plans)
    for name, kind in (("bruto", "nieuwbouw"), ("sloop", "sloop")):
        known = raw.detail[(raw.detail["soort"] == kind) & (raw.detail["rij"] >= 0)]
        sums = known.groupby("rij")["aantal"].sum(min_count=1)
        if name not in raw.plans:
            raw.plans[name] = sums.reindex(range(n)).to_numpy()
        elif not raw.compare and name == "bruto":
            raw.compare = "bruto"


def melt(table: pd.DataFrame, row: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """Turn a table of year by type by price into rows of homes.

    Parameters
    ----------
    table : DataFrame
        With `jaartal` and columns such as `meergezins_koop1` and `sloop_onbekend_huur_onb`.
    row : ndarray of int
        The row of the plan of each year; below 0 for none.

    Returns
    -------
    detail : DataFrame
        Columns `RAW_DETAIL`. Cells that are empty make no row. Cells that are 0 make one row of 0
        for the year where all of them are, so that 0 is known from unknown.
    unreadable : list of str
        What could not be read.
    """
    there = {flat(column): column for column in table.columns}
    column = there.get("jaartal")
    year, bad = years(table[column]) if column else (pd.Series(np.nan, index=table.index), None)
    notes = [] if bad is None or not bad.any() else [f"{int(bad.sum())} keer geen jaar in jaartal"]
    parts = []
    for kind, prefix, flag in (
        ("nieuwbouw", "", "bouw_gerealiseerd"),
        ("sloop", "sloop_", "sloop_gerealiseerd"),
    ):
        cells = {
            (home, price): there[name]
            for home in _TYPES
            for price in _PRICES
            if (name := f"{prefix}{home}_{price}") in there
        }
        if not cells:
            continue
        read = {key: numbers(table[name]) for key, name in cells.items()}
        wrong = sum(int(bad_.sum()) for _, bad_ in read.values())
        if wrong:
            are = by_number(wrong, "is", "zijn")
            notes.append(f"{counted(wrong, 'cel', 'cellen')} met {kind} {are} geen aantal")
        homes = np.column_stack([found.to_numpy() for found, _ in read.values()])
        zero = (np.nan_to_num(homes) == 0).all(axis=1) & ~np.isnan(homes).all(axis=1)
        at, which = np.nonzero(np.nan_to_num(homes) != 0)
        at = np.concatenate([at, np.flatnonzero(zero)])
        stand = _stand(table, there.get(flag))
        keys = [*cells, ("", "")]
        which = np.concatenate([which, np.full(int(zero.sum()), len(cells), dtype=np.intp)])
        filled = np.concatenate([homes, np.zeros((len(homes), 1))], axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "rij": row[at],
                    "soort": kind,
                    "indeling": GROUPING,
                    "stand": stand[at],
                    "jaar": year.to_numpy()[at],
                    "jaar_tot": year.to_numpy()[at],
                    "woningtype": np.array([k[0] for k in keys], dtype=object)[which],
                    "eigendom": "",
                    "segment": np.array([k[1] for k in keys], dtype=object)[which],
                    "aantal": filled[at, which],
                }
            )[list(RAW_DETAIL)]
        )
    if not parts:
        return empty_detail(), notes
    together = pd.concat(parts, ignore_index=True)
    order = np.lexsort((together.index, together["jaar"], together["rij"]))
    return together.iloc[order].reset_index(drop=True), notes


def _stand(table: pd.DataFrame, column: str | None) -> np.ndarray:
    """Read whether homes are built, as the register says."""
    if column is None:
        return np.full(len(table), "onbekend", dtype=object)
    words = once(table[column], plain)
    known = {"ja": "gerealiseerd", "nee": "gepland"}
    return np.array([known.get(word, "onbekend") for word in words], dtype=object)
