"""Noord-Holland on a cluster of two processes: the same as on one computer, to the last bit."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from distributed import Client
from drawn_scenes import DAY, same
from test_cluster import started

import woongeo
from woongeo.screening import cluster as door

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning"),
]


def layers(data: Path) -> list[woongeo.Layer]:
    """Read layers of every kind of rule."""
    nature = data / "natura2000" / "natura2000_162_rd.gpkg"
    raster, areas = data / "raster", data / "gebieden"
    mean = woongeo.RasterRule(statistic="gemiddelde", above=3, lowest=0, unit="ug/m3")
    gemeenten = woongeo.read_coverage(areas / "cbs_gemeenten_2022_rd.gpkg")
    return [
        woongeo.read_layer("natura2000", nature).turned_on("250m", "1km"),
        woongeo.read_layer("stikstof", nature),
        woongeo.read_layer(
            "habitats",
            data / "natura2000" / "habitattypen_kdw_2020.parquet",
            id_column="nr",
            name_column="habitat__2",
            coverage=gemeenten,
            rule=woongeo.StikstofRule(),
        ),
        woongeo.read_netcongestie(data / "netcongestie" / "pc4_congestie_2026_rd.gpkg"),
        woongeo.read_aansluitstop(
            areas / "cbs_provincies_2022_rd.gpkg",
            names=["Flevoland", "Gelderland", "Utrecht"],
            from_date=dt.date(2026, 7, 1),
        ),
        woongeo.read_raster_layer("slappe_bodem", raster / "te_slappe_bodem_100m.tif"),
        woongeo.read_raster_layer(
            "ammoniak", raster / "conc_nh3_2023_1km.asc", crs="EPSG:28992", rule=mean
        ),
        woongeo.read_spuitzones(data / "gewassen" / "brpgewaspercelen_100_2023.gpkg"),
        woongeo.missing_layer("nnn", reason="niet geleverd"),
    ]


def test_real_plans_and_layers_give_equal_bits(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2,141 plans in nine parts."""
    monkeypatch.setattr(door, "SITES", 250)
    plans = woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")
    against = layers(real_data)
    alone = woongeo.screen(plans, against, on=DAY)
    with started() as cluster, Client(cluster) as client:
        same(alone, woongeo.screen(plans, against, on=DAY, client=client))
