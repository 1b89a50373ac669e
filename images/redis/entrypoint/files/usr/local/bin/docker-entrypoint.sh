#!/bin/sh
set -e

# options and configuration files are for the server
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
    set -- redis-server "$@"
fi

# the server does not run as root
if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid redis --regid redis --clear-groups -- "$0" "$@"
fi

# the data base is for its owner only
if [ "$(umask)" = '0022' ]; then
    umask 0077
fi

exec "$@"
