"""Layers: shapes, and where their absence means something."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.catalogue import default_rule
from woongeo.errors import (
    ColumnError,
    FileError,
    ImplausibleCrsError,
    LayerError,
    MissingCrsError,
    RepairedGeometryWarning,
    UnknownResultWarning,
    WoongeoWarning,
)
from woongeo.layers import Coverage, missing_layer, read_coverage, read_layer
from woongeo.sources import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 100, NORTH), (EAST, NORTH + 100)]
)


def read(key: str, given: gpd.GeoDataFrame, **options: Any) -> woongeo.Layer:
    """Read a layer whose doubts are looked at afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return read_layer(key, given, **options)


# --- features


@pytest.mark.parametrize(
    ("columns", "ids", "names"),
    [
        ({"nr": [1.0, 57.0], "naam_n2k": ["Waddenzee", None]}, ["1", "57"], ["Waddenzee", ""]),
        (
            {"statcode": ["GM0363", "GM0034"], "statnaam": ["a", "b"]},
            ["GM0363", "GM0034"],
            ["a", "b"],
        ),
        ({"kleur": ["rood", "groen"]}, ["1", "2"], ["", ""]),
    ],
)
def test_features_have_the_ids_and_names_of_the_file_in_its_order(
    columns: dict[str, list[object]], ids: list[str], names: list[str]
) -> None:
    layer = read_layer("x", frame([block(0, 0), block(200, 0)], **columns))
    assert list(layer.features.columns) == ["object_id", "object_naam", "geometry"]
    assert layer.features["object_id"].tolist() == ids
    assert layer.features["object_naam"].tolist() == names
    assert layer.features.geometry.area.tolist() == [10_000, 10_000]
    assert layer.features.crs == "EPSG:28992"


def test_ids_and_names_can_be_given_and_must_exist() -> None:
    given = frame([block(0, 0)], nr=[1], kode=["K"], titel=["T"], label=["L"])
    layer = read_layer("x", given, id_column="kode", name_column="label")
    assert layer.features.iloc[0, :2].tolist() == ["K", "L"]
    with pytest.raises(ColumnError, match="wel: nr, kode, titel, label"):
        read_layer("x", given, id_column="code")


def test_lines_and_points_are_features_too() -> None:
    shapes = [shapely.Point(EAST, NORTH), shapely.LineString([(EAST, NORTH), (EAST, NORTH + 9)])]
    layer = read_layer("x", frame(shapes))
    assert layer.features.geometry.tolist() == shapes
    assert not layer.incomplete


def test_a_layer_in_degrees_comes_to_rd_and_one_with_a_wrong_label_is_refused() -> None:
    given = frame([block(0, 0)])
    layer = read_layer("x", given.to_crs(4326))
    assert layer.features.geometry.area[0] == pytest.approx(10_000, rel=1e-3)
    assert layer.source is not None
    assert layer.source.conversion.accuracy_m == 1
    with pytest.raises(ImplausibleCrsError):
        read_layer("x", given.set_crs(4326, allow_override=True))


# --- what is not whole


def test_a_repair_is_voiced_and_reported() -> None:
    with pytest.warns(RepairedGeometryWarning, match=r"1 vlak hersteld \(samen 5.000 m²"):
        layer = read_layer("x", frame([BOW_TIE, block(200, 0)], nr=[7, 8]))
    assert layer.features.geometry.area.tolist() == [5_000, 10_000]
    [line] = layer.report.table.itertuples()
    assert (line.object_id, line.controle, line.waarde) == ("7", "geometrie hersteld", 5_000)
    assert not layer.incomplete


BROKEN = {
    "geen vlak": None,
    "leeg": shapely.Polygon(),
    # Degrees among metres: the rest of the file is right, this one would vanish off the map.
    "graden": shapely.box(4.6, 52.3, 4.7, 52.4),
    "vlak met losse lijn": shapely.GeometryCollection(
        [block(0, 0), shapely.LineString([(EAST, NORTH), (EAST + 9_000, NORTH)])]
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_feature_that_cannot_be_used_makes_absence_mean_nothing(
    broken: shapely.Geometry | None,
) -> None:
    given = frame([block(0, 0), broken, block(500, 0)], nr=[1, 2, 3])
    with pytest.warns(UnknownResultWarning, match="1 van de 3 objecten in de laag is onleesbaar"):
        layer = read_layer("x", given, coverage="nederland")
    assert layer.incomplete.startswith("1 van de 3 objecten")
    assert not layer.unknown
    assert {"1", "3"} <= set(layer.features["object_id"])
    [line] = layer.report.of_check("object onbruikbaar").itertuples()
    assert (line.object_id, line.ernst) == ("2", "fout")


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_who_leaves_unreadable_features_out_says_so_and_the_report_still_does(
    broken: shapely.Geometry | None,
) -> None:
    layer = read_layer("x", frame([block(0, 0), broken, block(500, 0)]), ignore_unreadable=True)
    assert not layer.incomplete
    assert len(layer.report.of_check("object onbruikbaar")) == 1


@pytest.mark.parametrize("kind", ["gpkg", "gdb", "parquet", "frame"])
@pytest.mark.parametrize("shape", [None, shapely.Polygon()], ids=["none", "empty"])
def test_a_feature_without_a_shape_may_be_near_any_site(
    tmp_path: Path,
    sites: Callable[..., woongeo.Locations],
    kind: str,
    shape: shapely.Polygon | None,
) -> None:
    # The second stands 9 km away, where nobody looks.
    path = put(frame([shape, block(9_000, 0)], nr=["1", "2"]), tmp_path, kind)
    places = sites([block(0, 0)])
    with pytest.warns(UnknownResultWarning, match="1 van de 1 objecten .* is onleesbaar"):
        layer = read_layer("x", path, coverage="nederland", around=places, reach_m=1_000)
    done = woongeo.screen(places, [layer.with_rule(woongeo.Rule())])
    assert done.locaties["x_oordeel"].tolist() == ["onbekend"]
    assert not done.complete()


# --- only some rows


SOURCES = ["gpkg", "fgb", "parquet", "geojson", "frame"]


def put(given: gpd.GeoDataFrame, folder: Path, kind: str) -> gpd.GeoDataFrame | Path:
    """Write a frame as a kind of file, or leave it as it is."""
    path = folder / f"laag.{kind}"
    if kind == "frame":
        return given
    if kind == "parquet":
        given.to_parquet(path)
    else:
        given.to_file(path, driver=KINDS[f".{kind}"])
    return path


def areas() -> gpd.GeoDataFrame:
    """Draw three areas of two kinds, of which the first lies under the site."""
    shapes = [block(0, 0), block(5_000, 0), block(9_000, 0)]
    soort = ["Waterwingebied ", "boring", "boring"]
    return frame(shapes, soort=soort, vlag=[True, True, True], zone=["i", "ii", "ii"])


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("where", "there"),
    [
        # Letters, another case, and a bool by another name.
        ({"soort": list("boring")}, "'boring', 'Waterwingebied', en niet 'b', 'g', 'i', 'n', "),
        ({"soort": ["waterwingebied"]}, "'Waterwingebied', 'boring', en niet 'waterwingebied'"),
        ({"vlag": [1]}, "'True', en niet '1'"),
        ({"vlag": ["true"]}, "'True', en niet 'true'"),
        # Each is there, and no area is both.
        ({"soort": ["boring"], "zone": ["i"]}, "elke kolom heeft het, en geen object heeft alles"),
    ],
    ids=str,
)
@pytest.mark.parametrize("around", [False, True], ids=["whole", "around"])
def test_asking_for_what_is_not_in_the_file_frees_nobody(
    tmp_path: Path,
    sites: Callable[..., woongeo.Locations],
    kind: str,
    where: dict[str, list[object]],
    there: str,
    *,
    around: bool,
) -> None:
    places = sites([block(0, 0)])
    path = put(areas().to_crs(4326) if kind == "geojson" else areas(), tmp_path, kind)
    near: dict[str, Any] = {"around": places, "reach_m": 1_000} if around else {}
    with pytest.warns(UnknownResultWarning, match="geen object heeft wat in where is gevraagd"):
        layer = read_layer("x", path, coverage="nederland", where=where, **near)
    assert there in layer.unknown
    with pytest.warns(UnknownResultWarning, match="alle oordelen zijn onbekend"):
        done = woongeo.screen(places, [layer.with_rule(woongeo.Rule())])
    assert done.locaties["x_oordeel"].tolist() == ["onbekend"]
    # Who says that none may be right is believed.
    layer = read_layer("x", path, coverage="nederland", where=where, empty_is_free=True, **near)
    assert (len(layer), layer.unknown, layer.incomplete) == (0, "", "")


@pytest.mark.parametrize("kind", SOURCES)
def test_what_is_in_the_file_and_not_near_is_free_here(
    tmp_path: Path, sites: Callable[..., woongeo.Locations], kind: str
) -> None:
    places = sites([block(0, 0)])
    path = put(areas().to_crs(4326) if kind == "geojson" else areas(), tmp_path, kind)
    for where in ({"soort": ["boring"]}, {"soort": ["boring", "iets anders"], "zone": ["ii"]}):
        layer = read_layer(
            "x", path, coverage="nederland", where=where, around=places, reach_m=1_000
        )
        assert (len(layer), layer.unknown, layer.incomplete) == (0, "", "")
        done = woongeo.screen(places, [layer.with_rule(woongeo.Rule())])
        assert done.locaties["x_oordeel"].tolist() == ["vrij"]


@pytest.mark.parametrize("ignore", [False, True])
def test_a_row_that_does_not_say_what_it_is_may_be_what_is_asked(
    sites: Callable[..., woongeo.Locations], *, ignore: bool
) -> None:
    # The site stands on a parcel of an unknown kind; the third has no shape, and might be near.
    given = frame([block(0, 0), block(5_000, 0), None], soort=[None, "fruit", "fruit"])
    told = "1 van de 3 objecten in de laag heeft geen waarde in kolom soort: of het telt is niet"
    broken = "" if ignore else "; 1 van de 3 objecten in de laag is onleesbaar"
    options: dict[str, Any] = {"coverage": "nederland", "ignore_unreadable": ignore}
    with pytest.warns(UnknownResultWarning, match=told):
        layer = read_layer("x", given, where={"soort": ["fruit"]}, **options)
    assert layer.incomplete == f"{told} bekend{broken}"
    places = sites([block(0, 0)])
    done = woongeo.screen(places, [layer.with_rule(woongeo.Rule())])
    assert done.locaties["x_oordeel"].tolist() == ["onbekend"]
    # Who asks for rows without a value has them, and there is no doubt about what they are.
    layer = read("x", given, where={"soort": ["fruit", None]}, **options)
    assert layer.features["object_id"].tolist() == ["1", "2"]
    assert layer.incomplete == broken.removeprefix("; ")


def test_what_can_neither_be_measured_nor_be_known_may_be_left_out() -> None:
    given = frame([None, block(5_000, 0)], soort=[None, "fruit"])
    for ignore, told in ((True, ""), (False, "1 van de 2 objecten in de laag heeft geen waarde")):
        layer = read("x", given, where={"soort": ["fruit"]}, ignore_unreadable=ignore)
        assert layer.incomplete[:48] == told


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("where", [None, {"soort": ["boring"]}])
def test_an_empty_file_of_any_kind_is_said_to_be_empty(
    tmp_path: Path,
    sites: Callable[..., woongeo.Locations],
    kind: str,
    where: dict[str, list[str]] | None,
    *,
    around: bool,
) -> None:
    given = areas().iloc[:0]
    path = put(given.to_crs(4326) if kind == "geojson" else given, tmp_path, kind)
    near: dict[str, Any] = {"around": sites([block(0, 0)])} if around else {}
    # Natura 2000, of which at least 150 are expected.
    layer = read("natura2000", path, where=None if kind == "geojson" else where, **near)
    assert layer.unknown == "laag is leeg, en er is niet gezegd dat dat klopt"
    assert not layer.incomplete


WHERE_NOBODY_IS: dict[str, tuple[Any, type[Exception], str]] = {
    "no system": (
        gpd.GeoDataFrame(geometry=[block(0, 0)]),
        MissingCrsError,
        "het GeoDataFrame van around: er is geen coördinatenstelsel vermeld; gebruik set_crs",
    ),
    "wrong system": (
        gpd.GeoDataFrame(geometry=[shapely.box(4.6, 52.3, 4.7, 52.4)], crs="EPSG:28992"),
        ImplausibleCrsError,
        "het GeoDataFrame van around: de coördinaten passen niet bij EPSG:28992",
    ),
    "no rows": (frame([]), LayerError, "around: er is geen enkel vlak"),
    "no shapes": (frame([None, shapely.Polygon()]), LayerError, "around: er is geen enkel vlak"),
    "no geometry": (gpd.GeoDataFrame({"a": [1]}), LayerError, "geen kolom met geometrie"),
    "a list": ([block(0, 0)], LayerError, "around: geef de locaties van read_locations"),
}


@pytest.mark.parametrize(("around", "error", "told"), WHERE_NOBODY_IS.values(), ids=WHERE_NOBODY_IS)
def test_what_cannot_be_read_around_is_told_in_our_words(
    around: Any, error: type[Exception], told: str
) -> None:
    crops = frame([block(0, 0)], gewascode=[1096], jaar=[2023])
    with pytest.raises(error, match=told):
        read_layer("x", areas(), around=around)
    with pytest.raises(error, match=told):
        woongeo.read_spuitzones(crops, around=around)


def test_a_frame_with_a_column_of_sites_is_a_frame() -> None:
    around = frame([block(0, 0)], sites=["a"])
    assert len(read("x", areas(), around=around, reach_m=1_000)) == 1


def test_of_many_values_some_are_listed_those_that_look_alike_first() -> None:
    # 20 kinds of one area each, but for the seventh, of three.
    kinds = [f"soort {i}" for i in range(20)] + ["soort 7"] * 2
    given = frame([block(200 * i, 0) for i in range(22)], soort=kinds)
    layer = read("x", given, where={"soort": ["SOORT 15"]})
    assert "in kolom soort staat 'soort 15', 'soort 7', 'soort 0', 'soort 1'," in layer.unknown
    assert "'soort 5' en nog 12, en niet 'SOORT 15'" in layer.unknown
    nothing = read("x", frame([block(0, 0)], soort=[None]), where={"soort": ["a"]})
    assert "in kolom soort staat geen waarde, en niet 'a'" in nothing.unknown


@pytest.mark.parametrize("where", [{"soort": "boring"}, {"soort": 1}, {"soort": []}, "soort"])
def test_a_word_is_no_list_of_values(where: Any) -> None:
    with pytest.raises(LayerError, match="where"):
        read_layer("x", areas(), where=where)
    with pytest.raises(LayerError, match="where"):
        woongeo.LayerFile("x", areas(), where=where)
    with pytest.raises(LayerError, match=r"x: where\['soort'\] is 'b'; geef een lijst, .*\['b'\]"):
        read_layer("x", areas(), where={"soort": "b"})


def test_two_layers_of_one_frame_share_no_shape() -> None:
    """They are measured side by side, and GEOS keeps an index in a shape that is asked."""
    given = frame([block(0, 0), shapely.Point(EAST, NORTH)])
    one, other = read("ene", given), read("andere", given)
    of = [given, one.features, other.features]
    assert len({id(shape) for frame_ in of for shape in frame_.geometry}) == 6
    assert one.features.geometry.geom_equals_exact(given.geometry, 0).all()


def test_a_feature_far_out_at_sea_is_whole() -> None:
    doggersbank = shapely.box(-15_000, 840_000, 5_000, 852_887)
    assert not read_layer("x", frame([block(0, 0), doggersbank])).incomplete


@pytest.mark.parametrize("crs", ["EPSG:28992", "EPSG:4326"])
def test_an_empty_layer_means_nothing_unless_it_is_said_to(crs: str) -> None:
    empty = gpd.GeoDataFrame({"nr": []}, geometry=[], crs=crs)
    with pytest.warns(UnknownResultWarning, match="laag is leeg"):
        layer = read_layer("x", empty, coverage="nederland")
    assert layer.unknown.startswith("laag is leeg")
    assert len(layer) == 0
    sure = read_layer("x", empty, coverage="nederland", empty_is_free=True)
    assert (sure.unknown, sure.incomplete) == ("", "")


@pytest.mark.parametrize(
    ("n", "options", "incomplete"),
    [
        (149, {}, True),
        (150, {}, False),
        # Who says where the layer is known may hold an excerpt.
        (3, {"coverage": "eigen gebieden"}, False),
        (3, {"coverage": frame([block(-5_000, -5_000, 20_000, 20_000)])}, False),
    ],
)
def test_a_file_with_too_few_sites_is_not_taken_for_the_whole_country(
    n: int, options: dict[str, Any], *, incomplete: bool
) -> None:
    layer = read("natura2000", frame([block(200 * i, 0) for i in range(n)]), **options)
    assert bool(layer.incomplete) == incomplete
    if incomplete:
        assert "149 objecten en landelijk zijn er minstens 150" in layer.incomplete


# --- coverage


@pytest.mark.parametrize(
    ("key", "nationwide", "words"),
    [
        ("natura2000", True, "landelijk"),
        ("netcongestie", False, "eigen gebieden"),
        # Nothing is known beforehand of another layer: its absence says nothing.
        ("geluid", False, "niet opgegeven"),
    ],
)
def test_the_catalogue_knows_where_a_layer_is_known_and_nothing_more(
    key: str, words: str, *, nationwide: bool
) -> None:
    coverage = read(key, frame([block(0, 0)])).coverage
    assert coverage.nationwide is nationwide
    assert words in coverage.description
    assert (coverage.geometry is None) == (key == "geluid")


@pytest.mark.parametrize("word", ["nederland", " Nederland ", "NEDERLAND"])
def test_the_word_nederland_is_the_whole_country(word: str) -> None:
    coverage = read_coverage(word)
    assert coverage.nationwide
    assert coverage.geometry is not None
    assert shapely.covers(coverage.geometry[0], block(0, 0))


def test_own_areas_are_the_surfaces_of_the_layer_and_nothing_else() -> None:
    shapes = [block(0, 0), shapely.Point(EAST, NORTH)]
    coverage = read_layer("x", frame(shapes), coverage="Eigen Gebieden").coverage
    assert coverage.geometry is not None
    assert coverage.geometry.tolist() == [block(0, 0)]
    assert not coverage.nationwide


def test_a_coverage_of_a_file_keeps_its_source(tmp_path: Path) -> None:
    path = tmp_path / "dekking.geojson"
    frame([block(0, 0, 1_000, 1_000)]).to_file(path)
    layer = read_layer("x", frame([block(0, 0)]), coverage=path)
    assert layer.coverage.source is not None
    assert layer.facts()["dekking_bron"]["bestand"] == str(path)
    assert layer.facts()["dekking"] == f"gebieden uit {path}"


def test_a_coverage_has_its_own_reference_system_whatever_that_of_the_layer() -> None:
    unlabelled = gpd.GeoDataFrame(geometry=[block(0, 0)])
    degrees = frame([block(-500, -500, 2_000, 2_000)]).to_crs(4326)
    layer = read_layer("x", unlabelled, crs=28992, coverage=degrees)
    assert layer.coverage.geometry is not None
    assert shapely.area(layer.coverage.geometry[0]) == pytest.approx(4e6, rel=1e-3)


def test_a_coverage_that_is_given_goes_before_the_catalogue() -> None:
    given = Coverage(None, "onderzocht in drie gemeenten")
    assert read("natura2000", frame([block(0, 0)]), coverage=given).coverage is given


@pytest.mark.parametrize(
    "shapes", [[block(0, 0), None], [shapely.Point(EAST, NORTH)], []], ids=["gat", "punt", "leeg"]
)
def test_a_coverage_with_a_hole_in_what_is_known_is_refused(
    shapes: list[shapely.Geometry | None],
) -> None:
    with pytest.raises(LayerError, match="dekking heeft onbruikbare gebieden"):
        read_coverage(frame(shapes))


def test_a_repaired_coverage_is_voiced() -> None:
    with pytest.warns(RepairedGeometryWarning, match="1 vlak hersteld"):
        read_coverage(frame([BOW_TIE]))


def test_a_coverage_that_is_no_file_and_no_word_is_refused() -> None:
    with pytest.raises(FileError, match="bestaat niet"):
        read_layer("x", frame([block(0, 0)]), coverage="heel nederland")


# --- keys, rules, dates


@pytest.mark.parametrize(
    "key",
    [
        "",
        "Natura2000",
        "2000",
        "_x",
        "a-b",
        "a b",
        "é",
        "a" * 41,
        "vrij",
        "onbekend",
        "belemmerd",
        "totaal",
        "a;b",
    ],
)
def test_a_key_that_cannot_begin_the_name_of_a_column_is_refused(key: str) -> None:
    for make in (
        lambda: default_rule(key),
        lambda: missing_layer(key, reason="weg"),
        lambda: read_layer(key, frame([block(0, 0)])),
    ):
        with pytest.raises(LayerError, match="gebruik een korte naam"):
            make()


def test_a_layer_has_the_rule_and_title_of_the_catalogue_unless_given() -> None:
    layer = read("natura2000", frame([block(0, 0)]))
    assert (layer.title, layer.rule) == ("Natura 2000", default_rule("natura2000"))
    assert layer.rule.severity == "zeer hard"
    assert "Bal" in layer.rule.source
    other = woongeo.Rule(within_m=100)
    layer = read("natura2000", frame([block(0, 0)]), rule=other, title="N2000")
    assert (layer.title, layer.rule) == ("N2000", other)
    assert layer.with_rule(default_rule("x")).rule == woongeo.Rule()


def test_a_layer_of_which_nothing_is_known_beforehand_is_called_by_its_key() -> None:
    layer = read_layer("geluid", frame([block(0, 0)]))
    assert (layer.title, layer.rule) == ("geluid", woongeo.Rule())


@pytest.mark.parametrize(
    ("reason", "said"), [("PDOK gaf fout 500", "PDOK gaf fout 500"), ("", "laag is niet geleverd")]
)
def test_a_missing_layer_says_why_and_knows_nothing(reason: str, said: str) -> None:
    layer = missing_layer("natura2000", reason=reason)
    assert (layer.unknown, len(layer), layer.title) == (said, 0, "Natura 2000")
    assert layer.coverage.geometry is None
    assert layer.facts()["onbekend_omdat"] == said


@pytest.mark.parametrize(
    ("limit", "date", "stale"),
    [
        (None, None, ""),
        (None, dt.date(1990, 1, 1), ""),
        (30, dt.date(2026, 10, 23), ""),
        (30, dt.date(2026, 10, 22), "laag is 31 dagen oud, meer dan 30"),
        (0, dt.date(2026, 11, 22), ""),
        (30, dt.date(2026, 12, 1), ""),
        (30, None, "peildatum van de laag is niet bekend, hoogstens 30 dagen oud gevraagd"),
        (30, dt.datetime(2026, 10, 22, 23, 59), "laag is 31 dagen oud, meer dan 30"),  # noqa: DTZ001
        (30, pd.Timestamp("2026-10-23"), ""),
    ],
)
def test_a_layer_is_too_old_from_the_day_after_its_limit(
    limit: int | None, date: dt.date | None, stale: str
) -> None:
    rule = woongeo.Rule(max_age_days=limit)
    layer = read_layer("x", frame([block(0, 0)]), rule=rule, reference_date=date)
    assert layer.stale(dt.date(2026, 11, 22)) == stale


def test_the_facts_of_a_layer_say_where_it_came_from() -> None:
    facts = read_layer(
        "geluid",
        frame([block(0, 0)]),
        reference_date=dt.date(2026, 5, 15),
        publisher="RIVM",
        licence="CC BY 4.0",
    ).facts()
    assert (facts["uitgever"], facts["licentie"], facts["peildatum"]) == (
        "RIVM",
        "CC BY 4.0",
        "2026-05-15",
    )
    assert facts["bron"]["objecten"] == facts["objecten"] == 1
    assert facts["regels"]["geluid"]["drempel_m2"] == 100
    nothing = missing_layer("geluid", reason="weg").facts()
    assert [nothing[key] for key in ("uitgever", "licentie", "peildatum", "bron")] == [None] * 4


def test_a_layer_in_a_notebook_runs_nothing_of_what_it_shows() -> None:
    shown = read_layer(
        "x", frame([block(0, 0)]), title="<b>{{7*7}}", publisher="${x}"
    )._repr_html_()
    assert "<b>" not in shown
    assert "{{" not in shown
    assert "${" not in shown


# --- the real thing


@pytest.mark.real
def test_natura_2000_as_published_is_repaired_and_covers_the_country(real_data: Path) -> None:
    path = real_data / "natura2000" / "natura2000_160_wgs84_zoals_gepubliceerd.gpkg"
    with pytest.warns(RepairedGeometryWarning, match=": 36 vlakken hersteld"):
        layer = read_layer("natura2000", path)
    assert len(layer) == 160
    assert layer.features.geometry.is_valid.all()
    assert (layer.unknown, layer.incomplete) == ("", "")
    assert layer.report.counts() == {"geometrie hersteld": 36}
    assert layer.coverage.nationwide


@pytest.mark.real
def test_natura_2000_reaches_far_into_the_north_sea(real_data: Path) -> None:
    layer = read_layer("natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg")
    assert len(layer) == 162
    assert len(layer.report) == 0
    assert not layer.incomplete
    assert layer.features.total_bounds[3] == pytest.approx(852_887, abs=1)


@pytest.mark.real
def test_a_site_of_nature_that_lost_its_shape_frees_nobody(
    real_data: Path, tmp_path: Path, sites: Callable[..., woongeo.Locations]
) -> None:
    whole = real_data / "natura2000" / "natura2000_162_rd.gpkg"
    nature = gpd.read_file(whole)
    veluwe = nature["naam"].str.contains("Veluwe").to_numpy()
    spot = nature.geometry[nature["naam"] == "Veluwe"].iloc[0].representative_point()
    places = sites([spot.buffer(50, cap_style="square")])
    lost = tmp_path / "verloren.gpkg"
    nature.set_geometry(nature.geometry.where(~veluwe)).to_file(lost)
    said = []
    for path in (whole, lost):
        layer = read("natura2000", path, around=places)
        said += woongeo.screen(places, [layer]).locaties["natura2000_oordeel"].tolist()
    assert said == ["belemmerd", "onbekend"]


@pytest.mark.real
def test_congestion_is_known_in_its_own_areas_only(real_data: Path) -> None:
    layer = read(
        "netcongestie", gpd.read_file(real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg")
    )
    assert len(layer) == 945
    assert layer.coverage.geometry is not None
    assert len(layer.coverage.geometry) == 945
    assert not layer.coverage.nationwide


def test_what_another_function_reads_names_that_function(tmp_path: Path) -> None:
    """An analyst tries read_layer first: it says which door is the right one."""
    (tmp_path / "pc6.csv").write_text("postcode;afname\n1011AB;3\n", encoding="utf-8")
    (tmp_path / "cap.csv").write_text("gemeente;stand\nAmsterdam;tekort\n", encoding="utf-8")
    parcels = frame([block(0, 0)], gewascode=[1096], gewas=["appel"])
    for key, source, reader in (
        ("spuitzones", parcels, "read_spuitzones"),
        ("netcongestie", tmp_path / "pc6.csv", "read_netcongestie"),
        ("ambtelijke_capaciteit", tmp_path / "cap.csv", "read_table_layer"),
        ("bodemdaling", tmp_path / "daling.tif", "read_raster_layer"),
    ):
        with pytest.raises(woongeo.WoongeoError, match=reader):
            read_layer(key, source)
    # A file that is not there is just that.
    with pytest.raises(FileError) as caught:
        read_layer("netcongestie", tmp_path / "weg.gpkg")
    assert "read_netcongestie" not in str(caught.value)


def test_every_reader_that_the_catalogue_names_exists() -> None:
    readers = {spec.reader for spec in woongeo.default_catalogue()} - {""}
    assert readers <= {*woongeo.__all__}
    for spec in woongeo.default_catalogue():
        if spec.rules["hoofd"].kind in {"tabel", "raster"}:
            assert spec.reader, spec.key
