"""``woongeo screen`` and ``woongeo demo``; ``woongeo report`` begins in the same way."""

from __future__ import annotations

import datetime as dt
import json
import math
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woongeo.capacity import Plancapaciteit, summarize_plancapaciteit
from woongeo.catalogue import Catalogue, default_catalogue, default_rule, read_catalogue
from woongeo.cli.outcome import database_of, formats_of
from woongeo.cli.plans import for_whom, locations_of
from woongeo.cli.report import finish_report
from woongeo.cli.say import one_line, say
from woongeo.cli.services import client
from woongeo.cli.words import OF_A_LAYER, SHIPPED_TARGETS
from woongeo.encode import dutch
from woongeo.errors import InputError, WoongeoWarning
from woongeo.example import example
from woongeo.export import export_screening, write_postgis
from woongeo.fetch import fetch_layers
from woongeo.knelpunten import knelpunten, vrijspelen
from woongeo.layers import Layer, missing_layer, read_layer
from woongeo.mapping import RegionMapping, read_mapping
from woongeo.opgave import Targets, read_targets
from woongeo.rasters import read_raster_layer
from woongeo.regions import Regions, read_regions
from woongeo.rules import Rule
from woongeo.screening import Screening, screen
from woongeo.sources.raster import RASTER_KINDS
from woongeo.spuitzones import read_spuitzones
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import KOLOM
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from woongeo.capacity import Division
    from woongeo.locations import Locations


_EXIT_UNKNOWN = 3

# What spray zones settle themselves.
_NOT_FOR_PARCELS = {
    *("--layer-id", "--layer-name", "--layer-encoding", "--layer-title", "--ignore-unreadable"),
}

# Options that change the rule of a layer.
_RULE = {
    "--tolerance-m2": "tolerance_m2",
    "--tolerance-share": "tolerance_share",
    "--within": "within_m",
    "--max-age": "max_age_days",
}

# Options for layers of shapes.
_OF_SHAPES = ("--layer-id", "--layer-name", "--layer-encoding")


def run_screen(given: argparse.Namespace) -> int:
    """Do ``woongeo screen``, or ``woongeo report``: they read the same.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    start = time.perf_counter()
    if given.plannen is None:
        raise InputError(
            f"noem het bestand met locaties: woongeo {given.opdracht} LOCATIES --out MAP."
        )
    if given.out is None:
        raise InputError("noem met --out de map voor de uitkomst.")
    asked = LayerWords.of(given)
    on = day_of(given)
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        locations = locations_of(given, on)
        layers = asked.read(given, locations)
        regions = [_region(text) for text in given.region]
        mappings = [_mapping(text) for text in given.region_table]
        by: list[Division] = [*regions, *mappings, *given.group]
        return _finish(
            given,
            locations,
            layers,
            by,
            doubts,
            title=given.title,
            start=start,
            on=on,
            from_severity=given.from_severity,
        )


def run_demo(given: argparse.Namespace) -> int:
    """Do ``woongeo demo``.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        made_up = example()
        locations, layers, by = made_up.locations(), made_up.layers(), made_up.regions()
        title = "Voorbeeldstreek (verzonnen)"
        return _finish(given, locations, layers, by, doubts, title=title, start=start)


@dataclass(frozen=True)
class LayerWords:
    """What was said of layers on the command line.

    Attributes
    ----------
    files, gone : dict
        Key to the file of a layer, or to the reason why it is absent.
    options : dict
        Option to key to what was said.
    only_names : dict
        Option to the keys that it was given for.
    book : Catalogue
        Of layers and rules.
    """

    files: dict[str, str]
    gone: dict[str, str]
    options: dict[str, dict[str, str]]
    only_names: dict[str, list[str]]
    book: Catalogue

    @classmethod
    def of(cls, given: argparse.Namespace) -> LayerWords:
        """Read what was said, before anything is opened.

        Parameters
        ----------
        given : Namespace
            What was asked.

        Returns
        -------
        LayerWords
            Without contradictions.

        Raises
        ------
        InputError
            When an option is for a layer that is not there.
        """
        files, gone = _pairs(given.layer, "--layer"), _pairs(given.absent, "--absent")
        options = {
            option: _pairs(getattr(given, option[2:].replace("-", "_")), option)
            for option in OF_A_LAYER
        }
        only_names = {"--empty-ok": given.empty_ok, "--ignore-unreadable": given.ignore_unreadable}
        everything = options | {o: dict.fromkeys(n, "") for o, n in only_names.items()}
        _refuse_strays({**files, **dict.fromkeys(given.pdok, "")}, everything)
        for option, named in everything.items():
            if option not in _RULE and (both := sorted(named.keys() & set(given.pdok))):
                raise InputError(
                    f"{option} {both[0]}: hoort niet bij --pdok; dat volgt uit de bron."
                )
        book = default_catalogue() if given.rules is None else read_catalogue(given.rules)
        return cls(files, gone, options, only_names, book)

    def read(self, given: argparse.Namespace, around: Locations) -> list[Layer]:
        """Read and fetch the layers.

        Parameters
        ----------
        given : Namespace
            What was asked.
        around : Locations
            Around which layers are fetched.

        Returns
        -------
        list of Layer
            Those of files, absent ones and fetched ones.
        """
        layers = [
            _layer(
                key,
                file,
                {option: pairs[key] for option, pairs in self.options.items() if key in pairs},
                {option for option, names in self.only_names.items() if key in names},
                self.book,
            )
            for key, file in self.files.items()
        ]
        layers += [
            missing_layer(k, reason=reason, catalogue=self.book) for k, reason in self.gone.items()
        ]
        layers += _fetched(given, around, self.options, self.book)
        return _turned_on(layers, given.rule)


def day_of(given: argparse.Namespace) -> dt.date | None:
    """Read the day for which is judged.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    date or None
        None where none was given.
    """
    return None if given.on is None else _date(given.on, "--on ")


def _layer(
    key: str, file: str, options: dict[str, str], switches: set[str], book: Catalogue
) -> Layer:
    """Read a layer with what was said of it."""
    date = options.get("--peildatum")
    if Path(file).suffix.lower() in RASTER_KINDS:
        return _raster_layer(key, file, options, switches, book)
    if "gewasgroep" in book.spec(key).columns:
        stray = sorted({*options, *switches} & _NOT_FOR_PARCELS)
        if stray:
            raise InputError(f"{stray[0]} {key}: dat kan niet bij percelen; laat het weg.")
        # Several years are given as one layer: brp_2024.gpkg;brp_2025.gpkg.
        return read_spuitzones(
            file.split(";"),
            key=key,
            coverage=options.get("--coverage"),
            rule=_rule(key, options, book),
            crs=options.get("--layer-crs"),
            reference_date=None if date is None else _date(date, f"--peildatum {key}="),
            publisher=options.get("--publisher"),
            licence=options.get("--licence"),
            catalogue=book,
        )
    return read_layer(
        key,
        file,
        coverage=options.get("--coverage"),
        rule=_rule(key, options, book),
        id_column=options.get("--layer-id"),
        name_column=options.get("--layer-name"),
        crs=options.get("--layer-crs"),
        encoding=options.get("--layer-encoding"),
        title=options.get("--layer-title"),
        reference_date=None if date is None else _date(date, f"--peildatum {key}="),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        empty_is_free="--empty-ok" in switches,
        ignore_unreadable="--ignore-unreadable" in switches,
        catalogue=book,
    )


def _raster_layer(
    key: str, file: str, options: dict[str, str], switches: set[str], book: Catalogue
) -> Layer:
    """Read a layer of cells with what was said of it."""
    stray = sorted({*_OF_SHAPES, *_RULE} & options.keys() | switches)
    if stray:
        raise InputError(f"{stray[0]} {key}: {file} is een raster, daar hoort die optie niet bij.")
    date = options.get("--peildatum")
    return read_raster_layer(
        key,
        file,
        crs=options.get("--layer-crs"),
        coverage=options.get("--coverage"),
        title=options.get("--layer-title"),
        reference_date=None if date is None else _date(date, f"--peildatum {key}="),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        catalogue=book,
    )


def _turned_on(layers: Sequence[Layer], asked: Sequence[str]) -> list[Layer]:
    """Turn rules on by the key of their verdicts, as natura2000_250m."""
    result = list(layers)
    for key in asked:
        owner = next((i for i, x in enumerate(result) if key.startswith(f"{x.key}_")), None)
        if owner is None:
            raise InputError(f"--rule {key}: er is geen laag met zo'n regel; zie woongeo layers.")
        layer = result[owner]
        result[owner] = layer.turned_on(key[len(layer.key) + 1 :])
    return result


def _fetched(
    given: argparse.Namespace,
    locations: Locations,
    options: dict[str, dict[str, str]],
    book: Catalogue,
) -> list[Layer]:
    """Fetch the layers that were asked for by name."""
    if not given.pdok:
        return []
    rules = {}
    for key in given.pdok:
        own = {option: pairs[key] for option, pairs in options.items() if key in pairs}
        rule = _rule(key, own, book)
        if rule is not None:
            rules[key] = rule
    with client(given, quiet=given.quiet) as asking:
        return fetch_layers(
            given.pdok, around=locations, rules=rules, client=asking, catalogue=book
        )


def _finish(  # noqa: PLR0913  what both commands know
    given: argparse.Namespace,
    locations: Locations,
    layers: Sequence[Layer],
    by: Sequence[Division],
    doubts: list[warnings.WarningMessage],
    *,
    title: str,
    start: float,
    on: dt.date | None = None,
    from_severity: str = "zacht",
) -> int:
    """Screen, write, and tell."""
    formats, database = formats_of(given), database_of(given)
    screening = screen(locations, layers, on=on, from_severity=from_severity)
    screening, counted, audience = for_whom(given, screening, by)
    if given.opdracht == "report":
        # It lists plans: it is of those that the audience may see.
        seen = summarize_plancapaciteit(screening, by=by, targets=_targets(given))
        finish_report(given, seen, audience, doubts, start)
        return _EXIT_UNKNOWN if given.strict and not screening.complete() else 0
    capacity = summarize_plancapaciteit(counted, by=by, targets=_targets(given))
    # These are cut finer than totals: they are of the plans that the audience may see.
    more = getattr(given, "knelpunten", False)
    webmap = map_screening(screening, title=title)
    seconds = time.perf_counter() - start
    told = knelpunten(screening) if more else None
    freed = vrijspelen(screening, by=by) if more else None
    paths = export_screening(
        screening,
        folder=given.out,
        plancapaciteit=capacity,
        knelpunten=told,
        vrijspelen=freed,
        webmap=webmap,
        formats=formats,
        overwrite=given.overwrite,
        seconds=seconds,
        publiek=audience,
    )
    if database:
        tables = write_postgis(
            screening,
            database,
            schema=given.schema,
            plancapaciteit=capacity,
            knelpunten=told,
            vrijspelen=freed,
            overwrite=given.overwrite,
            publiek=audience,
        )
        if not (given.json or given.quiet):
            say(f"Tabellen in de database: {one_line(', '.join(tables))}")
    if given.json:
        say(json.dumps(_summary(screening, paths, doubts), ensure_ascii=False, indent=2))
    elif not given.quiet:
        for doubt in doubts:
            say(f"let op: {one_line(doubt.message)}", error=True)
        _tell(screening, capacity, paths)
    return _EXIT_UNKNOWN if given.strict and not screening.complete() else 0


def _summary(
    screening: Screening, paths: Sequence[Path], doubts: Sequence[warnings.WarningMessage]
) -> dict[str, Any]:
    """Give the summary as plain values."""
    return {
        "let_op": SCREENING,
        "kolommen": screening.locations.columns,
        "locaties": screening.counts(),
        # JSON knows no NaN: what is not known is null.
        "woningen": {o: None if math.isnan(n) else n for o, n in screening.homes().items()},
        "lagen": {x.key: screening.counts(x.key) for x in screening.toetsen},
        "volledig": screening.complete(),
        "vertrouwelijk": _withheld(screening),
        "waarschuwingen": [str(doubt.message) for doubt in doubts],
        "bestanden": [str(path) for path in paths],
    }


def _withheld(screening: Screening) -> list[str]:
    """Say what was left out because it is confidential."""
    return [str(text) for text in screening.locations.report.of_check(KOLOM)["toelichting"]]


def _tell(screening: Screening, capacity: Plancapaciteit, paths: Sequence[Path]) -> None:
    """Print a short summary and where the files are."""
    columns = ", ".join(f"{k}={v or '-'}" for k, v in screening.locations.columns.items())
    say(f"{len(screening)} locaties (kolommen: {one_line(columns)})")
    titles: list[tuple[str | None, str]] = [(None, "alle lagen")]
    titles += [(x.key, one_line(x.title)[:60]) for x in screening.toetsen]
    width = max(len(title) for _, title in titles) + 2
    heads = [*screening.counts()]
    say(f"{'':{width}}" + "".join(f"{o:>12}{'woningen':>12}" for o in heads))
    for key, title in titles:
        counts, homes = screening.counts(key), screening.homes(key)
        cells = "".join(f"{counts[o]:>12}{dutch(homes[o], decimals=0):>12}" for o in heads)
        say(f"{title:{width}}{cells}")
    missing = int(capacity.tabel.iloc[-1]["zonder_aantal"])
    if missing:
        plans = (
            "plan zonder aantal woningen telt" if missing == 1 else "plannen zonder aantal tellen"
        )
        say(f"{missing} {plans} niet mee in de woningen.")
    for text in _withheld(screening):
        say(f"Vertrouwelijk: {one_line(text)}.")
    say(f"Bestanden in {one_line(paths[0].parent)}: {', '.join(path.name for path in paths)}")
    say(SCREENING)


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Read NAAM=WAARDE options."""
    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (equals and key and value):
            raise InputError(f"{option} {text}: schrijf NAAM=WAARDE.")
        if key in pairs:
            raise InputError(f"{option} {key}: deze naam is vaker gegeven.")
        pairs[key] = value
    return pairs


def _date(text: str, option: str) -> dt.date:
    """Read a date."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option}{text}: schrijf een datum als 2026-05-15.") from error


def _refuse_strays(files: dict[str, str], options: dict[str, dict[str, str]]) -> None:
    """Refuse an option for a layer that is not there: it would silently do nothing."""
    for option, given in options.items():
        stray = sorted(set(given) - files.keys())
        if stray:
            raise InputError(f"{option}: er is geen laag {stray[0]!r}; geef haar met --layer.")


def _rule(key: str, options: dict[str, str], book: Catalogue) -> Rule | None:
    """Change the layer's rule as asked."""
    changes: dict[str, Any] = {}
    for option, name in _RULE.items():
        if option in options:
            text = options[option]
            try:
                whole = option == "--max-age"
                changes[name] = int(text) if whole else float(text.replace(",", "."))
            except ValueError as error:
                raise InputError(f"{option} {key}={text}: {text!r} is geen getal.") from error
    if not changes:
        return None
    rule = default_rule(key, catalogue=book)
    if not isinstance(rule, Rule):
        raise InputError(
            f"laag {key}: haar regel is van de soort {rule.kind!r} en kent geen "
            f"{', '.join(o for o in _RULE if o in options)}; verander haar met --rules."
        )
    return rule.changed(**changes)


def _targets(given: argparse.Namespace) -> Targets | None:
    """Read the table of targets that was asked for."""
    source = getattr(given, "targets", None)
    if source is None:
        return None
    return read_targets(None if source == SHIPPED_TARGETS else source)


def _mapping(text: str) -> RegionMapping:
    """Read a NIVEAU=BESTAND:KOLOM option."""
    level, _, rest = text.partition("=")
    file, column = split_region(rest)
    if not (level and file and column):
        raise InputError(f"--region-table {text}: schrijf NIVEAU=BESTAND:KOLOM.")
    return read_mapping(file, level=level, column=column)


def _region(text: str) -> Regions:
    """Read a NIVEAU=BESTAND:KOLOM option."""
    level, _, rest = text.partition("=")
    file, column = split_region(rest)
    if not (level and file and column):
        raise InputError(f"--region {text}: schrijf NIVEAU=BESTAND:KOLOM.")
    return read_regions(level, file, name_column=column)


def split_region(text: str) -> tuple[str, str]:
    r"""Split ``BESTAND:KOLOM``; a drive letter is no file.

    Parameters
    ----------
    text : str
        As it was given.

    Returns
    -------
    file, column : str
        The column is empty where none was given.

    Examples
    --------
    >>> split_region("C:\\data\\gemeenten.gpkg:naam")
    ('C:\\data\\gemeenten.gpkg', 'naam')
    >>> split_region("C:\\data\\gemeenten.gpkg")
    ('C:\\data\\gemeenten.gpkg', '')
    """
    file, _, column = text.rpartition(":")
    return (file, column) if len(file) > 1 else (text, "")
