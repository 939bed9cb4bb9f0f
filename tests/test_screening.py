"""Verdicts, on a drawing whose answers are mental arithmetic."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import block, frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import woongeo
from woongeo.errors import LayerError, RuleError, UnknownResultWarning, WoongeoWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Sites = Callable[..., woongeo.Locations]

#: Known everywhere in the drawing.
EVERYWHERE = woongeo.read_coverage(frame([block(-50_000, -50_000, 100_000, 100_000)]))
TODAY = dt.date(2026, 11, 22)


def layer(
    key: str,
    shapes: Sequence[shapely.Geometry],
    *,
    coverage: woongeo.Coverage | None = EVERYWHERE,
    rule: woongeo.Rule | None = None,
    **columns: Sequence[object],
) -> woongeo.Layer:
    """Make a layer of drawn shapes."""
    return woongeo.read_layer(
        key, frame(shapes, **columns), coverage=coverage, rule=rule, empty_is_free=True
    )


def one(sites: Sites, site: shapely.Geometry, against: woongeo.Layer) -> tuple[str, str]:
    """Screen one site against one layer."""
    row = woongeo.screen(sites([site]), [against], on=TODAY).treffers.iloc[0]
    return row["oordeel"], row["reden"]


# --- the rule of overlap


@pytest.mark.parametrize(
    ("wide", "side", "oordeel"),
    [
        # Of a site of 10,000 m2: 100 m2 is exactly both tolerances, and neither is exceeded.
        (1.0, 100, "vrij"),
        (1.001, 100, "belemmerd"),
        # Of a site of 1,000,000 m2: 100 m2 decides long before 1 %.
        (0.1, 1_000, "vrij"),
        (0.2, 1_000, "belemmerd"),
        # Of a site of 100 m2: 1 % decides long before 100 m2.
        (0.1, 10, "vrij"),
        (0.2, 10, "belemmerd"),
    ],
)
def test_overlap_above_either_tolerance_blocks(
    sites: Sites, wide: float, side: float, oordeel: str
) -> None:
    nature = layer("natuur", [block(-500, -500, 500 + wide, 5_000)])
    assert one(sites, block(0, 0, side, side), nature)[0] == oordeel


def test_a_hit_below_the_tolerance_is_free_and_says_so(sites: Sites) -> None:
    verdict, reason = one(sites, block(0, 0), layer("natuur", [block(-10, 0, 10.5, 100)]))
    assert verdict == "vrij"
    assert reason == "raakt, onder drempel: 50 m² (0,5 %); drempel 100 m² of 1 %"


def test_a_site_that_only_touches_is_free_and_says_so(sites: Sites) -> None:
    screening = woongeo.screen(sites([block(0, 0)]), [layer("natuur", [block(100, 0)])])
    row = screening.treffers.iloc[0]
    assert row["oordeel"] == "vrij"
    assert row["reden"].startswith("raakt, onder drempel: 0 m²")
    assert row["afstand_m"] == 0
    assert row["objecten"] == "1"


def test_tolerances_belong_to_the_rule(sites: Sites) -> None:
    strict = woongeo.Rule(tolerance_m2=0, tolerance_share=0)
    nature = layer("natuur", [block(-10, 0, 10.5, 100)], rule=strict)
    assert one(sites, block(0, 0), nature)[0] == "belemmerd"
    assert one(sites, block(0.5, 0), nature)[0] == "vrij"


# --- the rule of distance


@pytest.mark.parametrize(("x", "oordeel"), [(0, "belemmerd"), (250, "belemmerd"), (250.01, "vrij")])
def test_a_distance_rule_holds_up_to_its_limit(sites: Sites, x: float, oordeel: str) -> None:
    farm = layer("geiten", [block(-100, 0)], rule=woongeo.Rule(within_m=250))
    assert one(sites, block(x, 0), farm)[0] == oordeel


def test_distance_is_to_the_shape_and_not_to_a_buffer_of_it(sites: Sites) -> None:
    # Diagonally 250 m away: the corners of a coarse buffer would fall short of it.
    d = 250 / np.sqrt(2)
    farm = layer("geiten", [block(-100, -100)], rule=woongeo.Rule(within_m=250.0001))
    assert one(sites, block(d, d), farm)[0] == "belemmerd"


# --- coverage: unknown is a result


def test_outside_the_coverage_absence_is_unknown(sites: Sites) -> None:
    west = woongeo.read_coverage(frame([block(0, 0, 1_000, 1_000)]))
    congested = layer("net", [block(500, 500)], coverage=west)
    assert one(sites, block(0, 0), congested) == ("vrij", "geen overlap met de laag")
    assert one(sites, block(2_000, 0), congested) == (
        "onbekend",
        "ligt buiten de dekking van de laag",
    )
    assert one(sites, block(950, 0), congested) == (
        "onbekend",
        "ligt voor 5.000 m² (50 %) buiten de dekking van de laag",
    )


def test_a_hit_inside_the_coverage_counts_though_the_rest_is_unknown(sites: Sites) -> None:
    west = woongeo.read_coverage(frame([block(0, 0, 1_000, 1_000)]))
    congested = layer("net", [block(900, 0)], coverage=west)
    screening = woongeo.screen(sites([block(950, 0)]), [congested])
    row = screening.locaties.iloc[0]
    assert row["net_oordeel"] == "belemmerd"
    assert row[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].tolist() == [5_000, 5_000, 0]


def test_a_touch_inside_does_not_make_a_partly_covered_site_free(sites: Sites) -> None:
    west = woongeo.read_coverage(frame([block(0, 0, 1_000, 1_000)]))
    congested = layer("net", [block(850, 0)], coverage=west)
    verdict, reason = one(sites, block(950, 0), congested)
    assert verdict == "onbekend"
    assert reason.startswith("ligt voor 5.000 m² (50 %) buiten de dekking van de laag; raakt")


def test_a_coverage_of_several_areas_has_no_seams(sites: Sites) -> None:
    halves = woongeo.read_coverage(frame([block(0, 0, 500, 1_000), block(500, 0, 500, 1_000)]))
    assert one(sites, block(450, 0), layer("net", [block(0, 500)], coverage=halves))[0] == "vrij"


def test_without_a_coverage_absence_says_nothing(sites: Sites) -> None:
    nowhere = layer("eigen_laag", [block(500, 500)], coverage=None)
    assert one(sites, block(0, 0), nowhere) == (
        "onbekend",
        "dekking van de laag is niet opgegeven: afwezigheid zegt niets",
    )
    assert one(sites, block(500, 500), nowhere)[0] == "belemmerd"


def test_near_the_edge_of_the_coverage_a_distance_is_unknown(sites: Sites) -> None:
    west = woongeo.read_coverage(frame([block(0, 0, 1_000, 1_000)]))
    farm = layer("geiten", [block(0, 900)], coverage=west, rule=woongeo.Rule(within_m=200))
    screening = woongeo.screen(sites([block(700, 400), block(750, 600)]), [farm])
    assert screening.treffers["oordeel"].tolist() == ["vrij", "onbekend"]
    assert screening.treffers["reden"].tolist() == [
        "niet binnen 200 m",
        "de dekking van de laag houdt op binnen 200 m",
    ]
    # A farm just across the edge would reach x = 800: 50 m into the site.
    assert screening.locaties["onbekend_m2"].tolist() == pytest.approx([0, 5_000], rel=1e-3)


def test_beyond_a_national_border_nothing_is_unknown(sites: Sites) -> None:
    # 1 km inside the coarse outline in Zuid-Limburg, with a rule of 2 km.
    edge = shapely.box(200_500, 318_000, 200_600, 318_100)
    farm = woongeo.read_layer(
        "geiten",
        frame([block(0, 0)]),
        coverage="nederland",
        rule=woongeo.Rule(within_m=2_000),
    )
    assert one(sites, edge, farm)[0] == "vrij"


# --- layers of which nothing is known


def test_an_absent_layer_gives_its_reason(sites: Sites) -> None:
    gone = woongeo.missing_layer("spuitzones", reason="nog niet geleverd door de gemeente")
    with pytest.warns(UnknownResultWarning, match="nog niet geleverd"):
        screening = woongeo.screen(sites([block(0, 0)]), [gone])
    row = screening.treffers.iloc[0]
    assert (row["oordeel"], row["reden"]) == ("onbekend", "nog niet geleverd door de gemeente")
    assert np.isnan(row["overlap_m2"])
    assert screening.locaties["onbekend_m2"].tolist() == [10_000]
    assert not screening.complete()


def test_an_empty_layer_is_unknown_unless_it_is_said_to_be_empty(sites: Sites) -> None:
    empty = frame([])
    with pytest.warns(UnknownResultWarning, match="leeg"):
        doubtful = woongeo.read_layer("natuur", empty, coverage=EVERYWHERE)
    with pytest.warns(UnknownResultWarning, match="leeg"):
        assert one(sites, block(0, 0), doubtful)[0] == "onbekend"
    said = woongeo.read_layer("natuur", empty, coverage=EVERYWHERE, empty_is_free=True)
    assert one(sites, block(0, 0), said)[0] == "vrij"


def test_a_layer_with_an_unreadable_feature_can_hit_but_not_free(sites: Sites) -> None:
    with pytest.warns(UnknownResultWarning, match="1 van de 2 objecten"):
        partial = woongeo.read_layer("natuur", frame([block(0, 0), None]), coverage=EVERYWHERE)
    assert one(sites, block(0, 0), partial)[0] == "belemmerd"
    assert one(sites, block(500, 0), partial) == (
        "onbekend",
        "1 van de 2 objecten in de laag is onleesbaar",
    )


def test_a_layer_that_is_too_old_gives_unknown(sites: Sites) -> None:
    rule = woongeo.Rule(max_age_days=365)
    aged = woongeo.read_layer(
        "net",
        frame([block(0, 0)]),
        coverage=EVERYWHERE,
        rule=rule,
        reference_date=dt.date(2025, 11, 22),
    )
    locations = sites([block(0, 0)])
    fresh = woongeo.screen(locations, [aged], on=dt.date(2026, 11, 22))
    assert fresh.treffers["oordeel"].tolist() == ["belemmerd"]
    with pytest.warns(UnknownResultWarning, match="366 dagen"):
        stale = woongeo.screen(locations, [aged], on=dt.date(2026, 11, 23))
    assert stale.treffers["reden"].tolist() == ["laag is 366 dagen oud, meer dan 365"]
    assert stale.locaties["onbekend_m2"].tolist() == [10_000]


def test_a_reference_date_after_the_day_is_told(sites: Sites) -> None:
    """2062 is never too old; of 22-11-2026 itself nothing is odd."""
    rule = woongeo.Rule(max_age_days=365)
    day = dt.date(2026, 11, 22)
    for date, told in ((dt.date(2062, 1, 1), 1), (dt.date(2026, 11, 23), 1), (day, 0), (None, 0)):
        dated = woongeo.read_layer(
            "net", frame([block(0, 0)]), coverage=EVERYWHERE, rule=rule, reference_date=date
        )
        # A rule beside it does not say so again.
        dated = dated.with_rule(woongeo.Rule(within_m=50, max_age_days=365), name="bij")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnknownResultWarning)
            done = woongeo.screen(sites([block(0, 0)]), [dated], on=day)
        found = [note for note in done.notes() if "ligt na 2026-11-22, de dag van toetsing" in note]
        assert len(found) == told
        assert all(str(date) in note for note in found)


def test_an_unusable_shape_is_unknown_and_stays(sites: Sites) -> None:
    with pytest.warns(WoongeoWarning):
        locations = sites([block(0, 0), None])
    screening = woongeo.screen(locations, [layer("natuur", [block(0, 0)])])
    assert screening.treffers["oordeel"].tolist() == ["belemmerd", "onbekend"]
    assert screening.treffers["reden"].iloc[1] == "vlak onbruikbaar: geen vlak ingetekend"
    assert np.isnan(screening.locaties["vrij_m2"].iloc[1])


# --- several layers


def test_the_heaviest_verdict_holds_and_unknown_never_becomes_free(sites: Sites) -> None:
    west = woongeo.read_coverage(frame([block(0, 0, 1_000, 1_000)]))
    nature = layer("natuur", [block(0, 0)])
    net = layer("net", [block(500, 0)], coverage=west)
    locations = sites([block(0, 0), block(200, 0), block(2_000, 0)])
    screening = woongeo.screen(locations, [nature, net])
    assert screening.locaties["oordeel"].tolist() == ["belemmerd", "vrij", "onbekend"]
    assert screening.counts() == {"belemmerd": 1, "onbekend": 1, "vrij": 1}
    assert screening.homes() == {"belemmerd": 10, "onbekend": 10, "vrij": 10}


def test_rows_come_by_location_and_then_by_layer_as_given(sites: Sites) -> None:
    layers = [layer("zee", [block(0, 0)]), layer("bos", [block(0, 0)])]
    treffers = woongeo.screen(sites([block(0, 0), block(500, 0)]), layers).treffers
    assert treffers["locatie_id"].tolist() == ["P0", "P0", "P1", "P1"]
    assert treffers["laag"].tolist() == ["zee", "bos", "zee", "bos"]


def test_objects_are_listed_by_number_once_each(sites: Sites) -> None:
    nature = layer(
        "natuur",
        [block(0, 0), block(0, 0), block(0, 0)],
        nr=[10, 9, 10],
        naam=["Duin", "Riet", "Duin"],
    )
    screening = woongeo.screen(sites([block(0, 0)]), [nature])
    assert screening.treffers["objecten"].tolist() == ["9 Riet; 10 Duin"]


def test_a_rule_can_be_replaced_for_one_screening(sites: Sites) -> None:
    nature = layer("natuur", [block(150, 0)])
    locations = sites([block(0, 0)])
    near = woongeo.screen(locations, [nature], rules={"natuur": woongeo.Rule(within_m=60)})
    assert near.treffers["oordeel"].tolist() == ["belemmerd"]
    assert nature.rule == woongeo.Rule()


def test_columns_of_the_input_give_way_to_results() -> None:
    given = frame([block(0, 0)], plan_id=["A"], woningen=[3], natuur_oordeel=["eigen mening"])
    with pytest.warns(WoongeoWarning, match="planstatus"):
        locations = woongeo.read_locations(given)
    table = woongeo.screen(locations, [layer("natuur", [block(0, 0)])]).locaties
    assert table["natuur_oordeel"].tolist() == ["belemmerd"]
    assert table["natuur_oordeel_invoer"].tolist() == ["eigen mening"]


# --- mistakes


def test_without_layers_there_is_nothing_to_screen(sites: Sites) -> None:
    with pytest.raises(LayerError, match="geen lagen"):
        woongeo.screen(sites([block(0, 0)]), [])


def test_two_layers_of_one_name_are_refused(sites: Sites) -> None:
    nature = layer("natuur", [block(0, 0)])
    with pytest.raises(LayerError, match="vaker gegeven"):
        woongeo.screen(sites([block(0, 0)]), [nature, nature])


def test_a_rule_for_a_layer_that_is_not_there_is_refused(sites: Sites) -> None:
    with pytest.raises(RuleError, match="geen laag met die naam"):
        woongeo.screen(
            sites([block(0, 0)]),
            [layer("natuur", [block(0, 0)])],
            rules={"natura": woongeo.Rule()},
        )


# --- laws

cell = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 5), st.integers(1, 5))
blocks = st.lists(cell.map(lambda c: block(*(50 * k for k in c))), min_size=1, max_size=5)
once = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def weights(screening: woongeo.Screening) -> list[int]:
    """Turn verdicts into weights."""
    return [["vrij", "onbekend", "belemmerd"].index(o) for o in screening.locaties["oordeel"]]


@given(where=blocks, first=blocks, second=blocks, known=blocks)
@once
def test_a_further_layer_never_improves_a_verdict(
    sites: Sites,
    where: list[shapely.Geometry],
    first: list[shapely.Geometry],
    second: list[shapely.Geometry],
    known: list[shapely.Geometry],
) -> None:
    partial = woongeo.read_coverage(frame(known))
    with warnings.catch_warnings():
        # Random sites overlap each other, and the report says so.
        warnings.simplefilter("ignore", WoongeoWarning)
        locations = sites(where)
    a, b = layer("a", first), layer("b", second, coverage=partial)
    before = woongeo.screen(locations, [a])
    after = woongeo.screen(locations, [a, b])
    assert all(x <= y for x, y in zip(weights(before), weights(after), strict=True))
    assert (after.locaties["belemmerd_m2"] >= before.locaties["belemmerd_m2"] - 1e-6).all()


@given(where=blocks, first=blocks, second=blocks, known=blocks)
@once
def test_shares_are_shares_and_areas_add_up(
    sites: Sites,
    where: list[shapely.Geometry],
    first: list[shapely.Geometry],
    second: list[shapely.Geometry],
    known: list[shapely.Geometry],
) -> None:
    partial = woongeo.read_coverage(frame(known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        locations = sites(where)
    frame_before = locations.frame.copy()
    screening = woongeo.screen(locations, [layer("a", first), layer("b", second, coverage=partial)])
    table = screening.locaties
    for share in ("a_overlap_aandeel", "b_overlap_aandeel"):
        assert table[share].between(0, 1).all()
    parts = table[["belemmerd_m2", "onbekend_m2", "vrij_m2"]]
    assert (parts >= -1e-6).all(axis=None)
    np.testing.assert_allclose(parts.sum(axis=1), table.area, rtol=1e-9)
    # Each square metre once: no more than the layers together, no less than the larger.
    overlaps = table[["a_overlap_m2", "b_overlap_m2"]]
    assert (table["belemmerd_m2"] <= overlaps.sum(axis=1) + 1e-6).all()
    assert (table["belemmerd_m2"] >= overlaps.max(axis=1) - 1e-6).all()
    pd.testing.assert_frame_equal(locations.frame, frame_before)


@given(where=blocks, features=blocks, known=blocks, far=st.integers(1, 20))
@once
def test_a_wider_limit_never_hits_fewer(
    sites: Sites,
    where: list[shapely.Geometry],
    features: list[shapely.Geometry],
    known: list[shapely.Geometry],
    far: int,
) -> None:
    partial = woongeo.read_coverage(frame(known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        locations = sites(where)
    hits = []
    for limit in (25 * far, 25 * far + 40):
        rule = woongeo.Rule(within_m=limit)
        screening = woongeo.screen(locations, [layer("a", features, coverage=partial, rule=rule)])
        hits.append((screening.treffers["oordeel"] == "belemmerd").to_numpy())
    assert (hits[1] >= hits[0]).all()
