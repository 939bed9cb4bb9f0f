"""Grids in a zip: RIVM's map of the deposition of nitrogen."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from pdok_servers import Reply, Running

from woongeo.errors import InputError, ServiceError
from woongeo.pdok import Client, Manners
from woongeo.pdok.catalogue import embedded
from woongeo.pdok.rasters import write_geotiff

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = """
[depositie]
title = "Depositie"
publisher = "Niemand"
licence = "onbekend"
attribution = "Niemand"
certainty = "doubtful"
year = 2025
cell_m = 1_000
unit = "mol N/ha/jaar"
least = 0
most = 20_000
min_cells = {cells}
[[depositie.doors]]
kind = "grid"
url = "{url}/depo_{{year}}.zip"
year = 2025
"""
# Four columns and three rows, the first row in the north; -999 is the sea.
GRID = """NCOLS 4
NROWS 3
XLLCORNER 100000
YLLCORNER 400000
CELLSIZE 1000
NODATA_VALUE -0.9990E+03
 1 2 3 -0.9990E+03
 5 6 7 8
 9 10 11 1.2E+03
"""


def zipped(*members: tuple[str, str | bytes], mode: int = 0) -> bytes:
    """Pack files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = mode << 16
            archive.writestr(member, content)
    return packed.getvalue()


ZIP = zipped(("leesmij.pdf", b"%PDF"), ("map/depo_ntot.asc", GRID))


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Client]:
    """Make a client that knows a grid."""

    def make(server: Running, *, cells: int = 11) -> Client:
        path = tmp_path / "raster.toml"
        path.write_text(TABLE.format(url=server.url, cells=cells))
        manners = Manners(first_wait_s=0.001, attempts=2, timeout_s=5)
        return Client(catalogue=path, hosts=[server.host], manners=manners)

    return make


def test_a_grid_comes_as_published(serve: Any, client: Any, tmp_path: Path) -> None:
    """The northwest corner is at 100,000 east and 403,000 north; one of twelve cells is sea."""
    found = client(serve(lambda _: Reply(ZIP))).raster("depositie")
    assert found.values.tolist()[1:] == [[5, 6, 7, 8], [9, 10, 11, 1200]]
    assert np.isnan(found.values[0]).tolist() == [False, False, False, True]
    assert found.box == (100_000, 400_000, 104_000, 403_000)
    assert found.known_share == pytest.approx(11 / 12)
    assert found.transform @ (0, 0) == (100_000, 403_000)
    facts = found.facts()
    assert (facts["eenheid"], facts["adres"][-14:]) == ("mol N/ha/jaar", "/depo_2025.zip")
    path = write_geotiff(found, tmp_path / "depositie.tif")
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), found.values)


def test_cut_to_a_box_on_whole_cells(serve: Any, client: Any) -> None:
    """From 101.5 to 102.5 km east touches columns 1 and 2; 400.2 to 400.9 km only the last row."""
    asking = client(serve(lambda _: Reply(ZIP)))
    found = asking.raster("depositie", (101_500.0, 400_200.0, 102_500.0, 400_900.0))
    assert found.values.tolist() == [[10, 11]]
    assert found.box == (101_000, 400_000, 103_000, 401_000)
    with pytest.raises(InputError, match="buiten het raster"):
        asking.raster("depositie", (0.0, 0.0, 10.0, 10.0))
    with pytest.raises(InputError, match="geen gebied"):
        asking.raster("depositie", (1.0, 1.0, 1.0, 1.0))


def test_another_year(serve: Any, client: Any) -> None:
    server = serve(lambda _: Reply(ZIP))
    client(server).raster("depositie", year=2023)
    assert server.asked[0].path == "/depo_2023.zip"


def grid(old: str, new: str) -> bytes:
    """Pack the grid with something changed."""
    assert old in GRID
    return zipped(("a.asc", GRID.replace(old, new)))


def larger(packed: bytes, size: int) -> bytes:
    """Lie about the unpacked size of the last file, in the list at the end."""
    at = packed.rindex(b"PK\x01\x02") + 24
    return packed[:at] + struct.pack("<I", size) + packed[at + 4 :]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><title>Onderhoud</title></html>", "Onderhoud"),
        (ZIP[:-30], "niet heel"),
        (ZIP[:80] + b"\x00\x01\x02" + ZIP[83:], "niet heel|begint niet"),
        (zipped(("leesmij.pdf", b"x")), "0 rasters"),
        (zipped(("a.asc", GRID), ("b.asc", GRID)), "2 rasters"),
        (zipped(*((f"{i}.txt", b"") for i in range(101))), "101 bestanden"),
        (grid("NCOLS", "kolommen"), "begint niet als"),
        (grid("9 10 11 1.2E+03", "9 10"), "bevat 10 waarden"),
        (grid("9 10 11", "9 tien 11"), "iets anders dan getallen"),
        (grid("CELLSIZE 1000", "CELLSIZE 500"), "cellen van 500 m"),
        (grid("XLLCORNER 100000", "XLLCORNER 590000"), "Nederland"),
        (grid("YLLCORNER 400000", "YLLCORNER 52.1"), "Nederland"),
        (grid("1.2E+03", "1.2E+06"), "waarden van 1 tot 1.2e"),
        (grid("NODATA_VALUE -0.9990E+03", "NODATA_VALUE -9999"), "waarden van -999"),
        (grid("1.2E+03", "nan"), "10 cellen met een waarde"),
        (grid("1.2E+03", "inf"), "waarden van 1 tot inf"),
        (zipped(("a.asc", GRID.replace("NCOLS", "NCOLS\xe9").encode("latin-1"))), "geen tekst"),
    ],
)  # fmt: skip
def test_what_is_no_whole_grid(serve: Any, client: Any, body: bytes, said: str) -> None:
    """F2, F6 and F22, for a grid: another unit, place or length is not believed."""
    with pytest.raises(ServiceError, match=said):
        client(serve(lambda _: Reply(body))).raster("depositie")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (zipped(("../../etc/a.asc", GRID)), "buiten de zip"),
        (zipped(("/etc/a.asc", GRID)), "buiten de zip"),
        (zipped(("..\\a.asc", GRID)), "buiten de zip"),
        (zipped(("C:/a.asc", GRID)), "buiten de zip"),
        (zipped(("a.asc", "/etc/passwd"), mode=stat.S_IFLNK | 0o777), "buiten de zip"),
        (zipped(("a.asc", b"0 " * 5_000_000)), "niet uitgepakt"),
        (larger(zipped(("a.asc", GRID)), 1 << 30), "niet uitgepakt"),
        (larger(zipped(("a.asc", b"0 " * 5_000_000)), 9_000), "niet heel|begint niet"),
    ],
)
def test_archives_that_are_up_to_something(
    serve: Any, client: Any, tmp_path: Path, body: bytes, said: str
) -> None:
    """F44: names that lead out, links and bombs; nothing is ever written."""
    before = sorted(tmp_path.iterdir())
    asking = client(serve(lambda _: Reply(body)))
    with pytest.raises(ServiceError, match=said):
        asking.raster("depositie")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raster.toml"]
    assert before == []


def test_too_few_cells_for_the_country(serve: Any, client: Any) -> None:
    with pytest.raises(ServiceError, match="11 cellen met een waarde en dat moeten er minstens 12"):
        client(serve(lambda _: Reply(ZIP)), cells=12).raster("depositie")


def test_check_visits_the_zip(serve: Any, client: Any) -> None:
    server = serve(lambda _: Reply(ZIP))
    assert client(server).check("depositie")["goed"].tolist() == [True]


def test_a_real_grid_of_rivm(serve: Any, real_data: Path, tmp_path: Path) -> None:
    """The concentration of ammonia of 2023: the same form as the deposition, in another unit."""
    text = (real_data / "raster" / "conc_nh3_2023_1km.asc").read_text()
    server = serve(lambda _: Reply(zipped(("conc_nh3_2023.asc", text))))
    path = tmp_path / "raster.toml"
    path.write_text(TABLE.format(url=server.url, cells=30_000))
    found = Client(catalogue=path, hosts=[server.host]).raster("depositie")
    assert found.values.shape == (316, 273)
    assert found.box == (6_000, 306_000, 279_000, 622_000)
    assert 30_000 < np.isfinite(found.values).sum() < 316 * 273


def test_the_catalogue_has_the_deposition() -> None:
    entry = embedded()["stikstofdepositie"].edition(None)
    assert (entry.form, entry.unit) == ("raster", "mol N/ha/jaar")
    assert entry.doors[0].url.endswith("depo_NTOT_2025.zip")
