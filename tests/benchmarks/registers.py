"""Read a register of 100,000 plans with five years each, and keep from the public what is not.

Plans as DIWI exports them for Gelderland, made up: one in ten is part of another, half are public::

    python tests/benchmarks/registers.py --plans 100000
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.errors import WoongeoWarning
from woongeo.registers import read_register
from woongeo.registers.provinces import melt
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def plans(n: int) -> gpd.GeoDataFrame:
    """Make up plans of a hectare each, on a grid."""
    rng = np.random.default_rng(1)
    x, y = 120_000 + (np.arange(n) % 400) * 200, 400_000 + (np.arange(n) // 400) * 200
    built = rng.integers(3, 50, n)
    table = {
        "GlobalID": [f"{{{i}}}" for i in range(n)],
        "plannaam": [f"Plan {i}" for i in range(n)],
        "gemeente": rng.choice(["Ede", "Barneveld", "Nijkerk"], n),
        "status_planologisch": rng.choice(["1A. Onherroepelijk", "3. In voorbereiding"], n),
        "vertrouwelijkheid": rng.choice(["Openbaar", "Gemeente"], n),
        "knelpunten_meerkeuze": rng.choice(["Netcongestie,Stikstofruimte", "Geen", ""], n),
        "overkoepelende_plan_id": [f"{{{i - 1}}}" if i % 10 == 9 else None for i in range(n)],
        "realisatiekans": rng.choice(["70%", "100%"], n),
        "Totaal_bouw": built,
        "Totaal_sloop": 0,
        "Totaal_netto": built,
        "Totaal_gerealiseerd": 0,
        "Totaal_resterend": built,
        "Totaal_netto_resterend": built,
    }
    shapes = shapely.box(x, y, x + 100, y + 100)
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:28992")


def years(n: int) -> pd.DataFrame:
    """Make up five years a plan: 33 cells, one in ten filled."""
    rng = np.random.default_rng(2)
    table: dict[str, object] = {"jaartal": np.tile(np.arange(2026, 2031), n)}
    prices = [f"{kind}{i}" for kind in ("koop", "huur") for i in range(1, 5)]
    for home in ("meergezins", "eengezins", "onbekend"):
        for price in (*prices, "koop_onb", "huur_onb", "onbekend"):
            table[f"{home}_{price}"] = rng.integers(1, 3, 5 * n) * (rng.random(5 * n) < 0.1)
    return pd.DataFrame(table)


def timed(what: str, work: Callable[[], T]) -> T:
    """Do some work, and say how long it took."""
    start = time.perf_counter()
    done = work()
    print(f"{what:44}{time.perf_counter() - start:8.1f} s")
    return done


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=100_000)
    n = parser.parse_args().plans
    given, table = plans(n), years(n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        found = timed(f"read_register, {n} plans", lambda: read_register(given))
        timed(f"its {5 * n} years", lambda: melt(table, np.repeat(np.arange(n), 5)))
        places = timed("locations", lambda: found.locations)
        timed("for_audience, register", lambda: for_audience(found, "openbaar"))
        timed("for_audience, locations", lambda: for_audience(places, "openbaar"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'most memory':44}{peak:8.0f} MB")


if __name__ == "__main__":
    main()
