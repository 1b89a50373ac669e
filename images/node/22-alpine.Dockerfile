# node:22-alpine.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2

# node/user: 3.3 kB
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=22.23.0

# node/node: 48.4 MB
RUN ARCH= [...]download and verify node-v$NODE_VERSION-linux-$ARCH.tar.xz, untar to /usr/local[...] node --version \
    && npm --version && rm -rf /tmp/*
ENV YARN_VERSION=1.22.22

# node/yarn: 1.6 MB
RUN [...]yarn --version && rm -rf /tmp/*

# node/entrypoint: 446 B
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
