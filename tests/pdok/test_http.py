"""The transport: every answer whole, in time, and from where it was asked."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdok_servers import Question, Reply, as_json, as_problem

from woongeo.errors import (
    EndpointGoneError,
    RefusedAddressError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.pdok._http import (
    Answer,
    Budget,
    GarbledError,
    Http,
    Ledger,
    Manners,
    TooHeavyError,
    public,
    within_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = as_json({"tekst": "x" * 5000})


def body(answer: Answer) -> bytes:
    return answer.body


def faulty_once(fault: Reply) -> tuple[list[int], Callable[[Question], Reply]]:
    """Fail the first time, then answer."""
    asked: list[int] = []

    def answer(_: Question) -> Reply:
        asked.append(1)
        return fault if len(asked) == 1 else GOOD

    return asked, answer


ZIPPED = GOOD.zipped()

CUT_OFF = {
    "short body": replace(GOOD, cut=1000),
    "no body at all": replace(GOOD, cut=0),
    "one byte short": replace(GOOD, cut=len(GOOD.body) - 1),
    "broken chunk": replace(GOOD, framing="chunked", cut=1234),
    "chunks without an end": replace(GOOD, framing="chunked", cut=5065),
    "gzip cut, length told": replace(ZIPPED, cut=20),
    "gzip cut, no length": replace(ZIPPED, cut=30, framing="close"),
    "gzip without its end": replace(ZIPPED, body=ZIPPED.body[:-8], framing="close"),
    "gzip damaged": replace(ZIPPED, body=ZIPPED.body[:-9] + b"x" + ZIPPED.body[-8:]),
    "line reset": replace(GOOD, cut=100, reset=True),
}


@pytest.mark.parametrize("fault", CUT_OFF.values(), ids=CUT_OFF)
def test_cut_off_once_is_asked_again(serve: Any, http: Any, fault: Reply) -> None:
    """F1, F2."""
    asked, answer = faulty_once(fault)
    server, ledger = serve(answer), Ledger()
    found = http(server).get(f"{server.url}/x", what="x", check=body, ledger=ledger)
    assert found == GOOD.body
    assert len(asked) == 2
    assert ledger.retries == 1


@pytest.mark.parametrize("fault", CUT_OFF.values(), ids=CUT_OFF)
def test_cut_off_for_ever_is_an_error(serve: Any, http: Any, fault: Reply) -> None:
    """F1, F2: never a shorter answer."""
    server = serve(lambda _: fault)
    with pytest.raises(ServiceUnavailableError, match="na 3 pogingen"):
        http(server, attempts=3).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 3


def test_body_without_length_is_left_to_the_check(serve: Any, http: Any) -> None:
    """F2: nothing in HTTP tells that it is short; the end of the JSON does."""
    server = serve(lambda _: replace(GOOD, framing="close", cut=100))

    def check(answer: Answer) -> object:
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise GarbledError("half") from error

    with pytest.raises(ServiceResponseError, match="half"):
        http(server, attempts=2).get(f"{server.url}/x", what="x", check=check)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_whole_answers_come_through(serve: Any, http: Any, *, packed: bool, framing: str) -> None:
    good = replace(ZIPPED if packed else GOOD, framing=framing)
    server = serve(lambda _: good)
    assert http(server).get(f"{server.url}/x", what="x", check=body) == GOOD.body


def test_slow_drip_has_an_end(serve: Any, http: Any) -> None:
    """F3: bytes keep coming, each within the time-out of a socket, but it takes too long."""
    server = serve(lambda _: replace(GOOD, drip=10, pause=0.05))
    asking = http(server, request_s=0.3, timeout_s=0.2, attempts=2)
    with pytest.raises(ServiceUnavailableError, match="niet uitgesproken"):
        asking.get(f"{server.url}/x", what="x", check=body)


def test_silence_has_an_end(serve: Any, http: Any) -> None:
    """F3."""
    server = serve(lambda _: replace(GOOD, silence=0.6))
    asking = http(server, timeout_s=0.1, attempts=2)
    with pytest.raises(ServiceUnavailableError, match="bleef stil"):
        asking.get(f"{server.url}/x", what="x", check=body)


def test_whole_task_has_an_end(serve: Any, http: Any) -> None:
    """F3: with time for more attempts, but not for the task."""
    server = serve(lambda _: as_problem(503, "druk"))
    asking = http(server, first_wait_s=0.2, attempts=50)
    with pytest.raises(ServiceUnavailableError, match="tijd"):
        asking.get(f"{server.url}/x", what="x", check=body, budget=Budget(0.5))
    assert len(server.asked) < 5


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_failing_server_is_asked_again(serve: Any, http: Any, status: int) -> None:
    """F4, F5."""
    asked, answer = faulty_once(as_problem(status, "even niet"))
    server = serve(answer)
    assert http(server).get(f"{server.url}/x", what="x", check=body) == GOOD.body
    assert len(asked) == 2


def test_failing_server_gives_its_words(serve: Any, http: Any) -> None:
    server = serve(lambda _: as_problem(502, "de bron ligt eruit"))
    with pytest.raises(ServiceUnavailableError, match=r"HTTP 502.*de bron ligt eruit"):
        http(server).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 5


def test_retry_after_is_honoured(serve: Any, http: Any) -> None:
    """F5: we wait as long as the server asks."""
    _, answer = faulty_once(Reply(b"", 429, {"Retry-After": "1"}))
    server = serve(answer)
    begin = time.monotonic()
    http(server).get(f"{server.url}/x", what="x", check=body)
    assert time.monotonic() - begin >= 1.0


def test_retry_after_as_a_date(serve: Any, http: Any) -> None:
    when = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    server = serve(lambda _: Reply(b"", 503, {"Retry-After": email.utils.format_datetime(when)}))
    with pytest.raises(ServiceUnavailableError, match="seconden te wachten"):
        http(server).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 1


@pytest.mark.parametrize("told", ["morgen", "-3", "", "99999999999999"])
def test_retry_after_that_means_nothing(serve: Any, http: Any, told: str) -> None:
    _, answer = faulty_once(Reply(b"", 503, {"Retry-After": told}))
    server = serve(answer)
    assert http(server).get(f"{server.url}/x", what="x", check=body) == GOOD.body


def test_query_that_took_too_long_is_not_repeated(serve: Any, http: Any) -> None:
    """F4: GoKoala's time-out; the caller asks for less."""
    server = serve(lambda _: as_problem(500, "querying the features took too long"))
    with pytest.raises(TooHeavyError):
        http(server).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_moved_or_retired(serve: Any, http: Any, status: int) -> None:
    """F8: names the layer and what to do."""
    server = serve(lambda _: as_problem(status, "weg"))
    with pytest.raises(EndpointGoneError, match=r"natuur: .*bestaat niet.*catalogus"):
        http(server).get(f"{server.url}/x", what="natuur", check=body)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [204, 206, 301, 304, 400, 401, 403, 418])
def test_other_status_is_no_answer(serve: Any, http: Any, status: int) -> None:
    server = serve(lambda _: Reply(b"" if status in {204, 304} else b"{}", status))
    with pytest.raises(ServiceResponseError):
        http(server).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 1


def test_redirect_on_the_same_host(serve: Any, http: Any) -> None:
    def answer(asked: Question) -> Reply:
        if asked.path == "/oud":
            return Reply(b"", 301, {"Location": "/nieuw?a=1"})
        return as_json({"pad": asked.path, **asked.query})

    server = serve(answer)
    found = http(server).get(f"{server.url}/oud", what="x", check=body)
    assert json.loads(found) == {"pad": "/nieuw", "a": "1"}


@pytest.mark.parametrize(
    "to",
    [
        "https://elders.example/",
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/",
        "file:///etc/passwd",
        "http://u:p@127.0.0.1/",
    ],
)
def test_redirect_elsewhere_is_not_followed(serve: Any, http: Any, to: str) -> None:
    """F8, F17: with the new place in the message, for a user to judge."""
    server = serve(lambda _: Reply(b"", 302, {"Location": to}))
    with pytest.raises(RefusedAddressError):
        http(server).get(f"{server.url}/x", what="x", check=body)


def test_redirects_without_end(serve: Any, http: Any) -> None:
    server = serve(lambda asked: Reply(b"", 302, {"Location": f"/{asked.number}"}))
    with pytest.raises(ServiceResponseError, match="blijft doorverwijzen"):
        http(server).get(f"{server.url}/x", what="x", check=body)
    assert len(server.asked) == 6


def test_no_credentials_are_carried(
    serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """F17: neither cookies nor what stands in ~/.netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login jan password geheim\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(lambda _: replace(GOOD, headers={"Set-Cookie": "sessie=1; Path=/"}))
    asking = http(server)
    for _ in range(2):
        asking.get(f"{server.url}/x", what="x", check=body)
    assert all(not {"authorization", "cookie"} & set(q.headers) for q in server.asked)


def test_two_clients_share_nothing(serve: Any) -> None:
    """F17: OWSLib's clients share their headers."""
    server = serve(lambda _: GOOD)
    hosts = frozenset({server.host})
    one, two = (Http(Manners(user_agent=u, hosts=hosts)) for u in ("een", "twee"))
    for asking in (one, two, one):
        asking.get(f"{server.url}/x", what="x", check=body)
        asking.close()
    assert [q.headers["user-agent"] for q in server.asked] == ["een", "twee", "een"]


def test_own_machine_is_not_asked_by_way_of_a_proxy(
    serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    server = serve(lambda _: GOOD)
    assert http(server).get(f"{server.url}/x", what="x", check=body) == GOOD.body


def test_a_host_must_be_configured_before_http_is_spoken(serve: Any) -> None:
    server = serve(lambda _: GOOD)
    with pytest.raises(RefusedAddressError, match="alleen https"):
        Http().get(f"{server.url}/x", what="x", check=body)
    assert not server.asked


def test_https_at_a_private_address_is_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """F17: a public name that a name server points at this machine."""
    from urllib3.connection import HTTPSConnection  # noqa: PLC0415

    class Line:
        closed = False

        def getpeername(self) -> tuple[str, int]:
            return ("10.1.2.3", 443)

        def close(self) -> None:
            self.closed = True

    line = Line()

    def connect(self: Any) -> None:
        self.sock = line

    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RefusedAddressError, match=r"privé-adres 10\.1\.2\.3"):
        Http().get("https://onschuldig.example/x", what="x", check=body)
    assert line.closed


def test_a_file_is_probed_without_being_fetched(serve: Any, http: Any) -> None:
    server = serve(lambda asked: as_problem(404, "weg") if asked.path == "/weg" else GOOD)
    asking = http(server)
    size = asking.probe(f"{server.url}/er", what="x", budget=Budget(5))
    assert size == len(GOOD.body)
    with pytest.raises(EndpointGoneError):
        asking.probe(f"{server.url}/weg", what="x", budget=Budget(5))
    server.close()
    with pytest.raises(ServiceUnavailableError):
        http(server).probe(f"{server.url}/er", what="x", budget=Budget(5))


def test_size_has_an_end(serve: Any, http: Any) -> None:
    server = serve(lambda _: GOOD)
    with pytest.raises(ServiceResponseError, match="groter dan"):
        http(server, max_bytes=1000).get(f"{server.url}/x", what="x", check=body)


def test_a_gzip_bomb_does_not_unfold(serve: Any, http: Any) -> None:
    """F43: 200 MB in 200 kB."""
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    server = serve(lambda _: Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ServiceResponseError, match="groter dan 1 MB"):
        http(server, max_bytes=1_000_000).get(f"{server.url}/x", what="x", check=body)


def test_packing_that_was_not_asked(serve: Any, http: Any) -> None:
    server = serve(lambda _: Reply(b"abc", headers={"Content-Encoding": "br"}))
    with pytest.raises(ServiceResponseError, match="ingepakt"):
        http(server).get(f"{server.url}/x", what="x", check=body)


def test_server_that_is_not_there(serve: Any, http: Any) -> None:
    server = serve(lambda _: GOOD)
    server.close()
    with pytest.raises(ServiceUnavailableError, match="neemt niet op"):
        http(server, attempts=2).get(f"{server.url}/x", what="x", check=body)


def test_ledger_hash_does_not_depend_on_the_order() -> None:
    now = dt.datetime.now(dt.UTC)
    answers = [Answer(f"u{i}", 200, {}, b"", str(i), now) for i in range(3)]
    one, two = Ledger(), Ledger()
    for a in answers:
        one.add(a, 1)
    for a in reversed(answers):
        two.add(a, 1)
    assert one.sha256() == two.sha256()


@pytest.mark.parametrize(
    "peer",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "localhost",
        "x",
    ],
)
def test_private_addresses(peer: str) -> None:
    assert not public(peer)


@given(st.text(max_size=60))
def test_no_link_leads_elsewhere(href: str) -> None:
    """Whatever stands in an answer: the same host, or refused."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    origin = "https://api.pdok.nl/rvo/items?f=json"
    try:
        target = within_origin(origin, href)
    except ServiceError:
        return
    parts = urlsplit(target)
    assert (parts.scheme, parts.hostname, parts.port) == ("https", "api.pdok.nl", None)
    assert "@" not in parts.netloc
