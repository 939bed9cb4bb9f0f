"""Search areas on a page of squares: what is left after constraints, to the square metre."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import block, frame

import woongeo
from woongeo.errors import InputError, LayerError, RegionError, UnknownResultWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: A square kilometre to search, and ground far around it where all is known.
PAGE = block(0, 0, 1_000, 1_000)
AROUND = frame([block(-50_000, -50_000, 101_000, 101_000)])


def page(*more: shapely.Geometry) -> gpd.GeoDataFrame:
    """Search a square kilometre, or what is given instead."""
    return frame(more or [PAGE])


def layer(
    shapes: Sequence[shapely.Geometry],
    key: str = "natuur",
    *,
    coverage: object = AROUND,
    title: str | None = None,
    **rule: object,
) -> woongeo.Layer:
    """Make a layer that is known everywhere around the page."""
    made = woongeo.Rule(**rule)  # type: ignore[arg-type]
    return woongeo.read_layer(
        key,
        frame(shapes),
        coverage=coverage,
        rule=made,
        title=title,
        empty_is_free=True,
    )


def areas(found: woongeo.Zoekgebieden) -> list[tuple[str, float]]:
    """List verdict and area in order of rank."""
    rounded = found.locaties["oppervlakte_m2"].round(1)
    return list(zip(found.locaties["oordeel"], rounded, strict=True))


# --- what is taken, unknown and free


def test_what_a_layer_does_not_take_is_left() -> None:
    # Half of a square kilometre is nature; 50 ha at 25 and 50 homes a hectare.
    found = woongeo.find_sites(page(), [layer([block(0, 0, 500, 1_000)])])
    assert areas(found) == [("vrij", 500_000)]
    row = found.locaties.iloc[0]
    assert row.geometry.equals(block(500, 0, 500, 1_000))
    assert (row["woningen_bij_25_per_ha"], row["woningen_bij_50_per_ha"]) == (1_250, 2_500)
    # Twice the area over the outline: 1,000,000 / 3,000.
    assert row["gemiddelde_breedte_m"] == pytest.approx(1_000 / 3)
    assert row["compactheid"] == pytest.approx(4 * math.pi * 500_000 / 3_000**2)
    assert row["reden"] == "geen zone van natuur"


def test_tolerances_are_for_drawn_sites_and_take_nothing_here() -> None:
    # 50 m2 of a square kilometre: a site would be free, the ground is not.
    found = woongeo.find_sites(page(), [layer([block(0, 0, 10, 5)])])
    assert found.balans["belemmerd_m2"].iloc[-1] == pytest.approx(50)
    assert found.balans["vrij_m2"].iloc[-1] == pytest.approx(999_950)


def test_ground_outside_the_coverage_is_unknown_and_not_free() -> None:
    known = frame([block(-100, -100, 800, 1_200)])
    found = woongeo.find_sites(page(), [layer([block(0, 0, 300, 1_000)], coverage=known)])
    # Nature to 300 m, known to 700 m, nothing known to 1,000 m.
    assert areas(found) == [("vrij", 400_000), ("onbekend", 300_000)]
    assert found.locaties["reden"].iloc[1] == "natuur: hier is van de laag niet alles bekend"
    last = found.balans.iloc[-1]
    assert (last["belemmerd_m2"], last["onbekend_m2"], last["vrij_m2"]) == pytest.approx(
        (300_000, 300_000, 400_000)
    )


def test_near_the_edge_of_the_coverage_a_distance_is_unknown() -> None:
    known = frame([block(-1_000, -1_000, 1_700, 3_000)])
    found = woongeo.find_sites(page(), [layer([], coverage=known, within_m=100)])
    # The coverage ends at 700 m: something just beyond may reach to 600 m, drawn 4 cm too far.
    assert [o for o, _ in areas(found)] == ["vrij", "onbekend"]
    assert [a for _, a in areas(found)] == pytest.approx([600_000, 400_000], abs=41)


def test_an_absent_layer_leaves_all_that_is_not_taken_unknown() -> None:
    gone = woongeo.missing_layer("bodem", reason="niet geleverd")
    with pytest.warns(UnknownResultWarning, match="niet geleverd"):
        found = woongeo.find_sites(page(), [layer([block(0, 0, 500, 1_000)]), gone])
    assert areas(found) == [("onbekend", 500_000)]
    assert found.locaties["reden"].iloc[0] == "bodem: niet geleverd"
    assert found.balans["vrij_m2"].iloc[-1] == 0


@pytest.mark.parametrize("cell_m", [None, 50.0])
def test_layers_under_one_title_keep_their_own_reasons(cell_m: float | None) -> None:
    # Noise of several operators under one title, and nothing hinders. Water is known in the
    # southern 300 m only: 700,000 of 1,000,000 m2 are unknown, and noise has no part in that.
    east = layer([], "geluid_oost", title="Geluid", coverage=frame([block(500, 0, 9_000, 9_000)]))
    west = layer([], "geluid_west", title="Geluid")
    south = frame([block(-9_000, -9_000, 18_000, 9_300)])
    water = layer([], "water", title="Waterwingebied", coverage=south)
    found = woongeo.find_sites(page(), [west, water], cell_m=cell_m)
    assert areas(found) == [("vrij", 300_000), ("onbekend", 700_000)]
    why = "Waterwingebied: hier is van de laag niet alles bekend"
    assert found.locaties["reden"].tolist() == ["geen zone van Geluid, Waterwingebied", why]
    # With one more that is known everywhere the same is unknown, for the same reason.
    again = layer([], "geluid_noord", title="Geluid")
    found = woongeo.find_sites(page(), [west, again, water], cell_m=cell_m)
    assert areas(found) == [("vrij", 300_000), ("onbekend", 700_000)]
    names = "geen zone van Geluid (geluid_west), Geluid (geluid_noord), Waterwingebied"
    assert found.locaties["reden"].tolist() == [names, why]
    # Of one noise the west is missing: known is the south east, 500 x 300. It is told which one.
    found = woongeo.find_sites(page(), [west, east, water], cell_m=cell_m)
    assert areas(found) == [("vrij", 150_000), ("onbekend", 850_000)]
    of_east = "Geluid (geluid_oost): hier is van de laag niet alles bekend"
    assert found.locaties["reden"].iloc[1] == f"{of_east}; {why}"
    assert found.zeef["onbekend_m2"].tolist() == [0, 500_000, 350_000]


def test_of_two_layers_under_one_title_each_says_why_it_is_missing() -> None:
    lost = [
        woongeo.missing_layer(key, reason=why, title="Geluid")
        for key, why in (("zuid", "niet geleverd"), ("noord", "nog in de maak"))
    ]
    with pytest.warns(UnknownResultWarning) as told:
        found = woongeo.find_sites(page(), lost)
    assert found.locaties["reden"].tolist() == [
        "Geluid (zuid): niet geleverd; Geluid (noord): nog in de maak"
    ]
    assert [str(w.message)[:14] for w in told] == ["Geluid (zuid):", "Geluid (noord)"]


def test_a_layer_without_coverage_frees_nothing() -> None:
    found = woongeo.find_sites(page(), [layer([block(0, 0)], coverage=None)])
    assert areas(found) == [("onbekend", 990_000)]
    assert "dekking van de laag is niet opgegeven" in found.locaties["reden"].iloc[0]


def test_a_stale_layer_takes_and_frees_nothing() -> None:
    old = woongeo.read_layer(
        "natuur",
        frame([block(0, 0)]),
        coverage=AROUND,
        rule=woongeo.Rule(max_age_days=30),
        reference_date=dt.date(2026, 1, 1),
    )
    with pytest.warns(UnknownResultWarning, match="dagen oud"):
        found = woongeo.find_sites(page(), [old], on=dt.date(2026, 6, 1))
    assert areas(found) == [("onbekend", 1_000_000)]


def test_a_feature_that_says_too_little_makes_ground_unknown() -> None:
    given = frame([block(0, 0, 500, 1_000), block(500, 0, 200, 1_000)], soort=["bos", ""])
    rule = woongeo.Rule(where={"soort": ("bos",)})
    found = woongeo.find_sites(
        page(), [woongeo.read_layer("natuur", given, coverage=AROUND, rule=rule)]
    )
    assert areas(found) == [("vrij", 300_000), ("onbekend", 200_000)]


def test_features_that_do_not_count_take_nothing() -> None:
    given = frame([block(0, 0, 500, 1_000), block(500, 0, 200, 1_000)], soort=["bos", "gras"])
    rule = woongeo.Rule(where={"soort": ("bos",)})
    read = woongeo.read_layer("natuur", given, coverage=AROUND, rule=rule)
    assert areas(woongeo.find_sites(page(), [read])) == [("vrij", 500_000)]


def test_a_distance_takes_a_strip_and_a_little_more() -> None:
    found = woongeo.find_sites(page(), [layer([block(-100, -1_000, 100, 3_000)], within_m=50)])
    # 50 m of 1,000 m; drawn at most 0.3 mm a metre and 1 cm too wide.
    (verdict, area), *rest = areas(found)
    assert (verdict, rest) == ("vrij", [])
    assert 950_000 - 1_000 * (0.0003 * 50 + 0.011) - 0.1 <= area < 950_000


def test_each_feature_has_its_own_distance() -> None:
    line = shapely.LineString([(120_000, 479_000), (120_000, 482_000)])
    given = gpd.GeoDataFrame({"afstand": [80.0]}, geometry=[line], crs="EPSG:28992")
    rule = woongeo.Rule(within_column="afstand")
    read = woongeo.read_layer("lijn", given, coverage=AROUND, rule=rule)
    assert areas(woongeo.find_sites(page(), [read]))[0][1] == pytest.approx(920_000, rel=1e-4)


def test_lighter_rules_do_not_count_and_are_named() -> None:
    light = layer([block(0, 0, 500, 1_000)], "geluid", severity="middel")
    found = woongeo.find_sites(page(), [layer([]), light])
    assert areas(found) == [("vrij", 1_000_000)]
    assert any("Niet gezeefd op geluid" in note for note in found.notes())
    stricter = woongeo.find_sites(page(), [layer([]), light], from_severity="middel")
    assert areas(stricter) == [("vrij", 500_000)]


def test_a_rule_that_does_not_hold_yet_takes_nothing() -> None:
    later = layer([block(0, 0, 500, 1_000)], valid_from=dt.date(2030, 1, 1))
    found = woongeo.find_sites(page(), [later], on=dt.date(2026, 1, 1))
    assert areas(found) == [("vrij", 1_000_000)]
    assert any("geldt pas vanaf 2030-01-01" in note for note in found.notes())


# --- what is a search area


def test_a_strip_is_no_building_land_and_parts_what_it_joins() -> None:
    # Two fields of 100 x 100 m, joined by a path of 10 m.
    fields = shapely.union_all([block(0, 0), block(300, 0), block(100, 40, 200, 10)])
    found = woongeo.find_sites(page(fields), [layer([])])
    assert [o for o, _ in areas(found)] == ["vrij", "vrij"]
    # A circle of 25 m reaches a metre into the mouth of the path, which is 10 m wide.
    assert [a for _, a in areas(found)] == pytest.approx([10_000, 10_000], abs=15)
    assert found.locaties["gemiddelde_breedte_m"].tolist() == pytest.approx([50, 50], rel=0.02)
    # The path is free all the same, it is only no search area.
    assert found.balans["vrij_m2"].iloc[-1] == pytest.approx(22_000)
    wider = woongeo.find_sites(page(fields), [layer([])], min_width_m=10)
    assert areas(wider) == [("vrij", 22_000)]


@pytest.mark.parametrize(("wide", "n"), [(24, 0), (25, 1), (26, 1)])
def test_exactly_the_least_width_is_wide_enough(wide: float, n: int) -> None:
    assert len(woongeo.find_sites(page(block(0, 0, wide, 400)), [layer([])])) == n


@pytest.mark.parametrize(("least", "n"), [(9_999, 1), (10_000, 1), (10_001, 0)])
def test_exactly_the_least_area_is_large_enough(least: float, n: int) -> None:
    assert len(woongeo.find_sites(page(block(0, 0)), [layer([])], min_m2=least)) == n


def test_larger_areas_come_first_and_equal_ones_from_west_to_east() -> None:
    fields = [block(600, 0), block(0, 0), block(300, 0, 200, 100)]
    found = woongeo.find_sites(page(*fields), [layer([])])
    assert found.locaties["zoekgebied_id"].tolist() == ["Z0001", "Z0002", "Z0003"]
    west = shapely.bounds(found.locaties.geometry.to_numpy())[:, 0] - 120_000
    assert west.tolist() == [300, 0, 600]


def test_homes_are_whole_and_net() -> None:
    # 1 ha at 25 a hectare on 70 % of the ground: 17.5 homes.
    found = woongeo.find_sites(
        page(block(0, 0)), [layer([])], density=[25, 12.5], net_share=0.7, net_source="kental X"
    )
    assert found.locaties["woningen_bij_25_per_ha"].tolist() == [17]
    assert found.locaties["woningen_bij_12_5_per_ha"].tolist() == [8]
    assert any("70 % van de grond (kental X)" in note for note in found.notes())


def test_the_ground_of_plans_is_no_search_area(
    sites: Callable[..., woongeo.Locations],
) -> None:
    found = woongeo.find_sites(page(), [layer([])], plans=sites([block(0, 0, 1_000, 400)]))
    assert areas(found) == [("vrij", 600_000)]
    assert found.zeef["laag"].tolist() == ["natuur", "bestaande_plannen"]
    assert found.zeef["neemt_m2"].tolist() == pytest.approx([0, 400_000])


def test_steps_take_in_turn_and_add_up() -> None:
    # The second takes 600 m, of which the first has taken 100 m.
    first, second = (
        layer([block(0, 0, 500, 1_000)], "een"),
        layer([block(400, 0, 600, 1_000)], "twee"),
    )
    found = woongeo.find_sites(page(), [first, second])
    assert found.zeef["neemt_m2"].tolist() == pytest.approx([500_000, 500_000])
    assert found.zeef["rest_m2"].tolist() == pytest.approx([500_000, 0])
    assert len(found) == 0


def test_regions_divide_the_ground_and_name_the_areas() -> None:
    area = frame([block(0, 0, 600, 1_000), block(600, 0, 400, 1_000)], naam=["Duin", "Polder"])
    nature = layer([block(500, 0, 200, 1_000)])
    found = woongeo.find_sites(area, [nature], name_column="naam")
    assert found.locaties["gebied"].tolist() == ["Duin", "Polder"]
    balance = found.balans
    assert balance["gebied"].tolist() == ["Duin", "Polder", "alle gebieden"]
    assert balance["belemmerd_m2"].tolist() == pytest.approx([100_000, 100_000, 200_000])
    assert balance["vrij_m2"].tolist() == pytest.approx([500_000, 300_000, 800_000])
    assert balance["zoekgebieden"].tolist() == [1, 1, 2]
    only = woongeo.find_sites(area, [nature], name_column="naam", only=["Polder"])
    assert areas(only) == [("vrij", 300_000)]


def test_an_area_over_a_border_is_one_and_bears_the_name_of_its_largest_part() -> None:
    area = frame([block(0, 0, 600, 1_000), block(600, 0, 400, 1_000)], naam=["Duin", "Polder"])
    found = woongeo.find_sites(area, [layer([])], name_column="naam")
    assert areas(found) == [("vrij", 1_000_000)]
    assert found.locaties["gebied"].tolist() == ["Duin"]
    assert found.locaties["gebied_aandeel"].tolist() == pytest.approx([0.6])


# --- what is built


def test_the_distance_to_what_is_built_ranks() -> None:
    fields = page(block(0, 0, 200, 100), block(500, 0), block(800, 0))
    town = woongeo.read_layer("stad", frame([block(800, -300, 400, 350)]), coverage=AROUND)
    found = woongeo.find_sites(fields, [layer([])], built_up=town, rank_by="afstand_bebouwd_m")
    # The third lies half in the town, the second 200 m from it, the first 600 m.
    assert found.locaties["afstand_bebouwd_m"].tolist() == pytest.approx([0, 200, 600])
    assert found.locaties["bebouwd_aandeel"].tolist() == pytest.approx([0.5, 0, 0])


def test_what_may_be_built_beyond_the_coverage_makes_the_distance_unknown() -> None:
    # Known to 350 m: from the first field (to 100 m) a town may lie 250 m away, unseen.
    fields = page(block(0, 0), block(220, 0))
    known = frame([block(-5_000, -5_000, 5_350, 10_000)])
    town = woongeo.read_layer("stad", frame([block(-400, 0, 100, 100)]), coverage=known)
    found = woongeo.find_sites(fields, [layer([])], built_up=town)
    distance = found.locaties.set_index("zoekgebied_id")["afstand_bebouwd_m"]
    assert math.isnan(distance["Z0001"])
    assert math.isnan(distance["Z0002"])
    assert any("houdt de dekking van de laag op" in note for note in found.notes())
    near = woongeo.read_layer("stad", frame([block(-200, 0, 100, 100)]), coverage=known)
    found = woongeo.find_sites(fields, [layer([])], built_up=near)
    assert found.locaties["afstand_bebouwd_m"].iloc[0] == pytest.approx(100)


def test_an_absent_layer_of_what_is_built_gives_no_distance() -> None:
    gone = woongeo.missing_layer("stad", reason="niet geleverd")
    with pytest.warns(UnknownResultWarning, match="bebouwd gebied zijn onbekend"):
        found = woongeo.find_sites(page(), [layer([])], built_up=gone)
    assert found.locaties["afstand_bebouwd_m"].isna().all()


# --- the result


def test_search_areas_can_be_screened_and_are_free() -> None:
    rules = [layer([block(0, 0, 500, 1_000)]), layer([block(800, 800)], "geit", within_m=150)]
    found = woongeo.find_sites(page(), rules)
    screening = woongeo.screen(found.locations("vrij"), rules)
    assert screening.counts() == {"belemmerd": 0, "onbekend": 0, "vrij": len(found)}
    homes = screening.locaties["woningen"].tolist()
    assert homes == found.locaties["woningen_bij_25_per_ha"].tolist()


def test_a_limit_adds_a_column_and_keeps_the_homes() -> None:
    found = woongeo.find_sites(page(), [layer([])]).limited("stikstof", [67], source="EIB 2022")
    assert found.locaties["woningen_hoogstens_stikstof"].tolist() == [67]
    assert found.locaties["woningen_bij_25_per_ha"].tolist() == [2_500]
    assert "Hoogstens woningen door stikstof: EIB 2022." in found.notes()
    with pytest.raises(InputError, match="één getal per zoekgebied"):
        found.limited("stikstof", [1, 2], source="EIB 2022")


def test_nothing_left_is_an_answer() -> None:
    found = woongeo.find_sites(page(), [layer([block(-10, -10, 2_000, 2_000)])])
    assert (len(found), found.counts()) == (0, {"belemmerd": 0, "onbekend": 0, "vrij": 0})
    assert found.balans["belemmerd_m2"].iloc[-1] == pytest.approx(1_000_000)
    assert "0 zoekgebieden" in found._repr_html_()


def test_the_page_of_a_notebook_is_harmless_and_says_what_it_is() -> None:
    evil = frame([PAGE], naam=["<script>alert(1)</script>{{7*7}}"])
    shown = woongeo.find_sites(evil, [layer([])], name_column="naam")._repr_html_()
    assert "<script" not in shown
    assert "{{" not in shown
    assert "geen juridische toets" in shown


def test_facts_name_everything_that_the_figures_rest_on() -> None:
    facts = woongeo.find_sites(page(), [layer([])], on=dt.date(2026, 5, 1)).facts()
    assert facts["beoordeeld_op"] == "2026-05-01"
    assert facts["lagen"][0]["regels"]["natuur"]["versie"] == "1"
    assert facts["gebied"]["bron"]["sha256"]
    assert facts["gezeefd_op"] == ["natuur"]
    assert facts["balans_m2"]["vrij_m2"] == 1_000_000


def test_the_same_search_gives_the_same_again() -> None:
    rules = [layer([block(i * 90, i * 70, 60, 60) for i in range(10)], within_m=20)]
    one, two = (woongeo.find_sites(page(), rules, tile_m=250) for _ in range(2))
    assert one.locaties.to_wkb().equals(two.locaties.to_wkb())


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"density": []}, "density"),
        ({"density": [0]}, "density"),
        ({"density": [25, 25]}, "elke dichtheid één keer"),
        ({"net_share": 1.2}, "net_share"),
        ({"min_m2": -1}, "min_m2"),
        ({"min_width_m": float("nan")}, "min_width_m"),
        ({"from_severity": "erg"}, "from_severity"),
        ({"rank_by": "mooi"}, "rank_by"),
        ({"cell_m": 0}, "cell_m"),
        ({"tile_m": 0.5}, "tile_m"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(wish: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        woongeo.find_sites(page(), [layer([])], **wish)  # type: ignore[arg-type]


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(LayerError, match="geen lagen"):
        woongeo.find_sites(page(), [])
    with pytest.raises(RegionError, match="Utrecht bestaat niet"):
        woongeo.find_sites(page(), [layer([])], only=["Utrecht"])


# --- on cells


def test_cells_say_what_lies_at_their_centre() -> None:
    known = frame([block(-100, -100, 800, 1_200)])
    rules = [layer([block(0, 0, 300, 1_000)], coverage=known)]
    found = woongeo.find_sites(page(), rules, cell_m=25)
    # 300 and 700 m are lines of the grid.
    assert areas(found) == [("vrij", 400_000), ("onbekend", 300_000)]
    assert any("cellen van 25 m" in note for note in found.notes())


def test_cells_take_zones_by_distance() -> None:
    goat = gpd.GeoDataFrame(geometry=[shapely.Point(120_500, 480_500)], crs="EPSG:28992")
    rule = woongeo.Rule(within_m=300)
    read = woongeo.read_layer("geit", goat, coverage=AROUND, rule=rule)
    found = woongeo.find_sites(page(), [read], cell_m=10)
    taken = found.balans["belemmerd_m2"].iloc[-1]
    assert taken == pytest.approx(math.pi * 300**2, rel=0.01)


def test_cells_leave_strips_out() -> None:
    fields = shapely.union_all([block(0, 0), block(300, 0), block(100, 40, 200, 20)])
    found = woongeo.find_sites(page(fields), [layer([])], cell_m=10, min_width_m=40)
    # A circle reaches one cell into the mouth of the path, which is two cells wide.
    assert areas(found) == [("vrij", 10_200), ("vrij", 10_200)]


def test_overlapping_shapes_and_holes_are_counted_once() -> None:
    ring = block(100, 100, 400, 400).difference(block(200, 200, 200, 200))
    rules = [layer([ring, ring, block(300, 300, 400, 400)])]
    exact = woongeo.find_sites(page(), rules, min_m2=0, min_width_m=0)
    cells = woongeo.find_sites(page(), rules, min_m2=0, min_width_m=0, cell_m=50)
    np.testing.assert_allclose(
        cells.balans.iloc[-1, 1:5].astype(float), exact.balans.iloc[-1, 1:5].astype(float)
    )
    assert sorted(areas(cells)) == sorted(areas(exact))
