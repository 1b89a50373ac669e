# ubuntu:16.04, ubuntu:xenial.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# ubuntu/16.04: 46.5 MB
ADD rootfs.tar.gz /
CMD ["/bin/bash"]
