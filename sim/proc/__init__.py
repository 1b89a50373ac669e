"""/proc and sysctl: the kernel as files."""
