"""Write Voorbeeldstreek: a made-up region in the Markermeer that holds every kind of case.

Everything lies on a grid of round RD coordinates, so that each figure is mental arithmetic. The
files are committed; running this again writes the same bytes::

    python data/maak_voorbeeldstreek.py
"""

from __future__ import annotations

import json
import math
from pathlib import Path

#: The southwest corner in RD New; positions below are metres east and north of it.
EAST, NORTH = 142_000, 506_000

Ring = list[tuple[float, float]]


def block(x: float, y: float, wide: float = 100, high: float = 100) -> Ring:
    """Draw a rectangle."""
    return [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]


def circle(x: float, y: float, radius: float, corners: int = 32) -> Ring:
    """Draw a regular polygon, as a buffered point."""
    turn = [2 * math.pi * i / corners for i in range(corners)]
    ring = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in turn]
    return [*ring, ring[0]]


def feature(rings: list[list[Ring]] | None, **properties: object) -> dict[str, object]:
    """Make a GeoJSON feature of one or more surfaces, each a shell and its holes."""
    geometry: dict[str, object] | None = None
    if rings is not None:
        placed = [
            [[[round(EAST + x, 3), round(NORTH + y, 3)] for x, y in ring] for ring in surface]
            for surface in rings
        ]
        if len(placed) == 1:
            geometry = {"type": "Polygon", "coordinates": placed[0]}
        else:
            geometry = {"type": "MultiPolygon", "coordinates": placed}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def plan(
    number: int,
    naam: str,
    status: str | None,
    woningen: int | None,
    rings: list[list[Ring]] | None,
) -> dict[str, object]:
    """Make a housing location."""
    return feature(
        rings, plan_id=f"V{number:02d}", plannaam=naam, planstatus=status, woningen=woningen
    )


# Natura 2000: De Rietlanden with open water in it, and Het Hoge Duin in two overlapping parts.
NATURA2000 = [
    feature(
        [[block(500, 500, 1000, 1000), block(900, 900, 200, 200)]],
        nr=901,
        naam="De Rietlanden",
    ),
    feature([[block(2600, 2600, 400, 400)]], nr=902, naam="Het Hoge Duin"),
    feature([[block(2800, 2600, 400, 400)]], nr=902, naam="Het Hoge Duin"),
]

# Congestion at station Noord; the operator publishes the west of the region only.
NETCONGESTIE = [feature([[block(2000, 2000, 1500, 1500)]], code="NRD", naam="Station Noord")]
NETCONGESTIE_DEKKING = [feature([[block(0, 0, 5000, 4000)]], naam="Netbeheerder West")]

GEMEENTEN = [
    feature([[block(0, 0, 3000, 4000)]], naam="Westdam"),
    feature([[block(3000, 0, 3000, 4000)]], naam="Oostveen"),
]
PROVINCIE = [feature([[block(0, 0, 6000, 4000)]], naam="Voorbeeldland")]

LOCATIES = [
    # Half of it in De Rietlanden: 5,000 m2, 20 homes expected.
    plan(1, "Rietrand", "1A Onherroepelijk", 40, [[block(450, 700)]]),
    # Wholly in it.
    plan(2, "Middenriet", "3 plan in voorbereiding", 25, [[block(600, 700)]]),
    # Free of both layers.
    plan(3, "Zuidkamp", "2A Vastgesteld", 60, [[block(2000, 500, 200, 200)]]),
    # Shares an edge with De Rietlanden and no ground.
    plan(4, "Aan het riet", "4A visie", 12, [[block(1500, 700)]]),
    # 50 of 10,000 m2 overlap: under both tolerances.
    plan(5, "Net ernaast", "4B optie", 8, [[block(1499.5, 900)]]),
    # On the open water inside De Rietlanden: surrounded, not in it.
    plan(6, "Waterhof", "2B Vastgesteld, uitwerkingsplicht", 30, [[block(950, 950)]]),
    # A ring of building land around a park; the park is no part of the site.
    plan(
        7,
        "Ringpark",
        "1B onhr + uitwerkingsplicht",
        90,
        [[block(2000, 1000, 300, 300), block(2100, 1100)]],
    ),
    # Two surfaces, one of them in the congestion area.
    plan(
        8, "Twee velden", "1C onhr + wijzigingsbevoegdheid", 50,
        [[block(1800, 2200)], [block(2200, 2200)]],
    ),
    # Over the border of the gemeenten: a quarter in Westdam, three quarters in Oostveen.
    plan(
        9, "Grensland", "2C vastgesteld + Wijzigingebevoegdheid", 10,
        [[block(2900, 500, 400, 100)]],
    ),
    # No number of homes.
    plan(10, "Zonder getal", "3 plan in voorbereiding", None, [[block(3500, 500)]]),
    # The same surface twice, under the same id.
    plan(11, "Dubbelhof", "1A Onherroepelijk", 15, [[block(3700, 500)]]),
    plan(11, "Dubbelhof", "1A Onherroepelijk", 15, [[block(3700, 500)]]),
    # East of what the operator publishes: unknown, not free.
    plan(12, "Oosterveld", "1A Onherroepelijk", 70, [[block(5500, 500, 200, 100)]]),
    # Half in, half out of what the operator publishes.
    plan(13, "Randveld", "3", 20, [[block(4950, 1000)]]),
    # Nature and congestion both: its homes count once.
    plan(14, "Duinnoord", "4A visie", 100, [[block(2700, 2700)]]),
    # Reaches over both parts of Het Hoge Duin: what they share counts once.
    plan(15, "Duinlint", "Status onbekend", 16, [[block(2550, 2550, 800, 100)]]),
    # A masterplan and its part.
    plan(16, "Masterplan Zuid", "4A visie", 200, [[block(4000, 1500, 400, 400)]]),
    plan(17, "Masterplan Zuid, fase 1", "2A Vastgesteld", 80, [[block(4050, 1550, 200, 200)]]),
    # Not counted: an idea of the staff.
    plan(18, "Ambtelijk idee", "5A Ambtelijk met locatie", 33, [[block(4500, 500)]]),
    # Crosses itself: repaired, 5,000 m2.
    plan(
        19, "Strikje", "3 in voorbereiding", 5,
        [[[(4000, 2500), (4100, 2600), (4100, 2500), (4000, 2600), (4000, 2500)]]],
    ),
    # Nothing drawn: unknown.
    plan(20, "Nog te tekenen", "4B optie", 18, None),
    # A placeholder.
    plan(21, "Prikpunt", "4B optie", 6, [[circle(4500, 2500, 50)]]),
    # A name from someone who means harm; shown as it is.
    plan(
        22, "<b onclick=alert(1)>{{7*7}} ${7*7} =1+1", "zacht", 9,
        [[block(500, 2500)]],
    ),
]  # fmt: skip


def write(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "locaties": LOCATIES,
        "natura2000": NATURA2000,
        "netcongestie": NETCONGESTIE,
        "netcongestie_dekking": NETCONGESTIE_DEKKING,
        "gemeenten": GEMEENTEN,
        "provincie": PROVINCIE,
    }
    for name, features in files.items():
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
        head = json.dumps({"type": "FeatureCollection", "name": name, "crs": crs})[:-1]
        lines = ",\n".join(json.dumps(f, ensure_ascii=False) for f in features)
        text = f'{head}, "features": [\n{lines}\n]}}\n'
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(__file__).parent / "voorbeeldstreek")
