"""Values of a raster under sites: woongeo beside exactextract, each in turn, several rounds.

The workload is drawn here and always the same: sites of 5 to 40 corners and about 4 ha all over the
country, and a grid of depths with gaps. Another one can be given::

    python tests/benchmarks/zonal.py --sites 10000 --cell 25 --rounds 3
    python tests/benchmarks/zonal.py --raster diepte.tif --places locaties.parquet
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from exactextract import exact_extract

from woongeo.engine import Sites
from woongeo.engine.raster import cells_under
from woongeo.sources.raster import read_raster

WEST, SOUTH, EAST, NORTH = 10_000, 305_000, 280_000, 615_000


def draw_sites(n: int) -> np.ndarray:
    """Draw sites with ragged edges."""
    rng = np.random.default_rng(1)
    made = []
    for x, y in zip(rng.uniform(WEST, EAST, n), rng.uniform(SOUTH, NORTH, n), strict=True):
        corners = int(rng.integers(5, 40))
        turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.lognormal(4.6, 0.5) * rng.uniform(0.7, 1.3, corners)
        made.append(np.c_[x + radius * np.cos(turn), y + radius * np.sin(turn)])
    shapes = shapely.make_valid([shapely.Polygon(ring) for ring in made])
    return np.array([s for s in shapes if s.geom_type == "Polygon"], dtype=object)


def draw_raster(path: Path, cell: float) -> None:
    """Draw depths, a third of them without a value."""
    rows, columns = int((NORTH - SOUTH) / cell), int((EAST - WEST) / cell)
    wave = np.sin(np.arange(rows) * cell / 9_000)[:, None]
    depth = (3 * wave * np.cos(np.arange(columns) * cell / 7_000)).astype("float32")
    depth[depth < -1] = -9_999
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        crs="EPSG:28992",
        transform=rasterio.Affine(cell, 0, WEST, 0, -cell, NORTH),
        nodata=-9_999,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        compress="deflate",
    ) as file:
        file.write(depth, 1)


def by_woongeo(path: Path, shapes: np.ndarray) -> np.ndarray:
    """Work out means with woongeo, reading included."""
    mean = np.full(len(shapes), np.nan)
    with read_raster(path).opened() as grid:
        for cells in cells_under(Sites(shapes), grid):
            mean[cells.sites] = cells.mean()
    return mean


def by_exactextract(path: Path, frame: gpd.GeoDataFrame) -> np.ndarray:
    """Work out means with exactextract, reading included."""
    found = exact_extract(str(path), frame, ["mean"], output="pandas")
    return np.asarray(found["mean"].to_numpy(float))


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--cell", type=float, default=25.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--raster", type=Path)
    parser.add_argument("--places", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.raster or Path(folder) / "diepte.tif"
        if given.raster is None:
            draw_raster(path, given.cell)
        if given.places is None:
            shapes = draw_sites(given.sites)
        else:
            shapes = gpd.read_parquet(given.places).geometry.to_numpy()[: given.sites]
        frame = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:28992")
        ours, theirs = [], []
        for _ in range(given.rounds):
            start = time.perf_counter()
            mine = by_woongeo(path, shapes)
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            other = by_exactextract(path, frame)
            theirs.append(time.perf_counter() - start)
        both = ~np.isnan(mine) & ~np.isnan(other)
        off = np.abs(mine - other)[both]
        print(f"{len(shapes)} sites, median of {given.rounds} rounds, reading included")
        print(f"woongeo      {statistics.median(ours):8.3f} s  {np.round(ours, 3)}")
        print(f"exactextract {statistics.median(theirs):8.3f} s  {np.round(theirs, 3)}")
        print(f"ratio        {statistics.median(theirs) / statistics.median(ours):8.1f}")
        print(f"both known {both.sum()}, one only {(np.isnan(mine) != np.isnan(other)).sum()}")
        print(f"difference: median {np.median(off):.1e}, largest {off.max():.1e}")
        print(f"more than 1e-3 apart: {(off > 1e-3).sum()}")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
