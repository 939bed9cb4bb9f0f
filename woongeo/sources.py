"""Reading vector files: an allow-list of kinds, a hash of the bytes, RD New out.

GDAL picks its driver by looking at the content: a text file named ``plannen.gpkg`` can be a virtual
dataset that reads another file or visits a server. So the first bytes are held against the kind
that the name promises before GDAL sees the file, and only the kinds below are read. Nothing is
ever read from a URL.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import warnings
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from shapely.errors import ShapelyError

from woongeo.crs import Conversion, to_rd
from woongeo.errors import ColumnError, FileError, WoongeoError
from woongeo.files import Fingerprint, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

_SHAPEFILE = "ESRI Shapefile"

#: Ending to the driver that may read it, for users to see what can be given.
KINDS: dict[str, str] = {
    ".shp": _SHAPEFILE,
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
    ".zip": "zip",
}

_FIRST_BYTES: dict[str, tuple[bytes, ...]] = {
    _SHAPEFILE: (b"\x00\x00\x27\x0a",),
    "GPKG": (b"SQLite format 3\x00",),
    "FlatGeobuf": (b"fgb\x03fgb",),
    "GeoParquet": (b"PAR1",),
    "zip": (b"PK\x03\x04",),
}

# A zip that unpacks to more than this, or this many times its size, is not opened.
_UNPACKED_BYTES = 8 << 30
_UNPACKED_RATIO = 250

# What a page of a larger answer says of itself (OGC API Features, WFS, ArcGIS).
_MORE_PAGES = re.compile(
    rb'"rel"\s*:\s*"(?:next|prev)"|"exceededTransferLimit"\s*:\s*true', re.IGNORECASE
)
_ALL_PAGES = re.compile(rb'"(?:numberMatched|totalFeatures)"\s*:\s*(\d+)')
_END_BYTES = 65_536

# A WKT of a large site is far longer than csv allows.
_LONGEST_CELL = 1 << 30

# What stands in a cell that holds nothing.
_BLANK = {"", "NULL", "null", "NaN", "nan"}

_WKT_COLUMNS = ("wkt", "geom_wkt", "wkt_geom", "geometry", "geom", "the_geom", "geometrie", "shape")


@dataclass(frozen=True)
class Source:
    """Where shapes came from, so that every figure can be traced.

    Attributes
    ----------
    path : str
        The file as the user gave it, or "(in het geheugen)".
    layer : str
        The layer in it; empty where a file holds one.
    driver : str
        The kind of file.
    sha256 : str
        Of the file; of names and hashes of its parts where there are several.
    files : tuple of Fingerprint
        The file, or its parts.
    features : int
        How many rows it holds.
    conversion : Conversion
        How its coordinates came to RD New.
    notes : tuple of str
        What a reader should know: another encoding than stated, shapes that could not be read.
    """

    path: str
    layer: str
    driver: str
    sha256: str
    files: tuple[Fingerprint, ...]
    features: int
    conversion: Conversion
    notes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Give the source as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "bestand": self.path,
            "laag_in_bestand": self.layer,
            "soort": self.driver,
            "sha256": self.sha256,
            "onderdelen": [vars(f) for f in self.files] if len(self.files) > 1 else [],
            "objecten": self.features,
            "coordinatenstelsel": self.conversion.source,
            "omrekening": self.conversion.operation,
            "omrekening_nauwkeurigheid_m": self.conversion.accuracy_m,
            "opmerkingen": list(self.notes),
        }


@dataclass(frozen=True)
class _Place:
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


def read_vector(
    given: str | Path | gpd.GeoDataFrame,
    *,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
) -> tuple[gpd.GeoDataFrame, Source]:
    """Read a vector file, or take a frame, and bring it to RD New.

    Parameters
    ----------
    given : str, Path or GeoDataFrame
        Shapefile (or the folder that holds one), GeoPackage, GeoJSON, File Geodatabase,
        FlatGeobuf, a zip of one of these, GeoParquet, CSV with a column of WKT, or
        ``file.gpkg:layer``; or a frame.
    layer : str, optional
        The layer to read, where a file holds several.
    crs : object, optional
        The reference system to use instead of the one that is stated, or where none is.
    encoding : str, optional
        The encoding of text in a shapefile or CSV, where it is not the stated one.

    Returns
    -------
    frame : GeoDataFrame
        In RD New (EPSG:28992), metres, shapes in the column ``geometry``, rows in the order of the
        file on a fresh `RangeIndex`; a named index becomes a column. Names of columns are text and
        unique. Shapes are as they were: not repaired, not dropped; None where they cannot be read.
        Arcs are drawn in chords of 4 degrees, at most 0.6 m off at a radius of 1 km. All columns of
        a CSV are text.
    source : Source
        Where it came from.

    Raises
    ------
    FileError
        When the file is missing, of a kind that is not read, holds several layers, is one page of a
        larger answer, or is damaged.
    ColumnError
        When two columns share a name, or a CSV has none with WKT.
    CrsError
        When coordinates cannot be trusted.
    """
    if isinstance(given, gpd.GeoDataFrame):
        return _take_frame(given, crs)
    if not isinstance(given, str | Path):
        raise FileError(
            f"{type(given).__name__}: geef een pad naar een bestand of een GeoDataFrame."
        )
    _check_encoding(encoding)
    place = _find(given, layer)
    if place.path.is_dir():
        parts = tuple(
            fingerprint(p, p.relative_to(place.path).as_posix())
            for p in sorted(place.path.rglob("*"))
            if p.is_file() and p.suffix != ".lock"
        )
    elif place.kind == _SHAPEFILE and place.path.suffix.lower() != ".zip":
        parts = tuple(
            fingerprint(p)
            for ending in _SHAPEFILE_PARTS
            if (p := _sibling(place.path, ending)) is not None
        )
    else:
        parts = (fingerprint(place.path),)
    frame, stated, name, notes = _READERS.get(place.kind, _read_ogr)(place, encoding)
    if crs is not None and stated is not None:
        notes = [*notes, f"vermeld coördinatenstelsel {stated} vervangen door {crs}"]
    shapes, conversion = to_rd(
        frame.geometry.to_numpy(), stated if crs is None else crs, what=place.given
    )
    source = Source(
        path=place.given,
        layer=name,
        driver=place.kind,
        sha256=_combined(parts),
        files=parts,
        features=len(frame),
        conversion=conversion,
        notes=tuple(notes),
    )
    return _with_geometry(frame, shapes, place.given), source


def _with_geometry(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], what: str
) -> gpd.GeoDataFrame:
    """Put shapes in RD New into the column ``geometry``, on a fresh index."""
    rest = pd.DataFrame(frame.drop(columns=[frame.geometry.name]))
    # Whoever sets an index of ids means to keep them.
    kept = [name for name in rest.index.names if name is not None and name not in rest.columns]
    rest = rest.reset_index(kept).reset_index(drop=True)
    names = ["geometry_invoer" if str(name) == "geometry" else str(name) for name in rest.columns]
    rest.columns = pd.Index(names)
    double = [name for name, n in Counter(names).items() if n > 1]
    if double:
        raise ColumnError(f"{what}: kolom {double[0]!r} komt vaker voor; geef elke een eigen naam.")
    for name in rest.columns[[str(kind) == "geometry" for kind in rest.dtypes]]:
        # A second geometry is kept as text: it is in its own reference system.
        rest[name] = shapely.to_wkt(gpd.GeoSeries(rest[name]).to_numpy(), rounding_precision=-1)
    return gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(shapes, crs="EPSG:28992"))


def _combined(parts: Sequence[Fingerprint]) -> str:
    """One hash for all parts of a dataset."""
    if len(parts) == 1:
        return parts[0].sha256
    lines = "".join(f"{p.sha256}  {p.name}\n" for p in parts)
    return hashlib.sha256(lines.encode()).hexdigest()


def _take_frame(frame: gpd.GeoDataFrame, crs: object) -> tuple[gpd.GeoDataFrame, Source]:
    """Take shapes that are in memory already."""
    what = "het GeoDataFrame"
    try:
        shapes = frame.geometry.to_numpy()
    except AttributeError as error:
        raise FileError(
            f"{what}: er is geen kolom met geometrie; gebruik set_geometry(...)."
        ) from error
    stated = frame.crs if crs is None else crs
    shapes, conversion = to_rd(shapes, stated, what=what)
    digest = hashlib.sha256()
    for shape in shapely.to_wkb(shapes):
        digest.update(shape or b"-")
    taken = _with_geometry(frame, shapes, what)
    rest = taken.drop(columns=["geometry"])
    digest.update(rest.to_csv(index=False).encode("utf-8", "surrogatepass"))
    sha256 = digest.hexdigest()
    source = Source("(in het geheugen)", "", "GeoDataFrame", sha256, (), len(frame), conversion)
    return taken, source


def _sibling(path: Path, ending: str) -> Path | None:
    """Find a part of a shapefile, whatever the case of its ending."""
    for candidate in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if candidate.exists():
            return candidate
    return None


def _check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that does not exist."""
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise FileError(
            f"codering {encoding!r} is onbekend; geef bijvoorbeeld 'cp1252' of 'utf-8'."
        ) from error


def _find(given: str | Path, layer: str | None) -> _Place:
    """Find a file and make sure that it is what its name says."""
    text = str(given)
    if "://" in text or text.startswith("/vsi"):
        raise FileError(f"{text}: woongeo leest alleen bestanden op deze computer, geen adressen.")
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
    if layer is not None and kind in _READERS:
        raise FileError(f"{text}: een bestand van de soort {kind} heeft geen lagen.")
    kind, gdal_path = _check_content(path, kind, text)
    return _Place(text, path, kind, gdal_path, layer)


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
    if kind == _SHAPEFILE:
        parts = {e: part for e in _SHAPEFILE_PARTS if (part := _sibling(path, e)) is not None}
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
            return file.read(_END_BYTES)
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


#: Without the first three a shapefile is not whole.
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def _check_shapefile(parts: Mapping[str, tuple[bytes, int]], text: str) -> None:
    """Hold first bytes and sizes of a shapefile's parts against each other.

    GDAL reads what it can find: without .dbf no columns, beyond the end of a file no shapes.
    """
    missing = [ending for ending in _SHAPEFILE_PARTS[:3] if ending not in parts]
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
            f"{text}: .shx noemt {shapes} vlakken en .dbf {rows} rijen; de delen horen niet bij "
            "elkaar."
        )


def _look_into_zip(path: Path, text: str) -> tuple[str, str]:
    """Find the one dataset in a zip, without unpacking it."""
    with _no_leak(text), zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        unpacked = sum(m.file_size for m in members)
        packed = sum(m.compress_size for m in members)
        if unpacked > _UNPACKED_BYTES or unpacked > _UNPACKED_RATIO * max(packed, 100_000):
            raise FileError(
                f"{text}: dit zipbestand wordt uitgepakt {unpacked / 1e9:.1f} GB; pak het zelf uit "
                "als dat klopt."
            )
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
        if kind == _SHAPEFILE:
            stem = found[0][: -len(inside.suffix)]
            heads = {
                n[len(stem) :].lower(): (_first_of(archive, n), archive.getinfo(n).file_size)
                for n in names
                if n.startswith(stem) and n[len(stem) :].lower() in _SHAPEFILE_PARTS
            }
            _check_shapefile(heads, text)
        if kind != "OpenFileGDB":
            _check_head(_first_of(archive, found[0]), kind, text)
        return kind, f"/vsizip/{path.absolute()}/{found[0]}"


_IN_ZIP = {".shp", ".gpkg", ".geojson", ".fgb"}
_IN_ZIP_WORDS = "shapefile, .gpkg, .geojson, .fgb of .gdb"


def _first_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read the first bytes of a file in a zip."""
    with archive.open(name) as member:
        return member.read(_END_BYTES)


@contextmanager
def _no_leak(text: str) -> Iterator[list[str]]:
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
        # The libraries below have some twenty kinds of errors between them, and add more.
        except Exception as error:
            first_line = str(error).strip().split("\n")[0]
            raise FileError(
                f"{text}: kan niet worden gelezen ({first_line}); is het bestand beschadigd? "
                "Lever het opnieuw."
            ) from error
    messages = Counter(str(warning.message).strip().split("\n")[0] for warning in voiced)
    notes += [f"bij het lezen {n} keer: {message}" for message, n in messages.items()]


_Read = tuple[gpd.GeoDataFrame, Any, str, list[str]]


def _read_ogr(place: _Place, encoding: str | None) -> _Read:
    """Read with GDAL, by one of the drivers on the list."""
    with _no_leak(place.given) as notes:
        name = _one_layer(place)
        # Of an encoding that reads any byte: only the number of fields is looked at.
        info = pyogrio.read_info(place.gdal_path, layer=name, encoding="ISO-8859-1")
        if info["driver"] != place.kind:
            raise FileError(f"{place.given}: de inhoud is {info['driver']}, geen {place.kind}.")
        frame, notes[:] = _read_layer(place, name, encoding)
        several = len(_layers(place)) > 1
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FileError(f"{place.given}: laag {name!r} heeft geen geometrie.")
    if place.kind == "GeoJSON":
        _check_pages(place.path, len(frame), place.given)
    # A GeoPackage counts in a table of its own, which may be out of date; SQLite itself says when a
    # page is damaged. Where a table is gone there are no columns: a shapefile always has some, and
    # a geodatabase has rows.
    lost = place.kind == "FlatGeobuf" and len(frame) != info["features"]
    if not len(info["fields"]):
        lost |= place.kind == _SHAPEFILE or (place.kind == "OpenFileGDB" and not len(frame))
    if lost:
        raise FileError(
            f"{place.given}: er konden {len(frame)} objecten en {len(info['fields'])} kolommen "
            "worden gelezen, en er horen er meer te zijn; lever het bestand opnieuw."
        )
    return frame, frame.crs, name if several else "", notes


def _read_layer(
    place: _Place, name: str, encoding: str | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read a layer; of a shapefile, in the encoding that its bytes can be."""

    def read(encoding: str | None = None) -> gpd.GeoDataFrame:
        # A ring that is not closed makes one shape None, instead of the whole file unreadable.
        return pyogrio.read_dataframe(
            place.gdal_path, layer=name, encoding=encoding, on_invalid="warn"
        )

    if place.kind != _SHAPEFILE:
        return read(), []
    if encoding is not None:
        return read(encoding), []
    try:
        # Bytes that can be UTF-8 are UTF-8, whatever a .cpg says or where there is none.
        return read("UTF-8"), []
    except UnicodeDecodeError:
        frame = read()
    if not _mojibake(frame):
        return frame, []
    # GDAL assumes ISO-8859-1, while Windows writes cp1252.
    return read("cp1252"), ["de tekst is gelezen als cp1252; geef encoding= op als dat niet klopt"]


def _check_pages(path: Path, rows: int, text: str) -> None:
    """Refuse one page of a larger answer: what is on the other pages would count as absent."""
    if path.suffix.lower() == ".zip":
        return
    with path.open("rb") as file:
        ends = file.read(_END_BYTES)
        file.seek(max(len(ends), path.stat().st_size - _END_BYTES))
        ends += b"\n" + file.read()
    counts = [int(n) for n in _ALL_PAGES.findall(ends)]
    if _MORE_PAGES.search(ends) or any(n > rows for n in counts):
        raise FileError(
            f"{text}: dit is één bladzijde ({rows} objecten) van een groter antwoord; haal alle "
            "bladzijden op, of download de hele laag."
        )


def _layers(place: _Place) -> list[str]:
    """List the layers of a dataset that have shapes."""
    return [str(name) for name, kind in pyogrio.list_layers(place.gdal_path) if kind is not None]


def _one_layer(place: _Place) -> str:
    """Choose the layer to read, and refuse to guess."""
    names = _layers(place)
    if place.layer is not None:
        if place.layer not in names:
            raise FileError(
                f"{place.given}: laag {place.layer!r} bestaat niet; wel: {', '.join(names)}."
            )
        return place.layer
    if len(names) == 1:
        return names[0]
    if not names:
        raise FileError(f"{place.given}: hierin staat geen laag met geometrie.")
    raise FileError(
        f"{place.given}: hierin staan {len(names)} lagen ({', '.join(names)}); "
        f"noem er één: {place.path.name}:{names[0]}."
    )


def _mojibake(frame: gpd.GeoDataFrame) -> bool:
    """Tell whether text holds C1 control characters, which no one types."""
    for column in frame.columns:
        if column == frame.geometry.name or not (
            frame[column].dtype == object or isinstance(frame[column].dtype, pd.StringDtype)
        ):
            continue
        for text in frame[column].dropna().unique():
            if isinstance(text, str) and any("\x80" <= c <= "\x9f" for c in text):
                return True
    return False


def _read_parquet(place: _Place, _encoding: str | None) -> _Read:
    """Read GeoParquet with pyarrow."""
    with _no_leak(place.given) as notes:
        frame = gpd.read_parquet(place.path)
        # Reading it is what finds a reference system that is no such thing.
        stated = frame.crs
    return frame, stated, "", notes


def _read_csv(place: _Place, encoding: str | None) -> _Read:
    """Read a CSV with WKT. All of it is text: pandas would take 1.234 for 1,234 and 007 for 7."""
    names, rows, notes = _csv_rows(place, encoding)
    lower = {name.lower(): i for i, name in reversed([*enumerate(names)])}
    column = next((lower[name] for name in _WKT_COLUMNS if name in lower), None)
    if column is None:
        raise ColumnError(
            f"{place.given}: geen kolom met WKT gevonden; noem haar 'wkt' "
            f"(kolommen: {', '.join(names)})."
        )
    shapes = np.empty(len(rows), dtype=object)
    # EWKT states its reference system in each row: SRID=28992;POLYGON…
    systems = set()
    for i, row in enumerate(rows):
        system, _, wkt = (row[column] or "").rpartition(";")
        if not wkt:
            continue
        systems.add(system.strip().upper().removeprefix("SRID="))
        try:
            shapes[i] = shapely.from_wkt(wkt)
        except (ShapelyError, NotImplementedError) as error:
            raise FileError(
                f"{place.given}: rij {i + 1}, kolom {names[column]}: geen leesbare WKT (een cel "
                "in Excel houdt op na 32.767 tekens)."
            ) from error
    if len(systems) > 1:
        raise FileError(f"{place.given}: de rijen noemen verschillende SRID's; maak ze gelijk.")
    system = next(iter(systems), "")
    table = pd.DataFrame(rows, columns=pd.Index(names), dtype=object)
    rest = table.iloc[:, [i for i in range(len(names)) if i != column]]
    frame = gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(shapes, index=rest.index))
    return frame, f"EPSG:{system}" if system else None, "", notes


def _csv_rows(
    place: _Place, encoding: str | None
) -> tuple[list[str], list[list[str | None]], list[str]]:
    """Read the header and the rows of a CSV; a row that is not whole is an error."""
    with _no_leak(place.given):
        text = place.path.read_bytes().decode(encoding or "utf-8").removeprefix("\ufeff")
        header = text.split("\n", 1)[0]
        separator = max(";\t,|", key=header.count)
        longest = csv.field_size_limit(_LONGEST_CELL)
        try:
            lines = list(csv.reader(io.StringIO(text, ""), delimiter=separator, strict=True))
        finally:
            csv.field_size_limit(longest)
    lines = [line for line in lines if line]
    if not lines:
        raise FileError(f"{place.given}: in dit bestand staat geen kopregel.")
    names = [name.strip() or f"kolom {i}" for i, name in enumerate(lines[0], 1)]
    width = len(names)
    for i, line in enumerate(lines[1:], 1):
        if len(line) < width or any(line[width:]):
            raise FileError(
                f"{place.given}: rij {i} heeft {len(line)} velden en de kopregel {width}; is het "
                "bestand afgekapt, of staat er een scheidingsteken in een veld?"
            )
    rows = [[None if c.strip() in _BLANK else c for c in line[:width]] for line in lines[1:]]
    whole = text.endswith(("\n", "\r"))
    return names, rows, [] if whole else ["de laatste regel heeft geen einde: is het bestand heel?"]


_READERS = {"GeoParquet": _read_parquet, "CSV": _read_csv}
