"""A screening of which every word is a stranger's, and every file that can be made of it.

Each place has a text of its own, which begins as a formula and holds markup, a template, a script
and a sign that turns text around.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hostile
import pandas as pd
import pytest
from conftest import block, frame
from PIL import Image

import woongeo

if TYPE_CHECKING:
    from pathlib import Path

ON = dt.date(2026, 11, 1)
FORMATS = ("gpkg", "csv", "xlsx", "parquet", "geojson")


def said(place: str) -> str:
    """Give the text of a place: of a length that every form shows whole, or begins to show."""
    return f"={place}{hostile.SHORT}"


def seen(place: str) -> str:
    """Say how a reader sees it."""
    return hostile.spelled_out(said(place))


@dataclass(frozen=True)
class World:
    """A screening of which every word is a stranger's."""

    screening: woongeo.Screening
    capacity: woongeo.Plancapaciteit
    regions: woongeo.Regions
    found: woongeo.Zoekgebieden


def world() -> World:
    """Screen plans: the first has the text of each place, the others have all texts there are."""
    texts = [*hostile.ALL, *hostile.HALF]
    n = len(texts) + 1
    shapes = [block(150 * (i % 10), 150 * (i // 10)) for i in range(n)]

    def column(place: str) -> Any:
        # A list of pandas cannot hold half a character.
        return pd.Series([said(place), *texts], dtype=object)

    ids: Any = column("id")
    ids[1:] = [f"{i} {text}" for i, text in enumerate(texts)]

    plans = frame(
        shapes,
        plan_id=ids,
        plannaam=column("naam"),
        gemeente=column("gemeente"),
        planstatus=column("planstatus"),
        woningen=range(10 * n, 0, -10),
    )
    plans[said("kolom")] = column("waarde")
    for i, text in enumerate(hostile.ALL):
        plans[f"{text}{i}"] = i
    features = frame(
        [block(150 * (i % 10) + 20, 150 * (i // 10), 20, 20) for i in range(n)],
        nr=column("object"),
        naam=column("objectnaam"),
    )
    rule = woongeo.Rule(source=said("bron"), basis=said("grondslag"), remark=said("opmerking"))
    layer = woongeo.read_layer(
        "gevaar",
        features,
        coverage=woongeo.read_coverage(frame([block(-500, -500, 20_000, 20_000)])),
        rule=rule,
        title=said("laag"),
        publisher=said("uitgever"),
        licence=said("licentie"),
        id_column="nr",
        name_column="naam",
    )
    missing = woongeo.missing_layer("weg", reason=said("reden"), title=said("weg"))
    screening = woongeo.screen(woongeo.read_locations(plans), [layer, missing], on=ON)
    regions = woongeo.read_regions(
        said("niveau"),
        frame([block(-10, -10, 3_000, 3_000)], naam=[said("gebied")]),
        name_column="naam",
    )
    targets = woongeo.read_targets(
        pd.DataFrame(
            [
                {
                    "niveau": said("niveau"),
                    "gebied": said("gebied"),
                    "van": 2022,
                    "tot": 2030,
                    "waarde": 100,
                    "bron": said("opgavebron"),
                }
            ]
        )
    )
    capacity = woongeo.summarize_plancapaciteit(screening, by=[regions], targets=targets)
    found = woongeo.find_sites(regions, [layer, missing], on=ON)
    return World(screening, capacity, regions, found)


def write_all(made: World, place: Path) -> None:
    """Write it in every form that there is."""
    pytest.importorskip("typst")
    pytest.importorskip("pptx")
    screening = made.screening
    by: list[woongeo.Regions | str] = [made.regions, "gemeente"]
    woongeo.export_screening(
        screening,
        folder=place / "export",
        plancapaciteit=made.capacity,
        knelpunten=woongeo.knelpunten(screening, by=by),
        vrijspelen=woongeo.vrijspelen(screening, by=by),
        webmap=woongeo.map_screening(screening, title=said("titel")),
        formats=FORMATS,
    )
    Image.new("RGB", (4, 4)).save(place / "logo.png")
    theme = place / "thema.toml"
    logo = {"bestand": "logo.png", "tekst": said("logo")}
    lines = [f"{key} = {json.dumps(value)}" for key, value in logo.items()]
    theme.write_text("\n".join(["[logo]", *lines]), encoding="utf-8")
    woongeo.write_report(
        made.capacity,
        folder=place / "rapport",
        title=said("titel"),
        theme=theme,
        earlier=screening,
        pptx=True,
    )
    woongeo.export_sites(made.found, folder=place / "zoek")
    sheet = woongeo.plot_screening(screening, title=said("titel"), labels=100)
    for kind in ("png", "pdf", "svg"):
        sheet.save(place / f"blad.{kind}")
    things: list[Any] = [
        *(screening, made.capacity, screening.locations, screening.locations.report, made.regions),
        *(*screening.layers, made.found, woongeo.knelpunten(screening), made.capacity.targets),
        *(woongeo.vrijspelen(screening), woongeo.compare(screening, screening)),
    ]
    shown = "".join(thing._repr_html_() for thing in things)
    page = f'<!DOCTYPE html><meta charset="utf-8"><body>{shown}</body>'
    (place / "notebook.html").write_text(page, encoding="utf-8")
