"""Small registers drawn by hand, in the form that each of them has."""

from __future__ import annotations

import gzip
import itertools
import json
import warnings
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pyogrio
import shapely
from conftest import block, frame

from woongeo.errors import WoongeoWarning
from woongeo.registers import Register, read_register

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

#: The rows of Planmonitor Wonen's table, as its workbook has them: label, group, merged below.
CATEGORIES = (
    ("Nieuwbouw", "nieuwbouw"),
    ("Eengezins", "woningtype"),
    ("Meergezins", None),
    ("Onbekend", None),
    ("Nultreden", "wonen en zorg"),
    ("Geclusterd", None),
    ("Zorggeschikt", None),
    ("Onbekend", None),
    ("Regulier", None),
    ("Flexwoningen", "flexwoningen"),
    ("Regulier permanent", None),
    ("Sociale huur", "betaalbaarheid"),
    ("Huur middenhuur", None),
    ("Huur dure huur", None),
    ("Huur onbekend", None),
    ("Koop betaalbare koop", None),
    ("Koop dure koop", None),
    ("Koop onbekend", None),
    ("Onbekend Koop of Huur", None),
    ("Sloop", "sloop"),
)
YEARS = range(2024, 2044)

PLAN = {
    "Plannaam": "Dorpsrand",
    "Plaatsnaam": "Dorp",
    "Gemeente": "Veere",
    "Regio": "Walcheren",
    "Provincie": "Zeeland",
    "Plantype": "Verdichting",
    "Vertrouwelijkheid": "Openbaar",
    "Status Project": "Ontwerp",
    "Status Planologisch": "3. In voorbereiding",
    "Knelpunten": "Stikstof, Nuts (netcongestie/wateraansluiting)",
    "Woonmilieu": "Dorps",
    "Studentenwoningen": 0,
    "Opdrachtegever": "Gemeente",
    "Opdrachtgever Naam": None,
    "Sleutelproject": "nee",
    "Opmerkingen": None,
}

#: A row of homes: what is planned in all, what is built, and what in which year.
Homes = tuple[object, object, "Mapping[int, object]"]


def read(source: Any, **options: Any) -> Register:
    """Read a register whose doubts are looked up in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return read_register(source, **options)


def locations(register: Register, **options: Any) -> Any:
    """Make locations whose doubts are looked up in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return register.as_locations(**options)


def pmw_sheet(
    sheet: Any, plan: Mapping[str, object], homes: Mapping[tuple[str, str], Homes]
) -> None:
    """Fill a sheet as Planmonitor Wonen lays it out, formulas included."""
    for i, (label, value) in enumerate(plan.items(), 1):
        sheet.cell(i, 1, label)
        sheet.cell(i, 2, value)
    top = 18
    heads = ["", "Groepnaam", "Totalen", "Check", "Gerealiseerd", "Restcapaciteit"]
    for j, head in enumerate([*heads, *map(str, YEARS), "Check"], 1):
        sheet.cell(top, j, head)
    group = ""
    for i, (label, named) in enumerate(CATEGORIES, top + 1):
        group = named or group
        sheet.cell(i, 1, label)
        sheet.cell(i, 2, named)
        whole, built, years = homes.get((group, label), (None, None, {}))
        sheet.cell(i, 3, whole)
        sheet.cell(i, 5, built)
        # What Excel stores for =C19-E19 where both are empty.
        sheet.cell(i, 6, 0)
        for year, n in years.items():
            sheet.cell(i, 7 + year - YEARS[0], n)
    for first, last in ((20, 22), (23, 27), (28, 29), (30, 37)):
        sheet.merge_cells(f"B{first}:B{last}")


def pmw_workbook(
    path: Path, plans: Sequence[tuple[Mapping[str, object], Mapping[tuple[str, str], Homes]]]
) -> Path:
    """Write an import workbook with a plan a sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for n, (plan, homes) in enumerate(plans, 1):
        pmw_sheet(book.create_sheet(f"Plan {n}"), plan, homes)
    book.save(path)
    return path


#: 20 homes, 5 of them built; 15 remain, 10 in 2026 and 5 in 2028; 2 are to be demolished.
TWENTY: dict[tuple[str, str], Homes] = {
    ("nieuwbouw", "Nieuwbouw"): (20, 5, {2026: 10, 2028: 5}),
    ("woningtype", "Eengezins"): (12, 5, {2026: 7}),
    ("woningtype", "Meergezins"): (8, 0, {2026: 3, 2028: 5}),
    ("wonen en zorg", "Regulier"): (20, 5, {2026: 10, 2028: 5}),
    ("flexwoningen", "Regulier permanent"): (20, 5, {2026: 10, 2028: 5}),
    ("betaalbaarheid", "Sociale huur"): (6, 0, {2026: 6}),
    ("betaalbaarheid", "Koop dure koop"): (14, 5, {2026: 4, 2028: 5}),
    ("sloop", "Sloop"): (2, 0, {}),
}


def diwi_feature(
    blocks: Sequence[Mapping[str, Any]] | None,
    shape: shapely.Geometry | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Write a plan as DIWI's GeoJSON has it."""
    data = {"status": "ACTIVE", "plan_soort": "VERDICHTING", "vertrouwelijkheid": "PUBLIC"}
    data |= facts.pop("data", {})
    project = {
        "basisgegevens": {"identificatie_nr": facts.pop("nr", 1), "naam": facts.pop("naam", "P")},
        "projectgegevens": data,
        "locatie": {"gemeente": facts.pop("gemeente", ["Ede"]), "wijk": [], "buurt": []},
        "projectfasen": {"_4_DESIGN": "2025-01-01"},
        "planologische_planstatus": {"_3_IN_VOORBEREIDING": "2024-01-01"},
        **facts,
    }
    return {
        "type": "Feature",
        "geometry": None if shape is None else shapely.geometry.mapping(shape),
        "properties": {"projectgegevens": project, "woning_blokken": blocks},
    }


def diwi_block(
    homes: object, kind: str | None = "CONSTRUCTION", end: str | None = "2027-06-30", **more: Any
) -> dict[str, Any]:
    """Write a block of homes as DIWI's GeoJSON has it."""
    change = {"mutatie_type": kind, "aantal": homes, "eigendom_type": None, "woning_type": None}
    return {"name": "blok", "mutatiegegevens": change | more, "einddatum": end}


def geojson(path: Path, features: Sequence[Mapping[str, Any]], crs: bool = True) -> Path:  # noqa: FBT001, FBT002
    """Write features."""
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if crs:
        collection["crs"] = {"type": "name", "properties": {"name": "EPSG:28992"}}
    text = json.dumps(collection).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


def gelderland(path: Path, plans: gpd.GeoDataFrame, years: pd.DataFrame) -> Path:
    """Write a File Geodatabase as DIWI fills it for Gelderland."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        pyogrio.write_dataframe(
            plans, path, layer="Planregistratie", driver="OpenFileGDB", promote_to_multi=True
        )
        pyogrio.write_dataframe(years, path, layer="DetailPlanning", driver="OpenFileGDB")
    return path


#: One plan of Gelderland: 6 built homes and 1 demolished, as in DIWI's own example.
SIX = {
    "GlobalID": "{FDD8}",
    "plannaam": "Enkwijk",
    "provincie": "Gelderland",
    "regio": "Foodvalley",
    "gemeente": "Ede",
    "vertrouwelijkheid": "ProvincieGemeente",
    "plantype": "Uitbreiding uitleg",
    "projectfase": "5. Realisatie",
    "status_planologisch": "2A. Vastgesteld",
    "knelpunten_meerkeuze": "Stikstofruimte,Netcongestie",
    "opdrachtgever_type": "Gemeente",
    "overkoeppelende_plan_id": None,
    "oplevering_eerste": 2025,
    "oplevering_laatste": 2026,
    "realisatiekans": "70%",
    "Totaal_bouw": 6,
    "Totaal_sloop": 1,
    "Totaal_netto": 5,
    "Totaal_gerealiseerd": 0,
    "Totaal_resterend": 6,
    "Totaal_netto_resterend": 5,
}
SIX_YEARS = [
    {"parent_globalid": "{fdd8}", "jaartal": 2025, "meergezins_huur1": 4, "eengezins_huur3": 2},
    {"parent_globalid": "{fdd8}", "jaartal": 2026, "sloop_eengezins_koop1": 1},
]


def rows(*given: Mapping[str, object]) -> pd.DataFrame:
    """Make a table; what a row does not name is missing."""
    return pd.DataFrame([dict(row) for row in given])


def plans_of(*given: Mapping[str, object], shapes: Sequence[Any] | None = None) -> gpd.GeoDataFrame:
    """Make a frame of plans, each on a block of its own unless shapes are given."""
    table = rows(*given)
    drawn = shapes if shapes is not None else [block(500 * i, 0) for i in range(len(table))]
    return frame(drawn, **{str(c): table[c].tolist() for c in table.columns})


#: Where points of the national monitor lie, in degrees.
LON, LAT = 5.2, 52.3


def topology(shapes: Mapping[object, tuple[float, float]], quantized: bool = False) -> bytes:  # noqa: FBT001, FBT002
    """Draw squares of a hundredth of a degree as TopoJSON."""
    arcs: list[Any] = []
    geometries: list[dict[str, Any]] = []
    for project, (lon, lat) in shapes.items():
        ring = [(0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01), (0, 0)]
        points = [(lon + x, lat + y) for x, y in ring]
        if quantized:
            whole = [(round((x - LON) * 1e4), round((y - LAT) * 1e4)) for x, y in points]
            steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(whole)]
            arcs.append([whole[0], *steps])
        else:
            arcs.append(points)
        geometries.append(
            {
                "type": "Polygon",
                "arcs": [[len(arcs) - 1]],
                "properties": {"project_id": project},
            }
        )
    data: dict[str, Any] = {
        "type": "Topology",
        "objects": {"data": {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": arcs,
    }
    if quantized:
        data["transform"] = {"scale": [1e-4, 1e-4], "translate": [LON, LAT]}
    return json.dumps(data).encode()


def point(**properties: object) -> dict[str, Any]:
    """Write a project of the national monitor; what it does not name is absent."""
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [LON, LAT]},
        "properties": properties,
    }
