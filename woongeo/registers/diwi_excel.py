"""DIWI's workbook for import: a row a plan, its headings in four lines."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import numbers
from woongeo.encode import shortened
from woongeo.errors import FileError
from woongeo.registers.diwi import dated, day_of
from woongeo.registers.model import RAW_DETAIL, Raw, at_row, empty_detail
from woongeo.registers.words import plain, year_of
from woongeo.registers.workbook import Sheet, workbook_source

if TYPE_CHECKING:
    from pathlib import Path

KIND, TITLE = "diwi-excel", "DIWI, werkboek voor import"

# Lines below the one with the sections: groups, columns, and what is below a column.
_HEADS, _BELOW, _BODY = 2, 3, 4

_SECTIONS = {
    "projectgegevens": "plan",
    "woning aantallen": "aantal",
    "bouw gegevens": "nieuwbouw",
    "sloop gegevens": "sloop",
    "controle bouw totalen": "controle",
    "controle sloop totalen": "controle",
}

_FIELDS = {
    "identificatie nr": "plan_id",
    "naam": "naam",
    "vertrouwelijkheid": "vertrouwelijkheid",
    "plan soort": "plantype",
    "gemeente": "gemeente",
    "project status": "projectstatus",
}

_STATES = {
    "opgenomen in de visie": "4A",
    "niet opgenomen in de visie": "4B",
    "in voorbereiding": "3",
    "vastgesteld": "2A",
    "vastgesteld uitwerking nodig": "2B",
    "vastgesteld b&w nodig": "2C",
    "onherroepelijk": "1A",
    "onherroepelijk uitwerking nodig": "1B",
    "onherroepelijk b&w nodig": "1C",
}

_PHASES = {
    *("concept", "initiatief", "definitie", "ontwerp", "voorbereiding", "realisatie", "nazorg"),
}

_TYPES = {
    "eengezins woning": "eengezins",
    "meergezins woning": "meergezins",
    "woning type onbekend": "onbekend",
}
_TENURES = {
    "koopwoning": "koop",
    "particuliere verhuurder": "huur",
    "huur woningcorporatie": "huur",
    "eigendom type onbekend": "onbekend",
}
# Price columns come as categories and as amounts; both tell of the same homes.
_PRICES = {
    "koopprijs categorie": "koop",
    "huurprijs particuliere verhuurder categorie": "huur",
    "huurprijs woningcorporatie categorie": "huur",
}


@dataclass(frozen=True)
class Column:
    """What a column of the workbook means."""

    place: int
    section: str
    name: str
    below: object


def sections(sheet: Sheet) -> int | None:
    """Find the line with the sections.

    Parameters
    ----------
    sheet : Sheet
        Any.

    Returns
    -------
    int or None
        Its number from 0; None where the sheet is no import sheet of DIWI.
    """
    for i, row in enumerate(sheet.rows[:50]):
        words = {plain(cell) for cell in row}
        if {"projectgegevens", "woning aantallen"} <= words:
            heads = sheet.rows[i + _HEADS] if i + _HEADS < len(sheet.rows) else ()
            return i if "identificatie nr" in {plain(cell) for cell in heads} else None
    return None


def read_diwi_workbook(sheets: list[Sheet], path: Path, text: str, *, on: dt.date) -> Raw:
    """Read an import workbook.

    Parameters
    ----------
    sheets : list of Sheet
        Of the workbook.
    path : Path
        The file.
    text : str
        As the user gave it.
    on : date
        The day for which the status and phase of a plan are read.

    Returns
    -------
    Raw
        Without polygons: a workbook holds none.

    Raises
    ------
    FileError
        When no sheet that can be seen has DIWI's headings.
    """
    findings: list[Finding] = []
    sheet, top = None, 0
    for candidate in sheets:
        found = None if candidate.hidden else sections(candidate)
        if found is not None and sheet is None:
            sheet, top = candidate, found
        else:
            why = "is verborgen" if candidate.hidden else "is niet het blad met plannen"
            note = f"blad {shortened(candidate.name)!r} {why} en is niet gelezen"
            findings.append(Finding("", "blad niet gelezen", "waarschuwing", note))
    if sheet is None:
        raise FileError(f"{text}: geen zichtbaar blad heeft de koppen van {TITLE}.")
    columns = _columns(sheet, top)
    body = [
        i
        for i in range(top + _BODY, len(sheet.rows))
        if any(sheet.cell(i, c.place) is not None for c in columns)
    ]
    for i, j in sorted(sheet.uncalculated):
        if i in set(body) and any(c.place == j for c in columns):
            note = f"regel {i + 1}, kolom {j + 1}: formule zonder uitkomst; bewaar in Excel"
            findings.append(Finding("", "formule zonder uitkomst", "waarschuwing", note))
    plans = pd.DataFrame(
        [_plan(sheet, i, columns, on) for i in body],
        columns=pd.Index([*_FIELDS.values(), "planstatus", "projectfase"]),
        dtype=object,
    )
    _no_id_findings(plans, body, findings)
    cells = _cells(sheet, body, columns)
    for row, name, cell in cells.loc[cells["bad"], ["rij", "kolom", "cel"]].itertuples(index=False):
        note = f"{name}: {shortened(cell)!r} is geen aantal"
        findings.append(Finding(at_row(int(row)), "aantal onleesbaar", "waarschuwing", note))
    _add_totals(plans, cells)
    detail = _detail(cells)
    return Raw(
        KIND,
        TITLE,
        plans.drop(columns=["projectstatus"]),
        np.full(len(plans), None, dtype=object),
        workbook_source(path, text, len(plans)),
        detail,
        None,
        findings,
        "netto",
        "bruto",
    )


def _columns(sheet: Sheet, top: int) -> list[Column]:
    """Tell what each column means; those of checks are left out: they are sums."""
    section = ""
    columns = []
    width = max(len(row) for row in sheet.rows[top : top + _BODY])
    for j in range(width):
        section = _SECTIONS.get(plain(sheet.cell(top, j)), section)
        name = plain(sheet.cell(top + _HEADS, j))
        if section in {"", "controle"} or not name:
            continue
        columns.append(Column(j, section, name, sheet.cell(top + _BELOW, j)))
    return columns


def _plan(sheet: Sheet, row: int, columns: list[Column], on: dt.date) -> dict[str, object]:
    """Read the facts of one plan."""
    plan: dict[str, object] = {}
    states: dict[str, object] = {}
    phases: dict[str, object] = {}
    for column in columns:
        if column.section != "plan":
            continue
        cell = sheet.cell(row, column.place)
        if column.name in _FIELDS:
            plan[_FIELDS[column.name]] = cell
        elif column.name in _STATES:
            states[_STATES[column.name]] = _day(cell)
        elif column.name in _PHASES:
            phases[column.name] = _day(cell)
    status, phase = dated(states, on), dated(phases, on)
    plan["planstatus"] = status[0] if len(status) == 1 else None
    plan["projectfase"] = phase[0].capitalize() if len(phase) == 1 else None
    return plan


def _day(cell: object) -> dt.date | None:
    """Read a date, also one that Excel kept as a number."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 20_000 < cell < 80_000:
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(cell))
    return day_of(cell)


def _no_id_findings(plans: pd.DataFrame, body: list[int], findings: list[Finding]) -> None:
    """Report rows without number: DIWI itself takes them for empty."""
    for i in np.flatnonzero(plans["plan_id"].map(plain) == ""):
        note = f"regel {body[i] + 1} heeft geen Identificatie nr; DIWI slaat zo'n regel over"
        findings.append(Finding(at_row(int(i)), "regel zonder nummer", "waarschuwing", note))


def _cells(sheet: Sheet, body: list[int], columns: list[Column]) -> pd.DataFrame:
    """Read all numbers of homes."""
    cells = []
    for column in columns:
        if column.section == "plan":
            continue
        # A column that needs a word below it means nothing without.
        if column.name in {"opleverdatum", *_PRICES} and column.below is None:
            continue
        cells += [
            (row, column.section, column.name, column.below, sheet.cell(i, column.place))
            for row, i in enumerate(body)
        ]
    table = pd.DataFrame(cells, columns=["rij", "sectie", "kolom", "onder", "cel"])
    table["aantal"], table["bad"] = numbers(table["cel"].astype(object))
    known = {"bouw", "sloop", "opleverdatum", *_TYPES, *_TENURES, *_PRICES}
    # Below "Sloop gegevens" the two columns of what is unknown are both called "Onbekend".
    return table[table["kolom"].isin(known)].reset_index(drop=True)


def _add_totals(plans: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Give the homes of each plan: an empty cell is unknown, not 0."""
    total = cells[cells["sectie"] == "aantal"]
    for name, column in (("bruto", "bouw"), ("sloop", "sloop")):
        found = total[total["kolom"] == column].groupby("rij")["aantal"].sum(min_count=1)
        plans[name] = found.reindex(range(len(plans))).to_numpy()
    years = cells[(cells["kolom"] == "opleverdatum") & (cells["aantal"].fillna(0) != 0)]
    year = years["onder"].map(year_of).astype(float).groupby(years["rij"])
    plans["oplevering_eerste"] = year.min().reindex(range(len(plans))).to_numpy()
    plans["oplevering_laatste"] = year.max().reindex(range(len(plans))).to_numpy()


def _detail(cells: pd.DataFrame) -> pd.DataFrame:
    """Turn numbers of homes into rows of detail."""
    body = cells[cells["sectie"].isin(["nieuwbouw", "sloop"]) & cells["aantal"].notna()]
    if not len(body):
        return empty_detail()
    column = body["kolom"]
    grouping = pd.Series("", index=body.index, dtype=object)
    grouping = grouping.mask(column == "opleverdatum", "oplevering")
    grouping = grouping.mask(column.isin(list(_TYPES)), "woningtype")
    grouping = grouping.mask(column.isin(list(_TENURES)), "eigendom")
    grouping = grouping.mask(column.isin(list(_PRICES)), "prijssegment")
    year = body["onder"].map(year_of).where(column == "opleverdatum").astype(float)
    detail = pd.DataFrame(
        {
            "rij": body["rij"],
            "soort": body["sectie"],
            "indeling": grouping,
            "stand": "gepland",
            "jaar": year,
            "jaar_tot": year,
            "woningtype": column.map(_TYPES).fillna(""),
            "eigendom": column.map(_TENURES | _PRICES).fillna(""),
            "segment": body["onder"]
            .map(lambda v: "" if v is None else str(v))
            .where(grouping == "prijssegment", ""),
            "aantal": body["aantal"],
        }
    )[list(RAW_DETAIL)]
    order = np.lexsort((np.arange(len(detail)), detail["rij"]))
    return detail.iloc[order].reset_index(drop=True)
