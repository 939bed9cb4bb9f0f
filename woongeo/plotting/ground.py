"""What lies under a map on paper: tiles where they come, and a plain ground that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

from woongeo.encode import line_text
from woongeo.errors import ServiceError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Box = tuple[float, float, float, float]

# Of tiles, so many dots an inch of paper are enough.
_GROUND_DPI = 150
# How light a colour is (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance, without its curve).
_LIGHT = np.array([0.2126, 0.7152, 0.0722])
_DARK = 130.0


class Ground(Protocol):
    """A background: what `woongeo.pdok.Client.background` gives, or anything like it."""

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """Red, green and blue; the first row is the northernmost."""

    @property
    def box(self) -> Box:
        """West, south, east, north of its edges, RD New (EPSG:28992), metres."""

    @property
    def attribution(self) -> str:
        """What must stand beside it."""


class Grounds(Protocol):
    """What fetches a background: `woongeo.pdok.Client.background`, or anything like it."""

    def __call__(self, box: Box, *, width_px: int) -> Ground:
        """Fetch a background.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north, RD New (EPSG:28992), metres.
        width_px : int
            How many pixels it must be wide at least.

        Returns
        -------
        Ground
            Of at least the box.
        """


def find_ground(
    background: Ground | Grounds | None, box: Box, wide_mm: float
) -> tuple[Ground | None, str]:
    """Find what lies under a map, and say what it is.

    Parameters
    ----------
    background : Ground or Grounds or None
        A background, or what fetches one.
    box : tuple of float
        What the map shows; RD New (EPSG:28992), metres.
    wide_mm : float
        How wide that is on paper.

    Returns
    -------
    ground : Ground or None
        None where there is none, it cannot be reached or it lies elsewhere.
    told : str
        Its credit, or why there is none.
    """
    if background is None:
        return None, "geen (effen)"
    if callable(background):
        try:
            background = background(box, width_px=round(wide_mm / 25.4 * _GROUND_DPI))
        except ServiceError as error:
            return None, f"geen (effen): {line_text(error, most=90)}"
    there, frame = shapely.box(*background.box), shapely.box(*box)
    if not shapely.intersects(there, frame):
        return None, "geen (effen): de opgegeven achtergrond ligt elders"
    part = "" if shapely.covers(there, frame) else " (dekt niet de hele kaart)"
    return background, f"{background.attribution}{part}"


def draw_ground(ax: Axes, background: Ground | None) -> None:
    """Draw what lies under everything.

    Parameters
    ----------
    ax : Axes
        In metres.
    background : Ground or None
        A plain ground without it.
    """
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_aspect("equal")
    ax.set_facecolor("#f4f4f2")
    for spine in ax.spines.values():
        spine.set_color("#8a8a8a")
        spine.set_linewidth(0.8)
    if background is None:
        return
    west, south, east, north = background.box
    rgb = background.rgb
    # Over a photo layers would not be seen: a dark ground is made lighter.
    light = float(rgb.reshape(-1, 3).mean(axis=0) @ _LIGHT)
    veil = min(max((_DARK - light) / 100, 0.0), 0.5)
    if veil:
        rgb = np.rint(rgb * (1 - veil) + 255 * veil).astype(np.uint8)
    ax.imshow(rgb, extent=(west, east, south, north), zorder=0, aspect="equal")
