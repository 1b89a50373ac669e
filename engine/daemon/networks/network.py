"""One network: what was asked for, its subnets, and who is on it.

Sources: moby, libnetwork/network.go; daemon/network/constants for the predefined ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.api.decode import decode, encode
from engine.daemon.networks.addresses import Pool
from engine.daemon.networks.request import BRIDGE_NAME, HOST_BINDING, ICC, IPAM, MASQUERADE, MTU, IPAMConfig, truth
from engine.spec import BridgeNetwork

if TYPE_CHECKING:
    from engine.daemon.networks.endpoint import Endpoint

BRIDGE, HOST, NONE = "bridge", "host", "none"
PREDEFINED = {BRIDGE: "bridge", HOST: "host", NONE: "null"}  # name -> driver
PARENT = "parent"
# driver -> how it calls the links that it makes, and the option that names one
LINKS = {"bridge": ("br", BRIDGE_NAME), "macvlan": ("dm", PARENT), "ipvlan": ("di", PARENT)}
DEFAULT_MTU = 1500
ANY_ADDRESS = "0.0.0.0"
BRIDGE_OPTIONS = {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": ANY_ADDRESS,
    "com.docker.network.bridge.name": "docker0",
    "com.docker.network.driver.mtu": "1500",
}
SAVED = ("name", "driver", "created", "internal", "attachable", "ipv4", "ipv6", "subnet", "subnet6", "config_only",
         "config_from")  # fmt: skip


class Network:
    """`created` ns since 1970. Only a bridge has pools; `pool` is that of IPv4. `endpoints` by container id."""

    __slots__ = (
        "attachable", "bridged", "config_from", "config_only", "created", "driver", "endpoints", "id", "internal",
        "ipam", "ipv4", "ipv6", "labels", "made", "name", "options", "pool", "pool6", "predefined", "subnet",
        "subnet6",
    )  # fmt: skip

    def __init__(self, id: str, name: str, driver: str, created: int) -> None:
        self.id, self.name, self.driver, self.created = id, name, driver, created
        self.predefined = name in PREDEFINED
        self.bridged = False  # its containers have links of their own
        self.internal = self.attachable = self.config_only = False
        self.ipv4, self.ipv6 = True, False
        self.config_from = ""
        self.labels: Mapping[str, str] = {}
        self.options: Mapping[str, str] = {}
        self.ipam = IPAM()
        self.subnet = self.subnet6 = ""
        self.pool: Pool | None = None
        self.pool6: Pool | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.made = False  # the host's driver knows it

    @property
    def bridge(self) -> str:
        """The bridge's name on the host; of the link that is shared, if it is none."""
        prefix, option = LINKS[self.driver]
        return self.options.get(option) or f"{prefix}-{self.id[:12]}"

    @property
    def mtu(self) -> int:
        return int(self.options.get(MTU) or 0) or DEFAULT_MTU

    @property
    def host_binding(self) -> str:
        """The host's address on which ports are published when none is named."""
        return self.options.get(HOST_BINDING) or ANY_ADDRESS

    def settle(self, subnet: str, bridge: str) -> None:
        """The default network, where the host has room for it."""
        self.subnet, self.options = subnet, BRIDGE_OPTIONS | {BRIDGE_NAME: bridge}
        self.make_pools()

    def make_pools(self) -> None:
        """Of its subnets, with what the request says of them."""
        if self.subnet:
            self.pool = _pool(self.subnet, self.config_of(4))
        if self.subnet6:
            self.pool6 = _pool(self.subnet6, self.config_of(6))
        self.bridged = bool(self.pool or self.pool6)

    def config_of(self, family: int) -> IPAMConfig | None:
        """What was asked for IPv4 or IPv6, if anything."""
        for config in self.ipam.config or ():
            if (":" in config.subnet) == (family == 6):
                return config
        return None

    def spec(self) -> BridgeNetwork:
        """What the host is to make."""
        pool, pool6 = self.pool, self.pool6
        return BridgeNetwork(
            id=self.id,
            name=self.name,
            bridge=self.bridge,
            subnet=str(pool.subnet) if pool else "",
            gateway=pool.gateway if pool else "",
            subnet6=str(pool6.subnet) if pool6 else "",
            gateway6=pool6.gateway if pool6 else "",
            internal=self.internal,
            icc=truth(self.options, ICC, True),
            masquerade=truth(self.options, MASQUERADE, True),
            mtu=self.mtu,
            driver=self.driver,
            parent=self.options.get(PARENT, "") if self.driver != "bridge" else "",
        )

    def row(self) -> dict[str, Any]:
        """What must survive the daemon."""
        kept = {name: getattr(self, name) for name in SAVED}
        return kept | {"labels": dict(self.labels), "options": dict(self.options), "ipam": encode(self.ipam)}


def _pool(subnet: str, config: IPAMConfig | None) -> Pool:
    if config is None:
        return Pool(subnet)
    return Pool(subnet, config.gateway, config.ip_range, (config.aux_addresses or {}).values())


def from_row(id: str, row: dict[str, Any]) -> Network:
    """A network as it was, without anybody on it."""
    network = Network(id, row["name"], row["driver"], row["created"])
    for name in SAVED:
        setattr(network, name, row[name])
    network.labels, network.options, network.ipam = row["labels"], row["options"], decode(IPAM, row["ipam"])
    network.make_pools()
    return network


def predefined(name: str, id: str, created: int) -> Network:
    """bridge, host or none."""
    return Network(id, name, PREDEFINED[name], created)
