"""Reading each kind of vector file whole: fewer rows than there are is an error."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from shapely.errors import ShapelyError

from woongeo.errors import ColumnError, FileError
from woongeo.numerals import by_number
from woongeo.sources.excel import excel_rows
from woongeo.sources.place import END_BYTES, SHAPEFILE, Place, no_leak
from woongeo.sources.points import coordinate_columns, points

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What a page of a larger answer says of itself (OGC API Features, WFS, ArcGIS).
_MORE_PAGES = re.compile(
    rb'"rel"\s*:\s*"(?:next|prev)"|"exceededTransferLimit"\s*:\s*true', re.IGNORECASE
)

_ALL_PAGES = re.compile(rb'"(?:numberMatched|totalFeatures)"\s*:\s*(\d+)')

# A WKT of a large site is far longer than csv allows.
_LONGEST_CELL = 1 << 30

# What stands in a cell that holds nothing.
_BLANK = {"", "NULL", "null", "NaN", "nan"}

#: What a column with WKT is called.
WKT_COLUMNS = ("wkt", "geom_wkt", "wkt_geom", "geometry", "geom", "the_geom", "geometrie", "shape")

Read = tuple[gpd.GeoDataFrame, Any, str, list[str]]


def read_ogr(place: Place, encoding: str | None) -> Read:
    """Read with GDAL, by one of the drivers on the list."""
    with no_leak(place.given) as notes:
        name = one_layer(place)
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
    # FlatGeobuf without rows states no count, which reads as -1.
    lost = place.kind == "FlatGeobuf" and len(frame) != max(info["features"], 0)
    if not len(info["fields"]):
        lost |= place.kind == SHAPEFILE or (place.kind == "OpenFileGDB" and not len(frame))
    if lost:
        raise FileError(
            f"{place.given}: er konden {len(frame)} {by_number(len(frame), 'object', 'objecten')} "
            f"en {len(info['fields'])} {by_number(len(info['fields']), 'kolom', 'kolommen')} "
            "worden gelezen, en er horen er meer te zijn; lever het bestand opnieuw."
        )
    return frame, frame.crs, name if several else "", notes


def _read_layer(
    place: Place, name: str, encoding: str | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read a layer; of a shapefile, in the encoding that its bytes can be."""

    def read(encoding: str | None = None) -> gpd.GeoDataFrame:
        # A ring that is not closed makes one shape None, instead of the whole file unreadable.
        return pyogrio.read_dataframe(
            place.gdal_path, layer=name, encoding=encoding, on_invalid="warn"
        )

    if place.kind != SHAPEFILE:
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
        ends = file.read(END_BYTES)
        file.seek(max(len(ends), path.stat().st_size - END_BYTES))
        ends += b"\n" + file.read()
    counts = [int(n) for n in _ALL_PAGES.findall(ends)]
    if _MORE_PAGES.search(ends) or any(n > rows for n in counts):
        raise FileError(
            f"{text}: dit is één bladzijde ({rows} {by_number(rows, 'object', 'objecten')}) van "
            "een groter antwoord; haal alle bladzijden op, of download de hele laag."
        )


def _layers(place: Place) -> list[str]:
    """List the layers of a dataset that have shapes."""
    return [str(name) for name, kind in pyogrio.list_layers(place.gdal_path) if kind is not None]


def one_layer(place: Place) -> str:
    """Choose the layer to read, and refuse to guess.

    Parameters
    ----------
    place : Place
        The file, and the layer where one was named.

    Returns
    -------
    str
        Its name.

    Raises
    ------
    FileError
        When the layer is not there, or several could be meant.
    """
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


def is_our_own(place: Place) -> bool:
    """Tell whether woongeo wrote a GeoPackage: it holds the layers that were judged as well.

    Parameters
    ----------
    place : Place
        The file.

    Returns
    -------
    bool
        Whether it has our layer of locations and our table of sources.
    """
    if place.kind != "GPKG":
        return False
    with no_leak(place.given):
        names = [str(name) for name, _ in pyogrio.list_layers(place.gdal_path)]
    return {"locaties", "herkomst", "layer_styles"} <= set(names)


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


def _read_parquet(place: Place, _encoding: str | None) -> Read:
    """Read GeoParquet with pyarrow."""
    with no_leak(place.given) as notes:
        frame = gpd.read_parquet(place.path)
        # Reading it is what finds a reference system that is no such thing.
        stated = frame.crs
    return frame, stated, "", notes


def _read_csv(place: Place, encoding: str | None) -> Read:
    """Read a CSV with WKT or with x and y.

    All of it is text: pandas would take 1.234 for 1,234 and 007 for 7.
    """
    names, rows, notes = csv_rows(place, encoding)
    frame, stated, more = _from_table(place, names, rows)
    return frame, stated, "", notes + more


def _read_excel(place: Place, _encoding: str | None) -> Read:
    """Read a sheet with x and y, or with WKT, as text like a CSV."""
    names, rows, sheet = excel_rows(place)
    frame, stated, notes = _from_table(place, names, rows)
    return frame, stated, sheet, notes


def _from_table(
    place: Place, names: list[str], rows: list[list[str | None]]
) -> tuple[gpd.GeoDataFrame, str | None, list[str]]:
    """Make shapes of the WKT in a table, or of its x and y."""
    lower = {name.lower(): i for i, name in reversed([*enumerate(names)])}
    column = next((lower[name] for name in WKT_COLUMNS if name in lower), None)
    table = pd.DataFrame(rows, columns=pd.Index(names), dtype=object)
    if column is not None:
        shapes, stated = _from_wkt(place, names[column], [row[column] for row in rows])
        # By position: a name may be there twice, which is refused later, by name.
        table = table.iloc[:, [i for i in range(len(names)) if i != column]]
        notes: list[str] = []
    else:
        found = coordinate_columns(names)
        if found is None:
            raise ColumnError(
                f"{place.given}: geen kolom met WKT gevonden, en geen x en y of lon en lat; noem "
                f"haar 'wkt' (kolommen: {', '.join(names)})."
            )
        x, y, stated = found
        shapes, notes = points([row[x] for row in rows], [row[y] for row in rows])
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, index=table.index)), stated, notes


def _from_wkt(
    place: Place, name: str, cells: list[str | None]
) -> tuple[NDArray[np.object_], str | None]:
    """Read shapes of WKT, and the reference system that it states."""
    shapes = np.empty(len(cells), dtype=object)
    # EWKT states its reference system in each row: SRID=28992;POLYGON…
    systems = set()
    for i, cell in enumerate(cells):
        system, _, wkt = (cell or "").rpartition(";")
        if not wkt:
            continue
        systems.add(system.strip().upper().removeprefix("SRID="))
        try:
            shapes[i] = shapely.from_wkt(wkt)
        except (ShapelyError, NotImplementedError) as error:
            raise FileError(
                f"{place.given}: rij {i + 1}, kolom {name}: geen leesbare WKT (een cel in Excel "
                "houdt op na 32.767 tekens)."
            ) from error
    if len(systems) > 1:
        raise FileError(f"{place.given}: de rijen noemen verschillende SRID's; maak ze gelijk.")
    system = next(iter(systems), "")
    return shapes, f"EPSG:{system}" if system else None


def csv_rows(
    place: Place, encoding: str | None
) -> tuple[list[str], list[list[str | None]], list[str]]:
    """Read the header and the rows of a CSV; a row that is not whole is an error.

    Parameters
    ----------
    place : Place
        The file.
    encoding : str or None
        Of its text; UTF-8 without it.

    Returns
    -------
    names : list of str
        The header.
    rows : list of list
        Text; None where a cell holds nothing.
    notes : list of str
        What a reader should know.

    Raises
    ------
    FileError
        When a row has more or fewer cells than the header.
    """
    with no_leak(place.given):
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
                f"{place.given}: rij {i} heeft {len(line)} "
                f"{by_number(len(line), 'veld', 'velden')} en de kopregel {width}; is het bestand "
                "afgekapt, of staat er een scheidingsteken in een veld?"
            )
    rows = [[None if c.strip() in _BLANK else c for c in line[:width]] for line in lines[1:]]
    whole = text.endswith(("\n", "\r"))
    return names, rows, [] if whole else ["de laatste regel heeft geen einde: is het bestand heel?"]


READERS = {"GeoParquet": _read_parquet, "CSV": _read_csv, "Excel": _read_excel}
