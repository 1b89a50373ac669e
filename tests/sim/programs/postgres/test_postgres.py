"""PostgreSQL in a container: tables that are kept, psql's words, roles and passwords, scripts at the first start."""

from __future__ import annotations

from typing import Any

import pytest

from containers import Done, Host

IMAGE = "postgres:latest"


class Database:
    """A server with a volume, and psql beside it."""

    def __init__(self) -> None:
        self.host = Host()
        self.host.call("POST", "/images/create", fromImage="postgres", tag="latest")
        self.host.call("POST", "/networks/create", {"Name": "net"})
        self.start("db")

    def start(self, name: str, command: list[str] | None = None, *env: str) -> None:
        settings = {"Binds": ["data:/var/lib/postgresql"], "NetworkMode": "net"}
        body: dict[str, Any] = {"Image": IMAGE, "Env": ["POSTGRES_PASSWORD=secret", *env], "HostConfig": settings}
        if command:
            body["Entrypoint"], body["Cmd"] = ["sh", "-c"], command
        id = self.host.call("POST", "/containers/create", body, name=name)["Id"]
        self.host.call("POST", f"/containers/{id}/start")
        self.host.run(IMAGE, f"until pg_isready -q -h {name}; do sleep 1; done", NetworkMode="net")

    def psql(self, *commands: str, server: str = "db", options: str = "", password: str = "secret") -> Done:
        lines = "\n".join(commands)
        script = f"PGPASSWORD={password} psql -h {server} -U postgres {options} << 'END'\n{lines}\nEND"
        return self.host.run(IMAGE, script, NetworkMode="net")


@pytest.fixture(scope="module")
def database() -> Database:
    return Database()


def test_tables_outlive_the_container_in_its_volume(database: Database):
    made = database.psql("CREATE TABLE pets (id SERIAL PRIMARY KEY, name TEXT NOT NULL, tame BOOLEAN DEFAULT true);",
                         "INSERT INTO pets (name) VALUES ('Rex'), ('고양이');")  # fmt: skip
    assert (made.status, made.out) == (0, "CREATE TABLE\nINSERT 0 2\n")
    database.host.call("DELETE", "/containers/db", force="1")
    database.start("db")
    assert database.psql("SELECT * FROM pets ORDER BY id;").out == (
        " id |  name  | tame \n----+--------+------\n  1 | Rex    | t\n  2 | 고양이 | t\n(2 rows)\n\n"
    )


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM nope;",
         'ERROR:  relation "nope" does not exist\nLINE 1: SELECT * FROM nope;\n' + " " * 22 + "^\n"),
        ("SELEC 1;", 'ERROR:  syntax error at or near "SELEC"\nLINE 1: SELEC 1;\n        ^\n'),
        ("CREATE TABLE a (x INT); CREATE TABLE a (x INT);", 'ERROR:  relation "a" already exists\n'),
        ("CREATE TABLE b (x INT PRIMARY KEY); INSERT INTO b VALUES (1); INSERT INTO b VALUES (1);",
         'ERROR:  duplicate key value violates unique constraint "b_pkey"\nDETAIL:  Key (x) already exists.\n'),
        ("CREATE TABLE c (x INT NOT NULL); INSERT INTO c VALUES (NULL);",
         'ERROR:  null value in column "x" of relation "c" violates not-null constraint\n'),
        ("DROP DATABASE nope;", 'ERROR:  database "nope" does not exist\n'),
        ("SHOW nothing;", 'ERROR:  unrecognized configuration parameter "nothing"\n'),
    ],
)  # fmt: skip
def test_errors_are_postgresqls(database: Database, sql: str, said: str):
    assert said in database.psql(sql).err


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT count(*) FROM generate_series(1, 100) AS g;", "100"),
        ("SELECT '12'::int + 1;", "13"),
        ("SELECT sum(g) FROM generate_series(1, 4) g;", "10"),
        ("SELECT 'a' || 'b' ILIKE 'A%';", "1"),
        ("SELECT current_database();", "postgres"),
        ("SELECT split FROM (SELECT upper('x') AS split) AS t;", "X"),
        ("SELECT string_agg(g::text, ',') FROM generate_series(1, 3) AS g;", "1,2,3"),
        ("SELECT coalesce(NULL, 'none'), left('hello', 2);", "none|he"),
        ("SELECT E'a\\tb';", "a\tb"),
        ("SELECT $$it's$$;", "it's"),
    ],
)
def test_what_postgresql_has_beyond_sqlites_language(database: Database, sql: str, value: str):
    assert database.psql(sql, options="-tA").out == f"{value}\n"


def test_a_transaction_is_all_or_nothing_and_stops_after_an_error(database: Database):
    found = database.psql(
        "CREATE TABLE t (x INT);", "BEGIN;", "INSERT INTO t VALUES (1);", "SELECT * FROM nope;",
        "INSERT INTO t VALUES (2);", "COMMIT;", "BEGIN;", "INSERT INTO t VALUES (3);", "COMMIT;", "SELECT x FROM t;",
        options="-tA",
    )  # fmt: skip
    assert found.out.splitlines()[-1] == "3" and "ROLLBACK" in found.out
    assert "current transaction is aborted, commands ignored until end of transaction block" in found.err


def test_a_table_can_be_altered(database: Database):
    made = database.psql("CREATE TABLE grown (x INT);", "ALTER TABLE grown ADD COLUMN y TEXT DEFAULT 'none';",
                         "INSERT INTO grown VALUES (1);", "SELECT * FROM grown;", options="-tA")  # fmt: skip
    assert made.out.splitlines()[1:] == ["ALTER TABLE", "INSERT 0 1", "1|none"]


def test_two_sessions_see_what_the_other_has_committed(database: Database):
    one = "CREATE TABLE seen (x INT); BEGIN; INSERT INTO seen VALUES (1); SELECT pg_sleep(5); COMMIT;"
    script = (
        'export PGPASSWORD=secret; ask() { psql -h db -U postgres -tAc "$1"; }\n'
        f"psql -q -h db -U postgres -c \"{one}\" > /dev/null & sleep 8; ask 'SELECT count(*) FROM seen'; wait"
    )
    assert database.host.run(IMAGE, script, NetworkMode="net").out == "1\n"


def test_who_comes_over_the_network_needs_the_password(database: Database):
    refused = database.psql("SELECT 1;", password="wrong")
    assert refused.status == 2
    assert 'FATAL:  password authentication failed for user "postgres"' in refused.err
    nobody = database.host.run(IMAGE, "psql -h nowhere -U postgres", NetworkMode="net")
    assert nobody.err == 'psql: error: could not translate host name "nowhere" to address: Name or service not known\n'


def test_databases_and_roles_of_ones_own(database: Database):
    made = database.psql("CREATE DATABASE shop;", "CREATE USER ada WITH PASSWORD 'x';", "\\c shop",
                         "CREATE TABLE goods (name TEXT);", "\\dt", "\\conninfo")  # fmt: skip
    assert " public | goods | table | postgres" in made.out and 'connected to database "shop"' in made.out
    other = "PGPASSWORD=x psql -h db -U ada -d shop -tAc 'SELECT current_user'"
    assert database.host.run(IMAGE, other, NetworkMode="net").out == "ada\n"


def test_scripts_run_when_the_database_is_first_made(database: Database):
    script = (
        "mkdir -p /docker-entrypoint-initdb.d; echo 'CREATE TABLE first (x INT); INSERT INTO first VALUES (7);' "
        "> /docker-entrypoint-initdb.d/1.sql; PGDATA=/tmp/data exec docker-entrypoint.sh postgres"
    )
    database.start("fresh", [script], "POSTGRES_DB=app", "POSTGRES_USER=boss")
    asked = "PGPASSWORD=secret psql -h fresh -U boss -d app -tAc 'SELECT x FROM first'"
    assert database.host.run(IMAGE, asked, NetworkMode="net").out == "7\n"
    again = database.host.call("GET", "/containers/fresh/json")
    assert again["State"]["Running"]


def test_the_server_has_a_process_for_each_connection_and_ends_when_told(database: Database):
    titles = " ".join(row[-1] for row in database.host.call("GET", "/containers/db/top")["Processes"])
    assert "postgres: checkpointer" in titles and "postgres: walwriter" in titles
    database.start("short", ["PGDATA=/tmp/data exec docker-entrypoint.sh postgres"])
    database.host.call("POST", "/containers/short/stop")
    assert database.host.call("GET", "/containers/short/json")["State"]["ExitCode"] == 0


def test_a_dump_read_back_is_the_same_database(database: Database):
    database.psql("CREATE DATABASE old;", "CREATE DATABASE new;", "\\c old",
                  "CREATE TABLE pets (id SERIAL PRIMARY KEY, name TEXT, tame BOOLEAN DEFAULT false, born TIMESTAMP);",
                  "INSERT INTO pets (name, tame) VALUES ('It''s Rex', true), (NULL, false);")  # fmt: skip
    script = ("export PGPASSWORD=secret; ask() { psql -h db -U postgres -d $1 -tAc 'SELECT * FROM pets'; }\n"
              "pg_dump -h db -U postgres old > /tmp/old.sql && psql -q -h db -U postgres -d new -f /tmp/old.sql\n"
              "ask old > /tmp/a; ask new > /tmp/b; cat /tmp/a; cmp /tmp/a /tmp/b")  # fmt: skip
    found = database.host.run(IMAGE, script, NetworkMode="net")
    assert (found.status, found.out, found.err) == (0, "1|It's Rex|t|\n2||f|\n", "")
