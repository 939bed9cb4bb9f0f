"""The client: one door after another, the store, and what a user sees."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from pdok_servers import (
    EAST,
    NORTH,
    Gokoala,
    Mapserver,
    Question,
    Reply,
    Running,
    as_json,
    as_problem,
    square,
    squares,
)

from woongeo.errors import (
    EndpointGoneError,
    FileError,
    IncompleteLayerError,
    InputError,
    MissingCrsError,
    NotStoredError,
    OutputError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
    ServiceWarning,
    UnknownDatasetError,
)
from woongeo.pdok import Client, Manners, Store
from woongeo.pdok._boxes import Cost, boxes_around
from woongeo.pdok.catalogue import embedded, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = """
[vlakken]
title = "Vlakken"
publisher = "Niemand"
licence = "CC0-1.0"
attribution = "Niemand"
features = {features}
min_features = {least}
bytes_per_feature = 400
certainty = "seen"
keywords = ["vierkant"]
{more}
[vlakken.columns]
nummer = ["n_r"]
naam = ["naam"]
{doors}
"""
OGC = '[[vlakken.doors]]\nkind = "features"\nurl = "{url}/ogc/v1"\nname = "vlakken"\n'
WFS = '[[vlakken.doors]]\nkind = "wfs"\nurl = "{url}/wfs"\nname = "vlakken"\n'
QUICK = Manners(first_wait_s=0.001, attempts=2, timeout_s=5)


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Client]:
    """Make a client whose catalogue knows one dataset, on servers of ours."""

    def make(
        *servers: tuple[str, Running],
        features: int = 400,
        least: int = 1,
        more: str = "",
        **options: Any,
    ) -> Client:
        doors = "".join(door.format(url=server.url) for door, server in servers)
        path = tmp_path / "eigen.toml"
        path.write_text(TABLE.format(features=features, least=least, more=more, doors=doors))
        hosts = [server.host for _, server in servers]
        return Client(catalogue=path, hosts=hosts, manners=QUICK, **options)

    return make


def test_a_layer_with_its_provenance(serve: Any, client: Any) -> None:
    """F53: every figure can be traced."""
    server = serve(Gokoala(squares(25), most=10))
    layer = client((OGC, server)).fetch("vlakken")
    assert len(layer) == 25
    assert list(layer.frame.columns) == ["feature_id", "nummer", "naam", "soort", "geometry"]
    assert layer.searched is None
    assert layer.area() is None
    facts = layer.facts
    assert facts["licentie"] == "CC0-1.0"
    assert facts["ingang"] == "OGC API Features"
    assert facts["objecten"] == facts["objecten_geleverd"] == 25
    assert len(facts["antwoorden"]) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", a["sha256"]) for a in facts["antwoorden"])
    assert dt.datetime.fromisoformat(facts["opgehaald_op"]).tzinfo is not None
    json.dumps(facts, allow_nan=False)
    assert "<table>" in layer._repr_html_()


def test_fall_back_to_wfs_and_say_so(serve: Any, client: Any) -> None:
    ogc = serve(lambda _: as_problem(404, "weg"))
    wfs = serve(Mapserver(squares(25), most=10))
    asking = client((OGC, ogc), (WFS, wfs))
    with pytest.warns(ServiceWarning, match="WFS.*want OGC API Features gaf de laag niet"):
        layer = asking.fetch("vlakken")
    assert len(layer) == 25
    assert layer.facts["ingang"] == "WFS"
    assert "weg" in layer.facts["andere_ingangen"][0]["fout"]


def test_no_door_gives_the_layer(serve: Any, client: Any) -> None:
    """F8: each door's own words."""
    ogc = serve(lambda _: as_problem(503, "onderhoud"))
    wfs = serve(lambda _: as_problem(404, "verhuisd"))
    with pytest.raises(EndpointGoneError, match=r"geen van de 2 ingangen.*onderhoud.*verhuisd"):
        client((OGC, ogc), (WFS, wfs)).fetch("vlakken")


def test_too_few_for_the_country(serve: Any, client: Any) -> None:
    """F25: an empty answer is what a failed one looks like."""
    server = serve(Gokoala([]))
    with pytest.raises(IncompleteLayerError, match="0 objecten en dat moeten er minstens 20"):
        client((OGC, server), least=20).fetch("vlakken")


def test_around_sites(serve: Any, client: Any) -> None:
    server = serve(Gokoala(squares(400)))
    site = shapely.box(EAST + 145, NORTH + 10, EAST + 155, NORTH + 20)
    frame = gpd.GeoDataFrame(geometry=[site], crs="EPSG:28992")
    asking = client((OGC, server), features=2_000_000)
    for around in (frame, frame.to_crs("EPSG:4258"), frame.geometry, site, [site, None]):
        layer = asking.fetch("vlakken", around=around, reach_m=10)
        assert layer.frame["nummer"].tolist() == [1]
        area = layer.area()
        assert area is not None
        assert area.buffer(0.01).covers(site.buffer(9.5))


def test_country_where_that_is_cheaper(serve: Any, client: Any) -> None:
    server = serve(Gokoala(squares(4)))
    sites = [shapely.Point(x, y) for x, y in [(2e4, 37e4), (27e4, 58e4), (2e5, 31e4), (1e5, 5e5)]]
    layer = client((OGC, server), features=4).fetch("vlakken", around=sites, reach_m=5)
    assert layer.searched is None
    assert len(layer) == 4


@pytest.mark.parametrize("around", [[], [None], [shapely.Point()], 5, ["x"], "natura"])
def test_around_nothing(client: Any, serve: Any, around: Any) -> None:
    asking = client((OGC, serve(Gokoala([]))))
    with pytest.raises(InputError):
        asking.fetch("vlakken", around=around)


def test_reach_without_sites(client: Any, serve: Any) -> None:
    with pytest.raises(InputError, match="around"):
        client((OGC, serve(Gokoala([])))).fetch("vlakken", reach_m=5)


def test_degrees_around(client: Any, serve: Any) -> None:
    with pytest.raises(InputError, match="graden"):
        client((OGC, serve(Gokoala([])))).fetch("vlakken", around=[shapely.Point(5.1, 52.1)])


def test_things_of_several_features(serve: Any, client: Any) -> None:
    """Natura 2000: 209 features are 162 sites; shapes united, blanks gone."""
    features = squares(6)
    for i, feature in enumerate(features):
        feature["properties"] = {
            "nR": i // 2,
            "naam": f" gebied {i // 2} ",
            "soort": ["VR", "HR"][i % 2],
            "leeg": " ",
        }
    features[1]["geometry"] = features[0]["geometry"]
    server = serve(Gokoala(features))
    layer = client((OGC, server), more='key = "nummer"\ndissolve = true').fetch("vlakken")
    frame = layer.frame
    assert frame["nummer"].tolist() == [0, 1, 2]
    assert frame["naam"].tolist() == ["gebied 0", "gebied 1", "gebied 2"]
    assert frame.geometry.area.tolist() == [1600, 3200, 3200]
    assert frame["feature_id"].tolist()[0] == "f-000000; f-000001"
    assert any("6 objecten samengevoegd tot 3" in n for n in layer.facts["opmerkingen"])


def test_codes_for_unknown(serve: Any, client: Any) -> None:
    features = squares(3)
    for feature, value in zip(features, [-99997, 12, 9999], strict=True):
        feature["properties"]["nr"] = value
        feature["properties"]["naam"] = " "
    server = serve(Gokoala(features))
    more = "null_at_most = -99990\n[vlakken.unknown]\nnummer = [9999]"
    frame = client((OGC, server), more=more).fetch("vlakken").frame
    assert frame["nummer"].isna().tolist() == [True, False, True]
    assert frame["naam"].isna().all()


def test_only_the_latest_year(serve: Any, client: Any) -> None:
    features = squares(4)
    for feature, year in zip(features, [2024, 2025, 2025, 2024], strict=True):
        feature["properties"]["nr"] = year
    server = serve(Gokoala(features))
    layer = client((OGC, server), more='latest = "nummer"').fetch("vlakken")
    assert layer.frame["nummer"].tolist() == [2025, 2025]
    assert any("alleen de laatste (2025)" in n for n in layer.facts["opmerkingen"])


def test_key_that_is_not_there(serve: Any, client: Any) -> None:
    features = [{**square(0), "properties": {"anders": 1}}]
    server = serve(Gokoala(features))
    with pytest.raises(ServiceResponseError, match=r"n_r.*wel: anders"):
        client((OGC, server), more='key = "nummer"').fetch("vlakken")


def test_names_that_are_not_known(client: Any, serve: Any) -> None:
    asking = client((OGC, serve(Gokoala([]))))
    with pytest.raises(UnknownDatasetError, match="bedoelt u vlakken"):
        asking.fetch("vlaken")
    with pytest.raises(InputError, match="geen edities"):
        asking.fetch("vlakken", year=2024)
    with pytest.raises(InputError, match="te groot"):
        asking.fetch("bag_pand")


def test_list_and_search() -> None:
    client = Client()
    assert client.list_datasets().loc["natura2000", "licentie"] == "CC0-1.0"
    assert {"natura2000", "nationale_parken", "nnn"} <= set(client.search("NATUUR").index)
    assert client.search("cbs wijk").index.tolist() == ["cbs_buurten", "cbs_wijken"]
    assert client.search("bestaat niet").empty


def test_search_live(serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    apis = {
        "apis": [
            {"title": "Vlakken van elders", "links": [
                {"rel": "root", "href": "https://api.pdok.nl/elders/ogc/v1"}]},
        ]
    }  # fmt: skip
    server = serve(lambda _: as_json(apis))
    monkeypatch.setattr("woongeo.pdok.client._INDEX", f"{server.url}/index.json")
    found = client((OGC, server)).search("vlakken", live=True)
    assert found.index.tolist() == ["vlakken", "https://api.pdok.nl/elders/ogc/v1"]


def test_check_visits_each_door(serve: Any, client: Any) -> None:
    """F8: what answers as expected, and what does not."""
    spot = {**square(0), "geometry": {"type": "Point", "coordinates": [155_001, 463_001]}}
    good = serve(Gokoala([spot]))
    gone = serve(lambda _: as_problem(404, "weg"))
    told = client((OGC, good), (WFS, gone)).check("vlakken")
    assert told["goed"].tolist() == [True, False]
    assert "bestaat niet" in told["toelichting"].iloc[1]
    renamed = {**spot, "properties": {"nummer": 3, "naam": "x"}}
    told = client((OGC, serve(Gokoala([renamed])))).check("vlakken")
    assert "geen kolom n_r; wel: nummer, naam" in told["toelichting"].iloc[0]


def test_check_of_a_wfs(serve: Any, client: Any) -> None:
    """Names the types that are there when the expected one is not."""
    mapserver = Mapserver(squares(3))

    def answer(asked: Question) -> Reply:
        if asked.query.get("request") == "GetCapabilities":
            body = "<W><FeatureType><Name>v:{}</Name></FeatureType></W>"
            return Reply(body.format(names[0]).encode(), headers={"Content-Type": "text/xml"})
        return mapserver(asked)

    server, names = serve(answer), ["vlakken"]
    asking = client((WFS, server))
    assert asking.check("vlakken")["goed"].all()
    names[0] = "anders"
    assert "heeft geen vlakken; wel: anders" in asking.check("vlakken")["toelichting"].iloc[0]


def test_what_was_converted_is_searched_a_little_wider(serve: Any, client: Any) -> None:
    """F24: without PROJ's grid a place in degrees may be off; with RD nothing is."""
    server = serve(Gokoala(squares(4)))
    asking = client((OGC, server), features=2_000_000)
    spot = shapely.box(EAST - 1, NORTH - 1, EAST + 1, NORTH + 1)
    site = gpd.GeoSeries([spot], crs="EPSG:28992")
    [plain] = asking.fetch("vlakken", around=site, reach_m=10).searched
    [wide] = asking.fetch("vlakken", around=site.to_crs("EPSG:4326"), reach_m=10).searched
    assert plain == (EAST - 11, NORTH - 11, EAST + 11, NORTH + 11)
    assert wide[2] - wide[0] > 22.9


def test_around_without_a_reference_system(serve: Any, client: Any) -> None:
    """F23."""
    asking = client((OGC, serve(Gokoala([]))))
    with pytest.raises(MissingCrsError):
        asking.fetch("vlakken", around=gpd.GeoSeries([shapely.Point(EAST, NORTH)]))


def test_locate(serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "weergavenaam": "Stationstuinen, Barendrecht", "type": "weg", "score": 9.1,
        "gemeentenaam": "Barendrecht", "centroide_rd": "POINT(95000.5 429000)", "id": "weg-1",
    }  # fmt: skip
    server = serve(lambda _: as_json({"response": {"numFound": 1, "docs": [document]}}))
    monkeypatch.setattr("woongeo.pdok.locate.URL", server.url)
    found = client((OGC, server)).locate("Stationstuinen, Barendrecht")
    assert found.geometry.iloc[0].equals(shapely.Point(95000.5, 429000))
    assert found["gemeente"].tolist() == ["Barendrecht"]
    assert found["overeenkomst"].tolist() == ["precies"]
    assert server.asked[0].query == {"q": "Stationstuinen, Barendrecht", "rows": "5"}


def test_kept_and_used_again(serve: Any, client: Any, tmp_path: Path) -> None:
    server = serve(Gokoala(squares(25), most=10))
    asking = client((OGC, server), store=tmp_path / "lagen")
    first = asking.fetch("vlakken")
    n = len(server.asked)
    second = asking.fetch("vlakken")
    assert len(server.asked) == n
    assert (first.fresh, second.fresh) == (True, False)
    assert first.path == second.path
    assert_geodataframe_equal(first.frame, second.frame)
    assert first.facts == second.facts
    third = asking.fetch("vlakken", refresh=True)
    assert third.fresh
    assert len(server.asked) > n
    assert third.path is not None
    assert len(list(third.path.parent.glob("*.parquet"))) == 1


def test_offline_uses_only_the_store(serve: Any, client: Any, tmp_path: Path) -> None:
    server = serve(Gokoala(squares(25)))
    folder = tmp_path / "lagen"
    client((OGC, server), store=folder).fetch("vlakken")
    n = len(server.asked)
    offline = client((OGC, server), store=folder, offline=True)
    assert len(offline.fetch("vlakken")) == 25
    site = shapely.Point(EAST, NORTH)
    assert len(offline.fetch("vlakken", around=site, reach_m=5)) == 25
    with pytest.raises(NotStoredError):
        offline.fetch("natura2000")
    with pytest.raises(NotStoredError):
        offline.locate("Haarlem")
    assert len(server.asked) == n
    with pytest.raises(InputError, match="store"):
        Client(offline=True)


def test_old_layers_are_fetched_anew_but_do_offline(
    serve: Any, client: Any, tmp_path: Path
) -> None:
    server = serve(Gokoala(squares(25)))
    folder = tmp_path / "lagen"
    client((OGC, server), store=folder).fetch("vlakken")
    assert client((OGC, server), store=folder, max_age_days=0).fetch("vlakken").fresh
    offline = client((OGC, server), store=folder, max_age_days=0, offline=True)
    with pytest.warns(ServiceWarning, match="dagen oud"):
        assert not offline.fetch("vlakken").fresh


def test_nothing_is_kept_of_a_failed_layer(serve: Any, client: Any, tmp_path: Path) -> None:
    gokoala = Gokoala(squares(25), most=10)
    server = serve(lambda q: as_problem(502, "stuk") if "cursor" in q.query else gokoala(q))
    folder = tmp_path / "lagen"
    asking = client((OGC, server), store=folder)
    with pytest.raises(ServiceUnavailableError):
        asking.fetch("vlakken")
    assert not list(folder.rglob("*.parquet"))
    assert not list(folder.rglob("manifest.json"))


def _damage(name: str, entry: Path) -> None:
    parquet = next(entry.glob("laag-*.parquet"))
    manifest = entry / "manifest.json"
    match name:
        case "cut":
            parquet.write_bytes(parquet.read_bytes()[:-10])
        case "bit":
            data = bytearray(parquet.read_bytes())
            data[len(data) // 2] ^= 1
            parquet.write_bytes(data)
        case "gone":
            parquet.unlink()
        case "empty manifest":
            manifest.write_bytes(b"")
        case "manifest of another":
            manifest.write_text("[]")
        case "count in manifest":
            manifest.write_text(manifest.read_text().replace('"objecten": 25', '"objecten": 24'))
        case "licence in manifest":
            manifest.write_text(manifest.read_text().replace("CC0", "CC9"))


@pytest.mark.parametrize(
    "damage",
    ["cut", "bit", "gone", "empty manifest", "manifest of another", "count in manifest",
     "licence in manifest"],
)  # fmt: skip
def test_damaged_entries_are_noticed(serve: Any, client: Any, tmp_path: Path, damage: str) -> None:
    """F48: set aside, and fetched anew."""
    server = serve(Gokoala(squares(25)))
    folder = tmp_path / "lagen"
    asking = client((OGC, server), store=folder)
    first = asking.fetch("vlakken")
    assert first.path is not None
    _damage(damage, first.path.parent)
    with pytest.warns(ServiceWarning, match="beschadigd"):
        again = asking.fetch("vlakken")
    assert again.fresh
    assert_geodataframe_equal(first.frame, again.frame)
    assert any((folder / "beschadigd").iterdir())
    assert not asking.fetch("vlakken").fresh
    _damage(damage, first.path.parent)
    offline = client((OGC, server), store=folder, offline=True)
    with pytest.warns(ServiceWarning), pytest.raises(NotStoredError):
        offline.fetch("vlakken")


def _fetch_in_process(catalogue: str, host: str, folder: str, out: Any) -> None:
    layer = Client(catalogue=catalogue, hosts=[host], store=folder).fetch("vlakken")
    out.put((layer.fresh, len(layer)))


def test_two_processes_share_one_download(serve: Any, client: Any, tmp_path: Path) -> None:
    """F49: the second waits, and uses what the first fetched."""
    gokoala = Gokoala(squares(25))

    def slow(asked: Question) -> Reply:
        reply = gokoala(asked)
        return replace(reply, silence=1.0) if asked.path.endswith("/items") else reply

    server = serve(slow)
    client((OGC, server))
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    given = (str(tmp_path / "eigen.toml"), server.host, str(tmp_path / "lagen"), out)
    both = [context.Process(target=_fetch_in_process, args=given) for _ in range(2)]
    for process in both:
        process.start()
    found = sorted(out.get(timeout=60) for _ in both)
    for process in both:
        process.join(30)
    assert found == [(False, 25), (True, 25)]
    assert sum(q.path.endswith("/items") for q in server.asked) == 1


def test_waiting_for_another_process_has_an_end(tmp_path: Path) -> None:
    """F49."""
    store = Store(tmp_path / "lagen", patience_s=0.1)
    place = store.place("vlakken", {})
    with store.lock(place):
        other = Store(tmp_path / "lagen", patience_s=0.1)
        with pytest.raises(ServiceUnavailableError, match="ander programma"), other.lock(place):
            pass


def test_store_that_cannot_be_written(serve: Any, client: Any, tmp_path: Path) -> None:
    (tmp_path / "lagen").write_text("een bestand, geen map")
    server = serve(Gokoala(squares(3)))
    with pytest.raises(OutputError):
        client((OGC, server), store=tmp_path / "lagen").fetch("vlakken")


def test_same_answers_give_the_same_bytes(serve: Any, client: Any, tmp_path: Path) -> None:
    """F53: the layer of a second run is equal to the last byte."""
    server = serve(Gokoala(squares(250), most=30))
    marks = set()
    for i in range(2):
        asking = client((OGC, server), store=tmp_path / str(i))
        marks.add(asking.fetch("vlakken").facts["bestand_sha256"])
    assert len(marks) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "geen TOML"),
        ("x = 1", "geen tabel"),
        ("[Groot]\ntitle='x'", "korte naam"),
        ("[x]\ntitle='x'", "publisher ontbreekt"),
    ],
)
def test_catalogue_of_a_user_is_held_to_the_schema(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('certainty = "seen"', 'certainty = "sure"', "certainty"),
        ("features = 400", 'features = "400"', "verkeerde soort"),
        ("features = 400", "features = true", "verkeerde soort"),
        ("min_features = 1", "min_features = 500", "min_features"),
        ('title = "Vlakken"', 'titel = "Vlakken"', "title ontbreekt"),
        ('title = "Vlakken"', 'title = "V"\ncolour = 3', "colour is geen bekend woord"),
        ('naam = ["naam"]', "naam = [3]", "lijst van woorden"),
        ('kind = "features"', 'kind = "ftp"', "kind is een van"),
        ('url = "http', 'url = "file', "geen webadres"),
        ('name = "vlakken"', "", "name ontbreekt"),
        ('certainty = "seen"', 'certainty = "seen"\nkey = "id"', "staat niet in columns"),
        ('certainty = "seen"', 'certainty = "seen"\ndissolve = true', "vraagt een key"),
        ('/ogc/v1"', '/{year}/ogc/v1"', "horen bij elkaar"),
    ],
)
def test_each_mistake_in_a_catalogue_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = TABLE.format(features=400, least=1, more="", doors=OGC.format(url="http://127.0.0.1:1"))
    assert old in text
    path = tmp_path / "c.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        read_catalogue(path)


def test_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        read_catalogue(tmp_path / "niet.toml")


def test_the_embedded_catalogue() -> None:
    """Every address is https, and every edition can be filled in."""
    for dataset in embedded().values():
        for door in dataset.edition(None).doors:
            assert door.url.startswith("https://")
            assert ("{" in door.url) == (door.kind == "tiles")
        assert not dataset.shapes or "postcode" in embedded()[dataset.shapes].columns
    assert embedded()["brp_gewaspercelen"].edition(2024).doors[0].url.endswith("_2024.gpkg")
    assert embedded()["cbs_gemeenten"].edition(2023).datetime == "2023-07-01T00:00:00Z"


@given(
    st.lists(
        st.tuples(
            st.floats(0, 250_000), st.floats(310_000, 610_000), st.floats(0, 900), st.floats(0, 900)
        ),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([0.0, 25.0, 1000.0]),
    st.sampled_from([10, 20_000, 2_000_000]),
)
def test_boxes_hold_every_site_and_cost_no_more_than_one_each(
    sites: list[tuple[float, float, float, float]], reach: float, features: int
) -> None:
    bounds = np.array([(x, y, x + w, y + h) for x, y, w, h in sites])
    cost = Cost(features)
    boxes, seconds = boxes_around(bounds, reach_m=reach, cost=cost)
    for west, south, east, north in bounds:
        assert any(
            w <= west - reach and s <= south - reach and e >= east + reach and n >= north + reach
            for w, s, e, n in boxes
        )
    each = sum(
        cost.of_box(e - w + 2 * reach, n - s + 2 * reach)
        for w, s, e, n in np.unique(bounds, axis=0)
    )
    assert seconds <= each + 1e-9
    assert len(boxes) <= len(sites)


@pytest.mark.parametrize("reach", [-1.0, float("nan"), float("inf")])
def test_reach_that_is_no_distance(reach: float) -> None:
    with pytest.raises(InputError):
        boxes_around(np.zeros((1, 4)), reach_m=reach, cost=Cost(10))


def test_strict_turns_doubts_into_errors(serve: Any, client: Any) -> None:
    ogc = serve(lambda _: as_problem(404, "weg"))
    wfs = serve(Mapserver(squares(5)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ServiceWarning)
        with pytest.raises(ServiceWarning):
            client((OGC, ogc), (WFS, wfs)).fetch("vlakken")


def test_every_error_of_a_service_is_one_kind() -> None:
    kinds = {NotStoredError, EndpointGoneError, IncompleteLayerError, ServiceUnavailableError}
    assert all(issubclass(kind, ServiceError) for kind in kinds)
