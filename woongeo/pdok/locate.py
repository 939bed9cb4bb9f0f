"""The Locatieserver: a place by its name, for tens of look-ups and not for thousands.

Addresses in bulk are to be taken from the BAG: https://api.pdok.nl/robots.txt keeps programs that
collect away from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.errors import ShapelyError

from woongeo.pdok._http import Answer, GarbledError
from woongeo.pdok._pages import read_json

if TYPE_CHECKING:
    from woongeo.pdok._run import Task

URL = "https://api.pdok.nl/bzk/locatieserver/search/v3_1/free"
_COLUMNS = {
    "naam": "weergavenaam",
    "soort": "type",
    "score": "score",
    "gemeente": "gemeentenaam",
    "provincie": "provincienaam",
    "postcode": "postcode",
    "id": "id",
}


def fetch_places(task: Task, text: str, rows: int, *, url: str = URL) -> gpd.GeoDataFrame:
    """Look up a place.

    Parameters
    ----------
    task : Task
        The fetch.
    text : str
        What to look for.
    rows : int
        At most so many.
    url : str
        The service.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres, best match first; on a fresh `RangeIndex`.

    Raises
    ------
    ServiceError
        When it does not answer, or not as asked.
    """

    def check(answer: Answer) -> gpd.GeoDataFrame:
        return read_places(answer, task.what)

    return task.http.get(
        url,
        what=task.what,
        params={"q": text, "rows": str(rows)},
        budget=task.budget,
        ledger=task.ledger,
        check=check,
    )


def read_places(answer: Answer, what: str) -> gpd.GeoDataFrame:
    """Decode what the Locatieserver found.

    Parameters
    ----------
    answer : Answer
        Of ``free``.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres.

    Raises
    ------
    GarbledError
        When it is no answer of the Locatieserver's.
    """
    response = read_json(answer, what).get("response")
    documents: Any = response.get("docs") if isinstance(response, dict) else None
    if not isinstance(documents, list):
        raise GarbledError(f"{what}: {answer.url[:300]} geeft geen lijst van plaatsen.")
    # centroide_ll was made without the correction grid and is a few centimetres off.
    try:
        points = shapely.from_wkt([doc["centroide_rd"] for doc in documents])
        table = {
            own: pd.Series([doc.get(theirs) for doc in documents], dtype="object")
            for own, theirs in _COLUMNS.items()
        }
    except (AttributeError, KeyError, TypeError, ShapelyError) as error:
        raise GarbledError(f"{what}: een gevonden plaats heeft geen plek in RD.") from error
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(points, crs="EPSG:28992"))
