# alpine:3.22, alpine:3.22.5.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# alpine/3.22: 3.8 MB
ADD rootfs.tar.gz /
CMD ["/bin/sh"]
