"""Styles for QGIS: verdicts told apart by colour, pattern and sign, columns named for people.

A style is the XML that QGIS itself keeps of a layer
(https://docs.qgis.org/latest/en/docs/user_manual/appendices/qgis_file_formats.html#qml-the-qgis-style-file-format).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from woongeo.encode import visible
from woongeo.plotting.looks import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from woongeo.plotting.looks import Look

# The oldest QGIS that understands all of it.
_VERSION = "3.28.0"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"

_BRUSH = {
    "": "",
    "////": "b_diagonal",
    "\\\\": "f_diagonal",
    "..": "dense6",
    "--": "horizontal",
    "xx": "diagonal_x",
    "||": "vertical",
    "++": "cross",
    "oo": "dense5",
}
_SIGN = {"o": "circle", "s": "square", "^": "triangle"}

# Beyond this scale a site is too small to be seen as a surface.
_SMALL_FROM = 75_000
_LABELS_TO = 15_000


def site_style(locaties: pd.DataFrame, titles: Mapping[str, str], *, label: str = "naam") -> str:
    """Style locations or search areas by verdict.

    Parameters
    ----------
    locaties : DataFrame
        Whose columns are named.
    titles : mapping
        Column to name for people.
    label : str
        The column that is written on the map.

    Returns
    -------
    str
        QML. A verdict has a colour and a pattern, and on small scales a sign as well.
    """
    root = _root()
    renderer = etree.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0"
    )
    rules = etree.SubElement(renderer, "rules", key="{woongeo-oordelen}")
    symbols = etree.SubElement(renderer, "symbols")
    # Heaviest first in the legend.
    for i, (verdict, look) in enumerate(reversed(VERDICTS.items())):
        test = f"\"oordeel\" = '{verdict}'"
        etree.SubElement(
            rules, "rule", key=f"{{woongeo-{verdict}}}", symbol=str(2 * i), filter=test,
            label=verdict,
        )  # fmt: skip
        etree.SubElement(
            rules, "rule", key=f"{{woongeo-{verdict}-klein}}", symbol=str(2 * i + 1), filter=test,
            label=f"{verdict} (uitgezoomd)", scalemindenom=str(_SMALL_FROM), scalemaxdenom="0",
        )  # fmt: skip
        _surface(_symbol(symbols, "fill", str(2 * i)), look)
        small = _symbol(symbols, "fill", str(2 * i + 1))
        _centroid(small, look, f"@{2 * i + 1}@0")
    _labels(root, label)
    _columns(root, locaties, titles, label)
    return _text(root)


def layer_style(
    look: Look, dimension: int, features: pd.DataFrame, titles: Mapping[str, str]
) -> str:
    """Style the features of a layer.

    Parameters
    ----------
    look : Look
        How it is drawn.
    dimension : int
        0 for points, 1 for lines, 2 for surfaces.
    features : DataFrame
        Whose columns are named.
    titles : mapping
        Column to name for people.

    Returns
    -------
    str
        QML.
    """
    root = _root()
    renderer = etree.SubElement(
        root, "renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0"
    )
    symbols = etree.SubElement(renderer, "symbols")
    if dimension == 2:
        _surface(_symbol(symbols, "fill", "0"), look)
    elif dimension == 1:
        _options(
            _symbol_layer(_symbol(symbols, "line", "0"), "SimpleLine"),
            line_color=_colour(look.edge),
            line_width="0.5",
            line_width_unit="MM",
            **_dashes(look),
        )
    else:
        _marker(_symbol(symbols, "marker", "0"), look)
    _columns(root, features, titles, "object_naam")
    return _text(root)


def _root() -> etree._Element:
    """Begin a style."""
    return etree.Element(
        "qgis", version=_VERSION, styleCategories="Symbology|Labeling|Fields|MapTips"
    )


def _text(root: etree._Element) -> str:
    """Write a style."""
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode", doctype=_DOCTYPE)) + "\n"


def _symbol(parent: etree._Element, kind: str, name: str) -> etree._Element:
    """Begin a symbol."""
    return etree.SubElement(
        parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )


def _symbol_layer(symbol: etree._Element, kind: str) -> etree._Element:
    """Begin a layer of a symbol."""
    made = etree.SubElement(symbol, "layer", enabled="1", locked="0")
    made.set("class", kind)
    made.set("pass", "0")
    return made


def _options(layer: etree._Element, **values: str) -> None:
    """Write the properties of a layer of a symbol."""
    table = etree.SubElement(layer, "Option", type="Map")
    for name, value in values.items():
        etree.SubElement(table, "Option", type="QString", name=name, value=value)


def _colour(colour: str, alpha: float = 1.0) -> str:
    """Write a colour as QGIS does: red, green, blue, alpha."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * alpha)}"


def _dashes(look: Look) -> dict[str, str]:
    """Write the dashes of a line; they are in line widths of about half a millimetre."""
    if isinstance(look.dash, str):
        return {"line_style": "solid", "use_custom_dash": "0"}
    lengths = ";".join(f"{length / 2:g}" for length in look.dash[1])
    return {
        "line_style": "solid",
        "use_custom_dash": "1",
        "customdash": lengths,
        "customdash_unit": "MM",
    }


def _surface(symbol: etree._Element, look: Look) -> None:
    """Draw a surface: its colour, its pattern and its edge."""
    no_edge = {"outline_style": "no", "outline_width": "0"}
    fill = _symbol_layer(symbol, "SimpleFill")
    _options(fill, color=_colour(look.fill, look.alpha), style="solid", **no_edge)
    if brush := _BRUSH[look.hatch]:
        pattern = _symbol_layer(symbol, "SimpleFill")
        _options(pattern, color=_colour(look.edge, 0.8), style=brush, **no_edge)
    _options(
        _symbol_layer(symbol, "SimpleLine"),
        line_color=_colour(look.edge),
        line_width="0.4",
        line_width_unit="MM",
        **_dashes(look),
    )


def _marker(symbol: etree._Element, look: Look) -> None:
    """Draw a point."""
    _options(
        _symbol_layer(symbol, "SimpleMarker"),
        name=_SIGN[look.marker],
        color=_colour(look.fill),
        outline_color="255,255,255,255",
        outline_width="0.2",
        outline_width_unit="MM",
        size="2.6",
        size_unit="MM",
    )


def _centroid(symbol: etree._Element, look: Look, name: str) -> None:
    """Draw a sign on the largest part of a surface."""
    layer = _symbol_layer(symbol, "CentroidFill")
    _options(layer, point_on_surface="1", point_on_all_parts="0")
    _marker(_symbol(layer, "marker", name), look)


def _labels(root: etree._Element, column: str) -> None:
    """Write the names of sites where there is room."""
    labeling = etree.SubElement(root, "labeling", type="simple")
    settings = etree.SubElement(labeling, "settings", calloutType="simple")
    style = etree.SubElement(
        settings, "text-style", fieldName=column, isExpression="0", fontSize="8",
        fontSizeUnit="Point", textColor="20,20,20,255", multilineHeight="1",
    )  # fmt: skip
    etree.SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor="255,255,255,255", bufferOpacity="0.85",
    )  # fmt: skip
    etree.SubElement(
        settings, "rendering", scaleVisibility="1", scaleMax=str(_LABELS_TO), scaleMin="0",
        obstacle="1", drawLabels="1",
    )  # fmt: skip


def _columns(
    root: etree._Element, frame: pd.DataFrame, titles: Mapping[str, str], name: str
) -> None:
    """Name the columns for people."""
    aliases = etree.SubElement(root, "aliases")
    # The first column of a GeoPackage is the number of the row.
    for i, column in enumerate((c for c in frame.columns if c != "geometry"), 1):
        if column in titles:
            etree.SubElement(
                aliases, "alias", index=str(i), field=visible(column), name=visible(titles[column])
            )
    if name in frame.columns:
        etree.SubElement(root, "previewExpression").text = f'"{name}"'
