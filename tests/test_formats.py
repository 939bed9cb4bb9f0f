"""A screening in each form: opened as its readers do, and with text that means harm."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hostile
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
import shapely.geometry
from conftest import block, frame
from lxml import etree

import woongeo
from woongeo.encode import EXCEL_CHARACTERS, excel_text
from woongeo.errors import InputError, OutputError
from woongeo.export import FORMATS
from woongeo.export.contents import Contents
from woongeo.export.excel import write_xlsx
from woongeo.export.manifest import manifest
from woongeo.plotting.looks import LAYERS, VERDICTS
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 1)
ALL = tuple(FORMATS)
TEXTS = [*hostile.ALL, "nul\0daarna"]
WITH_HOLE = shapely.Polygon(
    block(300, 0).exterior, [shapely.box(120_320, 480_020, 120_340, 480_040).exterior]
)


def screened(plans: gpd.GeoDataFrame, *layers: woongeo.Layer) -> woongeo.Screening:
    """Screen a frame on a fixed day, against a layer over its first plan."""
    area = frame([block(0, 0)], nr=["1"], naam=["Gebied"])
    usual = woongeo.read_layer("natura2000", area, coverage="nederland")
    return woongeo.screen(woongeo.read_locations(plans), layers or [usual], on=DAY)


def plans(**columns: Any) -> gpd.GeoDataFrame:
    """Draw three plans of a hectare, of which the second has a hole of 400 m²."""
    return frame(
        [block(0, 0), WITH_HOLE, block(600, 0)],
        plan_id=["P0", "P1", "P2"],
        woningen=[10, 20, 30],
        planstatus=["1A"] * 3,
        **columns,
    )


def export(made: woongeo.Screening, folder: Path, **given: Any) -> list[Path]:
    """Write every form."""
    return woongeo.export_screening(
        made,
        folder=folder,
        plancapaciteit=woongeo.summarize_plancapaciteit(made),
        formats=given.pop("formats", ALL),
        **given,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write three plans in every form."""
    folder = tmp_path_factory.mktemp("vormen")
    export(
        screened(
            plans(
                dag=[dt.date(2026, 5, 15), None, dt.date(1850, 1, 1)],
                moment=pd.to_datetime(
                    pd.Series(["2026-05-15 10:30:00+02:00", None, "2026-05-16 00:00:00+02:00"])
                ),
                ja=pd.array([True, None, False], dtype="boolean"),
                groot=pd.Series([2**60 + 1, None, 3], dtype=object),
                prijs=[1.25, None, float("inf")],
                lijst=[["a", "b"], None, []],
                bbox=["x", "y", "z"],
            )
        ),
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def dangerous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every form of names that mean harm."""
    shapes = [block(200 * i, 0) for i in range(len(TEXTS))]
    made = frame(shapes, plan_id=TEXTS, plannaam=TEXTS, woningen=range(len(TEXTS)), tekst=TEXTS)
    made["=1+1"] = TEXTS
    features = frame(shapes, nr=[""] * len(TEXTS), naam=TEXTS)
    with pytest.warns(woongeo.WoongeoWarning):
        screening = screened(
            made,
            woongeo.read_layer("gevaar", features, coverage="nederland", title=hostile.SHORT),
            woongeo.missing_layer("weg", reason="=1+1"),
        )
    folder = tmp_path_factory.mktemp("gevaar")
    export(screening, folder)
    return folder


def rows_of(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    """Read a sheet as values."""
    book = openpyxl.load_workbook(path)
    return [*book[sheet].iter_rows(values_only=True)]


# --- which files -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_only_the_form_that_is_asked_is_made(kind: str, tmp_path: Path) -> None:
    """Its files and the manifest, which lists them with their hash."""
    made = screened(plans())
    names = [p.name for p in woongeo.export_screening(made, folder=tmp_path, formats=[kind])]
    assert names == [*FORMATS[kind], "manifest.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    listed = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["uitvoer"]
    assert [entry["name"] for entry in listed] == names[:-1]
    # Another form later: what was ours and is not made again goes.
    other = next(x for x in ALL if x != kind)
    woongeo.export_screening(made, folder=tmp_path, formats=other)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*FORMATS[other], "manifest.json"])


@pytest.mark.parametrize(("formats", "says"), [(["docx"], "'docx' is onbekend"), ([], "geen form")])
def test_a_form_that_is_not_there_is_refused(formats: list[str], says: str, tmp_path: Path) -> None:
    """Before anything is made."""
    with pytest.raises(InputError, match=says):
        woongeo.export_screening(screened(plans()), folder=tmp_path / "uit", formats=formats)
    assert not (tmp_path / "uit").exists()


def test_the_command_makes_what_is_asked(tmp_path: Path) -> None:
    """With commas, more than once, or all; a wrong word is told."""
    for words, expected in [
        (["--format", "xlsx,geojson"], ["locaties.geojson", "locaties.xlsx"]),
        (["--format", "parquet", "--format", "csv"], ["capaciteit.csv", "locaties.parquet"]),
    ]:
        folder = tmp_path / expected[0]
        command = [sys.executable, "-m", "woongeo", "demo", "--out", str(folder), "--quiet"]
        subprocess.run([*command, *words], check=True)
        there = {p.name for p in folder.iterdir()}
        assert set(expected) <= there
        assert "locaties.gpkg" not in there
    done = subprocess.run(
        [*command, "--format", "pdf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--format pdf: kies uit gpkg, csv, xlsx, parquet, geojson of alles" in done.stderr


@pytest.mark.parametrize("name", [name for names in FORMATS.values() for name in names])
def test_a_file_of_somebody_else_is_not_replaced(name: str, tmp_path: Path) -> None:
    """Whatever the form."""
    (tmp_path / name).write_text("van mij", encoding="utf-8")
    with pytest.raises(OutputError, match=re.escape(name)):
        export(screened(plans()), tmp_path)
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["van mij"]


def test_the_same_input_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Every form, on another clock and with another order of sets."""
    program = (
        "import datetime, sys, warnings, woongeo\n"
        "warnings.simplefilter('ignore', woongeo.WoongeoWarning)\n"
        "e = woongeo.example()\n"
        "s = woongeo.screen(e.locations(), e.layers(), on=datetime.date(2026, 11, 1))\n"
        "c = woongeo.summarize_plancapaciteit(s, by=e.regions())\n"
        f"woongeo.export_screening(s, folder=sys.argv[1], plancapaciteit=c, formats={ALL!r})"
    )
    made = []
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"Etc/GMT-{seed}"},
            check=True,
        )
        files = {p.name: p.read_bytes() for p in (tmp_path / seed).iterdir()}
        del files["manifest.json"]
        made.append(files)
    assert sorted(made[0]) == sorted(made[1])
    for name, data in made[0].items():
        assert data == made[1][name], name


# --- GeoPackage --------------------------------------------------------------------------------


def styles(folder: Path) -> dict[str, tuple[str, etree._Element]]:
    """Read the styles in a GeoPackage: table to its column of shapes and the style."""
    with sqlite3.connect(folder / "locaties.gpkg") as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles "
            "WHERE useAsDefault = 1"
        ).fetchall()
    database.close()
    return {table: (column, etree.fromstring(qml)) for table, column, qml in rows}


def test_every_layer_has_a_style_that_fits_it(written: Path) -> None:
    """One each, of a symbol that draws its shapes; names of columns are those of the table."""
    found = styles(written)
    assert list(found) == ["locaties", "laag_natura2000"]
    for table, (column, style) in found.items():
        info = pyogrio.read_info(written / "locaties.gpkg", layer=table)
        assert column == info["geometry_name"]
        assert {s.get("type") for s in style.findall("renderer-v2/symbols/symbol")} == {"fill"}
        aliased = {a.get("field"): int(a.get("index", "")) for a in style.findall("aliases/alias")}
        fields = info["fields"].tolist()
        # The number of the row is the first column.
        assert aliased == {name: fields.index(name) + 1 for name in aliased}
    site = found["locaties"][1]
    names = {a.get("field"): a.get("name") for a in site.findall("aliases/alias")}
    assert names["natura2000_overlap_m2"] == "Natura 2000: overlap (m²)"
    assert names["woningen"] == "Woningen (aantal)"
    # The user's own columns keep their names.
    assert not {"prijs", "lijst", "bbox"} & set(names)
    beside = (written / "locaties.qml").read_text(encoding="utf-8")
    assert etree.tostring(etree.fromstring(beside)) == etree.tostring(site)


def test_verdicts_differ_in_more_than_colour(written: Path) -> None:
    """Each verdict is one rule on the column, with a pattern, edge or sign of its own."""
    style = styles(written)["locaties"][1]
    renderer = style.find("renderer-v2")
    assert renderer is not None
    symbols = {s.get("name"): s for s in renderer.findall("symbols/symbol")}
    looks: dict[str, list[Any]] = {}
    for rule in renderer.findall("rules/rule"):
        verdict = re.fullmatch(r"\"oordeel\" = '(\w+)'", rule.get("filter", ""))
        assert verdict is not None
        symbol = symbols[rule.get("symbol")]
        options = [
            (o.get("name"), o.get("value"))
            for o in symbol.iter("Option")
            if o.get("value") and "color" not in o.get("name", "")
        ]
        looks.setdefault(verdict.group(1), []).append(options)
    assert set(looks) == set(VERDICTS)
    for i in (0, 1):
        assert len({str(look[i]) for look in looks.values()}) == 3


def test_layers_that_are_not_surfaces_have_a_layer_and_a_symbol_of_their_own(
    tmp_path: Path,
) -> None:
    """Points, lines and surfaces of one bottleneck; QGIS draws one kind a layer."""
    shapes = [
        *(block(0, 0), shapely.Point(120_050, 480_500)),
        shapely.LineString([(120_000, 480_300), (120_900, 480_300)]),
    ]
    mixed = woongeo.read_layer(
        "leiding", frame(shapes, nr=["1", "2", "3"], naam=["a", "b", "c"]), coverage="nederland"
    )
    export(screened(plans(), mixed), tmp_path)
    found = styles(tmp_path)
    kinds = {t: s.find("renderer-v2/symbols/symbol").get("type") for t, (_, s) in found.items()}  # type: ignore[union-attr]
    del kinds["locaties"]
    assert kinds == {
        "laag_leiding": "fill",
        "laag_leiding_lijnen": "line",
        "laag_leiding_punten": "marker",
    }
    for table in kinds:
        assert len(gpd.read_file(tmp_path / "locaties.gpkg", layer=table)) == 1


_LOOK = """
import json, sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
found = {}
for name in sys.argv[2:]:
    layer = QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr")
    fields = layer.fields()
    found[name] = {
        "renderer": layer.renderer().dump(),
        "names": {f.name(): layer.attributeDisplayName(i) for i, f in enumerate(fields)},
        "legend": [item.label() for item in layer.renderer().legendSymbolItems()],
        "features": layer.featureCount(),
    }
print(json.dumps(found))
"""


def test_qgis_itself_opens_the_layers_in_their_style(written: Path) -> None:
    """Nothing is chosen by the user: verdicts, patterns and names come with the file."""
    python = "/usr/bin/python3"
    there = subprocess.run(
        [python, "-c", "import qgis.core"], capture_output=True, check=False
    ).returncode
    if there:
        pytest.skip("QGIS staat niet op deze machine (apt-get install python3-qgis)")
    done = subprocess.run(
        [python, "-c", _LOOK, str(written / "locaties.gpkg"), "locaties", "laag_natura2000"],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(written), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    site = found["locaties"]
    assert site["features"] == 3
    assert site["legend"][::2] == ["belemmerd", "onbekend", "vrij"]
    assert "FILL SYMBOL (3 layers)" in site["renderer"]
    assert site["names"]["natura2000_afstand_m"] == "Natura 2000: afstand (m)"
    assert site["names"]["prijs"] == "prijs"
    assert found["laag_natura2000"]["names"]["object_naam"] == "Naam van het object"


def test_layers_whose_names_meet_are_both_there(tmp_path: Path) -> None:
    """The lines of one, and another that is called so."""
    line = shapely.LineString([(120_000, 480_300), (120_900, 480_300)])
    made = [
        woongeo.read_layer("net", frame([block(0, 0), line], nr=["1", "2"]), coverage="nederland"),
        woongeo.read_layer("net_lijnen", frame([block(0, 0)], nr=["3"]), coverage="nederland"),
    ]
    export(screened(plans(), *made), tmp_path)
    names = [name for name, kind in pyogrio.list_layers(tmp_path / "locaties.gpkg") if kind]
    assert names == [
        *("locaties", "laag_net", "laag_net_lijnen"),
        "laag_net_lijnen_woongeo",
    ]


def test_every_look_of_a_layer_can_be_drawn(tmp_path: Path) -> None:
    """Nine layers: all patterns, and around again."""
    area = frame([block(0, 0)], nr=["1"])
    layers = [
        woongeo.read_layer(f"laag{i}", area, coverage="nederland") for i in range(len(LAYERS) + 1)
    ]
    export(screened(plans(), *layers), tmp_path)
    found = styles(tmp_path)
    drawn = [
        etree.tostring(found[f"laag_laag{i}"][1].find("renderer-v2"))  # type: ignore[arg-type]
        for i in range(9)
    ]
    assert len(set(drawn)) == len(LAYERS)
    assert drawn[0] == drawn[8]


def test_only_features_near_a_location_come_along_and_it_is_said(tmp_path: Path) -> None:
    """Of three, one at 4.9 km comes and one at 10 km does not; the description counts them."""
    area = frame([block(0, 0), block(5_600, 0), block(10_700, 0)], nr=["1", "2", "3"])
    layer = woongeo.read_layer("natura2000", area, coverage="nederland")
    export(screened(plans(), layer), tmp_path)
    read = gpd.read_file(tmp_path / "locaties.gpkg", layer="laag_natura2000")
    assert read["object_id"].tolist() == ["1", "2"]
    told = pyogrio.read_info(tmp_path / "locaties.gpkg", layer="laag_natura2000")
    assert "2 van 3 objecten" in told["layer_metadata"]["DESCRIPTION"]


def test_the_geopackage_is_sound_and_says_where_it_came_from(written: Path) -> None:
    """Integrity, foreign keys, an index for each layer, and the sources in a table."""
    database = sqlite3.connect(written / "locaties.gpkg")
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        for table in ("locaties", "laag_natura2000"):
            [(indexed,)] = database.execute(f"SELECT count(*) FROM rtree_{table}_geom")  # noqa: S608
            [(there,)] = database.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert indexed == there
        facts = {
            (part, name): value
            for part, name, value in database.execute(
                "SELECT onderdeel, eigenschap, waarde FROM herkomst"
            )
        }
        assert facts["algemeen", "let_op"] == SCREENING
        assert facts["algemeen", "beoordeeld_op"] == "2026-11-01"
        assert re.fullmatch("[0-9a-f]{64}", facts["laag natura2000", "bron: sha256"])
        assert ("regel natura2000", "bron") in facts
        [(title,)] = database.execute(
            "SELECT title FROM gpkg_data_columns WHERE table_name = 'capaciteit' "
            "AND column_name = 'natura2000_max'"
        )
        assert title == "Natura 2000: belemmerd, maximum (woningen)"
        assert database.execute("SELECT woningen FROM capaciteit").fetchall() == [(60,)]
    finally:
        database.close()


def test_our_own_file_is_read_again_without_naming_its_layer(tmp_path: Path) -> None:
    """As locations; as a layer the choice is the user's."""
    made = screened(plans())
    export(made, tmp_path)
    again = woongeo.read_locations(tmp_path / "locaties.gpkg")
    assert again.frame["locatie_id"].tolist() == ["P0", "P1", "P2"]
    with pytest.raises(woongeo.errors.FileError, match="hierin staan 2 lagen"):
        woongeo.read_layer("natura2000", tmp_path / "locaties.gpkg")


def test_styles_hold_text_from_strangers_and_stay_xml(dangerous: Path) -> None:
    """A layer's title is in the names of columns, shown and not acted upon."""
    site = styles(dangerous)["locaties"][1]
    names = {a.get("field"): a.get("name") for a in site.findall("aliases/alias")}
    shown = hostile.SHORT.replace("\u202e", "\\u202e")
    assert names["gevaar_oordeel"] == f"{shown}: oordeel"
    assert "=1+1" not in names


# --- Excel -------------------------------------------------------------------------------------


def test_the_workbook_has_its_sheets_frozen_filtered_and_wide_enough(written: Path) -> None:
    """A read-me first; every table with its head fixed and a filter over all of it."""
    book = openpyxl.load_workbook(written / "locaties.xlsx")
    assert book.sheetnames == ["Leesmij", "Locaties", "Treffers", "Capaciteit"]
    for name in book.sheetnames[1:]:
        sheet = book[name]
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(9 <= d.width <= 62 for d in sheet.column_dimensions.values())


def test_the_workbook_says_what_it_is_and_where_from(written: Path) -> None:
    """The sentence on screening, verdicts, units, sources, rules, versions and every column."""
    rows = rows_of(written / "locaties.xlsx", "Leesmij")
    said = "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    for text in (SCREENING, "m²", "onbekend", "EPSG:28992", woongeo.__version__, "2026-11-01"):
        assert text in said
    facts = {(row[0], row[1]): row[2] for row in rows}
    assert facts["regel natura2000", "regel"]
    assert facts["regel natura2000", "zekerheid"] == "bron"
    assert re.fullmatch("[0-9a-f]{64}", facts["locaties", "sha256"])
    assert facts["Locaties", "Natura 2000: afstand (m)"] == "natura2000_afstand_m"


def readme(folder: Path) -> str:
    """Give the text of the read-me above its tables."""
    rows = rows_of(folder / "locaties.xlsx", "Leesmij")
    paragraphs = [str(row[0]) for row in rows if row[0] is not None]
    return "\n".join(paragraphs[: paragraphs.index("Onderdeel")])


def test_the_read_me_names_only_sheets_and_files_that_are_there(
    written: Path, tmp_path: Path
) -> None:
    made = screened(plans())
    woongeo.export_screening(made, folder=tmp_path / "a", formats=["xlsx"])
    alone = readme(tmp_path / "a")
    assert "Capaciteit" not in alone
    assert "locaties." not in alone
    assert "De vlakken zelf staan hier niet in." in alone
    woongeo.export_screening(made, folder=tmp_path / "b", formats=["xlsx", "geojson"])
    assert "locaties.geojson (lengte en breedte, om te tonen)." in readme(tmp_path / "b")
    assert "gpkg" not in readme(tmp_path / "b")
    every = readme(written)
    assert "Blad Capaciteit: woningen per gebied" in every
    assert "locaties.gpkg (EPSG:28992, RD New) en locaties.parquet (EPSG:28992" in every
    woongeo.export_screening(
        made,
        folder=tmp_path / "c",
        formats=["xlsx"],
        plancapaciteit=woongeo.summarize_plancapaciteit(made, periods=[(2022, 2030)]),
        knelpunten=woongeo.knelpunten(made),
        vrijspelen=woongeo.vrijspelen(made),
    )
    sheets = openpyxl.load_workbook(tmp_path / "c" / "locaties.xlsx").sheetnames[1:]
    assert sheets[2:] == ["Capaciteit", "Cijfers", "Knelpunten", "Vrijspelen"]
    assert re.findall(r"Blad (\w+):", readme(tmp_path / "c")) == sheets


def test_the_read_me_calls_free_what_is_touched_by_less_than_the_tolerance(tmp_path: Path) -> None:
    """A corner of 25 m² lies in the area, and the tolerance is 100 m² or 1 %."""
    area = frame([block(0, 0, 5, 5)], nr=["1"], naam=["Gebied"])
    made = screened(plans(), woongeo.read_layer("natura2000", area, coverage="nederland"))
    woongeo.export_screening(made, folder=tmp_path, formats=["xlsx"])
    first = rows_of(tmp_path / "locaties.xlsx", "Treffers")[1]
    assert first[2] == "vrij"
    assert "onder drempel: 25 m²" in str(first[4])
    assert "vrij (het raakt haar niet, of minder dan de drempel)" in readme(tmp_path)


def test_cells_are_what_they_mean(written: Path) -> None:
    """Numbers are numbers in their unit, days are days, blanks are blank, and infinity is told."""
    sheet = openpyxl.load_workbook(written / "locaties.xlsx")["Locaties"]
    head = [cell.value for cell in sheet[1]]
    columns = {name: [row[i] for row in sheet.iter_rows(min_row=2)] for i, name in enumerate(head)}

    def values(name: str) -> list[Any]:
        return [cell.value for cell in columns[name]]

    assert values("Locatie") == ["P0", "P1", "P2"]
    assert values("Woningen (aantal)") == [10, 20, 30]
    assert values("Belemmerd (m²)") == [10_000, 0, 0]
    assert values("Natura 2000: overlap (aandeel, 0 tot 1)") == [1, 0, 0]
    assert columns["Natura 2000: overlap (aandeel, 0 tot 1)"][0].number_format == "0.0%"
    assert columns["Belemmerd (m²)"][0].number_format == "#,##0"
    # Excel has no days before 1900, and 15 digits.
    assert values("dag") == [dt.datetime(2026, 5, 15), None, "1850-01-01"]  # noqa: DTZ001
    assert columns["dag"][0].number_format == "dd-mm-yyyy"
    assert values("moment")[:2] == [dt.datetime(2026, 5, 15, 8, 30), None]  # noqa: DTZ001
    assert values("ja") == [True, None, False]
    assert values("groot") == [str(2**60 + 1), None, 3]
    assert values("prijs") == [1.25, None, "inf"]
    assert values("lijst") == ['["a", "b"]', None, "[]"]


def test_no_text_in_the_workbook_is_a_formula_or_a_link(dangerous: Path) -> None:
    """Every cell is a string, as it was but for what cannot be seen; it stays text in Excel."""
    path = dangerous / "locaties.xlsx"
    sheet = openpyxl.load_workbook(path)["Locaties"]
    head = [cell.value for cell in sheet[1]]
    for name in ("tekst", "=1+1", "Locatie"):
        cells = [row[head.index(name)] for row in sheet.iter_rows(min_row=2)]
        kept = [excel_text(text) for text in TEXTS]
        if name != "Locatie":
            assert [hostile.from_excel(c.value) for c in cells] == kept
        for cell in cells:
            assert cell.data_type == "s"
            assert cell.hyperlink is None
            if cell.value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝")):  # noqa: RUF001
                assert cell.quotePrefix
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            text = archive.read(member).decode("utf-8")
            assert "<f>" not in text
            assert "<hyperlink" not in text
            etree.fromstring(text.encode())


def test_long_text_is_cut_to_what_a_cell_holds_and_says_so(dangerous: Path) -> None:
    """Also of signs that count double in Excel."""
    rows = rows_of(dangerous / "locaties.xlsx", "Locaties")
    column = rows[0].index("tekst")
    [long] = [row[column] for row in rows if str(row[column]).startswith("xxxx")]
    assert len(long) == EXCEL_CHARACTERS
    assert long.endswith("x… (40000 tekens)")
    double = excel_text("🏘" * 20_000)
    assert len(double.encode("utf-16-le")) // 2 <= EXCEL_CHARACTERS
    assert double.endswith("🏘… (20000 tekens)")
    assert excel_text("🏘" * 16_383) == "🏘" * 16_383


def test_more_rows_than_a_sheet_holds_go_on_in_the_next_and_it_is_said(tmp_path: Path) -> None:
    """Three locations on sheets of two rows: no row is lost."""
    made = screened(plans())
    contents = Contents.of(made, {}, manifest(made))
    write_xlsx(contents, tmp_path / "klein.xlsx", rows_a_sheet=3)
    book = openpyxl.load_workbook(tmp_path / "klein.xlsx")
    assert book.sheetnames == [
        *("Leesmij", "Locaties", "Locaties (2)", "Treffers", "Treffers (2)"),
    ]
    ids = [
        row[0]
        for name in book.sheetnames[1:3]
        for row in [*book[name].iter_rows(min_row=2, values_only=True)]
    ]
    assert ids == ["P0", "P1", "P2"]
    said = " ".join(str(c) for row in book["Leesmij"].iter_rows(values_only=True) for c in row if c)
    assert "Locaties heeft 3 rijen" in said
    assert "de rest staat op Locaties (2)" in said


def test_a_workbook_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """It needs files amid writing."""
    export(screened(plans()), tmp_path, formats=["xlsx"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["locaties.xlsx", "manifest.json"]


# --- GeoParquet --------------------------------------------------------------------------------


def test_parquet_holds_types_boxes_and_the_manifest(written: Path) -> None:
    """GeoParquet 1.1 in RD New, with a covering for readers that skip; a user's bbox is kept."""
    file = pq.ParquetFile(written / "locaties.parquet")
    meta = {k.decode(): v for k, v in file.schema_arrow.metadata.items()}
    geo = json.loads(meta["geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 28992}
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    facts = json.loads(meta["woongeo"])
    assert facts["let_op"] == SCREENING
    assert "gemaakt" not in facts
    read = gpd.read_parquet(written / "locaties.parquet")
    assert read["bbox_invoer"].tolist() == ["x", "y", "z"]
    assert read["woningen"].tolist() == [10, 20, 30]
    assert read["groot"].tolist() == [2**60 + 1, pd.NA, 3]
    assert read["dag"].tolist() == [dt.date(2026, 5, 15), None, dt.date(1850, 1, 1)]
    assert read["moment"][0] == pd.Timestamp("2026-05-15 08:30:00+00:00")
    assert read["ja"].tolist() == [True, pd.NA, False]
    assert read.geometry[1].equals(WITH_HOLE)
    box = file.read(["bbox"]).to_pylist()[0]["bbox"]
    assert box == {"xmin": 120_000, "ymin": 480_000, "xmax": 120_100, "ymax": 480_100}


def test_parquet_keeps_text_and_is_good_input(dangerous: Path) -> None:
    """Exactly, as the GeoPackage does; and it can be screened again."""
    read = gpd.read_parquet(dangerous / "locaties.parquet")
    assert read["tekst"].tolist() == [*hostile.ALL, "nul\\x00daarna"]
    with pytest.warns(woongeo.WoongeoWarning):
        again = woongeo.read_locations(dangerous / "locaties.parquet")
    assert len(again) == len(TEXTS)


# --- GeoJSON -----------------------------------------------------------------------------------


def test_geojson_names_no_file_to_calculate_with_that_is_not_there(tmp_path: Path) -> None:
    for formats, said in (
        (["geojson", "xlsx"], "reken niet met dit bestand."),
        (["geojson", "parquet"], "reken met locaties.parquet."),
    ):
        folder = tmp_path / formats[1]
        woongeo.export_screening(screened(plans()), folder=folder, formats=formats)
        read = json.loads((folder / "locaties.geojson").read_text(encoding="utf-8"))
        assert read["toelichting"].endswith(said)


def test_geojson_is_rfc_7946_and_says_that_it_is_for_display(written: Path) -> None:
    """Degrees in 7 decimals, shells anticlockwise and holes clockwise, no crs member."""
    read = json.loads((written / "locaties.geojson").read_text(encoding="utf-8"))
    assert read["type"] == "FeatureCollection"
    assert "crs" not in read
    assert "Alleen om te tonen" in read["toelichting"]
    assert "reken met locaties.gpkg of locaties.parquet." in read["toelichting"]
    assert read["let_op"] == SCREENING
    assert read["woongeo"]["tellingen"]["locaties"] == 3
    assert [f["id"] for f in read["features"]] == ["P0", "P1", "P2"]
    assert read["features"][0]["properties"]["natura2000_oordeel"] == "belemmerd"
    assert [f["properties"]["prijs"] for f in read["features"]] == ["1.25", None, "inf"]
    assert read["features"][0]["properties"]["dag"] == "2026-05-15"
    holed = shapely.geometry.shape(read["features"][1]["geometry"])
    assert holed.exterior.is_ccw
    assert [ring.is_ccw for ring in holed.interiors] == [False]
    for feature in read["features"]:
        xy = np.array(feature["geometry"]["coordinates"][0])
        assert ((xy > [4.6, 52.2]) & (xy < [4.9, 52.4])).all()
        text = json.dumps(feature["geometry"]["coordinates"])
        assert max(len(n) for n in re.findall(r"\.(\d+)", text)) <= 7
    # Back in RD New a corner is where it was, but for the grid that PROJ may lack.
    again = gpd.read_file(written / "locaties.geojson").set_crs(4258, allow_override=True)
    moved = again.to_crs(28992).geometry[0]
    assert shapely.hausdorff_distance(moved, block(0, 0)) < 0.02


def test_geojson_keeps_rows_without_shape_and_text_from_strangers(dangerous: Path) -> None:
    """No row is dropped, and every text is as the GeoPackage has it."""
    read = json.loads((dangerous / "locaties.geojson").read_text(encoding="utf-8"))
    told = [f["properties"]["tekst"] for f in read["features"]]
    assert told == [*hostile.ALL, "nul\\x00daarna"]


@pytest.mark.parametrize("kind", ALL)
def test_rows_without_shape_or_homes_are_in_every_form(kind: str, tmp_path: Path) -> None:
    """A site without shape, an empty one and a point: `onbekend`, and never left out."""
    shapes = [block(0, 0), None, shapely.Polygon(), shapely.Point(120_000, 480_000)]
    made = frame(shapes, plan_id=list("abcd"), woningen=[None] * 4)
    with pytest.warns(woongeo.WoongeoWarning):
        screening = screened(made)
    export(screening, tmp_path, formats=[kind])
    if kind == "gpkg":
        found = gpd.read_file(tmp_path / "locaties.gpkg", layer="locaties")["locatie_id"].tolist()
    elif kind == "csv":
        found = pd.read_csv(tmp_path / "treffers.csv")["locatie_id"].tolist()
    elif kind == "xlsx":
        found = [row[0] for row in rows_of(tmp_path / "locaties.xlsx", "Locaties")[1:]]
    elif kind == "parquet":
        found = gpd.read_parquet(tmp_path / "locaties.parquet")["locatie_id"].tolist()
    else:
        found = gpd.read_file(tmp_path / "locaties.geojson")["locatie_id"].tolist()
    assert found == list("abcd")


def test_half_characters_end_no_form(tmp_path: Path) -> None:
    """Text that is no UTF-8 is written out."""
    made = plans()
    made["opmerking"] = pd.Series(["half \ud83c", "b", "c"], dtype=object)
    area = frame([block(0, 0)], nr=["1"])
    layer = woongeo.read_layer(
        "x", area, coverage="nederland", publisher="half \ud83c", title="half \ud83c"
    )
    export(screened(made, layer), tmp_path)
    read = gpd.read_parquet(tmp_path / "locaties.parquet")
    assert read["opmerking"][0] == "half \\ud83c"
    told = json.loads((tmp_path / "locaties.geojson").read_text(encoding="utf-8"))
    assert told["features"][0]["properties"]["opmerking"] == "half \\ud83c"
    assert rows_of(tmp_path / "locaties.xlsx", "Locaties")[1][-1] == "half \\ud83c"
