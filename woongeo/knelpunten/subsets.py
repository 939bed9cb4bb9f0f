"""Sets of bottlenecks: what solving each of them frees, exactly.

A plan that is blocked by the set S is free once all of S is solved. With ``w[S]`` the homes blocked
by exactly S, solving T frees ``F(T) = sum of w[S] over S within T``: a sum over subsets (the zeta
transform), for all ``2**k`` sets T in ``k * 2**k`` additions. Sets are numbers, bit i for
bottleneck i.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Sums of homes this near to each other are equal: the noise of adding in another order.
_NOISE = 1e-6


class Patterns(NamedTuple):
    """Distinct sets by which plans are blocked.

    Attributes
    ----------
    blocked : ndarray of bool
        One row a pattern, one column a bottleneck.
    of_plan : ndarray of int
        Pattern of each plan.
    """

    blocked: Bools
    of_plan: NDArray[np.intp]


def patterns(blocked: Bools) -> Patterns:
    """Find the distinct rows.

    Parameters
    ----------
    blocked : ndarray of bool
        One row a plan, one column a bottleneck.

    Returns
    -------
    Patterns
        In an order that does not depend on that of the plans.
    """
    if not blocked.shape[1] or not len(blocked):
        rows = np.zeros((min(len(blocked), 1), blocked.shape[1]), dtype=bool)
        return Patterns(rows, np.zeros(len(blocked), dtype=np.intp))
    packed = np.packbits(blocked, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return Patterns(blocked[first], inverse.reshape(-1))


def masks(blocked: Bools) -> NDArray[np.int64]:
    """Write each row as a number.

    Parameters
    ----------
    blocked : ndarray of bool
        One column a bottleneck, at most 62 of them.

    Returns
    -------
    ndarray of int
        Bit i for column i.
    """
    return np.asarray(blocked @ (1 << np.arange(blocked.shape[1], dtype=np.int64)), dtype=np.int64)


def subset_sums(weight: Floats) -> Floats:
    """Add up the weights of all subsets of each set.

    Parameters
    ----------
    weight : ndarray of float
        One value a set, ``2**k`` of them.

    Returns
    -------
    ndarray of float
        Per set the sum over its subsets, itself included.

    Examples
    --------
    >>> subset_sums(np.array([0.0, 1.0, 10.0, 100.0])).tolist()
    [0.0, 1.0, 10.0, 111.0]
    """
    total = weight.astype(float, copy=True)
    step = 1
    while step < len(total):
        # Pairs of sets that differ in this one bit; the view writes through.
        pair = total.reshape(-1, 2, step)
        pair[:, 1, :] += pair[:, 0, :]
        step *= 2
    return total


def sizes(k: int) -> NDArray[np.int64]:
    """Count the members of each of the ``2**k`` sets.

    Parameters
    ----------
    k : int
        Number of bottlenecks.

    Returns
    -------
    ndarray of int
        One value a set.
    """
    return np.bitwise_count(np.arange(1 << k, dtype=np.int64)).astype(np.int64)


def best_order(freed: Floats, k: int) -> tuple[list[int], float]:
    """Find the order of solving that frees most, soonest.

    Of all ``k!`` orders the one with the largest sum of what is free after each step (the area
    under the curve), by dynamic programming over sets.

    Parameters
    ----------
    freed : ndarray of float
        Per set what solving it frees.
    k : int
        Number of bottlenecks.

    Returns
    -------
    order : list of int
        Bottlenecks, first solved first; among equals the one that comes first.
    ways : float
        How many orders are as good.
    """
    of_size = sizes(k)
    value, ways = np.zeros(1 << k), np.zeros(1 << k)
    last = np.full(1 << k, -1)
    ways[0] = 1
    bits = 1 << np.arange(k)
    for size in range(1, k + 1):
        sets = np.flatnonzero(of_size == size)
        has = (sets[:, None] & bits) > 0
        before = np.where(has, value[sets[:, None] & ~bits], -np.inf)
        best = before.max(axis=1)
        equal = before >= (best - _NOISE)[:, None]
        value[sets] = freed[sets] + best
        ways[sets] = np.where(equal, ways[sets[:, None] & ~bits], 0.0).sum(axis=1)
        # What is solved last is chosen first here: of equals the later key goes last.
        last[sets] = k - 1 - np.argmax(equal[:, ::-1], axis=1)
    order, at = [], (1 << k) - 1
    while at:
        order.append(int(last[at]))
        at &= ~(1 << int(last[at]))
    return order[::-1], float(ways[-1])


def greedy_order(blocked: Bools, weight: Floats) -> list[int]:
    """Solve again and again the bottleneck that frees most by itself now.

    Where none frees anything by itself, the one that is in the way of most homes, each home divided
    over what still blocks it, goes first; among equals the one that comes first.

    Parameters
    ----------
    blocked : ndarray of bool
        One row a pattern.
    weight : ndarray of float
        Of each pattern.

    Returns
    -------
    list of int
        All bottlenecks, first solved first.
    """
    k = blocked.shape[1]
    rest = blocked.copy()
    order: list[int] = []
    while len(order) < k:
        left = rest.sum(axis=1)
        alone = weight[left == 1] @ rest[left == 1]
        shared = (weight / np.maximum(left, 1)) @ rest
        open_ = np.setdiff1d(np.arange(k), order)
        best = open_[alone[open_] >= alone[open_].max() - _NOISE]
        best = best[shared[best] >= shared[best].max() - _NOISE]
        order.append(int(best[0]))
        rest[:, order[-1]] = False
    return order


def curve(blocked: Bools, weight: Floats, order: list[int]) -> Floats:
    """Add up what is free after each step of an order.

    Parameters
    ----------
    blocked : ndarray of bool
        One row a pattern.
    weight : ndarray of float
        Of each pattern.
    order : list of int
        Bottlenecks, first solved first.

    Returns
    -------
    ndarray of float
        One value a step.
    """
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    hit = blocked.any(axis=1)
    # A plan is free once the last of its bottlenecks is solved.
    step = np.where(blocked[hit], place, -1).max(axis=1, initial=-1)
    return np.asarray(
        np.cumsum(np.bincount(step, weights=weight[hit], minlength=len(order))), dtype=float
    )


def smallest_sets(freed: Floats, k: int, wanted: float) -> NDArray[np.int64]:
    """Find the smallest sets that free at least so much: all of that size.

    Parameters
    ----------
    freed : ndarray of float
        Per set what solving it frees.
    k : int
        Number of bottlenecks.
    wanted : float
        Homes.

    Returns
    -------
    ndarray of int
        Sets, those that free most first; empty where even all of them do not free so much, and where
        there is nothing to free: solving nothing is no set.
    """
    if wanted <= 0:
        return np.empty(0, dtype=np.int64)
    enough = np.flatnonzero(freed >= wanted - _NOISE)
    if not len(enough):
        return np.empty(0, dtype=np.int64)
    size = sizes(k)[enough]
    smallest = enough[size == size.min()]
    return np.asarray(smallest[np.lexsort((smallest, -freed[smallest]))], dtype=np.int64)


def best_of_size(freed: Floats, k: int) -> list[NDArray[np.int64]]:
    """Find per size the sets that free most.

    Parameters
    ----------
    freed : ndarray of float
        Per set what solving it frees.
    k : int
        Number of bottlenecks.

    Returns
    -------
    list of ndarray of int
        For sizes 1 to k, all sets that are as good.
    """
    of_size = sizes(k)
    best = []
    for size in range(1, k + 1):
        sets = np.flatnonzero(of_size == size)
        best.append(sets[freed[sets] >= freed[sets].max() - _NOISE].astype(np.int64))
    return best
