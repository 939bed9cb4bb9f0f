"""Where validated layers are kept: GeoParquet and a manifest, whole or not at all.

A layer is kept, not its pages: what is in the store was proven complete when it was fetched. The
file is named in its manifest by its hash, and the manifest by its own, so that damage is noticed;
what is damaged is set aside and fetched anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
from filelock import FileLock, Timeout

from woongeo.errors import FileError, OutputError, ServiceUnavailableError, ServiceWarning
from woongeo.files import fingerprint, flush_to_disk, output_error, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MANIFEST = "manifest.json"
_FORM = 1
_NAME = re.compile(r"laag-[0-9a-f]{16}\.parquet")


@dataclass(frozen=True, eq=False)
class Stored:
    """A layer from the store.

    Attributes
    ----------
    frame : GeoDataFrame
        RD New (EPSG:28992), metres.
    facts : dict
        Its manifest.
    path : Path
        The GeoParquet file.
    """

    frame: gpd.GeoDataFrame
    facts: dict[str, Any]
    path: Path

    def age(self) -> dt.timedelta:
        """Tell how long ago it was fetched.

        Returns
        -------
        timedelta
            Its age.
        """
        return dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(self.facts["opgehaald_op"])


class _DamagedError(Exception):
    """An entry does not hold what its manifest says."""


class Store:
    """A folder of layers that several processes may share.

    Parameters
    ----------
    folder : Path or str
        Where; it is made when the first layer is kept.
    patience_s : float
        How long to wait for another process that is fetching the same layer.
    """

    def __init__(self, folder: Path | str, *, patience_s: float = 1_800.0) -> None:
        self.folder = Path(folder)
        self.patience_s = patience_s

    def place(self, dataset: str, question: Mapping[str, Any]) -> Path:
        """Name the folder of an entry.

        Parameters
        ----------
        dataset : str
            Short name of the dataset.
        question : Mapping
            What was asked, as plain values.

        Returns
        -------
        Path
            The folder; it may not exist.
        """
        written = json.dumps({"vorm": _FORM, **question}, sort_keys=True, ensure_ascii=True)
        return self.folder / dataset / hashlib.sha256(written.encode()).hexdigest()[:16]

    @contextmanager
    def lock(self, place: Path) -> Iterator[None]:
        """Hold an entry, so that two processes do not fetch it at once.

        Parameters
        ----------
        place : Path
            The folder of the entry.

        Yields
        ------
        None
            While it is held.

        Raises
        ------
        OutputError
            When the store cannot be written.
        ServiceUnavailableError
            When another process holds it for too long.
        """
        try:
            place.mkdir(parents=True, exist_ok=True)
            held = FileLock(place / "in-gebruik.lock", timeout=self.patience_s)
            held.acquire()
        except Timeout as error:
            raise ServiceUnavailableError(
                f"{place}: een ander programma haalt deze laag al {self.patience_s:.0f} seconden "
                "op; wacht tot het klaar is of sluit het."
            ) from error
        except OSError as error:
            raise output_error(place, error) from error
        try:
            yield
        finally:
            held.release()

    def read(self, place: Path) -> Stored | None:
        """Read an entry; call it while holding its lock.

        Parameters
        ----------
        place : Path
            The folder of the entry.

        Returns
        -------
        Stored or None
            None where there is none, or where it was damaged.

        Warns
        -----
        ServiceWarning
            When it was damaged and has been set aside.
        """
        manifest = place / _MANIFEST
        if not manifest.exists():
            return None
        try:
            return _read(place)
        except (_DamagedError, FileError, OSError) as error:
            aside = self._set_aside(place)
            warnings.warn(
                f"{place}: de bewaarde laag is beschadigd ({error}) en opzij gezet in {aside}.",
                ServiceWarning,
                stacklevel=3,
            )
            return None

    def write(self, place: Path, frame: gpd.GeoDataFrame, facts: Mapping[str, Any]) -> Stored:
        """Keep a layer; call it while holding its lock.

        Parameters
        ----------
        place : Path
            The folder of the entry.
        frame : GeoDataFrame
            RD New (EPSG:28992).
        facts : Mapping
            Its provenance, as plain values, with ``opgehaald_op``.

        Returns
        -------
        Stored
            The layer as it will be read.

        Raises
        ------
        OutputError
            When it cannot be written; what was there is untouched.
        """
        try:
            with scratch_folder(place) as scratch:
                fresh = scratch / "laag.parquet"
                frame.to_parquet(fresh, index=False, compression="zstd")
                flush_to_disk(fresh)
                mark = fingerprint(fresh)
                name = f"laag-{mark.sha256[:16]}.parquet"
                told = {
                    "vorm": _FORM,
                    **facts,
                    "bestand": name,
                    "bestand_sha256": mark.sha256,
                    "bestand_bytes": mark.size,
                }
                written = scratch / _MANIFEST
                told["manifest_sha256"] = _seal(told)
                written.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
                flush_to_disk(written)
                # The manifest goes last: until then the old entry stands.
                there = (place / name).exists()
                fresh.replace(place / name)
                try:
                    written.replace(place / _MANIFEST)
                except BaseException:
                    if not there:
                        with suppress(OSError):
                            (place / name).unlink()
                    raise
            for other in place.glob("laag-*.parquet"):
                if other.name != name:
                    # What somebody has open on Windows goes at the next writing.
                    with suppress(OSError):
                        other.unlink(missing_ok=True)
        except OutputError:
            raise
        except OSError as error:
            raise output_error(place, error) from error
        return Stored(frame, told, place / name)

    def _set_aside(self, place: Path) -> Path:
        """Move a damaged entry out of the way, without losing it."""
        moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.folder / "beschadigd" / f"{place.parent.name}-{place.name}-{moment}"
        try:
            aside.mkdir(parents=True)
            for path in place.iterdir():
                if path.name == _MANIFEST or _NAME.fullmatch(path.name):
                    path.replace(aside / path.name)
        except OSError as error:
            raise output_error(aside, error) from error
        return aside


def _seal(told: Mapping[str, Any]) -> str:
    """Hash a manifest."""
    written = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _read(place: Path) -> Stored:
    """Read an entry, and see that it holds what its manifest says."""
    try:
        told = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _DamagedError("manifest is onleesbaar") from error
    if not isinstance(told, dict) or _seal(
        {k: v for k, v in told.items() if k != "manifest_sha256"}
    ) != told.get("manifest_sha256"):
        raise _DamagedError("manifest is veranderd")
    name = str(told.get("bestand"))
    if told.get("vorm") != _FORM or not _NAME.fullmatch(name):
        raise _DamagedError("manifest is van een andere vorm")
    path = place / name
    if not path.exists():
        raise _DamagedError(f"{name} ontbreekt")
    if fingerprint(path).sha256 != told["bestand_sha256"]:
        raise _DamagedError(f"{name} is veranderd")
    try:
        frame = gpd.read_parquet(path)
    except (ValueError, KeyError, pa.ArrowException) as error:
        raise _DamagedError(f"{name} is onleesbaar") from error
    return Stored(frame, told, path)
