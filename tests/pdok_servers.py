"""Servers on this machine that answer as PDOK's do, and that fail as good servers do not."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import select
import socket
import socketserver
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import shapely
import shapely.geometry

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

RD_URI = "http://www.opengis.net/def/crs/EPSG/0/28992"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EAST, NORTH = 120_000, 480_000


@dataclass(frozen=True)
class Question:
    """What a server was asked."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    base: str
    number: int = 0
    #: The query with names that come twice, as WCS wants.
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.base}{self.path}?{urlencode(self.query)}"


@dataclass(frozen=True)
class Reply:
    """What a server answers, and how it goes wrong while it does."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: Send only so many bytes of the body, then hang up.
    cut: int | None = None
    #: Send this many bytes at a time, with a pause between.
    drip: int | None = None
    pause: float = 0.02
    #: chunked, close (no length at all), or length.
    framing: str = "length"
    #: Reset the line instead of closing it.
    reset: bool = False
    #: Say nothing at all, for so long.
    silence: float = 0.0

    def zipped(self) -> Reply:
        """Pack the body."""
        return replace(
            self,
            body=gzip.compress(self.body),
            headers={**self.headers, "Content-Encoding": "gzip"},
        )


def as_json(found: object, *, kind: str = "application/json", **headers: str) -> Reply:
    """Answer with JSON."""
    return Reply(
        json.dumps(found).encode(),
        headers={"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


def as_problem(status: int, detail: str) -> Reply:
    """Answer as GoKoala does when something is wrong."""
    body = {
        "detail": detail,
        "status": status,
        "title": "Fout",
        "timeStamp": "2026-01-01T00:00:00Z",
    }
    return replace(as_json(body, kind="application/problem+json"), status=status)


def as_exception(text: str, *, code: str = "InvalidParameterValue", status: int = 400) -> Reply:
    """Answer as MapServer does when something is wrong."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ows:ExceptionReport '
        'xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0"><ows:Exception '
        f'exceptionCode="{code}"><ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception>'
        "</ows:ExceptionReport>"
    )
    return Reply(body.encode(), status, {"Content-Type": "text/xml"})


Server = "Callable[[Question], Reply]"


class Running:
    """A server that runs; over TLS where it is given what to show."""

    def __init__(
        self, answer: Callable[[Question], Reply], tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[Question] = []
        self.busiest = 0
        self._busy = 0
        self._lock = threading.Lock()
        running = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Without these a small answer waits 40 ms for an acknowledgement.
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                with running._lock:
                    running._busy += 1
                    running.busiest = max(running.busiest, running._busy)
                    question = Question(
                        parts.path,
                        dict(parse_qsl(parts.query, keep_blank_values=True)),
                        {k.lower(): v for k, v in self.headers.items()},
                        running.url,
                        len(running.asked),
                        tuple(parse_qsl(parts.query)),
                    )
                    running.asked.append(question)
                try:
                    _send(self, answer(question))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with running._lock:
                        running._busy -= 1

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http{'s' if tls else ''}://{self.host}"
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.thread.start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class Proxy:
    """A proxy that tunnels every CONNECT and sends every GET to one server, and keeps a log."""

    def __init__(self, target: Running) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline().decode()
                proxy.asked.append(line.rsplit(" ", 1)[0])
                head = [re.sub(r"http://[^/ ]+", "", line, count=1)]
                while (more := self.rfile.readline().decode()).strip():
                    head.append(more)
                with socket.create_connection(
                    ("127.0.0.1", target.server.server_address[1])
                ) as there:
                    if line.startswith("CONNECT"):
                        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    else:
                        there.sendall("".join([*head, "Connection: close\r\n\r\n"]).encode())
                    _pump(self.connection, there)

        class Quiet(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.thread.start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on, both ways, until one side hangs up."""
    ends = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(ends), [], [], 10)
        for each in ready:
            data = each.recv(1 << 16)
            if not data:
                return
            ends[each].sendall(data)
        if not ready:
            return


@contextmanager
def serving(answer: Callable[[Question], Reply]) -> Iterator[Running]:
    """Run a server for as long as the block lasts."""
    running = Running(answer)
    try:
        yield running
    finally:
        running.close()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Send a reply, with all its faults."""
    time.sleep(reply.silence)
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    body = reply.body
    if reply.framing == "length":
        handler.send_header("Content-Length", str(len(body)))
    elif reply.framing == "chunked":
        handler.send_header("Transfer-Encoding", "chunked")
        body = b"".join(
            f"{len(body[i : i + 500]):x}\r\n".encode() + body[i : i + 500] + b"\r\n"
            for i in range(0, len(body), 500)
        )
        body += b"0\r\n\r\n"
    if reply.framing == "close" or reply.cut is not None:
        handler.send_header("Connection", "close")
        handler.close_connection = True
    handler.end_headers()
    if handler.command == "HEAD":
        handler.wfile.flush()
        return
    body = body if reply.cut is None else body[: reply.cut]
    if reply.drip is None:
        handler.wfile.write(body)
    else:
        for i in range(0, len(body), reply.drip):
            handler.wfile.write(body[i : i + reply.drip])
            handler.wfile.flush()
            time.sleep(reply.pause)
    handler.wfile.flush()
    if reply.reset:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()


def square(i: int, *, size: float = 40, step: float = 100, wide: int = 40) -> dict[str, Any]:
    """Draw feature number i: a square on a grid of 40 columns."""
    x, y = EAST + step * (i % wide), NORTH + step * (i // wide)
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {
        "type": "Feature",
        "id": f"f-{i:06d}",
        "properties": {"nr": i, "naam": f"vlak {i}", "soort": "a" if i % 2 else "b"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def squares(n: int) -> list[dict[str, Any]]:
    """Draw n squares."""
    return [square(i) for i in range(n)]


def touching(features: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Choose the features that touch a box, as ST_Intersects does."""
    box = shapely.box(*map(float, text.split(",")[:4]))
    return [
        f
        for f in features
        if f["geometry"] is not None and shapely.geometry.shape(f["geometry"]).intersects(box)
    ]


@dataclass
class Gokoala:
    """Answers as api.pdok.nl does: https://github.com/PDOK/gokoala."""

    features: list[dict[str, Any]]
    collection: str = "vlakken"
    most: int = 1000
    crs: tuple[str, ...] = (CRS84, RD_URI)
    updated: str = "2026-01-02T12:00:00Z"
    #: Boxes larger than this (m²) and questions without one take too long; None for never.
    heavy_m2: float | None = None
    queryables: tuple[str, ...] = ()
    cql: bool = False

    def __call__(self, asked: Question) -> Reply:
        """Answer."""
        collection = f"/ogc/v1/collections/{self.collection}"
        if asked.path == "/ogc/v1/conformance":
            cql = ["http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"] if self.cql else []
            return as_json({"conformsTo": cql})
        if asked.path == collection:
            return as_json(
                {
                    "id": self.collection,
                    "crs": list(self.crs),
                    "links": [{"rel": "self", "updated": self.updated, "href": asked.url}],
                }
            )
        if asked.path == f"{collection}/queryables":
            return as_json({"properties": {q: {"type": "string"} for q in self.queryables}})
        if asked.path != f"{collection}/items":
            return as_problem(404, "not found")
        return self.items(asked)

    def items(self, asked: Question) -> Reply:
        """Answer with a page."""
        query = dict(asked.query)
        known = {"f", "limit", "cursor", "crs", "datetime", "bbox", "bbox-crs", "filter"}
        known |= {"filter-crs", "filter-lang", "profile", *self.queryables}
        if stray := sorted(set(query) - known):
            return as_problem(400, f"unknown query parameter(s) found: {stray[0]}")
        crs = query.get("crs", CRS84)
        if not crs.startswith("http://www.opengis.net/def/crs/"):
            return as_problem(400, "invalid crs")
        found = self.features
        if "bbox" in query:
            west, south, east, north = map(float, query["bbox"].split(","))
            if not (west < east and south < north):
                return as_problem(400, "bbox has no surface area")
            found = touching(found, query["bbox"])
        area = (east - west) * (north - south) if "bbox" in query else float("inf")
        small = int(query.get("limit", "10")) <= 10
        if self.heavy_m2 is not None and area > self.heavy_m2 and not small:
            return as_problem(
                500,
                "failed to retrieve feature collection: querying the features took too long "
                "(timeout encountered). Simplify your request and try again, or contact support",
            )
        for name in self.queryables:
            if name in query:
                found = [f for f in found if str(f["properties"].get(name)) == query[name]]
        limit = min(int(query.get("limit", "10")), self.most)
        rest = {k: v for k, v in query.items() if k not in {"f", "cursor"}}
        check = hashlib.sha256(urlencode(sorted(rest.items())).encode()).hexdigest()[:6]
        begin, _, proof = query.get("cursor", "0|" + check).partition("|")
        # A cursor that does not fit gives page one, with HTTP 200.
        start = int(begin) if proof == check and begin.isdecimal() else 0
        page = found[start : start + limit]
        links = [{"rel": "self", "type": "application/geo+json", "href": asked.url}]
        if start + limit < len(found):
            cursor = quote(f"{start + limit}|{check}", safe="")
            href = f"{asked.base}{asked.path}?cursor={cursor}&{urlencode({**rest, 'f': 'json'})}"
            links.append({"rel": "next", "type": "application/geo+json", "href": href})
        return as_json(
            {
                "type": "FeatureCollection",
                "timeStamp": f"2026-01-01T00:00:{asked.number % 60:02d}Z",
                "links": links,
                "features": page,
                "numberReturned": len(page),
            },
            kind="application/geo+json",
            Content_Crs=f"<{crs}>",
        )


@dataclass
class Mapserver:
    """Answers as service.pdok.nl does: https://github.com/PDOK/mapserver-operator."""

    features: list[dict[str, Any]]
    name: str = "vlakken"
    most: int = 1000
    ceiling: int = 50_000
    crs: str | None = "urn:ogc:def:crs:EPSG::28992"

    def __call__(self, asked: Question) -> Reply:
        """Answer."""
        query = {k.lower(): v for k, v in asked.query.items()}
        if query.get("typenames", "").split(":")[-1] != self.name:
            return as_exception("TYPENAME not found")
        found = touching(self.features, query["bbox"]) if "bbox" in query else self.features
        if query.get("resulttype") == "hits":
            return self.hits(len(found))
        start = int(query.get("startindex", "0"))
        if start > self.ceiling:
            return as_exception("It is not possible to use a 'startindex' higher than 50.000.")
        page = found[start : start + min(int(query.get("count", "1000")), self.most)]
        body: dict[str, Any] = {
            "type": "FeatureCollection",
            "numberMatched": len(found),
            "name": self.name,
            "features": page,
            "numberReturned": len(page),
        }
        if self.crs is not None:
            body["crs"] = {"type": "name", "properties": {"name": self.crs}}
        return as_json(body, kind="application/json; subtype=geojson")

    def hits(self, n: int | str) -> Reply:
        """Answer with a count."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<wfs:FeatureCollection '
            'xmlns:wfs="http://www.opengis.net/wfs/2.0" timeStamp="2026-01-01T00:00:00" '
            f'numberMatched="{n}" numberReturned="0"></wfs:FeatureCollection>'
        )
        return Reply(body.encode(), headers={"Content-Type": "text/xml; subtype=gml/3.2.1"})
