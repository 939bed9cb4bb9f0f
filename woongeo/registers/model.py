"""What every register becomes: plans, their homes in detail, and a report of its own rules."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from woongeo.checks import CheckReport, Finding
from woongeo.columns import as_text
from woongeo.encode import html_text, shortened
from woongeo.errors import LocationError, RegisterError, WoongeoWarning
from woongeo.locations import Locations, read_locations
from woongeo.numerals import counted, dutch
from woongeo.registers.words import once, split_words, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from woongeo.sources import Source

#: Columns of `Register.plannen`, in order; `geometry` comes last.
PLANNEN = (
    *("plan_id", "naam", "gemeente", "regio", "provincie"),
    *("planstatus", "hardheid", "planstatus_register", "plantype", "projectfase"),
    *("vertrouwelijkheid", "vertrouwelijkheid_register", "masterplan", "opdrachtgever"),
    *("knelpunten", "knelpunten_register"),
    *("bruto", "sloop", "netto", "gerealiseerd", "rest", "rest_netto", "realisatiekans"),
    *("oplevering_eerste", "oplevering_laatste"),
)

#: Columns of `Register.detail`, in order.
DETAIL = (
    *("plan_id", "soort", "indeling", "categorie", "stand", "jaar", "jaar_tot"),
    *("woningtype", "eigendom", "prijssegment", "prijssegment_register", "prijsgrens", "aantal"),
)

#: Which number of a plan may stand as its homes.
BASES = ("rest_netto", "rest", "netto", "bruto")

#: Columns of `plannen` that hold homes.
NUMBERS = ("bruto", "sloop", "netto", "gerealiseerd", "rest", "rest_netto")

# Columns of detail as a reader gives them; `rij` is the row of the plan, below 0 for none. A reader
# may add `categorie`, the register's word for a row of a breakdown that has no column of its own.
RAW_DETAIL = (
    *("rij", "soort", "indeling", "stand", "jaar", "jaar_tot"),
    *("woningtype", "eigendom", "segment", "aantal"),
)


# Before a number in `Finding.object_id`: the row of a plan, of which the id is not yet known.
_ROW = "\0"


def at_row(row: int) -> str:
    """Name a plan by its row, for a finding before plans have their ids.

    Parameters
    ----------
    row : int
        From 0.

    Returns
    -------
    str
        What `build` replaces by the id.
    """
    return f"{_ROW}{row}"


def with_ids(findings: list[Finding], ids: list[str]) -> list[Finding]:
    """Give findings the ids of the plans that they name by row.

    Parameters
    ----------
    findings : list of Finding
        From a reader.
    ids : list of str
        Of each row.

    Returns
    -------
    list of Finding
        In their order.
    """
    return [
        dataclasses.replace(f, object_id=ids[int(f.object_id[1:])])
        if f.object_id.startswith(_ROW)
        else f
        for f in findings
    ]


@dataclass(eq=False)
class Raw:
    """What a reader found, in the register's own words, before it is made one model."""

    kind: str
    title: str
    plans: pd.DataFrame
    geometry: NDArray[np.object_]
    source: Source
    detail: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=pd.Index(RAW_DETAIL), dtype=object)
    )
    given: pd.DataFrame | None = None
    findings: list[Finding] = field(default_factory=list)
    basis: str = "netto"
    #: The plan column to which each breakdown must add up; empty where the register has no such
    #: rule.
    compare: str = ""
    #: How confidential plans are where the register has no column for it.
    level: str = ""
    own_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: The plan of a row of detail that belongs to no plan.
    orphans: Mapping[int, str] = field(default_factory=dict)


def empty_detail() -> pd.DataFrame:
    """Make a table of detail without rows.

    Returns
    -------
    DataFrame
        Columns `RAW_DETAIL`.
    """
    return pd.DataFrame({name: pd.Series(dtype=object) for name in RAW_DETAIL})


@dataclass(frozen=True, eq=False)
class Register:
    """A register of plans, read as it is.

    Attributes
    ----------
    plannen : GeoDataFrame
        One row a plan, in the order of the register, RD New (EPSG:28992), metres: the columns
        `PLANNEN` and `geometry` (None where no polygon is drawn). Numbers are homes and NaN where
        the register does not say, never 0 instead. `netto` is what the register gives, else
        `bruto` less `sloop` where both are known; where only `bruto` is known it is an upper bound.
        `sloop` is a positive number of homes. `rest` is what remains to be built, gross;
        `rest_netto` that less what remains to be demolished.
    detail : DataFrame
        One row a number of homes: `plan_id`, `soort` (nieuwbouw, sloop, onbekend), `indeling` (by
        what the register breaks homes down), `categorie` (its word), `stand` (gepland,
        gerealiseerd, onbekend), `jaar` to `jaar_tot` (NaN where unknown), `woningtype`, `eigendom`,
        `prijssegment` (ours), `prijssegment_register` (its own word), `prijsgrens` (its own limits)
        and `aantal`. Homes of one plan add up **within** one `indeling`; over several they are the
        same homes again.
    controle : CheckReport
        Where the register breaks its own rules. Nothing was dropped or mended.
    kind : str
        Which register it is.
    title : str
        The same in words.
    basis : str
        Which number stands as `woningen` in `locations`.
    source : Source
        Where it came from.
    invoer : DataFrame or None
        The register's own columns, one row a plan, where it is a flat table.
    """

    plannen: gpd.GeoDataFrame
    detail: pd.DataFrame
    controle: CheckReport
    kind: str
    title: str
    basis: str
    source: Source
    invoer: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.plannen)

    @property
    def knelpunten(self) -> pd.DataFrame:
        """The bottlenecks that plans report of themselves.

        Returns
        -------
        DataFrame
            One row a plan and word: `plan_id`, `knelpunt` (our key; the word itself where it is in
            no table) and `woord` (the register's).
        """
        words = once(self.plannen["knelpunten_register"], split_words)
        long = pd.DataFrame({"plan_id": self.plannen["plan_id"], "woord": words})
        long = long.explode("woord").dropna(subset=["woord"]).reset_index(drop=True)
        keys = translate(long["woord"], "knelpunten", keep=True)[0]
        return pd.DataFrame({"plan_id": long["plan_id"], "knelpunt": keys, "woord": long["woord"]})

    @cached_property
    def locations(self) -> Locations:
        """The plans as locations, for `screen`; see `as_locations`.

        Returns
        -------
        Locations
            With `woningen` on the register's own basis.
        """
        return self.as_locations()

    def as_locations(self, *, basis: str | None = None) -> Locations:
        """Make locations of the plans.

        Parameters
        ----------
        basis : str, optional
            Which number stands as `woningen`: "rest_netto", "rest", "netto" or "bruto"; that of the
            register without it. Where it is unknown the homes are unknown.

        Returns
        -------
        Locations
            Every plan, in RD New (EPSG:28992): also those without polygon, of which each verdict
            will be `onbekend`. All columns of `plannen` come along, and the register's own. A plan
            that others are part of carries the homes that its parts do not (`woningen_register`
            holds what it said), so that no home counts twice.

        Raises
        ------
        RegisterError
            When the basis is no such number.
        LocationError
            When no plan has a polygon.

        Warns
        -----
        DoubtfulLocationWarning, RepairedGeometryWarning
            As `read_locations`.
        """
        basis = self.basis if basis is None else basis
        if basis not in BASES:
            raise RegisterError(f"basis {basis!r} bestaat niet; kies uit {', '.join(BASES)}.")
        if not self.plannen.geometry.notna().any():
            raise LocationError(
                f"{self.source.path}: geen enkel plan heeft een vlak; geef het bestand met vlakken "
                "op met shapes=."
            )
        plans = self.plannen
        homes, findings = without_parts(plans, plans[basis])
        frame = plans.assign(woningen=homes)
        if findings:
            frame["woningen_register"] = plans[basis]
        if self.invoer is not None:
            frame = _beside(frame, self.invoer)
        frame = gpd.GeoDataFrame(frame, geometry=plans.geometry, crs="EPSG:28992")
        with warnings.catch_warnings(record=True) as voiced:
            warnings.simplefilter("always", WoongeoWarning)
            found = read_locations(
                frame,
                id_column="plan_id",
                name_column="naam",
                woningen_column="woningen",
                planstatus_column="planstatus",
            )
        for doubt in voiced:
            text = str(doubt.message).replace("(in het geheugen)", self.source.path)
            warnings.warn(text, doubt.category, stacklevel=3)
        known = f"woningen = {basis} van {self.title}"
        report = _together(
            found.report,
            CheckReport.of([Finding("", "basis", "melding", known), *findings]),
            self.controle,
        )
        columns = found.columns | {"woningen": basis}
        return dataclasses.replace(found, report=report, columns=columns, source=self.source)

    def totals(self) -> pd.Series:
        """Add up homes over all plans, whatever their status.

        Returns
        -------
        Series of float
            Per column of homes; NaN where no plan gives one. Plans that are part of another are
            added as the register gives them: see `as_locations` for homes counted once.
        """
        added: pd.Series = self.plannen[list(NUMBERS)].sum(min_count=1)
        return added

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th>{name}</th><td>{dutch(total, decimals=0)}</td>"
            f"<td>{int(self.plannen[name].isna().sum())}</td></tr>"
            for name, total in self.totals().items()
        )
        return (
            f"<p><strong>{html_text(shortened(self.title))}</strong>: "
            f"{counted(len(self), 'plan', 'plannen')} uit "
            f"{html_text(shortened(self.source.path))}, "
            f"{counted(len(self.detail), 'regel', 'regels')} detail. Als woningen telt "
            f"{html_text(self.basis)}.</p><table><thead><tr><th>woningen</th>"
            f"<th>totaal</th><th>plannen zonder</th></tr></thead><tbody>{cells}</tbody></table>"
            f"{self.controle._repr_html_()}"
        )


def without_parts(plans: pd.DataFrame, homes: pd.Series) -> tuple[pd.Series, list[Finding]]:
    """Take the homes of parts from the plan that they are part of.

    Parameters
    ----------
    plans : DataFrame
        With `plan_id`, `naam` and `masterplan`: the id or name of the plan that this one is part
        of.
    homes : Series of float
        Homes of each plan; NaN where unknown.

    Returns
    -------
    homes : Series of float
        Those of a masterplan less those known of its direct parts, at least 0.
    findings : list of Finding
        Each masterplan that was lessened; empty where nothing changed.
    """
    parent = masters(plans)
    inside = parent >= 0
    if not inside.any():
        return homes, []
    own = homes.to_numpy(dtype=float)
    left, held = less_parts(own, parent)
    is_master = np.zeros(len(plans), dtype=bool)
    is_master[parent[inside]] = True
    findings = []
    for i in np.flatnonzero(is_master & (held != 0) & ~np.isnan(own)):
        more = " (meer dan het zelf noemt)" if held[i] > own[i] else ""
        text = (
            f"{counted(own[i], 'woning', 'woningen', decimals=2)}, waarvan {dutch(held[i])}{more} "
            f"in deelplannen: {counted(left[i], 'blijft', 'blijven', decimals=2)} bij het "
            "masterplan, zodat niets dubbel telt"
        )
        findings.append(
            Finding(plans["plan_id"].iloc[i], "masterplan verminderd", "waarschuwing", text)
        )
    return pd.Series(left, index=homes.index), findings


def less_parts(
    own: NDArray[np.float64], parent: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take from numbers of masterplans those of their parts.

    Parameters
    ----------
    own : ndarray of float
        Of each plan; NaN where unknown.
    parent : ndarray of int
        From `masters`.

    Returns
    -------
    left : ndarray of float
        Those of a masterplan less those known of its direct parts, at least 0; of others their own.
    held : ndarray of float
        What is known of the direct parts of each.
    """
    inside = parent >= 0
    held = np.zeros(len(own))
    np.add.at(held, parent[inside], np.nan_to_num(own[inside]))
    left = own.copy()
    at = np.unique(parent[inside])
    left[at] = np.maximum(own[at] - held[at], np.minimum(own[at], 0))
    return left, held


def masters(plans: pd.DataFrame) -> NDArray[np.intp]:
    """Find the plan that each plan is part of.

    Parameters
    ----------
    plans : DataFrame
        With `plan_id`, `naam` and `masterplan`.

    Returns
    -------
    ndarray of int
        Row of the masterplan; -1 where none is named, the one that is named is not in the register,
        its name is that of several plans, it is the plan itself, or parts run in a circle.
    """
    rows = np.arange(len(plans), dtype=np.intp)
    names = as_text(plans["naam"]).str.casefold().reset_index(drop=True)
    once = ~names.duplicated(keep=False).to_numpy()
    by_name = dict(zip(names[once], rows[once].tolist(), strict=True))
    by_id = dict(zip(as_text(plans["plan_id"]), rows.tolist(), strict=True))
    found = np.array(
        [
            by_id.get(text, by_name.get(text.casefold(), -1)) if text else -1
            for text in as_text(plans["masterplan"])
        ],
        dtype=np.intp,
    )
    found[found == rows] = -1
    # A circle of parts has no top: following parents as often as there are plans never leaves it.
    top = found.copy()
    for _ in range(int(np.ceil(np.log2(len(plans) + 2)))):
        top = np.where(top >= 0, top[np.maximum(top, 0)], -1)
    found[top >= 0] = -1
    return found


def _beside(frame: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Put the register's own columns behind ours; a name that is taken gets a tail.

    A column that says to the letter what ours of that name says is not put there again.
    """
    taken = {name.lower(): name for name in frame.columns}
    names = {}
    for column in given.columns:
        new, there = str(column), False
        while new.lower() in taken and not there:
            ours = taken[new.lower()]
            there = ours in frame.columns and _equal(frame[ours], given[column])
            new += "" if there else "_register"
        if not there:
            taken[new.lower()] = new
            names[column] = new
    rest = given[[*names]].rename(columns=names).set_axis(frame.index, axis=0)
    return pd.concat([pd.DataFrame(frame), rest], axis=1)


def _equal(ours: pd.Series, theirs: pd.Series) -> bool:
    """Tell whether two columns say the same, to the letter."""
    return as_text(ours).tolist() == as_text(theirs).tolist()


def _together(*reports: CheckReport) -> CheckReport:
    """Put reports together; what two of them say of one plan stands once."""
    table = pd.concat([r.table for r in reports], ignore_index=True)
    double = table.duplicated(["object_id", "controle"]) & (table["object_id"] != "")
    # Within one report a check may speak twice of a plan: only repeats of another are left out.
    sizes = np.repeat(np.arange(len(reports)), [len(r) for r in reports])
    first = table.groupby(["object_id", "controle"]).ngroup()
    source = pd.Series(sizes).groupby(first).transform("min").to_numpy()
    kept = ~double.to_numpy() | (sizes == source)
    return CheckReport(table[kept].reset_index(drop=True))


def facts(register: Register) -> dict[str, Any]:
    """Give a register as plain values, for a manifest.

    Parameters
    ----------
    register : Register
        Any.

    Returns
    -------
    dict
        Dutch keys.
    """
    return {
        **register.source.facts(),
        "register": register.kind,
        "register_naam": register.title,
        "basis": register.basis,
        "controle": register.controle.counts(),
    }
