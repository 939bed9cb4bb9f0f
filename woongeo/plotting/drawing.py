"""What every map on paper draws: a ground, layers, sites by verdict, and names."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.patheffects import withStroke

from woongeo.encode import shortened
from woongeo.plotting.labels import place_labels
from woongeo.plotting.looks import VERDICTS, Look
from woongeo.plotting.paths import add_each, add_together
from woongeo.verdict import OORDELEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect
    from numpy.typing import NDArray

    from woongeo.screening import Screening

    Box = tuple[float, float, float, float]

# A site that is smaller on paper is a sign.
_SIGN_MM = 1.6
# A name may stand over a site that is larger than this on the sheet, in pixels.
_NAME_PX = 14.0
#: Edges are moved by so much on paper at most: less than the lines are wide.
DOT_MM = 0.12
#: Names of strangers may hold dollars, which matplotlib would take for mathematics; and text in a
#: PDF must stay text.
SETTINGS: Any = {
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "woongeo",
    "font.family": ["DejaVu Sans"],
    "hatch.linewidth": 0.5,
}
#: A letter that the font has not is drawn as a box; the data files hold it.
NO_GLYPH = "Glyph .* missing from font"


def rows_within(screening: Screening, within: gpd.GeoDataFrame | None) -> NDArray[np.intp]:
    """Find the locations that can be drawn.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    within : GeoDataFrame or None
        Region in RD New (EPSG:28992) that they must meet.

    Returns
    -------
    ndarray of int
        Rows of the locations; empty where there are none.
    """
    usable = screening.locations.usable.copy()
    if within is not None:
        region = shapely.union_all(within.geometry.to_numpy())
        shapely.prepare(region)
        shapes = screening.locaties.geometry.to_numpy()
        usable[usable] = shapely.intersects(region, shapes[usable])
    return np.flatnonzero(usable)


def extent(shapes: NDArray[np.object_], map_mm: tuple[float, float]) -> Box:
    """Choose what the map shows: all shapes with a margin, in the proportions of the paper.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        RD New (EPSG:28992).
    map_mm : (float, float)
        Width and height of the map on paper.

    Returns
    -------
    tuple of float
        West, south, east, north; metres.
    """
    west, south, east, north = shapely.total_bounds(shapes)
    least = 400.0
    wide, high = max(east - west, least) * 1.08, max(north - south, least) * 1.08
    ratio = map_mm[0] / map_mm[1]
    wide, high = max(wide, high * ratio), max(high, wide / ratio)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def on_paper(shapes: NDArray[np.object_], box: Box, scale: float) -> NDArray[np.object_]:
    """Take what a map shows of shapes, simplified to what paper can hold.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Points, lines and polygons, RD New (EPSG:28992).
    box : tuple of float
        What the map shows; metres.
    scale : float
        So many metres lie in one metre on paper.

    Returns
    -------
    ndarray of shapely geometries
        Whole shapes; their edges are moved by `DOT_MM` on paper at most. What is smaller than
        that is its box.
    """
    frame = shapely.box(*box)
    seen = shapes[shapely.intersects(shapely.envelope(shapes), frame)]
    # What hangs far over the frame would be in the file all the same.
    room = shapely.box(*(np.array(box) + (box[2] - box[0]) * np.array([-1, -1, 1, 1]) / 20))
    far = ~shapely.covers(room, seen)
    seen[far] = shapely.clip_by_rect(seen[far], *room.bounds)
    simple = shapely.simplify(seen, DOT_MM / 1_000 * scale, preserve_topology=False)
    gone = shapely.is_empty(simple)
    simple[gone] = shapely.envelope(seen[gone])
    there: NDArray[np.object_] = simple[~shapely.is_empty(simple)]
    return there


def draw_layer(ax: Axes, features: NDArray[np.object_], look: Look, box: Box, scale: float) -> None:
    """Draw a layer's surfaces, lines and points.

    Parameters
    ----------
    ax : Axes
        In metres.
    features : ndarray of shapely geometries
        What of the layer is drawn, RD New (EPSG:28992).
    look : Look
        How.
    box : tuple of float
        What the map shows; metres.
    scale : float
        So many metres lie in one metre on paper.
    """
    parts = shapely.get_parts(shapely.get_parts(features))
    shown = shapely.get_parts(shapely.get_parts(on_paper(parts, box, scale)))
    dimension = shapely.get_dimensions(shown)
    surfaces, lines, points = shown[dimension == 2], shown[dimension == 1], shown[dimension == 0]
    _add_surfaces(add_together, ax, surfaces, look, linewidth=0.6, zorder=1.0, hatch_zorder=2.0)
    add_together(
        ax,
        lines,
        facecolor="none",
        edgecolor=look.edge,
        linestyle=look.dash,
        linewidth=1.2,
        zorder=2,
    )
    if len(points):
        at = shapely.get_coordinates(points)
        ax.scatter(at[:, 0], at[:, 1], s=12, color=look.fill, linewidth=0, zorder=2)


def _add_surfaces(  # noqa: PLR0913  one keyword a choice
    add: Callable[..., None],
    ax: Axes,
    shapes: NDArray[np.object_],
    look: Look,
    *,
    linewidth: float,
    zorder: float,
    hatch_zorder: float,
    effects: Sequence[AbstractPathEffect] = (),
) -> None:
    """Draw surfaces: their fill, and then their pattern and edge.

    In a drawing a pattern would be as faint as the fill that it belongs to.
    """
    edge: dict[str, Any] = {
        "edgecolor": look.edge,
        "linestyle": look.dash,
        "linewidth": linewidth,
        "path_effects": list(effects),
    }
    fill = to_rgba(look.fill, look.alpha)
    if not look.hatch:
        add(ax, shapes, facecolor=fill, zorder=zorder, **edge)
        return
    add(ax, shapes, facecolor=fill, edgecolor="none", linewidth=0, zorder=zorder)
    add(ax, shapes, facecolor="none", hatch=look.hatch, zorder=hatch_zorder, **edge)


def draw_border(ax: Axes, border: gpd.GeoDataFrame, box: Box, scale: float) -> None:
    """Draw the edge of a region.

    Parameters
    ----------
    ax : Axes
        In metres.
    border : GeoDataFrame
        The region; RD New (EPSG:28992).
    box : tuple of float
        What the map shows; metres.
    scale : float
        So many metres lie in one metre on paper.
    """
    edges = shapely.get_parts(shapely.boundary(border.geometry.to_numpy()))
    shown = on_paper(edges, box, scale)
    add_together(ax, shown, facecolor="none", edgecolor="#1b1b1b", linewidth=1.2, zorder=4)


def draw_sites(
    ax: Axes,
    screening: Screening,
    rows: NDArray[np.intp],
    scale: float,
    looks: Mapping[str, Look] = VERDICTS,
    *,
    halo: bool = False,
) -> None:
    """Draw sites by verdict, the heaviest on top: as they are, or as a sign where that is small.

    Parameters
    ----------
    ax : Axes
        In metres.
    screening : Screening
        From `screen`.
    rows : ndarray of int
        Which locations.
    scale : float
        So many metres lie in one metre on paper.
    looks : Mapping of str to Look
        Per verdict, lightest first.
    halo : bool
        Whether white is drawn around each, so that it stands out from tiles of any colour.
    """
    around = [withStroke(linewidth=2.4, foreground="white")] if halo else []
    frame = screening.locaties
    shapes, verdict = frame.geometry.to_numpy()[rows], frame["oordeel"].to_numpy()[rows]
    bounds = shapely.bounds(shapes)
    size_mm = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) / scale * 1_000
    for level, (word, look) in enumerate(looks.items()):
        of = verdict == word
        large, small = shapes[of & (size_mm >= _SIGN_MM)], shapes[of & (size_mm < _SIGN_MM)]
        drawn = shapely.simplify(large, DOT_MM / 1_000 * scale)
        at = 5 + level / 10
        _add_surfaces(
            add_each,
            ax,
            drawn,
            look,
            linewidth=0.7,
            zorder=at,
            hatch_zorder=at + 0.05,
            effects=around,
        )
        if len(small):
            at = shapely.get_coordinates(shapely.point_on_surface(small))
            ax.scatter(
                at[:, 0],
                at[:, 1],
                s=13,
                marker=look.marker,
                facecolor=look.fill,
                edgecolor=look.edge,
                linewidth=0.5,
                path_effects=around,
                zorder=6 + level / 10,
            )


def write_names(  # noqa: PLR0913  one keyword a choice
    figure: Figure,
    ax: Axes,
    screening: Screening,
    rows: NDArray[np.intp],
    most: int,
    *,
    free: tuple[Axes, ...] = (),
    fontsize: float = 7.5,
) -> int:
    """Write the names of the locations that matter most.

    Parameters
    ----------
    figure : Figure
        The sheet.
    ax : Axes
        The map on it, in metres.
    screening : Screening
        From `screen`.
    rows : ndarray of int
        Which locations.
    most : int
        How many at most.
    free : tuple of Axes
        Over which no name may stand.
    fontsize : float
        In points.

    Returns
    -------
    int
        How many were written.
    """
    if most <= 0:
        return 0
    frame = screening.locaties.iloc[rows]
    weight = frame["oordeel"].map(OORDELEN.index).to_numpy() == len(OORDELEN) - 1
    homes = np.nan_to_num(frame["woningen"].to_numpy(dtype=float), nan=-1.0)
    order = np.lexsort((frame["locatie_id"].to_numpy(dtype=str), -homes, ~weight))[:most]
    at = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()[order]))
    names = [textwrap.shorten(shortened(n), 34, placeholder="…") for n in frame["naam"].iloc[order]]
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        return 0
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    # Until its aspect is applied an axis still measures by the limits that came before.
    ax.apply_aspect()
    corner = ax.get_window_extent(renderer)
    marks = np.array(
        [
            # Of the scale bar and of the arrow.
            (
                corner.x0,
                corner.y0,
                corner.x0 + 0.36 * corner.width,
                corner.y0 + 0.1 * corner.height,
            ),
            (
                corner.x1 - 0.07 * corner.width,
                corner.y1 - 0.14 * corner.height,
                corner.x1,
                corner.y1,
            ),
        ]
    )
    for other in free:
        over = other.get_window_extent(renderer)
        marks = np.vstack([marks, (over.x0, over.y0, over.x1, over.y1)])
    shown = [i for i, name in enumerate(names) if name]
    # A name may not hide another site that bears one, and where there is room none at all.
    every = _boxes_px(ax, frame.geometry.to_numpy())
    own = every[order[shown]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NO_GLYPH)
        return place_labels(
            ax,
            renderer,
            at[shown],
            [names[i] for i in shown],
            np.vstack([marks, own]),
            better_free=every,
            fontsize=fontsize,
        )


def _boxes_px(ax: Axes, shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Give the boxes of sites in pixels: at least those of their signs, and no more than a name."""
    points = ax.transData.transform(shapely.get_coordinates(shapely.point_on_surface(shapes)))
    bounds = shapely.bounds(shapes)
    low, high = ax.transData.transform(bounds[:, :2]), ax.transData.transform(bounds[:, 2:])
    low = np.clip(np.minimum(low, points - 3), points - _NAME_PX, None)
    high = np.clip(np.maximum(high, points + 3), None, points + _NAME_PX)
    return np.column_stack([low, high])
