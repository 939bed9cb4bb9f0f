"""Goat farms, which no open national file lists: a table of the user's, by province."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.catalogue import default_catalogue
from woongeo.columns import recognise
from woongeo.errors import LayerError
from woongeo.layers import Coverage, Layer, read_layer
from woongeo.regioncodes import chosen_names
from woongeo.regions import Regions, read_regions
from woongeo.rules import Rule
from woongeo.sources import read_vector

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from woongeo.catalogue import Catalogue

_KEY = "geitenhouderijen"

_PROVINCE = ("provincie", "provincienaam", "naam", "statnaam", "name", "ligt_in_provincie_naam")

# All of them: what lies outside them all is not the Netherlands.
_PROVINCES = 12


def coverage_by_region(
    regions: Regions | str | Path | gpd.GeoDataFrame,
    names: Sequence[str],
    *,
    name_column: str | None = None,
    around_m: float = 5_000.0,
) -> Coverage:
    """Say in which regions a layer is whole; elsewhere its absence means nothing.

    Parameters
    ----------
    regions : Regions, path or GeoDataFrame
        Provinces, gemeenten or the like.
    names : sequence of str
        Of the regions for which the layer is whole.
    name_column : str, optional
        The column with the names; the usual ones of provinces are recognised.
    around_m : float
        Where the file holds all twelve provinces, ground so near that lies in none of them (sea,
        abroad) counts as covered: there the rule does not hold, so nothing is unknown.

    Returns
    -------
    Coverage
        In RD New (EPSG:28992).

    Raises
    ------
    LayerError
        When a region does not exist, or none is named.
    """
    if not isinstance(regions, Regions):
        column = name_column
        if column is None:
            frame, _ = read_vector(regions)
            column = recognise([str(c) for c in frame.columns], _PROVINCE) or _PROVINCE[0]
        regions = read_regions("provincie", regions, name_column=column)
    there = regions.frame["gebied"].tolist()
    names = [names] if isinstance(names, str) else names
    # Whatever the case and accents: Fryslân is Fryslan, and noord-holland Noord-Holland.
    names, stray, doubtful = chosen_names(names, there)
    if stray or doubtful or not names:
        told = "; ".join(
            [*([f"{', '.join(map(repr, stray))} bestaat niet"] if stray else []), *doubtful]
        )
        told = told or "er is geen gebied genoemd"
        raise LayerError(f"dekking per gebied: {told}; kies uit {', '.join(there)}.")
    chosen = regions.frame["gebied"].isin(names).to_numpy()
    shapes = regions.frame.geometry.to_numpy()
    area = shapely.union_all(shapes[chosen])
    if len(there) == _PROVINCES and regions.level == "provincie":
        grown = shapely.difference(shapely.buffer(area, around_m), shapely.union_all(shapes))
        area = shapely.union(area, grown)
    listed = ", ".join(sorted(set(names)))
    return Coverage(np.array([area], dtype=object), f"volledig in {listed}", source=regions.source)


def read_geitenhouderijen(  # noqa: PLR0913  one keyword a fact
    source: str | Path | gpd.GeoDataFrame,
    *,
    provinces: Regions | str | Path | gpd.GeoDataFrame | None = None,
    covered: Sequence[str] = (),
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None,
    least_animals: float | None = None,
    animals_column: str | None = None,
    id_column: str | None = None,
    name_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read goat farms, with the provinces in which the list is whole.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        Excel or CSV with x and y (RD New) or lon and lat, or any vector file: stables where there
        are, else farms. Distance is measured to these shapes.
    provinces : Regions, path or GeoDataFrame, optional
        Provinces with their names.
    covered : sequence of str
        Names of the provinces of which all farms are in the file: elsewhere absence of a farm
        means nothing.
    coverage : optional
        As for `read_layer`, instead of provinces.
    least_animals : float, optional
        From how many goats on a farm counts, for all bands; 50 without it. A farm without a number
        counts.
    animals_column : str, optional
        The column with the number of goats; the usual ones are recognised. Without such a column
        every farm counts.
    id_column, name_column, layer, crs, encoding : optional
        As for `read_layer`; a CSV that a Dutch Excel wrote is often in 'cp1252'.
    reference_date, publisher, licence, catalogue : optional
        As for `read_layer`.

    Returns
    -------
    Layer
        In RD New (EPSG:28992), with rules for 500 m, 1 km (the main one) and 2 km.

    Raises
    ------
    LayerError
        When a province does not exist, or both kinds of coverage are given.
    FileError, ColumnError, CrsError
        As `read_layer`.

    Warns
    -----
    UnknownResultWarning
        When farms have no place.
    """
    if covered and provinces is None:
        raise LayerError("geitenhouderijen: geef met provinces het bestand met de provincies.")
    if covered and coverage is not None:
        raise LayerError("geitenhouderijen: geef covered of coverage, niet beide.")
    if provinces is not None and covered:
        coverage = coverage_by_region(provinces, covered)
    asked = catalogue or default_catalogue()
    # What cannot be read here should not be sent to the reader that is reading it.
    spec = replace(asked.spec(_KEY), reader="")
    found = read_layer(
        _KEY,
        source,
        coverage=coverage,
        columns=None if animals_column is None else {"dieren": animals_column},
        id_column=id_column,
        name_column=name_column,
        layer=layer,
        crs=crs,
        encoding=encoding,
        reference_date=reference_date,
        publisher=publisher,
        licence=licence,
        catalogue=replace(asked, specs={**asked.specs, _KEY: spec}),
    )
    if least_animals is None:
        return found
    rules = {
        name: replace(
            rule,
            least={**rule.least, "dieren": float(least_animals)},
            source=f"{rule.source}; drempel aangepast door de gebruiker",
        )
        if isinstance(rule, Rule) and rule.least
        else rule
        for name, rule in found.rules.items()
    }
    return replace(found, rules=rules)
