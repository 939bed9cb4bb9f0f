"""Download 100,000 parcels from a server on this machine: woongeo beside what others use.

One run asks every way in turn, several rounds, each in a process of its own, so that a busy moment
hits all alike. The server gives pages that were made beforehand, as GoKoala and MapServer do:
GeoJSON for OGC API Features and for WFS, and GML for GDAL's WFS driver, which reads that. Only
woongeo proves that nothing is missing. GDAL is pyogrio's; OWSLib gives one page a call, so the loop
over pages is written here::

    python tests/benchmarks/pdok_download.py --rounds 3

Another job asks what boxes cost: it fetches one box a site, few merged, and the whole country, and
counts at the server what was asked and given::

    python tests/benchmarks/pdok_download.py --boxes
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RD = "http://www.opengis.net/def/crs/EPSG/0/28992"
URN = "urn:ogc:def:crs:EPSG::28992"
PAGE = 1_000
START = '{"type":"FeatureCollection",'
MEMBER = json.dumps({"type": "name", "properties": {"name": URN}})
GML = (
    'xmlns:v="http://v.test/v" xmlns:wfs="http://www.opengis.net/wfs/2.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2"'
)


class Parcels:
    """Parcels of 5 to 25 corners, as text.

    Parameters
    ----------
    n : int
        How many: a multiple of a page.
    """

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(1)
        self.json: list[str] = []
        self.rings: list[list[list[float]]] = []
        for number in range(n):
            x, y, r = rng.uniform(2e4, 27e4), rng.uniform(32e4, 61e4), rng.uniform(20, 200)
            turn = np.linspace(0, 2 * np.pi, int(rng.integers(5, 25)))
            ring = np.c_[x + r * np.cos(turn), y + r * np.sin(turn)].round(3).tolist()
            ring[-1] = ring[0]
            self.rings.append(ring)
            feature = {
                "type": "Feature",
                "properties": {**self.properties(number), "fuuid": f"brpgewas.{number:07d}"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "id": f"{number:08d}-aaaa-bbbb-cccc-dddddddddddd",
            }
            self.json.append(json.dumps(feature, separators=(",", ":")))
        self.bounds = np.array(
            [(*np.min(ring, axis=0), *np.max(ring, axis=0)) for ring in self.rings]
        )

    def properties(self, _number: int) -> dict[str, Any]:
        """Give what is told of a parcel."""
        return {
            "category": "Grasland",
            "gewas": "Grasland, blijvend",
            "gewascode": 265,
            "jaar": 2025,
            "status": "Definitief",
        }

    def chosen(self, box: str) -> NDArray[np.intp]:
        """Choose those whose envelope touches a box."""
        west, south, east, north = map(float, box.split(",")[:4])
        b = self.bounds
        inside = (b[:, 2] >= west) & (b[:, 0] <= east) & (b[:, 3] >= south) & (b[:, 1] <= north)
        return np.flatnonzero(inside)

    @functools.cache  # noqa: B019  one of these lives as long as its process
    def page(self, at: int) -> str:
        """Join the features of a page."""
        return ",".join(self.json[at * PAGE : (at + 1) * PAGE])

    @functools.cache  # noqa: B019  idem
    def gml(self, at: int) -> bytes:
        """Write a page as GML."""
        members = []
        for number in range(at * PAGE, (at + 1) * PAGE):
            told = "".join(f"<v:{k}>{v}</v:{k}>" for k, v in self.properties(number).items())
            places = " ".join(f"{x} {y}" for x, y in self.rings[number])
            members.append(
                f'<wfs:member><v:v gml:id="v.{number}">{told}<v:geom><gml:Polygon '
                f'gml:id="g.{number}" srsName="{URN}"><gml:exterior><gml:LinearRing>'
                f"<gml:posList>{places}</gml:posList></gml:LinearRing></gml:exterior>"
                "</gml:Polygon></v:geom></v:v></wfs:member>"
            )
        head = f'<wfs:FeatureCollection {GML} numberMatched="{len(self.json)}"'
        body = f'{head} numberReturned="{PAGE}">{"".join(members)}</wfs:FeatureCollection>'
        return body.encode()


def capabilities(base: str) -> bytes:
    """Describe the WFS, as GDAL wants to know it before it asks for anything."""
    ows = "http://www.opengis.net/ows/1.1"

    def operation(name: str) -> str:
        return (
            f'<ows:Operation name="{name}"><ows:DCP><ows:HTTP><ows:Get '
            f'xlink:href="{base}/wfs?"/></ows:HTTP></ows:DCP></ows:Operation>'
        )

    def constraint(name: str, value: str) -> str:
        return (
            f'<ows:Constraint name="{name}"><ows:NoValues/>'
            f"<ows:DefaultValue>{value}</ows:DefaultValue></ows:Constraint>"
        )

    return (
        f'<wfs:WFS_Capabilities version="2.0.0" {GML} xmlns:ows="{ows}" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><ows:OperationsMetadata>'
        f"{operation('GetCapabilities')}{operation('DescribeFeatureType')}{operation('GetFeature')}"
        f"{constraint('ImplementsResultPaging', 'TRUE')}{constraint('CountDefault', str(PAGE))}"
        "</ows:OperationsMetadata><wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>v:v</wfs:Name>"
        f"<wfs:Title>v</wfs:Title><wfs:DefaultCRS>{URN}</wfs:DefaultCRS></wfs:FeatureType>"
        "</wfs:FeatureTypeList></wfs:WFS_Capabilities>"
    ).encode()


def schema() -> bytes:
    """Describe the type."""
    kinds = {"category": "string", "gewas": "string", "gewascode": "int", "jaar": "int"}
    kinds["status"] = "string"
    told = "".join(f'<element name="{k}" type="{v}" minOccurs="0"/>' for k, v in kinds.items())
    return (
        f'<schema targetNamespace="http://v.test/v" {GML} elementFormDefault="qualified" '
        'xmlns="http://www.w3.org/2001/XMLSchema"><import '
        'namespace="http://www.opengis.net/gml/3.2" '
        'schemaLocation="http://schemas.opengis.net/gml/3.2.1/gml.xsd"/>'
        '<element name="v" type="v:vType" substitutionGroup="gml:AbstractFeature"/>'
        '<complexType name="vType"><complexContent><extension base="gml:AbstractFeatureType">'
        f'<sequence>{told}<element name="geom" type="gml:SurfacePropertyType" minOccurs="0"/>'
        "</sequence></extension></complexContent></complexType></schema>"
    ).encode()


class Answers:
    """What the server says."""

    def __init__(self, base: str, n: int) -> None:
        self.base = base
        self.items = f"{base}/ogc/v1/collections/v/items"
        self.parcels = Parcels(n)
        self.n = n
        self.collection = {
            "id": "v",
            "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", RD],
            "extent": {"spatial": {"bbox": [[3, 50, 8, 54]]}},
            "links": [{"rel": "items", "type": "application/geo+json", "href": self.items}],
        }

    def __call__(self, path: str, query: dict[str, str]) -> tuple[bytes, str]:
        """Answer."""
        if path == "/whole.geojson":
            return self.whole(), "application/geo+json"
        if path == "/wfs":
            return self.wfs({k.lower(): v for k, v in query.items()})
        if path.endswith("/items"):
            return self.page(query), "application/geo+json"
        return json.dumps(self.described(path)).encode(), "application/json"

    @functools.cache  # noqa: B019  one of these lives as long as its process
    def whole(self) -> bytes:
        """Give everything in one file."""
        return f'{START}"crs":{MEMBER},"features":[{",".join(self.parcels.json)}]}}'.encode()

    def wfs(self, query: dict[str, str]) -> tuple[bytes, str]:
        """Answer as a WFS."""
        asked = query.get("request", "").lower()
        if asked == "getcapabilities":
            return capabilities(self.base), "text/xml"
        if asked == "describefeaturetype":
            return schema(), "text/xml"
        if query.get("resulttype") == "hits":
            told = f'<f:FeatureCollection xmlns:f="x" numberMatched="{self.n}" numberReturned="0"/>'
            return told.encode(), "text/xml"
        at = int(query.get("startindex", 0)) // PAGE
        if "json" not in query.get("outputformat", ""):
            return self.parcels.gml(at), "text/xml; subtype=gml/3.2.1"
        head = f'{START}"numberMatched":{self.n},"numberReturned":{PAGE},"crs":{MEMBER}'
        return f'{head},"features":[{self.parcels.page(at)}]}}'.encode(), "application/json"

    def page(self, query: dict[str, str]) -> bytes:
        """Answer with a page of items."""
        start = int(query.get("cursor", "0"))
        box = query.get("bbox", "")
        if box:
            chosen = self.parcels.chosen(box)
            page = [self.parcels.json[i] for i in chosen[start : start + PAGE]]
            total, returned, features = len(chosen), len(page), ",".join(page)
        else:
            total, returned = self.n, PAGE
            features = self.parcels.page(start // PAGE)
        links = [{"rel": "self", "type": "application/geo+json", "href": self.items}]
        if start + PAGE < total:
            within = f"&bbox={quote(box)}" if box else ""
            href = f"{self.items}?cursor={start + PAGE}&f=json&limit={PAGE}{within}"
            links.append({"rel": "next", "type": "application/geo+json", "href": href})
        head = f'{START}"links":{json.dumps(links)},"features":['
        return f'{head}{features}],"numberReturned":{returned}}}'.encode()

    def described(self, path: str) -> dict[str, Any]:
        """Answer what an OGC API says of itself."""
        if path.endswith("/collections/v"):
            return self.collection
        if path.endswith("/collections"):
            return {"links": [], "collections": [self.collection]}
        if path.endswith("/conformance"):
            return {"conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]}
        links = [
            {"rel": rel, "type": "application/json", "href": f"{self.base}/ogc/v1/{name}"}
            for rel, name in (("data", "collections"), ("conformance", "conformance"))
        ]
        return {"title": "v", "links": links}


def serve(port: int, n: int) -> None:
    """Serve pages until stopped, and count what was asked and given."""
    answer = Answers(f"http://127.0.0.1:{port}", n)
    # What is timed is who asks, so every page is at hand before the first question.
    answer.whole()
    for at in range(n // PAGE):
        answer.parcels.page(at)
        answer.parcels.gml(at)
    counted = [0, 0]
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            with lock:
                if parts.path == "/count":
                    body, kind = json.dumps(counted).encode(), "application/json"
                    counted[:] = [0, 0]
                else:
                    counted[0] += 1
            if parts.path != "/count":
                body, kind = answer(parts.path, dict(parse_qsl(parts.query)))
                with lock:
                    counted[1] += len(body)
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


@contextmanager
def running(port: int, n: int) -> Iterator[list[str]]:
    """Run the server in a process of its own; gives the command to ask it."""
    command = [sys.executable, "-W", "ignore", __file__, "--port", str(port)]
    server = subprocess.Popen([*command, "--serve", str(n)], stdout=subprocess.PIPE, text=True)
    if server.stdout is None or server.stdout.readline() != "ready\n":
        sys.exit("de server startte niet")
    try:
        yield command
    finally:
        server.terminate()
        server.wait(10)


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


def by_gdal_wfs(base: str) -> int:
    """GDAL's WFS driver, page by page as the capabilities allow; it reads GML."""
    import pyogrio  # noqa: PLC0415

    pyogrio.set_gdal_config_options({"OGR_WFS_PAGING_ALLOWED": "ON", "OGR_WFS_PAGE_SIZE": PAGE})
    return len(pyogrio.read_dataframe(f"WFS:{base}/wfs", layer="v:v"))


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
    "GDAL WFS (GML)": by_gdal_wfs,
    "read_file, one file": by_read_file,
    "read_file, per page": by_read_file_pages,
    "OWSLib, per page": by_owslib,
}


def compare(port: int, n: int, rounds: int) -> None:
    """Run each way in turn, several rounds."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with running(port, n) as command:
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
    for way, runs in found.items():
        if runs:
            seconds = [s for s, _ in runs]
            print(
                f"{way:22} {statistics.median(seconds):6.2f} s ({min(seconds):.2f}-"
                f"{max(seconds):.2f})  {max(m for _, m in runs):5.0f} MB"
            )


def boxes(port: int, n: int) -> None:
    """Fetch one box a site, merged boxes and the country, and count what each costs."""
    import requests  # noqa: PLC0415

    from woongeo.pdok._boxes import Cost, boxes_around  # noqa: PLC0415
    from woongeo.pdok.features import Items, fetch_features  # noqa: PLC0415

    rng = np.random.default_rng(2)
    towns = rng.uniform((2e4, 32e4), (27e4, 61e4), (60, 2))
    middle = towns[rng.integers(0, 60, 200)] + rng.normal(0, 3_000, (200, 2))
    base = f"http://127.0.0.1:{port}"
    print(f"{'':34}{'vragen':>8}{'MB':>8}{'hier s':>8}{'internet s':>12}{'geschat s':>11}")
    with running(port, n):
        size = len(Answers(base, PAGE).whole()) // PAGE
        cost = Cost(n, size)

        def measure(name: str, asked: Any, estimate: float) -> float:
            requests.get(f"{base}/count", timeout=9)
            begin = time.perf_counter()
            fetch_features(woongeo_task(base), Items(f"{base}/ogc/v1", "v"), asked)
            seconds = time.perf_counter() - begin
            asked_for, given = requests.get(f"{base}/count", timeout=9).json()
            real = asked_for * cost.request_s + given / cost.bytes_per_s
            told = f"{given / 1e6:8.1f}{seconds:8.2f}{real:12.1f}{estimate:11.1f}"
            print(f"{name:34}{asked_for:8}{told}")
            return float(real)

        for sites, reach in ((200, 250.0), (200, 1_000.0), (200, 5_000.0), (60, 25_000.0)):
            bounds = np.c_[middle[:sites] - 100, middle[:sites] + 100]
            grown = bounds + reach * np.array([-1, -1, 1, 1])
            each = [(*map(float, box),) for box in grown]
            chosen, seconds = boxes_around(bounds, reach_m=reach, cost=cost)
            alone = sum(cost.of_box(e - w, n_ - s) for w, s, e, n_ in each)
            print(f"{sites} locaties, {reach:.0f} m")
            real = {
                "per locatie": measure(f"  een vak per locatie ({sites})", each, alone),
                "samen": measure(f"  samengevoegd ({len(chosen)})", chosen, seconds),
                "land": measure("  heel Nederland", None, cost.of_nation()),
            }
            choice = "land" if cost.of_nation() <= seconds else "samen"
            print(f"  gekozen: {choice}; het voordeligst: {min(real, key=lambda k: real[k])}")


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
        # What is timed is the layer; every way has the same modules at hand before it begins.
        for name in ("geopandas", "owslib.ogcapi.features", "pyogrio", "woongeo.pdok"):
            importlib.import_module(name)
        begin = time.perf_counter()
        features = WAYS[given.way](f"http://127.0.0.1:{given.port}")
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(json.dumps([seconds, peak, features]))
    elif given.boxes:
        boxes(given.port, given.features)
    else:
        compare(given.port, given.features, given.rounds)


if __name__ == "__main__":
    main()
