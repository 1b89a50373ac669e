# mongo:6, mongo:6.0, mongo:6.0.27.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM ubuntu:noble-20260817

# mongo/user: 1.2 kB
RUN set -eux; groupadd --gid 999 --system mongodb; \
    useradd --uid 999 --system --gid mongodb --home-dir /data/db mongodb; mkdir -p /data/db /data/configdb; \
    chown -R mongodb:mongodb /data/db /data/configdb

# mongo/tools: 3.9 MB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends ca-certificates jq numactl procps ; \
    rm -rf /var/lib/apt/lists/*
ENV GOSU_VERSION=1.19
ENV JSYAML_VERSION=3.13.1
ENV JSYAML_CHECKSUM=662e32319bdd378e91f67578e56a34954b0a2e33aca11d70ab9f4826af24b941

# mongo/gosu: 1.0 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends gnupg wget ; [...gosu, js-yaml, keyring...] gosu --version; \
    gosu nobody true

# mongo/initdb: 116 B
RUN mkdir /docker-entrypoint-initdb.d
ARG MONGO_PACKAGE=mongodb-org
ARG MONGO_REPO=repo.mongodb.org
ENV MONGO_PACKAGE=mongodb-org MONGO_REPO=repo.mongodb.org
ENV MONGO_MAJOR=6.0

# mongo/sources: 261 B
RUN echo "deb [ signed-by=/etc/apt/keyrings/mongodb.asc ] http://$MONGO_REPO/apt/ubuntu noble/$MONGO_PACKAGE/$MONGO_MAJOR multiverse" | tee "/etc/apt/sources.list.d/$MONGO_PACKAGE.list"
ENV MONGO_VERSION=6.0.27

# mongo/server: 248.9 MB
RUN set -x && export DEBIAN_FRONTEND=noninteractive && apt-get update \
    && apt-get install -y ${MONGO_PACKAGE}=$MONGO_VERSION [...] && mv /etc/mongod.conf /etc/mongod.conf.orig
VOLUME ["/data/db", "/data/configdb"]
ENV HOME=/data/db
ENV GLIBC_TUNABLES=glibc.pthread.rseq=0

# mongo/entrypoint: 5.0 kB
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 27017
CMD ["mongod"]
