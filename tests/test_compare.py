"""Two peilmomenten: nothing is lost between them, and what turned says why."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.errors import ColumnError, LayerError, LocationError, WoongeoWarning
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

EVERYWHERE = woongeo.read_coverage(frame([block(-50_000, -50_000, 100_000, 100_000)]))


def layer(*shapes: Any, key: str = "natuur", **given: Any) -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    return woongeo.read_layer(key, frame(shapes), coverage=EVERYWHERE, empty_is_free=True, **given)


def moment(
    plans: dict[str, tuple[Any, ...]],
    *layers: woongeo.Layer,
    ids: bool = True,
    on: dt.date | None = None,
    **columns: Sequence[object],
) -> woongeo.Screening:
    """Screen plans by id: shape, homes, status."""
    named = {"plan_id": list(plans)} if ids else {}
    given = frame(
        [p[0] for p in plans.values()],
        **named,
        plannaam=list(plans),
        woningen=[np.nan if p[1] is None else p[1] for p in plans.values()],
        planstatus=[p[2] if len(p) > 2 else "3" for p in plans.values()],
        **columns,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.screen(woongeo.read_locations(given), list(layers or [layer()]), on=on)


HERE, THERE, AWAY = block(0, 0), block(300, 0), block(600, 0)


def posts(found: woongeo.Vergelijking) -> dict[str, float]:
    """Give the lines of the balance that are not 0."""
    balance = found.balans.set_index("post")["woningen"]
    return {str(post): homes for post, homes in balance.items() if homes}


def test_what_came_went_and_changed() -> None:
    old = moment({"A": (HERE, 10), "B": (THERE, 20), "C": (AWAY, 5)})
    new = moment({"A": (HERE, 10), "B": (THERE, 26, "1A"), "D": (block(900, 0), 7)})
    found = woongeo.compare(old, new)
    assert found.plannen["wat"].tolist() == ["gelijk", "gewijzigd", "verdwenen", "nieuw"]
    assert found.plannen["naam"].tolist() == ["A", "B", "C", "D"]
    assert found.plannen["gewijzigd"].tolist() == ["", "woningen, planstatus, hardheid", "", ""]
    # 35 + 7 new - 5 gone + 6 more = 43.
    assert posts(found) == {
        "oud": 35,
        "nieuwe plannen": 7,
        "verdwenen plannen": -5,
        "meer woningen": 6,
        "nieuw": 43,
    }
    assert len(found) == 4


def test_a_plan_with_another_id_is_found_by_its_shape_and_that_is_said() -> None:
    old = moment({"A": (HERE, 10), "B": (THERE, 20)})
    # B2 covers B but for a strip of a tenth.
    new = moment({"A": (HERE, 10), "B2": (block(300, 0, 90, 100), 20)})
    [_, row] = woongeo.compare(old, new).plannen.to_dict("records")
    assert (row["id_oud"], row["id_nieuw"], row["koppeling"]) == ("B", "B2", "vlak")
    assert row["gedeeld_aandeel"] == pytest.approx(0.9)
    assert row["gewijzigd"] == "vlak, id"
    strict = woongeo.compare(old, new, min_share=0.95)
    assert strict.plannen["wat"].tolist() == ["gelijk", "verdwenen", "nieuw"]
    with pytest.raises(LocationError, match="geef een deel"):
        woongeo.compare(old, new, min_share=0)


def test_row_numbers_are_no_ids() -> None:
    plans = {"A": (HERE, 10), "B": (THERE, 20)}
    turned = dict(reversed(plans.items()))
    found = woongeo.compare(moment(plans, ids=False), moment(turned, ids=False))
    assert found.plannen["koppeling"].tolist() == ["vlak", "vlak"]
    assert found.plannen["wat"].tolist() == ["gelijk", "gelijk"]


def register(
    *plans: tuple[str | None, Any, float], **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Draw plans by id (which may be absent or double), shape and homes."""
    ids, shapes, homes = zip(*plans, strict=True)
    return frame(shapes, plan_id=ids, woningen=homes, planstatus=["3"] * len(plans), **columns)


def screened(source: Any) -> woongeo.Screening:
    """Screen what can be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.screen(woongeo.read_locations(source), [layer()])


def read_again(made: woongeo.Screening, folder: Path) -> woongeo.Screening:
    """Write a screening, and screen what was written."""
    woongeo.export_screening(made, folder=folder)
    return screened(folder / "locaties.gpkg")


@pytest.mark.parametrize("ids", [("7", None, None), ("7", "8", "8"), ("7", "7", None)])
@pytest.mark.parametrize("saved", [(), (0,), (0, 1)])
def test_a_name_that_was_made_up_for_a_row_is_no_id(
    ids: tuple[str | None, ...], saved: tuple[int, ...], tmp_path: Path
) -> None:
    """The same three plans, the last two in the other order: nothing changed, nor when written."""
    rows = [(ids[0], HERE, 10), (ids[1], THERE, 20), (ids[2], AWAY, 300)]
    moments = [screened(register(*rows)), screened(register(rows[0], rows[2], rows[1]))]
    for i in saved:
        moments[i] = read_again(moments[i], tmp_path / str(i))
    found = woongeo.compare(*moments)
    assert found.plannen["wat"].tolist() == ["gelijk"] * 3
    assert found.plannen["gedeeld_aandeel"].tolist() == [1, 1, 1]
    by_id = [ids.count(i) == 1 and i is not None for i in ids]
    assert (found.plannen["koppeling"] == "id").tolist() == by_id
    assert found.plannen["let_op"].tolist() == found.plannen["gewijzigd"].tolist() == [""] * 3
    assert posts(found) == {"oud": 330, "nieuw": 330}


def test_row_numbers_are_no_ids_when_they_were_written_either(tmp_path: Path) -> None:
    plans = {"A": (HERE, 10), "B": (THERE, 20)}
    turned = dict(reversed(plans.items()))
    made = [moment(plans, ids=False), moment(turned, ids=False)]
    again = [read_again(x, tmp_path / str(i)) for i, x in enumerate(made)]
    assert again[0].locations.columns["id"] == "locatie_id"
    for one, other in ((again[0], made[1]), (made[0], again[1]), (again[0], again[1])):
        found = woongeo.compare(one, other)
        assert found.plannen["koppeling"].tolist() == ["vlak", "vlak"]
        assert found.plannen["wat"].tolist() == ["gelijk", "gelijk"]


def test_ids_of_ones_own_stay_ids_when_they_were_written(tmp_path: Path) -> None:
    """Plans 1 and 2 changed places: by their ids each moved, whether read from a result or not."""
    one = screened(register(("1", HERE, 10), ("2", AWAY, 20)))
    other = screened(register(("1", AWAY, 10), ("2", HERE, 20)))
    for old in (one, read_again(one, tmp_path)):
        found = woongeo.compare(old, other)
        assert found.plannen["koppeling"].tolist() == ["id", "id"]
        assert found.plannen["gewijzigd"].tolist() == ["vlak", "vlak"]


def test_a_plan_without_an_id_that_finds_no_other_says_so() -> None:
    old = screened(register(("7", HERE, 10), (None, THERE, 20), (None, None, 5)))
    new = screened(register(("7", HERE, 10), ("8", AWAY, 30)))
    found = woongeo.compare(old, new)
    assert found.plannen["wat"].tolist() == ["gelijk", "verdwenen", "verdwenen", "nieuw"]
    assert found.plannen["let_op"].tolist() == [
        "",
        "geen eigen id: alleen op vlak gezocht",
        "geen eigen id en geen bruikbaar vlak: niet te koppelen",
        "",
    ]


def test_plans_of_one_shape_are_told_apart_by_what_they_say() -> None:
    """Three plans in one place and no ids: homes 10, 20 and unknown, read in another order."""
    rows = [(None, HERE, 10), (None, HERE, 20), (None, HERE, np.nan)]
    found = woongeo.compare(screened(register(*rows)), screened(register(*reversed(rows))))
    assert found.plannen["wat"].tolist() == ["gelijk"] * 3
    assert found.plannen["id_nieuw"].tolist() == ["rij 3", "rij 2", "rij 1"]


def test_a_moment_of_which_no_plan_is_left_is_compared() -> None:
    given = register(("7", HERE, 10), ("8", THERE, 20), vertrouwelijkheid=["geheim"] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        none = for_audience(woongeo.read_locations(given), "openbaar")
        empty, full = woongeo.screen(none, [layer()]), screened(given)
    assert posts(woongeo.compare(empty, full)) == {"nieuwe plannen": 30, "nieuw": 30}
    assert posts(woongeo.compare(full, empty)) == {"oud": 30, "verdwenen plannen": -30}
    assert len(woongeo.compare(empty, empty)) == 0


def test_of_several_that_overlap_the_best_pairs_are_taken() -> None:
    old = moment({"A": (block(0, 0), 1), "B": (block(10, 0), 2)})
    new = moment({"X": (block(10, 0), 2), "Y": (block(20, 0), 3)})
    found = woongeo.compare(old, new).plannen
    # B is X to the metre; then A and Y are left and share 80 of 120.
    assert dict(zip(found["id_oud"], found["id_nieuw"], strict=True)) == {"A": "Y", "B": "X"}


def test_an_id_that_moved_elsewhere_is_doubted() -> None:
    found = woongeo.compare(moment({"A": (HERE, 1)}), moment({"A": (AWAY, 1)})).plannen
    assert found["gewijzigd"].tolist() == ["vlak"]
    assert "hergebruikt" in found["let_op"].iloc[0]


def test_a_shape_drawn_from_another_corner_is_the_same() -> None:
    ring = list(HERE.exterior.coords)[:-1]
    turned = type(HERE)(ring[2:] + ring[:2])
    found = woongeo.compare(moment({"A": (HERE, 1)}), moment({"A": (turned, 1)}))
    assert found.plannen["wat"].tolist() == ["gelijk"]


def test_a_verdict_turns_because_of_the_plan_the_layer_or_the_rule() -> None:
    plans = {"A": (HERE, 1), "B": (THERE, 1)}
    nature = layer(HERE)
    old = moment(plans, nature)

    def cause(new: woongeo.Screening) -> list[tuple[str, str, str, str]]:
        turned = woongeo.compare(old, new).oordelen
        names = ["id_nieuw", "oud", "nieuw", "oorzaak"]
        return list(turned[names].itertuples(index=False, name=None))

    assert cause(moment({**plans, "A": (AWAY, 1)}, nature)) == [("A", "belemmerd", "vrij", "plan")]
    assert cause(moment(plans, layer(THERE))) == [
        ("A", "belemmerd", "vrij", "laag"),
        ("B", "vrij", "belemmerd", "laag"),
    ]
    wide = woongeo.Rule(within_m=250)
    assert cause(moment(plans, nature.with_rule(wide))) == [
        ("B", "vrij", "belemmerd", "regel"),
    ]
    # Plan and layer both changed, and either of them alone would have freed plan A.
    assert cause(moment({**plans, "A": (AWAY, 1)}, layer(THERE))) == [
        ("A", "belemmerd", "vrij", "plan of laag"),
        ("B", "vrij", "belemmerd", "laag"),
    ]
    # A moved onto the layer as it is now, where the layer was not before: only both together.
    free = moment({"A": (AWAY, 1)}, nature)
    both = woongeo.compare(free, moment({"A": (THERE, 1)}, layer(THERE))).oordelen
    assert both["oorzaak"].tolist() == ["plan + laag"]
    # The rule's version changed with the layer; the layer alone turned it.
    newer = layer(THERE, rule=woongeo.Rule(version="2"))
    assert cause(moment(plans, newer)) == [
        ("A", "belemmerd", "vrij", "laag"),
        ("B", "vrij", "belemmerd", "laag"),
    ]
    # A home more is a change of the plan, but no reason.
    assert cause(moment({**plans, "A": (HERE, 2)}, layer(THERE)))[0][3] == "laag"
    assert cause(old) == []


def test_a_layer_that_grew_too_old_says_so() -> None:
    aged = layer(rule=woongeo.Rule(max_age_days=400), reference_date=dt.date(2025, 1, 1))
    plans = {"A": (HERE, 1)}
    old = moment(plans, aged, on=dt.date(2025, 6, 1))
    new = moment(plans, aged, on=dt.date(2026, 6, 1))
    found = woongeo.compare(old, new)
    assert found.oordelen[["oud", "nieuw", "oorzaak"]].to_numpy().tolist() == [
        ["vrij", "onbekend", "laag"]
    ]
    assert "te oud: geen → laag is 516 dagen oud, meer dan 400" in found.lagen["laag_gewijzigd"][0]
    assert "516 dagen" in found.oordelen["reden_nieuw"].iloc[0]


def test_a_rule_that_begins_to_hold_says_so() -> None:
    late = layer(HERE, rule=woongeo.Rule(valid_from=dt.date(2026, 7, 1)))
    plans = {"A": (HERE, 1)}
    old = moment(plans, late, on=dt.date(2026, 6, 1))
    new = moment(plans, late, on=dt.date(2026, 8, 1))
    found = woongeo.compare(old, new)
    assert found.oordelen[["oud", "nieuw", "oorzaak"]].to_numpy().tolist() == [
        ["vrij", "belemmerd", "regel"]
    ]
    assert found.lagen["regel_gewijzigd"][0].startswith("geldigheid: regel geldt pas vanaf")


def test_bottlenecks_that_came_or_went_are_listed() -> None:
    plans = {"A": (HERE, 1)}
    found = woongeo.compare(
        moment(plans, layer(key="a"), layer(key="b")), moment(plans, layer(key="b"), layer(key="c"))
    )
    assert found.lagen.set_index("knelpunt")["laag_gewijzigd"].to_dict() == {
        "a": "knelpunt is vervallen",
        "b": "",
        "c": "knelpunt is nieuw",
    }


def test_homes_that_become_known_or_start_to_count_are_named() -> None:
    old = moment({"A": (HERE, None), "B": (THERE, 8), "C": (AWAY, 3, "5A")})
    new = moment({"A": (HERE, 4), "B": (THERE, None), "C": (AWAY, 3, "4A")})
    assert posts(woongeo.compare(old, new)) == {
        "oud": 8,
        "aantal werd bekend": 4,
        "aantal werd onbekend": -8,
        "telt nu mee (was 5A of 5B)": 3,
        "nieuw": 7,
    }


def test_a_plan_without_a_shape_is_paired_by_id() -> None:
    found = woongeo.compare(
        moment({"A": (HERE, 1), "B": (None, 2), "C": (AWAY, 3)}),
        moment({"A": (None, 1), "B": (None, 2), "C": (AWAY, 3)}),
    ).plannen
    assert found["wat"].tolist() == ["gewijzigd", "gelijk", "gelijk"]
    assert found["gewijzigd"].tolist() == ["vlak", "", ""]


def test_names_in_a_notebook_run_nothing() -> None:
    page = woongeo.compare(
        moment({"<script>{{1}}": (HERE, 1)}), moment({"A": (AWAY, 1)})
    )._repr_html_()
    assert "<script>" not in page


some_plans = st.dictionaries(
    st.sampled_from("ABCDE"),
    st.tuples(
        st.integers(0, 8).map(lambda i: block(60 * i, 0)),
        st.one_of(st.none(), st.integers(0, 60)),
        st.sampled_from(["1A", "3", "5A", "x"]),
    ),
    min_size=1,
    max_size=5,
)


@given(old=some_plans, new=some_plans)
@settings(max_examples=60)
def test_homes_and_plans_are_conserved(
    old: dict[str, tuple[Any, ...]], new: dict[str, tuple[Any, ...]]
) -> None:
    one, other = moment(old, layer(block(100, 0))), moment(new, layer(block(200, 0)))
    found = woongeo.compare(one, other)
    balance = found.balans.set_index("post")["woningen"]
    assert balance.iloc[:-1].sum() == pytest.approx(balance["nieuw"])
    assert balance["oud"] == sum(h or 0 for _, h, s in old.values() if s != "5A")
    kinds = found.plannen["wat"].value_counts()
    assert kinds.sum() - kinds.get("nieuw", 0) == len(old)
    assert kinds.sum() - kinds.get("verdwenen", 0) == len(new)
    # The other way around the changes are the same ones, undone.
    back = woongeo.compare(other, one).balans.set_index("post")["woningen"]
    assert back["meer woningen"] == -balance["minder woningen"]
    assert woongeo.compare(one, one).oordelen.empty


# --- the map and the register


def test_verdicts_beside_what_plans_report() -> None:
    net = layer(HERE, THERE, key="netcongestie")
    plans = {str(i): (s, 10) for i, s in enumerate([HERE, THERE, AWAY, block(900, 0)])}
    plans["4"] = (None, 10)
    told = ["Stikstof, Netcongestie", "Geen", "netcongestie", "Onbekend", ["Netcongestie"]]
    screening = moment(plans, net, knelpunten=told)
    table = woongeo.agreement(screening)
    counts = {
        (row["oordeel"], row["melding"]): row["plannen"]
        for row in table.to_dict("records")
        if row["plannen"]
    }
    assert counts == {
        ("belemmerd", "gemeld"): 1,
        ("belemmerd", "niet gemeld"): 1,
        ("vrij", "gemeld"): 1,
        ("vrij", "onbekend"): 1,
        ("onbekend", "gemeld"): 1,
    }
    assert len(table) == 9
    # Of three plans of which both are known one agrees.
    assert table["overeenstemming"].tolist() == pytest.approx([1 / 3] * 9)
    assert table["woningen"].sum() == 50


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nuts (netcongestie/wateraansluiting); Anders", "gemeld"),
        ("['Netcongestie', 'Stikstof']", "gemeld"),
        ("Anders", "niet gemeld"),
        ("", "onbekend"),
        (None, "onbekend"),
        ("Geen; Onbekend", "onbekend"),
        ("Onbekend|Stikstof", "niet gemeld"),
    ],
)
def test_what_registers_write(text: str | None, expected: str) -> None:
    screening = moment({"A": (HERE, 1)}, layer(key="netcongestie"))
    table = woongeo.agreement(screening, pd.Series([text], dtype=object))
    assert table[table["plannen"] > 0]["melding"].tolist() == [expected]


def test_own_words_and_what_is_wrong() -> None:
    screening = moment(
        {"A": (HERE, 1)}, layer(HERE, key="geiten"), Knelpunten=["te dicht bij geiten"]
    )
    found = woongeo.agreement(screening, words={"geiten": ["Te dicht bij geiten"]})
    assert found.query("plannen > 0")["melding"].tolist() == ["gemeld"]
    with pytest.raises(LayerError, match="geef met words de woorden voor geiten"):
        woongeo.agreement(screening)
    with pytest.raises(LayerError, match="knelpunt x is er niet"):
        woongeo.agreement(screening, words={"x": ["x"]})
    with pytest.raises(ColumnError, match="bestaat niet"):
        woongeo.agreement(screening, "nergens", words={"geiten": ["x"]})
    with pytest.raises(ColumnError, match="2 meldingen en 1 locatie"):
        woongeo.agreement(screening, pd.Series(["a", "b"]), words={"geiten": ["x"]})
