"""Grid congestion: what operators publish, what it means and from when on, and what is unknown."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from conftest import block, frame

import woongeo
from woongeo.capaciteitskaart import class_of_code, pc6_in_pc4, read_list
from woongeo.errors import (
    ColumnError,
    FileError,
    LayerError,
    RegionError,
    RuleError,
    UncertainRuleWarning,
)

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

Sites = Callable[..., woongeo.Locations]
BEFORE, FROM = dt.date(2026, 6, 30), dt.date(2026, 7, 1)

# As it is published: byte order mark, semicolons, decimal commas; generation (opwek) the other way
# round, so that who reads it is wrong everywhere.
LIST = """\ufeffpostcode;afname;opwek;voedingsgebied_id;voedingsgebied_naam
1000AA;0;3;11;Noord
1000 ab;1,0;3;11;Noord
1000AC;2;3;11;Noord
1000AD;3,0;0;11;Noord
1000AE;-1;0;11;Noord
1000AF;0;0;0;0
1000AG;7;0;11;Noord
1000ZZ;3;0;11;Noord
geen;3;0;11;Noord
"""
CODES = ["1000AA", "1000AB", "1000AC", "1000AD", "1000AE", "1000AF", "1000AG", "9999XX"]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Write the list of an operator."""
    path = tmp_path / "congestie_pc6.csv"
    path.write_text(LIST.replace("\n", "\r\n"), encoding="utf-8", newline="")
    return path


def squares(codes: list[str]) -> gpd.GeoDataFrame:
    """Draw a square of 100 m for each postcode, 200 m apart."""
    return frame([block(200 * i, 0) for i in range(len(codes))], postcode=codes)


def on_each(sites: Sites) -> woongeo.Locations:
    """Put a site on each square."""
    return sites([block(200 * i, 0) for i in range(len(CODES))])


def test_a_list_of_postcodes_gets_the_classes_of_demand(published: Path, sites: Sites) -> None:
    layer = woongeo.read_netcongestie(published, areas=squares(CODES))
    assert layer.features["klasse"].tolist() == [
        *("beschikbaar", "beperkt", "onderzoek", "structureel"),
        *("onbekend", "onbekend", "onbekend"),
    ]
    done = woongeo.screen(on_each(sites), [layer], on=FROM)
    # 9999XX is not in the list, so no operator said anything there.
    assert done.treffers["oordeel"].tolist() == ["vrij"] + ["belemmerd"] * 3 + ["onbekend"] * 4
    assert done.treffers["zwaarte"].tolist() == ["", "zacht", "middel", "hard", "", "", "", ""]
    assert done.treffers["reden"].iloc[7] == "ligt buiten de dekking van de laag"
    assert layer.source is not None
    assert layer.source.path == str(published)
    assert layer.coverage.source is not None


def test_what_has_no_counterpart_is_counted(published: Path) -> None:
    layer = woongeo.read_netcongestie(published, areas=squares(CODES))
    table = layer.report.table.astype(str)
    said = dict(zip(table["controle"], table["toelichting"], strict=True))
    assert said["code zonder vlak"].startswith("1 code uit de lijst staat niet in")
    assert said["code zonder vlak"].endswith("de eerste: 1000ZZ")
    assert said["vlak zonder code"].endswith("de eerste: 9999XX")
    assert said["postcode onleesbaar"] == "1 rij heeft geen postcode, de eerste: 'geen'"
    assert said["klasse onleesbaar"] == "1 waarde in afname is geen klasse, de eerste: '7'"


def test_the_day_before_and_the_day_itself(published: Path, sites: Sites) -> None:
    """Until 1-7-2026 small connections went first: yellow was no hindrance, red a light one."""
    layer = woongeo.read_netcongestie(published, areas=squares(CODES))
    before = woongeo.screen(on_each(sites), [layer], on=BEFORE).treffers
    after = woongeo.screen(on_each(sites), [layer], on=FROM).treffers
    assert before["zwaarte"].tolist()[:4] == ["", "", "zacht", "zacht"]
    assert after["zwaarte"].tolist()[:4] == ["", "zacht", "middel", "hard"]
    assert before["oordeel"].iloc[1] == "vrij"
    assert before["reden"].iloc[1] == (
        "beperkt (geel: beperkt beschikbaar, schaarste dreigt) 10.000 m² (100 %): geen "
        "belemmering volgens de regel; regel van vóór 2026-07-01"
    )


def test_generation_is_never_read(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "andersom.csv"
    lines = LIST.splitlines()
    rows = [line.split(";") for line in lines[1:]]
    turned = [";".join([r[0], r[1], "3" if r[2] == "0" else "0", *r[3:]]) for r in rows]
    other.write_text("\n".join([lines[0], *turned]) + "\n", encoding="utf-8")
    one, two = (woongeo.read_netcongestie(p, areas=squares(CODES)) for p in (published, other))
    assert one.features["klasse"].tolist() == two.features["klasse"].tolist()
    only = pd.DataFrame({"postcode": ["1000AA"], "opwek": [3]})
    with pytest.raises(ColumnError, match="opwek telt niet voor woningen"):
        woongeo.read_netcongestie(only, areas=squares(["1000AA"]))


def test_codes_that_say_nothing_are_unknown() -> None:
    codes = pd.Series(["0", "0", "-1", "", None, "2,0", 3.0, "1,5", "rood"])
    names = pd.Series(["Noord", "0", "Noord", "x", "x", "x", "0", "x", "x"])
    klasse, unreadable = class_of_code(codes, [names])
    assert klasse.tolist() == [
        *("beschikbaar", "onbekend", "onbekend", "onbekend", "onbekend", "onderzoek"),
        *("structureel", "onbekend", "onbekend"),
    ]
    # Nothing is not wrong; one and a half and a colour among codes are.
    assert unreadable.tolist() == [False] * 7 + [True, True]


def test_an_id_of_0_is_no_feed_area_either() -> None:
    table = pd.DataFrame({"postcode": ["1000AA"], "afname": [0], "voedingsgebied_id": [0]})
    assert read_list(table).frame["klasse"].tolist() == ["onbekend"]


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ({"voedingsgebied_id": [None, "", "0", "11"]}, ["onbekend"] * 3 + ["beschikbaar"]),
        # One column that names a feed area is enough; one that says 0 is enough too.
        (
            {
                "voedingsgebied_id": ["11", "", "0", ""],
                "voedingsgebied_naam": ["", "", "Noord", "B"],
            },
            ["beschikbaar", "onbekend", "onbekend", "beschikbaar"],
        ),
        # A list that knows of no feed areas says nothing by naming none.
        ({}, ["beschikbaar"] * 4),
    ],
)
def test_0_without_a_feed_area_is_no_room(areas: dict[str, Any], expected: list[str]) -> None:
    codes = ["1000AA", "1000AB", "1000AC", "1000AD"]
    # Rows of two files, one after the other, have numbers twice.
    table = pd.DataFrame({"postcode": codes, "afname": 0, **areas}, index=[0, 1, 0, 1])
    assert read_list(table).frame["klasse"].tolist() == expected
    red = read_list(table.assign(afname=3)).frame["klasse"]
    assert set(red) == {"structureel"}


def test_of_two_classes_of_one_postcode_the_worst_is_taken() -> None:
    table = pd.DataFrame(
        {"postcode": ["1000AA", "1000aa", "1000AB", "1000AB"], "afname": [0, 3, 1, -1]}
    )
    found = read_list(table)
    assert found.frame["klasse"].tolist() == ["structureel", "onbekend"]
    assert [f.check for f in found.findings] == ["klasse tegenstrijdig"]


# --- PC6 in PC4


@pytest.mark.parametrize(
    ("mixed", "expected"), [("onbekend", "gemengd"), ("zwaarste", "structureel")]
)
def test_a_pc4_has_a_class_where_its_postcodes_agree(mixed: str, expected: str) -> None:
    table = pd.DataFrame(
        {
            "postcode": ["1000AA", "1000AB", "1000AC", "2000AA", "2000AB", "3000AA"],
            "afname": [3, 3, 1, 2, 2, -1],
        }
    )
    found = pc6_in_pc4(read_list(table).frame, mixed=mixed)
    assert found["code"].tolist() == ["1000", "2000", "3000"]
    assert found["klasse"].tolist() == [expected, "onderzoek", "onbekend"]
    assert found["gebied"].tolist()[0] == "1 x beperkt, 2 x structureel"
    layer = woongeo.read_netcongestie(
        table,
        areas=frame([block(0, 0), block(200, 0), block(400, 0)], pc4=[1000, 2000, 3000.0]),
        mixed=mixed,
    )
    assert layer.features["klasse"].tolist() == [expected, "onderzoek", "onbekend"]


def test_a_pc4_of_which_a_list_holds_few_postcodes_is_mixed(sites: Sites) -> None:
    """4,000 people and 1 listed postcode; 4,000 and 50 (80 each); nobody counted."""
    codes = ["1000AA", *(f"2000{a}{b}" for a in "ABCDE" for b in "ABCDEFGHIJ"), "3000AA"]
    table = pd.DataFrame({"focusgebied": "Noord", "pc6": codes})
    drawn = frame(
        [block(0, 0), block(200, 0), block(400, 0)],
        pc4=[1000, 2000, 3000],
        inwoners=[4_000, 4_000, -99_997],
    )
    layer = woongeo.read_netcongestie(table, areas=drawn)
    assert layer.features["klasse"].tolist() == ["gemengd", "focusgebied", "focusgebied"]
    done = woongeo.screen(sites([block(0, 0), block(200, 0)]), [layer])
    assert done.treffers["oordeel"].tolist() == ["onbekend", "belemmerd"]
    # The same list, brought to PC4 by somebody else.
    ready = drawn.assign(focusgebied="Noord", n_pc6=[1, 50, 1])
    again = woongeo.read_netcongestie(ready)
    assert again.features["klasse"].tolist() == ["gemengd", "focusgebied", "focusgebied"]
    assert again.features["object_id"].tolist() == ["1000", "2000", "3000"]


@pytest.mark.parametrize(
    ("afname", "mixed", "expected"),
    [
        (0, "onbekend", ["gemengd", "beschikbaar", "beschikbaar", "beschikbaar"]),
        (3, "onbekend", ["gemengd", "structureel", "structureel", "structureel"]),
        # What was not published may be worse than room, and no worse than red.
        (0, "zwaarste", ["gemengd", "beschikbaar", "beschikbaar", "beschikbaar"]),
        (3, "zwaarste", ["structureel"] * 4),
    ],
)
def test_few_postcodes_with_a_colour_are_no_whole_pc4(
    afname: int, mixed: str, expected: list[str]
) -> None:
    """10,000 people and 1 postcode; 10,000 and 50 (200 each, the limit); uncounted; a whole PC4."""
    codes = ["1000AA", *(f"2000{a}{b}" for a in "ABCDE" for b in "ABCDEFGHIJ"), "3000AA", "4000"]
    table = pd.DataFrame({"postcode": codes, "afname": afname})
    drawn = frame(
        [block(200 * i, 0) for i in range(4)],
        pc4=[1000, 2000, 3000, 4000],
        inwoners=[10_000, 10_000, -99_997, 10_000],
    )
    layer = woongeo.read_netcongestie(table, areas=drawn, mixed=mixed)
    assert layer.features["klasse"].tolist() == expected
    assert layer.report.of_check("gebied gemengd")["waarde"].tolist() == [1] * (
        expected[0] == "gemengd"
    )


@pytest.mark.parametrize(
    ("mixed", "expected"),
    [
        ("onbekend", ["gemengd", "structureel", "beschikbaar"]),
        ("zwaarste", ["structureel", "structureel", "beschikbaar"]),
    ],
)
def test_a_postcode_that_cannot_be_read_may_be_any_of_its_pc4(
    mixed: str, expected: list[str]
) -> None:
    """1000-AC is red and so is 2000-AC; of 4000 nothing else is listed, so it stays unknown."""
    table = pd.DataFrame(
        {
            "postcode": ["1000AB", "1000-AC", "2000AA", "2000-AC", "3000AA", "x", "4000-AC"],
            "afname": [0, 3, 3, 3, 0, 3, 3],
        }
    )
    drawn = frame([block(200 * i, 0) for i in range(4)], pc4=[1000, 2000, 3000, 4000])
    layer = woongeo.read_netcongestie(table, areas=drawn, mixed=mixed)
    assert layer.features["klasse"].tolist() == expected
    assert layer.report.of_check("postcode onleesbaar")["waarde"].tolist() == [4]
    # A PC4 that is listed as a whole is doubtful all the same.
    pc4 = pd.DataFrame({"postcode": ["1000", "1000-AC"], "afname": [0, 3]})
    layer = woongeo.read_netcongestie(pc4, areas=drawn, mixed=mixed)
    assert layer.features["klasse"].tolist() == expected[:1]


# --- maps and the exchange model


def test_a_map_of_feed_areas_needs_no_list(sites: Sites) -> None:
    """The tie: a site half in red, half in orange; of both areas it is told."""
    drawn = frame(
        [block(0, 0, 50), block(50, 0, 50)],
        voedingsgebied_id=["A", "B"],
        voedingsgebied_naam=["Oost", "West"],
        afname=[2, 3],
        opwek=[0, 0],
    )
    layer = woongeo.read_netcongestie(drawn)
    done = woongeo.screen(sites([block(0, 0)]), [layer], on=FROM)
    [said] = done.treffers.to_dict("records")
    assert (said["oordeel"], said["zwaarte"]) == ("belemmerd", "hard")
    assert said["objecten"] == "A Oost [onderzoek]; B West [structureel]"
    assert "even groot: de zwaarste telt" in said["reden"]
    with pytest.raises(LayerError, match="deze bron heeft zelf al vlakken"):
        woongeo.read_netcongestie(drawn, areas=drawn)
    # Codes are no classes: who reads such a map as any layer is told how it is to be read.
    with pytest.raises(ColumnError, match="read_netcongestie"):
        woongeo.read_layer("netcongestie", drawn)


def test_the_exchange_model_by_postcode_and_by_substation(tmp_path: Path) -> None:
    def area(code: str, **more: Any) -> dict[str, Any]:
        return {"short_code": code, "works": [], **more}

    def written(name: str, areas: list[dict[str, Any]]) -> Path:
        path = tmp_path / name
        model = {
            "conforms_to": "http://data.netbeheernederland.nl/capaciteitskaart/v1.3.0",
            "creator": "x",
            "identifier": "y",
            "issued": "2026-02-03",
            "energy_areas": areas,
        }
        path.write_text(json.dumps(model), encoding="utf-8")
        return path

    postcodes = [
        {"postcode": p, "demand_constraint": c, "generation_constraint": "red"}
        for p, c in zip(CODES[:4], ("transparant", "yellow", "amber", "red"), strict=True)
    ]
    dso = written("dso.json", [area("OS Noord", postcode_areas=postcodes)])
    layer = woongeo.read_netcongestie(dso, areas=squares(CODES))
    assert layer.features["klasse"].tolist() == [
        *("beschikbaar", "beperkt", "onderzoek", "structureel")
    ]
    assert layer.features["object_naam"].tolist() == ["OS Noord"] * 4
    assert layer.reference_date == dt.date(2026, 2, 3)
    tso = written(
        "tso.json",
        [
            area("OS Noord", demand_constraint="amber", generation_constraint="red"),
            area("OS Zuid", demand_constraint="paars"),
        ],
    )
    drawn = frame([block(0, 0), block(200, 0)], short_code=["os noord", "OS ZUID"])
    layer = woongeo.read_netcongestie(tso, areas=drawn, key="netcongestie_tennet")
    assert layer.key == "netcongestie_tennet"
    assert layer.features["klasse"].tolist() == ["onderzoek", "onbekend"]
    assert "klasse onleesbaar" in layer.report.counts()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ('{"energy_areas": 3}', "energy_areas ontbreekt of is geen lijst"),
        ('{"energy_areas": [{"works": []}]}', r"energy_areas\[0\] heeft geen short_code"),
        (
            '{"energy_areas": [{"short_code": "a", "postcode_areas": [{"postcode": "1000AA"}]}]}',
            "heeft geen demand_constraint",
        ),
        ('{"energy_areas": [', "kan niet als JSON worden gelezen"),
        (
            '{"energy_areas": [{"short_code": "a", "postcode_areas": 3}]}',
            r"energy_areas\[0\].postcode_areas is geen lijst",
        ),
        (
            '{"energy_areas": [{"short_code": "a", "postcode_areas": [{"pc": "1000AA"}]}]}',
            r"postcode_areas\[0\] heeft geen postcode",
        ),
    ],
)
def test_what_is_no_exchange_model_is_refused(tmp_path: Path, model: str, told: str) -> None:
    path = tmp_path / "kaart.json"
    path.write_text(model, encoding="utf-8")
    with pytest.raises(FileError, match=told):
        woongeo.read_netcongestie(path, areas=squares(CODES))


def test_a_list_without_surfaces_or_with_others_is_refused(published: Path) -> None:
    with pytest.raises(LayerError, match="deze lijst heeft geen vlakken"):
        woongeo.read_netcongestie(published)
    with pytest.raises(LayerError, match="geen enkele code komt voor"):
        woongeo.read_netcongestie(published, areas=squares(["5000AA"]))
    with pytest.raises(ColumnError, match="geef area_column"):
        woongeo.read_netcongestie(published, areas=frame([block(0, 0)], soort=["1000AA"]))
    with pytest.raises(LayerError, match="mixed is 'gemiddeld'"):
        woongeo.read_netcongestie(published, areas=squares(CODES), mixed="gemiddeld")


def test_a_list_without_postcodes_or_a_wrong_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="noem haar 'postcode'"):
        woongeo.read_netcongestie(pd.DataFrame({"wijk": ["A"], "afname": [1]}))
    with pytest.raises(FileError, match="geef een pad"):
        woongeo.read_netcongestie(3)  # type: ignore[arg-type]
    with pytest.raises(FileError, match="bestaat niet"):
        woongeo.read_netcongestie(tmp_path / "weg.json")


def test_a_list_of_focus_areas_stands_where_nobody_was_counted() -> None:
    table = pd.DataFrame({"focusgebied": ["Noord", None], "pc6": ["1000AA", "2000AA"]})
    drawn = frame([block(0, 0), block(200, 0)], pc4=[1000, 2000])
    layer = woongeo.read_netcongestie(table, areas=drawn)
    assert layer.features["klasse"].tolist() == ["focusgebied", "onbekend"]
    assert layer.features["object_naam"].tolist() == ["1 x focusgebied", "1 x onbekend"]


# --- the scenario


def test_a_stop_is_a_scenario_with_a_date_and_never_comes_by_itself(sites: Sites) -> None:
    """Gelderland holds the first square and half of the second; the third lies in Overijssel."""
    drawn = frame([block(0, 0, 250), block(250, 0, 400)], provincie=["Gelderland", "Overijssel"])
    layer = woongeo.read_aansluitstop(drawn, names=["gelderland"], from_date=dt.date(2026, 8, 1))
    assert layer.key == "aansluitstop"
    places = sites([block(0, 0), block(200, 0), block(400, 0)])
    with pytest.warns(UncertainRuleWarning, match=r"aansluitstop.*\(scenario\)"):
        done = woongeo.screen(places, [layer], on=dt.date(2026, 8, 1))
    assert done.treffers["oordeel"].tolist() == ["belemmerd", "belemmerd", "vrij"]
    assert done.treffers["zwaarte"].tolist() == ["hard", "hard", ""]
    [note] = done.notes()
    assert "een scenario, geen besluit (TenneT, 12-2-2026" in note
    reason = done.treffers["reden"].iloc[0]
    assert "scenario, geen besluit, vanaf 2026-08-01: TenneT, 12-2-2026" in reason
    assert layer.rule.facts()["zekerheid"] == "scenario"
    with pytest.warns(UncertainRuleWarning):
        before = woongeo.screen(places, [layer], on=dt.date(2026, 7, 31))
    assert set(before.treffers["oordeel"]) == {"vrij"}
    assert before.treffers["reden"].iloc[0] == "regel geldt pas vanaf 2026-08-01"


def test_a_stop_of_ones_own_says_whose_it_is() -> None:
    day = dt.date(2027, 1, 1)
    layer = woongeo.read_aansluitstop(
        frame([block(0, 0)], wijk=["Noord"]),
        from_date=day,
        until=dt.date(2028, 12, 31),
        said_by="gemeente Westdam",
        said_on=dt.date(2026, 11, 2),
        severity="zeer hard",
    )
    facts = layer.rule.facts()
    assert facts["bron"] == "gemeente Westdam, 2-11-2026; een scenario, afloop onbekend"
    assert (facts["zwaarte"], facts["geldig_tot_en_met"]) == ("zeer hard", "2028-12-31")
    assert layer.reference_date == dt.date(2026, 11, 2)


def test_a_stop_holds_in_the_region_that_is_named_and_not_in_its_namesake() -> None:
    drawn = frame([block(0, 0), block(900, 0)], gemeente=["Bergen (L.)", "Bergen (NH.)"])
    day = dt.date(2026, 8, 1)
    layer = woongeo.read_aansluitstop(
        drawn, name_column="gemeente", names="Bergen (NH)", from_date=day
    )
    assert layer.features["object_naam"].tolist() == ["Bergen (NH.)"]
    with pytest.raises(RegionError, match=r"'Bergen' kan .* zijn; schrijf de hele naam"):
        woongeo.read_aansluitstop(drawn, name_column="gemeente", names=["Bergen"], from_date=day)


def test_a_stop_that_cannot_be_is_refused(tmp_path: Path) -> None:
    drawn = frame([block(0, 0)], provincie=["Utrecht"])
    day = dt.date(2026, 8, 1)
    with pytest.raises(RegionError, match="Flevopolder komt niet voor; wel: Utrecht"):
        woongeo.read_aansluitstop(drawn, names=["Flevopolder"], from_date=day)
    with pytest.raises(ColumnError, match="geef name_column"):
        woongeo.read_aansluitstop(frame([block(0, 0)]), names=["Utrecht"], from_date=day)
    with pytest.raises(ColumnError, match="'gebied' bestaat niet"):
        woongeo.read_aansluitstop(drawn, name_column="gebied", from_date=day)
    with pytest.raises(RuleError, match="draai de datums om"):
        woongeo.read_aansluitstop(drawn, from_date=day, until=dt.date(2026, 1, 1))
    own = tmp_path / "regels.toml"
    own.write_text('[aansluitstop.rules.hoofd]\nkind = "zone"\n', encoding="utf-8")
    with pytest.raises(RuleError, match="niet van de soort klasse"):
        woongeo.read_aansluitstop(drawn, from_date=day, catalogue=woongeo.read_catalogue(own))


# --- real data


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("dso", ["1234AC onderzoek", "1234AD structureel", "1234AE beperkt"]),
        (
            "tso",
            ["DRENTHE onderzoek", "GDO,NOORDELIJKDEELGEBIED onderzoek", "OSFICTIEF1 onderzoek"],
        ),
    ],
)
def test_the_examples_of_netbeheer_nederland(real_data: Path, name: str, codes: list[str]) -> None:
    found = read_list(real_data / "netcongestie" / f"capaciteitskaart_{name}_voorbeeld.json")
    assert (found.frame["code"] + " " + found.frame["klasse"]).tolist() == codes
    assert found.issued == dt.date(2025, 1, 10)
    assert "geldig van 2025-12-21 tot 2025-01-21 (einde ligt voor begin)" in found.source.notes


@pytest.mark.real
def test_noord_holland_against_the_focus_areas(real_data: Path) -> None:
    """Of 35 plans on a published PC4, 24 (8,923 homes) lie where 1 or 2 postcodes are listed.

    Those are 1213, 1217, 1221, 1241, 1271 and 2021: thousands of people each, and one postcode "in
    Doetinchem" in Hilversum. Where in such a PC4 the list holds is not known, so those plans are
    onbekend. What is left is 1231 (Loosdrecht), with 217 listed postcodes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plans = woongeo.read_locations(
            real_data / "plannen" / "eib_noord_holland_2020", woningen_column="Aantalrest"
        )
    folder = real_data / "netcongestie"
    drawn = folder / "pc4_congestie_2026_rd.gpkg"
    by_map = woongeo.read_netcongestie(drawn)
    by_list = woongeo.read_netcongestie(folder / "pc6_congestie_2026.csv", areas=drawn)
    for layer in (by_map, by_list):
        done = woongeo.screen(plans, [layer], on=dt.date(2026, 11, 22))
        assert done.counts() == {"belemmerd": 11, "onbekend": 2_130, "vrij": 0}
        assert done.homes()["belemmerd"] == 779
        blocked = done.treffers[done.treffers["oordeel"] == "belemmerd"]
        assert set(blocked["zwaarte"]) == {"middel"}
    assert by_map.features["klasse"].value_counts().to_dict() == {
        "focusgebied": 865,
        "gemengd": 80,
    }
    # With colours too: no PC4 of which more than 50 postcodes are listed is taken for a part.
    listed = pd.read_csv(folder / "pc6_congestie_2026.csv").drop_duplicates("pc6")
    colours = pd.DataFrame({"postcode": listed["pc6"], "afname": 0})
    coloured = woongeo.read_netcongestie(colours, areas=drawn).features
    assert coloured["klasse"].value_counts().to_dict() == {"beschikbaar": 865, "gemengd": 80}
    count = colours["postcode"].str[:4].value_counts()
    assert count[coloured.loc[coloured["klasse"] == "gemengd", "object_id"]].max() == 39
    assert by_list.report.of_check("code zonder vlak")["waarde"].tolist() == [6]
