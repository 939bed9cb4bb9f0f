"""Housing locations: nothing dropped, nothing mended in silence."""

from __future__ import annotations

import warnings
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

import woongeo
from woongeo.errors import (
    ColumnError,
    DoubtfulLocationWarning,
    FileError,
    LocationError,
    RepairedGeometryWarning,
    WoongeoWarning,
)
from woongeo.locations import COLUMNS
from woongeo.threads import Crew

if TYPE_CHECKING:
    from pathlib import Path

BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 100, NORTH), (EAST, NORTH + 100)]
)
CIRCLE = shapely.Point(EAST, NORTH).buffer(100)


def read(given_: gpd.GeoDataFrame, **options: Any) -> woongeo.Locations:
    """Read locations whose doubts are looked up in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.read_locations(given_, **options)


def plans(*shapes: shapely.Geometry | None, **columns: Any) -> gpd.GeoDataFrame:
    """Draw plans of 10 homes in preparation, without any doubt of their own."""
    n = len(shapes)
    usual: dict[str, Any] = {
        "plan_id": [f"P{i}" for i in range(n)],
        "naam": [f"Plan {i}" for i in range(n)],
        "woningen": [10] * n,
        "planstatus": ["3"] * n,
    }
    return frame(shapes, **(usual | columns))


def doubts(given_: gpd.GeoDataFrame, **options: Any) -> dict[str, int]:
    """Read locations and count what the report holds."""
    return read(given_, **options).report.counts()


APART = [block(1_000 * i, 0) for i in range(5)]


def test_clean_locations_have_an_empty_report_and_raise_no_warning() -> None:
    found = woongeo.read_locations(plans(*APART))
    assert len(found.report) == 0
    assert found.usable.all()
    assert found.columns == {
        "id": "plan_id",
        "name": "naam",
        "woningen": "woningen",
        "planstatus": "planstatus",
    }


# --- columns and rows


def test_our_columns_come_first_then_the_input_s_and_shapes_last() -> None:
    found = read(plans(*APART[:2], wijk=["Noord", "Zuid"], Gemeente=["A", "B"]))
    assert list(found.frame.columns) == [*COLUMNS, "plan_id", "wijk", "Gemeente", "geometry"]
    assert found.frame["wijk"].tolist() == ["Noord", "Zuid"]
    assert found.frame.crs == "EPSG:28992"
    assert isinstance(found.frame.index, pd.RangeIndex)


@pytest.mark.parametrize(
    "index",
    [[7, 3, 5], [1, 1, 1], ["c", "a", "b"], pd.MultiIndex.from_tuples([(0, 1), (0, 0), (2, 2)])],
)
def test_rows_keep_their_order_whatever_the_index_and_the_input_is_not_changed(index: Any) -> None:
    given_ = plans(*APART[:3]).set_axis(index, axis=0)
    before = given_.copy(deep=True)
    found = read(given_)
    assert found.frame["locatie_id"].tolist() == ["P0", "P1", "P2"]
    assert found.frame.index.tolist() == [0, 1, 2]
    pd.testing.assert_frame_equal(pd.DataFrame(given_), pd.DataFrame(before))
    assert given_.crs == before.crs


def test_an_index_of_ids_is_read_as_a_column() -> None:
    found = read(plans(*APART[:2]).set_index("plan_id"))
    assert found.frame["locatie_id"].tolist() == ["P0", "P1"]
    assert found.columns["id"] == "plan_id"


def test_the_active_shapes_are_read_whatever_their_column_is_called() -> None:
    given_ = plans(*APART[:2])
    given_["middelpunt"] = given_.centroid
    given_ = given_.rename_geometry("vlak")
    given_["geometry"] = ["tekst", "van een ander"]
    found = read(given_)
    assert found.frame.geometry.name == "geometry"
    assert found.frame.geometry.area.tolist() == [10_000, 10_000]
    assert found.frame["geometry_invoer"].tolist() == ["tekst", "van een ander"]
    # A second shape is kept as text, so that the result can be written to a file.
    assert found.frame["middelpunt"].tolist() == ["POINT (120050 480050)", "POINT (121050 480050)"]


def test_a_frame_without_shapes_or_with_one_name_twice_is_refused() -> None:
    with pytest.raises(FileError, match="geen kolom met geometrie"):
        read(gpd.GeoDataFrame({"plan_id": ["A"]}))
    double = plans(*APART[:2])
    double = gpd.GeoDataFrame(pd.concat([double, double[["naam"]]], axis=1))
    with pytest.raises(ColumnError, match="'naam' komt vaker voor"):
        read(double)


def test_a_frame_of_many_columns_is_read() -> None:
    many = {f"kolom_{i}": [i, i] for i in range(200)}
    found = woongeo.read_locations(plans(*APART[:2], **many))
    assert found.frame["kolom_199"].tolist() == [199, 199]


def test_input_columns_that_clash_with_ours_are_kept_under_another_name() -> None:
    found = read(
        plans(APART[0], Woningen=["tien"], hardheid=["beton"], locatie_id=["eigen"]),
        id_column="plan_id",
        woningen_column="woningen",
    )
    assert found.frame.loc[0, ["woningen", "Woningen_invoer"]].tolist() == [10, "tien"]
    assert found.frame.loc[0, ["hardheid", "hardheid_invoer"]].tolist() == ["zacht", "beton"]
    assert found.frame.loc[0, ["locatie_id", "locatie_id_invoer"]].tolist() == ["P0", "eigen"]
    assert found.report.counts()["kolom hernoemd"] == 3
    lower = [c.lower() for c in found.frame.columns]
    assert len(set(lower)) == len(lower)


def test_a_renamed_column_does_not_push_out_another() -> None:
    found = read(plans(APART[0], hardheid=["beton"], hardheid_invoer=["eigen"]))
    assert found.frame.loc[0, "hardheid_invoer"] == "beton"
    assert found.frame.loc[0, "hardheid_invoer_invoer"] == "eigen"


@pytest.mark.parametrize(
    "column", ["id_column", "name_column", "woningen_column", "planstatus_column"]
)
def test_a_wrong_column_is_refused_with_those_there_are(column: str) -> None:
    with pytest.raises(
        ColumnError, match=r"'bestaatniet'.*wel: plan_id, naam, woningen, planstatus"
    ):
        read(plans(APART[0]), **{column: "bestaatniet"})


def test_given_columns_go_before_recognised_ones() -> None:
    given_ = plans(APART[0], nummer=["N1"], titel=["T"], getal=[7], stand=["1A"])
    found = read(
        given_,
        id_column="nummer",
        name_column="titel",
        woningen_column="getal",
        planstatus_column="stand",
    )
    assert found.frame.loc[0, list(COLUMNS)].tolist() == ["N1", "T", 7, "1A", "hard"]


def test_what_is_read_again_gives_the_same() -> None:
    given_ = plans(*APART, planstatus=["1A", "4C", None, "Hard", "zacht"], wijk=list("abcde"))
    given_["woningen"] = ["1.234", "12", None, "ca. 30", "-4"]
    once = read(given_)
    again = read(once.frame)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.frame[[*COLUMNS, "wijk", "geometry"]]),
        pd.DataFrame(once.frame[[*COLUMNS, "wijk", "geometry"]]),
    )
    assert list(again.frame.columns) == list(once.frame.columns)


# --- ids


@pytest.mark.parametrize(
    ("given_", "ids", "double", "missing"),
    [
        (["A", "B", "C"], ["A", "B", "C"], 0, 0),
        (["A", "A", "A"], ["A", "A (2)", "A (3)"], 2, 0),
        (["7", "7", "7 (2)"], ["7", "7 (3)", "7 (2)"], 1, 0),
        (["7 (2)", "7", "7"], ["7 (2)", "7", "7 (3)"], 1, 0),
        (["A", None, "  "], ["A", "rij 2", "rij 3"], 0, 2),
        (["rij 2", None, "rij 3"], ["rij 2", "rij 2 (2)", "rij 3"], 0, 1),
        ([None, "rij 1", "rij 1"], ["rij 1 (2)", "rij 1", "rij 1 (3)"], 1, 1),
        ([1.0, 2.0, 1.0], ["1", "2", "1 (2)"], 1, 0),
        ([" A", "A ", "a"], ["A", "A (2)", "a"], 1, 0),
        (["007", "7", "7.0"], ["007", "7", "7.0"], 0, 0),
    ],
)
def test_every_location_has_an_id_of_its_own(
    given_: list[object], ids: list[str], double: int, missing: int
) -> None:
    found = read(plans(*APART[:3], plan_id=given_))
    assert found.frame["locatie_id"].tolist() == ids
    assert len(found.report.of_check("id dubbel")) == double
    assert len(found.report.of_check("id ontbreekt")) == missing


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from([None, "7", "7 (2)", "7 (3)", "rij 1", "rij 2", "rij 2 (2)", ""]),
        min_size=1,
        max_size=6,
    )
)
def test_ids_are_always_unique_and_a_first_id_is_never_changed(given_: list[str | None]) -> None:
    ids = read(plans(*(block(200 * i, 0) for i in range(len(given_))), plan_id=given_)).frame[
        "locatie_id"
    ]
    assert ids.is_unique
    assert ids.ne("").all()
    for i, wanted in enumerate(given_):
        if wanted and wanted not in given_[:i]:
            assert ids[i] == wanted


def test_without_an_id_column_rows_are_numbered_and_the_report_says_so() -> None:
    found = read(plans(*APART[:2]).drop(columns="plan_id"))
    assert found.frame["locatie_id"].tolist() == ["1", "2"]
    assert found.columns["id"] is None
    assert found.report.counts() == {"geen id-kolom": 1}


# --- homes and status


@pytest.mark.parametrize(
    ("given_", "homes", "check"),
    [
        (10, 10, None),
        ("10", 10, None),
        (0, 0, "woningen nul"),
        (-3, -3, "woningen negatief"),
        (None, np.nan, "woningen ontbreekt"),
        ("", np.nan, "woningen ontbreekt"),
        ("ca. 30", np.nan, "woningen onleesbaar"),
        (float("inf"), np.nan, "woningen onleesbaar"),
        ("1.234", 1234, "woningen met duizendtallen"),
        # What a reader of English numbers makes of 1.234 homes.
        (1.234, 1.234, "woningen niet geheel"),
        ("12,5", 12.5, "woningen niet geheel"),
    ],
)
def test_homes_are_read_and_missing_is_never_zero(
    given_: object, homes: float, check: str | None
) -> None:
    found = read(plans(block(0, 0, 1_000, 1_000), woningen=[given_]))
    np.testing.assert_array_equal(found.frame["woningen"], [homes])
    assert set(found.report.counts()) - {"kolom hernoemd"} == ({check} if check else set())
    # What stood there is never lost, also where no number could be made of it.
    kept = found.frame.get("woningen_invoer", found.frame["woningen"])
    assert (
        kept.isna()[0]
        if given_ is None or given_ == ""
        else str(kept[0]) in {str(given_), f"{given_}.0"}
    )
    assert found.frame["woningen"].dtype == float


@pytest.mark.parametrize(
    "column",
    [
        pd.array([10, None], dtype="Int64"),
        pd.array([10, None], dtype="Float64"),
        np.array([10, None], dtype=object),
        np.array([10, pd.NA], dtype=object),
        pd.Categorical([10, None]),
    ],
)
def test_homes_of_any_kind_of_column_are_read(column: Any) -> None:
    found = read(plans(*APART[:2], woningen=column))
    np.testing.assert_array_equal(found.frame["woningen"], [10, np.nan])
    assert found.report.counts() == {"woningen ontbreekt": 1}
    assert "woningen_invoer" not in found.frame


def test_without_columns_of_homes_and_status_both_are_unknown() -> None:
    found = read(plans(*APART[:2]).drop(columns=["woningen", "planstatus"]))
    assert found.frame["woningen"].isna().all()
    assert found.frame["hardheid"].eq("onbekend").all()
    assert found.report.counts() == {"planstatus onbekend": 1, "woningen ontbreekt": 1}
    assert "onbekend woningen" in found._repr_html_()


@pytest.mark.parametrize(
    ("status", "code", "hardheid", "check"),
    [
        ("1C", "1C", "zacht", None),
        (3.0, "3", "zacht", None),
        ("5A", "5A", "telt niet mee", None),
        ("4C", "onbekend", "onbekend", "planstatus onbekend"),
        (None, "onbekend", "onbekend", "planstatus onbekend"),
        ("1A in voorbereiding", "1A", "hard", "planstatus twijfelachtig"),
        ("Hard", "onbekend", "hard", None),
    ],
)
def test_status_is_read_with_its_doubt(
    status: object, code: str, hardheid: str, check: str | None
) -> None:
    found = read(plans(APART[0], planstatus=[status]))
    assert found.frame.loc[0, ["planstatus", "hardheid"]].tolist() == [code, hardheid]
    assert set(found.report.counts()) - {"kolom hernoemd"} == ({check} if check else set())
    # What stood in the register is always still there.
    kept = "planstatus_invoer" if "planstatus_invoer" in found.frame else "planstatus"
    assert found.frame.loc[0, kept] in {status, code} or found.frame[kept].isna()[0]


def test_where_the_status_cannot_be_read_a_column_hardheid_may_say_how_hard() -> None:
    given_ = plans(*APART[:3], planstatus=["1C", "?", "?"], hardheid=["hard", "hard", "beton"])
    found = read(given_)
    # The code goes before: 1C is zacht, whatever the register made of it.
    assert found.frame["hardheid"].tolist() == ["zacht", "hard", "onbekend"]
    assert found.frame["hardheid_invoer"].tolist() == ["hard", "hard", "beton"]
    [text] = found.report.of_check("hardheid zonder planstatus")["toelichting"]
    assert text == "bij 1 locatie uit kolom hardheid"


# --- the checks of shapes, each with its opposite

SLIVER = block(0, 0, 1_000, 1)
CHECKS: dict[str, tuple[str, list[shapely.Geometry | None], dict[str, Any], int]] = {
    "vlinderdas": ("geometrie hersteld", [BOW_TIE], {}, 1),
    "geen vlinderdas": ("geometrie hersteld", [block(0, 0)], {}, 0),
    "geen vlak": ("geometrie onbruikbaar", [None, block(0, 0)], {}, 1),
    "punt": ("geometrie onbruikbaar", [shapely.Point(EAST, NORTH), block(0, 0)], {}, 1),
    "cirkel": ("plaatshouder (cirkel)", [CIRCLE], {}, 1),
    "ei": ("plaatshouder (cirkel)", [affinity.scale(CIRCLE, 1.2, 1)], {}, 0),
    "strook van 1 m": ("splinter", [SLIVER], {}, 1),
    "strook van 3 m": ("splinter", [block(0, 0, 1_000, 3)], {}, 0),
    "81 m2": ("zeer klein vlak", [block(0, 0, 9, 9)], {}, 1),
    "100 m2": ("zeer klein vlak", [block(0, 0, 10, 10)], {}, 0),
    "1001 per ha": ("onaannemelijke dichtheid", [block(0, 0)], {"woningen": [1_001]}, 1),
    "1000 per ha": ("onaannemelijke dichtheid", [block(0, 0)], {"woningen": [1_000]}, 0),
    "in Duitsland": ("buiten Nederland", [block(180_000, 0), block(0, 0)], {}, 1),
    "in Nederland": ("buiten Nederland", [block(0, 0)], {}, 0),
    "sloop -3": ("sloop negatief", [block(0, 0)], {"sloop": [-3]}, 1),
    "sloop 3": ("sloop negatief", [block(0, 0)], {"sloop": [3]}, 0),
    "hoogte": ("hoogten weggelaten", [shapely.force_3d(block(0, 0), 5)], {}, 1),
    "geen hoogte": ("hoogten weggelaten", [block(0, 0)], {}, 0),
    "vlak en punt": (
        "delen weggelaten",
        [shapely.GeometryCollection([block(0, 0), shapely.Point(EAST, NORTH)])],
        {},
        1,
    ),
    "twee vlakken": (
        "delen weggelaten",
        [shapely.GeometryCollection([block(0, 0), block(500, 0)])],
        {},
        0,
    ),
    "hetzelfde": ("geometrie dubbel", [block(0, 0), block(0, 0)], {}, 1),
    "driemaal hetzelfde": ("geometrie dubbel", [block(0, 0)] * 3, {}, 2),
    "andersom getekend": ("geometrie dubbel", [block(0, 0), block(0, 0).reverse()], {}, 1),
    "ernaast": ("geometrie dubbel", [block(0, 0), block(100, 0)], {}, 0),
    "101 m2 gedeeld": ("plannen overlappen", [block(0, 0), block(98.99, 0)], {}, 1),
    "100 m2 gedeeld": ("plannen overlappen", [block(0, 0), block(99, 0)], {}, 0),
    "elk met elk": ("plannen overlappen", [block(0, 0), block(10, 0), block(20, 0)], {}, 3),
}


@pytest.mark.parametrize(("check", "shapes", "columns", "n"), CHECKS.values(), ids=CHECKS)
def test_a_doubtful_shape_is_reported_and_its_opposite_is_not(
    check: str, shapes: list[shapely.Geometry | None], columns: dict[str, Any], n: int
) -> None:
    assert doubts(plans(*shapes, **columns)).get(check, 0) == n


def test_a_part_of_a_masterplan_is_said_to_lie_in_it() -> None:
    report = read(plans(block(0, 0, 1_000, 1_000), block(100, 100), block(950, 0))).report
    lines = report.of_check("plannen overlappen")
    assert lines["object_id"].tolist() == ["P1", "P2"]
    assert lines["toelichting"].iloc[0].startswith("ligt vrijwel geheel in P0 (10.000 m², 100 %)")
    assert lines["toelichting"].iloc[1].startswith("overlapt P0 (5.000 m², 50 %)")
    assert lines["waarde"].tolist() == [10_000, 5_000]


@pytest.mark.parametrize(
    ("shape", "weight", "value"),
    [
        (BOW_TIE, "waarschuwing", 5_000),
        # A spike has no area: nothing was changed that matters.
        (
            shapely.Polygon(
                [
                    (EAST, NORTH),
                    (EAST + 100, NORTH),
                    (EAST + 200, NORTH),
                    (EAST + 100, NORTH),
                    (EAST + 100, NORTH + 100),
                ]
            ),
            "melding",
            0,
        ),
    ],
    ids=["vlinderdas", "uitsteeksel"],
)
def test_a_repair_that_changes_more_than_one_percent_weighs_more(
    shape: shapely.Geometry, weight: str, value: float
) -> None:
    found = read(plans(shape)).report.of_check("geometrie hersteld")
    assert found["ernst"].tolist() == [weight]
    assert found["waarde"].tolist() == pytest.approx([value])


def test_repairs_and_doubts_are_voiced_and_small_remarks_are_not() -> None:
    with pytest.warns(RepairedGeometryWarning, match=r"1 vlak hersteld \(samen 5.000 m²"):
        woongeo.read_locations(plans(BOW_TIE))
    with pytest.warns(DoubtfulLocationWarning, match=r"controleer splinter \(1\); zie het rapport"):
        woongeo.read_locations(plans(SLIVER))
    assert len(woongeo.read_locations(plans(block(0, 0), woningen=[0])).report) == 1


def test_one_bad_shape_neither_stops_nor_drops_the_others() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(EAST, NORTH), (float("nan"), NORTH), (EAST, NORTH + 9)])
    bad = [
        None,
        shapely.Polygon(),
        broken,
        shapely.Point(EAST, NORTH),
        shapely.LineString([(EAST, NORTH), (EAST, NORTH + 9)]),
    ]
    found = read(plans(block(0, 0), *bad, BOW_TIE))
    assert found.usable.tolist() == [True, False, False, False, False, False, True]
    assert found.frame["woningen"].sum() == 70
    assert found.report.counts()["geometrie onbruikbaar"] == 5
    # Where a shape cannot be measured it is kept as it was, unless no file could hold it.
    assert found.frame.geometry[4] == bad[3]
    assert found.frame.geometry[3] is None


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (plans(), "geen locaties"),
        (plans(shapely.Point(EAST, NORTH)), "punt of lijn"),
        (plans(None, None), "geen vlak ingetekend"),
    ],
    ids=["geen rijen", "punten", "geen vlakken"],
)
def test_where_nothing_can_be_screened_the_error_says_why(
    given_: gpd.GeoDataFrame, why: str
) -> None:
    with pytest.raises(LocationError, match=why):
        read(given_)


def test_a_conversion_is_reported_with_its_accuracy() -> None:
    found = read(plans(block(0, 0)).to_crs(4326)).report.table
    assert found["controle"].tolist() == ["ander coördinatenstelsel"]
    assert "nauwkeurigheid 1 m" in found["toelichting"].iloc[0]
    assert found["waarde"].tolist() == [1]


def test_locations_in_a_notebook_run_nothing_of_what_they_show() -> None:
    shown = read(
        plans(block(0, 0), **{"<b>{{7*7}}": [1]}), woningen_column="<b>{{7*7}}"
    )._repr_html_()
    assert "<b>{{7*7}}" not in shown
    assert "<strong>1 locatie</strong>" in shown


SHAPE = st.sampled_from(
    [None, BOW_TIE, CIRCLE, SLIVER, block(0, 0), block(50, 0), shapely.Point(EAST, NORTH)]
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            SHAPE,
            st.sampled_from(["A", "B", None, "rij 1"]),
            st.sampled_from([10, None, "1.234", "x", -1]),
            st.sampled_from(["1A", "4C", None, "Hard"]),
        ),
        max_size=6,
    )
)
def test_every_row_comes_back_in_its_place_with_its_homes(
    rows: list[tuple[shapely.Geometry | None, str | None, Any, str | None]],
) -> None:
    rows = [*rows, (block(500, 0), "Z", 7, "3")]
    shapes, ids, homes, status = (list(column) for column in zip(*rows, strict=True))
    given_ = plans(*shapes, plan_id=ids, woningen=pd.Series(homes, dtype=object), planstatus=status)
    found = read(given_)
    assert found.frame["plan_id"].isna().tolist() == [i is None for i in ids]
    assert found.frame["locatie_id"].is_unique
    expected = [{"1.234": 1234, "x": np.nan, None: np.nan}.get(h, h) for h in homes]
    np.testing.assert_array_equal(found.frame["woningen"], np.array(expected, dtype=float))
    assert found.usable.tolist() == [s is not None and s.geom_type == "Polygon" for s in shapes]
    assert found.frame["locatie_id"].iloc[-1] == "Z"


# --- a real register


@pytest.mark.real
def test_noord_holland_reads_with_all_its_dirt_in_the_report(real_data: Path) -> None:
    with pytest.warns(DoubtfulLocationWarning, match=r"geometrie dubbel \(13\)"):
        found = woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")
    assert len(found) == 2_141
    assert found.usable.all()
    assert found.columns == {
        "id": "OBJECTID",
        "name": "Plannaam",
        "woningen": "Aantalrest",
        "planstatus": "Planstatus",
    }
    homes = found.frame.groupby("hardheid")["woningen"].sum()
    assert homes.to_dict() == {"hard": 93_263, "zacht": 292_224, "onbekend": 701}
    assert found.frame["woningen"].sum() == 386_188
    assert found.frame["locatie_id"].is_unique
    raw = gpd.read_file(real_data / "plannen" / "eib_noord_holland_2020")
    assert found.frame["Plannaam"].tolist() == raw["Plannaam"].tolist()
    # Twelve shapes stand twice or more; thirteen are doubles of an earlier one.
    normal = raw.geometry.normalize().to_wkb()
    assert found.report.counts()["geometrie dubbel"] == len(raw) - normal.nunique() == 13
    assert found.report.counts()["planstatus onbekend"] == 19
    assert found.report.counts()["sloop negatief"] == int((raw["Sloop"] < 0).sum())


def test_looks_are_waited_for_however_late_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hands that are busy elsewhere begin when somebody waits for them, or never."""

    class Busy(Crew):
        gone = False

        def begin(self, work: Any) -> Any:
            later: Future[Any] = Future()

            def result(timeout: float | None = None) -> Any:  # noqa: ARG001
                if self.gone:
                    raise CancelledError
                return work()

            monkeypatch.setattr(later, "result", result)
            return later

        def __exit__(self, *told: object) -> None:
            self.gone = True
            super().__exit__(*told)

    monkeypatch.setattr("woongeo.locations.read.Crew", Busy)
    plans = frame([block(0, 0, 5, 5), block(900, 0)], id=["a", "b"])
    with pytest.warns(DoubtfulLocationWarning, match="zeer klein vlak"):
        found = woongeo.read_locations(plans)
    assert found.report.counts()["zeer klein vlak"] == 1


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "name", "n", "invalid"),
    [
        ("natura2000/natura2000_160_wgs84_zoals_gepubliceerd.gpkg", "naam", 160, 36),
        ("gebieden/gemeenten_342_met_ongeldige_wgs84.geojson", "name", 342, 14),
    ],
)
def test_real_surfaces_that_are_invalid_are_repaired_and_reported(
    real_data: Path, file: str, name: str, n: int, invalid: int
) -> None:
    with pytest.warns(RepairedGeometryWarning, match=f": {invalid} vlakken hersteld"):
        found = read_loudly(real_data / file, name)
    assert len(found) == n
    assert found.usable.all()
    assert found.frame.geometry.is_valid.all()
    assert found.report.counts()["geometrie hersteld"] == invalid
    assert int((~gpd.read_file(real_data / file).geometry.is_valid).sum()) == invalid


def read_loudly(path: Path, name: str) -> woongeo.Locations:
    """Read locations of which only repairs are to be heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtfulLocationWarning)
        return woongeo.read_locations(path, name_column=name)
