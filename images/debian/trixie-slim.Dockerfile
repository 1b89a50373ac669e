# debian:trixie-slim, debian:13-slim, debian:stable-slim, debian:trixie-20260918-slim.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/trixie: 29.8 MB
ADD rootfs.tar.gz /
CMD ["bash"]
