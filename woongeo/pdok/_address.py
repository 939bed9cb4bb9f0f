"""Web addresses: which may be visited, and which an answer may lead to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urljoin, urlsplit

from woongeo.encode import visible
from woongeo.errors import RefusedAddressError

_DEFAULT_PORT = {"http": 80, "https": 443}


def address(url: str) -> tuple[str, str, int]:
    """Take an address apart.

    Parameters
    ----------
    url : str
        A web address.

    Returns
    -------
    scheme : str
        "http" or "https".
    host : str
        Lower case.
    port : int
        The stated one, or the usual one.

    Raises
    ------
    RefusedAddressError
        When it is no plain web address: another scheme, a user name in it, or nonsense.
    """
    shown = visible(url)[:200]
    if any(c <= " " or c in '\\"<>\x7f' for c in url):
        raise RefusedAddressError(f"{shown}: in dit adres staan tekens die daar niet horen.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddressError(f"{shown}: dit is geen webadres.") from error
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname:
        raise RefusedAddressError(f"{shown}: alleen https-adressen worden bezocht.")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddressError("Een adres met een gebruikersnaam erin wordt niet bezocht.")
    return parts.scheme, parts.hostname, port or _DEFAULT_PORT[parts.scheme]


def within_origin(origin: str, href: str) -> str:
    """Follow a link of an answer, as long as it stays with the server that gave it.

    Parameters
    ----------
    origin : str
        The address of the answer.
    href : str
        The link in it, absolute or relative.

    Returns
    -------
    str
        The address to visit next; the link itself where it is absolute.

    Raises
    ------
    RefusedAddressError
        When it lies on another host, another port, or would leave https.

    Examples
    --------
    >>> within_origin("https://api.pdok.nl/rvo/items?f=json", "/rvo/items?f=json&cursor=A")
    'https://api.pdok.nl/rvo/items?f=json&cursor=A'
    """
    # Joining would normalise an absolute link, and a cursor must be followed to the letter.
    target = href if "://" in href else urljoin(origin, href)
    here, there = address(origin), address(target)
    upgraded = here[0] == "http" and there == ("https", here[1], 443) and here[2] == 80
    if here != there and not upgraded:
        raise RefusedAddressError(
            f"{visible(origin)[:200]} verwijst door naar {visible(target)[:200]}; een andere "
            "server wordt niet vanzelf bezocht. Klopt het adres, zet het dan in de catalogus."
        )
    return target


def public(peer: str) -> bool:
    """Tell whether an IP address lies on the public internet.

    Parameters
    ----------
    peer : str
        An IPv4 or IPv6 address.

    Returns
    -------
    bool
        False for private, local and reserved ones, and for what is no address.

    Examples
    --------
    >>> public("145.77.103.1"), public("10.0.0.8"), public("::ffff:127.0.0.1")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(peer.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        # Addresses that carry another: https://www.rfc-editor.org/rfc/rfc6052 for 64:ff9b::/96.
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return ip.is_global and not ip.is_multicast


def loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    Parameters
    ----------
    host : str
        A name or IP address.

    Returns
    -------
    bool
        True for this machine.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
