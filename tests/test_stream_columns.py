"""A file that is screened in portions keeps the columns, and the types of columns, that it has.

What is empty in the first portion and filled in the next is what the file says it is: four plans
are read one by one, two by two and all at once, and what is written is the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import sqlite3
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import ColumnError, LocationError
from woongeo.export.growing import GrowingTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")

DAY = dt.date(2026, 11, 22)
ROWS = (1, 2, 3, 1_000)

# One more than a broken number of 64 bits can tell from its neighbour: 2 ** 53 + 1.
LARGE = 9_007_199_254_740_993
MOMENT = dt.datetime(2026, 3, 1, 10, 30, tzinfo=dt.UTC)

# Type of Arrow and four values: of all of these the first two rows are empty, or the last two.
COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "getal": (pa.float64(), [None, None, 3.5, 4.0]),
    "geheel": (pa.int64(), [None, None, 3, 4]),
    "geheel_eerst": (pa.int32(), [3, 4, None, None]),
    "groot": (pa.int64(), [None, LARGE, None, LARGE + 2]),
    "zonder_teken": (pa.uint64(), [None, None, 2**63 + 1, None]),
    "ja_nee": (pa.bool_(), [None, None, True, False]),
    "dag": (pa.date32(), [None, None, dt.date(2026, 1, 1), None]),
    "moment": (pa.timestamp("ms"), [None, None, MOMENT.replace(tzinfo=None), None]),
    "met_zone": (pa.timestamp("us", "Europe/Amsterdam"), [None, None, MOMENT, None]),
    "bedrag": (pa.decimal128(9, 2), [None, None, decimal.Decimal("1234567.89"), None]),
    "tekst": (pa.string(), [None, None, "a", "007"]),
    "soort": (pa.string(), [None, None, "a", "b"]),
    "rij": (pa.list_(pa.int32()), [None, None, [1, 2], []]),
    "bytes": (pa.binary(), [None, None, b"\x00\xff", None]),
}


def layer() -> woongeo.Layer:
    """Draw a layer over the first plan."""
    return woongeo.read_layer("natuur", frame([block(0, 0)], nr=[1]), coverage="nederland")


def plans(**columns: Any) -> gpd.GeoDataFrame:
    """Draw four plans, 300 m apart."""
    return frame([block(300 * i, 0) for i in range(4)], plan_id=list("abcd"), **columns)


def screened(path: Path, folder: Path, rows: int, **more: Any) -> pa.Table:
    """Screen a file and read what was written, in the order of the ids."""
    woongeo.screen_file(path, [layer()], folder=folder, on=DAY, rows=rows, **more)
    return pq.read_table(folder / "locaties.parquet").sort_by("locatie_id")


def parquet(folder: Path, columns: Mapping[str, tuple[pa.DataType, list[Any]]]) -> Path:
    """Write GeoParquet with columns of these types."""
    path = folder / "plannen.parquet"
    plans().to_parquet(path)
    table = pq.read_table(path)
    for name, (kind, values) in columns.items():
        table = table.append_column(name, pa.array(values, type=kind))
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("rows", ROWS)
def test_columns_of_parquet_keep_their_types_and_their_values(tmp_path: Path, rows: int) -> None:
    found = screened(parquet(tmp_path, COLUMNS), tmp_path / "uit", rows)
    for name, (kind, values) in COLUMNS.items():
        column = found.column(name)
        assert (name, column.type) == (name, kind)
        assert (name, column.to_pylist()) == (name, values)
    assert gpd.read_parquet(tmp_path / "uit" / "locaties.parquet").crs == "EPSG:28992"


@pytest.mark.parametrize("rows", ROWS)
def test_what_the_file_gives_no_type_is_text(tmp_path: Path, rows: int) -> None:
    """A column of GeoParquet of type null holds nothing in any row."""
    path = parquet(tmp_path, {"leeg": (pa.null(), [None] * 4)})
    column = screened(path, tmp_path / "uit", rows).column("leeg")
    assert (column.type, column.to_pylist()) == (pa.string(), [None] * 4)


@pytest.mark.parametrize("rows", ROWS)
def test_words_that_are_stored_once_are_words(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "plannen.parquet"
    plans(soort=pd.Categorical([None, "b", "a", "b"])).to_parquet(path)
    column = screened(path, tmp_path / "uit", rows).column("soort")
    assert (column.type, column.to_pylist()) == (pa.string(), [None, "b", "a", "b"])


# What each kind of file makes of a type that it does not have.
OTHERS: dict[str, dict[str, pa.DataType]] = {
    "gpkg": {},
    "fgb": {"dag": pa.timestamp("ms")},
    "gdb": {"ja_nee": pa.int32(), "moment": pa.timestamp("ms", "UTC")},
    "geojson": {"geheel": pa.int32()},
}


def by_gdal(folder: Path, kind: str, names: tuple[str, ...]) -> Path:
    """Write some of the columns with GDAL."""
    table = pq.read_table(parquet(folder, {n: COLUMNS[n] for n in names}))
    shapes = table.column("geometry").cast(pa.binary())
    path = folder / f"plannen.{kind}"
    # Whole numbers beyond 2 ** 53, and days, are as young as this in a geodatabase.
    young = {"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"} if kind == "gdb" else {}
    pyogrio.write_arrow(
        table.drop_columns(["geometry"]).append_column("geometry", shapes),
        path,
        driver={"gdb": "OpenFileGDB"}.get(kind),
        geometry_name="geometry",
        geometry_type="MultiPolygon" if kind == "gdb" else "Polygon",
        crs="EPSG:28992",
        layer_options=young,
    )
    return path


@pytest.mark.filterwarnings("ignore:.*datetime with a unknown time zone:RuntimeWarning")
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", list(OTHERS))
def test_columns_that_gdal_reads_keep_their_types(tmp_path: Path, kind: str, rows: int) -> None:
    every = ("getal", "geheel", "geheel_eerst", "groot", "ja_nee", "dag", "moment", "tekst")
    # GeoJSON is read whole, in which large numbers with gaps are broken ones.
    names = tuple(n for n in every if (n, kind) != ("groot", "geojson"))
    found = screened(by_gdal(tmp_path, kind, names), tmp_path / "uit", rows)
    for name in names:
        expected = OTHERS[kind].get(name, COLUMNS[name][0])
        column = found.column(name)
        assert (name, column.type) == (name, expected)
        values, wanted = column.to_pylist(), COLUMNS[name][1]
        assert (name, [*map(plain, values)]) == (name, [*map(plain, wanted)])


def plain(value: object) -> object:
    """Compare a day with the midnight, and a moment with the one in UTC, that some make of it."""
    if isinstance(value, dt.datetime):
        value = value.replace(tzinfo=None)
        return value.date() if value.time() == dt.time() else value
    return value


def timed(folder: Path, texts: list[str | None]) -> Path:
    """Write a GeoPackage with moments as they are spelled here: it keeps them as text."""
    path = folder / "plannen.gpkg"
    some = pd.Series([pd.Timestamp("2026-01-01 10:00")] * 4)
    plans(sinds=some).to_file(path, layer_options={"SPATIAL_INDEX": "NO"})
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.executemany(
            "UPDATE plannen SET sinds = ? WHERE plan_id = ?", zip(texts, "abcd", strict=True)
        )
    return path


@pytest.mark.parametrize("rows", ROWS)
def test_moments_that_state_their_zone_are_in_utc(tmp_path: Path, rows: int) -> None:
    """10:30 in winter is 9:30 in UTC, and in summer 8:30."""
    path = timed(tmp_path, [None, "2026-01-05T10:30:00+01:00", "2026-07-05T10:30:00+02:00", None])
    column = screened(path, tmp_path / "uit", rows).column("sinds")
    assert column.type == pa.timestamp("ms", "UTC")
    winter = dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
    summer = dt.datetime(2026, 7, 5, 8, 30, tzinfo=dt.UTC)
    assert column.to_pylist() == [None, winter, summer, None]


@pytest.mark.parametrize("rows", ROWS)
def test_moments_of_which_some_state_a_zone_stay_as_they_are_written(
    tmp_path: Path, rows: int
) -> None:
    """Which moment the second is, nobody knows."""
    texts = [None, "2026-01-05T10:30:00+01:00", "2026-07-05T10:30:00", None]
    column = screened(timed(tmp_path, texts), tmp_path / "uit", rows).column("sinds")
    assert (column.type, column.to_pylist()) == (pa.string(), texts)


@pytest.mark.parametrize("rows", ROWS)
def test_all_of_a_csv_is_text(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "plannen.csv"
    rest = [f"{n};{block(300 * i, 0)}" for i, n in enumerate(["", "", "007", "1.5"])]
    lines = [f"{plan};{cells}" for plan, cells in zip("abcd", rest, strict=True)]
    path.write_text("\n".join(["plan_id;nummer;wkt", *lines, ""]), encoding="utf-8")
    column = screened(path, tmp_path / "uit", rows, crs="EPSG:28992").column("nummer")
    assert (column.type, column.to_pylist()) == (pa.string(), [None, None, "007", "1.5"])


# --- columns that are named as ours


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(
    ("statuses", "columns"),
    [
        # What says the same as ours, to the letter, is there once.
        (["3", "4A", "3", "4A"], ["planstatus"]),
        # In the third row it says something else: nothing of the column may be lost.
        (["3", "4A", "onherroepelijk", "4A"], ["planstatus", "planstatus_invoer"]),
    ],
)
def test_a_column_that_is_named_as_ours_is_there_in_all_rows_or_in_none(
    tmp_path: Path, rows: int, statuses: list[str], columns: list[str]
) -> None:
    path = tmp_path / "plannen.parquet"
    given = plans(naam=list("ABCD"), planstatus=statuses, woningen=[1, 2, 3, 4], nr=[1, 2, 3, 4])
    given.to_parquet(path)
    found = screened(path, tmp_path / "uit", rows)
    whole = woongeo.screen(woongeo.read_locations(path, overlaps=False), [layer()], on=DAY)
    assert found.column_names == list(whole.locaties.columns)
    assert [c for c in found.column_names if c.startswith("planstatus")] == columns
    if len(columns) == 2:
        assert found.column("planstatus_invoer").to_pylist() == statuses
    facts = woongeo.export.read_manifest(tmp_path / "uit")["locaties"]
    assert facts["kolommen"] == whole.locations.columns
    assert facts["controle"] == whole.locations.report.counts() | {
        # Of the file it is said too that it was read in portions.
        "bestand": 1,
    }


@pytest.mark.parametrize("rows", ROWS)
def test_what_was_written_can_be_screened_again(tmp_path: Path, rows: int) -> None:
    """Its columns are named as ours, and those of the results give way, with their types."""
    first = parquet(tmp_path, {"geheel": COLUMNS["geheel"]})
    screened(first, tmp_path / "een", 1_000)
    again = screened(tmp_path / "een" / "locaties.parquet", tmp_path / "twee", rows)
    whole = woongeo.screen(
        woongeo.read_locations(tmp_path / "een" / "locaties.parquet", overlaps=False),
        [layer()],
        on=DAY,
    )
    assert again.column_names == list(whole.locaties.columns)
    assert again.column("natuur_overlap_m2_invoer").type == pa.float64()
    assert again.column("geheel").to_pylist() == [None, None, 3, 4]


# --- what cannot be


def test_an_id_that_is_missing_cannot_be_made_up_in_portions(tmp_path: Path) -> None:
    path = tmp_path / "plannen.parquet"
    frame([block(300 * i, 0) for i in range(4)], plan_id=["a", "b", "c", None]).to_parquet(path)
    with pytest.raises(LocationError, match="na rij 2 staat een locatie zonder id"):
        screened(path, tmp_path / "uit", 2)
    assert not (tmp_path / "uit").exists()


def test_a_value_that_is_no_such_thing_is_named(tmp_path: Path) -> None:
    table = pd.DataFrame({"nr": ["twee"]})
    with (
        GrowingTable(tmp_path / "x.parquet") as grown,
        pytest.raises(ColumnError, match=r"kolom 'nr'.*int64.*iets anders"),
    ):
        grown.write(table, {"nr": pa.int64()})
