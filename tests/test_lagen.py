"""The page of layers: of today's catalogue, and its examples work."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

from conftest import EAST, NORTH, ROOT, block, frame

import woongeo
from woongeo.catalogue import default_catalogue
from woongeo.gewassen import crop_list

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import pytest

PAGE = (ROOT / "docs" / "lagen.md").read_text(encoding="utf-8")


def maker() -> ModuleType:
    """Load the script that makes the page."""
    spec = importlib.util.spec_from_file_location("maak_lagen", ROOT / "docs" / "maak_lagen.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(language: str) -> list[str]:
    """List the examples on the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_page_is_that_of_the_catalogue() -> None:
    assert maker().page() == PAGE, "maak haar opnieuw: python docs/maak_lagen.py"


def test_the_page_has_every_rule_with_its_source_and_every_crop_group() -> None:
    for key, rule in default_catalogue().rules().items():
        assert f"`{key}`" in PAGE
        assert rule.source in PAGE
    for group in crop_list().groups.values():
        assert f"`{group.key}`" in PAGE


def test_every_anchor_that_is_linked_is_there() -> None:
    linked = set(re.findall(r"\]\(#([a-z0-9_]+)\)", PAGE))
    assert linked == set(re.findall(r'<a id="([a-z0-9_]+)"></a>', PAGE))


def test_a_layer_of_ones_own_takes_five_lines_and_works_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turbine 60 m from the first plan and 1 km from the second."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "windmolens.csv").write_text(
        f"naam;x;y\nmolen;{EAST + 160};{NORTH + 50}\n", encoding="utf-8"
    )
    plans = frame(
        [block(0, 0), block(1_160, 0)], plan_id=["a", "b"], woningen=[10, 20], planstatus=["3", "3"]
    )
    plans.to_file(tmp_path / "plannen.geojson")
    [own_rules] = blocks("toml")
    (tmp_path / "mijn_regels.toml").write_text(own_rules, encoding="utf-8")
    names: dict[str, Any] = {}
    examples = blocks("python")
    assert len(examples) == 2
    for example in examples:
        assert len([line for line in example.splitlines() if line.strip()]) <= 5
        names.pop("uitkomst", None)
        exec(compile(example, "docs/lagen.md", "exec"), names)  # noqa: S102  our own page
        done = names["uitkomst"]
        assert done.locaties["windmolens_oordeel"].tolist() == ["belemmerd", "vrij"]
        assert done.locaties["zwaarte"].tolist() == ["hard", ""]
    rule = names["catalogus"].rules()["natura2000_250m"]
    assert rule.on
    assert isinstance(names["windmolens"], woongeo.Layer)
