"""All networks: look-up, making and removing them. The host's bridges follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine import plan
from engine.daemon.filters import Filters
from engine.daemon.lock import Lock
from engine.daemon.networks import making
from engine.daemon.networks import network as kinds
from engine.daemon.networks.endpoint import endpoint_id
from engine.daemon.networks.ipam import AddressSpace
from engine.daemon.networks.network import BRIDGE, LINKS, PREDEFINED, Network
from engine.daemon.networks.request import NetworkRequest
from engine.errors import Conflict, EngineError, Forbidden, InvalidParameter, NotFound, System
from engine.host import RuntimeFailure

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

KIND = "network"  # of its row


class Networks:
    """`engine.networks`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._making = Lock(engine.loop)
        self._space = AddressSpace(engine.id, lambda: engine.host.surroundings().occupied)
        self._by_name: dict[str, Network] = {}
        self._by_id: dict[str, Network] = {}
        self._reserved: set[str] = set()  # names of those that are being made
        known = [kinds.from_row(key, row) for key, row in engine.state.items(KIND) if key not in PREDEFINED]
        for subnet in (subnet for network in known for subnet in (network.subnet, network.subnet6) if subnet):
            self._space.request(subnet)
        for name in PREDEFINED:
            self._predefine(name)
        for network in known:
            self._file(network)
        self.default = self._by_name[BRIDGE]
        self.gateway = self.default.pool.gateway if self.default.pool else ""

    def _predefine(self, name: str) -> None:
        row = self._engine.state.get(KIND, name)
        if row is None:
            row = {"id": self._engine.ids.new(), "created": self._engine.loop.time}
            self._engine.state.put(KIND, name, row)
        made = kinds.predefined(name, row["id"], row["created"])
        if name == BRIDGE:
            made.settle(self._space.any4(), self._engine.host.surroundings().default_bridge)
        self._file(made)

    def _file(self, network: Network) -> None:
        self._by_name[network.name] = self._by_id[network.id] = network

    # -- look-up

    def __iter__(self) -> Iterator[Network]:
        return iter(list(self._by_id.values()))

    def get(self, word: str) -> Network:
        """By full id, name, or a prefix of the id that only one has. Raises NotFound, InvalidParameter."""
        if network := self._by_id.get(word) or self._by_name.get(word):
            return network
        found = [network for id, network in self._by_id.items() if word and id.startswith(word)]
        if len(found) > 1:
            raise InvalidParameter(f"network {word} is ambiguous ({len(found)} matches found based on ID prefix)")
        if not found:
            raise NotFound(f"network {word} not found")
        return found[0]

    def find(self, word: str) -> Network | None:
        try:
            return self.get(word)
        except EngineError:
            return None

    # -- making

    async def create(self, request: NetworkRequest) -> Network:
        """Raises EngineError in Docker's words."""
        making.check(request)
        name = request.name
        if name in self._by_name or name in self._reserved:
            raise Conflict(f"network with name {name} already exists")
        request = making.complete(request, self._by_name)
        network = making.draft(request, self._engine.ids.new(), self._engine.loop.time)
        self._reserved.add(name)
        try:
            if not network.config_only:
                self._allocate(network)
                await self.make(network)
        except BaseException:
            await self._engine.host.delete_network(network.id)  # if it has come so far
            self._free(network)
            raise
        finally:
            self._reserved.discard(name)
        self._by_name[name] = self._by_id[network.id] = network
        self._engine.state.put(KIND, network.id, network.row())
        self._tell("create", network)
        return network

    def _allocate(self, network: Network) -> None:
        """Take its subnets. Raises EngineError."""
        configs = network.ipam.config or ()
        for family in (4, 6):
            if sum((":" in each.subnet) == (family == 6) for each in configs) > 1:
                raise Forbidden(f"{network.driver} driver doesn't support multiple subnets")
        if not network.ipv4 and not network.ipv6:
            raise InvalidParameter("IPv4 or IPv6 must be enabled")
        same = (each for each in self._by_id.values() if each.bridged and each.bridge == network.bridge)
        if (other := next(same, None)) is not None:
            raise _link_is_taken(network, other)
        if network.ipv4:
            config = network.config_of(4)
            network.subnet = self._space.request(config.subnet) if config else self._space.any4()
        if network.ipv6:
            config = network.config_of(6)
            network.subnet6 = self._space.request(config.subnet) if config else self._space.any6()
        try:
            network.make_pools()
        except Forbidden as error:
            raise System(f"failed to allocate gateway or secondary ip address: {error.message}") from None

    def _free(self, network: Network) -> None:
        for subnet in (network.subnet, network.subnet6):
            if subnet:
                self._space.release(subnet)

    async def make(self, network: Network) -> None:
        """Have the host make the bridge, if it has not yet. Raises System."""
        async with self._making:
            if network.made or not network.bridged:
                return
            spec = network.spec()
            try:
                performed = await self._engine.host.create_network(spec, plan.network(spec))
            except RuntimeFailure as failure:
                self._engine.trace.record_operations(failure.performed)
                what = f"failed to create bridge {network.bridge}: " if network.driver == "bridge" else ""
                raise System(f"{what}{failure}") from None
            self._engine.trace.record_operations(performed)
            network.made = True

    async def restore(self) -> None:
        """The host may have forgotten the bridges with the last daemon."""
        for network in self:
            if not network.predefined:
                await self.make(network)

    # -- removing

    async def remove(self, word: str) -> None:
        """Raises NotFound, Forbidden for a predefined one and for one that is in use."""
        network = self.get(word)
        if network.predefined:
            raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        if network.config_only and any(other.config_from == network.name for other in self):
            raise Forbidden(f'error while removing network: configuration network "{network.name}" is in use')
        if network.endpoints:
            raise Forbidden(
                f"error while removing network: network {network.name} has active endpoints ({self._active(network)})"
            )
        del self._by_name[network.name], self._by_id[network.id]
        self._engine.state.delete(KIND, network.id)
        try:
            self._engine.trace.record_operations(await self._engine.host.delete_network(network.id))
        finally:
            self._free(network)
        self._tell("destroy", network)

    def _active(self, network: Network) -> str:
        found = ((self._engine.containers.find(id), endpoint) for id, endpoint in network.endpoints.items())
        return ", ".join(
            f'name:"{container.name}" id:"{endpoint_id(container, endpoint)[:12]}"'
            for container, endpoint in found
            if container is not None
        )

    def _tell(self, action: str, network: Network) -> None:
        self._engine.events.publish("network", action, network.id, {"name": network.name, "type": network.driver})

    async def prune(self, filters: Filters, until: int) -> list[str]:
        """Remove those that nobody is on; returns their names. `until`: only older ones, ns since 1970; 0: all."""
        removed = []
        for network in self:
            if network.predefined or network.endpoints or not filters.prunes(network.labels):
                continue
            if until and network.created > until:
                continue
            try:
                await self.remove(network.id)
            except EngineError:
                continue  # somebody has come, or somebody else removes it
            removed.append(network.name)
        self._engine.events.publish("network", "prune", "", {"reclaimed": "0"})
        return removed


def _link_is_taken(network: Network, other: Network) -> Forbidden:
    """Two networks of the same bridge, or on the same link of the host's."""
    if network.driver != "bridge":
        taken = f"{LINKS[other.driver][0]}-{other.id[:12]}"
        return Forbidden(f"network {taken} is already using parent interface {network.bridge}")
    return Forbidden(
        f"cannot create network {network.id} ({network.bridge}): conflicts with network {other.id} "
        f"({other.bridge}): networks have same bridge name"
    )
