"""Whose files are in a folder: what is replaced, what is removed and what is never touched."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from commands import Run, runner
from conftest import block, frame

import woongeo
from woongeo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run the command in a process of its own."""
    with runner() as started:
        yield started


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


# --- what was read


def register(folder: Path, shapes: Path | str) -> woongeo.Register:
    """Write a register of two plans, and read it with shapes that stand elsewhere."""
    pd.DataFrame({"Nr": ["A", "B"], "aantal": [10, 20]}).to_csv(folder / "plan.csv", index=False)
    mapping = {"basis": "netto", "kolommen": {"plan_id": "Nr", "netto": "aantal"}}
    return woongeo.read_register(folder / "plan.csv", mapping=mapping, shapes=shapes)


def shapes_of_plans(path: Path) -> Path:
    """Draw the shapes of those plans."""
    path.parent.mkdir(exist_ok=True)
    frame([block(0, 0), block(300, 0)], Nr=["A", "B"]).to_file(path)
    return path


def refused(write: Callable[..., object], mine: Path) -> None:
    """See that a file stays as it is, whether others may be replaced or not."""
    before = contents(mine.parent)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=rf"{mine.name}: dit bestand is zelf invoer"):
            write(folder=mine.parent, overwrite=overwrite)
    assert contents(mine.parent) == before


def test_the_shapes_of_a_register_are_never_replaced(tmp_path: Path) -> None:
    mine = shapes_of_plans(tmp_path / "uit" / "locaties.gpkg")
    made = woongeo.screen(register(tmp_path, mine).locations, [layer()])
    capacity = woongeo.summarize_plancapaciteit(made)

    def export(**given: Any) -> object:
        return woongeo.export_screening(made, **given)

    def report(**given: Any) -> object:
        return woongeo.write_report(capacity, formats=["gpkg"], pdf=False, **given)

    def search(**given: Any) -> object:
        area = frame([block(0, 0, 1_000, 1_000)])
        found = woongeo.find_sites(area, [layer()], plans=made.locations)
        return woongeo.export_sites(found, **given)

    refused(export, mine)
    refused(report, mine)
    other = shapes_of_plans(tmp_path / "zoek" / "zoekgebieden.gpkg")
    made = woongeo.screen(register(tmp_path, other).locations, [layer()])
    refused(search, other)


def test_our_own_earlier_file_is_input_like_any_other(tmp_path: Path) -> None:
    """Of such a file the manifest says that it is ours, so that nothing else would keep it."""
    drawn = shapes_of_plans(tmp_path / "vlakken.gpkg")
    folder = tmp_path / "uit"
    first = woongeo.screen(register(tmp_path, drawn).locations, [layer()])
    woongeo.export_screening(first, folder=folder)
    again = woongeo.screen(
        register(tmp_path, f"{folder}/locaties.gpkg:locaties").locations, [layer()]
    )

    def export(**given: Any) -> object:
        return woongeo.export_screening(again, **given)

    refused(export, folder / "locaties.gpkg")
    woongeo.export_screening(again, folder=tmp_path / "elders")


def test_each_file_of_a_layer_is_kept(tmp_path: Path) -> None:
    """Years of parcels are one source; the areas of lists and tables are not always a coverage."""
    folder = tmp_path / "uit"
    years = {}
    for year, name in ((2024, "locaties.gpkg"), (2025, "zoekgebieden.gpkg")):
        folder.mkdir(exist_ok=True)
        years[year] = folder / name
        frame([block(0, 0)], gewascode=["256"], gewas=["x"]).to_file(years[year])
    sprayed = woongeo.read_spuitzones(years, coverage="nederland")
    pd.DataFrame({"pc6": ["1000AA"], "afname": ["rood"]}).to_csv(
        tmp_path / "lijst.csv", index=False
    )
    areas = folder / "locaties.parquet"
    frame([block(0, 0)], pc6=["1000AA"]).to_parquet(areas)
    congested = woongeo.read_netcongestie(tmp_path / "lijst.csv", areas=areas, coverage="nederland")
    regions = folder / "locaties.geojson"
    frame([block(0, 0)], naam=["West"]).to_file(regions)
    told = woongeo.read_table_layer(
        "besluit",
        pd.DataFrame({"gemeente": ["West"], "besluit": ["ja"]}),
        value_column="besluit",
        rule=woongeo.TableRule(classes={"ja": "hard"}, other="geen"),
        regions=woongeo.read_regions("gemeente", regions, name_column="naam"),
    )
    for given, mine in ((sprayed, years[2024]), (congested, areas), (told, regions)):
        made = woongeo.screen(screened().locations, [given])
        with pytest.raises(OutputError, match=rf"{mine.name}: dit bestand is zelf invoer"):
            woongeo.export_screening(
                made, folder=folder, formats=["gpkg", "parquet", "geojson"], overwrite=True
            )


def test_what_the_command_read_is_kept_and_it_says_so(tmp_path: Path, run: Run) -> None:
    """Years of delivery become a table of the same name, figures beside it."""
    folder = tmp_path / "uit"
    folder.mkdir()
    frame([block(0, 0)], plan_id=["A"], woningen=[10], planstatus=["3"]).to_file(
        tmp_path / "plannen.gpkg"
    )
    frame([block(0, 0)]).to_file(tmp_path / "n2000.gpkg")
    (folder / "cijfers.csv").write_text("plan_id,jaar,aantal\nA,2027,10\n")
    before = contents(folder)
    words = ["plannen.gpkg", "--layer", "natura2000=n2000.gpkg", "--period", "2026-2030"]
    for command in ("screen", "report"):
        form = ["--format", "csv"]
        done = run(
            tmp_path,
            *(command, *words, "--fasering", "uit/cijfers.csv", "--out", "uit", "--overwrite"),
            *(form if command == "screen" else [*form, "--no-pdf"]),
        )
        assert done.code == 1
        assert "cijfers.csv: dit bestand is zelf invoer" in done.err
        assert contents(folder) == before


def test_an_address_too_long_for_a_file_is_no_file(tmp_path: Path) -> None:
    asked = f"https://geodata.nl/wfs?filter={'x' * 300}"
    fetched = layer()
    assert fetched.source is not None
    fetched = dataclasses.replace(fetched, source=dataclasses.replace(fetched.source, path=asked))
    made = woongeo.screen(screened().locations, [fetched])
    assert woongeo.export_screening(made, folder=tmp_path)
