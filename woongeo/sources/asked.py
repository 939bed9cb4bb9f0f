"""What is asked of a file of which some rows are read, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import ProjError

from woongeo.crs import RD, as_crs
from woongeo.errors import FileError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.sources.place import Place
    from woongeo.sources.source import Source

#: Chooses the columns to select by, from those there are.
ChooseColumns = Callable[[Sequence[str]], Sequence[str]]
#: Tells, for a table of their values, which rows are wanted.
Wanted = Callable[[pd.DataFrame], "NDArray[np.bool_]"]

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Selected:
    """Some rows of a file.

    Attributes
    ----------
    frame : GeoDataFrame
        As of `read_vector`, with a column ``rij``: the number of the row in the file (the feature
        id where the kind has them), the same whatever is selected.
    told : callable
        Gives the source; may wait for the hash of the file.
    rows : int
        How many rows the file holds.
    values : callable
        Gives what stands in the whole file in the columns that rows were selected by; may read it
        again.
    """

    frame: gpd.GeoDataFrame
    told: Callable[[], Source]
    rows: int
    values: Callable[[], pd.DataFrame] = pd.DataFrame

    @cached_property
    def source(self) -> Source:
        """The whole file; its `features` counts the rows that were read."""
        return self.told()


@dataclass(frozen=True)
class Ask:
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


def noted(source: Source, read: int, rows: int, within: Box | None = None) -> Source:
    """Note how many rows were taken."""
    note = f"{read} van de {rows} rijen gelezen"
    if within is not None:
        west, south, east, north = (round(x) for x in within)
        note += f", binnen x {west} tot {east} en y {south} tot {north} (RD)"
    return source.with_rows(read, note)


def in_box(shapes: NDArray[np.object_], within: Box | None) -> NDArray[np.bool_]:
    """Tell which shapes come in a box; those without a shape always do, so that none gets lost."""
    if within is None:
        return np.ones(len(shapes), dtype=bool)
    b = shapely.bounds(shapes)
    west, south, east, north = within
    inside = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    return np.asarray(inside | np.isnan(b[:, 0]))


def box_in(within: Box | None, crs: object, what: str) -> Box | None:
    """Bring a box from RD New to the reference system of a file, grown where it bends."""
    if within is None or crs is None:
        return None
    try:
        transformer = pyproj.Transformer.from_crs(RD, as_crs(crs, what=what), always_xy=True)
        box: Box = transformer.transform_bounds(*within, densify_pts=21)
    except ProjError as error:
        raise FileError(f"{what}: coördinatenstelsel {crs} is niet om te rekenen.") from error
    return box if np.isfinite(box).all() else None
