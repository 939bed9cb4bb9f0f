"""One GeoPackage with all of a screening, which QGIS opens as it is meant to look.

GDAL makes each layer in memory: on a full disk it leaves out the index and the description, and
says nothing. SQLite, in memory too, puts them together with what GDAL has no word for: styles
(https://docs.qgis.org/latest/en/docs/user_manual/working_with_vector/vector_properties.html) and
names of columns for people (https://www.geopackage.org/spec/#extension_schema).
"""

from __future__ import annotations

import io
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from woongeo.encode import visible
from woongeo.errors import OutputError
from woongeo.export.qgis import layer_style, site_style
from woongeo.export.tables import Field, field, storable_text
from woongeo.plotting.looks import layer_look
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from woongeo.export.contents import Contents

#: Features of layers are in the file so far around the locations.
AROUND_M = 5_000.0

# https://gdal.org/en/stable/development/rfc/rfc56_millisecond_precision.html
_GDAL_UTC = 100

_DIMENSIONS = {2: "", 1: "_lijnen", 0: "_punten"}

# As QGIS itself makes it, and looks for it: src/core/providers/ogr/qgsogrprovider.cpp.
_STYLES = """CREATE TABLE layer_styles (
id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""

# https://www.geopackage.org/spec/#gpkg_data_columns_cols
_TITLES = """CREATE TABLE gpkg_data_columns (
table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
CONSTRAINT gdc_tn UNIQUE (table_name, name))"""


def write_gpkg(contents: Contents, path: Path) -> Callable[[], None]:
    """Write locations, layers, tables and their sources.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    path : Path
        The file to write.

    Returns
    -------
    callable
        What is left to do, in whatever thread: it writes the file and reads back how many rows
        there are. It raises an OutputError when it cannot, or not all of them are there.

    Raises
    ------
    OutputError
        When it cannot be made.
    """
    with ExitStack() as opened:
        with _told_of(path):
            on = contents.screening.on
            first = _layer(contents.locaties, "locaties", on=on, about=SCREENING)
            book = opened.enter_context(closing(_Book(first, on)))
            expected = _fill(book, contents)
        # It is closed when it is finished.
        opened.pop_all()
    return partial(_finish, book, path, expected)


def _fill(book: _Book, contents: Contents) -> dict[str, int]:
    """Add layers and tables to locations, and tell how many rows each has."""
    screening = contents.screening
    on = screening.on
    titles = contents.titles(contents.locaties)
    expected = {"locaties": len(contents.locaties)}
    book.entitle("locaties", titles)
    book.dress("locaties", site_style(contents.locaties, titles))
    for i, layer in enumerate(screening.layers):
        near = _near(layer.features, contents.locaties.geometry.to_numpy())
        told = f"{len(near)} van {len(layer)} objecten: die binnen {AROUND_M:.0f} m van een"
        about = f"{visible(layer.title)}; {told} locatie. {SCREENING}"
        dimension = shapely.get_dimensions(near.geometry.to_numpy())
        for d, ending in _DIMENSIONS.items():
            part = near[dimension == d]
            if not len(part):
                continue
            name = _free(f"laag_{layer.key}{ending}", set(expected))
            book.add(_layer(part, name, on=on, about=about), name)
            aliases = contents.titles(part)
            book.entitle(name, aliases)
            book.dress(name, layer_style(layer_look(i), d, part, aliases))
            expected[name] = len(part)
    tables = {**contents.tables, "herkomst": _provenance(contents)}
    for name, table in tables.items():
        book.add(_layer(table, name, on=on, about=SCREENING), name)
        book.entitle(name, contents.titles(table))
        expected[name] = len(table)
    return expected


def write_qml(contents: Contents, path: Path) -> None:
    """Write the style of the locations by itself, for a copy of them elsewhere.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    path : Path
        The file to write.
    """
    style = site_style(contents.locaties, contents.titles(contents.locaties))
    path.write_text(style, encoding="utf-8", newline="\n")


def write_styled(
    frame: gpd.GeoDataFrame,
    path: Path,
    *,
    layer: str,
    day: dt.date,
    titles: Mapping[str, str],
    qml: str,
) -> None:
    """Write a frame to a GeoPackage with its style, and read back how many rows there are.

    Parameters
    ----------
    frame : GeoDataFrame
        In RD New.
    path : Path
        The file to write.
    layer : str
        Its name.
    day : date
        That the file states of itself.
    titles : mapping
        Column to name for people.
    qml : str
        How QGIS shows it.

    Raises
    ------
    OutputError
        When it cannot be made, or not all of it is there.
    """
    with _told_of(path), closing(_Book(_layer(frame, layer, on=day, about=SCREENING), day)) as book:
        book.entitle(layer, titles)
        book.dress(layer, qml)
        _finish(book, path, {layer: len(frame)})


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Say which file cannot be made."""
    try:
        yield
    except (DataSourceError, DataLayerError, sqlite3.Error) as error:
        reason = visible(str(error).strip().splitlines()[-1])
        raise OutputError(
            f"{path.name}: kan niet worden gemaakt ({reason}). Er is niets gewijzigd."
        ) from error


def _finish(book: _Book, path: Path, expected: Mapping[str, int]) -> None:
    """Write a file, and read back how many rows each layer has."""
    with _told_of(path):
        with closing(book):
            path.write_bytes(book.finished())
        with closing(sqlite3.connect(path)) as db:
            found = {
                name: int(db.execute(f"SELECT COUNT(*) FROM {_quoted(name)}").fetchone()[0])  # noqa: S608
                for name in expected
            }
    for name, n in expected.items():
        if found[name] != n:
            raise OutputError(
                f"{path.name}: van {name} zijn er {found[name]} van de {n} geschreven. "
                "Er is niets gewijzigd."
            )


def _provenance(contents: Contents) -> pd.DataFrame:
    """Put where every figure comes from in a table."""
    return pd.DataFrame(contents.provenance(), columns=["onderdeel", "eigenschap", "waarde"])


def _near(features: gpd.GeoDataFrame, sites: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Take the features of a layer that are near a location, whole and in their order."""
    shapes = features.geometry.to_numpy()
    there = sites[~(shapely.is_missing(sites) | shapely.is_empty(sites))]
    if not len(shapes) or not len(there):
        return features.iloc[:0]
    # By their boxes: what is a little further is no harm, and a country of sites has many corners.
    # Of each feature one site is asked; all that are near would be too many to hold.
    tree = shapely.STRtree(shapely.envelope(there))
    found, _ = tree.query_nearest(
        shapely.envelope(shapes), max_distance=AROUND_M, all_matches=False
    )
    return features.iloc[np.unique(found)]


@contextmanager
def _gdal_date(day: dt.date) -> Iterator[None]:
    """Fix the date that GDAL writes into a GeoPackage: same input, same bytes."""
    key = "OGR_CURRENT_DATE"
    earlier = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: earlier})


def _layer(frame: gpd.GeoDataFrame | pd.DataFrame, name: str, *, on: dt.date, about: str) -> bytes:
    """Make a GeoPackage of one layer or table."""
    attributes = [c for c in frame.columns if c != "geometry"]
    names = [storable_text(c) for c in attributes]
    fields: list[Field] = [field(frame[c]) for c in attributes]
    taken = {name.lower() for name in names}
    utc = {n: _GDAL_UTC for n, column in zip(names, fields, strict=True) if column.utc}
    options = {"FID": _free("fid", taken)}
    shapes, kind, surfaces = None, None, False
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = shapely.to_wkb(frame.geometry.to_numpy())
        kinds = shapely.get_type_id(frame.geometry.to_numpy())
        surfaces = bool(np.isin(kinds, (-1, 3, 6)).all())
        kind = "MultiPolygon" if surfaces else "Unknown"
        options["GEOMETRY_NAME"] = _free("geom", taken)
    memory = io.BytesIO()
    with _gdal_date(on):
        pyogrio.raw.write(
            memory,
            geometry=shapes,
            field_data=[column.data for column in fields],
            field_mask=[column.empty for column in fields],
            fields=names,
            gdal_tz_offsets={n: np.full(len(frame), zone) for n, zone in utc.items()},
            layer=name,
            driver="GPKG",
            geometry_type=kind,
            promote_to_multi=surfaces,
            crs=None if shapes is None else "EPSG:28992",
            # What GDAL and QGIS of a few years ago know without a warning.
            dataset_options={"VERSION": "1.3"},
            layer_options=options,
            layer_metadata={"DESCRIPTION": about},
        )
    return memory.getvalue()


def _free(name: str, taken: set[str]) -> str:
    """Find a name that no column has."""
    while name in taken:
        name += "_woongeo"
    return name


class _Book:
    """A GeoPackage in memory, to which others are added."""

    def __init__(self, data: bytes, on: dt.date) -> None:
        self._moment = f"{on.isoformat()}T00:00:00.000Z"
        # It is finished in another thread than it was filled in.
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.deserialize(data)
        self._db.execute(_STYLES)
        self._db.execute(_TITLES)
        self._register("layer_styles", "stijlen voor QGIS")
        self._db.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
            [("gpkg_data_columns", "http://www.geopackage.org/spec/#extension_schema")],
        )

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()

    def _register(self, table: str, about: str) -> None:
        """List a table without shapes."""
        self._db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change, srs_id) VALUES (?, 'attributes', ?, ?, ?, 0)",
            (table, table, about, self._moment),
        )

    def add(self, data: bytes, name: str) -> None:
        """Take over the one layer of another GeoPackage, with its index and triggers."""
        db = self._db
        db.execute("ATTACH ':memory:' AS bron")
        db.deserialize(data, name="bron")
        made = [
            *db.execute(
                "SELECT type, name, sql FROM bron.sqlite_master WHERE sql IS NOT NULL "
                "AND (tbl_name = ? OR name = ?)",
                (name, index := f"rtree_{name}_{_geometry_column(db, name)}"),
            )
        ]
        # Triggers last: they would count rows twice, and know functions that only GDAL has.
        for kind, table, sql in sorted(made, key=lambda x: x[0] == "trigger"):
            db.execute(sql)
            if kind == "table":
                key = "id" if table == index else "rowid"
                quoted = _quoted(table)
                db.execute(
                    f"INSERT INTO main.{quoted} SELECT * FROM bron.{quoted} ORDER BY {key}"  # noqa: S608
                )
        lists = ("contents", "geometry_columns", "ogr_contents", "extensions")
        for table in (f"gpkg_{x}" for x in lists):
            if db.execute("SELECT 1 FROM bron.sqlite_master WHERE name = ?", (table,)).fetchone():
                db.execute(
                    f"INSERT INTO main.{table} SELECT * FROM bron.{table} WHERE table_name = ?",  # noqa: S608
                    (name,),
                )
        db.execute("DETACH bron")

    def entitle(self, table: str, titles: Mapping[str, str]) -> None:
        """Give columns names for people."""
        self._db.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) "
            "VALUES (?, ?, ?, ?)",
            [
                (table, storable_text(column), title, title)
                for column, title in unlike(titles).items()
            ],
        )

    def dress(self, table: str, qml: str) -> None:
        """Give a layer the style in which QGIS opens it."""
        self._db.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "ui, update_time) VALUES ('', '', ?, ?, 'woongeo', ?, '', 1, ?, '', NULL, ?)",
            (table, _geometry_column(self._db, table, "main"), qml, SCREENING, self._moment),
        )

    def finished(self) -> bytes:
        """Give the file."""
        self._db.execute("VACUUM")
        return self._db.serialize()


def unlike(titles: Mapping[str, str]) -> dict[str, str]:
    """Make names differ, and show what cannot be seen.

    Parameters
    ----------
    titles : mapping
        Column to name.

    Returns
    -------
    dict
        A name that was there already has its column behind it.
    """
    taken: set[str] = set()
    result = {}
    for column, title in titles.items():
        name = visible(title)
        if name in taken:
            name = f"{name} [{visible(column)}]"
        taken.add(name)
        result[column] = name
    return result


def _geometry_column(db: sqlite3.Connection, table: str, schema: str = "bron") -> str:
    """Name the column with shapes; empty where there is none."""
    there = db.execute(
        f"SELECT 1 FROM {schema}.sqlite_master WHERE name = 'gpkg_geometry_columns'"  # noqa: S608
    ).fetchone()
    if there is None:
        return ""
    row = db.execute(
        f"SELECT column_name FROM {schema}.gpkg_geometry_columns WHERE table_name = ?",  # noqa: S608
        (table,),
    ).fetchone()
    return "" if row is None else str(row[0])


def _quoted(name: str) -> str:
    """Write the name of a table in SQL."""
    return '"' + name.replace('"', '""') + '"'
