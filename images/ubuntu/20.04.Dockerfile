# ubuntu:20.04, ubuntu:focal.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch
ARG RELEASE
ARG LAUNCHPAD_BUILD_ARCH
LABEL org.opencontainers.image.version=20.04

# ubuntu/20.04: 27.5 MB
ADD rootfs.tar.gz /
CMD ["/bin/bash"]
