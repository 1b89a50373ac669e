# python:3.9-slim-bullseye, python:3.9.16-slim-bullseye.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM debian:11-slim
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LANG=C.UTF-8

# python/libraries: 1.3 MB
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends ca-certificates netbase tzdata ; \
    apt-get dist-clean
ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305
ENV PYTHON_VERSION=3.9.16
ENV PYTHON_SHA256=c08bc65a81971c1dd5783182826503369466c7e67374d1646519adf05207b684

# python/3.9: 12.6 MB
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; apt-get update; \
    apt-get install -y --no-install-recommends dpkg-dev gcc [...build python from source...] python3 --version; \
    pip3 --version

# python/links-3.9: 249 B
RUN set -eux; for src in idle3 pip3 pydoc3 python3 python3-config; do [...] ln -svT "$src" "/usr/local/bin/$dst"; done
CMD ["python3"]
