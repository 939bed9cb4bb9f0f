"""Per bottleneck the plans and homes that it blocks, alone and together with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity import (
    TOTAL,
    Division,
    Parts,
    delivery_periods,
    divide,
    divide_homes,
    homes_in,
    levels,
    measured,
    phases,
    verdict_keys,
    whole,
)
from woongeo.encode import html_text, shortened
from woongeo.errors import LayerError
from woongeo.verdict import SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.screening import Screening

#: The row of all bottlenecks together, each plan once.
TOGETHER = "minstens één knelpunt"
#: Homes without a year of delivery.
NO_YEAR = "onbekend"


@dataclass(frozen=True, eq=False)
class Blocked:
    """Which plan is blocked by what, and of which plans that is not known.

    Attributes
    ----------
    keys : list of str
        Bottlenecks, one column each.
    row : ndarray of int
        Rows of the plans that count.
    blocked, unknown : ndarray of bool
        One row a plan that counts: the verdict is `belemmerd`, or `onbekend`, by a rule that
        counts.
    homes : ndarray of float
        NaN where not known.
    known : ndarray of bool
        Per bottleneck whether anything is known of it.
    """

    keys: list[str]
    row: NDArray[np.intp]
    blocked: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    homes: NDArray[np.float64]
    known: NDArray[np.bool_]

    def without(self, fixed: Sequence[str]) -> Blocked:
        """Leave out bottlenecks that cannot be solved, and the plans that they block.

        Parameters
        ----------
        fixed : sequence of str
            Bottlenecks.

        Returns
        -------
        Blocked
            Of the other bottlenecks and plans. What is unknown of a plan stays so.
        """
        is_fixed = np.isin(self.keys, list(fixed))
        kept = np.asarray(~self.blocked[:, is_fixed].any(axis=1))
        # A verdict that is unknown on what cannot be solved is unknown on every other column too.
        open_ = np.asarray(self.unknown[:, is_fixed].any(axis=1))
        unknown = self.unknown[:, ~is_fixed] | open_[:, None]
        return Blocked(
            [key for key, is_out in zip(self.keys, is_fixed, strict=True) if not is_out],
            self.row[kept],
            self.blocked[:, ~is_fixed][kept],
            unknown[kept],
            self.homes[kept],
            self.known[~is_fixed],
        )


def blocked_plans(
    screening: Screening, keys: Sequence[str] | None = None, basis: str | None = None
) -> Blocked:
    """Gather verdicts by bottleneck.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    keys : sequence of str, optional
        Bottlenecks that are looked at; all without it.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    Blocked
        Plans with status 5A and 5B are left out.

    Raises
    ------
    LayerError
        When a bottleneck was not screened, or is named twice.
    """
    there = verdict_keys(screening)
    chosen = there if keys is None else list(keys)
    stray = [key for key in chosen if key not in there]
    if stray or len(set(chosen)) < len(chosen) or not chosen:
        raise LayerError(
            f"knelpunten {', '.join(chosen) or '(geen)'}: kies uit {', '.join(there)}, "
            "elk één keer."
        )
    frame = screening.locaties
    row = np.flatnonzero((frame["hardheid"] != Hardheid.TELT_NIET_MEE).to_numpy())
    verdicts = np.column_stack([frame[f"{key}_oordeel"].to_numpy()[row] for key in chosen])
    # What is lighter than was asked stands in nobody's way.
    counts = screening.telt[chosen].to_numpy(dtype=bool)[row]
    return Blocked(
        chosen,
        row,
        (verdicts == str(Oordeel.BELEMMERD)) & counts,
        (verdicts == str(Oordeel.ONBEKEND)) & counts,
        homes_in(frame, basis)[row],
        np.array([measured(screening, key) for key in chosen]),
    )


def add_homes(homes: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    """Add up homes of chosen plans: 0 where there are none, NaN where no number is known.

    Parameters
    ----------
    homes : ndarray of float
        Of each plan.
    chosen : ndarray of bool
        Which plans.

    Returns
    -------
    float
        Homes.
    """
    held = homes[chosen]
    known = held[~np.isnan(held)]
    return float("nan") if len(held) and not len(known) else float(known.sum())


@dataclass(frozen=True, eq=False)
class Knelpunten:
    """What each bottleneck blocks.

    Attributes
    ----------
    tabel : DataFrame
        One row a bottleneck and, last, one for all of them together with each plan once.
        `knelpunt`; `plannen` and `woningen` blocked; `_alleen` by this one only; `_samen` by this
        one and others; `woningen_hard`, `_zacht`, `_status_onbekend` (together `woningen`);
        `zonder_aantal`, blocked plans without a number, which are in no sum of homes;
        `plannen_onbekend` and `woningen_onbekend`, where the verdict is `onbekend`; and
        `woningen_wacht_op`, homes of plans that nothing blocks and of which only this verdict is
        not known. Empty where nothing is known of the bottleneck.
    samen_plannen, samen_woningen : DataFrame
        Bottleneck by bottleneck: blocked by both; on the diagonal by that one.
    jaren : DataFrame
        Bottleneck by year (or years) of delivery: homes, and "onbekend" without a year; empty where
        no plan has one.
    gebieden : DataFrame
        `niveau`, `gebied`, `knelpunt`, `woningen`, `woningen_alleen`, `woningen_onbekend` per
        region; homes of a plan over several regions are divided.
    screening : Screening
        What it was made of.
    """

    tabel: pd.DataFrame
    samen_plannen: pd.DataFrame
    samen_woningen: pd.DataFrame
    jaren: pd.DataFrame
    gebieden: pd.DataFrame
    screening: Screening

    def __len__(self) -> int:
        return len(self.samen_plannen)

    def _repr_html_(self) -> str:
        shown = self.tabel.copy()
        shown["knelpunt"] = shown["knelpunt"].map(lambda text: html_text(shortened(text)))
        table = shown.to_html(
            index=False, escape=False, float_format="{:.0f}".format, na_rep="", max_rows=60
        )
        return f"{table}<p>{SCREENING}</p>"


def knelpunten(
    screening: Screening,
    *,
    keys: Sequence[str] | None = None,
    by: Sequence[Division] = (),
    fasering: pd.DataFrame | None = None,
    basis: str | None = None,
) -> Knelpunten:
    """Count per bottleneck the plans and homes that it blocks.

    Blocked means the verdict `belemmerd`: at risk, not lost. Sums over bottlenecks count plans with
    several of them several times; the last row counts each plan once.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    keys : sequence of str, optional
        Bottlenecks that are looked at; all without it.
    by : sequence of Regions, RegionMapping or str, optional
        Divisions, as for `summarize_plancapaciteit`.
    fasering : DataFrame, optional
        When homes are to be delivered, as for `summarize_plancapaciteit`.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    Knelpunten
        Tables.

    Raises
    ------
    LayerError
        When a bottleneck was not screened.
    ColumnError, RegionError
        As for `summarize_plancapaciteit`.
    """
    found = blocked_plans(screening, keys, basis)
    hardheid = screening.locaties["hardheid"].to_numpy()[found.row]
    blocked, homes = found.blocked, found.homes
    count = blocked.sum(axis=1)
    rows = [_figures(found, i, blocked[:, i], count, hardheid) for i in range(len(found.keys))]
    rows.append(_figures(found, None, count > 0, count, hardheid))
    as_number = blocked.astype(float)
    index = pd.Index(found.keys, name="knelpunt")
    held = np.nan_to_num(homes)[:, None] * as_number
    return Knelpunten(
        pd.DataFrame(rows),
        pd.DataFrame((as_number.T @ as_number).astype(int), index=index, columns=found.keys),
        pd.DataFrame(as_number.T @ held, index=index, columns=found.keys),
        _years(screening, found, fasering),
        _regions(screening, found, by),
        screening,
    )


def _figures(
    found: Blocked,
    key: int | None,
    hit: NDArray[np.bool_],
    count: NDArray[np.intp],
    hardheid: NDArray[np.object_],
) -> dict[str, object]:
    """Count what one bottleneck, or all of them together, blocks."""
    homes, alone = found.homes, hit & (count == 1)
    if key is None:
        open_ = (count == 0) & found.unknown.any(axis=1)
        waits = open_ & (found.unknown.sum(axis=1) == 1)
    else:
        open_ = found.unknown[:, key]
        waits = open_ & (count == 0) & (found.unknown.sum(axis=1) == 1)
    row: dict[str, object] = {
        "knelpunt": TOGETHER if key is None else found.keys[key],
        "plannen": int(hit.sum()),
        "woningen": add_homes(homes, hit),
        "plannen_alleen": int(alone.sum()),
        "woningen_alleen": add_homes(homes, alone),
        "plannen_samen": int((hit & ~alone).sum()),
        "woningen_samen": add_homes(homes, hit & ~alone),
    }
    for kind, name in (
        (Hardheid.HARD, "hard"),
        (Hardheid.ZACHT, "zacht"),
        (Hardheid.ONBEKEND, "status_onbekend"),
    ):
        row[f"woningen_{name}"] = add_homes(homes, hit & (hardheid == kind))
    if key is not None and not found.known[key]:
        row = {name: value if name == "knelpunt" else np.nan for name, value in row.items()}
    return row | {
        "zonder_aantal": int((hit & np.isnan(homes)).sum()),
        "plannen_onbekend": int(open_.sum()),
        "woningen_onbekend": add_homes(homes, open_),
        "woningen_wacht_op": add_homes(homes, waits),
    }


def _years(screening: Screening, found: Blocked, fasering: pd.DataFrame | None) -> pd.DataFrame:
    """Add up blocked homes by year of delivery."""
    frame = screening.locaties
    periods = delivery_periods(frame, fasering)
    index = pd.Index([*found.keys, TOGETHER], name="knelpunt")
    if not periods:
        return pd.DataFrame(index=index)
    homes = np.full(len(frame), np.nan)
    homes[found.row] = found.homes
    phased = phases(frame, homes, fasering, periods)
    held = divide_homes(phased.row, phased.share, homes[phased.row])
    of_row = np.full(len(frame), -1)
    of_row[found.row] = np.arange(len(found.row))
    counted = (of_row[phased.row] >= 0) & ~np.isnan(held)
    plan = of_row[phased.row[counted]]
    hit = np.column_stack([found.blocked, found.blocked.any(axis=1)])[plan]
    weight = held[counted][:, None] * hit
    is_in = phased.state[counted] == 1
    names = [str(a) if a == b else f"{a}-{b}" for a, b in periods]
    table = pd.DataFrame(weight.T @ is_in, index=index, columns=names)
    table[NO_YEAR] = weight[~is_in.any(axis=1)].sum(axis=0)
    return table


def _regions(screening: Screening, found: Blocked, by: Sequence[Division]) -> pd.DataFrame:
    """Add up blocked homes per region."""
    blocks = []
    count = found.blocked.sum(axis=1)
    for level, parts, plan, homes in region_parts(screening, found, by):
        names, region = np.unique(parts.region.astype(str), return_inverse=True)
        for i, key in enumerate(found.keys):
            hit = found.blocked[plan, i]
            chosen = {
                "woningen": hit,
                "woningen_alleen": hit & (count[plan] == 1),
                "woningen_onbekend": found.unknown[plan, i],
            }
            columns = {
                name: np.bincount(region, weights=np.nan_to_num(homes) * mask, minlength=len(names))
                for name, mask in chosen.items()
            }
            if not found.known[i]:
                columns |= {n: np.full(len(names), np.nan) for n in ("woningen", "woningen_alleen")}
            blocks.append(
                pd.DataFrame({"niveau": level, "gebied": names, "knelpunt": key, **columns})
            )
    table = pd.concat(blocks, ignore_index=True)
    rank = {level: i for i, level in enumerate(table["niveau"].unique())}
    order = np.lexsort((table["gebied"].astype(str), table["niveau"].map(rank)))
    return table.iloc[order].reset_index(drop=True)


def region_parts(
    screening: Screening, found: Blocked, by: Sequence[Division]
) -> list[tuple[str, Parts, NDArray[np.intp], NDArray[np.float64]]]:
    """Divide the plans that count over regions.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    found : Blocked
        From `blocked_plans`.
    by : sequence
        Divisions.

    Returns
    -------
    list of (str, Parts, ndarray of int, ndarray of float)
        Per level, the whole last: the parts, the plan of each among those that count, and its
        homes.
    """
    of_row = np.full(len(screening), -1)
    of_row[found.row] = np.arange(len(found.row))
    divided = [(level, divide(screening, d)) for level, d in zip(levels(by), by, strict=True)]
    result = []
    for level, parts in [*divided, (TOTAL[0], whole(screening))]:
        counted = of_row[parts.row] >= 0
        kept = Parts(parts.row[counted], parts.region[counted], parts.share[counted])
        plan = of_row[kept.row]
        homes = divide_homes(kept.row, kept.share, found.homes[plan])
        result.append((level, kept, plan, homes))
    return result


def free_plans(screening: Screening, *, basis: str | None = None) -> gpd.GeoDataFrame:
    """List the plans that no bottleneck stands in the way of now: "kijken naar wat wel kan".

    Parameters
    ----------
    screening : Screening
        From `screen`.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    GeoDataFrame
        Locations with the verdict `vrij` that count, RD New (EPSG:28992); most homes first (those
        without a number last), then hard before zacht before unknown, then the earliest delivery.
        A plan of which anything is `onbekend` is not in it.
    """
    frame = screening.locaties
    free = (frame["oordeel"] == Oordeel.VRIJ) & (frame["hardheid"] != Hardheid.TELT_NIET_MEE)
    homes = pd.Series(homes_in(frame, basis), index=frame.index)
    rank = frame["hardheid"].map({str(kind): i for i, kind in enumerate(Hardheid)})
    year = next((frame[c] for c in frame.columns if str(c).lower() == "oplevering_eerste"), None)
    order = pd.DataFrame(
        {
            "homes": -homes,
            "rank": rank,
            "year": 0 if year is None else pd.to_numeric(year, errors="coerce"),
            "id": frame["locatie_id"].astype(str),
        }
    )[free]
    place = order.sort_values(["homes", "rank", "year", "id"], na_position="last").index
    ours = ["locatie_id", "naam", "woningen", "planstatus", "hardheid"]
    extra = [c for c in frame.columns if str(c).lower().startswith("oplevering_")]
    extra += [c for c in frame.columns if str(c).lower() == "rest"]
    listed: gpd.GeoDataFrame = frame.loc[place, [*ours, *extra, "geometry"]]
    return listed.reset_index(drop=True)
