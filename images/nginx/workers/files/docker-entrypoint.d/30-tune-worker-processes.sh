#!/bin/sh
# As many workers as there are processors, if one asks for it.
set -e

ME=$(basename "$0")
[ -n "${NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE:-}" ] || exit 0

FILE=/etc/nginx/nginx.conf
if ! touch "$FILE" 2>/dev/null; then
    echo "$ME: error: can not modify $FILE (read-only file system?)"
    exit 0
fi
sed -i "s/^worker_processes .*/worker_processes  $(nproc);/" "$FILE"
