# memcached:alpine, memcached:1-alpine.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2

# memcached/user: 1.1 kB
RUN set -eux; groupadd --system --gid 11211 memcache; useradd --system --gid memcache --uid 11211 memcache

# memcached/libraries: 82.1 kB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends libsasl2-modules ; rm -rf /var/lib/apt/lists/*
ENV MEMCACHED_VERSION=1.6.45
ENV MEMCACHED_URL=https://memcached.org/files/memcached-1.6.45.tar.gz
ENV MEMCACHED_SHA1=45038980ea7045a548b9b5b5125ef7116312a768

# memcached/server: 1.4 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates dpkg-dev gcc libc6-dev libevent-dev [...build memcached from source...] memcached -V

# memcached/entrypoint: 282 B
COPY docker-entrypoint.sh /usr/local/bin/

# memcached/link: 122 B
RUN ln -s usr/local/bin/docker-entrypoint.sh /entrypoint.sh # backwards compat
ENTRYPOINT ["docker-entrypoint.sh"]
USER memcache
EXPOSE 11211
CMD ["memcached"]
