"""In which forms, and in which database, the outcome is to come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from woongeo.errors import InputError
from woongeo.export import FORMATS, USUAL

if TYPE_CHECKING:
    import argparse


def formats_of(given: argparse.Namespace) -> list[str]:
    """Read in which forms the outcome is to come.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    list of str
        Formats.

    Raises
    ------
    InputError
        When one is not known.
    """
    words = [word.strip() for text in given.format for word in text.split(",") if word.strip()]
    if "alles" in words:
        return [*FORMATS]
    for word in words:
        if word not in FORMATS:
            raise InputError(f"--format {word}: kies uit {', '.join(FORMATS)} of alles.")
    return words or [*USUAL]


def database_of(given: argparse.Namespace) -> str:
    """Find the address of the database; in the environment nobody else sees its password.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    str
        The address; empty where none was asked.

    Raises
    ------
    InputError
        When it was asked and stands nowhere.
    """
    if given.postgis is None:
        return ""
    found = str(given.postgis or os.environ.get("WOONGEO_POSTGIS", ""))
    if not found:
        raise InputError(
            "--postgis: geef het adres van de database, of zet het in WOONGEO_POSTGIS."
        )
    return found
