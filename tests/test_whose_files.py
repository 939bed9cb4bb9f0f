"""Whose files are in a folder: what is replaced, what is removed and what is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


def layer() -> woongeo.Layer:
    """Draw a layer of one block."""
    return woongeo.read_layer("natura2000", frame([block(0, 0)]), coverage="nederland")


def screened(n: int = 2) -> woongeo.Screening:
    """Screen plans, the first of which lies in the layer."""
    sites = frame(
        [block(300 * i, 0) for i in range(n)],
        plan_id=[f"P{i}" for i in range(n)],
        woningen=[10] * n,
        planstatus=["3"] * n,
    )
    return woongeo.screen(woongeo.read_locations(sites), [layer()])


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


# --- what another wrote


def _screening(folder: Path, *, overwrite: bool = False) -> object:
    return woongeo.export_screening(screened(), folder=folder, overwrite=overwrite)


def _report(folder: Path, *, overwrite: bool = False) -> object:
    made = woongeo.summarize_plancapaciteit(screened())
    return woongeo.write_report(made, folder=folder, pdf=False, overwrite=overwrite)


def _search(folder: Path, *, overwrite: bool = False) -> object:
    found = woongeo.find_sites(frame([block(0, 0, 1_000, 1_000)]), [layer()])
    return woongeo.export_sites(found, folder=folder, overwrite=overwrite)


KINDS: dict[str, Callable[..., object]] = {
    "een screening": _screening,
    "een rapport": _report,
    "een zoekresultaat": _search,
}


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("comes", KINDS)
def test_each_kind_stays_out_of_the_folder_of_another_and_replaces_its_own(
    tmp_path: Path, there: str, comes: str
) -> None:
    KINDS[there](tmp_path)
    before = contents(tmp_path)
    if there == comes:
        KINDS[comes](tmp_path)
        assert {*contents(tmp_path)} == {*before}
        return
    with pytest.raises(OutputError, match=f"hier staat {there}"):
        KINDS[comes](tmp_path)
    assert contents(tmp_path) == before
    # Whoever asks for it gets it; what the other wrote under other names stays.
    KINDS[comes](tmp_path, overwrite=True)
    assert {*before} <= {*contents(tmp_path)}


def test_nothing_of_a_screening_in_portions_stays_beside_a_later_one(tmp_path: Path) -> None:
    """Its results would tell of plans that the later one may have left out."""
    source, folder = tmp_path / "plannen.gpkg", tmp_path / "uit"
    screened(2).locations.frame[["plan_id", "woningen", "planstatus", "geometry"]].to_file(source)
    woongeo.screen_file(source, [layer()], folder=folder)
    assert {*contents(folder)} == {"locaties.parquet", "treffers.parquet", "manifest.json"}
    woongeo.export_screening(screened(1), folder=folder, formats=["csv"])
    assert {*contents(folder)} == {"treffers.csv", "manifest.json"}
