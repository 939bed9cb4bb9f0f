"""Measuring sites against layers: index, measure, combine.

Arrays of shapes in RD New go in, arrays of numbers come out; nothing here knows of homes, rules or
files. `plain` holds the same definitions written as directly as possible: slow, and the oracle that
the tests hold the fast way against.
"""

from woongeo.engine.around import SLIVER_M, measure_around
from woongeo.engine.classes import ClassParts, class_parts, measure_chosen
from woongeo.engine.combine import partition_m2
from woongeo.engine.cutting import clip
from woongeo.engine.distances import REACH_M
from woongeo.engine.index import Indexes, LayerIndex
from woongeo.engine.measure import Measure, dissolve, measure
from woongeo.engine.overlaps import overlapping
from woongeo.engine.pairs import pairs_within
from woongeo.engine.shares import area_by_feature, uncovered
from woongeo.engine.sites import Kept, Occupied, Sites
from woongeo.engine.zones import ZONE_SEGMENTS

__all__ = [
    "REACH_M",
    "SLIVER_M",
    "ZONE_SEGMENTS",
    "ClassParts",
    "Indexes",
    "Kept",
    "LayerIndex",
    "Measure",
    "Occupied",
    "Sites",
    "area_by_feature",
    "class_parts",
    "clip",
    "dissolve",
    "measure",
    "measure_around",
    "measure_chosen",
    "overlapping",
    "pairs_within",
    "partition_m2",
    "uncovered",
]
