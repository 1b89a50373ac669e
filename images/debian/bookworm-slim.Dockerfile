# debian:bookworm-slim, debian:12-slim, debian:oldstable-slim, debian:bookworm-20260112-slim.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/bookworm: 28.2 MB
ADD rootfs.tar.gz /
CMD ["bash"]
