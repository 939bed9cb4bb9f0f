"""For whom files and tables are: what an audience may not see is left out before they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woongeo.errors import AudienceError
from woongeo.vertrouwelijk import (
    KOLOM,
    default_audience,
    for_audience,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap


def refuse_hidden(made: Knelpunten | Vrijspelen | None, publiek: str | Audience | None) -> None:
    """Refuse a table of bottlenecks that holds plans which the audience may not see.

    Parameters
    ----------
    made : Knelpunten or Vrijspelen or None
        The table.
    publiek : str or Audience or None
        For whom it is.

    Raises
    ------
    AudienceError
        When it does.
    """
    if made is None:
        return
    plans = made.screening.locaties
    audience = default_audience(plans) if publiek is None else read_audience(publiek)
    if not visible_to(plans, audience).all():
        raise AudienceError(
            f"knelpunten of vrijspelen telt plannen mee die publiek {str(audience)!r} niet mag "
            f"zien; maak ze van for_audience(screening, {str(audience)!r}); of geef "
            "publiek='intern'."
        )


def seen_by(
    screening: Screening,
    plancapaciteit: Plancapaciteit | None,
    webmap: ScreeningMap | None,
    publiek: str | Audience | None,
) -> Screening:
    """Leave out the plans that the audience may not see.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    plancapaciteit, webmap
        What was made of it.
    publiek : str or Audience or None
        For whom it is.

    Returns
    -------
    Screening
        The same where all of it may be seen.

    Raises
    ------
    AudienceError
        When the totals or the map hold plans that may not be seen, or no plan may.
    """
    audience = default_audience(screening.locaties) if publiek is None else read_audience(publiek)
    advice = "; of geef publiek='intern'"
    if plancapaciteit is not None:
        whole = plancapaciteit.screening
        chosen = len(whole.locations.report.of_check(KOLOM))
        if not chosen and not visible_to(whole.locaties, audience).all():
            raise AudienceError(
                f"plancapaciteit telt plannen mee die publiek {str(audience)!r} niet mag zien; "
                f"maak haar van for_totals(screening, {str(audience)!r}){advice}."
            )
    seen = visible_to(screening.locaties, audience)
    if seen.all():
        return screening
    if not seen.any():
        raise AudienceError(
            f"publiek {str(audience)!r} mag geen enkel plan zien; er is niets te schrijven{advice}."
        )
    if webmap is not None:
        raise AudienceError(
            f"de kaart toont plannen die publiek {str(audience)!r} niet mag zien; teken haar van "
            f"for_audience(screening, {str(audience)!r}), en geef die ook hier{advice}."
        )
    return for_audience(screening, audience)
