"""ArcGIS FeatureServer: a feature for each object id, or an error."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyproj
import pytest
import shapely
import shapely.geometry
from hypothesis import given
from hypothesis import strategies as st
from pdok_servers import EAST, NORTH, Question, Reply, as_json, squares, touching

from woongeo.errors import (
    EndpointGoneError,
    IncompleteLayerError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
    UnexpectedCrsError,
)
from woongeo.pdok._esri import as_geojson
from woongeo.pdok.arcgis import FeatureLayer, fetch_arcgis

if TYPE_CHECKING:
    from collections.abc import Callable

LAYER = "/rest/services/vlakken/FeatureServer/0"


def esri(feature: dict[str, Any], number: int) -> dict[str, Any]:
    """Write a square as Esri does: outlines clockwise."""
    shape = feature["geometry"]
    rings = None if shape is None else [list(reversed(ring)) for ring in shape["coordinates"]]
    found = {"attributes": {"OBJECTID": number, "DATUM": 1735689600000, **feature["properties"]}}
    return found if rings is None else found | {"geometry": {"rings": rings}}


@dataclass
class Arcgis:
    """Answers as ArcGIS Server does."""

    features: list[dict[str, Any]]
    most: int = 1000
    #: Give at most so many features, whatever `maxRecordCount` says.
    really: int | None = None
    paged: bool = True
    wkid: int | None = 28992
    own_wkid: int = 28992
    edited: list[int] = field(default_factory=lambda: [1])

    def __call__(self, asked: Question) -> Reply:
        """Answer."""
        if asked.path == LAYER:
            return as_json(self.description())
        if asked.path != f"{LAYER}/query":
            return as_json({"error": {"code": 404, "message": "Service not found"}})
        return self.query(asked.query)

    def description(self) -> dict[str, Any]:
        """Say what the layer is."""
        edited = self.edited.pop(0) if len(self.edited) > 1 else self.edited[0]
        return {
            "id": 0,
            "type": "Feature Layer",
            "geometryType": "esriGeometryPolygon",
            "objectIdField": "OBJECTID",
            "maxRecordCount": self.most,
            "fields": [
                {"name": "OBJECTID", "type": "esriFieldTypeOID"},
                {"name": "DATUM", "type": "esriFieldTypeDate"},
            ],
            "advancedQueryCapabilities": {"supportsPagination": self.paged},
            "extent": {"spatialReference": {"wkid": self.own_wkid}},
            "editingInfo": {"lastEditDate": edited},
        }

    def chosen(self, query: dict[str, str]) -> list[int]:
        """Choose features by box, condition and ids."""
        numbers = list(range(len(self.features)))
        if "geometry" in query:
            inside = touching(self.features, query["geometry"])
            numbers = [i for i in numbers if self.features[i] in inside]
        if match := re.fullmatch(r"soort='(.)'", query.get("where", "")):
            numbers = [i for i in numbers if self.features[i]["properties"]["soort"] == match[1]]
        if "objectIds" in query:
            asked = set(map(int, query["objectIds"].split(",")))
            numbers = [i for i in numbers if i + 1 in asked]
        return numbers

    def query(self, query: dict[str, str]) -> Reply:
        """Answer a query."""
        numbers = self.chosen(query)
        if query.get("returnIdsOnly") == "true":
            ids = [i + 1 for i in numbers]
            return as_json({"objectIdFieldName": "OBJECTID", "objectIds": ids or None})
        if query.get("returnCountOnly") == "true":
            return as_json({"count": len(numbers)})
        start = int(query.get("resultOffset", "0"))
        if start and not self.paged:
            return as_json({"error": {"code": 400, "message": "Pagination is not supported."}})
        most = min(int(query.get("resultRecordCount", self.most)), self.really or self.most)
        page = numbers[start : start + most]
        body: dict[str, Any] = {
            "objectIdFieldName": "OBJECTID",
            "geometryType": "esriGeometryPolygon",
            "features": [esri(self.features[i], i + 1) for i in page],
        }
        if self.wkid is not None:
            body["spatialReference"] = {"wkid": self.wkid, "latestWkid": self.wkid}
        if start + most < len(numbers):
            body["exceededTransferLimit"] = True
        return as_json(body)


def edited(arcgis: Arcgis, edit: Callable[[Question, dict[str, Any]], object]) -> Any:
    """Serve answers after an edit; the edit gives a Reply to replace all."""

    def answer(asked: Question) -> Reply:
        reply = arcgis(asked)
        body = json.loads(reply.body)
        changed = edit(asked, body)
        if isinstance(changed, Reply):
            return changed
        return replace(reply, body=json.dumps(body).encode())

    return answer


def layer(server: Any, where: str = "") -> FeatureLayer:
    return FeatureLayer(f"{server.url}{LAYER}", where)


def numbers(frame: Any) -> list[int]:
    return sorted(frame["nr"].tolist())


@pytest.mark.parametrize("paged", [True, False])
def test_all_features_come(serve: Any, task: Any, paged: bool) -> None:  # noqa: FBT001
    """Eleven pages, by offset or by ids where the server knows no offset."""
    server = serve(Arcgis(squares(523), most=50, paged=paged))
    doing = task(server)
    frame = fetch_arcgis(doing, layer(server), None)
    assert numbers(frame) == list(range(523))
    assert frame.crs.to_epsg() == 28992
    assert frame.geometry.area.eq(1600).all()
    assert frame["DATUM"].eq("2025-01-01T00:00:00Z").all()
    assert set(frame["feature_id"]) == {str(i + 1) for i in range(523)}
    assert any("resultOffset" in q.query for q in server.asked) is paged
    pages = [q for q in server.asked if "outSR" in q.query]
    assert {q.query["outSR"] for q in pages} == {"28992"}
    assert len(doing.ledger.exchanges) == len(pages) == 11
    assert doing.notes == []


def test_questions_by_id_fit_in_an_address(serve: Any, task: Any) -> None:
    """IIS refuses a query of more than 2,048 characters."""
    server = serve(Arcgis(squares(900), paged=False))
    fetch_arcgis(task(server), layer(server), None)
    assert max(len(q.url) - len(q.base) - len(q.path) for q in server.asked) < 2_000


def test_flag_without_a_shorter_page_size(serve: Any, task: Any) -> None:
    """F10: ``exceededTransferLimit`` well before ``maxRecordCount``."""
    server = serve(Arcgis(squares(95), most=50, really=20))
    assert numbers(fetch_arcgis(task(server), layer(server), None)) == list(range(95))


def test_one_short_page_is_mended_by_id(serve: Any, task: Any) -> None:
    def shorter(asked: Question, body: dict[str, Any]) -> None:
        if asked.query.get("resultOffset") == "10":
            del body["features"][4:]
            body["exceededTransferLimit"] = True

    server = serve(edited(Arcgis(squares(35), most=10), shorter))
    doing = task(server)
    assert numbers(fetch_arcgis(doing, layer(server), None)) == list(range(35))
    assert any("per id" in note for note in doing.notes)


def test_box_and_condition(serve: Any, task: Any) -> None:
    server = serve(Arcgis(squares(400)))
    boxes = [(EAST, NORTH, EAST + 250.0, NORTH + 50.0), (EAST + 200, NORTH, EAST + 450, NORTH + 50)]
    doing = task(server)
    assert numbers(fetch_arcgis(doing, layer(server, "soort='a'"), boxes)) == [1, 3]
    assert numbers(fetch_arcgis(doing, layer(server), boxes)) == [0, 1, 2, 3, 4]
    assert doing.duplicates == 1


def test_an_empty_layer_is_empty_and_in_rd(serve: Any, task: Any) -> None:
    server = serve(Arcgis([]))
    frame = fetch_arcgis(task(server), layer(server), None)
    assert len(frame) == 0
    assert frame.crs.to_epsg() == 28992


def test_nothing_in_a_box_is_believed_when_a_box_finds_something(serve: Any, task: Any) -> None:
    """F21: a box that is read otherwise gives HTTP 200 and no features."""
    far: Any = [(EAST - 900.0, NORTH, EAST - 800.0, NORTH + 50.0)]
    server = serve(Arcgis(squares(30)))
    assert len(fetch_arcgis(task(server), layer(server), far)) == 0
    arcgis = Arcgis(squares(30))

    def swapped(asked: Question) -> Reply:
        query = dict(asked.query)
        if "geometry" in query:
            west, south, east, north = query["geometry"].split(",")
            query["geometry"] = f"{south},{west},{north},{east}"
        return arcgis(replace(asked, query=query))

    server = serve(swapped)
    with pytest.raises(IncompleteLayerError, match="niet op zijn eigen plek"):
        fetch_arcgis(task(server), layer(server), [(EAST, NORTH, EAST + 99.0, NORTH + 99.0)])
    server = serve(Arcgis([]))
    with pytest.raises(IncompleteLayerError, match="zegt een leeg gebied niets"):
        fetch_arcgis(task(server), layer(server), far)


def test_feature_without_a_shape_is_kept(serve: Any, task: Any) -> None:
    drawn = squares(3)
    drawn[1]["geometry"] = None
    server = serve(Arcgis(drawn))
    frame = fetch_arcgis(task(server), layer(server), None)
    assert frame.geometry.isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"error": {"code": 400, "message": "Unable to perform query", "details": ["where"]}},
         ServiceResponseError, "Unable to perform query where"),
        ({"error": {"code": 499, "message": "Token Required"}}, ServiceResponseError, "vrij toeg"),
        ({"error": {"code": 404, "message": "Service not found"}}, EndpointGoneError, "adres"),
        ({"error": {"code": 500, "message": "Error performing query"}},
         ServiceResponseError, "bleef zo na 5"),
        ({"error": {"code": 504, "message": "Your request has timed out."}},
         ServiceUnavailableError, "timed out"),
        ({"features": None}, ServiceResponseError, "geen lijst"),
        ({"features": [{"geometry": {}}]}, ServiceError, "."),
        ([], ServiceResponseError, "geen object"),
    ],
)  # fmt: skip
def test_http_200_that_is_no_page(
    serve: Any, task: Any, body: object, kind: type[ServiceError], said: str
) -> None:
    """F6: errors come with HTTP 200."""
    server = serve(
        edited(
            Arcgis(squares(30), most=10),
            lambda asked, _body: as_json(body) if "outSR" in asked.query else None,
        )
    )
    with pytest.raises(kind, match=said):
        fetch_arcgis(task(server), layer(server), [(EAST, NORTH, EAST + 1.5, NORTH + 1.5)])


@pytest.mark.parametrize("wkid", [4326, 102100, None])
def test_another_reference_system_is_refused(serve: Any, task: Any, wkid: int | None) -> None:
    """F20: outSR was ignored."""
    server = serve(Arcgis(squares(3), wkid=wkid))
    with pytest.raises(UnexpectedCrsError, match="RD New is gevraagd"):
        fetch_arcgis(task(server), layer(server), None)


def test_degrees_that_are_labelled_rd(serve: Any, task: Any) -> None:
    """F22: nothing else shows it."""

    def degrees(asked: Question, body: dict[str, Any]) -> None:
        for each in body["features"] if "outSR" in asked.query else []:
            each["geometry"]["rings"] = [[[5, 52], [5, 52.1], [5.1, 52.1], [5, 52]]]

    server = serve(edited(Arcgis(squares(3)), degrees))
    with pytest.raises(UnexpectedCrsError, match="ver buiten Nederland"):
        fetch_arcgis(task(server), layer(server), None)
    with pytest.raises(ServiceResponseError, match="buiten het gevraagde gebied"):
        fetch_arcgis(task(server), layer(server), [(EAST, NORTH, EAST + 500.0, NORTH + 500.0)])


@pytest.mark.parametrize("wkid", [4326, 102100, 3857, 4258])
def test_another_system_is_converted_here(serve: Any, task: Any, wkid: int) -> None:
    """F24: a server's own conversion to RD may be over a hundred metres off."""
    arcgis = Arcgis(squares(400), own_wkid=wkid, wkid=wkid, most=300)
    crs = {102100: "EPSG:3857"}.get(wkid, f"EPSG:{wkid}")
    back = pyproj.Transformer.from_crs("EPSG:28992", crs, always_xy=True).transform

    def elsewhere(asked: Question) -> Reply:
        query = dict(asked.query)
        if "geometry" in query:
            # The server chooses in its own system.
            there = pyproj.Transformer.from_crs(crs, "EPSG:28992", always_xy=True)
            west, south, east, north = map(float, query["geometry"].split(","))
            query["geometry"] = ",".join(map(str, there.transform_bounds(west, south, east, north)))
        reply = arcgis(replace(asked, query=query))
        body = json.loads(reply.body)
        for each in body.get("features", []):
            each["geometry"]["rings"] = [
                [back(*position) for position in ring] for ring in each["geometry"]["rings"]
            ]
        return as_json(body)

    server = serve(elsewhere)
    doing = task(server)
    frame = fetch_arcgis(doing, layer(server), None)
    drawn = shapely.geometry.shape(squares(400)[7]["geometry"])
    found = frame.set_index("nr").geometry[7]
    assert shapely.hausdorff_distance(drawn, found) < 1
    assert {q.query["outSR"] for q in server.asked if "outSR" in q.query} == {str(wkid)}
    assert any("omgerekend" in note and "nauwkeurigheid" in note for note in doing.notes)
    near = fetch_arcgis(
        task(server), layer(server), [(EAST + 50.0, NORTH - 9.0, EAST + 197.0, NORTH + 50.0)]
    )
    assert numbers(near) == [1]


def test_a_system_that_is_not_known(serve: Any, task: Any) -> None:
    server = serve(Arcgis(squares(3), own_wkid=999999))
    with pytest.raises(UnexpectedCrsError, match="PROJ niet kent"):
        fetch_arcgis(task(server), layer(server), None)


def test_an_id_that_never_comes_fails_the_layer(serve: Any, task: Any) -> None:
    """F18: neither by page nor by id."""

    def without(asked: Question, body: dict[str, Any]) -> None:
        if "outSR" in asked.query:
            body["features"] = [f for f in body["features"] if f["attributes"]["OBJECTID"] != 17]

    server = serve(edited(Arcgis(squares(35), most=10), without))
    with pytest.raises(IncompleteLayerError, match="OBJECTID 17"):
        fetch_arcgis(task(server), layer(server), None)


def test_an_edit_in_between_is_fetched_again(serve: Any, task: Any) -> None:
    """F15: a feature is added while pages are read; the second time holds it."""
    drawn = squares(30)
    arcgis = Arcgis(drawn, most=10)

    def add(asked: Question, _body: dict[str, Any]) -> None:
        if asked.query.get("resultOffset") == "20" and len(drawn) == 30:
            drawn.extend(squares(31)[30:])

    server = serve(edited(arcgis, add))
    doing = task(server)
    assert numbers(fetch_arcgis(doing, layer(server), None)) == list(range(31))
    assert any("veranderden" in note for note in doing.notes)


def test_edit_date_that_moves_once_and_for_ever(serve: Any, task: Any) -> None:
    """F15: attributes can change under the same ids."""
    server = serve(Arcgis(squares(3), edited=[1, 2, 2, 2]))
    doing = task(server)
    assert len(fetch_arcgis(doing, layer(server), None)) == 3
    assert any("bewerkt" in note for note in doing.notes)
    server = serve(Arcgis(squares(3), edited=list(range(9))))
    with pytest.raises(IncompleteLayerError, match="telkens bewerkt"):
        fetch_arcgis(task(server), layer(server), None)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"geometryType": None, "layers": [{"id": 3}]}, ServiceResponseError, "FeatureServer/0/3"),
        ({"geometryType": "esriGeometryMultiPatch"}, ServiceResponseError, "punten, lijnen"),
        ({"objectIdField": None, "fields": []}, IncompleteLayerError, "geen object-id"),
        ({"error": {"code": 403, "message": "closed"}}, ServiceResponseError, "vrij toegankelijk"),
    ],
)
def test_what_is_no_layer_is_refused(
    serve: Any, task: Any, change: dict[str, Any], kind: type[ServiceError], said: str
) -> None:
    server = serve(
        edited(
            Arcgis(squares(3)),
            lambda asked, body: body.update(change) if asked.path == LAYER else None,
        )
    )
    with pytest.raises(kind, match=said):
        fetch_arcgis(task(server), layer(server), None)


def test_ids_that_are_not_all_or_not_unique(serve: Any, task: Any) -> None:
    def twice(asked: Question, body: dict[str, Any]) -> None:
        if "returnIdsOnly" in asked.query:
            body["objectIds"] = [1, 1, 2]

    server = serve(edited(Arcgis(squares(3)), twice))
    with pytest.raises(IncompleteLayerError, match="dubbel"):
        fetch_arcgis(task(server), layer(server), None)

    def fewer(asked: Question, body: dict[str, Any]) -> None:
        if "returnIdsOnly" in asked.query:
            body["objectIds"] = [1, 2]

    server = serve(edited(Arcgis(squares(3)), fewer))
    with pytest.raises(IncompleteLayerError, match="telt 3 objecten, maar noemt er 2"):
        fetch_arcgis(task(server), layer(server), None)


def test_a_service_that_moved(serve: Any, task: Any) -> None:
    """F8: told with HTTP 200."""
    server = serve(Arcgis([]))
    with pytest.raises(EndpointGoneError, match="nieuwe adres"):
        fetch_arcgis(task(server), FeatureLayer(f"{server.url}/elders/0"), None)


def ring(west: float, south: float, size: float, *, clockwise: bool) -> list[list[float]]:
    points = [[west, south], [west + size, south], [west + size, south + size]]
    points += [[west, south + size], [west, south]]
    return points[::-1] if clockwise else points


def test_holes_go_to_the_outline_around_them() -> None:
    """An island in a lake on an island: two outlines, and a hole in the larger."""
    outer = ring(EAST, NORTH, 100, clockwise=True)
    hole = ring(EAST + 20, NORTH + 20, 60, clockwise=False)
    island = ring(EAST + 40, NORTH + 40, 20, clockwise=True)
    for rings in ([outer, hole, island], [island, hole, outer], [hole, island, outer]):
        shape = shapely.geometry.shape(as_geojson({"rings": rings}) or {})
        assert shape.is_valid
        assert shape.area == 100**2 - 60**2 + 20**2
    backwards = [r[::-1] for r in (outer, hole, island)]
    alike = [outer[::-1], hole, island[::-1]]
    for rings in (backwards, alike):
        shape = shapely.geometry.shape(as_geojson({"rings": rings}) or {})
        assert shape.is_valid
        assert shape.area == 100**2 - 60**2 + 20**2


def test_other_shapes() -> None:
    assert as_geojson({"rings": []}) is None
    assert as_geojson({"rings": [[[0, 0], [1, 1], [0, 0]]]}) is None
    assert as_geojson(None) is None
    assert as_geojson({"paths": [[[0, 0], [1, 1]], []]}) == {
        "type": "MultiLineString",
        "coordinates": [[[0, 0], [1, 1]]],
    }
    assert as_geojson({"points": []}) is None
    with pytest.raises(ValueError, match="curveRings"):
        as_geojson({"curveRings": []})


@given(st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_area_survives_any_order_of_rings(outlines: int, holes: int, random: Any) -> None:
    rings = []
    for i in range(outlines):
        rings.append(ring(EAST + 100 * i, NORTH, 90, clockwise=True))
        rings += [
            ring(EAST + 100 * i + 20 * j + 1, NORTH + 5, 15, clockwise=False) for j in range(holes)
        ]
    random.shuffle(rings)
    shape = shapely.geometry.shape(as_geojson({"rings": rings}) or {})
    assert shape.is_valid
    assert shape.area == outlines * (90**2 - holes * 15**2)
    assert len(shapely.get_parts(shape)) == outlines
