"""Pages of GeoJSON to arrays, one page at a time.

A page is decoded, its coordinates go to GEOS and its properties to Arrow, and the Python objects
are let go before the next page comes: two hundred pages of dictionaries would take gigabytes.

GDAL could read a page too. It keeps Python's lock while it reads, guesses the types of each page
anew, and calls RD metres WGS 84 because GeoJSON of api.pdok.nl has no ``crs`` member.
"""

from __future__ import annotations

import gc
import json
import threading
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.errors import ShapelyError

from woongeo.errors import ServiceResponseError
from woongeo.numerals import by_number
from woongeo.pdok._http import Answer, GarbledError, server_text
from woongeo.pdok._shapes import read_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_NULL, _BOOL, _INT, _FLOAT, _TEXT = pa.null(), pa.bool_(), pa.int64(), pa.float64(), pa.string()


@dataclass(frozen=True, eq=False)
class Page:
    """Features of one answer, as arrays.

    Attributes
    ----------
    ids : list of str or None
        As served.
    geometry : ndarray of shapely geometries
        2D; None where there is none.
    columns : dict
        Name to Arrow array.
    """

    ids: list[str | None]
    geometry: NDArray[np.object_]
    columns: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(self.ids)


class _Decoding:
    """Counts the threads that decode, and keeps the collector of cycles waiting meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if self._busy == 0:
                self._was_on = gc.isenabled()
                gc.disable()
            self._busy += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._busy -= 1
            if self._busy == 0 and self._was_on:
                gc.enable()


#: To decode within. A page is tens of thousands of lists without one cycle, and Python would search
#: them for cycles again and again: half the time of a layer of 100,000 features.
DECODING = _Decoding()


def read_json(answer: Answer, what: str) -> dict[str, Any]:
    """Decode an answer that must be one whole JSON object.

    Parameters
    ----------
    answer : Answer
        The answer.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    GarbledError
        When it is cut off, a page for people, an exception, or no object.
    """
    try:
        found = json.loads(answer.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        said = server_text(answer)
        told = f" en zegt: {said}" if said else ""
        raise GarbledError(
            f"{what}: {answer.url[:300]} antwoordt met {answer.kind() or 'iets'} dat geen "
            f"volledige JSON is{told}."
        ) from error
    if not isinstance(found, dict):
        raise GarbledError(f"{what}: {answer.url[:300]} antwoordt met JSON dat geen object is.")
    return found


def _refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which are not JSON."""
    raise ValueError(name)


def read_collection(answer: Answer, what: str) -> dict[str, Any]:
    """Decode an answer that must be a whole FeatureCollection.

    Parameters
    ----------
    answer : Answer
        The answer.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    dict
        The collection, whose ``features`` is a list of as many objects as it says.

    Raises
    ------
    GarbledError
        When it has no features member, or another number of features than it says.
    """
    found = read_json(answer, what)
    features = found.get("features")
    if found.get("type") != "FeatureCollection" or not isinstance(features, list):
        said = server_text(answer)
        told = f"; de server zegt: {said}" if said else ""
        raise GarbledError(f"{what}: {answer.url[:300]} geeft geen lijst van objecten{told}.")
    if "exceptions" in found:
        raise GarbledError(f"{what}: {answer.url[:300]} meldt een fout naast de objecten.")
    returned = found.get("numberReturned")
    if returned is not None and returned != len(features):
        raise GarbledError(
            f"{what}: {answer.url[:300]} zegt {returned} "
            f"{by_number(returned, 'object', 'objecten')} te geven, maar geeft er {len(features)}."
        )
    return found


def read_page(features: Sequence[Any], what: str, *, id_from: Sequence[str] = ()) -> Page:
    """Turn decoded features into arrays.

    Parameters
    ----------
    features : sequence
        The ``features`` of a FeatureCollection.
    what : str
        What is being fetched, for messages.
    id_from : sequence of str
        Properties that name a feature where it has no id of its own; the first that is there.

    Returns
    -------
    Page
        The arrays.

    Raises
    ------
    GarbledError
        When a feature is no feature, or its coordinates are no numbers.
    """
    try:
        ids = [None if f.get("id") is None else str(f["id"]) for f in features]
        properties = [f.get("properties") or {} for f in features]
        if ids.count(None) == len(ids):
            name = next((n for n in id_from if all(p.get(n) is not None for p in properties)), None)
            ids = ids if name is None else [str(p[name]) for p in properties]
        geometry = read_shapes([f.get("geometry") for f in features])
        columns = {name: _column(values) for name, values in _turned(properties)}
    except (AttributeError, KeyError, TypeError, ValueError, ShapelyError) as error:
        raise GarbledError(
            f"{what}: een object in het antwoord is onleesbaar ({error})."
        ) from error
    return Page(ids, geometry, columns)


def _turned(properties: list[dict[str, Any]]) -> Iterable[tuple[str, Sequence[Any]]]:
    """Give the values of each property, in order; None where a feature has it not."""
    names = list(dict.fromkeys(chain.from_iterable(properties)))
    # As a rule every feature has every property, and then nothing needs to be looked for.
    if len(names) > 1 and set(map(len, properties)) == {len(names)}:
        return zip(names, zip(*map(itemgetter(*names), properties), strict=True), strict=True)
    return ((name, [p.get(name) for p in properties]) for name in names)


def _column(values: Sequence[Any]) -> pa.Array:
    """Put the values of one property in the narrowest of five types."""
    kinds = set(map(type, values)) - {type(None)}
    try:
        if not kinds:
            return pa.nulls(len(values), _NULL)
        if kinds == {str}:
            return pa.array(values, _TEXT)
        if kinds == {bool}:
            return pa.array(values, _BOOL)
        if kinds == {int}:
            return pa.array(values, _INT)
        if kinds <= {int, float}:
            return pa.array([None if v is None else float(v) for v in values], _FLOAT)
    except OverflowError:
        pass
    # Lists of links, nested objects and mixtures stay readable as text.
    return pa.array([_as_text(v) for v in values], _TEXT)


def _as_text(value: object) -> str | None:
    """Write a value as text; text as it is."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def refuse_outside(page: Page, box: tuple[float, float, float, float], url: str, what: str) -> None:
    """Refuse shapes that lie outside the box that was asked.

    Swapped axes, degrees labelled as metres and a box that the server did not understand all show
    here, and none of them shows in a status or a count.

    Parameters
    ----------
    page : Page
        Shapes.
    box : tuple of float
        West, south, east, north in RD New, metres.
    url : str
        Where they came from.
    what : str
        What is being fetched.

    Raises
    ------
    ServiceResponseError
        When the envelope of a shape lies more than 5 m outside.
    """
    west, south, east, north = box
    bounds = shapely.bounds(page.geometry)
    # A server that keeps its data in degrees chooses within decimetres.
    outside = (
        (bounds[:, 2] < west - 5)
        | (bounds[:, 0] > east + 5)
        | (bounds[:, 3] < south - 5)
        | (bounds[:, 1] > north + 5)
    )
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        x, y = bounds[row, 0], bounds[row, 1]
        raise ServiceResponseError(
            f"{what}: {url[:300]} geeft object {page.ids[row]} op ({x:.1f}, {y:.1f}), buiten het "
            f"gevraagde gebied ({west:.0f}, {south:.0f}) - ({east:.0f}, {north:.0f}): de server "
            "leest het gebied of het coördinatenstelsel anders. Meld dit."
        )
