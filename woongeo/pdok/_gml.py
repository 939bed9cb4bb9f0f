"""GML, where nothing else exists: parsed whole before it is believed.

GDAL reads a GML that is cut off, or that holds an entity bomb, as fewer features or none, without a
word; and would fetch the schemas that it names. So another parser reads it first, from the first
byte to the last, and counts what GDAL must find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import pyogrio
from lxml import etree
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from woongeo.encode import visible
from woongeo.errors import FileError
from woongeo.numerals import by_number

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
    if layer is None and len(counted) == 1:
        layer = next(iter(counted))
    if layer not in counted:
        raise FileError(
            f"{path}: noem een van de lagen in dit bestand: "
            f"{visible(', '.join(counted))[:500] or 'er is er geen'}."
        )
    # GDAL would fetch schemas from the network, and leave a file of its own beside this one.
    alone = {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO"}
    try:
        info = pyogrio.read_info(path, layer=layer, **alone)
        if info["driver"] != "GML":
            raise FileError(f"{path}: de inhoud is {info['driver']}, geen GML.")
        frame = pyogrio.read_dataframe(path, layer=layer, force_2d=True, **alone)
    except (DataSourceError, DataLayerError, ShapelyError) as error:
        raise FileError(
            f"{path}: kan niet worden gelezen ({str(error).strip().splitlines()[0]})."
        ) from error
    if len(frame) != counted[layer]:
        raise FileError(
            f"{path}: het bestand bevat {counted[layer]} "
            f"{by_number(counted[layer], 'object', 'objecten')}, maar GDAL leest er {len(frame)}; "
            "haal het opnieuw op, of meld dit."
        )
    return frame, info["crs"]


def count_features(path: Path) -> dict[str, int]:
    """Parse a GML file from its first byte to its last, and count its features.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Kind of feature to how many there are.

    Raises
    ------
    FileError
        When it is not whole, defines entities, or is no collection of features.
    """
    try:
        with path.open("rb") as file:
            counted, stated = _walk(file, path)
    except (etree.XMLSyntaxError, OSError) as error:
        raise FileError(
            f"{path}: geen volledige XML ({visible(error)[:150]}); haal het opnieuw op."
        ) from error
    total = sum(counted.values())
    if stated.isdecimal() and int(stated) != total:
        raise FileError(
            f"{path}: noemt {stated} {by_number(int(stated), 'object', 'objecten')}, maar bevat "
            f"er {total}."
        )
    return counted


def _walk(file: BinaryIO, path: Path) -> tuple[dict[str, int], str]:
    """Count features by kind, and find the number that the file states."""
    counted: dict[str, int] = {}
    stated = ""
    # https://lxml.de/FAQ.html#how-do-i-use-lxml-safely-as-a-web-service-endpoint
    walk = etree.iterparse(
        file,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
    )
    for event, element in walk:
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        parent = element.getparent()
        if event == "start":
            if parent is None:
                _require_collection(path, element, name)
                stated = str(element.get("numberReturned") or "")
            continue
        if name == "truncatedResponse":
            raise FileError(f"{path}: de server brak de levering af; haal het opnieuw op.")
        if parent is None:
            continue
        if etree.QName(parent).localname in _ONE | _MANY:
            counted[name] = counted.get(name, 0) + 1
            # What was counted need not stay in memory.
            element.clear()
        elif name in _ONE:
            parent.remove(element)
    return counted, stated


def _require_collection(path: Path, root: etree._Element, name: str) -> None:
    """Refuse what is no collection of features, and what defines entities."""
    if root.getroottree().docinfo.internalDTD is not None:
        raise FileError(
            f"{path}: deze XML definieert zelf begrippen; zulke bestanden worden niet gelezen."
        )
    if "FeatureCollection" not in name and name != "SpatialDataSet":
        raise FileError(f"{path}: dit is geen GML met objecten ({visible(name)[:60]}).")
