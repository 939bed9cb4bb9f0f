"""Targets: versions, periods and regions; what contradicts itself is refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import woongeo
from woongeo.errors import FileError, InputError, RegionError, RegionWarning, TargetError
from woongeo.opgave import plain_name

if TYPE_CHECKING:
    from pathlib import Path


def table(**columns: object) -> pd.DataFrame:
    """Make a table of one target; columns given replace or add."""
    row = {"niveau": "gemeente", "gebied": "Westdam", "van": 2022, "tot": 2030, "waarde": 100}
    return pd.DataFrame({**row, "bron": "raad", **columns}, index=range(_rows(columns)))


def _rows(columns: dict[str, object]) -> int:
    return max((len(v) for v in columns.values() if isinstance(v, list)), default=1)


def test_the_provinces_of_october_2022_add_up_to_917193() -> None:
    targets = woongeo.read_targets()
    opgave = targets.only(wat="opgave").table
    provinces = opgave[opgave["niveau"] == "provincie"]
    assert len(provinces) == 12
    assert provinces["waarde"].sum() == 917_193
    assert opgave.loc[opgave["niveau"] == "land", "waarde"].tolist() == [917_193]
    assert targets.periods() == [(2022, 2030)]


@pytest.mark.parametrize(
    ("wat", "waarde"),
    [
        ("gerealiseerd", 340_000),
        ("gerealiseerd_aandeel", 0.78),
        ("hard_aandeel", 0.61),
        ("norm_dekking", 1.30),
        ("behoefte_per_jaar", 100_000),
        ("doorbraaklocaties", 24),
        ("regionaal_grootschalige_locaties", 127),
        ("woondeals", 35),
    ],
)
def test_the_figures_of_the_letters_are_there(wat: str, waarde: float) -> None:
    assert woongeo.read_targets().only(wat=wat).table["waarde"].tolist() == [waarde]


def test_coverage_has_two_dates_and_none_is_lost() -> None:
    dekking = woongeo.read_targets().only(wat="dekking").table
    assert dekking["waarde"].tolist() == [1.28, 1.27]


def test_every_figure_names_its_source_and_how_sure_it_is() -> None:
    shipped = woongeo.read_targets().table
    assert (shipped["bron"] != "").all()
    assert set(shipped["zekerheid"]) == {"gelezen", "afgeleid"}


def test_the_norms_are_those_of_the_table() -> None:
    shipped = woongeo.read_targets().table.set_index("wat")["waarde"]
    norms = woongeo.Norms()
    assert norms.dekking == shipped["norm_dekking"]
    assert norms.sociaal == shipped["norm_sociaal"]
    assert norms.betaalbaar == pytest.approx(shipped["norm_betaalbaar"])


def test_the_newest_version_holds_and_older_ones_stay() -> None:
    versions = table(waarde=[100, 120], datum=["2022-10", "2025-03-01"])
    targets = woongeo.read_targets(versions)
    assert len(targets) == 2
    assert targets.at().table["waarde"].tolist() == [120]
    assert targets.at(dt.date(2024, 1, 1)).table["waarde"].tolist() == [100]
    assert targets.at("2021").table.empty


def test_the_newest_version_holds_however_its_level_thing_and_unit_are_spelled() -> None:
    spelled = table(
        waarde=[120, 100],
        datum=["2024", "2022"],
        niveau=["Gemeente", "gemeente"],
        wat=["Opgave", "opgave"],
        eenheid=["Aantal woningen", "woningen"],
    )
    newest = woongeo.read_targets(spelled).at()
    assert newest.table["waarde"].tolist() == [120]
    assert newest.periods() == [(2022, 2030)]
    assert len(newest.only(wat="OPGAVE")) == 1


def test_what_is_only_shown_keeps_its_words_and_its_unit() -> None:
    shown = woongeo.read_targets(
        table(wat="Opgave per jaar", eenheid="Woningen per jaar", waarde=9)
    )
    assert shown.table[["wat", "eenheid"]].iloc[0].tolist() == [
        "Opgave per jaar",
        "Woningen per jaar",
    ]
    assert shown.periods() == []


def test_a_day_is_asked_for_as_it_is_written_in_the_table() -> None:
    shipped = woongeo.read_targets()
    asked = ["2022-10-13", "2022-10", dt.date(2022, 10, 13), dt.datetime(2022, 10, 13, 9)]  # noqa: DTZ001
    # Of October without a day it cannot be told whether the thirteenth had been.
    assert [(shipped.at(on).table["datum"] == "2022-10-13").any() for on in asked] == [
        *(True, False, True, True)
    ]
    wrong: list[Any] = ["13-10-2022", "2022-13", "2022-02-30", "nu", "", 2022]
    for on in wrong:
        with pytest.raises(InputError, match="geef een datum"):
            shipped.at(on)


def test_two_sources_of_one_date_are_the_users_to_choose_from() -> None:
    two = table(waarde=[100, 120], bron=["raad", "provincie"], datum="2025")
    targets = woongeo.read_targets(two)
    with pytest.raises(TargetError, match="twee waarden"):
        targets.at()
    assert targets.only(bron="prov").at().table["waarde"].tolist() == [120]
    both = woongeo.read_targets(table(waarde=[100, 120], basis=["netto", "bruto"], datum="2025"))
    assert both.only(basis="bruto").at().table["waarde"].tolist() == [120]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"van": 2031}, "van ligt na tot"),
        ({"van": "vroeger"}, "is geen getal"),
        ({"van": 22}, "geen jaartal"),
        ({"tot": None}, "opgave zonder periode"),
        ({"waarde": None}, "opgave zonder waarde"),
        ({"waarde": -5}, "negatief"),
        ({"basis": "circa"}, "basis is niet"),
        ({"datum": "13-10-2022"}, "datum is geen"),
        ({"bron": ""}, "bron ontbreekt"),
        ({"gebied": ""}, "gebied ontbreekt"),
        ({"gebied": ["Westdam", "westdam "]}, "staat er vaker in"),
        ({"niveau": ["gemeente", "Gemeente"]}, "staat er vaker in"),
        ({"eenheid": "woningen per jaar"}, "zijn in woningen"),
        ({"eenheid": "aandeel", "wat": "gerealiseerd", "waarde": 0.78}, "zijn in woningen"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(
    columns: dict[str, object], message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        woongeo.read_targets(table(**columns))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TargetError, match="kolom bron ontbreekt"):
        woongeo.read_targets(table().drop(columns="bron"))


def test_a_region_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TargetError, match="gemeente Westdan bestaat niet"):
        woongeo.read_targets(table(gebied="Westdan"), regions={"gemeente": ["Westdam", "Oostveen"]})
    assert len(woongeo.read_targets(table(), regions={"gemeente": ["WESTDAM"]})) == 1


def test_a_csv_from_a_dutch_excel_is_read(tmp_path: Path) -> None:
    path = tmp_path / "opgave.csv"
    path.write_bytes(
        "Niveau;Gebied;Van;Tot;Waarde;Bron\r\ngemeente;Súdwest-Fryslân;2022;2030;1.234;raad\r\n"
        ";;;;;\r\n".encode("cp1252")
    )
    targets = woongeo.read_targets(path)
    assert targets.table["gebied"].tolist() == ["Súdwest-Fryslân"]
    assert targets.table["waarde"].tolist() == [1234]
    assert len(targets.source.sha256) == 64


def test_a_sheet_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("opgave")
    for row in (list(table().columns), table().iloc[0].tolist()):
        sheet.append([v.item() if isinstance(v, np.generic) else v for v in row])
    book.save(tmp_path / "o.xlsx")
    assert woongeo.read_targets(tmp_path / "o.xlsx", sheet="opgave").table["waarde"].tolist() == [
        100
    ]
    with pytest.raises(FileError, match="blad 'x' bestaat niet; wel: Sheet, opgave"):
        woongeo.read_targets(tmp_path / "o.xlsx", sheet="x")


def test_what_is_no_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="bestaat niet"):
        woongeo.read_targets(tmp_path / "weg.csv")
    (tmp_path / "a.pdf").write_bytes(b"x")
    with pytest.raises(FileError, match=r"soort '\.pdf' wordt niet gelezen"):
        woongeo.read_targets(tmp_path / "a.pdf")
    (tmp_path / "b.xlsx").write_bytes(b"geen werkblad")
    with pytest.raises(FileError, match=r"b\.xlsx"):
        woongeo.read_targets(tmp_path / "b.xlsx")
    (tmp_path / "c.csv").write_bytes(b"")
    with pytest.raises(FileError, match=r"c\.csv: het bestand is leeg"):
        woongeo.read_targets(tmp_path / "c.csv")
    (tmp_path / "d.csv").write_text("bron,Bron\n1,2\n")
    with pytest.raises(FileError, match="kolom bron staat er vaker in"):
        woongeo.read_targets(tmp_path / "d.csv")


def test_two_names_of_one_province_are_one() -> None:
    assert plain_name("Fryslân") == plain_name(" FRIESLAND")


def test_names_in_a_notebook_run_nothing() -> None:
    page = woongeo.read_targets(table(gebied="<script>{{7*7}}"))._repr_html_()
    assert "<script>" not in page
    assert "{{" not in page


# --- which gemeente belongs where

MERGED = pd.DataFrame(
    {
        "gemeente": ["Weesp", "Amsterdam", "Ede", "Renswoude"],
        "woondealregio": ["Gooi", "Amsterdam", "Foodvalley", "Foodvalley"],
        "tot": ["2022-03-23", "", "", ""],
        "opvolger": ["Amsterdam", "", "", ""],
    }
)


def test_a_merged_gemeente_follows_its_successor() -> None:
    mapping = woongeo.read_mapping(MERGED)
    names = pd.Series(["Weesp", "ede", "Nergens", None])
    before = mapping.lookup(names, on=dt.date(2020, 1, 1))
    after = mapping.lookup(names, on=dt.date(2026, 1, 1))
    assert before.tolist() == ["Gooi", "Foodvalley", "onbekend", "onbekend"]
    assert after.tolist() == ["Amsterdam", "Foodvalley", "onbekend", "onbekend"]
    # The day of the mapping itself goes before the day of the screening.
    fixed = mapping.at(dt.date(2020, 1, 1)).lookup(names, on=dt.date(2026, 1, 1))
    assert fixed.tolist() == before.tolist()
    assert len(mapping) == 3


def test_successors_in_a_circle_end() -> None:
    circle = pd.DataFrame(
        {"gemeente": ["a", "b"], "gebied": "x", "tot": "2000-01-01", "opvolger": ["b", "a"]}
    )
    found = woongeo.read_mapping(circle).lookup(pd.Series(["a"]), on=dt.date(2026, 1, 1))
    assert found.tolist() == ["onbekend"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gemeente": ["Ede", "Amsterdam", "Ede", "b"]}, "heeft op één dag twee gebieden"),
        ({"tot": ["x", "", "", ""]}, "is geen dag"),
        ({"woondealregio": ["", "a", "b", "c"]}, "noemt geen gemeente of geen gebied"),
        ({"van": ["2023-01-01", "", "", ""]}, "van ligt na tot"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(
    change: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(RegionError, match=message):
        woongeo.read_mapping(MERGED.assign(**change))


def test_an_unknown_successor_is_told() -> None:
    with pytest.warns(RegionWarning, match="opvolger Atlantis"):
        woongeo.read_mapping(MERGED.assign(opvolger=["Atlantis", "", "", ""]))
    with pytest.raises(RegionError, match="kolom gemeente ontbreekt"):
        woongeo.read_mapping(MERGED.drop(columns="gemeente"))
