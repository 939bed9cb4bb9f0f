"""The map of one region as a picture in a report: what it means stands beside it as text."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from woongeo.errors import InputError
from woongeo.judging import shapes_that_count
from woongeo.plotting.drawing import (
    NO_GLYPH,
    SETTINGS,
    draw_border,
    draw_layer,
    draw_sites,
    extent,
    write_names,
)
from woongeo.plotting.ground import draw_ground, find_ground
from woongeo.plotting.looks import VERDICTS, layer_look
from woongeo.plotting.marks import inset, north_arrow, scale_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.plotting.ground import Ground, Grounds
    from woongeo.plotting.looks import Look
    from woongeo.screening import Screening

_INCH = 25.4
# A map in few colours is a third of the size: those that occur most, as they are, and more that
# cover all that is there. By how often they occur alone, a few small signs would lose theirs.
_MOST_FREQUENT, _COVERING = 160, 95


class _Canvas(FigureCanvasAgg):
    """Draws when it is asked to, and not all over again whenever geopandas adds something."""

    def draw_idle(self, *_: object, **__: object) -> None:
        """Wait."""


@dataclass(frozen=True)
class RegionMap:
    """A map as a picture.

    Attributes
    ----------
    png : bytes
        The picture.
    svg : bytes
        The same as a drawing, sharp at any size.
    scale : float
        So many metres lie in one metre at the size that was asked for.
    labelled : int
        How many locations bear their name.
    credit : str
        What must be said of its background.
    """

    png: bytes
    svg: bytes
    scale: float
    labelled: int
    credit: str


def draw_region(  # noqa: PLR0913  one keyword a choice
    screening: Screening,
    rows: NDArray[np.intp],
    *,
    border: gpd.GeoDataFrame | None = None,
    size_mm: tuple[float, float] = (186.0, 105.0),
    looks: Mapping[str, Look] = VERDICTS,
    labels: int = 10,
    background: Ground | Grounds | None = None,
    dpi: int = 200,
) -> RegionMap:
    """Draw locations and layers in RD New, without a word but names, scale and north.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    rows : ndarray of int
        Which locations; those without a usable shape are left out. None at all is fine where there
        is a border.
    border : GeoDataFrame, optional
        Region in RD New (EPSG:28992), which is shown whole.
    size_mm : (float, float)
        Width and height on paper.
    looks : Mapping of str to Look
        Per verdict, lightest first.
    labels : int
        How many names are written at most.
    background : Ground or Grounds, optional
        A background, or what fetches one; a plain ground without it, and where it does not come.
    dpi : int
        Dots an inch.

    Returns
    -------
    RegionMap
        PNG and SVG; same input, same bytes.

    Raises
    ------
    InputError
        When there is neither a border nor a location with a shape.
    """
    rows = rows[screening.locations.usable[rows]]
    shapes = screening.locaties.geometry.to_numpy()[rows]
    about = shapes if border is None else border.geometry.to_numpy()
    if not len(about):
        raise InputError("er is niets om te tekenen; geef een gebied, of locaties met een vlak.")
    with rc_context(SETTINGS):
        figure = Figure(figsize=(size_mm[0] / _INCH, size_mm[1] / _INCH), dpi=dpi)
        _Canvas(figure)
        ax = figure.add_axes((0.002, 0.003, 0.996, 0.994))
        box = extent(about, size_mm)
        scale = (box[2] - box[0]) / (size_mm[0] / 1_000)
        ground, credit = find_ground(background, box, size_mm[0])
        draw_ground(ax, ground)
        for position, layer in enumerate(screening.layers):
            features, _ = shapes_that_count(layer, screening.on)
            draw_layer(ax, features, layer_look(position), box, scale)
        if border is not None:
            draw_border(ax, border, box, scale)
        draw_sites(ax, screening, rows, scale, looks, halo=ground is not None)
        ax.set_xlim(box[0], box[2])
        ax.set_ylim(box[1], box[3])
        scale_bar(ax, box, scale)
        north_arrow(ax, box)
        corner = figure.add_axes((0.898, 0.015, 0.09, 0.24))
        inset(corner, box)
        # On a busy map the country would not be seen.
        corner.add_patch(
            Rectangle((0, 0), 1, 1, transform=corner.transAxes, facecolor="white", alpha=0.85)
        ).set_zorder(0.5)
        labelled = (
            write_names(figure, ax, screening, rows, labels, free=(corner,)) if len(rows) else 0
        )
        # First the picture: for the drawing a figure is laid out anew.
        return RegionMap(_picture(figure), _drawing(figure), scale, labelled, credit)


def _picture(figure: Figure) -> bytes:
    """Make the picture, in as few colours as hold it."""
    canvas = figure.canvas
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NO_GLYPH)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    dots = float(figure.dpi)
    memory = io.BytesIO()
    _in_few_colours(Image.fromarray(np.ascontiguousarray(pixels))).save(
        memory, format="PNG", optimize=False, dpi=(dots, dots)
    )
    return memory.getvalue()


def _drawing(figure: Figure) -> bytes:
    """Make the drawing.

    Its letters are drawn: a PDF that everybody can read holds no letter that its fonts have not,
    and names of strangers may. What the map shows stands beside it as text.
    """
    memory = io.BytesIO()
    with warnings.catch_warnings(), rc_context({"svg.fonttype": "path"}):
        warnings.filterwarnings("ignore", message=NO_GLYPH)
        figure.savefig(memory, format="svg", metadata={"Date": None, "Creator": "woongeo"})
    return memory.getvalue()


def _in_few_colours(image: Image.Image) -> Image.Image:
    """Give a picture with a palette."""
    dots = np.asarray(image).reshape(-1, 3).astype(np.uint32)
    # As one number a dot: counting rows of three takes ten times as long.
    codes, counts = np.unique(dots @ np.array([65536, 256, 1], np.uint32), return_counts=True)
    most = codes[np.argsort(-counts, kind="stable")[:_MOST_FREQUENT]]
    frequent = np.stack([most >> 16, most >> 8 & 255, most & 255], axis=1).ravel().tolist()
    none = Image.Dither.NONE
    cover = image.quantize(_COVERING, method=Image.Quantize.MAXCOVERAGE, dither=none)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*frequent, *(cover.getpalette() or [])])
    return image.quantize(palette=palette, dither=none)


def draw_swatch(look: Look, *, sign: bool = False) -> bytes:
    """Draw how something looks on a map, for a legend.

    Parameters
    ----------
    look : Look
        How it is drawn.
    sign : bool
        Whether the sign for what is small stands in it.

    Returns
    -------
    bytes
        PNG of 9 by 4.5 millimetres.
    """
    with rc_context(SETTINGS):
        figure = Figure(figsize=(9 / _INCH, 4.5 / _INCH), dpi=300)
        _Canvas(figure)
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set_xlim(0, 9)
        ax.set_ylim(0, 4.5)
        ax.add_patch(
            Rectangle((0.3, 0.3), 8.4, 3.9, facecolor=look.fill, edgecolor="none", alpha=look.alpha)
        )
        ax.add_patch(
            Rectangle(
                (0.3, 0.3),
                8.4,
                3.9,
                facecolor="none",
                edgecolor=look.edge,
                hatch=look.hatch or None,
                linestyle=look.dash,
                linewidth=0.7,
            )
        )
        if sign:
            ax.plot([4.5], [2.2], marker=look.marker, mfc=look.fill, mec=look.edge, mew=0.6, ms=6.5)
        return _picture(figure)
