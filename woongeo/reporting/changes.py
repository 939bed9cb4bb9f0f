"""What changed per region since an earlier peilmoment, in homes that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity import TOTAL, Parts, divide, divide_homes, homes_in, whole
from woongeo.compare import compare
from woongeo.reporting.model import COUNT, TEXT, Column, Table
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    from woongeo.capacity import Division, Plancapaciteit
    from woongeo.screening import Screening

_POSTS = ("nieuwe locaties", "verdwenen locaties", "meer woningen", "minder woningen")


class Changes:
    """What changed, by region.

    Parameters
    ----------
    table : DataFrame
        One row a plan and region: `niveau`, `gebied`, `plan`, `oud` and `nieuw` (homes in it),
        `was` and `is` (whether it counts there), `oordeel_oud`, `oordeel_nieuw`.
    days : (str, str)
        For which days was judged.
    """

    def __init__(self, table: pd.DataFrame, days: tuple[str, str]) -> None:
        self._by = dict(iter(table.groupby(["niveau", "gebied"], sort=False)))
        self._empty = table.iloc[:0]
        self._days = days

    def table(self, niveau: str, gebied: str) -> Table:
        """Lay out what changed in a region.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        Table
            From the homes of the earlier day, over every change, to those of this one; then the
            verdicts that turned.
        """
        rows = self._by.get((niveau, gebied), self._empty)
        old, new = rows["oud"].to_numpy(dtype=float), rows["nieuw"].to_numpy(dtype=float)
        was, is_ = rows["was"].to_numpy(dtype=bool), rows["is"].to_numpy(dtype=bool)
        change = new - old
        posts = (is_ & ~was, was & ~is_, was & is_ & (change > 0), was & is_ & (change < 0))
        cells: list[tuple[str | float, ...]] = [
            (f"stand {self._days[0]}", float(was.sum()), float(old.sum()))
        ]
        cells += [
            (name, float(mask.sum()), float(change[mask].sum()))
            for name, mask in zip(_POSTS, posts, strict=True)
        ]
        cells.append((f"stand {self._days[1]}", float(is_.sum()), float(new.sum())))
        before, after = rows["oordeel_oud"].to_numpy(), rows["oordeel_nieuw"].to_numpy()
        for outcome in reversed(Oordeel):
            turned = was & is_ & (after == outcome) & (before != outcome)
            cells.append((f"oordeel werd {outcome}", float(turned.sum()), float(new[turned].sum())))
        columns = (Column("verandering", TEXT), Column("locaties", COUNT), Column("woningen"))
        return Table("Sinds het vorige peilmoment", columns, tuple(cells))


def changes_per_region(earlier: Screening, plancapaciteit: Plancapaciteit) -> Changes:
    """Compare with an earlier peilmoment, and divide the changes over regions.

    Parameters
    ----------
    earlier : Screening
        The earlier one.
    plancapaciteit : Plancapaciteit
        Of this one.

    Returns
    -------
    Changes
        Homes of a plan over several regions are divided as capacity is; a plan without a number
        counts as plan and adds no homes.

    Raises
    ------
    ColumnError
        When the earlier locations lack a column by which this one was divided.
    """
    now, basis = plancapaciteit.screening, plancapaciteit.basis
    plans = compare(earlier, now, basis=basis).plannen
    old_row = pd.Series(np.arange(len(earlier)), index=earlier.locaties["locatie_id"].to_numpy())
    new_row = pd.Series(np.arange(len(now)), index=now.locaties["locatie_id"].to_numpy())
    number = np.arange(len(plans))
    owners = []
    for screening, rows, column in ((earlier, old_row, "id_oud"), (now, new_row, "id_nieuw")):
        owner = np.full(len(screening), -1)
        there = (plans[column] != "").to_numpy()
        owner[rows.reindex(plans.loc[there, column]).to_numpy(dtype=int)] = number[there]
        owners.append(owner)
    blocks = []
    for division in (None, *plancapaciteit.by):
        level = TOTAL[0] if division is None else _level(division)
        sides = [
            _held(screening, division, basis, owner)
            for screening, owner in zip((earlier, now), owners, strict=True)
        ]
        joined = sides[0].add_suffix("_oud").join(sides[1].add_suffix("_nieuw"), how="outer")
        table = joined.reset_index()
        plan = table["plan"].to_numpy()
        blocks.append(
            pd.DataFrame(
                {
                    "niveau": level,
                    "gebied": table["gebied"],
                    "plan": plan,
                    "oud": table["woningen_oud"].fillna(0.0),
                    "nieuw": table["woningen_nieuw"].fillna(0.0),
                    "was": table["telt_oud"].notna(),
                    "is": table["telt_nieuw"].notna(),
                    "oordeel_oud": plans["oordeel_oud"].to_numpy()[plan],
                    "oordeel_nieuw": plans["oordeel_nieuw"].to_numpy()[plan],
                }
            )
        )
    days = (earlier.on.isoformat(), now.on.isoformat())
    return Changes(pd.concat(blocks, ignore_index=True), days)


def _level(division: Division) -> str:
    return division if isinstance(division, str) else division.level


def _held(
    screening: Screening,
    division: Division | None,
    basis: str,
    owner: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> pd.DataFrame:
    """Give the homes that count by plan and region."""
    parts: Parts = whole(screening) if division is None else divide(screening, division)
    homes = homes_in(screening.locaties, basis)
    held = divide_homes(parts.row, parts.share, homes[parts.row])
    counts = (screening.locaties["hardheid"] != Hardheid.TELT_NIET_MEE).to_numpy()[parts.row]
    table = pd.DataFrame(
        {
            "gebied": parts.region[counts],
            "plan": owner[parts.row][counts],
            "woningen": np.nan_to_num(held[counts]),
            "telt": True,
        }
    )
    return table.set_index(["gebied", "plan"])
