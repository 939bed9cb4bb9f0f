"""Which column means what: the usual names in Dutch registers, and numbers as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.checks import Finding
from woongeo.errors import ColumnError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What a column means to the names it has in registers, best first. The names are those of
#: Planmonitor Wonen, DIWI, the Landelijke Monitor Voortgang Woningbouw, EIB 2020 and Amsterdam.
LOCATION_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        *("locatie_id", "plan_id", "planid", "project_id", "projectid", "identificatie_nr"),
        *("plannummer", "plan_nr", "id", "objectid", "fid", "ogc_fid", "gml_id"),
    ),
    "name": (
        *("plannaam", "plan_naam", "projectnaam", "project_naam", "locatienaam", "naam"),
        *("naam_plan", "naam_locatie", "name", "titel"),
    ),
    "woningen": (
        *("woningen", "aantal_woningen", "aantalwoningen", "aantalrest", "restcapaciteit"),
        *("netto_plancapaciteit", "netto plancapaciteit", "plancapaciteit", "totaal_resterend"),
        *("totaal_netto", "totaal_gepland", "aantal_won", "aantalwon", "won_aantal", "totaal"),
    ),
    "planstatus": (
        *("planstatus", "status_planologisch", "planologische_status", "plan_status"),
        *("planologische_planstatus", "hardheid", "status"),
    ),
    "hardheid": ("hardheid",),
    "sloop": ("sloop", "totaal_sloop", "aantal_sloop"),
}

#: Columns that hold a region of a location, by its level.
REGION_NAMES: dict[str, tuple[str, ...]] = {
    "gemeente": ("gemeente", "gemeentenaam", "gemeente_naam", "gem_naam"),
    "woondealregio": ("woondealregio", "woondeal_regio", "woondeal", "regio"),
    "provincie": ("provincie", "provincienaam", "provincie_naam", "prov_naam"),
}

_FEATURE_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "object_id",
        "nr",
        "nummer",
        "code",
        "statcode",
        "identificatie",
        "id",
        "objectid",
        "fid",
    ),
    "name": (
        *("object_naam", "naam", "naam_n2k", "name", "statnaam", "gemeentenaam", "titel"),
        *("focusgebied", "gewas", "omschrijving"),
    ),
}


def recognise(columns: Iterable[object], names: Sequence[str]) -> str | None:
    """Find a column by its usual names, whatever their case.

    Parameters
    ----------
    columns : iterable
        The columns there are.
    names : sequence of str
        Usual names, best first.

    Returns
    -------
    str or None
        The column as it is spelled in the file.

    Examples
    --------
    >>> recognise(["OBJECTID", "Plannaam"], LOCATION_NAMES["name"])
    'Plannaam'
    """
    lower = {str(column).strip().lower(): str(column) for column in columns}
    return next((lower[name] for name in names if name in lower), None)


def choose(
    columns: Sequence[str],
    given: Mapping[str, str | None],
    names: Mapping[str, Sequence[str]],
    *,
    what: str,
) -> dict[str, str | None]:
    """Decide which column means what: as given, else as recognised.

    Parameters
    ----------
    columns : sequence of str
        The columns there are.
    given : mapping
        Meaning to column as the user gave it; None where it is to be recognised.
    names : mapping
        Meaning to its usual names.
    what : str
        Which file, for the message.

    Returns
    -------
    dict
        Meaning to column, None where none was found.

    Raises
    ------
    ColumnError
        When a column that was given does not exist.
    """
    chosen: dict[str, str | None] = {}
    for meaning, usual in names.items():
        column = given.get(meaning)
        if column is None:
            chosen[meaning] = recognise(columns, usual)
        elif column in columns:
            chosen[meaning] = column
        else:
            raise ColumnError(
                f"{what}: kolom {column!r} voor {meaning} bestaat niet; wel: {', '.join(columns)}."
            )
    return chosen


def feature_columns(
    columns: Sequence[str], *, id_column: str | None, name_column: str | None, what: str
) -> dict[str, str | None]:
    """Decide which columns of a layer hold the ids and names of its features.

    Parameters
    ----------
    columns : sequence of str
        The columns there are.
    id_column, name_column : str or None
        As the user gave them.
    what : str
        Which layer, for the message.

    Returns
    -------
    dict
        The keys ``id`` and ``name``, None where none was found.
    """
    return choose(columns, {"id": id_column, "name": name_column}, _FEATURE_NAMES, what=what)


def as_text(values: pd.Series) -> pd.Series:
    """Write ids and names as text: 12.0 as "12", nothing as "".

    Parameters
    ----------
    values : Series
        Numbers or text.

    Returns
    -------
    Series of str
        On the same index, without blanks around.
    """
    kind = values.dtype
    if isinstance(kind, pd.StringDtype):
        words = values.fillna("").tolist()
        texts = [word.strip() for word in words] if _is_utf8(words) else _texts(values)
    elif pd.api.types.is_integer_dtype(kind) and isinstance(kind, np.dtype):
        texts = [str(number) for number in values.tolist()]
    else:
        texts = _texts(values)
    return pd.Series(texts, index=values.index, dtype=object)


def _texts(values: pd.Series) -> list[str]:
    """Write values as text one by one."""
    words = values.tolist() if values.dtype == object else []
    if words and set(map(type, words)) <= {str, type(None)}:
        return ["" if word is None else _utf8(word).strip() for word in words]
    return [
        "" if blank else str(int(v)) if _is_whole(v) else _utf8(str(v)).strip()
        for v, blank in zip(values, values.isna(), strict=True)
    ]


def _is_utf8(texts: list[str]) -> bool:
    """Tell whether texts hold no half characters."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def unique_ids(texts: Sequence[str], column: str | None) -> tuple[list[str], list[Finding]]:
    """Give each row an id of its own; doubles and gaps are reported.

    Parameters
    ----------
    texts : sequence of str
        The ids as they stand in the input; empty where there is none.
    column : str or None
        The column they come from; None where there is none, and rows are numbered.

    Returns
    -------
    ids : list of str
        Unique. The first of a name keeps it, the next is called "12 (2)", an empty one "rij 17".
    findings : list of Finding
        What was doubtful about them.

    Examples
    --------
    >>> unique_ids(["12", "12", ""], "nr")[0]
    ['12', '12 (2)', 'rij 3']
    """
    findings: list[Finding] = []
    if column is None:
        text = "geen kolom met id gevonden: rijnummers gebruikt"
        findings.append(Finding("", "geen id-kolom", "melding", text))
        return [str(i + 1) for i in range(len(texts))], findings
    taken = set(texts)
    if len(taken) == len(texts) and "" not in taken:
        return list(texts), findings
    used: set[str] = set()
    counts: dict[str, int] = {}
    ids = []
    for i, text in enumerate(texts):
        new = wanted = text or f"rij {i + 1}"
        count = counts.get(wanted, 1)
        # The first of a name keeps it; a name that is made up must not be another row's.
        while new in used or (new != text and new in taken):
            count += 1
            new = f"{wanted} ({count})"
        counts[wanted] = count
        used.add(new)
        if not text:
            findings.append(
                Finding(new, "id ontbreekt", "waarschuwing", f"rij {i + 1} heeft geen {column}")
            )
        elif new != text:
            findings.append(
                Finding(new, "id dubbel", "waarschuwing", f"{column} {text!r} komt vaker voor")
            )
        ids.append(new)
    return ids, findings


def _utf8(text: str) -> str:
    """Write out half characters, which no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_whole(value: object) -> bool:
    """Tell whether a number is written as 12.0 where 12 is meant."""
    return isinstance(value, float | np.floating) and float(value).is_integer()


# "1.234" and "1 234" are Dutch for 1234; "12,5" is twelve and a half.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[. ]\d{3})+(?:,\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def has_thousands(values: pd.Series) -> pd.Series:
    """Find text in which a dot or a blank was taken for a mark of thousands.

    Parameters
    ----------
    values : Series
        Numbers or text.

    Returns
    -------
    Series of bool
        On the same index.

    Examples
    --------
    >>> has_thousands(pd.Series(["1.234", "12,5", 1.234])).tolist()
    [True, False, False]
    """
    return values.map(lambda v: isinstance(v, str) and _is_thousands(v)).astype(bool)


def _is_thousands(text: str) -> bool:
    """Tell whether a number is written in thousands."""
    return _THOUSANDS.fullmatch(_flat(text)) is not None


def _flat(text: str) -> str:
    """Write a number with a plain blank and a plain minus sign."""
    return text.strip().replace("\u00a0", " ").replace("\u2212", "-")


def _number(text: str) -> float:
    """Read one number as people write it; NaN where it is none."""
    flat = _flat(text)
    if _is_thousands(text):
        flat = flat.replace(".", "").replace(" ", "").replace(",", ".")
    elif _DECIMAL_COMMA.fullmatch(flat):
        flat = flat.replace(",", ".")
    try:
        return float(flat)
    except ValueError:
        return float("nan")


def _cell(value: object) -> float:
    """Read one cell: a number is one already, and 1.234 in it no thousands."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return float(value)
    return _number(str(value))


def numbers(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of numbers as people write them.

    Parameters
    ----------
    values : Series
        Numbers, or text such as "1.234" (Dutch for 1234) and "12,5".

    Returns
    -------
    numbers : Series of float
        NaN where nothing or no number stood; never zero for missing.
    unreadable : Series of bool
        Where something stood that is no finite number.

    Examples
    --------
    >>> read, bad = numbers(pd.Series(["1.234", "12,5", None, "ca. 30"]))
    >>> read.tolist(), bad.tolist()
    ([1234.0, 12.5, nan, nan], [False, False, False, True])
    """
    if pd.api.types.is_bool_dtype(values):
        return pd.Series(np.nan, index=values.index), values.notna()
    if pd.api.types.is_numeric_dtype(values):
        read = values.astype("Float64").astype(float)
        finite = read.where(np.isfinite(read))
        return finite, (finite.isna() & values.notna()).astype(bool)
    read = values.astype(object).map(_cell).astype(float)
    read = read.where(np.isfinite(read))
    # Whether anything stood there matters only where no number was read.
    unread = read.isna().to_numpy()
    left = values[unread]
    bad = np.zeros(len(values), dtype=bool)
    bad[unread] = ~(left.isna() | left.astype(str).str.strip().isin(["", "-"])).to_numpy(dtype=bool)
    return read, pd.Series(bad, index=values.index)
