"""Reading vector files: an allow-list of kinds, a hash of the bytes, RD New out.

GDAL picks its driver by looking at the content: a text file named ``plannen.gpkg`` can be a virtual
dataset that reads another file or visits a server. So the first bytes are held against the kind
that the name promises before GDAL sees the file, and only the kinds below are read. Nothing is
ever read from a URL.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from woongeo.crs import Conversion, to_rd
from woongeo.errors import ColumnError, FileError
from woongeo.files import Fingerprint, fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Ending to the driver that may read it, for users to see what can be given.
KINDS: dict[str, str] = {
    ".shp": "ESRI Shapefile",
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
    "ESRI Shapefile": (b"\x00\x00\x27\x0a",),
    "GPKG": (b"SQLite format 3\x00",),
    "FlatGeobuf": (b"fgb\x03fgb",),
    "GeoParquet": (b"PAR1",),
    "zip": (b"PK\x03\x04",),
}

# A zip that unpacks to more than this, or this many times its size, is not opened.
_UNPACKED_BYTES = 8 << 30
_UNPACKED_RATIO = 250

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
        What a reader should know: another encoding than stated, curves made straight.
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
        FlatGeobuf, GeoParquet, CSV with a column of WKT, a zip of one of these, or
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
        file on a fresh `RangeIndex`. Shapes are as they were: not repaired, not dropped.
    source : Source
        Where it came from.

    Raises
    ------
    FileError
        When the file is missing, of a kind that is not read, holds several layers, or is damaged.
    CrsError
        When coordinates cannot be trusted.
    """
    if isinstance(given, gpd.GeoDataFrame):
        return _take_frame(given, crs)
    place = _find(given, layer)
    if place.path.is_dir():
        parts = tuple(
            fingerprint(p, p.relative_to(place.path).as_posix())
            for p in sorted(place.path.rglob("*"))
            if p.is_file() and p.suffix != ".lock"
        )
    elif place.kind == "ESRI Shapefile":
        parts = tuple(
            fingerprint(p)
            for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")
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
    return _with_geometry(frame, shapes), source


def _with_geometry(frame: pd.DataFrame, shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Put shapes in RD New into the column ``geometry``, on a fresh index."""
    active = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    rest = pd.DataFrame(frame.drop(columns=[c for c in (active, "geometry") if c in frame.columns]))
    rest = rest.reset_index(drop=True)
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
    rest = frame.drop(columns=[frame.geometry.name])
    digest.update(rest.to_csv(index=False).encode("utf-8", "surrogatepass"))
    sha256 = digest.hexdigest()
    taken = Source("(in het geheugen)", "", "GeoDataFrame", sha256, (), len(frame), conversion)
    return _with_geometry(frame, shapes), taken


def _sibling(path: Path, ending: str) -> Path | None:
    """Find a part of a shapefile, whatever the case of its ending."""
    for candidate in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if candidate.exists():
            return candidate
    return None


def _find(given: str | Path, layer: str | None) -> _Place:
    """Find a file and make sure that it is what its name says."""
    text = str(given)
    if "://" in text or text.lstrip("/").startswith("vsi"):
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
    gdal_path = str(path)
    if path.name.lower().endswith(".gdb.zip"):
        kind = "OpenFileGDB"
        _look_into_zip(path, text)
    elif kind == "zip":
        _check_first_bytes(path, "zip", text)
        kind, gdal_path = _look_into_zip(path, text)
    elif path.is_file():
        _check_first_bytes(path, kind, text)
    return _Place(text, path, kind, gdal_path, layer)


def _check_first_bytes(path: Path, kind: str, text: str) -> None:
    """Hold the first bytes of a file against the kind that its name promises."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise FileError(f"{text}: kan niet worden gelezen ({error.strerror}).") from error
    _check_head(head, kind, text)


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


def _look_into_zip(path: Path, text: str) -> tuple[str, str]:
    """Find the one dataset in a zip, without unpacking it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            unpacked = sum(m.file_size for m in members)
            packed = max(sum(m.compress_size for m in members), 1)
            if unpacked > _UNPACKED_BYTES or unpacked > _UNPACKED_RATIO * max(packed, 100_000):
                raise FileError(
                    f"{text}: dit zipbestand wordt uitgepakt {unpacked / 1e9:.1f} GB; pak het zelf "
                    "uit als dat klopt."
                )
            found = [m for m in members if Path(m.filename).suffix.lower() in {".shp", ".gpkg"}]
            found += [m for m in members if m.filename.lower().endswith((".geojson", ".fgb"))]
            geodatabases = {
                Path(m.filename).parts[0] for m in members if ".gdb/" in m.filename.lower()
            }
            if len(geodatabases) == 1 and not found:
                return "OpenFileGDB", f"/vsizip/{path.resolve()}/{geodatabases.pop()}"
            if len(found) != 1:
                raise FileError(
                    f"{text}: dit zipbestand bevat {len(found)} leesbare datasets; "
                    "pak het uit en noem er één."
                )
            kind = KINDS[Path(found[0].filename).suffix.lower()]
            with archive.open(found[0]) as member:
                _check_head(member.read(65_536), kind, text)
            return kind, f"/vsizip/{path.resolve()}/{found[0].filename}"
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise FileError(f"{text}: dit zipbestand kan niet worden geopend ({error}).") from error


_Read = tuple[gpd.GeoDataFrame, Any, str, list[str]]


def _read_ogr(place: _Place, encoding: str | None) -> _Read:
    """Read with GDAL, by one of the drivers on the list."""
    notes: list[str] = []
    try:
        name = _one_layer(place)
        info = pyogrio.read_info(place.gdal_path, layer=name, encoding=encoding)
        if info["driver"] != place.kind:
            raise FileError(f"{place.given}: de inhoud is {info['driver']}, geen {place.kind}.")
        frame = pyogrio.read_dataframe(place.gdal_path, layer=name, encoding=encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise FileError(
            f"{place.given}: de tekst is niet te lezen als {encoding or 'vermeld'}; "
            "geef encoding= op, vaak 'cp1252' of 'utf-8'."
        ) from error
    except (DataSourceError, DataLayerError, ShapelyError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise FileError(f"{place.given}: kan niet worden gelezen ({first_line}).") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FileError(f"{place.given}: laag {name!r} heeft geen geometrie.")
    kind = str(info["geometry_type"] or "")
    if "Curve" in kind or "Surface" in kind:
        notes.append(f"bogen ({kind}) zijn bij het lezen rechtgetrokken")
    if place.kind == "ESRI Shapefile" and encoding is None and _mojibake(frame):
        # No .cpg: GDAL assumes ISO-8859-1, while Windows writes cp1252.
        notes.append("zonder .cpg-bestand: tekst gelezen als cp1252")
        frame, stated, name, _ = _read_ogr(place, "cp1252")
        return frame, stated, name, notes
    return frame, frame.crs, name if len(_layers(place)) > 1 else "", notes


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
    try:
        frame = gpd.read_parquet(place.path)
    except (ValueError, pa.ArrowException, KeyError, ShapelyError) as error:
        raise FileError(f"{place.given}: is geen leesbare GeoParquet ({error}).") from error
    return frame, frame.crs, "", []


def _read_csv(place: _Place, encoding: str | None) -> _Read:
    """Read a CSV with WKT with pandas: GDAL would sniff other kinds in a text file."""
    try:
        text = place.path.read_bytes().decode(encoding or "utf-8-sig")
    except (UnicodeDecodeError, LookupError) as error:
        raise FileError(
            f"{place.given}: de tekst is niet te lezen als {encoding or 'utf-8'}; "
            "geef encoding= op, vaak 'cp1252'."
        ) from error
    header = text.split("\n", 1)[0]
    separator = max(";\t,|", key=header.count)
    try:
        table = pd.read_csv(io.StringIO(text), sep=separator, keep_default_na=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise FileError(f"{place.given}: is geen leesbare tabel ({error}).") from error
    lower = {str(c).strip().lower(): c for c in table.columns}
    column = next((lower[name] for name in _WKT_COLUMNS if name in lower), None)
    if column is None:
        raise ColumnError(
            f"{place.given}: geen kolom met WKT gevonden; noem haar 'wkt' "
            f"(kolommen: {', '.join(map(str, table.columns))})."
        )
    shapes = np.empty(len(table), dtype=object)
    for i, wkt in enumerate(table[column]):
        if isinstance(wkt, str) and wkt.strip():
            try:
                shapes[i] = shapely.from_wkt(wkt.split(";", 1)[-1])
            except ShapelyError as error:
                # Line 1 is the header.
                raise FileError(
                    f"{place.given}: regel {i + 2}, kolom {column}: geen leesbare WKT ({error})."
                ) from error
    frame = gpd.GeoDataFrame(table.drop(columns=[column]), geometry=shapes)
    # EWKT states its reference system in each row: SRID=28992;POLYGON…
    systems = {
        text[5:].split(";", 1)[0].strip() if text.upper().startswith("SRID=") else ""
        for text in table[column].dropna().astype(str)
    }
    if len(systems) > 1:
        raise FileError(f"{place.given}: de rijen noemen verschillende SRID's; maak ze gelijk.")
    system = next(iter(systems), "")
    return frame, f"EPSG:{system}" if system else None, "", []


_READERS = {"GeoParquet": _read_parquet, "CSV": _read_csv}
