"""Telling a person, one line a thing."""

from __future__ import annotations

import sys

from woongeo.encode import visible


def say(text: str, *, error: bool = False) -> None:
    """Print a line.

    Parameters
    ----------
    text : str
        The line.
    error : bool
        To the stream of errors.
    """
    (sys.stderr if error else sys.stdout).write(f"{text}\n")


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
