"""Maps of regions, what their signs mean, and the same in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from woongeo.encode import line_text
from woongeo.knelpunten.touched import add_homes
from woongeo.numerals import counted, dutch
from woongeo.plotting.drawing import DOT_MM
from woongeo.plotting.looks import VERDICTS, Look, layer_look
from woongeo.plotting.region import RegionMap, draw_region, draw_swatch
from woongeo.regions import Regions
from woongeo.reporting.model import LegendEntry
from woongeo.verdict import OORDELEN, Hardheid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from woongeo.capacity import Division
    from woongeo.plotting.ground import Grounds
    from woongeo.reporting.theme import Theme
    from woongeo.screening import Screening

#: Width and height of a map on paper, millimetres.
SIZE_MM = (186.0, 96.0)


def _darker(colour: str) -> str:
    """Give the edge of a shape of a colour."""
    return "#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.66):02x}" for i in (1, 3, 5))


class Pictures:
    """Draws the maps of a report.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    theme : Theme
        Its colours.
    background : Grounds or None
        What fetches tiles under the maps; a plain ground without it.
    """

    def __init__(
        self, screening: Screening, theme: Theme, background: Grounds | None = None
    ) -> None:
        self._screening = screening
        self._background = background
        self._looks: dict[str, Look] = {}
        for word, look in VERDICTS.items():
            fill = getattr(theme.kleuren, word)
            edge = look.edge if fill.lower() == look.fill else _darker(fill)
            self._looks[word] = replace(look, fill=fill, edge=edge)
        self._verdict_signs = {w: draw_swatch(look, sign=True) for w, look in self._looks.items()}
        self._layer_signs = [draw_swatch(layer_look(i)) for i in range(len(screening.layers))]

    def draw(
        self, division: Division | None, name: str, rows: NDArray[np.intp]
    ) -> RegionMap | None:
        """Draw the map of a region.

        Parameters
        ----------
        division : Division or None
            What the region is of.
        name : str
            Its name.
        rows : ndarray of int
            Its locations.

        Returns
        -------
        RegionMap or None
            None where there is neither a border nor a location with a shape.
        """
        border = None
        if isinstance(division, Regions):
            found = division.frame[division.frame["gebied"] == name]
            border = found if len(found) else None
        usable = rows[self._screening.locations.usable[rows]]
        if border is None and not len(usable):
            return None
        return draw_region(
            self._screening,
            usable,
            border=border,
            size_mm=SIZE_MM,
            looks=self._looks,
            background=self._background,
            dpi=170,
        )

    def legend(self, rows: NDArray[np.intp], homes: NDArray[np.float64]) -> tuple[LegendEntry, ...]:
        """Say what the signs of a map mean, with how many locations and homes.

        Parameters
        ----------
        rows : ndarray of int
            The locations of the region.
        homes : ndarray of float
            Their homes in it.

        Returns
        -------
        tuple of LegendEntry
            Verdicts, heaviest first, then layers.
        """
        frame = self._screening.locaties
        verdict = frame["oordeel"].to_numpy()[rows]
        counts = (frame["hardheid"] != Hardheid.TELT_NIET_MEE).to_numpy()[rows]
        entries = []
        for word in reversed(OORDELEN):
            of = verdict == word
            held = counted(add_homes(homes, of & counts), "woning", "woningen")
            text = f"{word}: {counted(int(of.sum()), 'locatie', 'locaties')}, {held}"
            entries.append(LegendEntry(self._verdict_signs[word], text))
        for sign, layer in zip(self._layer_signs, self._screening.layers, strict=True):
            nothing = layer.unknown or layer.stale(self._screening.on)
            text = line_text(layer.title, most=70) + ("; niets over bekend" if nothing else "")
            entries.append(LegendEntry(sign, text))
        return tuple(entries)

    def ground(self, drawn: RegionMap | None) -> str:
        """Say what lies under a map, and how far its shapes were simplified.

        Parameters
        ----------
        drawn : RegionMap or None
            From `draw`.

        Returns
        -------
        str
            A sentence; empty where there is no map.
        """
        if drawn is None:
            return ""
        ground = f"Achtergrond: {drawn.credit}. " if self._background is not None else ""
        metres = dutch(max(drawn.scale * DOT_MM / 1_000, 1.0), decimals=0)
        return (
            f"{ground}Vormen zijn op de kaart vereenvoudigd met hoogstens {metres} m "
            f"({dutch(DOT_MM)} mm op papier); de cijfers niet."
        )

    def told(self, name: str, legend: tuple[LegendEntry, ...]) -> str:
        """Say in words what a map shows.

        Parameters
        ----------
        name : str
            The region.
        legend : tuple of LegendEntry
            From `legend`.

        Returns
        -------
        str
            One sentence or two.
        """
        verdicts = "; ".join(entry.text for entry in legend[:3])
        layers = ", ".join(entry.text for entry in legend[3:])
        return (
            f"Kaart van {line_text(name, most=80)}. Locaties naar oordeel: {verdicts}. "
            f"Lagen: {line_text(layers, most=400)}. De tabellen hieronder noemen de locaties."
        )
