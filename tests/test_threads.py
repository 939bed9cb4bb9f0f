"""Work on all cores: what holds whatever their number."""

from __future__ import annotations

import gc
import threading
import warnings

import pytest

from woongeo.threads import Crew, meanwhile, side_by_side, uncollected


def test_a_doubt_is_heard_after_threads_that_silenced_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two threads silence warnings as shapely does: the first ends while the second still does."""
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)
    both_in, first_out = threading.Barrier(2), threading.Event()

    def silenced(number: int) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both_in.wait(10)
            if number:
                first_out.wait(10)
        if not number:
            first_out.set()
        return number

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert side_by_side(silenced, [0, 1]) == [0, 1]
        warnings.warn("een twijfel", UserWarning, stacklevel=1)
    assert [str(w.message) for w in heard] == ["een twijfel"]


def test_what_is_done_is_used_while_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is only finished after this thread has seen that the first is."""
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)
    seen, done = threading.Event(), []

    def work(number: int) -> None:
        if number == 2:
            assert seen.wait(10)
        done.append(number)

    with meanwhile(work, {1: 1, 2: 2}) as wait:
        wait(1)
        assert done == [1]
        seen.set()
        wait(2)
        assert done == [1, 2]
        wait(3)


def test_a_fault_is_told_to_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woongeo.threads.cores", lambda: 2)

    def work(number: int) -> None:
        raise ValueError(str(number))

    with meanwhile(work, {1: 1, 2: 2}) as wait:
        with pytest.raises(ValueError, match="2"):
            wait(2)
        with pytest.raises(ValueError, match="1"):
            wait(1)


def test_one_core_does_nothing_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woongeo.threads.cores", lambda: 1)
    done: list[int] = []
    with meanwhile(done.append, {1: 1, 2: 2}) as wait:
        wait(1)
    assert done == []


def test_the_collector_rests_while_anybody_asks_and_then_goes_on() -> None:
    assert gc.isenabled()
    inside, out = threading.Event(), threading.Event()

    def other() -> None:
        with uncollected():
            inside.set()
            assert out.wait(10)

    thread = threading.Thread(target=other)
    with uncollected():
        assert not gc.isenabled()
        thread.start()
        assert inside.wait(10)
        with pytest.raises(KeyError), uncollected():
            raise KeyError
        assert not gc.isenabled()
    # The other thread still asks.
    assert not gc.isenabled()
    out.set()
    thread.join()
    assert gc.isenabled()


def test_who_does_without_the_collector_goes_on_doing_without() -> None:
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_crew_that_goes_home_early_begins_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woongeo.threads.cores", lambda: 1)
    begun, go_on = threading.Event(), threading.Event()

    def long() -> str:
        begun.set()
        assert go_on.wait(10)
        return "klaar"

    with Crew() as crew:
        first, second = crew.read(long), crew.read(long)
        assert begun.wait(10)
        threading.Timer(0.1, go_on.set).start()
    assert first.result() == "klaar"
    assert second.cancelled()


def test_a_crew_queues_what_is_to_be_done_one_by_one() -> None:
    at_work, most = [0], [0]

    def count() -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        at_work[0] -= 1

    with Crew() as crew:
        done = [crew.queue(count) for _ in range(200)]
        assert crew.begin(lambda: 3).result() == 3
        for one in done:
            one.result()
    assert most == [1]


def test_a_crew_works_beside_who_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in the other thread waits for this one, so both are at work at once."""
    monkeypatch.setattr("woongeo.threads.cores", lambda: 1)
    here = threading.Event()

    def work() -> int:
        assert here.wait(10)
        return 7

    with Crew() as crew:
        asked = [crew.begin(work), crew.read(work), crew.queue(work)]
        last = crew.read_last(work)
        here.set()
        assert [one.result() for one in asked] == [7, 7, 7]
        assert last() == 7


def test_a_fault_of_a_crew_is_told_to_who_asks() -> None:
    def work() -> int:
        raise ValueError("mis")

    with Crew() as crew:
        asked, last = [crew.begin(work), crew.read(work), crew.queue(work)], crew.read_last(work)
        for one in asked:
            with pytest.raises(ValueError, match="mis"):
                one.result()
        with pytest.raises(ValueError, match="mis"):
            last()
