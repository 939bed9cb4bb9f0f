"""What changed per region since an earlier peilmoment, in homes that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity import TOTAL, Parts, divide, divide_homes, homes_in, whole
from woongeo.compare import compare
from woongeo.knelpunten.touched import add_homes
from woongeo.numerals import counted, dutch
from woongeo.reporting.model import COUNT, TEXT, Column, Table
from woongeo.reporting.sources import file_name
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.capacity import Division, Plancapaciteit
    from woongeo.screening import Screening

# What can become of a location in a region, in order; the first that holds is it.
_NEW, _COUNTS_NOW, _CAME = "nieuwe locaties", "telt nu mee (was 5A of 5B)", "ligt nu in dit gebied"
_GONE, _COUNTS_NOT = "verdwenen locaties", "telt niet meer mee (5A of 5B)"
_LEFT = "ligt niet meer in dit gebied"
_FOUND, _LOST = "aantal werd bekend", "aantal werd onbekend"
_MORE, _LESS = "meer woningen", "minder woningen"
_POSTS = (_NEW, _GONE, _COUNTS_NOW, _COUNTS_NOT, _CAME, _LEFT, _MORE, _LESS, _FOUND, _LOST)
# What is told also where it did not happen.
_ALWAYS = {_NEW, _GONE, _MORE, _LESS}
_COUNTED = "Standen zonder locaties met status 5A of 5B."
_SIDES = ("oud", "nieuw")
# Of the name of a file: with the day it fits the column on paper.
_FILE_NAME = 40


class Changes:
    """What changed, by region.

    Parameters
    ----------
    table : DataFrame
        One row a plan and region: `niveau`, `gebied`, `plan`, `oud` and `nieuw` (homes in it, NaN
        where not known), `was` and `is` (whether it counts there), `post` (what became of it),
        `oordeel_oud`, `oordeel_nieuw`.
    stands : (str, str)
        What the earlier stand and this one are called.
    note : str
        For which day was judged, where that is one.
    """

    def __init__(self, table: pd.DataFrame, stands: tuple[str, str], note: str) -> None:
        self._by = dict(iter(table.groupby(["niveau", "gebied"], sort=False)))
        self._empty = table.iloc[:0]
        self._stands = stands
        self._note = note

    def table(self, niveau: str, gebied: str) -> Table:
        """Lay out what changed in a region.

        Parameters
        ----------
        niveau, gebied : str
            The region.

        Returns
        -------
        Table
            From the homes of the earlier stand, over every change, to those of this one; then the
            verdicts that turned. Homes are unknown where none of the locations has a number; they
            add up without those.
        """
        rows = self._by.get((niveau, gebied), self._empty)
        old, new = rows["oud"].to_numpy(dtype=float), rows["nieuw"].to_numpy(dtype=float)
        was, is_ = rows["was"].to_numpy(dtype=bool), rows["is"].to_numpy(dtype=bool)
        post = rows["post"].to_numpy(dtype=object)
        change = _change(old, new, was, is_)
        cells: list[tuple[str | float, ...]] = [
            (self._stands[0], float(was.sum()), add_homes(old, was))
        ]
        for name in _POSTS:
            mask = post == name
            if mask.any() or name in _ALWAYS:
                cells.append((name, float(mask.sum()), add_homes(change, mask)))
        cells.append((self._stands[1], float(is_.sum()), add_homes(new, is_)))
        before, after = rows["oordeel_oud"].to_numpy(), rows["oordeel_nieuw"].to_numpy()
        for outcome in reversed(Oordeel):
            turned = was & is_ & (after == outcome) & (before != outcome)
            cells.append((f"oordeel werd {outcome}", float(turned.sum()), add_homes(new, turned)))
        columns = (Column("verandering", TEXT), Column("locaties", COUNT), Column("woningen"))
        notes = [_COUNTED, self._note, _without(was & np.isnan(old), is_ & np.isnan(new))]
        title = "Sinds het vorige peilmoment"
        return Table(title, columns, tuple(cells), " ".join(filter(None, notes)))


def _change(
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    was: NDArray[np.bool_],
    is_: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Say by how many homes each row changes what is known; NaN for what has no number at all."""
    change = np.nan_to_num(new) - np.nan_to_num(old)
    silent = (~was | np.isnan(old)) & (~is_ | np.isnan(new))
    return np.where(silent, np.nan, change)


def _without(was: NDArray[np.bool_], is_: NDArray[np.bool_]) -> str:
    """Say how many locations have no number; empty where all have one."""
    if not (was.any() or is_.any()):
        return ""
    then = counted(int(was.sum()), "locatie", "locaties")
    now = dutch(int(is_.sum()), decimals=0)
    return f"Zonder aantal woningen: toen {then}, nu {now}; hun woningen tellen in geen stand mee."


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
        counts as plan and adds no homes. Plans are paired as `compare` does; one that is there at
        both moments is neither new nor gone, also where it counts at one of them only.

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
        homes = tuple(table[f"woningen_{side}"].to_numpy(dtype=float) for side in _SIDES)
        here = tuple(table[f"telt_{side}"].notna().to_numpy() for side in _SIDES)
        blocks.append(
            pd.DataFrame(
                {
                    "niveau": level,
                    "gebied": table["gebied"],
                    "plan": plan,
                    "oud": homes[0],
                    "nieuw": homes[1],
                    "was": here[0],
                    "is": here[1],
                    "post": _post(homes, here, plans.iloc[plan]),
                    "oordeel_oud": plans["oordeel_oud"].to_numpy()[plan],
                    "oordeel_nieuw": plans["oordeel_nieuw"].to_numpy()[plan],
                }
            )
        )
    return Changes(pd.concat(blocks, ignore_index=True), *_named(earlier, now))


def _named(earlier: Screening, now: Screening) -> tuple[tuple[str, str], str]:
    """Name both stands by their file, and by the day for which was judged where that differs."""
    stands = []
    for when, screening in (("toen", earlier), ("nu", now)):
        name = file_name(screening.locations.source, most=_FILE_NAME)
        day = f"beoordeeld op {screening.on.isoformat()}" if earlier.on != now.on else ""
        about = ", ".join(filter(None, (name, day)))
        stands.append(f"stand {when}" + (f" ({about})" if about else ""))
    note = f"Beide standen zijn beoordeeld op {now.on.isoformat()}." if earlier.on == now.on else ""
    return (stands[0], stands[1]), note


def _post(
    homes: tuple[NDArray[np.float64], ...], here: tuple[NDArray[np.bool_], ...], plans: pd.DataFrame
) -> NDArray[np.object_]:
    """Say what became of each plan in a region; empty where nothing did."""
    (old, new), (was, is_) = homes, here
    there_then, there_now = ((plans[f"id_{side}"] != "").to_numpy() for side in _SIDES)
    counted_then, counts_now = (
        (plans[f"hardheid_{side}"] != Hardheid.TELT_NIET_MEE).to_numpy() for side in _SIDES
    )
    came, left, stayed = is_ & ~was, was & ~is_, was & is_
    known_then, known_now = ~np.isnan(old), ~np.isnan(new)
    found = {
        _NEW: came & ~there_then,
        _COUNTS_NOW: came & ~counted_then,
        _CAME: came,
        _GONE: left & ~there_now,
        _COUNTS_NOT: left & ~counts_now,
        _LEFT: left,
        _FOUND: stayed & known_now & ~known_then,
        _LOST: stayed & known_then & ~known_now,
        _MORE: stayed & (new > old),
        _LESS: stayed & (new < old),
    }
    return np.asarray(np.select([*found.values()], [*found], default=""), dtype=object)


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
            "woningen": held[counts],
            "telt": True,
        }
    )
    return table.set_index(["gebied", "plan"])
