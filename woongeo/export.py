"""A screening as files: all of them or none, and never over something that is the user's.

Every folder holds a ``manifest.json`` with the hash of each file, so that a later run knows its own
files again: it replaces those, and refuses to touch a file that it did not write or that was
changed since.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import platform
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from woongeo.encode import csv_text
from woongeo.errors import FileError, OutputError
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    keep_second_name,
    output_error,
    scratch_folder,
)
from woongeo.regions import Regions
from woongeo.verdict import SCREENING, Oordeel

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from woongeo.capacity import Plancapaciteit
    from woongeo.screening import Screening
    from woongeo.webmap import ScreeningMap

MANIFEST = "manifest.json"

# A tenth of a millimetre, of a square millimetre and so on: less is the noise of floating point,
# and would make equal runs differ.
_DECIMALS = {"_m2": 4, "_aandeel": 10, "_m": 4}


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
        Where to; made where it does not exist. Other files in it stay as they are.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`; becomes ``capaciteit.csv`` (homes).
    webmap : ScreeningMap, optional
        From `map_screening`; becomes ``kaart.html``.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced.
    seconds : float, optional
        How long the screening took, for the manifest.

    Returns
    -------
    list of Path
        The files, ``manifest.json`` last. Tables are UTF-8 with a byte-order mark, comma separated,
        with a decimal point; text that a spreadsheet would run as a formula begins with an
        apostrophe.

    Raises
    ------
    OutputError
        When a file cannot be written or is not ours to replace; then nothing was changed.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(target, error) from error
    names = ["locaties.gpkg", "treffers.csv"]
    names += ["capaciteit.csv"] if plancapaciteit is not None else []
    names += ["kaart.html"] if webmap is not None else []
    if not overwrite:
        _refuse_foreign(target, [*names, MANIFEST])
    with scratch_folder(target) as scratch:
        try:
            _write_gpkg(screening, scratch / "locaties.gpkg")
            _write_csv(_rounded(screening.treffers), scratch / "treffers.csv")
            if plancapaciteit is not None:
                _write_csv(_whole(plancapaciteit.tabel.round(4)), scratch / "capaciteit.csv")
            if webmap is not None:
                page = webmap.get_root().render()
                (scratch / "kaart.html").write_text(page, encoding="utf-8")
            facts = manifest(screening, plancapaciteit, seconds=seconds)
            facts["uitvoer"] = [vars(fingerprint(scratch / name)) for name in names]
            text = json.dumps(facts, ensure_ascii=False, indent=2)
            (scratch / MANIFEST).write_text(text + "\n", encoding="utf-8")
            for name in [*names, MANIFEST]:
                flush_to_disk(scratch / name)
        except OSError as error:
            raise (
                error if isinstance(error, OutputError) else output_error(target, error)
            ) from error
        _move_all(scratch, target, [*names, MANIFEST])
    return [target / name for name in [*names, MANIFEST]]


def _refuse_foreign(target: Path, names: list[str]) -> None:
    """Refuse to replace a file that woongeo did not write or that was changed since."""
    ours: dict[str, str] = {}
    try:
        earlier = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        ours = {entry["name"]: entry["sha256"] for entry in earlier["uitvoer"]}
        known_manifest = earlier.get("gemaakt_door") == "woongeo"
    except (OSError, ValueError, KeyError, TypeError):
        known_manifest = False
    for name in names:
        path = target / name
        if not path.exists() or (name == MANIFEST and known_manifest):
            continue
        if name not in ours or fingerprint(path).sha256 != ours[name]:
            raise OutputError(
                f"{path}: dit bestand is niet door woongeo gemaakt of daarna gewijzigd; kies een "
                "andere map, of geef overwrite=True (--overwrite). Er is niets gewijzigd."
            )


def _move_all(scratch: Path, target: Path, names: list[str]) -> None:
    """Move files to their place; where one cannot be, put back what stood there."""
    before = scratch / "vorige"
    moved: list[str] = []
    try:
        before.mkdir()
        for name in names:
            if (target / name).exists():
                keep_second_name(target / name, before / name)
            moved.append(name)
            (scratch / name).replace(target / name)
    except OSError as error:
        for name in moved:
            if (before / name).exists():
                (before / name).replace(target / name)
            elif not (scratch / name).exists():
                (target / name).unlink(missing_ok=True)
        raise output_error(target, error) from error


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round measured columns to what coordinates can bear."""
    result = frame.copy()
    for column in frame.columns:
        ending = next((e for e in _DECIMALS if str(column).endswith(e)), None)
        if ending and pd.api.types.is_float_dtype(frame[column]):
            result[column] = frame[column].round(_DECIMALS[ending])
    return result


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Write homes as whole numbers where all of a column are: 40, not 40.0."""
    result = table.copy()
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]) and (table[column].dropna() % 1 == 0).all():
            result[column] = table[column].astype("Int64")
    return result


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table that a spreadsheet can open without running anything."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(csv_text, na_action="ignore")
    safe.columns = pd.Index([csv_text(column) for column in safe.columns])
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
    """Write locations with all their results, and read back how many there are."""
    frame = _storable(_rounded(screening.locaties), screening)
    lower = {str(c).lower() for c in frame.columns}
    options = {"FID": _free("fid", lower), "GEOMETRY_NAME": _free("geom", lower - {"geometry"})}
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    surfaces = np.isin(kinds, (-1, 3, 6)).all()
    metadata_ = {"DESCRIPTION": SCREENING}
    try:
        with _gdal_date(screening.on):
            pyogrio.write_dataframe(
                frame,
                path,
                layer="locaties",
                driver="GPKG",
                geometry_type="MultiPolygon" if surfaces else "Unknown",
                promote_to_multi=bool(surfaces),
                layer_options=options,
                layer_metadata=metadata_,
            )
        written = pyogrio.read_info(path, layer="locaties", force_feature_count=True)["features"]
    except (DataSourceError, DataLayerError) as error:
        raise OutputError(
            f"{path.name}: kan niet worden geschreven ({str(error).strip()}); is de schijf vol? "
            "Er is niets gewijzigd."
        ) from error
    if written != len(frame):
        raise OutputError(
            f"{path.name}: er zijn {written} van de {len(frame)} locaties geschreven; is de schijf "
            "vol? Er is niets gewijzigd."
        )


def _free(name: str, taken: set[str]) -> str:
    """Find a name that no column has."""
    while name in taken:
        name += "_woongeo"
    return name


def _storable(frame: gpd.GeoDataFrame, screening: Screening) -> gpd.GeoDataFrame:
    """Bring columns to types that a GeoPackage holds without loss."""
    result = frame.copy()
    for column in frame.columns:
        values = frame[column]
        if column == "geometry":
            continue
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        if values.dtype == object:
            kinds = {type(v) for v in values.dropna()}
            if kinds == {bool}:
                # Else "True" and "False" as text.
                result[column] = values.astype("boolean")
            elif not kinds <= {str}:
                result[column] = values.map(_plain_text, na_action="ignore")
    homes = screening.locaties["woningen"]
    if (homes.dropna() % 1 == 0).all():
        result["woningen"] = homes.astype("Int64")
    return result


def _plain_text(value: object) -> str:
    """Write a value of a mixed column as text; lists and tables as JSON."""
    if isinstance(value, list | dict | tuple | np.ndarray):
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(plain, ensure_ascii=False, default=str)
    return str(value)


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
        "lagen": [
            {
                **layer.facts(),
                "te_oud_omdat": layer.stale(screening.on) or None,
                "locaties_per_oordeel": screening.counts(layer.key),
                "woningen_per_oordeel": screening.homes(layer.key),
            }
            for layer in screening.layers
        ],
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
