"""Locatieserver: a name or an address to a place, for a first look.

It always answers with what is nearest to the question, however far that is: "Stationstuinen,
Barendrecht" may give a street of that name elsewhere. So each result says whether every word of the
question is found in it, and whether there are more such results.

For tens of addresses, not for thousands: take the BAG for those
(https://www.pdok.nl/pdok-locatieserver).
"""

from __future__ import annotations

import enum
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from woongeo.encode import visible
from woongeo.errors import InputError, ServiceResponseError
from woongeo.pdok._boxes import NATION
from woongeo.pdok._http import Answer, GarbledError
from woongeo.pdok._pages import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from woongeo.pdok._run import Task

#: Where the Locatieserver is.
URL = "https://api.pdok.nl/bzk/locatieserver/search/v3_1"

_POINT = re.compile(r"POINT ?\((-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?)\)")
_POSTCODE = re.compile(r"\b([1-9]\d{3})([A-Z]{2})\b")
_WORDS = re.compile(r"[a-z0-9]+")
_FIELDS = (
    "weergavenaam",
    "straatnaam",
    "huis_nlt",
    "huisnummer",
    "postcode",
    "woonplaatsnaam",
    "gemeentenaam",
    "provincienaam",
    "buurtnaam",
    "wijknaam",
    "waterschapsnaam",
)
# Words that say what kind of place is meant, and little words.
_FILLERS = {"gemeente", "provincie", "nederland", "de", "het", "te", "in", "van", "der", "den", "s"}


class Match(enum.StrEnum):
    """How well a place answers the question."""

    EXACT = "precies"
    AMBIGUOUS = "meerdere"
    LOOSE = "los"


@dataclass(frozen=True)
class Place:
    """A place that the Locatieserver knows.

    Attributes
    ----------
    id : str
        For `lookup`.
    name : str
        For people.
    kind : str
        ``adres``, ``weg``, ``postcode``, ``woonplaats``, ``gemeente``, ``wijk``, …
    point : Point or None
        In its middle, RD New (EPSG:28992), metres; None where the server gives none.
    match : Match
        Whether this is what was asked.
    doubt : str
        Why it may not be, in Dutch; empty where it is.
    score : float or None
        The server's own, comparable within one answer only.
    municipality_code : str
        ``GM0344``; empty where there is none.
    municipality, province, postcode, source : str
        Empty where there is none.
    """

    id: str
    name: str
    kind: str
    point: shapely.Point | None
    match: Match
    doubt: str
    score: float | None
    municipality_code: str = ""
    municipality: str = ""
    province: str = ""
    postcode: str = ""
    source: str = ""


def locate(
    task: Task, text: str, *, kinds: Sequence[str] = (), rows: int = 10, url: str | None = None
) -> list[Place]:
    """Find places by name or address.

    Parameters
    ----------
    task : Task
        The fetch.
    text : str
        What to find: "Stationstuinen, Barendrecht", "3581WS 1".
    kinds : sequence of str
        Only these kinds, such as "woonplaats" or "gemeente"; empty for all.
    rows : int
        Most results, 1 to 100.
    url : str, optional
        Where the Locatieserver is; `URL` without it.

    Returns
    -------
    list of Place
        Best first, as the server orders them; empty when it knows nothing like it. Look at `match`
        before using one.

    Raises
    ------
    InputError
        When there is nothing to find.
    ServiceError
        When the server does not answer, or not as asked.
    """
    return _search(task, f"{url or URL}/free", text, kinds, rows)


def suggest(
    task: Task, text: str, *, kinds: Sequence[str] = (), rows: int = 10, url: str | None = None
) -> list[Place]:
    """Find places that begin as a text does, for completing what is typed.

    Parameters
    ----------
    task : Task
        The fetch.
    text : str
        What was typed so far.
    kinds : sequence of str
        Only these kinds; empty for all.
    rows : int
        Most results, 1 to 100.
    url : str, optional
        Where the Locatieserver is; `URL` without it.

    Returns
    -------
    list of Place
        Best first, without a point: `lookup` gives that.

    Raises
    ------
    InputError
        When there is nothing to find.
    ServiceError
        When the server does not answer, or not as asked.
    """
    return _search(task, f"{url or URL}/suggest", text, kinds, rows)


def lookup(task: Task, place_id: str, *, url: str | None = None) -> Place:
    """Give the place with an id.

    Parameters
    ----------
    task : Task
        The fetch.
    place_id : str
        From `locate` or `suggest`.
    url : str, optional
        Where the Locatieserver is; `URL` without it.

    Returns
    -------
    Place
        The place.

    Raises
    ------
    InputError
        When no place has that id.
    ServiceError
        When the server does not answer, or not as asked.
    """
    if not place_id.strip():
        raise InputError("lookup: geef het id van een plaats, zoals locate() het noemt.")
    docs = _docs(task, f"{url or URL}/lookup", {"id": place_id}, 1)
    if not docs:
        raise InputError(f"{visible(place_id)[:100]}: de Locatieserver kent dit id niet (meer).")
    if docs[0].get("id") != place_id:
        raise ServiceResponseError(
            f"{task.what}: de Locatieserver gaf {visible(docs[0].get('id'))[:100]} in plaats van "
            f"{visible(place_id)[:100]}."
        )
    return _place(docs[0], Match.EXACT, "", task.what)


def as_frame(places: Sequence[Place]) -> gpd.GeoDataFrame:
    """Put places in a table.

    Parameters
    ----------
    places : sequence of Place
        What was found.

    Returns
    -------
    GeoDataFrame
        RD New (EPSG:28992), metres, on a fresh `RangeIndex`: ``naam``, ``soort``, ``overeenkomst``
        ("precies", "meerdere" or "los"), ``twijfel``, ``score``, ``gemeente``, ``gemeentecode``,
        ``provincie``, ``postcode``, ``id`` and a point.
    """
    table = {
        "naam": [p.name for p in places],
        "soort": [p.kind for p in places],
        "overeenkomst": [str(p.match) for p in places],
        "twijfel": [p.doubt for p in places],
        "score": [p.score for p in places],
        "gemeente": [p.municipality for p in places],
        "gemeentecode": [p.municipality_code for p in places],
        "provincie": [p.province for p in places],
        "postcode": [p.postcode for p in places],
        "id": [p.id for p in places],
    }
    points = gpd.GeoSeries([p.point for p in places], crs="EPSG:28992")
    return gpd.GeoDataFrame(table, geometry=points)


def _search(task: Task, url: str, text: str, kinds: Sequence[str], rows: int) -> list[Place]:
    """Ask, and judge each result by the question."""
    if not _words(text):
        raise InputError("locate: geef een naam of adres om te zoeken.")
    if not 1 <= rows <= 100:
        raise InputError(f"rows: {rows} ligt niet tussen 1 en 100.")
    if stray := [kind for kind in kinds if not kind.isalpha()]:
        raise InputError(f"kinds: {stray[0]!r} is geen soort; bijvoorbeeld 'gemeente' of 'adres'.")
    query = {"q": text, "rows": str(rows)}
    if kinds:
        query["fq"] = f"type:({' OR '.join(kinds)})"
    docs = _docs(task, url, query, rows)
    doubts = [_doubt(text, doc) for doc in docs]
    sure = doubts.count("")
    places = []
    for doc, doubt in zip(docs, doubts, strict=True):
        match, told = (Match.LOOSE, doubt) if doubt else (Match.EXACT, "")
        if sure > 1 and not doubt:
            match, told = (
                Match.AMBIGUOUS,
                f"{sure} plaatsen passen bij deze vraag; noem er meer bij",
            )
        places.append(_place(doc, match, told, task.what))
    return places


def _docs(task: Task, url: str, query: Mapping[str, str], rows: int) -> list[dict[str, Any]]:
    """Ask a question, and see that its answer is whole."""

    def check(answer: Answer) -> list[dict[str, Any]]:
        found = read_json(answer, task.what)
        if (error := found.get("error")) is not None:
            said = error.get("msg") if isinstance(error, dict) else error
            raise ServiceResponseError(
                f"{task.what}: de Locatieserver wijst de vraag af: {visible(said)[:300]}."
            )
        response = found.get("response")
        docs = response.get("docs") if isinstance(response, dict) else None
        total = response.get("numFound") if isinstance(response, dict) else None
        if (
            not isinstance(docs, list)
            or not isinstance(total, int)
            or len(docs) != min(total, rows)
            or not all(isinstance(doc, dict) and doc.get("id") for doc in docs)
        ):
            raise GarbledError(f"{task.what}: {answer.url[:300]} geeft geen volledige lijst.")
        return docs

    return task.http.get(
        url, what=task.what, params=query, budget=task.budget, ledger=task.ledger, check=check
    )


def _plain(text: str) -> str:
    """Write text in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def _words(text: str) -> set[str]:
    """Take the words of a text."""
    return set(_WORDS.findall(_plain(text)))


def _doubt(text: str, doc: Mapping[str, Any]) -> str:
    """Say why a result may not be what was asked; empty where it is."""
    asked = _words(text)
    known: set[str] = set()
    for name in _FIELDS:
        written = str(doc.get(name, ""))
        # A postcode is written as one word or as two.
        known |= _words(written) | _words(_POSTCODE.sub(r"\1 \2", written))
    if missing := sorted(asked - known - _FILLERS):
        return f"hierin komt niet voor: {', '.join(missing)}"
    kind = str(doc.get("type", ""))
    if kind == "adres":
        return _doubt_of_address(asked, doc)
    # A street in the town that was asked is not the town.
    own = _words(str(doc.get("weergavenaam", "")).split(",")[0])
    if not (asked & own):
        return f"dit is een {visible(kind)[:30]} in wat is gevraagd, niet wat is gevraagd zelf"
    return ""


def _doubt_of_address(asked: Iterable[str], doc: Mapping[str, Any]) -> str:
    """See that an address was asked, and this one: not another letter or suffix."""
    # The display name of a suggestion holds the number behind the street: "Westeringlaan 18A-1, …".
    number = str(doc.get("huis_nlt") or "")
    if not number:
        first = str(doc.get("weergavenaam", "")).split(",")[0]
        number = first.rsplit(" ", 1)[-1]
    parts = _words(number)
    if not parts <= set(asked):
        return f"dit is één adres (nummer {visible(number)[:20]}), waar niet precies om is gevraagd"
    return ""


def _place(doc: Mapping[str, Any], match: Match, doubt: str, what: str) -> Place:
    """Turn one result into a place."""
    code = str(doc.get("gemeentecode") or "").strip().upper().removeprefix("GM")
    score = doc.get("score")
    return Place(
        id=str(doc["id"]),
        name=visible(doc.get("weergavenaam", "")),
        kind=str(doc.get("type", "")),
        point=_point(doc, what),
        match=match,
        doubt=doubt,
        score=float(score) if isinstance(score, int | float) else None,
        municipality_code=f"GM{code.zfill(4)}" if code.isdecimal() else "",
        municipality=str(doc.get("gemeentenaam", "")),
        province=str(doc.get("provincienaam", "")),
        postcode=str(doc.get("postcode", "")),
        source=str(doc.get("bron", "")),
    )


def _point(doc: Mapping[str, Any], what: str) -> shapely.Point | None:
    """Read ``centroide_rd``; the one in degrees is up to 4 cm off."""
    text = doc.get("centroide_rd")
    if text is None:
        return None
    match = _POINT.fullmatch(str(text).strip())
    x, y = (float(match[1]), float(match[2])) if match else (math.nan, math.nan)
    west, south, east, north = NATION
    if not (west <= x <= east and south <= y <= north):
        raise ServiceResponseError(
            f"{what}: de Locatieserver plaatst {visible(doc.get('weergavenaam'))[:100]} op "
            f"{visible(text)[:60]}; dat is geen plek in Nederland in RD New."
        )
    return shapely.Point(x, y)
