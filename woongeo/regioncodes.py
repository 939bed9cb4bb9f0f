"""Which row of a table is a municipality: codes, names as people write them, and mergers.

A code comes as 363, "0363", "GM0363" or "2022GM0363"; a name with or without "(gemeente)",
accents and hyphens. What could mean two regions means none: Bergen lies in Noord-Holland and in
Limburg, and the ground of Haaren went to four others.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

from woongeo.columns import as_text
from woongeo.errors import ColumnError, RegionError
from woongeo.sources import read_tabular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: The level whose codes and mergers are known here.
GEMEENTE = "gemeente"

_CODE = re.compile(r"(?:(?:19|20)\d\d)?GM(\d{4})|(\d{1,4})", re.IGNORECASE)
_SUFFIX = re.compile(r"\(([^()]*)\)\s*$")
# Municipalities known by two names; the official one stands right.
_ALSO = {
    "denhaag": "sgravenhage",
    "denbosch": "shertogenbosch",
    "nuenenca": "nuenengerwenennederwetten",
}
# Names that two municipalities share.
_SHARED = {"bergen"}


@dataclass(frozen=True)
class CodeChange:
    """A region that ended.

    Attributes
    ----------
    old_code, old_name : str
        The region that ended.
    new_code, new_name : str
        Where its ground went; several changes of one old region: it was divided.
    since : date
        The first day of the new region.
    """

    old_code: str
    old_name: str
    new_code: str
    new_name: str
    since: dt.date


@dataclass(frozen=True, eq=False)
class RegionTable:
    """Values per region, and how a location finds its own.

    Attributes
    ----------
    level : str
        What the regions are: "gemeente", "woondealregio".
    value_name : str
        The column of the source that holds the value.
    frame : DataFrame
        One row a region: `code`, `naam` and `waarde` (as in the source; None where none is given),
        all text but the value.
    location_column : str or None
        The column of locations that names their region; None to recognise the usual ones.
    changes : tuple of CodeChange
        Regions that ended.
    region_names, region_shapes : ndarray or None
        Names or codes and surfaces (RD New) of regions, to find the region of a location by its
        largest part.
    """

    level: str
    value_name: str
    frame: pd.DataFrame
    location_column: str | None = None
    changes: tuple[CodeChange, ...] = ()
    region_names: NDArray[np.object_] | None = None
    region_shapes: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @functools.cached_property
    def _by_code(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.frame["code"]) if code}

    @functools.cached_property
    def _by_name(self) -> dict[str, list[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = {}
        for i, name in enumerate(self.frame["naam"]):
            if name:
                base, suffix = plain_name(name)
                found.setdefault(base, []).append((suffix, i))
        return found

    def find(self, text: str) -> tuple[int, str]:
        """Find the row of a region.

        Parameters
        ----------
        text : str
            A code or a name.

        Returns
        -------
        row : int
            Position in `frame`; -1 where there is none, or more than one could be meant.
        note : str
            What was done or why nothing was found, in Dutch; empty where code or name stands in
            the table.
        """
        if not text:
            return -1, f"geen {self.level} bekend"
        code = region_code(text, self.level)
        if code in self._by_code:
            return self._by_code[code], ""
        row, shared = self._named(text)
        if row >= 0 or shared:
            return row, shared
        return self._changed(text, code)

    def label(self, row: int) -> str:
        """Name a row for people.

        Parameters
        ----------
        row : int
            Position in `frame`.

        Returns
        -------
        str
            Its name; its code where it has none.
        """
        name, code = self.frame["naam"].iloc[row], self.frame["code"].iloc[row]
        return str(name or code)

    def _named(self, text: str) -> tuple[int, str]:
        """Find a row by name; say so where the name could mean two regions."""
        base, suffix = plain_name(text)
        there = self._by_name.get(base, [])
        exact = [i for s, i in there if s == suffix]
        others = [i for s, i in there if not (s and suffix)]
        # Of several rows only one with the same addition is sure to be meant.
        sure = exact if len(there) == 1 or suffix else []
        if len(sure) == 1:
            return sure[0], ""
        if len(there) == 1 and others and base not in _SHARED:
            return others[0], ""
        if not others:
            return -1, ""
        names = ", ".join(self.frame["naam"].iloc[[i for _, i in there]])
        return -1, f"{self.level} {text!r} is niet zeker dezelfde als {names}"

    def _changed(self, text: str, code: str) -> tuple[int, str]:
        """Follow a region that ended to the one that took its ground, or say why that fails."""
        name, said = plain_name(text), f"{self.level} {text}"
        onward = [c for c in self.changes if _is_it(code, name, c.old_code, c.old_name)]
        if len(onward) > 1:
            names = ", ".join(dict.fromkeys(c.new_name for c in onward))
            return -1, f"{said} is sinds {onward[0].since} verdeeld over {names}"
        if onward:
            change = onward[0]
            later = replace(self, changes=tuple(c for c in self.changes if c != change))
            for new in filter(None, (change.new_code, change.new_name)):
                row, _ = later.find(new)
                if row >= 0:
                    return row, f"{said} is sinds {change.since} {change.new_name}"
        back = [c for c in self.changes if _is_it(code, name, c.new_code, c.new_name)]
        ended = [c.old_name for c in back if self._has(c.old_code, c.old_name)]
        if ended:
            return -1, (
                f"{said} bestaat sinds {back[0].since}; de tabel kent alleen {', '.join(ended)}"
            )
        return -1, f"{said} staat niet in de tabel"

    def _has(self, code: str, name: str) -> bool:
        """Tell whether a region stands in the table under its own code or name."""
        return code in self._by_code or self._named(name)[0] >= 0


def _is_it(code: str, name: tuple[str, str], other_code: str, other_name: str) -> bool:
    """Tell whether a region is another by its code or, as it is written, its name."""
    return (code != "" and code == other_code) or name == plain_name(other_name)


def region_code(text: str, level: str = GEMEENTE) -> str:
    """Write the code of a region in one way.

    Parameters
    ----------
    text : str
        A code as people write it, or a name.
    level : str
        What the region is; only codes of a gemeente have a form of their own.

    Returns
    -------
    str
        "GM0363" for a gemeente, the text in capitals for others; empty for a gemeente that is no
        code.

    Examples
    --------
    >>> [region_code(t) for t in ("GM0363", "363", "0363", "2022GM0363", "Amsterdam")]
    ['GM0363', 'GM0363', 'GM0363', 'GM0363', '']
    """
    flat = text.strip()
    if level != GEMEENTE:
        return flat.upper()
    match = _CODE.fullmatch(flat)
    return f"GM{int(match[1] or match[2]):04d}" if match else ""


def plain_name(text: str) -> tuple[str, str]:
    """Write a name without what people write in different ways.

    Parameters
    ----------
    text : str
        A name.

    Returns
    -------
    base : str
        Its letters and digits without accents, in lower case.
    suffix : str
        What stood between brackets at the end, in the same way: "nh" for "Bergen (NH.)"; empty for
        "(gemeente)".

    Examples
    --------
    >>> plain_name("'s-Gravenhage (gemeente)"), plain_name("Den Haag"), plain_name("Bergen (NH.)")
    (('sgravenhage', ''), ('sgravenhage', ''), ('bergen', 'nh'))
    """
    match = _SUFFIX.search(text)
    suffix = _letters(match[1]) if match else ""
    base = _letters(text[: match.start()] if match else text)
    return _ALSO.get(base, base), "" if suffix == "gemeente" else suffix


def spellings(name: str, there: Iterable[str]) -> list[str]:
    """List the names that mean the same region as a name that was asked for.

    Parameters
    ----------
    name : str
        As somebody wrote it.
    there : iterable of str
        The names to choose from.

    Returns
    -------
    list of str
        Each once, in their order: what is written the same but for case, accents and signs; else,
        where only one of the two has an addition between brackets, what is the same without it, of
        which there may be several: then it is not sure which is meant.

    Examples
    --------
    >>> spellings("bergen (nh)", ["Bergen (L.)", "Bergen (NH.)"])
    ['Bergen (NH.)']
    >>> spellings("Bergen", ["Bergen (L.)", "Bergen (NH.)"])
    ['Bergen (L.)', 'Bergen (NH.)']
    """
    base, suffix = plain_name(name)
    known = {text: plain_name(text) for text in there}
    same = [text for text, plain in known.items() if plain == (base, suffix)]
    near = [text for text, (b, s) in known.items() if b == base and not (s and suffix)]
    return same or near


def chosen_names(
    names: Sequence[str], there: Iterable[str]
) -> tuple[list[str], list[str], list[str]]:
    """Choose regions by name.

    Parameters
    ----------
    names : sequence of str
        As somebody wrote them.
    there : iterable of str
        The names to choose from.

    Returns
    -------
    chosen : list of str
        Of `there`, each once.
    stray : list of str
        The names that do not occur.
    doubtful : list of str
        In Dutch, of each name that could mean several regions, which those are.
    """
    known = list(dict.fromkeys(there))
    found = {name: spellings(name, known) for name in names}
    chosen = {text for texts in found.values() for text in texts}
    doubtful = [
        f"{name!r} kan {' of '.join(map(repr, texts))} zijn"
        for name, texts in found.items()
        if len({plain_name(text) for text in texts}) > 1
    ]
    stray = [name for name, texts in found.items() if not texts]
    return [text for text in known if text in chosen], stray, doubtful


def _letters(text: str) -> str:
    """Keep letters and digits, without accents."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if c.isalnum())


@functools.cache
def known_changes() -> tuple[CodeChange, ...]:
    """Give the municipalities that ended in 2021, 2022 and 2023.

    Returns
    -------
    tuple of CodeChange
        As CBS and RvIG published them; see herindelingen.toml in the package.
    """
    text = resources.files("woongeo").joinpath("herindelingen.toml").read_text(encoding="utf-8")
    return tuple(
        CodeChange(
            row["oud"]["code"],
            row["oud"]["naam"],
            row["nieuw"]["code"],
            row["nieuw"]["naam"],
            row["datum"],
        )
        for row in tomllib.loads(text)["wijziging"]
    )


def read_code_changes(
    source: str | Path | pd.DataFrame, *, level: str = GEMEENTE
) -> tuple[CodeChange, ...]:
    """Read a table of regions that ended.

    Parameters
    ----------
    source : str, Path or DataFrame
        A CSV, workbook or frame with the columns `oude_code`, `oude_naam`, `nieuwe_code`,
        `nieuwe_naam` (a code or a name of both suffices) and `datum` (2022-03-24 or 24-3-2022).
    level : str
        What the regions are.

    Returns
    -------
    tuple of CodeChange
        In the order of the table.

    Raises
    ------
    ColumnError
        When a column is missing.
    RegionError
        When a row names no old or new region, or has no date.
    """
    table, origin = read_tabular(source)
    names = ("oude_code", "oude_naam", "nieuwe_code", "nieuwe_naam", "datum")
    lower = {str(c).strip().lower(): c for c in table.columns}
    missing = [
        " of ".join(pair)
        for pair in (names[:2], names[2:4], names[4:])
        if not any(name in lower for name in pair)
    ]
    if missing:
        raise ColumnError(f"{origin.path}: kolom {', '.join(missing)} ontbreekt.")
    texts = {
        name: as_text(table[lower[name]]).tolist() if name in lower else [""] * len(table)
        for name in names[:4]
    }
    changes = []
    for i in range(len(table)):
        old_code, old_name, new_code, new_name = (texts[name][i] for name in names[:4])
        since = _day(table[lower["datum"]].iloc[i])
        if since is None or not (old_code or old_name) or not (new_code or new_name):
            raise RegionError(
                f"{origin.path}: rij {i + 1} noemt geen oud gebied, geen nieuw gebied of "
                "geen datum."
            )
        changes.append(
            CodeChange(
                region_code(old_code, level) if old_code else "",
                old_name or old_code,
                region_code(new_code, level) if new_code else "",
                new_name or new_code,
                since,
            )
        )
    return tuple(changes)


def _day(value: object) -> dt.date | None:
    """Read a date as a register or a workbook writes it."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y%m%d"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007  a day, not a moment
        except ValueError:
            continue
    return None


def region_columns(level: str) -> Sequence[str]:
    """List the usual names of the column that holds the region of a location.

    Parameters
    ----------
    level : str
        What the regions are.

    Returns
    -------
    sequence of str
        In lower case, codes before names.
    """
    return _COLUMNS.get(level, (f"{level}code", f"{level}_code", level, f"{level}naam"))


_COLUMNS: Mapping[str, Sequence[str]] = {
    GEMEENTE: (
        *("gemeentecode", "gemeente_code", "gm_code", "gemcode", "gem_code", "statcode"),
        *("gemeente", "gemeentenaam", "gemeente_naam", "gem_naam", "gemnaam", "statnaam"),
    ),
    "woondealregio": (
        *("woondealregio_code", "woondealregio", "woondeal_regio", "woondeal", "regio"),
        *("regio_naam",),
    ),
    "provincie": (
        *("provinciecode", "provincie_code", "provincie", "provincienaam", "provincie_naam"),
    ),
}
