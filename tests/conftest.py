"""What tests share: drawn shapes, and where the real data is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
from hypothesis import settings

import woongeo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hostile_world import World

# Programs of their own, with packages that no test needs.
collect_ignore_glob = ["benchmarks/*"]

ROOT = Path(__file__).parent.parent

#: The southwest corner of the drawing, in RD New; positions in tests are metres from it.
EAST, NORTH = 120_000, 480_000


def block(x: float, y: float, wide: float = 100, high: float = 100) -> shapely.Polygon:
    """Draw a rectangle, metres from the corner of the drawing."""
    return shapely.box(EAST + x, NORTH + y, EAST + x + wide, NORTH + y + high)


def frame(
    shapes: Sequence[shapely.Geometry | None], **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Put shapes in RD New in a frame."""
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:28992")


def in_ci() -> bool:
    """Tell whether a missing component must fail instead of skip."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


# A shared machine is slow at times, and no test is about time; in CI each run takes the same
# examples.
settings.register_profile("woongeo", deadline=None, derandomize=in_ci())
settings.load_profile("woongeo")


@pytest.fixture
def sites() -> Callable[..., woongeo.Locations]:
    """Make locations of drawn shapes: homes 10 and status 3 each unless given."""

    def make(
        shapes: Sequence[shapely.Geometry | None],
        woningen: Sequence[float | None] | None = None,
        planstatus: Sequence[str] | None = None,
    ) -> woongeo.Locations:
        n = len(shapes)
        given = frame(
            shapes,
            plan_id=[f"P{i}" for i in range(n)],
            woningen=[10] * n if woningen is None else woningen,
            planstatus=["3"] * n if planstatus is None else planstatus,
        )
        return woongeo.read_locations(given)

    return make


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Find the real data, which is not in the repository."""
    place = Path(os.environ.get("WOONGEO_REALDATA", ROOT.parent / "shared" / "data"))
    if not (place / "README.md").exists():
        pytest.skip("de echte gegevens staan hier niet (zet WOONGEO_REALDATA)")
    return place


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find Chromium."""
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        if in_ci():
            pytest.fail("Chromium ontbreekt; in CI is het verplicht")
        pytest.skip("Chromium staat niet op deze machine")
    return found


@pytest.fixture(scope="session")
def hostile_world() -> World:
    """Screen plans of which every word is a stranger's, once."""
    from hostile_world import world  # noqa: PLC0415  it draws with what is here

    return world()


@pytest.fixture(scope="session")
def hostile_folder(hostile_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write them in every form that there is, once."""
    from hostile_world import write_all  # noqa: PLC0415  as above

    place = tmp_path_factory.mktemp("alles")
    write_all(hostile_world, place)
    return place


@pytest.fixture(scope="session")
def verapdf() -> Callable[..., str]:
    """Find veraPDF, which says in words what of PDF/UA-1 a file breaks; empty where nothing."""
    jars = Path(os.environ.get("WOONGEO_VERAPDF", ROOT / ".verapdf"))
    java = shutil.which("java")
    if java is None or not any(jars.glob("validation-model-*.jar")):
        if in_ci() and not os.environ.get("WOONGEO_ZONDER_VERAPDF"):
            pytest.fail("veraPDF ontbreekt; in CI is het verplicht")
        pytest.skip("veraPDF staat hier niet (zie tests/verapdf/pom.xml, of zet WOONGEO_VERAPDF)")

    def check(*files: Path) -> str:
        words = [java, "-cp", str(jars / "*"), str(ROOT / "tests" / "verapdf" / "Check.java")]
        done = subprocess.run(
            [*words, *map(str, files)], capture_output=True, text=True, check=False
        )
        assert done.stdout.count("conform=") == len(files), done.stderr
        return "" if done.returncode == 0 else done.stdout

    return check
