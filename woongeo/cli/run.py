"""Running the command: what goes wrong becomes one line and a code."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from woongeo.cli.catalogue import run_layers
from woongeo.cli.say import one_line, say
from woongeo.cli.screening import run_demo, run_screen
from woongeo.cli.searching import run_search
from woongeo.cli.services import run_fetch, run_pdok
from woongeo.cli.words import parse, parser
from woongeo.errors import InputError, OutputError, ServiceError
from woongeo.progress import show_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_OUTPUT, _EXIT_INPUT, _EXIT_SERVICE, _EXIT_STOPPED = 1, 2, 4, 130
_COMMANDS = {
    "screen": run_screen,
    "report": run_screen,
    "search": run_search,
    "demo": run_demo,
    "layers": run_layers,
    "fetch": run_fetch,
    "pdok": run_pdok,
}


def _run(words: Sequence[str]) -> int:
    """Do what is asked; what goes wrong becomes one line and a code."""
    try:
        given = parse(words)
        if given.opdracht is None:
            parser().print_help()
            return 0
        silent = getattr(given, "quiet", False) or getattr(given, "json", False)
        with nullcontext() if silent else show_progress():
            return _COMMANDS[given.opdracht](given)
    except KeyboardInterrupt:
        say("woongeo: afgebroken.", error=True)
        return _EXIT_STOPPED
    except (InputError, OutputError, ServiceError) as error:
        say(f"woongeo: {one_line(error)}", error=True)
        if isinstance(error, InputError):
            return _EXIT_INPUT
        return _EXIT_OUTPUT if isinstance(error, OutputError) else _EXIT_SERVICE


def main() -> None:
    """Run the command, and end with a code that scripts can use."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console that is not UTF-8 must not end a run for want of an accent.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the summary stopped reading; the files are there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _EXIT_OUTPUT
    sys.exit(code)
