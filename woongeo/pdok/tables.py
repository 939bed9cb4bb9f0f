"""Tables without shapes, joined to the shapes of another dataset by postcode.

The capaciteitskaart is such a table: a CSV file of all postcodes with codes for how full the grid
is. What a code means is not known here, so every value stays the text that was published: a number
that was empty, or "0" where nothing was supplied yet, must not become a zero that reads as free.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from woongeo.encode import visible
from woongeo.errors import IncompleteLayerError, ServiceResponseError
from woongeo.numerals import by_number
from woongeo.pdok._http import Answer, GarbledError, server_text

if TYPE_CHECKING:
    from woongeo.pdok._run import Task
    from woongeo.pdok.catalogue import Dataset

_POSTCODE = re.compile(r"[1-9][0-9]{3}[A-Z]{2}")
# So many rows in a thousand may have no postcode that can be read; they are counted.
_ODD_PER_THOUSAND = 1


@dataclass(frozen=True, eq=False)
class Rows:
    """A table that came whole.

    Attributes
    ----------
    frame : DataFrame
        Text, as published but for blanks around it; the catalogue's columns under their own names
        first. A row for each different row of the table, in the order of the table.
    read : int
        How many rows the table has.
    odd : int
        How many of them have no postcode that can be read, and were left out.
    """

    frame: pd.DataFrame
    read: int
    odd: int


def fetch_table(task: Task, url: str, entry: Dataset) -> Rows:
    """Fetch a table, and prove as far as can be that it is whole.

    Parameters
    ----------
    task : Task
        The fetch.
    url : str
        A CSV file with semicolons.
    entry : Dataset
        What is known of it: its columns, and the least number of rows.

    Returns
    -------
    Rows
        The table.

    Raises
    ------
    IncompleteLayerError
        When nothing proves that it is whole, or there are too few rows to be all.
    ServiceResponseError
        When it is not the table that was asked.
    ServiceError
        When it does not come.
    """
    rows = task.http.get(
        url,
        what=task.what,
        accept="text/csv, text/plain, application/octet-stream",
        budget=task.budget,
        ledger=task.ledger,
        check=lambda answer: _read(answer, entry, task.what),
    )
    task.count(rows.read)
    if rows.odd:
        task.note(
            f"{rows.odd} van de {rows.read} {by_number(rows.read, 'rij', 'rijen')} "
            f"{by_number(rows.odd, 'heeft', 'hebben')} geen leesbare postcode"
        )
    return rows


def _read(answer: Answer, entry: Dataset, what: str) -> Rows:
    """Read an answer that must be a whole table."""
    shown = visible(answer.url)[:300]
    _require_end(answer, what)
    try:
        table = csv.read_csv(
            io.BytesIO(answer.body),
            parse_options=csv.ParseOptions(delimiter=";"),
            convert_options=csv.ConvertOptions(
                column_types=_all_text(answer, entry, what), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        # Arrow names the row that has another number of fields than the first.
        raise GarbledError(
            f"{what}: {shown} is geen gave tabel ({visible(error)[:200]})."
        ) from error
    if table.num_rows < entry.min_rows:
        raise IncompleteLayerError(
            f"{what}: {shown} heeft {table.num_rows} {by_number(table.num_rows, 'rij', 'rijen')} "
            f"en dat moeten er minstens {entry.min_rows} zijn. Klopt het nieuwe aantal, pas dan "
            "min_rows in de catalogus aan."
        )
    names = [name.strip() for name in table.column_names]
    plain = {name.lower(): name for name in names}
    table = table.rename_columns(names)
    renamed = {}
    for own, theirs in entry.columns.items():
        renamed[own] = table[next(plain[t.lower()] for t in theirs if t.lower() in plain)]
        names.remove(next(plain[t.lower()] for t in theirs if t.lower() in plain))
    for name in names:
        renamed[name if name not in renamed else f"{name}_attribuut"] = table[name]
    texts = {name: pc.utf8_trim_whitespace(column) for name, column in renamed.items()}
    frame = pa.table(texts).to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)
    frame = frame.mask(frame == "")
    frame["postcode"] = frame["postcode"].str.replace(" ", "").str.upper()
    good = frame["postcode"].str.fullmatch(_POSTCODE).fillna(value=False).to_numpy(dtype=bool)
    odd = int((~good).sum())
    if odd * 1_000 > len(frame) * _ODD_PER_THOUSAND:
        row = int(np.flatnonzero(~good)[0])
        raise ServiceResponseError(
            f"{what}: {shown} heeft in {odd} van de {len(frame)} "
            f"{by_number(len(frame), 'rij', 'rijen')} geen postcode, voor het eerst in rij "
            f"{row + 2} ({visible(frame['postcode'].iloc[row])[:20]})."
        )
    return Rows(frame[good].drop_duplicates(ignore_index=True), len(frame), odd)


def _require_end(answer: Answer, what: str) -> None:
    """Refuse an answer of which only the closing of the line tells that it ended."""
    framed = {"content-length", "transfer-encoding"} & set(answer.headers)
    # A gzip stream ends with its own length and checksum, which were held against it.
    packed = "gzip" in answer.headers.get("content-encoding", "")
    if not (framed or packed):
        raise IncompleteLayerError(
            f"{what}: {visible(answer.url)[:300]} noemt geen lengte, dus is niet te bewijzen dat "
            "de tabel heel is."
        )


def _all_text(answer: Answer, entry: Dataset, what: str) -> dict[str, pa.DataType]:
    """Read the first line: every column that is known must be there, and each name once."""
    shown = visible(answer.url)[:300]
    line = answer.body.split(b"\n", 1)[0]
    try:
        head = line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError as error:
        raise GarbledError(f"{what}: {shown} is geen tekst in UTF-8.") from error
    names = [name.strip('"') for name in head.split(";")]
    plain = [name.strip().lower() for name in names]
    missing = [
        " of ".join(theirs)
        for theirs in entry.columns.values()
        if not any(name.lower() in plain for name in theirs)
    ]
    if missing:
        said = server_text(answer)
        told = f"; de server zegt: {said}" if said else ""
        raise GarbledError(
            f"{what}: {shown} is niet de tabel die is gevraagd: kolom {missing[0]} ontbreekt "
            f"(de eerste regel is {visible(head)[:200]!r}){told}."
        )
    if len(set(plain)) != len(plain):
        raise GarbledError(f"{what}: {shown} heeft kolommen van dezelfde naam.")
    return dict.fromkeys(names, pa.string())


def join_shapes(
    rows: Rows, shapes: gpd.GeoDataFrame, entry: Dataset, *, everywhere: bool
) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Join rows to shapes by postcode.

    Parameters
    ----------
    rows : Rows
        The table.
    shapes : GeoDataFrame
        RD New; ``postcode`` and ``geometry``.
    entry : Dataset
        The table's.
    everywhere : bool
        Whether the shapes are those of the whole country.

    Returns
    -------
    frame : GeoDataFrame
        RD New (EPSG:28992), metres: ``feature_id``, the table's columns as text, and ``geometry``;
        every shape is there, with missing values where the table has no row for it. A postcode with
        several different rows comes as often, and so does a shape that is coarser than its rows.
    counts : dict
        What fitted and what did not, with Dutch keys; ``rijen_zonder_vlak`` is None where the
        shapes are not those of the whole country.
    """
    table = rows.frame
    if entry.shapes_digits < 6:
        # Whole rows stay together: what a code means hangs on the feed area beside it.
        short = table["postcode"].str[: entry.shapes_digits]
        table = table.assign(postcode=short).drop_duplicates(ignore_index=True)
    postcode = shapes["postcode"].astype("string").str.replace(" ", "").str.upper()
    found = gpd.GeoDataFrame(
        {"postcode": postcode}, geometry=shapes.geometry.to_numpy(), crs=shapes.crs
    )
    lonely = ~found["postcode"].isin(table["postcode"])
    unplaced = ~table["postcode"].isin(found["postcode"])
    joined = found.merge(table, on="postcode", how="left", sort=False)
    again = joined.groupby("postcode", dropna=False, sort=False).cumcount()
    name = joined["postcode"].fillna("zonder postcode")
    ids = name.where(again == 0, name + "#" + (again + 1).astype(str))
    columns = [c for c in table.columns if c != "feature_id"]
    frame = gpd.GeoDataFrame(
        {"feature_id": ids, **{c: joined[c] for c in columns}},
        geometry=joined.geometry,
        crs=shapes.crs,
    )
    counts = {
        "rijen": rows.read,
        "rijen_zonder_postcode": rows.odd,
        "vlakken": len(found),
        "vlakken_zonder_rij": int(lonely.sum()),
        "rijen_zonder_vlak": int(unplaced.sum()) if everywhere else None,
        "vlakken_met_meer_rijen": int((again == 1).sum()),
    }
    return frame, counts
