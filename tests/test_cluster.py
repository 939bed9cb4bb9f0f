"""Screening on a Dask cluster: what one computer says, also when a worker is lost."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import pytest
from conftest import block, frame
from distributed import Client, LocalCluster, WorkerPlugin
from drawn_scenes import DAY, layers, same, sites

import woongeo
from woongeo.errors import ClusterError, InputError, RuleError
from woongeo.screening import cluster as door
from woongeo.screening import parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

quiet = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


def started(**more: Any) -> LocalCluster:
    """Start a cluster of processes on this computer, on ports that are free."""
    how: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    return LocalCluster(host="127.0.0.1", dashboard_address="127.0.0.1:0", **{**how, **more})


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Client]:
    """Start a cluster of two processes."""
    with started() as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide a handful of sites too."""
    monkeypatch.setattr(door, "SITES", 4)


def drawn() -> tuple[woongeo.Locations, list[woongeo.Layer]]:
    """Draw ten sites of 100 m, 200 m apart, and an area that takes half of the fourth."""
    shapes = [block(200 * i, 0) for i in range(10)]
    locations = woongeo.read_locations(
        frame(shapes, plan_id=list("ABCDEFGHIJ"), woningen=[10] * 10, planstatus=["3"] * 10)
    )
    area = frame([block(650, 0, 100)])
    return locations, [woongeo.read_layer("eigen", area, coverage="nederland", rule=woongeo.Rule())]


@pytest.mark.usefixtures("small_parts")
def test_half_of_one_site_is_taken_and_the_distances_of_the_others_run_on(
    two_workers: Client,
) -> None:
    """The area lies at x 650 to 750; sites at 0, 200, 400, then 800, 1000, … up to 1800."""
    done = woongeo.screen(*drawn(), client=two_workers)
    found = done.locaties
    assert found["eigen_overlap_m2"].tolist() == [0, 0, 0, 5_000, 0, 0, 0, 0, 0, 0]
    assert found["eigen_afstand_m"].tolist() == [550, 350, 150, 0, 50, 250, 450, 650, 850, 1050]
    assert found["vrij_m2"].tolist() == [10_000] * 3 + [5_000] + [10_000] * 6
    assert done.counts() == {"belemmerd": 1, "onbekend": 0, "vrij": 9}


@quiet
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("seed", [11, 12])
def test_a_cluster_says_what_one_computer_says_to_the_last_bit(
    two_workers: Client, tmp_path: Path, seed: int
) -> None:
    """Every kind of rule, every reason to know nothing, sites that cannot be measured."""
    rng = np.random.default_rng(seed)
    locations, against = sites(rng, 40), layers(rng, tmp_path)
    alone = woongeo.screen(locations, against, on=DAY)
    done = woongeo.screen(locations, against, on=DAY, client=two_workers)
    same(alone, done)
    # What is asked of the result is worked out here, from the layers and locations that were given.
    same(alone.from_("hard"), done.from_("hard"))
    classes = next(layer for layer in against if layer.key == "vol")
    wider = {"natura2000_250m": woongeo.Rule(within_m=2_000.0), "vol": classes.rule}
    same(alone.changed(wider), done.changed(wider))
    kept = np.arange(len(locations)) % 3 == 0
    few = woongeo.read_locations(locations.frame[kept].reset_index(drop=True))
    same(alone.only(kept, few), done.only(kept, few))
    woongeo.export_screening(done, folder=tmp_path / "uit")
    assert (tmp_path / "uit" / "manifest.json").exists()


@quiet
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("doing", ["executing", "memory"])
def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path, doing: str) -> None:
    """The first worker to begin a part, or to have one done, is killed at that very moment."""
    mark = str(tmp_path / "gedood")

    class Killer(WorkerPlugin):  # type: ignore[misc]
        """Kills its own process, in one worker only: the file can be made once."""

        def transition(self, key: object, start: str, finish: str, **_: object) -> None:
            del start
            if finish == doing and str(key).startswith("woongeo-"):
                try:
                    file = os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                except FileExistsError:
                    return
                os.write(file, str(os.getpid()).encode())
                os.kill(os.getpid(), signal.SIGKILL)

    rng = np.random.default_rng(5)
    locations, against = sites(rng, 40), layers(rng, tmp_path)
    alone = woongeo.screen(locations, against, on=DAY)
    with started() as cluster, Client(cluster) as client:
        client.register_plugin(Killer())
        before = set(client.run(os.getpid).values())
        done = woongeo.screen(locations, against, on=DAY, client=client)
    killed = int((tmp_path / "gedood").read_text())
    assert killed in before
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    same(alone, done)


@pytest.mark.usefixtures("small_parts")
def test_doubts_are_voiced_once_and_to_the_caller(two_workers: Client) -> None:
    locations, against = drawn()
    against.append(woongeo.missing_layer("drinkwater", reason="niet geleverd"))
    heard = []
    for client in (None, two_workers):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            woongeo.screen(locations, against, client=client)
        heard.append(Counter((w.category, str(w.message), w.filename) for w in caught))
    assert heard[0] == heard[1]
    assert set(heard[1].values()) == {1}
    assert {filename for _, _, filename in heard[1]} == {__file__}


@pytest.mark.usefixtures("small_parts")
def test_parts_carry_their_data_without_a_doubt_of_dask(two_workers: Client) -> None:
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 B"}):
        assert len(woongeo.screen(*drawn(), client=two_workers)) == 10


def test_sites_that_cannot_be_measured_need_no_cluster(two_workers: Client) -> None:
    """Of the sites none is left that can: what is said of the others stays as it is."""
    locations, against = drawn()
    none = replace(
        locations,
        usable=np.zeros(10, dtype=bool),
        problem=np.full(10, "getekend", dtype=object),
    )
    same(woongeo.screen(none, against), woongeo.screen(none, against, client=two_workers))


@pytest.mark.usefixtures("small_parts")
def test_a_file_in_portions_is_screened_on_a_cluster_too(
    two_workers: Client, tmp_path: Path
) -> None:
    """Ten sites in portions of six, which go out in parts of at most four."""
    locations, against = drawn()
    path = tmp_path / "locaties.parquet"
    locations.frame[["locatie_id", "geometry"]].to_parquet(path)
    for name, client in (("alleen", None), ("cluster", two_workers)):
        woongeo.screen_file(
            path,
            against,
            folder=tmp_path / name,
            id_column="locatie_id",
            on=DAY,
            rows=6,
            client=client,
        )
    for table in ("locaties.parquet", "treffers.parquet"):
        one, other = ((tmp_path / name / table).read_bytes() for name in ("alleen", "cluster"))
        assert one == other


def test_a_file_is_not_begun_with_what_is_no_client(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"geef een dask\.distributed\.Client"):
        woongeo.screen_file("nergens.gpkg", [], folder=tmp_path / "uit", client=3)
    assert not list(tmp_path.iterdir())


# --- what cannot be done


@pytest.mark.parametrize("client", ["tcp://127.0.0.1:8786", 3, object()])
def test_what_is_no_client_is_refused(client: Any) -> None:
    with pytest.raises(InputError, match=r"geef een dask\.distributed\.Client"):
        woongeo.screen(*drawn(), client=client)


def test_a_client_that_is_closed_is_refused(two_workers: Client) -> None:
    other = Client(two_workers.scheduler.address)
    other.close()
    with pytest.raises(InputError, match="niet verbonden"):
        woongeo.screen(*drawn(), client=other)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'woongeo\[dask\]'"):
        woongeo.screen(*drawn(), client=object())


def test_an_error_of_woongeo_comes_as_it_is(two_workers: Client) -> None:
    with pytest.raises(RuleError, match="from_severity"):
        woongeo.screen(*drawn(), from_severity="erg", client=two_workers)


def test_workers_with_other_versions_are_refused(
    two_workers: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_made_with", lambda: {"woongeo": "9.9"})
    with pytest.raises(ClusterError, match=r"woongeo 9\.9 \(hier "):
        woongeo.screen(*drawn(), client=two_workers)


def test_a_cluster_without_workers_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_PATIENCE_S", 0.0)
    with (
        started(n_workers=0) as cluster,
        Client(cluster) as client,
        pytest.raises(ClusterError, match="geen werkers"),
    ):
        woongeo.screen(*drawn(), client=client)


@pytest.mark.usefixtures("small_parts")
def test_a_cluster_that_stops_halfway_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = started(n_workers=1)
    client = Client(cluster.scheduler_address)
    send = parts.Divided._send  # noqa: SLF001
    sent = []

    def last(self: parts.Divided, at: NDArray[np.intp]) -> tuple[parts.Place, bytes]:
        sent.append(at)
        if len(sent) == 2:
            cluster.close()
        return send(self, at)

    monkeypatch.setattr(parts.Divided, "_send", last)
    with pytest.raises(ClusterError, match="Start het cluster opnieuw"):
        woongeo.screen(*drawn(), client=client)
    client.close()


def test_a_part_that_no_worker_survives_ends_in_an_error() -> None:
    class Killer(WorkerPlugin):  # type: ignore[misc]
        """Kills every worker that begins a part."""

        def transition(self, key: object, start: str, finish: str, **_: object) -> None:
            del start
            if finish == "executing" and str(key).startswith("woongeo-"):
                os.kill(os.getpid(), signal.SIGKILL)

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        started() as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Killer())
        with pytest.raises(ClusterError, match="meer geheugen"):
            woongeo.screen(*drawn(), client=client)


def test_an_error_of_a_worker_says_what_to_do() -> None:
    told = door._error(ModuleNotFoundError("No module named 'woongeo'"))  # noqa: SLF001
    assert isinstance(told, ClusterError)
    assert "Installeer op elke werker dezelfde woongeo" in str(told)
