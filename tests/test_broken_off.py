"""Whatever is written appears whole or not at all, at whichever step it fails and in whatever way.

Killed at each step, a disk that is full from a step on, one fault of the disk, and a file that
another program holds open, as Windows tells of it. `broken_off.py` does it; this says what must be.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from woongeo.errors import OutputError
from woongeo.export.bundle import Bundle
from woongeo.files import scratch_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows kent fork niet")


def broken_off(work: str, each: int) -> tuple[dict[str, Any], str]:
    """Let a work fail at each so many-th step; give what was left, and what was said."""
    memory = Path("/dev/shm")  # noqa: S108  in memory where there is such a place
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        program = Path(__file__).with_name("broken_off.py")
        done = subprocess.run(
            [sys.executable, str(program), work, str(Path(place) / "uit"), str(each)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found, done.stderr


def in_sight(files: dict[str, str]) -> dict[str, str]:
    """Leave out what a run that was killed could not clear: it is hidden."""
    return {name: digest for name, digest in files.items() if not name.startswith(".woongeo-")}


# A report takes a second each time, and all forms two.
@pytest.mark.parametrize(
    ("work", "each"),
    [
        ("kaart", 1),
        ("blad", 1),
        ("raster", 1),
        ("opslag", 1),
        ("stroom", 1),
        ("zoek", 5),
        ("export", 29),
        ("rapport", 23),
    ],
)
def test_a_step_that_fails_leaves_what_stood_there_and_the_next_run_works(
    work: str, each: int
) -> None:
    """Failed: as it was, and nothing beside it. Killed: each file whole. Again: as if nothing."""
    found, said = broken_off(work, each)
    old, new, runs = found["oud"], found["nieuw"], found["runs"]
    ways = {run["hoe"] for run in runs}
    assert ways >= {"gedood", "schijf vol", "één fout"}
    # This one makes a folder that must not be there before, so nothing of it can be open.
    assert ("open elders" in ways) == (work != "stroom")
    for run in runs:
        told = f"{run['hoe']}, stap {run['stap']}: {run['einde']}"
        if run["einde"] == "gedood":
            for name, digest in in_sight(run["na"]).items():
                assert digest in {old.get(name), new.get(name)}, f"{told}: {name}"
            assert {*old} & {*new} <= {*run["na"]}, told
        elif run["einde"] == "uitvoerfout":
            assert run["na"] == old, told
        else:
            assert run["einde"] == "gelukt", told
            # An earlier edition in the store that somebody has open goes the next time.
            extra = {*old} if run["hoe"] == "open elders" else set()
            assert {k: v for k, v in run["na"].items() if k not in extra - {*new}} == new, told
        whole = work == "stroom" and in_sight(run["na"]) == new
        assert run["opnieuw"] == ("uitvoerfout" if whole else "gelukt"), told
        assert (in_sight(run["daarna"]) if whole else run["daarna"]) == new, told
    ends = {run["einde"] for run in runs if run["hoe"] == "schijf vol"}
    assert ends == {"uitvoerfout", "gelukt"}
    # In one line, with what to do.
    lines = said.splitlines()
    assert all(line.count("kan niet worden geschreven") <= 1 for line in lines)
    assert any("de schijf is vol; maak ruimte of kies een andere map" in line for line in lines)
    if work not in {"stroom", "opslag"}:
        assert any("sluit het bestand in QGIS of Excel" in line for line in lines)


def test_what_is_still_to_be_put_back_is_not_cleared_by_another_file(tmp_path: Path) -> None:
    """A map saved in a folder where an export was killed leaves the export's earlier files."""
    waiting = tmp_path / ".woongeo-gedood" / "vorige-manifest.json"
    waiting.mkdir(parents=True)
    (waiting.parent / "in-gebruik").touch()
    (waiting / "locaties.gpkg").write_bytes(b"oud")
    write_whole(tmp_path / "kaart.html", b"heel")
    assert (waiting / "locaties.gpkg").read_bytes() == b"oud"
    # Nor by a bundle with another manifest; its own, whose manifest has moved, clears it.
    Bundle(tmp_path, "ander.json", lambda _: True).undo_killed()
    assert waiting.exists()
    Bundle(tmp_path, "manifest.json", lambda _: True).undo_killed()
    with scratch_folder(tmp_path):
        assert not waiting.parent.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["kaart.html"]


def test_what_cannot_be_put_back_at_once_is_kept_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody opens a file amid the moves: it says so, and the next run restores everything."""
    bundle = Bundle(tmp_path, "manifest.json", {"a.txt", "b.txt"}.__contains__)

    def write(text: str) -> None:
        files = {name: lambda path: path.write_text(text) for name in ("a.txt", "b.txt")}
        bundle.write(files, lambda: {"gemaakt_door": "woongeo"})

    write("oud")
    moved: list[Path] = []
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if target == tmp_path / "b.txt" or moved:
            moved.append(target)
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", held)
        with pytest.raises(OutputError, match=r"nog niet teruggezet.*sluit de bestanden"):
            write("nieuw")
    assert (tmp_path / "a.txt").read_text() == "nieuw"
    bundle.undo_killed()
    assert [(tmp_path / name).read_text() for name in ("a.txt", "b.txt")] == ["oud", "oud"]
    write("nieuwer")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt", "manifest.json"]


@pytest.mark.parametrize("cores", [1, 2])
def test_what_is_left_to_do_of_a_file_is_done_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    """A file is finished while the next is made; a fault in that leaves what stood there."""
    monkeypatch.setattr("woongeo.export.bundle.cores", lambda: cores)
    bundle = Bundle(tmp_path, "manifest.json", {"a.txt", "b.txt"}.__contains__)

    def write(rest: Callable[[Path], object]) -> None:
        files = {"a.txt": lambda path: partial(rest, path), "b.txt": lambda path: path.touch()}
        bundle.write(files, lambda: {"gemaakt_door": "woongeo"})

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write(lambda path: path.write_text("oud"))
    with pytest.raises(OutputError, match="schijf is vol"):
        write(full)
    assert (tmp_path / "a.txt").read_text() == "oud"
    told = json.loads((tmp_path / "manifest.json").read_text())["uitvoer"]
    assert [(file["name"], file["size"]) for file in told] == [("a.txt", 3), ("b.txt", 0)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt", "manifest.json"]
