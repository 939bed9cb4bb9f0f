"""Files of one folder that belong together: all of them are replaced, or none is.

A manifest holds the hash of each file, so that a later run knows its own files again: it replaces
those, and refuses to touch a file that it did not write or that was changed since.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from woongeo.errors import FileError, OutputError
from woongeo.export.manifest import manifest_text
from woongeo.files import (
    BEFORE,
    Fingerprint,
    fingerprint,
    flush_to_disk,
    keep_second_name,
    output_error,
    refuse_dead_end,
    scratch_folder,
)
from woongeo.progress import steps
from woongeo.sources import Source, split_layer
from woongeo.threads import Crew, cores, uncollected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from woongeo.tables import TableSource

# Beside what stood at the places that files are being moved to: a lock, and a name for a moment.
_LOCK, _AGAIN = "slot", "terug"
# What that becomes when nothing of it has to be put back any more.
_SETTLED = "afgehandeld"


class Kind(StrEnum):
    """What a folder holds, as people say it.

    Each stays out of the folder of another: it would take away, unasked, what that wrote.
    """

    SCREENING = "een screening"
    REPORT = "een rapport"
    SEARCH = "een zoekresultaat"


# A key that the manifest of this kind has, and of no other.
_KEYS = {"rapport": Kind.REPORT, "balans_m2": Kind.SEARCH}


@contextmanager
def made_folder(target: Path) -> Iterator[None]:
    """Make a folder; where the work in it fails, a folder that was not there is gone again.

    Parameters
    ----------
    target : Path
        The folder.

    Yields
    ------
    None
        While it is there.

    Raises
    ------
    OutputError
        When it cannot be made.
    """
    refuse_dead_end(target)
    made: list[Path] = []
    place = target
    try:
        while not place.exists():
            made.append(place)
            place = place.parent
        if place.is_dir():
            target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(target, error) from error
    if not place.is_dir():
        raise OutputError(f"{place}: dit is een bestand, geen map. Er is niets gewijzigd.")
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


@dataclass(frozen=True)
class Bundle:
    """Files of a folder that belong together.

    Attributes
    ----------
    target : Path
        The folder.
    manifest : str
        Name of the file that holds the hash of each; it is moved last.
    may_be_ours : callable
        Whether a name is one that such a bundle has: a manifest that somebody changed makes no
        other file ours.
    kind : Kind
        What they are.
    """

    target: Path
    manifest: str
    may_be_ours: Callable[[str], bool]
    kind: Kind = Kind.SCREENING

    @property
    def _before(self) -> str:
        """Name the folder for what stood where files are being moved to."""
        return f"{BEFORE}{self.manifest}"

    def ours(self) -> list[str]:
        """List the files that woongeo wrote and that are still as it wrote them.

        Returns
        -------
        list of str
            Names, in the order of the manifest.
        """
        known = self._known(self.target)[0]
        return [name for name in known if _sha256(self.target / name) == known[name]]

    def write(
        self,
        files: Mapping[str, Callable[[Path], object]],
        facts: Callable[[], dict[str, Any]],
        *,
        sources: Iterable[Source | TableSource | None] = (),
        overwrite: bool = False,
    ) -> list[Path]:
        """Write files and their manifest: all of them, or none.

        Parameters
        ----------
        files : Mapping
            Name to what writes it, given the path of a draft. What can be called of what that
            gives is called afterwards, in another thread while the next file is made: what is left
            to do, with nothing that others use.
        facts : callable
            Gives the manifest; the hash of each file is added under `uitvoer`.
        sources : iterable of Source, TableSource or None
            What was read: never replaced.
        overwrite : bool
            Whether files that woongeo did not write, or that were changed since, may be replaced.

        Returns
        -------
        list of Path
            The files, the manifest last. Files of an earlier bundle that this one does not make
            again are gone.

        Raises
        ------
        OutputError
            When a file cannot be written or is not ours to replace; then nothing was changed.
        """
        target, names = self.target, list(files)
        with made_folder(target):
            self.undo_killed()
            self._refuse_inputs(names, sources)
            ours = self.ours()
            self.refuse_foreign(names, ours, overwrite=overwrite)
            with scratch_folder(target) as scratch:
                try:
                    written = _written(files, scratch)
                    told = facts()
                    told["uitvoer"] = [vars(file) for file in written]
                    text = manifest_text(told)
                    # Half a character is no UTF-8; written out like this it is JSON.
                    (scratch / self.manifest).write_bytes(text.encode("utf-8", "backslashreplace"))
                    flush_to_disk(scratch / self.manifest)
                except OutputError:
                    raise
                except OSError as error:
                    raise output_error(target, error) from error
                self.move(scratch, [*names, self.manifest], [x for x in ours if x not in names])
        return [target / name for name in [*names, self.manifest]]

    def _refuse_inputs(
        self, names: Iterable[str], sources: Iterable[Source | TableSource | None]
    ) -> None:
        """Refuse a folder in which a file would be replaced that was read."""
        places = [self.target / name for name in {*names, *self._known(self.target)[0]}]
        there = [place for place in sorted(places) if place.exists()]
        for path in _files(sources):
            for place in there:
                if path.samefile(place):
                    raise OutputError(
                        f"{place}: dit bestand is zelf invoer van deze uitkomst; kies een andere "
                        "map. Er is niets gewijzigd."
                    )

    def _known(self, folder: Path, *, of_any_kind: bool = False) -> tuple[dict[str, str], str]:
        """Read from a manifest which files woongeo wrote, and of which kind: none of another's."""
        try:
            read = json.loads((folder / self.manifest).read_text(encoding="utf-8"))
            kind = next((kind for key, kind in _KEYS.items() if key in read), Kind.SCREENING)
            if read["gemaakt_door"] != "woongeo" or not (of_any_kind or kind == self.kind):
                return {}, ""
            listed = {str(entry["name"]): str(entry["sha256"]) for entry in read["uitvoer"]}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}, ""
        return {name: digest for name, digest in listed.items() if self.may_be_ours(name)}, kind

    def refuse_foreign(self, names: list[str], ours: list[str], *, overwrite: bool) -> None:
        """Refuse to replace a file that woongeo did not write or that was changed since.

        Parameters
        ----------
        names : list of str
            What is to be written, without the manifest.
        ours : list of str
            From `ours`.
        overwrite : bool
            Whether such files may be replaced all the same.

        Raises
        ------
        OutputError
            When one may not be.
        """
        known_manifest = bool(self._known(self.target)[0])
        theirs, kind = self._known(self.target, of_any_kind=True)
        if theirs and not (overwrite or known_manifest):
            raise OutputError(
                f"{self.target / self.manifest}: hier staat {kind} van woongeo; kies een andere "
                "map, of geef overwrite=True (--overwrite). Er is niets gewijzigd."
            )
        for name in [*names, self.manifest]:
            path = self.target / name
            if path.is_dir() and not path.is_symlink():
                raise OutputError(
                    f"{path}: dit is een map, geen bestand; kies een andere map. "
                    "Er is niets gewijzigd."
                )
            if overwrite or name in ours or (name == self.manifest and known_manifest):
                continue
            if path.exists() or path.is_symlink():
                raise OutputError(
                    f"{path}: dit bestand is niet door woongeo gemaakt of daarna gewijzigd; kies "
                    "een andere map, of geef overwrite=True (--overwrite). Er is niets gewijzigd."
                )

    def undo_killed(self) -> None:
        """Undo the moves of runs that were killed amid them.

        Raises
        ------
        OutputError
            When a file cannot be moved.
        """
        try:
            for before in sorted(self.target.glob(f".woongeo-*/{self._before}")):
                settled = False
                # Where the lock is not free the run is alive.
                with suppress(Timeout), FileLock(before / _LOCK, timeout=0):
                    settled = self._put_back(before.parent)
                if settled:
                    self._settle(before)
        except OSError as error:
            raise output_error(self.target, error) from error

    def _put_back(self, scratch: Path) -> bool:
        """Undo moves out of a scratch folder, unless the manifest, which is last, has moved.

        Tells whether nothing has to be put back any more; of a bundle with another manifest it
        cannot.
        """
        # Whoever was killed, a screening or a report: it is put back.
        new, _ = self._known(scratch, of_any_kind=True)
        before = scratch / self._before
        if not new:
            return not (scratch / self.manifest).exists()
        again = before / _AGAIN
        stood = [path.name for path in before.iterdir() if self.may_be_ours(path.name)]
        for name in dict.fromkeys([*new, *sorted(stood)]):
            place, earlier = self.target / name, before / name
            if (scratch / name).exists() or (place.exists() and _sha256(place) != new.get(name)):
                # It did not move yet, or somebody changed it since.
                continue
            if earlier.exists():
                # Its other name stays, so that this can be done again when it is killed in turn.
                again.unlink(missing_ok=True)
                keep_second_name(earlier, again)
                again.replace(place)
            elif name in new:
                place.unlink(missing_ok=True)
        return True

    def _settle(self, before: Path) -> None:
        """Mark that nothing has to be put back, at once: half of it gone looks like new files."""
        if (before.parent / self.manifest).exists():
            before.rename(before.with_name(_SETTLED))
        else:
            # The manifest has moved, so that nobody will put anything back.
            shutil.rmtree(before, ignore_errors=True)

    def move(self, scratch: Path, names: list[str], outdated: list[str]) -> None:
        """Move files to their place; where one cannot be, put back what stood there.

        Parameters
        ----------
        scratch : Path
            Where they are, on the same disk.
        names : list of str
            The files, the manifest last.
        outdated : list of str
            Files of ours that go.

        Raises
        ------
        OutputError
            When one cannot be moved.
        """
        before = scratch / self._before
        # Only where this holds is there nothing to be put back.
        settled = True
        try:
            before.mkdir()
            with FileLock(before / _LOCK):
                settled = False
                try:
                    self._move(scratch, before, names, outdated)
                except BaseException:
                    settled = self._put_back(scratch)
                    raise
                settled = True
        except OSError as error:
            raise (
                output_error(self.target, error) if settled else self._half_moved(error)
            ) from error
        finally:
            if settled:
                with suppress(OSError):
                    self._settle(before)

    def _move(self, scratch: Path, before: Path, names: list[str], outdated: list[str]) -> None:
        """Move files, and keep what stood there."""
        for name in names:
            if (self.target / name).exists():
                keep_second_name(self.target / name, before / f"{name}.half")
                (before / f"{name}.half").replace(before / name)
        for name in outdated:
            (self.target / name).replace(before / name)
        for name in names:
            (scratch / name).replace(self.target / name)

    def _half_moved(self, error: OSError) -> OutputError:
        """Say that what stood there could not be put back yet."""
        return OutputError(
            f"{self.target}: kan niet worden geschreven, en wat er stond is nog niet teruggezet "
            f"({error.strerror or error}); sluit de bestanden in QGIS of Excel en schrijf opnieuw "
            "in deze map: dan wordt eerst alles teruggezet."
        )


def _files(sources: Iterable[Source | TableSource | None]) -> list[Path]:
    """List the files that were read: each part of what was read from several."""
    found = []
    for source in sources:
        for part in source.all() if isinstance(source, Source) else [source]:
            # An address, or the names of several files together, may be too long for a name.
            with suppress(OSError, ValueError):
                path = None if part is None else split_layer(part.path)[0]
                found += [path] if path is not None and path.exists() else []
    return found


def _written(files: Mapping[str, Callable[[Path], object]], scratch: Path) -> list[Fingerprint]:
    """Write files; each is finished, flushed and hashed while the next is made."""

    def finish(path: Path, rest: object) -> Fingerprint:
        if callable(rest):
            rest()
        flush_to_disk(path)
        return fingerprint(path)

    names = steps("schrijven", list(files))
    if cores() < 2:
        return [finish(scratch / name, files[name](scratch / name)) for name in names]
    with uncollected(), Crew() as crew:
        begun = []
        for name in names:
            path = scratch / name
            begun.append(crew.queue(partial(finish, path, files[name](path))))
        return [one.result() for one in begun]


def _sha256(path: Path) -> str:
    """Hash a file; empty where it is none, or cannot be read."""
    try:
        return "" if path.is_symlink() else fingerprint(path).sha256
    except FileError:
        return ""
