"""A vector file, or a frame, in RD New, with what identifies it."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from woongeo.crs import Conversion, to_rd
from woongeo.errors import ColumnError, FileError
from woongeo.files import Fingerprint, fingerprint
from woongeo.sources.address import is_address, need_driver
from woongeo.sources.place import SHAPEFILE, SHAPEFILE_PARTS, Place, find, sibling
from woongeo.sources.readers import READERS, is_our_own, read_ogr
from woongeo.threads import Crew

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


# As `read_selected` notes in which box was looked.
_WITHIN = re.compile(r", binnen x .* \(RD\)$")


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
    others : tuple of Source
        What else was read for it: the shapes of a register, the areas of a list. Of several files
        that are one source, each of them.
    """

    path: str
    layer: str
    driver: str
    sha256: str
    files: tuple[Fingerprint, ...]
    features: int
    conversion: Conversion
    notes: tuple[str, ...] = ()
    others: tuple[Source, ...] = ()

    def all(self) -> list[Source]:
        """List all that was read for it.

        Returns
        -------
        list of Source
            Itself first.
        """
        return [self, *(part for other in self.others for part in other.all())]

    def with_rows(self, features: int, note: str) -> Source:
        """Say that only some rows were read.

        Parameters
        ----------
        features : int
            How many.
        note : str
            Of how many, and which.

        Returns
        -------
        Source
            A copy.
        """
        return replace(self, features=features, notes=(*self.notes, note))

    def without_place(self) -> Source:
        """Leave out where was looked: in a note, and in the question of an address.

        Returns
        -------
        Source
            A copy.
        """
        path = self.path.partition("?")[0] if "://" in self.path else self.path
        notes = tuple(_WITHIN.sub(", rond de locaties", note) for note in self.notes)
        return replace(self, path=path, notes=notes)

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


def read_vector(
    given: str | Path | gpd.GeoDataFrame,
    *,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    query: str | None = None,
    usual_layer: str = "",
) -> tuple[gpd.GeoDataFrame, Source]:
    """Read a vector file, or take a frame, and bring it to RD New.

    Parameters
    ----------
    given : str, Path or GeoDataFrame
        Shapefile (or the folder that holds one), GeoPackage, GeoJSON, File Geodatabase,
        FlatGeobuf, a zip of one of these, GeoParquet, CSV or Excel with a column of WKT or with x
        and y (RD New) or lon and lat, or ``file.gpkg:layer``; a PostGIS database as
        ``postgresql://host/database?table=schema.table``; or a frame.
    layer : str, optional
        The layer (of Excel: the sheet) to read, where a file holds several; or the table of a
        database.
    crs : object, optional
        The reference system to use instead of the one that is stated, or where none is.
    encoding : str, optional
        The encoding of text in a shapefile or CSV, where it is not the stated one.
    query : str, optional
        A SELECT in a database, instead of a table.
    usual_layer : str
        Of a GeoPackage that woongeo wrote itself: the layer to read where none is named.

    Returns
    -------
    frame : GeoDataFrame
        In RD New (EPSG:28992), metres, shapes in the column ``geometry``, rows in the order of the
        file on a fresh `RangeIndex`; a named index becomes a column. Names of columns are text and
        unique. Shapes are as they were: not repaired, not dropped; None where they cannot be read.
        Arcs are drawn in chords of 4 degrees, at most 0.6 m off at a radius of 1 km. All columns of
        a CSV or Excel sheet are text.
    source : Source
        Where it came from.

    Raises
    ------
    FileError
        When the file is missing, of a kind that is not read, holds several layers, is one page of a
        larger answer, or is damaged.
    ColumnError
        When two columns share a name, or a CSV or Excel sheet has none with WKT or x and y.
    CrsError
        When coordinates cannot be trusted.
    """
    if isinstance(given, gpd.GeoDataFrame):
        return _take_frame(given, crs)
    if not isinstance(given, str | Path):
        raise FileError(
            f"{type(given).__name__}: geef een pad naar een bestand of een GeoDataFrame."
        )
    if is_address(given):
        return _read_database(str(given), layer, query, crs)
    if query is not None:
        raise FileError(f"{given}: een query hoort bij een database (postgresql://…).")
    check_encoding(encoding)
    place = find(given, layer)
    if usual_layer and place.layer is None and is_our_own(place):
        place = replace(place, layer=usual_layer)
    # Hashing lets go of Python's lock.
    with Crew() as crew:
        hashing = crew.read(partial(fingerprints, place))
        frame, stated, name, notes = READERS.get(place.kind, read_ogr)(place, encoding)
        parts = hashing.result()
    if crs is not None and stated is not None:
        notes = [*notes, f"vermeld coördinatenstelsel {stated} vervangen door {crs}"]
    shapes, conversion = to_rd(
        frame.geometry.to_numpy(), stated if crs is None else crs, what=place.given
    )
    source = source_of(place, parts, name, len(frame), conversion, notes)
    return with_geometry(frame, shapes, place.given), source


def _read_database(
    given: str, table: str | None, query: str | None, crs: object
) -> tuple[gpd.GeoDataFrame, Source]:
    """Read from PostGIS; the address that is kept does not tell who entered."""
    need_driver()
    from woongeo.sources.postgis import read_postgis  # noqa: PLC0415  its driver is an extra

    rows = read_postgis(given, table=table, query=query)
    notes = rows.notes
    if crs is not None and rows.crs is not None:
        notes = [*notes, f"vermeld coördinatenstelsel {rows.crs.to_string()} vervangen door {crs}"]
    shapes, conversion = to_rd(
        rows.frame.geometry.to_numpy(), rows.crs if crs is None else crs, what=rows.shown
    )
    source = Source(
        path=rows.shown,
        layer=rows.layer,
        driver="PostGIS",
        sha256=rows.sha256,
        files=(),
        features=len(rows.frame),
        conversion=conversion,
        notes=tuple(notes),
    )
    return with_geometry(rows.frame, shapes, rows.shown), source


def fingerprints(place: Place) -> tuple[Fingerprint, ...]:
    """Hash a file, or its parts.

    Parameters
    ----------
    place : Place
        The file.

    Returns
    -------
    tuple of Fingerprint
        In the order of their names; of a shapefile in that of its parts.
    """
    if place.path.is_dir():
        return tuple(
            fingerprint(p, p.relative_to(place.path).as_posix())
            for p in sorted(place.path.rglob("*"))
            if p.is_file() and p.suffix != ".lock"
        )
    if place.kind == SHAPEFILE and place.path.suffix.lower() != ".zip":
        return tuple(
            fingerprint(p)
            for ending in SHAPEFILE_PARTS
            if (p := sibling(place.path, ending)) is not None
        )
    return (fingerprint(place.path),)


def source_of(
    place: Place,
    parts: tuple[Fingerprint, ...],
    layer: str,
    features: int,
    conversion: Conversion,
    notes: Sequence[str],
) -> Source:
    """Say where shapes came from.

    Parameters
    ----------
    place : Place
        The file.
    parts : tuple of Fingerprint
        Of it.
    layer, features, conversion, notes
        As the attributes of `Source`.

    Returns
    -------
    Source
        The source.
    """
    return Source(
        path=place.given,
        layer=layer,
        driver=place.kind,
        sha256=combined(parts),
        files=parts,
        features=features,
        conversion=conversion,
        notes=tuple(notes),
    )


def with_geometry(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], what: str
) -> gpd.GeoDataFrame:
    """Put shapes in RD New into the column ``geometry``, on a fresh index.

    Parameters
    ----------
    frame : GeoDataFrame
        With the other columns.
    shapes : ndarray of shapely geometries
        In RD New.
    what : str
        Which file, for the message.

    Returns
    -------
    GeoDataFrame
        A named index becomes a column; names of columns are text.

    Raises
    ------
    ColumnError
        When two columns share a name.
    """
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


def combined(parts: Sequence[Fingerprint]) -> str:
    """Make one hash of all parts of a dataset.

    Parameters
    ----------
    parts : sequence of Fingerprint
        Its files, at least one.

    Returns
    -------
    str
        The sha256 of the one file; of names and hashes where there are several.
    """
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
    # Copies: what is asked of a shape changes what GEOS keeps of it, and two layers, which are
    # measured side by side, may be of one frame. Setting what is not used here copies.
    shapes = shapely.set_srid(shapes, 0)
    digest = hashlib.sha256()
    for shape in shapely.to_wkb(shapes):
        digest.update(shape or b"-")
    taken = with_geometry(frame, shapes, what)
    rest = taken.drop(columns=["geometry"])
    digest.update(rest.to_csv(index=False).encode("utf-8", "surrogatepass"))
    sha256 = digest.hexdigest()
    source = Source("(in het geheugen)", "", "GeoDataFrame", sha256, (), len(frame), conversion)
    return taken, source


def check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that does not exist."""
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise FileError(
            f"codering {encoding!r} is onbekend; geef bijvoorbeeld 'cp1252' of 'utf-8'."
        ) from error
