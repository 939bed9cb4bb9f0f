"""Every register becomes one model; nothing is lost, and what is missing stays missing."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
import math
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import hostile
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import ROOT, block, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from register_files import (
    LAT,
    LON,
    PLAN,
    SIX,
    SIX_YEARS,
    TWENTY,
    Homes,
    diwi_block,
    diwi_feature,
    gelderland,
    geojson,
    locations,
    plans_of,
    pmw_workbook,
    point,
    read,
    rows,
    topology,
)

import woongeo
from woongeo.errors import (
    ColumnError,
    FileError,
    LocationError,
    RegisterError,
    RegisterWarning,
    WoongeoWarning,
)
from woongeo.registers import KINDS, read_register, recognise
from woongeo.registers.flat import column_table
from woongeo.registers.model import DETAIL, NUMBERS, PLANNEN
from woongeo.registers.words import dictionary

if TYPE_CHECKING:
    from pathlib import Path

ON = dt.date(2026, 11, 1)
OPEN = {"Gem_naam": "Ede", "Plannaam": "P", "Provincie": "Gelderland", "Plantype": "Verdichting"}
EIB = {
    **OPEN,
    "OBJECTID": 1,
    "Planstatus": "1A Onherroepelijk",
    "Aantalrest": 10,
    "Sloop": -2,
    "OP202024": 4,
    "Op202529": 6,
    "Op20302050": 0,
    "OPLONB": 0,
    "WTYPGGB": 10,
    "WTYPAPP": 0,
    "WTYPONB": 0,
    "HUUR": 0,
    "KOOP": 12,
    "HRKPONB": -2,
}


def only(register: woongeo.registers.Register) -> Any:
    """Give the one plan of a register."""
    assert len(register) == 1
    return register.plannen.iloc[0]


# --- Planmonitor Wonen: the workbook


def test_a_workbook_of_planmonitor_is_recognised_and_read(tmp_path: Path) -> None:
    # 20 homes of which 5 are built: 15 remain; 2 to demolish: 18 net, and 15 - 2 = 13 remain net.
    path = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY)])
    found = read(path)
    assert found.kind == "planmonitor-wonen" == recognise(path)
    plan = only(found)
    assert plan[list(NUMBERS)].tolist() == [20, 2, 18, 5, 15, 13]
    assert (plan["planstatus"], plan["hardheid"]) == ("3", "zacht")
    assert plan["vertrouwelijkheid"] == "openbaar"
    assert (plan["plantype"], plan["projectfase"]) == ("Verdichting", "Ontwerp")
    assert plan["knelpunten"] == "stikstof; netcongestie"
    assert plan["knelpunten_register"] == "Stikstof; Nuts (netcongestie/wateraansluiting)"
    assert (plan["oplevering_eerste"], plan["oplevering_laatste"]) == (2026, 2028)
    assert found.basis == "rest"
    assert list(found.plannen.columns) == [*PLANNEN, "geometry"]
    assert list(found.detail.columns) == [*DETAIL]


def test_each_breakdown_of_a_plan_adds_up_to_the_plan_and_is_never_added_to_another(
    tmp_path: Path,
) -> None:
    path = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY)])
    detail = read(path).detail
    built = detail[detail["soort"] == "nieuwbouw"].groupby("indeling")["aantal"].sum()
    assert built.to_dict() == {
        "totaal": 20,
        "woningtype": 20,
        "wonen en zorg": 20,
        "flexwoningen": 20,
        "betaalbaarheid": 20,
    }
    assert detail[detail["soort"] == "sloop"]["aantal"].tolist() == [0, 2]
    social = detail[detail["prijssegment"] == "sociale_huur"].iloc[-1]
    assert (social["prijssegment_register"], social["eigendom"]) == ("Sociale huur", "huur")
    assert social["prijsgrens"] == "t/m € 879,66 (2024)"


def test_a_plan_that_follows_the_rules_of_its_register_has_only_its_missing_polygon_reported(
    tmp_path: Path,
) -> None:
    path = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY)])
    assert read(path).controle.counts() == {"geen vlak": 1}


def test_an_empty_cell_is_unknown_although_the_register_s_own_formula_shows_nought(
    tmp_path: Path,
) -> None:
    # Column Restcapaciteit holds =C19-E19, which Excel stores as 0 where both are empty.
    homes: dict[tuple[str, str], Homes] = {("nieuwbouw", "Nieuwbouw"): (20, None, {})}
    plan = only(read(pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, homes)])))
    assert plan["bruto"] == 20
    assert plan[["sloop", "netto", "gerealiseerd", "rest", "rest_netto"]].isna().all()


def test_what_remains_is_what_the_years_hold_where_nobody_said_what_is_built(
    tmp_path: Path,
) -> None:
    homes: dict[tuple[str, str], Homes] = {("nieuwbouw", "Nieuwbouw"): (20, None, {2027: 12})}
    found = read(pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, homes)]))
    assert only(found)["rest"] == 12
    # 20 = 12 in 2027 and 8 in no year, built or not.
    total = found.detail[found.detail["indeling"] == "totaal"]
    assert total[["stand", "aantal"]].to_numpy().tolist() == [["gepland", 12], ["onbekend", 8]]


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({("woningtype", "Eengezins"): (13, 5, {2026: 7})}, "groep telt niet op"),
        ({("woningtype", "Eengezins"): (12, 5, {2026: 7})}, None),
        ({("nieuwbouw", "Nieuwbouw"): (20, 5, {2026: 10, 2028: 4})}, "jaren tellen niet op"),
        ({("woningtype", "Meergezins"): (8, 0, {2026: 2, 2028: 6})}, "groep telt per jaar niet op"),
        ({("nieuwbouw", "Nieuwbouw"): (20, 25, {})}, "meer gerealiseerd dan gepland"),
        ({("betaalbaarheid", "Sociale huur"): (-6, 0, {})}, "detail negatief"),
        ({("nieuwbouw", "Nieuwbouw"): ("veel", 5, {})}, "aantal onleesbaar"),
        ({("nieuwbouw", "Nieuwbouw"): (dt.datetime(1900, 1, 20), 5, {})}, "aantal onleesbaar"),  # noqa: DTZ001
    ],
)
def test_the_register_s_own_rules_are_checked_and_nothing_is_mended(
    tmp_path: Path, changed: dict[tuple[str, str], Homes], check: str | None
) -> None:
    path = pmw_workbook(tmp_path / "plan.xlsx", [(PLAN, TWENTY | changed)])
    counts = read(path).controle.counts()
    assert set(counts) == {"geen vlak"} if check is None else check in counts


def test_a_decimal_comma_and_thousands_are_read_as_people_write_them(tmp_path: Path) -> None:
    homes: dict[tuple[str, str], Homes] = {("nieuwbouw", "Nieuwbouw"): ("1.234", "0", {})}
    assert only(read(pmw_workbook(tmp_path / "p.xlsx", [(PLAN, homes)])))["bruto"] == 1234


def test_every_sheet_is_a_plan_and_one_that_is_not_read_is_said(tmp_path: Path) -> None:
    path = pmw_workbook(
        tmp_path / "p.xlsx",
        [
            (PLAN, TWENTY),
            (PLAN | {"Plannaam": "Kade"}, TWENTY),
            (PLAN, TWENTY),
            (dict.fromkeys(PLAN), {}),
        ],
    )
    book = openpyxl.load_workbook(path)
    book["Plan 3"].sheet_state = "hidden"
    book.create_sheet("Toelichting")["A1"] = "zomaar"
    book.save(path)
    found = read(path)
    assert found.plannen["naam"].tolist() == ["Dorpsrand", "Kade"]
    report = found.controle.of_check("blad niet gelezen")["toelichting"].tolist()
    assert [text.split("'")[1] for text in report] == ["Plan 3", "Toelichting"]
    assert found.controle.counts()["blad leeg"] == 1


def test_a_group_name_that_stands_once_in_merged_cells_holds_for_all_of_them(
    tmp_path: Path,
) -> None:
    # "Onbekend" occurs in two groups: 3 homes of unknown type are not 3 of unknown care.
    homes = TWENTY | {
        ("woningtype", "Onbekend"): (3, 0, {2026: 3}),
        ("woningtype", "Eengezins"): (9, 5, {2026: 4}),
    }
    found = read(pmw_workbook(tmp_path / "p.xlsx", [(PLAN, homes)]))
    unknown = found.detail[found.detail["categorie"] == "Onbekend"]
    assert unknown.groupby("indeling")["aantal"].sum().to_dict() == {"woningtype": 3}
    assert "groep telt niet op" not in found.controle.counts()


def test_a_period_of_years_keeps_both_its_ends(tmp_path: Path) -> None:
    homes: dict[tuple[str, str], Homes] = {("nieuwbouw", "Nieuwbouw"): (8, 0, {2034: 8})}
    path = pmw_workbook(tmp_path / "p.xlsx", [(PLAN, homes)])
    book = openpyxl.load_workbook(path)
    book["Plan 1"].cell(18, 7 + 10, "2034 - 2038")
    book.save(path)
    detail = read(path).detail
    planned = detail[detail["stand"] == "gepland"]
    assert planned[["jaar", "jaar_tot", "aantal"]].to_numpy().tolist() == [[2034, 2038, 8]]
    assert only(read(path))["oplevering_laatste"] == 2038


def test_a_formula_is_never_run_and_one_without_a_stored_result_is_said(tmp_path: Path) -> None:
    homes: dict[tuple[str, str], Homes] = {("nieuwbouw", "Nieuwbouw"): ("=10+10", 5, {})}
    found = read(pmw_workbook(tmp_path / "p.xlsx", [(PLAN, homes)]))
    assert math.isnan(only(found)["bruto"])
    assert found.controle.counts()["formule zonder uitkomst"] == 1


def test_text_of_forty_thousand_signs_is_read_and_never_put_whole_in_a_report(
    tmp_path: Path,
) -> None:
    # Excel holds 32,767 signs in a cell.
    long = "x" * 32_000
    plan = PLAN | {"Plannaam": long, "Plantype": long, "Status Planologisch": long}
    found = read(pmw_workbook(tmp_path / "p.xlsx", [(plan, TWENTY)]))
    assert only(found)["naam"] == long
    assert found.controle.table["toelichting"].str.len().max() < 800
    assert len(found._repr_html_()) < 20_000


def test_polygons_come_from_another_file_by_name(tmp_path: Path) -> None:
    path = pmw_workbook(
        tmp_path / "p.xlsx", [(PLAN, TWENTY), (PLAN | {"Plannaam": "Kade"}, TWENTY)]
    )
    shapes = frame([block(0, 0), block(500, 0)], plan_naam=["KADE", "Elders"])
    found = read(path, shapes=shapes)
    assert found.plannen.geometry.isna().tolist() == [True, False]
    assert found.controle.counts()["vlak zonder plan"] == 1
    assert "plan_naam" in found.source.notes[0]
    with pytest.raises(RegisterError, match="geen kolom noemt"):
        read(path, shapes=frame([block(0, 0)], iets=["anders"]))


# --- Planmonitor Wonen: its tables


def test_the_tables_of_planmonitor_give_what_its_workbook_gives(tmp_path: Path) -> None:
    path = tmp_path / "pmw.gpkg"
    plans = plans_of(
        {
            "id": "a1",
            "plan_naam": "Dorpsrand",
            "gemeente": "Veere",
            "vertrouwelijkheid": "Openbaar",
            "status_project": "Ontwerp",
            "status_planologisch": "3. In voorbereiding",
            "knelpunten_meerkeuze": '{Stikstof,"Onrendabele top"}',
        }
    )
    plans.to_file(path, layer="planregistratie")
    categories = pd.DataFrame(
        {
            "id": ["c1", "c2", "c3"],
            "planregistratie_id": ["a1", "a1", "weg"],
            "nieuwbouw": ["Nieuwbouw", None, "Nieuwbouw"],
            "woning_type": [None, "Eengezins", None],
            "totaal_gepland": [20, 20, 7],
            "totaal_gerealiseerd": [5, 5, 0],
        }
    )
    pyogrio.write_dataframe(categories, path, layer="plancategorie", driver="GPKG")
    years = pd.DataFrame({"plancategorie_id": ["c1"], "jaartal": [2027], "aantal_gepland": [15]})
    pyogrio.write_dataframe(years, path, layer="detailplanning", driver="GPKG")
    found = read(path)
    assert found.kind == "planmonitor-wonen"
    assert only(found)[["bruto", "gerealiseerd", "rest"]].tolist() == [20, 5, 15]
    assert only(found)["knelpunten"] == "stikstof; onrendabele_top"
    # 7 homes belong to a plan that is not there: kept, and said.
    assert found.detail["aantal"].sum() == 20 + 20 + 7
    assert found.controle.of_check("detail zonder plan")["waarde"].tolist() == [7]


def test_homes_go_to_the_plan_that_keeps_the_id_and_never_to_one_without(tmp_path: Path) -> None:
    """Two plans a1, one without an id; 20 homes of a1, and 7 of a row that names no plan."""
    path = tmp_path / "pmw.gpkg"
    plan = {"plan_naam": "x", "status_project": "", "status_planologisch": "1A"}
    plans = plans_of(*({"id": i, **plan} for i in ("a1", "a1", "")))
    plans.to_file(path, layer="planregistratie")
    categories = pd.DataFrame(
        {
            "id": ["c1", "c2"],
            "planregistratie_id": ["a1", ""],
            "nieuwbouw": ["Nieuwbouw"] * 2,
            "totaal_gepland": [20, 7],
            "totaal_gerealiseerd": [0, 0],
        }
    )
    pyogrio.write_dataframe(categories, path, layer="plancategorie", driver="GPKG")
    found = read(path)
    homes = found.plannen.set_index("plan_id")["bruto"]
    assert homes["a1"] == 20
    assert homes[["a1 (2)", "rij 3"]].isna().all()
    assert found.controle.of_check("detail zonder plan")["waarde"].tolist() == [7]


def test_a_table_of_polygons_alone_has_no_homes_and_says_so() -> None:
    given_ = plans_of(
        {"id": "a", "plan_naam": "X", "status_project": "", "status_planologisch": "1A"}
    )
    found = read(given_)
    assert only(found)[list(NUMBERS)].isna().all()
    assert "woningen ontbreekt" in found.controle.counts()


# --- DIWI


def test_diwi_s_nested_json_becomes_plans_and_detail(tmp_path: Path) -> None:
    # 10 + 4 built, 3 demolished: 11 net.
    feature = diwi_feature(
        [
            diwi_block(10, eigendom_type="KOOPWONING", woning_type="EENGEZINSWONING"),
            diwi_block(4, end="2029-01-01", eigendom_type="HUURWONING_WONINGCORPORATIE"),
            diwi_block(3, "DEMOLITION", end=None),
        ],
        block(0, 0),
    )
    found = read(geojson(tmp_path / "diwi.geojson", [feature]), on=ON)
    plan = only(found)
    assert found.kind == "diwi"
    assert plan[["bruto", "sloop", "netto"]].tolist() == [14, 3, 11]
    assert plan[["gerealiseerd", "rest", "rest_netto"]].isna().all()
    assert (plan["planstatus"], plan["projectfase"]) == ("3", "Ontwerp")
    assert (plan["gemeente"], plan["vertrouwelijkheid"]) == ("Ede", "openbaar")
    assert (plan["oplevering_eerste"], plan["oplevering_laatste"]) == (2027, 2029)
    tenure = found.detail[found.detail["indeling"] == "eigendom"]
    assert tenure[["soort", "eigendom", "aantal"]].to_numpy().tolist() == [
        ["nieuwbouw", "koop", 10],
        ["nieuwbouw", "huur", 4],
        ["sloop", "onbekend", 3],
    ]
    assert locations(found).frame["woningen"].tolist() == [11]


@pytest.mark.parametrize(
    "block_",
    [diwi_block(None), diwi_block(5, None), {"name": "leeg", "woning_type": {"onbekend": 0}}],
)
def test_a_block_that_is_not_whole_makes_the_total_unknown_and_not_less(
    tmp_path: Path, block_: dict[str, Any]
) -> None:
    feature = diwi_feature([diwi_block(10), block_], block(0, 0))
    found = read(geojson(tmp_path / "diwi.geojson", [feature]), on=ON)
    assert only(found)[list(NUMBERS)].isna().all()
    assert found.controle.table["object_id"].isin(["", "1"]).all()


@pytest.mark.parametrize("blocks", [None, []])
def test_a_plan_without_blocks_has_unknown_homes(
    tmp_path: Path, blocks: list[dict[str, Any]] | None
) -> None:
    found = read(geojson(tmp_path / "d.geojson", [diwi_feature(blocks, block(0, 0))]), on=ON)
    assert only(found)[list(NUMBERS)].isna().all()


@pytest.mark.parametrize(
    ("day", "status"),
    [(dt.date(2023, 1, 1), "onbekend"), (dt.date(2025, 1, 1), "3"), (dt.date(2030, 1, 1), "1A")],
)
def test_the_status_of_a_plan_is_that_of_the_day_and_not_one_that_is_yet_to_come(
    tmp_path: Path, day: dt.date, status: str
) -> None:
    states = {"_3_IN_VOORBEREIDING": "2024-01-01", "_1A_ONHERROEPELIJK": "2029-01-01"}
    feature = diwi_feature([diwi_block(5)], block(0, 0), planologische_planstatus=states)
    found = read(geojson(tmp_path / "d.geojson", [feature]), on=day)
    assert only(found)["planstatus"] == status


def test_plans_without_any_polygon_are_read_and_only_refused_as_locations(tmp_path: Path) -> None:
    path = geojson(tmp_path / "d.geojson", [diwi_feature([diwi_block(5)])])
    found = read(path, on=ON)
    assert only(found)["netto"] == 5
    with pytest.raises(LocationError, match="geef het bestand met vlakken"):
        locations(found)


def diwi_workbook(path: Path, *plans: dict[str, object]) -> Path:
    """Write DIWI's import workbook with the columns that a test needs."""
    heads = [
        ("Projectgegevens", "Identificatie nr", None),
        (None, "Naam", None),
        (None, "Vertrouwelijkheid", None),
        (None, "Plan soort", None),
        (None, "4 Ontwerp", "Startdatum"),
        (None, "2a Vastgesteld", "Startdatum"),
        (None, "Gemeente", None),
        ("Woning aantallen", "Bouw", None),
        (None, "Sloop", None),
        ("Bouw gegevens", "Opleverdatum", 2027),
        (None, "Opleverdatum", dt.datetime(2029, 12, 31)),  # noqa: DTZ001
        (None, "Opleverdatum", None),
        (None, "Koopwoning", None),
        (None, "Koopprijs categorie", "Goedkoop"),
        (None, "Eengezins woning", None),
        ("Sloop gegevens", "Opleverdatum", 2026),
        ("Controle Bouw totalen", "Oplevering", None),
    ]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for j, (section, head, below) in enumerate(heads, 2):
        sheet.cell(2, j, section)
        sheet.cell(4, j, head)
        sheet.cell(5, j, below)
    for i, plan in enumerate(plans, 6):
        for j, (_, head, below) in enumerate(heads, 2):
            key = head if below in {None, "Startdatum"} else f"{head} {below}"
            sheet.cell(i, j, plan.get(key))
    # A cell that only has a format, on the last line of Excel, as in the real one.
    sheet.cell(1_048_576, 1).number_format = "0.00"
    book.save(path)
    return path


def test_diwi_s_workbook_is_read_by_its_four_lines_of_headings(tmp_path: Path) -> None:
    path = diwi_workbook(
        tmp_path / "diwi.xlsx",
        {
            "Identificatie nr": 7,
            "Naam": "Enk",
            "Vertrouwelijkheid": "Extern woonregio",
            "Plan soort": "Pand Transformatie",
            "4 Ontwerp": 45_000,  # 15-3-2023 as Excel keeps it
            "2a Vastgesteld": dt.datetime(2025, 5, 1),  # noqa: DTZ001
            "Gemeente": "Ede",
            "Bouw": 10,
            "Opleverdatum 2027": 4,
            "Opleverdatum 2029-12-31 00:00:00": 6,
            "Koopwoning": 10,
            "Koopprijs categorie Goedkoop": 10,
            "Eengezins woning": 9,
        },
    )
    found = read(path, on=ON)
    plan = only(found)
    assert found.kind == "diwi-excel" == recognise(path)
    assert (plan["plan_id"], plan["planstatus"], plan["projectfase"]) == ("7", "2A", "Ontwerp")
    assert (plan["vertrouwelijkheid"], plan["plantype"]) == ("regio", "Pand transformatie")
    assert plan["bruto"] == 10
    # Nobody filled in Sloop: what is net is not known.
    assert plan[["sloop", "netto"]].isna().all()
    assert (plan["oplevering_eerste"], plan["oplevering_laatste"]) == (2027, 2029)
    wrong = found.controle.of_check("groep telt niet op")["toelichting"].tolist()
    assert wrong == ["woningtype telt op tot 9, bruto is 10"]
    assert found.detail["prijssegment"].tolist()[-2] == "onbekend"


# --- DIWI's exports for provinces


def zuid_holland(path: Path, **facts: object) -> Path:
    """Write an export for Zuid-Holland: 6 homes in 2027 and 3 in 2030, 2 demolished."""
    properties = {
        "plannaam": "Polder",
        "gemeente": "Gouda",
        "vertrouwelijkheid": "Regio",
        "status_planologisch": "1C. Onherroepelijk, wijzigingsbevoegdheid",
        "knelpunten_meerkeuze": ["Netcongestie", "Procedures – bezwaar / beroep"],  # noqa: RUF001
        "oplevering_eerste": 2027,
        "oplevering_laatste": 2030,
        "ph_text9": "zh-1",
        "ph_date3": "2026-05-01",
        "year_properties": [
            {
                "jaartal": 2027,
                "meergezins_huur1": 4,
                "eengezins_koop3": 2,
                "bouw_gerealiseerd": "Ja",
            },
            {"jaartal": 2030, "onbekend_onbekend": 3, "sloop_eengezins_koop1": 2},
        ],
        **facts,
    }
    feature = {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(block(0, 0)),
        "properties": properties,
    }
    return geojson(path, [feature])


def test_an_export_for_zuid_holland_is_read_with_its_own_price_limits(tmp_path: Path) -> None:
    found = read(zuid_holland(tmp_path / "x.pzh.geojson"))
    plan = only(found)
    assert found.kind == "diwi-zuid-holland"
    assert plan[["bruto", "sloop", "netto"]].tolist() == [9, 2, 7]
    # 1C is zacht, whatever its first digit.
    assert (plan["plan_id"], plan["hardheid"], plan["vertrouwelijkheid"]) == (
        "zh-1",
        "zacht",
        "regio",
    )
    assert plan["knelpunten"] == "netcongestie; procedures"
    segments = found.detail.set_index("prijssegment_register")["prijsgrens"].to_dict()
    assert segments["huur1"] == "onder € 694"
    assert segments["koop3"] == "€ 390.000 tot € 600.000"
    # "Ja" for 2027 in an export of 2026: DIWI fills this field in upside down.
    assert found.controle.counts()["gerealiseerd omgekeerd"] == 1
    assert math.isnan(plan["rest"])


def test_a_geodatabase_for_gelderland_is_read_with_its_child_table(tmp_path: Path) -> None:
    path = gelderland(tmp_path / "x.gdb", plans_of(SIX), rows(*SIX_YEARS))
    found = read(path)
    plan = only(found)
    assert found.kind == "diwi-gelderland" == recognise(path)
    assert plan[list(NUMBERS)].tolist() == [6, 1, 5, 0, 6, 5]
    assert plan["vertrouwelijkheid"] == "provincie en gemeente"
    assert plan["realisatiekans"] == 0.7
    assert plan["knelpunten"] == "stikstof; netcongestie"
    cells = found.detail[["soort", "jaar", "woningtype", "prijssegment", "aantal"]]
    assert cells.to_numpy().tolist() == [
        ["nieuwbouw", 2025, "meergezins", "sociale_huur", 4],
        ["nieuwbouw", 2025, "eengezins", "middenhuur", 2],
        ["sloop", 2026, "eengezins", "betaalbare_koop", 1],
    ]
    # The only thing to say: a plan that is adopted ought to be public.
    assert found.controle.counts() == {"hard plan vertrouwelijk": 1}


def test_a_zipped_geodatabase_is_recognised_too(tmp_path: Path) -> None:
    folder = gelderland(tmp_path / "x.gdb", plans_of(SIX), rows(*SIX_YEARS))
    path = tmp_path / "plannen.gdb.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"x.gdb/{part.name}")
    assert recognise(path) == "diwi-gelderland"
    assert len(read(path)) == 1


def test_a_whole_number_that_is_missing_in_a_geodatabase_is_not_nought(tmp_path: Path) -> None:
    empty = SIX | {"GlobalID": "{B}", "Totaal_sloop": None, "Totaal_netto": None}
    empty["Totaal_netto_resterend"] = None
    plans = plans_of(SIX, empty)
    plans["Totaal_sloop"] = plans["Totaal_sloop"].astype("Int32")
    found = read(gelderland(tmp_path / "x.gdb", plans, rows(*SIX_YEARS)))
    assert found.plannen["sloop"].isna().tolist() == [False, True]
    assert found.plannen["netto"].isna().tolist() == [False, True]


def test_years_of_a_plan_that_is_not_there_and_totals_that_differ_are_said(tmp_path: Path) -> None:
    years = rows(*SIX_YEARS, {"parent_globalid": "{X}", "jaartal": 2025, "onbekend_onbekend": 9})
    plan = SIX | {"Totaal_bouw": 7, "Totaal_gerealiseerd": 1}
    found = read(gelderland(tmp_path / "x.gdb", plans_of(plan), years))
    assert found.controle.of_check("detail zonder plan")["waarde"].tolist() == [9]
    assert found.detail["aantal"].sum() == 6 + 1 + 9
    # 6 homes in the years, 7 in the plan; 7 - 1 is not the 5 that is called netto.
    assert found.controle.of_check("groep telt niet op")["waarde"].tolist() == [-1]
    assert found.controle.of_check("netto klopt niet")["waarde"].tolist() == [-1]


# --- the national monitor


@pytest.mark.parametrize("ending", [".json.gz", ".geojson"])
@pytest.mark.parametrize("quantized", [False, True])
def test_points_of_the_national_monitor_get_their_shapes_and_absent_is_not_nought(
    tmp_path: Path,
    ending: str,
    quantized: bool,  # noqa: FBT001
) -> None:
    features = [
        point(
            project_id=1,
            Plannaam="Kade",
            Planstatus="Hard",
            peilmoment="Voorjaar 2026",
            gemeente_naam="Almere",
            provincie_naam="Flevoland",
            **{"Netto Plancapaciteit": 90, "Bruto Plancapaciteit": 100, "Sociale huur": 30},
        ),
        point(project_id=2, Planstatus="Zacht", **{"Sociale huur": 0}),
    ]
    path = geojson(tmp_path / f"project2{ending}", features, crs=False)
    shapes = tmp_path / "project_shape_topo.json"
    shapes.write_bytes(topology({1: (LON, LAT), 2: (LON + 0.02, LAT)}, quantized))
    found = read(path, shapes=shapes)
    assert found.kind == "lmvw"
    assert found.plannen["hardheid"].tolist() == ["hard", "zacht"]
    assert found.plannen["planstatus"].tolist() == ["onbekend", "onbekend"]
    assert found.plannen["netto"].tolist()[0] == 90
    assert math.isnan(found.plannen["netto"].iloc[1])
    # A 0 that is filled in is a 0; what is absent makes no row.
    assert found.detail[["plan_id", "prijssegment", "aantal"]].to_numpy().tolist() == [
        ["1", "sociale_huur", 30],
        ["2", "sociale_huur", 0],
    ]
    assert (found.plannen.geometry.geom_type == "Polygon").all()
    # A hundredth of a degree is 1,112 m by 682 m there.
    assert found.plannen.area.round(-4).tolist() == pytest.approx([760_000] * 2, rel=0.02)
    assert locations(found).usable.all()


def test_without_shapes_a_point_stays_a_point_and_cannot_be_screened(tmp_path: Path) -> None:
    features = [point(project_id=1, Planstatus="Hard", peilmoment="2026")]
    found = read(geojson(tmp_path / "p.json.gz", features, crs=False))
    with pytest.raises(LocationError, match="punt of lijn"):
        locations(found)


def test_a_project_without_a_shape_of_its_own_is_judged_onbekend(tmp_path: Path) -> None:
    features = [point(project_id=i, Planstatus="Hard", peilmoment="2026") for i in (1, 2)]
    path = geojson(tmp_path / "p.json.gz", features, crs=False)
    shapes = tmp_path / "s.topojson"
    shapes.write_bytes(topology({1: (LON, LAT)}))
    found = locations(read(path, shapes=shapes))
    assert found.usable.tolist() == [True, False]
    layer = woongeo.missing_layer("natura2000", reason="niet gegeven")
    with pytest.warns(WoongeoWarning):
        assert woongeo.screen(found, [layer]).counts()["onbekend"] == 2


# --- flat tables


def test_eib_keeps_its_own_columns_and_its_dirt_is_said_not_mended() -> None:
    found = read(plans_of(EIB))
    plan = only(found)
    assert found.kind == "eib-2020"
    assert (plan["rest"], plan["sloop"]) == (10, 2)
    # Whether sloop is taken off already is not stated: net is unknown.
    assert plan[["bruto", "netto", "rest_netto"]].isna().all()
    negative = found.controle.of_check("detail negatief")
    assert negative["waarde"].tolist() == [-2]
    assert found.detail.groupby("indeling")["aantal"].sum().to_dict() == {
        "periode": 10,
        "woningtype": 10,
        "eigendom": 10,
    }
    frame_ = locations(found).frame
    assert frame_["woningen"].tolist() == [10]
    assert frame_["Gem_naam"].tolist() == ["Ede"]
    # A column of theirs that says what ours says stands once; one that does not keeps its name.
    assert {"planstatus_register", "provincie", "Aantalrest"} <= set(frame_.columns)
    assert not {"Planstatus", "Provincie", "Planstatus_register_register"} & set(frame_.columns)
    assert (plan["oplevering_eerste"], plan["oplevering_laatste"]) == (2020, 2029)


def test_amsterdam_counts_independent_permanent_homes_only() -> None:
    found = read(
        plans_of(
            {
                "id": 3,
                "projectnaam": "Houthaven",
                "socialeHuurZelfstPerm": 40,
                "middeldureHuur": 30,
                "vrijeSectorKoop": 30,
                "onzelfstandig": 50,
                "totaal": 150,
                "totaalZelfstPerm": 100,
                "startBouwGepland": "2027-01-01",
            }
        )
    )
    plan = only(found)
    assert (found.kind, found.basis) == ("amsterdam", "bruto")
    assert (plan["bruto"], plan["gemeente"], plan["vertrouwelijkheid"]) == (
        100,
        "Amsterdam",
        "openbaar",
    )
    assert plan["hardheid"] == "onbekend"
    assert math.isnan(plan["oplevering_eerste"])
    assert found.detail["prijssegment"].tolist() == ["sociale_huur", "middenhuur", "dure_koop"]


MAPPING = """
naam = "Lijst van de streek"
basis = "netto"
vergelijk = "netto"
[kolommen]
plan_id = "Nr"
naam = "Project"
planstatus = "Stand"
netto = "Woningen"
vertrouwelijkheid = "Wie"
[vast]
provincie = "Drenthe"
[[detail]]
kolom = "t/m 2030"
indeling = "periode"
jaar = 2026
jaar_tot = 2030
[woorden.vertrouwelijkheid]
iedereen = "openbaar"
[woorden.planstatus]
klaar = "1A"
"""


def test_any_table_is_read_by_a_mapping(tmp_path: Path) -> None:
    toml = tmp_path / "streek.toml"
    toml.write_text(MAPPING, encoding="utf-8")
    table = tmp_path / "streek.csv"
    table.write_text(
        "Nr;Project;Stand;Woningen;Wie;t/m 2030\n"
        "1;Es;klaar;1.250;iedereen;1250\n"
        "2;Brink;3 in voorbereiding;12,5;geheim;\n",
        encoding="utf-8",
    )
    found = read(table, mapping=toml)
    assert found.kind == "tabel"
    assert found.title == "Lijst van de streek"
    assert found.plannen["netto"].tolist() == [1250, 12.5]
    assert found.plannen["hardheid"].tolist() == ["hard", "zacht"]
    assert found.plannen["vertrouwelijkheid"].tolist() == ["openbaar", "onbekend"]
    assert found.plannen["provincie"].tolist() == ["Drenthe"] * 2
    assert found.detail["aantal"].tolist() == [1250]
    assert found.controle.counts()["vertrouwelijkheid onbekend"] == 1


def test_a_sheet_of_a_workbook_is_read_by_a_mapping(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Overzicht 2026"])
    sheet.append(["Nr", "Woningen"])
    sheet.append([1, 12])
    sheet.append([None, None])
    sheet.append([2, None])
    book.save(tmp_path / "lijst.xlsx")
    mapping = {"kopregel": 2, "kolommen": {"plan_id": "Nr", "netto": "Woningen"}}
    found = read(tmp_path / "lijst.xlsx", mapping=mapping)
    assert found.plannen["plan_id"].tolist() == ["1", "2"]
    assert found.plannen["netto"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"kolommen": {}},
        {"kolommen": {"netto": "x"}, "onbekend": 1},
        {"kolommen": {"aantal": "x"}},
        {"kolommen": {"netto": "x"}, "basis": "alles"},
        {"kolommen": {"netto": "x"}, "vergelijk": "alles"},
        {"kolommen": {"netto": "x"}, "vertrouwelijkheid": "geheim"},
        {"kolommen": {"netto": "x"}, "detail": [{"jaar": 2030}]},
        {"kolommen": {"netto": "x"}, "detail": [{"kolom": "y", "jaren": 2030}]},
        {"kolommen": {"netto": "x"}, "kopregel": 0},
        {"kolommen": "x"},
    ],
)
def test_a_mapping_that_would_silently_do_nothing_is_refused(mapping: dict[str, Any]) -> None:
    with pytest.raises(RegisterError):
        read(plans_of({"x": 1}), mapping=mapping)


def test_a_column_of_a_mapping_that_is_not_there_is_refused() -> None:
    with pytest.raises(ColumnError, match="Aantal"):
        read(plans_of({"x": 1}), mapping={"kolommen": {"netto": "Aantal", "plan_id": "x"}})


ZUID_HOLLAND_WORDS = (
    *("Aansluiting op nutsvoorzieningen", "Bereikbaarheid", "Capaciteit bouwsector"),
    *("Capaciteit overheid", "Compensatie bedrijventerreinen"),
    *("Geluidhinder – industrie en bedrijven", "Geluidhinder – vliegverkeer"),  # noqa: RUF001
    *("Geluidhinder – weg- en railverkeer", "Geluidhinder – nestgeluid"),  # noqa: RUF001
    *("Maatschappelijk draagvlak", "Natuurbescherming", "Netcongestie", "Onrendabele top"),
    *("Parkeren", "Procedures - Bezwaarprocedures", "Procedures - Beroepsprocedures"),
    *("Stikstof", "Vervuilde grond", "Anders", "Geen", "Onbekend"),
)
GELDERLAND_WORDS = (
    *("Ambtelijke capaciteit", "Bereikbaarheid", "Onrendabele top", "Anders", "Geen", "Onbekend"),
    *("Stikstofruimte", "Netcongestie", "Bezwaar en beroep"),
    "Onderhandelingen met eigenaren en ontwikkelaars",
)
PLANMONITOR_WORDS = (
    *("Geen", "Ambtelijke capaciteit", "Bereikbaarheid", "Flora/Fauna", "Geluidshinder"),
    *("Grondpositie", "Lokaal/Regionaal beleid", "Maatschappelijk draagvlak", "Anders"),
    *("Nuts (netcongestie/wateraansluiting)", "Onrendabele top", "Stikstof", "Vervuilde grond"),
    *("Spuitzones/milieu", "Netcongestie"),
)


@pytest.mark.parametrize("words", [ZUID_HOLLAND_WORDS, GELDERLAND_WORDS, PLANMONITOR_WORDS])
def test_every_bottleneck_that_a_register_lets_plans_choose_is_known(
    words: tuple[str, ...],
) -> None:
    found = read(
        plans_of(
            {"plannaam": "x", "year_properties": "[]", "knelpunten_meerkeuze": ",".join(words)}
        )
    )
    assert "knelpunt onbekend" not in found.controle.counts()
    table = found.knelpunten
    assert table["woord"].tolist() == [*words]
    assert set(table["knelpunt"]) <= set(dictionary("knelpunten").values())


# --- the door


def test_what_is_no_register_is_refused_with_what_to_do() -> None:
    with pytest.raises(RegisterError, match="mapping="):
        read(plans_of({"name": "Romania"}))
    with pytest.raises(RegisterError, match="onbekend"):
        read(plans_of(EIB), kind="kadaster")
    with pytest.raises(RegisterError, match="niet allebei"):
        read(plans_of(EIB), kind="eib-2020", mapping={"kolommen": {"netto": "x"}})
    with pytest.raises(RegisterError, match="basis"):
        read(plans_of(EIB), basis="alles")
    with pytest.raises(RegisterError, match="ontbreekt"):
        read(plans_of(EIB), kind="diwi")


def test_every_kind_is_described_and_recognised_by_its_own_columns_alone() -> None:
    assert recognise(plans_of(EIB)) == "eib-2020"
    assert recognise(plans_of({"plannaam": "x", "year_properties": "[]"})) == "diwi-zuid-holland"
    assert recognise(plans_of({"project_id": 1, "PLANSTATUS": "Hard", "Peilmoment": ""})) == "lmvw"
    assert recognise(plans_of({"naam": "x", "woningen": 3})) is None
    assert all(KINDS.values())


def test_a_register_that_breaks_its_rules_is_warned_of() -> None:
    with pytest.warns(RegisterWarning, match="detail negatief"):
        read_register(plans_of(EIB))


def test_a_zip_bomb_and_a_doctype_in_a_workbook_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>" + b" " * (60 << 20))
    with pytest.raises(FileError, match="uitgepakt"):
        read(bomb)
    evil = tmp_path / "doctype.xlsx"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("xl/workbook.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    with pytest.raises(FileError, match="DOCTYPE"):
        read(evil)


@pytest.mark.parametrize("word", [*hostile.ALL])
def test_hostile_text_is_kept_as_it_is_and_does_nothing(tmp_path: Path, word: str) -> None:
    plan = {**EIB, "Plannaam": word, "Plantype": word, "Planstatus": word, "Gem_naam": word}
    found = read(plans_of(plan))
    assert only(found)["naam"] == word.strip()
    page = found._repr_html_()
    innocent = read(plans_of({**plan, **OPEN, "Planstatus": "x"}))._repr_html_()
    assert {t for t, _ in hostile.tags(page)} == {t for t, _ in hostile.tags(innocent)}
    assert found.controle.table["toelichting"].str.len().max() < 800
    places = locations(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        layer = woongeo.missing_layer("natura2000", reason="niet gegeven")
        screening = woongeo.screen(places, [layer])
    woongeo.export_screening(screening, folder=tmp_path / "uit")
    for line in (tmp_path / "uit" / "treffers.csv").read_text("utf-8-sig").splitlines():
        assert not line.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("word", hostile.ALL)
def test_hostile_cells_of_a_workbook_are_text(tmp_path: Path, word: str) -> None:
    clean = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", word)[:32_000]
    # Nor can XML hold these two, which are no characters.
    clean = clean.replace("\ufffe", "").replace("\uffff", "")
    path = pmw_workbook(tmp_path / "p.xlsx", [(PLAN, TWENTY)])
    book = openpyxl.load_workbook(path)
    for row in (1, 6, 7, 9, 10):
        cell = book["Plan 1"].cell(row, 2)
        cell.value = clean
        cell.data_type = "s"
    book.save(path)
    found = read(path)
    assert len(found) == 1
    assert only(found)["vertrouwelijkheid"] == "onbekend"
    assert only(found)["hardheid"] == "onbekend"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"geen zip", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_workbook_is_refused_without_a_foreign_error(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "stuk.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileError):
        read(path)


def test_a_gzip_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woongeo.registers.opening.UNPACKED_BYTES", 1_000)
    path = tmp_path / "p.json.gz"
    path.write_bytes(gzip.compress(b"{" + b" " * 5_000 + b"}"))
    with pytest.raises(FileError, match="uitgepakt"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x00", b"[1]", b'{"gdal_streamed_alg": 1}'])
def test_gzipped_json_that_is_no_register_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.json.gz"
    path.write_bytes(content if content[:1] == b"\x1f" else gzip.compress(content))
    with pytest.raises(FileError):
        read(path)


# --- masterplans


def masters(*given_: tuple[str, float | None, str]) -> woongeo.registers.Register:
    """Read plans with homes and the plan that each is part of."""
    mapping = {"kolommen": {"plan_id": "id", "naam": "naam", "netto": "n", "masterplan": "van"}}
    plans = plans_of(*({"id": i, "naam": f"Plan {i}", "n": n, "van": v} for i, n, v in given_))
    return read(plans, mapping=mapping)


def test_homes_of_a_part_are_not_counted_in_the_masterplan_again() -> None:
    # A holds 100, of which B has 30 and C an unknown number; B in turn holds D's 10.
    found = masters(("A", 100, ""), ("B", 30, "A"), ("C", None, "plan a"), ("D", 10, "B"))
    frame_ = locations(found).frame
    assert frame_["woningen"].fillna(-1).tolist() == [70, 20, -1, 10]
    assert frame_["woningen"].sum() == 100
    assert frame_["woningen_register"].fillna(-1).tolist() == [100, 30, -1, 10]
    assert found.plannen["netto"].fillna(-1).tolist() == [100, 30, -1, 10]
    report = locations(found).report.counts()
    assert report["masterplan verminderd"] == 2
    assert report["deel van masterplan"] == 3


def test_parts_that_hold_more_than_their_masterplan_leave_it_empty_not_below() -> None:
    frame_ = locations(masters(("A", 10, ""), ("B", 30, "A"))).frame
    assert frame_["woningen"].tolist() == [0, 30]


def test_plans_that_are_part_of_each_other_or_of_nothing_known_are_left_as_they_are() -> None:
    found = masters(("A", 10, "B"), ("B", 20, "A"), ("C", 5, "C"), ("D", 5, "elders"))
    assert locations(found).frame["woningen"].tolist() == [10, 20, 5, 5]
    assert found.controle.counts()["masterplan niet gevonden"] == 4


# --- into a screening


def test_a_register_is_screened_with_all_its_columns_and_every_plan(tmp_path: Path) -> None:
    plans = plans_of(
        SIX, SIX | {"GlobalID": "{B}", "plannaam": "Zonder vlak"}, shapes=[block(0, 0), None]
    )
    found = read(gelderland(tmp_path / "x.gdb", plans, rows(*SIX_YEARS)))
    places = locations(found)
    assert places.frame["locatie_id"].tolist() == ["{FDD8}", "{B}"]
    assert places.frame["woningen"].tolist() == [5, 5]
    assert places.frame["gemeente"].tolist() == ["Ede", "Ede"]
    assert places.columns["woningen"] == "rest_netto"
    assert places.source == found.source
    layer = woongeo.missing_layer("natura2000", reason="niet gegeven")
    with pytest.warns(WoongeoWarning):
        screening = woongeo.screen(places, [layer])
    assert screening.locaties["oordeel"].tolist() == ["onbekend", "onbekend"]
    table = woongeo.summarize_plancapaciteit(screening, by=["gemeente"]).tabel
    assert table["woningen"].tolist() == [10, 10]


@pytest.mark.parametrize(
    ("basis", "homes"), [("bruto", 6), ("netto", 5), ("rest", 6), ("rest_netto", 5)]
)
def test_the_user_may_choose_which_number_counts(tmp_path: Path, basis: str, homes: float) -> None:
    path = gelderland(tmp_path / "x.gdb", plans_of(SIX), rows(*SIX_YEARS))
    assert locations(read(path, basis=basis)).frame["woningen"].tolist() == [homes]
    assert locations(read(path), basis=basis).frame["woningen"].tolist() == [homes]


def test_the_screening_and_its_report_name_the_register_and_repeat_nothing() -> None:
    plan = EIB | {"Planstatus": "4C", "Aantalrest": 0}
    places = locations(read(plans_of(plan)))
    doubled = places.report.table.duplicated(["object_id", "controle", "toelichting"])
    assert not doubled.any()
    assert places.report.counts()["planstatus onbekend"] == 1
    assert places.report.counts()["woningen nul"] == 1


# --- laws

counts = st.one_of(st.none(), st.integers(0, 500))


@settings(max_examples=25)
@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=8))
def test_net_is_gross_less_sloop_wherever_both_are_known_and_unknown_elsewhere(
    given_: list[tuple[int | None, int | None, int | None]],
) -> None:
    plans = plans_of(*({"id": i, "b": b, "s": s, "g": g} for i, (b, s, g) in enumerate(given_)))
    mapping = {"kolommen": {"plan_id": "id", "bruto": "b", "sloop": "s", "gerealiseerd": "g"}}
    found = read(plans, mapping=mapping).plannen
    for (b, s, g), net, rest in zip(given_, found["netto"], found["rest"], strict=True):
        assert math.isnan(net) if None in (b, s) else net == b - s  # type: ignore[operator]
        assert math.isnan(rest) if None in (b, g) else rest == b - g  # type: ignore[operator]


cells = st.dictionaries(
    st.tuples(
        st.sampled_from(["", "sloop_"]),
        st.sampled_from(["meergezins", "eengezins", "onbekend"]),
        st.sampled_from(["koop1", "koop_onb", "huur4", "onbekend"]),
    ),
    st.integers(0, 40),
    max_size=12,
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2025, 2030), cells), max_size=8))
def test_no_home_of_a_table_of_years_is_lost_or_made(
    given_: list[tuple[int, int, dict[tuple[str, str, str], int]]],
) -> None:
    years: list[list[dict[str, object]]] = [[] for _ in range(4)]
    for plan, year, cells_ in given_:
        row: dict[str, object] = {"jaartal": year}
        years[plan].append(row | {f"{a}{b}_{c}": n for (a, b, c), n in cells_.items()})
    plans = plans_of(
        *(
            {"ph_text9": f"p{i}", "plannaam": f"P{i}", "year_properties": json.dumps(part)}
            for i, part in enumerate(years)
        )
    )
    found = read(plans)
    for kind, prefix in (("nieuwbouw", ""), ("sloop", "sloop_")):
        total = sum(n for *_, part in given_ for (a, *_), n in part.items() if a == prefix)
        detail = found.detail[found.detail["soort"] == kind]
        assert detail["aantal"].sum() == total
        name = "bruto" if kind == "nieuwbouw" else "sloop"
        assert found.plannen[name].sum() == total


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)),
        min_size=1,
        max_size=4,
    )
)
def test_detail_of_a_consistent_plan_adds_up_to_the_plan_whatever_is_in_no_year(
    tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[int, int, int]]
) -> None:
    # Built, planned in 2027, and planned in no year.
    plans = [
        (
            PLAN | {"Plannaam": f"P{i}"},
            {("nieuwbouw", "Nieuwbouw"): (a + b + c, a, {2027: b})},
        )
        for i, (a, b, c) in enumerate(given_)
    ]
    path = pmw_workbook(tmp_path_factory.mktemp("pmw") / "p.xlsx", plans)
    found = read(path)
    assert found.detail["aantal"].sum() == found.plannen["bruto"].sum()
    assert found.plannen["rest"].tolist() == [b + c for _, b, c in given_]


@settings(max_examples=10)
@given(st.permutations([("A", 100.0, ""), ("B", 30.0, "A"), ("C", 25.0, "A"), ("D", 10.0, "B")]))
def test_the_order_of_plans_changes_no_total(given_: list[tuple[str, float, str]]) -> None:
    assert locations(masters(*given_)).frame["woningen"].sum() == 100


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    path = gelderland(tmp_path / "x.gdb", plans_of(SIX), rows(*SIX_YEARS))
    first, second = read(path), read(path)
    pd.testing.assert_frame_equal(pd.DataFrame(first.plannen), pd.DataFrame(second.plannen))
    pd.testing.assert_frame_equal(first.detail, second.detail)
    pd.testing.assert_frame_equal(first.controle.table, second.controle.table)
    assert first.source == second.source


def test_the_input_is_not_changed() -> None:
    given_ = plans_of(EIB)
    before = given_.copy(deep=True)
    locations(read(given_))
    pd.testing.assert_frame_equal(pd.DataFrame(given_), pd.DataFrame(before))


def test_no_kind_of_number_is_ever_nought_where_nothing_was_said() -> None:
    # Over all flat registers: leave out each column in turn; what came from it is unknown.
    for column, name in itertools.product(["Aantalrest", "Sloop"], ["rest", "sloop"]):
        given_ = plans_of(EIB, EIB | {"OBJECTID": 2, column: None})
        found = read(given_).plannen
        gone = {"Aantalrest": "rest", "Sloop": "sloop"}[column] == name
        assert np.isnan(found[name].iloc[1]) == gone


def test_what_the_manual_tells_of_kinds_columns_and_mappings_is_so(tmp_path: Path) -> None:
    manual = (ROOT / "docs" / "registers.md").read_text("utf-8")
    for word in (*KINDS, *PLANNEN, *(c for c in DETAIL if c != "plan_id")):
        assert f"`{word}`" in manual
    toml = tmp_path / "tabel.toml"
    toml.write_text(manual.split("```toml")[1].split("```")[0], encoding="utf-8")
    table = column_table(toml)
    assert (table.basis, table.sheet, table.header) == ("netto", "Plannen", 2)
