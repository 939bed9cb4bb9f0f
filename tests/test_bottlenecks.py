"""Every bottleneck of the catalogue on a page of squares of 100 m."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame
from test_sources import write_sheets

import woongeo
from woongeo.catalogue import default_catalogue, verdict_key
from woongeo.errors import (
    ColumnError,
    FileError,
    LayerError,
    UncertainRuleWarning,
    UnknownResultWarning,
)
from woongeo.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Make = Callable[..., woongeo.Locations]

DAY = dt.date(2026, 11, 22)
PAGE = frame([block(-20_000, -20_000, 40_000, 40_000)])
CATALOGUE = default_catalogue()
RULES = CATALOGUE.rules()
ZONES = {spec.key for spec in CATALOGUE if all(isinstance(r, Rule) for r in spec.rules.values())}


def screened(
    places: woongeo.Locations, key: str, features: gpd.GeoDataFrame, **options: Any
) -> woongeo.Screening:
    """Screen against a layer that is known on the whole page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UncertainRuleWarning)
        layer = woongeo.read_layer(key, features, **({"coverage": PAGE} | options))
        return woongeo.screen(places, [layer], on=DAY)


def verdicts(done: woongeo.Screening, key: str) -> list[str]:
    """List the verdicts of a rule."""
    return list(done.locaties[f"{key}_oordeel"])


def point(x: float, y: float = 50) -> shapely.Point:
    """Draw a point."""
    return shapely.Point(EAST + x, NORTH + y)


# --- the catalogue


@pytest.mark.parametrize("key", [spec.key for spec in CATALOGUE])
def test_every_layer_says_what_it_is_and_what_it_means_for_homes(key: str) -> None:
    spec = CATALOGUE.spec(key)
    assert spec.title
    assert len(spec.meaning) > 40
    assert spec.meaning.endswith(".")


@pytest.mark.parametrize("key", sorted(RULES))
def test_every_rule_has_a_source_with_a_date_a_basis_and_a_certainty(key: str) -> None:
    rule = RULES[key]
    assert rule.source != "opgegeven door de gebruiker"
    assert rule.version == "2026-11"
    assert rule.basis
    assert rule.source_date is not None
    # Who says "from memory" in the source must say so in the certainty too, and the reverse.
    if "niet nagezocht" in rule.source:
        assert rule.certainty == "geheugen"
    if "keuze van woongeo" in rule.source and "zwaarte: keuze" in rule.source:
        assert rule.certainty == "afgeleid"


@pytest.mark.parametrize(
    "key", sorted(k for k in RULES if isinstance(RULES[k], Rule) and k != "netcongestie")
)
def test_every_rule_of_shapes_has_a_date_of_its_source(key: str) -> None:
    date = RULES[key].source_date
    assert date is not None
    assert dt.date(2015, 1, 1) < date <= DAY


@pytest.mark.parametrize("key", sorted(ZONES))
def test_the_columns_that_rules_read_are_named_with_what_they_hold(key: str) -> None:
    spec = CATALOGUE.spec(key)
    read = {c for r in spec.rules.values() for c in (*r.columns(), *r.number_columns())}
    assert read == set(spec.columns)
    assert set(spec.aliases) <= set(spec.columns)


def test_severities_and_scopes_are_those_of_the_facts() -> None:
    told = {key: (RULES[key].severity, RULES[key].scope) for key in RULES}
    expected = {
        "natura2000": ("zeer hard", "alle"),
        "natura2000_250m": ("middel", "alle"),
        "natura2000_1km": ("middel", "zacht"),
        "nnn": ("hard", "zacht"),
        "spuitzones": ("middel", "alle"),
        "spuitzones_planologisch": ("zacht", "alle"),
        "geitenhouderijen": ("middel", "alle"),
        "geitenhouderijen_500m": ("middel", "alle"),
        "geitenhouderijen_2km": ("zacht", "alle"),
        "waterwingebied": ("hard", "zacht"),
        "grondwaterbescherming": ("zacht", "zacht"),
        "lib_schiphol": ("zeer hard", "alle"),
        "lib_schiphol_lib4": ("hard", "alle"),
        "lib_schiphol_lib5": ("middel", "alle"),
        "plaatsgebonden_risico": ("zeer hard", "alle"),
        "buisleidingen": ("hard", "alle"),
        "hoogspanning": ("middel", "alle"),
        "geur": ("middel", "alle"),
        "bedrijven": ("middel", "alle"),
        "stiltegebied": ("zacht", "zacht"),
        "militair": ("zeer hard", "zacht"),
        "kustfundament": ("zeer hard", "zacht"),
        "rivierbed": ("hard", "zacht"),
        # Holds inside hard plans too: PBL says so.
        "reservering_rivier": ("middel", "alle"),
        "waterkering_regionaal": ("middel", "zacht"),
    }
    assert {key: told[key] for key in expected} == expected


def test_only_rules_whose_source_says_so_exempt_hard_plans() -> None:
    for key, rule in RULES.items():
        if rule.scope != "alle" and isinstance(rule, Rule):
            assert "harde plan" in rule.source, key


def test_the_bands_around_nature_are_off_until_asked_for() -> None:
    assert [key for key in sorted(RULES) if not RULES[key].on and key.split("_")[0] in {
        "natura2000", "geitenhouderijen", "bedrijven"}] == [
        *("bedrijven_pbl", "natura2000_1km", "natura2000_250m"),
    ]  # fmt: skip


@pytest.mark.parametrize("key", sorted(ZONES - {"spuitzones"}))
def test_every_layer_can_be_read_and_judged_and_unsure_rules_warn(key: str, sites: Make) -> None:
    """A feature on the site, with the first value that each rule knows."""
    spec = CATALOGUE.spec(key)
    columns: dict[str, Sequence[object]] = {}
    for rule in spec.rules.values():
        assert isinstance(rule, Rule)
        columns |= {c: [80] for c in rule.number_columns()}
        columns |= {c: [v[0]] for c, v in (rule.where or {}).items() if c not in columns}
    feature = frame([block(-10, -10, 120, 120)], **columns)
    layer = woongeo.read_layer(key, feature, coverage=PAGE)
    places = sites([block(0, 0), block(10_000, 0)])
    unsure = [r for r in layer.active().values() if r.certainty != "bron"]
    with warnings.catch_warnings(record=True) as voiced:
        warnings.simplefilter("always")
        done = woongeo.screen(places, [layer], on=DAY)
    assert any(issubclass(w.category, UncertainRuleWarning) for w in voiced) == bool(unsure)
    # Something takes it, if only by one of the layer's rules; far away nothing does.
    if not all(r.leave_out_own_ground for r in spec.rules.values() if isinstance(r, Rule)):
        assert done.locaties["oordeel"].tolist() == ["belemmerd", "vrij"]


def test_overlap_up_to_the_tolerance_is_no_hindrance(sites: Make) -> None:
    """Squares of 1 ha: 100 m² is 1 %, and neither is exceeded; 101 m² exceeds both."""
    places = sites([block(0, 0), block(1_000, 0)])
    nature = frame([block(99, 0), block(1_000, -100, 100, 101.01)])
    assert verdicts(screened(places, "nnn", nature), "nnn") == ["vrij", "belemmerd"]


def test_nature_of_the_province_does_not_stop_hard_plans_and_a_river_reservation_does(
    sites: Make,
) -> None:
    places = sites([block(0, 0)] * 1 + [block(200, 0)], planstatus=["1A", "3"])
    area = frame([block(0, 0, 400, 100)])
    assert verdicts(screened(places, "nnn", area), "nnn") == ["vrij", "belemmerd"]
    done = screened(places, "reservering_rivier", area)
    assert verdicts(done, "reservering_rivier") == ["belemmerd", "belemmerd"]


# --- goat farms


def test_each_band_ends_at_its_exact_distance(sites: Make) -> None:
    """Sites 1 mm inside and 1 mm outside each band around a stable."""
    farm = frame([point(0)])
    gaps = [d + e for d in (500, 1_000, 2_000) for e in (-0.001, 0.001)]
    places = sites([block(gap, 0, 10, 100) for gap in gaps[:1]])
    for gap, near, middle, far in zip(
        gaps,
        (True, False, False, False, False, False),
        (True, True, True, False, False, False),
        (True, True, True, True, True, False),
        strict=True,
    ):
        places = sites([block(gap, 0, 10, 100)])
        done = screened(places, "geitenhouderijen", farm)
        row = done.locaties.iloc[0]
        assert (row["geitenhouderijen_500m_oordeel"] == "belemmerd") is near
        assert (row["geitenhouderijen_oordeel"] == "belemmerd") is middle
        assert (row["geitenhouderijen_2km_oordeel"] == "belemmerd") is far
        assert row["geitenhouderijen_afstand_m"] == pytest.approx(gap, abs=1e-6)


def test_only_farms_from_the_threshold_on_count_and_those_without_a_number(sites: Make) -> None:
    """49 goats, 50, no number, and 1,200 as the Dutch write it, each 100 m from a site."""
    farms = frame(
        [point(-100), point(4_900), point(9_900), point(14_900)],
        naam=["hobby", "boer", "onbekend", "groot"],
        aantal_dieren=["49", "50", None, "1.200"],
    )
    places = sites([block(x, 0) for x in (0, 5_000, 10_000, 15_000)])
    done = screened(places, "geitenhouderijen", farms)
    assert verdicts(done, "geitenhouderijen") == ["vrij", "belemmerd", "belemmerd", "belemmerd"]
    assert done.locaties["geitenhouderijen_objecten"].tolist() == [
        *("", "2 boer", "3 onbekend", "4 groot"),
    ]


def test_without_a_column_of_animals_every_farm_counts(sites: Make) -> None:
    done = screened(sites([block(0, 0)]), "geitenhouderijen", frame([point(-100)]))
    assert verdicts(done, "geitenhouderijen") == ["belemmerd"]


def test_farms_come_from_excel_with_a_threshold_of_the_users(tmp_path: Path, sites: Make) -> None:
    table = pd.DataFrame(
        {
            "bedrijfsnaam": ["a", "b"],
            "x": [EAST - 100, EAST + 4_900],
            "y": [NORTH + 50] * 2,
            "aantal geiten": [40, 300],
        }
    )
    path = write_sheets(tmp_path / "bedrijven.xlsx", {"Blad1": table})
    places = sites([block(0, 0), block(5_000, 0)])
    layer = woongeo.read_layer("geitenhouderijen", path, coverage=PAGE)
    done = woongeo.screen(places, [layer], on=DAY)
    assert verdicts(done, "geitenhouderijen") == ["vrij", "belemmerd"]
    stricter = woongeo.read_geitenhouderijen(path, coverage=PAGE, least_animals=10)
    done = woongeo.screen(places, [stricter], on=DAY)
    assert verdicts(done, "geitenhouderijen") == ["belemmerd", "belemmerd"]
    rule = stricter.rule
    assert isinstance(rule, Rule)
    assert "aangepast door de gebruiker" in rule.source
    assert "10 of meer" in rule.in_words()


def test_farms_in_a_csv_of_a_dutch_excel_need_an_encoding(tmp_path: Path) -> None:
    """Windows-1252: é is one byte, which is no UTF-8."""
    path = tmp_path / "bedrijven.csv"
    text = f"naam;x;y;dieren\nDe Geït;{EAST};{NORTH};1200\n"
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(FileError, match="geef encoding= op") as caught:
        woongeo.read_geitenhouderijen(path, coverage=PAGE)
    assert "read_geitenhouderijen" not in str(caught.value)
    layer = woongeo.read_geitenhouderijen(path, coverage=PAGE, encoding="cp1252")
    assert layer.features["object_naam"].tolist() == ["De Geït"]
    # Who comes by the general door is still told of the other.
    with pytest.raises(FileError, match="leest read_geitenhouderijen"):
        woongeo.read_layer("geitenhouderijen", path, coverage=PAGE)


PROVINCES = frame(
    [block(-20_000, -20_000, 30_000, 40_000), block(10_000, -20_000, 30_000, 40_000)],
    naam=["Westland", "Oostland"],
)


def test_outside_the_provinces_that_are_whole_nothing_is_known(sites: Make) -> None:
    """The border runs at 10 km: a site 1 km west of it is known to 500 m and not to 2 km."""
    layer = woongeo.read_geitenhouderijen(
        frame([point(-100)]), provinces=PROVINCES, covered=["Westland"]
    )
    places = sites([block(0, 0), block(5_000, 0), block(8_900, 0), block(15_000, 0)])
    done = woongeo.screen(places, [layer], on=DAY)
    assert verdicts(done, "geitenhouderijen_500m") == ["belemmerd", "vrij", "vrij", "onbekend"]
    assert verdicts(done, "geitenhouderijen") == ["belemmerd", "vrij", "vrij", "onbekend"]
    assert verdicts(done, "geitenhouderijen_2km") == ["belemmerd", "vrij", "onbekend", "onbekend"]
    assert layer.coverage.description == "volledig in Westland"


def test_where_all_provinces_are_in_the_file_the_country_has_no_edge() -> None:
    strips = frame(
        [block(-20_000 + 3_000 * i, 0, 3_000, 9_000) for i in range(12)],
        provincie=[f"P{i}" for i in range(12)],
    )
    shape = woongeo.coverage_by_region(strips, ["P0", "P1"]).geometry
    assert shape is not None
    # 5 km over the border to the west, north and south; not a step into P2.
    assert shapely.contains(shape[0], block(-24_000, 1_000, 9_900, 7_000))
    assert shapely.area(shapely.intersection(shape[0], block(-14_000, 0, 3_000, 9_000))) == 0


def test_regions_that_differ_by_their_addition_only_are_not_each_other() -> None:
    """Bergen (L.) lies at 0 and Bergen (NH.) at 5 km: one says nothing of the other."""
    both = woongeo.read_regions(
        "gemeente",
        frame([block(0, 0), block(5_000, 0)], naam=["Bergen (L.)", "Bergen (NH.)"]),
        name_column="naam",
    )
    for name, x in (("Bergen (L.)", 0), ("bergen (nh)", 5_000)):
        shape = woongeo.coverage_by_region(both, [name]).geometry
        assert shape is not None
        assert shape[0].equals(block(x, 0))
    assert woongeo.coverage_by_region(both, ["Bergen (L)", "Bergen (NH.)"]).geometry is not None
    why = r"'Bergen' kan 'Bergen \(L\.\)' of 'Bergen \(NH\.\)' zijn; kies uit"
    with pytest.raises(LayerError, match=why):
        woongeo.coverage_by_region(both, ["Bergen"])
    with pytest.raises(LayerError, match=r"'Bergen \(Gld\)' bestaat niet"):
        woongeo.coverage_by_region(both, ["Bergen (Gld)"])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"covered": ["Westland"]}, "geef met provinces"),
        ({"covered": ["Zuidland"], "provinces": PROVINCES}, "'Zuidland' bestaat niet; kies uit"),
        ({"covered": ["Westland"], "provinces": PROVINCES, "coverage": PAGE}, "niet beide"),
    ],
)
def test_a_coverage_that_contradicts_itself_is_refused(options: Any, why: str) -> None:
    with pytest.raises(LayerError, match=why):
        woongeo.read_geitenhouderijen(frame([point(0)]), **options)


# --- widths of their own, classes and contours


def line(x: float) -> shapely.LineString:
    """Draw a line from south to north."""
    return shapely.LineString([(EAST + x, NORTH - 500), (EAST + x, NORTH + 600)])


def test_a_power_line_has_its_own_zone_and_one_without_gives_onbekend(sites: Make) -> None:
    """Each site lies 60 m east of a line: of 80 m, of 50 m, and of one that nobody measured."""
    lines = frame([line(-60), line(2_940), line(5_940)], rekenafstand=[80, 50, None])
    places = sites([block(0, 0), block(3_000, 0), block(6_000, 0), block(9_000, 0)])
    done = screened(places, "hoogspanning", lines)
    assert verdicts(done, "hoogspanning") == ["belemmerd", "vrij", "onbekend", "vrij"]
    assert done.locaties["hoogspanning_overlap_m2"].tolist()[:2] == pytest.approx([2_000, 0])
    with pytest.raises(ColumnError, match="leest de kolom 'rekenafstand'"):
        screened(places, "hoogspanning", lines.drop(columns="rekenafstand"))


def test_pipelines_reach_five_metres_and_natural_gas_four(sites: Make) -> None:
    """Sites 4.5 m from each pipeline."""
    pipes = frame([line(-4.5), line(995.5), line(1_995.5)], strook_m=[None, 4, 5])
    places = sites([block(0, 0), block(1_000, 0), block(2_000, 0)])
    done = screened(places, "buisleidingen", pipes)
    assert verdicts(done, "buisleidingen") == ["belemmerd", "vrij", "belemmerd"]
    plain = screened(places, "buisleidingen", pipes.drop(columns="strook_m"))
    assert verdicts(plain, "buisleidingen") == ["belemmerd"] * 3


@pytest.mark.parametrize(
    ("category", "metres", "key"),
    [
        ("2", 30, "bedrijven"),
        ("3.1", 50, "bedrijven"),
        ("3.2", 100, "bedrijven"),
        ("4.1", 200, "bedrijven"),
        ("4.2", 300, "bedrijven"),
        ("5.1", 500, "bedrijven"),
        ("1", 10, "bedrijven_overig"),
        ("6", 1_500, "bedrijven_overig"),
    ],
)
def test_a_company_reaches_as_far_as_its_category(
    sites: Make, category: str, metres: float, key: str
) -> None:
    company = frame([block(0, 0)], categorie=[category])
    places = sites([block(100 + metres, 0), block(-100.001 - metres, 0)])
    done = screened(places, "bedrijven", company)
    assert verdicts(done, key) == ["belemmerd", "vrij"]
    other = "bedrijven" if key == "bedrijven_overig" else "bedrijven_overig"
    assert verdicts(done, other) == ["vrij", "vrij"]


def test_a_company_of_an_unknown_category_is_no_reason_for_vrij(sites: Make) -> None:
    company = frame([block(0, 0), block(9_000, 0)], milieucategorie=["7", "3.1"])
    done = screened(sites([block(110, 0), block(9_110, 0)]), "bedrijven", company)
    assert verdicts(done, "bedrijven") == ["onbekend", "belemmerd"]
    assert "niet bekend of het telt" in done.treffers["reden"][0]


def test_the_other_scheme_is_there_when_asked_for(sites: Make) -> None:
    company = frame([block(0, 0)], milieucategorie=["3.1"])
    layer = woongeo.read_layer("bedrijven", company, coverage=PAGE).turned_on("pbl")
    with pytest.warns(UncertainRuleWarning):
        done = woongeo.screen(sites([block(250, 0)]), [layer], on=DAY)
    assert verdicts(done, "bedrijven") == ["vrij"]
    assert verdicts(done, "bedrijven_pbl") == ["belemmerd"]


def test_zones_of_schiphol_weigh_as_the_law_does(sites: Make) -> None:
    zones = frame(
        [block(1_000 * i, 0) for i in range(6)], zone=["1", "LIB 3", "lib4", "LIB 5", "6", ""]
    )
    places = sites([block(1_000 * i, 0) for i in range(7)])
    done = screened(places, "lib_schiphol", zones)
    assert done.locaties["zwaarte"].tolist() == [
        *("zeer hard", "zeer hard", "hard", "middel", "", "", ""),
    ]
    # A zone that the besluit does not know is no reason for vrij.
    assert done.locaties["oordeel"].tolist() == [
        *("belemmerd", "belemmerd", "belemmerd", "belemmerd", "onbekend", "onbekend", "vrij"),
    ]


def test_noise_counts_from_its_limit_on(sites: Make) -> None:
    contours = frame([block(1_000 * i, 0) for i in range(4)], lden=[45, 50, 60, None])
    places = sites([block(1_000 * i, 0) for i in range(5)])
    done = screened(places, "geluid_rijksweg", contours)
    # A contour that does not say how loud it is, is no reason for belemmerd or vrij.
    assert verdicts(done, "geluid_rijksweg") == ["vrij", "vrij", "belemmerd", "onbekend", "vrij"]
    assert verdicts(done, "geluid_rijksweg_standaard") == [
        *("vrij", "belemmerd", "belemmerd", "onbekend", "vrij"),
    ]


def test_contours_without_any_number_are_refused() -> None:
    with pytest.raises(ColumnError, match="leest de kolom 'lden'"):
        woongeo.read_layer("geluid_spoor", frame([block(0, 0)]), coverage=PAGE)


def test_attention_areas_and_classes_of_water_and_soil_weigh_by_kind(sites: Make) -> None:
    areas = frame([block(1_000 * i, 0) for i in range(3)], soort=["Brand", "gifwolk", "overig"])
    places = sites([block(1_000 * i, 0) for i in range(3)])
    done = screened(places, "aandachtsgebieden", areas)
    assert done.locaties["zwaarte"].tolist() == ["middel", "zacht", ""]
    assert done.locaties["oordeel"].tolist() == ["belemmerd", "belemmerd", "onbekend"]
    soil = frame([block(1_000 * i, 0) for i in range(5)], klasse=list("0BCDE"))
    places = sites([block(1_000 * i, 0) for i in range(5)])
    done = screened(places, "water_en_bodem", soil)
    assert done.locaties["zwaarte"].tolist() == ["", "zacht", "middel", "hard", ""]
    assert done.locaties["oordeel"].tolist()[-1] == "onbekend"


def test_odour_reaches_a_hundred_metres_or_as_far_as_the_file_says(sites: Make) -> None:
    farms = frame([block(0, 0), block(2_000, 0)], afstand=[50, None])
    places = sites([block(180, 0), block(2_180, 0)])
    done = screened(places, "geur", farms)
    assert verdicts(done, "geur") == ["vrij", "belemmerd"]


def test_an_incomplete_file_of_the_country_gives_onbekend(sites: Make) -> None:
    with pytest.warns(UnknownResultWarning, match=r"telt 1 object en .*minstens 40\.000"):
        layer = woongeo.read_layer("nnn", frame([block(0, 0)]))
    done = woongeo.screen(sites([block(0, 0), block(5_000, 0)]), [layer], on=DAY)
    assert verdicts(done, "nnn") == ["belemmerd", "onbekend"]


def test_a_new_distance_for_one_run_holds_for_all_features(sites: Make) -> None:
    lines = frame([line(-60)], rekenafstand=[80])
    layer = woongeo.read_layer("hoogspanning", lines, coverage=PAGE)
    rule = layer.rule
    assert isinstance(rule, Rule)
    done = woongeo.screen(
        sites([block(0, 0)]), [layer], rules={"hoogspanning": rule.changed(within_m=30)}, on=DAY
    )
    assert verdicts(done, "hoogspanning") == ["vrij"]


def test_keys_of_verdicts_fit_in_a_column_name() -> None:
    keys = [verdict_key(spec.key, name) for spec in CATALOGUE for name in spec.rules]
    assert len(keys) == len(set(keys))
    assert max(map(len, keys)) <= 40


@pytest.mark.real
def test_real_provinces_say_where_a_list_of_farms_is_whole(real_data: Path) -> None:
    """Near Tilburg, near Maastricht, and in Brabant 307 m from Belgium."""
    provinces = real_data / "gebieden" / "cbs_provincies_2022_rd.gpkg"
    farm = woongeo.read_geitenhouderijen(
        points_at([(150_000, 400_000)]), provinces=provinces, covered=["Noord-Brabant"]
    )
    squares = [shapely.box(x, y, x + 100, y + 100) for x, y in (
        (135_000, 397_000), (178_000, 320_000), (104_000, 382_500))]  # fmt: skip
    given = gpd.GeoDataFrame(
        {"plan_id": list("abc"), "woningen": [1] * 3, "planstatus": ["3"] * 3},
        geometry=squares,
        crs="EPSG:28992",
    )
    done = woongeo.screen(woongeo.read_locations(given), [farm], on=DAY)
    assert verdicts(done, "geitenhouderijen_2km") == ["vrij", "onbekend", "vrij"]


def points_at(places: Sequence[tuple[float, float]]) -> gpd.GeoDataFrame:
    """Put points in a frame."""
    return gpd.GeoDataFrame(geometry=[shapely.Point(*p) for p in places], crs="EPSG:28992")


def test_a_reason_says_how_far_the_object_reaches(sites: Make) -> None:
    """A line 60 m west that reaches 80 m; one 40 m east of the second plan that reaches 50 m."""
    lines = frame([line(-60), line(1_140), line(960)], rekenafstand=[80, 50, 45])
    done = screened(sites([block(0, 0), block(1_000, 0)]), "hoogspanning", lines)
    assert done.treffers["reden"].tolist() == [
        "ligt op 60 m, binnen de afstand van het object (80 m); zone beslaat 2.000 m² (20 %)",
        "ligt op 40 m, binnen de afstand van het object (45 tot 50 m); zone beslaat 1.500 m² (15 %)",  # noqa: E501
    ]


def test_provinces_are_known_whatever_their_case(sites: Make) -> None:
    provinces = frame([block(-500, -500, 9_000, 9_000)], provincie=["Fryslân"])
    for covered in ("fryslan", ["FRYSLÂN"]):
        layer = woongeo.read_geitenhouderijen(
            frame([point(8_000, 8_000)]), provinces=provinces, covered=covered
        )
        assert layer.coverage.description == "volledig in Fryslân"
        done = woongeo.screen(sites([block(3_000, 3_000)]), [layer], on=DAY)
        assert done.locaties["oordeel"].tolist() == ["vrij"]
