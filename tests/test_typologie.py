"""What kind of location it is: by its place, its size, and what was said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import ColumnError, LocationError, RuleError, UnknownResultWarning

Sites = Callable[..., woongeo.Locations]


def town(**given: Any) -> woongeo.Layer:
    """Draw a built-up area of 1 km by 1 km, known 2 km around unless told otherwise."""
    given.setdefault("coverage", frame([block(-2_000, -2_000, 5_000, 5_000)]))
    return woongeo.read_layer("bebouwd_gebied", frame([block(0, 0, 1_000, 1_000)]), **given)


def test_inside_at_the_edge_and_in_the_open(sites: Sites) -> None:
    """Squares of 100 m: inside, 60 m and 40 m inside, touching, 50 m off, 51 m off."""
    rows = [(0, 0), (940, 200), (960, 400), (1_000, 600), (1_050, 800), (1_051, 0)]
    found = woongeo.typology(sites([block(x, y) for x, y in rows]), built_up=town())
    assert found["ligging"].tolist() == [
        *("binnen bebouwd gebied", "binnen bebouwd gebied"),
        *("aan de rand", "aan de rand", "aan de rand", "in het open gebied"),
    ]
    assert found["bebouwd_aandeel"].tolist() == pytest.approx([1, 0.6, 0.4, 0, 0, 0])
    assert found["bebouwd_afstand_m"].tolist() == pytest.approx([0, 0, 0, 0, 50, 51])
    assert found["ligging_reden"].tolist()[1] == "60 % ligt in bebouwd gebied (vanaf 50 %)"
    assert found["ligging_reden"].tolist()[5] == (
        "0 % ligt in bebouwd gebied; afstand 51 m (rand tot 50 m)"
    )
    half = woongeo.typology(sites([block(950, 0)]), built_up=town())
    assert half["ligging"].tolist() == ["binnen bebouwd gebied"]


def test_where_the_built_up_area_is_not_known_neither_is_the_place(sites: Sites) -> None:
    """Known is x up to 1,200: a site at 1,080 has 80 m known around it on one side only 20."""
    places = sites([block(0, 0), block(1_020, 200), block(1_080, 400), block(1_150, 600)])
    known = frame([block(-2_000, -2_000, 3_200, 5_000)])
    found = woongeo.typology(places, built_up=town(coverage=known))
    assert found["ligging"].tolist() == [
        # The second is at the edge whatever lies beyond; the third may be near something unknown;
        # half of the fourth is unknown.
        *("binnen bebouwd gebied", "aan de rand", "onbekend", "onbekend")
    ]
    assert "niet bekend" in found["ligging_reden"].iloc[3]
    nowhere = woongeo.read_layer("bebouwd_gebied", frame([block(0, 0, 1_000, 1_000)]))
    found = woongeo.typology(places, built_up=nowhere)
    assert found["ligging"].tolist() == ["binnen bebouwd gebied", *["onbekend"] * 3]
    with pytest.warns(UnknownResultWarning):
        empty = woongeo.read_layer("bebouwd_gebied", frame([]), coverage="nederland")
    for layer in (None, empty, woongeo.missing_layer("bebouwd_gebied", reason="niet geleverd")):
        found = woongeo.typology(places, built_up=layer)
        assert set(found["ligging"]) == {"onbekend"}
        assert all(found["ligging_reden"])
    across = woongeo.typology(places, built_up=town(coverage="nederland"))
    assert across["ligging"].tolist()[2:] == ["in het open gebied", "in het open gebied"]


def test_an_extension_of_12_homes_is_uitleg(sites: Sites) -> None:
    shapes = [block(0, 0), block(1_200, 0), block(1_200, 200)]
    places = sites(shapes, woningen=[500, 12, 11])
    found = woongeo.typology(places, built_up=town())
    assert found["uitbreiding"].tolist() == ["geen", "uitleg", "overig"]
    assert found["uitbreiding_reden"].iloc[1] == (
        "buiten bebouwd gebied, 12 woningen of meer; of de grond agrarisch was is niet nagegaan"
    )
    assert set(woongeo.typology(places)["uitbreiding"]) == {"onbekend"}


def test_size_by_the_lines_of_the_registers(sites: Sites) -> None:
    shapes = [block(0, 0, 1_000), block(0, 200, 1_000), block(0, 400, 1_000), block(0, 600, 1_000)]
    found = woongeo.typology(sites(shapes, woningen=[11, 12, 399, 400]))
    assert found["grootte"].tolist() == ["klein", "middel", "middel", "groot"]
    limits = woongeo.TypologyLimits(small_below=100, large_from=100)
    found = woongeo.typology(sites(shapes, woningen=[99, 100, 0, 1_000]), limits=limits)
    assert found["grootte"].tolist() == ["klein", "groot", "klein", "groot"]


def make(homes: Sequence[float | None], **columns: list[Any]) -> woongeo.Locations:
    """Make locations of 1 km² each, with columns of their own."""
    n = len(homes)
    shapes = [block(2_000 * i, 0, 1_000, 1_000) for i in range(n)]
    given = frame(
        shapes, plan_id=[f"P{i}" for i in range(n)], woningen=homes, planstatus=["3"] * n, **columns
    )
    return woongeo.read_locations(given)


def test_regionaal_grootschalig_by_what_a_location_lies_near() -> None:
    homes = [2_000, 1_999, 1_000, 400, 399, 1_500, 2_500, 5_000]
    near = [
        *("grote stad", "Grote stad", "centrumstad", "regiokern", "regiokern"),
        *("", "", "geen"),
    ]
    found = woongeo.typology(make(homes, stad=near), city_class="stad")
    assert found["regionaal_grootschalig"].tolist() == [
        *("ja", "nee", "ja", "ja", "nee", "onbekend", "ja", "nee")
    ]
    assert found["regionaal_grootschalig_reden"].iloc[2] == (
        "drempel bij een centrumstad is 1.000 woningen; aanwijzing door het kabinet is niet gegeven"
    )
    # Without a class only the lowest and the highest line say something.
    without = woongeo.typology(make([399, 400, 2_000]))
    assert without["regionaal_grootschalig"].tolist() == ["nee", "onbekend", "ja"]
    listed = woongeo.typology(make([10, 5_000]), grootschalig=["P0"])
    assert listed["regionaal_grootschalig"].tolist() == ["ja", "nee"]


def test_what_is_not_given_is_not_guessed() -> None:
    places = make([10, 10], flexwoningen=[10, 0], naam_plan=["Doorbraak", "x"])
    found = woongeo.typology(places)
    assert set(found["doorbraaklocatie"]) == set(found["flexwoningen"]) == {"onbekend"}
    assert found["flexwoningen_reden"].iloc[0] == "flexwoningen: niet opgegeven"


def test_columns_and_lists_are_taken_over() -> None:
    flex = ["ja", "Nee", "12", "0", "", None, "misschien"]
    places = make([10] * 7, flexwoningen=flex)
    found = woongeo.typology(places, flex="flexwoningen", doorbraak={"P1", "P6"})
    assert found["flexwoningen"].tolist() == [
        *("ja", "nee", "ja", "nee", "onbekend", "onbekend", "onbekend")
    ]
    assert found["flexwoningen_reden"].iloc[4] == "kolom flexwoningen is leeg"
    assert found["doorbraaklocatie"].tolist() == ["nee", "ja", *["nee"] * 4, "ja"]
    with pytest.raises(ColumnError, match="kolom 'flex' bestaat niet"):
        woongeo.typology(places, flex="flex")
    with pytest.raises(LocationError, match="locatie P9 bestaat niet"):
        woongeo.typology(places, doorbraak=["P9"])


def test_homes_that_are_not_known_make_kinds_unknown(sites: Sites) -> None:
    with pytest.warns(woongeo.WoongeoWarning):
        places = sites([block(1_200, 0)], woningen=[None])
    [found] = woongeo.typology(places, built_up=town()).to_dict("records")
    assert found["ligging"] == "in het open gebied"
    for name in ("uitbreiding", "grootte", "regionaal_grootschalig"):
        assert (found[name], found[f"{name}_reden"]) == (
            "onbekend",
            "aantal woningen is niet bekend",
        )


def test_a_site_that_cannot_be_measured_lies_nowhere(sites: Sites) -> None:
    with pytest.warns(woongeo.WoongeoWarning):
        places = sites([None, block(0, 0)])
    found = woongeo.typology(places, built_up=town())
    assert found["ligging"].tolist() == ["onbekend", "binnen bebouwd gebied"]
    assert found["ligging_reden"].iloc[0] == "vlak onbruikbaar: geen vlak ingetekend"
    assert np.isnan(found["bebouwd_aandeel"].iloc[0])


def test_kinds_are_columns_to_screen_and_to_add_up_by() -> None:
    """Inside 30 homes, in the open 50: both blocked by a layer over all."""
    shapes = [block(0, 0), block(1_300, 0)]
    places = woongeo.read_locations(
        frame(shapes, plan_id=["A", "B"], woningen=[30, 50], planstatus=["3", "3"])
    )
    table = woongeo.typology(places, built_up=town())
    more = woongeo.with_typology(places, table)
    assert len(places.frame.columns) + 14 == len(more.frame.columns)
    block_all = woongeo.read_layer(
        "x", frame([block(-500, -500, 3_000, 3_000)]), coverage="nederland"
    )
    done = woongeo.screen(more, [block_all])
    assert done.locaties["ligging"].tolist() == ["binnen bebouwd gebied", "in het open gebied"]
    summed = woongeo.summarize_plancapaciteit(done, by=["ligging"]).tabel
    rows = summed[summed["niveau"] == "ligging"].set_index("gebied")["belemmerd"]
    assert rows.to_dict() == {"binnen bebouwd gebied": 30, "in het open gebied": 50}
    with pytest.raises(ColumnError, match="staat al in de locaties"):
        woongeo.with_typology(more, table)
    with pytest.raises(LocationError, match="hoort bij andere locaties"):
        woongeo.with_typology(places, table.iloc[::-1])


@pytest.mark.parametrize(
    "fields", [{"inside_share": 0.0}, {"edge_m": -1.0}, {"small_below": 500.0}]
)
def test_limits_that_contradict_themselves_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(RuleError):
        woongeo.TypologyLimits(**fields)
