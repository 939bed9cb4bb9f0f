"""A screening as files: all of them or none, and never over something that is the user's.

Every folder holds a ``manifest.json`` with the hash of each file, so that a later run knows its own
files again: it replaces those, and refuses to touch a file that it did not write or that was
changed since.

Files are written and flushed in a folder beside their place and then moved, the manifest last. A
run that is killed before its manifest moved has not happened: the next run puts back what it had
taken away.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import platform
import re
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from filelock import FileLock, Timeout
from pyogrio.errors import DataLayerError, DataSourceError

from woongeo.encode import csv_text, visible
from woongeo.errors import FileError, OutputError
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    keep_second_name,
    output_error,
    scratch_folder,
)
from woongeo.regions import Regions
from woongeo.sources import split_layer
from woongeo.verdict import SCREENING, Oordeel

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from woongeo.capacity import Plancapaciteit
    from woongeo.layers import Layer
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.webmap import ScreeningMap

MANIFEST = "manifest.json"
_GPKG, _TREFFERS, _CAPACITEIT, _KAART = FILES = (
    "locaties.gpkg",
    "treffers.csv",
    "capaciteit.csv",
    "kaart.html",
)

# In a scratch folder: what stood at the places that files are being moved to.
_BEFORE, _LOCK = "vorige", "slot"

# A tenth of a millimetre, of a square millimetre and so on: less is the noise of floating point,
# and would make equal runs differ.
_DECIMALS = {"overlap_m2": 4, "overlap_aandeel": 10, "afstand_m": 4}
_DECIMALS |= dict.fromkeys(("belemmerd_m2", "onbekend_m2", "vrij_m2"), 4)
# Beyond this a float no longer holds every whole number.
_WHOLE = 2.0**53
# Columns of these go into a GeoPackage as they are.
_PLAIN = {"bool", "int16", "int32", "int64", "float32", "float64"}
# https://gdal.org/en/stable/development/rfc/rfc56_millisecond_precision.html
_GDAL_UTC = 100


def export_screening(
    screening: Screening,
    *,
    folder: str | Path,
    plancapaciteit: Plancapaciteit | None = None,
    webmap: ScreeningMap | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
) -> list[Path]:
    """Write a screening to a folder.

    Parameters
    ----------
    screening : Screening
        From `screen`; becomes ``locaties.gpkg`` (layer ``locaties``, RD New, EPSG:28992; areas in
        square metres, distances in metres, shares from 0 to 1) and ``treffers.csv``.
    folder : str or Path
        Where to; made where it does not exist. Other files in it stay as they are; a file of an
        earlier screening that this one does not make again is removed, so that all files in the
        folder tell of the same screening.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`; becomes ``capaciteit.csv`` (homes).
    webmap : ScreeningMap, optional
        From `map_screening`; becomes ``kaart.html``.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced. A file that this screening was read from is never replaced.
    seconds : float, optional
        How long the screening took, for the manifest.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` last. Tables are UTF-8 with a byte-order mark, comma separated,
        with a decimal point; text that a spreadsheet would run as a formula begins with an
        apostrophe. The GeoPackage holds text as it is, but for characters that it cannot hold (NUL,
        half characters), which are written out; lists and tables are JSON, and moments with a time
        zone are in UTC.

    Raises
    ------
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    """
    target = Path(folder)
    names = [_GPKG, _TREFFERS]
    names += [_CAPACITEIT] if plancapaciteit is not None else []
    names += [_KAART] if webmap is not None else []
    with _folder(target):
        _undo_killed(target)
        _refuse_inputs(screening, plancapaciteit, target)
        ours = _ours(target)
        _refuse_foreign(target, names, ours, overwrite=overwrite)
        with scratch_folder(target) as scratch:
            try:
                _write_gpkg(screening, scratch / _GPKG)
                _write_csv(_rounded(screening.treffers), scratch / _TREFFERS)
                if plancapaciteit is not None:
                    _write_csv(_whole(plancapaciteit.tabel.round(4)), scratch / _CAPACITEIT)
                if webmap is not None:
                    page = webmap.get_root().render()
                    (scratch / _KAART).write_text(page, encoding="utf-8", newline="\n")
                facts = manifest(screening, plancapaciteit, seconds=seconds)
                facts["uitvoer"] = [vars(fingerprint(scratch / name)) for name in names]
                text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
                # Half a character is no UTF-8; written out like this it is JSON.
                (scratch / MANIFEST).write_bytes(text.encode("utf-8", "backslashreplace"))
                for name in [*names, MANIFEST]:
                    flush_to_disk(scratch / name)
            except OutputError:
                raise
            except OSError as error:
                raise output_error(target, error) from error
            outdated = [name for name in ours if name not in names]
            _move_all(scratch, target, [*names, MANIFEST], outdated)
    return [target / name for name in [*names, MANIFEST]]


@contextmanager
def _folder(target: Path) -> Iterator[None]:
    """Make a folder; where the work in it fails, a folder that was not there is gone again."""
    made: list[Path] = []
    place = target
    try:
        while not place.exists():
            made.append(place)
            place = place.parent
        if place.is_dir():
            target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(target, error) from error
    if not place.is_dir():
        raise OutputError(f"{place}: dit is een bestand, geen map. Er is niets gewijzigd.")
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _ours(target: Path) -> list[str]:
    """List the files in a folder that woongeo wrote and that are still as it wrote them."""
    known = _known(target / MANIFEST)
    return [name for name in FILES if name in known and _sha256(target / name) == known[name]]


def _known(path: Path) -> dict[str, str]:
    """Read from a manifest which files woongeo wrote, by name; empty where it is not ours."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["gemaakt_door"] != "woongeo":
            return {}
        return {str(entry["name"]): str(entry["sha256"]) for entry in read["uitvoer"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _sha256(path: Path) -> str:
    """Hash a file; empty where it is none, or cannot be read."""
    try:
        return "" if path.is_symlink() else fingerprint(path).sha256
    except FileError:
        return ""


def _refuse_foreign(target: Path, names: list[str], ours: list[str], *, overwrite: bool) -> None:
    """Refuse to replace a file that woongeo did not write or that was changed since."""
    known_manifest = bool(_known(target / MANIFEST))
    for name in [*names, MANIFEST]:
        path = target / name
        if path.is_dir() and not path.is_symlink():
            raise OutputError(
                f"{path}: dit is een map, geen bestand; kies een andere map. Er is niets gewijzigd."
            )
        if overwrite or name in ours or (name == MANIFEST and known_manifest):
            continue
        if path.exists() or path.is_symlink():
            raise OutputError(
                f"{path}: dit bestand is niet door woongeo gemaakt of daarna gewijzigd; kies een "
                "andere map, of geef overwrite=True (--overwrite). Er is niets gewijzigd."
            )


def _refuse_inputs(
    screening: Screening, plancapaciteit: Plancapaciteit | None, target: Path
) -> None:
    """Refuse a folder in which a file would be replaced that this screening was read from."""
    sources: list[Source | None] = [screening.locations.source]
    for layer in screening.layers:
        sources += [layer.source, layer.coverage.source]
    if plancapaciteit is not None:
        sources += [x.source for x in plancapaciteit.by if isinstance(x, Regions)]
    for source in filter(None, sources):
        path, _ = split_layer(source.path)
        for place in (target / name for name in FILES):
            if path.exists() and place.exists() and path.samefile(place):
                raise OutputError(
                    f"{place}: dit bestand is zelf invoer van deze screening; kies een andere map. "
                    "Er is niets gewijzigd."
                )


def _undo_killed(target: Path) -> None:
    """Undo the moves of runs that were killed amid them."""
    try:
        for before in sorted(target.glob(f".woongeo-*/{_BEFORE}")):
            # Where the lock is not free the run is alive.
            with suppress(Timeout), FileLock(before / _LOCK, timeout=0):
                _put_back(before.parent, target)
    except OSError as error:
        raise output_error(target, error) from error


def _put_back(scratch: Path, target: Path) -> None:
    """Undo moves out of a scratch folder, unless the manifest, which is last, has moved."""
    new = _known(scratch / MANIFEST)
    before = scratch / _BEFORE
    if not new:
        return
    again = before / "terug"
    for name in FILES:
        place, earlier = target / name, before / name
        if (scratch / name).exists() or (place.exists() and _sha256(place) != new.get(name)):
            # It did not move yet, or somebody changed it since.
            continue
        if earlier.exists():
            # Its other name stays, so that this can be done again when it is killed in turn.
            again.unlink(missing_ok=True)
            keep_second_name(earlier, again)
            again.replace(place)
        elif name in new:
            place.unlink(missing_ok=True)


def _move_all(scratch: Path, target: Path, names: list[str], outdated: list[str]) -> None:
    """Move files to their place; where one cannot be, put back what stood there."""
    before = scratch / _BEFORE
    try:
        before.mkdir()
        with FileLock(before / _LOCK):
            try:
                for name in names:
                    if (target / name).exists():
                        keep_second_name(target / name, before / f"{name}.half")
                        (before / f"{name}.half").replace(before / name)
                for name in outdated:
                    (target / name).replace(before / name)
                for name in names:
                    (scratch / name).replace(target / name)
            except BaseException:
                _put_back(scratch, target)
                raise
    except OSError as error:
        raise output_error(target, error) from error


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round treffers to what coordinates can bear."""
    return frame.round({c: n for c, n in _DECIMALS.items() if c in frame.columns})


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Write homes as whole numbers where all of a column are: 40, not 40.0."""
    result = table.copy()
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]) and _all_whole(table[column]):
            result[column] = table[column].astype("Int64")
    return result


def _all_whole(values: pd.Series) -> bool:
    """Tell whether all that is known is a whole number."""
    known = values.dropna()
    return bool(((known % 1 == 0) & (known.abs() < _WHOLE)).all())


# Where a spreadsheet that splits on another sign would begin a cell.
_CELL = re.compile(r'([;,\t\n][\s"]*)')


def _cell(text: object) -> str:
    """Encode text for a cell, also where a spreadsheet splits on semicolons, as Dutch ones do."""
    parts = enumerate(_CELL.split(str(text)))
    return csv_text("".join(part if i % 2 else csv_text(part) for i, part in parts))


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table that a spreadsheet can open without running anything."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(_cell, na_action="ignore")
    safe.columns = pd.Index([_cell(column) for column in safe.columns])
    buffer = io.StringIO()
    safe.to_csv(buffer, index=False, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    # Excel takes a file for UTF-8 only where this mark says so; "Súdwest-Fryslân" needs it.
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))


@contextmanager
def _gdal_date(day: dt.date) -> Iterator[None]:
    """Fix the date that GDAL writes into a GeoPackage: same input, same bytes."""
    key = "OGR_CURRENT_DATE"
    earlier = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: earlier})


def _write_gpkg(screening: Screening, path: Path) -> None:
    """Write locations with all their results, and read back how many there are.

    GDAL makes the file in memory: on a full disk it leaves out the index and the description, and
    says nothing.
    """
    frame = _rounded_results(screening)
    names = [_storable_text(c) for c in frame.columns if c != "geometry"]
    taken = {name.lower() for name in names}
    fields = [_field(frame[c]) for c in frame.columns if c != "geometry"]
    utc = {name: _GDAL_UTC for name, field in zip(names, fields, strict=True) if field.utc}
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    surfaces = bool(np.isin(kinds, (-1, 3, 6)).all())
    memory = io.BytesIO()
    try:
        with _gdal_date(screening.on):
            pyogrio.raw.write(
                memory,
                geometry=shapely.to_wkb(frame.geometry.to_numpy()),
                field_data=[field.data for field in fields],
                field_mask=[field.empty for field in fields],
                fields=names,
                gdal_tz_offsets={name: np.full(len(frame), zone) for name, zone in utc.items()},
                layer="locaties",
                driver="GPKG",
                geometry_type="MultiPolygon" if surfaces else "Unknown",
                promote_to_multi=surfaces,
                crs="EPSG:28992",
                layer_options={"FID": _free("fid", taken), "GEOMETRY_NAME": _free("geom", taken)},
                layer_metadata={"DESCRIPTION": SCREENING},
            )
    except (DataSourceError, DataLayerError) as error:
        reason = visible(str(error).strip().splitlines()[-1])
        raise OutputError(
            f"{path.name}: kan niet worden gemaakt ({reason}). Er is niets gewijzigd."
        ) from error
    path.write_bytes(memory.getvalue())
    written = pyogrio.read_info(path, layer="locaties", force_feature_count=True)["features"]
    if written != len(frame):
        raise OutputError(
            f"{path.name}: er zijn {written} van de {len(frame)} locaties geschreven. "
            "Er is niets gewijzigd."
        )


def _rounded_results(screening: Screening) -> gpd.GeoDataFrame:
    """Round our own columns; those of the input stay as they are."""
    decimals = {
        f"{layer.key}_{name}": n
        for layer in screening.layers
        for name, n in _DECIMALS.items()
        if not name.startswith(("belemmerd", "onbekend", "vrij"))
    }
    frame = screening.locaties.copy()
    for column, n in (_DECIMALS | decimals).items():
        if column in frame.columns:
            frame[column] = frame[column].round(n)
    if _all_whole(frame["woningen"]):
        frame["woningen"] = frame["woningen"].astype("Int64")
    return frame


def _free(name: str, taken: set[str]) -> str:
    """Find a name that no column has."""
    while name in taken:
        name += "_woongeo"
    return name


class _Field(NamedTuple):
    """A column as GDAL takes it, where it is empty, and whether its moments are in UTC."""

    data: NDArray[Any]
    empty: NDArray[np.bool_] | None = None
    utc: bool = False


def _field(values: pd.Series) -> _Field:
    """Give a column as GDAL takes it; as text where nothing else holds it.

    Left to itself pandas makes 1.0 of 1 beside an empty cell and "True" of True, dates become
    moments, and a number that is too large ends the run.
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.name in _PLAIN:
        return _Field(values.to_numpy())
    gone = values.isna().to_numpy(dtype=bool)
    known: list[Any] = values[~gone].astype(object).tolist()
    kind = pd.api.types.infer_dtype(known or values)
    if kind == "boolean":
        return _Field(_filled(known, gone, np.bool_), gone)
    if kind == "integer" and all(-(2**63) <= v < 2**63 for v in known):
        return _Field(_filled(known, gone, np.int64), gone)
    if kind in {"floating", "mixed-integer-float"} and all(v == float(v) for v in known):
        return _Field(_filled(known, gone, np.float64), gone)
    if kind in {"date", "datetime", "datetime64"}:
        return _moments(known, gone)
    text = np.full(len(values), None, dtype=object)
    text[~gone] = [_storable_text(v) for v in known]
    return _Field(text)


def _filled(known: list[Any], gone: NDArray[np.bool_], dtype: type[np.generic]) -> NDArray[Any]:
    """Spread what is known over all rows."""
    data = np.zeros(len(gone), dtype=dtype)
    data[~gone] = known
    return data


def _moments(known: list[Any], gone: NDArray[np.bool_]) -> _Field:
    """Give dates as dates, and moments in milliseconds; in UTC where they state a time zone."""
    moments = [pd.Timestamp(v) for v in known]
    utc = any(m.tz is not None for m in moments)
    moments = [m if m.tz is None else m.tz_convert("UTC").tz_localize(None) for m in moments]
    days = not utc and all(m == m.normalize() for m in moments)
    data = np.full(len(gone), "NaT", dtype="datetime64[D]" if days else "datetime64[ms]")
    data[~gone] = [m.to_datetime64() for m in moments]
    return _Field(data, utc=utc)


def _storable_text(value: object) -> str:
    """Write a value as text that SQLite holds whole; lists and tables as JSON."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | dict | tuple):
        with suppress(TypeError):
            value = json.dumps(value, ensure_ascii=False, default=str)
    # SQLite's text ends at a NUL, and half a character is no UTF-8.
    whole = str(value).replace("\0", "\\x00")
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")


def manifest(
    screening: Screening,
    plancapaciteit: Plancapaciteit | None = None,
    *,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Say where every figure comes from.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`.
    seconds : float, optional
        How long the screening took.

    Returns
    -------
    dict
        Plain values with Dutch keys: versions, inputs with their hashes, rules, checks and counts.
        Only `gemaakt` and `rekentijd_s` differ between two runs on the same input and day.
    """
    locations = screening.locations
    by = plancapaciteit.by if plancapaciteit is not None else ()
    packages = ("geopandas", "shapely", "pyproj", "pyogrio", "pandas", "numpy", "folium")
    return {
        "gemaakt_door": "woongeo",
        "versie": screening.version,
        "let_op": SCREENING,
        "gemaakt": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rekentijd_s": None if seconds is None else round(seconds, 3),
        "beoordeeld_op": screening.on.isoformat(),
        "coordinatenstelsel": "EPSG:28992 (RD New), meters",
        "locaties": {
            **locations.source.facts(),
            "kolommen": locations.columns,
            "controle": locations.report.counts(),
            "bevindingen": [
                dict(zip(locations.report.table.columns, row, strict=True))
                for row in locations.report.table.astype(object)
                .where(locations.report.table.notna(), None)
                .itertuples(index=False, name=None)
            ],
        },
        "lagen": [_layer_facts(screening, layer) for layer in screening.layers],
        "gebieden": [
            {"niveau": d.level, "gebieden": len(d), "bron": d.source.facts()}
            if isinstance(d, Regions)
            else {"niveau": d, "kolom": d}
            for d in by
        ],
        "tellingen": {
            "locaties": len(screening),
            "zonder_aantal": int(screening.locaties["woningen"].isna().sum()),
            "locaties_per_oordeel": screening.counts(),
            "woningen_per_oordeel": screening.homes(),
            "oordelen_onbekend": int((screening.treffers["oordeel"] == Oordeel.ONBEKEND).sum()),
        },
        "programma": {
            "python": platform.python_version(),
            "geos": shapely.geos_version_string,
            "gdal": ".".join(map(str, pyogrio.__gdal_version__)),
            **{name: metadata.version(name) for name in packages},
        },
    }


def _layer_facts(screening: Screening, layer: Layer) -> dict[str, Any]:
    """Say where a layer comes from, by which rule it was judged and with what outcome."""
    rule = layer.rule.facts()
    return {
        # A rule has a source and a version of its own; they must not stand for the layer's.
        **{key: value for key, value in layer.facts().items() if key not in rule},
        "bron": layer.source.facts() if layer.source else None,
        "regel": rule,
        "te_oud_omdat": layer.stale(screening.on) or None,
        "locaties_per_oordeel": screening.counts(layer.key),
        "woningen_per_oordeel": screening.homes(layer.key),
    }


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Parameters
    ----------
    folder : str or Path
        Where a screening was written.

    Returns
    -------
    dict
        As `manifest` gives it, with the files under `uitvoer`.

    Raises
    ------
    FileError
        When there is none, or it cannot be read.
    """
    path = Path(folder) / MANIFEST
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: geen leesbaar manifest ({error}).") from error
    return read
