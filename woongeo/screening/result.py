"""What came of a screening: a verdict for each location and rule, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from woongeo._version import __version__
from woongeo.encode import html_text, shortened
from woongeo.layers import as_around
from woongeo.numerals import counted, dutch
from woongeo.rules import SEVERITIES
from woongeo.screening.assembling import assemble
from woongeo.screening.running import judge_all, subjects_of
from woongeo.screening.toetsen import toetsen_of, voice, with_rules
from woongeo.verdict import OORDELEN, SCREENING, Hardheid, Oordeel

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from woongeo.judging import Judged, Subjects
    from woongeo.layers import Layer
    from woongeo.locations import Locations
    from woongeo.rules import RuleBase
    from woongeo.screening.assembling import Areas
    from woongeo.screening.toetsen import Toets


@dataclass(frozen=True, eq=False)
class Screening:
    """The verdicts on locations.

    Attributes
    ----------
    locaties : GeoDataFrame
        One row a location in the order of the input, RD New (EPSG:28992): the columns of
        `Locations.frame`, `oordeel` (the heaviest of all rules that count), `zwaarte` (the heaviest
        severity of those that say `belemmerd`, else empty), `belemmerd_m2`, `onbekend_m2` and
        `vrij_m2` (each square metre once, together the area), and per rule (`<sleutel>` is the
        layer's key, with the rule's name behind it but for the main rule) `<sleutel>_oordeel`,
        `_overlap_m2`, `_overlap_aandeel` (0-1), `_afstand_m` (NaN beyond 25 km, or beyond what was
        fetched), `_objecten` and what its kind adds.
    treffers : DataFrame
        One row a location and rule, by location and then rule: `locatie_id`, `laag` (the rule's
        key), `oordeel`, `zwaarte`, `reden`, `overlap_m2`, `overlap_aandeel`, `afstand_m`,
        `objecten`.
    geraakt : DataFrame of bool
        Per location (row) and rule (column) whether the rule's zone meets the site at all, also
        below the tolerance.
    aandeel : DataFrame of float
        Per location and rule the share of the site (0-1) that the rule takes; NaN where nothing is
        known of it.
    telt : DataFrame of bool
        Per location and rule whether the rule counts in `oordeel`, areas and capacity: whether it
        is as heavy as was asked.
    locations : Locations
        What was screened.
    layers : tuple of Layer
        Against what.
    toetsen : tuple of Toets
        By which rules.
    on : date
        The day for which was judged.
    from_severity : str
        From which severity on rules count.
    judged : dict
        What each rule said of the locations that can be measured, by its key.
    subjects : Subjects
        The locations that can be measured, and what was found out about them: `changed` asks
        that again.
    version : str
        Of woongeo.
    """

    locaties: gpd.GeoDataFrame
    treffers: pd.DataFrame
    geraakt: pd.DataFrame
    aandeel: pd.DataFrame
    telt: pd.DataFrame
    locations: Locations
    layers: tuple[Layer, ...]
    toetsen: tuple[Toets, ...]
    on: dt.date
    from_severity: str
    judged: dict[str, Judged]
    subjects: Subjects
    version: str = __version__

    def __len__(self) -> int:
        return len(self.locaties)

    def from_(self, severity: str) -> Screening:
        """Count only rules from a severity on; verdicts of the others stay listed.

        Parameters
        ----------
        severity : str
            "zacht", "middel", "hard" or "zeer hard".

        Returns
        -------
        Screening
            A new one, of the same judgements.

        Raises
        ------
        RuleError
            When there is no such severity.
        """
        return put_together(
            self.locations, self.subjects, self.layers, self.toetsen, self.judged, severity
        )

    def changed(self, rules: Mapping[str, RuleBase]) -> Screening:
        """Judge anew by other rules, and only what they touch.

        Parameters
        ----------
        rules : Mapping of str to RuleBase
            Key of verdicts to rule, as for `screen`.

        Returns
        -------
        Screening
            Equal to a new screening by these rules.

        Raises
        ------
        RuleError
            When a rule is given for a layer that is not there.
        """
        layers = with_rules(self.layers, rules)
        toetsen = toetsen_of(layers)
        voice(toetsen, self.on, stacklevel=2)
        judged = judge_all(toetsen, self.subjects, (self.toetsen, self.judged))
        return put_together(
            self.locations, self.subjects, layers, toetsen, judged, self.from_severity
        )

    def only(self, kept: NDArray[np.bool_], locations: Locations) -> Screening:
        """Keep the verdicts on some locations.

        Parameters
        ----------
        kept : ndarray of bool
            Which of the locations, in their order.
        locations : Locations
            Those locations alone.

        Returns
        -------
        Screening
            Equal to a new screening of them, by layers that tell nothing of where the others are.
        """
        at = kept[self.locations.usable]
        judged = {key: own.only(at) for key, own in self.judged.items()}
        subjects = subjects_of(locations, self.on)
        layers, toetsen = self.layers, self.toetsen
        if not kept.all():
            layers = tuple(as_around(layer, subjects.sites.geometry) for layer in layers)
            toetsen = toetsen_of(layers)
        return put_together(locations, subjects, layers, toetsen, judged, self.from_severity)

    def counts(self, layer: str | None = None) -> dict[str, int]:
        """Count locations per verdict.

        Parameters
        ----------
        layer : str, optional
            Key of a rule: for it alone; over all that count without it.

        Returns
        -------
        dict
            The three verdicts, heaviest first, also where the count is 0.
        """
        column = "oordeel" if layer is None else f"{layer}_oordeel"
        found = self.locaties[column].value_counts()
        return {o: int(found.get(o, 0)) for o in reversed(OORDELEN)}

    def homes(self, layer: str | None = None) -> dict[str, float]:
        """Add up homes per verdict, of locations that count.

        Parameters
        ----------
        layer : str, optional
            Key of a rule: for it alone; over all that count without it.

        Returns
        -------
        dict
            The three verdicts, heaviest first. Locations without a number are not in it; NaN where
            no location of a verdict has one.
        """
        column = "oordeel" if layer is None else f"{layer}_oordeel"
        counted = self.locaties[self.locaties["hardheid"] != Hardheid.TELT_NIET_MEE]
        sums = counted.groupby(column)["woningen"].sum(min_count=1)
        return {o: float(sums.get(o, 0.0)) for o in reversed(OORDELEN)}

    def notes(self) -> list[str]:
        """List what a reader must know before the figures.

        Returns
        -------
        list of str
            Layers of which nothing or not everything is known, and doubts about locations.
        """
        notes = self._notes_on_layers() + self.notes_on_rules()
        report = self.locations.report
        withheld = report.of_check("vertrouwelijkheid")["toelichting"]
        notes += [f"Vertrouwelijk: {shortened(text)}." for text in withheld]
        if len(report):
            listed = "; ".join(report.summary())
            notes.append(f"Controle van de locaties: {listed}.")
        return notes

    def notes_on_rules(self) -> list[str]:
        """List what a reader must know of the rules.

        Returns
        -------
        list of str
            Rules that do not hold on the day, scenarios, and what is too light to count.
        """
        notes = []
        for toets in self.toetsen:
            idle = toets.rule.holds(self.on)
            if idle and not toets.idle(self.on):
                notes.append(f"{toets.title}: {idle}; zij belemmert op deze dag niets.")
            if toets.rule.certainty == "scenario":
                notes.append(f"{toets.title}: een scenario, geen besluit ({toets.rule.source}).")
        if self.from_severity != SEVERITIES[0]:
            lighter = [x.title for x in self.toetsen if not self.telt[x.key].any()]
            told = f" ({', '.join(lighter)})" if lighter else ""
            notes.append(
                f"Alleen belemmeringen vanaf {self.from_severity} tellen mee; lichtere staan per "
                f"laag vermeld{told}."
            )
        return notes

    def _notes_on_layers(self) -> list[str]:
        """List layers of which nothing, or not everything, is known."""
        notes = [told for layer in self.layers if (told := layer.later(self.on))]
        for toets in self.toetsen:
            reason = toets.idle(self.on)
            if reason:
                notes.append(f"{toets.title}: niets over te zeggen ({reason}).")
            elif toets.layer.incomplete:
                why = toets.layer.incomplete
                notes.append(f"{toets.title}: {why}; waar zij ontbreekt is onbekend.")
        return notes

    def complete(self) -> bool:
        """Tell whether every layer is whole and every verdict known.

        Returns
        -------
        bool
            False when a layer is absent, failed, stale or incomplete, or any verdict `onbekend`.
        """
        whole = not any(x.idle(self.on) or x.layer.incomplete for x in self.toetsen)
        return whole and not (self.treffers["oordeel"] == Oordeel.ONBEKEND).any()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(shortened(note))}</li>" for note in self.notes())
        rows = ""
        for key, title in [(None, "alle lagen"), *((x.key, x.title) for x in self.toetsen)]:
            counts, homes = self.counts(key), self.homes(key)
            cells = "".join(
                f"<td>{counts[o]}</td><td>{dutch(homes[o], decimals=0)}</td>" for o in counts
            )
            rows += f"<tr><th>{html_text(shortened(title))}</th>{cells}</tr>"
        heads = "".join(f"<th>{o}</th><th>woningen</th>" for o in reversed(OORDELEN))
        dates = "; ".join(
            f"{x.title}: {x.reference_date.isoformat() if x.reference_date else 'niet bekend'}"
            for x in self.layers
        )
        warn = f"<ul>{notes}</ul>" if notes else ""
        return (
            f"{warn}<table><caption>{counted(len(self), 'locatie', 'locaties')}</caption>"
            f"<thead><tr><th>laag</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>Peildatum van de lagen: {html_text(shortened(dates))}. {SCREENING}</p>"
        )


def put_together(  # noqa: PLR0913, PLR0917  what a screening is made of
    locations: Locations,
    subjects: Subjects,
    layers: tuple[Layer, ...],
    toetsen: tuple[Toets, ...],
    judged: dict[str, Judged],
    from_severity: str,
    areas: Areas | None = None,
) -> Screening:
    """Make a screening of judgements.

    Parameters
    ----------
    locations, subjects, layers, toetsen, judged, from_severity
        As the attributes of `Screening`.
    areas : Areas, optional
        As for `assemble`.

    Returns
    -------
    Screening
        With its tables.

    Raises
    ------
    RuleError
        When there is no such severity.
    """
    area = subjects.sites.area
    tables = assemble(locations, area, toetsen, judged, from_severity, areas)
    return Screening(
        *tables,
        locations=locations,
        layers=layers,
        toetsen=toetsen,
        on=subjects.on,
        from_severity=from_severity,
        judged=judged,
        subjects=subjects,
    )
