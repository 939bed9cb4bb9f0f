"""Looking for ground on which homes could come: what remains of an area after hard constraints."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.engine import Sites, area_by_feature, dissolve
from woongeo.errors import RegionError, UnknownResultWarning
from woongeo.geometry import mean_width_m
from woongeo.judging import Subjects, judge
from woongeo.numerals import by_number, counted
from woongeo.regions import Regions, read_regions
from woongeo.rules import SEVERITIES
from woongeo.screening import day, toetsen_of, voice, with_rules
from woongeo.searching.balance import balance, steps
from woongeo.searching.built_up import built_up_around
from woongeo.searching.cells import sieve_cells
from woongeo.searching.found import RANKS, Wishes, Zoekgebieden, homes_column
from woongeo.searching.ground import Asked, Ground, ground_of
from woongeo.searching.tiles import sieve
from woongeo.sources import read_vector
from woongeo.verdict import OORDELEN, Hardheid, Oordeel
from woongeo.vertrouwelijk import KOLOM

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from woongeo.catalogue import Catalogue
    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase
    from woongeo.screening import Toets
    from woongeo.searching.tiles import Sieved

#: Where a search area lies that lies in no region.
OUTSIDE = "buiten de gebieden"
_PLANS = "bestaande_plannen"
# More than this of a search area meets a rule's unknown ground, or it is noise; square metres.
_MEETS_M2 = 0.01


def find_sites(  # noqa: PLR0913  one keyword a wish
    area: Regions | str | Path | gpd.GeoDataFrame,
    layers: Sequence[Layer],
    *,
    name_column: str | None = None,
    only: Sequence[str] = (),
    rules: Mapping[str, RuleBase] | Catalogue | None = None,
    on: dt.date | None = None,
    from_severity: str = "hard",
    min_m2: float = 5_000.0,
    min_width_m: float = 25.0,
    density: Sequence[float] = (25.0, 50.0),
    net_share: float = 1.0,
    net_source: str = "",
    built_up: Layer | None = None,
    plans: Locations | None = None,
    rank_by: str = "oppervlakte_m2",
    cell_m: float | None = None,
    tile_m: float = 5_000.0,
) -> Zoekgebieden:
    """Find what remains of an area after hard constraints: the classic zeefanalyse.

    Ground is taken where the zone of a rule lies, to the square metre: tolerances and the exemption
    of a site's own ground belong to a drawn site, and do not count here. Of classes the ground of
    those that hinder enough is taken, also where the largest would decide over a site; of a table
    the regions whose value hinders; of a raster the cells whose value hinders by itself, whatever
    the statistic over a site. Ground is unknown where no
    rule takes it and absence of a layer cannot be relied on, as `screen` has it; the rest is free.
    Search areas are connected ground of one of these two verdicts. A zone by distance is drawn so
    that its chords lie beyond the distance: 0.3 mm a metre and 1 cm too wide, and in notches
    smaller than 1 % of the distance up to 1 %, as GEOS rounds those off. So a screening of what is
    free by the same rules finds no hindrance. A search area counts as a plan of which no procedure
    has begun, so rules for soft and new plans hold for it.

    Rules without a zone (what hinders depends on the number of homes) judge each search area that
    was found, with the homes of the first density, and set its verdict.

    Parameters
    ----------
    area : Regions, str, Path or GeoDataFrame
        Where to search: provinces, gemeenten, or any file or frame of surfaces.
    layers : sequence of Layer
        As for `screen`.
    name_column : str, optional
        The column of names, where `area` is a file or frame; all of it is one region without it.
    only : sequence of str
        Names of the regions to search; all without any.
    rules, on : optional
        As for `screen`.
    from_severity : str
        From which severity on rules count; what is lighter is for a screening of what was found.
    min_m2 : float
        The least area of a search area, square metres. The default, about a dozen homes at 25 a
        hectare, is a choice of woongeo.
    min_width_m : float
        A circle of this width must fit everywhere, metres: strips and slivers are left out, and
        what a strip joins lies apart. To about 1 % of itself. The default is a cell of PBL's
        RuimteScanner.
    density : sequence of float
        Homes a hectare; each gives a column of whole homes.
    net_share : float
        Share of the ground (0-1) on which that density holds.
    net_source : str
        Who says so.
    built_up : Layer, optional
        What is built, with its coverage, to measure the distance to.
    plans : Locations, optional
        Plans whose ground is no search area any more. The holes show where they lie: for others
        than those who may see all of them give ``for_audience(plans, publiek)``.
    rank_by : str
        "oppervlakte_m2", "gemiddelde_breedte_m", "compactheid" (largest first) or
        "afstand_bebouwd_m" (nearest first, unknown last). Free areas come before unknown ones.
    cell_m : float, optional
        Search on cells of this size (metres) instead: right to the size of a cell, and not always
        quicker.
    tile_m : float
        Size of the squares that are searched one by one; of no influence on the result but for
        the last centimetres at which a strip is cut off.

    Returns
    -------
    Zoekgebieden
        RD New (EPSG:28992), square metres, metres. `balans` divides all ground.

    Raises
    ------
    RegionError, FileError, ColumnError, CrsError
        When the area cannot be used.
    LayerError, RuleError
        As for `screen`.
    InputError
        When a wish makes no sense.

    Warns
    -----
    UnknownResultWarning
        When nothing can be said about a layer.
    UncertainRuleWarning
        When a rule rests on memory or inference.
    """
    wishes = Wishes(
        min_m2=float(min_m2),
        min_width_m=float(min_width_m),
        density=tuple(float(d) for d in density),
        net_share=float(net_share),
        net_source=net_source,
        from_severity=from_severity,
        cell_m=cell_m,
        tile_m=float(tile_m),
        rank_by=rank_by,
    )
    on = day(on)
    regions = read_area(area, name_column, only)
    layers = with_rules(layers, rules)
    toetsen = toetsen_of(layers)
    heavy = [x for x in toetsen if _counts(x.rule, from_severity) and not x.rule.holds(on)]
    voice(heavy, on, stacklevel=2)
    if built_up is not None and (nothing := built_up.unknown or built_up.stale(on)):
        text = f"{built_up.title}: {nothing}; afstanden tot bebouwd gebied zijn onbekend."
        warnings.warn(text, UnknownResultWarning, stacklevel=2)
    whole = _dissolved(regions)
    asked = Asked(on, from_severity, whole)
    by_zone: dict[str, Ground] = {}
    for toets in heavy:
        ground = ground_of(toets.layer, toets.rule, asked)
        if ground is not None:
            by_zone[toets.key] = ground
    grounds = [*by_zone.values(), *([_of_plans(plans)] if plans is not None else [])]
    if cell_m is None:
        sieved = sieve(whole, grounds, min_width_m=wishes.min_width_m, tile_m=wishes.tile_m)
    else:
        sieved = sieve_cells(
            whole,
            grounds,
            min_width_m=wishes.min_width_m,
            cell_m=float(cell_m),
            in_pieces=len(regions) > 1,
        )
    without_zone = [x for x in heavy if x.key not in by_zone]
    titled = [(x.key, x.title, x.rule.heaviest) for x in heavy if x.key in by_zone]
    frame, doubts = _sites(sieved, wishes, titled, grounds, without_zone, on)
    _locate(frame, regions)
    if built_up is not None:
        seen = built_up_around(Sites(frame.geometry.to_numpy()), built_up, on)
        frame["afstand_bebouwd_m"], frame["bebouwd_aandeel"] = seen.distance_m, seen.share
        doubts += [f"Afstand tot {built_up.title}: {seen.doubt}."] if seen.doubt else []
    if plans is not None and not plans.usable.all():
        n = int((~plans.usable).sum())
        doubts.append(
            f"{counted(n, 'bestaand plan heeft', 'bestaande plannen hebben')} geen bruikbaar "
            f"vlak: {by_number(n, 'zijn', 'hun')} grond telt als vrij."
        )
    if plans is not None:
        doubts += [
            f"Bestaande plannen: {text}; hun grond valt niet af."
            for text in plans.report.of_check(KOLOM)["toelichting"]
        ]
        titled.append((_PLANS, "Bestaande plannen", ""))
    frame = _ranked(frame, wishes)
    return Zoekgebieden(
        locaties=frame,
        balans=balance(sieved, frame, regions),
        zeef=steps(sieved, titled),
        area=regions,
        layers=layers,
        toetsen=toetsen,
        gezeefd=tuple(by_zone),
        beoordeeld=tuple(x.key for x in without_zone),
        wishes=wishes,
        on=on,
        built_up=built_up,
        plans=plans,
        doubts=tuple(doubts),
    )


def _counts(rule: RuleBase, from_severity: str) -> bool:
    """Tell whether a rule can hinder as much as was asked."""
    return SEVERITIES.index(rule.heaviest) >= SEVERITIES.index(from_severity)


def read_area(
    area: Regions | str | Path | gpd.GeoDataFrame,
    name_column: str | None = None,
    only: Sequence[str] = (),
) -> Regions:
    """Read where to search.

    Parameters
    ----------
    area, name_column, only
        As for `find_sites`.

    Returns
    -------
    Regions
        Those that were chosen, RD New (EPSG:28992).

    Raises
    ------
    RegionError, FileError, ColumnError, CrsError
        When the area cannot be used.
    """
    if isinstance(area, Regions):
        regions = area
    elif name_column is not None:
        regions = read_regions("gebied", area, name_column=name_column)
    else:
        frame, source = read_vector(area)
        # One name for all rows makes one region of them.
        named = frame[["geometry"]].assign(gebied="gebied")
        shapes = read_regions("gebied", named, name_column="gebied").frame
        regions = Regions("gebied", shapes, source)
    if not only:
        return regions
    names = regions.frame["gebied"]
    gone = [name for name in only if name not in set(names)]
    if gone:
        there = ", ".join(names[:20])
        raise RegionError(f"gebied {', '.join(gone)} bestaat niet; er zijn onder meer: {there}.")
    chosen = regions.frame[names.isin(set(only))].reset_index(drop=True)
    return Regions(regions.level, chosen, regions.source)


def _dissolved(regions: Regions) -> NDArray[np.object_]:
    """Give the ground of all regions once, also where they overlap."""
    shapes = regions.frame.geometry.to_numpy()
    _, together = dissolve(np.zeros(len(shapes), dtype=np.intp), shapes)
    return np.asarray(shapely.get_parts(together), dtype=object)


def _of_plans(plans: Locations) -> Ground:
    """Take the ground of plans; where there is none all is known."""
    shapes = plans.frame.geometry.to_numpy()[plans.usable]
    none = np.empty(0, dtype=object)
    everywhere = np.array([shapely.box(-1e7, -1e7, 1e7, 1e7)], dtype=object)
    return Ground(shapes, np.zeros(len(shapes)), none, np.empty(0), "", everywhere, 0.0)


def _sites(
    sieved: Sieved,
    wishes: Wishes,
    titled: Sequence[tuple[str, str, str]],
    grounds: Sequence[Ground],
    without_zone: Sequence[Toets],
    on: dt.date,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Make search areas of ground that is large enough, and say of each what is known."""
    shapes = np.concatenate([sieved.free, sieved.unknown])
    verdict = np.full(len(shapes), str(Oordeel.ONBEKEND), dtype=object)
    verdict[: len(sieved.free)] = str(Oordeel.VRIJ)
    area = shapely.area(shapes)
    # A square of exactly the least area is large enough, whatever the last bit of a coordinate.
    large = area >= wishes.min_m2 - _MEETS_M2
    shapes, verdict, area = shapely.normalize(shapes[large]), verdict[large], area[large]
    listed = ", ".join(title for _, title, _ in titled)
    reason = np.full(len(shapes), f"geen zone van {listed or 'een laag'}", dtype=object)
    doubtful = np.flatnonzero(verdict == str(Oordeel.ONBEKEND))
    # Plans come last and have no title here: of their ground all is known.
    told = [title for _, title, _ in titled]
    reason[doubtful] = _why_unknown(shapes[doubtful], told, grounds, sieved.unknown_by)
    columns: dict[str, Any] = {"oordeel": verdict, "reden": reason}
    columns["oppervlakte_m2"] = area
    columns["gemiddelde_breedte_m"] = mean_width_m(shapes)
    columns["compactheid"] = 4 * np.pi * area / shapely.length(shapes) ** 2
    for density in wishes.density:
        # The last bit of a product must not cost a home.
        homes = np.floor(area / 10_000 * density * wishes.net_share + 1e-6)
        columns[homes_column(density)] = homes.astype(np.int64)
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:28992")
    doubts = []
    if without_zone and len(frame):
        _judge_whole(frame, without_zone, wishes, on)
        names = ", ".join(x.title for x in without_zone)
        doubts.append(
            f"{names}: per zoekgebied beoordeeld, bij "
            f"{counted(wishes.density[0], 'woning', 'woningen', decimals=2)} per hectare; in de "
            "m² van de balans tellen alleen regels met een zone."
        )
    return frame, doubts


def _why_unknown(
    shapes: NDArray[np.object_],
    titles: Sequence[str],
    grounds: Sequence[Ground],
    unknown_by: Sequence[NDArray[np.object_]],
) -> NDArray[np.object_]:
    """Say per search area which rules leave it unknown; titles may be equal."""
    reasons: list[list[str]] = [[] for _ in shapes]
    for title, ground, pieces in zip(titles, grounds, unknown_by, strict=False):
        if ground.nowhere:
            for listed in reasons:
                listed.append(f"{title}: {ground.nowhere}")
            continue
        site, piece = shapely.STRtree(pieces).query(shapes, predicate="intersects")
        shared = shapely.area(shapely.intersection(shapes[site], pieces[piece]))
        for i in np.unique(site[shared > _MEETS_M2]):
            reasons[i].append(f"{title}: hier is van de laag niet alles bekend")
    result = np.empty(len(shapes), dtype=object)
    result[:] = ["; ".join(listed) for listed in reasons]
    return result


def _judge_whole(
    frame: gpd.GeoDataFrame, toetsen: Sequence[Toets], wishes: Wishes, on: dt.date
) -> None:
    """Have rules without a zone judge each search area, in place."""
    shapes = frame.geometry.to_numpy()
    about = pd.DataFrame({"locatie_id": [str(i) for i in range(len(frame))]})
    about["naam"] = about["locatie_id"]
    about["woningen"] = frame[homes_column(wishes.density[0])].astype(float)
    # No procedure has begun, so rules for soft and for new plans hold.
    about["planstatus"], about["hardheid"] = "4B", str(Hardheid.ZACHT)
    subjects = Subjects(Sites(shapes), about, on)
    weight = pd.Index(OORDELEN).get_indexer(pd.Index(frame["oordeel"]))
    reason = frame["reden"].to_numpy(dtype=object).copy()
    least = SEVERITIES.index(wishes.from_severity)
    for toets in toetsen:
        judged = judge(toets.layer, toets.rule, subjects)
        own = pd.Index(OORDELEN).get_indexer(pd.Index(judged.verdict, dtype=object))
        severity = pd.Index(SEVERITIES).get_indexer(pd.Index(judged.severity, dtype=object))
        light = (own == OORDELEN.index(Oordeel.BELEMMERD)) & (severity < least)
        own = np.where(light, OORDELEN.index(Oordeel.VRIJ), own)
        heavier, equal = own > weight, (own == weight) & (own > 0)
        said = f"{toets.title}: " + judged.reason
        reason[equal] = reason[equal] + "; " + said[equal]
        reason[heavier] = said[heavier]
        weight = np.maximum(weight, own)
    frame["oordeel"] = np.array(OORDELEN, dtype=object)[weight]
    frame["reden"] = reason


def _locate(frame: gpd.GeoDataFrame, regions: Regions) -> None:
    """Say in which region the largest part of each search area lies, in place."""
    sites = Sites(frame.geometry.to_numpy())
    site, region, shared = area_by_feature(sites, regions.frame.geometry.to_numpy())
    names = regions.frame["gebied"].to_numpy(dtype=object)
    name = np.full(len(sites), OUTSIDE, dtype=object)
    share = np.zeros(len(sites))
    # Largest last, so that it is what stays; equal parts by name.
    order = np.lexsort((-region, shared))
    name[site[order]] = names[region[order]]
    share[site[order]] = (shared[order] / sites.area[site[order]]).clip(0.0, 1.0)
    frame["gebied"], frame["gebied_aandeel"] = name, share


def _ranked(frame: gpd.GeoDataFrame, wishes: Wishes) -> gpd.GeoDataFrame:
    """Order search areas, and number them; the noise of coordinates decides nothing."""
    by = wishes.rank_by
    key = frame[by].to_numpy(dtype=float) if by in frame else np.zeros(len(frame))
    key = np.nan_to_num(-key if RANKS[by] else key, nan=np.inf)
    weight = pd.Index(OORDELEN).get_indexer(pd.Index(frame["oordeel"]))
    bounds = shapely.bounds(frame.geometry.to_numpy()).round(3)
    area = -frame["oppervlakte_m2"].to_numpy().round(2)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], area, key.round(4), weight))
    frame = frame.iloc[order].reset_index(drop=True)
    rank = np.arange(1, len(frame) + 1)
    digits = max(4, len(str(len(frame))))
    frame["zoekgebied_id"] = pd.Series([f"Z{i:0{digits}d}" for i in rank], dtype=object)
    frame["rang"] = rank
    first = ["zoekgebied_id", "rang", "oordeel", "reden", "gebied", "gebied_aandeel"]
    measured = ["oppervlakte_m2", "gemiddelde_breedte_m", "compactheid"]
    measured += [c for c in ("afstand_bebouwd_m", "bebouwd_aandeel") if c in frame]
    homes = [homes_column(d) for d in wishes.density]
    return frame[[*first, *measured, *homes, "geometry"]]
