"""What every peer of the national benchmark is told: the work, a clock, and what is compared."""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

REACH_M = 25_000.0

_AT_HAND = 2 << 30

#: Corners of a quarter of the round of a zone: all draw the same, so that areas can be compared.
QUARTER = 32

#: Layer to the column that chooses rows and the width of its zone.
WORK: dict[str, tuple[str, float]] = {
    "nature": ("", 0.0),
    "zones": ("vol", 0.0),
    "goats": ("", 2_000.0),
    "parcels": ("gespoten", 50.0),
}

#: Layers of large shapes, which are cut where a peer is tiled.
LARGE = ("nature", "zones")

#: What woongeo calls the layers.
KEYS = {"nature": "natura2000", "zones": "netcongestie", "goats": "geiten", "parcels": "spuit"}


class SkippedError(Exception):
    """A peer that cannot run here, and why."""


@dataclass
class Clock:
    """Seconds per step, from when it is made: after imports, which are in nobody's time."""

    steps: dict[str, float] = field(default_factory=dict)
    start: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def mark(self, step: str) -> None:
        """End a step: what went by since the last one is its time."""
        now = time.perf_counter()
        self.steps[step] = self.steps.get(step, 0.0) + now - self.start
        self.start = now

    def done(self) -> dict[str, float]:
        """Add up."""
        spent = time.process_time() - self.cpu
        return {**self.steps, "totaal": sum(self.steps.values()), "cpu": spent}


def memory_at_hand() -> None:
    """Touch memory and give it back, so that no clock runs while a host hands it out.

    A virtual machine gets memory of its host when it is first touched: 11 microseconds for 4 kB
    that nobody used of late against 1.3 otherwise (measured), half a second for a layer of 4
    million corners. Which process finds it at hand is chance; here each does.
    """
    peak = Path("/proc/self/clear_refs")
    if not peak.exists():
        return
    with mmap.mmap(-1, _AT_HAND, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        for page in range(0, _AT_HAND, mmap.PAGESIZE):
            memory[page] = 1
    # The most that was held is counted from here.
    peak.write_text("5")


def layer_file(data: Path, name: str, *, in_order: bool) -> Path:
    """Find the file of a layer; parcels come in no order, unless they are asked for sorted."""
    return data / f"{'parcels_sorted' if in_order and name == 'parcels' else name}.parquet"


@dataclass(frozen=True)
class Answers:
    """What a peer wrote, brought to one form."""

    #: Per location and layer: ids as sorted text, area and distance (infinite beyond the reach).
    hits: pd.DataFrame
    #: Per location the area that all layers take together.
    union: pd.Series

    @classmethod
    def of(cls, out: Path) -> Answers:
        """Read what was written."""
        own = out / "treffers.parquet"
        hits = pd.read_parquet(own if own.exists() else out / "hits.parquet")
        union = pd.read_parquet(out / ("locaties.parquet" if own.exists() else "union.parquet"))
        if own.exists():
            names = {"locatie_id": "loc_id", "laag": "layer", "objecten": "ids"}
            names |= {"overlap_m2": "area", "afstand_m": "dist", "belemmerd_m2": "union"}
            hits, union = hits.rename(columns=names), union.rename(columns=names)
            hits["layer"] = hits["layer"].replace({key: name for name, key in KEYS.items()})
            # "12 Natuurgebied 12; 40 Natuurgebied 40": the id is the first word of each.
            split = hits["ids"].str.replace(r"([^\s;]+)[^;]*(?:; )?", r"\1,", regex=True)
            hits["ids"] = split.str.rstrip(",")
            hits["loc_id"] = hits["loc_id"].astype("int64")
            union["loc_id"] = union["loc_id"].astype("int64")
        ids = hits["ids"].fillna("").map(lambda text: ",".join(sorted(text.split(","))))
        far = hits["dist"].astype(float)
        hits = hits.assign(ids=ids, dist=far.where(far <= REACH_M, np.inf))
        return cls(
            hits.set_index(["loc_id", "layer"])[["ids", "area", "dist"]].sort_index(),
            union.set_index("loc_id")["union"].sort_index(),
        )


def differences(ours: Answers, theirs: Answers) -> str:
    """Compare answers: area to 1e-9 of itself, distance to a millimetre, ids equal."""
    a, b = ours.hits, theirs.hits
    if not a.index.equals(b.index) or not ours.union.index.equals(theirs.union.index):
        return f"verschilt: {len(a)} rijen tegen {len(b)}, of andere locaties"
    area = _relative(a["area"], b["area"])
    gap = np.where(a["dist"] == b["dist"], 0.0, np.abs(a["dist"] - b["dist"]))
    union = _relative(ours.union, theirs.union)
    layer = a.index.get_level_values("layer")
    wrong = {
        "objecten": a["ids"].to_numpy() != b["ids"].to_numpy(),
        "oppervlakte": area > 1e-9,
        "afstand": gap > 1e-3,
    }
    told = [
        f"{count} x {what} ({name})"
        for what, rows in wrong.items()
        for name, count in pd.Series(rows).groupby(layer).sum().items()
        if count
    ]
    told += [f"{(union > 1e-9).sum()} x vereniging"] if (union > 1e-9).any() else []
    worst = (
        f"oppervlakte {area.max():.0e}, afstand {np.max(gap):.0e} m, vereniging {union.max():.0e}"
    )
    return f"verschilt: {', '.join(told)}; {worst}" if told else f"gelijk ({worst})"


def _relative(a: pd.Series, b: pd.Series) -> np.ndarray:
    """Give differences as part of the larger; below a square metre as square metres."""
    both = np.maximum(np.maximum(a.to_numpy(float), b.to_numpy(float)), 1.0)
    return np.asarray(np.abs(a.to_numpy(float) - b.to_numpy(float)) / both)
