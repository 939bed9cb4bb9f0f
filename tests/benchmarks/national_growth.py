"""How woongeo's time and memory grow: with locations, corners, layers and cores, drawn (Linux).

Every point is a run in a process of its own, all of them in turn, round after round::

    python tests/benchmarks/national_growth.py --rounds 3 --save groei.json --figure prestaties.png
    python tests/benchmarks/national_growth.py --read groei.json --figure prestaties.png
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from national import _memory_gb, folder, setting
from national_common import WORK, Clock, memory_at_hand
from national_own import read_layers, write
from national_workload import make, nature

import woongeo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

SITES = (1_000, 3_000, 10_000, 30_000, 100_000)
TIMES = (0.25, 0.5, 1.0, 2.0)
_USUAL = 10_000

#: Without layers that are not asked for; the first is the heaviest.
LAYERS = tuple(WORK)


def _folder(times: float) -> Path:
    """Find the workload with so many times the corners in its nature; the rest is the same."""
    if times == 1.0:
        return folder()
    place = folder() / f"natuur_{times:g}"
    place.mkdir(exist_ok=True)
    for file in folder().glob("*.parquet"):
        link = place / file.name
        if file.stem != "nature" and not link.exists():
            link.symlink_to(file.resolve())
    path = place / "nature.parquet"
    if not path.exists():
        nature(times).to_parquet(path, write_covering_bbox=True, compression="zstd", index=False)
    return place


def run(point: dict[str, Any]) -> dict[str, float]:
    """Screen once cold and once with layers at hand."""
    warnings.simplefilter("ignore")
    memory_at_hand()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: point["kernen"]])
    data, names = _folder(point["hoekpunten"]), LAYERS[: point["lagen"]]
    source = data / f"sites_{point['locaties']}.parquet"
    with tempfile.TemporaryDirectory() as place:
        clock = Clock()
        locations = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
        layers = read_layers(data, locations, names=names)
        clock.mark("lezen")
        write(woongeo.screen(locations, layers), Path(place))
        clock.mark("screenen")
        steps, memory = clock.done(), _memory_gb()
        start, cpu = time.perf_counter(), time.process_time()
        again = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
        write(woongeo.screen(again, layers), Path(place))
        return {
            "koud": steps["totaal"],
            "koud_cpu": steps["cpu"],
            "gereed": time.perf_counter() - start,
            "gereed_cpu": time.process_time() - cpu,
            "geheugen_gb": memory,
        }


def points() -> dict[str, list[dict[str, Any]]]:
    """List what is measured: per kind of growth one thing differs."""
    most = len(os.sched_getaffinity(0))
    usual = {"locaties": _USUAL, "hoekpunten": 1.0, "lagen": len(LAYERS), "kernen": most}
    cores = sorted({1, most})
    return {
        "locaties": [{**usual, "locaties": n} for n in SITES],
        "hoekpunten": [{**usual, "hoekpunten": x} for x in TIMES],
        "lagen": [{**usual, "lagen": n} for n in range(1, len(LAYERS) + 1)],
        "kernen": [
            {**usual, "kernen": n, "locaties": m} for m in (_USUAL, SITES[-1]) for n in cores
        ],
    }


def measured(rounds: int) -> dict[str, Any]:
    """Run every point, round after round; what two kinds share is run once."""
    for n in SITES:
        make(folder(), n)
    for times in TIMES:
        _folder(times)
    begun, runs = setting(), dict[str, list[dict[str, float]]]()
    every = {json.dumps(p): p for kind in points().values() for p in kind}
    for _ in range(rounds):
        for words in every:
            said = subprocess.run(
                [sys.executable, __file__, "--run", words],
                check=True,
                capture_output=True,
                text=True,
            )
            runs.setdefault(words, []).append(json.loads(said.stdout.splitlines()[-1]))
            print(words, said.stdout.strip(), flush=True)
    found = {
        kind: [
            {
                **p,
                **{
                    k: statistics.median(x[k] for x in runs[json.dumps(p)])
                    for k in runs[json.dumps(p)][0]
                },
            }
            for p in own
        ]
        for kind, own in points().items()
    }
    return {"begin": begun, "einde": setting(), "rondes": rounds, "gemeten": found}


# --- the figure

_COLD, _WARM, _GREY = "#b5482c", "#1f6f78", "#666666"


def draw(told: dict[str, Any], path: Path, *, busy: bool) -> None:
    """Draw the four kinds of growth."""
    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), layout="constrained")
    # On a busy machine the clock tells of others; what the processor worked tells of this.
    suffix, unit = ("_cpu", "CPU-seconden") if busy else ("", "seconden")
    found = {
        kind: [{**p, "koud": p[f"koud{suffix}"], "gereed": p[f"gereed{suffix}"]} for p in own]
        for kind, own in told["gemeten"].items()
    }
    sites, corners = found["locaties"], found["hoekpunten"]
    _lines(axes[0, 0], [p["locaties"] for p in sites], sites)
    axes[0, 0].set(title="Locaties", xlabel="aantal locaties", ylabel=unit)
    axes[0, 0].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}".replace(",", ".")))
    for p in sites:
        gb = f"{p['geheugen_gb']:.1f} GB".replace(".", ",")
        axes[0, 0].annotate(
            gb,
            (p["locaties"], p["koud"]),
            (0, 7),
            textcoords="offset points",
            ha="center",
            color=_GREY,
            fontsize=8,
        )
    _lines(axes[0, 1], [4.02 * p["hoekpunten"] for p in corners], corners)
    axes[0, 1].set(
        title=f"Hoekpunten van de natuurlaag ({_thousands(_USUAL)} locaties)",
        xlabel="miljoen hoekpunten",
        ylabel=unit,
    )
    axes[0, 1].set_xticks([4.02 * x for x in TIMES], ["1", "2", "4", "8"])
    _bars(axes[1, 0], ["natuur", "+ voedings-\ngebieden", "+ geiten", "+ percelen"], found["lagen"])
    axes[1, 0].set(title=f"Lagen ({_thousands(_USUAL)} locaties)", ylabel=unit)
    names = [
        f"{_thousands(p['locaties'])},\n{p['kernen']} {'kern' if p['kernen'] == 1 else 'kernen'}"
        for p in found["kernen"]
    ]
    _bars(axes[1, 1], names, found["kernen"])
    axes[1, 1].set(title="Kernen", ylabel=unit)
    axes[0, 0].legend(frameon=False, loc="upper left")
    day, machine = told["begin"]["dag"][:10], told["begin"]["machine"].replace("(R)", "")
    note = f"{machine}, {told['begin']['kernen']} kernen, {day}; "
    note += f"mediaan van {told['rondes']}" if told["rondes"] > 1 else "één ronde"
    note += ", op een drukke machine" if busy else ""
    figure.supxlabel(note, fontsize=8, color=_GREY)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _thousands(n: int) -> str:
    return f"{n:,}".replace(",", ".")


def _lines(axes: Axes, x: Sequence[float], own: Sequence[dict[str, Any]]) -> None:
    """Draw cold and warm on scales of powers."""
    for step, name, colour in (("koud", "koud", _COLD), ("gereed", "lagen gereed", _WARM)):
        axes.plot(x, [p[step] for p in own], "o-", color=colour, label=name, markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain = FuncFormatter(lambda y, _: f"{y:g}".replace(".", ","))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(plain)
    axes.margins(x=0.09, y=0.15)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)


def _bars(axes: Axes, names: Sequence[str], own: Sequence[dict[str, Any]]) -> None:
    """Draw cold and warm beside each other, with their numbers."""
    for shift, step, colour in ((-0.2, "koud", _COLD), (0.2, "gereed", _WARM)):
        bars = axes.bar(
            [i + shift for i in range(len(own))], [p[step] for p in own], 0.38, color=colour
        )
        axes.bar_label(
            bars, [f"{p[step]:.1f}".replace(".", ",") for p in own], padding=1, fontsize=8
        )
    axes.set_xticks(range(len(own)), names)


def main() -> None:
    """Measure, or read what was measured, and draw."""
    parser = argparse.ArgumentParser(description="How time and memory grow.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", type=Path, help="where the medians go, as JSON")
    parser.add_argument("--read", type=Path, help="draw what was saved, and measure nothing")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--busy", action="store_true", help="say so, and draw CPU seconds")
    parser.add_argument("--run", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(asked.run)))
        return
    told = json.loads(asked.read.read_text()) if asked.read else measured(asked.rounds)
    if asked.save:
        asked.save.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    if asked.figure:
        draw(told, asked.figure, busy=asked.busy)


if __name__ == "__main__":
    main()
