"""Small rasters for tests, whose first cell lies in the northwest of the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from conftest import EAST, NORTH

if TYPE_CHECKING:
    from pathlib import Path


def write(  # noqa: PLR0913  one keyword a fact
    path: Path,
    *bands: Any,
    dtype: str = "float32",
    crs: str | None = "EPSG:28992",
    corner: tuple[float, float] = (EAST, NORTH + 200),
    cell: float = 100.0,
    nodata: float | None = None,
    driver: str = "GTiff",
) -> Path:
    """Write a raster whose first cell has its northwest corner at `corner`."""
    arrays = [np.asarray(band, dtype=dtype) for band in bands]
    with rasterio.open(
        path,
        "w",
        driver=driver,
        height=arrays[0].shape[0],
        width=arrays[0].shape[1],
        count=len(arrays),
        dtype=dtype,
        crs=crs,
        transform=rasterio.Affine(cell, 0, corner[0], 0, -cell, corner[1]),
        nodata=nodata,
    ) as file:
        for i, array in enumerate(arrays, 1):
            file.write(array, i)
    return path
