"""A grid in RD New that came whole, and how it is kept."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.errors import RasterioError

from woongeo.encode import visible
from woongeo.files import flush_to_disk, output_error, scratch_folder

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray
    from rasterio.transform import Affine

    from woongeo.pdok._boxes import Box


@dataclass(frozen=True, eq=False)
class Raster:
    """A grid that came whole.

    Attributes
    ----------
    values : ndarray of float32, shape (rows, columns)
        The first row is the northernmost; not-a-number where nothing was measured.
    transform : Affine
        From column and row to RD New (EPSG:28992), metres.
    box : tuple of float
        West, south, east, north of its edges, metres.
    known_share : float
        The share of cells that hold a value.
    name, title, licence : str
        Of the coverage.
    unit : str
        What the values are in.
    url : str
        The endpoint that gave it.
    sha256 : str
        Of the hashes of all answers.
    fetched_at : datetime
        UTC, of the last answer.
    """

    values: NDArray[np.float32]
    transform: Affine
    box: Box
    known_share: float
    name: str
    title: str
    licence: str
    unit: str
    url: str
    sha256: str
    fetched_at: dt.datetime

    def facts(self) -> dict[str, Any]:
        """Give where it came from as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "laag": self.name,
            "titel": self.title,
            "licentie": self.licence,
            "eenheid": self.unit,
            "adres": self.url,
            "gebied": list(self.box),
            "cel_m": self.transform.a,
            "aandeel_bekend": self.known_share,
            "sha256": self.sha256,
            "opgehaald": self.fetched_at.isoformat(timespec="seconds"),
        }


def write_geotiff(raster: Raster, path: str | Path) -> Path:
    """Write a grid to disk, whole or not at all.

    Parameters
    ----------
    raster : Raster
        The grid.
    path : str or Path
        A GeoTIFF; one that is there is replaced.

    Returns
    -------
    Path
        The file; where its cells came from stands in its tags.

    Raises
    ------
    OutputError
        When it cannot be written; what stood there is untouched.
    """
    path = Path(path)
    rows, columns = raster.values.shape
    tiled = (
        {"tiled": True, "blockxsize": 256, "blockysize": 256} if min(rows, columns) > 256 else {}
    )
    try:
        with scratch_folder(path.parent) as folder:
            draft = folder / "raster.tif"
            with rasterio.open(
                draft,
                "w",
                driver="GTiff",
                count=1,
                height=rows,
                width=columns,
                dtype="float32",
                crs="EPSG:28992",
                transform=raster.transform,
                nodata=math.nan,
                compress="deflate",
                predictor=3,
                **tiled,
            ) as file:
                file.write(raster.values, 1)
                file.update_tags(WOONGEO=json.dumps(raster.facts(), ensure_ascii=False))
            # GDAL tells of a full disk on closing, and not always: what was written is read back.
            with rasterio.open(draft) as file:
                if not np.array_equal(file.read(1), raster.values, equal_nan=True):
                    raise output_error(path, OSError("de schijf gaf iets anders terug"))
            flush_to_disk(draft)
            draft.replace(path)
    except RasterioError as error:
        raise output_error(path, OSError(visible(error)[:200])) from error
    except OSError as error:
        raise output_error(path, error) from error
    return path
