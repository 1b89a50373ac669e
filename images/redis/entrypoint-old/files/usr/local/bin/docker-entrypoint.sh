#!/bin/sh
set -e
[ "${1#-}" = "$1" ] || set -- redis-server "$@"
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    chown -R redis .
    exec setpriv --reuid redis --regid redis -- "$0" "$@"
fi
exec "$@"
