"""The client by its other doors: ArcGIS, files, backgrounds and heights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from pdok_servers import EAST, NORTH, Question, Reply, Running, as_json, square, squares

from woongeo.errors import (
    NotStoredError,
    ServiceResponseError,
    ServiceUnavailableError,
    ServiceWarning,
)
from woongeo.pdok import Client, Manners
from woongeo.pdok.coverages import COVERAGES
from woongeo.pdok.tiles import BACKGROUNDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = """
[vlakken]
title = "Vlakken"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
features = {features}
min_features = 1
bytes_per_feature = 400
certainty = "seen"
keywords = ["vierkant"]
[vlakken.columns]
nummer = ["nr"]
{doors}
"""

NAMED = {"features": 'name = "vlakken"\n'}


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Client]:
    """Make a client whose catalogue knows one dataset, by doors of ours."""

    def make(*doors: tuple[str, Running, str], features: int = 400, **options: Any) -> Client:
        written = "".join(
            f'[[vlakken.doors]]\nkind = "{kind}"\nurl = "{server.url}{path}"\n{NAMED.get(kind, "")}'
            for kind, server, path in doors
        )
        path = tmp_path / "eigen.toml"
        path.write_text(TABLE.format(features=features, doors=written))
        manners = Manners(first_wait_s=0.001, attempts=2, timeout_s=5)
        hosts = [server.host for _, server, _ in doors]
        return Client(catalogue=path, hosts=hosts, manners=manners, **options)

    return make


@pytest.fixture
def files(serve: Any, tmp_path: Path) -> Running:
    """Serve 30 squares as GeoPackage and as GML."""
    drawn = gpd.GeoDataFrame.from_features(squares(30), crs="EPSG:28992")
    drawn.to_file(tmp_path / "vlakken.gpkg", layer="vlakken")
    drawn.to_file(tmp_path / "vlakken.gml", driver="GML", FORMAT="GML3.2", XSISCHEMA="OFF")

    def answer(asked: Question) -> Reply:
        return Reply((tmp_path / asked.path[1:]).read_bytes(), headers={"ETag": '"1"'})

    return serve(answer)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("kind", "path"), [("file", "/vlakken.gpkg"), ("gml", "/vlakken.gml")])
def test_a_whole_file(client: Any, files: Running, tmp_path: Path, kind: str, path: str) -> None:
    store = tmp_path / "lagen"
    layer = client((kind, files, path), store=store).fetch("vlakken")
    assert sorted(layer.frame["nummer"]) == list(range(30))
    assert layer.searched is None
    assert layer.facts["antwoorden"][0]["url"].endswith(path)
    # The layer is kept, and not the file it came from.
    assert [p.name for p in store.iterdir()] == ["vlakken"]
    assert len(client((kind, files, path), store=store, offline=True).fetch("vlakken")) == 30


def test_a_file_when_the_service_fails(serve: Any, client: Any, files: Running) -> None:
    """Only what lies around the site is read from it."""
    down = serve(lambda _: Reply(b"", 404))
    asking = client(("features", down, "/ogc/v1"), ("file", files, "/vlakken.gpkg"))
    with pytest.warns(ServiceWarning, match=r"ATOM \(GeoPackage\)"):
        layer = asking.fetch("vlakken", around=shapely.Point(EAST, NORTH), reach_m=110)
    assert sorted(layer.frame["nummer"]) == [0, 1]
    assert layer.searched is not None


def test_gigabytes_are_not_fetched_for_a_small_area(
    serve: Any, client: Any, files: Running
) -> None:
    down = serve(lambda _: Reply(b"", 404))
    doors = [("features", down, "/ogc/v1"), ("file", files, "/vlakken.gpkg")]
    asking = client(*doors, features=2_330_000)
    with pytest.raises(ServiceUnavailableError, match="niet vanzelf opgehaald"):
        asking.fetch("vlakken", around=shapely.Point(EAST, NORTH), reach_m=110)
    assert files.asked == []


def test_arcgis(serve: Any, client: Any) -> None:
    """One square; the door itself is tested elsewhere."""
    ring = square(0)["geometry"]["coordinates"][0][::-1]

    def answer(asked: Question) -> Reply:
        if "returnIdsOnly" in asked.query:
            return as_json({"objectIds": [1]})
        if "returnCountOnly" in asked.query:
            return as_json({"count": 1})
        if asked.path.endswith("/query"):
            feature = {"attributes": {"FID": 1, "nr": 0}, "geometry": {"rings": [ring]}}
            return as_json({"spatialReference": {"wkid": 28992}, "features": [feature]})
        fields = [{"name": "FID", "type": "esriFieldTypeOID"}]
        return as_json({"geometryType": "esriGeometryPolygon", "fields": fields})

    layer = client(("arcgis", serve(answer), "/FeatureServer/0")).fetch("vlakken")
    assert layer.frame["nummer"].tolist() == [0]
    assert layer.frame.geometry.area.tolist() == [1600]
    assert layer.facts["ingang"] == "ArcGIS FeatureServer"


def test_backgrounds_and_heights(serve: Any, client: Any) -> None:
    """Refused as a whole when offline, or when what comes is no picture."""
    server = serve(lambda _: Reply(b"<html><title>Onderhoud</title></html>"))
    asking = client(("features", server, "/ogc/v1"))
    box = (EAST + 0.0, NORTH + 0.0, EAST + 100.0, NORTH + 100.0)
    map_here = replace(BACKGROUNDS["grijs"], templates=(f"{server.url}/{{z}}/{{x}}/{{y}}.png",))
    with pytest.raises(ServiceUnavailableError, match="Onderhoud"):
        asking.background(box, background=map_here)
    with pytest.raises(ServiceResponseError, match="XML"):
        asking.heights(box, coverage=replace(COVERAGES["dtm_05m"], urls=(f"{server.url}/wcs",)))
    with pytest.raises(NotStoredError):
        client(("features", server, "/"), store=".", offline=True).background(box)
