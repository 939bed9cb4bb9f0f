"""Expected yield: how many homes will be there if plans may fail.

Each plan is realised whole or not at all, by a chance of its own or that of a scenario, apart from
the others. Mean and standard deviation are exact; the interval is exact where the sums can be
enumerated, and drawn (Monte Carlo, with a seed) where they cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from woongeo.capacity.parts import add_up_by
from woongeo.errors import ColumnError
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Up to so many steps (distinct plans times homes) the distribution of a sum is worked out exactly.
_EXACT_STEPS = 50_000
# Draws are made so many values at a time: what fits in the processor's cache is twice as fast.
_AT_ONCE = 2_000_000
# From so many equal plans on one draw for all of them is faster.
_MANY = 8


@dataclass(frozen=True)
class Planuitval:
    """How likely plans are to be realised, and how the interval is found.

    Attributes
    ----------
    kansen : mapping of str to float
        Hardheid ("hard", "zacht", "onbekend") to the chance that a plan is realised in time, for
        plans without a `realisatiekans` of their own. A plan without either is in the maximum only.
    bron : str
        Who says so.
    draws : int
        How many times chance is played out where the interval is not exact.
    seed : int
        Same seed, same interval.
    interval : float
        The share of outcomes within the interval: with 0.9 it runs from the 5th to the 95th
        percentile.
    """

    kansen: Mapping[str, float] = field(default_factory=dict)
    bron: str = "realisatiekans van de plannen zelf"
    draws: int = 1_000
    seed: int = 2_036
    interval: float = 0.9

    def __post_init__(self) -> None:
        words = {str(h) for h in Hardheid} - {str(Hardheid.TELT_NIET_MEE)}
        stray = sorted(set(map(str, self.kansen)) - words)
        if stray:
            raise ColumnError(f"kans voor {stray[0]!r}: kies uit {', '.join(sorted(words))}.")
        for kind, chance in self.kansen.items():
            if not 0 <= chance <= 1:
                raise ColumnError(f"kans voor {kind} is {chance!r}; geef een deel (0 tot 1).")
        if self.draws < 1 or not 0 < self.interval < 1:
            raise ColumnError("geef minstens één trekking en een interval tussen 0 en 1.")


def _all(chance: float) -> dict[str, float]:
    return dict.fromkeys(("hard", "zacht", "onbekend"), chance)


#: What the rule of 130 % supposes: of 130 planned homes 100 are built.
UITVAL_130 = Planuitval(_all(1 / 1.30), "verondersteld door de norm van 130 %")
#: A third of plans is delayed or dropped (nu.nl, 2021).
UITVAL_DERDE = Planuitval(_all(2 / 3), "een derde valt uit of loopt uit (nu.nl, 2021)")


@dataclass(frozen=True, eq=False)
class Yield:
    """Homes realised, per group.

    Attributes
    ----------
    low, mean, high : ndarray of float
        Expected homes: with a chance of 0, none, and 1 for plans whose chance is not known (1,
        none and 0 where they have fewer than 0 homes). The mean is NaN where no plan of a group has
        a chance.
    lower, upper : ndarray of float
        Ends of the interval, over the plans whose chance is known.
    exact : ndarray of bool
        Whether the interval was worked out and not drawn.
    """

    low: Floats
    mean: Floats
    high: Floats
    lower: Floats
    upper: Floats
    exact: NDArray[np.bool_]


def realised(
    group: NDArray[np.intp],
    plan: NDArray[np.intp],
    homes: Floats,
    chance: Floats,
    how: Planuitval,
    *,
    interval: bool = True,
) -> Yield:
    """Work out what groups of plans will yield.

    Parameters
    ----------
    group : ndarray of int
        Group of each part of a plan, from 0; parts of one plan succeed or fail together.
    plan : ndarray of int
        Row of its plan.
    homes : ndarray of float
        Homes of the part; NaN is left out.
    chance : ndarray of float
        Per plan; NaN where not known.
    how : Planuitval
        Draws, seed and interval.
    interval : bool
        Whether its ends are wanted.

    Returns
    -------
    Yield
        One value a group.
    """
    n = int(group.max(initial=-1)) + 1
    known = ~np.isnan(homes)
    group, plan, homes = group[known], plan[known], homes[known]
    p = chance[plan]
    sure = ~np.isnan(p)
    mean = add_up_by(group[sure], (homes * p)[sure], n)
    # Homes that go, and may not go, are the least where they do and the most where they do not.
    least, most = (
        add_up_by(group[~sure], end(homes[~sure], 0.0), n) for end in (np.minimum, np.maximum)
    )
    lower, upper, exact = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=bool)
    some = np.bincount(group[sure], minlength=n) > 0
    known_mean = np.where(some, mean, np.nan)
    if not interval:
        return Yield(mean + least, known_mean, mean + most, lower, upper, exact)
    group, plan, homes, p = group[sure], plan[sure], homes[sure], p[sure]
    order = np.lexsort((plan, group))
    group, plan, homes, p = group[order], plan[order], homes[order], p[order]
    # A plan may be in a group in several parts, one a phase: together they are one outcome.
    new = np.r_[True, (group[1:] != group[:-1]) | (plan[1:] != plan[:-1])][: len(group)]
    start = np.flatnonzero(new)
    if len(start):
        homes = np.add.reduceat(homes, start)
        group, plan, p = group[start], plan[start], p[start]
    ends = (1 - how.interval) / 2, (1 + how.interval) / 2
    first = np.searchsorted(group, np.arange(n + 1))
    for g in np.flatnonzero(some):
        part = slice(first[g], first[g + 1])
        found = _exact(homes[part], p[part], ends)
        if found is not None:
            lower[g], upper[g], exact[g] = *found, True
    drawn = np.flatnonzero(some & ~exact)
    if len(drawn):
        taken = np.isin(group, drawn)
        lower[drawn], upper[drawn] = _drawn(
            np.searchsorted(drawn, group[taken]), homes[taken], p[taken], len(drawn), how
        )
    return Yield(mean + least, known_mean, mean + most, lower, upper, exact)


def _exact(homes: Floats, p: Floats, ends: tuple[float, float]) -> tuple[float, float] | None:
    """Work out the interval of a sum by its characteristic function; None where that is too much.

    Equal plans are taken together, so the work is distinct plans times homes and not plans.
    """
    if (homes < 0).any() or (homes % 1 != 0).any():
        return None
    size = int(homes.sum()) + 1
    if size > _EXACT_STEPS:
        return None
    kinds, count = np.unique(np.c_[homes, p], axis=0, return_counts=True)
    if len(kinds) * size > _EXACT_STEPS:
        return None
    turn = np.exp(-2j * np.pi * np.outer(kinds[:, 0], np.arange(size)) / size)
    factor = (1 - kinds[:, 1:]) + kinds[:, 1:] * turn
    density = np.real(np.fft.ifft(np.prod(factor ** count[:, None], axis=0)))
    below = np.cumsum(np.clip(density, 0, None))
    below /= below[-1]
    lower, upper = np.searchsorted(below, np.array(ends) - 1e-9)
    return float(lower), float(min(upper, size - 1))


def _drawn(
    group: NDArray[np.intp], homes: Floats, p: Floats, n: int, how: Planuitval
) -> tuple[Floats, Floats]:
    """Draw outcomes of all plans again and again, and take the interval of each group's sums.

    Many equal plans of one group succeed a binomial number of times: one draw for all of them.
    """
    rng = np.random.default_rng(how.seed)
    order = np.lexsort((p, homes, group))
    group, homes, p = group[order], homes[order], p[order]
    new = (np.diff(group) != 0) | (np.diff(homes) != 0) | (np.diff(p) != 0)
    start = np.flatnonzero(np.r_[True, new])
    count = np.diff(np.r_[start, len(group)])
    sums = np.zeros((how.draws, n))
    many = start[count >= _MANY]
    often = count[count >= _MANY]
    for i in range(n):
        # Groups are few; kinds of plans in one are at most as many as its plans.
        kinds = slice(*np.searchsorted(group[many], (i, i + 1)))
        if kinds.stop > kinds.start:
            at = many[kinds]
            times = rng.binomial(often[kinds], p[at], size=(how.draws, len(at)))
            sums[:, i] += times @ homes[at]
    few = np.repeat(count < _MANY, count)
    group, homes, chance = group[few], homes[few].astype(np.float32), p[few].astype(np.float32)
    first = np.flatnonzero(np.r_[True, np.diff(group) != 0])[: len(group)]
    step = max(1, _AT_ONCE // max(len(group), 1))
    for i in range(0, how.draws if len(group) else 0, step):
        rows = min(step, how.draws - i)
        success = rng.random((rows, len(group)), dtype=np.float32) < chance
        sums[i : i + rows, group[first]] += np.add.reduceat(success * homes, first, axis=1)
    ends = (1 - how.interval) / 2, (1 + how.interval) / 2
    lower, upper = np.quantile(sums, ends, axis=0)
    return lower, upper
