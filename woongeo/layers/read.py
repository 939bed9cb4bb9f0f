"""Reading layers: files with the area in which their absence means something."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from woongeo.catalogue import MAIN, Catalogue, default_catalogue
from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, feature_columns, numbers, recognise
from woongeo.crs import near_netherlands
from woongeo.days import day_of
from woongeo.encode import dutch
from woongeo.engine import REACH_M, Indexes
from woongeo.errors import ColumnError, FileError, LayerError, UnknownResultWarning
from woongeo.geometry import Cleaned, clean, voice_repairs
from woongeo.layers.model import Coverage, Layer, named
from woongeo.layers.near import (
    Around,
    HasSites,
    WhereSitesAre,
    can_look_in_part,
    check_columns,
    columns_of,
    sites_of,
    wanted_rows,
    without_value,
)
from woongeo.netherlands import outline
from woongeo.sources import Selected, read_selected, read_vector
from woongeo.sources.address import shown_place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.catalogue import LayerSpec
    from woongeo.rules import RuleBase

#: Words that can be given as a coverage instead of a file.
NATIONWIDE = "nederland"
OWN_AREAS = "eigen gebieden"


def read_coverage(source: str | Path | gpd.GeoDataFrame, *, crs: object = None) -> Coverage:
    """Read the area in which the absence of a layer means something.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        A vector file or frame of surfaces; or the word "nederland".
    crs : optional
        As for `read_layer`.

    Returns
    -------
    Coverage
        In RD New (EPSG:28992).

    Raises
    ------
    LayerError
        When a shape in it cannot be measured: a hole in what is known must not go unseen.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    """
    if isinstance(source, str) and source.strip().lower() == NATIONWIDE:
        shape = np.array([outline()], dtype=object)
        return Coverage(shape, "landelijk (ruwe omtrek van Nederland)", nationwide=True)
    frame, origin = read_vector(source, crs=crs)
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=True)
    if not cleaned.usable.all() or not len(frame):
        problem = next(iter(cleaned.problem[~cleaned.usable]), "geen gebieden")
        raise LayerError(f"{origin.path}: deze dekking heeft onbruikbare gebieden ({problem}).")
    voice_repairs(cleaned, origin.path, stacklevel=2)
    return Coverage(cleaned.geometry, f"gebieden uit {origin.path}", source=origin)


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
        Column of the file to the values that are wanted, compared as text: other rows are not read.
        A row without a value is: it makes the layer incomplete.
    around : Locations or GeoDataFrame, optional
        Only what comes near these is read, by the boxes that GeoParquet, GeoPackage and FlatGeobuf
        keep of their rows; the layer then says nothing of elsewhere. Surfaces of many corners are
        checked where sites are only, and the report says so.
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
        since an empty file is what a failed download looks like.
    ignore_unreadable : bool
        Whether features that cannot be measured may be left out; otherwise absence of the layer
        gives `onbekend`, since one of them might be there.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        In RD New (EPSG:28992); features in the order of the file.

    Raises
    ------
    LayerError, FileError, ColumnError, CrsError
        When the key, the file, a column or the coordinates cannot be used.

    Warns
    -----
    RepairedGeometryWarning
        When shapes were repaired.
    UnknownResultWarning
        When the layer is empty or has features that cannot be measured.
    """
    spec = (catalogue or default_catalogue()).spec(key)
    rules = dict(spec.rules) if rule is None else {**spec.rules, MAIN: rule}
    reference_date = day_of(reference_date, "reference_date")
    _refuse_shapeless(key, rules)
    near = None if around is None else sites_of(around, reach_m, rules)
    asked = dict(where or {})
    what = shown_place(source) if isinstance(source, str | Path) else "het GeoDataFrame"

    def needed(there: Sequence[str]) -> list[str]:
        chosen = feature_columns(there, id_column=id_column, name_column=name_column, what=what)
        check_columns(asked, there, what)
        read = columns_of(there, rules, columns or {}, spec.aliases)
        return [*asked, *read, *(column for column in chosen.values() if column)]

    how = {"layer": layer, "crs": crs, "encoding": encoding, "query": query}
    with _other_door(spec, source):
        selected = _read_rows(source, asked, near, needed, how)
    frame, origin, rows = selected.frame, selected.source, selected.rows
    attributes = [c for c in frame.columns if c != "geometry"]
    chosen = feature_columns(
        attributes, id_column=id_column, name_column=name_column, what=origin.path
    )
    checker = WhereSitesAre(near, rules) if near and can_look_in_part(rules) else None
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=False, doubtful=checker)
    numbers = frame["rij"] if "rij" in frame else pd.Series(np.arange(1, len(frame) + 1))
    ids = as_text(frame[chosen["id"]] if chosen["id"] else numbers).tolist()
    names = as_text(frame[chosen["name"]]).tolist() if chosen["name"] else [""] * len(ids)
    # What lies far away is most likely in another reference system than the rest.
    far = cleaned.usable & ~near_netherlands(cleaned.geometry)
    problem = np.where(far, "ligt niet in of bij Nederland: ander stelsel?", cleaned.problem)
    part = cleaned.usable & cleaned.reduced
    problem[part] = "lijnen of punten naast het vlak zijn weggelaten"
    undecided = without_value(asked, frame)
    problem[undecided] = f"zonder waarde in kolom {', '.join(asked)}: telt het?"
    part |= undecided
    usable = cleaned.usable & ~far
    findings = _findings(ids, cleaned, np.where(~usable | part, problem, ""))
    findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
    findings += checker.findings() if checker is not None else []
    kept = np.flatnonzero(usable & ~undecided)
    features = named(cleaned.geometry[kept], [ids[i] for i in kept], [names[i] for i in kept])
    taken = _read_by_rules(frame, rules, columns or {}, spec, origin.path)
    for column, values in taken.items():
        features[column] = values.to_numpy()[kept]
    unknown = "" if rows or empty_is_free else "laag is leeg, en er is niet gezegd dat dat klopt"
    n_broken = 0 if ignore_unreadable else int((~usable | part).sum())
    # Who gives a coverage says that fewer are right.
    expected = spec.min_features if coverage is None and not unknown else 0
    incomplete = _incomplete(rows, len(frame), n_broken, expected)
    for reason in filter(None, (unknown, incomplete)):
        warnings.warn(f"{origin.path}: {reason}.", UnknownResultWarning, stacklevel=2)
    voice_repairs(cleaned, origin.path, stacklevel=2)
    covered = _coverage(spec.coverage if coverage is None else coverage, features)
    indexes = Indexes()
    if checker is not None and len(kept) == len(frame) and not cleaned.repaired.any():
        checker.hand_over(indexes, features)
    return Layer(
        key=key,
        title=title or spec.title,
        features=features,
        coverage=covered if near is None else near.covered(covered),
        rules=rules,
        unknown=unknown,
        incomplete=incomplete,
        reference_date=reference_date,
        publisher=publisher or "",
        licence=licence or "",
        report=CheckReport.of(findings),
        source=origin,
        reach_m=REACH_M if near is None else near.reach_m,
        around=near is not None,
        indexes=indexes,
    )


def _read_rows(
    source: str | Path | gpd.GeoDataFrame,
    asked: Mapping[str, Sequence[object]],
    near: Around | None,
    needed: Callable[[Sequence[str]], list[str]],
    how: Mapping[str, Any],
) -> Selected:
    """Read all rows, or those that are asked for and come near sites."""
    if near is None and not asked:
        frame, origin = read_vector(source, **how)
        return Selected(frame, origin, len(frame))
    return read_selected(
        source,
        columns=lambda _: list(asked),
        wanted=lambda values: wanted_rows(asked, values),
        needed=needed,
        within=None if near is None else near.searched,
        **how,
    )


def _incomplete(rows: int, read: int, n_broken: int, expected: int) -> str:
    """Say why absence of a layer means nothing; empty where it does."""
    if n_broken:
        are = "is" if n_broken == 1 else "zijn"
        return f"{n_broken} van de {read} objecten in de laag {are} onleesbaar"
    if rows < expected:
        return (
            f"laag telt {rows} objecten en landelijk zijn er minstens {expected}: "
            "geef de dekking op (coverage) als dit een uitsnede is"
        )
    return ""


def _findings(ids: list[str], cleaned: Cleaned, problem: NDArray[np.object_]) -> list[Finding]:
    """Report features that cannot be used, wholly or in part, and repairs."""
    findings = [
        Finding(ids[i], "object onbruikbaar", "fout", problem[i])
        for i in np.flatnonzero(problem != "")
    ]
    findings += [
        Finding(
            ids[i],
            "geometrie hersteld",
            "melding",
            f"vlak was ongeldig en is hersteld, verschil {dutch(cleaned.area_change_m2[i])} m²",
            float(cleaned.area_change_m2[i]),
        )
        for i in np.flatnonzero(cleaned.repaired)
    ]
    return findings


@contextmanager
def _other_door(spec: LayerSpec, source: object) -> Iterator[None]:
    """Name what reads what is published, where a file cannot be read as shapes."""
    try:
        yield
    except (ColumnError, FileError) as error:
        if spec.reader and isinstance(source, str | Path) and Path(source).exists():
            told = f"{error} Wat van {spec.key} wordt uitgegeven, leest {spec.reader}."
            raise type(error)(told) from error
        raise


def _refuse_shapeless(key: str, rules: Mapping[str, RuleBase]) -> None:
    """Name the right door for layers whose rule reads no shapes."""
    reader = {"tabel": "read_table_layer", "raster": "read_raster_layer"}.get(rules[MAIN].kind)
    if reader is not None:
        raise LayerError(
            f"laag {key}: haar regel is van de soort {rules[MAIN].kind}; lees haar met {reader}."
        )


def _read_by_rules(
    frame: gpd.GeoDataFrame,
    rules: Mapping[str, RuleBase],
    given: Mapping[str, str],
    spec: LayerSpec,
    what: str,
) -> dict[str, pd.Series]:
    """Take the columns that rules read, under the names by which rules know them."""
    there = [str(c) for c in frame.columns if c != "geometry"]
    for column in given.values():
        if column not in there:
            raise ColumnError(f"{what}: kolom {column!r} bestaat niet; wel: {', '.join(there)}.")
    taken = {}
    for name, rule in rules.items():
        for column in (*rule.columns(), *rule.number_columns()):
            usual = [name.lower() for name in (column, *spec.aliases.get(column, ()))]
            found = given.get(column) or recognise(there, usual)
            is_number = column in rule.number_columns()
            if found is None and column in rule.may_lack():
                taken[column] = pd.Series(np.nan if is_number else "", index=frame.index)
            elif found is not None:
                values = frame[found]
                taken[column] = numbers(values)[0] if is_number else as_text(values).str.strip()
            elif rule.on and (told := rule.without(column, there)):
                meant = f" ({spec.columns[column]})" if column in spec.columns else ""
                also = f" Of lees het bestand met {spec.reader}." if spec.reader else ""
                raise ColumnError(
                    f"{what}: de regel {name!r} van deze laag leest de kolom {column!r}{meant}, "
                    f"die er niet is; {told}.{also}"
                )
    return taken


def _coverage(
    given: str | Path | gpd.GeoDataFrame | Coverage | None, features: gpd.GeoDataFrame
) -> Coverage:
    """Settle the coverage of a layer."""
    if isinstance(given, Coverage):
        return given
    if given is None:
        return Coverage(None, "niet opgegeven: afwezigheid van de laag zegt niets")
    if isinstance(given, str) and given.strip().lower() == OWN_AREAS:
        shapes = features.geometry.to_numpy()
        surfaces = shapes[shapely.get_dimensions(shapes) == 2]
        return Coverage(surfaces, "alleen de eigen gebieden van de laag")
    return read_coverage(given)
