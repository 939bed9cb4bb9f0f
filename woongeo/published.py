"""Files in the form in which their makers publish them, which a reader of their own knows better.

A list of postcodes that somebody brought to larger areas is a map like any other to `read_layer`,
and all of each area counts. What makes it such a list is in columns that no rule reads.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from woongeo.columns import recognise
from woongeo.errors import UnknownResultWarning

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from woongeo.catalogue import LayerSpec


def better_read(spec: LayerSpec, there: Sequence[str], taken: Collection[str]) -> str:
    """Say that a file holds more than `read_layer` takes from it.

    Parameters
    ----------
    spec : LayerSpec
        What the catalogue knows of the layer.
    there : sequence of str
        The columns of the file.
    taken : collection of str
        The columns, as rules call them, that were found in it.

    Returns
    -------
    str
        In Dutch, without a full stop: by which columns that is seen, what it means for verdicts,
        and which function to use. Empty where no column of the catalogue's `published_columns` is
        there, or a column that the layer's rules read is: then the file says itself what counts.

    Examples
    --------
    >>> from woongeo.catalogue import default_catalogue
    >>> netcongestie = default_catalogue().spec("netcongestie")
    >>> better_read(netcongestie, ["PC4", "N_PC6"], [])[:37]
    'kolom N_PC6 hoort bij wat van netcong'
    >>> better_read(netcongestie, ["pc4", "n_pc6", "klasse"], ["klasse"])
    ''
    """
    found = [recognise(there, [name]) for name in spec.published_columns]
    seen = [column for column in found if column is not None]
    if not spec.reader or not seen or any(column in taken for column in spec.columns):
        return ""
    columns = f"kolom {seen[0]} hoort" if len(seen) == 1 else f"kolommen {', '.join(seen)} horen"
    return (
        f"{columns} bij wat van {spec.key} wordt uitgegeven, en read_layer neemt elk vlak ervan "
        "als geheel, ook waar het maar voor een deel geldt of niets bekend is: daar is het oordeel "
        f"te stellig; lees dit bestand met {spec.reader}"
    )


def voice_better_read(
    spec: LayerSpec, there: Sequence[str], taken: Collection[str], what: str, *, stacklevel: int
) -> None:
    """Warn where a file holds more than `read_layer` takes from it.

    Parameters
    ----------
    spec, there, taken
        As for `better_read`.
    what : str
        The file, for the message.
    stacklevel : int
        As for `warnings.warn`, seen from the caller.

    Warns
    -----
    UnknownResultWarning
        When `better_read` says anything.
    """
    told = better_read(spec, there, taken)
    if told:
        warnings.warn(f"{what}: {told}.", UnknownResultWarning, stacklevel=stacklevel + 1)


__all__ = ["better_read", "voice_better_read"]
