"""Nitrogen in Noord-Holland: figures that were measured apart from woongeo, with plain numpy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

import woongeo
from woongeo.errors import DoubtfulLocationWarning, UncertainRuleWarning
from woongeo.rules import StikstofRule
from woongeo.sources.raster import read_raster

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def plans(real_data: Path) -> woongeo.Locations:
    """Read 2,141 plans with 386,188 homes."""
    with pytest.warns(DoubtfulLocationWarning):
        return woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")


@pytest.fixture(scope="module")
def nature(real_data: Path) -> woongeo.Layer:
    """Read all 162 Natura 2000 sites, with the mark of the 27 that are not sensitive."""
    return woongeo.read_layer("stikstof", real_data / "natura2000" / "natura2000_162_rd.gpkg")


@pytest.fixture(scope="module")
def habitats(real_data: Path) -> woongeo.Layer:
    """Read 1,491 habitats of 2020 with their critical loads."""
    return woongeo.read_layer(
        "stikstof",
        real_data / "natura2000" / "habitattypen_kdw_2020.parquet",
        id_column="nr",
        name_column="habitat__2",
    )


def hindered(plans: woongeo.Locations, layer: woongeo.Layer, rule: StikstofRule) -> list[list[int]]:
    """Count plans and homes at three thresholds."""
    table = woongeo.stikstof_sensitivity(plans, layer, rule=rule, thresholds=[0.005, 0.1, 1.0])
    assert (table.filter(like="_plannen").sum(axis=1) == 2_141).all()
    assert (table.filter(like="_woningen").sum(axis=1) == 386_188).all()
    counts = table[["belemmerd_plannen", "belemmerd_woningen"]]
    return counts.astype(int).to_numpy().tolist()


def test_nitrogen_against_all_natura_2000(plans: woongeo.Locations, nature: woongeo.Layer) -> None:
    assert hindered(plans, nature, StikstofRule()) == [
        [1_657, 382_363],
        [675, 263_981],
        [221, 124_906],
    ]


def test_nitrogen_without_the_sites_that_are_not_sensitive(
    plans: woongeo.Locations, nature: woongeo.Layer
) -> None:
    marks = nature.features["stikstofgevoelig"].value_counts().to_dict()
    assert marks == {"True": 128, "False": 32, "": 2}
    rule = nature.rule
    assert isinstance(rule, StikstofRule)
    assert hindered(plans, nature, rule) == [[1_507, 379_431], [453, 227_124], [132, 95_969]]


def test_nitrogen_against_habitats(plans: woongeo.Locations, habitats: woongeo.Layer) -> None:
    assert hindered(plans, habitats, StikstofRule()) == [
        [1_214, 368_826],
        [214, 189_002],
        [40, 73_983],
    ]
    assert habitats.features["critical_d"].agg(["min", "max"]).tolist() == [429, 2_399]


def test_nitrogen_in_a_screening(plans: woongeo.Locations, nature: woongeo.Layer) -> None:
    rule = nature.rule
    assert isinstance(rule, StikstofRule)
    every = replace(rule, not_sensitive=None)
    done = woongeo.screen(plans, [nature], rules={"stikstof": every})
    assert done.counts("stikstof") == {"belemmerd": 1_657, "onbekend": 0, "vrij": 484}
    assert done.homes("stikstof")["belemmerd"] == 382_363
    table = done.locaties
    assert table["stikstof_afstand_m"].median() == pytest.approx(3_276.4, abs=0.05)
    fit = table["stikstof_woningen_onder_drempel"]
    verdict = table["stikstof_oordeel"]
    assert ((table["woningen"] > fit) == (verdict == "belemmerd")).all()
    assert (table["stikstof_objecten"] != "").all()


def test_an_even_background_exceeds_every_critical_load_by_its_own(
    plans: woongeo.Locations, habitats: woongeo.Layer, tmp_path: Path
) -> None:
    """1,000 mol everywhere: a habitat of 429 is 571 above, one of 2,399 is 1,399 below."""
    path = tmp_path / "achtergrond.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=600,
        width=400,
        count=1,
        dtype="float32",
        crs="EPSG:28992",
        transform=rasterio.Affine(1_000, 0, -50_000, 0, -1_000, 900_000),
    ) as file:
        file.write(np.full((1, 600, 400), 1_000, dtype="float32"))
    told = woongeo.with_exceedance(habitats, read_raster(path))
    exceedance = told.features["overschrijding_mol_ha_j"]
    np.testing.assert_allclose(exceedance, 1_000 - habitats.features["critical_d"])
    rule = replace(habitats.rules["overbelast"], on=True)
    with pytest.warns(UncertainRuleWarning):
        done = woongeo.screen(plans, [told], rules={"stikstof": rule})
    few = done.counts("stikstof")
    assert few["onbekend"] == 0
    assert 0 < few["belemmerd"] < 1_214
