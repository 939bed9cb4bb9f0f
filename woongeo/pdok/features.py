"""OGC API Features, as GoKoala serves it at api.pdok.nl.

There is no count beforehand, a bad cursor gives page one again with HTTP 200, and a question that
takes longer than fifteen seconds fails (https://github.com/PDOK/gokoala). So a layer is believed
only when its last page has no link to a next one, each page holds as many features as it says, no
page came twice, and page one is still the same at the end.
"""

from __future__ import annotations

import concurrent.futures
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import shapely

from woongeo.encode import visible
from woongeo.errors import (
    IncompleteLayerError,
    ServiceError,
    ServiceResponseError,
    UnexpectedCrsError,
)
from woongeo.numerals import by_number
from woongeo.pdok._boxes import NATION, Box, written
from woongeo.pdok._gathered import ChangedError
from woongeo.pdok._http import Answer, within_origin
from woongeo.pdok._links import early_next, next_page
from woongeo.pdok._pages import (
    DECODING,
    Page,
    read_collection,
    read_json,
    read_page,
    refuse_outside,
)
from woongeo.pdok._run import Task, gather, is_rd_uri, require_understood

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

_RD_URI = "http://www.opengis.net/def/crs/EPSG/0/28992"
_LIMIT = 1_000
_GEOJSON = "application/geo+json, application/json"
_EMPTY_PAGES = 3


@dataclass(frozen=True)
class Items:
    """What to ask of a collection.

    Attributes
    ----------
    root : str
        The landing page: ``https://api.pdok.nl/rvo/natura2000/ogc/v1``.
    collection : str
        Its id.
    datetime : str
        An instant (RFC 3339), for collections that hold several editions; empty for none.
    equals : Mapping
        Property to value; only properties that the server announces as queryable.
    cql : str
        A CQL2 text filter; only where the server announces it.
    """

    root: str
    collection: str
    datetime: str = ""
    equals: Mapping[str, str] = field(default_factory=dict)
    cql: str = ""

    def url(self, *more: str) -> str:
        """Give an address below the collection.

        Parameters
        ----------
        *more : str
            Path segments.

        Returns
        -------
        str
            The address.
        """
        parts = [self.root.rstrip("/"), "collections", quote(self.collection, safe=""), *more]
        return "/".join(parts)


@dataclass(frozen=True)
class _Answered:
    """One decoded page."""

    page: Page
    next: str | None
    matched: int | None


class _RestartedError(IncompleteLayerError):
    """The server began again at page one."""


def fetch_features(task: Task, items: Items, boxes: Sequence[Box] | None) -> gpd.GeoDataFrame:
    """Fetch all features of a collection, or those that touch boxes.

    Parameters
    ----------
    task : Task
        The fetch.
    items : Items
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
    before = _describe(task, items)
    _require_rd(task, items, before)
    _require_announced(task, items)
    for _ in range(2):
        frame = gather(task, boxes, lambda box: _whole(task, items, box))
        if boxes is not None and not len(frame):
            _require_understood(task, items)
        if len(task.ledger.exchanges) == 1:
            return frame
        after = _describe(task, items)
        if all(before.get(key) == after.get(key) for key in ("extent", "links", "crs")):
            return frame
        task.note("de dataset werd vernieuwd tijdens het ophalen; alles is nog eens opgehaald")
        before = after
    raise IncompleteLayerError(
        f"{task.what}: de dataset wordt telkens vernieuwd tijdens het ophalen. Probeer het later."
    )


def sample_features(task: Task, items: Items) -> list[str]:
    """Ask for one feature, to see how its columns are spelled.

    Parameters
    ----------
    task : Task
        The fetch.
    items : Items
        What to ask.

    Returns
    -------
    list of str
        Names of properties; empty for an empty collection.

    Raises
    ------
    UnexpectedCrsError
        When the server does not give RD New.
    ServiceError
        When it does not answer, or not as asked.
    """
    return list(_page(task, _first_url(items, None, limit=1), None).page.columns)


def _describe(task: Task, items: Items) -> dict[str, Any]:
    """Read the collection's description."""
    return task.http.get(
        items.url(),
        what=task.what,
        params={"f": "json"},
        budget=task.budget,
        check=lambda answer: read_json(answer, task.what),
    )


def _require_rd(task: Task, items: Items, described: Mapping[str, Any]) -> None:
    """Refuse a collection that does not offer RD New: it would be converted, we know not how."""
    offered = [str(uri) for uri in described.get("crs") or []]
    if not any(map(is_rd_uri, offered)):
        raise UnexpectedCrsError(
            f"{task.what}: {items.url()} biedt geen RD New aan "
            f"(wel: {visible(', '.join(offered))[:300] or 'niets'})."
        )


def _require_understood(task: Task, items: Items) -> None:
    """See that a box finds what is there, before nothing is believed to be there."""

    def finds(name: str | None, box: Box) -> bool:
        found = _page(task, _first_url(items, box), box)
        return name is None or found.next is not None or name in found.page.ids

    some = _page(task, _first_url(items, None, limit=10), None).page
    require_understood(task, items.url(), some, finds)


def _require_announced(task: Task, items: Items) -> None:
    """Use a filter only where the server announces it; one that is ignored gives too much."""
    if items.equals:
        found = task.http.get(
            items.url("queryables"),
            what=task.what,
            params={"f": "json"},
            accept="application/schema+json, application/json",
            budget=task.budget,
            check=lambda answer: read_json(answer, task.what),
        )
        known = set(found.get("properties") or {})
        if stray := sorted(set(items.equals) - known):
            raise ServiceResponseError(
                f"{task.what}: de server kan niet kiezen op {', '.join(stray)}; "
                f"wel op: {', '.join(sorted(known - {'geometry'})) or 'niets'}."
            )
    if items.cql:
        found = task.http.get(
            f"{items.root.rstrip('/')}/conformance",
            what=task.what,
            params={"f": "json"},
            budget=task.budget,
            check=lambda answer: read_json(answer, task.what),
        )
        if not any("/cql2-text" in str(uri) for uri in found.get("conformsTo") or []):
            raise ServiceResponseError(f"{task.what}: de server kent geen CQL2-filter.")


def _whole(task: Task, items: Items, box: Box | None) -> list[Page]:
    """Fetch one box, and once more when something made the first time doubtful."""
    try:
        pages, doubtful = _pages(task, items, box)
    except (_RestartedError, ChangedError) as error:
        task.note(f"opnieuw begonnen: {error}")
        pages, doubtful = _pages(task, items, box)
    if doubtful:
        # A feature that comes twice in one run may have pushed another out. Two runs that agree
        # on the set of ids are believed.
        again, _ = _pages(task, items, box)
        if _id_set(pages) != _id_set(again):
            raise IncompleteLayerError(
                f"{task.what}: twee keer ophalen gaf twee verschillende lagen; de server geeft "
                "geen vaste volgorde. Probeer het later opnieuw."
            )
        task.note("objecten kwamen dubbel; een tweede keer ophalen gaf dezelfde objecten")
    return pages


def _id_set(pages: Sequence[Page]) -> set[str | None]:
    """Collect the ids of pages."""
    return {name for page in pages for name in page.ids}


def _first_url(items: Items, box: Box | None, *, limit: int = _LIMIT) -> str:
    """Write the first question; every later one comes from the server."""
    query = {"f": "json", "limit": str(limit), "crs": _RD_URI}
    if box is not None:
        query |= {"bbox": written(box), "bbox-crs": _RD_URI}
    if items.datetime:
        query["datetime"] = items.datetime
    if items.cql:
        query |= {"filter": items.cql, "filter-lang": "cql2-text", "filter-crs": _RD_URI}
    return f"{items.url('items')}?{urlencode({**query, **items.equals}, quote_via=quote)}"


class _Ahead:
    """Asks for the next page while this one is read.

    The link to it stands before the features in GoKoala's answers. What was asked ahead is used
    only when the whole page, once read, names that very address.
    """

    def __init__(self, task: Task, box: Box | None, pool: concurrent.futures.Executor) -> None:
        self._task = task
        self._box = box
        self._pool = pool
        self._asked: dict[str, concurrent.futures.Future[_Answered]] = {}
        self._lock = threading.Lock()
        self._done = False

    def ask(self, url: str) -> concurrent.futures.Future[_Answered]:
        """Ask for a page, unless it was asked already."""
        with self._lock:
            if url not in self._asked:
                self._asked[url] = self._pool.submit(_page, self._task, url, self._box, self._see)
            return self._asked[url]

    def _see(self, answer: Answer) -> None:
        """Find the link to the next page in an answer that was not read yet."""
        target = early_next(answer)
        if target is not None:
            with suppress(ServiceError):
                target = within_origin(answer.url, target)
                with self._lock:
                    if self._done or target in self._asked:
                        return
                self.ask(target)

    def stop(self) -> None:
        """Ask nothing more."""
        with self._lock:
            self._done = True
            for future in self._asked.values():
                future.cancel()


def _pages(task: Task, items: Items, box: Box | None) -> tuple[list[Page], bool]:
    """Follow the links from page one to the last; tell whether a feature came twice."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ahead = _Ahead(task, box, pool)
        try:
            pages, ids, matched = _follow(task, _first_url(items, box), ahead)
        finally:
            ahead.stop()
            pool.shutdown(wait=True, cancel_futures=True)
    total = sum(map(len, pages))
    last = pages[-1]
    if len(last) >= _LIMIT and shapely.is_missing(last.geometry).all():
        # GoKoala gives no link to the next page for collections without shapes.
        raise IncompleteLayerError(
            f"{task.what}: een volle bladzijde zonder vormen en zonder verwijzing naar de "
            "volgende; of er meer is, is niet te zien."
        )
    if matched is not None and total != matched:
        raise IncompleteLayerError(
            f"{task.what}: de server noemt {matched} {by_number(matched, 'object', 'objecten')} "
            f"maar gaf er {total}."
        )
    if len(pages) > 1:
        _refuse_changed(task, _first_url(items, box), box, pages[0])
    return pages, len(ids) < sum(name is not None for page in pages for name in page.ids)


def _follow(task: Task, first_url: str, ahead: _Ahead) -> tuple[list[Page], set[str], int | None]:
    """Collect the pages, their ids, and the count where the server gives one."""
    url: str | None = first_url
    pages: list[Page] = []
    visited: set[str] = set()
    ids: set[str] = set()
    empty = 0
    matched: int | None = None
    while url is not None:
        if url in visited:
            raise IncompleteLayerError(
                f"{task.what}: de server verwijst terug naar een bladzijde die al is geweest "
                f"({visible(url)[:300]}), dus het einde is niet te bereiken. Meld dit aan PDOK."
            )
        visited.add(url)
        answered = ahead.ask(url).result()
        page = answered.page
        named = [name for name in page.ids if name is not None]
        if pages and named:
            _refuse_restart(task, pages[0], ids, named)
        empty = 0 if len(page) else empty + 1
        if empty > _EMPTY_PAGES and answered.next is not None:
            raise IncompleteLayerError(
                f"{task.what}: de server blijft lege bladzijden geven met een verwijzing naar de "
                "volgende."
            )
        if answered.matched is not None and matched not in {None, answered.matched}:
            raise ChangedError(f"{task.what}: het aantal objecten veranderde tijdens het ophalen.")
        matched = matched if answered.matched is None else answered.matched
        ids.update(named)
        pages.append(page)
        task.count(len(page))
        url = answered.next
    return pages, ids, matched


def _refuse_restart(task: Task, first: Page, ids: set[str], named: Sequence[str]) -> None:
    """See that a page is not page one again, nor any other that was had."""
    if named[0] == next((i for i in first.ids if i is not None), None) or ids.issuperset(named):
        raise _RestartedError(
            f"{task.what}: de server begon halverwege opnieuw bij een eerdere bladzijde, dus "
            "onbekend is wat er nog had moeten komen. Probeer het later opnieuw."
        )


def _refuse_changed(task: Task, url: str, box: Box | None, first: Page) -> None:
    """See that page one is still the same, now that the last page is in."""
    if _page(task, url, box).page.ids != first.ids:
        raise ChangedError(
            f"{task.what}: de gegevens veranderden tijdens het ophalen. Probeer het later opnieuw."
        )


def _page(
    task: Task, url: str, box: Box | None, see: Callable[[Answer], None] | None = None
) -> _Answered:
    """Fetch one page; show it to `see` before it is read."""

    def check(answer: Answer) -> _Answered:
        if see is not None:
            see(answer)
        with DECODING:
            found = read_collection(answer, task.what)
            stated = answer.headers.get("content-crs", "").strip().strip("<>")
            if not is_rd_uri(stated):
                raise UnexpectedCrsError(
                    f"{task.what}: {visible(url)[:300]} geeft coördinaten in "
                    f"{visible(stated)[:100] or 'een stelsel dat niet wordt genoemd'}, terwijl "
                    "RD New is gevraagd."
                )
            page = read_page(found["features"], task.what)
            refuse_outside(page, box or NATION, url, task.what)
            matched = found.get("numberMatched")
            return _Answered(
                page, next_page(found, answer.url), matched if isinstance(matched, int) else None
            )

    return task.http.get(
        url, what=task.what, accept=_GEOJSON, budget=task.budget, ledger=task.ledger, check=check
    )
