"""The Linux host: the operations that sim/ performs on Python objects, performed by the kernel. Twin: sim/.

The daemon's side is host, runtime, container, encoding, launch, snapshots, layers, differences, merged, archives,
folders, cleanup, poller, streams, hostps, seccomp, probe; for networks network, bridges, cables, packetfilter, hostnet,
ports, relay, sockets, names, nameserver, dnswire, and netlink/, which speaks with the kernel. The side that runs as a
small single-threaded process of its own, and in its forks, is zygote, clone, performing, namespaces, rootfs,
credentials, capabilities, console, program, init: those modules import little, since every container begins as a copy
of them. syscalls, wire and cgroups/ belong to both.
"""

import sys

if sys.platform != "linux":
    raise ImportError(
        "the real host needs a Linux kernel; on Windows use WSL 2 (wsl --install), on macOS a Linux virtual machine "
        "(for example Lima), or stay with the simulated host, which runs anywhere: glassdock serve sim"
    )
