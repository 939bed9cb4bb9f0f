"""Real plans to tables and a map: woongeo beside the recipe that a geopandas analyst writes.

2,141 plans of Noord-Holland x Natura 2000 x habitats with their critical loads (4.5 million
corners) x grid congestion x gemeenten; from files to a GeoPackage, two tables and an interactive
map. The data is not in the repository, so its folder is asked for::

    python tests/benchmarks/recipe.py --data ../shared/data --rounds 3 --save recept.json

Both run in turn, each in a process of its own, and imports are in nobody's time. The second part is
the slider: one rule's distance changed on the same plans.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.dataset  # noqa: F401  imported beforehand: no part of anyone's time
from national import setting
from national_common import Clock, memory_at_hand

import woongeo
from woongeo import LayerFile, Rule

PLANS = Path("plannen/eib_noord_holland_2020")
NATURE = Path("natura2000/natura2000_162_rd.gpkg")
HABITATS = Path("natura2000/habitattypen_kdw_2020.parquet")
CONGESTION = Path("netcongestie/pc4_congestie_2026_rd.gpkg")
GEMEENTEN = Path("gebieden/cbs_gemeenten_2022_rd.gpkg")
CROPS = Path("gewassen/brpgewaspercelen_100_2023.gpkg")

_REACH_M, _SHOWN_M = 25_000.0, 5_000.0


def _plans(data: Path) -> woongeo.Locations:
    return woongeo.read_locations(
        data / PLANS,
        id_column="OBJECTID",
        name_column="Plannaam",
        woningen_column="Aantalrest",
        planstatus_column="Planstatus",
    )


def by_woongeo(data: Path, out: Path) -> dict[str, float]:
    """Screen by the catalogue's rules, sum per gemeente, and write tables and map."""
    clock = Clock()
    plans = _plans(data)
    habitats = LayerFile("stikstof", data / HABITATS, id_column="nr", name_column="habitat__2")
    layers = [
        *woongeo.read_layers([LayerFile("natura2000", data / NATURE), habitats], around=plans),
        woongeo.read_netcongestie(data / CONGESTION),
    ]
    regions = woongeo.read_regions("gemeente", data / GEMEENTEN, name_column="gemeente")
    clock.mark("lezen")
    screening = woongeo.screen(plans, layers)
    clock.mark("screenen")
    totals = woongeo.summarize_plancapaciteit(screening, by=[regions])
    clock.mark("optellen")
    webmap = woongeo.map_screening(screening)
    clock.mark("kaart")
    woongeo.export_screening(screening, folder=out / "uit", plancapaciteit=totals, webmap=webmap)
    clock.mark("schrijven")
    steps = clock.done()
    hits = screening.treffers.set_index(["locatie_id", "laag"]).unstack("laag")  # noqa: PD010
    _answers(
        out,
        pd.Series(hits.index.astype("int64")),
        {
            "natura2000_m2": hits["overlap_m2", "natura2000"],
            "natura2000_m": hits["afstand_m", "natura2000"],
            "habitats_m": hits["afstand_m", "stikstof"],
            "stikstof": hits["oordeel", "stikstof"] == "belemmerd",
        },
        totals.tabel[totals.tabel["niveau"] == "gemeente"].set_index("gebied")["woningen"],
    )
    return steps


def by_geopandas(data: Path, out: Path) -> dict[str, float]:
    """Do what manuals of geopandas and folium show, with indexes and only what is needed."""
    clock = Clock()
    plans = gpd.read_file(data / PLANS)
    plans["geometry"] = plans.make_valid()
    layers = {
        "natura2000": gpd.read_file(data / NATURE, columns=["nr", "naam"]),
        "habitats": gpd.read_parquet(data / HABITATS, columns=["nr", "habitat__2", "geometry"]),
        "netcongestie": gpd.read_file(data / CONGESTION, columns=["pc4", "focusgebied"]),
    }
    for name, layer in layers.items():
        layers[name] = layer.set_geometry(layer.make_valid())
    gemeenten = gpd.read_file(data / GEMEENTEN, columns=["gemeente"])
    clock.mark("lezen")
    table, pieces = plans.copy(), []
    for name in ("natura2000", "netcongestie"):
        taken = gpd.overlay(
            plans[["OBJECTID", "geometry"]], layers[name][["geometry"]], how="intersection"
        ).dissolve("OBJECTID")
        pieces.append(taken.reset_index())
        table[f"{name}_m2"] = table["OBJECTID"].map(taken.area).fillna(0.0)
        table[f"{name}_aandeel"] = table[f"{name}_m2"] / plans.area
        ids = gpd.sjoin(plans, layers[name], predicate="intersects")
        label = ids.columns[ids.columns.get_loc("index_right") + 1]
        told = ids.groupby("OBJECTID")[label].agg(lambda s: ", ".join(sorted(map(str, set(s)))))
        table[f"{name}_objecten"] = table["OBJECTID"].map(told).fillna("")
    clock.mark("snijden")
    for name, layer in layers.items():
        near = gpd.sjoin_nearest(plans, layer, max_distance=_REACH_M, distance_col="m")
        table[f"{name}_m"] = table["OBJECTID"].map(near.groupby("OBJECTID")["m"].min())
    clock.mark("afstand")
    mol = woongeo.deposition_mol(plans["Aantalrest"], table["habitats_m"].fillna(np.inf))
    table["stikstof"] = mol > 0.005
    union = pd.concat(pieces).dissolve("OBJECTID").area
    table["belemmerd_m2"] = table["OBJECTID"].map(union).fillna(0.0)
    table["oordeel"] = np.where(
        (table["natura2000_aandeel"] > 0.01) | table["stikstof"], "belemmerd", "vrij"
    )
    clock.mark("oordelen")
    totals = _per_gemeente(table, gemeenten)
    clock.mark("optellen")
    shown = {
        name: layer.loc[
            np.unique(layer.sindex.query(plans.geometry, "dwithin", distance=_SHOWN_M)[1])
        ]
        for name, layer in layers.items()
    }
    _folium(table, shown).save(out / "kaart.html")
    clock.mark("kaart")
    table.to_file(out / "locaties.gpkg", layer="locaties")
    for name, layer in shown.items():
        layer.to_file(out / "locaties.gpkg", layer=f"laag_{name}")
    table.drop(columns="geometry").to_csv(out / "treffers.csv", index=False)
    totals.to_csv(out / "capaciteit.csv")
    clock.mark("schrijven")
    steps = clock.done()
    columns = ["natura2000_m2", "natura2000_m", "habitats_m", "stikstof"]
    _answers(out, table["OBJECTID"], {c: table[c] for c in columns}, totals["woningen"])
    return steps


def _per_gemeente(table: gpd.GeoDataFrame, gemeenten: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share homes out over gemeenten by area, what lies outside all of them too, and add up."""
    columns = ["OBJECTID", "Aantalrest", "oordeel", "natura2000_aandeel", "geometry"]
    parts = gpd.overlay(table[columns], gemeenten, how="intersection")
    whole = parts["OBJECTID"].map(table.set_index("OBJECTID").area)
    parts["deel"] = parts.area / whole
    inside = table["OBJECTID"].map(parts.groupby("OBJECTID")["deel"].sum()).fillna(0.0)
    rest = table[columns].assign(deel=1 - inside, gemeente="buiten de gebieden")
    every = pd.concat([pd.DataFrame(x.drop(columns="geometry")) for x in (parts, rest)])
    every["woningen"] = every["Aantalrest"] * every["deel"]
    every["natura2000_verwacht"] = every["woningen"] * every["natura2000_aandeel"]
    per = every[every["deel"] > 1e-9].groupby("gemeente")
    totals = per[["woningen", "natura2000_verwacht"]].sum()
    totals["plannen"] = per["OBJECTID"].nunique()
    verdicts = every.pivot_table(
        index="gemeente", columns="oordeel", values="woningen", aggfunc="sum", fill_value=0
    )
    return pd.DataFrame(totals.join(verdicts))


def _folium(table: gpd.GeoDataFrame, shown: dict[str, gpd.GeoDataFrame]) -> folium.Map:
    """Draw layers near plans, simplified by five metres, and plans with what was found."""
    page = folium.Map(location=[52.5, 4.9], zoom_start=10, tiles=None)
    for name, layer in shown.items():
        drawn = layer.set_geometry(layer.simplify(5.0)).to_crs(4326)
        tooltip = folium.GeoJsonTooltip([c for c in drawn.columns if c != "geometry"])
        style = {"color": "#4a7", "weight": 1, "fillOpacity": 0.3}
        folium.GeoJson(
            drawn, name=name, style_function=lambda _, s=style: s, tooltip=tooltip
        ).add_to(page)
    columns = ["Plannaam", "Gem_naam", "Aantalrest", "Planstatus", "oordeel", "stikstof"]
    columns += ["natura2000_m2", "natura2000_m", "habitats_m", "netcongestie_m2"]
    drawn = table.set_geometry(table.simplify(1.0))[[*columns, "geometry"]].to_crs(4326)
    colours = {"belemmerd": "#c33", "vrij": "#3a3"}
    folium.GeoJson(
        drawn,
        name="plannen",
        style_function=lambda f: {"color": colours[f["properties"]["oordeel"]], "weight": 1},
        tooltip=folium.GeoJsonTooltip(columns),
    ).add_to(page)
    folium.LayerControl().add_to(page)
    return page


def _answers(out: Path, plans: pd.Series, columns: dict[str, pd.Series], homes: pd.Series) -> None:
    """Write what can be compared."""
    frame = pd.DataFrame({name: x.to_numpy() for name, x in columns.items()}, index=plans)
    frame.sort_index().to_parquet(out / "plannen.parquet")
    homes.to_frame("woningen").sort_index().to_parquet(out / "gemeenten.parquet")


def differences(ours: Path, theirs: Path) -> str:
    """Say how far answers are apart; of congestion the recipe knows no classes."""
    a, b = (pd.read_parquet(x / "plannen.parquet") for x in (ours, theirs))
    told = []
    for column in a.columns:
        x, y = a[column].to_numpy(float), b[column].to_numpy(float)
        x, y = (np.where(np.nan_to_num(v, nan=np.inf) > 1e12, np.inf, v) for v in (x, y))
        gap = np.zeros(len(x))
        gap[x != y] = np.abs(x[x != y] - y[x != y])
        told.append(f"{column} {int((gap > 1e-3).sum())} anders (grootste {gap.max():.1e})")
    homes = [pd.read_parquet(x / "gemeenten.parquet")["woningen"] for x in (ours, theirs)]
    apart = homes[0].sub(homes[1], fill_value=0).abs()
    told.append(
        f"woningen per gemeente hoogstens {apart.max():.1f} anders (woongeo telt hele woningen), "
        f"samen {homes[0].sum():.0f} en {homes[1].sum():.0f}"
    )
    return "; ".join(told)


def slider(data: Path, crops: Path) -> dict[str, float]:
    """Change a distance on all plans, as one does with a slider: seconds per change."""
    plans = _plans(data)
    usual = woongeo.default_rule("natura2000_250m")
    if not isinstance(usual, Rule):
        raise SystemExit("natura2000_250m is geen regel met een afstand")
    band = dataclasses.replace(usual, on=True)
    habitats = LayerFile("stikstof", data / HABITATS, id_column="nr", name_column="habitat__2")
    layers = [
        *woongeo.read_layers([LayerFile("natura2000", data / NATURE), habitats], around=plans),
        woongeo.read_netcongestie(data / CONGESTION),
    ]
    rules = {"natura2000_250m": band}
    if crops.exists():
        # The few parcels that can be had say little; a whole year of the BRP can be given.
        layers.append(
            woongeo.read_spuitzones(crops, coverage="nederland", rule=Rule(within_m=50.0))
        )
    screening = woongeo.screen(plans, layers, rules=rules)
    found = {}
    for metres in (300.0, 350.0, 200.0):
        start = time.perf_counter()
        screening.changed({"natura2000_250m": dataclasses.replace(band, within_m=metres)})
        found[f"natura2000 250 m naar {metres:.0f} m"] = time.perf_counter() - start
    if crops.exists():
        start = time.perf_counter()
        screening.changed({"spuitzones": Rule(within_m=60.0)})
        told = f"spuitzone 50 m naar 60 m, {len(layers[-1])} percelen"
        found[told] = time.perf_counter() - start
    return found


# --- in turn


def _started(asked: argparse.Namespace, who: str, out: Path) -> dict[str, Any]:
    words = [sys.executable, __file__, "--run", who, "--data", str(asked.data), "--out", str(out)]
    words += ["--crops", str(asked.crops)] if asked.crops else []
    out.mkdir()
    load = os.getloadavg()[0]
    try:
        said = subprocess.run(
            words, check=True, capture_output=True, text=True, timeout=asked.limit
        )
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{who}: {(error.stderr or '').strip()[-500:]}") from error
    result: dict[str, Any] = json.loads(said.stdout.strip().splitlines()[-1])
    print(f"{who}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return {"steps": result, "load": load}


def main() -> None:
    """Run both in turn and print what stands in docs/prestaties.md."""
    parser = argparse.ArgumentParser(description="Real plans, beside the recipe of geopandas.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--crops", type=Path, help="crop parcels (BRP) for the slider")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1_800.0, help="seconds a run may take")
    parser.add_argument("--save", type=Path, help="where all runs go, as JSON")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    runs = {
        "woongeo": lambda: by_woongeo(asked.data, asked.out),
        "geopandas": lambda: by_geopandas(asked.data, asked.out),
        "schuif": lambda: slider(asked.data, asked.crops or asked.data / CROPS),
    }
    if asked.run:
        warnings.simplefilter("ignore")
        memory_at_hand()
        print(json.dumps(runs[asked.run]()))
        return
    begun = setting()
    found: dict[str, list[dict[str, Any]]] = {who: [] for who in runs}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(asked.rounds):
            for who in runs:
                found[who].append(_started(asked, who, Path(scratch) / f"{who}_{turn}"))
        places = [Path(scratch) / f"{who}_{asked.rounds - 1}" for who in ("woongeo", "geopandas")]
        same = differences(*places)
    report(found, same, begun)
    if asked.save:
        told = {"begin": begun, "einde": setting(), "rondes": found, "antwoorden": same}
        asked.save.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


def report(found: dict[str, list[dict[str, Any]]], same: str, begun: dict[str, Any]) -> None:
    """Print medians."""
    own, other = ([x["steps"] for x in found[who]] for who in ("woongeo", "geopandas"))
    ratio = statistics.median(b["totaal"] / a["totaal"] for a, b in zip(own, other, strict=True))
    a, b = (statistics.median(x["totaal"] for x in runs) for runs in (own, other))
    verdict = "gehaald" if ratio >= 15 else "niet gehaald"
    text = f"{ratio:.1f}x ({a:.1f} tegen {b:.1f} s)".replace(".", ",")
    print(
        "| 2.141 echte plannen, vier lagen, tot tabellen en kaart | het recept met geopandas "
        f"| 15x (30x) | {text} | {verdict} |"
    )
    changes = [x["steps"] for x in found["schuif"]]
    for name in changes[0]:
        seconds = statistics.median(x[name] for x in changes)
        verdict = "gehaald" if seconds < 0.2 else "niet gehaald"
        told = f"{seconds:.2f} s".replace(".", ",")
        print(f"| {name}, 2.141 plannen | - | onder 0,2 s | {told} | {verdict} |")
    for who, runs in (("woongeo", own), ("geopandas", other)):
        steps = [f"{s} {statistics.median(x[s] for x in runs):.2f} s" for s in runs[0]]
        print(f"\n{who} per stap: {', '.join(steps)}")
    print(f"\nantwoorden: {same}")
    print(f"\n{begun['dag']}, {begun['machine']}, belasting {begun['belasting']} bij het begin")


if __name__ == "__main__":
    main()
