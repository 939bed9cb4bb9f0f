"""A program of its own: writes a screening again and again, and is stopped while it does.

``python interrupted.py MODE FOLDER`` prints what the folder held afterwards as JSON. It forks with
everything imported, so that hundreds of interruptions take seconds; nothing of woongeo is replaced.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import struct
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

import woongeo
from woongeo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

#: What Python tells of before it changes a folder.
_MOVES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir"}
_CHANGES = {*_MOVES, "shutil.rmtree", "open"}


def screening(homes: int, n: int = 3) -> woongeo.Screening:
    """Screen plans; another number of homes gives other files."""
    squares = [
        shapely.box(120_000 + 300 * i, 480_000, 120_100 + 300 * i, 480_100) for i in range(n)
    ]
    plans = {"plan_id": [f"P{i}" for i in range(n)], "woningen": [homes] * n}
    layer = gpd.GeoDataFrame({"nr": ["1"]}, geometry=squares[:1], crs=28992)
    return woongeo.screen(
        woongeo.read_locations(gpd.GeoDataFrame(plans, geometry=squares, crs=28992)),
        [woongeo.read_layer("geluid", layer, coverage="nederland")],
    )


def write(made: woongeo.Screening, folder: Path, *, webmap: bool, overwrite: bool = False) -> None:
    """Write a screening."""
    woongeo.export_screening(
        made,
        folder=folder,
        plancapaciteit=woongeo.summarize_plancapaciteit(made),
        webmap=woongeo.map_screening(made) if webmap else None,
        formats=("gpkg", "csv", "xlsx", "parquet", "geojson"),
        overwrite=overwrite,
    )


def state(folder: Path) -> dict[str, str]:
    """Hash every file in a folder, folders left behind included; the manifest without its time."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        if path.name == "manifest.json" and path.parent.name[0] != ".":
            facts = json.loads(path.read_text(encoding="utf-8"))
            facts.pop("gemaakt", None)
            name = path.relative_to(folder).as_posix()
            found[name] = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        elif path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found


def child(does: Callable[[], None]) -> str:
    """Do something in a process of its own; say how it ended."""
    pid = os.fork()
    if not pid:
        code = 3
        try:
            does()
            code = 0
        except OutputError as error:
            sys.stderr.write(f"{error}\n")
            code = 1
        except BaseException:  # noqa: BLE001  a child must not go on as its parent
            traceback.print_exc()
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "gedood"
    return {0: "gelukt", 1: "uitvoerfout"}.get(os.waitstatus_to_exitcode(status), "fout")


def full_disk(size: int) -> None:
    """Let no file of this process grow beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def die_at(n: int, folder: Path, events: set[str]) -> None:
    """End this process as if by a power cut, before the n-th change that it makes in a folder."""
    count = 0

    def look(event: str, given: tuple[Any, ...]) -> None:
        nonlocal count
        reads = event == "open" and given[1] in {"r", "rb"}
        if event in events and not reads and str(folder) in str(given):
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def killed(folder: Path, *, foreign: bool) -> dict[str, Any]:
    """Kill a run at each place where it touches the folder, and look at what is left each time."""
    old, new = screening(1), screening(2)
    saved = folder.parent / "eerder"
    write(old, saved, webmap=True)
    if foreign:
        (saved / "manifest.json").unlink()
        (saved / "locaties.gpkg").write_bytes(b"van een ander")
    (saved / "eigen.txt").write_text("van de gebruiker", encoding="utf-8")
    write(new, folder.parent / "nieuw", webmap=False)
    runs = []
    for n in range(1, 1_000):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(saved, folder)

        def run(n: int = n) -> None:
            die_at(n, folder, _MOVES if foreign else _CHANGES)
            write(new, folder, webmap=False, overwrite=foreign)

        ended = child(run)
        after = state(folder)

        def fail() -> None:
            full_disk(0)
            write(new, folder, webmap=False, overwrite=foreign)

        run_facts = {"einde": ended, "na": {k: v for k, v in after.items() if k[0] != "."}}
        if any("/vorige-" in name for name in after):
            # Killed amid its moves: what does a next run do that does not come far either?
            run_facts |= {"volgende": child(fail), "daarna": state(folder)}
        again = child(lambda: write(new, folder, webmap=False, overwrite=foreign))
        runs.append(run_facts | {"opnieuw": again, "ten_slotte": state(folder)})
        if ended != "gedood":
            break
    return {"oud": state(saved), "nieuw": state(folder.parent / "nieuw"), "runs": runs}


def full(folder: Path) -> dict[str, Any]:
    """Write with less and less room, over what stands there and in a folder that is not there."""
    old, new = screening(1), screening(2)
    write(old, folder, webmap=True)
    before = state(folder)
    # The disk must be too small for what is to be written, not for what stands there.
    whole = folder.parent / "maat"
    write(new, whole, webmap=True)
    largest = max(path.stat().st_size for path in whole.iterdir())
    shutil.rmtree(whole)
    runs = []
    for size in (0, 1, 4_096, 90_000, 98_300, largest - 1):

        def run(place: Path, size: int = size) -> None:
            full_disk(size)
            write(new, place, webmap=True)

        ended = [child(lambda: run(folder)), child(lambda: run(folder.parent / "a" / "b"))]
        runs.append(
            {
                "grootte": size,
                "einde": ended,
                "na": state(folder),
                "nieuwe_map": (folder.parent / "a").exists(),
            }
        )
    return {"oud": before, "runs": runs}


def obey_permissions() -> None:
    """Let permissions hold for this process too, where it is root's.

    As another user it could not read packages that root installed for itself.
    """
    if os.geteuid() or sys.platform != "linux":
        return
    # https://man7.org/linux/man-pages/man2/capset.2.html: version 3, this process.
    head = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0), 8)
    held = ctypes.create_string_buffer(24)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.capget(head, held)
    effective, *rest = struct.unpack("6I", held.raw)
    # Bits 1 and 2: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
    given = ctypes.create_string_buffer(struct.pack("6I", effective & ~0b110, *rest), 24)
    if libc.capset(head, given):
        raise OSError(ctypes.get_errno(), "capset")


def denied(folder: Path) -> dict[str, Any]:
    """Write into a folder in which this user may not write."""
    old = screening(1)
    write(old, folder, webmap=True)
    before = state(folder)
    folder.chmod(0o555)

    def run(place: Path) -> None:
        obey_permissions()
        write(screening(2), place, webmap=True)

    return {
        "oud": before,
        "einde": [child(lambda: run(folder)), child(lambda: run(folder / "nieuw"))],
        "na": state(folder),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore", woongeo.WoongeoWarning)
    mode, place = sys.argv[1], Path(sys.argv[2])
    outcome = {
        "gedood": lambda: killed(place, foreign=False),
        "gedood over vreemde": lambda: killed(place, foreign=True),
        "vol": lambda: full(place),
        "geweigerd": lambda: denied(place),
    }[mode]()
    sys.stdout.write(json.dumps(outcome))
