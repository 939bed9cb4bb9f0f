"""For whom files and tables are: what an audience may not see is left out before they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woongeo.errors import AudienceError
from woongeo.vertrouwelijk import (
    Audience,
    default_audience,
    for_audience,
    names_masterplan,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.webmap import ScreeningMap

_ADVICE = "; of geef publiek='intern'"


def seen_by(
    screening: Screening,
    publiek: str | Audience | None,
    *,
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    webmap: ScreeningMap | None = None,
) -> Screening:
    """Leave out the plans that the audience may not see.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    publiek : str or Audience or None
        For whom it is.
    plancapaciteit, knelpunten, vrijspelen, webmap
        What is written beside it.

    Returns
    -------
    Screening
        The same where all of it may be seen.

    Raises
    ------
    AudienceError
        When what is written beside it holds plans that may not be seen, or no plan may.
    """
    counted, told, freed, drawn = [
        None if made is None else made.screening
        for made in (plancapaciteit, knelpunten, vrijspelen, webmap)
    ]
    audience = for_whom(publiek, screening, counted, told, freed, drawn)
    for made in (told, freed):
        if made is not None and not visible_to(made.locaties, audience).all():
            raise AudienceError(
                f"knelpunten of vrijspelen telt plannen mee die publiek {str(audience)!r} niet mag "
                f"zien; maak ze van for_audience(screening, {str(audience)!r}){_ADVICE}."
            )
    if counted is not None and not _may_be_told(counted, audience):
        chosen = counted.locations.totals_for
        of_whom = f" (zij is van for_totals(…, {chosen!r}))" if chosen else ""
        raise AudienceError(
            f"plancapaciteit telt plannen mee die publiek {str(audience)!r} niet mag zien{of_whom};"
            f" maak haar van for_totals(screening, {str(audience)!r}){_ADVICE}."
        )
    refuse_map(webmap, audience, f"for_audience(screening, {str(audience)!r})")
    seen = visible_to(screening.locaties, audience)
    if seen.all():
        return screening
    if not seen.any():
        raise _nothing_to_see(audience)
    return for_audience(screening, audience)


def _may_be_told(counted: Screening, audience: Audience) -> bool:
    """Tell whether an audience may have totals: of what it sees, or chosen for who sees less."""
    chosen = counted.locations.totals_for
    if chosen and audience.sees_all_of(read_audience(chosen)):
        return True
    return bool(visible_to(counted.locaties, audience).all())


def for_whom(publiek: str | Audience | None, *told: Screening | None) -> Audience:
    """Tell for whom files are.

    Parameters
    ----------
    publiek : str or Audience or None
        For whom it was asked.
    *told : Screening or None
        All that they tell of: what was left out of one may be in another.

    Returns
    -------
    Audience
        As it was asked; else openbaar where `default_audience` says so of any of them.
    """
    if publiek is not None:
        return read_audience(publiek)
    asked = [default_audience(one.locaties) for one in told if one is not None]
    return next((one for one in asked if one.level == "openbaar"), Audience("intern"))


def refuse_map(webmap: ScreeningMap | None, audience: Audience, instead: str) -> None:
    """Refuse a map that shows plans which the audience may not see.

    Parameters
    ----------
    webmap : ScreeningMap or None
        The map.
    audience : Audience
        For whom it is.
    instead : str
        Of what it is to be drawn, for the message.

    Raises
    ------
    AudienceError
        When it does, or it is not known what it shows.
    """
    if webmap is None or audience.level == "intern":
        return
    drawn = webmap.screening
    if drawn is not None and visible_to(drawn.locaties, audience).all():
        return
    raise AudienceError(
        f"de kaart toont plannen die publiek {str(audience)!r} niet mag zien"
        f"{'' if drawn is not None else ', of zegt niet welke zij toont'}; teken haar met "
        f"map_screening({instead}){_ADVICE}."
    )


def of_portions(
    portions: Iterable[pd.DataFrame], publiek: str | Audience | None, what: str
) -> Audience:
    """Look over plans that are read in portions, and tell for whom what comes of them is.

    Parameters
    ----------
    portions : iterable of DataFrame
        All plans, with a column that says who may see them.
    publiek : str or Audience or None
        For whom it was asked.
    what : str
        Where the plans are, for a message.

    Returns
    -------
    Audience
        As it was asked; else as `default_audience` tells of all plans together.

    Raises
    ------
    AudienceError
        When it cannot be told who may see a plan, no plan may be seen, or plans name masterplans
        while some are left out: which of those names may be seen, all plans together decide.
    """
    asked = None if publiek is None else read_audience(publiek)
    if asked is not None and asked.level == "intern":
        return asked
    audience = asked or Audience("intern")
    total = hidden = 0
    named = False
    for plans in portions:
        if asked is None:
            closed = default_audience(plans)
            audience = closed if closed.level == "openbaar" else audience
        total += len(plans)
        hidden += int((~visible_to(plans, asked or "openbaar")).sum())
        named = named or names_masterplan(plans)
    if audience.level == "intern" or not hidden:
        return audience
    if hidden == total:
        raise _nothing_to_see(audience)
    if named:
        raise AudienceError(
            f"{what}: plannen noemen een masterplan, en {hidden} van {total} plannen mag publiek "
            f"{str(audience)!r} niet zien; in delen is niet te zeggen welke namen dan weg moeten. "
            f"Gebruik read_locations, screen en export_screening, laat de kolom weg{_ADVICE}."
        )
    return audience


def _nothing_to_see(audience: Audience) -> AudienceError:
    """Say that nothing would be written."""
    return AudienceError(
        f"publiek {str(audience)!r} mag geen enkel plan zien; er is niets te schrijven{_ADVICE}."
    )
