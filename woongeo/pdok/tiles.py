"""Background maps: tiles in RD New for pictures, addresses of tiles for maps in a browser.

A missing tile is drawn as missing and named: white would read as sea.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.errors import (
    EndpointGoneError,
    InputError,
    ServiceResponseError,
)
from woongeo.numerals import by_number
from woongeo.pdok._grid import RD_GRID, TILE_PX, WEB_GRID, Grid
from woongeo.pdok._many import first_to_answer, together
from woongeo.pdok._raster import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset


@dataclass(frozen=True)
class Background:
    """A background map.

    Attributes
    ----------
    title : str
        For people.
    attribution : str
        What must stand beside it.
    licence : str
        Its terms.
    templates : tuple of str
        Addresses with {tms}, {z}, {x} and {y}, to be tried in turn: PDOK moves some.
    deepest : int
        The last zoom in RD New.
    """

    title: str
    attribution: str
    licence: str
    templates: tuple[str, ...]
    deepest: int = 14

    def browser_templates(self) -> tuple[str, ...]:
        """Give addresses for a map in a browser.

        Returns
        -------
        tuple of str
            In web mercator, with {z}, {x} and {y}, to be tried in turn.

        Examples
        --------
        >>> here = Background("", "", "", ("https://a.nl/{tms}/{z}/{x}/{y}.png",))
        >>> here.browser_templates()
        ('https://a.nl/EPSG:3857/{z}/{x}/{y}.png',)
        """
        return tuple(t.replace("{tms}", WEB_GRID.name) for t in self.templates)


def background_of(entry: Dataset) -> Background:
    """Describe a background as the catalogue knows it.

    Parameters
    ----------
    entry : Dataset
        A background, with doors of kind "tiles".

    Returns
    -------
    Background
        To be fetched, or to be shown in a browser.
    """
    return Background(
        title=entry.title,
        attribution=entry.attribution,
        licence=entry.licence,
        templates=tuple(door.url for door in entry.doors),
        deepest=entry.deepest,
    )


@dataclass(frozen=True, eq=False)
class Picture:
    """A background for a static map.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
        The first row is the northernmost.
    box : tuple of float
        West, south, east, north of its edges, RD New (EPSG:28992), metres; at most a pixel larger
        than what was asked. matplotlib's ``extent`` is west, east, south, north.
    zoom : int
        Of its tiles.
    metres_per_pixel : float
        Its resolution.
    attribution, licence : str
        What must stand beside it, and its terms.
    template : str
        Where its tiles came from.
    missing : tuple of Box
        Where no tile came: drawn in grey with stripes, so that it does not read as sea.
    """

    rgb: NDArray[np.uint8]
    box: Box
    zoom: int
    metres_per_pixel: float
    attribution: str
    licence: str
    template: str
    missing: tuple[Box, ...] = ()


def choose_zoom(
    box: Box, *, width_px: int, most_tiles: int = 64, grid: Grid = RD_GRID, deepest: int = 14
) -> int:
    """Choose the first zoom that is as sharp as asked, or the sharpest that may be fetched.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north, metres.
    width_px : int
        How many pixels the box is wide on paper or screen.
    most_tiles : int
        Most tiles.
    grid : Grid
        The division in tiles.
    deepest : int
        The last zoom that the map has.

    Returns
    -------
    int
        The zoom.

    Raises
    ------
    InputError
        When it is no box, or `width_px` or `most_tiles` is no positive number.

    Examples
    --------
    >>> choose_zoom((90_000, 425_000, 100_000, 435_000), width_px=1000)
    9
    """
    if width_px < 1 or most_tiles < 1:
        raise InputError(f"width_px {width_px} en most_tiles {most_tiles} moeten 1 of meer zijn.")
    # One tile holds everything at zoom 0.
    chosen = 0
    for zoom in range(min(deepest, grid.deepest) + 1):
        columns, rows = grid.tiles(box, zoom)
        if len(columns) * len(rows) > most_tiles:
            break
        chosen = zoom
        if grid.metres(zoom) <= (box[2] - box[0]) / width_px:
            break
    return chosen


def fetch_background(
    task: Task, box: Box, background: Background, *, width_px: int = 1024, most_tiles: int = 64
) -> Picture:
    """Fetch a background for a static map, in RD New and so without warping.

    Parameters
    ----------
    task : Task
        The fetch.
    box : tuple of float
        West, south, east, north in RD New (EPSG:28992), metres.
    background : Background
        Which map.
    width_px : int
        How many pixels it must be wide at least; it becomes less than twice as wide, and narrower
        only where `most_tiles` or the map's last zoom is in the way, which is noted.
    most_tiles : int
        Most tiles.

    Returns
    -------
    Picture
        The background, cut to the box, with what must stand beside it.

    Raises
    ------
    InputError
        When it is no box.
    EndpointGoneError
        When the map is at none of its addresses.
    ServiceError
        When tiles cannot be had; some that do not exist are named instead.
    """
    zoom = choose_zoom(box, width_px=width_px, most_tiles=most_tiles, deepest=background.deepest)
    metres = RD_GRID.metres(zoom)
    if metres > (box[2] - box[0]) / width_px:
        task.note(f"de achtergrond is grover dan gevraagd: {metres:.2f} m per pixel")
    columns, rows = RD_GRID.tiles(box, zoom)
    middle = columns[len(columns) // 2], rows[len(rows) // 2]
    template, first = first_to_answer(
        task,
        background.title,
        background.templates,
        lambda address: fetch_tile(task, address, middle, zoom),
    )
    wanted = [(column, row) for row in rows for column in columns if (column, row) != middle]
    tiles = {middle: first, **_tiles(task, template, wanted, zoom)}
    missing = [place for place, tile in tiles.items() if tile is None]
    if 2 * len(missing) > len(tiles):
        raise ServiceResponseError(
            f"{task.what}: {len(missing)} van de {len(tiles)} "
            f"{by_number(len(tiles), 'tegel', 'tegels')} van {background.title} "
            f"{by_number(len(missing), 'bestaat', 'bestaan')} niet; kies een ander gebied of een "
            "andere achtergrond."
        )
    if missing:
        task.note(
            f"{len(missing)} van de {len(tiles)} tegels "
            f"{by_number(len(missing), 'bestaat niet en is', 'bestaan niet en zijn')} gestreept"
        )
    holes = tuple(RD_GRID.bounds(*place, zoom) for place in sorted(missing))
    rgb, edges = _cut(_mosaic(tiles, columns, rows), columns, rows, zoom, box)
    return Picture(
        rgb=rgb,
        box=edges,
        zoom=zoom,
        metres_per_pixel=metres,
        attribution=background.attribution,
        licence=background.licence,
        template=template,
        missing=holes,
    )


def _tiles(
    task: Task, template: str, wanted: Sequence[tuple[int, int]], zoom: int
) -> dict[tuple[int, int], NDArray[np.uint8] | None]:
    """Fetch tiles; None for those that do not exist."""

    def fetch(place: tuple[int, int]) -> NDArray[np.uint8] | None:
        try:
            return fetch_tile(task, template, place, zoom)
        except EndpointGoneError:
            return None

    return dict(zip(wanted, together(fetch, wanted), strict=True))


def fetch_tile(task: Task, template: str, place: tuple[int, int], zoom: int) -> NDArray[np.uint8]:
    """Fetch one tile.

    Parameters
    ----------
    task : Task
        The fetch.
    template : str
        Its address, with {tms}, {z}, {x} and {y}.
    place : tuple of int
        Its column and row.
    zoom : int
        Of the grid in RD New.

    Returns
    -------
    ndarray of uint8, shape (256, 256, 3)
        Red, green and blue.

    Raises
    ------
    EndpointGoneError
        When it does not exist.
    ServiceError
        When it does not come whole.
    """
    url = template.format(tms=RD_GRID.name, z=zoom, x=place[0], y=place[1])
    return task.http.get(
        url,
        what=task.what,
        accept="image/png, image/jpeg",
        budget=task.budget,
        ledger=task.ledger,
        check=lambda answer: read_picture(answer, TILE_PX, task.what),
    )


def _mosaic(
    tiles: dict[tuple[int, int], NDArray[np.uint8] | None], columns: range, rows: range
) -> NDArray[np.uint8]:
    """Lay tiles side by side."""
    canvas = np.empty((len(rows) * TILE_PX, len(columns) * TILE_PX, 3), dtype=np.uint8)
    for (column, row), tile in tiles.items():
        top, left = (row - rows[0]) * TILE_PX, (column - columns[0]) * TILE_PX
        canvas[top : top + TILE_PX, left : left + TILE_PX] = _stripes() if tile is None else tile
    return canvas


def _stripes() -> NDArray[np.uint8]:
    """Draw what no one takes for a map."""
    rows, columns = np.indices((TILE_PX, TILE_PX))
    grey = np.where((rows + columns) % 16 < 4, 150, 215).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _cut(
    canvas: NDArray[np.uint8], columns: range, rows: range, zoom: int, box: Box
) -> tuple[NDArray[np.uint8], Box]:
    """Cut to the box, on whole pixels around it."""
    metres = RD_GRID.metres(zoom)
    west, _, _, north = RD_GRID.bounds(columns[0], rows[0], zoom)
    height, width = canvas.shape[:2]
    left = max(math.floor((box[0] - west) / metres), 0)
    right = min(math.ceil((box[2] - west) / metres), width)
    top = max(math.floor((north - box[3]) / metres), 0)
    bottom = min(math.ceil((north - box[1]) / metres), height)
    edges = (
        west + left * metres,
        north - bottom * metres,
        west + right * metres,
        north - top * metres,
    )
    return np.ascontiguousarray(canvas[top:bottom, left:right]), edges
