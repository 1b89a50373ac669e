"""A host with a bridge, and containers on it: for tests of the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from engine import plan
from engine.api.driver import Driver
from engine.api.publish import Publisher
from engine.host import Aliases, PortBinding, RuntimeFailure
from engine.loop import Loop, Task
from engine.operations import LoopbackUp
from engine.spec import BridgeNetwork, Link
from sim.abi import Proc
from sim.container import Container
from sim.kernel.kernel import Kernel
from sim.kernel.namespaces import Namespaces
from sim.net import bridges
from sim.net.bridges import Bridges

Program = Callable[[Proc], Coroutine[Any, Any, Any]]


class Lab:
    """A host with a bridge, and containers on it that are nothing but a network namespace and a process."""

    def __init__(self) -> None:
        self.kernel = Kernel(Loop(start=10**18), Random(4))
        self.loop, self.driver = self.kernel.loop, Bridges(self.kernel)
        self.bridge("net1", "docker0", "172.17.0")

    def bridge(self, id: str, name: str, subnet: str, **more: Any) -> None:
        """One more network, `subnet`.0.0/16."""
        wanted = BridgeNetwork(id, id, name, f"{subnet}.0/16", f"{subnet}.1", **more)
        self.loop.run(self.driver.create_network(wanted, plan.network(wanted)))

    def process(self, network: Any = None) -> Any:
        host = self.kernel.host
        space = network or self.kernel.new_network()
        spaces = Namespaces(host.cgroup, host.ipc, host.mount, space, host.pid, host.time, host.user, host.uts)
        return self.kernel.clone(spaces)

    def join(self, number: int, ports: tuple[PortBinding, ...] = (), names: tuple[str, ...] = (),
             aliases: Aliases = (), net: str = "net1", bridge: str = "docker0", subnet: str = "172.17.0",
             six: str = "") -> Any:  # fmt: skip
        """A container with the address ….`number`, as a process in it."""
        container = Container(self.kernel, f"c{number}", lambda *news: None)
        container.process = process = self.process()
        container.namespaces = process.namespaces
        mac = f"02:42:ac:11:00:{number:02x}"
        gateway6 = f"{six.partition('::')[0]}::1" if six else ""
        link = Link(bridge, f"veth{number}", "eth0", mac, f"{subnet}.{number}/16", f"{subnet}.1", six, gateway6)
        self.loop.run(self.driver.join(net, container.id, link, names, aliases))
        try:
            self.bound = self.loop.run(self.driver.publish(net, container.id, ports)).ports
        except RuntimeFailure:
            self.loop.run(self.driver.leave(net, container.id))
            raise
        for operation in (LoopbackUp(), *plan.cable(link)):
            bridges.HANDLERS[type(operation)](container, operation)
        return process

    def spawn(self, process: Any, program: Program) -> Task[Any]:
        """Run a program on a process of the lab."""
        return self.loop.spawn(program(process))


async def echo(proc: Proc) -> None:
    """Serve one client on port 7: everything back, in upper case."""
    listener = proc.net.listen("0.0.0.0", 7)
    fd = await listener.accept()
    while data := await proc.read(fd):
        await proc.write(fd, data.upper())
    proc.close(fd)
    listener.close()


def with_publisher(test: Callable[[Lab, Publisher], Coroutine[Any, Any, None]]) -> None:
    """Run a test on asyncio's loop, with the lab's ports open on the real machine."""

    async def whole() -> None:
        lab = Lab()
        driver = Driver(lab.loop)
        publisher = Publisher(lab.driver, driver)  # type: ignore[arg-type]
        lab.driver.publish_through(publisher)
        try:
            await asyncio.wait_for(test(lab, publisher), 20)
        finally:
            publisher.close_all()
            await asyncio.sleep(0)
            driver.close()

    asyncio.run(whole())
