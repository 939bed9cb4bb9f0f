"""What bottlenecks block, and what solving them frees: counted plan by plan."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.errors import LayerError, WoongeoWarning
from woongeo.knelpunten.subsets import best_order, greedy_order, patterns, subset_sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVERYWHERE = woongeo.read_coverage(frame([block(-50_000, -50_000, 100_000, 100_000)]))
#: Plans 0 to 4 are in it, the others are not.
WEST = woongeo.read_coverage(frame([block(-50, -50, 950, 200)]))


def screened(
    blocked: Sequence[str],
    woningen: Sequence[float | None] | None = None,
    status: Sequence[str] | None = None,
    *,
    keys: str = "abc",
    partly: str = "",
    gone: str = "",
    **columns: Sequence[object],
) -> woongeo.Screening:
    """Screen plans of 10 homes each: "ab" is blocked by layers a and b.

    Layers in `partly` are known in the west only; those in `gone` not at all.
    """
    n = len(blocked)
    given = frame(
        [block(200 * i, 0) for i in range(n)],
        plan_id=[f"P{i}" for i in range(n)],
        naam=[f"plan {i}" for i in range(n)],
        woningen=[np.nan if h is None else h for h in woningen or [10] * n],
        planstatus=list(status or ["3"] * n),
        **columns,
    )
    layers = []
    for key in keys:
        if key in gone:
            layers.append(woongeo.missing_layer(key, reason="niet geleverd"))
            continue
        shapes = [block(200 * i, 0) for i, hit in enumerate(blocked) if key in hit]
        where = WEST if key in partly else EVERYWHERE
        layers.append(woongeo.read_layer(key, frame(shapes), coverage=where, empty_is_free=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.screen(woongeo.read_locations(given), layers)


# --- what is blocked

FIVE = ["a", "a", "ab", "abc", ""]


def test_each_bottleneck_alone_and_together_with_others() -> None:
    found = woongeo.knelpunten(screened(FIVE, [1, 2, 4, 8, 16]))
    table = found.tabel.set_index("knelpunt")
    assert table["woningen"].tolist() == [15, 12, 8, 15]
    assert table["plannen"].tolist() == [4, 2, 1, 4]
    assert table["woningen_alleen"].tolist() == [3, 0, 0, 3]
    assert table["woningen_samen"].tolist() == [12, 12, 8, 12]
    # Each home once: 15 and not 15 + 12 + 8 = 35.
    assert table.loc["minstens één knelpunt", "woningen"] == 15
    assert found.samen_woningen.to_numpy().tolist() == [[15, 12, 8], [12, 12, 8], [8, 8, 8]]
    assert found.samen_plannen.to_numpy().tolist() == [[4, 2, 1], [2, 2, 1], [1, 1, 1]]


def test_by_hard_zacht_and_unknown_status() -> None:
    found = woongeo.knelpunten(screened(["a", "a", "a"], status=["1A", "2C", "x"]))
    row = found.tabel.iloc[0]
    assert [row[f"woningen_{k}"] for k in ("hard", "zacht", "status_onbekend")] == [10, 10, 10]


def test_plans_that_do_not_count_are_not_blocked() -> None:
    found = woongeo.knelpunten(screened(["a", "a"], status=["5A", "3"]))
    assert found.tabel["plannen"].tolist() == [1, 0, 0, 1]


def test_what_is_unknown_stands_apart() -> None:
    # Layer b is known in the west: of plans 5 and 6 its verdict is onbekend; a blocks plan 6.
    screening = screened(["", "", "", "", "", "", "a"], keys="ab", partly="b")
    table = woongeo.knelpunten(screening).tabel.set_index("knelpunt")
    assert table["woningen_onbekend"].tolist() == [0, 20, 10]
    # Plan 5 waits for one answer only; plan 6 is blocked whatever the answer is.
    assert table["woningen_wacht_op"].tolist() == [0, 10, 10]
    assert table["woningen"].tolist() == [10, 0, 10]


def test_nothing_known_of_a_layer_is_empty_and_not_zero() -> None:
    screening = screened(["a", ""], keys="ab", gone="b")
    table = woongeo.knelpunten(screening, by=["naam"])
    row = table.tabel.set_index("knelpunt").loc["b"]
    assert row[["plannen", "woningen", "woningen_alleen", "woningen_hard"]].isna().all()
    assert row["plannen_onbekend"] == 2
    assert table.gebieden.query("knelpunt == 'b'")["woningen"].isna().all()
    freed = woongeo.vrijspelen(screening).tabel.set_index("knelpunt")
    assert freed.loc["b"].isna().all()


def test_plans_without_a_number_are_counted_and_add_nothing() -> None:
    table = woongeo.knelpunten(screened(["a", "a", "b"], [None, 4, None])).tabel
    assert table["woningen"].tolist()[:1] == [4]
    assert np.isnan(table["woningen"].iloc[1])
    assert table["woningen"].iloc[2] == 0
    assert table["zonder_aantal"].tolist() == [1, 1, 0, 2]


def test_by_year_of_delivery() -> None:
    phases = pd.DataFrame(
        {"plan_id": ["P0", "P0", "P1"], "jaar": [2026, 2027, 2027], "aantal": [4, 5, 10]}
    )
    found = woongeo.knelpunten(screened(["a", "ab", ""]), fasering=phases)
    assert found.jaren.columns.tolist() == ["2026", "2027", "onbekend"]
    assert found.jaren.to_numpy().tolist() == [[4, 15, 1], [0, 10, 0], [0, 0, 0], [4, 15, 1]]
    assert woongeo.knelpunten(screened(["a"])).jaren.empty


def test_a_subset_of_bottlenecks_may_be_looked_at() -> None:
    screening = screened(FIVE)
    assert woongeo.knelpunten(screening, keys=["b", "c"]).tabel["woningen"].tolist() == [20, 10, 20]
    for wrong in (["x"], ["a", "a"], []):
        with pytest.raises(LayerError, match="kies uit a, b, c"):
            woongeo.knelpunten(screening, keys=wrong)


def test_a_plan_over_two_regions_is_divided_and_not_doubled() -> None:
    west_east = woongeo.read_regions(
        "gemeente",
        frame([block(0, 0, 75, 100), block(75, 0, 900, 100)], naam=["w", "o"]),
        name_column="naam",
    )
    screening = screened(["ab", "a"])
    found = woongeo.knelpunten(screening, by=[west_east]).gebieden
    homes = found.query("niveau == 'gemeente'").set_index(["gebied", "knelpunt"])["woningen"]
    # Three quarters of plan 0 lie in the west: 7.5 homes, of which one half goes to the larger.
    assert (homes["w", "a"], homes["o", "a"]) in {(8, 12), (7, 13)}
    freed = woongeo.vrijspelen(screening, by=[west_east]).gebieden
    sums = freed.groupby(["niveau", "knelpunt"])[["woningen_belemmerd", "toegerekend"]].sum()
    np.testing.assert_allclose(sums.xs("gemeente"), sums.xs("totaal"))


def test_rules_that_are_too_light_block_nothing() -> None:
    light = woongeo.Rule(severity="zacht")
    screening = screened(["a", "b"], keys="ab").changed({"a": light})
    heavy = screening.from_("middel")
    assert woongeo.knelpunten(screening).tabel["woningen"].tolist() == [10, 10, 20]
    assert woongeo.knelpunten(heavy).tabel["woningen"].tolist() == [0, 10, 10]
    assert woongeo.vrijspelen(heavy).belemmerd == 10
    assert woongeo.free_plans(heavy)["locatie_id"].tolist() == ["P0"]


def test_names_in_a_notebook_run_nothing() -> None:
    found = woongeo.knelpunten(screened(["a"]))
    bad = found.tabel.assign(knelpunt="<script>{{7*7}}")
    page = replace(found, tabel=bad)._repr_html_()
    assert "<script>" not in page
    assert "{{" not in page


# --- what solving frees


def test_solving_is_not_subtracting() -> None:
    # a blocks 15 homes, but solving it alone frees only the 3 that nothing else blocks.
    freed = woongeo.vrijspelen(screened(FIVE, [1, 2, 4, 8, 16]))
    table = freed.tabel.set_index("knelpunt")
    assert table["woningen_belemmerd"].tolist() == [15, 12, 8]
    assert table["alleen_max"].tolist() == [3, 0, 0]
    # Each home divided over what blocks it: 3 + 4/2 + 8/3, 4/2 + 8/3 and 8/3; together 15.
    assert table["toegerekend"].tolist() == pytest.approx([3 + 2 + 8 / 3, 2 + 8 / 3, 8 / 3])
    assert freed.belemmerd == 15
    assert freed.set(["a"]) == (3, 3)
    assert freed.set(["a", "b"]) == (7, 7)
    assert freed.set(["a", "b", "c"]) == (15, 15)
    assert freed.set([]) == (0, 0)
    with pytest.raises(LayerError, match="knelpunt x is er niet"):
        freed.set(["x"])


def test_the_order_and_its_curve() -> None:
    freed = woongeo.vrijspelen(screened(FIVE, [1, 2, 4, 8, 16]))
    for method in ("gretig", "beste"):
        steps = freed.volgorde[freed.volgorde["methode"] == method]
        assert steps["knelpunt"].tolist() == ["a", "b", "c"]
        assert steps["woningen_max"].tolist() == [3, 7, 15]
        assert steps["erbij_max"].tolist() == [3, 4, 8]
    assert freed.gelijke_volgordes == 1


def test_greedy_can_be_beaten_and_both_are_given() -> None:
    # c alone frees 6; but a and b together free 20, which greedy finds only after c.
    freed = woongeo.vrijspelen(screened(["c", "ab"], [6, 20]))
    greedy, best = (
        freed.volgorde[freed.volgorde["methode"] == m]["woningen_max"].tolist()
        for m in ("gretig", "beste")
    )
    assert greedy == [6, 6, 26]
    # 0 + 20 + 26 = 46 is more than 6 + 6 + 26 = 38.
    assert best == [0, 20, 26]
    assert freed.gelijke_volgordes == 2


def test_the_smallest_sets_that_free_eighty_percent_with_their_ties() -> None:
    # 10 homes each: a, b, ab and c, c: of 50 homes 80 % is 40.
    freed = woongeo.vrijspelen(screened(["a", "b", "ab", "c", "c"]))
    # a + b frees 30, a + c 30, b + c 30: only all three free 40 or more.
    assert freed.kleinste_sets["knelpunten"].tolist() == ["a + b + c"]
    half = woongeo.vrijspelen(screened(["a", "b", "ab", "c", "c"]), share=0.6)
    assert half.kleinste_sets["knelpunten"].tolist() == ["a + b", "a + c", "b + c"]
    assert half.kleinste_sets["gelijken"].tolist() == [3, 3, 3]
    sizes = {n: g["knelpunten"].tolist() for n, g in half.beste_sets.groupby("aantal")}
    assert sizes == {1: ["c"], 2: ["a + b", "a + c", "b + c"], 3: ["a + b + c"]}
    with pytest.raises(LayerError, match="geef een deel"):
        woongeo.vrijspelen(screened(["a"]), share=0)


def test_what_is_not_known_is_in_the_maximum_only() -> None:
    # Plan 5 is blocked by a; of b it is not known there.
    screening = screened(["a", "", "", "", "", "a"], keys="ab", partly="b")
    freed = woongeo.vrijspelen(screening)
    assert freed.set(["a"]) == (10, 20)
    table = freed.tabel.set_index("knelpunt")
    assert list(table.loc["a", ["alleen_min", "alleen_max"]]) == [10, 20]
    assert freed.volgorde["woningen_min"].tolist()[:1] == [10]


def test_what_cannot_be_solved_frees_nothing() -> None:
    freed = woongeo.vrijspelen(screened(["a", "ab", "b"]), fixed=["b"])
    assert freed.belemmerd == 10
    assert freed.niet_vrij_te_spelen == 20
    assert freed.tabel["knelpunt"].tolist() == ["a", "c"]
    for wrong in (["x"], ["a", "b", "c"]):
        with pytest.raises(LayerError, match="laat er één over"):
            woongeo.vrijspelen(screened(["a"]), fixed=wrong)


def test_nothing_blocked_frees_nothing() -> None:
    freed = woongeo.vrijspelen(screened(["", ""]))
    assert freed.belemmerd == 0
    assert freed.volgorde["woningen_max"].tolist() == [0] * 6
    assert freed.volgorde["aandeel_max"].isna().all()
    # A set of no bottlenecks frees 80 % of nothing, and is no answer.
    assert freed.kleinste_sets.empty
    assert len(freed._repr_html_()) > 0


def test_beyond_the_limit_only_the_greedy_order_is_given() -> None:
    freed = woongeo.vrijspelen(screened(FIVE), exhaustive_up_to=2)
    assert set(freed.volgorde["methode"]) == {"gretig"}
    assert freed.beste_sets.empty
    assert freed.kleinste_sets.empty
    assert np.isnan(freed.gelijke_volgordes)


def test_free_plans_by_homes_then_hardness_then_year() -> None:
    screening = screened(
        ["", "", "", "", "", "a"],
        [10, 10, 10, 30, None, 99],
        ["3", "1A", "1A", "x", "3", "1A"],
        oplevering_eerste=[2026, 2029, 2027, 2026, 2026, 2026],
    )
    found = woongeo.free_plans(screening)
    assert found["locatie_id"].tolist() == ["P3", "P2", "P1", "P0", "P4"]
    assert found.crs.to_epsg() == 28992
    # What is not known is not free.
    assert len(woongeo.free_plans(screened(["", ""], keys="ab", gone="b"))) == 0


# --- laws

blocked_plans = st.lists(
    st.tuples(st.sets(st.sampled_from("abcd")), st.one_of(st.none(), st.integers(0, 50))),
    min_size=1,
    max_size=6,
)


def subsets(keys: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """List every subset."""
    listed = list(keys)
    return chain.from_iterable(combinations(listed, r) for r in range(len(listed) + 1))


@given(plans=blocked_plans, order=st.permutations(range(6)))
@settings(max_examples=40)
def test_every_set_frees_what_counting_plan_by_plan_gives(
    plans: list[tuple[set[str], int | None]], order: list[int]
) -> None:
    def results(rows: list[tuple[set[str], int | None]]) -> Any:
        screening = screened(
            ["".join(sorted(s)) for s, _ in rows], [h for _, h in rows], keys="abcd"
        )
        return woongeo.vrijspelen(screening), woongeo.knelpunten(screening)

    freed, touched = results(plans)
    homes = {
        solved: sum(h or 0 for s, h in plans if s and s <= set(solved))
        for solved in subsets("abcd")
    }
    for solved, expected in homes.items():
        assert freed.set(solved) == (expected, expected)
        # Freeing more never frees less.
        assert all(freed.set(s)[1] <= expected for s in subsets(solved))
    # Solving all of them frees all that is blocked, and the union is never above the sum.
    assert freed.set("abcd")[1] == freed.belemmerd
    table = touched.tabel.set_index("knelpunt")["woningen"]
    if not table.isna().any():
        assert table["minstens één knelpunt"] == freed.belemmerd
        assert table["minstens één knelpunt"] <= table[list("abcd")].sum()
    assert freed.tabel["toegerekend"].sum() == pytest.approx(freed.belemmerd)
    # The best order is the best of all 24, and greedy is never better.
    best = max(
        sum(homes[tuple(sorted(o[: i + 1]))] for i in range(4)) for o in permutations("abcd")
    )
    area = freed.volgorde.groupby("methode")["woningen_max"].sum()
    assert area["beste"] == best
    assert area["gretig"] <= best
    smallest = freed.kleinste_sets
    enough = [s for s, h in homes.items() if h >= 0.8 * freed.belemmerd - 1e-9]
    size = min(map(len, enough))
    sets = {" + ".join(s) for s in enough if len(s) == size}
    assert set(smallest["knelpunten"]) == (sets if freed.belemmerd else set())
    again, _ = results([plans[i] for i in order if i < len(plans)])
    pd.testing.assert_frame_equal(again.volgorde, freed.volgorde)
    pd.testing.assert_frame_equal(again.tabel, freed.tabel)


@given(
    weight=st.lists(st.integers(0, 9), min_size=16, max_size=16),
    blocked=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), max_size=20),
)
def test_sums_over_subsets_and_patterns(weight: list[int], blocked: list[list[bool]]) -> None:
    total = subset_sums(np.array(weight, dtype=float))
    for mask in range(16):
        assert total[mask] == sum(w for sub, w in enumerate(weight) if sub & mask == sub)
    rows = np.array(blocked, dtype=bool).reshape(-1, 5)
    found = patterns(rows)
    assert (found.blocked[found.of_plan] == rows).all()
    assert len(np.unique(found.blocked, axis=0)) == len(found.blocked)


def test_equal_bottlenecks_go_in_the_order_given() -> None:
    freed = subset_sums(np.array([0.0, 5, 5, 0, 5, 0, 0, 0]))
    assert best_order(freed, 3) == ([0, 1, 2], 6.0)
    assert greedy_order(np.eye(3, dtype=bool), np.full(3, 5.0)) == [0, 1, 2]
