"""What every map on paper draws: a ground, layers, sites by verdict, and names."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg

from woongeo.encode import shortened
from woongeo.plotting.labels import place_labels
from woongeo.plotting.looks import VERDICTS, Look
from woongeo.verdict import OORDELEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.screening import Screening

    Box = tuple[float, float, float, float]

# A site that is smaller on paper is a sign.
_SIGN_MM = 1.6
# Edges are moved by so much on paper at most: a printer's dot.
_DOT_MM = 0.08
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
    ax.set_facecolor("#f4f4f2")
    for spine in ax.spines.values():
        spine.set_color("#8a8a8a")
        spine.set_linewidth(0.8)
    if background is not None:
        west, south, east, north = background.box
        ax.imshow(background.rgb, extent=(west, east, south, north), zorder=0, aspect="auto")


def _near(shapes: NDArray[np.object_], box: Box, scale: float) -> gpd.GeoSeries:
    """Take what the map shows, simplified to what paper can hold."""
    frame = shapely.box(*box)
    seen = shapes[shapely.intersects(shapely.envelope(shapes), frame)]
    simple = shapely.simplify(seen, _DOT_MM / 1_000 * scale, preserve_topology=False)
    simple = np.where(shapely.is_empty(simple), seen, simple)
    return gpd.GeoSeries(simple, crs="EPSG:28992")


def draw_layer(ax: Axes, layer: Layer, look: Look, box: Box, scale: float) -> None:
    """Draw a layer's surfaces, lines and points.

    Parameters
    ----------
    ax : Axes
        In metres.
    layer : Layer
        The layer.
    look : Look
        How.
    box : tuple of float
        What the map shows; metres.
    scale : float
        So many metres lie in one metre on paper.
    """
    parts, _ = shapely.get_parts(layer.features.geometry.to_numpy(), return_index=True)
    shown = _near(parts, box, scale)
    dimension = shapely.get_dimensions(shown.to_numpy())
    surfaces, lines, points = shown[dimension == 2], shown[dimension == 1], shown[dimension == 0]
    if len(surfaces):
        surfaces.plot(ax=ax, facecolor=look.fill, edgecolor="none", alpha=look.alpha, zorder=1)
        surfaces.plot(
            ax=ax,
            facecolor="none",
            edgecolor=look.edge,
            linestyle=look.dash,
            linewidth=0.6,
            hatch=look.hatch or None,
            zorder=2,
        )
    if len(lines):
        lines.plot(ax=ax, color=look.edge, linestyle=look.dash, linewidth=1.2, zorder=2)
    if len(points):
        points.plot(ax=ax, color=look.fill, marker=".", markersize=12, zorder=2)


def draw_sites(
    ax: Axes,
    screening: Screening,
    rows: NDArray[np.intp],
    scale: float,
    looks: Mapping[str, Look] = VERDICTS,
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
    """
    frame = screening.locaties
    shapes, verdict = frame.geometry.to_numpy()[rows], frame["oordeel"].to_numpy()[rows]
    bounds = shapely.bounds(shapes)
    size_mm = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) / scale * 1_000
    for level, (word, look) in enumerate(looks.items()):
        of = verdict == word
        large, small = shapes[of & (size_mm >= _SIGN_MM)], shapes[of & (size_mm < _SIGN_MM)]
        if len(large):
            drawn = gpd.GeoSeries(large, crs="EPSG:28992")
            drawn.plot(
                ax=ax,
                facecolor=look.fill,
                edgecolor="none",
                alpha=look.alpha,
                zorder=5 + level / 10,
            )
            drawn.plot(
                ax=ax,
                facecolor="none",
                edgecolor=look.edge,
                linestyle=look.dash,
                linewidth=0.7,
                hatch=look.hatch or None,
                zorder=5.05 + level / 10,
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
                zorder=6 + level / 10,
            )


def write_names(
    figure: Figure,
    ax: Axes,
    screening: Screening,
    rows: NDArray[np.intp],
    most: int,
    *,
    free: tuple[Axes, ...] = (),
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
    # A name may not hide another site that bears one.
    points = ax.transData.transform(at[shown])
    own = np.column_stack([points - 3, points + 3])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NO_GLYPH)
        return place_labels(
            ax, renderer, at[shown], [names[i] for i in shown], np.vstack([marks, own])
        )
