"""The command ``woongeo``.

Exit codes: 0 done; 1 a result could not be written; 2 a mistake in what was given, with one line
that says what; 3 done, but with ``--strict`` something is unknown or incomplete; 4 a service did
not give a layer, whole and as asked.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woongeo._version import __version__
from woongeo.capacity import Plancapaciteit, summarize_plancapaciteit
from woongeo.encode import dutch, visible
from woongeo.errors import InputError, OutputError, ServiceError, WoongeoWarning
from woongeo.example import example
from woongeo.export import export_screening
from woongeo.fetch import fetch_layers
from woongeo.files import flush_to_disk, output_error, scratch_folder
from woongeo.layers import Layer, default_rule, missing_layer, read_layer
from woongeo.locations import Locations, read_locations
from woongeo.pdok import Client, Step
from woongeo.regions import Regions, read_regions
from woongeo.screening import Screening, screen
from woongeo.sources import read_vector
from woongeo.verdict import SCREENING
from woongeo.webmap import map_screening

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_OUTPUT, _EXIT_INPUT, _EXIT_UNKNOWN, _EXIT_SERVICE = 1, 2, 3, 4

app = typer.Typer(
    name="woongeo",
    help="Waar kunnen woningen worden gebouwd, en wat staat in de weg?",
    epilog=SCREENING,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Out = Annotated[Path, typer.Option("--out", help="Map voor de uitkomst.")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="Zeg niets; alleen fouten.")]
_Json = Annotated[bool, typer.Option("--json", help="Samenvatting als JSON.")]
_Strict = Annotated[
    bool, typer.Option("--strict", help="Eindig met code 3 als er iets onbekend of onvolledig is.")
]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Vervang ook bestanden die niet van woongeo zijn.")
]
_Store = Annotated[
    Path | None, typer.Option("--store", help="Map waarin opgehaalde lagen worden bewaard.")
]
_Offline = Annotated[
    bool, typer.Option("--offline", help="Gebruik alleen wat in --store is bewaard.")
]
_Catalogue = Annotated[
    Path | None, typer.Option("--catalogue", help="Eigen TOML-bestand met adressen van datasets.")
]
_Host = Annotated[
    list[str] | None,
    typer.Option("--host", help="Eigen server (HOST:POORT) die zonder https mag worden bezocht."),
]

services = typer.Typer(name="pdok", help="Wat er bij PDOK te halen is.", no_args_is_help=True)
app.add_typer(services)


def _version(value: bool) -> None:
    """Print the version and stop."""
    if value:
        typer.echo(f"woongeo {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Toon de versie.")
    ] = False,
) -> None:
    """Waar kunnen woningen worden gebouwd, en wat staat er in de weg."""


@app.command("screen")
def screen_command(
    plannen: Annotated[str, typer.Argument(help="Bestand met locaties (of BESTAND.gpkg:LAAG).")],
    out: _Out,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", help="NAAM=BESTAND, een laag met knelpunten.")
    ] = None,
    pdok: Annotated[
        list[str] | None,
        typer.Option("--pdok", help="NAAM van een dataset, opgehaald rond de locaties."),
    ] = None,
    store: _Store = None,
    offline: _Offline = False,
    catalogue: _Catalogue = None,
    host: _Host = None,
    coverage: Annotated[
        list[str] | None,
        typer.Option("--coverage", help='NAAM=BESTAND, of "nederland", of "eigen gebieden".'),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="NIVEAU=BESTAND:KOLOM.")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Kolom met het id.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Kolom met de naam.")] = None,
    woningen: Annotated[
        str | None, typer.Option("--woningen", help="Kolom met het aantal woningen.")
    ] = None,
    planstatus: Annotated[
        str | None, typer.Option("--planstatus", help="Kolom met de planstatus.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Kolom om capaciteit op te groeperen.")
    ] = None,
    absent: Annotated[
        list[str] | None,
        typer.Option("--absent", help="NAAM=REDEN, een laag die er niet is: alles onbekend."),
    ] = None,
    peildatum: Annotated[
        list[str] | None, typer.Option("--peildatum", help="NAAM=JJJJ-MM-DD van een laag.")
    ] = None,
    max_age: Annotated[
        list[str] | None, typer.Option("--max-age", help="NAAM=DAGEN; ouder geeft onbekend.")
    ] = None,
    tolerance_m2: Annotated[
        list[str] | None, typer.Option("--tolerance-m2", help="NAAM=M2 overlap die niet telt.")
    ] = None,
    tolerance_share: Annotated[
        list[str] | None, typer.Option("--tolerance-share", help="NAAM=DEEL (0-1) dat niet telt.")
    ] = None,
    within: Annotated[
        list[str] | None, typer.Option("--within", help="NAAM=METER afstand die belemmert.")
    ] = None,
    empty_ok: Annotated[
        list[str] | None, typer.Option("--empty-ok", help="NAAM van een laag die leeg mag zijn.")
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="Stelsel van de locaties, als EPSG:28992.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Tekencodering van de locaties.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Titel van de kaart.")] = (
        "Woningbouwlocaties en knelpunten"
    ),
    strict: _Strict = False,
    quiet: _Quiet = False,
    as_json: _Json = False,
    overwrite: _Overwrite = False,
) -> None:
    """Toets locaties aan lagen: oordelen, plancapaciteit en een kaart in een map."""
    start = time.perf_counter()
    files = _pairs(layer, "--layer")
    options: dict[str, dict[str, Any]] = {
        "coverage": _pairs(coverage, "--coverage"),
        "reference_date": {k: _date(v) for k, v in _pairs(peildatum, "--peildatum").items()},
    }
    numbers: dict[str, dict[str, Any]] = {
        "tolerance_m2": _numbers(tolerance_m2, "--tolerance-m2"),
        "tolerance_share": _numbers(tolerance_share, "--tolerance-share"),
        "within_m": _numbers(within, "--within"),
        "max_age_days": {k: int(v) for k, v in _numbers(max_age, "--max-age").items()},
    }
    gone = _pairs(absent, "--absent")
    _only_layers(
        {*files, *gone, *(pdok or ())},
        {**options, **numbers, "--empty-ok": dict.fromkeys(empty_ok or ())},
    )
    _not_for_fetched(pdok or [], {**options, "--empty-ok": dict.fromkeys(empty_ok or ())})
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        locations = read_locations(
            plannen,
            id_column=id_,
            name_column=name,
            woningen_column=woningen,
            planstatus_column=planstatus,
            crs=crs,
            encoding=encoding,
        )
        layers = [
            read_layer(
                key,
                file,
                rule=_rule(key, numbers),
                empty_is_free=key in (empty_ok or ()),
                coverage=options["coverage"].get(key),
                reference_date=options["reference_date"].get(key),
            )
            for key, file in files.items()
        ]
        layers += [missing_layer(key, reason=reason) for key, reason in gone.items()]
        if pdok:
            rules = {key: rule for key in pdok if (rule := _rule(key, numbers)) is not None}
            with _client(store, offline, catalogue, host, quiet=quiet) as asking:
                layers += fetch_layers(pdok, around=locations, rules=rules, client=asking)
        regions = [_region(text) for text in region or ()]
        _finish(
            locations, layers, [*regions, *(group or ())], out,
            title=title, start=start, doubts=doubts, quiet=quiet, as_json=as_json,
            overwrite=overwrite, strict=strict,
        )  # fmt: skip


@app.command()
def demo(
    out: _Out = Path("woongeo-demo"),
    strict: _Strict = False,
    quiet: _Quiet = False,
    as_json: _Json = False,
    overwrite: _Overwrite = False,
) -> None:
    """Toets Voorbeeldstreek, een verzonnen streek met alle soorten gevallen."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", WoongeoWarning)
        made_up = example()
        _finish(
            made_up.locations(), made_up.layers(), made_up.regions(), out,
            title="Voorbeeldstreek (verzonnen)", start=start, doubts=doubts, quiet=quiet,
            as_json=as_json, overwrite=overwrite, strict=strict,
        )  # fmt: skip


@app.command("fetch")
def fetch_command(
    naam: Annotated[str, typer.Argument(help="Naam van een dataset; zie woongeo pdok list.")],
    out: Annotated[Path, typer.Option("--out", help="GeoParquet-bestand (.parquet).")],
    around: Annotated[
        str | None, typer.Option("--around", help="Bestand met locaties: alleen daaromheen.")
    ] = None,
    reach_m: Annotated[
        float, typer.Option("--reach-m", help="Hoe ver rond de locaties, in meter.")
    ] = 1_000.0,
    year: Annotated[int | None, typer.Option("--year", help="Jaar van de editie.")] = None,
    store: _Store = None,
    offline: _Offline = False,
    catalogue: _Catalogue = None,
    host: _Host = None,
    quiet: _Quiet = False,
) -> None:
    """Haal een laag op, volledig en gecontroleerd, en bewaar haar met haar herkomst."""
    if out.suffix.lower() != ".parquet":
        raise InputError(f"--out {out}: geef een bestand dat op .parquet eindigt.")
    shapes = read_vector(around)[0] if around else None
    with _client(store, offline, catalogue, host, quiet=quiet) as asking:
        layer = asking.fetch(
            naam, around=shapes, reach_m=0.0 if shapes is None else reach_m, year=year
        )
    beside = out.parent
    manifest = out.with_suffix(".manifest.json")
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with scratch_folder(beside) as scratch:
            layer.frame.to_parquet(scratch / out.name, index=False, compression="zstd")
            told = json.dumps(layer.facts, ensure_ascii=False, indent=1)
            (scratch / manifest.name).write_text(told, encoding="utf-8")
            for name in (out.name, manifest.name):
                flush_to_disk(scratch / name)
                (scratch / name).replace(beside / name)
    except OSError as error:
        raise output_error(out, error) from error
    if not quiet:
        typer.echo(
            f"{len(layer)} objecten van {layer.dataset.title} in {out}; herkomst in {manifest}"
        )


@services.command("list")
def list_command(
    words: Annotated[str, typer.Argument(help="Woorden om op te zoeken.")] = "",
    live: Annotated[bool, typer.Option("--live", help="Zoek ook in de index van PDOK.")] = False,
    catalogue: _Catalogue = None,
) -> None:
    """Noem de datasets die bij naam zijn op te halen."""
    with Client(catalogue=catalogue) as asking:
        found = asking.search(words, live=live)
    for name, row in found.iterrows():
        typer.echo(f"{name}: {visible(row['titel'])} ({row['ingangen']})")


@services.command("check")
def check_command(
    naam: Annotated[list[str] | None, typer.Argument(help="Namen; zonder namen alle.")] = None,
    catalogue: _Catalogue = None,
    host: _Host = None,
    as_json: _Json = False,
) -> None:
    """Bezoek elk adres van de catalogus en meld welke antwoorden zoals verwacht."""
    with _client(None, offline=False, catalogue=catalogue, host=host, quiet=True) as asking:
        found = asking.check(*(naam or ()))
    if as_json:
        typer.echo(json.dumps(found.to_dict("records"), ensure_ascii=False, indent=2))
    else:
        for row in found.itertuples():
            sign = "goed" if row.goed else "FOUT"
            typer.echo(f"{sign}  {row.dataset}  {row.ingang}  {visible(row.toelichting)}")
        typer.echo(f"{int(found['goed'].sum())} van de {len(found)} adressen antwoorden goed.")
    if not found["goed"].all():
        raise typer.Exit(_EXIT_SERVICE)


def _client(
    store: Path | None,
    offline: bool,
    catalogue: Path | None,
    host: list[str] | None,
    *,
    quiet: bool,
) -> Client:
    """Make a client that tells how far it is."""

    def tell(step: Step) -> None:
        typer.echo(
            f"\r{step.what}: {step.features} objecten, {step.bytes / 1e6:.1f} MB",
            err=True,
            nl=False,
        )

    show = None if quiet or not sys.stderr.isatty() else tell
    return Client(
        store=store, offline=offline, catalogue=catalogue, hosts=host or (), progress=show
    )


def _not_for_fetched(names: list[str], options: dict[str, dict[str, Any]]) -> None:
    """Refuse to change what a service says of its own layer."""
    for option, given in options.items():
        if stray := sorted(set(given) & set(names)):
            raise InputError(f"{option} {stray[0]}: hoort niet bij --pdok; dat volgt uit de bron.")


def _finish(
    locations: Locations,
    layers: Sequence[Layer],
    by: Sequence[Regions | str],
    out: Path,
    *,
    title: str,
    start: float,
    doubts: list[warnings.WarningMessage],
    quiet: bool,
    as_json: bool,
    overwrite: bool,
    strict: bool,
) -> None:
    """Screen, write, and tell."""
    screening = screen(locations, layers)
    capacity = summarize_plancapaciteit(screening, by=by)
    webmap = map_screening(screening, title=title)
    seconds = time.perf_counter() - start
    paths = export_screening(
        screening,
        folder=out,
        plancapaciteit=capacity,
        webmap=webmap,
        overwrite=overwrite,
        seconds=seconds,
    )
    if as_json:
        typer.echo(json.dumps(_summary(screening, paths, doubts), ensure_ascii=False, indent=2))
    elif not quiet:
        for doubt in doubts:
            typer.echo(f"let op: {visible(doubt.message)}", err=True)
        _tell(screening, capacity, paths)
    if strict and not screening.complete():
        raise typer.Exit(_EXIT_UNKNOWN)


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
    total = capacity.tabel.iloc[-1]
    typer.echo(f"{len(screening)} locaties (kolommen: {visible(columns)})")
    width = max(len("alle lagen"), *(len(x.title) for x in screening.layers)) + 2
    heads = [*screening.counts()]
    typer.echo(f"{'':{width}}" + "".join(f"{o:>12}{'woningen':>12}" for o in heads))
    for key, title in [(None, "alle lagen"), *((x.key, x.title) for x in screening.layers)]:
        counts, homes = screening.counts(key), screening.homes(key)
        cells = "".join(f"{counts[o]:>12}{dutch(homes[o], decimals=0):>12}" for o in heads)
        typer.echo(f"{visible(title):{width}}{cells}")
    if total["zonder_aantal"]:
        typer.echo(f"{int(total['zonder_aantal'])} plannen zonder aantal woningen tellen niet mee.")
    typer.echo(f"Bestanden in {paths[0].parent}: {', '.join(path.name for path in paths)}")
    typer.echo(SCREENING)


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Read NAAM=WAARDE options."""
    pairs: dict[str, str] = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not (equals and key and value):
            raise InputError(f"{option} {text}: schrijf NAAM=WAARDE.")
        if key in pairs:
            raise InputError(f"{option} {key}: deze naam is vaker gegeven.")
        pairs[key] = value
    return pairs


def _numbers(given: list[str] | None, option: str) -> dict[str, float]:
    """Read NAAM=GETAL options."""
    numbers = {}
    for key, text in _pairs(given, option).items():
        try:
            numbers[key] = float(text.replace(",", "."))
        except ValueError as error:
            raise InputError(f"{option} {key}={text}: {text!r} is geen getal.") from error
    return numbers


def _date(text: str) -> dt.date:
    """Read a date."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--peildatum {text}: schrijf een datum als 2026-05-15.") from error


def _only_layers(known: set[str], options: dict[str, dict[str, Any]]) -> None:
    """Refuse an option for a layer that is not there: it would silently do nothing."""
    for option, given in options.items():
        stray = sorted(set(given) - known)
        if stray:
            raise InputError(f"{option}: er is geen laag {stray[0]!r}; geef haar met --layer.")


def _rule(key: str, numbers: dict[str, dict[str, Any]]) -> Any:  # noqa: ANN401
    """Change the layer's rule as asked."""
    changes = {name: given[key] for name, given in numbers.items() if key in given}
    return default_rule(key).changed(**changes) if changes else None


def _region(text: str) -> Regions:
    """Read a NIVEAU=BESTAND:KOLOM option."""
    [(level, rest)] = _pairs([text], "--region").items()
    file, colon, column = rest.rpartition(":")
    if not (colon and file and column):
        raise InputError(f"--region {text}: schrijf NIVEAU=BESTAND:KOLOM.")
    return read_regions(level, file, name_column=column)


def main() -> None:
    """Run the command, and end with a code that scripts can use."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console that is not UTF-8 must not end a run for want of an accent.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        typer.echo("woongeo: afgebroken.", err=True)
        sys.exit(130)
    except typer.TyperException as error:
        typer.echo(f"woongeo: {error.format_message()}", err=True)
        sys.exit(_EXIT_INPUT)
    except InputError as error:
        typer.echo(f"woongeo: {visible(error)}", err=True)
        sys.exit(_EXIT_INPUT)
    except ServiceError as error:
        typer.echo(f"woongeo: {visible(error)}", err=True)
        sys.exit(_EXIT_SERVICE)
    except OutputError as error:
        typer.echo(f"woongeo: {visible(error)}", err=True)
        sys.exit(_EXIT_OUTPUT)
    sys.exit(code or 0)
