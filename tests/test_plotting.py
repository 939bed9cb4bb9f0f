"""The map on paper: what stands on it, and that nothing of strangers is more than text."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import textwrap
import warnings
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block, frame
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

import woongeo
from woongeo.errors import InputError, OutputError, ServiceUnavailableError
from woongeo.plotting import ScreeningPlot, plot_screening
from woongeo.plotting.labels import place_labels
from woongeo.plotting.marks import round_length
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Sites = Callable[..., woongeo.Locations]

DAY = dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def drawn() -> woongeo.Screening:
    """Screen the made-up region."""
    made_up = woongeo.example()
    with pytest.warns(woongeo.WoongeoWarning):
        return woongeo.screen(made_up.locations(), made_up.layers(), on=DAY)


def said(plot: ScreeningPlot) -> str:
    """Give all text on the sheet."""
    found = [text.get_text() for text in plot.figure.findobj(Text) if isinstance(text, Text)]
    return " ".join(" ".join(found).split())


def test_a_sheet_says_all_that_a_map_must_say(drawn: woongeo.Screening) -> None:
    sheet = plot_screening(drawn, title="Noord")
    told = said(sheet)
    for needed in (
        *("Noord", SCREENING, "EPSG:28992", "2026-11-01", "Natura 2000, verzonnen: peildatum"),
        *("belemmerd: 5 locaties, 231 woningen", "onbekend: 2 locaties", "vrij: 15 locaties"),
        *("schaal 1 : ", "km", "Achtergrond: geen (effen)", "Locaties: locaties.geojson."),
    ):
        assert needed in told, needed
    assert re.search(r"\bN\b", told)
    assert "Easting" not in told
    # A4 across, and the scale is that of the paper: the map is as wide as its share of 297 mm.
    wide, high = sheet.figure.get_size_inches() * 25.4
    assert (round(wide), round(high)) == (297, 210)
    ax = sheet.figure.axes[0]
    metres = ax.get_xlim()[1] - ax.get_xlim()[0]
    assert metres / (ax.get_position().width * 0.297) == pytest.approx(sheet.scale)
    # A metre is as long up as across.
    up = (ax.get_ylim()[1] - ax.get_ylim()[0]) / (ax.get_position().height * 0.210)
    assert up == pytest.approx(sheet.scale)


@pytest.mark.parametrize(("paper", "landscape", "mm"), [
    ("A4", False, (210, 297)), ("A3", True, (420, 297)), ("A3", False, (297, 420)),
])  # fmt: skip
def test_paper_and_direction(
    drawn: woongeo.Screening, paper: str, landscape: object, mm: tuple[int, int]
) -> None:
    sheet = plot_screening(drawn, paper=paper, landscape=bool(landscape))
    assert tuple(np.rint(sheet.figure.get_size_inches() * 25.4).astype(int)) == mm
    with pytest.raises(InputError, match="A4, A3"):
        plot_screening(drawn, paper="A9")


def test_the_same_screening_gives_the_same_bytes(drawn: woongeo.Screening, tmp_path: Path) -> None:
    for kind in ("png", "pdf", "svg"):
        digests = set()
        for n in (1, 2):
            path = plot_screening(drawn).save(tmp_path / f"{n}.{kind}", dpi=60)
            digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        assert len(digests) == 1, kind


def test_a_file_is_whole_or_not_there_and_only_of_kinds_that_are_known(
    drawn: woongeo.Screening, tmp_path: Path
) -> None:
    sheet = plot_screening(drawn)
    with pytest.raises(OutputError, match=r"\.pdf"):
        sheet.save(tmp_path / "kaart.docx")
    with pytest.raises(OutputError, match="niets gewijzigd"):
        sheet.save(tmp_path / "weg" / "kaart.png")
    assert list(tmp_path.iterdir()) == []
    assert sheet.save(tmp_path / "kaart.PNG", dpi=50).read_bytes().startswith(b"\x89PNG")
    assert sheet._repr_png_().startswith(b"\x89PNG")


def test_text_in_a_pdf_is_text(drawn: woongeo.Screening, tmp_path: Path) -> None:
    data = plot_screening(drawn, title="Kop").save(tmp_path / "k.pdf").read_bytes()
    assert b"/TrueType" in data or b"/CIDFontType2" in data
    assert b"/Type3" not in data
    assert b"CreationDate" not in data
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    assert any(b"TJ" in zlib.decompress(s) for s in streams if s[:1] == b"x")


def test_names_of_strangers_are_text_and_no_mathematics(tmp_path: Path) -> None:
    """A dollar pair would be a formula; a letter that the font has not is drawn as a box."""
    bad = r"$\frac{1}{0}$ \bad{ <script> 漢字 \u202e" + "x" * 2_000
    shapes = frame([block(0, 0)], plan_id=["A"], plannaam=[bad], woningen=[5], planstatus=["3"])
    layer = woongeo.read_layer(
        "geluid", frame([block(0, 0)]), coverage="nederland", title=bad, publisher=bad
    )
    made = woongeo.screen(woongeo.read_locations(shapes), [layer], on=DAY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sheet = plot_screening(made, title=bad)
        assert r"$\frac" in said(sheet)
        sheet.save(tmp_path / "k.png", dpi=50)
        sheet.save(tmp_path / "k.svg")
    assert b"<script>" not in (tmp_path / "k.svg").read_bytes()


def test_only_what_lies_in_the_region_is_drawn_and_counted(sites: Sites) -> None:
    layer = woongeo.read_layer("geluid", frame([block(0, 0)]), coverage="nederland")
    made = woongeo.screen(sites([block(0, 0), block(5_000, 0)], woningen=[3, 40]), [layer], on=DAY)
    west = frame([block(-500, -500, 1_500, 1_500)])
    told = said(plot_screening(made, within=west))
    assert "belemmerd: 1 locatie, 3 woningen" in told
    assert "vrij: 0 locaties, 0 woningen" in told
    with pytest.raises(InputError, match="geen enkele"):
        plot_screening(made, within=frame([block(90_000, 0)]))


def test_what_is_small_on_paper_is_a_sign_and_what_is_large_a_surface(sites: Sites) -> None:
    """A square of 100 m is 0.1 mm on a map of 100 km, and 20 mm on one of 1 km."""
    layer = woongeo.read_layer("geluid", frame([block(0, 0)]), coverage="nederland")
    far = woongeo.screen(sites([block(0, 0), block(100_000, 0)]), [layer], on=DAY)
    near = woongeo.screen(sites([block(0, 0), block(500, 0)]), [layer], on=DAY)

    def signs(made: woongeo.Screening) -> int:
        ax = plot_screening(made, labels=0).figure.axes[0]
        found = [c for c in ax.collections if 6 <= c.get_zorder() < 7]
        return sum(np.asarray(c.get_offsets()).shape[0] for c in found)

    assert signs(far) == 2
    assert signs(near) == 0


@dataclass(frozen=True)
class Tiles:
    """A background of one colour."""

    box: tuple[float, float, float, float]
    attribution: str = "Kaart © Proef"

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """Give four by four dots."""
        return np.full((4, 4, 3), (10, 200, 30), dtype=np.uint8)


def dots(plot: ScreeningPlot) -> NDArray[np.uint8]:
    """Give the colours of the map on a sheet."""
    canvas = plot.figure.canvas
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    return pixels.reshape(-1, 3)


def test_tiles_are_fetched_for_what_the_map_shows_and_credited(drawn: woongeo.Screening) -> None:
    """They lie under all of the map, for a print of 150 dots an inch; and stand in the sources."""
    asked = []

    def fetch(box: tuple[float, float, float, float], *, width_px: int) -> Tiles:
        asked.append((box, width_px))
        return Tiles(box)

    sheet = plot_screening(drawn, background=fetch)
    [(box, wide)] = asked
    west, south, east, north = drawn.locaties.total_bounds
    assert box[0] < west < east < box[2]
    assert box[1] < south < north < box[3]
    assert (box[2] - box[0]) / sheet.scale * 1_000 / 25.4 * 150 == pytest.approx(wide, abs=1)
    assert "Achtergrond: Kaart © Proef." in said(sheet)
    colours = dots(sheet)
    assert (colours == (10, 200, 30)).all(axis=1).mean() > 0.3
    assert not (colours == (0xF4, 0xF4, 0xF2)).all(axis=1).any()


def test_where_no_tiles_come_the_ground_is_plain_and_the_sheet_says_why(
    drawn: woongeo.Screening,
) -> None:
    """Out of reach, elsewhere or not asked for; and tiles of a part are no tiles of the whole."""

    def fetch(box: tuple[float, float, float, float], *, width_px: int) -> Tiles:
        raise ServiceUnavailableError(f"geen verbinding ({width_px}, {len(box)})")

    assert "Achtergrond: geen (effen): geen verbinding" in said(
        plot_screening(drawn, background=fetch)
    )
    elsewhere = plot_screening(drawn, background=Tiles((0, 300_000, 1_000, 301_000)))
    assert "geen (effen): de opgegeven achtergrond ligt elders." in said(elsewhere)
    west, south, east, north = drawn.locaties.total_bounds
    part = plot_screening(drawn, background=Tiles((west, south, east, (south + north) / 2)))
    assert "Kaart © Proef (dekt niet de hele kaart)." in said(part)
    assert "Achtergrond: geen (effen)." in said(plot_screening(drawn))
    plain = dots(plot_screening(drawn))
    assert (plain == (0xF4, 0xF4, 0xF2)).all(axis=1).mean() > 0.3


@pytest.mark.parametrize("landscape", [True, False])
@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_nothing_on_a_sheet_lies_over_something_else(
    drawn: woongeo.Screening,
    paper: str,
    landscape: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    """With sixteen layers: map, legend, sources, country and foot have each their place."""
    more = [
        replace(
            drawn.layers[0], key=f"laag{i}", title=f"Een laag met een lange naam, nummer {i} van 14"
        )
        for i in range(14)
    ]
    made = woongeo.screen(drawn.locations, [*drawn.layers, *more], on=DAY)
    sheet = plot_screening(made, paper=paper, landscape=landscape, title="Veel lagen")
    figure = sheet.figure
    boxes = [t.get_window_extent() for t in figure.texts]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    boxes += [ax.get_window_extent() for ax in figure.axes]
    page = figure.bbox
    for i, a in enumerate(boxes):
        assert page.x0 <= a.x0 < a.x1 <= page.x1, i
        assert page.y0 <= a.y0 < a.y1 <= page.y1, i
        for k, b in enumerate(boxes[:i]):
            apart = a.x0 >= b.x1 or a.x1 <= b.x0 or a.y0 >= b.y1 or a.y1 <= b.y0
            assert apart, (i, k)
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(told) == 3 + 16
    # The date of each layer is there too.
    every = said(sheet)
    for layer in made.layers:
        assert re.search(rf"{re.escape(layer.title)}[^.]*: peildatum", every), layer.title


def test_a_number_and_what_it_counts_stand_on_one_line(sites: Sites) -> None:
    """Where a line is too short for both counts, the homes go to the next one together."""
    made = woongeo.screen(
        sites(
            [block(0, 0), *(block(200 * i, 9_000) for i in range(1, 61))], woningen=[1] + [200] * 60
        ),
        [woongeo.read_layer("geluid", frame([block(0, 0)]), coverage="nederland")],
        on=DAY,
    )
    legend = plot_screening(made).figure.legends[0]
    told = [text.get_text() for text in legend.get_texts()]
    assert told[0] == "belemmerd: 1 locatie, 1\u00a0woning"
    assert told[2] == "vrij: 60 locaties, 12.000\u00a0woningen"
    smaller = textwrap.wrap(told[2], 24)
    assert smaller == ["vrij: 60 locaties,", "12.000\u00a0woningen"]


@pytest.mark.parametrize("landscape", [True, False])
def test_layers_whose_source_has_no_room_are_counted_with_where_it_stands(
    drawn: woongeo.Screening,
    landscape: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    """Of forty layers some are named, and the others are a number: together they are forty."""
    many = [
        replace(drawn.layers[0], key=f"laag{i}", title=f"Laag nummer {i} van heel veel lagen")
        for i in range(40)
    ]
    made = woongeo.screen(drawn.locations, many, on=DAY)
    every = said(plot_screening(made, landscape=landscape))
    left = re.search(r"Van nog (\d+) lagen staat de bron in manifest\.json", every)
    assert left
    named = len(re.findall(r"van heel veel lagen, [^.]*: peildatum", every))
    assert named > 5
    assert named + int(left[1]) == 40
    assert "Locaties: locaties.geojson." in every
    assert "Achtergrond: geen (effen)." in every


def test_the_edge_of_a_layer_in_the_legend_is_the_edge_on_the_map(drawn: woongeo.Screening) -> None:
    """A third of its colour would tell it from nothing."""
    legend = plot_screening(drawn).figure.legends[0]
    patches = [patch for patch in legend.get_patches() if isinstance(patch, Patch)]
    assert len(patches) >= len(drawn.layers)
    for patch in patches:
        assert to_rgba(patch.get_edgecolor())[3] == 1.0
        assert to_rgba(patch.get_facecolor())[3] < 1.0


def test_on_larger_paper_letters_are_larger(drawn: woongeo.Screening) -> None:
    """A3 is A4 times the root of two, to be read from as much further away."""
    small, large = (plot_screening(drawn, paper=p).figure.texts[0] for p in ("A4", "A3"))
    ratio = float(large.get_fontsize()) / float(small.get_fontsize())
    assert ratio == pytest.approx(2**0.5, rel=0.01)


def test_a_layer_of_very_many_corners_is_simplified_to_what_paper_holds(
    sites: Sites, tmp_path: Path
) -> None:
    """Two hundred thousand corners of a coast become a file of some tens of kilobytes."""
    turn = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    radius = 4_000 + 3 * np.sin(turn * 20_000)
    coast = shapely.Polygon(
        np.column_stack([EAST + radius * np.cos(turn), NORTH + radius * np.sin(turn)])
    )
    layer = woongeo.read_layer("geluid", frame([coast]), coverage="nederland")
    made = woongeo.screen(sites([block(0, 0), block(9_000, 0)]), [layer], on=DAY)
    sheet = plot_screening(made)
    path = sheet.save(tmp_path / "kust.pdf")
    assert path.stat().st_size < 100_000
    assert "0,12 mm op papier" in said(sheet)


def test_names_do_not_lie_over_each_other(sites: Sites) -> None:
    """Thirty plans in a heap: some names find no place, and those that do keep apart."""
    places = [block(60 * (i % 6), 60 * (i // 6), 50, 50) for i in range(30)]
    made = woongeo.screen(
        sites(places, woningen=list(range(30))),
        [woongeo.read_layer("geluid", frame([block(0, 900)]), coverage="nederland")],
        on=DAY,
    )
    sheet = plot_screening(made, labels=30)
    ax = sheet.figure.axes[0]
    names = [t for t in ax.texts if re.fullmatch(r"P\d+", t.get_text())]
    assert len(names) == sheet.labelled > 5
    # The largest goes first.
    assert "P29" in {t.get_text() for t in names}
    boxes = [t.get_window_extent() for t in names]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert not (a.x0 < b.x1 and a.x1 > b.x0 and a.y0 < b.y1 and a.y1 > b.y0)


@given(st.floats(0.011, 1e7))
def test_a_scale_bar_has_a_round_length_and_is_no_longer_than_asked(length: float) -> None:
    found = round_length(length)
    assert length / 2.51 <= found <= length * (1 + 1e-8)
    assert round(found / 10 ** np.floor(np.log10(found) + 1e-9)) in {1, 2, 5}


def test_a_name_without_room_is_not_written() -> None:
    figure = Figure(figsize=(1, 1), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    point = np.array([[0.5, 0.5]])
    everywhere = np.array([[0.0, 0.0, 100.0, 100.0]])
    assert place_labels(ax, renderer, point, ["naam"], everywhere) == 0
    assert len(ax.texts) == 0
    assert place_labels(ax, renderer, point, ["naam"], np.empty((0, 4))) == 1
    assert shapely.Point(ax.texts[0].get_position()).distance(shapely.Point(0.5, 0.5)) < 0.5
