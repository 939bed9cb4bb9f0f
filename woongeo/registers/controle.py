"""The rules that a register sets itself, held against what it holds. Nothing is mended here.

Sums and years: Planmonitor Wonen (each group adds up to nieuwbouw, years to the restcapaciteit;
sloop is left out of these checks). Three homes, a polygon and no confidential hard plans: its help
page of 31-3-2026, after the national dataprotocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from woongeo.checks import Finding
from woongeo.columns import as_text
from woongeo.encode import shortened
from woongeo.geometry import looks_like_circle
from woongeo.numerals import counted, dutch
from woongeo.registers.model import NUMBERS, masters
from woongeo.registers.words import ONBEKEND
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    import geopandas as gpd

    from woongeo.registers.model import Raw

#: From so many homes on a plan must be registered to count in regional agreements.
REGISTERED_FROM = 3

# What a plan must state: PlanValidationHelper of tailormap-planmonitor-wonen, as far as it is read.
_REQUIRED = (
    *("provincie", "gemeente", "regio", "plantype", "projectfase", "opdrachtgever", "knelpunten"),
)
_WITH_REQUIRED = {"planmonitor-wonen", "diwi-zuid-holland", "diwi-gelderland"}

# Sums of numbers that people typed: a difference below this is noise of halves and thirds.
_NOISE = 1e-6


def check(raw: Raw, plans: gpd.GeoDataFrame, detail: pd.DataFrame) -> list[Finding]:
    """Check a register.

    Parameters
    ----------
    raw : Raw
        What was read.
    plans : GeoDataFrame
        As `Register.plannen`.
    detail : DataFrame
        As `Register.detail`, with `rij`.

    Returns
    -------
    list of Finding
        By check, and within it in the order of the register.
    """
    if not len(plans):
        return [Finding("", "register is leeg", "waarschuwing", "er staan geen plannen in")]
    return [
        *_homes(plans),
        *_sums(raw, plans, detail),
        *_detail_findings(detail),
        *_shapes(plans),
        *_doubles(plans),
        *_masterplans(plans),
        *_words(raw, plans),
    ]


def _each(
    plans: pd.DataFrame, mask: pd.Series, check_: str, weight: str, text: str
) -> list[Finding]:
    """Make one finding for each plan in a mask."""
    return [Finding(i, check_, weight, text) for i in plans["plan_id"][mask.to_numpy(dtype=bool)]]


def _homes(plans: pd.DataFrame) -> list[Finding]:
    """Check numbers of homes against each other."""
    ids = plans["plan_id"].to_numpy()
    findings = []
    for name in NUMBERS:
        # More demolished than built is no fault.
        if name in {"sloop", "netto", "rest_netto"}:
            continue
        homes = plans[name].to_numpy()
        for i in np.flatnonzero(homes < 0):
            value = float(homes[i])
            text = f"{name} is {dutch(value)}"
            findings.append(Finding(ids[i], "aantal negatief", "waarschuwing", text, value))
    size = plans["bruto"].fillna(plans["rest"]).fillna(plans["netto"])
    text = "plan met 0 woningen"
    findings += _each(plans, size == 0, "woningen nul", "melding", text)
    small = (size > 0) & (size < REGISTERED_FROM)
    text = f"minder dan {REGISTERED_FROM} woningen: registratie is niet verplicht"
    findings += _each(plans, small, "klein plan", "melding", text)
    nothing = plans[list(NUMBERS)].drop(columns=["sloop"]).isna().all(axis=1)
    text = "het register noemt geen aantal woningen: onbekend, niet nul"
    findings += _each(plans, nothing, "woningen ontbreekt", "waarschuwing", text)
    for name, whole, parts in (
        ("netto", plans["netto"].to_numpy(), (plans["bruto"] - plans["sloop"]).to_numpy()),
        ("rest", plans["rest"].to_numpy(), (plans["bruto"] - plans["gerealiseerd"]).to_numpy()),
    ):
        differs = np.abs(whole - parts) > _NOISE
        minus = "sloop" if name == "netto" else "gerealiseerd"
        for i in np.flatnonzero(differs):
            text = f"{name} is {dutch(whole[i])}, maar bruto min {minus} is {dutch(parts[i])}"
            value = float(whole[i] - parts[i])
            findings.append(Finding(ids[i], f"{name} klopt niet", "waarschuwing", text, value))
    more = plans["gerealiseerd"] > plans["bruto"]
    text = "er is meer gerealiseerd dan gepland"
    findings += _each(plans, more, "meer gerealiseerd dan gepland", "waarschuwing", text)
    turned = plans["oplevering_eerste"] > plans["oplevering_laatste"]
    text = "eerste oplevering ligt na de laatste"
    return findings + _each(plans, turned, "oplevering omgekeerd", "waarschuwing", text)


def _sums(raw: Raw, plans: pd.DataFrame, detail: pd.DataFrame) -> list[Finding]:
    """Check that each breakdown adds up: to the plan, and per year to the whole of that year."""
    built = detail[(detail["soort"] == "nieuwbouw") & (detail["rij"] >= 0)]
    findings: list[Finding] = []
    if raw.compare and len(built):
        held = built.groupby(["rij", "indeling"], sort=True)["aantal"].sum(min_count=1)
        table = held.reset_index()
        table["whole"] = plans[raw.compare].to_numpy()[table["rij"].to_numpy(dtype=np.intp)]
        wrong = table[(table["aantal"] - table["whole"]).abs() > _NOISE]
        findings += [
            Finding(
                plans["plan_id"].iloc[row],
                "groep telt niet op",
                "waarschuwing",
                f"{group} telt op tot {dutch(total)}, {raw.compare} is {dutch(whole)}",
                total - whole,
            )
            for row, group, total, whole in table.loc[
                wrong.index, ["rij", "indeling", "aantal", "whole"]
            ].itertuples(index=False, name=None)
        ]
    yearly = built[built["jaar"].notna() & (built["stand"] == "gepland")]
    whole_years = yearly[yearly["indeling"] == "totaal"]
    if len(whole_years):
        keys = ["rij", "jaar", "jaar_tot"]
        whole = whole_years.groupby(keys)["aantal"].sum(min_count=1).rename("whole")
        parts = yearly[yearly["indeling"] != "totaal"]
        sums = parts.groupby(["indeling", *keys])["aantal"].sum(min_count=1).reset_index()
        sums = sums.merge(whole.reset_index(), on=keys, how="left")
        wrong = sums[(sums["aantal"] - sums["whole"].fillna(0)).abs() > _NOISE]
        findings += [
            Finding(
                plans["plan_id"].iloc[int(row)],
                "groep telt per jaar niet op",
                "waarschuwing",
                f"{group} in {dutch_year(start, end)}: {dutch(total)}, nieuwbouw "
                f"{'niet ingevuld' if np.isnan(all_) else dutch(all_)}",
                total - (0.0 if np.isnan(all_) else all_),
            )
            for group, row, start, end, total, all_ in wrong.sort_values(
                ["rij", "indeling", "jaar"]
            ).itertuples(index=False, name=None)
        ]
    return findings


def dutch_year(start: float, end: float) -> str:
    """Write a year, or a period.

    Parameters
    ----------
    start, end : float
        First and last year.

    Returns
    -------
    str
        "2031" or "2034-2038".
    """
    return f"{start:.0f}" if start == end else f"{start:.0f}-{end:.0f}"


def _detail_findings(detail: pd.DataFrame) -> list[Finding]:
    """Report detail that is negative, in an unknown segment, or of no plan."""
    findings = []
    below = detail[detail["aantal"] < 0]
    for row, plan, group, value in below[["rij", "plan_id", "indeling", "aantal"]].itertuples(
        index=False, name=None
    ):
        text = (
            f"{group}: {counted(value, 'woning', 'woningen', decimals=2)}; een andere categorie "
            "telt dus te veel"
        )
        findings.append(
            Finding(plan if row >= 0 else "", "detail negatief", "waarschuwing", text, value)
        )
    unknown = detail[
        (detail["prijssegment"] == ONBEKEND)
        & ~detail["prijssegment_register"].str.casefold().str.contains("onbekend|onb|nb$")
        & (detail["prijssegment_register"] != "")
    ]
    for word, n in unknown["prijssegment_register"].value_counts(sort=False).items():
        unread = counted(float(n), "regel is", "regels zijn")
        text = f"prijssegment {shortened(word)!r} staat in geen lijst; {unread} onbekend"
        findings.append(Finding("", "prijssegment onbekend", "melding", text, float(n)))
    lost = detail[detail["rij"] < 0]
    for name, homes in lost.groupby("plan_id", sort=True)["aantal"].sum(min_count=1).items():
        text = f"detail hoort bij plan {shortened(name)!r}, dat niet in het register staat"
        findings.append(Finding("", "detail zonder plan", "fout", text, float(homes)))
    return findings


def _shapes(plans: gpd.GeoDataFrame) -> list[Finding]:
    """Report plans without polygon, and placeholders."""
    shapes = plans.geometry.to_numpy()
    absent = pd.Series(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    text = "geen vlak ingetekend: het plan is niet te toetsen"
    findings = _each(plans, absent, "geen vlak", "waarschuwing", text)
    flat = shapely.force_2d(np.where(absent, None, shapes))
    circle = np.zeros(len(plans), dtype=bool)
    surfaces = np.flatnonzero(np.isin(shapely.get_type_id(flat), (3, 6)) & shapely.is_valid(flat))
    circle[surfaces] = looks_like_circle(flat[surfaces])
    area = shapely.area(flat)
    return findings + [
        Finding(
            plans["plan_id"].iloc[i],
            "plaatshouder (cirkel)",
            "waarschuwing",
            f"vlak is een cirkel van {dutch(area[i], decimals=0)} m²: waarschijnlijk een "
            "plaatshouder",
            float(area[i]),
        )
        for i in np.flatnonzero(circle)
    ]


def _doubles(plans: pd.DataFrame) -> list[Finding]:
    """Report names that occur twice in one gemeente."""
    names = as_text(plans["naam"])
    keys = names.str.casefold().str.split().str.join(" ") + "\n"
    keys = (keys + as_text(plans["gemeente"]).str.casefold()).reset_index(drop=True)
    ids = plans["plan_id"].to_numpy()
    first = dict(zip(reversed(keys.tolist()), reversed(ids.tolist()), strict=True))
    again = np.flatnonzero(keys.duplicated() & (names.to_numpy() != ids))
    return [
        Finding(
            ids[i],
            "naam dubbel",
            "waarschuwing",
            f"zelfde naam en gemeente als {first[keys[i]]}: woningen tellen mogelijk dubbel",
        )
        for i in again
    ]


def _masterplans(plans: pd.DataFrame) -> list[Finding]:
    """Report plans that are part of another, or of one that is not here."""
    parent = masters(plans)
    ids, named_by = plans["plan_id"].to_numpy(), plans["masterplan"].to_numpy()
    findings = []
    for i in np.flatnonzero(named_by != ""):
        named = shortened(named_by[i])
        if parent[i] >= 0:
            top = ids[parent[i]]
            text = f"is deel van {top}: de woningen staan in beide"
            findings.append(Finding(ids[i], "deel van masterplan", "melding", text))
        else:
            text = f"masterplan {named!r} is geen (ander, enig) plan in dit register"
            findings.append(Finding(ids[i], "masterplan niet gevonden", "melding", text))
    return findings


def _words(raw: Raw, plans: pd.DataFrame) -> list[Finding]:
    """Report fields that must be filled in, and hard plans that are confidential."""
    findings = []
    for name in _REQUIRED if raw.kind in _WITH_REQUIRED else ():
        empty = int((plans[name].isin(["", ONBEKEND])).sum()) if name in raw.plans else 0
        if empty:
            text = f"{name} is bij {counted(empty, 'plan', 'plannen')} niet ingevuld of onbekend"
            findings.append(Finding("", "verplicht veld leeg", "melding", text, float(empty)))
    closed = ~plans["vertrouwelijkheid"].isin(["openbaar", ONBEKEND])
    text = "een hard plan hoort openbaar te zijn"
    return findings + _each(
        plans,
        closed & (plans["hardheid"] == Hardheid.HARD),
        "hard plan vertrouwelijk",
        "melding",
        text,
    )
