"""Answers, what can be wrong with them, and the time and the book that are kept of them."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from woongeo.encode import visible
from woongeo.errors import EndpointGoneError, ServiceResponseError, ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

# 416: the part that was had does not fit the file any more; a sink then begins anew.
_AGAIN = {416, 429, 500, 502, 503, 504}
_GONE = {404, 410}


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


class BrokenError(ServiceUnavailableError):
    """The line broke, or the answer did."""


class BusyError(ServiceUnavailableError):
    """The server is busy or failing, and may say when to return.

    Parameters
    ----------
    message : str
        For people.
    seconds : float
        How long it asks to wait; 0 where it does not say.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class SlowError(BusyError):
    """A gateway gave up waiting for the server behind it; a smaller question may be answered."""


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


def raise_for_status(answer: Answer, what: str) -> None:
    """Turn a status into an error that says what to do.

    Parameters
    ----------
    answer : Answer
        The answer.
    what : str
        What is being fetched, for messages.

    Raises
    ------
    ServiceError
        For any status but 200.
    """
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
        kind = SlowError if status == 504 else BusyError
        raise kind(
            f"{what}: {shown} geeft geen antwoord (HTTP {status}){told}.",
            _retry_after(answer.headers),
        )
    if status in {401, 403}:
        raise ServiceResponseError(f"{what}: {shown} is niet vrij toegankelijk (HTTP {status}).")
    raise ServiceResponseError(f"{what}: {shown} wijst de vraag af (HTTP {status}){told}.")
