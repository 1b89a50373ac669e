#!/bin/sh
# Templates in /etc/nginx/templates become configuration: ${NAME} stands for the variable's value.
set -e

ME=$(basename "$0")
FROM="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}"
TO="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"

[ -d "$FROM" ] || exit 0
for template in "$FROM"/*.template; do
    [ -f "$template" ] || continue
    target="$TO/$(basename "$template" .template)"
    echo "$ME: Running envsubst on $template to $target"
    awk '{
        while (match($0, /[$][{][A-Za-z_][A-Za-z0-9_]*[}]/)) {
            name = substr($0, RSTART + 2, RLENGTH - 3)
            $0 = substr($0, 1, RSTART - 1) ENVIRON[name] substr($0, RSTART + RLENGTH)
        }
        print
    }' "$template" > "$target"
done
