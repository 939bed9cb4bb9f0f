"""Reading only what is asked for: rows by value, and the columns that rules read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text, recognise
from woongeo.encode import line_text
from woongeo.errors import ColumnError, LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.rules import RuleBase


# How many values of a column a reason lists, and how much of each.
_LISTED, _LONGEST = 8, 60


def check_where(where: Mapping[str, Sequence[object]] | None, what: str) -> None:
    """Refuse to choose rows by what are no values: a word is not taken apart into letters.

    Parameters
    ----------
    where : Mapping or None
        Column to values.
    what : str
        Which layer.

    Raises
    ------
    LayerError
        When it is no mapping of columns to values.
    """
    if where is None:
        return
    if not isinstance(where, Mapping):
        raise LayerError(f"{what}: where is {where!r}; geef {{kolom: [waarde, …]}}.")
    for column, asked in where.items():
        if isinstance(asked, str | bytes) or not isinstance(asked, Collection):
            raise LayerError(
                f"{what}: where[{column!r}] is {asked!r}; geef een lijst, ook van één waarde: "
                f"{{{column!r}: [{asked!r}]}}."
            )
        if not len(asked):
            raise LayerError(f"{what}: where[{column!r}] noemt geen enkele waarde.")


def wanted_rows(where: Mapping[str, Sequence[object]], values: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows have the values that are asked; one without a value might.

    Parameters
    ----------
    where : Mapping
        Column to values, compared as text.
    values : DataFrame
        Those columns.

    Returns
    -------
    ndarray of bool
        A row each.
    """
    keep = np.ones(len(values), dtype=bool)
    for column, asked in where.items():
        texts = set(as_text(pd.Series(list(asked), dtype=object)))
        code, kinds = pd.factorize(values[column])
        found = as_text(pd.Series(kinds, dtype=object))
        right = np.append((found.isin(texts) | (found == "")).to_numpy(dtype=bool), True)
        keep &= right[code]
    return keep


def without_value(where: Mapping[str, Sequence[object]], frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Find rows of which it is not known whether they are asked for.

    Where no value is one of those that are asked, rows without a value are what is asked.

    Parameters
    ----------
    where : Mapping
        Column to values.
    frame : DataFrame
        What was read.

    Returns
    -------
    ndarray of bool
        A row each.
    """
    none = np.zeros(len(frame), dtype=bool)
    for column, asked in where.items():
        if "" in set(as_text(pd.Series(list(asked), dtype=object))):
            continue
        code, kinds = pd.factorize(frame[column])
        empty = np.append((as_text(pd.Series(kinds, dtype=object)) == "").to_numpy(bool), True)
        none |= empty[code]
    return none


def not_there(where: Mapping[str, Sequence[object]], values: pd.DataFrame) -> str:
    """Say that no row of a file has the values that are asked, and which there are.

    Parameters
    ----------
    where : Mapping
        Column to values, compared as text.
    values : DataFrame
        Those columns, of the whole file.

    Returns
    -------
    str
        The reason in Dutch; empty where a row has them.
    """
    together, told = np.ones(len(values), dtype=bool), []
    for column, asked in where.items():
        texts = set(as_text(pd.Series(list(asked), dtype=object)))
        code, kinds = pd.factorize(values[column])
        found = as_text(pd.Series(kinds, dtype=object))
        has = np.append(found.isin(texts).to_numpy(dtype=bool), "" in texts)[code]
        together &= has
        if not has.any():
            there = _listed(found, np.bincount(code[code >= 0], minlength=len(found)), texts)
            named = line_text(column, most=_LONGEST)
            told.append(f"in kolom {named} staat {there}, en niet {_some(sorted(texts))}")
    if together.any():
        return ""
    return "geen object heeft wat in where is gevraagd: " + (
        "; ".join(told) or "elke kolom heeft het, en geen object heeft alles"
    )


def _listed(kinds: pd.Series, counts: NDArray[np.intp], asked: set[str]) -> str:
    """List some values of a column: first those that differ by case only, then what is common."""
    lower = {text.lower() for text in asked}
    order = np.lexsort((-counts, ~kinds.str.lower().isin(lower).to_numpy(dtype=bool)))
    return _some([kinds.iloc[i] for i in order if kinds.iloc[i]])


def _some(texts: Sequence[str]) -> str:
    """Write some texts, and how many more there are."""
    if not texts:
        return "geen waarde"
    listed = ", ".join(repr(line_text(text, most=_LONGEST)) for text in texts[:_LISTED])
    more = len(texts) - _LISTED
    return f"{listed} en nog {more}" if more > 0 else listed


def columns_of(
    there: Sequence[str],
    rules: Mapping[str, RuleBase],
    given: Mapping[str, str],
    aliases: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """List the columns of a file that the rules of a layer read.

    Parameters
    ----------
    there : sequence of str
        All columns.
    rules : Mapping
        The rules.
    given, aliases : Mapping
        As the user and the catalogue say which column is which.

    Returns
    -------
    list of str
        As they are spelled in the file.
    """
    found = list(given.values())
    for rule in rules.values():
        for column in (*rule.columns(), *rule.number_columns()):
            usual = [name.lower() for name in (column, *aliases.get(column, ()))]
            known = given.get(column) or recognise(there, usual)
            found += [known] if known else []
    return found


def check_columns(where: Mapping[str, Sequence[object]], there: Sequence[str], what: str) -> None:
    """Refuse a column that is not there.

    Parameters
    ----------
    where : Mapping
        Column to values.
    there : sequence of str
        The columns of the file.
    what : str
        Which file.

    Raises
    ------
    ColumnError
        When it is not.
    """
    for column in where:
        if column not in there:
            raise ColumnError(
                f"{what}: kolom {column!r} van where bestaat niet; wel: {', '.join(there)}."
            )
