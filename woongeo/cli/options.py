"""What several commands can be told, described in Dutch: layers, forms, switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from woongeo.layers import NATIONWIDE, OWN_AREAS
from woongeo.rules import SEVERITIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

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


def add_command(
    commands: argparse._SubParsersAction[Any], name: str, usage: str, text: str
) -> argparse.ArgumentParser:
    """Describe a command.

    Parameters
    ----------
    commands : subparsers
        To which it is added.
    name : str
        The word that asks for it.
    usage : str
        What may stand behind that word.
    text : str
        What it does, in Dutch: a line of the list of commands, and a sentence in its own help.

    Returns
    -------
    ArgumentParser
        To which its options are to be added.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        usage=f"woongeo {name} {usage}",
        description=f"{text[0].upper()}{text[1:]}.",
        help=text,
    )
    return parser


def add_help(group: argparse._ArgumentGroup) -> None:
    """Describe the option that shows the help.

    Parameters
    ----------
    group : argument group
        To which the options are added.
    """
    group.add_argument("-h", "--help", action="help", help="toon deze uitleg")


def add_formats(group: argparse._ArgumentGroup, known: Sequence[str], usual: Sequence[str]) -> None:
    """Describe in which forms the outcome comes.

    Parameters
    ----------
    group : argument group
        To which the options are added.
    known, usual : sequence of str
        The forms that there are, and those that are made where none is asked.
    """
    group.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="FORMAAT",
        help=f"{', '.join(known)} of alles; vaker, of met komma's ({','.join(usual)})",
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


def add_switches(group: argparse._ArgumentGroup) -> None:
    """Describe what every command that writes can be told.

    Parameters
    ----------
    group : argument group
        To which the options are added.
    """
    for option, text in {
        "--strict": "eindig met code 3 als er iets onbekend of onvolledig is",
        "--quiet": "zeg niets en toon geen voortgang; alleen fouten (met --json alleen de JSON)",
        "--json": "samenvatting als JSON",
        "--overwrite": "vervang ook bestanden die niet van woongeo zijn",
    }.items():
        group.add_argument(option, action="store_true", help=text)
    add_help(group)


def add_layer_words(parser: argparse.ArgumentParser, from_severity: str) -> None:
    """Describe what can be said of layers.

    Parameters
    ----------
    parser : ArgumentParser
        To which the options are added.
    from_severity : str
        From which severity on bottlenecks count where nothing is said.
    """
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


def add_client(parser: argparse.ArgumentParser) -> None:
    """Describe how layers are fetched.

    Parameters
    ----------
    parser : ArgumentParser
        To which the options are added.
    """
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
