"""What a rule says of ground, whatever would be built on it: taken, not known, or free.

A screening asks of a drawn site how much of it a zone takes, and lets tolerances pass. A search
asks of each square metre. So a rule takes part by its zone alone: no tolerance, no statistic over a
site, no largest class, and no exemption of a site's own ground.

A kind of rule that has a zone brings a function into `GROUNDS`. Kinds that have none (what hinders
depends on the number of homes) judge the areas that were found, as `screen` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from woongeo.engine import ZONE_SEGMENTS
from woongeo.judging import klasse, tabel
from woongeo.judging.common import known_nowhere
from woongeo.judging.flat import Flat
from woongeo.judging.zone import flat_of, select, untold, widths
from woongeo.rules import SEVERITIES, ClassRule, RasterRule, Rule, TableRule
from woongeo.rules.klasse import NO_HINDRANCE, NOT_KNOWN
from woongeo.searching.rastered import drawn_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase

#: A zone by distance is drawn so much wider: what is found then lies beyond the exact distance, and
#: rounding never puts it back.
MARGIN_M = 0.01

# Chords of a circle lie within it. Drawn this much wider they lie outside it, so that a zone is
# never too small; at most 0.3 mm a metre too wide, 0.6 m at 2 km.
_CIRCUMSCRIBED = 1 / math.cos(math.pi / (4 * ZONE_SEGMENTS))


@dataclass(frozen=True, eq=False)
class Ground:
    """What a rule says of ground.

    Attributes
    ----------
    taken, doubtful : ndarray of shapely geometries
        Features that hinder, and those of which it is not known whether they do; valid, RD New.
    taken_m, doubtful_m : ndarray of float
        How far around each, metres, as zones are drawn; 0 for the feature itself.
    nowhere : str
        Why nothing is known of any ground that is not taken, in Dutch; empty where something is.
    coverage : ndarray of shapely geometries or None
        Where ground is free that is not taken; None together with `nowhere`.
    edge_m : float
        So near the edge of the coverage nothing is known either.
    """

    taken: NDArray[np.object_]
    taken_m: NDArray[np.float64]
    doubtful: NDArray[np.object_]
    doubtful_m: NDArray[np.float64]
    nowhere: str
    coverage: NDArray[np.object_] | None
    edge_m: float


@dataclass(frozen=True, eq=False)
class Asked:
    """What a search asks of rules.

    Attributes
    ----------
    on : date
        The day for which is searched.
    from_severity : str
        What hinders less does not count.
    area : ndarray of shapely geometries
        Where is searched, RD New.
    """

    on: dt.date
    from_severity: str
    area: NDArray[np.object_]

    def heavy(self) -> tuple[str, ...]:
        """List the severities that count.

        Returns
        -------
        tuple of str
            From light to heavy.
        """
        return SEVERITIES[SEVERITIES.index(self.from_severity) :]


def drawn_width(width_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the width to draw zones with, so that their chords lie beyond the distance.

    Parameters
    ----------
    width_m : ndarray of float
        Distances of rules, metres.

    Returns
    -------
    ndarray of float
        Metres.

    Examples
    --------
    >>> drawn_width(np.array([50.0, 2_000.0])).round(2).tolist()
    [50.03, 2000.61]
    """
    return np.asarray(width_m * _CIRCUMSCRIBED + MARGIN_M, dtype=float)


def missed(
    rest: shapely.Geometry, shapes: NDArray[np.object_], drawn_m: NDArray[np.float64]
) -> shapely.Geometry:
    """Draw what a zone should have taken and did not.

    GEOS rounds the outline of a shape off by up to 1 % of the distance before it draws a zone
    around it, and then a zone may be some centimetres too narrow. The zone of a single edge is
    right.

    Parameters
    ----------
    rest : Geometry
        Ground that is left after the zones were taken.
    shapes : ndarray of shapely geometries
        What zones were drawn around.
    drawn_m : ndarray of float
        From `drawn_width`, one a shape.

    Returns
    -------
    Geometry
        Empty where nothing was missed.
    """
    least = drawn_m / _CIRCUMSCRIBED - MARGIN_M / 2
    if shapely.is_empty(rest):
        return shapely.MultiPolygon()
    shapely.prepare(rest)
    near = np.flatnonzero((drawn_m > 0) & shapely.dwithin(rest, shapes, least))
    if not len(near):
        return shapely.MultiPolygon()
    parts, of_part = shapely.get_parts(shapes[near], return_index=True)
    lines = shapely.get_dimensions(parts) == 1
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    outlines = np.concatenate([rings, parts[lines]])
    owner = np.concatenate([of_part[of_ring], of_part[lines]])
    xy, outline = shapely.get_coordinates(outlines, return_index=True)
    edge = np.flatnonzero(outline[1:] == outline[:-1])
    edges = shapely.linestrings(np.stack([xy[edge], xy[edge + 1]], axis=1))
    width = drawn_m[near][owner[outline[edge]]]
    close = shapely.dwithin(rest, edges, width / _CIRCUMSCRIBED)
    zones = shapely.buffer(edges[close], width[close], quad_segs=ZONE_SEGMENTS)
    return shapely.union_all(zones)


def ground_of(layer: Layer, rule: RuleBase, asked: Asked) -> Ground | None:
    """Say what a rule takes of ground.

    Parameters
    ----------
    layer : Layer
        The layer.
    rule : RuleBase
        One of its rules, that holds on the day.
    asked : Asked
        Where, for which day and from which severity on.

    Returns
    -------
    Ground or None
        None for kinds of rules that have no zone.
    """
    nothing = layer.unknown or layer.stale(asked.on, rule)
    if nothing:
        none, no_width = np.empty(0, dtype=object), np.empty(0)
        return Ground(none, no_width, none, no_width, nothing, None, 0.0)
    by_kind = GROUNDS.get(type(rule))
    return None if by_kind is None else by_kind(layer, rule, asked)


def _of_shapes(layer: Layer, rule: Rule, asked: Asked) -> Ground:  # noqa: ARG001  one signature for all kinds
    """Give the zones of a rule on shapes, drawn a little too wide where distance decides."""
    counts, doubtful = select(layer, rule)
    shapes, width = layer.features.geometry.to_numpy(), widths(layer, rule)
    widest = float(np.max(width, initial=rule.reach_m))
    if rule.by_distance:
        width = drawn_width(width)
        widest = float(drawn_width(np.array([widest]))[0]) if widest else 0.0
    nowhere = known_nowhere(layer, float(np.max(widths(layer, rule), initial=rule.reach_m)))
    flat = flat_of(layer, rule, counts | doubtful)
    nowhere = nowhere or untold(layer, rule, doubtful) or flat.everywhere
    coverage = layer.coverage
    return Ground(
        taken=shapes[counts],
        taken_m=width[counts],
        doubtful=np.append(shapes[doubtful], flat.shapes),
        doubtful_m=np.append(width[doubtful], np.zeros(len(flat.shapes))),
        nowhere=nowhere,
        coverage=None if nowhere else coverage.geometry,
        # Across the national border lies no hindrance, and nothing that is not known.
        edge_m=0.0 if coverage.nationwide else widest,
    )


def _as_drawn(
    taken: NDArray[np.object_],
    doubtful: NDArray[np.object_],
    nowhere: str,
    coverage: NDArray[np.object_] | None,
) -> Ground:
    """Give ground that is taken by shapes as they are, without a width around them."""
    return Ground(
        taken=taken,
        taken_m=np.zeros(len(taken)),
        doubtful=doubtful,
        doubtful_m=np.zeros(len(doubtful)),
        nowhere=nowhere,
        coverage=None if nowhere else coverage,
        edge_m=0.0,
    )


def _of_classes(layer: Layer, rule: ClassRule, asked: Asked) -> Ground:
    """Take the ground of classes that hinder enough; where the class is not known, doubt it.

    Also where an area of a lighter class lies over one that is not known: that may be heavier.
    """
    outcome = klasse.outcomes(layer.features, rule, asked.on)
    shapes = layer.features.geometry.to_numpy()
    taken, doubtful = np.isin(outcome, asked.heavy()), outcome == NOT_KNOWN
    flat = Flat.of(layer, outcome != NO_HINDRANCE)
    nowhere = known_nowhere(layer, 0.0) or flat.everywhere
    unknown = np.append(shapes[doubtful], flat.shapes)
    return _as_drawn(shapes[taken], unknown, nowhere, layer.coverage.geometry)


def _of_regions(layer: Layer, rule: TableRule, asked: Asked) -> Ground:
    """Take the regions whose value hinders enough; doubt those without one, and what lies in none.

    Where the surfaces of regions are not given, it is not known in which of them ground lies.
    """
    table = tabel.table_of(layer)
    names, shapes = table.region_names, table.region_shapes
    none = np.empty(0, dtype=object)
    if names is None or shapes is None:
        why = f"van grond is geen {table.level} bekend: geef regions bij read_table_layer"
        return _as_drawn(none, none, why, None)
    outcome = tabel.outcomes(table, rule, names)
    taken, doubtful = np.isin(outcome, asked.heavy()), outcome == NOT_KNOWN
    return _as_drawn(shapes[taken], shapes[doubtful], layer.incomplete, shapes)


def _of_cells(layer: Layer, rule: RasterRule, asked: Asked) -> Ground:
    """Take the cells whose value hinders by itself; doubt those without a value."""
    taken, doubtful = drawn_cells(layer, rule, asked.area, asked.from_severity)
    return _as_drawn(taken, doubtful, known_nowhere(layer, 0.0), layer.coverage.geometry)


#: The kinds of rules that have a zone: what each says of ground.
GROUNDS: dict[type[RuleBase], Callable[[Layer, Any, Asked], Ground]] = {
    Rule: _of_shapes,
    ClassRule: _of_classes,
    TableRule: _of_regions,
    RasterRule: _of_cells,
}
