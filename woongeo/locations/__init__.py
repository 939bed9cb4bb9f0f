"""Housing locations: read, checked, nothing dropped, nothing mended in silence."""

from woongeo.locations.model import COLUMNS, Locations
from woongeo.locations.read import check_locations, read_locations

__all__ = ["COLUMNS", "Locations", "check_locations", "read_locations"]
