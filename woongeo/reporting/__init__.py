"""Reports for the table: factsheets per region as PDF and slides, and one page for all of them."""

from woongeo.reporting.folder import write_report
from woongeo.reporting.theme import Colours, Theme, read_theme

__all__ = ["Colours", "Theme", "read_theme", "write_report"]
