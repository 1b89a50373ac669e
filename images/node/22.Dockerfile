# node:22, node:22.23.0.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM debian:13

# buildpack-deps/curl: 25.1 MB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends ca-certificates curl gnupg netbase sq wget ; \
    apt-get dist-clean

# buildpack-deps/scm: 66.5 MB
RUN set -eux; apt-get update; \
    apt-get install -y --no-install-recommends git mercurial openssh-client subversion procps ; apt-get dist-clean

# buildpack-deps/tools: 231.7 MB
RUN set -ex; apt-get update; \
    apt-get install -y --no-install-recommends autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick [...] xz-utils zlib1g-dev ; \
    apt-get dist-clean

# node/user: 3.3 kB
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=22.23.0

# node/node: 58.6 MB
RUN ARCH= [...]download and verify node-v$NODE_VERSION-linux-$ARCH.tar.xz, untar to /usr/local[...] node --version \
    && npm --version && rm -rf /tmp/*
ENV YARN_VERSION=1.22.22

# node/yarn: 1.2 MB
RUN set -ex && [...]download and verify yarn[...] yarn --version && rm -rf /tmp/*

# node/entrypoint: 446 B
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
