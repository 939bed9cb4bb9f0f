"""Reading only what locations need: rows by place, and checks where sites are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import geopandas as gpd
import numpy as np
import shapely

from woongeo.checks import Finding
from woongeo.crs import to_rd
from woongeo.engine import REACH_M, LayerIndex, Sites
from woongeo.errors import LayerError, MissingCrsError
from woongeo.layers.model import Coverage, Layer
from woongeo.netherlands import outline
from woongeo.numerals import counted, dutch
from woongeo.rules import Rule, StikstofRule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from woongeo.engine import Indexes, Occupied
    from woongeo.rules import RuleBase
    from woongeo.threads import Crew

# Surfaces with more corners are looked at where sites are; the others wholly.
_CORNERS = 5_000


@runtime_checkable
class HasSites(Protocol):
    """What has sites: `Locations`."""

    @property
    def sites(self) -> Sites:
        """Give those that can be measured.

        Returns
        -------
        Sites
            RD New (EPSG:28992), metres.
        """
        ...


@dataclass(eq=False)
class Around:
    """The sites around which a layer is read.

    Attributes
    ----------
    sites : Sites
        RD New (EPSG:28992), metres.
    reach_m : float
        How far around them.
    box : tuple of float
        West, south, east, north of the sites, whole metres outwards.
    """

    sites: Sites
    reach_m: float
    box: tuple[float, float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        bounds = bounds_of(self.sites)
        west, south = np.floor(bounds[:2])
        east, north = np.ceil(bounds[2:])
        # A metre beyond: a site on the edge of the box lies in it.
        self.box = (float(west) - 1, float(south) - 1, float(east) + 1, float(north) + 1)

    @property
    def searched(self) -> tuple[float, float, float, float]:
        """Give the box that is read.

        Returns
        -------
        tuple of float
            West, south, east, north; metres.
        """
        west, south, east, north = self.box
        far = self.reach_m
        return (west - far, south - far, east + far, north + far)

    def covered(self, coverage: Coverage) -> Coverage:
        """Limit a coverage to where absence means something after this reading.

        Parameters
        ----------
        coverage : Coverage
            Of the whole file.

        Returns
        -------
        Coverage
            Of a nationwide layer the box of the sites: around that all was read, so its edge is no
            edge of what is known. Of another layer the box that was read.
        """
        if coverage.geometry is None:
            return coverage
        told = f"{coverage.description}, alleen waar rond de locaties is gelezen"
        if coverage.nationwide:
            shapes = np.array([_country_in(self.box)], dtype=object)
        else:
            shapes = shapely.intersection(coverage.geometry, shapely.box(*self.searched))
            shapes = shapes[~shapely.is_empty(shapes)]
        return Coverage(shapes, told, nationwide=coverage.nationwide, source=coverage.source)


@lru_cache(maxsize=64)
def _country_in(box: tuple[float, float, float, float]) -> shapely.Geometry:
    """Cut a box from the Netherlands; the same shape for all layers around the same sites."""
    return shapely.intersection(outline(), shapely.box(*box))


def bounds_of(sites: Sites) -> NDArray[np.float64]:
    """Give the box of sites.

    Parameters
    ----------
    sites : Sites
        RD New (EPSG:28992), metres.

    Returns
    -------
    ndarray of float
        West, south, east, north.

    Raises
    ------
    LayerError
        When there are none.
    """
    # numpy does not know the least of nothing.
    bounds = shapely.total_bounds(sites.geometry) if len(sites) else np.array([np.nan])
    if not np.isfinite(bounds).all():
        raise LayerError("around: er is geen enkel vlak om rond te zoeken.")
    return np.asarray(bounds)


def sites_in(around: HasSites | gpd.GeoDataFrame) -> Sites:
    """Take the sites around which is read.

    Parameters
    ----------
    around : Locations or GeoDataFrame
        What holds them.

    Returns
    -------
    Sites
        RD New (EPSG:28992), metres; possibly none.

    Raises
    ------
    LayerError, CrsError
        When it holds no shapes, or they cannot be brought to RD New.
    """
    # A frame may have a column of that name.
    if not isinstance(around, gpd.GeoDataFrame):
        if isinstance(around, HasSites):
            return around.sites
        raise LayerError("around: geef de locaties van read_locations, of een GeoDataFrame.")
    what = "het GeoDataFrame van around"
    try:
        shapes = around.geometry.to_numpy()
    except AttributeError as error:
        raise LayerError(
            f"{what}: er is geen kolom met geometrie; gebruik set_geometry(...)."
        ) from error
    if around.crs is None:
        raise MissingCrsError(
            f"{what}: er is geen coördinatenstelsel vermeld; gebruik set_crs(...)."
        )
    shapes, _ = to_rd(shapes, around.crs, what=what)
    return Sites(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])


def sites_of(
    around: HasSites | gpd.GeoDataFrame, reach_m: float, rules: Mapping[str, RuleBase]
) -> Around:
    """Take the sites around which is read.

    Parameters
    ----------
    around : Locations or GeoDataFrame
        What holds them.
    reach_m : float
        How far around.
    rules : Mapping
        Of the layer: none may look further.

    Returns
    -------
    Around
        The sites.

    Raises
    ------
    LayerError, CrsError
        When there are none, they cannot be brought to RD New, or a rule looks further, or may do
        so.
    """
    sites = sites_in(around)
    widest = max((rule.reach_m for rule in rules.values() if rule.on), default=0.0)
    if not reach_m >= widest:
        raise LayerError(
            f"reach_m is {reach_m!r} en een regel van de laag kijkt tot {dutch(widest)} m; geef "
            "minstens zoveel."
        )
    for rule in rules.values():
        # A feature that lies beyond may reach further than those that are read.
        if rule.on and reach_m < REACH_M and isinstance(rule, Rule) and rule.widths_of_features:
            raise LayerError(
                f"reach_m is {reach_m!r} en hoe ver de regel kijkt staat per object in kolom "
                f"{rule.within_column!r}; laat reach_m weg, of geef met rule een within_m die voor "
                "alle objecten geldt."
            )
    return Around(sites, float(reach_m))


def as_around(layer: Layer, sites: NDArray[np.object_]) -> Layer:
    """Say of a layer that was looked for around locations what it would say of some of them alone.

    Parameters
    ----------
    layer : Layer
        Read around these sites and others.
    sites : ndarray of shapely geometries
        These, in RD New (EPSG:28992), metres.

    Returns
    -------
    Layer
        With the same features: a copy of which neither the source nor the coverage tells how far
        the others reach. The layer itself where it was not looked for around locations.
    """
    if not layer.around:
        return layer
    source = None if layer.source is None else layer.source.without_place()
    told = f"{layer.title}, alleen waar rond de locaties is gezocht"
    coverage = replace(layer.coverage, description=told)
    if layer.coverage.geometry is not None:
        shapes = np.empty(0, dtype=object)
        if len(sites):
            around = Around(Sites(sites), layer.reach_m)
            west, south, east, north = shapely.bounds(sites).reshape(-1, 4).T
            far = layer.reach_m
            searched = shapely.box(west - far, south - far, east + far, north + far)
            shapes = shapely.intersection(layer.coverage.geometry, shapely.union_all(searched))
            if layer.coverage.nationwide:
                shapes = shapely.intersection(shapes, shapely.box(*around.box))
        coverage = replace(coverage, geometry=shapes[~shapely.is_empty(shapes)])
    return replace(layer, source=source, coverage=coverage)


class WhereSitesAre:
    """Looks at big surfaces near sites only, and prepares what will be measured there.

    A broken edge far from every site changes nothing there. Each big surface is cut where sites
    are, as measuring does; it is doubtful where a piece is not valid, or where pieces do not hold
    the ground that they were cut from (an edge that runs around twice does so). What is doubtful is
    looked at wholly; the cut pieces are kept for measuring.

    Parameters
    ----------
    occupied : Occupied
        Where the sites are.
    rules : Mapping
        How far around them the layer has to be right.
    shapes : ndarray of shapely geometries
        Of the layer, in RD New; None is nothing.
    crew : Crew
        Who looks, and gathers meanwhile what distance is measured to.
    """

    def __init__(
        self,
        occupied: Occupied,
        rules: Mapping[str, RuleBase],
        shapes: NDArray[np.object_],
        crew: Crew,
    ) -> None:
        self._crew = crew
        width = max((rule.reach_m for rule in rules.values() if rule.on), default=0.0)
        self._big = shapely.get_num_coordinates(shapes) > _CORNERS
        self._big &= shapely.get_dimensions(shapes) == 2
        # Nitrogen goes by distance: a spike that repair takes away would be the nearest from afar.
        self._big &= not any(isinstance(rule, StikstofRule) for rule in rules.values())
        self._whole: NDArray[np.bool_] | None = None
        self._cut: Future[None] | None = None
        self._index = LayerIndex(shapes)
        # Edges are copied before others cut: no two threads ask things of one shape. They are
        # needed last: while pieces are looked at the other cores have nothing else to do.
        edges = self._index.edges()
        if self._big.any():
            cut = partial(self._index.reach_out, occupied, width, refuse_broken=False)
            self._cut = crew.begin(cut)
        self._index.begin_outlines(crew, edges, after=self._cut)

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for."""
        return self._cut is not None

    def doubtful(self) -> NDArray[np.bool_]:
        """Wait, and tell which shapes have to be looked at wholly.

        Returns
        -------
        ndarray of bool
            A shape each.
        """
        if self._whole is None:
            self._whole = np.ones(len(self._big), dtype=bool)
            if self._cut is not None:
                self._cut.result()
                self._whole = ~self._big | self._index.doubtful()
        return self._whole

    def findings(self) -> list[Finding]:
        """Say what was looked at in part.

        Returns
        -------
        list of Finding
            One, or none.
        """
        in_part = int((~self.doubtful()).sum())
        if not in_part:
            return []
        told = f"{counted(in_part, 'vlak', 'vlakken')} met veel hoekpunten: "
        told += "alleen nagekeken waar locaties zijn"
        return [Finding("", "deels nagekeken", "melding", told, in_part)]

    def hand_over(self, indexes: Indexes, features: gpd.GeoDataFrame, *, changed: bool) -> None:
        """Keep what was cut for measuring.

        Parameters
        ----------
        indexes : Indexes
            Of the layer.
        features : GeoDataFrame
            Of the layer.
        changed : bool
            Whether these are not exactly the shapes that were asked about: then their edges are
            gathered anew, and measuring cuts them again.
        """
        if changed:
            self._index = LayerIndex(features.geometry.to_numpy())
            self._index.begin_outlines(self._crew, self._index.edges())
        indexes.keep(self._index, features)


def measured_as_they_are(rules: Mapping[str, RuleBase]) -> bool:
    """Tell whether what rules do with a layer can be prepared while it is read.

    Parameters
    ----------
    rules : Mapping
        Of the layer.

    Returns
    -------
    bool
        True for zones of one width around features as they are, and for what asks how near they
        are.
    """
    return all(
        isinstance(rule, StikstofRule)
        or (isinstance(rule, Rule) and rule.within_column is None and not rule.leave_out_own_ground)
        for rule in rules.values()
    )
