#!/bin/sh
# Lets nginx listen on IPv6, too, if its configuration is still the image's own.
set -e

ME=$(basename "$0")
FILE=etc/nginx/conf.d/default.conf

say() {
    if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then echo "$ME: $*"; fi
}

if [ ! -f "/$FILE" ]; then
    say "info: /$FILE is not a file or does not exist"
    exit 0
fi
if ! touch "/$FILE" 2>/dev/null; then
    say "info: can not modify /$FILE (read-only file system?)"
    exit 0
fi
if grep -q "listen  *\[::]:80;" "/$FILE"; then
    say "info: IPv6 listen already enabled"
    exit 0
fi
say "info: Getting the checksum of /$FILE"
if ! grep -q "listen       80;" "/$FILE"; then
    say "info: /$FILE differs from the packaged version"
    exit 0
fi
sed -i 's,listen       80;,listen       80;\n    listen  [::]:80;,' "/$FILE"
say "info: Enabled listen on IPv6 in /$FILE"
