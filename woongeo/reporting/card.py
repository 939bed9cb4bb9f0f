"""The capacity card of a region, read from `Plancapaciteit.cijfers`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from woongeo.capacity.indicators import ALL_YEARS, OTHER_YEARS
from woongeo.capacity.measures import STANDS
from woongeo.capacity.restopgave import task
from woongeo.encode import line_text
from woongeo.reporting.model import HOMES, SHARE, TEXT, Cell, Column, Table, Tile, written

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit

_NAN = float("nan")
_ROWS = {
    "voor": "vóór knelpunten",
    "na_min": "ná knelpunten, minstens",
    "na_verwacht": "ná knelpunten, verwacht",
    "na_max": "ná knelpunten, hoogstens",
}
# Why nothing is known of what plans hold.
_NO_NUMBER = "geen plan dat meetelt heeft een aantal"
_MEASURES = ("plancapaciteit", "hard", "zacht", "status_onbekend")


def best_period(plancapaciteit: Plancapaciteit) -> str:
    """Find the period for which most regions have an opgave.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`.

    Returns
    -------
    str
        The latest of those that are as good; "alle jaren" where there is no opgave at all.
    """
    table = plancapaciteit.cijfers
    given = table[table["maat"].isin(["opgave", "restopgave"]) & table["voor"].notna()]
    if not len(given):
        return ALL_YEARS
    counts = given.groupby("periode")["voor"].count()
    return str(max(counts.index, key=lambda name: (counts[name], name)))


class Card:
    """Looks up figures of a region.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`.
    period : str
        Of the opgave.
    """

    def __init__(self, plancapaciteit: Plancapaciteit, period: str) -> None:
        self.period = period
        self._targets = plancapaciteit.targets
        self._newest = None if self._targets is None else self._targets.at()
        table = plancapaciteit.cijfers
        table = table[table["periode"].isin([period, OTHER_YEARS, ALL_YEARS])]
        keys = zip(*(table[name] for name in ("niveau", "gebied", "periode", "maat")), strict=True)
        values = table[list(STANDS)].to_numpy(dtype=float)
        self._figures = dict(zip(keys, values, strict=True))
        sources = zip(table["bron"], strict=True)
        self._sources = dict(zip(self._figures, (text for (text,) in sources), strict=True))
        self._known = set(zip(table["niveau"], table["gebied"], strict=True))
        norms = plancapaciteit.cijfers
        asked = norms.loc[norms["maat"] == "dekking", "norm"].dropna()
        self.norm = float(asked.iloc[0]) if len(asked) else 1.3

    def _stands(self, niveau: str, gebied: str, measure: str, period: str) -> list[float]:
        """Give a figure before and after bottlenecks."""
        found = self._figures.get((niveau, gebied, period, measure))
        if found is not None:
            return [float(value) for value in found]
        # A region without a single plan holds none, and that is known.
        empty = (niveau, gebied) not in self._known and measure in _MEASURES
        return [0.0 if empty else _NAN] * len(STANDS)

    def _goal(self, niveau: str, gebied: str) -> tuple[float, float, float, str]:
        """Give opgave, what was realised, restopgave, and who says so."""
        key = (niveau, gebied, self.period)
        if (niveau, gebied) in self._known:
            goal, realised, rest = (
                self._stands(niveau, gebied, name, self.period)[0]
                for name in ("opgave", "opgave_gerealiseerd", "restopgave")
            )
            source = self._sources.get((*key, "opgave"), "") or self._sources.get(
                (*key, "restopgave"), ""
            )
            return goal, realised, rest, str(source)
        if self._newest is None or "-" not in self.period:
            return _NAN, _NAN, _NAN, ""
        first, last = (int(year) for year in self.period.split("-"))
        found = task(self._newest, (niveau, [gebied]), (first, last), np.array([_NAN]))
        return (
            float(found.goal[0]),
            float(found.realised[0]),
            float(found.rest[0]),
            str(found.goal_source[0] or found.rest_source[0]),
        )

    def rest(self, niveau: str, gebied: str) -> float:
        """Give the restopgave.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        float
            Homes; NaN where it is not known.
        """
        return self._goal(niveau, gebied)[2]

    def source(self, niveau: str, gebied: str) -> str:
        """Say who gives the opgave.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        str
            Source, date and basis; empty where there is no opgave.
        """
        return line_text(self._goal(niveau, gebied)[3], most=200)

    def _shown_period(self, niveau: str, gebied: str) -> str:
        """Say of which years capacity is shown: all where no home has a year."""
        voor = self._stands(niveau, gebied, "plancapaciteit", self.period)[0]
        return ALL_YEARS if math.isnan(voor) else self.period

    def _no_number(self, niveau: str, gebied: str) -> bool:
        """Say whether plans count in a region and none of them has a number."""
        return math.isnan(self._stands(niveau, gebied, "plancapaciteit", ALL_YEARS)[0])

    def _no_coverage(self, niveau: str, gebied: str, rest: float) -> str:
        """Say why coverage is not known."""
        if math.isnan(rest):
            return "zonder restopgave niet te bepalen"
        if rest == 0:
            return "er is niets meer te bouwen"
        if self._no_number(niveau, gebied):
            return _NO_NUMBER
        # A region without a single plan has no such row, and its coverage is known.
        undated = math.isnan(self._stands(niveau, gebied, "plancapaciteit", OTHER_YEARS)[0])
        why = "jaren niet bekend" if undated else f"jaren lopen over de grens van {self.period}"
        with_open = self._coverage(niveau, gebied)[1][0]
        if not math.isnan(with_open):
            why += f"; telt alles mee: {written(with_open, SHARE)}"
        return why

    def _coverage(self, niveau: str, gebied: str) -> tuple[list[float], list[float]]:
        """Give coverage before and after, without and with homes that have no year."""
        if (niveau, gebied) in self._known:
            return (
                self._stands(niveau, gebied, "dekking", self.period),
                self._stands(niveau, gebied, "dekking_met_fase_onbekend", self.period),
            )
        rest = self.rest(niveau, gebied)
        none = [0.0 if rest > 0 else _NAN] * len(STANDS)
        return none, none

    def tiles(self, niveau: str, gebied: str) -> tuple[Tile, ...]:
        """Give the card.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        tuple of Tile
            Opgave, gerealiseerd, restopgave, hard, zacht, dekking.
        """
        goal, realised, rest, _ = self._goal(niveau, gebied)
        years = self._shown_period(niveau, gebied)
        held = _NO_NUMBER if self._no_number(niveau, gebied) else years
        missing = (
            "geen tabel met opgaven gegeven"
            if self._targets is None
            else "niet in de tabel met opgaven"
        )

        def when(value: float, text: str) -> str:
            return missing if math.isnan(value) else text

        # Who finds the opgave beside it must not read that it is in no table.
        left = when(rest, "nog te bouwen")
        if math.isnan(rest) and not math.isnan(goal):
            left = "wat gerealiseerd is, is niet bekend"

        return (
            Tile("Opgave", goal, HOMES, when(goal, self.period)),
            Tile("Gerealiseerd", realised, HOMES, when(realised, "van deze opgave")),
            Tile("Restopgave", rest, HOMES, left),
            Tile("Hard", self._stands(niveau, gebied, "hard", years)[0], HOMES, held),
            Tile("Zacht", self._stands(niveau, gebied, "zacht", years)[0], HOMES, held),
            self._coverage_tile(niveau, gebied, rest),
        )

    def _coverage_tile(self, niveau: str, gebied: str, rest: float) -> Tile:
        """Hold capacity against what is asked, in words and a sign beside the figure."""
        coverage = self._coverage(niveau, gebied)[0][0]
        norm = written(self.norm, SHARE)
        if math.isnan(coverage):
            why = self._no_coverage(niveau, gebied, rest)
            return Tile("Dekking", coverage, SHARE, f"{why} (norm {norm})")
        # A share of exactly the norm is enough; the noise of dividing is not too little.
        enough = coverage >= self.norm - 1e-9
        sign = f"▲ haalt de norm van {norm}" if enough else f"▼ onder de norm van {norm}"
        return Tile("Dekking", coverage, SHARE, sign)

    def table(self, niveau: str, gebied: str) -> Table:
        """Lay out capacity before and after bottlenecks.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        Table
            Homes, and coverage as share.
        """
        years = self._shown_period(niveau, gebied)
        figures = [self._stands(niveau, gebied, name, years) for name in _MEASURES]
        figures += self._coverage(niveau, gebied)
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (_ROWS[stand], *(values[i] for values in figures)) for i, stand in enumerate(STANDS)
        )
        columns = (
            Column("stand", TEXT),
            Column("plancapaciteit"),
            Column("hard"),
            Column("zacht"),
            Column("status onbekend"),
            Column("dekking", SHARE),
            Column("dekking met woningen zonder jaar", SHARE),
        )
        note = (
            "Minstens: alleen plannen met oordeel vrij die geen laag raakt. Verwacht: naar het "
            "deel van het vlak buiten knelpunten. Hoogstens: alles wat niet geheel in een knelpunt "
            "ligt."
        )
        title = f"Plancapaciteit vóór en ná knelpunten ({years})"
        return Table(title, columns, rows, note)
