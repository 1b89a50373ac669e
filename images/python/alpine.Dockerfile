# python:alpine, python:3-alpine, python:3.14-alpine.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# python/libraries: 1.2 MB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends ca-certificates netbase tzdata ; \
    apt-get dist-clean
ENV PYTHON_VERSION=3.14.7
ENV PYTHON_SHA256=3b48dac8fb59f62eaa67ac83c1eb12bda1b7a08406dd286e252c11a66be27f81

# python/3.14: 11.1 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends dpkg-dev g++ gcc [...build python from source...] python3 --version; \
    pip3 --version

# python/links-3.14: 249 B
RUN set -eux; for src in idle3 pip3 pydoc3 python3 python3-config; do [...] ln -svT "$src" "/usr/local/bin/$dst"; done
CMD ["python3"]
