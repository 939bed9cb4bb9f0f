"""Reading locations, and checking every row."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from woongeo.checks import CheckReport, Finding
from woongeo.columns import LOCATION_NAMES, as_text, choose, unique_ids
from woongeo.errors import DoubtfulLocationWarning, LocationError
from woongeo.geometry import Cleaned, clean, voice_repairs
from woongeo.locations.looks import Looks, geometry_findings, overlap_findings
from woongeo.locations.model import Locations
from woongeo.locations.standard import standard_columns
from woongeo.netherlands import outside_netherlands
from woongeo.numerals import dutch
from woongeo.sources import Source, read_vector
from woongeo.threads import Crew, uncollected

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd


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
    given = {
        "id": id_column,
        "name": name_column,
        "woningen": woningen_column,
        "planstatus": planstatus_column,
    }
    with uncollected():
        raw, origin = read_vector(
            source, layer=layer, crs=crs, encoding=encoding, query=query, usual_layer="locaties"
        )
        if not len(raw):
            raise LocationError(f"{origin.path}: er staan geen locaties in dit bestand.")
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
    with Crew() as crew:
        # Looking at shapes leaves Python to the columns.
        looks = crew.begin(partial(Looks.of, cleaned.geometry))
        outside = crew.begin(partial(outside_netherlands, cleaned.geometry))
        frame, more = standard_columns(raw, ids, chosen)
        homes = frame["woningen"].to_numpy()
        seen = looks.result().findings(ids, homes, outside.result())
    # Where a shape cannot be measured it is shown as it was, unless it cannot even be stored.
    storable = cleaned.problem != "coördinaten zijn geen getallen"
    kept = np.where(cleaned.usable, cleaned.geometry, np.where(storable, raw.geometry, None))
    frame = frame.set_geometry(kept, crs="EPSG:28992")
    findings += more
    findings += geometry_findings(ids, cleaned, raw.geometry.to_numpy())
    findings += seen
    if overlaps:
        findings += overlap_findings(ids, cleaned)
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
    heavy = set(report.table["controle"][(report.table["ernst"] != "melding").to_numpy()])
    doubts = {check: n for check, n in report.counts().items() if check in heavy}
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
