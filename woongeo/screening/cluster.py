"""Judging on a Dask cluster: parts go out, answers come in; who does what is Dask's own.

A part travels within its task and is nowhere else, so that nothing is lost with a worker: Dask
gives its tasks to another. Few are under way at a time: the cluster never holds all of the layers.
"""

from __future__ import annotations

import time
import uuid
from concurrent.futures import CancelledError
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from woongeo.errors import ClusterError, InputError, WoongeoError
from woongeo.screening.parts import SITES, Divided, judge_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distributed import Client, Future

    from woongeo.judging import Judged, Subjects
    from woongeo.layers import Layer
    from woongeo.screening.assembling import Areas
    from woongeo.screening.toetsen import Toets

# So many parts a thread of the cluster are under way: one is judged while the next arrives.
_AHEAD, _LEAST = 2, 4

# How often to see whether there still is a cluster, and how long it may be without workers: those
# of a busy one may have to wait for their turn.
_TICK_S, _PATIENCE_S = 1.0, 300.0

_START_AGAIN = "Start het cluster opnieuw en screen nog eens; er is niets half gedaan."


def check_client(client: object) -> None:
    """Make sure that a client can be worked with.

    Parameters
    ----------
    client : object
        What the user gave.

    Raises
    ------
    InputError
        When Dask is not there, or it is no client of it that is open.
    """
    try:
        from distributed import Client  # noqa: PLC0415  an extra
    except ImportError as error:
        raise InputError(
            "client= vraagt om het pakket distributed: pip install 'woongeo[dask]'."
        ) from error
    if not isinstance(client, Client):
        raise InputError(
            f"client is {type(client).__name__}; geef een dask.distributed.Client, zoals "
            'Client("tcp://adres:8786") of Client(LocalCluster()).'
        )
    if client.asynchronous:
        raise InputError("client is asynchroon; geef er een zonder asynchronous=True.")
    if client.status != "running":
        raise InputError(f"client is niet verbonden ({client.status}); maak een nieuwe Client.")


def judge_on(
    client: Client,
    layers: Sequence[Layer],
    toetsen: Sequence[Toets],
    subjects: Subjects,
    from_severity: str,
) -> tuple[dict[str, Judged], Areas]:
    """Judge on a cluster.

    Parameters
    ----------
    client : Client
        Of the cluster, from `check_client`.
    layers : sequence of Layer
        With their rules.
    toetsen : sequence of Toets
        Those rules.
    subjects : Subjects
        The locations that can be measured, at least one.
    from_severity : str
        From which severity on rules count.

    Returns
    -------
    judged : dict
        What each rule said, by its key, in the order of the locations: as `judge_all`.
    areas : Areas
        As `areas_of`.

    Raises
    ------
    ClusterError
        When the cluster stops, has no workers, or cannot give the same answers.
    WoongeoError
        As `screen`.
    """
    divided = Divided(subjects, layers, from_severity, size=SITES)
    places = {}

    def numbered() -> Iterator[tuple[int, bytes]]:
        for number, (place, part) in enumerate(divided):
            places[number] = place
            yield number, part

    answers = dict(_Run(client).answers(numbered()))
    # In the order of the parts, whichever came first.
    together = [(places[number], answers[number]) for number in sorted(answers)]
    return divided.together(together, toetsen)


class _Run:
    """Parts on their way through a cluster."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._name = f"woongeo-{uuid.uuid4().hex}"
        self._done: SimpleQueue[Future] = SimpleQueue()
        self._under_way: dict[str, tuple[int, Future]] = {}
        self._seen = time.monotonic()

    def answers(self, parts: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Have parts judged, a few at a time; give each answer as it comes."""
        try:
            more = True
            while more or self._under_way:
                most = max(_LEAST, _AHEAD * self._threads())
                while more and len(self._under_way) < most:
                    one = next(parts, None)
                    more = one is not None
                    if one is not None:
                        self._send(*one)
                if self._under_way:
                    yield self._next()
        finally:
            # Whatever happened: nothing of this run stays behind on the cluster.
            for _, future in self._under_way.values():
                future.release()

    def _send(self, number: int, part: bytes) -> None:
        """Send a part."""
        import dask  # noqa: PLC0415  an extra

        key = f"{self._name}-{number}"
        # Dask warns of tasks that carry data; these carry what they need and no more, so that a
        # lost worker takes nothing with it.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            try:
                future = self._client.submit(judge_part, part, key=key, pure=False)
            except (OSError, CancelledError) as error:
                raise _lost(self._client) from error
        self._under_way[key] = number, future
        future.add_done_callback(self._done.put)

    def _next(self) -> tuple[int, bytes]:
        """Wait for the next answer."""
        while True:
            try:
                future = self._done.get(timeout=_TICK_S)
            except Empty:
                self._threads()
                continue
            number, _ = self._under_way[future.key]
            answer = self._answer(future)
            del self._under_way[future.key]
            future.release()
            return number, answer

    def _answer(self, future: Future) -> bytes:
        """Fetch an answer; where it was lost with a worker, Dask makes it again."""
        while True:
            if future.status == "error":
                raise _error(future.exception())
            if future.status == "cancelled":
                raise _lost(self._client)
            try:
                answer: bytes = future.result(timeout=_TICK_S)
            except TimeoutError:
                self._threads()
            except (OSError, CancelledError) as error:
                raise _lost(self._client) from error
            else:
                return answer

    def _threads(self) -> int:
        """Count the threads of the cluster, and make sure that there is one."""
        if self._client.status != "running":
            raise _lost(self._client)
        try:
            threads = int(sum(self._client.nthreads().values()))
        except (OSError, CancelledError) as error:
            raise _lost(self._client) from error
        if threads:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > _PATIENCE_S:
            raise ClusterError(
                f"het cluster heeft al {_PATIENCE_S:.0f} seconden geen werkers. {_START_AGAIN}"
            )
        return threads


def _lost(client: Client) -> ClusterError:
    """Say that the cluster went away."""
    return ClusterError(
        f"de verbinding met het cluster is verbroken (client: {client.status}). {_START_AGAIN}"
    )


def _error(error: BaseException) -> WoongeoError:
    """Say what went wrong on a worker."""
    from distributed import KilledWorker  # noqa: PLC0415  an extra

    if isinstance(error, WoongeoError):
        return error
    if isinstance(error, KilledWorker):
        told = ClusterError(
            "werkers van het cluster vielen telkens uit bij hetzelfde deel van de locaties, "
            "meestal omdat het geheugen op was. Geef elke werker meer geheugen of minder threads "
            "(docs/cluster.md)."
        )
    else:
        told = ClusterError(
            f"een werker van het cluster kon zijn deel niet doen ({type(error).__name__}: "
            f"{error}). Installeer op elke werker dezelfde woongeo als hier."
        )
    told.__cause__ = error
    return told
