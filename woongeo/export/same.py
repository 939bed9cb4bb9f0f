"""What is written beside a screening is of that screening: the manifest tells of no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from woongeo.errors import InputError

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.layers import Layer
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.webmap import ScreeningMap


def refuse_other(
    screening: Screening,
    *,
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    webmap: ScreeningMap | None = None,
) -> None:
    """Refuse figures and maps of another screening.

    Parameters
    ----------
    screening : Screening
        What the manifest tells of.
    plancapaciteit, knelpunten, vrijspelen, webmap
        What is written beside it. Some of its plans, as `for_audience` and `for_totals` choose
        them, are no other screening.

    Raises
    ------
    InputError
        When one is of other locations, layers or rules, or of another day or severity.
    """
    of = {
        "plancapaciteit": None if plancapaciteit is None else plancapaciteit.screening,
        "knelpunten": None if knelpunten is None else knelpunten.screening,
        "vrijspelen": None if vrijspelen is None else vrijspelen.screening,
        "de kaart (webmap)": None if webmap is None else webmap.screening,
    }
    own = _judged(screening)
    for name, other in of.items():
        if other is None or other is screening:
            continue
        theirs = _judged(other)
        differs = [what for what, value in own.items() if theirs[what] != value]
        if differs:
            raise InputError(
                f"{name} is van een andere screening (andere {', '.join(differs)}); maak alles van "
                "dezelfde screening, of van for_audience of for_totals daarvan. Er is niets "
                "geschreven."
            )


def _judged(screening: Screening) -> dict[str, Any]:
    """Say what was judged and how, in so far as no choice of plans changes it."""
    locations = screening.locations
    return {
        "locaties": locations.source.sha256,
        "kolommen": locations.columns,
        "lagen": {layer.key: _known(layer) for layer in screening.layers},
        "regels": {toets.key: toets.rule.facts() for toets in screening.toetsen},
        "dag": screening.on,
        "zwaarte": screening.from_severity,
    }


def _known(layer: Layer) -> tuple[object, ...]:
    """Say which layer it is; how far around plans it reaches differs between choices of them."""
    return (
        _hash(layer.source),
        _hash(layer.coverage.source),
        len(layer),
        layer.reference_date,
        layer.unknown,
        layer.incomplete,
    )


def _hash(source: Source | None) -> str:
    """Give the hash of a source; empty where there is none."""
    return "" if source is None else source.sha256
