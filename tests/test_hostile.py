"""Text from strangers in every place where it can stand, in every file that is written.

The table says in which files the text of each place must be found, as it is.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import hostile
import openpyxl
import pyarrow.parquet as pq
import pytest
from hostile_world import said, seen
from lxml import etree

from woongeo.encode import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


@pytest.fixture(scope="module")
def folder(hostile_folder: Path) -> Path:
    """Give all files."""
    return hostile_folder


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
