"""Reports: what they tell is what the tables hold, in every form, and no text of strangers acts."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

import hostile
import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import woongeo
from woongeo.encode import line_text
from woongeo.errors import (
    AudienceError,
    OutputError,
    RegionError,
    ServiceUnavailableError,
    ThemeError,
)
from woongeo.plotting.region import draw_region
from woongeo.reporting.content import _unknown, gather
from woongeo.reporting.model import TEXT, UNKNOWN, Column, Factsheet, Report, Table
from woongeo.reporting.pdf import FactsheetPrinter, _over_the_page, _source_lines
from woongeo.reporting.slides import _first, _pages
from woongeo.reporting.theme import contrast
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pptx.presentation import Presentation

    from woongeo.capacity import Plancapaciteit

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")

ON = dt.date(2026, 6, 1)
PERIOD = (2022, 2030)


def targets(**homes: float) -> woongeo.Targets:
    """Make a table of targets of gemeenten."""
    rows = [
        {
            "niveau": "gemeente",
            "gebied": name,
            "van": PERIOD[0],
            "tot": PERIOD[1],
            "waarde": number,
            "bron": "verzonnen",
        }
        for name, number in homes.items()
    ]
    return woongeo.read_targets(pd.DataFrame(rows))


def regions(*names: str, level: str = "gemeente") -> woongeo.Regions:
    """Draw regions of 1 km side by side."""
    shapes = [block(1_000 * i, 0, 1_000, 1_000) for i in range(len(names))]
    return woongeo.read_regions(level, frame(shapes, naam=names), name_column="naam")


def screening(
    homes: Sequence[float | None] = (100, 60, 30, 10),
    names: Sequence[str] | None = None,
    title: str = "Spuitzones",
) -> woongeo.Screening:
    """Screen four sites: two in West, of which the first is blocked, and two in Oost.

    Of the second in Oost the verdict of `veld` is not known: it lies outside the coverage.
    """
    shapes = [block(100, 100), block(600, 600), block(1_100, 100), block(1_600, 600)]
    given = frame(
        shapes,
        plan_id=["W1", "W2", "O1", "O2"],
        naam=["Plan W1", "Plan W2", "Plan O1", "Plan O2"] if names is None else names,
        woningen=list(homes),
        planstatus=["1A", "3", "4A", "3"],
        oplevering_eerste=[2025] * 4,
        oplevering_laatste=[2028] * 4,
    )
    everywhere = woongeo.read_coverage(frame([block(0, 0, 2_000, 1_000)]))
    west = woongeo.read_coverage(frame([block(0, 0, 1_500, 1_000)]))
    nature = woongeo.read_layer(
        "natura2000", frame([block(50, 50, 300, 300)], naam=["duin"]), coverage=everywhere
    )
    field = woongeo.read_layer(
        "veld",
        frame([block(1_050, 50, 200, 200)], naam=["akker"]),
        coverage=west,
        title=title,
        reference_date=dt.date(2026, 1, 1),
    )
    return woongeo.screen(woongeo.read_locations(given), [nature, field], on=ON)


def capacity(
    of: woongeo.Screening | None = None, *, goal: woongeo.Targets | None = None, **kept: object
) -> Plancapaciteit:
    """Add up over West and Oost."""
    by = kept.get("by", [regions("West", "Oost")])
    return woongeo.summarize_plancapaciteit(of or screening(), by=by, targets=goal)  # type: ignore[arg-type]


def told(given: Plancapaciteit, earlier: woongeo.Screening | None = None) -> Report:
    """Gather a report without maps."""
    return gather(
        given, title="Proef", period=None, earlier=earlier, theme=woongeo.Theme(), maps=False
    )


def of(report: Report, name: str) -> Factsheet:
    """Find a factsheet by the name of its region."""
    [found] = [sheet for sheet in report.factsheets if sheet.gebied == name]
    return found


def tile(sheet: Factsheet, label: str) -> str:
    """Give a figure of the card as it is written."""
    [found] = [t for t in sheet.tiles if t.label == label]
    return found.written()


def test_the_card_holds_capacity_against_what_is_left_of_the_opgave() -> None:
    # West: 100 hard and 60 zacht; opgave 100, and nobody says what was realised.
    sheet = of(told(capacity(goal=targets(West=100, Oost=20))), "West")
    assert (tile(sheet, "Hard"), tile(sheet, "Zacht")) == ("100", "60")
    assert tile(sheet, "Opgave") == "100"
    assert [tile(sheet, x) for x in ("Gerealiseerd", "Restopgave", "Dekking")] == [UNKNOWN] * 3


def test_a_figure_that_is_not_known_says_why_in_plain_words() -> None:
    """West has an opgave and nobody says what was realised: that is why, and not the table."""
    sheet = of(told(capacity(goal=targets(West=100))), "West")
    notes = {tile.label: tile.note for tile in sheet.tiles}
    assert notes["Gerealiseerd"] == "niet in de tabel met opgaven"
    assert notes["Restopgave"] == "wat gerealiseerd is, is niet bekend"
    assert notes["Dekking"] == "zonder restopgave niet te bepalen (norm 130 %)"
    goal = targets(West=100).table.assign(wat="restopgave")
    none = told(capacity(goal=woongeo.read_targets(goal.assign(waarde=0))))
    assert of(none, "West").tiles[-1].note == "er is niets meer te bouwen (norm 130 %)"


def test_where_no_year_is_known_the_card_says_so_in_plain_words() -> None:
    """West holds 160 homes without a year, of a restopgave of 100."""
    held = screening()
    no_years = held.locations.frame.drop(columns=["oplevering_eerste", "oplevering_laatste"])
    given = woongeo.screen(woongeo.read_locations(no_years), list(held.layers), on=ON)
    goal = woongeo.read_targets(targets(West=100).table.assign(wat="restopgave"))
    sheet = of(told(capacity(given, goal=goal)), "West")
    assert sheet.tiles[-1].note == ("jaren niet bekend; telt alles mee: 160 % (norm 130 %)")


def test_years_that_run_past_the_period_are_not_called_unknown() -> None:
    """All 160 homes of West are due from 2028 to 2032: of none it is known to be before 2031."""
    held = screening()
    late = held.locations.frame.assign(oplevering_eerste=2028, oplevering_laatste=2032)
    given = woongeo.screen(woongeo.read_locations(late), list(held.layers), on=ON)
    goal = woongeo.read_targets(targets(West=100).table.assign(wat="restopgave"))
    assert of(told(capacity(given, goal=goal)), "West").tiles[-1].note == (
        "jaren lopen over de grens van 2022-2030; telt alles mee: 160 % (norm 130 %)"
    )


def test_where_no_plan_counts_the_card_says_nothing_and_not_unknown() -> None:
    """Both plans of West have 5A: 0 homes of 100. Those of Oost count, and have no number."""
    held = screening((100, 60, None, None))
    gone = held.locations.frame.assign(planstatus=["5A", "5B", "3", "3"])
    given = woongeo.screen(woongeo.read_locations(gone), list(held.layers), on=ON)
    goal = targets(West=100, Oost=100, Zuid=100).table.assign(wat="restopgave")
    by = [regions("West", "Oost", "Zuid")]
    report = told(capacity(given, goal=woongeo.read_targets(goal), by=by))
    names = ("Hard", "Zacht", "Dekking")
    for name in ("West", "Zuid"):
        assert [tile(of(report, name), x) for x in names] == ["0", "0", "0 %"]
    assert "Geen van de locaties telt mee (status 5A of 5B)." in of(report, "West").notes
    oost = {x.label: x for x in of(report, "Oost").tiles}
    assert [oost[x].written() for x in names] == [UNKNOWN] * 3
    assert oost["Hard"].note == "geen plan dat meetelt heeft een aantal"
    assert oost["Dekking"].note == "geen plan dat meetelt heeft een aantal (norm 130 %)"
    rows = {row[0]: row for row in report.overview.written()}
    # gebied, locaties, woningen, belemmerd, onbekend, vrij, ..., restopgave, hard, zacht, dekking
    assert rows["Gemeente West"][2:6] == ["0"] * 4
    assert rows["Gemeente West"][-4:] == ["100", "0", "0", "0 %"]
    assert rows["Gemeente Oost"][2] == UNKNOWN


def test_one_is_one_location_and_one_home() -> None:
    """West: the blocked plan has 1 home, of 2 locations; of Oost all verdicts but one are known."""
    sheet = of(told(capacity(screening((1, 60, 30, 10)))), "West")
    assert sheet.legend[0].text == "belemmerd: 1 locatie, 1 woning"
    assert sheet.legend[2].text == "vrij: 1 locatie, 60 woningen"


def test_how_many_verdicts_are_not_known_is_a_sentence() -> None:
    assert _unknown(1_984, 2_141) == "Van 1.984 van de 2.141 locaties is het oordeel onbekend."
    assert _unknown(28, 28) == "Van alle 28 locaties is het oordeel onbekend."
    assert _unknown(1, 1) == "Van de enige locatie is het oordeel onbekend."


def test_the_overview_says_of_what_years_its_homes_are() -> None:
    note = told(capacity(goal=targets(West=100))).overview.note
    assert "Opgave, hard en zacht zijn woningen in 2022-2030" in note
    assert "over alle jaren" in told(capacity()).overview.note


def test_each_rule_of_a_layer_is_among_the_sources() -> None:
    """Also the second one, that hinders most; and where the rest stands of what is cut."""
    held = screening()
    near = held.layers[0].turned_on("250m")
    with pytest.warns(woongeo.errors.UncertainRuleWarning):
        given = woongeo.screen(held.locations, [near], on=ON)
    table = told(capacity(given)).sources
    assert "belemmerd binnen 250 m" in table.written()[0][4]
    assert "manifest.json" in table.note
    assert "belemmerd binnen 250 m" in _source_lines(table, 500)[0]
    assert _source_lines(table, 500)[-1] == table.note


def test_notes_without_room_below_the_map_go_to_the_next_page_together() -> None:
    """Five lines fit; with six a page would hold the last one alone."""
    sheet = of(told(capacity()), "West")
    assert not _over_the_page(replace(sheet, notes=("kort",) * 5))
    assert _over_the_page(replace(sheet, notes=("kort",) * 6))
    assert _over_the_page(replace(sheet, notes=("lang " * 30,) * 3))


@pytest.mark.parametrize("count", [3, 6, 9, 14])
def test_however_many_notes_a_factsheet_has_two_pages(tmp_path: Path, count: int) -> None:
    pytest.importorskip("typst")
    pdfium = pytest.importorskip("pypdfium2")
    report = gather(
        capacity(), title="Proef", period=None, earlier=None, theme=woongeo.Theme(), maps=True
    )
    notes = tuple(f"Opmerking {i} van {count}." for i in range(1, count + 1))
    sheet = replace(of(report, "West"), notes=notes)
    FactsheetPrinter(report, woongeo.Theme()).write(sheet, tmp_path / "f.pdf")
    pages = [
        page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(tmp_path / "f.pdf")
    ]
    assert len(pages) == 2
    # All of them on one page, and each page says which it is.
    assert sum(all(note in page for note in notes) for page in pages) == 1
    assert [f"bladzijde {i} van 2" in page for i, page in enumerate(pages, start=1)] == [True, True]


def test_a_tile_is_as_high_as_what_it_says(tmp_path: Path) -> None:
    """A long reason ends above the bars below the card, and within the page."""
    pytest.importorskip("typst")
    pdfium = pytest.importorskip("pypdfium2")
    report = told(capacity())
    sheet = of(report, "West")
    reason = "een lange reden waarom dit niet bekend is, die over veel regels gaat en daar eindigt"
    tiles = (*sheet.tiles[:-1], replace(sheet.tiles[-1], note=f"{reason} met slotwoord"))
    FactsheetPrinter(report, woongeo.Theme()).write(replace(sheet, tiles=tiles), tmp_path / "f.pdf")
    page = pdfium.PdfDocument(tmp_path / "f.pdf")[0].get_textpage()
    heights = {}
    for word in ("slotwoord", "ná knelpunten, minstens", "vóór knelpunten"):
        index, _ = page.search(word).get_next()
        heights[word] = page.get_charbox(index)
    assert heights["slotwoord"][1] > heights["vóór knelpunten"][3]
    assert heights["vóór knelpunten"][1] > heights["ná knelpunten, minstens"][3]


def test_a_slide_holds_what_can_be_read_and_names_what_is_left_out() -> None:
    """Twenty rows are ten and ten, thirteen are seven and six; of nine notes five are shown."""
    table = Table("Top", (Column("a", TEXT), Column("b")), tuple((f"{i}", 1.0) for i in range(20)))
    assert [len(rows) for rows in _pages(table)] == [10, 10]
    assert [len(rows) for rows in _pages(replace(table, rows=table.rows[:13]))] == [7, 6]
    assert [len(rows) for rows in _pages(replace(table, rows=()))] == [0]
    assert _first(("a", "b")) == ["a", "b"]
    assert _first(tuple("abcdefghi")) == [*"abcde", "Nog 4 opmerkingen staan in overzicht.html."]


@pytest.mark.browser
def test_on_a_phone_no_row_of_the_overview_fills_the_screen(
    made: tuple[Path, Report], chromium: str
) -> None:
    """The sources hold sentences; their column is wide, and the table scrolls sideways."""
    sync_api = pytest.importorskip("playwright.sync_api")
    folder, _ = made
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto((folder / "overzicht.html").as_uri())
        heights = page.evaluate(
            "[...document.querySelectorAll('#bronnen + .rol tbody tr')].map((r) => r.offsetHeight)"
        )
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert heights
    assert max(heights) < 844 / 2
    assert wide <= 390


def test_coverage_says_in_words_and_by_a_sign_whether_it_is_enough() -> None:
    table = targets(West=100, Oost=100).table
    goal = woongeo.read_targets(table.assign(wat="restopgave"))
    report = told(capacity(goal=goal))
    # West holds 160 of 100, Oost 40 of 100.
    assert [tile(of(report, name), "Dekking") for name in ("West", "Oost")] == ["160 %", "40 %"]
    notes = [of(report, name).tiles[-1].note for name in ("West", "Oost")]
    assert notes == ["▲ haalt de norm van 130 %", "▼ onder de norm van 130 %"]
    assert of(report, "West").rest == 100


def test_a_region_without_target_says_that_its_opgave_is_unknown() -> None:
    sheet = of(told(capacity(goal=targets(West=100))), "Oost")
    assert tile(sheet, "Opgave") == tile(sheet, "Dekking") == UNKNOWN
    assert "niet in de tabel" in sheet.tiles[0].note
    assert tile(sheet, "Zacht") == "40"


def test_without_any_target_capacity_is_that_of_all_years() -> None:
    report = told(capacity())
    assert report.period == "alle jaren"
    assert "geen tabel met opgaven" in of(report, "West").tiles[0].note


def test_figures_are_those_of_the_tables() -> None:
    given = capacity(goal=targets(West=100, Oost=20))
    report = told(given)
    long = given.cijfers.set_index(["niveau", "gebied", "periode", "maat"])
    for sheet in report.factsheets:
        for row, stand in zip(
            sheet.capacity.rows, ("voor", "na_min", "na_verwacht", "na_max"), strict=True
        ):
            for at, name in enumerate(("plancapaciteit", "hard", "zacht"), start=1):
                there = long.loc[(sheet.niveau, sheet.gebied, "2022-2030", name), stand]
                assert row[at] == there
    blocked = woongeo.knelpunten(given.screening, by=given.by).gebieden
    freed = woongeo.vrijspelen(given.screening, by=given.by).gebieden
    for sheet in report.factsheets:
        here = (blocked["niveau"] == sheet.niveau) & (blocked["gebied"] == sheet.gebied)
        assert [row[4] for row in sheet.matrix.rows[:-1]] == blocked[here]["woningen"].tolist()
        of_region = freed[(freed["niveau"] == sheet.niveau) & (freed["gebied"] == sheet.gebied)]
        shown = {row[0]: row[1:] for row in sheet.freeing.rows}
        titles = {x.key: x.title for x in given.screening.toetsen}
        columns = ["woningen_belemmerd", "alleen_min", "alleen_max", "woningen_max"]
        hit = of_region[of_region["woningen_belemmerd"] > 0]
        for key, values in zip(hit["knelpunt"], hit[columns].to_numpy(), strict=True):
            assert shown[titles[key]] == tuple(values)
    whole = report.overview.rows[0]
    assert whole[1:6] == (4, 200, 130, 10, 60)


def test_the_matrix_counts_each_home_once_in_its_last_row() -> None:
    sheet = told(capacity()).factsheets[0]
    # W1 (100, hard) lies in natura2000, O1 (30, zacht) in the field; of O2 (10) nothing is known
    # by the field.
    assert sheet.matrix.written() == [
        ["Natura 2000", "100", "0", "0", "100", "0"],
        ["Spuitzones", "0", "30", "0", "30", "10"],
        ["minstens één knelpunt (elke woning één keer)", "100", "30", "0", "130", "10"],
    ]


def test_plans_at_risk_are_listed_by_their_homes_in_the_region() -> None:
    report = told(capacity())
    assert [row[:2] for row in report.factsheets[0].top.rows] == [("Plan W1", 100), ("Plan O1", 30)]
    assert [row[0] for row in of(report, "Oost").top.rows] == ["Plan O1"]


def test_a_plan_over_two_regions_is_listed_in_both_with_its_part() -> None:
    # 100 homes, three quarters of the site in West.
    site = frame([block(925, 0)], plan_id=["A"], woningen=[100], planstatus=["1A"])
    layer = woongeo.read_layer("veld", frame([block(900, 0, 200, 200)]))
    screened = woongeo.screen(woongeo.read_locations(site), [layer], on=ON)
    report = told(capacity(screened))
    rows = [of(report, name).top.rows[0][:2] for name in ("West", "Oost")]
    assert rows == [("A (75 % hier)", 75), ("A (25 % hier)", 25)]


def test_more_than_twenty_plans_are_counted_beneath_the_list() -> None:
    n = 23
    sites = frame(
        [block(40 * i, 0, 30, 30) for i in range(n)],
        plan_id=[f"P{i:02}" for i in range(n)],
        woningen=list(range(1, n + 1)),
        planstatus=["1A"] * n,
    )
    layer = woongeo.read_layer("veld", frame([block(-10, -10, 2_000, 500)]))
    screened = woongeo.screen(woongeo.read_locations(sites), [layer], on=ON)
    top = told(capacity(screened)).factsheets[0].top
    assert [row[1] for row in top.rows] == list(range(23, 3, -1))
    assert "3, met samen 6 woningen" in top.note


def test_a_bottleneck_of_which_nothing_is_known_stays_unknown() -> None:
    base = screening()
    layers = [base.layers[0], woongeo.missing_layer("netcongestie", reason="niet geleverd")]
    screened = woongeo.screen(base.locations, layers, on=ON)
    sheet = told(capacity(screened)).factsheets[0]
    assert sheet.matrix.written()[1][1:5] == [UNKNOWN] * 4
    assert sheet.freeing.written()[-1][1:] == [UNKNOWN] * 4
    assert any("niet geleverd" in note for note in sheet.notes)
    assert "niet geleverd" in str(told(capacity(screened)).sources.rows[1][0])


def test_a_region_with_nothing_has_a_factsheet_only_where_something_is_asked_of_it() -> None:
    by = [regions("West", "Oost", "Leeg", "Stil")]
    given = capacity(goal=targets(West=100, Leeg=50), by=by)
    report = told(given)
    assert [s.gebied for s in report.factsheets] == ["alle locaties", "Leeg", "Oost", "West"]
    assert report.left_out == ("gemeente Stil",)
    sheet = of(report, "Leeg")
    assert (tile(sheet, "Opgave"), tile(sheet, "Hard")) == ("50", "0")
    assert (sheet.top.rows, sheet.freeing.rows) == ((), ())
    assert sheet.notes[0] == "In dit gebied ligt geen enkele locatie."


def test_changes_add_up_from_the_earlier_moment_to_this_one() -> None:
    now = screening((100, 60, 40, 10))
    before = frame(
        [block(100, 100), block(600, 600), block(1_100, 100), block(1_300, 800)],
        plan_id=["W1", "W2", "O1", "weg"],
        woningen=[120, 60, 30, 5],
        planstatus=["1A", "3", "4A", "3"],
    )
    earlier = woongeo.screen(woongeo.read_locations(before), now.layers, on=dt.date(2025, 12, 1))
    report = told(capacity(now), earlier)

    def change(name: str) -> dict[object, tuple[object, ...]]:
        table = of(report, name).changes
        assert table is not None
        return {row[0]: row[1:] for row in table.rows}

    assert change("West")["minder woningen"] == (1, -20)
    # O1 has 10 more, O2 is new with 10, "weg" took its 5 along: 35 + 10 + 10 - 5 = 50.
    oost = change("Oost")
    assert oost["nieuwe locaties"] == (1, 10)
    assert oost["verdwenen locaties"] == (1, -5)
    assert oost["meer woningen"] == (1, 10)
    for name in ("alle locaties", "West", "Oost"):
        rows = list(change(name).values())
        assert rows[0][1] + sum(r[1] for r in rows[1:5]) == rows[5][1]  # type: ignore[operator,misc]
    assert oost["stand toen (beoordeeld op 2025-12-01)"] == (2, 35)
    assert oost["stand nu (beoordeeld op 2026-06-01)"] == (2, 50)


def moved(plans: dict[str, tuple[object, float | None, str]]) -> woongeo.Screening:
    """Screen plans by id: shape, homes, status."""
    given = frame(
        [p[0] for p in plans.values()],
        plan_id=list(plans),
        woningen=[np.nan if p[1] is None else p[1] for p in plans.values()],
        planstatus=[p[2] for p in plans.values()],
    )
    return woongeo.screen(woongeo.read_locations(given), screening().layers, on=ON)


def test_a_plan_that_stays_is_neither_new_nor_gone_whatever_else_it_does() -> None:
    """Each of six plans in West does one thing; `over` goes to Oost."""
    at = [block(i * 150, 700) for i in range(6)]
    then: dict[str, tuple[object, float | None, str]]
    then = {
        "af": (at[0], 10, "3"),
        "aan": (at[1], 40, "5A"),
        "getal": (at[2], None, "3"),
        "geen": (at[3], 8, "3"),
        "over": (at[4], 30, "3"),
        "stil": (at[5], None, "3"),
    }
    now: dict[str, tuple[object, float | None, str]]
    now = {
        "af": (at[0], 10, "5A"),
        "aan": (at[1], 40, "3"),
        "getal": (at[2], 12, "3"),
        "geen": (at[3], None, "3"),
        "over": (block(1_600, 700), 30, "3"),
        "stil": (at[5], None, "3"),
    }
    report = told(capacity(moved(now)), moved(then))
    tables = {name: of(report, name).changes for name in ("West", "Oost", "alle locaties")}
    lines = {
        name: {row[0]: row[1:] for row in table.rows if row[1]}
        for name, table in tables.items()
        if table is not None
    }
    # West: 10 + 8 + 30 = 48; 48 + 40 - 10 - 30 + 12 - 8 = 52, of "aan" and "getal".
    assert lines["West"] == {
        "stand toen": (5, 48),
        "telt nu mee (was 5A of 5B)": (1, 40),
        "telt niet meer mee (5A of 5B)": (1, -10),
        "ligt niet meer in dit gebied": (1, -30),
        "aantal werd bekend": (1, 12),
        "aantal werd onbekend": (1, -8),
        "stand nu": (4, 52),
    }
    assert lines["Oost"] == {"ligt nu in dit gebied": (1, 30), "stand nu": (1, 30)}
    assert "ligt niet meer in dit gebied" not in lines["alle locaties"]
    assert tables["West"] is not None
    assert tables["West"].note == (
        "Standen zonder locaties met status 5A of 5B. Beide standen zijn beoordeeld op 2026-06-01. "
        "Zonder aantal woningen: toen 2 locaties, nu 2; hun woningen tellen in geen stand mee."
    )


def test_a_stand_of_which_no_number_is_known_is_unknown_and_not_nothing() -> None:
    """West held one plan, without a number; it has one now, and another came without."""
    then = moved({"A": (block(100, 700), None, "3")})
    now = moved({"A": (block(100, 700), 10, "3"), "B": (block(400, 700), None, "3")})
    table = of(told(capacity(now), then), "West").changes
    assert table is not None
    rows = {row[0]: row[1:] for row in table.written()}
    assert rows["stand toen"] == ["1", UNKNOWN]
    assert rows["nieuwe locaties"] == ["1", UNKNOWN]
    assert rows["aantal werd bekend"] == ["1", "10"]
    assert rows["stand nu"] == ["2", "10"]
    assert rows["verdwenen locaties"] == ["0", "0"]


SIDE = st.tuples(
    st.booleans(),
    st.sampled_from(range(-300, 2_101, 150)),
    st.sampled_from([None, 0, 3, 7]),
    st.sampled_from(["3", "5A"]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=6))
def test_whatever_changed_all_posts_together_lead_from_one_stand_to_the_other(
    plans: list[tuple[tuple[bool, int, int | None, str], tuple[bool, int, int | None, str]]],
) -> None:
    """Plans of 300 wide begin from -300 to 2,100: in West, in Oost, in both, in neither."""

    def side(which: int) -> woongeo.Screening:
        shapes: dict[str, tuple[object, float | None, str]]
        shapes = {"vast": (block(100, 900, 50, 50), 1, "3")}
        for i, plan in enumerate(plans):
            there, x, homes, status = plan[which]
            if there:
                shapes[f"P{i}"] = (block(x, 110 * i, 300, 100), homes, status)
        return moved(shapes)

    report = told(capacity(side(1)), side(0))
    for sheet in report.factsheets:
        assert sheet.changes is not None
        rows = [row[1:] for row in sheet.changes.rows[:-3]]
        for at in (0, 1):
            first, *posts, last = (np.nan_to_num(float(row[at])) for row in rows)
            if at == 1:
                assert first + sum(posts) == last
        names = [row[0] for row in sheet.changes.rows[:-3]]
        goes = {
            "verdwenen locaties",
            "telt niet meer mee (5A of 5B)",
            "ligt niet meer in dit gebied",
        }
        comes = {"nieuwe locaties", "telt nu mee (was 5A of 5B)", "ligt nu in dit gebied"}
        locations = dict(zip(names, (float(row[0]) for row in rows), strict=True))
        change = sum(locations.get(x, 0) for x in comes) - sum(locations.get(x, 0) for x in goes)
        assert locations["stand toen"] + change == locations["stand nu"]


def test_a_period_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match="2040-2050"):
        woongeo.write_report(capacity(), folder=tmp_path / "x", period="2040-2050")
    assert not (tmp_path / "x").exists()


def test_two_regions_whose_names_look_alike_have_files_of_their_own(tmp_path: Path) -> None:
    names = ("A/B", "A-B", "con", "../../etc", "Súdwest-Fryslân")
    homes = dict.fromkeys(names, 10.0)
    rows = targets(**homes)
    paths = woongeo.write_report(
        capacity(goal=rows, by=[regions(*names)]), folder=tmp_path, pdf=False, pptx=False
    )
    assert [p.name for p in paths] == ["overzicht.html", "manifest.json"]
    made = [s.file_name for s in told(capacity(goal=rows, by=[regions(*names)])).factsheets]
    assert made == [
        "factsheet-totaal-alle-locaties",
        "factsheet-gemeente-etc",
        "factsheet-gemeente-a-b",
        "factsheet-gemeente-a-b-2",
        "factsheet-gemeente-con",
        "factsheet-gemeente-sudwest-fryslan",
    ]


# The files.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """Write a report in every form."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    given = capacity(goal=targets(West=100, Oost=20))
    folder = tmp_path_factory.mktemp("rapport")
    earlier = given.screening
    woongeo.write_report(given, folder=folder, title="Proef", earlier=earlier, pptx=True)
    return folder, gather(
        given, title="Proef", period=None, earlier=earlier, theme=woongeo.Theme(), maps=False
    )


def pdf_text(path: Path) -> str:
    """Read the text of a PDF, on one line."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(path)
    pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).split())


def slides(path: Path) -> Presentation:
    """Open slides."""
    deck: Presentation = pytest.importorskip("pptx").Presentation(str(path))
    return deck


def slide_texts(deck: Presentation) -> list[str]:
    """Read all text of slides, cells of tables and names of charts included."""
    texts: list[str] = []
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                texts += [p.text for p in shape.text_frame.paragraphs]
            if shape.has_table:
                texts += [cell.text for row in shape.table.rows for cell in row.cells]
            if shape.has_chart:
                texts += [str(c) for c in shape.chart.plots[0].categories]
    return texts


def test_every_form_tells_the_same(made: tuple[Path, Report]) -> None:
    folder, report = made
    page = hostile.text((folder / "overzicht.html").read_text(encoding="utf-8"))
    flat = " ".join(page.split())
    for sheet in report.factsheets:
        pdf = pdf_text(folder / f"{sheet.file_name}.pdf")
        deck = slide_texts(slides(folder / f"{sheet.file_name}.pptx"))
        tables = [sheet.capacity, sheet.top, sheet.matrix, sheet.freeing, sheet.changes]
        for table in tables:
            assert table is not None
            for row in table.written():
                for cell in row:
                    assert cell in deck
                    assert cell in flat
                    # A line may end in the middle of a cell.
                    assert bare(cell) in bare(pdf)
        for x in sheet.tiles:
            assert x.written() in deck
            assert x.written() in flat
            assert x.written() in pdf


def test_every_form_says_that_it_is_a_screening(made: tuple[Path, Report]) -> None:
    folder, report = made
    sentence = SCREENING
    assert sentence in " ".join((folder / "overzicht.html").read_text(encoding="utf-8").split())
    name = report.factsheets[0].file_name
    assert sentence in pdf_text(folder / f"{name}.pdf")
    assert any(sentence in text for text in slide_texts(slides(folder / f"{name}.pptx")))


def test_the_page_asks_for_nothing_and_runs_nothing(made: tuple[Path, Report]) -> None:
    page = (made[0] / "overzicht.html").read_text(encoding="utf-8")
    tags = {tag for tag, _ in hostile.tags(page)}
    assert not tags & {"script", "link", "iframe", "object", "form"}
    assert "default-src 'none'; style-src 'sha256-" in page
    assert not re.search(r"style=|https?:", re.sub(r"data:[^\"]*", "", page))
    sources = [dict(a).get("src") or "" for tag, a in hostile.tags(page) if tag == "img"]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_factsheets_keep_to_pdf_ua(made: tuple[Path, Report]) -> None:
    pdfua = pytest.importorskip("pdfua")
    pikepdf = pytest.importorskip("pikepdf")
    folder, report = made
    for sheet in report.factsheets:
        path = folder / f"{sheet.file_name}.pdf"
        found = pdfua.validate(path)
        assert [f for f in found.findings if str(f.severity).lower().endswith("error")] == []
        with pikepdf.open(path) as pdf:
            root = pdf.Root
            assert root.MarkInfo.Marked
            assert str(root.Lang) == "nl-NL"
            assert root.ViewerPreferences.DisplayDocTitle
            assert "pdfuaid" in root.Metadata.read_bytes().decode()
            assert str(pdf.docinfo.Title).startswith("Proef — ")
            kinds = structure(root.StructTreeRoot)
            assert len(pdf.pages) <= 2
        names = [kind for kind, _ in kinds]
        assert names.count("H1") == 1
        assert names.count("TH") >= 20
        # The map and the bars, each with a text.
        figures = [alt for kind, alt in kinds if kind == "Figure"]
        assert len(figures) >= 2
        assert all(figures)
        order = [names.index(kind) for kind in ("H1", "H2", "Table")]
        assert order == sorted(order)


def test_verapdf_finds_nothing_against_pdf_ua(
    made: tuple[Path, Report], wild: Path, verapdf: Callable[..., str]
) -> None:
    files = [*sorted(made[0].glob("*.pdf")), *sorted(wild.glob("*.pdf"))]
    assert len(files) > 3
    assert verapdf(*files) == ""


def structure(node: object) -> list[tuple[str, str]]:
    """List the tags of a PDF in reading order, with their alternative text."""
    pikepdf = pytest.importorskip("pikepdf")
    found: list[tuple[str, str]] = []
    if isinstance(node, pikepdf.Array):
        for child in node:
            found += structure(child)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            found.append((str(node.S)[1:], str(node.get("/Alt", ""))))
        if "/K" in node:
            found += structure(node.K)
    return found


def test_slides_have_titles_native_tables_and_charts_and_texts(made: tuple[Path, Report]) -> None:
    folder, report = made
    deck = slides(folder / f"{report.factsheets[0].file_name}.pptx")
    kinds = []
    for slide in deck.slides:
        assert slide.shapes.title is not None
        assert slide.shapes.title.text
        for shape in slide.shapes:
            kinds += [k for k in ("table", "chart") if getattr(shape, f"has_{k}")]
            if shape.has_table:
                assert shape.table.first_row
            if shape.has_table or shape.has_chart or shape.shape_type == 13:
                assert shape._element.xpath(".//p:cNvPr")[0].get("descr")  # noqa: SLF001
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width
    assert kinds.count("table") >= 6
    assert kinds.count("chart") == 2
    # Along an axis stand three to seven steps of 1, 2 or 5: of 160 homes 50, 100 and 150.
    charts = [x.chart for slide in deck.slides for x in slide.shapes if x.has_chart]
    highest = [
        max(sum(bar) for bar in zip(*(s.values for s in c.plots[0].series), strict=True))  # noqa: PD011
        for c in charts
    ]
    for chart, most in zip(charts, highest, strict=True):
        assert 3 <= most / chart.value_axis.major_unit <= 7.5
    assert deck.core_properties.language == "nl"


def test_equal_input_makes_equal_bytes(made: tuple[Path, Report], tmp_path: Path) -> None:
    folder, report = made
    given = capacity(goal=targets(West=100, Oost=20))
    paths = woongeo.write_report(
        given, folder=tmp_path, title="Proef", earlier=given.screening, pptx=True
    )
    assert len(paths) == 2 + 2 * len(report.factsheets)
    for path in paths[:-1]:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_a_folder_is_replaced_whole_and_foreign_files_are_left(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    given = capacity()
    (tmp_path / "mijn.txt").write_text("van mij")
    first = woongeo.write_report(given, folder=tmp_path)
    smaller = woongeo.summarize_plancapaciteit(given.screening)
    second = woongeo.write_report(smaller, folder=tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"mijn.txt", *(p.name for p in second)}
    assert len(second) < len(first)
    facts = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert facts["rapport"]["factsheets"] == 1
    (tmp_path / "overzicht.html").write_text("gewijzigd")
    with pytest.raises(OutputError, match=r"overzicht\.html"):
        woongeo.write_report(given, folder=tmp_path)
    assert (tmp_path / "overzicht.html").read_text() == "gewijzigd"


def test_a_report_does_not_go_into_the_folder_of_a_screening(tmp_path: Path) -> None:
    given = capacity()
    woongeo.export_screening(given.screening, folder=tmp_path, plancapaciteit=given)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(OutputError, match=r"manifest\.json"):
        woongeo.write_report(given, folder=tmp_path, pdf=False)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_plans_that_may_not_be_seen_are_in_no_report(tmp_path: Path) -> None:
    sites = frame(
        [block(100, 100), block(600, 600)],
        plan_id=["open", "geheim"],
        woningen=[10, 20],
        planstatus=["3", "3"],
        vertrouwelijkheid=["Openbaar", "Gemeente"],
    )
    layer = woongeo.read_layer("veld", frame([block(0, 0, 900, 900)]))
    screened = woongeo.screen(woongeo.read_locations(sites), [layer], on=ON)
    with pytest.raises(AudienceError, match="for_audience"):
        woongeo.write_report(capacity(screened), folder=tmp_path / "uit", pdf=False)
    assert not (tmp_path / "uit").exists()
    seen = for_audience(screened, "openbaar")
    [page, _] = woongeo.write_report(
        capacity(seen), folder=tmp_path / "uit", pdf=False, publiek="openbaar"
    )
    shown = page.read_text(encoding="utf-8")
    assert "geheim" not in shown
    assert "1 van 2 plannen staat hier niet in" in shown
    paths = woongeo.write_report(
        capacity(screened), folder=tmp_path / "intern", pdf=False, publiek="intern"
    )
    assert "geheim" in paths[0].read_text(encoding="utf-8")


def test_twelve_regions_have_twelve_factsheets(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    names = [f"Regio {i:02}" for i in range(12)]
    n = len(names)
    sites = frame(
        [block(1_000 * i + 100, 100) for i in range(n)],
        plan_id=[f"P{i}" for i in range(n)],
        woningen=[10 * (i + 1) for i in range(n)],
        planstatus=["1A"] * n,
    )
    layer = woongeo.read_layer("veld", frame([block(0, 0, 2_500, 500)]))
    screened = woongeo.screen(woongeo.read_locations(sites), [layer], on=ON)
    by = [regions(*names, level="woondealregio")]
    paths = woongeo.write_report(capacity(screened, by=by), folder=tmp_path)
    assert [p.name for p in paths[2:-1]] == [
        f"factsheet-woondealregio-regio-{i:02}.pdf" for i in range(12)
    ]
    page = hostile.text(paths[0].read_text(encoding="utf-8"))
    assert all(f"Woondealregio {name}" in page for name in names)


def test_without_typst_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(OutputError, match=r"woongeo\[rapport\]"):
        woongeo.write_report(capacity(), folder=tmp_path / "x")
    assert not (tmp_path / "x").exists()


# Text of strangers.


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report of which every name is hostile."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    n = len(hostile.ALL)
    sites = frame(
        [block(150 * (i % 10), 150 * (i // 10)) for i in range(n)],
        plan_id=[f"{i} {text}" for i, text in enumerate(hostile.ALL)],
        naam=list(hostile.ALL),
        woningen=[1_000 - i for i in range(n)],
        planstatus=["3"] * n,
        groep=[hostile.ALL[i // 10] for i in range(n)],
    )
    layers = [
        woongeo.read_layer(f"laag{i}", frame([block(-50, -50, 3_000, 3_000)]), title=text)
        for i, text in enumerate(("=1+1", hostile.SHORT, '{{7*7}} $x$ *b* #eval("1")'))
    ]
    screened = woongeo.screen(woongeo.read_locations(sites), layers, on=ON)
    folder = tmp_path_factory.mktemp("wild")
    given = woongeo.summarize_plancapaciteit(screened, by=["groep"])
    woongeo.write_report(given, folder=folder, title=hostile.SHORT, pptx=True)
    return folder


def bare(text: str) -> str:
    """Leave out blanks: lines end where there is room."""
    return re.sub(r"[\s\u200b]", "", text)


def test_hostile_text_stands_in_the_pdf_as_it_is(wild: Path) -> None:
    seen = bare(pdf_text(wild / "factsheet-totaal-alle-locaties.pdf"))
    for text in hostile.ALL[:20]:
        # Long lists leave names 40 characters.
        shown = bare(line_text(line_text(text, most=60), most=40))
        assert shown in seen, text
    assert bare('{{7*7}} $x$ *b* #eval("1")') in seen


def test_hostile_text_changes_no_tag_of_the_page(wild: Path) -> None:
    page = (wild / "overzicht.html").read_text(encoding="utf-8")
    tags = {tag for tag, _ in hostile.tags(page)}
    assert not tags & {"script", "iframe", "svg", "b"}
    assert not any(name.startswith("on") for _, a in hostile.tags(page) for name, _ in a)
    seen = bare(hostile.text(page))
    for text in hostile.MARKUP + hostile.TEMPLATES:
        assert bare(line_text(text, most=60)) in seen, text


def test_hostile_text_is_text_on_slides_and_no_formula_behind_them(wild: Path) -> None:
    path = wild / "factsheet-totaal-alle-locaties.pptx"
    texts = slide_texts(slides(path))
    for text in hostile.ALL[:20]:
        assert line_text(text, most=60) in texts, text
    assert "=1+1" in texts
    books = 0
    with zipfile.ZipFile(path) as deck:
        assert not any("vbaProject" in name or "oleObject" in name for name in deck.namelist())
        for name in deck.namelist():
            if name.endswith(".xlsx"):
                books += 1
                with zipfile.ZipFile(io.BytesIO(deck.read(name))) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml").decode()
                    assert "<f" not in sheet
                    assert "<hyperlink" not in sheet
    assert books == 2


def test_hostile_factsheets_keep_to_pdf_ua_and_two_pages(wild: Path) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    for path in sorted(wild.glob("*.pdf")):
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) == 2, path.name
            assert pdf.Root.MarkInfo.Marked
            assert "/OpenAction" not in pdf.Root
            assert "/Names" not in pdf.Root or "/JavaScript" not in pdf.Root.Names


class Tiles:
    """A background of one colour."""

    attribution = "Kaart © Proef"

    def __init__(self, box: tuple[float, float, float, float]) -> None:
        self.box = box
        self.rgb = np.full((4, 4, 3), (10, 200, 30), dtype=np.uint8)


def test_the_map_in_a_factsheet_is_a_drawing_and_says_how_far_it_is_simplified(
    made: tuple[Path, Report],
) -> None:
    """Sharp at any size; the only pictures on the page are the signs beside it."""
    pikepdf = pytest.importorskip("pikepdf")
    folder, _ = made
    told = r"vereenvoudigd met hoogstens [\d.]+ m \(0,12 mm op papier\); de cijfers niet\."
    drawn = [path for path in sorted(folder.glob("*.pdf")) if re.search(told, pdf_text(path))]
    assert len(drawn) > 1
    for path in drawn:
        with pikepdf.open(path) as pdf:
            streams = (thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream))
            images = [thing for thing in streams if thing.get("/Subtype") == "/Image"]
            # A sign of the legend is 9 by 4.5 mm in 300 dots an inch.
            assert all(int(image.Width) <= 110 for image in images)
    assert re.search(told, hostile.text((folder / "overzicht.html").read_text(encoding="utf-8")))


def test_maps_lie_on_tiles_where_asked_and_say_so_where_none_come(tmp_path: Path) -> None:
    """Each region asks for its own; the report is made all the same where they are out of reach."""
    asked = []

    def fetch(box: tuple[float, float, float, float], *, width_px: int) -> Tiles:
        asked.append((box, width_px))
        return Tiles(box)

    def fail(box: tuple[float, float, float, float], *, width_px: int) -> Tiles:
        raise ServiceUnavailableError(f"geen verbinding ({width_px}, {len(box)})")

    given = capacity()
    path = woongeo.write_report(given, folder=tmp_path / "met", background=fetch, pdf=False)[0]
    page = path.read_text(encoding="utf-8")
    assert page.count("Achtergrond: Kaart © Proef.") == len(asked) > 1
    path = woongeo.write_report(given, folder=tmp_path / "zonder", background=fail, pdf=False)[0]
    assert "Achtergrond: geen (effen): geen verbinding" in path.read_text(encoding="utf-8")
    path = woongeo.write_report(given, folder=tmp_path / "niet", pdf=False)[0]
    assert "Achtergrond:" not in path.read_text(encoding="utf-8")


def test_small_signs_keep_the_colours_of_their_verdicts() -> None:
    # A site of 10 m on a map of 2 km is a sign of a few dots among thousands.
    sites = frame([block(500, 500, 10, 10)], plan_id=["A"], woningen=[1], planstatus=["3"])
    layer = woongeo.read_layer("veld", frame([block(400, 400, 300, 300)]))
    screened = woongeo.screen(woongeo.read_locations(sites), [layer], on=ON)
    made = draw_region(screened, np.arange(1), border=regions("West").frame, dpi=120)
    dots = np.asarray(Image.open(io.BytesIO(made.png)).convert("RGB")).reshape(-1, 3).astype(int)
    orange = (0xD5, 0x5E, 0x00)
    assert (np.abs(dots - orange).sum(axis=1) <= 12).any()


# Themes.


def theme(folder: Path, text: str) -> Path:
    """Write a theme."""
    path = folder / "thema.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[kleuren]\ntekst = "#999999"', r"tekst \(#999999\) op achtergrond .* 2\.8:1.*4\.5:1"),
        ('[kleuren]\naccent = "#ffd500"', r"op_accent .*op accent"),
        ('[kleuren]\nvrij = "#c0e0f0"', r"vrij .*3:1"),
        ('[kleuren]\nvrij = "#1a8a1a"\nbelemmerd = "#c02020"', "deuteranopie|protanopie"),
        ('[kleuren]\ntekst = "rood"', "#1f3a5f"),
        ('[kleuren]\nteskt = "#000000"', "kent geen 'teskt'"),
        ("[kleuren]\ntekst = 3", "andere soort"),
        ("kleuren = [", "geen leesbaar thema"),
        ('[logo]\nbestand = "logo.png"', "een tekst die het beschrijft"),
        ('[logo]\nbestand = "weg.png"\ntekst = "x"', "kan niet worden gelezen"),
        ('[logo]\nbestand = "thema.toml"\ntekst = "x"', "geen PNG of JPEG"),
        ('[lettertypen]\nnaam = "x\\"); }"', "geen naam van letters"),
        ('[lettertypen]\nmap = "nergens"', "bestaat niet"),
    ],
)
def test_a_theme_that_not_all_can_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ThemeError, match=said):
        woongeo.read_theme(theme(tmp_path, text))


def test_contrast_is_that_of_wcag() -> None:
    # https://webaim.org/resources/contrastchecker/ gives 4.54 for this grey.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#000000") == contrast("#000000", "#ffffff") == 21


def test_a_province_has_its_own_colours_and_logo(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    given = capacity()
    png = draw_region(given.screening, np.arange(4), size_mm=(20, 10), labels=0, dpi=100).png
    (tmp_path / "logo.png").write_bytes(png)
    path = theme(
        tmp_path,
        '[kleuren]\naccent = "#005a2b"\n[logo]\nbestand = "logo.png"\ntekst = "Provincie Proef"',
    )
    paths = woongeo.write_report(given, folder=tmp_path / "uit", theme=path)
    page = paths[0].read_text(encoding="utf-8")
    assert "#005a2b" in page
    assert 'alt="Provincie Proef"' in page
    pikepdf = pytest.importorskip("pikepdf")
    with pikepdf.open(paths[1]) as pdf:
        alts = [alt for kind, alt in structure(pdf.Root.StructTreeRoot) if kind == "Figure"]
    assert "Provincie Proef" in alts


def test_a_font_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    path = theme(tmp_path, '[lettertypen]\nnaam = "Bestaat Niet"')
    with pytest.raises(ThemeError, match="Bestaat Niet"):
        woongeo.write_report(capacity(), folder=tmp_path / "uit", theme=path)
    assert not (tmp_path / "uit").exists()


@pytest.mark.browser
def test_axe_finds_nothing_on_the_page_and_it_fits_a_phone(
    made: tuple[Path, Report], wild: Path
) -> None:
    axe_package = pytest.importorskip("axe_playwright_python")
    sync = pytest.importorskip("playwright.sync_api")
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("Chromium staat niet op deze machine")
    axe = (resources.files(axe_package) / "axe.min.js").read_text(encoding="utf-8")
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        for folder in (made[0], wild):
            for wide in (1_200, 390):
                context = browser.new_context(
                    viewport={"width": wide, "height": 800}, bypass_csp=True
                )
                page = context.new_page()
                asked: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto((folder / "overzicht.html").as_uri())
                page.evaluate(axe)
                found = page.evaluate(
                    "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations"
                    ".map((v) => v.impact + ' ' + v.id + ' ' + v.nodes[0].html.slice(0, 200)))"
                )
                assert found == []
                assert page.evaluate("window.PWN === undefined")
                assert page.evaluate("document.documentElement.scrollWidth") <= wide
                assert [u for u in asked if not u.startswith("data:")] == [page.url]
                context.close()
        browser.close()
