"""Whatever a stranger writes in the form of a register: plans come out, or an error says why."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
from conftest import block, frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from register_files import PLAN, TWENTY, locations, plans_of, pmw_workbook, read

from woongeo.errors import InputError
from woongeo.registers.flat import column_table
from woongeo.registers.model import NUMBERS

if TYPE_CHECKING:
    import pytest

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["CONSTRUCTION", "2027-01-01", "31-12-2026", "1.234", "12,5", "=1+1", "𝟙𝟚"]),  # noqa: RUF001
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def shaped(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make mappings with known keys, of anything; or anything at all."""
    return st.one_of(st.fixed_dictionaries({}, optional=parts), values)


projects = shaped(
    basisgegevens=shaped(identificatie_nr=values, naam=values),
    projectgegevens=shaped(status=values, plan_soort=values, vertrouwelijkheid=values),
    projectfasen=shaped(_4_DESIGN=values),
    planologische_planstatus=shaped(_3_IN_VOORBEREIDING=values, _2A_VASTGESTELD=values),
    locatie=shaped(gemeente=values),
)
blocks = st.one_of(
    st.lists(
        shaped(
            mutatiegegevens=shaped(mutatie_type=scalars, aantal=scalars, eigendom_type=values),
            einddatum=values,
            woning_type=shaped(meergezinswoning=scalars, onbekend=scalars),
            waarde=shaped(categorie=values),
        ),
        max_size=3,
    ),
    values,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(projects, blocks), min_size=1, max_size=3))
def test_nested_json_of_any_kind_is_a_plan_each_or_refused(given_: list[tuple[Any, Any]]) -> None:
    plans = frame(
        [block(500 * i, 0) for i in range(len(given_))],
        projectgegevens=[json.dumps(project) for project, _ in given_],
        woning_blokken=[json.dumps(part) for _, part in given_],
    )
    found = read(plans, on=dt.date(2026, 11, 1))
    assert len(found) == len(given_)
    assert found.plannen["plan_id"].is_unique
    known = found.plannen[["bruto", "sloop", "netto"]].dropna()
    assert (known["netto"] == known["bruto"] - known["sloop"]).all()
    assert len(locations(found)) == len(given_)


@settings(max_examples=60)
@given(st.one_of(st.lists(shaped(jaartal=values, eengezins_koop1=values), max_size=3), values))
def test_years_of_any_kind_are_read_or_said_not_to_be(given_: Any) -> None:
    found = read(plans_of({"plannaam": "P", "year_properties": json.dumps(given_)}))
    assert len(found) == 1
    assert found.detail["aantal"].notna().all()


@settings(max_examples=60)
@given(st.fixed_dictionaries(dict.fromkeys((*NUMBERS, "realisatiekans", "wie", "jaar"), scalars)))
def test_cells_of_any_kind_are_a_number_or_unknown(row: dict[str, object]) -> None:
    mapping = {
        "kolommen": {
            **{name: name for name in (*NUMBERS, "realisatiekans")},
            "vertrouwelijkheid": "wie",
            "oplevering_eerste": "jaar",
        }
    }
    table = pd.DataFrame([row], dtype=object)
    given_ = frame([block(0, 0)], **{str(c): table[c].tolist() for c in table})
    plan = read(given_, mapping=mapping).plannen.iloc[0]
    assert plan[list(NUMBERS)].astype(float).abs().max() != float("inf")
    assert pd.isna(plan["realisatiekans"]) or 0 <= plan["realisatiekans"] <= 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 40),
            st.integers(1, 27),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(-1_000, 10**9),
                st.floats(allow_nan=False, allow_infinity=False),
                st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
                st.sampled_from(["Groepnaam", "Totalen", "Plannaam", "nieuwbouw", "x", "=1/0"]),
            ),
        ),
        max_size=12,
    )
)
def test_a_workbook_with_anything_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[int, int, Any]]
) -> None:
    path = pmw_workbook(tmp_path_factory.mktemp("boek") / "p.xlsx", [(PLAN, TWENTY)])
    book = openpyxl.load_workbook(path)
    sheet = book["Plan 1"]
    for merged in [*sheet.merged_cells.ranges]:
        sheet.unmerge_cells(str(merged))
    for row, column, value in cells:
        sheet.cell(row, column).value = value
    book.save(path)
    with suppress(InputError):
        assert len(read(path)) <= 1


@settings(max_examples=60)
@given(shaped(kolommen=values, vast=values, detail=values, basis=values, kopregel=values))
def test_a_mapping_of_any_kind_is_taken_or_refused(mapping: Any) -> None:
    with suppress(InputError):
        assert column_table(mapping if isinstance(mapping, dict) else {}).columns
