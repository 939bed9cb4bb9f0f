"""The doors to RD New: a wrong label never passes in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from conftest import EAST, NORTH, block
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from woongeo.crs import RD, as_crs, is_rd, near_netherlands, to_rd, to_web_mercator
from woongeo.errors import CrsError, ImplausibleCrsError, InputError, MissingCrsError

if TYPE_CHECKING:
    from pathlib import Path

SITE = block(0, 0)
DEGREES = shapely.box(4.60, 52.30, 4.65, 52.35)
SWAPPED_DEGREES = shapely.box(52.30, 4.60, 52.35, 4.65)
SWAPPED_RD = shapely.box(NORTH, EAST, NORTH + 100, EAST + 100)
NOWHERE = shapely.box(-9e6, -9e6, -8.9e6, -8.9e6)

ESRI_RD = pyproj.CRS.from_epsg(28992).to_wkt("WKT1_ESRI")
ESRI_RD_BY_HAND = (
    'PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["Bessel_1841",'
    '6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Double_Stereographic"],PARAMETER["False_Easting",155000.0],'
    'PARAMETER["False_Northing",463000.0],PARAMETER["Central_Meridian",5.38763888888889],'
    'PARAMETER["Scale_Factor",0.9999079],PARAMETER["Latitude_Of_Origin",52.1561605555556],'
    'UNIT["Meter",1.0]]'
)
PROJ4_RD = (
    "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 "
    "+y_0=463000 +ellps=bessel +towgs84=565.417,50.3319,465.552,-0.398957,0.343988,-1.8774,4.0725 "
    "+units=m +no_defs"
)


def array(*shapes: shapely.Geometry | None) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Put shapes in an array."""
    result = np.empty(len(shapes), dtype=object)
    result[:] = shapes
    return result


def square(x: float, y: float) -> shapely.Polygon:
    """Draw a square so small that it is a point in degrees and in metres."""
    return shapely.box(x - 1e-7, y - 1e-7, x + 1e-7, y + 1e-7)


def away(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure how far points lie from where they should."""
    return np.asarray(shapely.distance(a, b), dtype=float)


@pytest.mark.parametrize("crs", [28992, "EPSG:28992", 7415, ESRI_RD, ESRI_RD_BY_HAND, PROJ4_RD, RD])
def test_rd_new_is_recognised_however_it_is_labelled_and_left_as_it_is(crs: object) -> None:
    assert is_rd(as_crs(crs, what="x"))
    shapes, conversion = to_rd(array(SITE), crs, what="x")
    assert shapely.equals_exact(shapes[0], SITE)
    assert (conversion.operation, conversion.accuracy_m) == ("geen omrekening", 0.0)


@pytest.mark.parametrize("crs", [28991, 4326, 4258, 4289, 3857, 25831, 31370])
def test_what_looks_like_rd_new_and_is_not_is_not_taken_for_it(crs: int) -> None:
    assert not is_rd(as_crs(crs, what="x"))


def test_rd_old_is_moved_by_its_false_origin() -> None:
    # RD Old has its origin in Amersfoort, RD New 155 km west and 463 km south of it.
    old = shapely.box(EAST - 155_000, NORTH - 463_000, EAST - 154_900, NORTH - 462_900)
    shapes, conversion = to_rd(array(old), 28991, what="x")
    assert shapely.equals_exact(shapes[0].normalize(), SITE.normalize(), tolerance=1e-6)
    assert conversion.source == "EPSG:28991"


@pytest.mark.parametrize(
    "crs",
    [4326, 4258, "OGC:CRS84", 4979, 4289, 32631, 25831, 3857, 3035, 23031, 3812],
)
def test_a_site_comes_back_from_any_other_system_within_the_accuracy_that_is_said(
    crs: object,
) -> None:
    there = pyproj.Transformer.from_crs(RD, crs, always_xy=True, allow_ballpark=False)
    elsewhere = shapely.transform(array(SITE), there.transform, interleaved=False)
    shapes, conversion = to_rd(elsewhere, crs, what="x")
    assert conversion.accuracy_m is not None
    assert shapely.hausdorff_distance(shapes[0], SITE) <= max(conversion.accuracy_m, 1e-3)
    assert conversion.accuracy_m <= 2


def test_a_system_with_another_datum_is_not_converted_by_ballpark() -> None:
    # Amersfoort to the Belgian datum without its shift is 126 m off.
    belgian = pyproj.Transformer.from_crs(4258, 31370, always_xy=True, allow_ballpark=False)
    dutch = pyproj.Transformer.from_crs(4258, RD, always_xy=True, allow_ballpark=False)
    lon, lat = 4.65, 51.55
    shapes, conversion = to_rd(array(square(*belgian.transform(lon, lat))), 31370, what="x")
    assert shapely.distance(shapes[0].centroid, shapely.Point(dutch.transform(lon, lat))) < 0.5
    assert conversion.accuracy_m is not None
    assert conversion.accuracy_m < 1


@pytest.mark.parametrize(
    "crs", ["+proj=longlat +ellps=WGS84 +no_defs", 'LOCAL_CS["eigen",UNIT["m",1]]']
)
def test_a_system_that_cannot_be_converted_accurately_is_refused(crs: str) -> None:
    shape = DEGREES if "longlat" in crs else NOWHERE
    with pytest.raises(ImplausibleCrsError, match=r"nauwkeurig naar RD New.*EPSG:28992"):
        to_rd(array(shape), crs, what="x")


WRONG = {
    "geen stelsel, RD": (SITE, None, MissingCrsError, "crs='EPSG:28992'"),
    "geen stelsel, graden": (DEGREES, None, MissingCrsError, "crs='EPSG:4326'"),
    "geen stelsel, omgewisselde graden": (SWAPPED_DEGREES, None, MissingCrsError, "x = lengte"),
    "geen stelsel, omgewisseld RD": (SWAPPED_RD, None, MissingCrsError, "x en y omgewisseld"),
    "graden als RD": (DEGREES, 28992, ImplausibleCrsError, "crs='EPSG:4326'"),
    "graden als RD+NAP": (DEGREES, 7415, ImplausibleCrsError, "crs='EPSG:4326'"),
    "graden als UTM": (DEGREES, 32631, ImplausibleCrsError, "crs='EPSG:4326'"),
    "graden als webmercator": (DEGREES, 3857, ImplausibleCrsError, "crs='EPSG:4326'"),
    "omgewisselde graden als RD": (SWAPPED_DEGREES, 28992, ImplausibleCrsError, "x = lengte"),
    "omgewisselde graden": (SWAPPED_DEGREES, 4326, ImplausibleCrsError, "x = lengte"),
    "omgewisseld RD": (SWAPPED_RD, 28992, ImplausibleCrsError, "eerst x"),
    "RD als graden": (SITE, 4326, ImplausibleCrsError, "crs='EPSG:28992'"),
    "RD als ETRS89": (SITE, 4258, ImplausibleCrsError, "crs='EPSG:28992'"),
    "RD als UTM": (SITE, 32631, ImplausibleCrsError, "crs='EPSG:28992'"),
    "RD als webmercator": (SITE, 3857, ImplausibleCrsError, "crs='EPSG:28992'"),
    # 155 km east and 463 km north is still on the continental shelf.
    "RD als RD Oud": (SITE, 28991, ImplausibleCrsError, "crs='EPSG:28992'"),
    "RD als Lambert": (SITE, 31370, ImplausibleCrsError, "crs='EPSG:28992'"),
    "RD Oud als RD": (block(-155_000, -463_000), 28992, ImplausibleCrsError, "crs="),
    "webmercator als RD": (
        shapely.box(5e5, 6.8e6, 5.1e5, 6.9e6),
        28992,
        ImplausibleCrsError,
        "crs=",
    ),
    "UTM als RD": (shapely.box(6e5, 5.8e6, 6.1e5, 5.9e6), 28992, ImplausibleCrsError, "crs="),
    "Berlijn": (shapely.box(13, 52, 13.1, 52.1), 4326, ImplausibleCrsError, "controleer de bron"),
    "onzin": (SITE, "EPSG:999999", InputError, "'EPSG:28992'"),
    "geen code": (SITE, "stelsel van toen", InputError, "'EPSG:28992'"),
}


@pytest.mark.parametrize(("shape", "crs", "error", "advice"), WRONG.values(), ids=WRONG)
def test_a_wrong_label_is_refused_with_the_file_and_the_remedy(
    shape: shapely.Geometry, crs: object, error: type[InputError], advice: str
) -> None:
    with pytest.raises(error) as caught:
        to_rd(array(shape), crs, what="plannen.gpkg")
    message = str(caught.value)
    assert message.startswith("plannen.gpkg: ")
    assert advice in message
    assert message.endswith(".")


@settings(max_examples=50, deadline=None)
@given(
    st.floats(1_000, 279_000),
    st.floats(301_000, 624_000),
    st.sampled_from([28992, 28991, 4326, 4258, 3857, 32631, 3035]),
    st.sampled_from([28992, 28991, 4326, 3857, 32631, 3035]),
)
def test_no_place_in_the_country_passes_under_another_label_unless_it_stays_where_it_is(
    x: float, y: float, labelled: int, really: int
) -> None:
    there = pyproj.Transformer.from_crs(RD, really, always_xy=True, allow_ballpark=False)
    try:
        shapes, _ = to_rd(array(square(*there.transform(x, y))), labelled, what="x")
    except CrsError:
        assert labelled != really
    else:
        assert shapely.distance(shapes[0].centroid, shapely.Point(x, y)) < 1


# Not RD Old: it has its origin in Amersfoort, so that swapped places lie in the country too.
@settings(max_examples=50, deadline=None)
@given(
    st.floats(1_000, 279_000),
    st.floats(301_000, 624_000),
    st.sampled_from([28992, 4326, 3857, 32631]),
)
def test_swapped_axes_never_pass_on_dutch_soil(x: float, y: float, crs: int) -> None:
    # In RD the square southeast of 250, 420 can be swapped unseen; no land of ours lies in it.
    assume(crs != 28992 or x < 250_000 or y > 420_000)
    there = pyproj.Transformer.from_crs(RD, crs, always_xy=True, allow_ballpark=False)
    with pytest.raises(ImplausibleCrsError):
        to_rd(array(square(*there.transform(x, y)[::-1])), crs, what="x")


def test_natura_2000_far_out_at_sea_is_plausible() -> None:
    doggersbank = shapely.box(-15_000, 840_000, 5_000, 852_887)
    shapes, _ = to_rd(array(doggersbank), 28992, what="x")
    assert shapes[0] is doggersbank
    assert near_netherlands(shapes).all()


def test_one_shape_elsewhere_does_not_make_the_others_implausible() -> None:
    shapes, _ = to_rd(array(SITE, SITE, NOWHERE), 28992, what="x")
    assert near_netherlands(shapes).tolist() == [True, True, False]


def test_missing_and_empty_shapes_stay_what_they_are() -> None:
    shapes, conversion = to_rd(array(None, DEGREES, shapely.Polygon()), 4326, what="x")
    assert shapes[0] is None
    assert shapes[2].is_empty
    assert near_netherlands(shapes).tolist() == [False, True, False]
    assert conversion.accuracy_m == 1


@pytest.mark.parametrize("crs", [28992, 4326])
@pytest.mark.parametrize("shapes", [array(), array(None), array(shapely.Polygon())])
def test_without_any_shape_there_is_nothing_to_convert_and_nothing_wrong(
    shapes: np.ndarray[Any, Any], crs: int
) -> None:
    came, conversion = to_rd(shapes, crs, what="x")
    assert len(came) == len(shapes)
    assert conversion.accuracy_m == 0


def test_a_coordinate_that_is_no_number_does_not_spoil_the_others() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(4.6, 52.3), (float("nan"), 52.3), (4.6, 52.4), (4.6, 52.3)])
    shapes, _ = to_rd(array(broken, DEGREES), 4326, what="x")
    assert np.isnan(shapely.get_coordinates(shapes[0])).any()
    assert np.isfinite(shapely.get_coordinates(shapes[1])).all()


def test_heights_are_kept_so_that_they_can_be_reported() -> None:
    shapes, _ = to_rd(array(shapely.force_3d(DEGREES, 7), DEGREES), 4326, what="x")
    assert shapely.get_coordinates(shapes[0], include_z=True)[:, 2].tolist() == [7] * 5
    assert not shapely.has_z(shapes[1])
    assert shapely.equals(*shapes)


def test_the_shapes_that_are_given_are_not_changed() -> None:
    shapes = array(DEGREES)
    to_rd(shapes, 4326, what="x")
    assert shapes[0] is DEGREES


def test_web_mercator_agrees_with_the_corner_stone_of_the_tiles() -> None:
    # Amersfoort, 5.3876 E 52.1562 N; 111,319.49 m of web mercator to a degree of longitude.
    x, y = to_web_mercator(np.full(2, 155_000.0), np.full(2, 463_000.0))[0]
    assert x == pytest.approx(5.38763888888889 * 111_319.4907932, abs=100)
    assert y == pytest.approx(6_831_000, abs=3_000)


@pytest.mark.real
@pytest.mark.parametrize("crs", ["EPSG:4258", "EPSG:4326", "EPSG:4937"])
def test_ten_thousand_official_points_convert_within_the_accuracy_that_is_said(
    real_data: Path, crs: str
) -> None:
    # Number, latitude, longitude, height, x, y; heights may be lacking ("*") and are not read.
    path = real_data / "validatie" / "Z001_ETRS89andRDNAP.txt"
    points = np.loadtxt(path, usecols=range(6))
    shapes, conversion = to_rd(shapely.points(points[:, [2, 1]]), crs, what="x")
    error = away(shapes, shapely.points(points[:, 4:6]))
    assert len(error) == 10_000
    assert conversion.accuracy_m is not None
    assert error.max() <= conversion.accuracy_m
    # Half of the official points lie at sea, where the grid of RDNAPTRANS matters most.
    assert np.median(error) < 0.05


@pytest.mark.real
def test_addresses_in_degrees_come_to_the_same_addresses_in_rd(real_data: Path) -> None:
    folder = real_data / "validatie"
    degrees = gpd.read_file(folder / "adressen_4326.gpkg")
    metres = gpd.read_file(folder / "adressen_28992.gpkg")
    shapes, conversion = to_rd(degrees.geometry.to_numpy(), degrees.crs, what="x")
    error = away(shapes, metres.geometry.to_numpy())
    assert len(error) == 2_481
    assert conversion.accuracy_m is not None
    assert error.max() < 0.01 < conversion.accuracy_m


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "labelled"),
    [("adressen_28992.gpkg", 4326), ("adressen_4326.gpkg", 28992), ("adressen_28992.gpkg", 28991)],
)
def test_real_addresses_under_the_wrong_label_are_refused(
    real_data: Path, file: str, labelled: int
) -> None:
    shapes = gpd.read_file(real_data / "validatie" / file).geometry.to_numpy()
    with pytest.raises(ImplausibleCrsError):
        to_rd(shapes, labelled, what=file)
