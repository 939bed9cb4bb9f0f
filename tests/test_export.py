"""Files that leave: what is in them, that they come whole or not at all, and over whose they go."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hostile
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

import woongeo
from woongeo.errors import OutputError
from woongeo.export import MANIFEST, read_manifest
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = [
    *("locaties.gpkg", "locaties.qml", "treffers.csv", "capaciteit.csv", "kaart.html"),
    "manifest.json",
]
DAY = dt.date(2026, 11, 1)


def natura(
    shapes: Sequence[shapely.Geometry], key: str = "natura2000", **given: Any
) -> woongeo.Layer:
    """Make a layer that is known everywhere."""
    ids = [str(i) for i in range(len(shapes))]
    made = frame(shapes, nr=ids, naam=[f"Gebied {i}" for i in ids])
    given.setdefault("coverage", "nederland")
    return woongeo.read_layer(key, made, **given)


def screened(plans: gpd.GeoDataFrame, *layers: woongeo.Layer) -> woongeo.Screening:
    """Screen a frame, on a fixed day."""
    return woongeo.screen(woongeo.read_locations(plans), layers or [natura([block(0, 0)])], on=DAY)


def plans(**columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Draw three plans beside each other."""
    return frame(
        [block(300 * i, 0) for i in range(3)],
        plan_id=[f"P{i}" for i in range(3)],
        woningen=[10, 20, 30],
        planstatus=["1A"] * 3,
        **columns,
    )


def export(made: woongeo.Screening, folder: Path, **given: Any) -> list[Path]:
    """Write everything there is."""
    return woongeo.export_screening(
        made,
        folder=folder,
        plancapaciteit=woongeo.summarize_plancapaciteit(made),
        webmap=woongeo.map_screening(made),
        **given,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file under a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def read_csv(path: Path) -> list[list[str]]:
    """Read a table as text."""
    return [*csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))]


@pytest.fixture(scope="module")
def example_screening() -> woongeo.Screening:
    """Screen the embedded example."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        return woongeo.screen(made_up.locations(), made_up.layers(), on=DAY)


@pytest.fixture(scope="module")
def written(example_screening: woongeo.Screening, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the embedded example."""
    folder = tmp_path_factory.mktemp("uitvoer")
    capacity = woongeo.summarize_plancapaciteit(
        example_screening, by=[*woongeo.example().regions(), "hardheid"]
    )
    woongeo.export_screening(
        example_screening,
        folder=folder,
        plancapaciteit=capacity,
        webmap=woongeo.map_screening(example_screening),
        seconds=1.5,
    )
    return folder


# --- what is in the files ----------------------------------------------------------------------


def test_only_the_promised_files_are_written(
    example_screening: woongeo.Screening, tmp_path: Path
) -> None:
    """Three files and the manifest without capacity and map, six with them; nothing beside them."""
    folder = tmp_path / "a" / "b"
    assert [p.name for p in woongeo.export_screening(example_screening, folder=folder)] == [
        "locaties.gpkg",
        "locaties.qml",
        "treffers.csv",
        "manifest.json",
    ]
    assert [p.name for p in export(example_screening, folder)] == NAMES
    assert sorted(p.name for p in folder.iterdir()) == sorted(NAMES)


def test_locaties_holds_every_location_with_its_results_and_its_own_columns(
    written: Path, example_screening: woongeo.Screening
) -> None:
    """Layer `locaties`, RD New, all rows in order: our columns first, the input's after them."""
    layers = [name for name, _ in pyogrio.list_layers(written / "locaties.gpkg")]
    assert layers == [
        *("locaties", "laag_natura2000", "laag_netcongestie"),
        *("layer_styles", "capaciteit", "herkomst"),
    ]
    read = gpd.read_file(written / "locaties.gpkg", layer="locaties")
    per_layer = ("oordeel", "overlap_m2", "overlap_aandeel", "afstand_m", "objecten")
    assert read.columns.tolist() == [
        *("locatie_id", "naam", "woningen", "planstatus", "hardheid", "oordeel"),
        *("zwaarte", "belemmerd_m2", "onbekend_m2", "vrij_m2"),
        *(f"{key}_{name}" for key in ("natura2000", "netcongestie") for name in per_layer),
        *("netcongestie_klasse", "netcongestie_klassen"),
        *("plan_id", "plannaam", "planstatus_invoer", "geometry"),
    ]
    assert read.crs.to_epsg() == 28992
    assert len(read) == len(example_screening) == 23
    assert read["locatie_id"].tolist() == example_screening.locaties["locatie_id"].tolist()
    assert read.geometry.isna().sum() == 1
    made = example_screening.locaties
    for column in ("belemmerd_m2", "natura2000_afstand_m", "netcongestie_overlap_aandeel"):
        np.testing.assert_allclose(read[column], made[column], atol=1e-4)
    area = read[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1, min_count=3)
    np.testing.assert_allclose(area, made.geometry.area.where(made.geometry.notna()), atol=1e-3)


def test_the_geopackage_opens_fast_and_says_what_it_is(written: Path) -> None:
    """It has its spatial index, its extent and the sentence on screening, and is a sound file."""
    database = sqlite3.connect(written / "locaties.gpkg")
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM rtree_locaties_geom").fetchone() == (22,)
        [extent] = database.execute(
            "SELECT min_x, max_x FROM gpkg_contents WHERE table_name = 'locaties'"
        ).fetchall()
        assert 142_000 <= extent[0] < extent[1] <= 148_000
        assert database.execute("SELECT description FROM gpkg_contents").fetchone() == (SCREENING,)
    finally:
        database.close()


def test_treffers_holds_a_row_for_each_location_and_layer(
    written: Path, example_screening: woongeo.Screening
) -> None:
    """UTF-8 with its mark, comma separated, decimal points, columns in the promised order."""
    raw = (written / "treffers.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 47
    head, *rows = read_csv(written / "treffers.csv")
    assert head == [
        *("locatie_id", "laag", "oordeel", "zwaarte", "reden"),
        *("overlap_m2", "overlap_aandeel", "afstand_m", "objecten"),
    ]
    treffers = example_screening.treffers
    for i, column in enumerate(head):
        told = [row[i] for row in rows]
        if column in {"overlap_m2", "overlap_aandeel", "afstand_m"}:
            numbers = [float(text) if text else np.nan for text in told]
            np.testing.assert_allclose(numbers, treffers[column], atol=1e-4)
        else:
            assert told == treffers[column].tolist()


def test_capaciteit_holds_the_table_of_homes(
    written: Path, example_screening: woongeo.Screening
) -> None:
    """Whole homes stand there as whole numbers; what is not known is an empty cell, never 0."""
    head, *rows = read_csv(written / "capaciteit.csv")
    table = woongeo.summarize_plancapaciteit(
        example_screening, by=[*woongeo.example().regions(), "hardheid"]
    ).tabel
    assert head == table.columns.tolist()
    assert [row[:2] for row in rows] == table[["niveau", "gebied"]].to_numpy().tolist()
    assert rows[-1][head.index("woningen")] == "879"
    for name in ("woningen", "belemmerd_verwacht", "natura2000_max"):
        told = [float(row[head.index(name)] or "nan") for row in rows]
        np.testing.assert_allclose(told, table[name], atol=1e-4)


def test_what_is_not_known_of_a_layer_is_an_empty_cell(tmp_path: Path) -> None:
    """A layer that is absent leaves its homes and areas empty, in number columns."""
    gone = woongeo.missing_layer("stikstof", reason="niet geleverd")
    with pytest.warns(woongeo.errors.UnknownResultWarning):
        made = screened(plans(), gone)
    export(made, tmp_path)
    head, *rows = read_csv(tmp_path / "capaciteit.csv")
    assert rows[-1][head.index("stikstof_verwacht")] == ""
    for column in ("stikstof_overlap_m2", "stikstof_afstand_m"):
        assert stored(tmp_path, column) == ("REAL", [None] * 3)
    assert stored(tmp_path, "stikstof_oordeel") == ("TEXT", ["onbekend"] * 3)


def test_the_manifest_traces_every_figure(
    written: Path, example_screening: woongeo.Screening
) -> None:
    """Per input its file, hash, number of features, date and rule; versions, counts and time."""
    facts = read_manifest(written)
    folder = woongeo.example().folder
    n2000, congestion = facts["lagen"]
    for layer, name, n in (
        (n2000, "natura2000", 3),
        (congestion, "netcongestie", 1),
    ):
        file = folder / f"{name}.geojson"
        assert layer["bron"]["bestand"] == str(file)
        assert layer["bron"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert layer["objecten"] == layer["bron"]["objecten"] == n
        assert layer["peildatum"] == "2026-01-01"
        rule = layer["regels"][name]
        assert rule["locaties_per_oordeel"] == example_screening.counts(name)
        assert rule["woningen_per_oordeel"] == example_screening.homes(name)
    assert n2000["regels"]["natura2000"]["drempel_m2"] == 100
    assert n2000["regels"]["natura2000"]["bron"] == example_screening.layers[0].rule.source
    assert n2000["dekking_bron"]["bestand"].endswith("provincie.geojson")
    assert facts["locaties"]["objecten"] == 23
    assert facts["locaties"]["kolommen"]["woningen"] == "woningen"
    assert facts["locaties"]["controle"]["geometrie hersteld"] == 1
    assert [level["niveau"] for level in facts["gebieden"]] == ["gemeente", "provincie", "hardheid"]
    assert facts["gebieden"][0]["bron"]["sha256"]
    assert facts["tellingen"]["locaties_per_oordeel"] == example_screening.counts()
    assert facts["tellingen"]["zonder_aantal"] == 1
    assert facts["versie"] == woongeo.__version__
    assert facts["programma"]["geopandas"] == gpd.__version__
    assert facts["beoordeeld_op"] == "2026-11-01"
    assert facts["rekentijd_s"] == 1.5
    assert dt.datetime.fromisoformat(facts["gemaakt"]).tzinfo is not None
    assert facts["let_op"] == SCREENING


def test_the_manifest_knows_the_date_of_a_layer_and_the_hash_of_each_file(tmp_path: Path) -> None:
    """Where a date is known it stands there; the other files are listed with size and hash."""
    dated = natura([block(0, 0)], reference_date=dt.date(2026, 5, 15), publisher="RVO")
    paths = export(screened(plans(), dated), tmp_path)
    facts = read_manifest(tmp_path)
    assert facts["lagen"][0]["peildatum"] == "2026-05-15"
    assert facts["lagen"][0]["uitgever"] == "RVO"
    assert facts["uitvoer"] == [
        {
            "name": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in paths[:-1]
    ]


def test_a_folder_without_manifest_says_so(tmp_path: Path) -> None:
    """Reading a manifest that is not there, or is none, is an error with the path in it."""
    with pytest.raises(woongeo.errors.FileError, match=re.escape(str(tmp_path))):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(woongeo.errors.FileError, match="geen leesbaar manifest"):
        read_manifest(tmp_path)


# --- types and names survive -------------------------------------------------------------------


def stored(folder: Path, column: str) -> tuple[str, list[Any]]:
    """Give the declared type of a column and what SQLite holds in it."""
    database = sqlite3.connect(folder / "locaties.gpkg")
    try:
        columns = [*database.execute("PRAGMA table_info(locaties)")]
        [kind] = [row[2] for row in columns if row[1] == column]
        [key] = [row[1] for row in columns if row[5]]
        quoted = column.replace('"', '""')
        rows = database.execute(f'SELECT "{quoted}" FROM locaties ORDER BY {key}')  # noqa: S608
        # GDAL may or may not write the milliseconds of a moment.
        return kind, [v.replace(".000", "") if kind == "DATETIME" and v else v for (v,) in rows]
    finally:
        database.close()


@pytest.mark.parametrize(
    ("given", "kind", "held"),
    [
        (pd.array([1, None, 3], dtype="Int64"), "INTEGER", [1, None, 3]),
        (pd.Series([1, None, 2**60 + 1], dtype=object), "INTEGER", [1, None, 2**60 + 1]),
        (np.array([1, 2, 3], dtype=np.int32), "MEDIUMINT", [1, 2, 3]),
        (pd.Series([True, None, False], dtype=object), "BOOLEAN", [1, None, 0]),
        (pd.array([True, None, False], dtype="boolean"), "BOOLEAN", [1, None, 0]),
        ([1.5, None, 2.0], "REAL", [1.5, None, 2.0]),
        (pd.Series([1.5, None, 2], dtype=object), "REAL", [1.5, None, 2.0]),
        (pd.array([None, None, None], dtype="Int64"), "INTEGER", [None] * 3),
        (np.array([1, 2, 2**63], dtype=np.uint64), "TEXT", ["1", "2", str(2**63)]),
        (
            pd.Series([dt.date(2026, 5, 15), None, dt.date(1850, 1, 1)], dtype=object),
            "DATE",
            ["2026-05-15", None, "1850-01-01"],
        ),
        (
            pd.to_datetime(pd.Series(["2026-05-15 12:30:00", None, "2026-05-16 00:00:00"])),
            "DATETIME",
            ["2026-05-15T12:30:00", None, "2026-05-16T00:00:00"],
        ),
        (
            pd.to_datetime(
                pd.Series(["2026-05-15 12:30:00+02:00", None, "2026-05-16 00:00:00+02:00"])
            ),
            "DATETIME",
            ["2026-05-15T10:30:00Z", None, "2026-05-15T22:00:00Z"],
        ),
        (pd.to_timedelta([1, 2, 3], unit="D"), "TEXT", [f"{n} days 00:00:00" for n in (1, 2, 3)]),
        (pd.Categorical(["x", None, "y"]), "TEXT", ["x", None, "y"]),
        (pd.Categorical([10, None, 20]), "INTEGER", [10, None, 20]),
        ([["a", "b"], [], None], "TEXT", ['["a", "b"]', "[]", None]),
        ([{"a": 1.5, "b": None}, None, {}], "TEXT", ['{"a": 1.5, "b": null}', None, "{}"]),
        ([np.array([1, 2]), None, (3,)], "TEXT", ["[1, 2]", None, "[3]"]),
        ([{"b", "a"}, None, {(1, 2): 3}], "TEXT", ['["a", "b"]', None, "{(1, 2): 3}"]),
        (["tekst", 5, None], "TEXT", ["tekst", "5", None]),
        (
            pd.period_range("2026-01", periods=3, freq="M"),
            "TEXT",
            ["2026-01", "2026-02", "2026-03"],
        ),
    ],
    ids=lambda value: None if isinstance(value, list) else type(value).__name__,
)
def test_columns_keep_their_types(given: Any, kind: str, held: list[Any], tmp_path: Path) -> None:
    """Whole numbers, truth values, dates, moments and lists stay what they are, blanks included."""
    made = plans()
    made["kolom"] = pd.Series(given, index=made.index)
    woongeo.export_screening(screened(made), folder=tmp_path)
    assert stored(tmp_path, "kolom") == (kind, held)


@pytest.mark.parametrize(
    ("homes", "kind"),
    [([40, None, 7], "INTEGER"), ([40.5, None, 2], "REAL"), ([1e300, None, 2], "REAL")],
)
def test_homes_are_whole_numbers_also_where_some_are_not_known(
    homes: list[Any], kind: str, tmp_path: Path
) -> None:
    """40 stays 40 beside an empty cell; half a home, or very many, keeps the number as it is."""
    made = plans()
    made["woningen"] = homes
    with pytest.warns(woongeo.errors.DoubtfulLocationWarning):
        screening = screened(made)
    woongeo.export_screening(screening, folder=tmp_path)
    assert stored(tmp_path, "woningen") == (kind, homes)


def test_the_users_own_figures_are_not_rounded(tmp_path: Path) -> None:
    """Only our results are, though a column of the input ends like one of ours."""
    exact = [1 / 3, 2 / 3, 1e-9]
    made = plans(prijs_m2=exact, hoogte_m=exact, aandeel=exact, eigen_overlap_m2=exact)
    woongeo.export_screening(screened(made), folder=tmp_path)
    for column in ("prijs_m2", "hoogte_m", "aandeel", "eigen_overlap_m2"):
        assert stored(tmp_path, column)[1] == exact


def test_columns_of_any_name_survive(tmp_path: Path) -> None:
    """Names that GeoPackage uses itself, long ones, and names that mean harm."""
    names = [
        *("fid", "geom", "OGC_FID", "rowid", "index", "x" * 70, "a b", "naïef"),
        *('we"ird', "a'b;--", "{{7*7}}", "=1+1", "<b>", "DROP TABLE locaties", "select"),
    ]
    made = plans(**{name: ["een", "twee", "drie"] for name in names})
    woongeo.export_screening(screened(made), folder=tmp_path)
    for name in names:
        assert stored(tmp_path, name) == ("TEXT", ["een", "twee", "drie"])
    assert len(gpd.read_file(tmp_path / "locaties.gpkg", layer="locaties")) == 3


def test_names_that_differ_in_case_only_both_survive(tmp_path: Path) -> None:
    """GeoPackage knows no difference; the second gets a name of its own."""
    columns = {"fid": [1, 2, 3], "FID": [4, 5, 6], "geom": [7, 8, 9], "Geom": [10, 11, 12]}
    woongeo.export_screening(screened(plans(**columns)), folder=tmp_path)
    read = gpd.read_file(tmp_path / "locaties.gpkg", layer="locaties")
    held = [
        read[c].tolist() for c in read.columns if c.lower().startswith(("fid", "geom_", "geom"))
    ]
    for values in columns.values():
        assert values in held


def test_rows_without_shape_and_with_another_kind_of_shape_are_kept(tmp_path: Path) -> None:
    """No row is dropped; a point, a line with heights and nothing at all stand beside surfaces."""
    line = shapely.LineString([(EAST, NORTH, 1), (EAST + 9, NORTH, 2)])
    shapes = [block(0, 0), None, shapely.Point(EAST, NORTH), line, shapely.Polygon()]
    made = frame(shapes, plan_id=list("abcde"), woningen=[1] * 5, planstatus=["1A"] * 5)
    with pytest.warns(woongeo.WoongeoWarning):
        screening = screened(made)
    woongeo.export_screening(screening, folder=tmp_path)
    read = gpd.read_file(tmp_path / "locaties.gpkg", layer="locaties")
    assert read["locatie_id"].tolist() == list("abcde")
    assert read["oordeel"].tolist() == ["belemmerd", *["onbekend"] * 4]
    assert read.geometry[0].equals(block(0, 0))
    assert read.geometry[2].equals(shapely.Point(EAST, NORTH))


def test_surfaces_alone_are_multipolygons(tmp_path: Path) -> None:
    """One kind of geometry for the whole layer, also where some rows have none."""
    two = shapely.union(block(0, 0), block(500, 0))
    made = frame(
        [block(0, 0), two, None], plan_id=list("abc"), woningen=[1] * 3, planstatus=["3"] * 3
    )
    with pytest.warns(woongeo.WoongeoWarning):
        screening = screened(made)
    woongeo.export_screening(screening, folder=tmp_path)
    info = pyogrio.read_info(tmp_path / "locaties.gpkg", layer="locaties")
    assert info["geometry_type"] == "MultiPolygon"
    assert info["features"] == 3


# --- text from strangers -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def dangerous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a screening of names that mean harm."""
    texts = [*hostile.ALL, "nul\0daarna"]
    shapes = [block(200 * i, 0) for i in range(len(texts))]
    made = frame(
        shapes,
        plan_id=texts,
        plannaam=texts,
        planstatus=texts,
        woningen=range(len(texts)),
        tekst=texts,
    )
    features = frame(
        [block(200 * i + 50, 0) for i in range(len(texts))], nr=[""] * len(texts), naam=texts
    )
    with pytest.warns(woongeo.WoongeoWarning):
        screening = woongeo.screen(
            woongeo.read_locations(made),
            [
                woongeo.read_layer("gevaar", features, coverage="nederland", title=hostile.SHORT),
                woongeo.missing_layer("weg", reason="=1+1"),
            ],
            on=DAY,
        )
    folder = tmp_path_factory.mktemp("gevaar")
    regions = woongeo.read_regions("=niveau", frame(shapes, naam=texts), name_column="naam")
    woongeo.export_screening(
        screening,
        folder=folder,
        plancapaciteit=woongeo.summarize_plancapaciteit(screening, by=[regions, "tekst"]),
        webmap=woongeo.map_screening(screening, title=hostile.SHORT),
    )
    return folder


@pytest.mark.parametrize("name", ["treffers.csv", "capaciteit.csv"])
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_splits(name: str, dangerous: Path) -> None:
    """Not with commas, nor with semicolons, as Dutch spreadsheets split, nor with tabs."""
    written_text = (dangerous / name).read_bytes().decode("utf-8-sig")
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(written_text, newline=""), delimiter=separator):
            for cell in row:
                begin = cell.lstrip(' "')
                number = re.fullmatch(r"-?[\d.]+", cell)
                assert number or not begin.startswith(tuple("=+-@＝＋－＠\t\r")), cell  # noqa: RUF001
    # Whatever a program makes of quotes: no piece between any of these signs begins one.
    for piece in re.split(r'[,;\t\r\n"]', written_text):
        assert not piece.lstrip().startswith(tuple("=+@＝＋－＠")), piece  # noqa: RUF001


def test_text_in_a_table_is_otherwise_as_it_was(dangerous: Path) -> None:
    """Apostrophes are added before formulas only; what cannot be seen is written out."""
    head, *rows = read_csv(dangerous / "treffers.csv")
    ids = [row[head.index("locatie_id")] for row in rows][::2]
    assert "<script>window.PWN=1</script>" in ids
    assert "{{7*7}}" in ids
    assert "'=1+1" in ids
    assert "Súdwest-Fryslân 's-Gravenhage ﷽ 🏘️" in ids
    assert "plan\\u202egpj.exe\\u202c \\u2066x\\u2069 \\u200f \\ufeff" in ids
    assert "x" * 40_000 in ids
    assert not any("\x1b" in cell or "\0" in cell for row in rows for cell in row)


def test_the_geopackage_keeps_text_exactly(dangerous: Path) -> None:
    """Every character, 40,000 of them too; only NUL, at which SQLite would stop, is written out."""
    kind, held = stored(dangerous, "tekst")
    assert kind == "TEXT"
    assert held == [*hostile.ALL, "nul\\x00daarna"]


def test_half_characters_do_not_end_the_run(tmp_path: Path) -> None:
    """Text that is no UTF-8 is written out in every file, and the manifest stays JSON."""
    made = plans()
    made["plannaam"] = pd.Series(["half \ud83c", "b", "c"], dtype=object)
    made["opmerking"] = pd.Series(["ook \udcff", "b", "c"], dtype=object)
    layer = natura([block(0, 0)], publisher="half \ud83c")
    export(screened(made, layer), tmp_path)
    assert stored(tmp_path, "plannaam")[1][0] == "half \\ud83c"
    assert stored(tmp_path, "opmerking")[1][0] == "ook \\udcff"
    assert read_manifest(tmp_path)["lagen"][0]["uitgever"] == "half \ud83c"


# --- the same again ----------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """All files are equal but for the moment in the manifest, whatever the order of sets."""
    program = (
        "import datetime, sys, warnings, woongeo\n"
        "warnings.simplefilter('ignore', woongeo.WoongeoWarning)\n"
        "e = woongeo.example()\n"
        "s = woongeo.screen(e.locations(), e.layers(), on=datetime.date(2026, 11, 1))\n"
        "c = woongeo.summarize_plancapaciteit(s, by=e.regions())\n"
        "m = woongeo.map_screening(s)\n"
        "woongeo.export_screening(s, folder=sys.argv[1], plancapaciteit=c, webmap=m)"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"Etc/GMT-{seed}"},
            check=True,
        )
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    facts = [json.loads(files.pop(MANIFEST)) for files in (first, second)]
    for fact in facts:
        del fact["gemaakt"]
    assert first == second
    assert facts[0] == facts[1]


def test_writing_twice_over_the_same_changes_nothing(tmp_path: Path) -> None:
    """A second run knows its own files and gives the same ones, without being told to overwrite."""
    made = screened(plans())
    export(made, tmp_path)
    before = contents(tmp_path)
    export(made, tmp_path)
    after = contents(tmp_path)
    del before[MANIFEST], after[MANIFEST]
    assert before == after


# --- whose files -------------------------------------------------------------------------------


@pytest.fixture
def two() -> tuple[woongeo.Screening, woongeo.Screening]:
    """Make two screenings whose files differ."""
    other = plans()
    other["woningen"] = [7, 8, 9]
    return screened(plans()), screened(other)


Two = tuple[woongeo.Screening, woongeo.Screening]


@pytest.mark.parametrize("name", NAMES)
def test_a_foreign_file_is_not_replaced(name: str, tmp_path: Path, two: Two) -> None:
    """Nothing is written where a file stands that woongeo did not make; unless told so."""
    (tmp_path / name).write_text("van mij", encoding="utf-8")
    with pytest.raises(OutputError, match=re.escape(name)):
        export(two[0], tmp_path)
    assert contents(tmp_path) == {name: b"van mij"}
    export(two[0], tmp_path, overwrite=True)
    assert sorted(contents(tmp_path)) == sorted(NAMES)
    assert (tmp_path / name).read_bytes() != b"van mij"


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_file_that_was_changed_since_is_not_replaced(name: str, tmp_path: Path, two: Two) -> None:
    """Someone worked in it; their work is not lost."""
    export(two[0], tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b" ")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="daarna gewijzigd"):
        export(two[1], tmp_path)
    assert contents(tmp_path) == before
    export(two[1], tmp_path, overwrite=True)
    assert not contents(tmp_path)[name].endswith(b" ")


def test_other_files_in_the_folder_stay(tmp_path: Path, two: Two) -> None:
    """Also hidden ones, and folders."""
    (tmp_path / "sub").mkdir()
    for name in ("notities.txt", ".verborgen", "sub/locaties.gpkg"):
        (tmp_path / name).write_text("van mij", encoding="utf-8")
    export(two[0], tmp_path)
    export(two[1], tmp_path, overwrite=True)
    assert sorted(contents(tmp_path)) == sorted(
        [*NAMES, "notities.txt", ".verborgen", "sub/locaties.gpkg"]
    )


def test_a_file_of_an_earlier_screening_does_not_stay_beside_a_later_one(
    tmp_path: Path, two: Two
) -> None:
    """An old map beside new tables would mislead; one that was changed since is the user's."""
    export(two[0], tmp_path)
    woongeo.export_screening(two[1], folder=tmp_path)
    assert sorted(contents(tmp_path)) == [
        *("locaties.gpkg", "locaties.qml", "manifest.json", "treffers.csv"),
    ]
    export(two[0], tmp_path)
    (tmp_path / "kaart.html").write_text("bewerkt", encoding="utf-8")
    woongeo.export_screening(two[1], folder=tmp_path)
    assert (tmp_path / "kaart.html").read_text(encoding="utf-8") == "bewerkt"
    assert not (tmp_path / "capaciteit.csv").exists()


def test_a_manifest_of_someone_else_gives_no_rights(tmp_path: Path, two: Two) -> None:
    """A file that claims to list our files, and names others, gets nothing removed or replaced."""
    inside = tmp_path / "uit"
    inside.mkdir()
    mine = tmp_path / "van-mij.txt"
    mine.write_text("van mij", encoding="utf-8")
    claim = {"name": "../van-mij.txt", "sha256": hashlib.sha256(b"van mij").hexdigest(), "size": 7}
    for claimed in (
        json.dumps({"gemaakt_door": "woongeo", "uitvoer": [claim]}),
        json.dumps({"gemaakt_door": "iemand anders", "uitvoer": [claim]}),
        json.dumps({"gemaakt_door": "woongeo", "uitvoer": 5}),
        *("[]", "5", "[" * 100_000, "geen json"),
    ):
        (inside / MANIFEST).write_text(claimed, encoding="utf-8")
        export(two[0], inside, overwrite=True)
        assert mine.read_text(encoding="utf-8") == "van mij"
        (inside / MANIFEST).write_text(claimed, encoding="utf-8")
        with pytest.raises(OutputError):
            export(two[0], inside)


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path, two: Two) -> None:
    """The message says so; the file stays."""
    (tmp_path / "uit").write_text("van mij", encoding="utf-8")
    for folder in (tmp_path / "uit", tmp_path / "uit" / "dieper"):
        with pytest.raises(OutputError, match="dit is een bestand, geen map"):
            export(two[0], folder)
    assert contents(tmp_path) == {"uit": b"van mij"}


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_where_a_file_must_come_is_refused(name: str, tmp_path: Path, two: Two) -> None:
    """Even when told to overwrite: a folder may hold anything."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "werk.txt").write_text("van mij", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="dit is een map, geen bestand"):
            export(two[0], tmp_path, overwrite=overwrite)
    assert contents(tmp_path) == {f"{name}/werk.txt": b"van mij"}


def test_a_link_to_another_file_is_not_followed(tmp_path: Path, two: Two) -> None:
    """What it points at is untouched, also when told to overwrite."""
    elsewhere = tmp_path / "elders.csv"
    elsewhere.write_text("van mij", encoding="utf-8")
    folder = tmp_path / "uit"
    folder.mkdir()
    (folder / "treffers.csv").symlink_to(elsewhere)
    (folder / "kaart.html").symlink_to(tmp_path / "nergens")
    with pytest.raises(OutputError):
        export(two[0], folder)
    export(two[0], folder, overwrite=True)
    assert elsewhere.read_text(encoding="utf-8") == "van mij"
    assert not (tmp_path / "nergens").exists()
    assert not (folder / "treffers.csv").is_symlink()


def test_a_file_that_the_screening_was_read_from_is_never_replaced(tmp_path: Path) -> None:
    """Not even a result of our own that was read again, and not when told to overwrite."""
    export(screened(plans()), tmp_path)
    before = contents(tmp_path)
    again = woongeo.screen(
        woongeo.read_locations(f"{tmp_path / 'locaties.gpkg'}:locaties"), [natura([block(0, 0)])]
    )
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="zelf invoer"):
            export(again, tmp_path, overwrite=overwrite)
    assert contents(tmp_path) == before
    export(again, tmp_path / "apart")


def test_input_under_another_name_may_lie_in_the_output_folder(tmp_path: Path) -> None:
    """It stays as it is."""
    plans().to_file(tmp_path / "plannen.gpkg")
    before = (tmp_path / "plannen.gpkg").read_bytes()
    made = woongeo.screen(
        woongeo.read_locations(tmp_path / "plannen.gpkg"), [natura([block(0, 0)])]
    )
    export(made, tmp_path)
    assert (tmp_path / "plannen.gpkg").read_bytes() == before
    assert sorted(contents(tmp_path)) == sorted([*NAMES, "plannen.gpkg"])


def test_a_result_can_be_screened_again(tmp_path: Path) -> None:
    """Our own output is good input, with the same verdicts."""
    first = screened(plans())
    export(first, tmp_path / "een")
    second = woongeo.screen(
        woongeo.read_locations(tmp_path / "een" / "locaties.gpkg"), first.layers, on=DAY
    )
    export(second, tmp_path / "twee")
    assert second.locaties["oordeel"].tolist() == first.locaties["oordeel"].tolist()
    assert second.locaties["woningen"].tolist() == first.locaties["woningen"].tolist()


# --- interrupted -------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name == "nt", reason="Windows kent fork en rlimit niet")


def interrupted(mode: str) -> dict[str, Any]:
    """Run the program that is interrupted, and read what it found."""
    program = Path(__file__).with_name("interrupted.py")
    # In memory where there is such a place: it writes hundreds of files, and flushes each.
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        # Whoever is not root must come by here.
        Path(place).chmod(0o755)
        done = subprocess.run(
            [sys.executable, str(program), mode, str(Path(place) / "uit")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert "Traceback" not in done.stderr, done.stderr
    return found


@posix
@pytest.mark.parametrize("mode", ["gedood", "gedood over vreemde"])
def test_a_run_that_is_killed_leaves_what_stood_there(mode: str) -> None:
    """Killed at any moment, each file is whole; the next run, however it ends, puts all right."""
    found = interrupted(mode)
    old, new = found["oud"], found["nieuw"]
    stays = ["eigen.txt"] if mode == "gedood" else ["eigen.txt", "kaart.html"]
    final = new | {name: old[name] for name in stays}
    ends = [run["einde"] for run in found["runs"]]
    assert ends[:-1] == ["gedood"] * (len(ends) - 1)
    assert ends[-1] == "gelukt"
    assert len(ends) > 10
    for run in found["runs"]:
        # Each file is the old one or the new one, whole.
        for name, digest in run["na"].items():
            assert digest in {old.get(name), new.get(name)}, name
        assert run["na"]["eigen.txt"] == old["eigen.txt"]
        if "daarna" in run:
            assert run["daarna"] in (old, final)
        assert run["opnieuw"] == "gelukt"
        assert run["ten_slotte"] == final
    assert sum("daarna" in run for run in found["runs"]) > 5


@posix
def test_a_full_disk_leaves_what_stood_there() -> None:
    """However far it came, there is an error, the files are as they were, and nothing is left."""
    found = interrupted("vol")
    for run in found["runs"]:
        assert run["einde"] == ["uitvoerfout", "uitvoerfout"], run["grootte"]
        assert run["na"] == found["oud"], run["grootte"]
        assert not run["nieuwe_map"], run["grootte"]


@posix
def test_a_folder_that_may_not_be_written_leaves_what_stood_there() -> None:
    """There is an error; root, to whom nothing is denied, gives that up for this."""
    found = interrupted("geweigerd")
    assert found["einde"] == ["uitvoerfout", "uitvoerfout"]
    assert found["na"] == found["oud"]


def test_a_run_that_is_broken_off_leaves_what_stood_there(tmp_path: Path, two: Two) -> None:
    """Ctrl-C in the middle of writing; also what fails in a part that is not ours."""

    class Broken(woongeo.ScreeningMap):
        def get_root(self) -> Any:
            raise KeyboardInterrupt

    export(two[0], tmp_path)
    before = contents(tmp_path)
    webmap = Broken("", {})
    for folder in (tmp_path, tmp_path / "nieuw" / "dieper"):
        with pytest.raises(KeyboardInterrupt):
            woongeo.export_screening(two[1], folder=folder, webmap=webmap)
    assert contents(tmp_path) == before
    assert not (tmp_path / "nieuw").exists()
