"""Random scenes: sites of every sort, and a layer for every kind of rule; the same for one seed."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from conftest import EAST, NORTH, frame
from drawn_rasters import write

import woongeo
from woongeo import ClassRule, RasterRule, Rule, StikstofRule, TableRule

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

DAY = dt.date(2026, 11, 22)

# The drawing is wider than distances are looked up.
WIDE_M = 60_000.0


def scattered(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw points: half around a few towns, half anywhere."""
    towns = rng.uniform(0, WIDE_M, (3, 2))
    near = towns[rng.integers(0, 3, n)] + rng.normal(0, 600, (n, 2))
    anywhere = rng.uniform(0, WIDE_M, (n, 2))
    corner = np.array([EAST, NORTH], dtype=float)
    return np.asarray(np.where(rng.random((n, 1)) < 0.5, near, anywhere) + corner)


def blobs(
    rng: np.random.Generator, n: int, size: float, corners: int = 12
) -> list[shapely.Geometry]:
    """Draw surfaces with a ragged edge, of about a size in metres."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    drawn: list[shapely.Geometry] = []
    for x, y in scattered(rng, n):
        radius = size * rng.uniform(0.3, 1.5) * rng.uniform(0.7, 1.3, corners)
        ring = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
        drawn.append(shapely.Polygon(ring))
    return drawn


def sites(rng: np.random.Generator, n: int) -> woongeo.Locations:
    """Draw sites; some touch, some overlap, two cannot be measured."""
    shapes: list[shapely.Geometry | None] = [*blobs(rng, n - 6, 120)]
    x, y = EAST + 30_000, NORTH + 30_000
    shapes += [shapely.box(x + 100 * i, y, x + 100 * i + 100, y + 100) for i in range(3)]
    shapes += [shapely.box(x + 50, y + 50, x + 150, y + 150), None, shapely.Point(x, y)]
    order = rng.permutation(n)
    given = frame(
        [shapes[i] for i in order],
        plan_id=[f"P{i}" for i in range(n)],
        woningen=[None if i % 7 == 0 else float(5 * i) for i in range(n)],
        planstatus=[("1A", "2C", "3", "4A", "5B", "?")[i % 6] for i in range(n)],
        gemeente=[f"GM000{1 + i % 4}" for i in range(n)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return woongeo.read_locations(given)


def layers(rng: np.random.Generator, folder: Path) -> list[woongeo.Layer]:
    """Draw a layer for every kind of rule, and for every reason to know nothing."""
    half = frame([shapely.box(EAST, NORTH, EAST + WIDE_M / 2, NORTH + WIDE_M)])
    drawn = [_nature(rng), *_zones(rng), *_classes(rng, half), *_nitrogen(rng, half)]
    drawn += [*_cells(rng, folder, half), *_tables(rng)]
    known = frame(blobs(rng, 20, 400))
    old = woongeo.read_layer(
        "oud",
        known,
        coverage="nederland",
        rule=Rule(max_age_days=10),
        reference_date=dt.date(2020, 1, 1),
    )
    later = woongeo.read_layer(
        "later", known, coverage="nederland", rule=Rule(valid_from=dt.date(2030, 1, 1))
    )
    partly = woongeo.read_layer("deels", known, coverage="nederland", rule=Rule())
    nowhere = woongeo.read_layer("nergens", known, rule=Rule(within_m=300.0))
    gone = woongeo.missing_layer("drinkwater", reason="niet geleverd")
    return [*drawn, old, later, replace(partly, incomplete="2 objecten ontbreken"), nowhere, gone]


def _nature(rng: np.random.Generator) -> woongeo.Layer:
    """Areas of many corners, one of many parts; overlap, and 250 m around."""
    big = shapely.MultiPolygon(shapely.get_parts(shapely.union_all(blobs(rng, 8, 900, 400))))
    drawn = frame([*blobs(rng, 6, 2_000, 1_500), big], nr=range(7))
    layer = woongeo.read_layer("natura2000", drawn, coverage="nederland", rule=Rule())
    return layer.with_rule(Rule(within_m=250.0, scope="nieuw"), name="250m")


def _zones(rng: np.random.Generator) -> list[woongeo.Layer]:
    """Widths of their own, values that count or are doubted, and own ground left out."""
    n = 60
    drawn = frame(
        [*blobs(rng, n - 20, 150), *shapely.points(scattered(rng, 20))],
        nr=range(n),
        meter=np.where(
            rng.random(n) < 0.2, np.nan, rng.choice([0.0, 40.0, 300.0, 900.0], n)
        ).tolist(),
        soort=rng.choice(["ja", "nee", "?", ""], n, p=[0.5, 0.3, 0.1, 0.1]).tolist(),
    )
    own = Rule(within_column="meter", where={"soort": ("ja",)}, unknown_where={"soort": ("?",)})
    # Areas of the coverage are many, and end halfway.
    tiles = [
        shapely.box(EAST + 5e3 * i, NORTH + 5e3 * j, EAST + 5e3 * (i + 1), NORTH + 5e3 * (j + 1))
        for i in range(8)
        for j in range(12)
    ]
    around = Rule(within_m=100.0, leave_out_own_ground=True, tolerance_m2=0.0)
    rings = shapely.boundary(drawn.geometry.to_numpy()[:5])
    mixed = frame([*rings, *drawn.geometry.iloc[20:]], nr=range(n - 15))
    # Nobody says how far these reach; of the others it is not known for one in five.
    silent = drawn.assign(meter=None)
    unread = drawn.assign(meter=["?", *drawn["meter"].iloc[1:]])
    fixed = replace(own, within_m=30.0)
    return [
        woongeo.read_layer("eigen", drawn, coverage=frame(tiles), rule=own),
        woongeo.read_layer("spuit", drawn, coverage="nederland", rule=around),
        woongeo.read_layer("stil", silent, coverage="nederland", rule=own),
        woongeo.read_layer("onleesbaar", unread, coverage="nederland", rule=fixed),
        woongeo.read_layer(
            "wat",
            silent.assign(meter=unread["meter"].where(unread["meter"] == "?")),
            coverage="nederland",
            rule=fixed,
        ),
        woongeo.read_layer("gemengd", mixed, coverage="nederland", rule=Rule()),
        woongeo.read_layer("lijnen", frame(list(rings)), coverage="nederland", rule=Rule()),
    ]


def _classes(rng: np.random.Generator, half: gpd.GeoDataFrame) -> list[woongeo.Layer]:
    """Areas of three classes, one of which is not known."""
    drawn = frame(
        blobs(rng, 60, 500), nr=range(60), zone=list(rng.choice(["a", "b", "c", "x"], 60))
    )
    table = {"a": "hard", "b": "middel", "c": "geen"}
    heaviest = ClassRule(column="zone", classes=table, other="onbekend")
    largest = replace(heaviest, decides="grootste")
    rings = drawn.assign(geometry=drawn.geometry.boundary).iloc[:5]
    return [
        woongeo.read_layer("vol", drawn, coverage="nederland", rule=heaviest),
        woongeo.read_layer("net", drawn, coverage=half, rule=largest),
        woongeo.read_layer("rand", rings, coverage="nederland", rule=largest),
        woongeo.read_layer(
            "deels_rand", pd.concat([rings, drawn.iloc[5:]]), coverage=half, rule=heaviest
        ),
    ]


def _nitrogen(rng: np.random.Generator, half: gpd.GeoDataFrame) -> list[woongeo.Layer]:
    """Nature with an exceedance that is partly not known, and nature whose coverage ends."""
    n = 12
    drawn = frame(
        blobs(rng, n, 800),
        nr=range(n),
        teveel=np.where(np.arange(n) % 4 == 0, np.nan, rng.uniform(-500, 500, n)).tolist(),
    )
    rule = StikstofRule(exceedance_column="teveel", min_exceedance_mol_ha_j=0.0)
    return [
        woongeo.read_layer("stikstof", drawn, coverage="nederland", rule=rule),
        woongeo.read_layer("ammoniak", drawn, coverage=half, rule=StikstofRule()),
    ]


def _cells(rng: np.random.Generator, folder: Path, half: gpd.GeoDataFrame) -> list[woongeo.Layer]:
    """Cells of which some are not known, by share and by statistic."""
    values = rng.normal(1, 1, (300, 300))
    values[rng.random(values.shape) < 0.02] = -9999
    path = write(
        folder / f"{rng.integers(1 << 40)}.tif",
        values,
        corner=(EAST - 3.0, NORTH + WIDE_M - 2_000),
        cell=173.0,
        nodata=-9999,
    )
    deep = woongeo.read_raster_layer("diepte", path, rule=RasterRule(above=1.5, min_share=0.25))
    mean = RasterRule(statistic="gemiddelde", above=1.0, max_unknown_share=0.05)
    shallow = woongeo.read_raster_layer("gemiddeld", path, rule=mean, coverage=half)
    return [deep.with_rule(RasterRule(statistic="p90", above=2.0), name="p90"), shallow]


def _tables(rng: np.random.Generator) -> list[woongeo.Layer]:
    """Give a value a region, found by a column and by its shape."""
    codes = ["GM0001", "GM0002", "GM0003"]
    table = pd.DataFrame({"gemeente": codes, "fte": rng.choice(["1", "2,5", "9", ""], 3)})
    rule = TableRule(below=3.0, unit="fte", severity="zacht")
    named = [f"GM000{i + 1}" for i in range(4)]
    x, y = EAST, NORTH
    squares = [shapely.box(x + 1.5e4 * i, y, x + 1.5e4 * (i + 1), y + WIDE_M) for i in range(4)]
    regions = woongeo.read_regions("gemeente", frame(squares, naam=named), name_column="naam")
    return [
        woongeo.read_table_layer("staf", table, value_column="fte", rule=rule),
        woongeo.read_table_layer("staf2", table, value_column="fte", rule=rule, regions=regions),
    ]


def same(one: woongeo.Screening, other: woongeo.Screening) -> None:
    """Make sure that two screenings say the same, to the last bit."""
    for name in ("locaties", "treffers", "geraakt", "aandeel", "telt"):
        left, right = (pd.DataFrame(getattr(x, name)) for x in (one, other))
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)
    assert list(one.judged) == list(other.judged)
    for key, judged in one.judged.items():
        again = other.judged[key]
        assert (judged.measure is None) == (again.measure is None), key
        assert (judged.unknown_parts is None) == (again.unknown_parts is None), key
        if judged.measure is not None and again.measure is not None:
            for name in ("pair_site", "pair_feature", "whole"):
                np.testing.assert_array_equal(
                    getattr(judged.measure, name), getattr(again.measure, name), err_msg=key
                )
            # Parts of a site in their order; in which order sites come has no meaning.
            first, second = (
                m.part[np.argsort(m.part_site, kind="stable")]
                for m in (judged.measure, again.measure)
            )
            alike(first, second)
        if judged.unknown_parts is not None and again.unknown_parts is not None:
            alike(judged.unknown_parts, again.unknown_parts)


def alike(one: NDArray[np.object_], other: NDArray[np.object_]) -> None:
    """Make sure that shapes have the same corners, to the last bit."""
    assert shapely.to_wkb(one).tolist() == shapely.to_wkb(other).tolist()
