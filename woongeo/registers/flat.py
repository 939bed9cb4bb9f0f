"""Registers that are one flat table: their columns by a table that is data, or the user's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import numbers
from woongeo.encode import shortened
from woongeo.errors import ColumnError, RegisterError
from woongeo.registers.model import BASES, NUMBERS, RAW_DETAIL, Raw, at_row, empty_detail
from woongeo.registers.opening import shapes_of
from woongeo.registers.words import VERTROUWELIJKHEID, once, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from woongeo.sources import Source

#: What a column may mean.
FIELDS = (
    *("plan_id", "naam", "gemeente", "regio", "provincie", "planstatus", "hardheid", "plantype"),
    *("projectfase", "vertrouwelijkheid", "masterplan", "opdrachtgever", "knelpunten"),
    *(*NUMBERS, "sloop_rest", "realisatiekans", "oplevering_eerste", "oplevering_laatste"),
)

_DETAIL = {
    *("kolom", "soort", "indeling", "stand", "jaar", "jaar_tot"),
    *("woningtype", "eigendom", "segment"),
}

_KEYS = {
    *("naam", "herken", "herken_ook", "basis", "vergelijk", "vertrouwelijkheid", "toelichting"),
    *("kolommen", "vast", "detail", "woorden", "blad", "kopregel"),
}


@dataclass(frozen=True)
class ColumnTable:
    """Which column of a flat table means what."""

    title: str
    columns: Mapping[str, tuple[str, ...]]
    signatures: tuple[frozenset[str], ...] = ()
    basis: str = ""
    compare: str = ""
    level: str = ""
    remarks: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    detail: tuple[Mapping[str, Any], ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: str = ""
    header: int = 1


def column_table(given: str | Path | Mapping[str, Any]) -> ColumnTable:
    """Read a table of columns.

    Parameters
    ----------
    given : str, Path or mapping
        A TOML file, or what one holds; see docs/registers.md.

    Returns
    -------
    ColumnTable
        The table.

    Raises
    ------
    RegisterError
        When it cannot be read, or names something that does not exist.
    """
    if isinstance(given, str | Path):
        what = str(given)
        try:
            read = tomllib.loads(Path(given).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RegisterError(f"{what}: geen leesbare kolommentabel ({error}).") from error
    else:
        what, read = "mapping", dict(given)
    return _checked(read, what)


def _checked(read: dict[str, Any], what: str) -> ColumnTable:
    """Hold a table of columns against what may stand in it."""
    _refuse(read, _KEYS, what)
    columns = _section(read, "kolommen", what)
    _refuse(columns, set(FIELDS), f"{what}, [kolommen]")
    if not columns:
        raise RegisterError(f"{what}: zet onder [kolommen] welke kolom wat betekent.")
    fixed = _section(read, "vast", what)
    _refuse(fixed, set(FIELDS), f"{what}, [vast]")
    rows = read.get("detail", [])
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or "kolom" not in row:
            raise RegisterError(f"{what}: elke [[detail]] noemt een kolom.")
        _refuse(row, _DETAIL, f"{what}, [[detail]] {row['kolom']}")
    basis = str(read.get("basis", ""))
    if basis not in {"", *BASES}:
        raise RegisterError(f"{what}: basis {basis!r} bestaat niet; kies uit {', '.join(BASES)}.")
    level = str(read.get("vertrouwelijkheid", ""))
    if level not in {"", *VERTROUWELIJKHEID}:
        raise RegisterError(
            f"{what}: vertrouwelijkheid {level!r} bestaat niet; kies uit "
            f"{', '.join(VERTROUWELIJKHEID)}."
        )
    compare = str(read.get("vergelijk", ""))
    if compare not in {"", *NUMBERS}:
        raise RegisterError(
            f"{what}: vergelijk {compare!r} bestaat niet; kies uit {', '.join(NUMBERS)}."
        )
    header = read.get("kopregel", 1)
    if not isinstance(header, int) or header < 1:
        raise RegisterError(f"{what}: kopregel is het nummer van een regel, vanaf 1.")
    return ColumnTable(
        title=str(read.get("naam", "eigen tabel")),
        columns={name: _names(value) for name, value in columns.items()},
        signatures=_signatures(read),
        basis=basis,
        compare=compare,
        level=level,
        remarks=tuple(map(str, read.get("toelichting", []))),
        fixed={name: str(value) for name, value in fixed.items()},
        detail=tuple(rows),
        words={
            kind: {str(k): str(v) for k, v in table.items()}
            for kind, table in _section(read, "woorden", what).items()
            if isinstance(table, dict)
        },
        sheet=str(read.get("blad", "")),
        header=header,
    )


def _section(read: dict[str, Any], name: str, what: str) -> dict[str, Any]:
    """Give a section of a table of columns."""
    section = read.get(name, {})
    if not isinstance(section, dict):
        raise RegisterError(f"{what}: [{name}] is geen tabel.")
    return section


def _refuse(read: Mapping[str, Any], known: set[str], what: str) -> None:
    """Refuse a key that would silently do nothing."""
    stray = sorted(set(read) - known)
    if stray:
        raise RegisterError(
            f"{what}: {shortened(stray[0])!r} is onbekend; wel: {', '.join(sorted(known))}."
        )


def _names(value: object) -> tuple[str, ...]:
    """Give the names that a column may have."""
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _signatures(read: dict[str, Any]) -> tuple[frozenset[str], ...]:
    """Give the sets of columns by which a register is known."""
    sets: Iterable[list[str]] = [read.get("herken", []), *read.get("herken_ook", [])]
    return tuple(frozenset(flat(name) for name in names) for names in sets if names)


@cache
def known_tables() -> dict[str, ColumnTable]:
    """Give the registers that are known.

    Returns
    -------
    dict
        Kind to table of columns, by name.
    """
    folder = resources.files("woongeo.registers").joinpath("tabellen")
    texts = {
        file.name.removesuffix(".toml"): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    return {name: _checked(tomllib.loads(texts[name]), name) for name in sorted(texts)}


def flat(name: object) -> str:
    """Write the name of a column for comparison: no case, no blanks.

    Parameters
    ----------
    name : object
        As it stands in a file.

    Returns
    -------
    str
        For example "netto_plancapaciteit" and "Netto Plancapaciteit" differ only by the underscore.
    """
    return "".join(str(name).casefold().split())


def read_flat(
    frame: gpd.GeoDataFrame, source: Source, kind: str, table: ColumnTable, *, strict: bool = False
) -> Raw:
    """Read a flat table by its table of columns.

    Parameters
    ----------
    frame : GeoDataFrame
        The table, in RD New.
    source : Source
        Where it came from.
    kind : str
        The register.
    table : ColumnTable
        Which column means what.
    strict : bool
        Whether a column that is named but absent is an error.

    Returns
    -------
    Raw
        With the table's own columns beside.

    Raises
    ------
    ColumnError
        When a named column is absent and `strict`, or none of them is there.
    """
    there = {flat(column): column for column in reversed(frame.columns.drop("geometry"))}
    plans: dict[str, pd.Series] = {}
    absent = []
    for name, candidates in table.columns.items():
        found = [there[flat(c)] for c in candidates if flat(c) in there]
        if not found:
            absent.append((name, candidates[0]))
            continue
        values = frame[found[0]].astype(object)
        for more in found[1:]:
            values = values.where(once(values, plain) != "", frame[more].astype(object))
        plans[name] = values
    if (strict and absent) or not plans:
        name, column = absent[0]
        raise ColumnError(
            f"{source.path}: kolom {column!r} voor {name} bestaat niet; wel: "
            f"{shortened(', '.join(map(str, there.values())))}."
        )
    for name, value in table.fixed.items():
        plans[name] = pd.Series([value] * len(frame), dtype=object)
    detail, findings = _flat_detail(frame, there, table, strict=strict, what=source.path)
    findings += [Finding("", "toelichting", "melding", text) for text in table.remarks]
    plain_plans = pd.DataFrame({name: s.reset_index(drop=True) for name, s in plans.items()})
    basis = table.basis or next((b for b in BASES if b in plans), "bruto")
    return Raw(
        kind,
        table.title,
        plain_plans if plans else pd.DataFrame(index=range(len(frame))),
        shapes_of(frame),
        source,
        detail,
        pd.DataFrame(frame.drop(columns=["geometry"])).reset_index(drop=True),
        findings,
        basis,
        table.compare,
        table.level,
        table.words,
    )


def _flat_detail(
    frame: gpd.GeoDataFrame,
    there: Mapping[str, str],
    table: ColumnTable,
    *,
    strict: bool,
    what: str,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Turn columns of homes into rows; what is absent makes no row, and never a 0."""
    parts, findings = [], []
    for rule in table.detail:
        column = there.get(flat(rule["kolom"]))
        if column is None:
            if strict:
                raise ColumnError(f"{what}: kolom {rule['kolom']!r} voor detail bestaat niet.")
            continue
        homes, bad = numbers(frame[column])
        for i in np.flatnonzero(bad):
            text = f"{column} {shortened(frame[column].iloc[i])!r} is geen aantal"
            findings.append(Finding(at_row(int(i)), "detail onleesbaar", "waarschuwing", text))
        kept = np.flatnonzero(homes.notna())
        grouping = str(rule.get("indeling", "detail"))
        segment = str(rule.get("segment", rule["kolom"] if grouping == "prijssegment" else ""))
        part = {
            "rij": kept,
            "soort": str(rule.get("soort", "nieuwbouw")),
            "indeling": grouping,
            "stand": str(rule.get("stand", "gepland")),
            "jaar": float(rule.get("jaar", np.nan)),
            "jaar_tot": float(rule.get("jaar_tot", np.nan)),
            "woningtype": str(rule.get("woningtype", "")),
            "eigendom": str(rule.get("eigendom", "")),
            "segment": segment,
            "aantal": homes.to_numpy()[kept],
        }
        parts.append(pd.DataFrame(part)[list(RAW_DETAIL)])
    if not parts:
        return empty_detail(), findings
    return pd.concat(parts, ignore_index=True), findings
