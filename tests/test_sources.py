"""Reading files: every kind whole, or an error that says what to do."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import struct
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import EAST, NORTH, block, frame

from woongeo.errors import (
    ColumnError,
    FileError,
    ImplausibleCrsError,
    InputError,
    MissingCrsError,
    WoongeoError,
)
from woongeo.sources import KINDS, Source, read_vector, split_layer

if TYPE_CHECKING:
    from collections.abc import Callable

N = 30
# A curly apostrophe stands at 0x92 in cp1252, where ISO-8859-1 has a control character.
NAMES = [f"\u2019s-Gravenplan {i} Súdwest" for i in range(N)]


def example() -> gpd.GeoDataFrame:
    """Draw 30 plans with names that only the right encoding shows."""
    return frame(
        [block(200 * i, 0) for i in range(N)],
        plan_id=[f"P{i}" for i in range(N)],
        naam=NAMES,
        woningen=list(range(N)),
    )


def write(path: Path, given: gpd.GeoDataFrame, **options: Any) -> Path:
    """Write a frame with GDAL, whose own remarks do not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(given, path, **options)
    return path


def write_csv(
    path: Path, given: gpd.GeoDataFrame, *, srid: str = "SRID=28992;", sep: str = ";"
) -> Path:
    """Write a CSV with WKT."""
    table = pd.DataFrame(given.drop(columns="geometry"))
    table["wkt"] = [f"{srid}{shape.wkt}" for shape in given.geometry]
    table.to_csv(path, index=False, sep=sep)
    return path


def write_excel(path: Path, given: gpd.GeoDataFrame, **sheets: pd.DataFrame) -> Path:
    """Write an Excel sheet with WKT, and further sheets."""
    table = pd.DataFrame(given.drop(columns="geometry"))
    table["wkt"] = [f"SRID=28992;{shape.wkt}" for shape in given.geometry]
    return write_sheets(path, {"Plannen": table, **sheets})


def write_sheets(path: Path, sheets: dict[str, pd.DataFrame]) -> Path:
    """Write an Excel file."""
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        for name, table in sheets.items():
            table.to_excel(book, sheet_name=name, index=False)
    return path


def zipped(path: Path, *parts: Path, inside: str = "") -> Path:
    """Zip files, or folders with what is in them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
                archive.write(file, inside + file.relative_to(part.parent).as_posix())
    return path


def parts_of(shapefile: Path) -> list[Path]:
    """List the parts of a shapefile."""
    return sorted(shapefile.parent.glob(shapefile.stem + ".*"))


def make_all(folder: Path) -> dict[str, Path]:
    """Write the 30 plans in every kind of file."""
    given = example()
    shapefile = folder / "map" / "plannen.shp"
    shapefile.parent.mkdir()
    write(shapefile, given, driver="ESRI Shapefile", encoding="UTF-8")
    made = {
        "shapefile": shapefile,
        "map met shapefile": shapefile.parent,
        "gpkg": write(folder / "plannen.gpkg", given),
        "geojson": write(folder / "plannen.geojson", given),
        "json": write(folder / "plannen.json", given, driver="GeoJSON"),
        "geojson in graden": write(folder / "graden.geojson", given.to_crs(4326)),
        # Its index would put the plans in an order of its own.
        "flatgeobuf": write(folder / "plannen.fgb", given, layer_options={"SPATIAL_INDEX": "NO"}),
        "gdb": write(folder / "plannen.gdb", given, driver="OpenFileGDB"),
        "csv": write_csv(folder / "plannen.csv", given),
        "tsv": write_csv(folder / "plannen.tsv", given, sep="\t"),
        "txt": write_csv(folder / "plannen.txt", given, sep="|"),
        "xlsx": write_excel(folder / "plannen.xlsx", given),
    }
    made["parquet"] = folder / "plannen.parquet"
    given.to_parquet(made["parquet"])
    made["geoparquet"] = folder / "plannen.geoparquet"
    given.to_parquet(made["geoparquet"])
    made["zip van shapefile"] = zipped(folder / "shp.zip", *parts_of(shapefile))
    made["zip met map"] = zipped(folder / "map.zip", *parts_of(shapefile), inside="a/b c/")
    made["zip van gpkg"] = zipped(folder / "gpkg.zip", made["gpkg"])
    made["zip van geojson"] = zipped(folder / "json.zip", made["geojson"])
    made["zip van flatgeobuf"] = zipped(folder / "fgb.zip", made["flatgeobuf"])
    made["zip van gdb"] = zipped(folder / "gdb.zip", made["gdb"])
    made["zip met gdb in map"] = zipped(folder / "diep.zip", made["gdb"], inside="a/")
    made["gdb.zip"] = zipped(folder / "plannen.gdb.zip", made["gdb"])
    return made


ALL = (
    *("shapefile", "map met shapefile", "gpkg", "geojson", "json", "geojson in graden"),
    *(
        "flatgeobuf",
        "gdb",
        "csv",
        "tsv",
        "txt",
        "xlsx",
        "parquet",
        "geoparquet",
        "zip van shapefile",
    ),
    *("zip met map", "zip van gpkg", "zip van geojson", "zip van flatgeobuf", "zip van gdb"),
    *("zip met gdb in map", "gdb.zip"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write every kind of file once."""
    return make_all(tmp_path_factory.mktemp("soorten"))


def copied(path: Path, folder: Path) -> Path:
    """Copy a file with its siblings, so that a test may damage it."""
    if path.is_dir():
        return Path(shutil.copytree(path, folder / path.name))
    files = parts_of(path) if path.suffix == ".shp" else [path]
    for file in files:
        shutil.copy(file, folder / file.name)
    return folder / path.name


def listing(path: Path) -> dict[str, tuple[int, int]]:
    """List everything in the folder of a file, with sizes and times."""
    return {
        p.relative_to(path.parent).as_posix(): (p.stat().st_size, p.stat().st_mtime_ns)
        for p in path.parent.rglob("*")
    }


# --- every kind, whole


def test_every_kind_that_is_promised_is_tested(made: dict[str, Path]) -> None:
    assert set(ALL) == set(made)
    assert {path.suffix for path in made.values()} - {""} == set(KINDS)


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_gives_the_same_plans_and_leaves_the_file_alone(
    made: dict[str, Path], kind: str
) -> None:
    before = listing(made[kind])
    read, source = read_vector(made[kind])
    assert listing(made[kind]) == before
    assert read.crs == "EPSG:28992"
    assert read["plan_id"].tolist() == [f"P{i}" for i in range(N)]
    assert read["naam"].tolist() == NAMES
    assert read["woningen"].astype(int).tolist() == list(range(N))
    assert list(read.columns) == ["plan_id", "naam", "woningen", "geometry"]
    expected = example().geometry.to_numpy()
    if "graden" in kind:
        assert shapely.hausdorff_distance(read.geometry, expected).max() < 0.01
    else:
        assert shapely.equals(read.geometry, expected).all()
    assert (source.features, source.layer, source.notes) == (N, "", ())
    assert source.path == str(made[kind])
    assert len(source.sha256) == 64


@pytest.mark.parametrize("kind", ALL)
def test_the_same_bytes_have_the_same_hash_and_other_bytes_another(
    made: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    copy = copied(made[kind], tmp_path)
    _, source = read_vector(made[kind])
    assert read_vector(copy)[1].sha256 == source.sha256
    assert source.facts()["sha256"] == source.sha256
    hashes = {source.sha256}
    parts = parts_of(copy) if copy.suffix == ".shp" else [copy]
    if copy.is_dir():
        parts = [p for p in copy.iterdir() if p.suffix in {".dbf", ".shp", ".prj", ".gdbtable"}]
    for part in parts:
        whole = part.read_bytes()
        # Behind the end, where readers do not look.
        part.write_bytes(whole + b" \n")
        try:
            hashes.add(read_vector(copy)[1].sha256)
        except FileError:
            hashes.add(part.name)
        part.write_bytes(whole)
    assert len(hashes) == 1 + len(parts)


def test_all_parts_of_a_shapefile_are_named_with_their_hash(made: dict[str, Path]) -> None:
    _, source = read_vector(made["shapefile"])
    assert [f.name for f in source.files] == [
        f"plannen.{ending}" for ending in ("shp", "shx", "dbf", "prj", "cpg")
    ]
    assert len(source.facts()["onderdelen"]) == 5


def test_a_zip_of_a_shapefile_is_hashed_as_the_zip_it_is(made: dict[str, Path]) -> None:
    _, source = read_vector(made["zip van shapefile"])
    assert [f.name for f in source.files] == ["shp.zip"]
    assert source.sha256 != read_vector(made["zip met map"])[1].sha256


@pytest.mark.parametrize("kind", ["shapefile", "gpkg", "csv", "zip van gpkg"])
@pytest.mark.parametrize("name", ["met spatie", "é%20#1", "a?b=c&d", "vsi plannen", "[x]{y}"])
def test_a_folder_or_file_may_have_any_name(
    made: dict[str, Path], kind: str, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    copy = copied(made[kind], folder)
    for part in parts_of(copy):
        part.rename(part.with_name(name + part.suffix))
    assert len(read_vector(copy.with_name(name + copy.suffix))[0]) == N


@pytest.mark.parametrize("name", ["a!b", "a;b"])
def test_a_name_that_the_reader_would_take_for_something_else_is_refused(
    made: dict[str, Path], name: str, tmp_path: Path
) -> None:
    path = copied(made["gpkg"], tmp_path).rename(tmp_path / f"{name}.gpkg")
    with pytest.raises(FileError, match="hernoem het"):
        read_vector(path)


def test_a_name_relative_to_the_working_folder_is_never_an_address(
    made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(made["gpkg"], tmp_path / "zip:vsi.gpkg")
    shutil.copy(made["gpkg"], tmp_path / "vsi.gpkg")
    assert len(read_vector("vsi.gpkg")[0]) == N
    assert len(read_vector("zip:vsi.gpkg")[0]) == N


def test_endings_in_capitals_are_read(made: dict[str, Path], tmp_path: Path) -> None:
    for part in parts_of(made["shapefile"]):
        shutil.copy(part, tmp_path / part.name.upper())
    read, source = read_vector(tmp_path / "PLANNEN.SHP")
    assert (len(read), len(source.files)) == (N, 5)


def test_a_link_to_a_shapefile_is_read_with_the_parts_beside_the_link(
    made: dict[str, Path], tmp_path: Path
) -> None:
    for part in parts_of(made["shapefile"]):
        (tmp_path / part.name).symlink_to(part)
    assert len(read_vector(tmp_path / "plannen.shp")[0]) == N


# --- layers


@pytest.fixture
def two_layers(tmp_path: Path) -> Path:
    """Write a GeoPackage with two layers and a table without shapes."""
    path = tmp_path / "twee.gpkg"
    write(path, example(), layer="plannen 2026")
    write(path, example().head(3), layer="oud")
    write(path, example().drop(columns="geometry"), layer="tabel")
    return path


def test_a_layer_is_taken_by_name_in_two_ways(two_layers: Path) -> None:
    for read, source in (read_vector(f"{two_layers}:oud"), read_vector(two_layers, layer="oud")):
        assert (len(read), source.layer) == (3, "oud")
    assert len(read_vector(f"{two_layers}:plannen 2026")[0]) == N


@pytest.mark.parametrize("given", ["", ":"])
def test_several_layers_without_a_choice_are_named_and_tables_are_not(
    two_layers: Path, given: str
) -> None:
    with pytest.raises(FileError) as caught:
        read_vector(f"{two_layers}{given}")
    assert "2 lagen (plannen 2026, oud); noem er één: twee.gpkg:plannen 2026." in str(caught.value)


@pytest.mark.parametrize("layer", ["nieuw", "tabel"])
def test_a_layer_that_is_not_there_or_has_no_shapes_is_refused(
    two_layers: Path, layer: str
) -> None:
    with pytest.raises(FileError, match=f"laag '{layer}' bestaat niet; wel: plannen 2026, oud"):
        read_vector(two_layers, layer=layer)


def test_a_file_without_any_shapes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "tabel.gpkg", example().drop(columns="geometry"))
    with pytest.raises(FileError, match="geen laag met geometrie"):
        read_vector(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_layer_of_a_file_that_has_none_is_refused(made: dict[str, Path], kind: str) -> None:
    with pytest.raises(FileError, match="heeft geen lagen"):
        read_vector(f"{made[kind]}:plannen")


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("plannen.gpkg", None),
        ("plannen.gpkg:2026", "2026"),
        ("plannen.gpkg:", None),
        ("C:\\data\\plannen.gpkg", None),
        ("C:\\data\\plannen.gpkg:2026", "2026"),
    ],
)
def test_a_layer_is_told_from_a_drive_letter(text: str, layer: str | None) -> None:
    path, found = split_layer(text)
    assert found == layer
    assert str(path) == text.removesuffix(":2026").removesuffix("g:") + (
        "g" if text[-1] == ":" else ""
    )


def test_a_file_whose_name_holds_a_colon_is_that_file(
    made: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(made["gpkg"], tmp_path).rename(tmp_path / "plannen:2026.gpkg")
    assert len(read_vector(path)[0]) == N


# --- what is refused


@pytest.mark.parametrize(
    "given",
    [
        "https://service.pdok.nl/natura2000.gpkg",
        "http://localhost/a.geojson",
        "ftp://host/a.gpkg",
        "s3://emmer/a.gpkg",
        "/vsicurl/https://host/a.gpkg",
        "/vsizip//tmp/a.zip/a.gpkg",
        "/vsimem/a.gpkg",
    ],
)
def test_addresses_are_refused(given: str) -> None:
    with pytest.raises(FileError, match="alleen bestanden op deze computer"):
        read_vector(given)


@pytest.mark.parametrize("given", [None, 3, ["a.gpkg"], pd.DataFrame(), gpd.GeoSeries()])
def test_what_is_no_path_and_no_frame_is_refused(given: Any) -> None:
    with pytest.raises(FileError, match="geef een pad naar een bestand of een GeoDataFrame"):
        read_vector(given)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(FileError, match=r"^plannen\.gpkg:2026: dit bestand bestaat niet\.$"):
        read_vector("plannen.gpkg:2026")


@pytest.mark.parametrize("name", ["plannen.docx", "plannen.tif", "plannen.xls", "plannen", "x.vrt"])
def test_a_kind_that_is_not_read_is_refused_with_those_that_are(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FileError, match=r"wordt niet gelezen; wel: \.shp, \.gpkg, \.geojson"):
        read_vector(tmp_path / name)


@pytest.mark.parametrize("n", [0, 2])
def test_a_folder_must_hold_one_shapefile(made: dict[str, Path], tmp_path: Path, n: int) -> None:
    for i in range(n):
        for part in parts_of(made["shapefile"]):
            shutil.copy(part, tmp_path / f"{i}{part.suffix}")
    with pytest.raises(FileError, match=f"bevat {n} shapefiles; noem één bestand"):
        read_vector(tmp_path)


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_an_empty_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"leeg{ending}"
    path.touch()
    with pytest.raises(FileError, match=r"leeg|een map"):
        read_vector(path)


def vrt(target: Path) -> bytes:
    """Write a virtual dataset that reads another file."""
    return (
        f"<OGRVRTDataSource><OGRVRTLayer name='plannen'><SrcDataSource>{target}</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def pipeline(target: Path, *, padding: int = 0) -> bytes:
    """Write a processing pipeline that GDAL would run."""
    return (
        b"{"
        + b" " * padding
        + json.dumps(
            {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {target}"}
        ).encode()[1:]
    )


@pytest.mark.parametrize("ending", sorted(KINDS))
@pytest.mark.parametrize("content", ["vrt", "pipeline", "pipeline ver weg", "rommel"])
def test_a_file_that_is_something_else_than_its_name_says_is_never_followed(
    made: dict[str, Path], tmp_path: Path, ending: str, content: str
) -> None:
    path = tmp_path / f"plannen{ending}"
    path.write_bytes(
        {
            "vrt": vrt(made["gpkg"]),
            "pipeline": pipeline(made["gpkg"]),
            "pipeline ver weg": pipeline(made["gpkg"], padding=70_000),
            "rommel": b"\x00\xff rommel" * 20,
        }[content]
    )
    with pytest.raises(InputError):
        read_vector(path)


@pytest.mark.parametrize("inside", ["a.gpkg", "a.geojson", "a.fgb", "a.shp", "a.gdb/a.gdbtable"])
def test_a_virtual_dataset_in_a_zip_is_never_followed(
    made: dict[str, Path], tmp_path: Path, inside: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inside, vrt(made["gpkg"]))
    with pytest.raises(FileError):
        read_vector(path)


def test_a_virtual_dataset_that_is_also_a_zip_is_never_followed(
    made: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("a.zip", "a.gdb.zip"):
        path = tmp_path / name
        path.write_bytes(vrt(made["gpkg"]) + made["gdb.zip"].read_bytes())
        assert zipfile.is_zipfile(path)
        with pytest.raises(FileError, match="de inhoud is geen zip"):
            read_vector(path)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plannen.gpkg"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE plannen (id, wkt)")
    database.close()
    with pytest.raises(FileError):
        read_vector(path)


def test_other_json_than_geojson_is_refused(tmp_path: Path) -> None:
    esri = {
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 28992},
        "features": [{"attributes": {"id": 1}, "geometry": {"x": EAST, "y": NORTH}}],
    }
    for content in (esri, {}, {"type": "Topology", "objects": {}, "arcs": []}):
        path = tmp_path / "plannen.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(FileError):
            read_vector(path)


# --- zips


def test_a_zip_that_unpacks_to_far_more_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bom.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plannen.geojson", b"{" + b" " * 200_000_000)
    assert path.stat().st_size < 250_000
    with pytest.raises(FileError, match=r"wordt uitgepakt 0\.2 GB"):
        read_vector(path)


@pytest.mark.parametrize(
    "name", ["../plannen.geojson", "a/../../plannen.geojson", "/etc/plannen.geojson"]
)
def test_names_that_climb_out_of_a_zip_are_refused_and_nothing_is_unpacked(
    made: dict[str, Path], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr(name, made["geojson"].read_bytes())
    with pytest.raises(FileError, match="namen in dit zipbestand"):
        read_vector(folder / "a.zip")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.zip"]


def test_a_zip_must_hold_one_dataset(made: dict[str, Path], tmp_path: Path) -> None:
    none = zipped(tmp_path / "geen.zip", made["csv"])
    two = zipped(tmp_path / "twee.zip", made["gpkg"], made["geojson"])
    for path, n in ((none, 0), (two, 2)):
        with pytest.raises(FileError, match=f"bevat {n} leesbare datasets.*noem er één"):
            read_vector(path)


def test_the_shadows_that_a_mac_puts_in_a_zip_are_passed_over(
    made: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(made["zip van shapefile"], tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._plannen.shp", b"x")
    assert len(read_vector(path)[0]) == N


def test_a_locked_zip_is_refused(made: dict[str, Path], tmp_path: Path) -> None:
    path = copied(made["zip van gpkg"], tmp_path)
    data = bytearray(path.read_bytes())
    for sign in (b"PK\x03\x04", b"PK\x01\x02"):
        start = data.index(sign)
        data[start + (6 if sign[2] == 3 else 8)] |= 1
    path.write_bytes(data)
    with pytest.raises(FileError, match="encrypted"):
        read_vector(path)


# --- damage

DAMAGED = (
    *("shapefile", "gpkg", "geojson", "geojson in graden", "flatgeobuf", "gdb", "csv", "parquet"),
    *("zip van shapefile", "zip van gdb"),
)


def files_of(path: Path) -> list[Path]:
    """List the files whose damage matters."""
    if path.suffix == ".shp":
        return [path.with_suffix(ending) for ending in (".shp", ".shx", ".dbf", ".prj")]
    if path.suffix == ".gdb":
        return sorted(path.glob("*.gdbtabl?"), key=lambda p: -p.stat().st_size)[:4]
    return [path]


def outcome(path: Path) -> tuple[gpd.GeoDataFrame, Source] | None:
    """Read a damaged file: nothing but our own errors may come out."""
    try:
        return read_vector(path)
    except WoongeoError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.endswith((".", "?"))
        assert "\n" not in message
        return None


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_that_was_cut_off_is_never_read_as_if_it_were_whole(
    made: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    copy = copied(made[kind], tmp_path)
    for file in files_of(copy):
        whole = file.read_bytes()
        for eighth in range(8):
            cut = whole[: len(whole) * eighth // 8 + 1]
            if kind == "csv" and cut.endswith(b"\n"):
                continue
            file.write_bytes(cut)
            read = outcome(copy)
            if read is not None:
                # A part that holds no plans, or the last row of a text without its end.
                assert len(read[0]) == N or "regel heeft geen einde" in str(read[1].notes)
        file.write_bytes(whole)
    assert outcome(copy) is not None


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_with_a_wrong_byte_keeps_all_its_rows_or_is_refused(
    made: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    copy = copied(made[kind], tmp_path)
    chance = random.Random(kind)  # noqa: S311
    for file in files_of(copy):
        whole = file.read_bytes()
        for _ in range(12 if copy.is_dir() or kind == "shapefile" else 24):
            place = chance.randrange(len(whole))
            damaged = bytearray(whole)
            damaged[place] ^= chance.randrange(1, 256)
            # In JSON a member that is no "Feature" is no feature: there is nothing to miss it by.
            if b'"type"' in whole[place - 12 : place + 12] and "geojson" in kind:
                continue
            file.write_bytes(damaged)
            read = outcome(copy)
            if read is not None:
                assert len(read[0]) == N
        file.write_bytes(whole)


@pytest.mark.parametrize("ending", [".shx", ".dbf"])
def test_a_shapefile_without_one_of_its_parts_is_refused_by_name(
    made: dict[str, Path], tmp_path: Path, ending: str
) -> None:
    copy = copied(made["shapefile"], tmp_path)
    copy.with_suffix(ending).unlink()
    zipped(tmp_path / "a.zip", *parts_of(copy))
    for path in (copy, tmp_path / "a.zip"):
        with pytest.raises(FileError, match=f"ontbreekt \\{ending}; lever alle delen"):
            read_vector(path)


def test_a_zip_whose_table_cannot_be_found_back_is_refused(
    made: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(made["zip van shapefile"], tmp_path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("plannen.dbf").header_offset
    # The checksum that stands before the file, which Python passes over and GDAL does not.
    damaged = bytearray(path.read_bytes())
    damaged[start + 14] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(FileError, match="lever het bestand opnieuw"):
        read_vector(path)


@pytest.mark.parametrize("ending", [".shp", ".gdb", ".fgb", ".gpkg", ".geojson"])
def test_shapes_without_any_column_are_read(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a{ending}", frame([block(0, 0)]), driver=KINDS[ending])
    assert len(read_vector(path)[0]) == 1


def test_a_shapefile_without_prj_asks_for_its_reference_system(
    made: dict[str, Path], tmp_path: Path
) -> None:
    copy = copied(made["shapefile"], tmp_path)
    copy.with_suffix(".prj").unlink()
    with pytest.raises(MissingCrsError, match="crs='EPSG:28992'"):
        read_vector(copy)
    assert len(read_vector(copy, crs=28992)[0]) == N


def test_parts_of_two_shapefiles_are_not_taken_for_one(
    made: dict[str, Path], tmp_path: Path
) -> None:
    copy = copied(made["shapefile"], tmp_path)
    write(tmp_path / "oud.shp", example().head(7))
    shutil.copy(tmp_path / "oud.dbf", copy.with_suffix(".dbf"))
    with pytest.raises(FileError, match=r"30 vlakken en \.dbf 7 rijen"):
        read_vector(copy)


def test_a_geopackage_with_changes_beside_it_is_not_read_and_not_changed(
    made: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(made["gpkg"], tmp_path)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE notitie (tekst)")
    database.commit()
    before = listing(path)
    with pytest.raises(FileError, match="sluit het in QGIS"):
        read_vector(path)
    assert listing(path) == before
    database.close()
    assert len(read_vector(path)[0]) == N


def blob(wkb: bytes) -> bytes:
    """Wrap WKB as a GeoPackage does."""
    return b"GP\x00\x01" + struct.pack("<i", 28992) + wkb


def points(*xy: tuple[float, float]) -> bytes:
    """Write a number of points as WKB does."""
    return struct.pack("<I", len(xy)) + b"".join(struct.pack("<dd", *p) for p in xy)


CORNERS = [(EAST, NORTH), (EAST + 100, NORTH), (EAST + 100, NORTH + 100)]
ARC = [
    (EAST, NORTH),
    (EAST + 100, NORTH + 100),
    (EAST + 200, NORTH),
    (EAST + 100, NORTH - 100),
    (EAST, NORTH),
]


def with_first_shape(folder: Path, content: bytes, kind: str = "Polygon") -> Path:
    """Write a GeoPackage whose first shape is written by hand."""
    path = folder / "a.gpkg"
    write(path, example(), geometry_type="Unknown", layer_options={"SPATIAL_INDEX": "NO"})
    database = sqlite3.connect(path)
    for (trigger,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type='trigger'"
    ).fetchall():
        database.execute(f'DROP TRIGGER "{trigger}"')
    database.execute('UPDATE "a" SET geom = ? WHERE fid = 1', (content,))
    database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (kind.upper(),))
    database.commit()
    database.close()
    return path


@pytest.mark.parametrize(
    "content",
    [
        blob(b"\x01" + struct.pack("<II", 3, 1) + points(*CORNERS, (EAST, NORTH + 100))),
        blob(b"\x01" + struct.pack("<II", 3, 1) + points(CORNERS[0])),
        blob(b"\x01" + struct.pack("<II", 3, 1) + points(*CORNERS, CORNERS[0]))[:-9],
        b"rommel",
        b"",
    ],
    ids=["niet gesloten", "één punt", "afgekapt", "rommel", "leeg"],
)
def test_one_shape_that_cannot_be_read_is_none_and_the_others_are_read(
    tmp_path: Path, content: bytes
) -> None:
    read, _ = read_vector(with_first_shape(tmp_path, content))
    assert read.geometry[0] is None
    assert read.geometry[1:].area.tolist() == [10_000] * (N - 1)
    assert read["plan_id"].tolist() == [f"P{i}" for i in range(N)]


def test_a_ring_that_is_not_closed_is_noted(tmp_path: Path) -> None:
    content = blob(b"\x01" + struct.pack("<II", 3, 1) + points(*CORNERS, (EAST, NORTH + 100)))
    _, source = read_vector(with_first_shape(tmp_path, content))
    assert len(source.notes) == 1
    assert source.notes[0].startswith("bij het lezen 1 keer: ")


def test_arcs_come_straight_in_chords_of_four_degrees(tmp_path: Path) -> None:
    circle = b"\x01" + struct.pack("<II", 10, 1) + b"\x01" + struct.pack("<I", 8) + points(*ARC)
    read, _ = read_vector(with_first_shape(tmp_path, blob(circle), "CurvePolygon"))
    ring = shapely.get_exterior_ring(read.geometry[0])
    assert shapely.get_num_points(ring) == 360 / 4 + 1
    true = shapely.Point(EAST + 100, NORTH).buffer(100, quad_segs=1_000)
    assert shapely.hausdorff_distance(ring, true.exterior, densify=0.1) < 0.06 + 0.01


def test_a_count_that_is_out_of_date_does_not_make_a_geopackage_unreadable(
    made: dict[str, Path], tmp_path: Path
) -> None:
    path = copied(made["gpkg"], tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = 99")
    database.close()
    assert len(read_vector(path)[0]) == N


# --- pages of a service


@pytest.mark.parametrize(
    "said",
    [
        {"numberMatched": 2_501, "numberReturned": N},
        {"totalFeatures": 2_501, "numberReturned": N},
        {"links": [{"rel": "next", "href": "https://host/items?cursor=x"}]},
        {"links": [{"href": "https://host/items", "rel": "prev"}]},
        {"exceededTransferLimit": True},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_page_of_a_larger_answer_is_refused(
    made: dict[str, Path], tmp_path: Path, said: dict[str, Any], *, first: bool
) -> None:
    content = json.loads(made["geojson"].read_text("utf-8"))
    path = tmp_path / "bladzijde.geojson"
    path.write_text(json.dumps({**said, **content} if first else {**content, **said}), "utf-8")
    with pytest.raises(FileError, match=r"één bladzijde \(30 objecten\) van een groter antwoord"):
        read_vector(path)


def test_a_whole_answer_of_a_service_is_read(made: dict[str, Path], tmp_path: Path) -> None:
    content = json.loads(made["geojson"].read_text("utf-8"))
    content |= {"numberMatched": N, "numberReturned": N, "links": [{"rel": "self", "href": "x"}]}
    path = tmp_path / "antwoord.geojson"
    path.write_text(json.dumps(content), "utf-8")
    assert len(read_vector(path)[0]) == N


# --- text


def shapefile_in(folder: Path, encoding: str, cpg: str | None) -> Path:
    """Write a shapefile in an encoding, with a .cpg that may lie."""
    path = write(folder / "a.shp", example(), driver="ESRI Shapefile", encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("UTF-8", "UTF-8"),
        ("UTF-8", None),
        # A .cpg that says otherwise: what can be UTF-8 is.
        ("UTF-8", "1252"),
        ("UTF-8", "ISO-8859-1"),
        ("CP1252", "1252"),
        ("CP1252", None),
        ("CP1252", "ISO-8859-1"),
        ("CP1252", "onzin"),
    ],
)
def test_text_of_a_shapefile_is_read_also_where_its_cpg_is_absent_or_wrong(
    tmp_path: Path, encoding: str, cpg: str | None
) -> None:
    read, source = read_vector(shapefile_in(tmp_path, encoding, cpg))
    assert read["naam"].tolist() == NAMES
    assert bool(source.notes) == (encoding == "CP1252" and cpg != "1252")


def test_a_cpg_that_promises_utf_8_falsely_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = shapefile_in(tmp_path, "CP1252", "UTF-8")
    with pytest.raises(
        FileError, match="niet te lezen als utf-8; geef encoding= op, vaak 'cp1252'"
    ):
        read_vector(path)
    assert read_vector(path, encoding="cp1252")[0]["naam"].tolist() == NAMES


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_text_of_a_csv_is_never_guessed(
    tmp_path: Path, made: dict[str, Path], encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(made["csv"].read_text("utf-8"), encoding=encoding)
    with pytest.raises(FileError, match="geef encoding= op"):
        read_vector(path)
    assert read_vector(path, encoding=encoding)[0]["naam"].tolist() == NAMES


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig"])
def test_the_mark_that_excel_puts_before_a_csv_is_no_part_of_a_name(
    tmp_path: Path, made: dict[str, Path], encoding: str | None
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(made["csv"].read_text("utf-8"), encoding="utf-8-sig")
    assert read_vector(path, encoding=encoding)[0].columns[0] == "plan_id"


def test_an_encoding_that_does_not_exist_is_refused(made: dict[str, Path]) -> None:
    with pytest.raises(FileError, match="codering 'utf8000' is onbekend"):
        read_vector(made["csv"], encoding="utf8000")


def test_an_encoding_of_a_file_that_states_its_own_does_nothing(made: dict[str, Path]) -> None:
    assert read_vector(made["gpkg"], encoding="cp1252")[0]["naam"].tolist() == NAMES


# --- CSV

SQUARE = block(0, 0).wkt


def csv_of(folder: Path, text: str) -> Path:
    """Write a CSV by hand."""
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_csv_keeps_every_cell_as_it_stands(tmp_path: Path) -> None:
    rows = f'id;woningen;wkt;opmerking\r\n007;1.234;{SQUARE};"a;""b""\r\nc"\r\n08;;;NA\r\n'
    read, _ = read_vector(csv_of(tmp_path, rows), crs=28992)
    assert read["id"].tolist() == ["007", "08"]
    assert read["woningen"].tolist() == ["1.234", None]
    assert read["opmerking"].tolist() == ['a;"b"\r\nc', "NA"]
    assert read.geometry[0].area == 10_000
    assert read.geometry[1] is None


def test_a_very_long_wkt_is_read(tmp_path: Path) -> None:
    long = shapely.segmentize(block(0, 0), 0.02)
    assert len(long.wkt) > 200_000
    read, _ = read_vector(
        csv_of(
            tmp_path,
            f"id;wkt\n1;SRID=28992;{long.wkt}\n".replace("1;SRID=28992;", '1;"SRID=28992;').replace(
                "))\n", '))"\n'
            ),
        )
    )
    assert read.geometry[0].area == pytest.approx(10_000)


@pytest.mark.parametrize("name", ["wkt", "WKT", "geom", "the_geom", "geometrie", " Geometry "])
def test_the_usual_names_of_a_column_with_wkt_are_known(tmp_path: Path, name: str) -> None:
    read, _ = read_vector(csv_of(tmp_path, f"id;{name}\n1;{SQUARE}\n"), crs=28992)
    assert list(read.columns) == ["id", "geometry"]


@pytest.mark.parametrize(
    ("text", "error", "why"),
    [
        (f"id;vorm\n1;{SQUARE}\n", ColumnError, r"noem haar 'wkt' \(kolommen: id, vorm\)"),
        (f"id;wkt\n1;{SQUARE}\n2;POLYGON ((0 0, 1\n", FileError, "rij 2, kolom wkt"),
        (f"id;wkt\n1;{SQUARE}\n2;CURVEPOLYGON EMPTY\n", FileError, "rij 2, kolom wkt"),
        (f"id;wkt\n1;{SQUARE};te veel\n", FileError, "rij 1 heeft 3 velden en de kopregel 2"),
        (f"id;wkt;naam\n1;{SQUARE};a\n2;{SQUARE}\n", FileError, "rij 2 heeft 2 velden"),
        (f'id;wkt\n1;"{SQUARE}\n', FileError, "unexpected end of data"),
        ("\n\n", FileError, "geen kopregel"),
        (f"id;wkt\n1;{SQUARE}\n", MissingCrsError, "crs='EPSG:28992'"),
        (f'id;wkt\n1;"SRID=4326;{SQUARE}"\n', ImplausibleCrsError, "crs='EPSG:28992'"),
        (f'id;wkt\n1;"SRID=0;{SQUARE}"\n', InputError, "onbekend"),
        (f'id;wkt\n1;"SRID=28992;{SQUARE}"\n2;{SQUARE}\n', FileError, "verschillende SRID's"),
        (f'id;id;wkt\n1;2;"SRID=28992;{SQUARE}"\n', ColumnError, "'id' komt vaker voor"),
        (f"id;wkt\n1;{SQUARE}\n2;\x00\n", InputError, "a.csv"),
    ],
)
def test_a_faulty_csv_is_refused_with_the_row_or_column(
    tmp_path: Path, text: str, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        read_vector(csv_of(tmp_path, text))


def test_blank_rows_and_empty_cells_behind_a_row_do_not_matter(tmp_path: Path) -> None:
    text = f'id;wkt\n\n1;"SRID=28992;{SQUARE}";;\n\n2;"srid=28992;{SQUARE}"\n'
    read, source = read_vector(csv_of(tmp_path, text))
    assert read["id"].tolist() == ["1", "2"]
    assert source.notes == ()


def test_a_csv_with_a_header_only_has_no_rows(tmp_path: Path) -> None:
    read, _ = read_vector(csv_of(tmp_path, "id;wkt\n"), crs=28992)
    assert (len(read), list(read.columns)) == (0, ["id", "geometry"])


# --- reference systems and frames


def test_a_reference_system_that_is_given_replaces_the_stated_one_and_is_noted(
    made: dict[str, Path],
) -> None:
    path = made["geojson"].with_name("zonder.geojson")
    content = json.loads(made["geojson"].read_text("utf-8"))
    del content["crs"]
    path.write_text(json.dumps(content), "utf-8")
    # GeoJSON that states nothing is in degrees, says the standard; these are metres.
    with pytest.raises(ImplausibleCrsError, match="crs='EPSG:28992'"):
        read_vector(path)
    read, source = read_vector(path, crs="EPSG:28992")
    assert read.geometry.area.tolist() == [10_000] * N
    assert source.notes == ("vermeld coördinatenstelsel EPSG:4326 vervangen door EPSG:28992",)


def test_a_frame_is_taken_without_a_change_to_it() -> None:
    given = example().set_axis([5] * N, axis=0)
    before = given.copy(deep=True)
    read, source = read_vector(given)
    assert isinstance(read.index, pd.RangeIndex)
    assert (source.path, source.driver, source.features) == ("(in het geheugen)", "GeoDataFrame", N)
    pd.testing.assert_frame_equal(pd.DataFrame(given), pd.DataFrame(before))
    read.loc[0, "naam"] = "anders"
    assert given["naam"].tolist() == NAMES


def moved(given: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Move one corner a millimetre."""
    return given.set_geometry([*given.geometry[:-1], block(200 * N - 200, 0, 100.001)])


@pytest.mark.parametrize(
    "change",
    [
        moved,
        lambda given: given.assign(woningen=[*range(N - 1), 99]),
        lambda given: given.iloc[::-1],
        lambda given: given.head(N - 1),
        lambda given: given.rename(columns={"naam": "titel"}),
    ],
)
def test_the_hash_of_a_frame_changes_with_what_is_in_it(
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
) -> None:
    same = read_vector(example())[1].sha256
    assert read_vector(example())[1].sha256 == same
    assert read_vector(change(example()))[1].sha256 != same


def test_lone_surrogates_in_a_frame_do_not_stop_it() -> None:
    read, _ = read_vector(example().assign(naam=pd.Series(["a\ud83d"] * N, dtype=object)))
    assert read["naam"][0] == "a\ud83d"


# --- the real thing


@pytest.mark.real
def test_the_template_of_gelderland_is_read_by_its_layer(real_data: Path) -> None:
    path = real_data / "registers" / "diwi_gelderland_sjabloon.gdb.zip"
    with pytest.raises(FileError, match=r"2 lagen \(Planregistratie, Overkoepelendeplannen\)"):
        read_vector(path)
    with pytest.raises(FileError, match="laag 'Gemeenten' bestaat niet"):
        read_vector(f"{path}:Gemeenten")
    read, source = read_vector(f"{path}:Planregistratie")
    assert (len(read), source.driver, source.layer) == (0, "OpenFileGDB", "Planregistratie")
    assert {"plannaam", "gemeente", "woonplaats"} <= set(read.columns)


@pytest.mark.real
def test_a_page_of_an_ogc_api_is_refused(real_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "items.geojson"
    recorded = real_data / "pdok" / "gokoala" / "expected_foo_collection_with_cursor.json"
    shutil.copy(recorded, path)
    with pytest.raises(FileError, match=r"één bladzijde \(2 objecten\)"):
        read_vector(path)


@pytest.mark.real
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_large_real_geopackage_that_was_cut_off_is_refused(
    real_data: Path, tmp_path: Path, share: float
) -> None:
    whole = (real_data / "natura2000" / "natura2000_162_rd.gpkg").read_bytes()
    path = tmp_path / "natura2000.gpkg"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileError, match=r"natura2000\.gpkg: kan niet worden gelezen"):
        read_vector(path)
