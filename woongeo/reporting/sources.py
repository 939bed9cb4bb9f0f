"""Where the figures of a report come from, and of which day they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from woongeo.encode import line_text
from woongeo.reporting.model import TEXT, UNKNOWN, Column, Table

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource

# Of a sha256: enough to tell one file from another by eye; the manifest has all of it.
_HASH = 12
# Of a layer's rules and who gives them: two or three stand there whole.
_RULES = 500
# What was given as a table in Python.
_NO_FILE = "(in het geheugen)"


def file_name(source: Source | TableSource, *, most: int) -> str:
    """Name a file, without its folder.

    Parameters
    ----------
    source : Source or TableSource
        Where something came from.
    most : int
        Characters.

    Returns
    -------
    str
        Empty for what was no file.
    """
    if source.path == _NO_FILE:
        return ""
    return line_text(re.split(r"[/\\]", source.path)[-1], most=most)


def sources(plancapaciteit: Plancapaciteit, earlier: Screening | None) -> Table:
    """List layers and files.

    Parameters
    ----------
    plancapaciteit : Plancapaciteit
        From `summarize_plancapaciteit`.
    earlier : Screening or None
        The earlier peilmoment.

    Returns
    -------
    Table
        What, by whom, under which licence, of which day, by which rule, and its hash.
    """
    screening = plancapaciteit.screening
    rows = []
    for layer in screening.layers:
        state = layer.unknown or layer.stale(screening.on) or layer.incomplete
        rules = [toets for toets in screening.toetsen if toets.layer is layer]
        told = "; ".join(f"{x.rule.in_words()} ({x.rule.source})" for x in rules)
        rows.append(
            (
                line_text(layer.title, most=80)
                + (f" — {line_text(state, most=80)}" if state else ""),
                line_text(layer.publisher, most=60) or UNKNOWN,
                line_text(layer.licence, most=40) or UNKNOWN,
                layer.reference_date.isoformat() if layer.reference_date else UNKNOWN,
                line_text(told, most=_RULES),
                layer.source.sha256[:_HASH] if layer.source else UNKNOWN,
            )
        )
    files: list[tuple[str, Source | TableSource]] = [("Locaties", screening.locations.source)]
    files += [("Locaties van het vorige peilmoment", earlier.locations.source)] if earlier else []
    for division in plancapaciteit.by:
        if not isinstance(division, str):
            files.append((f"Gebieden ({line_text(division.level, most=40)})", division.source))
    if plancapaciteit.targets is not None:
        files.append(("Opgaven", plancapaciteit.targets.source))
    for what, source in files:
        name = file_name(source, most=80) or source.path
        rows.append((what, "", "", "", name, source.sha256[:_HASH]))
    columns = ("bron", "uitgever", "licentie", "peildatum", "regel of bestand", "sha256 (begin)")
    note = "Wat hier eindigt op … staat voluit in manifest.json."
    return Table("Bronnen en data", tuple(Column(c, TEXT) for c in columns), tuple(rows), note)
