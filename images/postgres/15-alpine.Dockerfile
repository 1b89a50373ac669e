# postgres:15-alpine.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2

# postgres/user: 1.2 kB
RUN set -eux; groupadd -r postgres --gid=999; \
    useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres; \
    install --verbose --directory --owner postgres --group postgres --mode 1777 /var/lib/postgresql

# postgres/tools: 4.8 MB
RUN set -ex; apt-get update; apt-get install -y --no-install-recommends gnupg less ; rm -rf /var/lib/apt/lists/*
ENV GOSU_VERSION=1.19

# postgres/gosu: 0.9 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates wget; [...gosu...] gosu --version; gosu nobody true

# postgres/locales: 6.2 MB
RUN set -eux; if [ -f /etc/dpkg/dpkg.cfg.d/docker ]; then [...] locale-gen; locale -a | grep 'en_US.utf8'
ENV LANG=en_US.utf8

# postgres/helpers: 1.0 MB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends libnss-wrapper xz-utils zstd ; \
    rm -rf /var/lib/apt/lists/*

# postgres/initdb: 116 B
RUN mkdir /docker-entrypoint-initdb.d

# postgres/key: 3.1 kB
RUN set -ex; key='B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8'; [...] rm -rf "$GNUPGHOME"
ENV PG_MAJOR=15
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PG_VERSION=15.18

# postgres/server-alpine: 86.5 MB
RUN set -ex; export PYTHONDONTWRITEBYTECODE=1; dpkgArch="$(dpkg --print-architecture)"; \
    [...apt-get install postgresql-18...] postgres --version

# postgres/sample: 19.4 kB
RUN set -eux; dpkg-divert --add --rename --divert "/usr/share/postgresql/postgresql.conf.sample.dpkg" [...]

# postgres/run: 128 B
RUN install --verbose --directory --owner postgres --group postgres --mode 3777 /var/run/postgresql
ENV PGDATA=/var/lib/postgresql/data
VOLUME ["/var/lib/postgresql/data"]

# postgres/entrypoint: 6.1 kB
COPY docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/

# postgres/link: 186 B
RUN ln -sT docker-ensure-initdb.sh /usr/local/bin/docker-enforce-initdb.sh
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
