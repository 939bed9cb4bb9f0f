"""A real PostGIS: what is read from it, what is written to it, and what never shows."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import struct
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hostile
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from conftest import EAST, NORTH, block, frame, in_ci

import woongeo
from woongeo.errors import (
    FileError,
    ImplausibleCrsError,
    InputError,
    MissingCrsError,
    OutputError,
    ServiceUnavailableError,
    WoongeoError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgis_server import Server

postgis_server = pytest.importorskip("postgis_server") if os.name != "nt" else None

pytestmark = [
    pytest.mark.postgis,
    pytest.mark.skipif(os.name == "nt", reason="de tests starten PostgreSQL van Debian"),
]

DAY = dt.date(2026, 11, 1)


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    """Run a server for all tests."""
    assert postgis_server is not None
    found = postgis_server.programs()
    if found is None:
        if in_ci():
            pytest.fail("PostGIS ontbreekt; in CI is het verplicht")
        pytest.skip("PostGIS staat niet op deze machine (apt-get install postgresql-postgis)")
    with postgis_server.running(found) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """Begin with an empty database."""
    schemas = running.ask(
        "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' "
        "AND nspname NOT IN ('information_schema', 'public')"
    )
    running.do(
        *(f"DROP SCHEMA {name} CASCADE" for (name,) in schemas),
        "DROP EVENT TRIGGER IF EXISTS breek",
        "CREATE SCHEMA register",
        # Three squares of a hectare, 300 m apart; the second has no number of homes.
        "CREATE TABLE register.plannen (plan_id text PRIMARY KEY, plannaam text, "
        "woningen numeric, planstatus text, geom geometry(Polygon, 28992))",
        *(
            f"INSERT INTO register.plannen VALUES ('P{i}', 'Plan {i}', {homes}, '1A', "  # noqa: S608
            f"ST_MakeEnvelope({EAST + 300 * i}, {NORTH}, {EAST + 300 * i + 100}, {NORTH + 100}, "
            "28992))"
            for i, homes in [(2, 30), (0, 10), (1, "NULL")]
        ),
    )
    return running


def natura() -> woongeo.Layer:
    """Draw a layer over the first plan."""
    shapes = frame([block(0, 0)], nr=["1"], naam=["Gebied"])
    return woongeo.read_layer("natura2000", shapes, coverage="nederland")


def screened(locations: woongeo.Locations) -> woongeo.Screening:
    """Screen on a fixed day."""
    return woongeo.screen(locations, [natura()], on=DAY)


def plans(**columns: Any) -> woongeo.Locations:
    """Draw three plans in memory."""
    made = frame(
        [block(300 * i, 0) for i in range(3)],
        plan_id=[f"P{i}" for i in range(3)],
        woningen=[10, 20, 30],
        planstatus=["1A"] * 3,
        **columns,
    )
    return woongeo.read_locations(made)


def read(given: str, **more: Any) -> woongeo.Locations:
    """Read plans, of which one has no number of homes."""
    with pytest.warns(woongeo.WoongeoWarning):
        return woongeo.read_locations(given, **more)


# --- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["in het adres", "als layer", "als query"])
def test_a_table_is_read_whole_in_the_order_of_its_key(server: Server, how: str) -> None:
    """Ten, unknown and thirty homes: numbers are numbers, a blank is not zero."""
    made = {
        "in het adres": lambda: read(f"{server.url()}?table=register.plannen"),
        "als layer": lambda: read(server.url(), layer="register.plannen"),
        "als query": lambda: read(
            server.url(), query="SELECT * FROM register.plannen ORDER BY plan_id -- klaar"
        ),
    }[how]()
    assert made.frame["locatie_id"].tolist() == ["P0", "P1", "P2"]
    np.testing.assert_array_equal(made.frame["woningen"], [10, np.nan, 30])
    assert made.frame.geometry[0].equals(block(0, 0))
    assert made.source.driver == "PostGIS"
    assert made.source.path == server.shown
    assert made.source.features == 3
    assert f"gelezen op {dt.date.today().isoformat()}" in made.source.notes  # noqa: DTZ011


def test_a_file_and_a_table_of_the_same_plans_are_screened_alike(
    server: Server, tmp_path: Path
) -> None:
    """The door makes no difference to a verdict."""
    file = tmp_path / "plannen.gpkg"
    table = read(f"{server.url()}?table=register.plannen")
    gpd.GeoDataFrame(table.frame[["plan_id", "geometry"]]).to_file(file)
    with pytest.warns(woongeo.WoongeoWarning):
        by_file = screened(woongeo.read_locations(file))
    by_table = screened(table)
    pd.testing.assert_frame_equal(by_file.treffers, by_table.treffers)


def test_reading_twice_gives_the_same_hash_and_a_change_another(server: Server) -> None:
    """Also where rows lie in another order on the disk."""
    first = read(f"{server.url()}?table=register.plannen").source.sha256
    server.do("UPDATE register.plannen SET plannaam = plannaam WHERE plan_id = 'P0'")
    assert read(f"{server.url()}?table=register.plannen").source.sha256 == first
    server.do("UPDATE register.plannen SET woningen = 11 WHERE plan_id = 'P0'")
    assert read(f"{server.url()}?table=register.plannen").source.sha256 != first


def test_a_layer_and_its_coverage_come_from_a_table_too(server: Server) -> None:
    """The same door; the sources are traced."""
    server.do(
        "CREATE TABLE register.natuur (nr int PRIMARY KEY, naam text, geom geometry)",
        "INSERT INTO register.natuur SELECT 1, 'Duin', geom FROM register.plannen "
        "WHERE plan_id = 'P0'",
    )
    address = f"{server.url()}?table=register.natuur"
    layer = woongeo.read_layer("natura2000", address, coverage=address)
    made = woongeo.screen(plans(), [layer], on=DAY)
    assert made.locaties["oordeel"].tolist() == ["belemmerd", "onbekend", "onbekend"]
    assert layer.source is not None
    assert layer.source.layer == "register.natuur"
    near = woongeo.read_layer("natura2000", address, coverage="nederland", around=plans())
    assert len(near) == 1
    with pytest.raises(InputError) as caught:
        woongeo.read_layer("natura2000", address, id_column="weg", coverage="nederland")
    assert_silent(str(caught.value))


@pytest.mark.parametrize("srid", [28992, 4326, 4258, 3857])
def test_coordinates_are_converted_at_the_door(server: Server, srid: int) -> None:
    """Of whatever system the table states; back in RD New within the 25 cm that PROJ states."""
    server.do(
        "CREATE TABLE register.elders AS SELECT plan_id, woningen, planstatus, "  # noqa: S608
        f"ST_Transform(geom, {srid}) AS geom FROM register.plannen"
    )
    made = read(f"{server.url()}?table=register.elders")
    by_id = made.frame.set_index("locatie_id").geometry
    assert by_id.crs.to_epsg() == 28992
    # PostGIS and we may use another operation between datums: a metre at most.
    assert shapely.hausdorff_distance(by_id["P0"], block(0, 0)) < (1.5 if srid != 28992 else 1e-9)
    assert made.source.conversion.source == f"EPSG:{srid}"


def test_geography_and_curves_are_read(server: Server) -> None:
    """A circle of radius 100 m is 31,416 m²; drawn in chords, a little less."""
    server.do(
        "CREATE TABLE register.bol AS SELECT plan_id, ST_Transform(geom, 4326)::geography AS g "
        "FROM register.plannen",
        "CREATE TABLE register.rond AS SELECT 'R' AS plan_id, ST_GeomFromText("
        f"'CURVEPOLYGON(CIRCULARSTRING({EAST} {NORTH}, {EAST + 200} {NORTH}, {EAST} {NORTH}))', "
        "28992) AS geom",
    )
    assert len(read(f"{server.url()}?table=register.bol")) == 3
    round_one = read(f"{server.url()}?table=register.rond")
    assert round_one.frame.geometry[0].area == pytest.approx(31_416, rel=0.001)


def test_the_reference_system_must_be_stated_and_right(server: Server) -> None:
    """SRID 0 is refused unless the user says which; a wrong one is found out; two are refused."""
    server.do(
        "CREATE TABLE register.geen AS SELECT plan_id, ST_SetSRID(geom, 0) AS geom "
        "FROM register.plannen",
        "CREATE TABLE register.fout AS SELECT plan_id, ST_SetSRID(geom, 4326) AS geom "
        "FROM register.plannen",
        "CREATE TABLE register.twee AS SELECT plan_id, geom FROM register.plannen UNION ALL "
        "SELECT plan_id || 'b', ST_Transform(geom, 4326) FROM register.plannen",
    )
    with pytest.raises(MissingCrsError, match="geen coördinatenstelsel"):
        woongeo.read_locations(f"{server.url()}?table=register.geen")
    assert len(read(f"{server.url()}?table=register.geen", crs="EPSG:28992")) == 3
    with pytest.raises(ImplausibleCrsError):
        woongeo.read_locations(f"{server.url()}?table=register.fout")
    with pytest.raises(FileError, match=r"verschillende SRID's \(4326, 28992\)"):
        woongeo.read_locations(f"{server.url()}?table=register.twee")


def test_rows_without_shape_and_columns_of_all_kinds_are_kept(server: Server) -> None:
    """Nothing is dropped; what PostgreSQL knows comes as what Python knows."""
    server.do(
        "CREATE TABLE register.soorten (plan_id text, geom geometry(Geometry, 28992), dag date, "
        "moment timestamptz, lijst text[], ding jsonb, ja boolean, bedrag numeric(10, 2), "
        "groot bigint)",
        "INSERT INTO register.soorten SELECT 'a', geom, '2026-05-15', '2026-05-15 12:00+02', "
        "'{x,y}', '{\"a\": 1}', true, 1.25, 9007199254740993 FROM register.plannen "
        "WHERE plan_id = 'P0'",
        "INSERT INTO register.soorten (plan_id) VALUES ('b')",
    )
    made = read(f"{server.url()}?table=register.soorten")
    assert made.frame["locatie_id"].tolist() == ["a", "b"]
    assert made.frame.geometry.isna().tolist() == [False, True]
    row = made.frame.iloc[0]
    assert row["dag"] == dt.date(2026, 5, 15)
    assert row["lijst"] == ["x", "y"]
    assert row["bedrag"] == 1.25
    assert row["groot"] == 9007199254740993
    assert "geen primaire sleutel" in " ".join(made.source.notes)


def test_names_with_capitals_dots_and_quotes_are_found(server: Server) -> None:
    """As PostgreSQL writes them; the address may use percent signs."""
    server.do(
        'CREATE SCHEMA "Plannen 2026"',
        'CREATE TABLE "Plannen 2026"."tabel.""x""" AS SELECT * FROM register.plannen',
    )
    assert len(read(server.url(), layer='Plannen 2026."tabel.""x"""')) == 3
    assert len(read(f'{server.url()}?table=Plannen%202026."tabel.""x"""')) == 3


def test_nothing_can_be_changed_by_reading(server: Server) -> None:
    """The server itself refuses; a second statement is no query."""
    for query in (
        "WITH x AS (DELETE FROM register.plannen RETURNING *) SELECT * FROM x",
        "SELECT * FROM register.plannen; DROP TABLE register.plannen",
        "SELECT * FROM register.plannen) AS q; DROP TABLE register.plannen; --",
        "SELECT * FROM register.plannen) AS q; COMMIT; DROP TABLE register.plannen; --",
        "DROP TABLE register.plannen",
        "SELECT geom, setval('register.teller', 9) FROM register.plannen",
        "COMMIT",
    ):
        server.do("CREATE SEQUENCE IF NOT EXISTS register.teller")
        with pytest.raises(FileError, match="kan niet worden gelezen"):
            woongeo.read_locations(server.url(), query=query)
    assert server.ask("SELECT count(*) FROM register.plannen") == [(3,)]


@pytest.mark.parametrize(
    ("table", "query", "says"),
    [
        (None, None, "noem één tabel"),
        ("register.plannen", "SELECT 1", "noem één tabel"),
        ("register.weg", None, "bestaat niet"),
        (None, "SELECT 1 AS x", "één kolom met geometrie"),
        (None, "SELECT geom, geom AS g2 FROM register.plannen", "nu: geom, g2"),
        (None, "SELECT plan_id, plan_id, geom FROM register.plannen", "komt vaker voor"),
        (None, "SELECT * FROM nergens", "kan niet worden gelezen"),
        (None, "SELECT 1/0, geom FROM register.plannen", "division by zero"),
    ],
)
def test_what_cannot_be_read_is_said(
    server: Server, table: str | None, query: str | None, says: str
) -> None:
    """Which server, what, and what to do."""
    with pytest.raises(InputError, match=says) as caught:
        woongeo.read_locations(server.url(), layer=table, query=query)
    assert server.shown in str(caught.value)


def test_a_query_needs_a_database(tmp_path: Path) -> None:
    """Not a file."""
    with pytest.raises(FileError, match="hoort bij een database"):
        woongeo.read_locations(tmp_path / "x.gpkg", query="SELECT 1")


def test_a_line_that_breaks_is_no_half_layer(server: Server) -> None:
    """The server ends the session amid the rows."""
    server.do(
        "CREATE FUNCTION register.breek(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
        "IF n = 20000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN n; "
        "END $$"
    )
    query = (
        "SELECT register.breek(n) AS plan_id, ST_Buffer(ST_SetSRID(ST_MakePoint(120000 + n, "
        "480000), 28992), 1, 1) AS geom FROM generate_series(1, 30000) AS n"
    )
    with pytest.raises(ServiceUnavailableError, match="brak af"):
        woongeo.read_locations(server.url(), query=query)


# --- who enters never shows --------------------------------------------------------------------


def secrets() -> list[str]:
    """List what must be nowhere."""
    assert postgis_server is not None
    coded = postgis_server.PASSWORD.replace("@", "%40").replace("/", "%2F")
    return [postgis_server.PASSWORD, coded, postgis_server.USER]


def assert_silent(text: str) -> None:
    """Hold a text against the names and the password."""
    for secret in secrets():
        assert secret not in text


def test_credentials_are_in_no_message(
    server: Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of whatever goes wrong, nor in what is printed with it."""
    assert postgis_server is not None
    caplog.set_level(logging.DEBUG)
    wrong = server.url(password=f"{postgis_server.PASSWORD}-fout")
    gone = server.url().replace(str(server.port), "1")
    for given in (
        *(wrong, gone, server.url("nergens"), f"{server.url()}?table=a&table=b"),
        *(
            server.url().replace("%40", "%4"),
            f"{server.url()}?onzin=1",
            f"{server.url()}?sslmode=x",
        ),
        server.url().replace("127.0.0.1", "bestaat-niet.invalid"),
        *(server.url().replace("postgresql://", s) for s in ("mysql://", "https://", "/vsicurl/")),
    ):
        for does in (
            lambda given=given: woongeo.read_locations(given, layer="register.weg"),
            lambda given=given: woongeo.write_postgis(screened(plans()), given, schema="pg_x"),
        ):
            with pytest.raises(WoongeoError) as caught:
                does()
            assert_silent(str(caught.value))
            shown = "".join(traceback.format_exception(caught.value))
            # The line of the test itself is not in it: only what the library says.
            assert_silent(shown)
    assert_silent(caplog.text)
    assert_silent("".join(capsys.readouterr()))


def test_credentials_are_in_no_file(server: Server, tmp_path: Path) -> None:
    """Neither in the manifest nor in any format, nor in the database."""
    made = screened(read(f"{server.url()}?table=register.plannen"))
    formats = [*woongeo.export.FORMATS]
    paths = woongeo.export_screening(
        made,
        folder=tmp_path,
        plancapaciteit=woongeo.summarize_plancapaciteit(made),
        webmap=woongeo.map_screening(made),
        formats=formats,
    )
    for path in paths:
        raw = path.read_bytes()
        for secret in secrets():
            assert secret.encode() not in raw, path.name
    facts = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert facts["locaties"]["bestand"] == server.shown
    assert facts["locaties"]["laag_in_bestand"] == "register.plannen"
    woongeo.write_postgis(made, server.url())
    [(told,)] = server.ask("SELECT string_agg(waarde, ' ') FROM woongeo.herkomst")
    [(kept,)] = server.ask("SELECT manifest::text FROM woongeo.manifest")
    assert_silent(told)
    assert_silent(kept)


# --- writing -----------------------------------------------------------------------------------


def test_all_tables_are_there_with_their_index_types_and_comments(server: Server) -> None:
    """Three plans, three verdicts each on one layer, and the sums."""
    made = screened(plans(dag=[dt.date(2026, 1, 1), None, None], ja=[True, False, None]))
    tables = woongeo.write_postgis(
        made, server.url(), plancapaciteit=woongeo.summarize_plancapaciteit(made)
    )
    assert tables == [
        f"woongeo.{name}"
        for name in (
            *("locaties", "treffers", "capaciteit", "lagen", "regels", "herkomst", "manifest"),
        )
    ]
    rows = server.ask(
        "SELECT rij, locatie_id, oordeel, woningen, dag, ja, ST_SRID(geom), ST_Area(geom) "
        "FROM woongeo.locaties ORDER BY rij"
    )
    assert [row[:4] for row in rows] == [
        (1, "P0", "belemmerd", 10),
        (2, "P1", "vrij", 20),
        (3, "P2", "vrij", 30),
    ]
    assert [row[4:6] for row in rows] == [(dt.date(2026, 1, 1), True), (None, False), (None, None)]
    assert {row[6:] for row in rows} == {(28992, 10_000.0)}
    assert server.ask("SELECT count(*) FROM woongeo.treffers") == [(3,)]
    assert server.ask("SELECT woningen FROM woongeo.capaciteit") == [(60,)]
    assert server.ask("SELECT laag, objecten FROM woongeo.lagen") == [("natura2000", 1)]
    assert server.ask("SELECT sleutel, laag FROM woongeo.regels") == [("natura2000",) * 2]
    [(kind,)] = server.ask(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'locaties' AND indexdef ~ 'gist'"
    )
    assert "(geom)" in kind
    [(told,)] = server.ask(
        "SELECT col_description('woongeo.locaties'::regclass, ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'woongeo' "
        "AND table_name = 'locaties' AND column_name = 'natura2000_afstand_m'"
    )
    assert told == "Natura 2000: afstand (m)"
    [(facts, said)] = server.ask("SELECT manifest, let_op FROM woongeo.manifest")
    assert facts["tellingen"]["locaties_per_oordeel"] == made.counts()
    assert said == woongeo.verdict.SCREENING


def test_plans_that_an_audience_may_not_see_are_not_written(server: Server) -> None:
    """As in the files: one of three is public; totals of all three are refused."""
    made = screened(plans(vertrouwelijkheid=["openbaar", "gemeente", "intern"]))
    capacity = woongeo.summarize_plancapaciteit(made)
    with pytest.raises(InputError, match="telt plannen mee"):
        woongeo.write_postgis(made, server.url(), plancapaciteit=capacity, publiek="openbaar")
    woongeo.write_postgis(made, server.url(), publiek="openbaar")
    assert server.ask("SELECT locatie_id FROM woongeo.locaties") == [("P0",)]
    assert server.ask("SELECT count(*) FROM woongeo.treffers") == [(1,)]


def test_what_was_written_can_be_read_again(server: Server) -> None:
    """With the same verdicts."""
    made = screened(plans())
    woongeo.write_postgis(made, server.url())
    again = screened(woongeo.read_locations(f"{server.url()}?table=woongeo.locaties"))
    assert again.locaties["oordeel"].tolist() == made.locaties["oordeel"].tolist()
    with pytest.raises(OutputError, match="zelf invoer"):
        woongeo.write_postgis(again, server.url(), overwrite=True)
    woongeo.write_postgis(again, server.url(), schema="apart")


def test_an_earlier_screening_is_replaced_only_when_told(server: Server) -> None:
    """Whole: a table that the later one does not make again goes."""
    first, later = screened(plans()), screened(plans(extra=[1, 2, 3]))
    capacity = woongeo.summarize_plancapaciteit(first)
    woongeo.write_postgis(first, server.url(), plancapaciteit=capacity)
    with pytest.raises(OutputError, match="staat al een screening"):
        woongeo.write_postgis(later, server.url())
    assert server.ask("SELECT count(*) FROM woongeo.capaciteit") == [(1,)]
    woongeo.write_postgis(later, server.url(), overwrite=True)
    assert server.ask("SELECT extra FROM woongeo.locaties ORDER BY rij") == [(1,), (2,), (3,)]
    assert server.ask("SELECT to_regclass('woongeo.capaciteit')") == [(None,)]


@pytest.mark.parametrize("kind", ["TABLE", "VIEW", "MATERIALIZED VIEW", "UNLOGGED TABLE"])
def test_a_table_of_somebody_else_is_never_touched(server: Server, kind: str) -> None:
    """Not when told to overwrite, and whatever it is; nor is anything beside it written."""
    server.do("CREATE SCHEMA woongeo", f"CREATE {kind} woongeo.treffers AS SELECT 1 AS van_mij")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="niet door woongeo gemaakt"):
            woongeo.write_postgis(screened(plans()), server.url(), overwrite=overwrite)
    assert server.ask("SELECT van_mij FROM woongeo.treffers") == [(1,)]
    assert server.ask("SELECT to_regclass('woongeo.locaties')") == [(None,)]


def test_other_tables_in_the_schema_stay(server: Server) -> None:
    """Also when an earlier screening is replaced."""
    server.do("CREATE SCHEMA woongeo", "CREATE TABLE woongeo.notities AS SELECT 'mijn' AS werk")
    for _ in range(2):
        woongeo.write_postgis(screened(plans()), server.url(), overwrite=True)
    assert server.ask("SELECT werk FROM woongeo.notities") == [("mijn",)]


def test_a_view_on_our_tables_stops_their_replacement(server: Server) -> None:
    """Somebody relies on it; both stay."""
    woongeo.write_postgis(screened(plans()), server.url())
    server.do("CREATE VIEW register.zicht AS SELECT locatie_id FROM woongeo.locaties")
    with pytest.raises(OutputError, match="hangt aan onze tabellen"):
        woongeo.write_postgis(screened(plans()), server.url(), overwrite=True)
    assert server.ask("SELECT count(*) FROM register.zicht") == [(3,)]


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        *((moment, False) for moment in ("CREATE SCHEMA", "CREATE TABLE", "CREATE INDEX")),
        *((moment, True) for moment in ("DROP TABLE", "CREATE TABLE", "CREATE INDEX", "COMMENT")),
    ],
)
def test_a_line_that_is_cut_leaves_what_stood_there(
    server: Server, moment: str, *, first: bool
) -> None:
    """The server ends the session at each kind of step: nothing half is left, and it is said."""
    if first:
        woongeo.write_postgis(screened(plans()), server.url())
    before = server.ask("SELECT table_name FROM information_schema.tables WHERE "
                        "table_schema = 'woongeo' ORDER BY 1")  # fmt: skip
    tag = "sql_drop" if moment == "DROP TABLE" else "ddl_command_end"
    server.do(
        "CREATE FUNCTION register.breek() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$",
        f"CREATE EVENT TRIGGER breek ON {tag} WHEN TAG IN ('{moment}') "
        "EXECUTE FUNCTION register.breek()",
    )
    later = screened(plans(nieuw=[1, 2, 3]))
    with pytest.raises(OutputError, match=r"brak af.*Er is niets gewijzigd"):
        woongeo.write_postgis(later, server.url(), overwrite=True)
    server.do("DROP EVENT TRIGGER breek")
    after = server.ask("SELECT table_name FROM information_schema.tables WHERE "
                       "table_schema = 'woongeo' ORDER BY 1")  # fmt: skip
    assert after == before
    if first:
        assert server.ask("SELECT count(*) FROM woongeo.locaties") == [(3,)]
    woongeo.write_postgis(later, server.url(), overwrite=True)
    assert server.ask("SELECT sum(nieuw) FROM woongeo.locaties") == [(6,)]


def test_a_program_that_is_killed_leaves_nothing(server: Server) -> None:
    """Killed while the server holds it up at its last table; its transaction ends with it."""
    woongeo.write_postgis(screened(plans()), server.url())
    server.do(
        # Holds up whoever comments on the manifest, which is last, until it is gone.
        "CREATE TABLE register.gezien (ja boolean)",
        "CREATE FUNCTION register.wacht() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity ~ "
        "'manifest') THEN PERFORM pg_notify('daar', ''); PERFORM pg_sleep(600); END IF; END $$",
        "CREATE EVENT TRIGGER breek ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
        "EXECUTE FUNCTION register.wacht()",
    )
    program = (
        "import os, warnings, woongeo\n"
        "warnings.simplefilter('ignore', woongeo.WoongeoWarning)\n"
        "e = woongeo.example()\n"
        "s = woongeo.screen(e.locations(), e.layers())\n"
        "woongeo.write_postgis(s, os.environ['ADRES'], overwrite=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "ADRES": server.url()}
    )
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'woongeo' "
        "AND wait_event = 'PgSleep'"
    )
    while not (found := server.ask(waiting)):
        assert process.poll() is None
    process.kill()
    process.wait()
    # The server finds out when it next speaks; that is what ending its wait makes it do.
    server.do(f"SELECT pg_cancel_backend({found[0][0]})", "DROP EVENT TRIGGER IF EXISTS breek")
    while server.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'woongeo'"):
        pass
    assert server.ask("SELECT locatie_id FROM woongeo.locaties ORDER BY rij") == [
        ("P0",),
        ("P1",),
        ("P2",),
    ]


def test_a_table_that_is_in_use_gives_advice(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while, not never; the earlier result stands."""
    monkeypatch.setattr("woongeo.export.postgis._LOCK_S", 0.2)
    woongeo.write_postgis(screened(plans()), server.url())
    with psycopg.connect(server.url()) as other:
        other.execute("SELECT * FROM woongeo.locaties")
        with pytest.raises(OutputError, match="sluit haar in QGIS"):
            woongeo.write_postgis(screened(plans()), server.url(), overwrite=True)
    assert server.ask("SELECT count(*) FROM woongeo.locaties") == [(3,)]


def test_who_may_not_write_is_told_whom_to_ask(server: Server) -> None:
    """A reader gets advice; a database without PostGIS is named."""
    server.do(
        "DROP ROLE IF EXISTS lezer",
        "CREATE ROLE lezer LOGIN PASSWORD 'lezer'",
        "CREATE SCHEMA dicht",
    )
    reader = server.url(user="lezer", password="lezer")  # noqa: S106
    for schema in ("dicht", "nieuw"):
        with pytest.raises(OutputError, match="vraag de beheerder"):
            woongeo.write_postgis(screened(plans()), reader, schema=schema)
    with pytest.raises(InputError, match="geen PostGIS"):
        woongeo.write_postgis(screened(plans()), server.url("postgres"))
    server.do("DROP ROLE lezer")


def test_text_and_names_from_strangers_are_kept_and_do_nothing(server: Server) -> None:
    """Text to the last character (but NUL); names of columns too, cut where they are too long."""
    texts = [*hostile.ALL, "nul\0daarna", "half \ud83c", "'; DROP TABLE x; --", "\\N", "\\.", ""]
    names = ["x" * 70, "x" * 71, 'a"b', "a'b;--", "%s", "{x}", "xmin", "rij", "geom", "é" * 40]
    shapes = [block(200 * i, 0) for i in range(len(texts))]
    made = frame(shapes, plan_id=[f"P{i}" for i in range(len(texts))])
    made["tekst"] = pd.Series(texts, dtype=object)
    for name in names:
        made[name] = "gevaar"
    title = hostile.SHORT
    layer = woongeo.read_layer(
        "gevaar", frame([block(0, 0)], naam=[title]), coverage="nederland", title=title
    )
    with pytest.warns(woongeo.WoongeoWarning):
        screening = woongeo.screen(woongeo.read_locations(made), [layer], on=DAY)
    schema = 'schema "x"; --'
    woongeo.write_postgis(screening, server.url(), schema=schema)
    quoted = '"' + schema.replace('"', '""') + '"'
    rows = server.ask(f"SELECT tekst FROM {quoted}.locaties ORDER BY rij")  # noqa: S608
    kept = [*hostile.ALL, "nul\\x00daarna", "half \\ud83c", "'; DROP TABLE x; --", "\\N", "\\.", ""]
    assert [row[0] for row in rows] == kept
    columns = server.ask(
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "  # noqa: S608
        f"WHERE attrelid = '{quoted}.locaties'::regclass AND attnum > 0"
    )
    held = [name for name, _ in columns]
    assert {'a"b', "a'b;--", "%s", "{x}", "xmin_2", "rij_2", "geom_2"} <= set(held)
    assert "x" * 63 in held
    assert "x" * 61 + "_2" in held
    assert ("x" * 63, f"in de invoer: {'x' * 70}") in columns


@pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")
def test_nothing_of_a_withheld_plan_is_in_any_table(server: Server) -> None:
    """Not its id, name, homes or corner, in no row of any table; for whom may see it, all is."""
    made = frame(
        [block(300.0625 * i, 0) for i in range(3)],
        plan_id=[f"KENMERK{i}X" for i in range(3)],
        naam=[f"Zwijgveld{i}X" for i in range(3)],
        woningen=[10, 70_013, 30],
        planstatus=["1A"] * 3,
        vertrouwelijkheid=["openbaar", "gemeente", "openbaar"],
    )
    screening = screened(woongeo.read_locations(made))
    held = {}
    for audience in ("openbaar", "intern"):
        schema = f"voor_{audience}"
        counted = woongeo.for_totals(screening, audience)
        woongeo.write_postgis(
            screening,
            server.url(),
            schema=schema,
            plancapaciteit=woongeo.summarize_plancapaciteit(counted),
            publiek=audience,
        )
        named = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"  # noqa: S608
        rows = [
            row[0]
            for (table,) in server.ask(named)
            for row in server.ask(f"SELECT t::text FROM {schema}.{table} t")  # noqa: S608
        ]
        held[audience] = "\n".join(rows)
    corner = struct.pack("<d", 120_300.0625).hex().upper()
    for secret in ("KENMERK1X", "Zwijgveld1X", "70013", "70053", corner):
        assert secret not in held["openbaar"], secret
        assert secret in held["intern"], secret


def test_the_command_takes_the_address_from_the_environment(server: Server, tmp_path: Path) -> None:
    """So that no password is on the command line; what it says tells of none."""
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", "demo", "--out", str(tmp_path), "--postgis"],
        env={**os.environ, "WOONGEO_POSTGIS": server.url()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "woongeo.locaties" in done.stdout
    assert_silent(done.stdout + done.stderr)
    assert server.ask("SELECT count(*) FROM woongeo.locaties") == [(23,)]
    again = subprocess.run(
        [sys.executable, "-m", "woongeo", "demo", "--out", str(tmp_path), "--postgis"],
        env={k: v for k, v in os.environ.items() if k != "WOONGEO_POSTGIS"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 2
    assert "WOONGEO_POSTGIS" in again.stderr


def test_a_report_writes_its_tables_too(server: Server, tmp_path: Path) -> None:
    here = woongeo.example().folder
    words = [
        *("report", f"{here}/locaties.geojson", "--layer", f"natura2000={here}/natura2000.geojson"),
        *("--no-pdf", "--out", str(tmp_path / "uit"), "--postgis", "--schema", "rapport"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "woongeo", *words],
        env={**os.environ, "WOONGEO_POSTGIS": server.url()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rapport.vrijspelen" in done.stdout
    assert_silent(done.stdout + done.stderr)
    assert server.ask("SELECT count(*) FROM rapport.locaties") == [(23,)]
