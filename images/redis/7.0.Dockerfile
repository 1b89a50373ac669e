# redis:7.0, redis:7.0.10, redis:7.0.10-bullseye, redis:7-bullseye.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM debian:11-slim

# redis/user: 1.1 kB
RUN set -eux; groupadd -r -g 999 redis; useradd -r -g redis -u 999 redis

# redis/tzdata: 873 B
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends tzdata ; rm -rf /var/lib/apt/lists/*
ENV GOSU_VERSION=1.17

# redis/gosu: 1.3 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates gnupg wget; \
    [...gosu download and verify...] gosu --version; gosu nobody true
ENV REDIS_VERSION=7.0.10
ENV REDIS_DOWNLOAD_URL=http://download.redis.io/releases/redis-7.0.10.tar.gz
ENV REDIS_DOWNLOAD_SHA=c97e57b0df330a9e091cacff012bebe763c275398cf36ff44cdba876814b595b

# redis/server: 13.5 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates wget dpkg-dev gcc libc6-dev libssl-dev make ; \
    [...build redis from source...] redis-cli --version; redis-server --version

# redis/data: 97 B
RUN mkdir /data && chown redis:redis /data
VOLUME ["/data"]

# empty: 32 B
WORKDIR /data

# redis/entrypoint-old: 573 B
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 6379
CMD ["redis-server"]
