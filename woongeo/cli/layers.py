"""The layers of ``woongeo screen``: files, tables, names to fetch, and what is said of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woongeo.catalogue import MAIN, Catalogue, default_catalogue, default_rule, read_catalogue
from woongeo.cli.options import OF_A_LAYER
from woongeo.cli.services import client
from woongeo.errors import InputError
from woongeo.fetch import fetch_layers
from woongeo.layers import Layer, missing_layer, read_layer
from woongeo.netcongestie import holds_classes, read_netcongestie
from woongeo.progress import steps
from woongeo.rasters import read_raster_layer
from woongeo.regioncodes import GEMEENTE
from woongeo.regiontables import read_table_layer
from woongeo.rules import ClassRule, Rule
from woongeo.sources.raster import RASTER_KINDS
from woongeo.spuitzones import read_spuitzones

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from woongeo.locations import Locations
    from woongeo.regions import Regions

# What spray zones settle themselves.
_NOT_FOR_PARCELS = {
    *("--layer-id", "--layer-name", "--layer-encoding", "--layer-title", "--ignore-unreadable"),
    *("--areas", "--table-level"),
}

# Options that change the rule of a layer.
_RULE = {
    "--tolerance-m2": "tolerance_m2",
    "--tolerance-share": "tolerance_share",
    "--within": "within_m",
    "--max-age": "max_age_days",
}

# What can be said of a table of regions, and of grid congestion.
_OF_TABLES = {
    *("--layer-title", "--layer-encoding", "--publisher", "--licence", "--peildatum"),
    "--table-level",
}
_OF_CONGESTION = {
    *("--coverage", "--layer-title", "--layer-crs", "--layer-encoding", "--publisher"),
    *("--licence", "--peildatum", "--areas"),
}
# What cannot be said of cells.
_OF_SHAPES = {"--layer-id", "--layer-name", "--layer-encoding", "--areas", "--table-level"}
# What can be said of nothing else.
_ELSEWHERE = {"--areas": "een lijst van netcongestie", "--table-level": "--table"}


@dataclass(frozen=True, eq=False)
class LayerWords:
    """What was asked of layers.

    Attributes
    ----------
    files, tables, gone : dict
        Key of a layer to its file, to its table and column, and to why it is not there.
    options : dict
        Option to key of a layer to what was said.
    switches : dict
        Option to the keys of the layers for which it was given.
    book : Catalogue
        With the rules.
    """

    files: dict[str, str]
    tables: dict[str, str]
    gone: dict[str, str]
    options: dict[str, dict[str, str]]
    switches: dict[str, list[str]]
    book: Catalogue

    @classmethod
    def of(cls, given: argparse.Namespace) -> LayerWords:
        """Read what was asked, and refuse what would silently do nothing.

        Parameters
        ----------
        given : Namespace
            The command line.

        Returns
        -------
        LayerWords
            In the order of the command line.

        Raises
        ------
        InputError
            When an option is for a layer that is not there, or a layer is given twice.
        """
        files, tables = _pairs(given.layer, "--layer"), _pairs(given.table, "--table")
        if both := sorted(files.keys() & tables.keys()):
            raise InputError(f"laag {both[0]}: geef --layer of --table, niet beide.")
        options = {
            option: _pairs(getattr(given, option[2:].replace("-", "_")), option)
            for option in OF_A_LAYER
        }
        switches = {"--empty-ok": given.empty_ok, "--ignore-unreadable": given.ignore_unreadable}
        everything = options | {o: dict.fromkeys(n, "") for o, n in switches.items()}
        _refuse_strays({*files, *tables, *given.pdok}, everything)
        for option, named in everything.items():
            if option not in _RULE and (both := sorted(named.keys() & set(given.pdok))):
                raise InputError(
                    f"{option} {both[0]}: hoort niet bij --pdok; dat volgt uit de bron."
                )
        book = default_catalogue() if given.rules is None else read_catalogue(given.rules)
        gone = _pairs(given.absent, "--absent")
        return cls(files, tables, gone, options, switches, book)

    def of_layer(self, key: str) -> dict[str, str]:
        """Give what was said of a layer.

        Parameters
        ----------
        key : str
            The layer.

        Returns
        -------
        dict
            Option to value; switches have none.
        """
        said = {option: pairs[key] for option, pairs in self.options.items() if key in pairs}
        return said | {option: "" for option, keys in self.switches.items() if key in keys}

    def read(
        self, given: argparse.Namespace, around: Locations, regions: Sequence[Regions] = ()
    ) -> list[Layer]:
        """Read and fetch the layers.

        Parameters
        ----------
        given : Namespace
            How is fetched, and which rules are turned on.
        around : Locations
            Around which is fetched.
        regions : sequence of Regions
            By which a table is brought to locations, where there are any of its level.

        Returns
        -------
        list of Layer
            Files first, then tables, what is absent and what was fetched.

        Raises
        ------
        InputError
            When an option does not fit the kind of a layer.
        """
        book = self.book
        layers = []
        for key in steps("lagen lezen", [*self.files, *self.tables]):
            said = self.of_layer(key)
            if key in self.files:
                layers.append(_layer(key, self.files[key], said, book))
            else:
                layers.append(_table(key, self.tables[key], said, book, regions))
        layers += [missing_layer(k, reason=r, catalogue=book) for k, r in self.gone.items()]
        layers += _fetched(given, around, self)
        return _turned_on(layers, given.rule)


def day_of(given: argparse.Namespace) -> dt.date | None:
    """Read the day for which is judged.

    Parameters
    ----------
    given : Namespace
        What was asked.

    Returns
    -------
    date or None
        None where none was given.
    """
    return None if given.on is None else _date(given.on, "--on ")


def _layer(key: str, file: str, options: dict[str, str], book: Catalogue) -> Layer:
    """Read a layer with what was said of it."""
    if Path(file).suffix.lower() in RASTER_KINDS:
        return _raster_layer(key, file, options, book)
    if "gewasgroep" in book.spec(key).columns:
        return _parcels(key, file, options, book)
    if key == "netcongestie" and holds_classes(file):
        return _congestion(key, file, options, book)
    for option, where in _ELSEWHERE.items():
        if option in options:
            raise InputError(f"{option} {key}: dat hoort bij {where}; laat het weg.")
    return read_layer(
        key,
        file,
        coverage=options.get("--coverage"),
        rule=_rule(key, options, book),
        id_column=options.get("--layer-id"),
        name_column=options.get("--layer-name"),
        crs=options.get("--layer-crs"),
        encoding=options.get("--layer-encoding"),
        title=options.get("--layer-title"),
        reference_date=_reference_date(key, options),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        empty_is_free="--empty-ok" in options,
        ignore_unreadable="--ignore-unreadable" in options,
        catalogue=book,
    )


def _parcels(key: str, files: str, options: dict[str, str], book: Catalogue) -> Layer:
    """Read crop parcels; several years are given as one layer: brp_2024.gpkg;brp_2025.gpkg."""
    _refuse(key, options.keys() & _NOT_FOR_PARCELS, "dat kan niet bij percelen")
    return read_spuitzones(
        files.split(";"),
        key=key,
        coverage=options.get("--coverage"),
        rule=_rule(key, options, book),
        crs=options.get("--layer-crs"),
        reference_date=_reference_date(key, options),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        catalogue=book,
    )


def _congestion(key: str, file: str, options: dict[str, str], book: Catalogue) -> Layer:
    """Read grid congestion as operators publish it."""
    _refuse(key, options.keys() - _OF_CONGESTION, "dat kan niet bij een lijst van netcongestie")
    rule = default_rule(key, catalogue=book)
    return read_netcongestie(
        file,
        areas=options.get("--areas"),
        coverage=options.get("--coverage"),
        rule=rule if isinstance(rule, ClassRule) else None,
        crs=options.get("--layer-crs"),
        encoding=options.get("--layer-encoding"),
        title=options.get("--layer-title"),
        reference_date=_reference_date(key, options),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        catalogue=book,
    )


def _table(
    key: str, text: str, options: dict[str, str], book: Catalogue, regions: Sequence[Regions]
) -> Layer:
    """Read a table of regions, which is brought to locations by column or by surface."""
    _refuse(key, options.keys() - _OF_TABLES, "dat kan niet bij een tabel")
    file, column = split_region(text)
    if not (file and column):
        raise InputError(f"--table {key}={text}: schrijf NAAM=BESTAND:KOLOM.")
    level = options.get("--table-level", GEMEENTE)
    return read_table_layer(
        key,
        file,
        value_column=column,
        level=level,
        regions=next((r for r in regions if r.level == level), None),
        encoding=options.get("--layer-encoding"),
        title=options.get("--layer-title"),
        reference_date=_reference_date(key, options),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        catalogue=book,
    )


def _raster_layer(key: str, file: str, options: dict[str, str], book: Catalogue) -> Layer:
    """Read a layer of cells with what was said of it."""
    stray = options.keys() & {*_OF_SHAPES, *_RULE, "--empty-ok", "--ignore-unreadable"}
    _refuse(key, stray, f"{file} is een raster, daar hoort die optie niet bij")
    return read_raster_layer(
        key,
        file,
        crs=options.get("--layer-crs"),
        coverage=options.get("--coverage"),
        title=options.get("--layer-title"),
        reference_date=_reference_date(key, options),
        publisher=options.get("--publisher"),
        licence=options.get("--licence"),
        catalogue=book,
    )


def _refuse(key: str, stray: Iterable[str], why: str) -> None:
    """Refuse an option that would silently do nothing."""
    first = next(iter(sorted(stray)), None)
    if first is not None:
        raise InputError(f"{first} {key}: {why}; laat het weg.")


def _reference_date(key: str, options: dict[str, str]) -> dt.date | None:
    """Read the reference date of a layer."""
    text = options.get("--peildatum")
    return None if text is None else _date(text, f"--peildatum {key}=")


def _turned_on(layers: Sequence[Layer], asked: Sequence[str]) -> list[Layer]:
    """Turn rules on by the key of their verdicts, as natura2000_250m."""
    result = list(layers)
    for key in asked:
        # The longest key that fits: a layer may be called natura2000_grens.
        owner = max(
            (i for i, x in enumerate(result) if key == x.key or key.startswith(f"{x.key}_")),
            key=lambda i: len(result[i].key),
            default=None,
        )
        if owner is None:
            raise InputError(f"--rule {key}: er is geen laag met zo'n regel; zie woongeo layers.")
        layer = result[owner]
        result[owner] = layer.turned_on(key[len(layer.key) + 1 :] or MAIN)
    return result


def _fetched(given: argparse.Namespace, locations: Locations, asked: LayerWords) -> list[Layer]:
    """Fetch the layers that were asked for by name."""
    if not given.pdok:
        return []
    rules = {}
    for key in given.pdok:
        rule = _rule(key, asked.of_layer(key), asked.book)
        if rule is not None:
            rules[key] = rule
    with client(given) as asking:
        return fetch_layers(
            given.pdok, around=locations, rules=rules, client=asking, catalogue=asked.book
        )


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Read NAAM=WAARDE options."""
    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (equals and key and value):
            raise InputError(f"{option} {text}: schrijf NAAM=WAARDE.")
        if key in pairs:
            raise InputError(f"{option} {key}: deze naam is vaker gegeven.")
        pairs[key] = value
    return pairs


def _date(text: str, option: str) -> dt.date:
    """Read a date."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option}{text}: schrijf een datum als 2026-05-15.") from error


def _refuse_strays(names: set[str], options: dict[str, dict[str, str]]) -> None:
    """Refuse an option for a layer that is not there: it would silently do nothing."""
    for option, given in options.items():
        stray = sorted(given.keys() - names)
        if stray:
            raise InputError(f"{option}: er is geen laag {stray[0]!r}; geef haar met --layer.")


def _rule(key: str, options: dict[str, str], book: Catalogue) -> Rule | None:
    """Change the layer's rule as asked."""
    changes: dict[str, Any] = {}
    for option, name in _RULE.items():
        if option in options:
            text = options[option]
            try:
                whole = option == "--max-age"
                changes[name] = int(text) if whole else float(text.replace(",", "."))
            except ValueError as error:
                raise InputError(f"{option} {key}={text}: {text!r} is geen getal.") from error
    if not changes:
        return None
    rule = default_rule(key, catalogue=book)
    if not isinstance(rule, Rule):
        raise InputError(
            f"laag {key}: haar regel is van de soort {rule.kind!r} en kent geen "
            f"{', '.join(o for o in _RULE if o in options)}; verander haar met --rules."
        )
    return rule.changed(**changes)


def split_region(text: str) -> tuple[str, str]:
    r"""Split ``BESTAND:KOLOM``; a drive letter is no file.

    Parameters
    ----------
    text : str
        As it was given.

    Returns
    -------
    file, column : str
        The column is empty where none was given.

    Examples
    --------
    >>> split_region("C:\\data\\gemeenten.gpkg:naam")
    ('C:\\data\\gemeenten.gpkg', 'naam')
    >>> split_region("C:\\data\\gemeenten.gpkg")
    ('C:\\data\\gemeenten.gpkg', '')
    """
    file, _, column = text.rpartition(":")
    return (file, column) if len(file) > 1 else (text, "")
