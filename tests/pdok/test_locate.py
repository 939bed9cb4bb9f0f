"""Locatieserver: a place, and whether it is the one that was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pdok_servers import Question, Reply, as_json

from woongeo.errors import InputError, ServiceResponseError, ServiceUnavailableError
from woongeo.pdok.locate import Match, locate, lookup, suggest

if TYPE_CHECKING:
    from pathlib import Path


def place(name: str, kind: str = "woonplaats", **more: object) -> dict[str, object]:
    return {
        "id": f"{kind}-{name}",
        "type": kind,
        "weergavenaam": name,
        "score": 9.5,
        "gemeentecode": "0489",
        "centroide_rd": "POINT(97000.5 430000)",
        **more,
    }


def solr(*docs: dict[str, object], found: int | None = None) -> Reply:
    total = len(docs) if found is None else found
    return as_json({"response": {"numFound": total, "start": 0, "docs": list(docs)}})


def test_a_place_in_rd_with_its_municipality(serve: Any, task: Any) -> None:
    straat = place("Stationstuinen, Barendrecht", "weg", straatnaam="Stationstuinen",
                   woonplaatsnaam="Barendrecht", gemeentenaam="Barendrecht")  # fmt: skip
    server = serve(lambda _: solr(straat))
    (found,) = locate(task(server), "Stationstuinen, Barendrecht", url=server.url)
    assert shapely.get_coordinates(found.point).tolist() == [[97000.5, 430000]]
    assert found.municipality_code == "GM0489"
    assert (found.match, found.doubt) == (Match.EXACT, "")
    assert server.asked[0].path == "/free"
    assert server.asked[0].query == {"q": "Stationstuinen, Barendrecht", "rows": "10"}


def test_a_loose_match_is_said_to_be_loose(serve: Any, task: Any) -> None:
    """The server gives what is nearest, with HTTP 200."""
    server = serve(lambda _: solr(place("Stationstuin, Houten", "weg")))
    (found,) = locate(task(server), "Stationstuinen, Barendrecht", url=server.url)
    assert found.match is Match.LOOSE
    assert "barendrecht, stationstuinen" in found.doubt


ADDRESS = place(
    "Bolstraat 18A-1, 3581WS Utrecht",
    "adres",
    straatnaam="Bolstraat",
    huisnummer=18,
    huis_nlt="18A-1",
    postcode="3581WS",
    woonplaatsnaam="Utrecht",
)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Bolstraat 18A-1, Utrecht", Match.EXACT),
        ("bólstraat 18a-1 3581 ws", Match.EXACT),
        ("3581WS 18A-1", Match.EXACT),
        ("Bolstraat 18, Utrecht", Match.LOOSE),
        ("Bolstraat, Utrecht", Match.LOOSE),
        ("Bolstraat 81A-1, Utrecht", Match.LOOSE),
        ("3582WS 18A-1", Match.LOOSE),
        ("Bolstraat 18A-1, Zeist", Match.LOOSE),
    ],
)
def test_an_address_must_be_that_address(serve: Any, task: Any, text: str, match: Match) -> None:
    server = serve(lambda _: solr(ADDRESS))
    (found,) = locate(task(server), text, url=server.url)
    assert found.match is match
    assert bool(found.doubt) is (match is Match.LOOSE)


def test_a_street_in_the_town_is_not_the_town(serve: Any, task: Any) -> None:
    straat = place("Dorpsweg, Maarn", "weg", straatnaam="Dorpsweg", woonplaatsnaam="Maarn")
    server = serve(lambda _: solr(place("Maarn, Utrechtse Heuvelrug"), straat))
    town, street = locate(task(server), "Maarn", url=server.url)
    assert town.match is Match.EXACT
    assert street.match is Match.LOOSE


def test_several_that_fit_are_said_to_be_several(serve: Any, task: Any) -> None:
    server = serve(
        lambda _: solr(place("Dorpsstraat, Assendelft", "weg"), place("Dorpsstraat, Ede", "weg"))
    )
    found = locate(task(server), "Dorpsstraat", kinds=["weg"], url=server.url)
    assert {f.match for f in found} == {Match.AMBIGUOUS}
    assert "2 plaatsen" in found[0].doubt
    assert server.asked[0].query["fq"] == "type:(weg)"


def test_nothing_found_is_an_empty_list(serve: Any, task: Any) -> None:
    server = serve(lambda _: solr())
    assert locate(task(server), "Xyzzy", url=server.url) == []


@pytest.mark.parametrize("text", ["", "  ", "?!"])
def test_nothing_asked(serve: Any, task: Any, text: str) -> None:
    server = serve(lambda _: solr())
    with pytest.raises(InputError, match="naam of adres"):
        locate(task(server), text, url=server.url)
    with pytest.raises(InputError, match="geen soort"):
        locate(task(server), "Ede", kinds=["weg) OR (*"], url=server.url)
    with pytest.raises(InputError, match="rows"):
        locate(task(server), "Ede", rows=0, url=server.url)
    assert server.asked == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (as_json({"error": {"msg": "Verplichte parameter ontbreekt", "code": 400}}), "Verplichte"),
        (as_json({"response": {"numFound": 3, "docs": [place("Ede")]}}), "geen volledige lijst"),
        (as_json({"response": {"numFound": 1, "docs": [{}]}}), "geen volledige lijst"),
        (as_json({"response": []}), "geen volledige lijst"),
        (solr(place("Ede", centroide_rd="POINT(5.1 52.1)")), "geen plek in Nederland"),
        (solr(place("Ede", centroide_rd="POINT(nan nan)")), "geen plek in Nederland"),
        (Reply(b"<title>Onderhoud</title>"), "Onderhoud"),
    ],
)
def test_answers_that_cannot_be_used(serve: Any, task: Any, reply: Reply, said: str) -> None:
    server = serve(lambda _: reply)
    with pytest.raises(ServiceResponseError, match=said):
        locate(task(server), "Ede", url=server.url)


def test_a_server_that_is_down(serve: Any, task: Any) -> None:
    server = serve(lambda _: Reply(b"", 503))
    with pytest.raises(ServiceUnavailableError):
        locate(task(server), "Ede", url=server.url)


def test_lookup_of_what_is_not_there(serve: Any, task: Any) -> None:
    server = serve(lambda _: solr())
    with pytest.raises(InputError, match="kent dit id niet"):
        lookup(task(server), "adr-1", url=server.url)
    server = serve(lambda _: solr(place("Ede")))
    with pytest.raises(ServiceResponseError, match="in plaats van"):
        lookup(task(server), "adr-1", url=server.url)


def test_recorded_answers(serve: Any, task: Any, real_data: Path) -> None:
    """What v3_1 answered: 165 results for one address, the first of them right."""
    folder = real_data / "pdok" / "locatieserver"

    def answer(asked: Question) -> Reply:
        body = json.loads((folder / f"{asked.path[1:]}.json").read_text())
        # The recording was shortened.
        body["response"]["numFound"] = len(body["response"]["docs"])
        return as_json(body)

    server = serve(answer)
    (found,) = locate(task(server), "Bolstraat 1, 3581 WS Utrecht", url=server.url)
    assert found.match is Match.EXACT
    assert shapely.get_coordinates(found.point).tolist() == [[137569.474, 455650.561]]
    assert (found.municipality_code, found.province) == ("GM0344", "Utrecht")
    typed = suggest(task(server), "Westeringlaan 18A-2, Maasbree", url=server.url)
    assert [p.match for p in typed].count(Match.EXACT) == 1
    assert typed[1].match is Match.EXACT
    assert typed[1].point is None
    known = lookup(task(server), "adr-bf54db721969487ed33ba84d9973c702", url=server.url)
    assert known.name == "Europalaan 93, 3526KP Utrecht"
    assert known.score is None


def test_recorded_error(serve: Any, task: Any, real_data: Path) -> None:
    body = (real_data / "pdok" / "locatieserver" / "error.json").read_bytes()
    server = serve(lambda _: Reply(body, 400, {"Content-Type": "application/json"}))
    with pytest.raises(ServiceResponseError, match="Verplichte parameter 'id' ontbreekt"):
        lookup(task(server), "x", url=server.url)
