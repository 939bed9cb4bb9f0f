"""Crops by their code, and which of them are sprayed."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from woongeo.errors import LayerError


@dataclass(frozen=True, kw_only=True)
class CropGroup:
    """Crops that are sprayed alike.

    Attributes
    ----------
    key : str
        Short name.
    title : str
        For people, in Dutch.
    on : bool
        Whether it counts unless asked otherwise.
    within_m : float
        How far homes stay away from it, metres.
    codes : frozenset of int
        Of the Basisregistratie Gewaspercelen.
    source : str
        Who says so.
    source_year : int
        When.
    """

    key: str
    title: str
    on: bool
    within_m: float
    codes: frozenset[int]
    source: str
    source_year: int


@dataclass(frozen=True, kw_only=True)
class CropList:
    """The list of codes.

    Attributes
    ----------
    title, publisher : str
        What it is, and of whom.
    year : int
        Of the list.
    groups : dict
        Key to group.
    other : frozenset of int
        Codes that are known and in no group.
    harmless_categories : frozenset of str
        Categories of which no parcel is sprayed, in lower case.
    """

    title: str
    publisher: str
    year: int
    groups: dict[str, CropGroup]
    other: frozenset[int]
    harmless_categories: frozenset[str]

    def chosen(self, groups: object = None) -> list[CropGroup]:
        """Choose groups by their keys.

        Parameters
        ----------
        groups : iterable of str, optional
            Keys; without it the groups that are on.

        Returns
        -------
        list of CropGroup
            In the order of the list.

        Raises
        ------
        LayerError
            When there is no such group, or none is asked for.
        """
        if groups is None:
            return [group for group in self.groups.values() if group.on]
        asked = [groups] if isinstance(groups, str) else list(groups)  # type: ignore[call-overload]
        stray = [str(name) for name in asked if name not in self.groups]
        if stray or not asked:
            told = f"{', '.join(stray)} bestaat niet" if stray else "er is geen groep gegeven"
            raise LayerError(f"gewasgroepen: {told}; kies uit {', '.join(self.groups)}.")
        return [group for key, group in self.groups.items() if key in asked]

    def group_of(self, code: int) -> str | None:
        """Tell in which group a code is.

        Parameters
        ----------
        code : int
            Of a crop.

        Returns
        -------
        str or None
            The key of the group; empty for a crop that is in none, None for an unknown code.

        Examples
        --------
        >>> crop_list().group_of(1096), crop_list().group_of(2014), crop_list().group_of(265)
        ('fruit', 'aardappel', '')
        """
        found = next((key for key, group in self.groups.items() if code in group.codes), None)
        return "" if found is None and code in self.other else found


@functools.cache
def crop_list() -> CropList:
    """Give the list that comes along.

    Returns
    -------
    CropList
        Of ``gewassen.toml``.

    Examples
    --------
    >>> crop_list().groups["bollen"].title
    'Bloembollen'
    """
    text = resources.files("woongeo").joinpath("gewassen.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    told = tables["lijst"]
    groups = {
        key: CropGroup(
            key=key,
            title=group["title"],
            on=group["on"],
            within_m=float(group["within_m"]),
            codes=frozenset(group["codes"]),
            source=group["source"],
            source_year=group["source_year"],
        )
        for key, group in tables["groepen"].items()
    }
    return CropList(
        title=told["title"],
        publisher=told["publisher"],
        year=told["year"],
        groups=groups,
        other=frozenset(told["other"] + told["later"]),
        harmless_categories=frozenset(told["harmless_categories"]),
    )
