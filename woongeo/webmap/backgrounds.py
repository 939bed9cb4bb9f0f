"""The backgrounds that a reader can choose, as the catalogue of PDOK knows them."""

from __future__ import annotations

from dataclasses import dataclass

from woongeo.pdok.catalogue import embedded
from woongeo.pdok.tiles import background_of

# What stands on the page, and what it is called in the catalogue; the first is shown.
_CHOICES = {"Grijs": "brt_grijs", "Standaard": "brt_standaard", "Luchtfoto": "luchtfoto"}


@dataclass(frozen=True)
class PageBackground:
    """A background on a page.

    Attributes
    ----------
    title : str
        In the legend.
    urls : tuple of str
        Addresses of tiles in web mercator, to be tried in turn: PDOK moves some.
    credit : str
        What must stand beside it.
    """

    title: str
    urls: tuple[str, ...]
    credit: str


def backgrounds() -> tuple[PageBackground, ...]:
    """Give the backgrounds.

    Returns
    -------
    tuple of PageBackground
        Grey first.
    """
    catalogue = embedded()
    found = [(title, background_of(catalogue[name])) for title, name in _CHOICES.items()]
    return tuple(
        PageBackground(title, known.browser_templates(), known.attribution)
        for title, known in found
    )


def hosts() -> tuple[str, ...]:
    """List where tiles come from, for the page's policy.

    Returns
    -------
    tuple of str
        As "https://service.pdok.nl", in order.
    """
    urls = [url for ground in backgrounds() for url in ground.urls]
    return tuple(sorted({"/".join(url.split("/")[:3]) for url in urls}))
