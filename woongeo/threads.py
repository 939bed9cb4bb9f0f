"""All cores at work: GEOS lets go of Python's lock while it calculates.

Two things in GEOS must not be shared between threads: a *prepared* shape, whose index grows while
it is asked (https://github.com/libgeos/geos/issues/825), and a box that is worked out when first
asked for. So work is divided such that a prepared shape is in one part only, and boxes are asked
for beforehand. Results come in the order of the parts: the number of cores changes nothing.

And nothing that is done side by side may touch Python's list of warnings, which is one for all
threads: who leaves `warnings.catch_warnings` in another order than threads came in turns warnings
off for good (https://docs.python.org/3/library/warnings.html#warnings.catch_warnings).
`shapely.is_valid` and `shapely.total_bounds` do that; `shapely.is_valid_reason` does not, and holds
Python's lock. `woongeo.geometry.valid` looks at shapes side by side all the same.
"""

from __future__ import annotations

import gc
import itertools
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from numpy.typing import NDArray

Given = TypeVar("Given")
Got = TypeVar("Got")

# Parts a core: pieces of work differ, and who is done early takes the next.
_PARTS = 4

# Below so many rows starting threads costs more than they gain.
_FEW = 256

# Threads that leave the other cores to others.
_modest = threading.local()


@contextmanager
def on_one_core() -> Iterator[None]:
    """Do work in this thread alone: others see to the other cores.

    Yields
    ------
    None
        Nothing; afterwards all cores are used again.
    """
    _modest.alone = True
    try:
        yield
    finally:
        _modest.alone = False


def cores() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
        At least 1; within `on_one_core` no more.
    """
    if getattr(_modest, "alone", False):
        return 1
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def side_by_side(work: Callable[[Given], Got], given: Iterable[Given]) -> list[Got]:
    """Do work on each thing, on all cores.

    Parameters
    ----------
    work : callable
        What to do.
    given : iterable
        With what.

    Returns
    -------
    list
        What came of each, in their order.
    """
    things = list(given)
    if len(things) < 2 or cores() < 2:
        return [work(thing) for thing in things]
    # What a thread should not do it may do by way of a library: what was heard of warnings before
    # is put back when all are done. Within a thread that would be the same mistake.
    main = threading.current_thread() is threading.main_thread()
    with (
        warnings.catch_warnings() if main else nullcontext(),
        ThreadPoolExecutor(min(cores(), len(things))) as pool,
    ):
        return list(pool.map(work, things))


@contextmanager
def meanwhile(
    work: Callable[[Given], object], given: Mapping[int, Given]
) -> Iterator[Callable[[int], None]]:
    """Do work on things side by side, while this thread does more with those that are done.

    Nothing is done beforehand where there is one core, or one thing.

    Parameters
    ----------
    work : callable
        What to do; in a thread.
    given : Mapping
        Name to thing, in the order in which they will be waited for.

    Yields
    ------
    callable
        Takes a name and waits until that is done; a name that was not given is.
    """
    if len(given) < 2 or cores() < 2:
        # What waits does it itself, when it comes to it.
        yield lambda _: None
        return
    main = threading.current_thread() is threading.main_thread()
    with (
        warnings.catch_warnings() if main else nullcontext(),
        ThreadPoolExecutor(min(cores(), len(given))) as pool,
    ):
        begun = {name: pool.submit(work, thing) for name, thing in given.items()}

        def wait(name: int) -> None:
            if name in begun:
                begun[name].result()

        try:
            yield wait
        finally:
            for one in begun.values():
                one.cancel()


class _Pause:
    """How many ask for a pause of the garbage collector, and whether it was at work before."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked, self.was_on = 0, False


_pause = _Pause()


@contextmanager
def uncollected() -> Iterator[None]:
    """Do work that makes many objects without Python looking for cycles among them all the time.

    Each shape is an object that the garbage collector follows: while a hundred thousand are made it
    looks at all objects that there are again and again, with Python's lock held, for nothing. What
    is no cycle is let go of as ever (https://docs.python.org/3/library/gc.html#gc.disable).

    Yields
    ------
    None
        Nothing; afterwards the collector does what it did. Blocks may lie in each other, also in
        several threads.
    """
    with _pause.lock:
        if not _pause.asked:
            _pause.was_on = gc.isenabled()
            gc.disable()
        _pause.asked += 1
    try:
        yield
    finally:
        with _pause.lock:
            _pause.asked -= 1
            if not _pause.asked and _pause.was_on:
                gc.enable()


class Crew:
    """Threads that work in the background, until the block ends that they were called up for.

    Nothing of what they do may voice a warning. Work that nobody waits for any more when the block
    ends, because something went wrong, is not begun.
    """

    def __init__(self) -> None:
        # What was asked first is read first: the first layer is needed soonest.
        self._readers = ThreadPoolExecutor(cores())
        self._hands = ThreadPoolExecutor(1 + cores())
        self._queue = ThreadPoolExecutor(1)
        self._last: list[Callable[[], object]] = []
        self._begun: list[Future[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What works now may still put something in the queue.
        self._readers.shutdown(cancel_futures=True)
        self._hands.shutdown(cancel_futures=True)
        self._queue.shutdown(cancel_futures=True)

    def begin(self, work: Callable[[], Got]) -> Future[Got]:
        """Have work done when there is a hand for it.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        Future
            What comes of it.
        """
        return self._hands.submit(work)

    def read(self, work: Callable[[], Got]) -> Future[Got]:
        """Have something read, after what was asked before.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        Future
            What comes of it.
        """
        return self._readers.submit(work)

    def read_last(self, work: Callable[[], Got]) -> Callable[[], Got]:
        """Have something read that nobody waits for soon, after all else that is asked.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        callable
            Waits for what comes of it, while the crew is there.
        """
        turn = len(self._last)
        self._last.append(work)

        def wait() -> Got:
            self.all_asked()
            found: Got = self._begun[turn].result()
            return found

        return wait

    def all_asked(self) -> None:
        """Say that all has been asked: what comes last may begin."""
        waiting = self._last[len(self._begun) :]
        self._begun += [self._readers.submit(work) for work in waiting]

    def queue(self, work: Callable[[], Got]) -> Future[Got]:
        """Have work done one by one: what holds Python's lock is not done sooner by many.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        Future
            What comes of it.
        """
        return self._queue.submit(work)


def parts_of(n: int, *, few: int = _FEW, parts: int = _PARTS) -> list[slice]:
    """Divide rows in parts for `side_by_side`.

    Parameters
    ----------
    n : int
        How many rows.
    few : int
        Below how many rows dividing gains nothing.
    parts : int
        How many parts a core.

    Returns
    -------
    list of slice
        Together all rows, in order; one where dividing gains nothing.
    """
    many = 1 if n < few or cores() < 2 else min(n, parts * cores())
    edges = np.linspace(0, n, many + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def parts_by(key: NDArray[np.intp]) -> list[slice]:
    """Divide rows in parts such that rows with the same key are in one part.

    Parameters
    ----------
    key : ndarray of int
        Sorted.

    Returns
    -------
    list of slice
        Together all rows, in order.
    """
    edges = [0]
    for part in parts_of(len(key)):
        # Up to where the key of the last row ends.
        end = len(key)
        if part.stop < len(key):
            end = int(np.searchsorted(key, key[part.stop - 1], side="right")) if part.stop else 0
        if end > edges[-1]:
            edges.append(end)
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
