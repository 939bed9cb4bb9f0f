"""DIWI's own exchange: GeoJSON with the plan and its blocks of homes nested in each feature."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from woongeo.checks import Finding
from woongeo.errors import FileError
from woongeo.registers.model import RAW_DETAIL, Raw, at_row, empty_detail
from woongeo.registers.opening import shapes_of
from woongeo.registers.words import dictionary, plain, year_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd

    from woongeo.sources import Source

KIND, TITLE = "diwi", "DIWI"

#: The breakdown of a block: by type, and beside it by tenure.
BY_TYPE, BY_TENURE = "woningtype", "eigendom"


def read_diwi(frame: gpd.GeoDataFrame, source: Source, *, on: dt.date) -> Raw:
    """Read DIWI's GeoJSON.

    Parameters
    ----------
    frame : GeoDataFrame
        With `projectgegevens` and `woning_blokken`, in JSON.
    source : Source
        Where it came from.
    on : date
        The day for which the status and phase of a plan are read: those with the latest date up to
        it.

    Returns
    -------
    Raw
        What was found.

    Raises
    ------
    FileError
        When the nested JSON is not that of DIWI.
    """
    findings: list[Finding] = []
    plans, details = [], []
    for i, (project, blocks) in enumerate(
        zip(frame["projectgegevens"], frame["woning_blokken"], strict=True)
    ):
        what = f"{source.path}, rij {i + 1}"
        plan = _plan(_object(project, what), on, findings, i)
        rows = [*_blocks(_blocks_of(blocks, what), i, findings)]
        details += rows
        plans.append(plan | _totals(rows, _blocks_of(blocks, what)))
    columns = ["plan_id", "naam", "gemeente", "planstatus", "plantype", "projectfase"]
    columns += ["vertrouwelijkheid", "bruto", "sloop", "netto"]
    columns += ["oplevering_eerste", "oplevering_laatste"]
    detail = pd.DataFrame(details, columns=list(RAW_DETAIL)) if details else empty_detail()
    return Raw(
        KIND,
        TITLE,
        pd.DataFrame(plans, columns=pd.Index(columns), dtype=object),
        shapes_of(frame),
        source,
        detail,
        None,
        findings,
        "netto",
        "bruto",
    )


def _object(text: object, what: str) -> dict[str, Any]:
    """Read a nested object."""
    try:
        read = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise FileError(f"{what}: projectgegevens is geen leesbare JSON.") from error
    return read if isinstance(read, dict) else {}


def _blocks_of(text: object, what: str) -> list[dict[str, Any]] | None:
    """Read the blocks of homes; None where there is no list of them."""
    try:
        read = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise FileError(f"{what}: woning_blokken is geen leesbare JSON.") from error
    return [b for b in read if isinstance(b, dict)] if isinstance(read, list) else None


def _within(read: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401  JSON of strangers
    """Give what is nested; None where it is not there."""
    found: Any = read
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _first(value: object) -> object:
    """Give the one value of a list: DIWI writes some fields as either."""
    if isinstance(value, list):
        return ", ".join(str(v) for v in value if v is not None) or None
    return value


def _plan(
    project: dict[str, Any], on: dt.date, findings: list[Finding], row: int
) -> dict[str, object]:
    """Read the facts of one plan."""
    data = _within(project, "projectgegevens") or {}
    name = str(_within(project, "basisgegevens", "naam") or "")
    status = dated(_within(project, "planologische_planstatus"), on)
    phase = dated(_within(project, "projectfasen"), on)
    if len(status) > 1:
        text = f"planstatus heeft op één dag twee waarden ({', '.join(status)}): onbekend"
        findings.append(Finding(at_row(row), "planstatus dubbel", "waarschuwing", text))
    if plain(_within(data, "status")) in {"terminated", "afgebroken"}:
        text = "het plan is afgebroken; de woningen staan er nog in"
        findings.append(Finding(at_row(row), "plan afgebroken", "waarschuwing", text))
    return {
        "plan_id": _within(project, "diwi_id")
        or _within(project, "basisgegevens", "identificatie_nr"),
        "naam": name,
        "gemeente": _first(_within(project, "locatie", "gemeente")),
        "planstatus": status[0] if len(status) == 1 else None,
        "plantype": _first(_within(data, "plan_soort")),
        "projectfase": phase[0] if len(phase) == 1 else None,
        "vertrouwelijkheid": _within(data, "vertrouwelijkheid"),
    }


def dated(states: object, on: dt.date) -> list[str]:
    """Tell in which state a plan is on a day: that with the latest date up to it.

    Parameters
    ----------
    states : object
        A mapping of state to the date it begins; None where it does not.
    on : date
        The day.

    Returns
    -------
    list of str
        One state; none where none has begun, several where they begin on one day.

    Examples
    --------
    >>> dated({"_3": "2024-01-01", "_2A": "2026-01-01"}, dt.date(2025, 6, 1))
    ['_3']
    """
    if not isinstance(states, dict):
        return []
    begun = {}
    for state, text in states.items():
        day = day_of(text)
        if day is not None and day <= on:
            begun[str(state)] = day
    latest = max(begun.values(), default=None)
    return [state for state, day in begun.items() if day == latest]


def day_of(value: object) -> dt.date | None:
    """Read a date.

    Parameters
    ----------
    value : object
        A date, or text as 2026-05-15 or 15-5-2026.

    Returns
    -------
    date or None
        None where it is no date.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value or "").strip()[:10]
    for pattern in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
    return None


def _blocks(
    blocks: list[dict[str, Any]] | None, row: int, findings: list[Finding]
) -> Iterator[tuple[object, ...]]:
    """Turn blocks of homes into rows of detail."""
    for block in blocks or []:
        change = _within(block, "mutatiegegevens") or {}
        kind = dictionary("soort").get(plain(_within(change, "mutatie_type")), "onbekend")
        homes = _count(_within(change, "aantal"))
        year = year_of(_within(block, "einddatum"))
        if homes is None:
            text = "een woningblok zonder aantal: het totaal van het plan is onbekend"
            findings.append(Finding(at_row(row), "woningblok zonder aantal", "waarschuwing", text))
        elif kind == "onbekend":
            text = "een woningblok zonder mutatie_type: bouw of sloop is onbekend"
            findings.append(Finding(at_row(row), "woningblok zonder soort", "waarschuwing", text))
        tenure = dictionary("eigendom").get(plain(_within(change, "eigendom_type")), "onbekend")
        label = _within(block, "waarde", "categorie")
        segment = str(label) if label else ""
        if homes is not None:
            yield (row, kind, BY_TENURE, "gepland", year, year, "", tenure, segment, homes)
        for name, number in _types(block, change, homes):
            yield (row, kind, BY_TYPE, "gepland", year, year, name, "", "", number)


def _types(
    block: Mapping[str, Any], change: Mapping[str, Any], homes: float | None
) -> Iterator[tuple[str, float]]:
    """Give homes per type: beside the block in an export, one type for all in an import."""
    beside = _within(block, "woning_type")
    if isinstance(beside, dict):
        for name, value in beside.items():
            number = _count(value)
            # DIWI writes the rest as "onbekend": a 0 there says nothing of a block without homes.
            if number is not None and not (homes is None and number == 0):
                yield dictionary("woningtype").get(plain(name), "onbekend"), number
    elif homes is not None:
        yield dictionary("woningtype").get(plain(_within(change, "woning_type")), "onbekend"), homes


def _count(value: object) -> float | None:
    """Read a number of homes; None where there is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _totals(
    rows: list[tuple[object, ...]], blocks: list[dict[str, Any]] | None
) -> dict[str, object]:
    """Add up a plan from its blocks.

    A plan in DIWI is the sum of its blocks: where all of them are whole, one without a block of
    sloop demolishes nothing. Where one of them is not, the total is unknown.
    """
    nothing: dict[str, object] = {"bruto": None, "sloop": None, "netto": None}
    years = sorted(float(str(r[4])) for r in rows if r[2] == BY_TENURE and r[4] == r[4])
    ends: dict[str, object] = {
        "oplevering_eerste": years[0] if years else None,
        "oplevering_laatste": years[-1] if years else None,
    }
    counted = [r for r in rows if r[2] == BY_TENURE]
    if not blocks or len(counted) < len(blocks) or any(r[1] == "onbekend" for r in counted):
        return {**nothing, **ends}
    built = sum(float(str(r[9])) for r in counted if r[1] == "nieuwbouw")
    gone = sum(float(str(r[9])) for r in counted if r[1] == "sloop")
    return {"bruto": built, "sloop": gone, "netto": built - gone, **ends}
