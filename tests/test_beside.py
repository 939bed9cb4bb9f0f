"""What is written beside a screening is of that screening, and of plans that may be seen."""

from __future__ import annotations

import base64
import datetime as dt
import re
import zlib
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from conftest import block, frame

import woongeo
from woongeo.errors import AudienceError, InputError
from woongeo.vertrouwelijk import Audience, for_audience, for_totals, read_audience

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


# --- totals


def capacity(screening: woongeo.Screening) -> woongeo.Plancapaciteit:
    """Add up all homes."""
    return woongeo.summarize_plancapaciteit(screening)


@pytest.mark.parametrize("publiek", [None, "openbaar"])
@pytest.mark.parametrize(
    "choose",
    [
        lambda whole: whole,
        lambda whole: for_audience(whole, "provincie"),
        lambda whole: for_audience(whole, "gemeente:West"),
        lambda whole: for_totals(whole, "provincie", minimum=1),
        lambda whole: for_totals(whole, "gemeente:West"),
        # Judged anew they are the same plans.
        lambda whole: for_totals(whole, "provincie", minimum=1).from_("zacht"),
        # Of eight that were together four are left: too few, though the eight were not.
        lambda whole: for_audience(for_totals(whole, "openbaar"), "provincie"),
    ],
    ids=["all", "provincie", "gemeente", "totals", "own", "anew", "fewer"],
)
def test_totals_of_plans_that_were_not_chosen_for_the_audience_are_refused(
    tmp_path: Path, whole: woongeo.Screening, choose: Any, publiek: str | None
) -> None:
    """Beside all plans as beside those that may be seen; nothing is written."""
    made = capacity(choose(whole))
    for screening in (whole, for_audience(whole, "openbaar")):
        with pytest.raises(AudienceError, match="plancapaciteit telt plannen mee"):
            woongeo.export_screening(
                screening, folder=tmp_path / "uit", plancapaciteit=made, publiek=publiek
            )
    assert not (tmp_path / "uit").exists()


@pytest.mark.parametrize(
    ("chosen", "publiek", "homes"),
    [
        # Hidden from all are 8, which are 5 or more together: 4 + 40 + 400.
        ("openbaar", "openbaar", 444),
        # Hidden from the province are 4, which are fewer than 5: 4 + 40.
        ("provincie", "provincie", 44),
        ("openbaar", "provincie", 444),
        ("openbaar", "gemeente:West", 444),
        ("provincie", "intern", 44),
        ("gemeente:West", "gemeente:west", 444),
    ],
)
def test_totals_for_the_audience_or_for_who_sees_less_are_written(
    tmp_path: Path, whole: woongeo.Screening, chosen: str, publiek: str, homes: int
) -> None:
    made = capacity(for_totals(whole, chosen))
    woongeo.export_screening(whole, folder=tmp_path, plancapaciteit=made, publiek=publiek)
    table = pd.read_csv(tmp_path / "capaciteit.csv")
    assert table["woningen"].tolist() == [homes]


@pytest.mark.parametrize(
    ("who", "other", "answer"),
    [
        ("openbaar", "openbaar", True),
        ("openbaar", "provincie", False),
        ("provincie", "provincie:Zeeland", True),
        ("provincie:Zeeland", "provincie", False),
        ("provincie:zeeland", "provincie:Zeeland", True),
        ("regio:Oost", "gemeente:West", False),
        # A gemeente sees what the province may only of its own plans.
        ("gemeente:West", "provincie", False),
        ("intern", "gemeente:West", True),
        ("gemeente:West", "intern", False),
    ],
)
def test_one_audience_sees_all_that_another_sees_or_not(
    who: str, other: str, *, answer: bool
) -> None:
    one: Audience = read_audience(who)
    assert one.sees_all_of(read_audience(other)) is answer


def test_bottlenecks_of_hidden_plans_are_refused_beside_public_plans_also_unasked(
    tmp_path: Path, whole: woongeo.Screening
) -> None:
    shown = for_audience(whole, "openbaar")
    for made in (
        {"knelpunten": woongeo.knelpunten(whole)},
        {"vrijspelen": woongeo.vrijspelen(for_audience(whole, "provincie"))},
    ):
        with pytest.raises(AudienceError, match="knelpunten of vrijspelen"):
            woongeo.export_screening(shown, folder=tmp_path / "uit", **made)
    assert not (tmp_path / "uit").exists()


# --- of the same screening


def _another(whole: woongeo.Screening, what: str) -> woongeo.Screening:
    """Screen again, with one thing changed."""
    if what == "dag":
        return woongeo.screen(plans(), [layer()], on=whole.on - dt.timedelta(days=1))
    if what == "zwaarte":
        return whole.from_("zeer hard")
    if what == "regels":
        return whole.changed({"natura2000": woongeo.Rule(within_m=100.0)})
    if what == "locaties":
        some = plans().frame.drop(columns=["locatie_id", "hardheid"]).iloc[:4]
        return woongeo.screen(woongeo.read_locations(some), [layer()])
    return woongeo.screen(plans(), [layer(), layer("geluid")])


@pytest.mark.parametrize("what", ["dag", "zwaarte", "regels", "locaties", "lagen"])
def test_what_is_of_another_screening_is_refused(
    tmp_path: Path, whole: woongeo.Screening, what: str
) -> None:
    """The manifest beside it would name what it was not made of."""
    other = _another(whole, what)
    for made in (
        {"plancapaciteit": capacity(other)},
        {"knelpunten": woongeo.knelpunten(other)},
        {"vrijspelen": woongeo.vrijspelen(other)},
        {"webmap": woongeo.map_screening(other)},
    ):
        with pytest.raises(InputError, match=f"andere screening.*{what}"):
            woongeo.export_screening(whole, folder=tmp_path / "uit", publiek="intern", **made)
    assert not (tmp_path / "uit").exists()


def test_screened_twice_alike_or_chosen_from_is_no_other_screening(
    tmp_path: Path,
) -> None:
    """Also where a layer that was read around all plans tells an audience less of where."""
    sites = plans()
    near = layer(around=sites)
    one, two = (woongeo.screen(sites, [near, layer("geluid")]) for _ in range(2))
    shown = for_audience(two, "openbaar")
    woongeo.export_screening(
        one,
        folder=tmp_path / "uit",
        plancapaciteit=capacity(for_totals(two, "openbaar")),
        knelpunten=woongeo.knelpunten(shown),
        vrijspelen=woongeo.vrijspelen(shown),
        webmap=woongeo.map_screening(shown),
    )
    # The order of layers is no difference.
    turned = woongeo.screen(sites, [layer("geluid"), near])
    woongeo.export_screening(
        one, folder=tmp_path / "om", plancapaciteit=capacity(turned), publiek="intern"
    )
