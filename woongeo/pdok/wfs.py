"""WFS 2.0, as PDOK's MapServer serves it at service.pdok.nl.

The server counts beforehand (``resultType=hits``), gives a thousand features a page whatever is
asked, and refuses to begin beyond feature 50,000: https://github.com/PDOK/mapserver-operator. Pages
have no fixed order unless it is asked for, so a layer is believed only when it holds as many
different ids as were counted, before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from woongeo.encode import visible
from woongeo.errors import IncompleteLayerError, UnexpectedCrsError
from woongeo.numerals import by_number
from woongeo.pdok._boxes import NATION, Box, written
from woongeo.pdok._gathered import ChangedError
from woongeo.pdok._http import Answer, GarbledError, TooHeavyError
from woongeo.pdok._many import together
from woongeo.pdok._pages import (
    DECODING,
    Page,
    read_collection,
    read_page,
    refuse_outside,
)
from woongeo.pdok._run import Task, gather, is_rd_uri, require_understood
from woongeo.pdok._xml import elements, local_name, read_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

_RD_URN = "urn:ogc:def:crs:EPSG::28992"
_PAGE = 1_000
#: The last feature that MapServer at PDOK begins a page with.
CEILING = 50_000


@dataclass(frozen=True)
class FeatureType:
    """What to ask of a WFS.

    Attributes
    ----------
    url : str
        The endpoint: ``https://service.pdok.nl/rvo/natura2000/wfs/v1_0``.
    name : str
        The type, without prefix: MapServer strips it, and PDOK changed some.
    sort_by : str
        A property to sort pages by; empty where none is known.
    """

    url: str
    name: str
    sort_by: str = ""

    def query(self, box: Box | None) -> dict[str, str]:
        """Write the part of the question that all requests share.

        Parameters
        ----------
        box : Box or None
            RD New, metres.

        Returns
        -------
        dict
            Parameters.
        """
        query = {
            "service": "WFS",
            "version": "2.0.0",
            "request": "GetFeature",
            "typeNames": self.name,
            "srsName": _RD_URN,
        }
        if box is not None:
            query["bbox"] = f"{written(box)},{_RD_URN}"
        return query


class _UnstableError(IncompleteLayerError):
    """Pages overlap, so that others have gaps."""


def fetch_wfs(task: Task, asked: FeatureType, boxes: Sequence[Box] | None) -> gpd.GeoDataFrame:
    """Fetch all features of a type, or those that touch boxes.

    Parameters
    ----------
    task : Task
        The fetch.
    asked : FeatureType
        What to ask.
    boxes : sequence of Box or None
        RD New, metres; None for everything.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres: each feature that touches a box, once.

    Raises
    ------
    UnexpectedCrsError
        When the server does not give RD New.
    IncompleteLayerError
        When nothing proves that the layer is whole.
    ServiceError
        When the server does not answer, or not as asked.
    """
    frame = gather(task, boxes, lambda box: _whole(task, asked, box))
    if boxes is not None and not len(frame):
        _require_understood(task, asked)
    return frame


def _require_understood(task: Task, asked: FeatureType) -> None:
    """See that a box finds what is there, before nothing is believed to be there.

    MapServer answers a box with its axes the other way round with HTTP 200 and no features.
    """
    hits = _hits(task, asked, None)
    some = _page(task, asked, None, 0, hits, count=10) if hits else None
    require_understood(task, asked.url, some, lambda _, box: _hits(task, asked, box) > 0)


def _whole(task: Task, asked: FeatureType, box: Box | None) -> list[Page]:
    """Fetch one box, and once more when something made the first time doubtful."""
    try:
        return _counted(task, asked, box)
    except (ChangedError, _UnstableError) as error:
        task.note(f"opnieuw begonnen: {error}")
        return _counted(task, asked, box)


def _counted(task: Task, asked: FeatureType, box: Box | None) -> list[Page]:
    """Count, fetch, and count again."""
    hits = _hits(task, asked, box)
    if hits > CEILING:
        # The quarters together must hold what was counted; `gather` leaves out what comes twice.
        raise TooHeavyError(
            f"{task.what}: {asked.url} telt {hits} {by_number(hits, 'object', 'objecten')} in "
            f"{box or NATION} en geeft er hoogstens {CEILING} in één gebied.",
            expected=hits,
        )
    if hits == 0:
        return []
    first = _page(task, asked, box, 0, hits)
    size = len(first)
    if size == 0:
        raise IncompleteLayerError(
            f"{task.what}: {asked.url} telt {hits} {by_number(hits, 'object', 'objecten')}, maar "
            "geeft er geen."
        )
    pages = [first]
    if size < hits:
        # The server's own page size may be smaller than asked; it is what the first page held.
        starts = range(size, hits, size)
        pages += together(lambda start: _page(task, asked, box, start, hits), starts)
        if _hits(task, asked, box) != hits:
            raise ChangedError(
                f"{task.what}: het aantal objecten veranderde tijdens het ophalen. "
                "Probeer het later opnieuw."
            )
    _require_count(task, asked, pages, hits)
    return pages


def _require_count(task: Task, asked: FeatureType, pages: Sequence[Page], hits: int) -> None:
    """See that there are as many different features as were counted."""
    names = [name for page in pages for name in page.ids]
    if len(names) != hits:
        raise _UnstableError(
            f"{task.what}: {asked.url} telt {hits} {by_number(hits, 'object', 'objecten')}, maar "
            f"gaf er {len(names)}."
        )
    if len(pages) > 1 and None in names:
        raise IncompleteLayerError(
            f"{task.what}: de objecten hebben geen id, dus is niet te bewijzen dat de bladzijden "
            "samen alles bevatten."
        )
    different = len(set(names) - {None}) + names.count(None)
    if different != hits:
        raise _UnstableError(
            f"{task.what}: {asked.url} gaf {hits - different} "
            f"{by_number(hits - different, 'object', 'objecten')} dubbel en dus evenveel niet; de "
            "server geeft geen vaste volgorde."
        )


def _hits(task: Task, asked: FeatureType, box: Box | None) -> int:
    """Ask how many features there are."""

    def check(answer: Answer) -> int:
        root = read_xml(answer, task.what)
        if local_name(root) != "FeatureCollection":
            raise GarbledError(f"{task.what}: {answer.url[:300]} geeft geen aantal objecten.")
        stated = root.get("numberMatched") or root.get("numberOfFeatures") or ""
        if not stated.isdecimal():
            raise IncompleteLayerError(
                f"{task.what}: {answer.url[:300]} weet niet hoeveel objecten er zijn "
                f"({visible(stated)[:50] or 'geen aantal'}), dus is niet te bewijzen dat ze er "
                "allemaal zijn."
            )
        return int(stated)

    return task.http.get(
        asked.url,
        what=task.what,
        params={**asked.query(box), "resultType": "hits"},
        accept="text/xml, application/gml+xml",
        budget=task.budget,
        check=check,
    )


def _page(
    task: Task,
    asked: FeatureType,
    box: Box | None,
    start: int,
    hits: int,
    *,
    count: int = _PAGE,
) -> Page:
    """Fetch one page."""

    def check(answer: Answer) -> Page:
        if answer.body.lstrip()[:1] == b"<" and answer.kind() != "text/html":
            # MapServer answers errors in XML, some of them with HTTP 200.
            root = read_xml(answer, task.what)
            raise GarbledError(
                f"{task.what}: {answer.url[:300]} antwoordt met XML ({local_name(root)}) in plaats "
                "van GeoJSON."
            )
        with DECODING:
            found = read_collection(answer, task.what)
            _require_rd(task, found, answer.url)
            matched = found.get("numberMatched")
            if isinstance(matched, int) and matched != hits:
                raise ChangedError(
                    f"{task.what}: het aantal objecten veranderde tijdens het ophalen (van {hits} "
                    f"naar {matched}). Probeer het later opnieuw."
                )
            # MapServer writes an id only where it was set up to; its field is fuuid at PDOK.
            names = [name for name in ("fuuid", asked.sort_by) if name]
            page = read_page(found["features"], task.what, id_from=names)
            refuse_outside(page, box or NATION, answer.url, task.what)
            return page

    query = asked.query(box) | {
        "outputFormat": "application/json; subtype=geojson",
        "count": str(count),
        "startIndex": str(start),
    }
    if asked.sort_by:
        query["sortBy"] = asked.sort_by
    page = task.http.get(
        asked.url,
        what=task.what,
        params=query,
        accept="application/json",
        budget=task.budget,
        ledger=task.ledger,
        check=check,
    )
    task.count(len(page))
    return page


def _require_rd(task: Task, found: dict[str, Any], url: str) -> None:
    """Demand the crs member that MapServer writes; GeoJSON without one is in degrees."""
    crs = found.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if not is_rd_uri(name) and found["features"]:
        raise UnexpectedCrsError(
            f"{task.what}: {url[:300]} geeft coördinaten in "
            f"{visible(name)[:100] or 'een stelsel dat niet wordt genoemd'}, terwijl RD New is "
            "gevraagd."
        )


def sample_wfs(task: Task, asked: FeatureType) -> list[str]:
    """Ask for one feature, to see how its columns are spelled.

    Parameters
    ----------
    task : Task
        The fetch.
    asked : FeatureType
        What to ask.

    Returns
    -------
    list of str
        Names of properties; empty for an empty type.

    Raises
    ------
    UnexpectedCrsError
        When the server does not give RD New.
    ServiceError
        When it does not answer, or not as asked.
    """
    hits = _hits(task, asked, None)
    return list(_page(task, asked, None, 0, hits, count=1).columns) if hits else []


def read_types(answer: Answer, what: str) -> list[str]:
    """List the feature types of a WFS, from its capabilities.

    Parameters
    ----------
    answer : Answer
        The answer to GetCapabilities.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    list of str
        Names as served, with prefix.
    """
    root = read_xml(answer, what)
    return [
        (name.text or "").strip()
        for kind in elements(root)
        if local_name(kind) == "FeatureType"
        for name in kind
        if isinstance(name.tag, str) and local_name(name) == "Name"
    ]
