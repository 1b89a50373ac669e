# nginx:alpine, nginx:alpine-slim, nginx:stable-alpine, nginx:stable-alpine-slim.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2
LABEL maintainer="NGINX Docker Maintainers <docker-maint@nginx.com>"
ENV NGINX_VERSION=1.30.5
ENV PKG_RELEASE=1
ENV DYNPKG_RELEASE=1

# nginx/alpine: 1.9 MB
RUN set -x && addgroup -g 101 -S nginx \
    && adduser -S -D -H -u 101 -h /var/cache/nginx -s /sbin/nologin -G nginx -g nginx nginx \
    && [...apk add nginx...] mkdir /docker-entrypoint.d

# nginx/entrypoint: 628 B
COPY docker-entrypoint.sh /

# nginx/listen: 955 B
COPY 10-listen-on-ipv6-by-default.sh /docker-entrypoint.d

# nginx/resolvers: 404 B
COPY 15-local-resolvers.envsh /docker-entrypoint.d

# nginx/templates: 1.2 kB
COPY 20-envsubst-on-templates.sh /docker-entrypoint.d

# nginx/workers: 1.4 kB
COPY 30-tune-worker-processes.sh /docker-entrypoint.d
ENTRYPOINT ["/docker-entrypoint.sh"]
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
