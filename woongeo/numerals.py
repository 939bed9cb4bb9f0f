"""Numbers as Dutch readers expect them: dots for thousands, a comma before decimals, and words."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_DUTCH = str.maketrans(",.", ".,")

# Larger numbers, and those so near the middle between two that a product may fall on the wrong
# side, are written one by one.
_LARGE, _NEAR = 1e6, 1e-6
_MOST_DECIMALS = 3


def dutch(value: float, *, decimals: int = 2) -> str:
    """Write a number as Dutch readers expect it: 1.234,5.

    Parameters
    ----------
    value : float
        The number.
    decimals : int
        At most so many decimals; zeros at the end are left out.

    Returns
    -------
    str
        The number; "onbekend" for NaN.

    Examples
    --------
    >>> dutch(1234.5), dutch(100.0), dutch(67_707.1456, decimals=0), dutch(float("nan"))
    ('1.234,5', '100', '67.707', 'onbekend')
    """
    # numpy rounds its own numbers by multiplying: 2.675 would be written as 2,68.
    value = float(value)
    if math.isnan(value):
        return "onbekend"
    # Adding zero turns -0.0 into 0.0.
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(_DUTCH)


def dutch_all(values: ArrayLike, *, decimals: int = 2) -> list[str]:
    """Write many numbers as `dutch` does, some six times as fast.

    Parameters
    ----------
    values : array_like of float
        The numbers.
    decimals : int
        As for `dutch`.

    Returns
    -------
    list of str
        In their order.

    Examples
    --------
    >>> dutch_all([1234.5, 100.0, -0.001, float("nan")])
    ['1.234,5', '100', '0', 'onbekend']
    """
    numbers = np.asarray(values, dtype=float)
    texts = np.empty(len(numbers), dtype=object)
    quick = np.zeros(len(numbers), dtype=bool)
    if decimals <= _MOST_DECIMALS:
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = numbers * 10**decimals
            middle = np.abs(scaled - np.floor(scaled) - 0.5) < _NEAR
        quick = (numbers >= 0) & (numbers < _LARGE) & ~middle
        whole, part = np.divmod(np.rint(scaled[quick]).astype(np.intp), 10**decimals)
        thousands, below = np.divmod(whole, 1000)
        first, rest, tail = _pieces(decimals)
        texts[quick] = first[thousands] + rest[below + 1000 * (thousands > 0)] + tail[part]
    for i in np.flatnonzero(~quick):
        texts[i] = dutch(numbers[i], decimals=decimals)
    return texts.tolist()


@lru_cache
def _pieces(decimals: int) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Write what numbers are put together of: thousands, the rest below them, and decimals."""
    # Just below a million is rounded up to it.
    first = ["", *(str(i) for i in range(1, int(_LARGE) // 1000)), "1.000"]
    rest = [*(str(i) for i in range(1000)), *(f".{i:03d}" for i in range(1000))]
    tail = [f",{i:0{decimals}d}".rstrip("0").rstrip(",") for i in range(10**decimals)]
    one, two, three = (np.array(texts, dtype=object) for texts in (first, rest, tail))
    return one, two, three


def counted(number: float, one: str, more: str, *, decimals: int = 0) -> str:
    """Write how many there are of something.

    Parameters
    ----------
    number : float
        How many, known.
    one, more : str
        What it is called when one is written, and else; a verb may follow.
    decimals : int
        As for `dutch`.

    Returns
    -------
    str
        The number and the word.

    Examples
    --------
    >>> counted(1, "locatie", "locaties"), counted(2141, "locatie", "locaties")
    ('1 locatie', '2.141 locaties')
    """
    text = dutch(number, decimals=decimals)
    return f"{text} {one if text == '1' else more}"


def by_number(number: float, one: str, more: str) -> str:
    """Choose the word that goes with a number, where it does not stand right behind it.

    Parameters
    ----------
    number : float
        How many.
    one, more : str
        The word where it is one, and else.

    Returns
    -------
    str
        One of the two.

    Examples
    --------
    >>> by_number(1, "staat", "staan"), by_number(0, "staat", "staan")
    ('staat', 'staan')
    """
    return one if number == 1 else more
