"""What travels to another process comes out as it went in."""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from conftest import EAST, NORTH, block
from drawn_rasters import write

from woongeo.errors import LayerError
from woongeo.screening.travel import RasterPart, Shapes, raster_around
from woongeo.sources.raster import Raster, read_raster
from woongeo.threads import cores, on_one_core, parts_of

if TYPE_CHECKING:
    from pathlib import Path


def test_shapes_keep_every_bit_and_what_is_missing_stays_so() -> None:
    shapes = np.array(
        [
            shapely.Point(0.1 + 0.2, 1 / 3),
            None,
            shapely.MultiPolygon([block(0, 0), block(500, 0)]),
            shapely.Polygon(),
            shapely.LineString([(np.nextafter(1.0, 2.0), 0), (1e300, -0.0)]),
        ],
        dtype=object,
    )
    back = pickle.loads(pickle.dumps(Shapes(shapes))).shapes  # noqa: S301
    assert back[1] is None
    assert shapely.to_wkb(back).tolist() == shapely.to_wkb(shapes).tolist()


def test_no_shapes_travel_too() -> None:
    back = pickle.loads(pickle.dumps(Shapes(np.empty(0, dtype=object)))).shapes  # noqa: S301
    assert len(back) == 0


@pytest.fixture
def raster(tmp_path: Path) -> Raster:
    """Draw cells of 10 m, 5,000 wide and 70 high, that hold their own number."""
    numbers = np.arange(70 * 5_000).reshape(70, 5_000)
    path = write(tmp_path / "a.tif", numbers, dtype="int32", cell=10, corner=(EAST, NORTH + 700))
    return read_raster(path)


def around(raster: Raster, *shapes: shapely.Geometry) -> RasterPart:
    """Take the cells around shapes, by way of another process."""
    with raster.opened() as grid:
        part = raster_around(raster, grid, shapely.bounds(np.array(shapes)))
    back = pickle.loads(pickle.dumps(part))  # noqa: S301
    assert isinstance(back, RasterPart)
    return back


def test_of_a_raster_the_squares_around_sites_travel(raster: Raster) -> None:
    """Squares are 32 cells of 10 m wide. One site lies in the first two, one 40 km to the east.

    The first lies in rows 31 to 33 and columns 30 to 32: in four squares. The other is in row 49,
    column 4,010: square 125 of the second row, at 157 squares a row.
    """
    part = around(raster, block(300, 370, 30, 20), block(40_100, 200, 5, 5))
    assert part.square.tolist() == [0, 1, 157, 158, 157 + 125]
    assert part.values.shape == (5, 32, 32)
    rows, columns = np.array([31, 33, 49]), np.array([30, 32, 4_010])
    with part.opened() as here, raster.opened() as there:
        assert here.values(rows, columns).tolist() == there.values(rows, columns).tolist()
        assert here.values(rows, columns).tolist() == [155_030.0, 165_032.0, 249_010.0]


def test_cells_over_the_edge_of_a_raster_are_unknown_and_a_site_beside_it_takes_none(
    raster: Raster,
) -> None:
    """Rows 64 to 69 are the last: of the third row of squares six rows of cells are known."""
    part = around(raster, block(0, 5, 5, 5))
    assert np.isnan(part.values[-1]).sum() == (32 - 6) * 32
    assert len(around(raster, block(-5_000, 0)).square) == 0


def test_cells_that_did_not_travel_are_never_made_up(raster: Raster) -> None:
    part = around(raster, block(0, 5, 5, 5))
    with part.opened() as grid, pytest.raises(LayerError, match="rond andere locaties"):
        grid.values(np.array([0]), np.array([4_000]))
    with around(raster, block(-5_000, 0)).opened() as grid, pytest.raises(LayerError):
        grid.values(np.array([0]), np.array([0]))


def test_a_worker_leaves_the_other_cores_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    seen: list[int] = []
    with on_one_core():
        assert cores() == 1
        assert parts_of(100_000) == [slice(0, 100_000)]
        other = threading.Thread(target=lambda: seen.append(cores()))
        other.start()
        other.join()
    assert cores() == 8
    assert seen == [8]
