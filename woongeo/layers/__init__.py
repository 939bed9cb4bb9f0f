"""Layers: what stands in the way, where that is known, and from whom.

A layer is shapes *and* the area in which their absence means something. Natura 2000 covers the
whole country, so a site without it is free of it; a map of congestion from one grid operator says
nothing about the next operator's streets. That area, the coverage, is part of a layer here.
"""

from woongeo.layers.coverage import NATIONWIDE, OWN_AREAS, read_coverage
from woongeo.layers.file import LayerFile
from woongeo.layers.model import Coverage, Layer, missing_layer, named
from woongeo.layers.near import as_around
from woongeo.layers.read import read_layer, read_layers

__all__ = [
    "NATIONWIDE",
    "OWN_AREAS",
    "Coverage",
    "Layer",
    "LayerFile",
    "as_around",
    "missing_layer",
    "named",
    "read_coverage",
    "read_layer",
    "read_layers",
]
