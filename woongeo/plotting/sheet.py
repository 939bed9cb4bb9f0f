"""A screening on a sheet of paper."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from woongeo.encode import shortened
from woongeo.errors import InputError, OutputError
from woongeo.files import write_whole
from woongeo.judging import shapes_that_count
from woongeo.numerals import counted, dutch
from woongeo.plotting.drawing import (
    DOT_MM,
    NO_GLYPH,
    SETTINGS,
    draw_border,
    draw_layer,
    draw_sites,
    extent,
    rows_within,
    write_names,
)
from woongeo.plotting.ground import draw_ground, find_ground
from woongeo.plotting.looks import VERDICTS, Look, layer_look
from woongeo.plotting.marks import inset, north_arrow, scale_bar
from woongeo.verdict import OORDELEN, SCREENING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy as np
    from matplotlib.backend_bases import RendererBase
    from numpy.typing import NDArray

    from woongeo.plotting.ground import Ground, Grounds
    from woongeo.screening import Screening

    Box = tuple[float, float, float, float]

# Millimetres, short side first.
_PAPER = {"A4": (210, 297), "A3": (297, 420)}
_INCH = 25.4
_TYPES = {".png", ".pdf", ".svg"}
# Letters of the sources in points, largest first: many layers are written smaller, down to what can
# still be read.
_SOURCE_POINTS = (7.0, 6.0, 5.0)
# With more layers than these a standing sheet gives up so many millimetres of its map for each, up
# to a most, so that legend and sources have room.
_FEW_LAYERS, _EACH_MM, _MOST_MM = 6, 3.0, 48.0


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
        write_whole(path, self._drawn(kind[1:], dpi))
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
        with rc_context(SETTINGS), warnings.catch_warnings():
            # A letter that the font has not is drawn as a box; the data files hold it.
            warnings.filterwarnings("ignore", message=NO_GLYPH)
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
    background: Ground | Grounds | None = None,
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
    background : Ground or Grounds, optional
        What fetches tiles for what the map shows, as ``Client().background`` does (of
        `woongeo.pdok.Client`), or a background that was fetched. A plain ground without it, and
        where it cannot be reached or lies elsewhere; the map says which.

    Returns
    -------
    ScreeningPlot
        Shows itself in a notebook; ``save`` writes PNG, PDF or SVG. Shapes are simplified by less
        than an eighth of a millimetre on paper; what is smaller than 1.6 mm is drawn as a sign.

    Raises
    ------
    InputError
        When the paper is unknown, or no location can be drawn.
    """
    if paper not in _PAPER:
        raise InputError(f"paper is {paper!r}; kies uit {', '.join(_PAPER)}.")
    rows = rows_within(screening, within)
    if not len(rows):
        raise InputError("geen enkele locatie heeft een vlak dat hier getekend kan worden.")
    short, long = _PAPER[paper]
    wide_mm, high_mm = (long, short) if landscape else (short, long)
    with rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NO_GLYPH)
        figure = Figure(figsize=(wide_mm / _INCH, high_mm / _INCH))
        FigureCanvasAgg(figure)
        # A3 is A4 made larger as a whole, its letters too.
        size = short / _PAPER["A4"][0]
        place = _places(wide_mm / size, high_mm / size, len(screening.layers), landscape=landscape)
        ax = figure.add_axes(place["kaart"])
        shapes = screening.locaties.geometry.to_numpy()[rows]
        about = shapes if within is None else within.geometry.to_numpy()
        map_mm = (place["kaart"][2] * wide_mm, place["kaart"][3] * high_mm)
        box = extent(about, map_mm)
        scale = (box[2] - box[0]) / (map_mm[0] / 1_000)
        ground, credit = find_ground(background, box, map_mm[0])
        draw_ground(ax, ground)
        counting = [shapes_that_count(layer, screening.on) for layer in screening.layers]
        for position, (features, _) in enumerate(counting):
            draw_layer(ax, features, layer_look(position), box, scale)
        if within is not None:
            draw_border(ax, within, box, scale)
        draw_sites(ax, screening, rows, scale, halo=ground is not None)
        ax.set_xlim(box[0], box[2])
        ax.set_ylim(box[1], box[3])
        scale_bar(ax, box, scale, fontsize=7.5 * size)
        north_arrow(ax, box)
        inset(figure.add_axes(place["land"]), box)
        heading = shortened(title)
        x, y = place["titel"]
        figure.text(x, y, heading, fontsize=15 * size, weight="bold", va="top")
        told = [left_out for _, left_out in counting]
        below = _tell(figure, place, screening, credit, size)
        _legend(figure, place["legenda"], screening, rows, told, size=size, below=below)
        labelled = write_names(figure, ax, screening, rows, labels, fontsize=7.5 * size)
    return ScreeningPlot(figure, heading, scale, labelled)


def _places(wide_mm: float, high_mm: float, layers: int, *, landscape: bool) -> dict[str, Any]:
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
            # Above them the legend has what is left, which is written smaller too.
            "hoog": (47.5, 54.0, 70.0),
            "breed": side,
            "voet": (edge / wide_mm, edge / high_mm),
            "voet_tekens": int((wide_mm - 2 * edge) / 1.42),
        }
    more = min(_EACH_MM * max(layers - _FEW_LAYERS, 0), _MOST_MM)
    below = 74.0 + more
    return {
        "titel": (edge / wide_mm, 1 - 8 / high_mm),
        "kaart": at(edge, below, wide_mm - 2 * edge, high_mm - below - edge - head + 4),
        "legenda": (edge / wide_mm, (below - 4) / high_mm),
        "land": at(wide_mm - edge - 34, below - 44, 34, 38),
        "bronnen": (0.46, (below - 6) / high_mm, "top"),
        "hoog": (46.0 + more,) * len(_SOURCE_POINTS),
        "breed": wide_mm - edge - 34 - 2 - 0.46 * wide_mm,
        "voet": (edge / wide_mm, edge / high_mm),
        "voet_tekens": int((wide_mm - 2 * edge) / 1.42),
    }


def _legend(  # noqa: PLR0913  what a legend tells of
    figure: Figure,
    place: tuple[float, float],
    screening: Screening,
    rows: NDArray[np.intp],
    left_out: Sequence[str],
    *,
    size: float,
    below: float,
) -> None:
    """Say what the looks mean, with how many locations and homes, down to where the sheet ends."""
    frame = screening.locaties.iloc[rows]
    handles: list[Any] = []
    texts: list[str] = []
    for word in reversed(OORDELEN):
        look, of = VERDICTS[word], frame["oordeel"] == word
        counts = frame[of & (frame["hardheid"] != "telt niet mee")]
        # No line ends between a number and what it counts.
        homes = counted(float(counts["woningen"].sum()), "woning", "woningen").replace(
            " ", "\u00a0"
        )
        sign = Line2D(
            [], [], ls="", marker=look.marker, mfc=look.fill, mec=look.edge, markersize=5.5 * size
        )
        handles.append((sign, _patch(look)))
        plans = counted(int(of.sum()), "locatie", "locaties")
        texts.append(f"{word}: {plans}, {homes}")
    silent = []
    for position, (layer, told) in enumerate(zip(screening.layers, left_out, strict=True)):
        title = shortened(layer.title)
        if layer.unknown or layer.stale(screening.on):
            silent.append(title)
            continue
        handles.append(_patch(layer_look(position)))
        texts.append(f"{title}; {told}" if told else title)
    if silent:
        handles.append(Line2D([], [], ls=""))
        texts.append(f"niets over bekend: {', '.join(silent)}")
    # Beside the map there is no room for two columns.
    columns = 2 if place[1] < 0.5 else 1
    for smaller, abreast in ((1.0, 1), (0.85, 1), (0.7, 1), (0.6, columns)):
        room = 34 if abreast > 1 else int(40 / smaller)
        legend = figure.legend(
            handles,
            ["\n".join(textwrap.wrap(text, room)) for text in texts],
            loc="upper left",
            bbox_to_anchor=place,
            fontsize=8 * size * smaller,
            markerscale=smaller,
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            handlelength=3.2,
            ncols=abreast,
            columnspacing=1.0,
            handler_map={tuple: HandlerTuple(ndivide=None)},
        )
        low = legend.get_window_extent(_renderer(figure)).y0 / figure.bbox.height
        if low >= below or smaller == 0.6:
            return
        legend.remove()


def _renderer(figure: Figure) -> RendererBase:
    """Give what measures text."""
    renderer: RendererBase = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return renderer


def _patch(look: Look) -> Patch:
    """Draw a surface for the legend."""
    # Only the fill lets through: a faint edge would make layers of one hue look alike.
    patch = Patch(facecolor=to_rgba(look.fill, look.alpha + 0.1), edgecolor=look.edge, lw=0.7)
    if look.hatch:
        patch.set_hatch(look.hatch)
    patch.set_linestyle(look.dash)
    return patch


def _sources(screening: Screening, ground: str) -> list[str]:
    """Say where everything comes from: layers, locations, background."""
    told = []
    for layer in screening.layers:
        date = layer.reference_date.isoformat() if layer.reference_date else "niet bekend"
        publisher = f", {shortened(layer.publisher)}" if layer.publisher else ""
        told.append(f"{shortened(layer.title)}{publisher}: peildatum {date}.")
    path = re.split(r"[/\\]", screening.locations.source.path)[-1]
    told.append(f"Locaties: {shortened(path)}.")
    told.append(f"Achtergrond: {ground}.".replace("..", "."))
    return told


def _write_sources(
    figure: Figure, place: dict[str, Any], told: Sequence[str], size: float
) -> float:
    """Write all sources, smaller where there are many, and give where they end at the top.

    What does not fit in the smallest letters either is counted, with where it stands.
    """
    x, y, side = place["bronnen"]
    for points, high in zip(_SOURCE_POINTS, place["hoog"], strict=True):
        # DejaVu Sans: a letter is some 0.61 of its size wide, and a line 1.2 of it high.
        letter, line = 0.61 * points / 72 * _INCH, 1.2 * points / 72 * _INCH
        room, most = int(place["breed"] / letter), int(high / line)
        wrapped = [textwrap.wrap(text, room) for text in told]
        if sum(map(len, wrapped)) <= most:
            break
    else:
        # Locations and background always fit; of the layers as many as do.
        *layers, locations, ground = wrapped
        left = 0
        while layers and sum(map(len, layers)) + len(locations) + len(ground) + 2 > most:
            layers.pop()
            left += 1
        more = f"Van nog {counted(left, 'laag', 'lagen')} staat de bron in manifest.json, "
        more += "dat woongeo screen en woongeo report schrijven."
        wrapped = [*layers, textwrap.wrap(more, room), locations, ground]
    lines = [part for text in wrapped for part in text]
    written = figure.text(x, y, "\n".join(lines), fontsize=points * size, va=side)
    return float(written.get_window_extent(_renderer(figure)).y1 / figure.bbox.height)


def _tell(
    figure: Figure,
    place: dict[str, Any],
    screening: Screening,
    ground: str,
    size: float,
) -> float:
    """Write where everything comes from, and what this is not; give where the legend ends."""
    top = _write_sources(figure, place, _sources(screening, ground), size)
    foot = (
        f"{SCREENING} RD New (EPSG:28992); vormen zijn vereenvoudigd met hoogstens "
        f"{dutch(DOT_MM)} mm op papier, de cijfers niet. Beoordeeld op {screening.on.isoformat()}; "
        f"woongeo {screening.version}."
    )
    x, y = place["voet"]
    figure.text(
        x,
        y,
        "\n".join(textwrap.wrap(foot, place["voet_tekens"])),
        fontsize=7 * size,
        va="bottom",
        color="#333333",
    )
    # Where the legend stands above the sources it ends there; else above the foot.
    return top + 0.01 if place["bronnen"][2] == "bottom" else float(place["voet"][1]) + 0.04
