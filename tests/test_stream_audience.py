"""A file that is screened in portions is for whom it is asked, as every other output is.

That no byte of a plan that is left out is in what is written, test_withheld.py looks after.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import AudienceError, FileError, LocationError
from woongeo.sources import read_portions
from woongeo.vertrouwelijk import KOLOM, default_audience, for_audience

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from woongeo.sources import Source

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")

DAY = dt.date(2026, 11, 22)
LEVELS = (
    *("openbaar", "gemeente", "provincie", "", "openbaar", "regio", "eigenaar"),
    *("provincie en gemeente", "gemeente", "Openbaar", "zeer geheim"),
)


def plans(levels: Sequence[str | None] = LEVELS) -> gpd.GeoDataFrame:
    """Draw plans of 10 homes and of none by turns, 200 m apart; the zone is over every third."""
    n = len(levels)
    return frame(
        [block(200 * i, 0) for i in range(n)],
        plan_id=[f"P{i}" for i in range(n)],
        naam=[f"Plan {i}" for i in range(n)],
        woningen=[10 * (i % 2) for i in range(n)],
        planstatus=["3"] * n,
        gemeente=["Dorp", "Stad"] * (n // 2) + ["Dorp"] * (n % 2),
        regio=["Oost"] * n,
        vertrouwelijkheid=list(levels),
    )


def zones() -> woongeo.Layer:
    """Draw a zone over plans 0, 3, 6 and 9."""
    shapes = [block(600 * i, 0, 50, 50) for i in range(4)]
    whole = frame([block(-9_000, -9_000, 90_000, 20_000)])
    return woongeo.read_layer("natuur", frame(shapes, nr=range(4)), coverage=whole)


def written(given: gpd.GeoDataFrame, place: Path, kind: str = "parquet") -> Path:
    """Write plans to a file."""
    path = place / f"plannen.{kind}"
    given.to_parquet(path) if kind == "parquet" else given.to_file(path)
    return path


def told(folder: Path) -> list[dict[str, object]]:
    """Give what a manifest says of what was left out."""
    found = woongeo.export.read_manifest(folder)["locaties"]["bevindingen"]
    return [finding for finding in found if finding["controle"] == KOLOM]


def ids(folder: Path) -> list[str]:
    """List the locations that were written."""
    return list(pd.read_parquet(folder / "locaties.parquet")["locatie_id"])


@pytest.mark.parametrize("rows", [1, 3, 1_000])
@pytest.mark.parametrize(
    "publiek", [None, "openbaar", "provincie", "regio:oost", "gemeente:Stad", "intern"]
)
def test_it_is_what_the_whole_file_gives_for_the_same_audience(
    publiek: str | None, rows: int, tmp_path: Path
) -> None:
    """Tables, counts, and what is said to be left out, to the letter."""
    path = written(plans(), tmp_path)
    folder = tmp_path / "uit"
    done = woongeo.screen_file(path, [zones()], folder=folder, on=DAY, rows=rows, publiek=publiek)
    whole = woongeo.screen(woongeo.read_locations(path, overlaps=False), [zones()], on=DAY)
    own = for_audience(whole, publiek or default_audience(whole.locaties))
    for name, expected in (("locaties", own.locaties), ("treffers", own.treffers)):
        table = pd.read_parquet(folder / f"{name}.parquet").drop(
            columns="geometry", errors="ignore"
        )
        plain = pd.DataFrame(expected.drop(columns="geometry", errors="ignore"))
        pd.testing.assert_frame_equal(table, plain, check_exact=True, check_dtype=False)
    shapes = gpd.read_parquet(folder / "locaties.parquet").geometry
    assert shapes.geom_equals(own.locaties.geometry).all()
    woongeo.export_screening(whole, folder=tmp_path / "heel", formats=["parquet"], publiek=publiek)
    assert told(folder) == told(tmp_path / "heel")
    one, other = (woongeo.export.read_manifest(p) for p in (folder, tmp_path / "heel"))
    for key in ("locaties", "locaties_per_oordeel"):
        assert one["tellingen"][key] == other["tellingen"][key]
    assert one["locaties"]["objecten"] == other["locaties"]["objecten"] == 11
    assert done.oordelen[""] == own.counts()
    assert (done.locaties, done.weggelaten) == (len(own), 11 - len(own))
    of_plans = own.locations.report.table["object_id"] != ""
    for check, n in own.locations.report.table[of_plans]["controle"].value_counts().items():
        assert done.controle[str(check)] == n


@pytest.mark.parametrize("kind", ["parquet", "gpkg", "fgb", "geojson"])
def test_of_each_kind_of_file_what_is_left_out_is_counted_and_said(
    kind: str, tmp_path: Path
) -> None:
    """Of four plans P1 and P2 are not public: P0 is in a zone, and P3; two are left out."""
    path = written(plans(["openbaar", "gemeente", "regio", "openbaar"]), tmp_path, kind)
    done = woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", on=DAY, rows=2)
    # FlatGeobuf puts rows in an order of its own.
    assert sorted(ids(tmp_path / "uit")) == ["P0", "P3"]
    assert (done.locaties, done.weggelaten) == (2, 2)
    assert done.oordelen["natuur"] == {"vrij": 0, "onbekend": 0, "belemmerd": 2}
    assert done.controle[KOLOM] == 1
    assert told(tmp_path / "uit") == [
        {
            "object_id": "",
            "controle": KOLOM,
            "ernst": "melding",
            "toelichting": "2 van 4 plannen staan hier niet in: zij zijn vertrouwelijker dan "
            "publiek 'openbaar'",
            "waarde": 2.0,
        }
    ]
    assert woongeo.export.read_manifest(tmp_path / "uit")["locaties"]["controle"][KOLOM] == 1


def test_the_last_plan_decides_for_the_first(tmp_path: Path) -> None:
    """One plan that is not public makes it public: then what states nothing is nobody's to see."""
    path = written(plans([None, "openbaar", "openbaar", "gemeente"]), tmp_path)
    woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", rows=1)
    assert ids(tmp_path / "uit") == ["P1", "P2"]


@pytest.mark.parametrize("levels", [[None, "", "onbekend"], ["openbaar", None, "openbaar"]])
def test_where_no_plan_says_that_it_is_not_public_all_are_written(
    levels: list[str | None], tmp_path: Path
) -> None:
    path = written(plans(levels), tmp_path)
    done = woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", rows=2)
    assert ids(tmp_path / "uit") == ["P0", "P1", "P2"]
    assert done.weggelaten == 0
    assert not told(tmp_path / "uit")
    assert KOLOM not in done.controle


def test_rows_without_ids_keep_the_number_that_they_have_in_the_file(tmp_path: Path) -> None:
    """The second and third of four are left out: the others are 1 and 4, as in the whole file."""
    given = plans(["openbaar", "gemeente", "regio", "openbaar"]).drop(columns=["plan_id", "naam"])
    path = written(given, tmp_path)
    woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", rows=3)
    assert ids(tmp_path / "uit") == ["1", "4"]


# --- refused, and nothing is written


@pytest.mark.parametrize(
    ("levels", "drop", "publiek", "match"),
    [
        (["gemeente", "", "regio"], None, None, "geen enkel plan"),
        (["openbaar"] * 3, None, "gemeente:", "noem welke"),
        (["openbaar"] * 3, None, "iedereen", "onbekend"),
        (["openbaar"] * 3, "vertrouwelijkheid", "openbaar", "geen kolom 'vertrouwelijkheid'"),
        (["regio"] * 3, "regio", "regio:Oost", "geen kolom 'regio'"),
    ],
)
def test_what_may_not_be_told_is_refused_before_anything_is_written(
    levels: list[str], drop: str | None, publiek: str | None, match: str, tmp_path: Path
) -> None:
    path = written(plans(levels).drop(columns=[drop] if drop else []), tmp_path)
    with pytest.raises(AudienceError, match=match):
        woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", rows=2, publiek=publiek)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("column", ["masterplan", "Masterplan", "overkoepelend_plan"])
def test_names_of_masterplans_need_all_plans_together(column: str, tmp_path: Path) -> None:
    """P3 says that it is part of Plan 0, which is not public, three portions before it."""
    given = plans(["gemeente", "openbaar", "openbaar", "openbaar"])
    given[column] = [None, None, "", "Plan 0"]
    path = written(given, tmp_path)
    with pytest.raises(AudienceError, match=r"masterplan, en 1 van 4 plannen.*export_screening"):
        woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", rows=1)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    # Who may see all of it may see these too; and what names none tells nothing.
    woongeo.screen_file(path, [zones()], folder=tmp_path / "alles", rows=1, publiek="intern")
    assert pd.read_parquet(tmp_path / "alles" / "locaties.parquet")[column].tolist()[3] == "Plan 0"
    given[column] = [None, None, "", None]
    woongeo.screen_file(written(given, tmp_path), [zones()], folder=tmp_path / "geen", rows=1)
    assert ids(tmp_path / "geen") == ["P1", "P2", "P3"]


def test_a_file_that_changes_between_looking_and_writing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody said that its plans are not public when it was looked over; now one does."""
    path = written(plans(["openbaar", "openbaar"]), tmp_path)
    read, times = read_portions, []

    def changing(given: Path, **more: Any) -> Iterator[tuple[gpd.GeoDataFrame, Source]]:
        times.append(1)
        if len(times) == 2:
            written(plans(["openbaar", "gemeente"]), tmp_path)
        return read(given, **more)

    monkeypatch.setattr("woongeo.stream.read_portions", changing)
    with pytest.raises(FileError, match="veranderde terwijl het werd gelezen"):
        woongeo.screen_file(path, [zones()], folder=tmp_path / "uit")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_without_plans_is_refused_for_that(tmp_path: Path) -> None:
    path = written(plans(["openbaar"])[:0], tmp_path)
    with pytest.raises(LocationError, match="geen locaties"):
        woongeo.screen_file(path, [zones()], folder=tmp_path / "uit", publiek="openbaar")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
