"""WCS 2.0.1: heights of the AHN, as a grid in RD New.

PDOK's server ignores a wish for another resolution without a word, and gives at most some thousands
of pixels a side. So cells are asked as they are, in tiles that fit, and an answer that is not
exactly the cells that were asked is an error:
https://docs.ogc.org/is/09-110r4/09-110r4.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
from pyproj.exceptions import CRSError
from rasterio.transform import Affine
from requests import PreparedRequest

from woongeo.crs import is_rd
from woongeo.encode import visible
from woongeo.errors import (
    InputError,
    ServiceResponseError,
    UnexpectedCrsError,
)
from woongeo.pdok._http import Ledger
from woongeo.pdok._many import first_to_answer, together
from woongeo.pdok._raster import geotiff
from woongeo.pdok._xml import read_xml
from woongeo.pdok.rasters import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._http import Answer
    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset

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
    unit : str
        What its values are in.
    """

    urls: tuple[str, ...]
    name: str
    cell_m: float = 0.5
    title: str = ""
    licence: str = ""
    unit: str = ""


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


def coverage_of(entry: Dataset) -> Coverage:
    """Describe a coverage as the catalogue knows it.

    Parameters
    ----------
    entry : Dataset
        A raster with doors of kind "coverage".

    Returns
    -------
    Coverage
        To be fetched.
    """
    return Coverage(
        urls=tuple(door.url for door in entry.doors),
        name=entry.doors[0].name,
        cell_m=entry.cell_m,
        title=entry.title,
        licence=entry.licence,
        unit=entry.unit,
    )


def fetch_coverage(task: Task, box: Box, coverage: Coverage) -> Raster:
    """Fetch the cells of a grid that touch a box.

    Parameters
    ----------
    task : Task
        The fetch.
    box : tuple of float
        West, south, east, north in RD New (EPSG:28992), metres.
    coverage : Coverage
        Which.

    Returns
    -------
    Raster
        The cells, on the grid of the source: nothing is resampled.

    Raises
    ------
    InputError
        When it is no box, or one of too many cells.
    UnexpectedCrsError
        When the server does not give RD New.
    ServiceError
        When a part does not come, or is not what was asked; then nothing is given.
    """
    cells = _cells(box, coverage)
    tiles = cells.tiles(TILE_CELLS)
    before = len(task.ledger.exchanges)
    url, first = first_to_answer(
        task,
        coverage.title or coverage.name,
        coverage.urls,
        lambda address: _part(task, address, coverage, tiles[0]),
    )
    # All from one address: another may hold another edition.
    rest = together(lambda tile: _part(task, url, coverage, tile), tiles[1:])
    values = np.full(cells.shape(), np.nan, dtype=np.float32)
    for tile, part in zip(tiles, [first, *rest], strict=True):
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
        unit=coverage.unit,
        url=url,
        sha256=Ledger(mine).sha256(),
        fetched_at=max(each.fetched_at for each in mine),
    )


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
