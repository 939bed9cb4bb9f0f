"""A client for PDOK: complete layers from the real servers, or a clear no.

Knows nothing of housing. `Client` lists, searches, fetches and keeps datasets; a `Snapshot` is a
layer in RD New (EPSG:28992), metres, with its provenance, and a `Raster` a grid.
"""

from woongeo.pdok._manners import Manners
from woongeo.pdok._run import Step
from woongeo.pdok.catalogue import Dataset, Door
from woongeo.pdok.client import Client
from woongeo.pdok.rasters import Raster, write_geotiff
from woongeo.pdok.snapshot import Snapshot
from woongeo.pdok.store import Store

__all__ = [
    "Client",
    "Dataset",
    "Door",
    "Manners",
    "Raster",
    "Snapshot",
    "Step",
    "Store",
    "write_geotiff",
]
