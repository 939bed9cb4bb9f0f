"""The door to a PostGIS database: where provinces keep their plans.

Reading happens in a transaction that the server itself keeps from changing anything.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyproj
import shapely
from psycopg import sql
from psycopg.types.numeric import FloatLoader
from pyproj.exceptions import CRSError

from woongeo.errors import FileError, InputError, ServiceUnavailableError
from woongeo.numerals import counted
from woongeo.sources.database import (
    Address,
    connected,
    extension_schema,
    read_address,
    table_parts,
)

# Rows that cross the line at a time.
_PORTION = 10_000


@dataclass(frozen=True, eq=False)
class Rows:
    """What a database gave.

    Attributes
    ----------
    frame : GeoDataFrame
        Columns as they are there, and ``geometry``; its reference system is not set.
    crs : CRS or None
        What the shapes state; None where they state nothing.
    layer : str
        The table, or the query.
    shown : str
        Server and database.
    sha256 : str
        Of all values.
    notes : list of str
        What a reader should know.
    """

    frame: gpd.GeoDataFrame
    crs: pyproj.CRS | None
    layer: str
    shown: str
    sha256: str
    notes: list[str]


def read_postgis(given: str, *, table: str | None = None, query: str | None = None) -> Rows:
    """Read a table, a view or a query.

    Parameters
    ----------
    given : str
        The address; with ``?table=`` or not.
    table : str, optional
        Schema and table, or the table alone where the schema is on the search path.
    query : str, optional
        A SELECT instead.

    Returns
    -------
    Rows
        All rows: of a table by its primary key where it has one, of a query in its own order. Arcs
        are drawn in chords.

    Raises
    ------
    InputError, FileError
        When there is no one table or query, it cannot be read, or does not hold one column of
        shapes in one reference system.
    ServiceUnavailableError
        When there is no way in, or the line breaks.
    """
    address = read_address(given)
    named = [x for x in (table, address.table or None) if x]
    if len(named) + (query is not None) != 1:
        raise InputError(
            f"{address.shown}: noem één tabel (?table=schema.tabel, of layer=) of geef één query."
        )
    what = query if query is not None else named[0]
    reason, lost = "", False
    with connected(address) as connection:
        try:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return _read(connection, address, named[0] if named else "", query or "")
        except psycopg.OperationalError as error:
            reason, lost = _said(error), connection.closed
        except (psycopg.Error, UnicodeDecodeError) as error:
            reason = _said(error) if isinstance(error, psycopg.Error) else "tekst is geen UTF-8"
    if lost:
        raise ServiceUnavailableError(f"{address.shown}: de verbinding brak af onder het lezen.")
    raise FileError(f"{address.shown}: {what} kan niet worden gelezen ({reason}).")


def _said(error: psycopg.Error) -> str:
    """Give the first line of what a database said."""
    return (error.diag.message_primary or str(error) or type(error).__name__).splitlines()[0]


def _read(connection: psycopg.Connection[Any], address: Address, table: str, query: str) -> Rows:
    """Read, in a transaction that began."""
    home = extension_schema(connection, address.shown)
    select, order = _table(connection, address, table) if table else (_query(query), sql.SQL(""))
    shape, others, is_geography = _columns(connection, select, address.shown, table or "de query")
    held = sql.SQL("q.{}").format(sql.Identifier(shape))
    if is_geography:
        held = sql.SQL("{}::{}").format(held, sql.Identifier(home, "geometry"))
    straight = sql.SQL("CASE WHEN {0}({2}) THEN {1}({2}) ELSE {2} END").format(
        sql.Identifier(home, "st_hasarc"), sql.Identifier(home, "st_curvetoline"), held
    )
    statement = sql.SQL("SELECT {}{}({}), {}({}) FROM ({}) AS q{}").format(
        sql.SQL("").join(sql.SQL("q.{}, ").format(sql.Identifier(c)) for c in others),
        sql.Identifier(home, "st_asbinary"),
        straight,
        sql.Identifier(home, "st_srid"),
        held,
        select,
        order,
    )
    rows: list[tuple[Any, ...]] = []
    with connection.cursor(name="woongeo") as cursor:
        cursor.adapters.register_loader("numeric", FloatLoader)
        cursor.itersize = _PORTION
        cursor.execute(statement)
        rows.extend(cursor)
    *values, wkb, srids = list(zip(*rows, strict=True)) or [()] * (len(others) + 2)
    frame = pd.DataFrame(
        {i: pd.Series(column, dtype=object).infer_objects() for i, column in enumerate(values)},
        index=pd.RangeIndex(len(rows)),
    )
    frame.columns = pd.Index(others)
    shapes = shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore")
    unread = int((shapely.is_missing(shapes) & np.array([w is not None for w in wkb])).sum())
    notes = [f"gelezen op {dt.date.today().isoformat()}"]  # noqa: DTZ011  the user's own day
    if unread:
        notes.append(f"{counted(unread, 'vlak kon', 'vlakken konden')} niet worden gelezen")
    if table and not order.as_string(connection):
        notes.append("de tabel heeft geen primaire sleutel: de volgorde van rijen ligt niet vast")
    digest = hashlib.sha256()
    for shape_wkb in wkb:
        digest.update(shape_wkb or b"-")
    digest.update(frame.to_csv(index=False).encode("utf-8", "surrogatepass"))
    crs = _system(connection, {s for s in srids if s is not None}, address.shown)
    frame["geometry"] = shapes
    return Rows(
        gpd.GeoDataFrame(frame, geometry="geometry"),
        crs,
        table or query,
        address.shown,
        digest.hexdigest(),
        notes,
    )


def _table(
    connection: psycopg.Connection[Any], address: Address, table: str
) -> tuple[sql.Composable, sql.Composable]:
    """Select all of a table, and order it by its primary key."""
    parts = table_parts(table)
    name = sql.Identifier(*parts)
    there = connection.execute(
        "SELECT pg_catalog.to_regclass(%s)::oid", [name.as_string(connection)]
    ).fetchone()
    if there is None or there[0] is None:
        raise FileError(
            f"{address.shown}: tabel {table} bestaat niet, of deze gebruiker mag haar niet zien; "
            "schrijf schema.tabel."
        )
    keys = connection.execute(
        "SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a "
        "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indrelid = %s AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)",
        [there[0]],
    ).fetchall()
    order: sql.Composable = sql.SQL("")
    if keys:
        listed = sql.SQL(", ").join(sql.SQL("q.{}").format(sql.Identifier(k)) for (k,) in keys)
        order = sql.SQL(" ORDER BY {}").format(listed)
    return sql.SQL("SELECT * FROM {}").format(name), order


def _query(query: str) -> sql.Composable:
    """Take a query as it is written."""
    # A line behind it: the last one may be a comment. The user wrote it, and the server lets it
    # read only.
    return sql.SQL(query.strip().rstrip(";") + "\n")


def _columns(
    connection: psycopg.Connection[Any], select: sql.Composable, shown: str, what: str
) -> tuple[str, list[str], bool]:
    """Find the one column with shapes, and the others."""
    # Prepared, for then the server refuses a second statement: one that ends this transaction
    # would end what keeps it from changing anything.
    cursor = connection.execute(
        sql.SQL("SELECT * FROM ({}) AS q LIMIT 0").format(select), prepare=True
    )
    kinds = {
        oid: str(name)
        for oid, name in connection.execute(
            "SELECT oid, typname FROM pg_catalog.pg_type WHERE typname IN ('geometry', 'geography')"
        )
    }
    columns = [(c.name, kinds.get(c.type_code, "")) for c in cursor.description or ()]
    names = [name for name, _ in columns]
    double = [name for name in names if names.count(name) > 1]
    shapes = [name for name, kind in columns if kind]
    if double:
        raise FileError(
            f"{shown}: kolom {double[0]!r} komt vaker voor in {what}; noem elke anders."
        )
    if len(shapes) != 1:
        listed = ", ".join(shapes) or "geen"
        raise FileError(
            f"{shown}: {what} moet één kolom met geometrie hebben (nu: {listed}); kies met een "
            "query welke."
        )
    others = [name for name in names if name != shapes[0]]
    return shapes[0], others, dict(columns)[shapes[0]] == "geography"


def _system(connection: psycopg.Connection[Any], srids: set[int], shown: str) -> pyproj.CRS | None:
    """Look up the one reference system that shapes state; None where they state none."""
    if len(srids) > 1:
        listed = ", ".join(str(s) for s in sorted(srids))
        raise FileError(
            f"{shown}: de rijen hebben verschillende SRID's ({listed}); maak ze gelijk met "
            "ST_Transform in een query."
        )
    srid = next(iter(srids), 0)
    if not srid:
        return None
    home = extension_schema(connection, shown)
    row = connection.execute(
        sql.SQL("SELECT auth_name, auth_srid, srtext FROM {} WHERE srid = %s").format(
            sql.Identifier(home, "spatial_ref_sys")
        ),
        [srid],
    ).fetchone()
    for said in [f"{row[0]}:{row[1]}", row[2]] if row is not None else []:
        try:
            return pyproj.CRS.from_user_input(said)
        except CRSError:
            continue
    raise FileError(f"{shown}: SRID {srid} staat niet in spatial_ref_sys; geef crs= op.")


__all__ = [
    "Address",
    "Rows",
    "connected",
    "extension_schema",
    "read_address",
    "read_postgis",
    "table_parts",
]
