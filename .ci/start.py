"""Set woongeo up in an environment of its own and run one thing: ``demo`` or ``test``.

Needs git's checkout and Python 3.11 or newer, nothing else; packages come from the registry that
pip is configured for. The environment stands in ``.venv``; ``WOONGEO_VENV`` names another place.

::

    python3 .ci/start.py demo
    python3 .ci/start.py test
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("WOONGEO_VENV", ROOT / ".venv")).absolute()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def run(*command: str | Path) -> None:
    """Run a program; end with its code where it fails."""
    code = subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def has_pip() -> bool:
    """Tell whether the environment is there and whole: making it may have been broken off."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-m", "pip", "--version"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def make_environment() -> None:
    """Make the environment, also on a Debian without the package python3-venv."""
    if has_pip():
        return
    print(f"Omgeving maken in {VENV} …", flush=True)
    # Only what is an environment is cleared: WOONGEO_VENV may name a folder with other things.
    clear = ["--clear"] if (VENV / "pyvenv.cfg").exists() else []
    if importlib.util.find_spec("ensurepip") is not None:
        run(sys.executable, "-m", "venv", *clear, VENV)
    elif importlib.util.find_spec("pip") is not None:
        run(sys.executable, "-m", "venv", *clear, "--without-pip", VENV)
        run(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip")
    elif importlib.util.find_spec("virtualenv") is not None:
        run(sys.executable, "-m", "virtualenv", *clear, "--quiet", VENV)
    else:
        sys.exit("Deze Python heeft geen pip: installeer het pakket python3-venv van uw systeem.")
    # Dependency groups need pip 25.1.
    run(PYTHON, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1")


def install(*groups: str) -> None:
    """Install woongeo from this checkout, with groups of tools."""
    wanted = [word for group in groups for word in ("--group", group)]
    run(PYTHON, "-m", "pip", "install", "--quiet", "--editable", ".", *wanted)


def main(words: list[str]) -> None:
    """Do what was asked."""
    if sys.version_info < (3, 11):  # noqa: UP036  this script meets older ones first
        sys.exit("woongeo vraagt Python 3.11 of nieuwer.")
    task, more = (words[0], words[1:]) if words else ("", [])
    if task not in {"demo", "test", "install"}:
        sys.exit("Gebruik: python3 .ci/start.py demo | test")
    make_environment()
    if task == "demo":
        install()
        run(PYTHON, "-m", "woongeo", "demo", *(more or ["--out", "woongeo-demo"]))
    elif task == "test":
        install("test")
        run(PYTHON, "-m", "pytest", *more)
    else:
        install(*more)


if __name__ == "__main__":
    main(sys.argv[1:])
