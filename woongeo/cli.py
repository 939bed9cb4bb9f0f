"""The command ``woongeo``.

Exit codes: 0 done; 1 a result could not be written; 2 a mistake in what was given, with one line
that says what; 3 done, but with ``--strict`` something is unknown or incomplete.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from woongeo._version import __version__
from woongeo.capacity import Plancapaciteit, summarize_plancapaciteit
from woongeo.encode import dutch, visible
from woongeo.errors import InputError, OutputError, WoongeoWarning
from woongeo.example import example
from woongeo.export import export_screening
from woongeo.layers import (
    NATIONWIDE,
    OWN_AREAS,
    Layer,
    default_rule,
    missing_layer,
    read_layer,
)
from woongeo.locations import Locations, read_locations
from woongeo.regions import Regions, read_regions
from woongeo.screening import Screening, screen
from woongeo.verdict import SCREENING
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_EXIT_OUTPUT, _EXIT_INPUT, _EXIT_UNKNOWN, _EXIT_STOPPED = 1, 2, 3, 130


class _Help(argparse.HelpFormatter):
    """Help in Dutch."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Put the Dutch word before the usage.

        Parameters
        ----------
        usage, actions, groups, prefix
            argparse's own.
        """
        super().add_usage(usage, actions, groups, "Gebruik: " if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """A parser that speaks Dutch, and leaves it to `main` to end the run."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  argparse's own parameters
        super().__init__(
            formatter_class=_Help,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
            epilog=SCREENING,
            **given,
        )

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong.

        Parameters
        ----------
        message : str
            What argparse says.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(message)


# Options of a layer: what comes behind "NAAM=", and what it is for.
_OF_A_LAYER = {
    "--coverage": (
        "BESTAND",
        f'waar afwezigheid vrij betekent; ook "{NATIONWIDE}" of "{OWN_AREAS}"',
    ),
    "--layer-title": ("TITEL", "titel van een laag, voor kaart en tabel"),
    "--layer-id": ("KOLOM", "kolom met het id van objecten in een laag"),
    "--layer-name": ("KOLOM", "kolom met de naam van objecten in een laag"),
    "--layer-crs": ("STELSEL", "stelsel van een laag, als EPSG:28992"),
    "--layer-encoding": ("CODERING", "tekencodering van een laag"),
    "--publisher": ("UITGEVER", "wie een laag uitgeeft"),
    "--licence": ("LICENTIE", "licentie van een laag"),
    "--peildatum": ("JJJJ-MM-DD", "de dag waarvan een laag de toestand toont"),
    "--max-age": ("DAGEN", "hoogste leeftijd van een laag; ouder geeft onbekend"),
    "--tolerance-m2": ("M2", "overlap in m² die niet telt"),
    "--tolerance-share": ("DEEL", "deel (0 tot 1) van een locatie dat niet telt"),
    "--within": ("METER", "afstand waarbinnen een laag belemmert"),
}


def _parser() -> _Parser:
    """Describe the command."""
    root = _Parser(
        prog="woongeo",
        usage="woongeo OPDRACHT [OPTIES]",
        description="Waar kunnen woningen worden gebouwd, en wat staat in de weg?",
    )
    commands = root.add_subparsers(title="Opdrachten", dest="opdracht", metavar="OPDRACHT")
    options = root.add_argument_group("Opties")
    options.add_argument(
        "--version", action="version", version=f"woongeo {__version__}", help="toon de versie"
    )
    _add_help(options)
    text = "toets locaties aan lagen: oordelen, plancapaciteit en een kaart in een map"
    _add_screen(
        commands.add_parser(
            "screen",
            usage="woongeo screen LOCATIES --layer NAAM=BESTAND --out MAP [OPTIES]",
            description=f"{text[0].upper()}{text[1:]}.",
            help=text,
        )
    )
    text = "toets Voorbeeldstreek, een verzonnen streek met alle soorten gevallen"
    demo = commands.add_parser(
        "demo",
        usage="woongeo demo [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    outcome = demo.add_argument_group("Opties")
    outcome.add_argument(
        "--out", metavar="MAP", default="woongeo-demo", help="map voor de uitkomst (woongeo-demo)"
    )
    _add_switches(outcome)
    return root


def _add_help(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-h", "--help", action="help", help="toon deze uitleg")


def _add_switches(group: argparse._ArgumentGroup) -> None:
    """Describe what every command that writes can be told."""
    for option, text in {
        "--strict": "eindig met code 3 als er iets onbekend of onvolledig is",
        "--quiet": "zeg niets; alleen fouten (en met --json alleen de JSON)",
        "--json": "samenvatting als JSON",
        "--overwrite": "vervang ook bestanden die niet van woongeo zijn",
    }.items():
        group.add_argument(option, action="store_true", help=text)
    _add_help(group)


def _add_screen(parser: argparse.ArgumentParser) -> None:
    """Describe the command ``screen``."""
    sites = parser.add_argument_group("Locaties")
    sites.add_argument(
        "plannen",
        nargs="?",
        metavar="LOCATIES",
        help="bestand met locaties (of BESTAND.gpkg:LAAG)",
    )
    sites.add_argument("--id", metavar="KOLOM", help="kolom met het id")
    sites.add_argument("--name", metavar="KOLOM", help="kolom met de naam")
    sites.add_argument("--woningen", metavar="KOLOM", help="kolom met het aantal woningen")
    sites.add_argument("--planstatus", metavar="KOLOM", help="kolom met de planstatus")
    sites.add_argument("--crs", metavar="STELSEL", help="stelsel, als EPSG:28992")
    sites.add_argument("--encoding", metavar="CODERING", help="tekencodering, als cp1252")

    layers = parser.add_argument_group(
        "Lagen", "Elke optie kan vaker; NAAM is een korte naam van de laag, als natura2000."
    )

    def add(option: str, metavar: str, text: str) -> None:
        layers.add_argument(option, action="append", default=[], metavar=metavar, help=text)

    add("--layer", "NAAM=BESTAND", "een laag met knelpunten (of BESTAND.gpkg:LAAG)")
    for option, (value, text) in _OF_A_LAYER.items():
        add(option, f"NAAM={value}", text)
    add("--empty-ok", "NAAM", "een laag die leeg mag zijn")
    add("--ignore-unreadable", "NAAM", "een laag waarvan onleesbare objecten niet tellen")
    add("--absent", "NAAM=REDEN", "een laag die er niet is: alles onbekend")

    regions = parser.add_argument_group("Gebieden")
    regions.add_argument(
        "--region",
        action="append",
        default=[],
        metavar="NIVEAU=BESTAND:KOLOM",
        help="gebieden om capaciteit over te verdelen, en de kolom met hun naam",
    )
    regions.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="KOLOM",
        help="kolom van de locaties om capaciteit op te groeperen",
    )

    outcome = parser.add_argument_group("Uitkomst")
    outcome.add_argument("--out", metavar="MAP", help="map voor de uitkomst")
    outcome.add_argument(
        "--title",
        metavar="TITEL",
        default="Woningbouwlocaties en knelpunten",
        help="titel van de kaart",
    )
    outcome.add_argument(
        "--on", metavar="JJJJ-MM-DD", help="dag waarop de leeftijd van lagen telt (vandaag)"
    )
    _add_switches(outcome)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    try:
        given, left = _parser().parse_known_args(words)
    except argparse.ArgumentError as error:
        if error.argument_name == "OPDRACHT":
            text = f"onbekende opdracht {words[0]!r}; kies screen of demo"
        elif error.message.startswith("expected"):
            text = f"{error.argument_name}: geef er een waarde bij"
        else:
            text = f"{error.argument_name}: hier hoort geen waarde bij"
        raise InputError(f"{text} (zie woongeo --help).") from error
    if left:
        kind = "optie" if left[0].startswith("-") else "argument"
        command = " ".join(filter(None, ("woongeo", given.opdracht, "--help")))
        raise InputError(f"onbekend: {kind} {left[0]!r} (zie {command}).")
    return given


def _screen(given: argparse.Namespace) -> int:
    """Do ``woongeo screen``."""
    start = time.perf_counter()
    if given.plannen is None:
        raise InputError("noem het bestand met locaties: woongeo screen LOCATIES --out MAP.")
    if given.out is None:
        raise InputError("noem met --out de map voor de uitkomst.")
    files, gone = _pairs(given.layer, "--layer"), _pairs(given.absent, "--absent")
    options = {
        option: _pairs(getattr(given, option[2:].replace("-", "_")), option)
        for option in _OF_A_LAYER
    }
    only_names = {"--empty-ok": given.empty_ok, "--ignore-unreadable": given.ignore_unreadable}
    _refuse_strays(files, options | {o: dict.fromkeys(n, "") for o, n in only_names.items()})
    on = None if given.on is None else _date(given.on, "--on ")
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        locations = read_locations(
            given.plannen,
            id_column=given.id,
            name_column=given.name,
            woningen_column=given.woningen,
            planstatus_column=given.planstatus,
            crs=given.crs,
            encoding=given.encoding,
        )
        layers = [
            _layer(
                key,
                file,
                {option: pairs[key] for option, pairs in options.items() if key in pairs},
                {option for option, names in only_names.items() if key in names},
            )
            for key, file in files.items()
        ]
        layers += [missing_layer(key, reason=reason) for key, reason in gone.items()]
        regions = [_region(text) for text in given.region]
        by = [*regions, *given.group]
        return _finish(given, locations, layers, by, doubts, title=given.title, start=start, on=on)


def _demo(given: argparse.Namespace) -> int:
    """Do ``woongeo demo``."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        made_up = example()
        locations, layers, by = made_up.locations(), made_up.layers(), made_up.regions()
        title = "Voorbeeldstreek (verzonnen)"
        return _finish(given, locations, layers, by, doubts, title=title, start=start)


def _layer(key: str, file: str, options: dict[str, str], switches: set[str]) -> Layer:
    """Read a layer with what was said of it."""
    date = options.get("--peildatum")
    return read_layer(
        key,
        file,
        coverage=options.get("--coverage"),
        rule=_rule(key, options),
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
    )


def _finish(
    given: argparse.Namespace,
    locations: Locations,
    layers: Sequence[Layer],
    by: Sequence[Regions | str],
    doubts: list[warnings.WarningMessage],
    *,
    title: str,
    start: float,
    on: dt.date | None = None,
) -> int:
    """Screen, write, and tell."""
    screening = screen(locations, layers, on=on)
    capacity = summarize_plancapaciteit(screening, by=by)
    webmap = map_screening(screening, title=title)
    seconds = time.perf_counter() - start
    paths = export_screening(
        screening,
        folder=given.out,
        plancapaciteit=capacity,
        webmap=webmap,
        overwrite=given.overwrite,
        seconds=seconds,
    )
    if given.json:
        _say(json.dumps(_summary(screening, paths, doubts), ensure_ascii=False, indent=2))
    elif not given.quiet:
        for doubt in doubts:
            _say(f"let op: {_one_line(doubt.message)}", error=True)
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
        "woningen": screening.homes(),
        "lagen": {x.key: screening.counts(x.key) for x in screening.layers},
        "volledig": screening.complete(),
        "waarschuwingen": [str(doubt.message) for doubt in doubts],
        "bestanden": [str(path) for path in paths],
    }


def _tell(screening: Screening, capacity: Plancapaciteit, paths: Sequence[Path]) -> None:
    """Print a short summary and where the files are."""
    columns = ", ".join(f"{k}={v or '-'}" for k, v in screening.locations.columns.items())
    _say(f"{len(screening)} locaties (kolommen: {_one_line(columns)})")
    titles: list[tuple[str | None, str]] = [(None, "alle lagen")]
    titles += [(x.key, _one_line(x.title)[:60]) for x in screening.layers]
    width = max(len(title) for _, title in titles) + 2
    heads = [*screening.counts()]
    _say(f"{'':{width}}" + "".join(f"{o:>12}{'woningen':>12}" for o in heads))
    for key, title in titles:
        counts, homes = screening.counts(key), screening.homes(key)
        cells = "".join(f"{counts[o]:>12}{dutch(homes[o], decimals=0):>12}" for o in heads)
        _say(f"{title:{width}}{cells}")
    missing = int(capacity.tabel.iloc[-1]["zonder_aantal"])
    if missing:
        plans = (
            "plan zonder aantal woningen telt" if missing == 1 else "plannen zonder aantal tellen"
        )
        _say(f"{missing} {plans} niet mee in de woningen.")
    _say(f"Bestanden in {_one_line(paths[0].parent)}: {', '.join(path.name for path in paths)}")
    _say(SCREENING)


def _say(text: str, *, error: bool = False) -> None:
    (sys.stderr if error else sys.stdout).write(f"{text}\n")


def _one_line(text: object) -> str:
    """Write text so that it takes one line of a terminal and does nothing to it."""
    return visible(text).replace("\n", " ").replace("\t", " ")


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


def _rule(key: str, options: dict[str, str]) -> Any:  # noqa: ANN401
    """Change the layer's rule as asked."""
    changes: dict[str, Any] = {}
    for option, name in {
        "--tolerance-m2": "tolerance_m2",
        "--tolerance-share": "tolerance_share",
        "--within": "within_m",
        "--max-age": "max_age_days",
    }.items():
        if option in options:
            text = options[option]
            try:
                whole = option == "--max-age"
                changes[name] = int(text) if whole else float(text.replace(",", "."))
            except ValueError as error:
                raise InputError(f"{option} {key}={text}: {text!r} is geen getal.") from error
    return default_rule(key).changed(**changes) if changes else None


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


def _run(words: Sequence[str]) -> int:
    """Do what is asked; what goes wrong becomes one line and a code."""
    try:
        given = _parse(words)
        if given.opdracht is None:
            _parser().print_help()
            return 0
        return _screen(given) if given.opdracht == "screen" else _demo(given)
    except KeyboardInterrupt:
        _say("woongeo: afgebroken.", error=True)
        return _EXIT_STOPPED
    except (InputError, OutputError) as error:
        _say(f"woongeo: {_one_line(error)}", error=True)
        return _EXIT_INPUT if isinstance(error, InputError) else _EXIT_OUTPUT


def main() -> None:
    """Run the command, and end with a code that scripts can use."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console that is not UTF-8 must not end a run for want of an accent.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the summary stopped reading; the files are there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _EXIT_OUTPUT
    sys.exit(code)
