"""Values of a grid under sites: means, extremes, percentiles and shares, weighted by area.

Each cell counts for exactly the share of it that lies under the site. Cells without a value are not
left out of sight: what is known of a site is a share of it, and the rest is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.cells import Covered, boxes, covered
from woongeo.engine.cutting import clip
from woongeo.engine.measure import dissolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from woongeo.engine.cells import Grid
    from woongeo.engine.sites import Sites

# Windows of so many cells wide and high are read: 16 MB of a grid of 4-byte numbers.
_WINDOW = 2_048

# So many cells of boxes around sites are held at once, 8 bytes each.
_BOX_CELLS = 4_000_000

# Where adding up shares comes this near to a limit, it is at it.
_EPSILON = 1e-12

#: Shares of a site below this are none, and shares this near to 1 all: the noise of coordinates.
NO_SHARE = 1e-9


@dataclass(frozen=True, eq=False)
class Cells:
    """The known cells under a portion of the sites.

    Attributes
    ----------
    sites : ndarray of int, shape (n,)
        Which sites are in the portion.
    site : ndarray of int
        Position in `sites` of each cell, sorted.
    row, column : ndarray of int
        The cell.
    value : ndarray of float
        Never NaN.
    share : ndarray of float
        Share of the site that lies in the cell.
    known : ndarray of float, shape (n,)
        Share of each site of which the value is known.
    """

    sites: NDArray[np.intp]
    site: NDArray[np.intp]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    value: NDArray[np.float64]
    share: NDArray[np.float64]
    known: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> Cells:
        """Take the other cells for unknown.

        Parameters
        ----------
        chosen : ndarray of bool
            One a cell: whether its value says something.

        Returns
        -------
        Cells
            A copy with the chosen cells.
        """
        if chosen.all():
            return self
        return Cells(
            sites=self.sites,
            site=self.site[chosen],
            row=self.row[chosen],
            column=self.column[chosen],
            value=self.value[chosen],
            share=self.share[chosen],
            known=self.share_where(chosen),
        )

    def share_where(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Add up the shares of chosen cells.

        Parameters
        ----------
        chosen : ndarray of bool
            One a cell.

        Returns
        -------
        ndarray of float, shape (n,)
            Share of each site, 0 to 1; what is not known is not in it.
        """
        n = len(self.sites)
        return np.minimum(np.bincount(self.site, self.share * chosen, n), self.known)

    def mean(self) -> NDArray[np.float64]:
        """Average the known part.

        Returns
        -------
        ndarray of float, shape (n,)
            NaN where nothing is known.
        """
        total = np.bincount(self.site, self.share * self.value, len(self.sites))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / self.known)

    def percentile(self, percent: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the value that a share of the known part does not exceed.

        Parameters
        ----------
        percent : float or ndarray of float, shape (n,)
            0 for the least value, 100 for the greatest.

        Returns
        -------
        ndarray of float, shape (n,)
            The least value such that cells up to it hold at least `percent` of what is known: a
            value that occurs, nothing in between. NaN where nothing is known.
        """
        n = len(self.sites)
        found = np.full(n, np.nan)
        some = np.flatnonzero(self.known > 0)
        if not len(some):
            return found
        order = np.lexsort((self.value, self.site))
        running = np.cumsum(self.share[order])
        count = np.bincount(self.site, minlength=n)[some]
        last = np.cumsum(count) - 1
        first = last - count + 1
        before = np.r_[0.0, running][first]
        wanted = np.broadcast_to(np.asarray(percent, dtype=float), (n,))[some] / 100
        target = before + wanted * (running[last] - before)
        # Running totals of many sites round at their own size.
        slack = _EPSILON * np.maximum(running[last], 1.0)
        place = np.searchsorted(running, target - slack, side="left")
        found[some] = self.value[order][np.clip(place, first, last)]
        return found


def cells_under(sites: Sites, grid: Grid) -> Iterator[Cells]:
    """Look up the cells under sites, a portion of the sites at a time.

    Parameters
    ----------
    sites : Sites
        The sites, metres, in the grid's reference system.
    grid : Grid
        Cells with values; asked only for cells near sites, in windows of bounded size.

    Yields
    ------
    Cells
        Each site is in exactly one portion; which one has no meaning.
    """
    geometry = sites.geometry
    if not len(geometry):
        return
    box = boxes(shapely.bounds(geometry), grid)
    high, wide = (box[:, 2] - box[:, 0] + 1), (box[:, 3] - box[:, 1] + 1)
    large = (high > _WINDOW) | (wide > _WINDOW)
    small = np.flatnonzero(~large)
    for portion in _portions(box[small], (high * (wide + 1))[small]):
        rows = small[portion]
        under = covered(geometry[rows], grid)
        yield _known(rows, under, _values(under, grid))
    for site in np.flatnonzero(large):
        yield _known_of_large(site, geometry[site], grid)


def _portions(box: NDArray[np.intp], size: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Divide boxes by the window that they begin in, and then by how many cells they hold."""
    window = box[:, :2] // _WINDOW
    order = np.lexsort((box[:, 1], box[:, 0], window[:, 1], window[:, 0]))
    same_window = (window[order][1:] == window[order][:-1]).all(axis=1)
    for run in np.split(order, np.flatnonzero(~same_window) + 1):
        load = np.cumsum(size[run]) // _BOX_CELLS
        yield from np.split(run, np.flatnonzero(np.diff(load)) + 1)


def _known(sites: NDArray[np.intp], under: Covered, value: NDArray[np.float64]) -> Cells:
    """Keep the cells whose value is known."""
    n = len(sites)
    total = np.bincount(under.shape, under.fraction, n)
    is_known = ~np.isnan(value)
    part = np.bincount(under.shape, under.fraction * is_known, n)
    with np.errstate(invalid="ignore"):
        # Both are sums of the same numbers in the same order: all known is exactly 1.
        known = np.nan_to_num(part / total)
    site = under.shape[is_known]
    return Cells(
        sites=sites,
        site=site,
        row=under.row[is_known],
        column=under.column[is_known],
        value=value[is_known],
        share=under.fraction[is_known] / total[site],
        known=known,
    )


def _values(under: Covered, grid: Grid) -> NDArray[np.float64]:
    """Look up cells; NaN beyond the grid."""
    value = np.full(len(under.row), np.nan)
    on_grid = (under.row >= 0) & (under.row < grid.rows)
    on_grid &= (under.column >= 0) & (under.column < grid.columns)
    if on_grid.any():
        value[on_grid] = grid.values(under.row[on_grid], under.column[on_grid])
    return value


def _known_of_large(site: np.intp, shape: shapely.Geometry, grid: Grid) -> Cells:
    """Look up the cells under one site that spans several windows, window by window."""
    parts = shapely.get_parts(shape)
    first_row, first_column, last_row, last_column = boxes(shapely.bounds(parts), grid).T // _WINDOW
    windows = {
        (row, column)
        for a, b, c, d in zip(first_row, first_column, last_row, last_column, strict=True)
        for row in range(a, c + 1)
        for column in range(b, d + 1)
    }
    found = []
    for row, column in sorted(windows):
        west, east = (grid.west + (column + i) * _WINDOW * grid.cell_x for i in (0, 1))
        north, south = (grid.north + (row + i) * _WINDOW * grid.cell_y for i in (0, 1))
        edges = (min(west, east), min(south, north), max(west, east), max(south, north))
        pieces = shapely.get_parts(clip(shape, edges))
        surfaces = pieces[shapely.get_dimensions(pieces) == 2]
        if len(surfaces):
            under = covered(np.array([shapely.multipolygons(surfaces)]), grid)
            found.append((under, _values(under, grid)))
    rows, columns, fractions = (
        np.concatenate([getattr(under, name) for under, _ in found])
        for name in ("row", "column", "fraction")
    )
    together = Covered(np.zeros(len(rows), dtype=np.intp), rows, columns, fractions)
    return _known(np.array([site]), together, np.concatenate([value for _, value in found]))


def ground(
    cells: Cells, chosen: NDArray[np.bool_], sites: Sites, grid: Grid
) -> NDArray[np.object_]:
    """Draw the part of each site that lies in chosen cells.

    Parameters
    ----------
    cells : Cells
        A portion of the sites.
    chosen : ndarray of bool
        One a cell.
    sites : Sites
        All sites.
    grid : Grid
        Where the cells lie.

    Returns
    -------
    ndarray of shapely geometries
        One for each of `cells.sites`; None where no chosen cell lies under it.
    """
    geometry = sites.geometry[cells.sites]
    held = cells.share_where(chosen)
    drawn = np.full(len(geometry), None, dtype=object)
    whole = held >= 1 - NO_SHARE
    drawn[whole] = geometry[whole]
    partly = (held > NO_SHARE) & ~whole
    pick = np.flatnonzero(chosen & partly[cells.site])
    if not len(pick):
        return drawn
    site, row, column = cells.site[pick], cells.row[pick], cells.column[pick]
    order = np.lexsort((column, row, site))
    site, row, column = site[order], row[order], column[order]
    # Cells that lie side by side are one rectangle.
    breaks = (np.diff(site) != 0) | (np.diff(row) != 0) | (np.diff(column) != 1)
    first, last = np.r_[0, np.flatnonzero(breaks) + 1], np.r_[np.flatnonzero(breaks), len(row) - 1]
    x0 = grid.west + column[first] * grid.cell_x
    x1 = grid.west + (column[last] + 1) * grid.cell_x
    y0, y1 = (grid.north + (row[first] + i) * grid.cell_y for i in (0, 1))
    west, east = np.minimum(x0, x1), np.maximum(x0, x1)
    strips = shapely.box(west, np.minimum(y0, y1), east, np.maximum(y0, y1))
    parts = shapely.intersection(geometry[site[first]], strips)
    rows, union = dissolve(site[first], parts)
    drawn[rows] = union
    return drawn
