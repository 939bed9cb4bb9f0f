"""Housing locations in RD New, with the report of how they came in."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from woongeo.encode import html_text, shortened
from woongeo.engine import Sites
from woongeo.numerals import counted, dutch

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from woongeo.checks import CheckReport
    from woongeo.sources import Source

#: Our own columns of a table of locations, in order.
COLUMNS = ("locatie_id", "naam", "woningen", "planstatus", "hardheid")


@dataclass(frozen=True, eq=False)
class Locations:
    """Housing locations in RD New, with the report of how they came in.

    Attributes
    ----------
    frame : GeoDataFrame
        One row a location, in the order of the input, on a `RangeIndex`: `locatie_id` (text,
        unique), `naam`, `woningen` (homes; NaN where unknown, never 0 instead), `planstatus` (code
        or "onbekend"), `hardheid` (hard, zacht, onbekend, telt niet mee), the input's own columns
        and `geometry` (RD New, EPSG:28992; valid surfaces where `usable`).
    usable : ndarray of bool
        Whether a location's shape can be measured; where it cannot its verdict is `onbekend`.
    problem : ndarray of str
        Why not.
    columns : dict
        Which column of the input was taken for id, name, woningen and planstatus; None where none.
    report : CheckReport
        Every doubt and repair.
    source : Source
        Where the locations came from.
    totals_for : str
        For which audience these are the plans that count in totals (`for_totals`), some of which it
        may not see; empty where they were not chosen so.
    """

    frame: gpd.GeoDataFrame
    usable: NDArray[np.bool_]
    problem: NDArray[np.object_]
    columns: dict[str, str | None]
    report: CheckReport
    source: Source
    totals_for: str = ""

    def __len__(self) -> int:
        return len(self.frame)

    @functools.cached_property
    def sites(self) -> Sites:
        """Give those that can be measured.

        Returns
        -------
        Sites
            RD New (EPSG:28992), metres; with what was measured of them.
        """
        shapes = self.frame.geometry.to_numpy()
        return Sites(shapes if self.usable.all() else shapes[self.usable])

    def _repr_html_(self) -> str:
        frame = self.frame
        chosen = ", ".join(f"{k}: {v or 'niet gevonden'}" for k, v in self.columns.items())
        return (
            f"<p><strong>{counted(len(frame), 'locatie', 'locaties')}</strong> uit "
            f"{html_text(shortened(self.source.path))}; "
            f"{dutch(frame['woningen'].sum(min_count=1), decimals=0)} woningen, "
            f"{counted(frame['woningen'].isna().sum(), 'locatie', 'locaties')} zonder aantal. "
            f"Kolommen: {html_text(chosen)}.</p>{self.report._repr_html_()}"
        )
