"""The national work by woongeo, through what everyone can call."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import pyarrow.dataset  # noqa: F401  imported beforehand: no part of anyone's time
from national_common import KEYS, WORK, Clock, layer_file

import woongeo
from woongeo import Layer, LayerFile, Locations, Rule, Screening

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.rules import RuleBase


def rule_of(name: str, *, plain: bool = False) -> RuleBase | None:
    """Give the catalogue's rule; none where the layer has that by itself.

    The catalogue judges congestion by class, and by that of the largest part: more than the others
    do. With `plain` zones are judged as the others do, and only then.
    """
    if name == "zones" and plain:
        return Rule()
    if name == "goats":
        return woongeo.default_rule("geitenhouderijen_2km")
    if name == "parcels":
        # Where a plan stands on sprayed ground itself the catalogue leaves that ground out. The
        # others do not know that: here it counts, so that all answer the same question.
        rule = woongeo.default_rule("spuitzones_planologisch")
        if isinstance(rule, Rule):
            return dataclasses.replace(rule, leave_out_own_ground=False)
    return None


def read_layers(
    data: Path,
    around: Locations | None,
    *,
    in_order: bool = False,
    plain: bool = False,
    names: tuple[str, ...] = (),
) -> list[Layer]:
    """Read the layers, by the rules of the catalogue."""
    files = [
        LayerFile(
            KEYS[name],
            layer_file(data, name, in_order=in_order),
            coverage="nederland",
            rule=rule_of(name, plain=plain),
            where={column: ["True"]} if column else None,
        )
        for name, (column, _) in WORK.items()
        if not names or name in names
    ]
    return woongeo.read_layers(files, around=around)


def write(screening: Screening, out: Path) -> None:
    """Write the answers: per location and layer, and per location."""
    columns = ["locatie_id", "laag", "oordeel", "overlap_m2", "afstand_m", "objecten"]
    screening.treffers[columns].to_parquet(out / "treffers.parquet")
    locations = screening.locaties[["locatie_id", "oordeel", "belemmerd_m2"]]
    locations.to_parquet(out / "locaties.parquet")


def ours(data: Path, n: int, out: Path, *, in_order: bool, plain: bool = False) -> dict[str, float]:
    """Read, screen and write; then again with the layers at hand, and with one distance changed."""
    source = data / f"sites_{n}.parquet"
    clock = Clock()
    locations = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
    clock.mark("locaties")
    layers = read_layers(data, locations, in_order=in_order, plain=plain)
    clock.mark("lagen")
    screening = woongeo.screen(locations, layers)
    clock.mark("screenen")
    write(screening, out)
    clock.mark("schrijven")
    steps = clock.done()
    start = time.perf_counter()
    again = woongeo.read_locations(source, id_column="loc_id", overlaps=False)
    write(woongeo.screen(again, layers), out)
    steps["met lagen gereed"] = time.perf_counter() - start
    start = time.perf_counter()
    screening.changed({KEYS["parcels"]: Rule(within_m=60.0)})
    steps["andere afstand"] = time.perf_counter() - start
    return steps


def streamed(data: Path, n: int, out: Path, *, plain: bool = False) -> dict[str, float]:
    """Screen in portions, to files."""
    clock = Clock()
    layers = read_layers(data, None, plain=plain)
    clock.mark("lagen")
    woongeo.screen_file(data / f"sites_{n}.parquet", layers, folder=out / "uit", id_column="loc_id")
    clock.mark("screenen en schrijven")
    return clock.done()
