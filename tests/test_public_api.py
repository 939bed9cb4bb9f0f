"""What users may rely on by name."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import woongeo

NAMES = [
    "Audience",
    "Catalogue",
    "CheckReport",
    "ClassRule",
    "Coverage",
    "Example",
    "Hardheid",
    "Knelpunten",
    "Layer",
    "LayerFile",
    "Locations",
    "Norms",
    "Oordeel",
    "Plancapaciteit",
    "Planuitval",
    "RasterRule",
    "RegionMapping",
    "Regions",
    "Register",
    "Rule",
    "Screening",
    "ScreeningMap",
    "ScreeningPlot",
    "StikstofRule",
    "Streamed",
    "TableRule",
    "Targets",
    "Theme",
    "Toets",
    "TypologyLimits",
    "Vergelijking",
    "Vrijspelen",
    "WoongeoError",
    "WoongeoWarning",
    "Zoekgebieden",
    "__version__",
    "agreement",
    "compare",
    "coverage_by_region",
    "default_catalogue",
    "default_rule",
    "deposition_mol",
    "errors",
    "example",
    "export_screening",
    "export_sites",
    "fetch_layers",
    "find_sites",
    "for_audience",
    "for_totals",
    "free_plans",
    "knelpunten",
    "list_layers",
    "map_screening",
    "missing_layer",
    "plot_screening",
    "read_aansluitstop",
    "read_catalogue",
    "read_code_changes",
    "read_coverage",
    "read_geitenhouderijen",
    "read_layer",
    "read_layers",
    "read_locations",
    "read_mapping",
    "read_netcongestie",
    "read_raster_layer",
    "read_regions",
    "read_register",
    "read_spuitzones",
    "read_table_layer",
    "read_targets",
    "read_theme",
    "screen",
    "screen_file",
    "sensitivity",
    "show_progress",
    "stikstof_sensitivity",
    "strict",
    "summarize_plancapaciteit",
    "typology",
    "vrijspelen",
    "with_exceedance",
    "with_typology",
    "write_postgis",
    "write_report",
]


def test_the_public_names_are_these_and_sorted() -> None:
    assert woongeo.__all__ == NAMES
    assert sorted(NAMES) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__version__"])
def test_every_public_name_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(woongeo, name))


def test_every_public_method_says_what_it_does() -> None:
    silent = [
        f"{name}.{member}"
        for name in NAMES
        if inspect.isclass(kind := getattr(woongeo, name))
        for member, value in vars(kind).items()
        if not member.startswith("_") and callable(value) and not inspect.getdoc(value)
    ]
    assert not silent


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (Path(woongeo.__file__).parent / "py.typed").exists()
