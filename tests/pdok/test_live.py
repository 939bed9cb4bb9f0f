"""PDOK itself; only with WOONGEO_LIVE=1, on a machine with internet."""

from __future__ import annotations

import pytest
import shapely

from woongeo.pdok import Client
from woongeo.pdok.catalogue import embedded

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", embedded())
def test_every_address_of_the_catalogue(name: str) -> None:
    told = Client().check(name)
    assert told["goed"].all(), told["toelichting"].tolist()


def test_natura_2000() -> None:
    layer = Client().fetch("natura2000")
    assert 155 <= len(layer) <= 175
    assert layer.frame["nummer"].is_unique


def test_parcels_around_a_place() -> None:
    layer = Client().fetch("brp_gewaspercelen", around=shapely.Point(170_000, 450_000), reach_m=500)
    assert len(layer) > 0


def test_index_of_all_apis() -> None:
    assert len(Client().search("natura", live=True)) > 1


def test_place() -> None:
    found = Client().locate("Stationstuinen, Barendrecht")
    assert found["gemeente"].iloc[0] == "Barendrecht"


def test_nitrogen() -> None:
    found = Client().raster("stikstofdepositie")
    assert found.values.shape[0] > 250


def test_heights_and_backgrounds() -> None:
    box = (155_000.0, 463_000.0, 155_100.0, 463_100.0)
    assert Client().heights(box).known_share > 0
    for name in ("brt_grijs", "luchtfoto"):
        assert not Client().background(box, background=name).missing


def test_the_grid_by_postcode() -> None:
    found = Client().fetch("netcongestie_pc6", around=shapely.Point(155_000, 463_000), reach_m=500)
    assert found.frame["afname"].notna().any()
