"""The sites: what every layer wants to know of them, worked out once."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

_CELL_M = 250.0
_CELLS = 1_500

# A walk along cells of some 5 m across the country.
_WALK_BITS = 16

# So many measurements are kept with the sites.
_KEPT = 32


class Kept:
    """What may be asked for again: of too much, the oldest goes.

    Parameters
    ----------
    most : int
        How many things are kept.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._things: dict[Hashable, object] = {}

    def __reduce__(self) -> tuple[type[Kept], tuple[int]]:
        return Kept, (self._most,)

    def get(self, key: Hashable) -> object:
        """Give what was kept.

        Parameters
        ----------
        key : Hashable
            Under which name.

        Returns
        -------
        object
            It; None where there is nothing.
        """
        with self._lock:
            return self._things.get(key)

    def keep(self, key: Hashable, thing: object) -> None:
        """Keep something.

        Parameters
        ----------
        key : Hashable
            Its name. Where that holds an `id`, what has it must be kept along, so that no other
            thing gets it.
        thing : object
            It.
        """
        with self._lock:
            self._things[key] = thing
            while len(self._things) > self._most:
                del self._things[next(iter(self._things))]


class Sites:
    """Sites, and what every layer wants to know of them, worked out once.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        Valid surfaces in metres.

    Attributes
    ----------
    area : ndarray of float
        Square metres.
    cache : Kept
        What was measured of them.
    """

    def __init__(self, geometry: NDArray[np.object_]) -> None:
        self.geometry = geometry
        self.area: NDArray[np.float64] = shapely.area(geometry)
        self._bounds = shapely.bounds(geometry).reshape(-1, 4)
        self.cache = Kept(_KEPT)

    @cached_property
    def occupied(self) -> Occupied | None:
        """Where they are; None where there are none."""
        return Occupied(self._bounds) if len(self) else None

    @cached_property
    def walk(self) -> NDArray[np.intp]:
        """An order in which neighbours follow each other.

        What is asked of an index in this order finds the memory that it needs still at hand.
        """
        return _walk(self._bounds)

    def __len__(self) -> int:
        return len(self.geometry)


def _walk(bounds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order boxes along a Z-curve: the bits of column and row of their middles in turn."""
    if not len(bounds):
        return np.empty(0, dtype=np.intp)
    middle = bounds[:, :2] + bounds[:, 2:]
    low, high = middle.min(axis=0), middle.max(axis=0)
    cell = np.maximum((high - low).max() / (2**_WALK_BITS - 1), 1e-9)
    place = ((middle - low) / cell).astype(np.int64)
    key = np.zeros(len(bounds), dtype=np.int64)
    for bit in range(_WALK_BITS):
        key |= (place[:, 0] >> bit & 1) << 2 * bit | (place[:, 1] >> bit & 1) << 2 * bit + 1
    return np.argsort(key, kind="stable")


class Occupied:
    """Where sites are: a grid of cells that answers "is there a site in this rectangle?".

    The answer may be yes without need (cells are coarse), never no.

    Parameters
    ----------
    bounds : ndarray of float, shape (n, 4)
        Boxes of the sites, at least one: west, south, east, north; metres.
    """

    def __init__(self, bounds: NDArray[np.float64]) -> None:
        self.west, self.south = bounds[:, 0].min(), bounds[:, 1].min()
        self.east, self.north = bounds[:, 2].max(), bounds[:, 3].max()
        extent = max(self.east - self.west, self.north - self.south)
        self.cell = max(_CELL_M, extent / _CELLS)
        columns, rows = self._cells(np.array([[self.west, self.south, self.east, self.north]]))
        difference = np.zeros((int(rows[0, 1]) + 3, int(columns[0, 1]) + 3), dtype=np.int32)
        columns, rows = self._cells(bounds)
        # +1 and -1 at the corners of each box; summing twice fills the boxes.
        np.add.at(difference, (rows[:, 0], columns[:, 0]), 1)
        np.add.at(difference, (rows[:, 1] + 1, columns[:, 1] + 1), 1)
        np.add.at(difference, (rows[:, 1] + 1, columns[:, 0]), -1)
        np.add.at(difference, (rows[:, 0], columns[:, 1] + 1), -1)
        difference.cumsum(axis=0, out=difference)
        difference.cumsum(axis=1, out=difference)
        taken = difference > 0
        # A summed-area table counts the taken cells of any rectangle with four look-ups.
        self.table = np.zeros((taken.shape[0] + 1, taken.shape[1] + 1), dtype=np.int32)
        filled = self.table[1:, 1:]
        taken.cumsum(axis=0, dtype=np.int32, out=filled)
        filled.cumsum(axis=1, out=filled)

    def _cells(self, bounds: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the first and last cell of boxes."""
        columns = np.floor((bounds[:, [0, 2]] - self.west) / self.cell).astype(np.int64)
        rows = np.floor((bounds[:, [1, 3]] - self.south) / self.cell).astype(np.int64)
        return columns, rows

    def near(
        self, bounds: NDArray[np.float64], within_m: float | NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell for boxes whether a site may come within a distance.

        Parameters
        ----------
        bounds : ndarray of float, shape (n, 4)
            West, south, east, north; metres.
        within_m : float or ndarray of float, shape (n,)
            Distance in metres; one for all, or one a box.

        Returns
        -------
        ndarray of bool
            False only where no site comes so near.
        """
        grown = bounds + np.array([-1, -1, 1, 1]) * np.reshape(np.add(within_m, 1e-3), (-1, 1))
        columns, rows = self._cells(np.nan_to_num(grown, nan=-1e12))
        high, wide = self.table.shape[0] - 1, self.table.shape[1] - 1
        left, right = np.clip(columns[:, 0], 0, wide), np.clip(columns[:, 1] + 1, 0, wide)
        low, top = np.clip(rows[:, 0], 0, high), np.clip(rows[:, 1] + 1, 0, high)
        t = self.table
        count = t[top, right] - t[low, right] - t[top, left] + t[low, left]
        return np.asarray((right > left) & (top > low) & (count > 0))
