"""Arithmetic of tiles: which tile holds a point, and what a tile holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from woongeo.errors import InputError

if TYPE_CHECKING:
    from woongeo.pdok._boxes import Box

#: Pixels along the side of a tile.
TILE_PX = 256


@dataclass(frozen=True)
class Grid:
    """How a plane is divided in tiles: column and row from the top left, halved at each zoom.

    Attributes
    ----------
    name : str
        As in PDOK's addresses.
    west, north : float
        The top left corner, metres.
    resolution : float
        Metres in a pixel at zoom 0.
    deepest : int
        The last zoom.
    """

    name: str
    west: float
    north: float
    resolution: float
    deepest: int

    def metres(self, zoom: int) -> float:
        """Give the size of a pixel.

        Parameters
        ----------
        zoom : int
            From 0.

        Returns
        -------
        float
            Metres of the plane; in web mercator these are shorter on the ground.
        """
        return self.resolution / float(2**zoom)

    def tile_at(self, x: float, y: float, zoom: int) -> tuple[int, int]:
        """Find the tile of a point.

        Parameters
        ----------
        x, y : float
            Metres.
        zoom : int
            From 0.

        Returns
        -------
        column, row : int
            From the top left; the edge belongs to the tile right of or below it.

        Raises
        ------
        InputError
            When the point lies outside the grid, or the zoom does not exist.

        Examples
        --------
        >>> RD_GRID.tile_at(97_000, 430_000, 8)
        (111, 137)
        """
        if not 0 <= zoom <= self.deepest:
            raise InputError(f"zoom {zoom} bestaat niet in {self.name}: 0 tot {self.deepest}.")
        size = self.metres(zoom) * TILE_PX
        # Not a number would raise a ValueError of Python's in floor().
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InputError(f"({x}, {y}) is geen punt.")
        column, row = math.floor((x - self.west) / size), math.floor((self.north - y) / size)
        if not (0 <= column < 2**zoom and 0 <= row < 2**zoom):
            raise InputError(f"({x:.0f}, {y:.0f}) ligt buiten het raster {self.name}.")
        return column, row

    def bounds(self, column: int, row: int, zoom: int) -> Box:
        """Give the box of a tile.

        Parameters
        ----------
        column, row, zoom : int
            The tile.

        Returns
        -------
        tuple of float
            West, south, east, north, metres.

        Examples
        --------
        >>> [round(v) for v in RD_GRID.bounds(111, 137, 8)]
        [96509, 428594, 99950, 432034]
        """
        size = self.metres(zoom) * TILE_PX
        west, north = self.west + column * size, self.north - row * size
        return west, north - size, west + size, north

    def tiles(self, box: Box, zoom: int) -> tuple[range, range]:
        """Find the tiles that together cover a box.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north, metres.
        zoom : int
            From 0.

        Returns
        -------
        columns, rows : range
            All combinations of these cover the box.

        Raises
        ------
        InputError
            When it is no box, or does not lie inside the grid.
        """
        west, south, east, north = box
        if not (west < east and south < north):
            raise InputError(f"{box} is geen gebied: geef west, zuid, oost, noord in meters.")
        left, top = self.tile_at(west, north, zoom)
        # The far edges belong to the box, not to the tiles beyond it.
        size = self.metres(zoom) * TILE_PX
        right = max(math.ceil((east - self.west) / size) - 1, left)
        bottom = max(math.ceil((self.north - south) / size) - 1, top)
        if right >= 2**zoom or bottom >= 2**zoom:
            raise InputError(f"{box} ligt niet helemaal in het raster {self.name}.")
        return range(left, right + 1), range(top, bottom + 1)


#: Of PDOK's tiles in RD New: https://github.com/PDOK/ogc-capabilities-generator
RD_GRID = Grid("EPSG:28992", -285_401.92, 903_401.92, 3_440.64, 14)
#: Of maps in a browser, which all divide the world alike.
WEB_GRID = Grid("EPSG:3857", -20_037_508.342789244, 20_037_508.342789244, 156_543.03392804097, 19)
