"""Background tiles: arithmetic, whole pictures, and no silent holes."""

from __future__ import annotations

import json
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdok_servers import Question, Reply
from rasterio.io import MemoryFile

from woongeo.errors import (
    EndpointGoneError,
    InputError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.pdok._grid import RD_GRID, WEB_GRID, Grid
from woongeo.pdok.catalogue import embedded
from woongeo.pdok.tiles import (
    Background,
    background_of,
    choose_zoom,
    fetch_background,
)

if TYPE_CHECKING:
    from pathlib import Path

GRIDS = st.sampled_from([RD_GRID, WEB_GRID])
ZOOMS = st.integers(0, 14)
BOX = (96_000.0, 428_000.0, 98_000.0, 430_000.0)


def share(grid: Grid, x: float, y: float) -> tuple[float, float]:
    """Place a point at a share of the grid's width and height."""
    west, south, east, north = grid.bounds(0, 0, 0)
    return west + x * (east - west), south + y * (north - south)


SHARES = st.floats(0.001, 0.999)


@given(GRIDS, ZOOMS, SHARES, SHARES)
def test_every_point_lies_in_its_tile(grid: Grid, zoom: int, x: float, y: float) -> None:
    x, y = share(grid, x, y)
    west, south, east, north = grid.bounds(*grid.tile_at(x, y, zoom), zoom)
    # A millimetre of rounding, in a plane of forty thousand kilometres.
    assert west - 1e-3 <= x <= east + 1e-3
    assert south - 1e-3 <= y <= north + 1e-3


@given(GRIDS, ZOOMS, SHARES, SHARES, st.floats(1e-7, 0.01), st.floats(1e-7, 0.01))
def test_tiles_of_a_box_cover_it_and_touch_it(
    grid: Grid, zoom: int, x: float, y: float, wide: float, high: float
) -> None:
    west, south = share(grid, x * 0.98, y * 0.98)
    east, north = share(grid, x * 0.98 + wide, y * 0.98 + high)
    columns, rows = grid.tiles((west, south, east, north), zoom)
    left, _, _, top = grid.bounds(columns[0], rows[0], zoom)
    _, bottom, right, _ = grid.bounds(columns[-1], rows[-1], zoom)
    assert left <= west + 1e-3
    assert right >= east - 1e-3
    assert top >= north - 1e-3
    assert bottom <= south + 1e-3
    size = grid.metres(zoom) * 256
    assert right - left < east - west + 2 * size
    assert top - bottom < north - south + 2 * size


@given(ZOOMS, st.integers(0, 2**14 - 1), st.integers(0, 2**14 - 1))
def test_the_middle_of_a_tile_is_its_own(zoom: int, column: int, row: int) -> None:
    column, row = column % 2**zoom, row % 2**zoom
    west, south, east, north = RD_GRID.bounds(column, row, zoom)
    assert RD_GRID.tile_at((west + east) / 2, (south + north) / 2, zoom) == (column, row)


def test_known_places() -> None:
    """A recorded tile; and the same arithmetic in a browser's grid."""
    assert RD_GRID.tile_at(148_300, 460_500, 12) == (2016, 2059)
    assert WEB_GRID.tile_at(1.0, 6_711_530.0, 0) == (0, 0)
    assert WEB_GRID.tile_at(520_000.0, 6_800_000.0, 10) == (525, 338)


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (5, 52, 4, 53), (-9e9, 0, 9e9, 1), (float("nan"), 0, 1, 1)]
)
def test_boxes_that_are_none(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError):
        RD_GRID.tiles(box, 8)
    with pytest.raises(InputError):
        choose_zoom(box, width_px=500)


def test_zoom_is_as_sharp_as_asked_or_as_may_be() -> None:
    assert RD_GRID.metres(choose_zoom(BOX, width_px=500)) == 3440.64 / 2**10
    assert choose_zoom(BOX, width_px=100_000, most_tiles=9) < choose_zoom(BOX, width_px=100_000)
    assert choose_zoom((60_000, 300_000, 280_000, 620_000), width_px=9, most_tiles=1) == 0
    with pytest.raises(InputError, match="1 of meer"):
        choose_zoom(BOX, width_px=0)


# Filters of warnings belong to all threads.
_DRAWING = threading.Lock()


def picture(bands: Any, driver: str = "PNG", colours: Any = None) -> bytes:
    """Draw a picture as a server would send it."""
    with _DRAWING, warnings.catch_warnings():
        # rasterio warns that a picture has no place on earth.
        warnings.simplefilter("ignore")
        count, height, width = bands.shape
        with MemoryFile() as memory:
            with memory.open(
                driver=driver, count=count, height=height, width=width, dtype=bands.dtype
            ) as file:
                file.write(bands)
                if colours:
                    file.write_colormap(1, colours)
            return bytes(memory.read())


def plain(red: int, green: int, blue: int, *, size: int = 256) -> Any:
    return np.full((3, size, size), np.reshape([red, green, blue], (3, 1, 1)), dtype=np.uint8)


def numbered(asked: Question) -> Reply:
    """Colour a tile by its column and row."""
    *_, _zoom, column, row = asked.path.rsplit(".", 1)[0].split("/")
    return Reply(picture(plain(int(column) % 256, int(row) % 256, 7)))


def here(server: Any, *more: str) -> Background:
    bases = (*more, f"{server.url}/nieuw/{{tms}}/{{z}}/{{x}}/{{y}}.png")
    return Background("Proef", "Kaart © Proef", "CC0", bases)


def test_tiles_are_laid_where_they_belong(serve: Any, task: Any) -> None:
    server = serve(numbered)
    doing = task(server)
    found = fetch_background(doing, BOX, here(server), width_px=500)
    west, south, east, north = found.box
    metres = found.metres_per_pixel
    height, width = found.rgb.shape[:2]
    assert (east - west, north - south) == pytest.approx((width * metres, height * metres))
    assert west <= BOX[0] < west + metres
    assert north - metres < BOX[3] <= north
    assert 500 <= width < 1002
    for i, j in [(0, 0), (height - 1, width - 1), (height // 2, width // 3), (17, width - 1)]:
        x, y = west + (j + 0.5) * metres, north - (i + 0.5) * metres
        column, row = RD_GRID.tile_at(x, y, found.zoom)
        assert found.rgb[i, j].tolist() == [column % 256, row % 256, 7]
    assert found.attribution == "Kaart © Proef"
    assert (found.missing, doing.notes) == ((), [])
    assert server.busiest <= 4
    assert len(doing.ledger.exchanges) == len(server.asked)


def test_the_old_address_when_the_new_one_is_gone(serve: Any, task: Any) -> None:
    """F8: it moved in 2026, and no one is sure when the old one goes."""
    page = b"<html><title>404 Not Found</title></html>"
    server = serve(
        lambda q: (
            numbered(q)
            if q.path.startswith("/nieuw")
            else Reply(page, 404, {"Content-Type": "text/html"})
        )
    )
    doing = task(server)
    gone = f"{server.url}/weg/{{tms}}/{{z}}/{{x}}/{{y}}.png"
    found = fetch_background(doing, BOX, here(server, gone))
    assert found.template.startswith(f"{server.url}/nieuw")
    assert any("andere adres" in note for note in doing.notes)
    assert sum(q.path.startswith("/weg") for q in server.asked) == 1
    only = Background("Proef", "", "", (gone,))
    with pytest.raises(EndpointGoneError, match="404 Not Found"):
        fetch_background(task(server), BOX, only)


def test_a_server_that_is_down_is_not_a_map_that_moved(serve: Any, task: Any) -> None:
    server = serve(lambda _: Reply(b"", 503))
    with pytest.raises(ServiceUnavailableError, match="het enige bekende adres niet te halen"):
        fetch_background(task(server), BOX, here(server))


def test_a_missing_tile_is_striped_and_named(serve: Any, task: Any) -> None:
    """White would read as sea."""
    lacking = RD_GRID.tile_at(BOX[0], BOX[3], 10)

    def answer(asked: Question) -> Reply:
        column, row = map(int, asked.path.rsplit(".", 1)[0].split("/")[-2:])
        return Reply(b"", 404) if (column, row) == lacking else numbered(asked)

    server = serve(answer)
    doing = task(server)
    found = fetch_background(doing, BOX, here(server), width_px=500)
    assert found.missing == (RD_GRID.bounds(*lacking, 10),)
    assert any("gestreept" in note for note in doing.notes)
    assert {tuple(p) for p in found.rgb[0, :60].tolist()} == {(150,) * 3, (215,) * 3}


def test_mostly_missing_is_no_map(serve: Any, task: Any) -> None:
    columns, rows = RD_GRID.tiles(BOX, 10)
    middle = f"/{columns[len(columns) // 2]}/{rows[len(rows) // 2]}.png"
    server = serve(lambda q: numbered(q) if q.path.endswith(middle) else Reply(b"", 404))
    with pytest.raises(ServiceResponseError, match="bestaan niet"):
        fetch_background(task(server), BOX, here(server), width_px=500)


def test_a_failing_tile_fails_the_map(serve: Any, task: Any) -> None:
    """A tile that exists but does not come is not a hole."""
    server = serve(lambda q: Reply(b"", 500) if q.number > 3 else numbered(q))
    with pytest.raises(ServiceUnavailableError):
        fetch_background(task(server), BOX, here(server), width_px=500)


PNG = picture(plain(1, 2, 3))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Onderhoud</html>",
        PNG[: len(PNG) // 2],
        PNG[:60] + b"\x00\x01" + PNG[62:],
        picture(plain(1, 2, 3, size=64)),
        picture(plain(1, 2, 3), "GTiff"),
        b"\xff\xd8\xff\xe0 geen foto \xff\xd9",
    ],
)
def test_what_is_no_whole_tile(serve: Any, task: Any, body: bytes) -> None:
    """F2 and F6: GDAL gives black for the part of a picture that did not come."""
    server = serve(lambda _: Reply(body))
    with pytest.raises(ServiceResponseError, match=r"geeft .* (tegel|pixels)"):
        fetch_background(task(server), BOX, here(server))


def test_all_kinds_of_pictures(serve: Any, task: Any) -> None:
    seen = plain(200, 100, 50)
    clear = np.concatenate([seen, np.full((1, 256, 256), 51, dtype=np.uint8)])
    numbers = np.full((1, 256, 256), 3, dtype=np.uint8)
    for body, colour in [
        (picture(seen), (200, 100, 50)),
        (picture(clear), (244, 224, 214)),
        (picture(numbers), (3, 3, 3)),
        (picture(numbers, colours={3: (9, 8, 7, 255)}), (9, 8, 7)),
        (picture(numbers, colours={3: (9, 8, 7, 0)}), (255, 255, 255)),
        (picture(np.concatenate([numbers, numbers * 85])), (3, 3, 3)),
        (picture(np.full((3, 256, 256), 40_000, dtype=np.uint16)), (156, 156, 156)),
        (picture(plain(120, 120, 120), "JPEG"), (120, 120, 120)),
    ]:
        server = serve(lambda _, body=body: Reply(body))
        found = fetch_background(task(server), BOX, here(server), width_px=9)
        assert found.rgb[0, 0].tolist() == list(colour)


def test_backgrounds_of_the_catalogue() -> None:
    """One truth: maps in a browser and pictures take their addresses from the catalogue."""
    found = [entry for entry in embedded().values() if entry.form == "achtergrond"]
    assert len(found) == 5
    for background in map(background_of, found):
        assert background.attribution
        for template in background.browser_templates():
            assert template.startswith("https://service.pdok.nl/")
            assert "EPSG:3857/{z}/{x}/{y}" in template


def test_recorded_tiles(serve: Any, task: Any, real_data: Path) -> None:
    """Tiles of the BRT as recorded, and the page that came for a layer that is not there."""
    folder = real_data / "pdok" / "opgenomen"
    replies = {}
    for each in json.loads((folder / "INDEX.json").read_text()):
        path = each["uri"].removeprefix("https://service.pdok.nl")
        body = (folder / each["file"]).read_bytes()
        kind = {"Content-Type": each["headers"]["content-type"]}
        replies[path] = Reply(body, each["status"]["code"], kind)
    server = serve(lambda q: replies.get(q.path, Reply(b"", 404)))

    def brt(layer: str) -> Background:
        url = f"{server.url}/brt/achtergrondkaart/wmts/v2_0/{layer}/{{tms}}/{{z}}/{{x}}/{{y}}.png"
        return Background("BRT", "Kaartgegevens © Kadaster", "CC BY 4.0", (url,))

    west, _, _, north = RD_GRID.bounds(124, 128, 8)
    _, south, east, _ = RD_GRID.bounds(126, 129, 8)
    box = (west + 10, south + 10, east - 10, north - 10)
    found = fetch_background(task(server), box, brt("standaard"), width_px=700)
    assert (found.zoom, found.missing) == (8, ())
    assert found.rgb.shape == (2 * 256, 3 * 256, 3)
    assert found.rgb.std() > 20
    with pytest.raises(EndpointGoneError, match="404 Not Found"):
        fetch_background(
            task(server),
            (148_210.0, 460_450.0, 148_310.0, 460_550.0),
            brt("fake_layer"),
            width_px=119,
        )
