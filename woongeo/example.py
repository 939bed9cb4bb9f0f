"""Voorbeeldstreek: a small, made-up region that holds every verdict and every edge case."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from woongeo.errors import FileError
from woongeo.layers import Layer, read_layer
from woongeo.locations import Locations, read_locations
from woongeo.regions import Regions, read_regions


@dataclass(frozen=True)
class Example:
    """The made-up region.

    Attributes
    ----------
    folder : Path
        Where its files are.
    """

    folder: Path

    def locations(self) -> Locations:
        """Read its housing locations.

        Returns
        -------
        Locations
            RD New (EPSG:28992).
        """
        return read_locations(self.folder / "locaties.geojson")

    def layers(self) -> list[Layer]:
        """Read its two layers, each with its coverage.

        Returns
        -------
        list of Layer
            natura2000, known in the whole region, and netcongestie, known in its west only.
        """
        coverages = {"natura2000": "provincie", "netcongestie": "netcongestie_dekking"}
        return [
            read_layer(
                key,
                self.folder / f"{key}.geojson",
                coverage=self.folder / f"{coverage}.geojson",
                reference_date=dt.date(2026, 1, 1),
                publisher="verzonnen",
                licence="EUPL-1.2",
            )
            for key, coverage in coverages.items()
        ]

    def regions(self) -> list[Regions]:
        """Read its gemeenten and its province.

        Returns
        -------
        list of Regions
            Two levels.
        """
        return [
            read_regions("gemeente", self.folder / "gemeenten.geojson", name_column="naam"),
            read_regions("provincie", self.folder / "provincie.geojson", name_column="naam"),
        ]


def example() -> Example:
    """Find the made-up region.

    Returns
    -------
    Example
        In the installed package, or in a checkout's ``data`` folder.

    Raises
    ------
    FileError
        When it is in neither.
    """
    here = Path(str(resources.files("woongeo")))
    for folder in (here / "voorbeeldstreek", here.parent / "data" / "voorbeeldstreek"):
        if folder.is_dir():
            return Example(folder)
    raise FileError("Voorbeeldstreek ontbreekt: installeer woongeo opnieuw.")
