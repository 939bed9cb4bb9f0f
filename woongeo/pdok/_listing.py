"""The catalogue as a table, and what is found in it by words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from woongeo.pdok.catalogue import KINDS, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_CERTAIN = {"seen": "gezien", "doubtful": "onzeker"}
_COLUMNS = (
    "dataset", "titel", "vorm", "uitgever", "licentie", "objecten", "ingangen", "zekerheid",
)  # fmt: skip


def as_table(datasets: Iterable[Dataset]) -> pd.DataFrame:
    """Put datasets in a table.

    Parameters
    ----------
    datasets : iterable of Dataset
        Any number.

    Returns
    -------
    DataFrame
        Index ``dataset``; see `woongeo.pdok.Client.list_datasets`.
    """
    rows = [
        {
            "dataset": d.id,
            "titel": d.title,
            "vorm": d.form,
            "uitgever": d.publisher,
            "licentie": d.licence,
            "objecten": d.features or None,
            "ingangen": ", ".join(dict.fromkeys(KINDS[door.kind] for door in d.doors)),
            "zekerheid": _CERTAIN[d.certainty],
        }
        for d in datasets
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).set_index("dataset")
    return table.astype({"objecten": "Int64"})


def with_apis(table: pd.DataFrame, apis: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Add what the live index has to a table.

    Parameters
    ----------
    table : DataFrame
        From `as_table`.
    apis : sequence of Mapping
        ``title`` and ``root`` of each.

    Returns
    -------
    DataFrame
        With a row for each, whose index is its address.
    """
    if not apis:
        return table
    rows = [{"titel": a["title"], "vorm": "laag", "ingangen": KINDS["features"]} for a in apis]
    found = pd.DataFrame(rows, index=[api["root"] for api in apis], columns=table.columns)
    return pd.concat([table, found.astype(table.dtypes)]).rename_axis("dataset")


def seeker(words: str) -> Callable[..., bool]:
    """Make a test for texts that hold all words.

    Parameters
    ----------
    words : str
        Parts of words, separated by blanks.

    Returns
    -------
    callable
        Takes texts, and tells whether each word occurs in one of them.

    Examples
    --------
    >>> seeker("NATUUR park")("Nationale parken", "natuur")
    True
    """
    wanted = words.casefold().split()

    def fits(*texts: str) -> bool:
        hay = " ".join(texts).casefold()
        return all(word in hay for word in wanted)

    return fits


def said_of(dataset: Dataset) -> tuple[str, ...]:
    """Give the texts to find a dataset by.

    Parameters
    ----------
    dataset : Dataset
        The dataset.

    Returns
    -------
    tuple of str
        Its names and keywords.
    """
    return (dataset.id, dataset.title, dataset.publisher, *dataset.keywords)
