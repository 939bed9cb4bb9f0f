"""Screening the whole country: woongeo beside what others use, in turn, with the ratios.

One command draws the workload, runs woongeo and each peer in a process of its own, checks that the
answers agree, and prints the rows that stand in docs/prestaties.md::

    python tests/benchmarks/national.py --sites 10000 --rounds 3 --save tienduizend.json
    python tests/benchmarks/national.py --sites 100000 --without geopandas duckdb
    python tests/benchmarks/national.py --sites 1000000 --stream

woongeo runs before and after each peer, and a ratio is to the mean of those two: what keeps the
machine busy for a while hits both. A peer that is not installed, fails or takes longer than
``--limit`` seconds gets a row with the reason; the others go on. geopandas runs in the first round
only, as it takes minutes, and PostGIS gets a server of its own for the run. WOONGEO_BENCH names the
folder of the workload; imports are in nobody's time.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from national_common import Answers, SkippedError, differences, memory_at_hand
from national_own import ours, streamed
from national_peers import PEERS, version
from national_workload import VERSION, make

import woongeo

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Locations and peer to how many times as long it must take: the gate, and what is aimed for.
GATES = {
    (10_000, "geopandas"): (120, 240),
    (10_000, "duckdb"): (20, 35),
    (10_000, "postgis"): (15, 26),
    (10_000, "duckdb betegeld"): (10, 18),
    (10_000, "sedonadb betegeld"): (10, 18),
    (10_000, "sedonadb, elke naaste"): (10, 18),
    (100_000, "postgis"): (8, 14),
    (100_000, "duckdb betegeld"): (18, 30),
    (100_000, "sedonadb betegeld"): (20, 30),
    (100_000, "sedonadb, elke naaste"): (20, 30),
}
_WARM = {10_000: (5, 8)}
_MILLION, _STREAM_GB = 1_000_000, 3.0


def folder() -> Path:
    """Where the workload is kept."""
    usual = Path(tempfile.gettempdir()) / f"woongeo-bench-{VERSION}"
    return Path(os.environ.get("WOONGEO_BENCH", usual))


# --- one run, in a process of its own


def run(asked: argparse.Namespace) -> None:
    """Do one run in this process, and print what it took."""
    warnings.simplefilter("ignore")
    if asked.cores:
        os.sched_setaffinity(0, range(asked.cores))
    memory_at_hand()
    try:
        if asked.run == "woongeo, stroom":
            steps = streamed(folder(), asked.sites, asked.out, plain=asked.plain)
        elif asked.run == "woongeo":
            steps = ours(folder(), asked.sites, asked.out, in_order=asked.sorted, plain=asked.plain)
        else:
            steps = PEERS[asked.run](folder(), asked.sites, asked.out, in_order=asked.sorted)
    except SkippedError as reason:
        print(json.dumps({"skipped": str(reason)}))
        return
    told = woongeo.__version__ if asked.run.startswith("woongeo") else version(asked.run)
    print(json.dumps({"steps": steps, "memory_gb": _memory_gb(), "version": told}))


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


def started(asked: argparse.Namespace, who: str, n: int, out: Path) -> dict[str, Any]:
    """Run in a process of its own, and give what it said or why it did not."""
    out.mkdir()
    words = [sys.executable, __file__, "--run", who, "--out", str(out), "--sites", str(n)]
    words += [f"--{word}" for word in ("sorted", "plain") if getattr(asked, word)]
    words += ["--cores", str(asked.cores)] if asked.cores else []
    load = os.getloadavg()[0]
    try:
        said = subprocess.run(
            words, check=True, capture_output=True, text=True, timeout=asked.limit
        )
        result: dict[str, Any] = json.loads(said.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        result = {"skipped": f"langer dan {asked.limit:.0f} s"}
    except subprocess.CalledProcessError as error:
        # The name of an error stands at the margin; what follows it may go on below.
        lines = [x for x in (error.stderr or "").splitlines() if x and not x[0].isspace()]
        why = lines[-1][:200] if lines else f"code {error.returncode}"
        result = {"skipped": f"mislukt: {why}"}
    result["load"] = load
    print(f"{who}, {n}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


# --- everyone in turn


@dataclass
class Found:
    """Runs of woongeo, and of each peer with woongeo's before and after it."""

    own: list[dict[str, Any]] = field(default_factory=list)
    peers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@contextlib.contextmanager
def database(*, wanted: bool) -> Iterator[None]:
    """Run a PostGIS for as long as it takes, where one is on this machine."""
    if not wanted or os.environ.get("WOONGEO_PGDSN") or not importlib.util.find_spec("psycopg"):
        yield
        return
    sys.path.append(str(Path(__file__).parents[1]))
    from postgis_server import programs, running  # noqa: PLC0415  only where psycopg is

    bin_ = programs()
    if bin_ is None:
        yield
        return
    # As one would set up a laptop for this; a connection that is gone ends what it asked for.
    settings = {"shared_buffers": "1GB", "max_wal_size": "4GB", "autovacuum": "off"}
    settings |= {"client_connection_check_interval": "2s"}
    with running(bin_, settings) as server:
        os.environ["WOONGEO_PGDSN"] = server.url()
        try:
            yield
        finally:
            del os.environ["WOONGEO_PGDSN"]


def in_turn(asked: argparse.Namespace, scratch: Path) -> Found:
    """Run woongeo, a peer, woongeo, the next peer, and so on, round after round."""
    found = Found()
    number = 0

    def own() -> tuple[dict[str, Any], Path]:
        nonlocal number
        number += 1
        out = scratch / f"woongeo_{number}"
        result = started(asked, "woongeo", asked.sites, out)
        if "steps" not in result:
            raise SystemExit(f"woongeo zelf: {result['skipped']}")
        found.own.append(result)
        return result, out

    before, answers = own()
    for turn in range(asked.rounds):
        for peer in PEERS:
            runs = found.peers.setdefault(peer, [])
            if peer in asked.without or (asked.only and peer not in asked.only):
                runs[:] = [{"skipped": "niet gevraagd"}]
                continue
            if (runs and "steps" not in runs[-1]) or (turn and peer in asked.once):
                continue
            out = scratch / f"{number}_{peer.replace(' ', '_')}"
            result = started(asked, peer, asked.sites, out)
            if "steps" in result:
                after, _ = own()
                seconds = [x["steps"]["totaal"] for x in (before, after)]
                result["ratio"] = result["steps"]["totaal"] / statistics.mean(seconds)
                result["agrees"] = differences(Answers.of(answers), Answers.of(out))
                print(f"{peer}: {result['ratio']:.1f} x, {result['agrees']}", file=sys.stderr)
                before = after
            runs.append(result)
        if not any("steps" in runs[-1] for runs in found.peers.values()):
            before, answers = own()
    return found


def median_of(runs: list[dict[str, Any]], *steps: str) -> float:
    """Give the median of the sum of some steps."""
    return float(statistics.median(sum(x["steps"].get(s, 0.0) for s in steps) for x in runs))


def rows_of(n: int, found: Found) -> list[str]:
    """Make the rows of the table of all peers."""
    lines = [
        "| locaties | wie | s | x woongeo | klaarzetten + vraag, s | GB | rondes | antwoorden |",
        "|---|---|---|---|---|---|---|---|",
    ]
    told = f"{n:,}".replace(",", ".")
    memory = max(x["memory_gb"] for x in found.own)
    seconds = [x["steps"]["totaal"] for x in found.own]
    spread = f"{min(seconds):.2f}-{max(seconds):.2f}".replace(".", ",")
    lines.append(
        f"| {told} | woongeo {found.own[0]['version']} | {_dutch(statistics.median(seconds))} "
        f"({spread}) | 1 | {_dutch(median_of(found.own, 'locaties', 'lagen'))} + "
        f"{_dutch(median_of(found.own, 'screenen', 'schrijven'))} | {_dutch(memory)} "
        f"| {len(found.own)} | |"
    )
    for peer, runs in found.peers.items():
        done = [x for x in runs if "steps" in x]
        if not done:
            if runs[-1]["skipped"] != "niet gevraagd":
                lines.append(f"| {told} | {peer} | - | - | - | - | - | {runs[-1]['skipped']} |")
            continue
        asking = median_of(done, "vraag", "schrijven") if "vraag" in done[0]["steps"] else None
        total = median_of(done, "totaal")
        split = "" if asking is None else f"{_dutch(total - asking)} + {_dutch(asking)}"
        ratio = statistics.median(x["ratio"] for x in done)
        memory = max(x["memory_gb"] for x in done)
        held = _dutch(memory) + (" (zonder server)" if peer == "postgis" else "")
        lines.append(
            f"| {told} | {peer} ({done[0]['version']}) | {_dutch(total)} | {ratio:.0f} | {split} "
            f"| {held} | {len(done)} | {done[-1]['agrees']} |"
        )
    return lines


def gates_of(n: int, found: Found) -> list[str]:
    """Make the rows of the table of gates."""
    lines = ["| werk | tegen | poort (doel) | gemeten | |", "|---|---|---|---|---|"]
    told = f"{n:,} locaties".replace(",", ".")
    for peer, runs in found.peers.items():
        done = [x["ratio"] for x in runs if "steps" in x]
        gate, aim = GATES.get((n, peer), (None, None))
        if done and gate is not None:
            ratio = statistics.median(done)
            met = _met(ratio >= gate)
            lines.append(f"| {told}, koud | {peer} | {gate}x ({aim}x) | {_dutch(ratio)}x | {met} |")
    cold, warm = median_of(found.own, "totaal"), median_of(found.own, "met lagen gereed")
    lines.append(
        f"| {told}, lagen gereed | eigen koude ronde | een derde | {_dutch(warm)} van "
        f"{_dutch(cold)} s | {_met(warm <= cold / 3)} |"
    )
    asked = [x for x in found.peers.get("postgis", []) if "steps" in x]
    if asked:
        ratio = median_of(asked, "vraag", "schrijven") / warm
        gate, aim = _WARM.get(n, (None, None))
        goal, met = (f"{gate}x ({aim}x)", _met(ratio >= gate)) if gate else ("-", "")
        against = "alleen de vraag van PostGIS"
        lines.append(f"| {told}, lagen gereed | {against} | {goal} | {_dutch(ratio)}x | {met} |")
    changed = median_of(found.own, "andere afstand")
    lines.append(f"| {told}, één afstand anders | - | - | {_dutch(changed)} s | |")
    return lines


def _dutch(value: float) -> str:
    return f"{value:.2f}".replace(".", ",") if value < 20 else f"{value:.1f}".replace(".", ",")


def _met(reached: object) -> str:
    return "gehaald" if reached else "niet gehaald"


def stream(asked: argparse.Namespace, scratch: Path) -> dict[str, list[dict[str, Any]]]:
    """Screen all in portions, between runs of 100,000 at once."""
    few = min(100_000, asked.sites)
    make(folder(), few)
    found: dict[str, list[dict[str, Any]]] = {"ineens": [], "stroom": []}
    for turn in range(asked.rounds):
        found["ineens"].append(started(asked, "woongeo", few, scratch / f"een_{turn}"))
        found["stroom"].append(
            started(asked, "woongeo, stroom", asked.sites, scratch / f"stroom_{turn}")
        )
    done = {who: [x for x in runs if "steps" in x] for who, runs in found.items()}
    if not all(done.values()):
        print(
            "mislukt:", *(x["skipped"] for runs in found.values() for x in runs if "skipped" in x)
        )
        return found
    per_site = [
        median_of(done[who], "totaal") / n * 1e6
        for who, n in (("ineens", few), ("stroom", asked.sites))
    ]
    memory = max(x["memory_gb"] for x in done["stroom"])
    met = _met(per_site[1] <= per_site[0] and memory <= _STREAM_GB)
    told, short = (f"{n:,}".replace(",", ".") for n in (asked.sites, few))
    print(
        f"| {told} locaties, in porties | tijd per locatie bij {short}; geheugen | niet meer; 3 GB "
        f"(1,5 GB) | {per_site[1]:.0f} tegen {per_site[0]:.0f} µs; {_dutch(memory)} GB | {met} |"
    )
    return found


def setting() -> dict[str, Any]:
    """Say when and on what was measured."""
    processor = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        named = [x for x in facts.read_text().splitlines() if x.startswith("model name")]
        processor = named[0].partition(": ")[2] if named else processor
    return {
        "dag": dt.datetime.now().astimezone().isoformat(timespec="minutes"),
        "machine": processor,
        "kernen": os.cpu_count(),
        "belasting": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "woongeo": woongeo.__version__,
    }


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Screening the country, beside others.")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    for name, usual in (("--without", []), ("--only", []), ("--once", ["geopandas"])):
        parser.add_argument(name, nargs="*", default=usual, choices=list(PEERS))
    parser.add_argument("--limit", type=float, default=1_800.0, help="seconds a run may take")
    parser.add_argument("--sorted", action="store_true", help="parcels along a Hilbert curve")
    parser.add_argument("--plain", action="store_true", help="judge congestion without classes")
    parser.add_argument("--cores", type=int, default=0, help="how many (Linux); all without it")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--save", type=Path, help="where all runs go, as JSON")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Run everyone in turn and print the tables."""
    asked = _asked()
    if asked.run:
        run(asked)
        return
    make(folder(), asked.sites, sorted_parcels=asked.sorted)
    begun = setting()
    wanted = not asked.stream and "postgis" in (asked.only or set(PEERS) - set(asked.without))
    with tempfile.TemporaryDirectory(dir=folder()) as place, database(wanted=wanted):
        if asked.stream:
            runs: dict[str, Any] = dict(stream(asked, Path(place)))
        else:
            found = in_turn(asked, Path(place))
            runs = {"woongeo": found.own, **found.peers}
            print("\n".join([*rows_of(asked.sites, found), "", *gates_of(asked.sites, found)]))
            steps = (s for s in found.own[0]["steps"])
            each = ", ".join(f"{s} {_dutch(median_of(found.own, s))} s" for s in steps)
            print(f"\nwoongeo per stap: {each}")
    ended = setting()
    print(f"\n{begun['dag']}, {begun['machine']}, {begun['kernen']} kernen, ", end="")
    print(f"belasting {begun['belasting']} bij het begin, {ended['belasting']} aan het eind")
    if asked.save:
        told = {"begin": begun, "einde": ended, "locaties": asked.sites, "rondes": runs}
        asked.save.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
