"""The balance of a search: square metres per rule and per region, which add up to the area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from woongeo.engine import Sites, area_by_feature
from woongeo.verdict import Oordeel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.regions import Regions
    from woongeo.searching.tiles import Sieved

#: The row of the whole.
TOTAL = "alle gebieden"


def steps(sieved: Sieved, titled: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Tell what each rule takes in its turn.

    Parameters
    ----------
    sieved : Sieved
        The area divided.
    titled : sequence of tuple of str
        Key, title and severity of each rule in its turn.

    Returns
    -------
    DataFrame
        `Zoekgebieden.zeef`; square metres.
    """
    left = sieved.area_m2 - np.cumsum(sieved.taken_m2)
    return pd.DataFrame(
        {
            "laag": [key for key, _, _ in titled],
            "titel": [title for _, title, _ in titled],
            "zwaarte": [severity for _, _, severity in titled],
            "neemt_m2": sieved.taken_m2,
            "rest_m2": left,
            "onbekend_m2": sieved.unknown_m2 + 0.0,
        }
    )


def balance(sieved: Sieved, frame: gpd.GeoDataFrame, regions: Regions) -> pd.DataFrame:
    """Divide the ground of each region, and of all of them.

    Parameters
    ----------
    sieved : Sieved
        The area divided.
    frame : GeoDataFrame
        The search areas, with `oordeel` and `gebied`; RD New.
    regions : Regions
        Where was searched.

    Returns
    -------
    DataFrame
        `Zoekgebieden.balans`: one row a region, and last the whole; square metres.
    """
    shapes = regions.frame.geometry.to_numpy()
    n = len(shapes)

    def per_region(pieces: NDArray[np.object_], total: float) -> NDArray[np.float64]:
        if n == 1:
            return np.array([total])
        _, region, shared = area_by_feature(Sites(pieces), shapes)
        return np.bincount(region, weights=shared, minlength=n).astype(float)

    def with_total(values: NDArray[np.float64], total: float) -> NDArray[np.float64]:
        return np.append(values, total)

    total_unknown = float(sieved.unknown_m2.sum())
    free, unknown = (
        per_region(sieved.free_ground, sieved.free_m2),
        per_region(sieved.unknown_ground, total_unknown),
    )
    area = per_region(sieved.ground, sieved.area_m2)
    columns: dict[str, Any] = {
        "gebied": [*regions.frame["gebied"], TOTAL],
        "oppervlakte_m2": with_total(area, sieved.area_m2),
        "belemmerd_m2": with_total(area - free - unknown, float(sieved.taken_m2.sum())),
        "onbekend_m2": with_total(unknown, total_unknown),
        "vrij_m2": with_total(free, sieved.free_m2),
    }
    for outcome in Oordeel:
        chosen = (frame["oordeel"] == outcome).to_numpy()
        found = frame.geometry.to_numpy()[chosen]
        total = float(shapely.area(found).sum())
        columns[f"zoekgebied_{outcome}_m2"] = with_total(per_region(found, total), total)
    here = frame["gebied"].value_counts()
    counts = [int(here.get(name, 0)) for name in regions.frame["gebied"]]
    columns["zoekgebieden"] = [*counts, len(frame)]
    return pd.DataFrame(columns)
