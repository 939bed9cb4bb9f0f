"""How long a search of Noord-Holland takes, exact and on cells.

Run it as ``python tests/benchmarks/searching.py MAP`` with the folder of real data. Drawn beside
Natura 2000: 20,000 points with a zone of 100 m, and a raster of 100 m cells, with large areas of
deep water or with a value of chance in each cell.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import rasterio
import shapely

import woongeo
from woongeo.rules import RasterRule

WAYS = (None, 25.0, 50.0)
_CELL = 100.0


def rasters(folder: Path, bounds: np.ndarray) -> dict[str, woongeo.Layer]:
    """Draw two rasters over the province."""
    west, south = np.floor(bounds[:2] / _CELL) * _CELL
    east, north = np.ceil(bounds[2:] / _CELL) * _CELL
    shape = int((north - south) / _CELL), int((east - west) / _CELL)
    y, x = np.indices(shape)
    chance = np.random.default_rng(1).integers(0, 3, shape)
    drawn = {"raster, grote vlakken": np.sin(x / 30) + np.cos(y / 40) + 1, "raster, ruis": chance}
    layers = {}
    for i, (name, values) in enumerate(drawn.items()):
        path = folder / f"{i}.tif"
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=shape[0],
            width=shape[1],
            count=1,
            dtype="float32",
            crs="EPSG:28992",
            transform=rasterio.Affine(_CELL, 0, west, 0, -_CELL, north),
        ) as file:
            file.write(values.astype("float32"), 1)
        layers[name] = woongeo.read_raster_layer("water", path, rule=RasterRule(above=1.5))
    return layers


def main(data: Path) -> None:
    """Measure, and print a table."""
    warnings.simplefilter("ignore")
    provinces = woongeo.read_regions(
        "provincie", data / "gebieden" / "cbs_provincies_2022_rd.gpkg", name_column="provincie"
    )
    here = provinces.frame[provinces.frame["gebied"] == "Noord-Holland"]
    bounds = here.total_bounds
    place = np.random.default_rng(1).uniform(bounds[:2], bounds[2:], (20_000, 2))
    points = gpd.GeoDataFrame(geometry=shapely.points(place), crs="EPSG:28992")
    natura = data / "natura2000" / "natura2000_162_rd.gpkg"
    with TemporaryDirectory() as folder:
        layers = {
            "Natura 2000": woongeo.read_layer("natura2000", natura, coverage="nederland"),
            "20.000 zones van 100 m": woongeo.read_layer(
                "bedrijf", points, coverage="nederland", rule=woongeo.Rule(within_m=100)
            ),
            **rasters(Path(folder), bounds),
        }
        for name, layer in layers.items():
            told = []
            for cell in WAYS:
                start = time.perf_counter()
                woongeo.find_sites(provinces, [layer], only=["Noord-Holland"], cell_m=cell)
                told.append(f"{time.perf_counter() - start:.1f} s".replace(".", ","))
            print(f"| {name} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
