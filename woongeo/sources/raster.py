"""A raster file in RD New, looked up a window at a time.

Only two kinds are read, and only by their own driver: GDAL would otherwise take a text file named
``.tif`` for a virtual dataset that reads other files. A raster in another reference system is
refused, not converted: that makes new cells out of the old ones, mixes classes or leaves values
out, and how to do it is for whoever knows what the values mean.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import rasterio
import shapely
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window

from woongeo.crs import Conversion, as_crs, is_rd, near_netherlands, to_rd
from woongeo.errors import CrsError, FileError
from woongeo.files import Fingerprint, fingerprint
from woongeo.sources.place import no_leak
from woongeo.sources.source import Source, combined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

#: Ending to the driver that may read it.
RASTER_KINDS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}

_GRIDS: dict[str, tuple[bytes, ...]] = {
    "GTiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    "AAIGrid": (b"ncols", b"nrows", b"NCOLS", b"NROWS"),
}

# What an ASCII grid means by -9999 where it does not say what means that nothing is known:
# http://resources.esri.com/help/9.3/arcgisengine/java/GP_ToolRef/spatial_analyst_tools/esri_ascii_raster_format.htm
_OF_ASCII = -9999.0

# The most that 4 bytes hold: ArcGIS writes its negative where nothing is known. No measure of
# anything comes near.
_BEYOND = float(np.finfo(np.float32).max) * (1 - 1e-6)

# GDAL keeps blocks that it unpacked, up to a twentieth of all memory. Windows are read in rows, so
# that what the last row of windows unpacked is enough: bytes, here of 2,048 rows of 13,000 numbers
# of 8 bytes, for files whose blocks are whole rows.
_KEPT_BYTES = 256 * 2**20


class Held(NamedTuple):
    """A file as it was when it was looked at."""

    path: Path
    changed_ns: int
    part: Fingerprint


@dataclass(frozen=True)
class Raster:
    """One band of a raster file.

    Attributes
    ----------
    path : Path
        The file.
    band : int
        Which band, from 1.
    rows, columns : int
        How many.
    west, north : float
        The outer corner of the first cell, RD New, metres.
    cell_x, cell_y : float
        From a cell to the next column and the next row, metres; `cell_y` is negative where rows run
        from north to south.
    kind : str
        Of number, as numpy names it.
    nodata : tuple of float
        Values that mean that nothing is known, as they stand in the file; NaN, infinity and the
        greatest numbers that 4 bytes hold (3.4e38, of either sign) mean that too.
    scale, offset : float
        A value is what stands in the file times `scale` plus `offset`.
    masked : bool
        Whether the file holds a mask of known cells beside the values.
    held : tuple of Held
        The files as they were when they were looked at.
    source : Source
        Where it came from.
    """

    path: Path
    band: int
    rows: int
    columns: int
    west: float
    north: float
    cell_x: float
    cell_y: float
    kind: str
    nodata: tuple[float, ...]
    scale: float
    offset: float
    masked: bool
    held: tuple[Held, ...]
    source: Source

    def extent(self) -> shapely.Polygon:
        """Draw the edge of the raster.

        Returns
        -------
        Polygon
            RD New (EPSG:28992).
        """
        east = self.west + self.columns * self.cell_x
        south = self.north + self.rows * self.cell_y
        x, y = sorted((self.west, east)), sorted((self.north, south))
        return shapely.box(x[0], y[0], x[1], y[1])

    def facts(self) -> dict[str, Any]:
        """Give the raster as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "band": self.band,
            "rijen": self.rows,
            "kolommen": self.columns,
            "cel_m": [abs(self.cell_x), abs(self.cell_y)],
            "getalsoort": self.kind,
            "geen_waarde": [str(value) for value in self.nodata],
            "schaal": self.scale,
            "verschuiving": self.offset,
        }

    @contextmanager
    def opened(self) -> Iterator[OpenRaster]:
        """Open the file, so that cells can be looked up.

        Yields
        ------
        OpenRaster
            A `woongeo.engine.cells.Grid`.

        Raises
        ------
        FileError
            When the file is gone, or another than was looked at: its sha256 would not be that of
            the cells.
        """
        _refuse_changed(self)
        with (
            rasterio.Env(GDAL_CACHEMAX=_KEPT_BYTES),
            _open(self.path, self.source.driver) as dataset,
        ):
            yield OpenRaster(self, dataset)


class OpenRaster:
    """A raster whose cells can be looked up.

    Parameters
    ----------
    raster : Raster
        What it is.
    dataset : DatasetReader
        The open file.
    """

    def __init__(self, raster: Raster, dataset: DatasetReader) -> None:
        self.rows, self.columns = raster.rows, raster.columns
        self.west, self.north = raster.west, raster.north
        self.cell_x, self.cell_y = raster.cell_x, raster.cell_y
        self._raster, self._dataset = raster, dataset

    def values(self, row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float64]:
        """Look up cells.

        Parameters
        ----------
        row, column : ndarray of int
            Cells on the grid, at least one; the window around all of them is read.

        Returns
        -------
        ndarray of float
            Scaled values; NaN where nothing is known.

        Raises
        ------
        FileError
            When the file turns out to be damaged there.
        """
        top, left = int(row.min()), int(column.min())
        window = Window(left, top, int(column.max()) - left + 1, int(row.max()) - top + 1)
        raster = self._raster
        there = (row - top, column - left)
        with no_leak(raster.source.path):
            found = self._dataset.read(raster.band, window=window)[there]
            known = np.True_
            if raster.masked:
                known = self._dataset.read_masks(raster.band, window=window)[there] > 0
        value = found.astype(float)
        unknown = ~(np.abs(value) < _BEYOND) | ~known
        for nodata in raster.nodata:
            unknown |= found == nodata
        value = value * raster.scale + raster.offset
        value[unknown] = np.nan
        return np.asarray(value, dtype=float)


def _looked_at(path: Path) -> Held:
    """Remember a file; when it was changed is asked first, so that what comes later is seen."""
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        raise FileError(f"{path}: kan niet worden gelezen ({error.strerror}).") from error
    return Held(path, changed_ns, fingerprint(path))


def _refuse_changed(raster: Raster) -> None:
    """Make sure that the files are still what was looked at; hash only what was written since."""
    for path, changed_ns, part in raster.held:
        try:
            now = path.stat()
            same = (now.st_mtime_ns, now.st_size) == (changed_ns, part.size)
            same = same or fingerprint(path, part.name) == part
        except (OSError, FileError):
            same = False
        if not same:
            raise FileError(
                f"{raster.source.path}: {part.name} is veranderd of weg sinds dit raster is "
                "gelezen; lees de laag opnieuw, zodat herkomst en cellen bij elkaar horen."
            )


def _open(path: Path, driver: str) -> DatasetReader:
    """Open a file by one driver."""
    try:
        # Blocks of a GeoTIFF can be unpacked side by side; other drivers do not know the option.
        options = {"num_threads": "2"} if driver == "GTiff" else {}
        return rasterio.open(path, driver=driver, **options)
    except RasterioError as error:
        raise FileError(f"{path}: kan niet worden gelezen ({error}); lever het opnieuw.") from error


def read_raster(
    given: str | Path, *, band: int = 1, crs: object = None, nodata: float | None = None
) -> Raster:
    """Look at a raster file, and make sure that it can be looked up.

    Parameters
    ----------
    given : str or Path
        A GeoTIFF or an ESRI ASCII grid.
    band : int
        Which band, from 1.
    crs : object, optional
        The reference system to use instead of the one that is stated, or where none is: an ASCII
        grid states none.
    nodata : float, optional
        A value that means that nothing is known, besides the one that the file states (-9999 for an
        ASCII grid that states none); as it stands in the file, before scaling.

    Returns
    -------
    Raster
        In RD New (EPSG:28992); no cell has been read yet.

    Raises
    ------
    FileError
        When the file is missing, of another kind, damaged, turned, or has no such band.
    CrsError
        When it is not in RD New, or cannot be.
    """
    text = str(given)
    path, driver = _find(given)
    with no_leak(text) as notes, _open(path, driver) as dataset:
        if not 1 <= band <= dataset.count:
            raise FileError(f"{text}: band {band} bestaat niet; er zijn er {dataset.count}.")
        kind = np.dtype(dataset.dtypes[band - 1])
        turn = dataset.transform
        if turn.is_identity or turn.b or turn.d or not turn.a or not turn.e:
            raise FileError(
                f"{text}: dit raster staat scheef of zegt niet waar het ligt; lever het met rijen "
                "langs de assen van RD New."
            )
        if kind.kind not in "iuf":
            raise FileError(f"{text}: band {band} bevat geen getallen maar {kind}.")
        stated = dataset.crs.to_wkt() if dataset.crs else None
        files = [Path(name) for name in dataset.files]
        flags = dataset.mask_flag_enums[band - 1]
        fields: dict[str, Any] = {
            "rows": dataset.height,
            "columns": dataset.width,
            "west": turn.c,
            "north": turn.f,
            "cell_x": turn.a,
            "cell_y": turn.e,
            "scale": dataset.scales[band - 1],
            "offset": dataset.offsets[band - 1],
        }
        own = dataset.nodatavals[band - 1]
    if driver == "AAIGrid" and own is None:
        own = _OF_ASCII
        notes = [*notes, "het bestand noemt geen NODATA_value; -9999 is dan onbekend"]
    held = tuple(_looked_at(p) for p in sorted(files, key=lambda p: (p != path, p.name)))
    parts = tuple(each.part for each in held)
    name = _check_crs(fields, stated, crs, text)
    if crs is not None and stated is not None:
        notes = [*notes, f"vermeld coördinatenstelsel vervangen door {crs}"]
    if fields["scale"] == 0:
        raise FileError(f"{text}: de schaal van band {band} is 0: alle waarden zouden gelijk zijn.")
    source = Source(
        path=text,
        layer=f"band {band}",
        driver=driver,
        sha256=combined(parts),
        files=parts,
        features=fields["rows"] * fields["columns"],
        conversion=Conversion(name, "geen omrekening", 0.0),
        notes=tuple(notes),
    )
    return Raster(
        path=path,
        band=band,
        kind=kind.name,
        nodata=_nodata(own, nodata, kind),
        masked=bool({MaskFlags.per_dataset, MaskFlags.alpha} & set(flags)),
        held=held,
        source=source,
        **fields,
    )


def _find(given: str | Path) -> tuple[Path, str]:
    """Find a file and make sure that it is what its name says."""
    text = str(given)
    if "://" in text or text.startswith("/vsi"):
        raise FileError(f"{text}: woongeo leest alleen bestanden op deze computer, geen adressen.")
    path = Path(given).absolute()
    driver = RASTER_KINDS.get(path.suffix.lower())
    if driver is None:
        raise FileError(
            f"{text}: een raster van de soort {path.suffix or '(geen achtervoegsel)'} wordt niet "
            f"gelezen; wel: {', '.join(RASTER_KINDS)}."
        )
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise FileError(f"{text}: kan niet worden gelezen ({error.strerror}).") from error
    if not head.lstrip().startswith(_GRIDS[driver]):
        raise FileError(
            f"{text}: de inhoud is geen {driver}, al zegt de naam van wel; "
            "sla het bestand opnieuw op uit de bron."
        )
    return path, driver


def _check_crs(fields: dict[str, Any], stated: str | None, given: object, what: str) -> str:
    """Make sure that a raster is in RD New; give the name of its reference system."""
    east = fields["west"] + fields["columns"] * fields["cell_x"]
    south = fields["north"] + fields["rows"] * fields["cell_y"]
    extent = np.array([shapely.box(fields["west"], south, east, fields["north"])])
    system = stated if given is None else given
    if system is None:
        # It knows what the numbers look like, and says so.
        to_rd(extent, None, what=what)
    crs = as_crs(system, what=what)
    if not is_rd(crs):
        raise CrsError(
            f"{what}: dit raster is in {crs.name} en moet in RD New (EPSG:28992) zijn. Zet het om "
            "met bijvoorbeeld gdalwarp -t_srs EPSG:28992 -r near (of -r average bij gemiddelden): "
            "welke manier bij de waarden past kan woongeo niet weten."
        )
    if not near_netherlands(extent).all():
        to_rd(extent, system, what=what)
    return "EPSG:28992"


def _nodata(own: float | None, given: float | None, kind: np.dtype[Any]) -> tuple[float, ...]:
    """Collect the values that mean that nothing is known, as the file's numbers can hold them."""
    values = []
    for value in (own, given):
        if value is None or not np.isfinite(value):
            continue
        if kind.kind == "f":
            # -3.4e38 in a file of 4-byte numbers is not the same number in 8 bytes.
            with np.errstate(over="ignore"):
                values.append(float(kind.type(value)))
        else:
            values.append(float(value))
    return tuple(dict.fromkeys(values))


__all__ = ["RASTER_KINDS", "OpenRaster", "Raster", "read_raster"]
