"""Names beside sites, none over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from numpy.typing import NDArray

# Where a name may stand beside its site, best first: to the right and above reads best.
_PLACES = ((1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1), (1, 1.6), (-1, 1.6),
           (1, -1.6), (-1, -1.6), (0, 2.4), (0, -2.4))  # fmt: skip
_GAP_PX = 8.0


def place_labels(  # noqa: PLR0913  one keyword a choice
    ax: Axes,
    renderer: RendererBase,
    points: NDArray[np.float64],
    texts: Sequence[str],
    taken: NDArray[np.float64],
    *,
    better_free: NDArray[np.float64] | None = None,
    fontsize: float = 7.0,
) -> int:
    """Write names beside points where there is room; who comes first goes first.

    Parameters
    ----------
    ax : Axes
        In metres, with its limits set.
    renderer : RendererBase
        To measure text with.
    points : ndarray of float, shape (n, 2)
        What the names belong to; metres.
    texts : sequence of str
        The names, most important first.
    taken : ndarray of float, shape (m, 4)
        Boxes in pixels where nothing may be written: west, south, east, north.
    better_free : ndarray of float, shape (k, 4), optional
        Boxes over which a name stands only where there is no other room.
    fontsize : float
        In points.

    Returns
    -------
    int
        How many were written.
    """
    frame = ax.get_window_extent(renderer)
    room = (frame.x0, frame.y0, frame.x1, frame.y1)
    pixels = ax.transData.transform(points)
    boxes = [tuple(box) for box in taken]
    better = np.empty((0, 4)) if better_free is None else better_free
    written = 0
    for (x, y), text in zip(pixels, texts, strict=True):
        label = ax.text(0, 0, text, fontsize=fontsize, zorder=10, color="#1b1b1b")
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8})
        size = label.get_window_extent(renderer)
        found = _free_place((x, y), (size.width, size.height), room, boxes, better)
        if found is None:
            label.remove()
            continue
        left, low = found
        at_x, at_y = ax.transData.inverted().transform((left, low)).tolist()
        label.set_position((at_x, at_y))
        # Leave room for the white ground under the text.
        boxes.append((left - 2, low - 2, left + size.width + 2, low + size.height + 2))
        written += 1
    return written


def _free_place(
    point: tuple[float, float],
    size: tuple[float, float],
    room: tuple[float, ...],
    boxes: Sequence[tuple[float, ...]],
    better: NDArray[np.float64],
) -> tuple[float, float] | None:
    """Find where a name fits beside its point without touching another, and covering least."""
    (x, y), (wide, high) = point, size
    found, least = None, np.inf
    for right, up in _PLACES:
        left = x - wide / 2 + right * (wide / 2 + _GAP_PX)
        low = y - high / 2 + up * (high / 2 + _GAP_PX)
        inside = left >= room[0] and low >= room[1]
        inside &= left + wide <= room[2] and low + high <= room[3]
        if inside and not any(
            left < b[2] and left + wide > b[0] and low < b[3] and low + high > b[1] for b in boxes
        ):
            covered = (left < better[:, 2]) & (left + wide > better[:, 0])
            covered &= (low < better[:, 3]) & (low + high > better[:, 1])
            if (count := int(covered.sum())) < least:
                found, least = (left, low), count
    return found
