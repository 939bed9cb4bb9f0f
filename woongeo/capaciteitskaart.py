"""What grid operators publish of their room, in one form: a code of an area and its class.

Three kinds are read: the list of postcodes (`postcode;afname;opwek;voedingsgebied_id`), the
exchange model of Netbeheer Nederland (JSON, see
https://github.com/Netbeheer-Nederland/im-capaciteitskaart), and columns of a map of areas. Only
demand counts (*afname*): homes take power. Generation (*opwek*) is never looked at. A colour that
was not supplied is unknown, also where it is written as 0.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.columns import as_text, numbers, recognise
from woongeo.encode import shortened
from woongeo.errors import ColumnError, FileError
from woongeo.files import fingerprint
from woongeo.numerals import by_number, counted
from woongeo.sources import NO_PLACE, Source, read_tabular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Classes in the order in which the worst of several is taken. What is not known may be bad, so it
#: goes before the two in which a connection is given.
KLASSEN = ("beschikbaar", "beperkt", "onbekend", "onderzoek", "structureel")
#: A postcode of a published list of congestion areas without classes.
FOCUS = "focusgebied"
#: An area whose postcodes differ, or of whose postcodes only some were published.
GEMENGD = "gemengd"
ONBEKEND = "onbekend"

_OF_CODE = {0: "beschikbaar", 1: "beperkt", 2: "onderzoek", 3: "structureel", -1: ONBEKEND}
_OF_COLOUR = {
    "transparant": "beschikbaar",
    "yellow": "beperkt",
    "amber": "onderzoek",
    "red": "structureel",
    "geel": "beperkt",
    "oranje": "onderzoek",
    "rood": "structureel",
}
# What woongeo itself writes reads back.
_OF_WORD = _OF_COLOUR | {k: k for k in (*KLASSEN, FOCUS, GEMENGD)}

_POSTCODES = ("postcode", "pc6", "postcode6", "pc4", "postcode4", "pc4_code", "pc6_code")
_AREA_NAMES = ("voedingsgebied_naam", "voedingsgebied", "voedingsgebied_id", FOCUS)
_PC6, _PC4 = r"\d{4}[A-Z]{2}", r"\d{4}"


@dataclass(frozen=True, eq=False)
class CapacityList:
    """Classes of areas, without their shapes.

    Attributes
    ----------
    frame : DataFrame
        One row a code: `code` (postcode or short code, capitals without blanks), `klasse` and
        `gebied` (the feed area or focus area it belongs to; may be empty). A code that came with
        several classes has the worst.
    unread : DataFrame
        Rows whose code is no postcode and begins with the digits of one, in the same form: `code`
        is the PC4. To which of its postcodes they belong is not known.
    source : Source
        Where it came from.
    issued : date or None
        The day on which it was published, where it says so.
    findings : list of Finding
        Rows that could not be read, and codes with two classes.
    """

    frame: pd.DataFrame
    unread: pd.DataFrame
    source: Source
    issued: dt.date | None
    findings: list[Finding]


def class_of_code(codes: pd.Series, names: Sequence[pd.Series] = ()) -> tuple[pd.Series, pd.Series]:
    """Read the codes of a capacity map.

    Parameters
    ----------
    codes : Series
        0 available, 1 limited, 2 under research, 3 structural congestion, -1 not supplied; numbers
        or text ("3", "3,0").
    names : sequence of Series
        Name and id of the feed area, where there are; "0" in one of them, or nothing in any, with
        code 0 says that no colour was supplied.

    Returns
    -------
    klasse : Series of str
        On the same index; "onbekend" for -1, for 0 without a feed area, and for what is no code.
    unreadable : Series of bool
        Where something stood that is no code.
    """
    # Half a million postcodes have a handful of codes.
    row, unique = pd.factorize(codes, use_na_sentinel=False)
    read = pd.Series(numbers(pd.Series(unique, dtype=object))[0].to_numpy()[row], codes.index)
    klasse = read.map(_OF_CODE)
    stood = codes.notna() & ~codes.astype(str).str.strip().isin(["", "-"])
    unreadable = klasse.isna() & stood
    klasse = klasse.astype(object).where(klasse.notna(), ONBEKEND)
    zero = read == 0
    texts = [as_text(name[zero]) for name in names]
    if texts:
        # https://data.partnersinenergie.nl/capaciteitskaart: feed area "0" is none at all.
        none = np.any([text == "0" for text in texts], axis=0)
        none |= np.all([text == "" for text in texts], axis=0)
        klasse.iloc[zero.to_numpy().nonzero()[0][none]] = ONBEKEND
    return klasse, unreadable


def classes_in(table: pd.DataFrame, what: str) -> tuple[pd.Series, bool, list[Finding]]:
    """Read the class of each row, from whichever column holds one.

    Parameters
    ----------
    table : DataFrame
        With a column `afname` (codes), `klasse` or `kleur` (words), or `focusgebied`.
    what : str
        The file, for messages.

    Returns
    -------
    klasse : Series of str
        On the index of the table.
    complete : bool
        Whether rows that are not there mean something; False for a list of focus areas.
    findings : list of Finding
        Values that are no code or class.

    Raises
    ------
    ColumnError
        When there is no such column. Generation (`opwek`) is none.
    """
    columns = list(table.columns)
    findings: list[Finding] = []
    code = recognise(columns, ["afname"])
    word = recognise(columns, ["klasse", "kleur", "demand_constraint"])
    focus = recognise(columns, [FOCUS])
    if code is not None:
        # The name says "0"; a list without names has only the id to say so.
        found = (recognise(columns, [name]) for name in _AREA_NAMES[:-1])
        klasse, wrong = class_of_code(table[code], [table[name] for name in found if name])
        column = code
    elif word is not None:
        texts = as_text(table[word])
        klasse = texts.str.lower().map(_OF_WORD)
        wrong, column = klasse.isna() & (texts != ""), word
        klasse = klasse.astype(object).where(klasse.notna(), ONBEKEND)
    elif focus is not None:
        there = as_text(table[focus]) != ""
        words = np.where(there, FOCUS, ONBEKEND).astype(object)
        return pd.Series(words, index=table.index), False, findings
    else:
        raise ColumnError(
            f"{what}: geen kolom afname, klasse, kleur of {FOCUS} gevonden (opwek telt niet voor "
            f"woningen); wel: {', '.join(columns)}."
        )
    if wrong.any():
        first = shortened(table.loc[wrong, column].iloc[0])
        text = (
            f"{counted(wrong.sum(), 'waarde', 'waarden')} in {column} "
            f"{by_number(wrong.sum(), 'is', 'zijn')} geen klasse, de eerste: {first!r}"
        )
        findings.append(Finding("", "klasse onleesbaar", "waarschuwing", text, float(wrong.sum())))
    return klasse, True, findings


def read_list(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None, encoding: str | None = None
) -> CapacityList:
    """Read a list of postcodes, or the exchange model.

    Parameters
    ----------
    source : str, Path or DataFrame
        A CSV or workbook with a column of postcodes, a frame, or JSON of the exchange model.
    sheet, encoding : optional
        As for `woongeo.sources.read_tabular`.

    Returns
    -------
    CapacityList
        Without shapes.

    Raises
    ------
    FileError, ColumnError
        When it cannot be read as one of these.
    """
    if is_exchange_model(source):
        return _read_model(Path(str(source)))
    table, origin = read_tabular(source, sheet=sheet, encoding=encoding)
    columns = list(table.columns)
    column = recognise(columns, _POSTCODES)
    if column is None:
        raise ColumnError(
            f"{origin.path}: geen kolom met postcodes gevonden; noem haar 'postcode' "
            f"(kolommen: {', '.join(columns)})."
        )
    klasse, _, findings = classes_in(table, origin.path)
    code = area_key(table[column])
    area = recognise(columns, _AREA_NAMES)
    gebied = as_text(table[area]) if area else pd.Series("", index=table.index, dtype=object)
    frame = pd.DataFrame({"code": code, "klasse": klasse, "gebied": gebied})
    known = code.str.fullmatch(f"{_PC6}|{_PC4}")
    if not known.all():
        n, first = int((~known).sum()), shortened(table.loc[~known, column].iloc[0])
        text = f"{counted(n, 'rij heeft', 'rijen hebben')} geen postcode, de eerste: {first!r}"
        findings.append(Finding("", "postcode onleesbaar", "waarschuwing", text, float(n)))
    unread = frame[~known].assign(code=code.str.extract(r"^(\d{4})", expand=False))
    frame, more = _one_row_a_code(frame[known])
    return CapacityList(frame, unread.dropna(subset="code"), origin, None, findings + more)


def is_exchange_model(source: object) -> bool:
    """Tell whether a file is JSON, but no GeoJSON.

    Parameters
    ----------
    source : object
        What the user gave.

    Returns
    -------
    bool
        True for the exchange model of Netbeheer Nederland.
    """
    if not isinstance(source, str | Path) or Path(source).suffix.lower() != ".json":
        return False
    try:
        with Path(source).open("rb") as file:
            head = file.read(100_000)
    except OSError:
        return False
    return b'"energy_areas"' in head or b"im-capaciteitskaart" in head


def _read_model(path: Path) -> CapacityList:
    """Read the exchange model: what is needed of it is checked, the rest is left alone."""
    part = fingerprint(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise FileError(f"{path}: kan niet als JSON worden gelezen ({error}).") from error
    areas = data.get("energy_areas") if isinstance(data, dict) else None
    if not isinstance(areas, list):
        raise _wrong(path, "energy_areas ontbreekt of is geen lijst")
    rows: list[tuple[str, str, str]] = []
    for i, area in enumerate(areas):
        if not isinstance(area, dict) or not isinstance(area.get("short_code"), str):
            raise _wrong(path, f"energy_areas[{i}] heeft geen short_code")
        rows += _rows_of(area, path, i)
    frame = pd.DataFrame(rows, columns=["code", "kleur", "gebied"], dtype=object)
    klasse, _, findings = classes_in(frame[["kleur"]], str(path))
    frame = pd.DataFrame(
        {"code": area_key(frame["code"]), "klasse": klasse, "gebied": frame["gebied"]}
    )
    frame, more = _one_row_a_code(frame)
    notes = [f"model {shortened(data.get('conforms_to', 'onbekend'))}"]
    notes += _validity(data.get("valid"))
    source = Source(
        str(path), "", "capaciteitskaart", part.sha256, (part,), len(rows), NO_PLACE, tuple(notes)
    )
    issued = _date(data.get("issued"))
    return CapacityList(frame, frame.iloc[:0], source, issued, findings + more)


def _rows_of(area: dict[str, Any], path: Path, i: int) -> list[tuple[str, str, str]]:
    """Give the postcodes of an energy area; the area itself where it has a colour of its own."""
    name = area["short_code"]
    postcodes = area.get("postcode_areas") or []
    if not isinstance(postcodes, list):
        raise _wrong(path, f"energy_areas[{i}].postcode_areas is geen lijst")
    rows = []
    for j, one in enumerate(postcodes):
        where = f"energy_areas[{i}].postcode_areas[{j}]"
        if not isinstance(one, dict) or not isinstance(one.get("postcode"), str):
            raise _wrong(path, f"{where} heeft geen postcode")
        if not isinstance(one.get("demand_constraint"), str):
            raise _wrong(path, f"{where} heeft geen demand_constraint (afname)")
        rows.append((one["postcode"], one["demand_constraint"], name))
    if not rows and "demand_constraint" in area:
        rows.append((name, str(area["demand_constraint"]), name))
    return rows


def _wrong(path: Path, problem: str) -> FileError:
    """Say what is wrong with a file of the exchange model."""
    return FileError(
        f"{path}: {problem}; dit is geen uitwisselbestand volgens het informatiemodel "
        "capaciteitskaart van Netbeheer Nederland."
    )


def _validity(valid: object) -> list[str]:
    """Note the period for which the data are said to hold."""
    if not isinstance(valid, dict):
        return []
    start, end = _date(valid.get("start")), _date(valid.get("end"))
    if start is None or end is None:
        return []
    odd = " (einde ligt voor begin)" if end < start else ""
    return [f"geldig van {start} tot {end}{odd}"]


def _date(value: object) -> dt.date | None:
    """Read a date of the exchange model."""
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def area_key(values: pd.Series) -> pd.Series:
    """Write codes of areas in one way: capitals without blanks.

    Parameters
    ----------
    values : Series
        Postcodes ("1234 ab", 1234.0) or short codes of areas.

    Returns
    -------
    Series of str
        On the same index.
    """
    return as_text(values).str.upper().str.replace(r"\s+", "", regex=True)


def _one_row_a_code(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Take the worst class of each code, and say which codes had several."""
    weight = frame["klasse"].map({k: i for i, k in enumerate((*KLASSEN, FOCUS, GEMENGD))})
    by_code = frame.assign(weight=weight).sort_values(
        ["code", "weight", "gebied"], ascending=[True, False, True], kind="stable"
    )
    several = by_code.groupby("code")["klasse"].nunique()
    n = int((several > 1).sum())
    findings = []
    if n:
        first = several.index[several > 1][0]
        text = (
            f"{counted(n, 'code heeft', 'codes hebben')} meer dan één klasse, de eerste: {first}; "
            "de zwaarste is genomen"
        )
        findings.append(Finding("", "klasse tegenstrijdig", "waarschuwing", text, float(n)))
    worst = by_code.drop_duplicates("code")[["code", "klasse", "gebied"]]
    return worst.reset_index(drop=True), findings


def pc6_in_pc4(frame: pd.DataFrame, *, mixed: str) -> pd.DataFrame:
    """Bring classes of PC6 to PC4.

    Parameters
    ----------
    frame : DataFrame
        As of `CapacityList`, with PC6.
    mixed : str
        What a PC4 is whose PC6 differ: "onbekend" (a class of its own, `gemengd`) or "zwaarste".

    Returns
    -------
    DataFrame
        One row a PC4, by code: `code`, `klasse`, `gebied` (how many of its PC6 have which class)
        and `postcodes` (how many PC6 the list holds).
    """
    pc4 = frame["code"].str[:4]
    table = pd.crosstab(pc4, frame["klasse"])
    order = [k for k in (*KLASSEN, FOCUS) if k in table.columns]
    table = table[order]
    count = table.to_numpy()
    there = count > 0
    one = there.sum(axis=1) == 1
    heaviest = np.array(order, dtype=object)[there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)]
    klasse = np.where(one | (mixed == "zwaarste"), heaviest, GEMENGD)
    said = [", ".join(f"{n} x {k}" for n, k in zip(row, order, strict=True) if n) for row in count]
    return pd.DataFrame(
        {"code": table.index, "klasse": klasse, "gebied": said, "postcodes": count.sum(axis=1)}
    ).reset_index(drop=True)


def few_of_all(
    listed: NDArray[np.float64], inhabitants: NDArray[np.float64], per_postcode: float
) -> NDArray[np.bool_]:
    """Find areas of whose postcodes a list can only hold some.

    Parameters
    ----------
    listed : ndarray of float
        How many of its postcodes the list holds.
    inhabitants : ndarray of float
        How many people live in the area; NaN where that is not known.
    per_postcode : float
        More people than this for each listed postcode cannot be.

    Returns
    -------
    ndarray of bool
        False where it cannot be told.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(inhabitants / listed > per_postcode)
