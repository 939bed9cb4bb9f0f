"""Several questions at once, and one address after another."""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, TypeVar

from woongeo.errors import (
    EndpointGoneError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
    UnexpectedCrsError,
)
from woongeo.numerals import by_number
from woongeo.pdok._http import PARALLEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from woongeo.pdok._run import Task

S = TypeVar("S")
T = TypeVar("T")


def together(fetch: Callable[[S], T], each: Iterable[S]) -> Iterator[T]:
    """Fetch several things at once, and give them in order.

    Parameters
    ----------
    fetch : callable
        Fetches one.
    each : iterable
        What to fetch.

    Yields
    ------
    object
        What `fetch` gave; when one fails, those that did not begin yet are left.
    """
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        jobs = [pool.submit(fetch, one) for one in each]
        try:
            for job in jobs:
                yield job.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def first_to_answer(
    task: Task, title: str, addresses: Sequence[str], ask: Callable[[str], T]
) -> tuple[str, T]:
    """Find the address where something is: services move, and old addresses stay for a while.

    Parameters
    ----------
    task : Task
        The fetch; an address that was not the first is noted.
    title : str
        What is sought, for people.
    addresses : sequence of str
        To be tried in turn.
    ask : callable
        Asks at one address for as little as shows that it is there.

    Returns
    -------
    address : str
        The first that answered as asked.
    found : object
        What it answered.

    Raises
    ------
    EndpointGoneError
        When all of them are gone.
    UnexpectedCrsError
        When one is in another reference system: the others would be too.
    ServiceResponseError
        When none answers as asked.
    ServiceUnavailableError
        When none answers.
    """
    failures: list[ServiceError] = []
    for address in addresses:
        try:
            found = ask(address)
        except UnexpectedCrsError:
            raise
        except (ServiceUnavailableError, ServiceResponseError) as error:
            failures.append(error)
        else:
            if failures:
                task.note(f"{title} kwam van het andere adres: {address}")
            return address, found
    kind: type[ServiceError] = ServiceUnavailableError
    if all(isinstance(error, EndpointGoneError) for error in failures):
        kind = EndpointGoneError
    elif isinstance(failures[-1], ServiceResponseError):
        kind = ServiceResponseError
    n = len(failures)
    where = by_number(n, "het enige bekende adres niet", f"geen van de {n} bekende adressen")
    raise kind(
        f"{task.what}: {title} is van {where} te halen. Het laatste: "
        f"{failures[-1] if failures else 'er is geen adres'}"
    )
