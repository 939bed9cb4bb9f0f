"""Targets: how many homes were agreed for which region and period, by whom and when.

Targets change at every bestuurlijk overleg, so they are a table with versions and never constants.
woongeo ships what was agreed with the provinces in October 2022 and the national figures of the two
letters (``opgave.csv``); a user's own table has the same columns.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text, numbers
from woongeo.days import day_of
from woongeo.encode import html_text
from woongeo.errors import InputError, TargetError
from woongeo.tables import TableSource, missing_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

#: Columns of a table of targets, in order; the first six must be there.
COLUMNS = (
    *("niveau", "gebied", "van", "tot", "waarde", "bron"),
    *("wat", "eenheid", "basis", "datum", "zekerheid", "opmerking"),
)
_NEEDED = COLUMNS[:6]
_DEFAULTS = {"wat": "opgave", "eenheid": "woningen", "basis": "onbekend"}

#: What a row is about, where woongeo calculates with it; other words are kept and shown.
OPGAVE, RESTOPGAVE, GEREALISEERD = "opgave", "restopgave", "gerealiseerd"
_RECKONED = (OPGAVE, RESTOPGAVE, GEREALISEERD)

#: What homes are counted in; tables call it by several words.
HOMES = "woningen"
_UNITS = dict.fromkeys(
    (HOMES, "woning", "won", "won.", "aantal", "aantal woningen", "aantal won.", "stuks"), HOMES
)

#: How the table that comes with woongeo is called.
SHIPPED = "opgave.csv van woongeo"

#: Whether homes to be demolished are taken off.
BASES = ("bruto", "netto", "onbekend", "")

# Names that one region goes by; both are official.
_ALSO = {"fryslan": "friesland"}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_YEARS = (1900, 2200)


def plain_name(name: object) -> str:
    """Write the name of a region so that two spellings of it are equal.

    Parameters
    ----------
    name : object
        The name as somebody wrote it.

    Returns
    -------
    str
        Lower case, without accents, with single blanks.

    Examples
    --------
    >>> plain_name("Fryslân") == plain_name("friesland ")
    True
    """
    flat = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode("ascii")
    flat = " ".join(flat.casefold().split())
    return _ALSO.get(flat, flat)


@dataclass(frozen=True, eq=False)
class Targets:
    """What was agreed, all versions of it.

    Attributes
    ----------
    table : DataFrame
        One row a figure: `wat` ("opgave", "restopgave", "gerealiseerd" and others), `niveau`,
        `gebied`, `van` and `tot` (years, both within the period; NaN where the source does not
        say), `waarde` (NaN where it gives no number), `eenheid`, `basis` (bruto, netto, onbekend),
        `bron`, `datum` (text: a year, month or day; empty where not known), `zekerheid`,
        `opmerking`.
    source : TableSource
        The file it came from.
    """

    table: pd.DataFrame
    source: TableSource

    def __len__(self) -> int:
        return len(self.table)

    def at(self, on: dt.date | str | None = None) -> Targets:
        """Keep the newest version of each figure.

        Parameters
        ----------
        on : date or str, optional
            What was known on this day, or in a month or year written as in `datum` (2022-10, 2022);
            what is known now without it.

        Returns
        -------
        Targets
            One row a figure (`wat`, region, period and unit).

        Raises
        ------
        InputError
            When `on` is no day.
        TargetError
            When two sources of one date give different values: which holds is for the user to say.
        """
        table = self.table
        if on is not None:
            # "2026" stands for some day of that year: known from its first day on.
            table = table[table["datum"] <= _day(on)]
        marked = table.assign(_figure=_figures(table))
        newest = marked.groupby("_figure")["datum"].transform("max")
        latest = marked[marked["datum"] == newest]
        values = latest.groupby("_figure")["waarde"].transform("nunique")
        if (values > 1).any():
            row = latest[values > 1].iloc[0]
            raise TargetError(
                f"{self.source.path}: {row['wat']} van {row['gebied']} heeft op "
                f"{row['datum'] or 'een onbekende datum'} twee waarden; kies met "
                "only(bron=…) of only(basis=…)."
            )
        kept = latest.drop_duplicates("_figure").drop(columns="_figure")
        return replace(self, table=kept.reset_index(drop=True))

    def only(
        self, *, bron: str | None = None, wat: str | None = None, basis: str | None = None
    ) -> Targets:
        """Keep the figures of one source, about one thing or on one basis.

        Parameters
        ----------
        bron, wat, basis : str, optional
            Part of the text of that column for `bron`, the whole of it for the others; capitals
            are as good as none.

        Returns
        -------
        Targets
            Rows in their order.
        """
        kept = np.ones(len(self.table), dtype=bool)
        if bron is not None:
            kept &= self.table["bron"].str.contains(bron, case=False, regex=False).to_numpy()
        for column, wanted in (("wat", wat), ("basis", basis)):
            if wanted is not None:
                kept &= (self.table[column].str.casefold() == wanted.casefold()).to_numpy()
        return replace(self, table=self.table[kept].reset_index(drop=True))

    def periods(self) -> list[tuple[int, int]]:
        """List the periods for which an opgave or restopgave is given.

        Returns
        -------
        list of (int, int)
            First and last year, in order.
        """
        rows = self.table[self.table["wat"].isin([OPGAVE, RESTOPGAVE])]
        rows = rows[["van", "tot"]].dropna().astype(int).drop_duplicates()
        return sorted((int(van), int(tot)) for van, tot in rows.itertuples(index=False))

    def _repr_html_(self) -> str:
        shown = self.table.map(lambda v: html_text(v) if isinstance(v, str) else v)
        table = shown.to_html(index=False, escape=False, na_rep="", max_rows=60)
        return f"{table}<p>Uit {html_text(self.source.path)}.</p>"


def read_targets(
    source: str | Path | pd.DataFrame | None = None,
    *,
    sheet: str | None = None,
    regions: Mapping[str, Collection[str]] | None = None,
) -> Targets:
    """Read a table of targets and check it.

    Parameters
    ----------
    source : str, Path or DataFrame, optional
        A CSV, a sheet or a frame with the columns `niveau`, `gebied`, `van`, `tot`, `waarde` and
        `bron`, and where wanted `wat` ("opgave" without it), `eenheid` ("woningen"), `basis`
        (bruto, netto, onbekend), `datum`, `zekerheid` and `opmerking`. An opgave, restopgave or
        gerealiseerd is in woningen; other words in `wat` may have another unit. Without a source:
        what woongeo ships, the provinces' targets of October 2022 (together 917,193) and the
        national figures of the letters of 25-5-2023 and spring 2026.
    sheet : str, optional
        The sheet of a workbook.
    regions : mapping of str to names, optional
        Per level the regions there are; a name that is not among them is refused.

    Returns
    -------
    Targets
        All versions; `Targets.at` picks the newest.

    Raises
    ------
    FileError
        When the file cannot be read.
    TargetError
        When a column is missing, a value is no number, a period is no period, an opgave is not in
        woningen, a region is not known, or a figure is given twice.
    """
    if source is None:
        place = resources.files("woongeo") / "opgave.csv"
        with resources.as_file(place) as path:
            raw, origin = read_table(path)
        origin = replace(origin, path=SHIPPED)
    else:
        raw, origin = read_table(source, sheet=sheet)
    missing = missing_columns(raw, _NEEDED)
    if missing:
        raise TargetError(f"{origin.path}: kolom {', '.join(missing)} ontbreekt.")
    table = _typed(raw, origin.path)
    _check_regions(table, regions or {}, origin.path)
    key = ["figuur", "basis", "bron", "datum"]
    double = table.assign(figuur=_figures(table)).duplicated(key)
    if double.any():
        row = int(np.flatnonzero(double)[0])
        raise TargetError(
            f"{origin.path}: rij {row + 1} ({table['gebied'].iloc[row]}) staat er vaker in; "
            "een nieuwe versie heeft een andere datum of bron."
        )
    return Targets(table, origin)


def _figures(table: pd.DataFrame) -> pd.Series:
    """Give versions of one figure one number, however they spell it."""
    keys = [table[name].map(_plain_word) for name in ("wat", "eenheid")]
    keys += [table[name].map(plain_name) for name in ("niveau", "gebied")]
    return table.groupby([*keys, "van", "tot"], dropna=False).ngroup()


def _plain_word(text: str) -> str:
    """Write a word so that capitals and blanks make no difference."""
    return " ".join(text.casefold().split())


def _day(on: dt.date | str) -> str:
    """Write the day that is asked for as `datum` is written."""
    if not isinstance(on, str):
        day = day_of(on, "on")
        return "" if day is None else day.isoformat()
    try:
        # The first day of a month or a year tells whether it is one.
        dt.date.fromisoformat(on + "-01-01"[len(on) - 4 :] if _DATE.fullmatch(on) else "")
    except ValueError as error:
        raise InputError(
            f"on is {on!r}; geef een datum, of schrijf een jaar, maand of dag als 2022, 2022-10 of "
            "2022-10-13."
        ) from error
    return on


def _typed(raw: pd.DataFrame, path: str) -> pd.DataFrame:
    """Read numbers, years and dates; what is none is refused."""
    table = pd.DataFrame(index=raw.index)
    for column in COLUMNS:
        if column in {"van", "tot", "waarde"}:
            table[column], wrong = numbers(raw[column])
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise TargetError(
                    f"{path}: {column} {raw[column].iloc[row]!r} (rij {row + 1}) is geen getal."
                )
        else:
            text = as_text(raw[column]) if column in raw.columns else pd.Series("", raw.index)
            default = _DEFAULTS.get(column, "")
            table[column] = text.where(text != "", default)
    table["datum"] = table["datum"].str.removesuffix(" 00:00:00")
    for column, ours in (("wat", {w: w for w in _RECKONED}), ("eenheid", _UNITS)):
        # A word that is reckoned with is written as ours; what is only shown stays as it stands.
        table[column] = table[column].map(_plain_word).map(ours).fillna(table[column])
    _check_rows(table, path)
    return table[["wat", *(c for c in COLUMNS if c != "wat")]]


def _check_rows(table: pd.DataFrame, path: str) -> None:
    """Refuse rows that say nothing or contradict themselves."""
    van, tot = table["van"], table["tot"]
    reckoned = table["wat"].isin(_RECKONED)
    years = pd.concat([van, tot]).dropna()
    no_year = (years % 1 != 0) | ~years.between(*_YEARS)
    faults = {
        "niveau of gebied ontbreekt": (table["niveau"] == "") | (table["gebied"] == ""),
        "bron ontbreekt": table["bron"] == "",
        "van of tot is geen jaartal": van.index.isin(years.index[no_year]),
        "van ligt na tot": van > tot,
        "opgave zonder periode": reckoned & (van.isna() | tot.isna()),
        "opgave zonder waarde": reckoned & table["waarde"].isna(),
        "opgave, restopgave en gerealiseerd zijn in woningen en niet in iets anders; geef wat een "
        "ander woord (opgave_per_jaar, gerealiseerd_aandeel), dan blijft de rij staan": reckoned
        & (table["eenheid"] != HOMES),
        "waarde is negatief": table["waarde"] < 0,
        f"basis is niet een van {', '.join(BASES[:3])}": ~table["basis"].isin(BASES),
        "datum is geen jaar, maand of dag (2022, 2022-10 of 2022-10-13)": ~table["datum"].map(
            lambda text: text == "" or _DATE.fullmatch(text) is not None
        ),
    }
    for what, wrong in faults.items():
        rows = np.flatnonzero(np.asarray(wrong))
        if len(rows):
            row = int(rows[0])
            raise TargetError(f"{path}: rij {row + 1} ({table['gebied'].iloc[row]}): {what}.")


def _check_regions(table: pd.DataFrame, regions: Mapping[str, Collection[str]], path: str) -> None:
    """Refuse regions that do not exist."""
    for level, names in regions.items():
        known = {plain_name(name) for name in names}
        given = table.loc[table["niveau"].map(plain_name) == plain_name(level), "gebied"]
        stray = sorted({name for name in given if plain_name(name) not in known})
        if stray:
            raise TargetError(
                f"{path}: {level} {', '.join(stray)} bestaat niet; wel: {', '.join(sorted(names))}."
            )
