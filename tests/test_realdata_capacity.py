"""Noord-Holland 2020: capacity beside what others published, and what its bottlenecks cost.

The figures were looked at by hand; docs/plancapaciteit.md explains the outliers.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import woongeo
from woongeo.errors import DoubtfulLocationWarning, WoongeoWarning
from woongeo.opgave import plain_name

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

PERIODS = {"OP202024": (2020, 2024), "Op202529": (2025, 2029), "Op20302050": (2030, 2050)}


@pytest.fixture(scope="module")
def screening(real_data: Path) -> woongeo.Screening:
    """Screen 2,141 plans against Natura 2000, the bands around it, and grid congestion."""
    # Bands for all plans alike, also those that are hard; the catalogue may hold otherwise.
    overlap, near, far = woongeo.Rule(), woongeo.Rule(within_m=250), woongeo.Rule(within_m=1_000)
    nature = (
        woongeo.read_layer("natura2000", real_data / "natura2000" / "natura2000_162_rd.gpkg")
        .with_rule(overlap)
        .with_rule(near, name="250m")
        .with_rule(far, name="1km")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WoongeoWarning)
        # Each area whole, which the function that reads such lists would not do.
        grid = woongeo.read_layer(
            "netcongestie",
            real_data / "netcongestie" / "pc4_congestie_2026_rd.gpkg",
            rule=woongeo.Rule(),
        )
        plans = woongeo.read_locations(real_data / "plannen" / "eib_noord_holland_2020")
        return woongeo.screen(plans, [nature, grid])


@pytest.fixture(scope="module")
def fasering(screening: woongeo.Screening) -> pd.DataFrame:
    """Lay out the periods of the register as rows."""
    long = screening.locaties.melt(
        id_vars="locatie_id", value_vars=list(PERIODS), value_name="aantal"
    )
    long["van"] = long["variable"].map({k: v[0] for k, v in PERIODS.items()})
    long["tot"] = long["variable"].map({k: v[1] for k, v in PERIODS.items()})
    phases: pd.DataFrame = long[long["aantal"] != 0]
    return phases


def test_capacity_per_gemeente_is_much_like_what_was_published(
    screening: woongeo.Screening, real_data: Path
) -> None:
    table = woongeo.summarize_plancapaciteit(screening, by=["Gem_naam"]).tabel
    ours = table[table["niveau"] == "Gem_naam"].set_index("gebied")[["woningen", "hard", "zacht"]]
    path = real_data / "plannen" / "plancapaciteit_gemeenten_2021.xlsx"
    theirs = pd.read_excel(path, sheet_name="plancapaciteit_nl", engine="openpyxl")
    theirs = theirs[theirs["provincie"] == "Noord-Holland"].set_index("gemeente")
    theirs = theirs[["totaal", "htotaal", "ztotaal"]].astype(float)
    ours.index, theirs.index = (x.index.map(plain_name) for x in (ours, theirs))
    both = ours.join(theirs, how="outer")
    assert len(both) == 47
    assert both.notna().all(axis=None)
    assert both.sum().tolist() == [386_188, 93_263, 292_224, 437_323, 99_565, 337_758]
    names = both.drop(index="amsterdam")
    for mine, other, whole, rest in (
        ("woningen", "totaal", 0.997, 0.949),
        ("hard", "htotaal", 0.998, 0.871),
        ("zacht", "ztotaal", 0.995, 0.923),
    ):
        assert np.corrcoef(both[mine], both[other])[0, 1] == pytest.approx(whole, abs=6e-4)
        assert np.corrcoef(names[mine], names[other])[0, 1] == pytest.approx(rest, abs=6e-4)


def test_homes_by_period_add_up_and_two_plans_do_not_fit(
    screening: woongeo.Screening, fasering: pd.DataFrame
) -> None:
    with pytest.warns(DoubtfulLocationWarning, match="2 plannen hebben meer woningen in jaren"):
        capacity = woongeo.summarize_plancapaciteit(
            screening, fasering=fasering, periods=[(2020, 2024), (2025, 2029)]
        )
    rows = capacity.cijfers[capacity.cijfers["maat"] == "plancapaciteit"].set_index("periode")
    assert rows["voor"].to_dict() == {
        "2020-2024": 126_831,
        "2025-2029": 86_616,
        "overige jaren": 114_183,
        "onbekend": 58_558,
        "alle jaren": 386_188,
    }
    # Of nothing it is known that it is free: the congestion map ends at six areas.
    assert rows.loc["alle jaren", "na_min"] == 0
    assert rows.loc["alle jaren", "na_verwacht"] == pytest.approx(347_262.2, abs=0.1)
    assert rows.loc["alle jaren", "na_max"] == 360_037


def test_what_bottlenecks_block_and_free(screening: woongeo.Screening) -> None:
    touched = woongeo.knelpunten(screening).tabel.set_index("knelpunt")
    assert touched["plannen"].tolist() == [12, 153, 493, 35, 511]
    assert touched["woningen"].tolist() == [1_386, 10_630, 45_916, 9_702, 54_310]
    freed = woongeo.vrijspelen(screening)
    assert freed.belemmerd == 54_310
    alone = freed.tabel.set_index("knelpunt")["alleen_max"]
    # All that is within 250 m is within 1 km too: solving the inner band alone frees nothing.
    assert alone.tolist() == [0, 0, 34_806, 8_394]
    assert freed.kleinste_sets["knelpunten"].tolist() == ["natura2000_1km + netcongestie"]
    assert freed.set(["natura2000_1km", "netcongestie"]) == (8_874, 43_680)
    assert len(woongeo.free_plans(screening)) == 0
