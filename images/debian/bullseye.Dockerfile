# debian:bullseye, debian:11.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/bullseye: 53.7 MB
ADD rootfs.tar.gz /
CMD ["bash"]
