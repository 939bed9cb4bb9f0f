"""In which forms a screening leaves, and by which names."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from woongeo.errors import InputError
from woongeo.export.excel import write_xlsx
from woongeo.export.flat import write_geojson, write_parquet
from woongeo.export.gpkg import write_gpkg, write_qml
from woongeo.export.tables import write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from woongeo.capacity import Plancapaciteit
    from woongeo.export.contents import Contents
    from woongeo.knelpunten import Knelpunten, Vrijspelen

KAART = "kaart.html"

#: Format to the files that it makes, tables aside.
FORMATS: dict[str, tuple[str, ...]] = {
    "gpkg": ("locaties.gpkg", "locaties.qml"),
    "csv": ("treffers.csv",),
    "xlsx": ("locaties.xlsx",),
    "parquet": ("locaties.parquet",),
    "geojson": ("locaties.geojson",),
}

#: What is made where nothing else is asked.
USUAL = ("gpkg", "csv")

#: Every file that a screening can make, in portions too, the manifest aside.
SCREENING_FILES = (
    *(name for names in FORMATS.values() for name in names),
    "treffers.parquet",
    *("capaciteit.csv", "cijfers.csv", "knelpunten.csv", "vrijspelen.csv"),
    KAART,
)

#: What search areas make.
SEARCH_FILES = (
    "zoekgebieden.gpkg",
    "zoekgebieden.qml",
    "zoekgebieden.csv",
    "balans.csv",
    "zeef.csv",
)


# A period that was asked for; "alle jaren" and the like are always there.
_PERIOD = r"\d{4}-\d{4}"
_OF_A_REPORT = re.compile(
    r"overzicht\.html|kaartblad\.(pdf|png)|factsheet-[a-z0-9-]{1,80}\.(pdf|pptx)"
)


def may_be_ours(name: str) -> bool:
    """Tell whether a screening, a search or a report can make a file of this name.

    Parameters
    ----------
    name : str
        Of the file, without its folder.

    Returns
    -------
    bool
        A manifest that somebody changed makes no other file ours.

    Examples
    --------
    >>> may_be_ours("locaties.gpkg"), may_be_ours("factsheet-gemeente-ede.pdf")
    (True, True)
    >>> may_be_ours("notulen.docx")
    False
    """
    return name in {*SCREENING_FILES, *SEARCH_FILES} or bool(_OF_A_REPORT.fullmatch(name))


def known_formats(formats: Sequence[str]) -> list[str]:
    """Refuse what is no format.

    Parameters
    ----------
    formats : sequence of str
        As the user gave them.

    Returns
    -------
    list of str
        Each once, in a fixed order.

    Raises
    ------
    InputError
        When one is not known, or none is given.
    """
    asked = [formats] if isinstance(formats, str) else list(formats)
    strange = [kind for kind in asked if kind not in FORMATS]
    if strange or not asked:
        raise InputError(
            f"formaat {strange[0]!r} is onbekend; kies uit {', '.join(FORMATS)}."
            if strange
            else f"er is geen formaat gegeven; kies uit {', '.join(FORMATS)}."
        )
    return [kind for kind in FORMATS if kind in asked]


def named_tables(
    plancapaciteit: Plancapaciteit | None,
    knelpunten: Knelpunten | None,
    vrijspelen: Vrijspelen | None,
) -> dict[str, pd.DataFrame]:
    """Name the tables of figures.

    Parameters
    ----------
    plancapaciteit, knelpunten, vrijspelen
        What there is of them.

    Returns
    -------
    dict
        Name of the CSV to table.
    """
    tables: dict[str, pd.DataFrame] = {}
    if plancapaciteit is not None:
        tables["capaciteit.csv"] = plancapaciteit.tabel
        asked = plancapaciteit.cijfers["periode"].str.fullmatch(_PERIOD).any()
        if plancapaciteit.targets is not None or asked:
            tables["cijfers.csv"] = plancapaciteit.cijfers
    if knelpunten is not None:
        tables["knelpunten.csv"] = knelpunten.tabel
    if vrijspelen is not None:
        tables["vrijspelen.csv"] = vrijspelen.gebieden
    return tables


def writers(contents: Contents, formats: Sequence[str]) -> dict[str, Callable[[Path], object]]:
    """Give what writes the files of each format.

    Parameters
    ----------
    contents : Contents
        What there is to tell.
    formats : sequence of str
        From `known_formats`.

    Returns
    -------
    dict
        Name of the file to what writes it, given a path.
    """
    made = [name for kind in formats for name in FORMATS[kind]]
    of_a_form: dict[str, tuple[Callable[[Contents, Path], object], ...]] = {
        "gpkg": (write_gpkg, write_qml),
        "csv": (lambda contents, path: write_csv(contents.treffers, path),),
        "xlsx": (partial(write_xlsx, beside=made),),
        "parquet": (write_parquet,),
        "geojson": (partial(write_geojson, beside=made),),
    }
    files: dict[str, Callable[[Path], object]] = {}
    for kind in formats:
        for name, write in zip(FORMATS[kind], of_a_form[kind], strict=True):
            files[name] = partial(write, contents)
        if kind == "csv":
            for name, table in contents.tables.items():
                files[f"{name}.csv"] = partial(write_csv, table)
    return files
