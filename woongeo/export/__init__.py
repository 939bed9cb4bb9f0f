"""A screening as files: all of them or none, and never over something that is the user's."""

from woongeo.export.folder import export_screening
from woongeo.export.manifest import MANIFEST, manifest, read_manifest
from woongeo.export.sites import export_sites

__all__ = ["MANIFEST", "export_screening", "export_sites", "manifest", "read_manifest"]
