"""The catalogue of datasets: data in ``datasets.toml``, held against a schema when it is read.

Services move, and a moved service must be mendable without a new release: a user's own TOML file
with the same tables replaces or adds entries.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woongeo.errors import FileError, InputError, UnknownDatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How the doors of a dataset are called for people.
KINDS = {
    "features": "OGC API Features",
    "wfs": "WFS",
    "arcgis": "ArcGIS FeatureServer",
    "file": "ATOM (GeoPackage)",
    "gml": "ATOM (GML)",
    "table": "tabel (CSV)",
    "coverage": "WCS",
    "grid": "raster (zip)",
    "tiles": "WMTS",
}

#: What a door of a kind gives: features, features by way of a table, cells, or a picture.
FORMS = {
    "features": "laag",
    "wfs": "laag",
    "arcgis": "laag",
    "file": "laag",
    "gml": "laag",
    "table": "tabel",
    "coverage": "raster",
    "grid": "raster",
    "tiles": "achtergrond",
}

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LATEST_YEAR = 2100


@dataclass(frozen=True)
class Door:
    """One way to a dataset.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    url : str
        The landing page, endpoint or file; ``{year}`` stands for the edition, and ``{tms}``,
        ``{z}``, ``{x}`` and ``{y}`` for a tile's place.
    name : str
        The collection, feature type, layer or coverage; empty where there is only one.
    sort_by : str
        For WFS: a property that differs for each feature.
    year : int or None
        The newest edition that is known.
    """

    kind: str
    url: str
    name: str = ""
    sort_by: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset before it is asked for.

    Attributes
    ----------
    id : str
        Short name.
    title, publisher, licence, attribution : str
        For people; the licence is an SPDX id or "onbekend".
    certainty : str
        "seen" or "doubtful".
    doors : tuple of Door
        In order of preference, all of one form (see `FORMS`).
    features, min_features : int
        How many there are in the country, about; and fewer than this cannot be all.
    bytes_per_feature : int
        Size of one in GeoJSON, about.
    columns : Mapping
        Own name to the names that doors give it; case and underscores make no difference.
    keywords : tuple of str
        To search by.
    key : str
        Own name of the column that names a thing; empty where there is none.
    dissolve : bool
        Whether features with one key are one thing.
    latest : str
        Own name of a column of years, of which only the last is kept; empty for none.
    null_at_most : float or None
        Numbers up to this one stand for unknown.
    unknown : Mapping
        Own name to values that stand for unknown.
    shapes : str
        For a table: the dataset whose key its rows are joined to by postcode.
    shapes_digits : int
        How many characters of a postcode the shapes have: 6, or 4 for coarser ones.
    min_rows : int
        For a table: fewer rows than this cannot be all.
    cell_m : float
        For a raster: the size of a cell, whose edges lie on whole multiples of it in RD New.
    unit : str
        For a raster: what its values are in.
    least, most : float or None
        For a raster: between which its values lie.
    min_cells : int
        For a raster of the whole country: fewer cells with a value than this cannot be all.
    deepest : int
        For a background: the last zoom in RD New.
    datetime : str
        The instant that chooses an edition; empty where there is one edition.
    year : int or None
        The edition that is asked unless another is.
    reference : str
        Which day's state it shows, in Dutch; empty where not known.
    note : str
        What a reader should know, in Dutch.
    """

    id: str
    title: str
    publisher: str
    licence: str
    attribution: str
    certainty: str
    doors: tuple[Door, ...]
    features: int = 0
    min_features: int = 0
    bytes_per_feature: int = 0
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    key: str = ""
    dissolve: bool = False
    latest: str = ""
    null_at_most: float | None = None
    unknown: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    shapes: str = ""
    shapes_digits: int = 6
    min_rows: int = 0
    cell_m: float = 0.0
    unit: str = ""
    least: float | None = None
    most: float | None = None
    min_cells: int = 0
    deepest: int = 14
    datetime: str = ""
    year: int | None = None
    reference: str = ""
    note: str = ""

    @property
    def form(self) -> str:
        """What it gives: "laag", "tabel", "raster" or "achtergrond"."""
        return FORMS[self.doors[0].kind]

    def edition(self, year: int | None) -> Dataset:
        """Fill in the year.

        Parameters
        ----------
        year : int or None
            The edition; None for the newest that is known.

        Returns
        -------
        Dataset
            A copy without ``{year}``.

        Raises
        ------
        InputError
            When the dataset has no editions, or the year is none.
        """
        if year is not None:
            if not any("{year}" in text for text in (self.datetime, *(d.url for d in self.doors))):
                raise InputError(f"{self.id}: deze dataset heeft geen edities per jaar.")
            if not 1900 < year < _LATEST_YEAR:
                raise InputError(f"{self.id}: {year} is geen jaar.")
        doors = tuple(
            replace(door, url=door.url.replace("{year}", str(year or door.year)))
            for door in self.doors
            # A door that is always the newest edition cannot give an older one.
            if year is None or "{year}" in door.url or self.datetime
        )
        moment = self.datetime.replace("{year}", str(year or self.year))
        return replace(self, doors=doors, datetime=moment, year=year or self.year)


_TYPES: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "publisher": (str,),
    "licence": (str,),
    "attribution": (str,),
    "certainty": (str,),
    "doors": (list,),
    "keywords": (list,),
    "year": (int,),
    "reference": (str,),
    "note": (str,),
}
_REQUIRED = tuple(_TYPES)[:6]
_COUNTS: dict[str, tuple[type, ...]] = {
    "features": (int,),
    "min_features": (int,),
    "bytes_per_feature": (int,),
    "columns": (dict,),
}
_OF_LAYER: dict[str, tuple[type, ...]] = {
    "key": (str,),
    "dissolve": (bool,),
    "latest": (str,),
    "null_at_most": (int, float),
    "unknown": (dict,),
    "datetime": (str,),
}
_OF_TABLE: dict[str, tuple[type, ...]] = {"shapes": (str,), "min_rows": (int,)}
# What a form has beside the words of all: what it must have, and what it may have.
_OF_FORM: dict[str, tuple[dict[str, tuple[type, ...]], dict[str, tuple[type, ...]]]] = {
    "laag": (_COUNTS, _OF_LAYER),
    "tabel": (_COUNTS | _OF_TABLE, {"key": (str,), "shapes_digits": (int,)}),
    "raster": (
        {"cell_m": (int, float), "unit": (str,)},
        {"least": (int, float), "most": (int, float), "min_cells": (int,)},
    ),
    "achtergrond": ({}, {"deepest": (int,)}),
}
_DOOR_TYPES = {"kind": str, "url": str, "name": str, "sort_by": str, "year": int}


@functools.cache
def embedded() -> Mapping[str, Dataset]:
    """Read the catalogue that comes with the package.

    Returns
    -------
    Mapping
        Short name to dataset, in the order of the file.
    """
    text = resources.files("woongeo.pdok").joinpath("datasets.toml").read_text(encoding="utf-8")
    return _parse(text, "datasets.toml")


def read_catalogue(path: Path | str | None) -> Mapping[str, Dataset]:
    """Read the catalogue, with a user's own entries over those of the package.

    Parameters
    ----------
    path : Path or str or None
        A TOML file in the form of ``datasets.toml``; None for the package's alone.

    Returns
    -------
    Mapping
        Short name to dataset.

    Raises
    ------
    FileError
        When the file cannot be read.
    InputError
        When it does not keep to the schema; the message names the table and the key.
    """
    if path is None:
        return embedded()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: deze catalogus kan niet worden gelezen.") from error
    return {**embedded(), **_parse(text, str(path))}


def find(catalogue: Mapping[str, Dataset], name: str) -> Dataset:
    """Look up a dataset.

    Parameters
    ----------
    catalogue : Mapping
        From `read_catalogue`.
    name : str
        Its short name.

    Returns
    -------
    Dataset
        The entry.

    Raises
    ------
    UnknownDatasetError
        When there is none; the message names what is near.

    Examples
    --------
    >>> find(embedded(), "natura200")
    Traceback (most recent call last):
    ...
    woongeo.errors.UnknownDatasetError: dataset 'natura200' staat niet in de catalogus; \
bedoelt u natura2000?
    """
    if name in catalogue:
        return catalogue[name]
    near = difflib.get_close_matches(name, catalogue, n=3, cutoff=0.5)
    advice = f"bedoelt u {' of '.join(near)}?" if near else "list_datasets() noemt wat er is."
    raise UnknownDatasetError(f"dataset {name!r} staat niet in de catalogus; {advice}")


def _parse(text: str, where: str) -> dict[str, Dataset]:
    """Read TOML and hold it against the schema."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: is geen TOML ({error}).") from error
    return {name: _dataset(name, table, f"{where}, [{name}]") for name, table in tables.items()}


def _dataset(name: str, table: Any, where: str) -> Dataset:  # noqa: ANN401  what TOML holds
    """Read one table."""
    if not _KEY.fullmatch(name) or not isinstance(table, dict):
        raise InputError(f"{where}: geen tabel met een korte naam van kleine letters en cijfers.")
    given = table.get("doors")
    listed = given if isinstance(given, list) else []
    doors = tuple(_door(door, f"{where}, deur {i + 1}") for i, door in enumerate(listed))
    forms = list(dict.fromkeys(FORMS[door.kind] for door in doors))
    must, may = _OF_FORM[forms[0] if forms else "laag"]
    _check_keys(table, _TYPES | must | may, (*_REQUIRED, *must), where)
    if len(forms) != 1:
        raise InputError(f"{where}: een dataset heeft een of meer deuren van één soort.")
    if table["certainty"] not in {"seen", "doubtful"}:
        raise InputError(f"{where}: certainty is 'seen' of 'doubtful'.")
    if "{year}" in table.get("datetime", "") and "year" not in table:
        raise InputError(f"{where}: datetime met {{year}} vraagt een year.")
    changed: dict[str, Any] = {
        "doors": doors,
        "keywords": _texts(table.get("keywords", []), f"{where}, keywords"),
    }
    if "columns" in must:
        changed["columns"] = _columns(table, where)
        changed["unknown"] = {o: tuple(values) for o, values in table.get("unknown", {}).items()}
    elif forms == ["raster"] and table["cell_m"] <= 0:
        raise InputError(f"{where}: cell_m is meer dan nul.")
    return Dataset(id=name, **{**table, **changed})


def _columns(table: Mapping[str, Any], where: str) -> dict[str, tuple[str, ...]]:
    """Read the columns of a layer, and hold what is said of them against each other."""
    if table["min_features"] > table["features"] or table["bytes_per_feature"] < 1:
        raise InputError(f"{where}: min_features is meer dan features, of een maat is nul.")
    columns = {
        own: _texts(theirs, f"{where}, columns.{own}") for own, theirs in table["columns"].items()
    }
    for used in ("key", "latest"):
        if table.get(used, "") and table[used] not in columns:
            raise InputError(f"{where}: {used} {table[used]!r} staat niet in columns.")
    if stray := set(table.get("unknown", {})) - set(columns):
        raise InputError(f"{where}: unknown noemt {min(stray)!r}, dat niet in columns staat.")
    if table.get("dissolve") and not table.get("key"):
        raise InputError(f"{where}: dissolve vraagt een key.")
    if "shapes" in table and "postcode" not in columns:
        raise InputError(f"{where}: een tabel wordt op postcode aan vlakken verbonden.")
    return columns


def _door(table: Any, where: str) -> Door:  # noqa: ANN401  what TOML holds
    """Read one door."""
    if not isinstance(table, dict):
        raise InputError(f"{where}: geen tabel.")
    _check_keys(table, {k: (v,) for k, v in _DOOR_TYPES.items()}, ("kind", "url"), where)
    if table["kind"] not in KINDS:
        raise InputError(f"{where}: kind is een van {', '.join(KINDS)}.")
    if not table["url"].startswith(("https://", "http://")):
        raise InputError(f"{where}: url is geen webadres.")
    if ("{year}" in table["url"]) != ("year" in table):
        raise InputError(f"{where}: {{year}} in url en year horen bij elkaar.")
    if table["kind"] in {"features", "wfs", "coverage"} and not table.get("name"):
        raise InputError(f"{where}: name ontbreekt.")
    places = [part for part in ("{tms}", "{z}", "{x}", "{y}") if part in table["url"]]
    if len(places) != (4 if table["kind"] == "tiles" else 0):
        raise InputError(f"{where}: {{tms}}, {{z}}, {{x}} en {{y}} horen in de url van tegels.")
    return Door(**table)


def _check_keys(
    table: Mapping[str, Any],
    types: Mapping[str, tuple[type, ...]],
    required: tuple[str, ...],
    where: str,
) -> None:
    """See that a table has what it must have, and nothing else."""
    if missing := [key for key in required if key not in table]:
        raise InputError(f"{where}: {missing[0]} ontbreekt.")
    for key, value in table.items():
        if key not in types:
            raise InputError(f"{where}: {key} is geen bekend woord; wel: {', '.join(types)}.")
        if not isinstance(value, types[key]) or (
            bool not in types[key] and isinstance(value, bool)
        ):
            raise InputError(f"{where}: {key} heeft de verkeerde soort waarde ({value!r}).")


def _texts(values: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401  what TOML holds
    """Read a list of texts."""
    if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
        raise InputError(f"{where}: is geen lijst van woorden.")
    return tuple(values)
