"""The rules by which is judged: which there are, for which day, and what is to be said of them."""

from __future__ import annotations

import datetime as dt
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from woongeo.catalogue import MAIN, Catalogue, verdict_key
from woongeo.days import day_of
from woongeo.errors import LayerError, RuleError, UncertainRuleWarning, UnknownResultWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from woongeo.layers import Layer
    from woongeo.rules import RuleBase


@dataclass(frozen=True, eq=False)
class Toets:
    """A rule of a layer, judged.

    Attributes
    ----------
    key : str
        Columns of results begin with it: that of the layer, with the name of the rule behind it
        but for the main rule.
    title : str
        For people, in Dutch; where several would be called the same, with the key behind it.
    layer : Layer
        The layer.
    rule : RuleBase
        The rule.
    """

    key: str
    title: str
    layer: Layer
    rule: RuleBase

    def idle(self, on: dt.date) -> str:
        """Say why nothing can be said by this rule on a day.

        Parameters
        ----------
        on : date
            The day.

        Returns
        -------
        str
            In Dutch; empty where something can.
        """
        return self.layer.unknown or self.layer.stale(on, self.rule)


def day(on: dt.date | None) -> dt.date:
    """Settle the day for which is judged.

    Parameters
    ----------
    on : date or None
        As it was given; of a moment only the day is kept.

    Returns
    -------
    date
        Today where none was given.

    Raises
    ------
    InputError
        When it is no date.
    """
    return day_of(on, "on") or dt.date.today()  # noqa: DTZ011  the user's own calendar day


def with_rules(
    layers: Sequence[Layer], rules: Mapping[str, RuleBase] | Catalogue | None
) -> tuple[Layer, ...]:
    """Check the layers and put other rules on them.

    Parameters
    ----------
    layers : sequence of Layer
        Each key once.
    rules : Mapping of str to RuleBase, or Catalogue, or None
        As for `screen`.

    Returns
    -------
    tuple of Layer
        In the order given.

    Raises
    ------
    LayerError
        When there are no layers or two share a key.
    RuleError
        When a rule is given for a layer that is not there.
    """
    keys = [layer.key for layer in layers]
    if isinstance(rules, Catalogue):
        rules = {
            verdict_key(spec.key, name): rule
            for spec in rules
            if spec.key in keys
            for name, rule in spec.rules.items()
            if verdict_key(spec.key, name) in rules.named
        }
    if not keys:
        raise LayerError("er zijn geen lagen gegeven; geef minstens één laag om op te screenen.")
    double = {key for key in keys if keys.count(key) > 1}
    if double:
        raise LayerError(f"laag {', '.join(sorted(double))} is vaker gegeven; elke naam één keer.")
    changed = {layer.key: layer for layer in layers}
    for key, rule in (rules or {}).items():
        # The longest key that fits: a layer may be called natura2000_grens.
        owner = max((k for k in keys if key == k or key.startswith(f"{k}_")), key=len, default=None)
        if owner is None:
            raise RuleError(f"er is een regel voor {key}, maar geen laag met die naam.")
        name = key[len(owner) + 1 :] or MAIN
        changed[owner] = changed[owner].with_rule(rule, name=name)
    return tuple(changed.values())


def toetsen_of(layers: Sequence[Layer]) -> tuple[Toets, ...]:
    """List the rules that are on.

    Parameters
    ----------
    layers : sequence of Layer
        From `with_rules`.

    Returns
    -------
    tuple of Toets
        By layer, in the order of its rules.

    Raises
    ------
    LayerError
        When two rules share a key or none is on.
    """
    active = [(key, layer, rule) for layer in layers for key, rule in layer.active().items()]
    named = [_title(layer, key, rule) for key, layer, rule in active]
    # Two zones or operators under one title: a reader must know which of them a reason is about.
    times = Counter(map(_as_read, named))
    titles = [
        f"{title} ({key})" if times[_as_read(title)] > 1 else title
        for title, (key, _, _) in zip(named, active, strict=True)
    ]
    toetsen = tuple(
        Toets(key, title, layer, rule)
        for title, (key, layer, rule) in zip(titles, active, strict=True)
    )
    keys = [toets.key for toets in toetsen]
    double = sorted({key for key in keys if keys.count(key) > 1})
    if double:
        raise LayerError(f"twee regels heten {double[0]}; geef een laag of regel een andere naam.")
    if not toetsen:
        raise LayerError("geen enkele laag heeft een regel die aan staat; zet er een aan.")
    return toetsen


def _title(layer: Layer, key: str, rule: RuleBase) -> str:
    """Name a rule for people."""
    if rule.title:
        return f"{layer.title}, {rule.title}"
    return layer.title if key == layer.key else f"{layer.title}, {key[len(layer.key) + 1 :]}"


def _as_read(title: str) -> str:
    """Write a title so that two that read the same are equal."""
    return " ".join(title.casefold().split())


def voice(toetsen: Sequence[Toets], on: dt.date, *, stacklevel: int) -> None:
    """Warn of layers about which nothing can be said, and of rules that nobody looked up.

    Parameters
    ----------
    toetsen : sequence of Toets
        The rules that are judged.
    on : date
        The day.
    stacklevel : int
        Whose line the warning points at: 1 for the caller of this function.
    """
    for toets in toetsen:
        nothing = toets.idle(on)
        if nothing:
            message = f"{toets.title}: {nothing}; alle oordelen zijn onbekend."
            warnings.warn(message, UnknownResultWarning, stacklevel=stacklevel + 1)
    unsure = [x for x in toetsen if x.rule.certainty != "bron"]
    if unsure:
        told = "; ".join(f"{x.title} ({x.rule.certainty})" for x in unsure)
        warnings.warn(
            f"regels die niet in een bron zijn nagelezen: {told}. Ga ze na voor gebruik.",
            UncertainRuleWarning,
            stacklevel=stacklevel + 1,
        )
