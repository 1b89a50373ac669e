# ubuntu:noble-20260817.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch
ARG RELEASE
ARG LAUNCHPAD_BUILD_ARCH
LABEL org.opencontainers.image.version=24.04

# ubuntu/24.04: 29.8 MB
ADD rootfs.tar.gz /
CMD ["/bin/bash"]
