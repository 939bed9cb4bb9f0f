"""Plancapaciteit of a screening: what regions hold, and what it comes to beside the opgave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from woongeo.capacity.amounts import amounts, chances, choose_basis, segments
from woongeo.capacity.cells import Plans, none_counts
from woongeo.capacity.figures import add_up, figures_per_plan, left_after
from woongeo.capacity.indicators import ALL_YEARS, Question, in_order, level_table
from woongeo.capacity.measures import CIJFERS, STANDS, Measure, Norms, in_rows, present
from woongeo.capacity.once import each_once, perhaps_twice, remark
from woongeo.capacity.opbrengst import Planuitval, realised
from woongeo.capacity.parts import TOTAL, Division, divide, levels, whole
from woongeo.capacity.phasing import phases, read_periods
from woongeo.capacity.restopgave import voice_doubts
from woongeo.encode import html_text, shortened
from woongeo.errors import RegionError
from woongeo.numerals import counted
from woongeo.verdict import SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from woongeo.capacity.cells import Cells
    from woongeo.opgave import Targets
    from woongeo.screening import Screening
    from woongeo.tables import TableSource

# What a provincial analyst reads first: column of the overview, measure, stand.
_OVERVIEW = (
    ("plannen", "plannen", "voor"),
    ("plancapaciteit", "plancapaciteit", "voor"),
    ("na_min", "plancapaciteit", "na_min"),
    ("na_verwacht", "plancapaciteit", "na_verwacht"),
    ("na_max", "plancapaciteit", "na_max"),
    ("fase_onbekend", "fase_onbekend", "voor"),
    ("opgave", "opgave", "voor"),
    ("restopgave", "restopgave", "voor"),
    ("dekking", "dekking", "voor"),
    ("dekking_na_min", "dekking", "na_min"),
    ("dekking_na_verwacht", "dekking", "na_verwacht"),
    ("dekking_na_max", "dekking", "na_max"),
    ("hard_aandeel", "hard_aandeel", "voor"),
    ("hard_dekking", "hard_dekking", "voor"),
    ("hard_dekking_na_verwacht", "hard_dekking", "na_verwacht"),
    ("benodigd_zacht_naar_hard", "benodigd_zacht_naar_hard", "voor"),
    ("sociaal_min", "sociaal_aandeel_min", "voor"),
    ("sociaal_max", "sociaal_aandeel_max", "voor"),
    ("betaalbaar_min", "betaalbaar_aandeel_min", "voor"),
    ("betaalbaar_max", "betaalbaar_aandeel_max", "voor"),
    ("opbrengst", "opbrengst", "voor"),
    ("opbrengst_na_verwacht", "opbrengst", "na_verwacht"),
)


@dataclass(frozen=True, eq=False)
class Plancapaciteit:
    """Homes per region.

    Attributes
    ----------
    tabel : DataFrame
        One row a region of each level and, last, one for all locations. `niveau`, `gebied`;
        `plannen` and `zonder_aantal` count plans (a plan over several regions counts where its
        largest part lies); the others count homes: `woningen`; `hard`, `zacht`, `status_onbekend`
        (together `woningen`); `vrij`, `onbekend`, `belemmerd` by verdict (together `woningen`);
        `belemmerd_min` (in sites wholly in a bottleneck), `belemmerd_verwacht` (by share of area)
        and `belemmerd_max` (in sites that one touches at all, also below the tolerance), over all
        rules that count with each home once (for a plan of fewer than 0 homes minimum and maximum
        change places); `<sleutel>_min`, `_verwacht` and `_max` for each rule
        by itself, empty where nothing is known of its layer; and `telt_niet_mee`, homes of plans
        with status 5A or 5B, which are in none of the others. Homes are empty where no plan that
        counts has a number, and 0 where no plan counts.
    cijfers : DataFrame
        One row a region, period and measure (`maat`): `niveau`, `gebied`, `periode`, `maat`,
        `eenheid` (plannen, woningen, aandeel), `norm`, the value before constraints (`voor`) and
        after them (`na_min`, `na_verwacht`, `na_max`), `bron` of what was agreed, and why a
        restopgave is not known. Empty is unknown.
        Periods are those of the targets, then "overige jaren", "onbekend" (homes without a year)
        and "alle jaren".
    screening : Screening
        What it was made of.
    by : tuple
        The divisions.
    basis : str
        What `cijfers` counts: woningen, rest, rest_netto, bruto or netto.
    opmerkingen : tuple of str
        What a reader must know of the figures.
    targets : Targets or None
        What they were held against.
    read_from : tuple of TableSource
        What else they were read from, as far as known: a table of years is given as it is.
    """

    tabel: pd.DataFrame
    cijfers: pd.DataFrame
    screening: Screening
    by: tuple[Division, ...]
    basis: str
    opmerkingen: tuple[str, ...] = ()
    targets: Targets | None = None
    read_from: tuple[TableSource, ...] = ()

    def __len__(self) -> int:
        return len(self.tabel)

    def overzicht(self, periode: str | None = None) -> pd.DataFrame:
        """Lay out one period as one row a region: what is read first.

        Parameters
        ----------
        periode : str, optional
            As in `cijfers`, such as "2022-2030"; all years without it.

        Returns
        -------
        DataFrame
            `niveau`, `gebied` and the main figures; measures that are empty everywhere are left
            out.

        Raises
        ------
        RegionError
            When there is no such period.
        """
        name = ALL_YEARS if periode is None else periode
        rows = self.cijfers[self.cijfers["periode"] == name]
        if not len(rows):
            there = ", ".join(self.cijfers["periode"].unique())
            raise RegionError(f"periode {name!r} is er niet; wel: {there}.")
        regions = rows[["niveau", "gebied"]].drop_duplicates().reset_index(drop=True)
        table = regions.copy()
        keys = pd.MultiIndex.from_frame(regions)
        for column, measure, stand in _OVERVIEW:
            of_measure = rows[rows["maat"] == measure].set_index(["niveau", "gebied"])[stand]
            values = of_measure.reindex(keys).to_numpy(dtype=float)
            if not np.isnan(values).all():
                table[column] = values
        return table

    def _repr_html_(self) -> str:
        notes = [*self.screening.notes(), *self.opmerkingen]
        listed = "".join(f"<li>{html_text(shortened(n))}</li>" for n in notes)
        shown = self.tabel.copy()
        for column in ("niveau", "gebied"):
            shown[column] = shown[column].map(lambda text: html_text(shortened(text)))
        # Text is encoded above; names of columns are our own keys.
        table = shown.to_html(
            index=False, escape=False, max_rows=60, float_format="{:.1f}".format, na_rep=""
        )
        return f"{f'<ul>{listed}</ul>' if listed else ''}{table}<p>{SCREENING}</p>"


def summarize_plancapaciteit(  # noqa: PLR0913  one keyword a question
    screening: Screening,
    *,
    by: Sequence[Division] = (),
    targets: Targets | None = None,
    periods: Sequence[tuple[int, int]] | None = None,
    fasering: pd.DataFrame | None = None,
    detail: pd.DataFrame | None = None,
    basis: str | None = None,
    uitval: Planuitval | None = None,
    whole_is: tuple[str, str] | None = None,
    norms: Norms | None = None,
) -> Plancapaciteit:
    """Add up homes per region, before and after constraints, and hold them against the opgave.

    Parameters
    ----------
    screening : Screening
        From `screen`. Columns of the locations that are used where they are there, and unknown
        where not: `bruto`, `sloop`, `netto`, `gerealiseerd`, `rest` (homes), price segments such as
        `sociale_huur` (homes), `realisatiekans` (0-1), `oplevering_eerste` and
        `oplevering_laatste` (years).
    by : sequence of Regions, RegionMapping or str
        Divisions of the country, mappings of gemeenten, and columns of the locations to group on
        ("Gem_naam").
    targets : Targets, optional
        From `read_targets`; matched on `niveau` and `gebied`.
    periods : sequence of (int, int), optional
        First and last year; those of the targets without it.
    fasering : DataFrame, optional
        `locatie_id` (or `plan_id`), `jaar` (or `van` and `tot`), `aantal`. Homes without a year are
        shown as such.
    detail : DataFrame, optional
        The detail of a register (`Register.detail`): phases where `fasering` is not given, and
        price segments.
    basis : str, optional
        What capacity is counted in: "woningen" (without it), "rest", "rest_netto", "bruto" or
        "netto".
    uitval : Planuitval, optional
        Chances that plans are realised; without it those of the plans themselves, where they have
        them.
    whole_is : (str, str), optional
        Level and name of the region that all locations together are, such as ("provincie",
        "Noord-Holland"), for the targets of the last row.
    norms : Norms, optional
        What is asked: 130 %, 30 % sociale huur and two thirds betaalbaar without it.

    Returns
    -------
    Plancapaciteit
        Homes; a part of a plan carries the verdict, the status, the segments and the share in a
        bottleneck of the whole plan. Plans that overlap each other are each counted; the report of
        the locations lists them.

    Raises
    ------
    RegionError
        When two divisions share a name, or a period is no period.
    ColumnError
        When a column does not exist or holds no numbers.
    TargetError
        When targets of one date contradict each other.

    Warns
    -----
    RegionWarning
        When regions overlap each other, a gemeente is in no region, or a target finds no plans.
    DoubtfulLocationWarning
        When phases do not fit their plans.
    """
    names = levels(by)
    shares = figures_per_plan(screening)
    current = None if targets is None else targets.at()
    chosen = _periods(current, periods)
    plans, basis = _plans(screening, basis, detail)
    phased = phases(
        screening.locaties, plans.homes, detail if fasering is None else fasering, chosen
    )
    asked = Question(chosen, current, whole_is, norms or Norms())
    how = uitval or Planuitval()
    chance = chances(screening.locaties, {str(k): v for k, v in how.kansen.items()})
    tables, long, places = [], [], {}
    divided = [(level, divide(screening, d)) for level, d in zip(names, by, strict=True)]
    for level, parts in [*divided, (TOTAL[0], whole(screening))]:
        here = present(plans, parts)
        table = add_up(shares, parts, level, here)
        tables.append(table)
        figures, cut = level_table(level, plans, parts, phased, asked, here)
        if not np.isnan(chance).all():
            figures = pd.concat([figures, _yield(level, plans, cut, chance, how)])
        # A sliver of a plan in a neighbouring region carries no home, and is no row of either.
        long.append(in_order(figures[figures["gebied"].isin(table["gebied"])], chosen))
        places[level] = table["gebied"].tolist()
    voice_doubts(asked, places)
    return Plancapaciteit(
        pd.concat(tables, ignore_index=True),
        pd.concat(long, ignore_index=True)[list(CIJFERS)],
        screening,
        tuple(by),
        basis,
        _remarks(
            screening, basis, current, chosen, how, chance, phased_any=bool(phased.dated.any())
        ),
        targets,
    )


def _periods(
    targets: Targets | None, periods: Sequence[tuple[int, int]] | None
) -> list[tuple[int, int]]:
    """Decide for which periods is asked."""
    if periods is None:
        return [] if targets is None else targets.periods()
    return read_periods(periods)


def _plans(
    screening: Screening, basis: str | None, detail: pd.DataFrame | None
) -> tuple[Plans, str]:
    """Gather what is known of each plan."""
    frame = screening.locaties
    known = amounts(frame)
    basis = choose_basis(known, basis)
    hardheid = frame["hardheid"]
    kinds = {
        "hard": (hardheid == Hardheid.HARD).to_numpy(dtype=float),
        "zacht": (hardheid == Hardheid.ZACHT).to_numpy(dtype=float),
        "status_onbekend": (hardheid == Hardheid.ONBEKEND).to_numpy(dtype=float),
    }
    # Segments are of a plan as a whole, those of a masterplan with its parts.
    new_homes = np.where(np.isnan(known["bruto"]), known[basis], known["bruto"])
    once = each_once(frame, known)
    left = left_after(screening, once[basis])
    counts = (hardheid != Hardheid.TELT_NIET_MEE).to_numpy(dtype=bool)
    plans = Plans(
        homes=once[basis],
        counted=counts,
        kinds=kinds,
        segments=segments(frame, new_homes, detail),
        left={
            "voor": np.ones(len(frame)),
            **{stand: left[stand].to_numpy() for stand in STANDS[1:]},
        },
        unknown=(frame["oordeel"] == Oordeel.ONBEKEND).to_numpy(dtype=float),
        amounts=once,
        twice=perhaps_twice(frame, np.where(counts, known["gerealiseerd"], np.nan)),
    )
    return plans, basis


def _yield(
    level: str, plans: Plans, cut: Cells, chance: NDArray[np.float64], how: Planuitval
) -> pd.DataFrame:
    """Work out what is to be expected of each region, over all years."""
    ends: dict[str, dict[str, NDArray[np.float64]]] = {
        name: {} for name in ("_min", "", "_max", "_interval_laag", "_interval_hoog")
    }
    told = np.full(len(cut.names), "", dtype=object)
    empty = none_counts(plans, cut)
    any_known = np.bincount(cut.region, ~np.isnan(cut.homes), minlength=len(cut.names)) > 0
    for stand in STANDS:
        homes = cut.homes * plans.left[stand][cut.row]
        # The ends after constraints are ends already; the interval is for what is expected.
        wide = stand in {"voor", "na_verwacht"}
        found = realised(cut.region, cut.row, homes, chance, how, interval=wide)
        for name, values in (("_min", found.low), ("", found.mean), ("_max", found.high)):
            ends[name][stand] = np.where(empty, 0.0, np.where(any_known, values, np.nan))
        if wide:
            for name, values in (("_interval_laag", found.lower), ("_interval_hoog", found.upper)):
                ends[name][stand] = np.where(empty, 0.0, values)
            drawn = f"{counted(how.draws, 'trekking', 'trekkingen')}, zaad {how.seed}"
            way = np.where(found.exact | empty, "exact", drawn).astype(object)
            way[np.isnan(found.lower) & ~empty] = "niet te zeggen"
            told += ("; " if stand != "voor" else "") + f"{stand}: " + way
    figures = [
        Measure(
            f"opbrengst{name}",
            "woningen",
            values,
            source=told if "interval" in name else how.bron,
        )
        for name, values in ends.items()
    ]
    return in_rows(level, cut.names, [(ALL_YEARS, measure) for measure in figures])


def _remarks(  # noqa: PLR0913  what the figures rest on
    screening: Screening,
    basis: str,
    targets: Targets | None,
    periods: Sequence[tuple[int, int]],
    how: Planuitval,
    chance: NDArray[np.float64],
    *,
    phased_any: bool,
) -> tuple[str, ...]:
    """Say what a reader must know of the figures."""
    column = screening.locations.columns.get("woningen")
    what = {
        "woningen": f"de kolom {column or 'woningen'}",
        "rest": "de restcapaciteit (gepland min gerealiseerd)",
        "rest_netto": "de restcapaciteit min wat nog gesloopt wordt",
        "bruto": "de bruto plancapaciteit",
        "netto": "de netto plancapaciteit (bruto min sloop)",
    }[basis]
    notes = [f"Plancapaciteit telt {what}."]
    doubled = remark(screening.locaties)
    notes += [doubled] if doubled else []
    if periods and not phased_any:
        notes.append("Van geen plan is het jaar van oplevering bekend: alles staat onder onbekend.")
    if targets is not None and basis in {"bruto", "netto"}:
        other = set(targets.table["basis"]) & ({"bruto", "netto"} - {basis})
        if other:
            notes.append(f"Sommige opgaven zijn {other.pop()}; de plancapaciteit is {basis}.")
    if not np.isnan(chance).all():
        notes.append(
            f"Opbrengst: {how.bron}; elk plan lukt geheel of niet, los van de andere; interval "
            f"{round(100 * how.interval)} %."
        )
    return tuple(notes)
