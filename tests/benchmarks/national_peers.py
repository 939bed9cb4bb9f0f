"""The same work by others: each reads the files, screens, and writes the same two tables.

Hits are by exact distance and zones are polygons of 128 corners, as woongeo's are, so that answers
can be compared. Each is written as someone who knows the tool would; none is tuned to the data.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable

REACH_M = 25_000.0

#: Layer to the column that chooses rows and the width of its zone.
WORK: dict[str, tuple[str, float]] = {
    "nature": ("", 0.0),
    "zones": ("vol", 0.0),
    "goats": ("", 2_000.0),
    "parcels": ("gespoten", 50.0),
}


class SkippedError(Exception):
    """A peer that cannot run here, and why."""


def _read(data: Path, name: str) -> gpd.GeoDataFrame:
    column, _ = WORK[name]
    filters = [(column, "==", True)] if column else None
    return gpd.read_parquet(data / f"{name}.parquet", columns=["nr", "geometry"], filters=filters)


def geopandas(data: Path, n: int, out: Path) -> None:
    """Join, overlay, dissolve, join nearest: the recipe of the manual."""
    loc = gpd.read_parquet(data / f"sites_{n}.parquet", columns=["loc_id", "geometry"])
    results, pieces = [], []
    for name, (_, width) in WORK.items():
        layer = _read(data, name)
        how = {"predicate": "dwithin", "distance": width} if width else {"predicate": "intersects"}
        joined = gpd.sjoin(loc, layer, **how)
        ids = joined.groupby("loc_id")["nr"].agg(lambda s: ",".join(map(str, sorted(set(s)))))
        zones = layer.set_geometry(layer.buffer(width, quad_segs=32)) if width else layer
        parts = gpd.overlay(loc, zones, how="intersection")[["loc_id", "geometry"]]
        taken = parts.dissolve("loc_id")
        pieces.append(taken.reset_index())
        near = gpd.sjoin_nearest(loc, layer, max_distance=REACH_M, distance_col="dist")
        table = pd.DataFrame({"loc_id": loc["loc_id"], "layer": name})
        table["ids"] = table["loc_id"].map(ids).fillna("")
        table["area"] = table["loc_id"].map(taken.area).fillna(0.0)
        table["dist"] = table["loc_id"].map(near.groupby("loc_id")["dist"].min())
        results.append(table)
    union = pd.concat(pieces).dissolve("loc_id").area
    total = pd.DataFrame({"loc_id": loc["loc_id"], "union": loc["loc_id"].map(union).fillna(0.0)})
    pd.concat(results).to_parquet(out / "hits.parquet")
    total.to_parquet(out / "union.parquet")


def duckdb(data: Path, n: int, out: Path) -> None:
    """Spatial joins in SQL; DuckDB knows no nearest join, so distances by growing steps."""
    try:
        import duckdb as engine  # noqa: PLC0415  optional
    except ImportError as error:
        raise SkippedError("duckdb is niet geïnstalleerd (pip install duckdb)") from error
    con = engine.connect(config={"allow_unsigned_extensions": "true"})
    try:
        import duckdb_extension_spatial  # noqa: PLC0415  without internet the extension is a package

        root = Path(duckdb_extension_spatial.__file__).parent
        version = engine.__version__
        path = f"{root}/extensions/v{version}/spatial.duckdb_extension"
        con.execute(f"LOAD '{path}'")
    except (ImportError, engine.Error) as error:
        raise SkippedError("duckdb-extension-spatial is niet geïnstalleerd") from error
    run = con.execute
    run(
        f"CREATE TABLE loc AS SELECT loc_id, geometry::GEOMETRY geom "
        f"FROM '{data}/sites_{n}.parquet'"
    )
    for name, (column, width) in WORK.items():
        rows = f"FROM '{data}/{name}.parquet'" + (f" WHERE {column}" if column else "")
        run(f"CREATE TABLE f AS SELECT nr, geometry::GEOMETRY geom {rows}")
        meets = f"ST_DWithin(l.geom, f.geom, {width})" if width else "ST_Intersects(l.geom, f.geom)"
        zone = f"ST_Buffer(f.geom, {width}, 32)" if width else "f.geom"
        run(
            f"CREATE TABLE p AS SELECT loc_id, nr, ST_Intersection(l.geom, {zone}) g "
            f"FROM loc l JOIN f ON {meets}"
        )
        run(
            f"CREATE TABLE a_{name} AS SELECT loc_id, string_agg(DISTINCT nr::VARCHAR, ',') ids, "
            "CASE WHEN count(*) = 1 THEN any_value(g) ELSE ST_Union_Agg(g) END g "
            "FROM p GROUP BY loc_id"
        )
        run(f"CREATE TABLE d_{name} (loc_id BIGINT, d DOUBLE)")
        for step in (500, 2_000, 6_000, 25_000):
            run(
                f"INSERT INTO d_{name} SELECT loc_id, min(ST_Distance(l.geom, f.geom)) "
                f"FROM (SELECT * FROM loc WHERE loc_id NOT IN (SELECT loc_id FROM d_{name})) l "
                f"JOIN f ON ST_DWithin(l.geom, f.geom, {step}.0) GROUP BY loc_id"
            )
        run("DROP TABLE f; DROP TABLE p")
    listed = " UNION ALL ".join(
        f"SELECT l.loc_id, '{name}' layer, coalesce(ids, '') ids, coalesce(ST_Area(g), 0) area, "
        f"d dist FROM loc l LEFT JOIN a_{name} USING (loc_id) LEFT JOIN d_{name} USING (loc_id)"
        for name in WORK
    )
    run(f"COPY ({listed}) TO '{out}/hits.parquet' (FORMAT parquet)")
    every = " UNION ALL ".join(f"SELECT loc_id, g FROM a_{name}" for name in WORK)
    run(
        'COPY (SELECT loc_id, coalesce(u, 0) AS "union" FROM loc LEFT JOIN (SELECT loc_id, '
        f"ST_Area(ST_Union_Agg(g)) u FROM ({every}) GROUP BY loc_id) USING (loc_id)) "
        f"TO '{out}/union.parquet' (FORMAT parquet)"
    )


def postgis(data: Path, n: int, out: Path) -> None:
    """Load, subdivide, index, join; nearest by the index. Needs a database: WOONGEO_PGDSN."""
    dsn = os.environ.get("WOONGEO_PGDSN")
    if not dsn:
        raise SkippedError("geen database: zet WOONGEO_PGDSN")
    try:
        import psycopg  # noqa: PLC0415  optional
    except ImportError as error:
        raise SkippedError("psycopg is niet geïnstalleerd") from error
    con = psycopg.connect(dsn, autocommit=True)
    run = con.execute
    run("SET work_mem = '256MB'; SET jit = off; SET synchronous_commit = off")

    def load(table: str, frame: gpd.GeoDataFrame, key: str) -> None:
        run(f"DROP TABLE IF EXISTS {table}")
        run(f"CREATE UNLOGGED TABLE {table} (nr int, geom geometry)")
        wkb = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
        with con.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for start in range(0, len(frame), 20_000):
                part = slice(start, start + 20_000)
                pairs = zip(frame[key].to_numpy()[part], wkb[part], strict=True)
                copy.write("".join(f"{i}\t{shape}\n" for i, shape in pairs))

    def index(table: str) -> None:
        run(f"CREATE INDEX ON {table} USING gist (geom)")
        run(f"ANALYZE {table}")

    sites = gpd.read_parquet(data / f"sites_{n}.parquet", columns=["loc_id", "geometry"])
    load("loc", sites, "loc_id")
    index("loc")
    for name, (_, width) in WORK.items():
        load("raw", _read(data, name), "nr")
        run(f"DROP TABLE IF EXISTS f, p, a_{name}, d_{name}")
        run("CREATE UNLOGGED TABLE f AS SELECT nr, ST_Subdivide(geom, 256) geom FROM raw")
        index("f")
        meets = f"ST_DWithin(l.geom, f.geom, {width})" if width else "ST_Intersects(l.geom, f.geom)"
        zone = f"ST_Buffer(f.geom, {width}, 32)" if width else "f.geom"
        run(
            f"CREATE UNLOGGED TABLE p AS SELECT l.nr loc_id, f.nr, CASE WHEN "
            f"ST_CoveredBy(l.geom, {zone}) THEN l.geom ELSE ST_Intersection(l.geom, {zone}) END g "
            f"FROM loc l JOIN f ON {meets}"
        )
        run(
            f"CREATE UNLOGGED TABLE a_{name} AS SELECT loc_id, string_agg(DISTINCT nr::text, ',') "
            "ids, ST_Union(g) g FROM p GROUP BY loc_id"
        )
        run(
            f"CREATE UNLOGGED TABLE d_{name} AS SELECT l.nr loc_id, (SELECT ST_Distance(l.geom, "
            "f.geom) FROM f ORDER BY l.geom <-> f.geom LIMIT 1) d FROM loc l"
        )

    def table(query: str) -> pd.DataFrame:
        cursor = con.execute(query)
        return pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description or ()])

    listed = " UNION ALL ".join(
        f"SELECT l.nr loc_id, '{name}' AS layer, coalesce(ids, '') ids, coalesce(ST_Area(g), 0.0) "
        f"area, d dist FROM loc l LEFT JOIN a_{name} a ON a.loc_id = l.nr "
        f"LEFT JOIN d_{name} x ON x.loc_id = l.nr"
        for name in WORK
    )
    table(listed).to_parquet(out / "hits.parquet")
    every = " UNION ALL ".join(f"SELECT loc_id, g FROM a_{name}" for name in WORK)
    table(
        'SELECT nr loc_id, coalesce(u, 0.0) "union" FROM loc LEFT JOIN (SELECT loc_id, '
        f"ST_Area(ST_Union(g)) u FROM ({every}) e GROUP BY loc_id) x ON x.loc_id = nr"
    ).to_parquet(out / "union.parquet")


PEERS: dict[str, Callable[[Path, int, Path], None]] = {
    "geopandas": geopandas,
    "duckdb": duckdb,
    "postgis": postgis,
}


def differences(ours: Path, theirs: Path) -> str:
    """Compare answers: area to 1e-9 of itself, distance to a millimetre, ids equal."""
    key = ["loc_id", "layer"]
    a = pd.read_parquet(ours / "hits.parquet").set_index(key).sort_index()
    b = pd.read_parquet(theirs / "hits.parquet").set_index(key).sort_index()

    def listed(ids: pd.Series) -> pd.Series:
        return ids.map(lambda text: sorted(text.split(",")))

    area = np.abs(a["area"] - b["area"]) / np.maximum(np.maximum(a["area"], b["area"]), 1.0)
    far_a, far_b = (x["dist"].where(x["dist"] <= REACH_M, np.inf) for x in (a, b))
    gap = np.where(far_a == far_b, 0.0, np.abs(far_a - far_b))
    u = [
        pd.read_parquet(x / "union.parquet").set_index("loc_id").sort_index()
        for x in (ours, theirs)
    ]
    union = np.abs(u[0]["union"] - u[1]["union"]) / np.maximum(u[1]["union"], 1.0)
    wrong = {
        "ids": int((listed(a["ids"]) != listed(b["ids"])).sum()),
        "oppervlakte": int((area > 1e-9).sum()),
        "afstand": int((gap > 1e-3).sum()),
        "vereniging": int((union > 1e-9).sum()),
    }
    worst = (
        f"oppervlakte {area.max():.0e}, afstand {np.max(gap):.0e} m, vereniging {union.max():.0e}"
    )
    told = ", ".join(f"{n} x {what}" for what, n in wrong.items() if n)
    return f"verschilt: {told} ({worst})" if told else f"gelijk ({worst})"
