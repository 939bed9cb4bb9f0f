"""The national workload: drawn from a seed, the same every time, all of it valid.

Nature areas with ragged edges and holes, zones that tile the country, farms, parcels and building
sites, in RD New. Counts and sizes are those of the real layers; the shapes are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from woongeo.netherlands import outline

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: File to the number of rows at full size.
LAYERS = {"nature": 162, "zones": 350, "goats": 900, "parcels": 770_000}

_CORNERS = 4_000_000
_CELL_M, _STRIPS = 300.0, 4


def ragged(rng: np.random.Generator, rows: int, corners: int, rough: float) -> NDArray[np.float64]:
    """Draw rings around the origin, about 1 in radius, rough at every scale: rows, corners, xy."""
    wave = np.fft.rfftfreq(corners, 1 / corners)
    height = np.zeros_like(wave)
    height[1:] = wave[1:] ** -1.2
    turn = rng.uniform(0, 2 * np.pi, (rows, len(wave)))
    noise = np.fft.irfft(height * np.exp(1j * turn), corners, axis=1)
    noise /= noise.std(axis=1, keepdims=True) + 1e-12
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    # Seen from the origin every ring goes round once: it cannot cross itself.
    radius = np.exp(rough * noise)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def within_country(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw points on land."""
    country = outline()
    west, south, east, north = country.bounds
    points = rng.uniform([west, south], [east, north], (6 * n + 100, 2))
    return np.asarray(points[shapely.contains_xy(country, *points.T)][:n])


def nature() -> gpd.GeoDataFrame:
    """Draw nature areas of up to 150,000 corners, with holes."""
    rng = np.random.default_rng(1)
    n = LAYERS["nature"]
    corners = np.exp(rng.normal(9.0, 1.6, n))
    for _ in range(20):
        corners = np.clip(corners * _CORNERS / corners.sum(), 500, 150_000)
    hectares = np.clip(np.exp(rng.normal(6.9, 1.4, n)), 20, 45_000)
    shapes = []
    for at, many, size in zip(within_country(rng, n), corners.astype(int), hectares, strict=True):
        radius = np.sqrt(size * 1e4 / np.pi)
        shell = ragged(rng, 1, int(many * 0.6), 0.3)[0]
        inner = 0.7 * np.hypot(*shell.T).min() * radius
        side = max(1, int(np.sqrt(many * 0.4 / 60)))
        middle = (np.arange(side) + 0.5) / side * 2 - 1
        x, y = (v.ravel() * inner / np.sqrt(2) for v in np.meshgrid(middle, middle))
        holes = ragged(rng, side * side, 60, 0.15)
        holes *= 0.5 * inner / np.sqrt(2) / side / np.abs(holes).max()
        rings = holes + np.column_stack([x, y])[:, np.newaxis]
        shapes.append(shapely.Polygon(shell * radius + at, [ring + at for ring in rings]))
    return _frame(shapes, nr=np.arange(1, n + 1), naam=[f"Natuurgebied {i + 1}" for i in range(n)])


def zones() -> gpd.GeoDataFrame:
    """Draw zones that tile the country; of six in ten the grid is full."""
    rng = np.random.default_rng(3)
    seeds = shapely.multipoints(within_country(rng, LAYERS["zones"]))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=outline()))
    parts = shapely.get_parts(shapely.intersection(cells, outline()))
    parts = shapely.segmentize(parts[shapely.area(parts) > 1e4], 40.0)
    n = len(parts)
    full = rng.random(n) < 0.6
    return _frame(parts, nr=np.arange(n), naam=[f"Voedingsgebied {i}" for i in range(n)], vol=full)


def goats() -> gpd.GeoDataFrame:
    """Draw farms."""
    points = within_country(np.random.default_rng(4), LAYERS["goats"])
    names = [f"Geitenhouderij {i}" for i in range(len(points))]
    return _frame(shapely.points(points), nr=np.arange(len(points)), naam=names)


def parcels() -> gpd.GeoDataFrame:
    """Draw parcels: strips of fields with a ditch between; one in twelve is sprayed."""
    rng = np.random.default_rng(2)
    west, south, east, north = outline().bounds
    corner = np.stack(
        np.meshgrid(np.arange(west, east, _CELL_M), np.arange(south, north, _CELL_M)), axis=-1
    ).reshape(-1, 2)
    corner = corner[shapely.contains_xy(outline(), *(corner + _CELL_M / 2).T)]
    many = min(len(corner), LAYERS["parcels"] // _STRIPS)
    corner = corner[np.sort(rng.choice(len(corner), many, replace=False))]
    n = many * _STRIPS
    deep = _CELL_M / _STRIPS
    base = np.repeat(corner, _STRIPS, axis=0)
    base[:, 1] += np.tile(np.arange(_STRIPS) * deep, many)
    # Along each edge four corners; each moves by less than the ditch is wide.
    step = np.arange(4) / 4
    unit = np.concatenate(
        [
            np.column_stack([step, 0 * step]),
            np.column_stack([0 * step + 1, step]),
            np.column_stack([1 - step, 0 * step + 1]),
            np.column_stack([0 * step, 1 - step]),
        ]
    )
    ring = base[:, np.newaxis] + 2 + unit * np.array([_CELL_M - 4, deep - 4])
    ring += rng.uniform(-1.5, 1.5, ring.shape)
    patch = np.sin(base[:, 0] / 9_000) + np.sin(base[:, 1] / 7_000) + rng.normal(0, 1, n)
    sprayed = patch > np.quantile(patch, 0.92)
    code = np.where(sprayed, 1004, 265).astype(np.int32)
    frame = _frame(shapely.polygons(ring), nr=np.arange(n), gewascode=code, gespoten=sprayed)
    return frame.iloc[np.argsort(frame.hilbert_distance().to_numpy())].reset_index(drop=True)


def sites(n: int) -> gpd.GeoDataFrame:
    """Draw building sites: three in four near a town. The first of many are those of few."""
    rng = np.random.default_rng(7)
    most = 1_000_000
    towns = within_country(rng, 90)
    weight = 1 / np.arange(1, 91) ** 0.8
    town = rng.choice(90, most, p=weight / weight.sum())[:n]
    turn, far = rng.uniform(0, 2 * np.pi, most)[:n], np.abs(rng.normal(0, 0.8, most))[:n]
    reach = (2_500 + 11_000 * np.sqrt(weight))[town] * far
    middle = towns[town] + np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, np.newaxis]
    rural = np.flatnonzero(rng.random(most)[:n] < 0.25)
    country = within_country(rng, most)
    middle[rural] = country[rural]
    beyond = np.flatnonzero(~shapely.contains_xy(outline(), *middle.T))
    middle[beyond] = country[beyond]
    hectares = np.clip(np.exp(rng.normal(np.log(3.0), 1.25, most)), 0.2, 200)[:n]
    corners = np.clip(np.exp(rng.normal(np.log(28), 0.75, most)), 10, 200).astype(int)[:n]
    homes = rng.integers(5, 2_500, most)[:n]
    shapes = np.empty(n, dtype=object)
    for many in range(10, 201):
        rows = np.flatnonzero(corners == many)
        # A stream of its own for each number of corners: prefixes stay prefixes.
        drawn = ragged(np.random.default_rng([7, many]), len(rows), many, 0.2)
        radius = np.sqrt(hectares[rows] * 1e4 / np.pi)[:, np.newaxis, np.newaxis]
        shapes[rows] = shapely.polygons(drawn * radius + middle[rows][:, np.newaxis])
    names = [f"Locatie {i}" for i in range(n)]
    return _frame(shapes, loc_id=np.arange(n), naam=names, woningen=homes)


def _frame(shapes: object, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=np.asarray(shapes, dtype=object), crs="EPSG:28992")


def make(folder: Path, n: int) -> None:
    """Write what is not there yet, as GeoParquet with the box of each row."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"nature": nature, "zones": zones, "goats": goats, "parcels": parcels}
    for name, draw in [*drawn.items(), (f"sites_{n}", lambda: sites(n))]:
        path = folder / f"{name}.parquet"
        if not path.exists():
            rows = 25_000 if name == "parcels" else None
            part = path.with_suffix(".deel")
            draw().to_parquet(
                part, write_covering_bbox=True, compression="zstd", index=False, row_group_size=rows
            )
            part.rename(path)
            print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB", flush=True)
