"""The files of registers: vectors, gzipped JSON, TopoJSON, and tables without shapes.

What is not read by `woongeo.sources` is held against the same rules here: a limit on what is
unpacked, first bytes that are what the name says, and nothing foreign that leaks.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

from woongeo.columns import as_text
from woongeo.crs import Conversion, to_rd
from woongeo.errors import FileError, RegisterError
from woongeo.files import fingerprint
from woongeo.sources import Source, read_vector, split_layer
from woongeo.sources.place import END_BYTES, find, no_leak
from woongeo.sources.points import coordinate_columns
from woongeo.sources.readers import WKT_COLUMNS, csv_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: A gzipped file that unpacks to more than this is not opened.
UNPACKED_BYTES = 1 << 30

_TOPOLOGY = re.compile(rb'"type"\s*:\s*"Topology"')

# Endings of a workbook that is read.
WORKBOOKS = {".xlsx", ".xlsm"}

#: How coordinates came to RD New where there are none.
NO_SHAPES = Conversion("geen", "", 0.0)


def columns_of(given: str | Path, layer: str | None = None) -> list[str]:
    """List the columns of a vector file or CSV without reading its rows.

    Parameters
    ----------
    given : str or Path
        The file.
    layer : str, optional
        The layer, where there are several; the first without it.

    Returns
    -------
    list of str
        In the order of the file.

    Raises
    ------
    FileError
        When it cannot be read.
    """
    if is_json(given):
        return [str(c) for c in read_json(given, layer=layer)[0].columns if c != "geometry"]
    place = find(given, layer)
    if place.kind == "CSV":
        return csv_rows(place, None)[0]
    with no_leak(place.given):
        if place.kind == "GeoParquet":
            return [str(name) for name in pq.read_schema(place.path).names]
        names = [str(name) for name, _ in pyogrio.list_layers(place.gdal_path)]
        wanted = place.layer if place.layer in names else names[0]
        info = pyogrio.read_info(place.gdal_path, layer=wanted, encoding="ISO-8859-1")
    return [str(name) for name in info["fields"]]


def layers_of(given: str | Path) -> list[str]:
    """List all layers of a file, those without shapes too.

    Parameters
    ----------
    given : str or Path
        The file.

    Returns
    -------
    list of str
        Empty for kinds that hold one table by nature.

    Raises
    ------
    FileError
        When it cannot be read.
    """
    if is_json(given):
        return []
    place = find(given, None)
    if place.kind in {"CSV", "GeoParquet"}:
        return []
    with no_leak(place.given):
        return [str(name) for name, _ in pyogrio.list_layers(place.gdal_path)]


def read_table(given: str | Path, layer: str) -> pd.DataFrame:
    """Read a layer without shapes.

    Parameters
    ----------
    given : str or Path
        A File Geodatabase or GeoPackage.
    layer : str
        Its name.

    Returns
    -------
    DataFrame
        Its rows; a whole number that is missing is NaN.

    Raises
    ------
    FileError
        When it cannot be read.
    """
    place = find(given, None)
    with no_leak(place.given):
        return pd.DataFrame(
            pyogrio.read_dataframe(place.gdal_path, layer=layer, read_geometry=False)
        )


def is_json(given: str | Path) -> bool:
    """Tell whether a file is gzipped JSON, or TopoJSON.

    Parameters
    ----------
    given : str or Path
        The file.

    Returns
    -------
    bool
        True for what `read_json` reads and `woongeo.sources` does not.
    """
    path = split_layer(given)[0]
    if not path.is_file():
        return False
    ending = path.suffix.lower()
    if ending in {".gz", ".topojson"}:
        return True
    if ending != ".json":
        return False
    with path.open("rb") as file:
        return _TOPOLOGY.search(file.read(END_BYTES)) is not None


def read_json(
    given: str | Path, *, layer: str | None = None, crs: object = None
) -> tuple[gpd.GeoDataFrame, Source]:
    """Read GeoJSON or TopoJSON, gzipped or not, and bring it to RD New.

    Parameters
    ----------
    given : str or Path
        The file.
    layer : str, optional
        The object of a TopoJSON file, where it holds several.
    crs : object, optional
        The reference system, instead of the stated one; longitude and latitude without either.

    Returns
    -------
    frame : GeoDataFrame
        In RD New (EPSG:28992), metres, in the order of the file; None where no shape is drawn.
    source : Source
        Where it came from.

    Raises
    ------
    FileError
        When it is missing, too large once unpacked, damaged, or no such JSON.
    CrsError
        When coordinates cannot be trusted.
    """
    path, in_name = split_layer(given)
    layer = layer or in_name
    text = str(given)
    if not path.is_file():
        raise FileError(f"{text}: dit bestand bestaat niet.")
    data = _unpacked(path, text)
    head = data[:END_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") or b"gdal_streamed" in head:
        raise FileError(f"{text}: de inhoud is geen GeoJSON of TopoJSON.")
    with no_leak(text) as notes:
        names = [str(name) for name, _ in pyogrio.list_layers(data)]
        several = len(names) > 1
        if several and layer not in names:
            raise FileError(f"{text}: noem één van de lagen {', '.join(names)}.")
        # Of one layer the name is not used: each time the bytes are opened it is another.
        wanted = layer if several else None
        driver = pyogrio.read_info(data, layer=wanted)["driver"]
        if driver not in {"GeoJSON", "TopoJSON"}:
            raise FileError(f"{text}: de inhoud is {driver}, geen GeoJSON of TopoJSON.")
        frame = pyogrio.read_dataframe(data, layer=wanted, on_invalid="warn")
    shapes = shapes_of(frame)
    stated = getattr(frame, "crs", None) if isinstance(frame, gpd.GeoDataFrame) else None
    shapes, conversion = to_rd(shapes, crs or stated or "EPSG:4326", what=text)
    rest = pd.DataFrame(frame.drop(columns=["geometry"], errors="ignore"))
    rest = rest.reset_index(drop=True)
    print_ = fingerprint(path)
    source = Source(
        path=text,
        layer=wanted or "",
        driver=driver,
        sha256=print_.sha256,
        files=(print_,),
        features=len(rest),
        conversion=conversion,
        notes=tuple(notes),
    )
    return gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(shapes, crs="EPSG:28992")), source


def _unpacked(path: Path, text: str) -> bytes:
    """Read a file, unpacked where it is gzipped, up to a limit."""
    with no_leak(text):
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            data = bytes(file.read(UNPACKED_BYTES + 1))
    if len(data) > UNPACKED_BYTES:
        raise FileError(
            f"{text}: dit bestand wordt uitgepakt groter dan {UNPACKED_BYTES >> 20} MB; pak het "
            "zelf uit als dat klopt."
        )
    if not data:
        raise FileError(f"{text}: het bestand is leeg.")
    return data


def shapes_of(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Give the shapes of a frame; None for each row where it has none.

    Parameters
    ----------
    frame : DataFrame
        A GeoDataFrame, or a table.

    Returns
    -------
    ndarray of shapely geometries
        In its order.
    """
    if isinstance(frame, gpd.GeoDataFrame):
        return np.array(frame.geometry.to_numpy(), dtype=object)
    return np.full(len(frame), None, dtype=object)


def open_frame(
    given: str | Path | gpd.GeoDataFrame,
    *,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
) -> tuple[gpd.GeoDataFrame, Source]:
    """Read what holds plans or their shapes, by whichever door it fits.

    Parameters
    ----------
    given : str, Path or GeoDataFrame
        See `woongeo.sources.read_vector`; gzipped JSON, TopoJSON, and a CSV without WKT too.
    layer, crs, encoding
        As there.

    Returns
    -------
    frame : GeoDataFrame
        In RD New (EPSG:28992), metres; shapes may be None.
    source : Source
        Where it came from.

    Raises
    ------
    FileError, ColumnError, CrsError
        As there.
    """
    if isinstance(given, gpd.GeoDataFrame):
        return read_vector(given, crs=crs)
    if is_json(given):
        return read_json(given, layer=layer, crs=crs)
    place = find(given, layer)
    if place.kind == "CSV":
        names, rows, notes = csv_rows(place, encoding)
        drawn = {name.lower() for name in names} & set(WKT_COLUMNS)
        if not drawn and coordinate_columns(names) is None:
            table = pd.DataFrame(rows, columns=pd.Index(names), dtype=object)
            return without_shapes(table, given, "CSV", tuple(notes))
    if place.kind == "GeoJSON" and _no_shapes_at_all(place.gdal_path, place.given):
        return read_json(given, layer=layer, crs=crs)
    return read_vector(given, layer=layer, crs=crs, encoding=encoding)


def _no_shapes_at_all(gdal_path: str, text: str) -> bool:
    """Tell whether a GeoJSON file draws no shape, which GDAL calls a table."""
    with no_leak(text):
        kinds = [kind for _, kind in pyogrio.list_layers(gdal_path)]
    return kinds == [None]


def without_shapes(
    table: pd.DataFrame, given: str | Path, driver: str, notes: tuple[str, ...] = ()
) -> tuple[gpd.GeoDataFrame, Source]:
    """Make a frame of a table that has no shapes.

    Parameters
    ----------
    table : DataFrame
        The rows.
    given : str or Path
        The file they come from.
    driver : str
        Its kind.
    notes : tuple of str
        What a reader should know.

    Returns
    -------
    frame : GeoDataFrame
        With None for each shape.
    source : Source
        Where it came from.
    """
    path = split_layer(given)[0]
    print_ = fingerprint(path)
    source = Source(str(given), "", driver, print_.sha256, (print_,), len(table), NO_SHAPES, notes)
    nothing = gpd.GeoSeries([None] * len(table), index=table.index, crs="EPSG:28992")
    return gpd.GeoDataFrame(table, geometry=nothing), source


def join_shapes(
    ids: pd.Series, names: pd.Series, shapes: gpd.GeoDataFrame, what: str
) -> tuple[NDArray[np.object_], str, int]:
    """Find the shape of each plan in another file, by id or else by name.

    Parameters
    ----------
    ids, names : Series of str
        Of the plans.
    shapes : GeoDataFrame
        The other file, in RD New.
    what : str
        Its name, for the message.

    Returns
    -------
    geometry : ndarray of shapely geometries
        Of each plan; None where there is none. Several of one plan are united.
    column : str
        The column by which they were found.
    unused : int
        How many shapes belong to no plan.

    Raises
    ------
    RegisterError
        When no column matches any plan.
    """
    best: tuple[int, str, pd.Series, pd.Series] | None = None
    for column in shapes.columns.drop("geometry"):
        keys = as_text(shapes[column]).str.casefold()
        for wanted in (ids, names):
            own = wanted.str.casefold()
            hits = int(own[own != ""].isin(set(keys)).sum())
            if hits and (best is None or hits > best[0]):
                best = (hits, str(column), keys, own)
    if best is None:
        raise RegisterError(
            f"{what}: geen kolom noemt de id's of namen van de plannen; er is geen vlak te "
            "koppelen."
        )
    _, column, keys, own = best
    united = {
        key: part[0] if len(part) == 1 else shapely.union_all(np.array(part, dtype=object))
        for key, part in shapes.geometry.groupby(keys.to_numpy()).apply(list).items()
    }
    found = np.empty(len(own), dtype=object)
    found[:] = [united.get(key) if key else None for key in own]
    unused = int((~keys.isin(set(own))).sum())
    return found, column, unused


def beside(source: Source, shapes: Source, note: str) -> Source:
    """Say that shapes came from a second file.

    Parameters
    ----------
    source : Source
        The register.
    shapes : Source
        The file of shapes.
    note : str
        What a reader should know.

    Returns
    -------
    Source
        With the files and one hash of both.
    """
    lines = f"{source.sha256}  {source.path}\n{shapes.sha256}  {shapes.path}\n"
    return replace(
        source,
        files=source.files + shapes.files,
        sha256=hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest(),
        conversion=shapes.conversion,
        notes=(*source.notes, note, *shapes.notes),
        others=(*source.others, shapes),
    )
