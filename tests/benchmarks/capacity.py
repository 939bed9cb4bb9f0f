"""100,000 plans against 8 layers: what the questions of a bestuurlijk overleg cost.

The plans, layers and gemeenten are made up (seeded). Reading and screening are timed apart: they
are not what is asked here::

    python tests/benchmarks/capacity.py --plans 100000 --layers 8
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import woongeo
from woongeo.capacity import UITVAL_DERDE
from woongeo.errors import WoongeoWarning

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 250_000
CODES = ["1A", "1B", "1C", "2A", "2B", "3", "4A", "4B", "onbekend"]


def plans(n: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Draw plans on a grid, so that none overlaps another."""
    wide = int(np.ceil(np.sqrt(n)))
    step = SIDE / wide
    x, y = np.divmod(np.arange(n), wide)
    size = rng.uniform(20, step * 0.4, n)
    homes = np.round(rng.lognormal(3.5, 1.3, n))
    homes[rng.random(n) < 0.02] = np.nan
    boxes = shapely.box(
        20_000 + x * step, 320_000 + y * step, 20_000 + x * step + size, 320_000 + y * step + size
    )
    gemeente = (x // (wide // 18 + 1)) * 19 + y // (wide // 18 + 1)
    return gpd.GeoDataFrame(
        {
            "plan_id": [f"P{i}" for i in range(n)],
            "woningen": homes,
            "planstatus": rng.choice(CODES, n),
            "gemeente": [f"gemeente {g}" for g in gemeente],
            "sociale_huur": np.round(homes * 0.25),
            "betaalbare_koop": np.round(homes * 0.3),
            "knelpunten": rng.choice(["Netcongestie", "Geen", "Stikstof, Netcongestie", ""], n),
        },
        geometry=boxes,
        crs="EPSG:28992",
    )


def layer(key: str, rng: np.random.Generator, coverage: woongeo.Coverage) -> woongeo.Layer:
    """Draw discs that cover a part of the country."""
    x, y = rng.uniform(20_000, 270_000, 150), rng.uniform(320_000, 570_000, 150)
    discs = shapely.buffer(shapely.points(x, y), rng.uniform(2_000, 12_000, 150))
    frame = gpd.GeoDataFrame({"id": np.arange(150)}, geometry=discs, crs="EPSG:28992")
    return woongeo.read_layer(key, frame, coverage=coverage, id_column="id")


def phasing(frame: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Spread each plan over three years of twelve."""
    n = len(frame)
    year = np.sort(rng.choice(np.arange(2024, 2037), (n, 3)), axis=1)
    count = np.floor(frame["woningen"].to_numpy()[:, None] / 3).repeat(3, axis=1)
    plan = np.repeat(frame["plan_id"].to_numpy(), 3)
    table = pd.DataFrame({"plan_id": plan, "jaar": year.ravel(), "aantal": count.ravel()})
    return table.dropna()


def timed(name: str, work: Callable[[], object]) -> object:
    """Do something and tell how long it took, and how much of that was ours on a busy machine."""
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    took, own = time.perf_counter() - start, time.process_time() - busy
    print(f"{name:44}{took:8.2f} s {own:8.2f} s rekentijd", flush=True)
    return result


def main() -> None:
    """Time everything once."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--plans", type=int, default=100_000)
    arguments.add_argument("--layers", type=int, default=8)
    asked = arguments.parse_args()
    rng = np.random.default_rng(5)
    warnings.simplefilter("ignore", WoongeoWarning)
    frame = plans(asked.plans, rng)
    everywhere = woongeo.read_coverage(
        gpd.GeoDataFrame(geometry=[shapely.box(0, 300_000, 290_000, 625_000)], crs="EPSG:28992")
    )
    west = woongeo.read_coverage(
        gpd.GeoDataFrame(geometry=[shapely.box(0, 300_000, 200_000, 625_000)], crs="EPSG:28992")
    )
    names = ["netcongestie", "stikstof", *(f"laag{i}" for i in range(2, asked.layers))]
    layers = [layer(k, rng, west if i == 0 else everywhere) for i, k in enumerate(names)]
    locations = timed("(inlezen)", lambda: woongeo.read_locations(frame))
    assert isinstance(locations, woongeo.Locations)
    screening = timed("(screenen)", lambda: woongeo.screen(locations, layers))
    later_frame = frame.iloc[1_000:].assign(woningen=frame["woningen"] + 1)
    later = woongeo.screen(woongeo.read_locations(later_frame), layers)
    assert isinstance(screening, woongeo.Screening)
    phases = phasing(frame, rng)
    gemeenten = sorted(frame["gemeente"].unique())
    goals = pd.DataFrame(
        {
            "niveau": "gemeente",
            "gebied": gemeenten * 2,
            "van": [2024] * len(gemeenten) + [2031] * len(gemeenten),
            "tot": [2030] * len(gemeenten) + [2036] * len(gemeenten),
            "waarde": 5_000,
            "wat": "restopgave",
            "bron": "verzonnen",
        }
    )
    targets = woongeo.read_targets(goals)
    by = ["gemeente", "planstatus"]
    summarize = woongeo.summarize_plancapaciteit
    print(f"{len(gemeenten)} gemeenten, {len(phases)} fasen")
    timed("summarize_plancapaciteit, 2 niveaus", lambda: summarize(screening, by=by))
    timed(
        "  met opgave en fasering (2 perioden)",
        lambda: summarize(screening, by=by, targets=targets, fasering=phases),
    )
    timed(
        "  en opbrengst (1.000 trekkingen)",
        lambda: summarize(screening, by=by, targets=targets, fasering=phases, uitval=UITVAL_DERDE),
    )
    timed("knelpunten, 2 niveaus", lambda: woongeo.knelpunten(screening, by=by, fasering=phases))
    timed("vrijspelen, 2 niveaus", lambda: woongeo.vrijspelen(screening, by=by))
    timed("free_plans", lambda: woongeo.free_plans(screening))
    timed("compare (99.000 gelijk, 1.000 weg)", lambda: woongeo.compare(screening, later))
    timed("agreement", lambda: woongeo.agreement(screening))
    print(f"grootste geheugen {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
