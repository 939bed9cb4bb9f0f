"""Links in answers of an OGC API: the next page, and the services of an index."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from woongeo.encode import visible
from woongeo.errors import IncompleteLayerError
from woongeo.pdok._http import Answer, within_origin
from woongeo.pdok._pages import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_index(answer: Answer) -> list[dict[str, Any]]:
    """Decode the index of all OGC APIs at PDOK.

    Parameters
    ----------
    answer : Answer
        ``https://api.pdok.nl/index.json``.

    Returns
    -------
    list of dict
        ``title``, ``description``, ``keywords`` and ``root`` of each.

    Raises
    ------
    GarbledError
        When it is no index.
    """
    found = []
    for api in read_json(answer, "index van PDOK").get("apis") or []:
        roots = [
            str(link.get("href", ""))
            for link in api.get("links") or []
            if link.get("rel") == "root" and "/ogc/v" in str(link.get("href", ""))
        ]
        if roots:
            keywords = [str(word) for word in api.get("keywords") or []]
            found.append(
                {
                    "title": str(api.get("title", "")),
                    "description": str(api.get("description", "")),
                    "keywords": keywords,
                    "root": roots[0].rstrip("/"),
                }
            )
    return found


def early_next(answer: Answer) -> str | None:
    """Find the link to the next page where links stand before the features.

    Parameters
    ----------
    answer : Answer
        A page that was not read yet.

    Returns
    -------
    str or None
        As written; None where it cannot be told yet.
    """
    head = answer.body[:20_000].decode("utf-8", "replace")
    before, found, rest = head.partition('"links":')
    if not found or '"features"' in before:
        return None
    with suppress(ValueError, IncompleteLayerError):
        links, _ = json.JSONDecoder().raw_decode(rest.lstrip())
        return _next_href({"links": links}, answer.url)
    return None


def next_page(found: Mapping[str, Any], url: str) -> str | None:
    """Find the link to the next page, and see that it stays with the server.

    Parameters
    ----------
    found : Mapping
        A page.
    url : str
        Its address.

    Returns
    -------
    str or None
        The address to visit; None on the last page.

    Raises
    ------
    IncompleteLayerError
        When links cannot be understood.
    RefusedAddressError
        When it leads elsewhere.
    """
    href = _next_href(found, url)
    return None if href is None else within_origin(url, href)


def _next_href(found: Mapping[str, Any], url: str) -> str | None:
    """Find the link to the next page as it was written."""
    links = found.get("links") or []
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise IncompleteLayerError(f"{visible(url)[:300]}: de verwijzingen zijn onleesbaar.")
    following = [link for link in links if link.get("rel") == "next"]
    if not following:
        return None
    hrefs = {
        str(link.get("href", ""))
        for link in following
        if "html" not in str(link.get("type", "")).lower()
    }
    if len(hrefs) != 1 or "" in hrefs:
        raise IncompleteLayerError(
            f"{visible(url)[:300]}: niet één maar {len(hrefs)} bruikbare verwijzingen naar een "
            "volgende bladzijde, of een lege."
        )
    return hrefs.pop()
