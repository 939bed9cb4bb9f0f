"""Reading some rows of a large file: a national one is never held whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyproj.exceptions import ProjError

from woongeo.crs import RD, as_crs, to_rd
from woongeo.errors import FileError
from woongeo.sources.address import is_address
from woongeo.sources.place import find, no_leak
from woongeo.sources.readers import one_layer
from woongeo.sources.source import Source, fingerprints, read_vector, source_of, with_geometry
from woongeo.threads import cores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from woongeo.sources.place import Place

#: Chooses the columns to select by, from those there are.
ChooseColumns = Callable[[Sequence[str]], Sequence[str]]
#: Tells, for a table of their values, which rows are wanted.
Wanted = Callable[[pd.DataFrame], "NDArray[np.bool_]"]

Box = tuple[float, float, float, float]

# Kinds that GDAL reads row by row, and whose text has one encoding. Others are read whole.
_BY_GDAL = {"GPKG", "FlatGeobuf", "OpenFileGDB"}

_BATCH, _BATCH_BYTES = 16_384, 2 << 20


@dataclass(frozen=True, eq=False)
class Selected:
    """Some rows of a file.

    Attributes
    ----------
    frame : GeoDataFrame
        As of `read_vector`, with a column ``rij``: the number of the row in the file (the feature
        id where the kind has them), the same whatever is selected.
    source : Source
        Of the whole file; `features` counts the rows that were read.
    rows : int
        How many rows the file holds.
    """

    frame: gpd.GeoDataFrame
    source: Source
    rows: int


def read_selected(  # noqa: PLR0913  one keyword a choice
    given: str | Path | gpd.GeoDataFrame,
    *,
    columns: ChooseColumns,
    wanted: Wanted,
    needed: ChooseColumns | None = None,
    within: Box | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    query: str | None = None,
) -> Selected:
    """Read the wanted rows of a vector file, and bring them to RD New.

    Parameters
    ----------
    given, layer, crs, encoding
        As for `read_vector`.
    columns : callable
        Gets the names of all columns, gives those to select by; may raise.
    wanted : callable
        Gets a table of those columns, gives a bool a row. Asked of values, not of places: it must
        say the same of equal rows.
    needed : callable, optional
        Gets the names of all columns, gives those that the frame must have; may raise. All without
        it.
    within : tuple of float, optional
        Only what comes in this box: west, south, east, north in RD New. Boxes of shapes are looked
        at, so some more may come along.
    encoding, query : str, optional
        As for `read_vector`.

    Returns
    -------
    Selected
        The rows, in the order of the file.

    Raises
    ------
    FileError, ColumnError, CrsError
        As `read_vector`.
    """
    # A database, or what must be one, is read whole.
    if not isinstance(given, gpd.GeoDataFrame) and not is_address(given) and query is None:
        place = find(given, layer)
        ask = _Ask(place, columns, wanted, needed, within, crs)
        if place.kind in _BY_GDAL:
            return _with_gdal(ask)
        if place.kind == "GeoParquet":
            found = _with_pyarrow(ask)
            if found is not None:
                return found
    frame, source = read_vector(given, layer=layer, crs=crs, encoding=encoding, query=query)
    if needed is not None:
        needed([c for c in frame.columns if c != "geometry"])
    frame.insert(0, "rij", np.arange(1, len(frame) + 1))
    names = [c for c in frame.columns if c not in {"geometry", "rij"}]
    chosen = pd.DataFrame(frame[list(columns(names))])
    keep = wanted(chosen) & _in_box(frame.geometry.to_numpy(), within)
    return _counted(frame[keep].reset_index(drop=True), source, len(frame), within)


@dataclass(frozen=True)
class _Ask:
    """What is asked of a file."""

    place: Place
    columns: ChooseColumns
    wanted: Wanted
    needed: ChooseColumns | None
    within: Box | None
    crs: object

    def of(self, there: Sequence[str]) -> tuple[list[str], list[str]]:
        """Give the columns to select by, and all that are read, in the order of the file."""
        chosen = list(self.columns(there))
        if self.needed is None:
            return chosen, list(there)
        read = {*chosen, *self.needed(there)}
        return chosen, [name for name in there if name in read]


def _counted(
    frame: gpd.GeoDataFrame, source: Source, rows: int, within: Box | None = None
) -> Selected:
    """Note how many rows were taken."""
    note = f"{len(frame)} van de {rows} rijen gelezen"
    if within is not None:
        west, south, east, north = (round(x) for x in within)
        note += f", binnen x {west} tot {east} en y {south} tot {north} (RD)"
    return Selected(frame, source.with_rows(len(frame), note), rows)


def _in_box(shapes: NDArray[np.object_], within: Box | None) -> NDArray[np.bool_]:
    """Tell which shapes come in a box; those without a shape always do, so that none gets lost."""
    if within is None:
        return np.ones(len(shapes), dtype=bool)
    b = shapely.bounds(shapes)
    west, south, east, north = within
    inside = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    return np.asarray(inside | np.isnan(b[:, 0]))


def _box_in(within: Box | None, crs: object, what: str) -> Box | None:
    """Bring a box from RD New to the reference system of a file, grown where it bends."""
    if within is None or crs is None:
        return None
    try:
        transformer = pyproj.Transformer.from_crs(RD, as_crs(crs, what=what), always_xy=True)
        box: Box = transformer.transform_bounds(*within, densify_pts=21)
    except ProjError as error:
        raise FileError(f"{what}: coördinatenstelsel {crs} is niet om te rekenen.") from error
    return box if np.isfinite(box).all() else None


def _with_gdal(ask: _Ask) -> Selected:
    """Look at the values first, then have GDAL read the wanted rows only."""
    place, crs = ask.place, ask.crs
    with no_leak(place.given) as notes, ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprints, place)
        name = one_layer(place)
        info = pyogrio.read_info(place.gdal_path, layer=name)
        if info["driver"] != place.kind:
            raise FileError(f"{place.given}: de inhoud is {info['driver']}, geen {place.kind}.")
        chosen, read = ask.of([str(field) for field in info["fields"]])
        stated = info["crs"] if crs is None else crs
        box = _box_in(ask.within, stated, place.given)
        of, condition, expected = info["features"], None, None
        if chosen:
            values = pyogrio.read_dataframe(
                place.gdal_path, layer=name, columns=chosen, read_geometry=False, bbox=box
            )
            kinds = values.drop_duplicates()
            kinds = kinds[ask.wanted(kinds)]
            condition = _where(kinds)
            expected = len(values.merge(kinds, on=chosen, how="inner"))
            of = max(of, len(values))
            if box is None and len(values) != of:
                expected = -1
        frame = pyogrio.read_dataframe(
            place.gdal_path,
            layer=name,
            columns=read,
            where=condition,
            bbox=box,
            fid_as_index=True,
            on_invalid="warn",
        )
        parts = hashing.result()
    if expected is None and box is None:
        expected = of
    if expected is not None and len(frame) != expected:
        raise FileError(
            f"{place.given}: er konden {len(frame)} objecten worden gelezen, en er horen er meer "
            "te zijn; lever het bestand opnieuw."
        )
    # An index in the file may give them in an order of its own.
    frame = frame.sort_index()
    frame.index.name = "rij"
    shapes, conversion = to_rd(frame.geometry.to_numpy(), stated, what=place.given)
    result = with_geometry(frame, shapes, place.given)
    source = source_of(place, parts, name, len(frame), conversion, notes)
    return _counted(result, source, of, ask.within)


def _where(kinds: pd.DataFrame) -> str:
    """Write rows of values as a condition: one OR for each combination of all but the first."""
    first, *rest = (str(c) for c in kinds.columns)
    if not len(kinds):
        return "1 = 0"
    conditions = []
    groups = kinds.groupby(rest, dropna=False, sort=False) if rest else [((), kinds)]
    for key, group in groups:
        parts = [_one_of(first, group[first].tolist())]
        parts += [_one_of(c, [value]) for c, value in zip(rest, key, strict=True)]
        conditions.append("(" + " AND ".join(parts) + ")")
    return " OR ".join(conditions)


def _one_of(column: str, values: Sequence[object]) -> str:
    """Write that a column has one of some values, in SQL."""
    quoted = '"' + column.replace('"', '""') + '"'
    there = [v for v in values if not pd.isna(v)]  # type: ignore[call-overload]
    options = [] if len(there) == len(values) else [f"{quoted} IS NULL"]
    if there:
        options.append(f"{quoted} IN ({', '.join(_literal(v) for v in there)})")
    return options[0] if len(options) == 1 else f"({' OR '.join(options)})"


def _literal(value: object) -> str:
    """Write a value in SQL."""
    if isinstance(value, bool | np.bool_):
        # SQLite and GDAL's own SQL both know these.
        return str(int(value))
    if isinstance(value, int | float | np.integer | np.floating):
        return repr(value.item() if isinstance(value, np.generic) else value)
    return "'" + str(value).replace("'", "''") + "'"


def _with_pyarrow(ask: _Ask) -> Selected | None:
    """Read GeoParquet batch by batch, keeping what is wanted; None where it holds no WKB."""
    place = ask.place
    with (
        no_leak(place.given) as notes,
        ThreadPoolExecutor(1 + cores()) as pool,
        ThreadPoolExecutor(1) as parser,
        pq.ParquetFile(place.path, memory_map=True) as file,
    ):
        meta = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        name = meta.get("primary_column")
        geometry = meta.get("columns", {}).get(name, {})
        if geometry.get("encoding") != "WKB":
            return None
        hashing = pool.submit(fingerprints, place)
        # The standard's own when none is stated; an explicit null is "not known".
        stated = geometry.get("crs", "OGC:CRS84") if ask.crs is None else ask.crs
        system = None if stated is None else pyproj.CRS.from_user_input(stated)
        covering = geometry.get("covering", {}).get("bbox", {})
        boxes = {path[0] for path in covering.values()}
        there = [n for n in file.schema_arrow.names if n not in {name, *boxes}]
        chosen, read = ask.of(there)
        box = _box_in(ask.within, system, place.given)
        groups = list(_groups(file, covering, box))
        wanted = [np.ones(file.metadata.row_group(g).num_rows, dtype=bool) for g, _ in groups]
        if chosen and groups:
            values = file.read_row_groups([g for g, _ in groups], columns=chosen).to_pandas()
            ends = np.cumsum([len(w) for w in wanted])
            wanted = np.split(np.asarray(ask.wanted(values)), ends[:-1])
        rows = [start + 1 + np.flatnonzero(w) for (_, start), w in zip(groups, wanted, strict=True)]
        # Each group in a thread of its own, and what is parsed in another.
        reading = [
            pool.submit(_group, ask, file.metadata, group, keep, (read, name), parser)
            for (group, _), keep in zip(groups, wanted, strict=True)
            if keep.any()
        ]
        found = [each for group in reading for each in group.result()]
        tables = [table for table, _ in found]
        schema = pa.schema([file.schema_arrow.field(n) for n in read])
        table = pa.Table.from_batches(tables, schema=tables[0].schema if tables else schema)
        shapes = np.concatenate([np.empty(0, dtype=object), *(p.result() for _, p in found)])
        of = file.metadata.num_rows
        attributes = table.to_pandas(ignore_metadata=True)
        attributes.insert(0, "rij", np.concatenate([np.empty(0, dtype=int), *rows]))
        parts = hashing.result()
    shapes, conversion = to_rd(shapes, system, what=place.given)
    frame = with_geometry(gpd.GeoDataFrame(attributes, geometry=shapes), shapes, place.given)
    keep = _in_box(shapes, ask.within)
    if not keep.all():
        frame = frame[keep].reset_index(drop=True)
    source = source_of(place, parts, "", len(frame), conversion, notes)
    return _counted(frame, source, of, ask.within)


def _group(
    ask: _Ask,
    metadata: pq.FileMetaData,
    group: int,
    wanted: NDArray[np.bool_],
    columns: tuple[list[str], str],
    parser: ThreadPoolExecutor,
) -> list[tuple[pa.RecordBatch, Future[NDArray[np.object_]]]]:
    """Read the wanted rows of a row group: attributes, and shapes that are being parsed."""
    read, name = columns
    found, first = [], 0
    with pq.ParquetFile(ask.place.path, memory_map=True, metadata=metadata) as file:
        rows, every = _batch_rows(file, group), [*read, name]
        for batch in file.iter_batches(rows, row_groups=[group], columns=every, use_threads=False):
            keep = wanted[first : first + batch.num_rows]
            first += len(keep)
            kept = batch if keep.all() else batch.filter(pa.array(keep))
            wkb = kept.column(kept.schema.names.index(name)).to_numpy(zero_copy_only=False)
            found.append((kept.select(read), parser.submit(shapely.from_wkb, wkb)))
    return found


def _batch_rows(file: pq.ParquetFile, group: int) -> int:
    """Choose how many rows are read at a time.

    Few megabytes that are thinned out and parsed at once: the memory of a large column costs more
    time than reading it does.
    """
    of = file.metadata.row_group(group)
    return int(np.clip(_BATCH_BYTES * of.num_rows // max(of.total_byte_size, 1), 1, _BATCH))


def _groups(
    file: pq.ParquetFile, covering: dict[str, list[str]], box: Box | None
) -> Iterator[tuple[int, int]]:
    """List the row groups in which something may come in a box, with the row that each begins at.

    A group without statistics may hold anything.
    """
    names = [".".join(covering.get(edge, [])) for edge in ("xmin", "ymin", "xmax", "ymax")]
    paths = [file.metadata.schema.column(i).path for i in range(file.metadata.num_columns)]
    known = box is not None and all(name in paths for name in names)
    start = 0
    for i in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(i)
        if not known or _may_meet(group, [paths.index(name) for name in names], box):
            yield i, start
        start += group.num_rows


def _may_meet(group: pq.RowGroupMetaData, columns: list[int], box: Box | None) -> bool:
    """Tell whether the boxes in a row group may come in a box."""
    found = [group.column(i).statistics for i in columns]
    # A row without a shape has no box, and must not get lost.
    if box is None or any(s is None or not s.has_min_max or s.null_count != 0 for s in found):
        return True
    west, south, east, north = box
    # Boxes may be kept in half as many digits.
    xmin, ymin, xmax, ymax = (s.min - 1 if i < 2 else s.max + 1 for i, s in enumerate(found))
    return bool(xmin <= east and ymin <= north and xmax >= west and ymax >= south)


__all__ = ["Selected", "read_selected"]
