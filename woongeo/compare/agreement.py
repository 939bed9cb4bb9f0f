"""What the map says of plans beside what plans say of themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity import homes_in, verdict_keys
from woongeo.errors import ColumnError, LayerError
from woongeo.numerals import by_number, counted
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from woongeo.screening import Screening

#: Bottleneck to the words for it in `knelpunten_meerkeuze` of Planmonitor Wonen and of DIWI (Zuid-
#: Holland, Gelderland), and as `read_register` calls them. Goat farms have no word in any of them.
REPORTED: dict[str, tuple[str, ...]] = {
    "netcongestie": (
        *("netcongestie", "Nuts (netcongestie/wateraansluiting)"),
        *("nutsaansluiting", "Aansluiting op nutsvoorzieningen"),
    ),
    "stikstof": ("stikstof", "Stikstofruimte"),
    "natura2000": ("natuur", "Natuurbescherming", "Flora/fauna"),
    "spuitzones": ("spuitzones", "Spuitzones/milieu"),
    "geluid": (
        *("geluid", "Geluidshinder", "Geluidhinder industrie", "Geluidhinder vliegverkeer"),
        *("Geluidhinder weg- en railverkeer", "Geluidhinder nestgeluid"),
    ),
}

# Words that say that nothing is in the way, and that nothing is known.
_NONE, _UNKNOWN = {"geen"}, {"", "onbekend", "nan", "none"}


def agreement(
    screening: Screening,
    reported: str | pd.Series = "knelpunten",
    *,
    words: Mapping[str, Sequence[str]] | None = None,
    basis: str | None = None,
) -> pd.DataFrame:
    """Hold the verdicts against the bottlenecks that plans report themselves.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    reported : str or Series
        The column of the locations with what plans report, or the values in the order of the
        locations: lists of words, or text with commas, semicolons or bars between them. "Geen" is
        a report of none; "Onbekend" and an empty cell are none at all.
    words : mapping of str to words, optional
        Verdict key to the words for it, whatever their case; those of Planmonitor Wonen and DIWI
        without it. Keys without words are left out of the table.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    DataFrame
        One row a bottleneck, verdict (belemmerd, vrij, onbekend) and report (gemeld, niet gemeld,
        onbekend): `knelpunt`, `oordeel`, `melding`, `plannen`, `woningen`, and `overeenstemming`
        (0-1): of the plans of which both are known, the share of which both say the same. Plans
        with status 5A and 5B are left out.

    Raises
    ------
    ColumnError
        When there is no such column.
    LayerError
        When a key of `words` was not screened, or no screened bottleneck has words.
    """
    keys = verdict_keys(screening)
    if words is None:
        known = {key: _words_for(key) for key in keys}
        known = {key: found for key, found in known.items() if found}
    else:
        known = {key: tuple(found) for key, found in words.items()}
        stray = sorted(set(known) - set(keys))
        if stray:
            raise LayerError(f"knelpunt {', '.join(stray)} is er niet; wel: {', '.join(keys)}.")
    if not known:
        raise LayerError(f"geef met words de woorden voor {', '.join(keys)}.")
    frame = screening.locaties
    counted = (frame["hardheid"] != Hardheid.TELT_NIET_MEE).to_numpy()
    told = _reported(screening, reported)[counted]
    homes = homes_in(frame, basis)[counted]
    blocks = []
    for key, found in known.items():
        verdict = frame[f"{key}_oordeel"].to_numpy(dtype=object)[counted]
        wanted = {word.strip().casefold() for word in found}
        code, distinct = pd.factorize(told)
        is_told = np.array([_says(text, wanted) for text in distinct], dtype=object)
        blocks.append(_table(key, verdict, is_told[code], homes))
    return pd.concat(blocks, ignore_index=True)


def _words_for(key: str) -> tuple[str, ...]:
    """Find the words for a verdict key: netcongestie_2026 is netcongestie."""
    return next((found for name, found in REPORTED.items() if key.startswith(name)), ())


def _reported(screening: Screening, reported: str | pd.Series) -> pd.Series:
    """Give per location one text of what it reports."""
    if isinstance(reported, str):
        frame = screening.locaties
        name = next((c for c in frame.columns if str(c).lower() == reported.lower()), None)
        if name is None:
            raise ColumnError(f"kolom {reported!r} met gemelde knelpunten bestaat niet.")
        values = frame[name]
    else:
        values = reported
    if len(values) != len(screening):
        raise ColumnError(
            f"er {by_number(len(values), 'is', 'zijn')} "
            f"{counted(len(values), 'melding', 'meldingen')} en "
            f"{counted(len(screening), 'locatie', 'locaties')}."
        )
    text = [
        "|".join(map(str, v)) if isinstance(v, list | tuple | set | np.ndarray) else v
        for v in values
    ]
    series = pd.Series(text, dtype=object)
    return series.where(series.notna(), "").map(str)


def _says(text: str, wanted: set[str]) -> str:
    """Read whether a report names a bottleneck."""
    # The words themselves hold slashes and blanks; registers join them with these signs.
    told = {part.strip().strip("[]'\"").casefold() for part in re.split(r"[|;,\n]", text)}
    if told & wanted:
        return "gemeld"
    if told <= _UNKNOWN or (told & _UNKNOWN - {""} and not told - _UNKNOWN - _NONE):
        return "onbekend"
    return "niet gemeld"


def _table(
    key: str,
    verdict: NDArray[np.object_],
    told: NDArray[np.object_],
    homes: NDArray[np.float64],
) -> pd.DataFrame:
    """Count every pair of verdict and report."""
    rows = []
    for outcome in (Oordeel.BELEMMERD, Oordeel.VRIJ, Oordeel.ONBEKEND):
        for report in ("gemeld", "niet gemeld", "onbekend"):
            hit = (verdict == str(outcome)) & (told == report)
            held = homes[hit]
            nothing = len(held) > 0 and bool(np.isnan(held).all())
            total = float("nan") if nothing else float(np.nansum(held))
            rows.append((key, str(outcome), report, int(hit.sum()), total))
    table = pd.DataFrame(rows, columns=["knelpunt", "oordeel", "melding", "plannen", "woningen"])
    clear = table[(table["oordeel"] != Oordeel.ONBEKEND) & (table["melding"] != "onbekend")]
    same = (clear["oordeel"] == Oordeel.BELEMMERD) == (clear["melding"] == "gemeld")
    both = int(clear["plannen"].sum())
    table["overeenstemming"] = clear.loc[same, "plannen"].sum() / both if both else np.nan
    return table
