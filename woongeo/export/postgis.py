"""Tables of a screening in PostGIS, in one transaction.

A table is ours where its comment begins with our mark; nothing else in a schema is ever touched.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg import sql

from woongeo.encode import visible
from woongeo.errors import OutputError
from woongeo.export.tables import field, storable_text
from woongeo.sources.postgis import connected, extension_schema, read_address, table_parts
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from woongeo.export.contents import Contents
    from woongeo.export.tables import Field

_MARK = "Gemaakt door woongeo."
_MANIFEST = "manifest"
# Longer names are cut by the server itself, and two may become one.
_NAME_BYTES = 63
# https://www.postgresql.org/docs/current/ddl-system-columns.html
_TAKEN = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "geom", "rij"}
_KINDS = {"b": "boolean", "i": "bigint", "f": "double precision", "O": "text"}
_LOCK_S = 15

Connection = psycopg.Connection[Any]


def write_tables(contents: Contents, url: str, schema: str, *, overwrite: bool) -> list[str]:
    """Write all tables, or none.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    url : str
        The database.
    schema : str
        Where to.
    overwrite : bool
        Whether our own tables are replaced.

    Returns
    -------
    list of str
        The tables, as "schema.table".

    Raises
    ------
    OutputError
        When something may not be replaced or cannot be written; then nothing was changed.
    """
    address = read_address(url)
    tables = _tables(contents)
    _refuse_inputs(contents, schema, tables)
    reason = ""
    with connected(address) as connection:
        try:
            home = extension_schema(connection, address.shown)
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(f"{_LOCK_S}s"))
            # Nobody's function or type can pass for ours.
            connection.execute(
                sql.SQL("SET LOCAL search_path = pg_catalog, {}").format(sql.Identifier(home))
            )
            _make_schema(connection, schema)
            _clear(connection, schema, [*tables, _MANIFEST], overwrite=overwrite)
            for name, table in tables.items():
                _write(connection, schema, name, table, contents)
            _write_manifest(connection, schema, contents, list(tables))
            connection.commit()
        except psycopg.Error as error:
            reason = _advice(error, schema)
    if reason:
        raise OutputError(
            f"{address.shown}, schema {schema}: kan niet worden geschreven: {reason}. "
            "Er is niets gewijzigd."
        )
    return [f"{schema}.{name}" for name in [*tables, _MANIFEST]]


def _tables(contents: Contents) -> dict[str, pd.DataFrame]:
    """Give all tables by name."""
    facts = contents.facts
    layers = pd.DataFrame(
        [
            {
                "laag": layer["laag"],
                "titel": layer["titel"],
                "uitgever": layer["uitgever"],
                "licentie": layer["licentie"],
                "peildatum": layer["peildatum"] and dt.date.fromisoformat(layer["peildatum"]),
                "objecten": layer["objecten"],
                "bestand": (layer["bron"] or {}).get("bestand"),
                "sha256": (layer["bron"] or {}).get("sha256"),
                "dekking": layer["dekking"],
                "onbekend_omdat": layer["onbekend_omdat"] or layer["te_oud_omdat"],
                "onvolledig_omdat": layer["onvolledig_omdat"],
            }
            for layer in facts["lagen"]
        ]
    )
    told = ("regel", "zwaarte", "geldt_voor", "grondslag", "bron", "bron_datum", "zekerheid")
    rules = pd.DataFrame(
        [
            {"sleutel": key, "laag": layer["laag"], **{name: rule[name] for name in told}}
            for layer in facts["lagen"]
            for key, rule in layer["regels"].items()
        ]
    )
    sources = pd.DataFrame(contents.provenance(), columns=["onderdeel", "eigenschap", "waarde"])
    return {
        "locaties": contents.locaties,
        "treffers": contents.treffers,
        **contents.tables,
        "lagen": layers,
        "regels": rules,
        "herkomst": sources,
    }


def _refuse_inputs(contents: Contents, schema: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse to replace a table that this screening was read from."""
    sources = contents.screening.locations.source.all()
    for layer in contents.screening.layers:
        for read in (layer.source, layer.coverage.source):
            sources += [] if read is None else read.all()
    for source in sources:
        if source.driver != "PostGIS":
            continue
        parts = table_parts(source.layer)
        if parts[-1] in tables and parts[0] in {schema, parts[-1]}:
            raise OutputError(
                f"{source.layer} is zelf invoer van deze screening; kies een ander schema. "
                "Er is niets gewijzigd."
            )


def _make_schema(connection: Connection, schema: str) -> None:
    """Make a schema where it is not there, and let one program at a time write in it."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('woongeo'), hashtext(%s))", [schema])
    there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone()
    if there is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(
            sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(schema), _MARK)
        )


def _clear(connection: Connection, schema: str, names: list[str], *, overwrite: bool) -> None:
    """Make room: our own tables go where that was asked, others never."""
    there = connection.execute(
        "SELECT c.relname, c.relkind = 'r' AND "
        "coalesce(obj_description(c.oid, 'pg_class'), '') LIKE %s "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind NOT IN ('i', 'I', 't', 'S') ORDER BY c.relname",
        [f"{_MARK}%", schema],
    ).fetchall()
    foreign = [name for name, ours in there if not ours and name in names]
    if foreign:
        raise OutputError(
            f"{schema}.{foreign[0]}: deze tabel is niet door woongeo gemaakt; kies een ander "
            "schema. Er is niets gewijzigd."
        )
    own = [name for name, ours in there if ours]
    if own and not overwrite:
        raise OutputError(
            f"schema {schema}: hier staat al een screening ({', '.join(own)}); kies een ander "
            "schema, of geef overwrite=True (--overwrite). Er is niets gewijzigd."
        )
    for name in own:
        # Without CASCADE: a view that somebody made on it stays, and stops this.
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(schema, name)))


def _column_names(columns: list[str]) -> dict[str, str]:
    """Give each column a name that PostgreSQL can hold."""
    taken = set(_TAKEN)
    result = {}
    for column in columns:
        base = storable_text(column) or "kolom"
        name, i = _cut(base, ""), 1
        while name in taken:
            i += 1
            name = _cut(base, f"_{i}")
        taken.add(name)
        result[column] = name
    return result


def _cut(name: str, ending: str) -> str:
    """Shorten a name to what fits, between characters."""
    room = _NAME_BYTES - len(ending.encode())
    return name.encode()[:room].decode("utf-8", "ignore") + ending


def _write(
    connection: Connection, schema: str, name: str, table: pd.DataFrame, contents: Contents
) -> None:
    """Make a table, fill it and count it."""
    place = sql.Identifier(schema, name)
    columns = [str(c) for c in table.columns if c != "geometry"]
    names = _column_names(columns)
    fields = [field(table[c]) for c in columns]
    kinds = [_kind(x) for x in fields]
    parts: list[sql.Composable] = [sql.SQL("rij bigint PRIMARY KEY")]
    parts += [
        sql.SQL("{} {}").format(sql.Identifier(names[c]), sql.SQL(kind))
        for c, kind in zip(columns, kinds, strict=True)
    ]
    values: list[Any] = [range(1, len(table) + 1), *(_values(x) for x in fields)]
    kinds = ["bigint", *kinds]
    has_shapes = isinstance(table, gpd.GeoDataFrame)
    if isinstance(table, gpd.GeoDataFrame):
        parts.append(sql.SQL("geom geometry(Geometry, 28992)"))
        shapes = shapely.set_srid(table.geometry.to_numpy(), 28992)
        values.append(shapely.to_wkb(shapes, hex=True, include_srid=True).tolist())
        kinds.append("text")
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(place, sql.SQL(", ").join(parts)))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN").format(place)) as copy,
    ):
        for row in zip(*values, strict=True):
            copy.write_row(row)
    if has_shapes:
        connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(place))
    comment = sql.SQL("COMMENT ON TABLE {} IS {}")
    connection.execute(comment.format(place, f"{_MARK} {SCREENING}"))
    titles = contents.titles(table)
    for column in columns:
        told = titles.get(column, "" if names[column] == column else f"in de invoer: {column}")
        if told:
            connection.execute(
                sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                    sql.Identifier(schema, name, names[column]), visible(told)
                )
            )
    counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(place)).fetchone()
    if counted is None or counted[0] != len(table):
        raise OutputError(
            f"{schema}.{name}: niet alle {len(table)} rijen zijn geschreven. Er is niets gewijzigd."
        )


def _kind(column: Field) -> str:
    """Name the type of a column."""
    kind = column.data.dtype.kind
    if kind == "M":
        if column.data.dtype == "datetime64[D]":
            return "date"
        return "timestamp with time zone" if column.utc else "timestamp"
    return _KINDS[kind]


def _values(column: Field) -> list[Any]:
    """Give the values of a column; moments in UTC say so."""
    values = column.values()
    if not column.utc:
        return values
    return [None if v is None else v.replace(tzinfo=dt.UTC) for v in values]


def _write_manifest(
    connection: Connection, schema: str, contents: Contents, tables: list[str]
) -> None:
    """Write by what, when and of what all this was made."""
    place = sql.Identifier(schema, _MANIFEST)
    connection.execute(
        sql.SQL(
            "CREATE TABLE {} (rij bigint PRIMARY KEY, versie text, let_op text, gemaakt timestamp "
            "with time zone, tabellen text[], manifest jsonb)"
        ).format(place)
    )
    connection.execute(
        sql.SQL("INSERT INTO {} VALUES (1, %s, %s, now(), %s, %s::jsonb)").format(place),
        [
            contents.screening.version,
            SCREENING,
            tables,
            json.dumps(_storable(contents.facts), ensure_ascii=False),
        ],
    )
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(place, f"{_MARK} {SCREENING}"))


def _storable(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """Write out characters that PostgreSQL cannot hold, wherever they stand."""
    if isinstance(value, dict):
        return {storable_text(name): _storable(x) for name, x in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(x) for x in value]
    return storable_text(value) if isinstance(value, str) else value


def _advice(error: psycopg.Error, schema: str) -> str:
    """Say what kept tables from being written, and what to do."""
    advice = {
        psycopg.errors.LockNotAvailable: "een tabel is in gebruik; sluit haar in QGIS",
        psycopg.errors.InsufficientPrivilege: (
            f"deze gebruiker mag hier niet schrijven; vraag de beheerder om rechten op {schema}"
        ),
        psycopg.errors.DependentObjectsStillExist: (
            "een view of tabel van een ander hangt aan onze tabellen; kies een ander schema"
        ),
        psycopg.errors.DiskFull: "de schijf van de server is vol",
        psycopg.errors.TooManyColumns: "er zijn meer kolommen dan PostgreSQL kent (1600)",
        psycopg.errors.ReadOnlySqlTransaction: "deze server is alleen-lezen",
        psycopg.errors.QueryCanceled: "de server brak het werk af",
    }
    for kind, text in advice.items():
        if isinstance(error, kind):
            return text
    if isinstance(error, psycopg.OperationalError):
        return "de verbinding met de database brak af"
    return visible((error.diag.message_primary or type(error).__name__).splitlines()[0])
