"""What is known of each plan, as shares of its homes; homes per region, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.capacity.parts import OUTSIDE, Parts, divide_homes
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.screening import Screening

# A site counts as wholly inside when no more than this share is not: the noise of coordinates.
_WHOLE = 1 - 1e-9


def verdict_keys(screening: Screening) -> list[str]:
    """List what plans were judged on, in the order in which it was given.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    list of str
        Columns of the verdicts begin with them.
    """
    return [toets.key for toets in screening.toetsen]


def measured(screening: Screening, key: str) -> bool:
    """Tell whether anything is known of a bottleneck.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    key : str
        One of `verdict_keys`.

    Returns
    -------
    bool
        False where its layer is absent, failed or too old.
    """
    return not any(toets.idle(screening.on) for toets in screening.toetsen if toets.key == key)


def touched_at_all(screening: Screening) -> NDArray[np.bool_]:
    """Tell which sites a rule that counts touches, also below its tolerance.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    ndarray of bool
        One value a location.
    """
    return np.asarray((screening.geraakt & screening.telt).any(axis=1), dtype=bool)


def blocked_share(screening: Screening) -> NDArray[np.float64]:
    """Give the share of each site that rules which count take.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    ndarray of float
        0-1: of the area, each square metre once; a rule that takes no ground but a plan as a whole
        (such as one on numbers of homes) takes its share of the plan. 0 where nothing is known.
    """
    frame = screening.locaties
    area = frame[["belemmerd_m2", "onbekend_m2", "vrij_m2"]].sum(axis=1).to_numpy()
    with np.errstate(invalid="ignore"):
        ground = np.nan_to_num(frame["belemmerd_m2"].to_numpy() / area)
    share = screening.aandeel.to_numpy(dtype=float)
    by_rule = np.where(screening.telt.to_numpy(dtype=bool), np.nan_to_num(share), 0.0)
    return np.asarray(np.maximum(ground, by_rule.max(axis=1, initial=0.0)), dtype=float)


def _in_place(
    homes: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Put shares so that of homes below 0, too, the first gives the least and the last the most."""
    below = homes < 0
    return np.where(below, high, low), np.where(below, low, high)


def left_after(screening: Screening, homes: NDArray[np.float64]) -> pd.DataFrame:
    """Give the share of each plan's homes that is left after constraints.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    homes : ndarray of float
        Those that the shares are taken of, in the basis of the figures.

    Returns
    -------
    DataFrame
        `na_min` (1 where the verdict is `vrij` and nothing that counts touches the site: what is
        unknown counts as lost), `na_verwacht` (the share of the area that is in no bottleneck; what
        is unknown is left) and `na_max` (1 unless the site lies wholly in a bottleneck). For a plan
        with a negative number of homes minimum and maximum change places.
    """
    frame = screening.locaties
    taken = blocked_share(screening)
    whole = taken >= _WHOLE
    touched = touched_at_all(screening)
    low = ((frame["oordeel"] == Oordeel.VRIJ).to_numpy() & ~touched).astype(float)
    least, most = _in_place(homes, low, (~whole).astype(float))
    expected = np.where(whole, 0.0, 1.0 - taken)
    return pd.DataFrame({"na_min": least, "na_verwacht": expected, "na_max": most})


def figures_per_plan(screening: Screening) -> pd.DataFrame:
    """Give per plan its homes and, per figure, which share of them the figure counts.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    DataFrame
        `homes`, `counted` and one column a figure, on the index of the locations. For a plan with a
        negative number of homes minimum and maximum change places.
    """
    frame = screening.locaties
    homes = frame["woningen"].to_numpy(dtype=float)
    hardheid, verdict = frame["hardheid"], frame["oordeel"]
    counted = hardheid != Hardheid.TELT_NIET_MEE
    figures: dict[str, Any] = {"homes": frame["woningen"], "counted": counted}
    figures["hard"] = (hardheid == Hardheid.HARD).astype(float)
    figures["zacht"] = (hardheid == Hardheid.ZACHT).astype(float)
    figures["status_onbekend"] = (hardheid == Hardheid.ONBEKEND).astype(float)
    for outcome in Oordeel:
        figures[str(outcome)] = (verdict == outcome).astype(float)
    taken = blocked_share(screening)
    touched = touched_at_all(screening)
    triples = {"belemmerd": (taken, touched.astype(float))}
    for key in verdict_keys(screening):
        share = screening.aandeel[key].fillna(0.0).to_numpy()
        triples[key] = (share, screening.geraakt[key].to_numpy(dtype=float))
    for key, (share, hit) in triples.items():
        least, most = _in_place(homes, (share >= _WHOLE).astype(float), hit)
        known = key == "belemmerd" or measured(screening, key)
        for name, value in (("min", least), ("verwacht", share), ("max", most)):
            figures[f"{key}_{name}"] = value if known else np.nan
    return pd.DataFrame(figures, index=frame.index)


def add_up(
    figures: pd.DataFrame, parts: Parts, level: str, here: NDArray[np.bool_]
) -> pd.DataFrame:
    """Add up plans and homes per region.

    Parameters
    ----------
    figures : DataFrame
        From `figures_per_plan`.
    parts : Parts
        Which part of a plan lies where.
    level : str
        What the regions are.
    here : ndarray of bool
        From `present`.

    Returns
    -------
    DataFrame
        One row a region that a part is present in, sorted by name; what lies in none last. Homes
        are NaN where no plan that counts has a number, and 0 where no plan counts.
    """
    plan = figures.iloc[parts.row].reset_index(drop=True)
    homes = divide_homes(parts.row, parts.share, plan["homes"].to_numpy())
    first = np.r_[True, parts.row[1:] != parts.row[:-1]] if len(parts.row) else np.empty(0, bool)
    counted = plan["counted"].to_numpy()
    known = np.where(counted, homes, np.nan)
    columns = {
        "gebied": parts.region,
        "plannen": (first & counted).astype(int),
        "woningen": known,
    }
    names = [c for c in figures.columns if c not in {"homes", "counted"}]
    split = names.index("status_onbekend") + 1
    columns |= {name: plan[name].to_numpy() * known for name in names[:split]}
    columns["zonder_aantal"] = (first & counted & np.isnan(homes)).astype(int)
    columns |= {name: plan[name].to_numpy() * known for name in names[split:]}
    columns["telt_niet_mee"] = np.where(counted, np.nan, homes)
    table = pd.DataFrame(columns)
    counts = ["plannen", "zonder_aantal"]
    grouped = table.groupby("gebied", sort=True)
    # Nothing known is not nothing: without min_count pandas adds up blanks to 0.
    summed = grouped.sum(min_count=1)
    # Where no plan counts there is nothing to know: 0, but for what nobody looked at.
    homes_of = ["woningen", *(name for name in names if plan[name].notna().any())]
    counts_here = pd.Series(counted).groupby(parts.region).any().reindex(summed.index)
    summed.loc[~counts_here.astype(bool), homes_of] = 0.0
    summed[counts] = summed[counts].astype(int)
    summed["telt_niet_mee"] = summed["telt_niet_mee"].fillna(0.0)
    # A sliver of a plan in a neighbouring region carries no home and is no plan there. By part:
    # homes that are built and homes that go may come to 0 together, and are no less there.
    summed = summed[summed.index.isin(pd.unique(parts.region[here]))].reset_index()
    last = summed["gebied"] == OUTSIDE
    summed = pd.concat([summed[~last], summed[last]])
    summed.insert(0, "niveau", level)
    return summed
