"""A program of its own: does each kind of writing, and lets it fail at every step.

``python broken_off.py WORK FOLDER EACH`` lets each so many-th step fail, and prints as JSON what
was left each time. It forks with everything made, so that hundreds of failures take seconds;
nothing of woongeo is replaced: Python itself tells of each file that is opened, moved or removed,
and there the step fails.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import shutil
import signal
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from interrupted import child, screening, state

import woongeo
from woongeo.pdok.rasters import Raster, write_geotiff
from woongeo.pdok.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[Path, int], object]

_MOVES = {"os.rename", "os.link"}
_MAKES = {"os.mkdir", "os.link"}
_REMOVES = {"os.remove", "os.rmdir", "shutil.rmtree"}
_CREATES = os.O_CREAT | os.O_TRUNC


def works(place: Path) -> dict[str, Work]:
    """Make what is to be written, twice: homes and values differ."""
    made = {v: screening(v) for v in (1, 2)}
    capacity = {v: woongeo.summarize_plancapaciteit(made[v]) for v in made}
    maps = {v: woongeo.map_screening(made[v]) for v in made}
    sheets = {v: woongeo.plot_screening(made[v]) for v in made}
    box = gpd.GeoDataFrame(geometry=[shapely.box(120_000, 480_000, 121_000, 481_000)], crs=28992)
    layer = woongeo.read_layer("geluid", box[:0], coverage=box, empty_is_free=True)
    found = {v: woongeo.find_sites(box, [layer], density=(10.0 * v,)) for v in made}
    kept = {v: gpd.GeoDataFrame({"v": [v]}, geometry=box.geometry, crs=28992) for v in made}
    grids = {v: _grid(v) for v in made}
    source = place / "plannen.parquet"
    made[2].locations.frame[["locatie_id", "woningen", "geometry"]].to_parquet(source)

    def report(folder: Path, v: int) -> object:
        return woongeo.write_report(capacity[v], folder=folder, pdf=False, pptx=True)

    def export(folder: Path, v: int) -> object:
        return woongeo.export_screening(
            made[v],
            folder=folder,
            plancapaciteit=capacity[v],
            webmap=maps[v] if v == 1 else None,
            formats=("gpkg", "csv", "xlsx", "parquet", "geojson"),
        )

    return {
        "export": export,
        "rapport": report,
        "zoek": lambda folder, v: woongeo.export_sites(found[v], folder=folder),
        "kaart": lambda folder, v: maps[v].save(folder / "kaart.html"),
        "blad": lambda folder, v: sheets[v].save(folder / "blad.png", dpi=40),
        "raster": lambda folder, v: write_geotiff(grids[v], folder / "raster.tif"),
        "opslag": lambda folder, v: Store(folder).write(folder, kept[v], {"v": v}),
        "stroom": lambda folder, v: (
            None if v == 1 else woongeo.screen_file(source, [layer], folder=folder / "uit")
        ),
    }


def _grid(value: int) -> Raster:
    """Draw a grid of four cells."""
    return Raster(
        values=np.full((2, 2), float(value), dtype="float32"),
        transform=Affine(10, 0, 120_000, 0, -10, 480_000),
        box=(120_000.0, 479_980.0, 120_020.0, 480_000.0),
        known_share=1.0,
        name="proef",
        title="Proef",
        licence="",
        unit="dB",
        url="",
        sha256="",
        fetched_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    )


def fail_when(chosen: Callable[[str, tuple[Any, ...]], bool], does: Callable[[], None]) -> None:
    """Do something, as raising, just before a step of this process that is chosen."""

    def look(event: str, given: tuple[Any, ...]) -> None:
        if chosen(event, given):
            does()

    sys.addaudithook(look)


def raising(code: int) -> Callable[[], None]:
    """Give what fails as the system does."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return fail


def writes(event: str, given: tuple[Any, ...]) -> bool:
    """Tell whether a step opens a file to make it."""
    return event == "open" and isinstance(given[2], int) and bool(given[2] & _CREATES)


def counted(
    folder: Path, start: int, *, on: bool, of: set[str]
) -> Callable[[str, tuple[Any, ...]], bool]:
    """Choose the n-th step in a folder that makes or moves something, or all from there on."""
    count = 0

    def chosen(event: str, given: tuple[Any, ...]) -> bool:
        nonlocal count
        if str(folder) not in str(given) or not (event in of or writes(event, given)):
            return False
        count += 1
        return count >= start if on else count == start

    return chosen


def held_open(path: Path) -> Callable[[str, tuple[Any, ...]], bool]:
    """Choose each step that moves or removes one file, as Windows does where it is open."""

    def chosen(event: str, given: tuple[Any, ...]) -> bool:
        paths = [str(x) for x in given if isinstance(x, str | Path)]
        return event in {"os.rename", "os.remove"} and str(path) in paths

    return chosen


def tried(work: Work, folder: Path, saved: Path, each: int) -> dict[str, Any]:
    """Let a work fail at each step, in each way, and look at what is left."""
    every = {*_MOVES, *_MAKES, *_REMOVES}
    ways: dict[str, tuple[bool, set[str], Callable[[], None]]] = {
        "gedood": (False, every, lambda: os.kill(os.getpid(), signal.SIGKILL)),
        "schijf vol": (True, _MAKES, raising(errno.ENOSPC)),
        "één fout": (False, {*_MOVES, *_MAKES}, raising(errno.EIO)),
    }
    runs: list[dict[str, Any]] = []

    def again() -> None:
        work(folder, 2)

    for way, (on, of, does) in ways.items():
        for n in range(1, 400, each):
            _again(saved, folder)

            chosen = counted(folder, n, on=on, of=of)
            ended = child(partial(_failing, work, folder, chosen, does))
            runs.append({"hoe": way, "stap": n, "einde": ended, "na": state(folder)})
            runs[-1] |= {"opnieuw": child(again), "daarna": state(folder)}
            # A link that fails once becomes a copy; two in a row are the end.
            if ended == "gelukt" and (way != "één fout" or (n > 1 and runs[-2]["einde"] == ended)):
                break
    for path in sorted(p for p in saved.iterdir() if p.name != "eigen.txt"):
        _again(saved, folder)

        shut = held_open(folder / path.name), raising(errno.EACCES)
        ended = child(partial(_failing, work, folder, *shut))
        runs.append({"hoe": "open elders", "stap": path.name, "einde": ended})
        runs[-1] |= {"na": state(folder)}
        runs[-1] |= {"opnieuw": child(again), "daarna": state(folder)}
    _again(saved, folder)
    work(folder, 2)
    return {"oud": state(saved), "nieuw": state(folder), "runs": runs}


def _failing(
    work: Work,
    folder: Path,
    chosen: Callable[[str, tuple[Any, ...]], bool],
    does: Callable[[], None],
) -> None:
    """Do a work of which a step fails."""
    fail_when(chosen, does)
    work(folder, 2)


def _again(saved: Path, folder: Path) -> None:
    """Begin with what stood there."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder)


if __name__ == "__main__":
    warnings.simplefilter("ignore", woongeo.WoongeoWarning)
    name, place = sys.argv[1], Path(sys.argv[2])
    place.mkdir()
    work = works(place.parent)[name]
    (place / "eigen.txt").write_text("van de gebruiker", encoding="utf-8")
    work(place, 1)
    earlier = place.parent / "eerder"
    shutil.copytree(place, earlier)
    sys.stdout.write(json.dumps(tried(work, place, earlier, int(sys.argv[3]))))
