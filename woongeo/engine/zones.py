"""What of each site lies in the zones around shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from shapely import GeometryType
from shapely.errors import GEOSException

from woongeo.engine.cutting import clip
from woongeo.engine.pairs import inside
from woongeo.threads import parts_of, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A quarter circle of a zone's edge has so many chords; they cut off r(1 - cos(pi / 128)), which is
# 0.3 mm a metre: 0.6 m at 2 km. Only areas use it; whether a site is hit is the exact distance.
#: Chords of a quarter circle.
ZONE_SEGMENTS = 32

# Of a shape with more corners only what lies around the site is drawn a zone of.
_CORNERS = 128

_FEW, _PORTIONS = 16, 16

# A zone that takes all but so much of a site is asked whether it takes the rest too.
_NEARLY = 1 - 1e-9


class Parts(NamedTuple):
    """What of sites lies in zones.

    Attributes
    ----------
    whole : ndarray of bool
        For each site, whether it lies wholly in the zone.
    site : ndarray of int
        Of each part, sorted; none of sites that are `whole`.
    part : ndarray of shapely geometries
        The parts.
    shape : ndarray of int
        The shape that each part lies in; less than 0 where it lies in the zone around several, a
        number for each width.
    """

    whole: NDArray[np.bool_]
    site: NDArray[np.intp]
    part: NDArray[np.object_]
    shape: NDArray[np.intp]


def parts_in_zones(
    sites: NDArray[np.object_],
    shapes: NDArray[np.object_],
    width_m: NDArray[np.float64],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    *,
    whole: NDArray[np.bool_] | None = None,
    lies: NDArray[np.bool_] | None = None,
) -> Parts:
    """Cut sites along zones: which lie wholly in one, and what parts of the others do.

    A zone is drawn around all shapes of one width that meet a site together: quicker than one for
    each, and what they share is counted once.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    shapes : ndarray of shapely geometries
        Valid shapes in metres.
    width_m : ndarray of float
        Of the zone around each shape; 0 for the shape itself, of which lines and points take
        nothing.
    pairs : tuple of ndarray of int
        Site and shape: which sites meet which zones; by site.
    whole : ndarray of bool, optional
        Sites of which it is known that they lie wholly in a zone.
    lies : ndarray of bool, optional
        For each pair whether the site lies in the shape itself; asked here without it.

    Returns
    -------
    Parts
        Of all sites.
    """
    site, shape = pairs
    whole = np.zeros(len(sites), dtype=bool) if whole is None else whole.copy()
    # Boxes are worked out before threads share the shapes; those of sites were.
    shapely.bounds(shapes)
    surface = shapely.get_dimensions(shapes)[shape] == 2
    if lies is None:
        asked = np.flatnonzero(surface & ~whole[site])
        whole[site[asked[inside(sites, shapes, site[asked], shape[asked])]]] = True
    else:
        whole[site[lies]] = True

    wide = width_m[shape] > 0
    plain = np.flatnonzero(surface & ~wide & ~whole[site])
    cut = shared(sites[site[plain]], shapes[shape[plain]])
    parts = [(site[plain], cut, shape[plain])]
    around = np.flatnonzero(wide & ~whole[site])
    for number, width in enumerate(np.unique(width_m[shape[around]]), 1):
        rows = around[width_m[shape[around]] == width]
        of_site, zone = _zones(sites, shapes, (site[rows], shape[rows]), float(width))
        cut = each(shapely.intersection, sites[of_site], zone)
        nearly = shapely.area(cut) >= _NEARLY * shapely.area(sites[of_site])
        nearly[nearly] = shapely.covers(zone[nearly], sites[of_site[nearly]])
        whole[of_site[nearly]] = True
        parts.append((of_site, cut, np.full(len(cut), -number, dtype=np.intp)))
    of_site, part, of_shape = (np.concatenate(values) for values in zip(*parts, strict=True))
    kept = np.flatnonzero((shapely.area(part) > 0) & ~whole[of_site])
    kept = kept[np.argsort(of_site[kept], kind="stable")]
    return Parts(whole, of_site[kept], part[kept], of_shape[kept])


def within_discs(
    sites: NDArray[np.object_], middle: NDArray[np.float64], radius_m: float
) -> NDArray[np.bool_]:
    """Tell which sites lie wholly within a distance of a point.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites.
    middle : ndarray of float, shape (n, 2)
        The point beside each; NaN where there is none.
    radius_m : float
        Metres.

    Returns
    -------
    ndarray of bool
        Whether all corners do, and so, a disc being convex, all of the site. The disc is the one
        that the polygon drawn around the point holds.
    """
    radius_m *= np.cos(np.pi / (4 * ZONE_SEGMENTS))
    west, south, east, north = shapely.bounds(sites).reshape(-1, 4).T
    low, high = np.column_stack([west, south]), np.column_stack([east, north])
    # On each side of its box a site has a corner.
    least = np.maximum(middle - low, high - middle).max(axis=1, initial=-np.inf)
    found = least <= radius_m
    rows = np.flatnonzero(found)
    corners, of = shapely.get_coordinates(sites[rows], return_index=True)
    far = np.hypot(*(corners - middle[rows][of]).T) > radius_m
    found[rows[of[far]]] = False
    return np.asarray(found)


def _zones(
    sites: NDArray[np.object_],
    shapes: NDArray[np.object_],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    width_m: float,
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Draw for each site the zone around all shapes that it is paired with, as far as it matters.

    The zone at a site depends on what lies within the width of it; of a shape with many corners the
    rest is cut off first, a metre beyond, so that the edge of the cut has no zone in the site.
    """
    site, shape = pairs
    nearby = shapes[shape]
    parts = parts_of(len(nearby))
    done = side_by_side(lambda part: _around(nearby[part], sites[site[part]], width_m), parts)
    nearby = np.concatenate(done)
    own, row = np.unique(site, return_inverse=True)
    together = (
        shapely.geometrycollections(nearby, indices=row) if len(row) else np.empty(0, dtype=object)
    )

    def draw(collections: NDArray[np.object_]) -> NDArray[np.object_]:
        drawn: NDArray[np.object_] = shapely.buffer(collections, width_m, quad_segs=ZONE_SEGMENTS)
        return drawn

    return own, each(draw, together)


def shared(sites: NDArray[np.object_], shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Cut sites along the surfaces beside them.

    Of a surface with many corners only what lies around the site is looked at: cutting along a
    rectangle is so much quicker that it pays twice over.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        The sites; their boxes were asked before.
    shapes : ndarray of shapely geometries
        A valid surface beside each; metres.

    Returns
    -------
    ndarray of shapely geometries
        What of each site lies in the surface beside it; lines and points where they only touch.
    """

    def cut(some: NDArray[np.object_], beside: NDArray[np.object_]) -> NDArray[np.object_]:
        near = _around(beside, some, 0.0)
        mixed = shapely.get_type_id(near) == GeometryType.GEOMETRYCOLLECTION
        near[mixed] = beside[mixed]
        try:
            return np.asarray(shapely.intersection(some, near))
        except GEOSException:
            # What was clipped may be invalid at the edge of the rectangle.
            return np.asarray(shapely.intersection(some, beside))

    return each(cut, sites, shapes)


def _around(
    shapes: NDArray[np.object_], sites: NDArray[np.object_], within_m: float
) -> NDArray[np.object_]:
    """Cut off of shapes with many corners what lies further from the site beside them.

    A metre more is left, so that the edge of the cut is no edge of what is asked.
    """
    near = shapes.copy()
    box = shapely.bounds(sites).reshape(-1, 4) + np.array([-1, -1, 1, 1]) * (within_m + 1)
    for i in np.flatnonzero(shapely.get_num_coordinates(shapes) > _CORNERS):
        near[i] = clip(shapes[i], box[i])
    return near


def each(work: object, *given: NDArray[np.object_]) -> NDArray[np.object_]:
    """Do work on arrays of shapes, a portion at a time on all cores.

    Parameters
    ----------
    work : callable
        What takes as many arrays as are given and returns one as long, each shape of it of the
        shapes beside it alone.
    *given : ndarray of shapely geometries
        Arrays of one length.

    Returns
    -------
    ndarray of shapely geometries
        What came of them, in their order.
    """
    # Some zones take milliseconds each: few are worth dividing, in small portions.
    done = side_by_side(
        lambda part: work(*(values[part] for values in given)),  # type: ignore[operator]
        parts_of(len(given[0]), few=_FEW, parts=_PORTIONS),
    )
    return np.concatenate([np.empty(0, dtype=object), *done])
