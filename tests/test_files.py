"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from woongeo.errors import FileError, OutputError
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    keep_second_name,
    output_error,
    refuse_dead_end,
    scratch_folder,
    write_whole,
)


def test_a_fingerprint_is_the_sha256_and_size_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "plannen.csv"
    path.write_bytes(b"a;b\n")
    found = fingerprint(path)
    assert (found.name, found.size) == ("plannen.csv", 4)
    assert found.sha256 == hashlib.sha256(b"a;b\n").hexdigest()
    assert fingerprint(path, "map/plannen.csv").name == "map/plannen.csv"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"weg\.csv: kan niet worden gelezen"):
        fingerprint(tmp_path / "weg.csv")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "de schijf is vol"),
        (errno.EDQUOT, "schijfquotum"),
        (errno.EFBIG, "groter dan hier is toegestaan"),
        (errno.EROFS, "alleen-lezen"),
        (errno.EACCES, "sluit het bestand in QGIS of Excel"),
        (errno.EPERM, "sluit het bestand in QGIS of Excel"),
        (errno.EBUSY, "in gebruik"),
        (errno.ENOENT, "de map bestaat niet"),
        (errno.ENOTDIR, "onder een bestand"),
        (errno.EISDIR, "dit is een map, geen bestand"),
        (errno.EEXIST, "hier staat al iets anders"),
        (errno.ENAMETOOLONG, "de naam is te lang"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_system_says_becomes_advice(code: int, advice: str) -> None:
    error = output_error(Path("uit/kaart.html"), OSError(code, os.strerror(code)))
    assert isinstance(error, OutputError)
    assert "uit/kaart.html: kan niet worden geschreven" in str(error).replace(os.sep, "/")
    assert advice in str(error)
    assert str(error).endswith("Er is niets gewijzigd.")


def test_what_cannot_be_a_name_or_a_folder_is_refused_in_plain_words(tmp_path: Path) -> None:
    """A NUL; a link that leads nowhere, also above; a folder in the place of a file."""
    for path in (tmp_path / "a\0b", tmp_path / "a\0b" / "c"):
        for write in (refuse_dead_end, lambda x: write_whole(x, b"")):
            with pytest.raises(OutputError, match="geen NUL"):
                write(path)
    dead = tmp_path / "dood"
    try:
        dead.symlink_to(tmp_path / "nergens")
    except OSError:
        pytest.skip("dit systeem maakt geen verwijzingen")
    for folder in (dead, dead / "x" / "y"):
        with pytest.raises(OutputError, match="dood: dit is een verwijzing naar iets dat er niet"):
            refuse_dead_end(folder)
    refuse_dead_end(tmp_path / "nieuw" / "map")
    with pytest.raises(OutputError, match=r"dit is een map, geen bestand; kies een andere naam"):
        write_whole(tmp_path, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["dood"]


def test_a_scratch_folder_is_gone_afterwards_and_what_was_moved_out_stays(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as scratch:
        assert scratch.parent == tmp_path
        (scratch / "half").write_text("weg", encoding="utf-8")
        (scratch / "heel").write_text("blijft", encoding="utf-8")
        flush_to_disk(scratch / "heel")
        (scratch / "heel").replace(tmp_path / "heel")
    assert [p.name for p in tmp_path.iterdir()] == ["heel"]


def test_a_scratch_folder_is_gone_also_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), scratch_folder(tmp_path) as scratch:
        (scratch / "half").rename(scratch / "geen map" / "heel")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from woongeo.files import scratch_folder\n"
        "with scratch_folder(pathlib.Path(sys.argv[1])) as scratch:\n"
        "    (scratch / 'half').write_text('x')\n"
        "    os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert [p.name[:9] for p in tmp_path.iterdir()] == [".woongeo-"]
    with scratch_folder(tmp_path) as scratch:
        assert [p.name for p in tmp_path.iterdir()] == [scratch.name]


def test_the_scratch_folder_of_a_run_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / ".woongeo-ander"
    other.mkdir()
    with FileLock(other / "in-gebruik"), scratch_folder(tmp_path):
        assert other.is_dir()
    assert other.is_dir()


def test_where_no_folder_can_be_made_the_error_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="kan niet worden geschreven"),
        scratch_folder(tmp_path / "weg"),
    ):
        pytest.fail("er is geen map")


def no_links(*_: object) -> None:
    """Do as a network disk or a USB stick does."""
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_keeps_the_content_when_the_first_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    first, second = tmp_path / "eerste", tmp_path / "tweede"
    first.write_text("oud", encoding="utf-8")
    keep_second_name(first, second)
    (tmp_path / "nieuw").write_text("nieuw", encoding="utf-8")
    (tmp_path / "nieuw").replace(first)
    assert (first.read_text("utf-8"), second.read_text("utf-8")) == ("nieuw", "oud")
