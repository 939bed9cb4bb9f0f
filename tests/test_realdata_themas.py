"""All themes on the plans of Noord-Holland: the figures of docs/noord-holland.md.

Those of Natura 2000, of nitrogen and of the two masks were measured apart from woongeo too, with
plain shapely and numpy: distances to the nearest area, and plans cut with the cells of a mask.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

import woongeo
from woongeo.errors import WoongeoWarning
from woongeo.rules import StikstofRule

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 22)
PLANS, HOMES = 2_141, 386_188

Row = tuple[int, int, int, int, int, int]


def page() -> dict[str, Row]:
    """Read the table of the page: per theme plans and homes belemmerd, onbekend and vrij."""
    text = (ROOT / "docs" / "noord-holland.md").read_text(encoding="utf-8")
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        pairs = [re.fullmatch(r"([\d.]+) \(([\d.]+)\)", cell) for cell in cells[2:]]
        if len(pairs) == 3 and all(pairs):
            found = [int(n.replace(".", "")) for p in pairs if p for n in p.groups()]
            rows[cells[0].replace("`", "")] = tuple(found)
    return rows  # type: ignore[return-value]


def test_each_row_of_the_page_counts_every_plan_and_every_home_once() -> None:
    rows = page()
    assert len(rows) == 18
    for theme, row in rows.items():
        assert sum(row[::2]) == PLANS, theme
        assert sum(row[1::2]) == HOMES, theme


def test_every_theme_of_the_page_is_in_the_catalogue() -> None:
    keys = {theme.split(",")[0] for theme in page()}
    assert keys <= set(woongeo.default_catalogue().rules())


@pytest.fixture(scope="module")
def plans(real_data: Path) -> woongeo.Locations:
    """Read the plans of 2020."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")


@pytest.fixture(scope="module")
def layers(real_data: Path) -> list[woongeo.Layer]:
    """Read every theme of which there is data, and one of which there is none."""
    nature = real_data / "natura2000" / "natura2000_162_rd.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return [
            woongeo.read_layer("natura2000", nature).turned_on("250m", "1km"),
            woongeo.read_layer("stikstof", nature),
            woongeo.read_netcongestie(real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg"),
            woongeo.read_aansluitstop(
                real_data / "gebieden" / "cbs_provincies_2022_rd.gpkg",
                names=["Flevoland", "Gelderland", "Utrecht"],
                from_date=dt.date(2026, 7, 1),
            ),
            woongeo.read_raster_layer(
                "overstromingsgebied", real_data / "raster" / "overstromingsgebieden_100m.tif"
            ),
            woongeo.read_raster_layer(
                "slappe_bodem", real_data / "raster" / "te_slappe_bodem_100m.tif"
            ),
            woongeo.read_spuitzones(real_data / "gewassen" / "brpgewaspercelen_100_2023.gpkg"),
            woongeo.missing_layer("nnn", reason="niet geleverd"),
        ]


@pytest.fixture(scope="module")
def screening(plans: woongeo.Locations, layers: list[woongeo.Layer]) -> woongeo.Screening:
    """Screen against all of them at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        return woongeo.screen(plans, layers, on=DAY)


def row_of(screening: woongeo.Screening, key: str) -> Row:
    """Give plans and homes of each verdict."""
    counts, homes = screening.counts(key), screening.homes(key)
    return tuple(int(n) for o in counts for n in (counts[o], homes[o]))  # type: ignore[return-value]


@pytest.mark.real
def test_the_themes_are_as_the_page_says(screening: woongeo.Screening) -> None:
    told = page()
    for key in ("natura2000", "natura2000_250m", "natura2000_1km", "netcongestie", "aansluitstop",
                "overstromingsgebied", "slappe_bodem", "spuitzones", "nnn"):  # fmt: skip
        assert row_of(screening, key) == told[key], key
    assert row_of(screening, "stikstof") == told["stikstof, 0,005 mol"]


@pytest.mark.real
def test_nitrogen_is_as_the_page_says(
    plans: woongeo.Locations, layers: list[woongeo.Layer], real_data: Path
) -> None:
    told, nature = page(), layers[1]
    rule = nature.rule
    assert isinstance(rule, StikstofRule)
    habitats = woongeo.read_layer(
        "stikstof",
        real_data / "natura2000" / "habitattypen_kdw_2020.parquet",
        id_column="nr",
        name_column="habitat__2",
    )
    kinds = {
        "": (nature, rule),
        ", alle gebieden": (nature, replace(rule, not_sensitive=None)),
        ", habitats": (habitats, rule),
    }
    for kind, (layer, judged) in kinds.items():
        table = woongeo.stikstof_sensitivity(plans, layer, rule=judged, on=DAY)
        figures = table.drop(columns="drempel_mol_ha_j").astype(int).to_numpy().tolist()
        for threshold, found in zip(("0,005", "0,1", "1,0"), figures, strict=True):
            assert tuple(found) == told[f"stikstof, {threshold} mol{kind}"]


@pytest.mark.real
def test_where_the_rules_look_the_unknown_is_never_free(screening: woongeo.Screening) -> None:
    """One layer of which nothing is known leaves no plan free, and no square metre."""
    assert screening.counts()["vrij"] == 0
    assert screening.locaties["vrij_m2"].sum() < 1
    assert (screening.treffers["reden"] != "").all()


@pytest.mark.real
def test_all_of_it_is_drawn(screening: woongeo.Screening) -> None:
    """Nature that nitrogen does not harm is left out, 32 areas of 162."""
    html = woongeo.map_screening(screening).get_root().render()
    assert "Stikstof (bouwfase) (32 objecten die niet tellen zijn niet getekend)" in html
    assert woongeo.plot_screening(screening).figure.axes
