"""Pictures and grids from memory: read by one driver, and known to be whole.

GDAL gives what it can of a picture that stops halfway, and black for the rest. So a picture must
end as its kind ends before it is read, and is read only by the driver for that kind.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from woongeo.encode import visible
from woongeo.pdok._http import GarbledError, server_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from woongeo.pdok._http import Answer

_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# Without a place on earth rasterio warns about each picture; a place beside it costs nothing.
_ANYWHERE = b"1\n0\n0\n-1\n0\n0\n"


def _refuse(answer: Answer, what: str, why: str) -> GarbledError:
    """Say that an answer is no picture."""
    said = server_text(answer)
    told = f"; de server zegt: {said}" if said else ""
    return GarbledError(f"{what}: {visible(answer.url)[:300]} {why}{told}.")


def read_picture(answer: Answer, size: int, what: str) -> NDArray[np.uint8]:
    """Decode a tile.

    Parameters
    ----------
    answer : Answer
        A PNG or JPEG.
    size : int
        How many pixels it must be high and wide.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        Red, green and blue; what is transparent is white.

    Raises
    ------
    GarbledError
        When it is no whole picture of that size.
    """
    body = answer.body
    if body.startswith(_PNG) and body.rstrip(b"\x00").endswith(_PNG_END):
        driver, ending, world = "PNG", ".png", ".pgw"
    elif body.startswith(_JPEG) and body.rstrip(b"\x00").endswith(_JPEG_END):
        driver, ending, world = "JPEG", ".jpg", ".jgw"
    else:
        raise _refuse(answer, what, f"geeft {answer.kind() or 'iets'} dat geen hele tegel is")
    folder = uuid.uuid4().hex
    try:
        with (
            MemoryFile(_ANYWHERE, dirname=folder, filename=f"tegel{world}"),
            MemoryFile(body, dirname=folder, filename=f"tegel{ending}") as memory,
            memory.open(driver=driver) as tile,
        ):
            if (tile.width, tile.height) != (size, size):
                raise _refuse(
                    answer, what, f"geeft een tegel van {tile.width} bij {tile.height} pixels"
                )
            bands = tile.read()
            colours = tile.colormap(1) if tile.count == 1 and _has_palette(tile) else None
    except RasterioError as error:
        raise _refuse(answer, what, "geeft een tegel die beschadigd is") from error
    return _on_white(bands, colours)


def _has_palette(tile: DatasetReader) -> bool:
    """Tell whether a band holds numbers of colours."""
    return bool(tile.colorinterp[0] == rasterio.enums.ColorInterp.palette)


def _on_white(
    bands: NDArray[np.uint8], colours: dict[int, tuple[int, int, int, int]] | None
) -> NDArray[np.uint8]:
    """Bring any kind of picture to red, green and blue."""
    if colours is not None:
        table = np.full((256, 4), 255, dtype=np.uint8)
        table[list(colours)] = list(colours.values())
        bands = np.moveaxis(table[bands[0]], -1, 0)
    if bands.dtype != np.uint8:
        bands = (bands >> 8).astype(np.uint8)
    alpha = bands[-1:] / 255.0 if len(bands) in {2, 4} else np.ones((1, 1, 1))
    rgb = bands[:3] if len(bands) >= 3 else np.repeat(bands[:1], 3, axis=0)
    flat = np.rint(rgb * alpha + 255.0 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(flat, 0, -1))


@contextmanager
def geotiff(answer: Answer, what: str) -> Iterator[DatasetReader]:
    """Open a GeoTIFF that came as an answer.

    Parameters
    ----------
    answer : Answer
        The answer.
    what : str
        What is being fetched, for messages.

    Yields
    ------
    DatasetReader
        The dataset; what it cannot read becomes an error too.

    Raises
    ------
    GarbledError
        When it is no whole GeoTIFF.
    """
    if not answer.body.startswith(_TIFF):
        raise _refuse(answer, what, f"geeft {answer.kind() or 'iets'} dat geen GeoTIFF is")
    try:
        with MemoryFile(answer.body) as memory, memory.open(driver="GTiff") as dataset:
            yield dataset
    except RasterioError as error:
        raise _refuse(answer, what, "geeft een GeoTIFF die niet heel is") from error
