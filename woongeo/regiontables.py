"""Bottlenecks without a shape: a value per gemeente or woondealregio, as a layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.catalogue import MAIN, Catalogue, default_catalogue
from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, recognise
from woongeo.days import day_of
from woongeo.encode import shortened
from woongeo.errors import ColumnError, LayerError
from woongeo.layers import Coverage, Layer, named
from woongeo.numerals import counted
from woongeo.regioncodes import (
    GEMEENTE,
    CodeChange,
    RegionTable,
    known_changes,
    plain_name,
    region_code,
    region_columns,
)
from woongeo.sources import read_tabular

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from woongeo.regions import Regions
    from woongeo.rules import TableRule


def read_table_layer(  # noqa: PLR0913  one keyword a fact
    key: str,
    source: str | Path | pd.DataFrame,
    *,
    value_column: str,
    code_column: str | None = None,
    name_column: str | None = None,
    level: str = GEMEENTE,
    location_column: str | None = None,
    regions: Regions | None = None,
    code_changes: Sequence[CodeChange] | None = None,
    rule: TableRule | None = None,
    sheet: str | None = None,
    header_row: int = 1,
    encoding: str | None = None,
    title: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read a table of regions as a layer: every location takes the value of its region.

    Parameters
    ----------
    key : str
        Short name ("ambtelijke_capaciteit"); columns of results begin with it.
    source : str, Path or DataFrame
        A CSV, workbook (.xlsx) or frame with one row a region.
    value_column : str
        The column that the rule looks at: numbers, or classes.
    code_column, name_column : str, optional
        The columns with the code ("GM0363", 363 or 0363) and the name of the region; one suffices,
        and the usual names are recognised.
    level : str
        What the regions are: "gemeente", "woondealregio", "provincie", or another word.
    location_column : str, optional
        The column of the locations that names their region, by code or name. Without it, and
        without `regions`, the usual names are recognised.
    regions : Regions, optional
        Surfaces, to give a location the region of its largest part; of two that are as large the
        heaviest verdict counts, and where most of it lies in none the verdict is `onbekend`.
    code_changes : sequence of CodeChange, optional
        Regions that ended, from `read_code_changes`; without it the mergers of gemeenten of 2021 to
        2023 that come along. A region that was divided, and one that took the place of several in
        the table, stay `onbekend`.
    rule : TableRule, optional
        Which values hinder; without it the catalogue's.
    sheet, header_row, encoding : optional
        As for `woongeo.sources.read_tabular`.
    title, reference_date, publisher, licence : optional
        As for `read_layer`.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        Without features, with `table`. The report lists rows without a region, regions that stand
        in it twice with different values (these have none), and those without a value.

    Raises
    ------
    FileError, ColumnError
        When the table or a column cannot be read.
    LayerError
        When the layer has no rule of the kind "tabel".
    """
    spec = (catalogue or default_catalogue()).spec(key)
    rules = dict(spec.rules) if rule is None else {**spec.rules, MAIN: rule}
    if rules[MAIN].kind != "tabel":
        raise LayerError(
            f"laag {key}: geef rule=TableRule(...): een tabel zonder vlakken heeft een regel van "
            "de soort tabel nodig."
        )
    table, origin = read_tabular(source, sheet=sheet, header_row=header_row, encoding=encoding)
    columns = [str(c) for c in table.columns]
    for column in filter(None, (value_column, code_column, name_column)):
        if column not in columns:
            raise ColumnError(
                f"{origin.path}: kolom {column!r} bestaat niet; wel: {', '.join(columns)}."
            )
    if code_column is None and name_column is None:
        # One column may hold codes in one file and names in another: both are looked at.
        name_column = recognise(columns, region_columns(level))
        if name_column is None:
            raise ColumnError(
                f"{origin.path}: geen kolom met {level} gevonden; geef code_column of name_column "
                f"(kolommen: {', '.join(columns)})."
            )
    rows, findings = _rows(table, value_column, code_column, name_column, level)
    if code_changes is None:
        code_changes = known_changes() if level == GEMEENTE else ()
    shapes = regions.frame.geometry.to_numpy() if regions is not None else None
    names = regions.frame["gebied"].to_numpy(dtype=object) if regions is not None else None
    region_table = RegionTable(
        level, value_column, rows, location_column, tuple(code_changes), names, shapes
    )
    findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
    if regions is not None:
        origin = replace(origin, others=(regions.source,))
    return Layer(
        key=key,
        title=title or spec.title,
        features=named(np.empty(0, dtype=object), [], []),
        coverage=Coverage(
            None, f"{counted(len(rows), 'gebied', 'gebieden')} ({level}) van de tabel"
        ),
        rules=rules,
        unknown="" if len(rows) else "tabel is leeg",
        reference_date=day_of(reference_date, "reference_date"),
        publisher=publisher or "",
        licence=licence or "",
        report=CheckReport.of(findings),
        source=origin,
        table=region_table,
    )


def _rows(
    table: pd.DataFrame, value: str, code: str | None, name: str | None, level: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Give one row a region, and say what is odd about the others."""
    empty = pd.Series("", index=table.index, dtype=object)
    names = as_text(table[name]) if name else empty
    codes = as_text(table[code]) if code else empty
    written = names if code is None else codes
    codes = written.map(lambda text: region_code(text, level) if text else "").astype(object)
    if code is None:
        # For other levels any name would do as a code: only a form of its own makes a code.
        codes = codes if level == GEMEENTE else empty
        names = names.mask(codes != "", "")
    frame = pd.DataFrame({"code": codes, "naam": names, "waarde": table[value]})
    findings = []
    lost = (frame["code"] == "") & (frame["naam"] == "")
    if lost.any():
        text = f"{counted(lost.sum(), 'rij noemt', 'rijen noemen')} geen {level}"
        findings.append(Finding("", "gebied ontbreekt", "waarschuwing", text, float(lost.sum())))
    frame = frame[~lost]
    region = frame["code"].where(frame["code"] != "", frame["naam"].map(_same_name))
    texts = as_text(frame["waarde"])
    for _, rows in frame.groupby(region, sort=False):
        several = texts[rows.index].unique()
        if len(several) > 1:
            said = " en ".join(repr(shortened(v)) for v in several[:3])
            # As it is written there: two spellings of one name are compared in a form of our own.
            label = rows["code"].iloc[0] or shortened(rows["naam"].iloc[0])
            text = f"{label}: staat er {len(rows)} keer in, met {said}: geen waarde"
            findings.append(Finding(label, "gebied dubbel", "waarschuwing", text))
            frame.loc[rows.index, "waarde"] = None
    frame = frame[~region.duplicated()].reset_index(drop=True)
    blank = as_text(frame["waarde"]) == ""
    if blank.any():
        n = int(blank.sum())
        text = f"{counted(n, 'gebied heeft', 'gebieden hebben')} geen waarde: onbekend, niet nul"
        findings.append(Finding("", "waarde ontbreekt", "melding", text, float(n)))
    return frame, findings


def _same_name(name: str) -> str:
    """Write a name so that two spellings of it are one."""
    return "|".join(plain_name(name))
