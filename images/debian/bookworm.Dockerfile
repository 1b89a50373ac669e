# debian:bookworm, debian:12, debian:oldstable.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# debian/bookworm: 48.5 MB
ADD rootfs.tar.gz /
CMD ["bash"]
