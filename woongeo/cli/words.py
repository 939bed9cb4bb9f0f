"""The words of the command: what can be asked, described in Dutch."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from woongeo._version import __version__
from woongeo.cli.options import (
    add_client,
    add_command,
    add_formats,
    add_help,
    add_layer_words,
    add_switches,
)
from woongeo.cli.screenwords import add_report, add_screen
from woongeo.errors import InputError
from woongeo.export import FORMATS, USUAL
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import PUBLIEK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def parser() -> _Parser:
    """Describe the command.

    Returns
    -------
    ArgumentParser
        With a parser for each command.
    """
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
    add_help(options)
    screen = add_command(
        commands,
        "screen",
        "LOCATIES --layer NAAM=BESTAND --out MAP [OPTIES]",
        "toets locaties aan lagen: oordelen, plancapaciteit en een kaart in een map",
    )
    add_screen(screen)
    add_report(commands)
    demo = add_command(
        commands,
        "demo",
        "[OPTIES]",
        "toets Voorbeeldstreek, een verzonnen streek met alle soorten gevallen",
    )
    outcome = demo.add_argument_group("Opties")
    outcome.add_argument(
        "--out", metavar="MAP", default="woongeo-demo", help="map voor de uitkomst (woongeo-demo)"
    )
    add_formats(outcome, [*FORMATS], USUAL)
    add_switches(outcome)
    _add_search(commands)
    _add_layers(commands)
    _add_fetch(commands)
    _add_pdok(commands)
    return root


def _add_layers(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the command ``layers``."""
    parser = add_command(
        commands,
        "layers",
        "[OPTIES]",
        "toon welke lagen en regels woongeo kent, met hun bron",
    )
    options = parser.add_argument_group("Opties")
    options.add_argument(
        "--rules", metavar="BESTAND", help="TOML-bestand met eigen regels en lagen"
    )
    options.add_argument("--json", action="store_true", help="alles als JSON")
    add_help(options)


def _add_search(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the command ``search``."""
    search = add_command(
        commands,
        "search",
        "GEBIED[:KOLOM] --layer NAAM=BESTAND --out MAP [OPTIES]",
        "zoek wat er van een gebied overblijft na harde belemmeringen (zeefanalyse)",
    )
    where = search.add_argument_group("Gebied")
    where.add_argument(
        "gebied",
        nargs="?",
        metavar="GEBIED",
        help="bestand met gebieden; met :KOLOM erachter de kolom met hun naam",
    )
    where.add_argument(
        "--only", action="append", default=[], metavar="NAAM", help="alleen dit gebied (kan vaker)"
    )
    add_layer_words(search, "hard")
    add_client(search)
    wishes = search.add_argument_group("Zoekgebieden")
    for option, metavar, default, told in (
        ("--min-m2", "M2", "5000", "kleinste oppervlakte (5000)"),
        ("--min-width", "METER", "25", "kleinste breedte (25)"),
        ("--net-share", "DEEL", "1", "deel (0 tot 1) van de grond waarop de dichtheid geldt (1)"),
        ("--cell", "METER", None, "zoek op cellen van deze grootte: grover"),
        ("--built-up", "BESTAND", None, "bebouwd gebied, voor de afstand ertoe"),
        ("--built-up-coverage", "BESTAND", None, 'waar dat volledig is; ook "nederland"'),
        ("--plans", "BESTAND", None, "bestaande plannen, waarvan de grond afvalt"),
    ):
        wishes.add_argument(option, metavar=metavar, default=default, help=told)
    wishes.add_argument(
        "--density",
        action="append",
        default=[],
        metavar="PER_HA",
        help="woningen per hectare (kan vaker; 25 en 50)",
    )
    wishes.add_argument(
        "--publiek",
        metavar="PUBLIEK",
        help=f"wie de uitkomst ziet: {', '.join(PUBLIEK)}, met regio:NAAM of gemeente:NAAM; de "
        "grond van plannen die vertrouwelijker zijn valt niet af (standaard openbaar waar plannen "
        "niveaus noemen)",
    )
    outcome = search.add_argument_group("Uitkomst")
    outcome.add_argument("--out", metavar="MAP", help="map voor de uitkomst")
    outcome.add_argument(
        "--title", metavar="TITEL", default="Zoekgebieden", help="titel van de kaart"
    )
    outcome.add_argument(
        "--on", metavar="JJJJ-MM-DD", help="dag waarop de leeftijd van lagen telt (vandaag)"
    )
    outcome.add_argument("--no-map", action="store_true", help="maak geen kaart")
    add_switches(outcome)


def _add_fetch(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the command ``fetch``."""
    fetch = add_command(
        commands,
        "fetch",
        "NAAM --out BESTAND.parquet|.tif [OPTIES]",
        "haal een laag op, volledig en gecontroleerd, en bewaar haar met haar herkomst",
    )
    layer = fetch.add_argument_group("Laag")
    layer.add_argument("naam", nargs="?", metavar="NAAM", help="dataset; zie woongeo pdok list")
    layer.add_argument("--out", metavar="BESTAND", help=".parquet, of .tif voor een raster")
    layer.add_argument("--around", metavar="BESTAND", help="alleen rond deze locaties")
    layer.add_argument(
        "--reach-m", metavar="METER", default="1000", help="hoe ver daaromheen (1000)"
    )
    layer.add_argument("--year", metavar="JAAR", help="editie")
    add_client(fetch)
    rest = fetch.add_argument_group("Opties")
    rest.add_argument("--quiet", action="store_true", help="zeg niets; alleen fouten")
    rest.add_argument("--overwrite", action="store_true", help="vervang wat er al staat")
    add_help(rest)


def _add_pdok(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the command ``pdok``."""
    pdok = add_command(
        commands,
        "pdok",
        "list [WOORD …] | check [NAAM …] [OPTIES]",
        "noem de datasets die bij naam zijn op te halen, of bezoek hun adressen",
    )
    what = pdok.add_argument_group("Wat")
    what.add_argument("deed", nargs="?", metavar="list|check", help="noemen of bezoeken")
    what.add_argument("names", nargs="*", metavar="NAAM", help="zoekwoorden, of namen van datasets")
    add_client(pdok)
    rest = pdok.add_argument_group("Opties")
    rest.add_argument("--live", action="store_true", help="zoek ook in de index van PDOK")
    rest.add_argument("--json", action="store_true", help="uitkomst als JSON")
    add_help(rest)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line.

    Parameters
    ----------
    words : sequence of str
        Without the name of the program.

    Returns
    -------
    Namespace
        What was asked; `opdracht` names the command.

    Raises
    ------
    InputError
        When it cannot be understood.
    """
    try:
        given, left = parser().parse_known_args(words)
    except argparse.ArgumentError as error:
        if error.argument_name == "OPDRACHT":
            known = "screen, report, search, demo, layers, fetch of pdok"
            text = f"onbekende opdracht {words[0]!r}; kies {known}"
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
