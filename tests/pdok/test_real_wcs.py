"""MapServer's own WCS, set up as PDOK's: exactly the cells of the file it serves."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import pytest
import rasterio
from pdok_servers import Question, Reply
from rasterio.transform import Affine

from woongeo.errors import EndpointGoneError, ServiceResponseError
from woongeo.pdok import coverages
from woongeo.pdok.coverages import Coverage, fetch_coverage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NODATA = 3.4028234663852886e38
WEST, NORTH = 120_000, 480_300

MAP = """
MAP
  NAME "ahn"
  EXTENT 120000 480000 120400 480300
  PROJECTION "init=epsg:28992" END
  WEB
    METADATA
      "ows_enable_request" "*"
      "ows_title" "proef"
      "ows_onlineresource" "http://127.0.0.1/"
      "ows_srs" "EPSG:28992"
    END
  END
  OUTPUTFORMAT
    NAME "GEOTIFF"
    DRIVER "GDAL/GTiff"
    MIMETYPE "image/tiff"
    IMAGEMODE FLOAT32
    EXTENSION "tif"
    FORMATOPTION "NULLVALUE=3.4028234663852886e+38"
  END
  LAYER
    NAME "dtm_05m"
    TYPE RASTER
    STATUS ON
    DATA "{tif}"
    PROJECTION "init=epsg:28992" END
    METADATA
      "ows_title" "dtm"
      "wcs_label" "dtm"
      "wcs_bandcount" "1"
      "wcs_rangeset_nullvalue" "3.4028234663852886e+38"
      "wcs_extent" "120000 480000 120400 480300"
      "wcs_resolution" "0.5 0.5"
      "wcs_formats" "GEOTIFF"
      "wcs_imagemode" "FLOAT32"
    END
  END
END
"""


@pytest.fixture
def mapserver(serve: Any, tmp_path: Path) -> Any:
    """Run MapServer as a CGI program, on a grid whose northwest corner was not measured."""
    program = shutil.which("mapserv")
    if program is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("MapServer (Debian: cgi-mapserver) ontbreekt; in CI is het verplicht")
        pytest.skip("MapServer (Debian: cgi-mapserver) staat niet op deze machine")
    values = np.arange(600 * 800, dtype=np.float32).reshape(600, 800) / 8
    values[:100, :80] = NODATA
    with rasterio.open(
        tmp_path / "dtm.tif", "w", driver="GTiff", width=800, height=600, count=1,
        dtype="float32", crs="EPSG:28992", nodata=NODATA,
        transform=Affine(0.5, 0, WEST, 0, -0.5, NORTH),
    ) as file:  # fmt: skip
        file.write(values, 1)
    (tmp_path / "ahn.map").write_text(MAP.format(tif=tmp_path / "dtm.tif"))
    (tmp_path / "mapserver.conf").write_text("CONFIG\n ENV\n END\nEND\n")

    def answer(asked: Question) -> Reply:
        done = subprocess.run(
            [program],
            env={
                "REQUEST_METHOD": "GET",
                "QUERY_STRING": urlencode(asked.pairs),
                "MS_MAPFILE": str(tmp_path / "ahn.map"),
                "MAPSERVER_CONFIG_FILE": str(tmp_path / "mapserver.conf"),
                "PATH": os.environ["PATH"],
            },
            capture_output=True,
            check=True,
            timeout=30,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
        headers = {name: value.strip() for name, _, value in lines}
        status = int(headers.pop("Status", "200").split()[0])
        headers.pop("Content-Length", None)
        return Reply(body, status, headers)

    return serve(answer)


def here(server: Any, name: str = "dtm_05m") -> Coverage:
    return Coverage((f"{server.url}/wcs",), name)


@pytest.mark.parametrize("side", [2_000, 150])
def test_the_cells_of_the_file(
    mapserver: Any, task: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    """In one part and in six; what was not measured is not a height."""
    monkeypatch.setattr(coverages, "TILE_CELLS", side)
    box = (WEST + 20.2, NORTH - 180.0, WEST + 220.0, NORTH - 20.0)
    found = fetch_coverage(task(mapserver), box, here(mapserver))
    assert found.values.shape == (320, 400)
    whole = np.arange(600 * 800, dtype=np.float32).reshape(600, 800) / 8
    whole[:100, :80] = np.nan
    np.testing.assert_array_equal(found.values, whole[40:360, 40:440])


def test_beyond_the_edge_is_an_error(mapserver: Any, task: Callable[..., Any]) -> None:
    """MapServer gives what there is, in a smaller grid."""
    box = (WEST + 300.0, NORTH - 100.0, WEST + 500.0, NORTH - 20.0)
    with pytest.raises(ServiceResponseError, match=r"gevraagd is 400 bij 160|meldt een fout"):
        fetch_coverage(task(mapserver), box, here(mapserver))


def test_what_it_does_not_know(mapserver: Any, task: Callable[..., Any]) -> None:
    box = (WEST + 20.0, NORTH - 180.0, WEST + 220.0, NORTH - 20.0)
    with pytest.raises(EndpointGoneError, match="COVERAGEID=ahn2 not found"):
        fetch_coverage(task(mapserver), box, here(mapserver, "ahn2"))
    far = (WEST - 900.0, NORTH - 180.0, WEST - 800.0, NORTH - 20.0)
    with pytest.raises(ServiceResponseError, match="does not intersect"):
        fetch_coverage(task(mapserver), far, here(mapserver))
