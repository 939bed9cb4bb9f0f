"""A layer as it was at one moment, and where it came from."""

from __future__ import annotations

import datetime as dt
import html
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import shapely

from woongeo._version import __version__
from woongeo.encode import visible
from woongeo.numerals import counted
from woongeo.pdok._boxes import Box, joined
from woongeo.pdok.catalogue import KINDS, Dataset, Door

if TYPE_CHECKING:
    from pathlib import Path

    from woongeo.pdok._run import Task


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A layer as it was at one moment, complete and checked.

    Attributes
    ----------
    dataset : Dataset
        What is known of it beforehand.
    frame : GeoDataFrame
        RD New (EPSG:28992), metres: ``feature_id``, the catalogue's columns, what else was served,
        ``geometry``; on a fresh `RangeIndex`.
    searched : list of tuple of float or None
        The boxes (west, south, east, north, metres) in which the layer is complete; outside them
        its absence means nothing. None for the whole country.
    facts : dict
        Where it came from, with Dutch keys: addresses, hashes, counts, moments, licence.
    path : Path or None
        The GeoParquet file in the store.
    fresh : bool
        Whether it was fetched just now.
    """

    dataset: Dataset
    frame: gpd.GeoDataFrame
    searched: list[Box] | None
    facts: dict[str, Any]
    path: Path | None = None
    fresh: bool = True

    def __len__(self) -> int:
        return len(self.frame)

    def area(self) -> shapely.Geometry | None:
        """Draw where the layer is complete.

        Returns
        -------
        Polygon, MultiPolygon or None
            RD New (EPSG:28992), metres; None for the whole country.
        """
        if self.searched is None:
            return None
        return shapely.union_all([shapely.box(*box) for box in self.searched])

    def _repr_html_(self) -> str:
        rows = {
            "objecten": len(self),
            "gebied": "heel Nederland"
            if self.searched is None
            else counted(len(self.searched), "deel", "delen"),
            **{k: self.facts.get(k) for k in ("uitgever", "licentie", "ingang", "opgehaald_op")},
            "opmerkingen": "; ".join(self.facts.get("opmerkingen", [])) or "geen",
        }
        body = "".join(
            f"<tr><th>{html.escape(k)}</th><td>{html.escape(visible(v))}</td></tr>"
            for k, v in rows.items()
        )
        return f"<table><caption>{html.escape(self.dataset.title)}</caption>{body}</table>"


def provenance(entry: Dataset, door: Door, task: Task, boxes: list[Box] | None) -> dict[str, Any]:
    """Write down where a layer came from.

    Parameters
    ----------
    entry : Dataset
        What is known of it beforehand.
    door : Door
        By which it came.
    task : Task
        The fetch.
    boxes : list of Box or None
        What was searched.

    Returns
    -------
    dict
        Plain values, with Dutch keys.
    """
    exchanges = sorted(task.ledger.exchanges, key=lambda e: (e.fetched_at, e.url))
    moment = exchanges[-1].fetched_at if exchanges else dt.datetime.now(dt.UTC)
    return {
        "dataset": entry.id,
        "titel": entry.title,
        "uitgever": entry.publisher,
        "licentie": entry.licence,
        "bronvermelding": entry.attribution,
        "zekerheid": entry.certainty,
        "toelichting": entry.note or None,
        "peildatum": entry.reference or None,
        "jaar": entry.year,
        "ingang": KINDS[door.kind],
        "url": door.url,
        "naam": door.name,
        "moment_van_de_gegevens": entry.datetime or None,
        "gebied": joined(boxes),
        "coordinatenstelsel": "EPSG:28992",
        "opgehaald_op": moment.isoformat(),
        "antwoorden": [
            {
                "url": e.url,
                "sha256": e.sha256,
                "bytes": e.size,
                "opgehaald_op": e.fetched_at.isoformat(),
            }
            for e in exchanges
        ],
        "antwoorden_sha256": task.ledger.sha256(),
        "antwoorden_bytes": task.ledger.size(),
        "opnieuw_gevraagd": task.ledger.retries,
        "opmerkingen": task.notes,
        "versies": {
            "woongeo": __version__,
            "python": platform.python_version(),
            "shapely": shapely.__version__,
            "geopandas": gpd.__version__,
            "pyarrow": pa.__version__,
        },
    }
