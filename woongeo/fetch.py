"""Layers straight from their publishers, complete and with their provenance, or `onbekend`.

What `woongeo.pdok` fetches becomes a `Layer` here: its coverage is where it was looked for, so that
absence elsewhere never reads as free.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from woongeo.catalogue import MAIN, Catalogue, LayerSpec, default_catalogue
from woongeo.engine import REACH_M
from woongeo.errors import InputError, ServiceError, UnknownResultWarning
from woongeo.layers import Coverage, Layer, missing_layer, read_coverage, read_layer
from woongeo.locations import Locations
from woongeo.netcongestie import classified
from woongeo.netherlands import outline
from woongeo.numerals import counted, dutch
from woongeo.pdok import Client, Snapshot
from woongeo.progress import steps, tell
from woongeo.rules import ClassRule
from woongeo.spuitzones import read_spuitzones

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from woongeo.pdok import Step
    from woongeo.rules import RuleBase

# Layers whose publisher covers part of the country only: elsewhere their absence means nothing.
_OWN_AREA = {
    "netcongestie_gebieden",
    "netcongestie_gebieden_teruglevering",
    "netcongestie_pc4",
    "netcongestie_pc6",
    "liander_hoogspanning",
    "liander_onderstations",
}
# Of a layer with more features than this only the surroundings are fetched.
_MANY = 20_000
_NEAR_M = 1_000.0


def fetch_layers(  # noqa: PLR0913  one keyword a choice
    names: Sequence[str],
    *,
    around: Locations | gpd.GeoDataFrame | None = None,
    reach_m: float | None = None,
    rules: Mapping[str, RuleBase] | None = None,
    client: Client | None = None,
    failed_is_unknown: bool = False,
    catalogue: Catalogue | None = None,
) -> list[Layer]:
    """Fetch layers by their names in the catalogue, around locations.

    Parameters
    ----------
    names : sequence of str
        Layers of `list_layers` that have a dataset, or names of
        `woongeo.pdok.Client.list_datasets`; they become the layers' keys.
    around : Locations or GeoDataFrame, optional
        Only what lies around these; the whole country without it.
    reach_m : float, optional
        How far around, metres; distances beyond it are missing in a screening. Without it 25 km,
        as far as distances are measured; 1 km, or as far as the rule looks, for layers of more than
        20,000 features.
    rules : Mapping, optional
        Name to the main rule that goes before the catalogue's.
    client : Client, optional
        With a store, offline, or with your own catalogue; a plain one without it.
    failed_is_unknown : bool
        Give a layer that cannot be fetched whole as one about which nothing is known, with the
        reason, instead of failing.
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    list of Layer
        In the order of the names, in RD New (EPSG:28992). Coverage is what was searched, within
        the Netherlands. A layer of `list_layers` that nobody publishes comes as one about which
        nothing is known.

    Raises
    ------
    InputError
        When a name is given twice, or `reach_m` is too little for a rule.
    UnknownDatasetError
        When the catalogue does not know a name.
    ServiceError
        When a layer cannot be fetched whole.

    Warns
    -----
    ServiceWarning
        When a layer came by another door, or from an old copy.
    UnknownResultWarning
        When `failed_is_unknown` and a layer failed.
    """
    if len(set(names)) != len(names):
        raise InputError("fetch_layers: een naam is twee keer gegeven.")
    shapes = around.frame[around.usable] if isinstance(around, Locations) else around
    asking = client or Client(progress=tell_steps())
    given = dict(rules or {})
    if stray := sorted(set(given) - set(names)):
        raise InputError(f"fetch_layers: er is een regel voor {stray[0]}, maar die laag niet.")
    layers = []
    for name in steps("ophalen", names):
        spec = (catalogue or default_catalogue()).spec(name)
        rules_here = spec.rules if name not in given else {**spec.rules, MAIN: given[name]}
        dataset = spec.dataset or name
        if spec.dataset is None and spec.title != spec.key and name not in asking.catalogue:
            # Nobody publishes it: that is no failure, and no freedom either.
            reason = "niemand geeft deze laag landelijk uit; lees een eigen bestand (read_layer)"
            warnings.warn(f"{spec.title}: {reason}.", UnknownResultWarning, stacklevel=2)
            gone = missing_layer(name, reason=reason, catalogue=catalogue)
            layers.append(replace(gone, rules=rules_here))
            continue
        try:
            near = asking.size_of(dataset) > _MANY
            within = max(rule.reach_m for rule in rules_here.values())
            reach = (max(_NEAR_M, within) if near else REACH_M) if reach_m is None else reach_m
            snapshot = (
                asking.fetch(dataset)
                if shapes is None
                else asking.fetch(dataset, around=shapes, reach_m=reach)
            )
        except ServiceError as error:
            if not failed_is_unknown:
                raise
            warnings.warn(f"{name}: {error}", UnknownResultWarning, stacklevel=2)
            gone = missing_layer(name, reason=f"ophalen mislukt: {error}", catalogue=catalogue)
            layers.append(replace(gone, rules=rules_here))
            continue
        found = reach if snapshot.searched is not None else None
        layers.append(_layer(snapshot, spec, rules_here, found, catalogue))
    if client is None:
        asking.close()
    return layers


def tell_steps() -> Callable[[Step], None] | None:
    """Give what shows how far a fetch is, for a client.

    Returns
    -------
    callable or None
        None where nobody asked to see it; see `woongeo.show_progress`.
    """
    show = tell()
    if show is None:
        return None

    def told(step: Step) -> None:
        show(
            f"{step.what}: {counted(step.features, 'object', 'objecten')}, "
            f"{dutch(step.bytes / 1e6, decimals=1)} MB"
        )

    return told


def _layer(
    snapshot: Snapshot,
    spec: LayerSpec,
    rules: Mapping[str, RuleBase],
    reach_m: float | None,
    catalogue: Catalogue | None,
) -> Layer:
    """Make a layer of a snapshot."""
    dataset, facts = snapshot.dataset, snapshot.facts
    own = list(dataset.columns)
    columns = [c for c in own if c in snapshot.frame.columns]
    frame = snapshot.frame
    main = rules[MAIN]
    if isinstance(main, ClassRule) and "afname" in columns and main.column not in frame.columns:
        # A capacity map holds codes; the rule reads what they mean.
        areas, _ = classified(frame, what=dataset.id)
        frame = frame.assign(**{main.column: areas["klasse"].to_numpy()})
    layer = _spray_layer(snapshot, spec, rules, catalogue) or read_layer(
        spec.key,
        frame,
        rule=rules[MAIN],
        coverage=_coverage(snapshot),
        id_column=dataset.key or "feature_id",
        name_column="naam" if "naam" in columns else None,
        # A layer that the catalogue of layers does not know bears its key as a title.
        title=dataset.title if spec.title == spec.key else spec.title,
        publisher=dataset.publisher,
        licence=dataset.licence,
        reference_date=_date(snapshot),
        # A service that proved its answer whole may find nothing near the sites.
        empty_is_free=snapshot.searched is not None,
        catalogue=catalogue,
    )
    within = max(rule.reach_m for rule in layer.active().values())
    if reach_m is not None and within > reach_m:
        raise InputError(
            f"{spec.key}: de regel kijkt tot {within:.0f} m en er is tot "
            f"{reach_m:.0f} m gezocht; geef een grotere reach_m op."
        )
    reach = REACH_M if reach_m is None else reach_m
    layer = replace(layer, reach_m=reach, around=snapshot.searched is not None)
    if layer.source is None:
        return layer
    url = facts["antwoorden"][0]["url"] if facts["antwoorden"] else facts["url"]
    notes = (
        (
            f"{facts['ingang']}, {counted(len(facts['antwoorden']), 'antwoord', 'antwoorden')}, "
            f"sha256 {facts['antwoorden_sha256']}, opgehaald op {facts['opgehaald_op']}"
        ),
        *facts["opmerkingen"],
    )
    source = replace(layer.source, path=url, driver=facts["ingang"], notes=notes)
    return replace(layer, source=source)


def _spray_layer(
    snapshot: Snapshot,
    spec: LayerSpec,
    rules: Mapping[str, RuleBase],
    catalogue: Catalogue | None,
) -> Layer | None:
    """Make spray zones of parcels: their crops are looked up first; None for another layer."""
    if "gewasgroep" not in spec.columns or "gewascode" not in snapshot.frame.columns:
        return None
    return read_spuitzones(
        snapshot.frame,
        key=spec.key,
        coverage=_coverage(snapshot),
        rule=rules[MAIN],
        publisher=snapshot.dataset.publisher,
        licence=snapshot.dataset.licence,
        catalogue=catalogue,
    )


def _coverage(snapshot: Snapshot) -> Coverage:
    """Say where absence of the layer means something."""
    if snapshot.dataset.id in _OWN_AREA:
        shapes = snapshot.frame.geometry.to_numpy()
        surfaces = shapes[shapely.get_dimensions(shapes) == 2]
        return Coverage(surfaces, "alleen de eigen gebieden van de laag")
    area = snapshot.area()
    if area is None:
        return read_coverage("nederland")
    inside = shapely.intersection(area, outline())
    told = (
        f"waar is gezocht ({counted(len(snapshot.searched or []), 'gebied', 'gebieden')}), binnen "
        "Nederland"
    )
    return Coverage(np.array([inside], dtype=object), told, nationwide=False)


def _date(snapshot: Snapshot) -> dt.date:
    """Give the day whose state a layer shows: that of fetching, or of its edition."""
    fetched = dt.datetime.fromisoformat(snapshot.facts["opgehaald_op"]).date()
    moment: Any = snapshot.facts.get("moment_van_de_gegevens")
    return dt.datetime.fromisoformat(moment).date() if moment else fetched
