"""The client: find a dataset, fetch it whole or not at all, and keep it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pandas as pd

from woongeo.errors import InputError, NotStoredError, ServiceError
from woongeo.pdok import catalogue as _catalogue
from woongeo.pdok._around import boxes_for
from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._layers import Layers
from woongeo.pdok._links import read_index
from woongeo.pdok._listing import as_table, said_of, seeker, with_apis
from woongeo.pdok._run import Step, Task
from woongeo.pdok._visit import visit
from woongeo.pdok.catalogue import KINDS, Dataset
from woongeo.pdok.coverages import Coverage, coverage_of, fetch_coverage
from woongeo.pdok.grids import fetch_grid
from woongeo.pdok.locate import as_frame, locate
from woongeo.pdok.store import Store
from woongeo.pdok.tiles import Background, Picture, background_of, fetch_background

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    import geopandas as gpd

    from woongeo.pdok._boxes import Box
    from woongeo.pdok.rasters import Raster
    from woongeo.pdok.snapshot import Snapshot


_INDEX = "https://api.pdok.nl/index.json"
# How what is no layer is had.
_METHODS = {
    "raster": "Client.raster(naam, gebied), of Client.heights voor hoogtes",
    "achtergrond": "Client.background(gebied)",
}


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
    contact : str, optional
        An e-mail address or page, for who keeps a server and wonders who asks.
    referer : str, optional
        Your project's page; PDOK asks for it. Told to PDOK only.
    seconds : float
        Time for one layer.
    progress : callable, optional
        Is told a `Step` at every page; the total is not known at PDOK.
    manners : Manners, optional
        How servers are asked; `hosts`, `contact` and `referer` go before it.

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
        contact: str | None = None,
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
            contact=contact or manners.contact,
            referer=referer or manners.referer,
        )
        self.catalogue = _catalogue.read_catalogue(catalogue)
        self.offline = offline
        self.seconds = seconds
        self._progress = progress
        self._http = Http(manners)
        self._layers = Layers(
            self.catalogue,
            store if isinstance(store, Store) or store is None else Store(store),
            self._task,
            offline=offline,
            max_age_days=max_age_days,
        )

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
            Index ``dataset``; ``titel``, ``vorm`` ("laag", "tabel", "raster" or "achtergrond"),
            ``uitgever``, ``licentie``, ``objecten`` (about; missing for what has none),
            ``ingangen`` and ``zekerheid``.
        """
        return as_table(self.catalogue.values())

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
        fits = seeker(words)
        found = as_table(d for d in self.catalogue.values() if fits(*said_of(d)))
        if not live:
            return found
        self._require_online("de index van PDOK")
        apis = self._http.get(_INDEX, what="index van PDOK", check=read_index)
        known = {door.url for d in self.catalogue.values() for door in d.edition(None).doors}
        others = [
            api
            for api in apis
            if api["root"] not in known and fits(api["title"], api["description"], *api["keywords"])
        ]
        return with_apis(found, others)

    def size_of(self, dataset: str) -> int:
        """Tell how many features a dataset has in the whole country, about.

        Parameters
        ----------
        dataset : str
            Its short name.

        Returns
        -------
        int
            As the catalogue knows it; 0 for rasters and backgrounds.

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
            When a place or year cannot be used, or the dataset is a raster or a background.
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
        if entry.form in _METHODS:
            raise InputError(
                f"{entry.id}: dit is geen laag met objecten maar een {entry.form}; haal het op met "
                f"{_METHODS[entry.form]}."
            )
        return self._layers.snapshot(entry, boxes_for(entry, around, reach_m), refresh=refresh)

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
        self, box: Box, *, width_px: int = 1024, background: Background | str = "brt_grijs"
    ) -> Picture:
        """Fetch a background for a static map, in RD New and so without warping.

        For a map in a browser, `woongeo.pdok.tiles.background_of` gives the addresses of tiles.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north in RD New (EPSG:28992), metres.
        width_px : int
            How many pixels it must be wide at least.
        background : Background or str
            "brt_standaard", "brt_grijs", "brt_pastel", "brt_water", "luchtfoto", another background
            of the catalogue, or one of your own.

        Returns
        -------
        Picture
            Red, green and blue, where its edges are, and what must stand beside it.

        Raises
        ------
        UnknownDatasetError
            When the catalogue does not know the name.
        InputError
            When it is no box, or no background.
        ServiceError
            When it does not come.
        """
        self._require_online("de achtergrondkaart")
        if isinstance(background, str):
            background = background_of(self._of_form(background, "achtergrond"))
        task = self._task("achtergrondkaart")
        return fetch_background(task, box, background, width_px=width_px)

    def heights(self, box: Box, *, coverage: Coverage | str = "ahn_dtm") -> Raster:
        """Fetch heights of the AHN, every half metre.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north in RD New (EPSG:28992), metres.
        coverage : Coverage or str
            "ahn_dtm" for the ground, "ahn_dsm" for what stands on it, or one of your own.

        Returns
        -------
        Raster
            Metres above NAP, on the grid of the source.

        Raises
        ------
        UnknownDatasetError
            When the catalogue does not know the name.
        InputError
            When it is no box, one of too many cells, or no raster.
        ServiceError
            When a part does not come, or is not what was asked.
        """
        if isinstance(coverage, str):
            return self.raster(coverage, box)
        self._require_online("de hoogtes")
        return fetch_coverage(self._task("hoogtes"), box, coverage)

    def raster(self, dataset: str, box: Box | None = None, *, year: int | None = None) -> Raster:
        """Fetch a raster: heights, or the deposition of nitrogen.

        Parameters
        ----------
        dataset : str
            Its short name.
        box : tuple of float, optional
            West, south, east, north in RD New (EPSG:28992), metres; without it the whole country,
            for those that are one file.
        year : int, optional
            The edition, for rasters that have one a year.

        Returns
        -------
        Raster
            In the unit of the catalogue, on the grid of the source; `write_geotiff` of
            `woongeo.pdok.rasters` keeps it.

        Raises
        ------
        UnknownDatasetError
            When the catalogue does not know the name.
        InputError
            When it is no raster, no box or one of too many cells, or there is no such edition.
        ServiceError
            When it does not come whole, or is not what was asked.
        """
        entry = self._of_form(dataset, "raster").edition(year)
        self._require_online(entry.title)
        if entry.doors[0].kind == "grid":
            return fetch_grid(self._task(entry.id), entry, box)
        if box is None:
            raise InputError(f"{entry.id}: geef een gebied op; heel Nederland is te groot.")
        return fetch_coverage(self._task(entry.id), box, coverage_of(entry))

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
                    good, told = True, visit(entry, door, self._task(entry.id))
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

    def _of_form(self, name: str, form: str) -> Dataset:
        """Look up a raster or a background."""
        entry = _catalogue.find(self.catalogue, name)
        if entry.form != form:
            names = ", ".join(d.id for d in self.catalogue.values() if d.form == form)
            raise InputError(f"{name}: dit is geen {form} maar een {entry.form}; wel: {names}.")
        return entry

    def _require_online(self, what: str) -> None:
        """Refuse to use the network where the user said so."""
        if self.offline:
            raise NotStoredError(f"{what} is niet te raadplegen met offline=True.")

    def _task(self, what: str) -> Task:
        """Begin a task."""
        return Task(what, self._http, Budget(self.seconds), progress=self._progress)
