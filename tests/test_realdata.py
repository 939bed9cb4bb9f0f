"""Noord-Holland, with all the dirt of a real register.

The figures were measured apart from woongeo, with plain geopandas.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import woongeo
from woongeo.errors import (
    DoubtfulLocationWarning,
    RepairedGeometryWarning,
    UnknownResultWarning,
    WoongeoWarning,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def plans(real_data: Path) -> woongeo.Locations:
    """Read 2,141 plans, by the names that the issue of the register gave its columns."""
    with pytest.warns(DoubtfulLocationWarning):
        return woongeo.read_locations(
            real_data / "plannen" / "eib_noord_holland_2020",
            id_column="OBJECTID",
            name_column="Plannaam",
            woningen_column="Aantalrest",
            planstatus_column="Planstatus",
        )


@pytest.fixture(scope="module")
def natura2000(real_data: Path) -> woongeo.Layer:
    """Read all 162 sites, repaired."""
    return woongeo.read_layer("natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg")


@pytest.fixture(scope="module")
def screening(plans: woongeo.Locations, natura2000: woongeo.Layer) -> woongeo.Screening:
    """Screen the plans against Natura 2000."""
    return woongeo.screen(plans, [natura2000])


@pytest.fixture(scope="module")
def regions(real_data: Path) -> list[woongeo.Regions]:
    """Read gemeenten and provincies of 2022."""
    gebieden = real_data / "gebieden"
    return [
        woongeo.read_regions(
            "gemeente", gebieden / "cbs_gemeenten_2022_rd.gpkg", name_column="gemeente"
        ),
        woongeo.read_regions(
            "provincie", gebieden / "cbs_provincies_2022_rd.gpkg", name_column="provincie"
        ),
    ]


def test_columns_are_recognised_as_the_register_means_them(
    plans: woongeo.Locations, real_data: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        found = woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")
    assert found.columns == plans.columns
    pd.testing.assert_frame_equal(found.frame, plans.frame)


def test_plans_against_natura_2000(screening: woongeo.Screening) -> None:
    table = screening.locaties
    touched = screening.geraakt["natura2000"]
    distance = table["natura2000_afstand_m"]
    assert (touched.sum(), table["woningen"][touched].sum()) == (15, 1_476)
    assert screening.counts() == {"belemmerd": 12, "onbekend": 0, "vrij": 2_129}
    assert table["natura2000_overlap_m2"].sum() == pytest.approx(67_707.1, abs=0.1)
    assert [(distance <= d).sum() for d in (250, 1_000, 25_000)] == [153, 493, 2_141]
    assert distance.median() == pytest.approx(3_276.4, abs=0.05)
    expected = table["woningen"] * table["natura2000_overlap_aandeel"]
    assert expected.sum() == pytest.approx(42.2, abs=0.05)


def test_overlap_is_that_of_a_plain_geopandas_overlay(
    screening: woongeo.Screening, natura2000: woongeo.Layer
) -> None:
    plans = screening.locaties[["locatie_id", "geometry"]]
    cut = gpd.overlay(plans, natura2000.features, how="intersection", keep_geom_type=True)
    expected = cut.dissolve("locatie_id").geometry.area
    found = screening.locaties.set_index("locatie_id")["natura2000_overlap_m2"]
    np.testing.assert_allclose(found[expected.index], expected, rtol=1e-9)
    assert found.drop(expected.index).sum() == 0


def test_distance_is_that_of_plain_geopandas(
    screening: woongeo.Screening, natura2000: woongeo.Layer
) -> None:
    sample = screening.locaties.iloc[::60]
    nearest = gpd.sjoin_nearest(sample, natura2000.features, distance_col="d")
    expected = nearest.groupby(level=0)["d"].min()
    np.testing.assert_allclose(sample["natura2000_afstand_m"], expected, atol=1e-6)


def test_homes_add_up_whatever_the_regions(
    screening: woongeo.Screening, regions: list[woongeo.Regions]
) -> None:
    table = woongeo.summarize_plancapaciteit(screening, by=[*regions, "Gem_naam"]).tabel
    sums = table.groupby("niveau")[
        ["woningen", "hard", "zacht", "status_onbekend", "plannen"]
    ].sum()
    for level in ("gemeente", "provincie", "Gem_naam", "totaal"):
        assert list(sums.loc[level]) == [386_188, 93_263, 292_224, 701, 2_141]
    expected = table.groupby("niveau")["natura2000_verwacht"].sum()
    np.testing.assert_allclose(expected, 42.2084, atol=1e-4)
    assert set(table.groupby("niveau")["natura2000_max"].sum()) == {1_476}


def test_the_published_file_with_invalid_shapes_gives_the_same_verdicts(
    plans: woongeo.Locations, natura2000: woongeo.Layer, real_data: Path
) -> None:
    path = real_data / "natura2000" / "natura2000_160_wgs84_zoals_gepubliceerd.gpkg"
    with pytest.warns(RepairedGeometryWarning, match="36 vlakken hersteld"):
        published = woongeo.read_layer("natura2000", path)
    assert published.source is not None
    assert published.source.conversion.source == "EPSG:4326"
    assert len(published.report.of_check("geometrie hersteld")) == 36
    # The two files share 160 sites; the other holds two more, at sea.
    both = set(published.features["object_id"])
    rows = natura2000.features["object_id"].isin(both)
    assert rows.sum() == len(both) == 160
    same = woongeo.read_layer(
        "natura2000",
        natura2000.features[rows].rename(columns={"object_id": "nr", "object_naam": "naam"}),
    )
    one, other = (woongeo.screen(plans, [layer]) for layer in (published, same))
    assert one.treffers["oordeel"].tolist() == other.treffers["oordeel"].tolist()
    assert one.treffers["objecten"].tolist() == other.treffers["objecten"].tolist()
    # Without PROJ's grid the conversion is good to a metre; it comes to less here.
    shift = one.locaties["natura2000_afstand_m"] - other.locaties["natura2000_afstand_m"]
    assert shift.abs().max() < 1


def test_outside_the_congestion_map_nothing_is_free(
    plans: woongeo.Locations, real_data: Path
) -> None:
    # As a map like any other, each area whole: who reads it so is told which function knows better.
    with pytest.warns(UnknownResultWarning, match="read_netcongestie"):
        congestion = woongeo.read_layer(
            "netcongestie", real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg"
        )
    screening = woongeo.screen(plans, [congestion])
    assert screening.counts() == {"belemmerd": 35, "onbekend": 2_106, "vrij": 0}
    assert screening.locaties["vrij_m2"].sum() < 1


def test_all_of_it_goes_to_files_and_back(
    screening: woongeo.Screening, regions: list[woongeo.Regions], tmp_path: Path
) -> None:
    capacity = woongeo.summarize_plancapaciteit(screening, by=regions)
    webmap = woongeo.map_screening(screening)
    paths = woongeo.export_screening(
        screening, folder=tmp_path, plancapaciteit=capacity, webmap=webmap
    )
    assert [p.name for p in paths] == [
        "locaties.gpkg",
        "locaties.qml",
        "treffers.csv",
        "capaciteit.csv",
        "kaart.html",
        "manifest.json",
    ]
    back = gpd.read_file(tmp_path / "locaties.gpkg", layer="locaties")
    assert len(back) == 2_141
    assert back["woningen"].sum() == 386_188
    assert back["Planstatus_invoer"].tolist() == (screening.locaties["Planstatus_invoer"].tolist())
    assert (tmp_path / "kaart.html").stat().st_size < 5_000_000
