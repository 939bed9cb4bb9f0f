"""How far search areas lie from what is built: the Ladder asks to look inside the town first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine import REACH_M, measure, uncovered
from woongeo.judging.common import known_nowhere
from woongeo.numerals import counted

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.engine import Sites
    from woongeo.layers import Layer


@dataclass(frozen=True, eq=False)
class BuiltUp:
    """What is built, as seen from search areas.

    Attributes
    ----------
    distance_m : ndarray of float
        To the nearest built-up area, 0 where they meet; NaN where that is not known, or further
        than was looked.
    share : ndarray of float
        Share of the search area (0-1) that is built up; NaN where not known.
    doubt : str
        Why it is not known everywhere, in Dutch; empty where it is.
    """

    distance_m: NDArray[np.float64]
    share: NDArray[np.float64]
    doubt: str


def built_up_around(sites: Sites, layer: Layer, on: dt.date) -> BuiltUp:
    """Measure how far search areas lie from what is built.

    Parameters
    ----------
    sites : Sites
        The search areas.
    layer : Layer
        What is built, with its coverage.
    on : date
        The day for which is searched.

    Returns
    -------
    BuiltUp
        In the order of the sites.
    """
    nothing = np.full(len(sites), np.nan)
    idle = layer.unknown or layer.stale(on) or known_nowhere(layer, 0.0)
    coverage = layer.coverage.geometry
    if idle or coverage is None or not len(sites):
        return BuiltUp(nothing, nothing, idle)
    reach = min(layer.reach_m, REACH_M)
    found = measure(sites, layer.features.geometry.to_numpy(), reach_m=reach)
    outside_m2, _ = uncovered(sites, coverage)
    known = outside_m2 == 0
    near = known.copy()
    if not layer.coverage.nationwide:
        # Beyond the edge of the coverage something may be built that is nearer.
        edge = shapely.boundary(shapely.union_all(coverage))
        shapely.prepare(edge)
        to_edge = shapely.length(shapely.shortest_line(edge, sites.geometry))
        near &= (found.distance_m <= to_edge) | (found.distance_m == 0)
    n = int((~near).sum())
    doubt = (
        f"bij {counted(n, 'zoekgebied', 'zoekgebieden')} houdt de dekking van de laag op voor het "
        "dichtstbijzijnde bebouwd gebied"
        if n
        else ""
    )
    return BuiltUp(
        np.where(near | (found.distance_m == 0), found.distance_m, np.nan),
        np.where(known, found.overlap_m2 / sites.area, np.nan),
        doubt,
    )
