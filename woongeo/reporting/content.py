"""Gathering what is told of each region, out of the tables of the capacity and the bottlenecks."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.capacity import OUTSIDE, TOTAL, Parts, divide, divide_homes, homes_in, whole
from woongeo.capacity.indicators import ALL_YEARS
from woongeo.encode import line_text
from woongeo.errors import RegionError
from woongeo.knelpunten import vrijspelen
from woongeo.knelpunten.touched import blocked_plans
from woongeo.numerals import counted, dutch
from woongeo.opgave import OPGAVE, RESTOPGAVE, plain_name
from woongeo.progress import steps
from woongeo.regions import Regions
from woongeo.reporting.card import Card, best_period
from woongeo.reporting.changes import changes_per_region
from woongeo.reporting.model import COUNT, TEXT, Column, Factsheet, Report, Table
from woongeo.reporting.pictures import Pictures
from woongeo.reporting.plans import at_risk, matrix
from woongeo.reporting.sources import sources
from woongeo.verdict import Hardheid, Oordeel
from woongeo.vertrouwelijk import KOLOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.capacity import Division, Plancapaciteit
    from woongeo.opgave import Targets
    from woongeo.plotting.ground import Grounds
    from woongeo.reporting.theme import Theme
    from woongeo.screening import Screening

_NAME_CHARACTERS = 60


@dataclass(frozen=True, eq=False)
class _Place:
    """A region: its plans (rows), and its homes of each."""

    niveau: str
    gebied: str
    row: NDArray[np.intp]
    homes: NDArray[np.float64]
    share: NDArray[np.float64]
    division: Division | None


def gather(  # noqa: PLR0913  one keyword a choice
    plancapaciteit: Plancapaciteit,
    *,
    title: str,
    period: str | None,
    earlier: Screening | None,
    theme: Theme,
    maps: bool = True,
    background: Grounds | None = None,
) -> Report:
    """Gather what is told of each region.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`.
    title : str
        Above everything.
    period : str or None
        Of the opgave, as in `Plancapaciteit.cijfers`; the one with the most opgaven without it.
    earlier : Screening or None
        The last peilmoment.
    theme : Theme
        Colours of the maps.
    maps : bool
        Whether maps are drawn.
    background : Grounds, optional
        What fetches tiles under the maps.

    Returns
    -------
    Report
        Plain values. Regions without locations and without opgave are named, and have no
        factsheet.

    Raises
    ------
    RegionError
        When there is no such period.
    """
    screening, basis = plancapaciteit.screening, plancapaciteit.basis
    there = list(plancapaciteit.cijfers["periode"].unique())
    if period is not None and period not in there:
        raise RegionError(f"periode {period!r} is er niet; wel: {', '.join(there)}.")
    chosen = best_period(plancapaciteit) if period is None else period
    places, left_out = _places(plancapaciteit)
    card = Card(plancapaciteit, chosen)
    found = blocked_plans(screening, None, basis)
    freed = vrijspelen(screening, by=plancapaciteit.by, basis=basis)
    freed_by = dict(iter(freed.gebieden.groupby(["niveau", "gebied"], sort=False)))
    changed = changes_per_region(earlier, plancapaciteit) if earlier is not None else None
    pictures = Pictures(screening, theme, background)
    names = _file_names(places)
    sheets = []
    named = [*zip(places, names, strict=True)]
    for place, name in steps("tekenen", named, told=lambda x: f"{x[0].niveau} {x[0].gebied}"):
        drawn = pictures.draw(place.division, place.gebied, place.row) if maps else None
        legend = pictures.legend(place.row, place.homes)
        key = (place.niveau, place.gebied)
        sheets.append(
            Factsheet(
                *key,
                file_name=name,
                tiles=card.tiles(*key),
                capacity=card.table(*key),
                rest=card.rest(*key),
                norm=card.norm,
                map=drawn.png if drawn is not None else b"",
                drawing=drawn.svg if drawn is not None else b"",
                map_note=pictures.ground(drawn),
                map_text=pictures.told(place.gebied, legend),
                legend=legend,
                top=at_risk(screening, place.row, place.homes, place.share),
                matrix=matrix(screening, found, place.row, place.homes),
                freeing=_freeing(screening, freed_by.get(key)),
                changes=changed.table(*key) if changed is not None else None,
                notes=_notes(plancapaciteit, place, card.source(*key)),
            )
        )
    return Report(
        title=line_text(title, most=120),
        on=screening.on,
        version=screening.version,
        period=chosen,
        factsheets=tuple(sheets),
        overview=_overview(sheets, places, screening, chosen),
        sources=sources(plancapaciteit, earlier),
        left_out=tuple(left_out),
        plancapaciteit=plancapaciteit,
        vrijspelen=freed,
    )


def _places(plancapaciteit: Plancapaciteit) -> tuple[list[_Place], list[str]]:
    """List the regions of all levels that have plans or an opgave, and name the others."""
    screening = plancapaciteit.screening
    homes = homes_in(screening.locaties, plancapaciteit.basis)
    targets = None if plancapaciteit.targets is None else plancapaciteit.targets.at()
    places = [*_parts_of(TOTAL[0], whole(screening), homes, None, [TOTAL[1]])]
    left_out: list[str] = []
    for division in plancapaciteit.by:
        level = division if isinstance(division, str) else division.level
        parts = divide(screening, division)
        here = plancapaciteit.tabel["niveau"] == level
        names = plancapaciteit.tabel.loc[here, "gebied"].tolist()
        if isinstance(division, Regions):
            every = division.frame["gebied"].tolist()
            asked = _with_opgave(targets, level, every)
            left_out += [f"{level} {name}" for name in every if name not in {*names, *asked}]
            names += [name for name in asked if name not in names]
        order = sorted(names, key=lambda name: (name == OUTSIDE, name.casefold(), name))
        places += _parts_of(level, parts, homes, division, order)
    return places, left_out


def _with_opgave(targets: Targets | None, level: str, names: list[str]) -> list[str]:
    """List the regions that have an opgave."""
    if targets is None:
        return []
    table = targets.table
    rows = table[table["wat"].isin([OPGAVE, RESTOPGAVE])]
    of_level = rows.loc[rows["niveau"].map(plain_name) == plain_name(level), "gebied"]
    given = {plain_name(name) for name in of_level}
    return [name for name in names if plain_name(name) in given]


def _parts_of(
    level: str,
    parts: Parts,
    homes: NDArray[np.float64],
    division: Division | None,
    names: list[str],
) -> Iterator[_Place]:
    """Give the plans of each region, with the homes that lie in it."""
    held = divide_homes(parts.row, parts.share, homes[parts.row])
    order = np.argsort(parts.region.astype(str), kind="stable")
    ordered = parts.region[order].astype(str)
    for name in names:
        at = order[
            np.searchsorted(ordered, name, side="left") : np.searchsorted(
                ordered, name, side="right"
            )
        ]
        yield _Place(level, name, parts.row[at], held[at], parts.share[at], division)


def _file_names(places: list[_Place]) -> list[str]:
    """Give each region a name for its files, in letters, digits and dashes, each once."""
    names: list[str] = []
    for place in places:
        flat = unicodedata.normalize("NFKD", f"{place.niveau}-{place.gebied}").casefold()
        plain = re.sub(r"[^a-z0-9]+", "-", flat.encode("ascii", "ignore").decode("ascii"))
        base = f"factsheet-{plain.strip('-')}"[:_NAME_CHARACTERS].rstrip("-")
        name, count = base, 1
        while name in names:
            count += 1
            name = f"{base}-{count}"
        names.append(name)
    return names


def _freeing(screening: Screening, rows: pd.DataFrame | None) -> Table:
    """Lay out what solving each bottleneck frees in a region, in the order that frees most."""
    titles = {toets.key: toets.title for toets in screening.toetsen}
    body: list[tuple[str | float, ...]] = []
    listed = [] if rows is None else rows.sort_values("stap").to_dict("records")
    for row in listed:
        if row["woningen_belemmerd"] == 0:
            continue
        unknown = math.isnan(row["woningen_belemmerd"])
        body.append(
            (
                titles[row["knelpunt"]],
                float(row["woningen_belemmerd"]),
                float(row["alleen_min"]),
                float(row["alleen_max"]),
                float("nan") if unknown else float(row["woningen_max"]),
            )
        )
    # What nothing is known of comes last: it has no place in an order.
    body.sort(key=lambda cells: math.isnan(float(cells[1])))
    columns = (
        Column("knelpunt", TEXT),
        Column("belemmert"),
        Column("alleen dit: minstens"),
        Column("alleen dit: hoogstens"),
        Column("samen met wat erboven staat"),
    )
    note = (
        "Woningen die vrijkomen als dit knelpunt is opgelost: alleen, of na alle knelpunten die "
        "erboven staan. Minstens telt alleen plannen waarvan elk oordeel bekend is."
    )
    return Table("Wat oplossen vrijspeelt", columns, tuple(body), note if body else "")


def _notes(plancapaciteit: Plancapaciteit, place: _Place, source: str) -> tuple[str, ...]:
    """Say what a reader must know of a region before its figures."""
    screening = plancapaciteit.screening
    frame = screening.locaties.iloc[place.row]
    notes = []
    if not len(place.row):
        notes.append("In dit gebied ligt geen enkele locatie.")
    elif (frame["hardheid"] == Hardheid.TELT_NIET_MEE).all():
        notes.append("Geen van de locaties telt mee (status 5A of 5B).")
    if source:
        notes.append(f"Opgave volgens {source}.")
    open_ = (frame["oordeel"] == Oordeel.ONBEKEND).to_numpy()
    if open_.any():
        notes.append(_unknown(int(open_.sum()), len(frame)))
    silent = np.isnan(place.homes)
    if silent.any():
        number = dutch(int(silent.sum()), decimals=0)
        notes.append(f"Locaties zonder aantal woningen, die niet meetellen: {number}.")
    if (place.share < 1).any():
        number = dutch(int((place.share < 1).sum()), decimals=0)
        notes.append(
            f"Locaties die deels buiten dit gebied liggen: {number}; hun woningen zijn naar "
            "oppervlakte verdeeld."
        )
    withheld = screening.locations.report.of_check(KOLOM)["toelichting"]
    notes += [f"Vertrouwelijk: {line_text(text, most=240)}." for text in withheld]
    # What holds for all regions alike, but for the check of the whole file of locations.
    general = [n for n in screening.notes() if not n.startswith("Controle van de locaties")]
    notes += [line_text(note, most=260) for note in (*general, *plancapaciteit.opmerkingen)]
    return tuple(notes)


def _unknown(number: int, of: int) -> str:
    """Say of how many locations the verdict is not known."""
    if number == of:
        which = "de enige locatie" if of == 1 else f"alle {dutch(of, decimals=0)} locaties"
    else:
        which = f"{dutch(number, decimals=0)} van de {counted(of, 'locatie', 'locaties')}"
    return f"Van {which} is het oordeel onbekend."


def _overview(
    sheets: list[Factsheet], places: list[_Place], screening: Screening, period: str
) -> Table:
    """Lay out all regions, one a row."""
    columns = (
        Column("gebied", TEXT),
        Column("locaties", COUNT),
        Column("woningen"),
        *(Column(str(outcome)) for outcome in reversed(Oordeel)),
        *(Column(tile.label.lower(), tile.kind) for tile in sheets[0].tiles),
    )
    verdict = screening.locaties["oordeel"].to_numpy()
    hardheid = screening.locaties["hardheid"].to_numpy()
    rows: list[tuple[str | float, ...]] = []
    for sheet, place in zip(sheets, places, strict=True):
        counts = hardheid[place.row] != Hardheid.TELT_NIET_MEE
        homes = place.homes[counts]
        of = verdict[place.row][counts]
        sums = [_sum(homes)] + [_sum(homes[of == outcome]) for outcome in reversed(Oordeel)]
        rows.append(
            (
                sheet.heading,
                float(len(place.row)),
                *sums,
                *(tile.value for tile in sheet.tiles),
            )
        )
    note = (
        "Belemmerd, onbekend en vrij zijn woningen, naar het oordeel over hun locatie, over alle "
        "jaren. "
    )
    if period == ALL_YEARS:
        note += "Hard en zacht zijn woningen over alle jaren."
    else:
        note += f"Opgave, hard en zacht zijn woningen in {period}; waar van geen woning het jaar "
        note += "bekend is, zijn hard en zacht die over alle jaren."
    return Table("Alle gebieden", columns, tuple(rows), note)


def _sum(homes: NDArray[np.float64]) -> float:
    """Add up homes: 0 of no plans, NaN where no plan has a number."""
    known = homes[~np.isnan(homes)]
    return float("nan") if len(homes) and not len(known) else float(known.sum())
