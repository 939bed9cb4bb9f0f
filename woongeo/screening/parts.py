"""Sites and layers in parts that can be judged apart, and what each part says put together.

Sites go by the Hilbert curve: near each other on the curve is near each other on the ground, so
that a part needs little of each layer. What is measured of a site depends neither on which others
there are nor on features that it does not need, so the parts say what one screening would, to the
last bit. A part is bytes: what is judged depends on nothing else.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo._version import __version__
from woongeo.checks import CheckReport
from woongeo.engine import Indexes, Measure, Sites
from woongeo.errors import ClusterError
from woongeo.judging import Judged, Subjects
from woongeo.screening.assembling import Areas, areas_of
from woongeo.screening.needed import Needed, Where
from woongeo.screening.running import judge_all
from woongeo.screening.toetsen import toetsen_of
from woongeo.screening.travel import Shapes, raster_around
from woongeo.sources.raster import Raster
from woongeo.threads import on_one_core

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.screening.toetsen import Toets

#: So many sites are one part: what a part needs of the layers is then worth the sending.
SITES = 10_000

# Columns of locations that rules read; tables of regions read any.
_READ = ["woningen", "planstatus", "hardheid"]

_EVERYWHERE = np.float64(np.inf)


@dataclass(frozen=True, eq=False)
class _Packed:
    """A layer on its way: what sites need of it."""

    # Without features, coverage and regions.
    layer: Layer
    columns: pd.DataFrame
    shapes: Shapes
    # Position among the coverages of the part: layers that share one go on sharing it.
    coverage: int | None
    regions: Shapes | None


@dataclass(frozen=True, eq=False)
class _Part:
    """Sites on their way, with what they need."""

    made_with: dict[str, str]
    sites: Shapes
    frame: pd.DataFrame
    layers: list[_Packed]
    coverages: list[Shapes]
    on: dt.date
    from_severity: str


class _Answer(NamedTuple):
    """What is said of a part: verdicts without shapes, the shapes, and the areas."""

    judged: dict[str, Judged]
    taken: dict[str, Shapes]
    unknown: dict[str, Shapes]
    areas: Areas


@dataclass(frozen=True, eq=False)
class Place:
    """What must be known to put the answer of a part in place.

    Attributes
    ----------
    sites : ndarray of int
        Which of the sites are in the part.
    number : dict
        Key of a rule to the number, among the features that its measure counts, of those sent.
    """

    sites: NDArray[np.intp]
    number: dict[str, NDArray[np.intp]]


def _made_with() -> dict[str, str]:
    """List what decides the last bit of figures."""
    return {
        "woongeo": __version__,
        "shapely": shapely.__version__,
        "GEOS": shapely.geos_version_string,
        "numpy": np.__version__,
        "pandas": pd.__version__,
    }


class Divided:
    """Sites and layers, ready to be sent in parts.

    Parameters
    ----------
    subjects : Subjects
        The locations that can be measured, at least one.
    layers : sequence of Layer
        With their rules.
    from_severity : str
        From which severity on rules count.
    size : int
        How many sites a part has at most.
    """

    def __init__(
        self, subjects: Subjects, layers: Sequence[Layer], from_severity: str, *, size: int
    ) -> None:
        self._subjects, self._from_severity = subjects, from_severity
        self._layers = layers
        self._needed = [Needed.of(layer, subjects.on) for layer in layers]
        self._bounds = [shapely.bounds(x.features.geometry.to_numpy()) for x in layers]
        by_table = any(layer.table is not None for layer in layers)
        self._frame = subjects.frame if by_table else subjects.frame[_READ]
        along = gpd.GeoSeries(subjects.sites.geometry, crs="EPSG:28992").hilbert_distance()
        order = np.argsort(along.to_numpy(), kind="stable")
        self._parts = [np.sort(p) for p in np.array_split(order, -(-len(order) // size))]

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[tuple[Place, bytes]]:
        """Make the parts, one by one: each with the work for `judge_part`."""
        return map(self._send, self._parts)

    def _send(self, at: NDArray[np.intp]) -> tuple[Place, bytes]:
        """Gather what some sites need."""
        sites = self._subjects.sites.geometry[at]
        boxes = shapely.bounds(sites)
        where = Where.of(boxes)
        packed, number = [], {}
        coverages: dict[tuple[int, float], tuple[int, Shapes]] = {}
        for layer, needed, bounds in zip(self._layers, self._needed, self._bounds, strict=True):
            rows = needed.rows(bounds, where)
            for key, chosen in needed.measured.items():
                number[key] = (np.cumsum(chosen) - 1)[rows[chosen[rows]]]
            cover = None
            if layer.coverage.geometry is not None:
                name = (id(layer.coverage.geometry), needed.coverage_m)
                if name not in coverages:
                    near = _near(layer.coverage.geometry, where, needed.coverage_m)
                    coverages[name] = (len(coverages), Shapes(layer.coverage.geometry[near]))
                cover = coverages[name][0]
            packed.append(_pack(layer, rows, cover, boxes, where))
        part = _Part(
            _made_with(),
            Shapes(sites),
            self._frame.iloc[at].reset_index(drop=True),
            packed,
            [shapes for _, shapes in coverages.values()],
            self._subjects.on,
            self._from_severity,
        )
        return Place(at, number), pickle.dumps(part, protocol=5)

    def together(
        self, answers: Sequence[tuple[Place, bytes]], toetsen: Sequence[Toets]
    ) -> tuple[dict[str, Judged], Areas]:
        """Put the answers of all parts together.

        Parameters
        ----------
        answers : sequence
            The place of each part, and what `judge_part` said of it; in any order.
        toetsen : sequence of Toets
            The rules.

        Returns
        -------
        judged : dict
            What each rule said, by its key, in the order of the sites.
        areas : Areas
            In the order of the sites.
        """
        places = [place for place, _ in answers]
        said: list[_Answer] = [pickle.loads(words) for _, words in answers]  # noqa: S301
        at = np.concatenate([place.sites for place in places])
        judged = {toets.key: _judged(toets.key, places, said, at) for toets in toetsen}
        areas = (_placed(at, [a.areas[i] for a in said]) for i in range(len(said[0].areas)))
        return judged, Areas(*areas)


def judge_part(work: bytes) -> bytes:
    """Judge the sites of one part, on one core.

    Parameters
    ----------
    work : bytes
        From `Divided`.

    Returns
    -------
    bytes
        For `Divided.together`.

    Raises
    ------
    ClusterError
        When it was made by other versions, which may measure otherwise.
    WoongeoError
        As `screen`.
    """
    part: _Part = pickle.loads(work)  # noqa: S301  made by `Divided`
    here = _made_with()
    other = [f"{k} {v} (hier {here[k]})" for k, v in part.made_with.items() if here[k] != v]
    if other:
        raise ClusterError(
            f"een werker van het cluster heeft andere versies: gevraagd is {', '.join(other)}. "
            "Installeer overal dezelfde, anders kunnen uitkomsten verschillen."
        )
    with on_one_core():
        coverages = [one.shapes for one in part.coverages]
        layers = [_unpacked(layer, coverages) for layer in part.layers]
        toetsen = toetsen_of(layers)
        subjects = Subjects(Sites(part.sites.shapes), part.frame, part.on)
        judged = judge_all(toetsen, subjects)
        areas = areas_of(subjects.sites.area, toetsen, judged, part.from_severity)
        bare, taken, unknown = {}, {}, {}
        for key, one in judged.items():
            if one.measure is not None:
                taken[key] = Shapes(one.measure.part)
                one = replace(one, measure=replace(one.measure, part=_NO_SHAPES))  # noqa: PLW2901
            if one.unknown_parts is not None:
                unknown[key] = Shapes(one.unknown_parts)
            bare[key] = replace(one, unknown_parts=None)
        return pickle.dumps(_Answer(bare, taken, unknown, areas), protocol=5)


_NO_SHAPES = np.empty(0, dtype=object)


def _near(shapes: NDArray[np.object_], where: Where, within_m: float) -> NDArray[np.bool_]:
    """Find areas that come near sites; the first is always among them."""
    if within_m == _EVERYWHERE:
        return np.ones(len(shapes), dtype=bool)
    near = where.occupied.near(shapely.bounds(shapes), within_m)
    near[:1] = True
    return near


def _pack(
    layer: Layer,
    rows: NDArray[np.intp],
    coverage: int | None,
    boxes: NDArray[np.float64],
    where: Where,
) -> _Packed:
    """Take of a layer what sites need."""
    features, raster, table, regions = layer.features, layer.raster, layer.table, None
    own = features.iloc[rows].reset_index(drop=True)
    if isinstance(raster, Raster):
        with raster.opened() as grid:
            raster = raster_around(raster, grid, boxes)
    if table is not None and table.region_shapes is not None and table.region_names is not None:
        near = _near(table.region_shapes, where, 0.0)
        regions = Shapes(table.region_shapes[near])
        table = replace(table, region_names=table.region_names[near], region_shapes=None)
    bare = replace(
        layer,
        features=features.iloc[:0],
        coverage=replace(layer.coverage, geometry=None, source=None),
        report=CheckReport.of([]),
        source=None,
        raster=raster,
        table=table,
        indexes=Indexes(),
    )
    columns = pd.DataFrame(own.drop(columns="geometry"))
    return _Packed(bare, columns, Shapes(own.geometry.to_numpy()), coverage, regions)


def _unpacked(packed: _Packed, coverages: list[NDArray[np.object_]]) -> Layer:
    """Make a layer of what travelled."""
    layer, table = packed.layer, packed.layer.table
    if table is not None and packed.regions is not None:
        table = replace(table, region_shapes=packed.regions.shapes)
    geometry = gpd.GeoSeries(packed.shapes.shapes, crs="EPSG:28992")
    cover = None if packed.coverage is None else coverages[packed.coverage]
    return replace(
        layer,
        features=gpd.GeoDataFrame(packed.columns, geometry=geometry),
        coverage=replace(layer.coverage, geometry=cover),
        table=table,
    )


def _placed(at: NDArray[np.intp], parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Put values of parts where their sites are."""
    together = np.concatenate(parts)
    placed = np.empty_like(together)
    placed[at] = together
    return placed


def _judged(
    key: str, places: Sequence[Place], said: Sequence[_Answer], at: NDArray[np.intp]
) -> Judged:
    """Put what one rule said of all parts together."""
    own = [answer.judged[key] for answer in said]
    unknown = None
    if all(key in answer.unknown for answer in said):
        unknown = _placed(at, [answer.unknown[key].shapes for answer in said])
    return Judged(
        verdict=_placed(at, [x.verdict for x in own]),
        reason=_placed(at, [x.reason for x in own]),
        severity=_placed(at, [x.severity for x in own]),
        touched=_placed(at, [x.touched for x in own]),
        share=_placed(at, [x.share for x in own]),
        overlap_m2=_placed(at, [x.overlap_m2 for x in own]),
        distance_m=_placed(at, [x.distance_m for x in own]),
        objects=_placed(at, [x.objects for x in own]),
        measure=_measure(key, places, said, at),
        unknown_parts=unknown,
        extra={name: _placed(at, [x.extra[name] for x in own]) for name in own[0].extra},
    )


def _measure(
    key: str, places: Sequence[Place], said: Sequence[_Answer], at: NDArray[np.intp]
) -> Measure | None:
    """Put what was measured of all parts together."""
    found = [x for x in (answer.judged[key].measure for answer in said) if x is not None]
    if len(found) < len(said):
        return None
    none = np.empty(0, dtype=np.intp)
    pair_site = np.concatenate([p.sites[x.pair_site] for p, x in zip(places, found, strict=True)])
    pair_feature = np.concatenate(
        [p.number.get(key, none)[x.pair_feature] for p, x in zip(places, found, strict=True)]
    )
    part_site = np.concatenate([p.sites[x.part_site] for p, x in zip(places, found, strict=True)])
    part = np.concatenate([answer.taken[key].shapes for answer in said])
    pairs, parts = np.lexsort((pair_feature, pair_site)), np.argsort(part_site, kind="stable")
    return Measure(
        hit=_placed(at, [x.hit for x in found]),
        overlap_m2=_placed(at, [x.overlap_m2 for x in found]),
        distance_m=_placed(at, [x.distance_m for x in found]),
        pair_site=pair_site[pairs],
        pair_feature=pair_feature[pairs],
        whole=_placed(at, [x.whole for x in found]),
        part_site=part_site[parts],
        part=part[parts],
    )
