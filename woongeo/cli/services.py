"""``woongeo fetch`` and ``woongeo pdok``: layers from their publishers, by name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.cli.say import one_line, say
from woongeo.errors import InputError
from woongeo.export.bundle import Bundle
from woongeo.fetch import tell_steps
from woongeo.files import output_error
from woongeo.numerals import by_number, counted
from woongeo.pdok import Client, write_geotiff
from woongeo.progress import doing
from woongeo.sources import read_vector

if TYPE_CHECKING:
    import argparse

    import geopandas as gpd

_EXIT_SERVICE = 4
_TOLD = ("dataset", "ingang", "toelichting")


def client(given: argparse.Namespace) -> Client:
    """Make a client that tells how far it is.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    Client
        To be closed.
    """
    return Client(
        store=given.store,
        offline=given.offline,
        catalogue=given.catalogue,
        hosts=given.host,
        # Who asks is the same for all that someone does, so it is not typed each time.
        contact=os.environ.get("WOONGEO_CONTACT"),
        referer=os.environ.get("WOONGEO_REFERER"),
        progress=tell_steps(),
    )


def run_fetch(given: argparse.Namespace) -> int:
    """Do ``woongeo fetch``.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    if given.naam is None or given.out is None:
        raise InputError(
            "noem een dataset en een bestand: woongeo fetch NAAM --out BESTAND.parquet."
        )
    out = Path(given.out)
    if out.suffix.lower() not in {".parquet", ".tif"}:
        raise InputError(
            f"--out {out}: geef een bestand dat op .parquet eindigt, of voor een raster op .tif."
        )
    manifest = out.with_suffix(".manifest.json")
    there = [path for path in (out, manifest) if path.exists()]
    if there and not given.overwrite:
        raise InputError(f"{there[0]} bestaat al; kies een andere naam, of geef --overwrite.")
    try:
        reach_m = float(given.reach_m.replace(",", "."))
        year = None if given.year is None else int(given.year)
    except ValueError as error:
        raise InputError("--reach-m en --year: geef een getal.") from error
    shapes = read_vector(given.around)[0] if given.around else None
    with client(given) as asking, doing("ophalen", given.naam):
        if out.suffix.lower() == ".tif":
            return _fetch_raster(given, asking, out, shapes, reach_m, year)
        layer = asking.fetch(
            given.naam, around=shapes, reach_m=0.0 if shapes is None else reach_m, year=year
        )
    # The file and where it came from belong together: both are replaced, or neither is.
    Bundle(out.parent, manifest.name, {out.name}.__contains__).write(
        {out.name: lambda path: layer.frame.to_parquet(path, index=False, compression="zstd")},
        lambda: {"gemaakt_door": "woongeo", **layer.facts},
        overwrite=given.overwrite,
    )
    if not given.quiet:
        title = one_line(layer.dataset.title)
        say(
            f"{counted(len(layer), 'object', 'objecten')} van {title} in {out}; herkomst in "
            f"{manifest}"
        )
    return 0


def _fetch_raster(
    given: argparse.Namespace,
    asking: Client,
    out: Path,
    shapes: gpd.GeoDataFrame | None,
    reach_m: float,
    year: int | None,
) -> int:
    """Fetch a raster and keep it; where its cells came from stands in its tags."""
    box = None
    if shapes is not None:
        west, south, east, north = shapes.total_bounds.tolist()
        box = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    raster = asking.raster(given.naam, box, year=year)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(out, error) from error
    write_geotiff(raster, out)
    if not given.quiet:
        rows, columns = raster.values.shape
        title = one_line(raster.title)
        say(f"{rows} bij {columns} cellen van {title} ({one_line(raster.unit)}) in {out}")
    return 0


def run_pdok(given: argparse.Namespace) -> int:
    """Do ``woongeo pdok list`` and ``woongeo pdok check``.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    int
        The code to end with.
    """
    with client(given) as asking:
        if given.deed == "list":
            found = asking.search(" ".join(given.names), live=given.live)
            if given.json:
                # JSON knows no NaN: what is not known is null.
                table = found.reset_index().astype(object)
                records = table.where(table.notna(), None).to_dict("records")
                say(json.dumps(records, ensure_ascii=False, indent=2))
            else:
                for name, row in found.iterrows():
                    say(one_line(f"{name}: {row['titel']} ({row['ingangen']})"))
            return 0
        if given.deed != "check":
            raise InputError("woongeo pdok: kies list of check.")
        found = asking.check(*given.names)
    good = found["goed"].astype(bool)
    if given.json:
        say(json.dumps(found.to_dict("records"), ensure_ascii=False, indent=2))
    else:
        for told in found.to_dict("records"):
            sign = "goed" if told["goed"] else "FOUT"
            say(one_line("  ".join((sign, *(str(told[k]) for k in _TOLD)))))
        say(
            f"{int(good.sum())} van de {len(found)} {by_number(len(found), 'adres', 'adressen')} "
            f"{by_number(good.sum(), 'antwoordt', 'antwoorden')} goed."
        )
    return 0 if good.all() else _EXIT_SERVICE
