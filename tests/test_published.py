"""A file in the form in which it is published says so, where `read_layer` would take it whole."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pyogrio
import pytest
from conftest import block, frame

import woongeo
from woongeo.catalogue import LayerSpec, default_catalogue
from woongeo.errors import UnknownResultWarning
from woongeo.netcongestie import holds_classes
from woongeo.published import better_read, voice_better_read

if TYPE_CHECKING:
    from pathlib import Path

NET = default_catalogue().spec("netcongestie")
LISTED = ["pc4", "inwoners", "focusgebied", "n_pc6"]


def test_a_list_of_postcodes_that_was_brought_to_areas_is_recognised() -> None:
    told = better_read(NET, LISTED, [])
    assert told.startswith("kolommen focusgebied, n_pc6 horen bij wat van netcongestie")
    assert told.endswith("lees dit bestand met read_netcongestie")


@pytest.mark.parametrize("columns", [["PC4", "Focusgebied"], [" n_pc6"], ["N_PC6", "naam"]])
def test_however_its_columns_are_spelled(columns: list[str]) -> None:
    assert "read_netcongestie" in better_read(NET, columns, [])


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        # A map of congestion without classes: all of it is congested, and nobody knows better.
        (["nr", "naam"], []),
        # It says itself which class each area has.
        ([*LISTED, "klasse"], ["klasse"]),
        # Under another name, which the user gave.
        ([*LISTED, "mijn_klasse"], ["klasse"]),
        ([], []),
    ],
)
def test_other_files_are_left_alone(columns: list[str], taken: list[str]) -> None:
    assert better_read(NET, columns, taken) == ""


def test_without_a_reader_or_columns_nothing_is_known() -> None:
    assert better_read(LayerSpec(key="x", title="x", published_columns=("nr",)), ["nr"], []) == ""
    assert better_read(LayerSpec(key="x", title="x", reader="read_x"), ["nr"], []) == ""


def test_it_is_voiced_at_the_line_of_the_caller() -> None:
    with pytest.warns(UnknownResultWarning, match=r"kaart\.gpkg: kolommen .*\.$") as voiced:
        voice_better_read(NET, LISTED, [], "kaart.gpkg", stacklevel=1)
    assert voiced[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        voice_better_read(NET, ["nr"], [], "kaart.gpkg", stacklevel=1)


def test_what_is_recognised_is_what_the_reader_takes_in_part() -> None:
    """4,000 people and 1 listed postcode: the reader does not call all of that area congested."""
    drawn = frame([block(0, 0)], pc4=[1000], inwoners=[4_000], focusgebied=["Noord"], n_pc6=[1])
    assert holds_classes(drawn)
    assert better_read(NET, list(drawn.columns), [])
    assert woongeo.read_netcongestie(drawn).features["klasse"].tolist() == ["gemengd"]


def test_a_catalogue_of_the_user_may_say_so_too(tmp_path: Path) -> None:
    path = tmp_path / "lagen.toml"
    text = '[eigen]\ntitle = "Eigen"\nreader = "lees_eigen"\npublished_columns = ["lijst"]\n'
    path.write_text(text, encoding="utf-8")
    spec = woongeo.read_catalogue(path).spec("eigen")
    assert better_read(spec, ["Lijst"], []).endswith("met lees_eigen")


@pytest.mark.real
def test_the_published_list_brought_to_pc4_is_recognised(real_data: Path) -> None:
    path = real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg"
    assert better_read(NET, list(pyogrio.read_info(path)["fields"]), [])
