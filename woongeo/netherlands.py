"""A coarse outline of the Netherlands: enough to see that a site lies outside.

The outline is drawn on whole kilometres around the land and inner waters of the provinces of 2022
(CBS/Kadaster, CC BY 4.0), and lies 1.1 to 6.1 km outside them: never narrower than the country. It
is no border: it only tells "somewhere in the Netherlands" from "certainly not".
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# RD New, kilometres, x and y in turn, clockwise from the southwest of Zeeland.
# fmt: off
_OUTLINE_KM = (
    12, 369, 12, 379, 19, 383, 21, 386, 17, 394, 18, 398, 34, 407, 36, 417, 45, 422, 48, 428,
    56, 432, 55, 442, 56, 446, 68, 450, 87, 473, 95, 492, 95, 499, 99, 504, 102, 530, 107, 546,
    104, 556, 117, 583, 135, 595, 141, 603, 167, 609, 173, 612, 199, 610, 205, 615, 222, 618,
    228, 622, 238, 620, 243, 613, 253, 611, 257, 608, 259, 598, 270, 595, 273, 589, 278, 587,
    281, 579, 279, 573, 280, 559, 271, 537, 270, 518, 267, 515, 254, 515, 251, 512, 250, 506,
    254, 501, 259, 500, 265, 501, 271, 493, 272, 488, 270, 479, 272, 472, 254, 456, 253, 451,
    257, 443, 249, 433, 239, 433, 226, 425, 214, 428, 209, 426, 203, 426, 200, 422, 204, 412,
    208, 409, 208, 402, 215, 393, 216, 379, 216, 374, 209, 364, 209, 360, 213, 356, 212, 351,
    204, 345, 200, 340, 203, 331, 207, 326, 207, 320, 203, 313, 201, 305, 192, 304, 174, 306,
    170, 320, 178, 335, 181, 346, 181, 349, 166, 357, 161, 361, 143, 361, 135, 368, 134, 373,
    130, 377, 123, 376, 108, 380, 95, 379, 90, 373, 77, 372, 64, 360, 50, 355, 43, 357, 39, 363,
    33, 365, 30, 365, 26, 361, 17, 361,
)
# fmt: on


@functools.cache
def outline() -> shapely.Polygon:
    """Draw the outline.

    Returns
    -------
    Polygon
        RD New (EPSG:28992), metres; contains all land and inner waters of the Netherlands.
    """
    return shapely.Polygon(1_000.0 * np.reshape(_OUTLINE_KM, (-1, 2)))


def outside_netherlands(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Find shapes that lie at least partly outside the Netherlands.

    Parameters
    ----------
    geometry : ndarray of shapely geometries
        RD New, metres; None is not outside.

    Returns
    -------
    ndarray of bool
        True where a part lies outside the coarse outline.
    """
    # Its own copy: what is prepared belongs to one thread.
    country = shapely.polygons(shapely.get_coordinates(outline()))
    shapely.prepare(country)
    outside = ~shapely.covers(country, geometry)
    return np.asarray(outside & ~shapely.is_missing(geometry), dtype=bool)
