"""Who may see which plan: plans above an audience's level are left out, and it is said.

Levels and who sees them are those of the registers. Planmonitor Wonen (help page, 31-3-2026):
openbaar is for anybody; provincie for users of the province and the region; gemeente for the
gemeente alone. DIWI (Confidentiality.java) orders openbaar below mede-overheden, woonregio and
gemeente, and Gelderland's "ProvincieGemeente" is the province and the plan's own gemeente. A level
that is not stated, or not known, is the most confidential of all.

In totals a plan that is left out may count, where so many are together that none can be told from
another; see `for_totals` for what that does and does not protect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, recognise
from woongeo.encode import by_number
from woongeo.errors import AudienceError, ColumnError
from woongeo.locations import Locations
from woongeo.mapping import RegionMapping
from woongeo.registers import Register
from woongeo.registers.model import masters, without_parts
from woongeo.registers.words import ONBEKEND, translate
from woongeo.screening import Screening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.regions import Regions

#: Audiences, from anybody to who keeps the register.
PUBLIEK = ("openbaar", "provincie", "regio", "gemeente", "intern")

#: The column that says how confidential a plan is.
KOLOM = "vertrouwelijkheid"

#: So many plans that are left out must be together to count in a total. A choice of woongeo.
MINIMUM = 5

# What an audience sees of plans of its own region or gemeente, and of others.
_OWN = {
    "provincie": ("openbaar", "provincie", "provincie en gemeente"),
    "regio": ("openbaar", "provincie", "regio"),
    "gemeente": ("openbaar", "provincie", "provincie en gemeente", "regio", "gemeente"),
}

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


@dataclass(frozen=True)
class Audience:
    """An audience: how much it may see, and whose it is.

    Attributes
    ----------
    level : str
        One of `PUBLIEK`.
    name : str
        The province, region or gemeente; empty for openbaar and intern.
    """

    level: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.level}:{self.name}" if self.name else self.level


_What = TypeVar("_What", gpd.GeoDataFrame, pd.DataFrame, Locations, Register, Screening)


def read_audience(text: str | Audience) -> Audience:
    """Read an audience.

    Parameters
    ----------
    text : str or Audience
        "openbaar", "provincie", "provincie:Zeeland", "regio:Foodvalley", "gemeente:Ede" or
        "intern".

    Returns
    -------
    Audience
        The audience.

    Raises
    ------
    AudienceError
        When there is no such audience, or its name is missing: a plan for one gemeente is not for
        the next.

    Examples
    --------
    >>> read_audience("gemeente:Ede").name
    'Ede'
    """
    if isinstance(text, Audience):
        return text
    level, _, name = text.partition(":")
    level, name = level.strip().casefold(), name.strip()
    if level not in PUBLIEK:
        raise AudienceError(f"publiek {text!r} is onbekend; kies uit {', '.join(PUBLIEK)}.")
    if level in {"regio", "gemeente"} and not name:
        raise AudienceError(
            f"publiek {level!r}: noem welke, als {level}:NAAM; een plan van de ene is niet voor de "
            "andere."
        )
    if level in {"openbaar", "intern"} and name:
        raise AudienceError(f"publiek {text!r}: achter {level} hoort geen naam.")
    return Audience(level, name)


def visible_to(frame: pd.DataFrame, audience: str | Audience) -> NDArray[np.bool_]:
    """Tell which plans an audience may see.

    Parameters
    ----------
    frame : DataFrame
        With `vertrouwelijkheid`, in our words or the register's, and `gemeente`, `regio` or
        `provincie` where the audience is one of them.
    audience : str or Audience
        See `read_audience`.

    Returns
    -------
    ndarray of bool
        Per row. What is not stated or not known is seen by "intern" only.

    Raises
    ------
    AudienceError
        When the frame does not say who may see a plan, or where it lies.
    """
    asked = read_audience(audience)
    if asked.level == "intern":
        return np.ones(len(frame), dtype=bool)
    column = _level_column(frame)
    if column is None:
        raise AudienceError(
            f"de plannen hebben geen kolom {KOLOM!r}: wie ze mag zien is niet bekend; lees ze met "
            "read_register, of kies publiek 'intern'."
        )
    levels = translate(frame[column], KOLOM)[0].to_numpy(dtype=object)
    if asked.level == "openbaar":
        return np.asarray(levels == "openbaar")
    own = np.ones(len(frame), dtype=bool)
    if asked.name:
        if asked.level not in frame.columns:
            raise AudienceError(
                f"publiek {asked}: de plannen hebben geen kolom {asked.level!r} om te zien welke "
                "van deze zijn."
            )
        names = as_text(frame[asked.level]).str.casefold()
        own = (names == asked.name.casefold()).to_numpy()
    return np.asarray((levels == "openbaar") | (own & np.isin(levels, _OWN[asked.level])))


def _level_column(frame: pd.DataFrame) -> str | None:
    """Find the column that says how confidential a plan is, whatever its case."""
    return KOLOM if KOLOM in frame.columns else recognise(frame.columns, [KOLOM])


def states_level(frame: pd.DataFrame) -> bool:
    """Tell whether plans have a column that says who may see them.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    bool
        Whatever is in it.
    """
    return _level_column(frame) is not None


def default_audience(frame: pd.DataFrame) -> Audience:
    """Tell for whom an output is where nobody said so.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    Audience
        Openbaar where any plan states that it is less than public; intern where none states
        anything: then there is nothing to go by, and nothing is left out.
    """
    column = _level_column(frame)
    if column is None:
        return Audience("intern")
    levels = translate(frame[column], KOLOM)[0]
    closed = ~levels.isin(["openbaar", ONBEKEND])
    return Audience("openbaar" if closed.any() else "intern")


def left_out(n: int, total: int, audience: Audience) -> Finding:
    """Say how many plans an audience does not see.

    Parameters
    ----------
    n, total : int
        How many are left out, of how many.
    audience : Audience
        For whom.

    Returns
    -------
    Finding
        On the whole file.
    """
    text = (
        f"{n} van {total} {by_number(total, 'plan', 'plannen')} {by_number(n, 'staat', 'staan')} "
        f"hier niet in: {by_number(n, 'het is', 'zij zijn')} vertrouwelijker dan publiek "
        f"{str(audience)!r}"
    )
    return Finding("", KOLOM, "melding", text, float(n))


def names_masterplan(frame: pd.DataFrame) -> bool:
    """Tell whether any plan names a masterplan.

    Parameters
    ----------
    frame : DataFrame
        Plans.

    Returns
    -------
    bool
        True where a column of masterplans, ours or the register's own, holds any text.
    """
    return any(as_text(frame[c]).ne("").any() for c in frame.columns if _is_masterplan(c))


def for_audience(what: _What, audience: str | Audience) -> _What:
    """Leave out the plans that an audience may not see.

    Parameters
    ----------
    what : GeoDataFrame, DataFrame, Locations, Register or Screening
        Plans.
    audience : str or Audience
        See `read_audience`.

    Returns
    -------
    GeoDataFrame, DataFrame, Locations, Register or Screening
        The same, with the plans that may be seen, in their order. What they say of plans that are
        left out goes with them: findings that name one, the name of a masterplan, homes that were
        taken from a masterplan for its parts. The report says how many were left out.

    Raises
    ------
    AudienceError
        When it cannot be told who may see a plan.
    """
    asked = read_audience(audience)
    seen = visible_to(_frame(what), asked)
    n = int((~seen).sum())
    more = [left_out(n, len(seen), asked)] if n else []
    kept: _What = _keep(what, seen, more)
    return kept


def for_totals(
    screening: Screening,
    audience: str | Audience,
    *,
    by: Sequence[Regions | RegionMapping | str] = (),
    minimum: int = MINIMUM,
) -> Screening:
    """Choose the plans that count in totals for an audience.

    A plan that may not be seen counts where at least `minimum` of them are together in each group
    that it is in. The same plans count in every total, so that no total less another gives those of
    a smaller group. What this does not protect: a group in which one plan holds nearly all homes,
    columns within a row (hard, zacht, verdicts) that hold fewer, and where two divisions cross.

    Parameters
    ----------
    screening : Screening
        Of all plans.
    audience : str or Audience
        See `read_audience`.
    by : sequence of Regions or str
        The divisions of the totals, as for `summarize_plancapaciteit`.
    minimum : int
        How many plans must be together; 0 counts all.

    Returns
    -------
    Screening
        Of the plans that count: for totals only, never to be shown.

    Raises
    ------
    AudienceError
        When it cannot be told who may see a plan, or the minimum is negative.
    ColumnError
        When a column does not exist.
    """
    asked = read_audience(audience)
    if minimum < 0:
        raise AudienceError(f"minimum {minimum}: geef 0 of meer plannen.")
    seen = visible_to(screening.locaties, asked)
    hidden = ~seen
    counted = hidden.copy()
    groups = [_groups(screening, division) for division in by]
    everything = np.arange(len(seen)), np.zeros(len(seen), dtype=np.intp)
    while True:
        small = np.zeros(len(seen), dtype=bool)
        for row, group in [*groups, everything]:
            inside = counted[row]
            size = np.bincount(group[inside], minlength=int(group.max(initial=-1)) + 1)
            small[row[inside & (size[group] < minimum)]] = True
        if not (small & counted).any():
            break
        counted &= ~small
    n, out = int(counted.sum()), int((hidden & ~counted).sum())
    text = (
        f"totalen: {n} {by_number(n, 'plan dat', 'plannen die')} publiek {str(asked)!r} niet mag "
        f"zien {by_number(n, 'telt', 'tellen')} mee, in groepen van minstens {minimum}; {out} "
        f"{by_number(out, 'telt', 'tellen')} niet mee"
    )
    more = [Finding("", KOLOM, "melding", text, float(out))]
    return _of_screening(screening, seen | counted, more)


def _groups(
    screening: Screening, division: Regions | RegionMapping | str
) -> tuple[NDArray[np.intp], ...]:
    """Give pairs of plan and group; a plan over several regions is in each."""
    frame = screening.locaties
    if isinstance(division, RegionMapping):
        if division.column not in frame.columns:
            raise ColumnError(f"kolom {division.column!r} bestaat niet in de locaties.")
        region = division.lookup(frame[division.column], on=screening.on)
        return np.arange(len(frame)), np.asarray(pd.factorize(region)[0], dtype=np.intp)
    if isinstance(division, str):
        if division not in frame.columns or division == "geometry":
            raise ColumnError(f"kolom {division!r} bestaat niet in de locaties.")
        codes = pd.factorize(as_text(frame[division]))[0]
        return np.arange(len(frame)), np.asarray(codes, dtype=np.intp)
    usable = np.flatnonzero(screening.locations.usable)
    shapes = frame.geometry.to_numpy()[usable]
    regions = division.frame.geometry.to_numpy()
    site, region = shapely.STRtree(regions).query(shapes, predicate="intersects")
    row = usable[site]
    nowhere = np.setdiff1d(np.arange(len(frame)), row)
    outside = np.full(len(nowhere), len(regions), dtype=np.intp)
    return np.concatenate([row, nowhere]), np.concatenate([region, outside])


def _frame(what: Any) -> pd.DataFrame:  # noqa: ANN401
    """Give the table of plans."""
    found = what
    if isinstance(what, Locations):
        found = what.frame
    elif isinstance(what, Register):
        found = what.plannen
    elif isinstance(what, Screening):
        found = what.locaties
    frame: pd.DataFrame = found
    return frame


def _keep(what: Any, seen: NDArray[np.bool_], more: list[Finding]) -> Any:  # noqa: ANN401
    """Keep some plans, and what tells of them alone."""
    if isinstance(what, Screening):
        return _of_screening(what, seen, more)
    if isinstance(what, Locations):
        return _of_locations(what, seen, more)
    if isinstance(what, Register):
        return _of_register(what, seen, more)
    return _part(what, seen)


def _of_screening(what: Screening, seen: NDArray[np.bool_], more: list[Finding]) -> Screening:
    """Keep some plans of a screening."""
    return what.only(seen, _of_locations(what.locations, seen, more))


def _of_locations(what: Locations, seen: NDArray[np.bool_], more: list[Finding]) -> Locations:
    """Keep some locations."""
    frame = _part(what.frame, seen)
    ids = set(frame["locatie_id"])
    report = _report(what.report, ids, more, frame, seen)
    return replace(
        what, frame=frame, usable=what.usable[seen], problem=what.problem[seen], report=report
    )


def _of_register(what: Register, seen: NDArray[np.bool_], more: list[Finding]) -> Register:
    """Keep some plans of a register."""
    frame = _part(what.plannen, seen)
    ids = set(frame["plan_id"])
    given = None if what.invoer is None else what.invoer[seen].reset_index(drop=True)
    if given is not None and not seen.all():
        hidden = frame["masterplan"] != what.plannen["masterplan"][seen].reset_index(drop=True)
        for column in [c for c in given.columns if _is_masterplan(c)]:
            given[column] = given[column].astype(object).where(~hidden, None)
    # Detail of a plan that is not in the register belongs to nobody known: it goes too.
    detail = what.detail if seen.all() else what.detail[what.detail["plan_id"].isin(ids)]
    return replace(
        what,
        plannen=frame,
        detail=detail.reset_index(drop=True),
        controle=_report(what.controle, ids, more, frame, seen),
        invoer=given,
    )


_Table = TypeVar("_Table", gpd.GeoDataFrame, pd.DataFrame)


def _part(frame: _Table, seen: NDArray[np.bool_]) -> _Table:
    """Keep rows, without the name of a masterplan, and the homes of parts, that are left out."""
    kept = frame[seen].reset_index(drop=True)
    key = recognise(frame.columns, ["plan_id", "locatie_id"])
    naming = [c for c in kept.columns if _is_masterplan(c)]
    if seen.all() or key is None or not naming:
        return kept
    ours = "masterplan" in naming
    for column in naming:
        # The register's own columns say what ours was read from; without ours each speaks alone.
        told = _may_be_named(frame, key, "masterplan" if ours else column, seen)[seen]
        if column == "masterplan":
            kept[column] = kept[column].where(told, "")
        else:
            kept[column] = kept[column].astype(object).where(told, None)
    if ours and {"naam", "woningen_register"} <= set(kept.columns):
        again = pd.DataFrame({"plan_id": kept[key], "naam": kept["naam"]})
        again["masterplan"] = kept["masterplan"]
        kept["woningen"] = without_parts(again, kept["woningen_register"])[0]
    return kept


def _may_be_named(
    frame: pd.DataFrame, key: str, column: str, seen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell of which plans the masterplan may be named: it may be seen, or none is named."""
    names = frame["naam" if "naam" in frame.columns else key]
    plans = pd.DataFrame({"plan_id": frame[key], "naam": names, "masterplan": frame[column]})
    parent = masters(plans.reset_index(drop=True))
    # A name that is not found may be that of several plans, some of them left out.
    named = as_text(plans["masterplan"]).ne("").to_numpy()
    return np.asarray(((parent >= 0) & seen[np.maximum(parent, 0)]) | ~named)


def _is_masterplan(column: object) -> bool:
    """Tell whether a column, ours or the register's own, names a masterplan."""
    return str(column).casefold().startswith(("masterplan", "overkoep"))


def _other(text: str) -> str | None:
    """Give the plan that a finding names beside its own; None where it names none like that."""
    match = _NAMES_ANOTHER.match(text)
    return match[match.lastgroup] if match and match.lastgroup else None


def _report(
    report: CheckReport,
    ids: set[str],
    more: list[Finding],
    frame: pd.DataFrame,
    seen: NDArray[np.bool_],
) -> CheckReport:
    """Keep the findings that tell of plans that are kept, and of no other."""
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
