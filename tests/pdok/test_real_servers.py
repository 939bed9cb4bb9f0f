"""Real server software on this machine: MapServer set up as PDOK's, and pygeoapi."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from woongeo.pdok import wfs
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task
from woongeo.pdok.features import Items, fetch_features
from woongeo.pdok.wfs import FeatureType, fetch_wfs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.servers

N = 2_345


def missing(what: str) -> None:
    """Fail in CI, where it is required, and skip elsewhere."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{what} ontbreekt; in CI is het verplicht")
    pytest.skip(f"{what} staat niet op deze machine")


@pytest.fixture(scope="session", params=["getekend", "echt"])
def layer(request: pytest.FixtureRequest) -> gpd.GeoDataFrame:
    """Serve a drawn layer, and the real Natura 2000 where it is."""
    return drawn() if request.param == "getekend" else real(request.getfixturevalue("real_data"))


def real(folder: Path) -> gpd.GeoDataFrame:
    """Read all 162 Natura 2000 sites: 532,354 corners."""
    sites = gpd.read_file(folder / "natura2000" / "natura2000_162_rd.gpkg")
    return gpd.GeoDataFrame(
        {
            "fuuid": [f"id.{nr:05d}" for nr in sites["nr"]],
            "nr": sites["nr"],
            "naamN2K": sites["naam"],
        },
        geometry=sites.geometry,
        crs="EPSG:28992",
    )


def drawn() -> gpd.GeoDataFrame:
    """Draw a layer of circles, some of two parts."""
    rng = np.random.default_rng(3)
    x, y = rng.uniform(20_000, 270_000, N), rng.uniform(320_000, 610_000, N)
    shapes = shapely.buffer(shapely.points(x, y), rng.uniform(20, 900, N), quad_segs=4)
    shapes[::50] = [
        shapely.MultiPolygon([s, shapely.affinity.translate(s, 5000)]) for s in shapes[::50]
    ]
    return gpd.GeoDataFrame(
        {
            "fuuid": [f"id.{i:05d}" for i in range(N)],
            "nr": np.arange(N),
            "naamN2K": [f"gebied é {i}" for i in range(N)],
        },
        geometry=shapes,
        crs="EPSG:28992",
    )


@pytest.fixture(scope="session")
def gpkg(layer: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "vlakken.gpkg"
    layer.to_file(path, layer="vlakken", engine="pyogrio")
    return path


MAP = """
MAP
  NAME "pdok"
  EXTENT -100000 200000 450000 900000
  PROJECTION "init=epsg:28992" END
  WEB
    METADATA
      "ows_enable_request" "*"
      "ows_title" "proef"
      "ows_onlineresource" "{url}"
      "ows_srs" "EPSG:28992 EPSG:4258 EPSG:4326"
      "wfs_maxfeatures" "1000"
      "wfs_maxfeatures_ignore_for_resulttype_hits" "true"
      "wfs_namespace_prefix" "natura2000"
      "wfs_getfeature_formatlist" "gml32,geojson"
    END
  END
  OUTPUTFORMAT
    NAME "geojson"
    DRIVER "OGR/GEOJSON"
    MIMETYPE "application/json; subtype=geojson"
    FORMATOPTION "FORM=simple"
    FORMATOPTION "STORAGE=stream"
    FORMATOPTION "USE_FEATUREID=true"
    FORMATOPTION "LCO:COORDINATE_PRECISION=3"
  END
  LAYER
    NAME "vlakken"
    TYPE POLYGON
    STATUS ON
    CONNECTIONTYPE OGR
    CONNECTION "{gpkg}"
    DATA "vlakken"
    PROJECTION "init=epsg:28992" END
    METADATA
      "ows_title" "vlakken"
      "gml_include_items" "all"
      "gml_types" "auto"
      "gml_featureid" "fuuid"
      "wfs_use_default_extent_for_getfeature" "false"
    END
    TEMPLATE "x"
  END
END
"""


@pytest.fixture(scope="session")
def mapserver(gpkg: Path) -> Iterator[str]:
    """Run MapServer as a CGI program, as lighttpd does at PDOK."""
    program = shutil.which("mapserv")
    if program is None:
        missing("MapServer (Debian: cgi-mapserver)")
    mapfile = gpkg.with_name("pdok.map")
    config = gpkg.with_name("mapserver.conf")
    config.write_text("CONFIG\n ENV\n END\nEND\n")

    class Cgi(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = self.path.partition("?")[2]
            done = subprocess.run(
                [str(program)],
                env={
                    "REQUEST_METHOD": "GET",
                    "QUERY_STRING": query,
                    "MS_MAPFILE": str(mapfile),
                    "MAPSERVER_CONFIG_FILE": str(config),
                    "PATH": os.environ["PATH"],
                },
                capture_output=True,
                check=False,
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(
                line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line
            )
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Cgi)
    url = f"http://127.0.0.1:{server.server_address[1]}/wfs"
    mapfile.write_text(MAP.format(url=url, gpkg=gpkg))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield url
    server.shutdown()
    server.server_close()
    thread.join(5)


PYGEOAPI = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [nl-NL]
  limits: {{default_items: 10, max_items: 300, on_exceed: throttle}}
  map: {{url: "https://tile.invalid", attribution: x}}
logging: {{level: ERROR}}
metadata:
  identification:
    title: proef
    description: proef
    keywords: [proef]
    keywords_type: theme
    terms_of_service: none
    url: http://127.0.0.1
  license: {{name: CC0, url: "http://127.0.0.1"}}
  provider: {{name: proef, url: "http://127.0.0.1"}}
  contact: {{name: proef, email: a@b.invalid}}
resources:
  vlakken:
    type: collection
    title: vlakken
    description: vlakken
    keywords: [vlakken]
    links: []
    extents:
      spatial: {{bbox: [3, 50, 8, 54], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    providers:
      - type: feature
        name: GeoJSON
        data: {geojson}
        id_field: fuuid
        storage_crs: http://www.opengis.net/def/crs/EPSG/0/28992
        crs:
          - http://www.opengis.net/def/crs/EPSG/0/28992
          - http://www.opengis.net/def/crs/OGC/1.3/CRS84
"""


@pytest.fixture(scope="session")
def pygeoapi(gpkg: Path, layer: gpd.GeoDataFrame) -> Iterator[str]:
    """Run pygeoapi."""
    if importlib.util.find_spec("pygeoapi") is None:
        missing("pygeoapi (PyPI)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = gpkg.with_name("pygeoapi.yml")
    geojson = gpkg.with_name("vlakken.geojson")
    # pygeoapi takes coordinates as they are, in the storage_crs of its own settings.
    geojson.write_text(layer.to_json(drop_id=True))
    config.write_text(PYGEOAPI.format(port=port, geojson=geojson))
    openapi = gpkg.with_name("openapi.yml")
    env = {**os.environ, "PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    command = [sys.executable, "-W", "ignore", "-c"]
    code = "from pygeoapi import cli; cli()"
    subprocess.run(
        [*command, code, "openapi", "generate", str(config), "--output-file", str(openapi)],
        env=env, check=True, capture_output=True,
    )  # fmt: skip
    running = subprocess.Popen(
        [*command, code, "serve"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{url}/?f=json", timeout=5):  # noqa: S310  our own
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        running.terminate()
        running.wait(10)


def doing(url: str) -> Task:
    host = url.split("/")[2]
    asking = Http(Manners(hosts=frozenset({host}), first_wait_s=0.05))
    return Task("vlakken", asking, Budget(60))


def within(layer: gpd.GeoDataFrame, boxes: list[tuple[float, float, float, float]]) -> set[int]:
    area = shapely.union_all([shapely.box(*box) for box in boxes])
    return set(layer.loc[layer.geometry.intersects(area), "nr"])


def require_same(found: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> None:
    """Hold a fetched layer against what is served: every row, name and corner."""
    found, layer = (f.sort_values("nr").reset_index(drop=True) for f in (found, layer))
    assert found["nr"].tolist() == layer["nr"].tolist()
    assert found["naamN2K"].tolist() == layer["naamN2K"].tolist()
    here, there = found.geometry.to_numpy(), layer.geometry.to_numpy()
    corners, expected = shapely.get_coordinates(here), shapely.get_coordinates(there)
    assert len(corners) == len(expected)
    np.testing.assert_allclose(shapely.bounds(here), shapely.bounds(there), atol=0.001)
    # Served to the millimetre: an edge moves by half of one.
    moved = 0.0005 * shapely.length(there)
    assert (np.abs(shapely.area(here) - shapely.area(there)) <= moved).all()


BOXES = [(100_000.0, 400_000.0, 140_000.0, 440_000.0), (120_000.0, 420_000.0, 180_000.0, 430_000.0)]


def test_mapserver_gives_the_whole_layer(mapserver: str, layer: gpd.GeoDataFrame) -> None:
    task = doing(mapserver)
    require_same(fetch_wfs(task, FeatureType(mapserver, "vlakken", "nr"), None), layer)


def test_mapserver_by_boxes(mapserver: str, layer: gpd.GeoDataFrame) -> None:
    frame = fetch_wfs(doing(mapserver), FeatureType(mapserver, "vlakken", "nr"), BOXES)
    assert set(frame["nr"]) >= within(layer, BOXES)
    assert frame["nr"].is_unique


def test_mapserver_beyond_the_ceiling(
    mapserver: str, layer: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Divided, and held against the count of the whole."""
    monkeypatch.setattr(wfs, "CEILING", 900)
    frame = fetch_wfs(doing(mapserver), FeatureType(mapserver, "vlakken", "nr"), None)
    assert sorted(frame["nr"]) == sorted(layer["nr"])


def test_mapserver_that_does_not_know_the_type(mapserver: str) -> None:
    from woongeo.errors import ServiceResponseError  # noqa: PLC0415

    with pytest.raises(ServiceResponseError, match="bestaatniet"):
        fetch_wfs(doing(mapserver), FeatureType(mapserver, "bestaatniet"), None)


def test_pygeoapi_gives_the_whole_layer(pygeoapi: str, layer: gpd.GeoDataFrame) -> None:
    require_same(fetch_features(doing(pygeoapi), Items(pygeoapi, "vlakken"), None), layer)


def test_pygeoapi_by_boxes(pygeoapi: str, layer: gpd.GeoDataFrame) -> None:
    frame = fetch_features(doing(pygeoapi), Items(pygeoapi, "vlakken"), BOXES)
    assert set(frame["nr"]) >= within(layer, BOXES)
