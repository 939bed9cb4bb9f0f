"""Layers: from the store while they are fresh, from their doors otherwise."""

from __future__ import annotations

import time
import warnings
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from woongeo.errors import NotStoredError, ServiceWarning
from woongeo.numerals import counted
from woongeo.pdok._boxes import Box, joined
from woongeo.pdok._doors import first_door, in_order, through
from woongeo.pdok._tidy import require_plausible, tidy
from woongeo.pdok.catalogue import Dataset, Door, find
from woongeo.pdok.snapshot import Snapshot, provenance
from woongeo.pdok.tables import Rows, fetch_table, join_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import geopandas as gpd

    from woongeo.pdok._run import Task
    from woongeo.pdok.store import Store, Stored

# What did not fit where a table was joined to shapes, and what one such is called.
_ONE_OF = {
    "vlakken_zonder_rij": "vlak zonder rij",
    "rijen_zonder_vlak": "rij zonder vlak",
    "vlakken_met_meer_rijen": "vlak met meer rijen",
}
_DAY = 86_400.0
# In the folder of an entry of the store: files that are being fetched.
_FILES = "bestanden"


class Layers:
    """Gives layers, and keeps them.

    Parameters
    ----------
    catalogue : Mapping
        Short name to dataset.
    store : Store or None
        Where layers are kept.
    begin : callable
        Begins a task of a name.
    offline : bool
        Use only what is in the store.
    max_age_days : float
        How old a kept layer may be before it is fetched anew.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Dataset],
        store: Store | None,
        begin: Callable[[str], Task],
        *,
        offline: bool,
        max_age_days: float,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._begin = begin
        self._offline = offline
        self._max_age_days = max_age_days

    def snapshot(self, entry: Dataset, boxes: list[Box] | None, *, refresh: bool) -> Snapshot:
        """Give a layer from the store, or fetch it and keep it.

        Parameters
        ----------
        entry : Dataset
            A layer or table, of one edition.
        boxes : list of Box or None
            RD New, metres; None for the whole country.
        refresh : bool
            Fetch anew, whatever is in the store.

        Returns
        -------
        Snapshot
            The layer and its provenance.

        Raises
        ------
        NotStoredError
            When offline, and the layer is not in the store.
        ServiceError
            When no door gives it, whole and as asked.
        """
        if self._store is None:
            return self._fetch(entry, boxes, None, refresh=refresh)
        question = {
            "dataset": entry.id,
            "jaar": entry.year,
            "gebied": joined(boxes),
            "catalogus": repr(replace(entry, title="", note="")),
        }
        nation = self._store.place(entry.id, {**question, "gebied": None})
        place = self._store.place(entry.id, question)
        if boxes is not None and not refresh and nation.exists():
            # The whole country holds every place.
            with self._locked(nation):
                kept = self._store.read(nation)
            if kept is not None and self._usable(kept):
                return self._kept(entry, kept)
        with self._locked(place):
            kept = None if refresh and not self._offline else self._store.read(place)
            if kept is not None and self._usable(kept):
                return self._kept(entry, kept)
            if self._offline:
                raise NotStoredError(
                    f"{entry.id}: deze laag is niet bewaard in {self._store.folder} (voor dit "
                    "gebied); haal haar eerst op met internet."
                )
            snapshot = self._fetch(entry, boxes, place / _FILES, refresh=refresh)
            stored = self._store.write(place, snapshot.frame, snapshot.facts)
        return replace(snapshot, facts=stored.facts, path=stored.path)

    def _fetch(
        self, entry: Dataset, boxes: list[Box] | None, folder: Path | None, *, refresh: bool
    ) -> Snapshot:
        """Fetch a layer by the first door that gives it."""
        begin = time.monotonic()
        if entry.form == "tabel":
            return self._fetch_joined(entry, boxes, refresh=refresh, begin=begin)

        def ask(door: Door, task: Task) -> tuple[gpd.GeoDataFrame, int]:
            frame = through(door, entry, task, boxes, folder)
            if boxes is None:
                require_plausible(frame, entry)
            return tidy(frame, entry, task), len(frame)

        door, task, (frame, counted), failed = first_door(
            entry, in_order(entry, boxes), lambda: self._begin(entry.id), ask
        )
        facts = provenance(entry, door, task, boxes)
        facts |= {
            "andere_ingangen": failed,
            "objecten_geleverd": counted + task.duplicates,
            "objecten_dubbel": task.duplicates,
            "objecten": len(frame),
            "duur_s": round(time.monotonic() - begin, 3),
        }
        return Snapshot(entry, frame, boxes, facts)

    def _fetch_joined(
        self, entry: Dataset, boxes: list[Box] | None, *, refresh: bool, begin: float
    ) -> Snapshot:
        """Fetch a table whole, and the shapes that its rows belong to where they were asked."""

        def ask(door: Door, task: Task) -> Rows:
            return fetch_table(task, door.url, entry)

        door, task, rows, failed = first_door(
            entry, in_order(entry, boxes), lambda: self._begin(entry.id), ask
        )
        drawn = find(self._catalogue, entry.shapes).edition(None)
        shapes = self.snapshot(drawn, boxes, refresh=refresh)
        frame, counts = join_shapes(rows, shapes.frame, entry, everywhere=shapes.searched is None)
        if boxes is None:
            require_plausible(frame, entry)
        for name, one in _ONE_OF.items():
            if counts[name]:
                task.note(counted(counts[name], one, name.replace("_", " ")))
        facts = provenance(entry, door, task, boxes)
        facts |= {
            "andere_ingangen": failed,
            "objecten_geleverd": rows.read,
            "objecten_dubbel": rows.read - rows.odd - len(rows.frame),
            "objecten": len(frame),
            "tabel": counts,
            "vlakken": shapes.facts,
            "duur_s": round(time.monotonic() - begin, 3),
        }
        return Snapshot(entry, frame, boxes, facts)

    def _locked(self, place: Path) -> AbstractContextManager[None]:
        """Hold an entry of the store; offline too, since another process may be writing."""
        if self._store is None or (self._offline and not place.exists()):
            return nullcontext()
        return self._store.lock(place)

    def _usable(self, kept: Stored) -> bool:
        """Tell whether a kept layer is fresh enough, or must do."""
        old = kept.age().total_seconds() > self._max_age_days * _DAY
        if old and self._offline:
            warnings.warn(
                f"{kept.facts['dataset']}: de bewaarde laag is "
                f"{counted(kept.age().days, 'dag', 'dagen')} oud.",
                ServiceWarning,
                stacklevel=4,
            )
        return self._offline or not old

    def _kept(self, entry: Dataset, kept: Stored) -> Snapshot:
        """Give a layer from the store."""
        area = kept.facts["gebied"]
        boxes = None if area is None else [(b[0], b[1], b[2], b[3]) for b in area]
        return Snapshot(entry, kept.frame, boxes, kept.facts, kept.path, fresh=False)
