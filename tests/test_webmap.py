"""The map page as text: what it says, what it holds, and that names in it stay names."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import folium
import folium.plugins
import hostile
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from branca.element import Figure
from conftest import EAST, NORTH, block, frame
from hypothesis import given
from hypothesis import strategies as st

import woongeo
from woongeo.errors import LargePageWarning
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import for_audience
from woongeo.webmap import content
from woongeo.webmap import page as page_module
from woongeo.webmap.pack import Pack
from woongeo.webmap.shapes import by_dimension, coverage_edge, simplified, single_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

Sites = "Callable[..., woongeo.Locations]"


def natura(shapes: Sequence[shapely.Geometry], **given: Any) -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    ids = [str(i) for i in range(len(shapes))]
    made = frame(shapes, nr=ids, naam=[f"Gebied {i}" for i in ids])
    given.setdefault("coverage", "nederland")
    return woongeo.read_layer(given.pop("key", "geluid"), made, **given)


def page_of(made: woongeo.ScreeningMap) -> str:
    """Render a map."""
    return made.get_root().render()


@pytest.fixture(scope="module")
def example_screening() -> woongeo.Screening:
    """Screen the embedded example."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        return woongeo.screen(made_up.locations(), made_up.layers(), on=dt.date(2026, 11, 1))


@pytest.fixture(scope="module")
def example_page(example_screening: woongeo.Screening) -> str:
    """Draw the embedded example."""
    return page_of(woongeo.map_screening(example_screening, title="Mijn streek"))


def packed(shapes: Sequence[shapely.Geometry], grid_m: int = 1) -> list[list[list[int]]]:
    """Pack shapes as a page holds them, and unpack them."""
    pack = Pack()
    told = pack.shapes(np.array(shapes), grid_m)
    unpacked: list[list[list[int]]] = hostile.data_of(f'woongeoKaart(x, "{pack.data(told)}")')
    return unpacked


def rings_of(rings: Sequence[Sequence[int]]) -> list[np.ndarray[Any, Any]]:
    """Take rings of web mercator apart in corners."""
    return [np.reshape(ring, (-1, 2)) for ring in rings]


def test_the_page_opens_with_its_title_and_says_that_it_is_a_screening(example_page: str) -> None:
    """The title stands in the tab and above the map, and the sentence on screening below it."""
    assert "<title>Mijn streek</title>" in example_page
    assert f'<h1 class="tekst">Mijn streek</h1><p>{SCREENING}</p>' in example_page
    assert '<html lang="nl">' in example_page


def test_the_legend_counts_the_locations_of_each_verdict(
    example_page: str, example_screening: woongeo.Screening
) -> None:
    """Each verdict stands in the legend with its number of locations."""
    shown = hostile.text(example_page)
    for verdict, count in example_screening.counts().items():
        assert f"{verdict} ({count})" in shown


def test_the_edge_of_what_a_layer_knows_is_drawn_and_explained(
    example_screening: woongeo.Screening, example_page: str
) -> None:
    """Voorbeeldstreek's operator publishes the west: 5 by 4 km, one ring of five corners."""
    everywhere = shapely.box(0, 300_000, 300_000, 650_000)
    edge = coverage_edge(example_screening.layers[1].coverage, everywhere)
    assert shapely.length(edge).tolist() == [pytest.approx(18_000)]
    assert "daarbuiten is haar oordeel onbekend" in example_page
    nationwide = woongeo.read_coverage("nederland")
    assert not len(coverage_edge(nationwide, everywhere))


def test_slivers_between_neighbouring_areas_are_no_edges_and_far_edges_are_not_shown() -> None:
    """Two blocks of 1,000 m with 6 m between: twice 2,006 and twice 1,000 m around it."""
    two = frame([block(0, 0, 1000, 1000), block(1006, 0, 1000, 1000)])
    coverage = woongeo.read_coverage(two)
    whole = coverage_edge(coverage, block(-500, -500, 4000, 4000))
    assert shapely.length(whole).tolist() == [pytest.approx(6_012, abs=1)]
    half = coverage_edge(coverage, block(-500, -500, 1500, 4000))
    assert shapely.length(half).tolist() == [pytest.approx(3_000, abs=1)]
    # Where all that is shown lies within, there is no edge.
    assert not len(coverage_edge(coverage, block(200, 200, 300, 300)))
    assert packed([shapely.LineString(), block(0, 0)])[0] == []


def test_numbers_and_words_travel_as_they_are() -> None:
    """Rounded as asked; what is unknown is null; large, negative and broken numbers too."""
    numbers: dict[str, pd.Series[Any]] = {
        "deel": pd.Series([1.25, float("nan"), -3.5, 0.0]),
        "heel": pd.Series([7.0, 300.0, float("nan"), float("nan")]),
        "groot": pd.Series([3e9, -3e9]),
        "te groot": pd.Series([1e300, float("nan")]),
        "leeg": pd.Series([], dtype=float),
    }
    words = {
        "namen": ["a", "b", "a", "a"],
        "los": ["x", "y"],
        "getallen": ["12", "0", "999999999999999"],
        "geen": ["012", "1.5", "-1"],
        "niets": [],
    }
    pack = Pack()
    told: dict[str, Any] = {k: pack.numbers(v, 1) for k, v in numbers.items()}
    told |= {k: pack.words(v) for k, v in words.items()}
    unpacked = hostile.data_of(f'woongeoKaart(x, "{pack.data(told)}")')
    assert {k: unpacked[k] for k in numbers} == {
        "deel": [1.2, None, -3.5, 0.0],
        "heel": [7, 300, None, None],
        "groot": [3e9, -3e9],
        "te groot": [1e300, None],
        "leeg": [],
    }
    assert {k: unpacked[k] for k in words} == words


@given(st.lists(st.integers(-(2**53), 2**53)))
def test_every_whole_number_travels(numbers: list[int]) -> None:
    """Of any size that a script knows."""
    pack = Pack()
    told = {"rij": pack.row(numbers)}
    assert hostile.data_of(f'woongeoKaart(x, "{pack.data(told)}")') == numbers


def test_very_many_sites_are_simplified_further_and_the_page_says_so(
    sites: Callable[..., woongeo.Locations], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crinkled site of 400 corners, of which a page may hold a hundred here."""
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 150 + np.where(np.arange(400) % 2, 2.5, -2.5)
    ring = np.column_stack([EAST + radius * np.cos(turn), NORTH + radius * np.sin(turn)])
    made = woongeo.screen(sites([shapely.Polygon(ring)]), [natura([block(0, 0)])])
    assert "(locaties 1 m, lagen 5 m;" in hostile.text(page_of(woongeo.map_screening(made)))
    monkeypatch.setattr(content, "_SITE_CORNERS", 100)
    page = page_of(woongeo.map_screening(made))
    assert "(locaties 8 m, lagen 5 m;" in hostile.text(page)
    [rings] = hostile.data_of(page)["locaties"]["vormen"]
    assert sum(map(len, rings)) / 2 <= 100


def test_where_no_location_can_be_drawn_the_map_shows_the_country() -> None:
    """What layers hold around it is on the map; the location is in the tables."""
    plans = frame([block(0, 0), None], plan_id=["A", "B"], woningen=[1, 2], planstatus=["3", "3"])
    plans["vertrouwelijkheid"] = ["Intern bevoegd gezag", "Openbaar"]
    with pytest.warns(woongeo.WoongeoWarning):
        whole = woongeo.screen(woongeo.read_locations(plans), [natura([block(0, 0)])])
    made = for_audience(whole, "openbaar")
    assert made.locaties["locatie_id"].tolist() == ["B"]
    data = hostile.data_of(page_of(woongeo.map_screening(made)))
    [[ring]] = [data["hoeken"][0]]
    assert max(ring[0::2]) - min(ring[0::2]) > 300_000
    assert data["locaties"]["vormen"] == [[]]
    assert len(data["lagen"][0]["vlakken"]) == 1


def test_a_page_that_would_be_too_large_says_so_instead_of_freezing(
    sites: Callable[..., woongeo.Locations], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sites where one is the most: no map, but the reason, the counts and the sources."""
    made = woongeo.screen(sites([block(0, 0), block(500, 0)]), [natura([block(0, 0)])])
    monkeypatch.setattr(page_module, "MOST_SITES", 1)
    with pytest.warns(LargePageWarning, match="2 locaties.*hoogstens 1.*per provincie of gemeente"):
        page = page_of(woongeo.map_screening(made))
    shown = hostile.text(page)
    assert "daarom niet getekend" in shown
    assert "Aantallen" in shown
    assert "Bronnen" in shown
    assert "Zoek een locatie" not in shown
    assert 'woongeoKaart(map_kaart, "")' in page


def test_a_large_page_is_warned_of_with_its_size(
    sites: Callable[..., woongeo.Locations], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning names size, number and what to do; the page says what it is loading."""
    made = woongeo.screen(sites([block(0, 0)]), [natura([block(0, 0)])])
    page = hostile.text(page_of(woongeo.map_screening(made)))
    assert "De kaart wordt geladen: 1 locatie, 1 laag, 0 MB." in page
    monkeypatch.setattr(page_module, "_LARGE_BYTES", 100)
    with pytest.warns(LargePageWarning, match=r"wordt 0 MB groot \(1 locatie, 1 laag\)"):
        woongeo.map_screening(made)


def test_the_legend_names_every_layer_and_background(example_page: str) -> None:
    """Layers stand in the legend by their titles, backgrounds by theirs, and there may be none."""
    for layer in ("natura2000", "netcongestie"):
        assert f'id="laag-{layer}" checked' in example_page
    shown = hostile.text(example_page)
    for title in ("Natura 2000", "Netcongestie (afname)", "Grijs", "Luchtfoto", "Geen"):
        assert title in shown
    grounds = hostile.data_of(example_page)["achtergronden"]
    assert [ground["bron"] for ground in grounds] == [
        "Kaartgegevens © Kadaster",
        "Kaartgegevens © Kadaster",
        "Luchtfoto © Beeldmateriaal.nl",
        "",
    ]


def test_the_tables_tell_what_the_screening_tells(
    example_page: str, example_screening: woongeo.Screening
) -> None:
    """Locations and homes per verdict are those of the screening, per layer and over all."""
    rows = re.findall(
        r'<tr><th scope="row" class="tekst">(.*?)</th>'
        r'<td class="getal">([\d.]+)</td><td class="getal">([\d.]+)</td>'
        r'<td class="getal">([\d.]+)</td></tr>',
        example_page,
    )
    told = [[float(n.replace(".", "")) for n in numbers] for _, *numbers in rows]
    keys = (None, "natura2000", "netcongestie")
    assert told == [
        *(list(example_screening.counts(key).values()) for key in keys),
        *(list(example_screening.homes(key).values()) for key in keys),
    ]
    assert "1 locatie zonder aantal woningen telt niet mee" in hostile.text(example_page)


def test_every_layer_tells_its_date_source_and_rule(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """Date, publisher, licence, file, coverage and rule of a layer stand on the page."""
    dated = natura(
        [block(0, 0)],
        title="Geluidszone",
        reference_date=dt.date(2026, 5, 15),
        publisher="Provincie Voorbeeldland",
        licence="CC BY 4.0",
    )
    bare = natura([block(0, 0)], key="water", coverage=None)
    made = woongeo.screen(sites([block(0, 0)]), [dated, bare])
    shown = hostile.text(page_of(woongeo.map_screening(made)))
    for fact in ("2026-05-15", "Provincie Voorbeeldland", "CC BY 4.0", "landelijk", "niet bekend"):
        assert fact in shown
    assert f"{dated.rule.in_words()} ({dated.rule.severity})" in shown
    assert "afwezigheid van de laag zegt niets" in shown


def test_of_two_rules_on_a_layer_each_has_a_name_for_people(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """Natura 2000 by overlap and within 250 m: no rule is called by its key."""
    ids = {"nr": ["1"], "naam": ["Duin"]}
    given = woongeo.read_layer("natura2000", frame([block(0, 0)], **ids), coverage="nederland")
    near = given.turned_on("250m")
    with pytest.warns(woongeo.errors.UncertainRuleWarning):
        made = woongeo.screen(sites([block(0, 0)]), [near])
    shown = hostile.text(page_of(woongeo.map_screening(made)))
    assert f"regel {near.title}" in shown
    assert "regel binnen 250 m" in shown
    assert "regel natura2000" not in shown


@pytest.mark.parametrize("title", ["", "zone"])
def test_rules_of_one_name_each_tell_their_source(
    sites: Callable[..., woongeo.Locations], title: str
) -> None:
    """Overlap, within 50 m and within 80 m: three rules and three sources, of one name or none."""
    noise = natura([block(0, 0)], title="Geluid", rule=woongeo.Rule(source="wet A", title=title))
    for name, metres, source in (("b", 50, "wet B"), ("c", 80, "wet C")):
        rule = woongeo.Rule(within_m=metres, source=source, title=title)
        noise = noise.with_rule(rule, name=name)
    made = woongeo.screen(sites([block(0, 0)]), [noise])
    assert len({toets.title for toets in made.toetsen}) == 3
    shown = hostile.text(page_of(woongeo.map_screening(made)))
    for toets in made.toetsen:
        assert f"regel {toets.title}" in shown
    for source in ("wet A", "wet B", "wet C"):
        assert source in shown


def test_no_folder_of_whoever_made_the_page_is_on_it(
    example_page: str, example_screening: woongeo.Screening
) -> None:
    """Files are named without the folders that they lie in: a page is passed on."""
    folder = str(woongeo.example().folder)
    assert folder in example_screening.locations.source.path
    assert folder not in example_page
    assert folder not in json.dumps(hostile.data_of(example_page), ensure_ascii=False)
    assert "provincie.geojson" in hostile.text(example_page)


def test_what_a_reader_must_know_first_stands_first(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """An absent layer is announced above everything else, and its checkbox has nothing to show."""
    gone = woongeo.missing_layer("stikstof", reason="de download is mislukt", title="Stikstof")
    with pytest.warns(woongeo.errors.UnknownResultWarning):
        made = woongeo.screen(sites([block(0, 0)]), [natura([block(0, 0)]), gone])
    page = page_of(woongeo.map_screening(made))
    shown = hostile.text(page)
    assert "de download is mislukt" in shown
    assert shown.index("de download is mislukt") < shown.index("Zoek een locatie")
    assert "Stikstof: niets over te zeggen" in shown
    assert 'id="laag-stikstof" disabled' in page


def test_the_facts_of_each_location_are_those_of_the_screening(
    example_page: str, example_screening: woongeo.Screening
) -> None:
    """Names, homes, status, verdicts, areas, reasons, distances and features travel with it."""
    data = hostile.data_of(example_page)
    told, frame_ = data["locaties"], example_screening.locaties
    words = ("vrij", "onbekend", "belemmerd")
    assert told["id"] == frame_["locatie_id"].tolist()
    assert told["naam"] == frame_["naam"].tolist()
    assert told["planstatus"] == frame_["planstatus"].tolist()
    assert told["hardheid"] == frame_["hardheid"].tolist()
    assert [words[o] for o in told["oordeel"]] == frame_["oordeel"].tolist()
    homes = [None if np.isnan(n) else n for n in frame_["woningen"]]
    assert told["woningen"] == homes
    assert None in told["woningen"]
    for layer in data["toetsen"]:
        rows = example_screening.treffers[example_screening.treffers["laag"] == layer["sleutel"]]
        assert [words[o] for o in layer["oordeel"]] == rows["oordeel"].tolist()
        assert [data["teksten"][i] for i in layer["reden"]] == rows["reden"].tolist()
        assert [data["teksten"][i] for i in layer["objecten"]] == rows["objecten"].tolist()
        far = [None if np.isnan(n) else round(n, 1) for n in rows["afstand_m"]]
        assert layer["afstand"] == far


def test_sites_are_drawn_where_they_are(
    example_page: str, example_screening: woongeo.Screening
) -> None:
    """Each drawn corner lies within 2 m of the site's outline; a site without shape has none."""
    to_rd = pyproj.Transformer.from_crs(3857, 28992, always_xy=True)
    shapes = hostile.data_of(example_page)["locaties"]["vormen"]
    for steps, shape, usable in zip(
        shapes,
        example_screening.locaties.geometry,
        example_screening.locations.usable,
        strict=True,
    ):
        assert bool(steps) == usable
        for ring in rings_of(steps):
            x, y = to_rd.transform(ring[:, 0], ring[:, 1])
            assert shapely.distance(shapely.points(x, y), shape.boundary).max() < 2


def test_holes_stay_holes_and_parts_stay_parts() -> None:
    """By the even-odd rule a packed shape has the area that it had."""
    ring = shapely.difference(block(0, 0, 300, 300), block(100, 100))
    two = shapely.union(block(1000, 0), block(1500, 0, 200, 50))
    for shape in (ring, two):
        [steps] = packed([shape])
        areas = [shapely.Polygon(corners) for corners in rings_of(steps)]
        filled = areas[0]
        for further in areas[1:]:
            filled = shapely.symmetric_difference(filled, further)
        # Web mercator stretches by the latitude, squared.
        stretch = np.cos(np.radians(52.3)) ** 2
        assert filled.area * stretch == pytest.approx(shape.area, rel=0.02)


def test_points_lines_and_surfaces_of_a_layer_are_drawn_apart() -> None:
    """However deep they lie in collections, nothing is lost and no line runs from part to part."""
    line = shapely.LineString([(EAST, NORTH), (EAST + 50, NORTH)])
    other = shapely.LineString([(EAST + 900, NORTH), (EAST + 950, NORTH)])
    point = shapely.Point(EAST, NORTH)
    deep = shapely.GeometryCollection(
        [shapely.GeometryCollection([shapely.MultiLineString([line, other]), point])]
    )
    parts, owner = single_parts(np.array([deep, block(0, 0), None]))
    kinds = by_dimension(parts)
    assert owner.tolist() == [0, 0, 0, 1]
    assert {d: len(shapes) for d, shapes in kinds.items()} == {0: 1, 1: 2, 2: 1}
    assert [len(lines) for lines in packed([deep])] == [3]
    assert max(len(steps) for steps in packed([deep])[0]) == 4


def test_the_legend_shows_points_lines_and_surfaces_by_a_sign_of_their_own(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """A layer of lines is a line in the legend, one of points a point, and any other a surface."""
    shapes = {
        "circle": shapely.Point(EAST, NORTH),
        "path": shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)]),
        "rect": block(0, 0),
    }
    layers = [natura([shape], key=sign) for sign, shape in shapes.items()]
    page = page_of(woongeo.map_screening(woongeo.screen(sites([block(0, 0)]), layers)))
    for sign in shapes:
        assert re.search(rf'id="laag-{sign}" checked> <svg [^>]+><{sign} ', page)


def test_a_small_site_does_not_vanish_by_simplifying() -> None:
    """Leaving out corners never leaves out a shape."""
    crumb = block(0, 0, 0.3, 0.3)
    [kept] = simplified(np.array([crumb]), 1.0)
    assert kept.area > 0
    assert packed([crumb])[0]


def test_a_layer_of_very_many_corners_stays_within_what_a_page_can_bear(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """The page says how far shapes were simplified; what lies far from the sites is not on it."""
    turn = np.linspace(0, 2 * np.pi, 2_000)
    radius = 150 + np.where(np.arange(len(turn)) % 2, 12, -12)
    ring = np.column_stack([EAST + radius * np.cos(turn), NORTH + radius * np.sin(turn)])
    crinkled = [shapely.Polygon(ring + 400 * np.array([i % 10, i // 10])) for i in range(100)]
    far = shapely.buffer(shapely.Point(EAST + 60_000, NORTH), 500)
    made = woongeo.screen(sites([block(0, 0)]), [natura([*crinkled, far], ignore_unreadable=True)])
    page = page_of(woongeo.map_screening(made))
    [layer] = hostile.data_of(page)["lagen"]
    assert len(layer["vlakken"]) == 100
    assert sum(len(ring) for rings in layer["vlakken"] for ring in rings) / 2 <= 150_000
    said = re.search(r"lagen (\d+) m", hostile.text(page))
    assert said is not None
    assert int(said.group(1)) > 5
    assert len(page) < 5_000_000


def test_the_page_names_no_address_but_those_of_the_backgrounds(example_page: str) -> None:
    """Nothing in the page is fetched from elsewhere; the policy in it allows only PDOK's images."""
    assert not re.search(r"<(script|img|iframe|link)[^>]+(src|href)=", example_page)
    assert not re.search(r"url\((?!data:|#)", example_page)
    grounds = [u for g in hostile.data_of(example_page)["achtergronden"] for u in g["urls"]]
    assert len(grounds) >= 3
    assert all(url.startswith("https://service.pdok.nl/") for url in grounds)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', example_page)
    assert policy is not None
    assert policy.group(1).startswith("default-src 'none'; script-src 'sha256-")
    assert "img-src data: https://service.pdok.nl;" in policy.group(1)
    assert "unsafe-inline'; img-src" in policy.group(1)
    assert "script-src 'unsafe" not in policy.group(1)


def test_rendering_twice_gives_the_same_bytes(example_screening: woongeo.Screening) -> None:
    """A map may be shown and saved as often as one likes."""
    made = woongeo.map_screening(example_screening)
    again = woongeo.map_screening(example_screening)
    assert page_of(made) == page_of(made) == page_of(again)


def test_another_process_makes_the_same_page(example_screening: woongeo.Screening) -> None:
    """Names that folium makes up, and the order of sets, do not reach the page."""
    program = (
        "import datetime, hashlib, sys, warnings, woongeo\n"
        "warnings.simplefilter('ignore', woongeo.WoongeoWarning)\n"
        "e = woongeo.example()\n"
        "s = woongeo.screen(e.locations(), e.layers(), on=datetime.date(2026, 11, 1))\n"
        "page = woongeo.map_screening(s).get_root().render()\n"
        "sys.stdout.write(hashlib.sha256(page.encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
    assert example_screening.on == dt.date(2026, 11, 1)


def test_save_writes_the_page_that_is_shown(
    example_screening: woongeo.Screening, tmp_path: Path
) -> None:
    """`save` and `_repr_html_` give one and the same page."""
    made = woongeo.map_screening(example_screening)
    made.save(tmp_path / "kaart.html")
    saved = (tmp_path / "kaart.html").read_text(encoding="utf-8")
    assert saved == page_of(made)
    shown = made._repr_html_()
    [(tag, attributes)] = [t for t in hostile.tags(shown) if t[0] == "iframe"]
    assert tag == "iframe"
    assert dict(attributes)["srcdoc"] == saved


def test_layers_that_a_user_adds_keep_the_policy_and_get_their_images(
    example_screening: woongeo.Screening,
) -> None:
    """Scripts of the page still need their hash; images may then come from other hosts."""
    made = woongeo.map_screening(example_screening)
    folium.TileLayer("https://tegels.voorbeeld.nl/{z}/{x}/{y}.png", attr="Voorbeeld").add_to(made)
    folium.Marker([52.5, 5.1], popup="hier").add_to(made)
    folium.LayerControl().add_to(made)
    page = page_of(made)
    assert "default-src 'none'; script-src 'sha256-" in page
    assert "img-src data: https:;" in page
    assert "tegels.voorbeeld.nl" in page


def test_a_plugin_that_fetches_its_own_scripts_is_not_kept_from_them(
    example_screening: woongeo.Screening,
) -> None:
    """A page that must fetch scripts cannot have the policy; the map of it is as asked."""
    made = woongeo.map_screening(example_screening)
    folium.plugins.MarkerCluster().add_to(made)  # type: ignore[no-untyped-call]
    page = page_of(made)
    assert "Content-Security-Policy" not in page
    assert page.index("Leaflet 1.9") < page.index("leaflet.markercluster")


def test_icons_of_folium_bring_what_they_need_after_leaflet(
    example_screening: woongeo.Screening,
) -> None:
    """Coloured icons of folium are drawn by a script of their own, never by a second Leaflet."""
    made = woongeo.map_screening(example_screening)
    folium.Marker([52.5, 5.1], icon=folium.Icon(color="red")).add_to(made)
    page = page_of(made)
    assert page.index("Leaflet 1.9") < page.index("leaflet.awesome-markers.js")
    assert not re.search(r'src="[^"]*/leaflet(\.min)?\.js"', page)


# --- text from strangers -----------------------------------------------------------------------


def _screening(folder: Path, *, bad: bool) -> tuple[woongeo.Screening, woongeo.Plancapaciteit]:
    """Screen with strangers' text everywhere that a name can stand, or with plain text there."""
    texts = list(hostile.ALL) if bad else [f"tekst {i}" for i in range(len(hostile.ALL))]
    n = len(texts)
    titles = [" ".join(texts[i::9]) for i in range(9)]
    shapes = [block(200 * i, 0) for i in range(n)]
    folder.mkdir()
    short = hostile.FILE_NAME if bad else "bestand"

    def file(frame_: gpd.GeoDataFrame, name: str) -> Path:
        path = folder / f"{short}{name}.geojson"
        frame_.to_file(path, driver="GeoJSON")
        return path

    status = [f"{text[:2000]} 1A" if i % 2 else text[:2000] for i, text in enumerate(texts)]
    plans = frame(
        shapes, plan_id=texts, plannaam=texts, planstatus=status, woningen=[*range(1, n + 1)]
    )
    features = frame([block(200 * i + 50, 0) for i in range(n)], nr=texts, naam=texts)
    cover = file(frame([block(-1000, -1000, 400 * n, 3000)], naam=[texts[0]]), "dekking")
    layers = [woongeo.read_layer("gevaar", file(features, "laag"), coverage=cover, title=texts[0])]
    layers += [
        woongeo.read_layer(f"laag{i}", features, coverage=cover, title=text, publisher=text)
        for i, text in enumerate(titles)
    ]
    layers += [woongeo.missing_layer("weg", reason=hostile.SHORT if bad else "weg")]
    areas = frame(shapes, naam=texts)
    with pytest.warns(woongeo.WoongeoWarning):
        made = woongeo.screen(woongeo.read_locations(file(plans, "plannen")), layers)
    by = [
        woongeo.read_regions(texts[1], file(areas, "gebieden"), name_column="naam"),
        woongeo.read_regions(hostile.SHORT if bad else "kort", areas, name_column="naam"),
    ]
    return made, woongeo.summarize_plancapaciteit(made, by=[*by, "plannaam"])


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[bool, tuple[woongeo.Screening, woongeo.Plancapaciteit]]:
    """Screen once with hostile text and once with plain text, all else equal."""
    place = tmp_path_factory.mktemp("vijandig")
    return {bad: _screening(place / str(bad), bad=bad) for bad in (True, False)}


Both = dict[bool, tuple[woongeo.Screening, woongeo.Plancapaciteit]]


def test_text_from_strangers_changes_no_tag_of_the_page(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plans, layers, files and a title that mean harm give the same tags as plain ones."""
    monkeypatch.delenv("PWN", raising=False)
    pages = {
        bad: page_of(woongeo.map_screening(both[bad][0], title=hostile.SHORT if bad else "Titel"))
        for bad in (True, False)
    }
    assert hostile.tags(pages[True]) == hostile.tags(pages[False])
    assert "PWN" not in os.environ
    shown = hostile.text(pages[True])
    for layer in both[True][0].layers:
        assert hostile.shown_as(layer.title) in shown
    assert hostile.shown_as(hostile.SHORT) in shown
    assert hostile.shown_as(f"{hostile.FILE_NAME}dekking.geojson") in shown


def test_any_title_is_shown_as_it_is(
    sites: Callable[..., woongeo.Locations], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No title is worked out, by Python or by the page."""
    monkeypatch.delenv("PWN", raising=False)
    made = woongeo.screen(sites([block(0, 0)]), [natura([block(0, 0)])])
    plain = hostile.tags(page_of(woongeo.map_screening(made, title="Titel")))
    for text in hostile.ALL:
        page = page_of(woongeo.map_screening(made, title=text))
        assert hostile.tags(page) == plain, text
        [heading] = re.findall(r"<h1[^>]*>(.*?)</h1>", page, flags=re.DOTALL)
        assert hostile.text(f"<p>{heading}</p>") == hostile.shown_as(text)
    assert "PWN" not in os.environ


def test_the_policy_does_not_cover_a_script_that_names_bring_in(
    sites: Callable[..., woongeo.Locations],
) -> None:
    """Were a name ever to get in as a script, then the page's policy would still not run it."""
    made = woongeo.map_screening(woongeo.screen(sites([block(0, 0)]), [natura([block(0, 0)])]))
    clean = page_of(made)
    hashes = re.findall(r"'sha256-[^']+'", clean)
    # As if the encoder had failed.
    made.parts["zij"] += "<script>window.PWN=1</script>"
    assert re.findall(r"'sha256-[^']+'", page_of(made)) == hashes


@pytest.mark.parametrize("which", ["screening", "plancapaciteit", "locations", "layer", "report"])
def test_what_a_notebook_shows_changes_no_tag_by_text_from_strangers(
    which: str, both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables in a notebook show such text as it is."""
    monkeypatch.delenv("PWN", raising=False)

    def shown(bad: bool) -> str:  # noqa: FBT001
        made, capacity = both[bad]
        thing: Any = {
            "screening": made,
            "plancapaciteit": capacity,
            "locations": made.locations,
            "layer": made.layers[0],
            "report": made.locations.report,
        }[which]
        html: str = thing._repr_html_()
        return html

    # A report has a line per kind of finding, and strange ids give a kind more.
    assert set(hostile.tags(shown(True))) == set(hostile.tags(shown(False)))
    if which in {"screening", "layer"}:
        assert "<script>window.PWN=1</script>" in hostile.text(shown(True))
    assert "PWN" not in os.environ


def test_what_a_notebook_shows_of_regions_changes_no_tag_by_text_from_strangers(
    both: Both,
) -> None:
    """The level and the file of regions are shown as they are."""
    bad, plain = (
        [x._repr_html_() for x in both[b][1].by if isinstance(x, woongeo.Regions)]
        for b in (True, False)
    )
    assert [hostile.tags(html) for html in bad] == [hostile.tags(html) for html in plain]
    assert "{{7*7}}" in hostile.text(bad[1])
    assert "49" not in hostile.text(bad[1])


def test_a_page_is_the_same_whatever_the_number_of_cores(
    example_screening: woongeo.Screening, example_page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cores in (1, 2):
        monkeypatch.setattr("woongeo.threads.cores", lambda n=cores: n)
        made = woongeo.map_screening(example_screening, title="Mijn streek")
        assert page_of(made) == example_page


def test_a_map_in_a_page_of_somebody_else_holds_its_data(
    example_screening: woongeo.Screening,
) -> None:
    """A folium figure of a user's own: everything is filled in, also when it is shown twice."""
    made = woongeo.map_screening(example_screening)
    figure = Figure()
    made.add_to(figure)
    first = figure.render()
    assert f'"{made.data}");' in first
    assert "this." not in re.sub(r"<script>.*?</script>", "", first, flags=re.DOTALL)
    assert figure.render() == first
