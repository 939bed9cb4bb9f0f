"""ArcGIS FeatureServer, where the provinces and the capaciteitskaart publish.

A query gives at most ``maxRecordCount`` features, and says so only by ``exceededTransferLimit``.
The ids of all features can be had in one answer however, so they are asked first, and a layer is
believed only when it holds exactly those:
https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/
"""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, Any

from woongeo.encode import visible
from woongeo.errors import IncompleteLayerError, ServiceResponseError, UnexpectedCrsError
from woongeo.pdok._boxes import NATION, Box, written
from woongeo.pdok._http import PARALLEL, Answer, GarbledError, server_text
from woongeo.pdok._pages import ChangedError, Page, read_json, read_page, refuse_outside
from woongeo.pdok._run import Task, gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

_RD = 28992
# Ids travel in the address, which servers limit to about eight thousand characters.
_IDS_CHARACTERS = 1_500
_MOST = 1_000


def fetch_arcgis(task: Task, url: str, boxes: Sequence[Box] | None) -> gpd.GeoDataFrame:
    """Fetch all features of a layer, or those that touch boxes.

    Parameters
    ----------
    task : Task
        The fetch.
    url : str
        The layer: ``https://…/FeatureServer/0``.
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
        When not all ids came.
    ServiceError
        When the server does not answer, or not as asked.
    """
    return gather(task, boxes, lambda box: _whole(task, url.rstrip("/"), box))


def _whole(task: Task, url: str, box: Box | None) -> list[Page]:
    """Fetch one box, and once more when its ids changed meanwhile."""
    try:
        return _by_id(task, url, box)
    except ChangedError as error:
        task.note(f"opnieuw begonnen: {error}")
        return _by_id(task, url, box)


def _query(box: Box | None) -> dict[str, str]:
    """Write what all questions share."""
    query = {"where": "1=1", "f": "json"}
    if box is not None:
        query |= {
            "geometry": written(box),
            "geometryType": "esriGeometryEnvelope",
            "inSR": str(_RD),
            "spatialRel": "esriSpatialRelIntersects",
        }
    return query


def _object(answer: Answer, what: str) -> dict[str, Any]:
    """Decode an answer; ArcGIS tells errors with HTTP 200."""
    found = read_json(answer, what)
    if "error" in found:
        code = found["error"].get("code") if isinstance(found["error"], dict) else None
        kind = GarbledError if code in {429, 500, 502, 503, 504} else ServiceResponseError
        raise kind(f"{what}: {visible(answer.url)[:300]} meldt een fout: {server_text(answer)}.")
    return found


def _ids(task: Task, url: str, box: Box | None) -> tuple[str, list[int]]:
    """Ask the ids of all features; this answer has no page size."""

    def check(answer: Answer) -> tuple[str, list[int]]:
        found = _object(answer, task.what)
        ids = found.get("objectIds")
        field = found.get("objectIdFieldName")
        if (
            not isinstance(field, str)
            or not isinstance(ids, list | None)
            or "objectIds" not in found
        ):
            raise GarbledError(
                f"{task.what}: {visible(answer.url)[:300]} geeft geen lijst van ids."
            )
        if found.get("exceededTransferLimit"):
            raise IncompleteLayerError(
                f"{task.what}: {visible(answer.url)[:300]} geeft niet alle ids."
            )
        ids = [i for i in ids or [] if isinstance(i, int)]
        return field, sorted(ids)

    return task.http.get(
        f"{url}/query",
        what=task.what,
        params={**_query(box), "returnIdsOnly": "true"},
        budget=task.budget,
        check=check,
    )


def _by_id(task: Task, url: str, box: Box | None) -> list[Page]:
    """Fetch the features that have the ids, in groups."""
    field, ids = _ids(task, url, box)
    groups: list[list[int]] = []
    room = 0
    for one in ids:
        room -= len(str(one)) + 3
        if room < 0 or len(groups[-1]) >= _MOST:
            groups.append([])
            room = _IDS_CHARACTERS
        groups[-1].append(one)
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        jobs = [pool.submit(_group, task, url, (field, group), box) for group in groups]
        try:
            pages = [page for job in jobs for page in job.result()]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if len(groups) > 1 and _ids(task, url, box) != (field, ids):
        raise ChangedError(
            f"{task.what}: de gegevens veranderden tijdens het ophalen. Probeer het later opnieuw."
        )
    return pages


def _group(task: Task, url: str, asked: tuple[str, list[int]], box: Box | None) -> list[Page]:
    """Fetch a group of ids, in smaller ones where the server cannot give it whole."""
    field, ids = asked

    def check(answer: Answer) -> tuple[Page, bool]:
        found = _object(answer, task.what)
        features = found.get("features")
        if found.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise GarbledError(f"{task.what}: {visible(answer.url)[:300]} geeft geen objecten.")
        _require_rd(found, answer, task.what)
        page = read_page(features, task.what)
        refuse_outside(page, box or NATION, answer.url, task.what)
        properties = found.get("properties")
        exceeded = bool(found.get("exceededTransferLimit")) or bool(
            isinstance(properties, dict) and properties.get("exceededTransferLimit")
        )
        return page, exceeded

    page, exceeded = task.http.get(
        f"{url}/query",
        what=task.what,
        params={
            "objectIds": ",".join(map(str, ids)),
            "outFields": "*",
            "outSR": str(_RD),
            "returnGeometry": "true",
            "f": "geojson",
        },
        budget=task.budget,
        ledger=task.ledger,
        check=check,
    )
    if exceeded and len(ids) > 1:
        half = len(ids) // 2
        return [
            *_group(task, url, (field, ids[:half]), box),
            *_group(task, url, (field, ids[half:]), box),
        ]
    if sorted(page.ids, key=str) != sorted(map(str, ids)):
        raise IncompleteLayerError(
            f"{task.what}: {visible(url)[:300]} noemt {len(ids)} objecten, maar geeft er "
            f"{len(page)} of andere."
        )
    task.count(len(page))
    return [page]


def _require_rd(found: dict[str, Any], answer: Answer, what: str) -> None:
    """Demand the label of RD New; GeoJSON without one is in degrees."""
    crs = found.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if not name.endswith(f":{_RD}") and found["features"]:
        raise UnexpectedCrsError(
            f"{what}: {visible(answer.url)[:300]} geeft coördinaten in "
            f"{visible(name)[:100] or 'een stelsel dat niet wordt genoemd'}, "
            "terwijl RD New is gevraagd."
        )
