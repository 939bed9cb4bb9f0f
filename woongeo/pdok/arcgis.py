"""ArcGIS FeatureServer and MapServer, where provinces and grid operators publish.

A server gives at most ``maxRecordCount`` features and often says so only by a flag; but it gives
all object ids at once, without that limit. So a layer is believed when a feature came for each id,
and the ids are the same at the end:
https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/

A layer is asked in its own reference system and converted here: `woongeo.pdok._reference` says why.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from woongeo.encode import visible
from woongeo.errors import (
    EndpointGoneError,
    IncompleteLayerError,
    ServiceResponseError,
    UnexpectedCrsError,
)
from woongeo.numerals import by_number
from woongeo.pdok._boxes import NATION, Box
from woongeo.pdok._esri import KINDS, as_feature
from woongeo.pdok._gathered import ChangedError
from woongeo.pdok._http import Answer, GarbledError, TooHeavyError
from woongeo.pdok._many import together
from woongeo.pdok._pages import (
    Page,
    read_json,
    read_page,
    refuse_outside,
)
from woongeo.pdok._reference import Reference, read_reference
from woongeo.pdok._run import Task, gather, require_understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import geopandas as gpd

_PAGE = 1_000
# IIS, which carries most of these servers, takes 2,048 characters of query:
# https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/requestlimits/
_QUERY_CHARACTERS = 1_200
_CLOSED = {401, 403, 498, 499}


@dataclass(frozen=True)
class FeatureLayer:
    """What to ask of an ArcGIS server.

    Attributes
    ----------
    url : str
        The layer, its number included: ``https://…/FeatureServer/0``.
    where : str
        A condition in SQL; empty for all features.
    """

    url: str
    where: str = ""

    def query_url(self) -> str:
        """Give the address of the query operation.

        Returns
        -------
        str
            The address.
        """
        return f"{self.url.rstrip('/')}/query"


@dataclass(frozen=True)
class _Described:
    """What a layer says of itself."""

    id_field: str
    dates: tuple[str, ...]
    page: int
    paged: bool
    ordered: bool
    reference: Reference
    edited: object


def fetch_arcgis(task: Task, asked: FeatureLayer, boxes: Sequence[Box] | None) -> gpd.GeoDataFrame:
    """Fetch all features of a layer, or those that touch boxes.

    Parameters
    ----------
    task : Task
        The fetch.
    asked : FeatureLayer
        What to ask.
    boxes : sequence of Box or None
        RD New, metres; None for everything.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres: each feature that touches a box, once; ``feature_id`` is the
        object id as text, dates are text in UTC.

    Raises
    ------
    UnexpectedCrsError
        When the server gives another reference system than was asked.
    IncompleteLayerError
        When nothing proves that the layer is whole.
    ServiceError
        When the server does not answer, or not as asked.
    """
    for _ in range(2):
        before = _describe(task, asked)
        frame = gather(task, boxes, functools.partial(_whole, task, asked, before))
        if boxes is not None and not len(frame):
            _require_understood(task, asked, before)
        if before.edited is None or _describe(task, asked).edited == before.edited:
            return frame
        task.note("de laag werd bewerkt tijdens het ophalen; alles is nog eens opgehaald")
    raise IncompleteLayerError(
        f"{task.what}: de laag wordt telkens bewerkt tijdens het ophalen. Probeer het later."
    )


def _require_understood(task: Task, asked: FeatureLayer, layer: _Described) -> None:
    """See that a box finds what is there, before nothing is believed to be there."""
    everything = {"f": "json", "where": "1=1"}
    ids = sorted(_ids(task, asked, everything))[: min(10, layer.page)]
    some = None
    if ids:
        (page,) = _by_ids(task, asked, layer, ids)
        some = layer.reference.page_in_rd(page, None, task)

    def finds(name: str | None, box: Box) -> bool:
        found = _ids(task, asked, everything | layer.reference.choose(box))
        return str(name) in map(str, found)

    require_understood(task, asked.url, some, finds)


def _read(answer: Answer, what: str) -> dict[str, Any]:
    """Decode an answer; errors come with HTTP 200 too."""
    found = read_json(answer, what)
    error = found.get("error")
    if error is None:
        return found
    told = error if isinstance(error, dict) else {"message": error}
    code = told.get("code")
    details = told.get("details") or []
    parts = [told.get("message") or "", *(details if isinstance(details, list) else [details])]
    said = visible(" ".join(filter(None, dict.fromkeys(map(str, parts)))))[:300] or "niets"
    shown = answer.url[:300]
    message = f"{what}: {shown} meldt fout {visible(code)[:20]} en zegt: {said}."
    if code in _CLOSED:
        raise ServiceResponseError(f"{what}: {shown} is niet vrij toegankelijk ({said}).")
    if code == 404:
        raise EndpointGoneError(f"{message} Zoek het nieuwe adres en zet het in de catalogus.")
    if any(word in said.lower() for word in ("timed out", "timeout", "too long")):
        raise TooHeavyError(message)
    if code == 429 or not isinstance(code, int) or code >= 500:
        raise GarbledError(message)
    raise ServiceResponseError(message)


def _describe(task: Task, asked: FeatureLayer) -> _Described:
    """Read what a layer says of itself."""
    found = task.http.get(
        asked.url.rstrip("/"),
        what=task.what,
        params={"f": "json"},
        budget=task.budget,
        check=lambda answer: _read(answer, task.what),
    )
    kind = found.get("geometryType")
    if kind not in KINDS:
        layers = [str(each.get("id")) for each in found.get("layers") or []]
        advice = (
            f"noem een laag: {asked.url.rstrip('/')}/{layers[0]}"
            if layers
            else "alleen lagen met punten, lijnen of vlakken worden gelezen"
        )
        raise ServiceResponseError(
            f"{task.what}: {asked.url[:300]} is geen laag met objecten "
            f"({visible(kind or found.get('type') or 'zonder soort')[:60]}); {advice}."
        )
    fields = [each for each in found.get("fields") or [] if isinstance(each, dict)]
    by_kind = {str(each.get("type")): str(each.get("name")) for each in reversed(fields)}
    id_field = str(found.get("objectIdField") or by_kind.get("esriFieldTypeOID") or "")
    if not id_field:
        raise IncompleteLayerError(
            f"{task.what}: {asked.url[:300]} heeft geen object-id's, dus is niet te bewijzen dat "
            "alles er is."
        )
    can = found.get("advancedQueryCapabilities") or {}
    editing = found.get("editingInfo") or {}
    most = found.get("maxRecordCount")
    return _Described(
        id_field=id_field,
        dates=tuple(
            str(each["name"]) for each in fields if each.get("type") == "esriFieldTypeDate"
        ),
        page=min(most, _PAGE) if isinstance(most, int) and most > 0 else _PAGE,
        paged=bool(can.get("supportsPagination", found.get("supportsPagination"))),
        ordered=bool(can.get("supportsOrderBy", True)),
        reference=read_reference(found, asked.url, task),
        edited=editing.get("dataLastEditDate") or editing.get("lastEditDate"),
    )


def _whole(task: Task, asked: FeatureLayer, layer: _Described, box: Box | None) -> list[Page]:
    """Fetch one box, and once more when it changed meanwhile."""
    try:
        return _proven(task, asked, layer, box)
    except ChangedError as error:
        task.note(f"opnieuw begonnen: {error}")
        return _proven(task, asked, layer, box)


def _proven(task: Task, asked: FeatureLayer, layer: _Described, box: Box | None) -> list[Page]:
    """Ask which ids there are, fetch them, and ask again."""
    query = {"f": "json", "where": asked.where or "1=1", **layer.reference.choose(box)}
    ids = _ids(task, asked, query)
    if (count := _count(task, asked, query)) != len(ids):
        raise ChangedError(
            f"{task.what}: {asked.url[:300]} telt {count} "
            f"{by_number(count, 'object', 'objecten')}, maar noemt er {len(ids)}."
        )
    if not ids:
        return []
    try:
        pages = list(_by_offset(task, asked, layer, query, len(ids))) if layer.paged else []
        if missing := ids - _had(pages):
            if pages:
                task.note("bladzijden waren korter dan gevraagd; de rest is per id opgehaald")
            pages += _by_ids(task, asked, layer, sorted(missing))
    except TooHeavyError as error:
        raise TooHeavyError(str(error), expected=len(ids)) from error
    if missing := ids - _had(pages):
        raise ChangedError(
            f"{task.what}: van {len(missing)} van de {len(ids)} "
            f"{by_number(len(ids), 'object', 'objecten')} kwam niets, onder andere van "
            f"{layer.id_field} {min(missing)}."
        )
    if strays := _had(pages) - ids:
        raise ChangedError(
            f"{task.what}: er {by_number(len(strays), 'kwam', 'kwamen')} {len(strays)} "
            f"{by_number(len(strays), 'object bij dat', 'objecten bij die')} er eerst niet "
            f"{by_number(len(strays), 'was', 'waren')}, onder andere {layer.id_field} "
            f"{min(strays)}."
        )
    if _ids(task, asked, query) != ids:
        raise ChangedError(
            f"{task.what}: de gegevens veranderden tijdens het ophalen. Probeer het later opnieuw."
        )
    pages = [layer.reference.page_in_rd(page, box, task) for page in pages]
    for page in pages:
        _refuse_misplaced(task, page, box, asked.url)
    return pages


def _had(pages: Iterable[Page]) -> set[int]:
    """Collect the ids of pages."""
    return {int(name) for page in pages for name in page.ids if name is not None}


def _ids(task: Task, asked: FeatureLayer, query: dict[str, str]) -> set[int]:
    """Ask for all object ids, which have no limit."""

    def check(answer: Answer) -> set[int]:
        found = _read(answer, task.what)
        given = found.get("objectIds", ...)
        if given is None:
            return set()
        if not isinstance(given, list) or not all(type(each) is int for each in given):
            raise GarbledError(f"{task.what}: {answer.url[:300]} geeft geen lijst van object-id's.")
        if found.get("exceededTransferLimit"):
            raise TooHeavyError(f"{task.what}: {answer.url[:300]} geeft niet alle object-id's.")
        if len(set(given)) != len(given):
            raise IncompleteLayerError(
                f"{task.what}: {answer.url[:300]} noemt object-id's dubbel, dus is niet te "
                "bewijzen dat alles er is."
            )
        return set(given)

    return task.http.get(
        asked.query_url(),
        what=task.what,
        params=query | {"returnIdsOnly": "true"},
        budget=task.budget,
        check=check,
    )


def _count(task: Task, asked: FeatureLayer, query: dict[str, str]) -> int:
    """Ask how many features there are."""

    def check(answer: Answer) -> int:
        count = _read(answer, task.what).get("count")
        if type(count) is not int:
            raise GarbledError(f"{task.what}: {answer.url[:300]} geeft geen aantal objecten.")
        return count

    return task.http.get(
        asked.query_url(),
        what=task.what,
        params=query | {"returnCountOnly": "true"},
        budget=task.budget,
        check=check,
    )


def _by_offset(
    task: Task, asked: FeatureLayer, layer: _Described, query: dict[str, str], total: int
) -> Iterator[Page]:
    """Fetch page after page; gaps are found by their ids afterwards."""

    def page(start: int, size: int) -> Page:
        more = {"resultOffset": str(start), "resultRecordCount": str(size)}
        if layer.ordered:
            # Without an order, pages overlap and leave gaps.
            more["orderByFields"] = f"{layer.id_field} ASC"
        return _page(task, asked, layer, query | more)

    first = page(0, layer.page)
    yield first
    # The server's own page may be smaller than it says; it is what the first one held.
    if size := len(first):
        yield from together(lambda start: page(start, size), range(size, total, size))


def _by_ids(task: Task, asked: FeatureLayer, layer: _Described, ids: Sequence[int]) -> list[Page]:
    """Fetch features by their object ids, as many as an address can hold."""
    chunks: list[list[int]] = [[]]
    room = _QUERY_CHARACTERS
    for each in ids:
        # A comma is three characters in a query.
        size = len(str(each)) + 3
        if chunks[-1] and (size > room or len(chunks[-1]) == layer.page):
            chunks.append([])
            room = _QUERY_CHARACTERS
        chunks[-1].append(each)
        room -= size

    def fetch(chunk: list[int]) -> Page:
        return _page(task, asked, layer, {"f": "json", "objectIds": ",".join(map(str, chunk))})

    return list(together(fetch, chunks))


def _page(task: Task, asked: FeatureLayer, layer: _Described, query: Mapping[str, str]) -> Page:
    """Fetch one page."""

    def check(answer: Answer) -> Page:
        found = _read(answer, task.what)
        features = found.get("features")
        if not isinstance(features, list):
            raise GarbledError(f"{task.what}: {answer.url[:300]} geeft geen lijst van objecten.")
        if features:
            _require_as_asked(task, layer, found, answer.url)
        try:
            decoded = [as_feature(each, layer.id_field, layer.dates) for each in features]
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise GarbledError(
                f"{task.what}: een object in {answer.url[:300]} is onleesbaar ({error})."
            ) from error
        return read_page(decoded, task.what)

    page = task.http.get(
        asked.query_url(),
        what=task.what,
        params={
            **query,
            "outFields": "*",
            "returnGeometry": "true",
            "outSR": str(layer.reference.wkid),
            "returnZ": "false",
            "returnM": "false",
            "returnTrueCurves": "false",
        },
        budget=task.budget,
        ledger=task.ledger,
        check=check,
    )
    task.count(len(page))
    return page


def _require_as_asked(task: Task, layer: _Described, found: Mapping[str, Any], url: str) -> None:
    """Demand that a page is in the system that was asked, unrounded."""
    layer.reference.require(found.get("spatialReference"), url, task.what)
    if found.get("transform") is not None:
        raise ServiceResponseError(
            f"{task.what}: {url[:300]} geeft afgeronde coördinaten, die niet zijn gevraagd."
        )


def _refuse_misplaced(task: Task, page: Page, box: Box | None, url: str) -> None:
    """Refuse shapes outside the box, or of which none lies in or near the Netherlands."""
    if box is not None:
        refuse_outside(page, box, url, task.what)
        return
    bounds = shapely.bounds(page.geometry)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    west, south, east, north = NATION
    near = (
        (bounds[:, 2] >= west)
        & (bounds[:, 0] <= east)
        & (bounds[:, 3] >= south)
        & (bounds[:, 1] <= north)
    )
    if len(bounds) and not near.any():
        x, y = bounds[0, :2]
        raise UnexpectedCrsError(
            f"{task.what}: {url[:300]} zegt RD New te geven, maar het eerste object ligt op "
            f"({x:.5g}, {y:.5g}), ver buiten Nederland. Meld dit aan de beheerder."
        )
