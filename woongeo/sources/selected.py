"""Reading some rows of a large file: a national one is never held whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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

if TYPE_CHECKING:
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

_BATCH = 16_384


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


def read_selected(
    given: str | Path | gpd.GeoDataFrame,
    *,
    columns: ChooseColumns,
    wanted: Wanted,
    within: Box | None = None,
    layer: str | None = None,
    crs: object = None,
) -> Selected:
    """Read the wanted rows of a vector file, and bring them to RD New.

    Parameters
    ----------
    given, layer, crs
        As for `read_vector`.
    columns : callable
        Gets the names of all columns, gives those to select by; may raise.
    wanted : callable
        Gets a table of those columns, gives a bool a row. Asked of values, not of places: it must
        say the same of equal rows.
    within : tuple of float, optional
        Only what comes in this box: west, south, east, north in RD New. Boxes of shapes are looked
        at, so some more may come along.

    Returns
    -------
    Selected
        The rows, in the order of the file.

    Raises
    ------
    FileError, ColumnError, CrsError
        As `read_vector`.
    """
    if not isinstance(given, gpd.GeoDataFrame) and not is_address(given):
        place = find(given, layer)
        if place.kind in _BY_GDAL:
            return _with_gdal(place, columns, wanted, within, crs)
        if place.kind == "GeoParquet":
            found = _with_pyarrow(place, columns, wanted, within, crs)
            if found is not None:
                return found
    frame, source = read_vector(given, layer=layer, crs=crs)
    frame.insert(0, "rij", np.arange(1, len(frame) + 1))
    names = [c for c in frame.columns if c not in {"geometry", "rij"}]
    chosen = pd.DataFrame(frame[list(columns(names))])
    keep = wanted(chosen) & _in_box(frame.geometry.to_numpy(), within)
    return _counted(frame[keep].reset_index(drop=True), source, len(frame))


def _counted(frame: gpd.GeoDataFrame, source: Source, rows: int) -> Selected:
    """Note how many rows were taken."""
    note = f"{len(frame)} van de {rows} rijen gelezen"
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


def _with_gdal(
    place: Place, columns: ChooseColumns, wanted: Wanted, within: Box | None, crs: object
) -> Selected:
    """Look at the values first, then have GDAL read the wanted rows only."""
    with no_leak(place.given) as notes:
        name = one_layer(place)
        info = pyogrio.read_info(place.gdal_path, layer=name)
        if info["driver"] != place.kind:
            raise FileError(f"{place.given}: de inhoud is {info['driver']}, geen {place.kind}.")
        chosen = list(columns([str(field) for field in info["fields"]]))
        stated = info["crs"] if crs is None else crs
        box = _box_in(within, stated, place.given)
        values = pyogrio.read_dataframe(
            place.gdal_path, layer=name, columns=chosen, read_geometry=False, bbox=box
        )
        kinds = values.drop_duplicates()
        kinds = kinds[wanted(kinds)]
        expected = len(values.merge(kinds, on=chosen, how="inner"))
        of = max(info["features"], len(values))
        if box is None and len(values) != of:
            expected = -1
        frame = pyogrio.read_dataframe(
            place.gdal_path,
            layer=name,
            where=_where(kinds),
            bbox=box,
            fid_as_index=True,
            on_invalid="warn",
        )
    if len(frame) != expected:
        raise FileError(
            f"{place.given}: er konden {len(frame)} objecten worden gelezen, en er horen er meer "
            "te zijn; lever het bestand opnieuw."
        )
    # An index in the file may give them in an order of its own.
    frame = frame.sort_index()
    frame.index.name = "rij"
    shapes, conversion = to_rd(frame.geometry.to_numpy(), stated, what=place.given)
    result = with_geometry(frame, shapes, place.given)
    source = source_of(place, fingerprints(place), name, len(frame), conversion, notes)
    return _counted(result, source, of)


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
    if isinstance(value, int | float | np.integer | np.floating):
        return repr(value.item() if isinstance(value, np.generic) else value)
    return "'" + str(value).replace("'", "''") + "'"


def _with_pyarrow(
    place: Place, columns: ChooseColumns, wanted: Wanted, within: Box | None, crs: object
) -> Selected | None:
    """Read GeoParquet batch by batch, keeping what is wanted; None where it holds no WKB."""
    with no_leak(place.given) as notes, pq.ParquetFile(place.path, memory_map=True) as file:
        meta = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        name = meta.get("primary_column")
        geometry = meta.get("columns", {}).get(name, {})
        if geometry.get("encoding") != "WKB":
            return None
        # The standard's own when none is stated; an explicit null is "not known".
        stated = geometry.get("crs", "OGC:CRS84") if crs is None else crs
        there = [n for n in file.schema_arrow.names if n not in {name, "bbox"}]
        chosen = list(columns(there))
        tables, rows, of = [], [], 0
        for batch in file.iter_batches(_BATCH, columns=[*there, name], use_threads=False):
            keep = wanted(batch.select(chosen).to_pandas())
            tables.append(batch.filter(pa.array(keep)))
            rows.append(of + 1 + np.flatnonzero(keep))
            of += batch.num_rows
        table = pa.Table.from_batches(tables) if tables else file.schema_arrow.empty_table()
        shapes = shapely.from_wkb(table.column(name).to_numpy())
        attributes = table.select(there).to_pandas(ignore_metadata=True)
        attributes.insert(0, "rij", np.concatenate([np.empty(0, dtype=int), *rows]))
        system = None if stated is None else pyproj.CRS.from_user_input(stated)
    shapes, conversion = to_rd(shapes, system, what=place.given)
    frame = with_geometry(gpd.GeoDataFrame(attributes, geometry=shapes), shapes, place.given)
    keep = _in_box(shapes, within)
    source = source_of(place, fingerprints(place), "", len(frame), conversion, notes)
    return _counted(frame[keep].reset_index(drop=True), source, of)


__all__ = ["Selected", "read_selected"]
