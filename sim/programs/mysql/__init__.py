"""MySQL and MariaDB: a server that keeps tables, and its clients. The tables are SQLite's; the protocol, the catalogue
and the words are MySQL's.

    server.py       mysqld: one process, many connections     accounts.py     users, passwords, grants
    session.py      one connection: statements, transactions  shows.py        SHOW and DESCRIBE
    dialect.py      from its SQL to SQLite's                  definitions.py  CREATE TABLE, taken apart and kept
    functions.py    what SQL can call                         failures.py     SQLite's errors in MySQL's words
    protocol.py     packets                                   flavours.py     what MySQL and MariaDB say differently
    connection.py   a client's side                           client.py       mysql; admin.py, dump.py: its kin

Not here: strict types, stored procedures, prepared statements of the binary protocol, locks on rows, replication.
Source: the MySQL 8.4 reference manual; MySQL Source Code Documentation, "Client/Server Protocol".
"""
