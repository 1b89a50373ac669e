# nginx:1.29, nginx:1.29.8.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM debian:trixie-20260713-slim
LABEL maintainer="NGINX Docker Maintainers <docker-maint@nginx.com>"
ENV NGINX_VERSION=1.29.8
ENV NJS_VERSION=1.0.0
ENV NJS_RELEASE=1~trixie
ENV ACME_VERSION=0.4.1
ENV PKG_RELEASE=1~trixie
ENV DYNPKG_RELEASE=1~trixie

# nginx/debian: 33.0 MB
RUN set -x && groupadd --system --gid 101 nginx \
    && useradd --system --gid nginx --no-create-home --home /nonexistent --comment "nginx user" --shell /bin/false --uid 101 nginx \
    && apt-get update && apt-get install --no-install-recommends --no-install-suggests -y gnupg1 ca-certificates \
    && [...install nginx packages...] mkdir /docker-entrypoint.d

# nginx/entrypoint: 626 B
COPY docker-entrypoint.sh /

# nginx/listen: 955 B
COPY 10-listen-on-ipv6-by-default.sh /docker-entrypoint.d

# nginx/resolvers: 403 B
COPY 15-local-resolvers.envsh /docker-entrypoint.d

# nginx/templates: 1.2 kB
COPY 20-envsubst-on-templates.sh /docker-entrypoint.d

# nginx/workers: 1.4 kB
COPY 30-tune-worker-processes.sh /docker-entrypoint.d
ENTRYPOINT ["/docker-entrypoint.sh"]
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
