"""GML, where nothing else exists: parsed whole before it is believed.

GDAL reads a GML that is cut off, or that holds an entity bomb, as fewer features or none, without a
word; and would fetch the schemas that it names. So another parser reads it first, from the first
byte to the last, and counts what GDAL must find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyogrio
from lxml import etree
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from woongeo.encode import visible
from woongeo.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

_ONE = {"featureMember", "member"}
_MANY = {"featureMembers"}


def read_gml(path: Path, layer: str | None) -> tuple[gpd.GeoDataFrame, object]:
    """Read a GML file.

    Parameters
    ----------
    path : Path
        The file.
    layer : str or None
        The kind of feature; None where there is one.

    Returns
    -------
    frame : GeoDataFrame
        As the file holds it, 2D, in its own reference system; the index is the number of the row.
    crs : object
        That reference system, as pyproj understands it; None where none is stated.

    Raises
    ------
    FileError
        When it is cut off, defines entities, is no collection of features, or GDAL finds another
        number of features than there are.
    """
    counted = count_features(path)
    try:
        # GDAL would fetch schemas from the network, and leave a file of its own beside this one.
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if layer is None and len(layers) == 1:
            layer = layers[0]
        if layer not in layers:
            raise FileError(
                f"{path}: noem een van de lagen in dit bestand: {visible(', '.join(layers))[:500]}."
            )
        info = pyogrio.read_info(path, layer=layer, DOWNLOAD_SCHEMA="NO", WRITE_GFS="NO")
        if info["driver"] != "GML":
            raise FileError(f"{path}: de inhoud is {info['driver']}, geen GML.")
        frame = pyogrio.read_dataframe(
            path, layer=layer, force_2d=True, DOWNLOAD_SCHEMA="NO", WRITE_GFS="NO"
        )
    except (DataSourceError, DataLayerError, ShapelyError) as error:
        raise FileError(
            f"{path}: kan niet worden gelezen ({str(error).strip().splitlines()[0]})."
        ) from error
    if len(layers) == 1 and len(frame) != counted:
        raise FileError(
            f"{path}: het bestand bevat {counted} objecten, maar GDAL leest er {len(frame)}; haal "
            "het opnieuw op, of meld dit."
        )
    return frame, info["crs"]


def count_features(path: Path) -> int:
    """Parse a GML file from its first byte to its last, and count its features.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    int
        How many features it holds.

    Raises
    ------
    FileError
        When it is not whole, defines entities, or is no collection of features.
    """
    counted = 0
    stated = ""
    try:
        # https://lxml.de/FAQ.html#how-do-i-use-lxml-safely-as-a-web-service-endpoint
        walk = etree.iterparse(
            str(path),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
        )
        for event, element in walk:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "start":
                if element.getparent() is None:
                    _require_collection(path, element, name)
                    stated = str(element.get("numberReturned") or "")
                continue
            if name == "truncatedResponse":
                raise FileError(f"{path}: de server brak de levering af; haal het opnieuw op.")
            parent = element.getparent()
            inside = etree.QName(parent).localname if parent is not None else ""
            if inside in _ONE | _MANY:
                counted += 1
                # What was counted need not stay in memory.
                element.clear()
            elif name in _ONE and parent is not None:
                parent.remove(element)
    except (etree.XMLSyntaxError, OSError) as error:
        raise FileError(
            f"{path}: geen volledige XML ({visible(error)[:150]}); haal het opnieuw op."
        ) from error
    if stated.isdecimal() and int(stated) != counted:
        raise FileError(f"{path}: noemt {stated} objecten, maar bevat er {counted}.")
    return counted


def _require_collection(path: Path, root: etree._Element, name: str) -> None:
    """Refuse what is no collection of features, and what defines entities."""
    if root.getroottree().docinfo.internalDTD is not None:
        raise FileError(
            f"{path}: deze XML definieert zelf begrippen; zulke bestanden worden niet gelezen."
        )
    if "FeatureCollection" not in name and name != "SpatialDataSet":
        raise FileError(f"{path}: dit is geen GML met objecten ({visible(name)[:60]}).")
