"""A million locations: read, judged and written in portions.

What is measured of a location does not depend on which others there are, so portions give what one
screening of all would, to the last bit. What needs all locations at once is not done: plans that
overlap each other are not looked for, and the report says so.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from woongeo.checks import CheckReport, Finding
from woongeo.columns import LOCATION_NAMES, as_text, choose
from woongeo.errors import FileError, InputError, LocationError, OutputError
from woongeo.export import MANIFEST, manifest
from woongeo.export.audience import of_portions
from woongeo.export.growing import GrowingTable, put_beside
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    output_error,
    refuse_dead_end,
    scratch_folder,
)
from woongeo.locations import COLUMNS, check_locations
from woongeo.screening import check_client, day, screen, with_rules
from woongeo.sources import column_types, read_portions
from woongeo.verdict import OORDELEN
from woongeo.vertrouwelijk import (
    KOLOM,
    Audience,
    for_audience,
    left_out,
    read_audience,
    states_level,
    visible_to,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd
    import pyarrow as pa
    from distributed import Client

    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase
    from woongeo.screening import Screening
    from woongeo.sources import Source

    _Portions = Iterator[tuple[gpd.GeoDataFrame, Source]]

_LOCATIES, _TREFFERS = "locaties.parquet", "treffers.parquet"
_BESIDE = "invoer.parquet"

# So many locations at a time take some 200 MB.
_ROWS = 25_000


@dataclass(frozen=True)
class Streamed:
    """What came of screening a file in portions.

    Attributes
    ----------
    folder : Path
        With ``locaties.parquet`` (GeoParquet, RD New, EPSG:28992), ``treffers.parquet`` and
        ``manifest.json``; columns as those of `Screening.locaties` and `Screening.treffers`.
        Columns of the input have the type that its file states, in whatever portions it is read.
        Text is what has none: all of a CSV or Excel sheet, columns of a GeoParquet that say they
        hold nothing, and moments of which some state a zone and others none; where all state one,
        moments are in UTC.
    locaties : int
        How many locations are in it.
    weggelaten : int
        How many are not, because `publiek` may not see them.
    oordelen : dict
        Key of a rule to locations per verdict; the key "" is over all rules.
    controle : dict
        Check to number of findings; what is found of the whole file counts once.
    """

    folder: Path
    locaties: int
    weggelaten: int
    oordelen: dict[str, dict[str, int]]
    controle: dict[str, int]


def screen_file(  # noqa: PLR0913  one keyword a choice
    source: str | Path,
    layers: Sequence[Layer],
    *,
    folder: str | Path,
    rules: Mapping[str, RuleBase] | None = None,
    on: dt.date | None = None,
    from_severity: str = "zacht",
    id_column: str | None = None,
    name_column: str | None = None,
    woningen_column: str | None = None,
    planstatus_column: str | None = None,
    layer: str | None = None,
    crs: object = None,
    rows: int = _ROWS,
    client: Client | None = None,
    publiek: str | Audience | None = None,
) -> Streamed:
    """Screen a file of locations that is too large to hold, and write what comes of it.

    Parameters
    ----------
    source : str or Path
        A vector file. GeoParquet, GeoPackage, FlatGeobuf and File Geodatabase are never held whole.
    layers : sequence of Layer
        As for `screen`.
    folder : str or Path
        Where to; it must not exist, and appears whole or not at all.
    rules, on, from_severity : optional
        As for `screen`.
    id_column, name_column, woningen_column, planstatus_column, layer, crs : optional
        As for `read_locations`. Ids must be there and differ; without a column of ids rows are
        numbered.
    rows : int
        How many locations are held at a time; with a client these are what its workers divide, so
        that some hundred thousand keep more of them at work.
    client : dask.distributed.Client, optional
        As for `screen`.
    publiek : str or Audience, optional
        As for `export_screening`: plans that are more confidential are left out before anything is
        judged or written, and are in no count. A file that says who may see a plan is read once
        more before, for what one plan states decides for all.

    Returns
    -------
    Streamed
        Verdicts, areas (m²) and distances (m) equal those of `screen` on the whole file, and what
        is left out is what `for_audience` leaves out of it.

    Raises
    ------
    LocationError
        When there are no locations, or two share an id: that cannot be mended in portions.
    FileError, ColumnError, CrsError, LayerError, RuleError
        As `read_locations` and `screen`; or when the file changes while it is read.
    InputError, ClusterError
        As `screen` with a client.
    OutputError
        When the folder exists or cannot be written; then there is none.
    AudienceError
        When it cannot be told who may see a plan, no plan may be seen, or plans name masterplans
        while some are left out; then there is no folder.
    """
    if client is not None:
        check_client(client)
    if rows < 1:
        raise InputError(f"rows is {rows!r}; geef minstens 1.")
    target = Path(folder)
    refuse_dead_end(target)
    if target.exists():
        raise OutputError(f"{target}: deze map bestaat al; kies een andere. Er is niets gewijzigd.")
    given = {
        "id": id_column,
        "name": name_column,
        "woningen": woningen_column,
        "planstatus": planstatus_column,
    }
    read = functools.partial(read_portions, source, rows=rows, layer=layer, crs=crs)
    audience, portions = _for_whom(read, publiek, str(source))
    # Who may not see all plans may not see from the layers how far all reach.
    told = [*layers] if audience.level == "intern" else [_anywhere(x) for x in layers]
    judge = functools.partial(
        screen,
        # The same layers for each portion: what is found out about them is found out once.
        layers=with_rules(told, rules),
        on=day(on),
        from_severity=from_severity,
        client=client,
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as scratch:
            made = scratch / "uit"
            made.mkdir()
            columns = _Columns(given, column_types(source, layer=layer))
            tally = _Tally(audience, columns)
            checked = _checked(portions, columns)
            _write(map(judge, tally.seen_of(checked)), tally, columns, made, scratch)
            facts = tally.facts(str(source))
            facts["uitvoer"] = [vars(fingerprint(made / n)) for n in (_LOCATIES, _TREFFERS)]
            text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
            (made / MANIFEST).write_bytes(text.encode("utf-8", "backslashreplace"))
            for name in (_LOCATIES, _TREFFERS, MANIFEST):
                flush_to_disk(made / name)
            made.rename(target)
    except OutputError:
        raise
    except OSError as error:
        raise output_error(target, error) from error
    return Streamed(target, tally.n, tally.withheld, tally.verdicts(), tally.checks())


def _for_whom(
    read: Callable[[], _Portions], publiek: str | Audience | None, what: str
) -> tuple[Audience, _Portions]:
    """Tell for whom it is, and give the file to read: again, where all of it had to say so."""
    if publiek is not None and read_audience(publiek).level == "intern":
        return read_audience(publiek), read()
    portions = read()
    first = [*itertools.islice(portions, 1)]
    whole = itertools.chain(first, portions)
    if publiek is None and not any(states_level(plans) for plans, _ in first):
        return Audience("intern"), whole
    audience = of_portions((plans for plans, _ in whole), publiek, what)
    return audience, _unchanged(read(), {origin.sha256 for _, origin in first})


def _anywhere(layer: Layer) -> Layer:
    """Leave out of what a layer says of its source where was looked."""
    if not layer.around or layer.source is None:
        return layer
    return replace(layer, source=layer.source.without_place())


def _unchanged(portions: _Portions, known: set[str | None]) -> _Portions:
    """Refuse a file that is not the one which said for whom its plans are."""
    for raw, origin in portions:
        if origin.sha256 not in known:
            raise FileError(
                f"{origin.path}: dit bestand veranderde terwijl het werd gelezen, en voor wie de "
                "plannen zijn misschien ook. Er is niets geschreven; draai opnieuw."
            )
        yield raw, origin


class _Columns:
    """The columns of the input: the same, and of the same type, in every portion.

    One that is named as ours is left out where it says what ours says, and that only all portions
    together tell. Until then it lies beside the table.
    """

    def __init__(self, given: dict[str, str | None], types: Mapping[str, pa.DataType]) -> None:
        self._given = given
        self._types = types
        self._input: list[str] = []
        self._as_ours: dict[str, str] = {}
        self._other: set[str] = set()
        self._written: list[str] = []

    def settled(
        self, raw: gpd.GeoDataFrame, what: str
    ) -> tuple[gpd.GeoDataFrame, dict[str, str | None]]:
        """Give a portion in which no column is named as ours, and which column means what."""
        self._input = [str(c) for c in raw.columns if c != "geometry"]
        chosen = choose(self._input, self._given, LOCATION_NAMES, what=what)
        taken = {name.lower() for name in (*COLUMNS, "geometry", *self._input)}
        self._as_ours = {c: _free(c, taken) for c in self._input if c in COLUMNS}
        named = raw.rename(columns=self._as_ours)
        return named, {m: None if c is None else self._as_ours.get(c, c) for m, c in chosen.items()}

    def compare(self, found: Locations) -> Locations:
        """Find the columns that say something else than ours, and name those that were taken."""
        frame = found.frame
        for ours, theirs in self._as_ours.items():
            if theirs not in self._other:
                one, other = as_text(frame[ours]), as_text(frame[theirs])
                self._other |= {theirs} if one.tolist() != other.tolist() else set()
        back = {new: column for column, new in self._as_ours.items()}
        taken = {m: c and back.get(c, c) for m, c in found.columns.items() if m in self._given}
        return replace(found, columns=taken)

    def split(self, locaties: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
        """Take what is written beside the table out of it."""
        self._written = [str(c) for c in locaties.columns]
        beside = [name for name, column in self._names().items() if column in self._as_ours]
        return locaties.drop(columns=beside), pd.DataFrame(locaties[beside])

    def types(self) -> dict[str, pa.DataType]:
        """Give the types of columns as they are written."""
        types = self._types
        return {name: types[column] for name, column in self._names().items() if column in types}

    def wanted(self) -> list[str] | None:
        """List the columns of the table, where any that lies beside it belongs in it."""
        names = self._names()
        left = {n for n, c in names.items() if c in self._as_ours and not self._differs(c)}
        return [n for n in self._written if n not in left] if self._other and names else None

    def findings(self) -> list[Finding]:
        """Say which columns of the input have another name."""
        text = "invoerkolom {} heet nu {}"
        return [
            Finding("", "kolom hernoemd", "melding", text.format(column, new))
            for column, new in self._as_ours.items()
            if self._differs(column)
        ]

    def _differs(self, column: str) -> bool:
        return self._as_ours[column] in self._other

    def _names(self) -> dict[str, str]:
        """Map columns as they are written to those of the input: the last, before the shapes."""
        last = self._written[-1 - len(self._input) : -1]
        return dict(zip(last, self._input if last else [], strict=True))


def _free(column: str, taken: set[str]) -> str:
    """Find a name that no column has; it is taken from then on."""
    while column.lower() in taken:
        column += "_invoer"
    taken.add(column.lower())
    return column


def _checked(portions: _Portions, columns: _Columns) -> Iterator[Locations]:
    """Check portion after portion."""
    start, seen = 0, set[str]()
    for raw, origin in portions:
        named, given = columns.settled(raw, origin.path)
        checked, _ = check_locations(named, origin, given, overlaps=False)
        found = columns.compare(checked)
        if found.columns["id"] is None:
            numbers = [str(start + i + 1) for i in range(len(raw))]
            if found.columns["name"] is None:
                found.frame["naam"] = numbers
            found.frame["locatie_id"] = numbers
        nameless = found.report.of_check("id ontbreekt")
        if len(nameless):
            raise LocationError(
                f"{origin.path}: na rij {start} staat een locatie zonder id; in delen kan woongeo "
                "dat niet oplossen. Geef elke locatie een eigen id."
            )
        ids = set(found.frame["locatie_id"])
        double = seen & ids
        renamed = found.report.of_check("id dubbel")
        if double or len(renamed):
            one = min(double) if double else renamed["object_id"].iloc[0]
            raise LocationError(
                f"{origin.path}: id {one!r} komt vaker voor; in delen kan woongeo dat niet "
                "oplossen. Geef elke locatie een eigen id."
            )
        seen |= ids
        start += len(raw)
        yield found


def _write(
    screenings: Iterator[Screening], tally: _Tally, columns: _Columns, made: Path, scratch: Path
) -> None:
    """Write what comes of the portions."""
    with (
        GrowingTable(made / _LOCATIES) as locaties,
        GrowingTable(made / _TREFFERS) as treffers,
        GrowingTable(scratch / _BESIDE) as beside,
    ):
        for screening in screenings:
            tally.add(screening)
            table, other = columns.split(screening.locaties)
            types = columns.types()
            locaties.write(table, types)
            treffers.write(screening.treffers, {})
            if len(other.columns):
                beside.write(other, types)
    wanted = columns.wanted()
    if wanted:
        put_beside(made / _LOCATIES, scratch / _BESIDE, wanted)


class _Tally:
    """What is added up over portions."""

    def __init__(self, audience: Audience, columns: _Columns) -> None:
        self.n = 0
        self.withheld = 0
        self._audience = audience
        self._columns = columns
        self._checks: Counter[str] = Counter()
        self._of_file: Counter[str] = Counter()
        self._verdicts: dict[str, Counter[str]] = {}
        self._last: Screening | None = None

    def seen_of(self, portions: Iterator[Locations]) -> Iterator[Locations]:
        """Leave out, and count, what may not be seen; a portion of nothing else is passed over."""
        for found in portions:
            seen = visible_to(found.frame, self._audience)
            self.withheld += int((~seen).sum())
            if seen.any():
                yield found if seen.all() else for_audience(found, self._audience)

    def add(self, screening: Screening) -> None:
        """Add a portion."""
        self.n += len(screening)
        report = screening.locations.report.table
        one = report["object_id"] != ""
        self._checks.update(CheckReport(report[one]).counts())
        # Each portion tells it again of the file. What is left out is told of all together.
        told = CheckReport(report[~one]).counts()
        self._of_file |= Counter({k: n for k, n in told.items() if k != KOLOM})
        for key in ("", *(toets.key for toets in screening.toetsen)):
            count = screening.counts(key or None)
            self._verdicts.setdefault(key, Counter()).update(count)
        self._last = screening

    def _left_out(self) -> list[Finding]:
        """Say how many may not be seen."""
        n = self.withheld
        return [left_out(n, self.n + n, self._audience)] if n else []

    def checks(self) -> dict[str, int]:
        """Give the counts per check."""
        more = [*self._columns.findings(), *self._left_out()]
        return dict(self._checks + self._of_file + Counter(f.check for f in more))

    def verdicts(self) -> dict[str, dict[str, int]]:
        """Give the counts per rule."""
        return {
            key: {verdict: count[verdict] for verdict in reversed(OORDELEN)}
            for key, count in self._verdicts.items()
        }

    def facts(self, what: str) -> dict[str, object]:
        """Say where every figure comes from."""
        last = self._last
        if last is None:
            raise LocationError(f"{what}: er staan geen locaties in dit bestand.")
        facts = manifest(last)
        facts["locaties"] |= {
            "objecten": self.n + self.withheld,
            "controle": self.checks(),
            "bevindingen": CheckReport.of(self._left_out()).records(),
        }
        counts = self.verdicts()
        facts["tellingen"] = {"locaties": self.n, "locaties_per_oordeel": counts.pop("")}
        for layer in facts["lagen"]:
            for key, rule in layer["regels"].items():
                rule["locaties_per_oordeel"] = counts[key]
                rule.pop("woningen_per_oordeel")
        return facts


__all__ = ["Streamed", "screen_file"]
