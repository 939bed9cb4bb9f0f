"""The page around the map, and what is told on it in words."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import folium
import numpy as np
import shapely
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from woongeo.columns import REGION_NAMES, as_text, recognise
from woongeo.encode import html_text, page_data, shortened
from woongeo.errors import ColumnError
from woongeo.files import write_whole
from woongeo.judging import shapes_that_count
from woongeo.netherlands import outline
from woongeo.verdict import OORDELEN, SCREENING
from woongeo.webmap.panel import BACKGROUNDS, HARDNESS, aside, layer_styles
from woongeo.webmap.shapes import (
    AROUND_M,
    SITE_TOLERANCE_M,
    by_dimension,
    count_corners,
    coverage_edge,
    packed,
    simplified,
    single_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.screening import Screening, Toets

_LEAFLET = resources.files("xstatic.pkg.leaflet").joinpath("data")

_LAYER_TOLERANCE_M = 5.0
# A page draws so many corners of layers without effort.
_LAYER_CORNERS = 150_000
# Beyond this a layer would no longer look like itself; then the page is slow.
_MOST_M = 500.0


class _Page(Figure):
    """The page: Dutch, titled, and closed to every address but the backgrounds'."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="nl">\n<head>\n'
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401  branca's own signature
        """Render the page, with a policy that lets only its own scripts run.

        Parameters
        ----------
        **kwargs
            Passed on by branca.

        Returns
        -------
        str
            HTML.
        """
        page: str = super().render(**kwargs)
        if re.search(r"<script[^>]+src=|<link[^>]+href=", page):
            # Someone added a folium plugin that fetches its own scripts: then the policy would
            # break the map that was asked for.
            return page.replace("<head>\n", '<head>\n<meta charset="utf-8">\n', 1)
        head, _, body = page.partition("</head>")
        scripts = re.findall(r"<script>(.*?)</script>", head, flags=re.DOTALL)
        inside = re.findall(r"<script>(.*?)</script>", body, flags=re.DOTALL)
        images = "data: https://service.pdok.nl"
        if self._added():
            # Layers that a user adds may come with scripts in the page and images from elsewhere.
            scripts += inside
            images = "data: https:"
        else:
            scripts += inside[-1:]
        hashes = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
            for s in scripts
        )
        policy = (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
            f"img-src {images}; base-uri 'none'; form-action 'none'"
        )
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        return page.replace("<head>\n", f'<head>\n<meta charset="utf-8">\n{meta}\n', 1)

    def _added(self) -> bool:
        """Tell whether a user added anything to the map or to the page."""
        # Of its own a page holds the map, and in its body what the map says there.
        return len([*_below(self)]) > 1 or len([*_below(self.html)]) > 1


class ScreeningMap(folium.Map):
    """A folium map of a screening; other folium layers can be added to it.

    Parameters
    ----------
    data : str
        From `woongeo.encode.page_data`.
    parts : dict of str
        HTML of the page's parts; every string in it has been encoded.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ this.parts.titel }}</title>
<style>{{ this.parts.leaflet_css }}</style>
<style>{{ this.parts.css }}</style>
<script>{{ this.parts.leaflet_js }}</script>
<script>{{ this.parts.js }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
<a class="naar-lijst" href="#zoek">Ga naar zoeken en legenda</a>
<header><h1 class="tekst">{{ this.parts.titel }}</h1><p>{{ this.parts.toets }}</p></header>
<div class="vlak">
<main aria-label="Kaart"><div id="kaart" class="kaart" tabindex="0" role="application"
aria-label="Kaart van de locaties; elke locatie staat ook in de tabel en het zoekveld"></div>
<section id="tabel-vak" class="tabel-vak" aria-label="Tabel van de locaties" hidden>
<label><input type="checkbox" id="alleen-in-beeld"> Alleen wat op de kaart in beeld is</label>
<div id="tabel" class="tabel" tabindex="-1"></div></section></main>
<aside aria-label="Zoeken, legenda, aantallen en bronnen">
<p id="melding" class="melding" role="status" hidden></p>
{{ this.parts.zij }}
</aside></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
var {{ this.get_name() }}_beweegt = !matchMedia("(prefers-reduced-motion: reduce)").matches;
var {{ this.get_name() }} = L.map("kaart", {
  fadeAnimation: {{ this.get_name() }}_beweegt, zoomAnimation: {{ this.get_name() }}_beweegt,
  crs: L.CRS.EPSG3857, center: [52.2, 5.3], zoom: 8, minZoom: 6, maxZoom: 19, preferCanvas: true,
  zoomControl: false
});
L.control.zoom({zoomInTitle: "Inzoomen", zoomOutTitle: "Uitzoomen"}).addTo({{ this.get_name() }});
L.Icon.Default.imagePath = "";
L.Icon.Default.mergeOptions({{ this.parts.tekens }});
L.control.scale({imperial: false}).addTo({{ this.get_name() }});
woongeoKaart({{ this.get_name() }}, "{{ this.data }}");
        {% endmacro %}
        """
    )

    def __init__(self, data: str, parts: dict[str, str]) -> None:
        super().__init__(tiles=None)
        # folium would fetch scripts and styles from other hosts; the page carries its own.
        self.default_js, self.default_css = [], []
        # Same input, same page: folium's names are random otherwise.
        self._id = "kaart"
        self.data = data
        self.parts = parts
        _Page(height="700px").add_child(self, name="kaart")

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401  folium's own signature
        """Render the map into its page.

        Parameters
        ----------
        **kwargs
            Passed on by branca.

        Returns
        -------
        str
            What folium returns.
        """
        rendered: str = super().render(**kwargs)  # type: ignore[no-untyped-call]
        if any(isinstance(child, folium.Icon) for child in _below(self)):
            # These are drawn with scripts and fonts that folium fetches, as in any folium map; they
            # come after Leaflet, which they need.
            header = self.get_root().header  # type: ignore[attr-defined]
            for name, url in folium.Map.default_js:
                if name != "leaflet":
                    header.add_child(JavascriptLink(url), name=name)
            for name, url in folium.Map.default_css:
                if name != "leaflet_css":
                    header.add_child(CssLink(url), name=name)
        return rendered

    def save(
        self,
        outfile: str | bytes | Path | BinaryIO,
        close_file: bool = True,  # noqa: FBT001, FBT002  folium's own signature
        **kwargs: Any,  # noqa: ANN401  idem
    ) -> None:
        """Write the page: whole, or not at all.

        Parameters
        ----------
        outfile : str, bytes, Path or file
            Where to; a file that is open is written as folium does.
        close_file : bool
            Whether such a file is closed.
        **kwargs
            Passed on to branca.

        Raises
        ------
        OutputError
            When it cannot be written; what stood there is untouched.
        """
        if isinstance(outfile, str | bytes | Path):
            page: str = self.get_root().render(**kwargs)
            write_whole(Path(os.fsdecode(outfile)), page.encode("utf-8"))
        else:
            super().save(outfile, close_file, **kwargs)


def _below(element: Element) -> Iterator[Element]:
    """Go through everything that was added to an element, however deep."""
    for child in element._children.values():  # noqa: SLF001  branca has no other door
        yield child
        yield from _below(child)


def map_screening(
    screening: Screening,
    *,
    title: str = "Woningbouwlocaties en knelpunten",
    group: Sequence[str] | None = None,
) -> ScreeningMap:
    """Draw a screening on an interactive map.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    title : str
        Heading of the page.
    group : sequence of str, optional
        Columns of the locations to filter on; without it a gemeente, woondealregio or provincie
        that is recognised.

    Returns
    -------
    ScreeningMap
        A `folium.Map`; shows itself in a notebook, and ``save`` writes a page that opens without
        internet. Shapes are simplified for display (sites by 1 m; layers by at least 5 m); the
        figures are those of the screening. Of layers only features within 5 km of the sites that a
        rule can count are drawn. A location without a usable shape is in the tables and the search,
        not on the map.
    """
    sites, usable = screening.locaties.geometry.to_numpy(), screening.locations.usable
    drawn = sites.copy()
    drawn[~usable] = None
    counting = [shapes_that_count(layer, screening.on) for layer in screening.layers]
    tolerance, layer_shapes = _layer_shapes([shapes for shapes, _ in counting], drawn)
    styles = layer_styles(len(screening.layers))
    edges = [coverage_edge(layer.coverage) for layer in screening.layers]
    texts = _Texts()
    groups = _groups(screening, group)
    data = {
        "locaties": _site_data(screening, drawn),
        "lagen": [
            _layer_data(layer, shapes, edge, style)
            for layer, shapes, edge, style in zip(
                screening.layers, layer_shapes, edges, styles, strict=True
            )
        ],
        "toetsen": [_verdict_data(screening, toets, texts) for toets in screening.toetsen],
        "teksten": texts.texts,
        "achtergronden": [{"url": url, "bron": credit} for _, url, credit in BACKGROUNDS]
        + [{"url": None, "bron": ""}],
        "hoeken": packed(np.array([_corners(drawn)]))[0][0],
        "toets": SCREENING,
        "hardheden": list(HARDNESS),
        "gebieden": [
            {"titel": shortened(column), "namen": names, "plaats": places}
            for column, names, places in groups
        ],
    }
    parts = {
        "titel": html_text(shortened(title)),
        "toets": html_text(SCREENING),
        "zij": aside(
            screening,
            tolerance,
            counting,
            edges=any(map(len, edges)),
            groups=[(column, names) for column, names, _ in groups],
        ),
        "css": _asset("kaart.css"),
        "js": "".join(map(_asset, ("locaties.js", "keuze.js", "kaart.js"))),
        "leaflet_css": _leaflet("leaflet.css"),
        "leaflet_js": _leaflet("leaflet.js"),
        "tekens": _leaflet_signs(),
    }
    return ScreeningMap(page_data(data), parts)


def _corners(drawn: NDArray[np.object_]) -> shapely.Geometry:
    """Give the box that the map shows first: the country where no location can be drawn."""
    there = shapely.total_bounds(drawn)
    return shapely.box(*(outline().bounds if np.isnan(there).any() else there))


def _groups(
    screening: Screening, wanted: Sequence[str] | None
) -> list[tuple[str, list[str], list[int]]]:
    """Give the columns to filter on, with their values and the value of each location."""
    frame = screening.locaties
    there = [str(c) for c in frame.columns if c != "geometry"]
    if wanted is None:
        found = [recognise(there, names) for names in REGION_NAMES.values()]
        chosen = [column for column in found if column is not None]
    else:
        chosen = list(wanted)
        if stray := [c for c in chosen if c not in there]:
            raise ColumnError(f"kolom {stray[0]!r} bestaat niet in de locaties; kies een andere.")
    groups = []
    for column in chosen:
        texts = as_text(frame[column]).map(shortened).where(lambda t: t != "", "onbekend")
        names = sorted(texts.unique(), key=str.casefold)
        position = {name: i for i, name in enumerate(names)}
        groups.append((column, names, [position[text] for text in texts]))
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


def _numbers(column: pd.Series, decimals: int) -> list[float | None]:
    """Round a column; null for what is unknown."""
    rounded = column.round(decimals)
    return [None if np.isnan(v) else v for v in rounded.to_numpy(dtype=float).tolist()]


def _site_data(screening: Screening, drawn: NDArray[np.object_]) -> dict[str, Any]:
    """Gather what the page tells of locations."""
    frame = screening.locaties
    area = frame[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1, min_count=3)
    return {
        "id": [shortened(text) for text in frame["locatie_id"]],
        "naam": [shortened(text) for text in frame["naam"]],
        "woningen": _numbers(frame["woningen"], 2),
        "planstatus": frame["planstatus"].tolist(),
        "hardheid": frame["hardheid"].tolist(),
        "oordeel": frame["oordeel"].map(OORDELEN.index).tolist(),
        "oppervlakte": _numbers(area, 0),
        "belemmerd": _numbers(frame["belemmerd_m2"], 0),
        "onbekend": _numbers(frame["onbekend_m2"], 0),
        "vormen": packed(simplified(drawn, SITE_TOLERANCE_M)),
        "punten": [rings[0] if rings else [] for rings in packed(shapely.point_on_surface(drawn))],
    }


def _layer_shapes(
    features: Sequence[NDArray[np.object_]], drawn: NDArray[np.object_]
) -> tuple[float, list[NDArray[np.object_]]]:
    """Take the parts of features around the sites, and simplify them until a page can bear them.

    Parts are shown whole: the edge of a cut would look like the edge of a nature area.
    """
    west, south, east, north = shapely.total_bounds(drawn) + AROUND_M * np.array([-1, -1, 1, 1])
    around = shapely.box(west, south, east, north)
    near = []
    for layer in features:
        shapes, _ = single_parts(layer)
        near.append(shapes[shapely.intersects(shapely.envelope(shapes), around)])
    tolerance = step = _LAYER_TOLERANCE_M
    simple = [simplified(shapes, step, keep_holes=False) for shapes in near]
    while sum(map(count_corners, simple)) > _LAYER_CORNERS and tolerance < _MOST_M:
        # From what is simple already: quick, and edges move by what both steps move them.
        step *= 2
        tolerance += step
        simple = [simplified(shapes, step, keep_holes=False) for shapes in simple]
    return tolerance, simple


def _layer_data(
    layer: Layer,
    shapes: NDArray[np.object_],
    edge: NDArray[np.object_],
    style: tuple[str, str | None],
) -> dict[str, Any]:
    """Gather what the page draws of a layer."""
    kinds = by_dimension(shapes)
    return {
        "sleutel": layer.key,
        "kleur": style[0],
        "streep": style[1],
        "punten": packed(kinds[0]),
        "lijnen": packed(kinds[1]),
        "vlakken": packed(kinds[2]),
        "dekking": packed(edge),
    }


def _verdict_data(screening: Screening, toets: Toets, texts: _Texts) -> dict[str, Any]:
    """Gather what the page tells of a rule at each location."""
    frame, key = screening.locaties, toets.key
    reasons = screening.treffers.loc[screening.treffers["laag"] == key, "reden"]
    return {
        "sleutel": key,
        "titel": shortened(toets.title),
        "oordeel": frame[f"{key}_oordeel"].map(OORDELEN.index).tolist(),
        "reden": texts.positions(reasons),
        "objecten": texts.positions(frame[f"{key}_objecten"]),
        "afstand": _numbers(frame[f"{key}_afstand_m"], 1),
    }


def _asset(name: str) -> str:
    """Read a file of this package."""
    return resources.files("woongeo.webmap").joinpath(name).read_text(encoding="utf-8")


def _leaflet(name: str) -> str:
    """Read Leaflet from its package, with its images put into the style sheet."""
    text = _LEAFLET.joinpath(name).read_text(encoding="utf-8")
    if name.endswith(".css"):
        return re.sub(r"url\(images/([\w.-]+)\)", lambda m: f"url({_image(m.group(1))})", text)
    # A source map is one more address to ask for.
    return re.sub(r"//# sourceMappingURL=\S+", "", text)


def _leaflet_signs() -> str:
    """Give Leaflet's markers, which a user may add, their images: it would look for files."""
    names = {
        "iconUrl": "marker-icon.png",
        "iconRetinaUrl": "marker-icon-2x.png",
        "shadowUrl": "marker-shadow.png",
    }
    return json.dumps({option: _image(name) for option, name in names.items()})


def _image(name: str) -> str:
    """Write an image of Leaflet's as an address that holds it."""
    image = _LEAFLET.joinpath("images", name).read_bytes()
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"
