"""Laws of search areas, on random pages of squares and stars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
import shapely.affinity
from conftest import block, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from test_searching import AROUND, PAGE, layer, page

import woongeo

if TYPE_CHECKING:
    import random

Shapes = list[shapely.Geometry]

whole = st.integers(0, 1_000)


@st.composite
def surface(draw: st.DrawFn) -> shapely.Geometry:
    """Draw a rectangle or a triangle on and over the edge of the page."""
    x, y = draw(whole), draw(whole)
    wide, high = draw(st.integers(20, 500)), draw(st.integers(20, 500))
    box = block(x - 200, y - 200, wide, high)
    if draw(st.booleans()):
        return box
    corners = [*box.exterior.coords][:3]
    return shapely.Polygon(corners)


surfaces = st.lists(surface(), min_size=0, max_size=6)
widths = st.sampled_from([None, 10.0, 33.3, 120.0])
known = st.one_of(st.none(), st.lists(surface(), min_size=1, max_size=3))


def rules_of(
    shapes: Shapes, near: Shapes, width: float | None, covered: Shapes | None
) -> list[woongeo.Layer]:
    """Make a layer by overlap, known in part, and one by distance."""
    coverage = AROUND if covered is None else frame(covered)
    return [
        layer(shapes, "een", coverage=coverage),
        layer(near, "twee", coverage=AROUND, within_m=width),
    ]


def search(rules: list[woongeo.Layer], **wishes: object) -> woongeo.Zoekgebieden:
    """Search the page for ground of any size."""
    all_of_it: dict[str, object] = {"min_m2": 0, "min_width_m": 0} | wishes
    return woongeo.find_sites(page(), rules, **all_of_it)  # type: ignore[arg-type]


@given(shapes=surfaces, near=surfaces, width=widths, covered=known)
@settings(max_examples=40, deadline=None)
def test_every_square_metre_is_taken_unknown_or_free(
    shapes: Shapes, near: Shapes, width: float | None, covered: Shapes | None
) -> None:
    found = search(rules_of(shapes, near, width, covered))
    last = found.balans.iloc[-1]
    assert last["belemmerd_m2"] + last["onbekend_m2"] + last["vrij_m2"] == pytest.approx(1e6)
    # Without a least width or area, search areas are all ground that is not taken.
    assert last["zoekgebied_vrij_m2"] == pytest.approx(last["vrij_m2"], abs=0.1)
    assert last["zoekgebied_onbekend_m2"] == pytest.approx(last["onbekend_m2"], abs=0.1)
    assert found.zeef["neemt_m2"].sum() == pytest.approx(last["belemmerd_m2"])


@given(shapes=surfaces, near=surfaces, covered=known)
@settings(max_examples=40, deadline=None)
def test_it_is_what_the_plain_definitions_say(
    shapes: Shapes, near: Shapes, covered: Shapes | None
) -> None:
    found = search(rules_of(shapes, near, None, covered), tile_m=300)
    taken = shapely.intersection(PAGE, shapely.union_all([*shapes, *near]))
    rest = shapely.difference(PAGE, taken)
    free = rest if covered is None else shapely.intersection(rest, shapely.union_all(covered))
    last = found.balans.iloc[-1]
    assert last["belemmerd_m2"] == pytest.approx(taken.area, abs=0.1)
    assert last["vrij_m2"] == pytest.approx(free.area, abs=0.1)
    areas = found.locaties[found.locaties["oordeel"] == "vrij"].geometry
    assert shapely.union_all(areas).symmetric_difference(free).area < 0.1
    # A hair of less than a square decimetre is no area.
    parts = [p for p in shapely.get_parts(free) if p.area > 0.02]
    assert int((areas.area > 0.02).sum()) == len(parts)


@given(shapes=surfaces, near=surfaces, width=widths, covered=known, least=st.sampled_from([0, 30]))
@settings(max_examples=40, deadline=None)
def test_search_areas_lie_apart_and_outside_every_zone(
    shapes: Shapes, near: Shapes, width: float | None, covered: Shapes | None, least: float
) -> None:
    found = search(rules_of(shapes, near, width, covered), min_width_m=least, tile_m=400)
    areas = found.locaties.geometry.to_numpy()
    assert shapely.is_valid(areas).all()
    assert shapely.area(areas).sum() == pytest.approx(shapely.union_all(areas).area, abs=1e-3)
    assert float(np.sum(shapely.area(shapely.difference(areas, PAGE)))) < 1e-3
    if len(areas) and shapes:
        inside = shapely.intersection(areas, shapely.union_all(shapes))
        assert float(np.sum(shapely.area(inside))) < 1e-3
    if len(areas) and near and width is not None:
        assert shapely.distance(areas, shapely.union_all(near)).min() > width


@given(shapes=surfaces, near=surfaces, width=widths, covered=known)
@settings(max_examples=40, deadline=None)
def test_what_is_free_is_free_in_a_screening_by_the_same_rules(
    shapes: Shapes, near: Shapes, width: float | None, covered: Shapes | None
) -> None:
    rules = rules_of(shapes, near, width, covered)
    found = search(rules, min_m2=100)
    if found.counts()["vrij"]:
        counts = woongeo.screen(found.locations("vrij"), rules).counts()
        assert (counts["belemmerd"], counts["onbekend"]) == (0, 0)
    if found.counts()["onbekend"]:
        counts = woongeo.screen(found.locations("onbekend"), rules).counts()
        assert (counts["belemmerd"], counts["vrij"]) == (0, 0)


@given(
    shapes=surfaces,
    near=surfaces,
    width=widths,
    covered=known,
    tile=st.sampled_from([100, 130, 250, 700]),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_neither_tiles_nor_order_show(
    shapes: Shapes,
    near: Shapes,
    width: float | None,
    covered: Shapes | None,
    tile: int,
    order: random.Random,
) -> None:
    rules = rules_of(shapes, near, width, covered)
    one = search(rules, min_m2=1)
    mixed = rules_of(
        order.sample(shapes, len(shapes)),
        order.sample(near, len(near)),
        width,
        None if covered is None else order.sample(covered, len(covered)),
    )
    other = search(mixed[::-1], min_m2=1, tile_m=tile)
    assert other.locaties["oordeel"].tolist() == one.locaties["oordeel"].tolist()
    a, b = one.locaties.geometry.to_numpy(), other.locaties.geometry.to_numpy()
    np.testing.assert_allclose(shapely.area(b), shapely.area(a), atol=0.1)
    assert float(np.sum(shapely.area(shapely.symmetric_difference(a, b)))) < 0.1


def test_no_corner_is_left_where_a_tile_ended() -> None:
    # Tiles of 130 m cut these slanting squares in many places.
    slanting = [
        shapely.affinity.rotate(block(x, y, 150, 150), 17 + x / 50)
        for x in range(0, 1_000, 240)
        for y in range(0, 1_000, 230)
    ]
    one, other = (search([layer(slanting)], tile_m=tile) for tile in (5_000, 130))
    a, b = one.locaties.geometry.to_numpy(), other.locaties.geometry.to_numpy()
    assert shapely.get_num_coordinates(b).tolist() == shapely.get_num_coordinates(a).tolist()
    assert shapely.equals_exact(a, b, tolerance=1e-6).all()


@given(shapes=surfaces, near=surfaces, width=widths, more=surfaces)
@settings(max_examples=40, deadline=None)
def test_more_constraints_never_leave_more(
    shapes: Shapes, near: Shapes, width: float | None, more: Shapes
) -> None:
    rules = rules_of(shapes, near, width, None)
    before = search(rules).balans.iloc[-1]
    after = search([*rules, layer(more, "drie")]).balans.iloc[-1]
    assert after["vrij_m2"] <= before["vrij_m2"] + 0.1


@given(shapes=surfaces, near=surfaces, width=widths, covered=known)
@settings(max_examples=40, deadline=None)
def test_cells_agree_with_shapes_to_the_size_of_a_cell(
    shapes: Shapes, near: Shapes, width: float | None, covered: Shapes | None
) -> None:
    cell = 10.0
    rules = rules_of(shapes, near, width, covered)
    exact, cells = search(rules), search(rules, cell_m=cell)
    for verdict in ("vrij", "onbekend"):
        mine = exact.locaties[exact.locaties["oordeel"] == verdict]
        theirs = cells.locaties[cells.locaties["oordeel"] == verdict]
        edge = float(mine.length.sum()) + 8 * cell
        assert abs(mine.area.sum() - theirs.area.sum()) <= edge * cell
        # An area in which a circle of two cells fits holds the centre of one.
        roomy = mine[~mine.buffer(-cell).is_empty]
        there = shapely.union_all(theirs.geometry.to_numpy())
        assert roomy.intersects(there).all()
        away = there.difference(shapely.union_all(mine.geometry.to_numpy()).buffer(cell))
        assert away.area < 1e-6


@given(
    layers=st.lists(
        st.tuples(st.sampled_from(["Geluid", "geluid", "Water"]), surfaces, known),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None)
def test_unknown_ground_is_told_of_the_layers_that_do_not_know_it(
    layers: list[tuple[str, Shapes, Shapes | None]],
) -> None:
    """Whatever the titles: by name each layer whose coverage leaves out some of it, no other."""
    rules = [
        layer(shapes, f"l{i}", title=title, coverage=AROUND if covered is None else frame(covered))
        for i, (title, shapes, covered) in enumerate(layers)
    ]
    found = search(rules).locaties
    titles = [title.lower() for title, _, _ in layers]
    for area, verdict, reason in found[["geometry", "oordeel", "reden"]].itertuples(index=False):
        if verdict == "vrij":
            continue
        told = reason.removesuffix(": hier is van de laag niet alles bekend")
        named = told.split(": hier is van de laag niet alles bekend; ")
        left_out = 0
        for i, (title, _, covered) in enumerate(layers):
            missing = shapely.difference(area, shapely.union_all(covered or [PAGE])).area
            name = f"{title} (l{i})" if titles.count(title.lower()) > 1 else title
            # Between these it is noise of corners.
            if missing > 0.1:
                assert name in named
            elif missing < 0.001:
                assert name not in named
            left_out += missing >= 0.001
        assert 0 < len(named) <= left_out
