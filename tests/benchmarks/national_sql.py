"""The national work in the SQL of DuckDB and of PostGIS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from national_common import LARGE, QUARTER, REACH_M, WORK, Clock, SkippedError, layer_file

if TYPE_CHECKING:
    from collections.abc import Callable

#: How far is looked for what is nearest, step by step: DuckDB knows no nearest join.
_LADDER = (500.0, 2_000.0, 6_000.0, REACH_M)

#: Sides of the squares that large shapes are cut by, and the corners that need no more cutting.
_GRID_M, _CORNERS = (20_000, 5_000, 1_250), 256


def duckdb(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Spatial joins in SQL."""
    return _duckdb(data, n, out, in_order=in_order, tiled=False)


def duckdb_tiled(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Spatial joins in SQL, of large shapes that are cut by a grid first."""
    return _duckdb(data, n, out, in_order=in_order, tiled=True)


def _engine() -> Any:
    """Open DuckDB with its spatial extension, which without internet is a package of its own."""
    try:
        import duckdb as engine  # noqa: PLC0415  optional
        import duckdb_extension_spatial  # noqa: PLC0415  optional
    except ImportError as error:
        told = f"{error.name} is niet geïnstalleerd (pip install duckdb duckdb-extension-spatial)"
        raise SkippedError(told) from error
    con = engine.connect(config={"allow_unsigned_extensions": "true"})
    root = Path(duckdb_extension_spatial.__file__).parent / "extensions"
    path = root / f"v{engine.__version__}" / "spatial.duckdb_extension"
    if not path.exists():
        raise SkippedError(f"duckdb-extension-spatial is niet van versie {engine.__version__}")
    con.execute(f"LOAD '{path}'")
    return con


def _duckdb(data: Path, n: int, out: Path, *, in_order: bool, tiled: bool) -> dict[str, float]:
    run = _engine().execute
    clock = Clock()
    run(
        "CREATE TABLE loc AS SELECT loc_id, geometry::GEOMETRY geom "
        f"FROM '{data}/sites_{n}.parquet'"
    )
    for name, (column, _) in WORK.items():
        path = layer_file(data, name, in_order=in_order)
        rows = f"FROM '{path}'" + (f" WHERE {column}" if column else "")
        run(f"CREATE TABLE {name} AS SELECT nr, geometry::GEOMETRY geom {rows}")
    clock.mark("lezen")
    if tiled:
        for name in LARGE:
            _cut(run, name)
        clock.mark("knippen")
    for name, (_, width) in WORK.items():
        meets = f"ST_DWithin(l.geom, f.geom, {width})" if width else "ST_Intersects(l.geom, f.geom)"
        zone = f"ST_Buffer(f.geom, {width}, {QUARTER})" if width else "f.geom"
        away = "ST_Distance(l.geom, f.geom)" if width else "0.0::DOUBLE"
        run(
            f"CREATE OR REPLACE TABLE p AS SELECT loc_id, nr, ST_Intersection(l.geom, {zone}) g, "
            f"{away} d FROM loc l JOIN {name} f ON {meets}"
        )
        run(
            f"CREATE TABLE a_{name} AS SELECT loc_id, string_agg(DISTINCT nr::VARCHAR, ',') ids, "
            "CASE WHEN count(*) = 1 THEN any_value(g) ELSE ST_Union_Agg(g) END g "
            "FROM p GROUP BY loc_id"
        )
        run(f"CREATE TABLE d_{name} AS SELECT loc_id, min(d) d FROM p GROUP BY loc_id")
        for step in _LADDER:
            run(
                "CREATE OR REPLACE TABLE todo AS SELECT * FROM loc "
                f"WHERE loc_id NOT IN (SELECT loc_id FROM d_{name})"
            )
            run(
                f"INSERT INTO d_{name} SELECT loc_id, min(ST_Distance(l.geom, f.geom)) "
                f"FROM todo l JOIN {name} f ON ST_DWithin(l.geom, f.geom, {step}) GROUP BY loc_id"
            )
    listed = " UNION ALL ".join(
        f"SELECT l.loc_id, '{name}' layer, coalesce(ids, '') ids, coalesce(ST_Area(g), 0) area, "
        f"d dist FROM loc l LEFT JOIN a_{name} USING (loc_id) LEFT JOIN d_{name} USING (loc_id)"
        for name in WORK
    )
    every = " UNION ALL ".join(f"SELECT loc_id, g FROM a_{name}" for name in WORK)
    run(
        "CREATE TABLE u AS SELECT loc_id, ST_Area(ST_Union_Agg(g)) u "
        f"FROM ({every}) GROUP BY loc_id"
    )
    clock.mark("vraag")
    run(f"COPY ({listed}) TO '{out}/hits.parquet' (FORMAT parquet)")
    run(
        'COPY (SELECT loc_id, coalesce(u, 0) AS "union" FROM loc LEFT JOIN u USING (loc_id)) '
        f"TO '{out}/union.parquet' (FORMAT parquet)"
    )
    clock.mark("schrijven")
    return clock.done()


def _cut(run: Callable[[str], object], name: str) -> None:
    """Cut large shapes by squares, ever smaller, until they have few corners."""
    run(
        "CREATE OR REPLACE TABLE todo AS SELECT nr, geom FROM "
        f"(SELECT nr, UNNEST(ST_Dump(geom)).geom geom FROM {name})"
    )
    run("CREATE OR REPLACE TABLE small (nr BIGINT, geom GEOMETRY)")
    for side in _GRID_M:
        run(f"INSERT INTO small SELECT * FROM todo WHERE ST_NPoints(geom) <= {_CORNERS}")
        columns = (
            f"range(floor(ST_XMin(geom) / {side})::INT, floor(ST_XMax(geom) / {side})::INT + 1)"
        )
        rows = f"range(floor(ST_YMin(geom) / {side})::INT, floor(ST_YMax(geom) / {side})::INT + 1)"
        square = f"ST_MakeEnvelope(i * {side}, j * {side}, (i + 1) * {side}, (j + 1) * {side})"
        run(
            "CREATE OR REPLACE TABLE todo AS SELECT nr, geom FROM (SELECT nr, UNNEST(ST_Dump("
            f"ST_Intersection(geom, {square}))).geom geom FROM (SELECT nr, geom, i, "
            f"UNNEST({rows}) j FROM (SELECT nr, geom, UNNEST({columns}) i FROM todo "
            f"WHERE ST_NPoints(geom) > {_CORNERS}))) WHERE ST_Area(geom) > 0"
        )
    run("INSERT INTO small SELECT * FROM todo")
    run(f"DROP TABLE {name}")
    run(f"ALTER TABLE small RENAME TO {name}")


# --- PostGIS


def _database() -> Any:
    """Open the database that was started for this run, or another with PostGIS."""
    dsn = os.environ.get("WOONGEO_PGDSN")
    if not dsn:
        raise SkippedError("PostGIS staat niet op deze machine (of zet WOONGEO_PGDSN)")
    try:
        import psycopg  # noqa: PLC0415  optional
    except ImportError as error:
        raise SkippedError("psycopg is niet geïnstalleerd (pip install psycopg[binary])") from error
    return psycopg.connect(dsn, autocommit=True)


def postgis_version() -> str:
    """Say which PostgreSQL, PostGIS and GEOS."""
    try:
        con = _database()
    except SkippedError:
        return ""
    with con:
        row = con.execute(
            "SELECT current_setting('server_version'), postgis_lib_version(), "
            "postgis_geos_version()"
        ).fetchone()
    return f"PostgreSQL {row[0].split()[0]}, PostGIS {row[1]}, GEOS {row[2].split('-')[0]}"


def postgis(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Load, subdivide, index, join; nearest by the index."""
    con = _database()
    run = con.execute
    clock = Clock()
    run("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET jit = off")
    run("SET synchronous_commit = off; SET max_parallel_workers_per_gather = 2")
    run("SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 10")

    def load(table: str, frame: gpd.GeoDataFrame, key: str) -> None:
        run(f"DROP TABLE IF EXISTS {table}")
        run(f"CREATE UNLOGGED TABLE {table} (nr int, geom geometry)")
        wkb = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
        with con.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for start in range(0, len(frame), 20_000):
                part = slice(start, start + 20_000)
                pairs = zip(frame[key].to_numpy()[part], wkb[part], strict=True)
                copy.write("".join(f"{i}\t{shape}\n" for i, shape in pairs))

    load("loc", _frame(data / f"sites_{n}.parquet", "loc_id", ""), "loc_id")
    for name, (column, _) in WORK.items():
        load(name, _frame(layer_file(data, name, in_order=in_order), "nr", column), "nr")
    clock.mark("laden")
    for name in LARGE:
        run("DROP TABLE IF EXISTS small")
        run(f"CREATE UNLOGGED TABLE small AS SELECT nr, ST_Subdivide(geom, 256) geom FROM {name}")
        run(f"DROP TABLE {name}")
        run(f"ALTER TABLE small RENAME TO {name}")
    clock.mark("knippen")
    for name in ("loc", *WORK):
        run(f"CREATE INDEX ON {name} USING gist (geom)")
        run(f"ANALYZE {name}")
    clock.mark("index")
    for name, (_, width) in WORK.items():
        _ask_postgis(run, name, width)
    every = " UNION ALL ".join(f"SELECT loc_id, g FROM a_{name}" for name in WORK)
    run("DROP TABLE IF EXISTS u")
    run(
        "CREATE UNLOGGED TABLE u AS SELECT loc_id, ST_Area(ST_Union(g)) u "
        f"FROM ({every}) e GROUP BY loc_id"
    )

    def table(query: str) -> pd.DataFrame:
        cursor = con.execute(query)
        return pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description or ()])

    listed = " UNION ALL ".join(
        f"SELECT l.nr loc_id, '{name}' AS layer, coalesce(ids, '') ids, coalesce(ST_Area(g), 0.0) "
        f"area, coalesce(a.d, x.d) dist FROM loc l LEFT JOIN a_{name} a ON a.loc_id = l.nr "
        f"LEFT JOIN d_{name} x ON x.loc_id = l.nr"
        for name in WORK
    )
    hits = table(listed)
    union = table(
        'SELECT nr loc_id, coalesce(u, 0.0) "union" FROM loc LEFT JOIN u ON u.loc_id = nr'
    )
    clock.mark("vraag")
    hits.to_parquet(out / "hits.parquet")
    union.to_parquet(out / "union.parquet")
    clock.mark("schrijven")
    return clock.done()


def _ask_postgis(run: Callable[[str], object], name: str, width: float) -> None:
    """Join a layer, unite per site, and find what is nearest where nothing is hit."""
    run(f"DROP TABLE IF EXISTS p, a_{name}, d_{name}")
    meets = f"ST_DWithin(l.geom, f.geom, {width})" if width else "ST_Intersects(l.geom, f.geom)"
    zone = f"ST_Buffer(f.geom, {width}, {QUARTER})" if width else "f.geom"
    away = "ST_Distance(l.geom, f.geom)" if width else "0.0::float8"
    # OFFSET 0: a zone is drawn once for each pair, and not again where it is used twice.
    run(
        "CREATE UNLOGGED TABLE p AS SELECT loc_id, nr, d, CASE WHEN ST_CoveredBy(geom, zone) "
        "THEN geom ELSE ST_Intersection(geom, zone) END g FROM (SELECT l.nr loc_id, f.nr, l.geom, "
        f"{zone} zone, {away} d FROM loc l JOIN {name} f ON {meets} OFFSET 0) x"
    )
    run(
        f"CREATE UNLOGGED TABLE a_{name} AS SELECT loc_id, string_agg(DISTINCT nr::text, ',') ids, "
        "min(d) d, ST_Union(g) g FROM p GROUP BY loc_id"
    )
    run(
        f"CREATE UNLOGGED TABLE d_{name} AS SELECT l.nr loc_id, "
        f"(SELECT ST_Distance(l.geom, f.geom) FROM {name} f "
        "ORDER BY l.geom <-> f.geom LIMIT 1) d FROM loc l "
        f"WHERE NOT EXISTS (SELECT FROM a_{name} a WHERE a.loc_id = l.nr)"
    )


def _frame(path: Path, key: str, column: str) -> gpd.GeoDataFrame:
    filters = [(column, "==", True)] if column else None
    return gpd.read_parquet(path, columns=[key, "geometry"], filters=filters)
