"""Housing locations: read, checked, nothing dropped, nothing mended in silence."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.checks import CheckReport, Finding
from woongeo.columns import (
    LOCATION_NAMES,
    as_text,
    choose,
    has_thousands,
    numbers,
    unique_ids,
)
from woongeo.encode import dutch, dutch_all, html_text, shortened
from woongeo.engine import Sites, overlapping
from woongeo.errors import DoubtfulLocationWarning, LocationError
from woongeo.geometry import Cleaned, clean, looks_like_circle, mean_width_m, voice_repairs
from woongeo.netherlands import outside_netherlands
from woongeo.planstatus import planstatus
from woongeo.sources import Source, read_vector
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Our own columns of a table of locations, in order.
COLUMNS = ("locatie_id", "naam", "woningen", "planstatus", "hardheid")

# Thresholds of the checks; what real registers hold is described in docs/begrippen.md.
_OVERLAP_M2 = 100.0
_SMALL_M2 = 100.0
_SLIVER_M = 2.0
_HOMES_PER_HA = 1_000.0


@dataclass(frozen=True, eq=False)
class Locations:
    """Housing locations in RD New, with the report of how they came in.

    Attributes
    ----------
    frame : GeoDataFrame
        One row a location, in the order of the input, on a `RangeIndex`: `locatie_id` (text,
        unique), `naam`, `woningen` (homes; NaN where unknown, never 0 instead), `planstatus` (code
        or "onbekend"), `hardheid` (hard, zacht, onbekend, telt niet mee), the input's own columns
        and `geometry` (RD New, EPSG:28992; valid surfaces where `usable`).
    usable : ndarray of bool
        Whether a location's shape can be measured; where it cannot its verdict is `onbekend`.
    problem : ndarray of str
        Why not.
    columns : dict
        Which column of the input was taken for id, name, woningen and planstatus; None where none.
    report : CheckReport
        Every doubt and repair.
    source : Source
        Where the locations came from.
    """

    frame: gpd.GeoDataFrame
    usable: NDArray[np.bool_]
    problem: NDArray[np.object_]
    columns: dict[str, str | None]
    report: CheckReport
    source: Source

    def __len__(self) -> int:
        return len(self.frame)

    @functools.cached_property
    def sites(self) -> Sites:
        """Give those that can be measured.

        Returns
        -------
        Sites
            RD New (EPSG:28992), metres; with what was measured of them.
        """
        shapes = self.frame.geometry.to_numpy()
        return Sites(shapes if self.usable.all() else shapes[self.usable])

    def _repr_html_(self) -> str:
        frame = self.frame
        chosen = ", ".join(f"{k}: {v or 'niet gevonden'}" for k, v in self.columns.items())
        return (
            f"<p><strong>{len(frame)} locaties</strong> uit "
            f"{html_text(shortened(self.source.path))}; "
            f"{dutch(frame['woningen'].sum(min_count=1), decimals=0)} woningen, "
            f"{int(frame['woningen'].isna().sum())} locaties zonder aantal. "
            f"Kolommen: {html_text(chosen)}.</p>{self.report._repr_html_()}"
        )


def read_locations(  # noqa: PLR0913  one keyword a meaning
    source: str | Path | gpd.GeoDataFrame,
    *,
    id_column: str | None = None,
    name_column: str | None = None,
    woningen_column: str | None = None,
    planstatus_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    query: str | None = None,
    overlaps: bool = True,
) -> Locations:
    """Read housing locations and check them.

    Every row of the input comes back. Shapes that GEOS calls invalid are repaired and reported
    with their change of area; a row whose shape cannot be measured stays, and is judged `onbekend`.
    Homes that are not given stay unknown. Plans that overlap each other are reported, not merged:
    which of a masterplan and its parts is to be counted is for the user to say.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        A vector file (see `woongeo.sources.read_vector`), a table of a PostGIS database
        (``postgresql://host/database?table=schema.table``) or a frame.
    id_column, name_column, woningen_column, planstatus_column : str, optional
        The columns that hold the id, the name, the number of homes and the planstatus. Without
        them the usual names of Dutch registers are recognised; `Locations.columns` says which were
        taken.
    layer : str, optional
        The layer in the file.
    crs : object, optional
        Reference system, where the file states none or a wrong one.
    encoding : str, optional
        Encoding of text in a shapefile or CSV.
    query : str, optional
        A SELECT in the database, instead of a table.
    overlaps : bool
        Whether to look for plans that overlap each other. Where many do, as in all buildings of a
        country, that is most of the work; the report says that it was not done.

    Returns
    -------
    Locations
        Locations in RD New (EPSG:28992), with the report.

    Raises
    ------
    FileError, ColumnError, CrsError
        When the file, a column or the coordinates cannot be used.
    LocationError
        When there are no rows, or none of them is a surface.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    DoubtfulLocationWarning
        When the report holds faults or doubts.
    """
    raw, origin = read_vector(
        source, layer=layer, crs=crs, encoding=encoding, query=query, usual_layer="locaties"
    )
    if not len(raw):
        raise LocationError(f"{origin.path}: er staan geen locaties in dit bestand.")
    given = {
        "id": id_column,
        "name": name_column,
        "woningen": woningen_column,
        "planstatus": planstatus_column,
    }
    found, cleaned = check_locations(raw, origin, given, overlaps=overlaps)
    if not found.usable.any():
        raise LocationError(
            f"{origin.path}: geen enkele rij heeft een bruikbaar vlak "
            f"({found.problem[0]}); lever locaties als vlakken."
        )
    voice_repairs(cleaned, origin.path, stacklevel=2)
    _voice(found.report, origin.path)
    return found


def check_locations(
    raw: gpd.GeoDataFrame, origin: Source, given: dict[str, str | None], *, overlaps: bool
) -> tuple[Locations, Cleaned]:
    """Check rows that were read.

    Parameters
    ----------
    raw : GeoDataFrame
        As of `read_vector`, at least one row.
    origin : Source
        Where it came from.
    given : dict
        Meaning to column as the user gave it: id, name, woningen, planstatus; None for each that
        is to be recognised.
    overlaps : bool
        As for `read_locations`.

    Returns
    -------
    locations : Locations
        All rows.
    cleaned : Cleaned
        Their shapes.
    """
    attributes = [c for c in raw.columns if c != "geometry"]
    chosen = choose(attributes, given, LOCATION_NAMES, what=origin.path)

    cleaned = clean(raw.geometry.to_numpy(), polygons_only=True)
    column = chosen["id"]
    texts = [""] * len(raw) if column is None else as_text(raw[column]).tolist()
    ids, findings = unique_ids(texts, column)
    frame, more = _standard_columns(raw, ids, chosen)
    # Where a shape cannot be measured it is shown as it was, unless it cannot even be stored.
    storable = cleaned.problem != "coördinaten zijn geen getallen"
    kept = np.where(cleaned.usable, cleaned.geometry, np.where(storable, raw.geometry, None))
    frame = frame.set_geometry(kept, crs="EPSG:28992")
    findings += more
    findings += _geometry_findings(ids, cleaned, raw.geometry.to_numpy())
    findings += _shape_findings(ids, cleaned, frame["woningen"].to_numpy())
    if overlaps:
        findings += _overlap_findings(ids, cleaned)
    else:
        text = "er is niet gekeken of locaties elkaar overlappen: woningen kunnen dubbel tellen"
        findings.append(Finding("", "overlap niet nagekeken", "melding", text))
    if origin.conversion.accuracy_m != 0:
        findings.append(_conversion_finding(origin))
    findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
    report = CheckReport.of(findings)
    taken = {meaning: chosen[meaning] for meaning in given}
    found = Locations(frame, cleaned.usable, cleaned.problem, taken, report, origin)
    return found, cleaned


def _voice(report: CheckReport, path: str) -> None:
    """Warn of the doubts that the report holds."""
    heavy = report.table[report.table["ernst"] != "melding"]
    doubts = {check: n for check, n in report.counts().items() if check in set(heavy["controle"])}
    doubts.pop("geometrie hersteld", None)
    if doubts:
        listed = ", ".join(f"{check} ({n})" for check, n in doubts.items())
        warnings.warn(
            f"{path}: controleer {listed}; zie het rapport.",
            DoubtfulLocationWarning,
            stacklevel=3,
        )


def _conversion_finding(origin: Source) -> Finding:
    conversion = origin.conversion
    accuracy = "onbekend" if conversion.accuracy_m is None else f"{dutch(conversion.accuracy_m)} m"
    return Finding(
        "",
        "ander coördinatenstelsel",
        "melding",
        f"omgerekend van {conversion.source} naar RD New ({conversion.operation}; "
        f"nauwkeurigheid {accuracy})",
        conversion.accuracy_m,
    )


def _standard_columns(
    raw: gpd.GeoDataFrame, ids: list[str], chosen: dict[str, str | None]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Put our own columns before the input's, and read homes and planstatus."""
    findings: list[Finding] = []
    frame = raw[["geometry"]].copy()
    frame["locatie_id"] = pd.Series(ids, dtype=object)
    name, homes, status = chosen["name"], chosen["woningen"], chosen["planstatus"]
    frame["naam"] = pd.Series(ids, dtype=object) if name is None else as_text(raw[name])
    if homes is None:
        frame["woningen"] = np.nan
        text = "geen kolom met woningen gevonden: alle aantallen zijn onbekend"
        findings.append(Finding("", "woningen ontbreekt", "waarschuwing", text))
    else:
        frame["woningen"], unreadable = numbers(raw[homes])
        findings += _home_findings(ids, frame["woningen"], unreadable, raw[homes])
    if status is None:
        frame["planstatus"], frame["hardheid"] = "onbekend", str(Hardheid.ONBEKEND)
        text = "geen kolom met planstatus gevonden: hard en zacht zijn onbekend"
        findings.append(Finding("", "planstatus onbekend", "waarschuwing", text))
    else:
        read = planstatus(as_text(raw[status]))
        if chosen["hardheid"] not in {None, status}:
            # Where a status cannot be read a column of its own may still say hard or zacht.
            stated = planstatus(as_text(raw[chosen["hardheid"]]))
            helped = (read["hardheid"] == Hardheid.ONBEKEND) & (
                stated["hardheid"] != Hardheid.ONBEKEND
            )
            read["hardheid"] = read["hardheid"].mask(helped, stated["hardheid"])
            if helped.any():
                text = f"bij {helped.sum()} locaties uit kolom {chosen['hardheid']}"
                findings.append(Finding("", "hardheid zonder planstatus", "melding", text))
        frame["planstatus"], frame["hardheid"] = read["planstatus"], read["hardheid"]
        findings += [
            Finding(ids[i], "planstatus onbekend", "waarschuwing", text)
            if code == "onbekend"
            else Finding(ids[i], "planstatus twijfelachtig", "waarschuwing", text)
            for i, (text, code) in enumerate(zip(read["twijfel"], read["planstatus"], strict=True))
            if text
        ]
    sloop = chosen.get("sloop")
    if sloop is not None:
        demolished, _ = numbers(raw[sloop])
        findings += [
            Finding(
                ids[i],
                "sloop negatief",
                "melding",
                f"{sloop} is {dutch(value)}: bedoeld is {dutch(-value)} te slopen woningen",
                value,
            )
            for i, value in enumerate(demolished)
            if value < 0
        ]
    # A result of ours that is read again brings the same columns: those stand there already.
    theirs = [
        column
        for column in raw.columns.drop("geometry")
        if not (column in COLUMNS and _same(frame[column], raw[column]))
    ]
    # Columns of a GeoPackage differ in more than case: "Planstatus" cannot stand beside ours.
    ours = {*COLUMNS, "geometry"}
    names = {}
    for column in theirs:
        new = column
        while new.lower() in ours:
            new += "_invoer"
        ours.add(new.lower())
        names[column] = new
        if new != column:
            findings.append(
                Finding("", "kolom hernoemd", "melding", f"invoerkolom {column} heet nu {new}")
            )
    kept = pd.DataFrame(raw[theirs]).rename(columns=names)
    together = pd.concat([pd.DataFrame(frame[[*COLUMNS]]), kept], axis=1)
    return gpd.GeoDataFrame(together, geometry=raw.geometry, crs="EPSG:28992"), findings


def _same(ours: pd.Series, theirs: pd.Series) -> bool:
    """Tell whether a column of the input says what ours says, to the letter."""
    return as_text(ours).tolist() == as_text(theirs).tolist()


def _home_findings(
    ids: list[str], homes: pd.Series, unreadable: pd.Series, raw: pd.Series
) -> list[Finding]:
    """Report homes that are missing, zero, negative, broken or no number."""
    findings = []
    for i in np.flatnonzero(has_thousands(raw)):
        text = f"aantal woningen {shortened(raw.iloc[i])!r} is gelezen als {dutch(homes.iloc[i])}"
        findings.append(Finding(ids[i], "woningen met duizendtallen", "melding", text))
    for i in np.flatnonzero(homes.notna() & (homes % 1 != 0)):
        value = float(homes.iloc[i])
        text = f"aantal woningen is {dutch(value, decimals=4)}: geen geheel getal"
        findings.append(Finding(ids[i], "woningen niet geheel", "waarschuwing", text, value))
    for i in np.flatnonzero(unreadable):
        text = f"aantal woningen {shortened(raw.iloc[i])!r} is geen getal: onbekend"
        findings.append(Finding(ids[i], "woningen onleesbaar", "waarschuwing", text))
    for i in np.flatnonzero(homes.isna() & ~unreadable):
        text = "aantal woningen is niet ingevuld: onbekend, niet nul"
        findings.append(Finding(ids[i], "woningen ontbreekt", "waarschuwing", text))
    findings += [
        Finding(ids[i], "woningen nul", "melding", "plan met 0 woningen", 0.0)
        for i in np.flatnonzero(homes == 0)
    ]
    for i in np.flatnonzero(homes < 0):
        value = float(homes.iloc[i])
        text = f"aantal woningen is {dutch(value)}: telt als vermindering mee"
        findings.append(Finding(ids[i], "woningen negatief", "waarschuwing", text, value))
    return findings


def _geometry_findings(
    ids: list[str], cleaned: Cleaned, original: NDArray[np.object_]
) -> list[Finding]:
    """Report shapes that cannot be measured, were repaired, or lost their heights."""
    findings = []
    for i in np.flatnonzero(~cleaned.usable):
        text = f"{cleaned.problem[i]}: oordeel is onbekend"
        findings.append(Finding(ids[i], "geometrie onbruikbaar", "fout", text))
    repaired = np.flatnonzero(cleaned.repaired)
    for i, before in zip(repaired, shapely.area(original[repaired]), strict=True):
        change = cleaned.area_change_m2[i]
        large = abs(change) > 0.01 * max(abs(before), 1e-9)
        findings.append(
            Finding(
                ids[i],
                "geometrie hersteld",
                "waarschuwing" if large else "melding",
                f"vlak was ongeldig en is hersteld: {dutch(before)} m² werd "
                f"{dutch(before + change)} m²",
                float(change),
            )
        )
    n = int(cleaned.flattened.sum())
    if n:
        findings.append(
            Finding("", "hoogten weggelaten", "melding", f"{n} vlakken hadden hoogten of maten", n)
        )
    text = "lijnen of punten naast het vlak zijn weggelaten"
    findings += [
        Finding(ids[i], "delen weggelaten", "melding", text)
        for i in np.flatnonzero(cleaned.reduced)
    ]
    return findings


def _shape_findings(ids: list[str], cleaned: Cleaned, homes: NDArray[np.float64]) -> list[Finding]:
    """Report shapes that are hardly sites: placeholders, slivers, crumbs, too many homes."""
    findings = []
    area = shapely.area(cleaned.geometry)
    circle = np.flatnonzero(looks_like_circle(cleaned.geometry))
    for i, size in zip(circle, dutch_all(area[circle], decimals=0), strict=True):
        text = f"vlak is een cirkel van {size} m²: waarschijnlijk een plaatshouder"
        findings.append(Finding(ids[i], "plaatshouder (cirkel)", "waarschuwing", text, area[i]))
    width = mean_width_m(cleaned.geometry)
    thin = np.flatnonzero(width < _SLIVER_M)
    for i, size in zip(thin, dutch_all(width[thin]), strict=True):
        text = f"vlak is gemiddeld {size} m breed"
        findings.append(Finding(ids[i], "splinter", "waarschuwing", text, width[i]))
    small = np.flatnonzero((area < _SMALL_M2) & ~(width < _SLIVER_M))
    for i, size in zip(small, dutch_all(area[small]), strict=True):
        text = f"vlak is {size} m² groot"
        findings.append(Finding(ids[i], "zeer klein vlak", "waarschuwing", text, area[i]))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = homes / (area / 10_000)
    dense = np.flatnonzero(np.isfinite(density) & (density > _HOMES_PER_HA))
    for i, number, each in zip(
        dense, dutch_all(homes[dense]), dutch_all(density[dense], decimals=0), strict=True
    ):
        text = f"{number} woningen is {each} per hectare"
        findings.append(
            Finding(ids[i], "onaannemelijke dichtheid", "waarschuwing", text, density[i])
        )
    for i in np.flatnonzero(outside_netherlands(cleaned.geometry)):
        text = "vlak ligt (deels) buiten Nederland"
        findings.append(Finding(ids[i], "buiten Nederland", "waarschuwing", text))
    return findings


def _overlap_findings(ids: list[str], cleaned: Cleaned) -> list[Finding]:
    """Report pairs of plans that share ground: homes may be counted twice."""
    rows = np.flatnonzero(cleaned.usable)
    shapes = cleaned.geometry[rows]
    areas = shapely.area(shapes)
    first, second, shared, equal = overlapping(shapes, areas, least_m2=_OVERLAP_M2)
    large = np.where(areas[first] >= areas[second], first, second)
    small = first + second - large
    share = shared / areas[small]
    doubles: set[int] = set()
    findings = []
    for a, b, c, same, overlap, part, m2, percent in zip(
        *(rows[x].tolist() for x in (np.where(equal, first, large), small, second)),
        *(x.tolist() for x in (equal, shared, share)),
        dutch_all(shared.tolist(), decimals=0),
        dutch_all((100 * share).tolist(), decimals=0),
        strict=True,
    ):
        if same:
            # Of three equal shapes the second and the third are reported, once each.
            if c in doubles:
                continue
            doubles.add(c)
            text = f"zelfde vlak als {ids[a]}: woningen tellen mogelijk dubbel"
            findings.append(Finding(ids[c], "geometrie dubbel", "waarschuwing", text, overlap))
            continue
        kind = "ligt vrijwel geheel in" if part > 0.95 else "overlapt"
        text = f"{kind} {ids[a]} ({m2} m², {percent} %): woningen tellen mogelijk dubbel"
        findings.append(Finding(ids[b], "plannen overlappen", "waarschuwing", text, overlap))
    return findings
