"""The words of the command: what can be asked, described in Dutch."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from woongeo._version import __version__
from woongeo.errors import InputError
from woongeo.export import FORMATS, USUAL
from woongeo.layers import NATIONWIDE, OWN_AREAS
from woongeo.registers import KINDS
from woongeo.registers.model import BASES
from woongeo.rules import SEVERITIES
from woongeo.verdict import SCREENING
from woongeo.vertrouwelijk import MINIMUM, PUBLIEK

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


#: What to give where a file that looks like a register is to be read as plain locations.
NO_REGISTER = "geen"

# Options of a layer: what comes behind "NAAM=", and what it is for.
OF_A_LAYER = {
    "--areas": ("BESTAND", "vlakken bij een lijst van netcongestie (PC6, PC4, voedingsgebieden)"),
    "--table-level": ("NIVEAU", "wat de gebieden van een tabel zijn (gemeente)"),
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


#: For --targets: the table that comes with woongeo.
SHIPPED_TARGETS = "woondeals"


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
    _add_report(commands)
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
    _add_formats(outcome)
    _add_switches(outcome)
    _add_search(commands)
    _add_layers(commands)
    _add_fetch(commands)
    _add_pdok(commands)
    return root


def _add_help(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-h", "--help", action="help", help="toon deze uitleg")


def _add_formats(group: argparse._ArgumentGroup) -> None:
    """Describe in which forms the outcome comes."""
    group.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="FORMAAT",
        help=f"{', '.join(FORMATS)} of alles; vaker, of met komma's ({','.join(USUAL)})",
    )
    group.add_argument(
        "--postgis",
        nargs="?",
        const="",
        metavar="ADRES",
        help="schrijf ook naar een PostGIS-database; zonder ADRES staat dat in WOONGEO_POSTGIS",
    )
    group.add_argument(
        "--schema", metavar="SCHEMA", default="woongeo", help="schema daarin (woongeo)"
    )


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


def _add_layers(commands: Any) -> None:  # noqa: ANN401  argparse names no type for these
    """Describe the command ``layers``."""
    text = "toon welke lagen en regels woongeo kent, met hun bron"
    parser = commands.add_parser(
        "layers",
        usage="woongeo layers [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    options = parser.add_argument_group("Opties")
    options.add_argument(
        "--rules", metavar="BESTAND", help="TOML-bestand met eigen regels en lagen"
    )
    options.add_argument("--json", action="store_true", help="alles als JSON")
    _add_help(options)


def _add_screen(parser: argparse.ArgumentParser) -> None:
    """Describe the command ``screen``."""
    sites = parser.add_argument_group("Locaties")
    sites.add_argument(
        "plannen",
        nargs="?",
        metavar="LOCATIES",
        help="bestand met locaties (of BESTAND.gpkg:LAAG, of postgresql://…?table=TABEL)",
    )
    sites.add_argument("--id", metavar="KOLOM", help="kolom met het id")
    sites.add_argument("--name", metavar="KOLOM", help="kolom met de naam")
    sites.add_argument("--woningen", metavar="KOLOM", help="kolom met het aantal woningen")
    sites.add_argument("--planstatus", metavar="KOLOM", help="kolom met de planstatus")
    sites.add_argument(
        "--register",
        metavar="SOORT",
        help=f"register van plannen; herkend zonder deze optie, of {NO_REGISTER}: "
        f"{', '.join(KINDS)}",
    )
    sites.add_argument("--mapping", metavar="TOML", help="welke kolom van een tabel wat betekent")
    sites.add_argument("--shapes", metavar="BESTAND", help="vlakken van de plannen in een register")
    sites.add_argument(
        "--basis", metavar="AANTAL", help=f"wat als woningen telt: {', '.join(BASES)}"
    )
    sites.add_argument("--crs", metavar="STELSEL", help="stelsel, als EPSG:28992")
    sites.add_argument("--encoding", metavar="CODERING", help="tekencodering, als cp1252")

    _add_layer_words(parser, SEVERITIES[0])
    _add_client(parser)
    regions = parser.add_argument_group("Gebieden")
    regions.add_argument(
        "--region",
        action="append",
        default=[],
        metavar="NIVEAU=BESTAND:KOLOM",
        help="gebieden om capaciteit over te verdelen, en de kolom met hun naam",
    )
    regions.add_argument(
        "--publiek",
        metavar="PUBLIEK",
        help=f"wie de uitkomst ziet: {', '.join(PUBLIEK)}, met regio:NAAM of gemeente:NAAM; wat "
        "vertrouwelijker is staat er niet in (standaard openbaar waar plannen niveaus noemen)",
    )
    regions.add_argument(
        "--minimum-groep",
        type=int,
        default=MINIMUM,
        metavar="N",
        help="vertrouwelijke plannen tellen in totalen mee vanaf zoveel bij elkaar "
        f"(standaard {MINIMUM})",
    )
    regions.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="KOLOM",
        help="kolom van de locaties om capaciteit op te groeperen",
    )
    regions.add_argument(
        "--targets",
        metavar="BESTAND",
        help=f'tabel met de opgave per gebied en periode (cijfers.csv); ook "{SHIPPED_TARGETS}"',
    )
    regions.add_argument(
        "--region-table",
        action="append",
        default=[],
        metavar="NIVEAU=BESTAND:KOLOM",
        help="tabel van gemeenten naar gebieden, en de kolom van de locaties met de gemeente",
    )

    outcome = parser.add_argument_group("Uitkomst")
    outcome.add_argument("--out", metavar="MAP", help="map voor de uitkomst")
    outcome.add_argument(
        "--knelpunten",
        action="store_true",
        help="schrijf ook wat elk knelpunt belemmert (knelpunten.csv) en vrijspeelt",
    )
    outcome.add_argument(
        "--title",
        metavar="TITEL",
        default="Woningbouwlocaties en knelpunten",
        help="titel van de kaart",
    )
    outcome.add_argument(
        "--on",
        metavar="JJJJ-MM-DD",
        help="dag waarvoor wordt beoordeeld: leeftijd van lagen, regels met een datum (vandaag)",
    )
    _add_formats(outcome)
    _add_switches(outcome)


def _add_report(commands: Any) -> None:  # noqa: ANN401  argparse names no type for these
    """Describe the command ``report``: the options of ``screen``, and its own."""
    text = "maak per gebied een factsheet, en een overzicht van alle gebieden"
    parser = commands.add_parser(
        "report",
        usage="woongeo report LOCATIES --layer NAAM=BESTAND --region NIVEAU=BESTAND:KOLOM "
        "--out MAP [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    _add_screen(parser)
    report = parser.add_argument_group("Rapport")
    report.add_argument("--pptx", action="store_true", help="ook als PowerPoint")
    report.add_argument("--no-pdf", action="store_true", help="geen factsheets als PDF")
    report.add_argument(
        "--theme",
        metavar="BESTAND",
        help="TOML met kleuren, lettertypen en logo (docs/rapporten.md)",
    )
    report.add_argument(
        "--period", metavar="JAAR-JAAR", help="periode van de opgave (die met de meeste opgaven)"
    )
    report.add_argument(
        "--earlier",
        metavar="LOCATIES",
        help="locaties van het vorige peilmoment, om te vergelijken",
    )


def _add_layer_words(parser: argparse.ArgumentParser, from_severity: str) -> None:
    """Describe what can be said of layers."""
    layers = parser.add_argument_group(
        "Lagen", "Elke optie kan vaker; NAAM is een korte naam van de laag, als natura2000."
    )

    def add(option: str, metavar: str, text: str) -> None:
        layers.add_argument(option, action="append", default=[], metavar=metavar, help=text)

    add("--layer", "NAAM=BESTAND", "een laag (of BESTAND.gpkg:LAAG; spuitzones: jaren met ;)")
    add(
        "--table",
        "NAAM=BESTAND:KOLOM",
        "een laag zonder vlakken: een tabel met een waarde per gemeente, en de kolom daarvan",
    )
    for option, (value, text) in OF_A_LAYER.items():
        add(option, f"NAAM={value}", text)
    add("--pdok", "NAAM", "een laag uit de catalogus, opgehaald rond de locaties")
    add("--empty-ok", "NAAM", "een laag die leeg mag zijn")
    add("--ignore-unreadable", "NAAM", "een laag waarvan onleesbare objecten niet tellen")
    add("--absent", "NAAM=REDEN", "een laag die er niet is: alles onbekend")
    add("--rule", "REGEL", "een regel die standaard uit staat, als natura2000_250m")
    layers.add_argument(
        "--rules", metavar="BESTAND", help="TOML-bestand met eigen regels en lagen (docs/lagen.md)"
    )
    layers.add_argument(
        "--from-severity",
        metavar="ZWAARTE",
        default=from_severity,
        help=f"alleen belemmeringen vanaf deze zwaarte tellen ({', '.join(SEVERITIES)})",
    )


def _add_search(commands: Any) -> None:  # noqa: ANN401  argparse names no type for these
    """Describe the command ``search``."""
    text = "zoek wat er van een gebied overblijft na harde belemmeringen (zeefanalyse)"
    search = commands.add_parser(
        "search",
        usage="woongeo search GEBIED[:KOLOM] --layer NAAM=BESTAND --out MAP [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
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
    _add_layer_words(search, "hard")
    _add_client(search)
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
    _add_switches(outcome)


def _add_client(parser: argparse.ArgumentParser) -> None:
    """Describe how layers are fetched."""
    group = parser.add_argument_group("Ophalen")
    group.add_argument("--store", metavar="MAP", help="map waarin opgehaalde lagen worden bewaard")
    group.add_argument(
        "--offline", action="store_true", help="gebruik alleen wat in --store is bewaard"
    )
    group.add_argument(
        "--catalogue", metavar="BESTAND", help="eigen TOML met adressen van datasets"
    )
    group.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="HOST:POORT",
        help="eigen server die zonder https mag worden bezocht",
    )


def _add_fetch(commands: Any) -> None:  # noqa: ANN401  argparse names no public type for it
    """Describe the command ``fetch``."""
    text = "haal een laag op, volledig en gecontroleerd, en bewaar haar met haar herkomst"
    fetch = commands.add_parser(
        "fetch",
        usage="woongeo fetch NAAM --out BESTAND.parquet|.tif [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    layer = fetch.add_argument_group("Laag")
    layer.add_argument("naam", nargs="?", metavar="NAAM", help="dataset; zie woongeo pdok list")
    layer.add_argument("--out", metavar="BESTAND", help=".parquet, of .tif voor een raster")
    layer.add_argument("--around", metavar="BESTAND", help="alleen rond deze locaties")
    layer.add_argument(
        "--reach-m", metavar="METER", default="1000", help="hoe ver daaromheen (1000)"
    )
    layer.add_argument("--year", metavar="JAAR", help="editie")
    _add_client(fetch)
    rest = fetch.add_argument_group("Opties")
    rest.add_argument("--quiet", action="store_true", help="zeg niets; alleen fouten")
    rest.add_argument("--overwrite", action="store_true", help="vervang wat er al staat")
    _add_help(rest)


def _add_pdok(commands: Any) -> None:  # noqa: ANN401  idem
    """Describe the command ``pdok``."""
    text = "noem de datasets die bij naam zijn op te halen, of bezoek hun adressen"
    pdok = commands.add_parser(
        "pdok",
        usage="woongeo pdok list [WOORD …] | check [NAAM …] [OPTIES]",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    what = pdok.add_argument_group("Wat")
    what.add_argument("deed", nargs="?", metavar="list|check", help="noemen of bezoeken")
    what.add_argument("names", nargs="*", metavar="NAAM", help="zoekwoorden, of namen van datasets")
    _add_client(pdok)
    rest = pdok.add_argument_group("Opties")
    rest.add_argument("--live", action="store_true", help="zoek ook in de index van PDOK")
    rest.add_argument("--json", action="store_true", help="uitkomst als JSON")
    _add_help(rest)


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
