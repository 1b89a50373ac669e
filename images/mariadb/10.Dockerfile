# mariadb:10, mariadb:10.11.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM ubuntu:noble-20260911

# mariadb/user: 1.9 kB
RUN groupadd -r mysql && useradd -r -g mysql mysql --home-dir /var/lib/mysql
ENV GOSU_VERSION=1.19
ENV LANG=C.UTF-8
ENV MARIADB_VERSION=1:10.11.16+maria~ubu2404

# mariadb/server: 82.0 MB
RUN set -ex; apt-get update; \
    apt-get install -y --no-install-recommends "mariadb-server=$MARIADB_VERSION" mariadb-backup socat ; \
    [...] rm -rf /var/lib/apt/lists/*
VOLUME ["/var/lib/mysql"]

# mariadb/entrypoint: 6.8 kB
COPY healthcheck.sh docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 3306
CMD ["mariadbd"]
