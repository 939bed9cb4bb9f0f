"""WFS 2.0 as PDOK's MapServer serves it: as many as were counted, or an error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pdok_servers import (
    EAST,
    NORTH,
    Mapserver,
    Question,
    Reply,
    Running,
    as_exception,
    square,
    squares,
)

from woongeo.errors import (
    IncompleteLayerError,
    ServiceError,
    ServiceResponseError,
    UnexpectedCrsError,
)
from woongeo.pdok import wfs
from woongeo.pdok.wfs import FeatureType, fetch_wfs

if TYPE_CHECKING:
    from collections.abc import Callable

BOX = (EAST, NORTH, EAST + 150, NORTH + 50)


def asked_of(server: Running, **changes: Any) -> FeatureType:
    return FeatureType(f"{server.url}/wfs", "vlakken", **changes)


def edited(
    mapserver: Mapserver, edit: Callable[[Question, dict[str, Any]], Reply | None]
) -> Callable[[Question], Reply]:
    """Serve pages after an edit."""

    def answer(asked: Question) -> Reply:
        reply = mapserver(asked)
        if asked.query.get("resultType") == "hits":
            return reply
        body = json.loads(reply.body)
        return edit(asked, body) or replace(reply, body=json.dumps(body).encode())

    return answer


def test_all_pages_come(serve: Any, task: Any) -> None:
    server = serve(Mapserver(squares(2345)))
    frame = fetch_wfs(task(server), asked_of(server), None)
    assert sorted(frame["nr"]) == list(range(2345))
    assert frame.crs.to_epsg() == 28992
    pages = [q.query for q in server.asked if "resultType" not in q.query]
    assert sorted(int(q["startIndex"]) for q in pages) == [0, 1000, 2000]
    assert {q["srsName"] for q in pages} == {"urn:ogc:def:crs:EPSG::28992"}
    assert server.busiest <= 4


def test_box_with_its_reference_system(serve: Any, task: Any) -> None:
    server = serve(Mapserver(squares(400)))
    frame = fetch_wfs(task(server), asked_of(server), [BOX])
    assert sorted(frame["nr"]) == [0, 1]
    assert all(q.query["bbox"].endswith(",urn:ogc:def:crs:EPSG::28992") for q in server.asked)


def test_an_empty_type_is_empty(serve: Any, task: Any) -> None:
    server = serve(Mapserver([]))
    assert len(fetch_wfs(task(server), asked_of(server), None)) == 0


def test_page_smaller_than_asked(serve: Any, task: Any) -> None:
    """F10: offsets follow what came, not what was asked."""
    server = serve(Mapserver(squares(47), most=7))
    assert sorted(fetch_wfs(task(server), asked_of(server), None)["nr"]) == list(range(47))


def test_ceiling_is_answered_by_smaller_boxes(
    serve: Any, task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13: beyond startIndex 50,000 there is nothing to be had; here it is 50."""
    monkeypatch.setattr(wfs, "CEILING", 50)
    server = serve(Mapserver(squares(400), most=20, ceiling=50))
    doing = task(server)
    frame = fetch_wfs(doing, asked_of(server), [(EAST, NORTH, EAST + 4000, NORTH + 1000)])
    assert sorted(frame["nr"]) == list(range(400))
    assert max(int(q.query.get("startIndex", 0)) for q in server.asked) <= 50


def test_parts_must_hold_what_was_counted(
    serve: Any, task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features without a shape are counted, but no box finds them."""
    monkeypatch.setattr(wfs, "CEILING", 50)
    features = [*squares(90), {**square(90), "geometry": None}]
    server = serve(Mapserver(features, most=20, ceiling=50))
    with pytest.raises(IncompleteLayerError, match=r"telt 91 objecten, maar in delen .* 90"):
        fetch_wfs(task(server), asked_of(server), None)


def test_short_page_fails_the_layer(serve: Any, task: Any) -> None:
    """F18, and a server whose pages do not add up to its own count."""

    def lose(asked: Question, body: dict[str, Any]) -> None:
        if asked.query["startIndex"] == "20":
            del body["features"][0]
            body["numberReturned"] -= 1

    server = serve(edited(Mapserver(squares(35), most=10), lose))
    with pytest.raises(IncompleteLayerError, match="telt 35 objecten, maar gaf er 34"):
        fetch_wfs(task(server), asked_of(server), None)


def test_pages_without_order(serve: Any, task: Any) -> None:
    """F16: a feature twice means another one not at all."""

    def repeat(asked: Question, body: dict[str, Any]) -> None:
        if asked.query["startIndex"] == "20":
            body["features"][0] = square(3)

    server = serve(edited(Mapserver(squares(35), most=10), repeat))
    with pytest.raises(IncompleteLayerError, match="geen vaste volgorde"):
        fetch_wfs(task(server), asked_of(server), None)


def test_sorted_where_a_key_is_known(serve: Any, task: Any) -> None:
    """F16."""
    server = serve(Mapserver(squares(35), most=10))
    fetch_wfs(task(server), asked_of(server, sort_by="nr"), None)
    assert all(q.query["sortBy"] == "nr" for q in server.asked if "count" in q.query)


def test_count_that_changes_once(serve: Any, task: Any) -> None:
    """F15."""
    mapserver = Mapserver(squares(35), most=10)

    def answer(asked: Question) -> Reply:
        if asked.number == 3:
            mapserver.features = squares(36)
        return mapserver(asked)

    server = serve(answer)
    doing = task(server)
    assert len(fetch_wfs(doing, asked_of(server), None)) == 36
    assert any("opnieuw begonnen" in note for note in doing.notes)


def test_count_that_keeps_changing(serve: Any, task: Any) -> None:
    """F15."""
    mapserver = Mapserver(squares(35), most=10)

    def answer(asked: Question) -> Reply:
        mapserver.features = squares(35 + asked.number)
        return mapserver(asked)

    server = serve(answer)
    with pytest.raises(IncompleteLayerError, match="veranderde tijdens het ophalen"):
        fetch_wfs(task(server), asked_of(server), None)


@pytest.mark.parametrize("told", ["unknown", "", "-1"])
def test_server_that_cannot_count(serve: Any, task: Any, told: str) -> None:
    mapserver = Mapserver(squares(5))
    server = serve(
        lambda q: mapserver.hits(told) if q.query.get("resultType") == "hits" else mapserver(q)
    )
    with pytest.raises(IncompleteLayerError, match="weet niet hoeveel"):
        fetch_wfs(task(server), asked_of(server), None)


def test_exception_with_http_400(serve: Any, task: Any) -> None:
    server = serve(lambda _: as_exception("Unknown type", code="InvalidParameterValue"))
    with pytest.raises(ServiceResponseError, match="Unknown type"):
        fetch_wfs(task(server), asked_of(server), None)
    assert len(server.asked) == 1


@pytest.mark.parametrize("when", ["hits", "page"])
def test_exception_with_http_200(serve: Any, task: Any, when: str) -> None:
    """F6: codice/ddf#6599 took such a count for zero."""
    mapserver = Mapserver(squares(5))

    def answer(asked: Question) -> Reply:
        hits = asked.query.get("resultType") == "hits"
        if hits == (when == "hits"):
            return as_exception("LayerNotDefined: weg", code="LayerNotDefined", status=200)
        return mapserver(asked)

    server = serve(answer)
    with pytest.raises(ServiceResponseError, match="LayerNotDefined: weg"):
        fetch_wfs(task(server), asked_of(server), None)
    assert len(server.asked) <= 2


def test_exception_that_passes(serve: Any, task: Any) -> None:
    mapserver = Mapserver(squares(5))
    failed: list[int] = []

    def answer(asked: Question) -> Reply:
        if not failed:
            failed.append(1)
            return as_exception("connection lost", code="NoApplicableCode", status=200)
        return mapserver(asked)

    server = serve(answer)
    assert len(fetch_wfs(task(server), asked_of(server), None)) == 5


@pytest.mark.parametrize(
    "crs", [None, "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4258"]
)
def test_reference_system_is_demanded(serve: Any, task: Any, crs: str | None) -> None:
    """F20."""
    server = serve(Mapserver(squares(5), crs=crs))
    with pytest.raises(UnexpectedCrsError, match="RD New"):
        fetch_wfs(task(server), asked_of(server), None)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" numberMatched="0">&b;'
    b"</wfs:FeatureCollection>"
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<x numberMatched="0">&a;</x>'
)


@pytest.mark.parametrize("bomb", [BOMB, OUTSIDE], ids=["bomb", "file"])
def test_xml_bombs(serve: Any, task: Any, bomb: bytes) -> None:
    """F43: never an empty layer, never another file's content."""
    server = serve(lambda _: Reply(bomb, headers={"Content-Type": "text/xml"}))
    with pytest.raises(ServiceResponseError) as caught:
        fetch_wfs(task(server), asked_of(server), None)
    assert "root:" not in str(caught.value)


def test_truncated_xml_is_no_count(serve: Any, task: Any) -> None:
    """F7: GDAL reads a cut-off GML as an empty layer."""
    mapserver = Mapserver(squares(5))
    server = serve(lambda q: replace(mapserver(q), body=mapserver(q).body[:-9]))
    with pytest.raises(ServiceResponseError, match="geen volledige XML"):
        fetch_wfs(task(server, attempts=2), asked_of(server), None)


FAR = [(EAST + 90_000, NORTH, EAST + 90_100, NORTH + 100)]


def test_nothing_there(serve: Any, task: Any) -> None:
    """Believed only when a box finds what is there."""
    server = serve(Mapserver(squares(25)))
    assert len(fetch_wfs(task(server), asked_of(server), FAR)) == 0
    empty = serve(Mapserver([]))
    with pytest.raises(IncompleteLayerError, match="ook zonder gebied"):
        fetch_wfs(task(empty), asked_of(empty), FAR)


def test_axes_of_the_box_the_other_way_round(serve: Any, task: Any) -> None:
    """F21: HTTP 200 and no features."""
    mapserver = Mapserver(squares(25))

    def answer(asked: Question) -> Reply:
        if "bbox" in asked.query:
            west, south, east, north, crs = asked.query["bbox"].split(",")
            turned = f"{south},{west},{north},{east},{crs}"
            asked = replace(asked, query={**asked.query, "bbox": turned})
        return mapserver(asked)

    server = serve(answer)
    with pytest.raises(IncompleteLayerError, match="niet op zijn eigen plek"):
        fetch_wfs(task(server), asked_of(server), [BOX])


def test_answer_that_says_it_was_cut(serve: Any, task: Any) -> None:
    """F7: wfs:truncatedResponse."""
    body = (
        b'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" numberMatched="5">'
        b"<wfs:truncatedResponse/></wfs:FeatureCollection>"
    )
    server = serve(lambda _: Reply(body, headers={"Content-Type": "text/xml"}))
    with pytest.raises(ServiceResponseError, match="afgebroken"):
        fetch_wfs(task(server, attempts=2), asked_of(server), None)


def test_a_line_dropped_anywhere_never_shortens_the_layer(serve: Any, task: Any) -> None:
    """Each of the counts and pages in turn is cut, for good."""
    mapserver = Mapserver(squares(100), most=10)
    broken = [""]

    def answer(asked: Question) -> Reply:
        reply = mapserver(asked)
        if asked.query.get("startIndex", "hits") == broken[0]:
            return replace(reply, cut=len(reply.body) // 2)
        return reply

    server = serve(answer)
    for start in ["hits", *map(str, range(0, 100, 10))]:
        broken[0] = start
        with pytest.raises(ServiceError):
            fetch_wfs(task(server, attempts=2), asked_of(server), None)
    broken[0] = ""
    assert len(fetch_wfs(task(server), asked_of(server), None)) == 100
