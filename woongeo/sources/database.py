"""Entering a PostGIS database: its address, the way in, and what is found there.

Who may enter never shows: messages, manifests and logs name the server, the database and the table.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from woongeo.errors import InputError, ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 15


@dataclass(frozen=True)
class Address:
    """Where a database is, and how to enter it.

    Attributes
    ----------
    url : str
        For libpq; may hold a password, so it is never shown.
    shown : str
        Server and database, for people.
    table : str
        The table that the address named; empty for none.
    """

    url: str
    shown: str
    table: str = ""

    def __repr__(self) -> str:
        return f"Address({self.shown!r}, table={self.table!r})"


def read_address(given: str) -> Address:
    """Split the table off an address, and leave out of what is shown who enters.

    Parameters
    ----------
    given : str
        ``postgresql://user:password@host:port/database?table=schema.table``. What is left out comes
        from libpq's own places: PGHOST, PGUSER, PGPASSWORD, PGSERVICE, a password file.

    Returns
    -------
    Address
        The address.

    Raises
    ------
    InputError
        When it cannot be understood; the message does not hold it.
    """
    base, _, query = given.partition("?")
    parts = [part for part in query.split("&") if part]
    tables = [_decoded(part[6:]) for part in parts if part.startswith("table=")]
    rest = "&".join(part for part in parts if not part.startswith("table="))
    url = f"{base}?{rest}" if rest else base
    facts: dict[str, Any] = {}
    try:
        facts = conninfo_to_dict(url)
        readable = True
    except ProgrammingError:
        # What libpq says of it may hold the password.
        readable = False
    if not readable or len(tables) > 1:
        raise InputError(
            "het adres van de database is niet te begrijpen; schrijf "
            "postgresql://gebruiker@host:5432/database?table=schema.tabel (bijzondere tekens als "
            "%40), en zet het wachtwoord in PGPASSWORD."
        )
    host = facts.get("host") or facts.get("hostaddr") or "localhost"
    port = f":{facts['port']}" if facts.get("port") else ""
    shown = f"postgresql://{host}{port}/{facts.get('dbname', '')}"
    return Address(url, shown, tables[0] if tables else "")


def _decoded(text: str) -> str:
    """Undo percent-encoding."""
    found = re.sub(
        rb"%([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), text.encode("utf-8")
    )
    return found.decode("utf-8", "replace")


@contextmanager
def connected(address: Address) -> Iterator[psycopg.Connection[Any]]:
    """Enter a database; what goes wrong on the way does not tell who wanted in.

    Parameters
    ----------
    address : Address
        From `read_address`.

    Yields
    ------
    Connection
        Closed afterwards; what was not committed is undone.

    Raises
    ------
    ServiceUnavailableError
        When there is no way in.
    """
    connection, reason = None, ""
    try:
        connection = psycopg.connect(
            address.url, connect_timeout=_SECONDS, application_name="woongeo", autocommit=False
        )
    except psycopg.Error as error:
        reason = _why_not(str(error))
    if connection is None:
        # Outside the handler: libpq's own text names the user.
        raise ServiceUnavailableError(
            f"{address.shown}: geen verbinding met de database ({reason})."
        )
    try:
        yield connection
    finally:
        connection.close()


def _why_not(said: str) -> str:
    """Say why there is no way in, without libpq's words: they hold names."""
    for sign, reason in {
        "password authentication failed": "gebruiker of wachtwoord klopt niet",
        "no password supplied": "er is geen wachtwoord gegeven; zet het in PGPASSWORD",
        "no pg_hba.conf entry": "de server laat deze computer of gebruiker niet toe",
        "does not exist": "de database of gebruiker bestaat daar niet",
        "onnection refused": "daar luistert geen database; kloppen host en poort?",
        "timeout expired": f"geen antwoord binnen {_SECONDS} s; is een VPN nodig?",
        "imeout": f"geen antwoord binnen {_SECONDS} s; is een VPN nodig?",
        "resolve": "die computernaam is onbekend; is een VPN nodig?",
        "not known": "die computernaam is onbekend; is een VPN nodig?",
        "SSL": "de beveiligde verbinding komt niet tot stand",
        "too many": "de server heeft te veel verbindingen; probeer het later",
        "starting up": "de server start nog op; probeer het zo weer",
    }.items():
        if sign in said:
            return reason
    return "kloppen host, poort en database?"


def extension_schema(connection: psycopg.Connection[Any], shown: str) -> str:
    """Find the schema in which PostGIS is.

    Parameters
    ----------
    connection : Connection
        To the database.
    shown : str
        Which, for the message.

    Returns
    -------
    str
        Its name; with it no table of a stranger can pass for a function.

    Raises
    ------
    InputError
        When the database has no PostGIS.
    """
    row = connection.execute(
        "SELECT n.nspname FROM pg_catalog.pg_extension e "
        "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
    ).fetchone()
    if row is None:
        raise InputError(
            f"{shown}: deze database heeft geen PostGIS; laat de beheerder CREATE EXTENSION "
            "postgis uitvoeren."
        )
    return str(row[0])


def table_parts(table: str) -> list[str]:
    """Split schema and table; in quotes a dot is no border.

    Parameters
    ----------
    table : str
        As the user gave it.

    Returns
    -------
    list of str
        The table, with its schema before it where one was given.

    Examples
    --------
    >>> table_parts('plannen."tabel.2026"')
    ['plannen', 'tabel.2026']
    """
    found = re.findall(r'"((?:[^"]|"")+)"|([^."]+)', table)
    return [quoted.replace('""', '"') or plain for quoted, plain in found][:2] or [table]
