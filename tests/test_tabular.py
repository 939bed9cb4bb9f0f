"""Tables without shapes: whole, with the hash of the bytes, and nothing guessed."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from woongeo.errors import ColumnError, FileError
from woongeo.sources import read_tabular

if TYPE_CHECKING:
    from pathlib import Path

SHEET = """<?xml version="1.0"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
{rows}</sheetData></worksheet>"""
BOOK = """<?xml version="1.0"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
{sheets}</sheets></workbook>"""
TYPES = """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels"
 ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
</Types>"""
RELATIONS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{all}
</Relationships>"""
RELATION = (
    '<Relationship Id="{id}" Target="{to}" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/{kind}"/>'
)


def workbook(
    path: Path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()
) -> Path:
    """Write a workbook by hand: text in its cells, and numbers."""

    def cell(value: object) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        top = RELATION.format(id="rId1", to="xl/workbook.xml", kind="officeDocument")
        archive.writestr("_rels/.rels", RELATIONS.format(all=top))
        names, relations = "", ""
        for i, (name, rows) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if name in hidden else ""
            names += f'<sheet name="{name}" sheetId="{i}"{state} r:id="rId{i}"/>'
            target = f"worksheets/sheet{i}.xml"
            relations += RELATION.format(id=f"rId{i}", to=target, kind="worksheet")
            body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            archive.writestr(f"xl/{target}", SHEET.format(rows=body))
        archive.writestr("xl/workbook.xml", BOOK.format(sheets=names))
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format(all=relations))
    return path


def test_a_csv_is_text_whole_and_hashed(tmp_path: Path) -> None:
    path = tmp_path / "tabel.csv"
    path.write_bytes("\ufeffcode;waarde\r\n0363;1,5\r\n;\r\n0034;\r\n".encode())
    table, source = read_tabular(path)
    assert table.to_dict("list") == {"code": ["0363", "0034"], "waarde": ["1,5", None]}
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.driver, source.features, source.path) == ("CSV", 2, str(path))
    assert source.facts()["coordinatenstelsel"] == "geen"


def test_a_workbook_gives_the_cells_of_its_one_visible_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["code", "waarde", None],
        [363, "voldoende", None],
        [None, None, None],
        [34, None, None],
    ]
    path = workbook(tmp_path / "tabel.xlsx", {"Blad1": rows, "oud": [["x"]]}, hidden=("oud",))
    table, source = read_tabular(path)
    assert table["code"].tolist() == ["363", "34"]
    assert table["waarde"].tolist() == ["voldoende", None]
    assert list(table.columns) == ["code", "waarde"]
    assert (source.layer, source.driver) == ("", "Excel")


def test_a_sheet_and_a_row_of_names_can_be_chosen(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "a": [["x"], [1]],
        "b": [["Titel"], [None], ["code", None], [363, 9]],
    }
    path = workbook(tmp_path / "tabel.xlsx", sheets)
    with pytest.raises(FileError, match=r"2 bladen \(a, b\)"):
        read_tabular(path)
    table, _ = read_tabular(path, sheet="b", header_row=2)
    assert table.to_dict("list") == {"code": ["363"], "kolom 2": ["9"]}
    with pytest.raises(FileError, match="blad 'c' bestaat niet; wel: a, b"):
        read_tabular(path, sheet="c")
    with pytest.raises(FileError, match="het blad heeft 2 gevulde rijen"):
        read_tabular(path, sheet="a", header_row=9)
    with pytest.raises(FileError, match="header_row is 0"):
        read_tabular(path, sheet="a", header_row=0)


def test_a_frame_is_taken_as_it_is_with_its_named_index() -> None:
    given = pd.DataFrame({"waarde": [1.0, None]}, index=pd.Index(["A", "B"], name="regio"))
    before = given.copy()
    table, source = read_tabular(given)
    assert table["regio"].tolist() == ["A", "B"]
    assert table["waarde"].tolist() == [1.0, None]
    assert len(source.sha256) == 64
    pd.testing.assert_frame_equal(given, before)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="bestaat niet"):
        read_tabular(tmp_path / "weg.csv")
    with pytest.raises(FileError, match="geen adressen"):
        read_tabular("https://example.nl/tabel.csv")
    chart = tmp_path / "kaart.geojson"
    chart.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(FileError, match="geen tabel"):
        read_tabular(chart)
    with pytest.raises(FileError, match="geef een pad"):
        read_tabular(3)  # type: ignore[arg-type]
    false = tmp_path / "vals.xlsx"
    false.write_text("code;waarde\n")
    with pytest.raises(FileError, match="de inhoud is geen Excel"):
        read_tabular(false)
    whole = workbook(tmp_path / "heel.xlsx", {"a": [["x"], [1]]}).read_bytes()
    (tmp_path / "half.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError):
        read_tabular(tmp_path / "half.xlsx")
    double = tmp_path / "dubbel.csv"
    double.write_text("a,a\n1,2\n")
    with pytest.raises(ColumnError, match="kolom 'a' komt vaker voor"):
        read_tabular(double)
    with pytest.raises(FileError, match="heeft geen lagen"):
        read_tabular(double, sheet="a")
    with pytest.raises(FileError, match="geen kopregel"):
        read_tabular(workbook(tmp_path / "leeg.xlsx", {"a": [[None]]}))


def test_a_bomb_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    with pytest.raises(FileError, match="uitgepakt"):
        read_tabular(path)
