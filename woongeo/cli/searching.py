"""``woongeo search``."""

from __future__ import annotations

import json
import time
import warnings
from typing import TYPE_CHECKING, Any

from woongeo.cli.layers import LayerWords, day_of, split_region
from woongeo.cli.say import one_line, say
from woongeo.errors import DoubtfulLocationWarning, InputError, WoongeoWarning
from woongeo.export import export_sites
from woongeo.layers import read_layer
from woongeo.locations import read_locations
from woongeo.numerals import counted, dutch
from woongeo.screening import screen
from woongeo.searching import find_sites, read_area
from woongeo.verdict import SCREENING, Oordeel
from woongeo.vertrouwelijk import default_audience, for_audience, read_audience, visible_to
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.regions import Regions
    from woongeo.searching import Zoekgebieden
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap

_EXIT_UNKNOWN = 3


def run_search(given: argparse.Namespace) -> int:
    """Do ``woongeo search``.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    start = time.perf_counter()
    if given.gebied is None:
        raise InputError("noem waar gezocht wordt: woongeo search GEBIED --out MAP.")
    if given.out is None:
        raise InputError("noem met --out de map voor de uitkomst.")
    asked, on = LayerWords.of(given), day_of(given)
    numbers = {
        "min_m2": _number(given.min_m2, "--min-m2"),
        "min_width_m": _number(given.min_width, "--min-width"),
        "net_share": _number(given.net_share, "--net-share"),
    }
    density = [_number(text, "--density") for text in given.density] or [25.0, 50.0]
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        file, column = split_region(given.gebied)
        area = read_area(file, column or None, given.only)
        layers = asked.read(given, _as_locations(area))
        plans, audience = _plans(given)
        found = find_sites(
            area,
            layers,
            rules=None,
            on=on,
            from_severity=given.from_severity,
            density=density,
            built_up=_built_up(given),
            plans=plans,
            rank_by="oppervlakte_m2" if given.built_up is None else "afstand_bebouwd_m",
            cell_m=None if given.cell is None else _number(given.cell, "--cell"),
            **numbers,  # type: ignore[arg-type]
        )
        webmap = None if given.no_map else _map(found, given.title, on)
    paths = export_sites(
        found,
        folder=given.out,
        webmap=webmap,
        overwrite=given.overwrite,
        seconds=time.perf_counter() - start,
        publiek=audience,
    )
    if given.json:
        say(json.dumps(_summary(found, paths, doubts), ensure_ascii=False, indent=2))
    elif not given.quiet:
        for doubt in dict.fromkeys(str(d.message) for d in doubts):
            say(f"let op: {one_line(doubt)}", error=True)
        _tell(found, paths)
    unknown = found.balans["onbekend_m2"].iloc[-1] > 0 or found.counts()[Oordeel.ONBEKEND] > 0
    return _EXIT_UNKNOWN if given.strict and unknown else 0


def _number(text: str, option: str) -> float:
    """Read a number."""
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise InputError(f"{option} {text}: {text!r} is geen getal.") from error


def _as_locations(area: Regions) -> Locations:
    """Stand in for locations, around which layers are fetched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtfulLocationWarning)
        return read_locations(area.frame, id_column="gebied")


def _plans(given: argparse.Namespace) -> tuple[Locations | None, Audience | None]:
    """Read the plans that the audience may see, and say who it is."""
    asked = None if given.publiek is None else read_audience(given.publiek)
    if given.plans is None:
        return None, asked
    plans = read_locations(given.plans)
    audience = asked or default_audience(plans.frame)
    if visible_to(plans.frame, audience).all():
        return plans, audience
    return for_audience(plans, audience), audience


def _built_up(given: argparse.Namespace) -> Layer | None:
    """Read what is built."""
    if given.built_up is None:
        return None
    return read_layer(
        "bebouwd", given.built_up, coverage=given.built_up_coverage, title="Bebouwd gebied"
    )


def _map(found: Zoekgebieden, title: str, on: dt.date | None) -> ScreeningMap | None:
    """Draw search areas with what was sieved by; None where there are none."""
    shown = found.locaties["oordeel"].isin([Oordeel.VRIJ, Oordeel.ONBEKEND])
    if not shown.any():
        return None
    screening = screen(
        found.locations(), found.layers, on=on, from_severity=found.wishes.from_severity
    )
    return map_screening(screening, title=title)


def _summary(
    found: Zoekgebieden, paths: Sequence[Path], doubts: Sequence[warnings.WarningMessage]
) -> dict[str, Any]:
    """Give the summary as plain values."""
    facts = found.facts()
    return {
        "let_op": SCREENING,
        "zoekgebieden": facts["zoekgebieden"],
        "balans_m2": facts["balans_m2"],
        "opmerkingen": facts["opmerkingen"],
        "waarschuwingen": list(dict.fromkeys(str(doubt.message) for doubt in doubts)),
        "bestanden": [str(path) for path in paths],
    }


def _tell(found: Zoekgebieden, paths: Sequence[Path]) -> None:
    """Print a short summary and where the files are."""
    last = found.balans.iloc[-1]
    say(
        f"{counted(len(found), 'zoekgebied', 'zoekgebieden')} in "
        f"{dutch(last['oppervlakte_m2'] / 10_000, decimals=0)} ha"
    )
    for outcome, n in found.counts().items():
        ground = dutch(last[f"{outcome}_m2"] / 10_000, decimals=0)
        inside = dutch(last[f"zoekgebied_{outcome}_m2"] / 10_000, decimals=0)
        say(
            f"{outcome:>12}: {ground} ha, waarvan {inside} ha in "
            f"{counted(n, 'zoekgebied', 'zoekgebieden')}"
        )
    for note in found.notes():
        say(one_line(note))
    say(f"Bestanden in {one_line(paths[0].parent)}: {', '.join(path.name for path in paths)}")
    say(SCREENING)
