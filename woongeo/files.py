"""Files that appear whole or not at all, and how their content is named by a hash."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from woongeo.errors import FileError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRATCH = ".woongeo-"
_LOCK = "in-gebruik"

#: In a scratch folder: begins the name of a folder with what stood where files were being moved to.
#: Only what can put it back clears it.
BEFORE = "vorige-"


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a file: its name, size and sha256."""

    name: str
    size: int
    sha256: str


def fingerprint(path: Path, name: str | None = None) -> Fingerprint:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        The name to remember it by; its own without it.

    Returns
    -------
    Fingerprint
        Name, size in bytes and sha256.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise FileError(f"{path}: kan niet worden gelezen ({error.strerror}).") from error
    return Fingerprint(name or path.name, size, digest)


def output_error(path: Path, error: OSError) -> OutputError:
    """Say what kept a file from being written, and what to do.

    Parameters
    ----------
    path : Path
        The file or folder.
    error : OSError
        What the system said.

    Returns
    -------
    OutputError
        The error to raise; one that has said so already stays as it is.
    """
    if isinstance(error, OutputError):
        return error
    advice = {
        errno.ENOSPC: "de schijf is vol; maak ruimte of kies een andere map",
        errno.EDQUOT: "het schijfquotum is bereikt; maak ruimte of kies een andere map",
        errno.EFBIG: "het bestand wordt groter dan hier is toegestaan; kies een andere map",
        errno.EROFS: "de schijf is alleen-lezen; kies een andere map",
        errno.EACCES: "geen toegang; sluit het bestand in QGIS of Excel, of kies een andere map",
        errno.EPERM: "geen toegang; sluit het bestand in QGIS of Excel, of kies een andere map",
        errno.EBUSY: "het bestand is in gebruik; sluit het in QGIS of Excel",
        errno.ENOENT: "de map bestaat niet; maak haar, of kies een andere",
        errno.ENOTDIR: "dit ligt onder een bestand, niet onder een map; kies een andere map",
        errno.EISDIR: "dit is een map, geen bestand; kies een andere naam",
        errno.EEXIST: "hier staat al iets anders; kies een andere map",
        errno.ENAMETOOLONG: "de naam is te lang; kies een kortere",
    }.get(error.errno or 0, str(error.strerror or error))
    return OutputError(f"{path}: kan niet worden geschreven: {advice}. Er is niets gewijzigd.")


def refuse_nul(path: Path) -> None:
    """Refuse a name that no file can have.

    Parameters
    ----------
    path : Path
        Where something is to be written.

    Raises
    ------
    OutputError
        When there is a NUL in it; the system calls that a wrong value and no failure.
    """
    if "\0" in str(path):
        raise OutputError(
            f"{str(path)!r}: in een naam kan geen NUL staan; kies een andere. "
            "Er is niets gewijzigd."
        )


def refuse_dead_end(folder: Path) -> None:
    """Refuse a folder that cannot be made: a NUL in its name, or a link that leads nowhere.

    Parameters
    ----------
    folder : Path
        Where files are to be written.

    Raises
    ------
    OutputError
        When it, or a folder above it, is such a link; the system says that it exists.
    """
    refuse_nul(folder)
    try:
        for place in (folder, *folder.parents):
            if place.is_symlink() and not place.exists():
                raise OutputError(
                    f"{place}: dit is een verwijzing naar iets dat er niet is; kies een andere "
                    "map. Er is niets gewijzigd."
                )
    except OSError as error:
        raise output_error(folder, error) from error


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes are on the disk.

    Parameters
    ----------
    path : Path
        A file that was written and closed.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Make a temporary folder on the same disk as `beside`; it is gone afterwards.

    What an earlier run that was killed left behind is cleared first: its lock is free. Not where it
    holds files that are still to be put back; whoever moved them does so.

    Parameters
    ----------
    beside : Path
        A folder that exists.

    Yields
    ------
    Path
        The temporary folder; what is moved out of it stays.

    Raises
    ------
    OutputError
        When the folder cannot be made.
    """
    for stale in beside.glob(f"{_SCRATCH}*"):
        # A folder without a lock was made a moment ago by a run that has yet to lock it.
        if (stale / _LOCK).exists() and not any(stale.glob(f"{BEFORE}*")):
            with suppress(Timeout, OSError), FileLock(stale / _LOCK, timeout=0):
                shutil.rmtree(stale, ignore_errors=True)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=beside))
    except OSError as error:
        raise output_error(beside, error) from error
    lock = FileLock(scratch / _LOCK)
    try:
        try:
            lock.acquire()
        except OSError as error:
            raise output_error(beside, error) from error
        yield scratch
    finally:
        lock.release()
        if not any(scratch.glob(f"{BEFORE}*")):
            shutil.rmtree(scratch, ignore_errors=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file: all of it, or nothing.

    Parameters
    ----------
    path : Path
        Where to; what stood there is replaced.
    data : bytes
        What it will hold.

    Raises
    ------
    OutputError
        When it cannot be written; what stood there is untouched.
    """
    refuse_nul(path)
    try:
        if path.is_dir():
            # Each system has its own word for it, and for the folder in which one stands another.
            raise IsADirectoryError(errno.EISDIR, "")
        with scratch_folder(path.parent) as folder:
            draft = folder / "nieuw"
            draft.write_bytes(data)
            flush_to_disk(draft)
            draft.replace(path)
    except OSError as error:
        raise output_error(path, error) from error


def keep_second_name(path: Path, second: Path) -> None:
    """Give a file a second name, so that it is not lost when the first is taken from it.

    Parameters
    ----------
    path : Path
        A file.
    second : Path
        A name that is free, on the same disk.
    """
    try:
        os.link(path, second)
    except OSError:
        # Network and USB disks often know no links.
        shutil.copy2(path, second)
