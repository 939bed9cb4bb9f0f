"""Shapes as paths of matplotlib, without drawing the sheet anew for each as geopandas does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.path import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def single_path(shapes: NDArray[np.object_]) -> Path | None:
    """Make one path of surfaces or lines.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Polygons, lines, or multiples of one of both.

    Returns
    -------
    Path or None
        None where there is nothing. Holes turn the other way than what they are in.
    """
    parts = shapely.get_parts(shapely.get_parts(shapes))
    surface = shapely.get_dimensions(parts) == 2
    rings = shapely.get_rings(shapely.orient_polygons(parts[surface]))
    lines = np.concatenate([rings, parts[~surface]])
    corners, of_line = shapely.get_coordinates(lines, return_index=True)
    if not len(corners):
        return None
    codes = np.full(len(corners), Path.LINETO, dtype=Path.code_type)
    codes[np.r_[True, of_line[1:] != of_line[:-1]]] = Path.MOVETO
    ends = np.r_[of_line[1:] != of_line[:-1], True]
    codes[ends & (of_line < len(rings))] = Path.CLOSEPOLY
    return Path(corners, codes)


def add_together(ax: Axes, shapes: NDArray[np.object_], **look: Any) -> None:  # noqa: ANN401
    """Draw shapes as one: where they overlap they are no darker, and a pattern runs on.

    Parameters
    ----------
    ax : Axes
        In the units of the shapes.
    shapes : ndarray of shapely geometries
        Surfaces or lines.
    **look
        As matplotlib's collections take it.
    """
    path = single_path(shapes)
    if path is not None:
        ax.add_collection(PathCollection([path], **look), autolim=False)


def add_each(ax: Axes, shapes: NDArray[np.object_], **look: Any) -> None:  # noqa: ANN401
    """Draw shapes each for itself: where they overlap that can be seen.

    Parameters
    ----------
    ax : Axes
        In the units of the shapes.
    shapes : ndarray of shapely geometries
        Surfaces or lines.
    **look
        As matplotlib's collections take it.
    """
    paths = [path for shape in shapes if (path := single_path(np.array([shape]))) is not None]
    if paths:
        ax.add_collection(PathCollection(paths, **look), autolim=False)
