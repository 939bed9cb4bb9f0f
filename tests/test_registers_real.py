"""The registers as they were published, with what they truly hold.

The exchange files of Planmonitor Wonen and DIWI are templates and examples: they hold the form, and
hardly a home. Noord-Holland 2020 holds 2,141 plans; its figures were measured apart from woongeo.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest
from register_files import locations, read

from woongeo.errors import LocationError, RegisterError
from woongeo.registers import recognise
from woongeo.registers.model import NUMBERS

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.registers import Register

pytestmark = pytest.mark.real
ON = dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def noord_holland(real_data: Path) -> Register:
    """Read the plans of Noord-Holland."""
    return read(real_data / "plannen" / "eib_noord_holland_2020")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("planmonitor_wonen_import.xlsx", "planmonitor-wonen"),
        ("diwi_excel_import.xlsx", "diwi-excel"),
        ("diwi_gelderland_sjabloon.gdb.zip", "diwi-gelderland"),
    ],
)
def test_templates_are_recognised_and_are_empty_registers(
    real_data: Path, name: str, kind: str
) -> None:
    path = real_data / "registers" / name
    assert recognise(path) == kind
    found = read(path)
    assert (len(found), len(found.detail)) == (0, 0)
    assert found.controle.counts()["register is leeg"] == 1
    # Planmonitor's template shows 0 as what remains of nothing: that is no plan of 0 homes.
    assert found.totals().isna().all()
    with pytest.raises(LocationError):
        locations(found)


def test_diwi_s_own_export_is_one_plan_of_which_no_home_is_known(real_data: Path) -> None:
    found = read(real_data / "registers" / "diwi_export.geojson", on=ON)
    plan = found.plannen.iloc[0]
    assert (found.kind, len(found)) == ("diwi", 1)
    assert plan[list(NUMBERS)].isna().all()
    assert (plan["vertrouwelijkheid"], plan["projectfase"]) == ("provincie", "Voorbereiding")
    assert found.controle.counts()["woningblok zonder aantal"] == 1


def test_diwi_s_own_example_for_import_is_one_plan_of_one_home(real_data: Path) -> None:
    found = read(real_data / "registers" / "diwi_import_voorbeeld.geojson", on=ON)
    plan = found.plannen.iloc[0]
    assert plan[["bruto", "sloop", "netto"]].tolist() == [1, 0, 1]
    assert plan["vertrouwelijkheid"] == "onbekend"
    assert locations(found).frame["woningen"].tolist() == [1]


def test_a_test_file_with_romania_is_no_register(real_data: Path) -> None:
    with pytest.raises(RegisterError, match="wordt herkend"):
        read(real_data / "registers" / "diwi_gelderland_test.geojson")


def test_noord_holland_is_read_whole_with_its_dirt_on_record(noord_holland: Register) -> None:
    plans = noord_holland.plannen
    assert (noord_holland.kind, len(plans)) == ("eib-2020", 2_141)
    assert plans["rest"].sum() == 386_188
    assert plans["sloop"].sum() == 4_415
    assert plans["netto"].isna().all()
    report = noord_holland.controle.counts()
    # 86 of WTYPONB, 88 of HRKPONB and 2 of OPLONB are negative.
    assert report["detail negatief"] == 176
    assert report["naam dubbel"] == 84
    assert report["sloop negatief"] == 109
    assert report["planstatus onbekend"] == 19
    assert report["woningen nul"] == 129
    assert report["plaatshouder (cirkel)"] == 12
    # Every breakdown of it adds up to Aantalrest, for all plans.
    assert "groep telt niet op" not in report
    assert plans["hardheid"].value_counts().to_dict() == {
        "zacht": 1_147,
        "hard": 975,
        "onbekend": 19,
    }


def test_each_breakdown_of_noord_holland_holds_all_its_homes(noord_holland: Register) -> None:
    sums = noord_holland.detail.groupby("indeling")["aantal"].sum()
    assert sums.to_dict() == {"eigendom": 386_188, "periode": 386_188, "woningtype": 386_188}
    periods = noord_holland.detail[noord_holland.detail["indeling"] == "periode"]
    by_year = periods.groupby("jaar", dropna=False)["aantal"].sum()
    assert by_year.loc[2020] == 126_831
    assert by_year[by_year.index.isna()].sum() == 58_548


def test_noord_holland_as_locations_is_what_it_was(
    noord_holland: Register, real_data: Path
) -> None:
    places = locations(noord_holland)
    assert len(places) == 2_141
    assert places.usable.all()
    assert places.frame["woningen"].sum() == 386_188
    assert {"Gem_naam", "Aantalrest", "gemeente"} <= set(places.frame.columns)
    assert np.array_equal(places.frame["locatie_id"], places.frame["plan_id"])
    again = read(real_data / "plannen" / "eib_noord_holland_2020")
    assert again.source == noord_holland.source


def test_a_table_of_municipalities_is_read_by_a_mapping(real_data: Path) -> None:
    mapping = {
        "blad": "plancapaciteit_nl",
        "kolommen": {
            "naam": "gemeente",
            "gemeente": "gemeente",
            "provincie": "provincie",
            "bruto": "totaal",
        },
        "detail": [
            {"kolom": "htotaal", "indeling": "hardheid"},
            {"kolom": "ztotaal", "indeling": "hardheid"},
        ],
    }
    path = real_data / "plannen" / "plancapaciteit_gemeenten_2021.xlsx"
    assert recognise(path) is None
    found = read(path, mapping=mapping)
    assert len(found) == 353
    assert found.plannen["bruto"].notna().sum() > 300
    # Hidden sheets are said, not read.
    assert sum("verborgen" in note for note in found.source.notes) >= 9
