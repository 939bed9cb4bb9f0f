"""How a report looks: a province's own colours, fonts and logo, checked before they are used."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from woongeo.encode import line_text
from woongeo.errors import ThemeError

# https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast
_TEXT_CONTRAST, _SHAPE_CONTRAST = 4.5, 3.0
# Of colours as the colour-blind see them, in CIELAB: less is much the same colour.
_LEAST_DIFFERENCE = 25.0
_LOGOS = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
_MOST_BYTES = 5_000_000
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_FONT = re.compile(r"[\w][\w \-]{0,60}")

# What somebody without one kind of cone sees of red, green and blue light; Machado, Oliveira and
# Fernandes 2009, severity 1.0: https://doi.org/10.1109/TVCG.2009.113
_BLIND = {
    "protanopie": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopie": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


@dataclass(frozen=True)
class Colours:
    """Colours of a report, as "#rrggbb".

    Attributes
    ----------
    tekst, achtergrond : str
        Of the page.
    accent, op_accent : str
        Of headings and heads of tables, and of text on it.
    lijn : str
        Of rules and borders.
    vlak : str
        Behind figures; text stands on it.
    hard, zacht : str
        Of bars.
    vrij, onbekend, belemmerd : str
        Of verdicts, on maps too. Those of Okabe and Ito, safe for the colour-blind:
        https://jfly.uni-koeln.de/color/
    """

    tekst: str = "#1b1b1b"
    achtergrond: str = "#ffffff"
    accent: str = "#1f3a5f"
    op_accent: str = "#ffffff"
    lijn: str = "#767676"
    vlak: str = "#f1f4f8"
    hard: str = "#1f3a5f"
    zacht: str = "#4a86b8"
    vrij: str = "#0072b2"
    onbekend: str = "#767676"
    belemmerd: str = "#d55e00"


@dataclass(frozen=True)
class Theme:
    """How a report looks; neutral without anything.

    Attributes
    ----------
    kleuren : Colours
        The colours.
    lettertype : str
        In the PDF; it is embedded. DejaVu Sans comes along.
    lettertype_map : Path or None
        Folder with its files; only needed where it is another.
    lettertype_kantoor : str
        In PowerPoint and on the page: a font that the reader's machine has.
    logo : bytes
        PNG or JPEG; empty for none.
    logo_tekst : str
        What the logo shows, for who does not see it.
    """

    kleuren: Colours = Colours()
    lettertype: str = "DejaVu Sans"
    lettertype_map: Path | None = None
    lettertype_kantoor: str = "Arial"
    logo: bytes = b""
    logo_tekst: str = ""

    def __post_init__(self) -> None:
        _check_colours(self.kleuren)


def read_theme(path: str | Path) -> Theme:
    """Read a theme, and check that it can be read by all.

    Parameters
    ----------
    path : str or Path
        TOML with, where wanted, ``[kleuren]`` (names as in `Colours`), ``[lettertypen]`` (`naam`,
        `map`, `kantoor`) and ``[logo]`` (`bestand`, `tekst`). Paths are taken from the file's own
        folder.

    Returns
    -------
    Theme
        What the file leaves out is neutral.

    Raises
    ------
    ThemeError
        When the file cannot be read, holds a word that is not known, a logo has no text, text has
        less contrast than 4.5:1 or a shape less than 3:1, or verdicts look alike to the
        colour-blind.
    """
    path = Path(path)
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ThemeError(f"{path}: geen leesbaar thema ({line_text(error)}).") from error
    parts = _known(read, {"kleuren": dict, "lettertypen": dict, "logo": dict}, path, "thema")
    colours = _known(
        parts.get("kleuren", {}), dict.fromkeys(_colour_names(), str), path, "[kleuren]"
    )
    fonts = _known(
        parts.get("lettertypen", {}),
        dict.fromkeys(("naam", "map", "kantoor"), str),
        path,
        "[lettertypen]",
    )
    logo = _known(parts.get("logo", {}), dict.fromkeys(("bestand", "tekst"), str), path, "[logo]")
    try:
        theme = Theme(replace(Colours(), **colours))
    except ThemeError as error:
        raise ThemeError(f"{path}: {error}") from error
    return replace(theme, **_fonts(fonts, path), **_logo(logo, path))


def _colour_names() -> list[str]:
    return [field.name for field in fields(Colours)]


def _known(given: dict[str, Any], words: dict[str, type], path: Path, where: str) -> dict[str, Any]:
    """Refuse what is not known: a slip of the pen would silently do nothing."""
    for key, value in given.items():
        if key not in words:
            known = ", ".join(words)
            raise ThemeError(f"{path}: {where} kent geen {key!r}; wel: {known}.")
        if not isinstance(value, words[key]):
            raise ThemeError(f"{path}: {where} {key} hoort een andere soort waarde te zijn.")
    return given


def _fonts(given: dict[str, str], path: Path) -> dict[str, Any]:
    """Read the names of fonts, and where their files are."""
    found: dict[str, Any] = {}
    for key, name in (("naam", "lettertype"), ("kantoor", "lettertype_kantoor")):
        if key in given:
            if not _FONT.fullmatch(given[key]):
                raise ThemeError(f"{path}: lettertype {given[key]!r} is geen naam van letters.")
            found[name] = given[key]
    if "map" in given:
        folder = path.parent / given["map"]
        if not folder.is_dir():
            raise ThemeError(f"{path}: map met lettertypen {folder} bestaat niet.")
        found["lettertype_map"] = folder
    return found


def _logo(given: dict[str, str], path: Path) -> dict[str, Any]:
    """Read the logo."""
    if not given:
        return {}
    if not given.get("bestand") or not given.get("tekst"):
        raise ThemeError(
            f"{path}: [logo] heeft een bestand nodig, en een tekst die het beschrijft."
        )
    file = path.parent / given["bestand"]
    start = _LOGOS.get(file.suffix.lower())
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ThemeError(f"{path}: logo {file} kan niet worden gelezen.") from error
    if start is None or not data.startswith(start) or len(data) > _MOST_BYTES:
        raise ThemeError(f"{path}: logo {file} is geen PNG of JPEG van hoogstens 5 MB.")
    return {"logo": data, "logo_tekst": line_text(given["tekst"], most=200)}


def _check_colours(colours: Colours) -> None:
    """Refuse colours with which somebody could not read the report."""
    given = {name: getattr(colours, name) for name in _colour_names()}
    for name, value in given.items():
        if not _HEX.fullmatch(value):
            raise ThemeError(f"kleur {name} is {value!r}; schrijf haar als #1f3a5f.")
    page = ("achtergrond", "vlak")
    text = [("tekst", ground) for ground in page] + [("op_accent", "accent")]
    text += [("accent", ground) for ground in page]
    shapes = [(name, "achtergrond") for name in ("lijn", "hard", "zacht", "vrij", "onbekend")]
    shapes += [("belemmerd", "achtergrond")]
    for pairs, least, what in (
        (text, _TEXT_CONTRAST, "tekst"),
        (shapes, _SHAPE_CONTRAST, "vormen"),
    ):
        for one, other in pairs:
            ratio = contrast(given[one], given[other])
            if ratio < least:
                raise ThemeError(
                    f"kleur {one} ({given[one]}) op {other} ({given[other]}) heeft contrast "
                    f"{ratio:.1f}:1; voor {what} is {least:g}:1 nodig."
                )
    verdicts = ("vrij", "onbekend", "belemmerd")
    for i, one in enumerate(verdicts):
        for other in verdicts[i + 1 :]:
            for kind in _BLIND:
                if _difference(given[one], given[other], kind) < _LEAST_DIFFERENCE:
                    raise ThemeError(
                        f"kleuren {one} ({given[one]}) en {other} ({given[other]}) zijn bij {kind} "
                        "niet uit elkaar te houden; kies bijvoorbeeld blauw en oranje."
                    )


def _linear(colour: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the light of a colour: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours as WCAG defines it.

    Parameters
    ----------
    one, other : str
        As "#rrggbb".

    Returns
    -------
    float
        1 (equal) to 21 (black and white).

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    weights = np.array([0.2126, 0.7152, 0.0722])
    light = sorted(float(_linear(colour) @ weights) + 0.05 for colour in (one, other))
    return round(light[1] / light[0], 9)


def _difference(one: str, other: str, kind: str) -> float:
    """Give how unlike two colours are to the colour-blind, in CIELAB."""
    seen = [np.clip(np.array(_BLIND[kind]) @ _linear(colour), 0, 1) for colour in (one, other)]
    return float(np.linalg.norm(_lab(seen[0]) - _lab(seen[1])))


def _lab(
    light: np.ndarray[Any, np.dtype[np.float64]],
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give CIELAB (D65) of light: https://www.w3.org/TR/css-color-4/#lab-colors."""
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = matrix @ light / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])
