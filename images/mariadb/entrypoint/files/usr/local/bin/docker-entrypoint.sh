#!/bin/bash
# Makes the data base when there is none, then becomes the server.
set -e

say() {
    echo "$(date '+%Y-%m-%d %H:%M:%S+00:00') [$1] [Entrypoint]: $2"
}

fail() {
    say ERROR "$1" >&2
    exit 1
}

# a variable's value may be in the file that NAME_FILE names
from_file() {
    local name=$1 path
    path=$(printenv "${name}_FILE") || return 0
    [ -z "$(printenv "$name")" ] || fail "Both $name and ${name}_FILE are set (but are exclusive)"
    export "$name=$(cat "$path")"
    unset "${name}_FILE"
}

sql() {
    mariadb --protocol=socket -uroot "$@"
}

# options are for the server
if [ "${1#-}" != "$1" ]; then
    set -- mariadbd "$@"
fi
if [ "$1" != 'mariadbd' ]; then
    exec "$@"
fi
for word; do
    case "$word" in
    -'?' | --help | --print-defaults | -V | --version) exec "$@" ;;
    esac
done

DATADIR=/var/lib/mysql
say Note "Entrypoint script for MariaDB Server $MARIADB_VERSION started."

# the server does not run as root
if [ "$(id -u)" = '0' ]; then
    say Note "Switching to dedicated user 'mysql'"
    chown -R mysql:mysql "$DATADIR" /var/run/mysqld
    exec setpriv --reuid mysql --regid mysql --clear-groups -- "$0" "$@"
fi

# each variable has two names, MariaDB's own and MySQL's
for name in ROOT_PASSWORD ROOT_HOST DATABASE USER PASSWORD; do
    from_file MARIADB_$name
    from_file MYSQL_$name
    if printenv MARIADB_$name > /dev/null; then
        export "MYSQL_$name=$(printenv MARIADB_$name)"
    fi
done
: "${MYSQL_ALLOW_EMPTY_PASSWORD:=$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD}"
: "${MYSQL_RANDOM_ROOT_PASSWORD:=$MARIADB_RANDOM_ROOT_PASSWORD}"

# users, a database, and the scripts of /docker-entrypoint-initdb.d: told to a server that only this machine reaches
prepare() {
    say Note "Starting temporary server"
    "$@" --skip-networking --default-time-zone=SYSTEM &
    local server=$!
    until mariadb-admin --protocol=socket -uroot --silent ping > /dev/null 2>&1; do sleep 1; done
    say Note "Temporary server started."

    if [ -n "$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
        MYSQL_ROOT_PASSWORD="$(head -c 24 /dev/urandom | base64 | tr '+/' 'ab')"
        say Note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
    fi
    if [ -n "$MYSQL_DATABASE" ]; then
        say Note "Creating database $MYSQL_DATABASE"
        sql -e "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`"
    fi
    if [ -n "$MYSQL_USER" ] && [ -n "$MYSQL_PASSWORD" ]; then
        say Note "Creating user $MYSQL_USER"
        sql -e "CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD'"
        if [ -n "$MYSQL_DATABASE" ]; then
            say Note "Giving user $MYSQL_USER access to schema $MYSQL_DATABASE"
            sql -e "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%'"
        fi
    fi
    echo
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
        *.sh) say Note "/usr/local/bin/docker-entrypoint.sh: running $file" && . "$file" ;;
        *.sql) say Note "/usr/local/bin/docker-entrypoint.sh: running $file" && sql $MYSQL_DATABASE < "$file" ;;
        *.sql.gz) say Note "/usr/local/bin/docker-entrypoint.sh: running $file" && gunzip -c "$file" | sql $MYSQL_DATABASE ;;
        */\*) ;;
        *) say Warn "/usr/local/bin/docker-entrypoint.sh: ignoring $file" ;;
        esac
    done
    if [ "${MYSQL_ROOT_HOST:-%}" != localhost ]; then
        sql -e "CREATE USER 'root'@'${MYSQL_ROOT_HOST:-%}' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD'; GRANT ALL ON *.* TO 'root'@'${MYSQL_ROOT_HOST:-%}' WITH GRANT OPTION"
    fi
    sql -e "ALTER USER 'root'@'localhost' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD'"

    say Note "Stopping temporary server"
    kill "$server"
    wait "$server" || true
    say Note "Temporary server stopped"
}

if [ ! -d "$DATADIR/mysql" ]; then
    if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
        fail "Database is uninitialized and password option is not specified
    You need to specify one of the following as an environment variable:
    - MARIADB_ROOT_PASSWORD
    - MARIADB_ALLOW_EMPTY_ROOT_PASSWORD
    - MARIADB_RANDOM_ROOT_PASSWORD"
    fi
    if [ "$MYSQL_USER" = root ]; then
        fail "MARIADB_USER=\"root\", MARIADB_USER and MARIADB_PASSWORD are for configuring a regular user and cannot be used for the root user"
    fi
    say Note "Initializing database files"
    "$@" --initialize-insecure --default-time-zone=SYSTEM
    say Note "Database files initialized"
    prepare "$@"
    echo
    say Note "MariaDB init process done. Ready for start up."
    echo
fi

exec "$@"
