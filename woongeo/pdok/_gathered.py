"""Pages that become one table: one schema, and each feature once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from woongeo.errors import IncompleteLayerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from woongeo.pdok._pages import Page

_NULL, _BOOL, _INT, _FLOAT, _TEXT = pa.null(), pa.bool_(), pa.int64(), pa.float64(), pa.string()
_PANDAS = {_INT: pd.Int64Dtype(), _BOOL: pd.BooleanDtype()}
_DUTCH = {_BOOL: "ja/nee", _INT: "hele getallen", _FLOAT: "getallen", _TEXT: "tekst"}


class ChangedError(IncompleteLayerError):
    """One id came with two contents: the data changed while it was read."""


class Gathered:
    """Pages that become one table.

    Parameters
    ----------
    what : str
        What is being fetched, for messages.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.pages: list[Page] = []
        self.notes: list[str] = []
        self.duplicates = 0

    def __len__(self) -> int:
        return sum(map(len, self.pages))

    def extend(self, pages: Iterable[Page]) -> None:
        """Add pages.

        Parameters
        ----------
        pages : iterable of Page
            Any number.
        """
        self.pages += pages

    def ids(self) -> Iterator[str | None]:
        """Give the ids in order.

        Returns
        -------
        iterator of str or None
            As served.
        """
        return chain.from_iterable(page.ids for page in self.pages)

    def frame(self) -> gpd.GeoDataFrame:
        """Join the pages: one schema, each id once.

        Returns
        -------
        GeoDataFrame
            RD New (EPSG:28992), metres; ``feature_id`` (text), the union of all columns in order
            of appearance with one type each, and ``geometry``; on a fresh `RangeIndex`.

        Raises
        ------
        ChangedError
            When an id came with different contents.
        """
        names = dict.fromkeys(chain.from_iterable(page.columns for page in self.pages))
        columns = {name: self._join(name) for name in names}
        geometry = np.concatenate([np.empty(0, object), *(page.geometry for page in self.pages)])
        ids = list(self.ids())
        keep = self._first_of_each(ids, columns, geometry)
        # A property of the same name as one of our own columns keeps its content under another.
        taken = {"feature_id", "geometry"}
        renamed = {(f"{n}_attribuut" if n in taken else n): a for n, a in columns.items()}
        table = pa.table({"feature_id": pa.array(ids, _TEXT), **renamed})
        if not keep.all():
            table = table.filter(pa.array(keep))
            geometry = geometry[keep]
        frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS.get)
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, crs="EPSG:28992"))

    def _join(self, name: str) -> pa.ChunkedArray:
        """Give one column one type, the narrowest that holds all pages."""
        parts = [page.columns.get(name, pa.nulls(len(page))) for page in self.pages]
        kinds = {part.type for part in parts} - {_NULL}
        if len(kinds) <= 1:
            kind = next(iter(kinds), _TEXT)
        elif kinds == {_INT, _FLOAT}:
            kind = _FLOAT
        else:
            kind = _TEXT
            told = " en ".join(sorted(_DUTCH[k] for k in kinds))
            self.notes.append(f"kolom {name}: {told} door elkaar, gelezen als tekst")
        return pa.chunked_array([pc.cast(part, kind) for part in parts], type=kind)

    def _first_of_each(
        self,
        ids: list[str | None],
        columns: dict[str, pa.ChunkedArray],
        geometry: NDArray[np.object_],
    ) -> NDArray[np.bool_]:
        """Mark the first of each id, after a check that the others are equal to it."""
        keep = np.ones(len(ids), dtype=bool)
        first: dict[str, int] = {}
        pairs = []
        for i, name in enumerate(ids):
            if name is None:
                continue
            if (earlier := first.setdefault(name, i)) != i:
                pairs.append((earlier, i))
        if not pairs:
            return keep
        a, b = np.array(pairs).T
        same = shapely.to_wkb(geometry[a]) == shapely.to_wkb(geometry[b])
        for column in columns.values():
            left, right = column.take(pa.array(a)), column.take(pa.array(b))
            equal = pc.fill_null(pc.equal(left, right), False)
            both_null = pc.and_(pc.is_null(left), pc.is_null(right))
            same &= pc.or_(equal, both_null).to_numpy()
        if not same.all():
            which = ids[a[np.flatnonzero(~same)[0]]]
            raise ChangedError(
                f"{self.what}: object {which} kwam twee keer, met verschillende inhoud: de "
                "gegevens veranderden tijdens het ophalen. Probeer het later opnieuw."
            )
        keep[b] = False
        self.duplicates = len(pairs)
        return keep
