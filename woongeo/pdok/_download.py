"""Files too large for memory: to disk as they come, resumed if a server can, whole or not at all.

What has come is kept in ``….part`` beside the file, with what proves that the rest belongs to the
same edition: a server is asked to go on only if the file is still the one that was begun
(https://www.rfc-editor.org/rfc/rfc9110#name-if-range), and one that cannot begins anew.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

from filelock import FileLock, Timeout

from woongeo.encode import visible
from woongeo.errors import (
    FileError,
    IncompleteLayerError,
    OutputError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.files import fingerprint, flush_to_disk, output_error
from woongeo.pdok._http import Exchange, GarbledError, TooHeavyError
from woongeo.pdok._run import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from woongeo.pdok._run import Task

#: What kinds of files begin with.
FIRST_BYTES = {
    ".gpkg": b"SQLite format 3\x00",
    ".zip": b"PK\x03\x04",
}

#: Largest file that is fetched: the crops of one year take 2.9 GB.
MAX_BYTES = 16 << 30

# So many bytes may be lost when the power fails.
_SYNC_BYTES = 64 << 20
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Downloaded:
    """A file that was fetched whole.

    Attributes
    ----------
    path : str
        Where it is.
    url : str
        Where it came from.
    sha256 : str
        Of its bytes.
    size : int
        In bytes.
    etag, last_modified : str
        The edition as the server names it; empty where it does not.
    fetched_at : str
        UTC, ISO 8601.
    """

    path: str
    url: str
    sha256: str
    size: int
    etag: str
    last_modified: str
    fetched_at: str


@dataclass
class _Edition:
    """Which file a part belongs to, and how much of it is certainly on the disk."""

    url: str
    etag: str = ""
    last_modified: str = ""
    total: int | None = None
    synced: int = 0

    def proof(self) -> str:
        """Give what only the same edition has; a weak tag may name two."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class _Part:
    """The part of a file that has come; a `Sink`."""

    def __init__(self, path: Path, url: str, task: Task) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._facts = path.with_name(f"{path.name}.part.json")
        self._draft = path.with_name(f"{path.name}.part.json.new")
        self._magic = FIRST_BYTES.get(path.suffix.lower(), b"")
        self.what = task.what
        self.url = url
        self.seconds = max(task.budget.left(), 0.001)
        self._progress = task.progress
        self.edition = _Edition(url)
        self.size = 0
        self.resumed = False
        self.restarts = 0
        self._file: BinaryIO | None = None
        self._recall()

    def _recall(self) -> None:
        """Find what an earlier run left."""
        with suppress(OSError, ValueError, TypeError):
            edition = _Edition(**json.loads(self._facts.read_text("utf-8")))
            size = min(self.path.stat().st_size, edition.synced)
            if edition.total is not None:
                # A server refuses to give the rest of a file of which nothing is left.
                size = min(size, max(edition.total - 1, 0))
            if edition.url == self.url and edition.proof():
                self.edition, self.size = edition, size

    def headers(self) -> Mapping[str, str]:
        """Ask for the rest, if it is still the same file."""
        # A range of a packed answer would be a range of something else.
        plain = {"Accept-Encoding": "identity"}
        if not (self.size and self.edition.proof()):
            return plain
        return plain | {"Range": f"bytes={self.size}-", "If-Range": self.edition.proof()}

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """Go on, or begin anew where the server does."""
        self.close()
        if status == 416:
            self.discard()
        if status not in {200, 206}:
            return False
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        if status == 206:
            self._require_rest(headers, etag)
            self.resumed = True
        else:
            self.restarts += bool(self.size)
            self.discard()
            length = headers.get("content-length", "")
            total = int(length) if length.isdecimal() else None
            self.edition = _Edition(self.url, etag, modified, total)
        if (self.edition.total or 0) > MAX_BYTES:
            raise ServiceResponseError(
                f"{self.what}: {visible(self.url)[:300]} is {(self.edition.total or 0) / 1e9:.1f} "
                f"GB; meer dan {MAX_BYTES / 1e9:.0f} GB wordt niet opgehaald."
            )
        try:
            self._file = self.path.open("ab")
            self._file.truncate(self.size)
            self._write_facts()
        except OSError as error:
            raise output_error(self.path, error) from error
        return True

    def _require_rest(self, headers: Mapping[str, str], etag: str) -> None:
        """See that what comes fits what is there."""
        match = _RANGE.fullmatch(headers.get("content-range", "").strip())
        fits = (
            match is not None
            and int(match[1]) == self.size
            and (self.edition.total is None or match[3] in {"*", str(self.edition.total)})
            and etag in {"", self.edition.etag}
        )
        if not fits:
            self.discard()
            raise GarbledError(
                f"{self.what}: {visible(self.url)[:300]} geeft een ander deel van het bestand dan "
                "is gevraagd."
            )
        if match is not None and match[3] != "*":
            self.edition.total = int(match[3])

    def write(self, chunk: bytes) -> None:
        """Put bytes on the disk, and from time to time make sure that they are there."""
        if self._file is None:
            raise OutputError(f"{self.path}: is niet geopend.")
        if self.size == 0 and not chunk.startswith(self._magic[: len(chunk)]):
            raise GarbledError(
                f"{self.what}: {visible(self.url)[:300]} geeft geen {self.path.stem}, maar iets "
                f"dat begint met {visible(chunk[:40].decode('latin-1'))!r}."
            )
        if self.size + len(chunk) > MAX_BYTES:
            raise ServiceResponseError(
                f"{self.what}: {visible(self.url)[:300]} is groter dan {MAX_BYTES / 1e9:.0f} GB."
            )
        try:
            self._file.write(chunk)
            self.size += len(chunk)
            if self.size - self.edition.synced >= _SYNC_BYTES:
                self._sync()
        except OSError as error:
            raise output_error(self.path, error) from error

    def _sync(self) -> None:
        """Wait until the bytes are on the disk, and only then write down that they are."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self.edition.synced = self.size
            self._write_facts()
            if self._progress is not None:
                self._progress(Step(self.what, 1, 0, self.size))

    def _write_facts(self) -> None:
        """Write down which file this is a part of, whole or not at all."""
        self._draft.write_text(json.dumps(asdict(self.edition)), "utf-8")
        self._draft.replace(self._facts)

    def discard(self) -> None:
        """Begin anew."""
        self.size = 0
        self.edition = _Edition(self.url)

    def close(self) -> None:
        """Close the file; what came stays."""
        if self._file is None:
            return
        try:
            self._sync()
        except OSError as error:
            raise output_error(self.path, error) from error
        finally:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def remove(self) -> None:
        """Leave nothing."""
        with suppress(OSError):
            for path in (self.path, self._facts, self._draft):
                path.unlink(missing_ok=True)

    def keep(self, path: Path) -> None:
        """Give the file its name, now that it is whole."""
        try:
            flush_to_disk(self.path)
            self.path.replace(path)
            self.remove()
        except OSError as error:
            raise output_error(path, error) from error


def download(task: Task, url: str, path: Path, *, length: int | None = None) -> Downloaded:
    """Fetch a file to disk.

    Parameters
    ----------
    task : Task
        The fetch.
    url : str
        The file's address.
    path : Path
        Where it comes to stand; its folder exists. A file that is there is replaced once the new
        one is whole.
    length : int, optional
        Its size in bytes as stated elsewhere; only used where the server states none.

    Returns
    -------
    Downloaded
        The file and where it came from; written beside it too, as ``….json``.

    Raises
    ------
    IncompleteLayerError
        When nothing proves that the file is whole.
    ServiceError
        When the server does not give it; a part stays for the next time where it can be resumed.
    OutputError
        When the disk is full or closed.
    """
    began = time.time()
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        with lock.acquire(timeout=max(task.budget.left(), 0)):
            # Another process may have fetched it while this one waited.
            if (found := _fetched_since(path, url, began)) is not None:
                return found
            return _locked(task, url, path, length)
    except Timeout as error:
        raise ServiceUnavailableError(
            f"{task.what}: een ander programma haalt {path.name} op en is nog niet klaar; probeer "
            "het straks opnieuw."
        ) from error
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise output_error(path, error) from error


def _fetched_since(path: Path, url: str, began: float) -> Downloaded | None:
    """Find a file that was fetched after a moment."""
    with suppress(OSError, ValueError, TypeError):
        facts = path.with_name(f"{path.name}.json")
        if facts.stat().st_mtime > began:
            found = Downloaded(**json.loads(facts.read_text("utf-8")))
            if found.url == url and path.stat().st_size == found.size:
                return found
    return None


def _locked(task: Task, url: str, path: Path, length: int | None) -> Downloaded:
    """Fetch a file that no other process is fetching."""
    part = _Part(path, url, task)
    try:
        with part:
            _fetch_all(task, part)
        _require_whole(task, part, length)
    except (OutputError, ServiceResponseError):
        # A full disk is not helped by what fills it, and a wrong file not by its rest.
        part.remove()
        raise
    if part.restarts:
        task.note("de server kan een bestand niet hervatten en begon opnieuw")
    part.keep(path)
    found = fingerprint(path)
    now = dt.datetime.now(dt.UTC)
    task.ledger.exchanges.append(Exchange(url, found.sha256, found.size, now))
    facts = Downloaded(
        path=str(path),
        url=url,
        sha256=found.sha256,
        size=found.size,
        etag=part.edition.etag,
        last_modified=part.edition.last_modified,
        fetched_at=now.isoformat(timespec="seconds"),
    )
    draft = path.with_name(f"{path.name}.json.part")
    draft.write_text(json.dumps(asdict(facts), indent=1), "utf-8")
    draft.replace(path.with_name(f"{path.name}.json"))
    return facts


def _fetch_all(task: Task, part: _Part) -> None:
    """Ask until the last byte is there; as long as each time brings more, go on."""
    while True:
        had, restarts = part.size, part.restarts
        try:
            task.http.get(
                part.url,
                what=task.what,
                accept="*/*",
                budget=task.budget,
                sink=part,
                check=lambda _: None,
            )
        except TooHeavyError:
            raise
        except ServiceUnavailableError as error:
            part.close()
            gained = part.size > had and part.restarts == restarts and part.edition.proof()
            if gained and task.budget.left() > 0:
                continue
            kept = (
                f" Wat er is ({part.size / 1e6:.0f} MB) blijft bewaard; opnieuw vragen gaat daar "
                "verder."
                if part.size and part.edition.proof()
                else ""
            )
            raise ServiceUnavailableError(f"{error}{kept}") from error
        else:
            return


def _require_whole(task: Task, part: _Part, length: int | None) -> None:
    """Prove that the file is whole: by its length, or by what it says of itself."""
    total = part.edition.total
    shown = visible(part.url)[:300]
    if length is not None and total is not None and length != total:
        task.note(f"de feed noemt {length} bytes, de server gaf er {total}")
    told = sqlite_size(part.path)
    expected = total if total is not None else told if told is not None else length
    if expected is None:
        raise IncompleteLayerError(
            f"{task.what}: {shown} noemt geen lengte, dus is niet te bewijzen dat het bestand heel "
            "is."
        )
    if part.size != expected or told not in {None, part.size}:
        raise IncompleteLayerError(
            f"{task.what}: {shown} gaf {part.size} bytes van een bestand van "
            f"{expected if part.size != expected else told}; er is niets bewaard."
        )


def sqlite_size(path: Path) -> int | None:
    """Read how long a GeoPackage says it is.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    int or None
        Bytes; None where it is no SQLite file or does not say so reliably.

    Raises
    ------
    FileError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise FileError(f"{path}: kan niet worden gelezen ({error.strerror}).") from error
    if len(head) < 100 or not head.startswith(FIRST_BYTES[".gpkg"]):
        return None
    # https://www.sqlite.org/fileformat.html#in_header_database_size
    pages = int.from_bytes(head[28:32], "big")
    if pages == 0 or head[24:28] != head[92:96]:
        return None
    page_bytes = int.from_bytes(head[16:18], "big")
    # 1 stands for 65,536, which does not fit in two bytes.
    return pages * (65_536 if page_bytes == 1 else page_bytes)
