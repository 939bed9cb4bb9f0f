"""How long each form of the outcome takes, and how large it is.

``python tests/benchmarks/export.py [LOCATIES]`` draws so many circles over the country (100,000
without a number), screens them against a drawn layer and one that is absent, and writes each form.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import woongeo
from woongeo.export import FORMATS, manifest
from woongeo.export.contents import Contents
from woongeo.export.forms import named_tables, writers


def sites(n: int) -> woongeo.Locations:
    """Draw circles of 60 m, a number of homes in each."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(100_000, 240_000, n), rng.uniform(380_000, 560_000, n)
    columns = {
        "plan_id": [f"P{i}" for i in range(n)],
        "plannaam": [f"Plan nummer {i}" for i in range(n)],
        "woningen": rng.integers(1, 400, n),
        "planstatus": rng.choice(["1A", "2B", "3", "4A"], n),
        "gemeente": rng.choice(["Haarlem", "Súdwest-Fryslân", "Ede"], n),
    }
    circles = shapely.buffer(shapely.points(x, y), 60, quad_segs=4)
    return woongeo.read_locations(gpd.GeoDataFrame(columns, geometry=circles, crs=28992))


def layer() -> woongeo.Layer:
    """Draw surfaces of a square kilometre, ten apart."""
    x, y = (
        v.ravel() for v in np.meshgrid(np.arange(1e5, 2.4e5, 1e4), np.arange(3.8e5, 5.6e5, 1e4))
    )
    drawn = gpd.GeoDataFrame(geometry=shapely.box(x, y, x + 1_000, y + 1_000), crs=28992)
    return woongeo.read_layer("natura2000", drawn, coverage="nederland")


def main() -> None:
    """Write each form once."""
    warnings.simplefilter("ignore", woongeo.WoongeoWarning)
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gone = woongeo.missing_layer("netcongestie", reason="niet geleverd")
    screening = woongeo.screen(sites(n), [layer(), gone], on=dt.date(2026, 11, 1))
    capacity = woongeo.summarize_plancapaciteit(screening)
    facts = manifest(screening, capacity)
    contents = Contents.of(screening, named_tables(capacity, None, None), facts)
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            start, size = time.perf_counter(), 0
            for name, write in writers(contents, [kind]).items():
                write(Path(folder) / name)
                size += (Path(folder) / name).stat().st_size
            print(f"{kind:8} {time.perf_counter() - start:6.2f} s {size / 1e6:7.1f} MB")


if __name__ == "__main__":
    main()
