#!/bin/bash
# Makes the data base when there is none, then becomes the server.
set -e

say() {
    echo "$(date '+%Y-%m-%d %H:%M:%S+00:00') [$1] [Entrypoint]: $2"
}

# options are for the server
if [ "${1#-}" != "$1" ]; then
    set -- mysqld "$@"
fi
if [ "$1" != 'mysqld' ]; then
    exec "$@"
fi

DATADIR=/var/lib/mysql
say Note "Entrypoint script for MySQL Server ${MYSQL_VERSION} started."

# the server does not run as root
if [ "$(id -u)" = '0' ]; then
    say Note "Switching to dedicated user 'mysql'"
    chown -R mysql:mysql "$DATADIR" /var/run/mysqld
    exec setpriv --reuid mysql --regid mysql --clear-groups -- "$0" "$@"
fi

if [ ! -d "$DATADIR/mysql" ]; then
    if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
        say ERROR "Database is uninitialized and password option is not specified
    You need to specify one of the following as an environment variable:
    - MYSQL_ROOT_PASSWORD
    - MYSQL_ALLOW_EMPTY_PASSWORD
    - MYSQL_RANDOM_ROOT_PASSWORD" >&2
        exit 1
    fi
    say Note "Initializing database files"
    "$@" --initialize-insecure --default-time-zone=SYSTEM
    say Note "Database files initialized"
    say Note "MySQL init process done. Ready for start up."
fi

exec "$@"
