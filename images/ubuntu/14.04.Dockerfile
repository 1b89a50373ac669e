# ubuntu:14.04, ubuntu:trusty.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM scratch

# ubuntu/14.04: 70.0 MB
ADD rootfs.tar.gz /
CMD ["/bin/bash"]
