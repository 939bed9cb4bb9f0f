"""What is written beside a screening is of that screening, and of plans that may be seen."""

from __future__ import annotations

import base64
import re
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import AudienceError, InputError
from woongeo.vertrouwelijk import for_audience

if TYPE_CHECKING:
    from pathlib import Path

# Four plans of each; 1, 10 and 100 homes a plan: whoever sees a sum sees what is in it.
LEVELS = ("openbaar", "provincie", "gemeente")
HOMES = (1, 10, 100)

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


def layer(key: str = "natura2000", **given: Any) -> woongeo.Layer:
    """Draw a layer of one block that is known everywhere."""
    cover = woongeo.read_coverage(frame([block(-5_000, -5_000, 20_000, 20_000)]))
    return woongeo.read_layer(key, frame([block(0, 0, 250, 60)]), coverage=cover, **given)


def plans() -> woongeo.Locations:
    """Draw twelve plans beside each other."""
    n = len(LEVELS) * 4
    return woongeo.read_locations(
        frame(
            [block(150 * i, 0) for i in range(n)],
            plan_id=[f"P{i}" for i in range(n)],
            naam=[f"open{i}" if i < 4 else f"GEHEIM{i}" for i in range(n)],
            woningen=[HOMES[i // 4] for i in range(n)],
            planstatus=["3"] * n,
            vertrouwelijkheid=[LEVELS[i // 4] for i in range(n)],
            gemeente=["West"] * n,
        )
    )


@pytest.fixture(scope="module")
def whole() -> woongeo.Screening:
    """Screen all plans."""
    return woongeo.screen(plans(), [layer()])


def drawn(page: Path) -> bytes:
    """Unpack all that a map holds."""
    packed = re.findall(rb'"(eN[A-Za-z0-9+/=]{400,})"', page.read_bytes())
    assert packed
    return b"".join(zlib.decompress(base64.b64decode(piece)) for piece in packed)


# --- the map


@pytest.mark.parametrize("publiek", [None, "openbaar", "provincie"])
@pytest.mark.parametrize("chosen", [False, True])
def test_a_map_with_hidden_plans_is_refused_whatever_lies_beside_it(
    tmp_path: Path, whole: woongeo.Screening, publiek: str | None, *, chosen: bool
) -> None:
    """Also where the screening itself was chosen for the audience: the map was not."""
    shown = for_audience(whole, publiek or "openbaar") if chosen else whole
    with pytest.raises(AudienceError, match="de kaart toont plannen"):
        woongeo.export_screening(
            shown, folder=tmp_path / "uit", webmap=woongeo.map_screening(whole), publiek=publiek
        )
    assert not (tmp_path / "uit").exists()


def test_a_map_of_what_may_be_seen_is_written_beside_all_plans_and_beside_those(
    tmp_path: Path, whole: woongeo.Screening
) -> None:
    shown = for_audience(whole, "openbaar")
    for name, screening in (("alles", whole), ("keuze", shown)):
        woongeo.export_screening(
            screening, folder=tmp_path / name, webmap=woongeo.map_screening(shown)
        )
        told = drawn(tmp_path / name / "kaart.html")
        assert b"open0" in told
        assert b"GEHEIM" not in told
    woongeo.export_screening(
        whole, folder=tmp_path / "intern", webmap=woongeo.map_screening(whole), publiek="intern"
    )
    assert b"GEHEIM" in drawn(tmp_path / "intern" / "kaart.html")


def test_a_map_that_does_not_say_what_it_shows_is_for_nobody_who_may_not_see_all(
    tmp_path: Path, whole: woongeo.Screening
) -> None:
    unknown = woongeo.ScreeningMap("", {})
    with pytest.raises(AudienceError, match="zegt niet welke"):
        woongeo.export_screening(whole, folder=tmp_path, webmap=unknown)


def test_a_map_beside_search_areas_shows_those_and_nothing_else(
    tmp_path: Path, whole: woongeo.Screening
) -> None:
    area = frame([block(0, 0, 2_000, 2_000)])
    found = woongeo.find_sites(area, [layer()])
    folder = tmp_path / "uit"
    for publiek in (None, "openbaar"):
        with pytest.raises(AudienceError, match=r"gevonden\.locations"):
            woongeo.export_sites(
                found, folder=folder, webmap=woongeo.map_screening(whole), publiek=publiek
            )
    # Who may see all of them may not be told that these are the areas either.
    with pytest.raises(InputError, match="andere vlakken"):
        woongeo.export_sites(
            found, folder=folder, webmap=woongeo.map_screening(whole), publiek="intern"
        )
    assert not folder.exists()
    # Against another layer than was sieved by: that is what search areas are screened for.
    again = woongeo.screen(found.locations(), [layer("geluid")])
    for publiek in (None, "openbaar"):
        paths = woongeo.export_sites(
            found,
            folder=folder,
            webmap=woongeo.map_screening(again),
            publiek=publiek,
        )
        assert folder / "kaart.html" in paths
