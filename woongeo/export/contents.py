"""What all files of a screening tell, and the words for people in which they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from woongeo.export.tables import rounded, rounded_results, storable_text, whole_numbers
from woongeo.locations import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from woongeo.screening import Screening

# What differs between two runs on the same input and day stands in manifest.json alone.
_OF_THE_RUN = ("gemaakt", "rekentijd_s", "uitvoer")

_OURS = {
    "locatie_id": "Locatie",
    "naam": "Naam",
    "woningen": "Woningen (aantal)",
    "planstatus": "Planstatus",
    "hardheid": "Hardheid",
    "oordeel": "Oordeel",
    "zwaarte": "Zwaarte",
    "belemmerd_m2": "Belemmerd (m²)",
    "onbekend_m2": "Onbekend (m²)",
    "vrij_m2": "Vrij (m²)",
    "laag": "Regel",
    "reden": "Reden",
    "overlap_m2": "Overlap (m²)",
    "overlap_aandeel": "Overlap (aandeel, 0 tot 1)",
    "afstand_m": "Afstand (m)",
    "objecten": "Objecten",
    "object_id": "Object",
    "object_naam": "Naam van het object",
    "niveau": "Niveau",
    "gebied": "Gebied",
    "plannen": "Plannen (aantal)",
    "zonder_aantal": "Plannen zonder aantal woningen (aantal)",
    "hard": "Hard (woningen)",
    "zacht": "Zacht (woningen)",
    "status_onbekend": "Status onbekend (woningen)",
    "vrij": "Vrij (woningen)",
    "onbekend": "Onbekend (woningen)",
    "belemmerd": "Belemmerd (woningen)",
    "belemmerd_min": "Belemmerd, minimum (woningen)",
    "belemmerd_verwacht": "Belemmerd, verwacht (woningen)",
    "belemmerd_max": "Belemmerd, maximum (woningen)",
    "telt_niet_mee": "Telt niet mee (woningen)",
}
_OF_A_RULE = {
    "min": "belemmerd, minimum (woningen)",
    "verwacht": "belemmerd, verwacht (woningen)",
    "max": "belemmerd, maximum (woningen)",
}
_UNITS = {"_m2": " (m²)", "_m": " (m)", "_aandeel": " (aandeel, 0 tot 1)"}


@dataclass(frozen=True, eq=False)
class Contents:
    """What all files of a screening tell.

    Attributes
    ----------
    screening : Screening
        From `screen`.
    tables : dict
        Further tables by their name ("capaciteit"), as they come out.
    facts : dict
        The manifest, without what differs between two runs on the same input and day.
    locaties : GeoDataFrame
        RD New (EPSG:28992), our own figures rounded.
    treffers : DataFrame
        Idem.
    """

    screening: Screening
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    locaties: gpd.GeoDataFrame
    treffers: pd.DataFrame

    @classmethod
    def of(
        cls, screening: Screening, tables: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]
    ) -> Contents:
        """Gather what files tell.

        Parameters
        ----------
        screening : Screening
            From `screen`.
        tables : mapping
            Name, or that of its CSV, to table.
        facts : mapping
            From `manifest`.

        Returns
        -------
        Contents
            Rounded to what coordinates can bear.
        """
        return cls(
            screening,
            {
                name.removesuffix(".csv"): whole_numbers(table.round(4))
                for name, table in tables.items()
            },
            {key: value for key, value in facts.items() if key not in _OF_THE_RUN},
            rounded_results(screening),
            rounded(screening.treffers),
        )

    def titles(self, table: pd.DataFrame) -> dict[str, str]:
        """Give our own columns a name for people, in Dutch and with the unit.

        Parameters
        ----------
        table : DataFrame
            `locaties`, `treffers` or one of `tables`.

        Returns
        -------
        dict
            Column to name; columns of the input are not in it: their names are the user's.
        """
        rules = sorted(self.screening.toetsen, key=lambda toets: -len(toets.key))
        columns = [str(column) for column in table.columns]
        if table is self.locaties:
            # Ours come first, the input's after them, the geometry last.
            theirs = len(self.screening.locations.frame.columns) - len(COLUMNS) - 1
            columns = columns[: len(columns) - theirs - 1]
        found = {}
        for column in columns:
            if column in _OURS:
                found[column] = _OURS[column]
                continue
            toets = next((x for x in rules if column.startswith(f"{x.key}_")), None)
            if toets is not None:
                found[column] = f"{toets.title}: {_in_words(column[len(toets.key) + 1 :])}"
        return found

    def provenance(self) -> list[tuple[str, str, str]]:
        """List where every figure comes from, one fact a row.

        Returns
        -------
        list of tuple
            The part ("laag natura2000"), what is said of it and the fact, as text.
        """
        facts = self.facts
        general = ("gemaakt_door", "versie", "let_op", "beoordeeld_op", "belemmeringen_vanaf")
        rows = [("algemeen", name, _text(facts[name])) for name in general]
        rows += [("algemeen", "coordinatenstelsel", _text(facts["coordinatenstelsel"]))]
        rows += [
            ("let op", str(i), storable_text(n)) for i, n in enumerate(self.screening.notes(), 1)
        ]
        shown = {k: v for k, v in facts["locaties"].items() if k != "bevindingen"}
        rows += _flat("locaties", shown)
        for layer in facts["lagen"]:
            rules = layer["regels"]
            own = {name: value for name, value in layer.items() if name != "regels"}
            key = self.screening.layers[facts["lagen"].index(layer)].key
            rows += _flat(f"laag {key}", own)
            for name, rule in rules.items():
                rows += _flat(f"regel {name}", rule)
        rows += [
            row
            for i, area in enumerate(facts["gebieden"], 1)
            for row in _flat(f"gebieden {i}", area)
        ]
        rows += _flat("opgave", facts["opgave"] or {})
        rows += [("capaciteit", str(i), _text(n)) for i, n in enumerate(facts["opmerkingen"], 1)]
        rows += _flat("tellingen", facts["tellingen"])
        rows += _flat("programma", facts["programma"])
        return rows


def _in_words(column: str) -> str:
    """Say what a column of a rule holds."""
    if column in _OF_A_RULE:
        return _OF_A_RULE[column]
    if column in _OURS:
        title = _OURS[column]
        return title[0].lower() + title[1:]
    for ending, unit in _UNITS.items():
        if column.endswith(ending):
            return column.removesuffix(ending).replace("_", " ") + unit
    return column.replace("_", " ")


def _flat(part: str, facts: Mapping[str, Any], before: str = "") -> list[tuple[str, str, str]]:
    """Write facts within facts as rows; what is not known is left out."""
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += _flat(part, value, f"{before}{name}: ")
        elif value not in (None, "", [], {}):
            rows.append((part, f"{before}{name}", _text(value)))
    return rows


def _text(value: object) -> str:
    """Write a fact as text."""
    if isinstance(value, list):
        return "; ".join(_text(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(v)}" for name, v in value.items())
    return storable_text(value)
