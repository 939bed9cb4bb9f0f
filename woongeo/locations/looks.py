"""What shapes look like: repairs, placeholders, slivers, plans that share ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.checks import Finding
from woongeo.engine import overlapping
from woongeo.geometry import Cleaned, looks_like_circle, mean_width_m
from woongeo.numerals import counted, dutch, dutch_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Thresholds of the checks; what real registers hold is described in docs/begrippen.md.
_OVERLAP_M2 = 100.0
_SMALL_M2 = 100.0
_SLIVER_M = 2.0
_HOMES_PER_HA = 1_000.0


class Looks(NamedTuple):
    """What can be said of shapes by themselves; nothing of it voices a warning.

    Attributes
    ----------
    area : ndarray of float
        Square metres; NaN where there is no shape.
    width_m : ndarray of float
        Mean width, metres.
    circle : ndarray of bool
        Whether it is a buffered point.
    """

    area: NDArray[np.float64]
    width_m: NDArray[np.float64]
    circle: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: NDArray[np.object_]) -> Looks:
        """Look at shapes.

        Parameters
        ----------
        shapes : ndarray of shapely geometries
            Valid, RD New (EPSG:28992), metres; None is nothing.

        Returns
        -------
        Looks
            In their order.
        """
        area, width = shapely.area(shapes), mean_width_m(shapes)
        # The mean width of a circle is its radius.
        round_ = np.flatnonzero(np.pi * width**2 > 0.9 * area)
        circle = np.zeros(len(shapes), dtype=bool)
        circle[round_] = looks_like_circle(shapes[round_])
        return cls(area, width, circle)

    def findings(
        self, ids: list[str], homes: NDArray[np.float64], outside: NDArray[np.bool_]
    ) -> list[Finding]:
        """Report shapes that are hardly sites: placeholders, slivers, crumbs, too many homes.

        Parameters
        ----------
        ids : list of str
            Of the shapes.
        homes : ndarray of float
            NaN where not known.
        outside : ndarray of bool
            Whether a part lies outside the Netherlands.

        Returns
        -------
        list of Finding
            Per kind, in the order of the shapes.
        """
        findings = []
        area = self.area
        circle = np.flatnonzero(self.circle)
        for i, size in zip(circle, dutch_all(area[circle], decimals=0), strict=True):
            text = f"vlak is een cirkel van {size} m²: waarschijnlijk een plaatshouder"
            findings.append(Finding(ids[i], "plaatshouder (cirkel)", "waarschuwing", text, area[i]))
        width = self.width_m
        thin = np.flatnonzero(width < _SLIVER_M)
        for i, size in zip(thin, dutch_all(width[thin]), strict=True):
            text = f"vlak is gemiddeld {size} m breed"
            findings.append(Finding(ids[i], "splinter", "waarschuwing", text, width[i]))
        small = np.flatnonzero((area < _SMALL_M2) & ~(width < _SLIVER_M))
        for i, size in zip(small, dutch_all(area[small]), strict=True):
            text = f"vlak is {size} m² groot"
            findings.append(Finding(ids[i], "zeer klein vlak", "waarschuwing", text, area[i]))
        with np.errstate(divide="ignore", invalid="ignore"):
            density = homes / (area / 10_000)
        dense = np.flatnonzero(np.isfinite(density) & (density > _HOMES_PER_HA))
        for i, number, each in zip(
            dense, dutch_all(homes[dense]), dutch_all(density[dense], decimals=0), strict=True
        ):
            text = f"{number} woningen is {each} per hectare"
            findings.append(
                Finding(ids[i], "onaannemelijke dichtheid", "waarschuwing", text, density[i])
            )
        for i in np.flatnonzero(outside):
            text = "vlak ligt (deels) buiten Nederland"
            findings.append(Finding(ids[i], "buiten Nederland", "waarschuwing", text))
        return findings


def geometry_findings(
    ids: list[str], cleaned: Cleaned, original: NDArray[np.object_]
) -> list[Finding]:
    """Report shapes that cannot be measured, were repaired, or lost their heights.

    Parameters
    ----------
    ids : list of str
        Of the shapes.
    cleaned : Cleaned
        What became of them.
    original : ndarray of shapely geometries
        As they were.

    Returns
    -------
    list of Finding
        Per kind, in the order of the shapes.
    """
    findings = []
    for i in np.flatnonzero(~cleaned.usable):
        text = f"{cleaned.problem[i]}: oordeel is onbekend"
        findings.append(Finding(ids[i], "geometrie onbruikbaar", "fout", text))
    repaired = np.flatnonzero(cleaned.repaired)
    for i, before in zip(repaired, shapely.area(original[repaired]), strict=True):
        change = cleaned.area_change_m2[i]
        large = abs(change) > 0.01 * max(abs(before), 1e-9)
        findings.append(
            Finding(
                ids[i],
                "geometrie hersteld",
                "waarschuwing" if large else "melding",
                f"vlak was ongeldig en is hersteld: {dutch(before)} m² werd "
                f"{dutch(before + change)} m²",
                float(change),
            )
        )
    n = int(cleaned.flattened.sum())
    if n:
        findings.append(
            Finding(
                "",
                "hoogten weggelaten",
                "melding",
                f"{counted(n, 'vlak had', 'vlakken hadden')} hoogten of maten",
                n,
            )
        )
    text = "lijnen of punten naast het vlak zijn weggelaten"
    findings += [
        Finding(ids[i], "delen weggelaten", "melding", text)
        for i in np.flatnonzero(cleaned.reduced)
    ]
    return findings


def overlap_findings(ids: list[str], cleaned: Cleaned) -> list[Finding]:
    """Report pairs of plans that share ground: homes may be counted twice.

    Parameters
    ----------
    ids : list of str
        Of the shapes.
    cleaned : Cleaned
        Their shapes.

    Returns
    -------
    list of Finding
        One a pair; of equal shapes one for each after the first.
    """
    rows = np.flatnonzero(cleaned.usable)
    shapes = cleaned.geometry[rows]
    areas = shapely.area(shapes)
    first, second, shared, equal = overlapping(shapes, areas, least_m2=_OVERLAP_M2)
    large = np.where(areas[first] >= areas[second], first, second)
    small = first + second - large
    share = shared / areas[small]
    doubles: set[int] = set()
    findings = []
    for a, b, c, same, overlap, part, m2, percent in zip(
        *(rows[x].tolist() for x in (np.where(equal, first, large), small, second)),
        *(x.tolist() for x in (equal, shared, share)),
        dutch_all(shared, decimals=0),
        dutch_all(100 * share, decimals=0),
        strict=True,
    ):
        if same:
            # Of three equal shapes the second and the third are reported, once each.
            if c in doubles:
                continue
            doubles.add(c)
            text = f"zelfde vlak als {ids[a]}: woningen tellen mogelijk dubbel"
            findings.append(Finding(ids[c], "geometrie dubbel", "waarschuwing", text, overlap))
            continue
        kind = "ligt vrijwel geheel in" if part > 0.95 else "overlapt"
        text = f"{kind} {ids[a]} ({m2} m², {percent} %): woningen tellen mogelijk dubbel"
        findings.append(Finding(ids[b], "plannen overlappen", "waarschuwing", text, overlap))
    return findings
