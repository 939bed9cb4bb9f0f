"""Each fault that a client for these servers must stand has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "pdok.md"
FAULTS = [*range(1, 25), 43, 44, 48, 49, 53]


def _named(path: Path) -> set[int]:
    """Find the faults that a file names."""
    return {int(n) for n in re.findall(r"\bF([0-9]{1,2})\b", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named_by_a_test(fault: int) -> None:
    files = [p for p in HERE.glob("test_*.py") if p.name != "test_faults.py"]
    assert any(fault in _named(path) for path in files)


def test_the_table_for_people_has_them_all_and_names_files_that_name_them() -> None:
    rows = re.findall(r"^\| F([0-9]+) \|.*\| ([^|]+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert [int(n) for n, _ in rows] == FAULTS
    for number, files in rows:
        for name in files.split(", "):
            assert int(number) in _named(HERE / f"test_{name.strip('`')}.py"), (number, name)
