"""Homes of a masterplan and those of its parts: each home once, whatever amount is asked.

A register gives a masterplan with the homes of its parts in it. Its `woningen` are those that its
parts do not have (`Register.as_locations`); here its other amounts become so too. Of locations that
are no register nobody knows whether a plan holds the homes of the plans that name it: they stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.columns import as_text, numbers
from woongeo.numerals import counted
from woongeo.registers.model import less_parts, masters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# What locations of a register have, also those that were exported and read again.
_OF_REGISTER = ("planstatus_register", "woningen_register")


def of_register(frame: pd.DataFrame) -> bool:
    """Tell whether locations come from a register.

    Parameters
    ----------
    frame : DataFrame
        Locations.

    Returns
    -------
    bool
        Then a masterplan is known to hold the homes of its parts.
    """
    return any(name in frame.columns for name in _OF_REGISTER)


def masters_of(frame: pd.DataFrame) -> NDArray[np.intp] | None:
    """Find the plan that each plan is part of.

    Parameters
    ----------
    frame : DataFrame
        Locations.

    Returns
    -------
    ndarray of int or None
        Row of the masterplan, -1 for none; None where no plan is part of another.
    """
    named = next((c for c in frame.columns if str(c).casefold() == "masterplan"), None)
    if named is None or not as_text(frame[named]).ne("").any():
        return None
    names = frame["naam" if "naam" in frame.columns else "locatie_id"]
    plans = pd.DataFrame(
        {"plan_id": frame["locatie_id"], "naam": names, "masterplan": frame[named]}
    )
    parent = masters(plans.reset_index(drop=True))
    return parent if (parent >= 0).any() else None


def each_once(frame: pd.DataFrame, known: dict[str, Floats]) -> dict[str, Floats]:
    """Take from the amounts of masterplans of a register those of their parts.

    Parameters
    ----------
    frame : DataFrame
        Locations.
    known : dict
        From `amounts`.

    Returns
    -------
    dict
        The same, of a masterplan what its parts do not have, at least 0; `woningen` as they are.
    """
    parent = masters_of(frame) if of_register(frame) else None
    if parent is None:
        return known
    return {
        name: values if name == "woningen" else less_parts(values, parent)[0]
        for name, values in known.items()
    }


def perhaps_twice(frame: pd.DataFrame, values: Floats) -> NDArray[np.bool_]:
    """Tell which plans give homes of which nobody knows whether another gives them too.

    Parameters
    ----------
    frame : DataFrame
        Locations.
    values : ndarray of float
        Homes of each plan; NaN where not known, or where the plan does not count.

    Returns
    -------
    ndarray of bool
        Plans that give homes and are named as masterplan by one that does, in locations that are no
        register; in those of a register that lost its column `masterplan`, those of which it took
        homes for parts.
    """
    given = np.nan_to_num(values) != 0
    parent = masters_of(frame)
    if of_register(frame):
        return lessened(frame) & given if parent is None else np.zeros(len(frame), dtype=bool)
    twice = np.zeros(len(frame), dtype=bool)
    if parent is not None:
        twice[parent[(parent >= 0) & given]] = True
    return twice & given


def lessened(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which plans of a register have fewer homes than it gives them, for their parts.

    Parameters
    ----------
    frame : DataFrame
        Locations.

    Returns
    -------
    ndarray of bool
        One value a location.
    """
    if "woningen_register" not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    said, _ = numbers(frame["woningen_register"])
    homes = frame["woningen"].to_numpy(dtype=float)
    return np.asarray(np.nan_to_num(said.to_numpy(dtype=float)) != np.nan_to_num(homes))


def remark(frame: pd.DataFrame) -> str:
    """Say how homes of masterplans and their parts were counted.

    Parameters
    ----------
    frame : DataFrame
        Locations.

    Returns
    -------
    str
        In Dutch; "" where no plan is part of another.
    """
    parent = masters_of(frame)
    if of_register(frame) and parent is not None:
        return (
            "Van masterplannen tellen woningen, bruto, sloop, netto, gerealiseerd en rest zonder "
            "die van hun deelplannen: niets telt dubbel."
        )
    if lessened(frame).any():
        return (
            "Bruto, sloop, netto, gerealiseerd en rest tellen deelplannen ook in hun masterplan "
            "mee, want bij geen plan staat nog waar het deel van is; alleen de woningen zijn "
            "ontdubbeld."
        )
    if parent is not None:
        n = len(np.unique(parent[parent >= 0]))
        return (
            f"{counted(n, 'locatie is', 'locaties zijn')} masterplan van andere: of daarin hun "
            "woningen meetellen is niet bekend, en alles telt zoals het gegeven is."
        )
    return ""
