"""One tree of errors, and one switch that turns doubts into them."""

from __future__ import annotations

import inspect
import warnings

import pytest
from conftest import block, frame

import woongeo
from woongeo import errors

ALL = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)
]
ERRORS = [kind for kind in ALL if not issubclass(kind, Warning)]
DOUBTS = [kind for kind in ALL if issubclass(kind, Warning)]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_a_woongeo_error_with_a_meaning(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.WoongeoError)
    assert kind.__doc__


@pytest.mark.parametrize("kind", DOUBTS)
def test_every_doubt_is_a_woongeo_warning_with_a_meaning(kind: type[Warning]) -> None:
    assert issubclass(kind, errors.WoongeoWarning)
    assert issubclass(kind, UserWarning)
    assert kind.__doc__


@pytest.mark.parametrize("kind", [*ERRORS, *DOUBTS])
def test_the_tree_in_the_docstring_names_every_kind(kind: type[Exception]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


def test_who_catches_value_errors_catches_wrong_input_and_os_errors_a_full_disk() -> None:
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.OutputError, OSError)
    assert not issubclass(errors.OutputError, errors.InputError)
    assert all(
        issubclass(kind, errors.InputError)
        for kind in ERRORS
        if kind not in {errors.WoongeoError, errors.OutputError, errors.ClusterError}
        and not issubclass(kind, errors.ServiceError)
    )


def test_a_service_that_fails_is_no_mistake_of_the_user() -> None:
    assert not issubclass(errors.ServiceError, errors.InputError)


def test_strict_turns_a_doubt_into_an_error_and_only_inside_its_block() -> None:
    double = frame([block(0, 0)] * 2, plan_id=["A", "B"], woningen=[1, 2], planstatus=["3"] * 2)
    with pytest.raises(errors.DoubtfulLocationWarning, match="geometrie dubbel"), errors.strict():
        woongeo.read_locations(double)
    with pytest.warns(errors.DoubtfulLocationWarning, match=r"geometrie dubbel \(1\)"):
        assert len(woongeo.read_locations(double)) == 2


def test_strict_leaves_warnings_of_others_alone() -> None:
    with pytest.warns(FutureWarning, match="van een ander"), errors.strict():
        warnings.warn("van een ander", FutureWarning, stacklevel=1)
