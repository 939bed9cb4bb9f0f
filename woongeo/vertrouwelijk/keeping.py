"""Leaving out the plans that an audience may not see, and what tells of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import geopandas as gpd
import pandas as pd

from woongeo.locations import Locations
from woongeo.registers import Register
from woongeo.screening import Screening
from woongeo.vertrouwelijk.audience import left_out, read_audience, visible_to
from woongeo.vertrouwelijk.findings import report_of_kept
from woongeo.vertrouwelijk.masterplans import is_masterplan, part_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from woongeo.checks import Finding
    from woongeo.vertrouwelijk.audience import Audience

_What = TypeVar("_What", gpd.GeoDataFrame, pd.DataFrame, Locations, Register, Screening)


def for_audience(what: _What, audience: str | Audience) -> _What:
    """Leave out the plans that an audience may not see.

    Parameters
    ----------
    what : GeoDataFrame, DataFrame, Locations, Register or Screening
        Plans.
    audience : str or Audience
        See `read_audience`.

    Returns
    -------
    GeoDataFrame, DataFrame, Locations, Register or Screening
        The same, with the plans that may be seen, in their order. What they say of plans that are
        left out goes with them: findings that name one, the name of a masterplan, homes that were
        taken from a masterplan for its parts. The report says how many were left out.

    Raises
    ------
    AudienceError
        When it cannot be told who may see a plan.
    """
    asked = read_audience(audience)
    seen = visible_to(_frame(what), asked)
    n = int((~seen).sum())
    more = [left_out(n, len(seen), asked)] if n else []
    kept: _What = _keep(what, seen, more)
    return kept


def _frame(what: Any) -> pd.DataFrame:  # noqa: ANN401
    """Give the table of plans."""
    found = what
    if isinstance(what, Locations):
        found = what.frame
    elif isinstance(what, Register):
        found = what.plannen
    elif isinstance(what, Screening):
        found = what.locaties
    frame: pd.DataFrame = found
    return frame


def _keep(what: Any, seen: NDArray[np.bool_], more: list[Finding]) -> Any:  # noqa: ANN401
    """Keep some plans, and what tells of them alone."""
    if isinstance(what, Screening):
        return screening_of(what, seen, more)
    if isinstance(what, Locations):
        return _of_locations(what, seen, more)
    if isinstance(what, Register):
        return _of_register(what, seen, more)
    return part_of(what, seen)


def screening_of(what: Screening, seen: NDArray[np.bool_], more: list[Finding]) -> Screening:
    """Keep some plans of a screening.

    Parameters
    ----------
    what : Screening
        Of all plans.
    seen : ndarray of bool
        Which are kept.
    more : list of Finding
        What its report is to tell besides.

    Returns
    -------
    Screening
        Of those plans alone.
    """
    return what.only(seen, _of_locations(what.locations, seen, more))


def _of_locations(what: Locations, seen: NDArray[np.bool_], more: list[Finding]) -> Locations:
    """Keep some locations."""
    frame = part_of(what.frame, seen)
    ids = set(frame["locatie_id"])
    report = report_of_kept(what.report, ids, more, frame, seen)
    return replace(
        what,
        frame=frame,
        usable=what.usable[seen],
        problem=what.problem[seen],
        report=report,
        # Of plans that were enough together fewer may be too few.
        totals_for=what.totals_for if seen.all() else "",
    )


def _of_register(what: Register, seen: NDArray[np.bool_], more: list[Finding]) -> Register:
    """Keep some plans of a register."""
    frame = part_of(what.plannen, seen)
    ids = set(frame["plan_id"])
    given = None if what.invoer is None else what.invoer[seen].reset_index(drop=True)
    if given is not None and not seen.all():
        hidden = frame["masterplan"] != what.plannen["masterplan"][seen].reset_index(drop=True)
        for column in [c for c in given.columns if is_masterplan(c)]:
            given[column] = given[column].astype(object).where(~hidden, None)
    # Detail of a plan that is not in the register belongs to nobody known: it goes too.
    detail = what.detail if seen.all() else what.detail[what.detail["plan_id"].isin(ids)]
    return replace(
        what,
        plannen=frame,
        detail=detail.reset_index(drop=True),
        controle=report_of_kept(what.controle, ids, more, frame, seen),
        invoer=given,
    )
