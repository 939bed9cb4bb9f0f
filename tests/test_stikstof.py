"""Nitrogen by size and distance: EIB's table, its laws, and the verdicts that follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import block, frame
from hypothesis import given
from hypothesis import strategies as st

import woongeo
from woongeo.errors import RuleError, UncertainRuleWarning, UnknownResultWarning
from woongeo.rules.stikstof import (
    EIB_DISTANCE_M,
    EIB_MOL_PER_HOME,
    StikstofRule,
    deposition_mol,
    homes_under,
    mol_per_home,
)

if TYPE_CHECKING:
    import shapely

# Drawn plans lack homes, or have a million on a hectare, where that shows most.
pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.DoubtfulLocationWarning")

Sites = Callable[..., woongeo.Locations]

# --- the table and what lies between


@pytest.mark.parametrize(
    ("distance", "mol"),
    [
        (50, 0.5831),
        (100, 0.2251),
        (250, 0.0476),
        (500, 0.01135),
        (1_000, 0.003825),
        (2_500, 0.000712),
        (5_000, 0.000237),
        (10_000, 0.000075),
        (25_000, 0.0000125),
    ],
)
def test_at_the_distances_of_the_table_it_has_the_values_of_the_table(
    distance: float, mol: float
) -> None:
    assert deposition_mol(1, distance) == mol
    assert deposition_mol(1_000, distance) == pytest.approx(1_000 * mol, rel=1e-15)


def test_halfway_on_a_logarithmic_scale_it_is_the_geometric_mean() -> None:
    # The square root of 1,000 x 2,500 m is 1,581.1 m.
    found = mol_per_home((1_000 * 2_500) ** 0.5)
    assert found == pytest.approx((0.003825 * 0.000712) ** 0.5, rel=1e-12)


@pytest.mark.parametrize("distance", [0, 1, 49.999])
def test_nearer_than_the_table_the_value_of_50_m_holds(distance: float) -> None:
    assert mol_per_home(distance) == 0.5831


def test_beyond_25_km_there_is_nothing() -> None:
    assert deposition_mol(1e6, 25_000.001) == 0
    assert deposition_mol(1e6, np.inf) == 0


def test_what_is_not_known_stays_unknown() -> None:
    homes, distance = [np.nan, 10, -1, 0, np.nan], [100, np.nan, 100, 100, 30_000]
    np.testing.assert_array_equal(
        deposition_mol(homes, distance), [np.nan, np.nan, np.nan, 0, np.nan]
    )


@pytest.mark.parametrize(
    ("threshold", "homes"),
    [
        (0.005, [0, 0, 0, 0, 1, 7, 21, 66, 400]),
        (1.0, [1, 4, 21, 88, 261, 1_404, 4_219, 13_333, 80_000]),
    ],
)
def test_the_homes_that_fit_under_a_threshold(threshold: float, homes: list[float]) -> None:
    # 1 / 0.000237 is 4,219; EIB prints 4,211 and 67, from values with more digits.
    assert homes_under(threshold, EIB_DISTANCE_M).tolist() == homes


far = st.floats(0, 30_000)
number = st.integers(0, 20_000)


@given(homes=number, near=far, further=far)
def test_further_away_never_adds_more(homes: int, near: float, further: float) -> None:
    near, further = sorted((near, further))
    assert deposition_mol(homes, further) <= deposition_mol(homes, near) * (1 + 1e-12)


@given(few=number, more=number, distance=far)
def test_it_is_in_proportion_to_the_homes(few: int, more: int, distance: float) -> None:
    together = deposition_mol(few + more, distance)
    apart = deposition_mol(few, distance) + deposition_mol(more, distance)
    assert together == pytest.approx(apart, rel=1e-12)
    assert together >= 0


@given(distance=st.floats(0, 25_000), threshold=st.floats(1e-4, 10))
def test_the_homes_that_fit_are_below_and_one_more_is_above(
    distance: float, threshold: float
) -> None:
    fit = homes_under(threshold, distance)
    assert deposition_mol(fit, distance) <= threshold * (1 + 1e-8)
    assert deposition_mol(fit + 1, distance) > threshold * (1 - 1e-8)


@given(place=st.integers(0, len(EIB_DISTANCE_M) - 2), part=st.floats(0, 1))
def test_between_two_points_of_the_table_it_lies_between_their_values(
    place: int, part: float
) -> None:
    a, b = EIB_DISTANCE_M[place : place + 2]
    high, low = EIB_MOL_PER_HOME[place : place + 2]
    found = float(mol_per_home(a + part * (b - a)))
    assert low * (1 - 1e-12) <= found <= high * (1 + 1e-12)


def test_a_rule_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(RuleError, match="threshold_mol_ha_j"):
        StikstofRule(threshold_mol_ha_j=-1)
    with pytest.raises(RuleError, match="min_exceedance_mol_ha_j"):
        StikstofRule(min_exceedance_mol_ha_j=float("nan"))


# --- verdicts
#
# Sites are squares of 100 m with their east side at 0; nature lies at a distance to the east.


def site(y: float = 0) -> shapely.Polygon:
    return block(-100, y)


def nature(*distances: float, **given: Any) -> woongeo.Layer:
    """Draw nature at distances, known everywhere in the country unless told otherwise."""
    columns = given.pop("columns", {})
    given = {"coverage": "nederland", "empty_is_free": True, **given}
    shapes = [block(d, -5_000, 50, 10_000) for d in distances]
    ids = range(1, len(distances) + 1)
    return woongeo.read_layer("stikstof", frame(shapes, nr=list(ids), **columns), **given)


def screened(locations: woongeo.Locations, layer: woongeo.Layer, **given: Any) -> Any:
    """Screen; one row a site, without the name of the layer before its columns."""
    done = woongeo.screen(locations, [layer], **given)
    table = done.locaties.rename(columns=lambda c: c.removeprefix("stikstof_"))
    table = table.loc[:, ~table.columns.duplicated()]
    return table.assign(reden=done.treffers["reden"].tolist())


def test_size_and_distance_decide_together(sites: Sites) -> None:
    """At 1 km a home adds 0.003825: one stays under 0.005, two make 0.00765."""
    places = sites([site(0), site(200), site(400)], woningen=[1, 2, 0])
    found = screened(places, nature(1_000))
    assert found["oordeel"].tolist() == ["vrij", "belemmerd", "vrij"]
    assert found["afstand_m"].tolist() == [1_000] * 3
    assert found["bijdrage_mol_ha_j"].tolist() == pytest.approx([0.003825, 0.00765, 0])
    assert found["woningen_onder_drempel"].tolist() == [1, 1, 1]
    assert found["objecten"].tolist() == ["1", "1", "1"]
    assert found["zwaarte"].tolist() == ["", "middel", ""]
    assert found["reden"][1] == (
        "2 woningen op 1.000 m van natuur die telt: naar schatting 0,00765 mol/ha/jaar, "
        "boven drempel 0,005 mol/ha/jaar"
    )


def test_a_plan_is_taken_wholly_or_not_at_all(sites: Sites) -> None:
    places = sites([site(0), site(200), site(400)], woningen=[1, 2, None])
    found = screened(places, nature(1_000))
    assert found["belemmerd_m2"].tolist() == [0, 10_000, 0]
    assert found["vrij_m2"].tolist() == [10_000, 0, 0]
    assert found["onbekend_m2"].tolist() == [0, 0, 10_000]


def test_at_the_threshold_is_not_above_it(sites: Sites) -> None:
    """400 homes at 25 km come to 0.005 exactly."""
    places = sites([site(0), site(200)], woningen=[400, 401])
    found = screened(places, nature(25_000))
    assert found["oordeel"].tolist() == ["vrij", "belemmerd"]


def test_within_and_upon_nature_the_value_of_50_m_holds(sites: Sites) -> None:
    places = sites([block(0, 0), block(-110, 0)], woningen=[1, 1])
    found = screened(places, nature(0))
    assert found["afstand_m"].tolist() == [0, 10]
    assert found["bijdrage_mol_ha_j"].tolist() == [0.5831, 0.5831]


def test_beyond_25_km_nothing_hinders_however_many_homes(sites: Sites) -> None:
    """Also where their number is not known: none of them adds anything."""
    places = sites([site(0), site(200)], woningen=[1_000_000, None])
    found = screened(places, nature(25_001))
    assert found["oordeel"].tolist() == ["vrij", "vrij"]
    assert found["bijdrage_mol_ha_j"].tolist() == [0, 0]
    assert np.isnan(found["woningen_onder_drempel"]).all()
    assert found["reden"].tolist() == ["geen natuur die telt binnen 25 km"] * 2


def test_unknown_homes_are_unknown_nitrogen(sites: Sites) -> None:
    found = screened(sites([site()], woningen=[None]), nature(1_000))
    assert found["oordeel"].tolist() == ["onbekend"]
    assert np.isnan(found["bijdrage_mol_ha_j"][0])
    assert found["woningen_onder_drempel"].tolist() == [1]
    assert found["reden"][0].startswith("het aantal woningen is niet bekend")


def test_a_layer_searched_less_far_is_unknown_where_that_decides(sites: Sites) -> None:
    """Searched to 5 km. There a home adds 0.000237: 21 homes come to 0.004977, 22 to 0.005214."""
    layer = replace(nature(9_000), reach_m=5_000.0)
    places = sites([site(0), site(200), site(400), site(600)], woningen=[21, 22, 0, None])
    found = screened(places, layer)
    assert found["oordeel"].tolist() == ["vrij", "onbekend", "vrij", "onbekend"]
    assert np.isnan(found["afstand_m"]).all()
    np.testing.assert_array_equal(found["bijdrage_mol_ha_j"], [np.nan, np.nan, 0, np.nan])
    assert found["reden"][1] == "geen natuur gezien, maar de laag is tot 5.000 m gezocht"
    near = replace(nature(4_000), reach_m=5_000.0)
    found = screened(sites([site()], woningen=[500]), near)
    assert found["oordeel"].tolist() == ["belemmerd"]


def test_a_coverage_that_ends_nearby_is_unknown_where_that_decides(sites: Sites) -> None:
    """Nature at 9 km, known up to 1 km around: 1 home adds at most 0.003825, 2 may add 0.00765."""
    known = frame([block(-1_100, -1_000, 2_100, 2_500)])
    layer = nature(9_000, coverage=known)
    places = sites([site(0), site(200), site(0).buffer(1)], woningen=[1, 2, 500])
    found = screened(places, layer)
    assert found["oordeel"].tolist() == ["vrij", "onbekend", "belemmerd"]
    assert "houdt op 1.000 m verderop" in found["reden"][1]
    outside = screened(sites([site(5_000)], woningen=[1]), layer)
    assert outside["oordeel"].tolist() == ["onbekend"]


def test_without_a_coverage_absence_says_nothing(sites: Sites) -> None:
    layer = replace(nature(9_000), coverage=woongeo.Coverage(None, "niet opgegeven"))
    found = screened(sites([site(0), site(200)], woningen=[10, 500]), layer)
    assert found["oordeel"].tolist() == ["onbekend", "belemmerd"]


def test_nature_that_nitrogen_does_not_harm_does_not_count(sites: Sites) -> None:
    """Marked not sensitive at 100 m and 300 m, sensitive at 500 m, without a mark at 1 km."""
    marks = {"stikstofgevoelig": ["nee", "False", "ja", None]}
    layer = nature(100, 300, 500, 1_000, columns=marks)
    found = screened(sites([site()]), layer)
    assert (found["afstand_m"].tolist(), found["objecten"].tolist()) == ([500], ["3"])
    unmarked = nature(100, 300, columns={"stikstofgevoelig": ["Nee", None]})
    assert screened(sites([site()]), unmarked)["afstand_m"].tolist() == [300]
    none = nature(100, columns={"stikstofgevoelig": ["onwaar"]})
    assert screened(sites([site()]), none)["oordeel"].tolist() == ["vrij"]


def test_without_marks_all_nature_counts(sites: Sites) -> None:
    assert screened(sites([site()]), nature(100, 300))["afstand_m"].tolist() == [100]


def overloaded(by: Any) -> woongeo.Layer:
    """Draw nature at 500 m, 1 km and 2.5 km with exceedances, judged by the rule on them."""
    layer = nature(500, 1_000, 2_500)
    layer = replace(layer, features=layer.features.assign(overschrijding_mol_ha_j=by))
    return layer.with_rule(replace(layer.rules["overbelast"], on=True))


def test_only_overloaded_nature_counts(sites: Sites) -> None:
    """70 mol below the critical load is nearly overloaded; 71 is not."""
    places = sites([site()], woningen=[5])
    with pytest.warns(UncertainRuleWarning):
        found = screened(places, overloaded([-71.0, -70.0, 300.0]))
    assert found["afstand_m"].tolist() == [1_000]
    assert found["oordeel"].tolist() == ["belemmerd"]


def test_where_the_exceedance_is_not_known_and_decides_it_is_unknown(sites: Sites) -> None:
    """At 500 m a home adds 0.01135, at 2.5 km 0.000712: one home hinders only at 500 m."""
    places = sites([site(0), site(200)], woningen=[1, 100])
    layer = overloaded([np.nan, -500.0, 300.0])
    with pytest.warns(UncertainRuleWarning):
        found = screened(places, layer)
    assert found["oordeel"].tolist() == ["onbekend", "belemmerd"]
    assert found["afstand_m"].tolist() == [2_500, 2_500]
    assert "overschrijding_mol_ha_j niet bekend" in found["reden"][0]
    # How many fit is not known while nearer nature may count.
    assert np.isnan(found["woningen_onder_drempel"]).all()


def test_a_rule_on_exceedance_needs_the_column(sites: Sites) -> None:
    layer = nature(500).turned_on("overbelast")
    with (
        pytest.warns(UncertainRuleWarning),
        pytest.raises(RuleError, match="with_exceedance"),
    ):
        woongeo.screen(sites([site()]), [layer])


def test_homes_that_are_counted_in_numbers_below_zero_are_unknown() -> None:
    assert np.isnan(deposition_mol(-5, 100))


def test_an_absent_layer_is_unknown(sites: Sites) -> None:
    gone = woongeo.missing_layer("stikstof", reason="niet opgehaald")
    with pytest.warns(UnknownResultWarning):
        found = screened(sites([site()]), gone)
    assert found["oordeel"].tolist() == ["onbekend"]


def test_several_thresholds_in_one_go(sites: Sites) -> None:
    """At 100 m a home adds 0.2251: 1 home makes 0.2251, 5 make 1.1255."""
    places = sites([site(0), site(200), site(400)], woningen=[1, 5, None])
    table = woongeo.stikstof_sensitivity(places, nature(100), thresholds=[0.005, 1, 2])
    assert table["drempel_mol_ha_j"].tolist() == [0.005, 1, 2]
    assert table["belemmerd_plannen"].tolist() == [2, 1, 0]
    assert table["belemmerd_woningen"].tolist() == [6, 5, 0]
    assert table["vrij_plannen"].tolist() == [0, 1, 2]
    assert table["onbekend_plannen"].tolist() == [1, 1, 1]
    assert table["onbekend_woningen"].tolist() == [0, 0, 0]


def test_thresholds_need_a_rule_on_nitrogen(sites: Sites) -> None:
    layer = woongeo.read_layer("natura2000", frame([block(0, 0)]), coverage="nederland")
    with pytest.raises(RuleError, match="geen voor stikstof"):
        woongeo.stikstof_sensitivity(sites([site()]), layer)
    rule = StikstofRule()
    table = woongeo.stikstof_sensitivity(sites([site()]), layer, rule=rule, on=dt.date(2026, 11, 1))
    assert table["belemmerd_plannen"].tolist() == [1, 1, 1]
    with pytest.raises(RuleError, match="threshold_mol_ha_j"):
        woongeo.stikstof_sensitivity(sites([site()]), layer, rule=rule, thresholds=[-1])


def test_the_rule_says_itself() -> None:
    layer = nature(100)
    said = layer.rule.in_words()
    assert "0,005 mol stikstof" in said
    assert "natuur met stikstofgevoelig = nee of false of onwaar of 0 telt niet" in said
    assert "EIB" in layer.rule.facts()["tabel"]
    assert "minstens -70" in layer.rules["overbelast"].in_words()
    assert layer.rules["overbelast"].certainty == "geheugen"
