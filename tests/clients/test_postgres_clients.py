"""Database clients of this computer reach the simulated PostgreSQL through its published port."""

from __future__ import annotations

import socket
from typing import Any

import pg8000.dbapi
import pytest


def test_a_python_program_outside_keeps_its_rows_in_a_container(docker: Any):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    docker.out("run", "-d", "--name", "shop-db", "-e", "POSTGRES_PASSWORD=secret", "-p", f"{port}:5432", "postgres")
    docker.out(
        "exec", "shop-db", "sh", "-c", "until pg_isready -q && [ $(cat /proc/1/comm) = postgres ]; do sleep 1; done"
    )
    link = pg8000.dbapi.connect("postgres", host="127.0.0.1", port=port, password="secret")
    cursor = link.cursor()
    cursor.execute("CREATE TABLE goods (id SERIAL PRIMARY KEY, name TEXT, price FLOAT)")
    cursor.execute("INSERT INTO goods (name, price) VALUES (%s, %s), (%s, %s)", ("tea", 2.5, "차", 3.0))
    link.commit()
    cursor.execute("SELECT id, name, price FROM goods WHERE price > %s ORDER BY id", (1,))
    assert [list(row) for row in cursor.fetchall()] == [[1, "tea", 2.5], [2, "차", 3.0]]
    with pytest.raises(pg8000.dbapi.DatabaseError, match='relation "nope" does not exist'):
        cursor.execute("SELECT * FROM nope")
    link.rollback()
    link.close()
    assert docker.out("exec", "shop-db", "psql", "-U", "postgres", "-tAc", "SELECT count(*) FROM goods") == "2"
    docker.out("rm", "-f", "shop-db")
