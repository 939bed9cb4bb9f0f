"""What is told beside the map in words: search, legend, counts and sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import shapely

from woongeo.encode import html_text, shortened
from woongeo.numerals import dutch
from woongeo.verdict import OORDELEN
from woongeo.webmap.backgrounds import backgrounds
from woongeo.webmap.shapes import AROUND_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.screening import Screening
    from woongeo.sources import Source

# Distinct from the verdicts' colours; each with a stroke of its own, so that colour is not needed.
_LAYER_STYLES = (
    ("#007a55", None), ("#8c3f74", "8 4"), ("#7a5200", "2 4"), ("#1f5f86", "10 4 2 4"),
    ("#332288", "1 3"), ("#5c5c00", "6 2"), ("#882255", "12 3"), ("#44aa99", "3 3"),
)  # fmt: skip


def layer_styles(n: int) -> list[tuple[str, str | None]]:
    """Give each layer a colour and a stroke of its own.

    Parameters
    ----------
    n : int
        How many layers.

    Returns
    -------
    list of (str, str or None)
        Colour, and dashes as SVG writes them.
    """
    return [_LAYER_STYLES[i % len(_LAYER_STYLES)] for i in range(n)]


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


# The same for how hard a plan is, which is what is shown before constraints.
_HARDNESS = {
    "hard": (
        '<path d="M10 1 17 8 10 15 3 8Z" fill="#4b3ba8" stroke="#1c124f"/>',
        _SURFACE.format("#4b3ba8", 0.65, "#1c124f", 'stroke-width="2"')
        + '<path d="M1 9 8 2M3 14 15 2M10 14 19 5" stroke="#1c124f"/>',
    ),
    "zacht": (
        '<path d="M10 15 2 2h16Z" fill="#cc79a7" stroke="#6b2a5b"/>',
        _SURFACE.format("#cc79a7", 0.6, "#6b2a5b", 'stroke-width="1.5"'),
    ),
    "onbekend": _SWATCHES["onbekend"],
    "telt niet mee": (
        '<circle cx="10" cy="8" r="6.5" fill="#fff" stroke="#4a4a4a"/>',
        _SURFACE.format("#fff", 0.5, "#4a4a4a", 'stroke-dasharray="1 3"'),
    ),
}


# Such a note is for who keeps the file of plans: a long one is folded, so that what the map tells
# is not pushed from the screen.
_CHECKED, _LONG = "Controle van de locaties", 120

#: How hard a plan can be, in the order of the legend.
HARDNESS = tuple(_HARDNESS)


def aside(
    screening: Screening,
    tolerance_m: tuple[float, float],
    counting: Sequence[tuple[NDArray[np.object_], str]],
    *,
    edges: bool,
    groups: Sequence[tuple[str, Sequence[str]]] = (),
) -> str:
    """Write the panel beside the map: warnings first, then search, legend, tables and sources.

    Parameters
    ----------
    screening : Screening
        What is shown.
    tolerance_m : (float, float)
        How far edges of sites and of layers were moved for display.
    counting : sequence of (ndarray of shapely geometries, str)
        Per layer the shapes that count, and what is said of those that do not.
    edges : bool
        Whether the edge of any layer's coverage is drawn.
    groups : sequence of (str, sequence of str)
        Columns to filter on, with their values.

    Returns
    -------
    str
        HTML; every string in it has been encoded.
    """
    verdicts, layers = _legend(screening, counting, edges=edges)
    view, pick = _view(screening), _filters(screening, groups)
    told = f"{_counts(screening)}{_sources(screening)}"
    return (
        f"{_notes(screening)}{_totals()}{_search()}{view[0]}{verdicts}{view[1]}{pick}{layers}{told}"
        f"<p>Vormen zijn op de kaart vereenvoudigd (locaties {dutch(tolerance_m[0])} m, lagen "
        f"{dutch(tolerance_m[1])} m; lagen tot {dutch(AROUND_M / 1000)} km om de locaties); de "
        f"cijfers niet. {_made(screening)}</p>"
    )


def plain_aside(screening: Screening) -> str:
    """Write the panel where there is no map: warnings, tables and sources.

    Parameters
    ----------
    screening : Screening
        What is told.

    Returns
    -------
    str
        HTML; every string in it has been encoded.
    """
    print_it = '<p class="knoppenrij"><button type="button" id="afdrukken">Druk af</button></p>'
    told = f"{_counts(screening)}{_sources(screening)}<p>{_made(screening)}</p>"
    return f"{_notes(screening)}{print_it}{told}"


def _notes(screening: Screening) -> str:
    """Write what a reader must know first; what was found in the file can be unfolded."""
    written = ""
    for note in screening.notes():
        heading, _, rest = note.partition(": ")
        if heading == _CHECKED and len(rest) > _LONG:
            written += (
                f'<details class="melding tekst"><summary>{_CHECKED}: wat opviel</summary>'
                f"<div>{html_text(shortened(rest))}</div></details>"
            )
        else:
            written += f'<p class="melding tekst">{html_text(shortened(note))}</p>'
    return written


def _made(screening: Screening) -> str:
    """Say what made the page, and for which day."""
    return f"woongeo {html_text(screening.version)}, {screening.on.isoformat()}."


def _search() -> str:
    return (
        '<div class="op-scherm"><h2><label for="zoek">Zoek een locatie</label></h2>'
        '<input id="zoek" type="search" autocomplete="off" placeholder="naam, id of oordeel">'
        '<p id="aantal-gevonden" role="status"></p><ul id="gevonden" class="knoppen"></ul></div>'
        '<div id="feiten" tabindex="-1"></div>'
    )


def _totals() -> str:
    return (
        '<p id="in-beeld" class="in-beeld" role="status"></p>'
        '<p id="gekozen" class="op-papier tekst"></p>'
        '<p class="knoppenrij"><button type="button" id="tabel-knop" aria-expanded="false" '
        'aria-controls="tabel-vak">Toon als tabel</button>'
        '<button type="button" id="afdrukken">Druk af</button>'
        '<button type="button" id="alles-tonen" hidden>Wis filters</button></p>'
    )


def _filters(screening: Screening, groups: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Write what locations can be chosen by, beside their verdict and hardness."""
    picks = ""
    for k, (column, names) in enumerate(groups):
        listed = "".join(
            f'<option value="{i}">{html_text(name)}</option>' for i, name in enumerate(names)
        )
        picks += (
            f'<p class="keuze"><label for="gebied-{k}">{html_text(shortened(column))}</label>'
            f'<select id="gebied-{k}"><option value="">alle</option>{listed}</select></p>'
        )
    rules = "".join(
        f'<option value="{i}">{html_text(shortened(toets.title))}</option>'
        for i, toets in enumerate(screening.toetsen)
    )
    picks += (
        '<p class="keuze"><label for="knelpunt">Belemmerd door</label><select id="knelpunt">'
        f'<option value="">alle, ook niets</option>{rules}</select></p>'
        '<p class="keuze"><label for="minstens">Woningen, minstens</label>'
        '<input id="minstens" type="number" min="0" step="1" inputmode="numeric"></p>'
    )
    return f'<fieldset class="op-scherm"><legend><h2>Filter</h2></legend>{picks}</fieldset>'


def _view(screening: Screening) -> tuple[str, str]:
    """Write the choice between before and after constraints, and the legend of hardness."""
    hardness = screening.locaties["hardheid"].value_counts()
    boxes = "".join(
        f'<li><label><input type="checkbox" id="hardheid-{k}" checked> '
        f"{_swatch(_HARDNESS[h][0])}{_swatch(_HARDNESS[h][1])}{h} "
        f"({dutch(float(hardness.get(h, 0)), decimals=0)})</label></li>"
        for k, h in enumerate(HARDNESS)
    )
    views = (
        '<li><label><input type="radio" name="beeld" id="beeld-na" checked> '
        "Na knelpunten: kleur naar oordeel</label></li>"
        '<li><label><input type="radio" name="beeld" id="beeld-voor"> '
        "Vóór knelpunten: kleur naar hardheid</label></li>"
    )
    return _group("Beeld", views, kind="op-scherm"), _group("Hardheid", boxes, kind="legenda-voor")


def _group(heading: str, items: str, below: str = "", *, kind: str = "") -> str:
    """Put choices that belong together in a group with a heading."""
    return (
        f'<fieldset class="{kind}"><legend><h2>{heading}</h2></legend><ul>{items}</ul>{below}'
        "</fieldset>"
    )


def _legend(
    screening: Screening, counting: Sequence[tuple[NDArray[np.object_], str]], *, edges: bool
) -> tuple[str, str]:
    """Write the legend of verdicts, and that of layers and backgrounds."""
    verdicts = "".join(
        f'<li><label><input type="checkbox" id="oordeel-{o}" checked> '
        f"{_swatch(_SWATCHES[o][0])}{_swatch(_SWATCHES[o][1])}{o} "
        f"({dutch(n, decimals=0)})</label></li>"
        for o, n in screening.counts().items()
    )
    layers = ""
    styles = layer_styles(len(screening.layers))
    for layer, (colour, dash), (shapes, left_out) in zip(
        screening.layers, styles, counting, strict=True
    ):
        idle = layer.unknown or layer.stale(screening.on)
        nothing = bool(idle) or not (len(layer) or left_out)
        state = " checked" if len(shapes) else " disabled"
        remark = ": niets over te zeggen" if nothing else f" ({left_out})" if left_out else ""
        layers += (
            f'<li><label><input type="checkbox" id="laag-{layer.key}"{state}> '
            f"{_swatch(_layer_drawing(shapes, colour, dash))}"
            f'<span class="tekst">{html_text(shortened(layer.title))}{remark}</span></label></li>'
        )
    titles = [*(ground.title for ground in backgrounds()), "Geen"]
    grounds = "".join(
        f'<li><label><input type="radio" name="achtergrond" id="achtergrond-{i}"'
        f"{' checked' if not i else ''}> {title}</label></li>"
        for i, title in enumerate(titles)
    )
    edge = (
        "<p>Een dikke stippellijn is de rand van het gebied waarover een laag iets zegt; "
        "daarbuiten is haar oordeel onbekend.</p>"
        if edges
        else ""
    )
    far = "<p>Wat op het scherm klein is staat als teken op de kaart, wat groot is als vlak.</p>"
    return (
        _group("Oordeel", verdicts, far, kind="legenda-na"),
        _group("Lagen", layers, edge) + _group("Achtergrond", grounds, kind="op-scherm"),
    )


def _layer_drawing(shapes: NDArray[np.object_], colour: str, dash: str | None) -> str:
    """Draw a layer's sign: a surface, a line or a point, as its features are."""
    stroke = f'stroke="{colour}" stroke-width="1.5"'
    stroke += f' stroke-dasharray="{dash}"' if dash else ""
    fill = f'fill="{colour}" fill-opacity=".18"'
    kinds = set(shapely.get_dimensions(shapes).tolist())
    if kinds == {1}:
        return f'<path d="M1 8h18" {stroke}/>'
    if kinds == {0}:
        return f'<circle cx="10" cy="8" r="5" {fill} stroke="{colour}" stroke-width="1.5"/>'
    return f'<rect x="1" y="2" width="18" height="12" {fill} {stroke}/>'


def _counts(screening: Screening) -> str:
    """Tell in two small tables how many locations and homes have which verdict."""
    heads = "".join(f'<th scope="col" class="getal">{o}</th>' for o in reversed(OORDELEN))
    names = [(None, "Alle lagen"), *((x.key, x.title) for x in screening.toetsen)]
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
            f'<table class="aantallen"><caption>{what}</caption>'
            f"<thead><tr><td></td>{heads}</tr></thead>"
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
            }
            | _rules(screening, layer),
        )
    return f"<h2>Bronnen</h2>{told}"


def _rules(screening: Screening, layer: Layer) -> dict[str, str]:
    """Say by which rules a layer was judged, and who says so."""
    judged = [x for x in screening.toetsen if x.layer is layer]
    names = [toets.rule.title or layer.title for toets in judged]
    if len(set(names)) < len(names):
        # Without a title of their own, or under one, only their whole names differ.
        names = [toets.title for toets in judged]
    told = {}
    for toets, name in zip(judged, names, strict=True):
        of = f" {name}" if len(judged) > 1 else ""
        sure = "" if toets.rule.certainty == "bron" else f"; zekerheid: {toets.rule.certainty}"
        told[f"regel{of}"] = f"{toets.rule.in_words()} ({toets.rule.severity})"
        told[f"bron van de regel{of}"] = f"{toets.rule.source}{sure}"
    return told


def _file(source: Source | None) -> str:
    """Name a file, without the folders of whoever made the page; the manifest has those."""
    return re.split(r"[/\\]", source.path)[-1] if source else "geen"


def _facts(heading: str, facts: dict[str, str]) -> str:
    """List facts under a heading."""
    listed = "".join(
        f'<dt>{html_text(shortened(name))}</dt><dd class="tekst">{html_text(shortened(fact))}</dd>'
        for name, fact in facts.items()
    )
    return f'<h3 class="tekst">{html_text(shortened(heading))}</h3><dl>{listed}</dl>'
