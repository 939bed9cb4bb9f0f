"""Layers: what stands in the way, where that is known, and from whom.

A layer is shapes *and* the area in which their absence means something. Natura 2000 covers the
whole country, so a site without it is free of it; a map of congestion from one grid operator says
nothing about the next operator's streets. That area, the coverage, is part of a layer here.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import tomllib
import warnings
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, feature_columns
from woongeo.crs import near_netherlands
from woongeo.encode import dutch, html_text, shortened
from woongeo.engine import REACH_M
from woongeo.errors import LayerError, UnknownResultWarning
from woongeo.geometry import clean, voice_repairs
from woongeo.netherlands import outline
from woongeo.rules import Rule
from woongeo.sources import Source, read_vector

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


#: Words that can be given as a coverage instead of a file.
NATIONWIDE = "nederland"
OWN_AREAS = "eigen gebieden"


@dataclass(frozen=True, eq=False)
class Coverage:
    """The area in which the absence of a layer means that a site is free of it.

    Attributes
    ----------
    geometry : ndarray of shapely geometries or None
        Surfaces in RD New, which may overlap; None where the area is not known, so that absence
        never means anything.
    description : str
        In Dutch.
    nationwide : bool
        Whether the area ends because the country does: what lies across the border is then not
        unknown but outside the rule.
    source : Source or None
        The file it came from.
    """

    geometry: NDArray[np.object_] | None
    description: str
    nationwide: bool = False
    source: Source | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """A bottleneck on the map.

    Attributes
    ----------
    key : str
        Short name; columns of results begin with it.
    title : str
        For people, in Dutch.
    features : GeoDataFrame
        RD New (EPSG:28992): `object_id`, `object_naam` (text) and `geometry` (valid, 2D).
    coverage : Coverage
        Where absence means free.
    rule : Rule
        When it hinders.
    unknown : str
        Why nothing can be said at all (absent, failed, empty); empty where something can.
    incomplete : str
        Why absence means nothing though presence does (features that could not be read); empty
        where the layer is whole.
    reference_date : date or None
        The day whose state the layer shows.
    publisher, licence : str
        Who publishes it, and under which terms; empty where not known.
    report : CheckReport
        Repairs and set-aside features.
    source : Source or None
        Where the features came from.
    reach_m : float
        How far around the sites the layer was looked for, metres: beyond it distances are not
        known.
    """

    key: str
    title: str
    features: gpd.GeoDataFrame
    coverage: Coverage
    rule: Rule
    unknown: str = ""
    incomplete: str = ""
    reference_date: dt.date | None = None
    publisher: str = ""
    licence: str = ""
    report: CheckReport = field(default_factory=lambda: CheckReport.of([]))
    source: Source | None = None
    reach_m: float = REACH_M

    def __len__(self) -> int:
        return len(self.features)

    def with_rule(self, rule: Rule) -> Layer:
        """Give the layer another rule.

        Parameters
        ----------
        rule : Rule
            The rule.

        Returns
        -------
        Layer
            A copy.
        """
        return replace(self, rule=rule)

    def stale(self, on: dt.date) -> str:
        """Say why the layer is too old on a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        str
            The reason in Dutch; empty where the layer is not too old or its rule does not mind.
        """
        limit = self.rule.max_age_days
        if limit is None:
            return ""
        if self.reference_date is None:
            return f"peildatum van de laag is niet bekend, hoogstens {limit} dagen oud gevraagd"
        age = (on - self.reference_date).days
        return f"laag is {age} dagen oud, meer dan {limit}" if age > limit else ""

    def facts(self) -> dict[str, Any]:
        """Give the layer as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        coverage = self.coverage
        return {
            "laag": self.key,
            "titel": self.title,
            "uitgever": self.publisher or None,
            "licentie": self.licence or None,
            "peildatum": self.reference_date.isoformat() if self.reference_date else None,
            "objecten": len(self),
            "onbekend_omdat": self.unknown or None,
            "onvolledig_omdat": self.incomplete or None,
            "bron": self.source.facts() if self.source else None,
            "dekking": coverage.description,
            "gezocht_tot_m": self.reach_m,
            "dekking_bron": coverage.source.facts() if coverage.source else None,
            "controle": self.report.counts(),
            "regel": self.rule.facts(),
        }

    def _repr_html_(self) -> str:
        state = self.unknown or self.incomplete or "volledig"
        date = self.reference_date.isoformat() if self.reference_date else "niet bekend"
        rows = {
            "objecten": str(len(self)),
            "toestand": state,
            "dekking": self.coverage.description,
            "peildatum": date,
            "uitgever": self.publisher or "niet bekend",
            "licentie": self.licence or "niet bekend",
            "regel": self.rule.in_words(),
            "bron van de regel": self.rule.source,
            "bestand": self.source.path if self.source else "geen",
        }
        body = "".join(
            f"<tr><th>{html_text(k)}</th><td>{html_text(shortened(v))}</td></tr>"
            for k, v in rows.items()
        )
        title = html_text(shortened(self.title))
        return f"<table><caption>{title}</caption><tbody>{body}</tbody></table>"


# A key becomes part of column names in GeoPackage, CSV and Excel.
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Columns of results that a key could be taken for.
_RESERVED = {"belemmerd", "vrij", "onbekend", "totaal"}


@functools.cache
def _catalogue() -> dict[str, dict[str, Any]]:
    """Read what is known beforehand of layers by their key."""
    text = resources.files("woongeo").joinpath("layers.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _known(key: str) -> dict[str, Any]:
    """Look up a key, after a check that it can be one."""
    if not _KEY.fullmatch(key) or key in _RESERVED:
        raise LayerError(
            f"laag {key!r}: gebruik een korte naam van kleine letters, cijfers en _, beginnend met "
            f"een letter, en niet {', '.join(sorted(_RESERVED))}."
        )
    return _catalogue().get(key, {})


def default_rule(key: str) -> Rule:
    """Give the rule that holds for a layer unless another is given.

    Parameters
    ----------
    key : str
        The layer.

    Returns
    -------
    Rule
        The catalogue's; the general tolerance where the catalogue does not know the layer.

    Examples
    --------
    >>> default_rule("natura2000").severity
    'zeer hard'
    """
    return Rule(**_known(key).get("rule", {}))


def missing_layer(key: str, *, reason: str, title: str | None = None) -> Layer:
    """Stand in for a layer that is not there, so that its verdicts read `onbekend`.

    Parameters
    ----------
    key : str
        The layer.
    reason : str
        Why it is not there, in Dutch; it becomes the reason of every verdict.
    title : str, optional
        For people.

    Returns
    -------
    Layer
        A layer without features, about which nothing is known.
    """
    known = _known(key)
    return Layer(
        key=key,
        title=title or known.get("title", key),
        features=_features([], [], np.empty(0, dtype=object)),
        coverage=Coverage(None, "geen"),
        rule=default_rule(key),
        unknown=reason or "laag is niet geleverd",
    )


def _features(ids: list[str], names: list[str], shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Make the frame of features."""
    columns = {
        "object_id": pd.Series(ids, dtype=object),
        "object_naam": pd.Series(names, dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs="EPSG:28992"))


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
    rule: Rule | None = None,
    id_column: str | None = None,
    name_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    title: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    empty_is_free: bool = False,
    ignore_unreadable: bool = False,
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
    rule : Rule, optional
        When it hinders; without it the catalogue's.
    id_column, name_column : str, optional
        The columns of ids and names of features; the usual ones are recognised.
    layer, crs, encoding : optional
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
    known = _known(key)
    if isinstance(reference_date, dt.datetime):
        reference_date = reference_date.date()
    frame, origin = read_vector(source, layer=layer, crs=crs, encoding=encoding)
    attributes = [c for c in frame.columns if c != "geometry"]
    chosen = feature_columns(
        attributes, id_column=id_column, name_column=name_column, what=origin.path
    )
    cleaned = clean(frame.geometry.to_numpy(), polygons_only=False)
    numbers = [str(i + 1) for i in range(len(frame))]
    ids = as_text(frame[chosen["id"]]).tolist() if chosen["id"] else numbers
    names = as_text(frame[chosen["name"]]).tolist() if chosen["name"] else [""] * len(frame)
    # What lies far away is most likely in another reference system than the rest.
    far = cleaned.usable & ~near_netherlands(cleaned.geometry)
    problem = np.where(far, "ligt niet in of bij Nederland: ander stelsel?", cleaned.problem)
    part = cleaned.usable & cleaned.reduced
    problem[part] = "lijnen of punten naast het vlak zijn weggelaten"
    usable = cleaned.usable & ~far
    findings = [
        Finding(ids[i], "object onbruikbaar", "fout", problem[i])
        for i in np.flatnonzero(~usable | part)
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
    findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
    kept = np.flatnonzero(usable)
    features = _features([ids[i] for i in kept], [names[i] for i in kept], cleaned.geometry[kept])
    unknown = (
        "" if len(frame) or empty_is_free else "laag is leeg, en er is niet gezegd dat dat klopt"
    )
    n_broken = int((~usable | part).sum())
    incomplete = ""
    if n_broken and not ignore_unreadable:
        incomplete = f"{n_broken} van de {len(frame)} objecten in de laag zijn onleesbaar"
    expected = known.get("min_features", 0)
    if coverage is None and len(frame) < expected and not unknown:
        incomplete = incomplete or (
            f"laag telt {len(frame)} objecten en landelijk zijn er minstens {expected}: "
            "geef de dekking op (coverage) als dit een uitsnede is"
        )
    for reason in filter(None, (unknown, incomplete)):
        warnings.warn(f"{origin.path}: {reason}.", UnknownResultWarning, stacklevel=2)
    voice_repairs(cleaned, origin.path, stacklevel=2)
    return Layer(
        key=key,
        title=title or known.get("title", key),
        features=features,
        coverage=_coverage(known.get("coverage") if coverage is None else coverage, features),
        rule=rule or default_rule(key),
        unknown=unknown,
        incomplete=incomplete,
        reference_date=reference_date,
        publisher=publisher or "",
        licence=licence or "",
        report=CheckReport.of(findings),
        source=origin,
    )


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
