"""Masterplans and their parts: what is realised, planned and short, each home once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.errors import WoongeoWarning

MAPPING = {
    "naam": "Lijst",
    "basis": "rest",
    "kolommen": {
        name: name
        for name in (
            *("plan_id", "naam", "planstatus", "bruto", "gerealiseerd", "masterplan"),
            *("gemeente", "oplevering_eerste"),
        )
    },
}
NATURE = woongeo.read_layer(
    "natura2000", frame([block(0, 900, 10, 10)]), coverage="nederland", empty_is_free=True
)
P = "2022-2030"

# A masterplan of 1,000 homes of which 400 are there, its two parts, and a plan by itself.
EDE = {
    "plan_id": ["M", "P1", "P2", "X"],
    "naam": ["Geheel", "Deel 1", "Deel 2", "Los"],
    "planstatus": ["1A", "1A", "3", "3"],
    "bruto": [1_000.0, 600.0, 400.0, 100.0],
    "gerealiseerd": [400.0, 400.0, 0.0, 0.0],
    "masterplan": [None, "M", "M", None],
    "gemeente": ["Ede"] * 4,
    "oplevering_eerste": [2026] * 4,
}
SHAPES = [block(0, 0, 300), block(0, 0, 150), block(150, 0, 150), block(500, 0)]


def screened(locations: woongeo.Locations) -> woongeo.Screening:
    """Screen locations against a layer that leaves them alone."""
    return woongeo.screen(locations, [NATURE])


def of_register(columns: dict[str, list[Any]], shapes: list[Any]) -> woongeo.Screening:
    """Screen a list of plans that is read as a register."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return screened(woongeo.read_register(frame(shapes, **columns), mapping=MAPPING).locations)


def summed(screening: woongeo.Screening, **options: Any) -> pd.DataFrame:
    """Give the figures of Ede, of which 1,000 homes are asked."""
    goal = {"niveau": "gemeente", "gebied": "Ede", "van": 2022, "tot": 2030, "waarde": 1_000}
    targets = woongeo.read_targets(pd.DataFrame([{**goal, "bron": "raad"}]))
    capacity = woongeo.summarize_plancapaciteit(
        screening, by=["gemeente"], targets=targets, **options
    )
    table = capacity.cijfers
    return table[table["gebied"] == "Ede"].set_index(["periode", "maat"])


def test_realised_homes_of_a_part_are_not_realised_in_its_masterplan_again() -> None:
    found = summed(of_register(EDE, SHAPES))["voor"]
    # 400 were realised, not 800: 1,000 - 400 = 600 are left. Capacity is the rest of each: P1 200,
    # P2 400, X 100, and of M nothing beside its parts. 700 / 600 covers it.
    assert found[P, "opgave_gerealiseerd"] == 400
    assert found["alle jaren", "gerealiseerd"] == 400
    assert found[P, "restopgave"] == 600
    assert found[P, "plancapaciteit"] == 700
    assert found[P, "dekking"] == pytest.approx(700 / 600)
    # 1.3 x 600 - 700; hard is P1 alone, 200, and M, that holds nothing: 600 - 200 are to become so.
    assert found[P, "tekort_op_norm"] == pytest.approx(80)
    assert found[P, "benodigd_zacht_naar_hard"] == 400


def test_every_basis_counts_each_home_once() -> None:
    screening = of_register(EDE, SHAPES)
    for basis, homes in (("rest", 700), ("bruto", 1_100)):
        found = summed(screening, basis=basis)["voor"]
        assert found[P, "plancapaciteit"] == homes
        assert woongeo.vrijspelen(screening, basis=basis).belemmerd == 0
        assert woongeo.free_plans(screening, basis=basis)["locatie_id"].iloc[0] == (
            "P2" if basis == "rest" else "P1"
        )
    assert found["alle jaren", "bruto"] == 1_100
    assert found["alle jaren", "restcapaciteit"] == 700
    notes = woongeo.summarize_plancapaciteit(screening).opmerkingen
    assert any("zonder die van hun deelplannen" in note for note in notes)


def test_what_a_masterplan_realised_beside_its_parts_stays_and_is_never_below_nothing() -> None:
    # M says 450: 400 in P1 and 50 of its own. Where it says 100 the 400 of P1 still are there.
    for said, realised in ((450.0, 450), (100.0, 400)):
        found = summed(of_register({**EDE, "gerealiseerd": [said, 400.0, 0.0, 0.0]}, SHAPES))
        assert found["voor"][P, "opgave_gerealiseerd"] == realised


def test_shares_of_segments_are_of_the_whole_masterplan() -> None:
    # Of 1,000 homes 300 are sociaal, and M holds 400 that are in no part: 30 % of those is 120.
    columns = {
        **EDE,
        "bruto": [1_000.0, 600.0, 0.0, 0.0],
        "gerealiseerd": [0.0] * 4,
        "sociale_huur": [300.0, 0.0, 0.0, 0.0],
        "dure_koop": [700.0, 600.0, 0.0, 0.0],
    }
    found = summed(of_register(columns, SHAPES), basis="bruto")["voor"]
    assert found["alle jaren", "plancapaciteit"] == 1_000
    assert found["alle jaren", "sociaal_aandeel_min"] == pytest.approx(0.12)


def test_outside_a_register_homes_that_may_be_realised_twice_leave_the_restopgave_unknown() -> None:
    # Nobody says whether M holds what its parts hold: 400 or 800 were realised.
    columns = {**EDE, "woningen": EDE["bruto"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        screening = screened(woongeo.read_locations(frame(SHAPES, **columns)))
        alone = columns | {"gerealiseerd": [0.0, 400.0, 0.0, 0.0]}
        sure = screened(woongeo.read_locations(frame(SHAPES, **alone)))
    found = summed(screening)
    assert np.isnan(found["voor"][P, "restopgave"])
    assert np.isnan(found["voor"][P, "dekking"])
    assert found["bron"][P, "restopgave"] == (
        "onbekend: 1 masterplan meldt wat is gerealiseerd, en deelplannen ervan ook"
    )
    notes = woongeo.summarize_plancapaciteit(screening).opmerkingen
    assert any(note.startswith("1 locatie is masterplan van andere") for note in notes)
    # Where only one of them says so there is nothing to count twice.
    assert summed(sure)["voor"][P, "restopgave"] == 600


def test_a_register_that_lost_the_names_of_its_masterplans_does_not_count_realised_homes() -> None:
    locations = of_register(EDE, SHAPES).locations
    lost = locations.frame.drop(columns="masterplan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        screening = screened(woongeo.read_locations(lost))
    found = summed(screening)
    assert np.isnan(found["voor"][P, "restopgave"])
    assert "masterplan" in found["bron"][P, "restopgave"]


def test_an_audience_that_sees_no_part_gets_the_masterplan_whole() -> None:
    columns = {**EDE, "vertrouwelijkheid": ["openbaar", "gemeente", "gemeente", "openbaar"]}
    names = {**MAPPING["kolommen"], "vertrouwelijkheid": "vertrouwelijkheid"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        register = woongeo.read_register(
            frame(SHAPES, **columns), mapping={**MAPPING, "kolommen": names}
        )
        seen = woongeo.for_audience(screened(register.locations), "openbaar")
    found = summed(seen)["voor"]
    # M's own 600 and X's 100; 400 realised, as M says.
    assert found["alle jaren", "plancapaciteit"] == 700
    assert found[P, "opgave_gerealiseerd"] == 400


numbers = st.integers(0, 60)


@given(
    parts=st.lists(st.tuples(numbers, numbers), max_size=4),
    own=st.tuples(numbers, numbers),
    order=st.permutations(range(5)),
)
@settings(max_examples=25, deadline=None)
def test_a_masterplan_with_its_parts_is_the_masterplan(
    parts: list[tuple[int, int]], own: tuple[int, int], order: list[int]
) -> None:
    # It holds what its parts hold and something of its own: of all of it each home counts once.
    bruto = [own[0] + sum(p[0] for p in parts), *(p[0] for p in parts)]
    realised = [own[1] + sum(p[1] for p in parts), *(p[1] for p in parts)]
    at = [i for i in order if i < len(bruto)]
    columns: dict[str, list[Any]] = {
        "plan_id": [f"P{i}" for i in at],
        "naam": [f"Plan {i}" for i in at],
        "planstatus": ["3"] * len(at),
        "bruto": [float(bruto[i]) for i in at],
        "gerealiseerd": [float(realised[i]) for i in at],
        "masterplan": [None if i == 0 else "P0" for i in at],
        "gemeente": ["Ede"] * len(at),
        "oplevering_eerste": [2026] * len(at),
    }
    shapes = [block(200 * i, 0) for i in at]
    found = summed(of_register(columns, shapes), basis="bruto")["voor"]
    assert found["alle jaren", "plancapaciteit"] == bruto[0]
    assert found["alle jaren", "bruto"] == bruto[0]
    assert found[P, "opgave_gerealiseerd"] == realised[0]
    assert found[P, "restopgave"] == max(1_000 - realised[0], 0)
