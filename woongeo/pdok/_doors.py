"""The doors of a dataset, one after another, until one gives what was asked."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from woongeo.errors import ServiceError, ServiceUnavailableError, ServiceWarning
from woongeo.files import scratch_folder
from woongeo.pdok.arcgis import FeatureLayer, fetch_arcgis
from woongeo.pdok.atom import fetch_atom, read_file
from woongeo.pdok.catalogue import KINDS
from woongeo.pdok.features import Items, fetch_features
from woongeo.pdok.wfs import FeatureType, fetch_wfs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from woongeo.pdok._boxes import Box
    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset, Door

T = TypeVar("T")

#: Doors that give a choice of boxes; the others are files for the whole country.
BY_BOX = {"features", "wfs", "arcgis"}
# Files up to this size (bytes of GeoJSON, about) are fetched for a small area too.
_LARGE_FILE = 500_000_000
# More features than this are asked as a whole file where there is one.
_MANY = 100_000


def in_order(entry: Dataset, boxes: list[Box] | None) -> tuple[Door, ...]:
    """Put doors in order of preference.

    Parameters
    ----------
    entry : Dataset
        What is fetched.
    boxes : list of Box or None
        RD New, metres; None for the whole country.

    Returns
    -------
    tuple of Door
        As the catalogue has them; but whole files first where the whole country would take hundreds
        of pages, which PDOK asks not to do.
    """
    if boxes is not None or entry.features <= _MANY:
        return entry.doors
    return tuple(sorted(entry.doors, key=lambda door: door.kind in BY_BOX))


def first_door(
    entry: Dataset,
    doors: Sequence[Door],
    begin: Callable[[], Task],
    ask: Callable[[Door, Task], T],
) -> tuple[Door, Task, T, list[dict[str, str]]]:
    """Try the doors in order of preference.

    Parameters
    ----------
    entry : Dataset
        What is fetched.
    doors : sequence of Door
        Its doors, in order of preference.
    begin : callable
        Begins a task; each door has its own.
    ask : callable
        Asks at one door, and raises ServiceError when it does not give what was asked.

    Returns
    -------
    door : Door
        The first that gave it.
    task : Task
        The fetch at that door.
    found : object
        What it gave.
    failed : list of dict
        ``ingang``, ``url`` and ``fout`` of the doors before it.

    Raises
    ------
    ServiceError
        When no door gave it; the message tells what each said.

    Warns
    -----
    ServiceWarning
        When it was not the first door.
    """
    failed: list[dict[str, str]] = []
    last: ServiceError | None = None
    for door in doors:
        task = begin()
        try:
            found = ask(door, task)
        except ServiceError as error:
            failed.append({"ingang": KINDS[door.kind], "url": door.url, "fout": str(error)})
            last = error
            continue
        if failed:
            warnings.warn(
                f"{entry.id}: opgehaald via {KINDS[door.kind]} ({door.url}), want "
                f"{failed[-1]['ingang']} gaf de laag niet: {failed[-1]['fout']}",
                ServiceWarning,
                stacklevel=5,
            )
        return door, task, found, failed
    if last is None:
        raise ServiceUnavailableError(f"{entry.id}: geen ingang geeft deze editie.")
    if len(failed) == 1:
        raise last
    told = " ".join(f"({i + 1}) {f['ingang']}: {f['fout']}" for i, f in enumerate(failed))
    n = len(failed)
    none = "de enige ingang gaf de laag niet" if n == 1 else f"geen van de {n} ingangen gaf de laag"
    raise type(last)(f"{entry.id}: {none}. {told}") from last


def through(
    door: Door, entry: Dataset, task: Task, boxes: list[Box] | None, folder: Path | None
) -> gpd.GeoDataFrame:
    """Fetch features by one door.

    Parameters
    ----------
    door : Door
        Of a dataset of features.
    entry : Dataset
        That dataset.
    task : Task
        The fetch.
    boxes : list of Box or None
        RD New, metres; None for the whole country.
    folder : Path or None
        Where a file comes to stand while it is read, and where what came of it stays when the line
        breaks, so that the next time goes on from there; a folder for once for None.

    Returns
    -------
    GeoDataFrame
        As the door serves it, in RD New (EPSG:28992), metres.

    Raises
    ------
    ServiceError
        When it does not give the layer, whole and as asked.
    """
    if door.kind == "features":
        return fetch_features(task, Items(door.url, door.name, entry.datetime), boxes)
    if door.kind == "wfs":
        return fetch_wfs(task, FeatureType(door.url, door.name, door.sort_by), boxes)
    if door.kind == "arcgis":
        return fetch_arcgis(task, FeatureLayer(door.url), boxes)
    size = entry.features * entry.bytes_per_feature
    if boxes is not None and size > _LARGE_FILE:
        raise ServiceUnavailableError(
            f"{entry.id}: voor een klein gebied wordt het bestand van ongeveer "
            f"{size / 1e9:.1f} GB niet vanzelf opgehaald; haal {door.url} zelf op."
        )
    ending = ".gml" if door.kind == "gml" else ".gpkg"
    layer = door.name or None
    if folder is None:
        with scratch_folder(Path(tempfile.gettempdir())) as scratch:
            file = fetch_atom(task, door.url, scratch, ending=ending)
            return read_file(file.path, boxes=boxes, layer=layer)
    file = fetch_atom(task, door.url, folder, ending=ending)
    try:
        return read_file(file.path, boxes=boxes, layer=layer)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
