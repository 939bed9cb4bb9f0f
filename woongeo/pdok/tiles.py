"""Background maps: tiles in RD New for pictures, addresses of tiles for maps in a browser.

A missing tile is drawn as missing and named: white would read as sea.
"""

from __future__ import annotations

import concurrent.futures
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.errors import (
    EndpointGoneError,
    InputError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.pdok._grid import RD_GRID, TILE_PX, WEB_GRID, Grid
from woongeo.pdok._http import PARALLEL
from woongeo.pdok._raster import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._run import Task


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
        >>> BACKGROUNDS["luchtfoto"].browser_templates()[0].rpartition("/wmts/")[2]
        'v1_0/Actueel_orthoHR/EPSG:3857/{z}/{x}/{y}.jpeg'
        """
        return tuple(t.replace("{tms}", WEB_GRID.name) for t in self.templates)


def _brt(title: str, layer: str) -> Background:
    """Describe a look of the BRT's background map, whose base moved in 2026."""
    path = f"wmts/v2_0/{layer}/{{tms}}/{{z}}/{{x}}/{{y}}.png"
    return Background(
        title,
        "Kaartgegevens © Kadaster",
        "CC BY 4.0",
        (
            f"https://service.pdok.nl/kadaster/brt-achtergrondkaart/{path}",
            f"https://service.pdok.nl/brt/achtergrondkaart/{path}",
        ),
    )


_LUCHTFOTO = "https://service.pdok.nl/hwh/luchtfotorgb/wmts/v1_0"

#: The background maps of PDOK, by a short name.
BACKGROUNDS: dict[str, Background] = {
    "standaard": _brt("BRT Achtergrondkaart", "standaard"),
    "grijs": _brt("BRT Achtergrondkaart grijs", "grijs"),
    "pastel": _brt("BRT Achtergrondkaart pastel", "pastel"),
    "water": _brt("BRT Achtergrondkaart water", "water"),
    "luchtfoto": Background(
        "Luchtfoto",
        "Luchtfoto © Beeldmateriaal.nl",
        "CC BY 4.0",
        (f"{_LUCHTFOTO}/Actueel_orthoHR/{{tms}}/{{z}}/{{x}}/{{y}}.jpeg",),
    ),
}


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
    task: Task,
    box: Box,
    *,
    width_px: int = 1024,
    background: Background | str = "grijs",
    most_tiles: int = 64,
) -> Picture:
    """Fetch a background for a static map, in RD New and so without warping.

    Parameters
    ----------
    task : Task
        The fetch.
    box : tuple of float
        West, south, east, north in RD New (EPSG:28992), metres.
    width_px : int
        How many pixels it must be wide at least; it becomes less than twice as wide, and narrower
        only where `most_tiles` or the map's last zoom is in the way, which is noted.
    background : Background or str
        Which map: one of yours, or a name of `BACKGROUNDS`.
    most_tiles : int
        Most tiles.

    Returns
    -------
    Picture
        The background, cut to the box, with what must stand beside it.

    Raises
    ------
    InputError
        When it is no box, or no such background.
    EndpointGoneError
        When the map is at none of its addresses.
    ServiceError
        When tiles cannot be had; some that do not exist are named instead.
    """
    if isinstance(background, str):
        if background not in BACKGROUNDS:
            raise InputError(
                f"{background}: deze achtergrond bestaat niet; wel: {', '.join(BACKGROUNDS)}."
            )
        background = BACKGROUNDS[background]
    zoom = choose_zoom(box, width_px=width_px, most_tiles=most_tiles, deepest=background.deepest)
    metres = RD_GRID.metres(zoom)
    if metres > (box[2] - box[0]) / width_px:
        task.note(f"de achtergrond is grover dan gevraagd: {metres:.2f} m per pixel")
    columns, rows = RD_GRID.tiles(box, zoom)
    middle = columns[len(columns) // 2], rows[len(rows) // 2]
    template, first = _base(task, background, middle, zoom)
    wanted = [(column, row) for row in rows for column in columns if (column, row) != middle]
    tiles = {middle: first, **_tiles(task, template, wanted, zoom)}
    missing = [place for place, tile in tiles.items() if tile is None]
    if 2 * len(missing) > len(tiles):
        raise ServiceResponseError(
            f"{task.what}: {len(missing)} van de {len(tiles)} tegels van {background.title} "
            "bestaan niet; kies een ander gebied of een andere achtergrond."
        )
    if missing:
        task.note(f"{len(missing)} van de {len(tiles)} tegels bestaan niet en zijn gestreept")
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


def _base(
    task: Task, background: Background, tile: tuple[int, int], zoom: int
) -> tuple[str, NDArray[np.uint8]]:
    """Find the address where the map is, by its middle tile."""
    failures: list[str] = []
    gone = True
    for template in background.templates:
        try:
            found = _tile(task, template, tile, zoom)
        except EndpointGoneError as error:
            failures.append(str(error))
        except (ServiceUnavailableError, ServiceResponseError) as error:
            failures.append(str(error))
            gone = False
        else:
            if failures:
                task.note(f"{background.title} kwam van het andere adres: {template}")
            return template, found
    kind = EndpointGoneError if gone else ServiceUnavailableError
    raise kind(
        f"{task.what}: {background.title} is van geen van de {len(failures)} bekende adressen te "
        f"halen. Het laatste: {failures[-1] if failures else 'er is geen adres'}"
    )


def _tiles(
    task: Task, template: str, wanted: Sequence[tuple[int, int]], zoom: int
) -> dict[tuple[int, int], NDArray[np.uint8] | None]:
    """Fetch tiles; None for those that do not exist."""

    def fetch(place: tuple[int, int]) -> NDArray[np.uint8] | None:
        try:
            return _tile(task, template, place, zoom)
        except EndpointGoneError:
            return None

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        jobs = {place: pool.submit(fetch, place) for place in wanted}
        try:
            return {place: job.result() for place, job in jobs.items()}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _tile(task: Task, template: str, place: tuple[int, int], zoom: int) -> NDArray[np.uint8]:
    """Fetch one tile."""
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
