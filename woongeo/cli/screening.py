"""``woongeo screen`` and ``woongeo demo``; ``woongeo report`` begins in the same way."""

from __future__ import annotations

import json
import math
import time
import warnings
from typing import TYPE_CHECKING, Any

from woongeo.cli.capacity import Held
from woongeo.cli.layers import LayerWords, day_of, split_region
from woongeo.cli.outcome import bottlenecks, database_of, formats_of, to_database
from woongeo.cli.plans import for_whom, place_of, plans_of
from woongeo.cli.report import write_asked_report
from woongeo.cli.say import one_line, say
from woongeo.errors import InputError, WoongeoWarning
from woongeo.example import example
from woongeo.export import export_screening
from woongeo.mapping import RegionMapping, read_mapping
from woongeo.numerals import counted, dutch
from woongeo.progress import doing, steps
from woongeo.regions import Regions, read_regions
from woongeo.screening import Screening, screen
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import KOLOM, MINIMUM
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from woongeo.capacity import Division, Plancapaciteit
    from woongeo.vertrouwelijk import Audience


_EXIT_UNKNOWN = 3


def run_screen(given: argparse.Namespace) -> int:
    """Do ``woongeo screen``, or ``woongeo report``: they read the same.

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
    if given.plannen is None:
        raise InputError(
            f"noem het bestand met locaties: woongeo {given.opdracht} LOCATIES --out MAP."
        )
    if given.out is None:
        raise InputError("noem met --out de map voor de uitkomst.")
    _check_outcome(given)
    asked = LayerWords.of(given)
    on = day_of(given)
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        with doing("locaties lezen", place_of(given.plannen)):
            locations, detail = plans_of(given, on)
        held = Held.of(given, detail)
        regions = [_region(text) for text in steps("gebieden lezen", given.region, told=_level)]
        layers = asked.read(given, locations, regions)
        mappings = [_mapping(text) for text in given.region_table]
        by: list[Division] = [*regions, *mappings, *given.group]
        screening = screen(locations, layers, on=on, from_severity=given.from_severity)
        return _finish(given, screening, by, held, doubts, title=given.title, start=start)


def run_demo(given: argparse.Namespace) -> int:
    """Do ``woongeo demo``.

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
    _check_outcome(given)
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        made_up = example()
        screening = screen(made_up.locations(), made_up.layers())
        by, title = made_up.regions(), "Voorbeeldstreek (verzonnen)"
        held = Held.of(given, None)
        return _finish(given, screening, by, held, doubts, title=title, start=start)


def _check_outcome(given: argparse.Namespace) -> None:
    """See what the outcome is to be before the work begins: a mistake in that need not wait."""
    formats_of(given)
    database_of(given)
    if given.opdracht == "report" and given.minimum_groep != MINIMUM:
        raise InputError(
            "--minimum-groep: een rapport noemt plannen en telt alleen wat het publiek mag zien; "
            "laat het weg."
        )


def _finish(  # noqa: PLR0913  what both commands know
    given: argparse.Namespace,
    everything: Screening,
    by: Sequence[Division],
    held: Held,
    doubts: list[warnings.WarningMessage],
    *,
    title: str,
    start: float,
) -> int:
    """Write for whom it is, and tell."""
    screening, in_totals, audience = for_whom(given, everything, by)
    report = given.opdracht == "report"
    # A report lists plans: it counts those that the audience may see, and no others.
    with doing("tellen"):
        capacity = held.capacity(screening if report else in_totals, by, everything)
    if report:
        paths = write_asked_report(given, capacity, audience, start)
    else:
        paths = _written(given, screening, capacity, audience, title=title, start=start)
    tables = to_database(given, screening, capacity, audience)
    if given.json:
        say(json.dumps(_summary(screening, paths, doubts), ensure_ascii=False, indent=2))
    elif not given.quiet:
        for doubt in doubts:
            say(f"let op: {one_line(doubt.message)}", error=True)
        if tables:
            say(f"Tabellen in de database: {one_line(', '.join(tables))}")
        if report:
            folder, first = one_line(paths[0].parent), paths[0].name
            say(f"{counted(len(paths), 'bestand', 'bestanden')} in {folder}; begin bij {first}.")
            say(SCREENING)
        else:
            _tell(screening, capacity, paths)
    return _EXIT_UNKNOWN if given.strict and not screening.complete() else 0


def _written(
    given: argparse.Namespace,
    screening: Screening,
    capacity: Plancapaciteit,
    audience: Audience,
    *,
    title: str,
    start: float,
) -> list[Path]:
    """Write the files of a screening."""
    with doing("kaart"):
        webmap = map_screening(screening, title=title)
    # These are cut finer than totals: they are of the plans that the audience may see.
    told, freed = bottlenecks(given, screening, capacity)
    return export_screening(
        screening,
        folder=given.out,
        plancapaciteit=capacity,
        knelpunten=told,
        vrijspelen=freed,
        webmap=webmap,
        formats=formats_of(given),
        overwrite=given.overwrite,
        seconds=time.perf_counter() - start,
        publiek=audience,
    )


def _summary(
    screening: Screening, paths: Sequence[Path], doubts: Sequence[warnings.WarningMessage]
) -> dict[str, Any]:
    """Give the summary as plain values."""
    return {
        "let_op": SCREENING,
        "kolommen": screening.locations.columns,
        "locaties": screening.counts(),
        # JSON knows no NaN: what is not known is null.
        "woningen": {o: None if math.isnan(n) else n for o, n in screening.homes().items()},
        "lagen": {x.key: screening.counts(x.key) for x in screening.toetsen},
        "volledig": screening.complete(),
        "vertrouwelijk": _withheld(screening),
        "waarschuwingen": [str(doubt.message) for doubt in doubts],
        "bestanden": [str(path) for path in paths],
    }


def _withheld(screening: Screening) -> list[str]:
    """Say what was left out because it is confidential."""
    return [str(text) for text in screening.locations.report.of_check(KOLOM)["toelichting"]]


def _tell(screening: Screening, capacity: Plancapaciteit, paths: Sequence[Path]) -> None:
    """Print a short summary and where the files are."""
    columns = ", ".join(f"{k}={v or '-'}" for k, v in screening.locations.columns.items())
    say(f"{counted(len(screening), 'locatie', 'locaties')} (kolommen: {one_line(columns)})")
    titles: list[tuple[str | None, str]] = [(None, "alle lagen")]
    titles += [(x.key, one_line(x.title)[:60]) for x in screening.toetsen]
    width = max(len(title) for _, title in titles) + 2
    heads = [*screening.counts()]
    say(f"{'':{width}}" + "".join(f"{o:>12}{'woningen':>12}" for o in heads))
    for key, title in titles:
        counts, homes = screening.counts(key), screening.homes(key)
        cells = "".join(f"{counts[o]:>12}{dutch(homes[o], decimals=0):>12}" for o in heads)
        say(f"{title:{width}}{cells}")
    missing = int(capacity.tabel.iloc[-1]["zonder_aantal"])
    if missing:
        one, more = "plan zonder aantal woningen telt", "plannen zonder aantal tellen"
        say(f"{counted(missing, one, more)} niet mee in de woningen.")
    for note in screening.notes_on_rules():
        say(one_line(note))
    for text in _withheld(screening):
        say(f"Vertrouwelijk: {one_line(text)}.")
    say(f"Bestanden in {one_line(paths[0].parent)}: {', '.join(path.name for path in paths)}")
    say(SCREENING)


def _level(text: str) -> str:
    """Name the level of a NIVEAU=BESTAND:KOLOM option; the rest may be an address."""
    return text.partition("=")[0]


def _mapping(text: str) -> RegionMapping:
    """Read a table of regions."""
    level, file, column = _at_level("--region-table", text)
    return read_mapping(file, level=level, column=column)


def _region(text: str) -> Regions:
    """Read regions with their surfaces."""
    level, file, column = _at_level("--region", text)
    return read_regions(level, file, name_column=column)


def _at_level(option: str, text: str) -> tuple[str, str, str]:
    """Read what is said of a level: NIVEAU=BESTAND:KOLOM."""
    level, _, rest = text.partition("=")
    file, column = split_region(rest)
    if not (level and file and column):
        raise InputError(f"{option} {text}: schrijf NIVEAU=BESTAND:KOLOM.")
    return level, file, column
