"""Where woongeo's time goes: CPU seconds per kind of work, on one core, beside the floor.

The floor is what reading, two indexes of edges, the distances and the cuts that cannot be avoided
take when nothing else is done, at 10,000 locations (docs/prestaties.md tells how it was found)::

    python tests/benchmarks/national_profile.py --sites 10000
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import tempfile
import time
import warnings
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from national import folder
from national_own import read_layers, write
from national_workload import make

import woongeo

if TYPE_CHECKING:
    from collections.abc import Callable

#: Kind of work to what is done in it: a function, or a file with a dot in its name.
KINDS = {
    "bestanden lezen, uitpakken, hash": (
        *("selected.py", "readers.py", "arrow.py", "core.py", "io.py", "from_wkb"),
        *("_read_parquet", "hexdigest", "geoparquet.py", "to_numpy"),
        *("<method 'update' of '_hashlib.HASH' objects>",),
    ),
    "knippen waar locaties zijn": ("clip_by_rect", "cutting.py", "cumsum", "around.py"),
    "nakijken van vormen": ("is_valid", "is_valid_reason", "near.py", "geometry.py"),
    "index van randen, afstanden": (
        *("shortest_line", "multilinestrings", "get_rings", "get_exterior_ring", "length"),
        *("nearest.py", "outlines.py"),
        *("distance", "query_nearest", "linestrings"),
    ),
    "wie raakt wie": (
        *("<method 'query' of 'shapely.lib.STRtree' objects>", "contains_properly", "covers"),
        *("<method 'dwithin' of 'shapely.lib.STRtree' objects>", "dwithin", "intersects"),
        *("<method 'query_nearest' of 'shapely.lib.STRtree' objects>", "prepare"),
    ),
    "snijden, verenigen, oppervlakte": (
        *("intersection", "union_all", "buffer", "area", "measure.py", "combine.py", "bounds"),
        *("get_parts", "get_num_coordinates", "disjoint_subset_union_all"),
    ),
}
_REST = "oordelen, redenen, tabellen"


class _AtOnce(Executor):
    """Does what it is given in the thread that gives it: there cProfile sees it."""

    def __init__(self, _: int) -> None:
        super().__init__()

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done


def kinds_of(stats: pstats.Stats) -> dict[str, float]:
    """Share the seconds out over kinds of work."""
    found = dict.fromkeys([*KINDS, _REST], 0.0)
    of = {name: kind for kind, names in KINDS.items() for name in names}
    for (file, _, function), row in stats.stats.items():  # type: ignore[attr-defined]
        kind = of.get(function) or of.get(os.path.basename(file)) or _REST  # noqa: PTH119
        found[kind] += row[2]
    return found


def profiled(work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Work several times in turn with a profile, to see where seconds go, and without."""
    seen, whole = [], []
    for _ in range(rounds):
        profile = cProfile.Profile(time.process_time)
        profile.runcall(work)
        seen.append(kinds_of(pstats.Stats(profile)))
        start = time.process_time()
        work()
        whole.append(time.process_time() - start)
    found = {kind: statistics.median(x[kind] for x in seen) for kind in KINDS}
    # cProfile makes Python slower, and GEOS not: Python is what is left without a profile.
    total = statistics.median(whole)
    return {**found, _REST: max(0.0, total - sum(found.values())), "samen": total}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Where the time goes.")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    make(folder(), asked.sites)
    # On one core, and all work in one thread: what cProfile sees is all there is.
    os.sched_setaffinity(0, [0])
    source = folder() / f"sites_{asked.sites}.parquet"
    held: list[woongeo.Layer] = []
    at_once = mock.patch("woongeo.threads.ThreadPoolExecutor", _AtOnce)
    with tempfile.TemporaryDirectory() as place, at_once:

        def cold() -> None:
            locations = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
            layers = read_layers(folder(), locations)
            write(woongeo.screen(locations, layers), Path(place))
            held[:] = layers

        def warm() -> None:
            again = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
            write(woongeo.screen(again, held), Path(place))

        first, second = profiled(cold, asked.rounds), profiled(warm, asked.rounds)
    print("| CPU-seconden, één kern | koud | lagen gereed |\n|---|---|---|")
    for kind, seconds in first.items():
        print(f"| {kind} | {seconds:.2f} | {second[kind]:.2f} |".replace(".", ","))


if __name__ == "__main__":
    main()
