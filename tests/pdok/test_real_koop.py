"""A real FeatureServer on this machine: Koop, as ArcGIS serves the provinces' open data."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from filelock import FileLock

from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task
from woongeo.pdok.arcgis import FeatureLayer, fetch_arcgis

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.servers

HERE = Path(__file__).parent / "koop"
#: Features, and how many the server gives at a time.
N, PAGE = 2_345, 500


@pytest.fixture(scope="session")
def layer() -> gpd.GeoDataFrame:
    """Draw 2,345 areas, every fifth with a hole."""
    rng = np.random.default_rng(5)
    x, y = rng.uniform(20_000, 270_000, N), rng.uniform(320_000, 610_000, N)
    shapes = shapely.box(x, y, x + 400, y + 300)
    holes = shapely.box(x + 100, y + 100, x + 200, y + 200)[::5]
    shapes[::5] = shapely.difference(shapes[::5], holes)
    names = [f"gebied é {i}" for i in range(N)]
    return gpd.GeoDataFrame(
        {"objectid": np.arange(1, N + 1), "naam": names}, geometry=shapes, crs="EPSG:28992"
    )


@pytest.fixture(scope="session")
def koop(layer: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Koop on the drawn layer; give the address of the layer."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("node en npm ontbreken; in CI zijn ze verplicht")
        pytest.skip("node of npm staat niet op deze machine")
    modules = _installed(npm)
    folder = tmp_path_factory.mktemp("koop") / "lagen"
    folder.mkdir()
    told = json.loads(layer.to_json(drop_id=True))
    told["metadata"] = {"idField": "objectid", "maxRecordCount": PAGE, "name": "vlakken"}
    (folder / "vlakken.geojson").write_text(json.dumps(told), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [node, HERE / "app.js", modules, folder, port, PAGE]
    url = f"http://127.0.0.1:{port}/file-geojson/rest/services/vlakken/FeatureServer"
    # It ends when its standard input does, also when the tests are killed.
    with subprocess.Popen(
        [str(word) for word in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{url}?f=json", timeout=5):  # noqa: S310  our own
                    break
            except OSError:
                time.sleep(0.1)
        yield f"{url}/0"
        running.terminate()


def _installed(npm: str) -> Path:
    """Install Koop at first use, into the user's cache."""
    package = HERE / "package.json"
    mark = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    place = Path.home() / ".cache" / "woongeo-tests" / f"koop-{mark}"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        if not (place / "ready").exists():
            shutil.copy(package, place)
            options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
            subprocess.run(
                [npm, "install", "--omit=dev", "--legacy-peer-deps", *options],
                cwd=place,
                check=True,
                capture_output=True,
            )
            (place / "ready").touch()
    return place / "node_modules"


@pytest.fixture
def task(koop: str) -> Iterator[Task]:
    """Make a task that may visit the server."""
    host = koop.split("/")[2]
    asking = Http(Manners(hosts=frozenset({host}), first_wait_s=0.05))
    yield Task("vlakken", asking, Budget(60))
    asking.close()


def test_the_whole_layer_comes_with_its_holes(
    koop: str, task: Task, layer: gpd.GeoDataFrame
) -> None:
    frame = fetch_arcgis(task, FeatureLayer(koop), None)
    frame = frame.sort_values("objectid").reset_index(drop=True)
    assert frame["objectid"].tolist() == list(range(1, N + 1))
    assert frame["naam"].tolist() == layer["naam"].tolist()
    np.testing.assert_allclose(frame.area, layer.area, rtol=1e-6)
    differ = shapely.hausdorff_distance(frame.geometry.to_numpy(), layer.geometry.to_numpy())
    # The file is in RD New and Koop's own conversion is a hundred metres off: ours must be used.
    assert differ.max() < 0.01


def test_boxes_give_what_touches_them(koop: str, task: Task, layer: gpd.GeoDataFrame) -> None:
    box = (100_000.0, 400_000.0, 160_000.0, 460_000.0)
    frame = fetch_arcgis(task, FeatureLayer(koop), [box])
    touching = layer.loc[layer.intersects(shapely.box(*box)), "objectid"]
    assert set(frame["objectid"]) >= set(touching)
    assert frame["objectid"].is_unique
