"""What is asked of a file that holds a layer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from woongeo.layers.rows import check_where

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from woongeo.layers.model import Coverage
    from woongeo.rules import RuleBase


@dataclass(frozen=True, eq=False)
class LayerFile:
    """A file that holds a layer, and what is to be known of it.

    Attributes
    ----------
    key : str
        Short name ("natura2000"); columns of results begin with it. For keys of the catalogue the
        title, coverage and rule have defaults.
    source : str, Path or GeoDataFrame
        A vector file or frame; surfaces, lines or points.
    coverage : str, Path, GeoDataFrame or Coverage, optional
        Where absence means free; see `read_layer`, as for all that follow.
    rule : RuleBase, optional
        When it hinders: the main rule.
    where : Mapping, optional
        Column of the file to the values that are wanted: a list, also of one.
    columns : Mapping, optional
        Column that a rule reads to the column of the file that holds it.
    id_column, name_column : str, optional
        The columns of ids and names of features.
    layer, crs, encoding, query : optional
        As for `read_locations`.
    title : str, optional
        For people.
    reference_date : date, optional
        The day whose state the layer shows.
    publisher, licence : str, optional
        Who publishes it, under which terms.
    empty_is_free : bool
        Whether a layer without any feature means that there is none.
    ignore_unreadable : bool
        Whether features that cannot be measured may be left out.

    Raises
    ------
    LayerError
        When `where` names no values of a column.
    """

    key: str
    source: str | Path | gpd.GeoDataFrame
    _: KW_ONLY
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None
    rule: RuleBase | None = None
    where: Mapping[str, Sequence[object]] | None = None
    columns: Mapping[str, str] | None = None
    id_column: str | None = None
    name_column: str | None = None
    layer: str | None = None
    crs: object = None
    encoding: str | None = None
    query: str | None = None
    title: str | None = None
    reference_date: dt.date | None = None
    publisher: str | None = None
    licence: str | None = None
    empty_is_free: bool = False
    ignore_unreadable: bool = False

    def __post_init__(self) -> None:
        check_where(self.where, self.key)
