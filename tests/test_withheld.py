"""A plan that an audience may not see is in no file that it gets: not its name, shape or homes.

Every file is taken apart to its last part: zips in zips, what a PDF and a page have packed, what a
database has freed, statistics of columns. What is looked for is found where anybody may see all, so
that looking is known to work.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
import json
import re
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import geopandas as gpd
import hostile
import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import block, frame
from PIL import Image

import woongeo
from woongeo.crs import to_degrees
from woongeo.numerals import dutch
from woongeo.vertrouwelijk import for_audience, for_totals, visible_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import shapely

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")

ON = dt.date(2026, 11, 1)
LEVELS = ("openbaar", "provincie", "provincie en gemeente", "regio", "gemeente", "eigenaar", "")
# Which levels each sees is tested elsewhere: here one that sees little, one much, and one all.
AUDIENCES = ("openbaar", "regio:Oost", "intern")


def place(i: int) -> shapely.Polygon:
    """Draw a plan whose corners no other has; it overlaps the one before it."""
    return block(90 * i + 0.125 * i, 0.3725 * (i + 1), 100, 100 + 0.0625 * i)


def homes(i: int) -> int:
    """Give a number of homes that nothing else has."""
    return 70_013 + 1_117 * i * i


def plans() -> gpd.GeoDataFrame:
    """Draw two plans of each level, in two gemeenten, and two that share a name and a shape."""
    n = 2 * len(LEVELS)
    own = gpd.GeoDataFrame(
        {
            "plan_id": [f"KENMERK{i}X" for i in range(n)],
            "naam": [f"Zwijgveld{i}X" for i in range(n)],
            "opmerking": [f"stilhouden{i}X" for i in range(n)],
            "woningen": [homes(i) for i in range(n)],
            "planstatus": ["3", "1A"] * len(LEVELS),
            "gemeente": ["Dorp", "Stad"] * len(LEVELS),
            "regio": ["Oost"] * n,
            "vertrouwelijkheid": [level for level in LEVELS for _ in range(2)],
        },
        geometry=[place(i) for i in range(n)],
        crs="EPSG:28992",
    )
    # Findings on plans that may be seen name the others.
    own.loc[n - 1, "geometry"] = own.geometry[0]
    return own


def secrets(i: int, shape: shapely.Polygon) -> dict[str, list[bytes]]:
    """List by what a plan can be known: as text and as bytes."""
    x, y = shape.exterior.coords[0]
    lon, lat = to_degrees(np.array([x]), np.array([y]), decimals=7)
    number = homes(i)
    return {
        "kenmerk": [f"KENMERK{i}X".encode()],
        "naam": [f"Zwijgveld{i}X".encode()],
        "opmerking": [f"stilhouden{i}X".encode()],
        "woningen": [str(number).encode(), dutch(number).encode()],
        "vlak": [
            *(struct.pack("<d", v) for v in (x, y) if v % 1),
            *(f"{v:.4f}".encode() for v in (x, y) if v % 1),
            *(f"{float(v[0]):.6f}".encode() for v in (lon, lat)),
        ],
    }


def write_all(folder: Path, audience: str) -> None:
    """Write everything that an audience may get, as the documentation says how."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    zone = frame([block(0, 0, 2_000, 60)], nr=["1"], naam=["Hei"])
    cover = woongeo.read_coverage(frame([block(-9_000, -9_000, 90_000, 20_000)]))
    layer = woongeo.read_layer("natuur", zone, coverage=cover, rule=woongeo.Rule(source="proef"))
    whole = woongeo.screen(woongeo.read_locations(plans()), [layer], on=ON)
    own = for_audience(whole, audience)
    totals = woongeo.summarize_plancapaciteit(
        for_totals(whole, audience, by=["gemeente"]), by=["gemeente"]
    )
    woongeo.export_screening(
        whole if audience != "intern" else own,
        folder=folder / "export",
        plancapaciteit=totals,
        knelpunten=woongeo.knelpunten(own),
        vrijspelen=woongeo.vrijspelen(own, by=["gemeente"]),
        formats=("gpkg", "csv", "xlsx", "parquet", "geojson"),
        publiek=audience,
    )
    seen = woongeo.summarize_plancapaciteit(own, by=["gemeente"])
    woongeo.write_report(seen, folder=folder / "rapport", pptx=True, earlier=own, publiek=audience)
    woongeo.map_screening(own).save(folder / "kaart.html")
    for kind in ("png", "pdf", "svg"):
        woongeo.plot_screening(own, labels=50).save(folder / f"blad.{kind}", dpi=60)
    # In portions of which some are left out whole, read from a file that is not handed over.
    with tempfile.TemporaryDirectory() as aside:
        plans().to_parquet(f"{aside}/plannen.parquet")
        woongeo.screen_file(
            f"{aside}/plannen.parquet",
            [layer],
            folder=folder / "delen",
            on=ON,
            rows=2,
            publiek=audience,
        )
    area = frame([block(-500, -500, 3_000, 1_500)])
    known = for_audience(whole.locations, audience)
    found = woongeo.find_sites(area, [layer], plans=known, on=ON, min_m2=100, min_width_m=5)
    woongeo.export_sites(found, folder=folder / "zoek", publiek=audience)


def parts(data: bytes, name: str) -> Iterator[bytes]:
    """Take a file apart: all that somebody with patience finds in it."""
    yield data
    for begin, taken_apart in _KINDS.items():
        if data.startswith(begin):
            yield from taken_apart(data)
    if name.endswith(".html"):
        yield from _parts_of_page(data)


def _parts_of_zip(data: bytes) -> Iterator[bytes]:
    """Give all files in it, and all that is in them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.namelist():
            yield entry.encode()
            yield from parts(archive.read(entry), entry)


def _rows(cells: Iterable[object]) -> bytes:
    """Write cells as bytes."""
    return b"\n".join(x if isinstance(x, bytes) else str(x).encode() for x in cells)


def _parts_of_database(data: bytes) -> Iterator[bytes]:
    """Give all rows; a page that was freed would still hold what it held."""
    database = sqlite3.connect(":memory:")
    database.deserialize(data)
    assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree%'"
    for (table,) in database.execute(tables).fetchall():
        for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
            yield _rows(row)
    database.close()


def _parts_of_parquet(data: bytes) -> Iterator[bytes]:
    """Give the statistics of columns, what is told of the file, and all cells."""
    table = pq.read_table(io.BytesIO(data))
    yield str(pq.ParquetFile(io.BytesIO(data)).metadata.to_dict()).encode()
    yield _rows((table.schema.metadata or {}).values())
    for column in table.to_pydict().values():
        yield _rows(column)


def _parts_of_picture(data: bytes) -> Iterator[bytes]:
    """Give what a picture tells of itself."""
    yield str(Image.open(io.BytesIO(data)).info).encode()


def _parts_of_page(data: bytes) -> Iterator[bytes]:
    """Give the text of a page, its pictures and what is packed in it."""
    for packed in re.findall(rb"[A-Za-z0-9+/]{60,}={0,2}", data):
        piece = base64.b64decode(packed + b"=" * (-len(packed) % 4))
        yield from parts(piece, "")
        if piece[:1] == b"x":
            yield zlib.decompress(piece)
    page = data.decode()
    if "woongeoKaart(" in page:
        # Numbers are packed as small differences: here they stand as one reads them.
        yield json.dumps(hostile.data_of(page), ensure_ascii=False).encode()
    yield hostile.text(page).encode()


def _parts_of_pdf(data: bytes) -> Iterator[bytes]:
    """Give every stream, every string and the text of a PDF."""
    pikepdf = pytest.importorskip("pikepdf")
    pdfium = pytest.importorskip("pypdfium2")
    for page in pdfium.PdfDocument(data):
        yield page.get_textpage().get_text_range().encode()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                yield thing.read_raw_bytes()
                if "/Filter" not in thing or thing.Filter == pikepdf.Name.FlateDecode:
                    yield thing.read_bytes()
            elif isinstance(thing, pikepdf.Dictionary):
                yield b"\n".join(
                    str(x).encode() for _, x in thing.items() if isinstance(x, pikepdf.String)
                )


_KINDS: dict[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"PK": _parts_of_zip,
    b"%PDF": _parts_of_pdf,
    b"SQLite": _parts_of_database,
    b"PAR1": _parts_of_parquet,
    b"\x89PNG": _parts_of_picture,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Inside]]:
    """Write everything for each audience; give all that is in each file."""
    found = {}
    for audience in AUDIENCES:
        folder = tmp_path_factory.mktemp("publiek")
        write_all(folder, audience)
        found[audience] = {
            path.relative_to(folder).as_posix(): Inside(
                b"\n".join(parts(path.read_bytes(), path.name))
            )
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    return found


def hidden_from(audience: str) -> list[int]:
    """List the plans that an audience may not see."""
    return [int(i) for i in np.flatnonzero(~visible_to(plans(), audience))]


class Inside:
    """All that is in a file, and the numbers that stand in it by themselves."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        found = {*re.findall(rb"\d+(?:\.\d+)*", data)}
        self._numbers = found | {n.removesuffix(b".0") for n in found}

    def __contains__(self, token: bytes) -> bool:
        if re.fullmatch(rb"\d+(\.\d{3})*", token):
            return token in self._numbers
        return token in self._data


@pytest.mark.parametrize("audience", AUDIENCES[:-1])
def test_nothing_of_a_withheld_plan_is_in_any_file(
    audience: str, written: dict[str, dict[str, Inside]]
) -> None:
    """Not its id, name, any column, homes or a corner of its shape, however it is written."""
    withheld = hidden_from(audience)
    assert withheld
    tried, leaks = 0, []
    for i in withheld:
        # The last plan lies on the first, which anybody may see.
        kinds = secrets(i, plans().geometry[i])
        if i == len(plans()) - 1:
            del kinds["vlak"]
        for (name, data), (kind, tokens) in itertools.product(
            written[audience].items(), kinds.items()
        ):
            tried += len(tokens)
            if any(token in data for token in tokens):
                leaks.append((name, kind, i))
    assert not leaks
    assert tried > 1_000


@pytest.mark.parametrize("audience", AUDIENCES[:-1])
def test_no_total_gives_a_withheld_plan_by_subtraction(
    audience: str, written: dict[str, dict[str, Inside]]
) -> None:
    """Fewer than five in a gemeente count in no total; more count together, never one or two."""
    frame_ = plans()
    withheld = hidden_from(audience)
    count = {g: sum(frame_["gemeente"][i] == g for i in withheld) for g in ("Dorp", "Stad")}
    where = frame_["gemeente"].tolist()
    groups: dict[str, list[int]] = {"": [*range(len(frame_))]}
    groups |= {g: [i for i, name in enumerate(where) if name == g] for g in count}
    for group, rows in groups.items():
        seen = sum(homes(i) for i in rows if i not in withheld)
        inside = [i for i in rows if i in withheld]
        for size in (1, 2, 3):
            for chosen in itertools.combinations(inside, size):
                # Together in one gemeente they may count, all of them and no fewer.
                if any(set(chosen) == {i for i in withheld if i in groups[g]} for g in count):
                    continue
                number = seen + sum(map(homes, chosen))
                for name, data in written[audience].items():
                    for text in (str(number), dutch(number)):
                        assert text.encode() not in data, (name, group, chosen)


def test_what_is_looked_for_is_there_for_whom_may_see_it(
    written: dict[str, dict[str, Inside]],
) -> None:
    """Each kind of secret is found in each form that tells of it, so that looking works."""
    shape = plans().geometry[4]
    kinds = secrets(4, shape)
    told = {
        "export/locaties.gpkg": {*kinds},
        "export/locaties.parquet": {*kinds},
        "export/locaties.geojson": {*kinds},
        "export/locaties.xlsx": {*kinds} - {"vlak"},
        "export/treffers.csv": {"kenmerk"},
        "delen/locaties.parquet": {*kinds},
        "delen/treffers.parquet": {"kenmerk"},
        "kaart.html": {"kenmerk", "naam", "woningen"},
        "rapport/overzicht.html": {"naam", "woningen"},
        "rapport/factsheet-totaal-alle-locaties.pdf": {"naam", "woningen"},
        "rapport/factsheet-totaal-alle-locaties.pptx": {"naam", "woningen"},
        "blad.svg": {"naam"},
        "blad.pdf": {"naam"},
    }
    for name, expected in told.items():
        data = written["intern"][name]
        found = {k for k, tokens in kinds.items() if any(t in data for t in tokens)}
        assert found >= expected, name
