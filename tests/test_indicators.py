"""Coverage, hardness, affordability and yield, by mental arithmetic."""

from __future__ import annotations

import warnings
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.capacity import UITVAL_130, Planuitval
from woongeo.capacity.opbrengst import realised
from woongeo.errors import (
    ColumnError,
    DoubtfulLocationWarning,
    RegionError,
    RegionWarning,
    WoongeoWarning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYWHERE = woongeo.read_coverage(frame([block(-50_000, -50_000, 100_000, 100_000)]))
EAST = woongeo.read_coverage(frame([block(1_000, -50_000, 50_000, 100_000)]))


def screened(
    woningen: Sequence[float | None],
    status: Sequence[str] | None = None,
    *,
    blocks: Sequence[Any] = (),
    coverage: woongeo.Coverage = EVERYWHERE,
    **columns: Sequence[object],
) -> woongeo.Screening:
    """Screen plans in a row, 200 m apart, against one layer of blocks."""
    n = len(woningen)
    given = frame(
        [block(200 * i, 0) for i in range(n)],
        plan_id=[f"P{i}" for i in range(n)],
        woningen=list(woningen),
        planstatus=list(status or ["1A"] * n),
        **columns,
    )
    layer = woongeo.read_layer("natuur", frame(blocks), coverage=coverage, empty_is_free=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.screen(woongeo.read_locations(given), [layer])


def value(
    capacity: woongeo.Plancapaciteit,
    maat: str,
    stand: str = "voor",
    *,
    gebied: str = "alle locaties",
    periode: str = "alle jaren",
) -> float:
    """Take one figure."""
    table = capacity.cijfers
    hit = (table["gebied"] == gebied) & (table["maat"] == maat) & (table["periode"] == periode)
    [found] = table.loc[hit, stand]
    return float(found)


def goals(**columns: object) -> woongeo.Targets:
    """Make a table of targets for Westland, 2022-2030."""
    row = {"niveau": "provincie", "gebied": "Westland", "van": 2022, "tot": 2030, "bron": "b"}
    rows = max((len(v) for v in columns.values() if isinstance(v, list)), default=1)
    return woongeo.read_targets(pd.DataFrame({**row, **columns}, index=range(rows)))


WHOLE = ("provincie", "Westland")
P = "2022-2030"


def test_coverage_and_the_two_figures_of_hardness() -> None:
    # 40 + 21 hard, 39 + 28 zacht = 128 homes for a restopgave of 160 - 60 = 100.
    screening = screened([40, 21, 39, 28], ["1A", "2B", "3", "1C"], oplevering_eerste=[2026] * 4)
    targets = goals(waarde=[160, 60], wat=["opgave", "gerealiseerd"], tot=[2030, 2025])
    capacity = woongeo.summarize_plancapaciteit(screening, targets=targets, whole_is=WHOLE)
    assert value(capacity, "opgave", periode=P) == 160
    assert value(capacity, "restopgave", periode=P) == 100
    assert value(capacity, "dekking", periode=P) == pytest.approx(1.28)
    assert value(capacity, "tekort_op_norm", periode=P) == pytest.approx(2)
    # Of the plans 61 / 128 is hard; of the restopgave 61 / 100 is covered by hard plans.
    assert value(capacity, "hard_aandeel", periode=P) == pytest.approx(61 / 128)
    assert value(capacity, "hard_dekking", periode=P) == pytest.approx(0.61)
    assert value(capacity, "benodigd_zacht_naar_hard", periode=P) == 39


def test_every_figure_stands_before_and_after_constraints() -> None:
    # Wholly in the layer, half in it (more than the tolerance), touched at its edge, free.
    blocks = [block(0, 0), block(200, 0, 50, 100), block(300, 0, 10, 100)]
    blocks += [block(500, 0, 10, 100)]
    screening = screened([10, 10, 10, 10], blocks=blocks, oplevering_eerste=[2026] * 4)
    capacity = woongeo.summarize_plancapaciteit(
        screening, targets=goals(waarde=20, wat="restopgave"), whole_is=WHOLE
    )
    stands = ["voor", "na_min", "na_verwacht", "na_max"]
    homes = [value(capacity, "plancapaciteit", s) for s in stands]
    # At least the free plan; expected 0 + 5 + 10 + 10; at most all but the one wholly in it.
    assert homes == [40, 10, 25, 30]
    covered = [value(capacity, "dekking", s, periode=P) for s in stands]
    assert covered == [2, 0.5, 1.25, 1.5]
    short = [value(capacity, "benodigd_zacht_naar_hard", s, periode=P) for s in stands]
    assert short == [0, 10, 0, 0]


def test_what_is_unknown_counts_as_lost_at_least_and_as_left_at_most() -> None:
    # The layer is known in the east only: the plan at 0 is onbekend.
    screening = screened([10], coverage=EAST)
    capacity = woongeo.summarize_plancapaciteit(screening)
    stands = ["voor", "na_min", "na_verwacht", "na_max"]
    assert [value(capacity, "plancapaciteit", s) for s in stands] == [10, 0, 10, 10]
    assert value(capacity, "oordeel_onbekend") == 10


def test_what_is_left_of_more_sloop_than_homes_goes_by_the_basis() -> None:
    # 20 homes for 50 that go: netto -30, half in the layer. The second plan, 30 netto, is free.
    screening = screened(
        [20, 30], ["1A", "3"], blocks=[block(0, 0, 50)], bruto=[20, 30], sloop=[50, 0]
    )
    netto = woongeo.summarize_plancapaciteit(screening, basis="netto")
    stands = ["voor", "na_min", "na_verwacht", "na_max"]
    # At least all of it goes on, at most none of it.
    assert [value(netto, "hard", s) for s in stands] == [-30, -30, -15, 0]
    assert [value(netto, "plancapaciteit", s) for s in stands] == [0, 0, 15, 30]
    woningen = woongeo.summarize_plancapaciteit(screening)
    assert [value(woningen, "hard", s) for s in stands] == [20, 0, 10, 20]


def test_a_chance_that_is_not_known_has_its_least_and_its_most_also_for_homes_that_go() -> None:
    # Of 10 homes eight are to be expected; whether -4 come nobody knows.
    capacity = woongeo.summarize_plancapaciteit(screened([10, -4], realisatiekans=[0.8, None]))
    ends = [value(capacity, f"opbrengst{end}") for end in ("_min", "", "_max")]
    assert ends == [4, 8, 8]


def test_homes_without_a_year_stand_apart_and_are_not_spread() -> None:
    phases = pd.DataFrame(
        {
            "plan_id": ["P0", "P0", "P0", "P1"],
            "van": [2025, 2029, 2040, 2031],
            "tot": [2025, 2033, 2044, 2031],
            "aantal": [3, 4, 1, 6],
        }
    )
    screening = screened([10, 6, 5])
    capacity = woongeo.summarize_plancapaciteit(
        screening, fasering=phases, periods=[(2022, 2030), (2031, 2036)]
    )
    homes = {
        periode: value(capacity, "plancapaciteit", periode=periode)
        for periode in ("2022-2030", "2031-2036", "overige jaren", "onbekend", "alle jaren")
    }
    # P0: 3 in 2025, 4 over both periods, 1 in 2040 and 2 without a year; P1: 6; P2: 5 without.
    assert homes == {
        "2022-2030": 3,
        "2031-2036": 6,
        "overige jaren": 1,
        "onbekend": 11,
        "alle jaren": 21,
    }
    assert value(capacity, "fase_onbekend", periode="2022-2030") == 11


def test_horizons_may_overlap() -> None:
    phases = pd.DataFrame(
        {"locatie_id": "P0", "van": [2025, 2029], "tot": [2025, 2033], "aantal": [3, 7]}
    )
    capacity = woongeo.summarize_plancapaciteit(
        screened([10]), fasering=phases, periods=[(2022, 2030), (2022, 2036)]
    )
    # To 2036 all ten are due; to 2030 three, and of seven it cannot be said.
    assert value(capacity, "plancapaciteit", periode="2022-2030") == 3
    assert value(capacity, "fase_onbekend", periode="2022-2030") == 7
    assert value(capacity, "plancapaciteit", periode="2022-2036") == 10
    assert value(capacity, "fase_onbekend", periode="2022-2036") == 0


def test_without_years_a_period_is_unknown_and_not_zero() -> None:
    capacity = woongeo.summarize_plancapaciteit(
        screened([100]), targets=goals(waarde=50, wat="restopgave"), whole_is=WHOLE
    )
    assert np.isnan(value(capacity, "plancapaciteit", periode=P))
    assert np.isnan(value(capacity, "dekking", periode=P))
    assert value(capacity, "dekking_met_fase_onbekend", periode=P) == 2
    assert any("jaar van oplevering" in note for note in capacity.opmerkingen)


def test_without_what_was_realised_the_restopgave_is_unknown() -> None:
    screening = screened([100], oplevering_eerste=[2026])
    capacity = woongeo.summarize_plancapaciteit(screening, targets=goals(waarde=50), whole_is=WHOLE)
    assert value(capacity, "opgave", periode=P) == 50
    assert np.isnan(value(capacity, "restopgave", periode=P))
    assert np.isnan(value(capacity, "dekking", periode=P))


def test_plans_may_say_themselves_what_was_realised_if_all_of_them_do() -> None:
    def rest(gerealiseerd: list[float | None]) -> float:
        screening = screened([30, 20], gerealiseerd=gerealiseerd, oplevering_eerste=[2026] * 2)
        capacity = woongeo.summarize_plancapaciteit(
            screening, targets=goals(waarde=50), whole_is=WHOLE
        )
        return value(capacity, "restopgave", periode=P)

    assert rest([10, 5]) == 35
    assert np.isnan(rest([10, None]))


@pytest.mark.parametrize(
    ("across", "bruto", "rest"),
    [
        # Of a plan that says nothing a sliver, a metre of 100, and 4 m with none of 10 homes.
        *((0.001, None, 80), (1, None, 80), (4, None, 80), (10, 10, None)),
        # 8 m bring none of 5 homes; but nobody says that no more than 5 were ever planned.
        *((8, None, None), (8, 5, 80)),
    ],
)
def test_a_sliver_of_a_neighbour_s_plan_does_not_make_what_was_realised_unknown(
    across: float, bruto: float | None, rest: float | None
) -> None:
    given = frame(
        [block(100, 0), block(1_000 - across, 300)],
        plan_id=["a", "b"],
        woningen=[50, 10 if bruto == 10 or across < 8 else 5],
        planstatus=["3", "3"],
        gerealiseerd=[20, None],
        bruto=[50, bruto],
    )
    halves = frame([block(0, 0, 1_000, 1_000), block(1_000, 0, 1_000, 1_000)], naam=["A", "B"])
    regions = woongeo.read_regions("gemeente", halves, name_column="naam")
    layer = woongeo.read_layer("natuur", frame([]), coverage=EVERYWHERE, empty_is_free=True)
    screening = woongeo.screen(woongeo.read_locations(given), [layer])
    targets = goals(waarde=[100, 100], niveau="gemeente", gebied=["A", "B"])
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions], targets=targets)
    found = capacity.cijfers.set_index(["gebied", "periode", "maat"])
    # a says 20 of the 100 of A; b lies in B and says nothing.
    silent = "onbekend: 1 plan meldt niet wat is gerealiseerd"
    if rest is None:
        assert np.isnan(found["voor"]["A", P, "restopgave"])
        assert found["bron"]["A", P, "restopgave"] == silent
    else:
        assert found["voor"]["A", P, "restopgave"] == rest
        assert found["bron"]["A", P, "restopgave"] == "opgave min gerealiseerd"
    assert np.isnan(found["voor"]["B", P, "restopgave"])
    # In B nothing at all is known of what was realised.
    assert found["bron"]["B", P, "restopgave"].startswith("onbekend: ")


def test_realised_years_are_not_counted_twice() -> None:
    # 2022-2025 holds 2022 already; 2026 comes on top.
    targets = goals(
        waarde=[100, 20, 60, 5],
        wat=["opgave", "gerealiseerd", "gerealiseerd", "gerealiseerd"],
        van=[2022, 2022, 2022, 2026],
        tot=[2030, 2022, 2025, 2026],
    )
    capacity = woongeo.summarize_plancapaciteit(screened([1]), targets=targets, whole_is=WHOLE)
    assert value(capacity, "opgave_gerealiseerd", periode=P) == 65
    assert value(capacity, "restopgave", periode=P) == 35


def test_realised_years_that_overlap_partly_are_unknown_and_said() -> None:
    # 2023 is in both: what was realised lies between 3,000 and 4,000.
    targets = goals(
        waarde=[16_500, 1_000, 3_000],
        wat=["opgave", "gerealiseerd", "gerealiseerd"],
        van=[2022, 2022, 2023],
        tot=[2030, 2023, 2025],
    )
    with pytest.warns(RegionWarning, match="Westland over 2022-2023 en 2023-2025 overlapt deels"):
        # The plans know of one home; that says nothing of what the table contradicts itself in.
        capacity = woongeo.summarize_plancapaciteit(
            screened([1], gerealiseerd=[1]), targets=targets, whole_is=WHOLE
        )
    assert value(capacity, "opgave", periode=P) == 16_500
    assert np.isnan(value(capacity, "opgave_gerealiseerd", periode=P))
    assert np.isnan(value(capacity, "restopgave", periode=P))
    cijfers = capacity.cijfers.set_index("maat")
    assert "overlapt deels" in cijfers.loc["opgave_gerealiseerd", "bron"]


def test_a_target_of_a_level_that_nobody_asked_for_is_told() -> None:
    screening = screened([10], Gem_naam=["Ede"], provincie=["Gelderland"])
    of_gemeente = goals(niveau="Gemeente", gebied="Ede", waarde=1)
    for asked, message in (
        ({"by": ["Gem_naam"]}, "niveau Gemeente en gevraagd is Gem_naam"),
        ({}, "alleen het totaal"),
        ({"whole_is": ("gemeente", "Edde")}, "gevraagd is gemeente Edde"),
    ):
        with pytest.warns(RegionWarning, match=message):
            woongeo.summarize_plancapaciteit(screening, targets=of_gemeente, **asked)
    with pytest.warns(RegionWarning, match="niveau land, provincie en gevraagd is Gem_naam"):
        woongeo.summarize_plancapaciteit(screening, by=["Gem_naam"], targets=woongeo.read_targets())
    with pytest.warns(RegionWarning, match="geen enkele rij heeft als wat opgave"):
        woongeo.summarize_plancapaciteit(
            screening, by=["provincie"], targets=goals(waarde=1, wat="taakstelling")
        )
    # Where it is asked for nothing is said: warnings are errors here.
    woongeo.summarize_plancapaciteit(screening, by=["provincie"], targets=woongeo.read_targets())
    woongeo.summarize_plancapaciteit(screening, targets=of_gemeente, whole_is=("gemeente", "Ede"))


def test_bruto_sloop_and_netto_are_shown_where_the_register_has_them() -> None:
    # EIB stores sloop negative; what is to be demolished is 4 either way.
    screening = screened([10, 10], bruto=[12, None], sloop=[-4, 3], rest=[8, 9])
    capacity = woongeo.summarize_plancapaciteit(screening)
    assert value(capacity, "bruto") == 12
    assert value(capacity, "sloop") == 7
    assert value(capacity, "netto") == 8
    assert np.isnan(value(capacity, "gerealiseerd"))
    # Capacity is counted in what the locations call homes, unless another basis is asked for.
    assert (capacity.basis, value(capacity, "plancapaciteit")) == ("woningen", 20)
    rest = woongeo.summarize_plancapaciteit(screening, basis="rest")
    assert value(rest, "plancapaciteit") == 17
    bruto = woongeo.summarize_plancapaciteit(screening, basis="bruto")
    assert value(bruto, "plancapaciteit") == 12
    assert value(bruto, "zonder_aantal") == 1
    with pytest.raises(ColumnError, match="kolom netto"):
        woongeo.summarize_plancapaciteit(screened([1]), basis="netto")
    with pytest.raises(ColumnError, match="bestaat niet"):
        woongeo.summarize_plancapaciteit(screened([1]), basis="mooi")


def test_affordability_has_a_minimum_and_a_maximum() -> None:
    # Of 100 homes 30 sociaal, 20 middenhuur, 10 dure koop, 15 koop onbekend; 25 nothing is said of.
    odd: dict[str, Any] = {"Koop onbekend": [15]}
    screening = screened([100], sociale_huur=[30], Middenhuur=[20], dure_koop=[10], **odd)
    capacity = woongeo.summarize_plancapaciteit(screening)
    ends = [
        value(capacity, f"{name}_aandeel_{end}")
        for name, end in product(("sociaal", "betaalbaar"), ("min", "max"))
    ]
    assert ends == pytest.approx([0.30, 0.55, 0.50, 0.90])
    norms = capacity.cijfers.groupby("maat")["norm"].max()
    assert norms["sociaal_aandeel_min"] == 0.30
    assert np.isnan(value(woongeo.summarize_plancapaciteit(screened([1])), "sociaal_aandeel_min"))


def test_segments_that_add_up_to_more_than_the_plan_count_themselves() -> None:
    screening = screened([10], sociale_huur=[9], dure_huur=[6], koop_onbekend=[-5])
    capacity = woongeo.summarize_plancapaciteit(screening)
    assert value(capacity, "sociaal_aandeel_min") == pytest.approx(9 / 15)
    assert value(capacity, "sociaal_aandeel_max") == pytest.approx(9 / 15)


def test_the_detail_of_a_register_gives_years_and_segments_each_home_once() -> None:
    # Ten homes by year, and the same ten by price: 2 were realised, 1 is to be demolished.
    rows = [
        ("nieuwbouw", "totaal", "gepland", 2026, np.nan, "", 5),
        ("nieuwbouw", "totaal", "gepland", 2034, 2038, "", 3),
        ("nieuwbouw", "totaal", "gerealiseerd", np.nan, np.nan, "", 2),
        ("sloop", "totaal", "gepland", 2026, np.nan, "", 1),
        ("nieuwbouw", "betaalbaarheid", "gepland", 2026, np.nan, "sociale_huur", 3),
        ("nieuwbouw", "betaalbaarheid", "gepland", 2034, 2038, "dure_koop", 3),
        ("nieuwbouw", "betaalbaarheid", "gerealiseerd", np.nan, np.nan, "sociale_huur", 2),
        ("nieuwbouw", "betaalbaarheid", "gepland", np.nan, np.nan, "onbekend", 2),
    ]
    columns = ["soort", "indeling", "stand", "jaar", "jaar_tot", "prijssegment", "aantal"]
    detail = pd.DataFrame(rows, columns=columns).assign(plan_id="P0")
    capacity = woongeo.summarize_plancapaciteit(
        screened([10, 4]), detail=detail, periods=[(2022, 2030), (2031, 2040)]
    )
    homes = [
        value(capacity, "plancapaciteit", periode=p) for p in ("2022-2030", "2031-2040", "onbekend")
    ]
    # Of P0 two have no year to come, and all four of P1.
    assert homes == [5, 3, 6]
    ends = [value(capacity, f"sociaal_aandeel_{end}") for end in ("min", "max")]
    # 5 of P0 at least; at most the 2 that are open, and all of P1.
    assert ends == pytest.approx([5 / 14, 11 / 14])
    years = woongeo.knelpunten(screened([10], blocks=[block(0, 0)]), fasering=detail).jaren
    assert years.columns.tolist() == ["2026", "2034-2038", "onbekend"]
    assert years.iloc[0].tolist() == [5, 3, 2]


def test_masterplans_are_told_where_they_count_twice() -> None:
    screening = screened([10], woningen_register=[30])
    notes = woongeo.summarize_plancapaciteit(screening).opmerkingen
    assert any("masterplan" in note for note in notes)


def test_expected_yield_is_that_of_each_plan() -> None:
    screening = screened([100, 50, 30], realisatiekans=["80%", 0.5, None])
    capacity = woongeo.summarize_plancapaciteit(screening)
    # 80 + 25; the last plan has no chance of its own: none of it at least, all of it at most.
    assert value(capacity, "opbrengst") == 105
    assert value(capacity, "opbrengst_min") == 105
    assert value(capacity, "opbrengst_max") == 135
    with_rest = woongeo.summarize_plancapaciteit(
        screening, uitval=Planuitval({"hard": 0.5}, "eigen schatting")
    )
    assert value(with_rest, "opbrengst") == 120
    assert "opbrengst" not in set(woongeo.summarize_plancapaciteit(screened([1])).cijfers["maat"])


def test_of_130_homes_100_are_built() -> None:
    capacity = woongeo.summarize_plancapaciteit(screened([130]), uitval=UITVAL_130)
    assert value(capacity, "opbrengst") == pytest.approx(100)


@pytest.mark.parametrize("bad", [[1.5], ["150%"], ["vaak"], [-0.1]])
def test_a_chance_is_a_share(bad: list[object]) -> None:
    with pytest.raises(ColumnError, match="geen kans van 0 tot 1"):
        woongeo.summarize_plancapaciteit(screened([1], realisatiekans=bad))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"kansen": {"hard": 2}}, "geef een deel"),
        ({"kansen": {"zeker": 1}}, "kies uit"),
        ({"draws": 0}, "minstens één trekking"),
        ({"interval": 1}, "interval tussen"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        Planuitval(**kwargs)


def test_the_interval_is_exact_where_it_can_be() -> None:
    # Two plans of 10 and 20 homes, even chances: 0, 10, 20 and 30 each in a quarter of cases.
    how = Planuitval(interval=0.5)
    found = realised(
        np.zeros(2, dtype=np.intp), np.arange(2), np.array([10.0, 20.0]), np.full(2, 0.5), how
    )
    assert found.exact.tolist() == [True]
    assert (found.lower[0], found.mean[0], found.upper[0]) == (0, 15, 20)


def test_parts_of_one_plan_succeed_or_fail_together() -> None:
    how = Planuitval(interval=0.98)
    together = realised(np.zeros(2, int), np.zeros(2, int), np.full(2, 5.0), np.array([0.5]), how)
    assert (together.lower[0], together.upper[0]) == (0, 10)


def test_the_drawn_interval_is_near_the_exact_one_and_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    homes = rng.integers(1, 60, 60).astype(float)
    chance = rng.uniform(0.3, 0.9, 60)
    how = Planuitval(draws=4_000)
    group, plan = np.zeros(60, int), np.arange(60)
    drawn = [realised(group, plan, homes + 0.25, chance, how) for _ in range(2)]
    assert not drawn[0].exact.any()
    assert drawn[0].lower.tolist() == drawn[1].lower.tolist()
    sd = np.sqrt((homes**2 * chance * (1 - chance)).sum())
    # The normal interval of 90 % is 1.645 standard deviations wide on either side.
    assert drawn[0].lower[0] == pytest.approx(drawn[0].mean[0] - 1.645 * sd, abs=0.25 * sd)
    assert drawn[0].upper[0] == pytest.approx(drawn[0].mean[0] + 1.645 * sd, abs=0.25 * sd)
    same = realised(group, plan, np.full(60, 10.5), np.full(60, 0.5), how)
    # Sixty equal plans: 30 succeed, give or take 1.645 * sqrt(15) = 6.4.
    assert same.lower[0] == pytest.approx(10.5 * 24, abs=10.5)
    assert same.upper[0] == pytest.approx(10.5 * 36, abs=10.5)


@given(
    plans=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
        min_size=1,
        max_size=7,
    )
)
@settings(max_examples=60)
def test_the_exact_interval_is_that_of_listing_every_outcome(
    plans: list[tuple[int, float]],
) -> None:
    homes, chance = (np.array(x, dtype=float) for x in zip(*plans, strict=True))
    found = realised(
        np.zeros(len(plans), int), np.arange(len(plans)), homes, chance, Planuitval(interval=0.8)
    )
    outcomes: dict[float, float] = {}
    for success in product([0, 1], repeat=len(plans)):
        p = np.prod([c if s else 1 - c for s, c in zip(success, chance, strict=True)])
        total = float(np.dot(success, homes))
        outcomes[total] = outcomes.get(total, 0.0) + float(p)
    values = sorted(outcomes)
    below = np.cumsum([outcomes[v] for v in values])
    lower = values[int(np.searchsorted(below, 0.1 - 1e-9))]
    upper = values[int(np.searchsorted(below, 0.9 - 1e-9))]
    assert found.exact.all()
    assert (found.lower[0], found.upper[0]) == (lower, upper)
    assert found.mean[0] == pytest.approx(sum(v * p for v, p in outcomes.items()))


def test_woondealregios_by_a_mapping_of_gemeenten() -> None:
    screening = screened([10, 20, 30], gemeente=["Ede", "Renswoude", "Nergens"])
    mapping = woongeo.read_mapping(
        pd.DataFrame({"gemeente": ["Ede", "Renswoude"], "gebied": "Foodvalley"})
    )
    with pytest.warns(RegionWarning, match="geen woondealregio op .* voor Nergens"):
        capacity = woongeo.summarize_plancapaciteit(screening, by=[mapping])
    assert capacity.tabel["gebied"].tolist() == ["Foodvalley", "onbekend", "alle locaties"]
    assert capacity.tabel["woningen"].tolist() == [30, 30, 60]


def test_a_target_that_finds_no_plans_is_told() -> None:
    screening = screened([10], gemeente=["Ede"])
    two = goals(niveau="gemeente", gebied=["Ede", "Wageningen"], waarde=1)
    with pytest.warns(RegionWarning, match="gemeente Wageningen heeft een opgave"):
        woongeo.summarize_plancapaciteit(screening, by=["gemeente"], targets=two)
    with pytest.warns(RegionWarning, match="gelijk geschreven"):
        woongeo.summarize_plancapaciteit(
            screening, by=["gemeente"], targets=goals(niveau="gemeente", gebied="Edde", waarde=1)
        )


def test_an_opgave_goes_to_neither_of_two_spellings_of_a_region() -> None:
    """1,000 homes are agreed for Friesland: not with the 600 of Fryslân, nor the 400 beside."""
    screening = screened([600, 400, 50], provincie=["Fryslân", "Friesland", "Utrecht"])
    agreed = goals(gebied=["Friesland", "Utrecht"], waarde=[1_000, 100], wat="restopgave")
    spelled = "provincie 'Friesland' en 'Fryslân' zijn één gebied: hun opgave is onbekend"
    with pytest.warns(RegionWarning, match=spelled):
        capacity = woongeo.summarize_plancapaciteit(screening, by=["provincie"], targets=agreed)
    rest = capacity.overzicht("2022-2030").set_index("gebied")["restopgave"]
    assert rest[["Friesland", "Fryslân"]].isna().all()
    assert rest["Utrecht"] == 100


def test_the_overview_has_one_row_a_region() -> None:
    screening = screened([10, 20], gemeente=["a", "b"], oplevering_eerste=[2026, 2027])
    targets = goals(niveau="gemeente", gebied=["a", "b"], waarde=[20, 10], wat="restopgave")
    capacity = woongeo.summarize_plancapaciteit(screening, by=["gemeente"], targets=targets)
    table = capacity.overzicht("2022-2030").set_index("gebied")
    assert table.loc[["a", "b"], "dekking"].tolist() == [0.5, 2.0]
    assert "sociaal_min" not in table
    with pytest.raises(RegionError, match="periode '2040' is er niet; wel: 2022-2030"):
        capacity.overzicht("2040")
    with pytest.raises(RegionError, match="ligt na het laatste"):
        woongeo.summarize_plancapaciteit(screening, periods=[(2030, 2022)])


def test_phases_that_do_not_fit_are_told() -> None:
    def phased(plan: str, aantal: float) -> pd.DataFrame:
        return pd.DataFrame({"plan_id": [plan], "jaar": [2026], "aantal": [aantal]})

    screening = screened([10])
    for table, message in (
        (phased("P9", 1), "1 regel hoort bij geen locatie"),
        (phased("P0", -1), "negatieve aantallen"),
        (phased("P0", 12), "1 plan heeft meer woningen in jaren"),
    ):
        with pytest.warns(DoubtfulLocationWarning, match=message):
            capacity = woongeo.summarize_plancapaciteit(
                screening, fasering=table, periods=[(2022, 2030)]
            )
        assert value(capacity, "plancapaciteit") == 10
    with pytest.raises(ColumnError, match="geef de kolommen"):
        woongeo.summarize_plancapaciteit(screening, fasering=pd.DataFrame({"jaar": [1]}))
    with pytest.raises(ColumnError, match="is geen getal"):
        woongeo.summarize_plancapaciteit(
            screening, fasering=pd.DataFrame({"plan_id": ["P0"], "jaar": "snel", "aantal": 1})
        )


# --- laws

plan = st.fixed_dictionaries(
    {
        "woningen": st.one_of(st.none(), st.integers(0, 90)),
        "status": st.sampled_from(["1A", "1C", "3", "5A", "onbekend"]),
        "gebied": st.sampled_from(["a", "b", None]),
        "jaren": st.lists(
            st.tuples(st.integers(2020, 2040), st.integers(0, 6), st.integers(0, 40)), max_size=3
        ),
        "geraakt": st.sampled_from([0, 5, 60, 100]),
    }
)


@given(plans=st.lists(plan, min_size=1, max_size=7), order=st.permutations(range(7)))
@settings(max_examples=40)
def test_homes_are_conserved_over_regions_and_phases_in_any_order(
    plans: list[dict[str, Any]], order: list[int]
) -> None:
    def cijfers(rows: list[dict[str, Any]]) -> pd.DataFrame:
        hit = [(i, p["geraakt"]) for i, p in enumerate(plans) if p["geraakt"]]
        place = {id(p): i for i, p in enumerate(plans)}
        at = [place[id(p)] for p in rows]
        given = frame(
            [block(200 * i, 0) for i in at],
            plan_id=[f"P{i}" for i in at],
            woningen=[np.nan if p["woningen"] is None else p["woningen"] for p in rows],
            planstatus=[p["status"] for p in rows],
            gebied_=[p["gebied"] for p in rows],
        )
        phases = pd.DataFrame(
            [
                (f"P{i}", year, year + length, homes)
                for i, p in zip(at, rows, strict=True)
                for year, length, homes in p["jaren"]
            ],
            columns=["plan_id", "van", "tot", "aantal"],
        )
        layer = woongeo.read_layer(
            "natuur",
            frame([block(200 * i, 0, width) for i, width in hit]),
            coverage=EVERYWHERE,
            empty_is_free=True,
        )
        # Plan 2 lies over the border of two regions, and plans from 5 on in none.
        halves = frame([block(-50, -50, 480, 200), block(430, -50, 500, 200)], naam=["w", "o"])
        regions = woongeo.read_regions("gemeente", halves, name_column="naam")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WoongeoWarning)
            screening = woongeo.screen(woongeo.read_locations(given), [layer])
            capacity = woongeo.summarize_plancapaciteit(
                screening,
                by=[regions, "gebied_"],
                fasering=phases,
                periods=[(2022, 2030), (2031, 2036)],
                uitval=UITVAL_130,
            )
        return capacity.cijfers.drop(columns=["bron"])

    table = cijfers(plans)
    stands = ["voor", "na_min", "na_verwacht", "na_max"]
    added = table[(table["eenheid"] == "woningen") & ~table["maat"].str.contains("interval")]
    sums = added.groupby(["niveau", "periode", "maat"])[stands].sum()
    for level in ("gemeente", "gebied_"):
        np.testing.assert_allclose(sums.xs(level), sums.xs("totaal"), rtol=1e-9, atol=1e-6)
    homes = table[table["maat"].isin(["plancapaciteit", "hard", "zacht", "status_onbekend"])]
    for _, rows in homes.groupby(["niveau", "gebied", "maat"]):
        of = rows.set_index("periode")[stands].fillna(0.0)
        parts = of.loc[["2022-2030", "2031-2036", "overige jaren", "onbekend"]].sum()
        np.testing.assert_allclose(parts, of.loc["alle jaren"], rtol=1e-9, atol=1e-6)
    whole = homes[homes["maat"] == "plancapaciteit"]
    assert (whole["voor"].dropna() % 1 == 0).all()
    known = whole.dropna(subset=stands)
    assert (known["na_min"] <= known["na_verwacht"] + 1e-9).all()
    assert (known["na_verwacht"] <= known["na_max"] + 1e-9).all()
    assert (known["na_max"] <= known["voor"]).all()
    counted = [p["woningen"] for p in plans if p["status"] != "5A"]
    [total] = whole.loc[(whole["niveau"] == "totaal") & (whole["periode"] == "alle jaren"), "voor"]
    # Where no plan counts that is known: 0 homes.
    if counted and all(n is None for n in counted):
        assert np.isnan(total)
    else:
        assert total == sum(n for n in counted if n is not None)
    shuffled = cijfers([plans[i] for i in order if i < len(plans)])
    intervals = table["maat"].str.contains("interval")
    pd.testing.assert_frame_equal(shuffled[~intervals], table[~intervals], rtol=1e-9, atol=1e-6)
