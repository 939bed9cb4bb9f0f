"""Values of a raster under sites: woongeo beside exactextract and rasterstats, in turn.

One command draws the work (always the same), lets each do its round in a process of its own, round
after round so that a busy moment hits all alike, checks that the answers agree, and prints the
table; all from files on disk to a table in memory, imports in nobody's time::

    python tests/benchmarks/zonal.py
    python tests/benchmarks/zonal.py --sites 10000 --cell 25 --rounds 5 --save zonal.json

rasterstats takes minutes: it does one round, and none above 10,000 sites. WOONGEO_BENCH names the
folder in which the work is drawn.

exactextract keeps the share of a cell in 4 bytes, so that areas agree with it to 1e-7; that the
cells under a site add up to its area is checked by itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from rasterstats import zonal_stats

import woongeo
from woongeo.engine import Sites
from woongeo.engine.cells import covered
from woongeo.engine.raster import cells_under
from woongeo.rules import RasterRule
from woongeo.sources.raster import read_raster

WEST, SOUTH, EAST, NORTH = 5_000, 300_000, 280_000, 625_000
SLOW = 10_000


def draw_sites(path: Path, n: int) -> None:
    """Draw sites of 5 to 40 corners and about 4 ha, with ragged edges."""
    rng = np.random.default_rng(1)
    made = []
    for x, y in zip(rng.uniform(WEST, EAST, n), rng.uniform(SOUTH, NORTH, n), strict=True):
        corners = int(rng.integers(5, 40))
        turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.lognormal(4.6, 0.5) * rng.uniform(0.7, 1.3, corners)
        made.append(np.c_[x + radius * np.cos(turn), y + radius * np.sin(turn)])
    shapes = shapely.make_valid([shapely.Polygon(ring) for ring in made])
    shapes = shapes[shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON]
    ids = pd.Series(range(len(shapes))).astype(str)
    gpd.GeoDataFrame({"loc_id": ids}, geometry=shapes, crs="EPSG:28992").to_parquet(path)


def draw_raster(path: Path, cell: float) -> None:
    """Draw depths of water in whole centimetres: waves, dry where they are low."""
    rows, columns = int((NORTH - SOUTH) / cell), int((EAST - WEST) / cell)
    rng = np.random.default_rng(2)
    length, turn, phase = rng.uniform(3e3, 6e4, 12), *rng.uniform(0, 2 * np.pi, (2, 12))
    x = np.arange(columns)[:, None] * cell * np.cos(turn) * 2 * np.pi / length
    y = np.arange(rows)[:, None] * cell * np.sin(turn) * 2 * np.pi / length + phase
    # sin(x + y) of all waves together is a product of two narrow tables.
    tall = np.concatenate([np.sin(y), np.cos(y)], axis=1).astype("float32")
    wide = np.concatenate([np.cos(x), np.sin(x)], axis=1).astype("float32").T
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:28992",
        "transform": rasterio.Affine(cell, 0, WEST, 0, -cell, NORTH),
        "nodata": -9_999,
        "compress": "deflate",
        "predictor": 3,
    }
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512}
    with rasterio.open(path, "w", **profile, **tiles) as file:
        for top in range(0, rows, 512):
            depth = (0.6 * tall[top : top + 512] @ wide).round(2)
            depth[depth < -1] = -9_999
            file.write(depth, 1, window=rasterio.windows.Window(0, top, columns, len(depth)))


def by_woongeo(raster: Path, sites: Path) -> pd.DataFrame:
    """Screen through the public functions: shapes checked, files fingerprinted, reasons given."""
    locations = woongeo.read_locations(sites, id_column="loc_id", overlaps=False)
    rule = RasterRule(statistic="gemiddelde", above=1.5, unit="m")
    layer = woongeo.read_raster_layer("diepte", raster, rule=rule)
    table = woongeo.screen(locations, [layer]).locaties
    known = (1 - table["diepte_onbekend_aandeel"]) * table.geometry.area
    return pd.DataFrame({"mean": table["diepte_gemiddelde_m"], "m2": known})


def by_engine(raster: Path, sites: Path) -> pd.DataFrame:
    """Only the statistics, by the engine that the screening uses."""
    places = Sites(gpd.read_parquet(sites).geometry.to_numpy())
    mean, known = np.full((2, len(places)), np.nan)
    with read_raster(raster).opened() as grid:
        for cells in cells_under(places, grid):
            mean[cells.sites], known[cells.sites] = cells.mean(), cells.known
    return pd.DataFrame({"mean": mean, "m2": known * places.area})


def by_exactextract(raster: Path, sites: Path, order: str) -> pd.DataFrame:
    """Work out mean and covered cells, by site or by block of the raster."""
    frame = gpd.read_parquet(sites)
    found = exact_extract(
        str(raster), frame, ["mean", "count"], output="pandas", strategy=f"{order}-sequential"
    )
    return pd.DataFrame({"mean": found["mean"], "m2": found["count"] * _cell_m2(raster)})


def by_rasterstats(raster: Path, sites: Path) -> pd.DataFrame:
    """Work out the mean of cells whose middle lies in a site, and count them."""
    found = pd.DataFrame(zonal_stats(gpd.read_parquet(sites), raster, stats=["mean", "count"]))
    mean = pd.to_numeric(found["mean"])
    return pd.DataFrame({"mean": mean, "m2": found["count"] * _cell_m2(raster)})


def _cell_m2(raster: Path) -> float:
    """Give the size of a cell."""
    with rasterio.open(raster) as file:
        return float(abs(file.transform.a * file.transform.e))


EVERYONE = {
    "woongeo": by_woongeo,
    "woongeo, alleen cellen": by_engine,
    "exactextract": lambda raster, sites: by_exactextract(raster, sites, "feature"),
    "exactextract, per blok": lambda raster, sites: by_exactextract(raster, sites, "raster"),
    "rasterstats": by_rasterstats,
}


def run(who: str, raster: Path, sites: Path, out: Path) -> None:
    """Do one turn in this process, and print what it took."""
    warnings.simplefilter("ignore")
    start, busy = time.perf_counter(), time.process_time()
    answer = EVERYONE[who](raster, sites)
    took = {"s": time.perf_counter() - start, "cpu_s": time.process_time() - busy}
    answer.to_parquet(out)
    print(json.dumps(took | {"mb": _peak_mb()}))


def _peak_mb() -> float:
    """Most memory that this process held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    # What getrusage tells begins with the memory of the process that started this one.
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def turns(
    folder: Path, n: int, cell: float, rounds: int, without: list[str]
) -> list[dict[str, Any]]:
    """Let everyone do some rounds of one piece of work."""
    raster, sites = folder / f"diepte_{cell:g}.tif", folder / f"plekken_{n}.parquet"
    if not raster.exists():
        draw_raster(raster, cell)
    if not sites.exists():
        draw_sites(sites, n)
    found: dict[str, list[dict[str, float]]] = {who: [] for who in EVERYONE if who not in without}
    if n > SLOW:
        found.pop("rasterstats", None)
    for number in range(rounds):
        for who, took in found.items():
            if who == "rasterstats" and number:
                continue
            words = [sys.executable, __file__, "--run", who, str(raster), str(sites)]
            out = folder / f"antwoord {who}.parquet"
            said = subprocess.run([*words, str(out)], check=True, capture_output=True, text=True)
            took.append(json.loads(said.stdout.strip().splitlines()[-1]))
            print(f"{n}, {cell:g} m, ronde {number + 1}, {who}: {took[-1]}", flush=True)
    answers = {who: pd.read_parquet(folder / f"antwoord {who}.parquet") for who in found}
    shapes = gpd.read_parquet(sites).geometry.to_numpy()
    area = shapely.area(shapes)
    with read_raster(raster).opened() as grid:
        under = covered(shapes, grid)
    off = np.abs(np.bincount(under.shape, under.fraction) * _cell_m2(raster) / area - 1).max()
    print(f"cellen onder een locatie tellen op tot haar oppervlakte: scheelt hoogstens {off:.0e}")
    return [
        {
            "sites": n,
            "cell_m": cell,
            "who": who,
            "s": statistics.median(t["s"] for t in took),
            "cpu_s": statistics.median(t["cpu_s"] for t in took),
            "mb": max(t["mb"] for t in took),
            # Of turns in the same round: what kept the machine busy hit both.
            "ratio": _ratio(took, found["woongeo"], "s"),
            "cpu_ratio": _ratio(took, found["woongeo"], "cpu_s"),
            "turns": took,
            **differences(answers["woongeo"], answers[who], area),
        }
        for who, took in found.items()
    ]


def _ratio(took: list[dict[str, float]], ours: list[dict[str, float]], key: str) -> float:
    """Give the median of ratios."""
    return statistics.median(a[key] / b[key] for a, b in zip(took, ours, strict=False))


def differences(ours: pd.DataFrame, theirs: pd.DataFrame, area: np.ndarray) -> dict[str, float]:
    """Hold answers against each other."""
    both = ours["mean"].notna() & theirs["mean"].notna()
    off = (ours["mean"] - theirs["mean"])[both].abs()
    known = (ours["m2"].fillna(0) - theirs["m2"].fillna(0)).abs() / area
    return {
        "mean_off": float(off.max()),
        "mean_off_median": float(off.median()),
        "area_off": float(known.max()),
        "only_one": int((ours["mean"].notna() != theirs["mean"].notna()).sum()),
    }


def report(rows: list[dict[str, Any]]) -> None:
    """Print medians, ratios and how far answers lie apart."""
    print(
        "\n| locaties | cel (m) | wie | s | x | CPU-s | x | MB "
        "| gemiddelde scheelt hoogstens (mediaan) | oppervlakte scheelt | zonder antwoord |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        agrees = f"{row['mean_off']:.0e} ({row['mean_off_median']:.0e}) | {row['area_off']:.0e}"
        print(
            f"| {row['sites']} | {row['cell_m']:g} | {row['who']} | {row['s']:.2f} "
            f"| {row['ratio']:.1f} | {row['cpu_s']:.2f} | {row['cpu_ratio']:.1f} | {row['mb']:.0f} "
            f"| {agrees} | {row['only_one']} |"
        )


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description="Values of a raster under sites, beside others.")
    parser.add_argument("--sites", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--cell", type=float, nargs="*", default=[25.0, 1_000.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], choices=list(EVERYONE)[1:])
    parser.add_argument("--save", type=Path, help="where figures go as JSON")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        who, *paths = asked.run
        run(who, *(Path(path) for path in paths))
        return
    given = os.environ.get("WOONGEO_BENCH", Path(tempfile.gettempdir()) / "woongeo-bench")
    folder = Path(given) / "zonal"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for cell in asked.cell:
        for n in asked.sites:
            rows += turns(folder, n, cell, asked.rounds, asked.without)
    about = {
        "day": dt.date.today().isoformat(),  # noqa: DTZ011  for people
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} kernen",
        "load": os.getloadavg(),
    }
    print(f"\n{about['day']}; {about['machine']}; belasting {about['load'][0]:.1f}")
    report(rows)
    if asked.save:
        asked.save.write_text(json.dumps(about | {"rows": rows}, indent=1))


if __name__ == "__main__":
    main()
