"""Telling a person, one line a thing."""

from __future__ import annotations

import sys

from woongeo.encode import terminal_text, visible


def say(text: str, *, error: bool = False) -> None:
    """Print a line; whatever stands in it does nothing to a terminal.

    Parameters
    ----------
    text : str
        The line, or JSON.
    error : bool
        To the stream of errors.
    """
    (sys.stderr if error else sys.stdout).write(f"{terminal_text(text)}\n")


def one_line(text: object) -> str:
    """Write text so that it takes one line of a terminal and does nothing to it.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        One line.
    """
    return visible(text).replace("\n", " ").replace("\t", " ")
