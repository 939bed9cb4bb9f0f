"""One door for every register: it is recognised by what it holds, and says which it is."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import as_text
from woongeo.encode import shortened
from woongeo.errors import FileError, RegisterError, RegisterWarning
from woongeo.numerals import by_number, counted
from woongeo.registers import diwi, diwi_excel, planmonitor, provinces
from woongeo.registers.build import build
from woongeo.registers.flat import ColumnTable, column_table, flat, known_tables, read_flat
from woongeo.registers.model import BASES, Raw, Register
from woongeo.registers.opening import (
    WORKBOOKS,
    beside,
    columns_of,
    join_shapes,
    layers_of,
    open_frame,
    without_shapes,
)
from woongeo.registers.workbook import Sheet, read_workbook
from woongeo.sources import split_layer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from woongeo.sources import Source

#: The registers that are read, to what they are.
KINDS = {
    "planmonitor-wonen": "Planmonitor Wonen: importwerkboek, of de tabel planregistratie",
    "diwi": "DIWI: GeoJSON-uitwisseling",
    "diwi-excel": "DIWI: werkboek voor import",
    "diwi-zuid-holland": "DIWI: export Zuid-Holland (.pzh.geojson)",
    "diwi-gelderland": "DIWI: export Gelderland (File Geodatabase)",
    "lmvw": "Landelijke Monitor Voortgang Woningbouw",
    "eib-2020": "EIB 2020",
    "amsterdam": "Amsterdam, nieuwbouwplannen",
}

#: A table with the user's own names of columns.
OWN_TABLE = "tabel"


def read_register(  # noqa: PLR0913  one keyword a meaning
    source: str | Path | gpd.GeoDataFrame,
    *,
    kind: str | None = None,
    mapping: str | Path | Mapping[str, Any] | None = None,
    shapes: str | Path | gpd.GeoDataFrame | None = None,
    layer: str | None = None,
    basis: str | None = None,
    on: dt.date | None = None,
    crs: object = None,
    encoding: str | None = None,
) -> Register:
    """Read a register of housing plans as it is.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        A file of one of `KINDS`, or any table with `mapping`: a vector file, a CSV, a workbook.
    kind : str, optional
        Which register; recognised by what it holds without it.
    mapping : str, Path or mapping, optional
        Which column means what, in TOML or as a mapping: for any table that is none of `KINDS`.
    shapes : str, Path or GeoDataFrame, optional
        Polygons that stand in another file; found by id, or else by name.
    layer : str, optional
        The layer in the file, where a flat table stands among several.
    basis : str, optional
        Which number stands as `woningen` in `Register.locations`: "rest_netto", "rest", "netto" or
        "bruto"; that of the register without it.
    on : date, optional
        The day for which dated states are read (DIWI); today without it.
    crs : object, optional
        Reference system, where the file states none or a wrong one.
    encoding : str, optional
        Encoding of text in a shapefile or CSV.

    Returns
    -------
    Register
        Every plan, its homes in detail, and where the register breaks its own rules; in RD New
        (EPSG:28992). Numbers are homes; what is missing stays missing.

    Raises
    ------
    RegisterError
        When the register is not recognised, or the mapping cannot be used.
    FileError, ColumnError, CrsError
        When the file, a column or the coordinates cannot be used.

    Warns
    -----
    RegisterWarning
        When the register breaks its own rules.
    """
    if basis is not None and basis not in BASES:
        raise RegisterError(f"basis {basis!r} bestaat niet; kies uit {', '.join(BASES)}.")
    if kind is not None and kind not in KINDS:
        raise RegisterError(f"register {kind!r} is onbekend; kies uit {', '.join(KINDS)}.")
    if kind is not None and mapping is not None:
        raise RegisterError("geef kind= of mapping=, niet allebei.")
    today = on or dt.datetime.now(tz=dt.UTC).astimezone().date()
    raw = _read(source, kind, mapping, layer=layer, on=today, crs=crs, encoding=encoding)
    if shapes is not None:
        _add_shapes(raw, shapes, crs=crs, encoding=encoding)
    raw.basis = basis or raw.basis
    raw.findings += [Finding("", "bestand", "melding", note) for note in raw.source.notes]
    register = build(raw)
    heavy = register.controle.table[register.controle.table["ernst"] != "melding"]
    if len(heavy):
        counts = register.controle.counts()
        broken = set(heavy["controle"])
        listed = ", ".join(f"{check} ({n})" for check, n in counts.items() if check in broken)
        warnings.warn(
            f"{register.source.path} ({register.title}): controleer {listed}; zie het rapport.",
            RegisterWarning,
            stacklevel=2,
        )
    return register


def is_workbook(source: str | Path) -> bool:
    """Tell whether a file is a workbook by its name.

    Parameters
    ----------
    source : str or Path
        The file.

    Returns
    -------
    bool
        True for .xlsx and .xlsm.
    """
    return split_layer(source)[0].suffix.lower() in WORKBOOKS


def recognise(source: str | Path | gpd.GeoDataFrame, *, layer: str | None = None) -> str | None:
    """Tell which register a file is, by what it holds.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        The file.
    layer : str, optional
        The layer in it.

    Returns
    -------
    str or None
        One of `KINDS`; None where it is none of them.

    Raises
    ------
    FileError
        When it cannot be read.
    """
    if isinstance(source, gpd.GeoDataFrame):
        return _by_columns(list(source.columns))
    if is_workbook(source):
        return _by_sheets(read_workbook(split_layer(source)[0], str(source)))
    layers = {name.casefold(): name for name in layers_of(source)}
    if layer is None and split_layer(source)[1] is None and "planregistratie" in layers:
        layer = layers["planregistratie"]
    return _by_columns(columns_of(source, layer))


def _by_sheets(sheets: list[Sheet]) -> str | None:
    """Recognise a workbook."""
    if planmonitor.looks_like_planmonitor(sheets):
        return planmonitor.KIND
    return diwi_excel.KIND if any(map(diwi_excel.sections, sheets)) else None


def _by_columns(columns: list[str]) -> str | None:
    """Recognise a table by its columns."""
    there = {flat(column) for column in columns}
    if {"projectgegevens", "woning_blokken"} <= there:
        return diwi.KIND
    for name, table in known_tables().items():
        if any(signature <= there for signature in table.signatures):
            return name
    return None


def _read(  # noqa: PLR0913
    source: str | Path | gpd.GeoDataFrame,
    kind: str | None,
    mapping: str | Path | Mapping[str, Any] | None,
    *,
    layer: str | None,
    on: dt.date,
    crs: object,
    encoding: str | None,
) -> Raw:
    """Read a register by the reader of its kind."""
    if mapping is not None:
        table = column_table(mapping)
        if not isinstance(source, gpd.GeoDataFrame) and is_workbook(source):
            frame, origin = _sheet_table(split_layer(source)[0], str(source), table)
        else:
            frame, origin = open_frame(source, layer=layer, crs=crs, encoding=encoding)
        return read_flat(frame, origin, OWN_TABLE, table, strict=True)
    kind = kind or recognise(source, layer=layer)
    if kind is None:
        what = "(in het geheugen)" if isinstance(source, gpd.GeoDataFrame) else str(source)
        raise RegisterError(
            f"{what}: dit is geen register dat wordt herkend ({', '.join(KINDS)}); noem het met "
            "kind=, of zeg met mapping= welke kolom wat betekent."
        )
    if not isinstance(source, gpd.GeoDataFrame) and is_workbook(source):
        return _read_workbook(source, kind, on)
    if kind == provinces.GELDERLAND:
        return provinces.read_gelderland(source, crs=crs, encoding=encoding)
    if kind == planmonitor.KIND:
        return planmonitor.read_planmonitor_tables(source, crs=crs, encoding=encoding)
    frame, origin = open_frame(source, layer=layer, crs=crs, encoding=encoding)
    return _read_frame(frame, origin, kind, on)


def _read_workbook(source: str | Path, kind: str, on: dt.date) -> Raw:
    """Read a workbook by the reader of its kind."""
    path = split_layer(source)[0]
    sheets = read_workbook(path, str(source))
    if kind == planmonitor.KIND:
        return planmonitor.read_planmonitor_workbook(sheets, path, str(source))
    if kind == diwi_excel.KIND:
        return diwi_excel.read_diwi_workbook(sheets, path, str(source), on=on)
    raise FileError(f"{source}: {KINDS[kind]} is geen werkboek.")


def _read_frame(frame: gpd.GeoDataFrame, origin: Source, kind: str, on: dt.date) -> Raw:
    """Read a frame by the reader of its kind."""
    _demand(frame, kind, origin.path)
    if kind == diwi.KIND:
        return diwi.read_diwi(frame, origin, on=on)
    if kind == provinces.ZUID_HOLLAND:
        return provinces.read_zuid_holland(frame, origin)
    return read_flat(frame, origin, kind, known_tables()[kind])


def _demand(frame: gpd.GeoDataFrame, kind: str, what: str) -> None:
    """Refuse a file that cannot be what the user says."""
    needed = {
        diwi.KIND: ("projectgegevens", "woning_blokken"),
        provinces.ZUID_HOLLAND: ("year_properties",),
        diwi_excel.KIND: ("een werkboek",),
    }.get(kind, ())
    there = {flat(column) for column in frame.columns}
    absent = [name for name in needed if name not in there]
    if absent:
        raise RegisterError(f"{what}: dit is geen {KINDS[kind]}; {absent[0]} ontbreekt.")


def _sheet_table(path: Path, text: str, table: ColumnTable) -> tuple[gpd.GeoDataFrame, Source]:
    """Read a flat table from a sheet of a workbook."""
    sheets = read_workbook(path, text)
    seen = [s for s in sheets if (s.name == table.sheet if table.sheet else not s.hidden)]
    if not seen:
        names = ", ".join(s.name for s in sheets)
        raise RegisterError(f"{text}: blad {table.sheet!r} bestaat niet; wel: {names}.")
    sheet = seen[0]
    heads = sheet.rows[table.header - 1] if len(sheet.rows) >= table.header else ()
    named = {j: str(cell) for j, cell in enumerate(heads) if cell is not None}
    if not named:
        raise RegisterError(f"{text}, blad {sheet.name}: regel {table.header} is geen kopregel.")
    double = {name for name in named.values() if list(named.values()).count(name) > 1}
    if double:
        raise RegisterError(
            f"{text}, blad {sheet.name}: kolom {min(double)!r} komt vaker voor; geef elke een naam."
        )
    body = [
        i for i in range(table.header, len(sheet.rows)) if any(c is not None for c in sheet.rows[i])
    ]
    columns = {
        name: pd.Series([sheet.cell(i, j) for i in body], dtype=object) for j, name in named.items()
    }
    notes = [
        f"blad {s.name} is {'verborgen en ' if s.hidden else ''}niet gelezen"
        for s in sheets
        if s is not sheet
    ]
    lost = sum(i >= table.header for i, _ in sheet.uncalculated)
    if lost:
        notes.append(
            f"{counted(lost, 'formule', 'formules')} zonder uitkomst: open het werkboek in Excel "
            "en bewaar het"
        )
    return without_shapes(pd.DataFrame(columns), text, "xlsx", tuple(notes))


def _add_shapes(
    raw: Raw, shapes: str | Path | gpd.GeoDataFrame, *, crs: object, encoding: str | None
) -> None:
    """Take the polygons of plans from another file."""
    frame, origin = open_frame(shapes, crs=crs, encoding=encoding)
    ids = (
        as_text(raw.plans["plan_id"])
        if "plan_id" in raw.plans
        else pd.Series([""] * len(raw.plans))
    )
    names = as_text(raw.plans["naam"]) if "naam" in raw.plans else pd.Series([""] * len(raw.plans))
    found, column, unused = join_shapes(ids, names, frame, origin.path)
    absent: NDArray[np.bool_] = np.array([shape is None for shape in found])
    raw.geometry = np.where(absent, raw.geometry, found)
    note = f"vlakken uit {shortened(origin.path)}, gekoppeld met kolom {shortened(column)}"
    raw.source = beside(raw.source, origin, note)
    if absent.any():
        # A point beside polygons is no site: it stays what it is, and is judged onbekend.
        text = (
            f"{counted(absent.sum(), 'plan heeft', 'plannen hebben')} geen vlak in "
            f"{shortened(origin.path)}"
        )
        raw.findings.append(
            Finding("", "vlak niet gekoppeld", "melding", text, float(absent.sum()))
        )
    if unused:
        text = (
            f"{counted(unused, 'vlak', 'vlakken')} in {shortened(origin.path)} "
            f"{by_number(unused, 'hoort', 'horen')} bij geen plan"
        )
        raw.findings.append(Finding("", "vlak zonder plan", "waarschuwing", text, float(unused)))
