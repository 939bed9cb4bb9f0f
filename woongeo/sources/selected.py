"""Reading some rows of a large file: a national one is never held whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from woongeo.crs import to_rd
from woongeo.errors import FileError
from woongeo.sources import geoparquet
from woongeo.sources.address import is_address
from woongeo.sources.asked import Ask, Box, ChooseColumns, Selected, Wanted, box_in, in_box, noted
from woongeo.sources.place import Place, find, no_leak
from woongeo.sources.readers import one_layer
from woongeo.sources.source import fingerprints, read_vector, source_of, with_geometry
from woongeo.threads import Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


# Kinds that GDAL reads row by row, and whose text has one encoding. Others are read whole.
_BY_GDAL = {"GPKG", "FlatGeobuf", "OpenFileGDB"}


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
        at, so some more may come along; what has no shape always does.
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
    with Crew() as crew:
        begun = begin_selected(
            given,
            crew=crew,
            columns=columns,
            wanted=wanted,
            needed=needed,
            within=within,
            layer=layer,
            crs=crs,
            encoding=encoding,
            query=query,
        )
        crew.all_asked()
        found = begun()
        # It waits for the hash, which the crew works out.
        _ = found.source
        return found


def begin_selected(  # noqa: PLR0913  one keyword a choice
    given: str | Path | gpd.GeoDataFrame,
    *,
    crew: Crew,
    columns: ChooseColumns,
    wanted: Wanted,
    needed: ChooseColumns | None = None,
    within: Box | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    query: str | None = None,
) -> Callable[[], Selected]:
    """Begin to read the wanted rows of a vector file, as far as that can be done in the background.

    Parameters
    ----------
    given, columns, wanted, needed, within, layer, crs, encoding, query
        As for `read_selected`.
    crew : Crew
        Who reads a GeoParquet file. GDAL voices warnings, which may not be done in a thread: what
        it reads is read when asked for.

    Returns
    -------
    callable
        Waits for the rows and gives them, in the order of the file; to be called once, while the
        crew is there.

    Raises
    ------
    FileError, ColumnError, CrsError
        As `read_vector`, now or when called.
    """
    # A database, or what must be one, is read whole.
    if not isinstance(given, gpd.GeoDataFrame) and not is_address(given) and query is None:
        place = find(given, layer)
        ask = Ask(place, columns, wanted, needed, within, crs)
        if place.kind in _BY_GDAL:
            return lambda: _with_gdal(ask)
        if place.kind == "GeoParquet":
            begun = geoparquet.begin(ask, crew)
            if begun is not None:
                return begun

    def whole() -> Selected:
        frame, source = read_vector(given, layer=layer, crs=crs, encoding=encoding, query=query)
        if needed is not None:
            needed([c for c in frame.columns if c != "geometry"])
        frame.insert(0, "rij", np.arange(1, len(frame) + 1))
        names = [c for c in frame.columns if c not in {"geometry", "rij"}]
        chosen = pd.DataFrame(frame[list(columns(names))])
        keep = wanted(chosen) & in_box(frame.geometry.to_numpy(), within)
        kept, of = frame[keep].reset_index(drop=True), len(frame)
        return Selected(kept, lambda: noted(source, len(kept), of, within), of, lambda: chosen)

    return whole


def _with_gdal(ask: Ask) -> Selected:
    """Look at the values first, then have GDAL read the wanted rows only.

    In a box it finds no row that has no place: those are asked for apart, so that none gets lost.
    """
    place, crs = ask.place, ask.crs
    with no_leak(place.given) as notes, Crew() as crew:
        hashing = crew.read(partial(fingerprints, place))
        name = one_layer(place)
        info = pyogrio.read_info(place.gdal_path, layer=name)
        if info["driver"] != place.kind:
            raise FileError(f"{place.given}: de inhoud is {info['driver']}, geen {place.kind}.")
        chosen, read = ask.of([str(field) for field in info["fields"]])
        stated = info["crs"] if crs is None else crs
        box = box_in(ask.within, stated, place.given)
        of, condition, expected = _count(place, name, info), None, None
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
        placeless = None if box is None else _placeless(ask, (name, info), (chosen, read), box)
        parts = hashing.result()
    if expected is None and box is None:
        expected = of
    if expected is not None and len(frame) != expected:
        raise FileError(
            f"{place.given}: er konden {len(frame)} objecten worden gelezen, en er horen er meer "
            "te zijn; lever het bestand opnieuw."
        )
    if placeless is not None:
        frame = _with(frame, placeless)
    # An index in the file may give them in an order of its own.
    frame = frame.sort_index()
    frame.index.name = "rij"
    shapes, conversion = to_rd(frame.geometry.to_numpy(), stated, what=place.given)
    result = with_geometry(frame, shapes, place.given)
    source = source_of(place, parts, name, len(frame), conversion, notes)

    def every() -> pd.DataFrame:
        with no_leak(place.given):
            values = pyogrio.read_dataframe(
                place.gdal_path, layer=name, columns=chosen, read_geometry=False
            )
        return pd.DataFrame(values)

    return Selected(
        result,
        lambda: noted(source, len(result), of, ask.within),
        of,
        every if chosen else pd.DataFrame,
    )


def _count(place: Place, name: str, info: dict[str, Any]) -> int:
    """Count the rows of a layer, of which FlatGeobuf may not state how many there are."""
    if info["features"] >= 0:
        return int(info["features"])
    counted = pyogrio.read_info(place.gdal_path, layer=name, force_feature_count=True)
    return max(int(counted["features"]), 0)


def _placeless(
    ask: Ask, layer: tuple[str, dict[str, Any]], columns: tuple[list[str], list[str]], box: Box
) -> gpd.GeoDataFrame:
    """Read the wanted rows that GDAL finds in no box; they are few, whatever the file holds."""
    (name, info), (chosen, read) = layer, columns
    path = ask.place.gdal_path
    # GDAL writes an empty shape as none in all kinds but GeoPackage.
    condition = "OGR_GEOMETRY IS NULL"
    if ask.place.kind == "GPKG":
        condition = _placeless_in_geopackage(path, name, info)
    found = pyogrio.read_dataframe(
        path, layer=name, columns=read, where=condition, fid_as_index=True, on_invalid="warn"
    )
    # What the index does not know may have a shape nonetheless.
    keep = in_box(found.geometry.to_numpy(), box)
    if chosen:
        keep &= ask.wanted(pd.DataFrame(found[chosen]))
    return found[keep]


def _placeless_in_geopackage(path: str, name: str, info: dict[str, Any]) -> str:
    """Write the condition by which SQLite finds the rows of a layer that come in no box.

    They have no shape or an empty one, which the index leaves out, or a corner that is no number,
    which it holds as 0 (https://www.sqlite.org/rtree.html); or nobody kept the index.
    """
    shape, fid = _quoted(info["geometry_name"]), _quoted(info["fid_column"])
    index = f"rtree_{name}_{info['geometry_name']}"
    if info["fid_column"] and info["capabilities"]["fast_spatial_filter"]:
        sql = f"SELECT 1 FROM sqlite_master WHERE name = {_literal(index)} COLLATE NOCASE"  # noqa: S608
        if len(pyogrio.read_dataframe(path, sql=sql, read_geometry=False)):
            boxes = f"SELECT id FROM {_quoted(index)} WHERE"  # noqa: S608
            zero = f"{boxes} minx = 0 AND maxx = 0 UNION {boxes} miny = 0 AND maxy = 0"
            # The table in which an index keeps its rows is read ten times as fast as the index.
            known = f"SELECT rowid FROM {_quoted(index + '_rowid')}"  # noqa: S608
            return f"{shape} IS NULL OR {fid} NOT IN ({known}) OR {fid} IN ({zero})"
    return f"{shape} IS NULL OR ST_IsEmpty({shape})"


def _with(frame: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put rows below others, but for those that are there already."""
    more = more[~more.index.isin(frame.index)]
    if not len(more):
        return frame
    # Numbers among which one is missing are read as another type than those that are whole.
    differ = [name for name in frame.columns if frame[name].dtype != more[name].dtype]
    as_object = dict.fromkeys(differ, object)
    return pd.concat([frame.astype(as_object), more.astype(as_object)])


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
    quoted = _quoted(column)
    there = [v for v in values if not pd.isna(v)]  # type: ignore[call-overload]
    options = [] if len(there) == len(values) else [f"{quoted} IS NULL"]
    if there:
        options.append(f"{quoted} IN ({', '.join(_literal(v) for v in there)})")
    return options[0] if len(options) == 1 else f"({' OR '.join(options)})"


def _quoted(name: str) -> str:
    """Write a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: object) -> str:
    """Write a value in SQL."""
    if isinstance(value, bool | np.bool_):
        # SQLite and GDAL's own SQL both know these.
        return str(int(value))
    if isinstance(value, int | float | np.integer | np.floating):
        return repr(value.item() if isinstance(value, np.generic) else value)
    return "'" + str(value).replace("'", "''") + "'"


__all__ = ["Selected", "begin_selected", "read_selected"]
