"""What ``woongeo screen`` and ``woongeo report`` can be told, described in Dutch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from woongeo.cli.options import (
    NO_REGISTER,
    SHIPPED_TARGETS,
    add_client,
    add_command,
    add_formats,
    add_layer_words,
    add_switches,
)
from woongeo.export import FORMATS, USUAL
from woongeo.registers import KINDS
from woongeo.registers.model import BASES
from woongeo.reporting.forms import PDF, REPORT_FORMATS
from woongeo.rules import SEVERITIES
from woongeo.vertrouwelijk import MINIMUM, PUBLIEK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_screen(parser: argparse.ArgumentParser) -> None:
    """Describe the command ``screen``.

    Parameters
    ----------
    parser : ArgumentParser
        To which the options are added.
    """
    _add_question(parser)
    outcome = _add_outcome(parser, [*FORMATS], USUAL)
    outcome.add_argument(
        "--knelpunten",
        action="store_true",
        help="schrijf ook wat elk knelpunt belemmert (knelpunten.csv) en vrijspeelt",
    )


def _add_question(parser: argparse.ArgumentParser) -> None:
    """Describe what is judged by what, and for whom."""
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

    add_layer_words(parser, SEVERITIES[0])
    add_client(parser)
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
    regions.add_argument(
        "--fasering",
        metavar="BESTAND",
        help="tabel met het jaar van oplevering: plan_id, jaar (of van en tot), aantal (anders wat "
        "het register zegt)",
    )
    regions.add_argument(
        "--period",
        action="append",
        default=[],
        metavar="JAAR-JAAR",
        help="ook deze periode, naast die van de opgave (kan vaker); bij report staat de eerste "
        "op de factsheets (anders die met de meeste opgaven)",
    )


def _add_outcome(
    parser: argparse.ArgumentParser, known: Sequence[str], usual: Sequence[str]
) -> argparse._ArgumentGroup:
    """Describe where the outcome goes, and in which forms."""
    outcome = parser.add_argument_group("Uitkomst")
    outcome.add_argument("--out", metavar="MAP", help="map voor de uitkomst")
    outcome.add_argument(
        "--title",
        metavar="TITEL",
        default="Woningbouwlocaties en knelpunten",
        help="titel van kaart en rapport",
    )
    outcome.add_argument(
        "--on",
        metavar="JJJJ-MM-DD",
        help="dag waarvoor wordt beoordeeld: leeftijd van lagen, regels met een datum (vandaag)",
    )
    add_formats(outcome, known, usual)
    add_switches(outcome)
    return outcome


def add_report(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the command ``report``: the options of ``screen``, and its own.

    Parameters
    ----------
    commands : object
        What argparse gives for commands.
    """
    parser = add_command(
        commands,
        "report",
        "LOCATIES --layer NAAM=BESTAND --region NIVEAU=BESTAND:KOLOM --out MAP [OPTIES]",
        "maak per gebied een factsheet, een overzicht van alle gebieden, en kaart en gegevens",
    )
    _add_question(parser)
    _add_outcome(parser, REPORT_FORMATS, (PDF,))
    report = parser.add_argument_group("Rapport")
    report.add_argument("--pptx", action="store_true", help="ook als PowerPoint (--format pptx)")
    report.add_argument("--no-pdf", action="store_true", help="geen factsheets als PDF")
    report.add_argument(
        "--theme",
        metavar="BESTAND",
        help="TOML met kleuren, lettertypen en logo (docs/rapporten.md)",
    )
    report.add_argument(
        "--background",
        metavar="NAAM",
        help="tegels onder de kaarten op papier: brt_grijs, brt_standaard, luchtfoto (effen)",
    )
    report.add_argument(
        "--earlier",
        metavar="LOCATIES",
        help="locaties van het vorige peilmoment, om te vergelijken",
    )
