"""The same work by others: each reads the files, screens, and writes the same two tables.

Hits are by exact distance and zones are polygons of 128 corners, as woongeo's are, so that answers
can be compared. Each is written as someone who knows the tool would: zones are drawn only around
what is hit, a distance is looked for only where it does not follow from a hit.
"""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import national_sql
import numpy as np
import pandas as pd
import shapely
from national_common import LARGE, QUARTER, REACH_M, WORK, Clock, SkippedError, layer_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def _read(data: Path, name: str, *, in_order: bool = False) -> gpd.GeoDataFrame:
    column, _ = WORK[name]
    filters = [(column, "==", True)] if column else None
    path = layer_file(data, name, in_order=in_order)
    return gpd.read_parquet(path, columns=["nr", "geometry"], filters=filters)


def geopandas(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Join, overlay, dissolve, join nearest: the recipe of the manual."""
    clock = Clock()
    loc = gpd.read_parquet(data / f"sites_{n}.parquet", columns=["loc_id", "geometry"])
    layers = {name: _read(data, name, in_order=in_order) for name in WORK}
    clock.mark("lezen")
    results, pieces = [], []
    for name, (_, width) in WORK.items():
        layer = layers[name]
        how = {"predicate": "dwithin", "distance": width} if width else {"predicate": "intersects"}
        joined = gpd.sjoin(loc, layer, **how)
        ids = joined.groupby("loc_id")["nr"].agg(lambda s: ",".join(map(str, sorted(set(s)))))
        zones = layer.loc[joined["index_right"].unique()]
        if width:
            zones = zones.set_geometry(zones.buffer(width, quad_segs=QUARTER))
        clock.mark("verbinden")
        parts = gpd.overlay(loc, zones, how="intersection")[["loc_id", "geometry"]]
        taken = parts.dissolve("loc_id")
        pieces.append(taken.reset_index())
        clock.mark("snijden")
        near = gpd.sjoin_nearest(loc, layer, max_distance=REACH_M, distance_col="dist")
        clock.mark("afstand")
        table = pd.DataFrame({"loc_id": loc["loc_id"], "layer": name})
        table["ids"] = table["loc_id"].map(ids).fillna("")
        table["area"] = table["loc_id"].map(taken.area).fillna(0.0)
        table["dist"] = table["loc_id"].map(near.groupby("loc_id")["dist"].min())
        results.append(table)
    union = pd.concat(pieces).dissolve("loc_id").area
    total = pd.DataFrame({"loc_id": loc["loc_id"], "union": loc["loc_id"].map(union).fillna(0.0)})
    clock.mark("verenigen")
    pd.concat(results).to_parquet(out / "hits.parquet")
    total.to_parquet(out / "union.parquet")
    clock.mark("schrijven")
    return clock.done()


def tiles(shapes: NDArray[np.object_], most: int) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Halve shapes until none has more corners, and tell of which each piece is."""
    small: list[Any] = []
    owners: list[int] = []
    todo = [(part, i) for i, shape in enumerate(shapes) for part in shapely.get_parts(shape)]
    while todo:
        shape, owner = todo.pop()
        if shapely.get_num_coordinates(shape) <= most:
            if shape.area > 0:
                small.append(shape)
                owners.append(owner)
            continue
        west, south, east, north = shape.bounds
        if east - west > north - south:
            middle = (west + east) / 2
            halves = [(west, south, middle, north), (middle, south, east, north)]
        else:
            middle = (south + north) / 2
            halves = [(west, south, east, middle), (west, middle, east, north)]
        for half in halves:
            todo += [
                (part, owner) for part in shapely.get_parts(shapely.clip_by_rect(shape, *half))
            ]
    return np.array(small, dtype=object), np.array(owners)


def sedonadb_tiled(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Ask SedonaDB, with its nearest join, on tiles: it has no subdivision of its own."""
    return _sedonadb(data, n, out, in_order=in_order, every=False)


def sedonadb_every(data: Path, n: int, out: Path, *, in_order: bool) -> dict[str, float]:
    """Ask it what is nearest to every site, also to those that are hit: the shorter query."""
    return _sedonadb(data, n, out, in_order=in_order, every=True)


def _sedonadb(data: Path, n: int, out: Path, *, in_order: bool, every: bool) -> dict[str, float]:
    try:
        import sedonadb  # noqa: PLC0415  optional
    except ImportError as error:
        raise SkippedError(
            "sedonadb is niet geïnstalleerd (pip install sedonadb[geopandas])"
        ) from error
    con = sedonadb.connect()
    clock = Clock()

    def make(name: str, query: str) -> None:
        con.sql(query).to_memtable().to_view(name, overwrite=True)

    con.read_parquet(str(data / f"sites_{n}.parquet")).to_view("sites")
    make("loc", "SELECT loc_id, geometry AS geom FROM sites")
    for name, (column, _) in WORK.items():
        if name in LARGE:
            frame = _read(data, name)
            clock.mark("lezen")
            pieces, owner = tiles(frame.geometry.to_numpy(), 256)
            cut = gpd.GeoDataFrame(
                {"nr": frame["nr"].to_numpy()[owner]}, geometry=pieces, crs=frame.crs
            )
            made = con.create_data_frame(cut.rename_geometry("geom"))
            made.to_memtable().to_view(name, overwrite=True)
            clock.mark("knippen")
        else:
            con.read_parquet(str(layer_file(data, name, in_order=in_order))).to_view(f"f_{name}")
            rows = f"FROM f_{name}" + (f" WHERE {column}" if column else "")
            make(name, f"SELECT nr, geometry AS geom {rows}")
            clock.mark("lezen")
    for name, (_, width) in WORK.items():
        meets = f"ST_DWithin(l.geom, f.geom, {width})" if width else "ST_Intersects(l.geom, f.geom)"
        zone = f"ST_Buffer(f.geom, {width}, 'quad_segs={QUARTER}')" if width else "f.geom"
        away = "ST_Distance(l.geom, f.geom)" if width else "CAST(0.0 AS DOUBLE)"
        make(
            "p",
            f"SELECT l.loc_id, f.nr, ST_Intersection(l.geom, {zone}) g, {away} d "
            f"FROM loc l JOIN {name} f ON {meets}",
        )
        make(
            f"a_{name}",
            "SELECT loc_id, string_agg(DISTINCT CAST(nr AS VARCHAR), ',') ids, min(d) d, "
            "ST_UnaryUnion(ST_Collect_Agg(g)) g FROM p GROUP BY loc_id",
        )
        rest = f"LEFT JOIN a_{name} a ON l.loc_id = a.loc_id WHERE a.loc_id IS NULL"
        make("todo", f"SELECT l.loc_id, l.geom FROM loc l {'' if every else rest}")
        make(
            f"d_{name}",
            f"SELECT l.loc_id, min(ST_Distance(l.geom, f.geom)) d FROM todo l JOIN {name} f "
            "ON ST_KNN(l.geom, f.geom, 1, FALSE) GROUP BY l.loc_id",
        )
    parts = " UNION ALL ".join(f"SELECT loc_id, g FROM a_{name}" for name in WORK)
    make(
        "u",
        "SELECT loc_id, ST_Area(ST_UnaryUnion(ST_Collect_Agg(g))) u "
        f"FROM ({parts}) e GROUP BY loc_id",
    )
    clock.mark("vraag")
    listed = " UNION ALL ".join(
        f"SELECT l.loc_id, '{name}' AS layer, coalesce(a.ids, '') AS ids, "
        "coalesce(ST_Area(a.g), 0.0) AS area, coalesce(a.d, x.d) AS dist FROM loc l "
        f"LEFT JOIN a_{name} a ON l.loc_id = a.loc_id LEFT JOIN d_{name} x ON l.loc_id = x.loc_id"
        for name in WORK
    )
    con.sql(listed).to_pandas().to_parquet(out / "hits.parquet")
    con.sql(
        'SELECT loc.loc_id, coalesce(u, 0.0) AS "union" FROM loc LEFT JOIN u '
        "ON loc.loc_id = u.loc_id"
    ).to_pandas().to_parquet(out / "union.parquet")
    clock.mark("schrijven")
    return clock.done()


def version(peer: str) -> str:
    """Say what a peer is made of."""
    name = peer.partition(" ")[0].rstrip(",")
    if name == "postgis":
        return national_sql.postgis_version()
    try:
        told = f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return ""
    if name in {"duckdb", "sedonadb"}:
        return told
    return f"{told}, shapely {shapely.__version__}, GEOS {shapely.geos_version_string}"


PEERS: dict[str, Callable[..., dict[str, float]]] = {
    "geopandas": geopandas,
    "duckdb": national_sql.duckdb,
    "duckdb betegeld": national_sql.duckdb_tiled,
    "postgis": national_sql.postgis,
    "sedonadb betegeld": sedonadb_tiled,
    "sedonadb, elke naaste": sedonadb_every,
}
