"""The page around the map, and what is told on it in words."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import folium
import numpy as np
import shapely
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from woongeo.encode import dutch, html_text, page_data, shortened
from woongeo.verdict import OORDELEN, SCREENING
from woongeo.webmap.shapes import by_dimension, count_corners, packed, simplified, single_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.screening import Screening
    from woongeo.sources import Source

_PDOK = "https://service.pdok.nl"
_BRT, _PHOTO = f"{_PDOK}/brt/achtergrondkaart/wmts/v2_0", f"{_PDOK}/hwh/luchtfotorgb/wmts/v1_0"
_TILE = "EPSG:3857/{z}/{x}/{y}"

#: PDOK's backgrounds in web mercator: title, address, credit. The first is shown.
BACKGROUNDS: tuple[tuple[str, str, str], ...] = (
    ("Grijs", f"{_BRT}/grijs/{_TILE}.png", "Kaartgegevens © Kadaster"),
    ("Standaard", f"{_BRT}/standaard/{_TILE}.png", "Kaartgegevens © Kadaster"),
    ("Luchtfoto", f"{_PHOTO}/Actueel_orthoHR/{_TILE}.jpeg", "Luchtfoto © Beeldmateriaal.nl"),
)

# Distinct from the verdicts' colours; each with a stroke of its own, so that colour is not needed.
_LAYER_STYLES = (
    ("#007a55", None), ("#8c3f74", "8 4"), ("#7a5200", "2 4"), ("#1f5f86", "10 4 2 4"),
    ("#332288", "1 3"), ("#5c5c00", "6 2"), ("#882255", "12 3"), ("#44aa99", "3 3"),
)  # fmt: skip

_LEAFLET = resources.files("xstatic.pkg.leaflet").joinpath("data")

_SITE_TOLERANCE_M = 1.0
_LAYER_TOLERANCE_M = 5.0
# A page draws so many corners of layers without effort.
_LAYER_CORNERS = 150_000
# Layers are shown so far around the sites.
_AROUND_M = 5_000.0


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
aria-label="Kaart van de locaties; elke locatie is ook te vinden met het zoekveld"></div></main>
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


def _below(element: Element) -> Iterator[Element]:
    """Go through everything that was added to an element, however deep."""
    for child in element._children.values():  # noqa: SLF001  branca has no other door
        yield child
        yield from _below(child)


def map_screening(
    screening: Screening, *, title: str = "Woningbouwlocaties en knelpunten"
) -> ScreeningMap:
    """Draw a screening on an interactive map.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    title : str
        Heading of the page.

    Returns
    -------
    ScreeningMap
        A `folium.Map`; shows itself in a notebook, and ``save`` writes a page that opens without
        internet. Shapes are simplified for display (sites by 1 m; layers by at least 5 m, and only
        within 5 km of the sites); the figures are those of the screening. A location without a
        usable shape is in the tables and the search, not on the map.
    """
    sites, usable = screening.locaties.geometry.to_numpy(), screening.locations.usable
    drawn = sites.copy()
    drawn[~usable] = None
    tolerance, layer_shapes = _layer_shapes(screening.layers, drawn)
    texts = _Texts()
    data = {
        "locaties": _site_data(screening, drawn),
        "lagen": [
            _layer_data(screening, layer, shapes, style, texts)
            for layer, shapes, style in zip(
                screening.layers, layer_shapes, _styles(len(screening.layers)), strict=True
            )
        ],
        "teksten": texts.texts,
        "achtergronden": [{"url": url, "bron": credit} for _, url, credit in BACKGROUNDS]
        + [{"url": None, "bron": ""}],
        "hoeken": packed(np.array([shapely.box(*shapely.total_bounds(drawn))]))[0][0],
        "toets": SCREENING,
    }
    parts = {
        "titel": html_text(shortened(title)),
        "toets": html_text(SCREENING),
        "zij": _aside(screening, tolerance),
        "css": _asset("kaart.css"),
        "js": _asset("kaart.js"),
        "leaflet_css": _leaflet("leaflet.css"),
        "leaflet_js": _leaflet("leaflet.js"),
        "tekens": _leaflet_signs(),
    }
    return ScreeningMap(page_data(data), parts)


def _styles(n: int) -> list[tuple[str, str | None]]:
    return [_LAYER_STYLES[i % len(_LAYER_STYLES)] for i in range(n)]


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
        "vormen": packed(simplified(drawn, _SITE_TOLERANCE_M)),
        "punten": [rings[0] if rings else [] for rings in packed(shapely.point_on_surface(drawn))],
    }


def _layer_shapes(
    layers: Sequence[Layer], drawn: NDArray[np.object_]
) -> tuple[float, list[NDArray[np.object_]]]:
    """Take the parts of features around the sites, and simplify them until a page can bear them.

    Parts are shown whole: the edge of a cut would look like the edge of a nature area.
    """
    west, south, east, north = shapely.total_bounds(drawn) + _AROUND_M * np.array([-1, -1, 1, 1])
    around = shapely.box(west, south, east, north)
    near = []
    for layer in layers:
        shapes, _ = single_parts(layer.features.geometry.to_numpy())
        near.append(shapes[shapely.intersects(shapely.envelope(shapes), around)])
    tolerance = _LAYER_TOLERANCE_M
    while True:
        simple = [simplified(shapes, tolerance) for shapes in near]
        if sum(map(count_corners, simple)) <= _LAYER_CORNERS or tolerance > 500:
            return tolerance, simple
        tolerance *= 2


def _layer_data(
    screening: Screening,
    layer: Layer,
    shapes: NDArray[np.object_],
    style: tuple[str, str | None],
    texts: _Texts,
) -> dict[str, Any]:
    """Gather what the page tells of a layer at each location."""
    frame = screening.locaties
    reasons = screening.treffers.loc[screening.treffers["laag"] == layer.key, "reden"]
    kinds = by_dimension(shapes)
    return {
        "sleutel": layer.key,
        "titel": shortened(layer.title),
        "kleur": style[0],
        "streep": style[1],
        "punten": packed(kinds[0]),
        "lijnen": packed(kinds[1]),
        "vlakken": packed(kinds[2]),
        "oordeel": frame[f"{layer.key}_oordeel"].map(OORDELEN.index).tolist(),
        "reden": texts.positions(reasons),
        "objecten": texts.positions(frame[f"{layer.key}_objecten"]),
        "afstand": _numbers(frame[f"{layer.key}_afstand_m"], 1),
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


# Per verdict its sign, for sites seen from far, and its surface, for those seen from near.
_SURFACE = '<path d="M1 2h18v12H1Z" fill="{}" fill-opacity="{}" stroke="{}" {}/>'
_SWATCHES = {
    "belemmerd": (
        '<path d="M10 1 18 15H2Z" fill="#d55e00" stroke="#8f3f00"/>',
        _SURFACE.format("#d55e00", 0.65, "#8f3f00", 'stroke-width="2"')
        + '<path d="M1 9 8 2M3 14 15 2M10 14 19 5" stroke="#8f3f00"/>',
    ),
    "onbekend": (
        '<path d="M4 2h12v12H4Z" fill="#767676" stroke="#4a4a4a"/>',
        _SURFACE.format("#767676", 0.45, "#4a4a4a", 'stroke-width="1.5" stroke-dasharray="4 3"'),
    ),
    "vrij": (
        '<circle cx="10" cy="8" r="6.5" fill="#0072b2" stroke="#004b77"/>',
        _SURFACE.format("#0072b2", 0.55, "#004b77", 'stroke-width="1.5"'),
    ),
}


def _swatch(drawing: str) -> str:
    """Draw a sign of the legend."""
    return f'<svg class="staal" viewBox="0 0 20 16" aria-hidden="true">{drawing}</svg>'


def _aside(screening: Screening, tolerance_m: float) -> str:
    """Write the panel beside the map: warnings first, then search, legend, tables and sources."""
    notes = "".join(
        f'<p class="melding tekst">{html_text(shortened(n))}</p>' for n in screening.notes()
    )
    return (
        f"{notes}{_search()}{_legend(screening)}{_counts(screening)}{_sources(screening)}"
        f"<p>Vormen zijn op de kaart vereenvoudigd (locaties {dutch(_SITE_TOLERANCE_M)} m, lagen "
        f"{dutch(tolerance_m)} m; lagen tot {dutch(_AROUND_M / 1000)} km om de locaties); de "
        f"cijfers niet. woongeo {html_text(screening.version)}, {screening.on.isoformat()}.</p>"
    )


def _search() -> str:
    return (
        '<h2><label for="zoek">Zoek een locatie</label></h2>'
        '<input id="zoek" type="search" autocomplete="off" placeholder="naam, id of oordeel">'
        '<p id="aantal-gevonden" role="status"></p><ul id="gevonden" class="knoppen"></ul>'
        '<div id="feiten" tabindex="-1"></div>'
    )


def _group(heading: str, items: str, below: str = "") -> str:
    """Put choices that belong together in a group with a heading."""
    return f"<fieldset><legend><h2>{heading}</h2></legend><ul>{items}</ul>{below}</fieldset>"


def _legend(screening: Screening) -> str:
    verdicts = "".join(
        f'<li><label><input type="checkbox" id="oordeel-{o}" checked> '
        f"{_swatch(_SWATCHES[o][0])}{_swatch(_SWATCHES[o][1])}{o} "
        f"({dutch(n, decimals=0)})</label></li>"
        for o, n in screening.counts().items()
    )
    layers = ""
    styles = _styles(len(screening.layers))
    for layer, (colour, dash) in zip(screening.layers, styles, strict=True):
        nothing = bool(layer.unknown or layer.stale(screening.on)) or not len(layer)
        state = " disabled" if not len(layer) else " checked"
        remark = ": niets over te zeggen" if nothing else ""
        layers += (
            f'<li><label><input type="checkbox" id="laag-{layer.key}"{state}> '
            f"{_swatch(_layer_drawing(layer, colour, dash))}"
            f'<span class="tekst">{html_text(shortened(layer.title))}{remark}</span></label></li>'
        )
    titles = [*(title for title, _, _ in BACKGROUNDS), "Geen"]
    grounds = "".join(
        f'<li><label><input type="radio" name="achtergrond" id="achtergrond-{i}"'
        f"{' checked' if not i else ''}> {title}</label></li>"
        for i, title in enumerate(titles)
    )
    far = "<p>Uitgezoomd staat elke locatie als teken op de kaart, ingezoomd als vlak.</p>"
    return (
        _group("Oordeel", verdicts, far) + _group("Lagen", layers) + _group("Achtergrond", grounds)
    )


def _layer_drawing(layer: Layer, colour: str, dash: str | None) -> str:
    """Draw a layer's sign: a surface, a line or a point, as its features are."""
    stroke = f'stroke="{colour}" stroke-width="1.5"'
    stroke += f' stroke-dasharray="{dash}"' if dash else ""
    fill = f'fill="{colour}" fill-opacity=".18"'
    kinds = set(shapely.get_dimensions(layer.features.geometry.to_numpy()).tolist())
    if kinds == {1}:
        return f'<path d="M1 8h18" {stroke}/>'
    if kinds == {0}:
        return f'<circle cx="10" cy="8" r="5" {fill} stroke="{colour}" stroke-width="1.5"/>'
    return f'<rect x="1" y="2" width="18" height="12" {fill} {stroke}/>'


def _counts(screening: Screening) -> str:
    """Tell in two small tables how many locations and homes have which verdict."""
    heads = "".join(f'<th scope="col" class="getal">{o}</th>' for o in reversed(OORDELEN))
    names = [(None, "Alle lagen"), *((x.key, x.title) for x in screening.layers)]
    tables = ""
    for what, count in (("Locaties", screening.counts), ("Woningen", screening.homes)):
        rows = ""
        for key, title in names:
            values = count(key)
            cells = "".join(
                f'<td class="getal">{dutch(values[o], decimals=0)}</td>' for o in values
            )
            name = html_text(shortened(title))
            rows += f'<tr><th scope="row" class="tekst">{name}</th>{cells}</tr>'
        tables += (
            f"<table><caption>{what}</caption><thead><tr><td></td>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )
    missing = int(screening.locaties["woningen"].isna().sum())
    what = (
        "locatie zonder aantal woningen telt" if missing == 1 else "locaties zonder aantal tellen"
    )
    note = f"<p>{missing} {what} niet mee in de woningen.</p>" if missing else ""
    return f"<h2>Aantallen</h2>{tables}{note}"


def _sources(screening: Screening) -> str:
    """Say of the locations and of each layer where they come from and what holds for them."""
    told = _facts("Locaties", {"bestand": _file(screening.locations.source)})
    for layer in screening.layers:
        date, coverage = layer.reference_date, layer.coverage
        told += _facts(
            layer.title,
            {
                "peildatum": date.isoformat() if date else "niet bekend",
                "uitgever": layer.publisher or "niet bekend",
                "licentie": layer.licence or "niet bekend",
                "bestand": _file(layer.source),
                "dekking": f"gebieden uit {_file(coverage.source)}"
                if coverage.source
                else coverage.description,
                "regel": f"{layer.rule.in_words()} ({layer.rule.severity})",
                "bron van de regel": layer.rule.source,
            },
        )
    return f"<h2>Bronnen</h2>{told}"


def _file(source: Source | None) -> str:
    """Name a file, without the folders of whoever made the page; the manifest has those."""
    return re.split(r"[/\\]", source.path)[-1] if source else "geen"


def _facts(heading: str, facts: dict[str, str]) -> str:
    """List facts under a heading."""
    listed = "".join(
        f'<dt>{name}</dt><dd class="tekst">{html_text(shortened(fact))}</dd>'
        for name, fact in facts.items()
    )
    return f'<h3 class="tekst">{html_text(shortened(heading))}</h3><dl>{listed}</dl>'
