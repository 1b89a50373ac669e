"""The three files that Docker writes for every container and mounts over the image's: hosts, hostname, resolv.conf.

They are on the host below HostInfo.root, in containers/ID. A container in another's network namespace uses that one's
files (moby, daemon/container_operations_unix.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import Conflict
from engine.spec import Mount

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

LOCALHOST = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)
# What Docker uses when the host's own resolv.conf names no server that a container can reach.
NAME_SERVERS = ("8.8.8.8", "8.8.4.4")
GATEWAY = "host-gateway"  # in --add-host: the host as its containers see it
OPTIONS = ("rbind", "rprivate")


def directory(root: str, container_id: str) -> str:
    """The daemon's own folder for a container, below its root on the host."""
    return f"{root}/containers/{container_id}"


def mounts(root: str, owner_id: str) -> tuple[Mount, Mount, Mount]:
    """The binds over /etc; `owner_id` is the container whose files they are."""
    folder = directory(root, owner_id)
    return (
        Mount("/etc/resolv.conf", "bind", f"{folder}/resolv.conf", OPTIONS),
        Mount("/etc/hostname", "bind", f"{folder}/hostname", OPTIONS),
        Mount("/etc/hosts", "bind", f"{folder}/hosts", OPTIONS),
    )


def write(engine: Engine, container: Container) -> None:
    """Write the files of a container that is about to start and knows its address."""
    folder = directory(engine.host.info.root, container.id)
    put = engine.host.write_file
    put(f"{folder}/hostname", f"{container.hostname}\n".encode())
    put(f"{folder}/hosts", hosts(container, engine.networks.gateway, linked(engine, container)).encode())
    put(f"{folder}/resolv.conf", resolv_conf(container).encode())


def linked(engine: Engine, container: Container) -> list[tuple[str, Container]]:
    """(alias, container) of each `--link`. Raises NotFound, or Conflict if one does not run."""
    found = []
    for link in container.host_config.links or ():
        name, _, alias = link.partition(":")
        other = engine.containers.get(name)
        alias = alias.rpartition("/")[2] or other.name
        if not other.alive:
            raise Conflict(f"Cannot link to a non running container: /{other.name} AS /{container.name}/{alias}")
        found.append((alias, other))
    return found


def hosts(container: Container, gateway: str, links: Sequence[tuple[str, Container]] = ()) -> str:
    """localhost, then `--add-host`, then `--link`, then the container itself."""
    lines = [LOCALHOST]
    for entry in container.host_config.extra_hosts or ():
        name, _, address = entry.partition("=" if "=" in entry else ":")
        address = gateway if address == GATEWAY else address.strip("[]")
        lines.append(f"{address}\t{name}\n")
    for alias, other in links:
        aliases = dict.fromkeys((alias, other.hostname, other.name))
        lines += [f"{endpoint.address}\t{' '.join(aliases)}\n" for endpoint in other.endpoints if endpoint.address]
    names = container.hostname
    if domain := container.config.domainname:
        names = f"{container.hostname}.{domain} {container.hostname}"
    lines += [f"{endpoint.address}\t{names}\n" for endpoint in container.endpoints if endpoint.address]
    return "".join(lines)


def resolv_conf(container: Container) -> str:
    host = container.host_config
    lines = [f"search {' '.join(host.dns_search)}\n"] if host.dns_search else []
    lines += [f"nameserver {server}\n" for server in host.dns or NAME_SERVERS]
    if host.dns_options:
        lines.append(f"options {' '.join(host.dns_options)}\n")
    return "".join(lines)
