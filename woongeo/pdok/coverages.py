"""WCS 2.0.1: heights of the AHN, as a grid in RD New.

PDOK's server ignores a wish for another resolution without a word, and gives at most some thousands
of pixels a side. So cells are asked as they are, in tiles that fit, and an answer that is not
exactly the cells that were asked is an error:
https://docs.ogc.org/is/09-110r4/09-110r4.html
"""

from __future__ import annotations

import concurrent.futures
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import rasterio
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from requests import PreparedRequest

from woongeo.crs import is_rd
from woongeo.encode import visible
from woongeo.errors import (
    EndpointGoneError,
    InputError,
    ServiceResponseError,
    ServiceUnavailableError,
    UnexpectedCrsError,
)
from woongeo.files import flush_to_disk, output_error, scratch_folder
from woongeo.pdok._http import PARALLEL, Ledger
from woongeo.pdok._raster import geotiff
from woongeo.pdok._xml import read_xml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._http import Answer
    from woongeo.pdok._run import Task

#: Cells along the side of one request.
TILE_CELLS = 2_000
#: Cells of one grid at most: 400 MB in memory.
MAX_CELLS = 100_000_000

# What the AHN writes where nothing was measured, whether or not the file says so.
_NOTHING = 1e30


@dataclass(frozen=True)
class Coverage:
    """A grid that a WCS offers.

    Attributes
    ----------
    urls : tuple of str
        Endpoints, to be tried in turn: PDOK moves some.
    name : str
        The coverage's id.
    cell_m : float
        Size of a cell; its edges lie on whole multiples of it in RD New.
    title, licence : str
        For people.
    """

    urls: tuple[str, ...]
    name: str
    cell_m: float = 0.5
    title: str = ""
    licence: str = ""


_AHN = (
    "https://service.pdok.nl/rws/actueel-hoogtebestand-nederland/wcs/v1_0",
    "https://service.pdok.nl/rws/ahn/wcs/v1_0",
)

#: Heights in metres above NAP: of the ground, and of what stands on it.
COVERAGES: dict[str, Coverage] = {
    "dtm_05m": Coverage(_AHN, "dtm_05m", title="AHN maaiveld (DTM) 0,5 m", licence="CC0 1.0"),
    "dsm_05m": Coverage(_AHN, "dsm_05m", title="AHN oppervlak (DSM) 0,5 m", licence="CC0 1.0"),
}


@dataclass(frozen=True, eq=False)
class Raster:
    """A grid that came whole.

    Attributes
    ----------
    values : ndarray of float32, shape (rows, columns)
        The first row is the northernmost; not-a-number where nothing was measured.
    transform : Affine
        From column and row to RD New (EPSG:28992), metres.
    box : tuple of float
        West, south, east, north of its edges, metres.
    known_share : float
        The share of cells that hold a value.
    name, title, licence : str
        Of the coverage.
    url : str
        The endpoint that gave it.
    sha256 : str
        Of the hashes of all answers.
    fetched_at : datetime
        UTC, of the last answer.
    """

    values: NDArray[np.float32]
    transform: Affine
    box: Box
    known_share: float
    name: str
    title: str
    licence: str
    url: str
    sha256: str
    fetched_at: dt.datetime

    def facts(self) -> dict[str, Any]:
        """Give where it came from as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "laag": self.name,
            "titel": self.title,
            "licentie": self.licence,
            "adres": self.url,
            "gebied": list(self.box),
            "cel_m": self.transform.a,
            "aandeel_bekend": self.known_share,
            "sha256": self.sha256,
            "opgehaald": self.fetched_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class _Cells:
    """Whole cells, counted from the origin of RD New; rows run from the south."""

    left: int
    bottom: int
    right: int
    top: int

    def shape(self) -> tuple[int, int]:
        """Count rows and columns."""
        return self.top - self.bottom, self.right - self.left

    def box(self, cell_m: float) -> Box:
        """Give the edges in metres."""
        return (
            self.left * cell_m,
            self.bottom * cell_m,
            self.right * cell_m,
            self.top * cell_m,
        )

    def tiles(self, side: int) -> list[_Cells]:
        """Divide in parts of at most so many cells a side."""
        return [
            _Cells(x, y, min(x + side, self.right), min(y + side, self.top))
            for y in range(self.bottom, self.top, side)
            for x in range(self.left, self.right, side)
        ]


def fetch_coverage(task: Task, box: Box, *, coverage: Coverage | str = "dtm_05m") -> Raster:
    """Fetch the cells of a grid that touch a box.

    Parameters
    ----------
    task : Task
        The fetch.
    box : tuple of float
        West, south, east, north in RD New (EPSG:28992), metres.
    coverage : Coverage or str
        Which: one of yours, or a name of `COVERAGES`.

    Returns
    -------
    Raster
        The cells, on the grid of the source: nothing is resampled.

    Raises
    ------
    InputError
        When it is no box, a box of too many cells, or no such coverage.
    UnexpectedCrsError
        When the server does not give RD New.
    ServiceError
        When a part does not come, or is not what was asked; then nothing is given.
    """
    if isinstance(coverage, str):
        if coverage not in COVERAGES:
            raise InputError(f"{coverage}: dit raster is niet bekend; wel: {', '.join(COVERAGES)}.")
        coverage = COVERAGES[coverage]
    cells = _cells(box, coverage)
    tiles = cells.tiles(TILE_CELLS)
    before = len(task.ledger.exchanges)
    url, first = _base(task, coverage, tiles[0])
    values = np.full(cells.shape(), np.nan, dtype=np.float32)
    for tile, part in zip(tiles, [first, *_parts(task, url, coverage, tiles[1:])], strict=True):
        top, left = cells.top - tile.top, tile.left - cells.left
        rows, columns = part.shape
        values[top : top + rows, left : left + columns] = part
    known = float(np.isfinite(values).mean())
    if known < 1:
        task.note(
            f"{coverage.title or coverage.name}: {1 - known:.1%} van de cellen is niet gemeten"
        )
    edges = cells.box(coverage.cell_m)
    mine = task.ledger.exchanges[before:]
    return Raster(
        values=values,
        transform=Affine(coverage.cell_m, 0, edges[0], 0, -coverage.cell_m, edges[3]),
        box=edges,
        known_share=known,
        name=coverage.name,
        title=coverage.title,
        licence=coverage.licence,
        url=url,
        sha256=Ledger(mine).sha256(),
        fetched_at=max(each.fetched_at for each in mine),
    )


def write_geotiff(raster: Raster, path: str | Path) -> Path:
    """Write a grid to disk, whole or not at all.

    Parameters
    ----------
    raster : Raster
        The grid.
    path : str or Path
        A GeoTIFF; one that is there is replaced.

    Returns
    -------
    Path
        The file; where its cells came from stands in its tags.

    Raises
    ------
    OutputError
        When it cannot be written; what stood there is untouched.
    """
    path = Path(path)
    rows, columns = raster.values.shape
    tiled = (
        {"tiled": True, "blockxsize": 256, "blockysize": 256} if min(rows, columns) > 256 else {}
    )
    try:
        with scratch_folder(path.parent) as folder:
            draft = folder / "raster.tif"
            with rasterio.open(
                draft,
                "w",
                driver="GTiff",
                count=1,
                height=rows,
                width=columns,
                dtype="float32",
                crs="EPSG:28992",
                transform=raster.transform,
                nodata=math.nan,
                compress="deflate",
                predictor=3,
                **tiled,
            ) as file:
                file.write(raster.values, 1)
                file.update_tags(WOONGEO=json.dumps(raster.facts(), ensure_ascii=False))
            # GDAL tells of a full disk on closing, and not always: what was written is read back.
            with rasterio.open(draft) as file:
                if not np.array_equal(file.read(1), raster.values, equal_nan=True):
                    raise output_error(path, OSError("de schijf gaf iets anders terug"))
            flush_to_disk(draft)
            draft.replace(path)
    except RasterioError as error:
        raise output_error(path, OSError(visible(error)[:200])) from error
    except OSError as error:
        raise output_error(path, error) from error
    return path


def _cells(box: Box, coverage: Coverage) -> _Cells:
    """Find the whole cells that hold a box."""
    west, south, east, north = box
    if not (all(map(math.isfinite, box)) and west < east and south < north):
        raise InputError(f"{box} is geen gebied: geef west, zuid, oost, noord in meters (RD).")
    size = coverage.cell_m
    cells = _Cells(
        math.floor(west / size), math.floor(south / size), math.ceil(east / size),
        math.ceil(north / size),
    )  # fmt: skip
    rows, columns = cells.shape()
    if rows * columns > MAX_CELLS:
        raise InputError(
            f"{coverage.name}: dit gebied telt {rows * columns / 1e6:.0f} miljoen cellen; meer dan "
            f"{MAX_CELLS / 1e6:.0f} miljoen wordt niet gevraagd. Vraag een kleiner gebied."
        )
    return cells


def _base(task: Task, coverage: Coverage, tile: _Cells) -> tuple[str, NDArray[np.float32]]:
    """Find the endpoint where the coverage is, by its first part."""
    failures: list[str] = []
    gone = True
    for url in coverage.urls:
        try:
            found = _part(task, url, coverage, tile)
        except EndpointGoneError as error:
            failures.append(str(error))
        except ServiceUnavailableError as error:
            failures.append(str(error))
            gone = False
        else:
            if failures:
                task.note(f"{coverage.title or coverage.name} kwam van het andere adres: {url}")
            return url, found
    kind = EndpointGoneError if gone else ServiceUnavailableError
    raise kind(
        f"{task.what}: {coverage.name} is van geen van de {len(failures)} bekende adressen te "
        f"halen. Het laatste: {failures[-1] if failures else 'er is geen adres'}"
    )


def _parts(
    task: Task, url: str, coverage: Coverage, tiles: Sequence[_Cells]
) -> list[NDArray[np.float32]]:
    """Fetch parts, all from one endpoint: another may hold another edition."""
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        jobs = [pool.submit(_part, task, url, coverage, tile) for tile in tiles]
        try:
            return [job.result() for job in jobs]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _part(task: Task, url: str, coverage: Coverage, tile: _Cells) -> NDArray[np.float32]:
    """Fetch one part."""
    west, south, east, north = tile.box(coverage.cell_m)
    # A name twice in a query: one for each axis.
    query = [
        ("service", "WCS"),
        ("version", "2.0.1"),
        ("request", "GetCoverage"),
        ("coverageId", coverage.name),
        ("format", "image/tiff"),
        ("subset", f"x({west},{east})"),
        ("subset", f"y({south},{north})"),
    ]
    request = PreparedRequest()
    request.prepare_url(url, query)

    def check(answer: Answer) -> NDArray[np.float32]:
        if answer.body.lstrip()[:1] == b"<" and "html" not in answer.kind():
            # MapServer answers errors in XML, some of them with HTTP 200.
            root = read_xml(answer, task.what)
            raise ServiceResponseError(
                f"{task.what}: {visible(answer.url)[:300]} antwoordt met XML "
                f"({visible(root.tag)[:60]}) in plaats van een GeoTIFF."
            )
        with geotiff(answer, task.what) as dataset:
            _require_cells(dataset, tile, coverage, answer, task.what)
            values: NDArray[np.float32] = dataset.read(1).astype(np.float32)
            nodata = dataset.nodata
        if nodata is not None:
            values[values == np.float32(nodata)] = np.nan
        values[~(np.abs(values) < _NOTHING)] = np.nan
        return values

    return task.http.get(
        str(request.url),
        what=task.what,
        accept="image/tiff",
        budget=task.budget,
        ledger=task.ledger,
        check=check,
    )


def _require_cells(
    dataset: DatasetReader, tile: _Cells, coverage: Coverage, answer: Answer, what: str
) -> None:
    """See that an answer holds exactly the cells that were asked."""
    shown = visible(answer.url)[:300]
    try:
        crs = pyproj.CRS.from_user_input(dataset.crs.to_wkt()) if dataset.crs else None
    except CRSError as error:
        raise UnexpectedCrsError(f"{what}: {shown} geeft een onleesbaar stelsel.") from error
    if crs is None or not is_rd(crs):
        raise UnexpectedCrsError(
            f"{what}: {shown} geeft een raster in "
            f"{visible(crs.name)[:100] if crs else 'een stelsel dat niet wordt genoemd'}, terwijl "
            "RD New is gevraagd."
        )
    rows, columns = tile.shape()
    if (dataset.height, dataset.width) != (rows, columns) or dataset.count != 1:
        raise ServiceResponseError(
            f"{what}: {shown} geeft {dataset.count} keer {dataset.width} bij {dataset.height} "
            f"cellen; gevraagd is {columns} bij {rows}. Ligt het gebied buiten het raster, of is "
            "de celgrootte veranderd?"
        )
    box = tile.box(coverage.cell_m)
    if any(abs(a - b) > coverage.cell_m / 100 for a, b in zip(dataset.bounds, box, strict=True)):
        raise ServiceResponseError(
            f"{what}: {shown} geeft cellen op {tuple(dataset.bounds)}; gevraagd is {box}."
        )
