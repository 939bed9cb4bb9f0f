"""Search areas, and what a reader must know of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from woongeo._version import __version__
from woongeo.encode import html_text, shortened
from woongeo.errors import DoubtfulLocationWarning, InputError
from woongeo.locations import Locations, read_locations
from woongeo.numerals import counted, dutch
from woongeo.rules import SEVERITIES
from woongeo.verdict import OORDELEN, SCREENING, Oordeel

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import ArrayLike

    from woongeo.layers import Layer
    from woongeo.regions import Regions
    from woongeo.screening import Toets


def homes_column(density: float) -> str:
    """Name the column of homes at a density.

    Parameters
    ----------
    density : float
        Homes a hectare.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> homes_column(25), homes_column(12.5)
    ('woningen_bij_25_per_ha', 'woningen_bij_12_5_per_ha')
    """
    return f"woningen_bij_{f'{density:g}'.replace('.', '_')}_per_ha"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a search area must be, and what is counted in it.

    Attributes
    ----------
    min_m2 : float
        The least area, square metres.
    min_width_m : float
        A circle of this width must fit everywhere.
    density : tuple of float
        Homes a hectare.
    net_share : float
        Share of the ground (0-1) on which that many homes come; the rest is water, green, streets.
    net_source : str
        Who says so.
    from_severity : str
        What hinders less does not count.
    cell_m : float or None
        Size of cells, metres; None where the search was exact.
    tile_m : float
        Size of the squares that are searched one by one, metres.
    rank_by : str
        The column by which areas are ranked.
    """

    min_m2: float
    min_width_m: float
    density: tuple[float, ...]
    net_share: float
    net_source: str
    from_severity: str
    cell_m: float | None
    tile_m: float
    rank_by: str

    def __post_init__(self) -> None:
        for name in ("min_m2", "min_width_m"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)!r}; geef 0 of meer.")
        if self.tile_m != int(self.tile_m) or not 100 <= self.tile_m <= 100_000:
            raise InputError(f"tile_m is {self.tile_m!r}; geef hele meters van 100 tot 100.000.")
        if self.cell_m is not None and not 0.5 <= self.cell_m <= 10_000:
            raise InputError(f"cell_m is {self.cell_m!r}; geef 0,5 tot 10.000 meter.")
        if not self.density or not all(0 < d < float("inf") for d in self.density):
            raise InputError(
                f"density is {self.density!r}; geef woningen per hectare, elk meer dan 0."
            )
        if len({homes_column(d) for d in self.density}) < len(self.density):
            raise InputError(f"density is {self.density!r}; geef elke dichtheid één keer.")
        if not 0 < self.net_share <= 1:
            raise InputError(f"net_share is {self.net_share!r}; geef een deel (meer dan 0, tot 1).")
        if self.from_severity not in SEVERITIES:
            raise InputError(
                f"from_severity is {self.from_severity!r}; kies uit {', '.join(SEVERITIES)}."
            )
        if self.rank_by not in RANKS:
            raise InputError(f"rank_by is {self.rank_by!r}; kies uit {', '.join(RANKS)}.")

    def in_words(self) -> list[str]:
        """Say in Dutch what was searched for.

        Returns
        -------
        list of str
            Sentences.
        """
        how = (
            "vlakken, exact"
            if self.cell_m is None
            else f"cellen van {dutch(self.cell_m)} m; grenzen en oppervlakten zijn zo grof als dat"
        )
        net = "zonder aftrek"
        if self.net_share < 1:
            net = (
                f"op {dutch(100 * self.net_share)} % van de grond "
                f"({self.net_source or 'opgegeven door de gebruiker'})"
            )
        return [
            f"Gezeefd op belemmeringen vanaf {self.from_severity}, met {how}.",
            f"Een zoekgebied is minstens {dutch(self.min_m2)} m².",
            f"Waar het smaller is dan {dutch(self.min_width_m)} m, is grond geen zoekgebied.",
            f"Woningen zijn oppervlakte maal dichtheid, {net}: geen plan.",
        ]


#: Columns by which areas can be ranked, and whether the largest comes first.
RANKS = {
    "oppervlakte_m2": True,
    "gemiddelde_breedte_m": True,
    "compactheid": True,
    "afstand_bebouwd_m": False,
}


@dataclass(frozen=True, eq=False)
class Zoekgebieden:
    """What remains of an area after constraints.

    Attributes
    ----------
    locaties : GeoDataFrame
        One row a search area, RD New (EPSG:28992), in order of rank: `zoekgebied_id`, `rang`,
        `oordeel` (`vrij` or `onbekend`; `belemmerd` where a rule without a zone says so of the
        whole area), `reden`, `gebied` (region with the largest part), `gebied_aandeel` (0-1),
        `oppervlakte_m2`, `gemiddelde_breedte_m` (twice the area over the outline), `compactheid`
        (1 for a circle), `afstand_bebouwd_m` and `bebouwd_aandeel` where what is built was given
        (NaN where not known), a column of whole homes for each density, and `geometry`.
    balans : DataFrame
        One row a region and, last, the whole area; square metres: `oppervlakte_m2`, of which
        `belemmerd_m2`, `onbekend_m2` and `vrij_m2` by rules that have a zone (together the area),
        and of these `zoekgebied_vrij_m2`, `zoekgebied_onbekend_m2` and `zoekgebied_belemmerd_m2` in
        search areas by their verdict; `zoekgebieden` counts those whose largest part lies there.
    zeef : DataFrame
        One row a rule in its turn: `laag` (key), `titel`, `zwaarte`, `neemt_m2` (what it takes of
        what those before it left), `rest_m2` (what is left then) and `onbekend_m2` (what it leaves
        unknown of what no rule takes, after those before it).
    area : Regions
        Where was searched.
    layers : tuple of Layer
        Against what.
    toetsen : tuple of Toets
        All rules that are on.
    gezeefd : tuple of str
        Keys of those that took part by their zone.
    beoordeeld : tuple of str
        Keys of those that have no zone, and judged each search area.
    wishes : Wishes
        What was searched for.
    on : date
        For which day.
    built_up : Layer or None
        What is built.
    plans : Locations or None
        Plans whose ground was left out.
    doubts : tuple of str
        What else a reader must know.
    limits : dict
        Key to source, of limits that were added by `limited`.
    version : str
        Of woongeo.
    """

    locaties: gpd.GeoDataFrame
    balans: pd.DataFrame
    zeef: pd.DataFrame
    area: Regions
    layers: tuple[Layer, ...]
    toetsen: tuple[Toets, ...]
    gezeefd: tuple[str, ...]
    beoordeeld: tuple[str, ...]
    wishes: Wishes
    on: dt.date
    built_up: Layer | None = None
    plans: Locations | None = None
    doubts: tuple[str, ...] = ()
    limits: dict[str, str] = field(default_factory=dict)
    version: str = __version__

    def __len__(self) -> int:
        return len(self.locaties)

    def counts(self) -> dict[str, int]:
        """Count search areas per verdict.

        Returns
        -------
        dict
            The three verdicts, heaviest first, also where the count is 0.
        """
        found = self.locaties["oordeel"].value_counts()
        return {o: int(found.get(o, 0)) for o in reversed(OORDELEN)}

    def locations(self, *oordelen: str, density: float | None = None) -> Locations:
        """Make locations of search areas, to screen them against lighter layers.

        Parameters
        ----------
        *oordelen : str
            Of which verdicts; `vrij` and `onbekend` without any.
        density : float, optional
            Which column of homes is their number; the first without it.

        Returns
        -------
        Locations
            With all columns. They have no planstatus: they are no plans.

        Raises
        ------
        LocationError
            When there are none of these.
        InputError
            When that density was not asked for.
        """
        chosen = self.wishes.density[0] if density is None else density
        if chosen not in self.wishes.density:
            raise InputError(
                f"density is {density!r}; kies uit {', '.join(map(str, self.wishes.density))}."
            )
        wanted = set(oordelen or (Oordeel.VRIJ, Oordeel.ONBEKEND))
        frame = self.locaties[self.locaties["oordeel"].isin(wanted)].reset_index(drop=True)
        frame = frame.rename(columns={c: f"zoek_{c}" for c in ("oordeel", "reden")})
        with warnings.catch_warnings():
            # That search areas have no planstatus is no news.
            warnings.simplefilter("ignore", DoubtfulLocationWarning)
            return read_locations(
                frame,
                id_column="zoekgebied_id",
                name_column="zoekgebied_id",
                woningen_column=homes_column(chosen),
            )

    def limited(self, key: str, homes: ArrayLike, *, source: str) -> Zoekgebieden:
        """Add how many homes fit at most by something that grows with them, as nitrogen does.

        Parameters
        ----------
        key : str
            Of the limit: lower-case letters, digits and _.
        homes : array_like of float
            Per search area in order; infinite where there is no limit, NaN where not known.
        source : str
            Who says so.

        Returns
        -------
        Zoekgebieden
            A copy with a column `woningen_hoogstens_<key>`. Homes at a density stay as they are.

        Raises
        ------
        InputError
            When there are not as many numbers as search areas.
        """
        most = np.asarray(homes, dtype=float)
        if most.shape != (len(self),):
            raise InputError(
                f"homes heeft vorm {most.shape}; geef één getal per zoekgebied ({len(self)})."
            )
        frame = self.locaties.copy()
        frame.insert(len(frame.columns) - 1, f"woningen_hoogstens_{key}", most)
        return replace(self, locaties=frame, limits={**self.limits, key: source})

    def notes(self) -> list[str]:
        """List what a reader must know before the figures.

        Returns
        -------
        list of str
            What was searched for, what did not count, and of what nothing is known.
        """
        notes = self.wishes.in_words()
        counted = {*self.gezeefd, *self.beoordeeld}
        for toets in self.toetsen:
            if idle := toets.rule.holds(self.on):
                notes.append(f"{toets.title}: {idle}; zij belemmert op deze dag niets.")
            elif toets.key in counted and (reason := toets.idle(self.on)):
                notes.append(f"{toets.title}: niets over te zeggen ({reason}).")
            elif toets.key in counted and toets.layer.incomplete:
                why = toets.layer.incomplete
                notes.append(f"{toets.title}: {why}; waar zij ontbreekt is onbekend.")
        lighter = [x.title for x in self.toetsen if x.key not in counted]
        if lighter:
            notes.append(f"Niet gezeefd op {', '.join(lighter)}: toets de zoekgebieden daarop.")
        later = dict.fromkeys(x.layer.later(self.on) for x in self.toetsen if x.key in counted)
        notes += [told for told in later if told]
        notes += self.doubts
        notes += [f"Hoogstens woningen door {key}: {who}." for key, who in self.limits.items()]
        return notes

    def facts(self) -> dict[str, Any]:
        """Give what was searched as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        wishes, last = self.wishes, self.balans.iloc[-1]
        return {
            "beoordeeld_op": self.on.isoformat(),
            "belemmeringen_vanaf": wishes.from_severity,
            "methode": "vlakken" if wishes.cell_m is None else "cellen",
            "cel_m": wishes.cell_m,
            "minimum_m2": wishes.min_m2,
            "minimum_breedte_m": wishes.min_width_m,
            "dichtheden_per_ha": list(wishes.density),
            "netto_aandeel": wishes.net_share,
            "netto_bron": wishes.net_source or None,
            "volgorde": wishes.rank_by,
            "gebied": {
                "niveau": self.area.level,
                "gebieden": self.area.frame["gebied"].tolist(),
                "bron": self.area.source.facts(),
            },
            "lagen": [layer.facts() for layer in self.layers],
            "gezeefd_op": list(self.gezeefd),
            "beoordeeld_per_zoekgebied": list(self.beoordeeld),
            "bebouwd": None if self.built_up is None else self.built_up.facts(),
            "plannen": None if self.plans is None else self.plans.source.facts(),
            "hoogstens": self.limits,
            "opmerkingen": self.notes(),
            "zoekgebieden": self.counts(),
            "balans_m2": {
                c: round(float(last[c]), 2) for c in self.balans.columns if c.endswith("_m2")
            },
        }

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html_text(shortened(note))}</li>" for note in self.notes())
        shown = self.locaties.drop(columns="geometry").head(20)
        heads = "".join(f"<th>{html_text(c)}</th>" for c in shown.columns)
        rows = ""
        for row in shown.itertuples(index=False, name=None):
            cells = (dutch(v) if isinstance(v, float) else str(v) for v in row)
            rows += "<tr>" + "".join(f"<td>{html_text(shortened(c))}</td>" for c in cells) + "</tr>"
        more = f", de eerste {len(shown)}" if len(shown) < len(self) else ""
        last = self.balans.iloc[-1]
        areas = "; ".join(
            f"{c.removesuffix('_m2')} {dutch(last[c] / 10_000)} ha"
            for c in ("oppervlakte_m2", "belemmerd_m2", "onbekend_m2", "vrij_m2")
        )
        return (
            f"<ul>{notes}</ul><table>"
            f"<caption>{counted(len(self), 'zoekgebied', 'zoekgebieden')}{more}; {areas}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p>{SCREENING}</p>"
        )
