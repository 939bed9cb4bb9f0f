"""Two peilmomenten: what came, what went, what changed, and why a verdict turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from woongeo.capacity import homes_in, verdict_keys
from woongeo.compare.causes import LAYER, PLAN, RULE, Side, causes, joined
from woongeo.compare.matching import BY_SHAPE, Pairs, match
from woongeo.encode import html_text, shortened
from woongeo.errors import LocationError
from woongeo.numerals import counted
from woongeo.verdict import SCREENING, Hardheid

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase
    from woongeo.screening import Screening

#: What became of a plan.
NEW, GONE, CHANGED, SAME = "nieuw", "verdwenen", "gewijzigd", "gelijk"
# Facts of a layer by which its data is known to be the same.
_DATA = ("objecten", "peildatum", "onbekend_omdat", "onvolledig_omdat", "dekking")


@dataclass(frozen=True, eq=False)
class Vergelijking:
    """What changed between two moments.

    Attributes
    ----------
    plannen : DataFrame
        One row a plan, those of the old moment first in its order and then the new ones: `wat`
        (nieuw, verdwenen, gewijzigd, gelijk), `id_oud`, `id_nieuw`, `naam`, `koppeling` (id or
        vlak), `gedeeld_aandeel` (of what both shapes cover, 0-1), `woningen_oud`, `woningen_nieuw`,
        `verschil`, `planstatus_oud`, `planstatus_nieuw`, `hardheid_oud`, `hardheid_nieuw`,
        `oordeel_oud`, `oordeel_nieuw`, `gewijzigd` (which of woningen, planstatus, hardheid, vlak,
        id) and `let_op`.
    oordelen : DataFrame
        One row a pair of plans and bottleneck whose verdict turned: `id_oud`, `id_nieuw`,
        `knelpunt`, `oud`, `nieuw`, `oorzaak`, `reden_oud`, `reden_nieuw`. The cause is plan, laag
        or regel; "laag of regel" where each of the two by itself turns the verdict, "laag + regel"
        where only both together do.
    lagen : DataFrame
        One row a bottleneck: `laag_gewijzigd` and `regel_gewijzigd`, what of them changed; empty
        where nothing did.
    balans : DataFrame
        `post`, `plannen`, `woningen`: from the old homes over every change to the new ones; the
        lines between add up.
    """

    plannen: pd.DataFrame
    oordelen: pd.DataFrame
    lagen: pd.DataFrame
    balans: pd.DataFrame

    def __len__(self) -> int:
        return len(self.plannen)

    def _repr_html_(self) -> str:
        tables = ""
        for title, frame in (("Balans", self.balans), ("Lagen en regels", self.lagen)):
            shown = frame.map(lambda v: html_text(shortened(v)) if isinstance(v, str) else v)
            tables += f"<p><strong>{title}</strong></p>" + shown.to_html(
                index=False, escape=False, float_format="{:.0f}".format, na_rep="", max_rows=60
            )
        turned = counted(len(self.oordelen), "oordeel is", "oordelen zijn")
        return f"{tables}<p>{turned} omgeslagen.</p><p>{SCREENING}</p>"


def compare(
    old: Screening,
    new: Screening,
    *,
    min_share: float = 0.5,
    tolerance_m2: float = 1.0,
    basis: str | None = "woningen",
) -> Vergelijking:
    """Compare two peilmomenten.

    Plans are paired by id where it is a plan's own: not where a row has none, or several have the
    same. Those that are left, by shape where the two share at least `min_share` of what they cover
    together and are each other's best, and the table says so.

    Parameters
    ----------
    old, new : Screening
        From `screen`; layers and rules may differ.
    min_share : float
        0-1.
    tolerance_m2 : float
        Up to so many square metres of difference a shape is the same.
    basis : str, optional
        What homes are counted in, as for `summarize_plancapaciteit`.

    Returns
    -------
    Vergelijking
        Homes are conserved: old and all changes are new. Where more than one of plan, layer and
        rule changed, each is changed by itself and the plan judged anew, to find the cause.

    Raises
    ------
    LocationError
        When `min_share` is no share.
    ColumnError
        When a register does not give the basis.
    """
    if not 0 < min_share <= 1:
        raise LocationError(f"min_share is {min_share!r}; geef een deel (meer dan 0, hoogstens 1).")
    pairs = match(old, new, min_share)
    homes = homes_in(old.locaties, basis), homes_in(new.locaties, basis)
    plans = _plans(old, new, pairs, homes, tolerance_m2)
    layers = _layers(old, new)
    moved = plans["_plan"].to_numpy()[: len(old)][pairs.old]
    turned = _turned(old, new, pairs, layers, moved)
    balance = _balance(old, new, pairs, homes)
    return Vergelijking(plans.drop(columns="_plan"), turned, layers, balance)


def _plans(
    old: Screening,
    new: Screening,
    pairs: Pairs,
    homes: tuple[NDArray[np.float64], NDArray[np.float64]],
    tolerance_m2: float,
) -> pd.DataFrame:
    """Write one row a plan."""
    added = np.setdiff1d(np.arange(len(new)), pairs.new)
    n = len(old) + len(added)
    of_old = np.r_[np.arange(len(old)), np.full(len(added), -1)]
    of_new = np.full(n, -1)
    of_new[pairs.old] = pairs.new
    of_new[len(old) :] = added
    how, share = np.full(n, "", dtype=object), np.full(n, np.nan)
    how[pairs.old], share[pairs.old] = pairs.how, pairs.share

    def sides(name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        return _take(old, name, of_old), _take(new, name, of_new)

    ids, names = sides("locatie_id"), sides("naam")
    own = _marks(pairs.own[0], of_old), _marks(pairs.own[1], of_new)
    held = _spread(homes[0], of_old), _spread(homes[1], of_new)
    status, hard, verdict = sides("planstatus"), sides("hardheid"), sides("oordeel")
    paired = (of_old >= 0) & (of_new >= 0)
    unlike_m2 = _unlike_m2(old, new, of_old, of_new, share)
    shape = paired & ((unlike_m2 > tolerance_m2) | _only_one_usable(old, new, of_old, of_new))
    known = ~np.isnan(held[0]) & ~np.isnan(held[1])
    both_gone = np.isnan(held[0]) & np.isnan(held[1])
    changed = {
        "woningen": paired & ~both_gone & ~(known & (held[0] == held[1])),
        "planstatus": paired & (status[0] != status[1]),
        "hardheid": paired & (hard[0] != hard[1]),
        "vlak": shape,
        # A name that was made up changes with the order of the rows: that says nothing.
        "id": paired & (how == BY_SHAPE) & (own[0] | own[1]) & (ids[0] != ids[1]),
    }
    real = np.any(
        [changed[name] for name in ("woningen", "planstatus", "hardheid", "vlak")], axis=0
    )
    what = np.where(of_new < 0, GONE, np.where(of_old < 0, NEW, np.where(real, CHANGED, SAME)))
    apart = paired & (how != BY_SHAPE) & (share == 0)
    # A plan that found no other: by its id it was not looked for.
    lone = ~paired & ~own[0] & ~own[1]
    drawn = _marks(old.locations.usable, of_old) | _marks(new.locations.usable, of_new)
    doubts = {
        "zelfde id, andere plek: is het id hergebruikt?": apart,
        "geen eigen id: alleen op vlak gezocht": lone & drawn,
        "geen eigen id en geen bruikbaar vlak: niet te koppelen": lone & ~drawn,
    }
    return pd.DataFrame(
        {
            "wat": what.astype(object),
            "id_oud": ids[0],
            "id_nieuw": ids[1],
            "naam": np.where(of_new >= 0, names[1], names[0]),
            "koppeling": how,
            "gedeeld_aandeel": share,
            "woningen_oud": held[0],
            "woningen_nieuw": held[1],
            "verschil": held[1] - held[0],
            "planstatus_oud": status[0],
            "planstatus_nieuw": status[1],
            "hardheid_oud": hard[0],
            "hardheid_nieuw": hard[1],
            "oordeel_oud": verdict[0],
            "oordeel_nieuw": verdict[1],
            "gewijzigd": joined(changed, ", "),
            "let_op": joined(doubts, "; "),
            "_plan": real,
        }
    )


def _take(screening: Screening, name: str, at: NDArray[np.intp]) -> NDArray[Any]:
    """Take a column at rows; empty text where there is no row (-1)."""
    return np.append(screening.locaties[name].to_numpy(dtype=object), "")[at]


def _spread(values: NDArray[np.float64], at: NDArray[np.intp]) -> NDArray[np.float64]:
    """Take numbers at rows; NaN where there is no row (-1)."""
    return np.append(values, np.nan)[at]


def _marks(values: NDArray[np.bool_], at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Take marks at rows; not set where there is no row (-1)."""
    return np.append(values, False)[at]


def _unlike_m2(
    old: Screening,
    new: Screening,
    of_old: NDArray[np.intp],
    of_new: NDArray[np.intp],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Say how many square metres lie in one of the two shapes only."""
    before = _spread(shapely.area(old.locaties.geometry.to_numpy()), of_old)
    after = _spread(shapely.area(new.locaties.geometry.to_numpy()), of_new)
    # share = common / (before + after - common), so common = share * (before + after) / (1 + share)
    common = share * (before + after) / (1 + share)
    return before + after - 2 * common


def _only_one_usable(
    old: Screening, new: Screening, of_old: NDArray[np.intp], of_new: NDArray[np.intp]
) -> NDArray[np.bool_]:
    usable = _marks(old.locations.usable, of_old), _marks(new.locations.usable, of_new)
    return np.asarray(usable[0] != usable[1], dtype=bool)


def judgements(screening: Screening) -> dict[str, tuple[Layer, RuleBase]]:
    """Say by which layer and rule each verdict was given.

    Parameters
    ----------
    screening : Screening
        From `screen`.

    Returns
    -------
    dict
        Verdict key to layer and rule.
    """
    return {toets.key: (toets.layer, toets.rule) for toets in screening.toetsen}


def _data(layer: Layer, rule: RuleBase, on: dt.date) -> dict[str, Any]:
    """Give what tells the data of a layer from other data."""
    facts = layer.facts()
    told = {name: facts[name] for name in _DATA}
    told["bestand"] = layer.source.sha256 if layer.source else None
    coverage = layer.coverage.source
    told["dekking_bestand"] = coverage.sha256 if coverage else None
    told["te oud"] = layer.stale(on, rule) or None
    return told


def _rule(rule: RuleBase, on: dt.date) -> dict[str, Any]:
    """Give what tells a rule from another, and whether it holds on the day."""
    return {**rule.facts(), "geldigheid": rule.holds(on) or None}


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Write which facts differ."""
    told = []
    for name, before in one.items():
        after = other.get(name)
        if before == after:
            continue
        if name.endswith("bestand"):
            told.append(f"{name.replace('_', ' ')}: andere inhoud")
        else:
            told.append(f"{name.replace('_', ' ')}: {before or 'geen'} → {after or 'geen'}")
    return "; ".join(told)


def _layers(old: Screening, new: Screening) -> pd.DataFrame:
    """Say per bottleneck what changed in its layer and its rule."""
    before, after = judgements(old), judgements(new)
    rows = []
    for key in dict.fromkeys([*verdict_keys(old), *verdict_keys(new)]):
        if key not in before or key not in after:
            what = "knelpunt is nieuw" if key in after else "knelpunt is vervallen"
            rows.append((key, what, what))
            continue
        (layer_old, rule_old), (layer_new, rule_new) = before[key], after[key]
        data = _difference(_data(layer_old, rule_old, old.on), _data(layer_new, rule_new, new.on))
        rule = _difference(_rule(rule_old, old.on), _rule(rule_new, new.on))
        rows.append((key, data, rule))
    return pd.DataFrame(rows, columns=["knelpunt", "laag_gewijzigd", "regel_gewijzigd"])


def _turned(
    old: Screening,
    new: Screening,
    pairs: Pairs,
    layers: pd.DataFrame,
    moved: NDArray[np.bool_],
) -> pd.DataFrame:
    """List verdicts that turned, and what changed with them."""
    blocks = []
    reasons = _reasons(old), _reasons(new)
    judged = judgements(old), judgements(new)
    for key, data, rule in layers.itertuples(index=False):
        if key not in judged[0] or key not in judged[1]:
            continue
        before = old.locaties[f"{key}_oordeel"].to_numpy(dtype=object)[pairs.old]
        after = new.locaties[f"{key}_oordeel"].to_numpy(dtype=object)[pairs.new]
        at = np.flatnonzero(before != after)
        changed = {
            PLAN: moved[at],
            LAYER: np.full(len(at), bool(data)),
            RULE: np.full(len(at), bool(rule)),
        }
        sides = (
            Side(old, pairs.old[at], *judged[0][key]),
            Side(new, pairs.new[at], *judged[1][key]),
        )
        cause = causes(*sides, changed, after[at])
        ids = old.locaties["locatie_id"].to_numpy(), new.locaties["locatie_id"].to_numpy()
        blocks.append(
            pd.DataFrame(
                {
                    "id_oud": ids[0][pairs.old[at]],
                    "id_nieuw": ids[1][pairs.new[at]],
                    "knelpunt": key,
                    "oud": before[at],
                    "nieuw": after[at],
                    "oorzaak": cause,
                    "reden_oud": reasons[0][key][pairs.old[at]],
                    "reden_nieuw": reasons[1][key][pairs.new[at]],
                }
            )
        )
    columns = ["id_oud", "id_nieuw", "knelpunt", "oud", "nieuw", "oorzaak"]
    if not blocks:
        return pd.DataFrame(columns=[*columns, "reden_oud", "reden_nieuw"])
    return pd.concat(blocks, ignore_index=True)


def _reasons(screening: Screening) -> dict[str, NDArray[np.object_]]:
    """Give the reasons per bottleneck, by row of the locations."""
    table = screening.treffers
    # Where no plan is left there is no row of any bottleneck.
    none: NDArray[np.object_] = np.empty(0, dtype=object)
    return dict.fromkeys(verdict_keys(screening), none) | {
        str(key): rows["reden"].to_numpy(dtype=object)
        for key, rows in table.groupby("laag", sort=False)
    }


def _balance(
    old: Screening,
    new: Screening,
    pairs: Pairs,
    homes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> pd.DataFrame:
    """Add up from the old homes, over every change, to the new ones."""
    counts = [
        (s.locaties["hardheid"] != Hardheid.TELT_NIET_MEE).to_numpy(dtype=bool) for s in (old, new)
    ]
    added = np.setdiff1d(np.arange(len(new)), pairs.new)
    gone = np.setdiff1d(np.arange(len(old)), pairs.old)
    before, after = homes[0][pairs.old], homes[1][pairs.new]
    was, is_ = counts[0][pairs.old], counts[1][pairs.new]
    both = was & is_
    known = ~np.isnan(before) & ~np.isnan(after)
    change = np.where(both & known, after - before, 0.0)
    zero = np.zeros(len(before))
    lines: list[tuple[str, NDArray[np.bool_], NDArray[np.float64]]] = [
        ("nieuwe plannen", counts[1][added], homes[1][added]),
        ("verdwenen plannen", counts[0][gone], -homes[0][gone]),
        ("meer woningen", both & (change > 0), change),
        ("minder woningen", both & (change < 0), change),
        ("aantal werd bekend", both & np.isnan(before) & ~np.isnan(after), after),
        ("aantal werd onbekend", both & ~np.isnan(before) & np.isnan(after), -before),
        ("telt nu mee (was 5A of 5B)", ~was & is_, after),
        ("telt niet meer mee (5A of 5B)", was & ~is_, -before),
        (
            "ongewijzigd",
            both & ~(known & (change != 0)) & ~(np.isnan(before) ^ np.isnan(after)),
            zero,
        ),
    ]
    rows = [("oud", int(counts[0].sum()), float(np.nansum(homes[0][counts[0]])))]
    rows += [(name, int(m.sum()), float(np.nansum(values[m]))) for name, m, values in lines]
    rows.append(("nieuw", int(counts[1].sum()), float(np.nansum(homes[1][counts[1]]))))
    return pd.DataFrame(rows, columns=["post", "plannen", "woningen"])
