"""Spray zones on a page of squares of 100 m, and on real parcels."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.errors import (
    ColumnError,
    DoubtfulLocationWarning,
    LayerError,
    RuleError,
    UnknownResultWarning,
)
from woongeo.gewassen import crop_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DAY = dt.date(2026, 11, 22)
PAGE = frame([block(-20_000, -20_000, 40_000, 40_000)])


def parcels(
    shapes: Sequence[shapely.Geometry | None], codes: Sequence[object], **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Draw crop parcels of 2023."""
    columns = {"jaar": [2023] * len(shapes)} | columns
    return frame(shapes, gewascode=codes, **columns)


def read(given: Any, **options: Any) -> woongeo.Layer:
    """Read spray zones that are known on the whole page."""
    return woongeo.read_spuitzones(given, **({"coverage": PAGE} | options))


def screened(places: woongeo.Locations, layer: woongeo.Layer, **options: Any) -> woongeo.Screening:
    """Screen on a day."""
    return woongeo.screen(places, [layer], on=DAY, **options)


def verdicts(done: woongeo.Screening) -> list[str]:
    """List the verdicts."""
    return list(done.locaties["spuitzones_oordeel"])


# --- the list of crops


def test_no_code_is_in_two_groups_and_none_is_both_sprayed_and_not() -> None:
    crops = crop_list()
    codes = [code for group in crops.groups.values() for code in group.codes]
    assert len(codes) == len(set(codes))
    assert not crops.other & set(codes)


def test_the_groups_are_those_of_the_facts_with_fruit_trees_and_bulbs_on() -> None:
    crops = crop_list()
    assert [key for key, group in crops.groups.items() if group.on] == [
        *("fruit", "boomteelt", "boomteelt_pot", "bollen", "sierteelt"),
    ]
    assert {group.within_m for group in crops.groups.values()} == {50.0}
    assert {1095, 1096, 1097, 1098, 1869, 1870, 1872, 2328} <= crops.groups["fruit"].codes
    assert crops.groups["boomteelt"].codes == {*range(1067, 1081), 796}
    assert crops.groups["boomteelt_pot"].codes == {*range(1081, 1095), 1053}
    assert {997, 1002, 1004, 1054} <= crops.groups["bollen"].codes
    assert {964, 995, 1010, 1040} <= crops.groups["sierteelt"].codes
    assert crops.groups["aardappel"].codes == {2014, 2015, 2016, 2017}
    # A hedge that keeps spray from drifting is no source.
    assert crops.group_of(2618) == ""
    assert crops.group_of(9999) is None


def test_every_group_says_who_says_so() -> None:
    for group in crop_list().groups.values():
        assert group.source
        assert 2015 < group.source_year <= DAY.year


# --- by code, never by name


TRAPS = [
    # code, name, whether it is sprayed as courts mean it
    (2014, "Aardappelen, consumptie", False),
    (1949, "Aardperen", False),
    (426, "Overige groenbemesters, vlinderbloemige-", False),
    (427, "Overige groenbemesters, niet-vlinderbloemige-", False),
    (2797, "Bloemkool, zomer, productie", False),
    (515, "Zonnebloemen", False),
    (2025, "Aardappelen, bestrijdingsmaatregel AM", False),
    (2618, "Windhaag, in een perceel fruitteelt", False),
    (265, "Grasland, blijvend", False),
    (1096, "Appelen. Aangeplant voorafgaande aan lopende seizoen.", True),
    (1098, "Peren. Aangeplant voorafgaande aan lopende seizoen.", True),
    (1869, "Bessen, blauwe", True),
    (1002, "Lelie, bloembollen en -knollen", True),
    (1067, "Bos- en haagplanten, open grond", True),
    (991, "Overige bloemen, overige bloemkwekerijgewassen", True),
]


def test_crops_are_known_by_code_never_by_name(sites: Callable[..., woongeo.Locations]) -> None:
    """Every parcel lies 20 m from a site of its own, 1 km from the next."""
    shapes = [block(1_000 * i, 0) for i in range(len(TRAPS))]
    crops = parcels(
        [block(1_000 * i + 120, 0) for i in range(len(TRAPS))],
        [code for code, _, _ in TRAPS],
        gewas=[name for _, name, _ in TRAPS],
    )
    done = screened(sites(shapes), read(crops))
    expected = ["belemmerd" if sprayed else "vrij" for _, _, sprayed in TRAPS]
    assert verdicts(done) == expected


def test_a_misleading_name_does_not_matter(sites: Callable[..., woongeo.Locations]) -> None:
    crops = parcels([block(120, 0), block(1_120, 0)], [265, 1096], gewas=["Appelen", "Grasland"])
    done = screened(sites([block(0, 0), block(1_000, 0)]), read(crops))
    assert verdicts(done) == ["vrij", "belemmerd"]


def test_a_file_without_codes_is_refused_and_its_names_are_not_tried() -> None:
    crops = frame([block(0, 0)], gewas=["Appelen"], jaar=[2023])
    with pytest.raises(ColumnError, match=r"geen kolom met de gewascode.*code_column.*gewas, jaar"):
        read(crops)
    with pytest.raises(ColumnError, match="geen kolom met de gewascode"):
        read(crops.assign(code=1096), code_column="bestaat niet")
    assert len(read(crops.assign(code=1096), code_column="code")) == 1


@pytest.mark.parametrize("codes", [[1096], ["1096"], [1096.0], [" 1096 "], ["01096"]])
def test_a_code_is_a_number_however_it_is_written(codes: list[object]) -> None:
    assert read(parcels([block(0, 0)], codes)).features["gewasgroep"].tolist() == ["fruit"]


@pytest.mark.parametrize("code", [4242, None, "appel", 1096.5])
def test_near_a_parcel_whose_code_is_not_known_nothing_is_known(
    sites: Callable[..., woongeo.Locations], code: object
) -> None:
    """Sites lie 20 m from the parcel, 60 m from it, and 20 m from it and from an orchard."""
    crops = parcels(
        [block(120, 0), block(2_120, 0), block(2_000, 120)], [code, code, 1096], gewas=[""] * 3
    )
    with pytest.warns(
        UnknownResultWarning, match="2 percelen met een gewascode die niet bekend is"
    ):
        layer = read(crops)
    done = screened(sites([block(0, 0), block(280, 0), block(2_000, 0)]), layer)
    assert verdicts(done) == ["onbekend", "vrij", "belemmerd"]
    assert "niet bekend of het telt" in done.treffers["reden"][0]
    text = layer.report.of_check("gewascode onbekend")["toelichting"].iloc[0]
    assert "not_sprayed" in text


def test_an_unknown_code_may_be_said_not_to_be_sprayed() -> None:
    assert len(read(parcels([block(0, 0)], [4242]), not_sprayed=[4242], coverage=PAGE)) == 0


@pytest.mark.parametrize("codes", [9999, "9999", b"9999", ["x"], [9999.5], [None]])
def test_codes_that_are_not_sprayed_are_a_list_of_numbers(codes: Any) -> None:
    with pytest.raises(LayerError, match="not_sprayed"):
        read(parcels([block(0, 0)], [9999]), not_sprayed=codes)
    for right in ([9999], (9999,), {9999}, np.array([9999]), ["9999"], pd.Series([9999])):
        assert not len(read(parcels([block(0, 0)], [9999]), not_sprayed=right))


@pytest.mark.parametrize("category", ["Grasland", "landschapselement", "Natuurterrein"])
def test_an_unknown_code_of_grass_or_nature_is_not_sprayed(category: str) -> None:
    crops = parcels([block(0, 0)], [4242], category=[category])
    assert len(read(crops)) == 0
    # A category says nothing against a known code.
    assert len(read(crops.assign(gewascode=1096))) == 1


def test_an_unknown_code_of_arable_land_stays_unknown() -> None:
    with pytest.warns(UnknownResultWarning, match=r"4242 \(1\)"):
        layer = read(parcels([block(0, 0)], [4242], category=["Bouwland"]))
    assert layer.features["gewasgroep"].tolist() == ["onbekend"]


# --- groups, widths and years


def test_groups_are_switched_on_and_off() -> None:
    crops = parcels([block(0, 0), block(500, 0), block(900, 0)], [1096, 1004, 2014])
    assert read(crops).features["gewasgroep"].tolist() == ["fruit", "bollen"]
    assert read(crops, groups=["aardappel"]).features["gewascode"].tolist() == ["2014"]
    with pytest.raises(LayerError, match="bloemen bestaat niet; kies uit fruit, fruit_extensief"):
        read(crops, groups=["bloemen"])
    with pytest.raises(LayerError, match="geen groep gegeven"):
        read(crops, groups=[])


def test_each_group_has_its_own_width(sites: Callable[..., woongeo.Locations]) -> None:
    """Sites lie 40 m from apples and 40 m from tulips; apples reach 30 m and tulips 50 m."""
    crops = parcels([block(140, 0), block(1_140, 0)], [1096, 1004])
    layer = read(crops, widths={"fruit": 30})
    done = screened(sites([block(0, 0), block(1_000, 0)]), layer)
    assert verdicts(done) == ["vrij", "belemmerd"]
    assert done.locaties["spuitzones_overlap_m2"].tolist() == pytest.approx([0, 1_000])
    assert read(crops, widths=35).features["spuitafstand_m"].tolist() == [35, 35]


@pytest.mark.parametrize("widths", [0, -5, float("nan"), {"bloemen": 50}, {"fruit": 0}])
def test_a_width_that_makes_no_sense_is_refused(widths: Any) -> None:
    with pytest.raises(LayerError, match="widths: "):
        read(parcels([block(0, 0)], [1096]), widths=widths)


def test_years_are_united_and_each_parcel_keeps_its_own(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """Lilies stood here in 2022 and there in 2023; overlap over the years is counted once."""
    first = frame([block(120, 0)], gewascode=[1002], jaar=[2022])
    second = frame([block(1_120, 0), block(120, 0)], gewascode=[1002, 1004], jaar=[2023, 2023])
    layer = read([first, second])
    assert layer.features["jaar"].tolist() == ["2022", "2023", "2023"]
    assert layer.features["object_id"].tolist() == ["2022/1", "2023/1", "2023/2"]
    assert layer.reference_date == dt.date(2023, 5, 15)
    done = screened(sites([block(0, 0), block(1_000, 0)]), layer)
    assert verdicts(done) == ["belemmerd", "belemmerd"]
    # 50 - 20 = 30 m of 100 m.
    assert done.locaties["spuitzones_overlap_m2"].tolist() == pytest.approx([3_000, 3_000])
    assert done.locaties["spuitzones_objecten"][0] == (
        "2022/1 Bloembollen (1002); 2023/2 Bloembollen (1004)"
    )


def test_the_year_may_come_with_the_file_and_few_years_are_said() -> None:
    without = parcels([block(0, 0)], [1096]).drop(columns="jaar")
    layer = read({2021: without, 2022: without, 2023: without})
    assert layer.features["jaar"].tolist() == ["2021", "2022", "2023"]
    assert "weinig teeltjaren" not in layer.report.counts()
    unknown = read([without, without])
    assert unknown.features["jaar"].tolist() == ["", ""]
    assert unknown.features["object_id"].is_unique
    assert unknown.reference_date is None
    assert {"weinig teeltjaren", "teeltjaar onbekend"} <= set(unknown.report.counts())


# --- own ground


def test_the_strip_is_lost_and_the_rest_is_net(sites: Callable[..., woongeo.Locations]) -> None:
    """A site of 200 by 100 m beside an orchard loses 50 by 100 m and keeps 15,000 m²."""
    done = screened(sites([block(0, 0, 200, 100)]), read(parcels([block(200, 0)], [1096])))
    row = done.locaties.iloc[0]
    assert row["spuitzones_overlap_m2"] == pytest.approx(5_000)
    assert row["spuitzones_netto_m2"] == pytest.approx(15_000)
    assert (row["belemmerd_m2"], row["vrij_m2"]) == (pytest.approx(5_000), pytest.approx(15_000))
    assert row["zwaarte"] == "middel"


def test_a_parcel_inside_the_site_takes_nothing_from_it(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """The orchard lies in the first site; the second lies 20 m from it."""
    places = sites([block(0, 0, 300, 300), block(320, 100)])
    done = screened(places, read(parcels([block(200, 100)], [1096])))
    assert verdicts(done) == ["vrij", "belemmerd"]
    assert done.locaties["spuitzones_netto_m2"].tolist() == pytest.approx([90_000, 7_000])
    assert not done.geraakt["spuitzones"][0]


def test_every_reason_says_that_it_is_actual_use(sites: Callable[..., woongeo.Locations]) -> None:
    done = screened(sites([block(0, 0), block(5_000, 0)]), read(parcels([block(120, 0)], [1096])))
    assert all("feitelijk gebruik: een ondergrens" in reason for reason in done.treffers["reden"])
    assert "feitelijk gebruik" in read(parcels([block(0, 0)], [1096])).report.counts()


@pytest.mark.parametrize(
    ("gap", "verdict"), [(49.999, "belemmerd"), (50, "belemmerd"), (50.001, "vrij")]
)
def test_the_distance_is_exact(
    sites: Callable[..., woongeo.Locations], gap: float, verdict: str
) -> None:
    done = screened(sites([block(0, 0)]), read(parcels([block(100 + gap, 0)], [1096])))
    assert verdicts(done) == [verdict]


# --- what is known where


def test_a_small_file_says_nothing_of_where_there_is_no_parcel(
    sites: Callable[..., woongeo.Locations],
) -> None:
    with pytest.warns(UnknownResultWarning, match="telt 1 perceel en landelijk .* 700000: geef"):
        layer = woongeo.read_spuitzones(parcels([block(120, 0)], [1096]))
    done = screened(sites([block(0, 0), block(5_000, 0)]), layer)
    assert verdicts(done) == ["belemmerd", "onbekend"]


def test_around_reads_near_the_sites_and_says_nothing_of_elsewhere(
    tmp_path: Path, sites: Callable[..., woongeo.Locations]
) -> None:
    crops = parcels([block(120, 0), block(9_120, 0), block(900, 0)], [1096, 1096, 265])
    path = tmp_path / "percelen.gpkg"
    crops.to_file(path)
    places = sites([block(0, 0)])
    layer = read(path, around=places, reach_m=500)
    assert len(layer) == 1
    assert layer.reach_m == 500
    far = sites([block(0, 0), block(9_000, 0)])
    assert verdicts(screened(far, layer)) == ["belemmerd", "onbekend"]
    with pytest.raises(LayerError, match="reach_m is 20"):
        read(path, around=places, reach_m=20)


def test_a_parcel_without_a_shape_may_be_near_any_site(
    tmp_path: Path, sites: Callable[..., woongeo.Locations]
) -> None:
    places = sites([block(0, 0)])
    # Apples without a shape; and grass without one, of which nobody keeps away.
    for code, verdict in ((1096, "onbekend"), (265, "vrij")):
        path = tmp_path / f"{code}.gpkg"
        parcels([None, block(9_120, 0)], [code, 1096]).to_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnknownResultWarning)
            layer = read(path, around=places, reach_m=500)
        assert verdicts(screened(places, layer)) == [verdict]


def test_the_same_parcels_come_from_a_file_whole_or_around(
    tmp_path: Path, sites: Callable[..., woongeo.Locations]
) -> None:
    crops = parcels([block(1_000 * i + 120, 0) for i in range(20)], [1096, 265] * 10)
    path = tmp_path / "percelen.parquet"
    crops.to_parquet(path)
    places = sites([block(2_000 * i, 0) for i in range(5)])
    whole, near = read(path), read(path, around=places)
    one, other = screened(places, whole).locaties, screened(places, near).locaties
    pd.testing.assert_frame_equal(one, other)
    assert len(near) < len(whole) == 10


def test_the_source_names_every_file(tmp_path: Path) -> None:
    paths = []
    for year in (2022, 2023):
        paths.append(tmp_path / f"brp_{year}.gpkg")
        parcels([block(0, 0)], [1096], jaar=[year]).to_file(paths[-1])
    source = read(paths).source
    assert source is not None
    assert [file.name for file in source.files] == ["brp_2022.gpkg", "brp_2023.gpkg"]
    assert source.features == 2
    assert len(source.sha256) == 64


@pytest.mark.parametrize("kind", ["gpkg", "fgb", "parquet", "frame"])
@pytest.mark.parametrize("around", [False, True], ids=["whole", "around"])
@pytest.mark.parametrize("coverage", ["nederland", None])
def test_a_file_without_any_parcel_frees_nobody(
    tmp_path: Path,
    sites: Callable[..., woongeo.Locations],
    kind: str,
    coverage: str | None,
    *,
    around: bool,
) -> None:
    places = sites([block(0, 0), block(5_000, 0)])
    crops = parcels([block(120, 0)], [1096])
    none: Any = crops.iloc[:0]
    if kind != "frame":
        path = tmp_path / f"brp_2022.{kind}"
        none.to_parquet(path) if kind == "parquet" else none.to_file(path)
        none = path
    near: dict[str, Any] = {"around": places} if around else {}
    name = "(in het geheugen)" if kind == "frame" else f"brp_2022.{kind}"
    with pytest.warns(UnknownResultWarning) as voiced:
        layer = read(none, coverage=coverage, **near)
    with pytest.warns(UnknownResultWarning, match="alle oordelen zijn onbekend"):
        done = screened(places, layer)
    assert layer.unknown == f"bestand 1 ({name}) is leeg"
    assert f"Spuitzones (feitelijk gebruik): {layer.unknown}." in [str(w.message) for w in voiced]
    assert verdicts(done) == ["onbekend", "onbekend"]
    # Of another year there are apples, 20 m from the first: only where none are is nothing known.
    with pytest.warns(UnknownResultWarning, match="is leeg"):
        layer = read([crops, none], coverage=coverage, **near)
    done = screened(places, layer)
    assert (layer.unknown, layer.incomplete) == ("", f"bestand 2 ({name}) is leeg")
    assert verdicts(done) == ["belemmerd", "onbekend"]


def test_a_file_without_any_sprayed_parcel_is_not_empty(
    sites: Callable[..., woongeo.Locations],
) -> None:
    layer = read(parcels([block(120, 0)], [265]))
    assert (len(layer), layer.unknown, layer.incomplete) == (0, "", "")
    assert verdicts(screened(sites([block(0, 0)]), layer)) == ["vrij"]


def test_nothing_given_is_refused() -> None:
    with pytest.raises(LayerError, match="geen bestanden"):
        read([])


# --- what the plan allows, and sensitivity


def test_what_a_plan_allows_is_a_layer_of_its_own(
    sites: Callable[..., woongeo.Locations],
) -> None:
    allowed = frame([block(130, 0), block(1_000, 0, 300, 300)])
    with pytest.warns(woongeo.errors.UncertainRuleWarning, match="wat het plan toestaat"):
        done = woongeo.screen(
            sites([block(0, 0), block(1_000, 0, 300, 300)]),
            [woongeo.read_layer("spuitzones_planologisch", allowed, coverage=PAGE)],
            on=DAY,
        )
    assert done.locaties["spuitzones_planologisch_oordeel"].tolist() == ["belemmerd", "vrij"]
    assert done.locaties["spuitzones_planologisch_netto_m2"].tolist() == pytest.approx(
        [8_000, 90_000]
    )
    assert done.locaties["zwaarte"].tolist() == ["zacht", ""]


def test_sensitivity_gives_plans_homes_and_ground_for_each_distance(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """Sites of 1 ha and 10 homes at 10, 30, 60 and 500 m from an orchard 100 m wide."""
    gaps = (10, 30, 60, 500)
    places = sites([block(2_000 * i, 0) for i in range(4)])
    crops = parcels([block(2_000 * i + 100 + gap, 0) for i, gap in enumerate(gaps)], [1096] * 4)
    table = woongeo.sensitivity(places, read(crops), on=DAY)
    assert table["afstand_m"].tolist() == [25, 35, 50, 100]
    assert table["locaties_belemmerd"].tolist() == [1, 2, 2, 3]
    assert table["locaties_vrij"].tolist() == [3, 2, 2, 1]
    assert table["woningen_belemmerd"].tolist() == [10, 20, 20, 30]
    # 100 m high: 15; 25 and 5; 40 and 20; 90, 70 and 40 metres deep.
    assert table["verloren_m2"].tolist() == pytest.approx([1_500, 3_000, 6_000, 20_000])
    assert table["netto_m2"].tolist() == pytest.approx([38_500, 37_000, 34_000, 20_000])


def test_sensitivity_holds_for_any_rule_of_distance(
    sites: Callable[..., woongeo.Locations],
) -> None:
    farm = frame([shapely.Point(EAST, NORTH)], dieren=[300])
    layer = woongeo.read_layer("geitenhouderijen", farm, coverage=PAGE)
    places = sites([block(400, 0), block(900, 0), block(1_900, 0)])
    table = woongeo.sensitivity(places, layer, within_m=(2_000, 500, 1_000), on=DAY)
    assert table["afstand_m"].tolist() == [500, 1_000, 2_000]
    assert table["locaties_belemmerd"].tolist() == [1, 2, 3]
    assert table.columns.tolist() == [
        *("afstand_m", "locaties_belemmerd", "locaties_onbekend", "locaties_vrij"),
        *("woningen_belemmerd", "woningen_onbekend", "woningen_vrij", "verloren_m2", "netto_m2"),
    ]


def test_sensitivity_takes_one_distance_too(sites: Callable[..., woongeo.Locations]) -> None:
    layer = read(parcels([block(120, 0)], [1096]))
    table = woongeo.sensitivity(sites([block(0, 0)]), layer, within_m=35, on=DAY)
    assert table[["afstand_m", "locaties_belemmerd"]].to_numpy().tolist() == [[35, 1]]


@pytest.mark.parametrize("within", [[], [0], [-5, 50], [float("nan")], "35", ["35"], 0])
def test_sensitivity_refuses_distances_that_make_no_sense(
    sites: Callable[..., woongeo.Locations], within: Any
) -> None:
    layer = read(parcels([block(120, 0)], [1096]))
    with pytest.raises(RuleError, match="within_m is"):
        woongeo.sensitivity(sites([block(0, 0)]), layer, within_m=within)


# --- real parcels


@pytest.mark.real
def test_sites_beside_real_sprayed_parcels_are_flagged_by_code(
    real_data: Path, sites: Callable[..., woongeo.Locations]
) -> None:
    path = real_data / "gewassen" / "brpgewaspercelen_100_2023.gpkg"
    all_parcels = gpd.read_file(path)
    # Named by hand from the 100: woods and hedges, pears, and two of avenue trees.
    sprayed = {1067, 1098, 1071, 1072}
    # A square of 60 m beside each parcel, 20 m to the east of its box.
    bounds = all_parcels.bounds.to_numpy()
    squares = [
        shapely.box(east + 20, (south + north) / 2 - 30, east + 80, (south + north) / 2 + 30)
        for _, south, east, north in bounds
    ]
    layer = woongeo.read_spuitzones(path, coverage="nederland")
    assert sorted(layer.features["gewascode"]) == ["1067", "1071", "1072", "1098"]
    assert layer.reference_date == dt.date(2023, 5, 15)
    with warnings.catch_warnings():
        # The squares were laid without a look at each other.
        warnings.simplefilter("ignore", DoubtfulLocationWarning)
        places = sites(squares)
    done = screened(places, layer)
    shapes = all_parcels.geometry[all_parcels["gewascode"].isin(sprayed)]
    near = np.array([shapes.distance(square).min() <= 50 for square in squares])
    assert near.sum() >= 4
    assert (done.locaties["spuitzones_oordeel"] == "belemmerd").tolist() == near.tolist()
    assert done.locaties["spuitzones_overlap_m2"][near].gt(0).all()
