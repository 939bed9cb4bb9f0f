"""Capacity beside plain counting: plan by plan, region by region, in exact fractions."""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.capacity import OUTSIDE
from woongeo.errors import WoongeoWarning

P = "2022-2030"
#: From where to where regions lie, from west to east; height is no matter.
BOUNDS = {"a": (0, 1_000), "b": (1_000, 1_600)}
KINDS = {"1A": "hard", "3": "zacht", "onbekend": "status_onbekend", "5A": "telt_niet_mee"}
STANDS = ["voor", "na_min", "na_verwacht", "na_max"]


def largest_remainder(homes: int, shares: list[Fraction]) -> list[int]:
    """Divide homes in whole ones; shares in the order in which equal remainders are served."""
    exact = [abs(homes) * share for share in shares]
    whole = [math.floor(e) for e in exact]
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: abs(homes) - sum(whole)]:
        whole[i] += 1
    return [w if homes >= 0 else -w for w in whole]


def overlap(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Give how much two stretches share."""
    return max(min(first[1], second[1]) - max(first[0], second[0]), 0)


class Counted:
    """What one plan of 200 m holds, where, and what is left of it, by plain counting."""

    def __init__(self, plan: dict[str, Any], layer: list[tuple[int, int]], known_from: int) -> None:
        here = (plan["x"], plan["x"] + 200)
        parts = {name: Fraction(overlap(here, b), 200) for name, b in BOUNDS.items()}
        parts[OUTSIDE] = 1 - sum(parts.values(), Fraction(0))
        self.shares = sorted(
            ((name, s) for name, s in parts.items() if s), key=lambda part: (-part[1], part[0])
        )
        self.kind = KINDS[plan["status"]]
        self.counts = self.kind != "telt_niet_mee"
        self.amounts = {name: plan[name] for name in ("woningen", "bruto", "gerealiseerd")}
        sloop = plan["sloop"]
        self.amounts["sloop"] = sloop
        netto = None if None in {plan["bruto"], sloop} else plan["bruto"] - sloop
        self.amounts["netto"] = netto
        # Stretches of the layer do not overlap each other.
        taken = Fraction(sum(overlap(here, z) for z in layer), 200)
        touched = any(here[0] <= z[1] and here[1] >= z[0] for z in layer)
        self.verdict = "belemmerd" if taken else "vrij" if here[0] >= known_from else "onbekend"
        low, high = int(self.verdict == "vrij" and not touched), int(taken < 1)
        self.left = {"voor": 1, "na_min": low, "na_verwacht": 1 - taken, "na_max": high}
        self.hit = {"min": int(taken == 1), "verwacht": taken, "max": int(touched)}

    def held(self, amount: str) -> dict[str, int] | None:
        """Divide an amount over regions."""
        homes = self.amounts[amount]
        if homes is None:
            return None
        names = [name for name, _ in self.shares]
        divided = largest_remainder(homes, [share for _, share in self.shares])
        return dict(zip(names, divided, strict=True))

    def regions(self) -> set[str]:
        """Name the regions in which the plan is more than a sliver."""
        names = {self.shares[0][0]}
        for amount in self.amounts if self.counts else ["woningen"]:
            names |= {name for name, homes in (self.held(amount) or {}).items() if homes}
        return names


def swapped(factor: dict[str, Any], homes: int, low: str, high: str) -> dict[str, Any]:
    """Let minimum and maximum change places for homes below 0."""
    return factor if homes >= 0 else {**factor, low: factor[high], high: factor[low]}


def expected(plans: list[Counted], basis: str) -> dict[tuple[str, ...], Any]:
    """Count every figure of every region."""
    found: dict[tuple[str, ...], Any] = defaultdict(int)
    for plan in plans:
        found[plan.shares[0][0], "plannen"] += int(plan.counts)
        add_verdicts(found, plan)
        if plan.counts:
            add_amounts(found, plan, basis)
    return found


def add_verdicts(found: dict[tuple[str, ...], Any], plan: Counted) -> None:
    """Add what the table holds of a plan."""
    for region, homes in (plan.held("woningen") or {}).items():
        if not plan.counts:
            found[region, "telt_niet_mee"] += homes
            continue
        for name in ("woningen", plan.kind, plan.verdict):
            found[region, name] += homes
        for end, hit in swapped(plan.hit, homes, "min", "max").items():
            found[region, f"belemmerd_{end}"] += homes * hit
            found[region, f"natuur_{end}"] += homes * hit


def add_amounts(found: dict[tuple[str, ...], Any], plan: Counted, basis: str) -> None:
    """Add what the figures hold of a plan that counts."""
    for region, homes in (plan.held(basis) or {}).items():
        for stand, left in swapped(plan.left, homes, "na_min", "na_max").items():
            found[region, "plancapaciteit", stand] += homes * left
            found[region, f"cijfer {plan.kind}", stand] += homes * left
    for amount in ("bruto", "sloop", "netto", "gerealiseerd"):
        for region, homes in (plan.held(amount) or {}).items():
            found[region, f"cijfer {amount}", "voor"] += homes


# One home of a plan over a border lies in one region: small numbers are where parts hold none.
cells = st.one_of(st.none(), st.integers(0, 2), st.integers(0, 60))
a_plan = st.fixed_dictionaries(
    {
        "x": st.integers(-4, 36).map(lambda k: 50 * k),
        "woningen": st.one_of(st.none(), st.integers(-2, 2), st.integers(-20, 60)),
        "status": st.sampled_from([*KINDS]),
        **dict.fromkeys(("bruto", "sloop", "gerealiseerd"), cells),
    }
)


@given(
    plans=st.lists(a_plan, min_size=1, max_size=6),
    # Every other stretch of 100 m may be in the layer.
    layer=st.sets(st.integers(-1, 9), max_size=6).map(
        lambda found: [(200 * k, 200 * k + 100) for k in sorted(found)]
    ),
    wide=st.booleans(),
    known_from=st.sampled_from([-5_000, 400, 1_100]),
    basis=st.sampled_from(["woningen", "bruto", "netto"]),
)
@settings(max_examples=40, deadline=None)
def test_every_figure_is_that_of_counting_plan_by_plan(
    plans: list[dict[str, Any]],
    layer: list[tuple[int, int]],
    wide: bool,  # noqa: FBT001  drawn by Hypothesis
    known_from: int,
    basis: str,
) -> None:
    # One stretch that takes plans whole, or some of 100 m that take half of them.
    stretches = [(300, 800)] if wide else layer
    counted = [Counted(p, stretches, known_from) for p in plans]
    assume(any(c.amounts[basis] is not None for c in counted) or basis == "woningen")
    columns = {name: [p[name] for p in plans] for name in ("bruto", "sloop", "gerealiseerd")}
    given = frame(
        [block(p["x"], 300 * i, 200) for i, p in enumerate(plans)],
        plan_id=[f"P{i}" for i in range(len(plans))],
        woningen=[p["woningen"] for p in plans],
        planstatus=[p["status"] for p in plans],
        **columns,
    )
    areas = frame([block(a, -100, b - a, 3_000) for a, b in BOUNDS.values()], naam=[*BOUNDS])
    goals = {"niveau": "gemeente", "gebied": [*BOUNDS], "van": 2022, "tot": 2030, "waarde": 50}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        nature = woongeo.read_layer(
            "natuur",
            frame([block(a, -100, b - a, 3_000) for a, b in stretches]),
            coverage=woongeo.read_coverage(frame([block(known_from, -5_000, 20_000, 20_000)])),
            empty_is_free=True,
        )
        capacity = woongeo.summarize_plancapaciteit(
            woongeo.screen(woongeo.read_locations(given), [nature]),
            by=[woongeo.read_regions("gemeente", areas, name_column="naam")],
            targets=woongeo.read_targets(pd.DataFrame({**goals, "bron": "raad"})),
            basis=basis,
        )
    there = set().union(*(c.regions() for c in counted))
    table = capacity.tabel[capacity.tabel["niveau"] == "gemeente"].set_index("gebied")
    figures = capacity.cijfers[capacity.cijfers["niveau"] == "gemeente"]
    assert set(table.index) == set(figures["gebied"]) == there
    right = expected(counted, basis)
    for region in there:
        parts = [c for c in counted if c.counts and region in dict(c.shares)]
        # Where no plan counts there are no homes, and that is known.
        some = not parts or any(c.amounts["woningen"] is not None for c in parts)
        for name in (
            *("woningen", "hard", "zacht", "status_onbekend", "vrij", "onbekend", "belemmerd"),
            *(f"{x}_{end}" for x in ("belemmerd", "natuur") for end in ("min", "verwacht", "max")),
        ):
            same(table.loc[region, name], right[region, name] if some else None)
        same(table.loc[region, "telt_niet_mee"], right[region, "telt_niet_mee"])
        same(table.loc[region, "plannen"], right[region, "plannen"])
        of_region = figures[(figures["gebied"] == region) & (figures["periode"] == "alle jaren")]
        values = of_region.set_index("maat")[STANDS]
        some = not parts or any(c.amounts[basis] is not None for c in parts)
        for stand in STANDS:
            known = right[region, "plancapaciteit", stand] if some else None
            same(values.loc["plancapaciteit", stand], known)
            for kind in ("hard", "zacht", "status_onbekend"):
                known = right[region, f"cijfer {kind}", stand] if some else None
                same(values.loc[kind, stand], known)
        for amount in ("bruto", "sloop", "netto", "gerealiseerd"):
            # An amount that no plan at all has is not 0 anywhere.
            some = any(c.amounts[amount] is not None for c in parts or counted)
            known = right[region, f"cijfer {amount}", "voor"] if some else None
            same(values.loc[amount, "voor"], known)
    # What regions hold adds up to the whole, figure by figure.
    stands = capacity.cijfers[capacity.cijfers["eenheid"] == "woningen"]
    sums = stands[stands["periode"] == "alle jaren"].groupby(["niveau", "maat"])[STANDS].sum()
    np.testing.assert_allclose(sums.loc["gemeente"], sums.loc["totaal"], rtol=0, atol=1e-6)
    for region in there & set(BOUNDS):
        of_period = figures[(figures["gebied"] == region) & (figures["periode"] == P)]
        rest = of_period.set_index("maat").loc["restopgave"]
        known = restopgave(region, counted, right[region, "cijfer gerealiseerd", "voor"])
        same(rest["voor"], known)
        assert rest["bron"].startswith("onbekend: ") == (known is None)


def restopgave(region: str, plans: list[Counted], realised: int) -> int | None:
    """Take from 50 homes what every plan of a region says was realised."""
    parts = [c for c in plans if c.counts and region in dict(c.shares)]
    # A quarter of a plan is no sliver where nobody says how many homes it has in all.
    silent = any(
        c.amounts["gerealiseerd"] is None and (region in c.regions() or c.amounts["bruto"] is None)
        for c in parts
    )
    says = any(c.amounts["gerealiseerd"] is not None for c in parts)
    return None if silent or not says else max(50 - realised, 0)


def same(value: Any, known: float | Fraction | None) -> None:
    """Hold a figure to be what was counted; None is unknown."""
    if known is None:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(float(known), abs=1e-9)


# --- years and segments

years = st.lists(
    st.tuples(st.integers(2020, 2040), st.integers(0, 6), st.integers(0, 40)), max_size=3
)
in_years = st.fixed_dictionaries(
    {
        "woningen": st.one_of(st.none(), st.integers(1, 90)),
        "bruto": st.one_of(st.none(), st.integers(0, 90)),
        "years": years,
        **dict.fromkeys(("sociale_huur", "middenhuur", "koop_onbekend"), cells),
    }
)
PERIODS = {"2022-2030": (2022, 2030), "2031-2036": (2031, 2036)}


def row_of(first: int, last: int) -> str:
    """Name the row in which a phase counts; what is partly in a period has no year."""
    for name, (start, end) in PERIODS.items():
        if start <= first and last <= end:
            return name
    outside = all(last < start or first > end for start, end in PERIODS.values())
    return "overige jaren" if outside else "onbekend"


@given(plans=st.lists(in_years, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_years_and_segments_are_those_of_counting_plan_by_plan(plans: list[dict[str, Any]]) -> None:
    names = ("woningen", "bruto", "sociale_huur", "middenhuur", "koop_onbekend")
    given = frame(
        [block(200 * i, 0) for i in range(len(plans))],
        plan_id=[f"P{i}" for i in range(len(plans))],
        planstatus=["3"] * len(plans),
        **{name: [p[name] for p in plans] for name in names},
    )
    phases = pd.DataFrame(
        [(f"P{i}", a, a + n, homes) for i, p in enumerate(plans) for a, n, homes in p["years"]],
        columns=["plan_id", "van", "tot", "aantal"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        nature = woongeo.read_layer("natuur", frame([block(0, 900)]), coverage="nederland")
        capacity = woongeo.summarize_plancapaciteit(
            woongeo.screen(woongeo.read_locations(given), [nature]),
            fasering=phases,
            periods=[*PERIODS.values()],
        )
    figures = capacity.cijfers.set_index(["periode", "maat"])["voor"]
    known = [p for p in plans if p["woningen"] is not None]
    exact: dict[str, Fraction] = defaultdict(Fraction)
    low = high = Fraction(0)
    for p in known:
        homes, phased = p["woningen"], sum(n for _, _, n in p["years"])
        # A table that covers more than the plan is taken to scale; what it leaves has no year.
        for first, length, n in p["years"]:
            if n:
                exact[row_of(first, first + length)] += Fraction(homes * n, max(homes, phased))
        exact["onbekend"] += max(homes - phased, 0)
        sure = p["sociale_huur"] or 0
        said = sure + (p["middenhuur"] or 0) + (p["koop_onbekend"] or 0)
        # Koop is no huur: what nobody speaks of may be sociaal, and what is koop may not.
        size = max(homes if p["bruto"] is None else p["bruto"], said)
        low += Fraction(homes * sure, size) if size else 0
        high += Fraction(homes * (sure + size - said), size) if size else homes
    total = sum(p["woningen"] for p in known)
    for name in (*PERIODS, "overige jaren", "onbekend"):
        # Whole homes: no plan is off by one.
        off = abs(np.nan_to_num(figures[name, "plancapaciteit"]) - float(exact[name]))
        assert off < max(len(known), 1e-9)
    if known:
        assert figures["alle jaren", "plancapaciteit"] == total
        spoken = any(p[name] is not None for p in plans for name in names[2:])
        ends = [figures["alle jaren", f"sociaal_aandeel_{end}"] for end in ("min", "max")]
        if spoken:
            assert ends == pytest.approx([float(low / total), float(high / total)])
