# debian:bullseye-slim, debian:11-slim.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/bullseye: 30.2 MB
ADD rootfs.tar.gz /
CMD ["bash"]
