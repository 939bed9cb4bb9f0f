"""The command: what it writes, what it says, and the code that it ends with."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hostile
import pytest
from commands import Done, Run, runner, woongeo_command
from conftest import block, frame

import woongeo
from woongeo.cli.screening import split_region
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILES = [
    *("capaciteit.csv", "kaart.html", "locaties.gpkg", "locaties.qml", "manifest.json"),
    "treffers.csv",
]
HERE = woongeo.example().folder
PLANS, NATURA = HERE / "locaties.geojson", f"natura2000={HERE / 'natura2000.geojson'}"
COVERED = ("--layer", NATURA, "--coverage", f"natura2000={HERE / 'provincie.geojson'}")


def files(folder: Path) -> list[str]:
    """List what is in a folder."""
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run the command in a process of its own."""
    with runner() as started:
        yield started


def table(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [*csv.DictReader(file)]


def test_demo_makes_the_files_and_tells_in_short(tmp_path: Path) -> None:
    """`woongeo demo` needs nothing, writes five files, and says how many of what."""
    done = woongeo_command(tmp_path, "demo")
    assert done.code == 0
    assert files(tmp_path / "woongeo-demo") == FILES
    assert "23 locaties (kolommen: id=plan_id, name=plannaam" in done.out
    assert re.search(r"alle lagen +5 +231 +3 +108 +15 +540", done.out)
    assert "1 plan zonder aantal woningen telt niet mee" in done.out
    assert "Bestanden in woongeo-demo: locaties.gpkg" in done.out
    assert done.out.rstrip().endswith(SCREENING)
    assert [line[:8] for line in done.err.splitlines()] == ["let op: "] * 2


def test_the_installed_command_is_the_same_as_the_module(tmp_path: Path) -> None:
    """`woongeo` and `python -m woongeo` are one."""
    script = Path(sys.executable).with_name("woongeo")
    if not script.exists():
        pytest.skip("woongeo is niet geïnstalleerd in deze omgeving")
    done = subprocess.run(
        [script, "--version"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout == f"woongeo {woongeo.__version__}\n"


def test_screen_does_what_the_library_does(run: Run, tmp_path: Path) -> None:
    """Files, options and all: the verdicts are those of `screen` on the same input."""
    done = run(
        tmp_path,
        *("screen", PLANS, *COVERED),
        *("--layer", f"netcongestie={HERE / 'netcongestie.geojson'}"),
        *("--coverage", f"netcongestie={HERE / 'netcongestie_dekking.geojson'}"),
        *("--region", f"gemeente={HERE / 'gemeenten.geojson'}:naam"),
        *("--region", f"provincie={HERE / 'provincie.geojson'}:naam", "--group", "hardheid"),
        *("--out", "uit", "--on", "2026-11-01"),
    )
    assert done.code == 0
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        made = woongeo.screen(made_up.locations(), made_up.layers(), on=dt.date(2026, 11, 1))
    rows = table(tmp_path / "uit" / "treffers.csv")
    assert [row["oordeel"] for row in rows] == made.treffers["oordeel"].tolist()
    levels = [row["niveau"] for row in table(tmp_path / "uit" / "capaciteit.csv")]
    assert list(dict.fromkeys(levels)) == ["gemeente", "provincie", "hardheid", "totaal"]
    assert files(tmp_path) == ["uit"]


def test_every_option_of_a_layer_reaches_it(run: Run, tmp_path: Path) -> None:
    """Rule, date, title, publisher, licence, columns and reference system, per layer."""
    odd = frame([block(0, 0), block(5_000, 0)], kenmerk=["A1", "A2"], wat=["Zone", "Vlak"])
    odd.to_crs(4326).to_file(tmp_path / "zone.shp", encoding="cp1252")
    (tmp_path / "zone.prj").unlink()
    plans = frame([block(50, 0)], NR=["x"], Titel=["Plan é"], Huizen=["1.250"], Fase=["hard"])
    plans.to_file(tmp_path / "plannen.gpkg", layer="2026")
    plans.to_file(tmp_path / "plannen.gpkg", layer="2025")
    empty = odd.iloc[:0]
    empty.to_file(tmp_path / "leeg.gpkg")
    done = run(
        tmp_path,
        *("screen", "plannen.gpkg:2026", "--out", "uit", "--title", "Mijn kaart"),
        *("--id", "NR", "--name", "Titel", "--woningen", "Huizen", "--planstatus", "Fase"),
        *(
            "--layer",
            "zone=zone.shp",
            "--coverage",
            "zone=nederland",
            "--layer-crs",
            "zone=EPSG:4326",
        ),
        *(
            "--layer-id",
            "zone=kenmerk",
            "--layer-name",
            "zone=wat",
            "--layer-title",
            "zone=De zone",
        ),
        *("--layer-encoding", "zone=cp1252", "--publisher", "zone=Provincie"),
        *("--licence", "zone=CC0", "--peildatum", "zone=2026-10-01", "--max-age", "zone=365"),
        *("--tolerance-m2", "zone=6000,5", "--tolerance-share", "zone=0.75", "--on", "2026-11-01"),
        *("--layer", "geit=zone.shp", "--layer-crs", "geit=EPSG:4326", "--within", "geit=250"),
        *("--coverage", "geit=eigen gebieden", "--ignore-unreadable", "geit"),
        *("--layer", "leeg=leeg.gpkg", "--coverage", "leeg=nederland", "--empty-ok", "leeg"),
        *("--absent", "stikstof=nog niet geleverd"),
    )
    assert done.code == 0, done.err
    facts = json.loads((tmp_path / "uit" / "manifest.json").read_text(encoding="utf-8"))
    zone, goat, nothing, gone = facts["lagen"]
    assert (zone["titel"], zone["uitgever"], zone["licentie"]) == ("De zone", "Provincie", "CC0")
    assert zone["peildatum"] == "2026-10-01"
    assert zone["regels"]["zone"]["drempel_m2"] == 6000.5
    assert zone["regels"]["zone"]["drempel_aandeel"] == 0.75
    assert zone["regels"]["zone"]["hoogste_leeftijd_dagen"] == 365
    assert zone["bron"]["coordinatenstelsel"] == "EPSG:4326"
    assert goat["regels"]["geit"]["binnen_m"] == 250
    assert nothing["onbekend_omdat"] is None
    assert gone["onbekend_omdat"] == "nog niet geleverd"
    assert facts["locaties"]["laag_in_bestand"] == "2026"
    assert facts["beoordeeld_op"] == "2026-11-01"
    read = gpd.read_file(tmp_path / "uit" / "locaties.gpkg", layer="locaties")
    [row] = read.to_dict("records")
    assert (row["locatie_id"], row["naam"], row["woningen"], row["hardheid"]) == (
        *("x", "Plan é"),
        *(1250, "hard"),
    )
    assert row["zone_oordeel"] == "vrij"
    assert row["zone_objecten"] == "A1 Zone"
    assert row["geit_oordeel"] == "belemmerd"
    assert row["leeg_oordeel"] == "vrij"
    assert row["stikstof_oordeel"] == "onbekend"
    assert "Mijn kaart" in (tmp_path / "uit" / "kaart.html").read_text(encoding="utf-8")


def test_a_layer_that_is_too_old_gives_unknown_and_strict_gives_3(run: Run, tmp_path: Path) -> None:
    """With `--strict` anything unknown or incomplete ends with 3; the files are still written."""
    old = ("--peildatum", "natura2000=2020-01-01", "--max-age", "natura2000=90")
    plans = frame([block(0, 0)], plan_id=["x"], woningen=[1], planstatus=["3"])
    plans.to_file(tmp_path / "plan.gpkg")
    base = ("screen", "plan.gpkg", *COVERED)
    everywhere = ("--layer", NATURA, "--coverage", "natura2000=nederland")
    strict_old = run(tmp_path, *base, *old, "--out", "oud", "--strict")
    lax = run(tmp_path, *base, *old, "--out", "gewoon")
    whole = run(
        tmp_path, "screen", "plan.gpkg", *everywhere, "--out", "heel", "--strict", "--quiet"
    )
    assert (strict_old.code, lax.code) == (3, 0)
    assert files(tmp_path / "oud") == FILES
    assert "alle oordelen zijn onbekend" in strict_old.err
    assert whole == Done(0, "", "")


def test_quiet_says_nothing_and_json_says_only_json(run: Run, tmp_path: Path) -> None:
    """For scripts: nothing at all, or a summary that is valid JSON and stands alone on stdout."""
    quiet = run(tmp_path, "demo", "--quiet", "--out", "a")
    summary = run(tmp_path, "demo", "--json", "--out", "b")
    both = run(tmp_path, "demo", "--json", "--quiet", "--out", "c")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert files(tmp_path / "a") == FILES
    told = json.loads(summary.out)
    assert summary.err == ""
    assert told["locaties"] == {"belemmerd": 5, "onbekend": 3, "vrij": 15}
    assert told["woningen"] == {"belemmerd": 231.0, "onbekend": 108.0, "vrij": 540.0}
    assert told["lagen"]["natura2000"] == {"belemmerd": 4, "onbekend": 1, "vrij": 18}
    assert told["volledig"] is False
    assert len(told["waarschuwingen"]) == 2
    assert [Path(path).name for path in told["bestanden"]] == [
        *("locaties.gpkg", "locaties.qml", "treffers.csv", "capaciteit.csv", "kaart.html"),
        "manifest.json",
    ]
    assert told["let_op"] == SCREENING
    assert json.loads(both.out)["locaties"] == told["locaties"]


def test_the_help_is_dutch_and_names_every_option(run: Run, tmp_path: Path) -> None:
    """No English word of a library shows through."""
    bare, short, long, screen, demo = (
        run(tmp_path, *words)
        for words in ([], ["-h"], ["--help"], ["screen", "--help"], ["demo", "--help"])
    )
    for done in (bare, short, long, screen, demo):
        assert done.code == 0
        assert done.err == ""
        assert done.out.startswith("Gebruik: woongeo ")
        assert "geen juridische toets" in " ".join(done.out.split())
        assert not re.search(
            r"\b(usage|options|optional|positional|arguments|show|required|default|commands?)\b",
            done.out,
            flags=re.IGNORECASE,
        )
    for word in ("screen", "demo", "--version"):
        assert word in long.out
    for option in (
        *("--layer", "--coverage", "--region", "--id", "--name", "--woningen", "--planstatus"),
        *("--group", "--absent", "--peildatum", "--max-age", "--tolerance-m2"),
        *("--tolerance-share", "--within", "--empty-ok", "--crs", "--encoding", "--title"),
        *("--out", "--strict", "--quiet", "--json", "--overwrite", "--on"),
    ):
        assert re.search(rf"^ *{option}\b", screen.out, flags=re.MULTILINE), option


def mistakes() -> dict[str, tuple[Sequence[str | Path], str]]:
    """List mistakes of users: the command line, and a word that must be in the one line."""
    out = ("--out", "uit")
    base = ("screen", PLANS, *COVERED)
    return {
        "geen bestand": (("screen", "nergens.gpkg", *COVERED, *out), "nergens.gpkg"),
        "geen locaties": (("screen", *out), "LOCATIES"),
        "geen out": (("screen", PLANS, *COVERED), "--out"),
        "geen laag": (("screen", PLANS, *out), "lagen"),
        "onbekende opdracht": (("toets", PLANS), "toets"),
        "onbekende optie": ((*base, *out, "--kleur"), "--kleur"),
        "afgekorte optie": ((*base, *out, "--stri"), "--stri"),
        "te veel": ((*base, *out, "nog.gpkg"), "nog.gpkg"),
        "optie zonder waarde": ((*base, "--out"), "--out"),
        "schakelaar met waarde": ((*base, *out, "--quiet=ja"), "--quiet"),
        "demo te veel": (("demo", "x"), "'x'"),
        "kolom id": ((*base, *out, "--id", "nr"), "nr"),
        "kolom woningen": ((*base, *out, "--woningen", "aantal"), "aantal"),
        "kolom gebied": (
            (*base, *out, "--region", f"gemeente={HERE / 'gemeenten.geojson'}:code"),
            "code",
        ),
        "kolom groep": ((*base, *out, "--group", "wijk"), "wijk"),
        "gebied zonder kolom": (
            (*base, *out, "--region", f"gemeente={HERE / 'gemeenten.geojson'}"),
            "NIVEAU=BESTAND:KOLOM",
        ),
        "gebied zonder niveau": (
            (*base, *out, "--region", f"{HERE / 'gemeenten.geojson'}:naam"),
            "NIVEAU=BESTAND:KOLOM",
        ),
        "twee gelijke niveaus": (
            (*base, *out, *(2 * ("--region", f"gemeente={HERE / 'gemeenten.geojson'}:naam"))),
            "gemeente",
        ),
        "laag zonder naam": (("screen", PLANS, "--layer", "n2000.gpkg", *out), "NAAM="),
        "laag zonder bestand": (("screen", PLANS, "--layer", "natura2000=", *out), "NAAM="),
        "laag dubbel": ((*base, "--layer", NATURA, *out), "vaker"),
        "laag ook afwezig": ((*base, "--absent", "natura2000=weg", *out), "natura2000"),
        "laagnaam": (("screen", PLANS, "--layer", f"Natura 2000={PLANS}", *out), "Natura 2000"),
        "laag bestaat niet": (("screen", PLANS, "--layer", "a=b.gpkg", *out), "b.gpkg"),
        "dekking van niets": ((*base, "--coverage", "geluid=nederland", *out), "geluid"),
        "optie voor afwezige": (
            (*base, "--absent", "geluid=weg", "--within", "geluid=100", *out),
            "geluid",
        ),
        "empty-ok van niets": ((*base, "--empty-ok", "geluid", *out), "geluid"),
        "dekking bestaat niet": (
            ("screen", PLANS, "--layer", NATURA, "--coverage", "natura2000=x.gpkg", *out),
            "x.gpkg",
        ),
        "geen getal": ((*base, "--tolerance-m2", "natura2000=veel", *out), "veel"),
        "nan": ((*base, "--tolerance-m2", "natura2000=nan", *out), "nan"),
        "deel boven 1": ((*base, "--tolerance-share", "natura2000=2", *out), "2"),
        "negatief": ((*base, "--within", "natura2000=-5", *out), "-5"),
        "leeftijd nan": ((*base, "--max-age", "natura2000=nan", *out), "nan"),
        "leeftijd oneindig": ((*base, "--max-age", "natura2000=1e999", *out), "1e999"),
        "geen datum": ((*base, "--peildatum", "natura2000=1 mei", *out), "1 mei"),
        "dag is geen datum": ((*base, "--on", "morgen", *out), "morgen"),
        "stelsel": ((*base, "--crs", "RD-nieuw", *out), "RD-nieuw"),
        "verkeerd stelsel": ((*base, "--crs", "EPSG:4326", *out), "EPSG:4326"),
        "stelsel van laag": ((*base, "--layer-crs", "natura2000=x", *out), "'x'"),
        "codering": (("screen", "plan.csv", *COVERED, "--encoding", "latijn", *out), "latijn"),
        "geen geodata": (("screen", "plan.csv", *COVERED, *out), "plan.csv"),
        "soort": (("screen", "plan.docx", *COVERED, *out), ".docx"),
        "kapot": (("screen", "plan.gpkg", *COVERED, *out), "plan.gpkg"),
        "adres": (("screen", "https://voorbeeld.nl/a.gpkg", *COVERED, *out), "https"),
        "lege naam": (("screen", "", *COVERED, *out), "woongeo:"),
        "regels in een naam": (("screen", "nee\n\tnee\x1b[31m.gpkg", *COVERED, *out), "nee"),
        "vijandige naam": (("screen", hostile.FILE_NAME, *COVERED, *out), "{{7*7}}"),
    }


@pytest.fixture(scope="module")
def mistaken(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Done]]:
    """Make every mistake, in one folder."""
    folder = tmp_path_factory.mktemp("fouten")
    (folder / "plan.csv").write_text("id;naam\n1;x\n", encoding="utf-8")
    for name in ("plan.docx", "plan.gpkg"):
        (folder / name).write_bytes(b"geen geodata")
    return folder, {which: run(folder, *words) for which, (words, _) in mistakes().items()}


@pytest.mark.parametrize("which", mistakes())
def test_a_mistake_ends_with_2_and_one_line_that_says_which(
    which: str, mistaken: tuple[Path, dict[str, Done]]
) -> None:
    """One line on stderr that names what is wrong, nothing on stdout, no trace of a programme."""
    done = mistaken[1][which]
    word = mistakes()[which][1]
    assert done.code == 2, done
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("woongeo: ")
    assert done.err.endswith("\n")
    assert word in done.err
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


def test_a_mistake_writes_nothing(mistaken: tuple[Path, dict[str, Done]]) -> None:
    """No folder, no file."""
    assert files(mistaken[0]) == ["plan.csv", "plan.docx", "plan.gpkg"]


def test_what_cannot_be_written_ends_with_1_and_one_line(run: Run, tmp_path: Path) -> None:
    """A file for a folder, a foreign file, a folder for a file, the input itself."""
    (tmp_path / "bestand").write_text("x", encoding="utf-8")
    (tmp_path / "vreemd").mkdir()
    (tmp_path / "vreemd" / "kaart.html").write_text("van mij", encoding="utf-8")
    (tmp_path / "map" / "treffers.csv").mkdir(parents=True)
    (tmp_path / "zelf").mkdir()
    plans = frame([block(0, 0)], plan_id=["x"], woningen=[1], planstatus=["3"])
    plans.to_file(tmp_path / "zelf" / "locaties.gpkg")
    lines: list[tuple[str | Path, ...]] = [
        ("demo", "--out", "bestand"),
        ("demo", "--out", "bestand/dieper"),
        ("demo", "--out", "vreemd"),
        ("demo", "--out", "map", "--overwrite"),
        ("screen", "zelf/locaties.gpkg", *COVERED, "--out", "zelf", "--overwrite"),
    ]
    for words in lines:
        done = run(tmp_path, *words)
        assert done.code == 1
        assert done.out == ""
        assert len(done.err.splitlines()) == 1
        assert done.err.startswith("woongeo: ")
        assert "Er is niets gewijzigd." in done.err
    assert run(tmp_path, "demo", "--out", "vreemd", "--overwrite", "--quiet") == Done(0, "", "")
    assert files(tmp_path / "vreemd") == FILES
    assert files(tmp_path / "zelf") == ["locaties.gpkg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows kent rlimit niet")
def test_a_full_disk_ends_with_1_and_one_line(tmp_path: Path) -> None:
    """It says what to do, and leaves nothing."""
    program = (
        "import resource, sys\n"
        "import woongeo.cli\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))\n"
        "sys.argv = ['woongeo', 'demo', '--out', 'uit']\n"
        "try:\n"
        "    woongeo.cli.main()\n"
        "finally:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("woongeo: uit: kan niet worden geschreven")
    assert files(tmp_path) == []


def test_running_again_replaces_our_own_files(run: Run, tmp_path: Path) -> None:
    """The same command can be given every week."""
    for _ in range(2):
        assert run(tmp_path, "demo", "--quiet") == Done(0, "", "")
    assert files(tmp_path / "woongeo-demo") == FILES


@pytest.mark.skipif(os.name == "nt", reason="Windows kent deze signalen niet")
def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    """No trace of a programme, and no files."""
    program = (
        "import os, signal, sys\n"
        "import woongeo.cli\n"
        # Who starts tests in the background may have the signal ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        # The signal comes when the output folder is made.
        "sys.addaudithook(lambda event, given: os.kill(os.getpid(), signal.SIGINT)"
        " if event == 'os.mkdir' else None)\n"
        "sys.argv = ['woongeo', 'demo', '--out', 'uit']\n"
        "woongeo.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 130
    assert done.stderr == "woongeo: afgebroken.\n"
    assert files(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows kent geen gebroken pijp")
def test_a_reader_that_stops_reading_gets_no_trace(tmp_path: Path) -> None:
    """`woongeo demo | head -1` leaves the files and says nothing of pipes."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", "demo", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""
    assert files(tmp_path / "woongeo-demo") == FILES


def test_an_old_console_that_knows_no_accents_does_not_end_the_run(tmp_path: Path) -> None:
    """What it cannot show becomes a question mark."""
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", "demo"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"m?" in done.stderr


@pytest.mark.parametrize(
    ("text", "file", "column"),
    [
        ("C:\\x.gpkg:KOLOM", "C:\\x.gpkg", "KOLOM"),
        ("C:\\x.gpkg:laag:KOLOM", "C:\\x.gpkg:laag", "KOLOM"),
        ("C:/data/x.gpkg:KOLOM", "C:/data/x.gpkg", "KOLOM"),
        ("\\\\server\\deel\\x.gpkg:Gem naam", "\\\\server\\deel\\x.gpkg", "Gem naam"),
        ("gemeenten.gpkg:naam", "gemeenten.gpkg", "naam"),
        ("C:\\x.gpkg", "C:\\x.gpkg", ""),
        ("D:x.gpkg", "D:x.gpkg", ""),
        ("x.gpkg", "x.gpkg", ""),
        ("x.gpkg:", "x.gpkg", ""),
        (":naam", ":naam", ""),
    ],
)
def test_a_region_splits_into_file_and_column(text: str, file: str, column: str) -> None:
    """Also where the path has a drive letter, or names a layer."""
    assert split_region(text) == (file, column)


def test_hostile_options_reach_the_page_as_text(run: Run, tmp_path: Path) -> None:
    """Titles, reasons and publishers from the command line are shown, never run."""
    bad: tuple[Any, ...] = (
        *("screen", PLANS, *COVERED, "--out", "uit", "--title", hostile.SHORT),
        *("--absent", f"weg={hostile.SHORT}", "--layer-title", f"natura2000={hostile.SHORT}"),
        *("--publisher", f"natura2000={hostile.SHORT}"),
    )
    done = run(tmp_path, *bad)
    assert done.code == 0
    assert "49" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
    page = (tmp_path / "uit" / "kaart.html").read_text(encoding="utf-8")
    assert hostile.text(page).count(hostile.shown_as(hostile.SHORT)) > 5
    assert not any(tag == "img" for tag, _ in hostile.tags(page))


def test_targets_mappings_and_bottlenecks_become_tables(run: Run, tmp_path: Path) -> None:
    """--targets, --region-table and --knelpunten write what a bestuurlijk overleg asks."""
    (tmp_path / "opgave.csv").write_text(
        "niveau;gebied;van;tot;waarde;wat;bron\nregio;West;2022;2030;100;restopgave;eigen\n"
    )
    (tmp_path / "regio.csv").write_text("gemeente;gebied;van\nWestdam;West;2020-01-01\n")
    plans = frame(
        [block(0, 0), block(300, 0)],
        plan_id=["A", "B"],
        woningen=[60, 5],
        planstatus=["1A", "3"],
        gem=["Westdam", "Elders"],
        oplevering_eerste=[2026, 2026],
    )
    plans.to_file(tmp_path / "plannen.gpkg")
    frame([block(0, 0)]).to_file(tmp_path / "natuur.gpkg")
    done = run(
        tmp_path,
        *("screen", "plannen.gpkg", "--layer", "natuur=natuur.gpkg", "--out", "uit"),
        *("--coverage", "natuur=nederland", "--targets", "opgave.csv", "--knelpunten"),
        *("--region-table", "regio=regio.csv:gem"),
    )
    assert done.code == 0
    assert "geen regio op" in done.err
    extra = {"cijfers.csv", "knelpunten.csv", "vrijspelen.csv"}
    assert set(files(tmp_path / "uit")) == {*FILES, *extra}
    [covered] = [
        row
        for row in table(tmp_path / "uit" / "cijfers.csv")
        if (row["gebied"], row["maat"]) == ("West", "dekking")
    ]
    assert (covered["voor"], covered["na_max"], covered["periode"]) == ("0.6", "0", "2022-2030")
    blocked = table(tmp_path / "uit" / "knelpunten.csv")
    assert [row["woningen"] for row in blocked] == ["60", "60"]
    freed = table(tmp_path / "uit" / "vrijspelen.csv")
    assert [row["alleen_max"] for row in freed] == ["60", "0", "60"]
    facts = json.loads((tmp_path / "uit" / "manifest.json").read_text(encoding="utf-8"))
    assert facts["opgave"]["bestand"] == "opgave.csv"
    assert facts["gebieden"][0]["kolom"] == "gem"
    shipped = run(
        tmp_path,
        *("screen", "plannen.gpkg", "--layer", "natuur=natuur.gpkg", "--out", "uit"),
        *("--coverage", "natuur=nederland", "--targets", "woondeals"),
    )
    assert shipped.code == 0
    assert set(files(tmp_path / "uit")) == {*FILES, "cijfers.csv"}
    wrong = run(
        tmp_path,
        *("screen", "plannen.gpkg", "--layer", "natuur=natuur.gpkg", "--out", "uit"),
        *("--region-table", "regio=regio.csv"),
    )
    assert (wrong.code, "schrijf NIVEAU=BESTAND:KOLOM" in wrong.err) == (2, True)


def test_spray_zones_are_read_by_crop_code_and_over_the_years(run: Run, tmp_path: Path) -> None:
    """Pears of last year 20 m from the plan, and grass of this year."""
    plan = frame([block(0, 0)], plan_id=["A"], woningen=[10], planstatus=["3"])
    plan.to_file(tmp_path / "plannen.gpkg")
    frame([block(120, 0)], gewascode=[1098], jaar=[2024]).to_file(tmp_path / "brp_2024.gpkg")
    frame([block(120, 0)], gewascode=[265], jaar=[2025]).to_file(tmp_path / "brp_2025.gpkg")
    page = frame([block(-9_000, -9_000, 18_000, 18_000)])
    page.to_file(tmp_path / "gebied.gpkg")
    files = "spuitzones=brp_2024.gpkg;brp_2025.gpkg"
    asked = ("screen", "plannen.gpkg", "--layer", files, "--coverage", "spuitzones=gebied.gpkg")
    done = run(tmp_path, *asked, "--out", "uit")
    assert done.code == 0, done.err
    [row] = table(tmp_path / "uit" / "treffers.csv")
    assert (row["oordeel"], row["laag"]) == ("belemmerd", "spuitzones")
    assert "feitelijk gebruik: een ondergrens" in row["reden"]
    refused = run(tmp_path, *asked, "--layer-id", "spuitzones=gewascode", "--out", "uit2")
    assert refused.code == 2
    assert "dat kan niet bij percelen" in refused.err


def test_a_layer_that_lacks_a_column_is_refused_with_what_it_holds(
    run: Run, tmp_path: Path
) -> None:
    plan = frame([block(0, 0)], plan_id=["A"], woningen=[10], planstatus=["3"])
    plan.to_file(tmp_path / "plannen.gpkg")
    plan.to_file(tmp_path / "lijnen.gpkg")
    asked = ("screen", "plannen.gpkg", "--layer", "hoogspanning=lijnen.gpkg", "--out", "uit")
    done = run(tmp_path, *asked)
    assert done.code == 2
    assert "'rekenafstand' (breedte van de strook aan elke kant van de lijn" in done.err
