"""Download 100,000 parcels from a server on this machine: woongeo beside what others use.

One run asks every way in turn, several rounds, each in a process of its own, so that a busy moment
hits all alike. The server gives pages that were made beforehand, as GoKoala and MapServer do; only
woongeo proves that nothing is missing. GDAL is pyogrio's; OWSLib gives one page a call, so the loop
over pages is written here::

    python tests/benchmarks/pdok_download.py --rounds 3

Another job asks what boxes cost: one a site, few merged, or the whole country::

    python tests/benchmarks/pdok_download.py --boxes
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

RD = "http://www.opengis.net/def/crs/EPSG/0/28992"
URN = "urn:ogc:def:crs:EPSG::28992"
PAGE = 1_000


def parcels(n: int) -> list[str]:
    """Draw parcels of 5 to 25 corners, as JSON, a page each."""
    rng = np.random.default_rng(1)
    pages = []
    for page in range(n // PAGE):
        features = []
        for i in range(PAGE):
            x, y, r = rng.uniform(2e4, 27e4), rng.uniform(32e4, 61e4), rng.uniform(20, 200)
            turn = np.linspace(0, 2 * np.pi, int(rng.integers(5, 25)))
            ring = np.c_[x + r * np.cos(turn), y + r * np.sin(turn)].round(3).tolist()
            ring[-1] = ring[0]
            number = page * PAGE + i
            features.append(
                {
                    "type": "Feature",
                    "properties": {
                        "category": "Grasland",
                        "gewas": "Grasland, blijvend",
                        "gewascode": 265,
                        "jaar": 2025,
                        "status": "Definitief",
                        "fuuid": f"brpgewas.{number:07d}",
                    },
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                    "id": f"{number:08d}-aaaa-bbbb-cccc-dddddddddddd",
                }
            )
        pages.append(json.dumps(features, separators=(",", ":"))[1:-1])
    return pages


def serve(port: int, n: int) -> None:  # noqa: C901  one branch an address
    """Serve pages until stopped."""
    pages = parcels(n)
    base = f"http://127.0.0.1:{port}"
    items = f"{base}/ogc/v1/collections/v/items"
    collection = {
        "id": "v",
        "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", RD],
        "extent": {"spatial": {"bbox": [[3, 50, 8, 54]]}},
        "links": [{"rel": "items", "type": "application/geo+json", "href": items}],
    }
    member = json.dumps({"type": "name", "properties": {"name": URN}})
    start = '{"type":"FeatureCollection",'
    whole = f'{start}"crs":{member},"features":[{",".join(pages)}]}}'.encode()

    def answer(path: str, query: dict[str, str]) -> tuple[bytes, str]:  # noqa: PLR0911  idem
        if path == "/whole.geojson":
            return whole, "application/geo+json"
        if path == "/wfs" and query.get("resultType") == "hits":
            told = f'<f:FeatureCollection xmlns:f="x" numberMatched="{n}" numberReturned="0"/>'
            return told.encode(), "text/xml"
        if path == "/wfs":
            page = pages[int(query.get("startIndex", 0)) // PAGE]
            head = f'{start}"numberMatched":{n},"numberReturned":{PAGE},"crs":{member}'
            return f'{head},"features":[{page}]}}'.encode(), "application/json"
        if path.endswith("/items"):
            at = int(query.get("cursor", "0"))
            links = [{"rel": "self", "type": "application/geo+json", "href": items}]
            if at + 1 < len(pages):
                href = f"{items}?cursor={at + 1}&f=json&limit={PAGE}"
                links.append({"rel": "next", "type": "application/geo+json", "href": href})
            head = f'{start}"links":{json.dumps(links)},"features":['
            body = f'{head}{pages[at]}],"numberReturned":{PAGE}}}'
            return body.encode(), "application/geo+json"
        if path.endswith("/collections/v"):
            return json.dumps(collection).encode(), "application/json"
        if path.endswith("/collections"):
            return json.dumps(
                {"links": [], "collections": [collection]}
            ).encode(), "application/json"
        if path.endswith("/conformance"):
            core = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
            return json.dumps({"conformsTo": [core]}).encode(), "application/json"
        links = [
            {"rel": rel, "type": "application/json", "href": f"{base}/ogc/v1/{name}"}
            for rel, name in (("data", "collections"), ("conformance", "conformance"))
        ]
        return json.dumps({"title": "v", "links": links}).encode(), "application/json"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body, kind = answer(parts.path, dict(parse_qsl(parts.query)))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Crs", f"<{RD}>")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionResetError, BrokenPipeError):
                self.wfile.write(body)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print("ready", flush=True)
    server.serve_forever()


def woongeo_task(base: str) -> Any:
    """Begin a task."""
    from woongeo.pdok._http import Budget, Http, Manners  # noqa: PLC0415
    from woongeo.pdok._run import Task  # noqa: PLC0415

    return Task("v", Http(Manners(hosts=frozenset({base.split("/")[2]}))), Budget(600))


def by_woongeo(base: str) -> int:
    """OGC API Features, complete and proven."""
    from woongeo.pdok.features import Items, fetch_features  # noqa: PLC0415

    return len(fetch_features(woongeo_task(base), Items(f"{base}/ogc/v1", "v"), None))


def by_woongeo_wfs(base: str) -> int:
    """WFS, complete and proven; the ceiling of 50,000 is lifted."""
    from woongeo.pdok import wfs  # noqa: PLC0415

    wfs.CEILING = 10**9
    asked = wfs.FeatureType(f"{base}/wfs", "v")
    return len(wfs.fetch_wfs(woongeo_task(base), asked, None))


def by_gdal(base: str) -> int:
    """GDAL's OAPIF driver."""
    import pyogrio  # noqa: PLC0415

    return len(pyogrio.read_dataframe(f"OAPIF:{base}/ogc/v1", layer="v"))


def by_read_file(base: str) -> int:
    """One file with everything, which PDOK does not serve."""
    import geopandas as gpd  # noqa: PLC0415

    return len(gpd.read_file(f"{base}/whole.geojson"))


def by_read_file_pages(base: str) -> int:
    """Each page by GDAL."""
    import geopandas as gpd  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import requests  # noqa: PLC0415

    url: str | None = f"{base}/ogc/v1/collections/v/items?f=json&limit={PAGE}"
    pages = []
    while url:
        answer = requests.get(url, timeout=60)
        pages.append(gpd.read_file(answer.content))
        url = next((x["href"] for x in answer.json()["links"] if x["rel"] == "next"), None)
    return len(pd.concat(pages))


def by_owslib(base: str) -> int:
    """OWSLib for page one, and its `next` after that."""
    import geopandas as gpd  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from owslib.ogcapi.features import Features  # noqa: PLC0415

    found = Features(f"{base}/ogc/v1").collection_items("v", limit=PAGE)
    pages = [gpd.GeoDataFrame.from_features(found["features"])]
    while url := next((x["href"] for x in found["links"] if x["rel"] == "next"), None):
        found = requests.get(url, timeout=60).json()
        pages.append(gpd.GeoDataFrame.from_features(found["features"]))
    return len(pd.concat(pages))


WAYS = {
    "woongeo OGC API": by_woongeo,
    "woongeo WFS": by_woongeo_wfs,
    "GDAL OAPIF": by_gdal,
    "read_file, one file": by_read_file,
    "read_file, per page": by_read_file_pages,
    "OWSLib, per page": by_owslib,
}


def compare(port: int, n: int, rounds: int) -> None:
    """Run each way in turn, several rounds."""
    command = [sys.executable, "-W", "ignore", __file__, "--port", str(port)]
    server = subprocess.Popen([*command, "--serve", str(n)], stdout=subprocess.PIPE, text=True)
    if server.stdout is None or server.stdout.readline() != "ready\n":
        sys.exit("de server startte niet")
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    try:
        for _ in range(rounds):
            for way in WAYS:
                done = subprocess.run(
                    [*command, "--way", way], capture_output=True, text=True, check=False
                )
                if done.returncode:
                    print(f"{way}: {done.stderr.strip().splitlines()[-1]}")
                    continue
                seconds, megabytes, features = json.loads(done.stdout)
                if features != n:
                    print(f"{way}: {features} objecten in plaats van {n}")
                found[way].append((seconds, megabytes))
    finally:
        server.terminate()
        server.wait(10)
    for way, runs in found.items():
        if runs:
            seconds = [s for s, _ in runs]
            print(
                f"{way:22} {statistics.median(seconds):6.2f} s ({min(seconds):.2f}-"
                f"{max(seconds):.2f})  {max(m for _, m in runs):5.0f} MB"
            )


def boxes() -> None:
    """Tell what one box a site, merged boxes and the country cost, by the client's estimate."""
    from woongeo.pdok._boxes import Cost, boxes_around  # noqa: PLC0415

    rng = np.random.default_rng(2)
    towns = rng.uniform((2e4, 32e4), (27e4, 61e4), (60, 2))
    middle = towns[rng.integers(0, 60, 2_000)] + rng.normal(0, 3_000, (2_000, 2))
    bounds = np.c_[middle - 100, middle + 100]
    for name, features, size in (("natura2000", 209, 100_000), ("brp", 2_330_000, 900)):
        for reach in (1_000.0, 25_000.0):
            cost = Cost(features, size)
            chosen, seconds = boxes_around(bounds, reach_m=reach, cost=cost)
            each = len(bounds) * cost.of_box(200 + 2 * reach, 200 + 2 * reach)
            print(
                f"{name:11} reach {reach:6.0f} m: one a site {len(bounds)} requests {each:8.0f} s; "
                f"merged {len(chosen)} boxes {seconds:8.1f} s; country {cost.of_nation():8.1f} s"
            )


def main() -> None:
    """Do what was asked."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--port", type=int, default=8_765)
    ask.add_argument("--features", type=int, default=100_000)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--boxes", action="store_true")
    ask.add_argument("--serve", type=int)
    ask.add_argument("--way")
    given = ask.parse_args()
    if given.serve:
        serve(given.port, given.serve)
    elif given.way:
        begin = time.perf_counter()
        features = WAYS[given.way](f"http://127.0.0.1:{given.port}")
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(json.dumps([seconds, peak, features]))
    elif given.boxes:
        boxes()
    else:
        compare(given.port, given.features, given.rounds)


if __name__ == "__main__":
    main()
