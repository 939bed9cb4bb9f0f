"""The command ``woongeo`` as a process: by itself, or many in a row.

As a program this takes command lines as JSON and runs each in a fork, with everything imported, a
standard output and error of its own and an exit code: processes of their own, but quick.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from woongeo.cli import main

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def woongeo_command(*words: str | Path, cwd: Path | None = None) -> Done:
    """Run ``python -m woongeo``."""
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def many(lines: Sequence[Sequence[str | Path]], cwd: Path) -> list[Done]:
    """Run several, one after the other."""
    if not hasattr(os, "fork"):
        return [woongeo_command(*words, cwd=cwd) for words in lines]
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([[str(word) for word in words] for words in lines]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=cwd,
    )
    return [Done(**each) for each in json.loads(done.stdout)]


def _forked(words: list[str]) -> Done:
    """Run one in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if not pid:
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
    sys.stdout.write(json.dumps([asdict(_forked(words)) for words in json.load(sys.stdin)]))
