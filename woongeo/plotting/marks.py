"""What every map must carry: a scale, the north, and where in the country it lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke

from woongeo.netherlands import outline
from woongeo.numerals import dutch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Box = tuple[float, float, float, float]

_INK = "#1b1b1b"


def round_length(length_m: float) -> float:
    """Find the largest length of 1, 2 or 5 with zeros that is not longer.

    Parameters
    ----------
    length_m : float
        Metres, more than 0.

    Returns
    -------
    float
        Metres.

    Examples
    --------
    >>> [round_length(m) for m in (999.0, 1000.0, 4800.0, 73.0)]
    [500.0, 1000.0, 2000.0, 50.0]
    """
    power = 10.0 ** math.floor(math.log10(length_m) + 1e-9)
    return power * max(step for step in (1, 2, 5) if step * power <= length_m * (1 + 1e-9))


def scale_bar(ax: Axes, box: Box, scale: float, *, fontsize: float = 7.0) -> None:
    """Draw a scale bar and write the scale.

    Parameters
    ----------
    ax : Axes
        In metres.
    box : tuple of float
        What the axes show: west, south, east, north; metres.
    scale : float
        So many metres lie in one metre on paper.
    fontsize : float
        In points.
    """
    west, south, east, north = box
    wide, high = east - west, north - south
    length = round_length(wide / 4)
    x, y, thick = west + 0.025 * wide, south + 0.035 * high, 0.008 * high
    back = Rectangle(
        (west + 0.012 * wide, south + 0.012 * high),
        length + 0.08 * wide,
        0.085 * high,
        facecolor="white",
        edgecolor="none",
        alpha=0.85,
        zorder=8,
    )
    ax.add_patch(back)
    for half, colour in ((0, _INK), (1, "white")):
        part = Rectangle(
            (x + half * length / 2, y), length / 2, thick, facecolor=colour, edgecolor=_INK, lw=0.6
        )
        part.set_zorder(9)
        ax.add_patch(part)
    unit, each = ("km", 1_000.0) if length >= 1_000 else ("m", 1.0)
    for share, text in ((0.0, "0"), (1.0, f"{dutch(length / each)} {unit}")):
        ax.text(x + share * length, y + 1.6 * thick, text, fontsize=fontsize, ha="center", zorder=9)
    told = f"schaal 1 : {dutch(round(scale, -2 if scale < 1e5 else -3), decimals=0)}"
    ax.text(x, y + 5.2 * thick, told, fontsize=fontsize, zorder=9)


def north_arrow(ax: Axes, box: Box) -> None:
    """Draw an arrow to the north of the grid of RD New, which is within a degree of true north.

    Parameters
    ----------
    ax : Axes
        In metres.
    box : tuple of float
        What the axes show; metres.
    """
    west, _, east, north = box
    size = 0.05 * (east - west)
    x, y = east - 0.75 * size, north - 1.5 * size
    dart = np.array([(0.0, 1.0), (0.28, 0.0), (0.0, 0.18), (-0.28, 0.0)]) * size + (x, y)
    ax.add_patch(Polygon(dart, closed=True, facecolor=_INK, edgecolor="white", lw=0.6, zorder=9))
    letter = ax.text(x, y - 0.12 * size, "N", ha="center", va="top", fontsize=9, weight="bold")
    letter.set(zorder=9, path_effects=[withStroke(linewidth=2, foreground="white")])


def inset(ax: Axes, box: Box) -> None:
    """Draw where in the Netherlands the map lies.

    Parameters
    ----------
    ax : Axes
        Empty; it is given the country's extent.
    box : tuple of float
        What the map shows; RD New, metres.
    """
    country = outline()
    ax.add_patch(
        Polygon(
            np.asarray(country.exterior.coords), facecolor="#e8e8e8", edgecolor="#8a8a8a", lw=0.6
        )
    )
    west, south, east, north = box
    # A small map is a dot in the country: never smaller than can be seen.
    least = 9_000.0
    wide, high = max(east - west, least), max(north - south, least)
    corner = ((west + east - wide) / 2, (south + north - high) / 2)
    ax.add_patch(Rectangle(corner, wide, high, facecolor="none", edgecolor="#b00020", lw=1.2))
    ax.set_xlim(0, 290_000)
    ax.set_ylim(298_000, 628_000)
    ax.set_aspect("equal")
    ax.set_axis_off()
