"""Lines to servers: they can be cut when time is up, and are hung up at a private address."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import requests.adapters
import truststore
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from woongeo.encode import visible
from woongeo.errors import FileError, RefusedAddressError
from woongeo.pdok._address import public

if TYPE_CHECKING:
    from types import TracebackType

    import urllib3


class Watch:
    """Cuts the line when a question takes too long, however busily the server drips.

    Parameters
    ----------
    seconds : float
        How long the question may take.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def see(self, line: object) -> None:
        """Remember the line to cut.

        Parameters
        ----------
        line : object
            The socket.
        """
        with self._lock:
            self._socket = line if isinstance(line, socket.socket) else None
            if self.expired:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # The base class's: SSLSocket's own would pull the TLS object from under a reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _LOCAL.watch = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _LOCAL.watch = None


_LOCAL = threading.local()


def _watch(line: object) -> None:
    """Show the line of this thread's question to its watch."""
    watch = getattr(_LOCAL, "watch", None)
    if watch is not None:
        watch.see(line)


def require_certificates() -> None:
    """See that what the environment says of certificates exists.

    Raises
    ------
    FileError
        When a variable names a file or folder that is not there.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        given = os.environ.get(name, "")
        # Of folders there may be several.
        for path in filter(None, given.split(os.pathsep) if name.endswith("DIR") else [given]):
            if not Path(path).exists():
                raise FileError(
                    f"{name} wijst naar {visible(path)}, dat er niet is; wijs het bestand met het "
                    "certificaat van uw organisatie aan, of haal de variabele weg."
                )


def trusted() -> ssl.SSLContext:
    """Trust what the system trusts, and what SSL_CERT_FILE names: not all systems read that.

    An organisation that looks into its lines has put its own authority in the system's store. What
    requests brings, or REQUESTS_CA_BUNDLE names, is added by requests itself.

    Returns
    -------
    SSLContext
        For all lines of a client.

    Raises
    ------
    FileError
        When SSL_CERT_FILE is no certificate.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    given = os.environ.get("SSL_CERT_FILE", "")
    if given and Path(given).is_file():
        try:
            context.load_verify_locations(cafile=given)
        except ssl.SSLError as error:
            raise FileError(
                f"SSL_CERT_FILE wijst naar {visible(given)}, dat geen certificaat in PEM is."
            ) from error
    return context


class _WatchedHttp(HTTPConnection):
    """A line that can be cut."""

    def getresponse(self) -> Any:  # noqa: ANN401
        _watch(self.sock)
        return super().getresponse()


class _WatchedHttps(HTTPSConnection):
    """A line that can be cut."""

    def getresponse(self) -> Any:  # noqa: ANN401
        _watch(self.sock)
        return super().getresponse()


class _GuardedHttps(_WatchedHttps):
    """A line that is hung up before anything is asked when it ends at a private address.

    The name was looked up a moment ago by the same call that made the line, so that a name server
    cannot answer the check differently: https://en.wikipedia.org/wiki/DNS_rebinding
    """

    def connect(self) -> None:
        super().connect()
        peer = str(self.sock.getpeername()[0]) if self.sock is not None else ""
        if not public(peer):
            self.close()
            raise RefusedAddressError(
                f"{visible(self.host)} wijst naar het privé-adres {visible(peer)} en wordt niet "
                "bezocht; geef hosts= op als dit uw eigen server is."
            )


class _WatchedHttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class OpenPool(HTTPSConnectionPool):
    """Lines to anywhere."""

    ConnectionCls = _WatchedHttps


class GuardedPool(HTTPSConnectionPool):
    """Lines to the public internet only."""

    ConnectionCls = _GuardedHttps


class Adapter(requests.adapters.HTTPAdapter):
    """Uses the lines above; never asks twice on its own.

    Parameters
    ----------
    https : type of HTTPSConnectionPool
        `GuardedPool`, or `OpenPool` for hosts that the user configured.
    parallel : int
        How many lines are kept open.
    trust : SSLContext
        Whose certificates are believed.
    """

    def __init__(
        self, https: type[HTTPSConnectionPool], parallel: int, trust: ssl.SSLContext
    ) -> None:
        self._https = https
        self._trust = trust
        super().__init__(pool_connections=parallel, pool_maxsize=parallel, max_retries=0)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002  the signature of requests
        **pool_kwargs: Any,  # noqa: ANN401  idem
    ) -> None:
        super().init_poolmanager(
            connections, maxsize, block=block, ssl_context=self._trust, **pool_kwargs
        )
        self.poolmanager.pool_classes_by_scheme = {
            "http": _WatchedHttpPool,
            "https": self._https,
        }

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> urllib3.ProxyManager:  # noqa: ANN401
        manager: urllib3.ProxyManager = super().proxy_manager_for(
            proxy, ssl_context=self._trust, proxy_ssl_context=self._trust, **proxy_kwargs
        )
        # A proxy has a private address as a rule, and looks up names itself.
        manager.pool_classes_by_scheme = {"http": _WatchedHttpPool, "https": OpenPool}
        return manager
