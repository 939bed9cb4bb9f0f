"""What kind of location it is: where it lies, how large it is, what it was designated as.

Attributes to filter and to add up on, no bottlenecks. What is not given is `onbekend`: whether a
location is a doorbraaklocatie or holds flexwoningen is never guessed from a name or a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.columns import as_text, numbers
from woongeo.engine import Sites, measure, uncovered
from woongeo.errors import ColumnError, LocationError, RuleError
from woongeo.numerals import dutch

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.locations import Locations

#: Where a location lies.
LIGGINGEN = ("binnen bebouwd gebied", "aan de rand", "in het open gebied", "onbekend")
ONBEKEND, JA, NEE = "onbekend", "ja", "nee"

#: From so many homes on an extension on farm land is `uitleg`: Planmonitor Wonen (Zeeland,
#: B3Partners, 31-3-2026), help on `plantype`.
UITLEG_WONINGEN = 12
#: From so many homes to 2034 on a location is regionaal grootschalig, by what it lies near: ANP,
#: 26-9-2025 (kabinet, 127 locaties).
GROOTSCHALIG = {"grote stad": 2_000, "centrumstad": 1_000, "regiokern": 400}

_YES = {"ja", "j", "yes", "y", "true", "waar", "1", "x"}
_NO = {"nee", "n", "no", "false", "onwaar", "0"}


@dataclass(frozen=True)
class TypologyLimits:
    """From where on a location is of a kind.

    Attributes
    ----------
    inside_share : float
        Share of a site (0-1) in built-up area from which on it lies inside: more than half of it is
        woongeo's choice, as Planmonitor Wonen gives a plan to the gemeente of its largest part.
    edge_m : float
        Distance in metres to built-up area up to which a site lies at its edge; woongeo's choice.
    small_below : float
        Fewer homes than this are `klein`: the line of Planmonitor Wonen between uitleg and other
        extensions, and about that of the Ladder voor duurzame verstedelijking.
    large_from : float
        So many homes or more are `groot`: the lowest line of regionaal grootschalig.
    uitleg_from : float
        So many homes or more outside built-up area are `uitleg`.
    """

    inside_share: float = 0.5
    edge_m: float = 50.0
    small_below: float = UITLEG_WONINGEN
    large_from: float = GROOTSCHALIG["regiokern"]
    uitleg_from: float = UITLEG_WONINGEN

    def __post_init__(self) -> None:
        if not 0 < self.inside_share <= 1:
            raise RuleError(
                f"inside_share is {self.inside_share!r}; geef een deel (meer dan 0, hoogstens 1)."
            )
        if not 0 <= self.edge_m < float("inf"):
            raise RuleError(f"edge_m is {self.edge_m!r}; geef 0 of meer meter.")
        if not self.small_below <= self.large_from:
            raise RuleError(
                f"small_below is {self.small_below!r} en large_from {self.large_from!r}: "
                "draai ze om."
            )


def typology(  # noqa: PLR0913  one keyword an attribute
    locations: Locations,
    *,
    built_up: Layer | None = None,
    city_class: str | None = None,
    grootschalig: str | Collection[str] | None = None,
    doorbraak: str | Collection[str] | None = None,
    flex: str | Collection[str] | None = None,
    limits: TypologyLimits | None = None,
) -> pd.DataFrame:
    """Say of each location what kind it is.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    built_up : Layer, optional
        Built-up area (bestaand bebouwd gebied) with its coverage, from `read_layer`. Without it
        `ligging` is `onbekend`.
    city_class : str, optional
        The column of the locations that says what they lie near: "grote stad", "centrumstad",
        "regiokern", or "geen".
    grootschalig : str or collection of str, optional
        Which locations the cabinet designated as regionaal grootschalig: a column (ja/nee), or
        their ids. Without it the number of homes is held against `GROOTSCHALIG`.
    doorbraak : str or collection of str, optional
        Which are doorbraaklocatie: a column (ja/nee), or their ids.
    flex : str or collection of str, optional
        Which hold flexwoningen: a column (ja/nee, or how many), or their ids.
    limits : TypologyLimits, optional
        Other lines than the usual ones.

    Returns
    -------
    DataFrame
        One row a location, on the index of `locations.frame`: `locatie_id`, `bebouwd_aandeel` (0-1)
        and `bebouwd_afstand_m` (NaN where not known), and, each with its `_reden` in Dutch:
        `ligging` (one of `LIGGINGEN`), `uitbreiding` (uitleg, overig, geen, onbekend; whether the
        ground was farm land is not looked at), `grootte` (klein, middel, groot, onbekend),
        `regionaal_grootschalig`, `doorbraaklocatie` and `flexwoningen` (ja, nee, onbekend).

    Raises
    ------
    ColumnError
        When a column does not exist.
    LocationError
        When an id does not exist.
    """
    lines = limits or TypologyLimits()
    frame = locations.frame
    table = pd.DataFrame({"locatie_id": frame["locatie_id"]})
    where, why, share, distance = _lie(locations, built_up, lines)
    table["bebouwd_aandeel"], table["bebouwd_afstand_m"] = share, distance
    table["ligging"], table["ligging_reden"] = where, why
    homes = frame["woningen"].to_numpy(dtype=float)
    answers = {
        "uitbreiding": _extension(where, homes, lines),
        "grootte": _size(homes, lines),
        "regionaal_grootschalig": _stated(locations, grootschalig, "aangewezen")
        if grootschalig is not None
        else _large_scale(locations, homes, city_class),
        "doorbraaklocatie": _stated(locations, doorbraak, "doorbraaklocatie"),
        "flexwoningen": _stated(locations, flex, "flexwoningen"),
    }
    for name, (value, reason) in answers.items():
        table[name], table[f"{name}_reden"] = value, reason
    return table


def with_typology(locations: Locations, table: pd.DataFrame) -> Locations:
    """Put the kinds of locations among their columns, to screen, sum and filter on.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    table : DataFrame
        From `typology`, of these locations.

    Returns
    -------
    Locations
        A copy; `summarize_plancapaciteit(screening, by=["ligging"])` adds up by them.

    Raises
    ------
    LocationError
        When the table is of other locations.
    ColumnError
        When a column stands there already.
    """
    frame = locations.frame
    if table["locatie_id"].tolist() != frame["locatie_id"].tolist():
        raise LocationError("deze typologie hoort bij andere locaties: maak haar opnieuw.")
    new = table.drop(columns=["locatie_id"])
    taken = {str(c).lower() for c in frame.columns}
    double = [c for c in new.columns if c.lower() in taken]
    if double:
        raise ColumnError(
            f"kolom {double[0]!r} staat al in de locaties; hernoem haar in een van beide."
        )
    plain = pd.DataFrame(frame.drop(columns=["geometry"]))
    together = pd.concat([plain, new.set_index(plain.index)], axis=1)
    shapes = gpd.GeoDataFrame(together, geometry=frame.geometry, crs="EPSG:28992")
    return replace(locations, frame=shapes)


Answer = tuple["NDArray[np.object_]", "NDArray[np.object_]"]


def _lie(
    locations: Locations, built_up: Layer | None, lines: TypologyLimits
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.float64], NDArray[np.float64]]:
    """Say where locations lie, and why, with the share inside and the distance to built-up area."""
    n, usable = len(locations), locations.usable
    where = np.full(n, ONBEKEND, dtype=object)
    why = np.array([f"vlak onbruikbaar: {p}" for p in locations.problem], dtype=object)
    share, distance = np.full(n, np.nan), np.full(n, np.nan)
    nothing = "geen laag met bebouwd gebied gegeven" if built_up is None else built_up.unknown
    if built_up is None or nothing:
        why[usable] = nothing
        return where, why, share, distance
    sites = Sites(locations.frame.geometry.to_numpy()[usable])
    found = measure(sites, built_up.features.geometry.to_numpy(), reach_m=built_up.reach_m)
    inside = np.where(found.whole, 1.0, np.minimum(found.overlap_m2 / sites.area, 1.0))
    # What is not known of a site could be built up.
    known_free, all_around = _known(built_up, sites, lines.edge_m)
    kind = np.full(len(sites), LIGGINGEN[2], dtype=object)
    near = found.hit | (found.distance_m <= lines.edge_m)
    kind[~near & ~all_around] = ONBEKEND
    kind[near] = LIGGINGEN[1]
    within = inside >= lines.inside_share - 1e-9
    kind[~within & (1 - known_free >= lines.inside_share - 1e-9)] = ONBEKEND
    kind[within] = LIGGINGEN[0]
    where[usable], share[usable], distance[usable] = kind, inside, found.distance_m
    why[usable] = [
        _why(k, s, d, lines) for k, s, d in zip(kind, inside, found.distance_m, strict=True)
    ]
    return where, why, share, distance


def _known(
    built_up: Layer, sites: Sites, edge_m: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the share of each site that is surely not built up, and whether all around is known."""
    n = len(sites)
    coverage = built_up.coverage.geometry
    if coverage is None or built_up.incomplete:
        return np.zeros(n), np.zeros(n, dtype=bool)
    features = built_up.features.geometry.to_numpy()
    surfaces = features[shapely.get_dimensions(features) == 2]
    free, _ = uncovered(sites, surfaces)
    neither, _ = uncovered(sites, np.concatenate([surfaces, coverage]))
    sure = np.clip((free - neither) / sites.area, 0.0, 1.0)
    if built_up.coverage.nationwide:
        return sure, np.ones(n, dtype=bool)
    beyond, _ = uncovered(Sites(shapely.buffer(sites.geometry, max(edge_m, 1e-3))), coverage)
    return sure, beyond == 0


def _why(kind: str, share: float, distance: float, lines: TypologyLimits) -> str:
    """Say why a site lies where it lies."""
    inside = f"{dutch(100 * share)} % ligt in bebouwd gebied"
    if kind == LIGGINGEN[0]:
        return f"{inside} (vanaf {dutch(100 * lines.inside_share)} %)"
    if kind == ONBEKEND:
        return f"{inside}; de laag met bebouwd gebied is hier of vlakbij niet bekend"
    away = "ligt ver van bebouwd gebied" if np.isnan(distance) else f"afstand {dutch(distance)} m"
    return f"{inside}; {away} (rand tot {dutch(lines.edge_m)} m)"


def _extension(
    where: NDArray[np.object_], homes: NDArray[np.float64], lines: TypologyLimits
) -> Answer:
    """Say which locations extend the built-up area, and how."""
    limit = dutch(lines.uitleg_from)
    outside = (where == LIGGINGEN[1]) | (where == LIGGINGEN[2])
    value = np.full(len(where), ONBEKEND, dtype=object)
    reason = np.full(len(where), "ligging is niet bekend", dtype=object)
    value[where == LIGGINGEN[0]] = "geen"
    reason[where == LIGGINGEN[0]] = "ligt binnen bebouwd gebied"
    reason[outside] = "aantal woningen is niet bekend"
    many, few = outside & (homes >= lines.uitleg_from), outside & (homes < lines.uitleg_from)
    value[many], value[few] = "uitleg", "overig"
    ground = "of de grond agrarisch was is niet nagegaan"
    reason[many] = f"buiten bebouwd gebied, {limit} woningen of meer; {ground}"
    reason[few] = f"buiten bebouwd gebied, minder dan {limit} woningen; {ground}"
    return value, reason


def _size(homes: NDArray[np.float64], lines: TypologyLimits) -> Answer:
    """Say how large locations are."""
    small, large = dutch(lines.small_below), dutch(lines.large_from)
    value = np.full(len(homes), ONBEKEND, dtype=object)
    reason = np.full(len(homes), "aantal woningen is niet bekend", dtype=object)
    for name, which, told in (
        ("klein", homes < lines.small_below, f"minder dan {small} woningen"),
        (
            "middel",
            (homes >= lines.small_below) & (homes < lines.large_from),
            f"vanaf {small} en minder dan {large} woningen",
        ),
        ("groot", homes >= lines.large_from, f"{large} woningen of meer"),
    ):
        value[which], reason[which] = name, told
    return value, reason


def _large_scale(
    locations: Locations, homes: NDArray[np.float64], city_class: str | None
) -> Answer:
    """Hold homes against the lines of regionaal grootschalig; nobody designated them here."""
    n = len(homes)
    lowest, highest = min(GROOTSCHALIG.values()), max(GROOTSCHALIG.values())
    told = "aanwijzing door het kabinet is niet gegeven"
    value = np.full(n, ONBEKEND, dtype=object)
    reason = np.full(n, f"soort stad is niet bekend; {told}", dtype=object)
    if city_class is None:
        kind = np.full(n, "", dtype=object)
    else:
        kind = as_text(_column(locations, city_class)).str.lower().to_numpy(dtype=object)
    few, many = homes < lowest, homes >= highest
    value[few], reason[few] = NEE, f"minder dan {dutch(lowest)} woningen, de laagste drempel"
    value[many] = JA
    reason[many] = f"{dutch(highest)} woningen of meer, de hoogste drempel; {told}"
    for name, limit in GROOTSCHALIG.items():
        here = kind == name
        value[here] = np.where(homes[here] >= limit, JA, NEE)
        reason[here] = f"drempel bij een {name} is {dutch(limit)} woningen; {told}"
    none = kind == "geen"
    value[none], reason[none] = NEE, "ligt niet bij een grote stad, centrumstad of regiokern"
    blank = np.isnan(homes) & ~none
    value[blank], reason[blank] = ONBEKEND, "aantal woningen is niet bekend"
    return value, reason


def _stated(locations: Locations, given: str | Collection[str] | None, what: str) -> Answer:
    """Take over what a column or a list says."""
    n = len(locations)
    if given is None:
        told = f"{what}: niet opgegeven"
        return np.full(n, ONBEKEND, dtype=object), np.full(n, told, dtype=object)
    if not isinstance(given, str):
        wanted, ids = {str(i) for i in given}, locations.frame["locatie_id"]
        stray = sorted(wanted - set(ids))
        if stray:
            raise LocationError(f"{what}: locatie {', '.join(stray[:5])} bestaat niet.")
        there = ids.isin(list(wanted)).to_numpy()
        value = np.where(there, JA, NEE).astype(object)
        listed = np.where(there, "staat in de opgegeven lijst", "staat niet in de opgegeven lijst")
        return value, listed.astype(object)
    column = _column(locations, given)
    text, (number, _) = as_text(column).str.lower(), numbers(column)
    yes, no = text.isin(list(_YES)) | (number > 0), text.isin(list(_NO)) | (number == 0)
    value = np.select([yes, no], [JA, NEE], ONBEKEND).astype(object)
    said = np.where(text == "", f"kolom {given} is leeg", f"kolom {given}: " + as_text(column))
    return value, said.astype(object)


def _column(locations: Locations, name: str) -> pd.Series:
    """Take a column of the locations."""
    there = [str(c) for c in locations.frame.columns if c != "geometry"]
    if name not in there:
        raise ColumnError(f"kolom {name!r} bestaat niet in de locaties; wel: {', '.join(there)}.")
    column: pd.Series = locations.frame[name]
    return column
