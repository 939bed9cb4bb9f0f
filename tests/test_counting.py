"""Which features of a layer can count: only those belong on a map as what stands in the way.

Blocks of 100 m beside each other, far from the one site but for the first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from conftest import block, frame
from drawn_rasters import write
from matplotlib.text import Text

import woongeo
from woongeo.judging import counting, shapes_that_count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Sites = Callable[..., woongeo.Locations]

BEFORE, AFTER = dt.date(2026, 6, 30), dt.date(2026, 7, 1)


def net(*classes: str) -> woongeo.Layer:
    """Lay areas of grid congestion beside each other, from west to east."""
    shapes = [block(100 * i, 0) for i in range(len(classes))]
    return woongeo.read_layer("netcongestie", frame(shapes, klasse=list(classes)))


def farms(**given: object) -> woongeo.Layer:
    """Lay three farms beside each other: of 49, of 50 and of an unknown number of goats."""
    made = frame([block(100 * i, 0, 10, 10) for i in range(3)], dieren=[49, 50, None])
    return woongeo.read_layer("geitenhouderijen", made, coverage="nederland", **given)  # type: ignore[arg-type]


def test_an_area_of_a_class_that_does_not_hinder_does_not_count() -> None:
    """From 1-7-2026 "beperkt" hinders, before it does not; what is not known may hinder."""
    layer = net("beschikbaar", "beperkt", "structureel", "onbekend", "iets nieuws")
    assert counting(layer, BEFORE).tolist() == [False, False, True, True, True]
    assert counting(layer, AFTER).tolist() == [False, True, True, True, True]


def test_a_feature_that_no_rule_selects_does_not_count() -> None:
    kinds = ["LIB 1", "LIB 4", "LIB 5", "toetsingsvlak", ""]
    shapes = [block(100 * i, 0) for i in range(5)]
    made = frame(shapes, zone=kinds)
    rule = woongeo.Rule(where={"zone": ("LIB 1", "LIB 4")})
    layer = woongeo.read_layer("eigen", made, coverage="nederland", rule=rule)
    # Of the one without a zone nobody can tell.
    assert counting(layer, AFTER).tolist() == [True, True, False, False, True]
    # A second rule that counts another feature brings it back.
    other = layer.with_rule(woongeo.Rule(where={"zone": ("LIB 5",)}), name="vijf")
    assert counting(other, AFTER).tolist() == [True, True, True, False, True]
    # One that is off, or does not hold yet, does not.
    off = woongeo.Rule(where={"zone": ("LIB 5",)}, on=False)
    later = replace(off, on=True, valid_from=dt.date(2027, 1, 1))
    for idle in (off, later):
        assert counting(layer.with_rule(idle, name="vijf"), AFTER).sum() == 3


def test_a_farm_with_too_few_animals_does_not_count() -> None:
    layer = farms()
    assert counting(layer, AFTER).tolist() == [False, True, True]
    shapes, told = shapes_that_count(layer, AFTER)
    assert len(shapes) == 2
    assert told == "1 object dat niet telt is niet getekend"


def test_nature_that_is_not_sensitive_to_nitrogen_does_not_count() -> None:
    """A mark that is missing counts as sensitive."""
    shapes = [block(100 * i, 0) for i in range(3)]
    made = frame(shapes, stikstofgevoelig=["ja", "nee", None])
    layer = woongeo.read_layer("stikstof", made, coverage="nederland")
    assert counting(layer, AFTER).tolist() == [True, False, True]


def test_of_a_layer_that_is_too_old_all_is_shown() -> None:
    rule = woongeo.Rule(where={"dieren": ("50",)}, max_age_days=1)
    layer = farms(rule=rule, reference_date=dt.date(2020, 1, 1))
    assert counting(layer, AFTER).all()
    assert shapes_that_count(layer, AFTER)[1] == ""


def test_a_layer_without_features_has_none_that_count() -> None:
    gone = woongeo.missing_layer("natura2000", reason="weg")
    shapes, told = shapes_that_count(gone, AFTER)
    assert (len(shapes), told) == (0, "")


@pytest.mark.parametrize(("on", "left"), [(BEFORE, 2), (AFTER, 1)])
def test_maps_draw_only_what_counts_and_say_what_is_left_out(
    sites: Sites, on: dt.date, left: int
) -> None:
    layer = net("structureel", "beperkt", "beschikbaar")
    done = woongeo.screen(sites([block(20, 20, 60, 60)]), [layer], on=on)
    page = woongeo.map_screening(done)
    html = page.get_root().render()
    what = {1: "object dat niet telt is", 2: "objecten die niet tellen zijn"}[left]
    assert f"({left} {what} niet getekend)" in html
    sheet = woongeo.plot_screening(done)
    texts = [t.get_text() for t in sheet.figure.findobj(Text) if isinstance(t, Text)]
    assert f"{left} {what} niet getekend" in " ".join(" ".join(texts).split())
    drawn = shapes_that_count(layer, on)[0]
    east = max(shape.bounds[2] for shape in drawn)
    assert np.isclose(east, layer.features.total_bounds[0] + 100 * (3 - left))


def test_a_layer_of_which_all_counts_says_nothing_of_what_is_left_out(sites: Sites) -> None:
    layer = net("structureel", "structureel")
    done = woongeo.screen(sites([block(20, 20, 60, 60)]), [layer], on=AFTER)
    assert "niet getekend" not in woongeo.map_screening(done).get_root().render()


def test_a_layer_without_shapes_is_not_called_one_of_which_nothing_is_known(
    sites: Sites, tmp_path: Path
) -> None:
    """A table and a raster are judged though nothing of them is drawn: one plan in cells of 1."""
    table = woongeo.read_table_layer(
        "ambtelijke_capaciteit",
        pd.DataFrame({"gemeente": ["Amsterdam"], "waarde": ["tekort"]}),
        value_column="waarde",
        location_column="plan_id",
    )
    tif = write(tmp_path / "slap.tif", np.ones((10, 10)), dtype="uint8")
    cells = woongeo.read_raster_layer("slappe_bodem", tif, coverage="nederland")
    with pytest.warns(woongeo.errors.UncertainRuleWarning):
        done = woongeo.screen(sites([block(120, 120, 60, 60)]), [table, cells], on=AFTER)
    assert done.counts("slappe_bodem")["belemmerd"] == 1
    html = woongeo.map_screening(done).get_root().render()
    assert "Ambtelijke capaciteit (tabel, niet getekend)" in html
    assert "Te slappe bodem (ja/nee) (raster, niet getekend)" in html
    assert "niets over te zeggen" not in html
    sheet = woongeo.plot_screening(done)
    texts = " ".join(t.get_text() for t in sheet.figure.findobj(Text) if isinstance(t, Text))
    assert "raster, niet getekend" in " ".join(texts.split())
