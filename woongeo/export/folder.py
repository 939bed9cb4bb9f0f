"""A screening as files: all of them or none, and never over something that is the user's.

Every folder holds a ``manifest.json`` with the hash of each file, so that a later run knows its own
files again: it replaces those, and refuses to touch a file that it did not write or that was
changed since.

Files are written and flushed in a folder beside their place and then moved, the manifest last. A
run that is killed before its manifest moved has not happened: the next run puts back what it had
taken away.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from woongeo.errors import AudienceError, FileError, OutputError
from woongeo.export.manifest import MANIFEST, manifest
from woongeo.export.tables import rounded, whole_numbers, write_csv, write_gpkg
from woongeo.files import (
    fingerprint,
    flush_to_disk,
    keep_second_name,
    output_error,
    scratch_folder,
)
from woongeo.sources import split_layer
from woongeo.vertrouwelijk import (
    KOLOM,
    default_audience,
    for_audience,
    read_audience,
    visible_to,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.sources import Source
    from woongeo.tables import TableSource
    from woongeo.vertrouwelijk import Audience
    from woongeo.webmap import ScreeningMap

_GPKG, _TREFFERS, _CAPACITEIT, _CIJFERS, _KNELPUNTEN, _VRIJSPELEN, _KAART = FILES = (
    "locaties.gpkg",
    "treffers.csv",
    "capaciteit.csv",
    "cijfers.csv",
    "knelpunten.csv",
    "vrijspelen.csv",
    "kaart.html",
)

# In a scratch folder: what stood at the places that files are being moved to.
_BEFORE, _LOCK = "vorige", "slot"


def export_screening(  # noqa: PLR0913  one keyword a file or a choice
    screening: Screening,
    *,
    folder: str | Path,
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    webmap: ScreeningMap | None = None,
    overwrite: bool = False,
    seconds: float | None = None,
    publiek: str | Audience | None = None,
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
        From `summarize_plancapaciteit`; becomes ``capaciteit.csv`` (homes) and, where it was held
        against targets, ``cijfers.csv``.
    knelpunten : Knelpunten, optional
        From `knelpunten`; becomes ``knelpunten.csv``.
    vrijspelen : Vrijspelen, optional
        From `vrijspelen`; becomes ``vrijspelen.csv``: per region what each bottleneck blocks and
        frees.
    webmap : ScreeningMap, optional
        From `map_screening`; becomes ``kaart.html``.
    overwrite : bool
        Whether files of these names that woongeo did not write, or that were changed since, may be
        replaced. A file that this screening was read from is never replaced.
    seconds : float, optional
        How long the screening took, for the manifest.
    publiek : str or Audience, optional
        Who will see the files ("openbaar", "provincie", "regio:NAAM", "gemeente:NAAM", "intern"):
        plans that are more confidential are left out. Without it "openbaar" where any plan states
        that it is not public, else nothing is left out.

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
    AudienceError
        When a map or a table of totals holds plans that `publiek` may not see; make them from
        `for_audience` and `for_totals`.
    """
    for made in (knelpunten, vrijspelen):
        _refuse_hidden(made, publiek)
    screening = _for_audience(screening, plancapaciteit, webmap, publiek)
    target = Path(folder)
    tables = _tables(plancapaciteit, knelpunten, vrijspelen)
    names = [_GPKG, _TREFFERS, *tables]
    names += [_KAART] if webmap is not None else []
    with _folder(target):
        _undo_killed(target)
        _refuse_inputs(screening, plancapaciteit, target)
        ours = _ours(target)
        _refuse_foreign(target, names, ours, overwrite=overwrite)
        with scratch_folder(target) as scratch:
            try:
                write_gpkg(screening, scratch / _GPKG)
                write_csv(rounded(screening.treffers), scratch / _TREFFERS)
                for name, table in tables.items():
                    write_csv(whole_numbers(table.round(4)), scratch / name)
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


def _tables(
    plancapaciteit: Plancapaciteit | None,
    knelpunten: Knelpunten | None,
    vrijspelen: Vrijspelen | None,
) -> dict[str, pd.DataFrame]:
    """Give the tables of figures by the name of their file."""
    tables = {}
    if plancapaciteit is not None:
        tables[_CAPACITEIT] = plancapaciteit.tabel
        if plancapaciteit.targets is not None:
            tables[_CIJFERS] = plancapaciteit.cijfers
    if knelpunten is not None:
        tables[_KNELPUNTEN] = knelpunten.tabel
    if vrijspelen is not None:
        tables[_VRIJSPELEN] = vrijspelen.gebieden
    return tables


def _refuse_hidden(made: Knelpunten | Vrijspelen | None, publiek: str | Audience | None) -> None:
    """Refuse a table of bottlenecks that holds plans which the audience may not see."""
    if made is None:
        return
    plans = made.screening.locaties
    audience = default_audience(plans) if publiek is None else read_audience(publiek)
    if not visible_to(plans, audience).all():
        raise AudienceError(
            f"knelpunten of vrijspelen telt plannen mee die publiek {str(audience)!r} niet mag "
            f"zien; maak ze van for_audience(screening, {str(audience)!r}); of geef "
            "publiek='intern'."
        )


def _for_audience(
    screening: Screening,
    plancapaciteit: Plancapaciteit | None,
    webmap: ScreeningMap | None,
    publiek: str | Audience | None,
) -> Screening:
    """Leave out the plans that the audience may not see."""
    audience = default_audience(screening.locaties) if publiek is None else read_audience(publiek)
    advice = "; of geef publiek='intern'"
    if plancapaciteit is not None:
        whole = plancapaciteit.screening
        chosen = len(whole.locations.report.of_check(KOLOM))
        if not chosen and not visible_to(whole.locaties, audience).all():
            raise AudienceError(
                f"plancapaciteit telt plannen mee die publiek {str(audience)!r} niet mag zien; "
                f"maak haar van for_totals(screening, {str(audience)!r}){advice}."
            )
    seen = visible_to(screening.locaties, audience)
    if seen.all():
        return screening
    if not seen.any():
        raise AudienceError(
            f"publiek {str(audience)!r} mag geen enkel plan zien; er is niets te schrijven{advice}."
        )
    if webmap is not None:
        raise AudienceError(
            f"de kaart toont plannen die publiek {str(audience)!r} niet mag zien; teken haar van "
            f"for_audience(screening, {str(audience)!r}), en geef die ook hier{advice}."
        )
    return for_audience(screening, audience)


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
    sources: list[Source | TableSource | None] = [screening.locations.source]
    for layer in screening.layers:
        sources += [layer.source, layer.coverage.source]
    if plancapaciteit is not None:
        for division in plancapaciteit.by:
            sources += [] if isinstance(division, str) else [division.source]
        sources += [plancapaciteit.targets.source] if plancapaciteit.targets is not None else []
    for source in (x for x in sources if x is not None):
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
