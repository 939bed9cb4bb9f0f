"""Days: what a user gives as a date is one, or is refused with what to give."""

from __future__ import annotations

import datetime as dt

from woongeo.errors import InputError


def day_of(given: object, name: str) -> dt.date | None:
    """Read a day that a user gave.

    Parameters
    ----------
    given : object
        A date; of one with a time only the day is kept. None stays None.
    name : str
        Of the parameter, for the message.

    Returns
    -------
    date or None
        The day.

    Raises
    ------
    InputError
        When it is something else: text is not guessed at, since 3-4-2026 may be in March or April.

    Examples
    --------
    >>> day_of(dt.datetime(2026, 7, 1, 12), "on")
    datetime.date(2026, 7, 1)
    """
    if isinstance(given, dt.datetime):
        return given.date()
    if given is None or isinstance(given, dt.date):
        return given
    raise InputError(f"{name} is {given!r}; geef een datum, als datetime.date(2026, 7, 1).")
