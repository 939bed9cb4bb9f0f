"""The national workload: drawn from a seed, the same every time, all of it valid.

Nature areas with ragged edges, holes and islands, zones that tile the country, farms, parcels and
building sites, in RD New. Counts and sizes are those of the real layers; the shapes are invented.
Files are GeoParquet (zstd) with the box of each row, as one group of rows: that is how geopandas
writes them. Parcels lie in no order, as they come from a register; ``parcels_sorted`` holds the
same along a Hilbert curve in groups of 10,000, for who wants to see what that gains.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from woongeo.netherlands import outline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

#: Goes along in the name of the folder: who draws otherwise draws elsewhere.
VERSION = 2

#: File to the number of rows at full size (of zones: of seeds, some fall apart at the border).
LAYERS = {"nature": 162, "zones": 350, "goats": 900, "parcels": 770_000}

_CORNERS = 4_006_000
_CELL_M = 300.0
_TOWNS = 90


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
    shapely.prepare(country)
    west, south, east, north = country.bounds
    points = rng.uniform([west, south], [east, north], (3 * n + 100, 2))
    return np.asarray(points[shapely.contains_xy(country, *points.T)][:n])


def apart(points: NDArray[np.float64], n: int, gap: float) -> NDArray[np.float64]:
    """Keep the first points that lie so far from each other."""
    kept: list[NDArray[np.float64]] = []
    for point in points:
        if not kept or np.hypot(*(np.array(kept) - point).T).min() > gap:
            kept.append(point)
        if len(kept) == n:
            break
    return np.array(kept)


# --- nature


def nature(times: float = 1.0) -> gpd.GeoDataFrame:
    """Draw nature areas of up to 150,000 corners and 250,000 hectares, with holes and islands.

    With so many times the corners the areas stay where they are, and as large.
    """
    rng = np.random.default_rng(1)
    n = LAYERS["nature"]
    corners = np.exp(rng.normal(9.0, 1.6, n))
    for _ in range(20):
        corners = np.clip(corners * _CORNERS / corners.sum(), 500, 150_000)
    hectares = np.sort(np.clip(np.exp(rng.normal(6.9, 1.4, n)), 20, 45_000))[::-1]
    hectares[:4] = [205_000, 110_000, 90_000, 65_000]
    # The largest have the most corners; for the others that is no rule.
    corners = np.sort(corners)[::-1]
    corners[6:] = rng.permutation(corners[6:])
    stretch, turn = rng.uniform(1, 2, n), rng.uniform(0, np.pi, n)
    stretch[0], turn[0] = 2.2, 0.25
    radius = np.sqrt(hectares * 1e4 / np.pi)
    middle = _beside_each_other(rng, radius * stretch)
    shapes = []
    for i in range(n):
        cos, sin = np.cos(turn[i]) * radius[i], np.sin(turn[i]) * radius[i]
        onto = np.diag([stretch[i], 1 / stretch[i]]) @ np.array([[cos, sin], [-sin, cos]])
        shell, holes, islands = _area(rng, int(corners[i] * times))
        own = [shapely.Polygon(shell @ onto, [hole @ onto for hole in holes])]
        own += [shapely.Polygon(island @ onto) for island in islands]
        moved = shapely.transform(shapely.multipolygons(own), lambda xy, at=middle[i]: xy + at)
        shapes.append(moved)
    return _frame(shapes, nr=np.arange(1, n + 1), naam=[f"Natuurgebied {i + 1}" for i in range(n)])


def _beside_each_other(rng: np.random.Generator, reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each area a place where it covers no other, or hardly."""
    middle = [np.array([165_000.0, 590_000.0])]
    for i in range(1, len(reach)):
        tries = within_country(rng, 2_000)
        gaps = np.hypot(*(tries[:, np.newaxis] - np.array(middle)).transpose(2, 0, 1))
        free = (gaps - 0.9 * (reach[:i] + reach[i])).min(axis=1)
        middle.append(tries[np.argmax(free > 0) if (free > 0).any() else np.argmax(free)])
    return np.array(middle)


def _area(
    rng: np.random.Generator, many: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Draw the shell, the holes and the islands of an area of about 1 in radius."""
    shell = ragged(rng, 1, int(many * 0.45), 0.33)[0]
    others = max(2, int(np.sqrt(many) / 1.5))
    weight = rng.pareto(1.3, others) + 0.3
    count = np.maximum(12, many * 0.55 * weight / weight.sum()).astype(int)
    n_holes = int(0.65 * others)
    # Holes stand in a square that the shell surely holds; islands in a circle around all of it.
    inner = 0.95 * np.hypot(*shell.T).min() / np.sqrt(2)
    outer = 1.1 * np.hypot(*shell.T).max()
    side = int(np.ceil(np.sqrt(n_holes)))
    line = ((np.arange(side) + 0.5) / side * 2 - 1) * inner
    square = np.column_stack([v.ravel() for v in np.meshgrid(line, line)])
    at = rng.permutation(square)[:n_holes]
    holes = [
        _fitted(rng, c, rng.uniform(0.2, 0.9) * inner / side) + xy
        for c, xy in zip(count[:n_holes], at, strict=True)
    ]
    step = 2 * np.pi / (others - n_holes)
    size = min(0.3, 0.45 * step) * outer
    islands = [
        _fitted(rng, c, rng.uniform(0.2, 0.9) * size)
        + (outer + size) * np.array([np.cos(i * step), np.sin(i * step)])
        for i, c in enumerate(count[n_holes:])
    ]
    return shell, holes, islands


def _fitted(rng: np.random.Generator, corners: int, size: float) -> NDArray[np.float64]:
    """Draw a ring within a circle."""
    ring = ragged(rng, 1, corners, 0.25)[0]
    return np.asarray(ring * size / np.hypot(*ring.T).max())


# --- zones and farms


def zones() -> gpd.GeoDataFrame:
    """Draw zones with ragged borders that tile the country; of six in ten the grid is full."""
    rng = np.random.default_rng(3)
    seeds = apart(within_country(rng, 20_000), LAYERS["zones"], 4_500)
    cells = shapely.voronoi_polygons(
        shapely.multipoints(seeds), extend_to=outline().buffer(20_000), only_edges=True
    )
    borders = []
    for line in shapely.get_parts(shapely.line_merge(cells)):
        for start, end in itertools.pairwise(shapely.get_coordinates(line)):
            borders.append(_border(rng, start, end))
    edge = shapely.segmentize(outline().exterior, 25.0)
    net = shapely.get_parts(shapely.union_all([*borders, edge]))
    parts = shapely.get_parts(shapely.polygonize(net))
    inside = shapely.contains_xy(
        outline(), *shapely.get_coordinates(shapely.point_on_surface(parts)).T
    )
    parts = parts[inside & (shapely.area(parts) > 1e6)]
    n = len(parts)
    full = rng.random(n) < 0.6
    return _frame(parts, nr=np.arange(n), naam=[f"Voedingsgebied {i}" for i in range(n)], vol=full)


def _border(
    rng: np.random.Generator, start: NDArray[np.float64], end: NDArray[np.float64]
) -> shapely.LineString:
    """Draw a ragged line that begins and ends where it was straight."""
    length = float(np.hypot(*(end - start)))
    many = int(np.clip(length / 29.5, 2, 1_500))
    along = np.linspace(0, 1, many + 1)
    wave = np.fft.rfftfreq(2 * many + 2)
    height = np.zeros_like(wave)
    height[1:] = wave[1:] ** -1.1
    noise = np.fft.irfft(height * np.exp(1j * rng.uniform(0, 2 * np.pi, len(wave))))[: many + 1]
    noise /= np.abs(noise).max() + 1e-12
    # Near its ends it stays between its neighbours.
    aside = 0.35 * length * noise * np.minimum(along, 1 - along)
    across = np.array([start[1] - end[1], end[0] - start[0]]) / max(length, 1e-9)
    points = start + (end - start) * along[:, np.newaxis] + across * aside[:, np.newaxis]
    points[0], points[-1] = start, end
    return shapely.LineString(points)


def goats() -> gpd.GeoDataFrame:
    """Draw farms, each with as many goats as count."""
    rng = np.random.default_rng(4)
    points = within_country(rng, LAYERS["goats"])
    n = len(points)
    names = [f"Geitenhouderij {i}" for i in range(n)]
    columns = {"nr": np.arange(n), "naam": names, "geiten": rng.integers(50, 4_000, n)}
    return _frame(shapely.points(points), **columns)


# --- parcels


def parcels() -> gpd.GeoDataFrame:
    """Draw parcels: strips of fields with a ditch between, outside towns; one in twelve sprayed."""
    rng = np.random.default_rng(2)
    west, south, east, north = outline().bounds
    x, y = np.arange(west, east, _CELL_M), np.arange(south, north, _CELL_M)
    knots = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    knots += rng.uniform(-0.2, 0.2, knots.shape) * _CELL_M
    square = [knots[:-1, :-1], knots[1:, :-1], knots[1:, 1:], knots[:-1, 1:]]
    corner = np.stack([k.reshape(-1, 2) for k in square], axis=1)
    corner = corner[_farmland(corner.mean(axis=1))]
    strips = rng.choice([2, 3, 4, 5, 6], len(corner), p=[0.15, 0.2, 0.3, 0.2, 0.15])
    order = rng.permutation(len(corner))
    enough = np.searchsorted(np.cumsum(strips[order]), LAYERS["parcels"]) + 1
    corner, strips = corner[order[:enough]], strips[order[:enough]]
    whole, n = np.repeat(corner, strips, axis=0), int(strips.sum())
    nth = np.arange(n) - np.repeat(np.cumsum(strips) - strips, strips)
    a, b = (nth / np.repeat(strips, strips), (nth + 1) / np.repeat(strips, strips))
    south_, north_ = whole[:, [0, 1]], whole[:, [3, 2]]
    four = np.stack(
        [_between(south_, a), _between(south_, b), _between(north_, b), _between(north_, a)], 1
    )
    middle = four.mean(axis=1, keepdims=True)
    four = middle + (four - middle) * 0.975
    shapes = np.empty(n, dtype=object)
    per_side = rng.integers(2, 8, n)
    for many in range(2, 8):
        rows = np.flatnonzero(per_side == many)
        part = (np.arange(many) / many)[:, np.newaxis]
        own = four[rows]
        sides = [own[:, [i]] + (own[:, [(i + 1) % 4]] - own[:, [i]]) * part for i in range(4)]
        ring = np.concatenate(sides, axis=1)
        shapes[rows] = shapely.polygons(ring + rng.uniform(-0.4, 0.4, ring.shape))
    at = middle[:, 0]
    patch = np.sin(at[:, 0] / 9_000) + np.sin(at[:, 1] / 7_000) + rng.normal(0, 0.8, n)
    sprayed = patch > np.quantile(patch, 0.92)
    code = np.where(
        sprayed, rng.choice([1004, 1002, 1095, 1097], n), rng.choice([265, 259, 233], n)
    )
    # What belongs together does not stand together: rows of a register have no order on the map.
    rows = rng.permutation(n)
    columns = {"gewascode": code[rows].astype(np.int32), "gespoten": sprayed[rows]}
    return _frame(shapes[rows], nr=np.arange(n), **columns)


def _between(ends: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the point at a share of the way along a side."""
    return np.asarray(ends[:, 0] + (ends[:, 1] - ends[:, 0]) * share[:, np.newaxis])


def _farmland(at: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell what lies in the country and outside its towns."""
    shapely.prepare(outline())
    found = np.asarray(shapely.contains_xy(outline(), *at.T))
    places, reach = towns()
    for place, far in zip(places, reach, strict=True):
        found &= np.hypot(*(at - place).T) > 0.55 * far
    return found


# --- sites


def towns() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw towns, the largest first, and how far they reach."""
    places = apart(within_country(np.random.default_rng(5), 5_000), _TOWNS, 7_000)
    return places, 2_500 + 11_000 * np.sqrt(1 / np.arange(1, _TOWNS + 1) ** 0.8)


def sites(n: int) -> gpd.GeoDataFrame:
    """Draw building sites: three in four near a town. The first of many are those of few."""
    rng = np.random.default_rng(7)
    most = 1_000_000
    places, reach = towns()
    weight = 1 / np.arange(1, _TOWNS + 1) ** 0.8
    town = rng.choice(_TOWNS, most, p=weight / weight.sum())[:n]
    turn, far = rng.uniform(0, 2 * np.pi, most)[:n], np.abs(rng.normal(0, 0.8, most))[:n]
    middle = (
        places[town]
        + np.column_stack([np.cos(turn), np.sin(turn)]) * (reach[town] * far)[:, np.newaxis]
    )
    rural = np.flatnonzero(rng.random(most)[:n] < 0.25)
    country = within_country(rng, most)
    middle[rural] = country[rural]
    beyond = np.flatnonzero(~shapely.contains_xy(outline(), *middle.T))
    middle[beyond] = country[beyond]
    hectares = np.clip(np.exp(rng.normal(np.log(3.0), 1.25, most)), 0.2, 200)[:n]
    corners = np.clip(np.exp(rng.normal(np.log(28), 0.75, most)), 10, 200).astype(int)[:n]
    homes = rng.integers(5, 2_500, most)[:n]
    kind = rng.random(most)[:n]
    shapes = np.empty(n, dtype=object)
    for many in range(10, 201):
        rows = np.flatnonzero(corners == many)
        # A stream of its own for each number of corners: prefixes stay prefixes.
        drawn = ragged(np.random.default_rng([7, many]), len(rows), many, 0.2)
        rings = drawn * np.sqrt(hectares[rows] * 1e4 / np.pi)[:, np.newaxis, np.newaxis]
        for row, ring in zip(rows, rings, strict=True):
            shapes[row] = _site(ring, middle[row], kind[row])
    names = [f"Locatie {i}" for i in range(n)]
    return _frame(shapes, loc_id=np.arange(n), naam=names, woningen=homes)


def _site(ring: NDArray[np.float64], at: NDArray[np.float64], kind: float) -> shapely.Geometry:
    """Draw a site: one in twelve with a hole, one in ten in two parts."""
    few = ring[::3]
    if kind < 0.08:
        return shapely.Polygon(ring + at, [0.35 * few + at])
    if kind < 0.18:
        beside = np.array([1.6 * np.hypot(*ring.T).max(), 0.0])
        return shapely.multipolygons(
            [shapely.Polygon(ring + at), shapely.Polygon(0.5 * few + at + beside)]
        )
    return shapely.Polygon(ring + at)


# --- files


def _frame(shapes: object, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=np.asarray(shapes, dtype=object), crs="EPSG:28992")


def _sorted(folder: Path) -> gpd.GeoDataFrame:
    """Put the parcels along a Hilbert curve."""
    frame = gpd.read_parquet(folder / "parcels.parquet")
    return frame.iloc[np.argsort(frame.hilbert_distance().to_numpy())].reset_index(drop=True)


def make(folder: Path, n: int, *, sorted_parcels: bool = False) -> None:
    """Write what is not there yet, as GeoParquet with the box of each row."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"nature": nature, "zones": zones, "goats": goats, "parcels": parcels}
    every: dict[str, Callable[[], gpd.GeoDataFrame]] = {**drawn, f"sites_{n}": lambda: sites(n)}
    if sorted_parcels:
        every["parcels_sorted"] = lambda: _sorted(folder)
    for name, draw in every.items():
        path = folder / f"{name}.parquet"
        if path.exists():
            continue
        frame = draw()
        part = path.with_suffix(".deel")
        # 1,048,576 rows is what pyarrow takes by itself; here it is said.
        rows = 10_000 if name == "parcels_sorted" else 1 << 20
        frame.to_parquet(
            part, write_covering_bbox=True, compression="zstd", index=False, row_group_size=rows
        )
        part.rename(path)
        corners = int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum())
        size = path.stat().st_size / 1e6
        print(f"{path.name}: {len(frame)} rijen, {corners} hoekpunten, {size:.0f} MB", flush=True)
