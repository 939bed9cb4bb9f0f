"""Boxes in RD New: dividing them when a server cannot answer, joining them when sites are near.

A box is west, south, east, north in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Box = tuple[float, float, float, float]

#: Where Dutch data can lie, the continental shelf included (Natura 2000 reaches y = 853 km).
NATION: Box = (-120_000.0, 250_000.0, 420_000.0, 960_000.0)
#: Land and inner waters, for estimates of what a box holds.
_LAND_M2 = 41_500e6

_SMALLEST_M = 1.0


def quarters(box: Box) -> list[Box] | None:
    """Divide a box in four.

    Parameters
    ----------
    box : Box
        West, south, east, north, metres.

    Returns
    -------
    list of Box or None
        Four boxes that together are the box and share edges, so that a feature on an edge comes
        with both; None when the box is too small to divide.

    Examples
    --------
    >>> quarters((0, 0, 4, 4))[0]
    (0, 0, 2.0, 2.0)
    """
    west, south, east, north = box
    if east - west < 2 * _SMALLEST_M or north - south < 2 * _SMALLEST_M:
        return None
    x, y = (west + east) / 2, (south + north) / 2
    return [
        (west, south, x, y),
        (x, south, east, y),
        (west, y, x, north),
        (x, y, east, north),
    ]


def written(box: Box) -> str:
    """Write a box as a query wants it: decimetres, rounded outwards, never empty.

    Parameters
    ----------
    box : Box
        West, south, east, north, metres.

    Returns
    -------
    str
        Four numbers with commas.

    Examples
    --------
    >>> written((130000.04, 450000, 130000.04, 450000))
    '130000.0,449999.9,130000.1,450000.1'
    """
    west, south = (np.floor(v * 10) / 10 for v in box[:2])
    east, north = (np.ceil(v * 10) / 10 for v in box[2:])
    if west >= east:
        west, east = west - 0.1, east + 0.1
    if south >= north:
        south, north = south - 0.1, north + 0.1
    return ",".join(f"{v:.1f}" for v in (west, south, east, north))


@dataclass(frozen=True)
class Cost:
    """What a request costs, to choose between few large and many small ones.

    Attributes
    ----------
    features : int
        How many there are in the whole country, about.
    bytes_per_feature : int
        Size of one in GeoJSON, about.
    request_s : float
        Time that a request takes before its first byte.
    bytes_per_s : float
        How fast bytes come.
    page : int
        Features in an answer.
    """

    features: int
    bytes_per_feature: int = 1_500
    request_s: float = 0.15
    bytes_per_s: float = 4e6
    page: int = 1_000

    def of_box(self, width: float, height: float) -> float:
        """Estimate the seconds for one box.

        Parameters
        ----------
        width, height : float
            Metres.

        Returns
        -------
        float
            Seconds.
        """
        # A feature is hit when it touches the box: half its own size counts on each side.
        size = (_LAND_M2 / max(self.features, 1)) ** 0.5 / 2
        share = (width + size) * (height + size) / _LAND_M2
        return self._of(min(share, 1.0) * self.features)

    def of_nation(self) -> float:
        """Estimate the seconds for the whole country.

        Returns
        -------
        float
            Seconds.
        """
        return self._of(self.features)

    def _of(self, features: float) -> float:
        pages = np.floor(features / self.page) + 1
        return float(pages * self.request_s + features * self.bytes_per_feature / self.bytes_per_s)


def boxes_around(
    bounds: NDArray[np.float64], *, reach_m: float, cost: Cost
) -> tuple[list[Box], float]:
    """Choose the boxes that hold all sites and their surroundings at the least cost.

    The sites are divided at the widest gap again and again; from the smallest groups up, a group
    is asked with one box where that is cheaper than what its parts cost.

    Parameters
    ----------
    bounds : ndarray of float, shape (n, 4)
        Of the sites in RD New, metres; rows that are not finite are left out.
    reach_m : float
        How far around each site, metres.
    cost : Cost
        What requests cost.

    Returns
    -------
    boxes : list of Box
        Together they hold each site's bounds and `reach_m` around.
    seconds : float
        The estimated cost.

    Raises
    ------
    InputError
        When the reach is negative or no site has a place.
    """
    if not (np.isfinite(reach_m) and reach_m >= 0):
        raise InputError(f"reach_m: {reach_m} is geen afstand van 0 of meer meter.")
    found = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(found):
        raise InputError("around: geen van de locaties heeft een plek, dus er is niets te vragen.")
    grown = found + reach_m * np.array([-1.0, -1.0, 1.0, 1.0])
    return _divide(np.unique(grown, axis=0), cost)


def _divide(bounds: NDArray[np.float64], cost: Cost) -> tuple[list[Box], float]:
    """Find the cheapest boxes for a group; a loop would need the same stack by hand."""
    box = (*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())
    whole = cost.of_box(box[2] - box[0], box[3] - box[1])
    # One request is the least that any group costs.
    if len(bounds) == 1 or whole <= 2 * cost.request_s:
        return [box], whole
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    axis = int(np.argmax(np.ptp(middle, axis=0)))
    order = np.argsort(middle[:, axis], kind="stable")
    gaps = np.diff(middle[order, axis])
    # The widest gap in the middle half, so that one far site after another makes no deep stack.
    low, high = len(gaps) // 4, len(gaps) - len(gaps) // 4
    cut = low + int(np.argmax(gaps[low:high])) + 1
    left, left_s = _divide(bounds[order[:cut]], cost)
    right, right_s = _divide(bounds[order[cut:]], cost)
    if whole <= left_s + right_s:
        return [box], whole
    return left + right, left_s + right_s


def joined(boxes: Sequence[Box] | None) -> list[list[float]] | None:
    """Write boxes as plain values, for a manifest.

    Parameters
    ----------
    boxes : sequence of Box or None
        None for the whole country.

    Returns
    -------
    list of list of float or None
        Rounded to decimetres.
    """
    return None if boxes is None else [[round(v, 1) for v in box] for box in boxes]
