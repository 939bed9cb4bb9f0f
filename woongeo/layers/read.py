"""Reading layers: one, or several at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from woongeo.engine import REACH_M
from woongeo.layers.begun import Begun
from woongeo.layers.file import LayerFile
from woongeo.threads import Crew, uncollected

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from woongeo.catalogue import Catalogue
    from woongeo.geometry import Cleaned
    from woongeo.layers.begun import Read
    from woongeo.layers.model import Coverage, Layer
    from woongeo.layers.near import HasSites
    from woongeo.rules import RuleBase


def read_layer(  # noqa: PLR0913  one keyword a fact
    key: str,
    source: str | Path | gpd.GeoDataFrame,
    *,
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None,
    rule: RuleBase | None = None,
    where: Mapping[str, Sequence[object]] | None = None,
    around: HasSites | gpd.GeoDataFrame | None = None,
    reach_m: float = REACH_M,
    columns: Mapping[str, str] | None = None,
    id_column: str | None = None,
    name_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    query: str | None = None,
    title: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    empty_is_free: bool = False,
    ignore_unreadable: bool = False,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read a layer, with the area in which its absence means something.

    Parameters
    ----------
    key : str
        Short name ("natura2000"); columns of results begin with it. For keys of the catalogue the
        title, coverage and rule have defaults.
    source : str, Path or GeoDataFrame
        A vector file or frame; surfaces, lines or points.
    coverage : str, Path, GeoDataFrame or Coverage, optional
        Where absence means free: a file, "nederland", or "eigen gebieden" (only where the layer
        itself is, so that absence never means free). Without it the catalogue's; where the
        catalogue does not know the layer either, absence gives `onbekend`. A file states its own
        reference system, or is given by way of `read_coverage`.
    rule : RuleBase, optional
        When it hinders: the main rule; without it the catalogue's. The layer's other rules stay
        the catalogue's.
    where : Mapping, optional
        Column of the file to the values that are wanted (a list, also of one), compared as text:
        other rows are not read. A row without a value is: it makes the layer incomplete, unless
        None is one of the values that are wanted. Where no row of the whole file has what is asked
        the layer gives `onbekend` and says which values there are, as an empty layer does.
    around : Locations or GeoDataFrame, optional
        Only what comes near these is read, by the boxes that GeoParquet, GeoPackage and FlatGeobuf
        keep of their rows; the layer then says nothing of elsewhere. Rows without a shape are read
        too: they might be near. Surfaces of many corners are checked where sites are only, and the
        report says so.
    reach_m : float
        How far around, metres: distances beyond it are not known.
    columns : Mapping, optional
        Column that a rule reads to the column of the file that holds it, where their names differ.
    id_column, name_column : str, optional
        The columns of ids and names of features; the usual ones are recognised.
    layer, crs, encoding, query : optional
        As for `read_locations`.
    title : str, optional
        For people.
    reference_date : date, optional
        The day whose state the layer shows; of a date with a time only the day is kept.
    publisher, licence : str, optional
        Who publishes it, under which terms.
    empty_is_free : bool
        Whether a layer without any feature means that there is none; otherwise it gives `onbekend`,
        since an empty file is what a failed download looks like, and a file without what `where`
        asks is what a value that was misspelled looks like.
    ignore_unreadable : bool
        Whether features that cannot be measured may be left out; otherwise absence of the layer
        gives `onbekend`, since one of them might be there. It says nothing of features without a
        value in a column of `where`.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        In RD New (EPSG:28992); features in the order of the file.

    Raises
    ------
    LayerError, FileError, ColumnError, CrsError
        When the key, the file, a column or the coordinates cannot be used, or `where` names no
        values.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    UnknownResultWarning
        When the layer is empty or has features that cannot be measured.
    """
    file = LayerFile(
        key,
        source,
        coverage=coverage,
        rule=rule,
        where=where,
        columns=columns,
        id_column=id_column,
        name_column=name_column,
        layer=layer,
        crs=crs,
        encoding=encoding,
        query=query,
        title=title,
        reference_date=reference_date,
        publisher=publisher,
        licence=licence,
        empty_is_free=empty_is_free,
        ignore_unreadable=ignore_unreadable,
    )
    with uncollected(), Crew() as crew:
        begun = Begun.of(file, crew, around, reach_m, catalogue)
        crew.all_asked()
        read = begun.read()
        return read.layer(read.clean(), stacklevel=2)


def read_layers(
    files: Sequence[LayerFile] | Mapping[str, str | Path | gpd.GeoDataFrame],
    *,
    around: HasSites | gpd.GeoDataFrame | None = None,
    reach_m: float = REACH_M,
    catalogue: Catalogue | None = None,
) -> list[Layer]:
    """Read several layers at once: while one is checked others are read.

    Sooner done than `read_layer` for each; what comes back is the same.

    Parameters
    ----------
    files : sequence of LayerFile, or Mapping
        What `read_layer` is told of each; or key to file.
    around, reach_m, catalogue : optional
        As for `read_layer`, for all. With `around` layers come back ready to be measured there.

    Returns
    -------
    list of Layer
        In RD New (EPSG:28992), in the order of the files.

    Raises
    ------
    LayerError, FileError, ColumnError, CrsError
        As `read_layer`: of the first that cannot be used.

    Warns
    -----
    RepairedGeometryWarning, UnknownResultWarning
        As `read_layer`, in the order of the files.
    """
    if isinstance(files, Mapping):
        files = [LayerFile(key, source) for key, source in files.items()]
    with uncollected(), Crew() as crew:
        begun = [Begun.of(file, crew, around, reach_m, catalogue) for file in files]
        rows: list[tuple[Read, Cleaned | None]] = []
        for each in begun:
            read = each.read()
            # What others still look at is cleaned when all has been read.
            rows.append((read, None if read.waits else read.clean()))
        # Hashes come last: they are read while the last shapes are looked at.
        crew.all_asked()
        layers = []
        for read, cleaned in rows:
            layers.append(read.layer(cleaned or read.clean(), stacklevel=2))
    return layers
