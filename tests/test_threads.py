"""Work on all cores: what holds whatever their number."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

from woongeo.threads import side_by_side

if TYPE_CHECKING:
    import pytest


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
