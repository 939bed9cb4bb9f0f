"""A screening as files: all of them or none, and never over something that is the user's."""

from woongeo.export.database import write_postgis
from woongeo.export.folder import export_screening
from woongeo.export.forms import FORMATS, USUAL
from woongeo.export.manifest import MANIFEST, manifest, read_manifest
from woongeo.export.sites import export_sites

__all__ = [
    "FORMATS",
    "MANIFEST",
    "USUAL",
    "export_screening",
    "export_sites",
    "manifest",
    "read_manifest",
    "write_postgis",
]
