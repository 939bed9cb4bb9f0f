"""``python -m woongeo`` is the command ``woongeo``."""

from woongeo.cli import main

main()
