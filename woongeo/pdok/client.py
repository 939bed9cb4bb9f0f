"""The client: find a dataset, fetch it whole or not at all, and keep it."""

from __future__ import annotations

import tempfile
import time
import warnings
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
import shapely

from woongeo.errors import (
    InputError,
    NotStoredError,
    ServiceError,
    ServiceUnavailableError,
    ServiceWarning,
)
from woongeo.files import scratch_folder
from woongeo.pdok import catalogue as _catalogue
from woongeo.pdok._around import rounded, shapes_in_rd
from woongeo.pdok._boxes import Box, Cost, boxes_around, joined
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._links import read_index
from woongeo.pdok._run import MAX_FEATURES, Step, Task
from woongeo.pdok._tidy import missing_columns, require_plausible, tidy
from woongeo.pdok.arcgis import FeatureLayer, fetch_arcgis
from woongeo.pdok.atom import fetch_atom, read_file
from woongeo.pdok.catalogue import KINDS, Dataset, Door
from woongeo.pdok.coverages import Coverage, Raster, fetch_coverage
from woongeo.pdok.features import Items, fetch_features, sample_features
from woongeo.pdok.locate import as_frame, locate
from woongeo.pdok.snapshot import Snapshot, provenance
from woongeo.pdok.store import Store, Stored
from woongeo.pdok.tiles import Background, Picture, fetch_background
from woongeo.pdok.wfs import FeatureType, fetch_wfs, read_types, sample_wfs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    import geopandas as gpd


_INDEX = "https://api.pdok.nl/index.json"
_DAY = 86_400.0
# Files up to this size (bytes of GeoJSON, about) are fetched for a small area too.
_LARGE_FILE = 500_000_000
# Doors that give a choice of boxes; the others are files for the whole country.
_BY_BOX = {"features", "wfs", "arcgis"}


class Client:
    """Fetches layers from PDOK, and from who publishes beside it.

    Nothing is visited before a method is called.

    Parameters
    ----------
    store : Path, str or Store, optional
        The folder where layers are kept; without it nothing is kept.
    offline : bool
        Use only what is in the store.
    max_age_days : float
        How old a kept layer may be before it is fetched anew.
    catalogue : Path or str, optional
        A TOML file whose entries go before the package's.
    hosts : sequence of str
        Own servers, as ``host`` or ``host:port``, that may be visited without https or at a private
        address.
    referer : str, optional
        Your project's page; PDOK asks for it.
    seconds : float
        Time for one layer.
    progress : callable, optional
        Is told a `Step` at every page; the total is not known at PDOK.
    manners : Manners, optional
        How servers are asked; `hosts` and `referer` go before it.

    Examples
    --------
    >>> Client().search("natura").index.tolist()
    ['natura2000']
    """

    def __init__(  # noqa: PLR0913  one keyword a fact
        self,
        *,
        store: Path | str | Store | None = None,
        offline: bool = False,
        max_age_days: float = 7.0,
        catalogue: Path | str | None = None,
        hosts: Sequence[str] = (),
        referer: str | None = None,
        seconds: float = 1_800.0,
        progress: Callable[[Step], None] | None = None,
        manners: Manners | None = None,
    ) -> None:
        if offline and store is None:
            raise InputError("offline=True vraagt een store: de map met bewaarde lagen.")
        manners = manners or Manners()
        manners = replace(
            manners,
            hosts=manners.hosts | frozenset(hosts),
            referer=referer or manners.referer,
        )
        self.catalogue = _catalogue.read_catalogue(catalogue)
        self.offline = offline
        self.max_age_days = max_age_days
        self.seconds = seconds
        self._progress = progress
        self._store = store if isinstance(store, Store) or store is None else Store(store)
        self._http = Http(manners)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all lines; the client can still be used."""
        self._http.close()

    def list_datasets(self) -> pd.DataFrame:
        """List the catalogue.

        Returns
        -------
        DataFrame
            Index ``dataset``; ``titel``, ``uitgever``, ``licentie``, ``objecten`` (about),
            ``ingangen`` and ``zekerheid``.
        """
        certain = {"seen": "gezien", "doubtful": "onzeker"}
        rows = [
            {
                "dataset": d.id,
                "titel": d.title,
                "uitgever": d.publisher,
                "licentie": d.licence,
                "objecten": d.features,
                "ingangen": ", ".join(dict.fromkeys(KINDS[door.kind] for door in d.doors)),
                "zekerheid": certain[d.certainty],
            }
            for d in self.catalogue.values()
        ]
        return pd.DataFrame(rows).set_index("dataset")

    def search(self, words: str, *, live: bool = False) -> pd.DataFrame:
        """Find datasets by words in their name, title or keywords.

        Parameters
        ----------
        words : str
            Parts of words, separated by blanks; all must occur.
        live : bool
            Also ask PDOK for its index of OGC APIs. What is not in the catalogue has no short name
            and cannot be fetched until it is put there.

        Returns
        -------
        DataFrame
            As `list_datasets`; rows of the live index have their address as index.
        """
        wanted = words.casefold().split()

        def fits(*texts: str) -> bool:
            hay = " ".join(texts).casefold()
            return all(word in hay for word in wanted)

        known = [
            d.id for d in self.catalogue.values() if fits(d.id, d.title, d.publisher, *d.keywords)
        ]
        found = self.list_datasets().loc[known]
        if not live:
            return found
        self._require_online("de index van PDOK")
        roots = {door.url for d in self.catalogue.values() for door in d.edition(None).doors}
        rows = [
            {"dataset": api["root"], "titel": api["title"], "ingangen": KINDS["features"]}
            for api in self._http.get(_INDEX, what="index van PDOK", check=read_index)
            if fits(api["title"], api["description"], *api["keywords"]) and api["root"] not in roots
        ]
        return pd.concat([found, pd.DataFrame(rows).set_index("dataset")]) if rows else found

    def size_of(self, dataset: str) -> int:
        """Tell how many features a dataset has in the whole country, about.

        Parameters
        ----------
        dataset : str
            Its short name.

        Returns
        -------
        int
            As the catalogue knows it.

        Raises
        ------
        UnknownDatasetError
            When the catalogue does not know the name.
        """
        return _catalogue.find(self.catalogue, dataset).features

    def fetch(
        self,
        dataset: str,
        *,
        around: object = None,
        reach_m: float = 0.0,
        year: int | None = None,
        refresh: bool = False,
    ) -> Snapshot:
        """Fetch a layer, complete and checked, or fail.

        Parameters
        ----------
        dataset : str
            Its short name.
        around : GeoDataFrame, GeoSeries, geometry or sequence of geometries, optional
            Only what lies around these. Frames are brought to RD New; bare geometries must be in RD
            New (EPSG:28992), metres. Where the whole country is cheaper than the many places, that
            is fetched.
        reach_m : float
            How far around each shape, metres.
        year : int, optional
            The edition, for datasets that have one a year.
        refresh : bool
            Fetch anew, whatever is in the store.

        Returns
        -------
        Snapshot
            Every feature that touches the searched boxes, once, and its provenance.

        Raises
        ------
        UnknownDatasetError
            When the catalogue does not know the name.
        InputError
            When a place or year cannot be used.
        NotStoredError
            When offline, and the layer is not in the store.
        ServiceError
            When no door gave the layer, whole and as asked; the message tells what each said.

        Warns
        -----
        ServiceWarning
            When the first door failed and another gave the layer, or an old one is used offline.
        """
        entry = _catalogue.find(self.catalogue, dataset).edition(year)
        boxes = self._boxes(entry, around, reach_m)
        question = {
            "dataset": entry.id,
            "jaar": entry.year,
            "gebied": joined(boxes),
            "catalogus": repr(replace(entry, title="", note="")),
        }
        if self._store is None:
            return self._fetch(entry, boxes)
        nation = self._store.place(entry.id, {**question, "gebied": None})
        place = self._store.place(entry.id, question)
        if boxes is not None and not refresh and nation.exists():
            # The whole country holds every place.
            with self._locked(nation):
                kept = self._store.read(nation)
            if kept is not None and self._usable(kept):
                return self._kept(entry, kept)
        with self._locked(place):
            kept = None if refresh and not self.offline else self._store.read(place)
            if kept is not None and self._usable(kept):
                return self._kept(entry, kept)
            if self.offline:
                raise NotStoredError(
                    f"{entry.id}: deze laag is niet bewaard in {self._store.folder} (voor dit "
                    "gebied); haal haar eerst op met internet."
                )
            snapshot = self._fetch(entry, boxes)
            stored = self._store.write(place, snapshot.frame, snapshot.facts)
        return replace(snapshot, facts=stored.facts, path=stored.path)

    def locate(self, text: str, *, rows: int = 5) -> gpd.GeoDataFrame:
        """Look up a place by name, address or postcode, for a first look at a map.

        Parameters
        ----------
        text : str
            "Stationstuinen, Barendrecht".
        rows : int
            At most so many, 1 to 50.

        Returns
        -------
        GeoDataFrame
            Best match first, in RD New (EPSG:28992), metres: ``naam``, ``soort``,
            ``overeenkomst``, ``twijfel``, ``score``, ``gemeente``, ``gemeentecode``, ``provincie``,
            ``postcode``, ``id`` and a point. A loose match is given too, with ``overeenkomst``
            "los" and what is doubtful about it.

        Raises
        ------
        ServiceError
            When the Locatieserver does not answer, or not as asked.
        """
        self._require_online("de Locatieserver")
        if not text.strip() or not 1 <= rows <= 50:
            raise InputError("locate: geef een naam, en 1 tot 50 rijen.")
        return as_frame(locate(self._task("Locatieserver"), text.strip(), rows=rows))

    def background(
        self, box: Box, *, width_px: int = 1024, background: Background | str = "grijs"
    ) -> Picture:
        """Fetch a background for a static map, in RD New and so without warping.

        For a map in a browser, `woongeo.pdok.tiles.BACKGROUNDS` holds the addresses of tiles.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north in RD New (EPSG:28992), metres.
        width_px : int
            How many pixels it must be wide at least.
        background : Background or str
            "standaard", "grijs", "pastel", "water", "luchtfoto", or one of your own.

        Returns
        -------
        Picture
            Red, green and blue, where its edges are, and what must stand beside it.

        Raises
        ------
        InputError
            When it is no box, or no such background.
        ServiceError
            When it does not come.
        """
        self._require_online("de achtergrondkaart")
        task = self._task("achtergrondkaart")
        return fetch_background(task, box, width_px=width_px, background=background)

    def heights(self, box: Box, *, coverage: Coverage | str = "dtm_05m") -> Raster:
        """Fetch heights of the AHN, every half metre.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north in RD New (EPSG:28992), metres.
        coverage : Coverage or str
            "dtm_05m" for the ground, "dsm_05m" for what stands on it, or one of your own.

        Returns
        -------
        Raster
            Metres above NAP, on the grid of the source.

        Raises
        ------
        InputError
            When it is no box, or one of too many cells.
        ServiceError
            When a part does not come, or is not what was asked.
        """
        self._require_online("de hoogtes")
        return fetch_coverage(self._task("hoogtes"), box, coverage=coverage)

    def check(self, *names: str) -> pd.DataFrame:
        """Visit each address of the catalogue and tell whether it answers as expected.

        Parameters
        ----------
        *names : str
            Datasets; all of them without any.

        Returns
        -------
        DataFrame
            A row for each door: ``dataset``, ``ingang``, ``url``, ``naam``, ``goed`` (bool) and
            ``toelichting``.
        """
        self._require_online("de catalogus")
        chosen = [_catalogue.find(self.catalogue, name) for name in names or self.catalogue]
        rows = []
        for entry in (dataset.edition(None) for dataset in chosen):
            for door in entry.doors:
                try:
                    good, told = True, self._visit(entry, door)
                except ServiceError as error:
                    good, told = False, str(error)
                rows.append(
                    {
                        "dataset": entry.id,
                        "ingang": KINDS[door.kind],
                        "url": door.url,
                        "naam": door.name,
                        "goed": good,
                        "toelichting": told,
                    }
                )
        return pd.DataFrame(rows)

    def _require_online(self, what: str) -> None:
        """Refuse to use the network where the user said so."""
        if self.offline:
            raise NotStoredError(f"{what} is niet te raadplegen met offline=True.")

    def _task(self, what: str) -> Task:
        """Begin a task."""
        return Task(what, self._http, Budget(self.seconds), progress=self._progress)

    def _locked(self, place: Path) -> AbstractContextManager[None]:
        """Hold an entry of the store; offline too, since another process may be writing."""
        if self._store is None or (self.offline and not place.exists()):
            return nullcontext()
        return self._store.lock(place)

    def _usable(self, kept: Stored) -> bool:
        """Tell whether a kept layer is fresh enough, or must do."""
        old = kept.age().total_seconds() > self.max_age_days * _DAY
        if old and self.offline:
            warnings.warn(
                f"{kept.facts['dataset']}: de bewaarde laag is {kept.age().days} dagen oud.",
                ServiceWarning,
                stacklevel=3,
            )
        return self.offline or not old

    def _kept(self, entry: Dataset, kept: Stored) -> Snapshot:
        """Give a layer from the store."""
        area = kept.facts["gebied"]
        boxes = None if area is None else [(b[0], b[1], b[2], b[3]) for b in area]
        return Snapshot(entry, kept.frame, boxes, kept.facts, kept.path, fresh=False)

    def _boxes(self, entry: Dataset, around: object, reach_m: float) -> list[Box] | None:
        """Choose the boxes, or the whole country."""
        if around is None:
            if reach_m:
                raise InputError("reach_m zegt hoe ver om de locaties: geef ook around op.")
            if entry.features > MAX_FEATURES / 2:
                raise InputError(
                    f"{entry.id}: met ongeveer {entry.features} objecten is deze laag te groot om "
                    "als geheel op te halen; geef around en reach_m op."
                )
            return None
        if not any(door.kind in _BY_BOX for door in entry.doors):
            return None
        cost = Cost(entry.features, entry.bytes_per_feature)
        shapes, doubt_m = shapes_in_rd(around)
        bounds = shapely.bounds(shapes)
        if not (np.isfinite(reach_m) and reach_m >= 0):
            raise InputError(f"reach_m: {reach_m} is geen afstand van 0 of meer meter.")
        # What was brought from another system may lie elsewhere by as much as PROJ says.
        boxes, seconds = boxes_around(bounds, reach_m=reach_m + doubt_m, cost=cost)
        # What is written is rounded outwards to decimetres; what is promised is too.
        boxes = [rounded(box) for box in boxes]
        return None if cost.of_nation() <= seconds else boxes

    def _fetch(self, entry: Dataset, boxes: list[Box] | None) -> Snapshot:
        """Try the doors in order of preference."""
        failed: list[dict[str, str]] = []
        last: ServiceError | None = None
        begin = time.monotonic()
        for door in entry.doors:
            task = self._task(entry.id)
            try:
                frame = self._through(door, entry, task, boxes)
                if boxes is None:
                    require_plausible(frame, entry)
                counted = len(frame)
                frame = tidy(frame, entry, task)
            except ServiceError as error:
                failed.append({"ingang": KINDS[door.kind], "url": door.url, "fout": str(error)})
                last = error
                continue
            if failed:
                warnings.warn(
                    f"{entry.id}: opgehaald via {KINDS[door.kind]} ({door.url}), want "
                    f"{failed[-1]['ingang']} gaf de laag niet: {failed[-1]['fout']}",
                    ServiceWarning,
                    stacklevel=4,
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
        if last is None:
            raise ServiceUnavailableError(f"{entry.id}: geen ingang geeft deze editie.")
        if len(failed) == 1:
            raise last
        told = " ".join(f"({i + 1}) {f['ingang']}: {f['fout']}" for i, f in enumerate(failed))
        raise type(last)(
            f"{entry.id}: geen van de {len(failed)} ingangen gaf de laag. {told}"
        ) from (last)

    def _through(
        self, door: Door, entry: Dataset, task: Task, boxes: list[Box] | None
    ) -> gpd.GeoDataFrame:
        """Fetch by one door."""
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
        with self._folder() as folder:
            file = fetch_atom(task, door.url, folder, ending=ending)
            return read_file(file.path, boxes=boxes, layer=door.name or None)

    def _folder(self) -> AbstractContextManager[Path]:
        """Make a folder for a file that is read once, on the disk where layers are kept."""
        if self._store is None:
            return scratch_folder(Path(tempfile.gettempdir()))
        self._store.folder.mkdir(parents=True, exist_ok=True)
        return scratch_folder(self._store.folder)

    def _served(self, door: Door, entry: Dataset, task: Task) -> list[str] | None:
        """Ask for one feature, and give the names of its columns; None where it cannot be asked."""
        if door.kind == "features":
            return sample_features(task, Items(door.url, door.name, entry.datetime))
        if door.kind == "wfs":
            return sample_wfs(task, FeatureType(door.url, door.name))
        return None

    def _visit(self, entry: Dataset, door: Door) -> str:
        """See whether a door answers as expected, with as little as can be asked."""
        task = self._task(entry.id)
        # A few metres in the middle of the country: an answer may be empty, and must be right.
        spot: list[Box] = [(155_000.0, 463_000.0, 155_010.0, 463_010.0)]
        if door.kind == "wfs":
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
        if door.kind in _BY_BOX:
            found = len(self._through(door, entry, task, spot))
            served = self._served(door, entry, task)
            missing = missing_columns(served, entry) if served is not None else []
            if missing:
                raise ServiceError(
                    f"{entry.id}: {door.url} heeft geen kolom {', '.join(missing)}; wel: "
                    f"{', '.join(served or [])[:300]}."
                )
            return f"antwoordt; {found} objecten bij Amersfoort"
        task.http.probe(door.url, what=entry.id, budget=task.budget)
        return "antwoordt; het bestand is niet opgehaald"
