"""Screening on a cluster: what a worker does in a second, holds in memory, and is sent.

::

    python tests/benchmarks/cluster.py --sites 100000 --workers 2

Draws the national workload (WOONGEO_BENCH names its folder), screens it on one core and on a
cluster of processes on this computer, checks that both say the same to the last bit, and works out
from parts that were measured what all buildings of the country would take. Seconds of one core are
those that it worked, so that others on the machine do not count; those of a cluster are of a clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import statistics
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from distributed import Client, LocalCluster
from national import folder
from national_own import read_layers
from national_workload import make, within_country

import woongeo
from woongeo import Layer, Locations, Screening
from woongeo.screening.parts import SITES, Divided, judge_part
from woongeo.screening.running import subjects_of
from woongeo.screening.toetsen import with_rules
from woongeo.threads import on_one_core

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Buildings in the BAG, and the land that they stand on (km²).
BUILDINGS, LAND_KM2 = 10_000_000, 33_500

DAY = dt.date(2026, 11, 22)
_TABLES = ("locaties", "treffers", "geraakt", "aandeel", "telt")


@dataclass(frozen=True)
class Cluster:
    """What a cluster took: seconds of a clock, and of each worker its own and its memory in GB."""

    seconds: float
    worked: list[float]
    memory: list[float]


@dataclass(frozen=True)
class Part:
    """What one part took, in seconds and bytes."""

    making: float
    judging: float
    sent: int
    answered: int


def peak_gb() -> float:
    """Most memory that this process held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(x for x in lines if x.startswith("VmHWM")).split()[1]) * 1024 / 1e9


def parts_of(locations: Locations, layers: list[Layer]) -> list[Part]:
    """Judge part after part in this process, on one core."""
    divided = Divided(subjects_of(locations, DAY), layers, "zacht", size=SITES)
    found, start = [], time.process_time()
    for _, work in divided:
        made = time.process_time()
        answer = judge_part(work)
        done = time.process_time()
        found.append(Part(made - start, done - made, len(work), len(answer)))
        start = time.process_time()
    return found


def buildings(places: int) -> list[Locations]:
    """Draw parts of the buildings of the country: boxes of 6 to 14 m, as close as there."""
    rng = np.random.default_rng(9)
    side = 1_000 * np.sqrt(SITES / (BUILDINGS / LAND_KM2))
    drawn = []
    for middle in within_country(rng, places):
        corner = middle + rng.uniform(-side / 2, side / 2, (SITES, 2))
        size = rng.uniform(6, 14, (SITES, 2))
        boxes = shapely.box(*corner.T, *(corner + size).T)
        frame = gpd.GeoDataFrame({"id": range(SITES)}, geometry=boxes, crs="EPSG:28992")
        drawn.append(woongeo.read_locations(frame, id_column="id", overlaps=False))
    return drawn


@contextmanager
def started(workers: int) -> Iterator[Client]:
    """Start a cluster of processes on this computer."""
    how = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=workers, **how) as cluster, Client(cluster) as client:
        client.run(__import__, "woongeo")
        yield client


def on_cluster(
    locations: Locations, layers: list[Layer], workers: int
) -> tuple[Screening, Cluster]:
    """Screen on processes of this computer."""
    with started(workers) as client:
        before, start = client.run(time.process_time), time.perf_counter()
        done = woongeo.screen(locations, layers, on=DAY, client=client)
        seconds, after = time.perf_counter() - start, client.run(time.process_time)
        worked = [after[worker] - before[worker] for worker in before]
        return done, Cluster(seconds, worked, list(client.run(peak_gb).values()))


def at_home(drawn: list[Locations], layers: list[Layer], workers: int) -> tuple[float, float]:
    """Screen a file of buildings: seconds that this process worked, and its memory in GB.

    The scheduler of the cluster is in this process too.
    """
    together = pd.concat([one.frame[["geometry"]] for one in drawn], ignore_index=True)
    with started(workers) as client, tempfile.TemporaryDirectory(dir=folder()) as scratch:
        path = Path(scratch) / "panden.parquet"
        together.to_parquet(path)
        start = time.process_time()
        out = Path(scratch) / "uit"
        woongeo.screen_file(path, layers, folder=out, on=DAY, rows=len(together), client=client)
        return time.process_time() - start, peak_gb()


def equal(one: Screening, other: Screening) -> bool:
    """Tell whether two screenings say the same, to the last bit."""
    return all(
        pd.DataFrame(getattr(one, name)).equals(pd.DataFrame(getattr(other, name)))
        for name in _TABLES
    )


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(description="Screening on a cluster.")
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--places", type=int, default=6)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    n = asked.sites
    make(folder(), n)
    path = folder() / f"sites_{n}.parquet"
    locations = woongeo.read_locations(path, id_column="loc_id", overlaps=False)
    layers = list(with_rules(read_layers(folder(), None), None))
    today = dt.date.today().isoformat()  # noqa: DTZ011  for people
    where = f"{platform.processor() or platform.machine()}, {os.cpu_count()} kernen"
    print(f"{n} locaties; {today}; {where}; belasting {os.getloadavg()[0]:.1f}", flush=True)
    start = time.process_time()
    with on_one_core():
        alone = woongeo.screen(locations, layers, on=DAY)
    seconds = time.process_time() - start
    print(f"zonder cluster, 1 kern: {seconds:.1f} s, {n / seconds:.0f} locaties/s", flush=True)
    for workers in asked.workers:
        done, took = on_cluster(locations, layers, workers)
        print(
            f"cluster van {workers}: {took.seconds:.1f} s op de klok; {n / sum(took.worked):.0f} "
            f"locaties per werkende seconde van een werker, hoogstens {max(took.memory):.2f} GB "
            f"per werker, {'gelijk op de bit' if equal(alone, done) else 'NIET GELIJK'}",
            flush=True,
        )
    told("locaties van het werk", parts_of(locations, layers)[:-1] or parts_of(locations, layers))
    drawn = buildings(asked.places)
    dense = [part for one in drawn for part in parts_of(one, layers)]
    told("panden, zo dicht als in Nederland", dense)
    # What a file takes once does not grow with its length.
    few, _ = at_home(drawn[: len(drawn) // 2], layers, asked.workers[-1])
    all_, memory = at_home(drawn, layers, asked.workers[-1])
    home = (all_ - few) / (len(drawn) - len(drawn) // 2)
    print(f"  hier, van bestand tot bestand, s: {home:.2f}; geheugen hier {memory:.2f} GB")
    many = BUILDINGS / SITES
    judging = many * statistics.mean(part.judging for part in dense) / 60
    print(f"\n{BUILDINGS:,} panden, {many:.0f} delen: beredeneerd uit {len(dense)} gemeten delen")
    for workers in (2, 4, 8):
        print(f"  {workers} werkers: {judging / workers:.1f} minuten, elk")
    print(f"  hier, van bestand tot bestand: {many * home / 60:.1f} minuten")
    for name, what in (("sent", "heen"), ("answered", "terug")):
        total = many * statistics.mean(getattr(part, name) for part in dense)
        print(f"  {what}: {total / 1e9:.1f} GB")


def told(what: str, parts: list[Part]) -> None:
    """Print what parts took, in the middle and at most."""
    print(f"\n{what}: {len(parts)} delen van {SITES} locaties (mediaan; meest)")
    for name, words, scale in (
        ("making", "maken, s", 1.0),
        ("judging", "beoordelen op één kern, s", 1.0),
        ("sent", "heen, MB", 1e6),
        ("answered", "terug, MB", 1e6),
    ):
        values = [getattr(part, name) / scale for part in parts]
        print(f"  {words}: {statistics.median(values):.2f}; {max(values):.2f}", flush=True)


if __name__ == "__main__":
    main()
