"""What of a layer sites can need: the features that can change a verdict, a figure or a reason.

A part of a layer gives the same answers as the whole where it holds

* each feature that a rule counts and that comes as near to a site as the rule looks;
* the nearest feature of each site, as far as distances are looked up;
* and one feature for each figure that rules take of the layer as a whole (how far the widest zone
  reaches), wherever it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely

from woongeo.engine import REACH_M, Occupied
from woongeo.judging.flat import Flat
from woongeo.judging.klasse import outcomes
from woongeo.judging.stikstof import counting
from woongeo.judging.zone import flat_of, own_widths, select, widths
from woongeo.rules import SEVERITIES, ClassRule, Rule, StikstofRule
from woongeo.rules.klasse import NO_HINDRANCE
from woongeo.rules.stikstof import NITROGEN_REACH_M

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase

# More than any rounding, and less than matters to how much travels.
_SLACK_M = 1.0

# Of so many corners one stands for the others: of big areas the near side must show.
_CORNERS = 16

# Sites of which the middle lies in one square of so many metres are asked for together.
_PLACE_M = 500.0


@dataclass(frozen=True, eq=False)
class Where:
    """Where some sites are: which features come near is asked for many sites at once.

    Attributes
    ----------
    occupied : Occupied
        The cells that they take.
    box : ndarray of float, shape (m, 4)
        Of the sites around one place: west, south, east, north; metres.
    point : ndarray of shapely geometries
        In each of these boxes.
    far_m : ndarray of float
        From there to the furthest corner, at most.
    """

    occupied: Occupied
    box: NDArray[np.float64]
    point: NDArray[np.object_]
    far_m: NDArray[np.float64]

    @classmethod
    def of(cls, bounds: NDArray[np.float64]) -> Where:
        """Bring sites together by place.

        Parameters
        ----------
        bounds : ndarray of float, shape (n, 4)
            Boxes of the sites, at least one.

        Returns
        -------
        Where
            Of all of them.
        """
        middle = np.floor((bounds[:, :2] + bounds[:, 2:]) / 2 / _PLACE_M)
        _, place = np.unique(middle, axis=0, return_inverse=True)
        place = place.ravel()
        order = np.argsort(place, kind="stable")
        first = np.searchsorted(place[order], np.arange(place.max() + 1))
        least = np.minimum.reduceat(bounds[order, :2], first)
        most = np.maximum.reduceat(bounds[order, 2:], first)
        point = shapely.points((least + most) / 2)
        far = np.hypot(*(most - least).T) / 2
        return cls(Occupied(bounds), np.column_stack([least, most]), point, far)


class _Nearest:
    """Features of which the nearest to each site matters.

    To any corner of a feature a site is as far as to the feature, or further: within the distance
    to the nearest of some corners lies the nearest feature.
    """

    def __init__(
        self, shapes: NDArray[np.object_], chosen: NDArray[np.bool_], reach_m: float
    ) -> None:
        self._rows, self._reach_m = np.flatnonzero(chosen), reach_m
        self._boxes = shapely.STRtree(shapes[self._rows])
        corners, owner = shapely.get_coordinates(shapes[self._rows], return_index=True)
        # Every so many, and the first of each feature.
        some = np.arange(len(corners)) % _CORNERS == 0
        some[1:] |= owner[1:] != owner[:-1]
        self._corners = shapely.STRtree(shapely.points(corners[some]))

    def rows(self, where: Where) -> NDArray[np.intp]:
        """Find the features that can be the nearest to a site."""
        if not len(self._corners):
            return self._rows
        (asked, _), away = self._corners.query_nearest(
            where.point, return_distance=True, all_matches=False
        )
        far = np.zeros(len(where.point))
        # From a site to the point, and from there to the corner.
        far[asked] = np.minimum(away + where.far_m[asked], self._reach_m) + _SLACK_M
        grown = where.box + far[:, np.newaxis] * np.array([-1, -1, 1, 1])
        _, found = self._boxes.query(shapely.box(*grown.T))
        return np.asarray(self._rows[np.unique(found)])


@dataclass(frozen=True, eq=False)
class Needed:
    """What of one layer sites can need.

    Attributes
    ----------
    within_m : ndarray of float
        How near each feature must come to a site to matter, metres; NaN where it never does.
    nearest : list
        The sets of features of which the nearest to each site matters.
    always : ndarray of int
        Features that matter wherever the sites are.
    measured : dict
        Key of a rule to which features its measure numbers.
    coverage_m : float
        How near an area of the coverage must come to a site to matter; infinite where all do.
    """

    within_m: NDArray[np.float64]
    nearest: list[_Nearest]
    always: NDArray[np.intp]
    measured: dict[str, NDArray[np.bool_]]
    coverage_m: float

    @classmethod
    def of(cls, layer: Layer, on: dt.date) -> Needed:
        """Find what sites can need, wherever they are.

        Parameters
        ----------
        layer : Layer
            With its rules.
        on : date
            The day for which is judged.

        Returns
        -------
        Needed
            For all rules that are on.

        Raises
        ------
        RuleError
            When a rule reads what the layer has not.
        """
        known = _KNOWN.get(layer)
        if known is not None and known[0] == on:
            return known[1]
        found = cls(np.full(len(layer), np.nan), [], np.empty(0, dtype=np.intp), {}, 0.0)
        for key, rule in layer.active().items():
            if not (rule.holds(on) or layer.unknown or layer.stale(on, rule)):
                found = _also(found, layer, key, rule, on)
        # What was not empty must not become so: that would be another layer.
        always = np.unique(np.append(found.always, np.arange(min(len(layer), 1))))
        found = replace(found, always=always)
        _KNOWN[layer] = (on, found)
        return found

    def rows(self, bounds: NDArray[np.float64], where: Where) -> NDArray[np.intp]:
        """Find the features that some sites can need.

        Parameters
        ----------
        bounds : ndarray of float, shape (n, 4)
            Boxes of the features.
        where : Where
            Where the sites are.

        Returns
        -------
        ndarray of int
            Sorted.
        """
        matters = np.zeros(len(bounds), dtype=bool)
        matters[self.always] = True
        some = np.flatnonzero(~np.isnan(self.within_m))
        matters[some] |= where.occupied.near(bounds[some], self.within_m[some])
        for features in self.nearest:
            matters[features.rows(where)] = True
        return np.flatnonzero(matters)


# A file in portions asks for the same layers again and again; this goes when the layer goes.
_KNOWN: WeakKeyDictionary[Layer, tuple[dt.date, Needed]] = WeakKeyDictionary()


def _also(found: Needed, layer: Layer, key: str, rule: RuleBase, on: dt.date) -> Needed:
    """Add what a rule needs."""
    shapes = layer.features.geometry.to_numpy()
    reach = min(layer.reach_m, REACH_M)
    within, always, cover = found.within_m, [*found.always.tolist()], found.coverage_m
    nearest, measured = [*found.nearest], dict(found.measured)
    if isinstance(rule, Rule):
        counts, doubtful = select(layer, rule)
        width = widths(layer, rule)
        measured[key] = counts
        if rule.leave_out_own_ground:
            # The nearest may be what a site holds itself, and then it is another.
            width = np.where(counts, np.maximum(width, reach), width)
        elif reach:
            nearest.append(_Nearest(shapes, counts, reach))
        within = np.fmax(within, np.where(counts | doubtful, width, np.nan))
        always += _widest(layer, rule, counts, doubtful)
        always += _kinds(flat_of(layer, rule, counts | doubtful), counts | doubtful)
        cover = max(cover, rule.reach_m, float(np.max(widths(layer, rule), initial=0.0)))
    elif isinstance(rule, ClassRule):
        outcome = outcomes(layer.features, rule, on)
        measured[key] = np.isin(outcome, SEVERITIES)
        always += _kinds(Flat.of(layer, outcome != NO_HINDRANCE), outcome != NO_HINDRANCE)
        within = np.fmax(within, 0.0)
        if reach:
            nearest.append(_Nearest(shapes, measured[key], reach))
    elif isinstance(rule, StikstofRule):
        near = min(layer.reach_m, NITROGEN_REACH_M) + _SLACK_M
        within = np.fmax(within, np.where(counting(layer, rule, on), near, np.nan))
        if rule.exceedance_column in layer.features.columns:
            known = np.flatnonzero(layer.features[rule.exceedance_column].notna())
            always += known[:1].tolist()
        # The nearest edge of all areas together, which no part of them shows.
        cover = np.inf
    else:
        # A raster asks whether it is its own coverage.
        cover = np.inf if layer.raster is not None else cover
    return Needed(within, nearest, np.array(always, dtype=np.intp), measured, cover)


def _widest(
    layer: Layer, rule: Rule, counts: NDArray[np.bool_], doubtful: NDArray[np.bool_]
) -> list[int]:
    """Find the features by which it is known how far zones reach, one for each way of asking."""
    width = widths(layer, rule)
    asked = [(width, np.ones(len(width), dtype=bool)), (width, counts), (width, doubtful)]
    given = own_widths(layer, rule)
    if given is not None:
        # The furthest that says so itself: others are thought to reach as far.
        asked.append((np.where(given >= 0, given, -1.0), asked[0][1]))
        asked.append((width, doubtful & (given < 0)))
    rows = [(values, np.flatnonzero(which)) for values, which in asked]
    return [int(which[np.argmax(values[which])]) for values, which in rows if len(which)]


def _kinds(flat: Flat, counts: NDArray[np.bool_]) -> list[int]:
    """Find features by which it is known whether lines and points stand beside surfaces."""
    surfaces = np.setdiff1d(np.flatnonzero(counts), flat.rows)
    return [*flat.rows[:1].tolist(), *surfaces[:1].tolist()] if len(flat.rows) else []
