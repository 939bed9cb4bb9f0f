"""What a report holds, as plain values: PDF, slides and page all write these and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from woongeo.capacity import OUTSIDE, TOTAL
from woongeo.encode import line_text
from woongeo.numerals import dutch

if TYPE_CHECKING:
    import datetime as dt

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Vrijspelen

#: What is not known, and must be seen.
UNKNOWN = "onbekend"
#: Kinds of cells.
TEXT, COUNT, HOMES, SHARE = "tekst", "aantal", "woningen", "aandeel"

#: A cell: text, or a number that is NaN where it is not known.
Cell = str | float


def written(cell: Cell, kind: str) -> str:
    """Write a cell for a Dutch reader.

    Parameters
    ----------
    cell : str or float
        Its value; NaN for what is not known.
    kind : str
        "tekst", "aantal", "woningen" or "aandeel" (0-1).

    Returns
    -------
    str
        "onbekend" for NaN.

    Examples
    --------
    >>> written(1234.0, HOMES), written(1.284, SHARE), written(float("nan"), HOMES)
    ('1.234', '128 %', 'onbekend')
    """
    if isinstance(cell, str):
        return line_text(cell)
    if math.isnan(cell):
        return UNKNOWN
    if kind == SHARE:
        return f"{dutch(100 * cell, decimals=0)} %"
    return dutch(cell, decimals=0)


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, and what its cells are."""

    title: str
    kind: str = HOMES


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    title : str
        What it shows.
    columns : tuple of Column
        The first one names the rows.
    rows : tuple of tuple
        Cells.
    note : str
        What a reader must know of it; empty for nothing.
    numbers : tuple of str
        Of a list of plans: the last cell of each row as numbers of the rows of the matrix, for
        where there is no room for words.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    numbers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def written(self) -> list[list[str]]:
        """Write all cells.

        Returns
        -------
        list of list of str
            One list a row.
        """
        return [
            [written(cell, column.kind) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]


@dataclass(frozen=True)
class Tile:
    """A figure of the capacity card.

    Attributes
    ----------
    label : str
        What it is.
    value : float
        NaN where it is not known.
    kind : str
        "woningen" or "aandeel".
    note : str
        Of when, against what, or why it is not known.
    """

    label: str
    value: float
    kind: str
    note: str = ""

    def written(self) -> str:
        """Write the figure.

        Returns
        -------
        str
            "onbekend" where it is not known.
        """
        return written(self.value, self.kind)


@dataclass(frozen=True)
class LegendEntry:
    """What a sign on the map means: a picture of it (PNG) and words."""

    picture: bytes
    text: str


@dataclass(frozen=True)
class Factsheet:
    """What is told of one region.

    Attributes
    ----------
    niveau, gebied : str
        The region.
    file_name : str
        Of its files, without ending; no character of a stranger in it but letters and digits.
    tiles : tuple of Tile
        The capacity card: opgave, gerealiseerd, restopgave, hard, zacht, dekking.
    capacity : Table
        Before and after bottlenecks.
    rest : float
        The restopgave that bars are held against; NaN where it is not known.
    norm : float
        What is asked of it: 1.3.
    map : bytes
        PNG; empty where there is nothing to draw.
    drawing : bytes
        The same as SVG.
    map_note : str
        What must be said of it: its background, and how far it was simplified.
    map_text : str
        What the map shows, for who does not see it.
    legend : tuple of LegendEntry
        What its signs mean.
    top : Table
        Plans by homes at risk.
    matrix : Table
        Bottleneck by status.
    freeing : Table
        What solving each bottleneck frees.
    changes : Table or None
        Since the earlier peilmoment; None where none was given.
    notes : tuple of str
        What a reader must know before the figures.
    """

    niveau: str
    gebied: str
    file_name: str
    tiles: tuple[Tile, ...]
    capacity: Table
    rest: float
    norm: float
    map: bytes
    drawing: bytes
    map_note: str
    map_text: str
    legend: tuple[LegendEntry, ...]
    top: Table
    matrix: Table
    freeing: Table
    changes: Table | None
    notes: tuple[str, ...]

    @property
    def heading(self) -> str:
        """Name the region for people.

        Returns
        -------
        str
            As "Gemeente Haarlem".
        """
        level = "" if self.niveau == TOTAL[0] else f"{self.niveau} "
        text = line_text(f"{level}{self.gebied}", most=90)
        if self.gebied == OUTSIDE:
            text = f"{OUTSIDE} ({line_text(self.niveau, most=60)})"
        return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Report:
    """All that is told.

    Attributes
    ----------
    title : str
        Above everything.
    on : date
        For which day was judged.
    version : str
        Of woongeo.
    period : str
        Of the opgave: "2022-2030", or "alle jaren".
    factsheets : tuple of Factsheet
        All locations first, then the regions by level and name.
    overview : Table
        One row a factsheet.
    sources : Table
        Layers and files, with their dates.
    left_out : tuple of str
        Regions without locations and without opgave.
    plancapaciteit : Plancapaciteit
        What it was made of.
    vrijspelen : Vrijspelen
        What solving each bottleneck frees, in every region.
    """

    title: str
    on: dt.date
    version: str
    period: str
    factsheets: tuple[Factsheet, ...]
    overview: Table
    sources: Table
    left_out: tuple[str, ...]
    plancapaciteit: Plancapaciteit
    vrijspelen: Vrijspelen
