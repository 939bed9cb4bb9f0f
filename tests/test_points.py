"""Points of tables: CSV and Excel with x and y, or lon and lat."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import EAST, NORTH
from test_sources import write_sheets

from woongeo.errors import ColumnError, FileError, ImplausibleCrsError
from woongeo.sources import read_vector

if TYPE_CHECKING:
    from pathlib import Path


def excel(folder: Path, table: dict[str, Any], **sheets: dict[str, Any]) -> Path:
    """Write a table, and further sheets, to Excel."""
    given = {"Bedrijven": pd.DataFrame(table)}
    return write_sheets(
        folder / "bedrijven.xlsx", given | {n: pd.DataFrame(s) for n, s in sheets.items()}
    )


def coordinates(shapes: Any) -> list[tuple[float, float]]:
    """List the coordinates of points."""
    return [(point.x, point.y) for point in shapes]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("x", "y"),
        ("X_RD", "Y_RD"),
        ("rd_x", "rd_y"),
        ("Xcoord", "Ycoord"),
        ("X-coördinaat", "Y-coördinaat"),
        ("x coordinaat (RD)", "y coordinaat (RD)"),
        ("rd_x_coordinaat", "rd_y_coordinaat"),
    ],
)
def test_x_and_y_are_known_by_their_usual_names(tmp_path: Path, x: str, y: str) -> None:
    path = tmp_path / "bedrijven.csv"
    path.write_text(f"naam;{y};{x}\nDe Geit;{NORTH};{EAST}\n", encoding="utf-8")
    read, source = read_vector(path)
    assert coordinates(read.geometry) == [(EAST, NORTH)]
    assert source.conversion.source == "EPSG:28992"
    # The columns stay: a user wants to find them back.
    assert set(read.columns) == {"naam", x, y, "geometry"}


def test_degrees_are_brought_to_rd(tmp_path: Path) -> None:
    # The church in Amersfoort stands at 155,000 by 463,000; a metre is what WGS 84 allows.
    path = tmp_path / "bedrijven.csv"
    path.write_text("lat,lon\n52.155172897,5.387203657\n", encoding="utf-8")
    read, _ = read_vector(path)
    assert coordinates(read.geometry)[0] == pytest.approx((155_000, 463_000), abs=2)


def test_degrees_in_columns_x_and_y_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "bedrijven.csv"
    path.write_text("x,y\n5.387203657,52.155172897\n", encoding="utf-8")
    with pytest.raises(ImplausibleCrsError, match="geef crs='EPSG:4326' op"):
        read_vector(path)
    assert len(read_vector(path, crs=4326)[0]) == 1


def test_a_row_without_coordinates_is_kept_without_a_shape(tmp_path: Path) -> None:
    path = tmp_path / "bedrijven.csv"
    path.write_text(
        f"naam;x;y\na;{EAST},5;{NORTH}\nb;;{NORTH}\nc;onbekend;{NORTH}\nd;120.000;480.000\n"
        f"e;{EAST};{NORTH}\nf;{EAST};{NORTH}\n",
        encoding="utf-8",
    )
    read, source = read_vector(path)
    # 120.000 may be 120 or 120,000: it is read as it stands, and lies far away.
    assert [None if s is None else (s.x, s.y) for s in read.geometry] == [
        (EAST + 0.5, NORTH),
        None,
        None,
        (120, 480),
        (EAST, NORTH),
        (EAST, NORTH),
    ]
    assert source.notes == ("2 rijen hebben geen leesbare x en y",)


def test_wkt_goes_before_x_and_y(tmp_path: Path) -> None:
    path = tmp_path / "bedrijven.csv"
    path.write_text(f"x;y;wkt\n1;2;SRID=28992;POINT ({EAST} {NORTH})\n".replace(
        "SRID", '"SRID').replace(")\n", ')"\n'), encoding="utf-8")  # fmt: skip
    assert coordinates(read_vector(path)[0].geometry) == [(EAST, NORTH)]


def test_a_table_without_a_place_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = excel(tmp_path, {"naam": ["a"], "adres": ["Dorpsstraat 1"]})
    with pytest.raises(ColumnError, match=r"geen x en y of lon en lat.*kolommen: naam, adres"):
        read_vector(path)


def test_cells_of_excel_become_text_that_reads_as_it_was_meant(tmp_path: Path) -> None:
    path = excel(
        tmp_path,
        {
            "x": [EAST, EAST + 0.25],
            "y": [NORTH, NORTH],
            "dieren": [1234, 1.234],
            "postcode": ["0012", None],
            "sinds": [dt.date(2024, 5, 1), dt.datetime(2024, 5, 1, 12, 30)],  # noqa: DTZ001
            "actief": [True, False],
        },
    )
    read, source = read_vector(path)
    assert coordinates(read.geometry) == [(EAST, NORTH), (EAST + 0.25, NORTH)]
    assert read["dieren"].tolist() == ["1234", "1,234"]
    assert read["postcode"].tolist() == ["0012", None]
    assert read["sinds"].tolist() == ["2024-05-01", "2024-05-01T12:30:00"]
    assert read["actief"].tolist() == ["waar", "onwaar"]
    assert (source.driver, source.layer, source.features) == ("Excel", "", 2)


def test_of_several_sheets_one_must_be_named(tmp_path: Path) -> None:
    path = excel(tmp_path, {"x": [EAST], "y": [NORTH]}, Toelichting={"tekst": ["hallo"]})
    with pytest.raises(FileError, match=r"2 bladen \(Bedrijven, Toelichting\).*xlsx:Bedrijven"):
        read_vector(path)
    assert len(read_vector(f"{path}:Bedrijven")[0]) == 1
    with pytest.raises(FileError, match="blad 'Blad1' bestaat niet; wel: Bedrijven, Toelichting"):
        read_vector(path, layer="Blad1")


def test_blank_rows_and_columns_of_excel_do_not_matter(tmp_path: Path) -> None:
    path = excel(tmp_path, {"x": [None, EAST], "y": [None, NORTH], "leeg": [None, None]})
    assert coordinates(read_vector(path)[0].geometry) == [(EAST, NORTH)]


def test_a_sheet_without_anything_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="geen kopregel"):
        read_vector(excel(tmp_path, {}))


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = excel(tmp_path, {"x": [EAST], "y": [NORTH]})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"bedrijven\.xlsx: "):
        read_vector(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(FileError, match="la het opnieuw op"):
        read_vector(path)


def test_a_stray_cell_in_the_last_corner_costs_nothing(tmp_path: Path) -> None:
    # Laid out, the sheet would hold 17,179,869,184 cells.
    book = openpyxl.Workbook()
    for cell, value in (("A1", "x"), ("B1", "y"), ("A2", EAST), ("B2", NORTH), ("XFD1048576", " ")):
        book.active[cell] = value
    book.save(tmp_path / "ver.xlsx")
    read, _ = read_vector(tmp_path / "ver.xlsx")
    assert coordinates(read.geometry) == [(EAST, NORTH)]
    assert list(read.columns) == ["x", "y", "geometry"]


def test_a_formula_without_an_outcome_is_an_empty_cell(tmp_path: Path) -> None:
    path = excel(tmp_path, {"x": [EAST, "=A2+1"], "y": [NORTH, NORTH]})
    read, source = read_vector(path)
    assert [s is None for s in read.geometry] == [False, True]
    assert source.notes == ("1 rij heeft geen leesbare x en y",)


def test_xml_that_reads_other_files_is_refused(tmp_path: Path) -> None:
    path = excel(tmp_path, {"x": [EAST], "y": [NORTH]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "xl/sharedStrings2.xml",
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        )
    with pytest.raises(FileError, match="DOCTYPE"):
        read_vector(path)


def test_a_workbook_that_swells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(FileError, match="wordt uitgepakt"):
        read_vector(path)


def test_points_in_a_table_are_points(tmp_path: Path) -> None:
    read, _ = read_vector(excel(tmp_path, {"x": [EAST], "y": [NORTH]}))
    assert shapely.get_type_id(read.geometry.to_numpy()).tolist() == [shapely.GeometryType.POINT]
