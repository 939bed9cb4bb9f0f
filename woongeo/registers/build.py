"""From a register's own words to the one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text, has_thousands, numbers, unique_ids
from woongeo.encode import shortened
from woongeo.numerals import counted, dutch
from woongeo.planstatus import planstatus
from woongeo.registers.controle import check
from woongeo.registers.model import DETAIL, NUMBERS, PLANNEN, Raw, Register, with_ids
from woongeo.registers.words import (
    ONBEKEND,
    once,
    plain,
    segments,
    shares,
    split_words,
    translate,
    years,
)
from woongeo.verdict import Hardheid

if TYPE_CHECKING:
    from collections.abc import Mapping

# The words of each register that are translated, and whether a word in no table stays.
_WORDS = {"plantype": True, "projectfase": True, "opdrachtgever": True, "vertrouwelijkheid": False}


def build(raw: Raw) -> Register:
    """Make the one model of what a reader found, and check the register's own rules.

    Parameters
    ----------
    raw : Raw
        From a reader.

    Returns
    -------
    Register
        See there.
    """
    texts = as_text(raw.plans["plan_id"]) if "plan_id" in raw.plans else None
    column = "plan_id" if texts is not None and texts.ne("").any() else None
    no_id = [""] * len(raw.plans)
    ids, more = unique_ids(no_id if texts is None else texts.tolist(), column)
    findings = [*with_ids(raw.findings, ids), *(more if len(raw.plans) else [])]
    plans = pd.DataFrame({"plan_id": pd.Series(ids, dtype=object)})
    for name in ("naam", "gemeente", "regio", "provincie", "masterplan"):
        plans[name] = as_text(_column(raw, name))
    plans["naam"] = plans["naam"].where(plans["naam"] != "", plans["plan_id"])
    _read_status(raw, plans, findings)
    _read_words(raw, plans, findings)
    _read_knelpunten(raw, plans, findings)
    _read_numbers(raw, plans, findings)
    _read_years(raw, plans, findings)
    detail = _detail(raw, ids)
    _years_of_detail(raw, plans, detail)
    frame = gpd.GeoDataFrame(
        plans[list(PLANNEN)], geometry=gpd.GeoSeries(raw.geometry, crs="EPSG:28992")
    )
    findings += check(raw, frame, detail)
    return Register(
        frame,
        detail[list(DETAIL)],
        CheckReport.of(findings),
        raw.kind,
        raw.title,
        raw.basis,
        raw.source,
        raw.given,
    )


def _column(raw: Raw, name: str) -> pd.Series:
    """Give a column of what was read; empty where the register has none."""
    if name in raw.plans:
        return raw.plans[name].astype(object).reset_index(drop=True)
    return pd.Series([None] * len(raw.plans), dtype=object)


def _read_status(raw: Raw, plans: pd.DataFrame, findings: list[Finding]) -> None:
    """Read planstatus and hardheid."""
    given = as_text(_column(raw, "planstatus"))
    own = {plain(k): v for k, v in raw.own_words.get("planstatus", {}).items()}
    read = planstatus(once(given, lambda text: own.get(plain(text), text)))
    stated = planstatus(as_text(_column(raw, "hardheid")))["hardheid"]
    helped = (read["hardheid"] == Hardheid.ONBEKEND) & (stated != Hardheid.ONBEKEND)
    plans["planstatus"] = read["planstatus"]
    plans["hardheid"] = read["hardheid"].mask(helped, stated)
    plans["planstatus_register"] = given
    findings += [
        Finding(
            plans["plan_id"][i],
            "planstatus onbekend" if plans["planstatus"][i] == ONBEKEND else _DOUBTFUL,
            "waarschuwing",
            shortened(read["twijfel"][i]),
        )
        for i in np.flatnonzero((read["twijfel"] != "") & ~helped)
    ]


_DOUBTFUL = "planstatus twijfelachtig"


def _read_words(raw: Raw, plans: pd.DataFrame, findings: list[Finding]) -> None:
    """Translate the words of a register; one that is in no table is reported."""
    for name, keep in _WORDS.items():
        given = as_text(_column(raw, name))
        also = raw.own_words.get(name)
        plans[name], unknown = translate(given, name, also=also, keep=keep)
        if name == "vertrouwelijkheid":
            plans["vertrouwelijkheid_register"] = given
            if raw.level and name not in raw.plans:
                plans[name] = raw.level
            findings += _level_findings(raw, plans, unknown)
            continue
        for word, n in given[unknown].value_counts(sort=False).items():
            left = counted(float(n), "plan", "plannen")
            text = f"{name} {shortened(word)!r} staat in geen lijst; bij {left} zo gelaten"
            findings.append(Finding("", f"{name} onbekend", "melding", text, float(n)))


def _level_findings(raw: Raw, plans: pd.DataFrame, unknown: pd.Series) -> list[Finding]:
    """Report plans of which it is not known who may see them."""
    if "vertrouwelijkheid" not in raw.plans:
        if not len(plans):
            return []
        text = (
            f"dit register is openbaar uitgegeven: elk plan geldt als {raw.level}"
            if raw.level
            else "dit register zegt niet wie een plan mag zien"
        )
        return [Finding("", "vertrouwelijkheid niet vermeld", "melding", text)]
    own = plans["vertrouwelijkheid_register"]
    return [
        Finding(
            plans["plan_id"][i],
            "vertrouwelijkheid onbekend",
            "waarschuwing",
            f"{shortened(own[i])!r} is geen bekend niveau: geldt als het vertrouwelijkst"
            if unknown[i]
            else "niet ingevuld: geldt als het vertrouwelijkst",
        )
        for i in np.flatnonzero(plans["vertrouwelijkheid"] == ONBEKEND)
    ]


def _read_knelpunten(raw: Raw, plans: pd.DataFrame, findings: list[Finding]) -> None:
    """Read the bottlenecks that plans report of themselves."""
    lists = once(_column(raw, "knelpunten"), split_words)
    words = pd.Series([word for row in lists for word in row], dtype=object)
    keys, unknown = translate(words, "knelpunten", also=raw.own_words.get("knelpunten"), keep=True)
    key_of = dict(zip(words, keys, strict=True))
    plans["knelpunten"] = ["; ".join(dict.fromkeys(key_of[word] for word in row)) for row in lists]
    plans["knelpunten_register"] = ["; ".join(row) for row in lists]
    for word, n in words[unknown].value_counts(sort=False).items():
        left = counted(float(n), "plan", "plannen")
        text = f"knelpunt {shortened(word)!r} staat in geen lijst; bij {left} zo gelaten"
        findings.append(Finding("", "knelpunt onbekend", "melding", text, float(n)))


def _read_numbers(raw: Raw, plans: pd.DataFrame, findings: list[Finding]) -> None:
    """Read homes, turn the sign of sloop, and work out what follows from what is given."""
    ids = plans["plan_id"]
    for name in (*NUMBERS, "sloop_rest"):
        given = _column(raw, name)
        plans[name], bad = numbers(given)
        for i in np.flatnonzero(bad):
            text = f"{name} {shortened(given[i])!r} is geen aantal: onbekend"
            findings.append(Finding(ids[i], "aantal onleesbaar", "waarschuwing", text))
        for i in np.flatnonzero(has_thousands(given)):
            text = f"{name} {shortened(given[i])!r} is gelezen als {dutch(plans[name][i])}"
            findings.append(Finding(ids[i], "aantal met duizendtallen", "melding", text))
    for name in ("sloop", "sloop_rest"):
        for i in np.flatnonzero(plans[name] < 0):
            value = float(plans[name][i])
            text = (
                f"{name} is {dutch(value)}: gelezen als "
                f"{counted(-value, 'te slopen woning', 'te slopen woningen', decimals=2)}"
            )
            findings.append(Finding(ids[i], "sloop negatief", "melding", text, value))
        plans[name] = plans[name].abs()
    # NaN in either makes NaN: what is unknown stays so, and bruto is then the most it can be.
    plans["netto"] = plans["netto"].fillna(plans["bruto"] - plans["sloop"])
    plans["rest"] = plans["rest"].fillna(plans["bruto"] - plans["gerealiseerd"])
    plans["rest_netto"] = plans["rest_netto"].fillna(plans["rest"] - plans["sloop_rest"])
    chance, bad = shares(_column(raw, "realisatiekans"))
    plans["realisatiekans"] = chance
    for i in np.flatnonzero(bad):
        text = f"realisatiekans {shortened(_column(raw, 'realisatiekans')[i])!r} is geen kans"
        findings.append(Finding(ids[i], "realisatiekans onleesbaar", "waarschuwing", text))


def _read_years(raw: Raw, plans: pd.DataFrame, findings: list[Finding]) -> None:
    """Read the first and last year of delivery."""
    for name in ("oplevering_eerste", "oplevering_laatste"):
        given = _column(raw, name)
        plans[name], bad = years(given)
        for i in np.flatnonzero(bad):
            text = f"{name} {shortened(given[i])!r} is geen jaar"
            findings.append(Finding(plans["plan_id"][i], "jaar onleesbaar", "waarschuwing", text))


def _years_of_detail(raw: Raw, plans: pd.DataFrame, detail: pd.DataFrame) -> None:
    """Take the first and last year from the planning, where the register has no column for them."""
    planned = detail[
        (detail["soort"] == "nieuwbouw")
        & (detail["stand"] != "gerealiseerd")
        & (detail["aantal"] > 0)
        & detail["jaar"].notna()
        & (detail["rij"] >= 0)
    ].groupby("rij")
    rows = range(len(plans))
    if "oplevering_eerste" not in raw.plans:
        plans["oplevering_eerste"] = planned["jaar"].min().reindex(rows).to_numpy()
    if "oplevering_laatste" not in raw.plans:
        plans["oplevering_laatste"] = planned["jaar_tot"].max().reindex(rows).to_numpy()


def _detail(raw: Raw, ids: list[str]) -> pd.DataFrame:
    """Put detail in our words; a row of it that belongs to no plan keeps the id it names."""
    given = raw.detail.reset_index(drop=True)
    row = given["rij"].astype(np.intp)
    names = np.array([*ids, ""], dtype=object)
    detail = pd.DataFrame({"rij": row})
    plan = pd.Series(names[np.where(row >= 0, row, len(ids))], dtype=object)
    orphan: Mapping[int, str] = raw.orphans
    if orphan:
        plan = plan.where(row >= 0, row.map(orphan))
    detail["plan_id"] = plan
    for name in ("soort", "indeling", "categorie", "stand", "woningtype", "eigendom"):
        there = given[name] if name in given else pd.Series("", index=given.index)
        detail[name] = there.astype(object).fillna("")
    for name in ("jaar", "jaar_tot", "aantal"):
        detail[name] = pd.to_numeric(given[name], errors="coerce").astype(float)
    detail["jaar_tot"] = detail["jaar_tot"].fillna(detail["jaar"])
    words = given["segment"].astype(object).fillna("")
    known = segments(raw.kind)
    found = {word: known.get(plain(word)) for word in words.unique() if word}
    detail["prijssegment_register"] = words
    detail["prijssegment"] = words.map(
        lambda word: "" if not word else s.key if (s := found[word]) else ONBEKEND
    )
    detail["prijsgrens"] = words.map(lambda word: s.limits if word and (s := found[word]) else "")
    tenure = words.map(lambda word: s.eigendom if word and (s := found[word]) else "")
    detail["eigendom"] = detail["eigendom"].where(detail["eigendom"] != "", tenure)
    return detail
