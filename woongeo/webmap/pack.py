"""The data of a page: words as JSON, numbers and corners as small differences behind it.

A tenth of the size of GeoJSON, and the page keeps corners as they come instead of as a hundred
thousand lists. ``pak.js`` reads it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.encode import page_bytes
from woongeo.webmap.shapes import Steps, stepped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A script knows no whole numbers beyond these exactly; its short ones end earlier.
_EXACT, _SHORT = 2**53, 2**31
# So many decimal digits are always a whole number that a script knows exactly.
_DIGITS = 15


class Pack:
    """Gathers columns of numbers, and gives for each what stands in its place in the JSON."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.int64]] = []

    def row(self, values: Sequence[int] | NDArray[np.integer[Any]]) -> int:
        """Put away whole numbers.

        Parameters
        ----------
        values : sequence of int
            Small ones take a byte.

        Returns
        -------
        int
            Which row it is.
        """
        self._rows.append(np.asarray(values, dtype=np.int64).ravel())
        return len(self._rows) - 1

    def numbers(self, column: pd.Series, decimals: int) -> dict[str, Any] | list[float | None]:
        """Put away a column of numbers.

        Parameters
        ----------
        column : Series of float
            NaN where it is not known.
        decimals : int
            So many are kept.

        Returns
        -------
        dict or list
            For the JSON; the page reads null for what is not known.
        """
        values = column.to_numpy(dtype=float, na_value=np.nan)
        unknown = np.isnan(values)
        rounded = np.where(unknown, 0.0, np.round(values, decimals))
        scaled = np.rint(rounded * 10**decimals)
        if not (np.abs(scaled) < _EXACT).all():
            return [None if gone else v for v, gone in zip(rounded.tolist(), unknown, strict=True)]
        whole = scaled.astype(np.int64)
        parts = 10**decimals
        if not (whole % parts).any():
            whole, parts = whole // parts, 1
        return {
            "rij": self.row(whole),
            "deel": parts,
            "leeg": self.row(np.diff(np.flatnonzero(unknown), prepend=0)),
        }

    def words(self, texts: Sequence[str]) -> dict[str, Any] | list[str]:
        """Put away a column of text: each text once, and whole numbers as numbers.

        Parameters
        ----------
        texts : sequence of str
            As they are to be shown.

        Returns
        -------
        dict or list
            For the JSON.
        """
        if all(map(_is_count, texts)):
            numbers = np.array([int(text) for text in texts], dtype=np.int64)
            return {"rij": self.row(np.diff(numbers, prepend=0)), "getallen": True}
        codes, unique = pd.factorize(np.array(texts, dtype=object))
        if 2 * len(unique) > len(texts):
            return list(texts)
        return {"rij": self.row(codes), "woorden": unique.tolist()}

    def shapes(self, geometry: NDArray[np.object_], grid_m: int) -> dict[str, int]:
        """Put away shapes.

        Parameters
        ----------
        geometry : ndarray of shapely geometries
            RD New, metres; missing and empty ones have no rings.
        grid_m : int
            Corners are rounded to so many metres of web mercator.

        Returns
        -------
        dict
            For the JSON.
        """
        return self.steps(stepped(geometry, grid_m), grid_m)

    def steps(self, steps: Steps, grid_m: int, points: Steps | None = None) -> dict[str, int]:
        """Put away shapes that were brought on a grid.

        Parameters
        ----------
        steps : Steps
            From `stepped`.
        grid_m : int
            Their grid; metres of web mercator.
        points : Steps, optional
            One point of each shape that has any corner, on the same grid, to be kept as its
            difference from the shape's first corner.

        Returns
        -------
        dict
            For the JSON.
        """
        made = {
            "rooster": grid_m,
            "hoeken": self.row(steps.corners),
            "ringen": self.row(steps.per_ring),
            "vormen": self.row(steps.per_shape),
        }
        if points is not None:
            at = np.zeros((len(steps.per_shape), 2), dtype=np.int64)
            at[steps.per_shape > 0] = points.starts() - steps.starts()
            made["punten"] = self.row(at)
        return made

    def data(self, value: object) -> str:
        """Write a page's data.

        Parameters
        ----------
        value : object
            What `json` can write, with what the other methods gave.

        Returns
        -------
        str
            From `woongeo.encode.page_bytes`: four bytes with the length of the JSON, the JSON, and
            all rows after each other. A number is doubled, a negative one is that of its opposite
            less one; then seven bits a byte, the lowest first, with the eighth where more follow
            (https://protobuf.dev/programming-guides/encoding/#signed-ints).
        """
        # Minus the length where a number does not fit a short one.
        lengths = [
            -len(row) if len(row) and np.abs(row).max() >= _SHORT else len(row)
            for row in self._rows
        ]
        told = {"lengtes": lengths, "inhoud": value}
        text = json.dumps(told, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
        every = np.concatenate([*self._rows, np.empty(0, dtype=np.int64)])
        return page_bytes(len(text).to_bytes(4, "little") + text + _in_sevens(every))


def _is_count(text: str) -> bool:
    """Tell whether text is a whole number as a script writes it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        return False
    return text == "0" or text[0] != "0"


def _in_sevens(values: NDArray[np.int64]) -> bytes:
    """Write whole numbers, seven bits a byte."""
    left = ((values << 1) ^ (values >> 63)).view(np.uint64)
    most = -(-int(left.max(initial=1)).bit_length() // 7)
    sevens = np.empty((len(left), most), dtype=np.uint8)
    there = np.ones((len(left), most), dtype=bool)
    for k in range(most):
        there[:, k] = (left > 0) | (k == 0)
        sevens[:, k] = (left & np.uint64(127)) | ((left > 127) * np.uint64(128))
        left >>= np.uint64(7)
    return sevens[there].tobytes()
