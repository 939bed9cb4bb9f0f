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
import email.utils
import hashlib
import http.client
import http.cookiejar
import ipaddress
import json
import random
import socket
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import requests.adapters
import requests.cookies
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from woongeo._version import __version__
from woongeo.encode import visible
from woongeo.errors import (
    EndpointGoneError,
    OutputError,
    RefusedAddressError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

T = TypeVar("T")

# PDOK publishes no limit but "fair use"; four at once is polite and hides the waiting.
PARALLEL = 4

# 416: the part that was had does not fit the file any more; a sink then begins anew.
_AGAIN = {416, 429, 500, 502, 503, 504}
_GONE = {404, 410}
_MOVED = {301, 302, 303, 307, 308}
_REDIRECTS = 5
_READ_BYTES = 1 << 18
_DEFAULT_PORT = {"http": 80, "https": 443}


class GarbledError(ServiceResponseError):
    """An answer that is not whole, or not what was asked; asking once more may help."""


class TooHeavyError(ServiceUnavailableError):
    """The server ran out of time on this question; a smaller one may be answered.

    Parameters
    ----------
    message : str
        For people.
    expected : int, optional
        How many features the smaller questions must give together, where the server counted.
    """

    def __init__(self, message: str, expected: int | None = None) -> None:
        super().__init__(message)
        self.expected = expected


@dataclass(frozen=True)
class Manners:
    """How servers are asked.

    Attributes
    ----------
    user_agent, referer : str
        Who asks; PDOK wants both. The referer is your own project's page.
    hosts : frozenset of str
        Hosts, as ``host`` or ``host:port``, that may be visited without https and at a private
        address.
    timeout_s : float
        Longest silence of a server.
    request_s : float
        Longest time for one question, however busily the server drips.
    attempts : int
        How often a question is asked at most.
    first_wait_s, longest_wait_s : float
        The wait before the second attempt, doubled each time, and its limit; a server that asks
        for a longer wait is not asked again.
    max_bytes : int
        Largest answer, unpacked.
    """

    user_agent: str = f"woongeo-pdok/{__version__} (Python; requests)"
    # The name for what has no place: https://www.rfc-editor.org/rfc/rfc2606#section-2
    referer: str = "https://woongeo.invalid/"
    hosts: frozenset[str] = frozenset()
    timeout_s: float = 60.0
    request_s: float = 180.0
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    max_bytes: int = 256 << 20


class Budget:
    """Time for a whole task, so that many bearable waits do not become an unbearable one.

    Parameters
    ----------
    seconds : float
        How long the task may take.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Give the seconds that are left.

        Returns
        -------
        float
            Seconds; zero or less when there are none.
        """
        return self._end - time.monotonic()

    def require(self, what: str) -> float:
        """Give the seconds that are left, or fail.

        Parameters
        ----------
        what : str
            What is being fetched, for the message.

        Returns
        -------
        float
            Seconds, more than zero.

        Raises
        ------
        ServiceUnavailableError
            When there are none.
        """
        left = self.left()
        if left <= 0:
            raise ServiceUnavailableError(
                f"{what}: na {self.seconds:.0f} seconden nog niet klaar en dus gestopt; "
                "er is niets bewaard. Vraag een kleiner gebied of geef meer tijd."
            )
        return left


@dataclass(frozen=True)
class Answer:
    """A whole answer.

    Attributes
    ----------
    url : str
        Where it came from, after redirects.
    status : int
        HTTP status.
    headers : Mapping
        Lower-case names.
    body : bytes
        Unpacked.
    sha256 : str
        Of `body`.
    fetched_at : datetime
        UTC.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    sha256: str
    fetched_at: dt.datetime

    def kind(self) -> str:
        """Give the media type without its parameters.

        Returns
        -------
        str
            Lower case; empty where none is stated.
        """
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True)
class Exchange:
    """A question and what came of it, for the provenance."""

    url: str
    sha256: str
    size: int
    fetched_at: dt.datetime


@dataclass
class Ledger:
    """Every answer that a layer was made of."""

    exchanges: list[Exchange] = field(default_factory=list)
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, answer: Answer, attempts: int) -> None:
        """Write down an answer.

        Parameters
        ----------
        answer : Answer
            One that was checked.
        attempts : int
            How often it was asked for.
        """
        with self._lock:
            self.exchanges.append(
                Exchange(answer.url, answer.sha256, len(answer.body), answer.fetched_at)
            )
            self.retries += attempts - 1

    def size(self) -> int:
        """Add up the bytes.

        Returns
        -------
        int
            Bytes, unpacked.
        """
        return sum(e.size for e in self.exchanges)

    def sha256(self) -> str:
        """Hash the hashes, in an order that does not depend on which answer came first.

        Returns
        -------
        str
            Hexadecimal.
        """
        lines = sorted(f"{e.sha256}  {e.url}\n" for e in self.exchanges)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class Sink(Protocol):
    """Takes a body as it comes, for what is too large to hold in memory.

    Attributes
    ----------
    seconds : float
        Longest time for one attempt.
    """

    seconds: float

    def headers(self) -> Mapping[str, str]:
        """Give what to ask with: where to go on from.

        Returns
        -------
        Mapping
            Request headers.
        """

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """Hear how an answer begins.

        Parameters
        ----------
        status : int
            HTTP status.
        headers : Mapping
            Lower-case names.

        Returns
        -------
        bool
            Whether the body is to be written here, instead of read into memory.
        """

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Parameters
        ----------
        chunk : bytes
            As sent.
        """


def address(url: str) -> tuple[str, str, int]:
    """Take an address apart.

    Parameters
    ----------
    url : str
        A web address.

    Returns
    -------
    scheme : str
        "http" or "https".
    host : str
        Lower case.
    port : int
        The stated one, or the usual one.

    Raises
    ------
    RefusedAddressError
        When it is no plain web address: another scheme, a user name in it, or nonsense.
    """
    shown = visible(url)[:200]
    if any(c <= " " or c in '\\"<>\x7f' for c in url):
        raise RefusedAddressError(f"{shown}: in dit adres staan tekens die daar niet horen.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddressError(f"{shown}: dit is geen webadres.") from error
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname:
        raise RefusedAddressError(f"{shown}: alleen https-adressen worden bezocht.")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddressError("Een adres met een gebruikersnaam erin wordt niet bezocht.")
    return parts.scheme, parts.hostname, port or _DEFAULT_PORT[parts.scheme]


def within_origin(origin: str, href: str) -> str:
    """Follow a link of an answer, as long as it stays with the server that gave it.

    Parameters
    ----------
    origin : str
        The address of the answer.
    href : str
        The link in it, absolute or relative.

    Returns
    -------
    str
        The address to visit next; the link itself where it is absolute.

    Raises
    ------
    RefusedAddressError
        When it lies on another host, another port, or would leave https.

    Examples
    --------
    >>> within_origin("https://api.pdok.nl/rvo/items?f=json", "/rvo/items?f=json&cursor=A")
    'https://api.pdok.nl/rvo/items?f=json&cursor=A'
    """
    # Joining would normalise an absolute link, and a cursor must be followed to the letter.
    target = href if "://" in href else urljoin(origin, href)
    here, there = address(origin), address(target)
    upgraded = here[0] == "http" and there == ("https", here[1], 443) and here[2] == 80
    if here != there and not upgraded:
        raise RefusedAddressError(
            f"{visible(origin)[:200]} verwijst door naar {visible(target)[:200]}; een andere "
            "server wordt niet vanzelf bezocht. Klopt het adres, zet het dan in de catalogus."
        )
    return target


class _Watch:
    """Cuts the line when a question takes too long, however busily the server drips."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def see(self, line: object) -> None:
        """Remember the line to cut."""
        with self._lock:
            self._socket = line if isinstance(line, socket.socket) else None
            if self.expired:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # The base class's: SSLSocket's own would pull the TLS object from under a reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _LOCAL.watch = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _LOCAL.watch = None


_LOCAL = threading.local()


def _watch(line: object) -> None:
    """Show the line of this thread's question to its watch."""
    watch = getattr(_LOCAL, "watch", None)
    if watch is not None:
        watch.see(line)


class _WatchedHttp(HTTPConnection):
    """A line that can be cut."""

    def getresponse(self) -> Any:  # noqa: ANN401
        _watch(self.sock)
        return super().getresponse()


class _WatchedHttps(HTTPSConnection):
    """A line that can be cut."""

    def getresponse(self) -> Any:  # noqa: ANN401
        _watch(self.sock)
        return super().getresponse()


class _GuardedHttps(_WatchedHttps):
    """A line that is hung up before anything is asked when it ends at a private address.

    The name was looked up a moment ago by the same call that made the line, so that a name server
    cannot answer the check differently: https://en.wikipedia.org/wiki/DNS_rebinding
    """

    def connect(self) -> None:
        super().connect()
        peer = str(self.sock.getpeername()[0]) if self.sock is not None else ""
        if not public(peer):
            self.close()
            raise RefusedAddressError(
                f"{visible(self.host)} wijst naar het privé-adres {visible(peer)} en wordt niet "
                "bezocht; geef hosts= op als dit uw eigen server is."
            )


class _WatchedHttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class _WatchedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttps


class _GuardedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps


class _Adapter(requests.adapters.HTTPAdapter):
    """Uses the lines above; never asks twice on its own."""

    def __init__(self, https: type[HTTPSConnectionPool]) -> None:
        self._https = https
        super().__init__(pool_connections=PARALLEL, pool_maxsize=PARALLEL, max_retries=0)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002  the signature of requests
        **pool_kwargs: Any,  # noqa: ANN401  idem
    ) -> None:
        super().init_poolmanager(connections, maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _WatchedHttpPool,
            "https": self._https,
        }

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> urllib3.ProxyManager:  # noqa: ANN401
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        # A proxy has a private address as a rule, and looks up names itself.
        manager.pool_classes_by_scheme = {"http": _WatchedHttpPool, "https": _WatchedHttpsPool}
        return manager


def public(peer: str) -> bool:
    """Tell whether an IP address lies on the public internet.

    Parameters
    ----------
    peer : str
        An IPv4 or IPv6 address.

    Returns
    -------
    bool
        False for private, local and reserved ones, and for what is no address.

    Examples
    --------
    >>> public("145.77.103.1"), public("10.0.0.8"), public("::ffff:127.0.0.1")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(peer.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        # Addresses that carry another: https://www.rfc-editor.org/rfc/rfc6052 for 64:ff9b::/96.
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return ip.is_global and not ip.is_multicast


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
        self._session.headers.update(
            {
                "User-Agent": self.manners.user_agent,
                "Referer": self.manners.referer,
                "Accept-Encoding": "gzip",
            }
        )
        self._session.mount("https://", _Adapter(_GuardedHttpsPool))
        self._session.mount("http://", _Adapter(_WatchedHttpsPool))
        for host in self.manners.hosts:
            for end in "/:":
                self._session.mount(f"https://{host}{end}", _Adapter(_WatchedHttpsPool))

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
        ServiceUnavailableError
            When no answer came, in time, after all attempts.
        ServiceResponseError
            When the answer cannot be used.
        """
        asked = requests.Request("GET", url, params=dict(params or {})).prepare().url or url
        budget = budget or Budget(self.manners.request_s * self.manners.attempts)
        for attempt in range(1, self.manners.attempts + 1):
            wait = 0.0
            try:
                answer = self._ask(asked, accept, what, budget, sink)
                if sink is None or answer.status != 206:
                    _raise_for_status(answer, what)
                found = check(answer)
            except _RetryAfter as error:
                failure: ServiceError = ServiceUnavailableError(str(error))
                wait = error.seconds
            except (GarbledError, _Broken) as error:
                failure = error
            else:
                if ledger is not None:
                    ledger.add(answer, attempt)
                return found
            if attempt < self.manners.attempts:
                self._wait(attempt, wait, failure, budget)
        kind = (
            ServiceResponseError if isinstance(failure, GarbledError) else ServiceUnavailableError
        )
        raise kind(f"{failure} Dat bleef zo na {attempt} pogingen.") from failure

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
        with _Watch(min(self.manners.request_s, budget.require(what))), self._turn:
            try:
                response = self._session.head(
                    url,
                    timeout=self.manners.timeout_s,
                    allow_redirects=False,
                    proxies={"http": "", "https": ""} if _loopback(address(url)[1]) else {},
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise ServiceUnavailableError(
                    f"{what}: geen antwoord van {visible(url)[:300]} ({_reason(error)})."
                ) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(url, response.status_code, headers, b"", "", dt.datetime.now(dt.UTC))
        _raise_for_status(answer, what)
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
        _, host, _ = address(url)
        # A proxy cannot reach this machine's own loopback, and must not be asked to.
        proxies = {"http": "", "https": ""} if _loopback(host) else {}
        shown = visible(url)[:300]
        with _Watch(seconds) as watch:
            try:
                with self._session.get(
                    url,
                    headers={"Accept": accept, **(sink.headers() if sink else {})},
                    stream=True,
                    timeout=(min(timeout, 20.0), timeout),
                    allow_redirects=False,
                    proxies=proxies,
                ) as response:
                    headers = {n.lower(): value for n, value in response.headers.items()}
                    if sink is not None and sink.begin(response.status_code, headers):
                        _pour(response, sink, what, shown)
                        body = b""
                    else:
                        body = self._read(response, what, shown)
            except OutputError:
                # The disk's trouble, not the line's.
                raise
            except requests.exceptions.SSLError as error:
                if watch.expired:
                    raise _late(what, shown, seconds) from error
                raise ServiceUnavailableError(
                    f"{what}: de beveiligde verbinding met {visible(host)} mislukt "
                    f"({visible(error)[:200]}). Gebruikt uw organisatie een eigen certificaat, "
                    "wijs het dan aan met REQUESTS_CA_BUNDLE."
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
                raise _Broken(
                    f"{what}: geen volledig antwoord van {shown} ({_reason(error)})."
                ) from error
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
                    raise _Broken(f"{what}: het antwoord van {shown} is beschadigd.") from error
            if len(body) > limit:
                raise ServiceResponseError(
                    f"{what}: het antwoord van {shown} is groter dan {limit / 1e6:.0f} MB."
                )
        cut = unpacker is not None and (not unpacker.eof or bool(unpacker.unused_data))
        if cut and (body or response.status_code == 200):
            raise _Broken(f"{what}: het antwoord van {shown} is afgebroken.")
        return bytes(body)


def _pour(response: requests.Response, sink: Sink, what: str, shown: str) -> None:
    """Pass a body on as it comes."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in {"", "identity"}:
        raise ServiceResponseError(
            f"{what}: {shown} antwoordt ingepakt als {visible(packed)!r}, dat niet is gevraagd."
        )
    while chunk := response.raw.read(_READ_BYTES, decode_content=False):
        sink.write(chunk)


class _Broken(ServiceUnavailableError):  # noqa: N818  an event more than an error
    """The line broke, or the answer did."""


class _RetryAfter(ServiceUnavailableError):  # noqa: N818  idem
    """The server is busy or failing, and may say when to return."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def _late(what: str, shown: str, seconds: float) -> _Broken:
    """Say that an answer took too long."""
    return _Broken(f"{what}: {shown} was na {seconds:.0f} seconden nog niet uitgesproken.")


def _reason(error: BaseException) -> str:
    """Name what broke, without the objects that urllib3 prints."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "geen verbinding binnen de tijd"
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return "de server bleef stil"
    text = str(error)
    if "IncompleteRead" in text or "InvalidChunkLength" in text:
        return "het antwoord brak halverwege af"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "de naam van de server is niet te vinden; is er internet?"
    if "refused" in text:
        return "de server neemt niet op"
    return visible(type(error).__name__)


def _loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read Retry-After: seconds or a date (RFC 9110, section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 9:
        return float(text)
    with suppress(ValueError, TypeError):
        when = email.utils.parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=dt.UTC)
        return max((when - dt.datetime.now(dt.UTC)).total_seconds(), 0.0)
    return 0.0


def server_text(answer: Answer) -> str:
    """Find what a server says about an error, in any of the forms that PDOK's servers use.

    Parameters
    ----------
    answer : Answer
        problem+json, Solr's and ArcGIS' JSON, an exception report in XML, or a page.

    Returns
    -------
    str
        At most 300 characters; empty where nothing was found.
    """
    head = answer.body[:65_536].lstrip()
    if head.startswith(b"{"):
        with suppress(ValueError):
            told = json.loads(answer.body)
            error = told.get("error")
            inner = error if isinstance(error, dict) else told
            for key in ("detail", "msg", "message", "description", "title"):
                if isinstance(inner.get(key), str):
                    return visible(inner[key])[:300]
    text = head.decode("utf-8", "replace")
    for tag in ("ExceptionText", "ServiceException", "title"):
        _, opened, rest = text.partition(f"{tag}")
        _, closed, rest = rest.partition(">")
        if opened and closed:
            return visible(" ".join(rest.split("<")[0].split()))[:300]
    return ""


def _raise_for_status(answer: Answer, what: str) -> None:
    """Turn a status into an error that says what to do."""
    status = answer.status
    if status == 200:
        return
    said = server_text(answer)
    shown = visible(answer.url)[:300]
    told = f" en zegt: {said}" if said else ""
    if status in _GONE:
        raise EndpointGoneError(
            f"{what}: {shown} bestaat niet (meer) (HTTP {status}){told}. Zoek het nieuwe adres op "
            "pdok.nl en zet het in de catalogus."
        )
    if status >= 500 and ("too long" in said.lower() or "timeout" in said.lower()):
        # The same question would keep the server busy for another fifteen seconds.
        raise TooHeavyError(f"{what}: {shown} kwam er niet uit in de tijd (HTTP {status}){told}.")
    if status in _AGAIN:
        raise _RetryAfter(
            f"{what}: {shown} geeft geen antwoord (HTTP {status}){told}.",
            _retry_after(answer.headers),
        )
    if status in {401, 403}:
        raise ServiceResponseError(f"{what}: {shown} is niet vrij toegankelijk (HTTP {status}).")
    raise ServiceResponseError(f"{what}: {shown} wijst de vraag af (HTTP {status}){told}.")
