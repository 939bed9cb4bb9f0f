"""Lines and points where overlap decides: they have no area, so they can never hinder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from woongeo.engine import measure
from woongeo.judging.common import names_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.engine import Sites
    from woongeo.layers import Layer

# What touches a site is found with a reach, however short.
_NEAR_M = 1.0


class Flat(NamedTuple):
    """What has no area among the features that count.

    Attributes
    ----------
    rows : ndarray of int
        Which features.
    shapes : ndarray of shapely geometries
        Where they may hinder: what a closed line holds, else the line or point itself.
    everywhere : str
        Why nothing is known anywhere, in Dutch; empty where surfaces count too.
    """

    rows: NDArray[np.intp]
    shapes: NDArray[np.object_]
    everywhere: str

    @classmethod
    def of(cls, layer: Layer, counts: NDArray[np.bool_], *, remedy: str = "") -> Flat:
        """Find lines and points under a rule of overlap.

        Parameters
        ----------
        layer : Layer
            With its features.
        counts : ndarray of bool
            Those that can hinder, or of which that is not known.
        remedy : str
            What else than surfaces would do, in Dutch.

        Returns
        -------
        Flat
            Where surfaces count too, each line and point is doubted by itself: beside many areas
            some files hold a few lines, and an area that is too thin to be one is a line. A layer
            of lines alone says nothing of the ground that it is about.
        """
        rows = np.flatnonzero(counts)
        shapes = layer.features.geometry.to_numpy()[rows]
        surface = shapely.get_dimensions(shapes) == 2
        rows, shapes = rows[~surface], shapes[~surface]
        told = f"lijnen of punten hebben geen oppervlakte: lever vlakken{remedy}"
        held = shapely.make_valid(shapely.build_area(shapes))
        drawn = np.where(shapely.is_empty(held), shapes, held)
        return cls(rows, drawn, "" if surface.any() or not len(rows) else told)

    def add_doubt(
        self,
        layer: Layer,
        sites: Sites,
        parts: NDArray[np.object_] | None,
        why: NDArray[np.object_],
    ) -> tuple[NDArray[np.object_] | None, NDArray[np.object_]]:
        """Doubt ground of which lines and points may hold some.

        Parameters
        ----------
        layer : Layer
            With its features.
        sites : Sites
            The locations.
        parts : ndarray of shapely geometries or None
            What is not known of each site already; None for all of all sites.
        why : ndarray of str
            Why, in Dutch; empty where all is known.

        Returns
        -------
        parts, why
            As given, with all of each site that a line or point meets, or a closed line holds.
        """
        if not len(self.rows):
            return parts, why
        if self.everywhere:
            return None, np.where(why == "", self.everywhere, why)
        found = measure(sites, self.shapes, reach_m=_NEAR_M)
        names = names_of(layer.features, found.pair_site, self.rows[found.pair_feature], len(why))
        told = "een lijn of punt heeft geen oppervlakte (" + names + "): lever het vlak"
        why = np.where(found.hit & (why == ""), told, why)
        return None if parts is None else np.where(found.hit, sites.geometry, parts), why
