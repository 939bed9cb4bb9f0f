"""A real PostGIS on this machine: in a folder of its own, on a free port, as nobody special."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "planner", "geheim-w@chtwoord/1"


def programs() -> Path | None:
    """Find the programs of a PostgreSQL that has PostGIS; Debian keeps them off the path."""
    found = sorted(
        (
            control.parent.parent.name
            for control in Path("/usr/share/postgresql").glob("*/extension/postgis.control")
        ),
        key=lambda version: [int(x) for x in version.split(".")],
    )
    places = [Path("/usr/lib/postgresql") / version / "bin" for version in found]
    return next((p for p in reversed(places) if (p / "initdb").exists()), None)


class Server:
    """A server that runs, with one database that has PostGIS."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, name: str = "plannen", *, user: str = USER, password: str = PASSWORD) -> str:
        """Give an address with a password in it."""
        coded = password.replace("@", "%40").replace("/", "%2F")
        return f"postgresql://{user}:{coded}@127.0.0.1:{self.port}/{name}"

    @property
    def shown(self) -> str:
        """Say how it may be shown."""
        return f"postgresql://127.0.0.1:{self.port}/plannen"

    def do(self, *statements: str) -> None:
        """Change something in the database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask something of the database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()


def _someone() -> dict[str, Any]:
    """Be somebody who may run a server: PostgreSQL refuses root."""
    if os.geteuid():
        return {}
    owner = pwd.getpwnam("postgres")
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


@contextmanager
def running(bin_: Path, settings: dict[str, str] | None = None) -> Iterator[Server]:
    """Run a server until the end of the block, with settings of one's own."""
    someone = _someone()
    place = Path(tempfile.mkdtemp(prefix="woongeo-postgis-"))
    process = None
    try:
        secret = place / "wachtwoord"
        secret.write_text(PASSWORD, encoding="utf-8")
        if someone:
            for path in (place, secret):
                os.chown(path, someone["user"], someone["group"])
        words = ("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "-U", USER)
        made = subprocess.run(
            [bin_ / "initdb", "-D", place / "data", *words, f"--pwfile={secret}"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            **someone,
        )
        assert made.returncode == 0, made.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options |= settings or {}
        chosen = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        log = place / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [bin_ / "postgres", "-D", place / "data", "-p", str(port), *chosen],
                cwd=place,
                stdout=out,
                stderr=out,
                **someone,
            )
        server = Server(port)
        _wait(server, process, log)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE plannen")
        server.do("CREATE EXTENSION postgis")
        yield server
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(place, ignore_errors=True)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server lets us in."""
    end = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.05)
        else:
            return
