"""How far long work is, on one line of a terminal or under a cell of a notebook.

Nothing is shown until somebody asks with `show_progress`, and nothing in a log: a stream that is no
terminal gets not one character. What is shown goes to standard error, never to standard output.

The line is of the thread that asked. Work in other threads tells nothing by itself; who gives work
away takes `tell` along.
"""

from __future__ import annotations

import sys
import threading
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm import TqdmWarning

from woongeo.encode import line_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Thing = TypeVar("Thing")

# What of a name, which may be anybody's, fits beside a bar.
_NAME_CHARACTERS = 48
_FORM = "{desc}: {n_fmt}/{total_fmt} {bar:12} {elapsed}{postfix}"


class _Line:
    """The line that is shown: one bar at a time."""

    def __init__(self) -> None:
        self._kind = _kind_of_bar()
        self._bar: Any = None
        self._lock = threading.RLock()

    @contextmanager
    def bar(self, what: str, total: int) -> Iterator[bool]:
        """Show a bar, and give whether there is one: within another there is not."""
        with self._lock:
            own = self._bar is None
            if own:
                self._bar = self._kind(
                    desc=what,
                    total=total,
                    file=sys.stderr,
                    # Where a terminal is there or not; in a notebook it is no terminal, and shown.
                    disable=False if in_notebook() else None,
                    leave=False,
                    # Steps are few and long: each is shown.
                    mininterval=0,
                    miniters=1,
                    dynamic_ncols=True,
                    bar_format=_FORM,
                )
        try:
            yield own
        finally:
            if own:
                self.clear()

    def tell(self, text: object) -> None:
        """Write something beside the bar."""
        with self._lock:
            if self._bar is not None and not self._bar.disable:
                self._bar.set_postfix_str(line_text(text, most=_NAME_CHARACTERS))

    def move(self) -> None:
        """Move the bar a step."""
        with self._lock:
            if self._bar is not None:
                self._bar.update()

    def clear(self) -> None:
        """Take the bar away."""
        with self._lock:
            bar, self._bar = self._bar, None
            if bar is not None:
                bar.close()


_LINE: ContextVar[_Line | None] = ContextVar("woongeo_progress", default=None)


@contextmanager
def show_progress() -> Iterator[None]:
    """Show how far long work is: reading, fetching, judging each layer, drawing, writing.

    The library is silent without it. In a terminal there is one line on standard error, which is
    gone when the work is done; in a notebook a bar under the cell (as a widget where ``ipywidgets``
    is installed). Where standard error is no terminal, such as a log, nothing is written.

    Yields
    ------
    None
        While work of this thread is shown.

    Examples
    --------
    >>> import woongeo
    >>> with woongeo.show_progress():
    ...     regions = woongeo.example().regions()
    >>> len(regions)
    2
    """
    line = _Line()
    token = _LINE.set(line)
    try:
        yield
    finally:
        _LINE.reset(token)
        line.clear()


def steps(
    what: str, things: Collection[Thing], *, told: Callable[[Thing], object] = str
) -> Iterator[Thing]:
    """Go through things, and show how far that is where somebody asked.

    Parameters
    ----------
    what : str
        What is done, in a word or two of Dutch.
    things : collection
        To which.
    told : callable
        Names a thing; what it gives may be anything.

    Yields
    ------
    object
        Each thing, in order. Within another bar only the name is shown, beside that one.
    """
    line = _LINE.get()
    if line is None:
        yield from things
        return
    with line.bar(what, len(things)) as own:
        for thing in things:
            line.tell(told(thing))
            yield thing
            if own:
                line.move()


@contextmanager
def doing(what: str, about: object = "") -> Iterator[None]:
    """Show that one thing is being done, where somebody asked.

    Parameters
    ----------
    what : str
        What, in a word or two of Dutch.
    about : object
        With what.

    Yields
    ------
    None
        Meanwhile.
    """
    for _ in steps(what, [about]):
        yield


def tell() -> Callable[[object], None] | None:
    """Give what writes beside the bar, from any thread.

    Returns
    -------
    callable or None
        Takes what to say; None where nobody asked to see anything.
    """
    line = _LINE.get()
    return None if line is None else line.tell


def in_notebook() -> bool:
    """Tell whether what is written goes to a notebook.

    Returns
    -------
    bool
        True under Jupyter.
    """
    return type(sys.stderr).__module__.startswith("ipykernel.")


def _kind_of_bar() -> type[Any]:
    """Choose the bar for a terminal or a notebook, without a thread beside it."""
    with warnings.catch_warnings():
        # Without ipywidgets a notebook has a bar of text, which is no doubt of the user's.
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm  # noqa: PLC0415  it looks at where it is when imported

    class Bar(tqdm):  # type: ignore[type-arg]
        """A bar that nobody watches over."""

        monitor_interval = 0

    # Its own lock is one over processes as well, of which there are none.
    Bar.set_lock(threading.RLock())
    return Bar
