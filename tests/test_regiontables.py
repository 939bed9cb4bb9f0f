"""Bottlenecks without a shape: a value per gemeente, and how a location finds its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import ColumnError, LayerError, RegionError, RuleError, UncertainRuleWarning
from woongeo.regioncodes import CodeChange, RegionTable, known_changes, region_code
from woongeo.sources import read_tabular

if TYPE_CHECKING:
    from pathlib import Path

Sites = Callable[..., woongeo.Locations]
FTE = woongeo.TableRule(below=3.0, unit="fte", severity="zacht")


def places(regions: list[Any], column: str = "gemeentecode") -> woongeo.Locations:
    """Make a location for each region, in squares of 100 m."""
    n = len(regions)
    shapes = [block(200 * i, 0) for i in range(n)]
    given = frame(
        shapes, plan_id=list(range(n)), woningen=[10] * n, planstatus=["3"] * n, **{column: regions}
    )
    return woongeo.read_locations(given)


def judged(table: pd.DataFrame, regions: list[Any], **given: Any) -> pd.DataFrame:
    """Screen locations in regions against a table with the columns code, naam and fte."""
    given.setdefault("rule", FTE)
    column = given.pop("column", "gemeentecode")
    layer = woongeo.read_table_layer("staf", table, value_column="fte", **given)
    done = woongeo.screen(places(regions, column), [layer])
    return done.treffers.assign(
        gebied=done.locaties["staf_gebied"], waarde=done.locaties["staf_waarde"]
    )


def test_a_value_on_the_wrong_side_of_the_limit_hinders_the_whole_site() -> None:
    """2 is below 3, 3 is not; 4,5 is written with a comma."""
    table = pd.DataFrame({"gemeentecode": ["GM0001", "GM0002", "GM0003"], "fte": [2, "3", "4,5"]})
    layer = woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE)
    done = woongeo.screen(places([1, 2, 3]), [layer])
    assert done.treffers["oordeel"].tolist() == ["belemmerd", "vrij", "vrij"]
    assert done.treffers["zwaarte"].tolist() == ["zacht", "", ""]
    assert done.treffers["reden"].tolist() == [
        "gemeente GM0001: fte is 2 fte, belemmerd onder 3 fte",
        "gemeente GM0002: fte is 3 fte, niet onder 3 fte",
        "gemeente GM0003: fte is 4,5 fte, niet onder 3 fte",
    ]
    assert done.locaties["belemmerd_m2"].tolist() == [10_000, 0, 0]
    assert done.locaties["vrij_m2"].tolist() == [0, 10_000, 10_000]
    total = woongeo.summarize_plancapaciteit(done).tabel.iloc[-1]
    assert (total["belemmerd_min"], total["belemmerd_max"], total["staf_verwacht"]) == (10, 10, 10)


@pytest.mark.parametrize(
    "code", ["GM0363", "gm0363", "363", "0363", 363, 363.0, "2022GM0363", " GM0363 "]
)
def test_a_code_is_a_code_however_it_is_written(code: Any) -> None:
    table = pd.DataFrame({"gemeentecode": [code], "fte": [1]})
    assert judged(table, ["GM0363"])["oordeel"].tolist() == ["belemmerd"]
    named = pd.DataFrame({"gemeentecode": ["363"], "fte": [1]})
    assert judged(named, [code])["oordeel"].tolist() == ["belemmerd"]


@pytest.mark.parametrize(
    ("in_table", "of_location"),
    [
        ("'s-Gravenhage", "s-Gravenhage (gemeente)"),
        ("Den Haag", "'s-Gravenhage"),
        ("Súdwest-Fryslân", "Sudwest Fryslan"),
        ("Hengelo (O.)", "Hengelo"),
        ("Utrecht (gemeente)", "UTRECHT"),
        ("Bergen (NH.)", "Bergen (NH)"),
        ("Nuenen c.a.", "Nuenen, Gerwen en Nederwetten"),
    ],
)
def test_a_name_is_found_however_it_is_spelled(in_table: str, of_location: str) -> None:
    table = pd.DataFrame({"gemeente": [in_table, "Elders"], "fte": [1, 9]})
    assert judged(table, [of_location, "Elders"])["oordeel"].tolist() == ["belemmerd", "vrij"]


def test_what_could_be_two_is_none() -> None:
    table = pd.DataFrame({"gemeente": ["Bergen (NH.)", "Bergen (L.)", "Laren"], "fte": [1, 1, 9]})
    found = judged(
        table, ["Bergen", "Bergen (L.)", "Laren (NH.)", "Laren (GD.)"], column="gemeente"
    )
    assert found["oordeel"].tolist() == ["onbekend", "belemmerd", "vrij", "vrij"]
    assert found["reden"].iloc[0] == (
        "gemeente 'Bergen' is niet zeker dezelfde als Bergen (NH.), Bergen (L.)"
    )
    # There is another Bergen, though this table does not hold it.
    only = pd.DataFrame({"gemeente": ["Bergen (NH.)"], "fte": [1]})
    assert judged(only, ["Bergen"], column="gemeente")["oordeel"].tolist() == ["onbekend"]


def test_what_is_missing_is_unknown_and_says_why() -> None:
    table = pd.DataFrame(
        {
            "gemeentecode": ["GM0001", "GM0002", "GM0003", "GM0003", None],
            "fte": [None, "veel", 1, 2, 3],
        }
    )
    found = judged(table, ["GM0001", "GM0002", "GM0003", "GM0009", ""])
    assert set(found["oordeel"]) == {"onbekend"}
    assert found["reden"].tolist() == [
        "gemeente GM0001: geen waarde in fte",
        "gemeente GM0002: fte 'veel' is geen getal",
        "gemeente GM0003: geen waarde in fte",
        "gemeente GM0009 staat niet in de tabel",
        "geen gemeente bekend",
    ]
    layer = woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE)
    assert layer.report.counts() == {
        "gebied dubbel": 1, "gebied ontbreekt": 1, "waarde ontbreekt": 1
    }  # fmt: skip
    assert len(layer.table or []) == 3


def test_a_region_that_stands_there_twice_is_named_as_it_is_written() -> None:
    named = pd.DataFrame({"gemeente": ["Bergen (NH.)", "bergen (nh)", "Ede"], "fte": [1, 5, 4]})
    coded = pd.DataFrame({"gemeente": ["GM0344", "344"], "fte": [1, 5]})
    for table, name in ((named, "Bergen (NH.)"), (coded, "GM0344")):
        layer = woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE)
        [row] = layer.report.of_check("gebied dubbel").to_dict("records")
        assert row["toelichting"] == f"{name}: staat er 2 keer in, met '1' en '5': geen waarde"


def test_classes_have_a_severity_each() -> None:
    rule = woongeo.TableRule(classes={"tekort": "middel", "krap": "zacht", "genoeg": "geen"})
    table = pd.DataFrame(
        {"gemeentecode": [1, 2, 3, 4], "fte": ["Tekort", "krap", "genoeg", "onduidelijk"]}
    )
    found = judged(table, [1, 2, 3, 4], rule=rule)
    assert found["oordeel"].tolist() == ["belemmerd", "belemmerd", "vrij", "onbekend"]
    assert found["zwaarte"].tolist() == ["middel", "zacht", "", ""]
    assert found["reden"].iloc[2] == (
        "gemeente GM0003: fte is genoeg: geen belemmering volgens de regel"
    )
    assert (rule.severity, found["waarde"].tolist()[0]) == ("middel", "Tekort")


def test_two_layers_of_the_letter_are_ready() -> None:
    for key in ("ambtelijke_capaciteit", "investeringscapaciteit"):
        table = pd.DataFrame({"gemeente": ["A", "B"], "oordeel": ["tekort", "voldoende"]})
        layer = woongeo.read_table_layer(key, table, value_column="oordeel")
        # That it hinders was said; how a table says so, and how heavy that is, nobody did.
        with pytest.warns(UncertainRuleWarning, match="afgeleid"):
            done = woongeo.screen(places(["A", "B"], "gemeente"), [layer])
        assert done.treffers["oordeel"].tolist() == ["belemmerd", "vrij"]


# --- the region of a location


def test_without_a_column_the_largest_part_decides(sites: Sites) -> None:
    """A: x 0-260, B: 260-500. Sites at 0, 200 (60 m in A), 210 (50-50), 450 (50 m in none)."""
    drawn = frame([block(0, 0, 260), block(260, 0, 240)], naam=["A", "B"])
    regions = woongeo.read_regions("gemeente", drawn, name_column="naam")
    table = pd.DataFrame({"gemeente": ["A", "B"], "fte": [9, 1]})
    layer = woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE, regions=regions)
    # Plans that overlap each other are voiced; here each is asked by itself.
    done = [woongeo.screen(sites([block(x, 0)]), [layer]) for x in (0, 200, 210, 450, 600)]
    said = [one.treffers.iloc[0] for one in done]
    assert [one["oordeel"] for one in said] == [
        *("vrij", "vrij", "belemmerd", "belemmerd", "onbekend")
    ]
    assert [one.locaties["staf_gebied"].iloc[0] for one in done] == ["A", "A", "B", "B", ""]
    assert said[2]["reden"].endswith("even groot: het zwaarste telt")
    assert said[4]["reden"] == "ligt grotendeels buiten elke gemeente"


def test_locations_without_a_region_are_unknown_and_a_wrong_column_is_refused(
    sites: Sites,
) -> None:
    table = pd.DataFrame({"gemeente": ["A"], "fte": [1]})
    layer = woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE)
    done = woongeo.screen(sites([block(0, 0)]), [layer])
    assert done.treffers["oordeel"].tolist() == ["onbekend"]
    assert done.treffers["reden"].iloc[0].startswith("van de locaties is geen gemeente bekend")
    wrong = woongeo.read_table_layer(
        "staf", table, value_column="fte", rule=FTE, location_column="gem"
    )
    with pytest.raises(ColumnError, match="kolom 'gem' bestaat niet in de locaties"):
        woongeo.screen(sites([block(0, 0)]), [wrong])


def test_a_woondealregio_goes_by_its_own_code_or_name() -> None:
    table = pd.DataFrame({"code": ["wd-01", "WD-02"], "naam": ["U10/U16", "Foodvalley"]})
    table["fte"] = [1, 9]
    found = judged(
        table,
        ["WD-01", "foodvalley", "WD-09"],
        level="woondealregio",
        code_column="code",
        name_column="naam",
        location_column="regio",
        column="regio",
    )
    assert found["oordeel"].tolist() == ["belemmerd", "vrij", "onbekend"]
    assert found["reden"].iloc[0].startswith("woondealregio U10/U16: fte is 1 fte")


# --- mergers


def test_a_gemeente_that_ended_takes_the_value_of_the_one_that_came() -> None:
    table = pd.DataFrame({"code": ["GM0363", "GM1980"], "fte": [1, 9]})
    found = judged(
        table, ["GM0457", "Langedijk", "398", "Haaren"], code_column="code", column="gemeente"
    )
    assert found["oordeel"].tolist() == ["belemmerd", "vrij", "vrij", "onbekend"]
    assert found["reden"].tolist()[0].endswith("(gemeente GM0457 is sinds 2022-03-24 Amsterdam)")
    assert found["reden"].tolist()[3] == (
        "gemeente Haaren is sinds 2021-01-01 verdeeld over Boxtel, Oisterwijk, Tilburg, Vught"
    )


def test_a_gemeente_newer_than_the_table_has_no_value_of_its_own() -> None:
    table = pd.DataFrame(
        {"gemeente": ["Heerhugowaard", "Langedijk", "Purmerend"], "fte": [1, 1, 1]}
    )
    found = judged(table, ["GM1980", "Dijk en Waard", "Purmerend"], column="gemeente")
    assert found["oordeel"].tolist() == ["onbekend", "onbekend", "belemmerd"]
    assert found["reden"].iloc[1] == (
        "gemeente Dijk en Waard bestaat sinds 2022-01-01; de tabel kent alleen Heerhugowaard, "
        "Langedijk"
    )


def test_changes_of_ones_own_and_a_circle_of_them(tmp_path: Path) -> None:
    path = tmp_path / "wijzigingen.csv"
    path.write_text(
        "oude_code;oude_naam;nieuwe_code;nieuwe_naam;datum\n"
        "5001;Oud;5002;Nieuw;1-1-2027\n5002;Nieuw;5003;Nieuwst;2028-01-01\n"
        "5003;Nieuwst;5001;Oud;2029-01-01\n",
        encoding="utf-8",
    )
    changes = woongeo.read_code_changes(path)
    assert changes[0] == CodeChange("GM5001", "Oud", "GM5002", "Nieuw", dt.date(2027, 1, 1))
    table = pd.DataFrame({"gemeentecode": ["GM5003"], "fte": [1]})
    found = judged(table, ["GM5001", "GM5009"], code_changes=changes)
    assert found["oordeel"].tolist() == ["belemmerd", "onbekend"]
    other = pd.DataFrame({"gemeentecode": ["GM1"], "fte": [1]})
    assert judged(other, ["GM5001"], code_changes=changes)["oordeel"].tolist() == ["onbekend"]


def test_changes_by_name_alone_touch_no_other_name() -> None:
    changes = woongeo.read_code_changes(
        pd.DataFrame([{"oude_naam": "Oud", "nieuwe_naam": "Nieuw", "datum": "1-1-2027"}])
    )
    table = pd.DataFrame({"gemeente": ["Nieuw"], "fte": [1]})
    found = judged(table, ["Oud", "Elders", "0363"], code_changes=changes, column="gemeente")
    assert found["oordeel"].tolist() == ["belemmerd", "onbekend", "onbekend"]
    assert found["reden"].iloc[1] == "gemeente Elders staat niet in de tabel"


@pytest.mark.parametrize(
    "day", ["2027-01-01", "1-1-2027", "1/1/2027", dt.date(2027, 1, 1), pd.Timestamp("2027-01-01")]
)
def test_a_day_is_a_day_however_it_is_written(day: object) -> None:
    [change] = woongeo.read_code_changes(
        pd.DataFrame([{"oude_naam": "A", "nieuwe_naam": "B", "datum": day}])
    )
    assert change == CodeChange("", "A", "", "B", dt.date(2027, 1, 1))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"oude_naam": "A", "nieuwe_naam": "B"}, ColumnError),
        ({"oude_naam": "A", "datum": "1-1-2027"}, ColumnError),
        ({"oude_naam": "A", "nieuwe_naam": "B", "datum": "ooit"}, RegionError),
        ({"oude_naam": "", "nieuwe_naam": "B", "datum": "1-1-2027"}, RegionError),
    ],
)
def test_changes_that_say_too_little_are_refused(row: dict[str, str], error: type) -> None:
    with pytest.raises(error):
        woongeo.read_code_changes(pd.DataFrame([row]))


def test_the_mergers_that_come_along_are_whole() -> None:
    changes = known_changes()
    assert len({c.old_code for c in changes}) == 18
    assert {c.since.year for c in changes} == {2021, 2022, 2023}
    assert all(region_code(c.old_code) == c.old_code for c in changes)
    # Nothing that ended came back.
    assert not {c.old_code for c in changes} & {c.new_code for c in changes}


# --- what is refused


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "één van beide"),
        ({"above": 1.0, "classes": {"a": "hard"}}, "één van beide"),
        ({"above": float("nan")}, "above is nan"),
        ({"below": 5.0, "above": 1.0}, "elke waarde zou belemmeren"),
        ({"classes": {"a": "erg"}}, "de waarde 'erg'"),
        ({"classes": {"a": "geen"}}, "geen enkele klasse die belemmert"),
        ({"classes": {"a": "zacht"}, "severity": "hard"}, "maak ze gelijk"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(RuleError, match=told):
        woongeo.TableRule(**fields)


def test_a_table_without_what_it_needs_is_refused(sites: Sites) -> None:
    table = pd.DataFrame({"gebied": ["A"], "fte": [1]})
    with pytest.raises(ColumnError, match="geef code_column of name_column"):
        woongeo.read_table_layer("staf", table, value_column="fte", rule=FTE)
    with pytest.raises(ColumnError, match="kolom 'man' bestaat niet; wel: gebied, fte"):
        woongeo.read_table_layer("staf", table, value_column="man", rule=FTE)
    with pytest.raises(LayerError, match="geef rule=TableRule"):
        woongeo.read_table_layer("staf", table, value_column="fte", name_column="gebied")
    drawn = woongeo.read_layer("x", frame([block(0, 0)]), coverage="nederland").with_rule(FTE)
    with pytest.raises(RuleError, match="read_table_layer"):
        woongeo.screen(sites([block(0, 0)]), [drawn])


def test_a_limit_above_and_both() -> None:
    rule = woongeo.TableRule(above=5.0, below=1.0, unit="jaar")
    assert rule.in_words() == (
        "belemmerd waar de waarde van het gebied boven 5 jaar of onder 1 jaar ligt"
    )
    table = pd.DataFrame({"gemeentecode": [1, 2, 3], "fte": [6, 3, 0]})
    found = judged(table, [1, 2, 3], rule=rule)
    assert found["oordeel"].tolist() == ["belemmerd", "vrij", "belemmerd"]


# --- real data


@pytest.mark.real
def test_municipalities_of_2021_and_2022_find_each_other(real_data: Path) -> None:
    """353 names of 2021 against the 345 of CBS of 2022: only what merged, and Bergen, fail."""
    old, _ = read_tabular(
        real_data / "plannen" / "plancapaciteit_gemeenten_2021.xlsx", sheet="plancapaciteit_nl"
    )
    import geopandas as gpd  # noqa: PLC0415  only here

    new = gpd.read_file(real_data / "gebieden" / "cbs_gemeenten_2022_wgs84.geojson")
    table = RegionTable(
        "gemeente",
        "totaal",
        pd.DataFrame({"code": "", "naam": old["gemeente"], "waarde": old["totaal"]}),
        changes=known_changes(),
    )
    lost = [name for name in new["statnaam"] if table.find(name)[0] < 0]
    assert lost == ["Bergen (NH.)", "Dijk en Waard", "Land van Cuijk", "Maashorst"]
    back = RegionTable(
        "gemeente",
        "x",
        pd.DataFrame({"code": new["statcode"], "naam": new["statnaam"], "waarde": 1}),
        changes=known_changes(),
    )
    lost = [name for name in old["gemeente"] if back.find(name)[0] < 0]
    assert lost == ["Bergen", "Haaren"]
    # Every new code of 2022 and before is CBS's.
    codes = dict(zip(new["statcode"], new["statnaam"], strict=True))
    for change in known_changes():
        if change.since <= dt.date(2022, 1, 1):
            assert codes[change.new_code] == change.new_name
            assert change.old_code not in codes


@pytest.mark.real
def test_noord_holland_by_a_table_of_its_municipalities(real_data: Path) -> None:
    """Total capacity of 2021 under 1,000 homes, as an example of an indicator."""
    with pytest.warns(woongeo.WoongeoWarning):
        plans = woongeo.read_locations(
            real_data / "plannen" / "eib_noord_holland_2020", woningen_column="Aantalrest"
        )
    layer = woongeo.read_table_layer(
        "capaciteit",
        real_data / "plannen" / "plancapaciteit_gemeenten_2021.xlsx",
        sheet="plancapaciteit_nl",
        value_column="totaal",
        rule=woongeo.TableRule(below=1_000, unit="woningen", severity="zacht"),
    )
    done = woongeo.screen(plans, [layer])
    # Bergen could be the one in Limburg: 21 plans of 647 homes.
    assert done.counts() == {"belemmerd": 155, "onbekend": 21, "vrij": 1_965}
    assert done.homes() == {"belemmerd": 6_759, "onbekend": 647, "vrij": 378_782}
    assert np.isnan(done.locaties["capaciteit_overlap_aandeel"]).sum() == 21
