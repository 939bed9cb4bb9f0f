"""The interactive map: one page that opens without internet.

folium makes the map and the page; shapes and facts travel once, packed, and the page's own script
draws them. Leaflet is put into the page from its package, so no request leaves it but those for the
background that the reader chooses.
"""

from __future__ import annotations

from woongeo.webmap.page import ScreeningMap, map_screening

__all__ = ["ScreeningMap", "map_screening"]
