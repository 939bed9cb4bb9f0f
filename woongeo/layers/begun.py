"""A layer that is being read: from the rows of a file to features with their doubts."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from woongeo.catalogue import MAIN, default_catalogue
from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, feature_columns, numbers, recognise
from woongeo.crs import near_netherlands
from woongeo.days import day_of
from woongeo.encode import line_text
from woongeo.engine import REACH_M, Indexes
from woongeo.errors import ColumnError, FileError, LayerError, UnknownResultWarning
from woongeo.geometry import Cleaned, Cleaning, voice_repairs
from woongeo.layers.coverage import settle
from woongeo.layers.model import Layer, named
from woongeo.layers.near import Around, HasSites, WhereSitesAre, measured_as_they_are, sites_of
from woongeo.layers.rows import check_columns, columns_of, not_there, wanted_rows, without_value
from woongeo.numerals import by_number, counted, dutch
from woongeo.published import voice_better_read
from woongeo.rules import Rule
from woongeo.rules.zone import UNREADABLE_M
from woongeo.sources import Selected, begin_selected, read_vector
from woongeo.sources.address import shown_place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.catalogue import Catalogue, LayerSpec
    from woongeo.layers.file import LayerFile
    from woongeo.rules import RuleBase
    from woongeo.threads import Crew


@dataclass(frozen=True, eq=False)
class Begun:
    """A layer of which the rows are being read.

    Attributes
    ----------
    file : LayerFile
        What was asked.
    spec : LayerSpec
        What the catalogue knows of it.
    rules : dict
        Name to rule.
    reference_date : date or None
        The day whose state the layer shows.
    near : Around or None
        Around which sites is read.
    rows : callable
        Waits for the rows.
    crew : Crew
        Who reads.
    """

    file: LayerFile
    spec: LayerSpec
    rules: dict[str, RuleBase]
    reference_date: dt.date | None
    near: Around | None
    rows: Callable[[], Selected]
    crew: Crew

    @classmethod
    def of(
        cls,
        file: LayerFile,
        crew: Crew,
        around: HasSites | gpd.GeoDataFrame | None,
        reach_m: float,
        catalogue: Catalogue | None,
    ) -> Begun:
        """Begin to read a layer.

        Parameters
        ----------
        file : LayerFile
            What is asked.
        crew : Crew
            Who reads.
        around, reach_m, catalogue
            As for `read_layer`.

        Returns
        -------
        Begun
            Whose layer can be waited for.

        Raises
        ------
        LayerError, FileError, ColumnError, CrsError
            As `read_layer`.
        """
        spec = (catalogue or default_catalogue()).spec(file.key)
        rules = dict(spec.rules) if file.rule is None else {**spec.rules, MAIN: file.rule}
        reference_date = day_of(file.reference_date, "reference_date")
        _refuse_shapeless(file.key, rules)
        near = None if around is None else sites_of(around, reach_m, rules)
        with _other_door(spec, file.source):
            rows = _begin_rows(file, spec, rules, near, crew)
        return cls(file, spec, rules, reference_date, near, rows, crew)

    def read(self) -> Read:
        """Wait for the rows, and begin to look at their shapes.

        Returns
        -------
        Read
            Whose layer can be waited for.

        Raises
        ------
        LayerError, FileError, ColumnError, CrsError
            As `read_layer`.
        """
        occupied = None
        if self.near is not None and measured_as_they_are(self.rules):
            # Worked out while the crew reads.
            occupied = self.near.sites.occupied
        with _other_door(self.spec, self.file.source):
            selected = self.rows()
        cleaning = Cleaning(selected.frame.geometry.to_numpy(), polygons_only=False)
        checker = None
        if occupied is not None:
            checker = WhereSitesAre(occupied, self.rules, cleaning.shapes, self.crew)
        return Read(self, selected, cleaning, checker)


class Read(NamedTuple):
    """A layer of which the rows were read, and big shapes are being looked at.

    Attributes
    ----------
    begun : Begun
        What was asked.
    selected : Selected
        The rows.
    cleaning : Cleaning
        Of their shapes.
    checker : WhereSitesAre or None
        What looks at big shapes where sites are only.
    """

    begun: Begun
    selected: Selected
    cleaning: Cleaning
    checker: WhereSitesAre | None

    @property
    def waits(self) -> bool:
        """Whether big shapes are being looked at."""
        return self.checker is not None and self.checker.busy

    def clean(self) -> Cleaned:
        """Clean the shapes, once it is known which have to be looked at.

        Returns
        -------
        Cleaned
            In the order of the rows.
        """
        return self.cleaning.done(None if self.checker is None else self.checker.doubtful())

    def layer(self, cleaned: Cleaned, *, stacklevel: int) -> Layer:
        """Make a layer of the rows.

        Parameters
        ----------
        cleaned : Cleaned
            Their shapes.
        stacklevel : int
            Whose line warnings point at: 1 for the caller of this function.

        Returns
        -------
        Layer
            As of `read_layer`.

        Raises
        ------
        LayerError, FileError, ColumnError, CrsError
            As `read_layer`.

        Warns
        -----
        RepairedGeometryWarning, UnknownResultWarning
            As `read_layer`.
        """
        file, spec, rules = self.begun.file, self.begun.spec, self.begun.rules
        near, checker = self.begun.near, self.checker
        asked, columns = dict(file.where or {}), file.columns or {}
        frame, origin, rows = self.selected.frame, self.selected.source, self.selected.rows
        chosen = feature_columns(
            [c for c in frame.columns if c != "geometry"],
            id_column=file.id_column,
            name_column=file.name_column,
            what=origin.path,
        )
        number = frame["rij"] if "rij" in frame else pd.Series(np.arange(1, len(frame) + 1))
        ids = as_text(frame[chosen["id"]] if chosen["id"] else number).tolist()
        names = as_text(frame[chosen["name"]]).tolist() if chosen["name"] else [""] * len(ids)
        # What lies far away is most likely in another reference system than the rest.
        far = cleaned.usable & ~near_netherlands(cleaned.geometry)
        problem = np.where(far, "ligt niet in of bij Nederland: ander stelsel?", cleaned.problem)
        part = cleaned.usable & cleaned.reduced
        problem[part] = "lijnen of punten naast het vlak zijn weggelaten"
        undecided = without_value(asked, frame)
        problem[undecided] = f"zonder waarde in kolom {', '.join(asked)}: telt het?"
        usable = cleaned.usable & ~far
        broken = ~usable | part
        findings = _findings(ids, cleaned, np.where(broken | undecided, problem, ""))
        findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
        findings += checker.findings() if checker is not None else []
        kept = np.flatnonzero(usable & ~undecided)
        features = named(cleaned.geometry[kept], [ids[i] for i in kept], [names[i] for i in kept])
        taken, unread = _read_by_rules(frame, rules, columns, spec, origin.path)
        findings += unread
        for column, values in taken.items():
            features[column] = values.to_numpy()[kept]
        unknown = "" if file.empty_is_free else self._empty(undecided)
        n_broken = 0 if file.ignore_unreadable else int((broken & ~undecided).sum())
        # Who gives a coverage says that fewer are right.
        expected = spec.min_features if file.coverage is None and not unknown else 0
        incomplete = _incomplete(rows, len(frame), n_broken, expected)
        n_undecided = int((undecided & ~(broken & file.ignore_unreadable)).sum())
        if n_undecided:
            doubt = _undecided(n_undecided, len(frame), list(asked))
            incomplete = "; ".join(filter(None, (doubt, incomplete)))
        for reason in filter(None, (unknown, incomplete)):
            message = f"{origin.path}: {reason}."
            warnings.warn(message, UnknownResultWarning, stacklevel=stacklevel + 1)
        there = [str(c) for c in frame.columns if c != "geometry"]
        voice_better_read(spec, there, taken, origin.path, stacklevel=stacklevel + 1)
        voice_repairs(cleaned, origin.path, stacklevel=stacklevel + 1)
        covered = settle(spec.coverage if file.coverage is None else file.coverage, features)
        indexes = Indexes()
        if checker is not None:
            changed = len(kept) < len(frame) or bool(cleaned.repaired.any())
            checker.hand_over(indexes, features, changed=changed)
        return Layer(
            key=file.key,
            title=file.title or spec.title,
            features=features,
            coverage=covered if near is None else near.covered(covered),
            rules=rules,
            unknown=unknown,
            incomplete=incomplete,
            reference_date=self.begun.reference_date,
            publisher=file.publisher or "",
            licence=file.licence or "",
            report=CheckReport.of(findings),
            source=origin,
            reach_m=REACH_M if near is None else near.reach_m,
            around=near is not None,
            indexes=indexes,
        )

    def _empty(self, undecided: NDArray[np.bool_]) -> str:
        """Say why there being no features says nothing; empty where it does, or there are."""
        if not self.selected.rows:
            return "laag is leeg, en er is niet gezegd dat dat klopt"
        asked = self.begun.file.where
        # Who finds none near sites looks at the whole file: elsewhere there may be.
        if not asked or not undecided.all():
            return ""
        return not_there(asked, self.selected.values())


def _begin_rows(
    file: LayerFile,
    spec: LayerSpec,
    rules: Mapping[str, RuleBase],
    near: Around | None,
    crew: Crew,
) -> Callable[[], Selected]:
    """Begin to read all rows, or those that are asked for and come near sites."""
    source, asked = file.source, dict(file.where or {})
    what = shown_place(source) if isinstance(source, str | Path) else "het GeoDataFrame"

    def needed(there: Sequence[str]) -> list[str]:
        chosen = feature_columns(
            there, id_column=file.id_column, name_column=file.name_column, what=what
        )
        check_columns(asked, there, what)
        read = columns_of(there, rules, file.columns or {}, spec.aliases)
        # By which a list is known that a reader of its own reads.
        read += filter(None, (recognise(there, [name]) for name in spec.published_columns))
        return [*asked, *read, *(column for column in chosen.values() if column)]

    def whole() -> Selected:
        frame, origin = read_vector(
            source, layer=file.layer, crs=file.crs, encoding=file.encoding, query=file.query
        )
        return Selected(frame, lambda: origin, len(frame))

    if near is None and not asked:
        return whole
    return begin_selected(
        source,
        crew=crew,
        columns=lambda _: list(asked),
        wanted=lambda values: wanted_rows(asked, values),
        needed=needed,
        within=None if near is None else near.searched,
        layer=file.layer,
        crs=file.crs,
        encoding=file.encoding,
        query=file.query,
    )


def _incomplete(rows: int, read: int, n_broken: int, expected: int) -> str:
    """Say why absence of a layer means nothing; empty where it does."""
    if n_broken:
        are = "is" if n_broken == 1 else "zijn"
        return f"{n_broken} van de {read} objecten in de laag {are} onleesbaar"
    if rows < expected:
        return (
            f"laag telt {counted(rows, 'object', 'objecten')} en landelijk zijn er minstens "
            f"{dutch(expected)}: "
            "geef de dekking op (coverage) als dit een uitsnede is"
        )
    return ""


def _undecided(number: int, read: int, columns: list[str]) -> str:
    """Say that it is not known of some rows whether they are asked for."""
    named = " of ".join(line_text(column) for column in columns)
    has = by_number(number, "heeft", "hebben")
    return (
        f"{number} van de {read} objecten in de laag {has} geen waarde in kolom {named}: of "
        f"{by_number(number, 'het telt', 'zij tellen')} is niet bekend"
    )


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
) -> tuple[dict[str, pd.Series], list[Finding]]:
    """Take the columns that rules read, under the names by which rules know them."""
    there = [str(c) for c in frame.columns if c != "geometry"]
    for column in given.values():
        if column not in there:
            raise ColumnError(f"{what}: kolom {column!r} bestaat niet; wel: {', '.join(there)}.")
    taken: dict[str, pd.Series] = {}
    widths = {rule.within_column for rule in rules.values() if isinstance(rule, Rule)}
    unread: dict[str, Finding] = {}
    for name, rule in rules.items():
        for column in (*rule.columns(), *rule.number_columns()):
            usual = [name.lower() for name in (column, *spec.aliases.get(column, ()))]
            found = given.get(column) or recognise(there, usual)
            is_number = column in rule.number_columns()
            if found is None and column in rule.may_lack():
                taken[column] = pd.Series(np.nan if is_number else "", index=frame.index)
            elif found is not None:
                values = frame[found]
                if not is_number:
                    taken[column] = as_text(values).str.strip()
                    continue
                read, bad = numbers(values)
                if column in widths:
                    bad |= read < 0
                    read = read.mask(bad, UNREADABLE_M)
                taken[column] = read
                unread |= _no_numbers(found, values[bad])
            elif rule.on and (told := rule.without(column, there)):
                meant = f" ({spec.columns[column]})" if column in spec.columns else ""
                also = f" Of lees het bestand met {spec.reader}." if spec.reader else ""
                raise ColumnError(
                    f"{what}: de regel {name!r} van deze laag leest de kolom {column!r}{meant}, "
                    f"die er niet is; {told}.{also}"
                )
    return taken, list(unread.values())


def _no_numbers(column: str, values: pd.Series) -> dict[str, Finding]:
    """Report cells in which something else stands than a number that means something."""
    if not len(values):
        return {}
    many = counted(len(values), "object heeft", "objecten hebben")
    told = f"{many} in kolom {column!r} geen bruikbaar getal, zoals {str(values.iloc[0])!r}"
    return {column: Finding("", "getal onleesbaar", "waarschuwing", told, len(values))}
