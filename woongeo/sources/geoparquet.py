"""Reading some rows of a GeoParquet file, in the background: values first, then shapes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from woongeo.crs import as_crs, is_rd, to_rd
from woongeo.sources.asked import Ask, Box, Selected, box_in, in_box, noted
from woongeo.sources.place import no_leak
from woongeo.sources.source import fingerprints, source_of, with_geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from numpy.typing import NDArray

    from woongeo.files import Fingerprint
    from woongeo.sources.source import Source
    from woongeo.threads import Crew

_BATCH, _BATCH_BYTES = 16_384, 2 << 20


class _Batch(NamedTuple):
    """Some rows: attributes, and shapes that are being parsed."""

    attributes: pa.RecordBatch
    shapes: Future[NDArray[np.object_]]


class _Begun(NamedTuple):
    """What is being read.

    `rows` are the numbers of the rows that are wanted, `groups` what becomes of them, `chosen` the
    columns that they were selected by; `system` is the reference system of the file, `of` how many
    rows it holds, `schema` that of the attributes.
    """

    rows: list[NDArray[np.intp]]
    groups: list[Future[list[_Batch]]]
    chosen: list[str]
    hashed: Callable[[], tuple[Fingerprint, ...]]
    system: pyproj.CRS | None
    schema: pa.Schema
    of: int


def begin(ask: Ask, crew: Crew) -> Callable[[], Selected] | None:
    """Begin to read the wanted rows.

    Parameters
    ----------
    ask : Ask
        Of which file, and which rows.
    crew : Crew
        Who reads.

    Returns
    -------
    callable or None
        Waits for the rows and gives them; None where the file holds no WKB.
    """
    place = ask.place
    with no_leak(place.given) as notes, pq.ParquetFile(place.path, memory_map=True) as file:
        meta = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        name = meta.get("primary_column")
        geometry = meta.get("columns", {}).get(name, {})
        if geometry.get("encoding") != "WKB":
            return None
        begun = _begin(ask, crew, file, (name, geometry))
    return lambda: _finish(ask, begun, notes)


def _begin(
    ask: Ask, crew: Crew, file: pq.ParquetFile, column: tuple[str, dict[str, Any]]
) -> _Begun:
    """Look at the values, and set the crew to read the shapes."""
    name, geometry = column
    # The standard's own when none is stated; an explicit null is "not known".
    stated = geometry.get("crs", "OGC:CRS84")
    system = None if stated is None else pyproj.CRS.from_user_input(stated)
    if ask.crs is not None:
        system = as_crs(ask.crs, what=ask.place.given)
    covering = geometry.get("covering", {}).get("bbox", {})
    boxes = {path[0] for path in covering.values()}
    chosen, read = ask.of([n for n in file.schema_arrow.names if n not in {name, *boxes}])
    within = ask.within if system is not None and is_rd(system) else None
    groups = list(_groups(file, covering, box_in(ask.within, system, ask.place.given)))
    wanted = [np.ones(file.metadata.row_group(g).num_rows, dtype=bool) for g, _ in groups]
    if chosen and groups:
        values = file.read_row_groups([g for g, _ in groups], columns=chosen).to_pandas()
        ends = np.cumsum([len(w) for w in wanted])
        wanted = np.split(np.asarray(ask.wanted(values)), ends[:-1])
    return _Begun(
        [start + 1 + np.flatnonzero(w) for (_, start), w in zip(groups, wanted, strict=True)],
        # Each group in a thread of its own, and what is parsed in another.
        [
            crew.read(
                partial(
                    _group,
                    ask.place.path,
                    file.metadata,
                    (group, keep),
                    (read, name),
                    lambda wkb: crew.queue(partial(_parsed, wkb, within)),
                )
            )
            for (group, _), keep in zip(groups, wanted, strict=True)
            if keep.any()
        ],
        chosen,
        crew.read_last(partial(fingerprints, ask.place)),
        system,
        pa.schema([file.schema_arrow.field(n) for n in read]),
        file.metadata.num_rows,
    )


def _group(
    path: Path,
    metadata: pq.FileMetaData,
    wanted: tuple[int, NDArray[np.bool_]],
    columns: tuple[list[str], str],
    parse: Callable[[NDArray[np.object_]], Future[NDArray[np.object_]]],
) -> list[_Batch]:
    """Read the wanted rows of a row group."""
    (group, rows), (read, name) = wanted, columns
    found, first = [], 0
    with pq.ParquetFile(path, memory_map=True, metadata=metadata) as file:
        size, every = _batch_rows(file, group), [*read, name]
        for batch in file.iter_batches(size, row_groups=[group], columns=every, use_threads=False):
            keep = rows[first : first + batch.num_rows]
            first += len(keep)
            kept = batch if keep.all() else batch.filter(pa.array(keep))
            wkb = kept.column(kept.schema.names.index(name)).to_numpy(zero_copy_only=False)
            found.append(_Batch(kept.select(read), parse(wkb)))
    return found


def _parsed(wkb: NDArray[np.object_], within: Box | None) -> NDArray[np.object_]:
    """Parse shapes; of one outside a box, in the same system, no more is kept than its own box.

    It is left out in the end, and until then its corners would take memory that others can use.
    """
    shapes = shapely.from_wkb(wkb)
    if within is not None:
        far = np.flatnonzero(~in_box(shapes, within))
        shapes[far] = shapely.box(*shapely.bounds(shapes[far]).reshape(-1, 4).T)
    return np.asarray(shapes)


def _finish(ask: Ask, begun: _Begun, before: list[str]) -> Selected:
    """Wait for the rows, and bring them to RD New."""
    place = ask.place
    with no_leak(place.given) as notes:
        found = [batch for group in begun.groups for batch in group.result()]
        tables = [batch.attributes for batch in found]
        table = pa.Table.from_batches(tables, schema=tables[0].schema if tables else begun.schema)
        shapes = np.concatenate([np.empty(0, dtype=object), *(b.shapes.result() for b in found)])
        attributes = table.to_pandas(ignore_metadata=True)
        attributes.insert(0, "rij", np.concatenate([np.empty(0, dtype=int), *begun.rows]))
    shapes, conversion = to_rd(shapes, begun.system, what=place.given)
    frame = with_geometry(gpd.GeoDataFrame(attributes, geometry=shapes), shapes, place.given)
    keep = in_box(shapes, ask.within)
    if not keep.all():
        frame = frame[keep].reset_index(drop=True)

    def told() -> Source:
        source = source_of(place, begun.hashed(), "", len(frame), conversion, [*before, *notes])
        return noted(source, len(frame), begun.of, ask.within)

    def every() -> pd.DataFrame:
        with no_leak(place.given), pq.ParquetFile(place.path, memory_map=True) as file:
            return pd.DataFrame(file.read(columns=begun.chosen).to_pandas(ignore_metadata=True))

    return Selected(frame, told, begun.of, every)


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
