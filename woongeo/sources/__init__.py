"""Reading vector files: an allow-list of kinds, a hash of the bytes, RD New out."""

from woongeo.sources.asked import Selected
from woongeo.sources.fields import column_types
from woongeo.sources.place import KINDS, split_layer
from woongeo.sources.portions import read_portions
from woongeo.sources.selected import begin_selected, read_selected
from woongeo.sources.source import Source, read_vector
from woongeo.sources.tabular import NO_PLACE, TABLE_KINDS, read_tabular

__all__ = [
    "KINDS",
    "NO_PLACE",
    "TABLE_KINDS",
    "Selected",
    "Source",
    "begin_selected",
    "column_types",
    "read_portions",
    "read_selected",
    "read_tabular",
    "read_vector",
    "split_layer",
]
