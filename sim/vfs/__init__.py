"""The virtual file system: inodes and trees, overlay, mounts, paths and permissions, open files."""
