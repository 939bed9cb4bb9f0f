"""What a report says of plans that are kept, and of no other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from woongeo.checks import CheckReport, Finding
from woongeo.registers.model import without_parts
from woongeo.vertrouwelijk.audience import KOLOM

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Findings on the whole file that tell of no single plan.
_OF_THE_FILE = {
    *("bestand", "basis", "toelichting", "vertrouwelijkheid niet vermeld", "geen id-kolom"),
    *("ander coördinatenstelsel", "kolom hernoemd", "hoogten weggelaten", "register is leeg"),
    *("woningen ontbreekt", "planstatus onbekend", "gerealiseerd omgekeerd", KOLOM),
    "overlap niet nagekeken",
}

# Findings on one plan that name another, whole: an id may hold any words.
_NAMES_ANOTHER = re.compile(
    r"(?:(?:zelfde vlak|zelfde naam en gemeente) als (?P<same>.*): woningen tellen mogelijk dubbel"
    r"|(?:ligt vrijwel geheel in|overlapt) (?P<over>.*) "
    r"\([\d.,]+ m², [\d.,]+ %\): woningen tellen mogelijk dubbel"
    r"|is deel van (?P<part>.*): de woningen staan in beide)\Z",
    re.DOTALL,
)

_RELATIONS = {
    *("geometrie dubbel", "plannen overlappen", "naam dubbel", "deel van masterplan"),
    *("masterplan niet gevonden", "masterplan verminderd"),
}


def report_of_kept(
    report: CheckReport,
    ids: set[str],
    more: list[Finding],
    frame: pd.DataFrame,
    seen: NDArray[np.bool_],
) -> CheckReport:
    """Keep the findings that tell of plans that are kept, and of no other.

    Parameters
    ----------
    report : CheckReport
        Of all plans.
    ids : set of str
        Of the plans that are kept.
    more : list of Finding
        What is to be told besides.
    frame : DataFrame
        The plans that are kept.
    seen : ndarray of bool
        Which of all plans those are.

    Returns
    -------
    CheckReport
        What is added first.
    """
    if seen.all():
        kept = report.table
    else:
        of_file = (report.table["object_id"] == "") & report.table["controle"].isin(_OF_THE_FILE)
        kept = report.table[of_file | report.table["object_id"].isin(ids)]
        leaks = kept["controle"].isin(_RELATIONS) & ~kept["toelichting"].map(_other).isin(ids)
        kept = kept[~leaks.to_numpy(dtype=bool)]
    again: list[Finding] = []
    if not seen.all() and "woningen_register" in frame.columns:
        again = without_parts(frame, frame["woningen_register"])[1]
    added = CheckReport.of([*more, *again]).table
    parts = [added, kept] if len(added) else [kept]
    return CheckReport(pd.concat(parts, ignore_index=True))


def _other(text: str) -> str | None:
    """Give the plan that a finding names beside its own; None where it names none like that."""
    match = _NAMES_ANOTHER.match(text)
    return match[match.lastgroup] if match and match.lastgroup else None
