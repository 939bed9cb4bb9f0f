"""Layers of cells: rasters with the rules that read them, and what a raster adds to shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from woongeo.catalogue import MAIN, Catalogue, default_catalogue
from woongeo.days import day_of
from woongeo.engine import Sites
from woongeo.engine.raster import cells_under
from woongeo.errors import ColumnError, LayerError, RuleError
from woongeo.layers import Coverage, Layer, read_coverage
from woongeo.layers.model import named
from woongeo.numerals import counted
from woongeo.rules import RasterRule
from woongeo.sources.raster import Raster, read_raster

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.rules import RuleBase

#: The column that `with_exceedance` adds: mol of nitrogen a hectare in the year.
EXCEEDANCE = "overschrijding_mol_ha_j"


def read_raster_layer(  # noqa: PLR0913  one keyword a fact
    key: str,
    source: str | Path,
    *,
    band: int = 1,
    crs: object = None,
    nodata: float | None = None,
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None,
    rule: RasterRule | None = None,
    title: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read a layer of cells.

    Cells are looked up when locations are screened, around the locations only.

    Parameters
    ----------
    key : str
        Short name ("overstromingsdiepte"); columns of results begin with it. For keys of the
        catalogue the title and rule have defaults.
    source : str or Path
        A GeoTIFF or an ESRI ASCII grid in RD New. A raster in another reference system is refused:
        converting it makes other values, and how is for whoever knows what they mean.
    band : int
        Which band, from 1.
    crs : optional
        The reference system, where the file states none (an ASCII grid) or a wrong one.
    nodata : float, optional
        A value that means that nothing is known, besides the one that the file states (-9999 for an
        ASCII grid that states none).
    coverage : str, Path, GeoDataFrame or Coverage, optional
        Where the values mean something, for a raster that has a value everywhere: a file, or
        "nederland". Without it the whole raster; cells without a value are unknown either way.
    rule : RasterRule, optional
        When it hinders: the main rule; without it the catalogue's.
    title : str, optional
        For people.
    reference_date : date, optional
        The day whose state the raster shows; of a date with a time only the day is kept.
    publisher, licence : str, optional
        Who publishes it, under which terms.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        Without features; its `raster` says where the cells are.

    Raises
    ------
    RuleError
        When the catalogue has no rule on cells for this key, and none is given.
    LayerError, FileError, CrsError
        When the key, the file, its band or its reference system cannot be used.
    """
    spec = (catalogue or default_catalogue()).spec(key)
    rules: dict[str, RuleBase] = {
        name: known for name, known in spec.rules.items() if isinstance(known, RasterRule)
    }
    if rule is not None:
        rules = {MAIN: rule, **{name: r for name, r in rules.items() if name != MAIN}}
    if MAIN not in rules:
        raise RuleError(
            f"laag {key}: er is geen regel voor rasters bekend; geef rule=RasterRule(above=…) of "
            "RasterRule(classes={…})."
        )
    raster = read_raster(source, band=band, crs=crs, nodata=nodata)
    if coverage is None:
        shape = np.array([raster.extent()], dtype=object)
        area = Coverage(shape, "het raster zelf; cellen zonder waarde zijn onbekend")
    else:
        area = coverage if isinstance(coverage, Coverage) else read_coverage(coverage)
    reference_date = day_of(reference_date, "reference_date")
    return Layer(
        key=key,
        title=title or spec.title,
        features=named(np.empty(0, dtype=object), [], []),
        coverage=area,
        rules=rules,
        reference_date=reference_date,
        publisher=publisher or "",
        licence=licence or "",
        source=raster.source,
        raster=raster,
    )


def with_exceedance(
    habitats: Layer,
    deposition: Raster | Layer,
    *,
    critical_load_column: str = "critical_d",
    statistic: str = "maximum",
    max_unknown_share: float = 0.05,
) -> Layer:
    """Add to habitats how far the background deposition goes beyond their critical load.

    Parameters
    ----------
    habitats : Layer
        With the column of critical loads (KDW), mol of nitrogen a hectare in the year.
    deposition : Raster or Layer
        The background deposition, in the same unit; a layer from `read_raster_layer`. A negative
        deposition cannot be, nor what the main rule of the layer calls impossible: there it is not
        known.
    critical_load_column : str
        The column of critical loads.
    statistic : str
        "maximum": a habitat is as overloaded as its worst cell, since a permit looks at each
        hectare; or "gemiddelde", over the whole habitat.
    max_unknown_share : float
        Where more of a habitat than this (0-1) has no value, its exceedance is not known.

    Returns
    -------
    Layer
        A copy whose features have the column `overschrijding_mol_ha_j`: positive where the
        background is above the critical load, NaN where one of the two is not known. Its source
        notes which raster was used.

    Raises
    ------
    ColumnError
        When there is no such column of critical loads.
    LayerError
        When `deposition` has no raster or no value under any habitat with a critical load, or
        `statistic` is another.
    """
    raster = deposition.raster if isinstance(deposition, Layer) else deposition
    rule = deposition.rule if isinstance(deposition, Layer) else None
    if not isinstance(raster, Raster):
        raise LayerError("deposition is geen raster; lees het met read_raster_layer.")
    if statistic not in {"maximum", "gemiddelde"}:
        raise LayerError(f"statistic is {statistic!r}; kies uit maximum, gemiddelde.")
    features = habitats.features
    if critical_load_column not in features.columns or features[critical_load_column].isna().all():
        raise ColumnError(
            f"laag {habitats.key}: kolom {critical_load_column!r} met kritische depositiewaarden "
            "is er niet; zeg bij read_layer met columns welke kolom van het bestand het is."
        )
    background, odd = _background(
        Sites(features.geometry.to_numpy()), raster, rule, statistic, max_unknown_share
    )
    critical = features[critical_load_column].to_numpy(dtype=float)
    if np.isnan(background - critical).all():
        why = "geen waarde bekend is"
        if odd.any():
            why = "een waarde staat die niet kan (geef nodata=)"
        raise LayerError(
            f"laag {habitats.key}: {raster.source.path} zegt van geen enkel object hoeveel er "
            f"neerkomt, omdat er {why}; geef een raster van de depositie waar de objecten liggen."
        )
    told = features.assign(**{EXCEEDANCE: background - critical})
    origin = habitats.source
    if origin is not None:
        note = (
            f"{EXCEEDANCE}: {statistic} van {raster.source.path} (sha256 {raster.source.sha256}) "
            f"min {critical_load_column}"
        )
        if odd.any():
            note += (
                f"; onder {counted(odd.sum(), 'object', 'objecten')} staat in het raster een "
                "waarde die niet kan: daar is de depositie onbekend"
            )
        origin = replace(origin, notes=(*origin.notes, note))
    return replace(habitats, features=told, source=origin)


def _background(
    sites: Sites, raster: Raster, rule: RuleBase | None, statistic: str, max_unknown_share: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Look up the deposition on sites, and tell upon which something stands that cannot be."""
    background = np.full(len(sites), np.nan)
    odd = np.zeros(len(sites), dtype=bool)
    with raster.opened() as grid:
        for found in cells_under(sites, grid):
            told = found.value >= 0
            if isinstance(rule, RasterRule):
                told &= rule.sayings(found.value)
            cells = found.only(told)
            odd[cells.sites] = cells.known < found.known
            value = cells.percentile(100) if statistic == "maximum" else cells.mean()
            enough = cells.known >= 1 - max_unknown_share
            background[cells.sites] = np.where(enough, value, np.nan)
    return background, odd
