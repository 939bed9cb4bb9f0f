"""What a map page is made of: sites, layers and verdicts, simplified until a page can bear them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from woongeo.columns import REGION_NAMES, as_text, recognise
from woongeo.encode import shortened, shortened_all
from woongeo.errors import ColumnError
from woongeo.judging import shapes_that_count
from woongeo.netherlands import outline
from woongeo.threads import side_by_side
from woongeo.verdict import OORDELEN, SCREENING
from woongeo.webmap.backgrounds import backgrounds
from woongeo.webmap.pack import Pack
from woongeo.webmap.panel import HARDNESS, layer_styles
from woongeo.webmap.shapes import (
    AROUND_M,
    Steps,
    by_dimension,
    count_corners,
    coverage_edge,
    simplified,
    single_parts,
    stepped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from woongeo.layers import Coverage, Layer
    from woongeo.screening import Screening, Toets

# Of sites a page holds so many corners without effort; with more they are simplified further, but
# never so far that a site would no longer look like itself.
_SITE_TOLERANCE_M, _SITE_CORNERS, _MOST_SITE_M = 1.0, 200_000, 8.0
_LAYER_TOLERANCE_M = 5.0
# A page draws so many corners of layers without effort.
_LAYER_CORNERS = 150_000
# Beyond this a layer would no longer look like itself; then the page is slow.
_MOST_M = 500.0


@dataclass(frozen=True)
class Content:
    """What is on the page, and how far it was simplified.

    Attributes
    ----------
    pack : Pack
        The numbers.
    value : dict
        What refers to them.
    site_tolerance_m, layer_tolerance_m : float
        Edges were moved by at most so much, for display only.
    counting : list of (ndarray of shapely geometries, str)
        Per layer the shapes that count, and what is said of those that do not.
    edges : bool
        Whether the edge of any layer's coverage is drawn.
    groups : list of (str, list of str)
        What to filter on, with its values.
    """

    pack: Pack
    value: dict[str, Any]
    site_tolerance_m: float
    layer_tolerance_m: float
    counting: list[tuple[NDArray[np.object_], str]]
    edges: bool
    groups: list[tuple[str, list[str]]]

    def data(self) -> str:
        """Write the page's data.

        Returns
        -------
        str
            From `Pack.data`.
        """
        return self.pack.data(self.value)


def gather(screening: Screening, group: Sequence[str] | None) -> Content:
    """Gather what is on a page.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    group : sequence of str or None
        Columns of the locations to filter on.

    Returns
    -------
    Content
        Of all locations, those without a usable shape included.

    Raises
    ------
    ColumnError
        When there is no such column.
    """
    groups = _groups(screening, group)
    drawn = screening.locaties.geometry.to_numpy().copy()
    drawn[~screening.locations.usable] = None
    counting = [shapes_that_count(layer, screening.on) for layer in screening.layers]
    first = _first_shown(drawn)
    layers = [
        (shapes, x.coverage) for (shapes, _), x in zip(counting, screening.layers, strict=True)
    ]
    drawing = _drawing(drawn, layers, first)
    pack, texts = Pack(), _Texts()
    value = {
        "locaties": _site_data(pack, screening, drawing),
        "lagen": [_layer_data(pack, layer, drawing, i) for i, layer in enumerate(screening.layers)],
        "toetsen": [_verdict_data(pack, screening, toets, texts) for toets in screening.toetsen],
        "teksten": texts.texts,
        "achtergronden": [{"urls": ground.urls, "bron": ground.credit} for ground in backgrounds()]
        + [{"urls": [], "bron": ""}],
        "hoeken": pack.shapes(np.array([first]), 1),
        "toets": SCREENING,
        "hardheden": list(HARDNESS),
        "gebieden": [
            {"titel": title, "namen": names, "plaats": {"rij": pack.row(places)}}
            for title, names, places in groups
        ],
    }
    return Content(
        pack,
        value,
        site_tolerance_m=drawing.site_tolerance_m,
        layer_tolerance_m=drawing.layer_tolerance_m,
        counting=counting,
        edges=any(len(edge.per_shape) for edge in drawing.edges),
        groups=[(title, names) for title, names, _ in groups],
    )


def grid_of(tolerance_m: float) -> int:
    """Choose the grid on which corners are rounded: finer than what they were moved by.

    Parameters
    ----------
    tolerance_m : float
        Of simplifying; metres.

    Returns
    -------
    int
        Metres of web mercator, of which one is 0.6 m in the Netherlands.

    Examples
    --------
    >>> [grid_of(m) for m in (1.0, 2.0, 4.0, 8.0, 500.0)]
    [1, 1, 2, 4, 4]
    """
    return int(min(max(tolerance_m // 2, 1), 4))


def _groups(
    screening: Screening, wanted: Sequence[str] | None
) -> list[tuple[str, list[str], NDArray[np.intp]]]:
    """Give what to filter on, with its values and the value of each location."""
    frame = screening.locaties
    there = [str(c) for c in frame.columns if c != "geometry"]
    if wanted is None:
        found = {level: recognise(there, names) for level, names in REGION_NAMES.items()}
        chosen = [(level.capitalize(), c) for level, c in found.items() if c is not None]
    else:
        chosen = [(shortened(column), column) for column in wanted]
        if stray := [c for _, c in chosen if c not in there]:
            raise ColumnError(f"kolom {stray[0]!r} bestaat niet in de locaties; kies een andere.")
    groups = []
    for title, column in chosen:
        code, unique = pd.factorize(as_text(frame[column]))
        shown = [shortened(text) or "onbekend" for text in unique]
        names = sorted(dict.fromkeys(shown), key=str.casefold)
        position = {name: i for i, name in enumerate(names)}
        places = np.array([position[text] for text in shown], dtype=np.intp)
        groups.append((title, names, places[code]))
    return groups


class _Texts:
    """Each text once; the page refers to it by its position. The first is empty."""

    def __init__(self) -> None:
        self.texts = [""]
        self._position = {"": 0}

    def positions(self, column: pd.Series) -> NDArray[np.intp]:
        """Give the position of each text of a column."""
        code, unique = pd.factorize(column, use_na_sentinel=False)
        shown = [shortened(text) for text in unique]
        for text in shown:
            if text not in self._position:
                self._position[text] = len(self.texts)
                self.texts.append(text)
        return np.array([self._position[text] for text in shown], dtype=np.intp)[code]


@dataclass(frozen=True)
class _Drawing:
    """Shapes as the page draws them."""

    site_tolerance_m: float
    layer_tolerance_m: float
    #: Locations, and a point in each that has a shape.
    sites: Steps
    points: Steps
    #: Per layer points, lines and surfaces, and the edge of its coverage.
    layers: list[list[Steps]]
    edges: list[Steps]


def _drawing(
    drawn: NDArray[np.object_],
    layers: Sequence[tuple[NDArray[np.object_], Coverage]],
    first: shapely.Polygon,
) -> _Drawing:
    """Simplify shapes and bring them on a grid: sites and each layer side by side."""
    around = shapely.box(*(np.array(first.bounds) + AROUND_M * np.array([-1, -1, 1, 1])))
    # All threads ask for this box, and it is worked out when it is first asked for.
    shapely.bounds(around)
    n = len(layers)
    asked: list[Callable[[], Any]] = [lambda: _simple_sites(drawn)]
    asked += [partial(_simple_layer, shapes, around) for shapes, _ in layers]
    asked += [partial(coverage_edge, coverage, around) for _, coverage in layers]
    (site_tolerance, sites), *simple = side_by_side(lambda work: work(), asked)
    tolerance, shapes = _simple_enough(simple[:n])
    grid, site_grid = grid_of(tolerance), grid_of(site_tolerance)
    given = [[(kind, grid if d else 1) for d, kind in by_dimension(x).items()] for x in shapes]
    given += [[(sites, site_grid), (shapely.point_on_surface(drawn), site_grid)]]
    given += [[(edge, grid)] for edge in simple[n:]]
    done = side_by_side(lambda some: [stepped(x, grid_m) for x, grid_m in some], given)
    at_sites, points = done[n]
    edges = [edge for (edge,) in done[n + 1 :]]
    return _Drawing(site_tolerance, tolerance, at_sites, points, done[:n], edges)


def _site_data(pack: Pack, screening: Screening, drawing: _Drawing) -> dict[str, Any]:
    """Gather what the page tells of locations."""
    frame = screening.locaties
    area = frame[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1, min_count=3)
    return {
        "id": pack.words(shortened_all(frame["locatie_id"])),
        "naam": pack.words(shortened_all(frame["naam"])),
        "woningen": pack.numbers(frame["woningen"], 2),
        "planstatus": pack.words(frame["planstatus"].tolist()),
        "hardheid": pack.words(frame["hardheid"].tolist()),
        "oordeel": {"rij": pack.row(_weights(frame["oordeel"]))},
        "oppervlakte": pack.numbers(area, 0),
        "belemmerd": pack.numbers(frame["belemmerd_m2"], 0),
        "onbekend": pack.numbers(frame["onbekend_m2"], 0),
        "vormen": pack.steps(drawing.sites, grid_of(drawing.site_tolerance_m), drawing.points),
    }


def _weights(verdicts: pd.Series) -> NDArray[np.intp]:
    """Give the place of each verdict among the three."""
    code, kinds = pd.factorize(verdicts, use_na_sentinel=False)
    return np.array([OORDELEN.index(kind) for kind in kinds], dtype=np.intp)[code]


def _first_shown(drawn: NDArray[np.object_]) -> shapely.Polygon:
    """Give the box that the map shows first: the country where no location can be drawn."""
    there = shapely.total_bounds(drawn)
    return shapely.box(*(outline().bounds if np.isnan(there).any() else there))


def _near(features: NDArray[np.object_], around: shapely.Polygon) -> NDArray[np.object_]:
    """Take the parts of features around the sites.

    Parts are shown whole: the edge of a cut would look like the edge of a nature area.
    """
    parts, _ = single_parts(features)
    near: NDArray[np.object_] = parts[shapely.intersects(shapely.envelope(parts), around)]
    return near


def _simple_sites(drawn: NDArray[np.object_]) -> tuple[float, NDArray[np.object_]]:
    """Simplify sites, further where there are very many."""
    tolerance = _SITE_TOLERANCE_M
    simple = simplified(drawn, tolerance)
    while count_corners(simple) > _SITE_CORNERS and tolerance < _MOST_SITE_M:
        tolerance *= 2
        simple = simplified(drawn, tolerance)
    return tolerance, simple


def _simple_layer(features: NDArray[np.object_], around: shapely.Polygon) -> NDArray[np.object_]:
    """Simplify what is shown of a layer."""
    return simplified(_near(features, around), _LAYER_TOLERANCE_M, keep_holes=False)


def _simple_enough(
    simple: list[NDArray[np.object_]],
) -> tuple[float, list[NDArray[np.object_]]]:
    """Simplify layers further, until a page can bear them."""
    tolerance = step = _LAYER_TOLERANCE_M
    while sum(map(count_corners, simple)) > _LAYER_CORNERS and tolerance < _MOST_M:
        # From what is simple already: quick, and edges move by what both steps move them.
        step *= 2
        tolerance += step
        simple = [simplified(some, step, keep_holes=False) for some in simple]
    return tolerance, simple


def _layer_data(pack: Pack, layer: Layer, drawing: _Drawing, i: int) -> dict[str, Any]:
    """Gather what the page draws of a layer."""
    colour, dash = layer_styles(len(drawing.layers))[i]
    grid_m = grid_of(drawing.layer_tolerance_m)
    points, lines, surfaces = drawing.layers[i]
    return {
        "sleutel": layer.key,
        "kleur": colour,
        "streep": dash,
        "punten": pack.steps(points, 1),
        "lijnen": pack.steps(lines, grid_m),
        "vlakken": pack.steps(surfaces, grid_m),
        "dekking": pack.steps(drawing.edges[i], grid_m),
    }


def _verdict_data(pack: Pack, screening: Screening, toets: Toets, texts: _Texts) -> dict[str, Any]:
    """Gather what the page tells of a rule at each location."""
    frame, key = screening.locaties, toets.key
    reasons = screening.treffers.loc[screening.treffers["laag"] == key, "reden"]
    return {
        "sleutel": key,
        "titel": shortened(toets.title),
        "oordeel": {"rij": pack.row(_weights(frame[f"{key}_oordeel"]))},
        "reden": {"rij": pack.row(texts.positions(reasons))},
        "objecten": {"rij": pack.row(texts.positions(frame[f"{key}_objecten"]))},
        "afstand": pack.numbers(frame[f"{key}_afstand_m"], 1),
    }
