"""A background under maps on paper, asked for on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from commands import runner
from pdok_servers import Reply

import woongeo
from pdok.test_client_doors import RASTERS
from pdok.test_tiles import picture, plain

if TYPE_CHECKING:
    from pathlib import Path

HERE = woongeo.example().folder


def report(tmp_path: Path, server: Any, *more: str) -> tuple[int, str, str]:
    """Report on Voorbeeldstreek with tiles of a server here; code, page, what was complained of."""
    (tmp_path / "beeld.toml").write_text(RASTERS.format(url=server.url))
    words = [
        "report",
        f"{HERE}/locaties.geojson",
        "--layer",
        f"natura2000={HERE}/natura2000.geojson",
    ]
    words += ["--region", f"gemeente={HERE}/gemeenten.geojson:naam", "--no-pdf", "--out", "uit"]
    words += ["--catalogue", "beeld.toml", "--host", server.host, *more]
    with runner() as run:
        done = run(tmp_path, *words)
    page = tmp_path / "uit" / "overzicht.html"
    return done.code, page.read_text() if page.exists() else "", done.err


def test_tiles_lie_under_the_maps_and_are_credited(serve: Any, tmp_path: Path) -> None:
    server = serve(lambda _: Reply(picture(plain(200, 200, 200))))
    code, page, _ = report(tmp_path, server, "--background", "ondergrond")
    assert code == 0
    assert "Kaart © Niemand" in page
    assert any(asked.path.startswith("/EPSG:28992/") for asked in server.asked)


def test_tiles_that_do_not_come_leave_a_plain_ground_that_says_so(
    serve: Any, tmp_path: Path
) -> None:
    server = serve(lambda _: Reply(b"<html><title>Onderhoud</title></html>"))
    code, page, _ = report(tmp_path, server, "--background", "ondergrond")
    assert code == 0
    assert re.search(r"geen \(effen\): [^<]+", page)


def test_a_background_that_nobody_knows_is_an_error(serve: Any, tmp_path: Path) -> None:
    server = serve(lambda _: Reply(b""))
    code, page, said = report(tmp_path, server, "--background", "ondergrnd")
    assert (code, page) == (2, "")
    assert "ondergrnd" in said
