"""Visits to doors: whether each answers as expected, with as little as can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from woongeo.errors import ServiceError
from woongeo.numerals import counted
from woongeo.pdok._doors import BY_BOX, through
from woongeo.pdok._grid import RD_GRID
from woongeo.pdok._tidy import missing_columns
from woongeo.pdok.atom import choose_file, list_files
from woongeo.pdok.coverages import coverage_of, fetch_coverage
from woongeo.pdok.features import Items, sample_features
from woongeo.pdok.tiles import fetch_tile
from woongeo.pdok.wfs import FeatureType, read_types, sample_wfs

if TYPE_CHECKING:
    from woongeo.pdok._boxes import Box
    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset, Door

# A few metres in the middle of the country: an answer may be empty, and must be right.
_SPOT: Box = (155_000.0, 463_000.0, 155_010.0, 463_010.0)
_ZOOM = 8


def visit(entry: Dataset, door: Door, task: Task) -> str:
    """See whether a door answers as expected.

    Parameters
    ----------
    entry : Dataset
        What is expected.
    door : Door
        One of its doors.
    task : Task
        The fetch.

    Returns
    -------
    str
        What was seen, in Dutch.

    Raises
    ------
    ServiceError
        When it does not answer, or otherwise than expected.
    """
    if door.kind == "wfs":
        _require_type(entry, door, task)
    if door.kind in BY_BOX:
        found = len(through(door, entry, task, [_SPOT], None))
        _require_columns(entry, door, task)
        return f"antwoordt; {counted(found, 'object', 'objecten')} bij Amersfoort"
    if door.kind == "tiles":
        fetch_tile(task, door.url, RD_GRID.tile_at(*_SPOT[:2], _ZOOM), _ZOOM)
        return "antwoordt; een tegel bij Amersfoort is heel"
    if door.kind == "coverage":
        raster = fetch_coverage(task, _SPOT, coverage_of(replace(entry, doors=(door,))))
        return f"antwoordt; {counted(raster.values.size, 'cel', 'cellen')} bij Amersfoort"
    url = door.url
    ending = {"file": ".gpkg", "gml": ".gml"}.get(door.kind, "")
    if ending and not url.lower().endswith(ending):
        url = choose_file(list_files(task, url), ending=ending).url
    size = task.http.probe(url, what=entry.id, budget=task.budget)
    told = f" ({size / 1e6:.1f} MB)" if size >= 0 else ""
    return f"antwoordt; het bestand{told} is niet opgehaald"


def _require_type(entry: Dataset, door: Door, task: Task) -> None:
    """See that a WFS has the expected type, and name what it has where not."""
    types = task.http.get(
        door.url,
        what=entry.id,
        params={"service": "WFS", "version": "2.0.0", "request": "GetCapabilities"},
        accept="text/xml",
        budget=task.budget,
        check=lambda answer: read_types(answer, entry.id),
    )
    plain = [name.split(":")[-1] for name in types]
    if door.name not in plain:
        raise ServiceError(
            f"{entry.id}: {door.url} heeft geen {door.name}; wel: {', '.join(plain)[:300]}."
        )


def _require_columns(entry: Dataset, door: Door, task: Task) -> None:
    """Ask for one feature, and see that it has the expected columns."""
    if door.kind == "features":
        served = sample_features(task, Items(door.url, door.name, entry.datetime))
    elif door.kind == "wfs":
        served = sample_wfs(task, FeatureType(door.url, door.name))
    else:
        return
    if missing := missing_columns(served, entry):
        raise ServiceError(
            f"{entry.id}: {door.url} heeft geen kolom {', '.join(missing)}; wel: "
            f"{', '.join(served)[:300]}."
        )
