"""Homes: divided, added up, none lost and none made."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.capacity import OUTSIDE, divide_homes
from woongeo.errors import ColumnError, RegionError, RegionWarning, WoongeoWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import shapely

    Sites = Callable[..., woongeo.Locations]

EVERYWHERE = woongeo.read_coverage(frame([block(-50_000, -50_000, 100_000, 100_000)]))
HOMES = ["woningen", "hard", "zacht", "status_onbekend", "vrij", "onbekend", "belemmerd"]


def nature(*shapes: shapely.Geometry, key: str = "natuur") -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    return woongeo.read_layer(key, frame(shapes), coverage=EVERYWHERE, empty_is_free=True)


def regions(level: str = "gemeente", **shapes: shapely.Geometry) -> woongeo.Regions:
    """Make regions by name."""
    return woongeo.read_regions(
        level, frame(list(shapes.values()), naam=list(shapes)), name_column="naam"
    )


def row(capacity: woongeo.Plancapaciteit, gebied: str = "alle locaties") -> pd.Series:
    """Take the row of one region."""
    [position] = np.flatnonzero(capacity.tabel["gebied"] == gebied)
    return capacity.tabel.iloc[int(position)]


WEST_EAST = {"west": block(0, 0, 1_000, 1_000), "oost": block(1_000, 0, 1_000, 1_000)}


def test_a_plan_over_two_regions_is_divided_by_area(sites: Sites) -> None:
    locations = sites([block(975, 0)], woningen=[100])
    capacity = woongeo.summarize_plancapaciteit(
        woongeo.screen(locations, [nature()]), by=[regions(**WEST_EAST)]
    )
    assert capacity.tabel["gebied"].tolist() == ["oost", "west", "alle locaties"]
    assert capacity.tabel["woningen"].tolist() == [75, 25, 100]
    # It is one plan, counted where most of it lies.
    assert capacity.tabel["plannen"].tolist() == [1, 0, 1]


def test_a_region_where_homes_come_and_go_stays_in_sight(sites: Sites) -> None:
    # Both plans lie 60 m in west and 40 m in oost: oost holds +40 hard and -40 zacht, 0 together.
    with pytest.warns(WoongeoWarning, match="negatief"):
        locations = sites([block(940, 0), block(940, 300)], [100, -100], ["1A", "3"])
    capacity = woongeo.summarize_plancapaciteit(
        woongeo.screen(locations, [nature()]), by=[regions(**WEST_EAST)]
    )
    columns = ["plannen", "woningen", "hard", "zacht"]
    assert row(capacity, "oost")[columns].tolist() == [0, 0, 40, -40]
    assert row(capacity, "west")[columns].tolist() == [2, 0, 60, -60]


@pytest.mark.parametrize("basis", [None, "bruto", "netto", "rest"])
def test_a_region_that_holds_another_amount_than_woningen_stays_in_sight(basis: str | None) -> None:
    # A masterplan of which all homes are in parts elsewhere: woningen 0, and of bruto 100, sloop 10
    # and rest 95 oost holds 40 %.
    given = frame(
        [block(940, 0), block(0, 0)],
        plan_id=["m", "p"],
        woningen=[0, 50],
        planstatus=["1A", "3"],
        bruto=[100, 50],
        sloop=[10, 0],
        rest=[95, 50],
    )
    screening = woongeo.screen(woongeo.read_locations(given), [nature()])
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions(**WEST_EAST)], basis=basis)
    figures = capacity.cijfers.set_index(["gebied", "maat"])["voor"]
    east = [figures["oost", m] for m in ("bruto", "sloop", "netto", "restcapaciteit")]
    assert east == [40, 4, 36, 38]
    homes = {None: 0, "bruto": 40, "netto": 36, "rest": 38}[basis]
    assert figures["oost", "plancapaciteit"] == homes
    for maat in ("bruto", "sloop", "netto", "restcapaciteit", "plancapaciteit"):
        assert figures["oost", maat] + figures["west", maat] == figures["alle locaties", maat]
    assert capacity.tabel["gebied"].tolist() == ["oost", "west", "alle locaties"]


def test_a_sliver_without_any_home_is_no_plan_of_its_neighbour() -> None:
    # 1 mm of 100 m: a share of 0.00001 of 100 homes is none.
    given = frame([block(900.001, 0)], plan_id=["a"], woningen=[100], planstatus=["3"], bruto=[100])
    screening = woongeo.screen(woongeo.read_locations(given), [nature()])
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions(**WEST_EAST)])
    assert capacity.tabel["gebied"].tolist() == ["west", "alle locaties"]


def test_homes_outside_every_region_stay_in_sight(sites: Sites) -> None:
    locations = sites([block(1_950, 0), block(5_000, 0)], woningen=[10, 7])
    capacity = woongeo.summarize_plancapaciteit(
        woongeo.screen(locations, [nature()]), by=[regions(**WEST_EAST)]
    )
    assert row(capacity, "oost")["woningen"] == 5
    assert row(capacity, OUTSIDE)["woningen"] == 12
    assert capacity.tabel["gebied"].iloc[-2] == OUTSIDE


def test_a_plan_without_a_shape_is_in_no_region_and_not_lost(sites: Sites) -> None:
    with pytest.warns(WoongeoWarning):
        locations = sites([block(0, 0), None], woningen=[10, 7])
    screening = woongeo.screen(locations, [nature()])
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions(**WEST_EAST)])
    assert row(capacity, OUTSIDE)[["woningen", "onbekend"]].tolist() == [7, 7]


def test_overlapping_regions_share_homes_and_say_so(sites: Sites) -> None:
    double = regions(a=block(0, 0, 1_000, 1_000), b=block(0, 0, 1_000, 1_000))
    screening = woongeo.screen(sites([block(0, 0)]), [nature()])
    with pytest.warns(RegionWarning, match="overlappen elkaar bij 1"):
        capacity = woongeo.summarize_plancapaciteit(screening, by=[double])
    assert row(capacity, "a")["woningen"] + row(capacity, "b")["woningen"] == 10


def test_regions_in_several_rows_are_one_region(sites: Sites) -> None:
    parts = frame(
        [block(0, 0, 50, 50), block(50, 0, 50, 100), block(0, 50, 50, 50)], naam=["a"] * 3
    )
    by = woongeo.read_regions("wijk", parts, name_column="naam")
    capacity = woongeo.summarize_plancapaciteit(
        woongeo.screen(sites([block(0, 0)]), [nature()]), by=[by]
    )
    assert row(capacity, "a")[["plannen", "woningen"]].tolist() == [1, 10]


def test_minimum_expected_and_maximum(sites: Sites) -> None:
    # Wholly inside, half inside, touching, and free; 10 homes each.
    locations = sites([block(0, 0), block(150, 0), block(200, 200), block(900, 0)])
    total = row(
        woongeo.summarize_plancapaciteit(
            woongeo.screen(locations, [nature(block(-10, -10, 210, 210))])
        )
    )
    assert total[["natuur_min", "natuur_verwacht", "natuur_max"]].tolist() == [10, 15, 30]
    assert total[["belemmerd_min", "belemmerd_verwacht", "belemmerd_max"]].tolist() == [10, 15, 30]
    # By verdict: a touch is no hindrance.
    assert total[["vrij", "onbekend", "belemmerd"]].tolist() == [20, 0, 20]


def test_of_homes_that_go_the_least_is_still_the_least(sites: Sites) -> None:
    # Half of a plan of -6 is inside: all six are the least that it can be, none is the most.
    with pytest.warns(WoongeoWarning, match="negatief"):
        locations = sites([block(0, 0)], woningen=[-6])
    total = row(
        woongeo.summarize_plancapaciteit(woongeo.screen(locations, [nature(block(0, 0, 50))]))
    )
    assert total[["natuur_min", "natuur_verwacht", "natuur_max"]].tolist() == [-6, -3, 0]
    assert total[["belemmerd_min", "belemmerd_verwacht", "belemmerd_max"]].tolist() == [-6, -3, 0]


def test_homes_under_several_constraints_count_once(sites: Sites) -> None:
    locations = sites([block(0, 0)], woningen=[100])
    layers = [nature(block(0, 0, 60, 100), key="a"), nature(block(40, 0, 60, 100), key="b")]
    total = row(woongeo.summarize_plancapaciteit(woongeo.screen(locations, layers)))
    assert total[["a_verwacht", "b_verwacht"]].tolist() == [60, 60]
    # Each takes 60 %, together they take all of it.
    assert total[["belemmerd_min", "belemmerd_verwacht", "belemmerd_max"]].tolist() == [100] * 3
    assert total[["a_min", "b_min"]].tolist() == [0, 0]


def test_missing_homes_are_no_zero(sites: Sites) -> None:
    with pytest.warns(WoongeoWarning, match="woningen ontbreekt"):
        locations = sites([block(0, 0), block(1_200, 0), block(1_400, 0)], woningen=[None, None, 4])
    capacity = woongeo.summarize_plancapaciteit(
        woongeo.screen(locations, [nature()]), by=[regions(**WEST_EAST)]
    )
    west, east = row(capacity, "west"), row(capacity, "oost")
    assert west["zonder_aantal"] == west["plannen"] == 1
    assert west[HOMES].isna().all()
    assert east[["woningen", "zonder_aantal", "plannen"]].tolist() == [4, 1, 2]


def test_plans_that_do_not_count_are_named_apart(sites: Sites) -> None:
    locations = sites([block(0, 0), block(500, 0)], planstatus=["5A", "1A"])
    total = row(woongeo.summarize_plancapaciteit(woongeo.screen(locations, [nature()])))
    assert total[["plannen", "woningen", "hard", "telt_niet_mee"]].tolist() == [1, 10, 10, 10]


def test_where_no_plan_counts_there_are_no_homes_and_that_is_known(sites: Sites) -> None:
    """West holds one plan with 5A of 10 homes; east one that counts, of which no number is known.

    Nobody looked at the grid: of it nothing is known in west either.
    """
    gone = woongeo.missing_layer("net", reason="niet geleverd")
    with pytest.warns(WoongeoWarning):
        locations = sites(
            [block(0, 0), block(1_200, 0)], planstatus=["5A", "3"], woningen=[10, None]
        )
    with pytest.warns(WoongeoWarning):
        screening = woongeo.screen(locations, [nature(), gone])
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions(**WEST_EAST)])
    west, east = row(capacity, "west"), row(capacity, "oost")
    assert (west[HOMES] == 0).all()
    assert (west[["plannen", "zonder_aantal", "telt_niet_mee"]] == [0, 0, 10]).all()
    assert west[["net_min", "net_verwacht", "net_max"]].isna().all()
    assert east[HOMES].isna().all()
    whole = capacity.cijfers.set_index(["gebied", "maat"])["voor"]
    assert (whole["west", "plancapaciteit"], whole["west", "hard"]) == (0, 0)
    assert np.isnan(whole["oost", "plancapaciteit"])


def test_hard_and_zacht_follow_the_code_and_not_its_first_digit(sites: Sites) -> None:
    codes = ["1A", "1B", "1C", "2A", "2B", "2C", "3", "4A", "4B"]
    locations = sites([block(200 * i, 0) for i in range(9)], planstatus=codes)
    total = row(woongeo.summarize_plancapaciteit(woongeo.screen(locations, [nature()])))
    assert total[["hard", "zacht", "status_onbekend"]].tolist() == [40, 50, 0]


def test_nothing_known_of_a_layer_leaves_its_columns_empty(sites: Sites) -> None:
    gone = woongeo.missing_layer("net", reason="niet geleverd")
    with pytest.warns(WoongeoWarning):
        screening = woongeo.screen(sites([block(0, 0)]), [nature(block(0, 0)), gone])
    total = row(woongeo.summarize_plancapaciteit(screening))
    assert total[["net_min", "net_verwacht", "net_max"]].isna().all()
    assert total["natuur_max"] == 10
    assert total["belemmerd_max"] == 10


def test_homes_can_be_grouped_by_a_column() -> None:
    given = frame(
        [block(0, 0), block(200, 0), block(400, 0)],
        plan_id=["a", "b", "c"],
        woningen=[1, 2, 4],
        planstatus=["3", "3", "3"],
        gemeente=["Westdam", "Oostveen", None],
    )
    screening = woongeo.screen(woongeo.read_locations(given), [nature()])
    capacity = woongeo.summarize_plancapaciteit(screening, by=["gemeente"])
    assert capacity.tabel["gebied"].tolist() == ["Oostveen", "Westdam", "onbekend", "alle locaties"]
    assert capacity.tabel["woningen"].tolist() == [2, 1, 4, 7]
    with pytest.raises(ColumnError, match="'wijk' bestaat niet"):
        woongeo.summarize_plancapaciteit(screening, by=["wijk"])


@pytest.mark.parametrize(
    ("codes", "groups"),
    [
        # GeoPackage and shapefile give whole numbers with a gap as floats.
        ([363, 394, None], {"363": 1, "394": 2, "onbekend": 4}),
        (pd.Series([363, "363", 363.0], dtype=object), {"363": 7}),
        (["363", " 363 ", ""], {"363": 3, "onbekend": 4}),
        ([None, "", "  "], {"onbekend": 7}),
    ],
)
def test_one_code_is_one_group_however_it_is_stored(
    codes: Sequence[object], groups: dict[str, int]
) -> None:
    given = frame(
        [block(0, 0), block(200, 0), block(400, 0)],
        plan_id=["a", "b", "c"],
        woningen=[1, 2, 4],
        planstatus=["3", "3", "3"],
        gemeentecode=codes,
    )
    screening = woongeo.screen(woongeo.read_locations(given), [nature()])
    mapping = woongeo.read_mapping(
        pd.DataFrame({"gemeente": [363, 394], "gebied": "MRA"}), column="gemeentecode"
    )
    # Nothing is asked of the mapping where nothing stands, and so nothing is said of it.
    capacity = woongeo.summarize_plancapaciteit(screening, by=["gemeentecode", mapping])
    table = capacity.tabel.set_index(["niveau", "gebied"])["woningen"]
    assert table["gemeentecode"].to_dict() == groups
    empty = {k: v for k, v in groups.items() if k == "onbekend"}
    known = {"MRA": 7 - sum(empty.values())} if len(groups) > len(empty) else {}
    assert table["woondealregio"].to_dict() == known | empty


def test_levels_need_names_of_their_own(sites: Sites) -> None:
    screening = woongeo.screen(sites([block(0, 0)]), [nature()])
    twice = regions(**WEST_EAST)
    with pytest.raises(RegionError, match="eigen naam"):
        woongeo.summarize_plancapaciteit(screening, by=[twice, twice])


# --- dividing homes


@pytest.mark.parametrize(
    ("shares", "homes", "expected"),
    [
        ([0.5, 0.5], 7, [4, 3]),
        ([1 / 3, 1 / 3, 1 / 3], 10, [4, 3, 3]),
        ([1 / 3, 1 / 3, 1 / 3], 9, [3, 3, 3]),
        ([0.999, 0.001], 1, [1, 0]),
        ([0.6, 0.4], -5, [-3, -2]),
        ([0.5, 0.5], 0, [0, 0]),
        ([0.6, 0.4], 2.5, [1.5, 1]),
    ],
)
def test_homes_are_divided_by_largest_remainder(
    shares: Sequence[float], homes: float, expected: Sequence[float]
) -> None:
    n = len(shares)
    parts = divide_homes(np.zeros(n, dtype=np.intp), np.array(shares), np.full(n, float(homes)))
    assert parts.tolist() == expected


def test_unknown_homes_stay_unknown_when_divided() -> None:
    parts = divide_homes(np.array([0, 0]), np.array([0.5, 0.5]), np.full(2, np.nan))
    assert np.isnan(parts).all()


plans = st.lists(
    st.tuples(
        st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
        st.one_of(st.integers(-500, 5_000), st.floats(0, 500, allow_subnormal=False)),
    ),
    min_size=1,
    max_size=8,
)


@given(plans=plans)
@settings(max_examples=200, deadline=None)
def test_division_keeps_every_home(plans: list[tuple[list[float], float]]) -> None:
    row = np.repeat(np.arange(len(plans)), [len(shares) for shares, _ in plans])
    share = np.concatenate([np.array(s) / sum(s) for s, _ in plans])
    homes = np.array([h for _, h in plans], dtype=float)[row]
    parts = divide_homes(row, share, homes)
    sums = np.bincount(row, weights=parts)
    np.testing.assert_allclose(sums, [h for _, h in plans], rtol=0, atol=1e-6)
    # No part is off its exact share by a home or more.
    assert (np.abs(parts - homes * share) < 1 + 1e-6).all()
    assert (parts * np.sign(homes) >= -1e-9).all()


# --- laws

cell = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 5), st.integers(1, 5))
shape = cell.map(lambda c: block(*(50 * k for k in c)))
plan = st.tuples(
    shape,
    st.one_of(st.none(), st.integers(0, 400)),
    st.sampled_from(["1A", "1C", "3", "5A", "onbekend"]),
)


@given(
    given_plans=st.lists(plan, min_size=1, max_size=6),
    areas=st.lists(shape, min_size=1, max_size=4),
    border=st.integers(0, 900),
    order=st.permutations(range(6)),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_totals_are_conserved_over_any_division_and_any_order(
    sites: Sites,
    given_plans: list[tuple[shapely.Geometry, int | None, str]],
    areas: list[shapely.Geometry],
    border: int,
    order: list[int],
) -> None:
    by = regions(
        a=block(-100, -100, 100 + border, 400),
        b=block(border, -100, 2_000, 400),
        c=block(-100, 300, 2_000, 300),
    )

    def summed(rows: list[tuple[shapely.Geometry, int | None, str]]) -> pd.DataFrame:
        with warnings.catch_warnings():
            # Random plans overlap each other and lack homes, and the report says so.
            warnings.simplefilter("ignore", WoongeoWarning)
            locations = sites([p[0] for p in rows], [p[1] for p in rows], [p[2] for p in rows])
            screening = woongeo.screen(locations, [nature(*areas)])
            return woongeo.summarize_plancapaciteit(screening, by=[by, "planstatus"]).tabel

    table = summed(given_plans)
    numbers = table.columns[2:]
    levels = table.groupby("niveau")[list(numbers)].sum()
    for level in ("gemeente", "planstatus"):
        np.testing.assert_allclose(levels.loc[level], levels.loc["totaal"], rtol=1e-9, atol=1e-6)
    total = table.iloc[-1]
    if not pd.isna(total["woningen"]):
        assert total["hard"] + total["zacht"] + total["status_onbekend"] == total["woningen"]
        assert total["vrij"] + total["onbekend"] + total["belemmerd"] == total["woningen"]
        assert total["belemmerd_min"] <= total["belemmerd_verwacht"] + 1e-6
        assert total["belemmerd_verwacht"] <= total["belemmerd_max"] + 1e-6
    shuffled = summed([given_plans[i] for i in order if i < len(given_plans)])
    pd.testing.assert_frame_equal(shuffled, table, rtol=1e-9, atol=1e-6)
