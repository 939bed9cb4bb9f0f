"""Planmonitor Wonen: its import workbook (a plan a sheet), and its tables with polygons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import as_text, numbers
from woongeo.encode import shortened
from woongeo.errors import FileError
from woongeo.numerals import dutch
from woongeo.registers.flat import flat, known_tables, read_flat
from woongeo.registers.model import Raw, at_row
from woongeo.registers.opening import layers_of, open_frame, read_table
from woongeo.registers.words import plain
from woongeo.registers.workbook import Sheet, workbook_source

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

KIND, TITLE = "planmonitor-wonen", "Planmonitor Wonen"

# Labels in the first column of a sheet; the register itself spells "Opdrachtegever".
_LABELS = {
    "id": "plan_id",
    "plannaam": "naam",
    "gemeente": "gemeente",
    "regio": "regio",
    "provincie": "provincie",
    "plantype": "plantype",
    "vertrouwelijkheid": "vertrouwelijkheid",
    "status project": "projectfase",
    "status planologisch": "planstatus",
    "knelpunten": "knelpunten",
    "opdrachtegever": "opdrachtgever",
    "opdrachtgever": "opdrachtgever",
}

_OTHER_LABELS = {
    *("plaatsnaam", "woonmilieu", "studentenwoningen", "opdrachtgever naam"),
    *("sleutelproject", "opmerkingen"),
}

#: The groups of the register, each of which adds up to nieuwbouw.
GROUPS = ("woningtype", "wonen en zorg", "flexwoningen", "betaalbaarheid")

_PERIOD = re.compile(r"(20\d\d)(?:\s*[-_–]\s*(20\d\d))?")  # noqa: RUF001

_TOTAL, _BUILT = "totalen", "gerealiseerd"


def looks_like_planmonitor(sheets: list[Sheet]) -> bool:
    """Tell whether a workbook is an import workbook of Planmonitor Wonen.

    Parameters
    ----------
    sheets : list of Sheet
        Of the workbook.

    Returns
    -------
    bool
        True where a sheet has the label Plannaam and the heading Groepnaam.
    """
    return any(_header(sheet) is not None and "naam" in _labels(sheet) for sheet in sheets)


def _labels(sheet: Sheet) -> dict[str, int]:
    """Find the rows of the labels of a plan."""
    found: dict[str, int] = {}
    for i in range(len(sheet.rows)):
        name = _LABELS.get(plain(sheet.cell(i, 0)))
        if name is not None and name not in found and plain(sheet.cell(i, 1)) != "groepnaam":
            found[name] = i
        if plain(sheet.cell(i, 1)) == "groepnaam":
            break
    return found


def _header(sheet: Sheet) -> int | None:
    """Find the row with the headings of the table of homes."""
    for i in range(len(sheet.rows)):
        words = {plain(cell) for cell in sheet.rows[i]}
        if "groepnaam" in words and _TOTAL in words:
            return i
    return None


def read_planmonitor_workbook(sheets: list[Sheet], path: Path, text: str) -> Raw:
    """Read an import workbook: each sheet that is not hidden is a plan.

    Parameters
    ----------
    sheets : list of Sheet
        Of the workbook.
    path : Path
        The file.
    text : str
        As the user gave it.

    Returns
    -------
    Raw
        Without polygons: a workbook holds none.

    Raises
    ------
    FileError
        When no sheet that can be seen is a plan.
    """
    findings: list[Finding] = []
    plans: list[dict[str, object]] = []
    tables: list[pd.DataFrame] = []
    for sheet in sheets:
        header = _header(sheet)
        labels = _labels(sheet)
        if sheet.hidden or header is None or "naam" not in labels:
            why = "is verborgen" if sheet.hidden else "is geen plan (Plannaam of Groepnaam mist)"
            note = f"blad {shortened(sheet.name)!r} {why} en is niet gelezen"
            findings.append(Finding("", "blad niet gelezen", "waarschuwing", note))
            continue
        plan = {name: sheet.cell(row, 1) for name, row in labels.items()}
        table, notes = _table(sheet, header)
        if all(v is None for v in plan.values()) and table["aantal"].isna().all():
            note = f"blad {shortened(sheet.name)!r} is niet ingevuld en is geen plan"
            findings.append(Finding("", "blad leeg", "waarschuwing", note))
            continue
        if plan.get("plan_id") is None:
            plan["plan_id"] = plan.get("naam") or sheet.name
        findings += [Finding(at_row(len(plans)), *doubt) for doubt in notes]
        tables.append(table.assign(rij=len(plans)))
        plans.append(plan)
    if not plans and not any(f.check == "blad leeg" for f in findings):
        raise FileError(f"{text}: geen zichtbaar blad is een plan van {TITLE}.")
    frame = pd.DataFrame(plans, columns=pd.Index(dict.fromkeys(_LABELS.values())), dtype=object)
    raw = Raw(
        KIND,
        TITLE,
        frame,
        np.full(len(plans), None, dtype=object),
        workbook_source(path, text, len(plans)),
        findings=findings,
        basis="rest",
    )
    if tables:
        _add_homes(raw, pd.concat(tables, ignore_index=True))
    return raw


def _add_homes(raw: Raw, table: pd.DataFrame) -> None:
    """Add the homes of all plans: their totals, their detail, and what does not add up."""
    for name, values in _totals(table, len(raw.plans)).items():
        raw.plans[name] = values
    ids = as_text(raw.plans["plan_id"]).tolist()
    raw.detail = _detail(table)
    raw.compare = "bruto"
    raw.findings += [*_rest_findings(ids, table), *_unfilled(ids, raw)]


_Notes = list[tuple[str, str, str]]


def _table(sheet: Sheet, header: int) -> tuple[pd.DataFrame, _Notes]:
    """Read the table of homes of a sheet: a row a category and column."""
    heads = {j: plain(cell) for j, cell in enumerate(sheet.rows[header]) if cell is not None}
    years = {}
    for j, cell in enumerate(sheet.rows[header]):
        match = _PERIOD.fullmatch(_text_of(cell))
        if match:
            years[j] = (float(match[1]), float(match[2] or match[1]))
    notes: _Notes = []
    cells = []
    group = ""
    for i in range(header + 1, len(sheet.rows)):
        label = plain(sheet.cell(i, 0))
        # The name of a group stands in the first of its cells, which are merged.
        group = plain(sheet.cell(i, 1)) or group
        if not label:
            continue
        if group not in {"nieuwbouw", "sloop", *GROUPS}:
            text = f"regel {i + 1} ({shortened(sheet.cell(i, 0))}) hoort bij geen bekende groep"
            notes.append(("regel niet herkend", "waarschuwing", text))
            continue
        for j, head in heads.items():
            # Restcapaciteit and Check are sums that Excel fills with 0 where nothing stands.
            if head not in {_TOTAL, _BUILT} and j not in years:
                continue
            if (i, j) in sheet.uncalculated:
                text = (
                    f"regel {i + 1}, kolom {head}: formule zonder uitkomst; open en bewaar in Excel"
                )
                notes.append(("formule zonder uitkomst", "waarschuwing", text))
            start, end = years.get(j, (np.nan, np.nan))
            what = head if head in {_TOTAL, _BUILT} else "jaar"
            word = str(sheet.cell(i, 0))
            cells.append((group, label, word, what, start, end, sheet.cell(i, j)))
    columns = ["groep", "label", "woord", "kolom", "jaar", "jaar_tot", "cel"]
    table = pd.DataFrame(cells, columns=pd.Index(columns))
    table["aantal"], bad = numbers(table["cel"].astype(object))
    for word, cell in table.loc[bad, ["woord", "cel"]].itertuples(index=False, name=None):
        text = f"{word}: {shortened(cell)!r} is geen aantal"
        notes.append(("aantal onleesbaar", "waarschuwing", text))
    return table, notes


def _text_of(cell: object) -> str:
    """Write a heading: 2031 and 2031.0 are one year."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell or "").strip()


_CATEGORY_KEYS = ["rij", "groep", "label", "woord"]


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    """Give per plan and category what is planned in all, what is built, and in the years."""
    keyed = table.groupby([*_CATEGORY_KEYS, "kolom"], sort=False)["aantal"].sum(min_count=1)
    wide = keyed.unstack("kolom")  # noqa: PD010  the index is unique: nothing is to be pivoted
    wide = wide.reindex(columns=[_TOTAL, _BUILT, "jaar"])
    wide["rest"] = wide[_TOTAL] - wide[_BUILT]
    return wide.reset_index()


def _totals(table: pd.DataFrame, n: int) -> dict[str, NDArray[np.float64]]:
    """Give the numbers of each plan.

    What remains is what was planned less what is built, where both are filled in; else what is
    planned in the years. An empty cell is never taken for 0.
    """
    wide = _wide(table)
    of = {group: part.groupby("rij").first() for group, part in wide.groupby("groep")}
    nothing = pd.DataFrame(columns=[_TOTAL, _BUILT, "jaar", "rest"], dtype=float)
    built, gone = (of.get(g, nothing).reindex(range(n)) for g in ("nieuwbouw", "sloop"))
    return {
        "bruto": built[_TOTAL].to_numpy(dtype=float),
        "gerealiseerd": built[_BUILT].to_numpy(dtype=float),
        "rest": built["rest"].fillna(built["jaar"]).to_numpy(dtype=float),
        "sloop": gone[_TOTAL].to_numpy(dtype=float),
        "sloop_rest": gone["rest"].to_numpy(dtype=float),
    }


def _rest_findings(ids: list[str], table: pd.DataFrame) -> list[Finding]:
    """Check that years add up to what remains, per category; the register leaves out sloop too."""
    wide = _wide(table)
    # An empty gerealiseerd is unknown: then the years may hold no more than the total.
    most = wide["rest"].isna()
    wrong = (~most & (wide["jaar"] != wide["rest"])) | (most & (wide["jaar"] > wide[_TOTAL]))
    wrong &= wide["jaar"].notna() & wide[_TOTAL].notna() & (wide["groep"] != "sloop")
    findings = []
    for row, group, label, planned, rest, whole in wide.loc[
        wrong & (wide["rij"] >= 0), ["rij", "groep", "label", "jaar", "rest", _TOTAL]
    ].itertuples(index=False, name=None):
        limit = f"hoogstens {dutch(whole)}" if np.isnan(rest) else dutch(rest)
        text = (
            f"{group}, {label}: de jaren tellen op tot {dutch(planned)}, de restcapaciteit is "
            f"{limit}"
        )
        findings.append(Finding(ids[row], "jaren tellen niet op", "waarschuwing", text))
    return findings


def _detail(table: pd.DataFrame) -> pd.DataFrame:
    """Turn tables of plans into rows of detail.

    Per category: the years, what is built, and what is planned in no year. Together they are its
    total, where years do not hold more than remains.
    """
    wide = _wide(table)
    years = table[(table["kolom"] == "jaar") & table["aantal"].notna()]
    years = years[[*_CATEGORY_KEYS, "jaar", "jaar_tot", "aantal"]].assign(stand="gepland")
    built = wide[wide[_BUILT].notna()].assign(stand="gerealiseerd")
    built = built.drop(columns=["jaar"]).rename(columns={_BUILT: "aantal"})
    left = wide[_TOTAL] - wide["jaar"].fillna(0) - wide[_BUILT].fillna(0)
    alone = wide["jaar"].isna() & wide[_BUILT].isna()
    # What is in no year of a plan that does not say what is built may be built already.
    stand = pd.Series(np.where(wide[_BUILT].isna(), "onbekend", "gepland"), index=wide.index)
    rest = wide.drop(columns=["jaar"]).assign(aantal=left, stand=stand)
    # Below 0 where years hold more than remains, which is reported; else it is what stands.
    rest = rest[(left > 0) | ((left == 0) & alone) | ((left < 0) & wide["jaar"].isna())]
    keys = [*_CATEGORY_KEYS, "stand", "jaar", "jaar_tot", "aantal"]
    rows = pd.concat([p.reindex(columns=keys) for p in (years, built, rest)], ignore_index=True)
    place = wide[_CATEGORY_KEYS].assign(plaats=np.arange(len(wide)))
    order = rows.merge(place, on=_CATEGORY_KEYS, how="left")["plaats"].to_numpy()
    rows = rows.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    group = rows["groep"]
    return pd.DataFrame(
        {
            "rij": rows["rij"],
            "soort": np.where(group == "sloop", "sloop", "nieuwbouw"),
            "indeling": group.where(~group.isin(["nieuwbouw", "sloop"]), "totaal"),
            "stand": rows["stand"],
            "jaar": rows["jaar"].astype(float),
            "jaar_tot": rows["jaar_tot"].astype(float),
            "woningtype": rows["label"].where(group == "woningtype", ""),
            "eigendom": "",
            "segment": rows["woord"].where(group == "betaalbaarheid", ""),
            "aantal": rows["aantal"],
            "categorie": rows["woord"],
        }
    )


def _unfilled(ids: list[str], raw: Raw) -> list[Finding]:
    """Report groups in which nothing is filled in, of plans with homes."""
    there = raw.detail[raw.detail["aantal"].notna()].groupby("rij")["indeling"].agg(set)
    whole = pd.Series(raw.plans["bruto"].to_numpy(dtype=float))
    findings = []
    for i in np.flatnonzero(whole.notna()):
        absent = [group for group in GROUPS if group not in there.get(i, set())]
        if absent:
            text = f"niet ingevuld: {', '.join(absent)}"
            findings.append(Finding(ids[i], "groep niet ingevuld", "melding", text))
    return findings


def read_planmonitor_tables(
    given: str | Path | gpd.GeoDataFrame, *, crs: object = None, encoding: str | None = None
) -> Raw:
    """Read the tables of Planmonitor Wonen: planregistratie with polygons, and its two beside.

    Parameters
    ----------
    given : str, Path or GeoDataFrame
        A file with planregistratie, and plancategorie and detailplanning where it holds them.
    crs, encoding
        As `woongeo.sources.read_vector`.

    Returns
    -------
    Raw
        Without homes where plancategorie is not there.
    """
    layers = [] if not isinstance(given, str) and hasattr(given, "geometry") else layers_of(given)
    by_name = {name.casefold(): name for name in layers}
    frame, source = open_frame(
        given, layer=by_name.get("planregistratie"), crs=crs, encoding=encoding
    )
    raw = read_flat(frame, source, KIND, known_tables()[KIND])
    if "plancategorie" not in by_name:
        text = "de tabel plancategorie ontbreekt: aantallen woningen zijn onbekend"
        raw.findings.append(Finding("", "woningen ontbreekt", "waarschuwing", text))
        return raw
    categories = read_table(given, by_name["plancategorie"])
    years = pd.DataFrame(columns=["plancategorie_id", "jaartal", "aantal_gepland"])
    if "detailplanning" in by_name:
        years = read_table(given, by_name["detailplanning"])
    table = _stacked(categories, years)
    # The first of a double id keeps it; what names no plan is of none, nor of one without an id.
    ids = enumerate(as_text(raw.plans["plan_id"]))
    place = {text: i for i, text in reversed([*ids]) if text}
    codes, names = pd.factorize(table["plan"])
    row = np.array([place.get(str(name), -1 - i) for i, name in enumerate(names)], dtype=np.intp)
    raw.orphans = {-1 - i: str(name) for i, name in enumerate(names) if str(name) not in place}
    _add_homes(raw, table.assign(rij=row[codes]))
    return raw


# The column of plancategorie that is filled in tells the group.
_CATEGORY = {
    "nieuwbouw": "nieuwbouw",
    "woning_type": "woningtype",
    "wonen_en_zorg": "wonen en zorg",
    "flexwoningen": "flexwoningen",
    "betaalbaarheid": "betaalbaarheid",
    "sloop": "sloop",
}


def _stacked(categories: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """Put plancategorie and detailplanning in the form of a workbook's table."""
    there = {flat(c): c for c in categories.columns}
    category = pd.DataFrame(
        {
            "id": as_text(categories[there["id"]]),
            "plan": as_text(categories[there["planregistratie_id"]]),
            _TOTAL: numbers(categories[there["totaal_gepland"]])[0],
            _BUILT: numbers(categories[there["totaal_gerealiseerd"]])[0],
            "groep": "",
            "woord": "",
        }
    )
    for column, group in _CATEGORY.items():
        if column in there:
            words = as_text(categories[there[column]])
            category["groep"] = category["groep"].where(words == "", group)
            category["woord"] = category["woord"].where(words == "", words)
    category["label"] = category["woord"].map(plain)
    keys = ["id", "plan", "groep", "label", "woord"]
    long = category.melt(keys, [_TOTAL, _BUILT], var_name="kolom", value_name="aantal")
    there = {flat(c): c for c in years.columns}
    yearly = pd.DataFrame(
        {
            "id": as_text(years[there["plancategorie_id"]]),
            "jaar": numbers(years[there["jaartal"]])[0],
            "aantal": numbers(years[there["aantal_gepland"]])[0],
        }
    ).merge(category[keys], on="id", how="left")
    yearly["kolom"], yearly["jaar_tot"] = "jaar", yearly["jaar"]
    yearly[["plan", "groep", "label", "woord"]] = yearly[
        ["plan", "groep", "label", "woord"]
    ].fillna("")
    together = pd.concat([long, yearly], ignore_index=True)
    for name in ("jaar", "jaar_tot"):
        together[name] = together[name].astype(float)
    return together
