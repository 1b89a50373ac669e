"""Database clients of this computer reach the simulated MySQL through its published port."""

from __future__ import annotations

import socket
from decimal import Decimal
from typing import Any

import pymysql
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("image", ["mysql", "mariadb"])
def test_a_python_program_outside_keeps_its_rows_in_a_container(docker: Any, image: str):
    port = free_port()
    docker.out("run", "-d", "--name", "shop-db", "-e", "MYSQL_ROOT_PASSWORD=secret", "-e", "MYSQL_DATABASE=shop", "-e",
               "MYSQL_USER=ann", "-e", "MYSQL_PASSWORD=pw", "-p", f"{port}:3306", image)  # fmt: skip
    admin = "mariadb-admin" if image == "mariadb" else "mysqladmin"
    ready = f"until {admin} -h $HOSTNAME -uann -ppw -s ping 2> /dev/null; do sleep 1; done"
    docker.out("exec", "shop-db", "sh", "-c", ready)
    link = pymysql.connect(host="127.0.0.1", port=port, user="ann", password="pw", database="shop", charset="utf8mb4")
    cursor = link.cursor()
    cursor.execute("CREATE TABLE goods (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), price DECIMAL(6,2))")
    cursor.execute("INSERT INTO goods (name, price) VALUES (%s, %s), (%s, %s)", ("tea", 2.5, "차", 3))
    link.commit()
    cursor.execute("SELECT id, name, price FROM goods WHERE price > %s ORDER BY id", (1,))
    assert list(cursor.fetchall()) == [(1, "tea", Decimal("2.50")), (2, "차", Decimal("3.00"))]
    with pytest.raises(pymysql.err.ProgrammingError, match=r"1146, \"Table 'shop.nope' doesn't exist\""):
        cursor.execute("SELECT * FROM nope")
    link.close()
    with pytest.raises(pymysql.err.OperationalError, match="Access denied for user 'ann'"):
        pymysql.connect(host="127.0.0.1", port=port, user="ann", password="no")
    docker.out("rm", "-f", "shop-db")
