"""How verdicts and layers look on paper: told apart by shape and pattern as well as by colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from woongeo.verdict import Oordeel


@dataclass(frozen=True)
class Look:
    """How something is drawn.

    Attributes
    ----------
    fill, edge : str
        Colours; their contrast with white and with each other is at least 3:1 where it matters.
    marker : str
        Sign for what is too small to be drawn as it is.
    hatch : str
        Pattern of a surface; empty for none.
    dash : tuple of float or str
        Of its edge, as matplotlib takes it.
    alpha : float
        Of the fill.
    """

    fill: str
    edge: str
    marker: str = "o"
    hatch: str = ""
    dash: tuple[float, tuple[float, ...]] | Literal["solid"] = "solid"
    alpha: float = 0.6


#: The verdicts, lightest first: that is the order of drawing. Colours of Okabe and Ito, safe for
#: the colour-blind: https://jfly.uni-koeln.de/color/
VERDICTS: dict[str, Look] = {
    str(Oordeel.VRIJ): Look("#0072b2", "#004b77"),
    str(Oordeel.ONBEKEND): Look("#767676", "#4a4a4a", marker="s", dash=(0, (4, 2)), alpha=0.5),
    str(Oordeel.BELEMMERD): Look("#d55e00", "#8f3f00", marker="^", hatch="////", alpha=0.7),
}

#: Layers in the order in which they were given.
LAYERS: tuple[Look, ...] = (
    Look("#007a55", "#007a55", alpha=0.16),
    Look("#8c3f74", "#8c3f74", hatch="\\\\", dash=(0, (6, 3)), alpha=0.12),
    Look("#7a5200", "#7a5200", hatch="..", dash=(0, (1.5, 2.5)), alpha=0.12),
    Look("#1f5f86", "#1f5f86", hatch="--", dash=(0, (7, 2, 1.5, 2)), alpha=0.12),
    Look("#332288", "#332288", hatch="xx", dash=(0, (1, 2)), alpha=0.1),
    Look("#5c5c00", "#5c5c00", hatch="||", dash=(0, (4, 2)), alpha=0.12),
    Look("#882255", "#882255", hatch="++", dash=(0, (8, 3)), alpha=0.1),
    Look("#1f7a6f", "#1f7a6f", hatch="oo", dash=(0, (2, 2)), alpha=0.12),
)


def layer_look(position: int) -> Look:
    """Give the look of a layer.

    Parameters
    ----------
    position : int
        Which layer, from 0.

    Returns
    -------
    Look
        After the eighth they come around again.
    """
    return LAYERS[position % len(LAYERS)]
