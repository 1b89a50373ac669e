"""PostgreSQL: a server that keeps tables, and psql. The tables are SQLite's; the protocol, the catalogue and the words
are PostgreSQL's.

    server.py    the processes: one that listens, one for each connection     cluster.py   databases and roles on disk
    session.py   one connection: queries, transactions, errors               dialect.py   from its SQL to SQLite's
    protocol.py  messages of the protocol, version 3                          functions.py what SQL can call
    failures.py  SQLite's errors in PostgreSQL's words                        psql.py, tables.py   the client
    initdb.py    initdb, pg_isready, createdb      dump.py      pg_dump

Not here: types are not enforced as strictly, no PL/pgSQL, no schemas but "public", no locks on rows.
Source: the PostgreSQL 18 documentation.
"""
