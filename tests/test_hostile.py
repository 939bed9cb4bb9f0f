"""Text from strangers in every place where it can stand, through every file that is written.

Each place has a text of its own, which begins as a formula and holds markup, a template, a script
and a sign that turns text around; the table says in which files it must be found, as it is.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import sqlite3
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hostile
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from browsing import visiting
from commands import Done, runner
from conftest import block, frame
from lxml import etree
from PIL import Image

import woongeo
from woongeo.encode import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")

ON = dt.date(2026, 11, 1)
FORMATS = ("gpkg", "csv", "xlsx", "parquet", "geojson")
PLACES = (
    *("id", "naam", "gemeente", "planstatus", "kolom", "waarde", "object", "objectnaam"),
    *("titel", "laag", "uitgever", "licentie", "bron", "grondslag", "opmerking", "weg", "reden"),
    *("gebied", "niveau", "opgavebron", "logo"),
)


def said(place: str) -> str:
    """Give the text of a place: of a length that every form shows whole, or begins to show."""
    return f"={place}{hostile.SHORT}"


def seen(place: str) -> str:
    """Say how a reader sees it."""
    return hostile.spelled_out(said(place))


@dataclass(frozen=True)
class World:
    """A screening of which every word is a stranger's."""

    screening: woongeo.Screening
    capacity: woongeo.Plancapaciteit
    regions: woongeo.Regions
    found: woongeo.Zoekgebieden


def world() -> World:
    """Screen plans: the first has the text of each place, the others have all texts there are."""
    texts = [*hostile.ALL, *hostile.HALF]
    n = len(texts) + 1
    shapes = [block(150 * (i % 10), 150 * (i // 10)) for i in range(n)]

    def column(place: str) -> Any:
        # A list of pandas cannot hold half a character.
        return pd.Series([said(place), *texts], dtype=object)

    ids: Any = column("id")
    ids[1:] = [f"{i} {text}" for i, text in enumerate(texts)]

    plans = frame(
        shapes,
        plan_id=ids,
        plannaam=column("naam"),
        gemeente=column("gemeente"),
        planstatus=column("planstatus"),
        woningen=range(10 * n, 0, -10),
    )
    plans[said("kolom")] = column("waarde")
    for i, text in enumerate(hostile.ALL):
        plans[f"{text}{i}"] = i
    features = frame(
        [block(150 * (i % 10) + 20, 150 * (i // 10), 20, 20) for i in range(n)],
        nr=column("object"),
        naam=column("objectnaam"),
    )
    rule = woongeo.Rule(source=said("bron"), basis=said("grondslag"), remark=said("opmerking"))
    layer = woongeo.read_layer(
        "gevaar",
        features,
        coverage=woongeo.read_coverage(frame([block(-500, -500, 20_000, 20_000)])),
        rule=rule,
        title=said("laag"),
        publisher=said("uitgever"),
        licence=said("licentie"),
        id_column="nr",
        name_column="naam",
    )
    missing = woongeo.missing_layer("weg", reason=said("reden"), title=said("weg"))
    screening = woongeo.screen(woongeo.read_locations(plans), [layer, missing], on=ON)
    regions = woongeo.read_regions(
        said("niveau"),
        frame([block(-10, -10, 3_000, 3_000)], naam=[said("gebied")]),
        name_column="naam",
    )
    targets = woongeo.read_targets(
        pd.DataFrame(
            [
                {
                    "niveau": said("niveau"),
                    "gebied": said("gebied"),
                    "van": 2022,
                    "tot": 2030,
                    "waarde": 100,
                    "bron": said("opgavebron"),
                }
            ]
        )
    )
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions], targets=targets)
    found = woongeo.find_sites(regions, [layer, missing], on=ON)
    return World(screening, capacity, regions, found)


@pytest.fixture(scope="module")
def made() -> World:
    """Make it once."""
    return world()


@pytest.fixture(scope="module")
def folder(made: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write it in every form that there is."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    place = tmp_path_factory.mktemp("alles")
    screening = made.screening
    by: list[woongeo.Regions | str] = [made.regions, "gemeente"]
    woongeo.export_screening(
        screening,
        folder=place / "export",
        plancapaciteit=made.capacity,
        knelpunten=woongeo.knelpunten(screening, by=by),
        vrijspelen=woongeo.vrijspelen(screening, by=by),
        webmap=woongeo.map_screening(screening, title=said("titel")),
        formats=FORMATS,
    )
    Image.new("RGB", (4, 4)).save(place / "logo.png")
    theme = place / "thema.toml"
    logo = {"bestand": "logo.png", "tekst": said("logo")}
    lines = [f"{key} = {json.dumps(value)}" for key, value in logo.items()]
    theme.write_text("\n".join(["[logo]", *lines]), encoding="utf-8")
    woongeo.write_report(
        made.capacity,
        folder=place / "rapport",
        title=said("titel"),
        theme=theme,
        earlier=screening,
        pptx=True,
    )
    woongeo.export_sites(made.found, folder=place / "zoek")
    sheet = woongeo.plot_screening(screening, title=said("titel"), labels=100)
    for kind in ("png", "pdf", "svg"):
        sheet.save(place / f"blad.{kind}")
    things: list[Any] = [
        *(screening, made.capacity, screening.locations, screening.locations.report, made.regions),
        *(*screening.layers, made.found, woongeo.knelpunten(screening), made.capacity.targets),
        *(woongeo.vrijspelen(screening), woongeo.compare(screening, screening)),
    ]
    shown = "".join(thing._repr_html_() for thing in things)
    page = f'<!DOCTYPE html><meta charset="utf-8"><body>{shown}</body>'
    (place / "notebook.html").write_text(page, encoding="utf-8")
    return place


# --- what a reader of each form sees -----------------------------------------------------------


def of_page(path: Path) -> list[str]:
    """Read the text of a page, and of its pictures; of the map what is packed in it too."""
    page = path.read_text(encoding="utf-8")
    told = [hostile.text(page)]
    told += [value or "" for _, given in hostile.tags(page) for _, value in given]
    return told + (strings(hostile.data_of(page)) if "woongeoKaart(map" in page else [])


def strings(value: object) -> list[str]:
    """List all text in plain values."""
    if isinstance(value, dict):
        return [x for pair in value.items() for part in pair for x in strings(part)]
    if isinstance(value, list):
        return [x for part in value for x in strings(part)]
    return [value] if isinstance(value, str) else []


def of_json(path: Path) -> list[str]:
    return strings(json.loads(path.read_text(encoding="utf-8")))


def of_pdf(path: Path) -> list[str]:
    """Read the pages and the alternative texts of a PDF."""
    pdfium = pytest.importorskip("pypdfium2")
    pikepdf = pytest.importorskip("pikepdf")
    text = "".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(path))
    with pikepdf.open(path) as pdf:
        alternatives = [
            str(thing.Alt)
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing
        ]
    return [text, *alternatives]


def of_deck(path: Path) -> list[str]:
    """Read all text and alternative text of slides, and of the workbooks behind their charts."""
    texts = []
    with zipfile.ZipFile(path) as deck:
        for name in deck.namelist():
            data = deck.read(name)
            if name.endswith((".xml", ".rels")):
                root = etree.fromstring(data)
                texts += [str(x) for x in root.itertext()]
                texts += [str(x) for e in root.iter() for x in e.attrib.values()]
            elif name.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(data)) as book:
                    sheets = [n for n in book.namelist() if n.endswith(".xml")]
                    for sheet in sheets:
                        texts += [str(x) for x in etree.fromstring(book.read(sheet)).itertext()]
    return texts


def of_xml(path: Path) -> list[str]:
    root = etree.fromstring(path.read_bytes())
    told = [str(x) for e in root.iter() for x in e.attrib.values()]
    return [*map(str, root.itertext()), *told]


def of_workbook(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    return [hostile.from_excel(x) for x in cells if isinstance(x, str)]


def of_csv(path: Path) -> list[str]:
    """Read cells; an apostrophe before a formula is ours."""
    rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    return [cell for row in rows for cell in row]


def of_geopackage(path: Path) -> list[str]:
    """Read every table of it, names of columns and styles included."""
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kinds = "type = 'table' AND name NOT LIKE 'rtree%'"
        tables = database.execute(f"SELECT name FROM sqlite_master WHERE {kinds}").fetchall()  # noqa: S608
        texts = []
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            texts += [column[0] for column in rows.description]
            texts += [cell for row in rows for cell in row if isinstance(cell, str)]
        dressed = any(table == "layer_styles" for (table,) in tables)
        styles = "SELECT styleQML FROM layer_styles"
        for (style,) in database.execute(styles) if dressed else []:
            root = etree.fromstring(style.encode())
            texts += [str(x) for e in root.iter() for x in e.attrib.values()]
    finally:
        database.close()
    return texts


def of_parquet(path: Path) -> list[str]:
    table = pq.read_table(path)
    facts = strings(json.loads(table.schema.metadata[b"woongeo"]))
    rows = table.drop_columns(["geometry", "bbox"]).to_pydict()
    return [*facts, *rows, *(x for v in rows.values() for x in v if isinstance(x, str))]


READ: dict[str, Callable[[Path], list[str]]] = {
    ".html": of_page,
    ".json": of_json,
    ".geojson": of_json,
    ".pdf": of_pdf,
    ".pptx": of_deck,
    ".svg": of_xml,
    ".qml": of_xml,
    ".xlsx": of_workbook,
    ".csv": of_csv,
    ".gpkg": of_geopackage,
    ".parquet": of_parquet,
}

_INPUT = ("id", "naam", "gemeente", "planstatus", "kolom", "waarde")
_LAYER = ("laag", "uitgever", "licentie", "bron", "grondslag", "weg", "reden", "opmerking")
_DATA = (*_INPUT, *_LAYER, "object", "objectnaam")
_PAPER = ("naam", "laag", "uitgever", "licentie", "weg", "reden", "titel", "logo")
# File to the places whose text must stand in it.
TOLD: dict[str, tuple[str, ...]] = {
    "export/kaart.html": (
        *("id", "naam", "gemeente", "titel", "laag", "uitgever", "licentie", "bron"),
        *("weg", "reden", "opmerking", "object", "objectnaam"),
    ),
    "export/locaties.gpkg": (*_DATA, "niveau", "gebied"),
    "export/locaties.qml": ("laag", "weg"),
    "export/locaties.xlsx": (*_DATA, "niveau", "gebied"),
    "export/locaties.parquet": (*_INPUT, *_LAYER[:-1]),
    "export/locaties.geojson": (*_INPUT, *_LAYER[:-1]),
    "export/treffers.csv": ("id", "opmerking", "reden", "object", "objectnaam"),
    "export/capaciteit.csv": ("niveau", "gebied"),
    "export/cijfers.csv": ("niveau", "gebied", "opgavebron"),
    "export/knelpunten.csv": (),
    "export/vrijspelen.csv": ("niveau", "gebied", "gemeente"),
    "export/manifest.json": _LAYER[:-1],
    "rapport/overzicht.html": (*_PAPER, "bron", "niveau", "gebied", "opgavebron"),
    "rapport/factsheet-totaal-alle-locaties.pdf": (*_PAPER, "bron"),
    "rapport/factsheet-totaal-alle-locaties.pptx": _PAPER,
    "rapport/manifest.json": (*_LAYER[:-1], "titel"),
    "zoek/zoekgebieden.gpkg": ("gebied",),
    "zoek/zoekgebieden.csv": ("gebied",),
    "zoek/manifest.json": _LAYER[:-1],
    "blad.svg": ("titel", "laag", "uitgever", "weg"),
    "blad.pdf": ("titel", "laag", "uitgever", "weg"),
    "notebook.html": ("laag", "weg", "reden", "niveau", "gebied"),
}
# Lines end where there is room, and long text is cut: of these so many characters are looked for.
_BEGIN = 24
_CUT = (".pdf", ".pptx", ".svg", "overzicht.html")


def bare(text: str) -> str:
    """Leave out blanks, and the sign between letters of long words."""
    return re.sub(r"[\s\u200b\u00ad\ufffe\x02]", "", text)


@pytest.mark.parametrize("name", TOLD)
def test_text_of_strangers_stands_in_each_file_as_it_is(name: str, folder: Path) -> None:
    """In each place that a file tells of; where it is cut, it begins as it does."""
    path = folder / name
    texts = READ[path.suffix](path)
    cut = name.endswith(_CUT)
    whole = bare("\n".join(texts)) if cut else "\n".join(texts)
    plain = name.endswith((".gpkg", ".parquet", ".json", ".geojson"))
    missing = []
    for place in TOLD[name]:
        words = [said(place), seen(place)] if plain else [seen(place)]
        words = [bare(word)[:_BEGIN] for word in words] if cut else words
        words += [csv_text(said(place))] if name.endswith(".csv") else []
        if not any(word in whole for word in words):
            missing.append(place)
    assert not missing


def test_every_file_that_is_written_is_looked_into(folder: Path) -> None:
    """A form that is added has to be added here."""
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    aside = {"logo.png", "thema.toml", "blad.png"}
    # Nothing in these comes from anybody's text.
    aside |= {"zoek/balans.csv", "zoek/zeef.csv", "zoek/zoekgebieden.qml"}
    others = {n for n in written if n.startswith("rapport/factsheet-") and "totaal" not in n}
    assert written - aside - others == set(TOLD)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Chromium."""
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


# --- and it does nothing -----------------------------------------------------------------------


def test_no_page_holds_a_tag_that_a_stranger_wrote(folder: Path) -> None:
    """Not the map, not the overview, not what a notebook shows."""
    sites = woongeo.read_locations(frame([block(0, 0)], plannaam=["gewoon"], woningen=[1]))
    missing = woongeo.missing_layer("weg", reason="gewoon")
    ordinary = woongeo.map_screening(woongeo.screen(sites, [missing], on=ON), title="gewoon")
    plain = hostile.tags(ordinary.get_root().render())
    own = {"kaart.html": sum(kind == "script" for kind, _ in plain)}
    for path in folder.rglob("*.html"):
        tags = hostile.tags(path.read_text(encoding="utf-8"))
        kinds = {kind for kind, _ in tags}
        assert not kinds & {"iframe", "object", "embed", "form", "b", "base"}, path.name
        assert sum(kind == "script" for kind, _ in tags) == own.get(path.name, 0), path.name
        for _, given in tags:
            for name, value in given:
                assert not name.startswith("on"), path.name
                assert "javascript:" not in (value or "") or name not in {"href", "src"}


@pytest.mark.browser
@pytest.mark.parametrize("name", ["rapport/overzicht.html", "blad.svg", "notebook.html"])
def test_a_browser_runs_nothing_of_it(name: str, folder: Path, browser: Browser) -> None:
    """No script, no dialog, no request: a drawing is opened as a page of its own."""
    with visiting(browser, folder / name) as opened:
        dialogs: list[str] = []
        opened.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        opened.page.wait_for_timeout(200)
        assert opened.run("window.PWN") is None
        assert not dialogs
        assert not opened.foreign()
        strange = "script, iframe, object, embed, form, [onerror], [onload], a[href^=javascript]"
        assert opened.page.locator(strange).count() == 0


def test_no_cell_of_any_table_is_a_formula(folder: Path) -> None:
    """In files of all forms that a spreadsheet opens, however it splits their lines."""
    begins = tuple("=+-@＝＋－＠\t\r")  # noqa: RUF001
    looked = 0
    for path in folder.rglob("*.csv"):
        text = path.read_bytes().decode("utf-8-sig")
        for separator in ",;\t":
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                for cell in row:
                    number = re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell)
                    assert number or not cell.lstrip(' "').startswith(begins), (path.name, cell)
                    looked += 1
    assert looked > 5_000
    with zipfile.ZipFile(folder / "export" / "locaties.xlsx") as book:
        for name in book.namelist():
            part = book.read(name)
            assert not re.search(b"<f[ >]|<hyperlink|externalLink", part), name
            etree.fromstring(part)
    for row in openpyxl.load_workbook(folder / "export" / "locaties.xlsx")["Locaties"].iter_rows():
        assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}


def test_slides_hold_no_macro_formula_or_address(folder: Path) -> None:
    """In none of their parts, the workbooks behind charts included; each part is XML."""
    for path in folder.rglob("*.pptx"):
        with zipfile.ZipFile(path) as deck:
            for name in deck.namelist():
                assert not re.search("vba|oleObject|activeX", name), name
                data = deck.read(name)
                if name.endswith((".xml", ".rels")):
                    etree.fromstring(data)
                    assert b'TargetMode="External"' not in data, name
                    assert b"hlinkClick" not in data, name
                if name.endswith(".xlsx"):
                    with zipfile.ZipFile(io.BytesIO(data)) as book:
                        sheet = book.read("xl/worksheets/sheet1.xml")
                        assert not re.search(b"<f[ >]|<hyperlink", sheet)


def test_a_pdf_does_nothing_when_it_is_opened(folder: Path) -> None:
    """No script, action, link, file or form."""
    pikepdf = pytest.importorskip("pikepdf")
    paths = [*folder.rglob("*.pdf")]
    assert len(paths) == 3
    for path in paths:
        with pikepdf.open(path) as pdf:
            for thing in pdf.objects:
                if isinstance(thing, pikepdf.Dictionary):
                    keys = {*thing.keys()}
                    assert not keys & {"/OpenAction", "/AA", "/JS", "/URI", "/EF", "/AcroForm"}


def test_data_files_are_read_back_as_they_were(made: World, folder: Path) -> None:
    """To the last character, but for a NUL and half a character, which are written out."""
    kept = [said("waarde"), *hostile.ALL, "nul\\x00daarna", "half \\ud83c"]
    export = folder / "export"
    column = said("kolom")
    assert gpd.read_file(export / "locaties.gpkg", layer="locaties")[column].tolist() == kept
    assert pq.read_table(export / "locaties.parquet")[column].to_pylist() == kept
    features = json.loads((export / "locaties.geojson").read_text("utf-8"))["features"]
    assert [f["properties"][column] for f in features] == kept
    names = {*pyogrio.read_info(export / "locaties.gpkg", layer="locaties")["fields"]}
    assert {f"{text}{i}" for i, text in enumerate(hostile.ALL)} <= names
    assert made.screening.locaties[column].tolist()[:-2] == kept[:-2]


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_names_do_nothing_to_a_terminal(
    more: tuple[str, ...], tmp_path: Path, run: Callable[..., Done]
) -> None:
    """Not in a summary, a warning, an error or JSON: no escape, no bell, nothing turned around."""
    evil = "\x1b[31mrood\x1b]0;PWN\x07\x9b2J\u202e\r\n0 fouten"
    plans = frame(
        [block(0, 0), block(50, 0), block(400, 0)],
        plan_id=[evil, f"{evil}2", "c"],
        naam=[evil] * 3,
        woningen=[1, 2, 3],
        planstatus=[evil] * 3,
        gemeente=[evil] * 3,
    )
    plans.to_file(tmp_path / "plannen.geojson", driver="GeoJSON")
    frame([block(0, 0)], naam=[evil]).to_file(tmp_path / "laag.geojson", driver="GeoJSON")
    base = ("plannen.geojson", "--layer", "natura2000=laag.geojson", "--out")
    titled = ("--title", evil, "--layer-title", f"natura2000={evil}", "--absent", f"weg={evil}")
    tries = [
        run(tmp_path, "screen", *base, "uit", *titled, *more),
        run(tmp_path, "report", *base, "rapport", *titled, "--no-pdf", *more),
        run(tmp_path, "screen", *base, "weg", "--id", evil, *more),
        run(tmp_path, "screen", evil, "--out", "weg", *more),
        # Words that are no UTF-8, as a shell may give them.
        run(tmp_path, "screen", *base, "half", "--absent", "weg=half\udcff", *more),
    ]
    assert [done.code for done in tries] == [0, 0, 2, 2, 0], tries
    for done in tries:
        for said_there in (done.out, done.err):
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said_there)
        if more and not done.code:
            assert json.loads(done.out)["bestanden"]


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., Done]]:
    """Run the command, many times in a row."""
    with runner() as started:
        yield started
