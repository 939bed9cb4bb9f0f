"""Nitrogen: how much homes at a distance may add to what falls on nature.

That a site lies within 25 km of nature says nothing: nearly the whole country does. What building
adds there grows with the number of homes and falls steeply with distance, as EIB worked out for a
building phase without measures to keep it down. AERIUS Calculator decides; this only estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from woongeo.errors import RuleError
from woongeo.numerals import dutch
from woongeo.rules.common import RuleBase, check_limit, is_number, text_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Where the table stands.
EIB_SOURCE = "EIB, Effecten wegvallen bouwvrijstelling (2022, en de editie van 2025), tabel A.1"

#: Table A.1: distance to nitrogen-sensitive nature in metres, and what the building of one home
#: adds to the deposition there, in mol of nitrogen a hectare in the year.
EIB_DISTANCE_M = (50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 25_000.0)
EIB_MOL_PER_HOME = (
    *(0.5831, 0.2251, 0.0476, 0.01135, 0.003825),
    *(0.000712, 0.000237, 0.000075, 0.0000125),
)

#: AERIUS looks no further, whatever the source.
NITROGEN_REACH_M = EIB_DISTANCE_M[-1]

# A contribution this near to a threshold is at it: 400 homes at 25 km come to 0.005 exactly.
_EPSILON = 1e-9


def mol_per_home(distance_m: ArrayLike) -> NDArray[np.float64]:
    """Estimate what the building of one home adds to nature at a distance.

    Parameters
    ----------
    distance_m : array_like of float
        Metres; NaN where it is not known.

    Returns
    -------
    ndarray of float
        Mol of nitrogen a hectare in the year: straight between the points of EIB's table on
        logarithmic scales, the value of 50 m for what is nearer, 0 beyond 25 km, NaN for NaN.

    Examples
    --------
    >>> mol_per_home([0, 50, 100, 25_000, 25_001]).tolist()
    [0.5831, 0.5831, 0.2251, 1.25e-05, 0.0]
    """
    distance = np.asarray(distance_m, dtype=float)
    place = np.log(np.maximum(distance, EIB_DISTANCE_M[0]))
    found = np.exp(np.interp(place, np.log(EIB_DISTANCE_M), np.log(EIB_MOL_PER_HOME)))
    # The values of the table itself, not what a logarithm and back makes of them.
    for at, value in zip(EIB_DISTANCE_M, EIB_MOL_PER_HOME, strict=True):
        found = np.where(distance == at, value, found)
    found = np.where(distance < EIB_DISTANCE_M[0], EIB_MOL_PER_HOME[0], found)
    return np.asarray(np.where(distance > NITROGEN_REACH_M, 0.0, found), dtype=float)


def deposition_mol(homes: ArrayLike, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Estimate what the building of homes adds to nature at a distance.

    Parameters
    ----------
    homes : array_like of float
        How many; NaN where that is not known. A negative number is not known either.
    distance_m : array_like of float
        Metres, of a shape that fits `homes`; NaN where it is not known.

    Returns
    -------
    ndarray of float
        Mol of nitrogen a hectare in the year, in the year of building and without measures: in
        proportion to the homes. 0 beyond 25 km and for no homes; NaN where something is not known.

    Examples
    --------
    >>> deposition_mol([10, 0, 10], [100, 100, 30_000]).tolist()
    [2.251, 0.0, 0.0]
    """
    number = np.asarray(homes, dtype=float)
    number = np.where(number < 0, np.nan, number)
    return np.asarray(number * mol_per_home(distance_m), dtype=float)


def homes_under(threshold_mol: float, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Count the homes that stay at or below a threshold at a distance.

    Parameters
    ----------
    threshold_mol : float
        Mol of nitrogen a hectare in the year.
    distance_m : array_like of float
        Metres.

    Returns
    -------
    ndarray of float
        Whole homes; infinite beyond 25 km, NaN where the distance is not known.

    Examples
    --------
    >>> homes_under(0.005, [100, 1_000, 25_000, 25_001]).tolist()
    [0.0, 1.0, 400.0, inf]
    """
    with np.errstate(divide="ignore", over="ignore"):
        fit = threshold_mol / mol_per_home(distance_m)
    return np.asarray(np.floor(fit * (1 + _EPSILON)), dtype=float)


def exceeds(contribution_mol: NDArray[np.float64], threshold_mol: float) -> NDArray[np.bool_]:
    """Tell whether contributions are above a threshold.

    Parameters
    ----------
    contribution_mol : ndarray of float
        Mol of nitrogen a hectare in the year; NaN is not above anything.
    threshold_mol : float
        In the same unit.

    Returns
    -------
    ndarray of bool
        Above it; what is at it is not.
    """
    return np.asarray(contribution_mol > threshold_mol * (1 + _EPSILON), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class StikstofRule(RuleBase):
    """When the nitrogen of building stands in the way, by size and distance.

    A site is `belemmerd` when its homes are estimated to add more than `threshold_mol_ha_j` to the
    nearest nature that counts. The distance is exact, from the edge of the site.

    Attributes
    ----------
    threshold_mol_ha_j : float
        Mol of nitrogen a hectare in the year. 0.005 is what AERIUS still shows as 0.00.
    not_sensitive : dict or None
        Column of features to the values that mark nature that nitrogen does not harm: it does not
        count. Compared as text, whatever the case. Nature without a mark counts.
    exceedance_column : str or None
        The column of features with how far the background goes beyond the critical load, mol of
        nitrogen a hectare in the year; `woongeo.with_exceedance` makes it. None: all nature counts.
    min_exceedance_mol_ha_j : float
        Only nature whose exceedance is at least this counts; negative for nearly overloaded.
    critical_load_column : str
        The column of features with the critical load (KDW), mol of nitrogen a hectare in the year:
        kept for `woongeo.with_exceedance`, where there is one.
    """

    kind: ClassVar[str] = "stikstof"

    threshold_mol_ha_j: float = 0.005
    not_sensitive: dict[str, tuple[str, ...]] | None = None
    exceedance_column: str | None = None
    min_exceedance_mol_ha_j: float = 0.0
    critical_load_column: str = "critical_d"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limit(self.threshold_mol_ha_j, "threshold_mol_ha_j", unit="mol/ha/jaar")
        object.__setattr__(self, "not_sensitive", text_values(self.not_sensitive, "not_sensitive"))
        if not is_number(self.min_exceedance_mol_ha_j):
            raise RuleError(
                f"min_exceedance_mol_ha_j is {self.min_exceedance_mol_ha_j!r}; geef een getal in "
                "mol/ha/jaar, negatief voor bijna overbelast."
            )

    @property
    def reach_m(self) -> float:
        """How far around a site the rule looks, metres.

        Returns
        -------
        float
            25 km.
        """
        return NITROGEN_REACH_M

    def columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as text.

        Returns
        -------
        tuple of str
            Their names.
        """
        return tuple(self.not_sensitive or {})

    def number_columns(self) -> tuple[str, ...]:
        """List the columns of features that the rule reads as numbers.

        Returns
        -------
        tuple of str
            Their names.
        """
        return tuple(filter(None, (self.critical_load_column, self.exceedance_column)))

    def may_lack(self) -> tuple[str, ...]:
        """List the columns that the rule can do without.

        Returns
        -------
        tuple of str
            All: without a mark nature counts, and an exceedance can be added to a layer later.
        """
        return (*self.columns(), *self.number_columns())

    def in_words(self) -> str:
        """Say the rule in plain Dutch.

        Returns
        -------
        str
            One sentence.

        Examples
        --------
        >>> StikstofRule().in_words()
        'belemmerd als het bouwen van de woningen naar schatting meer dan 0,005 mol stikstof per \
hectare per jaar toevoegt aan de dichtstbijzijnde natuur'
        """
        said = (
            "belemmerd als het bouwen van de woningen naar schatting meer dan "
            f"{dutch(self.threshold_mol_ha_j, decimals=6)} mol stikstof per hectare per jaar "
            "toevoegt aan de dichtstbijzijnde natuur"
        )
        for column, values in (self.not_sensitive or {}).items():
            said += f"; natuur met {column} = {' of '.join(values)} telt niet"
        if self.exceedance_column is not None:
            least = dutch(self.min_exceedance_mol_ha_j)
            said += f"; alleen natuur waar {self.exceedance_column} minstens {least} is telt"
        return said

    def details(self) -> dict[str, Any]:
        """Give what is the kind's own as plain values, for a manifest.

        Returns
        -------
        dict
            Dutch keys.
        """
        return {
            "drempel_mol_ha_j": self.threshold_mol_ha_j,
            "tabel": EIB_SOURCE,
            "niet_gevoelig": {c: list(v) for c, v in self.not_sensitive.items()}
            if self.not_sensitive
            else None,
            "overschrijding_kolom": self.exceedance_column,
            "overschrijding_minstens_mol_ha_j": None
            if self.exceedance_column is None
            else self.min_exceedance_mol_ha_j,
        }
