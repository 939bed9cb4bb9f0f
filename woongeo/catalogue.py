"""The catalogue: which layers there are, what they mean for homes, and by which rules.

What comes along stands in ``layers.toml``; a file of the user's, of the same form, goes over it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import functools
import re
import tomllib
import types
import typing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from woongeo.errors import FileError, LayerError, RuleError, WoongeoError
from woongeo.rules import KINDS, Rule, RuleBase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The name of the rule whose verdict bears the name of the layer alone.
MAIN = "hoofd"

# A key becomes part of column names in GeoPackage, CSV and Excel.
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,19}")
# Columns of results that a key could be taken for.
_RESERVED = {"belemmerd", "vrij", "onbekend", "totaal"}


def verdict_key(layer: str, name: str) -> str:
    """Give the name under which the verdicts of a rule stand.

    Parameters
    ----------
    layer : str
        Key of the layer.
    name : str
        Name of the rule on it.

    Returns
    -------
    str
        The layer's key; with the rule's name behind it, but for the main rule.

    Examples
    --------
    >>> verdict_key("natura2000", "250m")
    'natura2000_250m'
    """
    return layer if name == MAIN else f"{layer}_{name}"


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """What is known beforehand of a layer.

    Attributes
    ----------
    key : str
        Short name; columns of results begin with it.
    title : str
        For people, in Dutch.
    meaning : str
        What it means for homes, in plain Dutch.
    coverage : str or None
        "nederland", "eigen gebieden", or None where it must be given with the data.
    min_features : int
        With fewer features a file cannot be the whole country.
    dataset : str or None
        Under which name `fetch_layers` finds it; None where the user must bring a file.
    columns : dict
        Columns of features that the rules read, and what they hold, in Dutch.
    aliases : dict
        Column to other names that it has in files.
    publisher, note : str
        Who has the data, and what else to know of it, in Dutch; empty where nothing.
    reader : str
        The function that reads what is published; empty for `read_layer`.
    published_columns : tuple of str
        Columns by which a file is known for what `reader` knows better.
    rules : dict
        Name to rule, the main one ("hoofd") first.
    """

    key: str
    title: str
    meaning: str = ""
    coverage: str | None = None
    min_features: int = 0
    dataset: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    publisher: str = ""
    note: str = ""
    reader: str = ""
    published_columns: tuple[str, ...] = ()
    rules: dict[str, RuleBase] = field(default_factory=lambda: {MAIN: Rule()})


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Layers by their key.

    Attributes
    ----------
    specs : dict
        Key to what is known of the layer.
    path : str
        The user's file, or empty.
    named : frozenset of str
        Keys of rules (as `verdict_key` gives them) that the user's file changes or adds.
    """

    specs: dict[str, LayerSpec]
    path: str = ""
    named: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[LayerSpec]:
        return iter(self.specs.values())

    def __len__(self) -> int:
        return len(self.specs)

    def spec(self, key: str) -> LayerSpec:
        """Look up a layer.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        LayerSpec
            For a key that the catalogue does not know one without a coverage, and with the general
            tolerance.

        Raises
        ------
        LayerError
            When it cannot be a key.
        """
        if not _KEY.fullmatch(key) or key in _RESERVED:
            raise LayerError(
                f"laag {key!r}: gebruik een korte naam van kleine letters, cijfers en _, "
                f"beginnend met een letter, en niet {', '.join(sorted(_RESERVED))}."
            )
        return self.specs.get(key) or LayerSpec(key=key, title=key)

    def rules(self) -> dict[str, RuleBase]:
        """List the rules.

        Returns
        -------
        dict
            Key of the verdict ("natura2000_250m") to rule.
        """
        return {
            verdict_key(spec.key, name): rule for spec in self for name, rule in spec.rules.items()
        }


def list_layers(catalogue: Catalogue | None = None) -> pd.DataFrame:
    """List the bottlenecks that woongeo knows, with their rules and sources.

    Parameters
    ----------
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    DataFrame
        One row a rule, in Dutch: `sleutel` (of the verdicts), `laag`, `titel`, `betekenis`,
        `regel`, `zwaarte`, `geldt_voor`, `staat_aan`, `grondslag`, `bron`, `bron_datum`,
        `zekerheid`, `dataset` (its name at `fetch_layers`; empty where a file must be brought) and
        `kolommen` (that such a file must have).
    """
    rows = []
    for spec in catalogue or default_catalogue():
        for name, rule in spec.rules.items():
            rows.append(
                {
                    "sleutel": verdict_key(spec.key, name),
                    "laag": spec.key,
                    "titel": f"{spec.title}, {rule.title}" if rule.title else spec.title,
                    "betekenis": spec.meaning,
                    "regel": rule.in_words(),
                    "zwaarte": rule.severity,
                    "geldt_voor": rule.scope,
                    "staat_aan": rule.on,
                    "grondslag": rule.basis,
                    "bron": rule.source,
                    "bron_datum": rule.source_date,
                    "zekerheid": rule.certainty,
                    "dataset": spec.dataset or "",
                    "kolommen": "; ".join(f"{c}: {told}" for c, told in spec.columns.items()),
                }
            )
    return pd.DataFrame(rows)


def default_rule(key: str, *, catalogue: Catalogue | None = None) -> RuleBase:
    """Give the rule that holds for a layer unless another is given.

    Parameters
    ----------
    key : str
        The layer, or one of its rules: "natura2000_250m".
    catalogue : Catalogue, optional
        From `read_catalogue`; the one that comes along without it.

    Returns
    -------
    RuleBase
        The catalogue's; the general tolerance where the catalogue does not know the layer.

    Examples
    --------
    >>> default_rule("natura2000").severity
    'zeer hard'
    """
    asked = catalogue or default_catalogue()
    known = asked.rules().get(key)
    return known if known is not None else asked.spec(key).rules[MAIN]


@functools.cache
def default_catalogue() -> Catalogue:
    """Give the catalogue that comes along.

    Returns
    -------
    Catalogue
        Of ``layers.toml``.
    """
    text = resources.files("woongeo").joinpath("layers.toml").read_text(encoding="utf-8")
    return _Reader("layers.toml", text, Catalogue({})).read()


def read_catalogue(path: str | Path) -> Catalogue:
    """Read a TOML file of layers and rules over the catalogue that comes along.

    ``[natura2000.rules.250m]`` changes a rule, or adds one to a layer; ``[mijnlaag]`` with a
    ``title`` adds a layer. A rule that is named in the file is judged, unless it says
    ``on = false``.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Catalogue
        The whole catalogue, changed.

    Raises
    ------
    FileError
        When there is no such file, or it is no TOML.
    RuleError, LayerError
        When something in it cannot be; the message names the line and the key.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"{path}: kan niet worden gelezen ({error}); geef een TOML-bestand."
        ) from error
    return _Reader(str(path), text, default_catalogue(), user=True).read()


class _Reader:
    """A TOML file becoming a catalogue; every complaint names file, line and key."""

    def __init__(self, path: str, text: str, base: Catalogue, *, user: bool = False) -> None:
        self.path, self.text, self.base, self.user = path, text, base, user

    def read(self) -> Catalogue:
        """Read the whole file."""
        try:
            tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise FileError(f"{self.path}: is geen goed TOML-bestand ({error}).") from error
        specs, named = dict(self.base.specs), set()
        for key, table in tables.items():
            if not isinstance(table, dict):
                raise self._wrong(
                    LayerError, (), key, "hoort in een tabel als [natura2000] te staan"
                )
            specs[key] = self._spec(key, table)
            rules = table.get("rules", {})
            named |= {verdict_key(key, name) for name in rules}
        return Catalogue(specs, self.path if self.user else "", frozenset(named))

    def _spec(self, key: str, table: dict[str, Any]) -> LayerSpec:
        """Read a layer."""
        known = self.base.specs.get(key)
        if known is None and "title" not in table:
            close = difflib.get_close_matches(key, self.base.specs, n=1)
            hint = f" (bedoelt u {close[0]}?)" if close else ""
            told = f"deze laag is niet bekend{hint}; een nieuwe laag vraagt een title"
            raise self._wrong(LayerError, (key,), None, told)
        try:
            self.base.spec(key)
        except LayerError as error:
            raise self._wrong(LayerError, (key,), None, str(error)) from error
        start = known or LayerSpec(key=key, title=key)
        hints = _hints(LayerSpec)
        changes: dict[str, Any] = {}
        for name, value in table.items():
            if name == "rules":
                continue
            if name not in hints or name == "key":
                self._unknown((key,), name, [h for h in hints if h != "key"])
            changes[name] = self._converted((key,), name, value, hints[name])
        rules = dict(start.rules) if known else {}
        given = table.get("rules", {})
        if not isinstance(given, dict):
            raise self._wrong(RuleError, (key,), "rules", "schrijf regels als [laag.rules.hoofd]")
        for name, entry in given.items():
            rules[name] = self._rule((key, "rules", name), rules.get(name), entry)
        changes["rules"] = rules or {MAIN: Rule()}
        return dataclasses.replace(start, **changes)

    def _rule(self, where: tuple[str, ...], base: RuleBase | None, entry: object) -> RuleBase:
        """Read a rule, over the one that is there."""
        if not isinstance(entry, dict):
            raise self._wrong(RuleError, where[:-1], where[-1], "schrijf een regel als tabel")
        if not _NAME.fullmatch(where[-1]):
            text = "de naam van een regel is kort: kleine letters, cijfers en _"
            raise self._wrong(RuleError, where, None, text)
        kind = entry.get("kind", base.kind if base else Rule.kind)
        if kind not in KINDS:
            raise self._wrong(RuleError, where, "kind", f"kies uit {', '.join(KINDS)}")
        cls = KINDS[kind]
        start = base if base is not None and base.kind == kind else None
        changes = self._fields(where, cls, entry)
        if start is not None:
            for entries in (n for n in cls.merged if n in changes):
                changes[entries] = {**(getattr(start, entries) or {}), **changes[entries]}
        if self.user:
            changes.setdefault("on", True)
            if start is not None:
                own = f"{start.source}; aangepast in {Path(self.path).name}"
                changes.setdefault("source", own)
        try:
            return cls(**changes) if start is None else dataclasses.replace(start, **changes)
        except RuleError as error:
            name = next((n for n in changes if str(error).startswith(f"{n} ")), None)
            raise self._wrong(RuleError, where, name, str(error).rstrip(".")) from error

    def _fields(
        self, where: tuple[str, ...], cls: type[RuleBase], entry: dict[str, Any]
    ) -> dict[str, Any]:
        """Read the fields of a rule."""
        hints = _hints(cls)
        fields = [f.name for f in dataclasses.fields(cls) if f.init]
        changes: dict[str, Any] = {}
        for name, value in entry.items():
            if name != "kind" and name not in fields:
                self._unknown(where, name, ["kind", *fields])
            if name != "kind":
                changes[name] = self._converted(where, name, value, hints[name])
        return changes

    def _converted(self, where: tuple[str, ...], name: str, value: object, hint: object) -> Any:  # noqa: ANN401
        """Check a value against the type of its field."""
        try:
            return _convert(value, hint)
        except TypeError:
            told = f"{value!r} is geen {_in_words(hint)}"
            raise self._wrong(RuleError, where, name, told) from None

    def _unknown(self, where: tuple[str, ...], name: str, known: list[str]) -> typing.NoReturn:
        """Refuse a key that is not there: a typing error would silently do nothing."""
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"bedoelt u {close[0]}?" if close else f"kies uit {', '.join(known)}"
        raise self._wrong(RuleError, where, name, f"bestaat niet; {hint}")

    def _wrong(
        self, kind: type[WoongeoError], where: tuple[str, ...], name: str | None, told: str
    ) -> WoongeoError:
        """Make a complaint that names file, line and key."""
        key = ".".join(where + ((name,) if name else ()))
        line = _line_of(self.text, where, name)
        return kind(f"{self.path}, regel {line}: {key}: {told.rstrip('.')}.")


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    """Give the types of fields."""
    return typing.get_type_hints(cls)


def _line_of(text: str, where: tuple[str, ...], name: str | None) -> int:
    """Find the line of a key in a TOML text; that of its table where it stands otherwise."""
    wanted, table, header = ".".join(where), "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        found = re.match(r"\[([^\[\]]+)\]", stripped)
        if found:
            table = re.sub(r"[\s\"']", "", found.group(1))
            if table == wanted:
                header = number
                if name is None:
                    return number
        key = re.match(r"[\"']?([\w.-]+)[\"']?\s*=", stripped)
        if key and name is not None and table == wanted and key.group(1) == name:
            return number
    return header


def _convert(value: object, hint: object) -> Any:  # noqa: ANN401, C901, PLR0911  one line a type
    """Turn a TOML value into what a field holds; TypeError where it is something else."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _convert(value, next(h for h in inner if h is not type(None)))
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError
        return tuple(_convert(v, inner[0]) for v in value)
    if origin is dict:
        if not isinstance(value, dict):
            raise TypeError
        return {str(k): _convert(v, inner[1]) for k, v in value.items()}
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is str and isinstance(value, int | str) and not isinstance(value, bool):
        # Codes are text to us, and numbers to who writes them down.
        return str(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is dt.date and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise TypeError


def _in_words(hint: object) -> str:
    """Name a type in Dutch."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _in_words(next(h for h in inner if h is not type(None)))
    if origin is tuple:
        return f"lijst van {_in_words(inner[0])}"
    if origin is dict:
        return "tabel"
    names: Mapping[object, str] = {
        float: "getal", int: "geheel getal", str: "tekst", bool: "true of false", dt.date: "datum"
    }  # fmt: skip
    return names.get(hint, "goede waarde")
