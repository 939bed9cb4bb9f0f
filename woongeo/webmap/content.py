"""What a map page is made of: sites, layers and verdicts, simplified until a page can bear them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from woongeo.columns import REGION_NAMES, as_text, recognise
from woongeo.encode import shortened
from woongeo.errors import ColumnError
from woongeo.judging import shapes_that_count
from woongeo.netherlands import outline
from woongeo.verdict import OORDELEN, SCREENING
from woongeo.webmap.backgrounds import backgrounds
from woongeo.webmap.pack import Pack
from woongeo.webmap.panel import HARDNESS, layer_styles
from woongeo.webmap.shapes import (
    AROUND_M,
    by_dimension,
    count_corners,
    coverage_edge,
    simplified,
    single_parts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.layers import Layer
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
    data : str
        From `Pack.data`.
    site_tolerance_m, layer_tolerance_m : float
        Edges were moved by at most so much, for display only.
    counting : list of (ndarray of shapely geometries, str)
        Per layer the shapes that count, and what is said of those that do not.
    edges : bool
        Whether the edge of any layer's coverage is drawn.
    groups : list of (str, list of str)
        What to filter on, with its values.
    """

    data: str
    site_tolerance_m: float
    layer_tolerance_m: float
    counting: list[tuple[NDArray[np.object_], str]]
    edges: bool
    groups: list[tuple[str, list[str]]]


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
    site_tolerance, sites = _simple_sites(drawn)
    counting = [shapes_that_count(layer, screening.on) for layer in screening.layers]
    first = _first_shown(drawn)
    around = shapely.box(*(np.array(first.bounds) + AROUND_M * np.array([-1, -1, 1, 1])))
    layer_tolerance, layers = _simple_layers([_near(shapes, around) for shapes, _ in counting])
    edges = [coverage_edge(layer.coverage, around) for layer in screening.layers]
    pack, texts = Pack(), _Texts()
    value = {
        "locaties": _site_data(pack, screening, drawn, sites, grid_of(site_tolerance)),
        "lagen": [
            _layer_data(pack, layer, shapes, edge, style, grid_of(layer_tolerance))
            for layer, shapes, edge, style in zip(
                screening.layers, layers, edges, layer_styles(len(screening.layers)), strict=True
            )
        ],
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
        data=pack.data(value),
        site_tolerance_m=site_tolerance,
        layer_tolerance_m=layer_tolerance,
        counting=counting,
        edges=any(map(len, edges)),
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
) -> list[tuple[str, list[str], list[int]]]:
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
        texts = as_text(frame[column]).map(shortened).where(lambda t: t != "", "onbekend")
        names = sorted(texts.unique(), key=str.casefold)
        position = {name: i for i, name in enumerate(names)}
        groups.append((title, names, [position[text] for text in texts]))
    return groups


class _Texts:
    """Each text once; the page refers to it by its position. The first is empty."""

    def __init__(self) -> None:
        self.texts = [""]
        self._position = {"": 0}

    def positions(self, column: pd.Series) -> list[int]:
        """Give the position of each text of a column."""
        unique = {text: shortened(text) for text in column.unique()}
        for text in unique.values():
            if text not in self._position:
                self._position[text] = len(self.texts)
                self.texts.append(text)
        return [self._position[unique[text]] for text in column]


def _site_data(
    pack: Pack,
    screening: Screening,
    drawn: NDArray[np.object_],
    simple: NDArray[np.object_],
    grid_m: int,
) -> dict[str, Any]:
    """Gather what the page tells of locations."""
    frame = screening.locaties
    area = frame[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1, min_count=3)
    return {
        "id": pack.words([shortened(text) for text in frame["locatie_id"]]),
        "naam": pack.words([shortened(text) for text in frame["naam"]]),
        "woningen": pack.numbers(frame["woningen"], 2),
        "planstatus": pack.words(frame["planstatus"].tolist()),
        "hardheid": pack.words(frame["hardheid"].tolist()),
        "oordeel": {"rij": pack.row(frame["oordeel"].map(OORDELEN.index).tolist())},
        "oppervlakte": pack.numbers(area, 0),
        "belemmerd": pack.numbers(frame["belemmerd_m2"], 0),
        "onbekend": pack.numbers(frame["onbekend_m2"], 0),
        "vormen": pack.shapes(simple, grid_m, shapely.point_on_surface(drawn)),
    }


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


def _simple_layers(
    shapes: list[NDArray[np.object_]],
) -> tuple[float, list[NDArray[np.object_]]]:
    """Simplify layers until a page can bear them."""
    tolerance = step = _LAYER_TOLERANCE_M
    simple = [simplified(some, step, keep_holes=False) for some in shapes]
    while sum(map(count_corners, simple)) > _LAYER_CORNERS and tolerance < _MOST_M:
        # From what is simple already: quick, and edges move by what both steps move them.
        step *= 2
        tolerance += step
        simple = [simplified(some, step, keep_holes=False) for some in simple]
    return tolerance, simple


def _layer_data(
    pack: Pack,
    layer: Layer,
    shapes: NDArray[np.object_],
    edge: NDArray[np.object_],
    style: tuple[str, str | None],
    grid_m: int,
) -> dict[str, Any]:
    """Gather what the page draws of a layer."""
    kinds = by_dimension(shapes)
    return {
        "sleutel": layer.key,
        "kleur": style[0],
        "streep": style[1],
        "punten": pack.shapes(kinds[0], 1),
        "lijnen": pack.shapes(kinds[1], grid_m),
        "vlakken": pack.shapes(kinds[2], grid_m),
        "dekking": pack.shapes(edge, grid_m),
    }


def _verdict_data(pack: Pack, screening: Screening, toets: Toets, texts: _Texts) -> dict[str, Any]:
    """Gather what the page tells of a rule at each location."""
    frame, key = screening.locaties, toets.key
    reasons = screening.treffers.loc[screening.treffers["laag"] == key, "reden"]
    return {
        "sleutel": key,
        "titel": shortened(toets.title),
        "oordeel": {"rij": pack.row(frame[f"{key}_oordeel"].map(OORDELEN.index).tolist())},
        "reden": {"rij": pack.row(texts.positions(reasons))},
        "objecten": {"rij": pack.row(texts.positions(frame[f"{key}_objecten"]))},
        "afstand": pack.numbers(frame[f"{key}_afstand_m"], 1),
    }
