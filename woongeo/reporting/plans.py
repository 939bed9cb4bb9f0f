"""Plans at risk, and bottlenecks by status, of one region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from woongeo.encode import line_text
from woongeo.knelpunten.touched import TOGETHER, add_homes
from woongeo.numerals import counted, dutch
from woongeo.reporting.model import TEXT, Column, Table
from woongeo.verdict import Hardheid, Oordeel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from woongeo.knelpunten.touched import Blocked
    from woongeo.screening import Screening

#: How many plans are listed.
TOP = 20
# Of a name in a table on paper; the page and the data files hold more of it.
_NAME = 60


def at_risk(
    screening: Screening,
    row: NDArray[np.intp],
    homes: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Table:
    """List the plans with the most homes at risk.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    row : ndarray of int
        The plans of the region.
    homes : ndarray of float
        Their homes in it; NaN where not known.
    share : ndarray of float
        Which part of each plan lies in it.

    Returns
    -------
    Table
        At most 20 plans with the verdict `belemmerd` that count, most homes first, those without a
        number last. At risk is not lost.
    """
    frame = screening.locaties.iloc[row]
    hit = (frame["oordeel"] == Oordeel.BELEMMERD) & (frame["hardheid"] != Hardheid.TELT_NIET_MEE)
    at = np.flatnonzero(hit.to_numpy())
    weight = np.where(np.isnan(homes[at]), -np.inf, homes[at])
    ids = frame["locatie_id"].to_numpy(dtype=str)[at]
    order = at[np.lexsort((ids, -weight))]
    listed, rest = order[:TOP], order[TOP:]
    titles = {toets.key: toets.title for toets in screening.toetsen}
    ways = {key: (frame[f"{key}_oordeel"] == Oordeel.BELEMMERD).to_numpy() for key in titles}
    counts = {key: screening.telt[key].to_numpy(dtype=bool)[row] for key in titles}
    rows, numbers = [], []
    for i in listed:
        plan = frame.iloc[int(i)]
        name = line_text(plan["naam"] or plan["locatie_id"], most=_NAME)
        part = "" if share[i] >= 1 else f" ({dutch(100 * share[i], decimals=0)} % hier)"
        by = [key for key in titles if ways[key][i] and counts[key][i]]
        blocked = "; ".join(titles[key] for key in by)
        numbers.append(", ".join(str(1 + list(titles).index(key)) for key in by))
        words = (str(plan["planstatus"]), str(plan["hardheid"]))
        status = " · ".join(dict.fromkeys(filter(None, words)))
        rows.append((f"{name}{part}", float(homes[i]), status, str(plan["zwaarte"]), blocked))
    columns = (
        Column("locatie", TEXT),
        Column("woningen"),
        Column("status", TEXT),
        Column("zwaarte", TEXT),
        Column("belemmerd door", TEXT),
    )
    note = ""
    if len(rest):
        held = add_homes(homes, np.isin(np.arange(len(row)), rest))
        note = f"Andere belemmerde locaties: {dutch(len(rest), decimals=0)}, met samen "
        note += f"{counted(held, 'woning', 'woningen')}."
    title = f"Top {TOP}: locaties met de meeste woningen in risico"
    return Table(title, columns, tuple(rows), note, tuple(numbers))


def matrix(
    screening: Screening, found: Blocked, row: NDArray[np.intp], homes: NDArray[np.float64]
) -> Table:
    """Count homes that each bottleneck blocks, by status of the plan.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    found : Blocked
        From `blocked_plans`, of all bottlenecks.
    row : ndarray of int
        The plans of the region.
    homes : ndarray of float
        Their homes in it.

    Returns
    -------
    Table
        One row a bottleneck, and one for all of them with each home once; unknown where nothing is
        known of a bottleneck.
    """
    titles = {toets.key: toets.title for toets in screening.toetsen}
    place = np.full(len(screening), -1)
    place[found.row] = np.arange(len(found.row))
    plan = place[row]
    held, plan = homes[plan >= 0], plan[plan >= 0]
    hardheid = screening.locaties["hardheid"].to_numpy()[found.row][plan]
    kinds = [hardheid == kind for kind in (Hardheid.HARD, Hardheid.ZACHT, Hardheid.ONBEKEND)]
    blocked, unknown = found.blocked[plan], found.unknown[plan]
    rows: list[tuple[str | float, ...]] = []
    for i, key in enumerate(found.keys):
        hit = blocked[:, i]
        sums = [add_homes(held, hit & kind) for kind in kinds] + [add_homes(held, hit)]
        if not found.known[i]:
            sums = [float("nan")] * len(sums)
        rows.append((titles[key], *sums, add_homes(held, unknown[:, i])))
    any_hit = blocked.any(axis=1)
    open_ = ~any_hit & unknown.any(axis=1)
    sums = [add_homes(held, any_hit & kind) for kind in kinds] + [add_homes(held, any_hit)]
    rows.append((f"{TOGETHER} (elke woning één keer)", *sums, add_homes(held, open_)))
    columns = (
        Column("knelpunt", TEXT),
        Column("hard"),
        Column("zacht"),
        Column("status onbekend"),
        Column("belemmerd samen"),
        Column("oordeel onbekend"),
    )
    return Table(
        "Knelpunt en status: woningen in belemmerde locaties",
        columns,
        tuple(rows),
        "In risico is niet verloren. Een locatie met meer knelpunten staat bij elk ervan.",
    )
