"""Spray zones: homes keep away from crops that are sprayed.

The crops come from the Basisregistratie Gewaspercelen (BRP), by code and never by name. That is
what grew in those years: a lower bound of what the omgevingsplan allows, which is what a court
looks at (ABRvS 2017:868). That is the second variant: the layer `spuitzones_planologisch`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.catalogue import default_catalogue
from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, numbers, recognise
from woongeo.encode import line_text
from woongeo.engine import REACH_M
from woongeo.errors import ColumnError, LayerError, UnknownResultWarning
from woongeo.gewassen import CropGroup, CropList, crop_list
from woongeo.layers import Coverage, Layer, read_coverage, read_layer
from woongeo.layers.near import bounds_of, sites_in
from woongeo.numerals import by_number, counted
from woongeo.rules import Rule
from woongeo.sources import Source, read_selected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.catalogue import Catalogue
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase
    from woongeo.sources.asked import Box

#: The columns that the layer's features have besides those of every layer.
COLUMNS = ("gewasgroep", "spuitafstand_m", "gewascode", "jaar")

#: What stands in the column `gewasgroep` of a parcel whose code is not known.
UNKNOWN = "onbekend"

Parcels: TypeAlias = "str | Path | gpd.GeoDataFrame"

# The names that BRP has used, PDOK's client gives, and EuroCrops keeps.
_CODE = ("gewascode", "gws_gewasc", "gws_gewascode", "gewas_code", "crop_code", "original_code")
_YEAR = ("jaar", "year")
_CATEGORY = ("category", "categorie", "cat_gewasc", "cat_gewascategorie")
_CROP = ("gewas", "gws_gewas")

# Fewer years miss crops that move about: lilies stand on rented grassland for a year.
_YEARS = 3

# The column with how far each parcel reaches.
_WIDTH = "spuitafstand_m"

# How far around sites parcels are read: distances beyond it are not known.
_NEAR_M = 1_000.0


@dataclass(frozen=True, eq=False)
class _Part:
    """Parcels of one file."""

    frame: gpd.GeoDataFrame
    source: Source
    rows: int
    without_year: bool


def read_spuitzones(  # noqa: PLR0913  one keyword a fact
    sources: Parcels | Sequence[Parcels] | Mapping[int, Parcels],
    *,
    groups: Sequence[str] | None = None,
    widths: float | Mapping[str, float] | None = None,
    not_sprayed: Sequence[int] = (),
    around: Locations | gpd.GeoDataFrame | None = None,
    reach_m: float = _NEAR_M,
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None,
    rule: RuleBase | None = None,
    code_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    key: str = "spuitzones",
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read the parcels on which sprayed crops grow, of one year or several, as a layer.

    Parcels are chosen by crop code. A parcel whose code is not in the list (of 2020, with what was
    seen later) is read too, unless its category says that it is grass, nature, fallow or landscape:
    sites near it are `onbekend`.

    Parameters
    ----------
    sources : path, GeoDataFrame, or several of them
        BRP Gewaspercelen. Of GeoPackage, FlatGeobuf, File Geodatabase and GeoParquet only the rows
        that are wanted are held. A mapping of year to file gives the year where the file has no
        column of it. What grew in any of the years counts: give three or more.
    groups : sequence of str, optional
        Keys of crop groups (`woongeo.gewassen.crop_list`); without it fruit, boomteelt,
        boomteelt_pot, bollen and sierteelt.
    widths : float or Mapping, optional
        Metres that homes stay away: one for all, or group to metres. 50 m without it.
    not_sprayed : sequence of int
        Codes that are not in the list, and that you know not to be sprayed.
    around : Locations or GeoDataFrame, optional
        Only parcels around these are read; the layer then says nothing of elsewhere.
    reach_m : float
        How far around, metres, at least the largest width.
    coverage : optional
        As for `read_layer`; without it the Netherlands, where the files are large enough for it.
    rule : RuleBase, optional
        As for `read_layer`.
    code_column : str, optional
        The column with the crop code; the usual ones are recognised.
    layer, crs : optional
        As for `read_layer`.
    key : str
        Of the layer.
    reference_date : date, optional
        Without it 15 May of the latest year, which is the day of the BRP.
    publisher, licence, catalogue : optional
        As for `read_layer`.

    Returns
    -------
    Layer
        In RD New (EPSG:28992), by file and then row. Features have `gewasgroep` (its key),
        `spuitafstand_m`, `gewascode` and `jaar` (text); their id is year and row. The zone around
        a parcel is what its rule says; parcels are not united, and overlap over the years.

    Raises
    ------
    ColumnError
        When a file has no crop code: a name is not enough.
    LayerError
        When a group does not exist, a width makes no sense, `not_sprayed` holds no codes, there is
        nothing to read around, or `reach_m` is less than a width.
    FileError, CrsError
        As `read_layer`.

    Warns
    -----
    UnknownResultWarning
        When codes are not known, a file is empty, or absence says nothing.
    """
    crops = crop_list()
    chosen = _with_widths(crops.chosen(groups), crops, widths)
    widest = max(group.within_m for group in chosen)
    if around is not None and not reach_m >= widest:
        raise LayerError(f"reach_m is {reach_m!r}; geef minstens de grootste afstand, {widest} m.")
    box = None if around is None else _box(around, reach_m)
    pick = _Pick(chosen, crops, _codes(not_sprayed))
    parts = [
        _read_part(
            given,
            year,
            code_column=code_column,
            pick=pick,
            within=None if box is None else box.bounds,
            layer=layer,
            crs=crs,
        )
        for year, given in _listed(sources)
    ]
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    parcels = gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:28992")
    # Two files of one year number their rows alike.
    double = parcels["object_id"].duplicated(keep=False)
    number = np.repeat(np.arange(1, len(parts) + 1), [len(part.frame) for part in parts])
    parcels.loc[double, "object_id"] += " van bestand " + pd.Series(number).astype(str)[double]
    years = sorted({year for year in parcels["jaar"] if year})
    asked = catalogue or default_catalogue()
    spec = asked.spec(key)
    covered = coverage if coverage is not None else spec.coverage
    fewest = min(part.rows for part in parts)
    empty = _empty(parts)
    if empty:
        warnings.warn(f"{spec.title}: {empty}.", UnknownResultWarning, stacklevel=2)
    elif coverage is None and fewest < spec.min_features:
        told = (
            f"een bestand telt {fewest} {by_number(fewest, 'perceel', 'percelen')} en landelijk "
            "zijn er minstens"
        )
        told = f"{told} {spec.min_features}: geef de dekking op (coverage) als dit een uitsnede is"
        warnings.warn(f"{spec.title}: {told}.", UnknownResultWarning, stacklevel=2)
        covered = Coverage(None, f"niet opgegeven: {told}")
    if box is not None and covered is not None:
        covered = _near(covered, box, reach_m)
    if reference_date is None and years:
        reference_date = dt.date(int(years[-1]), 5, 15)
    found = read_layer(
        key,
        parcels.drop(columns=["gewas"]),
        coverage=covered,
        rule=rule,
        id_column="object_id",
        name_column="object_naam",
        reference_date=reference_date,
        publisher=publisher or "RVO",
        licence=licence,
        # No crop that is sprayed is no empty file; which is looked at here.
        empty_is_free=True,
        catalogue=catalogue,
    )
    found = replace(found, rules=_looking(found.rules, widest))
    near = box is not None
    found = replace(found, around=near, reach_m=reach_m if near else REACH_M)
    # Parcels of another file hinder, and where none is near the empty file says nothing.
    if empty and len(parcels):
        found = replace(found, incomplete="; ".join(filter(None, (empty, found.incomplete))))
    elif empty:
        found = replace(found, unknown=empty)
    return _finished(found, parcels, parts, years)


def _empty(parts: list[_Part]) -> str:
    """Say which file holds no parcel at all, which is what a failed download looks like."""
    empty = [
        f"bestand {i} ({line_text(Path(part.source.path).name)})"
        for i, part in enumerate(parts, 1)
        if not part.rows
    ]
    if not empty:
        return ""
    return f"{' en '.join(empty)} {by_number(len(empty), 'is', 'zijn')} leeg"


def _looking(rules: Mapping[str, RuleBase], widest: float) -> dict[str, RuleBase]:
    """Have rules look as far as the widest group, whether there is a parcel of it or not."""
    return {
        name: replace(rule, within_m=widest)
        if isinstance(rule, Rule) and rule.within_column == _WIDTH and rule.within_m is None
        else rule
        for name, rule in rules.items()
    }


def _with_widths(
    groups: list[CropGroup], crops: CropList, widths: float | Mapping[str, float] | None
) -> list[CropGroup]:
    """Give groups the widths that were asked for."""
    given = widths if isinstance(widths, Mapping) else {}
    stray = sorted(set(given) - set(crops.groups))
    if stray:
        raise LayerError(
            f"widths: gewasgroep {stray[0]!r} bestaat niet; kies uit {', '.join(crops.groups)}."
        )
    for_all = None if widths is None or isinstance(widths, Mapping) else float(widths)
    result = []
    for group in groups:
        width = float(given.get(group.key, group.within_m if for_all is None else for_all))
        if not 0 < width <= REACH_M:
            raise LayerError(f"widths: {group.key} is {width!r}; geef meer dan 0 meter.")
        result.append(replace(group, within_m=width))
    return result


def _codes(not_sprayed: Sequence[int]) -> frozenset[int]:
    """Take the codes that the user knows; one that is no number would silently change nothing."""
    if isinstance(not_sprayed, str | bytes) or not isinstance(not_sprayed, Collection):
        raise LayerError(
            f"not_sprayed is {not_sprayed!r}; geef een lijst van codes, ook van één: "
            f"[{not_sprayed!r}]."
        )
    given = list(not_sprayed)
    codes = numbers(pd.Series(given, dtype=object))[0]
    wrong = [code for code, number in zip(given, codes, strict=True) if number % 1 != 0]
    if wrong:
        raise LayerError(f"not_sprayed: {wrong[0]!r} is geen gewascode; geef hele getallen.")
    return frozenset(codes.astype(int))


def _listed(
    sources: Parcels | Sequence[Parcels] | Mapping[int, Parcels],
) -> list[tuple[int | None, Parcels]]:
    """List files with the year that was given for each."""
    if isinstance(sources, Mapping):
        listed: list[tuple[int | None, Parcels]] = [(int(y), f) for y, f in sources.items()]
    elif isinstance(sources, str | Path | gpd.GeoDataFrame):
        listed = [(None, sources)]
    else:
        listed = [(None, given) for given in sources]
    if not listed:
        raise LayerError("spuitzones: er zijn geen bestanden met gewaspercelen gegeven.")
    return listed


def _box(around: Locations | gpd.GeoDataFrame, reach_m: float) -> shapely.Polygon:
    """Draw the box around sites in which parcels are read."""
    bounds = bounds_of(sites_in(around))
    return shapely.box(*(bounds + np.array([-1, -1, 1, 1]) * reach_m))


def _near(
    covered: str | Path | gpd.GeoDataFrame | Coverage, box: shapely.Polygon, reach_m: float
) -> Coverage | str | Path | gpd.GeoDataFrame:
    """Limit a coverage to the box in which was looked."""
    if isinstance(covered, str) and covered.strip().lower() == "eigen gebieden":
        return covered
    area = covered if isinstance(covered, Coverage) else read_coverage(covered)
    if area.geometry is None:
        return area
    # Across the border the rule does not hold, so there the edge of the country is none.
    shapes = shapely.buffer(area.geometry, reach_m) if area.nationwide else area.geometry
    inside = shapely.intersection(shapes, box)
    told = f"{area.description}, alleen waar rond de locaties is gelezen"
    return Coverage(inside[~shapely.is_empty(inside)], told, source=area.source)


class _Pick:
    """Which rows of a file are wanted, and what they are."""

    def __init__(
        self, groups: list[CropGroup], crops: CropList, not_sprayed: frozenset[int]
    ) -> None:
        self.group = {code: group for group in groups for code in group.codes}
        self.widest = max(group.within_m for group in groups)
        known = crops.other.union(not_sprayed, *(g.codes for g in crops.groups.values()))
        self.known = known
        self.harmless = crops.harmless_categories

    def rows(self, codes: pd.Series, category: pd.Series | None) -> NDArray[np.bool_]:
        """Tell which rows are sprayed, or may be."""
        number = numbers(codes)[0]
        sprayed = number.isin(list(self.group)).to_numpy()
        unknown = ~number.isin(list(self.known)).to_numpy()
        if category is not None:
            lower = as_text(category).str.lower()
            unknown &= ~lower.isin(list(self.harmless)).to_numpy()
        return np.asarray(sprayed | unknown)


def _read_part(  # noqa: PLR0913  what belongs to one file
    given: Parcels,
    year: int | None,
    *,
    code_column: str | None,
    pick: _Pick,
    within: Box | None,
    layer: str | None,
    crs: object,
) -> _Part:
    """Read one file."""
    what = "het GeoDataFrame" if isinstance(given, gpd.GeoDataFrame) else str(given)
    columns: dict[str, str | None] = {}

    def choose(there: Sequence[str]) -> list[str]:
        columns["code"] = code_column if code_column in there else recognise(there, _CODE)
        if columns["code"] is None or (code_column and code_column not in there):
            raise ColumnError(
                f"{what}: er is geen kolom met de gewascode (bijvoorbeeld 'gewascode'); noem haar "
                "met code_column. Op de naam van het gewas wordt niet gezocht: 'appel' staat ook "
                f"in Aardappelen. Wel: {', '.join(there)}."
            )
        columns["category"] = recognise(there, _CATEGORY)
        return [c for c in (columns["code"], columns["category"]) if c is not None]

    def wanted(values: pd.DataFrame) -> NDArray[np.bool_]:
        category = columns["category"]
        return pick.rows(values[columns["code"]], None if category is None else values[category])

    selected = read_selected(
        given, columns=choose, wanted=wanted, within=within, layer=layer, crs=crs
    )
    frame = selected.frame
    there = [str(c) for c in frame.columns if c != "geometry"]
    in_file, crop = recognise(there, _YEAR), recognise(there, _CROP)
    years = pd.Series("" if year is None else str(year), index=frame.index, dtype=object)
    if in_file is not None:
        stated = as_text(frame[in_file])
        years = stated.where(stated.str.fullmatch(r"\d{4}"), years)
    code = numbers(frame[columns["code"]])[0]
    raw = as_text(frame[columns["code"]])
    # A code of no group, or none at all: 1096.5 is no 1096.
    group = [pick.group.get(c) for c in code]
    parcels = gpd.GeoDataFrame(
        {
            "object_id": years.where(years != "", "zonder jaar") + "/" + as_text(frame["rij"]),
            "gewas": as_text(frame[crop]) if crop is not None else "",
            "gewasgroep": [UNKNOWN if g is None else g.key for g in group],
            "spuitafstand_m": [pick.widest if g is None else g.within_m for g in group],
            "gewascode": raw,
            "jaar": years,
        },
        geometry=frame.geometry.to_numpy(),
        crs="EPSG:28992",
    )
    titles = [UNKNOWN if g is None else g.title for g in group]
    name = parcels["gewas"].where(parcels["gewas"] != "", pd.Series(titles, dtype=object))
    parcels["object_naam"] = name + " (" + raw.where(raw != "", "zonder code") + ")"
    return _Part(
        parcels,
        selected.source,
        selected.rows,
        without_year=bool((years == "").any()),
    )


def _finished(
    found: Layer, parcels: gpd.GeoDataFrame, parts: list[_Part], years: list[str]
) -> Layer:
    """Put back what a layer in general does not keep, and say what a reader should know."""
    findings = []
    unknown = parcels[parcels["gewasgroep"] == UNKNOWN]
    if len(unknown):
        counts = unknown["gewascode"].replace("", "zonder code").value_counts()
        listed = ", ".join(f"{code} ({n})" for code, n in sorted(counts.items()))
        told = (
            f"{counted(len(unknown), 'perceel', 'percelen')} met een gewascode die niet bekend "
            f"is: {listed}; binnen {by_number(len(unknown), 'zijn', 'hun')} afstand is het "
            "oordeel onbekend (noem met not_sprayed welke niet worden bespoten)"
        )
        findings.append(Finding("", "gewascode onbekend", "waarschuwing", told))
        warnings.warn(f"{found.title}: {told}.", UnknownResultWarning, stacklevel=3)
    if len(years) < _YEARS:
        told = (
            f"{len(years)} teeltjaar bekend ({', '.join(years) or 'geen'}): wisselteelt zoals "
            f"lelies wordt gemist; geef er minstens {_YEARS}"
        )
        findings.append(Finding("", "weinig teeltjaren", "waarschuwing", told))
    if any(part.without_year for part in parts):
        told = "van percelen is het jaar niet bekend; geef de bestanden als {jaar: bestand}"
        findings.append(Finding("", "teeltjaar onbekend", "melding", told))
    told = "feitelijk gebruik volgens de BRP: een ondergrens van wat het omgevingsplan toestaat"
    findings.append(Finding("", "feitelijk gebruik", "melding", told))
    keep = parcels.set_index("object_id")[list(COLUMNS)]
    features = found.features.drop(columns=list(COLUMNS), errors="ignore")
    rows = keep.loc[features["object_id"]].reset_index(drop=True)
    features = pd.concat([features.drop(columns="geometry"), rows], axis=1)
    features = gpd.GeoDataFrame(features, geometry=found.features.geometry.to_numpy(), crs=28992)
    return replace(
        found,
        features=features,
        source=_together([part.source for part in parts]),
        report=CheckReport(
            pd.concat([found.report.table, CheckReport.of(findings).table], ignore_index=True)
            if len(found.report)
            else CheckReport.of(findings).table
        ),
    )


def _together(sources: list[Source]) -> Source:
    """Make one source of several files."""
    first = sources[0]
    if len(sources) == 1:
        return first
    lines = "".join(f"{s.sha256}  {s.path}\n" for s in sources)
    return replace(
        first,
        path="; ".join(s.path for s in sources),
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        files=tuple(file for s in sources for file in s.files),
        features=sum(s.features for s in sources),
        notes=tuple(f"{s.path}: {note}" for s in sources for note in s.notes),
        others=tuple(sources),
    )
