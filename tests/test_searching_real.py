"""What is left of Noord-Holland, by real layers.

The areas were measured apart from woongeo, with one plain difference in shapely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

import woongeo

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def province(real_data: Path) -> woongeo.Regions:
    """Read the provinces."""
    path = real_data / "gebieden" / "cbs_provincies_2022_rd.gpkg"
    return woongeo.read_regions("provincie", path, name_column="provincie")


@pytest.fixture(scope="module")
def natura2000(real_data: Path) -> woongeo.Layer:
    """Read Natura 2000."""
    return woongeo.read_layer(
        "natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg", coverage="nederland"
    )


def test_noord_holland_without_natura_2000(
    province: woongeo.Regions, natura2000: woongeo.Layer
) -> None:
    found = woongeo.find_sites(province, [natura2000], only=["Noord-Holland"])
    last = found.balans.iloc[-1]
    assert last["oppervlakte_m2"] == pytest.approx(2_864_021_657.695, abs=1)
    assert last["vrij_m2"] == pytest.approx(2_508_472_080.376, abs=1)
    assert last["onbekend_m2"] == pytest.approx(0, abs=1e-3)
    assert found.counts() == {"belemmerd": 0, "onbekend": 0, "vrij": 125}
    assert shapely.is_valid(found.locaties.geometry.to_numpy()).all()
    cells = woongeo.find_sites(province, [natura2000], only=["Noord-Holland"], cell_m=50)
    edge = float(found.locaties.length.sum())
    assert abs(cells.balans.iloc[-1]["vrij_m2"] - last["vrij_m2"]) < edge * 50
    there = shapely.union_all(cells.locaties.geometry.to_numpy())
    # Where two circles of a cell and the least width fit, cells find ground too.
    roomy = found.locaties[~found.locaties.buffer(-75).is_empty]
    assert roomy.intersects(there).all()


def test_what_is_free_of_habitats_by_distance_is_so_in_a_screening(
    real_data: Path, province: woongeo.Regions
) -> None:
    # Habitats have outlines of a hundred thousand corners: GEOS draws their zones centimetres too
    # narrow here and there.
    where = (100_000, 490_000, 130_000, 520_000)
    path = real_data / "natura2000" / "habitattypen_kdw_2020.parquet"
    habitats = gpd.read_parquet(path).to_crs(28992).cx[where[0] : where[2], where[1] : where[3]]
    layer = woongeo.read_layer(
        "habitat", habitats, coverage="nederland", rule=woongeo.Rule(within_m=250)
    )
    clipped = gpd.GeoDataFrame(
        geometry=province.frame.geometry[province.frame["gebied"] == "Noord-Holland"]
    ).clip(where)
    found = woongeo.find_sites(clipped, [layer])
    assert len(found) > 1
    screening = woongeo.screen(found.locations("vrij"), [layer])
    assert screening.counts() == {"belemmerd": 0, "onbekend": 0, "vrij": len(found)}
