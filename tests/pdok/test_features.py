"""OGC API Features as GoKoala serves it: whole, or an error."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdok_servers import (
    CRS84,
    EAST,
    NORTH,
    RD_URI,
    Gokoala,
    Question,
    Reply,
    Running,
    as_json,
    as_problem,
    serving,
    square,
    squares,
)

from woongeo.errors import (
    EndpointGoneError,
    IncompleteLayerError,
    RefusedAddressError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
    UnexpectedCrsError,
)
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task
from woongeo.pdok.features import Items, fetch_features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import geopandas as gpd

Serve = "Callable[[Callable[[Question], Reply]], Running]"


def items(server: Running, **changes: Any) -> Items:
    return Items(f"{server.url}/ogc/v1", "vlakken", **changes)


def numbers(frame: gpd.GeoDataFrame) -> list[int]:
    return sorted(frame["nr"].tolist())


def edited(gokoala: Gokoala, edit: Callable[[Question, dict[str, Any]], object]) -> Any:
    """Serve pages after an edit of their content; the edit gives a Reply to replace all."""

    def answer(asked: Question) -> Reply:
        reply = gokoala(asked)
        if not asked.path.endswith("/items") or reply.status != 200:
            return reply
        body = json.loads(reply.body)
        changed = edit(asked, body)
        if isinstance(changed, Reply):
            return changed
        return replace(reply, body=json.dumps(body).encode())

    return answer


def test_all_pages_come(serve: Any, task: Any) -> None:
    """2,345 features in pages of at most 1,000, though the server's default is 10."""
    server = serve(Gokoala(squares(2345)))
    doing = task(server)
    frame = fetch_features(doing, items(server), None)
    assert numbers(frame) == list(range(2345))
    assert frame.crs.to_epsg() == 28992
    assert frame.geometry.area.eq(1600).all()
    assert frame["naam"].iloc[7] == "vlak 7"
    limits = {q.query["limit"] for q in server.asked if "items" in q.path}
    assert limits == {"1000"}


def test_a_gateway_that_gives_up_gets_smaller_boxes(serve: Any, task: Any) -> None:
    """F4: HTTP 504 says nothing but that it took too long; asked again first, and then less."""
    gokoala = Gokoala(squares(100))

    def answer(asked: Question) -> Reply:
        box = [float(v) for v in asked.query.get("bbox", "0,0,9,9").split(",")]
        wide = "bbox" in asked.query and box[2] - box[0] > 2_000
        return Reply(b"<html>504</html>", 504) if wide else gokoala(asked)

    server = serve(answer)
    doing = task(server, attempts=2)
    frame = fetch_features(doing, items(server), [(EAST, NORTH, EAST + 4_000, NORTH + 1_000)])
    assert sorted(frame["nr"]) == list(range(100))
    assert any("in kleinere gevraagd" in note for note in doing.notes)
    assert sum("bbox" in q.query for q in server.asked) == 2 + 4


def test_we_say_who_we_are_and_ask_for_rd(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(3)))
    manners = {
        "contact": "ik@hier.nl",
        "referer": "https://hier.nl/",
        "referer_hosts": ("127.0.0.1",),
    }
    spot = [(EAST, NORTH, EAST + 500, NORTH + 500)]
    fetch_features(task(server, **manners), items(server), spot)
    asked = next(q for q in server.asked if q.path.endswith("/items"))
    assert asked.headers["user-agent"].startswith("woongeo-pdok/")
    assert asked.headers["user-agent"].endswith(" ik@hier.nl")
    assert asked.headers["referer"] == "https://hier.nl/"
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers
    assert asked.query["crs"] == asked.query["bbox-crs"] == RD_URI
    assert asked.query["f"] == "json"


def test_next_is_followed_to_the_letter(serve: Any, task: Any) -> None:
    """F12: a cursor that is changed, even re-encoded, restarts at page one."""
    server = serve(Gokoala(squares(25), most=10))
    frame = fetch_features(task(server), items(server), None)
    assert len(frame) == 25
    cursors = [q.query.get("cursor") for q in server.asked if q.path.endswith("/items")]
    assert [c and c.split("|")[0] for c in cursors] == [None, "10", "20", None]


def test_server_page_smaller_than_asked(serve: Any, task: Any) -> None:
    """F10: the server clamps without a word."""
    server = serve(Gokoala(squares(47), most=7))
    assert numbers(fetch_features(task(server), items(server), None)) == list(range(47))


def test_an_empty_layer_is_empty_and_in_rd(serve: Any, task: Any) -> None:
    server = serve(Gokoala([]))
    frame = fetch_features(task(server), items(server), None)
    assert len(frame) == 0
    assert frame.crs.to_epsg() == 28992


def test_box_gives_what_touches_it(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(400)))
    frame = fetch_features(task(server), items(server), [(EAST, NORTH, EAST + 150, NORTH + 50)])
    assert numbers(frame) == [0, 1]


def test_feature_in_two_boxes_comes_once(serve: Any, task: Any) -> None:
    """F14: duplicates with equal content."""
    server = serve(Gokoala(squares(400)))
    doing = task(server)
    boxes = [
        (EAST, NORTH, EAST + 150, NORTH + 50),
        (EAST + 100, NORTH, EAST + 250, NORTH + 50),
    ]
    frame = fetch_features(doing, items(server), boxes)
    assert numbers(frame) == [0, 1, 2]
    assert doing.duplicates == 1


def test_time_out_is_answered_by_smaller_boxes(serve: Any, task: Any) -> None:
    """F4: HTTP 500 after fifteen seconds; repeating the same question would not help."""
    server = serve(Gokoala(squares(400), heavy_m2=1_000_000))
    doing = task(server)
    frame = fetch_features(doing, items(server), [(EAST, NORTH, EAST + 4000, NORTH + 1000)])
    assert numbers(frame) == list(range(400))
    assert any("kleinere" in note for note in doing.notes)
    boxes = [q.query.get("bbox") for q in server.asked if q.path.endswith("/items")]
    assert len(boxes) == len(set(boxes))


def test_time_out_of_the_whole_country(serve: Any, task: Any) -> None:
    """F4, and no box to begin with."""
    server = serve(Gokoala(squares(60), heavy_m2=3e9))
    assert numbers(fetch_features(task(server), items(server), None)) == list(range(60))


def test_time_out_for_ever_is_an_error(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(4), heavy_m2=0))
    with pytest.raises(ServiceUnavailableError, match="took too long"):
        fetch_features(task(server), items(server), [(EAST, NORTH, EAST + 60, NORTH + 60)])


def test_a_failing_page_fails_the_layer(serve: Any, task: Any) -> None:
    """F18: not one page is left out."""

    def broken(asked: Question, _: dict[str, Any]) -> Reply | None:
        return as_problem(500, "database is gone") if "cursor" in asked.query else None

    server = serve(edited(Gokoala(squares(25), most=10), broken))
    with pytest.raises(ServiceUnavailableError, match="database is gone"):
        fetch_features(task(server), items(server), None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b"<html><head><title>Onderhoud</title></head><body>Straks terug</body></html>",
            "Onderhoud",
        ),
        (b'{"title": "Fout", "detail": "de bron is weg"}', "de bron is weg"),
        (b'{"type": "FeatureCollection", "features": null}', "geen lijst"),
        (b'{"type": "FeatureCollection", "exceptions": [{}], "features": []}', "fout naast"),
        (b'{"type": "FeatureCollection", "features": [', "geen volledige JSON"),
        (b"[]", "geen object"),
        (b"", "geen volledige JSON"),
        (b'{"type": "FeatureCollection", "features": [], "numberReturned": 12}', "zegt 12"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "geen volledige JSON"),
        (b'{"type": "FeatureCollection", "features": [{"geometry": {}}]}', "onleesbaar"),
        (b"\xff\xfe\x00", "geen volledige JSON"),
    ],
)
def test_http_200_that_is_no_layer(serve: Any, task: Any, body: bytes, said: str) -> None:
    """F6: an exception or a page for people reads as no features in other clients."""
    server = serve(
        edited(
            Gokoala(squares(1)),
            lambda _q, _b: Reply(body, headers={"Content-Crs": f"<{RD_URI}>"}),
        )
    )
    with pytest.raises(ServiceResponseError, match=said):
        fetch_features(task(server), items(server), None)


def test_garbage_once_is_asked_again(serve: Any, task: Any) -> None:
    once: list[int] = []

    def edit(_: Question, _body: dict[str, Any]) -> Reply | None:
        once.append(1)
        return Reply(b"<html>even weg</html>") if len(once) == 1 else None

    server = serve(edited(Gokoala(squares(3)), edit))
    assert len(fetch_features(task(server), items(server), None)) == 3


def test_number_returned_must_hold(serve: Any, task: Any) -> None:
    """F2: a page that lost features on the way."""

    def lose(asked: Question, body: dict[str, Any]) -> None:
        if "cursor" in asked.query:
            del body["features"][3]

    server = serve(edited(Gokoala(squares(25), most=10), lose))
    with pytest.raises(ServiceResponseError, match="zegt 10 objecten te geven, maar geeft er 9"):
        fetch_features(task(server), items(server), None)


def test_number_matched_must_hold_where_it_is_given(serve: Any, task: Any) -> None:
    def count(_: Question, body: dict[str, Any]) -> None:
        body["numberMatched"] = 26

    server = serve(edited(Gokoala(squares(25), most=10), count))
    with pytest.raises(IncompleteLayerError, match="noemt 26 objecten maar gaf er 25"):
        fetch_features(task(server), items(server), None)


def link(body: dict[str, Any], href: str) -> None:
    body["links"] = [{"rel": "next", "type": "application/geo+json", "href": href}]


def test_next_that_refers_to_itself(serve: Any, task: Any) -> None:
    """F11: GDAL follows it for ever."""
    server = serve(edited(Gokoala(squares(25), most=10), lambda q, b: link(b, q.url)))
    with pytest.raises(IncompleteLayerError):
        fetch_features(task(server), items(server), None)
    assert len(server.asked) < 20


def test_next_in_a_circle_with_ever_new_addresses(serve: Any, task: Any) -> None:
    """F11: no address comes twice, but the same features do."""

    def circle(asked: Question, body: dict[str, Any]) -> None:
        body["features"] = [square(i + 5 * (asked.number % 2)) for i in range(5)]
        body["numberReturned"] = 5
        query = urlencode({**asked.query, "cursor": asked.number})
        link(body, f"{asked.base}{asked.path}?{query}")

    server = serve(edited(Gokoala(squares(5)), circle))
    with pytest.raises(IncompleteLayerError, match="begon halverwege opnieuw"):
        fetch_features(task(server), items(server), None)
    assert len(server.asked) < 30


@pytest.mark.parametrize(
    "href",
    [
        "https://elders.example/items?cursor=1",
        "http://127.0.0.1:9/items?cursor=1",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://127.0.0.1/items",
        "//elders.example/items",
        "http://user:secret@127.0.0.1/items",
        "http:///items",
        "https://[::1]:x/items",
        "http://127.0.0.1:80\\@elders.example/",
    ],
)
def test_next_elsewhere_is_not_visited(serve: Any, task: Any, href: str) -> None:
    """F17: other hosts, private addresses and other schemes."""
    server = serve(edited(Gokoala(squares(25), most=10), lambda _q, b: link(b, href)))
    with pytest.raises(RefusedAddressError):
        fetch_features(task(server), items(server), None)
    assert sum(q.path.endswith("/items") for q in server.asked) == 1


def test_relative_next_is_followed(serve: Any, task: Any) -> None:
    def shorten(asked: Question, body: dict[str, Any]) -> None:
        for one in body["links"]:
            one["href"] = one["href"].removeprefix(asked.base)

    server = serve(edited(Gokoala(squares(25), most=10), shorten))
    assert len(fetch_features(task(server), items(server), None)) == 25


def test_cursor_that_restarts_once(serve: Any, task: Any) -> None:
    """F12: page one again, with HTTP 200, is seen; a second time round it works."""
    lost: list[int] = []

    def forget(asked: Question) -> Question:
        if asked.query.get("cursor", "").startswith("10") and not lost:
            lost.append(1)
            return replace(asked, query={**asked.query, "cursor": "10|verlopen"})
        return asked

    gokoala = Gokoala(squares(25), most=10)
    server = serve(lambda asked: gokoala(forget(asked)))
    doing = task(server)
    assert numbers(fetch_features(doing, items(server), None)) == list(range(25))
    assert any("opnieuw begonnen" in note for note in doing.notes)


def test_cursor_that_restarts_for_ever(serve: Any, task: Any) -> None:
    """F12: never an endless loop, never a layer."""
    gokoala = Gokoala(squares(25), most=10)

    def answer(asked: Question) -> Reply:
        query = {k: v for k, v in asked.query.items() if k != "cursor"}
        return gokoala(replace(asked, query=query))

    server = serve(answer)
    with pytest.raises(IncompleteLayerError, match="begon halverwege opnieuw"):
        fetch_features(task(server), items(server), None)


def test_duplicate_within_a_run_is_believed_only_when_a_second_run_agrees(
    serve: Any, task: Any
) -> None:
    """F14, F16: a feature that comes twice may have pushed another out."""

    def repeat(asked: Question, body: dict[str, Any]) -> None:
        if "cursor" in asked.query:
            body["features"].append(square(3))
            body["numberReturned"] += 1

    server = serve(edited(Gokoala(squares(15), most=10), repeat))
    doing = task(server)
    assert numbers(fetch_features(doing, items(server), None)) == list(range(15))
    assert any("kwamen dubbel" in note for note in doing.notes)


def test_duplicate_that_pushed_another_out(serve: Any, task: Any) -> None:
    """F16: an order that changes from page to page."""

    def shuffle(asked: Question, body: dict[str, Any]) -> None:
        if "cursor" in asked.query:
            body["features"][asked.number % 5] = square(3)

    server = serve(edited(Gokoala(squares(15), most=10), shuffle))
    with pytest.raises(IncompleteLayerError, match="twee verschillende lagen"):
        fetch_features(task(server), items(server), None)


def test_one_id_with_two_contents(serve: Any, task: Any) -> None:
    """F14, F15: the data changed while it was read."""

    def change(asked: Question, body: dict[str, Any]) -> None:
        if "cursor" in asked.query:
            other = square(3)
            other["properties"]["naam"] = "anders"
            body["features"].append(other)
            body["numberReturned"] += 1

    server = serve(edited(Gokoala(squares(15), most=10), change))
    with pytest.raises(IncompleteLayerError, match="f-000003 kwam twee keer"):
        fetch_features(task(server), items(server), None)


def test_data_that_changes_once_is_fetched_again(serve: Any, task: Any) -> None:
    """F15: page one is not the same at the end."""
    gokoala = Gokoala(squares(25), most=10)

    def answer(asked: Question) -> Reply:
        if asked.query.get("cursor", "").startswith("20"):
            gokoala.features = squares(27)[1:]
        return gokoala(asked)

    server = serve(answer)
    assert numbers(fetch_features(task(server), items(server), None)) == list(range(1, 27))


def test_dataset_that_is_renewed_meanwhile(serve: Any, task: Any) -> None:
    """F15: the description of the collection tells of a renewal that page one does not show."""
    gokoala = Gokoala(squares(25), most=10)

    def answer(asked: Question) -> Reply:
        if asked.query.get("cursor", "").startswith("20"):
            gokoala.updated = "2026-07-01T00:00:00Z"
        return gokoala(asked)

    server = serve(answer)
    doing = task(server)
    assert len(fetch_features(doing, items(server), None)) == 25
    assert any("vernieuwd" in note for note in doing.notes)


def test_dataset_that_is_renewed_all_the_time(serve: Any, task: Any) -> None:
    gokoala = Gokoala(squares(25), most=10)

    def answer(asked: Question) -> Reply:
        gokoala.updated = str(asked.number)
        return gokoala(asked)

    server = serve(answer)
    with pytest.raises(IncompleteLayerError, match="telkens vernieuwd"):
        fetch_features(task(server), items(server), None)


@pytest.mark.parametrize(
    "stated", ["", f"<{CRS84}>", "<http://www.opengis.net/def/crs/EPSG/0/4258>"]
)
def test_content_crs_is_demanded(serve: Any, task: Any, stated: str) -> None:
    """F20: GeoJSON has no label of its own."""
    gokoala = Gokoala(squares(3))

    def answer(asked: Question) -> Reply:
        reply = gokoala(asked)
        if "Content-Crs" in reply.headers:
            return replace(reply, headers={"Content-Crs": stated})
        return reply

    server = serve(answer)
    with pytest.raises(UnexpectedCrsError, match="RD New"):
        fetch_features(task(server), items(server), None)


def test_collection_without_rd(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(3), crs=(CRS84,)))
    with pytest.raises(UnexpectedCrsError, match="biedt geen RD New aan"):
        fetch_features(task(server), items(server), None)


def turned(_: Question, body: dict[str, Any]) -> None:
    for feature in body["features"]:
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"] = [[[y, x] for x, y in ring]]


def degrees(_: Question, body: dict[str, Any]) -> None:
    for feature in body["features"]:
        feature["geometry"] = {"type": "Point", "coordinates": [5.1, 52.1]}


@pytest.mark.parametrize("wrong", [turned, degrees])
def test_coordinates_must_lie_in_the_box(serve: Any, task: Any, wrong: Any) -> None:
    """F21, F22: swapped axes, or degrees with the label of RD."""
    server = serve(edited(Gokoala(squares(400)), wrong))
    with pytest.raises(ServiceResponseError, match="buiten het gevraagde gebied"):
        fetch_features(task(server), items(server), [(EAST, NORTH, EAST + 500, NORTH + 500)])


@pytest.mark.parametrize("wrong", [turned, degrees])
def test_coordinates_must_lie_in_the_netherlands(serve: Any, task: Any, wrong: Any) -> None:
    """F21, F22, and no box to hold them against."""
    server = serve(edited(Gokoala(squares(40)), wrong))
    with pytest.raises(ServiceResponseError, match="buiten"):
        fetch_features(task(server), items(server), None)


def test_a_box_that_the_server_ignores(serve: Any, task: Any) -> None:
    gokoala = Gokoala(squares(400))

    def answer(asked: Question) -> Reply:
        query = {k: v for k, v in asked.query.items() if k != "bbox"}
        return gokoala(replace(asked, query=query))

    server = serve(answer)
    with pytest.raises(ServiceResponseError, match="buiten het gevraagde gebied"):
        fetch_features(task(server), items(server), [(EAST, NORTH, EAST + 100, NORTH + 100)])


def test_columns_and_types_that_differ_per_page(serve: Any, task: Any) -> None:
    """F19: one schema for the layer, whatever a page holds."""

    def drift(asked: Question, body: dict[str, Any]) -> None:
        for feature in body["features"]:
            values = feature["properties"]
            if "cursor" in asked.query:
                values |= {"nr": f"{values['nr']:04d}", "maat": 1.5, "later": True, "leeg": None}
            else:
                values |= {"maat": 2, "leeg": None, "lijst": [{"href": "x"}]}

    server = serve(edited(Gokoala(squares(15), most=10), drift))
    doing = task(server)
    frame = fetch_features(doing, items(server), None)
    assert frame["nr"].tolist() == [str(i) for i in range(10)] + [f"{i:04d}" for i in range(10, 15)]
    assert frame["maat"].tolist() == [2.0] * 10 + [1.5] * 5
    assert frame["later"].isna().sum() == 10
    assert frame["leeg"].isna().all()
    assert frame["lijst"].iloc[0] == '[{"href":"x"}]'
    assert any("kolom nr" in note for note in doing.notes)


def test_null_and_3d_and_empty_shapes(serve: Any, task: Any) -> None:
    shapes = [
        None,
        {"type": "Point", "coordinates": [EAST, NORTH, 3.0]},
        {"type": "MultiPoint", "coordinates": [[EAST, NORTH], [EAST + 1, NORTH]]},
        {"type": "LineString", "coordinates": [[EAST, NORTH, 1, 5], [EAST + 1, NORTH, 1, 6]]},
        {"type": "MultiLineString", "coordinates": [[[EAST, NORTH], [EAST + 1, NORTH]]]},
        square(0)["geometry"],
        {"type": "MultiPolygon", "coordinates": [square(0)["geometry"]["coordinates"]] * 1},
        {
            "type": "GeometryCollection",
            "geometries": [{"type": "Point", "coordinates": [EAST, NORTH, 2]}],
        },
        {"type": "Point", "coordinates": []},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
    ]
    features = [{**square(i), "geometry": shape} for i, shape in enumerate(shapes)]
    server = serve(Gokoala(features))
    frame = fetch_features(task(server), items(server), None)
    kinds = frame.geometry.geom_type.tolist()
    assert kinds[1:] == [s["type"] for s in shapes[1:] if s]
    assert frame.geometry.isna().tolist() == [True] + [False] * 10
    assert not frame.geometry.dropna().has_z.any()
    assert frame.geometry.is_empty.tolist()[-3:] == [True] * 3


def test_attributes_without_shapes_have_no_next(serve: Any, task: Any) -> None:
    """GoKoala leaves the link out for such collections: a full page is not a whole layer."""

    def strip(_: Question, body: dict[str, Any]) -> None:
        body["links"] = []
        for feature in body["features"]:
            feature["geometry"] = None

    server = serve(edited(Gokoala(squares(1200)), strip))
    with pytest.raises(IncompleteLayerError, match="volle bladzijde"):
        fetch_features(task(server), items(server), None)


def test_filter_only_where_it_is_announced(serve: Any, task: Any) -> None:
    """A filter that a server does not know gives the whole layer elsewhere."""
    server = serve(Gokoala(squares(20), queryables=("soort",)))
    frame = fetch_features(task(server), items(server, equals={"soort": "a"}), None)
    assert set(frame["soort"]) == {"a"}
    with pytest.raises(ServiceResponseError, match="kan niet kiezen op naam; wel op: soort"):
        fetch_features(task(server), items(server, equals={"naam": "x"}), None)
    with pytest.raises(ServiceResponseError, match="geen CQL2"):
        fetch_features(task(server), items(server, cql="nr > 3"), None)


def test_instant_is_passed_on(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(2)))
    fetch_features(task(server), items(server, datetime="2025-07-01T00:00:00Z"), None)
    asked = next(q for q in server.asked if q.path.endswith("/items"))
    assert asked.query["datetime"] == "2025-07-01T00:00:00Z"


def test_collection_that_is_gone(serve: Any, task: Any) -> None:
    """F8."""
    server = serve(Gokoala(squares(2)))
    gone = replace(items(server), collection="verdwenen")
    with pytest.raises(EndpointGoneError, match="catalogus"):
        fetch_features(task(server), gone, None)
    assert len(server.asked) == 1


def test_never_more_than_four_at_once(serve: Any, task: Any) -> None:
    gokoala = Gokoala(squares(400))
    server = serve(lambda asked: replace(gokoala(asked), silence=0.02))
    boxes = [(EAST + 100 * i, NORTH, EAST + 100 * i + 50, NORTH + 50) for i in range(12)]
    assert len(fetch_features(task(server), items(server), boxes)) == 12
    assert 2 <= server.busiest <= 4


@pytest.mark.parametrize("was_on", [True, False])
def test_collector_is_left_as_it_was(serve: Any, task: Any, *, was_on: bool) -> None:
    """Whether a page is read or fails."""
    server = serve(Gokoala(squares(25), most=10))
    broken = serve(lambda _: Reply(b"<html>"))
    try:
        (gc.enable if was_on else gc.disable)()
        fetch_features(task(server), items(server), None)
        assert gc.isenabled() is was_on
        with pytest.raises(ServiceResponseError):
            fetch_features(task(broken, attempts=1), items(broken), None)
        assert gc.isenabled() is was_on
    finally:
        gc.enable()


FAR = [(EAST + 90_000, NORTH, EAST + 90_100, NORTH + 100)]


def test_nothing_there_is_believed_when_a_box_finds_what_is_there(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(25)))
    assert len(fetch_features(task(server), items(server), FAR)) == 0


def test_a_box_that_is_read_otherwise_finds_nothing_and_is_an_error(serve: Any, task: Any) -> None:
    """F21: RD metres read as degrees; HTTP 200, no features, and "free" elsewhere."""
    gokoala = Gokoala(squares(25))

    def answer(asked: Question) -> Reply:
        if "bbox" in asked.query:
            asked = replace(asked, query={**asked.query, "bbox": "3,50,7,54"})
        return gokoala(asked)

    server = serve(answer)
    with pytest.raises(IncompleteLayerError, match="niet op zijn eigen plek"):
        fetch_features(task(server), items(server), FAR)


def test_nothing_in_an_empty_collection_says_nothing(serve: Any, task: Any) -> None:
    server = serve(Gokoala([]))
    with pytest.raises(IncompleteLayerError, match="ook zonder gebied geen object"):
        fetch_features(task(server), items(server), FAR)


def test_own_limit_is_an_error(serve: Any, task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """F13: a limit of ours never shortens a layer."""
    monkeypatch.setattr("woongeo.pdok._run.MAX_FEATURES", 15)
    server = serve(Gokoala(squares(25), most=10))
    with pytest.raises(IncompleteLayerError, match="meer dan 15 objecten"):
        fetch_features(task(server), items(server), None)


def test_progress_is_told(serve: Any, task: Any) -> None:
    server = serve(Gokoala(squares(25), most=10))
    doing = task(server)
    steps: list[Any] = []
    doing.progress = steps.append
    fetch_features(doing, items(server), None)
    assert [s.features for s in steps] == [10, 20, 25]
    assert steps[-1].bytes > 1000


def test_many_slow_pages_end_in_time(serve: Any, task: Any) -> None:
    """F3: each page is bearable, all of them are not."""
    gokoala = Gokoala(squares(400), most=2)
    server = serve(lambda asked: replace(gokoala(asked), silence=0.03))
    with pytest.raises(ServiceUnavailableError, match="niet"):
        fetch_features(task(server, seconds=0.4), items(server), None)


def test_objects_without_id(serve: Any, task: Any) -> None:
    """F14: nameless features are never taken for one another."""
    nameless = [{**square(i % 3), "id": None} for i in range(6)]
    server = serve(Gokoala(nameless))
    assert len(fetch_features(task(server), items(server), None)) == 6
    box = (EAST, NORTH, EAST + 500, NORTH + 500)
    with pytest.raises(IncompleteLayerError, match="geen id"):
        fetch_features(task(server), items(server), [box, box])


@pytest.mark.parametrize(
    ("pages", "cut_at"), [(30, range(30)), (200, (0, 1, 57, 128, 198, 199))], ids=["30", "200"]
)
def test_a_line_dropped_anywhere_never_shortens_the_layer(
    pages: int, cut_at: Iterable[int]
) -> None:
    """One page in turn is cut, for good: always an error, never the other pages."""
    gokoala = Gokoala(squares(4 * pages), most=4)
    broken = [0]

    def answer(asked: Question) -> Reply:
        reply = gokoala(asked)
        if not asked.path.endswith("/items"):
            return reply
        page = int(asked.query.get("cursor", "0|").split("|")[0]) // 4
        if page != broken[0]:
            return reply
        cut = len(reply.body) * (page % 7) // 7
        return replace(reply, cut=cut, framing=("length", "chunked", "close")[page % 3])

    manners = Manners(first_wait_s=0.0, attempts=2, timeout_s=5)
    with serving(answer) as server:
        asking = Http(replace(manners, hosts=frozenset({server.host})))
        for page in cut_at:
            broken[0] = page
            with pytest.raises(ServiceError):
                fetch_features(Task("vlakken", asking, Budget(60)), items(server), None)
        broken[0] = -1
        whole = fetch_features(Task("vlakken", asking, Budget(60)), items(server), None)
        asking.close()
    assert numbers(whole) == list(range(4 * pages))


def test_a_line_dropped_once_anywhere_gives_the_whole_layer() -> None:
    """Each of 200 pages is cut the first time: the layer comes whole all the same."""
    gokoala = Gokoala(squares(800), most=4)
    cut: set[str] = set()

    def answer(asked: Question) -> Reply:
        reply = gokoala(asked)
        key = asked.query.get("cursor", "0|")
        if asked.path.endswith("/items") and key not in cut:
            cut.add(key)
            page = int(key.split("|")[0]) // 4
            return replace(
                reply,
                cut=len(reply.body) * (page % 7) // 7,
                framing=("length", "chunked", "close")[page % 3],
                reset=page % 5 == 0,
            )
        return reply

    with serving(answer) as server:
        asking = Http(Manners(first_wait_s=0.0, hosts=frozenset({server.host})))
        doing = Task("vlakken", asking, Budget(60))
        frame = fetch_features(doing, items(server), None)
        asking.close()
    assert numbers(frame) == list(range(800))
    assert doing.ledger.retries == 200


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 130),
    most=st.integers(1, 40),
    heavy=st.sampled_from([None, 5e5, 5e6]),
    boxes=st.lists(
        st.tuples(
            st.integers(0, 3500), st.integers(0, 400), st.integers(0, 900), st.integers(0, 300)
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_any_paging_any_boxes_give_what_touches_them(
    n: int, most: int, heavy: float | None, boxes: list[tuple[int, int, int, int]]
) -> None:
    """The law of paging and dividing: exactly the features that touch a box, each once."""
    gokoala = Gokoala(squares(n), most=most, heavy_m2=heavy)
    asked = [
        (EAST + x + 0.5, NORTH + y + 0.5, EAST + x + w + 0.7, NORTH + y + h + 0.7)
        for x, y, w, h in boxes
    ]
    expected = {
        f["properties"]["nr"]
        for box in asked
        for f in gokoala.features
        if (g := f["geometry"]["coordinates"][0])[0][0] <= box[2]
        and g[2][0] >= box[0]
        and g[0][1] <= box[3]
        and g[2][1] >= box[1]
    }
    with serving(gokoala) as server:
        asking = Http(Manners(hosts=frozenset({server.host})))
        frame = fetch_features(Task("vlakken", asking, Budget(60)), items(server), asked)
        asking.close()
    assert (sorted(frame["nr"].tolist()) if len(frame) else []) == sorted(expected)


def test_index_of_all_apis(serve: Any, http: Any) -> None:
    from woongeo.pdok._links import read_index  # noqa: PLC0415

    apis = {
        "apis": [
            {
                "title": "BAG",
                "keywords": ["pand"],
                "links": [{"rel": "root", "href": "https://api.pdok.nl/kadaster/bag/ogc/v2"}],
            },
            {"title": "zonder", "links": []},
        ]
    }
    server = serve(lambda _: as_json(apis))
    found = http(server).get(f"{server.url}/index.json", what="index", check=read_index)
    assert [api["root"] for api in found] == ["https://api.pdok.nl/kadaster/bag/ogc/v2"]
