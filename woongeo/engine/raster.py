"""Values of a grid under sites: means, extremes, percentiles and shares, weighted by area.

Each cell counts for exactly the share of it that lies under the site. Cells without a value are not
left out of sight: what is known of a site is a share of it, and the rest is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.cells import AT_ONCE, Covered, boxes, covered
from woongeo.engine.measure import dissolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from woongeo.engine.cells import Grid
    from woongeo.engine.sites import Sites

# Windows of so many cells wide and high are read: 16 MB of a grid of 4-byte numbers.
_WINDOW = 2_048

# So many cells of boxes around sites, and corners of sites, are looked at at once.
_AT_ONCE = AT_ONCE

# Shares are added up in whole steps, which are not rounded whatever was added before.
_STEPS = 2**40

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
        running = np.cumsum(np.rint(self.share[order] * _STEPS).astype(np.int64))
        count = np.bincount(self.site, minlength=n)[some]
        last = np.cumsum(count) - 1
        first = last - count + 1
        before = np.r_[0, running][first]
        wanted = np.broadcast_to(np.asarray(percent, dtype=float), (n,))[some] / 100
        # Each share may be rounded by a step: what comes that near to a limit is at it.
        steps = np.ceil(wanted * (running[last] - before)).astype(np.int64) - count
        place = np.searchsorted(running, before + steps, side="left")
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
    for rows in _portions(geometry, grid):
        under = covered(geometry[rows], grid, at_once=_AT_ONCE)
        yield _known(rows, under, _values(under, grid))


def _portions(geometry: NDArray[np.object_], grid: Grid) -> Iterator[NDArray[np.intp]]:
    """Divide sites by the window that they begin in, and then by how much work they are."""
    row, column, last_row, last_column = boxes(shapely.bounds(geometry), grid).T
    size = (last_row - row + 1) * (last_column - column + 1)
    size += shapely.get_num_coordinates(geometry)
    window = np.column_stack([row, column]) // _WINDOW
    order = np.lexsort((column, row, window[:, 1], window[:, 0]))
    same_window = (window[order][1:] == window[order][:-1]).all(axis=1)
    for run in np.split(order, np.flatnonzero(~same_window) + 1):
        load = np.cumsum(size[run]) // _AT_ONCE
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
    """Look up cells, a window at a time; NaN beyond the grid."""
    row, column = under.row, under.column
    value = np.full(len(row), np.nan)
    on_grid = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    cell = np.flatnonzero(on_grid)
    window = row[cell] // _WINDOW * grid.columns + column[cell] // _WINDOW
    order = np.argsort(window, kind="stable")
    for at in np.split(cell[order], np.flatnonzero(np.diff(window[order])) + 1):
        if len(at):
            value[at] = grid.values(row[at], column[at])
    return value


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
