"""Which opgave belongs to which region and period, and what is left of it."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from woongeo.capacity.parts import OUTSIDE, TOTAL
from woongeo.errors import RegionWarning
from woongeo.opgave import GEREALISEERD, OPGAVE, RESTOPGAVE, SHIPPED, plain_name

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.capacity.indicators import Question
    from woongeo.opgave import Targets


@dataclass(frozen=True, eq=False)
class Task:
    """The opgave of regions in one period, one value a region; NaN and "" where none is given.

    Attributes
    ----------
    goal, realised, rest : ndarray of float
        Homes: what was agreed, what of it was realised, what is left.
    goal_source, basis, rest_source : ndarray of str
        Who says so; for `basis` who says what was realised, or why that is unknown.
    """

    goal: NDArray[np.float64]
    realised: NDArray[np.float64]
    rest: NDArray[np.float64]
    goal_source: NDArray[np.object_]
    basis: NDArray[np.object_]
    rest_source: NDArray[np.object_]


def task(
    targets: Targets | None,
    place: tuple[str, list[str]],
    period: tuple[int, int],
    realised_in_plans: NDArray[np.float64],
) -> Task:
    """Look up the opgave of regions.

    A restopgave that the table gives goes first. Else it is the opgave less what the table says was
    realised within the period, unknown where its years overlap partly; else less what the plans
    themselves say was realised, where all of them do.

    Parameters
    ----------
    targets : Targets or None
        The newest version of each figure.
    place : (str, list of str)
        The level, and the names of its regions.
    period : (int, int)
        First and last year.
    realised_in_plans : ndarray of float
        Per region; NaN where not every plan says.

    Returns
    -------
    Task
        In the order of the names.
    """
    level, names = place
    n = len(names)
    result = Task(
        *(np.full(n, np.nan) for _ in range(3)),
        *(np.full(n, "", dtype=object) for _ in range(3)),
    )
    if targets is None:
        return result
    rows = targets.table
    rows = rows[(rows["niveau"].map(plain_name) == plain_name(level))]
    plain = [plain_name(name) for name in names]
    # Which of two spellings of one region the figure is for, nobody can tell: of neither.
    times = Counter(plain)
    keys = {text: i for i, text in enumerate(plain) if times[text] == 1}
    exact = (rows["van"] == period[0]) & (rows["tot"] == period[1])
    within = (rows["van"] >= period[0]) & (rows["tot"] <= period[1])
    _fill(rows[exact & (rows["wat"] == OPGAVE)], keys, result.goal, result.goal_source)
    _fill_sum(rows[within & (rows["wat"] == GEREALISEERD)], keys, result)
    from_plans = (result.basis == "") & ~np.isnan(realised_in_plans) & ~np.isnan(result.goal)
    result.realised[from_plans] = realised_in_plans[from_plans]
    result.basis[from_plans] = "gerealiseerd volgens de plannen zelf"
    result.rest[:] = np.maximum(result.goal - result.realised, 0.0)
    known = ~np.isnan(result.rest)
    result.rest_source[known] = "opgave min gerealiseerd"
    _fill(rows[exact & (rows["wat"] == RESTOPGAVE)], keys, result.rest, result.rest_source)
    return result


def _text(row: pd.Series) -> str:
    """Name source, date and basis of a figure."""
    date = f", {row['datum']}" if row["datum"] else ""
    return f"{row['bron']}{date} ({row['basis'] or 'onbekend'})"


def _fill(
    rows: pd.DataFrame,
    keys: dict[str, int],
    values: NDArray[np.float64],
    sources: NDArray[np.object_],
) -> None:
    """Put figures of the table at their regions."""
    for _, row in rows.iterrows():
        at = keys.get(plain_name(row["gebied"]))
        if at is not None:
            values[at] = row["waarde"]
            sources[at] = _text(row)


def _fill_sum(rows: pd.DataFrame, keys: dict[str, int], result: Task) -> None:
    """Add up what was realised in years that do not overlap; the longest of those that do."""
    for name, of_region in rows.groupby(rows["gebied"].map(plain_name)):
        at = keys.get(str(name))
        if at is None:
            continue
        apart = _apart(of_region)
        if apart is None:
            # Neither the sum nor either of them is what was realised.
            result.basis[at] = f"onbekend: gerealiseerd over {_years(of_region)} overlapt deels"
            continue
        result.realised[at] = apart["waarde"].sum()
        result.basis[at] = "; ".join(_text(row) for _, row in apart.iterrows())


def _apart(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Leave out rows that lie within the years of another; None where some overlap partly."""
    ordered = rows.assign(length=rows["van"] - rows["tot"]).sort_values(["van", "length"])
    last = ordered["tot"].cummax().shift(fill_value=-np.inf)
    kept = ordered[ordered["tot"] > last]
    return None if (kept["van"] <= kept["tot"].shift(fill_value=-np.inf)).any() else kept


def _years(rows: pd.DataFrame) -> str:
    """Name the years of rows."""
    years = rows[["van", "tot"]].astype(int).drop_duplicates().sort_values(["van", "tot"])
    return " en ".join(f"{van}-{tot}" for van, tot in years.itertuples(index=False))


def voice_doubts(asked: Question, places: dict[str, list[str]]) -> None:
    """Say which targets are held against nothing, and which contradict each other.

    Parameters
    ----------
    asked : Question
        Targets, periods, and the region that all plans together are.
    places : dict
        Per level its regions.

    Warns
    -----
    RegionWarning
        When the opgave of a region, or of every level, is held against nothing, plans lie in no
        region, one region is written in several ways (its opgave is then not known of any of
        them), or what was realised is given of years that overlap partly.
    """
    if asked.targets is None:
        return
    for name, regions_there in places.items():
        _warn_of_spellings(asked.targets, name, regions_there)
    path, table = asked.targets.source.path, asked.targets.table
    level = table["niveau"].map(plain_name)
    here = level.isin([plain_name(name) for name in places])
    if asked.whole is not None:
        whole = [plain_name(word) for word in asked.whole]
        here |= (level == whole[0]) & (table["gebied"].map(plain_name) == whole[1])
    rows = table[here]
    doubts = []
    if not rows["wat"].isin([OPGAVE, RESTOPGAVE]).any():
        named = [name for name in places if name != TOTAL[0]]
        doubts = [_unused(table, named if asked.whole is None else [*named, " ".join(asked.whole)])]
    realised = rows[rows["wat"] == GEREALISEERD]
    regions = [realised[name].map(plain_name) for name in ("niveau", "gebied")]
    for _, of_region in realised.groupby(regions):
        within = [
            of_region[(of_region["van"] >= van) & (of_region["tot"] <= tot)]
            for van, tot in asked.periods
        ]
        doubts += [
            f"gerealiseerd van {part['gebied'].iloc[0]} over {_years(part)} overlapt deels: "
            "wat gerealiseerd is, is onbekend."
            for part in within
            if _apart(part) is None
        ][:1]
    for doubt in doubts:
        warnings.warn(f"{path}: {doubt}", RegionWarning, stacklevel=3)
    _warn_of_strays(asked.targets, places)


def _unused(table: pd.DataFrame, asked: list[str]) -> str:
    """Say that no plan is held against an opgave."""
    given = sorted(set(table.loc[table["wat"].isin([OPGAVE, RESTOPGAVE]), "niveau"]))
    if not given:
        return f"geen enkele rij heeft als wat {OPGAVE} of {RESTOPGAVE}; er is geen opgave."
    return (
        f"de opgave is van niveau {', '.join(given)} en gevraagd is "
        f"{', '.join(asked) or 'alleen het totaal'}: zij telt nergens mee; schrijf niveau en "
        "gebied in beide gelijk."
    )


def _warn_of_strays(targets: Targets, places: dict[str, list[str]]) -> None:
    """Say which regions of the table have no plans."""
    if targets.source.path == SHIPPED:
        # It holds all provinces, and a screening is mostly of one.
        return
    table = targets.table
    table = table[table["wat"].isin([OPGAVE, RESTOPGAVE])]
    for level, names in places.items():
        known = {plain_name(name) for name in names} - {OUTSIDE}
        given = table.loc[table["niveau"].map(plain_name) == plain_name(level), "gebied"]
        stray = sorted({name for name in given if plain_name(name) not in known})
        if stray and len(stray) < len(set(given)):
            warnings.warn(
                f"{targets.source.path}: {level} {', '.join(stray[:20])}"
                f"{' …' if len(stray) > 20 else ''} heeft een opgave en hier geen plannen.",
                RegionWarning,
                stacklevel=4,
            )
        elif stray:
            warnings.warn(
                f"{targets.source.path}: geen enkele {level} met een opgave heeft hier plannen; "
                "zijn de namen gelijk geschreven?",
                RegionWarning,
                stacklevel=4,
            )


def _warn_of_spellings(targets: Targets, level: str, names: list[str]) -> None:
    """Say which region with an opgave is written in several ways."""
    table = targets.table
    asked = table["wat"].isin([OPGAVE, RESTOPGAVE]) & (
        table["niveau"].map(plain_name) == plain_name(level)
    )
    given = set(table.loc[asked, "gebied"].map(plain_name))
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(plain_name(name), []).append(name)
    for plain, texts in spelled.items():
        if len(texts) > 1 and plain in given:
            warnings.warn(
                f"{level} {' en '.join(map(repr, texts))} zijn één gebied: hun opgave is onbekend; "
                "schrijf de naam overal gelijk.",
                RegionWarning,
                stacklevel=4,
            )
