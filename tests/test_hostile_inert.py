"""Text from strangers does nothing in any file that is written, nor in a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import hostile
import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest
from browsing import visiting
from commands import Done, runner
from conftest import block, frame
from hostile_world import ON, World, said
from lxml import etree

import woongeo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


@pytest.fixture(scope="module")
def made(hostile_world: World) -> World:
    """Give what was written."""
    return hostile_world


@pytest.fixture(scope="module")
def folder(hostile_folder: Path) -> Path:
    """Give all files."""
    return hostile_folder


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Chromium."""
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


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
