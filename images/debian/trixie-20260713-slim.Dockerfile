# debian:trixie-20260713-slim.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/trixie: 29.8 MB
ADD rootfs.tar.gz /
CMD ["bash"]
