"""Reading only what is asked for: rows by value, and the columns that rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text, recognise
from woongeo.errors import ColumnError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from woongeo.rules import RuleBase


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
    for column in where:
        code, kinds = pd.factorize(frame[column])
        empty = np.append((as_text(pd.Series(kinds, dtype=object)) == "").to_numpy(bool), True)
        none |= empty[code]
    return none


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
