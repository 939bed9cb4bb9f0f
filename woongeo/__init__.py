"""woongeo: where homes can be built in the Netherlands, and what stands in the way.

Read locations and layers, `screen` them, `summarize_plancapaciteit`, `map_screening`, and
`export_screening`. Everything is in RD New (EPSG:28992), metres. A screening, not a legal test.
"""

from woongeo import errors
from woongeo._version import __version__
from woongeo.capacity import Plancapaciteit, summarize_plancapaciteit
from woongeo.catalogue import (
    Catalogue,
    default_catalogue,
    default_rule,
    list_layers,
    read_catalogue,
)
from woongeo.checks import CheckReport
from woongeo.errors import WoongeoError, WoongeoWarning, strict
from woongeo.example import Example, example
from woongeo.export import export_screening, write_postgis
from woongeo.fetch import fetch_layers
from woongeo.geiten import coverage_by_region, read_geitenhouderijen
from woongeo.layers import (
    Coverage,
    Layer,
    missing_layer,
    read_coverage,
    read_layer,
)
from woongeo.locations import Locations, read_locations
from woongeo.plotting import ScreeningPlot, plot_screening
from woongeo.regions import Regions, read_regions
from woongeo.rules import Rule
from woongeo.screening import Screening, Toets, screen
from woongeo.sensitivity import sensitivity
from woongeo.spuitzones import read_spuitzones
from woongeo.verdict import Hardheid, Oordeel
from woongeo.webmap import ScreeningMap, map_screening

__all__ = [
    "Catalogue",
    "CheckReport",
    "Coverage",
    "Example",
    "Hardheid",
    "Layer",
    "Locations",
    "Oordeel",
    "Plancapaciteit",
    "Regions",
    "Rule",
    "Screening",
    "ScreeningMap",
    "ScreeningPlot",
    "Toets",
    "WoongeoError",
    "WoongeoWarning",
    "__version__",
    "coverage_by_region",
    "default_catalogue",
    "default_rule",
    "errors",
    "example",
    "export_screening",
    "fetch_layers",
    "list_layers",
    "map_screening",
    "missing_layer",
    "plot_screening",
    "read_catalogue",
    "read_coverage",
    "read_geitenhouderijen",
    "read_layer",
    "read_locations",
    "read_regions",
    "read_spuitzones",
    "screen",
    "sensitivity",
    "strict",
    "summarize_plancapaciteit",
    "write_postgis",
]
