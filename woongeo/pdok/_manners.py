"""How servers are asked: who asks, how long is waited, and how much is taken."""

from __future__ import annotations

from dataclasses import dataclass

from woongeo._version import __version__
from woongeo.errors import InputError


@dataclass(frozen=True)
class Manners:
    """How servers are asked.

    Attributes
    ----------
    user_agent : str
        Which program asks.
    contact : str
        Whom a server's keeper can ask about these questions: an e-mail address or a page. It is put
        behind `user_agent`; empty for none.
    referer : str
        Your project's page. PDOK asks for it, so that it sees who uses its services; empty for
        none, since a page that does not exist tells nobody anything.
    referer_hosts : tuple of str
        Domains that `referer` is told to; others did not ask for it.
    hosts : frozenset of str
        Hosts, as ``host`` or ``host:port``, that may be visited without https and at a private
        address.
    timeout_s : float
        Longest silence of a server.
    request_s : float
        Longest time for one question, however busily the server drips.
    attempts : int
        How often a question is asked at most.
    first_wait_s, longest_wait_s : float
        The wait before the second attempt, doubled each time, and its limit; a server that asks
        for a longer wait is not asked again.
    max_bytes : int
        Largest answer, unpacked.

    Raises
    ------
    InputError
        When something that is told to servers cannot stand in a header.
    """

    user_agent: str = f"woongeo-pdok/{__version__} (Python; requests)"
    contact: str = ""
    referer: str = ""
    referer_hosts: tuple[str, ...] = ("pdok.nl",)
    hosts: frozenset[str] = frozenset()
    timeout_s: float = 60.0
    request_s: float = 180.0
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    max_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        for name in ("user_agent", "contact", "referer"):
            text = getattr(self, name)
            if not (text.isascii() and text.isprintable()):
                raise InputError(
                    f"{name}: {text!r} kan niet in een vraag aan een server staan; gebruik gewone "
                    "letters en tekens op één regel."
                )
        if self.referer and not self.referer.startswith(("https://", "http://")):
            raise InputError(f"referer: {self.referer!r} is geen webadres.")

    def headers(self, host: str) -> dict[str, str]:
        """Tell a server who asks.

        Parameters
        ----------
        host : str
            The server.

        Returns
        -------
        dict
            Headers.

        Examples
        --------
        >>> Manners("a/1", contact="b@c.nl", referer="https://c.nl/").headers("api.pdok.nl")
        {'User-Agent': 'a/1 b@c.nl', 'Referer': 'https://c.nl/'}
        >>> Manners("a/1", referer="https://c.nl/").headers("data.rivm.nl")
        {'User-Agent': 'a/1'}
        """
        told = {"User-Agent": f"{self.user_agent} {self.contact}".rstrip()}
        asked = any(host == d or host.endswith(f".{d}") for d in self.referer_hosts)
        return told | ({"Referer": self.referer} if self.referer and asked else {})
