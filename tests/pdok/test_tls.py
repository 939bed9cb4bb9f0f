"""F9: an organisation that looks into its lines, with a certificate and a proxy of its own.

Every server here speaks real TLS on this machine, with a certificate of an authority that was made
a moment ago and that nothing trusts of itself.
"""

from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING

import pytest
import trustme
from pdok_servers import Gokoala, Proxy, Reply, Running, squares

from woongeo.errors import (
    FileError,
    InputError,
    ServiceError,
    ServiceUnavailableError,
    ServiceWarning,
)
from woongeo.pdok import Client, Manners
from woongeo.pdok._http import Budget, Http
from woongeo.pdok.coverages import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "service.pdok.test"
BODY = b"geheel" * 100


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make an authority."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without anything that this machine may say of proxies and certificates."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> str:
    """Write the authority down."""
    path = tmp_path / "organisatie.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Callable[..., Running]]:
    """Serve over TLS."""
    running: list[Running] = []

    def start(answer: object = None, *, name: str = "127.0.0.1", by: object = None) -> Running:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (by or authority).issue_cert(name).configure_cert(context)  # type: ignore[attr-defined]
        running.append(Running(answer or (lambda _: Reply(BODY)), context))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def proxy() -> Iterator[Callable[[Running], Proxy]]:
    """Run proxies until the test ends."""
    running: list[Proxy] = []

    def start(target: Running) -> Proxy:
        running.append(Proxy(target))
        return running[-1]

    yield start
    for each in running:
        each.close()


def get(url: str, *hosts: str) -> bytes:
    """Ask one question, in one attempt."""
    http = Http(Manners(hosts=frozenset(hosts), attempts=1, timeout_s=5, request_s=10))
    try:
        return http.get(url, what="vlakken", check=lambda answer: answer.body)
    finally:
        http.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_an_own_authority_that_is_named(
    secure: Callable[..., Running], pem: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server = secure()
    monkeypatch.setenv(variable, pem)
    assert get(f"{server.url}/x", server.host) == BODY


def test_a_certificate_that_nothing_trusts(secure: Callable[..., Running]) -> None:
    """Our own error, once, and what to do; nothing was asked of the server."""
    server = secure()
    with pytest.raises(ServiceUnavailableError) as caught:
        get(f"{server.url}/x", server.host)
    told = str(caught.value)
    assert "certificate verify failed" in told
    assert "REQUESTS_CA_BUNDLE of SSL_CERT_FILE" in told
    assert "overslaan kan niet" in told
    assert server.asked == []
    with pytest.raises(ServiceUnavailableError, match="REQUESTS_CA_BUNDLE"):
        Http(Manners(hosts=frozenset({server.host}))).probe(
            f"{server.url}/x", what="vlakken", budget=Budget(5)
        )


def test_another_authority_is_not_enough(
    secure: Callable[..., Running], pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = secure(by=trustme.CA())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
    with pytest.raises(ServiceUnavailableError, match="certificate verify failed"):
        get(f"{server.url}/x", server.host)


def test_a_certificate_for_another_name(
    secure: Callable[..., Running], pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = secure(name="api.pdok.test")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
    with pytest.raises(ServiceUnavailableError, match="beveiligde verbinding"):
        get(f"{server.url}/x", server.host)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_variable_that_points_nowhere(
    secure: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Not five attempts, and not an error of another library."""
    server = secure()
    monkeypatch.setenv(variable, "/weg/organisatie.pem")
    with pytest.raises(FileError, match=f"{variable} wijst naar /weg/organisatie.pem"):
        get(f"{server.url}/x", server.host)


def test_a_file_that_is_no_certificate(
    secure: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "leeg.pem"
    path.write_text("geen certificaat")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(FileError, match="geen certificaat in PEM"):
        get("https://127.0.0.1:1/x")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    server = secure()
    with pytest.raises(ServiceUnavailableError):
        get(f"{server.url}/x", server.host)


def test_by_way_of_a_proxy_that_looks_into_the_line(
    secure: Callable[..., Running],
    proxy: Callable[[Running], Proxy],
    pem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line ends at the proxy's side, with a certificate of the organisation for PDOK's name."""
    middle = proxy(server := secure(name=NAME))
    monkeypatch.setenv("HTTPS_PROXY", middle.url)
    with pytest.raises(ServiceUnavailableError, match="REQUESTS_CA_BUNDLE"):
        get(f"https://{NAME}/x")
    monkeypatch.setenv("SSL_CERT_FILE", pem)
    assert get(f"https://{NAME}/x") == BODY
    assert middle.asked == [f"CONNECT {NAME}:443"] * 2
    assert [asked.path for asked in server.asked] == ["/x"]


def test_no_proxy_is_kept_to(
    secure: Callable[..., Running],
    proxy: Callable[[Running], Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no such name, and the proxy, which would have known it, is not asked."""
    middle = proxy(secure(name=NAME))
    monkeypatch.setenv("HTTPS_PROXY", middle.url)
    monkeypatch.setenv("NO_PROXY", ".pdok.test")
    with pytest.raises(ServiceUnavailableError):
        get(f"https://{NAME}/x")
    assert middle.asked == []


def test_plain_http_by_way_of_a_proxy(
    serve: Callable[..., Running],
    proxy: Callable[[Running], Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only for a host that the user configured."""
    middle = proxy(serve(lambda _: Reply(BODY)))
    monkeypatch.setenv("HTTP_PROXY", middle.url)
    assert get("http://kaarten.test/x", "kaarten.test") == BODY
    assert middle.asked == ["GET http://kaarten.test/x"]


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailableError, match="de proxy die HTTPS_PROXY"):
        get(f"https://{NAME}/x")


def test_a_whole_layer_over_tls(
    secure: Callable[..., Running], pem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pages, four at once, by the client as a user makes it."""
    server = secure(Gokoala(squares(95), most=10))
    path = tmp_path / "c.toml"
    path.write_text(
        '[vlakken]\ntitle = "V"\npublisher = "N"\nlicence = "CC0-1.0"\nattribution = "N"\n'
        'certainty = "seen"\nfeatures = 95\nmin_features = 95\nbytes_per_feature = 400\n'
        '[vlakken.columns]\n[[vlakken.doors]]\nkind = "features"\nname = "vlakken"\n'
        f'url = "{server.url}/ogc/v1"\n'
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ServiceWarning)
        assert len(Client(catalogue=path, hosts=[server.host]).fetch("vlakken")) == 95


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"referer": "mijn project"}, "geen webadres"),
        ({"referer": "https://a.nl/\r\nX-Kwaad: 1"}, "gewone letters"),
        ({"contact": "jan\njansen"}, "gewone letters"),
        ({"user_agent": "wôongeo"}, "gewone letters"),
    ],
)
def test_what_cannot_be_told_to_a_server(given: dict[str, str], said: str) -> None:
    """F17: nothing slips into a header."""
    with pytest.raises(InputError, match=said):
        Manners(**given)  # type: ignore[arg-type]


def test_who_asks_is_told_and_a_referer_only_where_it_is_wanted(
    serve: Callable[..., Running],
) -> None:
    """PDOK wants a referer; nobody gets one that was not set, and no other host gets it."""
    server = serve(lambda _: Reply(BODY))
    told = Client(
        hosts=[server.host],
        referer="https://provincie.test/",
        contact="gis@p.test",
        manners=Manners(attempts=1),
    )
    with pytest.raises(ServiceError):
        told.heights((0.0, 0.0, 1.0, 1.0), coverage=Coverage((f"{server.url}/wcs",), "dtm"))
    asked = server.asked[0]
    assert asked.headers["user-agent"].endswith("(Python; requests) gis@p.test")
    assert "referer" not in asked.headers
    assert "Referer" not in Manners().headers("api.pdok.nl")
    assert "Referer" not in Manners(referer="https://p.test/").headers("kwaadpdok.nl")
