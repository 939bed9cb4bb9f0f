"""Screening the whole country: woongeo beside what others use, in turn, with the ratios.

One command draws the workload, runs woongeo and each peer in a process of its own, round after
round so that a busy moment hits all alike, checks that the answers agree, and prints the table::

    python tests/benchmarks/national.py --sites 10000 --rounds 3

A peer that is not installed is skipped, with the reason. WOONGEO_BENCH names the folder of the
workload; imports are in nobody's time. With ``--stream`` woongeo screens in portions, with
``--without geopandas`` a peer stays out (at 100,000 sites it takes an hour).
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

import pandas as pd
import pyarrow.dataset  # noqa: F401  imported beforehand: no part of anyone's time
from national_peers import PEERS, WORK, SkippedError, differences
from national_workload import make

import woongeo
from woongeo import Layer, Locations, Rule, Screening


def folder() -> Path:
    """Where the workload is kept."""
    return Path(os.environ.get("WOONGEO_BENCH", Path(tempfile.gettempdir()) / "woongeo-bench"))


def read_layers(data: Path, around: Locations | None) -> list[Layer]:
    """Read the layers, of the catalogue where it knows them."""
    layers = []
    for name, (column, width) in WORK.items():
        layers.append(
            woongeo.read_layer(
                "natura2000" if name == "nature" else name,
                data / f"{name}.parquet",
                coverage="nederland",
                rule=Rule(within_m=width) if width else None,
                where={column: ["True"]} if column else None,
                around=around,
            )
        )
    return layers


def write(screening: Screening, out: Path) -> None:
    """Write the answers as the peers do."""
    hits = screening.treffers
    ids = hits["objecten"].str.replace(r"([^\s;]+)[^;]*(?:; )?", r"\1,", regex=True).str.rstrip(",")
    pd.DataFrame(
        {
            "loc_id": hits["locatie_id"].astype(int),
            "layer": hits["laag"].replace({"natura2000": "nature"}),
            "ids": ids,
            "area": hits["overlap_m2"],
            "dist": hits["afstand_m"],
        }
    ).to_parquet(out / "hits.parquet")
    union = screening.locaties
    pd.DataFrame(
        {"loc_id": union["locatie_id"].astype(int), "union": union["belemmerd_m2"]}
    ).to_parquet(out / "union.parquet")


def ours(data: Path, n: int, out: Path, *, stream: bool) -> dict[str, float]:
    """Read, screen and write; then again with the layers at hand, and with one distance changed."""
    steps, start = {}, time.perf_counter()
    source = data / f"sites_{n}.parquet"
    if stream:
        layers = read_layers(data, None)
        woongeo.screen_file(source, layers, folder=out / "uit", id_column="loc_id")
        return {"totaal": time.perf_counter() - start}
    locations = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
    steps["locaties"] = time.perf_counter() - start
    layers = read_layers(data, locations)
    steps["lagen"] = time.perf_counter() - start - sum(steps.values())
    screening = woongeo.screen(locations, layers)
    steps["screenen"] = time.perf_counter() - start - sum(steps.values())
    write(screening, out)
    steps["schrijven"] = time.perf_counter() - start - sum(steps.values())
    steps["totaal"] = sum(steps.values())
    start = time.perf_counter()
    again = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
    write(woongeo.screen(again, layers), out)
    steps["met lagen gereed"] = time.perf_counter() - start
    start = time.perf_counter()
    screening.changed({"parcels": Rule(within_m=60.0)})
    steps["andere afstand"] = time.perf_counter() - start
    return steps


def run(peer: str, n: int, out: Path, *, stream: bool) -> None:
    """Do one run in this process, and print what it took."""
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    steps: dict[str, float] = {}
    try:
        if peer == "woongeo":
            steps = ours(folder(), n, out, stream=stream)
        else:
            PEERS[peer](folder(), n, out)
            steps = {"totaal": time.perf_counter() - start}
    except SkippedError as reason:
        print(json.dumps({"skipped": str(reason)}))
        return
    print(json.dumps({"steps": steps, "memory_gb": _memory_gb()}))


def _memory_gb() -> float:
    """Most memory that this process held."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells begins with the memory of the process that started this one.
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    """Run everyone in turn and print the table."""
    parser = argparse.ArgumentParser(description="Screening the country, beside others.")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], choices=list(PEERS))
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run, asked.sites, asked.out, stream=asked.stream)
        return
    make(folder(), asked.sites)
    everyone = ["woongeo", *(peer for peer in PEERS if peer not in asked.without)]
    found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in everyone}
    with tempfile.TemporaryDirectory(dir=folder()) as scratch:
        for number in range(asked.rounds):
            for peer in everyone:
                if found[peer] and "skipped" in found[peer][0]:
                    continue
                out = Path(scratch) / f"{peer}_{number}"
                out.mkdir()
                words = [sys.executable, __file__, "--run", peer, "--out", str(out)]
                words += ["--sites", str(asked.sites), *(["--stream"] if asked.stream else [])]
                said = subprocess.run(words, check=True, capture_output=True, text=True)
                result = json.loads(said.stdout.strip().splitlines()[-1])
                if peer != "woongeo" and "steps" in result and not asked.stream:
                    result["agrees"] = differences(Path(scratch) / f"woongeo_{number}", out)
                found[peer].append(result)
                print(f"ronde {number + 1}, {peer}: {said.stdout.strip()}", flush=True)
    report(asked.sites, found)


def report(n: int, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print medians and ratios."""
    today = dt.date.today().isoformat()  # noqa: DTZ011  for people
    where = f"{platform.processor() or platform.machine()}, {os.cpu_count()} kernen"
    print(f"\n{n} locaties; {today}; {where}; belasting {os.getloadavg()[0]:.1f}\n")
    first = found["woongeo"]
    print("| wie | s | x woongeo | GB | antwoorden |\n|---|---|---|---|---|")
    for peer, runs in found.items():
        if "skipped" in runs[0]:
            print(f"| {peer} | - | - | - | overgeslagen: {runs[0]['skipped']} |")
            continue
        seconds = statistics.median(r["steps"]["totaal"] for r in runs)
        # Of runs in the same round: what kept the machine busy hit both.
        ratio = statistics.median(
            r["steps"]["totaal"] / o["steps"]["totaal"] for r, o in zip(runs, first, strict=True)
        )
        memory = max(r["memory_gb"] for r in runs)
        agrees = runs[-1].get("agrees", "")
        print(f"| {peer} | {seconds:.2f} | {ratio:.1f} | {memory:.2f} | {agrees} |")
    print(
        "\nwoongeo per stap: "
        + ", ".join(
            f"{step} {statistics.median(r['steps'][step] for r in first):.2f} s"
            for step in first[0]["steps"]
        )
    )


if __name__ == "__main__":
    main()
