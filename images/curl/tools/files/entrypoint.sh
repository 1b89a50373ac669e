#!/bin/sh
set -e

# what does not name a program is for curl
if [ "${1#-}" != "$1" ] || ! command -v "$1" > /dev/null; then
    set -- curl "$@"
fi
exec "$@"
