"""WCS: exactly the cells that were asked, or an error."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from pdok_servers import Question, Reply, as_exception
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from woongeo.errors import (
    EndpointGoneError,
    InputError,
    OutputError,
    ServiceResponseError,
    ServiceUnavailableError,
    UnexpectedCrsError,
)
from woongeo.pdok import coverages
from woongeo.pdok.coverages import Coverage, fetch_coverage
from woongeo.pdok.rasters import write_geotiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BOX = (120_000.2, 480_000.0, 120_060.0, 480_040.4)
NODATA = 3.4028234663852886e38


def height(x: Any, y: Any) -> Any:
    """Give each cell a height of its own, in half metres from the corner of the drawing."""
    return (2 * (x - 120_000) + 1_000 * 2 * (y - 480_000)).astype(np.float32)


@dataclass
class Wcs:
    """Answers as PDOK's MapServer does: resolution and size are its own affair."""

    crs: str | None = "EPSG:28992"
    cell_m: float = 0.5
    shift: float = 0.0
    nodata: float | None = NODATA
    bands: int = 1
    #: West of this nothing was measured.
    known_from: float = -1e9

    def __call__(self, asked: Question) -> Reply:
        """Answer."""
        subsets = [value for name, value in asked.pairs if name == "subset"]
        found = dict(re.findall(r"([xy])\(([^)]*)\)", " ".join(subsets)))
        if asked.query.get("coverageId") != "dtm_05m" or set(found) != {"x", "y"}:
            return as_exception("msWCSGetCoverage20(): invalid subset", code="InvalidSubsetting")
        west, east = map(float, found["x"].split(","))
        south, north = map(float, found["y"].split(","))
        columns, rows = round((east - west) / self.cell_m), round((north - south) / self.cell_m)
        x = west + (np.arange(columns) + 0.5) * self.cell_m
        y = north - (np.arange(rows) + 0.5) * self.cell_m
        values = height(*np.meshgrid(x, y))
        values[:, x < self.known_from] = NODATA
        return Reply(self.tiff(values, west, north), headers={"Content-Type": "image/tiff"})

    def tiff(self, values: NDArray[np.float32], west: float, north: float) -> bytes:
        """Write a GeoTIFF."""
        rows, columns = values.shape
        with MemoryFile() as memory:
            with memory.open(
                driver="GTiff",
                count=self.bands,
                height=rows,
                width=columns,
                dtype="float32",
                crs=self.crs,
                nodata=self.nodata,
                transform=Affine(self.cell_m, 0, west + self.shift, 0, -self.cell_m, north),
            ) as file:
                for band in range(self.bands):
                    file.write(values, band + 1)
            return bytes(memory.read())


def here(*servers: Any) -> Coverage:
    return Coverage(
        tuple(f"{s.url}/wcs" for s in servers), "dtm_05m", title="Maaiveld", licence="CC0"
    )


def test_cells_lie_where_they_belong(serve: Any, task: Any) -> None:
    """The box is widened to whole cells, and nothing is resampled."""
    server = serve(Wcs())
    doing = task(server)
    found = fetch_coverage(doing, BOX, here(server))
    assert found.box == (120_000.0, 480_000.0, 120_060.0, 480_040.5)
    assert found.values.shape == (81, 120)
    for row, column in [(0, 0), (80, 119), (17, 60)]:
        x, y = rasterio.transform.xy(found.transform, row, column)
        assert found.values[row, column] == height(np.float64(x), np.float64(y))
    assert found.known_share == 1
    assert doing.notes == []
    facts = found.facts()
    assert facts["cel_m"] == 0.5
    assert facts["adres"] == f"{server.url}/wcs"
    assert len(facts["sha256"]) == 64
    pairs = dict(server.asked[0].pairs)
    assert (pairs["service"], pairs["version"]) == ("WCS", "2.0.1")


@pytest.mark.parametrize("side", [50, 64, 81])
def test_parts_are_merged(
    serve: Any, task: Any, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    server = serve(Wcs())
    whole = fetch_coverage(task(server), BOX, here(server))
    monkeypatch.setattr(coverages, "TILE_CELLS", side)
    server = serve(Wcs())
    parted = fetch_coverage(task(server), BOX, here(server))
    assert len(server.asked) == -(-81 // side) * -(-120 // side)
    assert server.busiest <= 4
    np.testing.assert_array_equal(parted.values, whole.values)


@pytest.mark.parametrize("stated", [NODATA, None, -9999.0])
def test_what_was_not_measured_is_no_height(serve: Any, task: Any, stated: float | None) -> None:
    """F37: neither 3.4e38 nor zero, whether or not the file says what stands for nothing."""
    server = serve(Wcs(nodata=stated, known_from=120_015))
    doing = task(server)
    found = fetch_coverage(doing, BOX, here(server))
    assert np.isnan(found.values[:, :30]).all()
    assert np.isfinite(found.values[:, 30:]).all()
    assert found.known_share == 0.75
    assert any("25.0%" in note for note in doing.notes)


@pytest.mark.parametrize(
    ("wcs", "kind", "said"),
    [
        (Wcs(cell_m=1.0), ServiceResponseError, "gevraagd is 120 bij 81"),
        (Wcs(shift=0.5), ServiceResponseError, "geeft cellen op"),
        (Wcs(bands=2), ServiceResponseError, "2 keer 120"),
        (Wcs(crs="EPSG:4326"), UnexpectedCrsError, "RD New is gevraagd"),
        (Wcs(crs=None), UnexpectedCrsError, "niet wordt genoemd"),
    ],
)
def test_other_cells_than_were_asked(
    serve: Any, task: Any, wcs: Wcs, kind: type[Exception], said: str
) -> None:
    """A wish for another resolution is ignored without a word."""
    server = serve(wcs)
    with pytest.raises(kind, match=said):
        fetch_coverage(task(server), BOX, here(server))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (as_exception("invalid subset", code="InvalidSubsetting", status=200), "invalid subset"),
        (as_exception("invalid subset", code="InvalidSubsetting", status=404), "invalid subset"),
        (Reply(b"<html><title>Onderhoud</title></html>", headers={"Content-Type": "text/html"}),
         "Onderhoud"),
        (Reply(b"<ows:Except"), "geen volledige XML"),
        (Reply(b"<wcs:Iets xmlns:wcs='x'/>"), "in plaats van een GeoTIFF"),
        (Reply(b""), "geen GeoTIFF"),
        (Reply(b"II*\x00" + b"\x00" * 40), "niet heel"),
    ],
)  # fmt: skip
def test_answers_that_are_no_grid(serve: Any, task: Any, reply: Reply, said: str) -> None:
    """F6: MapServer's errors are XML, some with HTTP 200."""
    server = serve(lambda _: reply)
    with pytest.raises((ServiceResponseError, ServiceUnavailableError), match=said):
        fetch_coverage(task(server), BOX, here(server))


def test_a_grid_that_stops_halfway(serve: Any, task: Any) -> None:
    """F2: without a length, a line that closes early looks like the end."""
    wcs = Wcs()
    server = serve(lambda q: Reply(wcs(q).body[:20_000], framing="close"))
    with pytest.raises(ServiceResponseError, match="niet heel"):
        fetch_coverage(task(server), BOX, here(server))


def test_the_second_endpoint(serve: Any, task: Any) -> None:
    """F8: sources disagree on where it is."""
    gone, server = serve(lambda _: Reply(b"", 404)), serve(Wcs())
    doing = task(server, hosts=frozenset({gone.host, server.host}))
    found = fetch_coverage(doing, BOX, here(gone, server))
    assert found.url == f"{server.url}/wcs"
    assert any("andere adres" in note for note in doing.notes)
    with pytest.raises(EndpointGoneError, match="het enige bekende adres niet te halen"):
        fetch_coverage(task(gone), BOX, here(gone))


def test_a_part_that_fails_fails_the_grid(
    serve: Any, task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F18: and another endpoint is not asked for the rest, which may be another edition."""
    monkeypatch.setattr(coverages, "TILE_CELLS", 60)
    wcs = Wcs()
    failing = serve(lambda q: wcs(q) if q.number == 0 else Reply(b"", 500))
    spare = serve(Wcs())
    doing = task(spare, hosts=frozenset({failing.host, spare.host}))
    with pytest.raises(ServiceUnavailableError):
        fetch_coverage(doing, BOX, here(failing, spare))
    assert spare.asked == []


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((1.0, 1.0, 1.0, 2.0), "geen gebied"),
        ((float("nan"), 0.0, 1.0, 1.0), "geen gebied"),
        ((0.0, 300_000.0, 200_000.0, 600_000.0), "miljoen cellen"),
    ],
)
def test_boxes_that_are_not_asked(
    serve: Any, task: Any, box: tuple[float, float, float, float], said: str
) -> None:
    server = serve(Wcs())
    with pytest.raises(InputError, match=said):
        fetch_coverage(task(server), box, here(server))
    assert server.asked == []


def test_written_whole_with_where_it_came_from(serve: Any, task: Any, tmp_path: Path) -> None:
    server = serve(Wcs(known_from=120_015))
    found = fetch_coverage(task(server), BOX, here(server))
    path = write_geotiff(found, tmp_path / "hoogte.tif")
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 28992
        assert tuple(file.bounds) == found.box
        assert np.isnan(file.nodata)
        np.testing.assert_array_equal(file.read(1), found.values)
        assert json.loads(file.tags()["WOONGEO"])["adres"] == found.url
    assert [p.name for p in tmp_path.iterdir()] == ["hoogte.tif"]
    write_geotiff(found, path)


def test_a_folder_that_is_not_there(serve: Any, task: Any, tmp_path: Path) -> None:
    server = serve(Wcs())
    found = fetch_coverage(task(server), BOX, here(server))
    with pytest.raises(OutputError, match="kan niet worden geschreven"):
        write_geotiff(found, tmp_path / "weg" / "hoogte.tif")
    (tmp_path / "map.tif").mkdir()
    with pytest.raises(OutputError):
        write_geotiff(found, tmp_path / "map.tif")
    assert [p.name for p in tmp_path.iterdir()] == ["map.tif"]
