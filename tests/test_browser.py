"""The map page in a real browser, without network: what is drawn, what can be done, what runs."""

from __future__ import annotations

import datetime as dt
from importlib import resources
from typing import TYPE_CHECKING, Any

import folium
import hostile
import pytest
import shapely
from browsing import TILES, Visit, visiting
from conftest import EAST, NORTH, block, frame, in_ci

import woongeo
from woongeo.errors import LargePageWarning
from woongeo.verdict import SCREENING
from woongeo.webmap import page as page_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# Where PDOK has its grey map, and where it had it before.
GREY = (
    f"{TILES}kadaster/brt-achtergrondkaart/wmts/v2_0/grijs/",
    f"{TILES}brt/achtergrondkaart/wmts/v2_0/grijs/",
)


def _missing(what: str) -> None:
    """Skip for want of a package, unless everything must be there."""
    if in_ci():
        pytest.fail(f"{what} ontbreekt; in CI is het verplicht")
    pytest.skip(f"{what} is niet geïnstalleerd")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Chromium."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  optional
    except ImportError:
        _missing("Playwright")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """Find axe, which finds what people with a handicap trip over."""
    try:
        return (
            resources.files("axe_playwright_python")
            .joinpath("axe.min.js")
            .read_text(encoding="utf-8")
        )
    except ImportError:
        _missing("axe (axe-playwright-python)")
        return ""


@pytest.fixture(scope="module")
def example_screening() -> woongeo.Screening:
    """Screen the embedded example."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        return woongeo.screen(made_up.locations(), made_up.layers(), on=dt.date(2026, 11, 1))


@pytest.fixture(scope="module")
def example_page(
    example_screening: woongeo.Screening, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Save the page of the embedded example."""
    return saved(woongeo.map_screening(example_screening), tmp_path_factory.mktemp("kaart"))


def saved(made: woongeo.ScreeningMap, folder: Path) -> Path:
    """Save a map as a user does."""
    made.save(folder / "kaart.html")
    return folder / "kaart.html"


@pytest.fixture
def visit(browser: Browser, example_page: Path) -> Iterator[Visit]:
    """Open the page of the embedded example."""
    with visiting(browser, example_page) as opened:
        opened.ready()
        yield opened


def layer(shapes: list[shapely.Geometry], key: str = "geluid", **given: Any) -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    ids = [str(i) for i in range(len(shapes))]
    made = frame(shapes, nr=ids, naam=[f"Gebied {i}" for i in ids])
    return woongeo.read_layer(key, made, coverage="nederland", **given)


# The signs of what is shown, in the order in which they are drawn.
SIGNS = (
    "map_kaart.woongeo.order.map((i) => map_kaart.woongeo.looks[map_kaart.woongeo.look(i)].teken)"
)


def zoom(visit: Visit, level: int) -> None:
    """Zoom the map."""
    visit.run(f"map_kaart.setZoom({level}, {{animate: false}})")


# --- what is drawn -----------------------------------------------------------------------------


def test_every_site_and_layer_is_drawn_without_network(visit: Visit) -> None:
    """All shapes are on the map, nothing went wrong, and only the background was asked for."""
    zoom(visit, 14)
    # The two lines are the edges of what the layers know.
    assert visit.drawn() == {"vlak": 22, "teken": 0, "laagvlak": 4, "laaglijn": 2, "laagpunt": 0}
    assert visit.untouched()
    asked = {url for url in visit.requests if not url.startswith("file:")}
    assert asked
    assert all(url.startswith(GREY) for url in asked)


def test_from_far_sites_are_signs_and_from_near_they_are_shapes(visit: Visit) -> None:
    """At zoom 13 and nearer shapes are drawn, further off a sign for each verdict."""
    zoom(visit, 12)
    assert visit.drawn() == {"vlak": 0, "teken": 22, "laagvlak": 4, "laaglijn": 2, "laagpunt": 0}
    assert visit.run(SIGNS) == ["rond"] * 15 + ["vierkant"] * 2 + ["driehoek"] * 5
    zoom(visit, 13)
    assert visit.drawn()["teken"] == 0
    assert visit.drawn()["vlak"] == 22


def test_from_far_a_large_site_is_still_a_shape(
    browser: Browser, sites: Callable[..., woongeo.Locations], tmp_path: Path
) -> None:
    """A square of 20 km is no dot at zoom 8; the one of 100 m beside it is."""
    made = woongeo.screen(
        sites([block(0, 0, 20_000, 20_000), block(30_000, 0)]), [layer([block(90_000, 0)])]
    )
    with visiting(browser, saved(woongeo.map_screening(made), tmp_path)) as opened:
        opened.ready()
        zoom(opened, 8)
        drawn = opened.drawn()
        assert (drawn["vlak"], drawn["teken"]) == (1, 1)
        # A click in it far from its middle finds it.
        found = opened.run(
            "map_kaart.woongeo.at(map_kaart.woongeo.bounds(0).pad(-0.2).getSouthWest())"
        )
        assert found == [0]
        assert opened.untouched()


def test_something_is_on_the_canvas(visit: Visit) -> None:
    """The verdicts' colours are really painted: orange, blue and grey."""
    zoom(visit, 14)
    painted = visit.run(
        """() => {
          const found = {oranje: 0, blauw: 0, grijs: 0};
          for (const canvas of document.querySelectorAll("#kaart canvas")) {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            for (let i = 0; i < data.length; i += 4) {
              const [r, g, b, a] = data.slice(i, i + 4);
              if (a < 90) continue;
              if (r > 180 && g < 130 && b < 60) found.oranje += 1;
              if (r < 60 && g > 80 && b > 140) found.blauw += 1;
              if (Math.abs(r - g) < 4 && Math.abs(g - b) < 4) found.grijs += 1;
            }
          }
          return found;
        }"""
    )
    assert min(painted.values()) > 20, painted


def test_points_and_lines_of_a_layer_are_drawn_as_points_and_lines(
    browser: Browser, sites: Callable[..., woongeo.Locations], tmp_path: Path
) -> None:
    """A layer may hold all three; a hole in a surface stays open."""
    corner = (EAST, NORTH)
    mixed = layer(
        [
            shapely.Point(corner),
            shapely.LineString([corner, (EAST + 500, NORTH)]),
            shapely.difference(block(0, 300, 300, 300), block(100, 400)),
        ],
        ignore_unreadable=True,
    )
    made = woongeo.screen(sites([block(0, 0)]), [mixed])
    with visiting(browser, saved(woongeo.map_screening(made), tmp_path)) as opened:
        opened.ready()
        assert opened.drawn() == {
            "vlak": 1,
            "teken": 0,
            "laagvlak": 1,
            "laaglijn": 1,
            "laagpunt": 1,
        }
        rings = opened.run(
            "Object.values(map_kaart._layers).find((l) => l instanceof L.Polygon"
            ").getLatLngs().length"
        )
        assert rings == 2
        assert opened.untouched()


# --- what can be done --------------------------------------------------------------------------


def test_checkboxes_take_sites_and_layers_away_and_bring_them_back(visit: Visit) -> None:
    """Each verdict and each layer has its own; what weighs most lies on top again."""
    zoom(visit, 14)
    visit.page.uncheck("#oordeel-vrij")
    assert visit.drawn()["vlak"] == 7
    visit.page.uncheck("#oordeel-belemmerd")
    assert visit.drawn()["vlak"] == 2
    visit.page.uncheck("#laag-natura2000")
    assert visit.drawn()["laagvlak"] == 1
    for box in ("#oordeel-belemmerd", "#oordeel-vrij", "#laag-natura2000"):
        visit.page.check(box)
    assert visit.drawn()["vlak"] == 22
    assert visit.drawn()["laagvlak"] == 4
    assert visit.run(SIGNS) == ["rond"] * 15 + ["vierkant"] * 2 + ["driehoek"] * 5


def test_a_reader_who_chooses_no_background_asks_for_nothing(visit: Visit) -> None:
    """After "Geen" nothing leaves the page, however one moves."""
    visit.page.get_by_label("Geen", exact=True).check()
    visit.requests.clear()
    for level in (9, 12, 15):
        zoom(visit, level)
        visit.run("map_kaart.panBy([300, 200], {animate: false})")
    visit.find("Rietrand")
    visit.page.wait_for_selector(".leaflet-popup")
    assert visit.requests == []
    assert visit.page.is_hidden("#melding")


def test_only_the_chosen_background_is_asked_for(visit: Visit) -> None:
    """Another background is fetched from its own address, with its own credit."""
    # Until then other addresses of the first are tried.
    visit.page.wait_for_selector("#melding:not([hidden])")
    visit.requests.clear()
    visit.page.get_by_label("Luchtfoto").check()
    visit.page.wait_for_selector(".leaflet-tile", state="attached")
    assert visit.requests
    assert all(url.startswith(f"{TILES}hwh/luchtfotorgb/") for url in visit.requests)
    assert "Beeldmateriaal.nl" in visit.page.inner_text(".leaflet-control-attribution")


def test_a_background_that_is_out_of_reach_is_told_and_the_rest_still_works(
    visit: Visit, browser: Browser, example_page: Path
) -> None:
    """The reader sees why it is grey; where tiles do come, nothing is said."""
    visit.page.wait_for_selector("#melding:not([hidden])")
    assert "niet bereikbaar" in visit.page.inner_text("#melding")
    with visiting(browser, example_page, tiles=True) as opened:
        opened.ready()
        opened.page.wait_for_selector("img.leaflet-tile-loaded")
        assert opened.page.is_hidden("#melding")
        assert "Kadaster" in opened.page.inner_text(".leaflet-control-attribution")
        assert opened.untouched()


def test_a_background_that_has_moved_is_found_at_its_other_address(
    browser: Browser, example_page: Path
) -> None:
    """The addresses are those of PDOK's catalogue, tried in turn; nothing is said of it."""
    with visiting(browser, example_page, tiles=GREY[1]) as opened:
        opened.ready()
        opened.page.wait_for_selector("img.leaflet-tile-loaded")
        assert any(url.startswith(GREY[0]) for url in opened.requests)
        assert opened.page.is_hidden("#melding")
        assert opened.untouched()


def test_while_it_loads_the_page_says_what_it_loads(browser: Browser, example_page: Path) -> None:
    """Sites, layers and size; also where scripts do not run, and then what else is right."""
    said = "De kaart wordt geladen: 23 locaties, 2 lagen, 0 MB."
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        page.goto(example_page.as_uri())
        assert said in page.inner_text("#laden")
        assert "JavaScript" in page.inner_text("#laden")
        assert page.is_visible("text=Aantallen")
    finally:
        context.close()
    with visiting(browser, example_page) as opened:
        opened.ready()
        assert opened.page.locator("#laden").count() == 0


def test_too_many_sites_for_a_tab_are_told_instead_of_drawn(
    browser: Browser,
    example_screening: woongeo.Screening,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    axe: str,
) -> None:
    """The page opens, says why there is no map and what to do, and tells the rest."""
    monkeypatch.setattr(page_module, "MOST_SITES", 22)
    with pytest.warns(LargePageWarning):
        place = saved(woongeo.map_screening(example_screening), tmp_path)
    for wide, high in ((1400, 900), (390, 844)):
        with visiting(browser, place, wide=wide, high=high) as opened:
            opened.page.wait_for_selector("#kaart[data-klaar='te groot']")
            assert "23 locaties" in opened.page.inner_text("#laden")
            assert "hoogstens 22" in opened.page.inner_text("#laden")
            assert "per provincie of gemeente" in opened.page.inner_text("#laden")
            assert opened.page.is_visible("text=Bronnen")
            assert opened.run("document.documentElement.scrollWidth") <= wide
            assert faults(opened, axe) == []
            assert opened.untouched()
            assert [url for url in opened.requests if not url.startswith("file:")] == []


def test_on_paper_stand_the_map_as_it_is_its_legend_and_what_was_chosen(chosen: Visit) -> None:
    """No fields and buttons; what is not on the map is not in the legend; all on the paper."""
    page = chosen.page
    page.select_option("#gebied-0", label="West")
    page.fill("#minstens", "20")
    page.uncheck("#oordeel-belemmerd")
    page.get_by_label("Geen", exact=True).check()
    page.click("#tabel-knop")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    chosen.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.inner_text("#gekozen") == (
        "Gekozen: Na knelpunten: kleur naar oordeel; achtergrond: geen; gemeente: West; "
        "minstens 20 woningen; niet getoond: belemmerd (2)."
    )
    for hidden in ("#zoek", "#minstens", "#gebied-0", "#tabel-knop", "#achtergrond-0"):
        assert page.is_hidden(hidden)
    assert page.is_hidden(".leaflet-control-zoom")
    legend = page.inner_text(".legenda-na")
    assert "vrij" in legend
    assert "belemmerd" not in legend
    assert page.is_hidden(".legenda-voor")
    assert page.is_visible(".leaflet-control-scale")
    boxes = chosen.run(
        "['#kaart', '.legenda-na', '#tabel'].map((q) => document.querySelector(q)"
        ".getBoundingClientRect().toJSON())"
    )
    assert all(box["left"] >= 0 and box["right"] <= 720 for box in boxes)
    assert boxes[0]["bottom"] <= boxes[1]["top"] + 1
    assert boxes[1]["bottom"] <= boxes[2]["top"]


def test_paper_is_printed_at_its_own_size_with_the_legends_beside_each_other(
    chosen: Visit, tmp_path: Path
) -> None:
    """What the map hides beyond its edge made everything a fifth smaller: 11 points are 11."""
    pdfium = pytest.importorskip("pypdfium2")
    chosen.page.pdf(path=tmp_path / "druk.pdf", format="A4", prefer_css_page_size=True)
    document = pdfium.PdfDocument(tmp_path / "druk.pdf")
    words = document[0].get_textpage()
    found = words.search("Dit is een screening")
    index, _ = found.get_next()
    size = pdfium.raw.FPDFText_GetFontSize(words, index)
    matrix = pdfium.raw.FS_MATRIX()
    pdfium.raw.FPDFText_GetMatrix(words, index, matrix)
    assert abs(size * matrix.a) == pytest.approx(11, rel=0.05)
    told = words.get_text_bounded()
    assert "Oordeel" in told
    assert "Lagen" in told


def test_a_long_list_of_remarks_is_folded_and_on_paper_it_is_open(
    browser: Browser, sites: Callable[..., woongeo.Locations], axe: str, tmp_path: Path
) -> None:
    """What was found in the file must be on the page, but not before what the map tells."""
    made = woongeo.screen(sites([block(300 * i, 0) for i in range(3)]), [layer([block(90_000, 0)])])
    remark = "Controle van de locaties: " + "; ".join(f"bijzonderheid {i}: {i}" for i in range(20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(made), "notes", lambda _: (remark, "Een laag ontbreekt."))
        place = saved(woongeo.map_screening(made), tmp_path)
    with visiting(browser, place) as opened:
        opened.ready()
        assert opened.page.is_visible("text=Een laag ontbreekt.")
        assert opened.page.is_hidden("text=bijzonderheid 19: 19")
        assert faults(opened, axe) == []
        opened.page.focus("summary")
        opened.page.keyboard.press("Enter")
        assert opened.page.is_visible("text=bijzonderheid 19: 19")
        opened.page.keyboard.press("Enter")
        opened.run("window.dispatchEvent(new Event('beforeprint'))")
        assert opened.page.is_visible("text=bijzonderheid 19: 19")
        # Nor does it come between the map and its legends, which stand beside each other.
        opened.page.emulate_media(media="print")
        opened.page.set_viewport_size({"width": 703, "height": 1000})
        tops = opened.run(
            "['#kaart', '.in-beeld', '.legenda-na', 'fieldset:has(#laag-geluid)', 'details']"
            ".map((q) => document.querySelector(q).getBoundingClientRect().top)"
        )
        assert tops[0] < tops[1] < tops[2] == tops[3] < tops[4]


def test_filters_and_table_work_with_the_keyboard_alone(chosen: Visit) -> None:
    """A gemeente by its first letter, a number, the table, its order, and a row to the map."""
    page, keyboard = chosen.page, chosen.page.keyboard
    page.focus("#gebied-0")
    keyboard.type("W")
    keyboard.press("Tab")
    keyboard.press("Tab")
    assert focused(chosen) == "minstens"
    keyboard.type("30")
    assert totals(chosen) == "In beeld: 2 locaties, 430 woningen."
    page.focus("#tabel-knop")
    keyboard.press("Enter")
    assert names(chosen) == ["D", "C"]
    page.focus("#alleen-in-beeld")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert names(chosen) == ["C", "D"]
    # Five more heads of columns, and the first row.
    for _ in range(6):
        keyboard.press("Tab")
    assert chosen.run("document.activeElement.textContent") == "Plan C"
    keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup")
    assert "Plan C" in chosen.shown()
    keyboard.press("Escape")
    assert chosen.run("document.activeElement.textContent") == "Plan C"


def test_searching_goes_to_the_site_and_tells_everything_of_it(visit: Visit) -> None:
    """The pop-up tells verdict, homes and status in words, and of each layer its facts."""
    visit.find("rietrand")
    told = visit.shown()
    for fact in (
        *("Rietrand", "V01", "belemmerd", "40", "1A (hard)", "10.000 m²", "5.000 m²"),
        *("Natura 2000", "overlapt 5.000 m² (50 %)", "901 De Rietlanden"),
        *("Netcongestie (afname)", "vrij", "geen gebied van de laag op de locatie", "1.882,2 m"),
        SCREENING,
    ):
        assert fact in told
    assert visit.run("map_kaart.getZoom()") >= 13
    assert visit.run(
        "map_kaart.getBounds().contains(map_kaart._popup.getLatLng())"
        " && document.querySelector('.leaflet-popup').getAttribute('role') === 'dialog'"
    )
    assert visit.untouched()


def test_searching_finds_by_name_id_and_verdict(visit: Visit) -> None:
    """Words in any case, ids, and a verdict, which lists all of its sites."""
    for words, count in (("MASTERPLAN", 2), ("v13", 1), ("onbekend", 3), ("zzz", 0)):
        visit.page.fill("#zoek", words)
        assert visit.page.inner_text("#aantal-gevonden") == f"{count} gevonden"
        assert visit.page.locator("#gevonden button").count() == count
    visit.page.fill("#zoek", "")
    assert visit.page.inner_text("#aantal-gevonden") == ""


def test_a_long_list_of_results_can_be_read_to_its_end(
    browser: Browser, sites: Callable[..., woongeo.Locations], tmp_path: Path
) -> None:
    """Twenty at first, and the rest for the asking."""
    made = woongeo.screen(sites([block(200 * i, 0) for i in range(45)]), [layer([block(0, 0)])])
    with visiting(browser, saved(woongeo.map_screening(made), tmp_path)) as opened:
        opened.ready()
        opened.page.fill("#zoek", "p")
        assert opened.page.locator("#gevonden button").count() == 21
        opened.page.click("text=Toon er meer (nog 25)")
        assert opened.page.locator("#gevonden button").count() == 45
        assert opened.run("document.activeElement.textContent").startswith("P20 ")


def test_a_site_without_shape_is_found_and_says_so(visit: Visit) -> None:
    """It cannot be drawn, but its facts are told."""
    visit.find("nog te tekenen")
    told = visit.page.inner_text("#feiten")
    assert "heeft geen vlak dat getekend kan worden" in told
    for fact in ("V20", "onbekend", "18", "4B (zacht)", "geen vlak ingetekend"):
        assert fact in told
    assert visit.page.locator(".leaflet-popup").count() == 0
    assert visit.untouched()


def test_in_a_popup_what_decides_stands_on_top(visit: Visit) -> None:
    """Of Twee velden the first layer says free and the second blocks: the second comes first."""
    visit.find("twee velden")
    heads = visit.run(
        "[...document.querySelectorAll('.leaflet-popup caption')].map((c) => c.textContent)"
    )
    words = visit.run(
        "[...document.querySelectorAll('.leaflet-popup table')].slice(1)"
        ".map((t) => t.rows[0].cells[1].textContent)"
    )
    assert heads == ["Netcongestie (afname)", "Natura 2000"]
    assert words == ["belemmerd", "vrij"]
    assert visit.run(
        "[...document.querySelectorAll('.leaflet-popup table:first-of-type th')]"
        ".map((th) => th.textContent).slice(4)"
    ) == ["Oppervlakte", "Deel belemmerd", "Deel onbekend"]


def test_homes_that_are_not_known_are_said_to_be_unknown(visit: Visit) -> None:
    """Never zero, never blank."""
    visit.find("zonder getal")
    assert (
        visit.run(
            "[...document.querySelectorAll('.leaflet-popup tr')]"
            ".find((row) => row.cells[0].textContent === 'Woningen').cells[1].textContent"
        )
        == "onbekend"
    )


def test_a_verdict_that_is_switched_off_is_shown_when_one_of_its_sites_is_sought(
    visit: Visit,
) -> None:
    """A pop-up never points at nothing."""
    visit.page.uncheck("#oordeel-belemmerd")
    visit.find("rietrand")
    assert visit.page.is_checked("#oordeel-belemmerd")


def test_clicking_a_site_tells_of_it_and_of_what_lies_under_it(visit: Visit) -> None:
    """A plan inside a masterplan can be reached, and from it the masterplan."""
    visit.find("fase 1")
    # The pop-up moves the map to make room for itself.
    visit.settled()
    place = visit.run("map_kaart.latLngToContainerPoint(map_kaart._popup.getLatLng())")
    visit.page.keyboard.press("Escape")
    box = visit.page.locator("#kaart").bounding_box()
    assert box is not None
    visit.page.mouse.click(box["x"] + place["x"], box["y"] + place["y"])
    visit.page.wait_for_selector(".leaflet-popup h3:has-text('Masterplan Zuid, fase 1')")
    visit.page.click(".ook button:text-is('Masterplan Zuid')")
    visit.page.wait_for_selector(".leaflet-popup h3:text-is('Masterplan Zuid')")
    assert visit.untouched()


# --- choosing -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chosen_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six plans in two gemeenten, of which two in a zone and one without a number or a shape.

    A (10, hard, zone), B (20, zacht, zone), C (30, hard), D (400, zacht), E (none given), F (5A).
    """
    given = frame(
        [*(block(i * 300, 0) for i in range(5)), None],
        plan_id=list("ABCDEF"),
        plannaam=[f"Plan {x}" for x in "ABCDEF"],
        woningen=[10, 20, 30, 400, None, 7],
        planstatus=["1A", "3", "2A", "4A", "1A", "5A"],
        gemeente=["Oost", "Oost", "West", "West", "West", "<b>Noord</b>"],
    )
    zone = layer([block(0, 0), block(300, 0)])
    with pytest.warns(woongeo.WoongeoWarning):
        made = woongeo.screen(woongeo.read_locations(given), [zone], on=dt.date(2026, 11, 1))
    return saved(woongeo.map_screening(made), tmp_path_factory.mktemp("keuze"))


@pytest.fixture
def chosen(browser: Browser, chosen_page: Path) -> Iterator[Visit]:
    """Open the page of six plans."""
    with visiting(browser, chosen_page) as opened:
        opened.ready()
        zoom(opened, 14)
        yield opened
        assert opened.untouched()


def totals(visit: Visit) -> str:
    """Read the totals of what is in view."""
    return visit.page.inner_text("#in-beeld strong")


def rows(visit: Visit) -> list[list[str]]:
    """Read the table."""
    cells: list[list[str]] = visit.run(
        "[...document.querySelectorAll('#tabel tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return cells


def names(visit: Visit) -> list[str]:
    """Read the first column of the table."""
    return [row[0][-1] for row in rows(visit)]


def test_totals_follow_what_is_chosen_and_what_is_in_view(chosen: Visit) -> None:
    """Five plans have a shape; 10 + 20 + 30 + 400 homes, one plan without a number."""
    assert totals(chosen) == "In beeld: 5 locaties, 460 woningen; 1 zonder aantal."
    split = "belemmerd 2 (30 woningen), onbekend 0 (0 woningen), vrij 3 (430 woningen)."
    assert split in chosen.page.inner_text("#in-beeld")
    assert chosen.page.is_hidden("#alles-tonen")
    chosen.page.select_option("#gebied-0", label="West")
    assert totals(chosen) == "In beeld: 3 locaties, 430 woningen; 1 zonder aantal."
    chosen.page.fill("#minstens", "31")
    assert totals(chosen) == "In beeld: 1 locatie, 400 woningen."
    assert chosen.drawn()["vlak"] == 1
    chosen.page.click("#alles-tonen")
    assert totals(chosen).startswith("In beeld: 5 locaties")
    assert focused(chosen) == "zoek"
    chosen.page.select_option("#knelpunt", label="geluid")
    assert totals(chosen) == "In beeld: 2 locaties, 30 woningen."
    chosen.page.click("#alles-tonen")
    chosen.page.uncheck("#hardheid-1")
    assert totals(chosen) == "In beeld: 3 locaties, 40 woningen; 1 zonder aantal."
    # Away from all plans nothing is in view.
    chosen.run("map_kaart.panBy([5000, 0], {animate: false})")
    assert totals(chosen) == "In beeld: 0 locaties, 0 woningen."


def test_before_constraints_the_totals_are_by_hardness(chosen: Visit) -> None:
    """A, C and E are hard (10 + 30 homes, E without a number), B and D soft (20 + 400)."""
    chosen.page.check("#beeld-voor")
    told = chosen.page.inner_text("#in-beeld")
    assert "hard 3 (40 woningen), zacht 2 (420 woningen), onbekend 0 (0 woningen)" in told
    assert "telt niet mee 0." in told
    assert "belemmerd" not in told
    chosen.page.check("#beeld-na")
    assert "belemmerd 2 (30 woningen)" in chosen.page.inner_text("#in-beeld")


def test_a_page_without_a_surface_counts_nothing_until_it_is_seen(
    browser: Browser, example_page: Path
) -> None:
    """As in a folded cell of a notebook: no "0 locaties", and once it is seen all 22 are."""
    with visiting(
        browser,
        example_page,
        before="const dicht = new CSSStyleSheet(); dicht.replaceSync('.vlak { display: none }');"
        " document.adoptedStyleSheets = [dicht];",
    ) as opened:
        opened.page.wait_for_selector("#kaart[data-klaar='ja']", state="attached")
        told = opened.run("document.querySelector('#in-beeld').textContent")
        assert told == "Wat in beeld is, staat hier zodra de kaart te zien is."
        opened.run("document.adoptedStyleSheets = []")
        opened.page.wait_for_selector("#in-beeld strong:has-text('In beeld: 22 locaties')")
        assert opened.run("map_kaart.getSize().x > 0 && map_kaart.getZoom() > 10")
        assert opened.untouched()


def test_the_table_holds_what_is_chosen_also_what_has_no_shape(chosen: Visit) -> None:
    """By homes at first, the largest first and what is unknown last; then by name."""
    assert chosen.page.is_hidden("#tabel")
    chosen.page.click("#tabel-knop")
    assert chosen.page.get_attribute("#tabel-knop", "aria-expanded") == "true"
    assert names(chosen) == list("DCBAFE")
    assert rows(chosen)[2] == ["Plan B", "Oost", "20", "3 (zacht)", "belemmerd", "geluid"]
    assert rows(chosen)[5] == ["Plan E", "West", "onbekend", "1A (hard)", "vrij", ""]
    # What comes from strangers is text.
    assert rows(chosen)[4][1] == "<b>Noord</b>"
    chosen.page.click("#tabel thead button >> nth=0")
    assert names(chosen) == list("ABCDEF")
    assert chosen.page.get_attribute("#tabel thead th >> nth=0", "aria-sort") == "ascending"
    chosen.page.keyboard.press("Enter")
    assert names(chosen) == list("FEDCBA")
    chosen.page.select_option("#gebied-0", label="Oost")
    assert names(chosen) == list("BA")
    chosen.page.click("#alles-tonen")
    zoom(chosen, 17)
    chosen.page.check("#alleen-in-beeld")
    assert len(names(chosen)) < 5
    chosen.page.click("#tabel-knop")
    assert chosen.page.is_hidden("#tabel")


def test_a_row_of_the_table_leads_to_the_map_and_back(chosen: Visit) -> None:
    """With the keyboard alone; a plan without shape is told of beside the map."""
    chosen.page.click("#tabel-knop")
    chosen.page.focus("#tabel tbody button >> nth=1")
    chosen.page.keyboard.press("Enter")
    chosen.page.wait_for_selector(".leaflet-popup h3:text-is('Plan C')")
    chosen.page.keyboard.press("Escape")
    chosen.page.wait_for_selector(".leaflet-popup", state="detached")
    assert chosen.run("document.activeElement.textContent") == "Plan C"
    chosen.page.click("#tabel tbody button:text-is('Plan F')")
    assert "geen vlak" in chosen.page.inner_text("#feiten")


def test_what_is_sought_is_shown_though_a_filter_hides_it(chosen: Visit) -> None:
    """Filters give way to who asks for a plan by name."""
    chosen.page.select_option("#gebied-0", label="Oost")
    chosen.page.uncheck("#hardheid-1")
    chosen.find("plan d")
    chosen.page.wait_for_selector(".leaflet-popup h3:text-is('Plan D')")
    assert chosen.page.is_checked("#hardheid-1")
    assert chosen.run("document.querySelector('#gebied-0').value") == ""


def test_before_constraints_plans_are_told_apart_by_hardness(chosen: Visit) -> None:
    """A and C and E are hard, B and D soft: signs and colours say so, and go back."""
    after = ["rond"] * 3 + ["driehoek"] * 2
    assert chosen.run(SIGNS) == after
    chosen.page.check("#beeld-voor")
    assert chosen.run(SIGNS) == ["punt"] * 2 + ["ruit"] * 3
    chosen.page.check("#beeld-na")
    assert chosen.run(SIGNS) == after


def test_a_long_table_comes_in_pieces(
    browser: Browser, sites: Callable[..., woongeo.Locations], tmp_path: Path
) -> None:
    """A hundred and twenty plans: fifty, and fifty more, and the rest."""
    made = woongeo.screen(
        sites([block(i * 150, 0) for i in range(120)], woningen=list(range(120))),
        [layer([block(0, 900)])],
    )
    with visiting(browser, saved(woongeo.map_screening(made), tmp_path)) as opened:
        opened.ready()
        opened.page.click("#tabel-knop")
        for n in (50, 100, 120):
            assert len(rows(opened)) == n
            if n < 120:
                opened.page.click("#tabel > button")
                assert opened.run("document.activeElement.textContent") == f"P{119 - n}"
        assert opened.page.locator("#tabel > button").count() == 0
        assert opened.untouched()


# --- without a mouse, with a reader, on a phone ------------------------------------------------


def focused(visit: Visit) -> str:
    """Say what has the focus."""
    name: str = visit.run("document.activeElement.id || document.activeElement.className")
    return name


def test_everything_can_be_done_with_the_keyboard_alone(visit: Visit) -> None:
    """Skip link, search, result, pop-up and its end, checkboxes and backgrounds."""
    keyboard = visit.page.keyboard
    keyboard.press("Tab")
    assert focused(visit) == "naar-lijst"
    keyboard.press("Enter")
    keyboard.type("duinlint")
    assert visit.run("document.querySelector('#zoek').value") == "duinlint"
    keyboard.press("Tab")
    assert visit.run("document.activeElement.textContent") == "Duinlint \u2013 belemmerd"
    keyboard.press("Enter")
    assert focused(visit) == "leaflet-popup-content"
    keyboard.press("Tab")
    assert "leaflet-popup-close-button" in focused(visit)
    assert visit.run("document.activeElement.getAttribute('aria-label')") == "Sluiten"
    keyboard.press("Enter")
    visit.page.wait_for_selector(".leaflet-popup", state="detached")
    assert visit.run("document.activeElement.textContent") == "Duinlint \u2013 belemmerd"
    keyboard.press("Enter")
    keyboard.press("Escape")
    visit.page.wait_for_selector(".leaflet-popup", state="detached")
    assert visit.run("document.activeElement.textContent") == "Duinlint \u2013 belemmerd"
    keyboard.press("Tab")
    assert focused(visit) == "beeld-na"
    keyboard.press("Tab")
    assert focused(visit) == "oordeel-belemmerd"
    keyboard.press("Space")
    assert not visit.page.is_checked("#oordeel-belemmerd")
    # Two verdicts, four grades of hardness, a bottleneck, a number, two layers.
    for _ in range(11):
        keyboard.press("Tab")
    assert focused(visit) == "achtergrond-0"
    keyboard.press("ArrowUp")
    assert visit.page.is_checked("#achtergrond-3")
    assert visit.untouched()


def test_the_map_moves_with_the_keyboard(visit: Visit) -> None:
    """Arrows move, plus and minus zoom; the buttons for it are named in Dutch."""
    visit.page.focus("#kaart")
    place = "[map_kaart.getCenter().lng, map_kaart.getZoom()]"
    told = "{window.moved = new Promise((done) => map_kaart.once('moveend', done)); 0}"
    lng, level = visit.run(place)
    visit.run(told)
    visit.page.keyboard.press("ArrowRight")
    visit.run("window.moved")
    assert visit.run(place)[0] > lng
    visit.run(told)
    visit.page.keyboard.press("-")
    visit.run("window.moved")
    assert visit.run(place)[1] < level
    assert visit.page.get_by_role("button", name="Inzoomen").count() == 1
    assert visit.page.get_by_role("button", name="Uitzoomen").count() == 1


def faults(visit: Visit, axe: str) -> list[str]:
    """List what axe calls serious or critical."""
    visit.run(axe)
    found: list[str] = visit.run(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations"
        ".filter((v) => ['serious', 'critical'].includes(v.impact))"
        ".map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', ')))"
    )
    return found


def test_axe_finds_nothing_serious(browser: Browser, example_page: Path, axe: str) -> None:
    """At first, with results and a pop-up, and with a site without shape; wide and narrow."""
    for wide, high in ((1400, 900), (390, 844)):
        with visiting(browser, example_page, wide=wide, high=high) as opened:
            opened.ready()
            assert faults(opened, axe) == []
            opened.find("masterplan")
            opened.settled()
            assert opened.page.locator(".leaflet-popup").count() == 1
            assert faults(opened, axe) == []
            opened.find("nog te tekenen")
            assert faults(opened, axe) == []
            opened.page.click("#tabel-knop")
            opened.page.check("#beeld-voor")
            opened.page.uncheck("#hardheid-0")
            assert faults(opened, axe) == []


def test_on_a_phone_nothing_falls_outside_the_screen(browser: Browser, example_page: Path) -> None:
    """No sideways scrolling; a pop-up lies within the map and beside the zoom buttons."""
    with visiting(browser, example_page, wide=390, high=844) as opened:
        opened.ready()
        assert opened.run("document.documentElement.scrollWidth") <= 390
        opened.page.click("#tabel-knop")
        assert opened.run("document.documentElement.scrollWidth") <= 390
        # A name is no column of letters: the table scrolls sideways instead.
        widths = opened.run(
            "[...document.querySelectorAll('#tabel tbody th')].map((n) => n.clientWidth)"
        )
        assert min(widths) >= 150
        opened.find("rietrand")
        opened.settled()
        boxes = opened.run(
            "Object.fromEntries(['#kaart', '.leaflet-popup-content-wrapper',"
            " '.leaflet-control-zoom'].map((q) => [q, document.querySelector(q)"
            ".getBoundingClientRect().toJSON()]))"
        )
        shown, inside = boxes["#kaart"], boxes[".leaflet-popup-content-wrapper"]
        assert inside["left"] >= boxes[".leaflet-control-zoom"]["right"]
        assert inside["right"] <= shown["right"]
        assert inside["top"] >= shown["top"]
        assert inside["bottom"] <= shown["bottom"]
        assert -1 < shown["top"] < 844


def test_a_browser_that_is_too_old_says_so(browser: Browser, example_page: Path) -> None:
    """Where the data cannot be unpacked there is a sentence instead of an empty map."""
    with visiting(browser, example_page, before="delete window.DecompressionStream;") as opened:
        opened.page.wait_for_selector("#melding:not([hidden])")
        assert "nieuwere browser" in opened.page.inner_text("#melding")


# --- what users add ----------------------------------------------------------------------------


def test_folium_layers_that_a_user_adds_work(
    browser: Browser, example_screening: woongeo.Screening, tmp_path: Path
) -> None:
    """A marker with its image, pop-up and tooltip, shapes, tiles and a control, beside our own."""
    made = woongeo.map_screening(example_screening)
    group = folium.FeatureGroup(name="Mijn punten")
    group.add_to(made)
    folium.Marker([52.54, 5.2], popup=folium.Popup("<b>Eigen punt</b>"), tooltip="eigen").add_to(
        group
    )
    folium.CircleMarker([52.541, 5.21], radius=9).add_to(group)
    folium.GeoJson({"type": "Point", "coordinates": [5.2, 52.55]}, name="Mijn GeoJSON").add_to(made)
    folium.LayerControl(collapsed=False).add_to(made)
    made.keep_in_front(group)
    with visiting(browser, saved(made, tmp_path), tiles=True) as opened:
        opened.ready()
        assert opened.drawn()["laagvlak"] == 4
        control = opened.page.inner_text(".leaflet-control-layers")
        assert "Mijn punten" in control
        assert "Mijn GeoJSON" in control
        assert opened.run(
            "[...document.querySelectorAll('img.leaflet-marker-icon, img.leaflet-marker-shadow')]"
            ".every((img) => img.complete && img.naturalWidth > 10)"
        )
        opened.run("document.querySelector('img.leaflet-marker-icon').click()")
        opened.page.wait_for_selector(".leaflet-popup b:text-is('Eigen punt')")
        opened.find("rietrand")
        assert "De Rietlanden" in opened.shown()
        assert opened.untouched()


def test_the_map_shows_in_a_notebook(
    browser: Browser, example_screening: woongeo.Screening, tmp_path: Path
) -> None:
    """Inside another page the whole map works, skip link included."""
    shown = woongeo.map_screening(example_screening)._repr_html_()
    page = tmp_path / "notebook.html"
    page.write_text(f'<meta charset="utf-8"><h1>Notebook</h1>{shown}', encoding="utf-8")
    with visiting(browser, page) as opened:
        inside = opened.page.frame_locator("iframe")
        inside.locator("#kaart[data-klaar=ja]").wait_for()
        inside.locator("#zoek").fill("rietrand")
        inside.locator("#gevonden button").click()
        assert "De Rietlanden" in inside.locator(".leaflet-popup-content").inner_text()
        assert opened.untouched()
        assert "Notebook" in opened.page.inner_text("h1")
        box = opened.page.locator("iframe").bounding_box()
        assert box is not None
        assert box["height"] > 600


# --- text from strangers -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a map with text from strangers wherever a name can stand, and what a notebook shows."""
    folder = tmp_path_factory.mktemp("vijandig")
    texts = list(hostile.ALL)
    shapes = [block(200 * i, 0) for i in range(len(texts))]
    file = folder / f"{hostile.FILE_NAME}.geojson"
    plans = frame(
        shapes,
        plan_id=[f"P{i:02d} {text}" for i, text in enumerate(texts)],
        plannaam=texts,
        planstatus=texts,
        woningen=[None] * len(texts),
    )
    plans.to_file(file, driver="GeoJSON")
    features = frame([block(200 * i + 50, 0) for i in range(len(texts))], nr=texts, naam=texts)
    cover = folder / f"{hostile.FILE_NAME}dekking.geojson"
    frame([block(-500, -500, 20_000, 2_000)], naam=["x"]).to_file(cover, driver="GeoJSON")
    layers = [
        woongeo.read_layer(
            f"laag{i}",
            features,
            coverage=cover,
            title=" ".join(texts[i::3]),
            publisher=hostile.SHORT,
            licence=hostile.SHORT,
        )
        for i in range(3)
    ]
    layers.append(woongeo.missing_layer("weg", reason=hostile.SHORT, title=hostile.SHORT))
    with pytest.warns(woongeo.WoongeoWarning):
        made = woongeo.screen(woongeo.read_locations(file), layers)
    regions = woongeo.read_regions(hostile.SHORT, frame(shapes, naam=texts), name_column="naam")
    capacity = woongeo.summarize_plancapaciteit(made, by=[regions, "plannaam"])
    webmap = woongeo.map_screening(made, title=hostile.SHORT)
    saved(webmap, folder)
    things: list[Any] = [
        *(made, capacity, made.locations, made.locations.report, regions, *layers, webmap)
    ]
    shown = "".join(thing._repr_html_() for thing in things)
    page = f'<!DOCTYPE html><meta charset="utf-8"><body>{shown}</body>'
    (folder / "notebook.html").write_text(page, encoding="utf-8")
    return folder


def test_nothing_that_strangers_write_runs_and_all_of_it_is_shown(
    browser: Browser, hostile_folder: Path
) -> None:
    """Every name is opened in a pop-up and stands there as it is; no script, request or error."""
    with visiting(browser, hostile_folder / "kaart.html", wide=1000, high=600) as opened:
        opened.ready()
        assert opened.page.title().strip() == " ".join(hostile.shown_as(hostile.SHORT).split())
        assert opened.page.text_content("h1") == hostile.shown_as(hostile.SHORT)
        assert opened.run("document.scripts.length") == 3
        for i, text in enumerate(hostile.ALL):
            opened.find(f"P{i:02d}")
            name = opened.run("document.querySelector('.leaflet-popup:last-child h3').textContent")
            assert name == hostile.shown_as(text.strip())
            assert opened.run("window.PWN") is None, text
        # Nothing but our own elements came to be.
        strange = opened.run(
            "document.querySelectorAll('iframe, object, embed, form, a[href^=javascript],"
            " [onerror], [onload], [onmouseover], svg [onload], img[src=x]').length"
        )
        assert strange == 0
        assert opened.untouched()


def test_a_notebook_of_strangers_text_runs_nothing(browser: Browser, hostile_folder: Path) -> None:
    """All tables of the library and the map, in one notebook that has no policy to help it."""
    with visiting(browser, hostile_folder / "notebook.html") as opened:
        opened.page.frame_locator("iframe").locator("#kaart[data-klaar=ja]").wait_for()
        assert opened.untouched()
        assert opened.page.locator("script, img, svg, body iframe iframe, a").count() == 0
        assert opened.page.locator("iframe").count() == 1
        assert "<script>window.PWN=1</script>" in opened.page.inner_text("body")
        [inside] = [f for f in opened.page.frames if f is not opened.page.main_frame]
        assert inside.evaluate("window.PWN === undefined")
