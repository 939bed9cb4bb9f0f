"""How far work is: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from commands import woongeo_command
from conftest import block, frame

import woongeo
from woongeo.fetch import tell_steps
from woongeo.pdok import Step
from woongeo.progress import doing, in_notebook, show_progress, steps, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = woongeo.example().folder


class Terminal(io.StringIO):
    """Stands in for a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Give what puts a terminal on standard error; pytest has its own there until the test runs."""

    def put() -> Terminal:
        there = Terminal()
        monkeypatch.setattr(sys, "stderr", there)
        return there

    return put


def on_terminal(folder: Path, *words: str | Path) -> tuple[int, str, str]:
    """Run Python with a terminal of 100 columns as standard error; give code, output and errors."""
    pty = pytest.importorskip("pty")
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    # Four numbers of two bytes: lines, columns, and the size in dots that nobody fills in.
    size = b"".join(n.to_bytes(2, sys.byteorder) for n in (30, 100, 0, 0))
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    with subprocess.Popen(
        [sys.executable, *map(str, words)], stdout=subprocess.PIPE, stderr=theirs, cwd=folder
    ) as running:
        os.close(theirs)
        said = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:
                # Linux says so when nobody writes any more.
                break
            if not read:
                break
            said += read
        os.close(ours)
        assert running.stdout is not None
        out = running.stdout.read().decode()
    return running.returncode, out, said.decode()


def report(out: Path, *more: str) -> list[str | Path]:
    """Ask for a report of Voorbeeldstreek without factsheets on paper."""
    return [
        *("-m", "woongeo", "report", f"{HERE}/locaties.geojson"),
        *("--layer", f"natura2000={HERE}/natura2000.geojson"),
        *("--region", f"gemeente={HERE}/gemeenten.geojson:naam"),
        *("--no-pdf", "--format", "kaart,csv", "--out", str(out), *more),
    ]


def test_a_terminal_shows_each_stage_and_is_left_clean(tmp_path: Path) -> None:
    code, out, err = on_terminal(tmp_path, *report(tmp_path / "uit"))
    assert code == 0, err
    for stage in ("locaties lezen", "lagen lezen", "toetsen", "tekenen", "schrijven"):
        assert f"\r{stage}: " in err, stage
    # Three regions and all locations together are four factsheets.
    assert "tekenen: 4/4" in err
    assert "gemeente Westdam" in err
    # Folders take room, and an address may hold a password.
    assert "locaties.geojson" in err
    assert str(HERE) not in err.partition("toetsen")[0]
    assert "overzicht.html" in err
    # Standard output holds the summary and nothing else.
    assert "\r" not in out
    assert out.startswith(f"{len([*(tmp_path / 'uit').iterdir()])} bestanden in ")
    # The last thing that a bar did was to wipe itself: what remains is lines.
    last = err.rpartition("\r")
    lines = [part for part in err.replace("\r\n", "\n").split("\r") if part.strip()]
    assert last[2].strip() == "" or lines[-1].startswith("let op: ")
    # No colours, no moves: a bar that stands still is only written again.
    assert "\x1b" not in err


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_on_a_terminal_quiet_and_json_show_nothing(tmp_path: Path, option: str) -> None:
    code, out, err = on_terminal(tmp_path, *report(tmp_path / "uit", option))
    assert (code, err) == (0, "")
    assert bool(out) is (option == "--json")


def test_a_log_holds_lines_and_no_bars(tmp_path: Path) -> None:
    done = woongeo_command(tmp_path, *report(tmp_path / "uit")[2:])
    assert done.code == 0
    assert all(line.startswith("let op: ") for line in done.err.splitlines())
    assert not any(ord(c) < 32 for c in done.err.replace("\n", ""))


def test_a_title_cannot_command_the_terminal(tmp_path: Path) -> None:
    """Nor fill it: it is cut, and what cannot be seen is written out."""
    title = "\x1b[31mrood\x07 " + "lang " * 100
    words = report(tmp_path / "uit", "--layer-title", f"natura2000={title}")
    code, _, err = on_terminal(tmp_path, *words)
    assert code == 0
    bars = [part for part in err.split("\r") if part.startswith("toetsen: ")]
    assert any("\\x1b[31mrood\\x07 lang" in bar for bar in bars)
    assert all(len(bar) <= 100 for bar in bars)
    assert not {"\x1b", "\x07"} & {*"".join(bars)}


def test_the_library_is_silent_until_it_is_asked(tmp_path: Path) -> None:
    script = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import contextlib, sys, woongeo\n"
        "there = woongeo.example()\n"
        "asked = woongeo.show_progress() if sys.argv[1:] else contextlib.nullcontext()\n"
        "with asked:\n"
        "    woongeo.screen(there.locations(), there.layers())\n"
    )
    assert on_terminal(tmp_path, "-c", script) == (0, "", "")
    code, out, err = on_terminal(tmp_path, "-c", script, "toon")
    assert (code, out) == (0, "")
    assert "toetsen: 2/2" in err


def test_a_stopped_command_leaves_its_message_on_a_line_of_its_own(tmp_path: Path) -> None:
    """What goes wrong amid a bar is said when the bar is gone."""
    (tmp_path / "kapot.geojson").write_text("{", encoding="utf-8")
    words = report(tmp_path / "uit", "--layer", f"veld={tmp_path}/kapot.geojson")
    code, _, err = on_terminal(tmp_path, *words)
    assert code == 2
    assert "\rlagen lezen: " in err
    assert err.replace("\r\n", "\n").rpartition("\r")[2].startswith("woongeo: ")


# What the module itself promises.


def test_steps_give_all_things_in_order_watched_or_not(
    at_terminal: Callable[[], Terminal],
) -> None:
    terminal = at_terminal()
    assert [*steps("tellen", [3, 1, 2])] == [3, 1, 2]
    assert [*steps("tellen", [])] == []
    assert terminal.getvalue() == ""
    with show_progress():
        assert [*steps("tellen", [3, 1, 2], told=lambda n: f"getal {n}")] == [3, 1, 2]
        assert [*steps("tellen", [])] == []
    assert "tellen: 3/3" in terminal.getvalue()
    assert "getal 2" in terminal.getvalue()


def test_steps_within_steps_are_told_on_the_same_line(
    at_terminal: Callable[[], Terminal],
) -> None:
    terminal = at_terminal()
    with show_progress():
        for outer in steps("buiten", ["a", "b"]):
            assert [*steps("binnen", [f"{outer}1", f"{outer}2"])] == [f"{outer}1", f"{outer}2"]
    said = terminal.getvalue()
    assert "b2" in said
    assert "binnen" not in said
    assert "buiten: 2/2" in said


def test_a_bar_is_gone_when_work_fails_and_when_it_is_left(
    at_terminal: Callable[[], Terminal],
) -> None:
    terminal = at_terminal()

    def fail() -> None:
        for _ in steps("mislukken", [1, 2]):
            raise ValueError("mis")

    with show_progress():
        with pytest.raises(ValueError, match="mis"):
            fail()
        left = steps("verlaten", [1, 2])
        next(left)
    assert terminal.getvalue().rpartition("\r")[2] == ""
    before = terminal.getvalue()
    # Nobody watches any more.
    assert [*left, *steps("later", [1])] == [2, 1]
    assert terminal.getvalue() == before


def test_other_threads_tell_by_what_they_are_given(
    at_terminal: Callable[[], Terminal],
) -> None:
    """A thread of its own is no work that was asked to be shown."""
    terminal = at_terminal()
    assert tell() is None
    with show_progress(), doing("ophalen"):
        given = tell()
        assert given is not None
        seen: list[object] = []

        def work() -> None:
            seen.append(tell())
            given("blad 7")

        working = threading.Thread(target=work)
        working.start()
        working.join()
    assert seen == [None]
    assert "blad 7" in terminal.getvalue()
    assert not [t for t in threading.enumerate() if "tqdm" in type(t).__module__]


def test_a_fetch_says_how_far_it_is(
    at_terminal: Callable[[], Terminal],
) -> None:
    terminal = at_terminal()
    assert tell_steps() is None
    with show_progress(), doing("ophalen"):
        show = tell_steps()
        assert show is not None
        show(Step("natura2000", 3, 162, 8_840_000))
    assert "natura2000: 162 objecten, 8,8 MB" in terminal.getvalue()


def test_a_notebook_is_no_terminal_and_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    assert not in_notebook()
    monkeypatch.setattr(sys, "stderr", stream)
    assert in_notebook()
    with show_progress():
        assert [*steps("toetsen", [1])] == [1]
    assert "toetsen: 1/1" in stream.getvalue()


def test_what_is_screened_is_the_same_watched_or_not(
    at_terminal: Callable[[], Terminal],
) -> None:
    terminal = at_terminal()
    plans = woongeo.read_locations(frame([block(0, 0)], woningen=[5], planstatus=["1A"]))
    layers = [woongeo.read_layer(key, frame([block(0, 0)])) for key in ("veld", "akker")]
    bare = woongeo.screen(plans, layers)
    with show_progress():
        watched = woongeo.screen(plans, layers)
    assert watched.treffers.equals(bare.treffers)
    assert "toetsen: 2/2" in terminal.getvalue()


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """After each test nobody watches."""
    yield
    assert tell() is None
