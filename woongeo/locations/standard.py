"""Our own columns before the input's: homes, planstatus and hardness, with every doubt."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import as_text, has_thousands, numbers
from woongeo.encode import shortened
from woongeo.locations.model import COLUMNS
from woongeo.numerals import counted, dutch
from woongeo.planstatus import planstatus
from woongeo.verdict import Hardheid


def standard_columns(
    raw: gpd.GeoDataFrame, ids: list[str], chosen: dict[str, str | None]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Put our own columns before the input's, and read homes and planstatus.

    Parameters
    ----------
    raw : GeoDataFrame
        As it was read.
    ids : list of str
        Of the rows.
    chosen : dict
        Meaning to column of the input, None where there is none.

    Returns
    -------
    frame : GeoDataFrame
        In the order of the rows, with the shapes of the input.
    findings : list of Finding
        What was doubtful.
    """
    findings: list[Finding] = []
    frame = raw[["geometry"]].copy()
    frame["locatie_id"] = pd.Series(ids, dtype=object)
    name, homes, status = chosen["name"], chosen["woningen"], chosen["planstatus"]
    frame["naam"] = pd.Series(ids, dtype=object) if name is None else as_text(raw[name])
    if homes is None:
        frame["woningen"] = np.nan
        text = "geen kolom met woningen gevonden: alle aantallen zijn onbekend"
        findings.append(Finding("", "woningen ontbreekt", "waarschuwing", text))
    else:
        frame["woningen"], unreadable = numbers(raw[homes])
        findings += _home_findings(ids, frame["woningen"], unreadable, raw[homes])
    if status is None:
        frame["planstatus"], frame["hardheid"] = "onbekend", str(Hardheid.ONBEKEND)
        text = "geen kolom met planstatus gevonden: hard en zacht zijn onbekend"
        findings.append(Finding("", "planstatus onbekend", "waarschuwing", text))
    else:
        read = planstatus(as_text(raw[status]))
        if chosen["hardheid"] not in {None, status}:
            # Where a status cannot be read a column of its own may still say hard or zacht.
            stated = planstatus(as_text(raw[chosen["hardheid"]]))
            helped = (read["hardheid"] == Hardheid.ONBEKEND) & (
                stated["hardheid"] != Hardheid.ONBEKEND
            )
            read["hardheid"] = read["hardheid"].mask(helped, stated["hardheid"])
            if helped.any():
                n = counted(helped.sum(), "locatie", "locaties")
                text = f"bij {n} uit kolom {chosen['hardheid']}"
                findings.append(Finding("", "hardheid zonder planstatus", "melding", text))
        frame["planstatus"], frame["hardheid"] = read["planstatus"], read["hardheid"]
        findings += [
            Finding(ids[i], "planstatus onbekend", "waarschuwing", text)
            if code == "onbekend"
            else Finding(ids[i], "planstatus twijfelachtig", "waarschuwing", text)
            for i, (text, code) in enumerate(zip(read["twijfel"], read["planstatus"], strict=True))
            if text
        ]
    sloop = chosen.get("sloop")
    if sloop is not None:
        demolished, _ = numbers(raw[sloop])
        findings += [
            Finding(
                ids[i],
                "sloop negatief",
                "melding",
                f"{sloop} is {dutch(value)}: bedoeld is {dutch(-value)} te slopen woningen",
                value,
            )
            for i, value in enumerate(demolished)
            if value < 0
        ]
    # A result of ours that is read again brings the same columns: those stand there already.
    theirs = [
        column
        for column in raw.columns.drop("geometry")
        if not (column in COLUMNS and _same(frame[column], raw[column]))
    ]
    # Columns of a GeoPackage differ in more than case: "Planstatus" cannot stand beside ours.
    ours = {*COLUMNS, "geometry"}
    names = {}
    for column in theirs:
        new = column
        while new.lower() in ours:
            new += "_invoer"
        ours.add(new.lower())
        names[column] = new
        if new != column:
            findings.append(
                Finding("", "kolom hernoemd", "melding", f"invoerkolom {column} heet nu {new}")
            )
    kept = pd.DataFrame(raw[theirs]).rename(columns=names)
    together = pd.concat([pd.DataFrame(frame[[*COLUMNS]]), kept], axis=1)
    return gpd.GeoDataFrame(together, geometry=raw.geometry, crs="EPSG:28992"), findings


def _same(ours: pd.Series, theirs: pd.Series) -> bool:
    """Tell whether a column of the input says what ours says, to the letter."""
    if ours.dtype == float and theirs.dtype == float:
        return bool(np.array_equal(ours, theirs, equal_nan=True))
    if ours.dtype == float and theirs.dtype == np.int64:
        # Beyond this a float is not the number any more.
        return bool((ours.to_numpy() == theirs.to_numpy()).all() and theirs.abs().max() < 2**53)
    words = ours.dtype == object and isinstance(theirs.dtype, pd.StringDtype)
    # Equal words are written alike; words that differ may be too.
    if words and ours.tolist() == theirs.tolist():
        return True
    return as_text(ours).tolist() == as_text(theirs).tolist()


def _home_findings(
    ids: list[str], homes: pd.Series, unreadable: pd.Series, raw: pd.Series
) -> list[Finding]:
    """Report homes that are missing, zero, negative, broken or no number."""
    findings = []
    for i in np.flatnonzero(has_thousands(raw)):
        text = f"aantal woningen {shortened(raw.iloc[i])!r} is gelezen als {dutch(homes.iloc[i])}"
        findings.append(Finding(ids[i], "woningen met duizendtallen", "melding", text))
    for i in np.flatnonzero(homes.notna() & (homes % 1 != 0)):
        value = float(homes.iloc[i])
        text = f"aantal woningen is {dutch(value, decimals=4)}: geen geheel getal"
        findings.append(Finding(ids[i], "woningen niet geheel", "waarschuwing", text, value))
    for i in np.flatnonzero(unreadable):
        text = f"aantal woningen {shortened(raw.iloc[i])!r} is geen getal: onbekend"
        findings.append(Finding(ids[i], "woningen onleesbaar", "waarschuwing", text))
    for i in np.flatnonzero(homes.isna() & ~unreadable):
        text = "aantal woningen is niet ingevuld: onbekend, niet nul"
        findings.append(Finding(ids[i], "woningen ontbreekt", "waarschuwing", text))
    findings += [
        Finding(ids[i], "woningen nul", "melding", "plan met 0 woningen", 0.0)
        for i in np.flatnonzero(homes == 0)
    ]
    for i in np.flatnonzero(homes < 0):
        value = float(homes.iloc[i])
        text = f"aantal woningen is {dutch(value)}: telt als vermindering mee"
        findings.append(Finding(ids[i], "woningen negatief", "waarschuwing", text, value))
    return findings
