"""Grid congestion as operators publish it, and a stop on connections as a scenario.

The classes say what the official colours mean: `beschikbaar` (transparent), `beperkt` (yellow),
`onderzoek` (orange) and `structureel` (red); `onbekend` where no colour was supplied. Two more are
woongeo's: `focusgebied`, a postcode of a published list of congestion areas without colours, and
`gemengd`, an area whose postcodes differ or of whose postcodes only some were published.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.capaciteitskaart import (
    FOCUS,
    GEMENGD,
    KLASSEN,
    area_key,
    classes_in,
    few_of_all,
    is_exchange_model,
    pc6_in_pc4,
    read_list,
)
from woongeo.catalogue import MAIN, Catalogue, default_catalogue
from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, numbers, recognise
from woongeo.days import day_of
from woongeo.errors import ColumnError, LayerError, RegionError, RuleError
from woongeo.layers import Coverage, Layer, read_layer
from woongeo.numerals import by_number, counted
from woongeo.regioncodes import chosen_names
from woongeo.rules import ClassRule
from woongeo.sources import TABLE_KINDS, Source, read_vector

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from woongeo.capaciteitskaart import CapacityList

#: More people than this for each listed postcode (PC6) cannot be: the list holds only some of the
#: postcodes of that area. Of 945 published PC4 areas (2026) nine in ten have at most 200 and most
#: others thousands; the line is woongeo's choice.
INWONERS_PER_POSTCODE = 200.0

_AREA_COLUMNS = (
    *("postcode6", "postcode", "pc6", "pc6_code", "postcode4", "pc4", "pc4_code"),
    *("short_code", "voedingsgebied_id", "code"),
)
_NAME_COLUMNS = ("voedingsgebied_naam", "voedingsgebied", "focusgebied", "naam")
_USUAL_NAMES = ("provincie", "provincienaam", "naam", "name", "statnaam", "gebied", "regio")
_PEOPLE = ("inwoners", "aantal_inwoners")
_MIXED = ("onbekend", "zwaarste")


def read_netcongestie(  # noqa: PLR0913  one keyword a fact
    source: str | Path | pd.DataFrame,
    *,
    areas: str | Path | gpd.GeoDataFrame | None = None,
    area_column: str | None = None,
    mixed: str = "onbekend",
    key: str = "netcongestie",
    coverage: str | Path | gpd.GeoDataFrame | Coverage | None = None,
    rule: ClassRule | None = None,
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    title: str | None = None,
    reference_date: dt.date | None = None,
    publisher: str | None = None,
    licence: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read what grid operators publish of their room for demand, as a layer of classes.

    Only *afname* counts; *opwek* (generation) is never read.

    Parameters
    ----------
    source : str, Path, DataFrame or GeoDataFrame
        One of: the list of postcodes (CSV, workbook or frame with `postcode` and `afname`, or with
        `pc6` and `focusgebied`); the exchange model of Netbeheer Nederland (JSON); a map of areas
        with `afname` (0 to 3, -1), `klasse`, `kleur` or `focusgebied`.
    areas : str, Path or GeoDataFrame, optional
        For a list and for the exchange model: the surfaces of PC6, PC4 or feed areas.
    area_column : str, optional
        The column of `areas` with the code; the usual names are recognised.
    mixed : str
        What a PC4 is whose PC6 have different classes: "onbekend" (class `gemengd`: it is not known
        where in it which class holds) or "zwaarste".
    key : str
        Short name; columns of results begin with it.
    coverage : str, Path, GeoDataFrame or Coverage, optional
        Where the operator publishes; without it its own areas: elsewhere nothing is known.
    rule : ClassRule, optional
        Which classes hinder; without it that of netcongestie in the catalogue.
    layer, crs, encoding : optional
        As for `read_layer`; `layer` is the sheet of a workbook, `crs` that of what has shapes.
    title, reference_date, publisher, licence : optional
        As for `read_layer`; the exchange model states its own date.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        In RD New (EPSG:28992), features with the column `klasse`. The report counts codes without
        a surface, surfaces without a code, values that are no class and codes with two classes (the
        worst is taken).

    Raises
    ------
    FileError, ColumnError, CrsError
        When a file or column cannot be read.
    LayerError
        When a list comes without surfaces, or none of its codes is among them.

    Warns
    -----
    UnknownResultWarning
        When areas cannot be measured.
    """
    if mixed not in _MIXED:
        raise LayerError(f"mixed is {mixed!r}; kies uit {', '.join(_MIXED)}.")
    drawn: Source | None = None
    if _is_list(source):
        listed = read_list(source, sheet=layer, encoding=encoding)
        if areas is None:
            raise LayerError(
                f"{listed.source.path}: deze lijst heeft geen vlakken; geef areas=, bijvoorbeeld "
                "de postcodevlakken (PC6 of PC4) van CBS."
            )
        raw, drawn = read_vector(areas, crs=crs)
        frame, findings = _join(listed, raw, drawn.path, area_column, mixed)
        origin, reference_date = listed.source, reference_date or listed.issued
    else:
        if areas is not None:
            raise LayerError("areas hoort bij een lijst; deze bron heeft zelf al vlakken.")
        raw, origin = read_vector(source, layer=layer, crs=crs, encoding=encoding)
        frame, findings = classified(raw, what=origin.path)
    asked = catalogue or default_catalogue()
    spec = asked.spec("netcongestie")
    found = read_layer(
        key,
        frame,
        coverage=coverage if coverage is not None else spec.coverage,
        rule=rule or spec.rules[MAIN],
        id_column="object_id",
        name_column="object_naam",
        title=title or spec.title,
        reference_date=reference_date,
        publisher=publisher,
        licence=licence,
        catalogue=asked,
    )
    findings += [Finding("", "bestand", "melding", note) for note in origin.notes]
    tables = [CheckReport.of(findings).table, found.report.table]
    report = CheckReport(pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True))
    known = found.coverage
    if coverage is None and drawn is not None:
        known = replace(known, source=drawn)
    if drawn is not None:
        origin = replace(origin, others=(drawn,))
    return replace(found, source=origin, report=report, coverage=known)


def holds_classes(source: str | Path | pd.DataFrame) -> bool:
    """Tell whether `read_netcongestie` finds classes in what an operator publishes.

    Parameters
    ----------
    source : str, Path, DataFrame or GeoDataFrame
        What the user gave.

    Returns
    -------
    bool
        True for lists and the exchange model, and for maps with a column of classes; False for a
        map without any, all of which is congested.
    """
    if _is_list(source):
        return True
    raw, origin = read_vector(source)
    try:
        classes_in(pd.DataFrame(raw.drop(columns=["geometry"])), origin.path)
    except ColumnError:
        return False
    return True


def _is_list(source: object) -> bool:
    """Tell a list of codes from a map."""
    if isinstance(source, pd.DataFrame):
        return not isinstance(source, gpd.GeoDataFrame)
    if not isinstance(source, str | Path):
        return False
    return Path(source).suffix.lower() in TABLE_KINDS or is_exchange_model(source)


def _join(
    listed: CapacityList, raw: gpd.GeoDataFrame, what: str, area_column: str | None, mixed: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the classes of a list to surfaces, and count what has no counterpart."""
    columns = [str(c) for c in raw.columns if c != "geometry"]
    column = area_column or recognise(columns, _AREA_COLUMNS)
    if column is None or column not in columns:
        raise ColumnError(
            f"{what}: geen kolom met codes van gebieden gevonden; geef area_column "
            f"(kolommen: {', '.join(columns)})."
        )
    code = area_key(raw[column])
    codes = listed.frame
    if len(code) and code[code != ""].str.fullmatch(r"\d{4}").all():
        codes = _in_pc4(listed, raw, code, mixed)
    rows = codes.set_index("code")
    there = code.isin(rows.index) & (code != "")
    if not there.any():
        raise LayerError(
            f"{listed.source.path}: geen enkele code komt voor in kolom {column!r} van {what}; "
            "horen ze bij elkaar?"
        )
    taken = rows.loc[code[there]]
    frame = gpd.GeoDataFrame(
        {
            "object_id": code[there].to_numpy(),
            "object_naam": taken["gebied"].to_numpy(),
            "klasse": taken["klasse"].to_numpy(),
        },
        geometry=raw.geometry[there].to_numpy(),
        crs="EPSG:28992",
    )
    findings = list(listed.findings)
    lost = rows.index[~rows.index.isin(code)]
    of_list = ("code uit de lijst staat", "codes uit de lijst staan")
    findings += _counted("code zonder vlak", "waarschuwing", lost, of_list, what)
    drawn = ("vlak staat", "vlakken staan")
    findings += _counted("vlak zonder code", "melding", code[~there], drawn, "de lijst")
    n_mixed = int((frame["klasse"] == GEMENGD).sum())
    if n_mixed:
        text = (
            f"{counted(n_mixed, 'gebied heeft', 'gebieden hebben')} postcodes van verschillende "
            f"klassen, of maar een deel van {by_number(n_mixed, 'zijn', 'hun')} postcodes staat "
            "in de lijst: onbekend"
        )
        findings.append(Finding("", "gebied gemengd", "waarschuwing", text, float(n_mixed)))
    return frame, findings


def _counted(
    check: str, weight: str, codes: pd.Index | pd.Series, what: tuple[str, str], where: str
) -> list[Finding]:
    """Report how many codes have no counterpart, and name the first."""
    if not len(codes):
        return []
    first = ", ".join(str(c) or "(leeg)" for c in codes[:3])
    text = f"{counted(len(codes), *what)} niet in {where}; de eerste: {first}"
    return [Finding("", check, weight, text, float(len(codes)))]


def _in_pc4(
    listed: CapacityList, raw: gpd.GeoDataFrame, code: pd.Series, mixed: str
) -> pd.DataFrame:
    """Bring what is listed by PC6 to PC4."""
    codes = listed.frame
    # What cannot be read may be any postcode of its PC4; by itself it says nothing about that.
    unread = listed.unread[listed.unread["code"].isin(codes["code"].str[:4])]
    whole = codes["code"].str.fullmatch(r"\d{4}")
    if whole.all() and not len(unread):
        return codes
    found = pc6_in_pc4(pd.concat([codes, unread], ignore_index=True), mixed=mixed)
    column = recognise([str(c) for c in raw.columns], _PEOPLE)
    if column is None:
        return found
    people = _people(raw[column]).groupby(code).max().reindex(found["code"]).to_numpy()
    few = few_of_all(found["postcodes"].to_numpy(dtype=float), people, INWONERS_PER_POSTCODE)
    # A row of the PC4 itself holds for all of it.
    few &= ~found["code"].isin(codes.loc[whole, "code"]).to_numpy()
    if mixed == "zwaarste":
        # Whatever the other postcodes are, none is heavier than this.
        few &= (found["klasse"] != KLASSEN[-1]).to_numpy()
    return found.assign(klasse=found["klasse"].mask(few, GEMENGD))


def _people(values: pd.Series) -> pd.Series:
    """Read numbers of inhabitants; CBS writes a negative one where it is secret."""
    read, _ = numbers(values)
    return read.where(read >= 0)


def classified(frame: gpd.GeoDataFrame, *, what: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the classes of a map of areas.

    Parameters
    ----------
    frame : GeoDataFrame
        Areas with `afname`, `klasse`, `kleur` or `focusgebied`. Where a list of focus areas was
        brought to PC4, `n_pc6` (how many postcodes of it are listed) with `inwoners` tells where
        that can only be some of them: class `gemengd`.
    what : str
        The file, for messages.

    Returns
    -------
    areas : GeoDataFrame
        `object_id`, `object_naam`, `klasse` and `geometry`, in the same order.
    findings : list of Finding
        Values that are no class, and areas of which only some postcodes are listed.

    Raises
    ------
    ColumnError
        When no column holds a class.
    """
    table = pd.DataFrame(frame.drop(columns=["geometry"]))
    columns = [str(c) for c in table.columns]
    klasse, complete, findings = classes_in(table, what)
    listed, people = recognise(columns, ["n_pc6"]), recognise(columns, _PEOPLE)
    code, name = recognise(columns, _AREA_COLUMNS), recognise(columns, _NAME_COLUMNS)
    ids = as_text(table[code]) if code else pd.Series(np.arange(1, len(table) + 1)).astype(str)
    names = as_text(table[name]) if name else pd.Series("", index=table.index, dtype=object)
    if not complete and listed is not None and people is not None:
        # One PC4 may stand in two focus areas: its listed postcodes add up.
        number = numbers(table[listed])[0].groupby(ids.to_numpy()).transform("sum")
        few = few_of_all(
            number.to_numpy(), _people(table[people]).to_numpy(), INWONERS_PER_POSTCODE
        )
        few &= (klasse == FOCUS).to_numpy()
        klasse = klasse.mask(few, GEMENGD)
        if few.any():
            text = (
                f"van {counted(few.sum(), 'gebied', 'gebieden')} staan maar enkele postcodes in "
                f"de lijst (meer dan {INWONERS_PER_POSTCODE:.0f} inwoners per postcode): onbekend"
            )
            findings.append(Finding("", "gebied gemengd", "waarschuwing", text, float(few.sum())))
    areas = gpd.GeoDataFrame(
        {
            "object_id": ids.to_numpy(dtype=object),
            "object_naam": names.to_numpy(dtype=object),
            "klasse": klasse.to_numpy(dtype=object),
        },
        geometry=frame.geometry.to_numpy(),
        crs="EPSG:28992",
    )
    return areas, findings


def read_aansluitstop(  # noqa: PLR0913  one keyword a fact
    source: str | Path | gpd.GeoDataFrame,
    *,
    from_date: dt.date,
    until: dt.date | None = None,
    names: Sequence[str] | None = None,
    name_column: str | None = None,
    said_by: str | None = None,
    said_on: dt.date | None = None,
    severity: str = "hard",
    layer: str | None = None,
    crs: object = None,
    encoding: str | None = None,
    catalogue: Catalogue | None = None,
) -> Layer:
    """Read the areas of a supposed stop on new connections of homes: a scenario, no decision.

    TenneT said on 12-2-2026 that the Flevopolder, Gelderland and Utrecht risk such a stop from the
    summer of 2026 on. What came of it is not known here, so this layer never comes by itself, and
    its rule is marked as a scenario in every output. The Flevopolder is not all of the province
    Flevoland: the Noordoostpolder lies outside it.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        Surfaces: provinces, or areas of your own.
    from_date : date
        The first day of the stop; before it the scenario hinders nothing.
    until : date, optional
        Its last day.
    names : sequence of str, optional
        Which of the areas, by name ("Gelderland", "Utrecht"); all of them without it.
    name_column : str, optional
        The column of names; the usual ones are recognised.
    said_by : str, optional
        Whose scenario it is; TenneT's without it.
    said_on : date, optional
        The day on which it was said.
    severity : str
        How heavy the stop is.
    layer, crs, encoding : optional
        As for `read_layer`.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    Layer
        Key "aansluitstop", in RD New (EPSG:28992). What lies outside its areas is `vrij`: the
        scenario names all of them.

    Raises
    ------
    RegionError
        When a name does not occur.
    ColumnError
        When names were given and no column holds any.
    RuleError
        When the dates or the severity cannot be.
    """
    asked = catalogue or default_catalogue()
    spec = asked.spec("aansluitstop")
    basis = spec.rules[MAIN]
    if not isinstance(basis, ClassRule):
        raise RuleError("de regel van aansluitstop in de catalogus is niet van de soort klasse.")
    raw, origin = read_vector(source, layer=layer, crs=crs, encoding=encoding)
    columns = [str(c) for c in raw.columns if c != "geometry"]
    column = name_column or recognise(columns, _USUAL_NAMES)
    if column is not None and column not in columns:
        raise ColumnError(
            f"{origin.path}: kolom {column!r} bestaat niet; wel: {', '.join(columns)}."
        )
    called = as_text(raw[column]) if column else pd.Series("", index=raw.index, dtype=object)
    if names is not None:
        names = [names] if isinstance(names, str) else names
        if column is None:
            raise ColumnError(f"{origin.path}: geen kolom met namen gevonden; geef name_column.")
        wanted, stray, doubtful = chosen_names(names, called)
        if stray:
            there = ", ".join(sorted(set(called))[:20])
            raise RegionError(f"{origin.path}: {', '.join(stray)} komt niet voor; wel: {there}.")
        if doubtful:
            raise RegionError(f"{origin.path}: {'; '.join(doubtful)}; schrijf de hele naam.")
        raw, called = raw[called.isin(wanted)], called[called.isin(wanted)]
    start = day_of(from_date, "from_date")
    if start is None:
        raise RuleError("from_date ontbreekt; geef de eerste dag van de aansluitstop.")
    day = day_of(said_on, "said_on") if said_by or said_on else basis.source_date
    dated = f", {day.day}-{day.month}-{day.year}" if day and said_by else ""
    said = f"{said_by}{dated}" if said_by else basis.source
    rule = replace(
        basis,
        classes={"aansluitstop": severity},
        no_column=None,
        labels={"aansluitstop": f"scenario, geen besluit, vanaf {start.isoformat()}: {said}"},
        valid_from=start,
        valid_until=day_of(until, "until"),
        source=f"{said}; een scenario, afloop onbekend" if said_by else said,
        source_date=day,
    )
    frame = gpd.GeoDataFrame(
        {"object_naam": called.to_numpy(dtype=object), "klasse": "aansluitstop"},
        geometry=raw.geometry.to_numpy(),
        crs="EPSG:28992",
    )
    found = read_layer(
        "aansluitstop",
        frame,
        rule=rule,
        title=f"{spec.title} (vanaf {start.isoformat()})",
        reference_date=day,
        catalogue=asked,
    )
    return replace(found, source=origin)
