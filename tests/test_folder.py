"""The whole folder by one command: maps, data and factsheets that tell of the same plans."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import re
import warnings
import zipfile
from importlib import resources
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from commands import Run, runner
from conftest import block, frame

import woongeo
from woongeo.errors import (
    DoubtfulLocationWarning,
    InputError,
    OutputError,
    WoongeoWarning,
)
from woongeo.reporting import forms
from woongeo.reporting.forms import REPORT_FORMATS, known_forms
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from woongeo.capacity import Plancapaciteit

HERE = woongeo.example().folder
BESIDE = {
    *("kaart.html", "kaartblad.pdf", "kaartblad.png", "locaties.gpkg", "locaties.qml"),
    *("treffers.csv", "capaciteit.csv", "cijfers.csv", "knelpunten.csv", "vrijspelen.csv"),
    *("locaties.xlsx", "locaties.parquet", "locaties.geojson"),
}
REGIONS = ("totaal-alle-locaties", "gemeente-west", "gemeente-oost", "gemeente-buiten-de-gebieden")


def capacity(*, plans: int = 3, levels: tuple[str, ...] = ()) -> Plancapaciteit:
    """Count plans of 10, 20 and 30 homes: in West, in Oost and in neither."""
    shapes = [block(100, 100), block(1_100, 100), block(5_000, 100)]
    more = {"vertrouwelijkheid": list(levels[:plans])} if levels else {}
    sites = frame(
        shapes[:plans],
        plan_id=["W", "O", "Buiten"][:plans],
        naam=["Plan West", "Plan Oost", "Plan Elders"][:plans],
        woningen=[10, 20, 30][:plans],
        planstatus=["1A", "3", "3"][:plans],
        oplevering_eerste=[2025, 2035, 2026][:plans],
        **more,
    )
    layer = woongeo.read_layer("veld", frame([block(0, 0, 900, 900)]), coverage="nederland")
    areas = frame([block(0, 0, 1_000, 1_000), block(1_000, 0, 1_000, 1_000)], naam=["West", "Oost"])
    by = [woongeo.read_regions("gemeente", areas, name_column="naam")]
    screening = woongeo.screen(woongeo.read_locations(sites), [layer])
    if levels:
        screening = for_audience(screening, "openbaar")
    return woongeo.summarize_plancapaciteit(screening, by=by, periods=[(2022, 2030)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write everything."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    folder = tmp_path_factory.mktemp("map")
    paths = woongeo.write_report(capacity(), folder=folder, title="Proef", formats="alles")
    assert paths[0].name == "overzicht.html"
    assert {p.name for p in paths} == {p.name for p in folder.iterdir()}
    return folder


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run the command in a process of its own."""
    with runner() as started:
        yield started


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def test_one_call_makes_every_file_and_one_manifest_over_them(whole: Path) -> None:
    sheets = {f"factsheet-{name}.{kind}" for name in REGIONS for kind in ("pdf", "pptx")}
    assert {*contents(whole)} == {"overzicht.html", "manifest.json", *BESIDE, *sheets}
    listed = json.loads((whole / "manifest.json").read_text(encoding="utf-8"))["uitvoer"]
    assert {entry["name"] for entry in listed} == {*contents(whole)} - {"manifest.json"}
    for entry in listed:
        data = (whole / entry["name"]).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_the_page_opens_every_other_file_and_nothing_elsewhere(whole: Path) -> None:
    page = (whole / "overzicht.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#][^"]*)"', page)
    assert {*links} == {*contents(whole)} - {"overzicht.html"}
    assert len(links) == len({*links})
    assert "<script" not in page


def test_every_file_tells_the_same_homes(whole: Path) -> None:
    """10 in West, 20 in Oost and 30 in neither are 60; of those 10 lie in the field."""
    with (whole / "capaciteit.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row["gebied"]: row for row in csv.DictReader(file)}
    assert [table[name]["woningen"] for name in ("West", "Oost", "alle locaties")] == [
        *("10", "20", "60")
    ]
    assert table["alle locaties"]["belemmerd"] == "10"
    for name in ("locaties.gpkg", "locaties.geojson"):
        sites = gpd.read_file(whole / name, **({"layer": "locaties"} if "gpkg" in name else {}))
        assert sites["woningen"].sum() == 60
    assert gpd.read_parquet(whole / "locaties.parquet")["woningen"].sum() == 60
    facts = json.loads((whole / "manifest.json").read_text(encoding="utf-8"))
    assert facts["tellingen"]["woningen_per_oordeel"]["belemmerd"] == 10
    page = (whole / "overzicht.html").read_text(encoding="utf-8")
    assert "belemmerd: 1 locatie, 10 woningen" in page
    with (whole / "knelpunten.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [r["woningen"] for r in csv.DictReader(file)] == ["10", "10"]
    # Due until 2030: 10 in West and 30 in neither.
    with (whole / "cijfers.csv").open(encoding="utf-8-sig", newline="") as file:
        due = [
            float(row["voor"])
            for row in csv.DictReader(file)
            if (row["gebied"], row["periode"], row["maat"])
            == ("alle locaties", "2022-2030", "plancapaciteit")
        ]
    assert due == [40]


def test_the_map_on_paper_is_a_pdf_and_a_picture(whole: Path) -> None:
    """Three sites side by side make a map that is wider than high: A3 landscape."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(whole / "kaartblad.pdf")
    wide, high = (round(n / 72 * 25.4) for n in document[0].get_size())
    assert (len(document), wide, high) == (1, 420, 297)
    text = document[0].get_textpage().get_text_range()
    assert "Proef" in text
    assert "screening, geen juridische toets" in text
    picture = (whole / "kaartblad.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert 2_400 < int.from_bytes(picture[16:20], "big") < 2_500


def test_equal_input_makes_equal_bytes(whole: Path, tmp_path: Path) -> None:
    woongeo.write_report(capacity(), folder=tmp_path, title="Proef", formats="alles")
    first, second = contents(whole), contents(tmp_path)
    assert first.keys() == second.keys()
    assert [n for n in first if first[n] != second[n]] == ["manifest.json"]


def test_forms_are_chosen_by_name() -> None:
    assert known_forms(("pdf",), pdf=True, pptx=False) == ["pdf"]
    assert known_forms((), pdf=True, pptx=True) == ["pdf", "pptx"]
    assert known_forms(["csv", "kaart"], pdf=False, pptx=False) == ["kaart", "csv"]
    assert known_forms("alles", pdf=True, pptx=False) == [*REPORT_FORMATS]
    assert known_forms("alles", pdf=False, pptx=False) == [*REPORT_FORMATS[1:]]
    with pytest.raises(InputError, match="docx"):
        known_forms(["pdf", "docx"], pdf=True, pptx=False)


def test_a_smaller_report_takes_away_what_it_does_not_make_again(tmp_path: Path) -> None:
    (tmp_path / "notulen.txt").write_text("van mij")
    woongeo.write_report(capacity(), folder=tmp_path, formats=["kaart", "xlsx"], pdf=False)
    assert {"kaart.html", "locaties.xlsx"} < {*contents(tmp_path)}
    woongeo.write_report(capacity(), folder=tmp_path, pdf=False)
    assert {*contents(tmp_path)} == {"notulen.txt", "overzicht.html", "manifest.json"}


def test_a_full_disk_amid_the_folder_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woongeo.write_report(capacity(), folder=tmp_path, formats=["kaart", "csv"], pdf=False)
    before = contents(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "vol")

    monkeypatch.setattr(forms, "plot_screening", full)
    with pytest.raises(OutputError, match="schijf is vol"):
        woongeo.write_report(capacity(plans=2), folder=tmp_path, formats="alles")
    assert contents(tmp_path) == before
    with pytest.raises(OutputError, match="schijf is vol"):
        woongeo.write_report(capacity(), folder=tmp_path / "nieuw", formats=["kaartblad"])
    assert not (tmp_path / "nieuw").exists()


def test_a_report_and_a_screening_stay_out_of_each_other_s_folder(tmp_path: Path) -> None:
    """Also where the report made the same files as the screening would."""
    given = capacity()
    woongeo.write_report(given, folder=tmp_path, formats=["gpkg", "csv"], pdf=False)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="hier staat een rapport"):
        woongeo.export_screening(given.screening, folder=tmp_path, plancapaciteit=given)
    assert contents(tmp_path) == before


def test_where_nothing_can_be_drawn_there_is_no_sheet_and_it_is_said(tmp_path: Path) -> None:
    """Of two plans the one with a surface may not be seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        sites = frame(
            [None, block(0, 0)],
            woningen=[5, 5],
            planstatus=["1A", "1A"],
            vertrouwelijkheid=["Openbaar", "Gemeente"],
        )
        layer = woongeo.read_layer("veld", frame([block(0, 0)]), coverage="nederland")
        screening = woongeo.screen(woongeo.read_locations(sites), [layer])
        given = woongeo.summarize_plancapaciteit(for_audience(screening, "openbaar"))
    with pytest.warns(DoubtfulLocationWarning, match="geen kaartblad"):
        paths = woongeo.write_report(
            given, folder=tmp_path, formats=["kaart", "kaartblad"], pdf=False
        )
    assert [p.name for p in paths] == ["overzicht.html", "kaart.html", "manifest.json"]
    assert "kaartblad" not in paths[0].read_text(encoding="utf-8")


def inside(data: bytes) -> bytes:
    """Give a file, with what is packed in it."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def test_what_may_not_be_seen_is_in_no_file(tmp_path: Path) -> None:
    """Left out once, before anything is made of it: 20 homes remain of 60."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    pdfium = pytest.importorskip("pypdfium2")
    given = capacity(levels=("Gemeente", "Openbaar", "Regio"))
    paths = woongeo.write_report(given, folder=tmp_path, formats="alles", publiek="openbaar")
    for path in paths:
        held = inside(path.read_bytes())
        if path.suffix == ".pdf":
            pages = [*pdfium.PdfDocument(path)]
            held += "".join(p.get_textpage().get_text_range() for p in pages).encode()
        assert b"Plan West" not in held, path.name
        assert b"Plan Elders" not in held, path.name
    with (tmp_path / "capaciteit.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["woningen"] for row in csv.DictReader(file)][-1] == "20"
    page = paths[0].read_text(encoding="utf-8")
    assert "2 van 3 plannen staan hier niet in" in page


@pytest.mark.browser
def test_the_page_is_for_everybody_and_opens_the_map_by_keyboard(
    whole: Path, chromium: str
) -> None:
    axe_package = pytest.importorskip("axe_playwright_python")
    sync = pytest.importorskip("playwright.sync_api")
    axe = (resources.files(axe_package) / "axe.min.js").read_text(encoding="utf-8")
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        for wide in (1_200, 390):
            context = browser.new_context(viewport={"width": wide, "height": 800}, bypass_csp=True)
            page = context.new_page()
            page.goto((whole / "overzicht.html").as_uri())
            page.evaluate(axe)
            found = page.evaluate(
                "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map("
                "(v) => v.impact + ' ' + v.id + ' ' + v.nodes[0].html.slice(0, 200)))"
            )
            assert found == []
            assert page.evaluate("document.documentElement.scrollWidth") <= wide
            # A head is a line or two, and never broken letter by letter.
            high = "document.querySelector('thead').clientHeight"
            assert page.evaluate(high) < 90
            page.get_by_role("link", name="kaart.html").focus()
            page.keyboard.press("Enter")
            page.wait_for_selector("[data-klaar]")
            assert page.url == (whole / "kaart.html").as_uri()
            context.close()
        browser.close()


# The command.


def words(out: Path | str, *more: str | Path) -> list[str | Path]:
    """Ask for a report of Voorbeeldstreek."""
    return [
        *("report", HERE / "locaties.geojson", "--layer", f"natura2000={HERE}/natura2000.geojson"),
        *("--coverage", f"natura2000={HERE}/provincie.geojson"),
        *("--region", f"gemeente={HERE}/gemeenten.geojson:naam", "--out", out, *more),
    ]


def test_one_command_makes_the_whole_folder(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    done = run(tmp_path, *words("uit", "--format", "alles", "--period", "2022-2030"))
    assert done.code == 0, done.err
    made = {*contents(tmp_path / "uit")}
    assert made > BESIDE
    assert sum(name.endswith(".pptx") for name in made) == 4
    assert f"{len(made)} bestanden in uit; begin bij overzicht.html." in done.out


def test_the_command_makes_what_is_named(run: Run, tmp_path: Path) -> None:
    done = run(tmp_path, *words("uit", "--format", "kaart,xlsx", "--no-pdf", "--json"))
    assert done.code == 0, done.err
    told = json.loads(done.out)
    names = [path.rpartition("/")[2] for path in told["bestanden"]]
    assert names == ["overzicht.html", "kaart.html", "locaties.xlsx", "manifest.json"]
    assert (
        told["locaties"] == {"belemmerd": 4, "onbekend": 1, "vrij": 18}
        or sum(told["locaties"].values()) == 23
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--format", "docx"), "docx"),
        (("--period", "2030"), "2022-2030"),
        (("--period", "2030-2022"), "2030-2022"),
        (("--minimum-groep", "3"), "--minimum-groep"),
        (("--fasering", "jaren.csv"), "jaar"),
        (("--postgis",), "WOONGEO_POSTGIS"),
    ],
)
def test_a_mistake_ends_with_2_and_writes_nothing(
    run: Run, tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    (tmp_path / "jaren.csv").write_text("plan_id,aantal\nP,1\n", encoding="utf-8")
    done = run(tmp_path, *words("uit", "--no-pdf", *more))
    assert (done.code, told in done.err) == (2, True), done.err
    assert not (tmp_path / "uit").exists()


def due(folder: Path, period: str) -> float:
    """Read how many homes are due in a period."""
    with (folder / "cijfers.csv").open(encoding="utf-8-sig", newline="") as file:
        [found] = [
            float(row["voor"])
            for row in csv.DictReader(file)
            if (row["niveau"], row["periode"], row["maat"]) == ("totaal", period, "plancapaciteit")
        ]
    return found


@pytest.mark.parametrize("command", ["screen", "report"])
def test_years_of_a_table_are_counted_in_the_period_that_was_asked(
    run: Run, tmp_path: Path, command: str
) -> None:
    """P has 6 homes in 2025 and 4 in 2035; Q has 5, of which nobody says when."""
    sites = frame(
        [block(0, 0), block(500, 0)], plan_id=["P", "Q"], woningen=[10, 5], planstatus=["1A", "3"]
    )
    sites.to_file(tmp_path / "plannen.gpkg")
    (tmp_path / "jaren.csv").write_text("plan_id;jaar;aantal\nP;2025;6\nP;2035;4\n", "utf-8")
    asked = ("--fasering", "jaren.csv", "--period", "2022-2030", "--period", "2031-2040")
    made = ("--format", "csv", "--out", "uit") + (("--no-pdf",) if command == "report" else ())
    done = run(tmp_path, command, "plannen.gpkg", "--absent", "veld=weg", *asked, *made)
    assert done.code == 0, done.err
    assert [due(tmp_path / "uit", p) for p in ("2022-2030", "2031-2040", "onbekend")] == [6, 4, 5]
    facts = json.loads((tmp_path / "uit" / "manifest.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((tmp_path / "jaren.csv").read_bytes()).hexdigest()
    assert any("jaren.csv" in note and digest in note for note in facts["opmerkingen"])


@pytest.mark.real
def test_the_folder_of_noord_holland(real_data: Path, tmp_path: Path) -> None:
    """2,141 real plans, without the factsheets, of which other tests tell."""
    nature = woongeo.read_layer(
        "natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg"
    ).turned_on("250m")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        register = woongeo.read_register(real_data / "plannen" / "eib_noord_holland_2020")
        screening = woongeo.screen(register.locations, [nature])
        given = woongeo.summarize_plancapaciteit(
            screening, periods=[(2020, 2024)], detail=register.detail
        )
        paths = woongeo.write_report(given, folder=tmp_path, formats=REPORT_FORMATS[2:], pdf=False)
    assert {p.name for p in paths} == {"overzicht.html", "manifest.json", *BESIDE}
    assert (tmp_path / "kaart.html").stat().st_size < 5_000_000
    with (tmp_path / "capaciteit.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["woningen"] for row in csv.DictReader(file)] == ["386188"]
    assert due(tmp_path, "alle jaren") == 386_188
    assert 0 < due(tmp_path, "2020-2024") < 386_188
