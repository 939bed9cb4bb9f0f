"""Points of a table: a column with x and one with y, in RD New or in degrees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.numerals import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Without what stands between letters: "X-coördinaat (RD)" is xcoordinaatrd.
_X = {"x", "xrd", "rdx", "xcoord", "xcoordinaat", "xcoordinaatrd", "rdxcoordinaat"}
_LON = {"lon", "long", "lng", "longitude", "lengtegraad", "oosterlengte"}
_LAT = {"lat", "latitude", "breedtegraad", "noorderbreedte"}

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def _bare(name: str) -> str:
    """Write a name without what stands between its letters."""
    return re.sub(r"[^a-z]", "", name.lower().replace("ö", "o"))


def coordinate_columns(names: Sequence[str]) -> tuple[int, int, str] | None:
    """Find the columns that hold the coordinates of points.

    Parameters
    ----------
    names : sequence of str
        The columns there are.

    Returns
    -------
    tuple or None
        Positions of x (or longitude) and y (or latitude), and the reference system that their names
        promise; None where there are none. Whether it can be right is looked at later.
    """
    bare = [_bare(name) for name in names]
    for x, name in enumerate(bare):
        # "x_rd" goes with "y_rd".
        wanted = name.replace("x", "y", 1) if "rdx" not in name else name.replace("rdx", "rdy", 1)
        if name in _X and wanted in bare:
            return x, bare.index(wanted), "EPSG:28992"
    lon = next((i for i, name in enumerate(bare) if name in _LON), None)
    lat = next((i for i, name in enumerate(bare) if name in _LAT), None)
    return None if lon is None or lat is None else (lon, lat, "EPSG:4326")


def points(
    x: Sequence[str | None], y: Sequence[str | None]
) -> tuple[NDArray[np.object_], list[str]]:
    """Make points of coordinates as text.

    Parameters
    ----------
    x, y : sequence of str or None
        Numbers with a decimal point or comma; marks of thousands are not guessed at.

    Returns
    -------
    shapes : ndarray of Point or None
        None where a coordinate is missing or no number: such a row is not dropped.
    notes : list of str
        How many rows have none.
    """
    both = np.array([[_number(a), _number(b)] for a, b in zip(x, y, strict=True)]).reshape(-1, 2)
    there = np.isfinite(both).all(axis=1)
    shapes = np.full(len(both), None, dtype=object)
    shapes[there] = shapely.points(both[there])
    n = int((~there).sum())
    return shapes, [f"{counted(n, 'rij heeft', 'rijen hebben')} geen leesbare x en y"] if n else []


def _number(text: str | None) -> float:
    """Read one coordinate; NaN where it is none."""
    flat = (text or "").strip()
    return float(flat.replace(",", ".")) if _NUMBER.fullmatch(flat) else float("nan")
