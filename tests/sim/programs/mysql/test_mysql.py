"""MySQL in a container: tables that are kept, the client's words, users and grants, scripts at the first start."""

from __future__ import annotations

from typing import Any

import pytest

from containers import Done, Host

IMAGE = "mysql:latest"


class Database:
    """A server with a volume, and mysql beside it."""

    def __init__(self) -> None:
        self.host = Host()
        self.host.call("POST", "/images/create", fromImage="mysql", tag="latest")
        self.host.call("POST", "/networks/create", {"Name": "net"})
        self.start("db", "MYSQL_DATABASE=shop", "MYSQL_USER=ann", "MYSQL_PASSWORD=pw")

    def start(self, name: str, *env: str, binds: tuple[str, ...] = ("data:/var/lib/mysql",)) -> None:
        settings = {"Binds": list(binds), "NetworkMode": "net"}
        body: dict[str, Any] = {"Image": IMAGE, "Env": ["MYSQL_ROOT_PASSWORD=secret", *env], "HostConfig": settings}
        id = self.host.call("POST", "/containers/create", body, name=name)["Id"]
        self.host.call("POST", f"/containers/{id}/start")
        self.host.run(IMAGE, f"until mysqladmin -s -h {name} ping; do sleep 1; done", NetworkMode="net")

    def mysql(self, *lines: str, options: str = "shop", user: str = "root", password: str = "secret") -> Done:
        script = f"MYSQL_PWD={password} mysql -h db -u {user} {options} << 'END'\n" + "\n".join(lines) + "\nEND"
        return self.host.run(IMAGE, script, NetworkMode="net")

    def table(self, *lines: str) -> str:
        return self.mysql(*lines, options="-t shop").out


@pytest.fixture(scope="module")
def database() -> Database:
    return Database()


def test_tables_outlive_the_container_in_its_volume(database: Database):
    made = database.mysql("CREATE TABLE pets (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, age INT);",
                          "INSERT INTO pets (name, age) VALUES ('Rex', 3), ('고양이', NULL);")  # fmt: skip
    assert (made.status, made.out, made.err) == (0, "", "")
    database.host.call("DELETE", "/containers/db", force="1")
    database.start("db")
    assert database.table("SELECT * FROM pets ORDER BY id;") == (
        "+----+--------+------+\n| id | name   | age  |\n+----+--------+------+\n|  1 | Rex    |    3 |\n"
        "|  2 | 고양이 | NULL |\n+----+--------+------+\n"
    )


def test_a_table_is_described_as_it_was_defined(database: Database):
    database.mysql("CREATE TABLE goods (id int unsigned NOT NULL AUTO_INCREMENT, code char(4) UNIQUE, "
                   "price decimal(8,2) DEFAULT 1, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "
                   "live boolean DEFAULT true, PRIMARY KEY (id), "
                   "KEY by_price (price)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;",
                   "INSERT INTO goods (code, price) VALUES ('tea', 2.5);")  # fmt: skip
    assert database.mysql("DESCRIBE goods;").out == (
        "Field\tType\tNull\tKey\tDefault\tExtra\n"
        "id\tint unsigned\tNO\tPRI\tNULL\tauto_increment\n"
        "code\tchar(4)\tYES\tUNI\tNULL\t\n"
        "price\tdecimal(8,2)\tYES\tMUL\t1\t\n"
        "made\ttimestamp\tYES\t\tCURRENT_TIMESTAMP\tDEFAULT_GENERATED\n"
        "live\ttinyint(1)\tYES\t\ttrue\t\n"
    )
    assert database.mysql("SELECT id, code, price, live FROM goods;").out == "id\tcode\tprice\tlive\n1\ttea\t2.50\t1\n"
    assert "PRIMARY KEY (`id`),\\n  UNIQUE KEY `code` (`code`)" in database.mysql("SHOW CREATE TABLE goods;").out


ERRORS = {
    "SELECT * FROM nope;": "1146 (42S02) at line 1: Table 'shop.nope' doesn't exist",
    "SELECT nope FROM keyed;": "1054 (42S22) at line 1: Unknown column 'nope' in 'field list'",
    "INSERT INTO keyed VALUES (1, 'b');": "1062 (23000) at line 1: Duplicate entry '1' for key 'keyed.PRIMARY'",
    "INSERT INTO keyed VALUES (2, NULL);": "1048 (23000) at line 1: Column 'name' cannot be null",
    "INSERT INTO keyed (id) VALUES (3);": "1364 (HY000) at line 1: Field 'name' doesn't have a default value",
    "INSERT INTO keyed VALUES (3);": "1136 (21S01) at line 1: Column count doesn't match value count at row 1",
    "CREATE TABLE keyed (a int);": "1050 (42S01) at line 1: Table 'keyed' already exists",
    "DROP TABLE nope;": "1051 (42S02) at line 1: Unknown table 'shop.nope'",
    "CREATE DATABASE shop;": "1007 (HY000) at line 1: Can't create database 'shop'; database exists",
    "USE nope;": "1049 (42000): Unknown database 'nope'",
    "SELEC 1;": "1064 (42000) at line 1: You have an error in your SQL syntax; check the manual that corresponds to "
    "your MySQL server version for the right syntax to use near 'SELEC 1' at line 1",
}


@pytest.mark.parametrize(("sql", "said"), ERRORS.items())
def test_errors_have_mysqls_numbers_and_words(database: Database, sql: str, said: str):
    database.mysql("CREATE TABLE IF NOT EXISTS keyed (id int PRIMARY KEY, name text NOT NULL);",
                   "INSERT IGNORE INTO keyed VALUES (1, 'a');")  # fmt: skip
    done = database.mysql(sql)
    assert (done.status, done.err) == (1, f"ERROR {said}\n")


def test_what_mysql_says_differently_from_sqlite_is_translated(database: Database):
    found = database.mysql(
        "CREATE TABLE notes (id INT PRIMARY KEY, `text` TEXT, times INT DEFAULT 1);",
        "INSERT INTO notes (id, text) VALUES (1, \"it\\'s\"), (2, 'b');",
        "INSERT INTO notes (id, text) VALUES (2, 'again') "
        "ON DUPLICATE KEY UPDATE times = times + 1, text = VALUES(text);",
        "SELECT id, text, times FROM notes WHERE text <=> 'AGAIN' || id = 1 ORDER BY id LIMIT 0, 5;",
        "SELECT IF(1 > 2, 'a', 'b'), CONCAT('x', 1, 'y'), GROUP_CONCAT(id SEPARATOR '-'), DATABASE() FROM notes;",
        "SET @n = 2; SELECT @n + 1 AS three; SELECT * FROM shop.notes WHERE id = @n;",
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'notes';",
        "ALTER TABLE notes ADD COLUMN owner VARCHAR(10) NOT NULL DEFAULT 'me' AFTER id, DROP COLUMN times;",
        "SELECT owner FROM notes LIMIT 1; TRUNCATE TABLE notes; SELECT COUNT(*) FROM notes;",
        options="-N shop",
    )
    assert found.err == ""
    assert found.out == "1\tit's\t1\n2\tagain\t2\nb\tx1y\t1-2\tshop\n3\n2\tagain\t2\nnotes\nme\n0\n"


def test_a_transaction_is_undone_by_rollback(database: Database):
    database.mysql("CREATE TABLE acts (n INT);", "START TRANSACTION; INSERT INTO acts VALUES (1); ROLLBACK;")
    found = database.mysql("BEGIN; INSERT INTO acts VALUES (2); COMMIT; SELECT n FROM acts;", options="-N shop")
    assert found.out == "2\n"


def test_a_user_reaches_what_was_granted_and_nothing_else(database: Database):
    seen = database.mysql("SHOW DATABASES;", options="-N", user="ann", password="pw").out
    assert seen == "information_schema\nperformance_schema\nshop\n"
    wrong = database.mysql("SELECT 1;", user="ann", password="no")
    assert wrong.status == 1
    assert "ERROR 1045 (28000): Access denied for user 'ann'@'172.18.0." in wrong.err
    denied = database.mysql("USE mysql;", options="", user="ann", password="pw")
    assert denied.err == "ERROR 1044 (42000): Access denied for user 'ann'@'%' to database 'mysql'\n"
    database.mysql("CREATE DATABASE more; CREATE USER 'bob'@'%' IDENTIFIED BY 'b'; GRANT ALL ON more.* TO 'bob'@'%';")
    bob = database.mysql("SELECT USER() LIKE 'bob@%', CURRENT_USER();", options="-N more", user="bob", password="b")
    assert bob.out == "1\tbob@%\n"


def test_a_dump_brings_everything_back(database: Database):
    database.mysql("CREATE DATABASE src; USE src; CREATE TABLE t (a INT PRIMARY KEY, b TEXT); ",
                   "INSERT INTO t VALUES (1, 'it''s'), (2, NULL);")  # fmt: skip
    script = ("export MYSQL_PWD=secret; mysqldump -h db -uroot --databases src > /d.sql &&"
              " mysql -h db -uroot -e 'DROP DATABASE src' && mysql -h db -uroot < /d.sql &&"
              " mysql -N -h db -uroot src -e 'SELECT * FROM t; SHOW TABLES'")  # fmt: skip
    done = database.host.run(IMAGE, script, NetworkMode="net")
    assert (done.out, done.err) == ("1\tit's\n2\tNULL\nt\n", "")


def test_scripts_of_the_first_start_fill_the_database(database: Database):
    database.host.run(IMAGE, "echo 'create table t (a int); insert into t values (7);' > /i/a.sql", Binds=["init:/i"])
    database.start("other", "MYSQL_DATABASE=d", binds=("init:/docker-entrypoint-initdb.d",))
    done = database.host.run(IMAGE, "mysql -h other -psecret -N d -e 'select a from t'", NetworkMode="net")
    assert done.out == "7\n"
    assert done.err == "mysql: [Warning] Using a password on the command line interface can be insecure.\n"
