"""The one file that knows HTTP: polite, bounded, and never led astray.

A question is asked again when its answer did not arrive whole: a short body, a broken chunk and a
cut-off gzip look like success to most clients, and read as a shorter layer. So sending, reading
*and* checking are one attempt here. Attempts, waiting, time and size all have an end.

An answer can point elsewhere, by a redirect or by its link to the next page. Only places on the
same host are visited, over https, and never a private address unless the user configured that host:
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import http.cookiejar
import random
import re
import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import requests.cookies
import urllib3

from woongeo.encode import visible
from woongeo.errors import (
    OutputError,
    RefusedAddressError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
)
from woongeo.numerals import counted
from woongeo.pdok._address import address, loopback, public, within_origin
from woongeo.pdok._answers import (
    Answer,
    BrokenError,
    Budget,
    BusyError,
    Exchange,
    GarbledError,
    Ledger,
    SlowError,
    TooHeavyError,
    raise_for_status,
    server_text,
)
from woongeo.pdok._lines import Adapter, GuardedPool, OpenPool, Watch, require_certificates, trusted
from woongeo.pdok._manners import Manners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from woongeo.pdok._answers import Sink

__all__ = [
    "PARALLEL",
    "Answer",
    "Budget",
    "Exchange",
    "GarbledError",
    "Http",
    "Ledger",
    "Manners",
    "TooHeavyError",
    "address",
    "public",
    "server_text",
    "within_origin",
]

T = TypeVar("T")

# PDOK publishes no limit but "fair use"; four at once is polite and hides the waiting.
PARALLEL = 4

_MOVED = {301, 302, 303, 307, 308}
_REDIRECTS = 5
_READ_BYTES = 1 << 18


def _nothing(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials: without this, requests would send what ~/.netrc holds."""
    return request


class Http:
    """Asks questions of servers.

    Parameters
    ----------
    manners : Manners, optional
        How.
    """

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        self._turn = threading.BoundedSemaphore(PARALLEL)
        self._session = requests.Session()
        self._session.auth = _nothing
        jar = requests.cookies.RequestsCookieJar()
        jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.cookies = jar
        self._session.headers.clear()
        self._session.headers["Accept-Encoding"] = "gzip"
        trust = trusted()
        self._session.mount("https://", Adapter(GuardedPool, PARALLEL, trust))
        self._session.mount("http://", Adapter(OpenPool, PARALLEL, trust))
        for host in self.manners.hosts:
            for end in "/:":
                self._session.mount(f"https://{host}{end}", Adapter(OpenPool, PARALLEL, trust))

    def close(self) -> None:
        """Close all lines."""
        self._session.close()

    def get(  # noqa: PLR0913  one keyword a fact
        self,
        url: str,
        *,
        what: str,
        check: Callable[[Answer], T],
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
        budget: Budget | None = None,
        ledger: Ledger | None = None,
        sink: Sink | None = None,
    ) -> T:
        """Ask a question until its answer passes a check.

        Parameters
        ----------
        url : str
            The address.
        what : str
            What is being fetched, for messages.
        check : callable
            Takes an `Answer` and gives what it holds; raises `GarbledError` when asking again may
            help, and another error when it will not.
        params : Mapping, optional
            The query.
        accept : str
            The media types that are wanted.
        budget : Budget, optional
            Time for the whole task.
        ledger : Ledger, optional
            Where the answer is written down once it passed.
        sink : Sink, optional
            Takes the body, which `check` then sees empty.

        Returns
        -------
        object
            What `check` gave.

        Raises
        ------
        TooHeavyError
            When the server could not answer in time; a smaller question may be answered.
        ServiceUnavailableError
            When no answer came, in time, after all attempts.
        ServiceResponseError
            When the answer cannot be used.
        """
        asked = requests.Request("GET", url, params=dict(params or {})).prepare().url or url
        budget = budget or Budget(self.manners.request_s * self.manners.attempts)
        for attempt in range(1, self.manners.attempts + 1):
            wait, slow = 0.0, False
            try:
                answer = self._ask(asked, accept, what, budget, sink)
                if sink is None or answer.status != 206:
                    raise_for_status(answer, what)
                found = check(answer)
            except BusyError as error:
                failure: ServiceError = ServiceUnavailableError(str(error))
                wait, slow = error.seconds, isinstance(error, SlowError)
            except (GarbledError, BrokenError) as error:
                failure = error
            else:
                if ledger is not None:
                    ledger.add(answer, attempt)
                return found
            if attempt < self.manners.attempts:
                self._wait(attempt, wait, failure, budget)
        kind: type[ServiceError] = ServiceUnavailableError
        if isinstance(failure, GarbledError):
            kind = ServiceResponseError
        elif slow:
            kind = TooHeavyError
        raise kind(
            f"{failure} Dat bleef zo na {counted(attempt, 'poging', 'pogingen')}."
        ) from failure

    def probe(self, url: str, *, what: str, budget: Budget) -> int:
        """See that something is to be had at an address, without having it.

        Parameters
        ----------
        url : str
            The address of a file.
        what : str
            What is being fetched, for messages.
        budget : Budget
            Time for the whole task.

        Returns
        -------
        int
            Its size in bytes; -1 where the server does not tell.

        Raises
        ------
        ServiceError
            When it is not there, or was moved.
        """
        self._may_visit(url)
        seconds = min(self.manners.request_s, budget.require(what))
        with Watch(seconds) as watch, self._turn, _in_words(what, url, watch, seconds):
            response = self._session.head(
                url, timeout=self.manners.timeout_s, allow_redirects=False, **self._line(url)
            )
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(url, response.status_code, headers, b"", "", dt.datetime.now(dt.UTC))
        raise_for_status(answer, what)
        length = headers.get("content-length", "")
        return int(length) if length.isdecimal() else -1

    def _wait(self, attempt: int, asked: float, failure: ServiceError, budget: Budget) -> None:
        """Wait before the next attempt, as long as the server asks but not for ever."""
        longest = self.manners.longest_wait_s
        if asked > longest:
            raise ServiceUnavailableError(
                f"{failure} De server vraagt {asked:.0f} seconden te wachten; probeer het dan weer."
            ) from failure
        # Jitter, so that clients that failed together do not return together.
        doubled = self.manners.first_wait_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
        pause = max(asked, min(doubled, longest))
        if pause >= budget.left():
            raise ServiceUnavailableError(
                f"{failure} De tijd ({budget.seconds:.0f} seconden) is op; er is niets bewaard."
            ) from failure
        time.sleep(pause)

    def _ask(self, url: str, accept: str, what: str, budget: Budget, sink: Sink | None) -> Answer:
        """Ask once, redirects included, and read the whole answer."""
        for _ in range(_REDIRECTS + 1):
            self._may_visit(url)
            if not self._turn.acquire(timeout=max(budget.require(what), 0.001)):
                budget.require(what)
            try:
                answer = self._exchange(url, accept, what, budget, sink)
            finally:
                self._turn.release()
            if answer.status not in _MOVED:
                return answer
            target = answer.headers.get("location", "")
            if not target:
                raise ServiceResponseError(
                    f"{what}: {visible(url)} zegt te zijn verhuisd, maar niet waarheen."
                )
            url = within_origin(url, target)
        raise ServiceResponseError(f"{what}: {visible(url)} blijft doorverwijzen.")

    def _may_visit(self, url: str) -> None:
        """Refuse what is not https, unless the user configured the host."""
        scheme, host, port = address(url)
        if scheme == "http" and not self._configured(host, port):
            raise RefusedAddressError(
                f"{visible(url)[:200]}: alleen https wordt bezocht; geef hosts={host!r} op als dit "
                "uw eigen server is."
            )

    def _configured(self, host: str, port: int) -> bool:
        """Tell whether the user named a host."""
        return host in self.manners.hosts or f"{host}:{port}" in self.manners.hosts

    def _exchange(
        self, url: str, accept: str, what: str, budget: Budget, sink: Sink | None
    ) -> Answer:
        """Send one question and read its answer to the last byte."""
        longest = self.manners.request_s if sink is None else sink.seconds
        seconds = min(longest, budget.require(what))
        timeout = min(self.manners.timeout_s, seconds)
        shown = visible(url)[:300]
        line = self._line(url)
        line["headers"] |= {"Accept": accept, **(sink.headers() if sink else {})}
        with (
            Watch(seconds) as watch,
            _in_words(what, url, watch, seconds),
            self._session.get(
                url,
                stream=True,
                timeout=(min(timeout, 20.0), timeout),
                allow_redirects=False,
                **line,
            ) as response,
        ):
            headers = {n.lower(): value for n, value in response.headers.items()}
            if sink is not None and sink.begin(response.status_code, headers):
                _pour(response, sink, what, shown)
                body = b""
            else:
                body = self._read(response, what, shown)
        if watch.expired:
            raise _late(what, shown, seconds)
        return Answer(
            url=url,
            status=response.status_code,
            headers=headers,
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            fetched_at=dt.datetime.now(dt.UTC),
        )

    def _line(self, url: str) -> dict[str, Any]:
        """Say how a server is reached, and who asks."""
        scheme, host, _ = address(url)
        if scheme == "https":
            require_certificates()
        # A proxy cannot reach this machine's own loopback, and must not be asked to.
        proxies = {"http": "", "https": ""} if loopback(host) else {}
        return {"headers": self.manners.headers(host), "proxies": proxies}

    def _read(self, response: requests.Response, what: str, shown: str) -> bytes:
        """Read and unpack a body, and see that it is whole.

        requests and urllib3 take a gzip stream that stops halfway for a short answer; and would
        unpack a small bomb into all of memory.
        """
        packed = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packed not in {"", "identity", "gzip", "x-gzip"}:
            raise ServiceResponseError(
                f"{what}: {shown} antwoordt ingepakt als {visible(packed)!r}, dat niet is gevraagd."
            )
        unpacker = zlib.decompressobj(wbits=31) if "gzip" in packed else None
        body = bytearray()
        limit = self.manners.max_bytes
        while chunk := response.raw.read(_READ_BYTES, decode_content=False):
            if unpacker is None:
                body += chunk
            else:
                try:
                    body += unpacker.decompress(chunk, limit + 1 - len(body))
                except zlib.error as error:
                    raise BrokenError(f"{what}: het antwoord van {shown} is beschadigd.") from error
            if len(body) > limit:
                raise ServiceResponseError(
                    f"{what}: het antwoord van {shown} is groter dan {limit / 1e6:.0f} MB."
                )
        cut = unpacker is not None and (not unpacker.eof or bool(unpacker.unused_data))
        if cut and (body or response.status_code == 200):
            raise BrokenError(f"{what}: het antwoord van {shown} is afgebroken.")
        return bytes(body)


@contextmanager
def _in_words(what: str, url: str, watch: Watch, seconds: float) -> Iterator[None]:
    """Turn what can go wrong on a line into our own errors."""
    shown = visible(url)[:300]
    try:
        yield
    except OutputError:
        # The disk's trouble, not the line's.
        raise
    except requests.exceptions.SSLError as error:
        if watch.expired:
            raise _late(what, shown, seconds) from error
        raise ServiceUnavailableError(
            f"{what}: de beveiligde verbinding met {visible(address(url)[1])} mislukt "
            f"({_of_tls(error)}). Gebruikt uw organisatie een eigen certificaat, wijs het dan aan "
            "met REQUESTS_CA_BUNDLE of SSL_CERT_FILE (een bestand in PEM); een controle overslaan "
            "kan niet."
        ) from error
    except requests.exceptions.InvalidURL as error:
        raise RefusedAddressError(f"{shown}: dit is geen webadres.") from error
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
    ) as error:
        if watch.expired:
            raise _late(what, shown, seconds) from error
        raise BrokenError(
            f"{what}: geen volledig antwoord van {shown} ({_reason(error)})."
        ) from error


def _of_tls(error: BaseException) -> str:
    """Name what was wrong with a certificate, without the objects that urllib3 prints."""
    found = re.search(r"\[SSL: [A-Z_]+\] ([^(\[]+)", str(error))
    return visible(found[1].strip() if found else type(error).__name__)[:200]


def _pour(response: requests.Response, sink: Sink, what: str, shown: str) -> None:
    """Pass a body on as it comes."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in {"", "identity"}:
        raise ServiceResponseError(
            f"{what}: {shown} antwoordt ingepakt als {visible(packed)!r}, dat niet is gevraagd."
        )
    # What has come, not what was asked for: a slow line would keep its bytes from the disk.
    while chunk := response.raw.read1(_READ_BYTES, decode_content=False):
        sink.write(chunk)


def _late(what: str, shown: str, seconds: float) -> BrokenError:
    """Say that an answer took too long."""
    return BrokenError(f"{what}: {shown} was na {seconds:.0f} seconden nog niet uitgesproken.")


def _reason(error: BaseException) -> str:
    """Name what broke, without the objects that urllib3 prints."""
    kinds: list[tuple[type | tuple[type, ...], str]] = [
        (
            requests.exceptions.ProxyError,
            "de proxy die HTTPS_PROXY of HTTP_PROXY noemt geeft geen verbinding",
        ),
        (requests.exceptions.ConnectTimeout, "geen verbinding binnen de tijd"),
        (
            (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError),
            "de server bleef stil",
        ),
    ]
    words = [
        (("IncompleteRead", "InvalidChunkLength"), "het antwoord brak halverwege af"),
        (
            ("NameResolution", "getaddrinfo"),
            "de naam van de server is niet te vinden; is er internet?",
        ),
        (("refused",), "de server neemt niet op"),
    ]
    text = str(error)
    found = [told for kind, told in kinds if isinstance(error, kind)]
    found += [told for parts, told in words if any(part in text for part in parts)]
    return found[0] if found else visible(type(error).__name__)
