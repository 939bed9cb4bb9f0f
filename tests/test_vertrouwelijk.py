"""A plan is seen by whom it is for, and by nobody else: not in a list, a report or a total."""

from __future__ import annotations

import dataclasses
import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from register_files import plans_of, read

import woongeo
from woongeo.capacity import divide, divide_homes
from woongeo.errors import AudienceError, ColumnError, WoongeoWarning
from woongeo.vertrouwelijk import (
    KOLOM,
    default_audience,
    for_audience,
    for_totals,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.registers import Register

LEVELS = (
    *("openbaar", "provincie", "provincie en gemeente", "regio", "gemeente", "eigenaar"),
    *("onbekend", "", "Extern woonregio", "zeer geheim"),
)
MAPPING = {
    "basis": "netto",
    "kolommen": {
        "plan_id": "id",
        "naam": "naam",
        "netto": "n",
        "planstatus": "status",
        "masterplan": "van",
        "vertrouwelijkheid": "wie",
        "gemeente": "gem",
        "regio": "reg",
    },
}


def register(*plans: dict[str, Any], shapes: list[Any] | None = None) -> Register:
    """Read plans of 10 homes in Ede, public unless said."""
    usual = {
        "n": 10,
        "status": "3",
        "van": "",
        "wie": "openbaar",
        "gem": "Ede",
        "reg": "Foodvalley",
    }
    table = [{"id": f"P{i}", "naam": f"Plan {i}", **usual, **p} for i, p in enumerate(plans)]
    return read(plans_of(*table, shapes=shapes), mapping=MAPPING)


def screened(found: Register) -> woongeo.Screening:
    """Screen a register against a zone over the first block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        zone = frame([block(0, 0)], nr=["1"], naam=["Hei"])
        layer = woongeo.read_layer(
            "natura2000", zone, coverage=frame([block(-9_000, -9_000, 90_000, 20_000)])
        )
        return woongeo.screen(found.locations, [layer])


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ("openbaar", ["openbaar"]),
        ("provincie", ["openbaar", "provincie", "provincie en gemeente"]),
        ("regio:foodvalley", ["openbaar", "provincie", "regio", "Extern woonregio"]),
        ("regio:Achterhoek", ["openbaar"]),
        (
            "gemeente:EDE",
            [*LEVELS[:5], "Extern woonregio"],
        ),
        ("gemeente:Barneveld", ["openbaar"]),
        ("intern", list(LEVELS)),
    ],
)
def test_an_audience_sees_what_registers_say_it_may_and_nothing_unknown(
    audience: str, seen: list[str]
) -> None:
    table = pd.DataFrame({KOLOM: LEVELS, "gemeente": "Ede", "regio": "Foodvalley"})
    assert table[KOLOM][visible_to(table, audience)].tolist() == seen


@pytest.mark.parametrize("text", ["", "iedereen", "regio", "gemeente:", "openbaar:Ede", "intern:x"])
def test_an_audience_that_is_not_told_whole_is_refused(text: str) -> None:
    with pytest.raises(AudienceError):
        read_audience(text)


def test_plans_that_do_not_say_who_may_see_them_are_for_nobody_who_asks() -> None:
    table = pd.DataFrame({"gemeente": ["Ede"]})
    with pytest.raises(AudienceError, match="geen kolom"):
        visible_to(table, "openbaar")
    assert visible_to(table, "intern").tolist() == [True]
    with pytest.raises(AudienceError, match="regio"):
        visible_to(table.assign(**{KOLOM: "regio"}), "regio:Foodvalley")


def test_the_column_is_found_whatever_its_case_and_rows_of_any_table_are_kept() -> None:
    table = pd.DataFrame({"Vertrouwelijkheid": ["Openbaar", "Gemeente"], "masterplan": ["B", ""]})
    assert visible_to(table, "openbaar").tolist() == [True, False]
    assert str(default_audience(table)) == "openbaar"
    assert for_audience(table, "openbaar")["masterplan"].tolist() == ["B"]


def test_without_a_word_an_output_is_public_where_any_plan_is_not() -> None:
    assert str(default_audience(pd.DataFrame({KOLOM: ["openbaar", "Gemeente"]}))) == "openbaar"
    # EIB and others state no level at all: there is nothing to go by.
    assert str(default_audience(pd.DataFrame({KOLOM: ["onbekend", ""]}))) == "intern"
    assert str(default_audience(pd.DataFrame({"naam": ["x"]}))) == "intern"


@pytest.mark.parametrize("column", ["masterplan", "Masterplan", "Overkoepelend plan"])
def test_plain_locations_do_not_name_a_masterplan_that_is_left_out_either(column: str) -> None:
    """B is part of A, which is not public, D of C, which is; of E's nobody knows what it is."""
    levels = ["gemeente", "openbaar", "openbaar", "openbaar", "openbaar"]
    plans = frame(
        [block(300 * i, 0) for i in range(5)],
        plan_id=list("12345"),
        naam=["Geheim", "B", "C", "D", "E"],
        woningen=[1] * 5,
        planstatus=["3"] * 5,
        vertrouwelijkheid=levels,
    )
    plans[column] = [None, "Geheim", None, "C", "Elders"]
    for what in (woongeo.read_locations(plans), plans, plans.drop(columns="naam")):
        shown = for_audience(what, "openbaar")
        table = shown.frame if isinstance(shown, woongeo.Locations) else shown
        named = ["" if pd.isna(x) else x for x in table[column]]
        # Without names the plans go by their ids, and "C" is none of those.
        assert named == ["", "", "C" if "naam" in table else "", ""]


SECRET = {"wie": "gemeente", "naam": "Geheim Landgoed", "n": 777}


def test_a_register_for_the_public_holds_nothing_of_a_plan_that_is_not() -> None:
    found = register(
        {},
        SECRET,
        {"van": "Geheim Landgoed"},
        {"naam": "Geheim Landgoed", "wie": "Gemeente", "id": "Z"},
        shapes=[block(0, 0), block(20, 20), block(900, 0), block(20, 20)],
    )
    shown = for_audience(found, "openbaar")
    assert shown.plannen["plan_id"].tolist() == ["P0", "P2"]
    assert set(shown.detail["plan_id"]) <= {"P0", "P2"}
    text = shown.plannen.to_csv() + shown.detail.to_csv() + shown.controle.table.to_csv()
    assert shown.invoer is not None
    text += shown.invoer.drop(columns=["van"]).to_csv()
    for word in ("Geheim", "777", "P1", "Z,"):
        assert word not in text
    assert shown.controle.of_check(KOLOM)["waarde"].tolist() == [2]
    assert len(found) == 4


def test_findings_on_one_plan_that_name_another_go_with_the_other() -> None:
    # P0 lies in the secret P1, and shares ground with the public P2.
    shapes = [block(0, 0), block(-50, -50, 300, 300), block(0, 0)]
    found = register({}, SECRET, {}, shapes=shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        places = found.locations
    before = places.report.table["toelichting"].str.cat(sep="\n")
    assert "P1" in before
    shown = for_audience(places, "openbaar")
    after = shown.report.table["toelichting"].str.cat(sep="\n")
    assert "P1" not in after
    assert shown.report.counts()["geometrie dubbel"] == 1
    assert shown.usable.tolist() == [True, True]


@pytest.mark.parametrize(
    "name",
    [
        "P0: woningen tellen mogelijk dubbel",
        "P0 (1 m², 1 %): woningen tellen mogelijk dubbel",
        "P0: de woningen staan in beide",
        "P0 (1 m²",
        "P0\nP0",
    ],
)
def test_a_hidden_plan_cannot_pass_for_a_plan_that_is_seen_by_its_name(name: str) -> None:
    shapes = [block(0, 0), block(0, 0), block(50, 50, 200, 200), block(900, 0)]
    hidden = {**SECRET, "id": name}
    found = register({}, hidden, {**hidden, "id": f"{name}!"}, {"van": name}, shapes=shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        places = found.locations
    # P0 lies partly in the one that ends in an exclamation mark.
    assert any(name in text for text in places.report.table["toelichting"])
    shown = for_audience(places, "openbaar")
    assert not any(name in text for text in shown.report.table["toelichting"])


def test_homes_of_a_hidden_part_cannot_be_told_from_its_masterplan() -> None:
    # P0 holds 100 homes, 77 of them in the secret P1 and 5 in the public P2.
    found = register({"n": 100}, {**SECRET, "n": 77, "van": "P0"}, {"n": 5, "van": "P0"})
    screening = screened(found)
    assert screening.locaties["woningen"].tolist() == [18, 77, 5]
    shown = for_audience(screening, "openbaar")
    assert shown.locaties["woningen"].tolist() == [95, 5]
    assert "18" not in shown.locaties.drop(columns="geometry").to_csv()
    assert shown.locations.report.counts()["masterplan verminderd"] == 1


def test_a_screening_for_an_audience_is_that_of_its_plans_alone() -> None:
    found = register({}, SECRET, {}, {"wie": "regio"}, {})
    shown = for_audience(screened(found), "openbaar")
    alone = screened(
        register(
            {},
            {"id": "P2", "naam": "Plan 2"},
            {"id": "P4", "naam": "Plan 4"},
            shapes=[block(0, 0), block(1_000, 0), block(2_000, 0)],
        )
    )
    columns = ["locatie_id", "oordeel", "belemmerd_m2", "vrij_m2", "natura2000_overlap_m2"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(shown.locaties[columns]), pd.DataFrame(alone.locaties[columns])
    )
    pd.testing.assert_frame_equal(shown.treffers, alone.treffers)
    pd.testing.assert_frame_equal(shown.geraakt, alone.geraakt)
    # What is left can be judged anew like any other.
    assert shown.from_("zeer hard").counts() == alone.from_("zeer hard").counts()
    assert any("2 van 5 plannen" in note for note in shown.notes())


# --- totals


def many(*groups: tuple[str, str, int]) -> woongeo.Screening:
    """Screen so many plans of a level in a gemeente, one home each."""
    plans = [{"gem": gem, "wie": level, "n": 1} for gem, level, n in groups for _ in range(n)]
    return screened(register(*plans))


def test_plans_that_are_hidden_count_in_totals_only_where_enough_are_together() -> None:
    # Ede: 5 hidden, counted. Wageningen: 4 hidden, not counted, and so not in the whole either.
    screening = many(
        ("Ede", "gemeente", 5),
        ("Ede", "openbaar", 2),
        ("Wageningen", "regio", 4),
        ("Wageningen", "openbaar", 3),
    )
    counted = for_totals(screening, "openbaar", by=["gemeente"], minimum=5)
    table = woongeo.summarize_plancapaciteit(counted, by=["gemeente"]).tabel
    assert dict(zip(table["gebied"], table["woningen"], strict=True)) == {
        "Ede": 7,
        "Wageningen": 3,
        "alle locaties": 10,
    }
    [text] = counted.locations.report.of_check(KOLOM)["toelichting"]
    assert re.findall(r"\d+", text) == ["5", "5", "4"]


def test_a_group_that_becomes_too_small_by_what_another_division_leaves_out_is_left_out_too() -> (
    None
):
    # Region A has 5 hidden plans; gemeente X holds 3 of them and leaves them out: 2 remain.
    plans = [{"gem": "X", "reg": "A", "wie": "gemeente"}] * 3
    plans += [{"gem": "Y", "reg": "A", "wie": "gemeente"}] * 2
    plans += [{"gem": "Y", "reg": "B", "wie": "gemeente"}] * 6
    screening = screened(register(*plans))
    counted = for_totals(screening, "openbaar", by=["gemeente", "regio"], minimum=5)
    assert counted.locaties["regio"].tolist() == ["B"] * 6


def test_regions_are_groups_too_and_a_plan_over_two_of_them_is_in_both() -> None:
    # Plans of 100 m every 500 m: the west holds the first 3, the border runs through the third.
    screening = screened(register(*[{"wie": "gemeente"}] * 6))
    parts = frame([block(0, 0, 1_050, 100), block(1_050, 0, 9_000, 100)], naam=["west", "oost"])
    regions = woongeo.read_regions("deel", parts, name_column="naam")
    for minimum, n in ((3, 6), (4, 0), (5, 0)):
        counted = for_totals(screening, "openbaar", by=[regions], minimum=minimum)
        assert len(counted) == n


#: Two regions side by side: x of 0-1,000 and 1,000-2,000.
A_AND_B = {"A": block(0, 0, 1_000, 1_000), "B": block(1_000, 0, 1_000, 1_000)}


def side_by_side(*hidden: tuple[Any, float]) -> tuple[woongeo.Screening, woongeo.Regions]:
    """Screen hidden plans of so many homes, and an open one of 20 homes in B."""
    shapes = [shape for shape, _ in hidden] + [block(1_200, 100)]
    plans: list[dict[str, object]] = [{"wie": "gemeente", "n": homes} for _, homes in hidden]
    parts = frame(A_AND_B.values(), naam=list(A_AND_B))
    regions = woongeo.read_regions("gemeente", parts, name_column="naam")
    return screened(register(*plans, {"n": 20}, shapes=shapes)), regions


def totals(screening: woongeo.Screening, *by: Any) -> dict[str, list[float]]:
    """Give plans and homes of each row that the public may see."""
    counted = for_totals(screening, "openbaar", by=by)
    table = woongeo.summarize_plancapaciteit(counted, by=by).tabel.set_index("gebied")
    return {name: table.loc[name, ["plannen", "woningen"]].tolist() for name in table.index}


def test_plans_that_touch_a_region_are_not_in_it_and_do_not_hide_the_one_that_is() -> None:
    # Four plans in A end where B begins; the fifth lies in B. A holds 5 with one elsewhere in it.
    touching: list[tuple[Any, float]] = [(block(900, 200 * i), 10) for i in range(4)]
    screening, regions = side_by_side(*touching, (block(100, 100), 10), (block(1_500, 500), 777))
    assert totals(screening, regions) == {"A": [5, 50], "B": [1, 20], "alle locaties": [6, 70]}


def test_a_hidden_plan_partly_outside_all_regions_is_in_that_group_too() -> None:
    # 60 of its 100 m lie west of A: 600 homes stood alone in "buiten de gebieden".
    inside: list[tuple[Any, float]] = [(block(100 + 150 * i, 0), 10) for i in range(5)]
    screening, regions = side_by_side((block(-60, 0), 1_000), *inside)
    assert totals(screening, regions) == {"A": [5, 50], "B": [1, 20], "alle locaties": [6, 70]}


def test_a_sliver_over_the_border_without_a_home_is_in_no_group() -> None:
    # One of 100 m is in B and carries a tenth of a home: B shows nothing of it, and A holds five.
    inside: list[tuple[Any, float]] = [(block(100 + 150 * i, 0), 10) for i in range(4)]
    screening, regions = side_by_side((block(901, 0), 10), *inside)
    assert totals(screening, regions) == {"A": [5, 50], "B": [1, 20], "alle locaties": [6, 70]}
    # Of 20 homes per metre B would hold some: the plan is in both, and four are left in A.
    screening, regions = side_by_side((block(901, 0), 2_000), *inside)
    assert totals(screening, regions) == {"B": [1, 20], "alle locaties": [1, 20]}


@pytest.mark.parametrize(
    ("gemeenten", "row"), [(["Ede", "Ede "], "Ede"), ([None, ""], "onbekend"), ([7, "7"], "7")]
)
def test_groups_of_a_column_are_the_rows_of_the_total(gemeenten: list[object], row: str) -> None:
    # Five hidden plans of one home under two spellings, and two open ones elsewhere.
    given = frame(
        [block(200 * i, 0) for i in range(7)],
        plan_id=list("abcdefg"),
        woningen=[1] * 7,
        planstatus=["3"] * 7,
        streek=pd.Series([gemeenten[0]] * 4 + [gemeenten[1]] + ["Open"] * 2, dtype=object),
        vertrouwelijkheid=["gemeente"] * 5 + ["openbaar"] * 2,
    )
    layer = woongeo.read_layer(
        "natura2000", frame([block(0, 900, 10, 10)], id=["n"]), coverage="nederland"
    )
    screening = woongeo.screen(woongeo.read_locations(given), [layer])
    assert totals(screening, "streek") == {"Open": [2, 2], row: [5, 5], "alle locaties": [7, 7]}


def test_what_is_doubtful_about_a_division_is_said_where_its_totals_are_shown() -> None:
    screening = many(("Ede", "gemeente", 5), ("Ede", "openbaar", 1))
    mapping = woongeo.read_mapping(pd.DataFrame({"gemeente": ["Epe"], "gebied": ["V"]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(for_totals(screening, "openbaar", by=[mapping])) == 6


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(-150, 2_050), st.integers(1, 40)), min_size=1, max_size=12),
    st.integers(1, 4),
)
def test_no_region_ever_shows_fewer_hidden_plans_than_the_minimum(
    plans: list[tuple[int, int]], minimum: int
) -> None:
    shapes = [(block(x, 0), homes) for x, homes in plans]
    screening, regions = side_by_side(*shapes)
    counted = for_totals(screening, "openbaar", by=[regions], minimum=minimum)
    seen = counted.locaties[KOLOM].to_numpy() == "openbaar"
    parts = divide(counted, regions)
    homes = counted.locaties["woningen"].to_numpy()[parts.row]
    held = divide_homes(parts.row, parts.share, homes)
    # A plan of one home or more holds one where its largest part lies.
    with_homes = pd.Series(parts.row[held > 0]).groupby(parts.region[held > 0])
    for _, rows in with_homes:
        assert (~seen[rows]).sum() == 0 or (~seen[rows]).sum() >= minimum


def test_a_minimum_of_nought_counts_all_and_a_negative_one_or_no_column_is_refused() -> None:
    screening = many(("Ede", "gemeente", 1), ("Ede", "openbaar", 1))
    assert len(for_totals(screening, "openbaar", minimum=0)) == 2
    with pytest.raises(AudienceError):
        for_totals(screening, "openbaar", minimum=-1)
    with pytest.raises(ColumnError):
        for_totals(screening, "openbaar", by=["wijk"])


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("XYZ"), st.sampled_from("AB"), st.sampled_from(["openbaar", "gemeente"])
        ),
        min_size=1,
        max_size=24,
    ),
    st.integers(0, 6),
)
def test_no_group_of_hidden_plans_below_the_minimum_is_ever_in_a_total(
    plans: list[tuple[str, str, str]], minimum: int
) -> None:
    screening = screened(register(*[{"gem": g, "reg": r, "wie": w} for g, r, w in plans]))
    counted = for_totals(screening, "openbaar", by=["gemeente", "regio"], minimum=minimum).locaties
    hidden = counted[counted[KOLOM] != "openbaar"]
    for column in ("gemeente", "regio"):
        sizes = hidden.groupby(column).size()
        assert (sizes >= minimum).all()
    assert (counted[KOLOM] == "openbaar").sum() == sum(w == "openbaar" for *_, w in plans)


# --- files


def test_an_export_leaves_out_what_is_not_public_unless_it_is_told_for_whom(tmp_path: Path) -> None:
    screening = screened(register({}, SECRET, {"wie": "provincie"}))
    woongeo.export_screening(screening, folder=tmp_path / "a")
    written = b"".join(p.read_bytes() for p in sorted((tmp_path / "a").iterdir()))
    for word in (b"Geheim", b"P1", b"777"):
        assert word not in written
    facts = json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))
    told = [f["toelichting"] for f in facts["locaties"]["bevindingen"] if f["controle"] == KOLOM]
    assert told == [
        "2 van 3 plannen staan hier niet in: zij zijn vertrouwelijker dan publiek 'openbaar'"
    ]
    for publiek, n in (("provincie", 2), ("gemeente:Ede", 3), ("intern", 3)):
        folder = tmp_path / publiek.replace(":", "-")
        woongeo.export_screening(screening, folder=folder, publiek=publiek)
        assert len(gpd.read_file(folder / "locaties.gpkg", layer="locaties")) == n


def test_a_map_or_totals_with_plans_that_may_not_be_seen_are_refused(tmp_path: Path) -> None:
    screening = screened(register({}, SECRET))
    capacity = woongeo.summarize_plancapaciteit(screening)
    with pytest.raises(AudienceError, match="for_totals"):
        woongeo.export_screening(screening, folder=tmp_path / "a", plancapaciteit=capacity)
    webmap = woongeo.map_screening(screening)
    with pytest.raises(AudienceError, match="for_audience"):
        woongeo.export_screening(screening, folder=tmp_path / "a", webmap=webmap)
    assert not (tmp_path / "a").exists()
    shown = for_audience(screening, "openbaar")
    counted = for_totals(screening, "openbaar")
    paths = woongeo.export_screening(
        shown,
        folder=tmp_path / "a",
        plancapaciteit=woongeo.summarize_plancapaciteit(counted),
        webmap=woongeo.map_screening(shown),
    )
    assert len(paths) == 6


def test_plans_of_which_nothing_is_stated_are_exported_as_before(
    tmp_path: Path, sites: Any
) -> None:
    layer = woongeo.missing_layer("natura2000", reason="niet gegeven")
    with pytest.warns(WoongeoWarning):
        screening = woongeo.screen(sites([block(0, 0)]), [layer])
    woongeo.export_screening(screening, folder=tmp_path / "a")
    assert len(gpd.read_file(tmp_path / "a" / "locaties.gpkg", layer="locaties")) == 1


def test_an_export_in_which_nothing_may_be_seen_is_refused(tmp_path: Path) -> None:
    screening = screened(register(SECRET))
    assert len(for_audience(screening, "openbaar")) == 0
    with pytest.raises(AudienceError, match="geen enkel plan"):
        woongeo.export_screening(screening, folder=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_nothing_left_to_see_is_an_empty_table_not_an_error() -> None:
    shown = for_audience(register(SECRET), "openbaar")
    assert len(shown) == 0
    assert np.isnan(shown.totals()["netto"])


@pytest.mark.parametrize("coverage", ["nederland", None])
def test_a_layer_read_around_all_plans_does_not_tell_how_far_the_hidden_ones_reach(
    tmp_path: Path, coverage: str | None
) -> None:
    """The hidden plan ends at x = 121,103; read as far as 100 m around, the box ends 101 m on."""
    plans = frame(
        [block(0, 0), block(1_003, 0, 100, 100)],
        plan_id=["A", "B"],
        woningen=[1, 2],
        vertrouwelijkheid=["openbaar", "gemeente"],
    )
    frame([block(20, 0, 50, 50)], nr=["1"]).to_parquet(tmp_path / "zone.parquet")
    given = coverage or frame([block(-9_000, -9_000, 20_000, 20_000)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        locations = woongeo.read_locations(plans)
        layer = woongeo.read_layer(
            *("zone", tmp_path / "zone.parquet"),
            coverage=given,
            around=locations,
            reach_m=100.0,
            rule=woongeo.Rule(source="proef"),
        )
        whole = woongeo.screen(locations, [layer])
        openbaar = for_audience(whole, "openbaar")
        told = {}
        for audience in ("openbaar", "intern"):
            out = tmp_path / audience
            woongeo.export_screening(whole, folder=out, publiek=audience)
            told[audience] = (out / "manifest.json").read_text(encoding="utf-8")
        plans.to_file(tmp_path / "plannen.gpkg")
        woongeo.screen_file(tmp_path / "plannen.gpkg", [layer], folder=tmp_path / "delen")
    told["delen"] = (tmp_path / "delen" / "manifest.json").read_text(encoding="utf-8")
    assert "tot 121204 " in told["intern"]
    for audience in ("openbaar", "delen"):
        assert "1 van de 1 rijen gelezen, rond de locaties" in told[audience]
        assert "1212" not in told[audience]
    shape = openbaar.layers[0].coverage.geometry
    assert shape is not None
    assert float(max(x for x in gpd.GeoSeries(shape).bounds["maxx"])) <= 120_200
    assert openbaar.toetsen[0].layer is openbaar.layers[0]
    # What was judged stands, also when judged again.
    assert openbaar.counts() == {"belemmerd": 1, "onbekend": 0, "vrij": 0}
    assert openbaar.changed({"zone": woongeo.Rule(within_m=50.0)}).counts()["belemmerd"] == 1


def test_the_question_that_was_asked_of_a_service_is_left_out() -> None:
    plans = frame(
        [block(0, 0), block(1_003, 0)], woningen=[1, 2], vertrouwelijkheid=["openbaar", "gemeente"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        locations = woongeo.read_locations(plans)
        layer = woongeo.read_layer("zone", frame([block(20, 0)], nr=["1"]), around=locations)
        assert layer.source is not None
        source = dataclasses.replace(layer.source, path="https://dienst.example/items?bbox=1,2")
        whole = woongeo.screen(locations, [dataclasses.replace(layer, source=source)])
    own = for_audience(whole, "openbaar").layers[0].source
    assert own is not None
    assert own.path == "https://dienst.example/items"
    assert whole.layers[0].source == source
