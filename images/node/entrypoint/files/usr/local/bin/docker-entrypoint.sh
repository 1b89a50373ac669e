#!/bin/sh
set -e
# options, and what is no command, are for node
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ]; then
  set -- node "$@"
fi
exec "$@"
