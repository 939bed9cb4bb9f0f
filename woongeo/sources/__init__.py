"""Reading vector files: an allow-list of kinds, a hash of the bytes, RD New out."""

from woongeo.sources.place import KINDS, split_layer
from woongeo.sources.selected import read_selected
from woongeo.sources.source import Source, read_vector

__all__ = ["KINDS", "Source", "read_selected", "read_vector", "split_layer"]
