"""ATOM: whole datasets as files, for what is too large to ask page by page.

A feed of a service names feeds of datasets, and those name files, with their kind, length and
reference system (https://github.com/PDOK/atom-generator). A file keeps its name when its content is
renewed, so what a file holds is named by its hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from woongeo.crs import as_crs, is_rd, to_rd
from woongeo.encode import visible
from woongeo.errors import FileError, InputError, ServiceResponseError
from woongeo.files import output_error
from woongeo.pdok._download import FIRST_BYTES, Downloaded, download, sqlite_size
from woongeo.pdok._gml import read_gml
from woongeo.pdok._http import Answer, within_origin
from woongeo.pdok._run import is_rd_uri
from woongeo.pdok._xml import elements, local_name, read_xml
from woongeo.sources import read_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._run import Task

_FEED = "application/atom+xml"
_FILE_LINKS = {"alternate", "section", "enclosure"}
_PAGES_FOR_PEOPLE = {"text/html", "application/xhtml+xml"}
_MOST_FEEDS = 200
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,150}")


@dataclass(frozen=True)
class AtomFile:
    """A file that a feed offers.

    Attributes
    ----------
    url : str
        Its address.
    title : str
        For people.
    kind : str
        Media type as stated.
    length : int or None
        In bytes, as the feed states.
    crs : tuple of str
        URIs of its reference systems.
    updated : str
        When it was renewed last, as the feed states.
    """

    url: str
    title: str
    kind: str
    length: int | None
    crs: tuple[str, ...]
    updated: str

    def name(self) -> str:
        """Give the name of the file.

        Returns
        -------
        str
            Without folders.

        Raises
        ------
        ServiceResponseError
            When it could name another place on the disk.
        """
        name = unquote(urlsplit(self.url).path).rsplit("/", 1)[-1]
        if not _PLAIN_NAME.fullmatch(name) or ".." in name:
            raise ServiceResponseError(
                f"{visible(self.url)[:300]}: hieruit is geen gewone bestandsnaam te maken."
            )
        return name


def list_files(task: Task, feed: str) -> list[AtomFile]:
    """List the files that a feed offers, those of the feeds that it names included.

    Parameters
    ----------
    task : Task
        The fetch.
    feed : str
        Address of a service's or dataset's feed.

    Returns
    -------
    list of AtomFile
        In the order of the feeds, each once.

    Raises
    ------
    ServiceError
        When a feed cannot be had, or offers no file.
    """
    found: dict[str, AtomFile] = {}
    waiting, visited = [feed], set()
    while waiting:
        url = waiting.pop(0)
        if url in visited:
            continue
        visited.add(url)
        if len(visited) > _MOST_FEEDS:
            raise ServiceResponseError(
                f"{task.what}: {visible(feed)[:300]} verwijst naar meer dan {_MOST_FEEDS} feeds."
            )
        files, feeds = _read_feed(task, url)
        for file in files:
            found.setdefault(file.url, file)
        waiting += feeds
    if not found:
        raise ServiceResponseError(f"{task.what}: {visible(feed)[:300]} biedt geen bestanden aan.")
    return list(found.values())


def _read_feed(task: Task, url: str) -> tuple[list[AtomFile], list[str]]:
    """Read one feed: its files, and the feeds that it names."""

    def check(answer: Answer) -> tuple[etree._Element, str]:
        root = read_xml(answer, task.what)
        if local_name(root) != "feed":
            raise ServiceResponseError(
                f"{task.what}: {answer.url[:300]} is geen ATOM-feed ({local_name(root)[:40]})."
            )
        return root, answer.url

    root, base = task.http.get(
        url, what=task.what, accept=f"{_FEED}, text/xml", budget=task.budget, check=check
    )
    files, feeds = [], []
    for entry in (e for e in root if isinstance(e.tag, str) and local_name(e) == "entry"):
        texts = {local_name(e): (e.text or "").strip() for e in reversed(list(elements(entry)))}
        crs = tuple(str(e.get("term", "")) for e in elements(entry) if local_name(e) == "category")
        for link in (e for e in elements(entry) if local_name(e) == "link"):
            kind = str(link.get("type", "")).split(";")[0].strip().lower()
            if link.get("rel", "alternate") not in _FILE_LINKS or kind in _PAGES_FOR_PEOPLE:
                continue
            target = within_origin(base, str(link.get("href", "")))
            if kind == _FEED:
                feeds.append(target)
                continue
            stated = str(link.get("length", ""))
            files.append(
                AtomFile(
                    url=target,
                    title=str(link.get("title") or texts.get("title", "")),
                    kind=str(link.get("type", "")),
                    length=int(stated) if stated.isdecimal() else None,
                    crs=crs,
                    updated=texts.get("updated", ""),
                )
            )
    return files, feeds


def choose_file(files: Sequence[AtomFile], *, ending: str = ".gpkg", holds: str = "") -> AtomFile:
    """Choose the one file that is meant.

    Parameters
    ----------
    files : sequence of AtomFile
        What a feed offers.
    ending : str
        How its name ends.
    holds : str
        What its name holds: a year; empty for any.

    Returns
    -------
    AtomFile
        The one in RD New where there are several.

    Raises
    ------
    ServiceResponseError
        When there is none, or more than one.

    Examples
    --------
    >>> rd = "http://www.opengis.net/def/crs/EPSG/0/28992"
    >>> gpkg = AtomFile("https://service.pdok.nl/a/brp_2025.gpkg", "", "", 1, (rd,), "")
    >>> gml = AtomFile("https://service.pdok.nl/a/brp_2025.gml", "", "", 1, (rd,), "")
    >>> choose_file([gml, gpkg], holds="2025").name()
    'brp_2025.gpkg'
    """
    fitting = [
        file
        for file in files
        if urlsplit(file.url).path.lower().endswith(ending.lower())
        and holds.lower() in urlsplit(file.url).path.rsplit("/", 1)[-1].lower()
    ]
    if len(fitting) > 1 and (in_rd := [f for f in fitting if any(map(is_rd_uri, f.crs))]):
        fitting = in_rd
    if len(fitting) != 1:
        names = ", ".join(file.url.rsplit("/", 1)[-1] for file in fitting or files)
        raise ServiceResponseError(
            f"Niet één maar {len(fitting)} bestanden passen bij {ending} en {holds!r}; er is: "
            f"{visible(names)[:500]}."
        )
    return fitting[0]


def fetch_file(task: Task, file: AtomFile, folder: str | Path) -> Downloaded:
    """Fetch a file of a feed to disk, whole or not at all.

    Parameters
    ----------
    task : Task
        The fetch.
    file : AtomFile
        Which.
    folder : str or Path
        Where it comes to stand, under its own name; made where it is not there.

    Returns
    -------
    Downloaded
        The file and where it came from.

    Raises
    ------
    ServiceError
        When it does not come whole; a part stays where the server can resume it.
    OutputError
        When it cannot be written.
    """
    path = Path(folder) / file.name()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path.parent, error) from error
    return download(task, file.url, path, length=file.length)


def fetch_atom(
    task: Task, feed: str, folder: str | Path, *, ending: str = ".gpkg", holds: str = ""
) -> Downloaded:
    """Fetch the one file of a feed that is meant.

    Parameters
    ----------
    task : Task
        The fetch.
    feed : str
        Address of a service's or dataset's feed, or of the file itself.
    folder : str or Path
        Where it comes to stand.
    ending : str
        How its name ends.
    holds : str
        What its name holds: a year; empty for any.

    Returns
    -------
    Downloaded
        The file and where it came from.

    Raises
    ------
    ServiceError
        When it does not come whole, or it is not clear which is meant.
    """
    if ending and urlsplit(feed).path.lower().endswith(ending.lower()):
        file = AtomFile(feed, "", "", None, (), "")
    else:
        file = choose_file(list_files(task, feed), ending=ending, holds=holds)
    return fetch_file(task, file, folder)


def read_file(
    path: str | Path, *, boxes: Sequence[Box] | None = None, layer: str | None = None
) -> gpd.GeoDataFrame:
    """Read a layer of a fetched file, or what of it touches boxes.

    Parameters
    ----------
    path : str or Path
        A GeoPackage; or a GML, or a zip that holds one dataset, which are then read whole.
    boxes : sequence of Box or None
        West, south, east, north in RD New, metres; None for everything.
    layer : str, optional
        The layer; needed where a file holds several.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres, 2D; ``feature_id`` (the row's number in the file, as text), the
        columns of the file and ``geometry``; on a fresh `RangeIndex`. Rows without a shape come
        only when no boxes are asked.

    Raises
    ------
    InputError
        When `boxes` is empty.
    FileError
        When it is no such file, is damaged or cut off, or it is not clear which layer is meant.
    CrsError
        When its coordinates cannot be trusted.
    """
    path = Path(path)
    if boxes is not None and not boxes:
        raise InputError(f"{path}: boxes is leeg, dus er is niets gevraagd; geef None voor alles.")
    if path.suffix.lower() == ".gml":
        frame, stated = read_gml(path, layer)
        return _touching(_in_rd(frame, stated, path), boxes)
    if path.suffix.lower() != ".gpkg":
        frame, _ = read_vector(path, layer=layer)
        frame.insert(0, "feature_id", [str(i) for i in range(len(frame))])
        return _touching(frame, boxes)
    size = sqlite_size(path)
    with path.open("rb") as file:
        head = file.read(16)
    if head != FIRST_BYTES[".gpkg"]:
        raise FileError(f"{path}: de inhoud is geen GeoPackage; haal het bestand opnieuw op.")
    if size is not None and size != path.stat().st_size:
        raise FileError(f"{path}: het bestand is afgekapt; haal het opnieuw op.")
    return _touching(_read_geopackage(path, boxes, layer), boxes)


def _read_geopackage(
    path: Path, boxes: Sequence[Box] | None, layer: str | None
) -> gpd.GeoDataFrame:
    """Read each box by the index that a GeoPackage has, and each row once."""
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if layer is None and len(layers) == 1:
            layer = layers[0]
        if layer not in layers:
            raise FileError(
                f"{path}: noem een van de lagen in dit bestand: {visible(', '.join(layers))[:500]}."
            )
        info = pyogrio.read_info(path, layer=layer)
        if info["driver"] != "GPKG":
            raise FileError(f"{path}: de inhoud is {info['driver']}, geen GeoPackage.")
        stated = info["crs"]
        # Where the file is in degrees, its index cannot be asked with metres.
        indexed = boxes is not None and stated is not None and is_rd(as_crs(stated, what=str(path)))
        parts = [
            pyogrio.read_dataframe(
                path, layer=layer, bbox=box, fid_as_index=True, force_2d=True, use_arrow=False
            )
            for box in (boxes if indexed and boxes is not None else [None])
        ]
    except (DataSourceError, DataLayerError, ShapelyError) as error:
        raise FileError(
            f"{path}: kan niet worden gelezen ({str(error).strip().splitlines()[0]})."
        ) from error
    frame = pd.concat(parts) if len(parts) > 1 else parts[0]
    return _in_rd(frame[~frame.index.duplicated()].sort_index(), stated, path)


def _in_rd(frame: gpd.GeoDataFrame, stated: object, path: Path) -> gpd.GeoDataFrame:
    """Bring rows to RD New; their index becomes their id."""
    shapes, _ = to_rd(frame.geometry.to_numpy(), stated, what=str(path))
    columns = frame.drop(columns=[frame.geometry.name]).reset_index(drop=True)
    if "feature_id" in columns.columns:
        columns = columns.rename(columns={"feature_id": "feature_id_attribuut"})
    columns.insert(0, "feature_id", [str(fid) for fid in frame.index])
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs="EPSG:28992"))


def _touching(frame: gpd.GeoDataFrame, boxes: Sequence[Box] | None) -> gpd.GeoDataFrame:
    """Keep what touches a box itself, not only with its envelope."""
    if boxes is None:
        return frame
    touches = np.zeros(len(frame), dtype=bool)
    for box in boxes:
        touches |= shapely.intersects(frame.geometry.to_numpy(), shapely.box(*box))
    return frame[touches].reset_index(drop=True)
