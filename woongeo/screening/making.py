"""Locations against layers: a verdict for each pair, with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woongeo.screening.cluster import check_client, judge_on
from woongeo.screening.result import Screening, put_together
from woongeo.screening.running import judge_all, subjects_of
from woongeo.screening.toetsen import day, toetsen_of, voice, with_rules
from woongeo.threads import uncollected

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from distributed import Client

    from woongeo.catalogue import Catalogue
    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase


def screen(
    locations: Locations,
    layers: Sequence[Layer],
    *,
    rules: Mapping[str, RuleBase] | Catalogue | None = None,
    on: dt.date | None = None,
    from_severity: str = "zacht",
    client: Client | None = None,
) -> Screening:
    """Judge each location against each layer, by each of its rules that is on.

    Per location and rule the verdict is `belemmerd` where the rule says so; else `onbekend` where
    absence of the layer cannot be relied on: the location lies (partly) outside the layer's
    coverage, its shape cannot be measured, or the layer is absent, empty, failed, incomplete or too
    old; else `vrij`. A hit below the rule's tolerance is `vrij`, and its reason says so. Over
    rules the heaviest verdict holds, so `onbekend` never becomes `vrij`.

    Parameters
    ----------
    locations : Locations
        From `read_locations`.
    layers : sequence of Layer
        From `read_layer` and its like, or `missing_layer`; each key once.
    rules : Mapping of str to RuleBase, or Catalogue, optional
        Key of verdicts ("natura2000", "natura2000_250m") to the rule that replaces or joins the
        layer's own; or what `read_catalogue` read, of which the rules that its file names hold.
    on : date, optional
        The day for which is judged: the age of layers, and rules that hold from or until a day;
        today without it.
    from_severity : str
        From which severity on rules count in the verdict over all rules, the areas and the
        capacity; lighter ones are judged and listed all the same.
    client : dask.distributed.Client, optional
        Of a Dask cluster that judges; asks for ``woongeo[dask]``. Locations go to its workers in
        parts, each with what it needs of the layers; a worker that stops is made up for.

    Returns
    -------
    Screening
        Equal to the last bit with a client and without.
        RD New (EPSG:28992), square metres, metres, shares from 0 to 1. Homes are not divided here,
        and plans that overlap each other are each judged by themselves.

    Raises
    ------
    LayerError
        When there are no layers or two share a key.
    RuleError
        When a rule is given for a layer that is not there, or fits none.
    InputError
        When `client` is not one that can be worked with.
    ClusterError
        When the cluster stops, or cannot give the answers of this computer.

    Warns
    -----
    UnknownResultWarning
        When nothing can be said about a layer.
    UncertainRuleWarning
        When a rule rests on memory or inference.
    """
    if client is not None:
        check_client(client)
    layers = with_rules(layers, rules)
    on = day(on)
    toetsen = toetsen_of(layers)
    voice(toetsen, on, stacklevel=2)
    subjects = subjects_of(locations, on)
    if client is None or not len(subjects):
        with uncollected():
            judged = judge_all(toetsen, subjects)
            return put_together(locations, subjects, layers, toetsen, judged, from_severity)
    judged, areas = judge_on(client, layers, toetsen, subjects, from_severity)
    return put_together(locations, subjects, layers, toetsen, judged, from_severity, areas)
