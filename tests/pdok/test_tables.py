"""A table joined to shapes by postcode: the capaciteitskaart on CBS's postcodes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from pdok_servers import EAST, NORTH, Gokoala, Question, Reply, Running, square

from woongeo.catalogue import read_catalogue as layers_of
from woongeo.errors import (
    IncompleteLayerError,
    InputError,
    NotStoredError,
    ServiceResponseError,
    ServiceWarning,
)
from woongeo.fetch import _OWN_AREA, fetch_layers
from woongeo.pdok import Client, Manners
from woongeo.pdok.catalogue import embedded, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = """
[netcongestie]
title = "Netcongestie"
publisher = "Niemand"
licence = "onbekend"
attribution = "Niemand"
features = {features}
min_features = 1
bytes_per_feature = 400
certainty = "doubtful"
shapes = "postcodes"
shapes_digits = {digits}
min_rows = 3
[netcongestie.columns]
postcode = ["postcode"]
afname = ["afname"]
opwek = ["opwek"]
voedingsgebied_id = ["voedingsgebied_id"]
voedingsgebied = ["voedingsgebied_naam"]
[[netcongestie.doors]]
kind = "table"
url = "{url}/nieuw.csv"
[[netcongestie.doors]]
kind = "table"
url = "{url}/oud.csv"

[postcodes]
title = "Postcodes"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
features = {features}
min_features = 1
bytes_per_feature = 400
certainty = "seen"
key = "postcode"
[postcodes.columns]
postcode = ["postcode6"]
[[postcodes.doors]]
kind = "features"
url = "{url}/ogc/v1"
name = "vlakken"
"""
HEAD = "postcode;afname;opwek;voedingsgebied_id;voedingsgebied_naam;tennet_id"
# Codes as they are published: a decimal comma, "not yet supplied" twice over, and a blank.
ROWS = [
    "1000AA;3;2;17;Haven;4",
    "1000 ab;-1;-1;18;Veld;4",
    "1000AC;0;0;0;0;0",
    "1000AD;;1,5;19;Dorp;4",
    "9999ZZ;0;0;20;Elders;4",
]


def csv(*rows: str, head: str = HEAD) -> bytes:
    """Write a table as it is published: a byte order mark, CRLF."""
    return ("\ufeff" + "\r\n".join([head, *rows]) + "\r\n").encode()


def areas(*postcodes: str) -> list[dict[str, Any]]:
    """Draw a square for each postcode, 100 m apart."""
    return [
        {**square(i), "properties": {"postcode6": postcode}} for i, postcode in enumerate(postcodes)
    ]


FOUR = areas("1000AA", "1000AB", "1000AC", "1000AD", "1000AE")


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Client]:
    """Make a client that knows a table and its shapes."""

    def make(server: Running, *, digits: int = 6, features: int = 400, **more: Any) -> Client:
        path = tmp_path / "tabel.toml"
        path.write_text(TABLE.format(url=server.url, digits=digits, features=features))
        manners = Manners(first_wait_s=0.001, attempts=2, timeout_s=5)
        return Client(catalogue=path, hosts=[server.host], manners=manners, **more)

    return make


def both(reply: Reply, shapes: list[dict[str, Any]] = FOUR) -> Callable[[Question], Reply]:
    """Serve a table and shapes."""
    gokoala = Gokoala(shapes)
    return lambda asked: reply if asked.path.endswith(".csv") else gokoala(asked)


def test_codes_come_as_published(serve: Any, client: Any) -> None:
    """Nothing becomes a number: -1, and 0 of feed area 0, would read as free."""
    asking = client(serve(both(Reply(csv(*ROWS)))))
    layer = asking.fetch("netcongestie")
    frame = layer.frame.set_index("postcode")
    assert frame["afname"].tolist()[:3] == ["3", "-1", "0"]
    assert frame.loc["1000AC", "voedingsgebied"] == "0"
    assert frame.loc["1000AD", "opwek"] == "1,5"
    assert frame["afname"].isna().tolist() == [False, False, False, True, True]
    assert frame["tennet_id"].tolist()[:4] == ["4", "4", "0", "4"]
    assert layer.frame["feature_id"].is_unique
    assert layer.frame.geometry.area.tolist() == [1600.0] * 5
    assert layer.frame.crs.to_epsg() == 28992


def test_what_did_not_fit_is_counted(serve: Any, client: Any) -> None:
    """Five rows of which 9999ZZ has no shape; five shapes of which 1000AE has no row."""
    layer = client(serve(both(Reply(csv(*ROWS))))).fetch("netcongestie")
    assert layer.facts["tabel"] == {
        "rijen": 5,
        "rijen_zonder_postcode": 0,
        "vlakken": 5,
        "vlakken_zonder_rij": 1,
        "rijen_zonder_vlak": 1,
        "vlakken_met_meer_rijen": 0,
    }
    assert {"1 vlak zonder rij", "1 rij zonder vlak"} <= set(layer.facts["opmerkingen"])
    assert layer.facts["vlakken"]["dataset"] == "postcodes"
    assert layer.facts["ingang"] == "tabel (CSV)"
    assert layer.facts["antwoorden"][0]["url"].endswith("/nieuw.csv")


def test_around_a_site_only_its_shapes_are_fetched(serve: Any, client: Any) -> None:
    """The table comes whole; whether a far row has a shape is not known, and said so."""
    server = serve(both(Reply(csv(*ROWS))))
    site = gpd.GeoSeries([shapely.Point(EAST + 120, NORTH + 20)], crs="EPSG:28992")
    layer = client(server, features=2_000_000).fetch("netcongestie", around=site, reach_m=10)
    assert layer.frame["postcode"].tolist() == ["1000AB"]
    assert layer.searched == [(EAST + 110, NORTH + 10, EAST + 130, NORTH + 30)]
    assert layer.facts["tabel"]["rijen_zonder_vlak"] is None
    assert all("bbox" in q.query for q in server.asked if q.path.endswith("/items"))


def test_a_postcode_with_two_answers_keeps_both(serve: Any, client: Any) -> None:
    """Equal rows are one; which of two different ones holds is not for here to say."""
    rows = ["1000AA;3;2;17;Haven;4", "1000AA;3;2;17;Haven;4", "1000AA;1;2;18;Veld;4", ROWS[1]]
    layer = client(serve(both(Reply(csv(*rows)), FOUR[:2]))).fetch("netcongestie")
    assert layer.frame["feature_id"].tolist() == ["1000AA", "1000AA#2", "1000AB"]
    assert layer.frame["afname"].tolist() == ["3", "1", "-1"]
    assert layer.facts["tabel"]["vlakken_met_meer_rijen"] == 1
    assert layer.facts["objecten_dubbel"] == 1


def test_coarser_shapes_come_once_for_each_different_row(serve: Any, client: Any) -> None:
    """1000 has four different rows, each whole: the 0 that is unknown keeps its feed area 0."""
    shapes = areas("1000", "2000")
    rows = [*ROWS, "1000AZ;3;2;17;Haven;4"]
    layer = client(serve(both(Reply(csv(*rows)), shapes)), digits=4).fetch("netcongestie")
    frame = layer.frame
    assert frame["feature_id"].tolist() == ["1000", "1000#2", "1000#3", "1000#4", "2000"]
    assert frame["afname"].tolist()[:3] == ["3", "-1", "0"]
    assert frame["voedingsgebied"].tolist()[:3] == ["Haven", "Veld", "0"]
    assert frame["afname"].isna().tolist() == [False, False, False, True, True]
    # 9999 is the one area that has rows and no shape.
    assert layer.facts["tabel"]["rijen_zonder_vlak"] == 1


def test_shapes_without_a_postcode_keep_a_name(serve: Any, client: Any) -> None:
    """Water has none; its codes are missing, and its id is not."""
    shapes = [
        {**square(i), "properties": {"postcode6": code}}
        for i, code in enumerate(["1000AA", None, None])
    ]
    frame = client(serve(both(Reply(csv(*ROWS)), shapes))).fetch("netcongestie").frame
    assert frame["feature_id"].tolist() == ["1000AA", "zonder postcode", "zonder postcode#2"]
    assert frame["afname"].isna().tolist() == [False, True, True]


def test_the_old_address_when_the_new_one_is_gone(serve: Any, client: Any) -> None:
    """F8: it moved in 2026."""
    good = both(Reply(csv(*ROWS)))
    server = serve(lambda q: Reply(b"", 404) if q.path == "/nieuw.csv" else good(q))
    with pytest.warns(ServiceWarning, match=r"oud\.csv"):
        assert len(client(server).fetch("netcongestie")) == 5


BODY = csv(*ROWS)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(BODY, cut=len(BODY) // 2), "volledig"),
        (Reply(gzip.compress(BODY)[:-9], headers={"Content-Encoding": "gzip"}), "afgebroken"),
        (Reply(BODY, framing="close"), "geen lengte"),
        (Reply(b"<html><title>Onderhoud</title></html>"), "Onderhoud"),
        (Reply(csv(*ROWS, head=HEAD.replace("afname", "afname_nieuw"))), "afname ontbreekt"),
        (Reply(csv(*ROWS, head=HEAD.replace("tennet_id", "Afname"))), "dezelfde naam"),
        (Reply(csv(*ROWS, "1000AF;1;2")), "geen gave tabel"),
        (Reply(csv(*ROWS[:2])), "2 rijen en dat moeten er minstens 3"),
        (Reply(csv(*ROWS, "onbekend;1;1;1;x;1")), "geen postcode, voor het eerst in rij 7"),
        (Reply(BODY.decode("utf-8-sig").replace("Haven", "Häven").encode("latin-1")), "UTF"),
    ],
)  # fmt: skip
def test_what_is_no_whole_table(serve: Any, client: Any, reply: Reply, said: str) -> None:
    """F1, F2 and F6, for a table: no half of it is ever joined."""
    with pytest.raises(Exception, match=said) as caught:
        client(serve(both(reply))).fetch("netcongestie")
    assert type(caught.value).__module__ == "woongeo.errors"


def test_zipped_and_chunked_tables_end_themselves(serve: Any, client: Any) -> None:
    for reply in (Reply(BODY).zipped(), Reply(BODY, framing="chunked")):
        assert len(client(serve(both(reply))).fetch("netcongestie")) == 5


def test_one_odd_row_in_a_thousand_is_counted(serve: Any, client: Any) -> None:
    rows = [
        f"{i // 600 + 1000}{chr(65 + i // 24 % 25)}{chr(65 + i % 24)};0;0;1;x;1"
        for i in range(1999)
    ]
    layer = client(serve(both(Reply(csv(*rows, "0000;1;1;1;x;1"))))).fetch("netcongestie")
    assert layer.facts["tabel"]["rijen_zonder_postcode"] == 1
    assert "1 van de 2000 rijen heeft geen leesbare postcode" in layer.facts["opmerkingen"]


def test_kept_and_used_offline(serve: Any, client: Any, tmp_path: Path) -> None:
    """The joined layer is kept, and the shapes of their own."""
    server = serve(both(Reply(csv(*ROWS))))
    store = tmp_path / "lagen"
    first = client(server, store=store).fetch("netcongestie")
    asked = len(server.asked)
    again = client(server, store=store, offline=True).fetch("netcongestie")
    assert again.frame.equals(first.frame)
    assert not again.fresh
    assert len(client(server, store=store, offline=True).fetch("postcodes")) == 5
    assert len(server.asked) == asked
    with pytest.raises(NotStoredError):
        client(server, store=tmp_path / "leeg", offline=True).fetch("netcongestie")


def test_in_a_screening_only_the_own_areas_are_known(
    serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A place without a postcode is not covered: its grid is onbekend, not free."""
    monkeypatch.setattr("woongeo.fetch._OWN_AREA", {"netcongestie"})
    asking = client(serve(both(Reply(csv(*ROWS)))))
    here = tmp_path / "lagen.toml"
    here.write_text('[netcongestie]\ndataset = "netcongestie"\n', encoding="utf-8")
    (layer,) = fetch_layers(["netcongestie"], client=asking, catalogue=layers_of(here))
    assert layer.coverage.geometry is not None
    # 3 in the first row; -1, 0 of feed area 0, and a blank say nothing.
    assert layer.features["klasse"].tolist()[:4] == ["structureel", *["onbekend"] * 3]
    assert layer.coverage.geometry.size == 5
    assert "netcongestie_pc6" in _OWN_AREA


def test_shapes_that_fail_fail_the_layer(serve: Any, client: Any) -> None:
    server = serve(lambda q: Reply(BODY) if q.path.endswith(".csv") else Reply(b"", 404))
    with pytest.raises(ServiceResponseError):
        client(server).fetch("netcongestie")


def test_check_visits_the_table(serve: Any, client: Any) -> None:
    server = serve(both(Reply(BODY)))
    told = client(server).check("netcongestie")
    assert told["goed"].all()
    assert "niet opgehaald" in told["toelichting"].iloc[0]


def test_a_table_needs_a_postcode(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    text = TABLE.format(url="https://a.nl", digits=6, features=9)
    path.write_text(text.replace('postcode = ["postcode"]\n', "", 1))
    with pytest.raises(InputError, match="postcode"):
        read_catalogue(path)


def test_the_catalogue_has_the_map_of_the_grid() -> None:
    entry = embedded()["netcongestie_pc6"]
    assert (entry.form, entry.shapes) == ("tabel", "cbs_postcode6")
    assert issubclass(IncompleteLayerError, ServiceResponseError)
