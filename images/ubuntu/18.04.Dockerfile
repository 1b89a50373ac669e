# ubuntu:18.04, ubuntu:bionic.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch
ARG RELEASE
ARG LAUNCHPAD_BUILD_ARCH
LABEL org.opencontainers.image.version=18.04

# ubuntu/18.04: 25.7 MB
ADD rootfs.tar.gz /
CMD ["/bin/bash"]
