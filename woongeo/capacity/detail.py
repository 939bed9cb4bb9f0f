"""Detail of a register: homes by year and by price segment, in one long table.

Homes of a plan add up within one `indeling` (what the register breaks them down by); over several
they are the same homes again, so one of them is chosen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from woongeo.columns import as_text, numbers

#: Price segments of the basisset (betaalbaarheid) to whether they are sociale huur and betaalbaar;
#: None where the register leaves it open.
SEGMENTS: dict[str, tuple[bool | None, bool | None]] = {
    "sociale_huur": (True, True),
    "middenhuur": (False, True),
    "dure_huur": (False, False),
    "huur_onbekend": (None, None),
    "betaalbare_koop": (False, True),
    "dure_koop": (False, False),
    "koop_onbekend": (False, None),
    "eigendom_onbekend": (None, None),
}
# Other words for the same, as registers write them.
_SEGMENT_WORDS = {
    "huur_middenhuur": "middenhuur",
    "huur_dure_huur": "dure_huur",
    "koop_betaalbare_koop": "betaalbare_koop",
    "koop_dure_koop": "dure_koop",
    "huur_sociale_huur": "sociale_huur",
    "onbekend_koop_of_huur": "eigendom_onbekend",
    "onbekend": "eigendom_onbekend",
    "koop_of_huur_onbekend": "eigendom_onbekend",
}
_PREFIXES = ("prijssegment_", "betaalbaarheid_")

# Of several breakdowns the one that is the plan itself goes first.
_WHOLE = "totaal"


def segment(text: object) -> str:
    """Read the name of a price segment.

    Parameters
    ----------
    text : object
        As a register writes it.

    Returns
    -------
    str
        A key of `SEGMENTS`; the text itself, in lower case, where it is none.

    Examples
    --------
    >>> segment("Koop betaalbare koop"), segment("prijssegment_Sociale huur")
    ('betaalbare_koop', 'sociale_huur')
    """
    word = "_".join(str(text).strip().lower().replace("-", " ").split())
    for prefix in _PREFIXES:
        word = word.removeprefix(prefix)
    return _SEGMENT_WORDS.get(word, word)


def is_detail(table: pd.DataFrame) -> bool:
    """Tell whether a table is the detail of a register and not a plain table of phases.

    Parameters
    ----------
    table : DataFrame
        Any.

    Returns
    -------
    bool
        Whether it says by what homes are broken down.
    """
    return "indeling" in table.columns


def phases_in(detail: pd.DataFrame) -> pd.DataFrame:
    """Take from detail when homes are to be delivered.

    Parameters
    ----------
    detail : DataFrame
        `plan_id`, `soort`, `indeling`, `stand`, `jaar`, `jaar_tot`, `aantal`.

    Returns
    -------
    DataFrame
        `plan_id`, `van`, `tot`, `aantal`: homes to be built that are not yet realised and have a
        year, each once.
    """
    built = _text(detail, "soort") != "sloop"
    open_ = _text(detail, "stand") != "gerealiseerd"
    rows = detail[built & open_ & detail["jaar"].notna() & detail["aantal"].notna()]
    rows = _one_breakdown(rows)
    until = rows["jaar_tot"] if "jaar_tot" in rows.columns else rows["jaar"]
    return pd.DataFrame(
        {
            "plan_id": rows["plan_id"],
            "van": rows["jaar"],
            "tot": until.where(until.notna(), rows["jaar"]),
            "aantal": rows["aantal"],
        }
    )


def segments_in(detail: pd.DataFrame) -> pd.DataFrame:
    """Take from detail the homes of each price segment.

    Parameters
    ----------
    detail : DataFrame
        `plan_id`, `soort`, `indeling`, `prijssegment`, `aantal`.

    Returns
    -------
    DataFrame
        One row a plan, one column a segment that occurs (`SEGMENTS`); NaN where a plan says nothing
        of it. Realised homes are in it: it is a plan as a whole.
    """
    if "prijssegment" not in detail.columns:
        return pd.DataFrame()
    named = detail["prijssegment"].map(segment, na_action="ignore")
    built = _text(detail, "soort") != "sloop"
    rows = detail.assign(segment=named)[built & named.isin(list(SEGMENTS))]
    rows = _one_breakdown(rows)
    counted, _ = numbers(rows["aantal"])
    table = rows.assign(plan=as_text(rows["plan_id"]), aantal=counted)
    # Nothing known is not nothing: without min_count pandas adds up blanks to 0.
    added = table.groupby(["plan", "segment"], as_index=False)["aantal"].sum(min_count=1)
    # pivot, and not pivot_table, which adds up again and turns blanks into nothing.
    wide: pd.DataFrame = added.pivot(index="plan", columns="segment", values="aantal")  # noqa: PD010
    return wide


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    """Give a column of words; empty where there is no such column."""
    if name not in table.columns:
        return pd.Series("", index=table.index)
    return table[name].astype(object).where(table[name].notna(), "")


def _one_breakdown(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep of each plan one breakdown: the whole where there is one, else the first by name."""
    if not len(rows):
        return rows
    kind = _text(rows, "indeling").map(str)
    rank = np.where(kind == _WHOLE, "", kind)
    first = pd.Series(rank, index=rows.index).groupby(rows["plan_id"].to_numpy()).transform("min")
    kept: pd.DataFrame = rows[first.to_numpy() == rank]
    return kept
