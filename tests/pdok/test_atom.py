"""ATOM: feeds to files, and files that come whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import resource
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from filelock import FileLock
from pdok_servers import EAST, NORTH, Question, Reply, squares

from woongeo.errors import (
    EndpointGoneError,
    FileError,
    IncompleteLayerError,
    InputError,
    OutputError,
    RefusedAddressError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.pdok import _download
from woongeo.pdok._download import download
from woongeo.pdok.atom import choose_file, fetch_atom, fetch_file, list_files, read_file

RD = "http://www.opengis.net/def/crs/EPSG/0/28992"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a GeoPackage of 200 squares."""
    path = tmp_path_factory.mktemp("gpkg") / "vlakken.gpkg"
    drawn = gpd.GeoDataFrame.from_features(squares(200), crs="EPSG:28992")
    drawn.to_file(path, layer="vlakken", driver="GPKG")
    return path


@dataclass
class Files:
    """Serves one file as lighttpd does, with ranges; the plan says where lines break."""

    content: bytes
    etag: str = '"a1"'
    ranges: bool = True
    plan: list[int | None] = field(default_factory=list)
    framing: str = "length"
    feeds: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Question) -> Reply:
        """Answer."""
        if asked.path in self.feeds:
            text = self.feeds[asked.path].replace("BASE", asked.base)
            return Reply(text.encode(), headers={"Content-Type": "application/atom+xml"})
        if not asked.path.endswith("vlakken.gpkg"):
            return Reply(b"<h1>404</h1>", 404, {"Content-Type": "text/html"})
        cut = self.plan.pop(0) if self.plan else None
        headers = {"ETag": self.etag} if self.etag else {}
        match = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if match and self.ranges and asked.headers.get("if-range") == self.etag:
            start = int(match[1])
            if start >= len(self.content):
                return Reply(status=416)
            total = len(self.content)
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
            return Reply(self.content[start:], 206, headers, cut=cut)
        return Reply(self.content, headers=headers, cut=cut, framing=self.framing)


def leftovers(folder: Path) -> set[str]:
    """Name what a fetch left beside the file and its facts; the lock is empty and hidden."""
    return {p.name for p in folder.iterdir() if not p.name.endswith(".lock")}


def test_file_comes_whole_with_where_it_came_from(
    serve: Any, task: Any, package: Path, tmp_path: Path
) -> None:
    server = serve(Files(package.read_bytes()))
    doing = task(server)
    found = fetch_atom(doing, f"{server.url}/vlakken.gpkg", tmp_path / "nieuw")
    assert Path(found.path).read_bytes() == package.read_bytes()
    assert found.sha256 == hashlib.sha256(package.read_bytes()).hexdigest()
    assert (found.size, found.etag) == (package.stat().st_size, '"a1"')
    assert leftovers(tmp_path / "nieuw") == {"vlakken.gpkg", "vlakken.gpkg.json"}
    assert json.loads((tmp_path / "nieuw" / "vlakken.gpkg.json").read_text()) == vars(found)
    assert [e.sha256 for e in doing.ledger.exchanges] == [found.sha256]
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert "range" not in server.asked[0].headers


def test_broken_lines_are_resumed(serve: Any, task: Any, package: Path, tmp_path: Path) -> None:
    """F1: eight breaks, each further on, though a question is asked five times at most."""
    server = serve(Files(package.read_bytes(), plan=[20_000, *[9_000] * 7]))
    found = download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert Path(found.path).read_bytes() == package.read_bytes()
    ranges = [q.headers.get("range") for q in server.asked]
    assert ranges[0] is None
    assert ranges[1] == "bytes=20000-"
    assert len(ranges) == len(set(ranges)) == 9
    assert {q.headers.get("if-range") for q in server.asked[1:]} == {'"a1"'}


def test_a_server_without_ranges_begins_anew(
    serve: Any, task: Any, package: Path, tmp_path: Path
) -> None:
    server = serve(Files(package.read_bytes(), ranges=False, plan=[20_000, 30_000]))
    doing = task(server)
    found = download(doing, f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert Path(found.path).read_bytes() == package.read_bytes()
    assert any("hervatten" in note for note in doing.notes)
    server = serve(Files(package.read_bytes(), ranges=False, plan=[20_000] * 99))
    with pytest.raises(ServiceUnavailableError, match="na 5 pogingen"):
        download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "nooit.gpkg")
    assert not (tmp_path / "nooit.gpkg").exists()


def test_a_part_of_an_older_edition_is_not_used(
    serve: Any, task: Any, package: Path, tmp_path: Path
) -> None:
    """The file is renewed under the same name between two runs."""
    old = package.read_bytes()[:30_000] + b"\x00" * 200_000
    files = Files(old, plan=[30_000, *[0] * 9])
    server = serve(files)
    target = tmp_path / "vlakken.gpkg"
    with pytest.raises(ServiceUnavailableError, match="blijft bewaard"):
        download(task(server), f"{server.url}/vlakken.gpkg", target)
    assert leftovers(tmp_path) == {"vlakken.gpkg.part", "vlakken.gpkg.part.json"}
    files.plan, files.content, files.etag = [], package.read_bytes(), '"b2"'
    found = download(task(server), f"{server.url}/vlakken.gpkg", target)
    assert target.read_bytes() == package.read_bytes()
    assert found.etag == '"b2"'
    assert server.asked[-1].headers["if-range"] == '"a1"'
    assert leftovers(tmp_path) == {"vlakken.gpkg", "vlakken.gpkg.json"}


def test_a_part_of_the_same_edition_is_used(
    serve: Any, task: Any, package: Path, tmp_path: Path
) -> None:
    """F46: also after the program was killed, and when nothing but the name was still to come."""
    content = package.read_bytes()
    files = Files(content, plan=[30_000, *[0] * 9])
    server = serve(files)
    target = tmp_path / "vlakken.gpkg"
    with pytest.raises(ServiceUnavailableError):
        download(task(server), f"{server.url}/vlakken.gpkg", target)
    files.plan = []
    download(task(server), f"{server.url}/vlakken.gpkg", target)
    assert server.asked[-1].headers["range"] == "bytes=30000-"
    assert target.read_bytes() == content
    facts = {"url": f"{server.url}/vlakken.gpkg", "etag": '"a1"', "total": len(content)}
    (tmp_path / "vlakken.gpkg.part").write_bytes(content)
    (tmp_path / "vlakken.gpkg.part.json").write_text(json.dumps({**facts, "synced": len(content)}))
    download(task(server), f"{server.url}/vlakken.gpkg", target)
    assert server.asked[-1].headers["range"] == f"bytes={len(content) - 1}-"
    assert target.read_bytes() == content


@pytest.mark.parametrize("facts", ["", "{", "[]", '{"url": 3}', '{"stray": 1}'])
def test_damaged_facts_of_a_part(
    serve: Any, task: Any, package: Path, tmp_path: Path, facts: str
) -> None:
    """F48: then nothing of the part is used."""
    (tmp_path / "vlakken.gpkg.part").write_bytes(b"\xff" * 900)
    (tmp_path / "vlakken.gpkg.part.json").write_text(facts)
    server = serve(Files(package.read_bytes()))
    found = download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert Path(found.path).read_bytes() == package.read_bytes()
    assert "range" not in server.asked[0].headers


def test_another_range_than_was_asked(serve: Any, task: Any, package: Path, tmp_path: Path) -> None:
    files = Files(package.read_bytes(), plan=[20_000])

    def shifted(asked: Question) -> Reply:
        reply = files(asked)
        if reply.status == 206 and not files.plan:
            files.ranges = False
            reply.headers["Content-Range"] = "bytes 0-9/10"
        return reply

    server = serve(shifted)
    found = download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert Path(found.path).read_bytes() == package.read_bytes()


def test_no_length_and_no_proof(serve: Any, task: Any, package: Path, tmp_path: Path) -> None:
    """F2: without a length, a line that closes early looks like the end."""
    content = package.read_bytes()
    server = serve(Files(content, framing="close", plan=[len(content) - 5_000]))
    with pytest.raises(IncompleteLayerError, match="niets bewaard"):
        download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert leftovers(tmp_path) == set()
    server = serve(lambda _: Reply(b"PK\x03\x04 en meer", framing="close"))
    with pytest.raises(IncompleteLayerError, match="geen lengte"):
        download(task(server), f"{server.url}/a.zip", tmp_path / "a.zip")
    # A GeoPackage says itself how long it is.
    server = serve(Files(content, framing="close"))
    download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert (tmp_path / "vlakken.gpkg").read_bytes() == content


def test_a_page_for_people_instead(serve: Any, task: Any, tmp_path: Path) -> None:
    """F6: HTTP 200, and not a byte of it is kept."""
    server = serve(lambda _: Reply(b"<html>Onderhoud</html>", headers={"ETag": '"x"'}))
    with pytest.raises(ServiceResponseError, match="Onderhoud"):
        download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "vlakken.gpkg")
    assert leftovers(tmp_path) == set()


def test_an_old_file_stays_when_the_new_one_fails(serve: Any, task: Any, tmp_path: Path) -> None:
    target = tmp_path / "vlakken.gpkg"
    target.write_bytes(b"oud")
    server = serve(Files(b""))
    with pytest.raises(EndpointGoneError, match="nieuwe adres"):
        download(task(server), f"{server.url}/weg.gpkg", target)
    assert target.read_bytes() == b"oud"


def test_a_full_disk(serve: Any, package: Path, tmp_path: Path) -> None:
    """F47: the disk's trouble is told as such, and nothing is left to fill it."""
    server = serve(Files(package.read_bytes()))
    script = f"""
import resource, signal, sys
from pathlib import Path
from woongeo.errors import OutputError
from woongeo.pdok._download import download
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
http = Http(Manners(hosts=frozenset({{{server.host!r}}}), first_wait_s=0.001))
try:
    download(Task("vlakken", http, Budget(20)), {server.url!r} + "/vlakken.gpkg",
             Path({str(tmp_path / "vlakken.gpkg")!r}))
except OutputError as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "kan niet worden geschreven" in ran.stdout
    assert len(server.asked) == 1
    assert leftovers(tmp_path) == set()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 40_000


def test_a_folder_that_is_a_file(serve: Any, task: Any, package: Path, tmp_path: Path) -> None:
    server = serve(Files(package.read_bytes()))
    (tmp_path / "map").write_text("")
    with pytest.raises(OutputError):
        fetch_atom(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "map")


def test_two_at_once_fetch_once(
    serve: Any, task: Any, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F49: the second waits for the first, and takes what it got."""
    files = Files(package.read_bytes())
    waiting = threading.Event()
    at_the_lock = threading.Barrier(2)

    class Lock(FileLock):
        def acquire(self, *given: Any, **options: Any) -> Any:
            # Both have begun before one of them is let in.
            at_the_lock.wait(10)
            return super().acquire(*given, **options)

    monkeypatch.setattr(_download, "FileLock", Lock)

    def slow(asked: Question) -> Reply:
        waiting.wait(10)
        return files(asked)

    server = serve(slow)
    found = []

    def fetch() -> None:
        found.append(download(task(server), f"{server.url}/vlakken.gpkg", tmp_path / "v.gpkg"))

    both = [threading.Thread(target=fetch) for _ in range(2)]
    for one in both:
        one.start()
    while not server.asked:
        time.sleep(0.005)
    waiting.set()
    for one in both:
        one.join(20)
    assert len(server.asked) == 1
    assert found[0] == found[1]


FEED = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Vlakken</title>
<entry><title>Vlakken 2025</title><id>BASE/atom/vlakken.xml</id>
<link rel="describedby" href="https://elders.example/meta.xml" type="text/html"/>
<link rel="alternate" href="BASE/atom/mens.html" type="text/html"/>
<link rel="alternate" href="downloads/vlakken.gpkg" type="application/geopackage+sqlite3"
 length="LENGTH" title="Vlakken als GeoPackage"/>
<link rel="section" href="BASE/atom/downloads/vlakken.gml" type="application/gml+xml" length="x"/>
<updated>2026-01-02T03:04:05Z</updated>
<category term="{RD}" label="RD New"/></entry></feed>"""
SERVICE = """<feed xmlns="http://www.w3.org/2005/Atom"><entry>
<link rel="alternate" href="BASE/atom/vlakken.xml" type="application/atom+xml"/></entry><entry>
<link rel="alternate" href="BASE/atom/index.xml" type="application/atom+xml"/></entry></feed>"""


def test_service_feed_to_file_to_frame(
    serve: Any, task: Any, package: Path, tmp_path: Path
) -> None:
    feed = FEED.replace("LENGTH", str(package.stat().st_size))
    server = serve(
        Files(package.read_bytes(), feeds={"/atom/index.xml": SERVICE, "/atom/vlakken.xml": feed})
    )
    doing = task(server)
    files = list_files(doing, f"{server.url}/atom/index.xml")
    assert [f.name() for f in files] == ["vlakken.gpkg", "vlakken.gml"]
    assert files[0].length == package.stat().st_size
    assert files[1].length is None
    assert files[0].crs == (RD,)
    assert files[0].updated == "2026-01-02T03:04:05Z"
    found = fetch_atom(doing, f"{server.url}/atom/index.xml", tmp_path)
    assert server.asked[-1].path == "/atom/downloads/vlakken.gpkg"
    assert doing.notes == []
    frame = read_file(found.path, boxes=[(EAST, NORTH, EAST + 150.0, NORTH + 50.0)])
    assert frame["nr"].tolist() == [0, 1]
    with pytest.raises(ServiceResponseError, match="Niet één maar 0"):
        choose_file(files, holds="1999")


@pytest.mark.parametrize(
    ("href", "kind", "said"),
    [
        ("https://elders.example/vlakken.gpkg", RefusedAddressError, "een andere server"),
        ("file:///etc/passwd", RefusedAddressError, "alleen https"),
        ("BASE/a/%2e%2e", ServiceResponseError, "geen gewone bestandsnaam"),
        ("BASE/a/..%5cwin.ini.gpkg", ServiceResponseError, "geen gewone bestandsnaam"),
    ],
)
def test_links_that_lead_astray(
    serve: Any, task: Any, tmp_path: Path, href: str, kind: type[Exception], said: str
) -> None:
    """F17: neither to another server nor to another place on the disk."""
    feed = FEED.replace("downloads/vlakken.gpkg", href).replace("LENGTH", "3")
    server = serve(Files(b"", feeds={"/atom/vlakken.xml": feed}))
    doing = task(server)
    with pytest.raises(kind, match=said):
        fetch_file(doing, list_files(doing, f"{server.url}/atom/vlakken.xml")[0], tmp_path / "map")
    assert not (tmp_path / "map").exists()


BOMB = '<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><feed>&b;</feed>'


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        (BOMB, "begrippen"),
        ("<feed><entry>", "geen volledige XML"),
        ("<html><body>Onderhoud</body></html>", "geen ATOM-feed"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', "geen bestanden"),
    ],
)
def test_what_is_no_feed(serve: Any, task: Any, feed: str, said: str) -> None:
    """F7 and F43: parsed whole, and nothing in it is expanded."""
    server = serve(Files(b"", feeds={"/atom/index.xml": feed}))
    with pytest.raises(ServiceResponseError, match=said):
        list_files(task(server), f"{server.url}/atom/index.xml")


def test_recorded_feeds(serve: Any, task: Any, real_data: Path) -> None:
    """The examples of PDOK's own generator, with this server in place of theirs."""
    folder = real_data / "pdok" / "atom"
    feeds = {
        "/download/en.xml": (folder / "example_service_feed.xml").read_text(),
        "/data/waternetwork_feed.xml": (folder / "example_dataset_feed.xml").read_text(),
    }
    here = {path: text.replace("http://xyz.org", "BASE") for path, text in feeds.items()}
    server = serve(Files(b"", feeds=here))
    files = list_files(task(server), f"{server.url}/download/en.xml")
    assert [f.length for f in files] == [34987, 37762, 89274, 78973]
    chosen = choose_file(files, ending=".zip", holds="25832")
    assert chosen.kind == "application/xshapefile"
    assert chosen.crs == ("http://www.opengis.net/def/crs/EPSG/0/25832",)


def test_read_by_boxes(package: Path) -> None:
    """Each feature once, in the order of the file; a box around it alone does not suffice."""
    boxes = [
        (EAST + 100.0, NORTH, EAST + 250.0, NORTH + 50.0),
        (EAST, NORTH, EAST + 150.0, NORTH + 50.0),
        (EAST + 45.0, NORTH, EAST + 95.0, NORTH + 95.0),
    ]
    frame = read_file(package, boxes=boxes)
    assert frame["nr"].tolist() == [0, 1, 2]
    assert frame["feature_id"].tolist() == ["1", "2", "3"]
    assert frame.crs.to_epsg() == 28992
    whole = read_file(package)
    assert whole["nr"].tolist() == list(range(200))
    with pytest.raises(InputError, match="leeg"):
        read_file(package, boxes=[])


def test_triangle_beside_the_box(tmp_path: Path) -> None:
    corner = shapely.Polygon(
        [(EAST, NORTH, 7.0), (EAST + 100, NORTH, 7.0), (EAST, NORTH + 100, 7.0)]
    )
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"feature_id": ["x"]}, geometry=[corner], crs="EPSG:28992").to_file(path)
    assert len(read_file(path, boxes=[(EAST + 60.0, NORTH + 60.0, EAST + 90.0, NORTH + 90.0)])) == 0
    frame = read_file(path)
    assert frame["feature_id_attribuut"].tolist() == ["x"]
    assert not frame.geometry.has_z.any()


def test_degrees_are_brought_to_rd(tmp_path: Path) -> None:
    path = tmp_path / "graden.gpkg"
    drawn = gpd.GeoDataFrame.from_features(squares(9), crs="EPSG:28992")
    drawn.to_crs("EPSG:4258").to_file(path)
    frame = read_file(path, boxes=[(EAST, NORTH, EAST + 150.0, NORTH + 50.0)])
    assert frame["nr"].tolist() == [0, 1]
    assert frame.crs.to_epsg() == 28992


def test_damaged_files(package: Path, tmp_path: Path) -> None:
    content = package.read_bytes()
    short = tmp_path / "kort.gpkg"
    short.write_bytes(content[:-4096])
    with pytest.raises(FileError, match="afgekapt"):
        read_file(short)
    other = tmp_path / "anders.gpkg"
    other.write_bytes(b"<OGRVRTDataSource/>")
    with pytest.raises(FileError, match="geen GeoPackage"):
        read_file(other)
    with pytest.raises(FileError, match="noem een van de lagen"):
        read_file(package, layer="perceel")
    with pytest.raises(FileError):
        read_file(tmp_path / "weg.gpkg")


def test_a_zip_is_looked_into(package: Path, tmp_path: Path) -> None:
    """F44: as the library reads any zip."""
    path = tmp_path / "vlakken.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(package, "vlakken.gpkg")
    frame = read_file(path, boxes=[(EAST, NORTH, EAST + 150.0, NORTH + 50.0)])
    assert frame["nr"].tolist() == [0, 1]


def test_killed_halfway_and_resumed(serve: Any, task: Any, package: Path, tmp_path: Path) -> None:
    """F46: nothing stands under the file's name, and what was safely on the disk is used."""
    content = package.read_bytes()
    files = Files(content)
    released = threading.Event()

    def stuck() -> Reply:
        return Reply(content, headers={"ETag": '"a1"'}, drip=4_000, pause=0.25)

    server = serve(lambda q: files(q) if released.is_set() else stuck())
    target = tmp_path / "vlakken.gpkg"
    script = f"""
from pathlib import Path
from woongeo.pdok import _download
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task
_download._SYNC_BYTES = 8_000
http = Http(Manners(hosts=frozenset({{{server.host!r}}})))
_download.download(Task("vlakken", http, Budget(60)), {server.url!r} + "/vlakken.gpkg",
                   Path({str(target)!r}))
"""
    program = subprocess.Popen([sys.executable, "-c", script])
    facts = tmp_path / "vlakken.gpkg.part.json"
    synced = 0
    while synced < 8_000 and program.poll() is None:
        time.sleep(0.005)
        if facts.exists():
            synced = json.loads(facts.read_text())["synced"]
    program.kill()
    program.wait(20)
    assert not target.exists()
    released.set()
    download(task(server), f"{server.url}/vlakken.gpkg", target)
    assert target.read_bytes() == content
    start = re.fullmatch(r"bytes=(\d+)-", server.asked[-1].headers["range"])
    assert start is not None
    assert 8_000 <= int(start[1]) < len(content)
    assert leftovers(tmp_path) == {"vlakken.gpkg", "vlakken.gpkg.json"}
