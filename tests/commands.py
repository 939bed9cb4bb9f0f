"""The command ``woongeo`` as a process: by itself, or many in a row.

As a program this takes command lines, one a line as JSON, and runs each in a fork with everything
imported: processes of their own, with a folder, standard output, standard error and exit code of
their own, but quick.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from woongeo.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs the command in a folder."""

    def __call__(self, folder: Path, *words: str | Path) -> Done:
        """Run ``woongeo`` with words behind it."""


def woongeo_command(folder: Path, *words: str | Path) -> Done:
    """Run ``python -m woongeo``."""
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def runner() -> Iterator[Run]:
    """Start what runs commands quickly; where there is no fork they start one by one."""
    if not hasattr(os, "fork"):
        yield woongeo_command
        return
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as program:

        def run(folder: Path, *words: str | Path) -> Done:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(json.dumps([str(folder), *map(str, words)]) + "\n")
            program.stdin.flush()
            return Done(**json.loads(program.stdout.readline()))

        yield run


def _forked(folder: str, words: list[str]) -> Done:
    """Run one in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if not pid:
            os.chdir(folder)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.argv = ["woongeo", *words]
            code = 99
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode("utf-8"))
        return Done(os.waitstatus_to_exitcode(status), *said)


if __name__ == "__main__":
    for line in sys.stdin:
        place, *given = json.loads(line)
        answer = json.dumps(asdict(_forked(place, given)))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
