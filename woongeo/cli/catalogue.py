"""``woongeo layers``: which layers and rules there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woongeo.catalogue import default_catalogue, list_layers, read_catalogue
from woongeo.cli.say import say
from woongeo.encode import visible

if TYPE_CHECKING:
    import argparse


def run_layers(given: argparse.Namespace) -> int:
    """Do ``woongeo layers``.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    book = default_catalogue() if given.rules is None else read_catalogue(given.rules)
    table = list_layers(book)
    if given.json:
        say(table.to_json(orient="records", force_ascii=False, indent=2, date_format="iso"))
        return 0
    for row in table.to_dict("records"):
        # A file of the user's may hold anything.
        state = "" if row["staat_aan"] else " [staat uit]"
        say(visible(f"{row['sleutel']}: {row['titel']} ({row['zwaarte']}){state}"))
        say(visible(f"    {row['regel']}"))
        say(visible(f"    bron: {row['bron']} (zekerheid: {row['zekerheid']})"))
        where = f"woongeo fetch {row['dataset']}" if row["dataset"] else "eigen bestand"
        columns = f"; kolommen: {row['kolommen']}" if row["kolommen"] else ""
        say(visible(f"    gegevens: {where}{columns}"))
    return 0
