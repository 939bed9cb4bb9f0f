"""The page around the map, and what is told on it in words."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import warnings
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from woongeo.encode import html_text, shortened
from woongeo.errors import LargePageWarning
from woongeo.files import write_whole
from woongeo.numerals import counted, dutch
from woongeo.threads import Crew, uncollected
from woongeo.verdict import SCREENING
from woongeo.webmap.backgrounds import hosts
from woongeo.webmap.content import gather
from woongeo.webmap.panel import aside, plain_aside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from woongeo.screening import Screening

#: So many make a page of 25 MB, which opens in nine seconds; of more no map is drawn.
MOST_SITES = 400_000
# A page that is larger is slow to open on a phone, and too large for most post.
_LARGE_BYTES = 5_000_000

_LEAFLET = resources.files("xstatic.pkg.leaflet").joinpath("data")


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
        images = " ".join(["data:", *hosts()])
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
    screening : Screening, optional
        Of what it is: who writes it for an audience asks which plans it shows. Of a map that does
        not say so nobody knows.
    """

    # branca compiles what a macro gives as a template of its own: half a megabyte of data need not
    # pass through that, so what is raw here is filled in by then.
    _template = Template(
        """
        {% macro header(this, kwargs) %}{% raw %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ this.parts.titel }}</title>
<style>{{ this.parts.leaflet_css }}</style>
<style>{{ this.parts.css }}</style>
<script>{{ this.parts.leaflet_js }}</script>
<script>{{ this.parts.js }}</script>
        {% endraw %}{% endmacro %}
        {% macro html(this, kwargs) %}{% raw %}
<a class="naar-lijst" href="#{{ this.parts.naar }}">Ga naar wat naast de kaart staat</a>
<header><h1 class="tekst">{{ this.parts.titel }}</h1><p>{{ this.parts.toets }}</p></header>
<div class="vlak">
<main aria-label="Kaart"><div id="kaart-vak" class="kaart-vak">
<div id="kaart" class="kaart" tabindex="0" role="application"
aria-label="Kaart van de locaties; elke locatie staat ook in de tabel en het zoekveld"></div>
<p id="laden" class="laden" role="status">{{ this.parts.laden }}</p></div>
<section id="tabel-vak" class="tabel-vak" aria-label="Tabel van de locaties" hidden>
<label><input type="checkbox" id="alleen-in-beeld"> Alleen wat op de kaart in beeld is</label>
<div id="tabel" class="tabel" tabindex="-1"></div></section></main>
<aside aria-label="Zoeken, legenda, aantallen en bronnen">
<p id="melding" class="melding" role="status" hidden></p>
{{ this.parts.zij }}
</aside></div>
        {% endraw %}{% endmacro %}
        {% macro script(this, kwargs) %}
var {{ this.get_name() }}_beweegt = !matchMedia("(prefers-reduced-motion: reduce)").matches;
var {{ this.get_name() }} = L.map("kaart", {
  fadeAnimation: {{ this.get_name() }}_beweegt, zoomAnimation: {{ this.get_name() }}_beweegt,
  crs: L.CRS.EPSG3857, center: [52.2, 5.3], zoom: 8, minZoom: 6, maxZoom: 19, preferCanvas: true,
  zoomControl: false
});
L.control.zoom({zoomInTitle: "Inzoomen", zoomOutTitle: "Uitzoomen"}).addTo({{ this.get_name() }});
L.Icon.Default.imagePath = "";
L.Icon.Default.mergeOptions({% raw %}{{ this.parts.tekens }}{% endraw %});
L.control.scale({imperial: false}).addTo({{ this.get_name() }});
woongeoKaart({{ this.get_name() }}, "{% raw %}{{ this.data }}{% endraw %}");
        {% endmacro %}
        """
    )

    def __init__(
        self, data: str, parts: dict[str, str], screening: Screening | None = None
    ) -> None:
        super().__init__(tiles=None)
        # folium would fetch scripts and styles from other hosts; the page carries its own.
        self.default_js, self.default_css = [], []
        # Same input, same page: folium's names are random otherwise.
        self._id = "kaart"
        self.data = data
        self.parts = parts
        self.screening = screening
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
        root = self.get_root()
        for place in (root.header, root.html, root.script):  # type: ignore[attr-defined]
            own = place._children[self.get_name()]  # noqa: SLF001  branca has no other door
            own.parts, own.data = self.parts, self.data
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
        internet. Shapes are simplified for display (sites by 1 m, or up to 8 m where they are very
        many; layers by at least 5 m), which the page states; the figures are those of the
        screening. Of layers only features within 5 km of the sites that a
        rule can count are drawn. A location without a usable shape is in the tables and the search,
        not on the map. Of more than `MOST_SITES` locations the page has no map, and says so.

    Warns
    -----
    LargePageWarning
        When the page becomes larger than 5 MB, or has no map.
    """
    number = len(screening.locaties)
    if number > MOST_SITES:
        return _without_map(screening, title)
    with uncollected():
        content = gather(screening, group)
    told = f"{counted(number, 'locatie', 'locaties')}, "
    told += counted(len(screening.layers), "laag", "lagen")
    # What compresses lets go of Python's lock.
    with Crew() as crew:
        packed = crew.begin(content.data)
        panel = aside(
            screening,
            (content.site_tolerance_m, content.layer_tolerance_m),
            content.counting,
            edges=content.edges,
            groups=content.groups,
        )
        data = packed.result()
    size = len(data)
    if size > _LARGE_BYTES:
        warnings.warn(
            f"de kaart wordt {_megabytes(size)} groot ({told}): zij opent traag en past niet in "
            "een mail; maak liever een kaart per provincie of gemeente.",
            LargePageWarning,
            stacklevel=2,
        )
    busy = (
        f"De kaart wordt geladen: {told}, {_megabytes(size)}. Blijft dit staan, dan staat "
        "JavaScript uit of is de browser te oud; de aantallen en bronnen naast de kaart kloppen."
    )
    return ScreeningMap(data, _parts(title, panel, busy), screening)


def _without_map(screening: Screening, title: str) -> ScreeningMap:
    """Make a page that tells of the screening in words, and why there is no map."""
    why = (
        f"Deze screening telt {_number(len(screening.locaties))} locaties; een kaart in een "
        f"browser draagt er hoogstens {_number(MOST_SITES)}, en is daarom niet getekend"
    )
    instead = (
        "maak een kaart per provincie of gemeente, of open de locaties (locaties.gpkg) in QGIS"
    )
    warnings.warn(f"{why[0].lower()}{why[1:]}; {instead}.", LargePageWarning, stacklevel=3)
    return ScreeningMap(
        "",
        _parts(title, plain_aside(screening), f"{why}. Wat kan: {instead}. De aantallen kloppen."),
        screening,
    )


def _parts(title: str, panel: str, busy: str) -> dict[str, str]:
    """Gather the parts of a page."""
    scripts = ("pak.js", "locaties.js", "keuze.js", "afdruk.js", "kaart.js")
    return {
        "titel": html_text(shortened(title)),
        "toets": html_text(SCREENING),
        "zij": panel,
        "laden": html_text(busy),
        "naar": "zoek" if 'id="zoek"' in panel else "afdrukken",
        "css": _asset("kaart.css"),
        "js": "".join(map(_asset, scripts)),
        "leaflet_css": _leaflet("leaflet.css"),
        "leaflet_js": _leaflet("leaflet.js"),
        "tekens": _leaflet_signs(),
    }


def _number(count: int) -> str:
    """Write a whole number."""
    return dutch(count, decimals=0)


def _megabytes(size: int) -> str:
    """Write how large something is."""
    return f"{dutch(size / 1e6, decimals=1)} MB"


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
