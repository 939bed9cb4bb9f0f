"""Raster files: what is read, what is refused, and what counts as unknown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from conftest import EAST, NORTH
from drawn_rasters import write

from woongeo.errors import (
    CrsError,
    FileError,
    ImplausibleCrsError,
    InputError,
    MissingCrsError,
)
from woongeo.sources.raster import Raster, read_raster

if TYPE_CHECKING:
    from pathlib import Path

NAN = np.nan


def cells(raster: Raster) -> Any:
    """Look up all cells."""
    row, column = np.indices((raster.rows, raster.columns))
    with raster.opened() as grid:
        return grid.values(row.ravel(), column.ravel()).tolist()


def test_a_raster_is_placed_and_read(tmp_path: Path) -> None:
    raster = read_raster(write(tmp_path / "a.tif", [[1, 2], [3, 4]]))
    assert (raster.rows, raster.columns) == (2, 2)
    assert raster.extent().bounds == (EAST, NORTH, EAST + 200, NORTH + 200)
    assert cells(raster) == [1, 2, 3, 4]
    assert raster.source.layer == "band 1"
    assert len(raster.source.sha256) == 64


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_every_kind_of_number_is_read(tmp_path: Path, dtype: str) -> None:
    raster = read_raster(write(tmp_path / "a.tif", [[1, 2], [3, 99]], dtype=dtype, nodata=99))
    np.testing.assert_array_equal(cells(raster), [1, 2, 3, NAN])


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="geen getallen"):
        read_raster(write(tmp_path / "a.tif", [[1]], dtype="complex64"))


def test_nan_infinity_and_nodata_are_all_unknown(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[NAN, np.inf], [-9999, 5]], nodata=-9999)
    np.testing.assert_array_equal(cells(read_raster(path)), [NAN, NAN, NAN, 5])


def test_nodata_of_eight_bytes_is_found_among_numbers_of_four(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[-3.4e38, 5]], nodata=-3.4e38)
    np.testing.assert_array_equal(cells(read_raster(path)), [NAN, 5])


def test_a_value_can_be_said_to_mean_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[255, 5], [0, 254]], dtype="uint8", nodata=254)
    raster = read_raster(path, nodata=255)
    np.testing.assert_array_equal(cells(raster), [NAN, 5, 0, NAN])


def test_the_greatest_number_of_four_bytes_is_no_value(tmp_path: Path) -> None:
    """Of floats of 4 bytes ArcGIS writes -3.4028235e38 where nothing is known."""
    most = float(np.finfo(np.float32).max)
    for dtype in ("float32", "float64"):
        path = write(tmp_path / f"{dtype}.tif", [[-most, most], [-1e30, 5]], dtype=dtype)
        assert cells(read_raster(path)) == pytest.approx([NAN, NAN, -1e30, 5], nan_ok=True)


def test_values_are_scaled_after_nodata_was_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[10, -1]], dtype="int16", nodata=-1)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5,), (100,)
    np.testing.assert_array_equal(cells(read_raster(path)), [105, NAN])


def test_a_mask_beside_the_values_is_heeded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[7, 8]], dtype="uint8")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(np.array([[255, 0]], dtype="uint8"))
    np.testing.assert_array_equal(cells(read_raster(path)), [7, NAN])


def test_one_of_several_bands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]], [[2]])
    assert cells(read_raster(path, band=2)) == [2]
    with pytest.raises(FileError, match="band 3 bestaat niet; er zijn er 2"):
        read_raster(path, band=3)


def test_only_the_window_that_is_asked_for_is_read(tmp_path: Path) -> None:
    raster = read_raster(write(tmp_path / "a.tif", np.arange(10_000).reshape(100, 100)))
    with raster.opened() as grid:
        found = grid.values(np.array([50, 51]), np.array([70, 70]))
    assert found.tolist() == [5_070, 5_170]


def test_an_ascii_grid_needs_to_be_told_its_system(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.asc", [[1, -999]], crs=None, nodata=-999, driver="AAIGrid", dtype="float32"
    )
    with pytest.raises(MissingCrsError, match="RD-meters: geef crs='EPSG:28992' op"):
        read_raster(path)
    raster = read_raster(path, crs=28992)
    np.testing.assert_array_equal(cells(raster), [1, NAN])


def test_a_label_can_be_overruled_and_that_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]], crs="EPSG:28991")
    with pytest.raises(CrsError, match="moet in RD New"):
        read_raster(path)
    assert "vervangen door EPSG:28992" in read_raster(path, crs="EPSG:28992").source.notes[-1]


def test_rd_with_heights_is_rd(tmp_path: Path) -> None:
    assert read_raster(write(tmp_path / "a.tif", [[1]], crs="EPSG:7415")).rows == 1


def test_another_system_is_refused_with_the_way_to_convert(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]], crs="EPSG:4326", corner=(4.6, 52.4), cell=0.01)
    with pytest.raises(CrsError, match="gdalwarp -t_srs EPSG:28992"):
        read_raster(path)


def test_degrees_that_are_said_to_be_metres_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]], corner=(4.6, 52.4), cell=0.01)
    with pytest.raises(ImplausibleCrsError, match="graden"):
        read_raster(path)


def test_a_system_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="onbekend"):
        read_raster(write(tmp_path / "a.tif", [[1]]), crs="EPSG:1")


def test_a_turned_raster_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", [[1]])
    with rasterio.open(path, "r+") as file:
        file.transform = rasterio.Affine(100, 5, EAST, 5, -100, NORTH)
    with pytest.raises(FileError, match="staat scheef"):
        read_raster(path)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_picture_without_a_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=1, width=1, count=1, dtype="uint8"
    ) as file:
        file.write(np.ones((1, 1, 1), dtype="uint8"))
    with pytest.raises(FileError, match="zegt niet waar het ligt"):
        read_raster(path)


def test_a_virtual_dataset_in_disguise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    with pytest.raises(FileError, match="geen GTiff"):
        read_raster(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("weg.tif", "kan niet worden gelezen"),
        ("a.nc", "wordt niet gelezen; wel: .tif"),
        ("https://example.org/a.tif", "geen adressen"),
        ("/vsicurl/https://example.org/a.tif", "geen adressen"),
    ],
)
def test_what_is_no_raster_file_is_refused(tmp_path: Path, name: str, message: str) -> None:
    given = name if "/" in name else str(tmp_path / name)
    with pytest.raises(FileError, match=message):
        read_raster(given)


def test_a_damaged_file_is_an_error_and_never_a_value(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((500, 500)))
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(FileError, match=r"beschadigd|opnieuw"):
        cells(read_raster(path))


@pytest.mark.parametrize(
    ("header", "expected"), [("", [NAN, -1, 5]), ("NODATA_value -1\n", [-9999, NAN, 5])]
)
def test_an_ascii_grid_that_does_not_say_means_nothing_by_minus_9999(
    tmp_path: Path, header: str, expected: list[float]
) -> None:
    path = tmp_path / "a.asc"
    head = f"ncols 3\nnrows 1\nxllcorner {EAST}\nyllcorner {NORTH}\ncellsize 100\n"
    path.write_text(f"{head}{header}-9999 -1 5\n", encoding="utf-8")
    raster = read_raster(path, crs=28992)
    np.testing.assert_array_equal(cells(raster), expected)
    assert any("geen NODATA_value" in note for note in raster.source.notes) == (not header)


def test_an_ascii_grid_that_stops_halfway_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.asc"
    head = "ncols 2\nnrows 2\nxllcorner 120000\nyllcorner 480000\ncellsize 100\n"
    path.write_text(f"{head}1 2\n3")
    with pytest.raises(FileError, match=r"beschadigd|opnieuw"):
        cells(read_raster(path, crs=28992))


def test_the_hash_changes_with_the_values_and_with_what_lies_beside(tmp_path: Path) -> None:
    path = write(tmp_path / "a.asc", [[1]], crs=None, driver="AAIGrid")
    first = read_raster(path, crs=28992).source.sha256
    rd = rasterio.crs.CRS.from_epsg(28992).to_wkt()
    (tmp_path / "a.prj").write_text(rd)
    second = read_raster(path)
    assert second.source.sha256 != first
    assert {f.name for f in second.source.files} == {"a.asc", "a.prj"}


def test_a_raster_that_was_replaced_is_refused(tmp_path: Path) -> None:
    """Its cells would be those of one file and its sha256 that of another."""
    path = write(tmp_path / "a.tif", [[9, 9]])
    raster = read_raster(path)
    was = path.stat()
    # The same bytes, written anew or copied with another time: nothing changed.
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 10**9))
    assert cells(raster) == [9, 9]
    write(path, [[0, 0]])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 10**9))
    assert path.stat().st_size == was.st_size
    with pytest.raises(FileError, match=r"a\.tif is veranderd of weg .* lees de laag opnieuw"):
        cells(raster)
    assert cells(read_raster(path)) == [0, 0]
    path.unlink()
    with pytest.raises(FileError, match="veranderd of weg"):
        cells(raster)


def test_a_part_of_a_raster_that_was_replaced_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.asc", [[1]], crs=None, driver="AAIGrid")
    beside = tmp_path / "a.prj"
    beside.write_text(rasterio.crs.CRS.from_epsg(28992).to_wkt())
    raster = read_raster(path)
    beside.unlink()
    with pytest.raises(FileError, match=r"a\.prj is veranderd of weg"):
        cells(raster)
