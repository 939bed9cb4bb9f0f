"""A screening on a sheet of paper."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import shapely
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from woongeo.encode import dutch, shortened
from woongeo.errors import InputError, OutputError
from woongeo.files import flush_to_disk, output_error, scratch_folder
from woongeo.judging import shapes_that_count
from woongeo.plotting.labels import place_labels
from woongeo.plotting.looks import VERDICTS, Look, layer_look
from woongeo.plotting.marks import inset, north_arrow, scale_bar
from woongeo.verdict import OORDELEN, SCREENING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from woongeo.screening import Screening

    Box = tuple[float, float, float, float]

# Millimetres, short side first.
_PAPER = {"A4": (210, 297), "A3": (297, 420)}
_INCH = 25.4
# A site that is smaller on paper is a sign.
_SIGN_MM = 1.6
# Edges are moved by so much on paper at most: a printer's dot.
_DOT_MM = 0.08
_TYPES = {".png", ".pdf", ".svg"}
# Names of strangers may hold dollars, which matplotlib would take for mathematics; and text in a
# PDF must stay text.
_SETTINGS: Any = {
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "woongeo",
    "font.family": ["DejaVu Sans"],
    "hatch.linewidth": 0.5,
}


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


@dataclass(frozen=True, eq=False)
class ScreeningPlot:
    """A map on paper.

    Attributes
    ----------
    figure : Figure
        matplotlib's.
    title : str
        Of the sheet.
    scale : float
        So many metres lie in one metre on paper.
    labelled : int
        How many locations bear their name.
    """

    figure: Figure
    title: str
    scale: float
    labelled: int

    def save(self, path: str | Path, *, dpi: int = 200) -> Path:
        """Write the map: whole, or not at all.

        Parameters
        ----------
        path : str or Path
            Ends in .png, .pdf or .svg.
        dpi : int
            Dots an inch, for what is no line.

        Returns
        -------
        Path
            Where it stands.

        Raises
        ------
        OutputError
            When it is of another kind, or cannot be written; what stood there is untouched.
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind not in _TYPES:
            raise OutputError(f"{path.name}: kies een naam op {', '.join(sorted(_TYPES))}.")
        data = self._drawn(kind[1:], dpi)
        try:
            with scratch_folder(path.parent) as folder:
                draft = folder / path.name
                draft.write_bytes(data)
                flush_to_disk(draft)
                draft.replace(path)
        except OSError as error:
            raise output_error(path, error) from error
        return path

    def _drawn(self, kind: str, dpi: int) -> bytes:
        """Draw the map; same input, same bytes."""
        about: dict[str, Any] = {"Title": self.title}
        if kind == "png":
            about["Software"] = None
        elif kind == "pdf":
            about |= {"CreationDate": None, "Creator": "woongeo", "Producer": None}
        else:
            about["Date"] = None
        memory = io.BytesIO()
        with rc_context(_SETTINGS), warnings.catch_warnings():
            # A letter that the font has not is drawn as a box; the data files hold it.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.figure.savefig(memory, format=kind, dpi=dpi, metadata=about)
        return memory.getvalue()

    def _repr_png_(self) -> bytes:
        return self._drawn("png", 110)


def plot_screening(  # noqa: PLR0913  one keyword a choice
    screening: Screening,
    *,
    title: str = "Woningbouwlocaties en knelpunten",
    paper: str = "A4",
    landscape: bool = True,
    within: gpd.GeoDataFrame | None = None,
    labels: int = 12,
    background: Ground | None = None,
) -> ScreeningPlot:
    """Draw a screening on paper, in RD New.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    title : str
        Above the map.
    paper : str
        "A4" or "A3".
    landscape : bool
        Or portrait.
    within : GeoDataFrame, optional
        Region in RD New (EPSG:28992) to show with its border; only locations that meet it are
        drawn and counted. All locations without it.
    labels : int
        How many names are written at most: of the largest `belemmerd` locations, then of the
        largest others. One for which there is no room is left out.
    background : Ground, optional
        From `woongeo.pdok.Client.background`; a plain ground without it, which the map says.

    Returns
    -------
    ScreeningPlot
        Shows itself in a notebook; ``save`` writes PNG, PDF or SVG. Shapes are simplified by less
        than a tenth of a millimetre on paper; what is smaller than 1.6 mm is drawn as a sign.

    Raises
    ------
    InputError
        When the paper is unknown, or no location can be drawn.
    """
    if paper not in _PAPER:
        raise InputError(f"paper is {paper!r}; kies uit {', '.join(_PAPER)}.")
    rows = _rows(screening, within)
    short, long = _PAPER[paper]
    wide_mm, high_mm = (long, short) if landscape else (short, long)
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(wide_mm / _INCH, high_mm / _INCH))
        FigureCanvasAgg(figure)
        place = _places(wide_mm, high_mm, landscape=landscape)
        ax = figure.add_axes(place["kaart"])
        shapes = screening.locaties.geometry.to_numpy()[rows]
        about = shapes if within is None else within.geometry.to_numpy()
        map_mm = (place["kaart"][2] * wide_mm, place["kaart"][3] * high_mm)
        box = _extent(about, map_mm)
        scale = (box[2] - box[0]) / (map_mm[0] / 1_000)
        _ground(ax, background)
        counting = [shapes_that_count(layer, screening.on) for layer in screening.layers]
        for position, (features, _) in enumerate(counting):
            _draw_layer(ax, features, layer_look(position), box, scale)
        if within is not None:
            within.boundary.plot(ax=ax, color="#1b1b1b", linewidth=1.1, zorder=4)
        _draw_sites(ax, screening, rows, scale)
        # geopandas names axes that have no marks.
        ax.set(xlabel="", ylabel="")
        ax.set_xlim(box[0], box[2])
        ax.set_ylim(box[1], box[3])
        scale_bar(ax, box, scale)
        north_arrow(ax, box)
        inset(figure.add_axes(place["land"]), box)
        heading = shortened(title)
        x, y = place["titel"]
        figure.text(x, y, heading, fontsize=15, weight="bold", va="top")
        _legend(figure, place["legenda"], screening, rows, [told for _, told in counting])
        _tell(figure, place, screening, background)
        labelled = _write_names(figure, ax, screening, rows, labels)
    return ScreeningPlot(figure, heading, scale, labelled)


def _rows(screening: Screening, within: gpd.GeoDataFrame | None) -> NDArray[np.intp]:
    """Find the locations that are drawn."""
    usable = screening.locations.usable.copy()
    if within is not None:
        region = shapely.union_all(within.geometry.to_numpy())
        shapely.prepare(region)
        shapes = screening.locaties.geometry.to_numpy()
        usable[usable] = shapely.intersects(region, shapes[usable])
    rows = np.flatnonzero(usable)
    if not len(rows):
        raise InputError("geen enkele locatie heeft een vlak dat hier getekend kan worden.")
    return rows


def _places(wide_mm: float, high_mm: float, *, landscape: bool) -> dict[str, Any]:
    """Divide the sheet: rectangles (left, low, wide, high) and points, in shares of it."""

    def at(left: float, low: float, wide: float, high: float) -> tuple[float, ...]:
        return left / wide_mm, low / high_mm, wide / wide_mm, high / high_mm

    edge, head, foot = 10.0, 14.0, 12.0
    if landscape:
        side = 72.0
        left = wide_mm - edge - side
        return {
            "titel": (edge / wide_mm, 1 - 8 / high_mm),
            "kaart": at(edge, edge + foot, left - edge - 5, high_mm - 2 * edge - head - foot + 4),
            "legenda": (left / wide_mm, 1 - (edge + head - 4) / high_mm),
            "land": at(left + side - 34, edge + foot, 34, 38),
            "bronnen": (left / wide_mm, (edge + foot + 44) / high_mm, "bottom"),
            "breedte": 52,
            "voet": (edge / wide_mm, edge / high_mm),
            "voet_tekens": int((wide_mm - 2 * edge) / 1.42),
        }
    below = 74.0
    return {
        "titel": (edge / wide_mm, 1 - 8 / high_mm),
        "kaart": at(edge, below, wide_mm - 2 * edge, high_mm - below - edge - head + 4),
        "legenda": (edge / wide_mm, (below - 4) / high_mm),
        "land": at(wide_mm - edge - 34, below - 44, 34, 38),
        "bronnen": (0.46, (below - 6) / high_mm, "top"),
        "breedte": 50,
        "voet": (edge / wide_mm, edge / high_mm),
        "voet_tekens": int((wide_mm - 2 * edge) / 1.42),
    }


def _extent(shapes: NDArray[np.object_], map_mm: tuple[float, float]) -> Box:
    """Choose what the map shows: all shapes with a margin, in the proportions of the paper."""
    west, south, east, north = shapely.total_bounds(shapes)
    least = 400.0
    wide, high = max(east - west, least) * 1.08, max(north - south, least) * 1.08
    ratio = map_mm[0] / map_mm[1]
    wide, high = max(wide, high * ratio), max(high, wide / ratio)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _ground(ax: Axes, background: Ground | None) -> None:
    """Draw what lies under everything."""
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


def _draw_layer(
    ax: Axes, features: NDArray[np.object_], look: Look, box: Box, scale: float
) -> None:
    """Draw a layer's surfaces, lines and points."""
    parts, _ = shapely.get_parts(features, return_index=True)
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


def _draw_sites(ax: Axes, screening: Screening, rows: NDArray[np.intp], scale: float) -> None:
    """Draw sites by verdict, the heaviest on top: as they are, or as a sign where that is small."""
    frame = screening.locaties
    shapes, verdict = frame.geometry.to_numpy()[rows], frame["oordeel"].to_numpy()[rows]
    bounds = shapely.bounds(shapes)
    size_mm = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) / scale * 1_000
    for level, (word, look) in enumerate(VERDICTS.items()):
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


def _legend(
    figure: Figure,
    place: tuple[float, float],
    screening: Screening,
    rows: NDArray[np.intp],
    left_out: Sequence[str],
) -> None:
    """Say what the looks mean, with how many locations and homes."""
    frame = screening.locaties.iloc[rows]
    handles: list[Any] = []
    texts: list[str] = []
    for word in reversed(OORDELEN):
        look, of = VERDICTS[word], frame["oordeel"] == word
        counted = frame[of & (frame["hardheid"] != "telt niet mee")]
        homes = dutch(float(counted["woningen"].sum()), decimals=0)
        sign = Line2D(
            [], [], ls="", marker=look.marker, mfc=look.fill, mec=look.edge, markersize=5.5
        )
        handles.append((sign, _patch(look)))
        texts.append(f"{word}: {dutch(int(of.sum()), decimals=0)} locaties, {homes} woningen")
    for position, (layer, told) in enumerate(zip(screening.layers, left_out, strict=True)):
        handles.append(_patch(layer_look(position)))
        nothing = f"; {told}" if told else ""
        if layer.unknown or layer.stale(screening.on):
            nothing = "; niets over bekend"
        texts.append("\n".join(textwrap.wrap(shortened(layer.title) + nothing, 38)))
    figure.legend(
        handles,
        texts,
        loc="upper left",
        bbox_to_anchor=place,
        fontsize=7.5,
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        handlelength=3.2,
        handler_map={tuple: HandlerTuple(ndivide=None)},
    )


def _patch(look: Look) -> Patch:
    """Draw a surface for the legend."""
    patch = Patch(facecolor=look.fill, edgecolor=look.edge, hatch=look.hatch or None, lw=0.7)
    patch.set_alpha(look.alpha + 0.1)
    patch.set_linestyle(look.dash)
    return patch


def _tell(
    figure: Figure, place: dict[str, Any], screening: Screening, background: Ground | None
) -> None:
    """Write where everything comes from, and what this is not."""
    told = []
    for layer in screening.layers:
        date = layer.reference_date.isoformat() if layer.reference_date else "niet bekend"
        publisher = f", {layer.publisher}" if layer.publisher else ""
        told.append(f"{shortened(layer.title)}{publisher}: peildatum {date}.")
    path = re.split(r"[/\\]", screening.locations.source.path)[-1]
    told.append(f"Locaties: {shortened(path)}.")
    ground = background.attribution if background is not None else "geen (effen)"
    told.append(f"Achtergrond: {ground}.")
    lines = [part for text in told for part in textwrap.wrap(text, place["breedte"])]
    x, y, side = place["bronnen"]
    figure.text(x, y, "\n".join(lines[:16]), fontsize=6.5, va=side)
    foot = (
        f"{SCREENING} RD New (EPSG:28992). Beoordeeld op {screening.on.isoformat()}; "
        f"woongeo {screening.version}."
    )
    x, y = place["voet"]
    figure.text(
        x,
        y,
        "\n".join(textwrap.wrap(foot, place["voet_tekens"])),
        fontsize=7,
        va="bottom",
        color="#333333",
    )


def _write_names(
    figure: Figure, ax: Axes, screening: Screening, rows: NDArray[np.intp], most: int
) -> int:
    """Write the names of the locations that matter most."""
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
    shown = [i for i, name in enumerate(names) if name]
    # A name may not hide another site that bears one.
    points = ax.transData.transform(at[shown])
    own = np.column_stack([points - 3, points + 3])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        return place_labels(
            ax, renderer, at[shown], [names[i] for i in shown], np.vstack([marks, own])
        )
