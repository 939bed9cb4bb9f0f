"""The reference system that an ArcGIS layer is kept in: asked as it is, converted here.

A server that is asked for another one may leave out the step between datums, which is why there is
a ``datumTransformation`` to tell it; Koop, which knows none, puts RD New 114 m to the southwest:
https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from woongeo.crs import RD, is_rd, to_rd
from woongeo.encode import visible
from woongeo.errors import CrsError, UnexpectedCrsError
from woongeo.pdok._boxes import Box, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from woongeo.pdok._pages import Page
    from woongeo.pdok._run import Task

# Between WGS 84 and RD New a metre is not known (see `woongeo.crs.to_rd`); the server chooses by a
# box that is larger by this, and what lies outside the real one is left out here.
_MARGIN_M = 5.0


@dataclass(frozen=True)
class Reference:
    """A reference system, as Esri numbers it.

    Attributes
    ----------
    wkid : int
        The number to ask for.
    names : frozenset of int
        The numbers that an answer may call it.
    crs : pyproj.CRS
        The system.
    """

    wkid: int
    names: frozenset[int]
    crs: pyproj.CRS

    def in_rd(self) -> bool:
        """Tell whether it is RD New itself.

        Returns
        -------
        bool
            True when nothing is to be converted.
        """
        return is_rd(self.crs)

    def choose(self, box: Box | None) -> dict[str, str]:
        """Write the part of a question that chooses by a box.

        Parameters
        ----------
        box : Box or None
            RD New, metres.

        Returns
        -------
        dict
            Parameters; empty for no box.
        """
        if box is None:
            return {}
        if self.in_rd():
            edges = written(box)
        else:
            west, south, east, north = box
            m = _MARGIN_M
            transformer = pyproj.Transformer.from_crs(RD, self.crs, always_xy=True)
            # Its edges are curved there: followed at 21 places each.
            bounds = transformer.transform_bounds(west - m, south - m, east + m, north + m)
            edges = ",".join(f"{v:.9f}" for v in bounds)
        return {
            "geometry": edges,
            "geometryType": "esriGeometryEnvelope",
            "inSR": str(self.wkid),
            "spatialRel": "esriSpatialRelIntersects",
        }

    def require(self, stated: object, url: str, what: str) -> None:
        """Demand that an answer is in this system.

        Parameters
        ----------
        stated : object
            The ``spatialReference`` of the answer.
        url : str
            Where it came from.
        what : str
            What is being fetched, for messages.

        Raises
        ------
        UnexpectedCrsError
            When it states another, or none.
        """
        told = stated if isinstance(stated, dict) else {}
        given = {told.get("latestWkid"), told.get("wkid")} - {None}
        if not given & self.names:
            name = next(iter(given), None) or told.get("wkt")
            raise UnexpectedCrsError(
                f"{what}: {url[:300]} geeft coördinaten in "
                f"{visible(name)[:100] if name else 'een stelsel dat niet wordt genoemd'}, terwijl "
                f"{'RD New' if self.in_rd() else visible(self.crs.name)[:100]} is gevraagd."
            )

    def page_in_rd(self, page: Page, box: Box | None, task: Task) -> Page:
        """Bring a page to RD New, and leave out what the larger box brought in.

        Parameters
        ----------
        page : Page
            In this system.
        box : Box or None
            RD New, metres; what was wanted.
        task : Task
            Where notes go.

        Returns
        -------
        Page
            In RD New; the same page when it was.

        Raises
        ------
        UnexpectedCrsError
            When its coordinates cannot be in this system.
        """
        if self.in_rd():
            return page
        try:
            shapes, conversion = to_rd(page.geometry, self.crs, what=task.what)
        except CrsError as error:
            raise UnexpectedCrsError(str(error)) from error
        accuracy = conversion.accuracy_m
        told = "onbekend" if accuracy is None else f"{accuracy:g} m"
        task.note(
            f"omgerekend van {conversion.source} naar RD New ({conversion.operation}; "
            f"nauwkeurigheid {told})"
        )
        found = replace(page, geometry=shapes)
        if box is None:
            return found
        wanted = np.flatnonzero(shapely.intersects(shapes, shapely.box(*box)))
        return replace(
            found,
            ids=[page.ids[i] for i in wanted],
            geometry=shapes[wanted],
            columns={name: array.take(wanted) for name, array in page.columns.items()},
        )


def read_reference(found: Mapping[str, Any], url: str, task: Task) -> Reference:
    """Find the system that a layer is kept in.

    Parameters
    ----------
    found : Mapping
        What the layer says of itself.
    url : str
        The layer.
    task : Task
        Where notes go.

    Returns
    -------
    Reference
        RD New, by the server's conversion, where the layer does not say.

    Raises
    ------
    UnexpectedCrsError
        When it names a system that PROJ does not know.
    """
    extent = found.get("extent")
    of_extent = extent.get("spatialReference") if isinstance(extent, dict) else None
    stated = found.get("sourceSpatialReference") or of_extent
    told = stated if isinstance(stated, dict) else {}
    numbers = [n for n in (told.get("latestWkid"), told.get("wkid")) if type(n) is int]
    if not numbers:
        task.note("de server noemt het stelsel van zijn gegevens niet; hij rekent zelf om naar RD")
        return Reference(28992, frozenset({28992}), RD)
    crs = _crs(numbers)
    if crs is None:
        raise UnexpectedCrsError(
            f"{task.what}: {url[:300]} is in stelsel {numbers[0]}, dat PROJ niet kent."
        )
    from_map = "/MapServer" in url and "sourceSpatialReference" not in found
    if from_map and not is_rd(crs):
        task.note(
            f"de server noemt alleen het stelsel van zijn kaart ({crs.name}); zijn de gegevens in "
            "een ander, dan rekent hij zelf om en kan de ligging ruim honderd meter afwijken"
        )
    return Reference(numbers[0], frozenset(numbers), crs)


def _crs(numbers: list[int]) -> pyproj.CRS | None:
    """Look a number up, with EPSG first: Esri has numbers of its own beside those."""
    for number in numbers:
        for authority in ("EPSG", "ESRI"):
            try:
                return pyproj.CRS.from_authority(authority, number)
            except CRSError:
                continue
    return None
