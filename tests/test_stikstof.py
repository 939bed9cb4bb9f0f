"""Nitrogen by size and distance: EIB's table, its laws, and the verdicts that follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from woongeo.errors import RuleError
from woongeo.rules.stikstof import (
    EIB_DISTANCE_M,
    EIB_MOL_PER_HOME,
    StikstofRule,
    deposition_mol,
    homes_under,
    mol_per_home,
)

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
