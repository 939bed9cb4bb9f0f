"""Is a file what its name says? Asked before GDAL sees it.

GDAL picks its driver by looking at the content: a text file named ``plannen.gpkg`` can be a virtual
dataset that reads another file or visits a server. So the first bytes are held against the kind
that the name promises, and only the kinds below are read. Nothing is ever read from a URL.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from woongeo.errors import FileError, WoongeoError
from woongeo.numerals import by_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHAPEFILE = "ESRI Shapefile"

#: Ending to the driver that may read it, for users to see what can be given.
KINDS: dict[str, str] = {
    ".shp": SHAPEFILE,
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gdb": "OpenFileGDB",
    ".fgb": "FlatGeobuf",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".xlsx": "Excel",
    ".zip": "zip",
}

_FIRST_BYTES: dict[str, tuple[bytes, ...]] = {
    SHAPEFILE: (b"\x00\x00\x27\x0a",),
    "GPKG": (b"SQLite format 3\x00",),
    "FlatGeobuf": (b"fgb\x03fgb",),
    "GeoParquet": (b"PAR1",),
    "Excel": (b"PK\x03\x04",),
    "zip": (b"PK\x03\x04",),
}

# Kinds that hold one layer by nature.
_ONE_LAYER = ("GeoParquet", "CSV")

# A zip that unpacks to more than this, or this many times its size, is not opened.
_UNPACKED_BYTES = 8 << 30

_UNPACKED_RATIO = 250

END_BYTES = 65_536

#: Without the first three a shapefile is not whole.
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

_IN_ZIP = {".shp", ".gpkg", ".geojson", ".fgb"}

_IN_ZIP_WORDS = "shapefile, .gpkg, .geojson, .fgb of .gdb"


@dataclass(frozen=True)
class Place:
    """A file that was found to be what its name says."""

    given: str
    path: Path
    kind: str
    gdal_path: str
    layer: str | None


def split_layer(given: str | Path) -> tuple[Path, str | None]:
    r"""Split ``file.gpkg:layer``.

    Parameters
    ----------
    given : str or Path
        A path, with the name of a layer behind a colon where wanted.

    Returns
    -------
    path : Path
        The file or folder.
    layer : str or None
        The layer.

    Examples
    --------
    >>> split_layer("plannen.gpkg:2026")[1]
    '2026'
    >>> split_layer("C:\\data\\plannen.gpkg")[1] is None
    True
    """
    text = str(given)
    head, colon, tail = text.rpartition(":")
    # A drive letter is not a file, and a file whose name holds a colon is one.
    if not colon or len(head) < 2 or Path(text).exists():
        return Path(text), None
    return Path(head), tail or None


def find(given: str | Path, layer: str | None) -> Place:
    """Find a file and make sure that it is what its name says."""
    text = str(given)
    if "://" in text or text.startswith("/vsi"):
        # An address may hold a password: what stands before @ is not repeated.
        _, at, tail = text.rpartition("@")
        shown = f"…@{tail}" if at else text
        raise FileError(f"{shown}: woongeo leest alleen bestanden op deze computer, geen adressen.")
    path, in_name = split_layer(given)
    layer = layer or in_name
    if not path.exists():
        raise FileError(f"{text}: dit bestand bestaat niet.")
    ending = path.suffix.lower()
    if path.is_dir() and ending != ".gdb":
        shapefiles = sorted(p for p in path.iterdir() if p.suffix.lower() == ".shp")
        if len(shapefiles) != 1:
            raise FileError(
                f"{text}: deze map bevat {len(shapefiles)} shapefiles; noem één bestand."
            )
        path, ending = shapefiles[0], ".shp"
    kind = KINDS.get(ending)
    if kind is None:
        raise FileError(
            f"{text}: de soort {ending or '(geen achtervoegsel)'} wordt niet gelezen; "
            f"wel: {', '.join(KINDS)}."
        )
    if layer is not None and kind in _ONE_LAYER:
        raise FileError(f"{text}: een bestand van de soort {kind} heeft geen lagen.")
    kind, gdal_path = _check_content(path, kind, text)
    return Place(text, path, kind, gdal_path, layer)


def _check_content(path: Path, kind: str, text: str) -> tuple[str, str]:
    """Hold a file against the kind that its name promises; give its kind and its name for GDAL."""
    # An absolute path cannot be taken for an address, nor for the name of a driver.
    gdal_path = str(path.absolute())
    if path.is_dir() != (kind == "OpenFileGDB"):
        raise FileError(f"{text}: een .gdb is een map, elke andere soort een bestand.")
    if kind != "OpenFileGDB":
        _check_head(_first_bytes(path, text), kind, text)
    if kind == "zip":
        return _look_into_zip(path, text)
    if kind == "Excel":
        with no_leak(text), zipfile.ZipFile(path) as archive:
            check_unpacked(archive, text)
    if kind == SHAPEFILE:
        parts = {e: part for e in SHAPEFILE_PARTS if (part := sibling(path, e)) is not None}
        heads = {e: (_first_bytes(part, text), part.stat().st_size) for e, part in parts.items()}
        _check_shapefile(heads, text)
    unwritten = path.with_name(path.name + "-wal")
    if kind == "GPKG" and unwritten.is_file() and unwritten.stat().st_size:
        # Reading now would either miss those changes or write them into the file.
        raise FileError(
            f"{text}: er staan wijzigingen naast dit bestand ({unwritten.name}) die er nog niet in "
            "staan; sluit het in QGIS en probeer het opnieuw."
        )
    if any(sign in gdal_path for sign in "!;"):
        # pyogrio takes these for the edge of an archive, or for parameters.
        raise FileError(f"{text}: een pad met ! of ; kan niet worden gelezen; hernoem het.")
    return kind, gdal_path


def _first_bytes(path: Path, text: str) -> bytes:
    """Read the first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(END_BYTES)
    except OSError as error:
        raise FileError(f"{text}: kan niet worden gelezen ({error.strerror}).") from error


def _check_head(head: bytes, kind: str, text: str) -> None:
    """Hold first bytes against a kind."""
    if not head:
        raise FileError(f"{text}: het bestand is leeg.")
    expected = _FIRST_BYTES.get(kind)
    if kind == "GeoJSON":
        # GDAL would run a processing pipeline that is written as JSON.
        right = (
            head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b"gdal_streamed" not in head
        )
    else:
        right = expected is None or head.startswith(expected)
    if not right:
        raise FileError(
            f"{text}: de inhoud is geen {kind}, al zegt de naam van wel; "
            "sla het bestand opnieuw op uit de bron."
        )


def _check_shapefile(parts: Mapping[str, tuple[bytes, int]], text: str) -> None:
    """Hold first bytes and sizes of a shapefile's parts against each other.

    GDAL reads what it can find: without .dbf no columns, beyond the end of a file no shapes.
    """
    missing = [ending for ending in SHAPEFILE_PARTS[:3] if ending not in parts]
    if missing:
        raise FileError(
            f"{text}: van deze shapefile ontbreekt {' en '.join(missing)}; lever alle delen."
        )
    stated = {}
    for ending in (".shp", ".shx"):
        head, size = parts[ending]
        stated[ending] = 2 * int.from_bytes(head[24:28], "big")
        if size < max(stated[ending], 100):
            raise FileError(f"{text}: {ending} is afgekapt; kopieer of download het opnieuw.")
    head, size = parts[".dbf"]
    rows, start, width = (
        int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
    )
    if size < max(start + rows * width, 32):
        raise FileError(f"{text}: .dbf is afgekapt; kopieer of download het opnieuw.")
    shapes = (stated[".shx"] - 100) // 8
    if rows != shapes:
        raise FileError(
            f"{text}: .shx noemt {shapes} {by_number(shapes, 'vlak', 'vlakken')} en .dbf {rows} "
            f"{by_number(rows, 'rij', 'rijen')}; de delen horen niet bij elkaar."
        )


def _look_into_zip(path: Path, text: str) -> tuple[str, str]:
    """Find the one dataset in a zip, without unpacking it."""
    with no_leak(text), zipfile.ZipFile(path) as archive:
        members = check_unpacked(archive, text)
        if archive.testzip() is not None:
            raise FileError(f"{text}: dit zipbestand is beschadigd; download het opnieuw.")
        # A Mac puts a shadow of each file beside it.
        names = [m.filename for m in members if not m.filename.startswith("__MACOSX/")]
        found = [n for n in names if PurePosixPath(n).suffix.lower() in _IN_ZIP]
        folders = {folder for n in names for folder in PurePosixPath(n).parents}
        found += [str(folder) for folder in folders if folder.suffix.lower() == ".gdb"]
        if len(found) != 1:
            raise FileError(
                f"{text}: dit zipbestand bevat {len(found)} leesbare datasets ({_IN_ZIP_WORDS}); "
                "pak het uit en noem er één."
            )
        inside = PurePosixPath(found[0])
        if ".." in inside.parts or inside.is_absolute():
            raise FileError(f"{text}: de namen in dit zipbestand deugen niet; pak het zelf uit.")
        kind = KINDS[inside.suffix.lower()]
        if kind == SHAPEFILE:
            stem = found[0][: -len(inside.suffix)]
            heads = {
                n[len(stem) :].lower(): (_first_of(archive, n), archive.getinfo(n).file_size)
                for n in names
                if n.startswith(stem) and n[len(stem) :].lower() in SHAPEFILE_PARTS
            }
            _check_shapefile(heads, text)
        if kind != "OpenFileGDB":
            _check_head(_first_of(archive, found[0]), kind, text)
        return kind, f"/vsizip/{path.absolute()}/{found[0]}"


def check_unpacked(archive: zipfile.ZipFile, text: str) -> list[zipfile.ZipInfo]:
    """List the members of a zip, and refuse one that unpacks to far more than it is."""
    members = [m for m in archive.infolist() if not m.is_dir()]
    unpacked = sum(m.file_size for m in members)
    packed = sum(m.compress_size for m in members)
    if unpacked > _UNPACKED_BYTES or unpacked > _UNPACKED_RATIO * max(packed, 100_000):
        raise FileError(
            f"{text}: dit zipbestand wordt uitgepakt {unpacked / 1e9:.1f} GB; pak het zelf uit "
            "als dat klopt."
        )
    return members


def _first_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read the first bytes of a file in a zip."""
    with archive.open(name) as member:
        return member.read(END_BYTES)


def sibling(path: Path, ending: str) -> Path | None:
    """Find a part of a shapefile, whatever the case of its ending."""
    for candidate in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if candidate.exists():
            return candidate
    return None


# What pyogrio, GDAL, GEOS, pyarrow, PROJ, csv and zipfile were seen to raise on damaged files;
# their own errors derive from these.
_FOREIGN = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, NameError, OSError, RuntimeError),
    *(TypeError, ValueError, csv.Error, zipfile.BadZipFile, zlib.error, pa.ArrowException),
    *(ShapelyError, DataSourceError, DataLayerError),
)


@contextmanager
def no_leak(text: str) -> Iterator[list[str]]:
    """Turn whatever a damaged file makes a library raise into a FileError, warnings into notes."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as voiced, np.errstate(invalid="ignore"):
        warnings.simplefilter("always")
        try:
            yield notes
        except (WoongeoError, MemoryError):
            raise
        except UnicodeDecodeError as error:
            raise FileError(
                f"{text}: de tekst is niet te lezen als {error.encoding}; geef encoding= op, vaak "
                "'cp1252' of 'utf-8'."
            ) from error
        except _FOREIGN as error:
            first_line = str(error).strip().split("\n")[0]
            raise FileError(
                f"{text}: kan niet worden gelezen ({first_line}); is het bestand beschadigd? "
                "Lever het opnieuw."
            ) from error
    messages = Counter(str(warning.message).strip().split("\n")[0] for warning in voiced)
    notes += [f"bij het lezen {n} keer: {message}" for message, n in messages.items()]
