"""What the tests of the client share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pdok_servers import Question, Reply, Running

from woongeo.pdok._http import Budget, Http, Manners
from woongeo.pdok._run import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what visits PDOK itself, unless it was asked for."""
    if os.environ.get("WOONGEO_LIVE") == "1":
        return
    live = [item for item in items if item.get_closest_marker("live")]
    if live:
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if not item.get_closest_marker("live")]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Question], Reply]], Running]]:
    """Run servers until the test ends."""
    running: list[Running] = []

    def start(answer: Callable[[Question], Reply]) -> Running:
        running.append(Running(answer))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def http() -> Iterator[Callable[..., Http]]:
    """Make clients that wait no longer than a test can."""
    made: list[Http] = []

    def make(server: Running, **changes: object) -> Http:
        given: dict[str, object] = {
            "hosts": frozenset({server.host}),
            "first_wait_s": 0.001,
            "timeout_s": 5.0,
            "request_s": 10.0,
            **changes,
        }
        made.append(Http(Manners(**given)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def task(http: Callable[..., Http]) -> Callable[..., Task]:
    """Make a task that asks a server of ours."""

    def make(server: Running, *, seconds: float = 30.0, **changes: object) -> Task:
        return Task("vlakken", http(server, **changes), Budget(seconds))

    return make
