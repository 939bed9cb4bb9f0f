"""The address of a database: told apart from a file without the driver that visits it."""

from __future__ import annotations

from importlib.util import find_spec

from woongeo.errors import InputError

_SCHEMES = ("postgresql://", "postgres://")


def is_address(given: object) -> bool:
    """Tell whether a source is a database.

    Parameters
    ----------
    given : object
        As the user gave it.

    Returns
    -------
    bool
        True for text that begins with postgresql:// or postgres://.
    """
    return isinstance(given, str) and given.startswith(_SCHEMES)


def shown_place(given: object) -> str:
    """Write where something is read from, without who enters.

    Parameters
    ----------
    given : object
        A path or an address.

    Returns
    -------
    str
        For messages.

    Examples
    --------
    >>> shown_place("postgresql://me:secret@db.example/plannen?table=x")
    'postgresql://db.example/plannen'
    """
    text = str(given)
    if not is_address(given):
        return text
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def need_driver() -> None:
    """Say what to do where the driver is not installed.

    Raises
    ------
    InputError
        When psycopg is not there.
    """
    if find_spec("psycopg") is None:
        raise InputError(
            "voor een PostGIS-database is psycopg nodig: pip install 'woongeo[postgis]'."
        )
