#!/bin/bash
set -e

# options are for the server
if [ "${1#-}" != "$1" ]; then
    set -- mongod "$@"
fi

# the server does not run as root
if [ "$1" = 'mongod' ] && [ "$(id -u)" = '0' ]; then
    chown -R mongodb /data/configdb /data/db
    exec setpriv --reuid mongodb --regid mongodb --clear-groups -- "$0" "$@"
fi

if [ "$1" = 'mongod' ]; then
    set -- "$@" --bind_ip_all
fi

exec "$@"
