"""What PDOK's own servers answered, and answer in their own tests."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pdok_servers import RD_URI, Question, Reply

from woongeo.errors import ServiceResponseError, UnexpectedCrsError
from woongeo.pdok._answers import Answer, GarbledError, TooHeavyError
from woongeo.pdok._links import read_index
from woongeo.pdok._pages import read_collection, read_page
from woongeo.pdok._xml import read_xml
from woongeo.pdok.features import Items, fetch_features
from woongeo.pdok.wfs import FeatureType, fetch_wfs, read_types

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


@pytest.fixture(scope="session")
def recorded(real_data: Path) -> Path:
    place = real_data / "pdok"
    if not place.is_dir():
        pytest.skip("de opgenomen antwoorden staan hier niet")
    return place


def answer(body: bytes, kind: str = "application/json") -> Answer:
    now = dt.datetime.now(dt.UTC)
    return Answer("https://api.pdok.nl/x", 200, {"content-type": kind}, body, "", now)


def test_every_page_of_gokoala_is_read(recorded: Path) -> None:
    """84 bodies: a collection gives as many features as it says, nothing else is taken for one."""
    read = 0
    for path in sorted((recorded / "gokoala").glob("*.json")):
        body = path.read_bytes()
        found = json.loads(body)
        if found.get("type") != "FeatureCollection":
            with pytest.raises(GarbledError):
                read_collection(answer(body), path.name)
            continue
        collection = read_collection(answer(body), path.name)
        page = read_page(collection["features"], path.name)
        assert len(page) == found["numberReturned"], path.name
        for feature, shape in zip(found["features"], page.geometry, strict=True):
            drawn = feature.get("geometry")
            assert (shape is None) == (drawn is None)
            if drawn is not None:
                expected = shapely.force_2d(shapely.from_geojson(json.dumps(drawn)))
                assert shape.equals_exact(expected) or (shape.is_empty and expected.is_empty)
        read += 1
    assert read > 30


def test_page_of_gokoala_in_rd(recorded: Path, serve: Any, task: Any) -> None:
    """A body as GoKoala gives it, by way of the whole door."""
    path = recorded / "gokoala" / "expected_multiple_gpkgs_bbox_rd_output_also_rd.json"
    body = json.loads(path.read_bytes())
    body["links"] = []

    def serve_it(asked: Question) -> Reply:
        if not asked.path.endswith("/items"):
            return Reply(json.dumps({"crs": [RD_URI]}).encode())
        return Reply(json.dumps(body).encode(), headers={"Content-Crs": f"<{RD_URI}>"})

    server = serve(serve_it)
    items = Items(f"{server.url}/ogc/v1", "dutch-addresses")
    frame = fetch_features(task(server), items, None)
    assert len(frame) == body["numberReturned"]
    assert frame.geometry.geom_type.eq("Point").all()


def test_time_out_of_gokoala(recorded: Path, serve: Any, http: Any) -> None:
    body = (recorded / "gokoala" / "expected_query_timeout_features.json").read_bytes()
    server = serve(lambda _: Reply(body, 500, {"Content-Type": "application/problem+json"}))
    with pytest.raises(TooHeavyError, match="took too long"):
        http(server).get(f"{server.url}/x", what="x", check=lambda a: a)


def test_collection_without_rd(recorded: Path, serve: Any, task: Any) -> None:
    body = (recorded / "gokoala" / "expected_collection_features.json").read_bytes()
    server = serve(lambda _: Reply(body))
    with pytest.raises(UnexpectedCrsError):
        fetch_features(task(server), Items(server.url, "roads"), None)


def test_index(recorded: Path) -> None:
    found = read_index(answer((recorded / "bgt" / "api_index_excerpt.json").read_bytes()))
    assert [api["root"] for api in found] == [
        "https://api.pdok.nl/cbs/gebiedsindelingen/ogc/v1",
        "https://api.pdok.nl/kadaster/bag/ogc/v2",
    ]


def test_ceiling_of_mapserver(recorded: Path, serve: Any, task: Any) -> None:
    body = (recorded / "wfs_startindex_over_50000_http400.xml").read_bytes()
    server = serve(lambda _: Reply(body, 400, {"Content-Type": "text/xml"}))
    with pytest.raises(ServiceResponseError, match="'startindex' higher than"):
        fetch_wfs(task(server), FeatureType(server.url, "x"), None)


def test_capabilities(recorded: Path) -> None:
    body = (recorded / "generator_example_wfs_capabilities_2_0_0.xml").read_bytes()
    assert read_types(answer(body, "text/xml"), "wfs")


def test_exception_with_http_200(recorded: Path) -> None:
    path = next((recorded / "opgenomen").glob("*fake_layer_styles*.xml"))
    with pytest.raises(ServiceResponseError, match="LayerNotDefined"):
        read_xml(answer(path.read_bytes(), "text/xml"), "wms")
