"""Grids in a zip, as RIVM publishes the deposition of nitrogen: one ESRI ASCII grid and a manual.

The archive is read in memory and nothing of it is written to disk, so that no name in it can lead
anywhere. The grid is read here and not by GDAL, which fills up what is missing at the end.
"""

from __future__ import annotations

import io
import math
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from rasterio.transform import Affine

from woongeo.encode import visible
from woongeo.errors import InputError, ServiceResponseError
from woongeo.numerals import by_number
from woongeo.pdok._boxes import NATION, Box
from woongeo.pdok._http import Answer, GarbledError, server_text
from woongeo.pdok._many import first_to_answer
from woongeo.pdok.rasters import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset

_MOST_FILES = 100
_MOST_BYTES = 128 << 20
# Text of numbers shrinks to a tenth; a bomb to a thousandth.
_MOST_SHRUNK = 100
_HEADER = re.compile(
    r"\s*ncols\s+(?P<ncols>\d+)\s+nrows\s+(?P<nrows>\d+)"
    r"\s+xllcorner\s+(?P<west>\S+)\s+yllcorner\s+(?P<south>\S+)"
    r"\s+cellsize\s+(?P<cell>\S+)\s+nodata_value\s+(?P<nodata>\S+)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class _Grid:
    """A grid as it was read."""

    values: NDArray[np.float32]
    west: float
    north: float


def fetch_grid(task: Task, entry: Dataset, box: Box | None = None) -> Raster:
    """Fetch a grid of the whole country, and cut it to a box.

    Parameters
    ----------
    task : Task
        The fetch.
    entry : Dataset
        A raster with doors of kind "grid".
    box : tuple of float, optional
        West, south, east, north in RD New (EPSG:28992), metres; everything without it.

    Returns
    -------
    Raster
        The cells that touch the box, as published.

    Raises
    ------
    InputError
        When it is no box, or lies outside the grid.
    ServiceError
        When the grid does not come whole, or is not what the catalogue says.
    """
    if box is not None and not (
        all(map(math.isfinite, box)) and box[0] < box[2] and box[1] < box[3]
    ):
        raise InputError(f"{box} is geen gebied: geef west, zuid, oost, noord in meters (RD).")
    url, grid = first_to_answer(
        task,
        entry.title,
        [door.url for door in entry.doors],
        lambda address: task.http.get(
            address,
            what=task.what,
            accept="application/zip, application/octet-stream",
            budget=task.budget,
            ledger=task.ledger,
            check=lambda answer: _read(answer, entry, task.what),
        ),
    )
    values, west, north = _cut(grid, entry.cell_m, box, entry.id)
    rows, columns = values.shape
    return Raster(
        values=values,
        transform=Affine(entry.cell_m, 0, west, 0, -entry.cell_m, north),
        box=(west, north - rows * entry.cell_m, west + columns * entry.cell_m, north),
        known_share=float(np.isfinite(values).mean()),
        name=entry.id,
        title=entry.title,
        licence=entry.licence,
        unit=entry.unit,
        url=url,
        sha256=task.ledger.sha256(),
        fetched_at=max(each.fetched_at for each in task.ledger.exchanges),
    )


def _cut(
    grid: _Grid, cell_m: float, box: Box | None, what: str
) -> tuple[NDArray[np.float32], float, float]:
    """Keep the cells that touch a box."""
    if box is None:
        return grid.values, grid.west, grid.north
    rows, columns = grid.values.shape
    left = max(math.floor((box[0] - grid.west) / cell_m), 0)
    right = min(math.ceil((box[2] - grid.west) / cell_m), columns)
    top = max(math.floor((grid.north - box[3]) / cell_m), 0)
    bottom = min(math.ceil((grid.north - box[1]) / cell_m), rows)
    if left >= right or top >= bottom:
        raise InputError(f"{what}: {box} ligt buiten het raster.")
    part = np.ascontiguousarray(grid.values[top:bottom, left:right])
    return part, grid.west + left * cell_m, grid.north - top * cell_m


def _read(answer: Answer, entry: Dataset, what: str) -> _Grid:
    """Read an answer that must be a zip with one grid."""
    shown = visible(answer.url)[:300]
    if not answer.body.startswith(b"PK"):
        said = server_text(answer)
        told = f"; de server zegt: {said}" if said else ""
        raise GarbledError(f"{what}: {shown} geeft {answer.kind() or 'iets'}, geen zip{told}.")
    try:
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            member = _one_grid(archive, entry.doors[0].name, f"{what}: {shown}")
            with archive.open(member) as file:
                # Read to the last byte, so that the checksum is held against it.
                text = file.read(_MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise GarbledError(
            f"{what}: {shown} geeft een zip die niet heel is ({visible(error)[:200]})."
        ) from error
    if len(text) > _MOST_BYTES:
        raise ServiceResponseError(
            f"{what}: {shown} bevat een raster van meer dan {_MOST_BYTES >> 20} MB."
        )
    return _parse(text, entry, f"{what}: {member.filename} in {shown}")


def _one_grid(archive: zipfile.ZipFile, name: str, where: str) -> zipfile.ZipInfo:
    """Find the grid, and refuse an archive that is up to something."""
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise ServiceResponseError(f"{where} bevat {len(members)} bestanden; dat is geen raster.")
    for each in members:
        path = PurePosixPath(each.filename.replace("\\", "/"))
        leads_out = path.is_absolute() or ".." in path.parts or ":" in path.parts[0]
        if leads_out or stat.S_ISLNK(each.external_attr >> 16):
            raise ServiceResponseError(
                f"{where} bevat {visible(each.filename)[:100]!r}, dat buiten de zip wijst; de zip "
                "wordt niet gelezen."
            )
    grids = [
        each
        for each in members
        if each.filename.lower().endswith(".asc") and name.lower() in each.filename.lower()
    ]
    if len(grids) != 1:
        told = ", ".join(visible(each.filename) for each in members)[:300]
        raise ServiceResponseError(f"{where} bevat {len(grids)} rasters (.asc); er is: {told}.")
    (grid,) = grids
    if grid.file_size > max(grid.compress_size, 1) * _MOST_SHRUNK or grid.file_size > _MOST_BYTES:
        raise ServiceResponseError(
            f"{where} bevat een raster dat uitgepakt {grid.file_size / 1e6:.0f} MB is; dat wordt "
            "niet uitgepakt."
        )
    if grid.flag_bits & 0x1:
        raise ServiceResponseError(f"{where} is versleuteld.")
    return grid


def _parse(data: bytes, entry: Dataset, where: str) -> _Grid:
    """Read an ESRI ASCII grid: six lines, and as many values as they say."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ServiceResponseError(f"{where} is geen tekst.") from error
    head = _HEADER.match(text)
    if head is None:
        raise ServiceResponseError(
            f"{where} begint niet als een ESRI ASCII-raster ({visible(text[:80])!r})."
        )
    try:
        west, south, cell, nodata = (float(head[n]) for n in ("west", "south", "cell", "nodata"))
        values = np.array(text[head.end() :].split(), dtype=np.float64)
    except ValueError as error:
        raise ServiceResponseError(
            f"{where} bevat iets anders dan getallen ({visible(error)[:80]})."
        ) from error
    rows, columns = int(head["nrows"]), int(head["ncols"])
    if len(values) != rows * columns or not len(values):
        raise GarbledError(
            f"{where} noemt {rows} bij {columns} cellen, maar bevat {len(values)} "
            f"{by_number(len(values), 'waarde', 'waarden')}."
        )
    if cell != entry.cell_m:
        raise ServiceResponseError(
            f"{where} heeft cellen van {cell:g} m in plaats van {entry.cell_m:g}."
        )
    east, north = west + columns * cell, south + rows * cell
    least_x, least_y, most_x, most_y = NATION
    if not (least_x <= west < east <= most_x and least_y <= south < north <= most_y):
        raise ServiceResponseError(
            f"{where} ligt op ({west:.0f}, {south:.0f}) - ({east:.0f}, {north:.0f}), niet in "
            "Nederland: is dit nog RD New?"
        )
    values[values == nodata] = np.nan
    _require_plausible(values, entry, where)
    return _Grid(values.reshape(rows, columns).astype(np.float32), west, north)


def _require_plausible(values: NDArray[np.float64], entry: Dataset, where: str) -> None:
    """See that there are enough values, and that they are in the unit that is expected."""
    known = values[~np.isnan(values)]
    if len(known) < max(entry.min_cells, 1):
        raise ServiceResponseError(
            f"{where} heeft {len(known)} {by_number(len(known), 'cel', 'cellen')} met een waarde "
            f"en dat moeten er minstens {max(entry.min_cells, 1)} zijn."
        )
    least = -math.inf if entry.least is None else entry.least
    most = math.inf if entry.most is None else entry.most
    if not (least <= known.min() and known.max() <= most and np.isfinite(known).all()):
        raise ServiceResponseError(
            f"{where} heeft waarden van {known.min():.6g} tot {known.max():.6g}; verwacht is "
            f"{least:g} tot {most:g} {entry.unit}. Is de eenheid veranderd?"
        )
