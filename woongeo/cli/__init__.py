"""The command ``woongeo``.

Exit codes: 0 done; 1 a result could not be written; 2 a mistake in what was given, with one line
that says what; 3 done, but with ``--strict`` something is unknown or incomplete; 4 a layer could
not be fetched whole.
"""

from woongeo.cli.run import main

__all__ = ["main"]
