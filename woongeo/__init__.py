"""woongeo: where homes can be built in the Netherlands, and what stands in the way.

Read locations and layers, `screen` them, `summarize_plancapaciteit`, `knelpunten`, `vrijspelen`,
`map_screening`, `export_screening` and `write_report`. Everything is in RD New (EPSG:28992),
metres. A screening, not a legal test.
"""

from woongeo import errors
from woongeo._version import __version__
from woongeo.capacity import Norms, Plancapaciteit, Planuitval, summarize_plancapaciteit
from woongeo.catalogue import (
    Catalogue,
    default_catalogue,
    default_rule,
    list_layers,
    read_catalogue,
)
from woongeo.checks import CheckReport
from woongeo.compare import Vergelijking, agreement, compare
from woongeo.errors import WoongeoError, WoongeoWarning, strict
from woongeo.example import Example, example
from woongeo.export import export_screening, export_sites, write_postgis
from woongeo.fetch import fetch_layers
from woongeo.geiten import coverage_by_region, read_geitenhouderijen
from woongeo.judging.thresholds import stikstof_sensitivity
from woongeo.knelpunten import Knelpunten, Vrijspelen, free_plans, knelpunten, vrijspelen
from woongeo.layers import (
    Coverage,
    Layer,
    LayerFile,
    missing_layer,
    read_coverage,
    read_layer,
    read_layers,
)
from woongeo.locations import Locations, read_locations
from woongeo.mapping import RegionMapping, read_mapping
from woongeo.netcongestie import read_aansluitstop, read_netcongestie
from woongeo.opgave import Targets, read_targets
from woongeo.plotting import ScreeningPlot, plot_screening
from woongeo.progress import show_progress
from woongeo.rasters import read_raster_layer, with_exceedance
from woongeo.regioncodes import read_code_changes
from woongeo.regions import Regions, read_regions
from woongeo.regiontables import read_table_layer
from woongeo.registers import Register, read_register
from woongeo.reporting import Theme, read_theme, write_report
from woongeo.rules import ClassRule, RasterRule, Rule, StikstofRule, TableRule
from woongeo.rules.stikstof import deposition_mol
from woongeo.screening import Screening, Toets, screen
from woongeo.searching import Zoekgebieden, find_sites
from woongeo.sensitivity import sensitivity
from woongeo.spuitzones import read_spuitzones
from woongeo.stream import Streamed, screen_file
from woongeo.typologie import TypologyLimits, typology, with_typology
from woongeo.verdict import Hardheid, Oordeel
from woongeo.vertrouwelijk import Audience, for_audience, for_totals
from woongeo.webmap import ScreeningMap, map_screening

__all__ = [
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
