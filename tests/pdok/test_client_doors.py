"""The client by its other doors: ArcGIS, files, backgrounds and heights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pdok_servers import EAST, NORTH, Question, Reply, Running, as_json, square, squares
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from woongeo.cli import main
from woongeo.errors import (
    InputError,
    NotStoredError,
    ServiceResponseError,
    ServiceUnavailableError,
    ServiceWarning,
    UnknownDatasetError,
)
from woongeo.pdok import Client, Manners

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


def test_check_looks_for_the_file_in_a_feed(serve: Any, client: Any) -> None:
    """A feed that is there but offers no GML does not give the layer."""
    link = '<link rel="alternate" type="application/gml+xml" href="{}/a.{}"/>'
    ending = ["gml"]

    def answer(asked: Question) -> Reply:
        if asked.path != "/index.xml":
            return Reply(b"<gml/>")
        entry = link.format(asked.base, ending[0])
        body = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{entry}</entry></feed>'
        return Reply(body.encode(), headers={"Content-Type": "application/atom+xml"})

    server = serve(answer)
    asking = client(("gml", server, "/index.xml"))
    assert asking.check("vlakken")["goed"].tolist() == [True]
    assert server.asked[-1].path == "/a.gml"
    ending[0] = "pdf"
    told = asking.check("vlakken")
    assert told["goed"].tolist() == [False]
    assert "passen bij .gml" in told["toelichting"].iloc[0]


@pytest.mark.usefixtures("files")
def test_a_file_that_broke_off_goes_on_the_next_time(
    serve: Any, client: Any, tmp_path: Path
) -> None:
    """The part stays in the store when a program ends, and only the rest is asked."""
    whole = (tmp_path / "vlakken.gpkg").read_bytes()
    broken = [True]

    def answer(asked: Question) -> Reply:
        start = int(asked.headers.get("range", "bytes=0-")[6:-1])
        told = {"ETag": '"1"', "Accept-Ranges": "bytes"}
        if start:
            told["Content-Range"] = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        if broken[0]:
            # Half of it the first time, and then nothing more.
            return Reply(whole, headers=told, cut=len(whole) // 2) if not start else Reply(b"", 503)
        return Reply(whole[start:], 206 if start else 200, told)

    server = serve(answer)
    store = tmp_path / "lagen"
    with pytest.raises(ServiceUnavailableError, match="gaat daar verder"):
        client(("file", server, "/vlakken.gpkg"), store=store).fetch("vlakken")
    broken[0] = False
    server.asked.clear()
    assert len(client(("file", server, "/vlakken.gpkg"), store=store).fetch("vlakken")) == 30
    assert [q.headers["range"] for q in server.asked] == [f"bytes={len(whole) // 2}-"]
    assert not list(store.rglob("*.gpkg*"))


def test_the_whole_country_of_a_large_layer_comes_as_a_file(
    serve: Any, client: Any, files: Running
) -> None:
    """PDOK asks not to page through millions; around a site the service goes first."""
    down = serve(lambda _: Reply(b"", 404))
    doors = [("features", down, "/ogc/v1"), ("file", files, "/vlakken.gpkg")]
    assert len(client(*doors, features=150_000).fetch("vlakken")) == 30
    assert down.asked == []
    with pytest.warns(ServiceWarning):
        client(*doors, features=150_000).fetch(
            "vlakken", around=shapely.Point(EAST, NORTH), reach_m=110
        )
    assert down.asked


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


RASTERS = """
[hoogte]
title = "Hoogte"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
certainty = "seen"
cell_m = 0.5
unit = "m"
[[hoogte.doors]]
kind = "coverage"
url = "{url}/wcs"
name = "dtm"
[ondergrond]
title = "Ondergrond"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Kaart © Niemand"
certainty = "seen"
[[ondergrond.doors]]
kind = "tiles"
url = "{url}/{{tms}}/{{z}}/{{x}}/{{y}}.png"
"""
BOX = (EAST + 0.0, NORTH + 0.0, EAST + 100.0, NORTH + 100.0)


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Client]:
    """Make a client whose catalogue knows a raster and a background, on a server of ours."""

    def make(server: Running, **options: Any) -> Client:
        path = tmp_path / "beeld.toml"
        path.write_text(RASTERS.format(url=server.url))
        manners = Manners(first_wait_s=0.001, attempts=1, timeout_s=5)
        return Client(catalogue=path, hosts=[server.host], manners=manners, **options)

    return make


def test_backgrounds_and_heights_come_from_the_catalogue(serve: Any, pictures: Any) -> None:
    """One truth: the addresses are those of the entries, and what comes is judged."""
    server = serve(lambda _: Reply(b"<html><title>Onderhoud</title></html>"))
    asking = pictures(server)
    with pytest.raises(ServiceResponseError, match="Onderhoud"):
        asking.background(BOX, background="ondergrond")
    with pytest.raises(ServiceResponseError, match="XML"):
        asking.heights(BOX, coverage="hoogte")
    assert {asked.path.split("/")[1] for asked in server.asked} == {"EPSG:28992", "wcs"}
    with pytest.raises(NotStoredError):
        pictures(server, store=".", offline=True).background(BOX)
    with pytest.raises(NotStoredError):
        pictures(server, store=".", offline=True).heights(BOX)


def test_the_wrong_method_is_told(serve: Any, pictures: Any) -> None:
    """What is no layer says how it is had, and nothing is asked."""
    server = serve(lambda _: Reply(b""))
    asking = pictures(server)
    with pytest.raises(InputError, match=r"geen laag met objecten maar een raster.*Client\.raster"):
        asking.fetch("hoogte")
    with pytest.raises(InputError, match=r"maar een achtergrond.*Client\.background"):
        asking.fetch("ondergrond")
    with pytest.raises(InputError, match=r"geen raster maar een achtergrond; wel: .*hoogte"):
        asking.raster("ondergrond", BOX)
    with pytest.raises(InputError, match=r"geen achtergrond maar een laag; wel: .*brt_grijs"):
        asking.background(BOX, background="natura2000")
    with pytest.raises(UnknownDatasetError):
        asking.background(BOX, background="osm")
    with pytest.raises(InputError, match="heel Nederland is te groot"):
        asking.raster("hoogte")
    assert server.asked == []


def test_rasters_and_backgrounds_are_listed_and_visited(serve: Any, pictures: Any) -> None:
    """Each with one question: 20 by 20 cells, and one tile."""
    cells = np.ones((20, 20), dtype=np.float32)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:28992",
            transform=Affine(0.5, 0, 155_000, 0, -0.5, 463_010),
        ) as file:  # fmt: skip
            file.write(cells, 1)
        height = bytes(memory.read())

    def answer(asked: Question) -> Reply:
        return Reply(height) if asked.path == "/wcs" else Reply(b"", 404)

    server = serve(answer)
    asking = pictures(server)
    listed = asking.list_datasets()
    assert listed.loc[["hoogte", "ondergrond", "natura2000"], "vorm"].tolist() == [
        "raster", "achtergrond", "laag",
    ]  # fmt: skip
    assert listed["objecten"].isna()[["hoogte", "natura2000"]].tolist() == [True, False]
    assert "ahn_dtm" in asking.search("hoogte").index
    told = asking.check("hoogte", "ondergrond")
    assert told["goed"].tolist() == [True, False]
    assert "400 cellen" in told["toelichting"].iloc[0]
    assert len(server.asked) == 2


def run(words: list[str]) -> object:
    """Do what stands on a command line, and give the code that it ends with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["woongeo", *words])
        with pytest.raises(SystemExit) as end:
            main()
    return end.value.code


def test_a_raster_from_the_command_line(
    serve: Any, pictures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A square of 9 m and half a metre around it: 20 by 20 cells, and who asks is told."""
    cells = np.arange(400, dtype=np.float32).reshape(20, 20)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:28992",
            transform=Affine(0.5, 0, EAST, 0, -0.5, NORTH + 10),
        ) as file:  # fmt: skip
            file.write(cells, 1)
        height = bytes(memory.read())
    server = serve(lambda _: Reply(height))
    pictures(server)
    site = gpd.GeoDataFrame(
        geometry=[shapely.box(EAST + 0.5, NORTH + 0.5, EAST + 9.5, NORTH + 9.5)], crs="EPSG:28992"
    )
    site.to_file(tmp_path / "plek.gpkg")
    monkeypatch.setenv("WOONGEO_CONTACT", "gis@provincie.test")
    words = ["fetch", "hoogte", "--out", str(tmp_path / "h.tif"), "--reach-m", "0,5"]
    words += ["--around", str(tmp_path / "plek.gpkg"), "--host", server.host]
    words += ["--catalogue", str(tmp_path / "beeld.toml")]
    assert run(words) == 0
    with rasterio.open(tmp_path / "h.tif") as written:
        np.testing.assert_array_equal(written.read(1), cells)
    assert "20 bij 20 cellen van Hoogte (m)" in capsys.readouterr().out
    assert server.asked[0].headers["user-agent"].endswith(" gis@provincie.test")
    assert run(words) == 2
    assert run([*words, "--overwrite"]) == 0


def test_the_list_as_json_knows_no_nan(capsys: Any) -> None:
    """What has no number of objects says null."""
    assert run(["pdok", "list", "ahn", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert {each["dataset"]: each["objecten"] for each in found} == {
        "ahn_dtm": None,
        "ahn_dsm": None,
    }
