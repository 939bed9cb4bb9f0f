"""What both doors share: what is asked, progress, and many boxes at once."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

from woongeo.errors import IncompleteLayerError
from woongeo.numerals import by_number
from woongeo.pdok._boxes import NATION, Box, quarters
from woongeo.pdok._gathered import ChangedError, Gathered
from woongeo.pdok._http import Budget, Http, Ledger, TooHeavyError
from woongeo.pdok._many import together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from woongeo.pdok._pages import Page

#: Features of one layer at most, so that a server gone wild does not fill memory.
MAX_FEATURES = 5_000_000

_RD_URI = re.compile(
    r"(https?://www\.opengis\.net/def/crs/EPSG/[^/]+/|urn:ogc:def:crs:EPSG:[^:]*:)28992"
)
_DEEPEST = 10


@dataclass(frozen=True)
class Step:
    """How far a fetch is; the total is not known at PDOK.

    Attributes
    ----------
    what : str
        The layer.
    requests, features, bytes : int
        So far.
    """

    what: str
    requests: int
    features: int
    bytes: int


@dataclass
class Task:
    """One fetch: its line, its time, its ledger.

    Attributes
    ----------
    what : str
        What is being fetched, for messages.
    http : Http
        Asks the questions.
    budget : Budget
        Time for all of it.
    ledger : Ledger
        Every answer.
    progress : callable, optional
        Is told of every page.
    notes : list of str
        What a reader of the layer should know.
    duplicates : int
        How many features came more than once, equal, and were left out.
    """

    what: str
    http: Http
    budget: Budget
    ledger: Ledger = field(default_factory=Ledger)
    progress: Callable[[Step], None] | None = None
    notes: list[str] = field(default_factory=list)
    duplicates: int = 0
    _features: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, features: int) -> None:
        """Count what a page brought, tell, and guard memory.

        Parameters
        ----------
        features : int
            In the page.

        Raises
        ------
        IncompleteLayerError
            When there are more than can be held.
        """
        with self._lock:
            self._features += features
            step = Step(self.what, len(self.ledger.exchanges), self._features, self.ledger.size())
            if self.progress is not None:
                self.progress(step)
        if step.features > MAX_FEATURES:
            raise IncompleteLayerError(
                f"{self.what}: meer dan {MAX_FEATURES} objecten en dus gestopt; er is niets "
                "bewaard. Vraag een kleiner gebied, of neem het bestand (ATOM)."
            )

    def note(self, text: str) -> None:
        """Remember something that a reader of the layer should know.

        Parameters
        ----------
        text : str
            In Dutch.
        """
        with self._lock:
            if text not in self.notes:
                self.notes.append(text)


def is_rd_uri(uri: str) -> bool:
    """Tell whether a reference system's name in an answer is RD New.

    Parameters
    ----------
    uri : str
        A URI or URN.

    Returns
    -------
    bool
        True for EPSG:28992 in any spelling of OGC's.

    Examples
    --------
    >>> is_rd_uri("http://www.opengis.net/def/crs/EPSG/0/28992")
    True
    >>> is_rd_uri("urn:ogc:def:crs:EPSG::28992"), is_rd_uri("urn:ogc:def:crs:OGC:1.3:CRS84")
    (True, False)
    """
    return _RD_URI.fullmatch(uri.strip()) is not None


def gather(
    task: Task,
    boxes: Sequence[Box] | None,
    run: Callable[[Box | None], list[Page]],
    *,
    twice: bool = True,
) -> gpd.GeoDataFrame:
    """Fetch all boxes, dividing those that the server cannot answer in time.

    Parameters
    ----------
    task : Task
        The fetch.
    boxes : sequence of Box or None
        None for the whole country in one question.
    run : callable
        Fetches one box, or everything for None, proves that it is whole, and gives its pages.
    twice : bool
        Whether to fetch all once more when the data changed meanwhile.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres; each feature once. See `Gathered.frame`.

    Raises
    ------
    ServiceError
        When any box fails: then nothing is given.
    """
    gathered = Gathered(task.what)
    # In the order of the boxes, so that the same answers give the same layer.
    for pages in together(
        lambda box: _divide_until_answered(task, box, run, 0), [None] if boxes is None else boxes
    ):
        gathered.extend(pages)
    try:
        _require_ids(gathered, boxes)
        frame = gathered.frame()
    except ChangedError:
        if not twice:
            raise
        task.note("gegevens veranderden tijdens het ophalen; alles is nog eens opgehaald")
        return gather(task, boxes, run, twice=False)
    task.duplicates = gathered.duplicates
    for text in gathered.notes:
        task.note(text)
    return frame


def _require_ids(gathered: Gathered, boxes: Sequence[Box] | None) -> None:
    """Refuse features without an id where one feature can come with several boxes."""
    if boxes is not None and len(boxes) > 1 and any(name is None for name in gathered.ids()):
        raise IncompleteLayerError(
            f"{gathered.what}: de objecten hebben geen id, dus is niet te zien welke dubbel zijn; "
            "vraag één gebied tegelijk."
        )


def _divide_until_answered(
    task: Task, box: Box | None, run: Callable[[Box | None], list[Page]], depth: int
) -> list[Page]:
    """Fetch a box; when the server runs out of time, fetch its quarters."""
    try:
        return run(box)
    except TooHeavyError as error:
        expected = error.expected
        parts = quarters(box or NATION) if depth < _DEEPEST else None
        if parts is None:
            raise
        task.note("de server kon het gebied niet in één keer geven; het is in kleinere gevraagd")
        if box is None:
            task.note("objecten zonder vorm komen bij vragen per gebied niet mee")
        pages: list[Page] = []
        for part in parts:
            pages += _divide_until_answered(task, part, run, depth + 1)
        names = {name for page in pages for name in page.ids}
        if None in names:
            raise IncompleteLayerError(
                f"{task.what}: de objecten hebben geen id, dus is bij het vragen in delen niet te "
                "zien welke dubbel zijn."
            ) from None
        if expected is not None and len(names) != expected:
            raise IncompleteLayerError(
                f"{task.what}: de server telt {expected} "
                f"{by_number(expected, 'object', 'objecten')}, maar in delen gevraagd zijn het er "
                f"{len(names)}: objecten zonder vorm of buiten Nederland komen zo niet mee. Neem "
                "het bestand (ATOM)."
            ) from None
        return pages


def require_understood(
    task: Task, url: str, some: Page | None, finds: Callable[[str | None, Box], bool]
) -> None:
    """See that a box finds what is there, before nothing is believed to be there.

    A server that reads the box in another system, or the other way round, answers HTTP 200 and no
    features; that would read as free.

    Parameters
    ----------
    task : Task
        The fetch.
    url : str
        What was asked.
    some : Page or None
        Features that the server gives without a box; None where it gives none.
    finds : callable
        Asks for a box, and tells whether the feature of that id is in the answer.

    Raises
    ------
    IncompleteLayerError
        When a feature is not found at its own place, or there is none with a place.
    """
    spot = None if some is None else _first_place(some)
    if spot is None:
        raise IncompleteLayerError(
            f"{task.what}: {url[:300]} geeft ook zonder gebied geen object met een vorm, dus zegt "
            "een leeg gebied niets."
        )
    if not finds(*spot):
        raise IncompleteLayerError(
            f"{task.what}: {url[:300]} vindt object {spot[0]} niet op zijn eigen plek; de server "
            "leest het gebied anders dan het is bedoeld. Meld dit."
        )


def _first_place(page: Page) -> tuple[str | None, Box] | None:
    """Find a feature with a place, and a box of 2 m within its envelope at a point on it."""
    for name, shape in zip(page.ids, page.geometry, strict=True):
        if shape is not None and not shape.is_empty:
            x, y = shapely.get_coordinates(shape)[0]
            return name, (x - 1, y - 1, x + 1, y + 1)
    return None
